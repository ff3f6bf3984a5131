# Columns of a data frame: what kind each is, and its numbers.

# What kind of column `x` is, as a list; NULL where it is of no use as an input.
column_kind <- function(x) {
  if (is.factor(x)) {
    list(type = "factor", levels = levels(droplevels(x)), ordered = is.ordered(x))
  } else if (is.character(x) && is.null(dim(x))) {
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

# What to do about a column of no use, for a message.
column_hint <- function(x, name) {
  hint <- if (inherits(x, c("Date", "POSIXt"))) {
    paste0(
      "Turn it into numbers: days since a date ({.code as.numeric(%s)}), a month or a day of the ",
      "week."
    )
  } else if (inherits(x, "difftime")) {
    "Turn it into numbers: {.code as.numeric(%s, units = \"hours\")}."
  } else if (inherits(x, "integer64")) {
    "Turn it into numbers: {.code as.double(%s)}."
  } else if (is.data.frame(x)) {
    "Name its columns one by one, and give the data frame as {.arg data}."
  } else if (is.list(x)) {
    "Take out of it a number or a category for each row, as columns of their own."
  } else if (is.complex(x)) {
    "Give its parts: {.code Re(%s)} and {.code Im(%s)}."
  } else {
    "Leave it out, or turn it into numbers or a factor."
  }
  gsub("%s", literal(name), hint, fixed = TRUE)
}

# The columns of a data frame: a list of kinds, by name.
check_columns <- function(data, name, call) {
  if (ncol(data) == 0) abort_input(c("{.arg {name}} must have columns.", x = "It has none."), call)
  check_names(names(data), name, call)
  columns <- lapply(data, column_kind)
  bad <- which(vapply(columns, is.null, NA))
  if (length(bad) > 0) abort_column(data[[bad[1]]], names(data)[bad[1]], "Column", call)
  columns
}

# The same with the numbers that stand for levels.
describe_columns <- function(data, name, call) {
  columns <- check_columns(data, name, call)
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
      i = "They are matched by name in {.fn predict}."
    ), call)
  }
  twice <- unique(names[duplicated(names)])
  if (length(twice) > 0) {
    abort_input(c(
      "The names of the columns of {.arg {argument}} must be different.",
      x = "{.field {twice}} {?stands/stand} there more than once."
    ), call)
  }
}

# The numbers that stand for each level, levels x columns: the factor's own contrasts, else those of
# `options("contrasts")`, as in lm().
level_coding <- function(x, kind, name) {
  if (length(kind$levels) < 2) {
    return(matrix(0, length(kind$levels), 1))
  }
  f <- factor(kind$levels, kind$levels, exclude = NULL, ordered = isTRUE(kind$ordered))
  own <- own_contrasts(x, kind$levels, name)
  if (!is.null(own)) stats::contrasts(f, how.many = if (is.matrix(own)) ncol(own)) <- own
  unname_rows(stats::contrasts(f))
}

# The contrasts that a factor brings, which belong to all of its levels.
own_contrasts <- function(x, levels, name) {
  own <- attr(x, "contrasts")
  if (is.null(own) || identical(levels(x), levels)) {
    return(own)
  }
  cli::cli_warn(c(
    paste0(
      "The contrasts of the factor {.field {name}} are not used, as they are for levels that no ",
      "row has: {.val {setdiff(levels(x), levels)}}."
    ),
    i = "Drop these levels with {.fn droplevels}, and set the contrasts of the others."
  ), class = "backprop_warning_contrasts", call = NULL)
  NULL
}

# The matrix of a data frame's columns (checked before), without names of rows.
encode_columns <- function(columns, data) {
  parts <- lapply(names(columns), function(name) {
    kind <- columns[[name]]
    x <- data[[name]]
    switch(kind$type,
      numeric = if (is.matrix(x)) {
        matrix(as.double(x), nrow(x), dimnames = list(NULL, kind$names))
      } else {
        as.double(x)
      },
      logical = as.double(x),
      kind$coding[match(as.character(x), kind$levels), , drop = FALSE]
    )
  })
  labels <- unlist(
    Map(
      function(name, kind, part) {
        if (kind$type == "logical") {
          return(paste0(name, "TRUE"))
        }
        if (!is.matrix(part) ||
          (kind$type == "numeric" && ncol(part) == 1 && is.null(colnames(part)))) {
          return(name)
        }
        paste0(name, if (is.null(colnames(part))) seq_len(ncol(part)) else colnames(part))
      },
      names(columns), columns, parts
    ),
    use.names = FALSE
  )
  matrix(
    as.double(unlist(parts, use.names = FALSE)), nrow(data), length(labels),
    dimnames = list(NULL, labels)
  )
}

check_known_levels <- function(values, levels, variable, name, call) {
  unknown <- setdiff(values[!is.na(values)], levels)
  if (length(unknown) > 0) {
    abort_input(c(
      paste0(
        "Column {.field {variable}} of {.arg {name}} must have the levels that the fit was made ",
        "with."
      ),
      x = "It has {.val {unknown}}.",
      i = "The fit has {.val {levels}}."
    ), call)
  }
}

# The names of cases are those that somebody gave: row names that are text.
case_names <- function(data) {
  if (!is.data.frame(data)) {
    return(rownames(data))
  }
  names <- attr(data, "row.names")
  if (is.character(names)) names
}
