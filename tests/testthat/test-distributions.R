# Losses of distributions: without a hidden layer they are the generalised linear model.

set.seed(1)
d <- data.frame(x = rnorm(200), z = runif(200))
d$mean <- exp(0.5 + 0.4 * d$x - 0.3 * d$z)
d$amount <- rgamma(200, 2, 2 / d$mean)
d$claims <- d$amount * rbinom(200, 1, 0.7)
d$count <- rnbinom(200, size = 2, mu = d$mean)
d$rank <- cut(
  d$x + rlogis(200), c(-Inf, -1, 0.5, 2, Inf),
  labels = c("a", "b", "c", "d"), ordered_result = TRUE
)
d$part <- rbeta(200, plogis(d$x) * 5, (1 - plogis(d$x)) * 5)
d$y <- 1 + d$x + rnorm(200) * exp(0.5 * d$x)

linear <- function(formula, loss, ...) {
  nn_train(
    formula, d,
    loss = loss, hidden = 0, penalty = 0, epochs = 2000,
    optimizer = nn_lbfgs(gradient_tolerance = 1e-11), ...
  )
}
exact <- glm.control(1e-14, 100)
maximum <- function(start, loss) optim(start, loss, method = "BFGS", control = list(reltol = 1e-16))

test_that("gamma and negative binomial are glm()", {
  fit <- linear(amount ~ x + z, "gamma")
  oracle <- glm(amount ~ x + z, Gamma("log"), d, control = exact)
  expect_lt(max(abs(predict(fit, d) / fitted(oracle) - 1)), 1e-6)
  weighted <- linear(amount ~ x + z, "gamma", weights = d$count + 1)
  oracle <- glm(amount ~ x + z, Gamma("log"), d, weights = d$count + 1, control = exact)
  expect_lt(max(abs(predict(weighted, d) / fitted(oracle) - 1)), 1e-6)

  skip_if_not_installed("MASS")
  fit <- linear(count ~ x + z, nn_negative_binomial(2))
  oracle <- glm(count ~ x + z, MASS::negative.binomial(2), d, control = exact)
  expect_lt(max(abs(predict(fit, d) / fitted(oracle) - 1)), 1e-6)
  # the null deviance, to which the doctor compares
  facts <- backprop:::doctor_facts(unclass(fit))
  expect_equal(2 * 200 * (facts$null - facts$perfect), oracle$null.deviance, tolerance = 1e-8)
  expect_equal(2 * 200 * (facts$loss - facts$perfect), oracle$deviance, tolerance = 1e-8)
})

test_that("the size of the negative binomial distribution is that of glm.nb()", {
  skip_if_not_installed("MASS")
  fit <- linear(count ~ x + z, nn_negative_binomial(NULL))
  oracle <- MASS::glm.nb(count ~ x + z, d, control = exact)
  expect_equal(unclass(fit)$settings$loss$parameter, oracle$theta, tolerance = 1e-5)
  expect_lt(max(abs(predict(fit, d) / fitted(oracle) - 1)), 1e-5)
  expect_equal(AIC(fit), AIC(oracle), tolerance = 1e-9)
  expect_equal(BIC(fit), BIC(oracle), tolerance = 1e-9)
  expect_output(print(fit), "negative_binomial (size 1.797", fixed = TRUE)
  steps <- nn_train(
    count ~ x + z, d,
    loss = nn_negative_binomial(NULL), hidden = 2, optimizer = "adam", penalty = 0, epochs = 25
  )
  expect_identical(unclass(steps)$state$epoch, 25)
  longer <- nn_continue(steps, d, epochs = 3)
  expect_identical(unclass(longer)$settings$loss, unclass(steps)$settings$loss)
  path <- withr::local_tempfile(fileext = ".json")
  nn_save(fit, path)
  expect_identical(predict(nn_load(path), d), predict(fit, d))
  expect_identical(logLik(nn_load(path)), logLik(fit))
})

test_that("tweedie solves the quasi-likelihood equations of its variance", {
  fit <- linear(claims ~ x + z, nn_tweedie(1.4))
  # iteratively reweighted least squares for the variance mean^1.4 and the log link
  X <- cbind(1, d$x, d$z)
  b <- c(log(mean(d$claims)), 0, 0)
  for (step in 1:50) {
    mean <- exp(drop(X %*% b))
    b <- coef(lm.wfit(X, log(mean) + (d$claims - mean) / mean, mean^0.6))
  }
  expect_lt(max(abs(predict(fit, d) / exp(drop(X %*% b)) - 1)), 1e-6)
})

test_that("the deviance of tweedie is that of its family", {
  # unit deviances by hand (Jorgensen 1987): y = 0, below and above the mean
  y <- c(0, 1, 4, 2, 3, 0.5)
  fit <- nn_train(y ~ x, data.frame(x = 1:6, y), loss = nn_tweedie(1.5), hidden = 0, penalty = 0)
  mean <- fitted(fit)
  unit <- 2 * (y^0.5 / (-0.5 * 0.5) - y * mean^-0.5 / -0.5 + mean^0.5 / 0.5)
  expect_equal(deviance(fit), sum(unit), tolerance = 1e-12)
})

test_that("gaussian is the maximum likelihood of mean and log standard deviation", {
  fit <- linear(y ~ x, "gaussian")
  X <- cbind(1, d$x)
  oracle <- maximum(c(1, 1, 0, 0), function(b) {
    -sum(dnorm(d$y, X %*% b[1:2], exp(X %*% b[3:4]), log = TRUE))
  })$par
  expected <- cbind(mean = X %*% oracle[1:2], sd = exp(X %*% oracle[3:4]))
  expect_lt(max(abs(predict(fit, d) - expected)), 1e-5)
  expect_identical(colnames(predict(fit, d)), c("mean", "sd"))
  expect_equal(unname(residuals(fit)), unname(d$y - predict(fit, d)[, "mean"]),
    tolerance = 1e-12,
    ignore_attr = TRUE
  )
  # frozen weights of the second output: a constant standard deviation, which is lm()
  same <- linear(y ~ x, "gaussian", freeze = list(wout = matrix(c(FALSE, TRUE), 1)), start = list(
    wout = matrix(0, 1, 2), bout = matrix(0, 1, 2)
  ))
  least_squares <- lm(y ~ x, d)
  expect_lt(max(abs(predict(same, d)[, 1] - fitted(least_squares))), 1e-6)
  expect_equal(unname(predict(same, d)[1, 2]), sqrt(mean(residuals(least_squares)^2)),
    tolerance = 1e-6
  )
})

test_that("beta is the maximum likelihood of mean and precision", {
  fit <- linear(part ~ x, "beta")
  X <- cbind(1, d$x)
  oracle <- maximum(c(0, 1, 1, 0), function(b) {
    m <- plogis(X %*% b[1:2])
    f <- exp(X %*% b[3:4])
    -sum(dbeta(d$part, m * f, (1 - m) * f, log = TRUE))
  })$par
  expected <- cbind(mean = plogis(X %*% oracle[1:2]), precision = exp(X %*% oracle[3:4]))
  expect_lt(max(abs(predict(fit, d) / expected - 1)), 1e-5)
})

test_that("the log gamma function and its derivative are those of R over their range", {
  X <- matrix(1)
  y <- 0.3
  for (precision in 10^seq(-6, 8, 0.25)) {
    network <- list(wout = matrix(0, 1, 2), bout = matrix(c(0.4, log(precision)), 1))
    f <- exp(log(precision))
    a <- plogis(0.4) * f
    b <- plogis(-0.4) * f
    # the largest of the terms that are added
    size <- max(abs(c(lgamma(c(a, b, f)), a * log(y), b * log(1 - y))), 1)
    expect_lt(abs(nn_loss(network, X, y, loss = "beta") + dbeta(y, a, b, log = TRUE)), 4e-15 * size)
    slope <- digamma(c(a, b)) - digamma(f) - log(c(y, 1 - y))
    expect_equal(
      c(nn_gradient(network, X, y, loss = "beta")$bout),
      c(f * plogis(0.4) * plogis(-0.4) * (slope[1] - slope[2]), sum(c(a, b) * slope)),
      tolerance = 1e-10 + 1e-15 * f
    )
  }
})

test_that("cumulative is polr(), with thresholds in order", {
  skip_if_not_installed("MASS")
  fit <- linear(rank ~ x + z, "cumulative")
  oracle <- MASS::polr(rank ~ x + z, d, control = list(reltol = 1e-15, maxit = 1000))
  expect_lt(max(abs(predict(fit, d, type = "prob") - fitted(oracle))), 1e-6)
  expect_identical(
    as.character(predict(fit, d, type = "class")), as.character(predict(oracle, d))
  )
  expect_s3_class(predict(fit, d, type = "class"), "ordered")
  expect_identical(coef(fit)$wout[, 2:3], matrix(0, 2, 2))
  accuracy <- mean(predict(fit, d, type = "class") == d$rank)
  expect_equal(summary(fit)$accuracy[["training"]], accuracy, tolerance = 1e-14)
  expect_identical(summary(fit)$errors$output, levels(d$rank))
  # a hidden layer: still one score and thresholds
  deep <- nn_train(rank ~ x + z, d, loss = "cumulative", hidden = 3, epochs = 50, penalty = 0.01)
  expect_true(all(predict(deep, d, type = "prob") > 0))
  expect_equal(rowSums(predict(deep, d, type = "prob")), rep(1, 200))
  cv <- nn_cv(rank ~ x, d, folds = 3, loss = "cumulative", hidden = 0, penalty = 0.01)
  expect_gt(mean(cv$metrics$accuracy), 0.3)
  # two levels are logistic regression
  d$high <- factor(d$rank > "b", c(FALSE, TRUE), c("no", "yes"), ordered = TRUE)
  two <- nn_train(high ~ x, d,
    loss = "cumulative", hidden = 0, penalty = 0, optimizer = nn_lbfgs(gradient_tolerance = 1e-11)
  )
  expect_lt(max(abs(predict(two, d) - fitted(glm(high ~ x, binomial, d, control = exact)))), 1e-6)
})

test_that("several quantiles are the best linear ones, and those of one network can't cross", {
  small <- d[1:30, ]
  p <- c(0.25, 0.5, 0.8)
  loss <- function(a, p) mean(ifelse(a < small$y, p * (small$y - a), (1 - p) * (a - small$y)))
  # the best line goes through two of the points
  pairs <- combn(30, 2)
  lines <- apply(pairs, 2, function(at) {
    slope <- diff(small$y[at]) / diff(small$x[at])
    small$y[at[1]] + slope * (small$x - small$x[at[1]])
  })
  best <- vapply(p, function(p) min(apply(lines, 2, loss, p)), 0)
  fit <- nn_train(
    y ~ x, small,
    loss = nn_quantile(p), output_activation = "identity", hidden = 0, penalty = 0,
    optimizer = "adam", schedule = nn_cosine(6000, 1e-5), learning_rate = 0.02, epochs = 6000,
    batch_size = NULL
  )
  reached <- vapply(1:3, function(k) loss(predict(fit, small)[, k], p[k]), 0)
  expect_true(all(reached < best * (1 + 1e-5)))

  set.seed(1)
  net <- nn_train(y ~ x, d, loss = nn_quantile(c(0.1, 0.5, 0.9)), hidden = 8, epochs = 300)
  far <- predict(net, data.frame(x = seq(-6, 6, 0.01)))
  expect_identical(colnames(far), c("q0.1", "q0.5", "q0.9"))
  expect_true(all(far[, 1] < far[, 2] & far[, 2] < far[, 3]))
  below <- colMeans(d$y <= predict(net, d))
  expect_lt(max(abs(below - c(0.1, 0.5, 0.9))), 0.05)
  # one of several probabilities is the loss of the single one
  wide <- list(wout = matrix(0, 1, 2), bout = matrix(c(0, 1), 1))
  one <- function(k) list(wout = matrix(0), bout = matrix(wide$bout[k]))
  value <- function(network, p, y) {
    nn_loss(network, matrix(1, 3), y, loss = nn_quantile(p), output_activation = "identity")
  }
  y <- c(-1, 0.5, 3)
  expect_equal(value(wide, c(0.2, 0.7), y), value(one(1), 0.2, y) + value(one(2), 0.7, y))
})

test_that("the gradient of quantiles with increasing outputs is that of differences", {
  problem <- random_problem(6, 3, 3, 4, seed = 3)
  check <- nn_check_gradient(
    problem$start, problem$X, problem$y[, 1],
    loss = nn_quantile(c(0.1, 0.5, 0.9))
  )
  expect_lt(check$difference, 1e-7)
  rank <- factor(c("a", "b", "c", "d", "a", "c"), ordered = TRUE)
  check <- nn_check_gradient(problem$start, problem$X, rank, loss = "cumulative")
  expect_lt(check$difference, 1e-7)
})

fits <- function() {
  X <- as.matrix(d[c("x", "z")])
  train <- function(y, loss, ...) {
    set.seed(5)
    nn_train(X, y, loss = loss, hidden = 3, epochs = 20, optimizer = "lbfgs", ...)
  }
  list(
    train(d$amount, "gamma"), train(d$claims, nn_tweedie(1.3)),
    train(d$count, nn_negative_binomial(2.5)), train(d$y, "gaussian"), train(d$part, "beta"),
    train(d$y, nn_quantile(c(0.1, 0.5, 0.9))), train(d$rank, "cumulative"),
    nn_train(y ~ x + z, d, loss = "gaussian", hidden = 2, epochs = 10, penalty = 0.01),
    nn_train(y ~ x + z, d, loss = nn_quantile(c(0.2, 0.4)), hidden = 2, epochs = 10, penalty = 0.01)
  )
}

test_that("each loss is saved, loaded, resumed and exported", {
  new <- d[1:7, c("x", "z")]
  for (fit in fits()) {
    loss <- unclass(fit)$settings$loss$name
    given <- if (is.null(unclass(fit)$encoding)) as.matrix(new) else new
    path <- withr::local_tempfile(fileext = ".json")
    nn_save(fit, path)
    loaded <- nn_load(path)
    expect_identical(predict(loaded, given), predict(fit, given), label = loss)
    expect_no_error(summary(loaded))
    expect_output(print(fit), loss)
    type <- if (loss == "cumulative") "prob" else "response"
    expected <- unname(as.matrix(predict(fit, given, type = type)))
    path <- withr::local_tempfile(fileext = ".R")
    nn_export(fit, path)
    alone <- new.env(parent = baseenv())
    sys.source(path, alone)
    response <- alone$predict_network(given)
    if (is.data.frame(response)) response <- response[seq_len(ncol(expected))]
    expect_lt(relative_difference(unname(as.matrix(response)), expected), 1e-12)
    if (requireNamespace("RSQLite", quietly = TRUE)) {
      path <- withr::local_tempfile(fileext = ".sql")
      nn_export(fit, path, keep = "row_number")
      made <- run_exported_sql(path, as.data.frame(new))
      expect_lt(relative_difference(unname(made[, seq_len(ncol(expected))]), expected), 1e-12)
    }
  }
})

test_that("each loss is exported as C and ONNX, and runs there", {
  skip_on_cran()
  new <- d[1:7, c("x", "z")]
  for (fit in fits()) {
    from_matrix <- is.null(unclass(fit)$encoding)
    given <- if (from_matrix) as.matrix(new) else new
    ordered <- unclass(fit)$settings$loss$name == "cumulative"
    type <- if (ordered) "prob" else "response"
    expected <- unname(as.matrix(predict(fit, given, type = type)))
    if (!is.null(c_compiler())) {
      path <- withr::local_tempfile(fileext = ".c")
      nn_export(fit, path)
      made <- run_exported_c(path, if (from_matrix) unname(given) else given, ncol(expected))
      expect_lt(relative_difference(made, expected), 1e-12)
    }
    if (dir.exists(onnxruntime_folder()) && nzchar(Sys.which("node"))) {
      path <- withr::local_tempfile(fileext = ".onnx")
      nn_export(fit, path)
      made <- run_onnx(path, given, "double")
      expect_lt(relative_difference(made$response, expected), 1e-12)
      if (ordered) expect_identical(made$class, as.character(predict(fit, given, type = "class")))
    }
  }
})

test_that("each loss with several outputs is resumed", {
  for (fit in fits()[4:7]) {
    y <- switch(unclass(fit)$settings$loss$name,
      beta = d$part,
      cumulative = d$rank,
      d$y
    )
    X <- as.matrix(d[c("x", "z")])
    set.seed(5)
    whole <- nn_train(
      X, y,
      loss = unclass(fit)$settings$loss, hidden = 3, epochs = 25, optimizer = "lbfgs"
    )
    expect_identical(coef(nn_continue(fit, X, y, epochs = 5)), coef(whole))
  }
})

test_that("conformal intervals of quantiles and of a standard deviation follow the noise", {
  set.seed(2)
  draw <- function(n) {
    x <- runif(n, 0, 3)
    data.frame(x = x, y = sin(x) + rnorm(n) * (0.1 + x / 3))
  }
  data <- draw(1500)
  test <- draw(4000)
  for (loss in list(nn_quantile(c(0.05, 0.5, 0.95)), "gaussian")) {
    fit <- nn_train(
      y ~ x, data,
      loss = loss, hidden = 5, epochs = 150, penalty = 0.001, optimizer = "lbfgs", calibration = 0.3
    )
    band <- predict(fit, test, interval = "prediction", level = 0.9)
    inside <- test$y >= band[, "lwr"] & test$y <= band[, "upr"]
    # 450 calibration rows: the coverage has a standard deviation of about 0.015
    expect_lt(abs(mean(inside) - 0.9), 0.045)
    left <- test$x < 0.5
    right <- test$x > 2.5
    expect_gt(mean(inside[left]), 0.8)
    expect_gt(mean(inside[right]), 0.8)
    width <- band[, "upr"] - band[, "lwr"]
    expect_gt(mean(width[right]), 2 * mean(width[left]))
    expect_true(all(band[, "lwr"] <= band[, "fit"] & band[, "fit"] <= band[, "upr"]))
    path <- withr::local_tempfile(fileext = ".json")
    nn_save(fit, path)
    expect_identical(predict(nn_load(path), test, interval = "prediction", level = 0.9), band)
  }
  # the score of quantiles by hand
  fit <- nn_train(
    y ~ x, data,
    loss = nn_quantile(c(0.25, 0.75)), hidden = 0, penalty = 0, epochs = 5, calibration = 100 / 1500
  )
  plain <- unclass(fit)
  scores <- plain$calibration[[1]]
  expect_length(scores, 100)
  q <- predict(fit, test)
  limit <- scores[ceiling(0.8 * 101)]
  expect_equal(
    predict(fit, test, interval = "prediction", level = 0.8)[, "upr"], q[, 2] + limit,
    ignore_attr = TRUE
  )
  set.seed(3)
  parts <- nn_train(part ~ x, d, loss = "beta", hidden = 0, penalty = 0, calibration = 0.4)
  band <- predict(parts, data.frame(x = c(-9, 0, 9)), interval = "prediction", level = 0.95)
  expect_true(all(band >= 0 & band <= 1))
})

test_that("what these losses can't do is refused", {
  refused <- function(code, kind) {
    error <- expect_error(code, class = paste0("backprop_error_", kind))
    cat(conditionMessage(error), "\n")
  }
  X <- as.matrix(d[c("x", "z")])
  expect_snapshot({
    refused(nn_quantile(c(0.9, 0.1)), "argument")
    refused(nn_tweedie(2), "argument")
    refused(nn_negative_binomial(0), "argument")
    refused(nn_train(X, d$y, loss = "gamma"), "input")
    refused(nn_train(X, c(0, d$part[-1]), loss = "beta"), "input")
    refused(nn_train(X, cbind(d$y, d$y), loss = "gaussian"), "input")
    refused(nn_train(rank ~ x, d, loss = "gaussian", penalty = 0), "input")
    refused(nn_train(y ~ x, d, loss = "cumulative", penalty = 0), "input")
    refused(nn_train(X, d$y, loss = "gaussian", output_activation = "identity"), "argument")
    refused(nn_train(X, d$y, output_activation = "mean_sd"), "argument")
    refused(nn_trace(X, d$y, loss = "gaussian"), "argument")
  })
  # a printed setting
  expect_snapshot({
    nn_quantile(c(0.1, 0.9))
    nn_negative_binomial(NULL)
    nn_tweedie(1.2)
  })
})

test_that("cross-validation and importance compare the mean or the median with the outcome", {
  set.seed(5)
  d <- data.frame(x = runif(60), z = runif(60))
  d$y <- d$x + rnorm(60, sd = 0.1)
  d$p <- plogis(d$y)
  cases <- list(
    list(y ~ x + z, "gaussian"), list(y ~ x + z, nn_quantile(c(0.1, 0.5, 0.9))),
    list(p ~ x + z, "beta")
  )
  for (case in cases) {
    settings <- list(hidden = 0, epochs = 50, penalty = 0.01, loss = case[[2]])
    cv <- do.call(nn_cv, c(list(case[[1]], d, folds = 2, metrics = "rmse"), settings))
    held_out <- cv$predictions[cv$predictions$fold == 1, ]
    expect_equal(
      cv$metrics$rmse[1], sqrt(mean((held_out$observed - drop(as.matrix(held_out$predicted)))^2))
    )
    expect_lt(max(cv$metrics$rmse), 0.2)
    fit <- do.call(nn_train, c(list(case[[1]], d), settings))
    importance <- nn_importance(fit, d, metric = "rmse")
    expect_identical(as.character(importance$variable[which.max(importance$importance)]), "x")
  }
})

test_that("quantiles are judged by pinball loss and coverage, in summary() and nn_cv() alike", {
  skip_if_not_installed("generics")
  p <- c(0.05, 0.5, 0.9)
  d$w <- rep(1:2, 100)
  pinball <- function(y, q) {
    colMeans(ifelse(y > q, rep(p, each = length(y)) * (y - q), (1 - rep(p, each = length(y))) *
      (q - y)))
  }
  set.seed(1)
  fit <- nn_train(y ~ x + z, d,
    loss = nn_quantile(p), hidden = 2, penalty = 0.01, epochs = 50, weights = w,
    validation = 0.25
  )
  q <- predict(fit, d)
  held <- held_out_rows(
    fit$settings, fit$state$seed, list(y = as.matrix(d$y), kind = "numeric"), d$w
  )
  table <- summary(fit)$errors
  expect_named(table, c("output", "rows", "pinball_loss", "below"))
  expect_identical(table$output, rep(c("q0.05", "q0.50", "q0.90"), 2))
  twice <- rep(seq_len(200), d$w)
  of <- list(setdiff(seq_len(200), held), held)
  counted <- lapply(of, function(rows) twice[twice %in% rows])
  expect_equal(table$pinball_loss, unlist(lapply(counted, function(rows) {
    unname(pinball(d$y[rows], q[rows, ]))
  })))
  expect_equal(table$below, unlist(lapply(counted, function(rows) {
    unname(colMeans(d$y[rows] <= q[rows, ]))
  })))
  inside <- d$y >= q[, 1] & d$y <= q[, 3]
  expect_equal(
    summary(fit)$coverage,
    c(
      nominal = 0.85, training = mean(inside[counted[[1]]]),
      `held out` = mean(inside[counted[[2]]])
    )
  )
  expect_output(print(summary(fit)), "Coverage between q0.05 and q0.90: 0.8500 nominal")
  # without weights the errors are those of residuals; a single quantile has no interval
  set.seed(1)
  plain <- nn_train(y ~ x, d, loss = nn_quantile(0.9), hidden = 0, penalty = 0, epochs = 200)
  expect_equal(
    summary(plain)$errors$pinball_loss,
    mean(ifelse(residuals(plain) > 0, 0.9, -0.1) * residuals(plain))
  )
  expect_null(summary(plain)$coverage)
  # the loss that training and print() show is on the scale of the network
  expect_equal(
    plain$objective * unclass(plain)$encoding$outcome$scale, summary(plain)$errors$pinball_loss
  )
  path <- withr::local_tempfile(fileext = ".json")
  nn_save(fit, path)
  expect_identical(summary(nn_load(path))$coverage, summary(fit)$coverage)

  # the median is the prediction of nn_cv()
  set.seed(1)
  cv <- nn_cv(y ~ x + z, d,
    folds = 2, loss = nn_quantile(p), hidden = 0, penalty = 0, epochs = 50, keep_fits = TRUE
  )
  expect_named(cv$metrics[-(1:4)], c("pinball_loss", "coverage"))
  for (fold in 1:2) {
    rows <- cv$predictions$row[cv$predictions$fold == fold]
    q <- predict(cv$fits[[fold]], d[rows, ])
    expect_equal(cv$metrics$pinball_loss[fold], mean(pinball(d$y[rows], q)))
    expect_equal(cv$metrics$coverage[fold], mean(d$y[rows] >= q[, 1] & d$y[rows] <= q[, 3]))
    expect_identical(cv$predictions$predicted[cv$predictions$fold == fold], unname(q[, "q0.50"]))
  }
  importance <- nn_importance(cv, d, repeats = 2)
  expect_identical(attr(importance, "metric"), "pinball_loss")
  expect_equal(attr(importance, "score"), mean(cv$metrics$pinball_loss))
  single <- nn_cv(y ~ x, d, folds = 2, loss = "quantile", hidden = 0, penalty = 0, epochs = 5)
  expect_named(single$metrics[-(1:4)], "pinball_loss")
  expect_snapshot(error = TRUE, {
    nn_cv(y ~ x, d, metrics = "coverage", loss = nn_quantile(0.9))
    nn_cv(y ~ x, d, metrics = "pinball_loss")
    nn_cv(rank ~ x, d, metrics = "pinball_loss")
  })
})
