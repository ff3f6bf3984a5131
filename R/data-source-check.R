# Checks of what a source can't do.

# Only functions of R, which decide about each row by itself.
check_source_na_action <- function(na.action, call) {
  act <- check_na_action(na.action, call)
  if (is.null(act) || keeps_whole_rows(act)) {
    return(act)
  }
  abort_argument(c(
    paste0(
      "For a source, {.arg na.action} must be {.fn na.omit}, {.fn na.exclude}, {.fn na.pass} or ",
      "{.fn na.fail}."
    ),
    x = "You supplied {describe(na.action)}.",
    i = "Other functions may use rows of other blocks."
  ), call)
}

# The value of each expression in a row must depend on this row alone.
check_row_functions <- function(frame, seen, variables, block, call) {
  terms <- attr(frame, "terms")
  written <- as.list(attr(terms, "variables"))[-1]
  evaluated <- as.list(attr(terms, "predvars"))[-1]
  bases <- which(!mapply(identical, written, evaluated))
  if (length(bases) > 0) abort_whole_function(written[[bases[1]]], call)
  for (expression in c(written, seen$extras)) {
    if (is.symbol(expression) || !is.call(expression)) next
    if (!is.null(in_formula(uses_other_rows(expression, block, seen$where), call))) {
      abort_whole_function(expression, call)
    }
  }
}

abort_whole_function <- function(expression, call) {
  abort_input(c(
    paste0(
      "In a formula for a source, or with {.arg communicator}, the value of a term in a row must ",
      "depend on this row alone."
    ),
    x = "{.code {deparse1(expression)}} depends on other rows.",
    i = paste0(
      "Compute the column where the table is made (in the query, or the file), write constants ",
      "such as {.code I((x - 5) / 2)}, or use a data frame. Inputs are standardised anyway."
    )
  ), call)
}
