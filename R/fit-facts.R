# What the checks of the doctor look at: losses of the fit and of the null model.

# What several checks look at: targets and outputs (n x k), the loss of the fit, the null model and
# a perfect fit (mean per row; NA where not known).
doctor_facts <- function(fit) {
  poisson <- fit$settings$loss$name == "poisson"
  facts <- list(loss = NA_real_, null = NA_real_, perfect = if (poisson) NA_real_ else 0)
  if (is.null(fit$output) || is.null(fit$residuals) || !all(abs(fit$output) < 1e100)) {
    return(facts)
  } # beyond, sums of squares are not finite
  facts$output <- network_scale(fit$output, fit$encoding$outcome)
  facts$y <- network_scale(fit$output + fit$residuals, fit$encoding$outcome)
  # which older fits do not say
  weighted <- if (is.null(fit$has_weights)) !is.null(fit$call$weights) else fit$has_weights
  if (weighted || !is.null(fit$settings$class_weights)) {
    return(facts)
  }
  if (poisson) facts$perfect <- row_loss(facts$y, facts$y, fit$settings$loss, FALSE)
  if (isTRUE(fit$has_offset) || nrow(facts$y) < 2) {
    return(facts)
  }
  softmax <- fit$settings$output_activation == "softmax"
  facts$loss <- row_loss(facts$y, facts$output, fit$settings$loss, softmax)
  facts$null <- row_loss(
    facts$y, best_constant(facts$y, fit$settings$loss), fit$settings$loss, softmax
  )
  facts
}

# What a change of the loss is measured by: how far the loss of the first epoch or of the null
# model, whichever is lower, is above that of a perfect fit. That is 0 but for Poisson, where it is
# not known for a part of the rows, so that the null model serves there alone. NA where not known.
loss_scale <- function(fit, facts, first, null = NULL) {
  if (fit$settings$loss$name == "poisson" && !is.null(fit$settings$validation)) {
    return(facts$null - facts$perfect)
  }
  min(first, null, na.rm = TRUE) - facts$perfect
}

# Responses (n x k) as the network has them: standardised, where it was trained so.
network_scale <- function(values, outcome) {
  if (is.null(outcome)) values else standardize_columns(values, outcome$center, outcome$scale)
}

# The mean of a row's loss. Shares are kept off 0 and 1, as logarithms of outputs are less exact
# than those of the training.
row_loss <- function(y, a, loss, softmax) {
  inside <- function(p) pmin(pmax(p, 1e-15), 1 - 1e-15)
  parameter <- loss$parameter
  values <- switch(loss$name,
    squared_error = (a - y)^2 / 2,
    cross_entropy = if (softmax) {
      -y * log(inside(a))
    } else {
      -y * log(inside(a)) - (1 - y) * log(inside(1 - a))
    },
    absolute = abs(a - y),
    huber = ifelse(
      abs(a - y) <= parameter, (a - y)^2 / 2, parameter * (abs(a - y) - parameter / 2)
    ),
    poisson = a - y * log(pmax(a, 1e-300)),
    quantile = ifelse(a < y, parameter * (y - a), (1 - parameter) * (a - y))
  )
  sum(values) / nrow(y)
}

# The best single prediction for each output, in a matrix of the shape of y.
best_constant <- function(y, loss) {
  best <- switch(loss$name,
    absolute = apply(y, 2, stats::median),
    quantile = apply(y, 2, stats::quantile, loss$parameter, names = FALSE, type = 1),
    huber = apply(y, 2, function(values) {
      if (diff(range(values)) == 0) {
        values[1]
      } else {
        stats::optimize(function(a) row_loss(cbind(values), a, loss, FALSE), range(values))$minimum
      }
    }),
    colMeans(y)
  )
  matrix(best, nrow(y), ncol(y), byrow = TRUE)
}
