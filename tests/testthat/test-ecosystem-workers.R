# Many models at once: the same numbers on workers as in sequence, and little to send.

train_one <- function(row) {
  set.seed(row$seed, kind = "Mersenne-Twister")
  fit <- backprop::nn_train(
    mpg ~ wt + hp, datasets::mtcars,
    hidden = row$hidden, epochs = 20, optimizer = "adam",
    dropout = 0.1
  )
  c(unlist(coef(fit)), predict(fit, datasets::mtcars))
}
environment(train_one) <- globalenv()
in_sequence <- function() withr::with_seed(1, lapply(rows, train_one))
rows <- list(list(seed = 1, hidden = 2), list(seed = 2, hidden = 3), list(seed = 1, hidden = 4))

test_that("future's workers give the bits of the sequence", {
  skip_on_cran()
  skip_if_not_installed("future.apply")
  expected <- in_sequence()
  old <- future::plan("multisession", workers = 2)
  withr::defer(future::plan(old))
  on_workers <- future.apply::future_lapply(rows, train_one, future.seed = TRUE)
  expect_identical(on_workers, expected)
})

test_that("mirai's workers give the bits of the sequence", {
  skip_on_cran()
  skip_if_not_installed("mirai")
  expected <- in_sequence()
  mirai::daemons(2)
  withr::defer(mirai::daemons(0))
  libraries <- .libPaths()
  mirai::everywhere(.libPaths(libraries), libraries = libraries)
  expect_identical(mirai::mirai_map(rows, train_one)[], expected)
})

test_that("a fit that is sent holds no data and no environment", {
  bytes <- function(x) length(serialize(x, NULL))
  train <- function(times) {
    big <- mtcars[rep(1:32, times), ]
    set.seed(1)
    nn_train(
      mpg ~ wt + hp, big,
      hidden = 4, epochs = 5, optimizer = "lbfgs", validation = NULL,
      keep_fitted = FALSE
    )
  }
  expect_lt(abs(bytes(train(1)) - bytes(train(200))), 2000)
  expect_lt(bytes(train(200)), 20000 + 8 * 100 * 21)
})

test_that("a training uses one thread unless told otherwise", {
  expect_identical(
    formals(getS3method("nn_train", "matrix", envir = asNamespace("backprop")))$threads, 1
  )
})
