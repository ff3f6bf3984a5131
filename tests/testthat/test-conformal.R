test_that("intervals are the fit and the quantile of the calibration scores", {
  d <- cars_data()
  fit <- seeded(mpg ~ wt, d, calibration = 0.5)
  expect_length(fit$calibration[[1]], 16)
  expect_identical(nobs(fit), 16L)
  rows <- draw_calibration(0.5, d$mpg, NULL, environment(), fit$encoding$calibration$seed)$rows
  scores <- sort(abs(d$mpg - predict(fit, d))[rows])
  expect_identical(fit$calibration[[1]], unname(scores))
  # The 14th, as 14 is 0.8 * 17 rounded up.
  interval <- predict(fit, d, interval = "prediction", level = 0.8)
  expect_identical(colnames(interval), c("fit", "lwr", "upr"))
  expect_identical(interval[, "fit"], predict(fit, d))
  expect_equal(
    interval[, "upr"] - interval[, "fit"], setNames(rep(scores[[14]], 32), rownames(d)),
    tolerance = 1e-12
  )
  expect_equal(
    interval[, "fit"] - interval[, "lwr"], setNames(rep(scores[[14]], 32), rownames(d)),
    tolerance = 1e-12
  )
  # neither the weights nor the scales know the calibration rows
  other <- d
  other$mpg[rows] <- 1000
  other$wt[rows] <- -50
  expect_identical(
    coef(seeded(mpg ~ poly(wt, 2), other, calibration = 0.5)),
    coef(seeded(mpg ~ poly(wt, 2), d, calibration = 0.5))
  )
})

test_that("the quantile is that of the theory", {
  expect_identical(conformal_quantile(1:9, 0.9), 9L)
  expect_identical(conformal_quantile(1:9, 0.91), Inf)
  expect_identical(conformal_quantile(1:99, 0.9), 90L)
  expect_identical(conformal_quantile(1:19, 0.5), 10L)
  # 0.7 * 10 is not 7 in doubles
  expect_identical(conformal_quantile(1:9, 0.7), 7L)
})

test_that("sets hold the levels whose score is below the quantile", {
  fit <- seeded(Species ~ ., iris, calibration = 0.3)
  expect_length(fit$calibration[[1]], 45)
  seed <- fit$encoding$calibration$seed
  rows <- draw_calibration(0.3, iris$Species, NULL, environment(), seed)$rows
  expect_identical(as.vector(table(iris$Species[rows])), c(15L, 15L, 15L))
  sets <- predict(fit, iris, interval = "prediction", level = 0.8)
  expect_type(sets, "logical")
  expect_identical(dimnames(sets), list(NULL, levels(iris$Species)))
  limit <- fit$calibration[[1]][ceiling(0.8 * 46)]
  expect_identical(sets, 1 - predict(fit, iris) <= limit)
  d <- cars_data()
  binary <- seeded(am ~ wt, d, calibration = 0.5)
  expect_identical(
    colnames(predict(binary, d, interval = "prediction", level = 0.5)), c("FALSE", "TRUE")
  )
})

test_that("several outputs, counts, missing and no rows have their intervals", {
  d <- cars_data()
  two <- seeded(cbind(mpg, hp) ~ wt, d, calibration = 0.5)
  interval <- predict(two, d, interval = "prediction", level = 0.5)
  expect_identical(dim(interval), c(32L, 3L, 2L))
  expect_identical(interval[, "fit", ], predict(two, d))
  expect_equal(
    interval["Fiat 128", "upr", "hp"] - interval["Fiat 128", "fit", "hp"], two$calibration[[2]][9],
    tolerance = 1e-12
  )
  counts <- seeded(carb ~ wt, d, loss = "poisson", calibration = 0.5)
  expect_true(all(predict(counts, d, interval = "prediction", level = 0.9)[, "lwr"] >= 0))
  fit <- seeded(mpg ~ wt, d, calibration = 0.5)
  expect_identical(dim(predict(fit, d[0, ], interval = "prediction")), c(0L, 3L))
  expect_true(all(is.na(predict(fit, transform(d[1, ], wt = NA), interval = "prediction"))))
  expect_identical(
    nrow(predict(
      fit, transform(d[1:2, ], wt = c(NA, 1)),
      interval = "prediction", na.action = na.omit
    )),
    1L
  )
})

test_that("too few rows give infinite limits and full sets, with a warning", {
  d <- cars_data()
  fit <- seeded(mpg ~ wt, d, calibration = 0.25)
  expect_snapshot(interval <- predict(fit, d[1:2, ], interval = "prediction", level = 0.95))
  expect_warning(
    predict(fit, d, interval = "prediction", level = 0.95),
    class = "backprop_warning_calibration"
  )
  expect_identical(unname(interval[, "upr"]), c(Inf, Inf))
  expect_warning(
    sets <- predict(
      seeded(am ~ wt, d, calibration = 0.25), d,
      interval = "prediction", level = 0.95
    ),
    class = "backprop_warning_calibration"
  )
  expect_true(all(sets))
})

test_that("rows of no weight do not calibrate", {
  d <- cars_data()
  d$w <- rep(0:1, 16)
  fit <- seeded(mpg ~ wt, d, weights = w, calibration = 0.5)
  rows <- draw_calibration(0.5, d$mpg, d$w, environment(), fit$encoding$calibration$seed)$rows
  expect_true(all(d$w[rows] > 0))
  expect_length(fit$calibration[[1]], length(rows))
})

test_that("intervals cover as promised", {
  skip_on_cran()
  # y = sin + noise whose spread depends on x; 300 fits, one new case each. The count of covered
  # cases is binomial, with probability between level and level + 1 / (n + 1); outside of the limits
  # one run in ten thousand would be.
  covered <- vapply(1:300, function(i) {
    set.seed(i)
    d <- data.frame(x = runif(121, -2, 2))
    d$y <- sin(2 * d$x) + rnorm(121, sd = 0.1 + 0.2 * abs(d$x))
    fit <- nn_train(y ~ x, d[1:120, ], hidden = 4, epochs = 20, penalty = 0.01, calibration = 0.5)
    interval <- predict(fit, d[121, ], interval = "prediction", level = 0.8)
    d$y[121] >= interval[, "lwr"] && d$y[121] <= interval[, "upr"]
  }, NA)
  expect_gte(sum(covered), qbinom(1e-4, 300, 0.8))
  expect_lte(sum(covered), qbinom(1 - 1e-4, 300, 0.8 + 1 / 61))
})

test_that("sets cover as promised", {
  skip_on_cran()
  covered <- vapply(
    1:300,
    function(i) {
      set.seed(i)
      d <- data.frame(x = rnorm(121))
      d$class <- factor(sample(c("a", "b", "c"), 121, TRUE))
      d$x <- d$x + as.integer(d$class)
      fit <- nn_train(
        class ~ x, d[1:120, ],
        hidden = 3, epochs = 20, penalty = 0.01, calibration = 0.5
      )
      predict(fit, d[121, ], interval = "prediction", level = 0.8)[, as.character(d$class[121])]
    },
    NA
  )
  expect_gte(sum(covered), qbinom(1e-4, 300, 0.8))
  # stratified halves: close to 60 scores
  expect_lte(sum(covered), qbinom(1 - 1e-4, 300, 0.8 + 2 / 61))
})

test_that("what cannot be is refused", {
  d <- cars_data()
  without <- seeded(mpg ~ wt, d)
  with <- seeded(am ~ wt, d, calibration = 0.5)
  matrix_fit <- nn_train(as.matrix(mtcars["wt"]), mtcars$mpg, epochs = 1, learning_rate = 1e-9)
  expect_snapshot({
    refused(predict(without, d, interval = "prediction"), "argument")
    refused(predict(matrix_fit, as.matrix(mtcars["wt"]), interval = "prediction"), "argument")
    refused(predict(with, interval = "prediction"), "argument")
    refused(predict(with, d, interval = "confidence"), "argument")
    refused(predict(with, d, interval = "prediction", level = 1), "argument")
    refused(predict(with, d, interval = "prediction", level = 95), "argument")
    refused(predict(with, d, interval = "prediction", type = "class"), "argument")
    refused(nn_train(mpg ~ wt, d, calibration = 1), "argument")
    refused(nn_train(mpg ~ wt, d, calibration = "some"), "argument")
    refused(nn_train(mpg ~ wt, d, calibration = 0.001), "argument")
    refused(nn_train(as.matrix(mtcars["wt"]), mtcars$mpg, calibration = 0.2), "argument")
  })
})

test_that("outcomes that a loss does not allow are refused before training, also to calibrate", {
  d <- data.frame(x = sin(1:30), y = c(1:4, -3, 6:30))
  train <- function(seed, loss = "gamma") {
    set.seed(seed)
    nn_train(
      y ~ x, d,
      loss = loss, calibration = 0.5, hidden = 0, penalty = 0, epochs = 1,
      callback = function(fit) stop("training has begun")
    )
  }
  for (seed in 1:6) {
    error <- expect_error(train(seed), class = "backprop_error_input")
    expect_match(conditionMessage(error), "row 5", fixed = TRUE)
  }
  d$y[5] <- Inf
  for (seed in 1:6) {
    error <- expect_error(train(seed, "squared_error"), class = "backprop_error_input")
    expect_match(conditionMessage(error), "row 5", fixed = TRUE)
  }
  d$y[5] <- 5
  set.seed(1)
  fit <- nn_train(
    y ~ x, d,
    loss = "gamma", calibration = 0.5, hidden = 0, penalty = 0, epochs = 1
  )
  seed <- fit$encoding$calibration$seed
  at <- draw_calibration(0.5, d$y, NULL, environment(), seed)$rows[1]
  d$y[at] <- -3
  expect_error(nn_continue(fit, d, epochs = 1), "greater than 0", class = "backprop_error_input")
})

test_that("na.exclude puts NA for the rows that calibrate", {
  d <- airquality
  set.seed(1)
  fit <- nn_train(
    Ozone ~ Wind + Temp, d,
    hidden = 3, penalty = 0.05, calibration = 0.4, na.action = na.exclude
  )
  expect_length(fitted(fit), 153)
  trained <- !is.na(fitted(fit))
  expect_identical(sum(trained), as.integer(nobs(fit)))
  expect_true(all(trained <= !is.na(d$Ozone)))
  expect_equal(fitted(fit)[trained], predict(fit, d)[trained], ignore_attr = TRUE)
  expect_equal((fitted(fit) + residuals(fit))[trained], d$Ozone[trained], ignore_attr = TRUE)
  expect_match(capture.output(print(fit)), "37 rows with missing values", all = FALSE)
  whole <- nn_train(
    iris[1:4], iris$Species,
    hidden = 2, penalty = 0.1, calibration = 0.2, na.action = "na.exclude"
  )
  expect_identical(dim(fitted(whole)), c(150L, 3L))
  expect_identical(sum(is.na(fitted(whole)[, 1])), 30L)
  expect_identical(
    nrow(fitted(nn_train(iris[1:4], iris$Species, hidden = 2, penalty = 0.1, calibration = 0.2))),
    120L
  )
})

test_that("offsets and calibration go together for every outcome", {
  set.seed(1)
  d <- data.frame(x = rnorm(200), e = exp(rnorm(200)))
  d$n <- rpois(200, d$e)
  d$class <- factor(ifelse(d$x + rnorm(200) > 0, "yes", "no"))
  counts <- nn_train(
    n ~ x + offset(log(e)), d,
    loss = "poisson", hidden = 3, penalty = 0.05, epochs = 20,
    calibration = 0.5
  )
  expect_identical(
    counts$calibration[[1]],
    sort(abs(d$n - predict(counts, d))[draw_calibration(
      0.5, d$n, NULL, NULL, counts$encoding$calibration$seed
    )$rows])
  )
  argument <- nn_train(
    d["x"], d$class,
    offset = d$e, hidden = 3, penalty = 0.05, epochs = 20, calibration = 0.5
  )
  expect_length(argument$calibration[[1]], 100)
  raw <- nn_train(
    n ~ x, d,
    offset = e, standardize = FALSE, hidden = 3, penalty = 0.05, epochs = 20,
    calibration = 0.5
  )
  expect_length(raw$calibration[[1]], 100)
  expect_identical(nrow(predict(counts, d[1:3, ], interval = "prediction", level = 1e-12)), 3L)
})

test_that("sets have the coverage that was asked for, with few, many and rare classes", {
  skip_on_cran()
  covered <- function(classes, seed) {
    set.seed(seed)
    share <- 1 / seq_len(classes)
    middle <- rnorm(classes, sd = 3)
    make <- function(n) {
      class <- sample(classes, n, TRUE, share)
      data.frame(x = rnorm(n, middle[class]), z = rnorm(n), class = factor(class, seq_len(classes)))
    }
    new <- make(1000)
    # levels without a training row are told of
    fit <- suppressWarnings(nn_train(
      class ~ ., make(600),
      calibration = 0.3, hidden = 4, epochs = 10, penalty = 0.001
    ))
    sets <- predict(fit, new, interval = "prediction", level = 0.9)
    mean(sets[cbind(seq_len(nrow(new)), as.integer(new$class))])
  }
  # the standard error of a mean of 12 is below 0.008
  for (classes in c(5, 50, 300)) {
    expect_lt(abs(mean(vapply(1:12, covered, 0, classes = classes)) - 0.9), 0.025)
  }
})

test_that("calibration rows count as often as their weights say", {
  scores <- c(0.1, 0.4, 0.5, 0.9, 2)
  w <- c(3, 1, 2, 1, 4)
  for (level in c(0.05, 0.3, 0.5, 0.72, 0.9, 0.95)) {
    expect_identical(
      conformal_quantile(scores, level, w), conformal_quantile(rep(scores, w), level)
    )
    expect_identical(conformal_quantile(scores, level, w / 7), conformal_quantile(
      scores, level, 50 * w / 7
    ))
  }
  d <- withr::with_seed(1, data.frame(x = rnorm(80), z = rnorm(80)))
  d$y <- d$x + d$z
  d$w <- rep(c(1, 3, 0, 2), 20)
  set.seed(1)
  fit <- nn_train(y ~ x + z, d, weights = w, hidden = 2, epochs = 5, calibration = 0.5)
  rows <- draw_calibration(
    0.5, d$y, d$w, NULL, unclass(fit)$encoding$calibration$seed
  )$rows
  error <- sort(rep(abs(d$y - predict(fit, d))[rows], d$w[rows]))
  limits <- predict(fit, d[1, ], interval = "prediction", level = 0.8)
  expect_equal(
    unname(limits[, "upr"] - limits[, "fit"]), error[ceiling(0.8 * (length(error) + 1))]
  )
  # likewise for classes, and in a file
  d$class <- factor(d$y > 0)
  set.seed(1)
  classes <- nn_train(class ~ x, d, weights = w, hidden = 2, epochs = 5, calibration = 0.5)
  p <- predict(classes, d)
  rows <- draw_calibration(
    0.5, d$class, d$w, NULL, unclass(classes)$encoding$calibration$seed
  )$rows
  score <- sort(rep(ifelse(d$class == "TRUE", 1 - p, p)[rows], d$w[rows]))
  q <- score[ceiling(0.8 * (length(score) + 1))]
  sets <- predict(classes, d, interval = "prediction", level = 0.8)
  expect_identical(unname(sets[, "TRUE"]), unname(1 - p <= q))
  file <- withr::local_tempfile(fileext = ".json")
  nn_save(classes, file)
  expect_identical(predict(nn_load(file), d, interval = "prediction", level = 0.8), sets)
  # without weights nothing is stored
  set.seed(1)
  plain <- nn_train(y ~ x, d, hidden = 2, epochs = 5, calibration = 0.5)
  expect_null(unclass(plain)$calibration_weights)
})
