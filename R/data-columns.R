# Columns of a data frame: their kinds, and their encoding as numbers.

# The kind of a column, as a list; NULL if it can't be used as an input.
column_kind <- function(x) {
  if (is.factor(x)) {
    list(type = "factor", levels = levels(droplevels(x)), ordered = is.ordered(x))
  } else if (is.character(x) && is.null(dim(x))) {
    if (any(Encoding(unique(x)) == "bytes")) {
      return(NULL)
    }
    list(type = "character", levels = sort(unique(x[!is.na(x)])))
  } else if (is.logical(x) && is.null(dim(x))) {
    list(type = "logical")
  } else if (is_number(x) && length(dim(x)) <= 2) {
    list(type = "numeric", width = if (is.matrix(x)) ncol(x), names = colnames(x))
  }
}

abort_column <- function(x, name, what, call) {
  abort_input(c(
    "{what} {.field {name}} must be numeric, logical, character or a factor.",
    x = "It is {describe(x)}.",
    i = column_hint(x, name)
  ), call)
}

# Advice about a column that can't be used, for a message. `input`: is it an input? The parts of a
# date can be inputs, but not an outcome or an offset.
column_hint <- function(x, name, input = TRUE) {
  hint <- if (inherits(x, c("Date", "POSIXt"))) {
    paste0(
      "Convert it to numbers, such as {.code as.numeric(%s)}.",
      if (input) {
        paste0(
          " For a data frame, {.code dates = \"parts\"} uses its year, month, day of the week and ",
          "day of the year."
        )
      }
    )
  } else if (inherits(x, "difftime")) {
    "Convert it to numbers: {.code as.numeric(%s, units = \"hours\")}."
  } else if (inherits(x, "integer64")) {
    "Convert it to numbers: {.code as.double(%s)}."
  } else if (is.data.frame(x)) {
    "Name its columns individually, and supply the data frame as {.arg data}."
  } else if (is.character(x) && is.null(dim(x)) && !all(validUTF8(as_utf8(x)))) {
    "It has bytes that can't be read as text. Mark their encoding with {.fn Encoding}."
  } else if (is.list(x)) {
    "Extract numbers or categories from it into separate columns."
  } else if (is.complex(x)) {
    "Use its real and imaginary parts: {.code Re(%s)} and {.code Im(%s)}."
  } else {
    "Remove it, or convert it to numbers or a factor."
  }
  gsub("%s", literal(name), hint, fixed = TRUE)
}

# The kinds of a data frame's columns, as a named list.
check_columns <- function(data, name, call) {
  if (ncol(data) == 0) {
    abort_input(c("{.arg {name}} must have at least one column.", x = "It has none."), call)
  }
  check_names(names(data), name, call)
  columns <- lapply(data, column_kind)
  bad <- which(vapply(columns, is.null, NA))
  if (length(bad) > 0) abort_column(data[[bad[1]]], names(data)[bad[1]], "Column", call)
  columns
}

# The kinds of the columns, with the coding of their levels. `coded`: they become a coded matrix.
describe_columns <- function(data, name, call, coded = FALSE) {
  columns <- check_columns(data, name, call)
  check_columns_memory(columns, nrow(data), name, call, coded = coded)
  for (column in names(columns)[
    vapply(columns, function(kind) kind$type %in% c("factor", "character"), NA)
  ]) {
    columns[[column]]$coding <- level_coding(data[[column]], columns[[column]], column)
  }
  columns
}

check_names <- function(names, argument, call) {
  if (is.null(names) || anyNA(names) || !all(nzchar(names))) {
    abort_input(c(
      "All columns of {.arg {argument}} must have names.",
      i = "{.fn predict} matches columns by name."
    ), call)
  }
  twice <- unique(names[duplicated(names)])
  if (length(twice) > 0) {
    abort_input(c(
      "The column names of {.arg {argument}} must be unique.",
      x = "{.field {twice}} {?occurs/occur} more than once."
    ), call)
  }
}

# The coding of a factor: its own contrasts, or those of `options("contrasts")`, as in lm().
level_coding <- function(x, kind, name) {
  if (length(kind$levels) < 2) {
    return(matrix(0, length(kind$levels), 1))
  }
  own <- own_contrasts(x, kind$levels, name)
  if (is.null(own) && has_treatment(isTRUE(kind$ordered))) {
    return("contr.treatment")
  }
  f <- factor(kind$levels, kind$levels, exclude = NULL, ordered = isTRUE(kind$ordered))
  if (!is.null(own)) stats::contrasts(f, how.many = if (is.matrix(own)) ncol(own)) <- own
  unname_rows(stats::contrasts(f))
}

# The contrasts attribute of a factor, which applies only if all of its levels are in use.
own_contrasts <- function(x, levels, name) {
  own <- attr(x, "contrasts")
  if (is.null(own) || identical(levels(x), levels)) {
    return(own)
  }
  cli::cli_warn(c(
    paste0(
      "The contrasts of the factor {.field {name}} are ignored, because it has levels that do not ",
      "occur: {.val {setdiff(levels(x), levels)}}."
    ),
    i = "Drop unused levels with {.fn droplevels}, then set the contrasts."
  ), class = "backprop_warning_contrasts", call = NULL)
  NULL
}

# Are all columns vectors of numbers without attributes, as most are?
are_plain_numbers <- function(columns) {
  for (x in columns) {
    if (!is.numeric(x) || !is.null(attributes(x))) {
      return(FALSE)
    }
  }
  TRUE
}

# Encodes the columns of a data frame (already checked) as a numeric matrix without row names, or as
# a coded matrix.
encode_columns <- function(columns, data, coded = FALSE) {
  numbers <- .subset(data, names(columns))
  if (are_plain_numbers(numbers)) {
    return(bind_columns(numbers, nrow(data), names(columns), coded))
  }
  parts <- lapply(names(columns), function(name) {
    kind <- columns[[name]]
    x <- .subset2(data, name)
    switch(kind$type,
      numeric = if (is.matrix(x)) {
        matrix(as.double(x), nrow(x), ncol(x), dimnames = list(NULL, kind$names))
      } else {
        as.double(x)
      },
      logical = as.double(x),
      code_levels(
        level_codes(as.character(x), kind$levels, kind$declared), kind$levels, kind$coding,
        kind$declared$shares, coded
      )
    )
  })
  labels <- unlist(
    Map(
      function(name, kind, part) {
        if (kind$type == "logical") {
          return(paste0(name, "TRUE"))
        }
        if (!is.null(kind$coding)) {
          return(paste0(name, coding_labels(kind$coding, kind$levels)))
        }
        if (!is.matrix(part) || (ncol(part) == 1 && is.null(colnames(part)))) {
          return(name)
        }
        paste0(name, if (is.null(colnames(part))) seq_len(ncol(part)) else colnames(part))
      },
      names(columns), columns, parts
    ),
    use.names = FALSE
  )
  bind_columns(parts, nrow(data), labels, coded)
}

# The matrix of columns, each a vector or matrix, or with `coded` numbers of levels.
bind_columns <- function(parts, rows, names, coded) {
  if (coded) {
    return(bind_coded(parts, rows, names))
  }
  matrix(
    as.double(unlist(parts, use.names = FALSE)), rows, length(names),
    dimnames = list(NULL, names)
  )
}

# The names of some rows. If rows were dropped and have no names, their numbers, as in lm().
kept_names <- function(names, rows, of) {
  if (is.null(names) && length(rows) < of) as.character(rows) else names[rows]
}

# Case names: the row names, if they are text rather than automatic numbers.
case_names <- function(data) {
  if (!is.data.frame(data)) {
    return(rownames(data))
  }
  names <- attr(data, "row.names")
  if (is.character(names)) names
}
