# The processes of an MPI job. Most tests of training in several processes are in test-ranks.R.

# Runs a script in `size` processes: list(status, output). `seconds`: when to give up.
run_job <- function(size, script, seconds = 120) {
  skip_on_cran()
  skip_on_os(c("windows", "mac", "solaris"))
  skip_if_not(nzchar(Sys.which("mpirun")), "mpirun is not installed")
  # loading it would make this process an MPI job, in which mpirun does not start
  skip_if_not(nzchar(system.file(package = "pbdMPI")), "pbdMPI is not installed")
  file <- withr::local_tempfile(fileext = ".R")
  writeLines(c("library(backprop)", script), file)
  libraries <- paste(.libPaths(), collapse = .Platform$path.sep)
  root <- Sys.info()[["effective_user"]] == "root"
  output <- suppressWarnings(system2(
    "mpirun", c(
      if (root) "--allow-run-as-root", "--oversubscribe", "-np", size,
      shQuote(file.path(R.home("bin"), "Rscript")), shQuote(file)
    ),
    stdout = TRUE, stderr = TRUE, env = paste0("R_LIBS=", shQuote(libraries)), timeout = seconds
  ))
  status <- attr(output, "status")
  list(status = if (is.null(status)) 0 else status, output = output)
}

data <- c(
  "set.seed(3)", "X <- matrix(rnorm(300), 100)", "y <- sin(X[, 1]) + 0.1 * rnorm(100)",
  "own <- function(mpi) which(ceiling(1:100 / 100 * mpi$size) == mpi$rank + 1)"
)

test_that("the fit of an MPI job is that of one process, and the same in the next job", {
  path <- withr::local_tempfile()
  job <- c(
    data, "mpi <- nn_mpi(60)", "own <- own(mpi)", "set.seed(1 + mpi$rank)",
    "fits <- lapply(c('adam', 'lbfgs'), function(optimizer) nn_train(",
    "  X[own, ], y[own], hidden = 4, epochs = 20, reduction = 'mean', optimizer = optimizer,",
    "  batch_size = if (optimizer == 'adam') 16, output_activation = 'identity',",
    "  validation = 0.2, communicator = mpi",
    "))",
    sprintf("saveRDS(fits, paste0('%s', mpi$rank))", path), "pbdMPI::finalize()"
  )
  eval(parse(text = data), environment())
  set.seed(1)
  alone <- lapply(c("adam", "lbfgs"), function(optimizer) {
    nn_train(
      X, y,
      hidden = 4, epochs = 20, reduction = "mean", optimizer = optimizer,
      batch_size = if (optimizer == "adam") 16, output_activation = "identity", validation = 0.2
    )
  })
  for (size in 2:3) {
    done <- run_job(size, job)
    expect_identical(done$status, 0)
    fits <- lapply(seq_len(size) - 1, function(rank) readRDS(paste0(path, rank)))
    for (i in 1:2) {
      for (rank in seq_len(size)) expect_identical(fits[[rank]][[i]], fits[[1]][[i]])
      expect_lt(max(abs(unlist(coef(fits[[1]][[i]])) - unlist(coef(alone[[i]])))), 1e-12)
      expect_equal(fits[[1]][[i]]$history, alone[[i]]$history, tolerance = 1e-12)
    }
  }
  run_job(3, job)
  expect_identical(lapply(0:2, function(rank) readRDS(paste0(path, rank))), fits)
})

test_that("a single process is alone", {
  done <- run_job(1, c("print(nn_mpi())", "pbdMPI::finalize()"))
  expect_identical(done$status, 0)
  expect_match(done$output, "Communicator: rank 0 of 1", all = FALSE)
})

test_that("the end of a process ends the job, which resumes from its checkpoint", {
  path <- withr::local_tempfile()
  done <- run_job(2, c(
    data, "mpi <- nn_mpi(60)", "own <- own(mpi)", "set.seed(1)",
    "nn_train(", "  X[own, ], y[own], epochs = 1e5, reduction = 'mean', batch_size = 10,",
    sprintf("  optimizer = 'adam', checkpoint = '%s', communicator = mpi,", path),
    "  callback = function(now) {",
    sprintf("    if (mpi$rank == 1 && file.exists('%s')) tools::pskill(Sys.getpid(), 9)", path),
    "  }", ")"
  ))
  expect_true(done$status != 0)
  so_far <- readRDS(path)
  done <- run_job(3, c(
    data, "mpi <- nn_mpi(60)", "own <- own(mpi)",
    sprintf("fit <- readRDS('%s')", path),
    "fit <- nn_continue(fit, X[own, ], y[own], epochs = 4, communicator = mpi)",
    sprintf("if (mpi$rank == 0) saveRDS(fit, '%s')", path), "pbdMPI::finalize()"
  ))
  expect_identical(done$status, 0)
  longer <- readRDS(path)
  eval(parse(text = data), environment())
  set.seed(1)
  alone <- nn_train(
    X, y,
    epochs = so_far$state$epoch + 4, reduction = "mean", batch_size = 10, optimizer = "adam"
  )
  expect_lt(max(abs(unlist(coef(longer)) - unlist(coef(alone)))), 1e-12)
})

test_that("a process that hangs is noticed", {
  start <- proc.time()[[3]]
  done <- run_job(2, c(
    data, "mpi <- nn_mpi(timeout = 2)", "own <- own(mpi)",
    "nn_train(X[own, ], y[own], epochs = 10, communicator = mpi, callback = function(now) {",
    "  if (now$epoch == 5 && mpi$rank == 1) tools::pskill(Sys.getpid(), tools::SIGSTOP)", "})"
  ))
  expect_true(done$status != 0)
  expect_match(
    done$output, "backprop: rank 0 has waited for the other processes for 2 seconds",
    all = FALSE
  )
})

test_that("an error in one process ends the job", {
  done <- run_job(2, c(
    data, "mpi <- nn_mpi(60)", "own <- own(mpi)", "if (mpi$rank == 1) X[100, 1] <- NA",
    "nn_train(X[own, ], y[own], communicator = mpi)"
  ))
  expect_true(done$status != 0)
  # the message of a process may be lost, as mpirun ends all when the first one has ended
  expect_match(
    done$output, "must contain only finite numbers|The call failed in another process",
    all = FALSE
  )
})

test_that("an error in one process is an error in the others", {
  path <- withr::local_tempfile()
  done <- run_job(2, c(
    data, "mpi <- nn_mpi(60)", "own <- own(mpi)", "if (mpi$rank == 1) X[100, 1] <- NA",
    "error <- tryCatch(", "  nn_train(X[own, ], y[own], communicator = mpi),",
    "  backprop_error = identity", ")",
    sprintf("writeLines(conditionMessage(error), paste0('%s', mpi$rank))", path),
    "pbdMPI::finalize()"
  ))
  expect_identical(done$status, 0)
  expect_match(readLines(paste0(path, 0)), "The call failed in another process", all = FALSE)
  expect_match(readLines(paste0(path, 1)), "must contain only finite numbers", all = FALSE)
})

test_that("the scripts of the article on large data run as they are written", {
  lines <- vignette_lines("large-data")
  fences <- grep("^```", lines)
  blocks <- Map(
    function(begin, end) lines[seq_len(end - begin - 1) + begin],
    fences[c(TRUE, FALSE)], fences[c(FALSE, TRUE)]
  )
  texts <- vapply(blocks, paste, "", collapse = "\n")
  with_line <- function(pattern) blocks[[grep(pattern, texts)]]
  for (shell in blocks[lines[fences[c(TRUE, FALSE)]] == "```sh"]) {
    script <- withr::local_tempfile(lines = shell)
    expect_identical(system2("sh", c("-n", shQuote(script))), 0L)
  }
  folder <- withr::local_tempdir()
  set.seed(1)
  d <- data.frame(x = rnorm(60), g = factor(rep(c("u", "v", "w"), 20)))
  d$y <- d$x + as.integer(d$g)
  for (rank in 0:1) {
    part <- d[1:30 + 30 * rank, ]
    saveRDS(part, file.path(folder, sprintf("part-%d.rds", rank)))
    utils::write.csv(part, file.path(folder, sprintf("part-%d.csv", rank)), row.names = FALSE)
  }
  train <- with_line("^library.backprop.\nmpi <- nn_mpi")
  end <- last(train)
  expect_identical(end, "pbdMPI::finalize()")
  begin <- function(lines) c(sprintf("setwd(%s)", encodeString(folder, quote = "'")), lines)
  # the job ends before its last epochs, and is resumed
  first <- sub("epochs = 50", "epochs = 30", train, fixed = TRUE)
  expect_false(identical(first, train))
  expect_identical(run_job(2, begin(first))$status, 0)
  resumed <- run_job(2, begin(c(
    train[seq_len(grep("set.seed", train) - 1)], with_line("left <- 50"),
    "if (mpi$rank == 0) saveRDS(fit, 'resumed.rds')", end
  )))
  expect_identical(resumed$status, 0)
  expect_identical(nrow(readRDS(file.path(folder, "fit.rds"))$history), 30L)
  expect_identical(nrow(readRDS(file.path(folder, "resumed.rds"))$history), 50L)
  # without the search for settings
  of_sources <- sub("/scratch", ".", with_line("part-%d.csv"), fixed = TRUE)
  of_sources <- sub("y ~ .,", "y ~ ., hidden = 2, penalty = 0.1, epochs = 5,", of_sources)
  from_sources <- run_job(2, begin(c(
    "mpi <- nn_mpi()", "set.seed(1)", of_sources, "stopifnot(nrow(fit$history) == 5)", end
  )))
  expect_identical(from_sources$status, 0)
})
