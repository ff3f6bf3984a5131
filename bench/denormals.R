# Checks that training does not slow down when numbers become tiny:
#
#   Rscript bench/denormals.R [--large] [--rounds=N]
#
# Arithmetic with denormal numbers (below 2.2e-308, or 1.2e-38 in single precision) is slow on most
# processors, so the core flushes them to zero (src/core/denormals.h). Each case compares training
# with tiny numbers and the same work without them, for each instruction set and precision, on one
# thread:
#
# - outputs: probabilities and deltas of all cases of one class are denormal, because the bias of
#   the output is far below 0; compared with a bias of 0. 10,000 x 20 with two relu layers of 64
#   units, once with two classes and once with a single one, whose loss is denormal too; with
#   --large also 50,000 x 100 with two layers of 256 units.
# - large: outputs far above 0, due to initial weights between 0 and 1 (`init = "tutorial"`),
#   compared with weights around 0.
# - weights: gradient descent on inputs of 0 with a penalty, where all weights decay to 0: 1000
#   steps while they pass through the denormal numbers, compared with the first 1000 steps.
#
# Both variants alternate, N times (7 by default). Times are the least CPU time of each, because the
# CPU time of other processes must not count. Uses the installed package. The exit status is 1 if a
# ratio is above 1.1.
#
# On an AMD EPYC (Zen 5), which is less sensitive than processors of Intel, the ratios were 1.4 to
# 1.9 for the weights on all sets, and 1.25 to 1.4 for the outputs on the baseline. With denormals
# flushed they are 0.97 to 1.04 in all 24 cases.
suppressPackageStartupMessages(library(backprop))
arguments <- commandArgs(trailingOnly = TRUE)
rounds <- as.integer(c(sub("^--rounds=", "", grep("^--rounds=", arguments, value = TRUE)), 7)[1])

cpu_seconds <- function(call) {
  begin <- proc.time()
  call()
  sum((proc.time() - begin)[c("user.self", "sys.self")])
}

# The least times of the two variants.
compare <- function(tiny, plain) {
  times <- vapply(seq_len(rounds), function(i) c(cpu_seconds(tiny), cpu_seconds(plain)), c(0, 0))
  apply(times, 1, min)
}

outputs_case <- function(n, inputs, units, epochs, precision, classes = 2) {
  set.seed(1)
  X <- matrix(rnorm(n * inputs), n)
  y <- if (classes == 2) as.numeric(X[, 1] > X[, 2]) else numeric(n)
  start <- nn_init(inputs, 1, hidden = c(units, units))
  start$wh2 <- start$wh2 / units
  start$wout <- start$wout / units
  train <- function(bias) {
    start$bout[] <- bias
    nn_train(
      X, y,
      hidden = c(units, units), activation = "relu", loss = "cross_entropy", start = start,
      epochs = epochs, learning_rate = 1e-6, reduction = "mean", precision = precision,
      keep_fitted = FALSE
    )
  }
  below <- if (precision == "double") -720 else -95
  compare(function() train(below), function() train(0))
}

large_case <- function(precision) {
  set.seed(1)
  X <- matrix(rnorm(1e4 * 20), 1e4)
  y <- plogis(X[, 1] - X[, 2])
  train <- function(init) {
    set.seed(2)
    nn_train(
      X, y,
      hidden = c(64, 64), activation = "relu", init = init, epochs = 8, learning_rate = 1e-3,
      reduction = "mean", precision = precision, keep_fitted = FALSE
    )
  }
  compare(function() train("tutorial"), function() train("glorot_uniform"))
}

# The weights are scaled instead of training until they are small.
weights_case <- function(precision) {
  X <- matrix(0, 200, 50)
  y <- numeric(200)
  set.seed(3)
  start <- nn_init(50, 1, hidden = 100)
  scaled <- function(factor) {
    lapply(start, function(w) w * factor)
  }
  train <- function(start) {
    nn_train(
      X, y,
      hidden = 100, activation = "tanh", output_activation = "identity", start = start,
      epochs = 1000, learning_rate = 0.01, penalty = 1, reduction = "mean", precision = precision,
      keep_fitted = FALSE
    )
  }
  smallest <- if (precision == "double") 2.3e-308 else 1.2e-38
  tiny <- scaled(smallest * 10)
  compare(function() train(tiny), function() train(start))
}

cases <- list(
  "outputs, two classes" = function(precision) outputs_case(1e4, 20, 64, 8, precision),
  "outputs, one class" = function(precision) outputs_case(1e4, 20, 64, 8, precision, classes = 1),
  "large outputs" = large_case,
  "weights" = weights_case
)
if ("--large" %in% arguments) {
  cases[["outputs, 50,000 x 100"]] <- function(precision) {
    outputs_case(5e4, 100, 256, 1, precision)
  }
}

sets <- backprop:::core_instruction_sets()
worst <- 0
cat(sprintf("%-24s %-9s %-7s %8s %8s %6s\n", "case", "set", "prec.", "tiny", "plain", "ratio"))
for (set in names(sets)[sets]) {
  backprop:::core_choose_instruction_set(set)
  for (precision in c("double", "single")) {
    for (case in names(cases)) {
      times <- cases[[case]](precision)
      ratio <- times[1] / times[2]
      worst <- max(worst, ratio)
      cat(sprintf(
        "%-24s %-9s %-7s %7.3fs %7.3fs %6.2f\n", case, set, precision, times[1], times[2], ratio
      ))
    }
  }
}
quit(status = as.integer(worst > 1.1))
