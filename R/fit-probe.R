# Statistics of the inputs and the hidden units for nn_doctor(). They are computed when training
# ends, because a fit does not store its data, from at most 200 rows spread evenly over them.

probed_rows <- 200

# list(rows, typical, idle): the number of rows, the root mean square of each input, and the number
# of idle units of each hidden layer. `case_weights`: the weights of the rows, numeric() if all are
# 1; rows of weight 0 are ignored. `activations`: those of all rows, if they are available.
probe <- function(layers, weights, X, offset, case_weights = numeric(), activations = NULL) {
  some <- if (length(case_weights) > 0) positive_rows(case_weights) else seq_len(nrow(X))
  if (length(some) > probed_rows) {
    some <- some[floor(seq(1, length(some), length.out = probed_rows))]
  }
  share <- if (length(case_weights) > 0) part_of(case_weights, some) else rep(1, length(some))
  share <- share / sum(share)
  if (length(some) < nrow(X) || is_shared(X)) {
    X <- gather_rows(X, some)
    if (!is.null(offset)) offset <- offset[some, , drop = FALSE]
    activations <- lapply(activations, function(a) a[some, , drop = FALSE])
  }
  hidden <- seq_len(n_hidden(layers))
  if (length(activations) == 0 && length(hidden) > 0) {
    offset <- numbers_in_memory(offset)
    activations <- core_forward(layers, weights, X, offset, TRUE, FALSE)$activation
  }
  idle <- numeric(length(hidden))
  for (l in hidden) idle[l] <- count_idle(activations[[l]], layers[[l]]$activation, share)
  list(rows = as.double(length(some)), typical = root_mean_squares(X, share), idle = idle)
}

# Whether a probe has the numbers of a network with these layers. The facts of outcome_facts() may
# be missing, but not some of them.
is_probe <- function(probe, layers) {
  has <- function(name, length) {
    is.numeric(probe[[name]]) && base::length(probe[[name]]) == length && !anyNA(probe[[name]])
  }
  k <- n_outputs(layers)
  outliers <- probe$outliers
  is.list(probe) && all(vapply(probe, is.numeric, NA)) && has("rows", 1) &&
    (is.null(outliers) || length(outliers) == k) &&
    has("typical", n_inputs(layers)) && length(probe$idle) == n_hidden(layers) &&
    (is.null(probe$losses) || (
      identical(names(probe$losses), c("fit", "null", "perfect", "no_offset")) &&
        has("total", 1) && has("targets", 2) && has("center", k) && has("spread", k) &&
        (is.null(probe$outputs) || (has("outputs", 2) && has("output_spread", k)))
    )) &&
    (is.null(probe$predicted) || (
      length(probe$predicted) %in% c(k, k + 1) && has("predicted", length(probe$predicted)) &&
        has("largest", length(probe$predicted))
    )) &&
    (is.null(probe$counts) || has("counts", 6))
}

# Of the columns. `share`: the rows' weights, which sum to 1.
root_mean_squares <- function(X, share) {
  X <- decoded(rows_in_memory(X))
  if (!is_sparse(X)) {
    return(sqrt(.colSums(share * X * X, nrow(X), ncol(X))))
  }
  sqrt(diff(c(0, cumsum(share[X@i + 1] * X@x^2))[X@p + 1]))
}

# A unit is idle if its mean slope over the rows is below 1 % of the steepest slope: its inputs
# hardly change its value, and it hardly learns.
count_idle <- function(a, activation, share = rep(1 / nrow(a), nrow(a))) {
  flat <- activation_table[[activation]]$flat
  if (is.null(flat)) {
    return(0)
  }
  sum(.colSums(share * flat$steepness(a), nrow(a), ncol(a)) < 0.01)
}
