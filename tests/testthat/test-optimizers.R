problem <- random_problem(n = 13, n_inputs = 3, n_outputs = 2, hidden = 4, seed = 8)
X <- problem$X
y <- problem$y
makers <- list(
  gradient_descent = nn_gradient_descent, momentum = nn_momentum, nesterov = nn_nesterov,
  rmsprop = nn_rmsprop, adam = nn_adam, adamw = nn_adamw, rprop = nn_rprop
)
with_batches <- setdiff(names(makers), "rprop")

# Ten epochs by nn_train() and by the plain R loop, with the same settings, from the same start.
expect_steps <- function(name, settings = list(), batch_size = NULL, schedule = NULL,
                         factor = reference_factors$constant, plateau = NULL, start = problem$start,
                         hidden = 4, activation = "sigmoid", output_activation = "sigmoid", ...) {
  optimizer <- if (length(settings) == 0) name else do.call(makers[[name]], settings)
  set.seed(21)
  fit <- nn_train(X, y,
    hidden = hidden, activation = activation, output_activation = output_activation, start = start,
    optimizer = optimizer, epochs = 10, batch_size = batch_size, schedule = schedule, ...
  )
  batches <- function(epoch) {
    if (is.null(batch_size)) {
      list(seq_len(nrow(X)))
    } else {
      nn_batches(fit$state$seed, epoch, nrow(X), batch_size)
    }
  }
  expected <- reference_optimize(X, y, start, name, settings,
    factor = factor, plateau = plateau, batches = batches,
    activation = activation, output_activation = output_activation, ...
  )
  expect_close(coef(fit), expected$network, 1e-10)
  expect_close(fit$history$loss, expected$loss, 1e-10)
  # a loop that went nowhere would agree as well
  expect_gt(greatest_difference(coef(fit), start), 1e-4)
  invisible(expected)
}

test_that(
  "ten full-batch steps of each optimiser with its documented defaults equal its formula",
  {
    for (name in names(makers)) {
      for (reduction in c("sum", "mean")) expect_steps(name, reduction = reduction)
    }
  }
)

test_that(
  paste0(
    "ten epochs of mini-batches in the order of nn_batches() equal the formula, ",
    "down to one row a batch"
  ),
  {
    for (name in with_batches) {
      for (reduction in c("sum", "mean")) {
        for (batch_size in c(1, 5)) {
          expect_steps(name, reduction = reduction, batch_size = batch_size)
        }
      }
    }
  }
)

test_that("each setting of an optimiser is the one of its formula", {
  settings <- list(
    gradient_descent = list(learning_rate = 0.37),
    momentum = list(learning_rate = 0.05, momentum = 0.6),
    nesterov = list(learning_rate = 0.05, momentum = 0.6),
    rmsprop = list(learning_rate = 0.02, decay = 0.7, epsilon = 0.03),
    adam = list(learning_rate = 0.02, beta1 = 0.6, beta2 = 0.8, epsilon = 0.03),
    adamw = list(
      learning_rate = 0.02, beta1 = 0.6, beta2 = 0.8, epsilon = 0.03, weight_decay = 0.8
    ),
    rprop = list(learning_rate = 0.4, less = 0.3, more = 1.9, least = 0.15, most = 1.1)
  )
  expect_setequal(names(settings), names(makers))
  for (name in names(settings)) {
    expect_setequal(names(settings[[name]]), names(formals(makers[[name]])))
    for (batch_size in list(NULL, if (name != "rprop") 4)) {
      expect_steps(name, settings[[name]], batch_size = batch_size)
    }
  }
})

test_that("momentum of 0 is gradient descent, and AdamW without decay is Adam", {
  train <- function(optimizer) {
    coef(nn_train(X, y, hidden = 4, start = problem$start, optimizer = optimizer, epochs = 10))
  }
  plain <- train(nn_gradient_descent(0.2))
  expect_close(train(nn_momentum(0.2, momentum = 0)), plain, 1e-13)
  expect_close(train(nn_nesterov(0.2, momentum = 0)), plain, 1e-13)
  expect_identical(train(nn_adamw(0.02, weight_decay = 0)), train(nn_adam(0.02)))
})

test_that("the penalties are part of each step, and leave the biases out", {
  for (name in names(makers)) {
    for (reduction in c("sum", "mean")) {
      for (batch_size in list(NULL, if (name != "rprop") 5)) {
        expect_steps(name, reduction = reduction, batch_size = batch_size, penalty = 0.3)
        expect_steps(
          name,
          reduction = reduction, batch_size = batch_size, penalty = 0.1, penalty_l1 = 0.05
        )
      }
    }
  }
})

test_that("a gradient longer than `clip` is shortened to it, penalty included", {
  clipped <- numeric()
  for (name in with_batches) {
    for (reduction in c("sum", "mean")) {
      for (batch_size in list(NULL, 5)) {
        clip <- if (reduction == "sum") 0.5 else 0.11
        clipped <- c(
          clipped,
          expect_steps(
            name,
            reduction = reduction, batch_size = batch_size, clip = clip, penalty = 0.05
          )$clipped
        )
      }
    }
  }
  # both sides of the rule were seen
  expect_true(any(clipped > 0))
  expect_true(any(clipped < ifelse(seq_along(clipped) %% 2 == 1, 10, 30)))
})

test_that("the rate follows each schedule", {
  schedules <- list(
    list(nn_step(every = 3), function(epoch) reference_factors$step(epoch, 3, 0.5)),
    list(nn_step(every = 2, factor = 0.7), function(epoch) reference_factors$step(epoch, 2, 0.7)),
    list(nn_exponential(0.8), function(epoch) reference_factors$exponential(epoch, 0.8)),
    list(nn_cosine(epochs = 20), function(epoch) reference_factors$cosine(epoch, 20)),
    list(nn_cosine(epochs = 6, least = 0.1), function(epoch) {
      reference_factors$cosine(epoch, 6, 0.1)
    }),
    list(nn_warm_up(epochs = 4), function(epoch) reference_factors$warm_up(epoch, 4)),
    list(nn_warm_up(3, then = nn_cosine(5)), function(epoch) {
      reference_factors$warm_up(epoch, 3, function(after) reference_factors$cosine(after, 5))
    }),
    list(nn_warm_up(2, then = nn_step(2)), function(epoch) {
      reference_factors$warm_up(epoch, 2, function(after) reference_factors$step(after, 2, 0.5))
    })
  )
  for (schedule in schedules) {
    for (name in c("gradient_descent", "nesterov", "adamw")) {
      for (batch_size in list(NULL, 5)) {
        expect_steps(
          name,
          batch_size = batch_size, schedule = schedule[[1]], factor = schedule[[2]]
        )
      }
    }
  }
  for (name in with_batches) {
    expect_steps(
      name,
      schedule = nn_cosine(20), factor = schedules[[4]][[2]], penalty = 0.1, clip = 0.5
    )
  }
})

test_that("the rate falls where the loss has stopped falling", {
  # rates far too large, so that the loss goes up and down
  factors <- numeric()
  for (rate in c(3, 30)) {
    for (patience in 1:2) {
      for (batch_size in list(NULL, 5)) {
        plateau <- list(factor = 0.3, patience = patience, least = 0.05)
        expected <- expect_steps("gradient_descent", list(learning_rate = rate),
          batch_size = batch_size,
          schedule = do.call(nn_plateau, plateau), plateau = plateau
        )
        factors <- c(factors, expected$factor)
      }
    }
  }
  expect_true(any(factors < 1 & factors > 0.05))
  expect_true(any(factors == 0.05))
})

test_that(
  "steps agree with the formula for deep networks, none hidden, and other activations",
  {
    for (name in names(makers)) {
      for (hidden in list(0, c(3, 2))) {
        problem <- random_problem(n = 13, n_inputs = 3, n_outputs = 2, hidden = hidden, seed = 5)
        expect_steps(
          name,
          start = problem$start, hidden = hidden, activation = "tanh",
          output_activation = "identity", reduction = "mean", penalty = 0.01
        )
      }
    }
  }
)

test_that("every instruction set makes the steps of the formula", {
  with_each_instruction_set(function(set) {
    for (name in names(makers)) expect_steps(name, penalty = 0.1)
  })
})

test_that("single precision makes the same steps to single precision", {
  for (name in setdiff(names(makers), "rprop")) {
    fit <- nn_train(
      X, y,
      hidden = 4, start = problem$start, optimizer = name, epochs = 10, precision = "single"
    )
    expected <- reference_optimize(X, y, problem$start, name)
    expect_close(coef(fit), expected$network, 2e-5)
    expect_gt(greatest_difference(coef(fit), expected$network), 1e-10)
  }
})

test_that("Adam, momentum and Nesterov make the steps of scikit-learn", {
  cases <- list(
    "adam" = list(nn_adam(0.01, epsilon = 1e-300)),
    "adam-settings" = list(nn_adam(0.05, beta1 = 0.7, beta2 = 0.9, epsilon = 1e-300)),
    "adam-batches" = list(nn_adam(0.01, epsilon = 1e-300), activation = "sigmoid", batch_size = 5),
    "adam-deep" = list(nn_adam(0.01, epsilon = 1e-300), hidden = c(4, 3)),
    # its alpha is the penalty times the number of rows
    "adam-penalty" = list(nn_adam(0.01, epsilon = 1e-300), penalty = 0.6 / 12),
    "adam-classes" = list(
      nn_adam(0.01, epsilon = 1e-300),
      activation = "relu", output_activation = "softmax",
      loss = "cross_entropy"
    ),
    "plain" = list(nn_gradient_descent(0.1)),
    "momentum" = list(nn_momentum(0.1)),
    "nesterov" = list(nn_nesterov(0.1)),
    "nesterov-batches" = list(
      nn_nesterov(0.1, momentum = 0.5),
      activation = "sigmoid", batch_size = 5
    ),
    "nesterov-classes" = list(
      nn_nesterov(0.1),
      activation = "relu", output_activation = "softmax", loss = "cross_entropy"
    )
  )
  defaults <- list(
    hidden = 4, activation = "tanh", output_activation = "identity", reduction = "mean",
    shuffle = FALSE
  )
  for (name in names(cases)) {
    case <- fixture_case("sklearn-steps.csv", name)
    settings <- utils::modifyList(defaults, cases[[name]][-1])
    for (epochs in 1:5) {
      arguments <- c(
        list(
          case$data$X, case$data$y,
          start = case$start, optimizer = cases[[name]][[1]],
          epochs = epochs
        ),
        settings
      )
      fit <- do.call(nn_train, arguments)
      expect_close(coef(fit), case[[paste0("epoch", epochs)]], 1e-10)
    }
  }
})

test_that(
  "a rate's horizon, shares and multiples outside their range are refused by both ends of it",
  {
    refused <- function(expression) {
      writeLines(conditionMessage(expect_error(expression, class = "backprop_error_argument")))
    }
    expect_snapshot({
      refused(nn_plateau(factor = 2))
      refused(nn_exponential(0))
      refused(nn_step(2, factor = "a"))
      refused(nn_momentum(momentum = -1))
      refused(nn_rmsprop(decay = 1))
      refused(nn_adam(beta1 = "a"))
      refused(nn_rprop(less = 1))
      refused(nn_rprop(more = 1))
      refused(nn_cosine(1))
    })
    expect_identical(nn_exponential(1)$factor, 1)
    expect_identical(nn_momentum(momentum = 0)$numbers$momentum, 0)
    expect_equal(schedule_factors(nn_cosine(2, least = 0.1), 1:3, NULL), c(1, 0.1, 0.1))
  }
)
