# Numbers that drown others: outliers of a column that is standardised, and offsets beside which
# the outcome has no digits left.

# Warns of outliers that make the other values of a standardised column almost equal. `X`: the rows
# that were used for `scales`; `what`: "Column" or "Outcome". Returns the most extreme
# value of each such column, by name.
warn_of_outliers <- function(X, scales, names, weights, what = "Column") {
  names <- names %||% seq_len(ncol(X))
  values <- rep(NA_real_, ncol(X))
  # dummy variables have no outliers
  own <- local_part(X)
  columns <- if (is_coded(own)) unclass(own)$columns else seq_len(ncol(X))
  columns <- setdiff(columns, scales$constant)
  if (is_stored(X)) columns <- crowded_columns(X, scales$scale, weights, columns)
  for (j in columns) {
    values[j] <- outlier_of(X, j, scales, weights)
  }
  at <- which(!is.na(values))
  found <- stats::setNames(values[at], names[at])
  if (length(at) == 0) {
    return(invisible(found))
  }
  shown <- paste(vapply(values[at], format, "", digits = 3), "in", names[at])
  cli::cli_warn(c(
    paste0(
      what, "{cli::qty(length(at))}{?s} {.field {names[at]}} {?has/have} outliers, beside which ",
      "the other values are almost equal after standardisation."
    ),
    x = "The most extreme {cli::qty(length(at))}value{?s} {?is/are} {shown}.",
    i = outlier_remedy(
      what != "Column", is_sparse(X), "{.code standardize = \"robust\"}"
    )
  ), class = "backprop_warning_outliers", call = NULL, columns = names[at])
  invisible(found)
}

# What to do about them, for the outcome or for columns. `robust`: that argument, as it is printed.
outlier_remedy <- function(outcome, sparse = FALSE, robust = "standardize = \"robust\"") {
  paste0(
    "Correct such values or drop their rows, or ",
    if (outcome) {
      "train on the logarithm of the outcome"
    } else if (sparse) {
      "use their logarithms"
    } else {
      paste("use", robust)
    },
    "."
  )
}

# Those columns of stored rows that may have outliers, from one pass over the rows. If a column has
# some, the standard deviation of all other rows, at least 95 % of them, is below a hundredth of its
# scale. By Chebyshev's inequality, 99 % of these are then within an interval of a fifth of the
# scale. Columns with at most two values have no outliers.
crowded_columns <- function(X, scales, weights, columns) {
  X <- with_weight(X, weights)
  n <- nrow(X)
  least <- 0.99 * (1 - max(1, n %/% 20) / n)
  crowds <- core_stored_crowds(X, unname(scales)[seq_len(ncol(X))] / 5)
  columns[crowds[columns] >= least * (1 - 1e-9)]
}

# The most extreme value of column j if at most a twentieth of its values (at least one) are apart
# from the others, and make its standard deviation over 100 times that of the others; otherwise NA.
# Networks with hidden units still learn from the others if it is 10 times as large, but not if it
# is 1000 times. Apart: 30 times as far from the median as any other, which is rare in skewed and
# heavy-tailed columns. Columns of less than 20 values have no outliers.
outlier_of <- function(X, j, scales, weights) {
  center <- scales$center[[j]]
  scale <- scales$scale[[j]]
  # a few values make up most of the variance only if the largest is as far as that
  is_far <- function(largest, n) {
    isTRUE(n >= 20 && (largest / scale)^2 * max(1, n %/% 20) >= 0.5 * n)
  }
  if (!is.null(scales$largest) && !is_far(scales$largest[[j]], nrow(X))) {
    return(NA_real_)
  }
  # most columns of a matrix are told without sorting them
  plain <- is.matrix(X) && is.double(X) && length(weights) == 0
  if (plain && !core_is_crowded(X, j, max(1, nrow(X) %/% 20))) {
    return(NA_real_)
  }
  x <- counted_column(X, j, weights)
  n <- length(x)
  if (n < 20 || !is_far(max(max(x) - center, center - min(x)), n)) {
    return(NA_real_)
  }
  few <- max(1, n %/% 20)
  x <- x[order(abs(x - stats::median(x)))]
  distance <- abs(x[n - few:0] - stats::median(x))
  gaps <- distance[-1] / distance[-(few + 1)]
  gaps[distance[-(few + 1)] == 0] <- 1
  if (max(gaps) < 30) {
    return(NA_real_)
  }
  others <- x[seq_len(n - few - 1 + which.max(gaps))]
  if (is_constant(others)) {
    return(NA_real_)
  }
  middle <- mean(others)
  width <- max(abs(others - middle))
  spread <- width * sqrt(mean(((others - middle) / width)^2))
  if (scale > 100 * spread) x[n] else NA_real_
}

# The values of a column in rows of positive weight; those of a sparse matrix that are not 0.
counted_column <- function(X, j, weights) {
  if (is_shared(X)) {
    if (length(weights) > 0) weights <- weights[own_rows(X)]
    own <- counted_column(local_part(X), j, weights)
    return(unlist(each_rank(ranks_of(X), own, "a column")))
  }
  if (is_sparse(X)) {
    at <- X@p[j] + seq_len(X@p[j + 1] - X@p[j])
    x <- X@x[at]
    rows <- X@i[at] + 1
    return(x[x != 0 & (length(weights) == 0 | weights[rows] > 0)])
  }
  x <- if (is_stored(X)) {
    core_read_column(X, j)
  } else if (is_coded(X)) {
    coded_column(X, j)
  } else {
    X[, j]
  }
  with_weight(x, weights)
}

# The same for the outcome, standardised as `outcome` says.
warn_of_outcome_outliers <- function(y, offset, outcome, weights) {
  if (outcome$kind != "numeric") {
    return(invisible())
  }
  y <- numeric_outcome(y)
  y <- without_offset(y, offset)
  warn_of_outliers(y, outcome, outcome$names, weights, "Outcome")
}

# Offsets are added to the weighted sums of the output layer. Beside offsets of 1e300, neither the
# outcome nor these sums have any digits left. `y`: the outcome; outputs such as log-odds are not on
# its scale, but on one of 1, and exp() of those of counts must be a number.
check_offset_size <- function(offset, y, output_activation, weights, call) {
  if (is.null(offset)) {
    return(invisible())
  }
  if (is.data.frame(y) && ncol(y) == 1) y <- y[[1]]
  on_scale <- is_string(output_activation) && output_activation %in% linear_outputs
  y <- if (on_scale && (is.numeric(y) || is.data.frame(y) || is_stored(y))) numeric_outcome(y)
  offset <- with_weight(as_columns(offset), weights)
  width <- if (is.null(y)) {
    1
  } else {
    ends <- column_ends(with_weight(y, weights))
    max(ends$most - ends$least, 0)
  }
  largest <- max(max(offset), -min(offset), 0)
  if (identical(output_activation, "exp") && largest > log(.Machine$double.xmax)) {
    abort_input(c(
      "exp() of offsets must be neither infinite nor 0.",
      x = "The largest offset is {format(largest, digits = 3)}, apart from its sign.",
      i = "Offsets are on the scale of the log of the outcome: use offset = log(exposure)."
    ), call)
  }
  if (width == 0 || largest * .Machine$double.eps <= 0.01 * width) {
    return(invisible())
  }
  abort_input(c(
    "Offsets must not be so large that what the network adds to them is lost in rounding.",
    x = "The largest offset is {format(largest, digits = 3)}.",
    i = if (is.null(y)) {
      "Offsets are on the scale of the output layer's weighted sums, such as log-odds."
    } else {
      "Offsets are on the scale of the outcome, whose range is {format(width, digits = 3)}."
    }
  ), call)
}
