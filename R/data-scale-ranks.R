# Centring and scaling of rows that are spread over processes.

# Centres and scales of the columns, as column_scales(), of rows that are spread over processes:
# the same sums, of each process over its rows. "robust" gathers each column in turn.
shared_scales <- function(X, weights, standardize) {
  ranks <- ranks_of(X)
  p <- ncol(X)
  own <- own_rows(X)
  whole <- weights
  if (is_sparse(local_part(X))) {
    return(shared_sparse_scales(X, if (length(weights) > 0) weights[own], standardize))
  }
  if (is_coded(local_part(X))) {
    return(shared_coded_scales(X, weights, standardize))
  }
  counted <- if (length(whole) > 0) which(whole > 0) else seq_len(nrow(X))
  if (length(unique(whole[counted])) <= 1) whole <- numeric()
  used <- X[counted, ]
  share <- if (length(whole) > 0) whole[counted] / sum(whole) else 1 / length(counted)
  share <- rep_len(share, length(counted))[own_rows(used)]
  # f(block, shares) for blocks of the rows of this process
  over_rows <- function(f) {
    n <- nrow(used$local)
    at_once <- max(1, 2^21 %/% max(1, p))
    for (begin in seq_len(ceiling(n / at_once)) * at_once - at_once) {
      rows <- seq(begin + 1, min(begin + at_once, n))
      f(as.matrix(take_rows(used$local, rows)), share[rows])
    }
  }
  least <- rep(Inf, p)
  most <- rep(-Inf, p)
  first <- NULL
  over_rows(function(block, share) {
    if (is.null(first)) first <<- block[1, ]
    # several blocks: range() of each column
    least <<- pmin(least, apply(block, 2, min))
    most <<- pmax(most, apply(block, 2, max))
  })
  ends <- each_rank(ranks, list(least, most, first), "ranges of columns")
  least <- do.call(pmin, lapply(ends, `[[`, 1))
  most <- do.call(pmax, lapply(ends, `[[`, 2))
  first <- Filter(Negate(is.null), lapply(ends, `[[`, 3))[[1]]
  constant <- is_narrow(least, most)
  center <- numeric(p)
  scale <- rep(1, p)
  if (!isFALSE(standardize)) {
    sum_of <- function(f, what) {
      sums <- numeric(p)
      over_rows(function(block, share) sums <<- sums + colSums(f(block) * share))
      sum_ranks(ranks, sums, what)
    }
    minus <- function(block, numbers) block - rep(numbers, each = nrow(block))
    center <- sum_of(identity, "means of columns")
    center <- center + sum_of(function(block) minus(block, center), "remainders of means")
    center[constant] <- first[constant]
    largest <- pmax(most - center, center - least)
    largest[constant] <- 1
    squares <- sum_of(function(block) {
      (minus(block, center) / rep(largest, each = nrow(block)))^2
    }, "squares of columns")
    scale <- ifelse(constant, 1, largest * sqrt(squares))
    if (identical(standardize, "robust")) {
      for (j in which(!constant)) {
        x <- unlist(each_rank(ranks, as.matrix(used$local)[, j], "a column"))
        robust <- column_scales(
          matrix(x), if (length(whole) > 0) whole[counted] else numeric(), standardize
        )
        center[j] <- robust$center
        scale[j] <- robust$scale
      }
    }
  }
  list(
    center = stats::setNames(as.vector(center), colnames(X)),
    scale = stats::setNames(as.vector(scale), colnames(X)),
    constant = which(unname(constant) & !isFALSE(standardize)),
    largest = pmax(most - center, center - least)
  )
}

# The same for coded matrices, as coded_scales().
shared_coded_scales <- function(X, weights, standardize) {
  ranks <- ranks_of(X)
  local <- local_part(X)
  columns <- unclass(local)$columns
  numbers <- if (length(columns) > 0) {
    shared_scales(map_shared(X, coded_numbers), weights, standardize)
  }
  share <- if (length(weights) > 0) weights[own_rows(X)] else rep(1, nrow(local))
  counts <- as.double(share > 0)
  sums <- sum_ranks(
    ranks, c(level_sums(local, share), level_sums(local, counts), sum(share), sum(counts)),
    "rows of levels"
  )
  p <- ncol(local)
  scales <- scales_of_codes(
    local, numbers, list(share = sums[seq_len(p)], rows = sums[p + seq_len(p)]),
    list(share = sums[2 * p + 1], rows = sums[2 * p + 2]), standardize,
    function(j) {
      x <- unlist(each_rank(ranks, coded_column(local, j), "a column"))
      column_scales(matrix(x), weights, standardize)
    }
  )
  # dummy variables have no outliers
  c(scales, list(largest = replace(numeric(p), columns, numbers$largest)))
}

# The same for sparse matrices, as sparse_scales(). `weights`: of this process's rows, or NULL.
shared_sparse_scales <- function(X, weights, standardize) {
  local <- local_part(X)
  ranks <- ranks_of(X)
  scale <- rep(1, ncol(local))
  if (standardize) {
    column <- rep.int(seq_len(ncol(local)), diff(local@p))
    at <- seq_along(column)
    x <- abs(local@x[at])
    weight <- if (length(weights) > 0) weights[local@i[at] + 1] else rep(1, length(x))
    counts <- x > 0 & weight > 0
    largest <- numeric(ncol(local))
    of_column <- tapply(x[counts], column[counts], max)
    largest[as.integer(names(of_column))] <- of_column
    largest <- do.call(pmax, each_rank(ranks, largest, "ranges of columns"))
    sums <- function(values) {
      sums <- numeric(ncol(local))
      of_column <- tapply(values[counts], column[counts], sum)
      sums[as.integer(names(of_column))] <- of_column
      sums
    }
    both <- sum_ranks(
      ranks, c(sums(weight * (x / largest[column])^2), sums(weight)), "squares of columns"
    )
    squares <- both[seq_along(largest)] / both[-seq_along(largest)]
    scale <- ifelse(largest > 0, largest * sqrt(squares), 0)
  }
  constant <- which(scale == 0)
  scale[constant] <- 1
  list(
    center = stats::setNames(numeric(ncol(local)), colnames(X)),
    scale = stats::setNames(scale, colnames(X)), constant = constant,
    # outlier_of() compares it with the scale for all rows, and then again for those that are not 0
    largest = if (standardize) 1.5 * largest
  )
}
