# Training and signals, forked processes, callbacks, and processes that share a file.

process_data <- "set.seed(4); X <- matrix(rnorm(4e4), 2000); y <- plogis(X[, 1] * X[, 2])"
process_run <- function(epochs, ...) {
  paste0(
    "nn_train(X, y, hidden = c(20, 10), reduction = 'mean', optimizer = 'adam', ",
    "batch_size = 100, threads = 2, epochs = ", epochs, ..., ")"
  )
}

# Starts lines of R that train with `checkpoint`, in another process. Returns its number after the
# first checkpoint.
start_training <- function(lines, folder, checkpoint, env = parent.frame()) {
  dir.create(folder, showWarnings = FALSE)
  pid <- file.path(folder, "pid")
  start_script(c(
    sprintf("setwd(%s)", encodeString(folder, quote = "\"")), process_data, "set.seed(9)",
    "writeLines(as.character(Sys.getpid()), 'writing'); invisible(file.rename('writing', 'pid'))",
    lines
  ), folder)
  if (!wait_for(pid)) stop("The other process has not begun.")
  process <- as.integer(readLines(pid))
  withr::defer(tools::pskill(process, tools::SIGKILL), envir = env)
  if (!wait_for(checkpoint)) stop("The other process has written no checkpoint.")
  process
}

expect_checkpoint <- function(path) {
  fit <- readRDS(path)
  data <- new.env()
  eval(parse(text = process_data), data)
  set.seed(9)
  whole <- eval(parse(text = process_run(fit$state$epoch + 2)), data)
  resumed <- nn_continue(fit, data$X, data$y, epochs = 2)
  expect_identical(coef(resumed), coef(whole))
  expect_identical(resumed$history, whole$history)
}

test_that("a process that is asked to end leaves a complete checkpoint", {
  skip_on_os("windows")
  folder <- withr::local_tempdir()
  path <- file.path(folder, "fit.rds")
  process <- start_training(
    paste("fit <-", process_run("1e6", ", checkpoint = 'fit.rds'")), folder, path
  )
  Sys.sleep(runif(1, 0, 0.5))
  tools::pskill(process, tools::SIGTERM)
  end <- Sys.time() + 10
  while (tools::pskill(process, 0) && Sys.time() < end) Sys.sleep(0.02)
  expect_false(tools::pskill(process, 0))
  expect_checkpoint(path)
})

test_that("a process that is stopped and continued has the bits of one that is not", {
  skip_on_os("windows")
  folder <- withr::local_tempdir()
  process <- start_training(c(
    paste("fit <-", process_run("400", ", checkpoint = 'fit.rds'")),
    "saveRDS(fit[c('wh1', 'bout', 'history')], 'writing')",
    "invisible(file.rename('writing', 'result.rds'))"
  ), folder, file.path(folder, "fit.rds"))
  for (i in 1:3) {
    tools::pskill(process, tools::SIGSTOP)
    Sys.sleep(0.1)
    tools::pskill(process, tools::SIGCONT)
    Sys.sleep(runif(1, 0, 0.2))
  }
  expect_true(wait_for(file.path(folder, "result.rds")))
  data <- new.env()
  eval(parse(text = process_data), data)
  set.seed(9)
  fit <- eval(parse(text = process_run(400)), data)
  expect_identical(
    readRDS(file.path(folder, "result.rds")), unclass(fit)[c("wh1", "bout", "history")]
  )
})

test_that("two processes may write to one checkpoint: it is that of one of them, and complete", {
  skip_on_os("windows")
  folder <- withr::local_tempdir()
  path <- file.path(folder, "fit.rds")
  line <- paste(
    "fit <-", process_run("1e6", ", checkpoint = ", encodeString(path, quote = "'"))
  )
  processes <- vapply(c("one", "two"), function(name) {
    start_training(line, file.path(folder, name), path, parent.frame(2))
  }, 0L)
  # R is killed in the middle of whatever it does
  for (i in 1:20) {
    expect_s3_class(readRDS(path), "nn_fit")
    Sys.sleep(0.03)
  }
  for (process in processes) tools::pskill(process, tools::SIGKILL)
  expect_checkpoint(path)
})

test_that("forked processes may train with threads", {
  skip_on_os("windows")
  data <- new.env()
  eval(parse(text = process_data), data)
  train <- function(seed) {
    set.seed(seed)
    coef(eval(parse(text = process_run(5)), data))
  }
  here <- lapply(1:4, train)
  forked <- parallel::mclapply(1:4, train, mc.cores = 2)
  expect_identical(forked, here)
})

test_that("a callback may train, and changes nothing", {
  data <- new.env()
  eval(parse(text = process_data), data)
  data$inner <- NULL
  data$train <- function(now) {
    if (now$epoch == 2) {
      data$inner <- withr::with_seed(9, coef(eval(parse(text = process_run(5)), data)))
    }
    TRUE
  }
  set.seed(9)
  plain <- eval(parse(text = process_run(5)), data)
  set.seed(9)
  outer <- eval(parse(text = process_run(5, ", callback = train")), data)
  expect_identical(coef(outer), coef(plain))
  expect_identical(data$inner, coef(plain))
})

test_that("a callback that fails or interrupts keeps what was trained", {
  data <- new.env()
  eval(parse(text = process_data), data)
  data$fail <- function(now) if (now$epoch == 3) stop("no more")
  set.seed(9)
  error <- expect_error(eval(parse(text = process_run(5, ", callback = fail")), data), "no more")
  expect_s3_class(error, "backprop_error_callback")
  expect_equal(error$fit$state$epoch, 3)
  data$interrupts <- function(now) if (now$epoch == 3) rlang::interrupt()
  set.seed(9)
  signal <- tryCatch(
    eval(parse(text = process_run(5, ", callback = interrupts")), data),
    interrupt = function(signal) signal
  )
  expect_s3_class(signal, "interrupt")
})
