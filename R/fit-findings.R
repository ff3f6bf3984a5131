# The checks of nn_doctor(), one function each.

finding <- function(brief, what, advice) list(brief = brief, what = what, advice = advice)

short <- function(x) format(x, digits = 3)

# Two numbers with enough digits to differ.
from_to <- function(from, to, middle = "") {
  digits <- max(3, 1 + ceiling(log10(abs(from) / abs(to - from))), na.rm = TRUE)
  paste0("from ", format(from, digits = digits), middle, " to ", format(to, digits = digits))
}

# Advice to lower the penalty; NULL if the fit has none.
lower_penalty <- function(settings) {
  penalties <- Filter(function(penalty) penalty > 0, settings[c("penalty", "penalty_l1")])
  if (length(penalties) > 0) {
    paste0(
      "Use ",
      paste0(
        "a smaller ", names(penalties), " than ", vapply(penalties, short, ""),
        collapse = " and "
      ),
      "."
    )
  }
}

doctor_checks <- list(
  diverged = function(fit, facts) {
    loss <- fit$history$loss
    epochs <- length(loss)
    rate <- fit$settings$optimizer$learning_rate
    penalty <- lower_penalty(fit$settings)
    begin <- paste0(
      if (is.null(rate)) {
        "Use"
      } else {
        paste0("Use a smaller learning_rate than ", format(rate), ", or")
      },
      " smaller initial weights (init = \"glorot_normal\"); scale the inputs and targets."
    )
    advice <- paste(
      c(
        if (is.null(rate)) c(penalty, begin) else c(begin, penalty),
        if (!is.null(rate) && fit$settings$reduction == "sum" && fit$n > 50) {
          "With reduction = \"sum\" the step grows with the number of rows: use \"mean\"."
        }
      ),
      collapse = " "
    )
    if (fit$stop == "diverged") {
      return(finding(
        "training diverged",
        paste0(
          "Training diverged: after epoch ", format(fit$state$epoch),
          " the loss was no longer finite."
        ),
        advice
      ))
    }
    if (epochs < 10 || fit$stop == "gradient") {
      return(FALSE)
    }
    late <- stats::median(loss[seq(floor(0.9 * epochs) + 1, epochs)])
    rose <- late > loss[1] + 0.1 * loss_scale(fit, facts, loss[1])
    if (!isTRUE(rose)) {
      return(rose)
    }
    finding(
      "the loss rose in training",
      paste0(
        "The loss rose in training, ", from_to(loss[1], late, " in the first epoch"),
        " in the last epochs."
      ),
      advice
    )
  },
  unreachable = function(fit, facts) {
    if (is.null(facts$y)) {
      return(NA)
    }
    reach <- activation_table[[fit$settings$output_activation]]$reach
    range <- range(facts$y)
    slack <- 1e-6 * max(1, abs(range))
    if (range[1] >= reach[1] - slack && range[2] <= reach[2] + slack) {
      return(FALSE)
    }
    finding(
      "targets are outside the range of the output",
      paste0(
        "The targets range from ", short(range[1]), " to ", short(range[2]), ", but a ",
        fit$settings$output_activation, " output has only ",
        if (is.finite(reach[2])) {
          paste("values from", reach[1], "to", reach[2])
        } else {
          paste("values above", reach[1])
        },
        "."
      ),
      "Use output_activation = \"identity\", or rescale the targets to that range."
    )
  },
  constant = function(fit, facts) {
    if (is.null(facts$y)) {
      return(NA)
    }
    if (nrow(facts$y) < 2) {
      return(FALSE)
    }
    deviation <- function(m) apply(m, 2, stats::sd)
    spread <- deviation(facts$y)
    if (all(spread == 0) || any(deviation(facts$output) >= 0.01 * spread & spread > 0)) {
      return(FALSE)
    }
    range <- range(facts$output[, 1])
    finding(
      "the predictions are almost constant",
      paste0(
        "The predictions are almost the same for all rows",
        if (ncol(facts$output) == 1) paste0(", about ", short(zapsmall(c(mean(range), spread))[1])),
        "."
      ),
      paste(
        c(
          lower_penalty(fit$settings),
          paste0(
            "Scale the inputs, train for more epochs or with another learning_rate, ",
            "and try several initial weights (restarts = 10)."
          )
        ),
        collapse = " "
      )
    )
  },
  null_model = function(fit, facts) {
    loss <- facts$loss - facts$perfect
    null <- facts$null - facts$perfect
    if (is.na(null)) {
      return(NA)
    }
    if (null <= 0 || loss < 0.99 * null && is.finite(loss)) {
      return(FALSE)
    }
    measured <- if (facts$perfect != 0) " above that of a perfect fit"
    finding(
      "no better than a constant",
      paste0(
        "The loss, ", short(loss), measured, ", is ", if (isTRUE(loss < null)) "hardly" else "no",
        " better than that of the best constant prediction, ", short(null), measured,
        " (mean per row; it should be at least 1 % lower)."
      ),
      paste0(
        "If the inputs are informative about the targets, train for more epochs, ",
        "with another learning_rate or more units; scale the inputs; lower the penalty."
      )
    )
  },
  saturated = function(fit, facts) {
    idle_finding(
      fit, facts, "saturated",
      paste0(
        "Scale the inputs, and use smaller initial weights (init = \"glorot_normal\") or a ",
        "smaller learning_rate."
      )
    )
  },
  dead = function(fit, facts) {
    idle_finding(
      fit, facts, "dead",
      paste0(
        "Scale the inputs, use init = \"he_normal\", a smaller learning_rate, ",
        "or activation = \"leaky_relu\"."
      )
    )
  },
  unscaled = function(fit, facts) {
    typical <- fit$probe$typical
    if (is.null(typical)) {
      return(NA)
    }
    if (fit$stop == "gradient") {
      return(FALSE)
    }
    large <- which(typical > 10)
    small <- max(typical) > 0 && max(typical) < 0.01
    if (length(large) == 0 && !small) {
      return(FALSE)
    }
    name <- function(i) if (is.null(fit$inputs)) paste("number", i) else fit$inputs[i]
    worst <- which.max(typical)
    finding(
      "the inputs are not scaled",
      paste0(
        if (small) {
          "All inputs are"
        } else if (length(large) == 1) {
          "An input is"
        } else {
          paste(length(large), "of the", length(typical), "inputs are")
        },
        " far from a scale of 1, for which training works best: the root mean square of ",
        name(worst), " is ", short(typical[worst]), "."
      ),
      if (is.null(fit$encoding)) {
        paste0(
          "Use scale(X), and keep its centre and scale for new data; or supply a data frame, ",
          "whose columns nn_train() standardises."
        )
      } else {
        "Use standardize = TRUE."
      }
    )
  },
  still_falling = function(fit, facts) {
    losses <-
      if (is.null(fit$history$validation_loss)) fit$history$loss else fit$history$validation_loss
    epochs <- length(losses)
    # with the default for many rows, held-out rows have determined the number of epochs, and the
    # learning rate has fallen to almost 0
    long_enough <- all(c("epochs", "schedule") %in% fit$chosen) && !is.null(fit$settings$schedule)
    if (fit$stop != "iterations" || epochs < 10 || long_enough) {
      return(FALSE)
    }
    tenth <- max(2, floor(epochs / 10))
    last <- losses[epochs - tenth + seq_len(tenth)]
    before <- losses[epochs - 2 * tenth + seq_len(tenth)]
    fall <- mean(before) - mean(last)
    noise <- sqrt((stats::var(diff(last)) + stats::var(diff(before))) / 2 / tenth)
    if (is.na(noise)) noise <- 0
    scale <- loss_scale(fit, facts, losses[1], facts$null)
    if (is.na(scale)) {
      return(NA)
    }
    if (fall <= 0.01 * scale || fall <= 2 * noise) {
      return(FALSE)
    }
    finding(
      "the loss was still falling",
      paste0(
        "The ", if (is.null(fit$history$validation_loss)) "loss" else "held-out loss",
        " was still falling when the epoch limit was reached: ",
        from_to(mean(before), mean(last)), " over the last ", format(2 * tenth),
        " epochs (means of each half)."
      ),
      "Resume training with nn_continue(), or train with more epochs or another optimizer."
    )
  },
  nearly_constant = function(fit, facts) constant_finding(fit$encoding, fit$inputs)
)

idle_finding <- function(fit, facts, word, advice) {
  if (is.null(fit$probe)) {
    return(NA)
  }
  kinds <- fit$settings$activation
  of_word <- vapply(kinds, function(kind) identical(activation_table[[kind]]$flat$word, word), NA)
  units <- layer_units(fit$layers)[1 + seq_along(kinds)]
  idle <- fit$probe$idle
  many <- which(of_word & (if (word == "dead") idle >= 0.75 * units else idle > 0.25 * units))
  good <- word == "saturated" &&
    isTRUE(facts$loss - facts$perfect < 0.05 * (facts$null - facts$perfect))
  if (length(many) == 0 || good || fit$probe$rows < 2) {
    return(FALSE)
  }
  layer <- if (length(kinds) == 1) "the hidden layer" else paste("hidden layer", seq_along(kinds))
  where <- paste0(
    ifelse(idle == units, paste("All", units), paste(idle, "of the", units)), " units of ", layer
  )[many]
  finding(
    paste0(paste0(idle[many], " of ", units[many], collapse = " and "), " hidden units are ", word),
    paste0(
      paste(where, collapse = " and "), if (sum(idle[many]) == 1) " is " else " are ", word,
      if (word == "dead") {
        ": they are inactive for (nearly) all rows."
      } else {
        ": their values hardly depend on the inputs, and they hardly learn."
      }
    ),
    advice
  )
}
