# Single steps of fits made from data: they prepare the data as predict() does. Oracles: predict(),
# losses by hand, lm() and glm() for networks without hidden layers, numeric gradients.

data_fits <- function() {
  d <- cars_data()
  matrix <- as.matrix(d[c("wt", "hp", "qsec")])
  sparse <- methods::as(matrix, "CsparseMatrix")
  list(
    list(seeded(mpg ~ cyl + log(wt) + am + maker, d), d, d$mpg),
    list(seeded(d[c("cyl", "wt", "am", "maker")], d$mpg), d, d$mpg),
    list(seeded(cyl ~ wt + hp + am, d), d, d$cyl),
    list(seeded(am ~ wt + cyl, d), d, d$am),
    list(seeded(cbind(mpg, qsec) ~ wt + hp, d), d, as.matrix(d[c("mpg", "qsec")])),
    list(seeded(carb ~ wt + cyl, d, loss = "poisson"), d, d$carb),
    list(seeded(sparse, d$mpg), sparse, d$mpg),
    list(seeded(sparse, d$cyl), sparse, d$cyl),
    list(seeded(matrix / 100, d$mpg / 40), matrix / 100, d$mpg / 40),
    list(seeded(matrix / 100, d$cyl), matrix / 100, d$cyl)
  )
}

test_that("the output of each fit is that of predict()", {
  skip_if_not_installed("Matrix")
  for (case in data_fits()) {
    forward <- nn_forward(case[[1]], case[[2]])
    expected <- unname(as.matrix(predict(case[[1]], case[[2]])))
    expect_identical(unname(decode_output(forward$output, case[[1]]$encoding)), expected)
    if (!is.null(case[[1]]$encoding)) {
      expect_identical(unname(forward$response), expected)
    } else {
      expect_null(forward$response)
    }
    some <- c(30, 2, 2)
    expect_identical(
      nn_forward(case[[1]], case[[2]][some, ])$output, forward$output[some, , drop = FALSE]
    )
  }
  flowers <- seeded(Species ~ ., iris, epochs = 50)
  expect_identical(
    max.col(nn_forward(flowers, iris[1:4])$output),
    as.integer(predict(flowers, iris, type = "class"))
  )
})

test_that("the loss is the one that training minimised, and its gradient is right", {
  skip_if_not_installed("Matrix")
  for (case in data_fits()) {
    fit <- case[[1]]
    expect_equal(nn_loss(fit, case[[2]], case[[3]]), fit$objective, tolerance = 1e-12)
    check <- nn_check_gradient(fit, case[[2]], case[[3]])
    expect_lt(check$difference, 1e-7 + check$rounding)
    expect_equal(
      nn_backward(fit, case[[2]], case[[3]])$gradient, nn_gradient(fit, case[[2]], case[[3]]),
      tolerance = 1e-14
    )
    if (!is.null(fit$encoding$terms)) {
      for (step in list(nn_loss, nn_gradient, nn_backward, nn_check_gradient)) {
        expect_identical(step(fit, case[[2]]), step(fit, case[[2]], case[[3]]))
      }
    }
  }
})

test_that("losses are sums by hand", {
  d <- cars_data()
  fit <- seeded(log(mpg) ~ cyl + wt + am, d, penalty = 0)
  by_hand <- function(weights) {
    error <- (log(d$mpg) - predict(fit, d)) / fit$encoding$outcome$scale
    sum(weights * error^2 / 2)
  }
  expect_equal(nn_loss(fit, d, reduction = "sum"), by_hand(1), tolerance = 1e-12)
  expect_equal(
    nn_loss(fit, d, log(d$mpg), reduction = "mean", weights = d$carb),
    by_hand(d$carb) / sum(d$carb),
    tolerance = 1e-12
  )
  classes <- seeded(cyl ~ wt + am, d, penalty = 0.2)
  weights <- c(classes$wh, classes$wout)
  expect_equal(
    nn_loss(classes, d, reduction = "sum"),
    -sum(log(predict(classes, d)[cbind(1:32, d$cyl)])) + 0.1 * sum(weights^2),
    tolerance = 1e-12
  )
})

test_that("at the estimates of lm() and glm() the gradient is 0", {
  d <- cars_data()
  numeric <- nn_train(mpg ~ cyl + wt, d, hidden = 0, penalty = 0, optimizer = "lbfgs", epochs = 500)
  linear <- stats::lm(mpg ~ cyl + wt, d)
  scale <- numeric$encoding$outcome$scale
  expect_equal(
    nn_loss(numeric, d, reduction = "sum"), stats::deviance(linear) / 2 / scale^2,
    tolerance = 1e-10
  )
  expect_lt(max(abs(unlist(nn_gradient(numeric, d)))), 1e-6)
  binary <- nn_train(am ~ wt + hp, d, hidden = 0, penalty = 0, optimizer = "lbfgs", epochs = 500)
  logistic <- stats::glm(am ~ wt + hp, stats::binomial(), d)
  expect_equal(
    nn_loss(binary, d, reduction = "sum"), stats::deviance(logistic) / 2,
    tolerance = 1e-8
  )
  expect_lt(max(abs(unlist(nn_gradient(binary, d)))), 1e-5)
})

test_that("columns are matched by name, in any order", {
  skip_if_not_installed("Matrix")
  for (case in data_fits()) {
    fit <- case[[1]]
    other <- case[[2]][, rev(seq_len(ncol(case[[2]])))]
    expect_identical(nn_forward(fit, other), nn_forward(fit, case[[2]]))
    expect_identical(
      nn_gradient(fit, other, case[[3]]), nn_gradient(fit, case[[2]], case[[3]])
    )
    y <- case[[3]]
    if (is.matrix(y)) {
      expect_identical(nn_loss(fit, other, y[, 2:1]), nn_loss(fit, other, y))
      expect_identical(nn_loss(fit, other, as.data.frame(y)[2:1]), nn_loss(fit, other, y))
      expect_error(
        nn_loss(fit, other, `colnames<-`(y, c("mpg", "other"))),
        class = "backprop_error_input"
      )
    }
  }
  X <- as.matrix(mtcars[c("wt", "hp")]) / 100
  two <- nn_train(X, cbind(a = mtcars$mpg, b = mtcars$qsec), epochs = 5)
  expect_identical(
    nn_loss(two, as.data.frame(X)[2:1], cbind(b = mtcars$qsec, a = mtcars$mpg)),
    nn_loss(two, X, cbind(mtcars$mpg, mtcars$qsec))
  )
})

test_that("offsets are those of predict()", {
  d <- cars_data()
  inside <- seeded(mpg ~ wt + offset(hp / 10), d)
  given <- seeded(mpg ~ wt, d, offset = hp / 10)
  more <- transform(d, hp = hp + 10)
  expect_identical(unname(nn_forward(inside, more)$response[, 1]), unname(predict(inside, more)))
  expect_identical(
    unname(nn_forward(given, d, offset = d$qsec)$response[, 1]),
    unname(predict(given, d, offset = d$qsec))
  )
  expect_equal(nn_loss(inside, d), inside$objective, tolerance = 1e-12)
  expect_equal(nn_loss(given, d, offset = d$hp / 10), given$objective, tolerance = 1e-12)
  check <- nn_check_gradient(inside, d)
  expect_lt(check$difference, 1e-7 + check$rounding)
  expect_snapshot({
    refused(nn_forward(given, d), "argument")
    refused(nn_loss(inside, d, offset = d$hp), "argument")
    refused(nn_loss(inside, transform(d, hp = NA)), "input")
  })
})

test_that("data that can't be right are refused, and the message says what to do", {
  d <- cars_data()
  flowers <- seeded(Species ~ ., iris)
  frame <- seeded(d[c("cyl", "wt")], d$mpg)
  numbers <- as.matrix(iris[1:4])
  for (step in list(nn_loss, nn_gradient, nn_backward, nn_check_gradient)) {
    expect_error(step(flowers, numbers, iris$Species), class = "backprop_error_input")
    expect_error(step(flowers, unname(numbers), iris$Species), class = "backprop_error_input")
  }
  matrix <- seeded(numbers / 10, iris$Sepal.Length / 10)
  expect_snapshot({
    refused(nn_forward(flowers, numbers), "input")
    refused(nn_forward(flowers, iris[1:3]), "input")
    refused(nn_forward(frame, transform(d, cyl = "5")), "input")
    refused(nn_forward(frame, transform(d, wt = replace(wt, 3, NA))), "input")
    refused(nn_forward(frame, d[0, ]), "input")
    refused(nn_loss(flowers, iris[1:4]), "input")
    refused(nn_loss(flowers, iris, iris$Sepal.Length), "input")
    refused(nn_loss(flowers, iris, sub("v", "w", iris$Species)), "input")
    refused(nn_loss(flowers, transform(iris, Species = replace(Species, 2, NA))), "input")
    refused(nn_loss(frame, d), "input")
    refused(nn_loss(frame, d, d$cyl), "input")
    refused(nn_loss(frame, d, d$mpg[-1]), "input")
    refused(nn_forward(matrix, numbers[, 1:3]), "input")
    refused(nn_forward(matrix, `colnames<-`(numbers, letters[1:4])), "input")
  })
})

test_that("one step of training a fit is a step of its weights on the encoded data", {
  d <- cars_data()
  fit <- seeded(mpg ~ cyl + wt, d, optimizer = "gradient_descent", epochs = 3, batch_size = NULL)
  X <- prepare_newdata(unclass(fit), d, "d", environment())$X
  y <- (d$mpg - fit$encoding$outcome$center) / fit$encoding$outcome$scale
  plain <- nn_gradient(
    coef(fit), X, y, fit$settings$activation, fit$settings$output_activation,
    reduction = "mean", penalty = fit$settings$penalty
  )
  expect_identical(nn_gradient(fit, d), plain)
  expect_identical(nn_update(fit, nn_gradient(fit, d), 0.1), nn_update(coef(fit), plain, 0.1))
})

test_that("new levels are errors or missing values in the single steps, as in predict()", {
  d <- data.frame(x = 1:9 / 9, g = rep(c("a", "b", "c"), 3), y = sin(1:9))
  known <- d$g != "c"
  fit <- seeded(y ~ x + g, d[known, ])
  expect_message(forward <- nn_forward(fit, d, new_levels = "NA"), "3 of 9 rows.*values are NA")
  expect_identical(which(is.na(forward$output)), which(!known))
  expect_identical(forward$output[known, ], nn_forward(fit, d[known, ])$output[, 1])
  expect_identical(unique(unlist(lapply(forward, nrow))), 9L)
  for (step in list(nn_loss, nn_gradient, nn_check_gradient)) {
    expect_message(
      value <- step(fit, d, new_levels = "NA"), "they are excluded",
      class = "backprop_message_new_levels"
    )
    expect_equal(value, step(fit, d[known, ]))
    expect_equal(
      suppressMessages(step(fit, d, new_levels = "NA", weights = 1:9)),
      step(fit, d[known, ], weights = (1:9)[known])
    )
    expect_error(step(fit, d), "new_levels", class = "backprop_error_input")
    # rows of weight 0 are left out, whatever they hold
    expect_equal(step(fit, d, weights = as.numeric(known)), step(fit, d[known, ]))
  }
  # the fit's own choice, and unseen classes
  fit <- seeded(g ~ x, d[known, ], new_levels = "NA")
  expect_message(loss <- nn_loss(fit, d), "3 of 9 rows", class = "backprop_message_new_levels")
  expect_equal(loss, nn_loss(fit, d[known, ]))
  expect_error(nn_loss(fit, d, new_levels = "error"), class = "backprop_error_input")
  expect_error(
    nn_loss(fit, d[!known, ]), "no rows to use",
    class = "backprop_error_input"
  ) |> suppressMessages()
})
