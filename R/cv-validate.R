#' Cross-validation
#'
#' Says how well a network predicts cases that it was not trained on. The rows are dealt out to
#' folds; for each fold a network is trained on the rows of all others, and its predictions for the
#' fold are compared with what was observed. Everything that [nn_train()] learns from data, the
#' scaling of the inputs among it, it learns without the fold.
#'
#' With a formula, a data frame or a sparse matrix the defaults are those of
#' [nn_train.data.frame()], and inputs and outcome are standardised anew for each fit. With a matrix
#' nothing is done to the data, so do not scale the columns beforehand by all rows where this
#' matters: take a data frame.
#'
#' An outcome that a formula computes, such as `log(y)`, `scale(y)` or `cut(y, 3)`, is computed
#' once, from all rows of the data, and the fits get it as a column of that name: so it means the
#' same in all folds. Inputs that a formula computes, such as `poly(x, 2)`, are computed anew in
#' each fit.
#'
#' **Folds** are stratified: each has the same number of rows of each class, up to one, or for a
#' numeric outcome the same spread of small and large values. Where rows belong together (several of
#' one patient), give their fold in `folds`, such as the patient's name, so that no patient is on
#' both sides. `folds` equal to the number of rows leaves one out at a time.
#'
#' **Random numbers.** Folds first, and then a seed for each fit, are drawn from R's generator. So
#' `set.seed()` governs all, and the numbers are the same in sequence and in parallel.
#'
#' **In parallel.** Where you have set a plan of the package future, such as
#' `future::plan(future::multisession, workers = 2)`, the fits run on it, one thread each whatever
#' `threads` says (this needs the package future.apply). Progress is told to the package progressr,
#' where it is installed: `progressr::with_progress(nn_cv(...))` shows it.
#'
#' **Metrics.** For a factor: `"accuracy"`, the share of rows whose most probable class is right;
#' `"log_loss"`, the mean of `-log(probability of the class observed)`; `"brier"`, the mean of the
#' sum of squares of probability minus 1 or 0, over the classes; `"auc"`, the area under the ROC
#' curve, for more than two classes its mean over all pairs of them (Hand and Till 2001). For
#' numbers: `"rmse"`, the root of the mean squared error; `"mae"`, the mean absolute error;
#' `"r_squared"`, `1 - sum((y - p)^2) / sum((y - mean(y))^2)` within the fold (below 0 where the
#' fold's mean is the better prediction), and `"poisson_deviance"`, the mean of
#' `2 (y log(y / p) - (y - p))`. With several outputs, these are means over them. Case weights count
#' in these metrics as in the training. A metric that a fold does not define, such as the area where
#' it holds one class alone, or any where no row has a weight above 0, is `NA` there, and left out
#' of the mean.
#'
#' @param X,y The inputs and the outcome of all rows, as in [nn_train()] for a matrix and in
#'   [nn_train.data.frame()] for a data frame or a sparse matrix.
#' @param formula,data A formula and a data frame, as in [nn_train.formula()];
#'   `data |> nn_cv(y ~ x)` is the same.
#' @param ... Arguments of [nn_train()] for this kind of data: `hidden`, `optimizer`, `epochs` and
#'   so on. `validation` and `calibration` as shares are taken from the rows that are trained on.
#'   `checkpoint` is refused, as all fits would write to it.
#' @param folds How many folds, a whole number from 2 to the number of rows, 10 by default; or the
#'   fold of each row of the data, a vector of numbers or names (or a factor); its values at rows
#'   that `subset` or `na.action` leave out do not count. A vector with a value for each row that is
#'   used is taken as well.
#' @param repeats How many times to draw folds and go through them, a whole number; 1 by default.
#' @param metrics What to measure: names of those above, a function, or a named list of both. A
#'   function gets what was observed and what was predicted for the fold's rows, two vectors
#'   (matrices for several outputs); for a factor the second is the matrix of the probabilities of
#'   the levels. It returns one number; where it does not, or fails, the value is `NA`, with a
#'   warning. `NULL` (the default) means accuracy, log_loss and auc for a factor, rmse, mae and
#'   r_squared for numbers.
#' @param keep_fits Keep the fits in the result? `FALSE` by default.
#' @param weights,offset,subset,na.action,contrasts As in [nn_train()] for this kind of data. Rows
#'   that `subset` or `na.action` leave out are in no fold.
#' @return A list of class `nn_cv`:
#' \describe{
#'   \item{`metrics`}{a data frame with a row for each fit: `repetition`, `fold` (its number, or the
#'     value in `folds`), `rows` (held out), `epoch` (the one whose weights were used), and a column
#'     for each metric.}
#'   \item{`predictions`}{a data frame with a row for each row of the data and repetition: `row`
#'     (its place in the data), `repetition`, `fold`, `observed` and `predicted`, the prediction of
#'     the fit that had not seen the row. With several outputs the last two are matrices; for a
#'     factor `predicted` is the most probable class.}
#'   \item{`probabilities`}{for a factor, a matrix with the rows of `predictions` and a column for
#'     each level; else `NULL`.}
#'   \item{`fits`}{with `keep_fits`, the fits, in the order of `metrics`; else `NULL`.}
#'   \item{`folds`, `repeats`, `stratified`, `n`, `outcome`}{what was done: the numbers of folds and
#'     repetitions, whether the folds were drawn (else they were given), the number of rows, and the
#'     outcome in words.}
#' }
#' `summary()` gives a data frame with a row for each metric: its `mean` over the folds,
#' `standard_error`, the standard deviation over the folds divided by the root of their number, and
#' `least` and `greatest`. As the fits share most of their rows, the standard error is too small
#' rather than too large (Bengio and Grandvalet 2004). `print()` shows this table.
#' @section Errors: those of [nn_train()]; `backprop_error_argument` where `folds`, `repeats`,
#'   `metrics` or `weights` are not as described. Where the rows without a fold cannot be trained
#'   on, such as rows of one class, or the fold cannot be predicted, a `backprop_error_input` says
#'   which fold, and its parent why. Where some fits diverge, their metrics are `NA` and a warning
#'   of class `backprop_warning_folds` says how many; where all do, the first one's error is raised.
#'   A warning of the same class tells of classes with fewer rows than folds. Warnings of the fits
#'   come as one, of class `backprop_warning_fits`, and so do failures of functions in `metrics`, of
#'   class `backprop_warning_metrics`: how many fits each has failed for, and its first message.
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
#' # The same folds for another model, and a metric of one's own
#' folds <- result$predictions$fold
#' worst <- function(y, p) min(p[cbind(seq_along(y), as.integer(y))])
#' nn_cv(Species ~ ., iris, folds = folds, hidden = 0, metrics = list("log_loss", worst = worst))
#' @export
nn_cv <- function(X, ...) {
  formula <- if (missing(X) || is.data.frame(X)) formula_among(...)
  if (is.null(formula)) {
    check_given(missing(X), "X", "a numeric matrix, a data frame or a formula", current_env())
  }
  UseMethod("nn_cv", if (is.null(formula)) X else formula)
}

#' @export
nn_cv.default <- function(X, ...) {
  check_matrix(X, "X", current_env())
}

#' @rdname nn_cv
#' @export
nn_cv.matrix <- function(X, y, folds = 10, repeats = 1, metrics = NULL, keep_fits = FALSE,
                         weights = NULL, offset = NULL, ...) {
  call <- current_env()
  check_given(
    missing(y), "y", "the targets: a vector, a factor, or a matrix with a column for each output",
    call
  )
  X <- check_inputs(X, "X", call)
  targets <- encode_targets(y, nrow(X), call)
  cases <- new_cases(
    list(
      X = X, y = y, weights = counting_weights(weights, nrow(X), call),
      offset = check_offset(offset, nrow(X), ncol(targets$y), call)
    ),
    number = seq_len(nrow(X)), given = nrow(X)
  )
  cross_validate(
    cases, if (is.factor(y)) y else targets$y, folds, repeats, metrics, keep_fits,
    check_train_settings(list(...), nn_train.matrix, call), call
  )
}

#' @rdname nn_cv
#' @export
nn_cv.data.frame <- function(X, y, folds = 10, repeats = 1, metrics = NULL, keep_fits = FALSE,
                             weights = NULL, offset = NULL,
                             na.action = getOption("na.action", "na.omit"), ...) {
  call <- current_env()
  check_given(
    missing(y), "y", "the outcome: a vector, a factor, or a matrix of several numeric outcomes",
    call
  )
  settings <- check_train_settings(list(...), nn_train.data.frame, call)
  frame <- read_columns(X, y, weights, offset, na.action, NULL, expr_label(substitute(y)), call)
  observed <- observed_outcome(frame, settings, call)
  cases <- new_cases(
    list(
      X = frame$raw, y = if (is.factor(observed)) observed else frame$y,
      weights = counting_weights(frame$weights, nrow(frame$raw), call), offset = frame$offset
    ),
    number = kept_rows(nrow(X), frame$na.action), given = nrow(X)
  )
  cross_validate(cases, observed, folds, repeats, metrics, keep_fits, settings, call)
}

#' @rdname nn_cv
#' @usage NULL
#' @export
nn_cv.Matrix <- nn_cv.data.frame

#' @rdname nn_cv
#' @export
nn_cv.formula <- function(formula, data, folds = 10, repeats = 1, metrics = NULL, keep_fits = FALSE,
                          subset, weights, na.action, offset, contrasts = NULL, ...) {
  call <- current_env()
  settings <- check_train_settings(list(...), nn_train.data.frame, call)
  extras <- list(
    subset = substitute(subset), weights = substitute(weights), offset = substitute(offset)
  )
  extras <- extras[!c(missing(subset), missing(weights), missing(offset))]
  given <- formula_call(formula, data, extras, call)
  formula <- given$formula
  data <- if (is.null(given$data)) stats::get_all_vars(formula) else given$data
  frame <- read_formula(
    formula, data, extras, if (missing(na.action)) getOption("na.action", "na.omit") else na.action,
    contrasts, NULL, call
  )
  weights <- counting_weights(frame$weights, nrow(frame$raw), call)
  data <- as.data.frame(data)
  whole <- with_outcome(formula, data, frame)
  cases <- new_cases(
    list(
      data = whole$data, weights = weights, offset = if (!is.null(extras$offset)) frame$offset
    ),
    fixed = list(formula = whole$formula, contrasts = contrasts),
    number = attr(frame$raw, "row.names"), given = nrow(data),
    globals = formula_globals(whole$formula, names(whole$data))
  )
  cross_validate(
    cases, observed_outcome(frame, settings, call), folds, repeats, metrics, keep_fits, settings,
    call
  )
}

# The outcome as the fits will see it: a factor with all levels, or a numeric matrix.
observed_outcome <- function(frame, settings, call) {
  outcome <- describe_outcome(
    frame$y, frame$label, settings$loss, settings$output_activation, TRUE, numeric(), NULL, call
  )
  if (is.null(outcome$levels)) {
    numeric_outcome(frame$y)
  } else {
    encode_outcome(frame$y, outcome, call)$y
  }
}

# Formula and data as the fits get them: "." written out, and the outcome, computed once from all
# rows, a column of its own, so that the fits and the folds mean the same by it. Variables from
# elsewhere become columns too, as a fit takes some rows of them.
with_outcome <- function(formula, data, frame) {
  formula <- stats::formula(stats::terms(formula, data = data))
  columns <- data[attr(frame$raw, "row.names"), , drop = FALSE]
  elsewhere <- setdiff(names(frame$raw), names(data))
  columns[elsewhere] <- frame$raw[elsewhere]
  outcome <- formula[[2]]
  if (!is.symbol(outcome) || !as.character(outcome) %in% names(data)) {
    name <- last(make.unique(c(names(columns), deparse1(outcome))))
    columns[[name]] <- frame$y
    formula[[2]] <- as.name(name)
  }
  list(formula = formula, data = columns)
}

# Weights as the fits get them: NULL where all are 1.
counting_weights <- function(weights, rows, call) {
  weights <- check_weights(weights, rows, call)
  if (length(weights) > 0) weights
}

kept_rows <- function(rows, omitted) setdiff(seq_len(rows), omitted)

# What a formula names besides the columns of the data: functions and constants of the user's, by
# name. A fit's terms look them up in the global environment.
formula_globals <- function(formula, columns) {
  names <- setdiff(all.names(formula, unique = TRUE), c(columns, "."))
  values <- stats::setNames(lapply(names, get0, envir = environment(formula)), names)
  Filter(
    function(value) {
      !is.null(value) && !is.primitive(value) &&
        !(is.function(value) && environmentName(environment(value)) %in% c("base", "stats"))
    },
    values
  )
}

# The cases of a cross-validation:
#   rows     the arguments of a fit that have a value for each row used
#   number   the places of these rows in the data
#   given    the number of rows of the data
#   fixed    the other arguments that the data need
#   globals  objects by name that workers need
new_cases <- function(rows, number, given, fixed = list(), globals = list()) {
  list(rows = rows, number = number, given = given, fixed = fixed, globals = globals)
}

# `observed`: a factor, or a numeric matrix.
cross_validate <- function(cases, observed, folds, repeats, metrics, keep_fits, settings, call) {
  repeats <- check_whole(repeats, "repeats", call)
  metrics <- check_metrics(metrics, if (is.factor(observed)) "classes" else "numeric", call)
  keep_fits <- check_flag(keep_fits, "keep_fits", call)
  chosen <- check_folds(folds, repeats, observed, cases$number, cases$given, call)
  held_in <-
    if (is.null(chosen$given)) draw_folds(observed, chosen$number, repeats) else chosen$given
  plan <- expand.grid(fold = seq_len(chosen$number), repetition = seq_len(repeats))
  seeds <- draw_seeds(nrow(plan))
  tasks <- lapply(seq_len(nrow(plan)), function(i) {
    list(
      seed = seeds[i], fold = chosen$labels[plan$fold[i]],
      held_out = which(held_in[, plan$repetition[i]] == plan$fold[i])
    )
  })
  plan$fold <- chosen$labels[plan$fold]
  weights <- if (is.null(cases$rows$weights)) rep(1, NROW(observed)) else cases$rows$weights
  check_training_weights(tasks, weights, call)
  parallel <- runs_in_parallel()
  if (parallel) settings$threads <- 1
  if (is.null(settings$keep_fitted)) settings$keep_fitted <- keep_fits
  results <- map_tasks(
    tasks, train_without,
    cases = cases[c("rows", "fixed")], settings = settings,
    keep_fit = keep_fits, globals = cases$globals, parallel = parallel
  )
  report_fits(results, call)
  if (is.factor(observed)) results <- lapply(results, align_levels, levels = levels(observed))
  table <- data.frame(
    repetition = plan$repetition, fold = plan$fold, rows = lengths(lapply(tasks, `[[`, "held_out")),
    epoch = vapply(results, `[[`, 0, "epoch")
  )
  table[names(metrics)] <- measure(results, tasks, observed, weights, metrics)
  structure(
    c(list(metrics = table), out_of_fold(results, tasks, plan, observed, cases$number), list(
      fits = if (keep_fits) lapply(results, `[[`, "fit"), folds = chosen$number, repeats = repeats,
      stratified = is.null(chosen$given), n = NROW(observed), outcome = outcome_words(observed)
    )),
    class = "nn_cv"
  )
}

# The arguments in ... that go to nn_train().
check_train_settings <- function(settings, method, call) {
  known <- setdiff(names(formals(method)), c("X", "y", "weights", "offset", "na.action", "..."))
  if (length(settings) > 0 && (is.null(names(settings)) || any(names(settings) == ""))) {
    abort_argument(c("All arguments after the data must be named."), call)
  }
  unknown <- setdiff(names(settings), known)
  if (length(unknown) > 0) {
    abort_argument(c(
      "{.arg {unknown[1]}} is no argument of this function, nor of {.fn nn_train}.",
      nearest_name(unknown[1], c(known, names(formals(nn_cv.matrix))))
    ), call)
  }
  if (!is.null(settings$checkpoint)) {
    abort_argument(c(
      "{.arg checkpoint} does not go with {.fn nn_cv}.",
      x = "All fits would write to the same file."
    ), call)
  }
  settings
}

outcome_words <- function(observed) {
  if (is.factor(observed)) {
    paste("classes", paste(levels(observed), collapse = ", "))
  } else if (ncol(observed) > 1) {
    paste(ncol(observed), "numeric outputs")
  } else {
    "a numeric outcome"
  }
}

#' @export
summary.nn_cv <- function(object, ...) {
  values <- object$metrics[-(1:4)]
  known <- lapply(values, function(value) value[!is.na(value)])
  of_known <- function(f) {
    vapply(
      known, function(value) if (length(value) > 0) f(value) else NA_real_, 0,
      USE.NAMES = FALSE
    )
  }
  data.frame(
    metric = names(values), mean = of_known(mean),
    standard_error = of_known(function(value) stats::sd(value) / sqrt(length(value))),
    least = of_known(min), greatest = of_known(max), fits = lengths(known, use.names = FALSE)
  )
}

#' @export
print.nn_cv <- function(x, ...) {
  cat(
    x$folds, "-fold cross-validation", if (x$repeats > 1) paste(", repeated", x$repeats, "times"),
    if (!x$stratified) ", folds as given", "\n",
    sep = ""
  )
  cat("Data: ", counted(x$n, "row"), ", ", x$outcome, "\n\n", sep = "")
  table <- summary(x)
  missing <- nrow(x$metrics) - table$fits
  print(table[-6], row.names = FALSE, digits = 4)
  cat(
    "\nMeans over ", counted(nrow(x$metrics), "fit"), ", and over what was held out in each.\n",
    sep = ""
  )
  for (i in which(missing > 0)) {
    cat(table$metric[i], " is not known for ", counted(missing[i], "fit"), ".\n", sep = "")
  }
  invisible(x)
}
