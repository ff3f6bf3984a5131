# Estimates the size of the negative binomial distribution along with the network.

# As run_training(), with the parameter of the loss estimated from the fitted means between runs:
# for second-order methods until it has converged, otherwise after each tenth of the epochs.
run_training_and_estimate <- function(fit, state, history, data, epochs, controls) {
  if (!isTRUE(fit$settings$loss$estimated) || epochs == 0) {
    return(run_training(fit, state, history, data, epochs, controls))
  }
  converges <- second_order(fit$settings$optimizer)
  parts <- if (converges) rep(epochs, 50) else diff(round(seq(0, epochs, length.out = 11)))
  for (part in parts[parts > 0]) {
    trained <- run_training(fit, state, history, data, part, controls)
    fit <- unclass(trained)
    if (fit$stop %in% c("interrupted", "callback", "patience", "diverged")) break
    size <- estimated_size(fit, data)
    if (converges && abs(size / fit$settings$loss$parameter - 1) < 1e-6) break
    fit$settings$loss$parameter <- size
    state <- fit$state
    if (converges) state$curvature <- first_curvature(fit$settings, length(state$weights))
    history <- list(as.list(fit$history))
  }
  # logLik() counts it, and nn_continue() keeps it
  fit$settings$loss$estimated <- "done"
  structure(fit, class = "nn_fit")
}

# The size of highest likelihood given the fitted means (Lawless 1987, doi:10.2307/3314912).
estimated_size <- function(fit, data) {
  mean <- network_output(fit, data$X, data$offset)
  weights <- if (length(data$weights) > 0) numbers_in_memory(data$weights) else 1
  y <- rows_in_memory(data$y)
  value <- function(log_size) {
    size <- exp(log_size)
    sum(weights * (lgamma(y + size) - lgamma(size) + size * log(size) - (y + size) *
      log(size + mean)))
  }
  exp(stats::optimize(value, log(c(1e-4, 1e8)), maximum = TRUE, tol = 1e-9)$maximum)
}
