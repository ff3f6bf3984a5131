# Sources: the fit from disk is the fit from memory, to the last bit.

table_of <- function(n = 600) {
  set.seed(4)
  d <- data.frame(
    a = rnorm(n), b = rexp(n), g = factor(sample(c("u", "v", "w"), n, TRUE)),
    t = sample(c("x", "y"), n, TRUE), l = runif(n) > 0.5, w = sample(0:3, n, TRUE), o = rnorm(n)
  )
  d$y <- d$a * 2 + sin(d$b) + as.integer(d$g) + rnorm(n) * 0.1
  d$k <- factor(c("no", "maybe", "yes")[1 + (d$a > 0) + (d$b > 1)])
  d$b[c(5, n - 1)] <- NA
  d
}

# Differences between the fit to a data frame and the fit to the same rows in blocks: the names of
# the elements. The digest and the call are different by definition.
differences <- function(..., data, block_rows = 130) {
  force(data)
  set.seed(1)
  memory <- unclass(nn_train(..., data = data, keep_fitted = FALSE))
  set.seed(1)
  disk <- unclass(nn_train(..., data = nn_source(data, block_rows = block_rows)))
  names <- setdiff(union(names(memory), names(disk)), c("digest", "held_out_digest", "call"))
  Filter(function(name) !identical(memory[[name]], disk[[name]]), names)
}

test_that("fits to a source are those in memory, for every optimiser", {
  skip_on_cran()
  d <- table_of()
  for (optimizer in setdiff(names(optimizer_table), "lm")) {
    full <- optimizer_table[[optimizer]]$full_batch
    expect_identical(differences(
      y ~ a + b + g + t + l,
      data = d, optimizer = optimizer, hidden = 3, activation = "tanh", penalty = 0.01, epochs = 3,
      batch_size = if (!full) 50
    ), character(), label = optimizer)
  }
  expect_identical(differences(
    y ~ a + b,
    data = d, optimizer = "lm", hidden = 2, activation = "tanh", penalty = 0,
    epochs = 3
  ), character())
})

test_that("they are with weights, offsets, held-out rows, dropout, threads and calibration", {
  d <- table_of()
  train <- function(formula, ...) {
    differences(
      formula,
      data = d, hidden = c(4, 3), activation = "relu", penalty = 0.01, epochs = 3, batch_size = 50,
      optimizer = "adam", ...
    )
  }
  expect_identical(train(
    y ~ log(b) + a * g + offset(o),
    weights = w, validation = 0.2, dropout = 0.2,
    calibration = 0.2, threads = 2
  ), character())
  expect_identical(train(
    k ~ a + b + t,
    weights = w, subset = a > -1, class_weights = "balanced", offset = NULL,
    validation = 0.2, na.action = na.exclude
  ), character())
  expect_identical(train(cbind(y, o) ~ a + I(b^2) + factor(w), standardize = FALSE), character())
  expect_identical(train(y ~ a + b + g, standardize = "robust", weights = w), character())
  # the facts for nn_doctor() come from the stored inputs, which are in single precision
  expect_identical(train(y ~ a + b + g, offset = o, precision = "single"), "probe")
  expect_identical(
    differences(w ~ a + b, data = d, loss = "poisson", hidden = 3, penalty = 0.1, epochs = 5),
    character()
  )
})

test_that("classes in a file are those in memory", {
  d <- table_of(200)
  d$r <- factor(d$k, c("no", "maybe", "yes"), ordered = TRUE)
  train <- function(...) {
    differences(
      ...,
      data = d, hidden = 2, activation = "tanh", penalty = 0.01, epochs = 2, optimizer = "adam",
      batch_size = 40
    )
  }
  expect_identical(train(r ~ a + b, loss = "cumulative", weights = w), character())
  expect_identical(train(k ~ a + b, precision = "single", class_weights = c(1, 0, 2)), "probe")
  expect_identical(train(l ~ a + b, offset = o, shuffle = "blocks", validation = 0.2), character())
})

test_that("an outcome that is read from a file in parts gives the same fit", {
  replace_in("backprop", values_at_once = 90)
  set.seed(4)
  d <- data.frame(a = rnorm(310), b = 1:310)
  d$y <- exp(d$a / 2) + rexp(310) / 5
  d$p <- d$y / 9
  train <- function(...) {
    differences(
      ...,
      data = d, hidden = 2, activation = "tanh", penalty = 0.01, epochs = 2, optimizer = "adam",
      batch_size = 40
    )
  }
  losses <- list(
    "squared_error", "absolute", nn_huber(0.5), nn_quantile(c(0.2, 0.7)), "gamma", "poisson",
    nn_tweedie(1.3), nn_negative_binomial(2), nn_negative_binomial(NULL), "gaussian"
  )
  for (loss in losses) {
    expect_identical(train(y ~ a + b, loss = loss), character(), label = unlist(loss)[[1]])
  }
  expect_identical(train(p ~ a, loss = "beta"), character())
  # what the doctor knows of inputs in single precision is rounded
  expect_identical(train(cbind(y, log(p)) ~ a, precision = "single"), "probe")
  expect_identical(train(cbind(y, p) ~ a, standardize = FALSE, validation = 0.2), character())
  expect_identical(
    train(cbind(y = p, 1 - p) ~ a, output_activation = "softmax", loss = "cross_entropy"),
    character()
  )
  expect_identical(train(b ~ a, output_activation = "sigmoid", loss = "poisson"), character())
  # the few values of an outcome, and one beside which the others are equal
  expect_identical(train(round(a) ~ b), character())
  d$y[7] <- 1e9
  expect_warning(expect_warning(
    expect_identical(train(y ~ a + b), character()),
    class = "backprop_warning_outliers"
  ), class = "backprop_warning_outliers")
  expect_warning(expect_warning(
    expect_identical(train(a ~ y + b), character()),
    class = "backprop_warning_outliers"
  ), class = "backprop_warning_outliers")
  # what the checks of a data frame say
  d$z <- replace(d$a, 200, Inf)
  d$c <- 1
  messages <- function(data) {
    messages <- character()
    fit <- function(...) {
      tryCatch(
        nn_train(..., data = data, hidden = 0, penalty = 0, epochs = 1),
        error = function(e) messages <<- c(messages, conditionMessage(e)),
        warning = function(w) messages <<- c(messages, conditionMessage(w))
      )
    }
    fit(cbind(y, z) ~ a)
    fit(a ~ b, loss = "gamma")
    fit(c ~ a)
    messages
  }
  expect_length(messages(d), 3)
  expect_identical(messages(nn_source(d, 100)), messages(d))
})

test_that("weights and offsets that are read from files in parts give the same fit", {
  skip_on_cran()
  replace_in("backprop", values_at_once = 90)
  set.seed(4)
  n <- 310
  d <- data.frame(
    a = rnorm(n), b = seq_len(n), w = rexp(n), v = sample(1:2, n, TRUE), o = rnorm(n), e = rexp(n)
  )
  d$y <- exp(d$a / 2) + rexp(n) / 5
  d$p <- d$y / 9
  d$c <- rpois(n, d$e * d$y)
  d$k <- factor(c("no", "maybe", "yes")[1 + (d$a > 0) + (d$b > 90)])
  d$l <- d$a > 0.5
  train <- function(...) {
    differences(
      ...,
      data = d, hidden = 2, activation = "tanh", penalty = 0.01, epochs = 2, optimizer = "adam",
      batch_size = 40
    )
  }
  losses <- list(
    "squared_error", "absolute", nn_huber(0.5), nn_quantile(c(0.2, 0.7)), "gamma", "poisson",
    nn_tweedie(1.3), nn_negative_binomial(2), nn_negative_binomial(NULL), "gaussian"
  )
  expect_identical(train(k ~ a, class_weights = "balanced"), character())
  expect_identical(train(y ~ a, weights = v), character())
  expect_identical(train(y ~ a, weights = v, offset = cbind(o)), character())
  # all weights positive; some 0, also those of the first rows, whose outcome is then missing; equal
  for (weights in 1:3) {
    if (weights == 2) d[c(1:30, 100:120), "w"] <- 0
    if (weights == 2) d[c(2, 110), c("y", "c", "p", "o")] <- c(NA, Inf)
    if (weights == 3) d$w <- 2 * (d$w > 0)
    for (loss in if (weights == 2) losses else losses[1:2]) {
      label <- paste(weights, unlist(loss)[[1]])
      expect_identical(train(y ~ a + b, weights = w, loss = loss), character(), label = label)
    }
    expect_identical(train(y ~ a + offset(o), weights = w, offset = e), character())
    expect_identical(train(c ~ a, weights = w, offset = log(e), loss = "poisson"), character())
    expect_identical(
      train(c ~ a, weights = w, offset = log(e), loss = nn_negative_binomial()), character()
    )
    expect_identical(train(p ~ a, weights = w, loss = "beta"), character())
    expect_identical(train(cbind(y, p) ~ a, weights = w, offset = cbind(o, e)), character())
    expect_identical(train(cbind(y, p) ~ a, weights = w, validation = 0.2), character())
    expect_identical(train(y ~ a, weights = w, offset = o, precision = "single"), "probe")
    for (class_weights in list(NULL, "balanced", c(0, 1, 2))[if (weights == 2) 1:3 else 2]) {
      expect_identical(
        train(
          k ~ a,
          weights = w, offset = cbind(o, e, b / 90), class_weights = class_weights, validation = 0.2
        ), character()
      )
    }
    expect_identical(train(l ~ a, weights = w, offset = o), character())
    expect_identical(train(cbind(l, a > 0) ~ b, weights = w, offset = cbind(o, e)), character())
    expect_identical(train(y ~ a, weights = w, standardize = "robust"), character())
    for (optimizer in c("lbfgs", "lm")) {
      expect_identical(differences(
        y ~ a + offset(o),
        data = d, weights = w, hidden = 2, activation = "tanh", optimizer = optimizer, epochs = 2,
        penalty = 0
      ), character())
    }
  }
  # values to fill are those of the rows' weights
  d$a[sample(n, 30)] <- NA
  d$g <- factor(sample(c("u", "v", NA), n, TRUE))
  expect_identical(train(y ~ a + g, weights = w, missing = "indicator"), character())
})

test_that("a fit with weights and offsets is resumed and held out from a source", {
  replace_in("backprop", values_at_once = 90)
  d <- table_of()
  source <- nn_source(d, 130)
  d$v <- d$w + 0.5
  train <- function(data, epochs = 4, validation = NULL) {
    set.seed(1)
    nn_train(
      y ~ a + b + g + offset(o), data,
      weights = w, offset = a / 2, hidden = 3, activation = "relu", penalty = 0, optimizer = "adam",
      epochs = epochs, batch_size = 50, schedule = NULL, patience = Inf, validation = validation
    )
  }
  half <- train(source, 2)
  for (data in list(d, source)) {
    expect_no_warning(longer <- nn_continue(half, data, epochs = 2))
    expect_identical(coef(longer), coef(train(d)))
  }
  changed <- d
  changed$w[9] <- 7
  expect_warning(
    nn_continue(half, nn_source(changed, 90), epochs = 1),
    class = "backprop_warning_other_data"
  )
  changed <- d
  changed$o[9] <- 7
  expect_warning(
    nn_continue(half, nn_source(changed, 90), epochs = 1),
    class = "backprop_warning_other_data"
  )
  expect_identical(
    unclass(train(source, validation = source))$history,
    unclass(ignore_overlap(train(d, validation = d)))$history
  )
  expect_equal(
    unclass(train(source, validation = 0.2))$history,
    unclass(train(d, validation = 0.2))$history
  )
})

test_that("invalid weights and offsets are the errors of a data frame", {
  replace_in("backprop", values_at_once = 90)
  d <- data.frame(a = sin(1:90), y = cos(1:90), w = 1, o = 0)
  messages <- function(data) {
    fit <- function(...) {
      conditionMessage(expect_error(
        nn_train(y ~ a, data, ..., hidden = 0, penalty = 0, epochs = 1),
        class = "backprop_error"
      ))
    }
    c(
      fit(weights = w - 2 * (a > 0.99)), fit(weights = 0 * w), fit(weights = 1e200 * w),
      fit(weights = w / (a < 0.99)), fit(weights = cbind(w, w)),
      fit(offset = o + 1e300 * a), fit(offset = o + a / (a < 0.99)), fit(offset = cbind(o, o)),
      fit(weights = c(1, 1e-30)[1 + (a < 2)] * w * 1e-100),
      fit(weights = as.numeric(a == sin(1)))
    )
  }
  expect_length(unique(messages(d)), 10)
  expect_identical(messages(nn_source(d, 20)), messages(d))
  expect_identical(list.files(tempdir(), "^rows"), character())
})

test_that("levels of computed factors are in the order of all rows, whatever the blocks", {
  d <- data.frame(w = rep(c(20, 3, 100, 1), each = 60), a = sin(1:240), t = rep(c("z", "b"), 120))
  d$t[1:90] <- "q"
  d$y <- d$a + d$w / 50
  for (formula in list(
    y ~ factor(w) + a, y ~ factor(w, ordered = TRUE),
    y ~ factor(t) + factor(-w), y ~ factor(w, levels = c(100, 1, 3, 20)),
    # some pairs have no rows, or none in the blocks that have either of them first
    y ~ interaction(factor(w), t), y ~ interaction(w > 3, t, lex.order = TRUE)
  )) {
    expect_identical(differences(
      formula,
      data = d, block_rows = 50, hidden = 2, activation = "tanh", penalty = 0.01, epochs = 2
    ), character(), label = deparse1(formula))
  }
})

# A table with missing values in each kind of column, in all rows of its first blocks in one.
table_of_gaps <- function(n = 300) {
  set.seed(2)
  d <- data.frame(
    a = rnorm(n), i = sample(1:50, n, TRUE), t = sample(c("x", "y"), n, TRUE),
    g = factor(sample(c("u", "v", "w"), n, TRUE), c("w", "v", "u", "never")), l = runif(n) > 0.4,
    w = sample(0:3, n, TRUE), r = runif(n)
  )
  d$y <- d$a + d$i / 20 + rnorm(n) / 10
  for (name in c("a", "i", "t", "g", "l")) d[[name]][sample(n, 60)] <- NA
  d[1:135, c("i", "t")] <- NA
  d$y[c(3, 77)] <- NA
  d
}

test_that("missing values are filled and marked as in memory", {
  d <- table_of_gaps()
  train <- function(formula, ...) {
    differences(
      formula, ...,
      data = d, hidden = 2, activation = "tanh", penalty = 0.01, epochs = 2, missing = "indicator"
    )
  }
  expect_identical(train(y ~ a + i + g + t + l), character())
  # what is filled decides which rows are used, and differs from that of all rows
  expect_identical(
    train(y ~ sqrt(a + 3) * g + cut(i, c(0, 10, 30, 50, 70)), weights = w, subset = r > 0.2),
    character()
  )
  expect_identical(train(y ~ log(i) + t, weights = r, calibration = 0.3), character())
  # all values are missing; the errors are the same
  d$a <- NA_real_
  messages <- vapply(list(d, nn_source(d, 130)), function(data) {
    conditionMessage(tryCatch(nn_train(y ~ a, data, missing = "indicator"), error = identity))
  }, "")
  expect_match(messages, "no rows to use", fixed = TRUE)
})

test_that("such fits to a source are kept, resumed, predicted and cross-validated", {
  d <- table_of_gaps()
  folder <- withr::local_tempdir()
  train <- function(data) {
    set.seed(1)
    nn_train(
      y ~ a + i + g + t, data,
      hidden = 2, activation = "tanh", penalty = 0.01, epochs = 2, missing = "indicator",
      keep_fitted = FALSE
    )
  }
  fit <- train(d)
  for (time in 1:2) {
    kept <- train(nn_source(d, 130, cache = folder))
    expect_identical(coef(kept), coef(fit))
    expect_identical(kept$encoding, fit$encoding)
  }
  expect_length(list.files(folder, "rows$"), 1)
  source <- nn_source(d, 130)
  expect_identical(predict(fit, source), predict(fit, d))
  expect_no_warning(longer <- nn_continue(fit, source, epochs = 1))
  expect_identical(coef(longer), coef(nn_continue(fit, d, epochs = 1)))
  validate <- function(data) {
    set.seed(1)
    nn_cv(
      y ~ a + i + g, data,
      folds = 2, hidden = 2, epochs = 2, penalty = 0.1, activation = "relu", missing = "indicator"
    )
  }
  expect_identical(validate(source), validate(d))
})

test_that("medians of stored columns are those of the values in memory", {
  x <- cbind(
    c(3, NA, -2, 1e300, 0, -0.5), c(1, 2, 3, 4, NaN, NA), rep(NA, 6), c(-Inf, 5, 5, 1, 2, 9)
  )
  x <- rbind(x, -x, 2 * x)
  store <- new_store(NULL, FALSE)
  withr::defer(close_store(store))
  writer <- rows_writer(store, rep(NA_character_, 4))
  writer$add(x)
  for (weights in list(numeric(), rep(c(0, 1, 2), 6), seq(0.1, 1.8, by = 0.1), numeric(18))) {
    found <- core_stored_medians(writer$rows(), weights)
    own <- if (length(weights) > 0) weights
    expect_identical(found$median, apply(x, 2, fill_value, own))
    counts <- if (is.null(own)) 1 else weights > 0
    expect_identical(found$missing, colSums(is.na(x) * counts))
  }
})

test_that("levels that factors only declare are known, with the proportions of all rows", {
  d <- table_of_gaps()
  train <- function(formula, ...) {
    differences(formula, ..., hidden = 2, activation = "tanh", penalty = 0.01, epochs = 2)
  }
  expect_identical(train(y ~ g + a, data = d, calibration = 0.3), character())
  expect_identical(
    train(y ~ factor(t, c("q", "x", "y", "z")) + g * l, data = d, weights = w),
    character()
  )
  # levels of rows of weight 0
  d$g[which(d$w == 0)[1:5]] <- "never"
  d$s <- c("zero", "one", "two", "two")[d$w + 1]
  expect_identical(
    train(
      y ~ g + factor(s, c("zero", "one", "two", "three")),
      data = d, weights = w, contrasts = list(g = "contr.sum")
    ), character()
  )
  fit <- nn_train(y ~ g, nn_source(d, 130), hidden = 2, penalty = 0.1, epochs = 2)
  expect_true(is.finite(predict(fit, data.frame(g = factor("never", levels(d$g))))))
})

test_that("rows of weight 0 may hold anything", {
  d <- table_of(200)
  d$g <- as.character(d$g)
  d$g[d$w == 0][1:3] <- c("only here", "v", NA)
  d$a[d$w == 0][4] <- Inf
  d$w[1:60] <- 0
  for (block_rows in c(20, 130)) {
    expect_identical(differences(
      y ~ a + b + g,
      data = d, block_rows = block_rows, weights = w, hidden = 3, activation = "relu",
      penalty = 0.1, epochs = 5, calibration = 0.2
    ), character())
  }
})

test_that("the defaults that are chosen are those in memory", {
  expect_identical(differences(k ~ a + b + g, data = table_of(300), hidden = 2), character())
  d <- table_of(1200)
  expect_identical(
    differences(y ~ a + t, data = d, hidden = 2, optimizer = "adam", epochs = 2), character()
  )
})

test_that("factors of many levels are coded as in memory", {
  withr::local_options(backprop.coded_from = 1)
  d <- coded_data(300)
  train <- function(formula, data, ...) {
    set.seed(1)
    nn_train(
      formula, data,
      hidden = 2, activation = "tanh", penalty = 0.01, epochs = 2, keep_fitted = FALSE, ...
    )
  }
  source <- nn_source(d, 130, cache = folder <- withr::local_tempdir())
  for (formula in list(y ~ f, y ~ f:h + x, y ~ x + f * h)) {
    expect_identical(differences(
      formula,
      data = d, hidden = 2, activation = "tanh", penalty = 0.01, epochs = 2, calibration = 0.2,
      validation = 0.2
    ), character(), label = deparse1(formula))
  }
  fit <- train(y ~ f, source)
  expect_true(fit$encoding$coded)
  expect_length(list.files(folder), 0)
  expect_no_warning(longer <- nn_continue(fit, source, epochs = 1))
  expect_identical(coef(longer), coef(nn_continue(fit, d, epochs = 1)))
  expect_identical(predict(fit, source), predict(fit, d))
  # few of the inputs are dummy variables: they are in a file
  fit <- train(y ~ x + f + z, source)
  expect_null(fit$encoding$coded)
  expect_equal(coef(fit), coef(train(y ~ x + f + z, d)), tolerance = 1e-10)
  expect_gt(length(list.files(folder)), 0)
})

test_that("the size of blocks does not matter", {
  d <- table_of(100)
  train <- function(block_rows) {
    set.seed(1)
    nn_train(y ~ a + b + g, nn_source(d, block_rows), hidden = 2, penalty = 0, activation = "tanh")
  }
  fits <- lapply(c(1, 7, 99, 100, 1000), train)
  for (fit in fits[-1]) expect_identical(coef(fit), coef(fits[[1]]))
  expect_identical(unique(vapply(fits, function(fit) unclass(fit)$digest, "")), unclass(fit)$digest)
})

test_that("files that can't be mapped are read", {
  d <- table_of()
  withr::local_options(backprop.map_files = FALSE)
  expect_identical(differences(
    k ~ a + b + g,
    data = d, hidden = 3, activation = "relu", penalty = 0, epochs = 3, batch_size = 40,
    optimizer = "adam", validation = 0.2, threads = 2
  ), character())
})

test_that("a source is predicted, resumed and held out like a data frame", {
  d <- table_of()
  source <- nn_source(d, 130)
  set.seed(1)
  fit <- nn_train(
    k ~ a + b + g, d,
    hidden = 3, activation = "relu", penalty = 0, optimizer = "adam", epochs = 4, batch_size = 50,
    schedule = NULL, calibration = 0.2, patience = Inf, validation = NULL
  )
  expect_identical(predict(fit, source), predict(fit, d))
  expect_identical(predict(fit, source, type = "class"), predict(fit, d, type = "class"))
  expect_identical(
    predict(fit, source, interval = "prediction", na.action = na.omit),
    predict(fit, d, interval = "prediction", na.action = na.omit)
  )
  set.seed(1)
  half <- nn_train(
    k ~ a + b + g, source,
    hidden = 3, activation = "relu", penalty = 0, optimizer = "adam", epochs = 2, batch_size = 50,
    schedule = NULL, calibration = 0.2, patience = Inf, validation = NULL
  )
  expect_no_warning(from_disk <- nn_continue(half, source, epochs = 2))
  expect_identical(coef(from_disk), coef(fit))
  expect_identical(unclass(from_disk)$calibration, unclass(fit)$calibration)
  expect_no_warning(from_memory <- nn_continue(half, d, epochs = 2))
  expect_identical(coef(from_memory), coef(fit))
  # a fit that keeps residuals
  numbers <- nn_train(y ~ a + b, d, hidden = 2, penalty = 0.1, epochs = 2)
  expect_identical(
    unname(residuals(nn_continue(numbers, source, epochs = 2))),
    unname(residuals(nn_continue(numbers, d, epochs = 2)))
  )
  expect_warning(nn_continue(half, nn_source(d[-9, ]), epochs = 1),
    class = "backprop_warning_other_data"
  )
  changed <- d
  changed$a[9] <- 0
  expect_warning(nn_continue(half, nn_source(changed), epochs = 1),
    class = "backprop_warning_other_data"
  )
  held_out <- function(validation) {
    set.seed(1)
    nn_train(
      y ~ a + b + g, source,
      hidden = 3, activation = "relu", penalty = 0, epochs = 5, validation = validation
    )
  }
  expect_identical(
    unclass(held_out(source))$history, unclass(held_out(d))$history
  )
})

test_that("shuffled blocks are the same order in memory and on disk", {
  skip_on_cran()
  size <- 2^17 / 256
  order <- core_block_order(c(1, 2), 3, 40 * size + 7, 256)
  expect_identical(sort(order), seq_len(40 * size + 7))
  # the rows of 32 blocks come first (one of all is short), in an order of their own
  first <- order[seq_len(31 * size)]
  expect_lte(length(unique((first - 1) %/% size)), 32)
  expect_gt(length(unique((first[1:200] - 1) %/% size)), 25)
  expect_false(identical(order, core_block_order(c(1, 2), 4, 40 * size + 7, 256)))
  expect_identical(core_block_order(c(1, 2), 1, 1, 4), 1L)
  d <- table_of()
  # more than one group of blocks
  d[paste0("x", 1:300)] <- rep(list(d$a), 300)
  train <- function(data, shuffle = "blocks", epochs = 2, validation = NULL) {
    set.seed(1)
    nn_train(
      y ~ . - k - t, data,
      hidden = 2, activation = "relu", penalty = 0, optimizer = "adam", batch_size = 20,
      epochs = epochs, shuffle = shuffle, schedule = NULL, patience = Inf, validation = validation
    )
  }
  d <- d[rep(1:600, 30), ]
  fit <- train(d)
  expect_identical(coef(train(nn_source(d))), coef(fit))
  expect_identical(coef(nn_continue(train(d, epochs = 1), d, epochs = 1)), coef(fit))
  # where a file is not mapped, blocks are read at once
  held_out <- coef(train(d, validation = 0.3))
  withr::with_options(list(backprop.map_files = FALSE), {
    expect_identical(coef(train(nn_source(d))), coef(fit))
    expect_identical(coef(train(nn_source(d), validation = 0.3)), held_out)
  })
  expect_false(identical(coef(train(d, TRUE)), coef(fit)))
  expect_output(print(fit), "batches of 20 of shuffled blocks")
  expect_error(train(d, "rows"), class = "backprop_error_argument")
  path <- withr::local_tempfile()
  nn_save(fit, path)
  expect_identical(unclass(nn_load(path))$settings$shuffle, "blocks")
})

test_that("cross-validation of a source is that of a data frame", {
  d <- table_of(200)
  validate <- function(data, ...) {
    set.seed(1)
    nn_cv(..., data = data, folds = 3, hidden = 2, epochs = 5, penalty = 0.1, activation = "relu")
  }
  source <- nn_source(d, 70)
  expect_identical(
    validate(source, k ~ a + b + g, weights = w, subset = a > -1),
    validate(d, k ~ a + b + g, weights = w, subset = a > -1)
  )
  expect_identical(
    validate(source, log(y + 20) ~ a + b, offset = o / 10),
    validate(d, log(y + 20) ~ a + b, offset = o / 10)
  )
  expect_identical(validate(source, y ~ a + b), validate(d, y ~ a + b))
})

test_that("predictions are written to a function, a file and a data base", {
  skip_if_not_installed("RSQLite")
  d <- table_of(300)
  set.seed(1)
  fit <- nn_train(k ~ a + b + g, d, hidden = 3, activation = "relu", penalty = 0, epochs = 5)
  source <- nn_source(d, 70)
  blocks <- list()
  expect_identical(predict(fit, source, into = function(x) blocks <<- c(blocks, list(x))), 300)
  all <- do.call(rbind, blocks)
  expect_identical(all$row, as.double(1:300))
  expect_identical(as.matrix(all[-1]), predict(fit, d))
  path <- withr::local_tempfile(fileext = ".csv")
  predict(fit, source, into = path)
  expect_identical(as.matrix(read.csv(path)[-1]), predict(fit, d))
  # blocks may have no rows
  parts <- list(d[0, ], d[1:2, ], d[0, ])
  at <- 0
  in_parts <- nn_source(function() if (at < 3) parts[[at <<- at + 1]], function() at <<- 0)
  predict(fit, in_parts, type = "class", into = path)
  expect_identical(
    readLines(path),
    c("\"row\",\"prediction\"", sprintf("%d,\"%s\"", 1:2, predict(fit, d[1:2, ], type = "class")))
  )
  con <- DBI::dbConnect(RSQLite::SQLite(), ":memory:")
  withr::defer(DBI::dbDisconnect(con))
  predict(fit, source, type = "class", into = list(con, "predicted"))
  expect_identical(
    DBI::dbReadTable(con, "predicted")$prediction,
    as.character(predict(fit, d, type = "class"))
  )
  # nothing is left behind if the source fails
  failing <- nn_source(function() if (runif(1) < 2) stop("gone"), function() NULL)
  other <- file.path(withr::local_tempdir(), "other.csv")
  expect_error(predict(fit, failing, into = other), class = "backprop_error_source")
  expect_error(predict(fit, failing, into = list(con, "other")), class = "backprop_error_source")
  expect_error(
    predict(fit, source, into = other, na.action = na.omit), "keep all rows",
    class = "backprop_error_argument"
  )
  expect_identical(list.files(dirname(other), all.files = TRUE, no.. = TRUE), character())
  expect_identical(DBI::dbListTables(con), "predicted")
})

test_that("intervals of several outputs are the same in blocks, in memory and in columns", {
  d <- table_of(200)
  set.seed(1)
  fit <- nn_train(cbind(y, a) ~ b + g, d, hidden = 2, epochs = 3, penalty = 0.1, calibration = 0.3)
  source <- nn_source(d, 70)
  expected <- predict(fit, d, interval = "prediction")
  expect_identical(predict(fit, source, interval = "prediction"), expected)
  columns <- list()
  predict(
    fit, source,
    interval = "prediction", into = function(x) columns <<- c(columns, list(x))
  )
  columns <- do.call(rbind, columns)
  expect_named(columns, c("row", "y.fit", "y.lwr", "y.upr", "a.fit", "a.lwr", "a.upr"))
  expect_identical(columns$a.upr, as.vector(expected[, "upr", "a"]))
})

test_that("what a source can't do is a clear error, and leaves no files", {
  d <- table_of(100)
  source <- nn_source(d, 30)
  expect_snapshot(error = TRUE, {
    nn_train(y ~ poly(a, 2), source)
    nn_train(y ~ c(0, head(a, -1)), source)
    nn_train(y ~ a, source, weights = w / mean(w))
    nn_train(scale(y) ~ a, source)
    nn_train(z ~ a, source)
    nn_train(y ~ a, nn_source(d[0, ]))
    nn_train(y ~ a, source, subset = a > 100)
    nn_train(y ~ a, source, na.action = function(x) x[1, ])
    nn_source(1)
    nn_source(d, cache = "no such folder")
    nn_source(d, block_rows = 0)
    nn_source(function() NULL, restart = 1)
  })
  of_blocks <- function(second) {
    at <- 0
    nn_source(function() {
      at <<- at + 1
      if (at == 1) d[1:30, ] else if (at == 2) second()
    }, function() at <<- 0)
  }
  passes <- 0
  expect_snapshot(error = TRUE, {
    nn_train(y ~ a, of_blocks(function() stop("the connection is lost")))
    nn_train(y ~ a, of_blocks(function() d[31:60, c("y", "b")]))
    nn_train(y ~ a, of_blocks(function() transform(d[31:60, ], a = as.character(a))))
    nn_train(y ~ a, of_blocks(function() 5))
    nn_train(y ~ a, of_blocks(function() {
      passes <<- passes + 1
      transform(d[31:60, ], a = a + passes)
    }))
    nn_train(y ~ a, of_blocks(function() transform(d[31:60, ], a = Inf)))
  })
  expect_identical(list.files(tempdir(), "^rows"), character())
})
