# What nn_doctor() advises. A remedy is one row of this table: a function of the fit and its facts
# that returns a sentence if the fit shows the cause, and NULL if it does not. Advice therefore
# never recommends what the fit already has. `facts$found` contains the names of the findings.

remedies <- list(
  offset = function(fit, facts) {
    if (!"offset" %in% facts$found) {
      return(NULL)
    }
    switch(fit$settings$output_activation,
      exp = ,
      softplus = paste0(
        "Offsets are on the scale of the log of the outcome: use offset = log(exposure) rather ",
        "than offset = exposure, or no offset."
      ),
      sigmoid = ,
      softmax = "Offsets are on the scale of the log-odds: convert them, or use no offset.",
      "Offsets are on the scale of the outcome: convert them, or use no offset."
    )
  },
  outcome_outliers = function(fit, facts) {
    if ("outcome_outliers" %in% facts$found) outlier_remedy(outcome = TRUE)
  },
  output = function(fit, facts) {
    if (!"unreachable" %in% facts$found) {
      return(NULL)
    }
    allowed <- loss_table[[fit$settings$loss$name]]$outputs
    if (!is.null(allowed)) {
      return(paste0(
        "Use output_activation = \"", allowed[1], "\", or rescale the targets to that range."
      ))
    }
    # large targets are harmless for a bounded output, but training with an unbounded one diverges.
    # For a data frame the outcome is then standardised
    facts$found <- "diverged"
    with <- c(
      "output_activation = \"identity\"",
      if (length(remedies$reduction(fit, facts)) > 0) "reduction = \"mean\"",
      if (is.null(fit$encoding) && any(abs(facts$center) + facts$spread > 10)) {
        "the targets scale(y)"
      }
    )
    paste0(
      "Use ", sub(", ([^,]*)$", " and \\1", paste(with, collapse = ", ")),
      ", or rescale the targets to that range."
    )
  },
  outcome = function(fit, facts) {
    paste0(
      "Supply an outcome that varies between the rows. Several outcomes are written ",
      "cbind(a, b) ~ ..., because a + b ~ ... is their sum."
    )
  },
  targets = function(fit, facts) {
    # also if the identity is advised
    linear <- identical(activation_table[[fit$settings$output_activation]]$reach, c(-Inf, Inf)) ||
      ("unreachable" %in% facts$found && is.null(loss_table[[fit$settings$loss$name]]$outputs))
    if (is.null(facts$spread) || !linear || all(abs(facts$center) + facts$spread <= 10)) {
      return(NULL)
    }
    if (is.null(fit$encoding)) {
      paste0(
        "Scale the targets: use scale(y), and undo it for predictions; or supply a data frame, ",
        "whose outcome nn_train() standardises."
      )
    } else if (!"standardize" %in% prepared(fit)) {
      "Use standardize = TRUE."
    } else {
      "Scale the outcome."
    }
  },
  inputs = function(fit, facts) {
    if (!has_unscaled_inputs(facts)) {
      return(NULL)
    }
    if (is.null(fit$encoding)) {
      paste0(
        "Use scale(X), and keep its centre and scale for new data; or supply a data frame, ",
        "whose columns nn_train() standardises."
      )
    } else if (!is_standardized(fit, which.max(facts$typical))) {
      "Use standardize = TRUE."
    } else {
      "Some rows are far from the mean: correct such values, or use standardize = \"robust\"."
    }
  },
  reduction = function(fit, facts) {
    # a few rows are no reason for a step that is too long, unless training diverged
    many <- if ("diverged" %in% facts$found) 10 else 50
    if (steps_along_gradient(fit) && fit$settings$reduction == "sum" && total_weight(fit) > many) {
      "With reduction = \"sum\" the step grows with the number of rows: use reduction = \"mean\"."
    }
  },
  penalty = function(fit, facts) {
    if (!is_penalty_too_large(fit, facts)) {
      return(NULL)
    }
    given <- Filter(function(size) size > 0, fit$settings[c("penalty", "penalty_l1")])
    smaller <- paste0(
      "a smaller ", names(given), " than ", vapply(given, short, ""), ", such as ",
      vapply(
        given, function(size) short(min(size / 100, 0.01 * penalty_unit(fit))), ""
      )
    )
    paste0("Use ", paste(smaller, collapse = " and "), ".")
  },
  smaller_rate = function(fit, facts) {
    rate <- fit$settings$optimizer$learning_rate
    if (is.null(rate)) {
      return(NULL)
    }
    smaller <- signif(min(rate / 10, usual_rate(fit, facts)), 1)
    paste0("Use a smaller learning_rate than ", format(rate), ", such as ", short(smaller), ".")
  },
  # for a rate that is large for the optimiser
  large_rate = function(fit, facts) {
    rate <- fit$settings$optimizer$learning_rate
    # the mean of the loss may be all that the rate needs, and a few rows do not make it too large
    few <- total_weight(fit) <= 10 && !"diverged" %in% facts$found
    if (length(remedies$reduction(fit, facts)) > 0 || few) fit$settings$reduction <- "mean"
    if (!is.null(rate) && rate > 2 * usual_rate(fit, facts)) remedies$smaller_rate(fit, facts)
  },
  larger_rate = function(fit, facts) {
    rate <- fit$settings$optimizer$learning_rate
    much <- if (steps_along_gradient(fit)) 20 else 5
    if (!is.null(rate) && much * rate < usual_rate(fit, facts)) {
      paste0(
        "Use a larger learning_rate than ", format(rate), ", such as ",
        short(usual_rate(fit, facts)), "."
      )
    }
  },
  init = function(fit, facts) {
    kinds <- fit$settings$activation
    if (length(kinds) == 0 || is_given_start(fit)) {
      return(NULL)
    }
    best <- activation_table[[kinds[1]]]$init
    if (!identical(fit$settings$init, best) && identical(fit$settings$init, "tutorial")) {
      paste0("Use other initial weights: init = \"", best, "\".")
    }
  },
  start = function(fit, facts) {
    if (is_given_start(fit)) "Draw the initial weights instead of supplying them: start = NULL."
  },
  some_penalty = function(fit, facts) {
    if (fit$settings$penalty == 0) {
      paste0("Use penalty = ", short(0.01 * penalty_unit(fit)), ", which keeps the weights small.")
    } else {
      paste0("Use a larger penalty, such as ", short(10 * fit$settings$penalty), ".")
    }
  },
  leaky = function(fit, facts) {
    "Use activation = \"leaky_relu\", whose units are never inactive."
  },
  patience = function(fit, facts) {
    if (fit$stop == "patience" && fit$state$epoch < 200) {
      paste0(
        "Early stopping ended the training after ", counted(fit$state$epoch, "epoch"),
        ": use patience = ", format(10 * fit$settings$patience), "."
      )
    }
  },
  callback = function(fit, facts) {
    if (fit$stop %in% c("callback", "interrupted")) {
      "Training was stopped before its end: resume it with nn_continue()."
    }
  },
  epochs = function(fit, facts) {
    if (fit$stop != "iterations") {
      return(NULL)
    }
    epochs <- max(200, 10 * fit$state$epoch)
    paste0(
      "Train for more epochs, such as epochs = ", format(epochs, scientific = FALSE),
      " (nn_continue() resumes the training)",
      if (could_use_lbfgs(fit)) ", or use optimizer = \"lbfgs\"", "."
    )
  },
  hidden = function(fit, facts) {
    if (n_hidden(fit$layers) == 0) "Use hidden units, such as hidden = 10."
  },
  missing = function(fit, facts) {
    paste0(
      "Drop the columns in which most values are missing, which colMeans(is.na(data)) shows, or ",
      "impute them."
    )
  },
  information = function(fit, facts) {
    chosen <- "penalty" %in% fit$chosen && fit$settings$penalty > 0
    smaller <- min(fit$settings$penalty / 100, 0.01 * penalty_unit(fit))
    if (chosen && !is.null(fit$evidence$error) && does_as_well(fit$evidence)[["constant"]]) {
      return(paste0(
        "Held-out rows are predicted best by a constant: supply more rows, or inputs that are ",
        "informative about the outcome. If these rows are all that there is to learn, use a ",
        "smaller penalty, such as ", short(smaller), "."
      ))
    }
    paste0(
      "More epochs do not help, because the training converged. Check that the inputs are ",
      "informative about the targets, or try several initial weights (restarts = 10)."
    )
  }
)

# The sentences of those remedies that apply, in this order.
prescribe <- function(fit, facts, names) {
  unlist(lapply(remedies[names], function(remedy) remedy(fit, facts)), use.names = FALSE)
}

# The first of several groups of remedies of which any applies, as one text.
first_of <- function(fit, facts, ...) {
  for (names in list(...)) {
    advice <- prescribe(fit, facts, names)
    if (length(advice) > 0) {
      return(paste(unique(advice), collapse = " "))
    }
  }
}

# What prevents any training from succeeding.
basics <- c("output", "inputs", "targets", "reduction", "penalty", "large_rate")

divergence_advice <- function(fit, facts) {
  # L-BFGS and Levenberg-Marquardt only lower the objective, so that the penalty raised the loss
  falls <- is.null(fit$settings$optimizer$learning_rate) && fit$stop != "diverged"
  if (falls && has_penalty(fit)) facts$penalty_is_cause <- TRUE
  first_of(
    fit, facts, "offset", "outcome_outliers", setdiff(basics, "output"), "smaller_rate", "init",
    "start", "some_penalty"
  )
}

# Advice where the network has learned nothing.
learning_advice <- function(fit, facts) {
  if ("diverged" %in% facts$found) {
    return(divergence_advice(fit, facts))
  }
  if (is_linear_at_rest(fit, facts)) {
    return(remedies$hidden(fit, facts))
  }
  first_of(
    fit, facts, "offset",
    c(basics, if ("saturated" %in% facts$found) c("init", "start"), "patience"),
    if ("dead" %in% facts$found) "start", if ("dead" %in% facts$found) "leaky", "larger_rate",
    "callback", "epochs", "hidden", "information"
  )
}

# Is it a linear model that predicts the best constant, without another cause?
is_linear_at_rest <- function(fit, facts) {
  others <- c("offset", "output", "inputs", "targets", "penalty", "larger_rate", "patience")
  n_hidden(fit$layers) == 0 &&
    isTRUE(abs(facts$loss - facts$null) <= 1e-3 * abs(facts$null - facts$perfect)) &&
    length(prescribe(fit, facts, others)) == 0
}

# Advice about idle units. Those of training that diverged are a consequence.
idle_advice <- function(fit, facts, ...) {
  if ("diverged" %in% facts$found) divergence_advice(fit, facts) else first_of(fit, facts, ...)
}

short <- function(x) format(x, digits = 3)

has_penalty <- function(fit) fit$settings$penalty > 0 || fit$settings$penalty_l1 > 0

# What a penalty is compared with: 1 for the mean of the loss, the number of rows for its sum.
penalty_unit <- function(fit) if (fit$settings$reduction == "sum") total_weight(fit) else 1

# What the loss of all rows is summed over: the number of rows if all weights are 1.
total_weight <- function(fit) if (is.null(fit$probe$total)) fit$n else fit$probe$total

# Is the penalty the cause of a problem: is it larger than any gain in the loss, has it shrunk the
# weights of a layer to almost nothing, or is a step along it as long as the weights?
# A small penalty only shrinks weights of inputs that are not informative. One that was chosen on
# held-out rows is not too large; too few rows have none, and the default penalty.
is_penalty_too_large <- function(fit, facts) {
  chosen <- "penalty" %in% fit$chosen && (!is.null(fit$evidence) || n_hidden(fit$layers) == 0)
  if (!has_penalty(fit) || chosen) {
    return(FALSE)
  }
  if (isTRUE(facts$penalty_is_cause)) {
    return(TRUE)
  }
  settings <- fit$settings
  weights <- fit[parameter_names(fit$layers, "weights")]
  signal <- vapply(weights, function(w) sqrt(nrow(w) * mean(w^2)), 0)
  rate <- settings$optimizer$learning_rate
  size <- max(settings$penalty, settings$penalty_l1) / penalty_unit(fit)
  spread <- max(facts$spread, 0)
  size > spread || (size > 0.05 * spread && any(signal < 0.05)) ||
    (steps_along_gradient(fit) && rate * settings$penalty >= 1)
}

# Does a step have the length of the gradient? Other optimisers adapt to its size.
steps_along_gradient <- function(fit) {
  fit$settings$optimizer$name %in% c("gradient_descent", "momentum", "nesterov")
}

# The default learning rate of the optimiser, which suits standardised data and the mean of the
# loss, with a step that the penalty allows. Steps of other optimisers have about the length of the
# rate, so that few steps must be longer.
usual_rate <- function(fit, facts) {
  settings <- fit$settings
  rate <- optimizer_table[[settings$optimizer$name]]$make()$learning_rate
  if (!steps_along_gradient(fit)) {
    batches <- ceiling(fit$n / min(fit$n, settings$batch_size))
    rate <- max(rate, min(10 * rate, 3 / max(1, fit$state$epoch * batches)))
  } else {
    if (settings$reduction == "sum") {
      rate <- rate / (total_weight(fit) / fit$n * min(fit$n, settings$batch_size))
    }
    if (settings$penalty > 0 && !is_penalty_too_large(fit, facts)) {
      rate <- min(rate, 0.5 / settings$penalty)
    }
  }
  rate
}

could_use_lbfgs <- function(fit) {
  settings <- fit$settings
  steps_along_gradient(fit) && is.null(settings$batch_size) && is.null(settings$schedule) &&
    length(settings$dropout) == 0 && is.infinite(settings$clip) && settings$penalty_l1 == 0
}

has_unscaled_inputs <- function(facts) {
  length(facts$typical) > 0 &&
    (any(facts$typical > 10) || (max(facts$typical) > 0 && max(facts$typical) < 0.01))
}

is_standardized <- function(fit, input) {
  encoding <- fit$encoding
  !is.null(encoding) && (encoding$scale[input] != 1 || encoding$center[input] != 0)
}

# The initial weights were supplied. The call does not tell if it was made by do.call().
is_given_start <- function(fit) !is.null(fit$call$start)

prepared <- function(fit) {
  if (any(fit$encoding$scale != 1 | fit$encoding$center != 0)) "standardize"
}
