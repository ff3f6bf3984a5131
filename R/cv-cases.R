# The cases of a cross-validation: the data from which each fit takes its rows, and their outcome.

# The cases of a cross-validation:
#   rows     the arguments of a fit with one value per row that is used
#   number   the row numbers of these rows in the data
#   given    the number of rows of the data
#   inputs   the encoded inputs of the rows that are used
#   blank    the rows of weight 0 whose contents are unknown to a fit (see data-blank.R)
#   fixed    further arguments that belong to the data
#   globals  objects by name that workers need
new_cases <- function(rows, number, given, inputs, blank, fixed = list(), globals = list()) {
  list(
    rows = rows, number = number, given = given, inputs = inputs, blank = blank, fixed = fixed,
    globals = globals
  )
}

# The outcome as the fits use it: a factor with all levels, or a numeric matrix.
observed_outcome <- function(frame, settings, call) {
  outcome <- describe_outcome(
    frame$y, frame$label, settings$loss, settings$output_activation, TRUE,
    check_weights(frame$weights, nrow(frame$raw), call), NULL, call
  )
  if (!is.null(outcome$events)) {
    structure(event_numbers(plain_outcome(frame$y), outcome$events, call), events = outcome$events)
  } else if (is.null(outcome$levels)) {
    numeric_outcome(frame$y)
  } else {
    encode_outcome(frame$y, outcome, call)$y
  }
}

# Formula and data for the fits: "." is expanded; the outcome, and all terms that use other rows,
# are computed once from all rows and become columns, so that they are the same in all fits and
# folds. Variables from outside the data become columns too, because each fit uses a subset of their
# rows.
with_outcome <- function(formula, data, frame) {
  formula <- stats::formula(stats::terms(formula, data = data))
  columns <- data[attr(frame$raw, "row.names"), , drop = FALSE]
  elsewhere <- setdiff(names(frame$raw), names(data))
  columns[elsewhere] <- frame$raw[elsewhere]
  outcome <- formula[[2]]
  if (!is.symbol(outcome) || is.na(match_names(as.character(outcome), names(data)))) {
    name <- last(make.unique(c(names(columns), deparse1(outcome))))
    columns[[name]] <- frame$y
    formula[[2]] <- as.name(name)
  }
  for (text in names(frame$row_terms)) {
    name <- last(make.unique(c(names(columns), text)))
    columns[[name]] <- frame$row_terms[[text]]
    formula[[3]] <- replace_call(formula[[3]], str2lang(text), as.name(name))
  }
  list(formula = formula, data = columns)
}

# An expression with each call that equals `call` replaced.
replace_call <- function(expression, call, by) {
  if (identical(expression, call)) {
    return(by)
  }
  if (!is.call(expression)) {
    return(expression)
  }
  as.call(lapply(as.list(expression), replace_call, call, by))
}

# Weights for the fits: NULL if all are 1.
counting_weights <- function(weights, rows, call) {
  weights <- check_weights(weights, rows, call)
  if (length(weights) > 0) weights
}

# The user's functions and constants that a formula refers to, by name. The terms of a fit look them
# up in the global environment.
formula_globals <- function(formula, columns) {
  names <- setdiff(known_names(all.names(formula, unique = TRUE), columns), c(columns, "."))
  values <- stats::setNames(lapply(names, get0, envir = environment(formula)), names)
  Filter(
    function(value) {
      !is.null(value) && !is.primitive(value) &&
        !(is.function(value) && environmentName(environment(value)) %in% c("base", "stats"))
    },
    values
  )
}
