# Statistics of the inputs and the hidden units for nn_doctor(). They are computed when training
# ends, because a fit does not store its data, from at most 200 rows spread evenly over them.

probed_rows <- 200

# list(rows, typical, idle): the root mean square of each input, and the number of idle units of
# each hidden layer. `activations`: those of all rows, if they are available.
probe <- function(shape, weights, X, offset, activations = NULL) {
  n <- nrow(X)
  if (n > probed_rows) {
    some <- floor(seq(1, n, length.out = probed_rows))
    X <- X[some, , drop = FALSE]
    if (!is.null(offset)) offset <- offset[some, , drop = FALSE]
    n <- probed_rows
  }
  hidden <- seq_len(length(shape$units) - 2)
  if (is.null(activations) && length(hidden) > 0) {
    activations <- core_forward(core_layers(shape), weights, X, offset, TRUE, FALSE)$activation
  }
  list(
    rows = n, typical = root_mean_squares(X),
    idle = vapply(
      hidden,
      function(l) count_idle(activations[[l]], activation_table$name[shape$activations[l] + 1]), 0
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
count_idle <- function(a, kind) {
  steepness <- idle_kinds[[kind]]$steepness
  if (is.null(steepness)) {
    return(0)
  }
  sum(.colMeans(steepness(a), nrow(a), ncol(a)) < 0.01)
}

# The slope as a function of the unit's value a, relative to the steepest slope (for gelu and silu,
# a quantity that is 0 where the slope is), and the word for an idle unit. Units with leaky_relu and
# identity are never idle.
idle_kinds <- list(
  sigmoid = list(word = "saturated", steepness = function(a) 4 * a * (1 - a)),
  tanh = list(word = "saturated", steepness = function(a) 1 - a * a),
  relu = list(word = "dead", steepness = function(a) a > 0),
  elu = list(word = "dead", steepness = function(a) 1 + a * (a < 0)),
  selu = list(word = "dead", steepness = function(a) 1 + a * (a < 0) / 1.7580993408473766),
  gelu = list(word = "dead", steepness = function(a) abs(a)),
  silu = list(word = "dead", steepness = function(a) abs(a)),
  softplus = list(word = "dead", steepness = function(a) 1 - exp(-a))
)
