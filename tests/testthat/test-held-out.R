# The numbers behind the plots of held-out predictions, thresholds and metrics by output.

# Without a page on the disk.
drawn <- function(...) {
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  plot(...)
}

two_classes <- withr::with_seed(2, {
  d <- data.frame(a = rnorm(300), b = rnorm(300))
  transform(d, y = factor(ifelse(runif(300) < plogis(2 * a - b), "yes", "no")))
})
quick_cv <- function(..., seed = 1) {
  set.seed(seed)
  nn_cv(..., folds = 4, hidden = 3, penalty = 0.05, epochs = 30)
}
two_cv <- quick_cv(y ~ a + b, two_classes)
p_yes <- two_cv$probabilities[, "yes"]
is_yes <- two_classes$y == "yes"

test_that("the confusion matrix counts rows, and has the recall on its diagonal", {
  numbers <- drawn(two_cv, "confusion")
  counts <- table(two_classes$y, two_cv$predictions$predicted)
  expect_equal(numbers$rows, as.vector(counts))
  expect_equal(numbers$proportion, as.vector(counts / rowSums(counts)))
  recall <- numbers$proportion[numbers$observed == numbers$predicted]
  expect_equal(recall[2], mean(two_cv$predictions$predicted[is_yes] == "yes"))
  expect_identical(drawn(two_cv), numbers)
})

test_that("the ROC curve has the rates of all thresholds", {
  numbers <- drawn(two_cv, "roc")
  expect_identical(unique(numbers$class), factor("yes", c("no", "yes")))
  some <- numbers[c(1, 50, 150, nrow(numbers)), ]
  for (i in 1:4) {
    expect_equal(some$true_positive_rate[i], mean(p_yes[is_yes] >= some$threshold[i]))
    expect_equal(some$false_positive_rate[i], mean(p_yes[!is_yes] >= some$threshold[i]))
  }
  width <- diff(numbers$false_positive_rate)
  height <- numbers$true_positive_rate
  trapezoids <- sum(width * (height[-1] + height[-length(height)]) / 2)
  expect_equal(unique(numbers$auc), trapezoids)
  skip_if_not_installed("pROC")
  other <- pROC::roc(two_classes$y, p_yes, levels = c("no", "yes"), direction = "<", quiet = TRUE)
  expect_equal(unique(numbers$auc), as.vector(pROC::auc(other)))
  expect_equal(sort(numbers$true_positive_rate), sort(other$sensitivities))
  expect_equal(sort(numbers$false_positive_rate), sort(1 - other$specificities))
})

test_that("of several classes, each is compared with all others", {
  cv <- quick_cv(Species ~ Sepal.Width + Petal.Length, iris)
  numbers <- drawn(cv, "roc")
  expect_setequal(numbers$class, levels(iris$Species))
  for (class in levels(iris$Species)) {
    expect_equal(
      numbers$auc[numbers$class == class][1],
      rank_area(cv$probabilities[, class], iris$Species == class, rep(1, 150))
    )
  }
  bins <- drawn(cv, "calibration", bins = 3)
  expect_equal(as.vector(tapply(bins$rows, bins$class, sum)), rep(150, 3))
  for (class in levels(iris$Species)) {
    of_class <- bins[bins$class == class, ]
    expect_equal(sum(of_class$observed * of_class$rows), 50)
    expect_equal(sum(of_class$predicted * of_class$rows), sum(cv$probabilities[, class]))
  }
  skip_if_not_installed("yardstick")
  withr::local_envvar(TZ = "UTC")
  one <- data.frame(
    truth = factor(iris$Species == "versicolor", c(TRUE, FALSE)), p = cv$probabilities[, 2]
  )
  other <- yardstick::roc_curve(one, truth, p)
  ours <- numbers[numbers$class == "versicolor", ]
  at <- match(ours$threshold, other$.threshold)
  expect_false(anyNA(at))
  expect_equal(ours$true_positive_rate, other$sensitivity[at])
  expect_equal(ours$false_positive_rate, 1 - other$specificity[at])
})

test_that("calibration bins have equal numbers of rows, and Wilson's intervals", {
  numbers <- drawn(two_cv, "calibration", bins = 6)
  expect_equal(numbers$rows, rep(50, 6))
  bin <- rep(1:6, each = 50)[rank(p_yes, ties.method = "first")]
  expect_equal(numbers$predicted, as.vector(tapply(p_yes, bin, mean)))
  expect_equal(numbers$observed, as.vector(tapply(is_yes, bin, mean)))
  for (k in 1:6) {
    exact <- prop.test(sum(is_yes[bin == k]), 50, correct = FALSE)$conf.int
    expect_equal(c(numbers$lower[k], numbers$upper[k]), as.vector(exact), tolerance = 1e-6)
  }
  # repetitions are no further rows
  twice <- quick_cv(y ~ a + b, two_classes, repeats = 2)
  wide <- drawn(twice, "calibration", bins = 6)
  expect_equal(wide$rows, rep(100, 6))
  exact <- wilson_interval(wide$observed[3], 50)
  expect_equal(c(wide$lower[3], wide$upper[3]), exact)
  # equal probabilities are in one bin
  expect_identical(equal_bins(c(1, 1, 1, 2, 3), rep(1, 5), 5), c(2, 2, 2, 4, 5))
})

test_that("whole weights count rows, and rows of weight 0 are not drawn", {
  set.seed(1)
  w <- sample(0:2, 300, TRUE)
  weighted <- quick_cv(two_classes[c("a", "b")], two_classes$y, weights = w)
  repeated <- rep(seq_len(300), w)
  expect_identical(weighted$weights, as.double(w))
  confusion <- drawn(weighted, "confusion")
  expect_equal(confusion$rows, as.vector(
    table(two_classes$y[repeated], weighted$predictions$predicted[repeated])
  ))
  held <- cv_held_out(weighted)
  plain <- new_held_out(
    two_classes$y[repeated], weighted$probabilities[repeated, ],
    weighted$predictions$predicted[repeated]
  )
  for (kind in c("roc", "calibration")) {
    expect_equal(held_out_plots[[kind]]$table(held, 5), held_out_plots[[kind]]$table(plain, 5))
  }
})

test_that("numbers are drawn by output, with their residuals", {
  cv <- quick_cv(cbind(mpg, qsec) ~ wt + hp, mtcars)
  numbers <- drawn(cv, "observed")
  expect_identical(levels(numbers$output), c("mpg", "qsec"))
  expect_equal(numbers$observed, c(mtcars$mpg, mtcars$qsec))
  expect_equal(numbers$predicted, as.vector(cv$predictions$predicted))
  expect_equal(drawn(cv, "residuals")$residual, numbers$observed - numbers$predicted)
  expect_identical(drawn(cv), numbers)
})

test_that("a fit is compared with new data, or with the rows that it held out", {
  train <- two_classes[1:200, ]
  test <- two_classes[201:300, ]
  set.seed(1)
  fit <- nn_train(y ~ a + b, train, hidden = 3, penalty = 0.05, validation = 0.25, epochs = 30)
  numbers <- drawn(fit, "confusion", test, threshold = 0.3)
  p <- predict(fit, test)
  expect_equal(
    numbers$rows, as.vector(table(test$y, factor(p > 0.3, c(FALSE, TRUE))))
  )
  expect_equal(drawn(fit, "roc", test)$auc[1], rank_area(p, test$y == "yes", rep(1, 100)))
  expect_identical(drawn(fit, "roc", test[1:2], test$y), drawn(fit, "roc", test))
  missing <- test
  missing$a[1:10] <- NA
  missing$y[11] <- NA
  expect_equal(sum(drawn(fit, "confusion", missing)$rows), 89)
  held <- drawn(fit, "confusion")
  expect_equal(sum(held$rows), 50)
  right <- sum(held$rows[held$observed == held$predicted]) / 50
  expect_equal(right, fit$errors$held_out$accuracy)
  # numbers
  set.seed(1)
  fit <- nn_train(mpg ~ wt, mtcars, hidden = 2, penalty = 0.1, validation = 0.5, epochs = 30)
  residual <- drawn(fit, "residuals")$residual
  expect_equal(mean(residual^2), fit$errors$held_out$table[[1, "mean_squared_error"]])
  set.seed(1)
  plain <- nn_train(scale(mtcars$wt), mtcars$mpg,
    hidden = 2, output_activation = "identity", reduction = "mean", epochs = 30
  )
  numbers <- drawn(plain, "observed", scale(mtcars$wt), mtcars$mpg, weights = mtcars$cyl)
  expect_equal(numbers$weight, mtcars$cyl)
  expect_equal(numbers$predicted, unname(predict(plain, scale(mtcars$wt))))
})

test_that("a threshold moves the predicted class, and follows from costs", {
  set.seed(1)
  fit <- nn_train(y ~ a + b, two_classes, hidden = 3, penalty = 0.05, epochs = 30)
  p <- predict(fit, two_classes)
  class <- predict(fit, two_classes, type = "class", threshold = 0.2)
  expect_identical(unname(class == "yes"), unname(p > 0.2))
  expect_identical(
    predict(fit, two_classes, type = "class", threshold = 0.5),
    predict(fit, two_classes, type = "class")
  )
  costs <- c(false_negative = 4, false_positive = 1)
  expect_identical(predict(fit, two_classes, type = "class", threshold = costs), class)
  expect_identical(
    predict(fit, type = "class", threshold = 0.2),
    predict(fit, two_classes, type = "class", threshold = 0.2)
  )
  # the expected cost is lowest at this threshold
  cost <- function(t) mean(ifelse(p > t, (1 - p) * 1, p * 4))
  at <- seq(0.01, 0.99, 0.01)
  expect_equal(at[which.min(vapply(at, cost, 0))], 0.2, tolerance = 0.06)
})

test_that("nn_cv() counts classes by the threshold", {
  cv <- quick_cv(y ~ a + b, two_classes, threshold = c(false_positive = 1, false_negative = 4))
  expect_equal(cv$threshold, 0.2)
  expect_identical(cv$probabilities, two_cv$probabilities)
  class <- ifelse(p_yes > 0.2, "yes", "no")
  expect_identical(as.character(cv$predictions$predicted), class)
  for (fold in 1:4) {
    rows <- which(cv$predictions$fold == fold)
    now <- cv$metrics[fold, ]
    y <- two_classes$y[rows]
    expect_equal(now$accuracy, mean(class[rows] == y))
    expect_equal(now$sensitivity, mean(class[rows][y == "yes"] == "yes"))
    expect_equal(now$specificity, mean(class[rows][y == "no"] == "no"))
    expect_equal(
      now$cost, mean((class[rows] == "yes" & y == "no") + 4 * (class[rows] == "no" & y == "yes"))
    )
  }
  balanced <- quick_cv(y ~ a + b, two_classes,
    threshold = 0.2, metrics = c("balanced_accuracy", "sensitivity", "specificity")
  )$metrics
  expect_equal(balanced$balanced_accuracy, (balanced$sensitivity + balanced$specificity) / 2)
  skip_if_not_installed("yardstick")
  predicted <- factor(class, c("no", "yes"))
  confusion <- drawn(cv, "confusion")
  expect_equal(
    confusion$proportion[4],
    yardstick::sens_vec(two_classes$y, predicted, event_level = "second")
  )
})

test_that("metrics of several outputs are also those of each", {
  cv <- quick_cv(cbind(mpg, qsec) ~ wt + hp, mtcars, metrics = list(
    "rmse", "r_squared",
    own = function(y, p) max(abs(y - p))
  ))
  table <- cv$metrics_by_output
  expect_named(table, c("repetition", "fold", "rows", "epoch", "output", "rmse", "r_squared"))
  rows <- which(cv$predictions$fold == 2)
  errors <- cv$predictions$observed[rows, ] - cv$predictions$predicted[rows, ]
  expect_equal(table$rmse[table$fold == 2], as.vector(sqrt(colMeans(errors^2))))
  expect_equal(cv$metrics$own[2], max(abs(errors)))
  by_output <- summary(cv, by_output = TRUE)
  expect_equal(by_output$mean[1], mean(table$rmse[table$output == "mpg"]))
  expect_named(summary(cv), c("metric", "mean", "standard_error", "least", "greatest", "fits"))
  expect_snapshot(print(cv))
  expect_null(two_cv$metrics_by_output)
})

test_that("what does not suit is an error", {
  fit <- nn_train(mpg ~ wt, mtcars, hidden = 2, penalty = 0.1, epochs = 5)
  classes <- nn_train(Species ~ ., iris, hidden = 2, penalty = 0.1, epochs = 5)
  weighted <- nn_train(
    am ~ wt, transform(mtcars, am = factor(am)),
    weights = cyl, hidden = 2, penalty = 0.1, epochs = 5, validation = 0.3
  )
  expect_snapshot(error = TRUE, {
    plot(fit, "roc", mtcars)
    plot(classes, "residuals", iris)
    plot(classes, "roc")
    plot(weighted, "roc")
    plot(two_cv, "observed")
    plot(two_cv, "calibration", bins = 1)
    plot(classes, "roc", iris[1:4])
    plot(classes, "roc", iris, iris$Species[1:3])
    plot(classes, "roc", iris, cex = 2)
    predict(classes, iris, type = "class", threshold = 0.3)
    predict(weighted, mtcars, threshold = 0.3)
    predict(weighted, mtcars, type = "class", threshold = 3)
    predict(weighted, mtcars, type = "class", threshold = c(fp = 1, fn = 2))
    nn_cv(mpg ~ wt, mtcars, threshold = 0.3)
    nn_cv(Species ~ ., iris, metrics = "sensitivity")
    nn_cv(y ~ a, two_classes, metrics = "cost")
    summary(two_cv, by_output = TRUE)
  })
})

test_that("plots come without a device of their own, and leave the margins as they were", {
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  state <- function() list(par(no.readonly = TRUE)[c("mar", "mgp", "mfrow", "oma")], dev.list())
  before <- state()
  for (what in c("confusion", "roc", "calibration")) plot(two_cv, what, main = "Title")
  par(mfrow = c(1, 1))
  expect_identical(state(), before)
})

test_that("classes that are numbers are called classes in pictures", {
  expect_identical(
    class_label(c("1", "-2.5", "1e3", "TRUE", "setosa", "v1", "1-2")),
    c("class 1", "class -2.5", "class 1e3", "class TRUE", "setosa", "v1", "1-2")
  )
  numbered <- quick_cv(factor(am) ~ wt + hp, mtcars)
  path <- withr::local_tempfile(fileext = ".pdf")
  for (what in c("roc", "calibration")) {
    grDevices::pdf(path, compress = FALSE, useKerning = FALSE)
    plot(numbered, what)
    grDevices::dev.off()
    lines <- readLines(path, warn = FALSE)
    expect_true(any(grepl("class 1", lines, fixed = TRUE, useBytes = TRUE)), label = what)
  }
})

test_that("the pictures of held-out predictions are as they were looked at", {
  skip_if_not_installed("vdiffr")
  flowers <- quick_cv(Species ~ Sepal.Width + Petal.Length, iris)
  vdiffr::expect_doppelganger("confusion matrix", function() plot(flowers))
  vdiffr::expect_doppelganger("roc curves", function() plot(flowers, "roc", main = "Iris"))
  vdiffr::expect_doppelganger("calibration of two classes", function() plot(two_cv, "calibration"))
})
