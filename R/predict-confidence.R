# Confidence intervals of the outputs by the delta method.

# Output activations that are increasing functions of one unit, so that intervals of the unit's
# input can be transformed.
increasing_outputs <- c(
  "sigmoid", "tanh", "leaky_relu", "elu", "selu", "softplus", "identity", "exp"
)

# Checks the covariance matrix of the weights and returns list(vcov, df).
check_vcov <- function(vcov, fit, call) {
  n <- n_parameters(fit$layers)
  if (is.null(vcov)) {
    abort_argument(c(
      "Confidence intervals require {.arg vcov}, the covariance matrix of the weights.",
      i = paste0(
        "A fit does not store its data: use {.code vcov = vcov(fit, ",
        if (is.null(fit$encoding$terms)) "X, y" else "data", ")}, with those that it was ",
        "trained on."
      )
    ), call)
  }
  if (!is.matrix(vcov) || !is.numeric(vcov) || any(dim(vcov) != n)) {
    abort_argument(c(
      "{.arg vcov} must be a numeric matrix with a row and a column for each of the {n} weights.",
      x = "You supplied {describe(vcov)}."
    ), call)
  }
  if (core_first_not_finite(vcov) > 0) {
    abort_argument(c(
      "{.arg vcov} must not have missing or infinite values.",
      i = "The warning of {.fn vcov} says why the weights have no covariance matrix."
    ), call)
  }
  list(vcov = vcov, df = attr(vcov, "df") %||% Inf)
}

# An array of rows x (fit, lwr, upr) x outputs, on the scale of the network. For increasing outputs
# the interval is that of the input of the output layer, transformed; for probabilities of several
# classes that of their log-odds; for other outputs that of the output.
output_intervals <- function(fit, X, offset, region) {
  weights <- flatten_network(fit[parameter_names(fit$layers)])
  output <- fit$settings$output_activation
  layers <- fit$layers
  transformed <- output %in% increasing_outputs
  if (transformed) layers[[length(layers)]]$activation <- "identity"
  centre <- core_forward(layers, weights, X, offset, FALSE, FALSE)$output
  q <- stats::qt((1 + region$level) / 2, region$df)
  intervals <- array(NA_real_, c(nrow(centre), 3, ncol(centre)))
  for (k in seq_len(ncol(centre))) {
    slopes <- output_derivatives(layers, weights, X, offset, k)
    error <- numeric(nrow(centre))
    for (rows in row_blocks(nrow(centre), length(weights))) {
      D <- slopes(rows)
      error[rows] <- sqrt(pmax(0, rowSums((D %*% region$vcov) * D)))
    }
    a <- centre[, k]
    intervals[, , k] <- if (transformed) {
      matrix(core_activation(output, c(a, a - q * error, a + q * error), FALSE), ncol = 3)
    } else if (output == "softmax") {
      odds <- q * error / (a * (1 - a))
      cbind(a, stats::plogis(stats::qlogis(a) - odds), stats::plogis(stats::qlogis(a) + odds))
    } else {
      cbind(a, a - q * error, a + q * error)
    }
  }
  intervals
}

# The intervals on the scale of the response: a matrix of rows x (fit, lwr, upr), or with several
# outputs or classes an array of rows x (fit, lwr, upr) x outputs.
confidence_intervals <- function(fit, X, offset, region) {
  intervals <- output_intervals(fit, X, offset, region)
  outcome <- fit$encoding$outcome
  k <- dim(intervals)[3]
  if (!is.null(outcome)) {
    each <- 3 * nrow(X)
    intervals[] <- intervals * rep(rep_len(outcome$scale, k), each = each) +
      rep(rep_len(outcome$center, k), each = each)
  }
  columns <- c("fit", "lwr", "upr")
  if (k == 1) {
    return(matrix(intervals, ncol = 3, dimnames = list(rownames(X), columns)))
  }
  dimnames(intervals) <- list(rownames(X), columns, end_names(fit)$outputs)
  intervals
}

# Results for some rows among all rows, whose others are NA.
with_missing_rows <- function(intervals, there, names) {
  size <- dim(intervals)
  size[1] <- length(there)
  labels <- dimnames(intervals)
  if (!is.null(names)) labels[[1]] <- names
  all <- array(NA_real_, size, labels)
  if (length(size) == 2) all[there, ] <- intervals else all[there, , ] <- intervals
  all
}
