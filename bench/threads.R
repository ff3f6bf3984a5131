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
#
#   Rscript bench/threads.R --model [--rounds=N]
#
# predicts the seconds for 1 to 8 threads instead, for two layers of 256 units. n threads take
#
#   s + (t - s) * max(part of n) + batches * wait * (n - 1)
#
# with the seconds t of 1 thread, s of them without any epoch; the largest part of a batch's panels
# that one of n threads gets (gradients, which are divided by units, are taken to be as even); and
# the seconds that 2 threads take longer than 1 for a batch of a single panel in small layers, where
# a second thread has nothing to gain: the wait at the barriers, which is assumed to grow with the
# other threads. t and s are measured with 1 thread, so the measurement with 2 is a test of the
# model. What threads share (caches, bandwidth, clock) is not in it.
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
seconds <- function(batch_size, threads, units = 64, epochs = 10, rows = nrow(X)) {
  X <- X[seq_len(rows), ]
  y <- y[seq_len(rows)]
  set.seed(2)
  begin <- Sys.time()
  nn_train(
    X, y,
    hidden = c(units, units), activation = "relu", output_activation = "identity",
    init = "he_normal", reduction = "mean", optimizer = "adam", epochs = epochs,
    batch_size = batch_size, threads = threads, keep_fitted = FALSE
  )
  as.double(Sys.time() - begin, units = "secs")
}

# The seconds of a network of two layers of 256 units as measured and as predicted.
model <- function(batch_size, epochs = 5) {
  numbers <- 1:8
  batches <- ceiling(nrow(X) / batch_size) * epochs
  measured <- function(...) stats::median(vapply(seq_len(rounds), function(i) seconds(...), 0))
  of_one <- measured(batch_size, 1, 256, epochs)
  of_none <- measured(batch_size, 1, 256, 0)
  # a line of doubles has 8 rows: one panel
  small <- vapply(1:2, function(n) measured(8, n, 16, 100, rows = 800), 0)
  wait <- max(0, diff(small)) / (100 * 100)
  panels <- ceiling(batch_size / 8)
  largest <- ceiling(panels / numbers) / panels
  predicted <- of_none + (of_one - of_none) * largest + batches * wait * (numbers - 1)
  cat(sprintf(
    "batches of %d: %.3f s without an epoch, %.1f us a batch at the barriers of 2 threads\n",
    batch_size, of_none, 1e6 * wait
  ))
  real <- c(of_one, vapply(numbers[numbers > 1 & numbers <= cores], function(n) {
    measured(batch_size, n, 256, epochs)
  }, 0))
  print(data.frame(
    threads = numbers, predicted = round(predicted, 3),
    speedup = round(of_one / predicted, 2), measured = round(real[numbers], 3)
  ), row.names = FALSE)
}
if ("--model" %in% arguments) {
  for (batch_size in c(128, 1024)) model(batch_size)
  quit()
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
