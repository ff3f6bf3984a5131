# print() and summary() of a fit.

describe_layers <- function(fit) {
  kinds <- c(layer_activations(fit$layers), if (has_skip(fit$layers)) "skip")
  paste0(
    paste(layer_units(fit$layers), collapse = "-"), " (", paste(kinds, collapse = ", "), "), ",
    format(n_parameters(fit$layers), big.mark = ","), " weights"
  )
}

describe_training <- function(fit) {
  s <- fit$settings
  extras <- c(
    if (s$penalty > 0) paste("penalty", format(s$penalty)),
    if (s$penalty_l1 > 0) paste("L1 penalty", format(s$penalty_l1))
  )
  ways <- c(
    describe_optimizer(s$optimizer),
    if (is.null(s$batch_size)) {
      "full batch"
    } else {
      paste0("batches of ", s$batch_size, if (isFALSE(s$shuffle)) {
        " in order"
      } else if (identical(s$shuffle, "blocks")) {
        " of shuffled blocks"
      })
    },
    if (length(s$dropout) > 0) paste("dropout", paste(format(s$dropout), collapse = " and ")),
    if (!is.null(s$schedule)) describe_schedule(s$schedule),
    if (is.finite(s$clip)) paste("clip", format(s$clip)),
    if (is.finite(s$patience)) paste("patience", format(s$patience)),
    if (s$tolerance > 0) paste("tolerance", format(s$tolerance)),
    if (length(s$freeze) > 0) {
      parts <- ifelse(vapply(s$freeze, isTRUE, NA), "", "some of ")
      paste(paste0(parts, names(s$freeze), collapse = " and "), "frozen")
    },
    if (!is.null(s$layer_rates)) {
      paste("rates of the layers", paste(format(s$layer_rates, trim = TRUE), collapse = ", "))
    },
    if (is.finite(s$max_norm %||% Inf)) paste("max_norm", format(s$max_norm)),
    if (s$restarts > 1) paste("best of", format(s$restarts), "starts"),
    if (s$precision == "single") "single precision"
  )
  c(
    paste0(
      "Data:      ", counted(fit$n, "row"), ", ", counted(n_inputs(fit$layers), "input"), ", ",
      counted(n_outputs(fit$layers), "output"),
      if (!is.null(fit$levels)) paste0(" (levels ", some_of(fit$levels), ")")
    ),
    describe_rows(fit), describe_preparation(fit),
    paste0(
      "Objective: ",
      paste(c(describe_loss(s$loss), paste(s$reduction, "over the rows"), extras), collapse = ", ")
    ),
    paste0("Training:  ", paste(ways, collapse = ", ")), describe_ensemble(fit),
    describe_defaults(fit),
    paste0(
      "Ended:     ", "after ", counted(fit$state$epoch, "epoch"), ", ", stop_reasons[[fit$stop]]
    )
  )
}

# Whose units the weights are not in: inputs and outcomes that are standardised.
scaled_parts <- function(fit) {
  encoding <- fit$encoding
  c(
    if (any(encoding$scale != 1 | encoding$center != 0)) {
      if (is.null(encoding$columns)) "scaled inputs" else "standardised inputs"
    },
    if (is_outcome_scaled(encoding$outcome)) "the standardised outcome"
  )
}

# Rows that are not trained on, and weights and offsets.
describe_rows <- function(fit) {
  share <- fit$settings$validation
  parts <- c(
    if (is.numeric(share)) paste("a fraction of", format(share), "held out"),
    if (identical(share, "given")) "separate validation set",
    if (!is.null(fit$encoding$calibration$rows)) {
      paste(format(fit$encoding$calibration$rows, big.mark = ","), "more for calibration")
    },
    if (isTRUE(fit$has_weights)) "case weights",
    if (!is.null(fit$settings$class_weights)) "class weights", if (isTRUE(fit$has_offset)) "offsets"
  )
  if (length(parts) > 0) paste0("Rows:      ", paste(parts, collapse = ", "))
}

# How the inputs and the outcome were prepared, for fits made from data.
describe_preparation <- function(fit) {
  encoding <- fit$encoding
  if (is.null(encoding)) {
    return(NULL)
  }
  outcome <- encoding$outcome
  inputs <- if (all(encoding$scale == 1 & encoding$center == 0)) {
    "inputs not scaled"
  } else if (is.null(encoding$columns)) {
    "inputs scaled, not centred"
  } else if (!is.null(encoding$clip)) {
    paste("inputs standardised by median and quartile range, clipped at", format(encoding$clip))
  } else {
    "inputs standardised"
  }
  left_out <- dropped_rows(fit)
  what <- switch(outcome$kind,
    binary = paste0("probability of ", outcome$levels[2]),
    classes = paste0(
      length(outcome$levels), " classes",
      if (isTRUE(outcome$ordered)) {
        if (has_ordered_outputs(fit)) " in their order" else ", whose order is not used"
      }
    ),
    count = if (isTRUE(outcome$fractional)) "numbers of at least 0, not all whole" else "counts",
    if (!is.null(outcome$events)) {
      "a probability for each"
    } else if (is_outcome_scaled(outcome)) {
      "standardised (losses are on that scale)"
    } else {
      "not scaled"
    }
  )
  c(
    paste0(
      "Scaling:   ", inputs,
      if (length(encoding$constant) > 0) {
        paste0(
          ", ", counted(length(encoding$constant), "constant column"), " without effect (",
          some_of(end_names(fit)$inputs[encoding$constant], 5), ")"
        )
      }
    ),
    paste0("Outcome:   ", paste(outcome$names, collapse = ", "), ", ", what),
    note_on_values(outcome),
    if (left_out > 0) paste0("Dropped:   ", counted(left_out, "row"), " with missing values")
  )
}

# A numeric outcome with few values may be classes. NULL if it has many.
note_on_values <- function(outcome) {
  values <- outcome$values
  if (is.null(values)) {
    return(NULL)
  }
  paste0(
    "Note:      the outcome has ", length(values), " values, ",
    if (length(values) == 2) {
      paste(vapply(values, format, "", digits = 4), collapse = " and ")
    } else {
      paste("whole numbers from", values[1], "to", last(values))
    },
    ", and is predicted as a number; for classes use factor(", outcome$names, ")"
  )
}

describe_defaults <- function(fit) {
  if (length(fit$chosen) == 0) {
    return(NULL)
  }
  paste0("Defaults:  ", paste(fit$chosen, collapse = ", "), " (see ?nn_train.data.frame)")
}

# Prints lines that begin with a label of 11 characters, wrapped to the width of the console.
cat_labelled <- function(lines) {
  for (line in lines) {
    cat(strwrap(
      substring(line, 12), getOption("width") + 1,
      initial = substring(line, 1, 11), prefix = strrep(" ", 11)
    ), sep = "\n")
  }
}

# Is the loss weighted, by case or class weights?
weighs_rows <- function(fit) isTRUE(fit$has_weights) || !is.null(fit$settings$class_weights)

#' @export
print.nn_fit <- function(x, ...) {
  fit <- whole_fit(x, current_env(), "x")
  history <- fit$history
  cat("Multilayer perceptron ", describe_layers(fit), "\n", sep = "")
  cat_labelled(describe_training(fit))
  last <- nrow(history)
  if (last > 0) {
    cat(
      "Loss:      ", format(history$loss[1], digits = 4), " in epoch 1",
      if (last > 1) {
        paste0(", ", format(history$loss[last], digits = 4), " in epoch ", fit$state$epoch)
      },
      if (weighs_rows(fit)) " (weighted mean per row)\n" else " (mean per row)\n",
      sep = ""
    )
    if (!is.null(fit$best_epoch)) {
      cat(
        "Held out:  ", format(fit$state$best_loss, digits = 4), " in epoch ", fit$best_epoch,
        " (the best epoch, whose weights are kept)\n",
        sep = ""
      )
    }
  }
  if (!is.null(fit$evidence)) cat_labelled(describe_evidence(fit))
  cat_labelled(doctor_line(fit))
  invisible(x)
}

# The summary of a plain fit.
fit_summary <- function(fit) {
  layers <- fit$layers
  table <- data.frame(
    layer = c(layer_names("hidden", n_hidden(layers)), "output"),
    inputs = vapply(layers, `[[`, 0, "inputs"), units = vapply(layers, `[[`, 0, "units"),
    activation = layer_activations(layers), weights = vapply(layers, n_layer_parameters, 0)
  )
  sizes <- vapply(fit[parameter_names(layers, "weights")], function(w) max(abs(w)), 0)
  table$largest <- unname(sizes)
  if (is.null(fit$errors) && !is.null(fit$residuals) && !is.null(fit$output)) {
    output <- fit$output[, point_outputs(fit$settings$loss, ncol(fit$output)), drop = FALSE]
    seen <- observed_errors(fit, fit$residuals, fit$residuals + output)
    fit$errors <- training_errors(seen$residuals, seen$y, numeric(), error_kind(fit))
  }
  structure(
    list(
      layers = table, errors = error_table(fit),
      training = c(describe_training(fit), describe_evidence(fit)),
      parameters = length(free_parameters(fit)),
      frozen = sum(table$weights) - length(free_parameters(fit)), scaled = scaled_parts(fit),
      objective = fit$objective, history = fit$history,
      stop = fit$stop, weighted = isTRUE(fit$errors$weighted),
      accuracy = c(
        training = fit$errors$training$accuracy, `held out` = fit$errors$held_out$accuracy
      ),
      coverage = c(
        nominal = if (!is.null(fit$errors$training$coverage)) {
          diff(range(fit$settings$loss$parameter))
        },
        training = fit$errors$training$coverage, `held out` = fit$errors$held_out$coverage
      ),
      call = fit$call
    ),
    class = "summary.nn_fit"
  )
}

#' @export
print.summary.nn_fit <- function(x, ...) {
  cat("Call: ", paste(deparse(x$call), collapse = "\n"), "\n\n", sep = "")
  cat_labelled(x$training)
  cat("\nLayers (largest: largest absolute weight)\n")
  print(x$layers, row.names = FALSE, digits = 4)
  if (!is.null(x$errors)) {
    cat("\nErrors by output", if (x$weighted) " (weighted)", "\n", sep = "")
    print(x$errors, row.names = FALSE, digits = 4)
    if (length(x$accuracy) > 0) {
      cat(
        "Accuracy: ", paste(format(x$accuracy, digits = 4), names(x$accuracy), collapse = ", "),
        "\n",
        sep = ""
      )
    }
    if (length(x$coverage) > 0) {
      cat(
        "Coverage between ", x$errors$output[1], " and ", last(x$errors$output), ": ",
        paste(format(x$coverage, digits = 4), names(x$coverage), collapse = ", "), "\n",
        sep = ""
      )
    }
  }
  if (!is.null(x$coefficients)) print_coefficients(x)
  if (!is.null(x$deviances)) print_deviances(x$deviances)
  cat(
    "\n",
    if (!is.null(x$objective)) {
      paste0("Final objective: ", format(x$objective, digits = 7), " with ")
    },
    x$parameters, " weights", if (x$frozen > 0) paste0(" (and ", x$frozen, " frozen ones)"), "\n",
    sep = ""
  )
  invisible(x)
}

# As print(summary(glm())) shows them. Degrees of freedom are those of one output.
print_deviances <- function(deviances) {
  digits <- max(5, getOption("digits") - 3)
  numbers <- format(signif(deviances$deviance, digits))
  of <- paste0(format(paste0(c("Null", "Residual"), " deviance:"), justify = "right"), " ", numbers)
  if (!anyNA(deviances$df)) {
    of <- paste0(of, " on ", format(deviances$df), " degrees of freedom")
  }
  cat("\n", paste0(of, "\n"), sep = "")
}

print_coefficients <- function(x) {
  cat(
    "\nWeights of the network with standard errors (", x$type,
    if (is.finite(x$df)) paste0(", ", counted(x$df, "degree"), " of freedom"), ")",
    if (length(x$scaled) > 0) paste0(",\nfor ", paste(x$scaled, collapse = " and ")),
    "\n",
    sep = ""
  )
  stats::printCoefmat(x$coefficients, digits = 4, na.print = "NA")
  if (length(x$reasons) > 0) {
    cat(strwrap(paste("Note:", unlist(x$reasons)), exdent = 2, width = 90), sep = "\n")
  }
}
