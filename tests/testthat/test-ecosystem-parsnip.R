# backprop as an engine of parsnip. Everything is compared with the direct call.

skip_if_not_installed("parsnip")

engine <- function(mode = "regression", ..., engine_arguments = list()) {
  do.call(parsnip::set_engine, c(list(parsnip::mlp(mode, ...), "backprop"), engine_arguments))
}
seeded <- function(code) {
  set.seed(11)
  code
}

test_that("the engine is there for both modes, with all main arguments", {
  engines <- parsnip::show_engines("mlp")
  expect_setequal(engines$mode[engines$engine == "backprop"], c("regression", "classification"))
  arguments <- parsnip::get_from_env("mlp_args")
  arguments <- arguments[arguments$engine == "backprop", ]
  expect_setequal(
    arguments$parsnip, c("hidden_units", "penalty", "dropout", "epochs", "activation", "learn_rate")
  )
  expect_true(all(
    arguments$original %in%
      names(formals(getS3method("nn_train", "data.frame", envir = asNamespace("backprop"))))
  ))
  expect_identical(parsnip::required_pkgs(engine(), infra = FALSE), "backprop")
})

test_that("the engine is registered in either order of loading, and once", {
  run <- function(...) {
    code <- c(
      ..., "e <- parsnip::show_engines('mlp'); cat('\nengines:', sum(e$engine == 'backprop'))"
    )
    out <- suppressWarnings(system2(
      file.path(R.home("bin"), "Rscript"),
      c("--vanilla", "-e", shQuote(paste(code, collapse = "; "))),
      stdout = TRUE, stderr = FALSE,
      env = paste0("R_LIBS=", paste(.libPaths(), collapse = .Platform$path.sep))
    ))
    grep("^engines:", out, value = TRUE)
  }
  expect_identical(run("loadNamespace('backprop')", "loadNamespace('parsnip')"), "engines: 2")
  expect_identical(run("loadNamespace('parsnip')", "loadNamespace('backprop')"), "engines: 2")
  expect_identical(
    run(
      "loadNamespace('parsnip')", "loadNamespace('backprop')", "unloadNamespace('backprop')",
      "loadNamespace('backprop')"
    ),
    "engines: 2"
  )
  expect_false(
    "parsnip" %in% strsplit(utils::packageDescription("backprop")$Imports, "[ ,\n]+")[[1]]
  )
})

test_that("regression equals the direct call, main arguments by their names", {
  model <- engine(
    hidden_units = 4, penalty = 0.01, dropout = 0.1, epochs = 30, activation = "swish",
    learn_rate = 0.02
  )
  X <- mtcars[c("wt", "hp", "qsec")]
  fit <- seeded(parsnip::fit(model, mpg ~ wt + hp + qsec, data = mtcars))
  direct <- seeded(nn_train(
    X, mtcars$mpg,
    hidden = 4, penalty = 0.01, dropout = 0.1, epochs = 30, activation = "silu",
    learning_rate = 0.02
  ))
  trained <- parsnip::extract_fit_engine(fit)
  expect_identical(coef(trained), coef(direct))
  expect_identical(trained$settings, direct$settings)
  expect_identical(predict(fit, mtcars)$.pred, unname(predict(direct, X)))
  expect_identical(predict(fit, mtcars, type = "raw"), predict(direct, X))
  by_columns <- seeded(parsnip::fit_xy(model, X, mtcars$mpg))
  expect_identical(coef(parsnip::extract_fit_engine(by_columns)), coef(direct))
})

test_that("classification equals the direct call, with factors among the predictors", {
  cars <- transform(mtcars, cyl = factor(cyl), am = factor(am, labels = c("automatic", "manual")))
  for (outcome in c("am", "cyl")) {
    X <- cars[setdiff(c("wt", "hp", "am", "cyl"), outcome)]
    model <- engine("classification", hidden_units = c(4, 3), epochs = 20, activation = "relu")
    fit <- seeded(parsnip::fit_xy(model, X, cars[[outcome]]))
    direct <- seeded(nn_train(
      X, cars[[outcome]],
      hidden = c(4, 3), epochs = 20, activation = "relu"
    ))
    prob <- predict(fit, X, type = "prob")
    expect_named(prob, paste0(".pred_", levels(cars[[outcome]])))
    expect_identical(unname(as.matrix(prob)), unname(predict(direct, X, type = "prob")))
    expect_identical(predict(fit, X)$.pred_class, unname(predict(direct, X, type = "class")))
  }
})

test_that("parsnip's activations are ours by name", {
  theirs <- c(
    linear = "identity", swish = "silu", relu = "relu", elu = "elu", tanh = "tanh",
    sigmoid = "sigmoid", softplus = "softplus", selu = "selu", gelu = "gelu",
    leaky_relu = "leaky_relu"
  )
  for (name in names(theirs)) {
    fit <- seeded(parsnip::fit(
      engine(hidden_units = 2, activation = !!name, epochs = 1), mpg ~ wt,
      data = mtcars
    ))
    expect_identical(parsnip::extract_fit_engine(fit)$settings$activation, theirs[[name]])
  }
  expect_error(
    parsnip::fit(engine(activation = "softmax"), mpg ~ wt, data = mtcars),
    class = "backprop_error_argument"
  )
})

test_that("engine arguments, case weights and several outcomes pass through", {
  X <- mtcars[c("wt", "hp")]
  weights <- rep(1:2, 16)
  model <- engine(
    hidden_units = 3, epochs = 15, engine_arguments = list(optimizer = "rprop", standardize = FALSE)
  )
  fit <- seeded(parsnip::fit_xy(
    model, X, mtcars$mpg,
    case_weights = hardhat::frequency_weights(weights)
  ))
  direct <- seeded(nn_train(
    X, mtcars$mpg,
    hidden = 3, epochs = 15, optimizer = "rprop", standardize = FALSE,
    weights = weights
  ))
  expect_identical(coef(parsnip::extract_fit_engine(fit)), coef(direct))

  outcomes <- as.matrix(mtcars[c("mpg", "qsec")])
  fit <- seeded(parsnip::fit_xy(engine(hidden_units = 3, epochs = 15), X, outcomes))
  direct <- seeded(nn_train(X, outcomes, hidden = 3, epochs = 15))
  expect_identical(unname(as.matrix(predict(fit, X))), unname(predict(direct, X)))
  expect_named(predict(fit, X), c(".pred_mpg", ".pred_qsec"))
})

test_that("a workflow with a recipe equals the direct call on what the recipe makes", {
  skip_if_not_installed("workflows")
  skip_if_not_installed("recipes")
  recipe <- recipes::step_poly(recipes::recipe(mpg ~ wt + hp, data = mtcars), "wt", degree = 2)
  fit <- seeded(parsnip::fit(
    workflows::workflow(recipe, engine(hidden_units = 3, epochs = 20)),
    data = mtcars
  ))
  baked <- as.data.frame(recipes::bake(recipes::prep(recipe), mtcars))
  X <- baked[setdiff(names(baked), "mpg")]
  direct <- seeded(nn_train(X, baked$mpg, hidden = 3, epochs = 20))
  expect_identical(coef(parsnip::extract_fit_engine(fit)), coef(direct))
  expect_identical(predict(fit, mtcars)$.pred, unname(predict(direct, X)))
})

test_that("a grid of tune on two workers equals the grid in sequence", {
  skip_on_cran()
  for (package in c("tune", "workflows", "rsample", "yardstick", "dials", "future")) {
    skip_if_not_installed(package)
  }
  model <- engine(
    "classification",
    hidden_units = tune::tune(), penalty = tune::tune(), learn_rate = 0.05,
    epochs = 15, activation = "tanh"
  )
  flow <- workflows::workflow(Species ~ ., model)
  set.seed(5)
  folds <- rsample::vfold_cv(iris, v = 2)
  grid <- expand.grid(hidden_units = c(2, 4), penalty = c(0.001, 0.1))
  run <- function() {
    seeded(tune::tune_grid(
      flow, folds,
      grid = grid,
      metrics = yardstick::metric_set(yardstick::accuracy, yardstick::mn_log_loss),
      control = tune::control_grid(save_pred = TRUE)
    ))
  }
  old <- future::plan("sequential")
  withr::defer(future::plan(old))
  in_sequence <- run()
  future::plan("multisession", workers = 2)
  in_parallel <- run()
  future::plan("sequential")
  expect_identical(nrow(tune::collect_notes(in_parallel)), 0L)
  expect_identical(tune::collect_metrics(in_parallel), tune::collect_metrics(in_sequence))
  expect_identical(tune::collect_predictions(in_parallel), tune::collect_predictions(in_sequence))
  expect_gt(max(tune::collect_metrics(in_sequence)$mean), 0.8)

  best <- tune::select_best(in_sequence, metric = "mn_log_loss")
  fit <- seeded(parsnip::fit(tune::finalize_workflow(flow, best), data = iris))
  direct <- seeded(nn_train(
    iris[1:4], iris$Species,
    hidden = best$hidden_units, penalty = best$penalty,
    learning_rate = 0.05, epochs = 15, activation = "tanh"
  ))
  expect_identical(coef(parsnip::extract_fit_engine(fit)), coef(direct))
})

test_that("tuned activations are those that there are, and an offset is no input", {
  skip_if_not_installed("hardhat")
  skip_if_not_installed("dials")
  parameters <- hardhat::extract_parameter_set_dials(parsnip::set_engine(
    parsnip::mlp("regression", activation = hardhat::tune()), "backprop"
  ))
  values <- parameters$object[[1]]$values
  expect_setequal(values, tuned_activations())
  for (value in values) {
    expect_s3_class(
      nn_train_parsnip(
        mtcars["wt"], mtcars$mpg,
        activation = value, hidden = 2, epochs = 1, penalty = 0
      ),
      "nn_fit"
    )
  }
  expect_snapshot(refused(
    parsnip::fit(engine(hidden_units = 2), mpg ~ wt + offset(hp), mtcars), "argument"
  ))
})

test_that("NULL in set_engine() reaches the engine, and in mlp() means the default", {
  many <- data.frame(x = sin(1:1000), z = cos(1:1000 / 7))
  many$y <- many$x + many$z
  nothing <- NULL
  model <- parsnip::set_engine(
    parsnip::mlp("regression", hidden_units = 2, penalty = 0.01, epochs = 3, dropout = NULL),
    "backprop",
    optimizer = "adam", batch_size = NULL, schedule = nothing
  )
  fit <- parsnip::extract_fit_engine(seeded(parsnip::fit(model, y ~ x + z, data = many)))
  direct <- seeded(nn_train(many[1:2], many$y,
    hidden = 2, penalty = 0.01, epochs = 3, optimizer = "adam", batch_size = NULL, schedule = NULL
  ))
  expect_identical(fit$settings, direct$settings)
  expect_identical(coef(fit), coef(direct))
  without <- parsnip::set_engine(model, "backprop", optimizer = "adam")
  other <- parsnip::extract_fit_engine(seeded(parsnip::fit(without, y ~ x + z, data = many)))
  expect_null(fit$settings$batch_size)
  expect_identical(other$settings$batch_size, 64)
  expect_null(fit$settings$schedule)
  expect_s3_class(other$settings$schedule, "nn_schedule")
  # with a finite patience, the default of validation is a fraction
  held_out <- function(...) {
    given <- list(optimizer = "adam", patience = 5, ...)
    model <- engine(
      hidden_units = 2, penalty = 0.01, epochs = 3, engine_arguments = given
    )
    parsnip::extract_fit_engine(seeded(parsnip::fit(model, y ~ x + z, data = many)))
  }
  expect_identical(held_out()$settings$validation, 0.1)
  expect_null(held_out(validation = NULL)$settings$validation)
})

test_that("prediction intervals are those of predict(), for one outcome and for several", {
  model <- engine(
    hidden_units = 3, penalty = 0.01, epochs = 15, engine_arguments = list(calibration = 0.4)
  )
  fit <- seeded(parsnip::fit(model, mpg ~ wt + hp, data = mtcars))
  intervals <- predict(fit, mtcars[1:4, ], type = "pred_int", level = 0.8)
  direct <- predict(
    parsnip::extract_fit_engine(fit), mtcars[1:4, ],
    interval = "prediction", level = 0.8
  )
  expect_named(intervals, c(".pred_lower", ".pred_upper"))
  expect_identical(unname(as.matrix(intervals)), unname(direct[, c("lwr", "upr")]))

  outcomes <- as.matrix(mtcars[c("mpg", "qsec")])
  fit <- seeded(parsnip::fit_xy(model, mtcars[c("wt", "hp")], outcomes))
  intervals <- predict(fit, mtcars[1:4, ], type = "pred_int", level = 0.8)
  direct <- predict(fit$fit, mtcars[1:4, ], interval = "prediction", level = 0.8)
  expect_identical(intervals$.pred_lower_qsec, unname(direct[, "lwr", "qsec"]))
  expect_identical(intervals$.pred_upper_mpg, unname(direct[, "upr", "mpg"]))
  without <- seeded(parsnip::fit(engine(hidden_units = 2, epochs = 1), mpg ~ wt, data = mtcars))
  expect_error(
    predict(without, mtcars, type = "pred_int"), "calibration",
    class = "backprop_error_argument"
  )
})

test_that("the ranges of dials contain the defaults", {
  skip_if_not_installed("hardhat")
  skip_if_not_installed("dials")
  tune <- hardhat::tune
  model <- parsnip::mlp("regression",
    hidden_units = tune(), penalty = tune(), dropout = tune(), epochs = tune(), learn_rate = tune()
  )
  parameters <- hardhat::extract_parameter_set_dials(parsnip::set_engine(model, "backprop"))
  contains <- function(name, value) {
    range <- parameters$object[[match(name, parameters$id)]]$range
    range$lower <= value && value <= range$upper
  }
  for (rows in c(100, 1e3, 1e4, 1e5)) {
    kind <- if (rows < few_rows) "lbfgs" else "adam"
    for (strength in first_strengths[[kind]]) {
      expect_true(contains("penalty", log10(strength / rows)))
    }
  }
  for (units in c(default_hidden(TRUE), default_hidden(FALSE), 512)) {
    expect_true(contains("hidden_units", units))
  }
  for (rate in c(0.003, 0.004)) expect_true(contains("learn_rate", log10(rate)))
  for (epochs in c(100, 200, 1000)) expect_true(contains("epochs", epochs))
  expect_true(contains("dropout", 0))
})

test_that("the engine passes the effort on", {
  small <- list(mtcars[c("wt", "hp")], mtcars$mpg)
  model <- parsnip::mlp("regression", hidden_units = 3, penalty = 0.01, epochs = 5) |>
    parsnip::set_engine("backprop", effort = "high")
  set.seed(1)
  engine <- parsnip::extract_fit_engine(parsnip::fit_xy(model, small[[1]], small[[2]]))
  set.seed(1)
  fit <- nn_train(
    small[[1]], small[[2]],
    hidden = 3, penalty = 0.01, epochs = 5, effort = "high"
  )
  expect_identical(coef(engine), coef(fit))
})

test_that("confidence intervals are those of predict() with the covariance matrix", {
  given <- list(covariance = "hessian", output_activation = "identity")
  model <- engine(
    hidden_units = 1, penalty = 0.01, activation = "tanh", engine_arguments = given
  )
  X <- cars["speed"]
  # a penalty is a warning of vcov()
  fit <- suppressWarnings(seeded(parsnip::fit_xy(model, X, cars$dist)))
  direct <- seeded(nn_train(X, cars$dist, hidden = 1, penalty = 0.01, activation = "tanh"))
  V <- suppressWarnings(vcov(direct, X, cars$dist))
  expect_identical(unname(fit$fit$covariance), unname(V))
  intervals <- predict(fit, X[1:3, , drop = FALSE], type = "conf_int", level = 0.9)
  expected <- predict(
    direct, X[1:3, , drop = FALSE],
    interval = "confidence", vcov = V, level = 0.9
  )
  expect_identical(unname(as.matrix(intervals)), unname(expected[, c("lwr", "upr")]))
  without <- seeded(parsnip::fit_xy(engine(hidden_units = 1, epochs = 1), X, cars$dist))
  # both messages name the argument of set_engine() that works
  expect_error(
    predict(without, X, type = "conf_int"), 'set_engine("backprop", covariance = "hessian")',
    fixed = TRUE, class = "backprop_error_argument"
  )
  expect_error(
    predict(without, X, type = "pred_int"), 'set_engine("backprop", calibration = 0.2)',
    fixed = TRUE, class = "backprop_error_argument"
  )
})

test_that("confidence intervals of classes are those of their probabilities", {
  X <- data.frame(x = cars$speed - 15, z = rep(c(0, 1, 0, -1, 2), 10))
  three <- cut(X$x + 3 * X$z + sin(1:50) * 4, c(-Inf, -3, 3, Inf), c("a", "b", "c"))
  for (y in list(three, factor(three == "c", labels = c("no", "yes")))) {
    model <- engine("classification",
      hidden_units = 0, penalty = 0, epochs = 200,
      engine_arguments = list(covariance = "hessian", optimizer = "lbfgs")
    )
    fit <- seeded(parsnip::fit_xy(model, X, y))
    got <- predict(fit, X[1:4, ], type = "conf_int", level = 0.9)
    expect_named(
      got, paste0(rep(c(".pred_lower_", ".pred_upper_"), each = nlevels(y)), levels(y))
    )
    prob <- as.matrix(predict(fit, X[1:4, ], type = "prob"))
    lower <- as.matrix(got[seq_len(nlevels(y))])
    upper <- as.matrix(got[-seq_len(nlevels(y))])
    expect_true(all(0 < lower & lower < prob & prob < upper & upper < 1))
    expected <- predict(
      fit$fit, X[1:4, ],
      interval = "confidence", vcov = fit$fit$covariance, level = 0.9
    )
    if (nlevels(y) == 3) {
      expect_identical(unname(upper), unname(expected[, "upr", ]))
    } else {
      expect_identical(unname(upper[, ".pred_upper_yes"]), unname(expected[, "upr"]))
      # as glm() has them, on the scale of the log-odds
      link <- predict(glm(y ~ x + z, binomial, X), X[1:4, ], type = "link", se.fit = TRUE)
      part <- qnorm(0.95) * link$se.fit
      by_hand <- cbind(plogis(-link$fit - part), plogis(link$fit - part))
      expect_equal(unname(lower), unname(by_hand), tolerance = 1e-4)
    }
  }
})

test_that("missing and dates pass through the engine and workflows", {
  d <- data.frame(day = as.Date("2024-01-01") + 0:59, x = sin(1:60), y = cos(1:60))
  d$x[c(3, 40)] <- NA
  given <- list(missing = "indicator", dates = "parts")
  model <- engine(hidden_units = 2, penalty = 0.1, epochs = 10, engine_arguments = given)
  fit <- seeded(parsnip::fit_xy(model, d[1:2], d$y))
  direct <- seeded(nn_train(d[1:2], d$y,
    hidden = 2, penalty = 0.1, epochs = 10, missing = "indicator", dates = "parts"
  ))
  expect_identical(coef(parsnip::extract_fit_engine(fit)), coef(direct))
  expect_true(all(c("x_missing", "day_weekday") %in% fit$fit$inputs))
  expect_identical(predict(fit, d)$.pred, unname(predict(direct, d)))
  expect_false(anyNA(predict(fit, d)))
  skip_if_not_installed("workflows")
  columns <- workflows::workflow_variables(outcomes = "y", predictors = c("day", "x"))
  fit <- seeded(parsnip::fit(workflows::workflow(columns, model), d))
  expect_identical(coef(parsnip::extract_fit_engine(fit)), coef(direct))
  expect_identical(predict(fit, d)$.pred, unname(predict(direct, d)))
})
