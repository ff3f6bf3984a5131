# Coded matrices: inputs among which are the dummy variables of factors with many levels, or of
# interactions of factors. A row has one number for each such term, the column in which it is 1,
# instead of a number for each column. Nothing has the size of the whole matrix, and the core
# computes the first layer with the values that differ from the most common one of their column
# (see src/core/pass_coded.cpp).

# The rule for training: at least 2^23 numbers in all rows (64 MB), or those of an option, in the
# dummy variables of terms with more than 32 levels and treatment contrasts. The encoding stores
# the decision as `coded`, so that a fit encodes all other data in the same way. `levels`: those of
# each term, one more than its columns.
few_levels <- 32

is_best_coded <- function(levels, rows) {
  many <- as.double(levels[levels > few_levels])
  sum(many) > 0 && as.double(rows) * sum(many - 1) >= getOption("backprop.coded_from", 2^23)
}

# Coded matrices, n x p:
#   numbers  n x q: the columns that are stored as numbers
#   columns  their places among the p columns
#   codes    a list of n integers for each coded term: the column in which the row is 1, 0 if there
#            is none, -k for the k-th of `mixed`, NA if a variable of the term is missing
#   spans    a list of the columns of each coded term, which are consecutive
#   mixed    a list of list(columns, values): the values of rows with a level that is only declared
#   on       p numbers: the value of a column in the rows in which it is 1
#   common   p numbers: its value in other rows; 0 for the columns of `numbers`
#   names    p column names
#   cases    n row names, or NULL
new_coded <- function(numbers, columns, codes, spans, mixed, names) {
  none <- numeric(length(names))
  structure(
    list(
      numbers = numbers, columns = as.integer(columns), codes = codes, spans = spans,
      mixed = mixed, on = replace(none, unlist(spans), 1), common = none, names = names,
      cases = NULL
    ),
    class = "nn_coded"
  )
}

is_coded <- function(X) is.object(X) && inherits(X, "nn_coded")

# Whether these levels are coded as numbers of columns.
has_codes <- function(levels, coding) {
  identical(coding, "contr.treatment") && length(levels) > few_levels
}

# The columns of a coded term: list(codes, width, mixed), in which columns are counted from its
# first one (see new_coded()).
new_codes <- function(codes, width, mixed = list()) {
  list(codes = codes, width = width, mixed = mixed)
}

# The columns of a product of factors, each with a column for each level or for all but the first
# (see new_codes()), of which those of the first factor vary fastest. `parts`: for each factor
# list(codes, width, shares): the column of each row, 0 if there is none, width + 1 for a level that
# is only declared, whose values are `shares`.
cross_levels <- function(parts) {
  widths <- vapply(parts, function(part) as.double(part$width), 0)
  strides <- cumprod(c(1, widths))
  sum <- function(f) Reduce(`+`, Map(f, parts, seq_along(parts)))
  columns <- 1 + sum(function(part, k) (part$codes - 1) * strides[k])
  none <- sum(function(part, k) part$codes == 0) > 0
  declared <- which(!none & sum(function(part, k) part$codes > part$width) > 0)
  columns[which(none)] <- 0
  mixed <- list()
  if (length(declared) > 0) {
    keys <- sum(function(part, k) part$codes * prod(widths[seq_len(k - 1)] + 2))[declared]
    rows <- declared[match(unique(keys), keys)]
    mixed <- lapply(rows, function(row) mix_levels(parts, strides, row))
    columns[declared] <- -match(keys, unique(keys))
  }
  new_codes(as.integer(columns), as.integer(last(strides)), mixed)
}

# The columns and values of a row with declared levels.
mix_levels <- function(parts, strides, row) {
  columns <- values <- 1
  for (k in seq_along(parts)) {
    part <- parts[[k]]
    declared <- part$codes[row] > part$width
    own <- if (declared) seq_len(part$width) else part$codes[row]
    columns <- as.vector(outer(columns, (own - 1) * strides[k], `+`))
    values <- as.vector(outer(values, if (declared) part$shares else 1))
  }
  list(columns = as.integer(columns), values = values)
}

# Makes a coded matrix of the parts of its columns: each a vector or matrix of numbers, or what
# new_codes() returns. `rows`: their number; `names`: those of the columns.
bind_coded <- function(parts, rows, names) {
  is_codes <- vapply(parts, is.list, NA)
  widths <- vapply(parts, function(part) if (is.list(part)) part$width else NCOL(part), 0L)
  before <- cumsum(c(0L, widths))[seq_along(widths)]
  places <- unlist(Map(function(before, width) before + seq_len(width), before, widths)[!is_codes])
  numbers <- unlist(parts[!is_codes], use.names = FALSE)
  terms <- unname(parts[is_codes])
  of_term <- before[is_codes]
  mixed_before <- cumsum(c(0L, lengths(lapply(terms, `[[`, "mixed"))))[seq_along(terms)]
  codes <- Map(function(term, before, mixed_before) {
    term$codes + before * (term$codes > 0) - mixed_before * (term$codes < 0)
  }, terms, of_term, mixed_before)
  mixed <- Map(function(term, before) {
    lapply(term$mixed, function(one) list(columns = one$columns + before, values = one$values))
  }, terms, of_term)
  new_coded(
    matrix(as.double(numbers), rows, length(places)), places, codes,
    Map(function(term, before) before + seq_len(term$width), terms, of_term),
    unlist(mixed, recursive = FALSE), names
  )
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

# Rows one after the other, of the same columns.
#' @export
rbind.nn_coded <- function(..., deparse.level = 1) {
  parts <- lapply(list(...), unclass)
  plain <- parts[[1]]
  plain$numbers <- do.call(rbind, lapply(parts, `[[`, "numbers"))
  before <- cumsum(c(0L, lengths(lapply(parts, `[[`, "mixed"))))[seq_along(parts)]
  plain$codes <- lapply(seq_along(plain$codes), function(k) {
    unlist(Map(function(part, before) {
      codes <- part$codes[[k]]
      codes - before * (codes < 0)
    }, parts, before))
  })
  plain["mixed"] <- list(unlist(lapply(parts, `[[`, "mixed"), recursive = FALSE))
  plain["cases"] <- list(unlist(lapply(parts, `[[`, "cases")))
  structure(plain, class = "nn_coded")
}

#' @export
as.matrix.nn_coded <- function(x, ...) {
  plain <- unclass(x)
  n <- nrow(plain$numbers)
  X <- matrix(rep(plain$common, each = n), n, ncol(x), dimnames = dimnames(x))
  X[, plain$columns] <- plain$numbers
  for (k in seq_along(plain$codes)) {
    codes <- plain$codes[[k]]
    span <- plain$spans[[k]]
    at <- which(codes > 0)
    X[cbind(at, codes[at])] <- plain$on[codes[at]]
    for (row in which(codes < 0)) {
      mixture <- plain$mixed[[-codes[row]]]
      X[row, mixture$columns] <- mixture$values
    }
    X[which(is.na(codes)), span] <- NA
  }
  X
}

# How many numbers a row is stored as.
numbers_in_row <- function(X) {
  if (is_coded(X)) ncol(unclass(X)$numbers) + length(unclass(X)$codes) else ncol(X)
}

# Whether rows of a source are rather coded in memory than written to a file, which would have more
# than 50 numbers for each one that a row has when it is coded.
is_mostly_codes <- function(X) is_coded(X) && ncol(X) > 50 * numbers_in_row(X)

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
  for (part in c("on", "common")) plain[[part]] <- c(plain[[part]], numeric(ncol(more)))
  structure(plain, class = "nn_coded")
}

# Applies a function of the values and the numbers of their columns to each column.
map_coded <- function(X, f) {
  plain <- unclass(X)
  for (k in seq_along(plain$columns)) {
    plain$numbers[, k] <- f(plain$numbers[, k], plain$columns[k])
  }
  coded <- unlist(plain$spans)
  for (part in c("on", "common")) plain[[part]][coded] <- f(plain[[part]][coded], coded)
  plain$mixed <- lapply(plain$mixed, function(mixture) {
    list(columns = mixture$columns, values = f(mixture$values, mixture$columns))
  })
  structure(plain, class = "nn_coded")
}

# The sum of `share` over the rows of each level, by column.
level_sums <- function(X, share) {
  plain <- unclass(X)
  sums <- numeric(length(plain$names))
  for (codes in plain$codes) {
    at <- which(codes > 0)
    if (length(at) == 0) next
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
  for (k in -unique(codes[which(codes < 0)])) {
    mixture <- plain$mixed[[k]]
    at <- match(j, mixture$columns)
    if (!is.na(at)) x[which(codes == -k)] <- mixture$values[at]
  }
  x[is.na(codes)] <- NA
  x
}
