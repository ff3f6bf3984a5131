# Formulas whose terms are columns are encoded without model.matrix(), with identical results.

plain_data <- function() {
  set.seed(3)
  n <- 30
  d <- data.frame(y = rnorm(n), a = rnorm(n), i = sample(9L, n, TRUE))
  d$f <- factor(sample(letters[1:4], n, TRUE), letters[1:4])
  d$o <- factor(rep_len(c("low", "mid", "high"), n), c("low", "mid", "high"), ordered = TRUE)
  d$l <- rep_len(c(TRUE, FALSE, FALSE), n)
  d$text <- rep_len(c("u", "v", "w"), n)
  d$missing <- replace(d$f, 2, NA)
  d$`my column` <- rnorm(n)
  d$`my factor` <- factor(rep_len(c("x y", "z"), n))
  d$with_na <- addNA(factor(rep_len(c("p", NA, "q"), n)))
  d$own <- structure(factor(rep_len(c("r", "s", "t"), n)), contrasts = contr.sum(3))
  d$m <- matrix(rnorm(2 * n), n)
  d
}

# The encoding that backprop makes, and that of model.matrix().
both_encodings <- function(formula, data, contrasts = NULL) {
  terms <- terms(formula, data = data)
  frame <- model.frame(terms, data, na.action = na.pass)
  xlevels <- .getXlevels(delete.response(terms), frame)
  X <- model.matrix(delete.response(terms), frame, contrasts.arg = contrasts)
  coding <- attr(X, "contrasts")
  X <- X[, colnames(X) != "(Intercept)", drop = FALSE]
  dimnames(X) <- list(NULL, colnames(X))
  ours <- encode_terms(
    list(terms = terms, xlevels = xlevels, contrasts = contrasts), data, "data", NULL
  )
  plain <- encode_plain(terms, data, NULL, xlevels, contrasts, "data", NULL, NULL)
  list(ours = ours, theirs = list(X = X, offset = NULL, contrasts = coding), plain = plain)
}

test_that("columns are encoded as by model.matrix()", {
  d <- plain_data()
  plain <- list(
    y ~ a, y ~ a + i, y ~ f, y ~ o, y ~ l, y ~ text, y ~ missing + a, y ~ with_na,
    y ~ `my column` + `my factor`, y ~ a + f + o + l + text + i, log(y^2) ~ l + a, y ~ . - own - m
  )
  for (defaults in list(c("contr.treatment", "contr.poly"), c("contr.sum", "contr.helmert"))) {
    withr::local_options(contrasts = defaults)
    for (formula in plain) {
      result <- both_encodings(formula, d)
      expect_identical(result$ours, result$theirs, info = deparse1(formula))
      if (!"." %in% all.vars(formula)) expect_identical(result$plain, result$theirs)
    }
  }
  result <- both_encodings(y ~ f + o + l, d, list(f = "contr.sum", o = "contr.treatment"))
  expect_identical(result$plain, result$theirs)
})

test_that("other formulas are encoded by model.matrix()", {
  d <- plain_data()
  for (formula in list(y ~ 0 + f, y ~ a * f, y ~ own, y ~ m + a, y ~ poly(a, 2), y ~ a - a + f)) {
    result <- both_encodings(formula, d)
    expect_identical(result$ours, result$theirs, info = deparse1(formula))
  }
  expect_null(both_encodings(y ~ a * f, d)$plain)
  expect_null(both_encodings(y ~ own, d)$plain)
  expect_null(both_encodings(y ~ f, d, list(f = contr.sum(4)))$plain)
})

test_that("a fit grows with the number of levels, not with its square", {
  set.seed(1)
  size <- function(levels, formula) {
    d <- data.frame(f = factor(rep(seq_len(levels), 3)), y = rnorm(3 * levels))
    fit <- if (formula) {
      nn_train(y ~ f, d, hidden = 1, epochs = 1, keep_fitted = FALSE)
    } else {
      nn_train(d["f"], d$y, hidden = 1, epochs = 1, keep_fitted = FALSE)
    }
    new <- d[c(5, 1, levels), ]
    expect_identical(predict(fit, new), predict(fit, d)[c(5, 1, levels)], ignore_attr = TRUE)
    length(serialize(fit, NULL))
  }
  for (formula in c(TRUE, FALSE)) {
    expect_lt(size(400, formula), 2.5 * size(200, formula))
  }
})

test_that("treatment contrasts are stored by name and survive a file", {
  d <- data.frame(f = factor(rep(letters[1:5], 4)), y = sin(1:20))
  fit <- nn_train(d["f"], d$y, hidden = 2, epochs = 3)
  kind <- unclass(fit)$encoding$columns$f
  expect_identical(kind$coding, "contr.treatment")
  table <- contr.treatment(letters[1:5])
  old <- unclass(fit)
  old$encoding$columns$f$coding <- unname_rows(table)
  old <- structure(old, class = class(fit))
  expect_identical(predict(old, d), predict(fit, d))
  path <- withr::local_tempfile(fileext = ".json")
  nn_save(fit, path)
  expect_identical(predict(nn_load(path), d), predict(fit, d))
  expect_identical(
    code_levels(c(2L, NA, 1L, 5L), letters[1:5], "contr.treatment"),
    unname(table[c(2, NA, 1, 5), ])
  )
})

test_that("a fit with many terms does not store their table of pairs", {
  set.seed(1)
  p <- 400
  d <- as.data.frame(matrix(rnorm(40 * p), 40))
  names(d)[3] <- "my column"
  d$f <- factor(rep(c("a", "b"), 20))
  d$y <- exp(d[[2]])
  train <- function(formula, data = d) {
    nn_train(formula, data, hidden = 2, penalty = 0.1, activation = "tanh", epochs = 3)
  }
  fit <- train(log(y) ~ . - V1 + log(V1^2))
  expect_null(attr(fit$encoding$terms, "factors"))
  bare <- nn_train(d[setdiff(names(d), "y")], d$y, hidden = 2, epochs = 3)
  bytes <- function(x) length(serialize(x, NULL))
  expect_lt(bytes(fit), 2 * bytes(bare))
  # methods return the whole terms, and the result of each is R's
  reference <- lm(log(y) ~ . - V1 + log(V1^2), d)
  expect_true(identical(attr(terms(fit), "factors"), attr(terms(formula(fit)), "factors")))
  expect_true(identical(unname(model.matrix(fit, d)[, -1]), unname(model.matrix(reference)[, -1])))
  expect_true(setequal(names(model.frame(fit, d)), setdiff(names(model.frame(reference)), "V1")))
  expect_equal(
    unname(predict(fit, d)), unname(as.vector(fitted(fit))),
    tolerance = 1e-12
  )
  plain <- train(y ~ .)
  path <- withr::local_tempfile(fileext = ".json")
  for (one in list(fit, plain)) {
    nn_save(one, path)
    expect_identical(nn_load(path), one)
    expect_identical(nn_continue(one, d, epochs = 2)$history$epoch, 1:5 + 0)
  }
  expect_identical(predict(plain, d[7, ]), predict(plain, d)[7])
  nn_export(plain, exported <- withr::local_tempfile(fileext = ".R"))
  copy <- source(exported, local = new.env())$value
  expect_equal(unname(copy(d)), unname(predict(plain, d)), tolerance = 1e-12)
  # other terms are stored with it
  squares <- train(y ~ (V1 + V2 + f)^2 + ., d)
  expect_true(identical(squares$encoding$terms, terms(squares)))
  # a fit that was changed by hand is refused
  attr(plain$encoding$terms, "order")[2] <- 2L
  expect_error(nn_save(plain, path), class = "backprop_error_file")
})
