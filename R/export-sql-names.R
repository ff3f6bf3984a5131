# The names in an exported query: of its table, its columns and its results. Many databases ignore
# the case of names, also of quoted ones.

sql_name <- function(x) paste0("\"", gsub("\"", "\"\"", x, fixed = TRUE), "\"")

sql_text <- function(x) paste0("'", gsub("'", "''", x, fixed = TRUE), "'")

# The parts of the name of a table, such as c("schema", "table"). A DBI::Id() has them in its slot
# `name`.
check_table <- function(table, call) {
  parts <- if (inherits(table, "Id")) unname(attr(table, "name")) else table
  if (!is.character(parts) || is.object(parts) || !length(parts) %in% 1:3 || anyNA(parts) ||
    !all(nzchar(parts))) {
    abort_argument(c(
      paste0(
        "{.arg table} must be the name of a table, or a vector of a schema and a table, such as ",
        "{.code c(\"main\", \"data\")}."
      ),
      x = "You supplied {describe(table)}.",
      i = "{.fn DBI::Id} is accepted, too."
    ), call)
  }
  utf8_text(parts, call)
}

check_keep <- function(keep, outputs, call) {
  keep <- utf8_text(check_texts(keep, "keep", call), call)
  abort_same_names(keep, "The names in {.arg keep}", "Remove one of them.", "argument", call)
  same <- keep[tolower(keep) %in% tolower(outputs)]
  if (length(same) > 0) {
    abort_argument(c(
      paste0(
        "{.arg keep} must not contain the name of an output, because SQL ignores the case of ",
        "names."
      ),
      x = "It contains {.val {same}}.",
      i = "The output{?s} {?is/are} {.field {outputs}}."
    ), call)
  }
  keep
}

check_texts <- function(x, name, call) {
  if (!is.character(x) || anyNA(x) || !all(nzchar(x)) || anyDuplicated(x)) {
    abort_argument(c(
      "{.arg {name}} must be a character vector of unique, non-empty names.",
      x = "You supplied {describe(x)}."
    ), call)
  }
  x
}

# Columns whose names differ only in case would be read from the same column of the table.
check_column_case <- function(model, call) {
  abort_same_names(
    vapply(model$inputs, `[[`, "", "name"), "The names of the columns",
    "Rename one of them before {.fn nn_train}, or export to another format.", "export", call
  )
}

abort_same_names <- function(names, what, hint, kind, call) {
  folded <- tolower(names)
  same <- names[folded %in% folded[duplicated(folded)]]
  if (length(same) > 0) {
    abort_kind(kind, c(
      paste(what, "must differ in more than case, because SQL ignores the case of names."),
      x = "{.field {same}} differ only in case.",
      i = hint
    ), call, environment())
  }
}

# The names of the results. An output whose name differs from an earlier one only in case has a
# number appended.
sql_results <- function(outputs) {
  results <- outputs
  for (i in seq_along(results)[-1]) {
    results[i] <- free_name(results[i], c(results[seq_len(i - 1)], outputs[-seq_len(i)]), i)
  }
  results
}

free_name <- function(name, taken, number) {
  if (!tolower(name) %in% tolower(taken)) {
    return(name)
  }
  free_name(paste0(name, "_", number), taken, number)
}

# The name of the column of the class.
class_column <- function(taken) {
  name <- "class"
  while (tolower(name) %in% tolower(taken)) name <- paste0(name, "_output")
  name
}
