# A sparse matrix is data: it has the defaults, the outcomes and the arguments of a data frame, and
# its zeros stay zeros.

skip_if_not_installed("Matrix")

# Inputs of different sizes: input 2 is 0 everywhere, input 3 is 4 everywhere, input 4 is -2 or 0,
# input 5 is in thousands.
sparse_cases <- function(n = 200, inputs = 12, seed = 1) {
  set.seed(seed)
  X <- matrix(rnorm(n * inputs) * (runif(n * inputs) < 0.3), n, dimnames = list(
    NULL, paste0("input", seq_len(inputs))
  ))
  X[, 2] <- 0
  X[, 3] <- 4
  X[, 4] <- -2 * (X[, 4] != 0)
  score <- as.vector(X %*% rnorm(inputs)) + rnorm(n) / 5
  score <- score - mean(score)
  X[, 5] <- 1000 * X[, 5]
  list(
    X = methods::as(X, "CsparseMatrix"), y = 50 + 10 * score,
    class = cut(score, c(-Inf, -1, 1, Inf), c("low", "middle", "high")),
    count = rpois(n, exp(score / 4))
  )
}
# unname() of Matrix says what it does
unname <- function(x) suppressMessages(base::unname(x))
cases <- sparse_cases()
X <- cases$X
frame_of_X <- as.data.frame(as.matrix(X))

root_mean_square <- function(x, weights = rep(1, length(x))) {
  sqrt(sum((weights * x^2)[x != 0]) / sum(weights[x != 0]))
}

test_that("the defaults are those of a data frame with as many rows", {
  chosen <- function(...) {
    fit <- seeded(..., epochs = 1)
    list(fit$settings[setdiff(names(fit$settings), "penalty")], fit$layers, fit$chosen)
  }
  expect_identical(chosen(X, cases$y), chosen(frame_of_X, cases$y))
  many <- sparse_cases(1000)
  fit <- seeded(many$X, many$class, epochs = 1)
  expect_identical(chosen(many$X, many$class), chosen(as.data.frame(as.matrix(many$X)), many$class))
  expect_identical(
    list(fit$settings$optimizer$name, fit$settings$batch_size, fit$settings$validation),
    list("adam", 64, NULL)
  )
  # rows trained on count, and few of them choose the penalty by cross-validation
  expect_identical(
    seeded(many$X, many$class, epochs = 1, calibration = 0.2)$settings$optimizer$name, "lbfgs"
  )
  few <- seeded(X, cases$y, epochs = 5, hidden = 3)
  expect_identical(unclass(few)$evidence$method, "4-fold cross-validation")
  expect_identical(
    setdiff(names(formals(nn_train.data.frame)), names(formals(getS3method("nn_train", "Matrix")))),
    character()
  )
})

test_that("the outcome decides as it does for a data frame", {
  outcomes <- list(
    cases$class, cases$class == "high", as.character(cases$class), cases$y,
    cbind(one = cases$y, two = -cases$count), data.frame(y = cases$y)
  )
  for (y in outcomes) {
    sparse <- seeded(X, y, hidden = 2, penalty = 0.01)
    frame <- seeded(frame_of_X, y, hidden = 2, penalty = 0.01)
    for (field in c("levels", "outputs", "n")) expect_identical(sparse[[field]], frame[[field]])
    expect_identical(sparse$encoding$outcome, frame$encoding$outcome)
    expect_identical(sparse$settings$loss, frame$settings$loss)
    expect_identical(sparse$settings$output_activation, frame$settings$output_activation)
    expect_identical(dim(sparse$output), dim(frame$output))
  }
  numbers <- seeded(X, cases$y, epochs = 100, hidden = 5, penalty = 0.001)
  expect_gt(summary(numbers)$errors$r_squared, 0.9)
  expect_equal(mean(predict(numbers, X)), mean(cases$y), tolerance = 0.02)
  counts <- seeded(X, cases$count, loss = "poisson", hidden = 2, penalty = 0.01)
  expect_identical(counts$encoding$outcome$kind, "count")
  expect_true(all(predict(counts, X) > 0))
  expect_equal(
    mean(predict(
      seeded(X, cases$count, loss = "poisson", hidden = 0, penalty = 0, epochs = 100), X
    )),
    mean(cases$count),
    tolerance = 1e-3
  )
})

test_that(
  "columns are divided by the root mean square of their numbers other than 0, and not centred",
  {
    fit <- seeded(X, cases$class, hidden = 3, penalty = 0.01)
    expected <- apply(as.matrix(X), 2, root_mean_square)
    expected[["input2"]] <- 1
    expect_equal(fit$encoding$scale, expected, tolerance = 1e-14)
    expect_equal(fit$encoding$scale[["input4"]], 2)
    expect_true(all(fit$encoding$center == 0))
    # so the fit is the one to what was divided by hand
    by_hand <- seeded(
      X %*% Matrix::Diagonal(x = 1 / fit$encoding$scale), cases$class,
      hidden = 3, penalty = 0.01,
      standardize = FALSE,
      start = coef(seeded(X, cases$class, hidden = 3, penalty = 0.01, epochs = 0))
    )
    expect_equal(coef(fit), coef(by_hand), tolerance = 1e-6)
    expect_equal(fit$objective, by_hand$objective, tolerance = 1e-8)
    # of the rows trained on, by their weights
    weights <- rep(c(1, 0, 2.5, 1), 50)
    fit <- seeded(X, cases$class, hidden = 2, penalty = 0.01, weights = weights, calibration = 0.3)
    seed <- fit$encoding$calibration$seed
    kept <- draw_calibration(0.3, cases$class, weights, environment(), seed)$rows
    rows <- setdiff(1:200, kept)
    expect_equal(
      fit$encoding$scale[-2], apply(as.matrix(X)[rows, -2], 2, root_mean_square, weights[rows]),
      tolerance = 1e-14
    )
    expect_identical(
      unique(
        seeded(X, cases$class, hidden = 2, penalty = 0.01, standardize = FALSE)$encoding$scale
      ),
      1
    )
  }
)

test_that("zeros stay zeros, kept zeros do not count, and sizes do not matter", {
  scaled <- divide_columns(X, seq_len(12) / 4)
  expect_s4_class(scaled, "dgCMatrix")
  expect_identical(scaled@i, X@i)
  expect_identical(
    as.matrix(scaled), standardize_columns(as.matrix(X), numeric(12), seq_len(12) / 4)
  )
  kept <- X
  kept@x[1:5] <- 0
  expect_identical(
    sparse_scales(kept, numeric(), TRUE), sparse_scales(Matrix::drop0(kept), numeric(), TRUE)
  )
  # a slot may be longer than its matrix says
  longer <- X
  longer@x <- c(X@x, 7, 7)
  longer@i <- c(X@i, 0L, 0L)
  expect_identical(sparse_scales(longer, numeric(), TRUE), sparse_scales(X, numeric(), TRUE))
  expect_identical(as.matrix(divide_columns(longer, rep(2, 12))), as.matrix(X) / 2)
  sizes <- c(1e-200, 1, 1, 1e200, 1e-5, rep(1, 7))
  of_any_size <- X %*% Matrix::Diagonal(x = sizes)
  expect_equal(
    unname(sparse_scales(of_any_size, numeric(), TRUE)$scale[-2]),
    unname((sizes * sparse_scales(X, numeric(), TRUE)$scale)[-2]),
    tolerance = 1e-14
  )
  fit <- seeded(of_any_size, cases$y, hidden = 3, penalty = 0.01, epochs = 5)
  expect_equal(
    predict(fit, of_any_size),
    unname(predict(seeded(X, cases$y, hidden = 3, penalty = 0.01, epochs = 5), X)),
    tolerance = 1e-8
  )
})

test_that("a column of zeros has no effect, and a constant one does no harm", {
  fit <- seeded(X, cases$y, hidden = 3, penalty = 0.01)
  expect_identical(fit$encoding$constant, 2L)
  expect_true(all(fit$wh[2, ] == 0))
  other <- X
  other[1:10, 2] <- 1e6
  expect_identical(predict(fit, other), predict(fit, X))
  expect_output(print(fit), "1 constant column without effect")
  without <- seeded(X[, -3], cases$y, hidden = 3, penalty = 0.01, epochs = 100)
  with <- seeded(X, cases$y, hidden = 3, penalty = 0.01, epochs = 100)
  expect_lt(with$objective, 1.2 * without$objective)
  expect_true(all(is.finite(predict(with, X))))
  zero <- Matrix::sparseMatrix(i = integer(), j = integer(), x = numeric(), dims = c(20, 3))
  expect_equal(
    predict(seeded(zero, 1:20, hidden = 2, epochs = 100), zero), rep(10.5, 20),
    tolerance = 1e-4
  )
})

test_that("predict() matches columns by name, else by number, and takes plain matrices", {
  named <- X
  rownames(named) <- paste0("case", 1:200)
  fit <- seeded(named, cases$class, hidden = 3, penalty = 0.01)
  for (type in c("response", "class", "prob")) {
    expected <- predict(fit, named, type = type)
    expect_identical(predict(fit, cbind(named[, 12:1], further = 1), type = type), expected)
    expect_identical(predict(fit, as.matrix(named), type = type), expected)
    expect_identical(predict(fit, as.matrix(named)[, 12:1], type = type), expected)
    expect_identical(
      predict(fit, unname(X), type = type),
      if (type == "class") unname(expected) else unname_rows(expected)
    )
  }
  expect_identical(predict(fit), fit$output)
  expect_identical(predict(fit, named), fit$output)
  expect_identical(predict(fit, named[7, , drop = FALSE]), predict(fit, named)[7, , drop = FALSE])
  expect_identical(dim(predict(fit, named[0, ])), c(0L, 3L))
  for (kind in c("TsparseMatrix", "RsparseMatrix")) {
    expect_identical(predict(fit, methods::as(named, kind)), predict(fit, named))
  }
  nameless <- seeded(unname(X), cases$y, hidden = 3, penalty = 0.01)
  expect_null(nameless$inputs)
  expect_identical(predict(nameless, X), predict(nameless, unname(X)))
  expect_identical(predict(nameless, X[5, , drop = FALSE]), predict(nameless, X)[5])
})

test_that("calibration rows are kept from training, and make intervals and sets", {
  fit <- seeded(X, cases$y, hidden = 3, penalty = 0.01, calibration = 0.25)
  rows <- draw_calibration(0.25, cases$y, NULL, environment(), fit$encoding$calibration$seed)$rows
  expect_length(rows, 50)
  expect_identical(fit$n, 150L)
  expect_equal(
    fit$calibration[[1]], sort(abs(cases$y[rows] - predict(fit, X[rows, ]))),
    tolerance = 1e-14
  )
  # what is in them is not known to the training
  other <- X
  other[rows, ] <- other[rows, ] * 7
  expect_identical(
    coef(seeded(
      other, replace(cases$y, rows, 1e6),
      hidden = 3, penalty = 0.01, calibration = 0.25
    )),
    coef(fit)
  )
  interval <- predict(fit, X[1:5, ], interval = "prediction", level = 0.8)
  expect_identical(colnames(interval), c("fit", "lwr", "upr"))
  expect_equal(
    unname(interval[, "upr"] - interval[, "fit"]), rep(fit$calibration[[1]][41], 5),
    tolerance = 1e-12
  )
  sets <- predict(
    seeded(X, cases$class, hidden = 3, penalty = 0.01, calibration = 0.25), X,
    interval = "prediction"
  )
  expect_identical(dim(sets), c(200L, 3L))
  expect_type(sets, "logical")
  expect_gt(mean(sets[cbind(1:200, as.integer(cases$class))]), 0.8)
})

test_that("case and class weights, offsets and held-out rows act as for a data frame", {
  weights <- rep(c(1, 0, 2, 1), 50)
  twice <- seeded(X, cases$class, hidden = 2, penalty = 0.01, weights = weights)
  expect_equal(
    coef(seeded(
      X[rep(1:200, weights), ], cases$class[rep(1:200, weights)],
      hidden = 2, penalty = 0.01
    )),
    coef(twice),
    tolerance = 1e-5
  )
  balanced <- seeded(
    X, cases$class,
    hidden = 0, penalty = 0.01, class_weights = "balanced", epochs = 50
  )
  plain <- seeded(X, cases$class, hidden = 0, penalty = 0.01, epochs = 50)
  rare <- names(which.min(table(cases$class)))
  expect_gt(mean(predict(balanced, X)[, rare]), mean(predict(plain, X)[, rare]))
  offset <- 10 * cos(1:200)
  fit <- seeded(X, cases$y + offset, hidden = 3, penalty = 0.01, offset = offset, epochs = 50)
  without <- seeded(X, cases$y, hidden = 3, penalty = 0.01, epochs = 50)
  expect_equal(predict(fit, X, offset = numeric(200)), predict(without, X), tolerance = 1e-5)
  expect_error(predict(fit, X), class = "backprop_error_argument")
  share <- seeded(X, cases$class, hidden = 3, validation = 0.2, penalty = 0.01, epochs = 30)
  expect_identical(
    share$settings[c("validation", "patience")], list(validation = 0.2, patience = Inf)
  )
  expect_false(is.null(share$best_epoch))
  # given data, sparse or plain, in any order of columns: as held out by hand
  held <- sparse_cases(60, seed = 3)
  one <- seeded(X, cases$y, hidden = 3, penalty = 0.01, validation = list(X = held$X, y = held$y))
  other <- seeded(X, cases$y, hidden = 3, penalty = 0.01, validation = list(
    X = as.matrix(held$X)[, 12:1], y = held$y
  ))
  expect_identical(one$history, other$history)
  last_error <- mean(
    (held$y - predict(
      nn_continue(one, X, cases$y, epochs = 0, validation = list(X = held$X, y = held$y)), held$X
    ))^2
  )
  expect_equal(
    sqrt(last_error), one$history$validation_rmse[one$best_epoch],
    tolerance = 1e-6
  )
})

test_that("rows of a missing outcome go to na.action, missing inputs are refused", {
  y <- replace(cases$y, c(3, 10), NA)
  fit <- seeded(X, y, hidden = 2, penalty = 0.01)
  expect_identical(
    coef(fit), coef(seeded(X[-c(3, 10), ], y[-c(3, 10)], hidden = 2, penalty = 0.01))
  )
  expect_output(print(fit), "Dropped: +2 rows with missing values")
  excluded <- seeded(X, y, hidden = 2, penalty = 0.01, na.action = na.exclude)
  expect_length(fitted(excluded), 200)
  expect_identical(unname(which(is.na(fitted(excluded)))), c(3L, 10L))
  weights <- replace(rep(1, 200), 5, NA)
  expect_identical(seeded(X, cases$y, hidden = 2, penalty = 0.01, weights = weights)$n, 199L)
  expect_error(seeded(X, y, na.action = na.fail), class = "backprop_error_input")
})

test_that("nn_continue() goes on to the last bit, with what calibrates the longer fit", {
  for (settings in list(
    list(optimizer = "adam", batch_size = 32, validation = 0.2), list(optimizer = "lbfgs")
  )) {
    train <- function(epochs) {
      do.call(seeded, c(
        list(X, cases$y, hidden = 3, penalty = 0.01, calibration = 0.2, epochs = epochs), settings
      ))
    }
    expect_no_warning(whole <- nn_continue(train(10), X, cases$y, epochs = 10))
    expect_same_fit(whole, train(20))
    expect_no_warning(expect_identical(
      coef(nn_continue(train(10), X[, 12:1], cases$y, epochs = 10)), coef(whole)
    ))
    for (other in list(as.matrix(X), X * 1.5)) {
      expect_warning(
        nn_continue(train(10), other, cases$y, epochs = 1),
        class = "backprop_warning_other_data"
      )
    }
  }
  # a plain matrix is scaled as the sparse one of its numbers is
  fit <- seeded(X, cases$class, hidden = 3, penalty = 0.01)
  expect_identical(
    suppressWarnings(coef(nn_continue(fit, as.matrix(X) * 1.5, cases$class, epochs = 3))),
    suppressWarnings(coef(nn_continue(fit, X * 1.5, cases$class, epochs = 3)))
  )
})

test_that("losses, gradients and the pieces see what the network sees", {
  weights <- rep(c(1, 3), 100)
  offset <- sin(1:200)
  fit <- seeded(X, cases$y, hidden = 3, penalty = 0.01, weights = weights, offset = offset)
  expect_equal(
    nn_loss(fit, X, cases$y, weights = weights, offset = offset), fit$objective,
    tolerance = 1e-12
  )
  classes <- seeded(X, cases$class == "low", hidden = 3, penalty = 0.01)
  expect_equal(nn_loss(classes, X, cases$class == "low"), classes$objective, tolerance = 1e-12)
  expect_identical(
    nn_loss(classes, as.matrix(X)[, 12:1], cases$class == "low"),
    nn_loss(classes, X, cases$class == "low")
  )
  expect_lt(nn_check_gradient(classes, X, cases$class == "low")$difference, 1e-7)
  expect_identical(nn_forward(classes, X)$output[, 1], predict(classes, X))
  expect_equal(
    unname(decode_output(nn_forward(fit, X, offset = offset)$output, fit$encoding)),
    unname(fit$output),
    tolerance = 1e-14
  )
  expect_equal(
    nn_backward(fit, X, cases$y, weights = weights, offset = offset)$gradient,
    nn_gradient(fit, X, cases$y, weights = weights, offset = offset),
    tolerance = 1e-14
  )
})

test_that("a fit is kept in files and brought back to the last bit", {
  skip_if_not_installed("jsonlite")
  for (inputs in list(X, unname(X))) {
    fit <- seeded(inputs, cases$class, hidden = 3, penalty = 0.01, calibration = 0.2)
    path <- withr::local_tempfile(fileext = ".json")
    nn_save(fit, path)
    back <- nn_load(path)
    expect_identical(back[setdiff(names(back), "call")], unclass(fit)[setdiff(names(fit), "call")])
    expect_identical(
      predict(back, X, interval = "prediction"), predict(fit, X, interval = "prediction")
    )
    expect_identical(
      coef(nn_continue(back, inputs, cases$class, epochs = 2)),
      coef(nn_continue(fit, inputs, cases$class, epochs = 2))
    )
  }
  broken <- unclass(fit)
  broken$encoding$scale[3] <- 0
  expect_error(check_model(broken), class = "backprop_internal_format")
  expect_null(fit$encoding$columns)
  # neither the numbers nor their places are kept
  expect_lt(
    length(serialize(
      seeded(X, cases$class, hidden = 3, penalty = 0.01, keep_fitted = FALSE, epochs = 1), NULL
    )),
    length(serialize(X, NULL))
  )
})

test_that("an exported fit scales its inputs", {
  skip_on_cran()
  fit <- seeded(X, cases$y, hidden = 3, penalty = 0.01)
  plain <- as.matrix(X)
  path <- withr::local_tempfile(fileext = ".R")
  nn_export(fit, path)
  expect_lt(relative_difference(run_exported_r(path, plain), predict(fit, X)), 1e-12)
  if (!is.null(c_compiler())) {
    path <- withr::local_tempfile(fileext = ".c")
    nn_export(fit, path)
    expect_lt(
      relative_difference(run_exported_c(path, unname(plain), 1), as.matrix(predict(fit, X))), 1e-12
    )
  }
  if (rlang::is_installed("RSQLite")) {
    path <- withr::local_tempfile(fileext = ".sql")
    nn_export(fit, path, keep = "row_number")
    expect_lt(
      relative_difference(run_exported_sql(path, as.data.frame(plain)), as.matrix(predict(fit, X))),
      1e-12
    )
  }
  skip_without_onnxruntime()
  # numbers that single precision holds exactly
  coarse <- round(X * 64) / 64
  fit <- seeded(coarse, cases$class, hidden = 3, penalty = 0.01)
  for (precision in c("double", "single")) {
    path <- withr::local_tempfile(fileext = ".onnx")
    nn_export(fit, path, precision = precision)
    got <- run_onnx(path, as.matrix(coarse), precision)
    expect_lt(
      relative_difference(got$response, predict(fit, coarse)),
      c(double = 1e-12, single = 1e-6)[[precision]]
    )
    expect_identical(got$class, as.character(predict(fit, coarse, type = "class")))
  }
})

test_that("nn_cv() learns the scales without the fold, in parallel too", {
  fold <- rep(1:4, 50)
  set.seed(1)
  result <- nn_cv(
    X, cases$y,
    folds = fold, hidden = 2, epochs = 10, penalty = 0.01, keep_fits = TRUE
  )
  expect_equal(
    unname(result$fits[[2]]$encoding$scale[-2]),
    unname(apply(as.matrix(X)[fold != 2, -2], 2, root_mean_square)),
    tolerance = 1e-14
  )
  expect_identical(
    result$predictions$predicted[fold == 3], predict(result$fits[[3]], X[fold == 3, ])
  )
  expect_identical(
    nn_cv(X, replace(cases$y, 7, NA), folds = 5, hidden = 2, epochs = 2, penalty = 0.01)$n, 199L
  )
  skip_on_cran()
  skip_if_not_installed("future.apply")
  old <- future::plan(future::multisession, workers = 2)
  on.exit(future::plan(old))
  set.seed(1)
  expect_identical(
    nn_cv(
      X, cases$y,
      folds = fold, hidden = 2, epochs = 10, penalty = 0.01, keep_fits = TRUE
    )$predictions,
    result$predictions
  )
})

test_that("what is printed says how the inputs were scaled", {
  expect_snapshot({
    seeded(X, cases$class, hidden = 3, optimizer = "adam", calibration = 0.2, epochs = 1)
    seeded(X, cases$y, hidden = 3, standardize = FALSE, penalty = 0, epochs = 0)
  })
  fit <- seeded(X, cases$class, hidden = 3, penalty = 0.01)
  expect_identical(nobs(fit), 200L)
  expect_output(print(summary(fit)), "scaled, not centred")
  unscaled <- function(fit) with(nn_doctor(fit), found[check == "unscaled"])
  expect_false(unscaled(fit))
  expect_true(unscaled(seeded(X, cases$class, hidden = 3, penalty = 0.01, standardize = FALSE)))
  two <- seeded(X[, c(1, 6)], cases$class, hidden = 3, penalty = 0.01)
  path <- withr::local_tempfile(fileext = ".png")
  grDevices::png(path)
  plot(two, "boundary", data = as.matrix(X[, c(1, 6)]), y = cases$class)
  plot(two, "boundary")
  grDevices::dev.off()
  expect_gt(file.size(path), 1000)
})

test_that("what cannot be used is refused", {
  with_na <- X
  with_na@x[100] <- NA
  fit <- seeded(X, cases$y, hidden = 2, penalty = 0.01, epochs = 1)
  nameless <- unname(X)[, -4]
  expect_snapshot({
    refused(nn_train(with_na, cases$y), "input")
    refused(predict(fit, with_na), "input")
    refused(predict(fit, X[, -4]), "input")
    refused(predict(fit, nameless), "input")
    refused(predict(fit, frame_of_X), "input")
    refused(predict(fit, X, interval = "prediction"), "argument")
    refused(nn_continue(fit, frame_of_X, cases$y, epochs = 1), "input")
    refused(nn_continue(fit, X[, -1], cases$y, epochs = 1), "input")
    refused(nn_continue(fit, X, cases$class, epochs = 1), "input")
    refused(nn_train(X, cases$y, validation = list(X = with_na, y = cases$y)), "input")
    refused(nn_train(X, cases$y, validation = list(X = X[, -1], y = cases$y)), "input")
    refused(nn_train(X, rep("same", 200)), "input")
    refused(nn_train(X, cases$y[-1]), "input")
    refused(nn_train(X), "input")
    refused(nn_train(X, y ~ x), "argument")
    refused(nn_train(X, cases$y, calibraton = 0.2), "argument")
    refused(nn_train(X, cases$y, weights = 1), "argument")
    refused(nn_loss(fit, X, cases$class), "input")
    refused(predict(seeded(mpg ~ wt, mtcars, hidden = 2, penalty = 0, epochs = 1), X), "input")
  })
})

test_that("the data's way takes no more memory than the numbers other than 0 ask for", {
  skip_on_cran()
  withr::local_options(backprop.memory_limit = 5e8)
  set.seed(1)
  n <- 1e5
  k <- 1e5
  wide <- Matrix::sparseMatrix(
    i = sample.int(n, k, TRUE), j = sample.int(1e4, k, TRUE), x = rnorm(k), dims = c(n, 1e4),
    dimnames = list(NULL, paste0("word", 1:1e4))
  )
  y <- rep_len(c(TRUE, FALSE, FALSE), n)
  before <- most_held()
  fit <- nn_train(
    wide, y,
    hidden = 2, epochs = 1, batch_size = 4096, calibration = 0.2,
    class_weights = "balanced"
  )
  sets <- predict(fit, wide[, 1e4:1], interval = "prediction")
  loss <- nn_loss(fit, wide, y)
  longer <- nn_continue(fit, wide, y, epochs = 1)
  held <- most_held() - before
  expect_identical(dim(sets), c(100000L, 2L))
  expect_identical(nrow(longer$history), 2L)
  # the plain matrix takes 8e9
  if (!is.na(held)) expect_lt(held, 5e8)
})
