ensemble_data <- function(n = 60) {
  set.seed(1)
  d <- data.frame(a = rnorm(n), b = rnorm(n), w = rep(1:3, length.out = n), o = runif(n))
  d$y <- d$a * d$b + rnorm(n) / 5
  d$class <- cut(d$y, c(-Inf, -0.3, 0.3, Inf), c("low", "mid", "high"))
  d$yes <- factor(d$y > 0)
  d$count <- rpois(n, exp(0.5 * d$a))
  d
}
small <- list(
  hidden = 4, activation = "tanh", penalty = 0.01, epochs = 15, optimizer = "lbfgs"
)
batches <- list(optimizer = nn_adam(0.01), batch_size = 16, schedule = NULL, patience = Inf)
high <- function(data, outcome, ...) {
  set.seed(1)
  arguments <- list(data[c("a", "b")], data[[outcome]], effort = "high", ...)
  do.call(nn_train, c(arguments, small[setdiff(names(small), names(arguments))]))
}

# The members, trained one after the other as matrices: list(fit, held_out) for each fold. X and y
# are standardised with all rows.
by_hand <- function(data, outcome, ..., weights = NULL, offset = NULL) {
  share <- if (is.null(weights)) rep(1, nrow(data)) / nrow(data) else weights / sum(weights)
  standardised <- function(x) {
    center <- sum(share * x)
    (x - center) / sqrt(sum(share * (x - center)^2))
  }
  X <- vapply(data[c("a", "b")], standardised, numeric(nrow(data)))
  y <- data[[outcome]]
  unit <- 1
  if (outcome == "y") {
    unit <- sqrt(sum(share * (y - sum(share * y))^2))
    if (!is.null(offset)) {
      rest <- y - offset
      unit <- sqrt(sum(share * (rest - sum(share * rest))^2))
      y <- (y - sum(share * rest)) / unit
    } else {
      y <- standardised(y)
    }
  }
  offset <- if (!is.null(offset)) offset / unit
  full_batch <- is.null(list(...)$batch_size)
  folds <- if (full_batch) 10 else 5
  fold <- deal_rows(new_problem(X, if (is.factor(y)) y else as.matrix(y), weights = weights), folds)
  set.seed(1)
  lapply(seq_len(folds), function(k) {
    arguments <- list(
      X[fold != k, ], y[fold != k], ...,
      weights = weights[fold != k], offset = offset[fold != k], reduction = "mean",
      init = "glorot_normal"
    )
    if (!full_batch) {
      # the fold chooses the epoch
      arguments$validation <- list(
        X = X[fold == k, ], y = y[fold == k], weights = weights[fold == k],
        offset = offset[fold == k]
      )
    }
    if (outcome == "y") arguments$output_activation <- "identity"
    if (outcome == "count") {
      # the output begins at the mean
      arguments$start <- draw_network(dense_layers(c(2, 4, 1), c("tanh", "exp")), "glorot_normal")
      arguments$start$bout[] <- log(mean(y[fold != k]))
    }
    fit <- do.call(nn_train, c(arguments, small[setdiff(names(small), names(arguments))]))
    list(fit = fit, held_out = which(fold == k), X = X, y = y, offset = offset)
  })
}
linear_predictor <- function(fit, X, offset) {
  network <- unclass(fit)[parameter_names(unclass(fit)$layers)]
  kinds <- layer_activations(unclass(fit)$layers)
  nn_forward(network, X,
    activation = if (length(kinds) > 1) kinds[-length(kinds)],
    output_activation = kinds[length(kinds)], offset = offset
  )$output_layer_input
}

d <- ensemble_data()
cases <- list(
  numeric = list("y"), classes = list("class"), two = list("yes"),
  counts = list("count", loss = "poisson"), deep = list("class", hidden = c(4, 3, 2)),
  linear = list("y", hidden = 0), offset = list("y", offset = d$o), batches = c("class", batches),
  weights = list("y", weights = as.double(d$w))
)

test_that("an ensemble is the mean of its members' linear predictors", {
  for (case in cases) {
    fit <- do.call(high, c(list(d), case))
    members <- do.call(by_hand, c(list(d), case))
    predictors <- lapply(members, function(m) linear_predictor(m$fit, m$X, m$offset))
    expect_equal(
      linear_predictor(fit, members[[1]]$X, members[[1]]$offset),
      Reduce(`+`, predictors) / length(members),
      tolerance = 1e-12
    )
  }
})

test_that("the evidence is the mean loss of out-of-fold predictions", {
  for (case in cases[c("numeric", "batches", "two")]) {
    fit <- do.call(high, c(list(d), case))
    losses <- unlist(lapply(do.call(by_hand, c(list(d), case)), function(m) {
      p <- predict(m$fit, m$X[m$held_out, ], type = if (is.factor(m$y)) "prob" else "response")
      y <- m$y[m$held_out]
      if (is.factor(y)) -log(p[cbind(seq_along(y), as.integer(y))]) else (y - p)^2 / 2
    }))
    expect_length(losses, 60)
    expect_equal(fit$evidence$loss[["network"]], mean(losses), tolerance = 1e-12)
    expect_identical(fit$evidence$rows, 60)
  }
  weighted <- high(d, "y", weights = as.double(d$w))
  members <- by_hand(d, "y", weights = as.double(d$w))
  errors <- numeric(60)
  for (m in members) {
    errors[m$held_out] <- (m$y[m$held_out] - predict(m$fit, m$X[m$held_out, ]))^2 / 2
  }
  expect_equal(
    weighted$evidence$loss[["network"]], weighted.mean(errors, d$w),
    tolerance = 1e-12
  )
  expect_snapshot(print(high(d, "class")))
})

test_that("out-of-fold predictions calibrate", {
  fit <- high(d, "y")
  scores <- unlist(lapply(by_hand(d, "y"), function(m) {
    abs(m$y[m$held_out] - predict(m$fit, m$X[m$held_out, ]))
  }))
  unit <- sqrt(mean((d$y - mean(d$y))^2))
  expect_equal(fit$calibration[[1]], sort(scores) * unit, tolerance = 1e-12)
  interval <- predict(fit, d, interval = "prediction", level = 0.8)
  expect_equal(
    unname(interval[, "upr"] - interval[, "fit"]),
    rep(sort(scores)[ceiling(0.8 * 61)] * unit, 60),
    tolerance = 1e-10
  )
  # a calibration set is used instead
  set.seed(1)
  apart <- nn_train(y ~ a + b, d, effort = "high", hidden = 3, epochs = 5, calibration = 0.3)
  expect_length(unclass(apart)$calibration[[1]], 18)
})

test_that("an ensemble is a fit like any other", {
  fit <- high(d, "class", hidden = c(4, 3))
  expect_identical(layer_units(unclass(fit)$layers), c(2, 40, 30, 3))
  expect_identical(coef(fit), coef(high(d, "class", hidden = c(4, 3))))
  expect_identical(coef(fit), coef(high(d, "class", hidden = c(4, 3), threads = 2)))
  expect_equal(rowSums(predict(fit, d, type = "prob")), rep(1, 60))
  expect_null(check_model(unclass(current_fit(fit)))$best_epoch)
  skip_if_not_installed("jsonlite")
  path <- withr::local_tempfile(fileext = ".json")
  nn_save(fit, path)
  expect_equal(nn_load(path), fit)
  longer <- nn_continue(fit, d[c("a", "b")], d$class, epochs = 2)
  expect_null(longer$ensemble)
  expect_null(longer$evidence)
  expect_error(
    predict(longer, d, interval = "prediction"),
    class = "backprop_error_argument"
  )
  expect_lt(longer$objective, fit$objective)
})

test_that("all members know all classes, and few rows are no obstacle", {
  d$rare <- factor(c("one", rep(c("b", "c"), length.out = 59)))
  fit <- high(d, "rare")
  expect_identical(fit$evidence$rows, 59)
  for (rows in c(2, 3, 7)) {
    fit <- suppressWarnings(nn_train(y ~ a, d[seq_len(rows), ], effort = "high", epochs = 3))
    expect_s3_class(fit, "nn_fit")
  }
  one <- nn_train(
    d[1, "a", drop = FALSE], d$y[1],
    effort = "high", epochs = 3, standardize = FALSE, penalty = 0
  )
  expect_null(one$ensemble)
  # rows of weight 0 are in no fold
  zero <- rep(c(1, 0), c(50, 10))
  expect_identical(
    coef(high(d[1:50, ], "y", weights = rep(1, 50))), coef(high(d, "y", weights = zero))
  )
})

test_that("batches, cross-validation and sparse matrices work", {
  many <- ensemble_data(1200)
  set.seed(1)
  fit <- nn_train(y ~ a + b, many, effort = "high", hidden = 5, penalty = 1e-4, epochs = 20)
  expect_identical(fit$ensemble, list(members = 5L, units = c(5, 1)))
  expect_identical(fit$evidence$method, "5-fold ensemble")
  cv <- nn_cv(y ~ a + b, d, folds = 3, effort = "high", hidden = 3, epochs = 5, penalty = 0.01)
  expect_true(all(is.finite(cv$metrics$rmse)))
  skip_if_not_installed("Matrix")
  X <- Matrix::Matrix(as.matrix(d[c("a", "b")]) * (d$o > 0.5), sparse = TRUE)
  expect_identical(nn_train(X, d$y, effort = "high", hidden = 3, epochs = 5)$evidence$rows, 60)
})

test_that("what contradicts an ensemble is an error", {
  try_with <- function(...) high(d, "y", ...)
  expect_snapshot({
    refused(try_with(validation = 0.2), "argument")
    refused(try_with(start = list()), "argument")
    refused(try_with(checkpoint = tempfile()), "argument")
    refused(nn_train(y ~ a, d, effort = "most"), "argument")
  })
})

test_that("an interrupt keeps the members that are complete", {
  folder <- withr::local_tempdir()
  start_script(c(
    sprintf("setwd(%s)", encodeString(folder, quote = "\"")),
    "seen <- 0", "d <- data.frame(a = sin(1:60), y = cos(1:60))",
    "stops_in <- function(member) function(now) {", "  seen <<- seen + 1",
    "  if (seen == 15 * (member - 1) + 3) rlang::interrupt()", "  TRUE", "}",
    "fits <- list()", "for (member in 1:3) {", "  seen <- 0",
    "  fits[[member]] <- nn_train(y ~ a, d, effort = 'high', hidden = 3, penalty = 0.01,",
    "    epochs = 15, callback = stops_in(member))", "}", "saveRDS(fits, 'fits.rds')"
  ), folder, wait = TRUE)
  fits <- readRDS(file.path(folder, "fits.rds"))
  expect_identical(lapply(fits, function(fit) fit$ensemble$members), list(NULL, 1L, 2L))
  expect_identical(vapply(fits, function(fit) fit$stop, ""), rep("interrupted", 3))
  log <- paste(readLines(file.path(folder, "log.txt")), collapse = " ")
  expect_match(log, "interrupted in network 3 of 10")
  expect_length(gregexpr("interrupted in network", log)[[1]], 2)
})
