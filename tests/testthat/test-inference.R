exact <- nn_lbfgs(gradient_tolerance = 1e-12)
# Without a hidden layer, at the optimum to many digits.
linear <- function(formula, data, ...) {
  nn_train(
    formula, data, ...,
    hidden = 0, penalty = 0, standardize = FALSE, optimizer = exact, epochs = 5000
  )
}
precise <- glm.control(epsilon = 1e-14, maxit = 100)
# The largest relative difference; `fit` has the intercept last, R's models have it first.
apart <- function(ours, theirs) max(abs(ours / theirs - 1))
# The same of covariances, relative to the standard deviations.
covariances_apart <- function(ours, theirs) {
  max(abs(ours - theirs) / sqrt(outer(diag(theirs), diag(theirs))))
}
intercept_first <- function(V) {
  n <- nrow(V)
  V[c(n, seq_len(n - 1)), c(n, seq_len(n - 1))]
}
cars_with_classes <- within(mtcars, {
  am <- factor(am)
  gear <- factor(gear)
  hp <- hp / 100
})
logistic_run <- function(...) {
  set.seed(1)
  nn_train(density ~ log(conc), subset(DNase, Run == 1),
    hidden = 1, activation = "sigmoid", penalty = 0, optimizer = exact, ...
  )
}
run <- subset(DNase, Run == 1)

test_that("without a hidden layer the covariances are those of lm()", {
  d <- cars_with_classes
  d$w <- rep(c(1, 2, 0, 0.5), 8)
  fit <- linear(mpg ~ wt + hp, d)
  peer <- lm(mpg ~ wt + hp, d)
  V <- vcov(fit, d)
  expect_lt(covariances_apart(intercept_first(V), vcov(peer)), 1e-6)
  expect_lt(covariances_apart(intercept_first(vcov(fit, d, type = "fisher")), vcov(peer)), 1e-6)
  expect_identical(attr(V, "df"), 29)
  expect_lt(apart(confint(fit, X = d)[c(3, 1, 2), ], confint(peer)), 1e-6)
  profiled <- confint(fit, X = d, method = "profile")
  expect_lt(apart(profiled[c(3, 1, 2), ], confint(peer)), 1e-6)
  table <- summary(fit, d)$coefficients[c(3, 1, 2), ]
  expect_lt(apart(table, coef(summary(peer))), 1e-6)
  expect_equal(as.vector(logLik(fit)), as.vector(logLik(peer)), tolerance = 1e-10)
  expect_equal(AIC(fit), AIC(peer), tolerance = 1e-10)
  expect_equal(deviance(fit), deviance(peer), tolerance = 1e-10)

  fit <- linear(mpg ~ wt + hp, d, weights = w)
  peer <- lm(mpg ~ wt + hp, d, weights = w)
  expect_lt(covariances_apart(intercept_first(vcov(fit, d)), vcov(peer)), 1e-6)
  expect_equal(as.vector(logLik(fit, d)), as.vector(logLik(peer)), tolerance = 1e-10)
  expect_equal(deviance(fit, d), deviance(peer), tolerance = 1e-10)
  # White's estimator, written out
  used <- d[d$w > 0, ]
  X <- cbind(1, used$wt, used$hp)
  bread <- solve(crossprod(X * sqrt(used$w)))
  meat <- crossprod(X * used$w * (used$mpg - drop(X %*% coef(peer))))
  robust <- vcov(fit, d, type = "sandwich")
  expect_lt(covariances_apart(intercept_first(robust), bread %*% meat %*% bread), 1e-6)
})

test_that("without a hidden layer the covariances are those of glm()", {
  d <- cars_with_classes
  fit <- linear(am ~ mpg + hp, d)
  peer <- glm(am ~ mpg + hp, binomial, d, control = precise)
  expect_lt(covariances_apart(intercept_first(vcov(fit, d)), vcov(peer)), 1e-6)
  expect_lt(covariances_apart(intercept_first(vcov(fit, d, type = "fisher")), vcov(peer)), 1e-6)
  expect_null(attr(vcov(fit, d), "df"))
  table <- summary(fit, d)$coefficients[c(3, 1, 2), ]
  expect_lt(apart(table[, 1:3], coef(summary(peer))[, 1:3]), 1e-6)
  expect_identical(colnames(table), colnames(coef(summary(peer))))
  expect_equal(as.vector(logLik(fit)), as.vector(logLik(peer)), tolerance = 1e-9)
  expect_equal(deviance(fit), deviance(peer), tolerance = 1e-9)

  d <- warpbreaks
  d$exposure <- log(rep(1:3, 18))
  fit <- linear(breaks ~ wool + tension + offset(exposure), d, loss = "poisson")
  peer <- glm(breaks ~ wool + tension + offset(exposure), poisson, d, control = precise)
  expect_lt(covariances_apart(intercept_first(vcov(fit, d)), vcov(peer)), 1e-6)
  expect_equal(as.vector(logLik(fit)), as.vector(logLik(peer)), tolerance = 1e-9)
  expect_equal(deviance(fit), deviance(peer), tolerance = 1e-9)

  # proportions with numbers of trials, and a link that is not canonical
  X <- as.matrix(cbind(dose = 1:6))
  died <- c(1, 4, 9, 13, 18, 20) / 20
  fit <- nn_train(X, died,
    hidden = 0, loss = "cross_entropy", weights = rep(20, 6), optimizer = exact,
    start = list(wout = matrix(0), bout = matrix(0))
  )
  peer <- glm(died ~ X, binomial, weights = rep(20, 6), control = precise)
  again <- list(X, died, weights = rep(20, 6))
  V <- do.call(vcov, c(list(fit), again))
  expect_lt(covariances_apart(intercept_first(V), vcov(peer)), 1e-6)
  likelihood <- suppressWarnings(do.call(logLik, c(list(fit), again)))
  expect_equal(as.vector(likelihood), as.vector(logLik(peer)), tolerance = 1e-9)
})

test_that("without a hidden layer the covariances are those of nnet::multinom()", {
  skip_if_not_installed("nnet")
  d <- cars_with_classes
  fit <- linear(gear ~ mpg, d)
  peer <- nnet::multinom(gear ~ mpg, d, trace = FALSE, reltol = 1e-15, maxit = 1000)
  for (type in c("hessian", "fisher")) {
    V <- vcov(fit, d, type = type)
    # differences to the first class: intercept and slope of the second, then of the third
    D <- kronecker(rbind(c(-1, 1, 0), c(-1, 0, 1)), rbind(0:1, 1:0))[, c(1, 3, 5, 2, 4, 6)]
    expect_lt(covariances_apart(D %*% V %*% t(D), vcov(peer)), 1e-6)
    expect_lt(max(abs(V %*% c(1, 1, 1, 0, 0, 0))), 1e-10)
  }
  table <- summary(fit, d)$coefficients
  expect_equal(sum(table[1:3, "Estimate"]), 0, tolerance = 1e-12)
  expect_lt(apart(drop(D %*% table[, "Estimate"]), as.vector(t(coef(peer)))), 1e-5)
  expect_equal(as.vector(logLik(fit)), as.vector(logLik(peer)), tolerance = 1e-8)
})

test_that("AIC and BIC are those of nnet::multinom(), whose classes have a reference", {
  skip_if_not_installed("nnet")
  fit <- linear(gear ~ mpg + hp, cars_with_classes)
  peer <- nnet::multinom(
    gear ~ mpg + hp, cars_with_classes,
    trace = FALSE, reltol = 1e-14, maxit = 1000
  )
  expect_equal(c(AIC(fit), BIC(fit)), c(AIC(peer), BIC(peer)), tolerance = 1e-8)
  expect_identical(attr(logLik(fit, cars_with_classes), "df"), 6L)
  # a frozen weight leaves no shift of those from its input
  frozen <- linear(
    gear ~ mpg + hp, cars_with_classes,
    freeze = list(wout = row(matrix(0, 2, 3)) == 1 & col(matrix(0, 2, 3)) == 1)
  )
  expect_identical(attr(logLik(frozen), "df"), 6L)
})

test_that("standard deviations are those certified by NIST", {
  # https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml
  check <- function(fit, X, y, estimate, sd, certified, certified_sd) {
    V <- vcov(fit, X, y, type = "fisher")
    expect_lt(apart(estimate(fit), certified), 1e-6)
    expect_lt(apart(sd(sqrt(diag(V)), fit), certified_sd), 1e-6)
  }
  train <- function(X, y, start, ...) {
    nn_train(X, y,
      start = start, hidden = length(start$bh), output_activation = "exp",
      loss = "squared_error", optimizer = exact, epochs = 10000, ...
    )
  }
  # DanWood: y = b1 x^b2
  X <- cbind(x = log(c(1.309, 1.471, 1.490, 1.565, 1.611, 1.680)))
  y <- c(2.138, 3.421, 3.597, 4.340, 4.882, 5.660)
  check(
    train(X, y, list(wout = matrix(3), bout = matrix(0))), X, y,
    function(fit) c(exp(fit$bout), fit$wout),
    function(sd, fit) c(exp(fit$bout) * sd[2], sd[1]),
    c(7.6886226176E-01, 3.8604055871E+00), c(1.8281973860E-02, 5.1726610913E-02)
  )
  # Rat42: y = b1 / (1 + exp(b2 - b3 x)), that is log(b1) - softplus(b2 - b3 x) in the exponent
  X <- cbind(x = c(9, 14, 21, 28, 42, 57, 63, 70, 79))
  y <- c(8.930, 10.800, 18.590, 22.330, 39.350, 56.110, 61.730, 64.620, 67.080)
  start <- list(wh = matrix(-0.07), bh = matrix(2.5), wout = matrix(-1), bout = matrix(4.3))
  check(
    train(X, y, start, activation = "softplus", freeze = "wout"), X, y,
    function(fit) c(exp(fit$bout), fit$bh, -fit$wh),
    function(sd, fit) c(exp(fit$bout) * sd[4], sd[2], sd[1]),
    c(7.2462237576E+01, 2.6180768402E+00, 6.7359200066E-02),
    c(1.7340283401E+00, 8.8295217536E-02, 3.4465663377E-03)
  )
  fit <- train(X, y, start, activation = "softplus", freeze = "wout")
  limits <- confint(fit, X = X, y = y, method = "profile")
  expect_identical(unname(limits[3, ]), c(-1, -1))
  expect_true(all(limits[-3, 1] < unlist(coef(fit))[-3] & limits[-3, 2] > unlist(coef(fit))[-3]))
  expect_true(all(is.na(summary(fit, X, y)$coefficients[3, 3:4])))
  # Rat43: y = b1 / (1 + exp(b2 - b3 x))^(1 / b4), that is log(b1) - softplus(b2 - b3 x) / b4 in
  # the exponent
  X <- cbind(x = 1:15)
  y <- c(
    16.08, 33.83, 65.80, 97.20, 191.55, 326.20, 386.87, 520.53, 590.03, 651.92, 724.93, 699.56,
    689.96, 637.56, 717.41
  )
  start <- list(wh = matrix(-0.7), bh = matrix(5), wout = matrix(-1), bout = matrix(6.5))
  check(
    train(X, y, start, activation = "softplus"), X, y,
    function(fit) c(exp(fit$bout), fit$bh, -fit$wh, -1 / fit$wout),
    function(sd, fit) c(exp(fit$bout) * sd[4], sd[2], sd[1], sd[3] / fit$wout^2),
    c(6.9964151270E+02, 5.2771253025E+00, 7.5962938329E-01, 1.2792483859E+00),
    c(1.6302297817E+01, 2.0828735829E+00, 1.9566123451E-01, 6.8761936385E-01)
  )
})

test_that("with a hidden unit the results are those of nls()", {
  fit <- logistic_run(standardize = FALSE)
  start <- stats::setNames(as.list(1.01 * unlist(coef(fit))), c("w", "c", "a", "b"))
  peer <- nls(
    density ~ b + a * plogis(w * log(conc) + c), run,
    start = start, control = nls.control(tol = 1e-6)
  )
  V <- vcov(fit, run, type = "fisher")
  expect_lt(covariances_apart(V, vcov(peer)), 1e-4)
  expect_equal(as.vector(logLik(fit)), as.vector(logLik(peer)), tolerance = 1e-9)
  profiled <- confint(fit, X = run, method = "profile")
  # the limits are where the likelihood ratio of nls() reaches the quantile
  for (name in c("w", "a")) {
    i <- match(name, names(start))
    for (limit in profiled[i, ]) {
      held <- stats::setNames(list(limit), name)
      rest <- nls(
        density ~ b + a * plogis(w * log(conc) + c), c(run, held),
        start = start[-i], control = nls.control(tol = 1e-6, maxiter = 200)
      )
      ratio <- (deviance(rest) / deviance(peer) - 1) * 12
      expect_equal(sqrt(ratio), qt(0.975, 12), tolerance = 1e-5)
    }
  }
})

test_that("confidence intervals of outputs are those of predict.lm() and predict.glm()", {
  new <- mtcars[c(3, 1), ]
  fit <- nn_train(mpg ~ wt + hp, mtcars, hidden = 0, penalty = 0, optimizer = exact)
  V <- vcov(fit, mtcars)
  ours <- predict(fit, new, interval = "confidence", vcov = V)
  expect_equal(ours, predict(lm(mpg ~ wt + hp, mtcars), new, interval = "confidence"))
  new$wt[2] <- NA
  some <- predict(fit, new, interval = "confidence", level = 0.95, vcov = V)
  expect_identical(some[1, ], ours[1, ])
  expect_true(all(is.na(some[2, ])))
  whole <- predict(fit, new, interval = "confidence", vcov = V, na.action = na.omit)
  expect_identical(dim(whole), c(1L, 3L))

  peer <- glm(am ~ wt, binomial, cars_with_classes, control = precise)
  fit <- nn_train(am ~ wt, cars_with_classes, hidden = 0, penalty = 0, optimizer = exact)
  link <- predict(peer, se.fit = TRUE)
  limits <- plogis(link$fit + outer(link$se.fit, c(0, -1, 1) * qnorm(0.975)))
  ours <- predict(fit, cars_with_classes,
    interval = "confidence", vcov = vcov(fit, cars_with_classes)
  )
  expect_equal(ours, limits, tolerance = 1e-6, ignore_attr = TRUE)

  # with a hidden unit, and from a matrix: the derivatives by central differences
  X <- cbind(x = seq(-2, 2, length.out = 30))
  y <- exp(tanh(1.5 * X[, 1] - 0.3)) + 0.1 * cos(7 * X[, 1])
  set.seed(1)
  fit <- nn_train(X, y,
    hidden = 1, activation = "tanh", loss = "squared_error",
    output_activation = "exp", optimizer = exact, epochs = 2000
  )
  V <- vcov(fit, X, y)
  ours <- predict(fit, X[1:2, , drop = FALSE], interval = "confidence", level = 0.95, vcov = V)
  log_mean <- function(w) {
    log(nn_forward(relist(w, coef(fit)), X[1:2, , drop = FALSE],
      activation = "tanh", output_activation = "exp"
    )$output)
  }
  w <- unlist(coef(fit))
  slopes <- vapply(seq_along(w), function(i) {
    step <- replace(0 * w, i, 1e-5)
    drop(log_mean(w + step) - log_mean(w - step)) / 2e-5
  }, numeric(2))
  error <- sqrt(rowSums((slopes %*% V) * slopes))
  expect_equal(
    ours[, c("lwr", "upr")],
    exp(drop(log_mean(w)) + outer(error, c(-1, 1) * qt(0.975, attr(V, "df")))),
    tolerance = 1e-6, ignore_attr = TRUE
  )
})

test_that("marginaleffects uses the covariance matrix", {
  skip_if_not_installed("marginaleffects")
  fit <- nn_train(mpg ~ wt + hp, mtcars, hidden = 0, penalty = 0, optimizer = exact)
  ours <- marginaleffects::avg_slopes(fit, newdata = mtcars, vcov = vcov(fit, mtcars))
  theirs <- marginaleffects::avg_slopes(lm(mpg ~ wt + hp, mtcars))
  # both by numerical derivatives
  expect_equal(ours$std.error, theirs$std.error, tolerance = 1e-4)
  expect_null(marginaleffects::avg_slopes(fit, newdata = mtcars)$std.error)
})

test_that("intervals cover the true values as often as they say", {
  # a small version of bench/coverage.R: mean of 60 data sets, each with four weights
  set.seed(7)
  truth <- list(wh = matrix(2), bh = matrix(-0.5), wout = matrix(3), bout = matrix(1))
  X <- matrix(seq(-2, 2, length.out = 60))
  mean <- nn_forward(truth, X, activation = "tanh", output_activation = "identity")$output
  inside <- replicate(60, {
    y <- mean + rnorm(60, 0, 0.2)
    fit <- nn_train(X, y,
      start = truth, hidden = 1, activation = "tanh", output_activation = "identity",
      optimizer = "lbfgs", epochs = 500
    )
    limits <- confint(fit, X = X, y = y)
    unlist(truth) >= limits[, 1] & unlist(truth) <= limits[, 2]
  })
  # 240 correlated trials of probability 0.95
  expect_gt(base::mean(inside), 0.9)
  expect_lt(base::mean(inside), 0.99)
})

test_that("what makes standard errors meaningless is named", {
  reasons <- function(fit, ...) {
    w <- expect_warning(vcov(fit, ...), class = "backprop_warning_inference")
    w$reasons
  }
  d <- run
  set.seed(2)
  penalised <- nn_train(density ~ log(conc), d, hidden = 1, activation = "tanh", penalty = 0.01)
  expect_named(reasons(penalised, d), "penalised")
  early <- nn_train(density ~ log(conc), d,
    hidden = 1, activation = "tanh", penalty = 0, optimizer = "lbfgs", epochs = 12
  )
  expect_true(any(c("optimum", "saddle") %in% names(reasons(early, d))))
  parted <- data.frame(x = 1:20, y = factor(rep(c("a", "b"), each = 10)))
  expect_warning(
    apart <- nn_train(y ~ x, parted, hidden = 0, penalty = 0, optimizer = "lbfgs"),
    class = "backprop_warning_separable"
  )
  for (type in c("hessian", "fisher")) {
    expect_named(reasons(apart, parted, type = type), "separated")
  }
  X <- cbind(a = d$density, b = 2 * d$density)
  collinear <- nn_train(X, log(d$conc),
    hidden = 0, output_activation = "identity", optimizer = exact, epochs = 1000
  )
  expect_match(reasons(collinear, X, log(d$conc))$inputs, "combinations of other inputs: b")
  of_network <- function(network, activation = "tanh") {
    X <- cbind(x = seq(-2, 2, length.out = 30))
    y <- sin(X[, 1])
    fit <- nn_train(X, y,
      start = network, hidden = ncol(network$wh), activation = activation,
      output_activation = "identity", epochs = 0
    )
    reasons(fit, X, y)
  }
  unit <- function(w, b, out) list(wh = t(w), bh = t(b), wout = matrix(out), bout = matrix(0))
  expect_match(of_network(unit(c(1, 1), c(0, 0), c(0.5, 0.5)))$redundant, "hidden[1]", fixed = TRUE)
  expect_match(of_network(unit(c(1, 1), c(0, 50), c(1, 1)))$saturated, "hidden[2]", fixed = TRUE)
  expect_match(of_network(unit(c(1, 2), c(0, 1), c(1, 0)))$idle, "hidden[2]", fixed = TRUE)
  expect_match(of_network(unit(1, 1, 1), "relu")$rescaled, "relu")
  many <- unit(seq(0.5, 3, length.out = 12), seq(-1, 1, length.out = 12), rep(0.1, 12))
  expect_match(of_network(many)$many, "more targets (30) than weights (37)", fixed = TRUE)

  expect_snapshot({
    V <- vcov(collinear, X, log(d$conc))
    summary(penalised, d)
  })
})

test_that("what each reason advises removes it", {
  cars <- function(...) {
    set.seed(1)
    suppressWarnings(nn_train(mpg ~ wt + hp, mtcars, ...))
  }
  reasons <- function(fit, method = function(fit) vcov(fit, mtcars)) {
    found <- list()
    withCallingHandlers(method(fit), backprop_warning_inference = function(w) {
      found <<- w$reasons
      invokeRestart("muffleWarning")
    })
    found
  }
  tanh <- function(...) cars(activation = "tanh", optimizer = "lbfgs", penalty = 0, ...)
  cured <- tanh(hidden = 1)
  expect_identical(reasons(cured), list())
  expect_identical(reasons(cured, logLik), list())
  # the network of the defaults
  many <- reasons(cars(penalty = 0.1, epochs = 50))
  expect_named(many, c("many", "rescaled", "penalised"))
  expect_match(many$many, "use fewer units, such as hidden = 1.", fixed = TRUE)
  relu <- cars(activation = "relu", optimizer = "lbfgs", penalty = 0, hidden = 2)
  expect_named(reasons(relu), "rescaled")
  expect_match(reasons(relu)$rescaled, "activation = \"tanh\"", fixed = TRUE)
  expect_match(reasons(tanh(hidden = 2))$singular, "Use fewer units.", fixed = TRUE)
  # neither more epochs nor nn_continue() help where training ended itself
  early <- cars(activation = "tanh", hidden = 1, penalty = 0, optimizer = "adam", epochs = 50)
  expect_match(
    reasons(early)[[1]],
    "train with optimizer = \"lbfgs\" and more epochs until fit$stop",
    fixed = TRUE
  )
  expect_match(
    reasons(tanh(hidden = 1, epochs = 5))$optimum, "train with more epochs until",
    fixed = TRUE
  )
  expect_match(
    reasons(tanh(hidden = 1, validation = 0.2, patience = 5))[[1]], "train with validation = NULL",
    fixed = TRUE
  )
  expect_match(to_optimum(unclass(cured)), "^train from other initial weights \\(restarts = 10\\)")
  # a saturated network has fewer inputs or more rows as its only way
  full <- nn_train(mpg ~ wt + hp, mtcars[1:3, ], hidden = 0, penalty = 0)
  expect_match(
    reasons(full, function(fit) vcov(fit, mtcars[1:3, ]))$many, "use fewer inputs or more rows",
    fixed = TRUE
  )
})

test_that("logLik() warns if training stopped by precision where the gradient is not 0", {
  cars <- function(..., formula = mpg ~ wt + hp) {
    set.seed(1)
    nn_train(formula, mtcars, penalty = 0, optimizer = "lbfgs", ...)
  }
  relu <- cars(hidden = 2, activation = "relu")
  expect_identical(relu$stop, "precision")
  warning <- expect_warning(AIC(relu), class = "backprop_warning_inference")
  expect_match(warning$reasons$optimum, "\"precision\".*gradient is not close to 0.*\"tanh\"")
  # where rounding alone keeps the gradient from 0, the likelihood is that of lm()
  rounded <- cars(
    hidden = 0, precision = "single", standardize = FALSE, epochs = 1e4, formula = mpg ~ .
  )
  expect_identical(rounded$stop, "precision")
  expect_no_warning(value <- logLik(rounded))
  expect_equal(as.numeric(value), as.numeric(logLik(lm(mpg ~ ., mtcars))), tolerance = 1e-6)
})

test_that("data that were not those of the training are noticed", {
  fit <- logistic_run()
  expect_warning(
    suppressWarnings(vcov(fit, run[-1, ]), classes = "backprop_warning_inference"),
    class = "backprop_warning_other_data"
  )
})

test_that("held-out rows, subsets and missing values are those of the training", {
  d <- airquality
  fit <- linear(Ozone ~ Wind + Temp, d, subset = Month > 5)
  peer <- lm(Ozone ~ Wind + Temp, d, subset = Month > 5)
  expect_lt(covariances_apart(intercept_first(vcov(fit, d)), vcov(peer)), 1e-6)
  expect_equal(nobs(logLik(fit)), nobs(peer))
  set.seed(3)
  fit <- linear(Ozone ~ Wind + Temp, d, validation = 0.25)
  record <- backprop:::training_again(fit, d, NULL, NULL, NULL, NULL)
  expect_identical(nrow(record$y), 87L)
  expect_error(logLik(fit), class = "backprop_error_argument")
})

test_that("simulations have the fitted distribution", {
  fit <- linear(breaks ~ wool + tension, warpbreaks, loss = "poisson")
  draws <- simulate(fit, 400, seed = 1)
  expect_identical(dim(draws), c(54L, 400L))
  expect_identical(draws, simulate(fit, 400, seed = 1))
  expect_equal(rowMeans(draws), unname(fitted(fit)), tolerance = 0.05)
  peer <- lm(mpg ~ wt, mtcars)
  fit <- linear(mpg ~ wt, mtcars)
  draws <- simulate(fit, 1000, seed = 2)
  expect_identical(rownames(draws), rownames(mtcars))
  expect_equal(mean(apply(draws, 1, sd)), sigma(peer), tolerance = 0.02)
  set.seed(4)
  fit <- nn_train(Species ~ ., iris, hidden = 2)
  draws <- simulate(fit, 200, seed = 3)
  expect_identical(levels(draws$sim_1), levels(iris$Species))
  shares <- t(apply(as.matrix(draws), 1, function(x) table(factor(x, levels(iris$Species)))))
  expect_lt(max(abs(shares / 200 - fitted(fit))), 0.15)
})

test_that("families and labels are those of the formula and the loss", {
  fit <- linear(mpg ~ wt + log(hp), mtcars)
  expect_identical(family(fit)$family, "gaussian")
  expect_identical(labels(fit), c("wt", "log(hp)"))
  expect_identical(family(linear(am ~ wt, cars_with_classes))$link, "logit")
  expect_identical(labels(nn_train(as.matrix(cars), 1:50, epochs = 1)), names(cars))
})

test_that("invalid calls are refused", {
  fit <- linear(mpg ~ wt, mtcars)
  robust <- nn_train(mpg ~ wt, mtcars, hidden = 0, loss = "huber")
  tweedie <- nn_train(mpg ~ wt, mtcars, hidden = 0, loss = nn_tweedie(1.5), penalty = 0)
  middle <- nn_train(mpg ~ wt, mtcars, hidden = 0, loss = nn_quantile(c(0.2, 0.8)), penalty = 0)
  full <- suppressWarnings(nn_train(mpg ~ wt, mtcars[1:2, ], hidden = 0, penalty = 0))
  expect_snapshot({
    refused(vcov(fit), "input")
    refused(vcov(fit, mtcars, type = "hc3"), "argument")
    refused(vcov(robust, mtcars), "argument")
    refused(summary(middle, mtcars, type = "sandwich"), "argument")
    V <- vcov(full, mtcars[1:2, ])
    refused(simulate(full), "argument")
    refused(confint(fit, mtcars, X = mtcars), "argument")
    refused(confint(fit, "wt", X = mtcars), "argument")
    refused(confint(fit, X = mtcars, type = "sandwich", method = "profile"), "argument")
    classes <- nn_train(Species ~ ., iris, hidden = 0, penalty = 0, epochs = 5)
    refused(confint(classes, X = iris, method = "profile"), "argument")
    refused(predict(fit, mtcars, interval = "confidence"), "argument")
    refused(predict(fit, mtcars, interval = "confidence", vcov = diag(3)), "argument")
    refused(predict(fit, mtcars, interval = "confidence", vcov = diag(NA, 2)), "argument")
    refused(predict(fit, mtcars, vcov = diag(2)), "argument")
    refused(predict(fit, interval = "confidence", vcov = diag(2)), "argument")
    refused(anova(fit), "argument")
    refused(family(robust), "argument")
    refused(logLik(robust), "argument")
    refused(AIC(tweedie), "argument")
    refused(simulate(tweedie), "argument")
    refused(simulate(nn_train(mpg ~ wt, mtcars, hidden = 0, keep_fitted = FALSE)), "argument")
  })
})

test_that("each loss has a likelihood or a reason why it has none", {
  expect_setequal(c(names(likelihood_table), names(no_likelihood)), names(loss_table))
  expect_length(intersect(names(likelihood_table), names(no_likelihood)), 0)
  expect_identical(why_no_likelihood("huber"), no_likelihood[["huber"]])
  expect_identical(why_no_likelihood("new"), "It has no likelihood here.")
})

test_that("losses of distributions have their likelihoods and covariances", {
  set.seed(11)
  d <- data.frame(x = rnorm(150))
  d$amount <- rgamma(150, 2, 2 / exp(0.5 + 0.4 * d$x))
  d$count <- rnbinom(150, size = 2, mu = exp(0.5 + 0.4 * d$x))
  d$y <- 1 + d$x + rnorm(150) * exp(0.4 * d$x)
  d$part <- rbeta(150, plogis(d$x) * 5, plogis(-d$x) * 5)
  d$rank <- cut(d$x + rlogis(150), c(-Inf, -1, 1, Inf), c("a", "b", "c"), ordered_result = TRUE)
  fit <- linear(amount ~ x, d, loss = "gamma")
  peer <- glm(amount ~ x, Gamma("log"), d, control = precise)
  V <- vcov(fit, d, type = "fisher")
  expect_lt(covariances_apart(intercept_first(V), vcov(peer)), 1e-6)
  expect_equal(as.vector(logLik(fit)), as.vector(logLik(peer)), tolerance = 1e-9)
  expect_identical(attr(logLik(fit), "df"), 3L)
  expect_equal(deviance(fit), deviance(peer), tolerance = 1e-9)

  # the inverse of a numerical Hessian of the log-density
  numeric <- function(fit, density) {
    w <- unlist(coef(fit))
    solve(-optimHess(w, density, control = list(ndeps = rep(1e-4, length(w)))))
  }
  X <- cbind(d$x, 1)
  fit <- linear(count ~ x, d, loss = nn_negative_binomial(2))
  density <- function(w) sum(dnbinom(d$count, size = 2, mu = exp(X %*% w), log = TRUE))
  expect_lt(covariances_apart(unname(vcov(fit, d)), numeric(fit, density)), 1e-5)
  expect_equal(as.vector(logLik(fit)), density(unlist(coef(fit))), tolerance = 1e-10)
  expect_equal(rowMeans(simulate(fit, 500, seed = 1)), unname(fitted(fit)), tolerance = 0.1)

  fit <- linear(y ~ x, d, loss = "gaussian")
  density <- function(w) {
    sum(dnorm(d$y, X %*% w[c(1, 3)], exp(X %*% w[c(2, 4)]), log = TRUE))
  }
  expect_lt(covariances_apart(unname(vcov(fit, d)), numeric(fit, density)), 1e-5)
  expect_equal(as.vector(logLik(fit, d)), density(unlist(coef(fit))), tolerance = 1e-10)
  sd <- apply(simulate(fit, 500, seed = 1, X = d), 1, sd)
  expect_equal(sd, unname(fitted(fit)[, "sd"]), tolerance = 0.05)
  expect_error(vcov(fit, d, type = "fisher"), class = "backprop_error_argument")

  fit <- linear(part ~ x, d, loss = "beta")
  density <- function(w) {
    m <- plogis(X %*% w[c(1, 3)])
    f <- exp(X %*% w[c(2, 4)])
    sum(dbeta(d$part, m * f, (1 - m) * f, log = TRUE))
  }
  expect_lt(covariances_apart(unname(vcov(fit, d)), numeric(fit, density)), 1e-5)
  expect_equal(as.vector(logLik(fit, d)), density(unlist(coef(fit))), tolerance = 1e-10)

  fit <- linear(rank ~ x, d, loss = "cumulative")
  skip_if_not_installed("MASS")
  peer <- MASS::polr(rank ~ x, d, Hess = TRUE, control = list(reltol = 1e-15, maxit = 500))
  expect_equal(as.vector(logLik(fit, d)), as.vector(logLik(peer)), tolerance = 1e-9)
  expect_equal(vcov(fit, d)[1, 1], vcov(peer)[1, 1], tolerance = 1e-4)
  expect_identical(vcov(fit, d)[2, 2], 0)
  shares <- rowMeans(simulate(fit, 500, seed = 1, X = d) == "c")
  expect_lt(max(abs(shares - predict(fit, d, type = "prob")[, "c"])), 0.1)
})

test_that("R functions have no second derivatives", {
  own <- nn_custom_activation(function(z) z / (1 + abs(z)), function(z) 1 / (1 + abs(z))^2)
  fit <- nn_train(mpg ~ wt, mtcars, hidden = 1, activation = own, penalty = 0, epochs = 2)
  expect_error(vcov(fit, mtcars), "custom activation", class = "backprop_error_argument")
})

test_that("summary() and glance() have the deviances of glm()", {
  deviances <- function(peer) {
    data.frame(
      deviance = c(peer$null.deviance, peer$deviance), df = c(peer$df.null, peer$df.residual) + 0,
      row.names = c("null", "residual")
    )
  }
  d <- cars_with_classes
  fit <- linear(am ~ mpg + hp, d)
  peer <- glm(am ~ mpg + hp, binomial, d, control = precise)
  expect_equal(summary(fit, d)$deviances, deviances(peer), tolerance = 1e-8)
  shown <- capture.output(print(summary(fit, d)))
  expect_true(all(trimws(grep("deviance:", capture.output(print(summary(peer))), value = TRUE)) |>
    vapply(function(line) any(grepl(gsub(" +", " +", line), shown)), NA)))
  counts <- within(warpbreaks, {
    exposure <- log(rep(1:3, 18))
    w <- rep(c(0, 1, 2), 18)
  })
  fit <- linear(breaks ~ wool + offset(exposure), counts, loss = "poisson", weights = w)
  peer <- glm(breaks ~ wool + offset(exposure), poisson, counts, weights = w, control = precise)
  expect_equal(summary(fit, counts)$deviances, deviances(peer), tolerance = 1e-7)
  gamma <- linear(breaks ~ wool + tension, warpbreaks, loss = "gamma")
  peer <- glm(breaks ~ wool + tension, Gamma("log"), warpbreaks, control = precise)
  expect_equal(summary(gamma, warpbreaks)$deviances, deviances(peer), tolerance = 1e-7)
  normal <- linear(mpg ~ wt, mtcars)
  peer <- glm(mpg ~ wt, gaussian, mtcars)
  expect_equal(summary(normal, mtcars)$deviances, deviances(peer), tolerance = 1e-8)
  # several outputs have no degrees of freedom, and losses without a likelihood no deviances
  classes <- linear(gear ~ mpg, d)
  both <- summary(classes, d)$deviances
  expect_identical(both$df, c(NA_real_, NA_real_))
  expect_equal(both$deviance, c(deviance(classes, null = TRUE), deviance(classes)))
  robust <- linear(mpg ~ wt, mtcars, loss = "log_cosh")
  expect_null(suppressWarnings(summary(robust, mtcars, type = "sandwich"))$deviances)
  skip_if_not_installed("generics")
  of <- function(fit) unlist(generics::glance(fit)[c("null.deviance", "deviance")])
  expect_equal(of(normal), c(null.deviance = peer$null.deviance, deviance = peer$deviance))
  expect_identical(unname(of(robust)), c(NA_real_, NA_real_))
  # stored outputs tell neither weights nor offsets
  expect_identical(unname(of(fit)), c(NA_real_, NA_real_))
  offset <- linear(breaks ~ wool + offset(exposure), counts, loss = "poisson")
  expect_equal(unname(of(offset)), c(NA, deviance(offset)))
})
