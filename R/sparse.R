# Sparse inputs: the core takes Matrix's dgCMatrix, whose numbers other than 0 stand column by
# column. Its slots: the numbers `x`, the row `i` (from 0) of each, and where in them each column
# begins, `p` (one more than there are columns).

is_sparse <- function(X) inherits(X, "dgCMatrix")

# The inputs of a call: a numeric matrix, or a sparse one, which is made a dgCMatrix where the
# Matrix package keeps it in another way.
check_inputs <- function(X, name, call, least_rows = 1) {
  if (!inherits(X, "sparseMatrix")) {
    return(check_matrix(X, name, call, least_rows = least_rows))
  }
  if (!inherits(X, "dMatrix")) {
    abort_input(c(
      "A sparse {.arg {name}} must hold numbers.",
      x = "It is {describe(X)}.",
      i = "Use {.code {name} * 1}."
    ), call)
  }
  fault <- methods::validObject(X, test = TRUE)
  if (!isTRUE(fault)) {
    abort_input(c("{.arg {name}} is no valid {.cls {class(X)[1]}}.", x = "{fault[1]}"), call)
  }
  if (!is_sparse(X)) X <- methods::as(methods::as(X, "CsparseMatrix"), "generalMatrix")
  check_size(X, name, call, least_rows)
  at <- core_first_not_finite(X@x)
  if (at > 0 && at <= last(X@p)) {
    abort_not_finite(X@x[at], X@i[at] + 1, findInterval(at - 1, X@p), colnames(X), name, call)
  }
  X
}

# For the data methods: for each column the root mean square of its numbers other than 0 (of the
# weighted rows), and no centre, so that zeros stay zeros. The zeros do not count: with them a
# number that few rows have would become large, and rows that have it would outweigh all others. A
# column of zeros has 1 as its scale.
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

divide_columns <- function(X, scale) {
  if (all(scale == 1)) {
    return(X)
  }
  each <- rep.int(scale, diff(X@p))
  X@x[seq_along(each)] <- X@x[seq_along(each)] / each
  X
}

# What the network of a fit sees of data as they were given in training, where that was a sparse
# matrix: list(X, y, offset). For all other networks the data are that already.
seen_by <- function(network, X, y, offset, call) {
  fit <- if (inherits(network, "nn_fit")) unclass(network)
  if (is.null(fit$encoding) || !is.null(fit$encoding$columns)) {
    return(list(X = check_inputs(X, "X", call), y = y, offset = offset))
  }
  outcome <- fit$encoding$outcome
  list(
    X = prepare_newdata(fit, X, "X", call)$X,
    y = if (!is.null(y)) encode_outcome(y, outcome, call)$y, offset = encode_offset(offset, outcome)
  )
}

# The numbers of a matrix, as a list of vectors: what tells it from another of the same size.
numbers_of <- function(X) if (is_sparse(X)) list(X@p, X@i, X@x) else list(X)

# How many numbers of eight bytes the core's copies of the inputs take: for sparse ones two, of the
# training and of the fitted values, each with its numbers, their columns and where rows begin.
copied_numbers <- function(X) {
  if (is_sparse(X)) 2 * (1.5 * last(X@p) + 2 * nrow(X)) else nrow(X) * ncol(X)
}
