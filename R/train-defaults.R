# Replaces "auto" in the options for data frames, depending on the number of rows, the outcome and
# the arguments that are supplied. bench/defaults.R compares the choices.

# list(options, names, evidence, interrupted): the options with each "auto" replaced; the names of
# those that were chosen; what is known about held-out rows (see new_evidence()), or NULL; and the
# fit so far if the search for epochs was interrupted, else NULL.
choose_defaults <- function(options, problem, shown, call) {
  auto <- vapply(options, identical, NA, "auto")
  if (!auto[["epochs"]]) check_whole(options$epochs, "epochs", call, least = 0)
  few <- has_few_rows(options, problem)
  given_rate <- options$learning_rate
  families <- candidate_families(options, auto, few, problem, call)
  found <- if (length(families) > 0) {
    # what would be an error after the search is one before it
    plain <- settle(options, auto, NULL, few, problem, call)
    if (auto[["penalty"]]) plain$penalty <- 0
    targets <- check_training(problem, plain, call)$targets
    weights <- check_weights(problem$weights, nrow(problem$X), call)
    apply_class_weights(weights, plain$class_weights, targets, call, store_of(problem$X))
    compare_candidates(families, few, options$effort, problem, call)
  }
  options <- if (is.null(found)) {
    settle(options, auto, NULL, few, problem, call)
  } else {
    found$options
  }
  if (auto[["penalty"]]) {
    strength <- if (is.null(found)) plain_strength(few, problem) else found$strength
    options$penalty <- strength / counted_rows(problem)
  }
  names <- c(
    names(auto)[auto], if (is.null(given_rate) && !is.null(options$learning_rate)) "learning_rate"
  )
  edge <- NULL
  result <- list(options = options, names = names, evidence = NULL, interrupted = NULL)
  if (finds_epochs(options, auto, few, call) && can_hold_out(problem)) {
    first <- train_first(options, problem, shown, call, list(chosen = names))
    result$interrupted <- if (first$stop == "interrupted") first
    if (isTRUE(first$best_epoch == first_epochs)) edge <- "epochs"
    result$options$epochs <- 2 * max(1, first$best_epoch)
    result$options$schedule <- nn_cosine(result$options$epochs, least = 0.01)
    if (!is.null(found) && is.numeric(unclass(first)$settings$validation)) {
      found$splits <- list(split_of(unclass(first), problem, call))
      found$score <- score_of(unclass(first), found$splits[[1]]$held_out, call)
    }
  }
  if (!is.null(found) && is.null(result$interrupted)) {
    result$evidence <- new_evidence(found$splits, found$score, edge, options, call)
  }
  result
}

# The penalty times the number of rows where there is no search. Too few rows for one (see
# searched_rows) are mostly without noise, such as those of examples: 1 / rows would keep the
# network constant for the four rows of XOR.
plain_strength <- function(few, problem) {
  if (has_rows_to_search(problem)) {
    if (few) 1 else 2
  } else {
    0.3
  }
}

# The number of epochs for many rows: a first training at a constant rate holds out a tenth of the
# rows, which determine the best epoch. Then all rows are trained on, from the same start, for twice
# as many epochs, with rates that decay almost to zero, so that the sum of the rates is the same.
first_epochs <- 100

train_first <- function(options, problem, shown, call, chosen) {
  options$epochs <- first_epochs
  if (is.null(options$validation)) options$validation <- 0.1
  if (is.infinite(options$patience)) options$patience <- 20
  try_training(problem, options, shown, call, chosen)
}
