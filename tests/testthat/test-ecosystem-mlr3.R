skip_if_not_installed("mlr3")
skip_if_not_installed("paradox")
local_search_path()

quiet_mlr3 <- function(env = parent.frame()) {
  logger <- lgr::get_logger("mlr3")
  old <- logger$threshold
  logger$set_threshold("warn")
  withr::defer(logger$set_threshold(old), env)
}

test_that("the regression learner equals the direct call", {
  task <- mlr3::tsk("mtcars")
  learner <- mlr3::lrn("regr.backprop", hidden = c(4, 3), epochs = 30, penalty = 0.01)
  set.seed(3)
  learner$train(task)
  X <- as.data.frame(task$data(cols = task$feature_names))
  set.seed(3)
  direct <- nn_train(X, task$truth(), hidden = c(4, 3), epochs = 30, penalty = 0.01)
  expect_s3_class(learner$model, "nn_fit")
  expect_identical(coef(learner$model), coef(direct))
  expect_identical(learner$predict(task)$response, unname(predict(direct, X)))
})

test_that(
  "the classification learner gives classes and probabilities, for two classes and for more",
  {
    quiet_mlr3()
    for (name in c("iris", "sonar")) {
      task <- mlr3::tsk(name)
      learner <- mlr3::lrn("classif.backprop", hidden = 4, epochs = 30, predict_type = "prob")
      set.seed(3)
      learner$train(task)
      X <- as.data.frame(task$data(cols = task$feature_names))
      set.seed(3)
      direct <- nn_train(X, task$truth(), hidden = 4, epochs = 30)
      prediction <- learner$predict(task)
      expect_identical(unname(prediction$prob), unname(predict(direct, X, type = "prob")))
      expect_identical(colnames(prediction$prob), task$class_names)
      expect_identical(
        as.character(prediction$response), as.character(predict(direct, X, type = "class"))
      )
      learner$predict_type <- "response"
      expect_identical(
        as.character(learner$predict(task)$response), as.character(prediction$response)
      )
    }
  }
)

test_that("resampling, weights of the task and copies work", {
  quiet_mlr3()
  learner <- nn_mlr3("regr")
  learner$param_set$set_values(hidden = 2, epochs = 20)
  set.seed(3)
  result <- mlr3::resample(mlr3::tsk("mtcars"), learner, mlr3::rsmp("cv", folds = 2))
  expect_identical(nrow(result$errors), 0L)
  expect_lt(result$aggregate(mlr3::msr("regr.rmse")), stats::sd(mtcars$mpg))

  data <- cbind(mtcars[c("mpg", "wt", "hp")], w = rep(1:2, 16))
  task <- mlr3::as_task_regr(data, target = "mpg")
  task$set_col_roles("w", roles = "weights_learner")
  set.seed(3)
  copy <- learner$clone(deep = TRUE)$train(task)
  set.seed(3)
  direct <- nn_train(data[task$feature_names], data$mpg, hidden = 2, epochs = 20, weights = data$w)
  expect_identical(coef(copy$model), coef(direct))
})

test_that("another kind of task is an error", {
  expect_snapshot(nn_mlr3("surv"), error = TRUE)
})

test_that("the learners' parameters are arguments of nn_train() for data frames", {
  known <- names(formals(getS3method("nn_train", "data.frame", envir = asNamespace("backprop"))))
  expect_identical(setdiff(nn_mlr3("classif")$param_set$ids(), known), character())
})

test_that("the learner passes the effort on", {
  learner <- nn_mlr3("regr")
  learner$param_set$set_values(hidden = 3, penalty = 0.01, epochs = 5, effort = "high")
  set.seed(1)
  learner$train(mlr3::as_task_regr(mtcars[c("hp", "mpg", "wt")], target = "mpg"))
  set.seed(1)
  fit <- nn_train(
    mtcars[c("hp", "wt")], mtcars$mpg,
    hidden = 3, penalty = 0.01, epochs = 5, effort = "high"
  )
  expect_identical(coef(learner$model), coef(fit))
})
