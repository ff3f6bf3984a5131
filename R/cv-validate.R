#' Cross-validate a network
#'
#' @description
#' Estimates how well a network predicts new data. The rows are divided into folds; for each fold, a
#' network is trained on all other folds and predicts the rows of this fold, and metrics compare
#' these out-of-fold predictions with the observed values. Everything that [nn_train()] estimates
#' from data, such as the scaling of the predictors, is estimated without the held-out fold.
#'
#' `summary()` returns the mean and standard error of each metric, and `print()` shows them. See
#' [plot.nn_cv()] for plots.
#'
#' @details
#' With a formula, a data frame or a sparse matrix, the defaults are those of
#' [nn_train.data.frame()], and predictors and outcome are standardised separately in each fit. A
#' matrix is used unchanged. Do not scale its columns by all rows beforehand if this matters: use a
#' data frame instead. Defaults that depend on the number of rows depend on that of the whole data,
#' so that each fit is trained in the same way as a fit to all rows.
#'
#' An outcome that a formula computes, such as `log(y)`, `scale(y)` or `cut(y, 3)`, is computed once
#' from all rows, so it means the same in all folds. Predictors that a formula computes, such as
#' `poly(x, 2)`, are computed separately in each fit.
#'
#' **Rare levels.** A level of a predictor may occur only in the held-out rows of a fold, so that
#' the other rows know nothing of it. This is an error, or with `new_levels = "NA"` the predictions
#' of these rows are `NA`, the metrics exclude them, and a message of class
#' `backprop_message_new_levels` says how many they are. A class of the outcome that is missing from
#' the other rows has the predicted probability 0.
#'
#' **Folds** are stratified: for classes, the number of rows of each class differs by at most one
#' between folds; for a numeric outcome, all folds have a similar distribution of values. If rows
#' belong together (such as several rows of one patient), supply their fold in `folds`, such as the
#' patient's name, so that no patient is both trained on and predicted. `folds` equal to the number
#' of rows is leave-one-out cross-validation. If the weights are above 2 on average, the rows are
#' taken for the cells of a table: cells with the same inputs are in the same fold (not stratified),
#' if there are as many combinations of inputs as folds. A message of class `backprop_message_cells`
#' says so.
#'
#' **Random numbers.** The folds, and then one seed per fit, are drawn from R's generator. After
#' `set.seed()`, results are reproducible, and identical in sequence and in parallel.
#'
#' **Parallel fits.** If a plan of the package future is set, such as
#' `future::plan(future::multisession, workers = 2)`, the fits run on it, with one thread each
#' regardless of `threads`. This requires the package future.apply. If the package progressr is
#' installed, `progressr::with_progress(nn_cv(...))` shows the progress.
#'
#' **Metrics** are weighted by case weights. Rows of weight 0 are neither counted nor passed to a
#' metric. With several outcomes they are averaged over the outcomes, and
#' `summary(cv, by_output = TRUE)` has those of each output. A metric that is undefined for a fold
#' is `NA` there and excluded from the mean: for example the area under the curve if the fold
#' contains a single class, or any metric if all its rows have weight 0. Losses with several outputs
#' for one outcome predict the mean, or of several quantiles the one nearest to the median; the last
#' two metrics compare all quantiles. Metrics for a factor marked with `*` can also be used for
#' several outcomes that are yes or no.
#'
#' | metric | outcome | definition |
#' |---|---|---|
#' | `"accuracy"` | factor * | proportion of rows whose predicted class is correct |
#' | `"balanced_accuracy"` | factor | mean over the classes of the proportion of their rows whose class is predicted |
#' | `"sensitivity"` | two classes | proportion of the rows of the second level for which it is predicted |
#' | `"specificity"` | two classes | proportion of the rows of the first level for which it is predicted |
#' | `"cost"` | two classes | mean cost of the errors, if `threshold` states costs |
#' | `"log_loss"` | factor * | mean of `-log(p)`, with `p` the predicted probability of the observed class |
#' | `"brier"` | factor * | mean of the sum over classes of `(p - 1)^2` for the observed class and `p^2` for the other classes |
#' | `"auc"` | factor * | area under the ROC curve; for more than two classes, the mean over all pairs of classes (Hand and Till 2001) |
#' | `"rmse"` | numeric | root mean squared error |
#' | `"mae"` | numeric | mean absolute error |
#' | `"r_squared"` | numeric | `1 - sum((y - p)^2) / sum((y - mean(y))^2)` within the fold; negative if the mean of the fold predicts better |
#' | `"poisson_deviance"` | numeric | mean of `2 * (y * log(y / p) - (y - p))` |
#' | `"pinball_loss"` | numeric, [nn_quantile()] | mean over rows and quantiles of `max(q * (y - p), (q - 1) * (y - p))` for the probability `q` |
#' | `"coverage"` | numeric, several quantiles | proportion of outcomes from the first to the last quantile, whose probabilities tell what it should be |
#'
#' @param X,y Predictors and outcome of all rows, as in [nn_train()] for a matrix and in
#'   [nn_train.data.frame()] for a data frame or a sparse matrix.
#' @param formula,data A formula and a data frame, as in [nn_train.formula()];
#'   `data |> nn_cv(y ~ x)` is the same.
#' @param ... Arguments of [nn_train()] for this kind of data: `hidden`, `optimizer`, `epochs`,
#'   `new_levels` and so on. `validation` and `calibration` as fractions are taken from the rows
#'   that are trained on.
#'   `checkpoint` is an error, because all fits would write to the same file.
#' @param folds Number of folds, a whole number from 2 to the number of rows; 10 by default. Or the
#'   fold of each row of the data, a vector of numbers or names, or a factor; values at rows that
#'   `subset` or `na.action` drop are ignored. A vector with one value per row that is used is also
#'   accepted. Or a list with the row numbers of each fold: those that are held out, as
#'   `caret::createFolds()` returns, or those that are trained on, as with `returnTrain = TRUE` and
#'   from `caret::createMultiFolds()`. Or the result of `rsample::vfold_cv()` or a similar function.
#'   Each row must be held out once, or once per repetition, so bootstrap samples are an error.
#' @param repeats Number of times that the cross-validation is repeated with new folds, a whole
#'   number of at least 1; 1 by default.
#' @param metrics Metrics to compute: names from the table, a function, or a named list of both. A
#'   function is called with the observed and the predicted values of a fold: two vectors, or two
#'   matrices for several outputs; for a factor, the second is the matrix of class probabilities. It
#'   must return one number; if it fails or returns something else, the value is `NA`, with a
#'   warning. `NULL` (default) means accuracy, log_loss and auc for a factor and for yes or no
#'   outcomes, with a `threshold` also sensitivity, specificity and cost; pinball_loss and coverage
#'   for quantiles; and rmse, mae and r_squared for other numbers.
#' @param keep_fits Whether to store the fits in the result; `FALSE` by default, because they can be
#'   large.
#' @param threshold For two classes, the probability above which the second level is predicted, or
#'   the costs of both errors, such as `c(false_positive = 1, false_negative = 5)`; see
#'   [predict.nn_fit()]. `NULL` (default) predicts the most probable class.
#' @param weights,offset,subset,na.action,contrasts As in [nn_train()] for this kind of data. Rows
#'   that `subset` or `na.action` drop are in no fold.
#' @param object A cross-validation, as returned by `nn_cv()`.
#' @param by_output Whether to return the metrics of each output; `FALSE` by default.
#' @return An object of class `nn_cv`, a list with the elements
#' \describe{
#'   \item{`metrics`}{A data frame with one row per fit: `repetition`, `fold` (its number, or its
#'     value in `folds`), `rows` (the number held out, except those of weight 0), `epoch` (the one
#'     whose weights are used), and one column per metric.}
#'   \item{`predictions`}{A data frame with one row per row of the data and repetition: `row` (the
#'     row number in the data), `repetition`, `fold`, `observed` and `predicted`, the out-of-fold
#'     prediction. With several outputs the last two are matrices; for a factor `predicted` is a
#'     class: the most probable one, or that of `threshold`.}
#'   \item{`probabilities`}{For a factor, a matrix with the rows of `predictions` and one column per
#'     level; otherwise `NULL`.}
#'   \item{`metrics_by_output`}{For several outputs, a data frame like `metrics` with a row per fit
#'     and output and a column `output`, without metrics that are functions; otherwise `NULL`.}
#'   \item{`weights`}{The case weights of the rows of `predictions`, or `NULL` if all are 1.}
#'   \item{`threshold`}{The probability above which the second level is predicted, or `NULL`.}
#'   \item{`events`}{For several yes or no outcomes, a list of their two levels by name; otherwise
#'     `NULL`.}
#'   \item{`fits`}{With `keep_fits`, the fits in the order of `metrics`; otherwise `NULL`.}
#'   \item{`folds`, `repeats`, `stratified`, `n`, `dropped`, `outcome`}{The number of folds and of
#'     repetitions, whether the folds were drawn (`TRUE`) or given, the number of rows that were
#'     used, the number of rows that were dropped for missing values, and a description of the
#'     outcome.}
#' }
#' `summary()` returns a data frame with one row per metric: its `mean` over the fits;
#' `standard_error`, the standard deviation over the fits divided by the square root of their
#' number; `least` and `greatest`; and `fits`, the number of fits for which it is defined. With
#' `by_output = TRUE` it has a row per output and metric, and the column `output`. Because
#' the fits share most of their rows, the standard error tends to be too small (Bengio and
#' Grandvalet 2004).
#' @section Errors and warnings: Those of [nn_train()], and
#'   * `backprop_error_argument`: `folds`, `repeats`, `metrics` or `weights` are not as described.
#'   * `backprop_error_input`: the rows outside a fold cannot be trained on, for example because
#'     they are of a single class, or the fold cannot be predicted. The message names the fold, and
#'     the parent error the reason.
#'   * `backprop_error_diverged`: all fits diverged; the error is that of the first fit.
#'
#'   Warnings have the classes `backprop_warning_folds` (some fits diverged, and their metrics are
#'   `NA`; a class has fewer rows than there are folds; or the rows outside a fold lack a class),
#'   `backprop_warning_row_terms` (a term, or the expression of `weights` or `offset`, uses other
#'   rows), `backprop_warning_fits` (the warnings of
#'   all fits, with the number of fits for each), `backprop_warning_metrics` (functions in `metrics`
#'   failed, with the number of fits and the first message for each) and
#'   `backprop_warning_sequential` (a plan is set, but future.apply is not installed).
#' @references Stone, M. (1974). Cross-validatory choice and assessment of statistical predictions.
#'   *Journal of the Royal Statistical Society B*, 36, 111-147.
#'   \doi{10.1111/j.2517-6161.1974.tb00994.x}
#'
#' Hand, D. J. and Till, R. J. (2001). A simple generalisation of the area under the ROC curve for
#' multiple class classification problems. *Machine Learning*, 45, 171-186.
#' \doi{10.1023/A:1010920819831}
#'
#' Bengio, Y. and Grandvalet, Y. (2004). No unbiased estimator of the variance of k-fold
#' cross-validation. *Journal of Machine Learning Research*, 5, 1089-1105.
#' @examples
#' set.seed(1)
#' result <- nn_cv(Species ~ ., iris, folds = 5, hidden = 4, epochs = 50)
#' result
#' result$metrics
#' table(result$predictions$observed, result$predictions$predicted)
#'
#' # The same folds for another model, and a custom metric
#' folds <- result$predictions$fold
#' worst <- function(y, p) min(p[cbind(seq_along(y), as.integer(y))])
#' nn_cv(Species ~ ., iris, folds = folds, hidden = 0, metrics = list("log_loss", worst = worst))
#' @export
nn_cv <- function(X, ...) {
  formula <- if (missing(X) || is.data.frame(X) || is_source(X)) {
    formula_among(if (!missing(X)) names(X), current_env(), ...)
  }
  if (is.null(formula)) {
    check_given(missing(X), "X", "a numeric matrix, a data frame or a formula", current_env())
  }
  check_full_names(
    ...names(), c(names(formals(nn_cv.formula)), training_arguments), current_env()
  )
  UseMethod("nn_cv", if (is.null(formula)) X else formula)
}

#' @export
nn_cv.default <- function(X, ...) {
  check_matrix(X, "X", current_env())
}

#' @rdname nn_cv
#' @export
nn_cv.matrix <- function(X, y, folds = 10, repeats = 1, metrics = NULL, keep_fits = FALSE,
                         weights = NULL, offset = NULL, ..., threshold = NULL) {
  call <- current_env()
  check_given(
    missing(y), "y", "the targets: a vector, a factor, or a matrix with one column per output", call
  )
  problem <- blank_problem(new_problem(X, y, weights = weights, offset = offset))
  X <- check_inputs(problem$X, "X", call)
  y <- problem$y
  targets <- encode_targets(y, nrow(X), call)
  weights <- counting_weights(weights, nrow(X), call)
  cases <- new_cases(
    list(
      X = X, y = y, weights = weights,
      offset = check_offset(problem$offset, nrow(X), ncol(targets$y), call)
    ),
    number = seq_len(nrow(X)), given = nrow(X), inputs = X, blank = problem$blank
  )
  cross_validate(
    cases, if (is.factor(y)) plain_outcome(y) else targets$y, folds, repeats, metrics, keep_fits,
    threshold, check_train_settings(list(...), nn_train.matrix, call), call
  )
}

#' @rdname nn_cv
#' @export
nn_cv.data.frame <- function(X, y, folds = 10, repeats = 1, metrics = NULL, keep_fits = FALSE,
                             weights = NULL, offset = NULL,
                             na.action = getOption("na.action", "na.omit"), ..., threshold = NULL) {
  call <- current_env()
  check_given(
    missing(y), "y", "the outcome: a vector, a factor, or a matrix of several numeric outcomes",
    call
  )
  settings <- check_train_settings(list(...), nn_train.data.frame, call)
  frame <- in_memory(
    read_columns(
      X, y, weights, offset, na.action, NULL, expr_label(substitute(y)), call,
      missing = settings$missing, dates = settings$dates
    ),
    call
  )
  observed <- observed_outcome(frame, settings, call)
  cases <- new_cases(
    list(
      X = frame$raw, y = if (is.factor(observed)) observed else frame$y,
      weights = counting_weights(frame$weights, nrow(frame$raw), call), offset = frame$offset
    ),
    number = kept_rows(nrow(X), frame$na.action), given = nrow(X), inputs = frame$encoded$X,
    blank = frame$blank
  )
  cross_validate(
    cases, observed, folds, repeats, metrics, keep_fits, threshold, settings, call
  )
}

#' @rdname nn_cv
#' @usage NULL
#' @export
nn_cv.Matrix <- nn_cv.data.frame

#' @rdname nn_cv
#' @export
nn_cv.formula <- function(formula, data, folds = 10, repeats = 1, metrics = NULL, keep_fits = FALSE,
                          subset, weights, na.action, offset, contrasts = NULL, ...,
                          threshold = NULL) {
  call <- current_env()
  settings <- check_train_settings(list(...), nn_train.data.frame, call)
  extras <- list(
    subset = substitute(subset), weights = substitute(weights), offset = substitute(offset)
  )
  extras <- extras[!c(missing(subset), missing(weights), missing(offset))]
  given <- formula_call(formula, data, extras, call)
  formula <- given$formula
  if (missing(na.action)) na.action <- getOption("na.action", "na.omit")
  if (is_source(given$data)) {
    store <- new_store(given$data$cache, FALSE)
    on.exit(close_store(store))
    frame <- in_memory(
      read_source(
        formula, given$data, extras, na.action, contrasts, NULL, store, call,
        dates = settings$dates, missing = settings$missing
      ), call
    )
    frame$y <- outcome_in_memory(frame$y)
    frame["weights"] <- list(numbers_in_memory(frame$weights))
    frame["offset"] <- list(numbers_in_memory(frame$offset))
    data <- attr(frame$raw, "prototype")
    rows <- attr(frame$raw, "rows of source")
    formula <- local_symbols(formula, names(data))
    whole <- list(
      formula = stats::formula(stats::terms(formula, data = data)),
      data = source_rows(given$data, attr(frame$raw, "row.names"))
    )
  } else {
    data <- check_formula_data(given$data, call)
    if (is.null(data) || is.environment(data)) data <- stats::get_all_vars(formula, data)
    data <- utf8_frame(as.data.frame(data))
    rows <- nrow(data)
    formula <- local_symbols(formula, names(data))
    frame <- in_memory(
      read_formula(
        formula, data, extras, na.action, contrasts, NULL, call,
        holds_out = TRUE, missing = settings$missing, dates = settings$dates
      ),
      call
    )
    whole <- with_outcome(formula, data, frame)
  }
  weights <- counting_weights(frame$weights, nrow(frame$raw), call)
  cases <- new_cases(
    list(
      data = whole$data, weights = weights, offset = if (!is.null(extras$offset)) frame$offset
    ),
    fixed = list(formula = whole$formula, contrasts = contrasts),
    number = attr(frame$raw, "row.names"), given = rows, inputs = frame$encoded$X,
    blank = frame$blank, globals = formula_globals(whole$formula, names(data))
  )
  cross_validate(
    cases, observed_outcome(frame, settings, call), folds, repeats, metrics, keep_fits, threshold,
    settings, call
  )
}

# A hint for arguments of other packages' cross-validation that have no equivalent here.
fold_hint <- function(name) {
  if (name %in% c("group", "groups", "cluster", "clusters", "block", "blocks")) {
    c(i = paste0(
      "To keep the rows of a group together, supply the fold of each row. For 5 folds: ",
      "{.code folds = as.integer(factor(data$group)) %% 5}."
    ))
  } else if (name %in% c("time", "date", "index", "horizon", "initial_window", "order_by")) {
    c(
      i = paste0(
        "To hold out periods rather than random rows, supply the fold of each row: ",
        "{.code folds = cut(data$time, 5, labels = FALSE)}."
      ),
      i = paste0(
        "Most folds are then predicted from later rows, too. To judge forecasts, train on the ",
        "rows before a time, and predict those after it."
      )
    )
  } else if (name %in% c("strata", "stratify", "stratified")) {
    c(i = "Folds are always stratified by the outcome.")
  } else if (name %in% c("grid", "tune_grid", "tuneGrid", "param_grid", "tuneLength")) {
    c(i = paste0(
      "{.fn nn_cv} evaluates one setting: call it for each, with the same {.arg folds}, or use ",
      "{.fn tune::tune_grid} or caret, see {.code vignette(\"ecosystem\", \"backprop\")}."
    ))
  }
}

# Checks the arguments in ... that are passed on to nn_train().
check_train_settings <- function(settings, method, call) {
  known <- setdiff(
    names(formals(method)), c("X", "y", "weights", "offset", "na.action", "communicator", "...")
  )
  if (length(settings) > 0 && (is.null(names(settings)) || any(names(settings) == ""))) {
    abort_argument(c("All arguments after the data must be named."), call)
  }
  unknown <- setdiff(names(settings), known)
  if ("communicator" %in% unknown) {
    abort_argument(c(
      "{.arg communicator} can't be used with {.fn nn_cv}.",
      x = "The processes of a communicator train a single network together.",
      i = paste0(
        "Folds need no communication: call {.fn nn_cv} in one process, after ",
        "{.code future::plan(\"multisession\")}, or with workers on other machines."
      )
    ), call)
  }
  if (length(unknown) > 0) {
    abort_argument(c(
      "{.arg {unknown[1]}} is not an argument of this function or of {.fn nn_train}.",
      fold_hint(unknown[1]) %||% argument_hint(unknown[1], c(known, names(formals(nn_cv.matrix))))
    ), call)
  }
  if (!is.null(settings$checkpoint)) {
    abort_argument(c(
      "{.arg checkpoint} can't be used with {.fn nn_cv}.",
      x = "All fits would write to the same file."
    ), call)
  }
  settings
}
