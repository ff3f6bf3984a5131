# Centring and scaling of the inputs.

# Centres and scales of the columns, weighted: means and standard deviations (with divisor n), or
# with "robust" medians and quartile ranges. A constant column has the scale 1.
column_scales <- function(X, weights, standardize) {
  if (is_sparse(X)) {
    return(sparse_scales(X, weights, standardize))
  }
  if (is_stored(X)) {
    return(stored_scales(X, weights, standardize))
  }
  if (is_coded(X)) {
    return(coded_scales(X, weights, standardize))
  }
  p <- ncol(X)
  center <- numeric(p)
  scale <- rep(1, p)
  constant <- logical(p)
  robust <- identical(standardize, "robust")
  standardize <- !isFALSE(standardize)
  counts <- if (length(weights) == 0) rep(TRUE, nrow(X)) else weights > 0
  if (length(unique(weights[counts])) == 1) weights <- numeric()
  for (j in seq_len(p)) {
    x <- X[counts, j]
    constant[j] <- is_constant(x)
    if (!standardize) next
    center[j] <- if (constant[j]) {
      x[1]
    } else if (length(weights) == 0) {
      mean(x)
    } else {
      sum(x * (weights[counts] / sum(weights)))
    }
    if (constant[j]) next
    if (robust) {
      quartiles <- weighted_quartiles(x, if (length(weights) > 0) weights[counts])
      range <- quartiles[3] - quartiles[1]
      # more than half of the values are equal: they would make the scale zero
      if (range > 64 * .Machine$double.eps * max(abs(quartiles))) {
        center[j] <- quartiles[2]
        scale[j] <- range / normal_quartile_range
        next
      }
    }
    squares <- ((x - center[j]) / (largest <- max(abs(x - center[j]))))^2
    scale[j] <- largest * sqrt(
      if (length(weights) == 0) mean(squares) else sum(squares * (weights[counts] / sum(weights)))
    )
  }
  list(
    center = stats::setNames(center, colnames(X)), scale = stats::setNames(scale, colnames(X)),
    constant = which(constant & standardize)
  )
}

# The scales of column_scales() for rows before they are scaled.
coded_scales <- function(X, weights, standardize) {
  counts <- if (length(weights) == 0) rep(TRUE, nrow(X)) else weights > 0
  share <- if (length(weights) == 0) rep(1, nrow(X)) else weights
  scales_of_codes(
    X, column_scales(unclass(X)$numbers, weights, standardize),
    list(share = level_sums(X, share), rows = level_sums(X, as.double(counts))),
    list(share = sum(share), rows = sum(counts)), standardize,
    function(j) column_scales(matrix(coded_column(X, j)), weights, standardize)
  )
}

# A dummy variable is 1 with probability m: its mean is m, its variance m (1 - m). Only one with m
# above a fifth has quartiles that may differ, and is counted out, by counted_out(j). `numbers`: the
# scales of the columns that are stored as numbers; `sums`, `totals`: the weight and the number of
# the rows of each level, and of all rows.
scales_of_codes <- function(X, numbers, sums, totals, standardize, counted_out) {
  plain <- unclass(X)
  p <- length(plain$names)
  scales <- list(center = numeric(p), scale = rep(1, p), constant = logical(p))
  set <- function(columns, found) {
    scales$center[columns] <<- unname(found$center)
    scales$scale[columns] <<- unname(found$scale)
    scales$constant[columns[found$constant]] <<- TRUE
  }
  set(plain$columns, numbers)
  coded <- unlist(plain$spans)
  m <- sums$share[coded] / totals$share
  rows <- sums$rows[coded]
  constant <- rows == 0 | rows == totals$rows
  if (!isFALSE(standardize)) {
    set(coded, list(
      center = ifelse(constant, as.double(rows > 0), m),
      scale = ifelse(constant, 1, sqrt(m * (1 - m))), constant = which(constant)
    ))
  }
  if (identical(standardize, "robust")) {
    for (j in coded[m > 0.2 & !constant]) set(j, counted_out(j))
  }
  list(
    center = stats::setNames(scales$center, plain$names),
    scale = stats::setNames(scales$scale, plain$names), constant = which(scales$constant)
  )
}

# The quartile range of a normal distribution with standard deviation 1.
normal_quartile_range <- 2 * stats::qnorm(0.75)

# The quartiles of values with these weights (none: all 1): the least value that at least a quarter
# (half, three quarters) of the weight is at or below, or, if it is exactly that part, the mean of
# this value and the next one. A whole weight counts as so many rows.
weighted_quartiles <- function(x, weights = NULL) {
  order <- order(x)
  x <- x[order]
  sum <- if (length(weights) > 0) cumsum(weights[order]) else as.double(seq_along(x))
  part <- c(0.25, 0.5, 0.75) * last(sum)
  slack <- 1e-12 * last(sum)
  least <- vapply(part, function(p) x[which(sum >= p - slack)[1]], 0)
  beyond <- vapply(part, function(p) x[min(which(sum > p + slack)[1], length(x), na.rm = TRUE)], 0)
  least / 2 + beyond / 2
}

# The inputs of the network: standardised columns, with a smooth clip if the encoding has one.
standardize_inputs <- function(X, encoding) {
  if (is_stored(X)) {
    return(standardize_rows(X, encoding))
  }
  if (is_coded(X)) {
    return(map_coded(X, function(x, column) {
      x <- (x - encoding$center[column]) / encoding$scale[column]
      if (is.null(encoding$clip)) x else clip_smoothly(x, encoding$clip)
    }))
  }
  X <- standardize_columns(X, encoding$center, encoding$scale)
  if (is.null(encoding$clip)) X else clip_smoothly(X, encoding$clip)
}

# x / sqrt(1 + (x / most)^2): near x around 0, and at most `most`. Beyond 1e9 it is `most` in double
# precision, and squares may overflow.
clip_smoothly <- function(x, most) {
  clipped <- x / sqrt(1 + (x / most)^2)
  far <- which(abs(x) > 1e9)
  clipped[far] <- most * sign(x[far])
  clipped
}

# The same for stored rows, from passes over them with the same sums, or, for "robust", with each
# column in memory after the other.
stored_scales <- function(X, weights, standardize) {
  used <- with_weight(X, weights)
  weights <- with_weight(weights, weights)
  if (length(weights) > 0 && max(weights) == min(weights)) weights <- numeric()
  scales <- if (isFALSE(standardize)) {
    list(center = numeric(ncol(X)), scale = rep(1, ncol(X)), constant = integer())
  } else if (identical(standardize, "robust")) {
    weights <- numbers_in_memory(weights)
    parts <- lapply(seq_len(ncol(X)), function(j) {
      column_scales(matrix(core_read_column(used, j)), weights, standardize)
    })
    of <- function(part) vapply(parts, function(scales) unname(scales[[part]]), 0)
    list(
      center = of("center"), scale = of("scale"),
      constant = which(lengths(lapply(parts, `[[`, "constant")) > 0)
    )
  } else {
    moments <- core_stored_moments(used, weights, sum(weights))
    constant <- is_narrow(moments$least, moments$most)
    first <- as.matrix(used[1, , drop = FALSE])[1, ]
    list(
      center = ifelse(constant, first, moments$center),
      scale = ifelse(constant, 1, moments$largest * sqrt(moments$square)),
      constant = unname(which(constant)), largest = moments$largest
    )
  }
  scales[c("center", "scale")] <- lapply(scales[c("center", "scale")], function(x) {
    stats::setNames(as.vector(x), colnames(X))
  })
  scales
}

# A range of more than 1.8e308 has no standard deviation.
check_scales <- function(scales, names, call) {
  bad <- which(!is.finite(scales$center) | !is.finite(scales$scale))
  if (length(bad) > 0) {
    abort_input(c(
      "Numbers must be small enough to compute their standard deviation, which is at most 1.8e308.",
      x = "Column {.field {names[bad[1]]}} is too large.",
      i = "Divide it by a constant."
    ), call)
  }
}

# Whether numbers are constant up to rounding: a spread of 64 units of rounding of the largest. As a
# scale it would make a new value of ordinary size enormous.
is_constant <- function(x) {
  range <- range(x)
  is_narrow(range[1], range[2])
}

is_narrow <- function(least, most) {
  most - least <= 64 * .Machine$double.eps * pmax(abs(least), abs(most))
}

# The columns of an encoding that are not constant, but vary by less than a millionth of their size.
# That is often rounding or noise, and scaling makes new values enormous.
nearly_constant <- function(encoding) {
  setdiff(which(encoding$scale < 1e-6 * abs(encoding$center)), encoding$constant)
}

# Scales of a sparse matrix: the root mean square of each column's non-zero values (weighted).
# Columns are not centred, so that zeros stay zeros. Zeros are not counted, because otherwise a
# feature that few rows have would be scaled up and those rows would dominate. A column of zeros
# has the scale 1.
sparse_scales <- function(X, weights, standardize) {
  scale <- if (standardize) {
    vapply(seq_len(ncol(X)), function(j) {
      at <- X@p[j] + seq_len(X@p[j + 1] - X@p[j])
      x <- abs(X@x[at])
      weight <- if (length(weights) == 0) rep(1, length(x)) else weights[X@i[at] + 1]
      counts <- x > 0 & weight > 0
      if (!any(counts)) {
        return(0)
      }
      largest <- max(x[counts])
      largest * sqrt(sum(weight[counts] * (x[counts] / largest)^2) / sum(weight[counts]))
    }, 0)
  } else {
    rep(1, ncol(X))
  }
  constant <- which(scale == 0)
  scale[constant] <- 1
  list(
    center = stats::setNames(numeric(ncol(X)), colnames(X)),
    scale = stats::setNames(scale, colnames(X)), constant = constant
  )
}

standardize_columns <- function(X, center, scale) {
  if (is_sparse(X)) {
    return(divide_columns(X, scale))
  }
  columns <- which(center != 0 | scale != 1)
  # few numbers at once
  if (length(columns) > 0 && length(X) < 1000 && length(center) == ncol(X)) {
    n <- nrow(X)
    return((X - rep(center, each = n)) / rep(scale, each = n))
  }
  for (j in columns) X[, j] <- (X[, j] - center[[j]]) / scale[[j]]
  X
}

divide_columns <- function(X, scale) {
  if (all(scale == 1)) {
    return(X)
  }
  each <- rep.int(scale, diff(X@p))
  X@x[seq_along(each)] <- X@x[seq_along(each)] / each
  X
}
