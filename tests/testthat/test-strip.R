test_that("a stripped fit is small and predicts the same bits", {
  set.seed(1)
  d <- cars_data()
  fit <- nn_train(mpg ~ wt + hp + cyl, d, hidden = 100, activation = "tanh", penalty = 0.01)
  small <- nn_strip(fit)
  weights <- 8 * length(unlist(coef(fit)))
  expect_gt(as.numeric(object.size(fit)), 15 * weights)
  expect_lt(as.numeric(object.size(small$state)), 2000)
  expect_lt(length(serialize(small, NULL)), length(serialize(fit, NULL)) / 4)
  expect_identical(predict(small, d), predict(fit, d))
  expect_identical(coef(small), coef(fit))
  expect_identical(capture.output(print(small)), capture.output(print(fit)))
  expect_identical(nn_doctor(small), nn_doctor(fit))
  expect_identical(
    suppressWarnings(vcov(small, d)), suppressWarnings(vcov(fit, d))
  )
  expect_identical(nn_strip(small), small)
  path <- withr::local_tempfile(fileext = ".R")
  nn_export(small, path)
  expect_snapshot({
    refused(nn_continue(small, d, epochs = 1), "argument")
    refused(nn_save(small, tempfile(fileext = ".json")), "argument")
    refused(fitted(small), "argument")
    refused(residuals(small), "argument")
    refused(nn_strip(1), "argument")
  })
})

test_that("held-out rows are found without the state", {
  set.seed(2)
  fit <- nn_train(dist ~ speed, cars, hidden = 0, validation = 0.3, epochs = 20)
  expect_identical(
    suppressWarnings(vcov(nn_strip(fit), cars)), suppressWarnings(vcov(fit, cars))
  )
  expect_identical(capture.output(print(nn_strip(fit))), capture.output(print(fit)))
})

test_that("butcher removes the same", {
  skip_if_not_installed("butcher")
  set.seed(1)
  fit <- nn_train(mpg ~ wt + hp, mtcars, hidden = 10, activation = "tanh", penalty = 0.01)
  small <- butcher::butcher(fit)
  expect_s3_class(small, "nn_fit")
  expect_null(small$state$weights)
  expect_null(unclass(small)[["output"]])
  expect_identical(predict(small, mtcars), predict(fit, mtcars))
  without <- butcher::axe_fitted(fit)
  expect_identical(
    coef(nn_continue(without, mtcars, epochs = 1)), coef(nn_continue(fit, mtcars, epochs = 1))
  )
})

test_that("coef() has names on request, and the same values", {
  set.seed(1)
  fit <- nn_train(mpg ~ wt + hp, mtcars, hidden = c(2, 3), activation = "tanh", penalty = 0.01)
  named <- coef(fit, named = TRUE)
  expect_identical(lapply(named, unname), coef(fit))
  expect_identical(dimnames(named$wh1), list(c("wt", "hp"), c("hidden1[1]", "hidden1[2]")))
  expect_identical(dimnames(named$bout), list("(Intercept)", "mpg"))
  expect_identical(dim(named$wh2), c(2L, 3L))
  expect_identical(nn_loss(named, as.matrix(mtcars[c("wt", "hp")]), mtcars$mpg), nn_loss(
    coef(fit), as.matrix(mtcars[c("wt", "hp")]), mtcars$mpg
  ))
  expect_error(coef(fit, named = 1), class = "backprop_error_argument")
})
