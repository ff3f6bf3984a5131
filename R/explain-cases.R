# What nn_importance() and nn_effects() share: the cases that a fit is explained with.

# The cases:
#   fit        the fit
#   data       the rows that are used: a data frame, or a numeric or sparse matrix
#   variables  the names of its inputs, which for a matrix without names are x1, x2, ...
#   outcome    the observed outcome of these rows as nn_cv() has it, or NULL
#   weights    positive case weights of these rows
#   offset     their offset, or NULL
#   dropped    the number of rows that are not used: with missing values, or of weight 0
# `outcome`: the outcome, if it is known in this form.
new_cases_explained <- function(fit, data, y, weights, offset, call,
                                with_outcome = !is.null(outcome), outcome = NULL) {
  check_explained_data(data, call)
  plain <- unclass(fit)
  columns <- plain$encoding$columns
  if (is.null(columns)) {
    data <- align_columns(check_inputs(data, "data", call), plain, "data", call)
    variables <- plain$inputs %||% paste0("x", seq_len(ncol(data)))
  } else {
    check_newdata(columns, data, "data", call)
    data <- utf8_names(as.data.frame(data))
    variables <- names(columns)
  }
  rows <- nrow(data)
  check_extras(list(offset = offset), rows, call)
  weights <- check_weights(weights, rows, call)
  if (length(weights) == 0) weights <- rep(1, rows)
  there <- which(weights > 0)
  predicted <- predict(fit, take_rows(data, there), offset = take_rows(offset, there))
  known <- replace(logical(rows), there, rowSums(is.na(as.matrix(predicted))) == 0)
  if (with_outcome && is.null(outcome)) outcome <- new_outcome(plain, data, y, rows, call)
  if (with_outcome) known <- known & rowSums(is.na(as.matrix(outcome))) == 0
  if (sum(known) < 2) {
    abort_input(c(
      "{.arg data} must have at least two rows without missing values.",
      x = "It has {sum(known)}."
    ), call)
  }
  data <- take_rows(data, known)
  list(
    fit = fit, data = if (is.null(columns)) data else data[variables], variables = variables,
    outcome = take_rows(outcome, known), weights = weights[known],
    offset = take_rows(offset, known), dropped = sum(!known)
  )
}

# The held-out cases of each fit of a cross-validation, a list. `data`, `weights`, `offset`: those
# of the data that nn_cv() was called with.
cases_of_folds <- function(cv, data, y, weights, offset, call) {
  check_explained_data(data, call)
  if (is.null(cv$fits)) {
    abort_argument(c(
      "{.arg fit} must contain the fits of the cross-validation.",
      i = "Use {.code nn_cv(keep_fits = TRUE)}."
    ), call)
  }
  if (!is.null(y)) {
    abort_argument(c(
      "{.arg y} must not be supplied for a cross-validation, which has stored the outcome."
    ), call)
  }
  predictions <- cv$predictions
  if (max(predictions$row) > NROW(data)) {
    abort_input(c(
      "{.arg data} must be the data that {.fn nn_cv} was called with.",
      x = "It has {NROW(data)} row{?s}; the cross-validation uses row {max(predictions$row)}."
    ), call)
  }
  check_extras(list(weights = weights, offset = offset), NROW(data), call)
  observed <- predictions$observed
  columns <- c("repetition", "fold")
  keys <- do.call(paste, predictions[columns])
  parts <- lapply(seq_along(cv$fits), function(k) {
    at <- which(keys == do.call(paste, cv$metrics[k, columns]))
    rows <- predictions$row[at]
    if (is.null(cv$fits[[k]])) {
      return(NULL)
    }
    own <- if (is.null(weights)) cv$weights[at] else take_rows(weights, rows)
    cases <- new_cases_explained(
      cv$fits[[k]], take_rows(data, rows), NULL, own, take_rows(offset, rows), call,
      outcome = if (is.factor(observed)) observed[at] else as.matrix(take_rows(observed, at))
    )
  })
  Filter(Negate(is.null), parts)
}

# The predictions for changed cases, one row each: numbers, the probability of the second of two
# classes, or those of all classes. Changed values may be far from the data in combination only.
predict_changed <- function(cases, data, offset = cases$offset, type = "response") {
  withCallingHandlers(
    as.matrix(predict(cases$fit, data, type = type, offset = offset)),
    backprop_warning_extrapolation = function(w) invokeRestart("muffleWarning")
  )
}

# The values of a variable, and the cases with other ones.
column_of <- function(cases, name, data = cases$data) {
  if (is.data.frame(data)) data[[name]] else data[, match(name, cases$variables)]
}

with_column <- function(cases, data, name, values) {
  if (is.data.frame(data)) {
    data[[name]] <- values
  } else {
    data[, match(name, cases$variables)] <- values
  }
  data
}

check_variables <- function(variables, known, name, call, most = Inf) {
  ok <- is.character(variables) && length(variables) >= 1 && length(variables) <= most &&
    !anyNA(variables) && !anyDuplicated(variables)
  if (!ok) {
    abort_argument(c(
      "{.arg {name}} must be {if (is.finite(most)) 'one or two' else 'different'} names of inputs.",
      x = "You supplied {describe(variables)}.",
      i = "The inputs are {.val {known}}."
    ), call)
  }
  unknown <- setdiff(variables, known)
  if (length(unknown) > 0) {
    abort_argument(c(
      "{.arg {name}} must be names of inputs.",
      x = "There is no input {.val {unknown[1]}}.",
      nearest_name(unknown[1], known),
      i = "The inputs are {.val {known}}."
    ), call)
  }
  variables
}

# Values are shuffled, and replaced, among all rows at once.
check_explained_data <- function(data, call) {
  if (!is_source(data)) {
    return(invisible())
  }
  abort_argument(c(
    "{.arg data} must be a data frame or a matrix.",
    x = "You supplied a source, which is read in blocks.",
    i = "Read some of its rows, such as a random sample of 10,000, into a data frame."
  ), call)
}

check_explained_fit <- function(fit, call) {
  check_given(missing(fit), "fit", "a fit from nn_train()", call)
  check_is_fit(fit, call)
  fit <- current_fit(fit, call)
  check_whole_fit(unclass(fit), call, "fit")
  fit
}
