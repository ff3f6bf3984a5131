# Statistics of numbers in a file that are computed in passes over blocks of its rows, with the same
# sums as in memory, so that no memory is needed for each row.

# Calls f(block) for matrices of consecutive rows of stored rows. They are short, because f() makes
# copies that R removes later.
each_part <- function(X, f) {
  rows <- nrow(X)
  at_once <- rows_at_once(8 * ncol(X))
  for (begin in seq_len(ceiling(rows / at_once)) * at_once - at_once) {
    f(as.matrix(X[seq(begin + 1, min(begin + at_once, rows)), ]))
  }
}

# Whether f(block) is TRUE for any block.
any_part <- function(X, f) {
  found <- FALSE
  each_part(X, function(part) if (!found) found <<- f(part))
  found
}

# The sum of the numbers f(block) of all blocks, as sum() computes it for them in one vector.
sum_of_parts <- function(X, f) {
  sum <- core_add_up(numeric(), raw())
  each_part(X, function(part) sum <<- core_add_up(f(part), sum))
  core_sums(sum)
}

# The sum of each column.
stored_sums <- function(X) {
  vapply(seq_len(ncol(X)), function(k) sum_of_parts(X, function(part) part[, k]), 0)
}

# The sum of what a function of matrices returns for each row: a number, or a row of a matrix, whose
# columns are added up one after the other.
sum_over_rows <- function(X, f) {
  sum <- core_add_up(numeric(), raw())
  columns <- 1
  column <- 0
  while (column < columns) {
    column <- column + 1
    each_part(X, function(part) {
      values <- f(part)
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
