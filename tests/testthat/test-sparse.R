# With every argument given, sparse inputs give what the same numbers in a plain matrix give, to the
# last bit, and are not made dense as a whole. What is theirs alone is in test-sparse-data.R.

skip_if_not_installed("Matrix")

# A sparse matrix and targets; row 3 and column 2 are empty, and one of the numbers that are kept is
# 0.
sparse_problem <- function(n = 150, inputs = 12, density = 0.2, seed = 1) {
  set.seed(seed)
  X <- matrix(rnorm(n * inputs) * (runif(n * inputs) < density), n)
  X[3, ] <- 0
  X[, 2] <- 0
  X <- methods::as(X, "CsparseMatrix")
  X@x[5] <- 0
  score <- as.vector(X %*% rnorm(inputs))
  list(
    X = X, y = sin(score) + rnorm(n) / 10,
    class = cut(score, c(-Inf, -0.5, 0.5, Inf), c("low", "middle", "high"))
  )
}

# nn_train() with all arguments of the tutorial's method, but for those given.
train_plainly <- function(X, y, ...) {
  given <- formals(nn_train.matrix)
  without <- c("X", "y", "...", "communicator")
  given <- lapply(given[setdiff(names(given), without)], eval, baseenv())
  given[...names()] <- list(...)
  if (is.null(given$output_activation) && is.numeric(y)) given$output_activation <- "sigmoid"
  if (isS4(X)) given$standardize <- FALSE
  # the default for data is larger
  adam <- is.character(given$optimizer) && given$optimizer[1] %in% c("adam", "adamw")
  if (adam && is.null(given$learning_rate)) given$learning_rate <- 1e-3
  do.call(nn_train, c(list(X, y), given))
}

# A fit without what the two forms of the inputs do differ in: what names the data, and what a fit
# to data has besides; the doctor's root mean squares differ in the order of their sums.
body_of <- function(fit) {
  fit <- unclass(fit)
  fit[c("call", "digest", "held_out_digest", "encoding", "chosen", "na.action")] <- NULL
  fit$probe$typical <- signif(fit$probe$typical, 12)
  fit
}

# Trains on both forms with the same seed; the sparse fit comes back.
expect_same_training <- function(X, y, ..., info = NULL) {
  set.seed(2)
  sparse <- train_plainly(X, y, ...)
  set.seed(2)
  dense <- train_plainly(as.matrix(X), y, ...)
  expect_identical(body_of(sparse), body_of(dense), info = info)
  invisible(sparse)
}

# The error, whose message is looked at.
refused <- function(expression) {
  writeLines(conditionMessage(expect_error(expression, class = "backprop_error_input")))
}

problem <- sparse_problem()
X <- problem$X

test_that("the problem has an empty row, an empty column and a kept 0", {
  expect_s4_class(X, "dgCMatrix")
  expect_equal(sum(X@i == 2), 0)
  expect_equal(diff(X@p)[2], 0)
  expect_true(any(X@x == 0) && sum(X@x != 0) > 200)
})

test_that(
  "training on a sparse matrix is training on the plain one, for every optimiser and precision",
  {
    for (precision in c("double", "single")) {
      for (name in c("gradient_descent", "momentum", "nesterov", "rmsprop", "adam", "adamw")) {
        expect_same_training(
          X, problem$class,
          hidden = 5, reduction = "mean", optimizer = name, batch_size = 32,
          dropout = 0.2, epochs = 12, precision = precision, info = paste(name, precision)
        )
      }
      for (name in c("gradient_descent", "rprop", "lbfgs", "lm")) {
        fit <- expect_same_training(
          X, problem$y,
          hidden = 4, activation = "tanh", output_activation = "identity",
          loss = "squared_error", reduction = "mean", optimizer = name, epochs = 12,
          precision = precision, info = paste(name, precision, "full batch")
        )
        expect_lt(fit$history$loss[12], fit$history$loss[1])
      }
    }
  }
)

test_that(
  "shares held out, weights, offsets, penalties and several pieces of rows are the same too",
  {
    weights <- rep_len(c(1, 0, 2.5), nrow(X))
    for (optimizer in c("adam", "lbfgs")) {
      batch_size <- if (optimizer == "adam") 20
      expect_same_training(
        X, problem$class,
        validation = 0.3, weights = weights, class_weights = "balanced",
        optimizer = optimizer, batch_size = batch_size, epochs = 15, penalty = 0.01
      )
      fit <- expect_same_training(
        X, problem$y,
        output_activation = "identity", offset = cos(seq_len(nrow(X))),
        optimizer = optimizer, batch_size = batch_size, epochs = 15
      )
      expect_identical(
        predict(fit, X, offset = rep(1, nrow(X))),
        predict(fit, as.matrix(X), offset = rep(1, nrow(X)))
      )
    }
    # the output bias of counts begins elsewhere, so they need the start
    expect_same_training(
      X, rep_len(c(0, 3, 1), nrow(X)),
      loss = "poisson", output_activation = "exp",
      reduction = "mean", optimizer = "lbfgs", start = nn_init(12, 1, hidden = 3), epochs = 8
    )
    many <- sparse_problem(2500, 7)
    expect_same_training(
      many$X, many$y,
      output_activation = "identity", reduction = "mean", epochs = 4
    )
    expect_same_training(
      many$X, many$y,
      output_activation = "identity", reduction = "mean", batch_size = 1500,
      validation = 0.45, optimizer = "adam", epochs = 4
    )
  }
)

test_that("held-out data may be sparse or not, whatever the training's are", {
  held <- sparse_problem(60, 12, seed = 3)
  set.seed(2)
  expected <- nn_train(
    as.matrix(X), problem$y,
    epochs = 10, validation = list(X = as.matrix(held$X), y = held$y)
  )
  for (training in list(X, as.matrix(X))) {
    for (judged in list(held$X, as.matrix(held$X))) {
      set.seed(2)
      expect_identical(
        body_of(train_plainly(
          training, problem$y,
          epochs = 10, validation = list(X = judged, y = held$y)
        )),
        body_of(expected)
      )
    }
  }
})

test_that("a matrix without any number but 0 trains", {
  zero <- Matrix::sparseMatrix(i = integer(), j = integer(), x = numeric(), dims = c(20, 3))
  fit <- expect_same_training(zero, rep_len(0:1, 20), epochs = 20)
  expect_length(unique(predict(fit, zero)), 1)
})

test_that("predictions, losses, gradients and the pieces are the same", {
  for (precision in c("double", "single")) {
    fit <- train_plainly(X, problem$class, epochs = 10, precision = precision)
    for (type in c("response", "class", "prob")) {
      expect_identical(predict(fit, X, type = type), predict(fit, as.matrix(X), type = type))
    }
    expect_identical(predict(fit, X), fit$output)
    expect_identical(predict(fit, X[7, , drop = FALSE]), predict(fit, X)[7, , drop = FALSE])
    expect_identical(predict(fit, X[0, ]), predict(fit, as.matrix(X)[0, ]))
    expect_identical(dim(predict(fit, X[0, ])), c(0L, 3L))
  }
  many <- sparse_problem(1200, 12)
  fit <- train_plainly(
    X, problem$y,
    output_activation = "identity", reduction = "mean", epochs = 10,
    weights = rep_len(1:2, nrow(X))
  )
  expect_identical(predict(fit, many$X), predict(fit, as.matrix(many$X)))
  expect_gt(length(unique(predict(fit, many$X))), 500)
  for (f in list(nn_loss, nn_gradient, nn_backward)) {
    expect_identical(f(fit, many$X, many$y), f(fit, as.matrix(many$X), many$y))
  }
  expect_identical(
    nn_loss(coef(fit), many$X, many$y, weights = seq_len(1200)),
    nn_loss(coef(fit), as.matrix(many$X), many$y, weights = seq_len(1200))
  )
  expect_identical(nn_forward(fit, many$X), nn_forward(fit, as.matrix(many$X)))
  expect_lt(nn_check_gradient(fit, X, problem$y)$difference, 1e-7)
})

test_that("nn_continue() goes on to the last bit, and knows other data", {
  for (settings in list(
    list(optimizer = "adam", batch_size = 32, validation = 0.2), list(optimizer = "lbfgs")
  )) {
    train <- function(epochs) {
      set.seed(4)
      do.call(train_plainly, c(
        list(X, problem$y, output_activation = "identity", reduction = "mean", epochs = epochs),
        settings
      ))
    }
    expect_no_warning(whole <- nn_continue(train(10), X, problem$y, epochs = 10))
    expect_identical(body_of(whole), body_of(train(20)))
    moved <- X # one number a row further down
    free <- which(diff(X@i) > 1)[1]
    moved@i[free] <- moved@i[free] + 1L
    changed <- X
    changed@x[1] <- 0.5
    for (other in list(moved, changed, X[, c(2:1, 3:12)], as.matrix(X))) {
      expect_warning(
        nn_continue(train(10), other, problem$y, epochs = 1),
        class = "backprop_warning_other_data"
      )
    }
  }
})

test_that("columns are matched by name", {
  named <- X
  dimnames(named) <- list(paste0("case", seq_len(nrow(X))), paste0("input", seq_len(ncol(X))))
  fit <- expect_same_training(named, problem$y, epochs = 10)
  expect_identical(fit$inputs, colnames(named))
  expect_identical(names(predict(fit, named)), rownames(named))
  expect_identical(predict(fit, cbind(named[, 12:1], further = 1)), predict(fit, named))
  expect_identical(predict(fit, unname(as.matrix(named))), unname(predict(fit, named)))
  expect_error(predict(fit, named[, -4]), "input4", class = "backprop_error_input")
  expect_error(predict(fit, X[, -4]), class = "backprop_error_input")
})

test_that("other sparse matrices of numbers are taken as they are", {
  set.seed(2)
  expected <- body_of(train_plainly(X, problem$y, epochs = 5))
  for (kind in c("TsparseMatrix", "RsparseMatrix")) {
    set.seed(2)
    other <- methods::as(X, kind)
    expect_false(methods::is(other, "dgCMatrix"))
    expect_identical(body_of(train_plainly(other, problem$y, epochs = 5)), expected)
  }
  symmetric <- Matrix::crossprod(X)
  expect_s4_class(symmetric, "dsCMatrix")
  expect_same_training(symmetric, problem$y[1:12], epochs = 5)
  expect_same_training(Matrix::Diagonal(12), problem$y[1:12], epochs = 5)
})

test_that("sparse inputs that cannot be used are refused", {
  with_na <- X
  with_na@x[100] <- NA
  named <- with_na
  colnames(named) <- paste0("input", seq_len(ncol(X)))
  # the place is that of the plain matrix
  expect_identical(which(is.na(as.matrix(with_na)), arr.ind = TRUE)[1, ], c(
    row = X@i[100] + 1L, col = findInterval(99, X@p)
  ))
  with_inf <- X
  with_inf@x[1] <- -Inf
  broken <- X
  broken@i[1] <- 1000L
  fit <- nn_train(X, problem$y, epochs = 1)
  expect_snapshot({
    refused(nn_train(with_na, problem$y))
    refused(nn_train(named, problem$y))
    refused(nn_train(with_inf, problem$y))
    refused(predict(fit, with_na))
    refused(nn_loss(fit, with_na, problem$y))
    refused(nn_train(X, problem$y, validation = list(X = with_na, y = problem$y)))
    refused(nn_train(X > 0, problem$y))
    refused(nn_train(Matrix::Matrix(as.matrix(X) + 1), problem$y))
    refused(nn_train(X[0, ], numeric()))
    refused(nn_train(X[, 0], problem$y))
    refused(nn_train(X, problem$y[-1]))
    refused(nn_train(broken, problem$y))
    refused(predict(fit, X[, -1]))
    refused(nn_trace(X, problem$y))
  })
  expect_error(nn_train(X), "`y` is missing", class = "backprop_error_input")
  expect_error(nn_train(X, problem$y, hiden = 2), "hiden", class = "backprop_error_argument")
})

test_that(
  paste0(
    "a matrix that would not fit in memory as a plain one trains and predicts in what its numbers ",
    "take"
  ),
  {
    skip_on_cran()
    withr::local_options(backprop.memory_limit = 5e8)
    set.seed(1)
    n <- 1e5
    k <- 1e5
    wide <- Matrix::sparseMatrix(
      i = sample.int(n, k, TRUE), j = sample.int(1e4, k, TRUE), x = rnorm(k), dims = c(n, 1e4)
    )
    y <- rep_len(0:1, n)
    before <- most_held()
    fit <- train_plainly(
      wide, y,
      hidden = 2, epochs = 1, batch_size = 256, reduction = "mean",
      start = nn_init(1e4, 1, hidden = 2)
    )
    held <- most_held() - before
    expect_equal(nrow(fit$output), n)
    rows <- c(1:3, 50001, n)
    expect_identical(predict(fit, as.matrix(wide[rows, ])), fit$output[rows])
    # the plain matrix takes 8e9
    if (!is.na(held)) expect_lt(held, 5e8)
    # what is refused is told by the numbers that are kept, and by the rows that are dense at a time
    withr::local_options(backprop.memory_limit = 8e7)
    expect_error(nn_train(wide, y, hidden = 2, batch_size = 256), class = "backprop_error_memory")
  }
)
