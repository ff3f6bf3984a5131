# The checks of nn_doctor(). A check is one row of this table, the most serious first:
#   find    a function of the fit and its facts: list(brief, what), a few words and a sentence, if
#           there is a problem; FALSE if there is none, NA if it can't be checked
#   advise  a function of the fit and its facts, with the names of the problems found,
#           `facts$found`: what to do, chosen by the cause in this fit (see fit-remedies.R)

# Two numbers with enough digits to differ.
from_to <- function(from, to, middle = "") {
  digits <- max(3, 1 + ceiling(log10(abs(from) / abs(to - from))), na.rm = TRUE)
  paste0("from ", format(from, digits = digits), middle, " to ", format(to, digits = digits))
}

doctor_checks <- list(
  offset = list(
    find = function(fit, facts) {
      if (!isTRUE(fit$has_offset)) {
        return(FALSE)
      }
      with <- facts$null - facts$perfect
      without <- facts$no_offset - facts$perfect
      if (is.na(with) || is.na(without)) {
        return(NA)
      }
      if (with <= 2 * without || explains_most(facts, facts$no_offset)) {
        return(FALSE)
      }
      finding(
        "the offset does not fit the outcome",
        paste0(
          "The offset does not fit the outcome: the best constant with it has a loss of ",
          short(with), ", without it of ", short(without), " (mean per row",
          if (facts$perfect != 0) ", above that of a perfect fit", ")."
        )
      )
    },
    advise = function(fit, facts) remedies$offset(fit, facts)
  ),
  diverged = list(
    find = function(fit, facts) {
      loss <- fit$history$loss
      epochs <- length(loss)
      if (fit$stop == "diverged") {
        return(finding(
          "training diverged",
          if (has_blown_up(fit$history, known_losses(facts))) {
            paste0(
              "Training diverged: the loss rose ",
              from_to(loss[1], last(loss), " in the first epoch"), " in epoch ",
              format(fit$state$epoch), "."
            )
          } else {
            paste0(
              "Training diverged: after epoch ", format(fit$state$epoch),
              " the loss was no longer finite."
            )
          }
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
        )
      )
    },
    advise = function(fit, facts) divergence_advice(fit, facts)
  ),
  unreachable = list(
    find = function(fit, facts) {
      if (is.null(facts$targets)) {
        return(NA)
      }
      reach <- activation_table[[fit$settings$output_activation]]$reach
      range <- facts$targets
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
        )
      )
    },
    advise = function(fit, facts) remedies$output(fit, facts)
  ),
  constant = list(
    find = function(fit, facts) {
      if (is.null(facts$output_spread)) {
        return(NA)
      }
      spread <- facts$spread
      if (has_constant_targets(fit, facts)) {
        return(finding(
          "the targets are constant",
          "The targets are the same for all rows, so that there is nothing to learn."
        ))
      }
      if (one_row(fit) || any(facts$output_spread >= 0.01 * spread & spread > 0)) {
        return(FALSE)
      }
      finding(
        "the predictions are almost constant",
        paste0(
          "The predictions are almost the same for all rows",
          if (length(spread) == 1) {
            paste0(", about ", short(zapsmall(c(mean(facts$outputs), spread))[1]))
          },
          "."
        )
      )
    },
    advise = function(fit, facts) {
      if (has_constant_targets(fit, facts)) {
        remedies$outcome(fit, facts)
      } else {
        learning_advice(fit, facts)
      }
    }
  ),
  null_model = list(
    find = function(fit, facts) find_null_model(fit, facts),
    advise = function(fit, facts) learning_advice(fit, facts)
  ),
  saturated = list(
    find = function(fit, facts) find_idle(fit, facts, "saturated"),
    advise = function(fit, facts) {
      idle_advice(fit, facts, c(basics, "init", "start"), "some_penalty")
    }
  ),
  dead = list(
    find = function(fit, facts) find_idle(fit, facts, "dead"),
    advise = function(fit, facts) {
      idle_advice(fit, facts, "offset", c(basics, "start"), "leaky")
    }
  ),
  unscaled = list(
    find = function(fit, facts) {
      typical <- facts$typical
      if (is.null(typical)) {
        return(NA)
      }
      if (fit$stop == "gradient" || !has_unscaled_inputs(facts) || explains_most(facts)) {
        return(FALSE)
      }
      large <- sum(typical > 10)
      worst <- which.max(typical)
      finding(
        "the inputs are not scaled",
        paste0(
          if (large == 0) {
            "All inputs are"
          } else if (large == 1) {
            "An input is"
          } else {
            paste(large, "of the", length(typical), "inputs are")
          },
          " far from a scale of 1, for which training works best: the root mean square of ",
          if (is.null(fit$inputs)) paste("number", worst) else fit$inputs[worst], " is ",
          short(typical[worst]), "."
        )
      )
    },
    advise = function(fit, facts) remedies$inputs(fit, facts)
  ),
  still_falling = list(
    find = function(fit, facts) find_falling(fit, facts),
    advise = function(fit, facts) first_of(fit, facts, c("larger_rate", "epochs"))
  ),
  dropped_rows = list(
    find = function(fit, facts) find_dropped(fit, facts),
    advise = function(fit, facts) remedies$missing(fit, facts)
  ),
  simple_model = list(
    find = function(fit, facts) find_simple_model(fit, facts),
    advise = function(fit, facts) simple_model_advice(fit, facts)
  ),
  gap = list(
    find = function(fit, facts) find_gap(fit, facts),
    advise = function(fit, facts) gap_advice(fit, facts)
  ),
  wide = list(
    find = function(fit, facts) find_wide(fit, facts),
    advise = function(fit, facts) wide_advice(fit, facts)
  ),
  edge = list(
    find = function(fit, facts) find_edge(fit, facts),
    advise = function(fit, facts) edge_advice(fit, facts)
  ),
  nearly_constant = list(
    find = function(fit, facts) constant_finding(fit$encoding, fit$inputs),
    advise = function(fit, facts) facts$results$nearly_constant$advice
  )
)

# Checks that need held-out rows. print() does not mention that there are none.
held_out_checks <- c("simple_model", "gap", "edge")

find_falling <- function(fit, facts) {
  held_out <- !is.null(fit$history$validation_loss)
  losses <- if (held_out) fit$history$validation_loss else fit$history$loss
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
      "The ", if (held_out) "held-out loss" else "loss",
      " was still falling when the epoch limit was reached: ",
      from_to(mean(before), mean(last)), " over the last ", format(2 * tenth),
      " epochs (means of each half)."
    )
  )
}

has_constant_targets <- function(fit, facts) !one_row(fit) && all(facts$spread == 0)

# Is there only one row of positive weight?
one_row <- function(fit) (if (is.null(fit$probe)) fit$n else fit$probe$rows) < 2

# Does the fit explain at least 80 % of what the null model leaves? Idle units then do no harm.
explains_most <- function(facts, null = facts$null) {
  isTRUE(facts$loss - facts$perfect < 0.2 * (null - facts$perfect))
}

known_losses <- function(facts) unlist(facts[c("null", "perfect", "no_offset")])

find_idle <- function(fit, facts, word) {
  if (is.null(fit$probe)) {
    return(NA)
  }
  kinds <- fit$settings$activation
  of_word <- vapply(kinds, function(kind) identical(activation_table[[kind]]$flat$word, word), NA)
  units <- layer_units(fit$layers)[1 + seq_along(kinds)]
  idle <- fit$probe$idle
  many <- which(of_word & (if (word == "dead") idle >= 0.75 * units else idle > 0.25 * units))
  # A penalty that was chosen on held-out rows idles the units that are not needed.
  if (length(many) == 0 || explains_most(facts) || !is.null(fit$evidence) || one_row(fit)) {
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
    )
  )
}

# The facts, with the names of the problems found.
with_findings <- function(fit, facts) {
  results <- lapply(doctor_checks, function(check) check$find(fit, facts))
  facts$results <- results
  facts$found <- names(Filter(is.list, results))
  facts
}
