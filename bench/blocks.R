# Do batch normalisation and residual connections help on tables? Two hidden layers of 64 relu
# units, trained by Adam with a cosine schedule, plain R:
#
#   plain     h2 = relu(h1 W + b)
#   batch     the weighted sums of both layers are normalised over the batch, with trained scale and
#             shift; running means for prediction (Ioffe and Szegedy 2015)
#   residual  h2 = h1 + relu(h1 W + b) (He et al. 2016)
#
# Rscript bench/blocks.R prints the mean error on held-out rows over splits, and its standard error:
# root mean squared error in standard deviations of the outcome, or log loss.
# Not part of the package's checks.

relu <- function(z) pmax(z, 0)

fit_network <- function(X, y, kind, classes, epochs = 60, units = 64, rate = 0.003, batch = 64) {
  p <- ncol(X)
  draw <- function(m, n) matrix(rnorm(m * n, sd = sqrt(2 / m)), m)
  w <- list(
    w1 = draw(p, units), b1 = numeric(units), w2 = draw(units, units), b2 = numeric(units),
    w3 = draw(units, 1) / 2, b3 = 0, g1 = rep(1, units), g2 = rep(1, units)
  )
  moving <- list(m1 = 0, v1 = 1, m2 = 0, v2 = 1)
  normalise <- function(z, layer, train) {
    m <- paste0("m", layer)
    v <- paste0("v", layer)
    if (train) {
      mean <- colMeans(z)
      variance <- colMeans(sweep(z, 2, mean)^2)
      moving[[m]] <<- 0.9 * moving[[m]] + 0.1 * mean
      moving[[v]] <<- 0.9 * moving[[v]] + 0.1 * variance
    } else {
      mean <- rep_len(moving[[m]], ncol(z))
      variance <- rep_len(moving[[v]], ncol(z))
    }
    sd <- sqrt(variance + 1e-5)
    list(x = sweep(sweep(z, 2, mean), 2, sd, "/"), sd = sd)
  }
  forward <- function(X, train) {
    s <- list()
    z1 <- X %*% w$w1
    if (kind == "batch") {
      s$n1 <- normalise(z1, 1, train)
      z1 <- sweep(s$n1$x, 2, w$g1, "*")
    }
    s$z1 <- sweep(z1, 2, w$b1, "+")
    s$h1 <- relu(s$z1)
    z2 <- s$h1 %*% w$w2
    if (kind == "batch") {
      s$n2 <- normalise(z2, 2, train)
      z2 <- sweep(s$n2$x, 2, w$g2, "*")
    }
    s$z2 <- sweep(z2, 2, w$b2, "+")
    s$h2 <- relu(s$z2) + if (kind == "residual") s$h1 else 0
    s$out <- drop(s$h2 %*% w$w3 + w$b3)
    if (classes) s$out <- plogis(s$out)
    s
  }
  # through the normalisation: d and the gradient of the scale
  back <- function(d, n, g) {
    dx <- sweep(d, 2, g, "*")
    mean_dx <- colMeans(dx)
    mean_dxx <- colMeans(dx * n$x)
    sweep(sweep(dx, 2, mean_dx) - sweep(n$x, 2, mean_dxx, "*"), 2, n$sd, "/")
  }
  moment <- lapply(w, function(x) 0 * x)
  moment2 <- moment
  step <- 0
  n <- nrow(X)
  steps <- epochs * ceiling(n / batch)
  for (epoch in seq_len(epochs)) {
    order <- sample(n)
    for (begin in seq(1, n, batch)) {
      rows <- order[begin:min(n, begin + batch - 1)]
      if (length(rows) < 8) next
      x <- X[rows, , drop = FALSE]
      s <- forward(x, TRUE)
      d <- (s$out - y[rows]) / length(rows)
      g <- list(w3 = crossprod(s$h2, d), b3 = sum(d))
      dh2 <- tcrossprod(d, w$w3)
      dz2 <- dh2 * (s$z2 > 0)
      g$b2 <- colSums(dz2)
      g$g2 <- if (kind == "batch") colSums(dz2 * s$n2$x) else 0 * w$g2
      if (kind == "batch") dz2 <- back(dz2, s$n2, w$g2)
      g$w2 <- crossprod(s$h1, dz2)
      dh1 <- tcrossprod(dz2, w$w2) + if (kind == "residual") dh2 else 0
      dz1 <- dh1 * (s$z1 > 0)
      g$b1 <- colSums(dz1)
      g$g1 <- if (kind == "batch") colSums(dz1 * s$n1$x) else 0 * w$g1
      if (kind == "batch") dz1 <- back(dz1, s$n1, w$g1)
      g$w1 <- crossprod(x, dz1)
      step <- step + 1
      now <- rate * (0.01 + 0.99 * (1 + cos(pi * step / steps)) / 2)
      for (name in names(w)) {
        gradient <- g[[name]] + if (startsWith(name, "w")) w[[name]] * 1e-4 else 0
        moment[[name]] <- 0.9 * moment[[name]] + 0.1 * gradient
        moment2[[name]] <- 0.999 * moment2[[name]] + 0.001 * gradient^2
        w[[name]] <- w[[name]] - now * (moment[[name]] / (1 - 0.9^step)) /
          (sqrt(moment2[[name]] / (1 - 0.999^step)) + 1e-8)
      }
    }
  }
  function(X) forward(X, FALSE)$out
}

data_sets <- function() {
  set.seed(1)
  X <- matrix(runif(2000 * 10), 2000)
  friedman <- 10 * sin(pi * X[, 1] * X[, 2]) + 20 * (X[, 3] - 0.5)^2 + 10 * X[, 4] + 5 * X[, 5]
  pima <- rbind(MASS::Pima.tr, MASS::Pima.te)
  boston <- as.matrix(MASS::Boston)
  quakes <- as.matrix(datasets::quakes)
  list(
    Boston = list(X = boston[, -14], y = boston[, 14], classes = FALSE),
    quakes = list(X = quakes[, -4], y = quakes[, 4], classes = FALSE),
    Friedman = list(X = X, y = friedman + rnorm(2000), classes = FALSE),
    Pima = list(X = as.matrix(pima[-8]), y = as.numeric(pima$type == "Yes"), classes = TRUE)
  )
}

for (name in names(data_sets())) {
  set <- data_sets()[[name]]
  X <- scale(set$X)
  y <- if (set$classes) set$y else drop(scale(set$y))
  errors <- sapply(1:5, function(split) {
    set.seed(100 + split)
    held <- sample(nrow(X), round(nrow(X) / 4))
    sapply(c(plain = "plain", batch = "batch", residual = "residual"), function(kind) {
      set.seed(split)
      predict <- fit_network(X[-held, ], y[-held], kind, set$classes)
      p <- predict(X[held, ])
      if (set$classes) {
        p <- pmin(pmax(p, 1e-6), 1 - 1e-6)
        -mean(ifelse(y[held] == 1, log(p), log(1 - p)))
      } else {
        sqrt(mean((p - y[held])^2))
      }
    })
  })
  cat(sprintf("%-9s", name), sprintf(
    "%s %.3f (%.3f)", rownames(errors), rowMeans(errors), apply(errors, 1, sd) / sqrt(5)
  ), "\n")
}
