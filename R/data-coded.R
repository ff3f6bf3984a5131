# Coded matrices: inputs among which are the dummy variables of factors with many levels. A row has
# one number for each such factor, the column of its level, instead of a number for each level.
# Nothing has the size of the whole matrix, and the core computes the first layer with the values
# that differ from the most common one of their column (see src/core/pass_coded.cpp).

# The rule for training: at least 2^23 numbers in all rows (64 MB), or those of an option, in the
# dummy variables of factors with more than 32 levels and treatment contrasts. The encoding stores
# the decision as `coded`, so that a fit encodes all other data in the same way.
few_levels <- 32

is_best_coded <- function(levels, rows) {
  many <- as.double(levels[levels > few_levels])
  sum(many) > 0 && as.double(rows) * sum(many - 1) >= getOption("backprop.coded_from", 2^23)
}

# Coded matrices, n x p:
#   numbers  n x q: the columns that are stored as numbers
#   columns  their places among the p columns
#   codes    a list of n integers for each factor: the column of the row's level, 0 for the first
#            level, -1 for a level that is only declared, NA if it is missing
#   spans    a list of the columns of each factor, which are consecutive
#   on       p numbers: the value of a column in the rows of its level
#   mean     p numbers: its value in the rows of a level that is only declared
#   common   p numbers: its value in other rows; 0 for the columns of `numbers`
#   names    p column names
#   cases    n row names, or NULL
new_coded <- function(numbers, columns, codes, spans, mean, names) {
  none <- numeric(length(names))
  structure(
    list(
      numbers = numbers, columns = as.integer(columns), codes = codes, spans = spans,
      on = replace(none, unlist(spans), 1), mean = replace(none, unlist(spans), mean),
      common = none, names = names, cases = NULL
    ),
    class = "nn_coded"
  )
}

is_coded <- function(X) inherits(X, "nn_coded")

# Whether these levels are coded as numbers of columns.
has_codes <- function(levels, coding) {
  identical(coding, "contr.treatment") && length(levels) > few_levels
}

# Makes a coded matrix of the parts of its columns: each a vector or matrix of numbers, or
# list(codes, levels, shares), as code_levels() returns it. `rows`: their number; `names`: those of
# the columns.
bind_coded <- function(parts, rows, names) {
  is_codes <- vapply(parts, is.list, NA)
  widths <- vapply(parts, function(part) {
    if (is.list(part)) length(part$levels) - 1L else NCOL(part)
  }, 0L)
  before <- cumsum(c(0L, widths))[seq_along(widths)]
  places <- unlist(Map(function(before, width) before + seq_len(width), before, widths)[!is_codes])
  numbers <- unlist(parts[!is_codes], use.names = FALSE)
  of_levels <- unname(parts[is_codes])
  spans <- Map(
    function(part, before) before + seq_len(length(part$levels) - 1L), of_levels, before[is_codes]
  )
  codes <- Map(function(part, span) c(0L, span, -1L)[part$codes], of_levels, spans)
  mean <- unlist(lapply(of_levels, function(part) {
    if (is.null(part$shares)) numeric(length(part$levels) - 1) else part$shares[-1]
  }))
  new_coded(matrix(as.double(numbers), rows, length(places)), places, codes, spans, mean, names)
}

#' @export
dim.nn_coded <- function(x) {
  x <- unclass(x)
  c(nrow(x$numbers), length(x$names))
}

#' @export
dimnames.nn_coded <- function(x) {
  x <- unclass(x)
  list(x$cases, x$names)
}

#' @export
`dimnames<-.nn_coded` <- function(x, value) {
  plain <- unclass(x)
  plain["cases"] <- list(value[[1]])
  plain$names <- value[[2]]
  structure(plain, class = "nn_coded")
}

# Only rows can be selected.
#' @export
`[.nn_coded` <- function(x, i, j, drop = FALSE) {
  plain <- unclass(x)
  plain$numbers <- plain$numbers[i, , drop = FALSE]
  plain$codes <- lapply(plain$codes, `[`, i)
  plain["cases"] <- list(plain$cases[i])
  structure(plain, class = "nn_coded")
}

#' @export
as.matrix.nn_coded <- function(x, ...) {
  plain <- unclass(x)
  n <- nrow(plain$numbers)
  X <- matrix(rep(plain$common, each = n), n, dimnames = dimnames(x))
  X[, plain$columns] <- plain$numbers
  for (k in seq_along(plain$codes)) {
    codes <- plain$codes[[k]]
    span <- plain$spans[[k]]
    at <- which(codes > 0)
    X[cbind(at, codes[at])] <- plain$on[codes[at]]
    declared <- which(codes < 0)
    X[declared, span] <- rep(plain$mean[span], each = length(declared))
    X[which(is.na(codes)), span] <- NA
  }
  X
}

# The matrix of coded rows; other matrices are unchanged.
decoded <- function(X) if (is_coded(X)) as.matrix(X) else X

# The columns that are stored as numbers.
coded_numbers <- function(X) {
  plain <- unclass(X)
  `colnames<-`(plain$numbers, plain$names[plain$columns])
}

# Whether each row of inputs has missing values.
has_missing <- function(X) {
  if (!is_coded(X)) {
    return(if (anyNA(X)) rowSums(is.na(X)) > 0 else logical(nrow(X)))
  }
  plain <- unclass(X)
  Reduce(`|`, lapply(plain$codes, is.na), rowSums(is.na(plain$numbers)) > 0)
}

# Inputs with NA, or with 0, in some rows.
set_rows <- function(X, rows, value) {
  if (!is_coded(X)) {
    X[rows, ] <- value
    return(X)
  }
  plain <- unclass(X)
  plain$numbers[rows, ] <- value
  plain$codes <- lapply(plain$codes, function(codes) replace(codes, rows, as.integer(value)))
  structure(plain, class = "nn_coded")
}

# Coded rows with further columns of numbers.
append_columns <- function(X, more) {
  if (!is_coded(X)) {
    return(cbind(X, more))
  }
  plain <- unclass(X)
  p <- length(plain$names)
  plain$numbers <- cbind(plain$numbers, unname(more))
  plain$columns <- c(plain$columns, p + seq_len(ncol(more)))
  plain$names <- c(plain$names, colnames(more))
  for (part in c("on", "mean", "common")) plain[[part]] <- c(plain[[part]], numeric(ncol(more)))
  structure(plain, class = "nn_coded")
}

# Applies a function of the values and the numbers of their columns to each column.
map_coded <- function(X, f) {
  plain <- unclass(X)
  for (k in seq_along(plain$columns)) {
    plain$numbers[, k] <- f(plain$numbers[, k], plain$columns[k])
  }
  coded <- unlist(plain$spans)
  for (part in c("on", "mean", "common")) plain[[part]][coded] <- f(plain[[part]][coded], coded)
  structure(plain, class = "nn_coded")
}

# The sum of `share` over the rows of each level, by column.
level_sums <- function(X, share) {
  plain <- unclass(X)
  sums <- numeric(length(plain$names))
  for (codes in plain$codes) {
    at <- which(codes > 0)
    found <- rowsum(share[at], codes[at])
    sums[as.integer(rownames(found))] <- found
  }
  sums
}

# One column as numbers.
coded_column <- function(X, j) {
  plain <- unclass(X)
  at <- match(j, plain$columns)
  if (!is.na(at)) {
    return(plain$numbers[, at])
  }
  x <- rep(plain$common[j], nrow(plain$numbers))
  of_j <- which(vapply(plain$spans, function(span) j %in% span, NA))
  codes <- plain$codes[[of_j]]
  x[which(codes == j)] <- plain$on[j]
  x[which(codes < 0)] <- plain$mean[j]
  x[is.na(codes)] <- NA
  x
}
