# The state of a training: what nn_continue() goes on from. Its fields stand in one table, from
# which the first state, its check and its size follow. The core has the same list in
# src/core/state.h; what R alone keeps is `seed` and `plateau`.

# One field. `type`: "numbers" (finite ones), "number", "whole" (one from 0), "pairs" (a matrix with
# a row for each weight) or "list". size(n, optimizer) is how many numbers it can hold for n
# weights, `first(n, settings, seed)` what it holds before the first step. `in_words` says in an
# error what it must be.
state_field <- function(type, first, size = function(n, optimizer) 1, in_words = NULL) {
  list(type = type, first = first, size = size, in_words = in_words)
}
state_number <- function(value) state_field("number", function(...) value, in_words = "a number")
state_whole <- function(value) {
  state_field("whole", function(...) value, in_words = "a whole number from 0")
}
memory_field <- function(moment, first) {
  state_field(
    "numbers",
    first = function(n, settings, seed) {
      rep(first(settings$optimizer), if (moments_of(settings$optimizer) >= moment) n else 0)
    },
    size = function(n, optimizer) if (moments_of(optimizer) >= moment) n else 0,
    in_words = "as long as the optimiser's memory is"
  )
}
moments_of <- function(optimizer) optimizer_table[[optimizer$name]]$moments

none_or_all <- function(n, optimizer) c(0, n)
weights_in_words <- "a finite number for each weight, or none"
most_pairs <- function(n, optimizer) n * max(0, optimizer$numbers$history)

state_table <- list(
  weights = state_field(
    "numbers", NULL,
    size = function(n, optimizer) n, in_words = "a finite number for each weight"
  ),
  moment = memory_field(1, function(optimizer) 0),
  moment2 = memory_field(2, function(optimizer) {
    optimizer_table[[optimizer$name]]$moment2(optimizer)
  }),
  curvature = state_field("list", function(n, settings, seed) {
    if (second_order(settings$optimizer)) first_fields(curvature_table, n, settings, seed)
  }),
  steps = state_whole(0),
  epoch = state_whole(0),
  under_way = state_field(
    "numbers", function(...) c(batch = 0, loss = 0, weight = 0, correct = 0),
    size = function(n, optimizer) 4, in_words = "four numbers"
  ),
  best_weights = state_field(
    "numbers", function(...) numeric(),
    size = none_or_all, in_words = weights_in_words
  ),
  best_epoch = state_whole(0),
  best_loss = state_number(Inf),
  reference = state_number(Inf),
  stale = state_whole(0),
  seed = state_field("list", function(n, settings, seed) seed),
  plateau = state_field("list", function(n, settings, seed) {
    if (watches_loss(settings$schedule)) first_plateau()
  })
)

curvature_table <- list(
  gradient = state_field(
    "numbers", function(...) numeric(),
    size = none_or_all, in_words = weights_in_words
  ),
  s = state_field(
    "pairs", function(n, ...) matrix(0, n, 0),
    size = most_pairs, in_words = "a matrix with a row for each weight"
  ),
  y = state_field(
    "pairs", function(n, ...) matrix(0, n, 0),
    size = most_pairs, in_words = "a matrix with a row for each weight"
  ),
  scale = state_field(
    "numbers", function(...) numeric(),
    size = none_or_all, in_words = weights_in_words
  ),
  objective = state_number(0), data_loss = state_number(0), correct = state_number(0),
  evaluations = state_number(0), damping = state_number(0), damping_factor = state_number(2)
)

first_fields <- function(table, n, settings, seed) {
  lapply(table, function(field) field$first(n, settings, seed))
}

first_state <- function(weights, settings, seed) {
  fields <- first_fields(state_table[-1], length(weights), settings, seed)
  if (is.null(fields$curvature)) fields$curvature <- NULL
  c(list(weights = weights), fields)
}

first_curvature <- function(settings, n) {
  if (second_order(settings$optimizer)) first_fields(curvature_table, n, settings, NULL)
}

# The most numbers that a state holds for n weights, those aside that it has of any network.
state_numbers <- function(n, optimizer) {
  table <- c(state_table, if (second_order(optimizer)) curvature_table)
  grows <- function(field) max(field$size(n, optimizer)) - max(field$size(0, optimizer))
  sum(vapply(table, grows, 0))
}

returned_weights <- function(state) {
  if (length(state$best_weights) > 0) state$best_weights else state$weights
}

needs_seed <- function(settings) {
  (!is.null(settings$batch_size) && settings$shuffle) || length(settings$dropout) > 0 ||
    is.numeric(settings$validation)
}
