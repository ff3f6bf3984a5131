# Findings of nn_doctor() about held-out rows and the data, and that their advice helps.

found <- function(fit) {
  checks <- nn_doctor(fit)
  checks$check[checks$found %in% TRUE]
}
of <- function(fit, name) as.list(nn_doctor(fit)[match(name, nn_doctor(fit)$check), ])
rmse <- function(fit, data) sqrt(mean((predict(fit, data) - data$y)^2))
seeded <- function(...) {
  set.seed(1)
  nn_train(...)
}
noisy <- function(n, p, f) {
  d <- data.frame(matrix(rnorm(n * p), n))
  d$y <- f(d) + rnorm(n) / 2
  d
}

test_that("a linear model that does as well is named, and is as good on new rows", {
  d <- withr::with_seed(1, noisy(150, 2, function(d) d$X1 - 2 * d$X2))
  new <- withr::with_seed(2, noisy(1000, 2, function(d) d$X1 - 2 * d$X2))
  fit <- seeded(y ~ ., d)
  expect_identical(found(fit), "simple_model")
  expect_match(of(fit, "simple_model")$what, "a linear model does as well as the network")
  expect_match(of(fit, "simple_model")$advice, "hidden = 0")
  expect_output(print(fit), "Doctor:    a linear model does as well")
  advised <- seeded(y ~ ., d, hidden = 0)
  expect_identical(found(advised), character())
  expect_lte(rmse(advised, new), rmse(fit, new))
  # where a network is worth having, there is no finding
  d$y <- d$X1 * d$X2
  expect_false("simple_model" %in% found(seeded(y ~ ., d)))
})

test_that("a constant that does as well is named, until the inputs are informative", {
  skip_on_cran()
  noise <- withr::with_seed(1, noisy(150, 5, function(d) 0))
  fit <- seeded(y ~ ., noise)
  evidence <- list(
    method = "held-out rows", rows = 60, loss = c(network = 0.5, linear = 0.6, constant = 0.51),
    error = c(linear = 0.05, constant = 0.02)
  )
  # a fit of noise is no better than a constant on the training rows either, which is said once
  expect_true("null_model" %in% found(fit) && !"simple_model" %in% found(fit))
  good <- seeded(mpg ~ wt, mtcars, hidden = 3)
  good[["evidence"]] <- evidence
  expect_match(of(good, "simple_model")$what, "a constant does as well as the network")
  expect_match(of(good, "simple_model")$advice, "inputs that are informative")
  noise$X6 <- noise$y + withr::with_seed(1, rnorm(150)) / 10
  expect_identical(intersect(found(seeded(y ~ ., noise)), c("null_model", "constant")), character())
})

test_that("a held-out loss far above the training loss is found, and lowered as advised", {
  skip_on_cran()
  signal <- function(d) rowSums(d[1:4]) / 2
  d <- withr::with_seed(1, noisy(60, 50, signal))
  new <- withr::with_seed(2, noisy(2000, 50, signal))
  fit <- seeded(y ~ ., d, penalty = 1e-8, validation = 0.3)
  expect_true("gap" %in% found(fit))
  expect_match(of(fit, "gap")$advice, "penalty = \"auto\"")
  advised <- seeded(y ~ ., d, validation = 0.3)
  expect_lt(rmse(advised, new), rmse(fit, new))
  expect_false(grepl("penalty = \"auto\"", paste(of(advised, "gap")$advice)))
  train <- function(penalty) {
    seeded(
      as.matrix(d[1:50]), d$y,
      output_activation = "identity", reduction = "mean", hidden = 20, optimizer = "lbfgs",
      validation = 0.3, penalty = penalty
    )
  }
  plain <- train(1e-6)
  expect_match(of(plain, "gap")$advice, "Use a larger penalty, such as penalty = 0.01;")
  expect_lt(min(train(0.01)$history$validation_loss), min(plain$history$validation_loss))
  easy <- withr::with_seed(1, noisy(300, 2, function(d) 3 * d$X1))
  expect_false("gap" %in% found(seeded(y ~ ., easy)))
})

test_that("rows that were dropped for missing values are counted, and kept as advised", {
  d <- withr::with_seed(3, noisy(120, 2, function(d) 2 * d$X1))
  new <- withr::with_seed(4, noisy(500, 2, function(d) 2 * d$X1))
  d$X2[1:100] <- NA
  fit <- seeded(y ~ ., d)
  expect_true("dropped_rows" %in% found(fit))
  expect_match(of(fit, "dropped_rows")$what, "^100 of 120 rows were dropped")
  expect_match(of(fit, "dropped_rows")$advice, "Drop the columns")
  expect_identical(names(which.max(colMeans(is.na(d)))), "X2")
  advised <- seeded(y ~ X1, d)
  expect_false("dropped_rows" %in% found(advised))
  expect_lt(rmse(advised, new), rmse(fit, new))
  # calibration rows are not dropped
  d$X2 <- 1:120
  kept <- seeded(y ~ ., d, na.action = na.exclude, calibration = 0.6, penalty = 0.1, epochs = 5)
  expect_false("dropped_rows" %in% found(kept))
})

test_that("more inputs than rows are found, with their cause", {
  d <- withr::with_seed(1, noisy(40, 2, function(d) 2 * d$X1))
  d$zip <- factor(withr::with_seed(1, c(1:30, sample(30, 10, TRUE))))
  fit <- suppressWarnings(seeded(y ~ ., d[1:30, ], penalty = 0.1, epochs = 50))
  expect_true("wide" %in% found(fit))
  expect_match(of(fit, "wide")$advice, "Merge the rare levels of zip, which has 30, or drop")
  new <- withr::with_seed(2, noisy(500, 2, function(d) 2 * d$X1))
  new$zip <- factor(rep_len(1:30, 500))
  advised <- seeded(y ~ X1 + X2, d[1:30, ], penalty = 0.1, epochs = 50)
  expect_false("wide" %in% found(advised))
  expect_lt(rmse(advised, new), rmse(fit, new))
  many <- withr::with_seed(1, noisy(20, 25, function(d) 2 * d$X1))
  fit <- seeded(y ~ ., many, penalty = 0.1, epochs = 50)
  expect_match(of(fit, "wide")$advice, "Use fewer inputs")
  advised <- seeded(y ~ X1, many, penalty = 0.1, epochs = 50)
  fresh <- withr::with_seed(2, noisy(500, 25, function(d) 2 * d$X1))
  expect_false("wide" %in% found(advised))
  expect_lt(rmse(advised, fresh), rmse(fit, fresh))
})

test_that("a number of epochs at the edge of what was tried is found, and more are better", {
  make <- function(n) transform(data.frame(a = runif(n), b = runif(n)), y = sin(12 * a) * b)
  d <- withr::with_seed(1, make(1200))
  new <- withr::with_seed(2, make(1000))
  fit <- seeded(y ~ ., d, learning_rate = 2e-4, hidden = 10, activation = "relu")
  expect_identical(unclass(fit)$evidence$edge, "epochs")
  expect_true("edge" %in% found(fit))
  expect_match(of(fit, "edge")$advice, "Use epochs = 1000")
  advised <- seeded(
    y ~ ., d,
    learning_rate = 2e-4, hidden = 10, activation = "relu", epochs = 1000
  )
  expect_false("edge" %in% found(advised))
  expect_lt(rmse(advised, new), rmse(fit, new))
})

test_that("without held-out rows these checks are NA, and print() does not mention them", {
  fit <- seeded(mpg ~ wt, mtcars, penalty = 0.1, hidden = 2)
  checks <- nn_doctor(fit)
  expect_identical(checks$check[is.na(checks$found)], c("simple_model", "gap", "edge"))
  expect_output(print(nn_doctor(fit)), "^No problems found.$")
})

test_that("a class that is never predicted is found, and predicted by the advised threshold", {
  d <- withr::with_seed(1, data.frame(x = runif(2000, -1, 1)))
  d$fraud <- withr::with_seed(2, factor(ifelse(runif(2000) < plogis(2 * d$x - 3), "yes", "no")))
  train <- function(data = d, ...) {
    set.seed(1)
    nn_train(fraud ~ x, data, hidden = 0, ...)
  }
  fit <- train()
  # the evidence is linear: there is no simpler model but the constant
  expect_identical(found(fit), "one_class")
  expect_match(of(fit, "one_class")$what, "^The class yes is predicted for no training row")
  expect_match(of(fit, "one_class")$what, format(100 * mean(d$fraud == "yes")), fixed = TRUE)
  expect_match(capture.output(print(fit)), "class yes is never predicted", all = FALSE)
  expect_identical(unique(as.character(predict(fit, type = "class"))), "no")
  costs <- c(false_positive = 1, false_negative = 10)
  expect_match(of(fit, "one_class")$advice, deparse1(costs), fixed = TRUE)
  classes <- predict(fit, d, type = "class", threshold = costs)
  expect_identical(sort(unique(as.character(classes))), c("no", "yes"))
  # the first class, a class that is predicted, numbers, and no outputs
  first <- train(transform(d, fraud = factor(fraud, c("yes", "no"))))
  expect_match(of(first, "one_class")$what, "^The class yes is predicted for no training row")
  clear <- transform(d, fraud = factor(x > 0.5))
  expect_false(of(train(clear), "one_class")$found)
  expect_false(of(nn_train(x ~ fraud, d, hidden = 0), "one_class")$found)
  expect_identical(of(train(keep_fitted = FALSE), "one_class")$found, NA)
  # a constant is the cause
  expect_false("one_class" %in% found(train(transform(d, x = sin(1:2000)))))
})

test_that("of several classes, those that are never predicted are found", {
  d <- withr::with_seed(1, data.frame(x = runif(2000, -1, 1)))
  odds <- exp(cbind(d$x, -0.5 * d$x, -3 + 2 * d$x, -4 - 2 * d$x))
  draw <- function(odds) sample(letters[1:4], 1, prob = odds)
  d$kind <- withr::with_seed(2, factor(apply(odds, 1, draw)))
  train <- function(...) {
    set.seed(1)
    nn_train(kind ~ x, d, hidden = 0, penalty = 0.001, epochs = 100, ...)
  }
  fit <- train()
  expect_setequal(as.character(predict(fit, type = "class")), c("a", "b"))
  what <- of(fit, "one_class")$what
  largest <- apply(predict(fit, type = "prob"), 2, max)
  share <- 100 * proportions(table(d$kind))
  short <- function(x) format(x, digits = 3)
  for (class in c("c", "d")) {
    expect_match(what, fixed = TRUE, paste0(
      class, " (", short(share[[class]]), " % of the rows, largest predicted probability ",
      short(largest[[class]]), ")"
    ))
  }
  expect_match(what, "^2 of the 4 classes are predicted for no training row")
  expect_output(print(fit), "2 classes are never predicted")
  path <- withr::local_tempfile(fileext = ".json")
  nn_save(fit, path)
  expect_identical(of(nn_load(path), "one_class")$what, what)
  # the advice helps
  expect_match(of(fit, "one_class")$advice, "class_weights = \"balanced\"", fixed = TRUE)
  balanced <- train(class_weights = "balanced")
  expect_false(of(balanced, "one_class")$found)
  expect_setequal(as.character(predict(balanced, type = "class")), letters[1:4])
  # weights by class are not taken for shares of rows
  some <- train(class_weights = c(a = 1, b = 1, c = 2, d = 1))
  expect_match(of(some, "one_class")$what, "% of the rows, weighted by class, largest predicted")
  expect_match(of(some, "one_class")$advice, "larger class_weights", fixed = TRUE)
  # ordered classes, whose outputs are those of higher classes
  ranked <- transform(d, kind = factor(kind, ordered = TRUE))
  ordered <- nn_train(kind ~ x, ranked, hidden = 0, penalty = 0.001, loss = "cumulative")
  expect_match(of(ordered, "one_class")$what, paste0("c (", short(share[["c"]])), fixed = TRUE)
  expect_identical(of(train(keep_fitted = FALSE), "one_class")$found, NA)
})

test_that("counts with the squared error are found, and the Poisson loss is better", {
  make <- function(seed) {
    withr::with_seed(seed, {
      d <- data.frame(x = runif(600, -1, 1), z = runif(600))
      transform(d,
        visits = rpois(600, exp(2 * x)), spread = rnbinom(600, size = 1, mu = exp(2 + x)),
        level = rpois(600, 8), rating = pmin(10, pmax(1, round(5.5 + 3 * x + 2 * rnorm(600)))),
        year = round(1990 + 20 * x + 5 * rnorm(600)), price = exp(2 * x) * (1 + rexp(600))
      )
    })
  }
  d <- make(1)
  train <- function(outcome, ...) {
    set.seed(1)
    nn_train(reformulate(c("x", "z"), outcome), d, hidden = 3, penalty = 0.01, epochs = 100, ...)
  }
  fit <- train("visits")
  what <- of(fit, "counts")$what
  p <- predict(fit, d)
  upper <- p > median(p)
  short <- function(x) format(x, digits = 3)
  for (half in list(!upper, upper)) {
    expect_match(what, fixed = TRUE, paste0(
      short(mean((d$visits - p)[half]^2)), " at a mean of ", short(mean(d$visits[half]))
    ))
  }
  expect_output(print(fit), "the outcome may be counts", fixed = TRUE)
  expect_match(of(fit, "counts")$advice, "loss = \"poisson\"", fixed = TRUE)
  expect_no_match(of(fit, "counts")$advice, "binomial")
  expect_match(of(train("spread"), "counts")$advice, "nn_negative_binomial(NULL)", fixed = TRUE)
  for (other in c("level", "rating", "year", "price")) {
    expect_identical(of(train(other), "counts")$found, FALSE, info = other)
  }
  cars <- nn_train(mpg ~ ., mtcars, hidden = 2, penalty = 0.1, epochs = 20)
  expect_identical(of(cars, "counts")$found, FALSE)
  expect_identical(of(train("visits", keep_fitted = FALSE), "counts")$found, NA)
  # rows of weight 0 do not count
  zeros <- train("visits", weights = as.numeric(d$visits > 3))
  expect_identical(of(zeros, "counts")$found, FALSE)
  # outputs of training that diverged, or beyond the range of squares
  huge <- matrix(c(1e200, Inf, NaN, rep(1, 597)))
  settings <- unclass(fit)$settings
  expect_null(count_facts(settings, cbind(d$visits), huge, numeric()))
  expect_null(count_facts(settings, cbind(c(1e200, d$visits[-1])), cbind(p), numeric()))
  # the advice helps, on other rows
  new <- make(2)
  deviance <- function(fit) {
    p <- pmax(predict(fit, new), 1e-3)
    mean(ifelse(new$visits > 0, new$visits * log(new$visits / p), 0) - (new$visits - p))
  }
  advised <- train("visits", loss = "poisson")
  expect_lt(deviance(advised), deviance(fit))
  expect_true(all(predict(advised, new) > 0))
  expect_false(of(advised, "counts")$found)
})
