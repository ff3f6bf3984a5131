# Held-out predictions, and the numbers behind their plots.

# Held-out predictions:
#   observed   a factor, or n x k numbers
#   predicted  n x levels probabilities, or n x k numbers
#   class      for a factor, the predicted class of each row
#   weights    n positive case weights
#   repeats    how often each row of the data is in the n rows
#   events     for several outcomes that are yes or no (n x k numbers) see events_of(); NULL for
#              other outcomes
# Rows of weight 0, and those without a prediction or an outcome, are dropped.
new_held_out <- function(observed, predicted, class = NULL, weights = NULL, repeats = 1,
                         events = NULL) {
  if (is.null(weights)) weights <- rep(1, nrow(predicted))
  known <- weights > 0 & rowSums(is.na(predicted)) == 0 & rowSums(is.na(as.matrix(observed))) == 0
  list(
    observed = take_rows(observed, known), predicted = predicted[known, , drop = FALSE],
    class = class[known], weights = weights[known], repeats = repeats, events = events
  )
}

cv_held_out <- function(cv) {
  predictions <- cv$predictions
  classes <- !is.null(cv$probabilities)
  new_held_out(
    if (classes) predictions$observed else as.matrix(predictions$observed),
    if (classes) cv$probabilities else as.matrix(predictions$predicted),
    if (classes) predictions$predicted, cv$weights, cv$repeats, cv$events
  )
}

# The rows that a fit held out as a fraction, from its outputs and residuals. They depend on the
# case weights, which a fit does not store.
fit_held_out <- function(fit, threshold, call) {
  if (!is.numeric(fit$settings$validation) || is.null(fit$output) || isTRUE(fit$has_weights)) {
    abort_argument(c(
      "{.arg data} is missing: rows that were not used for training.",
      x = if (isTRUE(fit$has_weights)) {
        "The fit does not store the weights of its rows."
      } else {
        "The fit stores no held-out predictions."
      },
      i = "For out-of-fold predictions of all rows, use {.fn nn_cv}."
    ), call)
  }
  y <- fit$output + fit$residuals
  if (!is.null(fit$levels)) y <- round(y)
  kind <- if (is.null(fit$levels)) "numeric" else if (ncol(y) == 1) "binary" else "classes"
  rows <- held_out_rows(fit$settings, fit$state$seed, list(y = y, kind = kind), numeric())
  output <- fit$output[rows, , drop = FALSE]
  y <- y[rows, , drop = FALSE]
  if (is.null(fit$levels)) {
    return(new_held_out(y, output, events = fit$encoding$outcome$events))
  }
  observed <- factor(fit$levels[row_classes(list(y = y, kind = kind))], fit$levels)
  new_held_out(
    observed, as_type(output, "prob", fit), as_type(output, "class", fit, threshold)
  )
}

# The predictions of a fit for new cases. `y`: NULL if a formula computes it from the data.
new_data_held_out <- function(fit, data, y, weights, offset, threshold, call) {
  plain <- unclass(fit)
  classes <- !is.null(plain$levels)
  predicted <- as.matrix(predict(
    fit, data,
    type = if (classes) "prob" else "response", offset = offset
  ))
  weights <- check_weights(weights, nrow(predicted), call)
  new_held_out(
    new_outcome(plain, data, y, nrow(predicted), call), predicted,
    if (classes) factor(plain$levels[class_numbers(predicted, threshold)], plain$levels),
    if (length(weights) > 0) weights,
    events = plain$encoding$outcome$events
  )
}

# The outcome of new cases: a factor with the levels of the fit, or an n x k matrix. Missing values
# stay missing.
new_outcome <- function(fit, data, y, rows, call) {
  if (is.null(y)) {
    if (is.null(fit$encoding$terms)) {
      abort_input(
        c("{.arg y} is missing.", i = "Supply the outcome of the rows of {.arg data}."), call
      )
    }
    y <- formula_outcome(fit, data, call, "data")
  }
  if (NROW(y) != rows) {
    abort_input(c(
      "{.arg data} and {.arg y} must have the same number of rows.",
      x = "{.arg data} has {rows} row{?s}, {.arg y} has {NROW(y)}."
    ), call)
  }
  if (is.data.frame(y) && is.null(fit$encoding$outcome$events)) {
    y <- if (ncol(y) == 1) y[[1]] else as.matrix(y)
  }
  there <- which(rowSums(is.na(as.matrix(y))) == 0)
  known <- known_outcome(fit, take_rows(y, there), length(there), call)
  if (is.factor(known)) {
    return(factor(replace(rep(NA, rows), there, as.character(known)), fit$levels))
  }
  all <- matrix(NA_real_, rows, ncol(known), dimnames = list(NULL, colnames(known)))
  all[there, ] <- known
  all
}

known_outcome <- function(fit, y, rows, call) {
  y <- align_outputs(y, fit, call)
  if (!is.null(fit$encoding)) {
    encoded <- encode_outcome(y, fit$encoding$outcome, call)
    return(if (is.null(fit$levels)) encoded$response else encoded$y)
  }
  if (is.logical(y) && is.null(fit$levels)) y <- y + 0
  targets <- encode_targets(y, rows, call, fit$levels, numeric = is.null(fit$levels))
  if (is.null(fit$levels)) targets$y else factor(fit$levels[row_classes(targets)], fit$levels)
}

# The classes that are compared with all others (of two, the second), or the outcomes that are yes
# or no: for each list(name, score, positive), its name, the predicted probability of each row, and
# whether it is true. The name is a factor with all levels.
compared_classes <- function(held) {
  if (!is.null(held$events)) {
    names <- factor(names(held$events), names(held$events))
    return(lapply(seq_along(names), function(k) {
      list(name = names[k], score = held$predicted[, k], positive = held$observed[, k] > 0.5)
    }))
  }
  levels <- levels(held$observed)
  lapply(if (length(levels) == 2) 2L else seq_along(levels), function(k) {
    list(
      name = factor(levels[k], levels), score = held$predicted[, k],
      positive = as.integer(held$observed) == k
    )
  })
}

bind_rows <- function(tables) {
  table <- do.call(rbind, tables)
  rownames(table) <- NULL
  table
}

# A row for each pair of classes: the sum of the weights of its rows, and their proportion of the
# rows of the observed class, which is the recall where both are the same. Several outcomes that are
# yes or no are below each other, with the column `output`.
confusion_table <- function(held, ...) {
  if (!is.null(held$events)) {
    return(bind_rows(lapply(seq_along(held$events), function(k) {
      as_class <- function(x) factor(held$events[[k]][(x[, k] > 0.5) + 1], held$events[[k]])
      data.frame(
        output = factor(names(held$events)[k], names(held$events)),
        confusion_table(list(
          observed = as_class(held$observed), class = as_class(held$predicted),
          weights = held$weights
        ))
      )
    })))
  }
  levels <- levels(held$observed)
  pairs <- expand.grid(
    observed = factor(levels, levels), predicted = factor(levels, levels), KEEP.OUT.ATTRS = FALSE
  )
  counts <- tapply(
    held$weights, list(held$observed, factor(held$class, levels)), sum,
    default = 0
  )
  proportion <- counts / rowSums(counts)
  proportion[rowSums(counts) == 0, ] <- NA
  data.frame(pairs, rows = as.vector(counts), proportion = as.vector(proportion))
}

roc_table <- function(held, ...) {
  bind_rows(lapply(compared_classes(held), function(compared) {
    score <- compared$score
    positive <- compared$positive
    above <- rev(rowsum(held$weights * positive, score))
    below <- rev(rowsum(held$weights * !positive, score))
    data.frame(
      class = compared$name, threshold = c(Inf, sort(unique(score), decreasing = TRUE)),
      false_positive_rate = c(0, cumsum(below) / sum(below)),
      true_positive_rate = c(0, cumsum(above) / sum(above)),
      auc = rank_area(score, positive, held$weights)
    )
  }))
}

calibration_table <- function(held, bins) {
  bind_rows(lapply(compared_classes(held), function(compared) {
    p <- compared$score
    positive <- compared$positive
    tables <- lapply(split(seq_along(p), equal_bins(p, held$weights, bins)), function(rows) {
      w <- held$weights[rows]
      observed <- stats::weighted.mean(positive[rows], w)
      interval <- wilson_interval(observed, effective_rows(w) / held$repeats)
      data.frame(
        class = compared$name, predicted = stats::weighted.mean(p[rows], w),
        observed = observed, lower = interval[1], upper = interval[2], rows = sum(w)
      )
    })
    bind_rows(tables)
  }))
}

# The bin of each value: bins have equal weights, and equal values are in the same bin.
equal_bins <- function(x, weights, bins) {
  values <- sort(unique(x))
  weight <- as.vector(rowsum(weights, x))
  middle <- (cumsum(weight) - weight / 2) / sum(weight)
  ceiling(middle * bins)[match(x, values)]
}

# The 95 % interval of Wilson (1927), doi:10.1080/01621459.1927.10502953, for a proportion of n.
wilson_interval <- function(p, n) {
  z <- stats::qnorm(0.975)
  middle <- (p + z^2 / (2 * n)) / (1 + z^2 / n)
  half <- z / (1 + z^2 / n) * sqrt(p * (1 - p) / n + z^2 / (4 * n^2))
  c(max(0, middle - half), min(1, middle + half))
}

observed_table <- function(held, ...) {
  outputs <- colnames(held$observed) %||% colnames(held$predicted) %||%
    (if (ncol(held$observed) == 1) "y" else paste0("y", seq_len(ncol(held$observed))))
  data.frame(
    output = factor(rep(outputs, each = nrow(held$observed)), unique(outputs)),
    observed = as.vector(held$observed), predicted = as.vector(held$predicted),
    residual = as.vector(held$observed - held$predicted),
    weight = rep(held$weights, ncol(held$observed))
  )
}
