# Numbers at the edge of what a computer represents. For each row of the table, a fit without a
# hidden layer is right, which means that it agrees with lm() on the same numbers at an ordinary
# scale, or there is a warning or an error of a class. Mini-batches and other outcomes agree with
# the same training at an ordinary scale.

ordinary <- local({
  set.seed(3)
  d <- data.frame(a = rnorm(60), b = rnorm(60))
  d$y <- d$a - d$b / 2 + rnorm(60, sd = 0.1)
  d
})
expected <- fitted(lm(y ~ a + b, ordinary))

# The data with other columns, and other arguments. `center`, `scale`: of the predictions.
edge <- function(..., center = 0, scale = 1, class = NULL, arguments = list()) {
  list(
    columns = rlang::quos(...), center = center, scale = scale, class = class,
    arguments = arguments
  )
}
first <- function(value, others) c(value, rep(others, 59))
edges <- list(
  "inputs of 1e300" = edge(a = a * 1e300),
  "inputs of 1e307" = edge(a = a * 1e307),
  "inputs of 1e-300" = edge(a = a * 1e-300),
  "denormal inputs" = edge(a = a * 1e-310),
  "an input of 1e12 among others" = edge(
    a = replace(a, 5, 1e12), class = "backprop_warning_outliers"
  ),
  "inputs of 1e12 and -1e12 among others" = edge(
    b = replace(b, c(5, 9), c(1e12, -1e12)), class = "backprop_warning_outliers"
  ),
  "targets of 1e300" = edge(y = y * 1e300, scale = 1e300),
  "targets of 1e-300" = edge(y = y * 1e-300, scale = 1e-300),
  "targets of 1e307" = edge(y = y * 1e307, scale = 1e307),
  "denormal targets" = edge(y = y * 1e-310, scale = 1e-310),
  "nearly constant targets" = edge(y = 1e6 + y * 1e-2, center = 1e6, scale = 1e-2),
  "a target of 1e12 among others" = edge(
    y = replace(y, 5, 1e12), class = "backprop_warning_outliers"
  ),
  "targets whose range has no number" = edge(y = y * 8e307, class = "backprop_error_input"),
  "inputs whose range has no number" = edge(a = a * 8e307, class = "backprop_error_input"),
  "a nearly constant input" = edge(a = 1e8 + a * 1e-2),
  "nearly collinear inputs" = edge(c = a + 1e-9 * b),
  "collinear inputs" = edge(c = 2 * a - b),
  "seconds since 1970" = edge(a = 1.7e9 + a * 1e5),
  "offsets of 1e-300" = edge(arguments = list(offset = rep(1e-300, 60))),
  "offsets of 1e6" = edge(arguments = list(offset = rep(1e6, 60))),
  "offsets of 1e300" = edge(
    arguments = list(offset = rep(-1e300, 60)), class = "backprop_error_input"
  ),
  "an offset of 1e300 among others" = edge(
    arguments = list(offset = first(1e300, 0)), class = "backprop_error_input"
  ),
  "denormal offsets" = edge(arguments = list(offset = rep(1e-310, 60))),
  "weights of 1e90" = edge(arguments = list(weights = rep(1e90, 60))),
  "weights of 1e-90" = edge(arguments = list(weights = rep(1e-90, 60))),
  "weights of 1e300" = edge(
    arguments = list(weights = rep(1e300, 60)), class = "backprop_error_argument"
  ),
  "weights of 1e-300" = edge(
    arguments = list(weights = rep(1e-300, 60)), class = "backprop_error_argument"
  ),
  "weights of 1e300 and 1e-300" = edge(
    arguments = list(weights = first(1e300, 1e-300)), class = "backprop_error_argument"
  ),
  "denormal weights" = edge(
    arguments = list(weights = rep(1e-310, 60)), class = "backprop_error_argument"
  ),
  "an infinite input" = edge(a = c(Inf, a[-1]), class = "backprop_error_input"),
  "a target that is not finite" = edge(y = c(-Inf, y[-1]), class = "backprop_error_input")
)

# The data of a row of the table.
edge_data <- function(row) {
  data <- ordinary
  for (column in names(row$columns)) {
    data[[column]] <- rlang::eval_tidy(row$columns[[column]], ordinary)
  }
  data
}

# Trains with the data and arguments of a row, and expects its condition or these predictions, in
# units of the row's scale.
expect_edge <- function(row, train, values, name, tolerance = 1e-6) {
  if (is.null(row$class)) {
    fit <- expect_silent(train(edge_data(row), row$arguments))
    predicted <- predict(fit, edge_data(row), offset = row$arguments$offset)
    expect_equal((predicted - row$center) / row$scale, values, tolerance = tolerance, info = name)
  } else if (grepl("error", row$class)) {
    expect_error(train(edge_data(row), row$arguments), class = row$class, info = name)
  } else {
    expect_warning(train(edge_data(row), row$arguments), class = row$class)
  }
}

test_that("numbers at the edge are right, or a condition names them", {
  train <- function(data, arguments) {
    set.seed(1)
    do.call(nn_train, c(list(y ~ ., data, hidden = 0, penalty = 0), arguments))
  }
  for (name in names(edges)) {
    expect_edge(edges[[name]], train, unname(expected), name)
    # in blocks of a source
    of_source <- function(data, arguments) train(nn_source(data, 25), arguments)
    expect_edge(edges[[name]], of_source, unname(expected), name)
  }
})

test_that("mini-batches, classes and counts at the edge are those of an ordinary scale", {
  train <- function(data, arguments = list(), ...) {
    set.seed(1)
    do.call(nn_train, c(
      list(y ~ a + b, data, hidden = 3, epochs = 20, validation = NULL, ...), arguments
    ))
  }
  in_batches <- function(data, arguments = list()) {
    train(data, arguments, batch_size = 16, optimizer = "adam", penalty = 0)
  }
  values <- predict(in_batches(ordinary), ordinary)
  for (name in names(edges)) expect_edge(edges[[name]], in_batches, values, name)

  # those whose inputs or weights are at the edge, with another outcome
  others <- Filter(function(row) {
    is.null(row$columns$y) && is.null(row$arguments$offset)
  }, edges)
  expect_gt(length(others), 15)
  outcomes <- list(
    cut(ordinary$y, c(-Inf, -1, 1, Inf), c("low", "middle", "high")), ordinary$y > 0,
    rep(c(0, 1, 3, 2, 6, 5), 10)
  )
  for (outcome in outcomes) {
    with_outcome <- function(data, arguments = list()) {
      loss <- if (is.numeric(outcome)) "poisson" else "cross_entropy"
      train(transform(data, y = outcome), arguments, loss = loss, penalty = 0.01)
    }
    values <- predict(with_outcome(ordinary), ordinary)
    for (name in names(others)) {
      # an input of 1e8 whose standard deviation is 0.01 has six digits
      tolerance <- if (name == "a nearly constant input") 1e-5 else 1e-6
      expect_edge(others[[name]], with_outcome, values, name, tolerance)
    }
  }
})

test_that("weights that vanish beside others leave the choice of defaults to these", {
  d <- transform(ordinary, class = y > 0)
  for (weights in list(first(1, 1e-300), rep(c(1, 1e-300), 30))) {
    expect_s3_class(nn_train(y ~ a + b, d, weights = weights, epochs = 5), "nn_fit")
    expect_s3_class(nn_train(class ~ a + b, d, weights = weights, epochs = 5), "nn_fit")
  }
})

test_that("single precision is right, or says that it can't represent the numbers", {
  X <- as.matrix(ordinary[c("a", "b")])
  train <- function(X, y, ...) {
    set.seed(1)
    nn_train(
      X, y,
      hidden = 0, output_activation = "identity", optimizer = "lbfgs", reduction = "mean",
      epochs = 200, precision = "single", ...
    )
  }
  expect_equal(
    drop(predict(train(X, ordinary$y), X)), unname(expected),
    tolerance = 1e-4, ignore_attr = TRUE
  )
  expect_snapshot(error = TRUE, {
    train(X * 1e300, ordinary$y)
    train(X, ordinary$y * 1e40)
    train(X, ordinary$y * 1e30, offset = rep(1e39, 60))
  })
})

test_that("initial weights at the edge train, or an error names them", {
  X <- as.matrix(ordinary[c("a", "b")])
  train <- function(size, precision, optimizer = "adam") {
    set.seed(1)
    start <- lapply(nn_init(2, 1, hidden = 3), function(weights) weights * size)
    nn_train(
      X, ordinary$y,
      hidden = 3, start = start, activation = "tanh", output_activation = "identity",
      optimizer = optimizer, reduction = "mean", epochs = 5, precision = precision
    )
  }
  for (optimizer in c("gradient_descent", "adam", "rprop", "lbfgs", "lm")) {
    for (precision in c("double", if (optimizer != "lm") "single")) {
      for (size in c(1e-300, 1e-310)) {
        fit <- train(size, precision, optimizer)
        expect_true(all(is.finite(c(fit$history$loss, predict(fit, X)))), info = optimizer)
      }
      # numbers that either precision represents, and whose squares it does not
      size <- if (precision == "double") 1e300 else 1e30
      error <- expect_error(
        train(size, precision, optimizer), "initial weights are too large",
        class = "backprop_error_diverged"
      )
      expect_identical(error$fit$state$epoch, 0)
    }
  }
  expect_snapshot(train(1e300, "single"), error = TRUE)
})

test_that("outliers are named, with a remedy that works", {
  set.seed(1)
  d <- transform(ordinary, a = replace(a, 7, -1e12), b = replace(b, 3, 1e5))
  expect_snapshot({
    fit <- nn_train(y ~ a + b, d, hidden = 0, penalty = 0)
    fit <- nn_train(cbind(y, z) ~ b, transform(ordinary, z = replace(a, 2, 1e9)), hidden = 0)
  })
  d <- transform(ordinary, a = replace(a, 7, -1e12))
  robust <- expect_silent(nn_train(y ~ ., d, hidden = 3, standardize = "robust"))
  expect_gt(cor(predict(robust, d)[-7], d$y[-7])^2, 0.95)
  # the same rule for columns that are not all in memory, and for those whose zeros do not count
  once <- function(data, ...) nn_train(data, ..., hidden = 0, epochs = 1, penalty = 0)
  warning <- expect_warning(
    once(y ~ a + b, nn_source(d)), "-1e[+]12 in a",
    class = "backprop_warning_outliers"
  )
  expect_identical(warning$columns, "a")
  skip_if_not_installed("Matrix")
  sparse <- methods::as(Matrix::Matrix(as.matrix(d[1:2]), sparse = TRUE), "dgCMatrix")
  expect_warning(once(sparse, d$y), "logarithms", class = "backprop_warning_outliers")
})

test_that("ordinary columns have no outliers", {
  set.seed(2)
  n <- 2000
  prices <- round(rlnorm(n, 12, 0.8), -2)
  d <- data.frame(
    lognormal = rlnorm(n, sdlog = 2), hourly = rpois(n, exp(3 + 2 * sin(1:n / 4))), prices,
    counts = rnbinom(n, size = 0.1, mu = 50), rare = rbinom(n, 1, 0.01) * rlnorm(n, 3, 1.5),
    flag = as.numeric(1:n == 9), amounts = rbinom(n, 1, 0.05) * prices, t = rt(n, 2),
    seconds = 1.7e9 + 1:n, once = 5 + 1e6 * (1:n == 9), gamma = rgamma(n, 0.1)
  )
  expect_silent(nn_train(d, d$lognormal + rnorm(n), hidden = 0, epochs = 1, penalty = 0))
})

test_that("offsets that drown the network are an error, whatever the output", {
  inputs <- as.matrix(ordinary[c("a", "b")])
  d <- transform(ordinary, count = rep(0:3, 15), class = y > 0, exposure = 1e5)
  offset <- rep(1e300, 60)
  expect_snapshot(error = TRUE, {
    nn_train(y ~ a + b, d, offset = offset)
    nn_train(class ~ a + b, d, offset = -offset)
  })
  refused <- function(call) expect_error(call, "lost in rounding", class = "backprop_error_input")
  expect_error(
    nn_train(count ~ a + b, d, loss = "poisson", offset = -offset), "exp[(][)] of offsets",
    class = "backprop_error_input"
  )
  # an exposure in place of its logarithm
  for (rows in list(d, nn_source(d, 20))) {
    expect_error(
      nn_train(count ~ a + b + offset(exposure), rows, loss = "poisson"), "log[(]exposure[)]",
      class = "backprop_error_input"
    )
  }
  refused(nn_train(inputs, d$y, output_activation = "identity", offset = offset))
  refused(nn_train(inputs, d$class, offset = offset))
  # rows of weight 0 do not count
  weights <- rep(0:1, c(1, 59))
  expect_silent(
    nn_train(y ~ a + b, d, hidden = 0, penalty = 0, weights = weights, offset = 1e300 * !weights)
  )
})

test_that("an input that varies only by rounding is constant", {
  d <- transform(ordinary, a = 1e8 * (1 + 1e-15 * a))
  fit <- nn_train(y ~ a + b, d, hidden = 0, penalty = 0)
  expect_equal(predict(fit, d), unname(fitted(lm(y ~ b, d))), tolerance = 1e-6)
})

test_that("a column of 1e5 levels trains in little memory, in a network that fits into it", {
  d <- data.frame(id = sprintf("id%06d", 1:1e5), y = rep(sin(1:1000), 100))
  withr::local_options(backprop.memory_limit = 1e9)
  expect_error(
    suppressWarnings(nn_train(y ~ id, d)), "Use fewer or smaller hidden layers",
    class = "backprop_error_memory"
  )
  expect_warning(
    fit <- nn_train(
      y ~ id, d,
      hidden = 1, optimizer = "adam", epochs = 1, penalty = 0, validation = NULL
    ),
    "Column id has almost as many levels as rows"
  )
  expect_true(all(is.finite(predict(fit, d[1:5, ]))))
})

test_that("classes of one row, and a factor of many levels, train", {
  d <- data.frame(x = ordinary$a, g = factor(c("first", "second", rep("other", 58))))
  set.seed(1)
  fit <- nn_train(g ~ x, d)
  expect_identical(levels(predict(fit, d, type = "class")), levels(d$g))
  expect_true(all(is.finite(predict(fit, d, type = "prob"))))
  d <- transform(ordinary, k = a == max(a))
  fit <- nn_train(k ~ a + b, d)
  expect_true(all(is.finite(predict(fit, d, type = "prob"))))
  expect_identical(which.max(predict(fit, d)), which(d$k))
})
