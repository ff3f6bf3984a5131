heavy <- function(n = 80) {
  set.seed(1)
  d <- data.frame(a = rt(n, 1), b = exp(2 * rnorm(n)), half = rep(0:1, c(n - 9, 9)), same = 3)
  d$y <- atan(d$a) + log(d$b) / 2
  d$kind <- rep(c("u", "v"), length.out = n)
  d
}
d <- heavy()
fit_robust <- function(data = d, ..., formula = y ~ a + b + half + same + kind) {
  set.seed(1)
  do.call(nn_train, list(
    formula, data,
    standardize = "robust", hidden = 3, penalty = 0.01, epochs = 15, ...
  ))
}
clipped <- function(z) z / sqrt(1 + (z / 3)^2)
inputs_of <- function(fit, data) prepare_newdata(unclass(fit), data, "data", NULL)$X

test_that("columns are centred by the median, scaled by the quartile range and clipped", {
  fit <- fit_robust()
  X <- inputs_of(fit, d)
  q <- function(x) quantile(x, c(0.25, 0.5, 0.75), type = 2, names = FALSE)
  for (column in c("a", "b", "kindv")) {
    x <- if (column == "kindv") as.numeric(d$kind == "v") else d[[column]]
    z <- (x - q(x)[2]) / (q(x)[3] - q(x)[1]) * (qnorm(0.75) - qnorm(0.25))
    expect_equal(unname(X[, column]), clipped(z), tolerance = 1e-14)
  }
  # more than half of the values are equal: mean and standard deviation
  z <- (d$half - mean(d$half)) / sqrt(mean((d$half - mean(d$half))^2))
  expect_equal(unname(X[, "half"]), clipped(z), tolerance = 1e-14)
  expect_identical(unname(X[, "same"]), rep(0, 80))
  expect_identical(unclass(fit)$encoding$outcome$center, mean(d$y))
  expect_snapshot(cat(grep("Scaling", capture.output(print(fit)), value = TRUE)))
})

test_that("case weights count as repeated rows", {
  set.seed(2)
  w <- sample(0:3, 80, TRUE)
  weighted <- unclass(fit_robust(weights = w))$encoding
  repeated <- unclass(fit_robust(d[rep(1:80, w), ]))$encoding
  expect_equal(weighted[c("center", "scale")], repeated[c("center", "scale")], tolerance = 1e-14)
  for (x in list(rnorm(7), c(1, 1, 2), rpois(20, 2))) {
    w <- sample(1:4, length(x), TRUE)
    expect_equal(
      weighted_quartiles(x, w),
      quantile(rep(x, w), c(0.25, 0.5, 0.75), type = 2, names = FALSE)
    )
  }
})

test_that("outliers have a bounded effect, whatever their size", {
  fit <- fit_robust()
  far <- d[rep(1, 4), ]
  far$a <- c(1e12, 1e200, -1e12, -1e200)
  expect_silent(p <- predict(fit, far))
  expect_equal(p[[1]], p[[2]], tolerance = 1e-12)
  expect_equal(p[[3]], p[[4]], tolerance = 1e-12)
  expect_equal(range(clip_smoothly(c(-1e300, 1e300), 3)), c(-3, 3))
  far$a[1] <- NA
  expect_true(is.na(predict(fit, far)[[1]]))
})

test_that("fits are kept, resumed and compared as ever", {
  fit <- fit_robust()
  skip_if_not_installed("jsonlite")
  path <- withr::local_tempfile(fileext = ".json")
  nn_save(fit, path)
  expect_identical(predict(nn_load(path), d), predict(fit, d))
  expect_equal(fitted(nn_continue(fit, d, epochs = 1)), predict(nn_continue(fit, d, epochs = 1), d))
  broken <- unclass(fit)
  broken$encoding$clip <- -1
  expect_error(check_model(broken), class = "backprop_internal_format")
})

test_that("every export clips", {
  skip_on_cran()
  fit <- fit_robust(formula = y ~ a + b + kind)
  far <- rbind(d, transform(d[1:2, ], a = c(1e100, -1e12)))
  expected <- predict(fit, far)
  used <- far[c("a", "b", "kind")]
  file <- function(ending) withr::local_tempfile(fileext = ending, .local_envir = parent.frame(2))
  path <- file(".R")
  nn_export(fit, path)
  expect_lt(relative_difference(run_exported_r(path, far), expected), 1e-12)
  if (requireNamespace("RSQLite", quietly = TRUE)) {
    path <- file(".sql")
    nn_export(fit, path, keep = "row_number")
    expect_lt(relative_difference(run_exported_sql(path, far), expected), 1e-12)
  }
  if (!is.null(c_compiler())) {
    path <- file(".c")
    nn_export(fit, path)
    expect_lt(relative_difference(run_exported_c(path, used, 1), expected), 1e-12)
  }
  skip_without_onnxruntime()
  for (precision in c("double", "single")) {
    path <- file(".onnx")
    nn_export(fit, path, precision = precision)
    finite <- if (precision == "double") TRUE else far$a < 1e38
    expect_lt(
      relative_difference(run_onnx(path, used[finite, ], precision)$response, expected[finite]),
      if (precision == "double") 1e-12 else 1e-5
    )
  }
})

test_that("other values are errors", {
  expect_snapshot({
    refused(nn_train(y ~ a, d, standardize = "strong"), "argument")
    refused(nn_train(y ~ a, d, standardize = NA), "argument")
  })
  skip_if_not_installed("Matrix")
  X <- Matrix::Matrix(as.matrix(d[c("a", "half")]), sparse = TRUE)
  expect_snapshot(refused(nn_train(X, d$y, standardize = "robust"), "argument"))
})
