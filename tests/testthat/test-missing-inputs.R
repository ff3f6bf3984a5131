# missing = "indicator" and dates = "parts", against columns that are filled by hand.
gaps <- withr::with_seed(1, data.frame(
  a = round(rnorm(60), 2), g = sample(c("u", "v", "w"), 60, TRUE),
  flag = sample(c(TRUE, FALSE), 60, TRUE), b = runif(60), w = rep(0:2, 20)
))
gaps$y <- gaps$a + (gaps$g == "u") + gaps$b
gaps$a[c(3, 7, 11, 40)] <- NA
gaps$g[c(5, 7)] <- NA
gaps$flag[20] <- NA
# The same columns, filled from `rows`, which count `times`, and marked.
by_hand <- function(d, rows = seq_len(nrow(d)), times = rep(1, length(rows))) {
  rows <- rep(rows, times)
  most <- function(x) names(which.max(table(x)))
  fill <- list(
    a = median(d$a[rows], na.rm = TRUE), g = most(d$g[rows]),
    flag = as.logical(most(d$flag[rows]))
  )
  for (name in names(fill)) {
    d[[paste0(name, "_missing")]] <- as.numeric(is.na(d[[name]]))
    d[[name]][is.na(d[[name]])] <- fill[[name]]
  }
  d
}
marks <- c("a_missing", "g_missing", "flag_missing")
filled_formula <- function(formula) {
  update(formula, ~ . + a_missing + g_missing + flag_missing)
}
train <- function(...) {
  set.seed(2)
  nn_train(..., hidden = 3, epochs = 20)
}

test_that("missing inputs are filled with the median or the most frequent value, and marked", {
  fit <- train(y ~ a + g + flag + b, gaps, missing = "indicator")
  hand <- by_hand(gaps)
  same <- train(filled_formula(y ~ a + g + flag + b), hand)
  expect_identical(unname(fit$inputs), same$inputs)
  expect_identical(coef(fit), coef(same))
  expect_identical(fitted(fit), fitted(same))
  expect_identical(nobs(fit), 60L)
  expect_identical(predict(fit, gaps), predict(same, hand))
  expect_identical(predict(fit, gaps[7, ]), predict(same, hand[7, ]))
  # without a formula, and functions of columns
  columns <- c("a", "g", "flag", "b")
  frame <- train(gaps[columns], gaps$y, missing = "indicator")
  expect_identical(coef(frame), coef(train(hand[c(columns, marks)], hand$y)))
  expect_identical(predict(frame, gaps), predict(fit, gaps))
  basis <- train(y ~ poly(a, 2) * g + log(b), gaps, missing = "indicator")
  columns <- cbind(
    model.matrix(~ poly(a, 2) * g + log(b), hand)[, -1], as.matrix(hand[marks[1:2]])
  )
  same <- train(as.data.frame(columns), hand$y)
  expect_identical(basis$inputs, same$inputs)
  expect_equal(coef(basis), coef(same))
})

test_that("medians and modes are of the training rows, and weighted", {
  fit <- train(y ~ a + g + flag, gaps, weights = w, missing = "indicator")
  hand <- by_hand(gaps, which(gaps$w > 0), gaps$w[gaps$w > 0])
  expect_identical(fit$encoding$missing$fill$a, median(rep(gaps$a, gaps$w), na.rm = TRUE))
  kept <- c("a_missing", "g_missing", "flag_missing")[
    c(anyNA(gaps$a[gaps$w > 0]), anyNA(gaps$g[gaps$w > 0]), anyNA(gaps$flag[gaps$w > 0]))
  ]
  expect_identical(
    coef(fit), coef(train(reformulate(c("a", "g", "flag", kept), "y"), hand, weights = w))
  )
  expect_identical(weighted_median(c(1, 5, 9, 2), c(1, 1, 2, 1)), median(c(1, 5, 9, 9, 2)))
  expect_identical(weighted_median(c(1, 5, 9, 2), c(1, 1, 1, 1)), median(c(1, 5, 9, 2)))
  # without the calibration set
  set.seed(2)
  calibrated <- nn_train(
    y ~ a + b, gaps,
    hidden = 2, epochs = 5, calibration = 0.4, missing = "indicator"
  )
  used <- as.integer(names(fitted(calibrated)))
  expect_length(used, 36)
  expect_identical(calibrated$encoding$missing$fill$a, median(gaps$a[used], na.rm = TRUE))
})

test_that("a column without missing values in training is filled but not marked", {
  whole <- na.omit(gaps)
  fit <- train(y ~ a + g, whole, missing = "indicator")
  expect_identical(fit$inputs, train(y ~ a + g, whole)$inputs)
  new <- data.frame(a = NA, g = "u")
  expect_identical(
    predict(fit, new), predict(fit, data.frame(a = median(whole$a), g = "u"))
  )
  # missing outcomes, offsets and weights are still dropped, and columns that are always missing
  none <- transform(gaps, y = replace(y, 1:5, NA), b = replace(b, 6, NA))
  expect_identical(nobs(train(y ~ a + offset(b), none, missing = "indicator")), 54L)
  gaps$nothing <- NA_real_
  expect_error(
    train(y ~ a + nothing, gaps, missing = "indicator"), "nothing",
    class = "backprop_error_input"
  )
  expect_error(
    train(gaps[c("a", "nothing")], gaps$y, missing = "indicator"), "nothing",
    class = "backprop_error_input"
  )
  expect_error(train(y ~ a, gaps, missing = "mean"), class = "backprop_error_argument")
  expect_identical(nobs(train(y ~ a, gaps)), 56L)
})

test_that("folds, resumed training, held-out data, single steps and files fill as training does", {
  formula <- y ~ a + g + flag + b
  set.seed(3)
  cv <- nn_cv(formula, gaps, folds = 4, hidden = 2, epochs = 5, missing = "indicator")
  expect_identical(sort(cv$predictions$row), 1:60)
  expect_false(anyNA(cv$predictions$predicted))
  # a fold by hand
  folds <- cv$predictions$fold
  set.seed(3)
  kept <- nn_cv(
    formula, gaps,
    folds = folds, hidden = 0, penalty = 0.1, epochs = 50, missing = "indicator", keep_fits = TRUE
  )
  rows <- which(folds != 1)
  expect_identical(kept$fits[[1]]$encoding$missing$fill$a, median(gaps$a[rows], na.rm = TRUE))
  set.seed(3)
  frame <- nn_cv(
    gaps[c("a", "g", "flag", "b")], gaps$y,
    folds = folds, hidden = 0, penalty = 0.1, epochs = 50, missing = "indicator"
  )
  expect_equal(frame$metrics, kept$metrics)

  options <- list(formula, gaps, missing = "indicator", hidden = 2, penalty = 0.1)
  run <- function(epochs, ...) {
    set.seed(4)
    ignore_overlap(do.call(nn_train, c(options, list(epochs = epochs, ...))))
  }
  half <- run(5, validation = gaps[31:60, ])
  expect_identical(
    coef(ignore_overlap(nn_continue(half, gaps, epochs = 5, validation = gaps[31:60, ]))),
    coef(run(10, validation = gaps[31:60, ]))
  )
  expect_equal(
    half$history$validation_loss[5],
    summary(half)$errors$mean_squared_error[2] / half$encoding$outcome$scale^2 / 2
  )
  fit <- run(20)
  expect_equal(nn_forward(fit, gaps)$response[, 1], unname(predict(fit, gaps)))
  expect_equal(nn_loss(fit, gaps), fit$objective)
  path <- withr::local_tempfile(fileext = ".json")
  nn_save(fit, path)
  expect_identical(predict(nn_load(path), gaps), predict(fit, gaps))
  expect_identical(nn_load(path)$encoding, fit$encoding)
  broken <- fit
  broken$encoding$missing$fill$a <- "u"
  expect_error(nn_save(broken, path), "missing inputs", class = "backprop_error_file")
})

test_that("dates become numbers where that is chosen", {
  days <- data.frame(day = as.Date("2023-12-30") + 0:49, x = 1:50 / 50)
  days$time <- as.POSIXct("2024-02-28 22:30:00", tz = "Asia/Tokyo") + 3600 * 5 * (0:49)
  days$y <- sin(1:50)
  lt <- as.POSIXlt(days$day)
  hand <- data.frame(
    day_year = lt$year + 1900, day_month = lt$mon + 1,
    day_weekday = as.numeric(format(days$day, "%u")),
    day_yearday = as.numeric(format(days$day, "%j")),
    x = days$x
  )
  fit <- train(y ~ day + x, days, dates = "parts")
  expect_identical(fit$inputs, names(hand))
  expect_identical(coef(fit), coef(train(hand, days$y)))
  expect_identical(predict(fit, days[3, ]), predict(train(hand, days$y), hand[3, ]))
  frame <- train(days[c("day", "x")], days$y, dates = "parts")
  expect_identical(coef(frame), coef(fit))
  expect_identical(predict(frame, days), predict(fit, days))
  # 2023-12-30 is a Saturday
  expect_identical(unname(date_parts(days$day[1])[1, ]), c(2023, 12, 6, 364))
  expect_equal(unname(date_parts(days$time[1])[1, ]), c(2024, 2, 3, 59, 22.5))
  timed <- train(y ~ time, days, dates = "parts")
  expect_identical(
    timed$inputs, paste0("time_", c("year", "month", "weekday", "yearday", "hour"))
  )
  # dates in functions stay dates, and the default is an error
  expect_identical(
    train(y ~ as.numeric(day) + x, days, dates = "parts")$inputs, c("as.numeric(day)", "x")
  )
  expect_error(train(y ~ day, days), "as.numeric", class = "backprop_error_input")
  expect_error(train(y ~ day, days, dates = "month"), class = "backprop_error_argument")
  # in folds, resumed training and files
  set.seed(1)
  cv <- nn_cv(y ~ day + x, days, folds = 3, hidden = 0, epochs = 5, dates = "parts")
  expect_false(anyNA(cv$predictions$predicted))
  set.seed(1)
  expect_identical(
    nn_cv(days[c("day", "x")], days$y, folds = 3, hidden = 0, epochs = 5, dates = "parts")$metrics,
    cv$metrics
  )
  run <- function(epochs) {
    set.seed(4)
    nn_train(y ~ day, days, dates = "parts", hidden = 2, penalty = 0.1, epochs = epochs)
  }
  expect_identical(coef(nn_continue(run(3), days, epochs = 2)), coef(run(5)))
  path <- withr::local_tempfile(fileext = ".json")
  nn_save(fit, path)
  expect_identical(predict(nn_load(path), days), predict(fit, days))
  expect_error(nn_export(fit, sub("json", "sql", path)), class = "backprop_error_export")
})

test_that("exports fill and mark missing inputs as predict() does", {
  fit <- train(y ~ a * g + flag + log(b), gaps, missing = "indicator")
  frame <- train(gaps[c("a", "b")], gaps$y, missing = "indicator")
  new <- rbind(gaps[c(1:7, 20), ], transform(gaps[9, ], b = NA, a = NA))
  numbers <- new[c("a", "b")]
  inputs <- new[c("a", "g", "flag", "b")]
  expect_false(anyNA(predict(fit, new)))
  expect_lt(relative_difference(exported_r(fit)(inputs), predict(fit, new)), 1e-12)
  expect_lt(relative_difference(exported_r(frame)(numbers), predict(frame, new)), 1e-12)
  # levels that are unknown are still not filled
  unknown <- transform(inputs, g = replace(g, 2, "other"))
  expect_identical(which(is.na(exported_r(fit)(unknown))), 2L)
  skip_on_cran()
  folder <- withr::local_tempdir()
  path <- function(ending) file.path(folder, paste0("model.", ending))
  if (requireNamespace("RSQLite", quietly = TRUE)) {
    nn_export(fit, path("sql"), keep = "row_number")
    got <- run_exported_sql(path("sql"), inputs)
    expect_lt(relative_difference(got, predict(fit, new)), 1e-12)
    expect_identical(which(is.na(run_exported_sql(path("sql"), unknown))), 2L)
    nn_export(frame, path("sql"), keep = "row_number")
    got <- run_exported_sql(path("sql"), numbers)
    expect_lt(relative_difference(got, predict(frame, new)), 1e-12)
  }
  skip_without_c()
  for (one in list(list(fit, inputs), list(frame, numbers))) {
    nn_export(one[[1]], path("c"))
    got <- run_exported_c(path("c"), one[[2]], 1)
    expect_lt(relative_difference(got, predict(one[[1]], new)), 1e-12)
  }
})

test_that("ONNX models fill and mark missing inputs as predict() does", {
  skip_on_cran()
  skip_without_onnxruntime()
  path <- withr::local_tempfile(fileext = ".onnx")
  fit <- train(y ~ a * g + flag + b, gaps, missing = "indicator")
  whole <- gaps[!is.na(gaps$flag), c("a", "g", "flag", "b")]
  for (precision in c("double", "single")) {
    nn_export(fit, path, precision = precision)
    got <- run_onnx(path, transform(whole, g = ifelse(is.na(g), "", g)), precision)$response
    expect_lt(
      relative_difference(got, as.matrix(predict(fit, whole))),
      c(double = 1e-12, single = 1e-5)[[precision]]
    )
  }
})
