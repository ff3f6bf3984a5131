# Predictions: of new cases, in the form asked for.

#' Predict from a fit
#'
#' The outputs of the network, under the weights that the fit returns, for new cases. A case's prediction does not depend on the cases beside it, to the last bit.
#'
#' @param object A fit of [nn_train()].
#' @param newdata A numeric matrix with the columns of the `X` of the training, a row for each case; no row is fine. Where both have column names, columns are matched by name, in any order,
#'   and further ones are ignored; where one has none, their number must be the same. Missing (the default): the cases of the training.
#' @param type What to return. `"response"` (the default): the outputs. For a fit to a factor also `"class"`, the most probable level, and `"prob"`, the probability of each.
#' @param offset Numbers to add to the output layer's input, one for each row and output; to be given where the fit was made with offsets, and only there.
#' @param na.action What is done with rows of missing values in a data frame: `na.pass` (the default) predicts `NA`, `na.omit` drops them, `na.exclude` also predicts `NA`, `na.fail` is an error.
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
predict.nn_fit <- function(object, newdata, type = "response", offset = NULL, interval = "none", level = 0.9, na.action = stats::na.pass, ...) {
  call <- current_env()
  if ("new_data" %in% ...names()) abort_argument(c("{.arg new_data} is no argument of this function.", i = "Use {.arg newdata}: {.code predict(fit, newdata = )}."), call)
  check_no_dots(call, ..., known = names(formals(predict.nn_fit)))
  fit <- unclass(object)
  check_choice(type, c("response", if (!is.null(fit$levels)) c("class", "prob")), "type", call)
  interval <- check_interval(interval, level, type, fit, missing(newdata), call)
  if (missing(newdata)) return(stats::napredict(fit$na.action, as_type(stored_fitted(object, call), type, fit$levels)))
  if (!is.null(fit$encoding)) return(predict_data(fit, newdata, if (interval) level else type, offset, na.action, call))
  X <- align_columns(check_matrix(newdata, "newdata", call, least_rows = 0), fit, "newdata", call)
  if (fit$has_offset == is.null(offset))
    abort_argument(if (fit$has_offset) "The fit was made with offsets, so {.arg offset} must be given." else "The fit was made without offsets, so {.arg offset} cannot be given.", call)
  output <- network_output(fit, X, check_offset(offset, nrow(X), last(fit$shape$units), call))
  if (!is.null(rownames(X)) || !is.null(fit$outputs)) dimnames(output) <- list(rownames(X), fit$outputs)
  as_type(output, type, fit$levels)
}

# The outputs (n x k) of the network for rows as it sees them.
network_output <- function(fit, X, offset) {
  weights <- flatten_network(fit[network_names(hidden_layers(fit$shape))])
  core_forward(fit$shape, weights, X, offset, FALSE, fit$settings$precision == "single")$output
}

# For a fit made from data: rows with missing values have NA as their prediction, or are dropped by na.action. `type` is a level for prediction intervals and sets.
predict_data <- function(fit, newdata, type, offset, na.action, call) {
  prepared <- prepare_newdata(fit, newdata, "newdata", call)
  kept <- apply_na_action(prepared$raw, na.action, call, least_rows = 0)
  X <- prepared$X[kept$rows, , drop = FALSE]
  offset <- newdata_offset(fit, prepared, offset, call)[kept$rows, , drop = FALSE]
  whole <- rowSums(is.na(X)) == 0
  if (!is.null(offset)) whole <- whole & rowSums(is.na(offset)) == 0
  output <- matrix(NA_real_, nrow(X), last(fit$shape$units))
  output[whole, ] <- decode_output(network_output(fit, X[whole, , drop = FALSE], if (!is.null(offset)) offset[whole, , drop = FALSE]), fit$encoding)
  if (!is.null(rownames(X)) || !is.null(fit$outputs)) dimnames(output) <- list(rownames(X), fit$outputs)
  stats::napredict(kept$action, if (is.numeric(type)) prediction_regions(fit, output, type, call) else as_type(output, type, fit$levels))
}

# The offset of new rows, n x k: from the formula, and from the argument where the training had it.
newdata_offset <- function(fit, prepared, offset, call) {
  if (fit$encoding$offset_argument == is.null(offset))
    abort_argument(if (is.null(offset)) "The fit was made with {.arg offset}, so it must be given." else "The fit was made without {.arg offset}, so it cannot be given.", call)
  offset <- add_offsets(prepared$offset, offset)
  if (is.null(offset)) return(NULL)
  k <- last(fit$shape$units)
  if (!is.numeric(offset) || !NROW(offset) %in% c(1, nrow(prepared$X)) || NCOL(offset) != k)
    abort_input(c("{.arg offset} must be numbers, {nrow(prepared$X)} x {k}.", x = "It is {describe(offset)}."), call)
  encode_offset(matrix(as.double(offset), nrow(prepared$X), k), fit$encoding$outcome)
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

