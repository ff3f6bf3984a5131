# A row of `y` and of the outputs `a` gives one number: the loss of that row, written from its
# formula.
plain_losses <- list(
  squared_error = function(a, y) rowSums((a - y)^2) / 2,
  absolute = function(a, y) rowSums(abs(a - y)),
  huber = function(a, y) rowSums(ifelse(abs(a - y) <= 1, (a - y)^2 / 2, abs(a - y) - 0.5)),
  poisson = function(a, y) rowSums(a - y * log(a)),
  quantile = function(a, y) rowSums(0.5 * abs(a - y)),
  log_cosh = function(a, y) rowSums(log(cosh(a - y))),
  gamma = function(a, y) rowSums(y / a + log(a)),
  tweedie = function(a, y) rowSums(2 * sqrt(a) + 2 * y / sqrt(a)),
  negative_binomial = function(a, y) rowSums((y + 1) * log(1 + a) - y * log(a)),
  gaussian = function(a, y) -dnorm(y, a[, 1], a[, 2], log = TRUE) - log(2 * pi) / 2,
  beta = function(a, y) -dbeta(y, a[, 1] * a[, 2], (1 - a[, 1]) * a[, 2], log = TRUE),
  cumulative = function(a, y) {
    -(1 - y[, 1]) * log(1 - a[, 1]) - (y[, 1] - y[, 2]) * log(a[, 1] - a[, 2]) -
      y[, 2] * log(a[, 2])
  }
)
plain_cross_entropy <- list(
  sigmoid = function(a, y) rowSums(-y * log(a) - (1 - y) * log(1 - a)),
  softmax = function(a, y) rowSums(-y * log(a))
)
activations <- nn_activations()
inner <- activations$name[!activations$output_only]
loss_table <- backprop:::loss_table
allowed_outputs <- backprop:::allowed_outputs[loss_names()]

test_that(
  paste0(
    "the gradient agrees with finite differences for every activation, loss, output, depth, ",
    "weighting, penalty, reduction"
  ),
  {
    skip_on_cran()
    weights <- c(0.5, 2, 0, 1, 1.5)
    checked <- 0
    worst <- list(difference = 0, case = "")
    crossing <- character()
    variants <- list()
    turn <- 0
    pairs <- unlist(Map(paste, names(allowed_outputs), allowed_outputs), use.names = FALSE)
    for (hidden in list(0, 2, c(2, 2))) {
      problem <- random_problem(5, 3, 2, hidden, seed = 20 + length(hidden) + sum(hidden))
      for (activation in if (identical(hidden, 0)) "sigmoid" else inner) {
        turn <- turn + 1
        for (loss in names(allowed_outputs)) {
          for (output in allowed_outputs[[loss]]) {
            # two opposite variants of the eight: others for the next activation and for the next
            # pair of loss and output, so that each pair meets all of them in four turns
            pair <- paste(loss, output)
            first <- (turn + match(pair, pairs)) %% 4
            for (variant in c(first, 7 - first)) {
              weighted <- variant %% 2 == 1
              penalised <- variant %/% 2 %% 2 == 1
              reduction <- if (variant < 4) "sum" else "mean"
              check <- nn_check_gradient(
                problem$start, problem$X, targets_for(loss, problem$y), activation, output,
                loss = loss,
                reduction = reduction, penalty = 0.3 * penalised, penalty_l1 = 0.2 * penalised,
                weights = if (weighted) weights
              )
              case <- paste0(
                activation, " -> ", output, ", ", loss, ", hidden ", deparse(hidden), ", ",
                reduction, if (weighted) ", weights", if (penalised) ", penalty"
              )
              variants[[pair]] <- union(variants[[pair]], variant)
              checked <- checked + 1
              if (!isTRUE(check$difference <= worst$difference)) {
                worst <- list(difference = check$difference, case = case)
              }
              if (length(check$crossing) > 0) crossing <- c(crossing, case)
            }
          }
        }
      }
    }
    expect_true(all(lengths(variants[pairs]) == 8))
    expect_identical(checked, 2 * sum(lengths(allowed_outputs)) * (1 + 2 * length(inner)))
    expect(
      isTRUE(worst$difference < 1e-7),
      sprintf("%s: the difference is %.3g.", worst$case, worst$difference)
    )
    expect(length(crossing) == 0, paste0("A step crosses a kink: ", toString(head(crossing))))
  }
)

test_that("a step over a kink is reported and left out", {
  network <- list(
    wh = matrix(c(1, 1), 1), bh = matrix(c(0, 0.5), 1), wout = matrix(c(1, 1)), bout = matrix(0)
  )
  check <- nn_check_gradient(
    network, matrix(0), 1,
    activation = "relu", output_activation = "identity"
  )
  expect_identical(check$crossing, "bh[1, 1]")
  expect_lt(check$difference, 1e-7)
  wrong <- abs(check$analytic$bh - check$numeric$bh)
  expect_gt(wrong[1], 0.1)
  expect_lt(wrong[2], 1e-7)
})

test_that("each loss is its formula, reduced, weighted and penalised", {
  expect_setequal(c(names(plain_losses), "cross_entropy"), loss_names())
  weights <- c(0.5, 2, 0, 1, 1.5)
  for (loss in names(allowed_outputs)) {
    for (output in allowed_outputs[[loss]]) {
      problem <- random_problem(5, 3, 2, 4, seed = 5)
      network <- problem$start
      # a wider spread, so that both sides of the Huber loss are seen
      within_1 <- loss %in% c("cross_entropy", "beta", "cumulative")
      y <- targets_for(loss, if (within_1) problem$y else 4 * problem$y)
      a <- nn_forward(network, problem$X, output_activation = output)$output
      formula <-
        if (loss == "cross_entropy") plain_cross_entropy[[output]] else plain_losses[[loss]]
      rows <- formula(a, y)
      value <- function(...) {
        nn_loss(network, problem$X, y, output_activation = output, loss = loss, ...)
      }
      expect_equal(value(), sum(rows), tolerance = 1e-13)
      expect_equal(value(reduction = "mean"), mean(rows), tolerance = 1e-13)
      expect_equal(value(weights = weights), sum(weights * rows), tolerance = 1e-13)
      expect_equal(
        value(weights = weights, reduction = "mean"), sum(weights * rows) / sum(weights),
        tolerance = 1e-13
      )
      w <- c(network$wh, network$wout)
      expect_equal(
        value(penalty = 0.3, penalty_l1 = 0.2, reduction = "mean"),
        mean(rows) + 0.15 * sum(w^2) + 0.2 * sum(abs(w)),
        tolerance = 1e-13
      )
    }
  }
})

test_that("the settings of the Huber and the quantile loss are in their formulas", {
  network <- list(wout = matrix(1), bout = matrix(0))
  X <- matrix(c(-3, -1, 0.25, 1.7, 5))
  value <- function(loss, row) {
    nn_loss(network, X[row, , drop = FALSE], 0, output_activation = "identity", loss = loss)
  }
  residual <- -X[, 1]
  for (row in 1:5) {
    r <- residual[row]
    expect_equal(
      value(nn_huber(2), row), if (abs(r) <= 2) r^2 / 2 else 2 * (abs(r) - 1),
      tolerance = 1e-14
    )
    expect_equal(value(nn_quantile(0.9), row), if (r > 0) 0.9 * r else -0.1 * r, tolerance = 1e-14)
    expect_identical(value("huber", row), value(nn_huber(), row))
    expect_identical(value("quantile", row), value(nn_quantile(), row))
    for (loss in list(nn_huber(2), nn_quantile(0.9))) {
      expect_lt(
        nn_check_gradient(
          network, X[row, , drop = FALSE], 0,
          output_activation = "identity", loss = loss
        )$difference,
        1e-7
      )
    }
  }
})

test_that("the constant that minimises the quantile loss is the quantile", {
  y <- c(1, 2, 3, 5, 8, 13, 21, 34, 55)
  value <- function(b, p) {
    nn_loss(list(wout = matrix(0), bout = matrix(b)), matrix(0, 9), y,
      output_activation = "identity",
      loss = nn_quantile(p)
    )
  }
  for (p in c(0.25, 0.5, 0.8)) {
    lowest <- optimize(value, c(0, 60), p = p, tol = 1e-10)$minimum
    expect_true(mean(y < lowest - 1e-6) <= p && mean(y <= lowest + 1e-6) >= p)
  }
})

test_that("a factor is the matrix of 0 and 1 written by hand", {
  set.seed(6)
  X <- matrix(rnorm(36), 12)
  three <- factor(rep(c("low", "middle", "high"), 4), levels = c("low", "middle", "high"))
  hand <- cbind(
    low = 1 * (three == "low"), middle = 1 * (three == "middle"), high = 1 * (three == "high")
  )
  network <- nn_init(3, 3, 4)
  expect_identical(
    nn_loss(network, X, three),
    nn_loss(network, X, hand, output_activation = "softmax", loss = "cross_entropy")
  )
  expect_identical(
    nn_gradient(network, X, three),
    nn_gradient(network, X, hand, output_activation = "softmax", loss = "cross_entropy")
  )
  coded <- nn_train(X, three, hidden = 4, start = network, epochs = 20)
  by_hand <- nn_train(
    X, hand,
    hidden = 4, start = network, epochs = 20, output_activation = "softmax",
    loss = "cross_entropy"
  )
  expect_identical(coef(coded), coef(by_hand))
  expect_identical(coded$output, by_hand$output)
  expect_identical(coded$history, by_hand$history)
  expect_identical(coded$history$accuracy[1], mean(max.col(nn_forward(network, X,
    output_activation = "softmax"
  )$output) == as.integer(three)))

  two <- factor(rep(c("no", "yes"), 6))
  network <- nn_init(3, 1, 4)
  coded <- nn_train(X, two, hidden = 4, start = network, epochs = 20)
  by_hand <- nn_train(
    X, as.numeric(two == "yes"),
    hidden = 4, start = network, epochs = 20, loss = "cross_entropy"
  )
  expect_identical(coef(coded), coef(by_hand))
  expect_identical(coded$history, by_hand$history)
  expect_identical(predict(coded, X), predict(by_hand, X))
  expect_identical(predict(coded, X, type = "prob")[, "yes"], predict(coded, X))
  expect_identical(
    predict(coded, X, type = "class"),
    factor(ifelse(predict(coded, X) > 0.5, "yes", "no"), levels(two))
  )
  expect_identical(coded$levels, c("no", "yes"))
})

test_that("a logical outcome is 1 for TRUE, with the tutorial's loss", {
  data <- tutorial_data()
  yes <- c(TRUE, TRUE, FALSE)
  for (y in list(yes, matrix(yes))) {
    fit <- nn_train(data$X, y, start = tutorial_start(), epochs = 10)
    expect_identical(
      coef(fit), coef(nn_train(data$X, data$y, start = tutorial_start(), epochs = 10))
    )
    expect_identical(fit$settings$loss$name, "squared_error")
    expect_identical(
      nn_loss(tutorial_start(), data$X, y), nn_loss(tutorial_start(), data$X, data$y)
    )
  }
})

test_that("losses with a setting and callbacks print it", {
  expect_snapshot({
    nn_huber()
    nn_quantile(0.9)
    nn_callback(function(now) TRUE, every = 10)
    nn_train(matrix(1:3), 1:3, epochs = 1)$settings$loss
  })
  for (object in list(nn_huber(), nn_callback(mean))) {
    capture.output(returned <- withVisible(print(object)))
    expect_false(returned$visible)
    expect_identical(returned$value, object)
  }
  refused <- function(expression) {
    writeLines(conditionMessage(expect_error(expression, class = "backprop_error_argument")))
  }
  expect_snapshot({
    refused(nn_quantile(0))
    refused(nn_quantile(1))
  })
})

test_that("the log-cosh loss keeps its digits near 0 and far from it", {
  network <- list(wout = matrix(1), bout = matrix(0))
  value <- function(d, ...) {
    nn_loss(
      network, matrix(d), 0,
      output_activation = "identity", loss = "log_cosh", ...
    )
  }
  slope <- function(d) {
    nn_gradient(
      network, matrix(d), 0,
      output_activation = "identity", loss = "log_cosh"
    )$bout[1]
  }
  with_each_instruction_set(function(set) {
    for (d in c(1e-12, 1e-8, 1e-4)) {
      # the first terms of the series
      expect_equal(value(d), d^2 / 2 - d^4 / 12, tolerance = 1e-14, label = paste(set, d))
    }
    for (d in c(0.1, 0.5, 0.999, 1, 1.001, 5, 20, -3)) {
      expect_equal(value(d), log1p(2 * sinh(d / 2)^2), tolerance = 1e-14, label = paste(set, d))
      expect_equal(slope(d), tanh(d), tolerance = 1e-14, label = paste(set, d))
    }
    for (d in c(800, -1e10, 1e300)) {
      expect_equal(value(d), abs(d) - log(2), tolerance = 1e-15, label = paste(set, d))
      expect_identical(slope(d), sign(d), label = paste(set, d))
    }
    expect_identical(value(0), 0)
  })
})

test_that("without a hidden layer the log-cosh loss finds its location", {
  set.seed(1)
  y <- rnorm(101, 3) + 20 * (runif(101) < 0.1)
  fit <- nn_train(
    matrix(0, 101), y,
    hidden = 0, loss = "log_cosh", optimizer = "lbfgs", reduction = "mean"
  )
  best <- optimize(function(m) sum(log(cosh(y - m))), range(y), tol = 1e-10)$minimum
  expect_equal(unname(fit$bout[1]), best, tolerance = 1e-6)
})

test_that("the width of the Huber loss is in standard deviations of a standardised outcome", {
  of <- function(formula, width, ...) {
    set.seed(1)
    nn_train(formula, mtcars,
      loss = nn_huber(width), hidden = 0, penalty = 0, optimizer = "lbfgs", epochs = 500, ...
    )
  }
  # so that it does not depend on the outcome's unit
  expect_equal(fitted(of(I(1000 * mpg) ~ wt, 0.5)), 1000 * fitted(of(mpg ~ wt, 0.5)))
  # without standardisation it is in that unit
  spread <- of(mpg ~ wt, 0.5)$encoding$outcome$scale
  expect_equal(
    fitted(of(mpg ~ wt, 0.5 * spread, standardize = FALSE)), fitted(of(mpg ~ wt, 0.5)),
    tolerance = 1e-5
  )
})

test_that("losses whose outputs are no probabilities are refused for classes", {
  y <- factor(rep(c("no", "yes"), 16))
  three <- factor(rep_len(c("a", "b", "c"), 32))
  for (loss in c("negative_binomial", "tweedie", "gamma")) {
    for (classes in list(y, three)) {
      message <- "requires a numeric outcome"
      class <- "backprop_error_input"
      expect_error(nn_train(mtcars["wt"], classes, loss = loss), message, class = class)
      expect_error(
        nn_train(as.matrix(mtcars["wt"]), classes, loss = loss), message,
        class = class
      )
    }
  }
  fit <- nn_train(mtcars["wt"], y, loss = "poisson", epochs = 2)
  expect_true(all(predict(fit, mtcars, type = "prob") <= 1))
})
