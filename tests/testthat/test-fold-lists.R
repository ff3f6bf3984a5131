# Folds given as lists of rows, and the plots of cross-validations.

d <- mtcars[c("mpg", "wt", "hp")]
set.seed(1)
of_row <- sample(rep_len(1:4, 32))
held_out <- unname(split(1:32, of_row))
cv <- function(folds, data = d, ...) {
  set.seed(2)
  nn_cv(mpg ~ wt + hp, data, folds = folds, hidden = 2, epochs = 10, penalty = 0.1, ...)
}
by_vector <- cv(of_row)
results <- c("metrics", "predictions")

test_that("held-out rows and training rows are the folds of the vector", {
  expect_identical(cv(held_out)[results], by_vector[results])
  training <- lapply(held_out, function(rows) setdiff(1:32, rows))
  expect_identical(cv(training)$predictions$predicted, by_vector$predictions$predicted)
  expect_identical(cv(training)$metrics, by_vector$metrics)
  named <- stats::setNames(held_out, c("Fold1", "Fold2", "Fold3", "Fold4"))
  expect_identical(cv(named)$metrics$fold, names(named))
})

test_that("the splits of rsample are folds, and repetitions too", {
  splits <- lapply(held_out, function(rows) {
    structure(list(data = d, in_id = setdiff(1:32, rows), out_id = NA), class = "rsplit")
  })
  table <- data.frame(id = paste0("Fold", 1:4))
  table$splits <- splits
  result <- cv(table)
  expect_identical(result$predictions$predicted, by_vector$predictions$predicted)
  expect_identical(result$metrics$fold, paste0("Fold", 1:4))
  expect_error(cv(table, d[1:20, ]), class = "backprop_error_argument")

  other <- split(1:32, rep_len(1:4, 32))
  twice <- cv(c(lapply(c(held_out, unname(other)), function(rows) setdiff(1:32, rows))))
  expect_identical(twice$repeats, 2L)
  expect_identical(twice$metrics$repetition, rep(1:2, each = 4))
  expect_identical(
    twice$predictions$fold, c(of_row, rep_len(1:4, 32))
  )
})

test_that("the results of rsample and caret are accepted", {
  skip_if_not_installed("rsample")
  set.seed(3)
  folds <- rsample::vfold_cv(d, v = 4)
  result <- cv(folds)
  for (i in 1:4) {
    rows <- result$predictions$row[result$predictions$fold == folds$id[i]]
    expect_identical(rows, setdiff(1:32, folds$splits[[i]]$in_id))
  }
  expect_error(cv(rsample::bootstraps(d, 5)), class = "backprop_error_argument")
  expect_error(cv(rsample::mc_cv(d, times = 5)), class = "backprop_error_argument")
  expect_identical(cv(rsample::vfold_cv(d, v = 4, repeats = 2))$repeats, 2L)
})

test_that("the folds of caret are accepted in both forms", {
  skip_if_not_installed("caret")
  set.seed(3)
  out <- caret::createFolds(d$mpg, 4)
  set.seed(3)
  training <- caret::createFolds(d$mpg, 4, returnTrain = TRUE)
  expect_identical(cv(out)[results], cv(training)[results])
  expect_identical(cv(caret::createMultiFolds(d$mpg, 4, 2))$repeats, 2L)
})

test_that("rows that na.action drops are ignored, and numbers are those of the data", {
  air <- datasets::airquality
  of_row <- rep_len(1:3, nrow(air))
  fold <- function(folds) {
    set.seed(1)
    nn_cv(Ozone ~ Wind, air, folds = folds, hidden = 2, epochs = 5, penalty = 0.1)[results]
  }
  expect_identical(fold(unname(split(seq_along(of_row), of_row))), fold(of_row))
})

test_that("lists that are no folds are refused", {
  expect_snapshot(error = TRUE, {
    cv(list(1:10, 5:32))
    cv(list(1:32))
    cv(list(1:10, 11:33))
    cv(list(c(1, 1:10), 11:32))
    cv(list("a", "b"))
    cv(held_out, repeats = 2)
    cv(data.frame(fold = of_row))
    cv(list(1:31, 32L), subset = seq_along(wt) < 32)
  })
})

test_that("a cross-validation is plotted", {
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  drawn <- plot(by_vector)
  expect_equal(drawn$observed - drawn$predicted, drawn$residual)
  expect_equal(plot(by_vector, "metrics", main = "metrics"), summary(by_vector))
  several <- nn_cv(
    cbind(mpg, hp) ~ wt, d,
    folds = of_row, hidden = 2, epochs = 5, penalty = 0.1, metrics = "mae"
  )
  before <- graphics::par("mfrow")
  plot(several, main = "two outcomes")
  expect_identical(graphics::par("mfrow"), before)
  flowers <- nn_cv(Species ~ ., iris, folds = 2, hidden = 2, epochs = 5, penalty = 0.1)
  plot(flowers)
  plot(flowers, "metrics")
  none <- suppressWarnings(nn_cv(
    Species ~ ., iris,
    folds = rep(1:3, each = 50), hidden = 2, epochs = 5, penalty = 0.1, metrics = "auc"
  ))
  expect_error(plot(none, "metrics"), class = "backprop_error_argument")
  expect_error(plot(by_vector, "loss"), class = "backprop_error_argument")
  expect_error(plot(by_vector, col = 2), class = "backprop_error_argument")
})
