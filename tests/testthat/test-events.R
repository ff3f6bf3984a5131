# Several outcomes that are yes or no: a sigmoid output for each.

set.seed(6)
d <- data.frame(a = rnorm(120), b = rnorm(120))
d$rain <- d$a + 0.5 * rnorm(120) > 0
d$wind <- factor(ifelse(d$b - d$a + 0.5 * rnorm(120) > 0, "strong", "calm"), c("calm", "strong"))
truths <- cbind(rain = d$rain, wind = d$wind == "strong")
linear <- function(...) {
  set.seed(1)
  nn_train(..., hidden = 0, penalty = 0, standardize = FALSE, optimizer = nn_lbfgs(
    gradient_tolerance = 1e-11
  ), epochs = 500)
}

test_that("without a hidden layer each output is a logistic regression", {
  fit <- linear(d[c("a", "b")], d[c("rain", "wind")])
  for (k in 1:2) {
    peer <- glm(truths[, k] ~ a + b, binomial, d)
    expect_equal(unname(fitted(fit)[, k]), unname(fitted(peer)), tolerance = 1e-6)
    expect_equal(
      c(coef(fit)$bout[k], coef(fit)$wout[, k]), unname(coef(peer)),
      tolerance = 1e-5
    )
  }
  expect_identical(fit$settings$output_activation, "sigmoid")
  expect_identical(fit$settings$loss$name, "cross_entropy")
  expect_identical(colnames(predict(fit, d)), c("rain", "wind"))
  expect_equal(as.numeric(logLik(fit)), sum(vapply(1:2, function(k) {
    as.numeric(logLik(glm(truths[, k] ~ a + b, binomial, d)))
  }, 0)), tolerance = 1e-8)
  # a formula with logical columns is the same fit
  bound <- linear(cbind(rain, wind = wind == "strong") ~ a + b, d)
  expect_equal(unname(fitted(bound)), unname(fitted(fit)), tolerance = 1e-9)
  expect_identical(colnames(fitted(bound)), c("rain", "wind"))
  # numbers with the loss are the same fit, bit for bit
  numbers <- linear(cbind(rain + 0, wind = (wind == "strong") + 0) ~ a + b, d,
    loss = "cross_entropy"
  )
  expect_identical(coef(numbers), coef(bound))
})

test_that("predictions are probabilities and classes by column", {
  set.seed(1)
  fit <- nn_train(d[c("a", "b")], d[c("rain", "wind")], hidden = 3, penalty = 0.01, epochs = 30)
  p <- predict(fit, d)
  expect_identical(predict(fit, d, type = "prob"), p)
  class <- predict(fit, d, type = "class")
  expect_identical(class$rain, unname(p[, "rain"] > 0.5))
  expect_identical(class$wind, factor(c("calm", "strong")[(p[, "wind"] > 0.5) + 1]))
  expect_equal(predict(fit, type = "class"), class, ignore_attr = TRUE)
  missing <- d[1:3, ]
  missing$a[2] <- NA
  expect_identical(predict(fit, missing, type = "class")$wind[-2], class$wind[c(1, 3)])
  expect_true(is.na(predict(fit, missing, type = "class")$rain[2]))
  table <- summary(fit)$errors
  expect_equal(table$accuracy, unname(colMeans((p > 0.5) == truths)))
  expect_equal(
    table$log_loss, unname(-colMeans(truths * log(p) + (1 - truths) * log(1 - p))),
    tolerance = 1e-10
  )
  expect_output(print(fit), "a probability for each", fixed = TRUE)
  expect_no_error(nn_doctor(fit))
})

test_that("fits are saved, resumed, validated and ensembles", {
  set.seed(1)
  fit <- nn_train(d[c("a", "b")], d[c("rain", "wind")], hidden = 3, penalty = 0.01, epochs = 10)
  path <- withr::local_tempfile(fileext = ".json")
  nn_save(fit, path)
  again <- nn_load(path)
  expect_identical(predict(again, d, type = "class"), predict(fit, d, type = "class"))
  more <- nn_continue(again, d[c("a", "b")], d[c("rain", "wind")], epochs = 5)
  expect_identical(
    coef(more), coef(nn_continue(fit, d[c("a", "b")], d[c("rain", "wind")], epochs = 5))
  )
  set.seed(1)
  cv <- nn_cv(cbind(rain, wind = wind == "strong") ~ a + b, d,
    hidden = 2, penalty = 0.01, epochs = 20, folds = 3
  )
  p <- cv$predictions$predicted
  expect_equal(
    mean(rowMeans((p > 0.5) == truths)), mean(cv$metrics$accuracy),
    tolerance = 1e-12
  )
  expect_true(all(cv$metrics$log_loss > 0 & cv$metrics$log_loss < log(2)))
  held <- nn_train(cbind(rain, wind = wind == "strong") ~ a + b, d,
    hidden = 2, validation = 0.2, penalty = 0.01, epochs = 20
  )
  expect_identical(summary(held)$errors$rows, rep(c("training", "held out"), each = 2))
  high <- nn_train(cbind(rain, wind = wind == "strong") ~ a + b, d,
    hidden = 2, penalty = 0.01, activation = "tanh", epochs = 20, effort = "high"
  )
  expect_null(high$calibration)
})

test_that("exports have an output for each", {
  set.seed(1)
  fit <- nn_train(d[c("a", "b")], d[c("rain", "wind")], hidden = 3, penalty = 0.01, epochs = 10)
  new <- d[1:9, c("a", "b")]
  expected <- unname(predict(fit, new))
  expect_lt(relative_difference(unname(as.matrix(exported_r(fit)(new))), expected), 1e-12)
  skip_on_cran()
  if (requireNamespace("RSQLite", quietly = TRUE)) {
    path <- withr::local_tempfile(fileext = ".sql")
    nn_export(fit, path, keep = "row_number")
    expect_lt(relative_difference(unname(run_exported_sql(path, new)), expected), 1e-12)
  }
  if (!is.null(c_compiler())) {
    path <- withr::local_tempfile(fileext = ".c")
    nn_export(fit, path)
    expect_lt(relative_difference(run_exported_c(path, new, 2), expected), 1e-12)
  }
  if (dir.exists(onnxruntime_folder()) && nzchar(Sys.which("node"))) {
    path <- withr::local_tempfile(fileext = ".onnx")
    nn_export(fit, path)
    expect_lt(relative_difference(run_onnx(path, new, "double")$response, expected), 1e-12)
  }
})

test_that("what is not yes or no is refused", {
  d$three <- factor(rep(c("x", "y", "z"), 40))
  fit <- linear(d[c("a", "b")], d[c("rain", "wind")])
  expect_snapshot({
    refused(nn_train(d[c("a", "b")], d[c("rain", "three")]), "input")
    refused(nn_train(d["b"], d[c("rain", "a")]), "input")
    refused(nn_train(cbind(rain, wind) ~ a, d), "input")
    refused(nn_train(d["b"], d[c("rain", "wind")], calibration = 0.2), "argument")
    refused(nn_train(d["b"], d[c("rain", "wind")], class_weights = "balanced"), "argument")
    refused(predict(fit, d, interval = "prediction"), "argument")
    refused(predict(fit, d, type = "class", threshold = 0.2), "argument")
    refused(nn_continue(fit, d[c("a", "b")], d[c("wind", "rain")], epochs = 1), "input")
  })
})

test_that("importance is measured by the metrics of yes or no outcomes", {
  fit <- linear(d[c("a", "b")], d[c("rain", "wind")])
  y <- d[c("rain", "wind")]
  importance <- nn_importance(fit, d, y, repeats = 2)
  expect_identical(attr(importance, "metric"), "log_loss")
  p <- predict(fit, d)
  expect_equal(
    attr(importance, "score"), -mean(truths * log(p) + (1 - truths) * log(1 - p)),
    tolerance = 1e-10
  )
  importance <- nn_importance(fit, d, y, metric = "accuracy", repeats = 2)
  expect_equal(attr(importance, "score"), mean((p > 0.5) == truths))
  expect_true(all(importance$importance > 0))
  cv <- nn_cv(d[c("a", "b")], y, folds = 2, hidden = 0, penalty = 0.01, keep_fits = TRUE)
  importance <- nn_importance(cv, d, repeats = 2)
  expect_equal(attr(importance, "score"), mean(cv$metrics$log_loss), tolerance = 1e-10)
})

test_that("curves and matrices of each outcome are those of a fit of two classes", {
  rows <- c("rain", "wind")
  set.seed(1)
  cv <- nn_cv(d[c("a", "b")], d[rows], folds = 3, hidden = 2, penalty = 0.01, epochs = 20)
  p <- cv$predictions$predicted
  drawn <- function(...) {
    grDevices::pdf(NULL)
    on.exit(grDevices::dev.off())
    plot(...)
  }
  # the area by its definition: pairs of a yes and a no
  area <- function(k, rows = seq_len(120)) {
    yes <- p[rows, k][truths[rows, k]]
    no <- p[rows, k][!truths[rows, k]]
    mean(outer(yes, no, ">") + outer(yes, no, "==") / 2)
  }
  roc <- drawn(cv, "roc")
  expect_identical(levels(roc$class), rows)
  expect_equal(unique(roc[c("class", "auc")])$auc, c(area(1), area(2)))
  confusion <- drawn(cv)
  expect_named(confusion, c("output", "observed", "predicted", "rows", "proportion"))
  expect_identical(
    confusion$rows,
    c(table(truths[, 1], p[, 1] > 0.5), table(truths[, 2], p[, 2] > 0.5)) + 0
  )
  expect_identical(
    as.character(confusion$observed), c("FALSE", "TRUE", "calm", "strong")[
      c(1, 2, 1, 2, 3, 4, 3, 4)
    ]
  )
  bins <- drawn(cv, "calibration", bins = 4)
  expect_equal(sum(bins$rows[bins$class == "wind"]), 120)
  expect_equal(
    sum((bins$rows * bins$observed)[bins$class == "wind"]), sum(truths[, 2])
  )
  expect_identical(levels(drawn(cv, "residuals")$output), rows)
  # metrics
  fold <- cv$predictions$fold
  expect_equal(
    cv$metrics$auc, vapply(1:3, function(k) mean(c(area(1, fold == k), area(2, fold == k))), 0)
  )
  by_output <- summary(cv, by_output = TRUE)
  expect_equal(
    by_output$mean[by_output$output == "wind" & by_output$metric == "auc"],
    mean(vapply(1:3, function(k) area(2, fold == k), 0))
  )
  set.seed(1)
  brier <- nn_cv(d[c("a", "b")], d[rows],
    folds = 3, hidden = 2, penalty = 0.01, epochs = 20, metrics = "brier"
  )
  expect_equal(
    brier$metrics$brier, vapply(1:3, function(k) mean(2 * (p - truths)[fold == k, ]^2), 0)
  )
  expect_snapshot(print(cv))
  # a fit, of new rows and of those that it held out
  set.seed(1)
  fit <- nn_train(cbind(rain, wind = wind == "strong") ~ a + b, d,
    hidden = 2, validation = 0.5, penalty = 0.01, epochs = 20
  )
  p <- predict(fit, d)
  expect_equal(unique(drawn(fit, "roc", d)$auc), c(area(1), area(2)))
  expect_equal(sum(drawn(fit, "confusion")$rows), 2 * 60)
  expect_snapshot(error = TRUE, {
    plot(fit, "confusion", d, threshold = 0.3)
    nn_cv(d["a"], d[rows], metrics = "sensitivity")
    nn_cv(d["a"], d[rows], threshold = 0.3)
  })
})

test_that("outputs are probabilities for every loss", {
  for (loss in c("squared_error", "absolute", "huber")) {
    set.seed(1)
    fit <- nn_train(d[c("a", "b")], d[c("rain", "wind")],
      loss = loss, hidden = 3, penalty = 0.001, epochs = 30
    )
    p <- predict(fit, d, type = "prob")
    expect_true(all(p >= 0 & p <= 1), info = loss)
    expect_gt(mean((p > 0.5) == truths), 0.8)
  }
})
