activations <- nn_activations()
inner <- activations$name[!activations$output_only]
depths <- list(0, 4, c(4, 3), c(4, 3, 2))

test_that("the gradient agrees with central differences for every activation, output, depth and number of outputs", {
  expect_true(all(c("sigmoid", "tanh", "relu", "identity") %in% inner))
  expect_true("softmax" %in% activations$name)
  for (hidden in depths) {
    for (activation in if (identical(hidden, 0)) "sigmoid" else inner) {
      for (output_activation in activations$name) {
        for (n_outputs in 1:3) {
          problem <- random_problem(5, 3, n_outputs, hidden, seed = 10 * n_outputs + length(hidden))
          check <- nn_check_gradient(problem$start, problem$X, problem$y, activation = activation, output_activation = output_activation)
          case <- paste0(activation, " -> ", output_activation, ", hidden ", deparse(hidden), ", ", n_outputs, " outputs")
          expect(isTRUE(check$difference < 1e-7), sprintf("%s: the difference is %.3g.", case, check$difference))
          expect(length(check$crossing) == 0, paste0(case, ": these weights cross a kink: ", toString(check$crossing)))
        }
      }
    }
  }
})

test_that("the gradient agrees with the formulas, and the differences with those of a loss computed in R", {
  for (hidden in depths) {
    for (output_activation in c(names(reference_activations), "softmax")) {
      activation <- rep_len(c("tanh", "relu", "sigmoid"), sum(hidden > 0))
      named <- if (length(activation) > 0) activation else "sigmoid"
      problem <- random_problem(6, 3, 3, hidden, seed = 2)
      loss <- function(network) reference_loss(network, problem$X, problem$y, activation, output_activation)
      expect_close(nn_loss(problem$start, problem$X, problem$y, named, output_activation), loss(problem$start), 1e-12)
      gradient <- nn_gradient(problem$start, problem$X, problem$y, named, output_activation)
      expect_close(gradient, reference_backward(problem$start, problem$X, problem$y, activation, output_activation)$gradient, 1e-12)
      check <- nn_check_gradient(problem$start, problem$X, problem$y, named, output_activation)
      expect_identical(check$analytic, gradient)
      expect_close(check$numeric, numeric_gradient(loss, problem$start), 1e-8)
    }
  }
})

test_that("the gradient of more rows than one piece holds is the sum over all of them", {
  problem <- random_problem(2500, 3, 2, c(4, 3), seed = 5)
  gradient <- nn_gradient(problem$start, problem$X, problem$y, "tanh")
  parts <- lapply(split(1:2500, rep(1:10, each = 250)), function(rows) {
    nn_gradient(problem$start, problem$X[rows, ], problem$y[rows, ], "tanh")
  })
  total <- Reduce(function(a, b) Map(`+`, a, b), parts)
  expect_lt(greatest_difference(gradient, total), 1e-12)
  expect_close(gradient, reference_backward(problem$start, problem$X, problem$y, "tanh")$gradient, 1e-12)
})

test_that("a wrong gradient would be caught", {
  problem <- random_problem(5, 3, 2, c(4, 3), seed = 3)
  check <- nn_check_gradient(problem$start, problem$X, problem$y)
  difference <- function(analytic) {
    a <- unlist(analytic)
    n <- unlist(check$numeric)
    max(abs(a - n)) / max(1, abs(a), abs(n))
  }
  # the reported number is this difference of the two gradients, so whatever shows in it is reported
  expect_identical(check$difference, difference(check$analytic))

  wrong <- list(
    sign = lapply(check$analytic, `-`),
    mean_of_rows = lapply(check$analytic, `/`, 5),
    one_weight = replace(check$analytic, "wh1", list(check$analytic$wh1 + c(1e-4, rep(0, 11)))),
    no_slope = {
      pass <- reference_backward(problem$start, problem$X, problem$y)
      replace(check$analytic, "wout", list(-t(pass$activations[[2]]) %*% pass$errors[[3]]))
    }
  )
  for (name in names(wrong)) expect_gt(difference(wrong[[name]]), 1e-5)
})

test_that("weights whose step crosses a kink are named and left out", {
  X <- rbind(c(1, 2), c(-1, 1))
  network <- list(wh = diag(2), bh = matrix(0, 1, 2), wout = matrix(c(1, -1)), bout = matrix(0))
  network$wh[, 1] <- c(1, -0.5)  # the weighted sum of row 1 and unit 1 is exactly 0
  check <- nn_check_gradient(network, X, c(1, 0), "relu", "identity")
  expect_setequal(check$crossing, c("wh1", "wh2", "bh1"))
  expect_lt(check$difference, 1e-7)
  # the derivative at the kink is the one from the left, 0: row 2 is below it, too
  expect_identical(nn_gradient(network, X, c(1, 0), "relu", "identity")$wh[, 1], c(0, 0))
})

test_that("the gradient under a fit's weights is taken with the fit's own activations", {
  problem <- random_problem(8, 3, 2, 4, seed = 4)
  fit <- nn_train(problem$X, problem$y, hidden = 4, activation = "tanh", output_activation = "softmax", epochs = 5, start = problem$start)
  expect_identical(nn_gradient(fit, problem$X, problem$y), nn_gradient(coef(fit), problem$X, problem$y, "tanh", "softmax"))
  expect_identical(nn_loss(fit, problem$X, problem$y), fit$objective)
  expect_close(nn_loss(fit, problem$X, problem$y), sum(residuals(fit)^2) / 2, 1e-12)
  expect_lt(nn_check_gradient(fit, problem$X, problem$y)$difference, 1e-7)
})
