# Compares the speed of the tutorial's training (3 cases x 4 inputs, 3 hidden units, 1 output, 5000
# epochs) by nn_train(X, y) with
#  - the tutorial's loop in plain R (with one bias per unit: colSums, not rowSums),
#  - CRAN's ANN2, if it is installed,
#  - the tutorial's loop in NumPy, if /usr/bin/python3 has it (timed within Python).
# They run in turns within one session (A B C D A B C D ...), so that other load on the machine
# affects all of them, and medians are compared. Uses the installed package:
#
#   Rscript bench/tutorial.R [rounds]
#
# Then prints the microseconds of small calls, which are R's own work: nn_train(X, y) with one epoch
# and predict() for one row. On the idle machine (AMD EPYC, Zen 5, 27 November 2026) the medians
# were as follows, and the tutorial's call took 0.99 ms, 83 times less than the plain R loop; its
# 5000 epochs are 0.42 ms of that. Afterwards loops over few layers, matrices made by the core and
# fewer calls for names, levels and classes took part of it away: the last column is the ratio of
# the tenth percentiles of 4200 calls with and without, in turns in two sessions, while the machine
# did other work.
#
#                                        idle, before    ratio
#   nn_train(X, y, epochs = 1)                    487     0.79
#   predict(), matrix of 4 columns                 70     0.89
#   predict(), formula, 10 columns                180     0.89
#   predict(), formula, class                     205     0.81
#   predict(), formula, two factors                       0.73

suppressPackageStartupMessages(library(backprop))
options(width = 120)

rounds <- as.integer(commandArgs(trailingOnly = TRUE)[1])
if (is.na(rounds)) rounds <- 25L
epochs <- 5000L
X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
y <- c(1, 1, 0)

plain_loop <- function(X, y, hidden = 3, learning_rate = 0.1) {
  sigmoid <- function(x) 1 / (1 + exp(-x))
  derivatives_sigmoid <- function(a) a * (1 - a)
  y <- as.matrix(y)
  each_row <- rep(1, nrow(X))
  wh <- matrix(rnorm(ncol(X) * hidden), ncol(X), hidden)
  bh <- matrix(runif(hidden), 1)
  wout <- matrix(rnorm(hidden * ncol(y)), hidden, ncol(y))
  bout <- matrix(runif(ncol(y)), 1)
  for (epoch in seq_len(epochs)) {
    hidden_layer_input <- X %*% wh + bh[each_row, ]
    hiddenlayer_activations <- sigmoid(hidden_layer_input)
    output_layer_input <- hiddenlayer_activations %*% wout + bout[each_row, ]
    output <- sigmoid(output_layer_input)
    E <- y - output
    slope_output_layer <- derivatives_sigmoid(output)
    slope_hidden_layer <- derivatives_sigmoid(hiddenlayer_activations)
    d_output <- E * slope_output_layer
    Error_at_hidden_layer <- d_output %*% t(wout)
    d_hiddenlayer <- Error_at_hidden_layer * slope_hidden_layer
    wout <- wout + t(hiddenlayer_activations) %*% d_output * learning_rate
    bout <- bout + colSums(d_output) * learning_rate
    wh <- wh + t(X) %*% d_hiddenlayer * learning_rate
    bh <- bh + colSums(d_hiddenlayer) * learning_rate
  }
  list(wh = wh, bh = bh, wout = wout, bout = bout)
}

# Its arguments are the initial weights, in NumPy's order (by row). Prints the seconds of the loop
# and the final weights.
numpy_loop <- '
import sys, time
import numpy as np

start = [float(a) for a in sys.argv[1:20]]
epochs = int(sys.argv[20])

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def derivatives_sigmoid(a):
    return a * (1 - a)

begin = time.perf_counter()
X = np.array([[1, 0, 1, 0], [1, 0, 1, 1], [0, 1, 0, 1]], dtype=float)
y = np.array([[1], [1], [0]], dtype=float)
lr = 0.1
wh = np.array(start[0:12]).reshape(4, 3)
bh = np.array(start[12:15]).reshape(1, 3)
wout = np.array(start[15:18]).reshape(3, 1)
bout = np.array(start[18:19]).reshape(1, 1)
for i in range(epochs):
    hidden_layer_input = np.dot(X, wh) + bh
    hiddenlayer_activations = sigmoid(hidden_layer_input)
    output_layer_input = np.dot(hiddenlayer_activations, wout) + bout
    output = sigmoid(output_layer_input)
    E = y - output
    slope_output_layer = derivatives_sigmoid(output)
    slope_hidden_layer = derivatives_sigmoid(hiddenlayer_activations)
    d_output = E * slope_output_layer
    Error_at_hidden_layer = d_output.dot(wout.T)
    d_hiddenlayer = Error_at_hidden_layer * slope_hidden_layer
    wout += hiddenlayer_activations.T.dot(d_output) * lr
    bout += np.sum(d_output, axis=0, keepdims=True) * lr
    wh += X.T.dot(d_hiddenlayer) * lr
    bh += np.sum(d_hiddenlayer, axis=0, keepdims=True) * lr
seconds = time.perf_counter() - begin
print(repr(seconds))
for matrix in (wh, bh, wout, bout):
    print(" ".join(repr(float(v)) for v in matrix.ravel()))
'
python <- "/usr/bin/python3"
script <- tempfile(fileext = ".py")
writeLines(numpy_loop, script)
in_python <- function(arguments, ...) {
  suppressWarnings(system2(python, arguments, stdout = TRUE, stderr = FALSE, ...))
}
numpy_version <- if (file.exists(python)) {
  in_python(c("-c", shQuote("import numpy; print(numpy.__version__)")))
}
has_numpy <- length(numpy_version) == 1 && is.null(attr(numpy_version, "status"))

by_row <- function(network) unlist(lapply(network, t), use.names = FALSE)
run_numpy <- function(network) {
  lines <- in_python(c(script, formatC(by_row(network), digits = 17, format = "g"), epochs))
  list(seconds = as.numeric(lines[1]), weights = as.numeric(unlist(strsplit(lines[-1], " "))))
}

seconds_of <- function(code) {
  begin <- Sys.time()
  code()
  as.double(Sys.time() - begin, units = "secs")
}

# The contestants by name: functions of the round that return seconds. nn_train() is so fast that
# each turn is the mean of 20 calls.
calls <- 20
contestants <- list(
  "backprop: nn_train(X, y)" = function(round) {
    set.seed(round)
    seconds_of(function() for (i in seq_len(calls)) nn_train(X, y)) / calls
  },
  "plain R loop" = function(round) {
    set.seed(round)
    seconds_of(function() plain_loop(X, y))
  }
)
absent <- character()
if (requireNamespace("ANN2", quietly = TRUE)) {
  # ANN2 has no sigmoid output: the identity is used with squared error. One batch has all rows.
  column <- matrix(y, ncol = 1)
  contestants[[paste("ANN2", utils::packageVersion("ANN2"))]] <- function(round) {
    seconds_of(function() {
      ANN2::neuralnetwork(
        X, column,
        hidden.layers = 3, regression = TRUE, standardize = FALSE, loss.type = "squared",
        activ.functions = "sigmoid", optim.type = "sgd", learn.rates = 0.1, sgd.momentum = 0,
        n.epochs = epochs, batch.size = 3, val.prop = 0, verbose = FALSE, random.seed = round
      )
    })
  }
} else {
  absent <- c(absent, "ANN2: not measured, as it is not installed (install.packages(\"ANN2\"))")
}
if (has_numpy) {
  contestants[[paste("NumPy loop,", numpy_version)]] <- function(round) {
    set.seed(round)
    run_numpy(nn_init(4, 1))$seconds
  }
} else {
  absent <- c(
    absent,
    paste(
      "NumPy loop: not measured, as", python,
      if (file.exists(python)) "has no numpy" else "does not exist"
    )
  )
}

# Check that all contestants train the same network (this also warms them up).
distance <- function(a, b) max(abs(a - b) / pmax(1, abs(b)))
set.seed(1)
reference <- by_row(plain_loop(X, y))
set.seed(1)
fit <- nn_train(X, y, epochs = epochs)
agreement <- c("nn_train() and the plain R loop" = distance(by_row(coef(fit)), reference))
if (has_numpy) {
  set.seed(1)
  agreement["NumPy's loop and the plain R loop"] <- distance(
    run_numpy(nn_init(4, 1))$weights, reference
  )
}
for (name in names(agreement)) cat(sprintf("%s agree to %.1e\n", name, agreement[[name]]))
if (!all(agreement < 1e-10)) {
  stop("The contestants do not train the same network.")
}
for (contestant in contestants) contestant(1)

seconds <- matrix(NA_real_, rounds, length(contestants), dimnames = list(NULL, names(contestants)))
for (round in seq_len(rounds)) {
  for (name in names(contestants)) seconds[round, name] <- contestants[[name]](round)
}

milliseconds <- 1000 * apply(seconds, 2, stats::median)
spread <- 1000 * apply(seconds, 2, stats::quantile, c(0.25, 0.75))
processor <- if (file.exists("/proc/cpuinfo")) {
  sub(".*: *", "", grep("^model name", readLines("/proc/cpuinfo"), value = TRUE)[1])
} else {
  Sys.info()[["machine"]]
}

cat(
  "\n", R.version.string, ", ", R.version$platform, "; backprop ",
  format(utils::packageVersion("backprop")), "\n",
  sep = ""
)
cat(
  "Processor: ", processor, "; instruction set in use: ", attr(nn_instruction_sets(), "chosen"),
  "\n",
  sep = ""
)
cat(
  epochs, " epochs, medians of ", rounds, " rounds in turns, time of the whole call\n\n",
  sep = ""
)
result <- data.frame(
  milliseconds = sprintf("%.3f", milliseconds),
  quartiles = sprintf("%.3f - %.3f", spread[1, ], spread[2, ]),
  sprintf("%.2f", milliseconds[["plain R loop"]] / milliseconds),
  sprintf("%.2f", milliseconds / milliseconds[[1]]),
  row.names = names(milliseconds)
)
names(result)[3:4] <- c("R loop / this", "this / nn_train()")
print(result)
if (length(absent) > 0) cat("\n", paste0(absent, "\n"), sep = "")

# Small calls: medians of 2000.
microseconds_of <- function(code) {
  for (i in 1:100) code()
  1e6 * stats::median(vapply(1:2000, function(i) seconds_of(code), 0))
}
of_formula <- nn_train(mpg ~ ., mtcars, hidden = 3, penalty = 0.1)
of_factor <- nn_train(Species ~ ., iris, hidden = 5, penalty = 0.1)
of_levels <- nn_train(breaks ~ wool + tension, warpbreaks, hidden = 3, penalty = 0.1)
row <- X[1, , drop = FALSE]
car <- mtcars[3, ]
flower <- iris[7, ]
loom <- warpbreaks[3, ]
small_calls <- list(
  "nn_train(X, y, epochs = 1)" = function() nn_train(X, y, epochs = 1),
  "predict(), matrix of 4 columns" = function() predict(fit, row),
  "predict(), formula, 10 columns" = function() predict(of_formula, car),
  "predict(), formula, class" = function() predict(of_factor, flower, type = "class"),
  "predict(), formula, two factors" = function() predict(of_levels, loom)
)
cat("\nMicroseconds of small calls\n\n")
print(data.frame(microseconds = round(vapply(small_calls, microseconds_of, 0))))
