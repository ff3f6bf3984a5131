# Statistics of the inputs and the hidden units for nn_doctor(). They are computed when training
# ends, because a fit does not store its data, from at most 200 rows spread evenly over them.

probed_rows <- 200

# list(rows, typical, idle): the root mean square of each input, and the number of idle units of
# each hidden layer. `activations`: those of all rows, if they are available.
probe <- function(layers, weights, X, offset, activations = NULL) {
  n <- nrow(X)
  if (n > probed_rows) {
    some <- floor(seq(1, n, length.out = probed_rows))
    X <- X[some, , drop = FALSE]
    if (!is.null(offset)) offset <- offset[some, , drop = FALSE]
    n <- probed_rows
  }
  hidden <- seq_len(n_hidden(layers))
  if (is.null(activations) && length(hidden) > 0) {
    activations <- core_forward(layers, weights, X, offset, TRUE, FALSE)$activation
  }
  list(
    rows = n, typical = root_mean_squares(X),
    idle = vapply(
      hidden,
      function(l) count_idle(activations[[l]], layers[[l]]$activation), 0
    )
  )
}

root_mean_squares <- function(X) {
  if (!is_sparse(X)) {
    return(sqrt(.colMeans(X * X, nrow(X), ncol(X))))
  }
  sqrt(diff(c(0, cumsum(X@x^2))[X@p + 1]) / nrow(X))
}

# A unit is idle if its mean slope over the rows is below 1 % of the steepest slope: its inputs
# hardly change its value, and it hardly learns.
count_idle <- function(a, activation) {
  flat <- activation_table[[activation]]$flat
  if (is.null(flat)) {
    return(0)
  }
  sum(.colMeans(flat$steepness(a), nrow(a), ncol(a)) < 0.01)
}
