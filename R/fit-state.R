# The state from which training can be resumed. Its fields are listed in one table, from which the
# initial state, its check and its size are derived. The core has the same list (src/core/state.h),
# without `seed` and `plateau`, which only R uses.

# Makes a row:
#   type      "numbers" (finite), "number", "whole" (>= 0), "pairs" (a matrix with one row per
#             parameter) or "list"
#   first     the initial value, or a function(n, settings, seed) of it, n the number of parameters
#   size      a function(n, optimizer): the valid lengths, for fields that grow with the network
#   length    the length of other fields
#   most      the largest "whole"
#   in_words  the requirement, for error messages
state_field <- function(type, first, size = NULL, length = 1, most = 2^32 - 1, in_words = NULL) {
  list(type = type, first = first, size = size, length = length, most = most, in_words = in_words)
}
state_number <- function(first) state_field("number", first, in_words = "a number")
state_whole <- function(first, most = 2^32 - 1) {
  state_field("whole", first, most = most, in_words = "a whole number of at least 0")
}
memory_field <- function(moment, first) {
  state_field(
    "numbers",
    first = function(n, settings, seed) {
      if (moments_of(settings$optimizer) < moment) numeric() else rep(first(settings$optimizer), n)
    },
    size = function(n, optimizer) if (moments_of(optimizer) >= moment) n else 0,
    in_words = "as long as the memory of the optimiser"
  )
}
moments_of <- function(optimizer) optimizer_table[[optimizer$name]]$moments

none_or_all <- function(n, optimizer) c(0, n)
weights_in_words <- "one finite number per weight, or empty"
most_pairs <- function(n, optimizer) n * max(0, optimizer$numbers$history)
pairs_in_words <- "a matrix with one row per weight"

state_table <- list(
  weights = state_field(
    "numbers", numeric(),
    size = function(n, optimizer) n, in_words = "one finite number per weight"
  ),
  moment = memory_field(1, function(optimizer) 0),
  moment2 = memory_field(2, function(optimizer) {
    optimizer_table[[optimizer$name]]$moment2(optimizer)
  }),
  curvature = state_field("list", function(n, settings, seed) first_curvature(settings, n)),
  steps = state_whole(0, most = 2^53),
  epoch = state_whole(0),
  under_way = state_field(
    "numbers", c(batch = 0, loss = 0, weight = 0, correct = 0),
    length = 4, in_words = "four numbers"
  ),
  best_weights = state_field(
    "numbers", numeric(),
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

# The state of second-order methods.
curvature_table <- list(
  gradient = state_field("numbers", numeric(), none_or_all, in_words = weights_in_words),
  s = state_field("pairs", function(n, ...) matrix(0, n, 0), most_pairs, in_words = pairs_in_words),
  y = state_field("pairs", function(n, ...) matrix(0, n, 0), most_pairs, in_words = pairs_in_words),
  scale = state_field("numbers", numeric(), none_or_all, in_words = weights_in_words),
  objective = state_number(0), data_loss = state_number(0), correct = state_number(0),
  evaluations = state_number(0), damping = state_number(0), damping_factor = state_number(2)
)

# The initial values, and the names of those that are functions.
first_of_state <- lapply(state_table, `[[`, "first")
first_of_curvature <- lapply(curvature_table, `[[`, "first")
made_of_state <- names(Filter(is.function, first_of_state))
made_of_curvature <- names(Filter(is.function, first_of_curvature))
first_fields <- function(fields, made, n, settings, seed) {
  fields[made] <- lapply(fields[made], function(first) first(n, settings, seed))
  fields
}

# The state before the first epoch: a list with the fields of `state_table`.
first_state <- function(weights, settings, seed) {
  state <- first_fields(first_of_state, made_of_state, length(weights), settings, seed)
  state$weights <- weights
  if (is.null(state$curvature)) state$curvature <- NULL
  state
}

first_curvature <- function(settings, n) {
  if (second_order(settings$optimizer)) {
    first_fields(first_of_curvature, made_of_curvature, n, settings, NULL)
  }
}

# The fields that grow with the network.
growing_fields <- function(table) Filter(function(field) !is.null(field$size), table)
growing_state <- growing_fields(state_table)
growing_curvature <- growing_fields(curvature_table)

# The largest number of elements of a state with n parameters, counting the growing fields only.
state_numbers <- function(n, optimizer) {
  fields <- c(growing_state, if (second_order(optimizer)) growing_curvature)
  sum(vapply(fields, function(field) max(field$size(n, optimizer)), 0))
}

returned_weights <- function(state) {
  if (length(state$best_weights) > 0) state$best_weights else state$weights
}

needs_seed <- function(settings) {
  (!is.null(settings$batch_size) && !isFALSE(settings$shuffle)) || length(settings$dropout) > 0 ||
    is.numeric(settings$validation)
}

# Did nn_strip() remove the state of the optimiser?
lacks_state <- function(fit) isTRUE(fit$stripped) && is.null(fit$state$weights)
