# Without a hidden layer, losses are the regressions of other packages, whose estimates are stored:
# see fixtures/linear-models.R.

# The fit to a case's data, to many digits.
linear_fit <- function(case, loss, ...) {
  nn_train(
    case$data$X, case$data$y,
    loss = loss, hidden = 0, weights = case$data$weights, offset = case$data$offset, epochs = 5000,
    optimizer = nn_lbfgs(gradient_tolerance = 1e-12), ...
  )
}
apart <- function(ours, theirs) max(abs(ours / theirs - 1))
again <- function(what, fit, case, ...) {
  what(fit, case$data$X, case$data$y, case$data$weights, offset = case$data$offset, ...)
}
log_likelihood <- function(fit, X, y, weights, offset) {
  as.vector(logLik(fit, X, y, weights = weights, offset = offset))
}

test_that("beta is betareg(), with a linear precision and case weights", {
  for (name in c("beta", "beta-weighted")) {
    case <- fixture_case("linear-models.csv", name)
    set.seed(1)
    fit <- linear_fit(case, "beta")
    expect_lt(apart(fitted(fit), case$estimate$fitted), 1e-8)
    expect_lt(apart(rbind(fit$bout, fit$wout), case$estimate$coefficients), 1e-8)
    expect_lt(apart(again(log_likelihood, fit, case), case$estimate$log_likelihood), 1e-10)
  }
})

test_that("gaussian is gls() of nlme, with a log-linear standard deviation", {
  case <- fixture_case("linear-models.csv", "gaussian")
  set.seed(1)
  fit <- linear_fit(case, "gaussian")
  expect_lt(apart(fitted(fit), case$estimate$fitted), 1e-6)
  expect_lt(apart(again(log_likelihood, fit, case), case$estimate$log_likelihood), 1e-10)
})

test_that("tweedie is glm() with the family of statmod, with case weights and an offset", {
  case <- fixture_case("linear-models.csv", "tweedie")
  set.seed(1)
  fit <- linear_fit(case, nn_tweedie(1.4))
  expect_lt(apart(fitted(fit), case$estimate$fitted), 1e-6)
  expect_lt(apart(c(fit$bout, fit$wout), case$estimate$coefficients[, 1]), 1e-6)
})

test_that("quantiles are those of quantreg", {
  case <- fixture_case("linear-models.csv", "quantile")
  probabilities <- case$data$probabilities[, 1]
  set.seed(1)
  fit <- nn_train(
    case$data$X, case$data$y,
    loss = nn_quantile(probabilities), output_activation = "identity", hidden = 0,
    optimizer = "adam", batch_size = NULL, epochs = 20000, learning_rate = 0.05,
    schedule = nn_cosine(20000, 1e-6)
  )
  # the loss has a kink at the optimum, which Adam approaches
  expect_lt(max(abs(rbind(fit$bout, fit$wout) - case$estimate$coefficients)), 1e-5)
  expect_lt(max(abs(fitted(fit) - case$estimate$fitted)), 1e-5)
})
