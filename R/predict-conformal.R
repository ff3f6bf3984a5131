# Split-conformal prediction. Calibration rows, which are used neither for training nor for
# stopping, have scores, their distances from the fit; a quantile of the scores defines intervals
# and sets.

# The sorted scores of a problem's rows: for numbers |y - fit|, rows x outputs; for classes 1 - p,
# with p the probability of the true class.
calibration_scores <- function(fit, problem) {
  output <- decode_output(network_output(fit, problem$X, problem$offset), fit$encoding)
  if (is.null(fit$levels)) {
    return(apply(abs(problem$response - output), 2, sort, simplify = FALSE))
  }
  prob <- as_type(output, "prob", fit)
  list(sort(1 - prob[cbind(seq_len(nrow(prob)), match(problem$y, fit$levels))]))
}

# The bound that the score of a new case does not exceed with probability `level`: the
# ceiling(level (n + 1))-th of the n sorted scores, or Inf if this rank is greater than n.
conformal_quantile <- function(scores, level) {
  at <- max(1, ceiling(level * (length(scores) + 1) - 1e-9))
  if (at > length(scores)) Inf else scores[at]
}

# Intervals or sets. For numbers: fit, lwr and upr for each row (and each output, as third
# dimension). For classes: whether each level is in the set of each row.
prediction_regions <- function(fit, output, level, call) {
  scores <- fit$calibration
  limits <- vapply(scores, conformal_quantile, 0, level = level)
  if (any(is.infinite(limits))) {
    rows <- length(scores[[1]])
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
  regions <- lapply(seq_len(ncol(output)), function(k) {
    cbind(
      fit = output[, k], lwr = pmax(output[, k] - limits[k], range[1]),
      upr = pmin(output[, k] + limits[k], range[2])
    )
  })
  if (length(regions) == 1) {
    return(`rownames<-`(regions[[1]], rownames(output)))
  }
  array(unlist(regions), c(nrow(output), 3, length(regions)), list(
    rownames(output), c("fit", "lwr", "upr"), fit$outputs
  ))
}

check_interval <- function(interval, level, type, fit, no_newdata, call) {
  check_choice(interval, c("none", "prediction"), "interval", call)
  level <- check_share_of_one(level, "level", call)
  if (interval == "none") {
    return(FALSE)
  }
  if (is.null(fit$calibration)) {
    abort_argument(c(
      "Prediction intervals and sets require a fit with calibration rows.",
      i = "Train with {.code calibration = 0.2} on a data frame or a sparse matrix."
    ), call)
  }
  if (type != "response") {
    abort_argument(c(
      "{.arg interval} requires {.code type = \"response\"}.",
      x = "{.arg type} is {.val {type}}."
    ), call)
  }
  if (no_newdata) {
    abort_argument(c(
      "{.arg interval} requires {.arg newdata}.",
      i = "Intervals are only valid for cases that were not used for training."
    ), call)
  }
  TRUE
}

# Adds the scores of the calibration rows, a problem, to a fit. Rows of weight 0 are dropped.
calibrate <- function(fit, problem) {
  if (!is.null(problem$weights)) problem <- problem_rows(problem, problem$weights > 0)
  plain <- unclass(fit)
  plain$calibration <- calibration_scores(plain, problem)
  # intervals are cut to the range of the output if all outcomes are in it
  range <- plain$encoding$outcome$range
  if (!is.null(range) && !all(problem$response >= range[1] & problem$response <= range[2])) {
    plain$encoding$outcome$range <- NULL
  }
  structure(plain, class = "nn_fit")
}
