# broom's verbs and ggplot2's autoplot(). The tables are rebuilt from coef() and the history.

small_fit <- function(...) {
  inputs <- scale(as.matrix(iris[1:4]))
  set.seed(2)
  nn_train(inputs, iris$Species, optimizer = "lbfgs", penalty = 0.1, epochs = 30, ...)
}

test_that("tidy() has a row for each weight, under the names of its ends", {
  skip_if_not_installed("generics")
  fit <- small_fit(hidden = c(3, 2))
  table <- generics::tidy(fit)
  expect_s3_class(table, "tbl_df")
  expect_identical(nrow(table), length(unlist(coef(fit))))
  pick <- function(layer, unit, term) {
    table$estimate[table$layer == layer & table$unit == unit & table$term == term]
  }
  expect_identical(pick("hidden1", "2", "Petal.Width"), unname(fit$wh1[4, 2]))
  expect_identical(pick("hidden2", "1", "hidden1[3]"), fit$wh2[3, 1])
  expect_identical(pick("hidden2", "2", "(Intercept)"), fit$bh2[1, 2])
  expect_identical(pick("output", "virginica", "hidden2[2]"), fit$wout[2, 3])
  expect_identical(pick("output", "versicolor", "(Intercept)"), fit$bout[1, 2])
  set.seed(1)
  expect_identical(
    generics::tidy(nn_train(matrix(1:4, 2), 0:1, hidden = 0, epochs = 1))[1:3],
    generics::tidy(nn_train(matrix(1:4, 2), 0:1, hidden = 0, epochs = 2))[1:3]
  )
})

test_that("glance() is one row, the same columns for every fit", {
  skip_if_not_installed("generics")
  plain <- generics::glance(small_fit())
  held_out <- small_fit(validation = 0.2)
  row <- generics::glance(held_out)
  expect_identical(dim(plain), dim(row))
  expect_identical(names(plain), names(row))
  expect_identical(row$validation_loss, min(held_out$history$validation_loss))
  expect_identical(row$best_epoch, which.min(held_out$history$validation_loss))
  expect_identical(c(row$parameters, row$nobs), c(27L, 150L))
  expect_identical(plain$best_epoch, NA_integer_)
  expect_identical(generics::glance(small_fit(start = nn_init(4, 3, 3)))$stop, "iterations")
})

test_that("augment() adds predictions to the cases", {
  skip_if_not_installed("generics")
  fit <- small_fit()
  inputs <- scale(as.matrix(iris[1:4]))
  table <- generics::augment(fit, inputs)
  expect_identical(table$.pred_class, unname(predict(fit, inputs, type = "class")))
  expect_identical(
    table$.pred_virginica, unname(predict(fit, inputs, type = "prob")[, "virginica"])
  )
  expect_identical(table$Petal.Width, as.vector(inputs[, "Petal.Width"]))
  expect_identical(generics::augment(fit, newdata = inputs), table)

  set.seed(2)
  fit <- nn_train(mpg ~ wt + hp, mtcars, hidden = 3, epochs = 20)
  table <- generics::augment(fit, mtcars)
  expect_identical(table$.fitted, unname(predict(fit, mtcars)))
  expect_identical(table$.resid, mtcars$mpg - table$.fitted)
  expect_false(".resid" %in% names(generics::augment(fit, mtcars[c("wt", "hp")])))

  set.seed(2)
  two <- nn_train(matrix(1:6, 3), cbind(a = 0:2, b = 1), output_activation = "identity", epochs = 5)
  expect_named(generics::augment(two, matrix(1:6, 3)), c("x1", "x2", ".fitted_a", ".fitted_b"))
  expect_snapshot(
    {
      generics::augment(two)
      generics::tidy(two, conf.int = TRUE)
    },
    error = TRUE
  )
})

test_that("broom finds the same methods", {
  skip_if_not_installed("broom")
  expect_identical(broom::tidy(small_fit()), generics::tidy(small_fit()))
})

test_that("autoplot() shows the history, and takes further layers", {
  skip_if_not_installed("ggplot2")
  fit <- small_fit(validation = 0.2)
  plot <- ggplot2::autoplot(fit)
  drawn <- ggplot2::ggplot_build(plot + ggplot2::theme_minimal())
  expect_identical(10^drawn$data[[1]]$y, 10^log10(c(fit$history$loss, fit$history$validation_loss)))
  expect_identical(unique(drawn$data[[2]]$xintercept), fit$best_epoch)
  expect_silent(ggplot2::ggplot_build(ggplot2::autoplot(small_fit())))
  expect_snapshot(ggplot2::autoplot(nn_train(matrix(1:4, 2), 0:1, epochs = 0)), error = TRUE)
})

test_that(
  "augment() takes its cases once, adds intervals and sets, and overwrites nothing",
  {
    skip_if_not_installed("generics")
    set.seed(1)
    cars <- mtcars[c("mpg", "wt", "hp")]
    fit <- nn_train(mpg ~ ., cars, hidden = 3, penalty = 0.05, calibration = 0.4)
    expected <- predict(fit, cars, interval = "prediction", level = 0.8)
    added <- generics::augment(fit, cars, interval = "prediction", level = 0.8)
    expect_identical(names(added), c("mpg", "wt", "hp", ".fitted", ".resid", ".lower", ".upper"))
    expect_identical(
      cbind(fit = added$.fitted, lwr = added$.lower, upr = added$.upper), unname_rows(expected)
    )
    two <- nn_train(cbind(mpg, hp) ~ wt, cars, hidden = 3, penalty = 0.05, calibration = 0.4)
    added <- generics::augment(two, cars, interval = "prediction")
    expect_identical(
      added$.upper_hp, unname(predict(two, cars, interval = "prediction")[, "upr", "hp"])
    )
    species <- nn_train(Species ~ ., iris, hidden = 3, penalty = 0.05, calibration = 0.4)
    added <- generics::augment(species, iris, interval = "prediction")
    expect_identical(
      added$.set_virginica, unname(predict(species, iris, interval = "prediction")[, "virginica"])
    )
    offset <- nn_train(mpg ~ wt, cars, offset = hp / 100, hidden = 3, penalty = 0.05)
    expect_identical(
      generics::augment(offset, cars, offset = cars$hp / 100)$.fitted, unname(fitted(offset))
    )
    sparse <- nn_train(
      Matrix::Matrix(as.matrix(cars[2:3]), sparse = TRUE), cars$mpg,
      hidden = 3, penalty = 0.05
    )
    expect_snapshot({
      refused(generics::augment(fit, data = cars[1:2, ], newdata = cars[3:4, ]), "argument")
      refused(generics::augment(fit, generics::augment(fit, cars)), "argument")
      refused(generics::augment(fit, cars, na.action = na.omit), "argument")
      refused(
        generics::augment(sparse, Matrix::Matrix(as.matrix(cars[2:3]), sparse = TRUE)), "argument"
      )
    })
  }
)

test_that("augment() refuses a level without an interval", {
  skip_if_not_installed("generics")
  fit <- seeded(mpg ~ wt, mtcars)
  expect_error(
    generics::augment(fit, mtcars, level = 0.8), 'interval = "prediction"',
    fixed = TRUE, class = "backprop_error_argument"
  )
})
