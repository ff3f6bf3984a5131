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
