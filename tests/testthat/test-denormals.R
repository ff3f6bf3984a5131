# The core flushes denormal numbers to zero; R computes with them before and after each call.

smallest <- 5e-324
# The product is 0, and not above 0, while denormals are flushed.
expect_denormals <- function(label) expect_true(smallest * 1 > 0, label = label)

# Inputs and targets are 0, so the penalty makes the weights decay.
decayed <- function(start, epochs, optimizer = "gradient_descent", ...) {
  nn_train(
    matrix(0, 70, 30), numeric(70),
    hidden = c(20, 9), activation = "tanh", output_activation = "identity", start = start,
    epochs = epochs, optimizer = optimizer, penalty = 1, reduction = "mean",
    learning_rate = if (optimizer != "lbfgs") 0.1, ...
  )
}
tiny_start <- function(precision, hidden = c(20, 9), inputs = 30) {
  set.seed(1)
  start <- nn_init(inputs, 1, hidden = hidden)
  lapply(start, function(w) (w - 0.5) * if (precision == "double") 1e-306 else 1e-36)
}

test_that("R computes with denormals after each call of the core", {
  set.seed(2)
  X <- matrix(rnorm(600), 200)
  y <- X[, 1] > 0
  expect_denormals("before")
  for (threads in c(1, 3)) {
    for (optimizer in c("gradient_descent", "adam", "lbfgs")) {
      fit <- nn_train(X, y, epochs = 3, optimizer = optimizer, threads = threads)
      expect_denormals(paste(optimizer, threads, "threads"))
    }
  }
  fit <- nn_train(X, as.numeric(y), epochs = 2, optimizer = "lm")
  expect_denormals("lm")
  predict(fit, X)
  expect_denormals("predict")
  nn_forward(fit, X)
  expect_denormals("forward")
  gradient <- nn_gradient(fit, X, as.numeric(y))
  expect_denormals("gradient")
  nn_update(coef(fit), gradient, learning_rate = 0.1)
  expect_denormals("update")
  nn_trace(X, y, epochs = 1)
  expect_denormals("trace")
})

test_that("R computes with denormals after errors of training and of callbacks", {
  set.seed(3)
  X <- matrix(rnorm(60), 20)
  for (optimizer in c("gradient_descent", "lbfgs")) {
    expect_error(
      nn_train(
        X, rnorm(20) * 1e150,
        epochs = 50, optimizer = optimizer, output_activation = "identity", threads = 2,
        init = "glorot_uniform", start = list(
          wh = matrix(1e200, 3, 3), bh = matrix(0, 1, 3), wout = matrix(1e200, 3, 1),
          bout = matrix(0)
        ), activation = "identity"
      ),
      class = "backprop_error"
    )
    expect_denormals(optimizer)
  }
  within <- numeric()
  expect_error(
    nn_train(X, rnorm(20), epochs = 5, threads = 2, callback = function(...) {
      within <<- c(within, smallest * 1)
      stop("enough")
    }),
    "enough"
  )
  expect_gt(within[1], 0)
  expect_denormals("callback")
})

test_that("the core flushes denormals, in passes, single steps and training", {
  skip_if_not(R.version$arch %in% c("x86_64", "aarch64"))
  least <- c(double = .Machine$double.xmin, single = 2^-126)
  with_each_instruction_set(function(set) {
    network <- list(wout = matrix(1e-310), bout = matrix(0))
    run <- function(f, ...) f(network, matrix(1), ..., output_activation = "identity")
    expect_identical(c(run(nn_forward)$output), 0, label = set)
    expect_identical(c(nn_forward(network, matrix(1e10), output_activation = "identity")$output), 0)
    expect_identical(c(nn_update(network, network, learning_rate = 0.5)$wout), 0, label = set)
    for (precision in c("double", "single")) {
      for (threads in 1:2) {
        for (batch_size in list(NULL, 16)) {
          start <- tiny_start(precision)
          fit <- decayed(
            start, 100,
            precision = precision, threads = threads, batch_size = batch_size
          )
          label <- paste(set, precision, threads, "threads")
          # 0.9^100 = 2.7e-5: all weights would be denormals by now
          weights <- abs(unlist(coef(fit)[c("wh1", "wh2", "wout")]))
          expect_length(weights, 789)
          expect_true(all(weights == 0 | weights >= least[[precision]]), label = label)
        }
      }
    }
  })
})

test_that("small numbers do not depend on threads, chunks, or how a step is called", {
  with_each_instruction_set(function(set) {
    for (precision in c("double", "single")) {
      for (optimizer in c("gradient_descent", "adam", "lbfgs")) {
        label <- paste(set, precision, optimizer)
        start <- tiny_start(precision)
        run <- function(epochs, ...) {
          decayed(start, epochs, precision = precision, optimizer = optimizer, ...)
        }
        whole <- run(60)
        state <- function(fit) fit[c("state", "history", "objective")]
        for (threads in c(2, 5)) {
          expect_identical(state(run(60, threads = threads)), state(whole), label = label)
        }
        continued <- nn_continue(run(25), matrix(0, 70, 30), numeric(70), epochs = 35)
        expect_identical(state(continued), state(whole), label = label)
      }
    }
    start <- tiny_start("double", hidden = 3, inputs = 2)
    X <- cbind(c(1e-2, -1e-3, 1), c(0, 1e-5, 2))
    y <- c(1e-307, -1e-308, 1e-309)
    for (activation in c("tanh", "relu", "identity")) {
      fit <- nn_train(
        X, y,
        start = start, epochs = 1, learning_rate = 0.3, activation = activation,
        output_activation = "identity"
      )
      gradient <- nn_gradient(
        start, X, y,
        activation = activation, output_activation = "identity"
      )
      stepped <- nn_update(start, gradient, learning_rate = 0.3)
      expect_identical(unname(coef(fit)), unname(stepped), label = paste(set, activation))
    }
  })
})

test_that("losses that are denormals are exact, in the history too", {
  with_each_instruction_set(function(set) {
    # log(1 + exp(-z)) for one row; the network is small, and large enough for the general loop
    for (z in c(700, 730, 745)) {
      for (hidden in c(0, 40)) {
        start <- if (hidden == 0) {
          list(wout = matrix(z), bout = matrix(0))
        } else {
          list(
            wh = matrix(0, 1, hidden), bh = matrix(0, 1, hidden),
            wout = matrix(0, hidden, 1), bout = matrix(z)
          )
        }
        fit <- ignore_overlap(nn_train(
          matrix(1), 1,
          hidden = hidden, start = start, loss = "cross_entropy", epochs = 3, threads = 2,
          validation = list(X = matrix(1), y = 1)
        ))
        label <- paste(set, z, hidden)
        loss <- nn_loss(start, matrix(1), 1, loss = "cross_entropy")
        expect_gt(loss, 0, label = label)
        expect_lte(abs(loss - exp(-z)), max(4 * .Machine$double.eps * exp(-z), smallest))
        losses <- unname(unlist(fit$history[c("loss", "validation_loss")]))
        expect_identical(losses, rep(loss, 6), label = label)
        expect_identical(fit$objective, loss, label = label)
      }
    }
  })
})

test_that("logarithms of denormal outputs are finite, in the history too", {
  # softplus(z) is exp(z), and the loss exp(z) - y z; y is so small that y / exp(z) is finite
  y <- 1e-16
  with_each_instruction_set(function(set) {
    for (z in c(-700, -720, -740)) {
      start <- list(wout = matrix(0), bout = matrix(z))
      fit <- nn_train(
        matrix(0), y,
        hidden = 0, start = start, loss = "poisson", output_activation = "softplus", epochs = 1
      )
      expect_equal(fit$history$loss[1] / y, -z, tolerance = 1e-3, label = paste(set, z))
      loss <- nn_loss(start, matrix(0), y, loss = "poisson", output_activation = "softplus")
      expect_identical(loss, fit$history$loss[1], label = paste(set, z))
    }
  })
})
