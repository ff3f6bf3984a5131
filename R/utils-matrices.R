# Matrices: checks, rows and names.

# A numeric matrix with rows, columns and finite numbers, in double precision; its names are kept.
check_matrix <- function(x, name, call, rows = NULL, least_rows = 1) {
  if (is.data.frame(x)) {
    abort_input(c(
      "{.arg {name}} must be a numeric matrix.",
      x = "It is {describe(x)}.",
      i = paste0(
        "Use {.code as.matrix({name})}, with factors turned into numbers first (see ",
        "{.fn stats::model.matrix})."
      )
    ), call)
  }
  if (!is.numeric(x) || !is.matrix(x) || is.object(x)) {
    abort_input(c(
      "{.arg {name}} must be a numeric matrix, a row for each case.",
      x = "It is {describe(x)}.",
      i = if (is.numeric(x) && is.null(dim(x))) {
        paste0(
          "Use {.code matrix({name}, ncol = 1)} for one column, {.code matrix({name}, nrow = 1)} ",
          "for one case."
        )
      } else if (inherits(x, "Matrix")) {
        "Use {.code as.matrix({name})}."
      } else if (is.logical(x)) {
        "Use {.code {name} + 0} for numbers of 0 and 1."
      }
    ), call)
  }
  check_size(x, name, call, least_rows)
  if (!is.null(rows) && nrow(x) != rows) {
    abort_input(c(
      "{.arg X} and {.arg {name}} must have the same number of rows.",
      x = "{.arg X} has {rows}, {.arg {name}} has {nrow(x)}."
    ), call)
  }
  if (!is.double(x)) storage.mode(x) <- "double"
  check_finite(x, name, call)
  x
}

check_size <- function(x, name, call, least_rows) {
  if (nrow(x) < least_rows || ncol(x) < 1) {
    abort_input(c(
      "{.arg {name}} must have {if (least_rows > 0) 'rows and '}columns.",
      x = "It has {nrow(x)} row{?s} and {ncol(x)} column{?s}."
    ), call)
  }
}

check_finite <- function(x, name, call) {
  at <- core_first_not_finite(x)
  if (at == 0) {
    return(invisible())
  }
  abort_not_finite(
    x[at], (at - 1) %% nrow(x) + 1, (at - 1) %/% nrow(x) + 1, colnames(x), name, call
  )
}

abort_not_finite <- function(value, row, column, columns, name, call) {
  label <- if (is.null(columns)) "" else paste0(" (", columns[column], ")")
  abort_input(c("{.arg {name}} must hold finite numbers only.",
    x = "The first that is not is {value}, in row {row}, column {column}{label}.",
    i = "Drop such rows, or fill them in, before the call."
  ), call)
}

# Some rows of a vector, matrix or data frame; NULL of NULL.
take_rows <- function(x, rows) {
  # which a worker has not done, and without which a sparse matrix has no rows
  if (isS4(x)) loadNamespace("Matrix")
  if (is.null(x)) NULL else if (is.null(dim(x))) x[rows] else x[rows, , drop = FALSE]
}

unname_rows <- function(x) {
  rownames(x) <- NULL
  x
}

# One column as a vector, names kept.
bare <- function(output) {
  if (ncol(output) == 1) stats::setNames(as.vector(output), rownames(output)) else output
}

# Do these names tell columns apart? Where they do not, columns are known by their number.
identifies <- function(names) {
  is.character(names) && !anyNA(names) && all(nzchar(names)) && !anyDuplicated(names)
}

last <- function(x) x[length(x)]
