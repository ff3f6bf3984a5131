found <- function(fit) {
  checks <- nn_doctor(fit)
  checks$check[checks$found %in% TRUE]
}
what_of <- function(fit, name) with(nn_doctor(fit), what[check == name])
advice_of <- function(fit, name) with(nn_doctor(fit), advice[check == name])
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

test_that("fits with the defaults for data have no finding but that a linear model is as good", {
  skip_on_cran()
  set.seed(1)
  expect_identical(found(nn_train(mpg ~ ., mtcars)), "simple_model")
  expect_identical(found(nn_train(Species ~ ., iris)), "simple_model")
  expect_identical(found(nn_train(weight ~ feed, chickwts)), "simple_model")
  expect_identical(found(nn_train(log(accel) ~ mag + dist, attenu)), character())
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
  worse <- train(start = coef(good), learning_rate = 1.2, epochs = 50)
  expect_gt(worse$history$loss[50], worse$history$loss[1])
  expect_match(
    what_of(worse, "diverged"), "^The loss rose in training, from 0.0593 in the first epoch to "
  )
  expect_match(advice_of(worse, "diverged"), "^Use a smaller learning_rate than 1.2, such as 0.1")
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
    setdiff(loss_names(), c("cross_entropy", "gamma", "gaussian", "beta", "cumulative")),
    list(nn_huber(1.5), nn_quantile(0.8), nn_tweedie(1.2), nn_negative_binomial(3))
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
  # outputs of all columns together, against a grid
  null <- function(loss, y) {
    loss <- check_loss(loss, NULL)
    wide <- matrix(y, length(y), max(2, NCOL(y)))
    best <- best_constant(wide, loss)
    expect_identical(dim(best), dim(wide))
    a <- as.matrix(expand.grid(seq(0.01, 0.99, 0.02), exp(seq(-3, 3, 0.05))))
    if (loss$name == "gaussian") a[, 1] <- 7 * a[, 1]
    if (loss$name == "cumulative") a[, 2] <- a[, 1] * (a[, 2] / 21)
    grid <- apply(a, 1, function(a) row_loss(wide, matrix(a, nrow(wide), 2, TRUE), loss, TRUE))
    expect_lte(row_loss(wide, best, loss, TRUE), min(grid) + 1e-6, label = loss$name)
  }
  null("gaussian", y[, 1])
  null("beta", c(0.2, 0.3, 0.5, 0.35))
  null("cumulative", cbind(c(0, 1, 1, 1), c(0, 0, 1, 1)))
  gamma <- check_loss("gamma", NULL)
  values <- cbind(c(0.5, 1, 4))
  expect_equal(best_constant(values, gamma)[1], 5.5 / 3)
})

test_that("the doctor's loss is that of training", {
  any_output <- Filter(function(name) is.null(loss_table[[name]]$outputs), loss_names())
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
    # of the three units, those whose inputs are all where the function is flat
    row <- activation_table[[kind]]
    expected <- if (is.null(row$flat)) 0 else if (all(is.finite(row$reach))) 2 else 1
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
  expect_match(what_of(held_out, "still_falling"), "^The held-out loss was still falling")
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
  expect_lt(tail(fit$history$loss, 1), 0)
  # wool and tension have hardly an interaction
  expect_identical(found(fit), "simple_model")
  # of large counts the loss is so far below 0 that its fall by 6 % seemed a rise
  counts <- withr::with_seed(4, data.frame(a = rnorm(100)))
  counts$y <- withr::with_seed(4, rpois(100, 500))
  set.seed(1)
  large <- nn_train(y ~ a, counts, loss = "poisson", hidden = 5, penalty = 0.04)
  expect_lt(large$history$loss[200], 1.05 * large$history$loss[1])
  expect_false(any(c("diverged", "still_falling") %in% found(large)))

  # what is there is found
  expect_true(all(c("constant", "null_model") %in% found(breaks(hidden = 5, penalty = 1e5))))
  expect_match(
    what_of(breaks(hidden = 5, penalty = 1e5), "null_model"),
    "^The loss, 2.75 above that of a perfect fit, is (no|hardly) better"
  )
  worse <- function(...) {
    breaks(
      hidden = 10, start = coef(fit), optimizer = "gradient_descent", learning_rate = 1, clip = 1,
      epochs = 30, ...
    )
  }
  expect_gt(worse()$history$loss[30], worse()$history$loss[1])
  expect_match(what_of(worse(), "diverged"), "^The loss rose in training")
  expect_match(what_of(worse(validation = 0.3), "diverged"), "^The loss rose in training")
  slow <- function(...) {
    breaks(hidden = 10, optimizer = "gradient_descent", learning_rate = 1e-4, epochs = 30, ...)
  }
  expect_match(what_of(slow(), "still_falling"), "^The loss was still falling")
  expect_match(
    what_of(slow(validation = 0.3), "still_falling"), "^The held-out loss was still falling"
  )
  expect_match(what_of(slow(offset = rep(0.1, 54)), "still_falling"), "^The loss was still falling")

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

  # without held-out rows
  unknown <- function(fit) {
    setdiff(with(nn_doctor(fit), check[is.na(found)]), c("simple_model", "gap", "edge"))
  }
  expect_identical(unknown(slow(weights = rep(1:2, 27))), character())
  expect_identical(unknown(slow(offset = rep(0.1, 54))), character())
  expect_identical(
    unknown(slow(keep_fitted = FALSE, validation = 0.3)), c("constant", "null_model")
  )
})

test_that(
  "a penalty that is too large is named, and no rise of the loss where training converged",
  {
    set.seed(1)
    converged <- nn_train(Species ~ ., iris, penalty = 100)
    expect_identical(converged$stop, "gradient")
    expect_gt(last(converged$history$loss), 1.1 * converged$history$loss[1])
    expect_identical(found(converged), c("constant", "null_model"))
    expect_match(advice_of(converged, "constant"), "^Use a smaller penalty than 100, such as 0.01")
    weighted <- withr::with_seed(1, nn_train(mpg ~ ., mtcars, weights = wt, penalty = 1000))
    expect_match(advice_of(weighted, "constant"), "^Use a smaller penalty than 1000, ")

    good <- coef(train(optimizer = "lbfgs", penalty = 0.01))
    rose <- train(start = good, optimizer = "lbfgs", penalty = 0.3, epochs = 12)
    expect_identical(rose$stop, "iterations")
    expect_identical(
      advice_of(rose, "diverged"), "Use a smaller penalty than 0.3, such as 0.003."
    )
    expect_identical(
      advice_of(
        train(start = good, learning_rate = 0.01, penalty = 2, penalty_l1 = 3, epochs = 50),
        "diverged"
      ),
      paste(
        "Use a smaller penalty than 2, such as 0.01 and a smaller penalty_l1 than 3, such as",
        "0.01."
      )
    )
    rate <- suppressWarnings(train(start = good, learning_rate = 3, epochs = 50))
    expect_no_match(advice_of(rate, "diverged"), "penalty")
  }
)

test_that("a loss that is lower by less than 1 % is called hardly better", {
  held <- withr::with_seed(
    2, train(y = rnorm(32), hidden = 1, optimizer = "adam", penalty = 10, epochs = 2000)
  )
  facts <- doctor_facts(unclass(held))
  slightly <- doctor_checks$null_model$find(
    unclass(held), replace(facts, "loss", list(0.995 * facts$null))
  )
  expect_match(slightly$what, "is hardly better than")
  worse <- doctor_checks$null_model$find(
    unclass(held), replace(facts, "loss", list(1.005 * facts$null))
  )
  expect_match(worse$what, "is no better than")
})

test_that("two numbers are told with the digits that tell them apart", {
  expect_identical(from_to(0.2034, 0.1871), "from 0.203 to 0.187")
  expect_identical(from_to(-2624.913, -2624.926), "from -2624.913 to -2624.926")
  expect_identical(from_to(0, 1), "from 0 to 1")
})

test_that("what the fit does not hold is NA", {
  without <- nn_doctor(train(keep_fitted = FALSE))
  expect_identical(
    without$check[is.na(without$found)],
    c("constant", "null_model", "simple_model", "counts", "gap", "edge")
  )
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
      penalty = 0, validation = NULL, schedule = NULL, ...
    )
  }
  one <- train(plain)
  set.seed(1)
  other <- train(Matrix::Matrix(plain, sparse = TRUE), standardize = FALSE, patience = Inf)
  expect_equal(other$probe, one$probe)
  expect_true("unscaled" %in% found(other))
})

# A fit with a finding, and the fit of the same call with the arguments that the advice names:
# the finding is gone.
expect_cured <- function(name, ill, advice, cured) {
  ill <- suppressWarnings(tryCatch(ill, backprop_error_diverged = function(e) e$fit))
  expect_true(name %in% found(ill), label = paste0(name, " is found"))
  expect_match(advice_of(ill, name), advice)
  cured <- tryCatch(cured, backprop_error_diverged = function(e) e$fit)
  expect_false(name %in% found(cured), label = paste0(name, " is found after: ", advice))
}
exposed <- withr::with_seed(1, {
  d <- data.frame(x = rnorm(60), e = runif(60, 10, 700))
  d$y <- rpois(60, d$e * exp(0.3 * d$x))
  d
})

test_that("an offset that does not fit is named as the cause, and corrected", {
  skip_on_cran()
  counts <- function(formula, optimizer = "gradient_descent") {
    set.seed(1)
    nn_train(formula, exposed, loss = "poisson", hidden = 3, optimizer = optimizer)
  }
  # exposures as offset, whose logarithm was forgotten
  for (name in c("offset", "diverged")) {
    expect_cured(
      name, counts(y ~ x + offset(e)), "use offset = log\\(exposure\\)",
      counts(y ~ x + offset(log(e)), "lbfgs")
    )
  }
  wrong <- tryCatch(counts(y ~ x + offset(e)), backprop_error_diverged = function(e) e$fit)
  expect_identical(found(wrong), c("offset", "diverged"))
  expect_identical(found(suppressWarnings(counts(y ~ x + offset(e), "lbfgs"))), "offset")
  error <- expect_error(
    counts(y ~ x + offset(e)), "use offset = log\\(exposure\\)",
    class = "backprop_error_diverged"
  )
  expect_no_match(conditionMessage(error), "Scale the inputs", fixed = TRUE)
  # an offset in other units
  expect_cured(
    "offset", train(offset = 1000 * mtcars$wt, optimizer = "lbfgs"),
    "scale of the outcome.*no offset",
    train(optimizer = "lbfgs")
  )
  # one that is right, whether it helps or does no harm
  expect_false("offset" %in% found(train(offset = 0.9 * cars_target, optimizer = "lbfgs")))
  expect_false("offset" %in% found(train(offset = rep(0.1, 32), optimizer = "lbfgs")))
})

test_that("a network that is not trained is found, and nothing else is checked", {
  X <- scale(cars_inputs)
  untrained <- train(epochs = 0)
  expect_identical(found(untrained), "untrained")
  expect_true(all(is.na(nn_doctor(untrained)$found[-1])))
  expect_cured(
    "untrained", untrained, "nn_continue\\(fit, X, y, epochs = 200\\)",
    nn_continue(untrained, X, cars_target, epochs = 200)
  )
  expect_match(what_of(train(epochs = 0, start = coef(untrained)), "untrained"), "those of `start`")
  expect_match(
    advice_of(nn_train(mpg ~ wt, mtcars, epochs = 0, penalty = 0), "untrained"),
    "nn_continue(fit, data, epochs = 200)",
    fixed = TRUE
  )
  expect_snapshot(nn_doctor(untrained))
})

test_that("an outlier of the outcome is named as the cause, on the outcome's scale", {
  wild <- transform(mtcars, mpg = replace(mpg, 3, 1e6))
  data <- function(d) {
    set.seed(1)
    suppressWarnings(nn_train(mpg ~ wt + hp, d, penalty = 0.1, epochs = 200))
  }
  expect_cured(
    "outcome_outliers", data(wild), "^Correct such values .*logarithm of the outcome",
    data(mtcars)
  )
  expect_identical(found(data(wild)), "outcome_outliers")
  expect_match(what_of(data(wild), "outcome_outliers"), "1e+06 in mpg", fixed = TRUE)
  matrix <- function(y, ...) train(scale(cars_inputs), y, optimizer = "lbfgs", penalty = 0.1, ...)
  expect_identical(found(matrix(wild$mpg)), "outcome_outliers")
  expect_identical(
    found(matrix(cbind(a = mtcars$qsec, b = wild$mpg))), "outcome_outliers"
  )
  expect_match(
    what_of(matrix(cbind(a = mtcars$qsec, b = wild$mpg)), "outcome_outliers"), "1e+06 in b",
    fixed = TRUE
  )
  # also if training diverged
  diverged <- tryCatch(
    train(y = wild$mpg, activation = "identity"),
    backprop_error_diverged = function(e) e$fit
  )
  expect_identical(found(diverged)[1:2], c("outcome_outliers", "diverged"))
  expect_match(advice_of(diverged, "diverged"), "^Correct such values")
  # rows of weight 0 have no part in it, and heavy tails and rare events are no outliers
  expect_false(
    "outcome_outliers" %in% found(matrix(wild$mpg, weights = replace(rep(1, 32), 3, 0)))
  )
  expect_false("outcome_outliers" %in% found(matrix(exp(2 * cars_target))))
  expect_false("outcome_outliers" %in% found(matrix(replace(rep(0, 32), 3, 1))))
  # an input's, of a data frame; a matrix has the scale of the input as a symptom
  far <- transform(mtcars, wt = replace(wt, 3, 1e6))
  expect_cured("input_outliers", data(far), "standardize = \"robust\"", data(mtcars))
  expect_match(what_of(data(far), "input_outliers"), "1e+06 in wt", fixed = TRUE)
  kept <- withr::local_tempfile(fileext = ".json")
  nn_save(data(far), kept)
  expect_identical(found(nn_load(kept)), found(data(far)))
})

test_that("scaling is not advised where the inputs are scaled", {
  # one of many rows is far out, and among the 200 that are looked at
  d <- withr::with_seed(1, data.frame(x = rnorm(4e4)))
  d$y <- sin(d$x)
  d$x[1] <- 2000
  set.seed(1)
  fit <- nn_train(y ~ x, d,
    hidden = 3, activation = "tanh", epochs = 3, penalty = 100, optimizer = "adam",
    learning_rate = 1e-6
  )
  expect_true("unscaled" %in% found(fit))
  expect_match(what_of(fit, "unscaled"), "x, which is standardised, is")
  expect_match(advice_of(fit, "unscaled"), "standardize = \"robust\"", fixed = TRUE)
  expect_no_match(na.omit(nn_doctor(fit)$advice), "scale\\(X\\)|standardize = TRUE")
})

test_that("the null model with an offset and weights is that of glm() and lm()", {
  w <- rep(c(0, 1, 3), 20)
  set.seed(1)
  fit <- nn_train(
    y ~ x + offset(log(e)), exposed,
    weights = w, loss = "poisson", hidden = 2, epochs = 20
  )
  facts <- doctor_facts(unclass(fit))
  exposed$w <- w
  half_mean <- function(model) deviance(model) / sum(w) / 2
  expect_equal(
    facts$null - facts$perfect,
    half_mean(glm(y ~ 1 + offset(log(e)), poisson, exposed, weights = w)),
    tolerance = 1e-6
  )
  expect_equal(
    facts$no_offset - facts$perfect, half_mean(glm(y ~ 1, poisson, exposed, weights = w)),
    tolerance = 1e-6
  )
  expect_equal(facts$loss, last(fit$history$loss), tolerance = 0.05)
  # squared error: the residual variance
  linear <- train(offset = mtcars$wt / 10, weights = rep(1:2, 16), epochs = 5)
  lm0 <- lm(cars_target ~ 1, offset = mtcars$wt / 10, weights = rep(1:2, 16))
  expect_equal(
    doctor_facts(unclass(linear))$null, deviance(lm0) / 48 / 2,
    tolerance = 1e-6
  )
})

test_that("the cause of divergence is removed as advised", {
  raw <- function(X, y, rate, reduction = "sum") {
    train(X, y,
      reduction = reduction, optimizer = "momentum", learning_rate = rate, patience = 5,
      epochs = 100
    )
  }
  cured <- raw(scale(cars_inputs), drop(scale(mtcars$mpg)), 0.01, "mean")
  expect_cured(
    "diverged", raw(cars_inputs, mtcars$mpg, 0.1),
    paste0(
      "^Use scale\\(X\\).*use scale\\(y\\).*use reduction = \"mean\"\\. ",
      "Use a smaller learning_rate than 0.1, such as 0.01\\.$"
    ),
    cured
  )
  # what follows from it is not listed
  consequences <- c("null_model", "constant", "saturated", "still_falling")
  expect_identical(found(suppressWarnings(raw(cars_inputs, mtcars$mpg, 0.1))), c(
    "diverged", "unscaled"
  ))
  expect_false(any(consequences %in% found(cured)))
  good <- coef(train(optimizer = "lbfgs", penalty = 0.01))
  expect_cured(
    "diverged", train(start = good, learning_rate = 3, epochs = 50),
    "^Use a smaller learning_rate than 3, such as 0.1\\.$",
    train(start = good, learning_rate = 0.1, epochs = 50)
  )
  expect_cured(
    "diverged", train(start = good, optimizer = "lbfgs", penalty = 0.3, epochs = 12),
    "^Use a smaller penalty than 0.3, such as 0.003\\.$",
    train(start = good, optimizer = "lbfgs", penalty = 0.003, epochs = 12)
  )
  expect_cured(
    "diverged", train(penalty = 1000), "^Use a smaller penalty than 1000, such as 0.01\\.$",
    train(penalty = 0.01)
  )
  # the penalty of the defaults, for too few rows to choose it by held-out rows
  xor <- data.frame(a = c(0, 0, 1, 1), b = c(0, 1, 0, 1), y = factor(c("no", "yes", "yes", "no")))
  four <- function(...) withr::with_seed(1, nn_train(y ~ a + b, xor, activation = "tanh", ...))
  for (name in c("constant", "null_model")) {
    expect_cured(
      name, four(), "^Use a smaller penalty than 0.075, such as 0.00075\\.$",
      four(penalty = 0.00075)
    )
  }
  expect_identical(predict(four(penalty = 0.00075), xor, type = "class"), xor$y)
  # held-out rows of a parity are predicted best by a constant
  parity <- expand.grid(a = 0:1, b = 0:1, c = 0:1)
  parity$y <- factor(rowSums(parity) %% 2)
  eight <- function(...) withr::with_seed(1, nn_train(y ~ ., parity, ...))
  # which penalty held-out rows choose, and so which is advised, depends on rounding
  pattern <- "rows are all.* use a smaller penalty, such as (0[.]005|0[.]01)[.]$"
  smaller <- as.numeric(sub(paste0(".*", pattern), "\\1", advice_of(eight(), "constant")))
  expect_cured("constant", eight(), pattern, eight(penalty = smaller))
  expect_identical(predict(eight(penalty = smaller), parity, type = "class"), parity$y)
  X <- withr::with_seed(1, matrix(rnorm(2000), 500))
  many <- function(...) train(X, X[, 1] * X[, 2], epochs = 50, ...)
  expect_cured(
    "diverged", many(reduction = "sum"), "use reduction = \"mean\"", many(reduction = "mean")
  )
  adam <- function(rate) {
    set.seed(1)
    nn_train(mpg ~ ., mtcars, optimizer = "adam", learning_rate = rate, epochs = 50)
  }
  expect_cured(
    "diverged", adam(1), "^Use a smaller learning_rate than 1, such as 0.01\\.$", adam(0.01)
  )
})

test_that("training whose loss is far above the null model's has diverged, for fit$stop too", {
  blown <- function(...) {
    train(cars_inputs, mtcars$mpg,
      reduction = "sum", optimizer = "momentum", learning_rate = 0.1, ...
    )
  }
  expect_warning(fit <- blown(patience = 5), class = "backprop_warning_diverged")
  expect_identical(fit$stop, "diverged")
  expect_gt(last(fit$history$loss), 1e6)
  expect_match(
    capture.output(print(fit)), "^Ended:     after 6 epochs, training diverged",
    all = FALSE
  )
  expect_match(what_of(fit, "diverged"), "^Training diverged: the loss rose from 241 in the first")
  expect_length(coef(fit), 4)
  expect_message(
    nn_continue(fit, cars_inputs, mtcars$mpg, epochs = 5),
    class = "backprop_message_ended"
  )
  # in two calls as in one
  half <- suppressWarnings(blown(epochs = 3))
  expect_identical(half$stop, "diverged")
  twice <- suppressWarnings(nn_continue(half, cars_inputs, mtcars$mpg, epochs = 2))
  expect_identical(coef(twice), coef(suppressWarnings(blown(epochs = 5))))
  # overfitting and a loss that rises a little are not
  held <- train(
    optimizer = "adam", learning_rate = 0.05, validation = 0.3, patience = 5, hidden = 20
  )
  expect_identical(held$stop, "patience")
})

test_that("outputs that cannot reach the targets are replaced as advised", {
  expect_cured(
    "unreachable", train(y = mtcars$mpg, output_activation = "sigmoid"),
    "^Use output_activation = \"identity\"", train(y = mtcars$mpg)
  )
  counts <- function(output) {
    train(y = mtcars$carb, loss = "poisson", output_activation = output, learning_rate = 0.01)
  }
  expect_cured("unreachable", counts("sigmoid"), "^Use output_activation = \"exp\"", counts("exp"))
})

test_that("of several causes each is removed as advised, without what follows from them", {
  tutorial <- function(X, y = mtcars$mpg, ...) {
    set.seed(1)
    nn_train(X, y, epochs = 200, ...)
  }
  ill <- tutorial(cars_inputs)
  expect_identical(found(ill), c("unreachable", "unscaled"))
  cured <- tutorial(scale(cars_inputs), drop(scale(mtcars$mpg)),
    output_activation = "identity", reduction = "mean"
  )
  expect_cured(
    "unreachable", ill,
    paste0(
      "^Use output_activation = \"identity\", reduction = \"mean\" and the targets scale\\(y\\), ",
      "or rescale"
    ), cured
  )
  expect_cured("unscaled", ill, "^Use scale\\(X\\)", cured)
  expect_identical(found(cured), character())
  # the other way: targets between 0 and 1
  expect_identical(found(tutorial(scale(cars_inputs), mtcars$mpg / 40)), character())
})

test_that("the reason why nothing was learned is removed as advised", {
  linear <- function(...) {
    set.seed(1)
    nn_train(mpg ~ ., mtcars, ...)
  }
  for (name in c("constant", "null_model")) {
    expect_cured(
      name, linear(penalty = 1000), "^Use a smaller penalty than 1000, such as 0.01\\.$",
      linear(penalty = 0.01)
    )
    expect_cured(
      name, train(start = dead_network(), activation = "relu"),
      "^Draw the initial weights.* start = NULL\\.$", train(activation = "relu")
    )
  }
  expect_cured(
    "null_model", linear(learning_rate = 1e-9, epochs = 50),
    "^Use a larger learning_rate than 1e-09, such as 0.01\\.$",
    linear(learning_rate = 1e-2, epochs = 50)
  )
  expect_cured(
    "null_model", train(epochs = 1), "epochs = 200 .*or use optimizer = \"lbfgs\"\\.$",
    train(epochs = 200)
  )
  expect_cured(
    "null_model", train(epochs = 1), "or use optimizer = \"lbfgs\"\\.$",
    train(epochs = 20, optimizer = "lbfgs")
  )
  stopping <- function(patience) {
    train(optimizer = "adam", patience = patience, tolerance = 0.02, epochs = 3000)
  }
  expect_cured(
    "null_model", stopping(2), "^Early stopping .* use patience = 20\\.$", stopping(20)
  )
  corners <- as.matrix(expand.grid(0:1, 0:1))
  xor <- function(hidden) {
    train(corners, c(0, 1, 1, 0), hidden = hidden, optimizer = "lbfgs", activation = "tanh")
  }
  expect_cured("null_model", xor(0), "^Use hidden units, such as hidden = 10\\.$", xor(10))
  # the same of a table and of the tutorial's network, whose penalty and rate are no cause
  four <- data.frame(a = corners[, 1], b = corners[, 2], y = c(0, 1, 1, 0))
  of_table <- function(...) {
    set.seed(1)
    nn_train(y ~ a + b, four, ...)
  }
  expect_cured("null_model", of_table(hidden = 0), "^Use hidden units", of_table(hidden = 10))
  of_tutorial <- function(hidden, epochs) {
    set.seed(1)
    nn_train(corners, four$y, hidden = hidden, epochs = epochs)
  }
  expect_cured("null_model", of_tutorial(0, 5000), "^Use hidden units", of_tutorial(10, 5000))
  expect_cured(
    "null_model", of_tutorial(2, 200), "^Train for more epochs, such as epochs = 2000",
    of_tutorial(2, 2000)
  )
  # where training converged, more epochs are not advised
  converged <- train(
    matrix(rep(0:1, each = 16)), rep(c(-1, 1), 16),
    hidden = 3, activation = "tanh", optimizer = "lbfgs", penalty = 1e-4
  )
  expect_identical(converged$stop, "gradient")
  expect_match(advice_of(converged, "null_model"), "^More epochs do not help")
  for (fit in list(linear(penalty = 1000), linear(learning_rate = 1e-9, epochs = 50))) {
    expect_no_match(na.omit(nn_doctor(fit)$advice), "more epochs, such|longer")
  }
})

test_that("idle units are revived as advised, and are no finding where they do no harm", {
  expect_cured("saturated", train(cars_inputs), "^Use scale\\(X\\)", train(scale(cars_inputs)))
  wide <- withr::with_seed(3, matrix(rnorm(40 * 2400, 0, 6), 40))
  y <- wide[, 1] / 6
  drawn <- function(...) train(wide, y, hidden = 8, epochs = 5, ...)
  expect_cured(
    "saturated", drawn(learning_rate = 0.01),
    "^Use other initial weights: init = \"glorot_normal\"",
    drawn(learning_rate = 0.01, init = "glorot_normal")
  )
  expect_no_match(advice_of(drawn(learning_rate = 0.01), "saturated"), "Scale|scale")
  relu <- function(...) train(activation = "relu", hidden = 10, ...)
  # dead units that follow from divergence are not listed beside it
  wild <- suppressWarnings(relu(cars_inputs, mtcars$mpg, epochs = 20, learning_rate = 1e-3))
  expect_true(all(wild$probe$idle >= 8))
  expect_identical(found(wild), c("diverged", "unscaled"))
  expect_cured(
    "dead", train(start = dead_network(), activation = "relu"),
    "^Draw the initial weights.* start = NULL\\.$", train(activation = "relu")
  )
  expect_no_match(
    advice_of(train(start = dead_network(), activation = "relu", init = "he_normal"), "dead"),
    "cale|he_normal"
  )
  # units with a positive weight, where all inputs are negative
  negative <- function(activation) {
    set.seed(4)
    nn_train(matrix(cars_target - 8), cars_target,
      hidden = 4, activation = activation, output_activation = "identity", learning_rate = 1e-5,
      epochs = 5
    )
  }
  expect_cured(
    "dead", negative("relu"), "^Use activation = \"leaky_relu\"", negative("leaky_relu")
  )
  # 9 of 10 units are never active, and the tenth is all that is needed
  x <- matrix(seq(-1, 1, length.out = 40))
  start <- list(
    wh = matrix(c(1, rep(0.1, 9)), 1), bh = matrix(c(2, rep(-5, 9)), 1),
    wout = matrix(c(1, rep(0.1, 9))), bout = matrix(-2)
  )
  idle <- function(y) {
    train(x, y, start = start, hidden = 10, activation = "relu", learning_rate = 1e-9, epochs = 1)
  }
  fit <- idle(drop(x) + 0.05 * rep(c(-1, 1), 20))
  expect_identical(fit$probe$idle, 9)
  expect_gt(cor(fit$output, x)^2, 0.98)
  expect_false("dead" %in% found(fit))
  expect_true("dead" %in% found(idle(rev(drop(x)))))
})

test_that("inputs are scaled as advised", {
  expect_cured("unscaled", train(cars_inputs), "^Use scale\\(X\\)", train(scale(cars_inputs)))
  expect_cured(
    "unscaled", train(scale(cars_inputs) / 1e4), "^Use scale\\(X\\)", train(scale(cars_inputs))
  )
  data <- function(standardize) {
    set.seed(1)
    nn_train(mpg ~ disp, mtcars, standardize = standardize, epochs = 5)
  }
  expect_cured("unscaled", data(FALSE), "^Use standardize = TRUE\\.$", data(TRUE))
})

test_that("training that was too short is continued as advised", {
  expect_cured(
    "still_falling", train(learning_rate = 0.02, epochs = 50),
    "^Train for more epochs, such as epochs = 500 ", train(learning_rate = 0.02, epochs = 500)
  )
  expect_cured(
    "still_falling", train(learning_rate = 0.02, epochs = 50), "or use optimizer = \"lbfgs\"\\.$",
    train(optimizer = "lbfgs", epochs = 50)
  )
  expect_cured(
    "still_falling", train(learning_rate = 0.003, epochs = 100),
    "^Use a larger learning_rate than 0.003, such as 0.1\\. Train for more .*epochs = 1000 ",
    train(learning_rate = 0.1, epochs = 1000)
  )
})

test_that("rows of weight 0 are not looked at, and weights count rows", {
  w <- rep(c(1, 1, 0, 2), 8)
  rows <- rep(seq_len(32), w)
  wild <- scale(cars_inputs)
  wild[w == 0, ] <- 1e5
  y <- replace(cars_target, w == 0, 1e5)
  of <- function(...) unclass(train(..., output_activation = "tanh", epochs = 20))
  one <- of(wild, y, weights = w)
  other <- of(scale(cars_inputs)[rows, ], cars_target[rows])
  facts <- setdiff(names(one$probe), "rows")
  expect_equal(one$probe[facts], other$probe[facts])
  expect_identical(
    found(structure(one, class = "nn_fit")), found(structure(other, class = "nn_fit"))
  )
})

test_that("some of the columns are printed as a table", {
  checks <- nn_doctor(train(cars_inputs))
  expect_output(print(checks[c("check", "advice")]), "check.*offset.*advice.*Use scale")
  expect_output(print(checks["found"]), "found")
  expect_output(print(checks[checks$found %in% TRUE, ]), "^\\* ")
})

test_that("the sum over rows is named as the cause of divergence, and the mean removes it", {
  sum <- function(reduction = "sum", X = scale(cars_inputs), y = cars_target, ...) {
    train(X, y, reduction = reduction, learning_rate = 0.1, ...)
  }
  expect_cured(
    "diverged", sum(activation = "identity", epochs = 60),
    "^With reduction = \"sum\" the step grows .*: use reduction = \"mean\"\\.$",
    sum("mean", activation = "identity", epochs = 60)
  )
  # a newcomer's matrix: all three causes are named at once
  expect_cured(
    "diverged", sum("sum", as.matrix(mtcars[-1]), mtcars$mpg),
    "^Use scale\\(X\\).*use scale\\(y\\).*use reduction = \"mean\"\\.$",
    sum("mean", scale(as.matrix(mtcars[-1])))
  )
})

test_that("constant targets and columns that hardly vary are corrected as advised", {
  year <- withr::with_seed(1, data.frame(t = 2e9 + 1:60, z = rnorm(60)))
  year$y <- sin(year$t) + year$z
  data <- function(formula, d = year) {
    set.seed(1)
    nn_train(formula, d, hidden = 2, epochs = 20)
  }
  expect_cured(
    "nearly_constant", data(y ~ t + z), "drop the column.*Otherwise subtract a constant",
    data(y ~ z)
  )
  expect_cured(
    "nearly_constant", data(y ~ t + z), "subtract a constant before training",
    data(y ~ t + z, transform(year, t = t - 2e9))
  )
  expect_cured(
    "nearly_constant", data(I(y + 1e8) ~ z), "subtract a constant before training", data(y ~ z)
  )
  # a sum of outcomes that is constant
  shares <- withr::with_seed(2, data.frame(x = rnorm(40), a = runif(40)))
  shares$b <- 1 - shares$a
  for (name in c("constant")) {
    expect_cured(
      name, data(a + b ~ x, shares), "^Supply an outcome that varies.*cbind\\(a, b\\) ~ ",
      data(cbind(a, b) ~ a + x, shares)
    )
  }
})

test_that("training that a callback ended is resumed as advised", {
  set.seed(1)
  stopped <- nn_train(
    scale(cars_inputs), cars_target,
    output_activation = "identity", reduction = "mean", epochs = 500, learning_rate = 1e-2,
    optimizer = "adam", callback = function(now) now$epoch < 3
  )
  expect_cured(
    "null_model", stopped, "resume it with nn_continue\\(\\)",
    nn_continue(stopped, scale(cars_inputs), cars_target, epochs = 2000)
  )
})

test_that("each check has a case that its advice cures", {
  tested <- readLines(test_path("test-doctor.R"))
  at <- grep("expect_cured($|\\()", tested)
  # checks of evidence and data, where a cure is a better score
  of_data <- readLines(test_path("test-doctor-data.R"))
  cured <- paste(unlist(lapply(at, function(i) tested[i + 0:1])), collapse = "\n")
  loops <- paste(grep("for \\(name in c\\(", tested, value = TRUE), collapse = "\n")
  for (name in names(doctor_checks)) {
    tests <- paste(c(cured, loops, of_data), collapse = "\n")
    expect_true(grepl(dQuote(name, FALSE), tests, fixed = TRUE), label = name)
  }
})

test_that("the loss of proportions is measured from that of a perfect fit", {
  set.seed(3)
  d <- data.frame(x = rnorm(300), trials = sample(5:40, 300, TRUE))
  d$part <- rbinom(300, d$trials, plogis(0.4 * d$x)) / d$trials
  shares <- function(...) {
    set.seed(1)
    nn_train(part ~ x, d,
      loss = "cross_entropy", weights = trials, penalty = 0, optimizer = "lbfgs", ...
    )
  }
  fit <- shares(hidden = 0)
  peer <- glm(part ~ x, binomial, d, weights = trials)
  facts <- doctor_facts(unclass(fit))
  total <- 2 * sum(d$trials)
  expect_equal(total * (facts$loss - facts$perfect), deviance(peer), tolerance = 1e-7)
  expect_equal(total * (facts$null - facts$perfect), peer$null.deviance, tolerance = 1e-7)
  # the entropy of the proportions alone is 97 % of the null model's loss
  expect_gt(facts$loss / facts$null, 0.95)
  expect_identical(found(fit), character())
  expect_identical(found(shares(hidden = 3, validation = 0.3)), character())
  # what is there is found, and removed as advised
  weak <- nn_train(part ~ x, d,
    loss = "cross_entropy", weights = trials, penalty = 50, optimizer = "lbfgs", hidden = 0
  )
  expect_identical(found(weak), c("constant", "null_model"))
  expect_match(what_of(weak, "null_model"), "above that of a perfect fit", fixed = TRUE)
  expect_match(advice_of(weak, "null_model"), "smaller penalty")
  expect_identical(found(nn_train(part ~ x, d,
    loss = "cross_entropy", weights = trials, penalty = 0.01, optimizer = "lbfgs", hidden = 0
  )), character())
  # densities without a highest value are compared with the null model in their own units
  d$inner <- (d$part * 40 + 0.5) / 41
  for (case in list(list(x ~ part, "gaussian"), list(inner ~ x, "beta"))) {
    spread <- function(penalty) {
      nn_train(case[[1]], d, loss = case[[2]], hidden = 0, penalty = penalty, epochs = 200)
    }
    expect_true("null_model" %in% found(spread(1e4)))
    expect_match(advice_of(spread(1e4), "null_model"), "smaller penalty")
    expect_false("null_model" %in% found(spread(0.01)))
  }
  # a gap to the held-out rows is found by a share of the variance
  set.seed(1)
  noise <- data.frame(matrix(rnorm(360), 60))
  normal <- function(...) {
    set.seed(1)
    nn_train(X1 ~ ., noise, loss = "gaussian", optimizer = "adam", penalty = 0, ...)
  }
  expect_true("gap" %in% found(normal(hidden = 6, epochs = 150, validation = 0.3)))
  expect_output(print(normal(hidden = 6, epochs = 150, validation = 0.3)), "held-out loss is far")
  expect_false("gap" %in% found(normal(hidden = 0, epochs = 1, validation = 0.3)))
  # classes have a perfect fit of 0 as before
  classes <- nn_train(Species ~ ., iris, hidden = 0, epochs = 2)
  expect_identical(doctor_facts(unclass(classes))$perfect, 0)
})
