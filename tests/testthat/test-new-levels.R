# Levels that the training data do not have.

shops <- function() {
  set.seed(1)
  d <- data.frame(
    x = rnorm(60), city = rep(c("Aa", "Bb", "Cc"), 20), k = rep(4:6, each = 20),
    stringsAsFactors = FALSE
  )
  d$y <- d$x + (d$city == "Bb")
  d
}

strange_shops <- data.frame(
  x = 1:4, city = c("Aa", "Zz", "Bb", "Yy"), k = c(4, 5, 7, 6), y = 1:4, stringsAsFactors = FALSE
)

train <- function(formula, data, ...) {
  set.seed(1)
  nn_train(formula, data, hidden = 0, epochs = 20, ...)
}

expect_new_levels <- function(object, levels, rows) {
  told <- NULL
  value <- withCallingHandlers(object, backprop_message_new_levels = function(m) {
    told <<- c(told, list(m))
    invokeRestart("muffleMessage")
  })
  expect_length(told, 1)
  expect_identical(told[[1]]$new_levels, levels)
  expect_identical(told[[1]]$rows, rows)
  invisible(value)
}

test_that("unseen levels are an error by default, and missing values on request", {
  d <- shops()
  fit <- train(y ~ x + city + factor(k), d)
  expect_error(predict(fit, strange_shops), class = "backprop_error_input")
  expect_error(predict(fit, strange_shops, new_levels = "no"), class = "backprop_error_argument")
  levels <- list(city = c("Zz", "Yy"), "factor(k)" = "7")
  p <- expect_new_levels(predict(fit, strange_shops, new_levels = "NA"), levels, 2:4)
  expect_identical(p, c(predict(fit, strange_shops[1, ]), NA, NA, NA))
  p <- expect_new_levels(
    predict(fit, strange_shops, new_levels = "NA", na.action = na.omit), levels, 2:4
  )
  expect_length(p, 1)
  expect_error(
    suppressMessages(predict(fit, strange_shops, new_levels = "NA", na.action = na.fail)),
    class = "backprop_error_input"
  )
  expect_no_message(predict(fit, strange_shops[1, ], new_levels = "NA"))
  expect_snapshot(is.na(predict(fit, strange_shops, new_levels = "NA")))
  expect_snapshot(predict(fit, strange_shops), error = TRUE)
  # without a formula, as factors, all rows unseen, and for classes and sets
  columns <- strange_shops[c("x", "city")]
  columns$city <- factor(columns$city)
  fit <- nn_train(d[c("x", "city")], d$k == 4, hidden = 0, calibration = 0.4, new_levels = "NA")
  p <- expect_new_levels(predict(fit, columns), list(city = c("Zz", "Yy")), c(2L, 4L))
  expect_identical(p[c(1, 3)], predict(fit, columns[c(1, 3), ]))
  expect_identical(is.na(p), c(FALSE, TRUE, FALSE, TRUE))
  expect_error(predict(fit, columns, new_levels = "error"), class = "backprop_error_input")
  suppressMessages({
    expect_identical(predict(fit, columns[c(2, 4), ]), c(NA_real_, NA_real_))
    expect_identical(is.na(predict(fit, columns, type = "class")), is.na(p))
    sets <- predict(fit, columns, interval = "prediction")
  })
  expect_identical(is.na(rowSums(sets)), is.na(p))
})

test_that("new levels are told of where missing values change the type of other columns", {
  assign("strict", function(x) if (anyNA(x)) as.character(x) else x^2, globalenv())
  withr::defer(rm("strict", envir = globalenv()))
  fit <- train(y ~ strict(x) + city, shops(), penalty = 0.01)
  # the fourth row is unseen and missing
  new <- rbind(strange_shops, strange_shops[1, ])
  new$x[c(3, 4)] <- NA
  p <- expect_new_levels(predict(fit, new, new_levels = "NA"), list(city = "Zz"), 2L)
  expect_identical(is.na(p), c(FALSE, TRUE, TRUE, TRUE, FALSE))
  expect_identical(p[c(1, 5)], predict(fit, new[c(1, 5), ]))
})

test_that("an unseen level is not taken for a missing value that is a level", {
  d <- shops()
  d$city <- addNA(factor(replace(d$city, 1:20, NA)))
  new <- data.frame(x = c(1, 1, 1), city = c("Bb", NA, "Zz"))
  fit <- train(y ~ x + city, d)
  suppressMessages(p <- predict(fit, new, new_levels = "NA"))
  expect_identical(is.na(p), c(FALSE, FALSE, TRUE))
  suppressMessages(p <- predict(train(y ~ x + is.na(city), d), new, new_levels = "NA"))
  expect_identical(is.na(p), c(FALSE, FALSE, TRUE))
  set.seed(1)
  fit <- nn_train(d[c("x", "city")], d$y, hidden = 0, epochs = 20)
  suppressMessages(p <- predict(fit, new, new_levels = "NA"))
  expect_identical(is.na(p), c(FALSE, FALSE, TRUE))
})

test_that("interactions and functions that need complete rows predict NA for unseen levels", {
  d <- shops()
  new <- strange_shops[1:2, ]
  fit <- train(y ~ splines::ns(x, 2) * city, d)
  suppressMessages(p <- predict(fit, new, new_levels = "NA"))
  expect_identical(p, c(predict(fit, new[1, ]), NA))
  suppressMessages(p <- predict(fit, new[2, ], new_levels = "NA"))
  expect_identical(p, NA_real_)
})

test_that("rows of validation data with unseen levels or classes are excluded", {
  d <- shops()
  formula <- y ~ x + city
  whole <- strange_shops[c(1, 3), ]
  expect_error(train(formula, d, validation = strange_shops), class = "backprop_error_input")
  levels <- list(city = c("Zz", "Yy"))
  fit <- expect_new_levels(
    train(formula, d, validation = strange_shops, new_levels = "NA"), levels, c(2L, 4L)
  )
  expect_identical(coef(fit), coef(train(formula, d, validation = whole)))
  of_columns <- function(new, ...) {
    set.seed(1)
    nn_train(
      d[c("x", "city")], d$y,
      hidden = 0, epochs = 20,
      validation = list(X = new[c("x", "city")], y = new$y, weights = new$k), ...
    )
  }
  fit <- expect_new_levels(of_columns(strange_shops, new_levels = "NA"), levels, c(2L, 4L))
  expect_identical(fit$history, of_columns(whole)$history)
  d$class <- rep(c("a", "b", "c"), 20)
  held <- data.frame(x = 1:3, class = c("a", "new", "c"))
  expect_error(train(class ~ x, d, validation = held), class = "backprop_error_input")
  fit <- expect_new_levels(
    train(class ~ x, d, validation = held, new_levels = "NA"), list(class = "new"), 2L
  )
  expect_identical(fit$history, train(class ~ x, d, validation = held[-2, ])$history)
})

test_that("held-out fractions and calibration rows never have unseen levels", {
  d <- shops()
  d$rare <- replace(d$city, 1:6, paste0("r", 1:6))
  for (seed in 1:3) {
    set.seed(seed)
    expect_no_error(fit <- nn_train(
      y ~ x + rare, d,
      hidden = 0, epochs = 5, validation = 0.3, calibration = 0.3, patience = 3
    ))
    expect_true(all(is.finite(predict(fit, d, interval = "prediction"))))
  }
})

test_that("nn_continue() passes unseen levels to the na.action of the fit", {
  d <- shops()
  fit <- train(y ~ x + city + factor(k), d)
  more <- rbind(d, strange_shops)
  expect_error(nn_continue(fit, more, epochs = 2), class = "backprop_error_input")
  suppressWarnings(again <- expect_new_levels(
    nn_continue(fit, more, epochs = 2, new_levels = "NA"),
    list(city = c("Zz", "Yy"), "factor(k)" = "7"), 62:64
  ))
  suppressWarnings(same <- nn_continue(fit, more[1:61, ], epochs = 2))
  expect_identical(coef(again), coef(same))
  set.seed(1)
  fit <- nn_train(d[c("x", "city")], d$y, hidden = 0, epochs = 20, new_levels = "NA")
  suppressWarnings(again <- expect_new_levels(
    nn_continue(fit, more[c("x", "city")], more$y, epochs = 2),
    list(city = c("Zz", "Yy")), c(62L, 64L)
  ))
  expect_identical(again$n, 62L)
})

test_that("nn_cv() predicts NA for a level that is absent from the other folds", {
  d <- shops()
  d$city[c(5, 9)] <- "rare"
  folds <- rep(1:5, 12)
  folds[c(5, 9)] <- 2
  cv <- function(...) {
    set.seed(1)
    nn_cv(y ~ x + city, d, folds = folds, hidden = 0, epochs = 20, ...)
  }
  expect_error(cv(), class = "backprop_error_input")
  result <- expect_new_levels(cv(new_levels = "NA"), list(city = "rare"), which(
    which(folds == 2) %in% c(5, 9)
  ))
  predictions <- result$predictions
  expect_identical(which(is.na(predictions$predicted)), c(5L, 9L))
  by_hand <- vapply(1:5, function(fold) {
    of <- predictions[predictions$fold == fold & !is.na(predictions$predicted), ]
    sqrt(mean((of$observed - of$predicted)^2))
  }, 0)
  expect_equal(result$metrics$rmse, by_hand)
  expect_snapshot(invisible(cv(new_levels = "NA")))
  # only such rows in a fold
  folds[setdiff(which(folds == 2), c(5, 9))] <- 1
  suppressMessages(result <- cv(new_levels = "NA"))
  expect_identical(is.na(result$metrics$rmse), c(FALSE, TRUE, FALSE, FALSE, FALSE))
  d$class <- rep(c("a", "b"), 30)
  set.seed(1)
  suppressMessages(result <- nn_cv(
    d[c("x", "city")], d$class,
    folds = folds, hidden = 0, epochs = 5, new_levels = "NA"
  ))
  expect_identical(which(is.na(result$predictions$predicted)), c(5L, 9L))
  expect_identical(which(is.na(rowSums(result$probabilities))), c(5L, 9L))
})

test_that("the choice is kept with the fit, in files and in other packages' calls", {
  d <- shops()
  fit <- train(y ~ x + city, d, new_levels = "NA")
  path <- withr::local_tempfile(fileext = ".json")
  nn_save(fit, path)
  suppressMessages({
    expected <- predict(fit, strange_shops)
    expect_identical(predict(nn_load(path), strange_shops), expected)
    expect_identical(which(is.na(expected)), c(2L, 4L))
    skip_if_not_installed("generics")
  })
  expect_new_levels(
    shown <- generics::augment(fit, strange_shops), list(city = c("Zz", "Yy")), c(2L, 4L)
  )
  expect_identical(shown$.fitted, expected)
})

test_that("exports predict as new_levels = \"NA\" does", {
  d <- shops()
  fit <- train(y ~ x + city, d)
  path <- withr::local_tempfile(fileext = ".R")
  nn_export(fit, path)
  alone <- new.env()
  sys.source(path, alone)
  suppressMessages(p <- predict(fit, strange_shops, new_levels = "NA"))
  expect_equal(alone$predict_network(strange_shops), p, tolerance = 1e-12)
})

test_that("parsnip passes the choice on", {
  skip_if_not_installed("parsnip")
  d <- shops()
  set.seed(1)
  fit <- parsnip::mlp(hidden_units = 2, epochs = 10) |>
    parsnip::set_mode("regression") |>
    parsnip::set_engine("backprop", new_levels = "NA") |>
    parsnip::fit_xy(d[c("x", "city")], d$y)
  suppressMessages(p <- predict(fit, strange_shops[c("x", "city")]))
  expect_identical(is.na(p$.pred), c(FALSE, TRUE, FALSE, TRUE))
})

# Factors with levels that no row has. `mean_matrix()`: the mean of R's model matrices with each
# known level of `city`, weighted by its proportion of the rows.
declared <- function() {
  d <- shops()
  d$city <- factor(d$city, c("new", "Aa", "Bb", "Cc", "unknown"))
  d$size <- factor(rep(c("s", "l"), 30), c("s", "m", "l"))
  d$flag <- rep(c(TRUE, FALSE, FALSE), 20)
  d$w <- rep(c(1, 2, 4, 0, 1), 12)
  d
}
stranger <- data.frame(
  x = c(-1, 2), city = factor(c("unknown", "Bb"), levels(declared()$city)), size = "l", flag = TRUE
)
mean_matrix <- function(formula, d, new, weights = rep(1, nrow(d))) {
  shares <- tapply(weights, droplevels(d$city), sum)
  used <- transform(d, city = droplevels(city), size = droplevels(size))
  parts <- lapply(names(shares), function(level) {
    one <- transform(new, city = factor(level, levels(used$city)), size = factor(size, c("s", "l")))
    model.matrix(delete.response(terms(formula)), one) * shares[[level]] / sum(shares)
  })
  X <- Reduce(`+`, parts)
  X[, colnames(X) != "(Intercept)", drop = FALSE]
}

test_that("a declared level without rows is encoded as the mean of the rows", {
  d <- declared()
  formulas <- list(
    y ~ x + city, y ~ x * city, y ~ city:size + x:size - 1, y ~ city * size * flag,
    y ~ x:city:flag + size, y ~ cbind(x, x^2):city
  )
  for (formula in formulas) {
    fit <- train(formula, d, standardize = FALSE)
    X <- mean_matrix(formula, d, stranger[c(1, 1), ])
    scale <- fit$encoding$outcome$scale
    by_hand <- (drop(X %*% fit$wout) + fit$bout[1]) * scale + fit$encoding$outcome$center
    expect_equal(predict(fit, stranger), c(by_hand[[1]], predict(fit, stranger[2, ])))
    # as text, and without a message
    expect_silent(p <- predict(fit, transform(stranger, city = as.character(city))))
    expect_identical(p, predict(fit, stranger))
  }
  # without a formula; other contrasts; weights; calibration rows have no influence
  frame <- function(...) {
    set.seed(1)
    nn_train(d[c("x", "city")], d$y, hidden = 0, epochs = 20, standardize = FALSE, ...)
  }
  fit <- frame(weights = d$w)
  expect_equal(
    prepare_newdata(unclass(fit), stranger, "new", NULL)$X[1, ],
    mean_matrix(y ~ x + city, d, stranger, d$w)[1, ]
  )
  expect_identical(
    predict(train(y ~ x + city, d, standardize = FALSE), stranger), predict(frame(), stranger)
  )
  withr::with_options(list(contrasts = c("contr.sum", "contr.poly")), {
    for (formula in list(y ~ x + city, y ~ x * city)) {
      fit <- train(formula, d, standardize = FALSE)
      expect_equal(
        prepare_newdata(unclass(fit), stranger, "new", NULL)$X[1, ],
        mean_matrix(formula, d, stranger)[1, ]
      )
    }
  })
  set.seed(2)
  fit <- nn_train(y ~ x + city, d, hidden = 0, epochs = 5, calibration = 0.4, weights = w)
  # standardised, the mean of the training rows is 0
  X <- prepare_newdata(unclass(fit), stranger, "new", NULL)$X
  expect_equal(unname(X[1, -1]), c(0, 0), tolerance = 1e-14)
  # what is missing stays missing, and other levels stay an error
  p <- predict(fit, transform(stranger, city = c(NA, "unknown")))
  expect_identical(is.na(p), c(TRUE, FALSE))
  expect_error(
    predict(fit, transform(stranger, city = "Zz")), "\"Zz\"",
    class = "backprop_error_input"
  )
  fit <- nn_train(d["city"], d$y, hidden = 0, epochs = 5)
  expect_snapshot(predict(fit, data.frame(city = "Zz")), error = TRUE)
})

test_that("the proportions of levels count rows of positive weight, also of computed factors", {
  d <- data.frame(t = rep(c("x", "y"), 20), w = rep(c(0, 1, 3, 1), 10), y = sin(1:40))
  fit <- nn_train(
    y ~ factor(t, c("x", "y", "z")), d,
    weights = w, hidden = 0, penalty = 0, epochs = 1
  )
  expect_identical(fit$encoding$declared[[1]], list(levels = "z", shares = c(0.6, 0.4)))
})

test_that("folds, resumed training, held-out rows and files know declared levels", {
  d <- declared()
  d$city[c(5, 9)] <- "new"
  folds <- rep(1:5, 12)
  folds[c(5, 9)] <- 2
  set.seed(1)
  expect_silent(result <- nn_cv(y ~ x + city, d, folds = folds, hidden = 0, epochs = 20))
  expect_false(anyNA(result$predictions$predicted))
  set.seed(1)
  frame <- nn_cv(d[c("x", "city")], d$y, folds = folds, hidden = 0, epochs = 20)
  expect_identical(frame$metrics, result$metrics)
  # a row is predicted as by the fit without its fold
  set.seed(1)
  fit <- nn_train(y ~ x + city, d[folds != 2, ], hidden = 0)
  again <- ignore_overlap(
    nn_train(y ~ x + city, d, validation = d[folds == 2, ], hidden = 0, epochs = 2)
  )
  expect_length(again$history$validation_loss, 2)
  expect_no_error(suppressWarnings(nn_continue(fit, d, epochs = 2)))
  path <- withr::local_tempfile(fileext = ".json")
  nn_save(fit, path)
  expect_identical(predict(nn_load(path), d), predict(fit, d))
  expect_identical(nn_load(path)$encoding, fit$encoding)
  for (broken in list(
    list(levels = "Aa", shares = rep(1 / 3, 3)), list(levels = "new", shares = 1)
  )) {
    fit$encoding$declared$city <- broken
    expect_error(nn_save(fit, path), "Levels without rows", class = "backprop_error_file")
  }
})

test_that("exports encode declared levels as predict() does", {
  d <- declared()
  fits <- list(
    train(y ~ x * city + size, d), train(y ~ city:size + flag - 1, d),
    train(d[c("x", "city", "size")], d$y)
  )
  d$one <- factor(rep("only", 60), c("only", "other"))
  fits[[4]] <- train(d[c("x", "one")], d$y)
  new <- data.frame(
    x = c(1, -1, 2, 0), city = c("unknown", "new", "Bb", "Aa"), size = c("s", "m", "m", "l"),
    flag = c(TRUE, FALSE, TRUE, TRUE), one = c("other", "only", "only", "other")
  )
  inputs <- list(c("x", "city", "size"), c("city", "size", "flag"), c("x", "city", "size"))
  inputs[[4]] <- c("x", "one")
  folder <- withr::local_tempdir()
  path <- function(ending) file.path(folder, paste0("model.", ending))
  for (i in seq_along(fits)) {
    expected <- predict(fits[[i]], new)
    expect_false(anyNA(expected))
    data <- new[inputs[[i]]]
    expect_lt(relative_difference(exported_r(fits[[i]])(data), expected), 1e-12)
    if (requireNamespace("RSQLite", quietly = TRUE)) {
      nn_export(fits[[i]], path("sql"), keep = "row_number")
      expect_lt(relative_difference(run_exported_sql(path("sql"), data), expected), 1e-12)
    }
  }
  skip_on_cran()
  if (!is.null(c_compiler())) {
    nn_export(fits[[1]], path("c"))
    got <- run_exported_c(path("c"), new[inputs[[1]]], 1)
    expect_lt(relative_difference(got, predict(fits[[1]], new)), 1e-12)
  }
  skip_without_onnxruntime()
  nn_export(fits[[1]], path("onnx"))
  got <- run_onnx(path("onnx"), new[inputs[[1]]], "double")$response
  expect_lt(relative_difference(got, as.matrix(predict(fits[[1]], new))), 1e-12)
})

test_that("step_unknown() and step_novel() of recipes work in folds", {
  for (package in c("recipes", "parsnip", "workflows", "rsample", "tune", "yardstick")) {
    skip_if_not_installed(package)
  }
  d <- shops()
  d$city[c(5, 9)] <- NA
  d$kind <- replace(rep(c("p", "q"), 30), 3, "rare")
  recipe <- recipes::recipe(y ~ x + city + kind, data = d)
  recipe <- recipes::step_novel(recipes::step_unknown(recipe, "city"), "kind")
  folds <- rep(1:3, each = 20)
  splits <- rsample::manual_rset(lapply(1:3, function(fold) {
    rsample::make_splits(
      list(analysis = which(folds != fold), assessment = which(folds == fold)), d
    )
  }), paste0("Fold", 1:3))
  model <- parsnip::mlp(hidden_units = 2, epochs = 5) |>
    parsnip::set_mode("regression") |>
    parsnip::set_engine("backprop")
  expect_no_message(got <- tune::fit_resamples(
    workflows::workflow(recipe, model), splits,
    control = tune::control_resamples(save_pred = TRUE)
  ))
  expect_identical(vapply(got$.notes, nrow, 0L), rep(0L, 3))
  predicted <- tune::collect_predictions(got)
  expect_identical(sort(predicted$.row), 1:60)
  expect_false(anyNA(predicted$.pred))
  baked <- as.data.frame(recipes::bake(recipes::prep(recipe), d))
  expect_identical(levels(baked$city), c("Aa", "Bb", "Cc", "unknown"))
  expect_silent(result <- nn_cv(y ~ ., baked, folds = folds, hidden = 0, epochs = 5))
  expect_false(anyNA(result$predictions$predicted))
})

test_that("model.frame() and model.matrix() know levels as predict() does", {
  d <- declared()
  new <- rbind(stranger, transform(stranger, city = "Cc"))
  inputs_of <- function(fit, new) unname(prepare_newdata(unclass(fit), new, "new", NULL)$X)
  for (formula in list(
    y ~ x + city, y ~ x * city, y ~ city:size + x:size - 1, y ~ poly(x, 2):city + flag
  )) {
    fit <- train(formula, d, standardize = FALSE)
    X <- model.matrix(fit, new)
    inputs <- colnames(X) != "(Intercept)"
    expect_identical(colnames(X)[inputs], fit$inputs)
    expect_equal(unname(X[, inputs]), inputs_of(fit, new), ignore_attr = TRUE)
    expect_identical(model.matrix(fit, model.frame(fit, new)), X)
  }
  # by hand
  fit <- train(y ~ x * city, d, standardize = FALSE)
  expect_equal(
    model.matrix(fit, stranger)[1, -1], mean_matrix(y ~ x * city, d, stranger[c(1, 1), ])[1, ]
  )
  frame <- model.frame(fit, stranger)
  expect_identical(as.character(frame$city), c("unknown", "Bb"))
  expect_identical(levels(model.frame(fit, stranger[2, ])$city), c("Aa", "Bb", "Cc"))

  # a factor of one level; missing values and dates that become inputs
  d$one <- factor("only", c("only", "other"))
  fit <- train(y ~ x + one, d, standardize = FALSE)
  new$one <- c("only", "other")
  expect_identical(colnames(model.matrix(fit, new)), c("(Intercept)", "x", "one"))
  d$day <- as.Date("2024-01-01") + seq_len(60)
  d$x[3:5] <- NA
  fit <- train(y ~ x + day + city, d, standardize = FALSE, missing = "indicator", dates = "parts")
  X <- model.matrix(fit, d)
  expect_identical(colnames(X)[-1], fit$inputs)
  expect_equal(unname(X[, -1]), inputs_of(fit, d), ignore_attr = TRUE)
  expect_length(attr(X, "assign"), ncol(X))

  # unseen levels
  fit <- train(y ~ x + city + factor(k), shops())
  expect_snapshot(error = TRUE, {
    model.frame(fit, strange_shops)
    model.matrix(fit, strange_shops[3, ])
    model.matrix(fit, model.frame(train(y ~ x, shops()), strange_shops))
    model.matrix(train(y ~ x, d, missing = "indicator"), model.frame(y ~ x, d))
  })
  fit <- train(y ~ x + city + factor(k), shops(), new_levels = "NA")
  kept <- expect_new_levels(
    model.matrix(fit, strange_shops), list(city = c("Zz", "Yy"), "factor(k)" = "7"), 2:4
  )
  expect_identical(rownames(kept), "1")
})
