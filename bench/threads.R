# Measures training with several threads on a quiet and on a busy machine:
#
#   Rscript bench/threads.R [--rounds=N] [--cores=N] [--quiet]
#
# Trains a network of two layers of 64 units on 10,000 x 50 numbers, once in mini-batches of 128
# rows (many short tasks, between which the threads wait for each other) and once in full batches,
# with 1 and 2 threads and with four times as many as cores (--cores, all cores by default). The
# machine is made busy by one process per core that loops forever. The variants alternate, N times
# (5 by default); times are medians of seconds.
#
# The exit status is 1 if
# - 2 threads on the busy machine take more than 3 times as long as 1 thread there, or
# - too many threads on the quiet machine take more than 3 times as long as 2.
#
# --quiet leaves out the busy machine. Uses the installed package; not for Windows. Nothing else
# should run on the machine. On 2 cores of an AMD EPYC (Zen 5), in seconds:
#
#                             1 thread   2 threads   8 threads
#   quiet, batches of all        0.171       0.198       0.149
#   quiet, batches of 128        0.206       0.149       0.364
#   busy, batches of all         0.522       0.264       0.297
#   busy, batches of 128         0.626       1.108       0.909
#
# When waiting threads yielded instead of sleeping, 2 threads on the busy machine took 16 times as
# long as 1.
suppressPackageStartupMessages(library(backprop))
arguments <- commandArgs(trailingOnly = TRUE)
option <- function(name, default) {
  prefix <- paste0("^--", name, "=")
  as.integer(c(sub(prefix, "", grep(prefix, arguments, value = TRUE)), default)[1])
}
rounds <- option("rounds", 5)
cores <- option("cores", parallel::detectCores())

set.seed(1)
X <- matrix(rnorm(10000 * 50), 10000)
y <- X[, 1] * X[, 2] + rnorm(10000) / 10
seconds <- function(batch_size, threads) {
  set.seed(2)
  begin <- Sys.time()
  nn_train(
    X, y,
    hidden = c(64, 64), activation = "relu", output_activation = "identity",
    init = "he_normal", reduction = "mean", optimizer = "adam", epochs = 10,
    batch_size = batch_size, threads = threads, keep_fitted = FALSE
  )
  as.double(Sys.time() - begin, units = "secs")
}

with_busy_cores <- function(code) {
  loops <- lapply(seq_len(cores), function(i) {
    parallel::mcparallel({
      repeat NULL
    })
  })
  on.exit({
    for (loop in loops) tools::pskill(loop$pid, tools::SIGKILL)
    suppressWarnings(parallel::mccollect(loops))
  })
  Sys.sleep(0.2)
  code
}

threads <- c(1, 2, 4 * cores)
measure <- function(batch_size) {
  vapply(threads, function(n) seconds(batch_size, n), 0)
}
times <- list()
for (round in seq_len(rounds)) {
  for (batch in c("128", "all")) {
    batch_size <- if (batch == "128") 128
    label <- function(state) paste0(state, ", batches of ", batch)
    times[[label("quiet")]] <- rbind(times[[label("quiet")]], measure(batch_size))
    if (!"--quiet" %in% arguments) {
      busy <- with_busy_cores(measure(batch_size))
      times[[label("busy")]] <- rbind(times[[label("busy")]], busy)
    }
  }
}

cat(sprintf("%d cores, median of %d rounds\n", cores, rounds))
heading <- paste(threads, ifelse(threads == 1, "thread", "threads"))
cat(sprintf("%-24s %s\n", "", paste(sprintf("%12s", heading), collapse = "")))
bad <- FALSE
for (name in sort(names(times), decreasing = TRUE)) {
  median <- apply(times[[name]], 2, stats::median)
  cat(sprintf(
    "%-24s %s   2 / 1: %.2f   %d / 2: %.2f\n",
    name, paste(sprintf("%11.3fs", median), collapse = ""),
    median[2] / median[1], threads[3], median[3] / median[2]
  ))
  slow <- if (startsWith(name, "busy")) median[2] > 3 * median[1] else median[3] > 3 * median[2]
  bad <- bad || slow
}
quit(status = as.integer(bad))
