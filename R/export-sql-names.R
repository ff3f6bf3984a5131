# The names in an exported query: of its table, its columns and its results. Many databases ignore
# the case of names, also of quoted ones.

sql_name <- function(x) in_quotes(x)

sql_text <- function(x) in_quotes(x, "'")

# The classes of text that is SQL already: DBI::SQL(), dbplyr::sql() and ident_q(), the paths of
# dbplyr, and I(), with which dbplyr marks paths such as I("schema.table").
sql_classes <- c("SQL", "sql", "ident_q", "dbplyr_table_path", "dbplyr_table_ident", "AsIs")

# The name of a table in a query: that of a table, or its parts, such as c("schema", "table"), each
# quoted. A DBI::Id() has the parts in its slot `name`; dbplyr::in_schema() and in_catalog() are
# lists of them. Text that is SQL already is used unchanged.
check_table <- function(table, call) {
  parts <- if (inherits(table, "Id")) {
    as.list(attr(table, "name"))
  } else if (inherits(table, c("dbplyr_schema", "dbplyr_catalog"))) {
    unclass(table)[intersect(c("catalog", "schema", "table"), names(table))]
  } else if (inherits(table, sql_classes)) {
    list(table)
  } else {
    as.list(table)
  }
  is_part <- function(part) {
    is.character(part) && length(part) == 1 && !is.na(part) && nzchar(part) &&
      (!is.object(part) || inherits(part, c(sql_classes, "ident")))
  }
  if (!length(parts) %in% 1:3 || !all(vapply(parts, is_part, NA))) {
    abort_argument(c(
      paste0(
        "{.arg table} must be the name of a table, or a vector of a schema and a table, such as ",
        "{.code c(\"main\", \"data\")}."
      ),
      x = "You supplied {describe(table)}.",
      i = "{.fn DBI::Id}, {.fn DBI::SQL} and {.fn dbplyr::in_schema} are accepted, too."
    ), call)
  }
  paste(vapply(unname(parts), function(part) {
    text <- utf8_text(as.character(part), call)
    if (inherits(part, sql_classes)) text else sql_name(text)
  }, ""), collapse = ".")
}

check_keep <- function(keep, outputs, call) {
  keep <- utf8_text(check_texts(keep, "keep", call), call)
  abort_same_names(keep, "The names in {.arg keep}", "Remove one of them.", "argument", call)
  same <- keep[lower_case(keep) %in% lower_case(outputs)]
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
  folded <- lower_case(names)
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
  if (!lower_case(name) %in% lower_case(taken)) {
    return(name)
  }
  free_name(paste0(name, "_", number), taken, number)
}

# The name of the column of the class.
class_column <- function(taken) {
  name <- "class"
  while (lower_case(name) %in% lower_case(taken)) name <- paste0(name, "_output")
  name
}
