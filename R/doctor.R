#' What may be wrong with a fit
#'
#' Looks for what most often goes wrong when a network is trained, and says in plain words what was
#' found and what to do. The first findings also stand in one line of `print(fit)`; without a
#' finding there is no such line.
#'
#' | check | found where |
#' |---|---|
#' | `diverged` | training ended because the loss was no longer finite, or, after 10 epochs or more and unless training converged, the loss of the last epochs is more than a tenth above that of the first |
#' | `unreachable` | targets lie outside what the output activation can give, such as 7 for a sigmoid output |
#' | `constant` | the outputs vary by less than 1 % of what the targets do (standard deviations) |
#' | `null_model` | the loss is less than 1 % below that of the best constant: for squared error the mean, for classes their shares |
#' | `saturated` | more than a quarter of the units of a sigmoid or tanh layer are flat: their mean slope is below 1 % of the steepest. Not looked for where the loss is below 5 % of the null model's, as units that work as switches do no harm then |
#' | `dead` | the same for three quarters or more of the units of a layer of another activation, such as relu units that are 0 for (nearly) all rows; fewer are common and do little harm, as a penalty lets units go that are not needed |
#' | `unscaled` | the root mean square of an input is above 10, or the largest of all is below 0.01, and training did not converge |
#' | `still_falling` | all epochs were used up, 10 or more, and the loss (of the held-out rows, where there are some) fell by more than 1 % of the null model's (or of the first epoch's, where that is lower) from the last but one tenth of the epochs to the last. Not looked for where [nn_train.data.frame()] found the number of epochs and lowered the rate itself |
#'
#' The data are not kept in a fit: `saturated`, `dead` and `unscaled` rest on a few numbers that
#' were taken from at most 200 rows when training ended. `unreachable`, `constant` and `null_model`
#' need the outputs that a fit made with `keep_fitted = FALSE` does not hold, and the loss of the
#' null model is not known where cases or classes had weights or there was an offset. The loss of a
#' perfect fit is 0 but for the Poisson loss, which is below 0 for most counts. There, all losses
#' are measured from that of a perfect fit (half the mean deviance), and those of held-out rows by
#' how far the null model's is from it; where a fit does not hold what that takes, `diverged` and
#' `still_falling` are `NA`, too. The checks look at symptoms. A network without a finding may still
#' be a poor one: see [nn_cv()].
#'
#' @param fit A fit of [nn_train()], also the one that the error of a divergence carries in its
#'   field `fit`.
#' @param ... Must be empty: a misspelt argument is an error.
#' @return A data frame of class `nn_doctor` with a row for each check, the gravest first, and the
#'   columns `check`; `found`, `TRUE` or `FALSE`, `NA` where it could not be looked at; `what`, what
#'   was found, and `advice`, what to do, texts, `NA` where nothing was found. `print()` shows what
#'   was found.
#' @section Errors: `backprop_error_argument` where `fit` is no fit, `backprop_error_input` where
#'   there is none.
#' @references Glorot, X. and Bengio, Y. (2010). Understanding the difficulty of training deep
#'   feedforward neural networks. *Proceedings of Machine Learning Research*, 9, 249-256, on
#'   saturated units.
#' @examples
#' set.seed(1)
#' fit <- nn_train(as.matrix(mtcars[c("disp", "hp", "wt")]), mtcars$mpg, epochs = 200)
#' fit
#' nn_doctor(fit)
#' set.seed(1)
#' better <- nn_train(scale(as.matrix(mtcars[c("disp", "hp", "wt")])), drop(scale(mtcars$mpg)),
#'   output_activation = "identity", optimizer = "lbfgs", penalty = 0.1
#' )
#' nn_doctor(better)
#' @export
nn_doctor <- function(fit, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = "fit")
  check_given(missing(fit), "fit", "a fit, as nn_train() returns it", call)
  if (!inherits(fit, "nn_fit")) {
    abort_argument(c(
      "{.arg fit} must be a fit of {.fn nn_train}.",
      x = "It is {describe(fit)}."
    ), call)
  }
  findings <- examine(unclass(fit))
  text <- function(field) {
    vapply(
      findings, function(finding) if (is.list(finding)) finding[[field]] else NA_character_, "",
      USE.NAMES = FALSE
    )
  }
  structure(
    data.frame(
      check = names(findings),
      found = vapply(
        findings, function(finding) if (is.list(finding)) TRUE else finding, NA,
        USE.NAMES = FALSE
      ),
      what = text("what"), advice = text("advice")
    ),
    class = c("nn_doctor", "data.frame")
  )
}

#' @export
print.nn_doctor <- function(x, ...) {
  found <- which(x$found)
  if (length(found) == 0) cat("Nothing was found.\n")
  for (i in found) {
    cat(strwrap(paste0(x$what[i]), initial = "* ", prefix = "  ", exdent = 0), sep = "\n")
    cat(strwrap(x$advice[i], initial = "  -> ", prefix = "     "), sep = "\n")
  }
  unseen <- x$check[is.na(x$found)]
  if (length(unseen) > 0) {
    cat(
      "Not looked at, as the fit does not hold what it takes: ", paste(unseen, collapse = ", "),
      "\n",
      sep = ""
    )
  }
  invisible(x)
}

# The line of print(): the first two findings.
doctor_line <- function(fit) {
  found <- Filter(is.list, examine(fit))
  if (length(found) == 0) {
    return("")
  }
  brief <- vapply(found, `[[`, "", "brief", USE.NAMES = FALSE)
  more <- length(brief) - 2
  paste0(
    "Doctor:    ", paste(utils::head(brief, 2), collapse = "; "),
    if (more > 0) paste0("; and ", more, " more"), ": see nn_doctor()\n"
  )
}

# Each check's finding: a list of what (a sentence), advice and brief (a few words); FALSE where all
# is well, NA where it cannot be known.
examine <- function(fit) {
  if (fit$state$epoch == 0 && fit$stop != "diverged") {
    return(lapply(doctor_checks, function(check) NA))
  }
  facts <- doctor_facts(fit)
  lapply(doctor_checks, function(check) check(fit, facts))
}

finding <- function(brief, what, advice) list(brief = brief, what = what, advice = advice)
short <- function(x) format(x, digits = 3)
# Two numbers with the digits that tell them apart.
from_to <- function(from, to, middle = "") {
  digits <- max(3, 1 + ceiling(log10(abs(from) / abs(to - from))), na.rm = TRUE)
  paste0("from ", format(from, digits = digits), middle, " to ", format(to, digits = digits))
}
# Advice where a penalty may be what holds the weights down; NULL where there is none.
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

# What several checks look at: targets and outputs (n x k), the loss of the fit, the null model and
# a perfect fit (mean per row; NA where not known).
doctor_facts <- function(fit) {
  poisson <- fit$settings$loss$name == "poisson"
  facts <- list(loss = NA_real_, null = NA_real_, perfect = if (poisson) NA_real_ else 0)
  if (is.null(fit$output) || is.null(fit$residuals) || !all(abs(fit$output) < 1e100)) {
    return(facts)
  } # beyond, sums of squares are not finite
  facts$output <- network_scale(fit$output, fit$encoding$outcome)
  facts$y <- network_scale(fit$output + fit$residuals, fit$encoding$outcome)
  # which older fits do not say
  weighted <- if (is.null(fit$has_weights)) !is.null(fit$call$weights) else fit$has_weights
  if (weighted || !is.null(fit$settings$class_weights)) {
    return(facts)
  }
  if (poisson) facts$perfect <- row_loss(facts$y, facts$y, fit$settings$loss, FALSE)
  if (isTRUE(fit$has_offset) || nrow(facts$y) < 2) {
    return(facts)
  }
  softmax <- fit$settings$output_activation == "softmax"
  facts$loss <- row_loss(facts$y, facts$output, fit$settings$loss, softmax)
  facts$null <- row_loss(
    facts$y, best_constant(facts$y, fit$settings$loss), fit$settings$loss, softmax
  )
  facts
}

# What a change of the loss is measured by: how far the loss of the first epoch or of the null
# model, whichever is lower, is above that of a perfect fit. That is 0 but for Poisson, where it is
# not known for a part of the rows, so that the null model serves there alone. NA where not known.
loss_scale <- function(fit, facts, first, null = NULL) {
  if (fit$settings$loss$name == "poisson" && !is.null(fit$settings$validation)) {
    return(facts$null - facts$perfect)
  }
  min(first, null, na.rm = TRUE) - facts$perfect
}

# Responses (n x k) as the network has them: standardised, where it was trained so.
network_scale <- function(values, outcome) {
  if (is.null(outcome)) values else standardize_columns(values, outcome$center, outcome$scale)
}

# The mean of a row's loss. Shares are kept off 0 and 1, as logarithms of outputs are less exact
# than those of the training.
row_loss <- function(y, a, loss, softmax) {
  inside <- function(p) pmin(pmax(p, 1e-15), 1 - 1e-15)
  parameter <- loss$parameter
  values <- switch(loss$name,
    squared_error = (a - y)^2 / 2,
    cross_entropy = if (softmax) {
      -y * log(inside(a))
    } else {
      -y * log(inside(a)) - (1 - y) * log(inside(1 - a))
    },
    absolute = abs(a - y),
    huber = ifelse(
      abs(a - y) <= parameter, (a - y)^2 / 2, parameter * (abs(a - y) - parameter / 2)
    ),
    poisson = a - y * log(pmax(a, 1e-300)),
    quantile = ifelse(a < y, parameter * (y - a), (1 - parameter) * (a - y))
  )
  sum(values) / nrow(y)
}

# The best single prediction for each output, in a matrix of the shape of y.
best_constant <- function(y, loss) {
  best <- switch(loss$name,
    absolute = apply(y, 2, stats::median),
    quantile = apply(y, 2, stats::quantile, loss$parameter, names = FALSE, type = 1),
    huber = apply(y, 2, function(values) {
      if (diff(range(values)) == 0) {
        values[1]
      } else {
        stats::optimize(function(a) row_loss(cbind(values), a, loss, FALSE), range(values))$minimum
      }
    }),
    colMeans(y)
  )
  matrix(best, nrow(y), ncol(y), byrow = TRUE)
}

doctor_checks <- list(
  diverged = function(fit, facts) {
    loss <- fit$history$loss
    epochs <- length(loss)
    rate <- fit$settings$optimizer$learning_rate
    penalty <- lower_penalty(fit$settings)
    begin <- paste0(
      if (is.null(rate)) {
        "Begin"
      } else {
        paste0("Use a smaller learning_rate than ", format(rate), ", or begin")
      },
      " from smaller weights (init = \"glorot_normal\"); scale the inputs and targets."
    )
    advice <- paste(
      c(
        if (is.null(rate)) c(penalty, begin) else c(begin, penalty),
        if (!is.null(rate) && fit$settings$reduction == "sum" && fit$n > 50) {
          "With reduction = \"sum\" a step grows with the number of rows: take \"mean\"."
        }
      ),
      collapse = " "
    )
    if (fit$stop == "diverged") {
      return(finding(
        "training diverged",
        paste0(
          "Training diverged: after epoch ", format(fit$state$epoch),
          " the loss was no longer a finite number."
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
        " in the last ones."
      ),
      advice
    )
  },
  unreachable = function(fit, facts) {
    if (is.null(facts$y)) {
      return(NA)
    }
    reach <- output_reach[[fit$settings$output_activation]]
    if (is.null(reach)) {
      return(FALSE)
    }
    range <- range(facts$y)
    slack <- 1e-6 * max(1, abs(range))
    if (range[1] >= reach[1] - slack && range[2] <= reach[2] + slack) {
      return(FALSE)
    }
    finding(
      "targets lie outside what the output can give",
      paste0(
        "The targets run from ", short(range[1]), " to ", short(range[2]), ", but a ",
        fit$settings$output_activation, " output gives only ",
        if (is.finite(reach[2])) {
          paste("values from", reach[1], "to", reach[2])
        } else {
          paste("values above", reach[1])
        },
        "."
      ),
      "Use output_activation = \"identity\", or bring the targets into that range."
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
            "Scale the inputs, train for longer or with another learning_rate, ",
            "and begin from other weights (restarts = 10)."
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
    measured <- if (facts$perfect != 0) " above a perfect fit's"
    finding(
      "no better than a constant",
      paste0(
        "The loss, ", short(loss), measured, ", is ", if (isTRUE(loss < null)) "hardly" else "no",
        " better than that of the best constant prediction, ", short(null), measured,
        " (mean per row; at least 1 % below was looked for)."
      ),
      paste0(
        "If the inputs do say something about the targets, train for longer, ",
        "with another learning_rate or more units; scale the inputs; lower the penalty."
      )
    )
  },
  saturated = function(fit, facts) {
    idle_finding(
      fit, facts, "saturated",
      paste0(
        "Scale the inputs, and begin from smaller weights (init = \"glorot_normal\") or with a ",
        "smaller learning_rate."
      )
    )
  },
  dead = function(fit, facts) {
    idle_finding(
      fit, facts, "dead",
      paste0(
        "Scale the inputs, begin from init = \"he_normal\", use a smaller learning_rate, ",
        "or take activation = \"leaky_relu\"."
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
        " far from the scale of 1 that training works best with: ", name(worst), " is typically ",
        short(typical[worst]), " (root mean square)."
      ),
      if (is.null(fit$encoding)) {
        paste0(
          "Use scale(X), keeping its centre and scale for new data, or give a data frame: ",
          "nn_train() then standardises and remembers."
        )
      } else {
        "Leave standardize = TRUE."
      }
    )
  },
  still_falling = function(fit, facts) {
    losses <-
      if (is.null(fit$history$validation_loss)) fit$history$loss else fit$history$validation_loss
    epochs <- length(losses)
    # the default for many rows: held-out rows have said how long, and the rate has fallen to almost
    # nothing
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
        " was still falling when the epochs were used up: ", from_to(mean(before), mean(last)),
        " over the last ", format(2 * tenth), " epochs (means of each half)."
      ),
      "Go on with nn_continue(), or train with more epochs or another optimizer."
    )
  }
)

# What output activations can give, where that is not every number.
output_reach <- list(
  sigmoid = c(0, 1), softmax = c(0, 1), tanh = c(-1, 1), relu = c(0, Inf), softplus = c(0, Inf),
  exp = c(0, Inf)
)

idle_finding <- function(fit, facts, word, advice) {
  if (is.null(fit$probe)) {
    return(NA)
  }
  kinds <- fit$settings$activation
  of_word <- vapply(kinds, function(kind) identical(idle_kinds[[kind]]$word, word), NA)
  units <- fit$shape$units[1 + seq_along(kinds)]
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
        ": they put out (nearly) nothing, whatever comes in."
      } else {
        ": whatever comes in hardly changes what they put out, and they learn no more."
      }
    ),
    advice
  )
}
