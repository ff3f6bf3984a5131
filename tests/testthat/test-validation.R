inputs <- unname(scale(as.matrix(iris[1:4])))
species <- iris$Species
train_iris <- function(..., seed = 1) {
  set.seed(seed)
  nn_train(
    inputs, species,
    hidden = 4, init = "glorot_normal", reduction = "mean", optimizer = "adam",
    learning_rate = 0.03, ...
  )
}

# The epoch after which a plain rule stops: `patience` epochs in a row without a loss lower than the
# last accepted one by more than `tolerance`. NA: none.
plain_stop <- function(loss, patience, tolerance) {
  reference <- Inf
  stale <- 0
  for (epoch in seq_along(loss)) {
    if (loss[epoch] < reference - tolerance) {
      reference <- loss[epoch]
      stale <- 0
    } else {
      stale <- stale + 1
    }
    if (stale >= patience) {
      return(epoch)
    }
  }
  NA
}

# The rows held out, by what the fit shows of them: rows that do not move the weights when their
# target changes.
held_out_of <- function(X, y, ...) {
  train <- function(y) {
    set.seed(4)
    fit <- nn_train(X, y, epochs = 1, ...)
    unlist(fit$state$weights)
  }
  whole <- train(y)
  which(vapply(seq_along(y), function(i) {
    other <- y
    other[i] <- if (is.factor(y)) levels(y)[as.integer(y[i]) %% nlevels(y) + 1] else 1 - y[i]
    identical(train(other), whole)
  }, NA))
}

test_that(
  "a share of the rows is held out: that many, others for another seed, the same for the same seed",
  {
    set.seed(3)
    X <- matrix(rnorm(60), 20)
    y <- runif(20)
    held_out <- held_out_of(X, y, validation = 0.25)
    expect_length(held_out, 5)
    expect_identical(held_out_of(X, y, validation = 0.25), held_out)
    set.seed(4)
    fit <- nn_train(X, y, epochs = 3, validation = 0.25)
    set.seed(4)
    again <- nn_train(X, y, epochs = 3, validation = 0.25)
    expect_identical(again, fit)
    # the losses are those of these rows
    set.seed(4)
    start <- nn_init(3, 1)
    expect_close(
      fit$history$loss[1], nn_loss(start, X[-held_out, ], y[-held_out], reduction = "mean"), 1e-13
    )
    by_hand <- nn_train(
      X[-held_out, ], y[-held_out],
      start = start, epochs = 3,
      validation = list(X = X[held_out, ], y = y[held_out])
    )
    expect_close(by_hand$history, fit$history, 1e-12)
    expect_close(coef(by_hand), coef(fit), 1e-12)
  }
)

test_that("the share is the same in each class", {
  fit <- train_iris(epochs = 1, validation = 0.3)
  held_out <- stratified_rows(0.3, fit$state$seed, strata(encode_targets(species, 150, NULL)))
  expect_identical(as.vector(table(species[held_out])), c(15L, 15L, 15L))
  uneven <- factor(rep(c("a", "b"), c(110, 40)))
  held_out <- stratified_rows(0.1, c(1, 2), strata(encode_targets(uneven, 150, NULL)))
  expect_identical(as.vector(table(uneven[held_out])), c(11L, 4L))
  # classes of few rows are drawn from together, so that the share is that of all rows
  rare <- rep(1:100, 4)
  held_out <- stratified_rows(0.1, c(1, 2), rare)
  expect_length(held_out, 40)
  many <- c(rep(0, 90), 1:60)
  held_out <- stratified_rows(0.2, c(1, 2), many, keep_each = TRUE)
  expect_identical(sum(many[held_out] == 0), 18L)
  expect_identical(many[held_out][many[held_out] > 0], numeric())
  # rows of weight 0 are as good as not there
  weights <- rep(c(0, 1, 3), 50)
  counts <- which(weights > 0)
  expect_identical(
    stratified_rows(0.3, c(1, 2), as.integer(species), weights),
    counts[stratified_rows(0.3, c(1, 2), as.integer(species)[counts])]
  )
  held_out <- stratified_rows(0.1, c(1, 2), strata(encode_targets(uneven, 150, NULL)))
  other <- stratified_rows(0.1, c(1, 3), strata(encode_targets(uneven, 150, NULL)))
  expect_false(identical(held_out, other))
  expect_false(is.unsorted(held_out, strictly = TRUE))
})

test_that(
  "the weights of the best epoch come back, and the state goes on from the last",
  {
    validation <- list(X = inputs[seq(1, 150, 3), ], y = species[seq(1, 150, 3)])
    fit <- ignore_overlap(
      train_iris(epochs = 150, batch_size = 16, validation = validation, patience = 10)
    )
    expect_identical(fit$stop, "patience")
    expect_lt(fit$best_epoch, fit$state$epoch)
    expect_equal(fit$best_epoch, which.min(fit$history$validation_loss))
    probability <- predict(fit, validation$X)[cbind(1:50, as.integer(validation$y))]
    expect_close(mean(-log(probability)), fit$history$validation_loss[fit$best_epoch], 1e-12)
    expect_close(
      mean(predict(fit, validation$X, type = "class") == validation$y),
      fit$history$validation_accuracy[fit$best_epoch], 1e-14
    )
    expect_close(nn_loss(fit, validation$X, validation$y), min(fit$history$validation_loss), 1e-12)
    expect_identical(unname(fit$output), unname(predict(fit, inputs)))
    # the same run, ended at the best epoch and at the last
    best <- train_iris(epochs = fit$best_epoch, batch_size = 16)
    last <- train_iris(epochs = fit$state$epoch, batch_size = 16)
    expect_identical(coef(best), coef(fit))
    expect_identical(as.vector(unlist(coef(last))), fit$state$weights)
    expect_identical(best$history$loss, fit$history$loss[seq_len(fit$best_epoch)])
  }
)

test_that("patience and tolerance stop where a plain rule over the history does", {
  validation <- list(X = inputs[seq(1, 150, 3), ], y = species[seq(1, 150, 3)])
  free <- ignore_overlap(train_iris(epochs = 200, batch_size = 16, validation = validation))
  unwatched <- train_iris(epochs = 200, batch_size = 16)
  stopped <- 0
  for (patience in c(1, 2, 5, 20)) {
    for (tolerance in c(0, 1e-3, 0.02)) {
      fit <- ignore_overlap(train_iris(
        epochs = 200, batch_size = 16, validation = validation, patience = patience,
        tolerance = tolerance
      ))
      expected <- plain_stop(free$history$validation_loss, patience, tolerance)
      expect_equal(fit$state$epoch, if (is.na(expected)) 200 else expected)
      expect_identical(fit$stop, if (is.na(expected)) "iterations" else "patience")
      expect_identical(
        fit$history$validation_loss, free$history$validation_loss[seq_len(fit$state$epoch)]
      )
      # the best epoch knows no tolerance
      expect_equal(fit$best_epoch, which.min(fit$history$validation_loss))
      fit <- train_iris(epochs = 200, batch_size = 16, patience = patience, tolerance = tolerance)
      expected <- plain_stop(unwatched$history$loss, patience, tolerance)
      expect_equal(fit$state$epoch, if (is.na(expected)) 200 else expected)
      expect_null(fit$best_epoch)
      expect_identical(as.vector(unlist(coef(fit))), fit$state$weights)
      stopped <- stopped + !is.na(expected)
    }
  }
  expect_gt(stopped, 3)
})

test_that(
  "a fit that ran out of patience is returned as it is, and goes on where patience is given anew",
  {
    fit <- train_iris(epochs = 200, batch_size = 16, validation = 0.2, patience = 3)
    expect_identical(fit$stop, "patience")
    expect_message(
      same <- nn_continue(fit, inputs, species, epochs = 5),
      class = "backprop_message_ended"
    )
    expect_identical(same, fit)
    more <- nn_continue(fit, inputs, species, epochs = 5, patience = Inf)
    whole <- train_iris(epochs = fit$state$epoch + 5, batch_size = 16, validation = 0.2)
    expect_identical(coef(more), coef(whole))
    expect_identical(more$history, whole$history)
  }
)

test_that(
  "the history has the columns that are documented, with the values of their names",
  {
    plain <- train_iris(epochs = 3)
    expect_identical(names(plain$history), c("epoch", "loss", "accuracy"))
    held <- train_iris(epochs = 3, validation = 0.2)
    expect_setequal(
      names(held$history), c("epoch", "loss", "accuracy", "validation_loss", "validation_accuracy")
    )
    expect_equal(held$history$epoch, 1:3)
    set.seed(2)
    X <- matrix(rnorm(30), 10)
    y <- matrix(runif(20), 10)
    expect_identical(names(nn_train(X, y, epochs = 2)$history), c("epoch", "loss"))
    start <- nn_init(3, 2)
    fit <- nn_train(X, y, start = start, epochs = 2, validation = list(X = X + 1, y = y))
    expect_setequal(
      names(fit$history), c("epoch", "loss", "rmse", "validation_loss", "validation_rmse")
    )
    expect_close(fit$history$rmse[1], sqrt(mean((y - nn_forward(start, X)$output)^2)), 1e-13)
    once <- nn_train(X, y, start = start, epochs = 1)
    expect_close(fit$history$validation_rmse[1], sqrt(mean((y - predict(once, X + 1))^2)), 1e-13)
    expect_close(fit$history$validation_loss[1], sum((y - predict(once, X + 1))^2) / 2 / 10, 1e-13)
  }
)

test_that("restarts keep the fit of the lowest objective, and the first is the fit without them", {
  X <- rbind(c(0, 0), c(0, 1), c(1, 0), c(1, 1))
  y <- c(0, 1, 1, 0)
  options <- list(hidden = 2, learning_rate = 0.5, epochs = 300)
  train <- function(...) do.call(nn_train, c(list(X, y), options, list(...)))
  seen <- integer()
  for (seed in 1:6) {
    set.seed(seed)
    single <- list(train(), train(), train(), train())
    lowest <- which.min(vapply(single, function(fit) fit$objective, 0))
    set.seed(seed)
    kept <- train(restarts = 4)
    expect_identical(coef(kept), coef(single[[lowest]]))
    expect_identical(kept$objective, single[[lowest]]$objective)
    expect_identical(kept$history, single[[lowest]]$history)
    seen <- c(seen, lowest)
    set.seed(seed)
    expect_identical(coef(train(restarts = 1)), coef(single[[1]]))
  }
  expect_gt(length(unique(seen)), 1)
})

test_that("restarts are judged by the rows held out where there are some", {
  one <- train_iris(epochs = 15, batch_size = 32, validation = 0.3)
  many <- train_iris(epochs = 15, batch_size = 32, validation = 0.3, restarts = 5)
  expect_identical(many$state$seed, one$state$seed)
  expect_lte(min(many$history$validation_loss), min(one$history$validation_loss))
  set.seed(1)
  start <- list(nn_init(4, 3, 4, init = "glorot_normal"))
  runif(2)
  start <- c(start, lapply(2:5, function(i) nn_init(4, 3, 4, init = "glorot_normal")))
  held_out <- stratified_rows(0.3, one$state$seed, strata(encode_targets(species, 150, NULL)))
  lowest <- vapply(start, function(network) {
    set.seed(1)
    fit <- nn_train(inputs[-held_out, ], species[-held_out],
      hidden = 4, start = network, reduction = "mean", optimizer = "adam",
      learning_rate = 0.03, epochs = 15,
      validation = list(X = inputs[held_out, ], y = species[held_out])
    )
    min(fit$history$validation_loss)
  }, 0)
  full <- train_iris(epochs = 15, validation = 0.3, restarts = 5)
  expect_close(min(full$history$validation_loss), min(lowest), 1e-10)
})

test_that(
  "dropout leaves out its share of units, scales the others up, and nothing in prediction",
  {
    # one unit of value 1 and weight 1: the output is 0 or 1 / (1 - rate), so that the loss counts
    # the rows where the unit is kept
    n <- 20000
    X <- matrix(1, n)
    start <- list(wh = matrix(1), bh = matrix(0), wout = matrix(1), bout = matrix(0))
    for (rate in c(0.2, 0.5, 0.9)) {
      set.seed(9)
      fit <- nn_train(X, rep(0, n),
        hidden = 1, activation = "identity", output_activation = "identity", start = start,
        learning_rate = 1e-12, reduction = "mean",
        epochs = 3, dropout = rate
      )
      kept <- 2 * fit$history$loss * (1 - rate)^2
      expect_lt(max(abs(kept - (1 - rate))), 4 * sqrt(rate * (1 - rate) / n))
      expect_length(unique(round(kept * n)), 3)
      expect_close(predict(fit, X[1:3, , drop = FALSE]), rep(1, 3), 1e-9)
    }
    # two units are left out independently: the output's second moment tells
    two <- list(wh = matrix(1, 1, 2), bh = matrix(0, 1, 2), wout = matrix(1, 2), bout = matrix(0))
    fit <- nn_train(X, rep(0, n),
      hidden = 2, activation = "identity", output_activation = "identity", start = two,
      learning_rate = 1e-12, reduction = "mean", epochs = 1, dropout = 0.5
    )
    expect_lt(abs(2 * fit$history$loss - 6), 0.2)
  }
)

test_that("a dropout of 0 is none, and one rate for all layers is that rate for each", {
  expect_identical(coef(train_iris(epochs = 5, dropout = 0)), coef(train_iris(epochs = 5)))
  set.seed(2)
  one <- nn_train(
    inputs, species,
    hidden = c(4, 4), epochs = 5, learning_rate = 0.001, dropout = 0.3
  )
  set.seed(2)
  each <- nn_train(
    inputs, species,
    hidden = c(4, 4), epochs = 5, learning_rate = 0.001, dropout = c(0.3, 0.3)
  )
  expect_identical(coef(one), coef(each))
  set.seed(2)
  first <- nn_train(
    inputs, species,
    hidden = c(4, 4), epochs = 5, learning_rate = 0.001, dropout = c(0.3, 0)
  )
  expect_false(identical(coef(first), coef(each)))
  expect_identical(unname(fitted(one)), unname(nn_forward(one, inputs)$output))
  expect_identical(predict(one, inputs), predict(one, inputs))
})

test_that("a callback sees the state after its epoch, and FALSE stops", {
  seen <- list()
  look <- function(now) seen[[length(seen) + 1]] <<- now
  fit <- train_iris(epochs = 6, batch_size = 32, schedule = nn_exponential(0.5), callback = look)
  expect_equal(vapply(seen, function(now) now$epoch, 0), 1:6)
  expect_equal(
    vapply(seen, function(now) now$learning_rate, 0), 0.03 * 0.5^(0:5),
    tolerance = 1e-14
  )
  expect_identical(vapply(seen, function(now) now$history$loss, 0), fit$history$loss)
  expect_identical(vapply(seen, function(now) now$history$accuracy, 0), fit$history$accuracy)
  expect_identical(seen[[6]]$network, coef(fit))
  expect_identical(
    seen[[2]]$network, coef(train_iris(epochs = 2, batch_size = 32, schedule = nn_exponential(0.5)))
  )
  expect_identical(
    coef(fit), coef(train_iris(epochs = 6, batch_size = 32, schedule = nn_exponential(0.5)))
  )

  calls <- numeric()
  fit <- train_iris(epochs = 100, callback = nn_callback(function(now) {
    calls <<- c(calls, now$epoch)
    now$epoch < 12
  }, every = 4))
  expect_equal(calls, c(4, 8, 12))
  expect_identical(fit$stop, "callback")
  expect_equal(fit$state$epoch, 12)
  expect_identical(coef(fit), coef(train_iris(epochs = 12)))
  expect_identical(
    coef(nn_continue(fit, inputs, species, epochs = 3)), coef(train_iris(epochs = 15))
  )
})

test_that("what a callback returns but FALSE does not stop", {
  for (answer in list(NULL, TRUE, NA, 0, "stop", c(FALSE, FALSE))) {
    expect_identical(train_iris(
      epochs = 3,
      callback = function(now) answer
    )$stop, "iterations")
  }
})

test_that("the error of a callback carries the fit so far", {
  error <- expect_error(
    train_iris(epochs = 10, callback = function(now) if (now$epoch == 4) stop("the disk is full")),
    class = "backprop_error_callback"
  )
  expect_s3_class(error, "backprop_error")
  expect_s3_class(error$fit, "nn_fit")
  expect_match(conditionMessage(error$parent), "the disk is full")
  expect_identical(coef(error$fit), coef(train_iris(epochs = 4)))
  expect_identical(nrow(error$fit$history), 4L)
  expect_identical(
    coef(nn_continue(error$fit, inputs, species, epochs = 6)), coef(train_iris(epochs = 10))
  )
})

test_that("first weights have the mean, variance and shape of their name", {
  i <- 400
  u <- 300
  variance <- list(
    tutorial = 1, glorot_uniform = 2 / (i + u), glorot_normal = 2 / (i + u), he_uniform = 2 / i,
    he_normal = 2 / i, lecun_uniform = 1 / i, lecun_normal = 1 / i
  )
  for (init in names(variance)) {
    set.seed(11)
    network <- nn_init(i, 2, hidden = u, init = init)
    w <- as.vector(network$wh)
    count <- i * u
    expect_lt(abs(mean(w)), 4 * sqrt(variance[[init]] / count))
    # the standard error of a variance is sqrt(2 / n) times it for the normal, less for the uniform
    expect_lt(abs(var(w) / variance[[init]] - 1), 4 * sqrt(2 / count))
    half <- sqrt(3 * variance[[init]])
    if (grepl("uniform", init)) {
      expect_true(max(abs(w)) <= half && max(abs(w)) > 0.999 * half)
    } else {
      expect_gt(max(abs(w)), 1.5 * half)
    }
    fourth <- mean(w^4) / variance[[init]]^2
    expect_lt(abs(fourth - if (grepl("uniform", init)) 1.8 else 3), 0.15)
    bias <- c(network$bh, network$bout)
    if (init == "tutorial") {
      expect_true(all(bias > 0 & bias < 1) && var(bias) > 0.05)
    } else {
      expect_true(all(bias == 0))
    }
    set.seed(11)
    expect_identical(
      coef(nn_train(matrix(0, 1, i), cbind(0, 0), hidden = u, init = init, epochs = 0)), network
    )
  }
})

test_that("a checkpoint that cannot be written any more is a warning, and training goes on", {
  folder <- withr::local_tempdir()
  path <- file.path(folder, "inner", "fit.rds")
  dir.create(dirname(path))
  warnings <- 0
  fit <- withCallingHandlers(
    train_iris(epochs = 5, checkpoint = path, callback = function(now) {
      if (now$epoch == 2) {
        # the first comes at once, the others a second apart
        expect_true(readRDS(path)$state$epoch %in% 1:2)
        unlink(dirname(path), recursive = TRUE)
      }
    }),
    backprop_warning_checkpoint = function(w) {
      warnings <<- warnings + 1
      invokeRestart("muffleWarning")
    }
  )
  expect_gt(warnings, 0)
  expect_identical(fit$stop, "iterations")
  expect_identical(coef(fit), coef(train_iris(epochs = 5)))
  expect_length(list.files(folder, recursive = TRUE), 0)
})

test_that("a checkpoint leaves one whole file, the fit at its end", {
  folder <- withr::local_tempdir()
  path <- file.path(folder, "fit.rds")
  fit <- train_iris(epochs = 5, batch_size = 16, checkpoint = path)
  expect_identical(list.files(folder), "fit.rds")
  expect_identical(coef(readRDS(path)), coef(fit))
  expect_identical(
    coef(nn_continue(readRDS(path), inputs, species, epochs = 4)),
    coef(train_iris(epochs = 9, batch_size = 16))
  )
})

test_that("with restarts a checkpoint and a callback's error hold the best fit so far", {
  set.seed(1)
  X <- matrix(rnorm(40), 20)
  y <- rnorm(20, 1, 0.3)
  path <- withr::local_tempfile()
  train <- function(...) {
    set.seed(5)
    nn_train(
      X, y,
      epochs = 20, restarts = 5, output_activation = "identity", learning_rate = 0.01, ...
    )
  }
  best <- train(checkpoint = path)
  expect_identical(coef(readRDS(path)), coef(best))
  started <- 0
  error <- expect_error(train(callback = function(now) {
    if (now$epoch == 1) started <<- started + 1
    if (started == 3 && now$epoch == 2) stop("enough")
  }), class = "backprop_error_callback")
  expect_identical(error$fit$state$epoch, 20)
})

test_that("a checkpoint that cannot be written is refused before training", {
  folder <- withr::local_tempdir()
  X <- matrix(1:4, 2)
  for (path in c(folder, file.path(folder, strrep("a", 300)))) {
    expect_error(nn_train(X, 1:2, epochs = 1, checkpoint = path), class = "backprop_error_argument")
  }
  path <- file.path(folder, "fit.rds")
  saveRDS("before", path)
  expect_error(
    nn_train(X, 1:2, epochs = 1, checkpoint = path, penalty = -1),
    class = "backprop_error_argument"
  )
  expect_identical(readRDS(path), "before")
  expect_identical(list.files(folder), "fit.rds")
})

test_that("summary() shows the errors of held-out data", {
  there <- mtcars[1:20, ]
  apart <- mtcars[21:32, ]
  w <- rep(c(1, 0, 2), 4)
  set.seed(1)
  fit <- nn_train(mpg ~ wt + hp, there, validation = apart, epochs = 30)
  table <- summary(fit)$errors
  expect_identical(table$rows, c("training", "held out"))
  error <- apart$mpg - predict(fit, apart)
  expect_equal(table$mean_squared_error, c(mean(residuals(fit)^2), mean(error^2)))
  expect_equal(table$mean_absolute_error[2], mean(abs(error)))
  expect_equal(table$r_squared[2], 1 - sum(error^2) / sum((apart$mpg - mean(apart$mpg))^2))
  expect_output(print(summary(fit)), "mpg held out")
  # weights of the held-out rows, matrices, several outputs, and what nn_continue() keeps
  X <- scale(as.matrix(mtcars[c("wt", "hp")]))
  Y <- scale(as.matrix(mtcars[c("mpg", "qsec")]))
  held <- list(X = X[21:32, ], y = Y[21:32, ], weights = w)
  matrices <- nn_train(X[1:20, ], Y[1:20, ],
    output_activation = "identity", validation = held, epochs = 30, learning_rate = 0.005
  )
  error <- held$y - predict(matrices, held$X)
  expect_equal(
    summary(matrices)$errors$mean_squared_error[3:4], unname(colSums(w * error^2) / sum(w))
  )
  expect_identical(
    nn_continue(matrices, X[1:20, ], Y[1:20, ], epochs = 0, validation = held)$errors,
    matrices$errors
  )
  # classes
  flowers <- iris[c(1:30, 51:80, 101:130), ]
  others <- iris[-c(1:30, 51:80, 101:130), ]
  set.seed(1)
  classes <- nn_train(Species ~ ., flowers, validation = others, epochs = 20)
  expect_equal(
    summary(classes)$accuracy[["held out"]],
    mean(predict(classes, others, type = "class") == others$Species)
  )
  # kept in a file
  file <- withr::local_tempfile(fileext = ".json")
  nn_save(classes, file)
  expect_equal(summary(nn_load(file))$errors, summary(classes)$errors)
})

test_that("summary() shows the errors of held-out data", {
  rows <- 1:100
  train <- function(validation) {
    set.seed(1)
    nn_train(Sepal.Length ~ ., iris[rows, ], validation = validation, hidden = 2, epochs = 20)
  }
  others <- iris[101:150, ]
  others$Species <- factor(rep(c("setosa", "versicolor"), 25))
  for (held in list(others, list(X = others, y = others$Sepal.Length))) {
    fit <- train(held)
    table <- summary(fit)$errors
    error <- others$Sepal.Length - predict(fit, others)
    expect_identical(table$rows, c("training", "held out"))
    expect_equal(table$mean_squared_error[2], mean(error^2))
    expect_equal(table$mean_absolute_error[2], mean(abs(error)))
    expect_output(print(summary(fit)), "held out")
    expect_error(
      nn_continue(fit, iris[rows, ], epochs = 1), "a data frame that contains the outcome",
      class = "backprop_error_argument"
    )
  }
})

test_that("held-out data whose levels are all unseen say so", {
  d <- data.frame(x = 1:9, g = rep(c("a", "b", "c"), 3), y = sin(1:9))
  known <- d[d$g != "c", ]
  expect_error(
    nn_train(y ~ g, known, validation = d[d$g == "c", ], new_levels = "NA", hidden = 2, epochs = 5),
    "All rows have levels that the training data do not have",
    class = "backprop_error_input"
  )
})

test_that("validation rows that are also training rows are a warning", {
  d <- withr::with_seed(1, data.frame(a = runif(300), b = runif(300), f = gl(3, 1, 300)))
  d$y <- sin(6 * d$a) + d$b
  overlapping <- function(code, of) {
    found <- expect_warning(code, class = "backprop_warning_overlap")
    expect_match(conditionMessage(found), paste0("are also training rows: ", of), fixed = TRUE)
    conditionMessage(found)
  }
  train <- function(rows, data = d[1:200, ], formula = y ~ .) {
    set.seed(1)
    nn_train(formula, data, validation = d[rows, ], hidden = 3, penalty = 0.01, epochs = 5)
  }
  all <- overlapping(train(101:200), "100 of 100")
  overlapping(train(181:280), "20 of 100")
  overlapping(train(101:200, formula = f ~ a + b), "100 of 100")
  expect_no_warning(train(201:300))
  expect_no_warning(train(196:300))
  # the advice helps
  expect_match(all, "Use `validation = 0.2`", fixed = TRUE)
  expect_no_warning(
    nn_train(y ~ ., d, validation = 0.2, hidden = 3, penalty = 0.01, epochs = 5)
  )
  # once, although defaults are chosen by trial trainings
  many <- withr::with_seed(1, data.frame(a = runif(1000), b = runif(1000), y = runif(1000)))
  warnings <- 0
  withCallingHandlers(
    nn_train(y ~ a + b, many, validation = many[1:50, ], hidden = 2, optimizer = "adam"),
    backprop_warning_overlap = function(w) {
      warnings <<- warnings + 1
      invokeRestart("muffleWarning")
    }
  )
  expect_identical(warnings, 1)
  # a matrix, in another order, with rows of weight 0
  X <- as.matrix(d[c("a", "b")])
  of_matrix <- function(rows, weights = NULL) {
    nn_train(X[1:200, ], d$y[1:200],
      output_activation = "identity", reduction = "mean", weights = weights,
      validation = list(X = X[rows, ], y = d$y[rows]), epochs = 5, patience = 5
    )
  }
  message <- overlapping(of_matrix(200:1), "200 of 200")
  expect_match(message, "early stopping does not stop at the best epoch")
  expect_no_warning(of_matrix(101:200, rep(1:0, each = 100)))
  # the same inputs with another outcome are other rows
  expect_no_warning(nn_train(X, d$y, validation = list(X = X, y = rev(d$y)), epochs = 2))
  # rows of few different values are equal by chance
  coins <- withr::with_seed(1, as.data.frame(matrix(sample(0:1, 4000, TRUE), 1000)))
  names(coins)[4] <- "y"
  expect_no_warning(nn_train(factor(y) ~ ., coins[1:800, ],
    validation = coins[801:1000, ], hidden = 2, penalty = 0.01, epochs = 2
  ))
  # sparse rows are not compared
  skip_if_not_installed("Matrix")
  sparse <- Matrix::Matrix(X, sparse = TRUE)
  expect_no_warning(
    nn_train(sparse, d$y, validation = list(X = sparse, y = d$y), epochs = 2, penalty = 0.01)
  )
})
