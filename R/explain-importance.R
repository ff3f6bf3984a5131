#' Permutation importance of the inputs
#'
#' @description
#' Measures how much worse the predictions of a fit become if the values of an input are shuffled
#' between the rows, so that they are no longer related to the outcome. If the importance of an
#' input is near 0, the network does not need it, or other inputs contain the same information.
#'
#' Use rows that were not used for training: on the training rows, inputs that the network has only
#' memorised look important. With a cross-validation as `fit`, all rows can be used: each is
#' predicted by the fit that was trained without it.
#'
#' @details
#' Inputs are the variables of the data frame, before they are encoded: all dummy variables of a
#' factor, or all columns of `poly(x, 3)`, are shuffled together. The importance is the difference
#' of the `metric` after and before shuffling, with the sign that makes worse predictions positive
#' (Breiman 2001; Fisher, Rudin and Dominici 2019). Each of the `repeats` shuffles anew; `sd` is the
#' standard deviation over them, and `se = sd / sqrt(repeats)` the standard error of their mean.
#' They describe the chance of shuffling, not that of the rows.
#'
#' If inputs are correlated, shuffling one of them makes combinations of values that do not occur,
#' for which the network extrapolates, and the importance is divided among them. Shuffle such inputs
#' together: `variables = list(size = c("width", "height"))`.
#'
#' With case weights, the metric is weighted, and the shuffled values are drawn with probabilities
#' in proportion to the weights. Random numbers are those of R: `set.seed()` makes results
#' reproducible.
#'
#' Of a cross-validation, the metric and the importance are means over its fits, weighted by their
#' held-out rows, and values are shuffled among the rows of a fold. Folds in which the metric is not
#' defined, such as the area under the curve of a single class, are excluded.
#'
#' @param fit A fit from [nn_train()], or a cross-validation from [nn_cv()] with `keep_fits = TRUE`.
#' @param data Cases with the inputs, as `newdata` in [predict.nn_fit()]: a data frame, or a matrix
#'   for a fit made from a matrix. Rows with missing values are excluded. For a cross-validation,
#'   the data that it was called with.
#' @param y The outcome of these cases; `NULL` (default) if the formula of the fit computes it from
#'   `data`. A cross-validation knows it.
#' @param metric The measure of how good predictions are: a name from the table in [nn_cv()], or a
#'   function of the observed and the predicted values, as in [nn_cv()], for which lower values are
#'   better. `NULL` (default) is `"log_loss"` for classes and yes/no outcomes, `"pinball_loss"` for
#'   quantiles, and `"rmse"` for other numbers.
#' @param repeats Number of times that each input is shuffled, a whole number of at least 2; 10 by
#'   default.
#' @param variables Names of the inputs, or a list of them: those of an element are shuffled
#'   together. `NULL` (default) is each input by itself.
#' @param weights Case weights, one number of at least 0 per row; `NULL` (default) if all are 1 or,
#'   for a cross-validation, for its weights.
#' @param offset The offset, as in [predict.nn_fit()].
#' @param ... Must be empty: an unknown argument is an error.
#' @return A data frame of class `nn_importance` with one row per input, the most important first,
#'   and the columns `variable`, `importance`, `sd` and `se`. Its attributes are `metric`, `score`
#'   (the metric before shuffling), `rows`, `dropped` (once per repetition of a
#'   cross-validation) and `repeats`.
#' @section Errors: `backprop_error_input` if `data` or `y` are not as described, and
#'   `backprop_error_argument` if another argument is not.
#' @references Breiman, L. (2001). Random forests. *Machine Learning*, 45, 5-32.
#'   \doi{10.1023/A:1010933404324}
#'
#'   Fisher, A., Rudin, C. and Dominici, F. (2019). All models are wrong, but many are useful:
#'   learning a variable's importance by studying an entire class of prediction models
#'   simultaneously. *Journal of Machine Learning Research*, 20(177), 1-81.
#'   \doi{10.48550/arXiv.1801.01489}
#' @seealso [nn_effects()] for how predictions depend on an input.
#' @examples
#' set.seed(1)
#' train <- sample(nrow(iris), 100)
#' fit <- nn_train(Species ~ ., iris[train, ], hidden = 4, penalty = 0.01)
#' importance <- nn_importance(fit, iris[-train, ], repeats = 5)
#' importance
#' plot(importance)
#'
#' # On all rows, out of fold
#' cv <- nn_cv(Species ~ ., iris, folds = 3, hidden = 4, penalty = 0.01, keep_fits = TRUE)
#' nn_importance(cv, iris, repeats = 5)
#' @export
nn_importance <- function(fit, data, y = NULL, metric = NULL, repeats = 10, variables = NULL,
                          weights = NULL, offset = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_importance)))
  of_folds <- !missing(fit) && inherits(fit, "nn_cv")
  if (!of_folds) fit <- check_explained_fit(fit, call)
  check_given(
    missing(data), "data",
    if (of_folds) "the data of nn_cv()" else "cases that were not used for training", call
  )
  repeats <- check_whole(repeats, "repeats", call, least = 2)
  parts <- if (of_folds) {
    cases_of_folds(fit, data, y, weights, offset, call)
  } else {
    list(new_cases_explained(fit, data, y, weights, offset, call, with_outcome = TRUE))
  }
  levels <- if (of_folds) levels(fit$predictions$observed) else unclass(fit)$levels
  classes <- levels %||% unclass(parts[[1]]$fit)$encoding$outcome$events
  loss <- unclass(parts[[1]]$fit)$settings$loss
  if (is.null(metric)) {
    metric <- if (!is.null(classes)) {
      "log_loss"
    } else if (loss$name == "quantile") {
      "pinball_loss"
    } else {
      "rmse"
    }
  }
  measure <- one_metric(metric, classes, loss, call)
  groups <- variable_groups(variables, parts[[1]]$variables, call)
  score_of_data <- function(cases, data) {
    predicted <- predict_changed(cases, data, type = if (is.null(levels)) "response" else "prob")
    predicted <- if (isTRUE(attr(measure$value, "quantiles"))) {
      predicted
    } else if (is.null(levels)) {
      predicted[, central_outputs(loss, ncol(predicted)), drop = FALSE]
    } else if (of_folds) {
      align_levels(list(predicted = predicted), levels)$predicted
    } else {
      predicted
    }
    as.double(measure$value(cases$outcome, predicted, cases$weights))
  }
  scores <- vapply(parts, function(cases) score_of_data(cases, cases$data), 0)
  if (of_folds && any(is.finite(scores))) parts <- parts[is.finite(scores)]
  scores <- scores[is.finite(scores) | !of_folds]
  size <- vapply(parts, function(cases) sum(cases$weights), 0)
  score <- sum(scores * (size / sum(size)))
  done <- 0
  worse <- with_search_bar(
    "Shuffling inputs", length(groups) * repeats,
    vapply(groups, function(names) {
      vapply(seq_len(repeats), function(i) {
        after <- vapply(parts, function(cases) score_of_data(cases, shuffle(cases, names)), 0)
        advance_search(done <<- done + 1)
        measure$sign * sum((after - scores) * (size / sum(size)))
      }, 0)
    }, numeric(repeats))
  )
  sd <- apply(worse, 2, stats::sd)
  table <- data.frame(
    variable = names(groups), importance = colMeans(worse), sd = sd, se = sd / sqrt(repeats),
    row.names = NULL
  )
  table <- table[order(-table$importance), ]
  rownames(table) <- NULL
  structure(
    table,
    class = c("nn_importance", "data.frame"), metric = measure$name, score = score,
    rows = sum(vapply(parts, function(cases) length(cases$weights), 0L)),
    dropped = sum(vapply(parts, `[[`, 0L, "dropped")), repeats = repeats
  )
}

# list(name, value, sign): `sign` is 1 if low values are better.
one_metric <- function(metric, levels, loss, call) {
  if (!(is.function(metric) || is.character(metric)) || length(metric) != 1) {
    abort_argument(c(
      "{.arg metric} must be the name of a metric, or a function.",
      x = "You supplied {describe(metric)}."
    ), call)
  }
  value <- check_metrics(metric, levels, NULL, call, "metric", loss)
  list(
    name = if (is.function(metric)) "metric" else metric, value = value[[1]],
    sign = if (is.character(metric) && metric_table[[metric]]$better == "high") -1 else 1
  )
}

# A named list of the variables that are shuffled together.
variable_groups <- function(variables, known, call) {
  if (is.null(variables)) variables <- known
  if (!is.list(variables)) {
    check_variables(variables, known, "variables", call)
    return(stats::setNames(as.list(variables), variables))
  }
  for (names in variables) check_variables(names, known, "variables", call)
  check_variables(unlist(variables, use.names = FALSE), known, "variables", call)
  joined <- vapply(variables, paste, "", collapse = " + ")
  given <- names(variables) %||% rep("", length(variables))
  stats::setNames(variables, ifelse(nzchar(given), given, joined))
}

# The data with the values of some variables from other rows.
shuffle <- function(cases, names) {
  n <- length(cases$weights)
  rows <- if (all(cases$weights == cases$weights[1])) {
    sample.int(n)
  } else {
    sample.int(n, n, replace = TRUE, prob = cases$weights)
  }
  data <- cases$data
  if (is.data.frame(data)) {
    data[names] <- lapply(data[names], take_rows, rows)
  } else {
    columns <- match(names, cases$variables)
    data[, columns] <- data[rows, columns]
  }
  data
}

#' @export
print.nn_importance <- function(x, ...) {
  if (!all(c("variable", "importance", "sd", "se") %in% names(x))) {
    return(print_plain_table(x, ...))
  }
  cat(
    "Permutation importance: what ", attr(x, "metric"), " (",
    format(attr(x, "score"), digits = 4), " on ", counted(attr(x, "rows"), "row"),
    ") loses if an input is shuffled ", attr(x, "repeats"), " times\n",
    sep = ""
  )
  print_dropped(x)
  print(as.data.frame(unclass(x)[c("variable", "importance", "sd", "se")]),
    row.names = FALSE, digits = 3
  )
  invisible(x)
}

print_dropped <- function(x) {
  if (attr(x, "dropped") > 0) {
    cat(counted(attr(x, "dropped"), "row"), " with missing values or weight 0 not used\n", sep = "")
  }
}

# Some of the columns are an ordinary table.
print_plain_table <- function(x, ...) {
  print(structure(x, class = "data.frame"), ...)
  invisible(x)
}
