# Derivatives with respect to the weights, from the deltas that the core computes.

# Numbers of rows in blocks, for matrices of a row per case and `columns` columns: about 8 MB each.
row_blocks <- function(rows, columns) {
  size <- max(1, floor(1e6 / columns))
  lapply(seq(1, rows, by = size), function(first) seq(first, min(rows, first + size - 1)))
}

# The derivative of a quantity of each row with respect to each weight, in the order of the core: a
# matrix of length(rows) x weights. `pass`: for each layer the derivative of the quantity with
# respect to the inputs of the units (delta), and the activations, n x units.
weight_derivatives <- function(layers, X, pass, rows) {
  parts <- lapply(seq_along(layers), function(l) {
    some <- function(values) as.matrix(values[rows, , drop = FALSE])
    below <- if (l == 1) some(X) else some(pass$activation[[l - 1]])
    if (!is.null(layers[[l]]$skip)) below <- cbind(below, some(X))
    delta <- pass$delta[[l]][rows, , drop = FALSE]
    inputs <- ncol(below)
    units <- ncol(delta)
    cbind(
      below[, rep(seq_len(inputs), units), drop = FALSE] *
        delta[, rep(seq_len(units), each = inputs), drop = FALSE],
      delta
    )
  })
  matrix(unlist(parts, use.names = FALSE), length(rows))
}

# The derivatives of output `k` with respect to the weights: a function of numbers of rows.
output_derivatives <- function(layers, weights, X, offset, k) {
  pass <- core_output_slopes(layers, weights, X, offset, k - 1)
  function(rows) weight_derivatives(layers, X, pass, rows)
}
