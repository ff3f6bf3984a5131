# Metrics of prediction quality. A metric is a row of this table:
#   kind    the outcome that it applies to: "numeric", "classes", "two" (classes), or "quantiles"
#           and "bands" for a fit of one or several of them
#   better  whether "low" or "high" values are better
#   value   a function of the observed outcome, the predictions, the case weights and the threshold
#           (see check_threshold()). For "numeric" the first two are n x k matrices; for classes
#           they are a factor and an n x levels matrix of probabilities. Those of `of_events` also
#           accept several outcomes that are yes (1) or no (0): matrices of them and of
#           probabilities. For quantiles they are the outcome (n x 1) and all quantiles, and the
#           last argument is their probabilities.

metric <- function(kind, better, value) list(kind = kind, better = better, value = value)

metric_table <- list(
  accuracy = metric("classes", "high", function(y, p, w, threshold = NULL) {
    if (is.matrix(y)) {
      return(weighted_mean(rowMeans((p > 0.5) == (y > 0.5)), w))
    }
    weighted_mean(class_numbers(p, threshold) == as.integer(y), w)
  }),
  balanced_accuracy = metric("classes", "high", function(y, p, w, threshold = NULL) {
    mean(vapply(seq_len(nlevels(y)), recall_of, 0, y, p, w, threshold))
  }),
  sensitivity = metric("two", "high", function(y, p, w, threshold = NULL) {
    recall_of(2, y, p, w, threshold)
  }),
  specificity = metric("two", "high", function(y, p, w, threshold = NULL) {
    recall_of(1, y, p, w, threshold)
  }),
  cost = metric("two", "low", function(y, p, w, threshold) {
    wrong <- class_numbers(p, threshold) != as.integer(y)
    weighted_mean(wrong * threshold$costs[as.integer(y)], w)
  }),
  log_loss = metric("classes", "low", function(y, p, w, ...) {
    if (is.matrix(y)) {
      return(weighted_mean(rowMeans(event_losses(y, p)), w))
    }
    -weighted_mean(log(pmax(of_class(p, y), 1e-15)), w)
  }),
  brier = metric("classes", "low", function(y, p, w, ...) {
    if (is.matrix(y)) {
      return(weighted_mean(2 * rowMeans((p - y)^2), w))
    }
    weighted_mean(rowSums((p - one_hot(y))^2), w)
  }),
  auc = metric("classes", "high", function(y, p, w, ...) {
    if (is.matrix(y)) {
      areas <- vapply(seq_len(ncol(y)), function(k) rank_area(p[, k], y[, k] > 0.5, w), 0)
      return(mean(areas))
    }
    area_under_curve(y, p, w)
  }),
  rmse = metric("numeric", "low", function(y, p, w, ...) {
    sqrt(weighted_mean(rowMeans((y - p)^2), w))
  }),
  mae = metric("numeric", "low", function(y, p, w, ...) weighted_mean(rowMeans(abs(y - p)), w)),
  r_squared = metric("numeric", "high", function(y, p, w, ...) {
    mean(vapply(seq_len(ncol(y)), function(k) {
      total <- weighted_mean((y[, k] - weighted_mean(y[, k], w))^2, w)
      if (isTRUE(total > 0)) 1 - weighted_mean((y[, k] - p[, k])^2, w) / total else NA_real_
    }, 0))
  }),
  poisson_deviance = metric("numeric", "low", function(y, p, w, ...) {
    if (any(p <= 0) || any(y < 0)) {
      NA_real_
    } else {
      2 * weighted_mean(rowMeans(ifelse(y > 0, y * log(y / p), 0) - (y - p)), w)
    }
  }),
  pinball_loss = metric("quantiles", "low", function(y, p, w, probability) {
    share <- rep(probability, each = nrow(p))
    above <- y[, 1] - p
    weighted_mean(rowMeans(pmax(share * above, (share - 1) * above)), w)
  }),
  coverage = metric("bands", "high", function(y, p, w, ...) {
    weighted_mean(y[, 1] >= p[, 1] & y[, 1] <= p[, ncol(p)], w)
  })
)

of_events <- c("accuracy", "log_loss", "brier", "auc")

# The proportion of the rows of class k whose class is predicted.
recall_of <- function(k, y, p, w, threshold) {
  weighted_mean(class_numbers(p, threshold) == k, w * (as.integer(y) == k))
}

usual_metrics <- list(
  classes = c("accuracy", "log_loss", "auc"), numeric = c("rmse", "mae", "r_squared"),
  quantiles = c("pinball_loss", "coverage")
)

# NA if all weights are 0.
weighted_mean <- function(x, w) if (sum(w) > 0) sum(w * x) / sum(w) else NA_real_

of_class <- function(p, y) p[cbind(seq_along(y), as.integer(y))]

one_hot <- function(y) outer(as.integer(y), seq_len(nlevels(y)), "==")

# The probability that a row of the class has a higher score than a row of another class, with ties
# counted as one half (Mann and Whitney). NA if either has no rows.
rank_area <- function(score, positive, w) {
  above <- rowsum(w * positive, score)
  below <- rowsum(w * !positive, score)
  if (sum(above) == 0 || sum(below) == 0) {
    return(NA_real_)
  }
  sum(above * (cumsum(below) - below / 2)) / (sum(above) * sum(below))
}

# With more than two classes, the mean over all ordered pairs of classes (Hand and Till 2001,
# doi:10.1023/A:1010920819831). The scores of each class are sorted once, so that time grows with
# the number of classes and not with the number of pairs.
area_under_curve <- function(y, p, w) {
  class <- as.integer(y)
  if (nlevels(y) == 2) {
    return(rank_area(p[, 2], class == 2, w))
  }
  total <- vapply(seq_len(nlevels(y)), function(k) sum(w[class == k]), 0)
  if (any(total == 0) || anyNA(p)) {
    return(NA_real_)
  }
  areas <- vapply(seq_along(total), function(k) {
    own <- class == k
    scores <- sort(unique(p[own, k]))
    weights <- c(0, cumsum(rowsum(w[own], p[own, k])))
    not_above <- weights[findInterval(p[, k], scores) + 1]
    below <- weights[findInterval(p[, k], scores, left.open = TRUE) + 1]
    wins <- total[k] - (not_above + below) / 2
    drop(rowsum(w * wins, class)) / (total * total[k])
  }, total)
  mean(areas[row(areas) != col(areas)])
}

# The metrics of an outcome: `levels` for a factor, a list for several outcomes that are yes or no,
# NULL for numbers. `probability`: those of a fit's quantiles, or NULL.
metrics_of <- function(levels, threshold, probability = NULL) {
  if (is.list(levels)) {
    return(c(of_events, metrics_of(NULL, threshold)))
  }
  kinds <- if (is.null(levels)) {
    c("numeric", c("quantiles", "bands")[seq_len(min(length(probability), 2))])
  } else {
    c("classes", if (length(levels) == 2) "two")
  }
  known <- names(Filter(function(metric) metric$kind %in% kinds, metric_table))
  if (is.null(threshold$costs)) setdiff(known, "cost") else known
}

# Converts metrics, given as names, functions or a list of both, to a named list of functions of
# (observed, predicted, weights). The user's own have the attribute `own`, those that are called
# with all quantiles instead of the central one the attribute `quantiles`. `loss`: that of the fits.
check_metrics <- function(metrics, levels, threshold, call, name = "metrics", loss = NULL) {
  probability <- if (!is.null(loss) && is.null(levels)) {
    loss <- check_loss(loss, call)
    if (loss$name == "quantile") loss$parameter
  }
  known <- metrics_of(levels, threshold, probability)
  if (is.null(metrics)) {
    metrics <- union(
      if (!is.null(threshold)) {
        c("accuracy", "sensitivity", "specificity", if (!is.null(threshold$costs)) "cost")
      },
      intersect(usual_metrics[[
        if (!is.null(levels)) "classes" else if (is.null(probability)) "numeric" else "quantiles"
      ]], known)
    )
  }
  if (is.function(metrics)) metrics <- list(metric = metrics)
  if (!(is.character(metrics) || is.list(metrics)) || length(metrics) == 0) {
    abort_argument(c(
      "{.arg metrics} must be names, a function, or a list of both.",
      x = "You supplied {describe(metrics)}."
    ), call)
  }
  metrics <- as.list(metrics)
  if (is.null(names(metrics))) names(metrics) <- rep("", length(metrics))
  functions <- lapply(metrics, function(metric) {
    if (is.function(metric)) {
      return(own_metric(metric, call, name))
    }
    if (is.character(metric) && length(metric) == 1 &&
      metric %in% setdiff(names(metric_table), known)) {
      abort_unsuited(metric, levels, known, call)
    }
    row <- metric_table[[check_choice(metric, known, name, call)]]
    if (row$kind %in% c("quantiles", "bands")) {
      structure(quantiles = TRUE, function(y, p, w) row$value(y, p, w, probability))
    } else {
      function(y, p, w) row$value(y, p, w, threshold)
    }
  })
  unnamed <- names(functions) == ""
  names(functions)[unnamed] <- vapply(
    which(unnamed),
    function(i) if (is.character(metrics[[i]])) metrics[[i]] else paste0("metric", i), ""
  )
  taken <- intersect(names(functions), c("repetition", "fold", "rows", "epoch"))
  if (anyDuplicated(names(functions)) || length(taken) > 0) {
    abort_argument(c(
      paste0(
        "The names of {.arg metrics} must be unique, and must not include ",
        "{.or {.val {c('repetition', 'fold', 'rows', 'epoch')}}}."
      ),
      x = "The names are {.val {names(functions)}}."
    ), call)
  }
  functions
}

# A metric of another outcome.
abort_unsuited <- function(metric, levels, known, call) {
  kind <- metric_table[[metric]]$kind
  if (kind == "two" && is.character(levels)) {
    abort_argument(c(
      "The metric {.val {metric}} requires two classes{if (metric == 'cost') ' and costs'}.",
      i = if (metric == "cost") {
        "Use {.code threshold = c(false_positive = 1, false_negative = 5)}."
      },
      i = "The metrics for this outcome are {.val {known}}."
    ), call)
  }
  if (kind %in% c("quantiles", "bands") && is.null(levels)) {
    abort_argument(c(
      paste0(
        "The metric {.val {metric}} requires a network for ",
        "{if (kind == 'bands') 'several '}quantiles."
      ),
      i = "Use {.code loss = nn_quantile(c(0.05, 0.5, 0.95))}.",
      i = "The metrics for this outcome are {.val {known}}."
    ), call)
  }
  abort_argument(c(
    paste0(
      "The metric {.val {metric}} requires ",
      if (kind %in% c("classes", "two")) "a factor as the outcome" else "a numeric outcome",
      ", and this outcome is ", if (is.list(levels)) {
        "several columns that are yes or no"
      } else if (is.null(levels)) {
        "numeric"
      } else {
        "a factor"
      }, "."
    ),
    i = "The metrics for this outcome are {.val {known}}.",
    i = if (is.null(levels)) "Convert the outcome to a factor if its numbers are classes."
  ), call)
}

# Wraps a user's metric. With one output it is called with vectors, and it must return one number.
# If it fails or returns something else, the value is NA, with the reason in its attribute
# "failure".
own_metric <- function(f, call, name) {
  declared <- args(f) # NULL for the few primitives that do not expose their arguments
  parameters <- if (is.function(declared)) names(formals(declared)) else "..."
  if (length(parameters) < 2 && !"..." %in% parameters) {
    abort_argument(c(
      paste0(
        "A function in {.arg {name}} must accept two arguments: the observed and the predicted ",
        "values."
      ),
      x = "It accepts {if (length(parameters) == 0) 'none' else 'one'}."
    ), call)
  }
  structure(own = TRUE, function(y, p, w) {
    tryCatch(
      {
        value <- f(if (is.matrix(y)) bare(y) else y, if (is.matrix(y)) bare(p) else p)
        if (!is.numeric(value) && !is.logical(value) || length(value) != 1) {
          stop("it returned ", describe(value), ", not one number")
        }
        as.double(value)
      },
      error = function(e) structure(NA_real_, failure = conditionMessage(e))
    )
  })
}
