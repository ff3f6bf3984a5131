# Weights and offsets of rows in a file, which stand for a vector or a matrix in memory: all of them
# stay in the file; some of them, and what R computes from them, are in memory. Functions of all
# rows go through them in parts, so that they need no memory for each row.

# Numbers in a file have the fields of stored rows (see source-rows.R), all of which are used, and
#   matrix  do they stand for a matrix?
# `rows`: stored rows. They are read in their order, for which the file need not be mapped.
new_numbers <- function(rows, matrix) {
  plain <- unclass(rows)
  plain$map <- FALSE
  plain$matrix <- matrix
  structure(plain, class = "nn_numbers")
}

is_in_file <- function(x) is.object(x) && inherits(x, "nn_numbers")

#' @export
dim.nn_numbers <- function(x) {
  x <- unclass(x)
  if (x$matrix) c(as.integer(x$records), length(x$names))
}

#' @export
length.nn_numbers <- function(x) {
  x <- unclass(x)
  x$records * length(x$names)
}

#' @export
is.numeric.nn_numbers <- function(x) TRUE

#' @export
`[.nn_numbers` <- function(x, i, j, drop = TRUE) {
  plain <- unclass(x)
  whole <- missing(i) || core_are_all(i, plain$records)
  if (whole && missing(j)) {
    return(x)
  }
  if (!whole) plain$rows <- seq_len(plain$records)[i]
  numbers <- core_read_rows(plain)
  if (!plain$matrix) {
    return(as.vector(numbers))
  }
  if (missing(j)) numbers[, , drop = drop] else numbers[, j, drop = drop]
}

#' @export
as.double.nn_numbers <- function(x, ...) as.vector(core_read_rows(unclass(x)))

#' @export
as.matrix.nn_numbers <- function(x, ...) core_read_rows(unclass(x))

# Operators have results in memory.
#' @export
Ops.nn_numbers <- function(e1, e2) {
  operator <- get(.Generic, mode = "function")
  e1 <- numbers_in_memory(e1)
  if (missing(e2)) operator(e1) else operator(e1, numbers_in_memory(e2))
}

# The least and the largest number are found in parts, and so is a sum, as that of a vector.
#' @export
Summary.nn_numbers <- function(..., na.rm = FALSE) {
  given <- list(...)
  if (.Generic == "sum" && length(given) == 1 && !na.rm) {
    return(sum_of_numbers(given[[1]], identity))
  }
  given <- lapply(given, function(x) {
    if (!is_in_file(x)) {
      return(x)
    }
    if (!.Generic %in% c("min", "max", "range")) {
      return(numbers_in_memory(x))
    }
    ends <- c(Inf, -Inf)
    each_of_numbers(x, function(part) {
      ends <<- c(min(ends[1], part, na.rm = na.rm), max(ends[2], part, na.rm = na.rm))
    })
    ends
  })
  do.call(.Generic, c(given, na.rm = na.rm))
}

# The vector or matrix that numbers in a file stand for; others are unchanged.
numbers_in_memory <- function(x) {
  if (!is_in_file(x)) {
    return(x)
  }
  if (is.null(dim(x))) as.double(x) else as.matrix(x)
}

# The matrix behind stored rows, and what numbers in a file stand for; others are unchanged.
rows_in_memory <- function(X) if (is_stored(X)) as.matrix(X) else numbers_in_memory(X)

# The numbers of some rows of a vector, a matrix, stored rows or numbers in a file, in memory.
part_of <- function(x, rows) rows_in_memory(take_rows(x, rows))

# Calls f(part) for consecutive parts of numbers, which may be in a file.
each_of_numbers <- function(x, f) {
  if (!is_in_file(x)) {
    return(f(x))
  }
  each_range(NROW(x), NCOL(x), function(rows) f(part_of(x, rows)))
}

# Whether f(part) is TRUE for all numbers.
all_numbers <- function(x, f) {
  all <- TRUE
  each_of_numbers(x, function(part) all <<- all && isTRUE(all(f(part))))
  all
}

# The sum of the numbers f(part) of all parts.
sum_of_numbers <- function(x, f) {
  if (!is_in_file(x)) {
    return(sum(f(x)))
  }
  sum <- core_add_up(numeric(), raw())
  each_of_numbers(x, function(part) sum <<- core_add_up(f(part), sum))
  core_sums(sum)
}

# The numbers of those elements of a vector for which f(part) is TRUE. All of them take no memory.
which_numbers <- function(x, f) {
  if (!is_in_file(x)) {
    return(which(f(x)))
  }
  count <- sum_of_numbers(x, f)
  if (count %in% c(0, length(x))) {
    return(seq_len(count))
  }
  found <- integer(count)
  done <- 0
  before <- 0L
  each_of_numbers(x, function(part) {
    own <- which(f(part))
    if (length(own) > 0) found[done + seq_along(own)] <<- before + own
    done <<- done + length(own)
    before <<- before + length(part)
  })
  found
}

# Numbers in a new file of a store: those that f(rows) returns for consecutive rows, a vector, or a
# matrix with so many columns.
write_numbers <- function(store, rows, columns, f, matrix = TRUE) {
  new_numbers(write_rows(store, rows, rep(NA_character_, columns), f), matrix)
}

# The same as stored rows with columns of these names.
write_rows <- function(store, rows, names, f) {
  writer <- rows_writer(store, names)
  each_range(rows, length(names), function(at) {
    part <- f(at)
    writer$add(matrix(as.double(part), length(at)))
  })
  writer$rows()
}

# The store of the first of these that are in files; NULL if none is.
store_of <- function(...) {
  for (x in list(...)) {
    if (is_in_file(x) || is_stored(x)) {
      return(unclass(x)$store)
    }
  }
}

# Stored rows, or numbers in a file, with other numbers in some rows, which are sorted: those of
# `value`, one for each column.
replace_stored <- function(x, rows, value) {
  changed <- function(at) {
    part <- as.matrix(part_of(x, at))
    own <- rows[seq_len(findInterval(last(at), rows))]
    own <- own[own >= at[1]] - at[1] + 1L
    for (k in seq_along(value)) part[own, k] <- value[k]
    part
  }
  plain <- unclass(x)
  if (is_stored(x)) {
    write_rows(plain$store, nrow(x), plain$names, changed)
  } else {
    write_numbers(plain$store, NROW(x), NCOL(x), changed, plain$matrix)
  }
}
