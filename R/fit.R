# What R users expect of a model.

stored_fitted <- function(fit, call, what = "output") {
  values <- unclass(fit)[[what]]
  if (is.null(values))
    abort_argument(c("This fit does not hold its {what}.", i = "It was made with {.code keep_fitted = FALSE}: use {.code predict(fit, X)}."), call)
  values
}

#' @export
coef.nn_fit <- function(object, ...) {
  fit <- unclass(object)
  fit[network_names(hidden_layers(fit$shape))]
}

#' @export
fitted.nn_fit <- function(object, ...) bare(stored_fitted(object, current_env()))

#' @export
residuals.nn_fit <- function(object, ...) bare(stored_fitted(object, current_env(), "residuals"))

#' @export
nobs.nn_fit <- function(object, ...) unclass(object)$n

#' @export
`$.nn_fit` <- function(x, name) {
  fit <- unclass(x)
  if (name %in% names(fit)) return(fit[[name]])
  layers <- hidden_layers(fit$shape)
  if (name %in% c("wh", "bh") && layers != 1)
    abort_argument(c("This fit has {layers} hidden layer{?s}, so there is no {.field {name}}.",
      i = if (layers > 1) "There are {.field {paste0(name, seq_len(layers))}}." else "There are {.field wout} and {.field bout}."), current_env())
  NULL
}

describe_layers <- function(fit) {
  kinds <- activation_table$name[fit$shape$activations + 1]
  paste0(paste(fit$shape$units, collapse = "-"), " (", paste(kinds, collapse = ", "), "), ", format(shape_parameters(fit$shape), big.mark = ","), " weights")
}

describe_training <- function(fit) {
  s <- fit$settings
  extras <- c(if (s$penalty > 0) paste("penalty", format(s$penalty)), if (s$penalty_l1 > 0) paste("L1 penalty", format(s$penalty_l1)))
  ways <- c(describe_optimizer(s$optimizer), if (is.null(s$batch_size)) "full batch" else paste0("batches of ", s$batch_size, if (!s$shuffle) " in order"),
    if (length(s$dropout) > 0) paste("dropout", paste(format(s$dropout), collapse = ", ")), if (!is.null(s$schedule)) describe_schedule(s$schedule),
    if (is.finite(s$clip)) paste("clip", format(s$clip)), if (s$precision == "single") "single precision")
  c(paste0("Data:      ", counted(fit$n, "row"), ", ", counted(fit$shape$units[1], "input"), ", ", counted(last(fit$shape$units), "output"),
      if (!is.null(fit$levels)) paste0(" (levels ", paste(fit$levels, collapse = ", "), ")")),
    describe_encoding(fit),
    paste0("Objective: ", paste(c(s$loss$name, paste(s$reduction, "over the rows"), extras), collapse = ", ")),
    paste0("Training:  ", paste(ways, collapse = ", ")),
    describe_defaults(fit),
    paste0("Ended:     ", "after ", counted(fit$state$epoch, "epoch"), ", ", stop_reasons[[fit$stop]]))
}
counted <- function(n, what) paste0(format(n, big.mark = ","), " ", what, if (n != 1) "s")

stop_reasons <- c(iterations = "all that were asked for", gradient = "as the gradient is small (converged)", precision = "as no step lowers the objective any more (not converged)",
  patience = "out of patience", callback = "by the callback", interrupted = "interrupted", diverged = "before it diverged")

#' @export
print.nn_fit <- function(x, ...) {
  fit <- unclass(x)
  history <- fit$history
  cat("Multilayer perceptron ", describe_layers(fit), "\n", sep = "")
  cat(describe_training(fit), sep = "\n")
  last <- nrow(history)
  if (last > 0) {
    cat("Loss:      ", format(history$loss[1], digits = 4), " in epoch 1, ", format(history$loss[last], digits = 4), " in epoch ", fit$state$epoch, " (mean of a row)\n", sep = "")
    if (!is.null(fit$best_epoch)) cat("Held out:  ", format(fit$state$best_loss, digits = 4), " in epoch ", fit$best_epoch, ", the best, whose weights are kept\n", sep = "")
  }
  invisible(x)
}

#' @export
summary.nn_fit <- function(object, ...) {
  fit <- unclass(object)
  units <- fit$shape$units
  layers <- length(units) - 1
  table <- data.frame(layer = c(layer_names("hidden", layers - 1), "output"), inputs = units[-length(units)], units = units[-1],
    activation = activation_table$name[fit$shape$activations + 1], weights = (units[-length(units)] + 1) * units[-1])
  sizes <- vapply(coef(object)[2 * seq_len(layers) - 1], function(w) max(abs(w)), 0)
  table$largest <- unname(sizes)
  fitted <- if (!is.null(fit$residuals)) data.frame(output = if (is.null(fit$outputs)) seq_len(ncol(fit$residuals)) else fit$outputs,
    mean_squared_error = unname(colMeans(fit$residuals^2)), mean_absolute_error = unname(colMeans(abs(fit$residuals))))
  structure(list(layers = table, errors = fitted, training = describe_training(fit), parameters = sum(table$weights), objective = fit$objective,
    history = fit$history, stop = fit$stop, call = fit$call), class = "summary.nn_fit")
}

#' @export
print.summary.nn_fit <- function(x, ...) {
  cat("Call: ", paste(deparse(x$call), collapse = "\n"), "\n\n", sep = "")
  cat(x$training, sep = "\n")
  cat("\nLayers (largest: the greatest size of a weight)\n")
  print(x$layers, row.names = FALSE, digits = 4)
  if (!is.null(x$errors)) {
    cat("\nErrors of the outputs on the training rows\n")
    print(x$errors, row.names = FALSE, digits = 4)
  }
  cat("\nObjective:", format(x$objective, digits = 7), "with", x$parameters, "weights\n")
  invisible(x)
}
