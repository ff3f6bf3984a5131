# Split-conformal prediction. Calibration rows, which are used neither for training nor for
# stopping, have scores, their distances from the fit; a quantile of the scores defines intervals
# and sets.

# The scores of a problem's rows, one vector for each output: for numbers |y - fit|; for classes
# 1 - p, with p the probability of the true class. If the outputs of an outcome describe its spread,
# the score is relative to it: the distance outside the outer quantiles, negative inside (Romano,
# Patterson and Candes 2019, doi:10.48550/arXiv.1905.03222), or |y - mean| / sd.
calibration_scores <- function(fit, problem) {
  output <- decode_output(network_output(fit, problem$X, problem$offset), fit$encoding)
  bands <- output_bands(fit, output)
  if (!is.null(bands)) {
    y <- problem$response[, 1]
    return(list(unname(pmax(bands$lower - y, y - bands$upper) / bands$unit)))
  }
  if (is.null(fit$levels)) {
    errors <- abs(problem$response - output)
    outputs <- stats::setNames(seq_len(ncol(errors)), colnames(errors))
    return(lapply(outputs, function(k) unname(errors[, k])))
  }
  prob <- as_type(output, "prob", fit)
  list(1 - prob[cbind(seq_len(nrow(prob)), match(problem$y, fit$levels))])
}

# What intervals are made of where the outputs describe the spread of an outcome: the estimate, and
# lower and upper, from which limits are at the distance of the score times the unit. NULL for other
# fits.
output_bands <- function(fit, output) {
  loss <- fit$settings$loss
  if (outputs_per_outcome(loss) == 1) {
    return(NULL)
  }
  if (loss$name == "quantile") {
    middle <- which.min(abs(loss$parameter - 0.5))
    return(list(
      fit = output[, middle], lower = output[, 1], upper = output[, ncol(output)], unit = 1
    ))
  }
  mean <- output[, 1]
  sd <- if (loss$name == "beta") sqrt(mean * (1 - mean) / (1 + output[, 2])) else output[, 2]
  c(same_band(mean)[c("fit", "lower", "upper")], list(unit = sd))
}

same_band <- function(x) list(fit = x, lower = x, upper = x, unit = 1)

# The bound that the score of a new case does not exceed with probability `level`: the
# ceiling(level (n + 1))-th of the n sorted scores, or Inf if this rank is greater than n. A whole
# weight is the score so many times. Other weights are scaled to have the mean 1, the weight of the
# new case. `weights`: NULL if all are 1.
conformal_quantile <- function(scores, level, weights = NULL) {
  if (is.null(weights)) weights <- rep(1, length(scores))
  if (any(weights != floor(weights))) weights <- weights / mean(weights)
  sum <- cumsum(weights)
  at <- which(sum >= level * (last(sum) + 1) - 1e-9)
  if (length(at) == 0) Inf else scores[at[1]]
}

# Intervals or sets. For numbers: fit, lwr and upr for each row (and each output, as third
# dimension). For classes: whether each level is in the set of each row.
prediction_regions <- function(fit, output, level, call) {
  scores <- fit$calibration
  weights <- if (is.null(fit$calibration_weights)) list(NULL) else fit$calibration_weights
  limits <- mapply(conformal_quantile, scores, level, weights)
  if (any(is.infinite(limits))) {
    rows <- row_count(weights[[1]], length(scores[[1]]))
    cli::cli_warn(c(
      paste0(
        "{rows} calibration row{?s} {?is/are} too few for the level {level}: the ",
        "{if (is.null(fit$levels)) 'intervals are infinite' else 'sets contain all levels'}."
      ),
      i = paste0(
        "At least {ceiling(level / (1 - level) - 1e-9)} are required: use more data, ",
        "a larger {.arg calibration}, or a lower {.arg level}."
      )
    ), class = "backprop_warning_calibration", call = NULL)
  }
  if (!is.null(fit$levels)) {
    return(1 - as_type(output, "prob", fit) <= limits)
  }
  outcome <- fit$encoding$outcome
  range <- if (outcome$kind == "count") c(0, Inf) else outcome$range %||% c(-Inf, Inf)
  bands <- output_bands(fit, output)
  regions <- lapply(seq_along(limits), function(k) {
    if (is.null(bands)) bands <- same_band(output[, k])
    lower <- bands$lower - limits[k] * bands$unit
    upper <- bands$upper + limits[k] * bands$unit
    # quantiles that are too far apart are moved together, at most to their middle
    crossed <- which(lower > upper)
    lower[crossed] <- upper[crossed] <- (lower[crossed] + upper[crossed]) / 2
    cbind(fit = bands$fit, lwr = pmax(lower, range[1]), upr = pmin(upper, range[2]))
  })
  if (length(regions) == 1) {
    return(`rownames<-`(regions[[1]], rownames(output)))
  }
  array(unlist(regions), c(nrow(output), 3, length(regions)), list(
    rownames(output), c("fit", "lwr", "upr"), fit$outputs
  ))
}

check_calibrated <- function(fit, call) {
  if (is.null(fit$calibration)) {
    abort_argument(c(
      "Prediction intervals and sets require a fit with calibration rows.",
      i = "Train with {.code calibration = 0.2} on a data frame or a sparse matrix."
    ), call)
  }
  check_whole_fit(unclass(fit), call)
}

# Adds the sorted scores of the calibration rows, a problem, to a fit, and their weights unless all
# are 1. Rows of weight 0 are dropped.
calibrate <- function(fit, problem) {
  if (!is.null(problem$weights)) problem <- problem_rows(problem, positive_rows(problem$weights))
  plain <- with_scores(unclass(fit), calibration_scores(unclass(fit), problem), problem$weights)
  # intervals are cut to the range of the output if all outcomes are in it
  range <- plain$encoding$outcome$range
  if (!is.null(range) && !all(problem$response >= range[1] & problem$response <= range[2])) {
    plain$encoding$outcome$range <- NULL
  }
  structure(plain, class = "nn_fit")
}

# A fit with the sorted scores of rows, for each output, and their weights unless all are 1.
with_scores <- function(fit, scores, weights) {
  orders <- lapply(scores, order)
  fit$calibration <- Map(function(x, order) x[order], scores, orders)
  fit["calibration_weights"] <- list(
    if (any(weights != 1)) lapply(orders, function(order) as.double(weights)[order])
  )
  if (is.null(fit$calibration_weights)) fit$calibration_weights <- NULL
  fit
}
