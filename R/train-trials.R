# Trains on a part of the rows and scores the result on others.

# Noisy data need a strong penalty, a sharp boundary or a function without noise a weak one. The
# strengths are steps from nearly 0 to where the outputs of any network are constant.
strengths <- function(kind, rows) {
  all <- if (kind == "lbfgs") {
    c(5 * 10^(-6:-1), 4 * 8^(0:12))
  } else {
    c(0.02, 0.2, 2, 10, 40, 160 * 4^(0:12))
  }
  all[seq_len(sum(all < rows) + 1)]
}
# The first steps to try, the most probable one first.
first_strengths <- list(lbfgs = c(0.5, 4, 0.005), adam = c(0.2, 2, 10))

# The splits of a problem that candidates are compared on: a list of list(training, held_out), two
# problems. The rows are dealt out to four folds, depending on their number (in each class) only and
# not on random numbers; each of the first `number` folds is held out once. `most`: the number of
# rows to use, which are spread evenly over the others. Cells of a table with the same inputs are
# held out together: the others would say that a class which is held out does not occur with them.
new_splits <- function(problem, number, most = Inf) {
  if (!is.null(problem$weights)) problem <- problem_rows(problem, weighted_rows(problem))
  fold <- deal_rows(problem, 4, most)
  lapply(seq_len(number), function(k) {
    list(
      training = problem_rows(problem, which(fold > 0 & fold != k)),
      held_out = problem_rows(problem, which(fold == k))
    )
  })
}

# The fold of each row, 0 for rows that are not used.
deal_rows <- function(problem, folds, most = Inf) {
  n <- nrow(problem$X)
  classes <- if (is.factor(problem$y)) as.integer(problem$y) else rep(1L, n)
  order <- core_row_order(0, 0, n)
  order <- order[order(classes[order])]
  if (n > most) order <- order[unique(round(seq(1, n, length.out = most)))]
  fold <- integer(n)
  fold[order] <- rep_len(seq_len(folds), length(order))
  combinations <- cells_of(problem$X, problem$weights)
  number_of <- max(combinations, 0)
  if (number_of >= folds) {
    fold <- rep_len(seq_len(folds), number_of)[core_row_order(0, 0, number_of)][combinations]
  }
  fold
}

# The number of each row's combination of inputs, 0 for rows of weight 0, if the rows are cells of a
# table (see are_cells()). NULL otherwise.
cells_of <- function(X, weights) {
  if (!are_cells(weights) || is_sparse(local_part(X))) {
    return(NULL)
  }
  own <- local_part(X)
  columns <- if (is_coded(own)) {
    c(as.data.frame(coded_numbers(own)), unname(unclass(own)$codes))
  } else {
    as.data.frame(rows_in_memory(own))
  }
  text <- do.call(paste, columns)
  if (is_shared(X)) text <- unlist(each_rank(ranks_of(X), text, "cells"))
  match(text, unique(text[weights > 0]), nomatch = 0)
}

# The score on the held-out rows of all splits: c(loss, accuracy) per row, the second NA for
# numbers. The loss is infinite if the other rows can't be trained on. Otherwise the attribute
# `rows` has the loss of each row. If the candidate is clearly worse than another with the score
# `rival`, or can't have a loss as low as `to_beat`, only the first splits are trained on (see
# mean_score()).
try_candidate <- function(options, strength, splits, call, rival = NULL, margin = clearly_behind,
                          to_beat = Inf) {
  if (!is_never_negative(options$loss)) to_beat <- Inf
  mean_score(splits, function(k) {
    options$penalty <- strength / counted_rows(splits[[k]]$training)
    held_out_score(splits[[k]], options, call)
  }, rival, margin, to_beat)
}

# Is the loss of each row at least 0? NULL is that of numbers or of classes.
is_never_negative <- function(loss) {
  is.null(loss) || (is.character(loss) && all(loss %in% c("squared_error", "cross_entropy")))
}

# The lowest of the losses that are known. Infinite if there is none.
lowest_of <- function(losses) min(Inf, losses, na.rm = TRUE)

# The mean of `score_of_split(k)` over the held-out rows of all splits. Attributes: `rows`, the
# losses of the rows, and `splits`, the scores of the splits that were computed. If these are not
# all, the mean is what is expected of all splits: that of the rival and the difference so far, or
# that of the splits so far.
mean_score <- function(splits, score_of_split, rival = NULL, margin = clearly_behind,
                       to_beat = Inf) {
  weights <- vapply(splits, split_weight, 0)
  scores <- list()
  mean_of <- function(scores) {
    done <- seq_along(scores)
    weighted <- vapply(done, function(k) {
      as.vector(scores[[k]]) * weights[k]
    }, c(loss = 0, accuracy = 0))
    rowSums(weighted) / sum(weights[done])
  }
  for (k in seq_along(splits)) {
    scores[[k]] <- score_of_split(k)
    if (k == length(splits)) break
    behind <- lag_behind(scores, rival, splits, margin)
    if (!is.null(behind)) {
      return(structure(rival + c(behind, NA), rows = NULL, splits = scores))
    }
    so_far <- mean_of(scores)
    if (cannot_win(so_far[["loss"]] * sum(weights[seq_len(k)]) / sum(weights), to_beat)) {
      so_far[["accuracy"]] <- NA
      return(structure(so_far, rows = NULL, splits = scores))
    }
  }
  structure(mean_of(scores), rows = unlist(lapply(scores, attr, "rows")), splits = scores)
}

# Can a candidate not be chosen, whose loss on all splits is at least `least`, what it has on the
# first ones? Losses that are higher by up to 1 % may be chosen (see strongest()).
cannot_win <- function(least, to_beat) is_true(least > 1.02 * to_beat)

# How much worse is a candidate with these scores of the first splits than its rival? NULL if it is
# not clearly worse: by more than twice the standard error of the mean difference on these rows, and
# by more than `margin` of the rival's loss (Maron and Moore 1997, doi:10.1023/A:1006556606079). The
# standard error of fewer rows is not reliable, and they take little time.
least_raced <- 50
clearly_behind <- 0.02

lag_behind <- function(scores, rival, splits, margin = clearly_behind) {
  if (is.null(rival)) {
    return(NULL)
  }
  if (is.infinite(scores[[length(scores)]][["loss"]])) {
    return(Inf)
  }
  done <- seq_along(scores)
  rows_of <- function(scores) unlist(lapply(scores, attr, "rows"))
  rows <- rows_of(scores)
  others <- rows_of(attr(rival, "splits")[done])
  if (length(rows) < least_raced || length(rows) != length(others)) {
    return(NULL)
  }
  weights <- split_weights(splits[done])
  worse <- mean_difference(rows, others, weights)
  least <- max(2 * worse[["error"]], margin * abs(stats::weighted.mean(others, weights)))
  if (is_true(worse[["mean"]] > least)) worse[["mean"]]
}

# c(mean, error) of the differences between two losses of each row. The same row is predicted by
# both models, so the standard error is that of the mean of its difference.
mean_difference <- function(rows, others, weights) {
  difference <- rows - others
  mean <- stats::weighted.mean(difference, weights)
  c(
    mean = mean,
    error = sqrt(stats::weighted.mean((difference - mean)^2, weights) / effective_rows(weights))
  )
}

# The weights of the held-out rows of some splits.
split_weights <- function(splits) {
  unlist(lapply(splits, function(split) {
    weights <- split$held_out$weights
    if (length(weights) > 0) weights else rep(1, nrow(split$held_out$X))
  }))
}

split_weight <- function(split) {
  weights <- split$held_out$weights
  if (length(weights) > 0) sum(weights) else nrow(split$held_out$X)
}

# With a finite patience, the held-out rows also choose the epoch.
held_out_score <- function(split, options, call) {
  options["validation"] <- list(
    if (is.finite(options$patience)) split$held_out[c("X", "y", "weights", "offset")]
  )
  fit <- tryCatch(
    suppressWarnings(try_training(split$training, options, NULL, call)),
    backprop_error_communicator = cnd_signal, backprop_error_rank = cnd_signal,
    backprop_error = function(e) NULL
  )
  if (is.null(fit)) {
    return(c(loss = Inf, accuracy = NA))
  }
  if (identical(fit$stop, "interrupted")) interrupt()
  score_of(unclass(fit), split$held_out, call)
}

# The mean loss and the accuracy of a fit on the rows of a problem. The attribute `rows` has the
# loss of each row, unless the mean is also weighted by class.
score_of <- function(fit, problem, call) {
  numeric <- is.null(fit$levels)
  targets <- spread_targets(
    encode_targets(problem$y, nrow(problem$X), call, fit$levels, numeric = numeric),
    fit$settings$loss, call
  )
  weights <- problem$weights %||% numeric()
  offset <- check_offset(problem$offset, nrow(problem$X), ncol(targets$y), call)
  single <- fit$settings$precision == "single"
  objective <- core_objective(fit$settings)
  objective[c("mean", "penalty", "penalty_l1")] <- list(TRUE, 0, 0)
  flat <- flatten_network(fit[parameter_names(fit$layers)])
  rows <- rows_for_core(list(
    X = problem$X, y = targets$y, offset = offset, case_weights = numeric(),
    weights = apply_class_weights(weights, fit$settings$class_weights, targets, call)
  ), seq_len(nrow(problem$X)), single)
  on.exit(core_free_rows(rows))
  loss <- evaluate(list(
    layers = fit$layers, objective = objective, weights = flat, rows = rows,
    ranks = ranks_of(problem$X)
  ))$value
  output <- forward_rows(fit$layers, flat, problem$X, offset, FALSE, single)$output
  structure(c(
    loss = if (is.finite(loss)) loss else Inf,
    accuracy = if (numeric) {
      NA
    } else {
      stats::weighted.mean(
        most_probable(class_outputs(output, fit)) == most_probable(class_outputs(targets$y, fit)),
        if (length(weights) > 0) weights else rep(1, nrow(output))
      )
    }
  ), rows = if (is.null(fit$settings$class_weights)) {
    row_losses(targets$y, output, fit$settings)
  })
}

# Looks for the lowest loss along a ladder. `loss_at(i, loss)` is the loss at step i; `loss` has
# those that are known, else NA. Begins at `start`, and ends when both neighbours of the best step
# are known, so that the best step is at an end only if nothing is beyond it. Returns the losses.
walk_ladder <- function(loss_at, loss, start = integer()) {
  repeat {
    for (i in start) loss[i] <- loss_at(i, loss)
    best <- which.min(loss)
    start <- Filter(function(i) is.na(loss[i]), intersect(best + c(1L, -1L), seq_along(loss)))
    if (length(start) == 0 || !is.finite(loss[best])) {
      return(loss)
    }
  }
}
