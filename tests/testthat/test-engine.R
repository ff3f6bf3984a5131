inputs <- scale(as.matrix(iris[1:4]))
full_batch <- c("rprop", "lbfgs", "lm")

test_that(
  paste0(
    "50 + 50 epochs are 100, to the last bit, for every optimiser and precision, ",
    "also through serialize()"
  ),
  {
    for (optimizer in names(optimizer_table)) {
      for (precision in c("double", "single")) {
        y <- if (optimizer == "lm") 1 * (iris$Species == "virginica") else iris$Species
        mini <- !optimizer %in% full_batch
        train <- function(epochs) {
          set.seed(3)
          nn_train(
            inputs, y,
            hidden = 5, optimizer = optimizer, reduction = "mean", epochs = epochs,
            penalty = 1e-3, precision = precision, validation = 0.2, batch_size = if (mini) 20,
            dropout = if (mini) 0.2 else 0, schedule = if (mini) nn_warm_up(5, nn_cosine(30)),
            clip = if (mini) 1 else Inf
          )
        }
        whole <- train(20)
        pieces <- nn_continue(unserialize(serialize(train(8), NULL)), inputs, y, epochs = 12)
        whole <- unclass(whole)
        pieces <- unclass(pieces)
        whole$call <- pieces$call <- NULL
        expect_identical(pieces, whole, info = paste(optimizer, precision))
      }
    }
  }
)

test_that(
  "callbacks, plateaus and checkpoints change no number, and a checkpoint goes on to the same end",
  {
    path <- withr::local_tempfile(fileext = ".rds")
    train <- function(...) {
      set.seed(1)
      nn_train(
        inputs, iris$Species,
        optimizer = "adam", reduction = "mean", epochs = 30, batch_size = 32,
        schedule = nn_plateau(patience = 2), ...
      )
    }
    seen <- numeric()
    plain <- train()
    watched <- train(
      callback = nn_callback(function(now) seen <<- c(seen, now$epoch), every = 7),
      checkpoint = path
    )
    expect_identical(coef(watched), coef(plain))
    expect_identical(seen, c(7, 14, 21, 28))
    expect_identical(coef(readRDS(path)), coef(plain))
    stopped <- train(callback = function(now) now$epoch < 10, checkpoint = path)
    expect_identical(stopped$stop, "callback")
    expect_identical(
      coef(nn_continue(readRDS(path), inputs, iris$Species, epochs = 20)), coef(plain)
    )
    error <- expect_error(
      train(callback = function(now) stop("no")),
      class = "backprop_error_callback"
    )
    expect_identical(error$fit$state$epoch, 1)
  }
)

test_that("ten steps of each first-order optimiser equal its formula in R", {
  y <- 1 * (iris$Species == "virginica")
  set.seed(1)
  start <- nn_init(4, 1)
  sign_of <- function(x) (x > 0) - (x < 0)
  formulas <- list(
    gradient_descent = function(w, g, s, t) list(w - 0.1 * g, s),
    momentum = function(w, g, s, t) {
      s$v <- 0.9 * s$v - 0.01 * g
      list(w + s$v, s)
    },
    nesterov = function(w, g, s, t) {
      s$v <- 0.9 * s$v - 0.01 * g
      list(w + 0.9 * s$v - 0.01 * g, s)
    },
    rmsprop = function(w, g, s, t) {
      s$v <- 0.9 * s$v + 0.1 * g^2
      list(w - 0.001 * g / (sqrt(s$v) + 1e-8), s)
    },
    adam = function(w, g, s, t) {
      s$m <- 0.9 * s$m + 0.1 * g
      s$v <- 0.999 * s$v + 0.001 * g^2
      list(w - 0.001 * (s$m / (1 - 0.9^t)) / (sqrt(s$v / (1 - 0.999^t)) + 1e-8), s)
    },
    adamw = function(w, g, s, t) {
      formulas$adam(ifelse(s$weight, w * (1 - 0.001 * 0.01), w), g, s, t)
    },
    rprop = function(w, g, s, t) {
      same <- sign_of(g) * sign_of(s$m)
      s$step <- ifelse(
        same > 0, pmin(s$step * 1.2, 50), ifelse(same < 0, pmax(s$step * 0.5, 1e-6), s$step)
      )
      g <- ifelse(same < 0, 0, g)
      s$m <- g
      list(w - sign_of(g) * s$step, s)
    }
  )
  layers <- dense_layers(c(4, 3, 1), "sigmoid")
  for (name in names(formulas)) {
    for (batch_size in c(150, if (name != "rprop") 40)) {
      fit <- nn_train(
        inputs, y,
        start = start, optimizer = name, epochs = 10, batch_size = batch_size,
        reduction = "mean", penalty = 0.01
      )
      w <- flatten_network(start)
      s <- list(
        v = 0 * w, m = 0 * w, step = 0 * w + 0.01,
        weight = rep(c(TRUE, FALSE, TRUE, FALSE), c(12, 3, 3, 1))
      )
      t <- 0
      for (epoch in 1:10) {
        for (rows in if (batch_size == 150) {
          list(1:150)
        } else {
          nn_batches(fit$state$seed, epoch, 150, batch_size)
        }) {
          t <- t + 1
          g <- flatten_network(nn_gradient(
            unflatten_network(w, layers), inputs[rows, ], y[rows],
            reduction = "mean", penalty = 0.01
          ))
          step <- formulas[[name]](w, g, s, t)
          w <- step[[1]]
          s <- step[[2]]
        }
      }
      expect_equal(flatten_network(coef(fit)), w, tolerance = 1e-10, info = paste(name, batch_size))
    }
  }
})

test_that("L-BFGS and Levenberg-Marquardt reach the certified optima", {
  x <- matrix(c(9, 14, 21, 28, 42, 57, 63, 70, 79))
  y <- c(8.93, 10.8, 18.59, 22.33, 39.35, 56.11, 61.73, 64.62, 67.08)
  start <- list(wh = matrix(0.05), bh = matrix(-2), wout = matrix(70), bout = matrix(0))
  for (optimizer in c("lbfgs", "lm")) {
    rat <- nn_train(
      x, y,
      hidden = 1, output_activation = "identity", start = start, optimizer = optimizer
    )
    expect_true(rat$stop %in% c("gradient", "precision"))
    expect_equal(sum(residuals(rat)^2), 7.16356107724, tolerance = 1e-10)
    set.seed(1)
    line <- nn_train(
      as.matrix(cars["speed"]), cars$dist,
      hidden = 0, output_activation = "identity",
      optimizer = optimizer
    )
    expect_equal(sum(residuals(line)^2), deviance(lm(dist ~ speed, cars)), tolerance = 1e-12)
  }
  set.seed(1)
  expect_warning(
    flowers <- nn_train(as.matrix(iris[1:4]), iris$Species, hidden = 0, optimizer = "lbfgs"),
    class = "backprop_warning_separable"
  )
  expect_lt(2 * flowers$objective, 11.8990)
})

test_that(
  "no hidden layer is glm(), with weights and offsets, and a bad start is no false success",
  {
    set.seed(2)
    n <- 200
    Z <- matrix(rnorm(3 * n), n)
    w <- runif(n, 0.5, 2)
    offset <- rnorm(n) / 3
    start <- list(wout = matrix(0, 3, 1), bout = matrix(0))
    outcomes <- list(
      binomial = rbinom(n, 1, 0.5), poisson = rpois(n, exp(Z %*% c(0.3, -0.2, 0.1) + offset)),
      gaussian = rnorm(n)
    )
    for (family in names(outcomes)) {
      fit <- nn_train(
        Z, outcomes[[family]],
        hidden = 0,
        loss = switch(family,
          binomial = "cross_entropy",
          poisson = "poisson",
          "squared_error"
        ),
        output_activation = if (family == "gaussian") "identity", weights = w, offset = offset,
        optimizer = "lbfgs", start = start
      )
      model <- suppressWarnings(glm(
        outcomes[[family]] ~ Z, family,
        weights = w, offset = offset,
        control = list(epsilon = 1e-14)
      ))
      expect_lt(max(abs(c(fit$bout, fit$wout) - coef(model))), 1e-6)
    }
    x <- c(-10:10, 9)
    y <- c(x[1:21] > 0, 0)
    best <- deviance(suppressWarnings(glm(y ~ x, binomial)))
    for (weight in c(3, 30)) {
      fit <- nn_train(
        cbind(x), y,
        hidden = 0, loss = "cross_entropy", optimizer = "lbfgs",
        start = list(wout = matrix(weight), bout = matrix(0))
      )
      expect_equal(2 * fit$objective, best, tolerance = 1e-8)
    }
    for (z in c(15.1, 40, 745, 1e308)) {
      network <- list(wout = matrix(z), bout = matrix(0))
      expect_equal(
        nn_loss(network, matrix(1), 1, loss = "cross_entropy"), log1p(exp(-z)),
        tolerance = 1e-15
      )
      expect_equal(
        nn_loss(network, matrix(1), 0, loss = "cross_entropy"), z + log1p(exp(-z)),
        tolerance = 1e-15
      )
    }
  }
)

test_that("a weight of 2 is the row twice and a weight of 0 the row left out", {
  y <- 1 * (iris$Species == "virginica")
  weights <- rep(c(0, 1, 2), 50)
  rows <- rep(1:150, weights)
  set.seed(1)
  start <- nn_init(4, 1)
  for (reduction in c("sum", "mean")) {
    train <- function(...) {
      ignore_overlap(nn_train(
        ...,
        start = start, reduction = reduction, learning_rate = 0.01, epochs = 200,
        penalty = 0.01, patience = 5, tolerance = 1e-4
      ))
    }
    weighted <- train(
      inputs, y,
      weights = weights, validation = list(X = inputs, y = y, weights = weights)
    )
    repeated <- train(inputs[rows, ], y[rows], validation = list(X = inputs[rows, ], y = y[rows]))
    expect_equal(coef(weighted), coef(repeated), tolerance = 1e-10)
    expect_equal(weighted$history, repeated$history, tolerance = 1e-10)
    expect_equal(
      nn_loss(start, inputs, y, weights = weights, reduction = reduction),
      nn_loss(start, inputs[rows, ], y[rows], reduction = reduction),
      tolerance = 1e-12
    )
  }
})

test_that(
  "gradients agree with finite differences for every loss, output, reduction and penalty",
  {
    set.seed(4)
    X <- matrix(rnorm(15), 5)
    y <- matrix(runif(10), 5)
    y <- y / rowSums(y)
    w <- runif(5)
    for (loss in loss_names()) {
      for (output in allowed_outputs[[loss]]) {
        for (hidden in list(0, 3, c(3, 2))) {
          for (reduction in c("sum", "mean")) {
            for (penalty in c(0, 0.1)) {
              network <- nn_init(3, 2, hidden, init = "glorot_normal")
              checked <- nn_check_gradient(
                network, X, targets_for(loss, y),
                activation = "tanh", output_activation = output, loss = loss,
                reduction = reduction, penalty = penalty, weights = w
              )
              expect_lt(checked$difference, 1e-7)
            }
          }
        }
      }
    }
  }
)

test_that(
  "held-out rows: the best epoch's weights come back, the same share of each class is held out",
  {
    set.seed(1)
    fit <- nn_train(
      inputs, iris$Species,
      optimizer = "adam", learning_rate = 0.05, reduction = "mean",
      epochs = 60, batch_size = 16, validation = 0.2, patience = 10
    )
    targets <- encode_targets(iris$Species, 150, NULL)
    held_out <- stratified_rows(0.2, fit$state$seed, strata(targets))
    expect_identical(as.vector(table(iris$Species[held_out])), c(10L, 10L, 10L))
    expect_equal(
      nn_loss(fit, inputs[held_out, ], iris$Species[held_out]), min(fit$history$validation_loss),
      tolerance = 1e-12
    )
    expect_identical(fit$best_epoch, as.double(which.min(fit$history$validation_loss)))
    expect_identical(levels(predict(fit, inputs, type = "class")), levels(iris$Species))
    expect_equal(unname(rowSums(predict(fit, inputs, type = "prob"))), rep(1, 150))
  }
)

test_that("a start that diverges does not cost the others", {
  set.seed(3)
  Z <- matrix(rnorm(40), 10)
  target <- rnorm(10)
  train <- function(...) {
    set.seed(14)
    nn_train(
      Z, target,
      activation = "relu", output_activation = "identity", epochs = 200, restarts = 3,
      ...
    )
  }
  expect_warning(fit <- train(learning_rate = 0.06), class = "backprop_warning_restarts")
  expect_true(is.finite(fit$objective))
  expect_error(train(learning_rate = 1e6), class = "backprop_error_diverged")
})

test_that("a share that leaves no rows is refused before anything is drawn", {
  set.seed(1)
  before <- .Random.seed
  expect_error(
    nn_train(inputs[1:3, ], c(1, 1, 0), validation = 0.01),
    class = "backprop_error_argument"
  )
  expect_identical(.Random.seed, before)
})

test_that("the tables of R and of the core have the same rows", {
  rows <- core_tables()
  expect_setequal(rows$activations, names(activation_table))
  expect_setequal(rows$losses, names(loss_table))
  expect_setequal(rows$rules, optimizer_field("rule"))
  expect_setequal(rows$families, optimizer_field("family"))
  expect_setequal(rows$layers, names(layer_kinds))
  expect_true(all(setdiff(rows$stops, "time") %in% names(stop_reasons)))
  defined <- outer(
    names(loss_table), names(activation_table),
    Vectorize(function(loss, output) core_is_defined(loss, output))
  )
  ours <- vapply(loss_table, function(row) {
    is.null(row$outputs) | names(activation_table) %in% row$outputs
  }, logical(length(activation_table)))
  expect_true(all(defined[t(ours)]))
})

test_that("a name that is in no table of the core is an error, and so is a state of other sizes", {
  layers <- dense_layers(c(4, 3, 1), "sigmoid")
  forward <- function(layers) core_forward(layers, numeric(19), inputs, NULL, FALSE, FALSE)
  expect_identical(dim(forward(layers)$output), c(150L, 1L))
  wrong <- layers
  wrong[[1]]$activation <- "sigmoidal"
  expect_error(forward(wrong), "Unknown activation: 'sigmoidal'", fixed = TRUE)
  wrong <- layers
  wrong[[2]]$kind <- "sparse"
  expect_error(forward(wrong), "Unknown kind of layer: 'sparse'", fixed = TRUE)
  wrong <- layers
  wrong[[2]]$inputs <- 4
  expect_error(forward(wrong), "equal the units of the previous layer", fixed = TRUE)
  expect_error(
    core_forward(layers, numeric(18), inputs, NULL, FALSE, FALSE), "has 19 parameters, but 18",
    fixed = TRUE
  )
})

test_that("the cross-entropy is R's sum of the losses, bit for bit", {
  set.seed(2)
  value <- loss_table$cross_entropy$value
  for (n in c(1, 50)) {
    a <- matrix(runif(3 * n), n)
    a[1, ] <- c(0, 1, 1e-20)
    share <- runif(n)
    classes <- diag(3)[rep_len(1:3, n), , drop = FALSE]
    for (y in list(classes, matrix(runif(3 * n), n), classes * 0, 1 - classes)) {
      for (mixed in c(TRUE, FALSE)) {
        expect_identical(
          core_cross_entropy(y, a, share, mixed), sum(share * value(a, y, NULL, mixed))
        )
      }
    }
  }
  a[n, 3] <- NaN
  expect_identical(core_cross_entropy(classes, a, share, TRUE), NaN)
  expect_error(core_cross_entropy(classes, a, share[-1], TRUE), "the same dimensions", fixed = TRUE)
  expect_error(
    core_cross_entropy(classes[, -1], a, share, TRUE), "the same dimensions",
    fixed = TRUE
  )
})

test_that("numbers below a limit are found wherever they are", {
  x <- c(rnorm(21), NaN)
  expect_true(core_all_below(x, 100))
  expect_true(core_all_below(numeric(), 100))
  for (at in 1:21) expect_false(core_all_below(replace(x, at, -100), 100))
  expect_false(core_all_below(replace(x, 3, Inf), 100))
})

test_that("parameters in a row become the matrices of the layers", {
  layers <- dense_layers(c(3, 2, 4), skip = TRUE)
  numbers <- as.double(1:35)
  expect_identical(core_matrices(numbers[1:32], layers), list(
    wh = matrix(numbers[1:6], 3), bh = matrix(numbers[7:8], 1), wout = matrix(numbers[9:28], 5),
    bout = matrix(numbers[29:32], 1)
  ))
  for (count in c(31, 33)) {
    expect_error(core_matrices(numbers[seq_len(count)], layers), "a number for each parameter")
  }
})

test_that("the largest column is that of max.col()", {
  withr::local_seed(6)
  values <- c(0, 0.25, 0.5, -Inf, Inf, NA, NaN)
  m <- matrix(sample(values, 600, TRUE, c(3, 3, 3, 1, 1, 0.3, 0.3)), 150)
  for (some in list(m, m[, 1, drop = FALSE], m[0, ])) {
    expect_identical(core_largest_column(some), max.col(some, "first"))
  }
})

test_that("a column of which most numbers may be apart from few is told without sorting", {
  withr::local_seed(8)
  # the largest ratio of neighbouring distances from the median among the last
  gap <- function(x, few) {
    distance <- utils::tail(sort(abs(x - stats::median(x))), few + 1)
    max((distance[-1] / distance[-(few + 1)])[distance[-(few + 1)] > 0], 0)
  }
  columns <- list(
    rnorm(400), runif(400), rexp(400), rt(400, 2), rcauchy(400), exp(4 * rnorm(400)),
    c(rnorm(399), 1e4), c(rnorm(380), 1e3 * rnorm(20)), c(rnorm(380), rep(c(-1e5, 1e9), 10)),
    c(rep(0, 381), 1:19), rep(1:2, 200), rep(3, 400), c(rnorm(399), 1e308)
  )
  told <- vapply(columns, function(x) core_is_crowded(matrix(x), 1, 20), NA)
  apart <- vapply(columns, function(x) gap(x, 20) >= 30, NA)
  expect_true(all(told[apart]))
  expect_equal(sum(apart), 3)
  expect_false(any(told[c(1:3, 11)]))
  X <- cbind(columns[[1]], columns[[7]])
  expect_identical(c(core_is_crowded(X, 1, 20), core_is_crowded(X, 2, 20)), c(FALSE, TRUE))
})

test_that("moments and clamped numbers are those of R's own functions", {
  set.seed(1)
  m <- matrix(rnorm(1400, 1e3), 200, dimnames = list(NULL, letters[1:7]))
  share <- runif(200)
  share <- share / sum(share)
  spread <- function(means) unname(sqrt(means((m - rep(means(m), each = 200))^2)))
  weighted <- function(m) colSums(share * m)
  expect_identical(
    core_column_moments(m, numeric()),
    list(center = unname(colMeans(m)), spread = spread(colMeans))
  )
  expect_identical(
    core_column_moments(m, share), list(center = unname(weighted(m)), spread = spread(weighted))
  )
  expect_error(core_column_moments(m, share[-1]), "a weight for each row", fixed = TRUE)
  m[1:4, 1] <- c(NaN, NA, Inf, -Inf)
  expect_identical(core_clamp(m, 999, 1001), pmin(pmax(m, 999), 1001))
})
