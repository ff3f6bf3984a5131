# Quantities for the checks of nn_doctor(): losses of the fit and of the null model.

# Quantities that several checks use: targets and outputs (n x k), and the loss of the fit, the null
# model and a perfect fit (mean per row; NA if not known).
doctor_facts <- function(fit) {
  row <- loss_table[[fit$settings$loss$name]]
  facts <- list(
    loss = NA_real_, null = NA_real_, perfect = if (row$least_is_0) 0 else NA_real_
  )
  if (is.null(fit$output) || is.null(fit$residuals) || !all(abs(fit$output) < 1e100)) {
    return(facts)
  } # beyond, sums of squares are not finite
  facts$output <- network_scale(fit$output, fit$encoding$outcome)
  facts$y <- network_scale(fit$output + fit$residuals, fit$encoding$outcome)
  # older fits do not store it
  weighted <- if (is.null(fit$has_weights)) !is.null(fit$call$weights) else fit$has_weights
  if (weighted || !is.null(fit$settings$class_weights)) {
    return(facts)
  }
  if (!row$least_is_0) facts$perfect <- row_loss(facts$y, facts$y, fit$settings$loss, FALSE)
  if (isTRUE(fit$has_offset) || nrow(facts$y) < 2) {
    return(facts)
  }
  mixed <- activation_table[[fit$settings$output_activation]]$mixes_units
  facts$loss <- row_loss(facts$y, facts$output, fit$settings$loss, mixed)
  facts$null <- row_loss(
    facts$y, best_constant(facts$y, fit$settings$loss), fit$settings$loss, mixed
  )
  facts
}

# The scale for changes of the loss: the loss of the first epoch or of the null model, whichever is
# lower, minus that of a perfect fit. The latter is 0 except for Poisson. For Poisson with held-out
# rows it is unknown for the training rows, so that only the null model is used. NA if not known.
loss_scale <- function(fit, facts, first, null = NULL) {
  if (!loss_table[[fit$settings$loss$name]]$least_is_0 && !is.null(fit$settings$validation)) {
    return(facts$null - facts$perfect)
  }
  min(first, null, na.rm = TRUE) - facts$perfect
}

# Responses (n x k) on the scale of the network: standardised if the outcome was standardised.
network_scale <- function(values, outcome) {
  if (is.null(outcome)) values else standardize_columns(values, outcome$center, outcome$scale)
}

# The mean of a row's loss.
row_loss <- function(y, a, loss, mixed) {
  sum(loss_table[[loss$name]]$value(a, y, loss$parameter, mixed)) / nrow(y)
}

# The best single prediction for each output, in a matrix of the shape of y.
best_constant <- function(y, loss) {
  best <- apply(y, 2, loss_table[[loss$name]]$best, loss$parameter)
  matrix(best, nrow(y), ncol(y), byrow = TRUE)
}
