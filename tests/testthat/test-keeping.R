keeping_data <- function() {
  set.seed(21)
  X <- matrix(rnorm(120), 40, dimnames = list(NULL, c("a", "b", "c")))
  list(
    X = X, y = X[, 1] > X[, 2], class = factor(rep(c("x", "y", "z", "x"), 10)),
    data = data.frame(X, kind = rep(c("k", "l"), 20), out = X[, 1] + rnorm(40))
  )
}

test_that("a fit kept by saveRDS() predicts and goes on the same in a new session", {
  skip_on_cran()
  skip_if_not_installed("callr")
  skip_if_not_installed("jsonlite")
  d <- keeping_data()
  set.seed(1)
  half <- nn_train(
    d$X, d$class,
    hidden = c(4, 3), optimizer = "adam", batch_size = 7, dropout = 0.2,
    validation = 0.25, epochs = 10, schedule = nn_plateau()
  )
  whole <- nn_continue(half, d$X, d$class, epochs = 10)
  set.seed(1)
  formula <- nn_train(out ~ poly(a, 2) + kind * b, d$data, epochs = 10)
  formula_whole <- nn_continue(formula, d$data, epochs = 5)
  path <- withr::local_tempfile(fileext = ".rds")
  json <- withr::local_tempfile(fileext = ".json")
  saveRDS(list(half, formula), path)
  nn_save(formula, json)
  there <- callr::r(
    function(path, json, d) {
      library(backprop)
      fits <- readRDS(path)
      list(
        prediction = predict(fits[[1]], d$X),
        whole = nn_continue(fits[[1]], d$X, d$class, epochs = 10),
        formula_prediction = predict(fits[[2]], d$data),
        formula_whole = nn_continue(fits[[2]], d$data, epochs = 5),
        json_prediction = predict(nn_load(json), d$data),
        json_whole = nn_continue(nn_load(json), d$data, epochs = 5)
      )
    },
    list(path, json, d),
    libpath = .libPaths()
  )
  expect_identical(there$prediction, predict(half, d$X))
  expect_identical(there$whole, whole)
  expect_identical(there$formula_prediction, predict(formula, d$data))
  expect_identical(there$json_prediction, predict(formula, d$data))
  expect_equal(there$formula_whole, formula_whole, tolerance = 0)
  expect_identical(coef(there$json_whole), coef(formula_whole))
})

test_that("a fit is as large as its weights, whatever the data and wherever it was made", {
  parameters <- function(fit) length(unlist(coef(fit)))
  # The weights to predict with, those to go on from and the optimiser's moments, of 8 bytes a
  # number; the rest is the same for all networks.
  fixed <- 60000
  in_function <- function(rows, hidden, optimizer) {
    ballast <- rnorm(2e6)
    X <- matrix(rnorm(rows * 20), rows)
    set.seed(1)
    nn_train(X, X[, 1] > 0, hidden = hidden, optimizer = optimizer, epochs = 2, keep_fitted = FALSE)
  }
  for (optimizer in c("gradient_descent", "adam", "rprop")) {
    copies <- if (optimizer == "gradient_descent") 2 else 4
    for (rows in c(50, 5000)) {
      fit <- in_function(rows, c(100, 50), optimizer)
      expect_lt(as.numeric(object.size(fit)), 8 * copies * parameters(fit) + fixed)
      expect_lt(length(serialize(fit, NULL)), 8 * copies * parameters(fit) + fixed)
      path <- withr::local_tempfile()
      saveRDS(fit, path, compress = FALSE)
      expect_lt(file.size(path), 8 * copies * parameters(fit) + fixed)
      nn_save(fit, path)
      expect_lt(file.size(path), 26 * copies * parameters(fit) + fixed)
    }
  }
  X <- matrix(rnorm(1e5), 5000)
  fit <- do.call(nn_train, list(X, X[, 1], epochs = 1, keep_fitted = FALSE))
  expect_lt(length(serialize(fit, NULL)), fixed)
  # With data the columns' names, levels and scales come on top, and no row of the data.
  frame <- data.frame(X, kind = factor(rep(letters[1:5], 1000)))
  local({
    ballast <- rnorm(2e6)
    fit <<- nn_train(X1 ~ log(X2^2) + kind, frame, hidden = 5, epochs = 2, keep_fitted = FALSE)
  })
  expect_lt(length(serialize(fit, NULL)), fixed)
})

test_that("a fit holds no environment but the global one, and no function", {
  found <- character()
  walk <- function(x, where) {
    if (is.function(x) || typeof(x) == "externalptr") found <<- c(found, where)
    if (is.environment(x) && !identical(x, globalenv())) found <<- c(found, where)
    if (is.environment(x)) {
      return()
    }
    for (name in names(attributes(x))) walk(attr(x, name), paste0(where, "@", name))
    if (is.list(x) || is.call(x)) {
      parts <- as.list(unclass(x))
      for (i in seq_along(parts)) walk(parts[[i]], paste0(where, "$", i))
    }
  }
  d <- keeping_data()
  walk(nn_train(out ~ poly(a, 2) + kind * b, d$data, epochs = 2), "formula")
  walk(nn_train(d$data[1:4], d$data$out, epochs = 2), "frame")
  walk(
    nn_train(d$X, d$class, epochs = 2, callback = function(now) TRUE, optimizer = nn_adam()),
    "matrix"
  )
  expect_identical(found, character())
})

test_that("fits of older versions load, predict and go on", {
  y <- factor(c("no", "yes", "maybe", "no", "yes", "maybe", "no", "yes"))
  stored <- lapply(0:2, function(schema) {
    readRDS(test_path("fixtures", paste0("fit-schema-", schema, ".rds")))
  })
  for (old in stored) {
    expect_equal(predict(old$fit, old$X), old$predictions, tolerance = 1e-12)
    # The data are the same, so there is nothing to warn of.
    expect_silent(longer <- nn_continue(old$fit, old$X, y, epochs = 5))
    expect_identical(longer$schema, 2)
    expect_identical(longer$state$epoch, 25)
    expect_warning(
      nn_continue(old$fit, rbind(old$X, 0), y[c(1:8, 1)], epochs = 1),
      class = "backprop_warning_other_data"
    )
  }
  expect_null(stored[[1]]$fit$schema)
  # Made by several versions of the package from the same seed, so that the last bits may differ.
  longer <- lapply(stored, function(old) coef(nn_continue(old$fit, old$X, y, epochs = 5)))
  expect_equal(longer[[1]], longer[[3]], tolerance = 1e-12)
  expect_equal(longer[[2]], longer[[3]], tolerance = 1e-12)
  expect_identical(backprop:::current_fit(stored[[1]]$fit, NULL)$schema, 2)
})

test_that("files of older versions load, to the last bit", {
  skip_if_not_installed("jsonlite")
  for (stem in c("fit-schema-1", "fit-schema-1-data")) {
    fit <- nn_load(test_path("fixtures", paste0(stem, ".json")))
    stored <- readRDS(test_path("fixtures", paste0(stem, ".rds")))
    expect_identical(fit, backprop:::current_fit(stored$fit, NULL))
    expect_equal(
      predict(fit, if (is.null(stored$X)) stored$data else stored$X), stored$predictions,
      tolerance = 1e-12
    )
  }
})

test_that("fits of older versions can be looked at in every way, and are written as they were", {
  skip_if_not_installed("jsonlite")
  skip_if_not_installed("generics")
  model <- function(path) {
    jsonlite::parse_json(readLines(path))$model[c("schema", "shape", "settings", "data", "state")]
  }
  written <- withr::local_tempfile(fileext = ".json")
  for (stem in c("fit-schema-0", "fit-schema-1", "fit-schema-1-data", "fit-schema-2-data")) {
    old <- readRDS(test_path("fixtures", paste0(stem, ".rds")))$fit
    new <- backprop:::current_fit(old, NULL)
    expect_named(new$layers[[1]], c("kind", "inputs", "units", "activation", "parameters"))
    expect_null(new$shape)
    look <- function(fit) {
      list(
        coef(fit), capture.output(print(fit)), capture.output(print(summary(fit))),
        nn_doctor(fit), generics::tidy(fit), generics::glance(fit)
      )
    }
    expect_identical(look(old), look(new))
    withr::with_pdf(NULL, {
      for (what in c("loss", "network", "perceptron")) expect_identical(plot(old, what), old)
    })
    if (!file.exists(test_path("fixtures", paste0(stem, ".json")))) next
    for (fit in list(old, new)) {
      nn_save(fit, written)
      expect_identical(model(written), model(test_path("fixtures", paste0(stem, ".json"))))
      expect_identical(nn_load(written), new)
    }
  }
})

test_that("a fit of a newer version is an error", {
  d <- keeping_data()
  fit <- nn_train(d$X, d$y, epochs = 1)
  expect_identical(fit$schema, 2)
  newer <- fit
  newer[["schema"]] <- 3
  odd <- fit
  odd[["schema"]] <- "one"
  expect_snapshot(error = TRUE, {
    predict(newer, d$X)
    nn_continue(newer, d$X, d$y, epochs = 1)
    nn_forward(newer, d$X)
    nn_save(newer, "model.json")
    nn_export(newer, "model.R")
    predict(odd, d$X)
  })
})
