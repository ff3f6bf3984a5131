# The state from which training can be resumed.

first_state <- function(weights, settings, seed) {
  c(list(weights = weights), first_memory(settings$optimizer, length(weights)), list(
    steps = 0, epoch = 0, under_way = c(batch = 0, loss = 0, weight = 0, correct = 0),
    best_weights = numeric(), best_epoch = 0, best_loss = Inf, reference = Inf, stale = 0,
    seed = seed, plateau = if (identical(settings$schedule$kind, "plateau")) first_plateau()
  ))
}

returned_weights <- function(state) {
  if (length(state$best_weights) > 0) state$best_weights else state$weights
}

needs_seed <- function(settings) {
  (!is.null(settings$batch_size) && settings$shuffle) || length(settings$dropout) > 0 ||
    is.numeric(settings$validation)
}
