# Does the accuracy of the defaults jump where their rules change? Prints the error on 2000 new rows
# (relative to that of a constant: root mean squared error, or log loss for classes), and seconds.
#
# - rows: around 1000 rows, where L-BFGS and cross-validation give way to more candidates and one
#   set of held-out rows
# - values: 900 rows and numbers of inputs around 50,000 / 900, where fewer folds are held out
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
  inputs <- c(50, 54, 56, 60)
  show("Inputs of 900 rows", stats::setNames(inputs, inputs), function(f, p) one(f, 900, p, seed))
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
