# Full disks, odd paths, time limits, locales and options: results are right, or a classed condition
# says what is wrong, and files are complete.

X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
y <- c(1, 1, 0)

# Runs R code in another process, after the shell commands `first`, and returns what it prints.
# `variables`: environment variables, NAME=value.
run_child <- function(lines, first = NULL, variables = character()) {
  folder <- withr::local_tempdir()
  script <- file.path(folder, "script.R")
  paths <- paste(encodeString(.libPaths(), quote = "\""), collapse = ", ")
  writeLines(c(sprintf(".libPaths(c(%s))", paths), "library(backprop)", lines), script)
  command <- paste(
    c(first, paste("exec", file.path(R.home("bin"), "Rscript"), "--vanilla", script)),
    collapse = "; "
  )
  suppressWarnings(
    system2("sh", c("-c", shQuote(command)), stdout = TRUE, stderr = TRUE, env = variables)
  )
}

# --- Writing --------------------------------------------------------------------------------------

test_that("a disk that is full leaves the old file, and nothing else", {
  skip_on_os("windows")
  folder <- withr::local_tempdir()
  # 16 blocks of 512 bytes: writing fails beyond 8 kB, as on a full disk
  printed <- run_child(
    c(
      sprintf("setwd(%s)", encodeString(folder, quote = "\"")),
      "size <- function(x) length(serialize(x, NULL))",
      "old <- list(1, 'old')",
      "sizes <- c(seq(2000, 7000, 1000), 8190:8194, 8200, 8300, seq(9000, 20000, 1000), 1e5)",
      "for (bytes in sizes) {",
      "  saveRDS(old, 'fit.rds')",
      "  fit <- list(1, raw(0))",
      "  fit[[2]] <- raw(bytes - size(fit))",
      "  stopifnot(size(fit) == bytes)",
      "  said <- tryCatch({",
      "    backprop:::write_checkpoint(fit, 'fit.rds')",
      "    'written'",
      "  }, backprop_warning_checkpoint = function(w) 'warned')",
      "  kept <- tryCatch(readRDS('fit.rds'), error = function(e) 'damaged')",
      "  stopifnot(identical(kept, if (bytes <= 8192) fit else old))",
      "  stopifnot(said == if (bytes <= 8192) 'written' else 'warned')",
      "  unlink('file')",
      "  said <- tryCatch({",
      "    backprop:::write_file(raw(bytes), 'file', NULL)",
      "    file.size('file')",
      "  }, backprop_error_file = function(e) if (file.exists('file')) 'cut' else 'refused')",
      "  stopifnot(said == if (bytes <= 8192) bytes else 'refused')",
      "}",
      "unlink(c('file', 'fit.rds'))",
      "cat('done', list.files(), nrow(showConnections()))"
    ),
    first = c("trap '' XFSZ", "ulimit -S -f 16")
  )
  expect_identical(printed, "done  0")
})

test_that("a file system of 8 to 72 kB that fills keeps the old file", {
  skip_on_cran()
  folder <- local_disk("size=8k")
  set.seed(1)
  fit <- nn_train(matrix(rnorm(300), 10), rnorm(10), hidden = 90, epochs = 1, keep_fitted = FALSE)
  rows <- nn_source(data.frame(matrix(rnorm(30 * 800), 800)))
  uses <- list(
    fit.rds = function(path) backprop:::write_checkpoint(unclass(fit), path),
    fit.json = function(path) nn_save(fit, path), fit.c = function(path) nn_export(fit, path),
    fit.R = function(path) nn_export(fit, path), fit.sql = function(path) nn_export(fit, path),
    fit.onnx = function(path) nn_export(fit, path),
    fit.csv = function(path) predict(fit, rows, into = path)
  )
  whole <- lapply(names(uses), function(name) {
    path <- withr::local_tempfile(fileext = sub("fit", "", name))
    uses[[name]](path)
    readBin(path, "raw", file.size(path))
  })
  names(whole) <- names(uses)
  old <- as.raw(1:255)
  written <- 0
  for (size in seq(8, 72, 4)) {
    expect_true(mount_disk(folder, sprintf("remount,size=%dk", size)))
    for (name in names(uses)) {
      path <- file.path(folder, name)
      writeBin(old, path)
      signalled <- tryCatch(
        {
          uses[[name]](path)
          FALSE
        },
        backprop_error_file = function(e) TRUE,
        backprop_warning_checkpoint = function(w) TRUE
      )
      kept <- readBin(path, "raw", file.size(path))
      expect_identical(kept, if (signalled) old else whole[[name]], info = paste(size, name))
      expect_identical(list.files(folder, all.files = TRUE, no.. = TRUE), name)
      written <- written + !signalled
      unlink(path)
    }
  }
  # some sizes suffice, and some do not
  expect_gt(min(lengths(whole)), 4096)
  expect_gt(written, 0)
  expect_lt(written, length(uses) * 17)

  skip_if_not_installed("gifski")
  expect_true(mount_disk(folder, "remount,size=4k"))
  expect_error(
    nn_animate(nn_trace(X, y, epochs = 1), file.path(folder, "a.gif"), epochs = 1, frames = 2),
    class = "backprop_error_file"
  )
  expect_identical(list.files(folder, all.files = TRUE, no.. = TRUE), character())
})

test_that("models are written to files only, and to where links point", {
  skip_on_os("windows")
  withr::local_dir(withr::local_tempdir())
  fit <- nn_train(X, y, epochs = 1)
  dir.create("folder.c")
  file.symlink("folder.c", "to-folder.c")
  file.symlink("circle.c", "circle.c")
  file.symlink("later.c", "dangling.c")
  refused <- c("folder.c", "to-folder.c", "circle.c", paste0(strrep("a", 254), ".c"))
  if (Sys.which("mkfifo") != "") {
    system2("mkfifo", "pipe.c")
    refused <- c(refused, "pipe.c")
  }
  before <- list.files()
  for (write in list(nn_save, nn_export)) {
    for (path in refused) expect_error(write(fit, path), class = "backprop_error_file")
    expect_error(write(fit, "none/fit.c"), class = "backprop_error_argument")
    expect_identical(list.files(), before)
    write(fit, "dangling.c")
    expect_gt(file.size("later.c"), 0)
    expect_identical(unname(Sys.readlink("dangling.c")), "later.c")
    unlink("later.c")
  }
})

test_that("sources are files, and predictions are written to others", {
  skip_on_os("windows")
  skip_if_not_installed("data.table")
  withr::local_dir(withr::local_tempdir())
  d <- data.frame(a = sin(1:30), b = cos(1:30), y = sin(1:30) - cos(1:30))
  write.csv(d, "d.csv", row.names = FALSE)
  dir.create("folder")
  file.symlink("d.csv", "link.csv")
  file.symlink("later.csv", "dangling.csv")
  file.symlink("circle", "circle")
  if (Sys.which("mkfifo") != "") {
    system2("mkfifo", "pipe")
    expect_error(nn_source("pipe"), "a pipe or a device", class = "backprop_error_file")
    expect_error(nn_source(c("d.csv", "pipe")), "a pipe", class = "backprop_error_file")
  }
  for (path in c("folder", "dangling.csv", "circle", "later.csv", "")) {
    expect_error(nn_source(path), "does not exist", class = "backprop_error_file")
  }
  set.seed(1)
  fit <- nn_train(y ~ a + b, nn_source("link.csv"), hidden = 0, epochs = 1)
  before <- list.files()
  for (path in setdiff(before, c("d.csv", "link.csv", "dangling.csv"))) {
    expect_error(predict(fit, nn_source("d.csv"), into = path), class = "backprop_error_file")
  }
  for (path in c("", "no/p.csv")) {
    expect_error(
      predict(fit, nn_source("d.csv"), into = path), "`into`",
      class = "backprop_error_argument"
    )
  }
  # the table is not overwritten while it is read
  for (path in c("d.csv", "link.csv", "folder/../d.csv")) {
    expect_error(
      predict(fit, nn_source("d.csv"), into = path), "another file",
      class = "backprop_error_argument"
    )
  }
  expect_identical(nrow(read.csv("d.csv")), 30L)
  expect_identical(list.files(), before)
  # to where a link points
  predict(fit, nn_source("d.csv"), into = "dangling.csv")
  expect_identical(Sys.readlink("dangling.csv"), "later.csv")
  expect_equal(read.csv("later.csv")$prediction, predict(fit, d), tolerance = 1e-12)
  # a source that is read again after its file has changed
  source <- nn_source("d.csv")
  predict(fit, source)
  write.csv(transform(d, z = 1), "d.csv", row.names = FALSE)
  expect_error(predict(fit, source), "other columns than in", class = "backprop_error_source")
})

test_that("training continues when the disk is full, with the last complete checkpoint", {
  skip_on_os("windows")
  folder <- withr::local_tempdir()
  printed <- run_child(
    c(
      sprintf("setwd(%s)", encodeString(folder, quote = "\"")),
      "X <- matrix(sin(1:200), 100)",
      "y <- cos(1:100)",
      "train <- function(...) {",
      "  set.seed(1)",
      "  nn_train(X, y, hidden = 2, epochs = 1500, keep_fitted = FALSE, ...)",
      "}",
      # the history grows with the epochs, and with it the checkpoint
      "warned <- 0",
      "fit <- withCallingHandlers(",
      "  train(checkpoint = 'fit.rds', callback = nn_callback(function(now) {",
      "    if (now$epoch %% 500 == 0) Sys.sleep(1.1)",
      "  }, every = 10)),",
      "  backprop_warning_checkpoint = function(w) {",
      "    warned <<- warned + 1",
      "    invokeRestart('muffleWarning')",
      "  }",
      ")",
      "kept <- readRDS('fit.rds')",
      "same <- identical(coef(fit), coef(train()))",
      "more <- nn_continue(kept, X, y, epochs = 1500 - kept$state$epoch)",
      "cat(warned > 0, same, identical(coef(more), coef(fit)), list.files())"
    ),
    first = c("trap '' XFSZ", "ulimit -S -f 24")
  )
  expect_identical(printed, "TRUE TRUE TRUE fit.rds")
})

test_that("checking a checkpoint's path does not touch what is there", {
  skip_on_os("windows")
  withr::local_dir(withr::local_tempdir())
  train <- function(path, ...) nn_train(X, y, epochs = 2, checkpoint = path, ...)
  # a link to a file that does not exist yet
  file.symlink("later.rds", "link.rds")
  expect_error(train("link.rds", penalty = -1), class = "backprop_error_argument")
  expect_identical(list.files(), "link.rds")
  expect_identical(unname(Sys.readlink("link.rds")), "later.rds")
  fit <- train("link.rds")
  expect_identical(coef(readRDS("later.rds")), coef(fit))
  expect_identical(unname(Sys.readlink("link.rds")), "later.rds")
  file.symlink("circle", "circle")
  expect_error(train("circle"), "points back", class = "backprop_error_argument")
  dir.create("folder")
  file.symlink("folder", "to-folder")
  for (path in c("folder", "to-folder", strrep("a", 256))) {
    expect_error(train(path), "can't be written", class = "backprop_error_argument")
  }
  skip_if(Sys.which("mkfifo") == "")
  system2("mkfifo", "pipe")
  expect_error(train("pipe"), "a pipe", class = "backprop_error_argument")
  expect_error(nn_load("pipe"), "a pipe", class = "backprop_error_file")
  skip_if_not(file.exists("/dev/zero"))
  expect_error(nn_load("/dev/zero"), "a device", class = "backprop_error_file")
})

test_that("a read-only directory is an error before training", {
  skip_on_os("windows")
  folder <- withr::local_tempdir()
  withr::defer(Sys.chmod(folder, "700"))
  Sys.chmod(folder, "500")
  skip_if(file.access(folder, 2) == 0) # root may write everywhere
  path <- file.path(folder, "fit")
  expect_error(
    nn_train(X, y, epochs = 1, checkpoint = path), "can't be written",
    class = "backprop_error_argument"
  )
  expect_error(nn_save(nn_train(X, y), path), class = "backprop_error_file")
})

test_that("a read-only file system is an error of each function that writes, also for root", {
  folder <- local_disk("size=1m")
  fit <- nn_train(X, y, epochs = 1)
  old <- file.path(folder, c("old.json", "old.c", "old.rds"))
  for (path in old) writeLines("old", path)
  skip_if_not(mount_disk(folder, "remount,ro"))
  for (path in c(old, file.path(folder, c("new.json", "new.c", "new.rds")))) {
    if (endsWith(path, ".json")) {
      expect_error(nn_save(fit, path), "Read-only", class = "backprop_error_file")
    } else if (endsWith(path, ".c")) {
      expect_error(nn_export(fit, path), "Read-only", class = "backprop_error_file")
    } else {
      expect_error(
        nn_train(X, y, epochs = 1, checkpoint = path), "not writable",
        class = "backprop_error_argument"
      )
      expect_error(
        nn_continue(fit, X, y, epochs = 1, checkpoint = path), "not writable",
        class = "backprop_error_argument"
      )
    }
  }
  d <- data.frame(a = sin(1:40), b = cos(1:40))
  expect_error(
    nn_train(b ~ a, nn_source(d, cache = folder), hidden = 0, epochs = 1), "Read-only",
    class = "backprop_error_cache"
  )
  expect_setequal(list.files(folder, all.files = TRUE, no.. = TRUE), basename(old))
  for (path in old) expect_identical(readLines(path), "old")
})

test_that("temporary files of killed processes are removed, and no others", {
  skip_on_os("windows")
  folder <- withr::local_tempdir()
  path <- file.path(folder, "fit.rds")
  prefix <- backprop:::temporary_prefix(path)
  other <- backprop:::temporary_prefix(file.path(folder, "other.rds"))
  gone <- as.integer(run_child("cat(Sys.getpid())"))
  expect_false(backprop:::is_running(gone))
  expect_true(backprop:::is_running(Sys.getpid()))
  files <- c(
    orphan = paste0(prefix, gone, "-1"), running = paste0(prefix, Sys.getpid(), "-1"),
    recent = paste0(prefix, gone, "-2"), other = paste0(other, gone, "-1"), mine = "nn-fit.rds"
  )
  file.create(file.path(folder, files))
  Sys.setFileTime(file.path(folder, files[names(files) != "recent"]), Sys.time() - 60)
  backprop:::write_checkpoint(1, path)
  expect_setequal(list.files(folder), c("fit.rds", files[names(files) != "orphan"]))
  expect_identical(readRDS(path), 1)
})

test_that("a clock that is set back does not stop checkpoints", {
  due <- backprop:::is_checkpoint_due
  expect_true(due(5, -Inf))
  expect_false(due(5.5, 5))
  expect_true(due(6, 5))
  expect_true(due(-3600, 5))
})

# --- Time limits ----------------------------------------------------------------------------------

test_that("a time limit is R's own error, and holds what was trained", {
  withr::defer(setTimeLimit())
  set.seed(1)
  inputs <- matrix(rnorm(4e4), 2000)
  targets <- rnorm(2000)
  path <- withr::local_tempfile()
  train <- function(epochs, seconds = Inf, ...) {
    set.seed(2)
    setTimeLimit(elapsed = seconds)
    nn_train(inputs, targets, hidden = 20, epochs = epochs, batch_size = 100, dropout = 0.1, ...)
  }
  # within the core
  limit <- tryCatch(train(1e7, 0.5, checkpoint = path), error = function(e) e)
  expect_identical(class(limit), c("simpleError", "error", "condition"))
  expect_match(conditionMessage(limit), gettext("reached elapsed time limit", domain = "R"))
  expect_s3_class(limit$fit, "nn_fit")
  expect_identical(limit$fit$stop, "interrupted")
  expect_gt(limit$fit$state$epoch, 0)
  expect_identical(readRDS(path), limit$fit)
  more <- nn_continue(limit$fit, inputs, targets, epochs = 2)
  expect_identical(coef(more), coef(train(limit$fit$state$epoch + 2)))
  # in a callback
  limit <- tryCatch(
    train(1e7, 0.5, callback = function(now) if (now$epoch == 3) while (TRUE) sqrt(2)),
    error = function(e) e
  )
  expect_identical(class(limit), c("simpleError", "error", "condition"))
  expect_identical(coef(limit$fit), coef(train(3)))
  # between chunks
  limit <- tryCatch(train(1e7, 0.5, callback = function(now) NULL), error = function(e) e)
  expect_identical(class(limit), c("simpleError", "error", "condition"))
  more <- nn_continue(limit$fit, inputs, targets, epochs = 2)
  expect_identical(coef(more), coef(train(limit$fit$state$epoch + 2)))
  expect_error(
    train(10, callback = function(now) stop("own")), "own",
    class = "backprop_error_callback"
  )
})

# --- Fits that were changed by hand, or come from a file ------------------------------------------

test_that("a fit whose parts do not fit together is refused, whatever uses it", {
  skip_on_cran()
  set.seed(1)
  inputs <- as.matrix(iris[1:4])
  from_data <- nn_train(Species ~ ., iris, hidden = c(3, 2), epochs = 3)
  from_matrix <- nn_train(inputs, iris$Species, hidden = c(3, 2), epochs = 3)
  changes <- list(
    quote(fit$wh1 <- fit$wh1[, -1]), quote(fit$wh1 <- t(fit$wh1)), quote(fit$wh1 <- NULL),
    quote(fit$wh1 <- "1"), quote(fit$bh2 <- fit$bh2[, -1, drop = FALSE]),
    quote(fit$wout <- fit$wout[-1, ]), quote(fit$bout <- fit$bout[, -1, drop = FALSE]),
    quote(fit$layers <- NULL), quote(fit$layers <- 1), quote(fit$layers[[1]] <- 1),
    quote(fit$layers[[3]] <- NULL), quote(fit$layers[[1]]$units <- 2e6),
    quote(fit$layers[[1]]$units <- NaN), quote(fit$layers[[1]]$units <- -3),
    quote(fit$layers[[1]]$units <- "3"), quote(fit$layers[[1]]$inputs <- 2^32 + 4),
    quote(fit$layers[[2]]$inputs <- 2), quote(fit$layers[[1]]$activation <- "none"),
    quote(fit$layers[[1]]$activation <- NULL), quote(fit$layers[[1]]$kind <- "none"),
    quote(fit$levels <- "setosa"), quote(fit$settings <- NULL), quote(fit$has_offset <- NULL),
    quote({
      fit$layers[[1]]$units <- 4
      fit$layers[[1]]$inputs <- 3
    })
  )
  uses <- list(
    quote(predict(fit, data)), quote(coef(fit)), quote(print(fit)), quote(summary(fit)),
    quote(plot(fit, "network")), quote(nn_export(fit, tempfile(fileext = ".c"))),
    quote(nn_continue(fit, data, y, epochs = 1))
  )
  for (kind in c("data", "matrix")) {
    data <- if (kind == "data") iris else inputs
    y <- if (kind == "matrix") iris$Species
    for (change in changes) {
      fit <- unclass(if (kind == "data") from_data else from_matrix)
      eval(change)
      class(fit) <- "nn_fit"
      for (use in uses) {
        expect_error(
          eval(use), "not a valid fit",
          class = "backprop_error_argument",
          info = paste(deparse1(change), deparse1(use))
        )
      }
      expect_error(nn_save(fit, tempfile()), class = "backprop_error_file")
    }
  }
  fit <- unclass(from_data)
  fit$encoding$center <- 1
  expect_error(predict(structure(fit, class = "nn_fit"), iris), class = "backprop_error_argument")
  expect_snapshot(error = TRUE, {
    fit <- from_matrix
    fit$wh1 <- fit$wh1[, -1]
    predict(fit, inputs)
    nn_continue(fit, inputs, iris$Species, epochs = 1)
  })
})

test_that("what random changes of models have found is refused", {
  set.seed(1)
  fit <- unclass(nn_train(X, y, epochs = 1, weights = c(1, 2, 1)))
  path <- withr::local_tempfile(fileext = ".json")
  for (change in list(
    quote(fit$has_weights <- logical()), quote(fit$has_weights <- NA), quote(fit$output <- NULL),
    quote(fit$residuals <- NULL), quote(fit$layers[[1]]$kind <- c("dense", "dense")),
    quote(fit$layers[[1]]$activation <- c("sigmoid", "tanh")),
    quote(fit$layers[[1]]$units <- c(3, 3)),
    quote(fit$layers[[1]]$parameters <- c(fit$layers[[1]]$parameters, more = "bout"))
  )) {
    local({
      eval(change)
      fit <- structure(fit, class = "nn_fit")
      # in memory: an error, or finite numbers
      for (use in c(quote(predict(fit, X)), quote(utils::capture.output(summary(fit))))) {
        result <- tryCatch(eval(use), backprop_error = function(e) 0)
        expect_false(anyNA(result))
      }
      expect_error(nn_save(fit, path), class = "backprop_error_file", info = deparse1(change))
    })
  }
})

test_that("the bridge checks sizes and counters, whoever calls", {
  core <- function(name) getFromNamespace(paste0("core_", name), "backprop")
  forward <- function(layers, weights, X, offset = NULL) {
    core("forward")(layers, weights, X, offset, FALSE, FALSE)$output
  }
  layer <- function(inputs, units) {
    list(list(kind = "dense", inputs = inputs, units = units, activation = "identity"))
  }
  X <- matrix(as.double(1:6), 2)
  expect_identical(forward(layer(3, 1), c(1, 10, 100, 0.5), X), cbind(c(531.5, 642.5)) - c(0, 0))
  for (units in list(0, -1, 1.5, NaN, Inf, 2^31, 1e300)) {
    expect_error(forward(layer(3, units), numeric(4), X), "whole number")
    expect_error(forward(layer(units, 1), numeric(4), X), "whole number")
  }
  expect_error(forward(layer(2, 1), numeric(3), X), "column for each input")
  expect_error(forward(layer(4, 1), numeric(5), X), "column for each input")
  for (offset in list(matrix(0, 1, 1), matrix(0, 2, 2), matrix(0, 3, 1))) {
    expect_error(forward(layer(3, 1), numeric(4), X, offset), "offset")
  }
  rows <- function(y = matrix(0, 2, 1), weights = numeric(), offset = NULL, which = 1:2) {
    core("rows")(X, y, weights, offset, which, FALSE)
  }
  expect_error(rows(y = matrix(0, 1, 1)), "row for each")
  expect_error(rows(weights = 1), "weight for each")
  expect_error(rows(offset = matrix(0, 1, 1)), "offset")
  expect_error(rows(which = 0:1), "out of range")
  expect_error(rows(which = 3L), "out of range")
  expect_error(rows(which = NA_integer_), "out of range")
  expect_error(core("descend")(numeric(3), numeric(2), 0.1), "derivative for each")
  expect_error(core("slope")("tanh", numeric(3), numeric(30)), "output for each")
  expect_error(core("row_order")(c(1, 2), 2^32, 3L), "whole number")
  expect_error(core("row_order")(c(-1, 2), 1, 3L), "whole number")
  expect_error(core("philox")(1:3, c(1, 2)), "4 words")
  skip_if_not_installed("Matrix")
  sparse <- methods::as(Matrix::Matrix(X * (X > 2), sparse = TRUE), "dgCMatrix")
  expect_identical(dim(forward(layer(3, 1), numeric(4), sparse)), c(2L, 1L))
  for (change in list(
    quote(bad@p[2] <- 100L), quote(bad@p[2] <- -1L), quote(bad@i[1] <- 2L), quote(bad@i[1] <- -1L),
    quote(bad@x <- bad@x[-1]), quote(bad@p <- bad@p[-1]), quote(bad@p[1] <- 1L)
  )) {
    bad <- sparse
    eval(change)
    expect_error(forward(layer(3, 1), numeric(4), bad), "invalid", info = deparse1(change))
  }
})

test_that("a state that counts beyond its limits can't be resumed", {
  set.seed(1)
  inputs <- as.matrix(iris[1:4])
  fit <- nn_train(
    inputs, iris$Species,
    hidden = 2, optimizer = "adam", batch_size = 16, epochs = 3, reduction = "mean"
  )
  changed <- function(change) {
    fit <- unclass(fit)
    eval(change)
    structure(fit, class = "nn_fit")
  }
  resume <- function(fit, epochs = 2) nn_continue(fit, inputs, iris$Species, epochs = epochs)
  under_way <- function(...) bquote(fit$state$under_way[] <- .(c(...)))
  refused <- list(
    # 150 rows are 10 batches: 0 to 9
    under_way(10, 1, 150, 0), under_way(9, 1, 0, 0), under_way(0, 1, 0, 0),
    under_way(1.5, 1, 24, 0), under_way(-1, 0, 0, 0), under_way(2^40, 1, 1, 0),
    under_way(3, 1, -1, 0),
    quote(fit$state$epoch <- 2^32), quote(fit$state$epoch <- -1), quote(fit$state$epoch <- 2.5),
    quote(fit$state$epoch <- 7), quote(fit$state$best_epoch <- 4), quote(fit$state$stale <- 4),
    quote(fit$history$epoch <- c(1, 1, 3)), quote(fit$history$epoch[2] <- NaN)
  )
  for (change in refused) {
    expect_error(
      resume(changed(change)), "not a valid fit",
      class = "backprop_error_argument", info = deparse1(change)
    )
    expect_error(nn_save(changed(change), tempfile()), class = "backprop_error_file")
  }
  last <- changed(quote({
    fit$state$epoch <- 2^32 - 2
    fit$history$epoch[3] <- 2^32 - 2
  }))
  expect_error(resume(last), "at most 1", class = "backprop_error_argument")
  expect_identical(resume(last, 1)$state$epoch, 2^32 - 1)
  # more updates than epochs can be counted
  many <- changed(quote(fit$state$steps <- 1e12))
  path <- withr::local_tempfile()
  nn_save(many, path)
  expect_identical(nn_load(path), many)
  # rows of weight 0 are in no batch, so there are fewer batches than rows say
  weights <- rep(1:0, c(60, 90))
  set.seed(1)
  weighted <- unclass(nn_train(
    inputs, iris$Species,
    hidden = 2, optimizer = "adam", batch_size = 16, epochs = 3, weights = weights
  ))
  weighted$state$under_way[] <- c(9, 1, 144, 0)
  expect_error(
    nn_continue(
      structure(weighted, class = "nn_fit"), inputs, iris$Species,
      epochs = 1, weights = weights
    ), "4 batches",
    class = "backprop_error_argument"
  )
  # fewer rows than the epoch under way: they are other data
  begun <- changed(under_way(9, 1, 144, 0))
  expect_warning(
    fewer <- nn_continue(begun, inputs[1:60, ], iris$Species[1:60], epochs = 1),
    class = "backprop_warning_other_data"
  )
  expect_true(all(is.finite(fewer$history$loss)))
})

# --- Locales and options --------------------------------------------------------------------------

# What a fit returns and writes, as the digests of the bytes. Runs in another process.
numbers_of_fit <- c(
  "set.seed(1)",
  "d <- data.frame(y = rnorm(40), a = 1e5 * rnorm(40), g = factor(rep(c('u', 'v'), 20)))",
  "fit <- nn_train(y ~ log(a^2) + g, d, hidden = 3, epochs = 20)",
  "X <- as.matrix(d['a'])",
  "rownames(X) <- NULL",
  "train <- function() {",
  "  set.seed(2)",
  "  nn_train(X / 1e5, d$y, hidden = c(3, 2), epochs = 5)",
  "}",
  "plain <- train()",
  "digests <- function() {",
  "  folder <- tempfile('folder')",
  "  dir.create(folder)",
  "  path <- function(name) file.path(folder, name)",
  "  nn_save(fit, path('model.json'))",
  "  stopifnot(identical(nn_load(path('model.json')), fit))",
  "  for (ending in c('.c', '.R', '.sql', '.onnx')) {",
  "    nn_export(plain, path(paste0('plain', ending)))",
  "    nn_export(fit, path(paste0('fit', ending)))",
  "  }",
  "  backprop:::write_checkpoint(plain, path('fit.rds'))",
  "  c(",
  "    tools::md5sum(list.files(folder, full.names = TRUE)),",
  "    predict = cli::hash_obj_md5(predict(fit, d)), train = cli::hash_obj_md5(coef(train())),",
  "    more = cli::hash_obj_md5(coef(nn_continue(plain, X / 1e5, d$y, epochs = 5))),",
  "    packed = backprop:::packed_numbers(c(pi, 1e-300, 1e300, -0.1))",
  "  )",
  "}"
)

test_that("files and results do not depend on options", {
  skip_if_not_installed("jsonlite")
  cases <- c(
    "scipen = -20", "scipen = 100", "OutDec = ','", "digits = 3", "encoding = 'latin1'",
    "warn = 2", "na.action = 'na.fail'", "na.action = 'na.pass'", "width = 20",
    "contrasts = c('contr.sum', 'contr.helmert')", "max.print = 5", "keep.source = TRUE"
  )
  printed <- run_child(c(
    numbers_of_fit,
    "expected <- unname(digests())",
    sprintf(
      "old <- options(%s); stopifnot(identical(unname(digests()), expected)); options(old)", cases
    ),
    "cat(length(expected))"
  ))
  expect_identical(printed, "14")
})

test_that("files and results do not depend on the locale's decimal separator", {
  skip_on_os("windows")
  skip_if_not_installed("jsonlite")
  skip_if(Sys.which("localedef") == "" || !file.exists("/usr/share/i18n/locales/de_DE"))
  folder <- withr::local_tempdir()
  system2(
    "localedef", c("-i", "de_DE", "-f", "UTF-8", file.path(folder, "de_DE.UTF-8")),
    stdout = FALSE, stderr = FALSE
  )
  skip_if_not(dir.exists(file.path(folder, "de_DE.UTF-8")))
  printed <- run_child(
    c(
      numbers_of_fit,
      "expected <- unname(digests())",
      "stopifnot(nzchar(suppressWarnings(Sys.setlocale('LC_NUMERIC', 'de_DE.UTF-8'))))",
      "stopifnot(sprintf('%.1f', 0.5) == '0,5')",
      "stopifnot(identical(unname(digests()), expected))",
      "stopifnot(sprintf('%.1f', 0.5) == '0,5')",
      "options(scipen = -20)",
      "try(nn_load('none.json'), silent = TRUE)",
      "cat(sprintf('%.1f', 0.5), getOption('scipen') == -20)"
    ),
    variables = c("LC_ALL=C", paste0("LOCPATH=", folder))
  )
  expect_identical(printed, "0,5 TRUE")
})

# --- Weights at the edge --------------------------------------------------------------------------

test_that("weights that overflow or vanish are an error that names them", {
  set.seed(1)
  d <- data.frame(a = rnorm(30), b = rnorm(30), y = rnorm(30), k = rep(c("u", "v", "w"), 10))
  inputs <- as.matrix(d[1:2])
  refused <- function(call) {
    expect_error(call, "largest of `weights`", class = "backprop_error_argument")
  }
  for (w in list(
    rep(1e308, 30), c(1e300, rep(1e-300, 29)), rep(1e-320, 30), rep(1e150, 30), rep(1e-300, 30)
  )) {
    d$w <- w
    refused(nn_train(inputs, d$y, weights = w, epochs = 1))
    refused(nn_train(inputs, factor(d$k), weights = w, epochs = 1, class_weights = "balanced"))
    refused(nn_train(y ~ a + b, d, weights = w, epochs = 1))
    refused(nn_train(d[1:2], d$k, weights = w, epochs = 1))
    refused(nn_loss(nn_init(2, 1), inputs, d$y, weights = w))
    expect_error(
      nn_train(inputs, d$y, epochs = 1, validation = list(X = inputs, y = d$y, weights = w)),
      class = "backprop_error"
    )
  }
  for (size in c(1e-46, 1e39)) {
    refused(nn_train(inputs, d$y, weights = rep(size, 30), precision = "single", epochs = 1))
  }
  # a scale of all weights changes nothing but rounding, if the loss is a mean
  train <- function(size, precision = "double") {
    set.seed(2)
    coef(nn_train(
      inputs, d$y,
      weights = size * rep(1:3, 10), hidden = 2, reduction = "mean", optimizer = "lbfgs",
      epochs = 20, precision = precision
    ))
  }
  for (size in 2^c(-300, -100, 100, 300)) expect_identical(train(size), train(1))
  for (size in 2^c(-60, 90)) expect_identical(train(size, "single"), train(1, "single"))
  # with smaller weights, some terms of gradients are below the least number of single precision
  expect_equal(train(2^-90, "single"), train(1, "single"), tolerance = 1e-7)
  # tiny weights next to others are as good as 0
  tiny <- rep(c(1, 1e-200), 15)
  train <- function(weights, ...) {
    set.seed(2)
    coef(nn_train(inputs, d$y, weights = weights, epochs = 20, reduction = "mean", ...))
  }
  expect_equal(train(tiny), train(1 * (tiny == 1)), tolerance = 1e-12)
  expect_equal(
    train(tiny, precision = "single"), train(1 * (tiny == 1), precision = "single"),
    tolerance = 1e-6
  )
})

test_that("training returns a fit that other functions accept, or an error", {
  set.seed(1)
  inputs <- matrix(rnorm(60), 30)
  # the squares of these gradients have no number in single precision, the loss has
  train <- function(optimizer, ...) {
    set.seed(2)
    nn_train(
      1e18 * inputs, 1e3 * inputs[, 1],
      output_activation = "identity", activation = "relu", optimizer = optimizer, hidden = 2,
      epochs = 3, precision = "single", ...
    )
  }
  for (optimizer in c("adam", "adamw", "rmsprop")) {
    for (batch_size in list(NULL, 10)) {
      error <- expect_error(
        train(optimizer, batch_size = batch_size), "update of the weights is not finite",
        class = "backprop_error_diverged"
      )
      expect_identical(error$fit$state$epoch, 0)
      expect_identical(backprop:::invalid_field(unclass(error$fit)), NULL)
      # a checkpoint in the epoch is of finite numbers as well
      path <- withr::local_tempfile()
      expect_error(train(optimizer, checkpoint = path), class = "backprop_error_diverged")
      expect_identical(backprop:::invalid_field(unclass(readRDS(path))), NULL)
    }
  }
  # the standard deviation of a row that hardly counts exceeds all numbers
  d <- data.frame(a = inputs[, 1], b = inputs[, 2])
  d$y <- d$a - d$b / 2 + rnorm(30, sd = 0.1)
  weights <- c(1e12, rep(1, 29))
  set.seed(1)
  fit <- nn_train(
    y ~ a + b, d,
    loss = "gaussian", hidden = 3, epochs = 30, penalty = 0, weights = weights
  )
  expect_true(any(is.infinite(fitted(fit))))
  expect_output(print(fit))
  expect_output(print(summary(fit)))
  expect_s3_class(nn_doctor(fit), "nn_doctor")
  path <- withr::local_tempfile()
  nn_save(fit, path)
  expect_identical(nn_load(path), fit)
  more <- nn_continue(fit, d, epochs = 1, weights = weights)
  expect_identical(more$state$epoch, fit$state$epoch + 1)
})

test_that("what the doctor reads is checked before it is used", {
  set.seed(1)
  fit <- nn_train(mpg ~ wt + hp, mtcars, hidden = 2, penalty = 0.1)
  changes <- list(
    function(probe) replace(probe, "total", NA_real_),
    function(probe) replace(probe, "losses", list(probe$losses[-4])),
    function(probe) replace(probe, "losses", list(unname(probe$losses))),
    function(probe) replace(probe, "targets", list(1)),
    function(probe) probe[names(probe) != "spread"],
    function(probe) replace(probe, "rows", list(c(1, 2)))
  )
  for (change in changes) {
    changed <- unclass(fit)
    changed$probe <- change(changed$probe)
    expect_error(
      nn_continue(structure(changed, class = "nn_fit"), mtcars, epochs = 1),
      class = "backprop_error_argument"
    )
  }
  expect_no_error(nn_continue(fit, mtcars, epochs = 1))
})

test_that("predictions for huge inputs are numbers or an error, in both precisions", {
  set.seed(1)
  X <- matrix(rnorm(60), 20)
  y <- rnorm(20)
  for (precision in c("double", "single")) {
    for (activation in c("tanh", "relu")) {
      fit <- nn_train(
        X, y,
        hidden = 3, epochs = 5, reduction = "mean", activation = activation,
        output_activation = "identity", precision = precision
      )
      predicted <- tryCatch(predict(fit, X * 1e300), backprop_error = function(e) 0)
      expect_false(anyNA(predicted), info = paste(precision, activation))
    }
  }
})

test_that("a formula of 2,000 terms is read in a time that grows as its terms", {
  skip_on_cran()
  seconds <- function(terms) {
    set.seed(1)
    d <- as.data.frame(matrix(rnorm(8 * terms), 8))
    d$y <- rnorm(8)
    fit <- nn_train(y ~ ., d, hidden = 1, epochs = 1, optimizer = "adam")
    path <- withr::local_tempfile(fileext = ".json")
    nn_save(fit, path)
    took <- system.time(back <- nn_load(path))
    expect_identical(formula(back), formula(fit))
    took[[1]]
  }
  # quadratic time would be 16 times as long
  for (i in 1:3) {
    ratio <- seconds(2000) / max(seconds(500), 0.05)
    if (ratio < 8) break
  }
  expect_lt(ratio, 8)
})

test_that("objects whose fields were changed by hand are refused, whoever is given them", {
  X <- matrix(c(0.1, 0.7, -0.4, 1.1, 0.3, -0.9, 0.2, 0.5), 4)
  y <- c(0.2, 0.9, 0.4, 0.6)
  train <- function(...) nn_train(X, y, hidden = 2, epochs = 2, ...)
  changed <- function(object, field, value) {
    plain <- unclass(object)
    plain[field] <- list(value)
    structure(plain, class = class(object))
  }
  refused <- function(code) {
    expect_error(code, class = "backprop_error_argument")
  }
  schedule <- nn_warm_up(3, then = nn_step(2))
  schedules <- list(
    changed(schedule, "kind", character()), changed(schedule, "kind", c("step", "cosine")),
    changed(schedule, "then", changed(nn_step(2), "every", -1)), changed(schedule, "epochs", 0),
    changed(schedule, "then", 1), structure(3, class = "nn_schedule"),
    changed(nn_plateau(), "patience", NULL)
  )
  for (bad in schedules) {
    refused(train(schedule = bad))
    refused(nn_warm_up(2, then = bad))
    refused(print(bad))
  }
  optimizers <- list(
    changed(nn_adam(), "name", "no such"), changed(nn_adam(), "numbers", list(beta1 = 2)),
    changed(nn_adam(), "learning_rate", "fast"), structure(1, class = "nn_optimizer")
  )
  for (bad in optimizers) {
    refused(train(optimizer = bad))
    refused(print(bad))
  }
  losses <- list(
    changed(nn_huber(), "parameter", -1), changed(nn_huber(), "name", NULL),
    changed(nn_huber(), "estimated", TRUE), structure("huber", class = "nn_loss_setting")
  )
  for (bad in losses) {
    refused(train(loss = bad))
    refused(nn_trace(X, y, loss = bad))
    refused(print(bad))
  }
  own <- nn_custom_activation(function(z) z, function(z) 1 + 0 * z)
  refused(train(activation = changed(own, "derivative", 1)))
  refused(print(changed(own, "value", NULL)))
  for (bad in list(changed(nn_callback(identity), "f", 1), structure(1, class = "nn_callback"))) {
    refused(train(callback = bad))
    refused(print(bad))
  }
  alone <- structure(list(
    rank = 0, size = 1, sum = function(x) x, broadcast = function(object, from) object
  ), class = "nn_communicator")
  for (size in list(0, 2^31, "1", NULL, c(1, 1), NaN)) {
    refused(train(communicator = changed(alone, "size", size)))
    refused(print(changed(alone, "size", size)))
  }
  # what is not changed is accepted, also an estimated setting of a fit
  expect_s3_class(train(schedule = nn_warm_up(3, nn_cosine(4)), optimizer = nn_adam()), "nn_fit")
  counts <- nn_train(X, c(1, 0, 3, 2),
    hidden = 0, loss = nn_negative_binomial(NULL), output_activation = "exp", epochs = 20,
    optimizer = "lbfgs", penalty = 0.1
  )
  expect_output(print(counts$settings$loss), "estimated")
  expect_s3_class(
    nn_train(X, c(1, 0, 3, 2),
      hidden = 0, loss = counts$settings$loss, output_activation = "exp", epochs = 2
    ), "nn_fit"
  )
  expect_snapshot(error = TRUE, {
    train(schedule = schedules[[3]])
    train(optimizer = optimizers[[1]])
    nn_trace(X, y, loss = losses[[1]])
    train(callback = changed(nn_callback(identity), "every", 0))
  })
})

test_that("a source whose fields were changed by hand is refused before it is read", {
  data <- data.frame(x = c(1, 2, 3, 4, 5, 6), y = c(1, 3, 2, 5, 4, 6))
  fit <- nn_train(y ~ x, data, hidden = 0, epochs = 2)
  fields <- list(
    open = 1, label = 3, cache = "no such folder", rows = c(3, 1), rows = "a", portable = NA,
    count = -1
  )
  for (i in seq_along(fields)) {
    bad <- nn_source(data)
    bad[names(fields)[i]] <- fields[i]
    refused <- function(code) expect_error(code, class = "backprop_error_argument")
    refused(nn_train(y ~ x, bad, hidden = 0, epochs = 2))
    refused(nn_train(y ~ x, data, hidden = 0, epochs = 2, validation = bad))
    refused(nn_cv(y ~ x, bad, folds = 2, hidden = 0, epochs = 2))
    refused(nn_continue(fit, bad, epochs = 1))
    refused(predict(fit, bad))
    refused(print(bad))
  }
})

test_that("a trace whose fields were changed by hand is refused", {
  X <- matrix(c(0.1, 0.7, -0.4, 1.1, 0.3, -0.9, 0.2, 0.5, 0.6, 0.8), 5)
  y <- factor(c("a", "b", "c", "a", "b"))
  set.seed(1)
  trace <- nn_trace(X, y, hidden = c(2, 2), skip = TRUE, batch_size = 2, epochs = 2)
  pdf(NULL)
  withr::defer(dev.off())
  uses <- list(
    print, format, summary, as.data.frame, function(x) plot(x, epoch = 1, batch = 2),
    function(x) x[["wh1_after", epoch = 1, batch = 3]],
    function(x) trace_origin(x, NULL)
  )
  for (use in uses[-7]) expect_no_error(capture.output(use(trace)))
  change <- function(how) {
    plain <- unclass(trace)
    structure(how(plain), class = "nn_trace")
  }
  changes <- list(
    function(x) {
      x$epochs <- 1
      x
    },
    function(x) {
      x$epochs[[1]] <- 1
      x
    },
    function(x) {
      x$epochs[[1]]$batches[[2]] <- numeric()
      x
    },
    function(x) {
      x$epochs[[1]]$steps[[3]]$value <- "a"
      x
    },
    function(x) {
      x$epochs[[1]]$steps[[9]]$inputs <- NULL
      x
    },
    function(x) {
      x$epochs[[1]]$steps[[1]]$id <- NULL
      x
    },
    function(x) {
      x$settings$skip <- NULL
      x
    },
    function(x) {
      x$settings$units <- c(2, 2)
      x
    },
    function(x) {
      x$settings$loss <- "huber"
      x
    },
    function(x) 1
  )
  for (how in changes) {
    for (use in uses) {
      expect_error(capture.output(use(change(how))), class = "backprop_error_argument")
    }
  }
  # what the trace of a run that diverged may hold
  nan <- change(function(x) {
    x$epochs[[2]]$steps[[length(x$epochs[[2]]$steps)]]$value[] <- NaN
    x
  })
  expect_output(print(nan), "NaN")
})

test_that("a fit whose fields were changed by hand is refused by what uses them", {
  data <- data.frame(x = c(1, 2, 3, 4, 5, 6), y = c(1, 3, 2, 5, 4, 6))
  fit <- nn_train(y ~ x, data, hidden = 2, epochs = 5)
  pdf(NULL)
  withr::defer(dev.off())
  uses <- list(
    print, summary, nn_doctor, nn_strip, plot, fitted, residuals, family, deviance, labels,
    function(x) nn_effects(x, data, "x"), function(x) nn_importance(x, data),
    function(x) nn_continue(x, data, epochs = 1), function(x) nn_save(x, tempfile()),
    function(x) nn_export(x, tempfile(fileext = ".R")), tidy.nn_fit, glance.nn_fit,
    function(x) augment.nn_fit(x, data), neuralweights.nn_fit, get_coef.nn_fit,
    function(x) model.frame(x, data), function(x) model.matrix(x, data), predict
  )
  fields <- list(
    list("output", character()),
    list("history", 1), list("stop", NULL), list("errors", 1), list("probe", "a"),
    list("layers", 1), list("settings", 1), list("encoding", list()), list("schema", "a"),
    list("n", c(1, 2)), list("evidence", list(1))
  )
  for (field in fields) {
    bad <- unclass(fit)
    bad[field[[1]]] <- field[2]
    for (use in uses) {
      expect_error(
        capture.output(use(structure(bad, class = "nn_fit"))),
        class = "backprop_error", info = field[[1]]
      )
    }
  }
  # what the table above does not reach: a table of unequal columns, the loss behind intervals, and
  # names that another locale writes otherwise
  changed <- function(fit, change) {
    fit <- unclass(fit)
    eval(change)
    structure(fit, class = "nn_fit")
  }
  bad <- changed(fit, quote(fit$history <- structure(
    list(epoch = c(1, 2), loss = 1),
    class = "data.frame", row.names = 1:2
  )))
  expect_error(plot(bad), class = "backprop_error_argument")
  set.seed(1)
  named <- stats::setNames(data.frame(sin(1:40), cos(1:40)), c("\u00e4", "y"))
  fit <- nn_train(y ~ ., named, hidden = 0, epochs = 2, calibration = 0.3)
  for (loss in list(NULL, 1, "a", list())) {
    bad <- changed(fit, bquote(fit$settings["loss"] <- list(.(loss))))
    expect_error(
      predict(bad, named, interval = "prediction"),
      class = "backprop_error_argument"
    )
  }
  replace_in("backprop", is_utf8_locale = function() FALSE)
  for (columns in list(1, list(1), "a")) {
    bad <- changed(fit, bquote(fit$encoding$columns <- .(columns)))
    for (use in list(stats::formula, stats::fitted, predict, nn_doctor)) {
      result <- tryCatch(use(bad), backprop_error = function(e) NULL)
      expect_true(is.null(result) || inherits(result, "formula") || is.numeric(result))
    }
  }
  expect_error(nn_doctor(structure(1, class = "nn_fit")), class = "backprop_error_argument")
  expect_error(predict(structure(1, class = "nn_fit")), class = "backprop_error_argument")
})
