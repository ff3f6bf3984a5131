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

deviances <- function(fit, ...) c(deviance(fit, ...), deviance(fit, ..., null = TRUE))
peer_deviances <- function(peer) c(deviance(peer), peer$null.deviance)

test_that("deviances of the fit and of the null model are those of glm()", {
  skip_if_not_installed("MASS")
  set.seed(2)
  d <- data.frame(x = rnorm(60), w = rep(1:3, 20), e = log(rep(1:4, 15)))
  d$n <- rep(5:8, 15)
  d$count <- rpois(60, exp(0.5 + 0.3 * d$x + d$e))
  d$amount <- rgamma(60, 2, 2 / exp(0.5 + 0.4 * d$x + d$e))
  d$proportion <- rbinom(60, d$n, plogis(d$x)) / d$n
  d$yes <- d$x + rlogis(60) > 0
  families <- list(
    count = list("poisson", poisson), amount = list("gamma", Gamma("log")),
    yes = list("cross_entropy", binomial), amount = list("squared_error", gaussian),
    count = list(nn_negative_binomial(2), MASS::negative.binomial(2))
  )
  exact <- glm.control(1e-14, 100)
  for (i in seq_along(families)) {
    for (right in c("x", "x + offset(e)")) {
      formula <- reformulate(right, names(families)[i])
      fit <- nn_train(
        formula, d,
        loss = families[[i]][[1]], hidden = 0, penalty = 0, weights = w,
        optimizer = nn_lbfgs(gradient_tolerance = 1e-12)
      )
      peer <- glm(formula, families[[i]][[2]], d, weights = w, control = exact)
      expect_equal(deviances(fit, d), peer_deviances(peer), tolerance = 1e-8)
    }
  }
  # proportions, whose perfect fit has a loss above 0
  X <- as.matrix(d["x"])
  fit <- nn_train(
    X, d$proportion,
    loss = "cross_entropy", hidden = 0, weights = d$n,
    optimizer = nn_lbfgs(gradient_tolerance = 1e-12)
  )
  peer <- glm(proportion ~ x, binomial, d, weights = n, control = exact)
  expect_equal(
    deviances(fit, X, d$proportion, weights = d$n), peer_deviances(peer),
    tolerance = 1e-8
  )
  # without the data
  fit <- nn_train(dist ~ speed, cars, hidden = 2, epochs = 20, penalty = 0.1)
  expect_equal(
    1 - deviance(fit) / deviance(fit, null = TRUE), summary(fit)$errors$r_squared,
    tolerance = 1e-12
  )
})

test_that("deviances of the other losses are those of their null models", {
  tweedie <- fixture_case("linear-models.csv", "tweedie")
  set.seed(1)
  fit <- linear_fit(tweedie, nn_tweedie(1.4))
  expect_equal(again(deviances, fit, tweedie), c(
    tweedie$estimate$deviance, tweedie$estimate$null_deviance
  ), tolerance = 1e-8)
  weighted <- fixture_case("linear-models.csv", "beta-weighted")
  fit <- linear_fit(weighted, "beta")
  expect_equal(again(deviances, fit, weighted), -2 * c(
    weighted$estimate$log_likelihood, weighted$estimate$null_log_likelihood
  ), tolerance = 1e-8)

  d <- data.frame(x = weighted$data$X[, 1], y = 1e6 + 1e4 * weighted$data$y[, 1])
  null <- function(loss) {
    fit <- nn_train(y ~ x, d, loss = loss, hidden = 0, penalty = 0, epochs = 50)
    before <- .Random.seed
    value <- deviance(fit, d, null = TRUE)
    expect_identical(.Random.seed, before)
    value
  }
  # normal: -2 times the log-likelihood of a constant mean and standard deviation
  s <- sqrt(mean((d$y - mean(d$y))^2))
  expect_equal(null("gaussian"), -2 * sum(dnorm(d$y, mean(d$y), s, log = TRUE)), tolerance = 1e-10)
  expect_equal(null("absolute"), 2 * sum(abs(d$y - median(d$y))), tolerance = 1e-10)
  check <- function(p) {
    r <- d$y - quantile(d$y, p, type = 1)
    sum(r * (p - (r < 0)))
  }
  expect_equal(null(nn_quantile(c(0.1, 0.7))), 2 * (check(0.1) + check(0.7)), tolerance = 1e-10)
  r <- (d$y - mean(d$y)) / s
  huber <- function(m) sum(ifelse(abs(r - m) <= 1, (r - m)^2 / 2, abs(r - m) - 0.5))
  expect_equal(
    null("huber"), 2 * s^2 * optimize(huber, range(r), tol = 1e-10)$objective,
    tolerance = 1e-10
  )
  # ordered and other classes: the multinomial likelihood of their frequencies
  d$class <- factor(rep(c("a", "b", "c", "a"), length.out = nrow(d)), ordered = TRUE)
  share <- table(d$class) / nrow(d)
  for (loss in c("cumulative", "cross_entropy")) {
    fit <- nn_train(class ~ x, d, loss = loss, hidden = 0, penalty = 0)
    expect_equal(
      deviance(fit, null = TRUE), -2 * nrow(d) * sum(share * log(share)),
      tolerance = 1e-10
    )
  }
})

test_that("deviances that are not known are refused", {
  own <- nn_custom_loss(function(a, y) (a - y)^2, function(a, y) 2 * (a - y))
  fit <- nn_train(dist ~ speed, cars, hidden = 0, loss = own, epochs = 2)
  shifted <- nn_train(dist ~ speed + offset(speed), cars, hidden = 0, loss = "absolute", epochs = 2)
  balanced <- nn_train(Species ~ ., iris, hidden = 0, class_weights = 1:3, epochs = 2)
  expect_snapshot({
    refused(deviance(fit, cars), "argument")
    refused(deviance(balanced, iris), "argument")
    refused(deviance(shifted, cars, null = TRUE), "argument")
    refused(deviance(shifted, null = TRUE), "argument")
    refused(deviance(fit, null = NA), "argument")
  })
})
