# How good predictions are. A metric is a row of this table: `kind`, the outcome that it is for;
# `value`, a function of what was observed, what was predicted and the rows' weights. For "numeric"
# both are n x k matrices; for "classes" observed is a factor and predicted an n x levels matrix of
# probabilities.

metric_table <- list(
  accuracy = list(kind = "classes", value = function(y, p, w) {
    weighted_mean(max.col(p, "first") == as.integer(y), w)
  }),
  log_loss = list(kind = "classes", value = function(y, p, w) {
    -weighted_mean(log(pmax(of_class(p, y), 1e-15)), w)
  }),
  brier = list(kind = "classes", value = function(y, p, w) {
    weighted_mean(rowSums((p - one_hot(y))^2), w)
  }),
  auc = list(kind = "classes", value = function(y, p, w) area_under_curve(y, p, w)),
  rmse = list(kind = "numeric", value = function(y, p, w) {
    sqrt(weighted_mean(rowMeans((y - p)^2), w))
  }),
  mae = list(kind = "numeric", value = function(y, p, w) weighted_mean(rowMeans(abs(y - p)), w)),
  r_squared = list(kind = "numeric", value = function(y, p, w) {
    mean(vapply(seq_len(ncol(y)), function(k) {
      total <- weighted_mean((y[, k] - weighted_mean(y[, k], w))^2, w)
      if (isTRUE(total > 0)) 1 - weighted_mean((y[, k] - p[, k])^2, w) / total else NA_real_
    }, 0))
  }),
  poisson_deviance = list(kind = "numeric", value = function(y, p, w) {
    if (any(p <= 0) || any(y < 0)) {
      NA_real_
    } else {
      2 * weighted_mean(rowMeans(ifelse(y > 0, y * log(y / p), 0) - (y - p)), w)
    }
  })
)

usual_metrics <- list(
  classes = c("accuracy", "log_loss", "auc"), numeric = c("rmse", "mae", "r_squared")
)

# NA where no row counts.
weighted_mean <- function(x, w) if (sum(w) > 0) sum(w * x) / sum(w) else NA_real_

of_class <- function(p, y) p[cbind(seq_along(y), as.integer(y))]

one_hot <- function(y) outer(as.integer(y), seq_len(nlevels(y)), "==")

# The probability that a row of the class gets a higher score than one that is not of it, ties
# counting half (Mann and Whitney). NA where one of the two is missing.
rank_area <- function(score, positive, w) {
  above <- rowsum(w * positive, score)
  below <- rowsum(w * !positive, score)
  if (sum(above) == 0 || sum(below) == 0) {
    return(NA_real_)
  }
  sum(above * (cumsum(below) - below / 2)) / (sum(above) * sum(below))
}

# For more than two classes the mean over all pairs of classes (Hand and Till 2001).
area_under_curve <- function(y, p, w) {
  class <- as.integer(y)
  if (nlevels(y) == 2) {
    return(rank_area(p[, 2], class == 2, w))
  }
  pairs <- utils::combn(nlevels(y), 2)
  mean(apply(pairs, 2, function(pair) {
    rows <- class %in% pair
    mean(vapply(pair, function(k) rank_area(p[rows, k], class[rows] == k, w[rows]), 0))
  }))
}

# Metrics as a named list of functions of (observed, predicted, weights), from names, functions or a
# list of both.
check_metrics <- function(metrics, kind, call) {
  if (is.null(metrics)) metrics <- usual_metrics[[kind]]
  if (is.function(metrics)) metrics <- list(metric = metrics)
  if (!(is.character(metrics) || is.list(metrics)) || length(metrics) == 0) {
    abort_argument(c(
      "{.arg metrics} must be names, a function, or a list of both.",
      x = "It is {describe(metrics)}."
    ), call)
  }
  metrics <- as.list(metrics)
  known <- names(Filter(function(metric) metric$kind == kind, metric_table))
  if (is.null(names(metrics))) names(metrics) <- rep("", length(metrics))
  functions <- lapply(metrics, function(metric) {
    if (is.function(metric)) {
      return(own_metric(metric, call))
    }
    if (is.character(metric) && length(metric) == 1 &&
      metric %in% setdiff(names(metric_table), known)) {
      abort_argument(c(
        paste0(
          "The metric {.val {metric}} is for {if (kind == 'classes') 'numbers' else 'classes'}, ",
          "and the outcome is {if (kind == 'classes') 'a factor' else 'numeric'}."
        ),
        i = "For this outcome there are {.val {known}}.",
        i = if (kind == "numeric") "Make the outcome a factor where it stands for classes."
      ), call)
    }
    metric_table[[check_choice(metric, known, "metrics", call)]]$value
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
        "The names of {.arg metrics} must be different, and none of ",
        "{.val {c('repetition', 'fold', 'rows', 'epoch')}}."
      ),
      x = "They are {.val {names(functions)}}."
    ), call)
  }
  functions
}

# A user's metric sees vectors where there is one output, and must give one number. Where it does
# not, the value is NA, with what went wrong as its attribute "failure".
own_metric <- function(f, call) {
  declared <- args(f) # NULL for the few primitives that do not tell their arguments
  parameters <- if (is.function(declared)) names(formals(declared)) else "..."
  if (length(parameters) < 2 && !"..." %in% parameters) {
    abort_argument(c(
      paste0(
        "A function in {.arg metrics} must take two arguments: what was observed and what was ",
        "predicted."
      ),
      x = "It takes {if (length(parameters) == 0) 'none' else 'one'}."
    ), call)
  }
  function(y, p, w) {
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
  }
}
