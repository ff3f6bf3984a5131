# How often intervals of weights and outputs contain the true values, over simulated data sets:
#
#   Rscript bench/coverage.R [DATA-SETS]      1000 by default
#
# One tanh unit and normal noise, n rows, nominal level 0.95; the fits start from the true weights.
# A column is the fraction of intervals that contain the truth, over the four weights and over the
# outputs at five places, with its standard error over data sets. Data sets without an optimum
# (their number is the last column) do not count.

library(backprop)

sets <- as.integer(c(commandArgs(TRUE), 1000)[1])
truth <- list(wh = matrix(2), bh = matrix(-0.5), wout = matrix(3), bout = matrix(1))
places <- matrix(seq(-2, 2, by = 1))
mean_at <- function(X) {
  nn_forward(truth, X, activation = "tanh", output_activation = "identity")$output
}

# Whether the intervals of one data set contain the truth. `spread`: the noise's standard deviation,
# a function of the mean.
one_set <- function(n, spread) {
  X <- matrix(seq(-2, 2, length.out = n))
  mean <- mean_at(X)
  y <- mean + rnorm(n, 0, spread(mean))
  fit <- nn_train(X, y,
    start = truth, hidden = 1, activation = "tanh", output_activation = "identity",
    optimizer = "lbfgs", epochs = 1000
  )
  inside <- function(limits, values) mean(values >= limits[, 1] & values <= limits[, 2])
  of_weights <- function(...) inside(confint(fit, X = X, y = y, ...), unlist(truth))
  of_outputs <- function(type) {
    V <- vcov(fit, X, y, type = type)
    limits <- predict(fit, places, interval = "confidence", level = 0.95, vcov = V)
    inside(limits[, c("lwr", "upr")], mean_at(places))
  }
  tryCatch(
    c(
      wald = of_weights(), fisher = of_weights(type = "fisher"),
      sandwich = of_weights(type = "sandwich"), profile = of_weights(method = "profile"),
      outputs = of_outputs("hessian"), outputs_sandwich = of_outputs("sandwich"), lost = 0
    ),
    warning = function(w) c(rep(NA, 6), 1)
  )
}

set.seed(1)
cases <- expand.grid(n = c(15, 30, 60, 240), noise = c("equal", "growing"))
spreads <- list(equal = function(mean) 0.5, growing = function(mean) 0.1 + 0.25 * abs(mean))
table <- lapply(seq_len(nrow(cases)), function(i) {
  case <- cases[i, ]
  runs <- replicate(sets, one_set(case$n, spreads[[as.character(case$noise)]]))
  lost <- runs[7, ] == 1
  runs <- runs[-7, !lost]
  # the intervals of a data set depend on each other; data sets do not
  errors <- apply(runs, 1, sd) / sqrt(ncol(runs))
  shares <- sprintf("%.3f (%.3f)", rowMeans(runs), errors)
  cbind(case, t(stats::setNames(shares, rownames(runs))), lost = sum(lost))
})
print(do.call(rbind, table), row.names = FALSE)
