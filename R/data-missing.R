# Rows with missing values, and what na.action does with them.

# A data frame of rows without columns: what na.action sees of a matrix, which has no missing
# values.
no_columns <- function(rows) as.data.frame(matrix(0, rows, 0))

# The rows that na.action leaves of a data frame: list(rows, action).
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
      "{.arg na.action} must return the data frame that it gets, with fewer rows.",
      x = "It returns {describe(kept)}."
    ), call)
  }
  if (nrow(kept) < least_rows) abort_no_rows(frame, rows, name, call)
  list(rows = kept$`(row)`, action = attr(kept, "na.action"))
}

abort_refused <- function(error, call) {
  abort_input(c(
    "The data have missing values, which {.arg na.action} refuses.",
    x = "{conditionMessage(error)}"
  ), call)
}

# `frame`: the rows before those with missing values went, out of `rows`.
abort_no_rows <- function(frame, rows, name, call) {
  empty <- setdiff(names(Filter(function(x) all(is.na(x)), frame)), "(row)")
  why <- if (rows == 0) {
    "There are none."
  } else if (nrow(frame) == 0) {
    "{.arg subset} takes none of the {rows}."
  } else if (length(empty) > 0) {
    "All have missing values: {.field {empty}} {?has/have} no others."
  } else {
    "All have missing values."
  }
  abort_input(c("No row of {.arg {name}} is left.", x = why), call)
}

# A function, or the name of one; NULL for none.
check_na_action <- function(na.action, call) {
  act <- if (is.character(na.action) && length(na.action) == 1 && !is.na(na.action)) {
    get0(na.action, globalenv(), mode = "function")
  } else {
    na.action
  }
  if (!is.null(na.action) && !is.function(act)) {
    abort_argument(c(
      "{.arg na.action} must be a function such as {.fn na.omit}.",
      x = "It is {describe(na.action)}."
    ), call)
  }
  act
}

# The fit keeps the name of a known na.action, so that no closure of the user's stays in it.
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
