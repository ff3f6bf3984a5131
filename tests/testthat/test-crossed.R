# Interactions of factors train as coded matrices. The oracles are stats::model.matrix() and the
# same call with the matrix of all dummy variables.

crossed_data <- function(n = 600) {
  set.seed(5)
  d <- data.frame(
    a = factor(sample(sprintf("a%02d", 1:9), n, TRUE)), b = sample(letters[1:8], n, TRUE),
    on = runif(n) > 0.4, o = factor(sample(c("lo", "mid", "hi"), n, TRUE), c("lo", "mid", "hi"),
      ordered = TRUE
    ), x = rnorm(n), z = runif(n)
  )
  d$`my var` <- factor(sample(c("k", "l"), n, TRUE))
  d$y <- d$x + as.integer(d$a) * (d$b > "c") / 5 + rnorm(n) / 5
  d
}

# A formula's inputs, coded and as a matrix, with their contrasts.
encoded_both_ways <- function(formula, d, new = d, declared = NULL, rows = NULL) {
  terms <- terms(formula, data = d)
  encoding <- list(
    terms = terms, xlevels = .getXlevels(delete.response(terms), model.frame(terms, d)),
    declared = declared
  )
  lapply(c(coded = TRUE, dense = FALSE), function(coded) {
    encode_terms(c(encoding, list(coded = coded)), new, "data", NULL, rows)
  })
}

crossed_formulas <- list(
  y ~ a:b, y ~ a * b, y ~ a + a:b, y ~ b + a:b + x, y ~ a:b - 1, y ~ a * b - 1, y ~ a:b:on,
  y ~ (a + b + on)^2, y ~ `my var` * a * b, y ~ a:b + x:z + x:a + o * b, y ~ b:a + on:b,
  y ~ a %in% b + z
)

test_that("coded interactions have the columns of model.matrix(), in its order", {
  d <- crossed_data(200)
  d$a[3] <- NA
  d$on[7] <- NA
  for (formula in crossed_formulas) {
    both <- encoded_both_ways(formula, d)
    expect_true(is_coded(both$coded$X))
    expect_identical(as.matrix(both$coded$X), both$dense$X)
    expect_identical(both$coded$contrasts, both$dense$contrasts)
    table <- model.matrix(terms(formula, data = d), model.frame(formula, d, na.action = na.pass))
    table <- table[, colnames(table) != "(Intercept)"]
    expect_identical(colnames(both$coded$X), colnames(table))
    expect_equal(as.matrix(both$coded$X), table, ignore_attr = TRUE)
    some <- encoded_both_ways(formula, d, rows = c(9, 3, 2))
    expect_identical(as.matrix(some$coded$X), some$dense$X)
  }
})

test_that("the columns of coded terms are counted before they are made", {
  d <- crossed_data(900)
  d$o <- NULL
  for (formula in crossed_formulas[-10]) {
    terms <- terms(formula, data = d)
    X <- model.matrix(terms, d)
    columns <- tabulate(attr(X, "assign"), length(attr(terms, "term.labels")))
    inputs <- model.frame(terms, d)[-1]
    counted <- term_levels(terms, inputs, NULL)
    expect_identical(unname(counted[counted > 0] - 1), as.double(columns)[counted > 0])
  }
})

test_that("rows with declared levels are the mean of the others in interactions, too", {
  d <- crossed_data(300)
  d$b <- factor(d$b)
  for (name in c("a", "b")) d[[name]] <- factor(d[[name]], c(levels(d[[name]]), "rare", "rarer"))
  fits <- both_ways(
    nn_train(y ~ a * b + x, d, hidden = 2, activation = "tanh", penalty = 0.1, epochs = 3),
    environment()
  )
  expect_same_fits(fits, d)
  new <- d[1:6, ]
  new$a[c(2, 4, 5)] <- c("rare", "rarer", "rare")
  new$b[c(3, 4)] <- "rare"
  new$b[5] <- levels(d$b)[1]
  X <- lapply(fits, function(fit) prepare_newdata(fit, new, "new", NULL)$X)
  expect_equal(X$coded, X$dense, tolerance = 1e-12)
  coded <- prepare_newdata(fits$coded, new, "new", NULL, decode = FALSE)$X
  for (j in c(1, 9, 20, 40)) expect_equal(coded_column(coded, j), unname(X$coded[, j]))
  predicted <- lapply(fits, predict, new)
  expect_equal(predicted$coded, predicted$dense, tolerance = 1e-12)
})

test_that("fits with coded interactions differ from others by rounding only", {
  d <- crossed_data()
  ways <- list(
    list(y ~ a:b), list(y ~ a * b, optimizer = "lbfgs", epochs = 4),
    list(y ~ a:b + x, precision = "single"),
    list(y ~ a:b:on, optimizer = "adam", batch_size = 128, epochs = 3),
    list(y ~ a * b - 1, weights = quote(rep(c(0, 1, 2), 200)), validation = 0.2),
    list(y ~ a * b + x:a, standardize = "robust", skip = TRUE)
  )
  for (way in ways) {
    arguments <- utils::modifyList(
      list(hidden = 3, activation = "tanh", penalty = 0.1, epochs = 3), way
    )
    fits <- both_ways(do.call(nn_train, c(list(way[[1]], quote(d)), arguments[-5])), environment())
    single <- identical(way$precision, "single")
    expect_same_fits(fits, d, if (single) 1e-5 else 1e-11)
  }
})

test_that("fits with coded interactions keep the guarantees of all fits", {
  d <- crossed_data()
  train <- function(...) {
    withr::local_seed(4)
    nn_train(
      y ~ a * b + x, d,
      hidden = 3, activation = "relu", penalty = 0.1, optimizer = "adam", batch_size = 100, ...
    )
  }
  withr::local_options(backprop.coded_from = 1)
  fit <- train(epochs = 6)
  expect_true(fit$encoding$coded)
  expect_identical(coef(train(epochs = 6, threads = 3)), coef(fit))
  expect_identical(coef(nn_continue(train(epochs = 2), d, epochs = 4)), coef(fit))
  expect_identical(predict(fit, d), fitted(fit))
  expect_identical(predict(fit, d[7, ]), fitted(fit)[7])
  new <- d[1:5, ]
  new$a[2] <- NA
  new$b[4] <- "unknown"
  expect_error(predict(fit, new), class = "backprop_error_input")
  expect_message(
    predicted <- predict(fit, new, new_levels = "NA"),
    class = "backprop_message_new_levels"
  )
  expect_identical(is.na(predicted), c(FALSE, TRUE, FALSE, TRUE, FALSE))
  path <- withr::local_tempfile(fileext = ".json")
  nn_save(fit, path)
  expect_identical(nn_load(path), fit)
  nn_export(fit, exported <- withr::local_tempfile(fileext = ".R"))
  alone <- new.env()
  sys.source(exported, alone)
  expect_equal(alone$predict_network(d), fitted(fit), tolerance = 1e-12, ignore_attr = TRUE)
  if (requireNamespace("RSQLite", quietly = TRUE)) {
    nn_export(fit, query <- withr::local_tempfile(fileext = ".sql"), keep = "row_number")
    expect_equal(run_exported_sql(query, d[1:50, ])[, 1], fitted(fit)[1:50], tolerance = 1e-12)
  }
  expect_no_error(nn_doctor(fit))
  folds <- both_ways(
    nn_cv(y ~ a:b + x, d, folds = 3, hidden = 2, activation = "tanh", penalty = 0.1, epochs = 2),
    environment()
  )
  expect_equal(folds$coded$metrics, folds$dense$metrics, tolerance = 1e-10)
})

test_that("the cells of two factors never become a dense matrix", {
  set.seed(3)
  n <- 2e4
  d <- data.frame(a = factor(sample(100, n, TRUE)), b = factor(sample(100, n, TRUE)))
  d$y <- sin(as.integer(d$a)) * (as.integer(d$b) > 50) + rnorm(n)
  # the dense matrix has 1.6 GB, and seven copies count
  withr::local_options(backprop.memory_limit = 2e8)
  fit <- nn_train(
    y ~ a:b, d,
    hidden = 2, activation = "tanh", penalty = 0, epochs = 2, optimizer = "adam", batch_size = 500
  )
  expect_true(fit$encoding$coded)
  expect_length(fit$inputs, 1e4)
  expect_identical(predict(fit, d[1:9, ]), fitted(fit)[1:9])
  # other contrasts, and terms that are not columns, need the matrix
  dense <- list(
    quote(nn_train(y ~ a * b, d, contrasts = list(a = "contr.sum"), hidden = 2)),
    quote(nn_train(y ~ a:b + log(as.integer(a)), d, hidden = 2))
  )
  for (call in dense) expect_error(eval(call), class = "backprop_error_memory")
})
