few_rows_of_data <- function(n = 40) {
  withr::with_seed(1, transform(data.frame(a = rnorm(n), b = rnorm(n)), y = a * b + rnorm(n) / 5))
}

# What progress bars are told while `code` runs in an interactive session: their labels with what is
# left, and for each update the fraction that is done.
told <- function(code) {
  bars <- list()
  current <- total <- numeric()
  withr::local_options(rlang_interactive = TRUE, cli.progress_show_after = 0)
  replace_in(
    "cli",
    cli_progress_bar = function(total, format, ...) {
      bars[[length(bars) + 1]] <<- list(total = total, format = format, closed = FALSE)
      length(bars)
    },
    cli_progress_update = function(set, total = NULL, id, ...) {
      bars[[id]]$set <<- c(bars[[id]]$set, set)
      if (!is.null(total)) bars[[id]]$total <<- total
    },
    cli_progress_done = function(id) bars[[id]]$closed <<- TRUE
  )
  force(code)
  bars
}

test_that("a training has one bar, which ends at its last epoch", {
  bars <- told(nn_train(y ~ a + b, few_rows_of_data(), hidden = 3, penalty = 0.1, epochs = 30))
  expect_length(bars, 1)
  expect_match(bars[[1]]$format, "^Training .*eta")
  expect_identical(bars[[1]]$total, 30)
  expect_true(bars[[1]]$closed)
})

test_that("a search has one bar for all of its networks, and so has the linear model", {
  bars <- told(nn_train(y ~ a + b, few_rows_of_data(), hidden = 3))
  labels <- sub(" \\{.*", "", vapply(bars, `[[`, "", "format"))
  expect_identical(labels, c("Choosing the defaults", "Scoring a linear model", "Training"))
  for (bar in bars) {
    expect_true(bar$closed)
    expect_false(is.unsorted(bar$set))
    expect_lte(max(bar$set), bar$total)
  }
  # nine strengths at least, of four networks each
  expect_gte(length(bars[[1]]$set), 36)
})

test_that("a bar is closed if training fails, and the next search has one again", {
  d <- few_rows_of_data()
  stopping <- function(now) stop("enough")
  bars <- told(try(nn_train(y ~ a, d, penalty = 0, epochs = 9, callback = stopping), silent = TRUE))
  expect_true(bars[[1]]$closed)
  bars <- told(local({
    replace_in("backprop", try_candidate = function(...) stop("broken"))
    try(nn_train(y ~ a, d), silent = TRUE)
  }))
  expect_true(bars[[1]]$closed)
  expect_length(told(nn_train(y ~ a, d, hidden = 2)), 3)
})

test_that("the preparation of many data has one bar, which is closed before the training", {
  d <- transform(few_rows_of_data(), f = factor(rep(c("u", "v"), 20)))
  expect_gt(prepared_values, data_values(d))
  replace_in("backprop", prepared_values = 100)
  train <- function(...) nn_train(..., hidden = 2, penalty = 0.1, epochs = 5)
  for (bars in list(told(train(y ~ ., d)), told(train(d[c("a", "b", "f")], d$y)))) {
    expect_match(bars[[1]]$format, "^Preparing the data .*eta")
    expect_match(bars[[2]]$format, "^Training ")
    expect_length(bars, 2)
    expect_true(bars[[1]]$closed)
    expect_false(is.unsorted(bars[[1]]$set, strictly = TRUE))
    expect_identical(max(bars[[1]]$set), preparation_steps - 1)
  }
  # an error closes it, and the next call has its own
  bars <- told(try(train(y ~ a + b, transform(d, a = a / 0)), silent = TRUE))
  expect_length(bars, 1)
  expect_true(bars[[1]]$closed)
  expect_length(told(train(y ~ a, d)), 2)
})

test_that("each pass over a source has a bar, which is closed when it ends or fails", {
  d <- few_rows_of_data()
  passes <- function(bars) Filter(function(bar) grepl("^Reading the source ", bar$format), bars)
  train <- function(data) nn_train(y ~ a + b, data, hidden = 2, penalty = 0.1, epochs = 5)
  bars <- passes(told(fit <- train(nn_source(d, block_rows = 15))))
  expect_length(bars, 2)
  for (bar in bars) {
    expect_identical(bar[c("total", "set", "closed")], list(
      total = 40L, set = c(15, 30, 40), closed = TRUE
    ))
  }
  at <- 0
  unknown <- nn_source(
    function() if ((at <<- at + 1) <= 2) d[20 * at + -19:0, ], function() at <<- 0
  )
  bar <- passes(told(predict(fit, unknown)))
  expect_length(bar, 1)
  expect_match(bar[[1]]$format, "pb_current")
  expect_identical(bar[[1]][c("total", "set")], list(total = NA, set = c(20, 40)))
  failing <- nn_source(function() stop("broken"), function() NULL)
  bar <- passes(told(try(predict(fit, failing), silent = TRUE)))
  expect_true(bar[[1]]$closed)
})

test_that("the epoch under way counts by its batches", {
  run <- list(core = list(rows = 100), fit = list(settings = list(batch_size = 30)))
  state <- list(epoch = 2, under_way = c(batch = 3, loss = 1, weight = 90))
  expect_identical(epochs_done(run, state), 2.75)
})

test_that("nothing is told in a session that is not interactive", {
  expect_silent(nn_train(y ~ a, few_rows_of_data(), hidden = 2))
})

test_that("an interrupt of the search inside a function is signalled to it", {
  d <- few_rows_of_data()
  replace_in("backprop", try_candidate = function(...) rlang::interrupt())
  answer <- tryCatch(nn_train(y ~ a, d), interrupt = function(signal) "interrupted")
  expect_identical(answer, "interrupted")
})

test_that("an interrupt after the last epoch keeps the fit", {
  d <- few_rows_of_data()
  first <- TRUE
  finish <- finish_fit
  replace_in("backprop", finish_fit = function(...) {
    if (first) {
      first <<- FALSE
      rlang::interrupt()
    }
    finish(...)
  }, called_from_console = function(call) TRUE)
  expect_warning(
    fit <- nn_train(y ~ a, d, hidden = 2, penalty = 0.1, epochs = 5),
    class = "backprop_warning_interrupted"
  )
  expect_identical(fit$state$epoch, 5)
})
