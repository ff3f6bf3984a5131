# Compares candidates for the defaults by their loss on held-out rows. A *way* is
#   options   the options that are trained with if it is chosen, without the penalty
#   trial, middle  the same with fewer epochs, for a first and a second comparison
#   longer, small  the same with more epochs, and with few units, for functions without noise; NULL
#                  if there are none
#   lm        a list of options for Levenberg-Marquardt with few units, also for them
# and a candidate is a way with a *strength*, the penalty times the number of rows trained on.

# The number of rows on which candidates are compared for many rows, by effort.
compared_rows <- c(standard = 3000, high = 10000)
# For few rows and with much effort, candidates are compared on two folds, and on more if these have
# fewer rows than this. The mean of an ensemble's networks depends less on their settings, and its
# own folds give the evidence.
compared_rows_few <- 160
# With much effort, so many units are a candidate for mini-batches.
deep_units <- c(128, 128, 128)
# L-BFGS is a candidate for many rows if there are fewer rows and values than this. Adam doesn't
# come close to a function with little noise; with noise, it does as well in less time. If its loss
# is above a quarter of that of a constant, L-BFGS is only searched further if tanh is better.
lbfgs_rows <- 1e4
lbfgs_values <- 1e5
# The epochs of L-BFGS in the first comparison, and of the second those where an epoch takes long
# (see middle_epochs()). Most noisy data need no more than these; all epochs are only tried if the
# loss of the second is below this part of that of the first.
trial_epochs <- 100
still_falling <- 0.95
# With little noise the loss of L-BFGS still falls quickly at the end: it is below this part of that
# of the trial. Then more epochs are worth their time, and so few units may be best. If the epochs
# are given, and there is no trial with fewer, the loss is below this part of that of a constant.
falling <- 0.7
little <- 0.1
few_units <- c(10, 20)
# Below this part of the loss of a constant, a candidate is only dropped after a part of the splits
# if its loss is higher than the rival's by so many times the rival's: with so little noise, the
# splits differ by the minima that are found, which the rows of one split don't show.
little_loss <- 0.05
far_behind <- 3
# For squared errors, Levenberg-Marquardt converges in few epochs where L-BFGS takes thousands. An
# epoch takes rows x outputs x parameters^2 operations, of which so many are affordable.
lm_epochs <- 100
lm_operations <- 1e7

# Fewer rows can't be held out in four folds.
searched_rows <- 8
has_rows_to_search <- function(problem) length(weighted_rows(problem)) >= searched_rows

# The families of candidates to compare: a list of list(kind, ways, ladder). None if there is
# nothing to choose.
candidate_families <- function(options, auto, few, problem, call) {
  if (!auto[["penalty"]] || !has_rows_to_search(problem)) {
    return(list())
  }
  steps <- asks_for_steps(options)
  optimizers <- if (!auto[["optimizer"]]) {
    name <- check_optimizer(options$optimizer, NULL, call)$name
    if (name == "lbfgs" || !(few || is_full_batch(options$optimizer, call))) name
  } else if (few) {
    if (!steps) "lbfgs"
  } else {
    affordable <- nrow(problem$X) < lbfgs_rows && problem_values(problem) <= lbfgs_values
    c("adam", if (!steps && affordable) "lbfgs")
  }
  lapply(optimizers, function(optimizer) {
    kind <- if (optimizer == "lbfgs") "lbfgs" else "adam"
    activations <- if (!auto[["activation"]] || identical(options$hidden, 0)) {
      "relu"
    } else if (kind == "lbfgs") {
      c("tanh", "silu", "relu")
    } else {
      c("relu", "silu")
    }
    layers <- list(NULL)
    if (identical(options$effort, "high") && kind == "adam" && !few && auto[["hidden"]]) {
      layers <- list(NULL, deep_units)
    }
    ways <- list()
    for (hidden in layers) {
      for (activation in activations) {
        way <- list(optimizer = optimizer, activation = activation, hidden = hidden)
        way <- new_way(settle(options, auto, way, few, problem, call), auto, kind, problem)
        ways <- c(ways, list(way))
      }
    }
    list(kind = kind, ladder = strengths(kind, counted_rows(problem)), ways = ways)
  })
}

new_way <- function(options, auto, kind, problem) {
  trial <- options
  if (kind == "lbfgs") {
    trial$epochs <- min(options$epochs, trial_epochs)
    trial$patience <- Inf
    middle <- options
    if (auto[["epochs"]]) middle$epochs <- min(options$epochs, middle_epochs(problem))
    longer <- options
    if (auto[["epochs"]]) longer$epochs <- max(options$epochs, long_epochs(problem))
    small <- longer
    small$hidden <- few_units[1]
    return(list(
      options = options, trial = trial, middle = middle,
      longer = if (longer$epochs > options$epochs) longer,
      small = if (auto[["hidden"]] && auto[["epochs"]]) small, lm = lm_ways(options, auto, problem)
    ))
  } else {
    if (auto[["schedule"]]) trial["schedule"] <- list(NULL)
    trial$epochs <- min(options$epochs, 40)
    trial$patience <- 8
  }
  list(options = options, trial = trial)
}

# Options for few units and Levenberg-Marquardt, a list; empty where that is not possible.
lm_ways <- function(options, auto, problem) {
  possible <- auto[["hidden"]] && auto[["optimizer"]] && !is.factor(problem$y) &&
    (is.null(options$loss) || identical(options$loss, "squared_error"))
  if (!possible) {
    return(list())
  }
  outputs <- NCOL(problem$y)
  parameters <- few_units * (ncol(problem$X) + 1 + outputs) + outputs
  operations <- as.double(nrow(problem$X)) * outputs * parameters^2
  options$optimizer <- "lm"
  if (auto[["epochs"]]) options$epochs <- lm_epochs
  lapply(few_units[operations <= lm_operations], function(units) {
    options$hidden <- units
    options
  })
}

# The best candidate: list(options, strength, score, splits), with its score on the splits; NULL if
# none can be trained on them.
compare_candidates <- function(families, few, effort, problem, call) {
  values <- problem_values(problem)
  splits <- if (few) {
    folds <- folds_for(values)
    enough <- ceiling(4 * compared_rows_few / nrow(problem$X))
    new_splits(problem, if (effort == "high") min(folds, max(2, enough)) else folds)
  } else {
    new_splits(problem, 1, compared_rows[[effort]])
  }
  with_search_bar(
    "Choosing the defaults", search_epochs(families, length(splits)),
    compare_on_splits(families, splits, call)
  )
}

# The number of folds that are held out: as many as a pass through about 200,000 numbers affords.
folds_for <- function(values) pmin(4, ceiling(2e5 / values))

# About the number of epochs that a search needs: each way goes one step beyond where it starts. The
# second family usually ends after its first way, and a third of the candidates are only trained on
# the first of several splits.
search_epochs <- function(families, splits) {
  needed <- vapply(families, function(family) {
    way <- family$ways[[1]]
    of_way <- (length(first_strengths[[family$kind]]) + 1) * way$trial$epochs
    more_epochs <- family$kind == "lbfgs" && way$middle$epochs > way$trial$epochs
    c(
      first = of_way, all = length(family$ways) * of_way +
        if (more_epochs) (length(family$ways) + 2) * way$middle$epochs else 0
    )
  }, c(first = 0, all = 0))
  (if (splits > 1) 2 / 3 else 1) * splits * (needed[["all", 1]] + sum(needed["first", -1]))
}

compare_on_splits <- function(families, splits, call) {
  constant <- constant_score(splits, families[[1]]$ways[[1]]$options, call)[["loss"]]
  best <- NULL
  for (family in families) {
    bar <- if (is.null(best) || best$score[["loss"]] < constant / 4) Inf else best$score[["loss"]]
    other <- strongest(search_family(family, splits, bar, constant, call), constant)
    if (is.null(best) || is_true(other$score[["loss"]] < best$score[["loss"]])) best <- other
  }
  if (!is.null(best)) {
    list(
      options = best$options, strength = best$strength, score = best$score, splits = splits
    )
  }
}

# The candidates of a family that were tried, a list of list(options, strength, score).
# Those of L-BFGS are first compared after few epochs. The best of each way are compared again after
# more, and then others next to the best of them; but if the loss is lower after few, as it is for
# some noisy data, that number of epochs is chosen. If the loss is still falling, all epochs are
# tried; if it has fallen much, there is little noise, and few units and even more epochs are tried.
# A candidate that is clearly worse than its rival after some of the splits is not trained on the
# others: the rival is the best of the same way for the first comparison, then the best of all. What
# takes long, many epochs and Levenberg-Marquardt, ends after a split that is at all worse. The
# search ends early if no candidate of the first way has a loss below `bar`. `constant`: the loss of
# a constant.
search_family <- function(family, splits, bar, constant, call) {
  tried <- list()
  rival <- NULL
  empty <- matrix(NA_real_, length(family$ladder), length(family$ways))
  lbfgs <- family$kind == "lbfgs"
  try_one <- function(i, w, options, margin = NULL) {
    little_noise <- !is.null(rival) && rival[["loss"]] < little_loss * constant
    if (is.null(margin) && little_noise) margin <- far_behind
    score <- try_candidate(options, family$ladder[i], splits, call, rival, margin)
    chosen <- family$ways[[w]]$options
    of_trial <- c("epochs", "hidden", "optimizer")
    if (lbfgs) chosen[of_trial] <- options[of_trial]
    if (length(attr(score, "splits")) == length(splits)) {
      tried[[length(tried) + 1]] <<- list(
        options = chosen, strength = family$ladder[i], score = score
      )
      if (is.null(rival) || score[["loss"]] < rival[["loss"]]) rival <<- score
    }
    score[["loss"]]
  }
  loss <- empty
  for (w in seq_along(family$ways)) {
    rival <- NULL
    first <- match(first_strengths[[family$kind]], family$ladder)
    loss[, w] <- walk_ladder(
      function(i) try_one(i, w, family$ways[[w]]$trial), loss[, w], first[!is.na(first)]
    )
    if (min(loss, na.rm = TRUE) > bar) {
      return(list())
    }
  }
  if (!lbfgs || !any(is.finite(loss))) {
    return(tried)
  }
  refined <- loss
  if (family$ways[[1]]$trial$epochs < family$ways[[1]]$middle$epochs) {
    rival <- strongest(tried, constant)$score
    try_more <- function(i, w) try_one(i, w, family$ways[[w]]$middle)
    refined <- empty
    lowest <- apply(loss, 2, min, na.rm = TRUE)
    for (w in order(lowest)) {
      i <- which.min(loss[, w])
      refined[i, w] <- try_more(i, w)
    }
    w <- col(refined)[which.min(refined)]
    refined[, w] <- walk_ladder(function(i) try_more(i, w), refined[, w])
    before <- lowest[w]
    low <- falling * before
  } else {
    w <- col(refined)[which.min(refined)]
    low <- little * constant
  }
  i <- which.min(refined[, w])
  best <- refined[i, w]
  way <- family$ways[[w]]
  if (!is_true(best < low)) {
    more <- way$options$epochs > way$middle$epochs
    if (more && is_true(best < still_falling * before)) try_one(i, w, way$options, 0)
    return(tried)
  }
  try_few <- function(options, start, margin = NULL, loss = empty[, w]) {
    walk_ladder(function(i) try_one(i, w, options, margin), loss, start)
  }
  # the loss of few units has several minima along the ladder, one of them at weak penalties
  if (!is.null(way$small)) try_few(way$small, c(1, 3))
  for (lm in way$lm) {
    weakest <- try_one(1, w, lm, 0)
    if (weakest > (1 + far_behind) * rival[["loss"]]) break
    if (weakest <= rival[["loss"]]) try_few(lm, integer(), 0, replace(empty[, w], 1, weakest))
  }
  # with more epochs a weaker penalty is best
  if (!is.null(way$longer)) try_one(max(1, i - 1), w, way$longer, 0)
  tried
}

# The candidate with the strongest penalty among those whose loss is almost the lowest, because the
# loss of a weak one is often low by chance: within 1 % of the loss, or of what is gained over the
# constant if that is less. NULL if no loss is finite.
strongest <- function(tried, constant) {
  loss <- vapply(tried, function(one) one$score[["loss"]], 0)
  if (!any(is.finite(loss))) {
    return(NULL)
  }
  near <- loss <= min(loss) + 0.01 * min(abs(min(loss)), abs(constant - min(loss)))
  strength <- vapply(tried, `[[`, 0, "strength")
  near <- near & strength == max(strength[near])
  tried[[which(near)[which.min(loss[near])]]]
}
