train <- function(n, n_inputs, n_outputs, hidden, ..., epochs = 5, learning_rate = 0.02) {
  problem <- random_problem(n, n_inputs, n_outputs, hidden, seed = n)
  fit <- nn_train(
    problem$X, problem$y,
    hidden = hidden, start = problem$start, epochs = epochs,
    learning_rate = learning_rate, ...
  )
  list(X = problem$X, y = problem$y, fit = fit)
}

test_that("a row's prediction does not depend on the rows beside it, to the last bit", {
  sizes <- list(
    list(n = 3, inputs = 4, outputs = 1, hidden = 3),
    list(n = 7, inputs = 1, outputs = 1, hidden = 1),
    list(n = 20, inputs = 5, outputs = 3, hidden = 0),
    list(n = 300, inputs = 9, outputs = 1, hidden = c(17, 5)),
    list(n = 300, inputs = 33, outputs = 2, hidden = c(8, 64, 7)),
    list(n = 1100, inputs = 3, outputs = 18, hidden = 40)
  )
  for (size in sizes) {
    for (activation in c("sigmoid", "tanh", "relu")) {
      made <- train(size$n, size$inputs, size$outputs, size$hidden,
        activation = activation,
        output_activation = if (size$outputs > 1) "softmax", learning_rate = 1e-3
      )
      all_rows <- as.matrix(predict(made$fit, made$X))
      rows <- unique(c(seq_len(min(20, size$n)), if (size$n > 255) c(255:258, size$n - 1:0)))
      alone <- vapply(
        rows, function(i) as.vector(predict(made$fit, made$X[i, , drop = FALSE])),
        numeric(size$outputs)
      )
      expect_identical(t(matrix(alone, size$outputs)), all_rows[rows, , drop = FALSE])
      some <- rev(rows)[seq_len(min(11, length(rows)))]
      expect_identical(
        as.matrix(predict(made$fit, made$X[some, , drop = FALSE])), all_rows[some, , drop = FALSE]
      )
      expect_gt(max(abs(all_rows - rep(all_rows[1, ], each = nrow(all_rows)))), 1e-6)
    }
  }
})

test_that("predictions are those of the weights that are returned", {
  for (n_outputs in 1:3) {
    made <- train(300, 4, n_outputs, c(5, 3), activation = "tanh", batch_size = 50)
    fit <- made$fit
    expected <- reference_forward(coef(fit), made$X, "tanh")$output
    expect_close(as.matrix(predict(fit, made$X)), expected, 1e-12)
    expect_identical(fit$output, nn_forward(coef(fit), made$X, "tanh")$output)
    expect_identical(as.matrix(predict(fit, made$X)), fit$output)
    expect_identical(as.matrix(predict(fit)), fit$output)
  }
})

test_that("one output gives a vector, more give a matrix", {
  one <- train(6, 3, 1, 4)
  expect_null(dim(predict(one$fit, one$X)))
  expect_length(predict(one$fit, one$X), 6)
  expect_null(names(predict(one$fit, one$X)))
  expect_length(predict(one$fit, one$X[1, , drop = FALSE]), 1)
  three <- train(6, 3, 3, 4)
  expect_identical(dim(predict(three$fit, three$X)), c(6L, 3L))
  expect_identical(dim(predict(three$fit, three$X[1, , drop = FALSE])), c(1L, 3L))
})

test_that("no rows give no predictions", {
  one <- train(6, 3, 1, 4)
  expect_identical(predict(one$fit, one$X[0, , drop = FALSE]), numeric())
  three <- train(6, 3, 3, 4)
  expect_identical(predict(three$fit, three$X[0, , drop = FALSE]), matrix(numeric(), 0, 3))
})

test_that("coef, fitted, residuals, nobs and predict belong together", {
  for (n_outputs in c(1, 3)) {
    made <- train(9, 4, n_outputs, c(5, 3))
    fit <- made$fit
    expect_named(coef(fit), c("wh1", "bh1", "wh2", "bh2", "wout", "bout"))
    for (name in names(coef(fit))) expect_identical(coef(fit)[[name]], fit[[name]])
    expect_identical(nobs(fit), nrow(made$X))
    expect_identical(fitted(fit), predict(fit, made$X))
    expect_identical(dim(fit$output), dim(made$y))
    expect_identical(dim(fit$residuals), dim(made$y))
    expect_equal(as.matrix(fitted(fit)) + as.matrix(residuals(fit)), made$y, tolerance = 1e-15)
    expect_identical(fit$residuals, made$y - fit$output)
    expect_close(fit$objective, sum(residuals(fit)^2) / 2, 1e-12)
    expect_close(nn_loss(coef(fit), made$X, made$y), fit$objective, 0)
  }
})

test_that("the loss in the history is that of the weights before each update", {
  made <- train(9, 4, 2, 3, epochs = 1)
  two <- nn_continue(made$fit, made$X, made$y, epochs = 1)
  expect_close(two$history$loss[2], made$fit$objective / 9, 1e-14)
})

test_that("columns are matched by name where both have names", {
  problem <- random_problem(8, 3, 1, 4, seed = 1)
  X <- problem$X
  colnames(X) <- c("a", "b", "c")
  fit <- nn_train(X, problem$y, hidden = 4, start = problem$start, epochs = 20)
  expected <- predict(fit, X)
  expect_identical(predict(fit, X[, c("c", "a", "b")]), expected)
  expect_identical(predict(fit, cbind(other = 1, X[, c("b", "c", "a")])), expected)
  expect_identical(predict(fit, unname(X)), expected)
  # without names it is the place that counts
  expect_false(identical(predict(fit, unname(X[, c("c", "a", "b")])), expected))
  nameless <- nn_train(unname(X), problem$y, hidden = 4, start = problem$start, epochs = 20)
  expect_identical(predict(nameless, X), expected)

  renamed <- X
  colnames(renamed)[2] <- "z"
  expect_error(predict(fit, renamed), "b", class = "backprop_error_input")
  expect_error(predict(fit, X[, c("a", "b")]), "c", class = "backprop_error_input")
  expect_error(predict(fit, X[, c("a", "b", "c", "a")]), "a", class = "backprop_error_input")
  expect_error(predict(fit, unname(X[, 1:2])), class = "backprop_error_input")
  expect_error(predict(nameless, cbind(X, 1)), class = "backprop_error_input")
})

test_that("names of rows and outputs are kept", {
  problem <- random_problem(5, 3, 2, 4, seed = 2)
  X <- problem$X
  y <- problem$y
  rownames(X) <- letters[1:5]
  colnames(y) <- c("yes", "no")
  fit <- nn_train(X, y, hidden = 4, start = problem$start, epochs = 3)
  expect_identical(dimnames(predict(fit, X)), list(letters[1:5], c("yes", "no")))
  expect_identical(dimnames(fit$output), list(letters[1:5], c("yes", "no")))
  expect_identical(dimnames(fitted(fit)), dimnames(predict(fit, X)))
  fit <- nn_train(X, y[, 1], hidden = 4, epochs = 3)
  expect_identical(names(predict(fit, X)), letters[1:5])
  expect_identical(names(fitted(fit)), letters[1:5])
  expect_identical(names(residuals(fit)), letters[1:5])
})

test_that("a fit without its fitted values predicts the same, and says what it lacks", {
  problem <- random_problem(5, 3, 1, 4, seed = 3)
  with <- nn_train(problem$X, problem$y, hidden = 4, start = problem$start, epochs = 3)
  without <- nn_train(
    problem$X, problem$y,
    hidden = 4, start = problem$start, epochs = 3, keep_fitted = FALSE
  )
  expect_null(without$output)
  expect_null(without$residuals)
  expect_null(without$objective)
  expect_output(print(summary(without)), "\n21 weights", fixed = TRUE)
  expect_identical(predict(without, problem$X), predict(with, problem$X))
  expect_error(fitted(without), class = "backprop_error_argument")
  expect_error(residuals(without), class = "backprop_error_argument")
  expect_error(predict(without), class = "backprop_error_argument")
})

test_that("a fit survives being saved, and does not hold the data", {
  made <- train(9, 4, 2, 3)
  file <- tempfile(fileext = ".rds")
  saveRDS(made$fit, file)
  restored <- readRDS(file)
  unlink(file)
  expect_identical(restored, made$fit)
  expect_identical(predict(restored, made$X), predict(made$fit, made$X))

  size <- function(n) {
    X <- matrix(rnorm(n * 100), n)
    length(serialize(
      nn_train(X, X[, 1], epochs = 1, keep_fitted = FALSE, learning_rate = 1e-6), NULL
    ))
  }
  expect_lt(abs(size(2000) - size(20)), 500)
})

test_that("newdata of whole numbers is taken as numbers", {
  fit <- nn_train(tutorial_data()$X, tutorial_data()$y, start = tutorial_start(), epochs = 10)
  whole <- tutorial_data()$X
  storage.mode(whole) <- "integer"
  expect_identical(predict(fit, whole), predict(fit, tutorial_data()$X))
})

test_that("a fit made from a matrix predicts a numeric data frame by its column names", {
  X <- as.matrix(mtcars[c("disp", "hp", "wt")])
  set.seed(1)
  fit <- nn_train(scale(X), mtcars$am, hidden = 2, epochs = 20)
  frame <- as.data.frame(scale(X))
  expect_identical(predict(fit, frame[3:1]), predict(fit, scale(X)))
  expect_identical(predict(fit, cbind(frame, more = TRUE)), predict(fit, scale(X)))
  expect_identical(nn_forward(fit, frame[3:1])$output[, 1], unname(predict(fit, frame)))
  expect_error(predict(fit, iris), "must be numeric", class = "backprop_error_input")
  expect_error(predict(fit, frame[1:2]), "wt", class = "backprop_error_input")
  # new levels mean nothing here, but are no error of another kind
  expect_identical(predict(fit, scale(X), new_levels = "NA"), predict(fit, scale(X)))
})

test_that("a level without an interval is an error", {
  fit <- seeded(mpg ~ wt, mtcars)
  expect_error(
    predict(fit, mtcars, level = 0.9), 'interval = "prediction" or "confidence"',
    fixed = TRUE, class = "backprop_error_argument"
  )
  expect_error(predict(fit, level = 2), class = "backprop_error_argument")
})

test_that("the advice on confidence intervals is that for the data of the fit", {
  of_formula <- seeded(mpg ~ wt, mtcars)
  of_frame <- seeded(mtcars["wt"], mtcars$mpg)
  ask <- function(fit) predict(fit, mtcars, interval = "confidence")
  expect_error(ask(of_formula), "vcov(fit, data)", fixed = TRUE)
  expect_error(ask(of_frame), "vcov(fit, X, y)", fixed = TRUE)
})
