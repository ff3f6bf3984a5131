# The tutorial's algorithm as a plain R loop, written from its formulas alone and using nothing of
# the package. It is slow and meant to be read: the package is held against it. A network is a list
# of matrices: wh, bh, wout, bout with one hidden layer; wh1, bh1, wh2, bh2, ..., wout, bout with
# more; wout, bout with none. Weights have a row for each input and a column for each unit, biases
# one row.

reference_activations <- list(
  sigmoid = list(value = function(z) 1 / (1 + exp(-z)), slope = function(a) a * (1 - a)),
  tanh = list(value = function(z) tanh(z), slope = function(a) 1 - a^2),
  relu = list(value = function(z) pmax(z, 0), slope = function(a) 1 * (a > 0)),
  identity = list(value = function(z) z, slope = function(a) 1 + 0 * a)
)

reference_softmax <- function(z) {
  e <- exp(z - apply(z, 1, max))
  e / rowSums(e)
}

# One bias for each unit, the same for all rows.
reference_weighted_sum <- function(inputs, w, b) {
  inputs %*% w + matrix(b, nrow(inputs), ncol(w), byrow = TRUE)
}

# Layers are counted from the first hidden one; the last is the output.
# inputs: each layer's weighted sums; activations: what the layer makes of them; output: the last
# layer's activations.
reference_forward <- function(network, X, activation = "sigmoid", output_activation = "sigmoid") {
  layers <- length(network) / 2
  activation <- rep_len(activation, layers - 1)
  inputs <- activations <- vector("list", layers)
  below <- X
  for (layer in seq_len(layers)) {
    z <- reference_weighted_sum(below, network[[2 * layer - 1]], network[[2 * layer]])
    name <- if (layer < layers) activation[layer] else output_activation
    a <- if (name == "softmax") reference_softmax(z) else reference_activations[[name]]$value(z)
    inputs[[layer]] <- z
    activations[[layer]] <- below <- a
  }
  list(inputs = inputs, activations = activations, output = below)
}

# errors: each layer's error, E for the output layer; slopes; deltas: d_hiddenlayer of each hidden
# layer, then d_output. gradient: of half the sum of squared errors, under the network's names.
reference_backward <- function(network, X, y, activation = "sigmoid",
                               output_activation = "sigmoid") {
  forward <- reference_forward(network, X, activation, output_activation)
  layers <- length(network) / 2
  activation <- rep_len(activation, layers - 1)
  errors <- slopes <- deltas <- vector("list", layers)
  gradient <- network
  for (layer in rev(seq_len(layers))) {
    a <- forward$activations[[layer]]
    if (layer == layers) {
      error <- y - a
    } else {
      error <- deltas[[layer + 1]] %*% t(network[[2 * layer + 1]])
    }
    if (layer == layers && output_activation == "softmax") {
      # each output depends on each weighted sum: da_i / dz_j = a_i (1[i = j] - a_j)
      deltas[[layer]] <- a * (error - rowSums(error * a))
    } else {
      name <- if (layer < layers) activation[layer] else output_activation
      slopes[[layer]] <- reference_activations[[name]]$slope(a)
      deltas[[layer]] <- error * slopes[[layer]]
    }
    errors[[layer]] <- error
    below <- if (layer > 1) forward$activations[[layer - 1]] else X
    gradient[[2 * layer - 1]] <- -t(below) %*% deltas[[layer]]
    gradient[[2 * layer]] <- matrix(-colSums(deltas[[layer]]), nrow = 1)
  }
  c(forward, list(errors = errors, slopes = slopes, deltas = deltas, gradient = gradient))
}

# `batches(epoch)` is a list of row numbers, an update for each; one batch of all rows by default.
# Returns the weights, the output of the last forward pass (before the last update), and each
# epoch's loss: the mean over its rows of half the squared error, from its own forward passes.
reference_train <- function(X, y, network, activation = "sigmoid", output_activation = "sigmoid",
                            learning_rate = 0.1, epochs = 5000,
                            batches = function(epoch) list(seq_len(nrow(X)))) {
  loss <- numeric(epochs)
  for (epoch in seq_len(epochs)) {
    squares <- 0
    for (rows in batches(epoch)) {
      pass <- reference_backward(
        network, X[rows, , drop = FALSE], y[rows, , drop = FALSE], activation, output_activation
      )
      for (name in names(network)) {
        network[[name]] <- network[[name]] - learning_rate * pass$gradient[[name]]
      }
      squares <- squares + sum((y[rows, ] - pass$output)^2)
    }
    loss[epoch] <- squares / 2 / nrow(X)
  }
  list(network = network, output = pass$output, loss = loss)
}

# Weights from rnorm(), biases from runif(), layer by layer.
reference_init <- function(n_inputs, n_outputs, hidden = 3) {
  units <- c(n_inputs, hidden[hidden > 0], n_outputs)
  layers <- length(units) - 1
  network <- list()
  for (layer in seq_len(layers)) {
    suffix <- if (layer == layers) "out" else if (layers == 2) "h" else paste0("h", layer)
    network[[paste0("w", suffix)]] <- matrix(rnorm(units[layer] * units[layer + 1]), units[layer])
    network[[paste0("b", suffix)]] <- matrix(runif(units[layer + 1]), nrow = 1)
  }
  network
}

reference_loss <- function(network, X, y, ...) {
  sum((y - reference_forward(network, X, ...)$output)^2) / 2
}

# (loss(network + step) - loss(network - step)) / (2 step), one weight after the other
numeric_gradient <- function(loss, network) {
  gradient <- network
  for (name in names(network)) {
    for (i in seq_along(network[[name]])) {
      w <- network[[name]][i]
      step <- .Machine$double.eps^(1 / 3) * max(1, abs(w))
      up <- down <- network
      up[[name]][i] <- w + step
      down[[name]][i] <- w - step
      gradient[[name]][i] <- (loss(up) - loss(down)) / (up[[name]][i] - down[[name]][i])
    }
  }
  gradient
}

tutorial_data <- function() {
  list(X = rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1)), y = matrix(c(1, 1, 0), ncol = 1))
}

tutorial_start <- function() {
  list(
    wh = rbind(c(.42, .88, .55), c(.10, .73, .68), c(.60, .18, .47), c(.92, .11, .52)),
    bh = matrix(c(.46, .72, .08), nrow = 1),
    wout = matrix(c(.30, .25, .23), ncol = 1),
    bout = matrix(.69, nrow = 1)
  )
}

# A case of a table of fixtures/: a list of its stages, each a list of matrices.
fixture_case <- function(file, case) {
  cells <- utils::read.csv(test_path("fixtures", file), stringsAsFactors = FALSE)
  cells <- cells[cells$case == case, ]
  if (nrow(cells) == 0) stop("no such case: ", case)
  as_matrices <- function(stage) {
    lapply(split(stage, factor(stage$matrix, unique(stage$matrix))), function(cell) {
      m <- matrix(NA_real_, max(cell$row), max(cell$column))
      m[cbind(cell$row, cell$column)] <- cell$value
      m
    })
  }
  lapply(split(cells, factor(cells$stage, unique(cells$stage))), as_matrices)
}

# Random data and weights of given sizes; the targets lie between 0 and 1 and sum to 1 over the
# columns where there are several.
random_problem <- function(n, n_inputs, n_outputs, hidden, seed) {
  set.seed(seed)
  y <- matrix(runif(n * n_outputs), n)
  list(
    X = matrix(rnorm(n * n_inputs), n),
    y = if (n_outputs > 1) y / rowSums(y) else y,
    start = lapply(reference_init(n_inputs, n_outputs, hidden), function(w) 0.5 * w)
  )
}

# The losses of the table, without that of the user's functions.
loss_names <- function() setdiff(names(backprop:::loss_table), "custom")

# Targets between 0 and 1 in several columns as targets that a loss accepts for as many outputs.
targets_for <- function(loss, y) {
  switch(if (is.list(loss)) loss$name else loss,
    gaussian = ,
    beta = y[, 1],
    cumulative = t(apply(y, 1, sort, decreasing = TRUE)),
    y
  )
}

# The greatest difference of two numbers at the same place, relative to the greatest of the expected
# ones where that is above 1.
greatest_difference <- function(object, expected) {
  object <- unlist(object, use.names = FALSE)
  expected <- unlist(expected, use.names = FALSE)
  if (length(object) != length(expected)) {
    return(Inf)
  }
  if (length(object) == 0) {
    return(0)
  }
  max(abs(object - expected)) / max(1, abs(expected))
}

# Stricter than expect_equal(), whose tolerance is for the mean of the differences. Names and shapes
# must be the same, too.
expect_close <- function(object, expected, tolerance) {
  label <- deparse(substitute(object))[1]
  shape <- function(x) if (is.list(x)) lapply(x, dim) else dim(x)
  expect_identical(names(object), names(expected), label = paste("names of", label))
  expect_identical(shape(object), shape(expected), label = paste("dim of", label))
  difference <- greatest_difference(object, expected)
  expect(
    isTRUE(difference <= tolerance),
    sprintf("%s differs by %.3g, more than %.3g.", label, difference, tolerance)
  )
  invisible(object)
}

# Numbers printed with `digits` decimals: each must be right to half a unit of the last one.
expect_digits <- function(object, expected, digits = 12) {
  label <- deparse(substitute(object))[1]
  off <- max(abs(as.vector(object) - expected)) * 10^digits
  expect(
    length(object) == length(expected) && isTRUE(off <= 0.5),
    sprintf("%s is off by %.3g units of decimal %d.", label, off, digits)
  )
  invisible(object)
}

# Calls f(name) under each instruction set that the processor has, and goes back to the one before.
with_each_instruction_set <- function(f) {
  sets <- nn_instruction_sets()
  before <- attr(sets, "chosen")
  on.exit(nn_instruction_sets(before))
  for (name in names(sets)[sets]) {
    nn_instruction_sets(name)
    f(name)
  }
}

# Three inputs, three hidden units whose biases are so far below 0 that relu gives nothing.
dead_network <- function() {
  list(wh = matrix(0.1, 3, 3), bh = matrix(-100, 1, 3), wout = matrix(0.5, 3, 1), bout = matrix(0))
}
