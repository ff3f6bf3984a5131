# Statistics of numbers in a file that are computed in passes over blocks of its rows, with the same
# sums as in memory, so that no memory is needed for each row.

# Calls f(at) for the numbers of consecutive rows that have `width` numbers each. They are few,
# because f() makes copies of the rows' numbers that R removes later.
each_range <- function(rows, width, f) {
  at_once <- rows_at_once(8 * width)
  for (begin in seq_len(ceiling(rows / at_once)) * at_once - at_once) {
    f(seq(begin + 1, min(begin + at_once, rows)))
  }
}

# Calls f(block) for matrices of consecutive rows of stored rows or of indicators.
each_part <- function(X, f) {
  each_range(nrow(X), ncol(X), function(at) f(as.matrix(X[at, ])))
}

# Whether f(block) is TRUE for any block.
any_part <- function(X, f) {
  found <- FALSE
  each_part(X, function(part) if (!found) found <<- f(part))
  found
}

# The sum of the numbers f(block, at) of all blocks, as sum() computes it for them in one vector.
# `at`: the numbers of the rows of the block.
sum_of_parts <- function(X, f) {
  sum <- core_add_up(numeric(), raw())
  each_range(nrow(X), ncol(X), function(at) {
    sum <<- core_add_up(f(as.matrix(X[at, ]), at), sum)
  })
  core_sums(sum)
}

# The sum of what f(block, at) returns for each row: a number, or a row of a matrix, whose columns
# are added up one after the other.
sum_over_rows <- function(X, f) {
  sum <- core_add_up(numeric(), raw())
  columns <- 1
  column <- 0
  while (column < columns) {
    column <- column + 1
    each_range(nrow(X), ncol(X), function(at) {
      values <- f(as.matrix(X[at, ]), at)
      if (is.matrix(values)) {
        columns <<- ncol(values)
        values <- values[, column]
      }
      sum <<- core_add_up(values, sum)
    })
  }
  core_sums(sum)
}

# The least and the largest number of each column of a matrix or of stored rows: list(least, most).
column_ends <- function(X) {
  if (!is_stored(X)) {
    return(list(least = column_extremes(X, min), most = column_extremes(X, max)))
  }
  ends <- list(least = Inf, most = -Inf)
  each_part(X, function(part) {
    ends$least <<- pmin(ends$least, column_extremes(part, min))
    ends$most <<- pmax(ends$most, column_extremes(part, max))
  })
  ends
}

column_extremes <- function(m, extreme) vapply(seq_len(ncol(m)), function(k) extreme(m[, k]), 0)

# Up to `most` different values of a column and one more, sorted.
some_values <- function(X, most) {
  if (!is_stored(X)) {
    return(sort(unique(as.vector(X))))
  }
  values <- numeric()
  each_part(X, function(part) {
    if (length(values) <= most) values <<- unique(c(values, as.vector(part)))
  })
  sort(values)
}

# The numbers of stored rows in memory: a vector if they have one column without a name.
outcome_in_memory <- function(y) {
  if (!is_stored(y)) {
    return(y)
  }
  y <- as.matrix(y)
  if (ncol(y) == 1 && is.null(colnames(y))) as.vector(y) else y
}
