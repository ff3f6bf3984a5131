# Split-conformal prediction: rows kept from training and stopping give scores, how far the fit is
# from them; their quantile makes intervals and sets.

# The sorted scores of a problem's rows: for numbers |y - fit|, rows x outputs; for classes 1 - p of
# the true class.
calibration_scores <- function(fit, problem) {
  output <- decode_output(network_output(fit, problem$X, problem$offset), fit$encoding)
  if (is.null(fit$levels)) {
    return(apply(abs(problem$response - output), 2, sort, simplify = FALSE))
  }
  prob <- as_type(output, "prob", fit)
  list(sort(1 - prob[cbind(seq_len(nrow(prob)), match(problem$y, fit$levels))]))
}

# The score that a new case stays below with probability `level`: the ceiling(level (n + 1))-th of
# the n sorted scores, infinite where that is above n.
conformal_quantile <- function(scores, level) {
  at <- max(1, ceiling(level * (length(scores) + 1) - 1e-9))
  if (at > length(scores)) Inf else scores[at]
}

# For numbers: fit, lwr and upr for each row (and each output: the third dimension). For classes:
# the levels in each row's set.
prediction_regions <- function(fit, output, level, call) {
  scores <- fit$calibration
  limits <- vapply(scores, conformal_quantile, 0, level = level)
  if (any(is.infinite(limits))) {
    rows <- length(scores[[1]])
    cli::cli_warn(c(
      paste0(
        "{rows} calibration row{?s} {?is/are} too few for the level {level}: ",
        "{if (is.null(fit$levels)) 'the intervals are infinite' else 'the sets hold all levels'}."
      ),
      i = paste0(
        "At least {ceiling(level / (1 - level) - 1e-9)} are needed: more data, ",
        "a larger {.arg calibration}, or a lower {.arg level}."
      )
    ), class = "backprop_warning_calibration", call = NULL)
  }
  if (!is.null(fit$levels)) {
    return(1 - as_type(output, "prob", fit) <= limits)
  }
  regions <- lapply(seq_len(ncol(output)), function(k) {
    lower <- output[, k] - limits[k]
    cbind(
      fit = output[, k], lwr = if (fit$encoding$outcome$kind == "count") pmax(lower, 0) else lower,
      upr = output[, k] + limits[k]
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
      "This fit has no calibration rows, so there are no prediction intervals or sets.",
      i = "Train it with {.code calibration = 0.2} on a data frame or a sparse matrix."
    ), call)
  }
  if (type != "response") {
    abort_argument(c(
      "{.arg interval} goes with {.code type = \"response\"}.",
      x = "{.arg type} is {.val {type}}."
    ), call)
  }
  if (no_newdata) {
    abort_argument(c(
      "{.arg interval} needs {.arg newdata}.",
      i = "Intervals hold for cases that training has not seen."
    ), call)
  }
  TRUE
}

# The fit with the scores of its calibration rows, a problem; those of no weight are left out.
calibrate <- function(fit, problem) {
  if (!is.null(problem$weights)) problem <- problem_rows(problem, problem$weights > 0)
  plain <- unclass(fit)
  plain$calibration <- calibration_scores(plain, problem)
  structure(plain, class = "nn_fit")
}
