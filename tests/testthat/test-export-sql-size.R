# Queries with many columns.

test_that("a factor of 3,000 levels is a query that SQLite runs", {
  skip_if_not_installed("RSQLite")
  set.seed(2)
  n <- 3200
  d <- data.frame(f = factor(c(1:3000, sample(3000, n - 3000, TRUE))), x = rnorm(n))
  d$y <- sin(as.integer(d$f)) + d$x
  withr::local_options(backprop.coded_from = 1)
  fit <- suppressWarnings(
    nn_train(y ~ f + x, d, hidden = 2, activation = "tanh", penalty = 0, epochs = 2)
  )
  expect_length(fit$inputs, 3000)
  path <- withr::local_tempfile(fileext = ".sql")
  nn_export(fit, path, keep = "row_number")
  cases <- c(1, 2, 1500, 3000, 3001:3020)
  got <- run_exported_sql(path, d[cases, c("f", "x")])
  expect_lt(relative_difference(got, predict(fit, d[cases, ])), 1e-12)
})

test_that("queries that are too wide for SQLite are an error before anything is written", {
  path <- withr::local_tempfile(fileext = ".sql")
  wide <- function(inputs, hidden = 1, outputs = 1) {
    set.seed(1)
    nn_train(
      matrix(rnorm(3 * inputs), 3), matrix(0.5, 3, outputs),
      hidden = hidden, epochs = 0, init = "glorot_normal"
    )
  }
  expect_error(nn_export(wide(2001), path), class = "backprop_error_export")
  expect_snapshot(nn_export(wide(2001), "network.sql"), error = TRUE)
  expect_snapshot(nn_export(wide(4, 2100), "network.sql", keep = "id"), error = TRUE)
  expect_error(nn_export(wide(4, 2, 2001), path), class = "backprop_error_export")
  expect_error(nn_export(wide(2000), path, keep = c("id", "day")), class = "backprop_error_export")
  expect_false(file.exists(path))
  skip_on_cran()
  skip_if_not_installed("RSQLite")
  # one column less runs: SQLite has the same limit for tables, of which one is the key
  fit <- wide(1999)
  nn_export(fit, path, keep = "row_number")
  X <- matrix(rnorm(2 * 1999), 2, dimnames = list(NULL, paste0("x", 1:1999)))
  expect_lt(relative_difference(run_exported_sql(path, as.data.frame(X)), predict(fit, X)), 1e-12)
})
