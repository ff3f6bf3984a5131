# The values of losses for outputs a, targets y and the parameter p of the loss (see loss_row() in
# network-losses.R for `mixed`), and the constant outputs of lowest loss.

best_mean <- function(y, p, share) sum(share * y)

# Probabilities, kept away from 0 and 1.
inside <- function(p) core_clamp(p, 1e-15, 1 - 1e-15)

# The constant of lowest loss by numerical search, for convex losses without a formula for it.
minimiser <- function(value) {
  function(y, p, share) {
    if (diff(range(y)) == 0) {
      return(y[1])
    }
    stats::optimize(function(a) sum(share * value(a, y, p, FALSE)), range(y))$minimum
  }
}

# The smallest value that at least the fraction p of the weights do not exceed.
weighted_quantile <- function(y, p, share) {
  order <- order(y)
  y[order][which(cumsum(share[order]) >= p - 1e-9)[1]]
}

huber_value <- function(a, y, p, mixed) {
  ifelse(abs(a - y) <= p, (a - y)^2 / 2, p * (abs(a - y) - p / 2))
}

log_cosh_value <- function(a, y, p, mixed) {
  size <- abs(a - y)
  size + log1p(exp(-2 * size)) - log(2)
}

quantile_value <- function(a, y, p, mixed) {
  if (length(p) > 1) p <- rep(p, each = nrow(a))
  ifelse(a < y, p * (y - a), (1 - p) * (a - y))
}

# y log(a), 0 for y = 0
y_log <- function(y, a) ifelse(y == 0, 0, y * log(a))

tweedie_value <- function(a, y, p, mixed) {
  a^(2 - p) / (2 - p) + ifelse(y == 0, 0, y * a^(1 - p) / (p - 1))
}

# For a column of means and one of standard deviations or precisions; the target is in both columns.
gaussian_value <- function(a, y, p, mixed) log(a[, 2]) + ((y[, 1] - a[, 1]) / a[, 2])^2 / 2

beta_value <- function(a, y, p, mixed) {
  -stats::dbeta(y[, 1], a[, 1] * a[, 2], (1 - a[, 1]) * a[, 2], log = TRUE)
}

# Mean and precision of one beta distribution, from those of lowest loss near the moments.
best_beta <- function(y, p, share) {
  mean <- sum(share * y)
  variance <- max(sum(share * (y - mean)^2), 1e-10)
  loss <- function(at) {
    a <- cbind(stats::plogis(at[1]), exp(at[2]))
    sum(share * beta_value(a[rep(1, length(y)), , drop = FALSE], cbind(y), p, TRUE))
  }
  start <- c(stats::qlogis(mean), log(max(mean * (1 - mean) / variance - 1, 0.1)))
  at <- stats::optim(start, loss, method = "BFGS")$par
  c(stats::plogis(at[1]), exp(at[2]))
}

# The probability of each class (rows x classes) from those of a higher class.
class_probabilities <- function(above) {
  cbind(1, above, deparse.level = 0) - cbind(above, 0, deparse.level = 0)
}
