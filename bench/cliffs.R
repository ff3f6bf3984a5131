# Does the accuracy of the defaults jump where their rules change? Prints the error on 2000 new rows
# (relative to that of a constant: root mean squared error, or log loss for classes), and seconds.
#
# - rows: around 1000 rows, where L-BFGS and cross-validation give way to more candidates and one
#   set of held-out rows
# - values: 900 rows and numbers of inputs around 50,000 / 900, where fewer folds were held out,
#   and 66,667 / 900, where they are now
# - arguments: 1050 rows, and one argument given
# - folds: nn_cv() against the error of the fit to all rows on new rows
#
# Results (27 November 2026, AMD EPYC), rows 800, 900, 950, 999, 1000, 1050, 1100, 1200, 1300:
#   smooth   0.0007 0.0002 0.0002 0.0005 0.0006 0.0004 0.0003 0.0002 0.0006
#   noisy    0.815  0.815  0.812  0.810  0.819  0.810  0.813  0.809  0.807
#   classes  0.632  0.631  0.632  0.630  0.629  0.630  0.635  0.643  0.627
# Before Levenberg-Marquardt was a candidate, smooth was 0.0044 to 0.0122.
#
# 1050 rows and an argument, smooth (before): none 0.0004 (0.012), epochs = 100 0.0002 (0.054),
# epochs = 200 0.0002 (0.041). Before also, for none, epochs = 100, epochs = 200, validation = NULL
# and 0.1 and patience 20: noisy 0.808 to 0.820, classes 0.629 to 0.632.
# With Levenberg-Marquardt, for none, patience = 20 and validation = 0.1: noisy 0.810, 0.820, 0.808;
# smooth 0.0004, 0.0004, 0.0021, where a tenth of the rows is not trained on.
# The latter is a matter of the initial weights: lm with 20 units and 5e-6 / rows has, for seeds 1
# to 6, 0.00018 to 0.0011 without validation and 0.00019 to 0.0011 with it.
#
# 900 rows, smooth, by seed: 54 inputs 0.35, 0.67, 0.58, 0.66; 56 inputs 0.66, 0.61, 0.65, 0.59.
# Seeds 1 and 2: 50 inputs 0.35, 0.60; 60 inputs 0.58, 0.62; 72 inputs 0.60, 0.99; 76 inputs 1.00,
# 0.65. Seed 1 with 54, 56, 72 and 76 inputs: noisy 1.00 each; classes 0.763, 0.792, 0.767, 0.768.
# With tanh and 4 / rows for 1000 epochs, the smooth function has 0.37 to 0.45 in seven of eight
# networks of all rows (1.04 in the other), but above 1 in five of eight of 675 rows.
#
# nn_cv() of 1050 rows, and the fit: smooth 0.0017, 0.0004; noisy 0.876, 0.810 (the noise alone has
# 0.848 and 0.800 on these rows); classes 0.651, 0.630.
#
# Usage: Rscript bench/cliffs.R [rows|values|arguments|folds ...] [seed]
library(backprop)

functions <- list(
  smooth = function(x) sin(4 * x[, 1]) + x[, 2] * x[, 3],
  noisy = function(x) sin(4 * x[, 1]) + x[, 2] * x[, 3] + rnorm(nrow(x)),
  classes = function(x) factor(x[, 1]^2 + x[, 2] + rnorm(nrow(x)) / 2 > 1, labels = c("no", "yes"))
)
# The same rows for any n, so that only the rules and the number of rows differ.
draw <- function(f, n, p, seed) {
  set.seed(seed)
  x <- matrix(runif(1400 * p, -1, 1), 1400)
  y <- f(x)
  data.frame(x, y = y)[seq_len(n), ]
}
new_rows <- function(f, p) {
  set.seed(1000)
  x <- matrix(runif(2000 * p, -1, 1), 2000)
  data.frame(x, y = f(x))
}
log_loss <- function(p, y) -mean(log(ifelse(y == levels(y)[2], p, 1 - p)))
error <- function(fit, new) {
  if (is.factor(new$y)) {
    log_loss(predict(fit, new), new$y) / log_loss(mean(new$y == levels(new$y)[2]), new$y)
  } else {
    sqrt(mean((predict(fit, new) - new$y)^2)) / sd(new$y)
  }
}
one <- function(f, n, p, seed, ...) {
  data <- draw(f, n, p, seed)
  set.seed(seed)
  seconds <- system.time(fit <- suppressWarnings(nn_train(y ~ ., data, ...)))[[1]]
  c(error = error(fit, new_rows(f, p)), seconds = seconds)
}
# The mean of several seeds: near the number of rows from which a function is learned at all, the
# error of a single fit is a matter of its first weights.
mean_of <- function(f, n, p, seeds) {
  rowMeans(vapply(seeds, function(seed) one(f, n, p, seed), c(error = 0, seconds = 0)))
}
show <- function(title, cases, run) {
  cat("\n", title, "\n", sep = "")
  table <- vapply(names(functions), function(name) {
    vapply(cases, function(case) run(functions[[name]], case), c(error = 0, seconds = 0))
  }, matrix(0, 2, length(cases)))
  print(signif(cbind(table[1, , ], seconds = rowMeans(table[2, , ])), 3))
}

arguments <- commandArgs(TRUE)
seed <- grep("^[0-9]+$", arguments, value = TRUE)
seed <- if (length(seed) > 0) as.integer(seed) else 1
parts <- setdiff(arguments, as.character(seed))
if (length(parts) == 0) parts <- c("rows", "values", "arguments", "folds")

if ("rows" %in% parts) {
  rows <- c(800, 900, 950, 999, 1000, 1050, 1100, 1200, 1300)
  show("Rows", stats::setNames(rows, rows), function(f, n) one(f, n, 4, seed))
}
if ("values" %in% parts) {
  inputs <- c(50, 54, 56, 60, 72, 76)
  show("Inputs of 900 rows, mean of four seeds", stats::setNames(inputs, inputs), function(f, p) {
    mean_of(f, 900, p, seed + 0:3)
  })
}
if ("arguments" %in% parts) {
  given <- list(
    none = list(), `epochs = 100` = list(epochs = 100), `epochs = 200` = list(epochs = 200),
    `validation = NULL` = list(validation = NULL), `validation = 0.1` = list(validation = 0.1),
    `patience = 20` = list(patience = 20)
  )
  show("An argument of 1050 rows", given, function(f, these) {
    do.call(one, c(list(f, 1050, 4, seed), these))
  })
}
if ("folds" %in% parts) {
  show("Cross-validation of 1050 rows", list(`nn_cv()` = 1, fit = 2), function(f, what) {
    if (what == 2) {
      return(one(f, 1050, 4, seed))
    }
    data <- draw(f, 1050, 4, seed)
    set.seed(seed)
    seconds <- system.time(
      result <- suppressWarnings(nn_cv(y ~ ., data, folds = 5, metrics = c(
        if (is.factor(data$y)) "log_loss" else "rmse"
      )))
    )[[1]]
    y <- new_rows(f, 4)$y
    constant <- if (is.factor(y)) log_loss(mean(y == levels(y)[2]), y) else sd(y)
    c(error = summary(result)$mean / constant, seconds = seconds)
  })
}
