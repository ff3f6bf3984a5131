# Factors with many levels train as coded matrices. The oracle is the same call with the matrix of
# all dummy variables.

test_that("a coded matrix is the matrix of dummy variables", {
  d <- coded_data(200)
  d$f[3] <- NA
  terms <- terms(y ~ ., data = d)
  xlevels <- .getXlevels(delete.response(terms), d)
  encode <- function(coded, rows = NULL) {
    encode_plain(terms, d, rows, xlevels, NULL, "data", NULL, NULL, coded = coded)$X
  }
  coded <- encode(TRUE)
  dense <- encode(FALSE)
  expect_identical(as.matrix(coded), dense)
  expect_identical(dim(coded), dim(dense))
  expect_identical(has_missing(coded), has_missing(dense))
  some <- c(5, 3, 3, 1)
  expect_identical(as.matrix(coded[some, ]), dense[some, ])
  expect_identical(as.matrix(encode(TRUE, some)), dense[some, ])
  expect_identical(as.matrix(set_rows(coded, c(2, 9), 0)), set_rows(dense, c(2, 9), 0))
  expect_identical(coded_column(coded, 20), unname(dense[, 20]))
  more <- matrix(1:200 + 0, dimnames = list(NULL, "m"))
  expect_identical(as.matrix(append_columns(coded, more)), cbind(dense, more))
  weights <- rep(c(0, 1, 2.5, 3), 50)
  for (standardize in list(TRUE, FALSE, "robust")) {
    for (w in list(numeric(), weights)) {
      scales <- lapply(list(coded[-3, ], dense[-3, ]), function(X) {
        column_scales(X, if (length(w) > 0) w[-3] else w, standardize)
      })
      expect_equal(scales[[1]], scales[[2]], tolerance = 1e-14)
    }
  }
})

test_that("fits with coded matrices differ from others by rounding only", {
  d <- coded_data()
  ways <- list(
    list(optimizer = "lbfgs", epochs = 4), list(precision = "single"),
    list(optimizer = "adam", batch_size = 128, dropout = 0.2, epochs = 3),
    list(standardize = "robust", validation = 0.2), list(hidden = 0),
    list(optimizer = "lm", hidden = 1, epochs = 2),
    list(weights = rep(c(0, 1, 2), 300)), list(effort = "high"), list(skip = TRUE),
    list(hidden = c(4, 3), validation = coded_data(300), max_norm = 2)
  )
  for (way in ways) {
    arguments <- utils::modifyList(
      list(hidden = 3, activation = "tanh", penalty = 0.1, epochs = 3), way
    )
    fits <- both_ways(do.call(nn_train, c(list(y ~ ., quote(d)), arguments)), environment())
    single <- identical(way$precision, "single")
    expect_same_fits(fits, d, if (single) 1e-5 else 1e-11)
  }
})

test_that("coded fits keep the guarantees of all fits", {
  d <- coded_data()
  y <- cut(d$y, 3, labels = c("low", "mid", "high"))
  X <- d[setdiff(names(d), "y")]
  train <- function(...) {
    withr::local_seed(4)
    nn_train(
      X, y,
      hidden = 3, activation = "relu", penalty = 0.1, optimizer = "adam", batch_size = 100, ...
    )
  }
  withr::local_options(backprop.coded_from = 1)
  fit <- train(epochs = 6)
  expect_true(fit$encoding$coded)
  # any number of threads, resumed, and each row alone: the same bits
  expect_identical(coef(train(epochs = 6, threads = 3)), coef(fit))
  expect_identical(coef(nn_continue(train(epochs = 2), X, y, epochs = 4)), coef(fit))
  expect_identical(predict(fit, X, type = "prob"), fitted(fit))
  expect_identical(predict(fit, X[7, ], type = "prob"), fitted(fit)[7, , drop = FALSE])
  # missing values, levels that are new, and no rows
  new <- X[1:6, ]
  new$f[2] <- NA
  new$h[4] <- "unknown"
  expect_error(predict(fit, new), class = "backprop_error_input")
  expect_message(
    predicted <- predict(fit, new, type = "prob", new_levels = "NA"),
    class = "backprop_message_new_levels"
  )
  expect_identical(is.na(predicted[, 1]), c(FALSE, TRUE, FALSE, TRUE, FALSE, FALSE))
  expect_identical(predicted[c(1, 3), ], fitted(fit)[c(1, 3), ])
  expect_length(predict(fit, X[0, ]), 0)
  # files, exports, cross-validation and single steps
  path <- withr::local_tempfile(fileext = ".json")
  nn_save(fit, path)
  expect_identical(nn_load(path), fit)
  nn_export(fit, exported <- withr::local_tempfile(fileext = ".R"))
  alone <- new.env()
  sys.source(exported, alone)
  expect_equal(
    unname(alone$predict_network(X, type = "prob")), unname(fitted(fit)),
    tolerance = 1e-12
  )
  folds <- both_ways(
    nn_cv(X, y, folds = 3, hidden = 2, activation = "tanh", penalty = 0.1, epochs = 2),
    environment()
  )
  expect_equal(folds$coded$scores, folds$dense$scores, tolerance = 1e-10)
  expect_equal(
    nn_forward(fit, X)$output, unname(fitted(fit)),
    tolerance = 1e-12, ignore_attr = TRUE
  )
  expect_s3_class(nn_importance(fit, X, y, repeats = 2), "nn_importance")
  expect_no_error(nn_doctor(fit))
})

test_that("missing values can be filled, and rows be set aside, in coded fits", {
  d <- coded_data(300)
  d$x[1:9] <- NA
  d$f[5:20] <- NA
  fits <- both_ways(
    nn_train(
      y ~ ., d,
      hidden = 2, activation = "tanh", penalty = 0.1, epochs = 3, missing = "indicator",
      calibration = 0.3
    ), environment()
  )
  expect_same_fits(fits, d)
  intervals <- lapply(fits, predict, d[1:5, ], interval = "prediction")
  expect_equal(intervals$coded, intervals$dense, tolerance = 1e-12)
})

test_that("levels that are only declared are the mean of the others in coded fits, too", {
  d <- coded_data(300)
  d$f <- factor(d$f, c(levels(d$f), "rare", "rarer"))
  fits <- both_ways(
    nn_train(y ~ ., d, hidden = 2, activation = "tanh", penalty = 0.1, epochs = 3), environment()
  )
  expect_same_fits(fits, d)
  new <- d[1:4, ]
  new$f[2:3] <- c("rare", "rarer")
  predicted <- lapply(fits, predict, new)
  expect_equal(predicted$coded, predicted$dense, tolerance = 1e-12)
  X <- lapply(fits, function(fit) prepare_newdata(fit, new, "new", NULL)$X)
  expect_equal(X$coded, X$dense, tolerance = 1e-12)
  expect_equal(coded_column(prepare_newdata(fits$coded, new, "new", NULL, decode = FALSE)$X, 9),
    unname(X$dense[, 9]),
    tolerance = 1e-12
  )
})

test_that("many levels never become a dense matrix", {
  set.seed(3)
  n <- 2e4
  d <- data.frame(f = factor(rep_len(1:1000, n)), x = rnorm(n))
  d$y <- sin(as.integer(d$f)) + d$x
  # the dense matrix has 160 MB, and seven copies count
  withr::local_options(backprop.memory_limit = 1e8)
  fit <- nn_train(
    y ~ f + x, d,
    hidden = 2, activation = "tanh", penalty = 0, epochs = 2, optimizer = "adam", batch_size = 500
  )
  expect_true(fit$encoding$coded)
  expect_length(predict(fit, d), n)
  # other contrasts have no zeros
  expect_error(
    nn_train(y ~ f + x, d, contrasts = list(f = "contr.sum"), hidden = 2),
    class = "backprop_error_memory"
  )
})
