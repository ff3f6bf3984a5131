many <- function(rows) {
  set.seed(1)
  d <- data.frame(a = rnorm(rows), b = rnorm(rows))
  d$y <- d$a * d$b + rnorm(rows)
  d$class <- cut(d$y, c(-Inf, 0, Inf), c("low", "high"))
  d
}
chosen <- function(...) {
  fit <- nn_train(..., epochs = 1)
  s <- fit$settings
  list(
    hidden = fit$layers[[1]]$units, activation = s$activation, init = s$init,
    optimizer = s$optimizer$name, rate = s$optimizer$learning_rate, batch = s$batch_size,
    validation = s$validation, patience = s$patience, penalty = s$penalty
  )
}

# The strengths that are tried, penalties times rows.
tried <- c(5 * 10^(-6:-1), 4 * 8^(0:5), 0.02, 0.2, 2, 10, 40, 160 * 4^(0:5))
expect_tried <- function(strength) {
  expect_true(any(abs(strength / tried - 1) < 1e-12), label = paste(strength, "is tried"))
}

test_that("few rows and many rows have the defaults that the help states", {
  few <- chosen(y ~ a + b, many(999))
  expect_identical(few[c("hidden", "optimizer", "rate", "batch", "validation", "patience")], list(
    hidden = 100, optimizer = "lbfgs", rate = NULL, batch = NULL, validation = NULL, patience = Inf
  ))
  expect_tried(few$penalty * 999)
  expect_true(few$activation %in% c("relu", "tanh", "silu"))
  expect_identical(few$init, if (few$activation == "tanh") "glorot_normal" else "he_normal")
  many_rows <- chosen(class ~ a + b, many(1000), learning_rate = 0.01)
  expect_identical(
    many_rows[c("hidden", "optimizer", "batch", "validation", "patience")],
    list(hidden = 200, optimizer = "adam", batch = 64, validation = NULL, patience = Inf)
  )
  expect_tried(many_rows$penalty * 1000)
  expect_true(many_rows$activation %in% c("relu", "silu"))
  # the rows trained on count
  expect_identical(chosen(y ~ a + b, many(1200), calibration = 0.2)$hidden, 100)
  expect_tried(chosen(y ~ a + b, many(1200), calibration = 0.2)$penalty * 960)
  expect_identical(chosen(y ~ a, many(100), optimizer = "adam")$penalty, 1 / 100)
  expect_identical(chosen(y ~ a, many(7))$penalty, 0.3 / 7)
  expect_tried(chosen(y ~ a, many(8))$penalty * 8)
  expect_identical(formals(nn_train.data.frame)$epochs, "auto")
  few <- nn_train(y ~ a, many(20), penalty = 0.1)
  expect_identical(few$settings$optimizer$name, "lbfgs")
  expect_identical(few$settings$activation, "relu")
})

test_that("L-BFGS is a candidate for many rows if it is fast enough", {
  smooth <- many(1000)
  smooth$y <- sin(3 * smooth$a)
  expect_identical(nn_train(y ~ a, smooth, hidden = 100)$settings$optimizer$name, "lbfgs")
  wide <- data.frame(y = smooth$y, matrix(0, 1000, 101))
  wide$X1 <- smooth$a
  expect_identical(chosen(y ~ ., wide, hidden = 5)$optimizer, "adam")
})

test_that("what is given is taken, and the rest goes with it", {
  d <- many(1000)
  expect_identical(chosen(y ~ a, d, activation = "tanh")[c("activation", "init")], list(
    activation = "tanh", init = "glorot_normal"
  ))
  expect_identical(
    chosen(y ~ a, d, hidden = 3, optimizer = "lbfgs")[c(
      "hidden", "optimizer", "validation", "patience"
    )],
    list(hidden = 3, optimizer = "lbfgs", validation = NULL, patience = Inf)
  )
  expect_identical(chosen(y ~ a, d, optimizer = nn_adam(0.1))$rate, 0.1)
  expect_identical(
    chosen(y ~ a, d[1:100, ], validation = 0.2)[c("optimizer", "validation", "patience")],
    list(optimizer = "lbfgs", validation = 0.2, patience = Inf)
  )
  expect_identical(
    chosen(y ~ a, d[1:100, ], validation = 0.2, learning_rate = 0.01)[c("validation", "patience")],
    list(validation = 0.2, patience = 20)
  )
  expect_null(chosen(y ~ a, d, batch_size = NULL)$batch)
  few <- d[1:50, ]
  for (arguments in list(
    list(learning_rate = 0.01), list(dropout = 0.1), list(batch_size = 8), list(clip = 1),
    list(penalty_l1 = 0.01), list(schedule = nn_step(5))
  )) {
    expect_identical(do.call(chosen, c(list(y ~ a, few), arguments))$optimizer, "adam")
  }
  expect_identical(
    nn_train(y ~ a, few, learning_rate = 0.01, epochs = 1)$settings$optimizer$learning_rate, 0.01
  )
})

test_that("the defaults learn what is there to learn", {
  skip_on_cran()
  set.seed(1)
  d <- many(1500)
  d$y <- d$a * d$b
  for (rows in c(300, 1500)) {
    fit <- nn_train(y ~ a + b, d[seq_len(rows), ])
    expect_gt(summary(fit)$errors$r_squared[1], 0.98)
  }
  spirals <- local({
    t <- runif(400, 0.5, 3)
    class <- rep(0:1, 200)
    data.frame(
      x = t * cos(2 * t + pi * class), y = t * sin(2 * t + pi * class), class = factor(class)
    )
  })
  fit <- nn_train(class ~ ., spirals[1:300, ])
  expect_gt(mean(predict(fit, spirals[301:400, ], type = "class") == spirals$class[301:400]), 0.9)
})

test_that("no validation can be given in three ways", {
  d <- many(60)
  for (validation in list(0, FALSE, 0L)) {
    expect_identical(
      coef(seeded(y ~ a, d, validation = validation, hidden = 3)),
      coef(seeded(y ~ a, d, validation = NULL, hidden = 3))
    )
    expect_null(nn_train(cbind(d$a), d$y, validation = validation, epochs = 1)$settings$validation)
  }
  expect_error(nn_train(y ~ a, d, validation = 1), class = "backprop_error_argument")
})

test_that("functions without noise get more epochs or few units, and noisy ones don't", {
  d <- data.frame(x = seq(0, 1, length.out = 80))
  set.seed(1)
  d$clear <- sin(8 * d$x)
  d$noisy <- d$clear + rnorm(80) / 2
  clear <- nn_train(clear ~ x, d)
  settings <- c(unclass(clear)$layers[[1]]$units, nrow(clear$history))
  expect_true(settings[1] %in% few_units || settings[2] > 1000)
  before <- nn_train(
    clear ~ x, d,
    hidden = 100, activation = clear$settings$activation, penalty = clear$settings$penalty,
    epochs = 1000, optimizer = "lbfgs"
  )
  new <- data.frame(x = runif(200))
  error <- function(fit) mean((predict(fit, new) - sin(8 * new$x))^2)
  expect_lt(error(clear), error(before) / 2)
  noisy <- nn_train(noisy ~ x, d)
  expect_identical(unclass(noisy)$layers[[1]]$units, 100)
  expect_lte(nrow(noisy$history), 1000)
  # what is given is kept
  expect_identical(unclass(nn_train(clear ~ x, d, hidden = 20))$layers[[1]]$units, 20)
  expect_lte(nrow(nn_train(clear ~ x, d, epochs = 200)$history), 200)
})

test_that("a given number of epochs is enough for a function without noise", {
  skip_on_cran()
  make <- function(rows, seed) {
    withr::with_seed(seed, {
      d <- data.frame(a = runif(rows, -1, 1), b = runif(rows, -1, 1), c = runif(rows, -1, 1))
      transform(d, y = sin(4 * a) + b * c)
    })
  }
  d <- make(300, 1)
  new <- make(500, 2)
  error <- function(...) {
    set.seed(1)
    fit <- nn_train(y ~ ., d, ...)
    expect_lte(nrow(fit$history), if (is.null(list(...)$epochs)) Inf else list(...)$epochs)
    sqrt(mean((predict(fit, new) - new$y)^2)) / sd(new$y)
  }
  expect_lt(error(), 0.005)
  expect_lt(error(epochs = 100), 0.005)
  expect_gt(error(epochs = 100, optimizer = "lbfgs"), 0.02)
  # the few units are trained by Levenberg-Marquardt, and those of an ensemble continue with L-BFGS
  set.seed(1)
  fit <- nn_train(y ~ ., d[1:150, ], epochs = 50, effort = "high")
  expect_true(unclass(fit)$layers[[1]]$units %in% (10 * few_units))
  expect_identical(fit$settings$optimizer$name, "lbfgs")
  # not for other losses, and not if an optimiser is given
  classes <- nn_train(factor(y > 0) ~ ., d[1:100, ], epochs = 20)
  expect_identical(classes$settings$optimizer$name, "lbfgs")
})

test_that("cross-validation picks a weak penalty for clear data, and draws nothing", {
  d <- many(200)
  set.seed(2)
  fit <- nn_train(sin(3 * a) ~ a + b, d)
  after <- runif(1)
  expect_lt(fit$settings$penalty, 0.1 / 200)
  set.seed(2)
  given <- nn_train(
    sin(3 * a) ~ a + b, d,
    penalty = fit$settings$penalty, activation = fit$settings$activation,
    hidden = unclass(fit)$layers[[1]]$units, epochs = unclass(fit)$state$epoch,
    optimizer = fit$settings$optimizer$name
  )
  expect_identical(coef(fit), coef(given))
  expect_identical(runif(1), after)
  # rows of no weight, classes of one row and offsets are no obstacle
  expect_s3_class(
    nn_train(y ~ a + offset(b), d, weights = rep(0:1, c(190, 10)), epochs = 5), "nn_fit"
  )
  d$rare <- factor(c("one", rep(c("b", "c"), length.out = 199)))
  expect_s3_class(nn_train(rare ~ a, d, epochs = 5), "nn_fit")
})

test_that("the four rows of XOR are learned, and rows that repeat them", {
  d <- data.frame(a = c(0, 0, 1, 1), b = c(0, 1, 0, 1), y = c(0, 1, 1, 0))
  classes <- transform(d, y = factor(c("no", "yes", "yes", "no")))
  for (seed in 1:3) {
    set.seed(seed)
    expect_equal(unname(predict(nn_train(y ~ a + b, d), d)), d$y, tolerance = 0.3)
    p <- predict(nn_train(y ~ a + b, classes), classes)
    expect_lt(max(abs(p - d$y)), 0.25)
  }
  twice <- classes[c(1:4, 1:4), ]
  expect_lt(max(abs(predict(nn_train(y ~ a + b, twice), classes) - d$y)), 0.05)
})

test_that("a few rows of noise are predicted almost as well as by a constant", {
  skip_on_cran()
  ratio <- vapply(1:6, function(seed) {
    set.seed(seed)
    rows <- c(10, 20, 30)[(seed - 1) %% 3 + 1]
    d <- data.frame(a = runif(rows), b = runif(rows), y = rnorm(rows))
    new <- data.frame(a = runif(500), b = runif(500))
    # the outcome of new rows has mean 0 and variance 1
    sqrt((1 + mean(predict(nn_train(y ~ ., d), new)^2)) / (1 + mean(d$y)^2))
  }, 0)
  expect_lt(stats::median(ratio), 1.01)
  expect_lt(max(ratio), 1.3)
})

test_that("the network is a constant where there is only noise", {
  set.seed(1)
  for (rows in c(150, 1200)) {
    d <- data.frame(matrix(rnorm(rows * 10), rows), y = rnorm(rows))
    fit <- nn_train(y ~ ., d, hidden = 20)
    new <- data.frame(matrix(rnorm(2000 * 10), 2000))
    # the error on new rows, whose outcome has mean 0 and variance 1, is within 1 % of that of the
    # constant
    expect_lt(sqrt(1 + mean(predict(fit, new)^2)) / sqrt(1 + mean(d$y)^2), 1.01)
  }
})

test_that("the search goes on until nothing is beyond the best value", {
  walk <- function(loss, start) {
    seen <- integer()
    backprop:::walk_ladder(function(i, known) {
      expect_identical(which(!is.na(known)), sort(seen))
      seen <<- c(seen, i)
      loss[i]
    }, rep(NA_real_, length(loss)), start)
    seen
  }
  expect_identical(walk(c(9, 5, 3, 4, 8), 3L), c(3L, 4L, 2L))
  expect_identical(walk(c(1, 2, 3, 4, 5), 4:5), c(4:5, 3:1))
  expect_identical(walk(c(5, 4, 3, 2, 1), 2L), c(2:3, 1L, 4:5))
  expect_identical(walk(c(Inf, Inf, Inf), 1:2), 1:2)
})

test_that("a candidate that is clearly worse after some folds is not trained on the others", {
  rows <- 13 * 4
  splits <- lapply(1:3, function(k) list(held_out = list(X = matrix(0, rows, 1))))
  of_rows <- function(...) {
    lapply(list(...), function(values) {
      structure(c(loss = mean(values), accuracy = NA), rows = rep(values, 13))
    })
  }
  score <- function(scores, rival = NULL, ...) {
    seen <- 0
    score <- mean_score(splits, function(k) {
      seen <<- k
      scores[[k]]
    }, rival, ...)
    list(loss = score[["loss"]], seen = seen, score = score)
  }
  rival <- score(of_rows(1:4, 2:5, 3:6))$score
  expect_identical(rival[["loss"]], 3.5)
  # the differences of the first fold are 1, 1, 1, 2: mean 1.25, standard error sqrt(3 / 16 / 52)
  out <- of_rows(c(2, 3, 4, 6), 2:5, 3:6)
  expect_equal(score(out, rival)[1:2], list(loss = 3.5 + 1.25, seen = 1))
  # -2, -1, 1, 3: mean 0.25, standard error 0.27; with 2, 2, 1, 1 mean 0.875, standard error 0.15
  expect_equal(
    score(of_rows(c(-1, 1, 4, 7), c(4, 5, 5, 6), 3:6), rival)[1:2],
    list(loss = 3.5 + 0.875, seen = 2)
  )
  # less than 2 % worse, or better
  expect_identical(score(of_rows(1:4 + 0.04, 2:5, 3:6), rival)$seen, 3L)
  expect_equal(score(of_rows(0:3, 1:4, 2:5), rival)[1:2], list(loss = 2.5, seen = 3))
  # worse by 1.25, less than 0.6 times the rival's 2.5
  expect_identical(score(out, rival, 0.6)$seen, 3L)
  expect_identical(score(out, rival, 0.4)$seen, 1L)
  # the first two of three folds have 3.75 / 3 and 7.25 / 3 of the mean
  expect_identical(score(out, NULL, to_beat = 2.45)$seen, 3L)
  expect_equal(score(out, NULL, to_beat = 1)[1:2], list(loss = 3.75, seen = 1))
  expect_equal(score(out, NULL, to_beat = 2)[1:2], list(loss = (3.75 + 3.5) / 2, seen = 2))
  # what can't be trained is out; without losses of rows, all folds are compared
  broken <- list(structure(c(loss = Inf, accuracy = NA)))
  expect_equal(score(broken, rival)[1:2], list(loss = Inf, seen = 1))
  plain <- rep(list(c(loss = 9, accuracy = NA)), 3)
  expect_equal(score(plain, rival)[1:2], list(loss = 9, seen = 3))
  # weights count rows
  splits <- lapply(splits, function(split) {
    list(held_out = c(split$held_out, list(weights = rep(1:4, 13))))
  })
  expect_equal(score(out, rival)$loss, 3.5 + 1.4)
  # with few rows, all folds are compared
  splits <- lapply(1:3, function(k) list(held_out = list(X = matrix(0, 4, 1))))
  few <- lapply(out, function(score) structure(score, rows = attr(score, "rows")[1:4]))
  expect_identical(score(few, score(few)$score)$seen, 3L)
  worse <- lapply(few, function(score) structure(score + 9, rows = attr(score, "rows") + 9))
  expect_identical(score(worse, score(few)$score)$seen, 3L)
})

test_that("the search with fewer folds finds what the comparison of all of them finds", {
  d <- many(220)
  d$y <- sin(3 * d$a) + d$y / 5
  d$class <- factor(d$y > 0)
  train <- function(formula, compare) {
    trained <- 0
    replace_in("backprop", lag_behind = compare, held_out_score = function(...) {
      trained <<- trained + 1
      one_score(...)
    })
    list(fit = seeded(formula, d, hidden = 10, epochs = 150), trained = trained)
  }
  one_score <- held_out_score
  for (formula in list(y ~ a + b, class ~ a + b)) {
    some <- train(formula, lag_behind)
    all <- train(formula, function(...) NULL)
    expect_identical(coef(some$fit), coef(all$fit))
    expect_identical(some$fit$evidence, all$fit$evidence)
    expect_lt(some$trained, all$trained)
  }
})

test_that("the search ends candidates that can't win, and chooses what it does without", {
  set.seed(1)
  d <- data.frame(a = runif(120, -2, 2), b = runif(120))
  d$y <- sin(2 * d$a) * d$b
  train <- function(compare) {
    epochs <- 0
    replace_in("backprop", cannot_win = compare, held_out_score = function(split, options, call) {
      epochs <<- epochs + options$epochs
      one_score(split, options, call)
    })
    set.seed(1)
    fit <- nn_train(y ~ a + b, d)
    list(fit = fit, epochs = epochs)
  }
  one_score <- held_out_score
  some <- train(cannot_win)
  all <- train(function(...) FALSE)
  expect_identical(coef(some$fit), coef(all$fit))
  expect_identical(some$fit$evidence, all$fit$evidence)
  expect_lt(some$epochs, 0.9 * all$epochs)
})

test_that("losses that can be negative are no reason to end a candidate early", {
  expect_true(is_never_negative(NULL))
  expect_true(is_never_negative("squared_error"))
  expect_false(is_never_negative("poisson"))
  expect_false(is_never_negative(nn_quantile(0.5)))
  seen <- 0
  splits <- lapply(1:3, function(k) {
    part <- list(X = matrix(0, 4, 1))
    list(training = part, held_out = part)
  })
  replace_in("backprop", held_out_score = function(...) {
    seen <<- seen + 1
    c(loss = 9, accuracy = NA)
  })
  try_candidate(list(loss = "poisson"), 1, splits, NULL, to_beat = 1)
  expect_identical(seen, 3)
  try_candidate(list(loss = NULL), 1, splits, NULL, to_beat = 1)
  expect_identical(seen, 4)
})

test_that("the number of folds falls slowly with the number of values", {
  expect_identical(folds_for(c(1, 66600, 66700, 99999, 100001, 199999)), c(4, 4, 3, 3, 2, 2))
  expect_identical(folds_for(c(2e5, 1e9)), c(1, 1))
})

test_that(
  paste0(
    "with many rows held-out rows find how many epochs, and all rows are trained on at a falling ",
    "rate"
  ),
  {
    d <- many(1200)
    train <- function(...) {
      set.seed(3)
      nn_train(y ~ a + b, d, hidden = 8, optimizer = "adam", ...)
    }
    fit <- train()
    after <- runif(1)
    like_it <- function(...) {
      train(penalty = fit$settings$penalty, activation = fit$settings$activation, ...)
    }
    first <- like_it(epochs = 100, validation = 0.1, patience = 20, schedule = NULL)
    epochs <- 2 * first$best_epoch
    expect_identical(nrow(fit$history), as.integer(epochs))
    expect_null(fit$settings$validation)
    # a given number of epochs is trained for in the same way
    given <- like_it(epochs = epochs)
    expect_identical(coef(fit), coef(given))
    expect_identical(runif(1), after)
    expect_true(all(c("epochs", "schedule", "validation", "patience") %in% unclass(fit)$chosen))
    expect_identical(coef(like_it(validation = NULL)), coef(fit))
    # with held-out rows too
    held_out <- like_it(validation = 0.2)
    expect_identical(held_out$settings$schedule$kind, "cosine")
    expect_identical(held_out$settings$patience, Inf)
    stopped <- like_it(patience = 2)
    expect_identical(stopped$settings[c("validation", "patience")], list(
      validation = 0.1, patience = 2
    ))
    given_schedule <- like_it(schedule = nn_step(5), epochs = 3)
    expect_identical(given_schedule$settings[c("validation", "schedule", "patience")], list(
      validation = 0.1, schedule = nn_step(5), patience = 20
    ))
    expect_no_match(capture.output(print(nn_doctor(fit))), "still falling")
  }
)

test_that("the fits of nn_cv() are trained like a fit to all rows", {
  set.seed(1)
  result <- nn_cv(y ~ a, many(1050), folds = 2, epochs = 1, penalty = 0.01, keep_fits = TRUE)
  of_fits <- lapply(result$fits, function(fit) unclass(fit)$layers[[1]]$units)
  expect_identical(of_fits, list(200, 200))
  expect_identical(chosen(y ~ a, many(525), penalty = 0.01)$hidden, 100)
  # rows of the calibration set are not trained on
  set.seed(1)
  result <- nn_cv(
    y ~ a, many(1050),
    folds = 2, epochs = 1, penalty = 0.01, keep_fits = TRUE, calibration = 0.1
  )
  expect_identical(unclass(result$fits[[1]])$layers[[1]]$units, 100)
})

standardised <- function(y) (y - mean(y)) / sqrt(mean((y - mean(y))^2))
test_that("a fit keeps the scores of the network, a linear model and a constant", {
  d <- many(120)
  d$y <- d$a * d$b
  set.seed(1)
  fit <- nn_train(y ~ a + b, d, hidden = 20)
  evidence <- unclass(fit)$evidence
  expect_identical(evidence[c("method", "rows")], list(
    method = "4-fold cross-validation", rows = 120
  ))
  # the constant of each fold is the mean of the other rows
  fold <- integer(120)
  fold[backprop:::core_row_order(0, 0, 120)] <- rep_len(1:4, 120)
  y <- standardised(d$y)
  means <- vapply(1:4, function(k) mean(y[fold != k]), 0)
  expect_equal(evidence$loss[["constant"]], mean((y - means[fold])^2) / 2, tolerance = 1e-10)
  expect_lt(evidence$loss[["network"]], 0.1 * evidence$loss[["linear"]])
  # it is of these data, not of others that training continues on
  same <- nn_continue(fit, d, epochs = 0)
  expect_identical(unclass(same)$evidence, evidence)
  expect_warning(
    other <- nn_continue(fit, d[1:20, ], epochs = 1),
    class = "backprop_warning_other_data"
  )
  expect_null(unclass(other)$evidence)
  # a line's errors are those of lm()
  d$y <- 2 * d$a - d$b + rnorm(120) / 10
  set.seed(1)
  linear <- unclass(nn_train(y ~ a + b, d, hidden = 20))$evidence
  y <- standardised(d$y)
  errors <- unlist(lapply(1:4, function(k) {
    line <- lm(y ~ a + b, data.frame(d[c("a", "b")], y)[fold != k, ])
    y[fold == k] - predict(line, d[fold == k, ])
  }))
  expect_equal(linear$loss[["linear"]], mean(errors^2) / 2, tolerance = 0.01)
  # the error of a difference is that of its mean over the rows
  constant <- unlist(lapply(1:4, function(k) (y - mean(y[fold != k]))[fold == k]^2 / 2))
  gain <- constant - errors^2 / 2
  expect_equal(
    linear$error[["constant"]], sqrt(mean((gain - mean(gain))^2) / 120),
    tolerance = 0.02
  )
  # of classes, the constant is their frequency
  classes <- unclass(nn_train(Species ~ Petal.Length, iris, hidden = 3))$evidence
  expect_equal(classes$loss[["constant"]], log(3), tolerance = 0.01)
  expect_gt(classes$accuracy[["network"]], 0.9)
  # of many rows, a tenth is held out
  many_rows <- nn_train(y ~ a + b, many(1300), hidden = 8, optimizer = "adam")
  expect_identical(unclass(many_rows)$evidence[c("method", "rows")], list(
    method = "held-out rows", rows = 130
  ))
  expect_lt(diff(unclass(many_rows)$evidence$loss[c("constant", "network")]), 0)
  expect_null(linear$edge)
  expect_output(print(fit), "Evidence:  4-fold cross-validation, loss")
  expect_output(print(summary(fit)), "constant")
  expect_null(unclass(nn_train(y ~ a, d, penalty = 0.1))$evidence)
  path <- withr::local_tempfile(fileext = ".json")
  nn_save(fit, path)
  expect_identical(unclass(nn_load(path))$evidence, evidence)
  broken <- fit
  broken[["evidence"]]$loss <- 1
  expect_error(nn_save(broken, path), class = "backprop_error_file")
})

test_that("weights that count rows have the errors of repeated rows", {
  rows <- list(network = c(1, 2, 4), linear = c(2, 2, 7), constant = c(5, 9, 1))
  twice <- lapply(rows, rep, c(1, 3, 2))
  weighted <- difference_errors(rows, c(1, 3, 2))$error
  expect_equal(weighted, difference_errors(twice, rep(1, 6))$error)
  d <- twice$linear - twice$network
  expect_equal(weighted[["linear"]], sd(d) * sqrt(5 / 6) / sqrt(6))
  expect_null(difference_errors(list(network = 1, linear = NULL, constant = 2), 1))
})

test_that("a default call takes classes of a few rows each", {
  skip_on_cran()
  set.seed(1)
  d <- data.frame(x = rnorm(1200), species = factor(rep(1:300, 4)))
  fit <- nn_train(species ~ x, d, hidden = 2, epochs = 10)
  expect_identical(fit$n, 1200L)
  # nothing can be held out, so nothing is
  d$species <- factor(1:1200)
  fit <- suppressWarnings(nn_train(species ~ x, d, hidden = 0, epochs = 2))
  expect_null(fit$best_epoch)
})

test_that("rows of weight 0 are left out of every default, split and fold", {
  d <- data.frame(x = sin(1:120), z = cos((1:120)^2))
  d$y <- d$x^2 + d$z
  d$w <- rep(0:1, 60)
  counted <- d[d$w == 1, ]
  expect_same <- function(...) {
    all <- seeded(y ~ x + z, d, weights = w, ...)
    some <- seeded(y ~ x + z, counted, ...)
    expect_identical(predict(all, d), predict(some, d))
    expect_identical(all$settings$penalty, some$settings$penalty)
  }
  expect_same()
  expect_same(optimizer = "adam", batch_size = 8, validation = 0.2)
  expect_same(calibration = 0.3, dropout = 0.2)
  set.seed(1)
  all <- nn_cv(y ~ x + z, d, weights = w, hidden = 2, epochs = 5, folds = 4)
  set.seed(1)
  some <- nn_cv(y ~ x + z, counted, hidden = 2, epochs = 5, folds = 4)
  expect_equal(summary(all)[1:5], summary(some)[1:5], tolerance = 1e-12)
  # 8 rows are few, however many have no weight
  many <- d[rep(1:120, 10), ]
  many$w <- rep(1:0, c(8, 1192))
  expect_identical(seeded(y ~ x + z, many, weights = w)$settings$optimizer$name, "lbfgs")
  # a whole number is the row so many times
  twice <- seeded(y ~ x + z, d, weights = w * 2, optimizer = "adam")
  expect_identical(twice$settings$penalty, 1 / 120)
  d$class <- factor(d$w)
  expect_snapshot(refused(nn_train(class ~ x, d, weights = w), "input"))
})

test_that("cells of a table are trained like the rows that they count for", {
  d <- as.data.frame(Titanic)
  model <- glm(Survived ~ Class + Sex + Age, binomial, d, weights = Freq)
  fit <- seeded(Survived ~ Class + Sex + Age, d, weights = Freq, hidden = 0, penalty = 0)
  expect_equal(
    as.vector(predict(fit, d)), unname(predict(model, d, type = "response")),
    tolerance = 1e-5
  )
  # the default is at least as good as the additive model, for any seed
  loss <- function(p) -weighted.mean(log(ifelse(d$Survived == "Yes", p, 1 - p)), d$Freq)
  additive <- loss(predict(model, type = "response", newdata = d))
  for (seed in 1:3) {
    set.seed(seed)
    fit <- nn_train(Survived ~ Class + Sex + Age, d, weights = Freq)
    expect_lt(loss(predict(fit, d)), additive)
  }
  # weights of 2 are rows twice, larger ones are cells
  expect_identical(regime_rows(rep(2, 600), 600), 1200)
  expect_identical(regime_rows(c(rep(3, 300), 0), 301), 300L)
  expect_identical(regime_rows(rep(3, 1000), 1000), 3000)
  expect_identical(regime_rows(numeric(), 5), 5)
})

test_that("an optimiser by name has the learning rate of the default", {
  rate <- function(rows, optimizer, ...) {
    d <- data.frame(a = sin(seq_len(rows)), y = cos(seq_len(rows)))
    fit <- seeded(y ~ a, d, hidden = 2, penalty = 0.1, epochs = 1, optimizer = optimizer, ...)
    expect_identical(
      "learning_rate" %in% fit$chosen, ...length() == 0 && optimizer != "rmsprop"
    )
    fit$settings$optimizer$learning_rate
  }
  for (name in c("adam", "adamw")) {
    expect_identical(rate(100, name), 0.003)
    expect_identical(rate(1000, name), 0.004)
    expect_identical(rate(100, name, learning_rate = 0.02), 0.02)
  }
  expect_identical(rate(100, "rmsprop"), nn_rmsprop()$learning_rate)
  d <- data.frame(a = sin(1:1000), y = cos(1:1000))
  set.seed(1)
  default <- nn_train(y ~ a, d, hidden = 2, penalty = 0.1, epochs = 5)
  set.seed(1)
  expect_identical(
    coef(nn_train(y ~ a, d, hidden = 2, penalty = 0.1, epochs = 5, optimizer = "adam")),
    coef(default)
  )
  object <- nn_train(y ~ a, d, hidden = 2, penalty = 0.1, epochs = 1, optimizer = nn_adam())
  expect_identical(object$settings$optimizer$learning_rate, 0.001)
})

test_that("invalid arguments are errors before the search", {
  core <- asNamespace("backprop")
  begins <- quote(stop("The search has begun."))
  suppressMessages(trace("compare_candidates", begins, where = core, print = FALSE))
  on.exit(suppressMessages(untrace("compare_candidates", where = core)))
  refused <- function(...) {
    expect_error(nn_train(...), class = "backprop_error_argument")
  }
  refused(mpg ~ wt, mtcars, callback = "x")
  refused(mpg ~ wt, mtcars, checkpoint = 5)
  refused(mpg ~ wt, mtcars, restarts = 0)
  refused(mpg ~ wt, mtcars, hidden = -5)
  refused(mpg ~ wt, mtcars, hidden = "10")
  refused(mpg ~ wt, mtcars, threads = 0)
  refused(mpg ~ wt, mtcars, freeze = "whh")
  refused(mpg ~ wt, mtcars, optimizer = "lbfgs", batch_size = 8)
  refused(Species ~ ., iris, class_weights = c(1, 2))
  expect_error(
    nn_train(mpg ~ wt, mtcars, checkpoint = file.path(tempdir(), "none", "x.rds")),
    class = "backprop_error"
  )
  expect_error(nn_train(mpg ~ wt, mtcars, loss = "cross_entropy"), class = "backprop_error")
  expect_error(nn_train(mpg ~ wt, mtcars), "The search has begun")
})

test_that("with little noise, no candidate is dropped for being worse on a few folds", {
  set.seed(1)
  d <- data.frame(x = runif(200, -3, 3))
  d$y <- sin(2 * d$x)
  core <- asNamespace("backprop")
  seen <- list()
  record <- function(rival, options) {
    loss <- if (is.null(rival)) NA else rival[["loss"]]
    seen[[length(seen) + 1]] <<- c(rival = loss, epochs = options$epochs)
  }
  tracer <- bquote((.(record))(rival, options))
  suppressMessages(trace("try_candidate", tracer, where = core, print = FALSE))
  withr::defer(suppressMessages(untrace("try_candidate", where = core)))
  nn_train(y ~ x, d)
  seen <- as.data.frame(do.call(rbind, seen))
  # the loss of a constant is about a half
  expect_true(all(is.na(seen$rival) | seen$rival >= 0.05 * 0.48))
  expect_true(any(!is.na(seen$rival)))
  expect_true(any(is.na(seen$rival) & seen$epochs == 1000))
})
