# Optima known from outside: certified values of NIST, least squares and glm() of R, and losses with
# exact values.

rat42 <- list(x = matrix(c(9, 14, 21, 28, 42, 57, 63, 70, 79)), y = c(
  8.93, 10.8, 18.59, 22.33, 39.35, 56.11, 61.73, 64.62, 67.08
))
rat_start <- function(wh, bh, wout, bout) {
  list(wh = matrix(wh), bh = matrix(bh), wout = matrix(wout), bout = matrix(bout))
}

test_that(
  "L-BFGS and Levenberg-Marquardt reach the optimum of NIST's Rat42 from two starts",
  {
    starts <- list(rat_start(0.05, -2, 70, 0), rat_start(0.1, -4, 60, 5))
    # the same model in R: bout + wout / (1 + exp(-(bh + wh x)))
    data <- data.frame(x = rat42$x[, 1], y = rat42$y)
    oracle <- nls(
      y ~ SSfpl(x, A, B, xmid, scal), data,
      start = list(A = 0, B = 70, xmid = 40, scal = 14)
    )
    expect_equal(deviance(oracle), 7.16356107724, tolerance = 1e-9)
    p <- coef(oracle)
    for (optimizer in c("lbfgs", "lm")) {
      for (start in starts) {
        for (reduction in c("sum", "mean")) {
          fit <- nn_train(rat42$x, rat42$y,
            hidden = 1, output_activation = "identity", start = start, optimizer = optimizer,
            reduction = reduction
          )
          where <- paste(optimizer, start$bh, reduction)
          rss <- sum(residuals(fit)^2)
          expect(
            abs(rss - 7.16356107724) <= 1e-8,
            sprintf("%s: the residual sum of squares is %.12g.", where, rss)
          )
          expect_lt(rss, 8.0565229338)
          expect_true(fit$stop %in% c("gradient", "precision"), label = paste(where, fit$stop))
          weights <- c(
            wh = 1 / p[["scal"]], bh = -p[["xmid"]] / p[["scal"]], wout = p[["B"]] - p[["A"]],
            bout = p[["A"]]
          )
          expect_equal(unlist(coef(fit)), weights, tolerance = 1e-5)
          expect_equal(
            fit$objective * (if (reduction == "mean") 9 else 1) * 2, rss,
            tolerance = 1e-12
          )
        }
      }
    }
  }
)

test_that("no hidden layer reaches the least squares of the cars data", {
  line <- lm(dist ~ speed, cars)
  for (optimizer in c("lbfgs", "lm")) {
    for (seed in 1:2) {
      set.seed(seed)
      fit <- nn_train(
        as.matrix(cars["speed"]), cars$dist,
        hidden = 0, output_activation = "identity",
        optimizer = optimizer
      )
      expect_identical(round(sum(residuals(fit)^2), 2), 11353.52)
      expect_equal(sum(residuals(fit)^2), deviance(line), tolerance = 1e-12)
      expect_equal(c(fit$bout, fit$wout), unname(coef(line)), tolerance = 1e-6)
      expect_true(fit$stop %in% c("gradient", "precision"), label = paste(optimizer, fit$stop))
    }
  }
})

test_that("no hidden layer with softmax goes below a deviance of 11.8990 on the iris data", {
  raw <- as.matrix(iris[1:4])
  for (inputs in list(raw, scale(raw))) {
    for (seed in 1:2) {
      set.seed(seed)
      fit <- suppressWarnings(nn_train(inputs, iris$Species, hidden = 0, optimizer = "lbfgs"))
      expect_lt(2 * fit$objective, 11.8990)
      # the infimum, which no weights reach
      expect_gt(2 * fit$objective, 11.898546)
      right <- predict(fit, inputs, type = "prob")[cbind(1:150, as.integer(iris$Species))]
      expect_equal(2 * fit$objective, -2 * sum(log(right)), tolerance = 1e-10)
    }
  }
})

test_that("no hidden layer is glm(), with weights and an offset", {
  set.seed(12)
  n <- 150
  X <- matrix(rnorm(3 * n), n)
  weights <- runif(n, 0.2, 3)
  offset <- rnorm(n) / 2
  eta <- 0.3 + X %*% c(0.8, -0.5, 0.2) + offset
  outcomes <- list(
    binomial = rbinom(n, 1, plogis(eta)), poisson = rpois(n, exp(eta)), gaussian = eta + rnorm(n)
  )
  losses <- c(binomial = "cross_entropy", poisson = "poisson", gaussian = "squared_error")
  outputs <- c(binomial = "sigmoid", poisson = "exp", gaussian = "identity")
  for (family in names(outcomes)) {
    y <- as.vector(outcomes[[family]])
    for (given in list(list(), list(weights = weights), list(offset = offset), list(
      weights = weights, offset = offset
    ))) {
      data <- data.frame(y = y, X, w = 1, o = 0)
      if (!is.null(given$weights)) data$w <- given$weights
      if (!is.null(given$offset)) data$o <- given$offset
      # weights that are no whole numbers of successes make a warning
      control <- glm.control(epsilon = 1e-14, maxit = 100)
      model <- suppressWarnings(glm(
        y ~ X1 + X2 + X3 + offset(o), family, data,
        weights = w, control = control
      ))
      for (reduction in c("sum", "mean")) {
        for (optimizer in c("lbfgs", if (family == "gaussian") "lm")) {
          set.seed(3)
          fit <- do.call(nn_train, c(list(X, y,
            hidden = 0, loss = losses[[family]], output_activation = outputs[[family]],
            reduction = reduction, optimizer = optimizer
          ), given))
          off <- max(abs(c(fit$bout, fit$wout) - coef(model)))
          where <- paste(family, optimizer, reduction, toString(names(given)))
          expect(off <= 1e-6, sprintf("%s: coefficients differ by %.3g.", where, off))
          expect_identical(fit$stop, "gradient", label = paste("the stop of", where))
          expect_equal(
            as.vector(predict(fit, X, offset = given$offset)), unname(fitted(model)),
            tolerance = 1e-6
          )
        }
      }
    }
  }
})

test_that("a bad start is no false success", {
  x <- matrix(c(-10:10, 9))
  y <- c(x[1:21] > 0, 0)
  model <- glm(y ~ x, binomial, control = glm.control(epsilon = 1e-14, maxit = 100))
  for (weight in c(3, 30, -30, 300)) {
    for (reduction in c("sum", "mean")) {
      fit <- suppressWarnings(nn_train(x, y,
        hidden = 0, loss = "cross_entropy", optimizer = "lbfgs", reduction = reduction,
        start = list(wout = matrix(weight), bout = matrix(0))
      ))
      reached <- 2 * fit$objective * (if (reduction == "mean") 22 else 1)
      expect(
        abs(reached - deviance(model)) <= 1e-6 || fit$stop != "gradient",
        sprintf(
          "From %g (%s) it reports convergence at a deviance of %.10g; glm() has %.10g.", weight,
          reduction, reached, deviance(model)
        )
      )
      # what stops elsewhere must not have gone up either
      expect_lte(
        reached,
        2 * nn_loss(list(wout = matrix(weight), bout = matrix(0)), x, y, loss = "cross_entropy")
      )
    }
  }
})

test_that(
  "separable data and saturated units are not called convergence without a warning",
  {
    x <- matrix(c(-3:-1, 1:3))
    y <- c(0, 0, 0, 1, 1, 1)
    warnings_of <- function(...) {
      warnings <- list()
      fit <- withCallingHandlers(
        nn_train(x, y, hidden = 0, optimizer = "lbfgs", ...),
        warning = function(w) {
          warnings[[length(warnings) + 1]] <<- w
          invokeRestart("muffleWarning")
        }
      )
      list(fit = fit, warned = length(warnings) > 0)
    }
    separable <- warnings_of(
      loss = "cross_entropy", start = list(wout = matrix(0.1), bout = matrix(0))
    )
    expect_true(
      separable$warned || separable$fit$stop != "gradient",
      label = "a warning that the data are separable"
    )
    # every unit far in its flat part: the gradient is next to nothing and the loss, 3, the greatest
    # there is
    saturated <- warnings_of(start = list(wout = matrix(-400), bout = matrix(0)))
    honest <- saturated$warned || saturated$fit$stop != "gradient" || saturated$fit$objective < 0.01
    expect_true(honest, label = "a warning that the unit is saturated")
  }
)

# log(1 + m exp(-z)), to the last bits: the values are from 60-digit decimal arithmetic.
log_losses <- data.frame(
  z = c(15.1, 40, 745, 1e308),
  one = c(2.7679182754721927e-07, 4.248354255291589e-18, 5e-324, 0),
  two = c(5.535835784807439e-07, 8.496708510583178e-18, 5e-324, 0)
)

# Relative to the exact value: up to 4 roundings. One step of the smallest numbers is allowed where
# there are no smaller ones, but 0 is not.
expect_exact <- function(object, expected, info) {
  allowed <- 4 * .Machine$double.eps * expected
  if (expected < 1e-320) allowed <- 5e-324 * (expected > 0)
  right <- is.finite(object) && abs(object - expected) <= allowed && (object > 0) == (expected > 0)
  expect(right, sprintf("%s: %.17g, where the exact loss is %.17g.", info, object, expected))
}

test_that("losses of large logits are finite and exact", {
  loss_at <- function(logits, y, output) {
    network <- list(wout = matrix(logits, nrow = 1), bout = matrix(0, 1, length(logits)))
    nn_loss(
      network, matrix(1), matrix(y, nrow = 1),
      loss = "cross_entropy", output_activation = output
    )
  }
  for (i in seq_len(nrow(log_losses))) {
    z <- log_losses$z[i]
    small <- log_losses$one[i]
    smaller <- log_losses$two[i]
    expect_exact(loss_at(z, 1, "sigmoid"), small, paste("sigmoid", z, "y = 1"))
    expect_exact(loss_at(z, 0, "sigmoid"), z + small, paste("sigmoid", z, "y = 0"))
    expect_exact(loss_at(-z, 0, "sigmoid"), small, paste("sigmoid", -z, "y = 0"))
    expect_exact(loss_at(-z, 1, "sigmoid"), z + small, paste("sigmoid", -z, "y = 1"))
    expect_exact(loss_at(z, 0.25, "sigmoid"), 0.75 * z + small, paste("sigmoid", z, "y = 0.25"))
    expect_exact(loss_at(c(z, 0), c(1, 0), "softmax"), small, paste("softmax", z, "first of two"))
    expect_exact(
      loss_at(c(z, 0), c(0, 1), "softmax"), z + small, paste("softmax", z, "second of two")
    )
    expect_exact(loss_at(c(0, -z), c(1, 0), "softmax"), small, paste("softmax", -z, "first of two"))
    expect_exact(
      loss_at(c(0, -z), c(0, 1), "softmax"), z + small, paste("softmax", -z, "second of two")
    )
    expect_exact(
      loss_at(c(z, 0, 0), c(1, 0, 0), "softmax"), smaller, paste("softmax", z, "first of three")
    )
    expect_exact(
      loss_at(c(0, z, 0), c(0, 1, 0), "softmax"), smaller, paste("softmax", z, "second of three")
    )
    expect_exact(
      loss_at(c(0, 0, z), c(1, 0, 0), "softmax"), z + smaller,
      paste("softmax", z, "first of three, third large")
    )
  }
})

test_that("gradients of large logits are finite and exact", {
  gradient_at <- function(logits, y, output) {
    network <- list(wout = matrix(logits, nrow = 1), bout = matrix(0, 1, length(logits)))
    as.vector(
      nn_gradient(
        network, matrix(1), matrix(y, nrow = 1),
        loss = "cross_entropy", output_activation = output
      )$bout
    )
  }
  for (z in log_losses$z) {
    expect_equal(gradient_at(z, 0, "sigmoid"), 1, tolerance = 1e-6)
    # the output less the target, 1 / (1 + exp(-z)) - 1
    expect_lte(abs(gradient_at(z, 1, "sigmoid") + exp(-z) / (1 + exp(-z))), 4 * .Machine$double.eps)
    expect_lte(
      max(abs(gradient_at(c(z, 0), c(0, 1), "softmax") - c(1, -1) / (1 + exp(-z)))),
      4 * .Machine$double.eps
    )
  }
})
