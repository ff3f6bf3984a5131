skip_if_not_installed("caret")
local_search_path()

test_that("caret trains and tunes for regression, equal to the direct call", {
  X <- mtcars[c("wt", "hp", "qsec")]
  set.seed(4)
  tuned <- caret::train(
    X, mtcars$mpg,
    method = nn_caret(), epochs = 30,
    tuneGrid = expand.grid(hidden = c(2, 3), penalty = c(0.01, 0.1)),
    trControl = caret::trainControl("cv", number = 2, seeds = list(1:4, 1:4, 9))
  )
  expect_identical(dim(tuned$results)[1], 4L)
  expect_true(all(is.finite(tuned$results$RMSE)))
  set.seed(9)
  direct <- nn_train(
    X, mtcars$mpg,
    hidden = tuned$bestTune$hidden, penalty = tuned$bestTune$penalty, epochs = 30
  )
  expect_identical(coef(tuned$finalModel), coef(direct))
  expect_identical(unname(predict(tuned, X)), unname(predict(direct, X)))
})

test_that("caret gives classes and probabilities, by formula too", {
  control <- caret::trainControl("none", classProbs = TRUE, seeds = list(9))
  for (data in list(iris, droplevels(iris[51:150, ]))) {
    tuned <- caret::train(
      Species ~ .,
      data = data, method = nn_caret(), epochs = 20,
      tuneGrid = data.frame(hidden = 3, penalty = 0.01), trControl = control
    )
    prob <- predict(tuned, data, type = "prob")
    expect_named(prob, levels(data$Species))
    expect_equal(unname(rowSums(prob)), rep(1, nrow(data)), tolerance = 1e-12)
    expect_identical(
      predict(tuned, data),
      factor(levels(data$Species)[max.col(as.matrix(prob), "first")], levels(data$Species))
    )
    expect_gt(mean(predict(tuned, data) == data$Species), 0.85)
  }
})

test_that("case weights arrive, and grids have the length that is asked for", {
  weights <- rep(1:2, 16)
  set.seed(4)
  tuned <- caret::train(
    mtcars[c("wt", "hp")], mtcars$mpg,
    method = nn_caret(), weights = weights, epochs = 20,
    tuneGrid = data.frame(hidden = 3, penalty = 0.01),
    trControl = caret::trainControl("none", seeds = list(9))
  )
  expect_equal(sum(unclass(tuned$finalModel)$n), 32)
  set.seed(9)
  direct <- nn_train(
    mtcars[c("wt", "hp")], mtcars$mpg,
    weights = weights, epochs = 20, hidden = 3, penalty = 0.01
  )
  expect_identical(coef(tuned$finalModel), coef(direct))
  model <- nn_caret()
  for (length in c(1, 2, 5)) {
    grid <- model$grid(mtcars, mtcars$mpg, length)
    expect_identical(dim(grid), c(as.integer(length^2), 2L))
    expect_identical(dim(unique(grid)), dim(grid))
    expect_identical(nrow(model$grid(mtcars, mtcars$mpg, length, "random")), as.integer(length))
  }
})

test_that("the grid is centred at the default", {
  X <- mtcars[c("wt", "hp")]
  grid <- nn_caret()$grid(X, mtcars$mpg, 3)
  expect_setequal(grid$hidden, c(50, 100, 200))
  expect_identical(grid[grid$penalty == "auto", "hidden"], 100)
  penalties <- as.numeric(setdiff(levels(grid$penalty), "auto"))
  expect_equal(sort(penalties) * nrow(X), c(0.1, 1, 10), tolerance = 0.01)
  many <- nn_caret()$grid(data.frame(x = 1:1000), 1:1000, 1)
  expect_identical(list(many$hidden, as.character(many$penalty)), list(200, "auto"))
  set.seed(4)
  tuned <- caret::train(
    cars["speed"], cars$dist,
    method = nn_caret(), tuneLength = 1, epochs = 20,
    trControl = caret::trainControl("cv", number = 2, seeds = list(1, 1, 9))
  )
  expect_true(is.finite(tuned$results$RMSE))
  set.seed(9)
  direct <- nn_train(cars["speed"], cars$dist, epochs = 20)
  expect_identical(coef(tuned$finalModel), coef(direct))
  expect_true("penalty" %in% direct$chosen)
  tuned <- caret::train(
    cars["speed"], cars$dist,
    method = nn_caret(), tuneLength = 2, epochs = 5,
    trControl = caret::trainControl("cv", number = 2)
  )
  expect_identical(nrow(tuned$results), 4L)
  expect_true(all(is.finite(tuned$results$RMSE)))
})

test_that("the model passes the effort on", {
  set.seed(1)
  trained <- caret::train(
    mtcars[c("wt", "hp")], mtcars$mpg,
    method = nn_caret(), epochs = 5, effort = "high",
    tuneGrid = data.frame(hidden = 3, penalty = 0.01),
    trControl = caret::trainControl("none")
  )
  expect_identical(trained$finalModel$ensemble$members, 10L)
})

test_that("missing and dates pass through train()", {
  d <- data.frame(day = as.Date("2024-01-01") + 0:59, x = sin(1:60), y = cos(1:60))
  d$x[c(3, 40)] <- NA
  set.seed(4)
  tuned <- caret::train(
    d[1:2], d$y,
    method = nn_caret(), missing = "indicator", dates = "parts", epochs = 10, na.action = na.pass,
    tuneGrid = data.frame(hidden = 2, penalty = 0.001),
    trControl = caret::trainControl("cv", number = 2, seeds = list(1, 1, 9))
  )
  set.seed(9)
  direct <- nn_train(
    d[1:2], d$y,
    missing = "indicator", dates = "parts", epochs = 10, hidden = 2, penalty = 0.001
  )
  expect_identical(coef(tuned$finalModel), coef(direct))
  expect_identical(unname(predict(tuned, d, na.action = na.pass)), unname(predict(direct, d)))
  expect_true(is.finite(tuned$results$RMSE))
})
