# Predictions for new cases, in the form requested.

#' Predict from a fitted network
#'
#' @description
#' Returns the outputs of the network for new cases: numbers, class probabilities or classes. A fit
#' that was made with `calibration` or `effort = "high"` can also return prediction intervals, or
#' for classes prediction sets, of level 0.9 by default; and any fit confidence intervals of its
#' outputs, of level 0.95 by default. As for [stats::predict.lm()], the columns of intervals are
#' `fit`, `lwr` and `upr`.
#'
#' For a fit made from a data frame or formula, columns are matched by name, in any order, and
#' prepared exactly as in training (encoding, the knots of bases, scaling); predictions of numeric
#' outcomes are on the original scale. The prediction of a case is bit-identical whatever the other
#' cases are.
#'
#' @details
#' **Data frames.** Additional columns are ignored. Missing columns, unseen levels and wrong types
#' are errors that name the column. A factor in training may be a character column in `newdata`, and
#' vice versa, and levels may be in any order.
#'
#' **Values far from the training data.** Inputs are never clipped, so predictions extrapolate. A
#' warning of class `backprop_warning_extrapolation` is signalled for a fit that standardises its
#' inputs if a value is more than 1000 standard deviations from the mean of the training data (more
#' than the square root of the number of rows, if that is greater: no training value can be farther
#' away). It names the columns, the number of rows and the distance. The usual causes are other
#' units in the new data, and a column that was almost constant in training: its tiny standard
#' deviation makes any other value enormous. Columns that are constant up to rounding have no effect
#' on predictions.
#'
#' **Costs of errors.** The most probable of two classes is the right prediction if both errors are
#' equally bad. Otherwise the expected cost is lowest if the second level is predicted where its
#' probability is above `c_fp / (c_fp + c_fn)`, with `c_fp` the cost of predicting the second level
#' for a case of the first one (a false positive) and `c_fn` that of the opposite error (Elkan
#' 2001). This requires probabilities that are calibrated, which `plot(cv, "calibration")` shows
#' (see [plot.nn_cv()]); those of a fit with `class_weights` are not. [nn_cv()] with the same
#' `threshold` estimates the cost.
#'
#' **Prediction intervals and sets** come from split-conformal prediction. Whatever the distribution
#' of the data and however good the network, they contain the outcome of a new case from the same
#' distribution with probability of at least `level` (and at most `level + 1 / (n + 1)` if scores
#' have no ties), on average over training data with `n` calibration rows and new cases. The
#' coverage of a single fit varies around `level` with a standard deviation of about
#' `sqrt(level * (1 - level) / n)` (Vovk 2012): 0.022 for 180 rows and the level 0.9. (In 200
#' simulated data sets with 50 classes and 180 calibration rows, the coverage was 0.903 on average,
#' with a standard error of 0.002, and its standard deviation 0.022.)
#'
#' The score of a calibration row is `abs(y - fit)` for numbers, and `1 - p` for classes, with `p`
#' the probability of the true class. Let `q` be the `ceiling(level * (n + 1))`-th smallest score.
#' The interval is `fit - q` to `fit + q`, limited to the range of the output activation if all
#' outcomes of the data were within it (0 to 1 for a sigmoid output, not below 0 for counts). The
#' set contains the levels with `1 - p <= q`; it may be empty. With several outputs, each has its
#' own interval with probability `level`. Fits whose outputs describe the spread of the outcome (see
#' [nn_losses]) have intervals whose width follows it. For several quantiles, the score is the
#' distance of `y` from the interval between the first and the last quantile, negative inside, and
#' the interval is extended by `q` on both sides (Romano, Patterson and Candes 2019). For a mean and
#' a standard deviation, the score is `abs(y - mean) / sd` and the interval `mean - q sd` to
#' `mean + q sd` (Lei et al. 2018). The column `fit` is the quantile closest to the median, or the
#' mean. If the rank of `q` is greater than `n`, limits are
#' infinite, or the ends of that range, and sets contain all levels, with a warning. A whole
#' case weight counts the calibration row so many times, so that rows of weight 0 are dropped; other
#' weights are scaled to have the mean 1, and the probability is that in the weighted population.
#'
#' Without a calibration set, a fit made with `effort = "high"` uses the out-of-fold predictions of
#' all rows instead: the score of a row is that of the network that was trained without its fold.
#' Their errors are slightly larger than those of the ensemble, so the intervals are rather too wide
#' than too narrow, but the guarantee above does not hold exactly (Barber et al. 2021 describe such
#' intervals).
#'
#' **Confidence intervals** are for the outputs themselves: the mean of a numeric outcome or a
#' count, the probability of a class. They come from the delta method: the standard error of an
#' output is `sqrt(g' V g)` with its derivatives `g` with respect to the weights and the covariance
#' matrix `V`. For an output activation that is increasing, such as sigmoid or exp, the interval is
#' computed before the activation and transformed, as for the link of a `glm()`; for several classes
#' it is that of the log-odds, transformed. The quantile is one of the t distribution if `vcov` has
#' an attribute `"df"`, as for `lm()`. They assume what [vcov.nn_fit()] says, and do not contain the
#' error of a network that is too small.
#'
#' @param object A fit from [nn_train()].
#' @param newdata New cases, one row each. For a fit made from a data frame or a formula: a data
#'   frame, or a table from [nn_source()], which is read in blocks. For a fit made from a matrix: a
#'   numeric matrix, a sparse matrix of the Matrix package, or a data frame of numeric or logical
#'   columns, with the columns of the training inputs. If both have column names, columns are
#'   matched by name, in any order, and additional columns are ignored; if not, the number of
#'   columns must be the same. A matrix may have no rows. If missing (default), predictions for the
#'   training cases are returned.
#' @param type What to return: `"response"` (default), the outputs; for a classification fit also
#'   `"class"`, the most probable level, or `"prob"`, the probability of each level. `"link"` is the
#'   output before its activation function: the log-odds of a sigmoid output, the log of the mean of
#'   counts, and for softmax outputs numbers whose differences are log-odds.
#' @param offset Numbers to add to the output, one per row and output, on the same scale as in
#'   training. Required if the fit was made with the argument `offset`, and an error otherwise;
#'   `NULL` by default.
#' @param interval `"none"` (default); `"prediction"` for intervals or sets that contain the
#'   outcomes of new cases, for a fit made with `calibration` or `effort = "high"`; or
#'   `"confidence"` for confidence intervals of the outputs.
#' @param level Probability that the interval or set contains the outcome of a new case, or the
#'   confidence level, in (0, 1). `NULL` (default) is 0.95 for confidence intervals, as for
#'   [stats::predict.lm()] and [confint()][vcov.nn_fit], and 0.9 for prediction intervals and sets,
#'   the usual level in conformal prediction: it requires 9 calibration rows, and 0.95 requires 19.
#'   An error without an `interval`.
#' @param na.action For a fit made from a data frame, how to handle rows with missing values, a
#'   function or its name: `na.pass` (default, as in [stats::predict.lm()]) and `na.exclude` predict
#'   `NA`, `na.omit` drops the rows, `na.fail` is an error. A row counts as missing if an input or
#'   an offset that is computed from it is missing. With a fit made with `missing = "indicator"`,
#'   missing inputs are filled as in training.
#' @param new_levels For a fit made from a data frame, how to handle levels of a factor or character
#'   column that the training data do not have: `"error"`, or `"NA"`, which treats them as missing
#'   values and says in a message how many rows have them. `NULL` (default) is the `new_levels` of
#'   the training, which is `"error"` unless it was given.
#' @param vcov For `interval = "confidence"`, the covariance matrix of the weights: `vcov(fit,
#'   data)` with the training data, which the fit does not store (see [vcov.nn_fit()]).
#' @param threshold For `type = "class"` and two classes, the probability above which the second
#'   level is predicted, between 0 and 1; or the costs of both errors, from which it follows, such
#'   as `c(false_positive = 1, false_negative = 5)`. `NULL` (default) predicts the most probable
#'   class, which is the threshold 0.5.
#' @param into Where the predictions for a source go, block by block, so that they need no memory: a
#'   function, which is called with a data frame for each block; the path of a CSV file; or a list
#'   of a DBI connection, other than that of the source, and the name of a new table. The columns
#'   are `row`, the number of the row in the source, and `prediction`, or one for each column of the
#'   predictions. A file or table is complete or absent; a file that exists is replaced, unless it
#'   is one of the source. `NULL` (default) returns the predictions.
#' @param ... Must be empty: an unknown argument is an error.
#' @return For `"response"` and `"link"`, a numeric vector with one number per row if there is one
#'   output (for two classes, the probability of the second level), and a matrix with one column per
#'   output otherwise. For `"class"`, a factor with the levels of the training, ordered if the
#'   outcome was. For `"prob"`, a matrix with one column per level. Row names of `newdata` are the
#'   names or row names of each of them, as for `lm()`, but not automatic ones, which are only the
#'   numbers of the rows. For several outcomes that are yes or no, `"class"` is a data frame with a
#'   column for each, logical or a factor as in training, and `"prob"` the same as `"response"`.
#'
#'   With `interval = "prediction"`: for numbers and counts, a matrix with the columns `fit`, `lwr`
#'   and `upr`; for several outputs, an array of rows x these three columns x outputs; for classes,
#'   a logical matrix of rows x levels, `TRUE` for the levels in the set. With
#'   `interval = "confidence"`: a matrix with these three columns, and for several outputs or
#'   classes an array of rows x columns x outputs.
#'
#'   With `into`, the number of rows, invisibly.
#' @section Errors and warnings: `backprop_error_input` if `newdata` is not as described; the
#'   message names the columns. `backprop_error_argument` if another argument is not as described,
#'   `offset` is missing or not allowed, or intervals are requested from a fit without
#'   `calibration` or without a finite `vcov`. Inputs so large that a prediction is not a number are
#'   a `backprop_error_input`. `backprop_error_source` if a source can't be read, and
#'   `backprop_error_file` if predictions can't be written. Warnings have the classes
#'   `backprop_warning_calibration` (too few calibration rows for `level`),
#'   `backprop_warning_extrapolation` (values are very far from the training data) and
#'   `backprop_warning_overflow` (predictions are infinite). With
#'   `new_levels = "NA"`, a message of class `backprop_message_new_levels` for rows with unseen
#'   levels, with the elements `new_levels` (the levels, by column) and `rows`.
#' @references Vovk, V., Gammerman, A. and Shafer, G. (2005). *Algorithmic Learning in a Random
#'   World*. Springer. \doi{10.1007/b106715}
#'
#'   Lei, J., G'Sell, M., Rinaldo, A., Tibshirani, R. J. and Wasserman, L. (2018). Distribution-free
#'   predictive inference for regression. *Journal of the American Statistical Association*, 113,
#'   1094-1111. \doi{10.1080/01621459.2017.1307116}
#'
#'   Barber, R. F., Candes, E. J., Ramdas, A. and Tibshirani, R. J. (2021). Predictive inference
#'   with the jackknife+. *Annals of Statistics*, 49, 486-507. \doi{10.1214/20-AOS1965}
#'
#'   Romano, Y., Patterson, E. and Candes, E. J. (2019). Conformalized quantile regression.
#'   *Advances in Neural Information Processing Systems*, 32. \doi{10.48550/arXiv.1905.03222}
#'
#'   Vovk, V. (2012). Conditional validity of inductive conformal predictors. *Proceedings of the
#'   4th Asian Conference on Machine Learning*, 475-490. \doi{10.48550/arXiv.1209.2673}
#'
#'   Sadinle, M., Lei, J. and Wasserman, L. (2019). Least ambiguous set-valued classifiers with
#'   bounded error levels. *Journal of the American Statistical Association*, 114, 223-234.
#'   \doi{10.1080/01621459.2017.1395341}
#'
#'   Elkan, C. (2001). The foundations of cost-sensitive learning. *Proceedings of the 17th
#'   International Joint Conference on Artificial Intelligence*, 973-978.
#' @examples
#' X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
#' set.seed(1)
#' fit <- nn_train(X, c(1, 1, 0))
#' predict(fit, rbind(c(1, 1, 1, 1)))
#'
#' # The mean with its confidence interval
#' fit <- nn_train(dist ~ speed, cars, hidden = 0, penalty = 0)
#' V <- vcov(fit, cars)
#' predict(fit, data.frame(speed = c(10, 20)), interval = "confidence", vcov = V)
#'
#' # From a data frame, with sets that contain the true species with probability 0.9
#' fit <- nn_train(Species ~ ., iris, hidden = 5, calibration = 0.3)
#' flowers <- iris[c(1, 71, 107), ]
#' predict(fit, flowers, type = "class")
#' predict(fit, flowers, interval = "prediction")
#'
#' # A missed manual car costs five times as much as a false alarm
#' fit <- nn_train(factor(am) ~ wt + hp, mtcars, hidden = 3, penalty = 0.1)
#' costs <- c(false_positive = 1, false_negative = 5)
#' table(predict(fit, type = "class", threshold = costs), mtcars$am)
#' @export
predict.nn_fit <- function(object, newdata, type = "response", offset = NULL, interval = "none",
                           level = NULL, na.action = stats::na.pass, ..., new_levels = NULL,
                           vcov = NULL, threshold = NULL, into = NULL) {
  call <- current_env()
  if ("new_data" %in% ...names()) {
    abort_argument(c(
      "{.arg new_data} is not an argument of this function.",
      i = "Use {.arg newdata}: {.code predict(fit, newdata = )}."
    ), call)
  }
  if ("se.fit" %in% ...names()) {
    abort_argument(c(
      "{.arg se.fit} is not an argument of this function.",
      i = "For standard errors and confidence intervals, use {.code interval = \"confidence\"}."
    ), call)
  }
  check_no_dots(call, ..., known = names(formals(predict.nn_fit)))
  object <- current_fit(object, call)
  fit <- unclass(object)
  check_fit_sizes(fit, call)
  check_choice(type, c("response", "class", "prob", "link"), "type", call)
  events <- fit$encoding$outcome$events
  if (type %in% c("class", "prob") && is.null(fit$levels) && is.null(events)) {
    abort_argument(c(
      "{.code type = {.val {type}}} requires a classification fit.",
      x = "The outcome of this fit is numeric.",
      i = "If its numbers represent classes, train with a factor as the outcome."
    ), call)
  }
  if (!missing(newdata) && is_source(newdata)) {
    return(predict_source(object, newdata, offset, na.action, into, function(block, offset) {
      predict.nn_fit(
        object, block, type, offset, interval, level, na.action,
        new_levels = new_levels, vcov = vcov, threshold = threshold
      )
    }, call))
  }
  if (!is.null(into)) {
    abort_argument(c("{.arg into} requires that {.arg newdata} is from {.fn nn_source}."), call)
  }
  threshold <- check_threshold(threshold, fit$levels %||% events, call)
  if (!is.null(threshold) && type != "class") {
    abort_argument(c(
      "{.arg threshold} requires {.code type = \"class\"}.",
      x = "{.arg type} is {.val {type}}."
    ), call)
  }
  region <- check_interval(interval, level, type, vcov, fit, missing(newdata), call)
  if (type == "link") fit$layers <- linear_output(fit$layers, missing(newdata), call)
  if (missing(newdata)) {
    fitted <- stored_fitted(object, call)
    if (!is.null(events)) {
      return(as_type(stats::napredict(fit$na.action, fitted), type, fit))
    }
    return(stats::napredict(fit$na.action, as_type(fitted, type, fit, threshold)))
  }
  if (!is.null(new_levels)) check_new_levels(new_levels, call)
  if (!is.null(fit$encoding)) {
    if (!is.null(new_levels)) fit$encoding$new_levels <- new_levels
    return(in_memory(
      predict_data(fit, newdata, type, region, offset, na.action, threshold, call), call
    ))
  }
  newdata <- numbers_of_frame(newdata, "newdata", call)
  X <- align_columns(check_inputs(newdata, "newdata", call, least_rows = 0), fit, "newdata", call)
  if (fit$has_offset == is.null(offset)) {
    abort_argument(
      if (fit$has_offset) {
        "{.arg offset} is missing: the fit was trained with offsets."
      } else {
        "{.arg offset} can't be used: the fit was trained without offsets."
      },
      call
    )
  }
  offset <- check_offset(offset, nrow(X), n_outputs(fit$layers), call)
  output <- in_memory(network_output(fit, X, offset), call)
  warn_of_overflow(output)
  if (!is.null(region)) {
    return(in_memory(confidence_intervals(fit, X, offset, region), call))
  }
  if (!is.null(rownames(X)) || !is.null(fit$outputs)) {
    dimnames(output) <- list(rownames(X), fit$outputs)
  }
  as_type(output, type, fit, threshold)
}

# The layers with the output layer's sums as outputs.
linear_output <- function(layers, no_newdata, call) {
  if (no_newdata) {
    abort_argument(c(
      "{.code type = \"link\"} requires {.arg newdata}.",
      i = "Supply the training data as {.arg newdata}."
    ), call)
  }
  layers[[length(layers)]]$activation <- "identity"
  layers
}

# A level has no effect on predictions without intervals.
abort_level <- function(intervals, call) {
  abort_argument(c(
    "{.arg level} requires an interval.",
    x = "{.arg interval} is {.val none}.",
    i = "Use {.code interval = {.or {.val {intervals}}}}."
  ), call)
}

# The interval requested: NULL for none, or list(interval, level), with vcov and df for confidence
# intervals.
check_interval <- function(interval, level, type, vcov, fit, no_newdata, call) {
  check_choice(interval, c("none", "prediction", "confidence"), "interval", call)
  if (interval == "none" && !is.null(level)) abort_level(c("prediction", "confidence"), call)
  if (is.null(level)) level <- if (interval == "confidence") 0.95 else 0.9
  level <- check_share_of_one(level, "level", call)
  if (interval != "confidence" && !is.null(vcov)) {
    abort_argument("{.arg vcov} requires {.code interval = \"confidence\"}.", call)
  }
  if (interval == "none") {
    return(NULL)
  }
  if (interval == "prediction") check_calibrated(fit, call)
  covariance <- if (interval == "confidence") check_vcov(vcov, fit, call)
  if (type != "response") {
    abort_argument(c(
      "{.arg interval} requires {.code type = \"response\"}.",
      x = "{.arg type} is {.val {type}}."
    ), call)
  }
  if (no_newdata) {
    abort_argument(c(
      "{.arg interval} requires {.arg newdata}.",
      i = if (interval == "prediction") {
        "Intervals are only valid for cases that were not used for training."
      } else {
        "A fit does not store its data: supply the cases to predict."
      }
    ), call)
  }
  c(list(interval = interval, level = level), covariance)
}
