# Data sets for choosing defaults, besides those of defaults.R: functions with different amounts of
# noise, wide and noisy tables, and pure noise. None of them is reported anywhere as a result.
# Prints for each of them the error of the defaults and of others, relative to that of a constant on
# the same rows: root mean squared error for numbers (against the function without noise), log loss
# for classes.
#
# Usage: Rscript bench/development.R [seeds = 1] [data set ...]
# Requires nnet and mgcv.
#
# - backprop: nn_train(y ~ ., data).
# - previous: the defaults before the search for penalty and activation (relu, 200 epochs of L-BFGS,
#   0.5 or 4 / rows by 4-fold cross-validation).
# - nnet: nnet(size = 10, decay = 1e-3, maxit = 1000), standardised, linear output for numbers.
# - gam: mgcv::gam() with a smooth of each numeric input (if the rows suffice), defaults otherwise.
library(backprop)

functions <- list(
  decay = list(1, 100, function(x) exp(-3 * x[, 1]) * cos(9 * x[, 1])),
  bump = list(1, 200, function(x) dnorm(x[, 1], 0.3, 0.05) / 8 + x[, 1]),
  logistic = list(1, 150, function(x) plogis(25 * (x[, 1] - 0.6))),
  waves = list(1, 200, function(x) sin(10 * pi * x[, 1])),
  ridge = list(2, 200, function(x) tanh(4 * x[, 1] - 3 * x[, 2])),
  # Franke (1979)
  franke = list(2, 250, function(x) {
    a <- 9 * x[, 1]
    b <- 9 * x[, 2]
    0.75 * exp(-((a - 2)^2 + (b - 2)^2) / 4) + 0.75 * exp(-(a + 1)^2 / 49 - (b + 1) / 10) +
      0.5 * exp(-((a - 7)^2 + (b - 3)^2) / 4) - 0.2 * exp(-(a - 4)^2 - (b - 7)^2)
  }),
  ripple = list(2, 300, function(x) {
    r <- 8 * sqrt((x[, 1] - 0.5)^2 + (x[, 2] - 0.5)^2)
    cos(2 * r) * exp(-r / 4)
  }),
  # Ishigami and Homma (1990)
  ishigami = list(3, 300, function(x) {
    z <- (2 * x - 1) * pi
    sin(z[, 1]) + 7 * sin(z[, 2])^2 + 0.1 * z[, 3]^4 * sin(z[, 1])
  }),
  # Dette and Pepelyshev (2010)
  curved = list(3, 300, function(x) {
    4 * (x[, 1] - 2 + 8 * x[, 2] - 8 * x[, 2]^2)^2 + (3 - 4 * x[, 2])^2 +
      16 * sqrt(x[, 3] + 1) * (2 * x[, 3] - 1)^2
  }),
  product = list(4, 200, function(x) 4 * x[, 1] * x[, 2] + exp(x[, 3]) - 2 * x[, 4]^2),
  # Sobol's g-function
  corners = list(5, 300, function(x) {
    a <- rep(c(0, 1, 2, 4, 8), each = nrow(x))
    apply((abs(4 * x - 2) + a) / (1 + a), 1, prod)
  }),
  # the midpoint voltage of a push-pull circuit, Ben-Ari and Steinberg (2007)
  circuit = list(6, 250, function(x) {
    least <- c(50, 25, 0.5, 1.2, 0.25, 50)
    most <- c(150, 70, 3, 2.5, 1.2, 300)
    z <- sweep(sweep(x, 2, most - least, "*"), 2, least, "+")
    voltage <- 12 * z[, 2] / (z[, 1] + z[, 2])
    b <- z[, 6] * (z[, 5] + 9)
    (voltage + 0.74) * b / (b + z[, 3]) + 11.35 * z[, 3] / (b + z[, 3]) +
      0.74 * z[, 3] * b / ((b + z[, 3]) * z[, 4])
  }),
  # the distance of a robot's hand, An and Owen (2001)
  arm = list(8, 400, function(x) {
    angle <- t(apply(pi * x[, 1:4], 1, cumsum))
    sqrt(rowSums(x[, 5:8] * cos(angle))^2 + rowSums(x[, 5:8] * sin(angle))^2)
  }),
  additive = list(10, 300, function(x) {
    sin(4 * x[, 1]) + 2 * (x[, 2] - 0.5)^2 + sqrt(x[, 3]) + x[, 4]
  })
)
new_rows <- 1000
parts <- function(data) {
  test <- seq_len(new_rows)
  list(train = data[-test, ], test = data[test, ])
}
from_function <- function(f, noise) {
  x <- matrix(runif((f[[2]] + new_rows) * f[[1]]), ncol = f[[1]])
  y <- as.vector(scale(f[[3]](x)))
  training <- seq_along(y) > new_rows
  parts(data.frame(x, y = y + ifelse(training, noise, 0) * rnorm(length(y))))
}
pure_noise <- function(n, p, classes) {
  x <- matrix(rnorm((n + new_rows) * p), ncol = p)
  parts(data.frame(x, y = if (classes) factor(rbinom(nrow(x), 1, 0.4)) else rnorm(nrow(x))))
}
# k of the p inputs matter
wide <- function(n, p, k, signal, classes, heavy_tails = FALSE) {
  x <- matrix(if (heavy_tails) rt((n + new_rows) * p, 2) else rnorm((n + new_rows) * p), ncol = p)
  if (!heavy_tails) x <- x + 0.7 * rnorm(nrow(x))
  mean <- as.vector(scale(x[, seq_len(k)] %*% rnorm(k))) * signal
  y <- if (classes) factor(rbinom(nrow(x), 1, plogis(mean))) else mean + rnorm(nrow(x))
  parts(data.frame(x, y = y))
}
sets <- list()
for (name in names(functions)) {
  for (noise in c(0, 0.1, 0.5, 1)) {
    sets[[paste(name, noise)]] <- local({
      f <- functions[[name]]
      sd <- noise
      function() from_function(f, sd)
    })
  }
}
sets <- c(sets, list(
  `noise 200 x 40` = function() pure_noise(200, 40, FALSE),
  `noise 100 x 10` = function() pure_noise(100, 10, FALSE),
  `noise 1500 x 20` = function() pure_noise(1500, 20, FALSE),
  `noise classes 400 x 20` = function() pure_noise(400, 20, TRUE),
  `wide 150 x 100` = function() wide(150, 100, 5, 2, FALSE),
  `wide classes 300 x 60` = function() wide(300, 60, 20, 2, TRUE),
  `wide classes 1200 x 60` = function() wide(1200, 60, 20, 2, TRUE),
  `heavy tails 150 x 50` = function() wide(150, 50, 10, 2, FALSE, heavy_tails = TRUE)
))

probabilities <- function(p) cbind(1 - p, p)
contestants <- list(
  backprop = function(train, test) {
    fit <- suppressWarnings(nn_train(y ~ ., train))
    p <- predict(fit, test)
    if (is.factor(train$y)) probabilities(p) else p
  },
  previous = function(train, test) {
    fold <- sample(rep_len(1:4, nrow(train)))
    fit <- function(rows, strength) {
      suppressWarnings(nn_train(
        y ~ ., train[rows, ],
        penalty = strength / sum(rows), epochs = 200, hidden = 100, optimizer = "lbfgs"
      ))
    }
    loss <- vapply(c(0.5, 4), function(strength) {
      sum(vapply(1:4, function(k) {
        held_out <- train[fold == k, ]
        p <- predict(fit(fold != k, strength), held_out)
        error(if (is.factor(train$y)) probabilities(p) else p, held_out$y)
      }, 0))
    }, 0)
    p <- predict(fit(rep(TRUE, nrow(train)), c(0.5, 4)[which.min(loss)]), test)
    if (is.factor(train$y)) probabilities(p) else p
  },
  nnet = function(train, test) {
    inputs <- setdiff(names(train), "y")
    center <- colMeans(train[inputs])
    scale <- apply(train[inputs], 2, sd)
    standard <- function(data) {
      data[inputs] <- sweep(sweep(data[inputs], 2, center), 2, scale, "/")
      data
    }
    classes <- is.factor(train$y)
    m <- if (classes) 0 else mean(train$y)
    s <- if (classes) 1 else sd(train$y)
    if (!classes) train$y <- (train$y - m) / s
    fit <- nnet::nnet(
      y ~ ., standard(train),
      size = 10, decay = 1e-3, linout = !classes, trace = FALSE, maxit = 1000, MaxNWts = 1e5
    )
    p <- as.vector(predict(fit, standard(test)))
    if (classes) probabilities(p) else p * s + m
  },
  gam = function(train, test) {
    inputs <- setdiff(names(train), "y")
    if (10 * length(inputs) > nrow(train)) {
      return(NULL)
    }
    formula <- reformulate(paste0("s(", inputs, ")"), "y")
    family <- if (is.factor(train$y)) binomial() else gaussian()
    fit <- suppressWarnings(mgcv::gam(formula, family, train))
    p <- as.vector(predict(fit, test, type = "response"))
    if (is.factor(train$y)) probabilities(p) else p
  },
  constant = function(train, test) {
    if (is.factor(train$y)) {
      probabilities(rep(mean(as.integer(train$y) - 1), nrow(test)))
    } else {
      rep(mean(train$y), nrow(test))
    }
  }
)
error <- function(predicted, y) {
  if (is.null(predicted)) {
    NA
  } else if (is.factor(y)) {
    -mean(log(pmax(predicted[cbind(seq_along(y), as.integer(y))], 1e-15)))
  } else {
    sqrt(mean((predicted - y)^2))
  }
}

arguments <- commandArgs(TRUE)
seeds <- seq_len(if (length(arguments) > 0) as.integer(arguments[1]) else 1)
if (length(arguments) > 1) sets <- sets[arguments[-1]]
results <- list()
for (name in names(sets)) {
  for (seed in seeds) {
    set.seed(seed)
    data <- sets[[name]]()
    these <- vapply(contestants, function(contestant) {
      set.seed(seed)
      seconds <- system.time(predicted <- contestant(data$train, data$test))[[1]]
      c(error(predicted, data$test$y), seconds)
    }, c(error = 0, seconds = 0))
    results[[length(results) + 1]] <- data.frame(
      set = name, seed = seed,
      as.list(signif(these[1, ] / these[1, "constant"], 3)), seconds = these[2, 1]
    )
    print(results[[length(results)]], row.names = FALSE)
  }
}
results <- do.call(rbind, results)
ratio <- function(other) with(results, backprop / results[[other]])
group <- ifelse(grepl(" 0$", results$set), "no noise",
  ifelse(grepl("^[a-z]+ [0-9.]+$", results$set), "functions with noise", "wide or noise")
)
summarise <- function(other) {
  tapply(ratio(other), group, function(x) {
    c(`geometric mean` = exp(mean(log(x), na.rm = TRUE)), worst = max(x, na.rm = TRUE))
  })
}
cat("\nError of the defaults relative to those before\n")
print(do.call(rbind, summarise("previous")), digits = 3)
cat("\nRelative to the better of nnet and gam\n")
results$better <- pmin(results$nnet, results$gam, na.rm = TRUE)
print(do.call(rbind, tapply(ratio("better"), group, function(x) {
  c(median = median(x), worst = max(x))
})), digits = 3)
