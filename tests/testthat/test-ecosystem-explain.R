# Packages that explain models: each gives what it gives for a plain prediction function, or what a
# formula says.

regression_fit <- function() {
  set.seed(6)
  nn_train(mpg ~ wt + hp + qsec, mtcars, hidden = 3, epochs = 40)
}
class_fit <- function() {
  set.seed(6)
  nn_train(Species ~ ., iris, hidden = 3, epochs = 40)
}

test_that("NeuralNetTools reads the weights unit by unit, bias first", {
  skip_if_not_installed("NeuralNetTools")
  fit <- class_fit()
  read <- NeuralNetTools::neuralweights(fit)
  expect_equal(read$struct, c(4, 3, 3))
  expect_identical(read$wts[["hidden 1 2"]], as.vector(c(fit$bh[1, 2], fit$wh[, 2])))
  expect_identical(read$wts[["out 3"]], as.vector(c(fit$bout[1, 3], fit$wout[, 3])))
})

test_that("olden() and garson() are their formulas in the fit's weights", {
  skip_if_not_installed("NeuralNetTools")
  fit <- regression_fit()
  olden <- NeuralNetTools::olden(fit, bar_plot = FALSE)
  expect_equal(olden$importance, as.vector(fit$wh %*% fit$wout), tolerance = 1e-12)
  expect_identical(rownames(olden), fit$inputs)
  share <- abs(fit$wh) * rep(abs(fit$wout[, 1]), each = nrow(fit$wh))
  share <- rowSums(sweep(share, 2, colSums(share), "/"))
  garson <- NeuralNetTools::garson(fit, bar_plot = FALSE)
  expect_equal(garson[fit$inputs, "rel_imp"], unname(share / sum(share)), tolerance = 1e-12)
  classes <- class_fit()
  expect_equal(
    NeuralNetTools::olden(classes, out_var = "virginica", bar_plot = FALSE)$importance,
    as.vector(classes$wh %*% classes$wout[, 3]),
    tolerance = 1e-12
  )
})

test_that("plotnet() draws networks of one hidden layer and of two", {
  skip_if_not_installed("NeuralNetTools")
  file <- withr::local_tempfile(fileext = ".png")
  grDevices::png(file)
  withr::defer(grDevices::dev.off())
  expect_error(NeuralNetTools::plotnet(class_fit()), NA)
  set.seed(1)
  expect_error(
    NeuralNetTools::plotnet(
      nn_train(mpg ~ wt + hp, mtcars, hidden = c(3, 2), epochs = 5),
      alpha_val = 0.5,
      circle_col = "grey"
    ),
    NA
  )
})

test_that(
  "marginaleffects: predictions, slopes and comparisons are differences of predict()",
  {
    skip_if_not_installed("marginaleffects")
    fit <- regression_fit()
    expect_equal(
      marginaleffects::predictions(fit, newdata = mtcars)$estimate, unname(predict(fit, mtcars)),
      tolerance = 1e-12
    )
    step <- 1e-4 * diff(range(mtcars$wt))
    shifted <- function(by) predict(fit, transform(mtcars, wt = wt + by))
    slope <- marginaleffects::avg_slopes(fit, newdata = mtcars, variables = "wt")
    expect_equal(
      slope$estimate, mean((shifted(step / 2) - shifted(-step / 2)) / step),
      tolerance = 1e-5
    )
    change <- marginaleffects::avg_comparisons(fit, newdata = mtcars, variables = list(hp = 10))
    half <- function(by) predict(fit, transform(mtcars, hp = hp + by))
    expect_equal(change$estimate, mean(half(10) - half(0)), tolerance = 1e-8)

    classes <- marginaleffects::avg_slopes(class_fit(), newdata = iris, variables = "Petal.Width")
    expect_setequal(classes$group, levels(iris$Species))
    expect_equal(sum(classes$estimate), 0, tolerance = 1e-8)
    expect_false("std.error" %in% names(classes))
  }
)

test_that("DALEX explains a fit without help", {
  skip_if_not_installed("DALEX")
  fit <- regression_fit()
  explainer <- DALEX::explain(
    fit,
    data = mtcars, y = mtcars$mpg, label = "network", verbose = FALSE
  )
  expect_equal(unname(explainer$y_hat), unname(predict(fit, mtcars)))
  expect_identical(explainer$model_info$type, "regression")
  set.seed(1)
  parts <- DALEX::model_parts(explainer, B = 2)
  expect_setequal(intersect(parts$variable, c("wt", "hp", "qsec")), c("wt", "hp", "qsec"))
  classes <- DALEX::explain(class_fit(), data = iris[1:4], y = iris$Species, verbose = FALSE)
  expect_equal(
    unname(predict(classes, iris[1:4])), unname(predict(class_fit(), iris, type = "prob"))
  )
  expect_identical(classes$model_info$type, "multiclass")
  set.seed(6)
  binary <- nn_train(iris[1:2], factor(iris$Species == "virginica"), hidden = 3, epochs = 20)
  explainer <- DALEX::explain(
    binary,
    data = iris[1:2], y = iris$Species == "virginica", verbose = FALSE
  )
  expect_identical(explainer$model_info$type, "classification")
  expect_gt(DALEX::model_performance(explainer)$measures$auc, 0.7)
})

test_that("iml explains a fit without help", {
  skip_if_not_installed("iml")
  fit <- regression_fit()
  predictor <- iml::Predictor$new(fit, data = mtcars, y = "mpg")
  expect_equal(predictor$predict(mtcars)[[1]], unname(predict(fit, mtcars)))
  effect <- iml::FeatureEffect$new(predictor, feature = "wt", method = "pdp", grid.size = 3)$results
  by_hand <- vapply(effect$wt, function(at) mean(predict(fit, transform(mtcars, wt = at))), 0)
  expect_equal(effect$.value, by_hand, tolerance = 1e-10)
  classes <- iml::Predictor$new(class_fit(), data = iris, y = "Species", type = "prob")
  expect_equal(
    unname(as.matrix(classes$predict(iris))), unname(predict(class_fit(), iris, type = "prob"))
  )
})

test_that("pdp's partial dependence is the mean of predictions", {
  skip_if_not_installed("pdp")
  fit <- regression_fit()
  curve <- pdp::partial(
    fit,
    pred.var = "wt", train = mtcars, type = "regression", grid.resolution = 4
  )
  by_hand <- vapply(curve$wt, function(at) mean(predict(fit, transform(mtcars, wt = at))), 0)
  expect_equal(curve$yhat, by_hand, tolerance = 1e-10)
  virginica <- function(object, newdata) {
    mean(predict(object, newdata, type = "prob")[, "virginica"])
  }
  curve <- pdp::partial(
    class_fit(),
    pred.var = "Petal.Width", pred.fun = virginica, train = iris, grid.resolution = 3
  )
  by_hand <- vapply(
    curve$Petal.Width, function(at) virginica(class_fit(), transform(iris, Petal.Width = at)), 0
  )
  expect_equal(curve$yhat, by_hand, tolerance = 1e-10)
})

test_that("importance by paths needs hidden units", {
  skip_if_not_installed("NeuralNetTools")
  fit <- nn_train(mpg ~ wt + hp, mtcars, hidden = 0, penalty = 0.1)
  expect_error(NeuralNetTools::olden(fit), "hidden layer", class = "backprop_error_argument")
  expect_error(NeuralNetTools::garson(fit), "hidden layer", class = "backprop_error_argument")
})
