# Predictions: of new cases, in the form asked for.

#' Predict from a fit
#'
#' The outputs of the network, under the weights that the fit returns, for new cases. A case's
#' prediction does not depend on the cases beside it, to the last bit.
#'
#' **Data frames.** For a fit made from data, columns are matched by name, in any order; further
#' ones are ignored. Missing columns, new levels and wrong types are errors that name the column. A
#' factor of the training may be a character column now, and the other way round, with levels in any
#' order. What training did to the data (encoding, the knots of bases, scaling) is done again;
#' numeric outcomes come back on their own scale.
#'
#' **Prediction intervals and sets** are those of split-conformal prediction: for any distribution
#' of the data, and however good the network, a new case from it is within them with probability
#' `level` or more (at most `1 / (n + 1)` more where scores have no ties), on average over training
#' data of `n` calibration rows and new cases. The score of a calibration row is `abs(y - fit)` for
#' numbers and `1 - p` of the true level for classes. With `q` the `ceiling(level * (n + 1))`-th
#' smallest of them, the interval is `fit - q` to `fit + q` (not below 0 for counts), and the set
#' holds the levels with `1 - p <= q`; it may be empty. Several outputs have intervals of their own,
#' each with probability `level`. Where that number is above `n`, limits are infinite and sets hold
#' all levels, with a warning of class `backprop_warning_calibration`. Calibration rows count one
#' each whatever their case weight, but for those of weight 0, which do not.
#'
#' @param object A fit of [nn_train()].
#' @param newdata For a fit made from a matrix, sparse or not, a numeric matrix, or a sparse one of
#'   the Matrix package, with the columns of the `X` of the training, a row for each case; no row is
#'   fine. Where both have column names, columns are matched by name, in any order, and further ones
#'   are ignored; where one has none, their number must be the same. For a fit made from a data
#'   frame or a formula, a data frame. Missing (the default): the cases of the training.
#' @param type What to return. `"response"` (the default): the outputs. For a fit to classes also
#'   `"class"`, the most probable level, and `"prob"`, the probability of each.
#' @param offset Numbers to add to the output, one for each row and output; to be given where the
#'   fit was made with the argument `offset`, and only there. For a fit made from data they are on
#'   the scale of the outcome, as they were in training.
#' @param interval `"none"` (the default) or, for a fit made with `calibration`, `"prediction"`.
#' @param level The probability that a new case is within its interval or set, above 0 and below 1;
#'   0.9 by default.
#' @param na.action For a fit made from a data frame, what is done with rows of missing values, a
#'   function or its name: `na.pass` (the default, as in [stats::predict.lm()]) and `na.exclude`
#'   predict `NA` for them, `na.omit` drops them, `na.fail` is an error. A row counts as missing
#'   where an input or offset computed from it is.
#' @param ... Must be empty: a misspelt argument is an error.
#' @return `"response"`: for one output (and for two classes, where it is the probability of the
#'   second) a numeric vector with a number for each row; for more a matrix with a column for each
#'   output. `"class"`: a factor with all levels of the training, ordered where the outcome was.
#'   `"prob"`: a matrix with a column for each level. Row names that are text are kept.
#'
#'   With `interval = "prediction"`: for numbers and counts a matrix with the columns `fit`, `lwr`
#'   and `upr`, and for several outputs an array, rows x these three x outputs; for classes a
#'   logical matrix, rows x levels, `TRUE` for the levels in the set.
#' @section Errors: `backprop_error_input` where `newdata` is not as described, naming the columns,
#'   and `backprop_error_argument` for another `type`, a missing `offset`, or intervals of a fit
#'   without `calibration`.
#' @references Vovk, V., Gammerman, A. and Shafer, G. (2005). *Algorithmic Learning in a Random
#'   World*. Springer. \doi{10.1007/b106715}
#'
#'   Lei, J., G'Sell, M., Rinaldo, A., Tibshirani, R. J. and Wasserman, L. (2018). Distribution-free
#'   predictive inference for regression. *Journal of the American Statistical Association*, 113,
#'   1094-1111. \doi{10.1080/01621459.2017.1307116}
#'
#'   Sadinle, M., Lei, J. and Wasserman, L. (2019). Least ambiguous set-valued classifiers with
#'   bounded error levels. *Journal of the American Statistical Association*, 114, 223-234.
#'   \doi{10.1080/01621459.2017.1395341}
#' @examples
#' X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
#' set.seed(1)
#' fit <- nn_train(X, c(1, 1, 0))
#' predict(fit, rbind(c(1, 1, 1, 1)))
#'
#' # From data, with sets that hold the true species nine times out of ten
#' fit <- nn_train(Species ~ ., iris, hidden = 5, calibration = 0.3)
#' flowers <- iris[c(1, 71, 107), ]
#' predict(fit, flowers, type = "class")
#' predict(fit, flowers, interval = "prediction")
#' @export
predict.nn_fit <- function(object, newdata, type = "response", offset = NULL, interval = "none",
                           level = 0.9, na.action = stats::na.pass, ...) {
  call <- current_env()
  if ("new_data" %in% ...names()) {
    abort_argument(c(
      "{.arg new_data} is no argument of this function.",
      i = "Use {.arg newdata}: {.code predict(fit, newdata = )}."
    ), call)
  }
  check_no_dots(call, ..., known = names(formals(predict.nn_fit)))
  object <- current_fit(object, call)
  fit <- unclass(object)
  check_choice(type, c("response", "class", "prob"), "type", call)
  if (type != "response" && is.null(fit$levels)) {
    abort_argument(c(
      "{.code type = {.val {type}}} needs a fit to classes.",
      x = "The outcome of this fit is numeric.",
      i = "Train with a factor as the outcome where numbers stand for classes."
    ), call)
  }
  interval <- check_interval(interval, level, type, fit, missing(newdata), call)
  if (missing(newdata)) {
    return(stats::napredict(fit$na.action, as_type(stored_fitted(object, call), type, fit)))
  }
  if (!is.null(fit$encoding)) {
    return(predict_data(fit, newdata, if (interval) level else type, offset, na.action, call))
  }
  X <- align_columns(check_inputs(newdata, "newdata", call, least_rows = 0), fit, "newdata", call)
  if (fit$has_offset == is.null(offset)) {
    abort_argument(
      if (fit$has_offset) {
        "The fit was made with offsets, so {.arg offset} must be given."
      } else {
        "The fit was made without offsets, so {.arg offset} cannot be given."
      },
      call
    )
  }
  output <- network_output(fit, X, check_offset(offset, nrow(X), last(fit$shape$units), call))
  if (!is.null(rownames(X)) || !is.null(fit$outputs)) {
    dimnames(output) <- list(rownames(X), fit$outputs)
  }
  as_type(output, type, fit)
}

# For a fit made from data: rows with missing values have NA as their prediction, or are dropped by
# na.action. `type` is a level for prediction intervals and sets.
predict_data <- function(fit, newdata, type, offset, na.action, call) {
  prepared <- prepare_newdata(fit, newdata, "newdata", call)
  offset <- newdata_offset(fit, prepared, offset, call)
  whole <-
    if (is_sparse(prepared$X)) rep(TRUE, nrow(prepared$X)) else rowSums(is.na(prepared$X)) == 0
  if (!is.null(offset)) whole <- whole & rowSums(is.na(offset)) == 0
  kept <- apply_na_action(
    data.frame(inputs = ifelse(whole, 0, NA)), na.action, call,
    least_rows = 0
  )
  X <- prepared$X
  if (!identical(kept$rows, seq_len(nrow(X)))) {
    X <- X[kept$rows, , drop = FALSE]
    offset <- offset[kept$rows, , drop = FALSE]
    whole <- whole[kept$rows]
  }
  output <- matrix(NA_real_, nrow(X), last(fit$shape$units))
  output[whole, ] <- decode_output(
    network_output(
      fit, X[whole, , drop = FALSE], if (!is.null(offset)) offset[whole, , drop = FALSE]
    ),
    fit$encoding
  )
  if (!is.null(rownames(X)) || !is.null(fit$outputs)) {
    dimnames(output) <- list(rownames(X), fit$outputs)
  }
  stats::napredict(
    kept$action,
    if (is.numeric(type)) {
      prediction_regions(fit, output, type, call)
    } else {
      as_type(output, type, fit)
    }
  )
}

# The offset of new rows, n x k: from the formula, and from the argument where the training had it.
newdata_offset <- function(fit, prepared, offset, call) {
  if (fit$encoding$offset_argument == is.null(offset)) {
    abort_argument(
      if (is.null(offset)) {
        "The fit was made with {.arg offset}, so it must be given."
      } else {
        "The fit was made without {.arg offset}, so it cannot be given."
      },
      call
    )
  }
  offset <- add_offsets(prepared$offset, offset)
  if (is.null(offset)) {
    return(NULL)
  }
  k <- last(fit$shape$units)
  if (!is_number(offset) || NROW(offset) != nrow(prepared$X) || NCOL(offset) != k) {
    abort_input(c(
      "{.arg offset} must be numbers, {nrow(prepared$X)} x {k}.",
      x = "It is {describe(offset)}."
    ), call)
  }
  offset <- matrix(as.double(offset), nrow(prepared$X), k)
  # without exposure the mean is 0
  bad <- which(is.infinite(offset) & !(offset < 0 & fit$settings$output_activation == "exp"))[1]
  if (!is.na(bad)) {
    abort_input(c(
      "Offsets must be finite numbers.",
      x = "The first that is not is {offset[bad]}, in row {row(offset)[bad]}."
    ), call)
  }
  encode_offset(offset, fit$encoding$outcome)
}
