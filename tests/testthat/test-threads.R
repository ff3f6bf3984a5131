# The same bits at any number of threads, whatever of a training they share.

set.seed(1)
n <- 600
X <- matrix(rnorm(n * 40), n)
class <- factor(sample(letters[1:3], n, TRUE))
number <- X[, 1] - X[, 2]^2 + rnorm(n)

same_at_any_number <- function(...) {
  fits <- lapply(c(1, 2, 3, 5), function(threads) {
    set.seed(2)
    fit <- nn_train(X, ..., reduction = "mean", threads = threads)
    fit$settings$threads <- NULL
    fit$call <- NULL
    fit
  })
  for (fit in fits[-1]) expect_identical(fit, fits[[1]])
  expect_true(all(is.finite(fits[[1]]$history$loss)))
}

test_that("mini-batches of wide and of narrow layers", {
  same_at_any_number(class, hidden = c(70, 50), activation = "relu", optimizer = "adam", batch_size = 128, epochs = 3)
  same_at_any_number(class, hidden = 5, optimizer = "momentum", batch_size = 7, epochs = 3)
  same_at_any_number(number, hidden = c(64, 64), output_activation = "identity", optimizer = nn_rmsprop(0.001), batch_size = 100, epochs = 3, precision = "single")
})

test_that("dropout, penalties, clipping, weights and held-out rows", {
  same_at_any_number(class, hidden = c(48, 48), activation = "tanh", optimizer = "adamw", batch_size = 64, epochs = 3, dropout = 0.2, penalty = 0.01, penalty_l1 = 0.001, clip = 0.5,
    weights = rep(1:3, length.out = n), validation = 0.2)
})

test_that("the full batch, in pieces of 1024 rows, and the second-order methods", {
  more <- function(x) rbind(x, x, x)
  fit <- function(threads) {
    set.seed(3)
    coef(nn_train(more(X), rep(number, 3), hidden = c(40, 30), output_activation = "identity", reduction = "mean", learning_rate = 0.01, epochs = 5, threads = threads))
  }
  expect_identical(fit(2), fit(1))
  same_at_any_number(number, hidden = 32, activation = "tanh", output_activation = "identity", optimizer = "lbfgs", epochs = 10)
  same_at_any_number(number, hidden = 3, activation = "tanh", output_activation = "identity", optimizer = "lm", epochs = 5)
})

test_that("a fit goes on with another number of threads to the same end", {
  train <- function(epochs, threads) {
    set.seed(4)
    nn_train(X, class, hidden = c(60, 40), optimizer = "adam", batch_size = 50, epochs = epochs, threads = threads)
  }
  half <- train(3, 2)
  half$settings$threads <- 1
  expect_identical(coef(nn_continue(half, X, class, epochs = 3)), coef(train(6, 2)))
})

test_that("forked workers train with threads, before and after the parent did", {
  skip_on_os("windows")
  train <- function(seed) {
    set.seed(seed)
    coef(nn_train(X, class, hidden = 64, optimizer = "adam", batch_size = 128, epochs = 2, threads = 2))
  }
  expected <- lapply(1:3, train)
  expect_identical(parallel::mclapply(1:3, train, mc.cores = 2), expected)
})

test_that("wrong numbers of threads are refused", {
  for (threads in list(0, 1.5, -1, NA, "2", 3e9, NULL, c(1, 2))) expect_error(nn_train(X, number, threads = threads), class = "backprop_error_argument")
})
