# Applies na.action to rows with missing values.

# A data frame without columns, which na.action receives for a matrix: a matrix has no missing
# values.
no_columns <- function(rows) as.data.frame(matrix(0, rows, 0))

# The rows of a data frame that na.action keeps: list(rows, action).
apply_na_action <- function(frame, na.action, call, least_rows = 1, name = "X") {
  rows <- nrow(frame)
  if (is.null(na.action)) {
    return(list(rows = seq_len(rows)))
  }
  act <- check_na_action(na.action, call)
  frame$`(row)` <- seq_len(rows)
  kept <- tryCatch(act(frame), error = function(e) abort_refused(e, call))
  if (!is.data.frame(kept) || !"(row)" %in% names(kept)) {
    abort_argument(c(
      "{.arg na.action} must return the data frame that it receives, possibly with fewer rows.",
      x = "It returned {describe(kept)}."
    ), call)
  }
  if (nrow(kept) < least_rows) abort_no_rows(frame, rows, name, call)
  list(rows = kept$`(row)`, action = attr(kept, "na.action"))
}

# The numbers in the data of the rows that are left.
kept_rows <- function(rows, omitted) setdiff(seq_len(rows), omitted)

# Evaluates `training`. An error about a row also says which row of the data that is. `numbers`:
# those of the rows in the data, computed only in an error.
with_row_numbers <- function(numbers, training) {
  withCallingHandlers(training, backprop_error = function(e) {
    number <- if (!is.null(e$row)) numbers[e$row]
    if (is.null(number) || is.na(number) || number == e$row) {
      return()
    }
    e$body <- c(e$body, i = paste0(
      "It is row ", number, " of the data: rows dropped or set aside before are not counted above."
    ))
    e$row <- number
    cnd_signal(e)
  })
}

# Evaluates `training` of a fit to a formula: errors about the argument `y`, which was not supplied,
# name the outcome of the formula instead. `terms`: NULL without a formula.
with_outcome_name <- function(terms, training) {
  if (is.null(terms)) {
    return(training)
  }
  withCallingHandlers(training, backprop_error = function(e) {
    of_argument <- function(text) grepl("`y`", text, fixed = TRUE)
    if (!any(of_argument(c(e$message, e$body)))) {
      return()
    }
    outcome <- attr(terms, "variables")[[attr(terms, "response") + 1]]
    name <- paste0("`", deparse1(outcome), "`")
    for (field in c("message", "body")) {
      e[[field]][] <- gsub("`y`", name, e[[field]], fixed = TRUE)
    }
    cnd_signal(e)
  })
}

# Whether na.action is a function of R that keeps all rows without missing values.
keeps_whole_rows <- function(na.action) {
  is.function(na.action) && (identical(na.action, stats::na.pass) ||
    identical(na.action, stats::na.omit) || identical(na.action, stats::na.exclude) ||
    identical(na.action, stats::na.fail))
}

abort_refused <- function(error, call) {
  abort_input(c(
    "The data have missing values, which {.arg na.action} does not allow.",
    x = "{conditionMessage(error)}"
  ), call)
}

# `frame`: the data before rows with missing values were dropped, out of `rows` rows.
abort_no_rows <- function(frame, rows, name, call) {
  empty <- setdiff(names(Filter(function(x) all(is.na(x)), frame)), "(row)")
  why <- if (rows == 0) {
    "It has 0 rows."
  } else if ("(unseen)" %in% empty) {
    "All rows have levels that the training data do not have."
  } else if (nrow(frame) == 0) {
    "{.arg subset} selects none of its {rows} row{?s}."
  } else if (length(empty) > 0) {
    "All rows have missing values: {.field {shown_names(empty)}} {?is/are} always missing."
  } else {
    "All rows have missing values."
  }
  abort_input(c("{.arg {name}} has no rows to use.", x = why), call)
}

# The names of the columns that na.action receives for the arguments of the call.
shown_names <- function(columns) sub("^\\((outcome|weights|offset)\\)$", "\\1", columns)

# `na.action`: a function, the name of a function, or NULL.
check_na_action <- function(na.action, call) {
  act <- if (is.character(na.action) && length(na.action) == 1 && !is.na(na.action)) {
    get0(na.action, globalenv(), mode = "function")
  } else {
    na.action
  }
  if (!is.null(na.action) && !is.function(act)) {
    abort_argument(c(
      "{.arg na.action} must be a function such as {.fn na.omit}.",
      x = "You supplied {describe(na.action)}."
    ), call)
  }
  act
}

# The fit stores the name of a known na.action, so that it does not contain the user's closures.
na_action_name <- function(na.action) {
  if (is.null(na.action)) {
    return("na.pass")
  }
  known <- c("na.omit", "na.exclude", "na.pass", "na.fail")
  if (is.character(na.action)) {
    return(na.action)
  }
  c(
    Filter(function(name) identical(na.action, getExportedValue("stats", name)), known), "na.omit"
  )[1]
}
