# What training and predicting take beyond the data, seen from the peak of a process of their own.

# By how many bytes the peak of a new session's memory rises in `work`, which finds n x p inputs X
# and numbers y.
rise_in_a_new_session <- function(n, p, work) {
  script <- tempfile(fileext = ".R")
  on.exit(unlink(script))
  writeLines(
    c(
      sprintf(".libPaths(%s)", deparse1(.libPaths())),
      "library(backprop)",
      paste0(
        "peak <- function() 1024 * as.double(gsub('[^0-9]', '', grep('^VmHWM', ",
        "readLines('/proc/self/status'), value = TRUE)))"
      ),
      paste0(
        "train <- function(X, y, precision, keep_fitted = FALSE) nn_train(X, y, hidden = 8, ",
        "output_activation = 'identity', reduction = 'mean', optimizer = 'adam',"
      ),
      paste0(
        "  epochs = 1, batch_size = 128, precision = precision, init = 'glorot_uniform', ",
        "keep_fitted = keep_fitted)"
      ),
      sprintf("n <- %d; p <- %d", n, p),
      # made in its place, so that no memory is left that could be used again unseen
      "X <- rnorm(n * p)",
      "dim(X) <- c(n, p)",
      "y <- X[, 1]",
      # all code is loaded and compiled before anything is measured
      paste0(
        "for (i in 1:3) for (precision in c('double', 'single')) predict(fit <- train(X[1:20, ], ",
        "y[1:20], precision), X[1:3, ])"
      ),
      "invisible(gc())",
      "cat('5', file = '/proc/self/clear_refs')",
      "before <- peak()",
      work,
      "cat(peak() - before)"
    ),
    script
  )
  answer <- system2(
    file.path(R.home("bin"), "Rscript"), c("--vanilla", shQuote(script)),
    stdout = TRUE,
    env = "MALLOC_MMAP_THRESHOLD_=65536"
  )
  as.double(answer[length(answer)])
}

test_that("training takes one copy of the data at its precision, and predicting none", {
  skip_on_cran()
  skip_if_not(
    file.exists("/proc/self/clear_refs") && file.access("/proc/self/clear_refs", 2) == 0,
    "the system does not tell a process's peak memory"
  )
  n <- 40000
  p <- 100
  # for each row: its target, weight and place in the order, in R and in the core
  for_rows <- n * 8 * 8
  little <- 2e6
  expect_rise <- function(work, least, most) {
    rise <- rise_in_a_new_session(n, p, work)
    expect(
      isTRUE(rise >= least && rise <= most),
      sprintf("%s: %.1f MB, not between %.1f and %.1f.", work, rise / 1e6, least / 1e6, most / 1e6)
    )
  }
  expect_rise("train(X, y, 'double')", n * p * 8, n * p * 8 + for_rows + little)
  expect_rise("train(X, y, 'single')", n * p * 4, n * p * 4 + for_rows + little)
  expect_rise("predict(fit, X)", 0, for_rows + little)
})

test_that("names do not make other data, numbers and shape do", {
  set.seed(1)
  X <- matrix(rnorm(40), 10)
  y <- rnorm(10)
  fit <- nn_train(X, y, epochs = 2)
  named <- X
  rownames(named) <- letters[1:10]
  expect_no_warning(again <- nn_continue(fit, named, y, epochs = 2))
  expect_identical(coef(again), coef(nn_continue(fit, X, y, epochs = 2)))
  expect_warning(
    nn_continue(fit, X + (row(X) == 10 & col(X) == 4) * 1e-9, y, epochs = 2),
    class = "backprop_warning_other_data"
  )
  expect_warning(
    nn_continue(fit, rbind(X, 0), c(y, 0), epochs = 2),
    class = "backprop_warning_other_data"
  )
})

test_that("an outcome with a level for each row is named when memory does not suffice", {
  withr::local_options(backprop.memory_limit = 1e8)
  d <- data.frame(x = 1:2000 / 2000, id = factor(1:2000))
  calls <- list(
    quote(nn_train(id ~ x, d)), quote(nn_train(d["x"], d$id)),
    quote(nn_train(as.matrix(d["x"]), d$id))
  )
  for (call in calls) {
    expect_error(
      suppressWarnings(eval(call)), "outcome (id|y) has 2000 levels",
      class = "backprop_error_memory"
    )
  }
})
