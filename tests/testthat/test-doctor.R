found <- function(fit) {
  checks <- nn_doctor(fit)
  checks$check[checks$found %in% TRUE]
}
cars_inputs <- as.matrix(mtcars[c("disp", "hp", "wt")])
cars_target <- drop(scale(mtcars$mpg))
train <- function(X = scale(cars_inputs), y = cars_target, epochs = 300,
                  output_activation = "identity", reduction = "mean", ...) {
  set.seed(1)
  nn_train(X, y, epochs = epochs, output_activation = output_activation, reduction = reduction, ...)
}

test_that("ordinary fits have no finding", {
  set.seed(1)
  expect_identical(found(nn_train(tutorial_data()$X, tutorial_data()$y)), character())
  expect_identical(found(train(optimizer = "lbfgs", penalty = 0.01)), character())
  expect_identical(found(train(
    activation = "relu", init = "he_normal", hidden = 16, optimizer = "adam", learning_rate = 0.01,
    epochs = 1000
  )), character())
  inputs <- scale(as.matrix(iris[1:4]))
  for (seed in 1:5) {
    set.seed(seed)
    fit <- nn_train(inputs, iris$Species,
      hidden = 8, activation = "relu", init = "he_normal", reduction = "mean", optimizer = "adam",
      learning_rate = 0.01, epochs = 300, batch_size = 32, validation = 0.2, patience = 20
    )
    expect_identical(found(fit), character())
    expect_identical(
      found(nn_train(as.matrix(iris[1:4]), iris$Species, optimizer = "lbfgs", penalty = 0.01)),
      character()
    )
  }
})

test_that("fits with the defaults for data have no finding", {
  for (seed in 1:3) {
    set.seed(seed)
    expect_identical(found(nn_train(mpg ~ ., mtcars)), character())
    expect_identical(found(nn_train(Species ~ ., iris)), character())
    expect_identical(found(nn_train(weight ~ feed, chickwts)), character())
  }
  # cases and controls were matched by these three, so that they say nothing of the outcome
  expect_true(
    "null_model" %in%
      found(nn_train(case ~ education + age + parity, transform(infert, case = factor(case))))
  )
})

test_that("a standardised outcome is judged on its own scale or the network's alike", {
  set.seed(1)
  fit <- nn_train(dist ~ speed, cars)
  facts <- doctor_facts(unclass(fit))
  expect_equal(facts$null, 0.5)
  expect_equal(facts$loss, fit$objective - fit$settings$penalty / 2 * sum(fit$wh^2, fit$wout^2))
  wrong <- nn_train(dist ~ speed, cars, output_activation = "sigmoid", epochs = 20)
  expect_true("unreachable" %in% found(wrong))
})

test_that("a training that diverged is found, from the fit in its error", {
  error <- tryCatch(
    train(y = mtcars$mpg * 1e3, learning_rate = 10, activation = "identity"),
    backprop_error_diverged = function(e) e
  )
  expect_true("diverged" %in% found(error$fit))
})

test_that("a loss that rose is found", {
  good <- train(optimizer = "lbfgs", penalty = 0.01)
  worse <- train(start = coef(good), learning_rate = 3, epochs = 50)
  expect_gt(worse$history$loss[50], worse$history$loss[1])
  expect_match(
    nn_doctor(worse)$what[1], "^The loss rose in training, from 0.0593 in the first epoch to "
  )
  expect_match(nn_doctor(worse)$advice[1], "^Use a smaller learning_rate than 3,")
  expect_false("diverged" %in% found(train(start = coef(good), learning_rate = 0.001, epochs = 50)))
})

test_that("targets out of the output's reach are found", {
  expect_true("unreachable" %in% found(train(y = mtcars$mpg, output_activation = "sigmoid")))
  expect_true("unreachable" %in% found(train(y = mtcars$mpg, output_activation = "tanh")))
  expect_true("unreachable" %in% found(train(output_activation = "exp", epochs = 50)))
  expect_false("unreachable" %in% found(train(y = mtcars$am, output_activation = "sigmoid")))
  expect_false(
    "unreachable" %in% found(train(
      y = mtcars$carb, output_activation = "exp", loss = "poisson", learning_rate = 0.001
    ))
  )
})

test_that("constant predictions and a loss no better than a constant's are found", {
  expect_true(all(
    c("constant", "null_model") %in% found(train(start = dead_network(), activation = "relu"))
  ))
  noise <- withr::with_seed(2, rnorm(32))
  held <- train(y = noise, hidden = 1, optimizer = "adam", penalty = 10, epochs = 2000)
  expect_true("null_model" %in% found(held))
  expect_false(any(
    c("constant", "null_model") %in% found(train(optimizer = "lbfgs", penalty = 0.01))
  ))
})

test_that("the null model's loss is the best constant's for every loss", {
  y <- cbind(c(0, 1, 3, 3, 7, 2))
  losses <- c(
    setdiff(names(loss_table), "cross_entropy"), list(nn_huber(1.5), nn_quantile(0.8))
  )
  for (loss in losses) {
    setting <- check_loss(loss, NULL)
    at <- function(a) row_loss(y, matrix(a, 6, 1), setting, FALSE)
    expect_lte(
      at(best_constant(y, setting)), min(vapply(seq(0.01, 7, 0.01), at, 0)) + 1e-6,
      label = setting$name
    )
  }
  shares <- diag(3)[c(1, 1, 2, 3), ]
  p <- c(2, 1, 1) / 4
  expect_equal(
    row_loss(
      shares, best_constant(shares, check_loss("cross_entropy", NULL)),
      check_loss("cross_entropy", NULL), TRUE
    ),
    -sum(p * log(p))
  )
})

test_that("the doctor's loss is that of training", {
  any_output <- Filter(function(name) is.null(loss_table[[name]]$outputs), names(loss_table))
  losses <- c(any_output, list(nn_huber(0.3), nn_quantile(0.8)))
  settings <- c(
    lapply(losses, function(loss) list(y = cars_target, loss = loss)),
    list(
      list(y = mtcars$carb, loss = "poisson", output_activation = "exp"),
      list(y = factor(mtcars$am), output_activation = "sigmoid"),
      list(y = factor(mtcars$gear), output_activation = "softmax")
    )
  )
  for (setting in settings) {
    fit <- do.call(train, c(setting, list(epochs = 20, learning_rate = 0.001)))
    expect_equal(doctor_facts(unclass(fit))$loss, fit$objective)
  }
})

test_that("saturated and dead units are found", {
  expect_true("saturated" %in% found(train(cars_inputs)))
  expect_true("saturated" %in% found(train(cars_inputs, activation = "tanh")))
  expect_false("saturated" %in% found(train()))
  expect_true("dead" %in% found(train(start = dead_network(), activation = "relu")))
  expect_false(
    "dead" %in% found(train(activation = "relu", init = "he_normal", learning_rate = 0.001))
  )
  expect_false(
    "dead" %in%
      found(train(activation = "leaky_relu", start = dead_network(), learning_rate = 0.001))
  )
})

test_that("units are counted idle by their mean slope", {
  rows <- matrix(seq(-1, 1, length.out = 50))
  z <- rows %*% matrix(1, 1, 3) + rep(c(0, 200, -200), each = 50)
  for (kind in nn_activations()$name[!nn_activations()$output_only]) {
    a <- matrix(core_activation(kind, as.double(z), FALSE), 50)
    expected <- switch(kind,
      sigmoid = 2,
      tanh = 2,
      leaky_relu = 0,
      identity = 0,
      1
    )
    expect_equal(count_idle(a, kind), expected, label = kind)
  }
  deep <- train(hidden = c(4, 2), activation = c("relu", "tanh"), start = withr::with_seed(1, {
    start <- nn_init(3, 1, c(4, 2), init = "he_normal")
    start$bh2[] <- c(40, 0)
    start$bh1[3] <- -50
    start
  }), epochs = 1, learning_rate = 1e-6)
  expect_identical(deep$probe$idle, c(1, 1))
})

test_that("inputs off the scale of 1 are found", {
  expect_true("unscaled" %in% found(train(cars_inputs)))
  expect_true("unscaled" %in% found(train(scale(cars_inputs) / 1e4)))
  expect_false("unscaled" %in% found(train()))
  # a rare indicator column is small but no trouble
  expect_false("unscaled" %in% found(train(cbind(scale(cars_inputs), c(1, rep(0, 31))))))
})

test_that("a loss that still fell at the end is found, of the held-out rows where there are some", {
  slow <- train(learning_rate = 0.003, epochs = 100)
  expect_true("still_falling" %in% found(slow))
  expect_false("still_falling" %in% found(train(learning_rate = 0.005, epochs = 5000)))
  held_out <- train(learning_rate = 0.003, epochs = 100, validation = 0.3)
  expect_match(nn_doctor(held_out)$what[8], "^The held-out loss was still falling")
  stopped <- train(learning_rate = 0.003, epochs = 100, callback = function(now) now$epoch < 50)
  expect_false("still_falling" %in% found(stopped))
})

test_that("the Poisson loss, which is below 0, is measured from that of a perfect fit", {
  breaks <- function(...) {
    set.seed(1)
    nn_train(breaks ~ ., warpbreaks, loss = "poisson", ...)
  }
  facts <- function(fit) doctor_facts(unclass(fit))
  fit <- breaks(hidden = 10)
  y <- warpbreaks$breaks
  deviance <- function(p) mean(poisson()$dev.resids(y, p, 1)) / 2
  expect_equal(facts(fit)$loss - facts(fit)$perfect, deviance(fitted(fit)))
  expect_equal(facts(fit)$null - facts(fit)$perfect, deviance(mean(y)))
  expect_lt(fit$history$loss[200], 0)
  expect_identical(found(fit), character())
  # of large counts the loss is so far below 0 that its fall by 6 % seemed a rise
  counts <- withr::with_seed(4, data.frame(a = rnorm(100)))
  counts$y <- withr::with_seed(4, rpois(100, 500))
  set.seed(1)
  large <- nn_train(y ~ a, counts, loss = "poisson", hidden = 5)
  expect_lt(large$history$loss[200], 1.05 * large$history$loss[1])
  expect_false(any(c("diverged", "still_falling") %in% found(large)))

  # what is there is found
  expect_true(all(c("constant", "null_model") %in% found(breaks(hidden = 5, penalty = 1e5))))
  expect_match(
    nn_doctor(breaks(hidden = 5, penalty = 1e5))$what[4],
    "^The loss, 2.75 above that of a perfect fit, is (no|hardly) better"
  )
  worse <- function(...) {
    breaks(
      hidden = 10, start = coef(fit), optimizer = "gradient_descent", learning_rate = 1, clip = 1,
      epochs = 30, ...
    )
  }
  expect_gt(worse()$history$loss[30], worse()$history$loss[1])
  expect_match(nn_doctor(worse())$what[1], "^The loss rose in training")
  expect_match(nn_doctor(worse(validation = 0.3))$what[1], "^The loss rose in training")
  slow <- function(...) {
    breaks(hidden = 10, optimizer = "gradient_descent", learning_rate = 1e-4, epochs = 30, ...)
  }
  expect_match(nn_doctor(slow())$what[8], "^The loss was still falling")
  expect_match(nn_doctor(slow(validation = 0.3))$what[8], "^The held-out loss was still falling")
  expect_match(nn_doctor(slow(offset = rep(0.1, 54)))$what[8], "^The loss was still falling")

  # units that work as switches do no harm where the deviance is small
  steps <- function(y) {
    X <- matrix(rep(c(-1, 1), 20))
    start <- list(wh = matrix(50), bh = matrix(0), wout = matrix(log(4)), bout = matrix(log(5)))
    nn_train(
      X, rep(y, length.out = 40),
      hidden = 1, loss = "poisson", start = start, learning_rate = 1e-9,
      epochs = 1
    )
  }
  expect_false("saturated" %in% found(steps(c(5, 20))))
  expect_true("saturated" %in% found(steps(c(5, 20, 35, 10))))

  # neither deviance nor null model is known
  unknown <- function(fit) with(nn_doctor(fit), check[is.na(found)])
  expect_identical(
    unknown(slow(weights = rep(1:2, 27))), c("diverged", "null_model", "still_falling")
  )
  expect_identical(unknown(slow(offset = rep(0.1, 54))), "null_model")
  expect_identical(unknown(slow(keep_fitted = FALSE, validation = 0.3)), c(
    "diverged", "unreachable", "constant", "null_model", "still_falling"
  ))
})

test_that(
  "a penalty that is too large is named, and no rise of the loss where training converged",
  {
    advice <- function(fit, name) with(nn_doctor(fit), advice[check == name])
    set.seed(1)
    converged <- nn_train(Species ~ ., iris, penalty = 100)
    expect_identical(converged$stop, "gradient")
    expect_gt(last(converged$history$loss), 1.1 * converged$history$loss[1])
    expect_identical(found(converged), c("constant", "null_model"))
    expect_match(
      advice(converged, "constant"), "^Use a smaller penalty than 100\\. Scale the inputs"
    )
    expect_match(
      advice(train(start = dead_network(), activation = "relu"), "constant"), "^Scale the inputs"
    )
    weighted <- withr::with_seed(1, nn_train(mpg ~ ., mtcars, weights = wt, penalty = 1000))
    expect_match(advice(weighted, "constant"), "^Use a smaller penalty than 1000\\.")

    good <- coef(train(optimizer = "lbfgs", penalty = 0.01))
    rose <- train(start = good, optimizer = "lbfgs", penalty = 0.3, epochs = 12)
    expect_identical(rose$stop, "iterations")
    expect_match(
      advice(rose, "diverged"), "^Use a smaller penalty than 0.3\\. Use smaller initial weights"
    )
    expect_match(
      advice(
        train(start = good, learning_rate = 0.01, penalty = 2, penalty_l1 = 3, epochs = 50),
        "diverged"
      ),
      "Use a smaller penalty than 2 and a smaller penalty_l1 than 3\\.$"
    )
    expect_no_match(
      advice(train(start = good, learning_rate = 3, epochs = 50), "diverged"), "penalty"
    )
  }
)

test_that("a loss that is lower by less than 1 % is called hardly better", {
  held <- withr::with_seed(
    2, train(y = rnorm(32), hidden = 1, optimizer = "adam", penalty = 10, epochs = 2000)
  )
  facts <- doctor_facts(unclass(held))
  slightly <- doctor_checks$null_model(
    unclass(held), replace(facts, "loss", list(0.995 * facts$null))
  )
  expect_match(slightly$what, "is hardly better than")
  worse <- doctor_checks$null_model(unclass(held), replace(facts, "loss", list(1.005 * facts$null)))
  expect_match(worse$what, "is no better than")
})

test_that("two numbers are told with the digits that tell them apart", {
  expect_identical(from_to(0.2034, 0.1871), "from 0.203 to 0.187")
  expect_identical(from_to(-2624.913, -2624.926), "from -2624.913 to -2624.926")
  expect_identical(from_to(0, 1), "from 0 to 1")
})

test_that("what the fit does not hold is NA", {
  without <- nn_doctor(train(keep_fitted = FALSE))
  expect_identical(without$check[is.na(without$found)], c("unreachable", "constant", "null_model"))
  weighted <- nn_doctor(train(weights = rep(1:2, 16)))
  expect_identical(weighted$check[is.na(weighted$found)], "null_model")
  expect_true(all(is.na(nn_doctor(train(epochs = 0))$found)))
})

test_that("a large table is looked at by 200 of its rows, and a resumed fit is looked at anew", {
  X <- matrix(withr::with_seed(1, rnorm(3000)), 1000)
  set.seed(1)
  fit <- nn_train(X, X[, 1] > 0, epochs = 2, learning_rate = 1e-3)
  expect_identical(fit$probe$rows, 200)
  expect_equal(fit$probe$typical, rep(1, 3), tolerance = 0.2)
  expect_identical(nn_continue(fit, X, X[, 1] > 0, epochs = 2)$probe, {
    set.seed(1)
    nn_train(X, X[, 1] > 0, epochs = 4, learning_rate = 1e-3)$probe
  })
})

test_that("findings are printed with what to do, and the first two by print(fit)", {
  set.seed(1)
  fit <- nn_train(cars_inputs, mtcars$mpg, epochs = 200)
  good <- train(optimizer = "lbfgs", penalty = 0.01)
  expect_snapshot({
    fit
    nn_doctor(fit)
    nn_doctor(good)
    nn_doctor(train(learning_rate = 0.003, epochs = 100, validation = 0.3, keep_fitted = FALSE))
    nn_doctor(train(start = dead_network(), activation = "relu"))
  })
  expect_snapshot(error = TRUE, {
    nn_doctor()
    nn_doctor(coef(fit))
    nn_doctor(fit, X = cars_inputs)
  })
})

test_that("sparse inputs are looked at like plain ones", {
  skip_if_not_installed("Matrix")
  plain <- matrix(withr::with_seed(1, rbinom(3000, 1, 0.2) * 50), 1000)
  set.seed(1)
  y <- factor(plain[, 1] > 0)
  train <- function(X, ...) {
    nn_train(
      X, y,
      hidden = 3, activation = "sigmoid", init = "tutorial", reduction = "mean",
      optimizer = "gradient_descent", learning_rate = 1e-3, epochs = 2, batch_size = NULL,
      penalty = 0, validation = NULL, ...
    )
  }
  one <- train(plain)
  set.seed(1)
  other <- train(Matrix::Matrix(plain, sparse = TRUE), standardize = FALSE, patience = Inf)
  expect_equal(other$probe, one$probe)
  expect_true("unscaled" %in% found(other))
})
