# Runs the epochs of a trace and stores the matrices that the core computes for each update.

# With a full batch, the pass with the updated weights is also the first pass of the next epoch.
run_trace <- function(problem, weights, settings, learning_rate, epochs, call) {
  n <- nrow(problem$X)
  full <- is.null(settings$batch_size)
  everything <- list(rows = seq_len(n), X = problem$X, y = problem$y)
  everything$core <- core_rows(problem$X, problem$y, numeric(), NULL, everything$rows, FALSE)
  part_of <- function(rows) {
    part <- list(
      rows = rows, X = problem$X[rows, , drop = FALSE], y = problem$y[rows, , drop = FALSE]
    )
    part$core <- core_rows(part$X, part$y, numeric(), NULL, seq_along(rows), FALSE)
    part
  }
  look <- function(weights, part, gradient = TRUE, all = TRUE) {
    problem$rows <- part$core
    result <- evaluate(problem, weights, gradient, all)
    result$loss <- result$value
    result
  }
  traced <- vector("list", epochs)
  last_finite <- weights
  so_far <- function(epochs) {
    new_trace(
      traced[seq_len(epochs)], unflatten_network(last_finite, problem$layers), learning_rate,
      settings
    )
  }
  pass <- look(weights, everything, gradient = full, all = full)
  for (epoch in seq_len(epochs)) {
    batches <- if (full) list(everything$rows) else epoch_batches(settings, epoch, n)
    loss_before <- pass$loss
    steps <- list()
    for (batch in seq_along(batches)) {
      part <- if (full) everything else part_of(batches[[batch]])
      before <- if (full) pass else look(weights, part)
      if (!is.finite(before$sum)) abort_trace_diverged(so_far(epoch - 1), call)
      updated <- core_descend(weights, before$gradient, learning_rate)
      after <- look(updated, part, gradient = full)
      value <- update_matrices(problem, part, before, after, weights, updated)
      steps[[batch]] <- trace_steps(value, settings, batch)
      weights <- updated
      if (full) pass <- after
    }
    if (!all(is.finite(weights))) abort_trace_diverged(so_far(epoch - 1), call)
    if (!full) pass <- look(weights, everything, gradient = FALSE, all = FALSE)
    traced[[epoch]] <- list(
      epoch = epoch, batches = batches, loss = c(before = loss_before, after = pass$loss),
      steps = unlist(steps, recursive = FALSE)
    )
    last_finite <- weights
  }
  so_far(epochs)
}

# All matrices of one update, named by the ids of their steps.
update_matrices <- function(problem, part, before, after, weights, updated) {
  network <- function(weights, suffix) {
    matrices <- split_skip(unflatten_network(weights, problem$layers), problem$layers)
    stats::setNames(matrices, paste0(names(matrices), suffix))
  }
  c(
    part[c("X", "y")], network(weights, "_before"),
    backward_list(list(layers = problem$layers, objective = problem$objective, y = part$y), before),
    list(loss = matrix(before$loss)), network(updated, "_after"),
    list(output_after = last(after$activation)[[1]], loss_after = matrix(after$loss))
  )
}

# The network with the rows of wout that belong to the inputs as a matrix of their own, wskip.
split_skip <- function(network, layers) {
  if (!has_skip(layers)) {
    return(network)
  }
  below <- seq_len(nrow(network$wout) - n_inputs(layers))
  parts <- list(
    wout = network$wout[below, , drop = FALSE], wskip = network$wout[-below, , drop = FALSE]
  )
  c(network[setdiff(names(network), c("wout", "bout"))], parts, network["bout"])
}

new_trace <- function(epochs, network, learning_rate, settings) {
  structure(
    list(epochs = epochs, network = network, learning_rate = learning_rate, settings = settings),
    class = "nn_trace"
  )
}

# The rows of each batch of an epoch, in the order of the core.
epoch_batches <- function(settings, epoch, n) {
  order <- if (settings$shuffle) core_row_order(settings$seed, epoch, n) else seq_len(n)
  unname(split(order, (seq_len(n) - 1) %/% settings$batch_size))
}

abort_trace_diverged <- function(trace, call) {
  done <- length(unclass(trace)$epochs)
  rate <- trace$learning_rate
  abort_kind(
    "diverged",
    c(
      paste0(
        "Training diverged: the loss or the weights were no longer finite numbers in epoch ",
        "{done + 1}."
      ),
      i = "Use a smaller {.arg learning_rate} than {rate}, or scale the inputs.",
      i = "The field {.field trace} of this error contains the {done} epoch{?s} before."
    ),
    call, environment(),
    trace = trace
  )
}
