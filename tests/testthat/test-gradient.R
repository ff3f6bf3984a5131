activations <- nn_activations()
inner <- activations$name[!activations$output_only]
depths <- list(0, 4, c(4, 3), c(4, 3, 2))

test_that(
  paste0(
    "the gradient agrees with central differences for every activation, output, ",
    "depth and number of outputs"
  ),
  {
    expect_true(all(c("sigmoid", "tanh", "relu", "identity") %in% inner))
    expect_true("softmax" %in% activations$name)
    for (hidden in depths) {
      for (activation in if (identical(hidden, 0)) "sigmoid" else inner) {
        for (output_activation in activations$name) {
          for (n_outputs in 1:3) {
            problem <- random_problem(
              5, 3, n_outputs, hidden,
              seed = 10 * n_outputs + length(hidden)
            )
            check <- nn_check_gradient(
              problem$start, problem$X, problem$y,
              activation = activation,
              output_activation = output_activation
            )
            case <- paste0(
              activation, " -> ", output_activation, ", hidden ", deparse(hidden), ", ", n_outputs,
              " outputs"
            )
            expect(
              isTRUE(check$difference < 1e-7),
              sprintf("%s: the difference is %.3g.", case, check$difference)
            )
            expect(length(check$crossing) == 0, paste0(
              case, ": these weights cross a kink: ", toString(check$crossing)
            ))
          }
        }
      }
    }
  }
)

test_that(
  "the gradient agrees with the formulas, and the differences with those of a loss computed in R",
  {
    for (hidden in depths) {
      for (output_activation in c(names(reference_activations), "softmax")) {
        activation <- rep_len(c("tanh", "relu", "sigmoid"), sum(hidden > 0))
        named <- if (length(activation) > 0) activation else "sigmoid"
        problem <- random_problem(6, 3, 3, hidden, seed = 2)
        loss <- function(network) {
          reference_loss(network, problem$X, problem$y, activation, output_activation)
        }
        expect_close(
          nn_loss(problem$start, problem$X, problem$y, named, output_activation),
          loss(problem$start), 1e-12
        )
        gradient <- nn_gradient(problem$start, problem$X, problem$y, named, output_activation)
        expect_close(
          gradient,
          reference_backward(
            problem$start, problem$X, problem$y, activation, output_activation
          )$gradient,
          1e-12
        )
        check <- nn_check_gradient(problem$start, problem$X, problem$y, named, output_activation)
        expect_identical(check$analytic, gradient)
        expect_close(check$numeric, numeric_gradient(loss, problem$start), 1e-8)
      }
    }
  }
)

test_that("the gradient of more rows than one piece holds is the sum over all of them", {
  problem <- random_problem(2500, 3, 2, c(4, 3), seed = 5)
  gradient <- nn_gradient(problem$start, problem$X, problem$y, "tanh")
  parts <- lapply(split(1:2500, rep(1:10, each = 250)), function(rows) {
    nn_gradient(problem$start, problem$X[rows, ], problem$y[rows, ], "tanh")
  })
  total <- Reduce(function(a, b) Map(`+`, a, b), parts)
  expect_lt(greatest_difference(gradient, total), 1e-12)
  expect_close(
    gradient, reference_backward(problem$start, problem$X, problem$y, "tanh")$gradient, 1e-12
  )
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
  network$wh[, 1] <- c(1, -0.5) # the weighted sum of row 1 and unit 1 is exactly 0
  check <- nn_check_gradient(network, X, c(1, 0), "relu", "identity")
  expect_setequal(check$crossing, c("wh[1, 1]", "wh[2, 1]", "bh[1, 1]"))
  expect_lt(check$difference, 1e-7)
  # the derivative at the kink is the one from the left, 0: row 2 is below it, too
  expect_identical(nn_gradient(network, X, c(1, 0), "relu", "identity")$wh[, 1], c(0, 0))
})

test_that("the gradient under a fit's weights is taken with the fit's own activations", {
  problem <- random_problem(8, 3, 2, 4, seed = 4)
  fit <- nn_train(
    problem$X, problem$y,
    hidden = 4, activation = "tanh", output_activation = "softmax",
    epochs = 5, start = problem$start
  )
  expect_identical(
    nn_gradient(fit, problem$X, problem$y),
    nn_gradient(coef(fit), problem$X, problem$y, "tanh", "softmax")
  )
  expect_identical(nn_loss(fit, problem$X, problem$y), fit$objective)
  expect_close(nn_loss(fit, problem$X, problem$y), sum(residuals(fit)^2) / 2, 1e-12)
  expect_lt(nn_check_gradient(fit, problem$X, problem$y)$difference, 1e-7)
})

test_that("the rounding of a large loss is allowed for, and no more than that", {
  set.seed(1)
  flowers <- scale(as.matrix(iris[1:4]))
  salaries <- rnorm(150, 50000, 9000)
  X <- matrix(rnorm(40), 20)
  y <- rnorm(20, 1, 0.3) * 1e8
  checks <- list(
    nn_check_gradient(nn_init(4, 1, 3), flowers, salaries, output_activation = "identity"),
    nn_check_gradient(nn_init(2, 1, c(3, 2)), X, y)
  )
  for (check in checks) {
    expect_gt(check$difference, 1e-7)
    expect_lt(check$difference, 1e-7 + check$rounding)
    expect_match(capture.output(print(check))[2], "(agrees)", fixed = TRUE)
    # far below a mistake
    expect_lt(check$rounding, 0.05)
  }
  # it is next to nothing for small numbers
  small <- nn_check_gradient(tutorial_start(), tutorial_data()$X, tutorial_data()$y)
  expect_lt(small$rounding, 1e-9)
  expect_gt(small$rounding, 0)
})

test_that("the sum of many terms that cancel is allowed for", {
  # the outputs are 1e6 and the residuals 1: the loss is small, and what is known of it less than
  # its size tells
  set.seed(3)
  X <- matrix(rnorm(60), 20)
  network <- nn_init(3, 1, 3)
  network$bout[] <- 1e6
  y <- drop(nn_forward(network, X, "tanh", "identity")$output) + rnorm(20)
  check <- nn_check_gradient(network, X, y, "tanh", "identity")
  expect_lt(check$difference, 1e-7 + check$rounding)
  expect_gt(check$rounding, 1e-7)
  # the same outputs by an offset
  network$bout[] <- 0
  expect_equal(
    nn_check_gradient(network, X, y, "tanh", "identity", offset = rep(1e6, 20))$rounding * 1e6,
    check$rounding * 1e6,
    tolerance = 0.1
  )
})

test_that("every set of instructions rounds within the allowance", {
  with_each_instruction_set(function(set) {
    for (n in c(1, 20, 1024, 3000)) {
      set.seed(n)
      network <- nn_init(4, 2, c(4, 3))
      X <- matrix(rnorm(4 * n), n)
      for (output in c("identity", "sigmoid")) {
        check <- nn_check_gradient(network, X, matrix(rnorm(2 * n, 1), n) * 1e7, "tanh", output)
        expect(
          check$difference <= 1e-7 + check$rounding,
          sprintf(
            "%s, %d rows, %s: %.3g is above %.3g.", set, n, output, check$difference, check$rounding
          )
        )
      }
    }
  })
})

test_that("a wrong gradient is found where the loss is large, too", {
  set.seed(1)
  flowers <- scale(as.matrix(iris[1:4]))
  check <- nn_check_gradient(
    nn_init(4, 1, 3), flowers, rnorm(150, 50000, 9000),
    output_activation = "identity"
  )
  scale <- max(1, abs(unlist(check$analytic)), abs(unlist(check$numeric)))
  for (wrong in list(
    lapply(check$analytic, `-`), lapply(check$analytic, `*`, 1.001),
    replace(check$analytic, "bh", list(0 * check$analytic$bh))
  )) {
    check$difference <- max(abs(unlist(wrong) - unlist(check$numeric))) / scale
    expect_match(capture.output(print(check))[2], "does NOT agree", fixed = TRUE)
  }
})

test_that("kinks of the loss, of the penalty and of a derivative are crossings", {
  speed <- as.matrix(cars$speed)
  fit <- nn_train(
    speed, cars$dist,
    hidden = 0, loss = "absolute", optimizer = "lbfgs", epochs = 500
  )
  check <- nn_check_gradient(fit, speed, cars$dist)
  expect_identical(check$crossing, c("wout[1, 1]", "bout[1, 1]"))
  expect_match(capture.output(print(check))[2], "No weights can be compared", fixed = TRUE)

  line <- list(wout = matrix(c(1, 0)), bout = matrix(0.5))
  X <- rbind(c(1, 0), c(0, 1))
  crossing <- function(y, loss, ...) {
    check <- nn_check_gradient(line, X, y, output_activation = "identity", loss = loss, ...)
    expect_lt(check$difference, 1e-7)
    check$crossing
  }
  # the first row's residual is exactly 0: its input and the bias cross
  for (loss in list("absolute", nn_quantile(0.9))) {
    expect_identical(crossing(c(1.5, 3), loss), c("wout[1, 1]", "bout[1, 1]"))
  }
  expect_identical(crossing(c(1.5, 3), "squared_error"), character())
  expect_identical(crossing(c(1.5, 3), "huber"), character())
  expect_identical(crossing(c(3.5, 4), nn_huber(2)), c("wout[1, 1]", "bout[1, 1]"))
  expect_identical(crossing(c(-0.5, 4), nn_huber(2)), c("wout[1, 1]", "bout[1, 1]"))
  expect_identical(crossing(c(1, 3), "squared_error", penalty_l1 = 0.1), "wout[2, 1]")

  # relu and elu at 0, in two layers
  network <- list(
    wh1 = diag(2), bh1 = matrix(0, 1, 2), wh2 = matrix(c(1, 1, 2, 1), 2), bh2 = matrix(1, 1, 2),
    wout = matrix(c(1, 1)), bout = matrix(0)
  )
  for (activation in c("relu", "elu")) {
    check <- nn_check_gradient(network, rbind(c(0, 1)), 1, activation, "identity")
    expect_identical(check$crossing, c("wh1[2, 1]", "bh1[1, 1]"))
    expect_lt(check$difference, 1e-7)
  }
})

test_that(
  "a loss that is no number cannot be checked, and a fit with offsets needs them",
  {
    refused <- function(expression) {
      writeLines(conditionMessage(expect_error(expression, class = "backprop_error_argument")))
    }
    network <- list(wout = matrix(c(1, 2)), bout = matrix(0))
    X <- tutorial_data()$X
    y <- tutorial_data()$y
    fit <- nn_train(X, y, offset = 1:3, epochs = 2)
    expect_snapshot({
      refused(nn_check_gradient(network, matrix(1e307, 1, 2), 1, output_activation = "identity"))
      refused(nn_loss(fit, X, y))
      refused(nn_gradient(fit, X, y))
      refused(nn_check_gradient(fit, X, y))
      refused(nn_forward(fit, X))
      refused(nn_backward(fit, X, y))
    })
    expect_identical(nn_loss(fit, X, y, offset = 1:3), fit$objective)
    expect_identical(nn_loss(coef(fit), X, y), nn_loss(fit, X, y, offset = c(0, 0, 0)))
  }
)
