# Sources on disk: limits of memory, files of encoded rows, and what may go wrong with them.

# A source of `blocks` blocks of 1000 rows with `p` inputs, which holds one block.
made_source <- function(blocks, p) {
  at <- 0
  inputs <- as.data.frame(matrix(sin(seq_len(1000 * p)^1.1), 1000))
  nn_source(function() {
    at <<- at + 1
    if (at > blocks) {
      return(NULL)
    }
    inputs$V1 <- inputs$V1 + at / blocks
    inputs$y <- inputs$V1 + inputs$V2^2
    inputs
  }, function() at <<- 0)
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
    "  fit <- nn_train(y ~ ., source, hidden = 2, activation = 'tanh', penalty = 0,",
    "    optimizer = 'adam', epochs = 1, batch_size = 500, shuffle = 'blocks')",
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
  blocks <- ceiling(4 * beyond * 1024 / (1000 * 201 * 8))
  result <- as.numeric(strsplit(run(as.numeric(base) + beyond, blocks), " ")[[1]])
  expect_identical(result[1], 1000 * blocks)
  expect_true(length(result) == 3 && all(is.finite(result)))
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

test_that("a full disk is a clear error that leaves nothing behind", {
  skip_on_cran()
  skip_on_os(c("windows", "mac", "solaris"))
  skip_if_not(identical(Sys.info()[["effective_user"]], "root"))
  folder <- withr::local_tempdir()
  mounted <- suppressWarnings(system2(
    "mount", c("-t", "tmpfs", "-o", "size=64k", "none", shQuote(folder)),
    stdout = FALSE, stderr = FALSE
  ))
  skip_if(mounted != 0, "no file system can be mounted")
  withr::defer(system2("umount", shQuote(folder)))
  # the encoded rows, the standardised ones, or the targets do not fit
  for (rows in c(5000, 2500, 1500)) {
    d <- data.frame(a = sin(seq_len(rows)), b = cos(seq_len(rows)))
    expect_error(
      nn_train(a ~ b, nn_source(d, cache = folder), hidden = 0, epochs = 1),
      "space",
      class = "backprop_error_cache"
    )
    expect_identical(list.files(folder, all.files = TRUE, no.. = TRUE), character())
  }
})

test_that("what needs the values of all rows is refused", {
  source <- nn_source(datasets::airquality, 40)
  expect_snapshot(error = TRUE, {
    nn_train(Ozone ~ Wind, source, missing = "indicator")
    nn_train(Ozone ~ Wind, source, dates = "parts")
  })
})
