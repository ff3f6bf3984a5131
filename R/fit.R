# What R users expect of a model.

#' Predict from a fit
#'
#' The outputs of the network, under the weights that the fit returns, for new cases. A case's prediction does not depend on the cases beside it, to the last bit.
#'
#' @param object A fit of [nn_train()].
#' @param newdata A numeric matrix with the columns of the `X` of the training, a row for each case; no row is fine. Where both have column names, columns are matched by name, in any order,
#'   and further ones are ignored; where one has none, their number must be the same. Missing (the default): the cases of the training.
#' @param type What to return. `"response"` (the default): the outputs. For a fit to a factor also `"class"`, the most probable level, and `"prob"`, the probability of each.
#' @param offset Numbers to add to the output layer's input, one for each row and output; to be given where the fit was made with offsets, and only there.
#' @param ... Must be empty: a misspelt argument is an error.
#' @return `"response"`: for one output (and for a factor of two levels, where it is the probability of the second) a numeric vector with a number for each row, named by the rows' names; for more a matrix
#'   with a column for each output. `"class"`: a factor with all levels of the training. `"prob"`: a matrix with a column for each level.
#' @section Errors: `backprop_error_input` where `newdata` is not as described, naming the columns, and `backprop_error_argument` for another `type` or a missing `offset`.
#' @examples
#' X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
#' set.seed(1)
#' fit <- nn_train(X, c(1, 1, 0))
#' predict(fit, rbind(c(1, 1, 1, 1)))
#' @export
predict.nn_fit <- function(object, newdata, type = "response", offset = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(predict.nn_fit)))
  object <- current_fit(object, call)
  fit <- unclass(object)
  check_choice(type, c("response", if (!is.null(fit$levels)) c("class", "prob")), "type", call)
  if (missing(newdata)) return(as_type(stored_fitted(object, call), type, fit$levels))
  X <- align_columns(check_matrix(newdata, "newdata", call, least_rows = 0), fit, "newdata", call)
  if (fit$has_offset == is.null(offset))
    abort_argument(if (fit$has_offset) "The fit was made with offsets, so {.arg offset} must be given." else "The fit was made without offsets, so {.arg offset} cannot be given.", call)
  output <- core_forward(fit$shape, flatten_network(coef(object)), X, check_offset(offset, nrow(X), last(fit$shape$units), call), FALSE, fit$settings$precision == "single")$output
  if (!is.null(rownames(X)) || !is.null(fit$outputs)) dimnames(output) <- list(rownames(X), fit$outputs)
  as_type(output, type, fit$levels)
}

# The outputs (n x k) as what `type` asks for.
as_type <- function(output, type, levels) {
  if (type == "response") return(bare(output))
  prob <- if (length(levels) == 2) cbind(1 - output, output) else output
  dimnames(prob) <- list(rownames(output), levels)
  if (type == "prob") return(prob)
  stats::setNames(factor(levels[max.col(prob, "first")], levels), rownames(output))
}

# One column as a vector, names kept.
bare <- function(output) if (ncol(output) == 1) stats::setNames(as.vector(output), rownames(output)) else output

# The columns that the fit was made with, in its order.
align_columns <- function(X, fit, name, call) {
  expected <- fit$shape$units[1]
  if (!is.null(fit$inputs) && !is.null(colnames(X))) {
    absent <- setdiff(fit$inputs, colnames(X))
    if (length(absent) > 0)
      abort_input(c("{.arg {name}} must have the columns that the fit was made with.", x = "{cli::qty(length(absent))}Column{?s} {.field {absent}} {?is/are} missing."), call)
    twice <- unique(colnames(X)[duplicated(colnames(X)) & colnames(X) %in% fit$inputs])
    if (!identical(colnames(X), fit$inputs) && length(twice) > 0)
      abort_input(c("Columns are matched by name, so the names in {.arg {name}} must be different.", x = "{.field {twice}} {?stands/stand} there more than once."), call)
    return(if (identical(colnames(X), fit$inputs)) X else X[, fit$inputs, drop = FALSE])
  }
  if (ncol(X) != expected)
    abort_input(c("{.arg {name}} must have {expected} column{?s}, as the fit was made with.", x = "It has {ncol(X)}."), call)
  X
}

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
    paste0("Objective: ", paste(c(s$loss$name, paste(s$reduction, "over the rows"), extras), collapse = ", ")),
    paste0("Training:  ", paste(ways, collapse = ", ")),
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
