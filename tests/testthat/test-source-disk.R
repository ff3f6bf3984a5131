# Sources on disk: limits of memory, files of encoded rows, and what may go wrong with them.

# A source of `blocks` blocks of so many rows with `p` inputs, which holds one block. Its columns
# w and o are weights and offsets.
made_source <- function(blocks, p, rows = 1000) {
  at <- 0
  inputs <- as.data.frame(matrix(sin(seq_len(rows * p)^1.1), rows))
  nn_source(function() {
    at <<- at + 1
    if (at > blocks) {
      return(NULL)
    }
    inputs$V1 <- inputs$V1 + at / blocks
    # far values, which would make a search for outliers read the column
    inputs$y <- exp(3 * inputs$V1) + inputs$V2^2
    inputs$w <- 1 + inputs$V2^2
    inputs$o <- inputs$V3 / 9
    inputs
  }, function() at <<- 0)
}

# A source that fails in the middle of its second pass.
failing_source <- function(d, folder) {
  at <- 0
  passes <- 0
  nn_source(function() {
    at <<- at + 1
    if (at == 2 && passes == 2) stop("the disk is gone")
    if (at <= 3) d[1:30 + 30 * (at - 1), ]
  }, function() {
    at <<- 0
    passes <<- passes + 1
  }, cache = folder)
}

test_that("a table four times the memory that its process may use trains and predicts", {
  skip_on_cran()
  skip_on_os(c("windows", "mac", "solaris"))
  skip_if_not(file.exists("/proc/self/status"))
  script <- withr::local_tempfile(fileext = ".R")
  dump("made_source", script)
  # the most memory of a process with a small fit, or the result of a large one
  cat(
    "library(backprop)",
    "train <- function(blocks) {",
    "  source <- made_source(blocks, 200)",
    "  set.seed(1)",
    "  fit <- nn_train(y ~ . - w - o + offset(o), source, weights = w, hidden = 2,",
    "    activation = 'tanh', penalty = 0, optimizer = 'adam', epochs = 1, batch_size = 500,",
    "    shuffle = 'blocks')",
    "  sum <- 0",
    "  predict(fit, source, into = function(rows) sum <<- sum + nrow(rows))",
    "  c(sum, coef(fit)$wout)",
    "}",
    "blocks <- as.numeric(commandArgs(TRUE))",
    "result <- train(blocks)",
    "if (blocks > 2) cat(format(result, digits = 17)) else ",
    "  cat(gsub('[^0-9]', '', grep('^VmPeak', readLines('/proc/self/status'), value = TRUE)))",
    file = script, append = TRUE, sep = "\n"
  )
  # by default R collects garbage only from 64 MB on
  run <- function(limit, blocks) {
    command <- paste(
      "ulimit -v", limit, "&& exec", shQuote(file.path(R.home("bin"), "R")),
      "--no-echo --no-restore --vanilla --min-vsize=8M -f", shQuote(script), "--args",
      blocks
    )
    suppressWarnings(withr::with_envvar(
      c(R_LIBS = paste(.libPaths(), collapse = ":")),
      system2("sh", c("-c", shQuote(command)), stdout = TRUE, stderr = TRUE)
    ))
  }
  base <- run("unlimited", 2)
  skip_if_not(length(base) == 1 && grepl("^[0-9]+$", base), "ulimit does not work here")
  beyond <- 40 * 1024
  blocks <- ceiling(4 * beyond * 1024 / (1000 * 203 * 8))
  result <- as.numeric(strsplit(run(as.numeric(base) + beyond, blocks), " ")[[1]])
  expect_identical(result[1], 1000 * blocks)
  expect_true(length(result) == 3 && all(is.finite(result)))
})

test_that("the memory of training and prediction does not grow with the rows", {
  skip_on_cran()
  skip_if_not(file.exists("/proc/self/status"))
  script <- withr::local_tempfile(fileext = ".R")
  dump("made_source", script)
  cat(
    "library(backprop)",
    "options(backprop.map_files = FALSE)",
    "source <- made_source(as.numeric(commandArgs(TRUE)[1]), 12, 2e4)",
    "train <- function(formula, ...) nn_train(formula, source, ..., hidden = 2,",
    "  activation = 'tanh', penalty = 0, optimizer = 'adam', epochs = 1, batch_size = 500,",
    "  shuffle = 'blocks')",
    "fit <- if (commandArgs(TRUE)[2] == 'plain') train(y ~ . - w - o) else",
    "  train(y ~ . - w - o + offset(o), weights = w)",
    "predict(fit, source, into = function(rows) NULL)",
    "cat(gsub('[^0-9]', '', grep('^VmHWM', readLines('/proc/self/status'), value = TRUE)))",
    file = script, append = TRUE, sep = "\n"
  )
  peak <- function(blocks, kind) {
    out <- withr::with_envvar(
      c(R_LIBS = paste(.libPaths(), collapse = ":")),
      system2(
        file.path(R.home("bin"), "R"),
        c(
          "--no-echo --no-restore --vanilla --min-vsize=8M -f", shQuote(script), "--args", blocks,
          kind
        ),
        stdout = TRUE
      )
    )
    as.numeric(out[length(out)]) * 1024
  }
  # each number that a row kept would take 6.4 MB; R's heap varies by some MB
  for (kind in c("plain", "weights")) {
    growth <- function() peak(60, kind) - peak(20, kind)
    found <- growth()
    if (found >= 20e6) found <- min(found, growth(), growth())
    expect_lt(found, 20e6)
  }
})

test_that("numbers beyond single precision are the error of a data frame", {
  d <- data.frame(y = 1:40 + 0, a = c(1:39, 1e200))
  train <- function(data) {
    nn_train(y ~ a, data, standardize = FALSE, precision = "single", hidden = 2, epochs = 1)
  }
  messages <- vapply(list(d, nn_source(d, 7)), function(data) {
    conditionMessage(expect_error(train(data), class = "backprop_error_input"))
  }, "")
  expect_match(messages[1], "range of single precision")
  expect_identical(messages[2], messages[1])
})

test_that("a fit in memory knows whether a source has its rows", {
  d <- data.frame(a = sin(1:90), b = cos(1:90), g = factor(rep(c("u", "v", "w"), 30)))
  changed <- d
  changed$b[50] <- 0
  other_class <- d
  other_class$g[3:4] <- other_class$g[4:3]
  for (precision in c("double", "single")) {
    set.seed(1)
    fit <- nn_train(
      g ~ a + b, d,
      hidden = 2, activation = "tanh", penalty = 0.1, epochs = 2, precision = precision
    )
    resume <- function(data) nn_continue(fit, nn_source(data, 25), epochs = 1)
    expect_no_warning(longer <- resume(d))
    expect_identical(coef(longer), coef(nn_continue(fit, d, epochs = 1)))
    expect_no_warning(nn_continue(longer, d, epochs = 1))
    for (other in list(changed, other_class)) {
      expect_warning(resume(other), class = "backprop_warning_other_data")
    }
  }
})

test_that("warnings and summaries of fits to a source are those of a data frame", {
  d <- data.frame(a = c(-3:-1, 1:3) * 1e6, k = factor(rep(c("no", "yes"), each = 3)))
  train <- function(data, formula, ...) {
    classes <- character()
    set.seed(1)
    fit <- withCallingHandlers(
      nn_train(formula, data, penalty = 0, optimizer = "lbfgs", keep_fitted = FALSE, ...),
      warning = function(w) {
        classes <<- c(classes, class(w)[1])
        tryInvokeRestart("muffleWarning")
      }
    )
    list(classes, summary(fit)$errors, unclass(fit)$probe, coef(fit))
  }
  for (data in list(d, nn_source(d, 2))) {
    expect_identical(
      train(data, k ~ a, hidden = 0)[[1]], "backprop_warning_separable"
    )
    saturated <- train(
      data, I(1 / a) ~ a,
      hidden = 2, activation = "tanh", standardize = FALSE, epochs = 5
    )
    expect_identical(saturated[[1]], "backprop_warning_saturated")
  }
  iris <- nn_source(datasets::iris, 40)
  settings <- list(formula = Species ~ ., hidden = 2, activation = "tanh", epochs = 20)
  expect_identical(
    do.call(train, c(list(iris), settings)), do.call(train, c(list(datasets::iris), settings))
  )
})

test_that("fits to a source keep no fitted values unless they are asked for", {
  d <- data.frame(a = sin(1:60), k = factor(rep(c("u", "v", "w"), 20)))
  train <- function(data, ...) {
    set.seed(1)
    nn_train(k ~ a, data, hidden = 2, activation = "tanh", penalty = 0.1, epochs = 3, ...)
  }
  expect_null(train(nn_source(d, 7))$output)
  expect_equal(unname(fitted(train(nn_source(d, 7), keep_fitted = TRUE))), unname(fitted(train(d))))
})

test_that("a full disk is a clear error that leaves no partial file behind", {
  skip_on_cran()
  folder <- local_disk("size=64k")
  train <- function(rows, cache = folder) {
    d <- data.frame(a = sin(seq_len(rows)), b = cos(seq_len(rows)))
    set.seed(1)
    nn_train(a ~ b, nn_source(d, cache = cache), hidden = 0, epochs = 1)
  }
  # at most the encoded rows, if these are complete
  left <- function() {
    files <- list.files(folder, all.files = TRUE, no.. = TRUE)
    expect_identical(grep("^backprop-", files, value = TRUE, invert = TRUE), character())
    unlink(file.path(folder, files))
    length(files)
  }
  # the outcome, the encoded rows, those that are standardised, its outcome, or what is trained on
  # does not fit
  for (rows in c(9000, 5000, 2600, 1900, 1500)) {
    expect_error(train(rows), "space", class = "backprop_error_cache")
    expect_identical(left(), if (rows >= 5000) 0L else 2L)
  }
  expected <- train(800, NULL)
  trained <- 0
  for (size in seq(8, 72, 4)) {
    expect_true(mount_disk(folder, sprintf("remount,size=%dk", size)))
    fit <- tryCatch(train(800), backprop_error_cache = function(e) NULL)
    if (!is.null(fit)) expect_identical(fit$wout, expected$wout)
    trained <- trained + !is.null(fit)
    expect_true(left() %in% c(if (is.null(fit)) 0L, 2L))
  }
  expect_gt(trained, 0)
  expect_lt(trained, 17)
})

test_that("encoded rows are used again where rows and formula are the same", {
  folder <- withr::local_tempdir()
  d <- data.frame(a = sin(1:90), b = cos(1:90), g = rep(c("u", "v", "w"), 30))
  d$y <- d$a + d$b
  passes <- 0
  train <- function(formula = y ~ log(a + 2) + b * g, data = d, ...) {
    at <- 0
    passes <<- 0
    source <- nn_source(function() {
      at <<- at + 1
      if (at <= 3) data[1:30 + 30 * (at - 1), ]
    }, function() {
      at <<- 0
      passes <<- passes + 1
    }, cache = folder)
    set.seed(1)
    coef(nn_train(formula, source, hidden = 2, activation = "tanh", penalty = 0.1, epochs = 3, ...))
  }
  kept <- function(pattern = "") {
    list.files(folder, pattern, full.names = TRUE, all.files = TRUE, no.. = TRUE)
  }
  first <- train()
  expect_identical(passes, 2)
  expect_match(basename(kept()), "^backprop-[0-9a-f]{32}[.](rds|rows)$")
  expect_length(kept(), 2)
  expect_identical(train(), first)
  expect_identical(passes, 1)
  # other rows, another formula, other levels
  changed <- d
  changed$b[40] <- 0
  expect_false(identical(train(data = changed), first))
  expect_identical(passes, 2)
  train(y ~ log(a + 2) + b)
  train(subset = a > 0)
  expect_length(kept(), 8)
  # a file that is short or has other numbers is not taken for the rows
  rows <- kept("rows$")
  for (path in rows) writeBin(readBin(path, "raw", 1e6)[-1], path)
  expect_identical(train(), first)
  expect_identical(passes, 2)
  for (path in kept("rows$")) {
    bytes <- readBin(path, "raw", 1e6)
    bytes[100] <- xor(bytes[100], as.raw(1))
    writeBin(bytes, path)
  }
  expect_identical(train(), first)
  expect_identical(passes, 2)
  for (path in kept("rds$")) writeLines("no", path)
  expect_identical(train(), first)
  expect_identical(passes, 2)
  expect_identical(train(), first)
  expect_identical(passes, 1)
  # a source that fails in the second pass leaves nothing
  unlink(kept())
  expect_error(
    nn_train(y ~ a, failing_source(d, folder), hidden = 0),
    class = "backprop_error_source"
  )
  expect_length(kept(), 0)
  # folds, and functions that may change, are not kept
  nn_cv(
    y ~ a, nn_source(d, 40, cache = folder),
    folds = 2, hidden = 0, penalty = 0.1, epochs = 2
  )
  expect_length(kept(), 2)
  unlink(kept())
  assign("of_mine", function(x) 2 * x, globalenv())
  withr::defer(rm("of_mine", envir = globalenv()))
  train(y ~ of_mine(a))
  expect_length(kept(), 0)
})

test_that("a file that changes between the passes is an error", {
  skip_if_not_installed("data.table")
  path <- withr::local_tempfile(fileext = ".csv")
  d <- data.frame(a = 1:50, y = sin(1:50))
  write.csv(d, path, row.names = FALSE)
  changes <- nn_source(path, block_rows = 20)
  begin <- changes$open
  passes <- 0
  changes$open <- function() {
    passes <<- passes + 1
    if (passes == 2) write.csv(d[-7, ], path, row.names = FALSE)
    begin()
  }
  expect_error(nn_train(y ~ a, changes, hidden = 0), class = "backprop_error_source")
  expect_identical(list.files(tempdir(), "^rows"), character())
})

test_that("what needs a data frame is refused", {
  source <- nn_source(datasets::airquality, 40)
  fit <- nn_train(Ozone ~ Wind, source, hidden = 0, penalty = 0, epochs = 1)
  expect_snapshot(error = TRUE, {
    nn_importance(fit, source)
    nn_effects(fit, source, "Wind")
  })
})

test_that("files that a killed process left are removed, and no others", {
  skip_on_cran()
  skip_on_os("windows")
  folder <- withr::local_tempdir()
  d <- data.frame(a = sin(1:60), y = cos(1:60))
  dump(c("d", "folder"), script <- withr::local_tempfile())
  start_script(c(
    sprintf("source(%s)", encodeString(script, quote = "\"")),
    "at <- 0",
    "passes <- 0",
    "source <- nn_source(function() {",
    "  at <<- at + 1",
    "  if (at == 2 && passes == 2) tools::pskill(Sys.getpid(), 9)",
    "  if (at <= 2) d[1:30 + 30 * (at - 1), ]",
    "}, function() {",
    "  at <<- 0",
    "  passes <<- passes + 1",
    "}, cache = folder)",
    "nn_train(y ~ a, source, hidden = 0, epochs = 1, penalty = 0)"
  ), withr::local_tempdir(), wait = TRUE)
  expect_match(list.files(folder), "^rows-[0-9a-f]+-[0-9]+-.*[.]part$")
  # of a process that runs, and of another machine
  others <- c(
    paste0("rows-", this_machine(), "-", Sys.getpid(), "-1.part"), "rows-00aa-999999-1.part"
  )
  file.create(file.path(folder, others))
  train <- function(data) {
    set.seed(1)
    coef(nn_train(y ~ a, data, hidden = 0, epochs = 1, penalty = 0))
  }
  expect_identical(train(nn_source(d, 30, cache = folder)), train(d))
  expect_setequal(grep("part$", list.files(folder), value = TRUE), others)
})

test_that("dates, several events and wide tables are those of a data frame", {
  n <- 70
  d <- data.frame(
    a = sin(1:n), day = as.Date("2024-02-20") + 1:n,
    time = as.POSIXct("2024-02-20 10:00", tz = "Europe/Berlin") + 5e4 * (1:n)
  )
  d$u <- d$a > 0.3
  d$v <- cos(1:n) > 0
  train <- function(formula, data, ...) {
    set.seed(1)
    fit <- nn_train(
      formula, data,
      hidden = 2, activation = "tanh", penalty = 0.01, epochs = 3, keep_fitted = FALSE, ...
    )
    unclass(fit)[setdiff(names(unclass(fit)), c("digest", "call"))]
  }
  same <- function(...) expect_identical(train(..., data = nn_source(d, 30)), train(..., data = d))
  same(a ~ day + time, dates = "parts")
  expect_error(train(a ~ day, nn_source(d)), class = "backprop_error_input")
  same(cbind(u, v) ~ a)
  validate <- function(data, dates) {
    set.seed(1)
    nn_cv(
      a ~ day + time + u, data,
      folds = 3, hidden = 2, activation = "tanh", penalty = 0.01, epochs = 3, dates = dates
    )
  }
  expect_identical(validate(nn_source(d, 30), "parts"), validate(d, "parts"))
  expect_error(validate(nn_source(d, 30), "error"), class = "backprop_error_input")
  d[paste0("x", 1:9000)] <- as.list(as.data.frame(matrix(sin(1:(9000 * n)), n)))
  rows <- numeric()
  each_block(nn_source(d, 65), function(block, before) rows <<- c(rows, nrow(block)), quote(f()))
  expect_identical(rows, c(58, 7, 5))
  rows <- numeric()
  each_block(nn_source(d), function(block, before) rows <<- c(rows, nrow(block)), quote(f()))
  expect_identical(rows, c(58, 12))
})
