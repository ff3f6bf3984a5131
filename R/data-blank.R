# Rows of weight 0 count as rows left out, whatever they hold. Where a fit can't encode what such a
# row holds (a level or a class that no other row has, or a number that is not finite), valid values
# take its place, and its row is recorded as *blank*: list(inputs, outcome), two vectors of row
# numbers. The fitted values of these rows are NA.

no_blanks <- list(inputs = integer(), outcome = integer())

# The numbers of the rows of weight 0.
weightless_rows <- function(weights) {
  if (!is.numeric(weights)) {
    return(integer())
  }
  which_numbers(weights, function(w) w == 0)
}

# The numbers of the rows of positive weight.
positive_rows <- function(weights) which_numbers(weights, function(w) w > 0)

# Their number.
positive_count <- function(weights) sum_of_numbers(weights, function(w) w > 0)

# The rows of positive weight: of a vector, a matrix or rows in a file that belong to weights, or of
# weights themselves. All rows are not copied.
with_weight <- function(x, weights) {
  if (length(weights) == 0 || all_numbers(weights, function(w) w > 0)) {
    return(x)
  }
  take_rows(x, positive_rows(weights))
}

# Some rows of the blank ones, with their numbers among `rows`.
take_blank <- function(blank, rows) {
  lapply(blank, function(at) if (length(at) > 0) which(rows %in% at) else at)
}

# The values of columns or of an outcome without the rows of weight 0, for their levels. All rows if
# no row has weight, which is an error later.
counted_values <- function(x, weights) {
  none <- weightless_rows(weights)
  if (length(none) == 0 || length(none) == NROW(x)) x else take_rows(x, -none)
}

# An outcome with valid values in the rows of weight 0: list(y, rows). `levels`: the classes of a
# fit, NULL in its training.
blank_outcome <- function(y, weights, levels = NULL) {
  none <- weightless_rows(weights)
  if (length(none) == 0 || length(none) == NROW(y) || NROW(y) != length(weights)) {
    return(list(y = y, rows = integer()))
  }
  classes <- is.null(dim(y)) && (is.factor(y) || is.character(y) || is.logical(y))
  bad <- if (classes) {
    known <- levels %||% if (is.factor(y)) levels(y) else as.character(y[-none])
    none[!as.character(y[none]) %in% known[!is.na(known)]]
  } else {
    none[!are_finite(part_of(y, none))]
  }
  if (is_stored(y)) {
    if (length(bad) > 0) {
      y <- replace_stored(y, bad, as.matrix(y[first_without(none), ])[1, ])
    }
    return(list(y = y, rows = bad))
  }
  valid <- first_without(none)
  if (length(bad) > 0 && is.null(dim(y))) y[bad] <- y[valid]
  if (length(bad) > 0 && !is.null(dim(y))) y[bad, ] <- y[rep(valid, length(bad)), ]
  list(y = y, rows = bad)
}

# The first row that is not among some, which are sorted.
first_without <- function(rows) match(FALSE, rows == seq_along(rows), length(rows) + 1L)

# Whether all numbers of a row are finite. What is no number is judged later.
are_finite <- function(x) {
  parts <- if (is.data.frame(x)) as.list(x) else list(x)
  finite <- lapply(parts, function(part) {
    if (!is.numeric(part)) rep(TRUE, NROW(part)) else rowSums(!is.finite(as.matrix(part))) == 0
  })
  Reduce(`&`, finite)
}

# Inputs, a matrix or a sparse matrix, or offsets, with 0 in those of the rows `none`, of weight 0,
# that are not finite: list(X, rows).
blank_inputs <- function(X, none) {
  if (length(none) == 0) {
    return(list(X = X, rows = integer()))
  }
  if (is_in_file(X)) {
    rows <- none[!are_finite(part_of(X, none))]
    if (length(rows) > 0) X <- replace_stored(X, rows, rep(0, NCOL(X)))
    return(list(X = X, rows = rows))
  }
  known <- is_sparse(X) || is_coded(X) || (is.numeric(X) && length(dim(X)) <= 2 && !is.object(X))
  if (!known || max(none) > NROW(X)) {
    return(list(X = X, rows = integer()))
  }
  if (is_sparse(X)) {
    bad <- !is.finite(X@x) & (X@i + 1L) %in% none
    rows <- sort(unique(X@i[bad] + 1L))
    X@x[bad] <- 0
    return(list(X = X, rows = rows))
  }
  some <- take_rows(X, none)
  finite <- if (is_coded(X)) {
    are_finite(coded_numbers(some)) & !has_missing(some)
  } else {
    are_finite(some)
  }
  rows <- none[!finite]
  if (length(rows) > 0) if (is.null(dim(X))) X[rows] <- 0 else X <- set_rows(X, rows, 0)
  list(X = X, rows = rows)
}

# A frame with valid values in its rows of weight 0. `recorded`: rows with levels of their own.
blank_frame <- function(frame, recorded = integer(), levels = NULL) {
  none <- weightless_rows(frame$weights)
  X <- blank_inputs(frame$encoded$X, none)
  own <- blank_inputs(frame$encoded$offset, none)
  given <- blank_inputs(frame$offset, none)
  outcome <- blank_outcome(frame$y, frame$weights, levels)
  frame$encoded["X"] <- list(X$X)
  frame$encoded["offset"] <- list(own$X)
  frame["offset"] <- list(given$X)
  frame$y <- outcome$y
  frame$blank <- list(
    inputs = sort(unique(as.integer(c(recorded, X$rows, own$rows, given$rows)))),
    outcome = outcome$rows
  )
  frame
}

# The same for a problem of a matrix, or a list of X, y, weights and offset.
blank_problem <- function(problem, levels = NULL) {
  none <- weightless_rows(problem$weights)
  if (length(none) == 0) {
    problem$blank <- list(inputs = integer(), outcome = integer())
    return(problem)
  }
  X <- blank_inputs(problem$X, none)
  offset <- blank_inputs(problem$offset, none)
  outcome <- blank_outcome(problem$y, problem$weights, levels)
  problem$X <- X$X
  problem["offset"] <- list(offset$X)
  problem["y"] <- list(outcome$y)
  problem$blank <- list(
    inputs = sort(unique(c(X$rows, offset$rows))), outcome = outcome$rows
  )
  problem
}
