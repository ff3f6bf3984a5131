tutorial_fit <- function(...) {
  set.seed(1)
  nn_train(tutorial_data()$X, tutorial_data()$y, ...)
}

test_that("the tutorial's fit prints what it is and how it was made", {
  fit <- tutorial_fit()
  expect_snapshot({
    print(fit)
    summary(fit)
  })
})

test_that("a fit to a factor with rows held out prints the best epoch", {
  inputs <- scale(as.matrix(iris[1:4]))
  set.seed(1)
  fit <- nn_train(
    inputs, iris$Species,
    hidden = c(5, 4), activation = c("tanh", "relu"), init = "glorot_normal",
    reduction = "mean", optimizer = "adam", learning_rate = 0.02, epochs = 200, batch_size = 16,
    validation = 0.2, patience = 10
  )
  expect_identical(fit$stop, "patience")
  expect_snapshot({
    print(fit)
    summary(fit)
  })
})

test_that("settings that are not the defaults are printed", {
  set.seed(1)
  fit <- nn_train(
    tutorial_data()$X, tutorial_data()$y,
    hidden = 4, activation = "relu", epochs = 0,
    batch_size = 2, shuffle = FALSE, dropout = 0.25, clip = 5, penalty = 0.01, penalty_l1 = 0.001,
    optimizer = nn_rmsprop(0.01, decay = 0.95),
    schedule = nn_warm_up(10, then = nn_cosine(90, least = 0.1)), loss = "huber",
    precision = "single", keep_fitted = FALSE
  )
  expect_snapshot(print(fit))
})

test_that("every reason to stop has its words", {
  expect_snapshot({
    tutorial_fit(epochs = 1)
    tutorial_fit(epochs = 3, callback = function(now) FALSE)
  })
})

test_that("a print returns its object, invisibly", {
  fit <- tutorial_fit(epochs = 2)
  for (object in list(
    fit, summary(fit), nn_adam(), nn_step(3),
    nn_trace(tutorial_data()$X, tutorial_data()$y, tutorial_start())
  )) {
    capture.output(returned <- withVisible(print(object)))
    expect_false(returned$visible)
    expect_identical(returned$value, object)
  }
})

test_that("a check of the gradient prints its verdict", {
  # the digits of a rounding error belong to the machine
  without_digits <- function(lines) sub("difference: [0-9.e+-]+", "difference: <number>", lines)
  network <- list(
    wh = matrix(c(1, 1), 1), bh = matrix(c(0, 0.5), 1), wout = matrix(c(1, 1)), bout = matrix(0)
  )
  expect_snapshot(
    {
      nn_check_gradient(tutorial_start(), tutorial_data()$X, tutorial_data()$y)
      nn_check_gradient(network, matrix(0), 1, activation = "relu", output_activation = "identity")
    },
    transform = without_digits
  )
  wrong <- nn_check_gradient(tutorial_start(), tutorial_data()$X, tutorial_data()$y)
  wrong$difference <- 0.125
  expect_snapshot(print(wrong))
})

test_that("optimisers and schedules print their settings", {
  expect_snapshot({
    nn_gradient_descent()
    nn_momentum(0.05)
    nn_nesterov(momentum = 0.8)
    nn_rmsprop()
    nn_adam()
    nn_adamw(weight_decay = 0.1)
    nn_rprop()
    nn_lbfgs()
    nn_lm()
    nn_step(10)
    nn_exponential(0.99)
    nn_cosine(100)
    nn_warm_up(5)
    nn_warm_up(5, then = nn_step(20, factor = 0.1))
    nn_plateau()
  })
})

test_that("case weights are told of where there are some", {
  none <- NULL
  rows <- function(...) {
    grep(
      "^Rows",
      capture.output(print(nn_train(
        mtcars["wt"], mtcars$mpg,
        hidden = 2, epochs = 2, penalty = 0.1, ...
      ))),
      value = TRUE
    )
  }
  expect_length(rows(weights = none), 0)
  expect_match(rows(weights = mtcars$hp), "case weights")
  expect_match(rows(weights = mtcars$hp, keep_fitted = FALSE), "case weights")
})

test_that("lines are wrapped to the width of the console", {
  set.seed(1)
  fit <- nn_train(Species ~ ., iris, epochs = 5, calibration = 0.2, weights = rep(1:2, 75))
  for (width in c(50, 80, 120)) {
    withr::local_options(width = width)
    lines <- utils::capture.output(print(fit))
    labelled <- grep("^(Loss|Multilayer)", lines, invert = TRUE, value = TRUE)
    expect_lte(max(nchar(labelled)), width)
    expect_identical(
      gsub("\\s+", " ", paste(lines, collapse = " ")),
      gsub("\\s+", " ", paste(withr::with_options(
        list(width = 300), utils::capture.output(print(fit))
      ), collapse = " "))
    )
  }
})
