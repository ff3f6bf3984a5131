# Values outside the domain of a formula's functions, infinite values, one-column matrices.

domain_data <- function() {
  set.seed(21)
  data.frame(
    a = round(rexp(40), 4) + 0.1, b = round(rnorm(40), 4) + 4, y = round(rnorm(40), 4)
  )
}

domain_formulas <- list(
  y ~ log(a) + b, y ~ log2(a) + log10(b), y ~ log1p(a - 1), y ~ sqrt(a), y ~ exp(b * 10),
  y ~ I(b / a), y ~ I(a^-1), y ~ I(a^0.5) + b, y ~ I(a^b), y ~ I(a^5), y ~ I(a^-2),
  y ~ log(sqrt(a) / b), y ~ a:b
)

# a and b as they are, and where the functions have no finite value.
domain_cases <- data.frame(
  a = c(2, 0, -1, 1e-200, 1e200, Inf, -Inf, NaN, NA, 3, 0, -8),
  b = c(1, 1, 2, 3, 2, 1, 1, 1, 1, 800, 0, 2.5)
)

# Each case by itself: NA where predict() refuses it or returns NA.
predict_each <- function(fit, cases) {
  vapply(seq_len(nrow(cases)), function(i) {
    tryCatch(
      suppressWarnings(unname(predict(fit, cases[i, ]))),
      backprop_error_input = function(e) NA_real_
    )
  }, 0)
}

expect_same_cases <- function(got, expected) {
  got <- as.vector(got)
  expect_identical(is.na(got), is.na(expected))
  known <- !is.na(expected)
  expect_lt(relative_difference(got[known], expected[known]), 1e-12)
}

test_that("a case outside the domain is missing, and the others are as in predict()", {
  skip_on_cran()
  skip_if_not_installed("RSQLite")
  skip_without_c()
  data <- domain_data()
  used <- function(fit) vapply(backprop:::export_model(fit, NULL)$inputs, `[[`, "", "name")
  for (formula in domain_formulas) {
    fit <- export_data_fit(formula, data)
    expected <- predict_each(fit, domain_cases)
    expect_false(is.na(expected[1]))
    path <- withr::local_tempfile(fileext = ".sql")
    nn_export(fit, path, keep = "row_number")
    expect_same_cases(run_exported_sql(path, domain_cases), expected)
    path <- withr::local_tempfile(fileext = ".c")
    nn_export(fit, path)
    expect_same_cases(run_exported_c(path, domain_cases[used(fit)], 1), expected)
    alone <- exported_r(fit)
    each <- vapply(seq_len(nrow(domain_cases)), function(i) {
      tryCatch(suppressWarnings(alone(domain_cases[i, ])), error = function(e) NA_real_)
    }, 0)
    expect_same_cases(each, expected)
  }
})

test_that("a case outside the domain is missing in onnxruntime", {
  skip_on_cran()
  skip_without_onnxruntime()
  data <- domain_data()
  for (formula in domain_formulas) {
    fit <- export_data_fit(formula, data)
    path <- withr::local_tempfile(fileext = ".onnx")
    nn_export(fit, path, precision = "double")
    used <- vapply(backprop:::export_model(fit, NULL)$inputs, `[[`, "", "name")
    got <- run_onnx(path, domain_cases[used], "double")$response
    expect_same_cases(got, predict_each(fit, domain_cases))
  }
})

test_that("infinite inputs of a matrix fit are missing outputs", {
  skip_on_cran()
  skip_if_not_installed("RSQLite")
  skip_without_c()
  X <- export_matrix()
  fit <- export_activation_fit("tanh", X)
  expected <- predict(fit, X)
  new <- X
  new[2, 1] <- Inf
  new[3, 3] <- -Inf
  expected[2:3, ] <- NA
  path <- withr::local_tempfile(fileext = ".sql")
  nn_export(fit, path, keep = "row_number")
  expect_same_cases(run_exported_sql(path, as.data.frame(new)), as.vector(expected))
  path <- withr::local_tempfile(fileext = ".c")
  nn_export(fit, path)
  expect_same_cases(run_exported_c(path, unname(new), 2), as.vector(expected))
  expect_error(exported_r(fit)(new), "must be finite numbers")
})

test_that("the exponential of a Poisson fit ends no query", {
  skip_if_not_installed("RSQLite")
  X <- matrix(c(1, 2, 3, 800), 4, dimnames = list(NULL, "a"))
  fit <- nn_train(
    X[1:3, , drop = FALSE], 1:3,
    hidden = 0, loss = "poisson", epochs = 0,
    start = list(wout = matrix(1), bout = matrix(0))
  )
  path <- withr::local_tempfile(fileext = ".sql")
  nn_export(fit, path, keep = "row_number")
  expect_same_cases(run_exported_sql(path, as.data.frame(X)), c(exp(1:3), NA))
})

test_that("a vector and a matrix with one column are the same column", {
  skip_on_cran()
  skip_if_not_installed("RSQLite")
  skip_without_c()
  plain <- domain_data()
  scaled <- plain
  scaled$a <- scale(plain$a)
  named <- plain
  named$a <- matrix(plain$a, dimnames = list(NULL, "inner"))
  for (data in list(plain, scaled, named)) {
    for (formula in list(y ~ a + b, y ~ log(abs(a)) + b:a, NULL)) {
      fit <- export_data_fit(formula, data)
      flat <- transform(data, a = as.vector(a))
      expected <- unname(predict(fit, data))
      alone <- exported_r(fit)
      for (new in list(data, flat)) {
        expect_lt(relative_difference(alone(new), expected), 1e-12)
      }
      path <- withr::local_tempfile(fileext = ".sql")
      nn_export(fit, path, keep = "row_number")
      expect_lt(relative_difference(run_exported_sql(path, flat[c("a", "b")]), expected), 1e-12)
      path <- withr::local_tempfile(fileext = ".c")
      nn_export(fit, path)
      used <- vapply(backprop:::export_model(fit, NULL)$inputs, `[[`, "", "name")
      expect_lt(relative_difference(run_exported_c(path, flat[used], 1), expected), 1e-12)
    }
  }
  wide <- plain
  wide$a <- cbind(plain$a, plain$b)
  expect_error(exported_r(export_data_fit(y ~ a, plain))(wide), "column a of newdata must be")
})
