# The targets of classes, kept as the class of each row: a matrix of zeros and ones that takes four
# bytes a row, whatever the number of its columns, for tables whose inputs are not in memory.

# Indicators of n rows in k columns:
#   classes  n integers from 1
#   names    the names of the columns, or NULL
#   columns  their number
#   first    column j is 1 in the rows of class j + first - 1
#   above    is it rather 1 in the rows of the classes above that one?
new_indicators <- function(classes, names, columns, first = 1, above = FALSE) {
  structure(
    list(classes = classes, names = names, columns = columns, first = first, above = above),
    class = "nn_indicators"
  )
}

is_indicators <- function(y) is.object(y) && inherits(y, "nn_indicators")

#' @export
dim.nn_indicators <- function(x) {
  x <- unclass(x)
  c(length(x$classes), as.integer(x$columns))
}

#' @export
dimnames.nn_indicators <- function(x) {
  x <- unclass(x)
  if (!is.null(x$names)) list(NULL, x$names)
}

# All columns of some rows are indicators again, some columns numbers.
#' @export
`[.nn_indicators` <- function(x, i, j, drop = TRUE) {
  if (!missing(i)) {
    plain <- unclass(x)
    plain$classes <- plain$classes[i]
    x <- structure(plain, class = "nn_indicators")
  }
  if (missing(j)) {
    return(x)
  }
  plain <- unclass(x)
  codes <- j + plain$first - 1
  numbers <- vapply(codes, function(code) {
    as.double(if (plain$above) plain$classes > code else plain$classes == code)
  }, numeric(length(plain$classes)))
  if (drop && length(j) == 1) {
    return(as.vector(numbers))
  }
  matrix(
    numbers, length(plain$classes),
    dimnames = if (!is.null(plain$names)) list(NULL, plain$names[j])
  )
}

#' @export
as.matrix.nn_indicators <- function(x, ...) x[, seq_len(ncol(x)), drop = FALSE]

# Applies a function of a matrix that returns a number for each column, to one column at a time
# where the matrix is not in memory.
by_column <- function(m, f) {
  if (!is_indicators(m)) {
    return(f(m))
  }
  vapply(seq_len(ncol(m)), function(k) unname(f(m[, k, drop = FALSE])), 0)
}
