# New values far from the training data, nearly constant columns, and overflow.

linear <- function(x, n = 60, ...) {
  set.seed(1)
  d <- data.frame(x = x, z = rnorm(n))
  d$y <- d$z + rnorm(n) / 10
  nn_train(y ~ x + z, d, hidden = 0, penalty = 0, ...)
}

test_that("ordinary and moderate extrapolation is silent and agrees with lm()", {
  set.seed(2)
  d <- data.frame(x = rnorm(50, 3, 2), z = rexp(50))
  d$y <- d$x - 2 * d$z + rnorm(50)
  fit <- nn_train(y ~ x + z, d, hidden = 0, penalty = 0)
  sd_of <- function(x) sqrt(mean((x - mean(x))^2))
  far <- data.frame(x = mean(d$x) + c(-999, 999) * sd_of(d$x), z = c(0, 500))
  expect_no_warning(predicted <- predict(fit, far))
  expect_equal(predicted, unname(predict(lm(y ~ x + z, d), far)), tolerance = 1e-5)
  farther <- data.frame(x = mean(d$x) + 1001 * sd_of(d$x), z = 1)
  expect_warning(predicted <- predict(fit, farther), class = "backprop_warning_extrapolation")
  expect_equal(predicted, unname(predict(lm(y ~ x + z, d), farther)), tolerance = 1e-5)
  expect_no_warning(predict(fit, data.frame(x = c(NA, 3), z = 1)))
})

test_that("the warning names columns, rows and distances", {
  noisy <- linear(5 + sin(1:60) * 1e-10)
  expect_snapshot(invisible(predict(noisy, data.frame(x = c(5, 6, 7), z = c(0, 1e5, NA)))))
})

test_that("no training value can warn", {
  # one row of 2e6 is sqrt(2e6 - 1) = 1414 standard deviations from the mean
  n <- 2e6
  x <- c(1, numeric(n - 1))
  fit <- list(
    n = n, inputs = "x", layers = list(list(inputs = 1)),
    encoding = list(center = mean(x), scale = sqrt(mean((x - mean(x))^2)))
  )
  z <- matrix((x[1:2] - fit$encoding$center) / fit$encoding$scale)
  expect_gt(z[1], 1414)
  expect_no_warning(backprop:::warn_of_distance(fit, z))
  expect_warning(backprop:::warn_of_distance(fit, z + 1), class = "backprop_warning_extrapolation")
})

test_that("constant columns have no effect on new values, whatever the cause of the rounding", {
  set.seed(3)
  day <- as.numeric(as.Date("2024-02-29"))
  parts <- 0.1 * (1:60 %% 2 == 0) + 0.2 * (1:60 %% 2 == 1) + 0.1 * (1:60 %% 2 == 1) + 0.2
  for (x in list((1:60 * 14.62) / 1:60, 1e9 + rnorm(60) * 1e-7, rep(day, 60))) {
    fit <- linear(x)
    expect_length(unclass(fit)$encoding$constant, 1)
    expect_no_warning(far <- predict(fit, data.frame(x = x[1:3] + 1e6, z = 1:3)))
    expect_identical(far, predict(fit, data.frame(x = x[1:3], z = 1:3)))
    expect_false(any(nn_doctor(fit)$found[nn_doctor(fit)$check == "nearly_constant"]))
  }
  skip_if_not_installed("Matrix")
  X <- Matrix::Matrix(cbind(a = 0, b = rnorm(60)), sparse = TRUE)
  sparse <- nn_train(X, X[, 2] * 2, hidden = 0, penalty = 0)
  X[1, 2] <- 1e5
  expect_warning(predict(sparse, X), "b: .* in 1 row", class = "backprop_warning_extrapolation")
  raw <- nn_train(X, 1:60, hidden = 0, penalty = 0, standardize = FALSE, epochs = 2)
  expect_no_warning(predict(raw, X))
})

test_that("the doctor finds nearly constant columns, and its advice helps", {
  found <- function(fit) {
    findings <- nn_doctor(fit)
    findings$found[findings$check == "nearly_constant"]
  }
  wave <- sin(1:60)
  expect_true(found(linear(5 + wave * 1e-10)))
  expect_true(found(linear(1.7e9 + 30 * wave)))
  expect_false(found(linear(2020 + wave)))
  expect_false(found(linear(wave * 1e-10)))
  # the advice: subtract a constant, or drop the column
  expect_false(found(linear(5 + wave * 1e-10 - 5)))
  expect_false(found(linear(1.7e9 + 30 * wave - 1.7e9)))
  outcome <- data.frame(x = wave, y = 1e9 + wave * 1e-3)
  fit <- nn_train(y ~ x, outcome, hidden = 0, penalty = 0)
  expect_true(found(fit))
  expect_snapshot(nn_doctor(linear(5 + wave * 1e-10)))
  expect_false(found(nn_train(as.matrix(outcome["x"]), outcome$y - 1e9, epochs = 5)))
})

test_that("warnings of predictions are collected by nn_cv()", {
  d <- data.frame(x = c(sin(1:59), 1e6), y = cos(1:60))
  expect_warning(
    nn_cv(y ~ x, d, folds = rep(1:3, 20), hidden = 0, penalty = 0, epochs = 5),
    "In 1 of 3 fits: New values",
    class = "backprop_warning_fits"
  )
})

test_that("predictions that overflow are an error or a warning", {
  set.seed(4)
  d <- data.frame(x = rnorm(60))
  d$k <- rpois(60, exp(d$x))
  counts <- nn_train(k ~ x, d, loss = "poisson", hidden = 0, penalty = 0)
  suppressWarnings(
    expect_warning(predict(counts, data.frame(x = 1e4)), class = "backprop_warning_overflow"),
    classes = "backprop_warning_extrapolation"
  )
  X <- cbind(c(1, 0, 1, 0), c(0, 1, 1, 0))
  network <- nn_train(
    X, c(1, -1, 0, 0),
    hidden = 0, output_activation = "identity", start = list(
      wout = matrix(c(2, -2)), bout = matrix(0)
    ), epochs = 0
  )
  expect_identical(predict(network, cbind(1e300, 1e300)), 0)
  expect_warning(
    expect_identical(predict(network, cbind(c(0, 1.5e308), 0)), c(0, Inf)),
    class = "backprop_warning_overflow"
  )
  # Inf - Inf
  difference <- nn_train(
    matrix(1:4), 1:4,
    hidden = 2, activation = "relu", output_activation = "identity", epochs = 0, start = list(
      wh = matrix(2, 1, 2), bh = matrix(0, 1, 2), wout = matrix(c(1, -1)), bout = matrix(0)
    )
  )
  expect_identical(predict(difference, matrix(1e300)), 0)
  expect_snapshot(error = TRUE, predict(difference, matrix(c(1, 1.5e308))))
  expect_error(
    nn_train(data.frame(x = c(1.7e308, 1.7e308, -1.7e308, 0)), 1:4),
    class = "backprop_error_input"
  )
  expect_error(
    nn_train(data.frame(x = 1:4), c(1.7e308, 1.7e308, -1.7e308, 0)),
    class = "backprop_error_input"
  )
})
