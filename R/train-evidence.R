# What held-out rows say about a fit: the loss of the network with the defaults that were chosen,
# and of a linear model and a constant that are trained and judged on the same rows.

# The evidence:
#   method    "4-fold cross-validation" or "held-out rows"
#   rows      the number of rows that were predicted
#   loss      c(network, linear, constant), means per row
#   accuracy  the same, or NULL for numbers
new_evidence <- function(splits, network, options, call) {
  scores <- rbind(
    network = network, linear = linear_score(splits, options, call),
    constant = constant_score(splits, options, call)
  )
  list(
    method = if (length(splits) == 4) "4-fold cross-validation" else "held-out rows",
    rows = sum(vapply(splits, function(split) as.double(nrow(split$held_out$X)), 0)),
    loss = scores[, "loss"], accuracy = if (!anyNA(scores[, "accuracy"])) scores[, "accuracy"]
  )
}

# A penalised linear model: no hidden layer. Its penalty is chosen as that of a network.
linear_score <- function(splits, options, call) {
  options <- linear_options(options)
  ladder <- strengths("lbfgs", counted_rows(splits[[1]]$training))
  best <- c(loss = Inf, accuracy = NA)
  walk_ladder(
    function(i) {
      score <- try_candidate(options, ladder[i], splits, call)
      if (score[["loss"]] < best[["loss"]]) best <<- score
      score[["loss"]]
    },
    rep(NA_real_, length(ladder)), which(ladder %in% c(0.5, 4))
  )
  best
}

# A network without a hidden layer whose only input is 0.
constant_score <- function(splits, options, call) {
  without_inputs <- function(problem) {
    problem$X <- matrix(0, nrow(problem$X), 1)
    problem["encoding"] <- list(NULL)
    problem
  }
  try_candidate(linear_options(options), 0, lapply(splits, lapply, without_inputs), call)
}

linear_options <- function(options) {
  linear <- list(
    hidden = 0, activation = "relu", optimizer = "lbfgs", learning_rate = NULL, batch_size = NULL,
    epochs = 100, patience = Inf, schedule = NULL, dropout = 0, clip = Inf, penalty_l1 = 0,
    start = NULL, init = "he_normal"
  )
  options[names(linear)] <- linear
  options
}

# The rows that a fit held out as a fraction, as a split: they, and as many others as a linear model
# needs.
split_of <- function(fit, problem, call) {
  targets <- encode_targets(problem$y, nrow(problem$X), call)
  held_out <- held_out_rows(
    fit$settings, fit$state$seed, targets, check_weights(problem$weights, nrow(problem$X), call)
  )
  others <- setdiff(weighted_rows(problem), held_out)
  most <- min(2e4, max(1000, 5e6 / ncol(problem$X)))
  others <- others[unique(round(seq(1, length(others), length.out = min(most, length(others)))))]
  list(training = problem_rows(problem, others), held_out = problem_rows(problem, held_out))
}
