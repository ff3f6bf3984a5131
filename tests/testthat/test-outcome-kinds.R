# Names of outputs, missing levels, bounded intervals, and the variables of a fit's formula.

u <- local({
  set.seed(1)
  u <- data.frame(x = rnorm(200))
  u$p <- stats::plogis(u$x + rnorm(200))
  u$k <- rpois(200, exp(u$x))
  u
})

test_that("all outputs of cbind() have names", {
  fit <- seeded(cbind(p, 1 - p) ~ x, u, hidden = 2, penalty = 0.1)
  expect_identical(colnames(predict(fit, u[1:2, ])), c("p", "1 - p"))
  expect_identical(colnames(fitted(fit)), c("p", "1 - p"))
  fit <- seeded(cbind(log(k + 1), share = p, 1 - p) ~ x, u, hidden = 2, penalty = 0.1)
  expect_identical(colnames(predict(fit, u[1:2, ])), c("log(k + 1)", "share", "1 - p"))
  expect_no_error(nn_continue(fit, u, epochs = 1))
  fit <- seeded(u["x"], cbind(u$p, b = u$k), hidden = 2, penalty = 0.1)
  expect_identical(colnames(predict(fit, u[1:2, ])), c("y1", "b"))
  fit <- seeded(as.matrix(u["x"]), cbind(u$p, b = u$k), hidden = 2)
  expect_identical(colnames(predict(fit, as.matrix(u[1:2, "x", drop = FALSE]))), c("y1", "b"))
  skip_if_not_installed("jsonlite")
  path <- withr::local_tempfile(fileext = ".json")
  nn_save(fit, path)
  expect_identical(unclass(nn_load(path))$outputs, c("y1", "b"))
  cv <- nn_cv(cbind(p, 1 - p) ~ x, u, folds = 2, hidden = 2, epochs = 2, penalty = 0.1)
  expect_identical(colnames(cv$predictions$predicted), c("p", "1 - p"))
})

test_that("a level NA of the outcome is an error, and dropped if it is unused", {
  u$class <- factor(ifelse(u$x > 1, NA, ifelse(u$x > 0, "a", "b")))
  missing <- transform(u, class = addNA(class))
  expect_snapshot(error = TRUE, {
    nn_train(class ~ x, missing)
    nn_train(missing["x"], missing$class)
    nn_train(as.matrix(missing["x"]), missing$class)
    nn_cv(class ~ x, missing)
  })
  # what the hints say
  named <- missing
  levels(named$class)[is.na(levels(named$class))] <- "none"
  expect_identical(seeded(class ~ x, named, penalty = 0.1)$levels, c("a", "b", "none"))
  missing$class <- factor(missing$class)
  expect_identical(nobs(seeded(class ~ x, missing, penalty = 0.1)), sum(u$x <= 1))
  # unused
  whole <- u[u$x <= 1, ]
  plain <- seeded(class ~ x, whole, hidden = 2, penalty = 0.1)
  whole$class <- addNA(whole$class)
  expect_identical(
    predict(seeded(class ~ x, whole, hidden = 2, penalty = 0.1), u), predict(plain, u)
  )
  expect_no_warning(matrix <- seeded(as.matrix(whole["x"]), whole$class))
  expect_identical(matrix$levels, c("a", "b"))
})

test_that("intervals are within the range of the output", {
  limits <- function(formula, data = u, ...) {
    fit <- seeded(formula, data, hidden = 2, penalty = 0.01, calibration = 0.4, ...)
    list(fit = fit, regions = predict(fit, data, interval = "prediction"))
  }
  free <- limits(p ~ x)$regions
  expect_lt(min(free), 0)
  for (loss in c("squared_error", "cross_entropy")) {
    bounded <- limits(p ~ x, output_activation = "sigmoid", loss = loss)
    expect_identical(range(bounded$regions[, c("lwr", "upr")]), c(0, 1))
    q <- backprop:::conformal_quantile(unclass(bounded$fit)$calibration[[1]], 0.9)
    expected <- bounded$regions[, c("fit", "fit")] + rep(c(-q, q), each = nrow(u))
    expect_identical(
      unname(bounded$regions[, c("lwr", "upr")]), unname(pmin(pmax(expected, 0), 1))
    )
  }
  expect_identical(min(limits(k ~ x, output_activation = "exp")$regions), 0)
  expect_identical(min(limits(k ~ x, loss = "poisson")$regions), 0)
  # not if outcomes are outside: neither training nor calibration rows
  beyond <- transform(u, p = replace(p, 1:20, 1.5))
  outside <- limits(p ~ x, beyond, output_activation = "sigmoid")
  expect_gt(max(outside$regions), 1)
  expect_null(unclass(outside$fit)$encoding$outcome$range)
})

test_that("model.frame() and model.matrix() need data, and agree with lm()", {
  d <- transform(mtcars, cyl = factor(cyl))
  fit <- seeded(mpg ~ poly(wt, 2) + cyl, d, hidden = 2, penalty = 0.1)
  reference <- lm(mpg ~ poly(wt, 2) + cyl, d)
  expect_snapshot(error = TRUE, {
    model.frame(fit)
    model.matrix(fit)
    model.frame(fit, 1:3)
    model.frame(seeded(d["wt"], d$mpg, penalty = 0.1), d)
  })
  expect_equal(model.frame(fit, d), model.frame(reference), ignore_attr = TRUE)
  expect_equal(model.matrix(fit, d), model.matrix(reference), ignore_attr = TRUE)
  new <- transform(d[d$cyl == 6, ], mpg = NULL)
  expect_equal(
    model.matrix(fit, new), model.matrix(reference)[d$cyl == 6, ],
    ignore_attr = TRUE
  )
  expect_error(model.frame(fit, d["wt"]), class = "backprop_error_input")
  # a variable of the same name elsewhere is not taken for the data
  wt <- 1:3
  expect_error(model.matrix(fit), class = "backprop_error_argument")
})

test_that("a factor in the formula can't be drawn between its levels", {
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  fit <- seeded(mpg ~ wt + factor(cyl), mtcars, hidden = 2, penalty = 0.1)
  expect_snapshot(error = TRUE, plot(fit, "boundary", data = mtcars))
  cut <- seeded(mpg ~ wt + cut(cyl, c(0, 5, 9)), mtcars, hidden = 2, penalty = 0.1)
  expect_no_error(plot(cut, "boundary", data = mtcars))
})

test_that("a factor in cbind() is refused, wherever it is made", {
  d <- transform(mtcars, gear = factor(gear))
  for (formula in list(
    cbind(gear, mpg) ~ wt, cbind(factor(am), factor(vs)) ~ wt, cbind(cut(mpg, 2), hp) ~ wt,
    log(cbind(hp, as.factor(cyl))) ~ wt, cbind(gear) ~ wt
  )) {
    expect_error(
      nn_train(formula, d, hidden = 1, epochs = 1), "would turn into codes",
      class = "backprop_error_input"
    )
  }
  expect_no_error(nn_train(cbind(as.numeric(gear == "4"), mpg) ~ wt, d, hidden = 1, epochs = 1))
})

test_that("one constant of several outcomes is named", {
  expect_warning(
    nn_train(cbind(mpg, k) ~ wt, transform(mtcars, k = 3), hidden = 1, epochs = 1),
    "output k of the outcome",
    class = "backprop_warning_constant_outcome"
  )
})

test_that("print() calls only whole numbers counts", {
  d <- data.frame(x = c(-1, 0, 1, 2), n = c(0, 2, 3, 9))
  printed <- function(...) {
    fit <- nn_train(..., data = d, loss = "poisson", hidden = 0, penalty = 0.1, epochs = 5)
    grep("^Outcome:", capture.output(print(fit)), value = TRUE)
  }
  expect_identical(printed(n ~ x), "Outcome:   n, counts")
  half <- printed(I(n / 2) ~ x)
  expect_match(half, "I(n/2), numbers of at least 0, not all whole", fixed = TRUE)
  # rows of weight 0 do not count
  expect_match(printed(I(n + x * (x == -1) / 2 + 1) ~ x, weights = x + 1), "counts")
})

test_that("the evidence says which of loss and accuracy is weighted by class", {
  d <- withr::with_seed(1, data.frame(x = rnorm(200)))
  d$rare <- withr::with_seed(2, factor(runif(200) < plogis(d$x - 2)))
  evidence <- function(...) {
    set.seed(1)
    text <- capture.output(print(nn_train(rare ~ x, d, hidden = 2, activation = "tanh", ...)))
    paste(text, collapse = " ")
  }
  balanced <- evidence(class_weights = "balanced")
  expect_match(balanced, "loss weighted by class [0-9]")
  expect_match(balanced, "accuracy not weighted by class [0-9]")
  expect_no_match(evidence(), "by class")
})

test_that("model.frame() and model.matrix() check a fit once", {
  fit <- seeded(mpg ~ wt, mtcars, hidden = 2, penalty = 0.1)
  checks <- 0
  check <- check_whole_fit
  replace_in("backprop", check_whole_fit = function(...) {
    checks <<- checks + 1
    check(...)
  })
  model.matrix(fit, mtcars)
  expect_identical(checks, 1)
  model.matrix(fit, model.frame(fit, mtcars))
  expect_identical(checks, 3)
  broken <- structure(utils::modifyList(unclass(fit), list(n = "a")), class = "nn_fit")
  expect_error(model.frame(broken, mtcars), class = "backprop_error_argument")
  expect_error(model.matrix(broken, mtcars), class = "backprop_error_argument")
})
