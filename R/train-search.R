# Compares candidates for the defaults by their loss on held-out rows.
#
# An example: nn_train(y ~ ., d) with 400 rows, four inputs and a number as outcome.
# * Below 1000 rows there is one *family* of candidates, that of L-BFGS. (With more rows there is
#   one of Adam, and up to 10,000 rows that of L-BFGS after it.)
# * It has three *ways*, tanh, silu and relu, each with 100 units and 1000 epochs, and its *trial*,
#   the same with 100 epochs.
# * Its *ladder* are the *strengths* 5e-6, 5e-5, ..., 0.5, 4, 32, 256, 2048. The penalty is the
#   strength divided by the number of rows: the strength 4 is the penalty 0.01.
# * A candidate is a way with a strength. Its loss is the mean over four *splits*: each holds out
#   one of four folds.
# search_family() then compares, here with these losses (a constant has 0.504):
# 1. Trials of tanh with the strengths 0.5, 4 and 0.005: 0.0784, 0.0769, 0.0853. The best is 4, so
#    that walk_ladder() also tries 32: 0.0890. Now both neighbours of 4 are worse.
# 2. The same for silu (best with 0.5, 0.0787) and relu (best with 4, 0.0828). relu with 0.005 is
#    dropped after the first split, because its loss there is over 1.5 times that of its *rival*,
#    the best of the same way so far.
# 3. The best of each way with all epochs: tanh 0.0770, silu 0.0778, relu dropped after two splits.
#    Then the neighbours of the best, tanh with 32 and 0.5: both are worse.
# 4. With little noise, the loss would have fallen far below that of the trial by now, and `longer`,
#    `small` and `lm` would be tried. Here 0.0770 is not below 0.7 times 0.0769.
# strongest() chooses tanh with the strength 4 and the 100 epochs of the trial, whose loss, 0.0769,
# is the lowest. With a second family, the loss of the first is the *bar*, unless it is below a
# quarter of that of a constant: if no candidate of its first way is better, the others are not
# tried.
#
# A way is a list of
#   options   the options that are trained with if it is chosen, without the penalty
#   trial     the same with fewer epochs, for a first comparison
#   longer, small  the same with more epochs, and with few units, for functions without noise; NULL
#                  if there are none
#   lm        a list of options for Levenberg-Marquardt with few units, also for them

# The number of rows on which candidates are compared for many rows, by effort.
compared_rows <- c(standard = 3000, high = 10000)
# With much effort, so many units are a candidate for mini-batches.
deep_units <- c(128, 128, 128)
# L-BFGS is a candidate for many rows if there are fewer rows and values than this. Adam doesn't
# come close to a function with little noise; with noise, it does as well in less time. If its loss
# is above a quarter of that of a constant, L-BFGS is only searched further if tanh is better.
lbfgs_rows <- 1e4
lbfgs_values <- 1e5
# With little noise the loss of L-BFGS still falls quickly at the end: it is below this part of that
# of the trial. Then more epochs are worth their time, and so few units may be best. If the epochs
# are given, and there is no trial with fewer, the loss is below this part of that of a constant.
falling <- 0.7
little <- 0.1
few_units <- c(10, 20)
# Below this part of the loss of a constant, no candidate is dropped after a part of the splits:
# with so little noise, the splits differ by the minima that are found, which the rows of one split
# don't show.
unraced <- 0.05
# The order of losses after a trial is not that after all epochs. So the first comparison only drops
# candidates that are worse than their rival by this part of its loss.
far_behind <- 0.5
# For squared errors, Levenberg-Marquardt converges in few epochs where L-BFGS takes thousands. An
# epoch takes rows x outputs x parameters^2 operations, of which so many are affordable.
lm_epochs <- 100
lm_operations <- 1e8

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
    trial$epochs <- min(options$epochs, 100)
    trial$patience <- Inf
    longer <- options
    if (auto[["epochs"]]) longer$epochs <- max(options$epochs, long_epochs(problem))
    small <- longer
    small$hidden <- few_units[1]
    return(list(
      options = options, trial = trial,
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
    new_splits(problem, folds_for(values))
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
    all_epochs <- family$kind == "lbfgs" && way$options$epochs > way$trial$epochs
    c(
      first = of_way, all = length(family$ways) * of_way +
        if (all_epochs) (length(family$ways) + 2) * way$options$epochs else 0
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
# Those of L-BFGS are first compared after a part of their epochs. The best of each way are compared
# again after all epochs, and then others next to the best of them; but if the loss is lower after
# the part, as it is for some noisy data, that number of epochs is chosen. If it is much higher
# after the part, there is little noise, and more epochs and few units are tried. A candidate that
# is clearly worse than its rival after some of the splits is not trained on the others: the rival
# is the best of the same way for the first comparison, then the best of all. Nor is one whose loss
# on some of the splits is already too high for all of them (see cannot_win()). The search ends
# early if no candidate of the first way has a loss below `bar`. `constant`: the loss of a constant.
search_family <- function(family, splits, bar, constant, call) {
  tried <- list()
  rival <- NULL
  empty <- matrix(NA_real_, length(family$ladder), length(family$ways))
  lbfgs <- family$kind == "lbfgs"
  # `others`: losses of which the lowest has to be beaten
  try_one <- function(i, w, options, others, margin = clearly_behind) {
    races <- !is.null(rival) && rival[["loss"]] >= unraced * constant
    score <- try_candidate(
      options, family$ladder[i], splits, call, if (races) rival, margin, lowest_of(others)
    )
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
    way <- family$ways[[w]]
    first <- match(first_strengths[[family$kind]], family$ladder)
    margin <- if (way$trial$epochs < way$options$epochs) far_behind else clearly_behind
    loss[, w] <- walk_ladder(
      function(i, known) try_one(i, w, way$trial, known, margin), loss[, w], first[!is.na(first)]
    )
    if (min(loss, na.rm = TRUE) > bar) {
      return(list())
    }
  }
  if (!lbfgs || !any(is.finite(loss))) {
    return(tried)
  }
  refined <- loss
  if (family$ways[[1]]$trial$epochs < family$ways[[1]]$options$epochs) {
    rival <- strongest(tried, constant)$score
    refined <- empty
    lowest <- apply(loss, 2, min, na.rm = TRUE)
    try_all <- function(i, w, known) try_one(i, w, family$ways[[w]]$options, known)
    for (w in order(lowest)) {
      i <- which.min(loss[, w])
      refined[i, w] <- try_all(i, w, refined)
    }
    w <- col(refined)[which.min(refined)]
    refined[, w] <- walk_ladder(function(i, known) try_all(i, w, known), refined[, w])
    low <- falling * lowest[w]
  } else {
    w <- col(refined)[which.min(refined)]
    low <- little * constant
  }
  i <- which.min(refined[, w])
  best <- refined[i, w]
  if (!is_true(best < low)) {
    return(tried)
  }
  way <- family$ways[[w]]
  try_few <- function(options, start, loss = empty[, w]) {
    loss <- walk_ladder(function(i, known) try_one(i, w, options, known), loss, start)
    best <<- min(best, loss, na.rm = TRUE)
    loss
  }
  for (lm in way$lm) {
    before <- best
    # the loss of few units has several minima along the ladder, one of them at weak penalties
    loss <- empty[, w]
    for (at in unique(c(1, i))) loss[at] <- try_one(at, w, lm, c(before, loss))
    if (!is_true(min(loss, na.rm = TRUE) < before)) break
    try_few(lm, setdiff(3, which(!is.na(loss))), loss)
  }
  # many units, and the small steps of L-BFGS, take ten times as long
  if (best >= refined[i, w] / 4) {
    if (!is.null(way$small)) try_few(way$small, unique(c(1, 3, i)))
    if (!is.null(way$longer) && best >= refined[i, w] / 4) try_one(i, w, way$longer, best)
  }
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
