# What held-out rows say about a fit: the loss of the network with the defaults that were chosen,
# and of a linear model and a constant that are trained and judged on the same rows.

# The evidence:
#   method    "4-fold cross-validation", "held-out rows", or "5-fold ensemble"
#   rows      the number of rows that were predicted
#   loss      c(network, linear, constant), means per row
#   accuracy  the same, or NULL for numbers
#   error     c(linear, constant): the standard errors of the differences between their losses and
#             that of the network, NULL if they are not known
#   edge      "epochs" if the held-out loss was lowest in the last epoch that was tried, or NULL
new_evidence <- function(splits, network, edge, options, call, method = NULL) {
  scores <- with_search_bar("Scoring a linear model", 5 * 100 * length(splits), list(
    network = network, linear = linear_score(splits, options, call),
    constant = constant_score(splits, options, call)
  ))
  values <- do.call(rbind, lapply(scores, as.vector))
  weights <- split_weights(splits)
  c(
    list(
      method = method %||%
        if (length(splits) == 4) "4-fold cross-validation" else "held-out rows",
      rows = as.double(length(weights)), loss = values[, 1]
    ),
    if (!anyNA(values[, 2])) list(accuracy = values[, 2]),
    difference_errors(lapply(scores, attr, "rows"), weights), if (!is.null(edge)) list(edge = edge)
  )
}

# list(error), see above. `rows`: the losses of the rows of each model.
difference_errors <- function(rows, weights) {
  if (!all(lengths(rows) == length(weights)) || !all(is.finite(unlist(rows)))) {
    return(NULL)
  }
  error <- vapply(rows[c("linear", "constant")], function(other) {
    mean_difference(other, rows$network, weights)[["error"]]
  }, 0)
  list(error = error)
}

# A penalised linear model: no hidden layer. Its penalty is chosen as that of a network.
linear_score <- function(splits, options, call) {
  options <- linear_options(options)
  ladder <- strengths("lbfgs", counted_rows(splits[[1]]$training))
  best <- c(loss = Inf, accuracy = NA)
  walk_ladder(
    function(i, ...) {
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

# The rows that a fit held out as a fraction, as a split: they, and some of the others.
split_of <- function(fit, problem, call) {
  targets <- encode_targets(problem$y, nrow(problem$X), call, compact = is_stored(problem$X))
  held_out <- held_out_rows(
    fit$settings, fit$state$seed, targets, check_weights(problem$weights, nrow(problem$X), call)
  )
  others <- setdiff(weighted_rows(problem), held_out)
  others <- others[thin_rows(length(others), ncol(problem$X))]
  list(training = problem_rows(problem, others), held_out = problem_rows(problem, held_out))
}

# A split with as many rows for training as a linear model needs, spread evenly.
thin_training <- function(split) {
  X <- split$training$X
  split$training <- problem_rows(split$training, thin_rows(nrow(X), ncol(X)))
  split
}

# Their numbers, of so many rows.
thin_rows <- function(rows, columns) {
  most <- min(rows, 2e4, max(1000, 5e6 / columns))
  unique(round(seq(1, rows, length.out = most)))
}
