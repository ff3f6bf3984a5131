# A check of nn_doctor(): counts that are learned with the squared error.

# What a numeric outcome of whole numbers from 0 or 1 looks like beside its predictions: the share
# of `negative` predictions; the `mean` and the `variance` of the outcome around its predictions in
# the half of the rows with the lower predictions and in the other half, and the standard `error` of
# the logarithm of the ratio of the variances. NULL for other outcomes and losses. `y`, `output`:
# n x k on the scale of the outcome; `weights`: those of the rows, numeric() if all are 1.
count_facts <- function(settings, y, output, weights) {
  if (settings$loss$name != "squared_error" || settings$output_activation != "identity" ||
    is.null(output) || is_indicators(y) || is_stored(y) || NCOL(y) != 1) {
    return(NULL)
  }
  y <- as.matrix(y)
  if (length(weights) > 0) {
    there <- positive_rows(weights)
    y <- y[there, , drop = FALSE]
    output <- output[there, , drop = FALSE]
  }
  if (nrow(y) < 50 || is_fractional(y[1:50, ])) {
    return(NULL)
  }
  y <- as.vector(y)
  p <- as.vector(output)
  # the variance of squares must be finite
  if (!isTRUE(max(abs(p), abs(y)) < 1e50)) {
    return(NULL)
  }
  # few values may be codes or ratings
  if (!min(y) %in% 0:1 || max(y) < 6 || is_fractional(y) || length(unique(y)) < 6) {
    return(NULL)
  }
  upper <- p > stats::median(p)
  if (mean(upper) < 0.25) {
    return(NULL)
  }
  halves <- list(!upper, upper)
  squares <- lapply(halves, function(half) (y - p)[half]^2)
  variance <- vapply(squares, mean, 0)
  relative <- vapply(squares, function(x) stats::var(x) / length(x) / mean(x)^2, 0)
  list(counts = c(
    negative = mean(p < 0), mean = vapply(halves, function(half) mean(y[half]), 0),
    variance = variance, error = sqrt(sum(relative))
  ))
}

# Does the variance grow with the mean?
find_counts <- function(fit, facts) {
  if (fit$settings$loss$name != "squared_error" ||
    fit$settings$output_activation != "identity") {
    return(FALSE)
  }
  if (is.null(facts$counts)) {
    return(if (is.null(facts$outputs)) NA else FALSE)
  }
  counts <- facts$counts
  negative <- counts[1]
  mean <- counts[2:3]
  variance <- counts[4:5]
  grows <- isTRUE(mean[2] > 1.5 * mean[1] && variance[2] > 1.5 * variance[1]) &&
    isTRUE(log(variance[2] / variance[1]) > 2 * counts[6])
  if (!grows) {
    return(FALSE)
  }
  finding(
    "the outcome may be counts",
    paste0(
      "The outcome has whole numbers of at least 0, and its variance around the predictions grows ",
      "with them: it is ", short(variance[1]), " at a mean of ", short(mean[1]), ", and ",
      short(variance[2]), " at a mean of ", short(mean[2]),
      if (negative >= 0.01) {
        paste0("; ", short(100 * negative), " % of the predictions are negative")
      }, "."
    )
  )
}

counts_advice <- function(fit, facts) {
  paste0(
    "If they are counts, use loss = \"poisson\", for which the variance grows with the mean and ",
    "predictions are positive",
    if (isTRUE(facts$counts[5] > 1.5 * facts$counts[3])) {
      ", or loss = nn_negative_binomial(NULL), for a variance that is larger than the mean"
    },
    "."
  )
}
