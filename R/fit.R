# What R users expect of a model.

stored_fitted <- function(fit, call, what = "output") {
  values <- unclass(fit)[[what]]
  if (is.null(values)) {
    abort_argument(c(
      "This fit does not hold its {what}.",
      i = "It was made with {.code keep_fitted = FALSE}: use {.code predict(fit, X)}."
    ), call)
  }
  values
}

#' @export
coef.nn_fit <- function(object, ...) {
  fit <- unclass(object)
  fit[network_names(hidden_layers(fit$shape))]
}

#' @export
fitted.nn_fit <- function(object, ...) {
  check_no_dots(current_env(), ..., known = "object")
  stats::napredict(object$na.action, bare(stored_fitted(object, current_env())))
}

#' @export
residuals.nn_fit <- function(object, type = "response", ...) {
  call <- current_env()
  check_no_dots(call, ..., known = c("object", "type"))
  check_choice(type, "response", "type", call)
  stats::naresid(object$na.action, bare(stored_fitted(object, call, "residuals")))
}

#' @export
nobs.nn_fit <- function(object, ...) unclass(object)$n

#' @importFrom stats formula
#' @export
formula.nn_fit <- function(x, ...) stats::formula(terms.nn_fit(x))

#' @importFrom stats terms
#' @export
terms.nn_fit <- function(x, ...) {
  terms <- unclass(x)$encoding$terms
  if (is.null(terms)) {
    abort_argument(c(
      "This fit was made without a formula.",
      i = "Use {.code nn_train(y ~ x, data)}."
    ), current_env())
  }
  terms
}

#' @export
`$.nn_fit` <- function(x, name) {
  fit <- unclass(x)
  if (name %in% names(fit)) {
    return(fit[[name]])
  }
  layers <- hidden_layers(fit$shape)
  if (name %in% c("wh", "bh") && layers != 1) {
    abort_argument(c(
      "This fit has {layers} hidden layer{?s}, so there is no {.field {name}}.",
      i = if (layers > 1) {
        "There are {.field {paste0(name, seq_len(layers))}}."
      } else {
        "There are {.field wout} and {.field bout}."
      }
    ), current_env())
  }
  NULL
}

describe_layers <- function(fit) {
  kinds <- activation_table$name[fit$shape$activations + 1]
  paste0(
    paste(fit$shape$units, collapse = "-"), " (", paste(kinds, collapse = ", "), "), ",
    format(shape_parameters(fit$shape), big.mark = ","), " weights"
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
      paste0("batches of ", s$batch_size, if (!s$shuffle) " in order")
    },
    if (length(s$dropout) > 0) paste("dropout", paste(format(s$dropout), collapse = " and ")),
    if (!is.null(s$schedule)) describe_schedule(s$schedule),
    if (is.finite(s$clip)) paste("clip", format(s$clip)),
    if (is.finite(s$patience)) paste("patience", format(s$patience)),
    if (s$tolerance > 0) paste("tolerance", format(s$tolerance)),
    if (s$restarts > 1) paste("the best of", format(s$restarts), "starts"),
    if (s$precision == "single") "single precision"
  )
  c(
    paste0(
      "Data:      ", counted(fit$n, "row"), ", ", counted(fit$shape$units[1], "input"), ", ",
      counted(last(fit$shape$units), "output"),
      if (!is.null(fit$levels)) paste0(" (levels ", some_of(fit$levels), ")")
    ),
    describe_rows(fit), describe_encoding(fit),
    paste0(
      "Objective: ",
      paste(c(s$loss$name, paste(s$reduction, "over the rows"), extras), collapse = ", ")
    ),
    paste0("Training:  ", paste(ways, collapse = ", ")), describe_defaults(fit),
    paste0(
      "Ended:     ", "after ", counted(fit$state$epoch, "epoch"), ", ", stop_reasons[[fit$stop]]
    )
  )
}
# What the rows are used for, besides training, and what they bring.
describe_rows <- function(fit) {
  share <- fit$settings$validation
  parts <- c(
    if (is.numeric(share)) paste("a share of", format(share), "held out"),
    if (identical(share, "given")) "others held out, as given",
    if (!is.null(fit$encoding$calibration$rows)) {
      paste(format(fit$encoding$calibration$rows, big.mark = ","), "more for calibration")
    },
    if (isTRUE(fit$has_weights)) "case weights",
    if (!is.null(fit$settings$class_weights)) "class weights", if (isTRUE(fit$has_offset)) "offsets"
  )
  if (length(parts) > 0) paste0("Rows:      ", paste(parts, collapse = ", "))
}
some_of <- function(names, most = 10) {
  paste0(
    paste(utils::head(names, most), collapse = ", "),
    if (length(names) > most) paste(" and", length(names) - most, "more")
  )
}
counted <- function(n, what) paste0(format(n, big.mark = ","), " ", what, if (n != 1) "s")

stop_reasons <- c(
  iterations = "all that were asked for", gradient = "as the gradient is small (converged)",
  precision = "as no step lowers the objective any more (not converged)",
  patience = "out of patience", callback = "by the callback", interrupted = "interrupted",
  diverged = "before it diverged"
)

#' @export
print.nn_fit <- function(x, ...) {
  fit <- unclass(x)
  history <- fit$history
  cat("Multilayer perceptron ", describe_layers(fit), "\n", sep = "")
  cat(describe_training(fit), sep = "\n")
  last <- nrow(history)
  if (last > 0) {
    cat(
      "Loss:      ", format(history$loss[1], digits = 4), " in epoch 1",
      if (last > 1) {
        paste0(", ", format(history$loss[last], digits = 4), " in epoch ", fit$state$epoch)
      },
      " (mean per row)\n",
      sep = ""
    )
    if (!is.null(fit$best_epoch)) {
      cat(
        "Held out:  ", format(fit$state$best_loss, digits = 4), " in epoch ", fit$best_epoch,
        ", the best, whose weights are kept\n",
        sep = ""
      )
    }
  }
  cat(doctor_line(fit))
  invisible(x)
}

#' @export
summary.nn_fit <- function(object, ...) {
  fit <- unclass(object)
  units <- fit$shape$units
  layers <- length(units) - 1
  table <- data.frame(
    layer = c(layer_names("hidden", layers - 1), "output"), inputs = units[-length(units)],
    units = units[-1], activation = activation_table$name[fit$shape$activations + 1],
    weights = (units[-length(units)] + 1) * units[-1]
  )
  sizes <- vapply(coef(object)[2 * seq_len(layers) - 1], function(w) max(abs(w)), 0)
  table$largest <- unname(sizes)
  if (is.null(fit$errors) && !is.null(fit$residuals)) {
    fit$errors <- training_errors(fit$residuals, fit$residuals + fit$output, NULL, NULL, fit$levels)
  }
  structure(
    list(
      layers = table, errors = error_table(fit), training = describe_training(fit),
      parameters = sum(table$weights), objective = fit$objective, history = fit$history,
      stop = fit$stop, weighted = isTRUE(fit$errors$weighted),
      accuracy = c(
        training = fit$errors$training$accuracy, `held out` = fit$errors$held_out$accuracy
      ),
      call = fit$call
    ),
    class = "summary.nn_fit"
  )
}

#' @export
print.summary.nn_fit <- function(x, ...) {
  cat("Call: ", paste(deparse(x$call), collapse = "\n"), "\n\n", sep = "")
  cat(x$training, sep = "\n")
  cat("\nLayers (largest: the greatest size of a weight)\n")
  print(x$layers, row.names = FALSE, digits = 4)
  if (!is.null(x$errors)) {
    cat("\nErrors of the outputs", if (x$weighted) " (weighted)", "\n", sep = "")
    print(x$errors, row.names = FALSE, digits = 4)
    if (length(x$accuracy) > 0) {
      cat(
        "Accuracy: ", paste(format(x$accuracy, digits = 4), names(x$accuracy), collapse = ", "),
        "\n",
        sep = ""
      )
    }
  }
  cat(
    "\n",
    if (!is.null(x$objective)) {
      paste0("Objective reached: ", format(x$objective, digits = 7), " with ")
    },
    x$parameters, " weights\n",
    sep = ""
  )
  invisible(x)
}

# Of some rows: the errors by output (`table`, k x 2 or 3) and, for classes, the share of right
# ones. A fit keeps this where it does not keep what it is made of.
output_errors <- function(residuals, y, weights, levels) {
  share <- if (length(weights) > 0) weights / sum(weights) else rep(1 / nrow(y), nrow(y))
  squared <- colSums(share * residuals^2)
  table <- cbind(
    mean_squared_error = squared, mean_absolute_error = colSums(share * abs(residuals))
  )
  if (is.null(levels)) {
    spread <- colSums(share * (y - rep(colSums(share * y), each = nrow(y)))^2)
    return(list(table = cbind(table, r_squared = ifelse(spread > 0, 1 - squared / spread, NA))))
  }
  class_of <- function(output) {
    if (ncol(output) == 1) output[, 1] > 0.5 else max.col(output, "first")
  }
  list(table = table, accuracy = sum(share[class_of(y) == class_of(y - residuals)]))
}

training_errors <- function(residuals, y, weights, held_out, levels) {
  if (length(held_out) == 0) {
    return(list(
      training = output_errors(residuals, y, weights, levels), weighted = length(weights) > 0
    ))
  }
  of <- function(rows) {
    output_errors(
      residuals[rows, , drop = FALSE], y[rows, , drop = FALSE],
      if (length(weights) > 0) weights[rows], levels
    )
  }
  list(
    training = of(setdiff(seq_len(nrow(y)), held_out)), held_out = of(held_out),
    weighted = length(weights) > 0
  )
}

output_names <- function(fit, outputs) {
  names <- if (!is.null(fit$outputs)) fit$outputs else fit$encoding$outcome$names
  if (length(names) == outputs) names else seq_len(outputs)
}

error_table <- function(fit) {
  if (is.null(fit$errors)) {
    return(NULL)
  }
  table <- function(errors, rows) {
    data.frame(
      output = output_names(fit, nrow(errors$table)), rows = rows, errors$table, row.names = NULL
    )
  }
  rbind(
    table(fit$errors$training, "training"),
    if (!is.null(fit$errors$held_out)) table(fit$errors$held_out, "held out")
  )
}
