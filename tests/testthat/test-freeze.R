# Frozen weights, learning rates by layer and max_norm.

set.seed(3)
X <- matrix(rnorm(240), 80)
y <- sin(X[, 1]) + 0.3 * X[, 2] + 0.1 * rnorm(80)
start <- nn_init(3, 1, c(4, 3), init = "glorot_normal")
mask <- matrix(rep(c(TRUE, FALSE, TRUE), 4), 3)
train <- function(...) {
  set.seed(1)
  nn_train(X, y,
    start = start, hidden = c(4, 3), activation = "tanh", output_activation = "identity",
    reduction = "mean", ...
  )
}

test_that("frozen weights keep their bits with every optimiser, and the others are trained", {
  for (optimizer in names(backprop:::optimizer_table)) {
    l1 <- if (optimizer %in% c("lbfgs", "lm")) 0 else 0.01
    fit <- train(
      optimizer = optimizer, freeze = list(wh1 = mask, bh2 = TRUE), epochs = 8, penalty = 0.1,
      penalty_l1 = l1
    )
    kept <- coef(fit)
    expect_identical(kept$wh1[mask], start$wh1[mask], label = optimizer)
    expect_identical(kept$bh2, start$bh2, label = optimizer)
    expect_false(any(kept$wh1[!mask] == start$wh1[!mask]), label = optimizer)
    expect_false(any(kept$wout == start$wout), label = optimizer)
    half <- train(
      optimizer = optimizer, freeze = list(wh1 = mask, bh2 = TRUE), epochs = 3, penalty = 0.1,
      penalty_l1 = l1
    )
    expect_identical(coef(nn_continue(half, X, y, epochs = 5)), kept, label = optimizer)
  }
  batches <- train(
    optimizer = nn_adamw(weight_decay = 0.1), freeze = c("wh1", "bh1"), batch_size = 16, clip = 0.5,
    epochs = 3, precision = "single", dropout = 0.2, threads = 2
  )
  single <- function(x) backprop:::core_activation("identity", x, TRUE)
  expect_identical(c(coef(batches)$wh1), single(c(start$wh1)))
})

test_that("a model with frozen weights is that of the free ones alone", {
  # the output layer on frozen hidden units is linear regression on them
  fit <- train(
    optimizer = nn_lbfgs(gradient_tolerance = 1e-11), freeze = c("wh1", "bh1", "wh2", "bh2"),
    epochs = 500
  )
  hidden <- nn_forward(start, X, "tanh", "identity")$hiddenlayer_activations2
  expect_equal(c(fit$output), unname(fitted(lm(y ~ hidden))), tolerance = 1e-7)
  squares <- train(
    optimizer = nn_lm(1e-12), freeze = c("wh1", "bh1", "wh2", "bh2"), epochs = 50
  )
  expect_equal(c(squares$output), unname(fitted(lm(y ~ hidden))), tolerance = 1e-7)
})

test_that("frozen weights are no parameters of the model", {
  # a network with frozen hidden units, and the linear model on these units
  fit <- nn_train(mpg ~ wt + hp, mtcars, hidden = 2, penalty = 0, freeze = c("wh", "bh"))
  hidden <- nn_forward(fit, mtcars)$hiddenlayer_activations
  peer <- lm(mpg ~ hidden, mtcars)
  expect_equal(AIC(fit), AIC(peer), tolerance = 1e-9)
  expect_identical(summary(fit)$parameters, 3L)
  expect_identical(summary(fit)$frozen, 6)
  expect_output(print(summary(fit)), "with 3 weights (and 6 frozen ones)", fixed = TRUE)
  # the other outputs of ordered classes have no weights of their own
  fit <- nn_train(ordered(cyl) ~ wt + hp, mtcars, loss = "cumulative", hidden = 0, penalty = 0)
  expect_identical(summary(fit)$parameters, 4L)
})

test_that("a mask is that of nnet()", {
  skip_if_not_installed("nnet")
  one <- nn_init(3, 1, 2, init = "glorot_normal")
  freeze <- list(wh = matrix(c(TRUE, FALSE, FALSE, FALSE, FALSE, TRUE), 3))
  fit <- nn_train(X, y,
    start = one, hidden = 2, output_activation = "identity", penalty = 0.02, freeze = freeze,
    optimizer = nn_lbfgs(gradient_tolerance = 1e-12), epochs = 3000
  )
  # nnet has its weights unit by unit, the bias first, and penalises biases too: no penalty there
  free <- function(w, b) c(rbind(b, w))
  oracle <- nnet::nnet(X, y,
    size = 2, Wts = c(free(one$wh, one$bh), one$bout, one$wout), linout = TRUE, trace = FALSE,
    mask = !c(free(freeze$wh, FALSE), FALSE, FALSE, FALSE), maxit = 5000, abstol = 0, reltol = 1e-15
  )
  expect_identical(oracle$wts[c(2, 8)], c(one$wh[1, 1], one$wh[3, 2]))
  plain <- nn_train(X, y,
    start = one, hidden = 2, output_activation = "identity", freeze = freeze,
    optimizer = nn_lbfgs(gradient_tolerance = 1e-12), epochs = 5000
  )
  expect_equal(2 * plain$objective, oracle$value, tolerance = 1e-5)
  expect_identical(coef(fit)$wh[c(1, 6)], one$wh[c(1, 6)])
})

test_that("the step of a layer is multiplied by its rate", {
  rates <- c(0.5, 2, 0.1)
  for (optimizer in c("gradient_descent", "momentum", "adam", "rmsprop")) {
    once <- function(...) coef(train(optimizer = optimizer, learning_rate = 0.01, epochs = 1, ...))
    plain <- once()
    scaled <- once(layer_rates = rates)
    for (k in 1:3) {
      for (name in names(start)[2 * k - 1:0]) {
        expect_equal(
          scaled[[name]] - start[[name]], rates[k] * (plain[[name]] - start[[name]]),
          tolerance = 1e-12
        )
      }
    }
  }
})

test_that("max_norm limits the weights of hidden units, not of outputs", {
  for (optimizer in c("adam", "rprop")) {
    fit <- train(optimizer = optimizer, max_norm = 0.4, epochs = 60, learning_rate = 0.05)
    norms <- sqrt(c(colSums(coef(fit)$wh1^2), colSums(coef(fit)$wh2^2)))
    expect_lte(max(norms), 0.4 + 1e-12)
    expect_gte(sum(norms > 0.4 - 1e-12), 1)
    expect_gt(sqrt(sum(coef(fit)$wout^2)), 0.5)
  }
  half <- train(optimizer = "adam", max_norm = 0.5, epochs = 20, learning_rate = 0.05)
  whole <- train(optimizer = "adam", max_norm = 0.5, epochs = 40, learning_rate = 0.05)
  expect_identical(coef(nn_continue(half, X, y, epochs = 20)), coef(whole))
})

test_that("print() says what is limited, slowed down or frozen", {
  fit <- train(
    optimizer = "adam", epochs = 2, max_norm = 0.5, layer_rates = c(1, 0.5, 2),
    freeze = list(bh1 = TRUE, wout = row(start$wout) == 1)
  )
  shown <- gsub("\\s+", " ", paste(capture.output(print(fit)), collapse = " "))
  expect_match(
    shown, "bh1 and some of wout frozen, rates of the layers 1.0, 0.5, 2.0, max_norm 0.5",
    fixed = TRUE
  )
})

test_that("nn_continue() tunes with another rate, schedule or frozen weights", {
  fit <- train(optimizer = "adam", learning_rate = 0.01, epochs = 10)
  slow <- nn_continue(fit, X, y, epochs = 1, learning_rate = 1e-3)
  same <- nn_continue(fit, X, y, epochs = 1)
  for (name in names(start)) {
    expect_equal(
      slow[[name]] - fit[[name]], 0.1 * (same[[name]] - fit[[name]]),
      tolerance = 1e-9
    )
  }
  # a schedule counts from its start, also if resumed
  stepped <- nn_continue(fit, X, y, epochs = 4, schedule = nn_step(2, 0.5))
  parts <- nn_continue(nn_continue(fit, X, y, epochs = 3, schedule = nn_step(2, 0.5)), X, y,
    epochs = 1
  )
  expect_identical(coef(stepped), coef(parts))
  by_hand <- nn_continue(
    nn_continue(fit, X, y, epochs = 2), X, y,
    epochs = 2, learning_rate = 0.005
  )
  expect_identical(coef(stepped), coef(by_hand))
  ended <- nn_continue(stepped, X, y, epochs = 2, schedule = "none")
  expect_identical(coef(ended), coef(nn_continue(by_hand, X, y, epochs = 2, learning_rate = 0.01)))
  plateau <- nn_continue(fit, X, y, epochs = 5, schedule = nn_plateau(patience = 2))
  expect_identical(unclass(plateau)$state$plateau$factor, 1)

  frozen <- nn_continue(fit, X, y, epochs = 3, freeze = c("wh1", "bh1"))
  expect_identical(coef(frozen)[1:2], coef(fit)[1:2])
  expect_false(identical(frozen$wh2, fit$wh2))
  free <- nn_continue(frozen, X, y, epochs = 1, freeze = character())
  expect_false(any(free$wh1 == frozen$wh1))
  # a converged fit continues if something is freed
  converged <- train(optimizer = "lbfgs", freeze = c("wh1", "bh1", "wh2", "bh2"), epochs = 500)
  expect_identical(converged$stop, "gradient")
  freed <- nn_continue(converged, X, y, epochs = 20, freeze = character())
  expect_lt(freed$objective, converged$objective)
  # the data frame method, saved and loaded
  d <- data.frame(X, y = y)
  frame <- nn_train(
    y ~ ., d,
    hidden = 3, freeze = list(wh = matrix(c(TRUE, rep(FALSE, 8)), 3)), epochs = 20, penalty = 0,
    layer_rates = c(1, 2), max_norm = 3
  )
  expect_identical(unclass(frame)$settings$optimizer$name, "adam")
  path <- withr::local_tempfile(fileext = ".json")
  nn_save(frame, path)
  loaded <- nn_load(path)
  expect_identical(
    coef(nn_continue(loaded, d, epochs = 5)), coef(nn_continue(frame, d, epochs = 5))
  )
})

test_that("impossible ways to freeze and tune are refused", {
  refused <- function(code, kind = "argument") {
    error <- expect_error(code, class = paste0("backprop_error_", kind))
    cat(conditionMessage(error), "\n")
  }
  fit <- train(optimizer = "lbfgs", epochs = 2)
  steps <- train(optimizer = "adam", epochs = 2)
  expect_snapshot({
    refused(train(freeze = "wh3", epochs = 1))
    refused(train(freeze = 1, epochs = 1))
    refused(train(freeze = list(wh1 = matrix(TRUE, 2, 2)), epochs = 1))
    refused(train(freeze = names(start), epochs = 1))
    refused(train(layer_rates = c(1, 2), epochs = 1))
    refused(train(layer_rates = c(1, 1, 0), epochs = 1))
    refused(train(max_norm = 0, epochs = 1))
    refused(train(max_norm = 1, optimizer = "lbfgs", epochs = 1))
    refused(train(layer_rates = c(1, 1, 2), optimizer = "lm", epochs = 1))
    refused(nn_continue(fit, X, y, epochs = 1, learning_rate = 0.1))
    refused(nn_continue(fit, X, y, epochs = 1, schedule = nn_step(2)))
    refused(nn_continue(steps, X, y, epochs = 1, learning_rate = -1))
    refused(nn_continue(steps, X, y, epochs = 1, schedule = 3))
  })
})
