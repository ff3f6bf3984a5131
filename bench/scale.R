# How the time of a step grows with the number of processes: measured, and compared with the model
#
#   T = 6 P b / F + 2 ceil(log2 W) a + 2 (W - 1) / W 8 P / B
#
# with P parameters, b rows of each process, W processes, the rate F of a core (operations per
# second), the latency a of a message (seconds) and the bandwidth B (bytes per second). F, a and B
# are measured in the same run. Then the model predicts steps on networks of machines.
#
#   mpirun -np 2 Rscript bench/scale.R
#
# The sum is that of nn_mpi(), so a and B include the way through R, which copies the numbers. All
# processes must have a core of their own: on a busy machine they wait for each other, and a step
# takes many times as long as the model says.

library(backprop)
mpi <- nn_mpi(600)
if (mpi$size < 2) stop("Use mpirun -np 2 or more.")
W <- mpi$size
say <- function(...) if (mpi$rank == 0) cat(sprintf(...), sep = "")
# The smallest of several times, of the slowest process.
seconds <- function(code, times = 7) {
  code <- substitute(code)
  where <- parent.frame()
  min(vapply(seq_len(times), function(i) {
    mpi$sum(0)
    start <- proc.time()[[3]]
    eval(code, where)
    mine <- numeric(W)
    mine[mpi$rank + 1] <- proc.time()[[3]] - start
    max(mpi$sum(mine))
  }, 0))
}

# --- Latency and bandwidth ------------------------------------------------------------------------

lengths <- c(1, 10, 100, 1e3, 1e4, 1e5, 1e6)
of_sum <- vapply(lengths, function(length) {
  x <- numeric(length)
  repeats <- max(3, min(200, 1e6 / length))
  seconds(for (i in seq_len(repeats)) mpi$sum(x)) / repeats
}, 0)
steps <- 2 * ceiling(log2(W))
a <- min(of_sum[1:3]) / steps
moved <- 2 * (W - 1) / W * 8 * lengths
B <- (moved[7] - moved[6]) / (of_sum[7] - of_sum[6])
say("%d processes on %s\n", W, Sys.info()[["nodename"]])
say("latency a = %.1f microseconds, bandwidth B = %.2f Gbyte/s\n\n", 1e6 * a, B / 1e9)
say("%10s %14s %14s\n", "numbers", "sum, ms", "model, ms")
say("%10d %14.3f %14.3f\n", lengths, 1e3 * of_sum, 1e3 * (steps * a + moved / B))

# --- Steps ----------------------------------------------------------------------------------------

# Seconds of a step with b rows of each process. The order is shuffled: without that a batch of
# consecutive rows would be those of one process, as the rows are numbered by rank.
step_seconds <- function(b, inputs, hidden, communicator) {
  batches <- 4
  set.seed(1 + mpi$rank)
  X <- matrix(rnorm(batches * b * inputs), batches * b)
  y <- rnorm(batches * b)
  all_rows <- b * if (is.null(communicator)) 1 else W
  train <- function(epochs) {
    nn_train(
      X, y,
      hidden = hidden, activation = "relu", init = "he_normal", optimizer = "adam",
      reduction = "mean", output_activation = "identity", batch_size = all_rows,
      epochs = epochs, keep_fitted = FALSE, shuffle = TRUE, communicator = communicator
    )
  }
  more <- 1 + max(2, ceiling(3e9 / (6 * inputs * hidden[1] * b * batches)))
  (seconds(train(more), 2) - seconds(train(1), 2)) / (batches * (more - 1))
}

sizes <- list(c(20, 50), c(100, 200))
say(
  "\n%10s %8s %12s %12s %12s %12s\n", "parameters", "rows", "alone, ms", "step, ms", "model, ms",
  "efficiency"
)
rates <- NULL
for (size in sizes) {
  P <- (size[1] + 1) * size[2] + size[2] + 1
  for (b in c(64, 512, 4096)) {
    alone <- step_seconds(b, size[1], size[2], NULL)
    together <- step_seconds(b, size[1], size[2], mpi)
    rate <- 6 * P * b / alone
    rates <- c(rates, rate)
    model <- 6 * P * b / rate + steps * a + 2 * (W - 1) / W * 8 * P / B
    say(
      "%10d %8d %12.3f %12.3f %12.3f %11.0f%%\n", as.integer(P), as.integer(b), 1e3 * alone,
      1e3 * together, 1e3 * model, 100 * alone / together
    )
  }
}

# --- Predictions ----------------------------------------------------------------------------------

# The bandwidth is that of the network; copies of the numbers on a machine, which B measures, are
# not included. The latency is a usual one of a message in such a network, added to that measured
# here.
networks <- list(
  list(name = "10 Gbit/s", bandwidth = 10e9 / 8, latency = 30e-6),
  list(name = "100 Gbit/s", bandwidth = 100e9 / 8, latency = 3e-6)
)
rate <- stats::median(rates)
say("\nPredicted for a rate of F = %.1f Gflop/s of a core (the median above):\n", rate / 1e9)
say(
  "%10s %10s %6s %18s %22s %14s\n", "network", "parameters", "ranks", "sums in a step, ms",
  "90 % at rows of a rank", "a batch of"
)
for (network in networks) {
  for (P in c(1e4, 1e5, 1e6)) {
    for (ranks in c(4, 16, 64, 256)) {
      sums <- 2 * ceiling(log2(ranks)) * (a + network$latency) +
        2 * (ranks - 1) / ranks * 8 * P / network$bandwidth
      rows <- ceiling(9 * sums * rate / (6 * P))
      say(
        "%10s %10d %6d %18.3f %22d %14d\n", network$name, as.integer(P), as.integer(ranks),
        1e3 * sums, as.integer(rows), as.integer(rows * ranks)
      )
    }
  }
}
pbdMPI::finalize()
