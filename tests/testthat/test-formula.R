test_that("all ways to give a formula are one", {
  fit <- seeded(Species ~ ., data = iris)
  expect_same_fit(seeded(Species ~ ., iris), fit)
  expect_same_fit(seeded(data = iris, formula = Species ~ .), fit)
  expect_same_fit(seeded(iris, formula = Species ~ .), fit)
  expect_same_fit(iris |> seeded(Species ~ .), fit)
  expect_same_fit(seeded(iris[1:4], iris$Species), fit)
  for (fit in list(
    iris |> nn_train(Species ~ ., epochs = 1), nn_train(Species ~ ., iris, epochs = 1)
  )) {
    expect_identical(
      fit$call, quote(nn_train(formula = Species ~ ., data = iris, epochs = 1)),
      ignore_attr = TRUE
    )
  }
})

test_that("the network sees what lm() would see, standardised", {
  d <- cars_data()
  formula <- mpg ~ log(disp) + cyl * wt + poly(hp, 2) + am + splines::ns(qsec, df = 3) + I(drat^2)
  fit <- seeded(formula, d)
  X <- model.matrix(lm(formula, d))[, -1]
  expect_identical(fit$inputs, colnames(X))
  deviation <- function(x) sqrt(mean((x - mean(x))^2))
  expect_equal(fit$encoding$center, colMeans(X), tolerance = 1e-12)
  expect_equal(fit$encoding$scale, apply(X, 2, deviation), tolerance = 1e-12)
  expect_equal(fit$encoding$outcome$center, mean(d$mpg), tolerance = 1e-14)
  expect_equal(fit$encoding$outcome$scale, deviation(d$mpg), tolerance = 1e-14)

  by_hand <- scale(X, colMeans(X), apply(X, 2, deviation))
  attributes(by_hand)[c("scaled:center", "scaled:scale")] <- NULL
  settings <- fit$settings
  output <- nn_forward(
    coef(fit), by_hand, settings$activation, settings$output_activation
  )$output[, 1] * deviation(d$mpg) + mean(d$mpg)
  expect_equal(unname(fitted(fit)), unname(output), tolerance = 1e-12)
  expect_equal(residuals(fit), setNames(d$mpg, rownames(d)) - fitted(fit), tolerance = 1e-14)
})

test_that(
  "no hidden layer and no penalty is linear regression, logistic regression and Poisson regression",
  {
    d <- cars_data()
    # an exact optimum in the limit: L-BFGS from the data method against lm() and glm()
    fit <- nn_train(mpg ~ wt + cyl + offset(hp / 50), d, hidden = 0, penalty = 0, epochs = 500)
    expect_equal(
      predict(fit, d), predict(lm(mpg ~ wt + cyl + offset(hp / 50), d), d),
      tolerance = 1e-6
    )
    fit <- nn_train(am ~ wt, d, hidden = 0, penalty = 0, epochs = 500)
    expect_equal(
      predict(fit, d), predict(glm(am ~ wt, binomial, d), d, type = "response"),
      tolerance = 1e-6
    )
    fit <- nn_train(
      carb ~ wt + offset(log(hp)), d,
      loss = "poisson", hidden = 0, penalty = 0, epochs = 500
    )
    expect_equal(
      predict(fit, d), predict(glm(carb ~ wt + offset(log(hp)), poisson, d), d, type = "response"),
      tolerance = 1e-6
    )
  }
)

test_that("subset, weights, na.action and offset are as in lm()", {
  d <- cars_data()
  d$w <- rep(c(1, 2, 0), length.out = 32)
  d$hp[c(3, 9)] <- NA
  d$mpg[5] <- NA
  reference <- lm(mpg ~ wt + hp, d, subset = disp > 100, weights = w, offset = qsec / 10)
  fit <- nn_train(
    mpg ~ wt + hp, d,
    subset = disp > 100, weights = w, offset = qsec / 10, hidden = 0, penalty = 0,
    epochs = 500
  )
  expect_equal(unname(fitted(fit)), unname(fitted(reference)), tolerance = 1e-6)
  expect_identical(nobs(fit), nrow(model.frame(reference)))
  expect_identical(unname(c(fit$na.action)), unname(c(reference$na.action)))

  # the row twice, the row left out
  twice <- d[rep(seq_len(32), d$w), ]
  expect_equal(
    unname(predict(fit, d, offset = d$qsec / 10)),
    unname(predict(
      nn_train(
        mpg ~ wt + hp, twice,
        subset = disp > 100, offset = qsec / 10, hidden = 0, penalty = 0,
        epochs = 500
      ),
      d,
      offset = d$qsec / 10
    )),
    tolerance = 1e-6
  )

  excluded <- seeded(mpg ~ wt + hp, d, na.action = na.exclude)
  expect_length(fitted(excluded), 32)
  expect_identical(unname(which(is.na(residuals(excluded)))), c(3L, 5L, 9L))
  expect_length(fitted(seeded(mpg ~ wt + hp, d)), 29)
  expect_output(print(excluded), "3 rows with missing values")
  expect_snapshot({
    refused(nn_train(mpg ~ wt + hp, d, na.action = na.fail), "input")
    refused(nn_train(mpg ~ wt + hp, d, na.action = na.pass), "input")
    refused(nn_train(mpg ~ wt, d, na.action = na.pass), "input")
    refused(nn_train(mpg ~ wt, d, subset = wt > 100), "input")
    refused(nn_train(mpg ~ wt, d, weights = 1:3), "argument")
    refused(nn_train(mpg ~ wt, d, weights = -w), "argument")
    refused(nn_train(mpg ~ wt, d, weights = nowhere), "input")
  })
})

test_that("contrasts are as in lm()", {
  d <- cars_data()
  fit <- seeded(mpg ~ cyl + ordered(gear), d, contrasts = list(cyl = "contr.sum"))
  expect_identical(
    fit$inputs, colnames(model.matrix(mpg ~ cyl + ordered(gear), d, list(cyl = "contr.sum")))[-1]
  )
  withr::with_options(list(contrasts = c("contr.helmert", "contr.poly")), {
    # those of the training, whatever the options are now
    expect_identical(predict(fit, d), fitted(fit))
  })
  contrasts(d$cyl) <- contr.helmert(3)
  own <- seeded(mpg ~ cyl, d)
  expect_equal(
    unname(own$encoding$center), unname(colMeans(model.matrix(~cyl, d))[-1]),
    tolerance = 1e-12
  )
  d$cyl <- as.character(d$cyl)
  expect_identical(predict(own, d), fitted(own))
})

test_that("bases predict safely: what new data look like does not matter", {
  d <- cars_data()
  k <- 3
  fit <- seeded(mpg ~ poly(disp, k) + splines::ns(wt, df = k) + splines::bs(hp) + scale(qsec), d)
  rm(k)
  expect_identical(predict(fit, d), fitted(fit))
  expect_identical(predict(fit, d[7:5, ]), fitted(fit)[7:5])
  expect_identical(predict(fit, d[4, ]), fitted(fit)[4])
})

test_that("a fit keeps neither data nor environments", {
  size <- function(rows) {
    big <- data.frame(x = rnorm(rows), f = sample(c("a", "b"), rows, TRUE), y = rnorm(rows))
    closure <- rnorm(1e5)
    k <- 2
    fit <- nn_train(
      y ~ poly(x, k) + f, big,
      epochs = 1, validation = NULL, keep_fitted = FALSE, weights = abs(x),
      subset = x > -2, hidden = 3, optimizer = "adam"
    )
    expect_identical(environment(formula(fit)), globalenv())
    length(serialize(fit, NULL))
  }
  expect_lt(abs(size(4000) - size(40)), 1000)
  by_call <- do.call(nn_train, list(mpg ~ ., mtcars, epochs = 1))
  expect_lt(length(serialize(by_call$call, NULL)), 2000)
  expect_null(attributes(by_call$call$formula))
  expect_s3_class(
    do.call(nn_train, list(mpg ~ ., mtcars, weights = rep(1, 32), epochs = 1)), "nn_fit"
  )
})

test_that("formula(), terms() and update() know the model", {
  fit <- seeded(mpg ~ ., mtcars[c("mpg", "wt", "hp")])
  expect_equal(formula(fit), mpg ~ wt + hp, ignore_attr = TRUE)
  expect_s3_class(terms(fit), "terms")
  set.seed(1)
  expect_equal(
    update(fit, . ~ wt, data = mtcars, epochs = 3, evaluate = FALSE)$formula, mpg ~ wt,
    ignore_attr = TRUE
  )
  set.seed(1)
  smaller <- update(
    seeded(mpg ~ wt + hp, data = mtcars, epochs = 3), . ~ . - hp,
    data = mtcars, epochs = 3
  )
  expect_identical(smaller$inputs, "wt")
  expect_snapshot({
    refused(formula(seeded(mtcars["wt"], mtcars$mpg)), "argument")
    refused(
      terms(nn_train(as.matrix(mtcars["wt"]), mtcars$mpg, epochs = 1, learning_rate = 1e-9)),
      "argument"
    )
  })
})

test_that("variables may stand beside the data, as in lm()", {
  x <- rnorm(20)
  y <- x + rnorm(20)
  fit <- seeded(y ~ x)
  expect_identical(predict(fit, data.frame(x = x)), fitted(fit))
  z <- mtcars$wt
  fit <- seeded(mpg ~ z + hp, mtcars)
  expect_identical(predict(fit, cbind(mtcars, z = z)), fitted(fit))
  expect_error(predict(fit, mtcars), "z", class = "backprop_error_input")
})

test_that("formulas that cannot be used are refused", {
  d <- cars_data()
  d$day <- as.Date("2020-01-01") + 1:32
  d$time <- as.POSIXct(d$day)
  d$wait <- d$day - d$day[1]
  d$l <- as.list(1:32)
  d$c <- 1i
  local_function <- function(x) x
  expect_snapshot({
    refused(nn_train(~wt, d), "argument")
    refused(nn_train(mpg ~ 1, d), "input")
    refused(nn_train(mpg ~ offset(wt), d), "input")
    refused(nn_train(mpg ~ wtt, d), "input")
    refused(nn_train(mpg ~ nowhere + neither, d), "input")
    refused(nn_train(nowhere ~ wt, d), "input")
    refused(nn_train(mpg ~ log(-wt * NA), d, na.action = na.pass), "input")
    refused(nn_train(mpg ~ day, d), "input")
    refused(nn_train(mpg ~ time, d), "input")
    refused(nn_train(mpg ~ wait, d), "input")
    refused(nn_train(mpg ~ l, d), "input")
    refused(nn_train(mpg ~ c, d), "input")
    refused(nn_train(day ~ wt, d), "input")
    refused(nn_train(l ~ wt, d), "input")
    refused(nn_train(d$mpg ~ d$wt), "input")
    refused(nn_train(mpg ~ local_function(wt), d), "argument")
    refused(nn_train(mpg ~ no_such_function(wt), d), "input")
    refused(nn_train(mpg ~ wt, as.matrix(mtcars)), "input")
    refused(nn_train(mpg ~ ., mtcars[0, ]), "input")
    refused(nn_train(mpg ~ wt, d, hiden = 3), "argument")
    refused(nn_train(mpg ~ wt, d, NULL, NULL, NULL, NULL, NULL, 3), "argument")
    refused(nn_train(mpg ~ I(1 / (wt - wt)), d), "input")
    refused(nn_train(mpg ~ ., stats::setNames(d, rep("mpg", 17))), "input")
    refused(nn_train(y = d$mpg), "input")
  })
  # what the formula makes of a date is fine
  expect_identical(
    seeded(mpg ~ as.numeric(day) + format(day, "%m"), d)$inputs[1], "as.numeric(day)"
  )
})

test_that("what a formula takes out again is not looked at", {
  d <- cars_data()
  d$day <- as.Date("2020-01-01") + 1:32
  d$day[3] <- NA
  expect_same_fit(seeded(mpg ~ . - day, d), seeded(mpg ~ ., cars_data()))
  fit <- seeded(mpg ~ wt + hp + offset(qsec) - day - hp - 1, d)
  expect_identical(fit$inputs, "wt")
  expect_identical(fit$n, 32L)
  expect_identical(predict(fit, d["qsec"] |> cbind(d["wt"])), fitted(fit))
})

test_that("functions, constants and parts of lists within a formula are no columns", {
  d <- cars_data()
  d$day <- as.Date("2020-01-01") + 1:32
  settings <- list(knots = 3)
  as_lm <- function(formula, tolerance = 0) {
    fit <- nn_train(formula, d, hidden = 0, penalty = 0, epochs = 500)
    expect_equal(unname(fitted(fit)), unname(fitted(lm(formula, d))), tolerance = 1e-5)
    expect_equal(predict(fit, d[4:9, ]), fitted(fit)[4:9], tolerance = tolerance)
  }
  as_lm(mpg ~ C(cyl, contr.sum))
  as_lm(mpg ~ sapply(wt, abs) + sapply(hp, function(u) u / 100))
  as_lm(mpg ~ as.POSIXlt(day)$mday)
  # R's BLAS makes the basis, and may add up in another order for other rows
  as_lm(mpg ~ splines::ns(wt, settings$knots), tolerance = 1e-12)
  expect_identical(
    nn_train(iris$Species ~ ., iris[1:4], epochs = 1)$encoding$outcome$levels, levels(iris$Species)
  )
  expect_identical(seeded(mpg ~ ave(wt, cyl, FUN = median), d)$inputs, "ave(wt, cyl, FUN = median)")
})

test_that("a factor's own contrasts are its own, and are given up with a warning where levels go", {
  d <- cars_data()
  contrasts(d$cyl, 1) <- contr.helmert(3)
  linear <- function(...) nn_train(..., hidden = 0, penalty = 0, epochs = 500)
  expected <- fitted(lm(mpg ~ cyl + wt, d))
  expect_equal(unname(fitted(linear(mpg ~ cyl + wt, d))), unname(expected), tolerance = 1e-5)
  frame <- linear(d[c("cyl", "wt")], d$mpg)
  expect_equal(unname(fitted(frame)), unname(expected), tolerance = 1e-5)
  expect_identical(frame$inputs, c("cyl1", "wt"))
  d$cyl <- factor(d$cyl, c("none", "8", "6", "4"))
  contrasts(d$cyl) <- contr.sum(4)
  expect_warning(formula <- seeded(mpg ~ cyl, d), "cyl", class = "backprop_warning_contrasts")
  expect_warning(frame <- seeded(d["cyl"], d$mpg), "cyl", class = "backprop_warning_contrasts")
  expect_same_fit(formula, frame)
  expect_no_warning(seeded(mpg ~ cyl, d, contrasts = list(cyl = "contr.treatment")))
})

test_that("slips in a call are refused, not obeyed", {
  d <- cars_data()
  d$long <- structure(as.double(1:32), class = "integer64")
  reserved <- stats::setNames(d, sub("hp", "(weights)", names(d)))
  expect_snapshot({
    refused(nn_train(mpg ~ wt + mpg, d), "input")
    refused(nn_train(mpg ~ mpg, d), "input")
    refused(nn_train(NULL ~ wt, d), "argument")
    refused(nn_train(mpg ~ wt, d, 5), "argument")
    refused(nn_train(mpg ~ wt, d, "relu"), "argument")
    refused(nn_train(mpg ~ wt, d, hidden = 2, hidden = 5), "argument")
    refused(nn_train(mpg ~ wt, d, na.action = 5), "argument")
    refused(
      nn_train(mpg ~ wt, transform(d, wt = ifelse(wt > 3, wt, NA)), na.action = na.fail), "input"
    )
    refused(nn_train(mpg ~ wt, transform(d, wt = NA)), "input")
    refused(nn_train(mpg ~ wt, d, subset = wt > 100), "input")
    refused(nn_train(mpg ~ wt, d, contrasts = "contr.sum"), "argument")
    refused(nn_train(mpg ~ wt, d, offset = maker), "argument")
    refused(nn_train(mpg ~ wt, d, offset = long), "argument")
    refused(nn_train(mpg ~ wt + offset(maker), d), "input")
    refused(nn_train(cbind(mpg, hp) ~ wt + offset(qsec), d), "input")
    refused(nn_train(mpg ~ ., reserved), "input")
    refused(nn_train(mpg ~ t, d), "input")
    refused(nn_train(Species ~ ., iris[1:50, ]), "input")
    refused(nn_train(mpg ~ wt, d, validation = d[0, ]), "input")
  })
})

test_that("as in lm(), formulas are evaluated on all rows, and then rows are taken", {
  set.seed(1)
  d <- data.frame(x = cumsum(rnorm(60)), z = rnorm(60), group = gl(2, 30))
  d$y <- c(0, head(d$x, -1)) + d$z / 2 + rnorm(60, sd = 0.1)
  d$z[7] <- NA
  linear <- function(...) nn_train(..., hidden = 0, penalty = 0, epochs = 500)
  formulas <- list(
    y ~ z + c(0, head(x, -1)), y ~ z + c(NA, head(x, -1)), y ~ I(x - mean(x, na.rm = TRUE)) + z,
    y ~ z + ave(x, group), y ~ rank(x) + z, y ~ z + x + offset(c(0, head(x, -1)) / 2)
  )
  for (formula in formulas) {
    expected <- lm(formula, d, subset = z > 0)
    fit <- linear(formula, d, subset = z > 0)
    expect_equal(fitted(fit), fitted(expected), tolerance = 1e-5)
    longer <- suppressMessages(nn_continue(fit, d, epochs = 1))
    expect_equal(fitted(longer), fitted(expected), tolerance = 1e-5)
    excluded <- linear(formula, d, na.action = na.exclude)
    expected <- lm(formula, d, na.action = na.exclude)
    expect_equal(fitted(excluded), fitted(expected), tolerance = 1e-5)
  }
})

test_that("terms that use other rows are computed once in nn_cv() and told of", {
  set.seed(1)
  d <- data.frame(x = cumsum(rnorm(60)), z = rnorm(60))
  d$last <- c(0, head(d$x, -1))
  d$y <- d$last + d$z / 2 + rnorm(60, sd = 0.1)
  validated <- function(formula) {
    set.seed(1)
    nn_cv(formula, d, folds = 5, hidden = 0, penalty = 0)
  }
  expect_warning(
    lagged <- validated(y ~ z + c(0, head(x, -1))),
    class = "backprop_warning_row_terms"
  )
  expect_equal(lagged$metrics, validated(y ~ z + last)$metrics)
  expect_snapshot(invisible(seeded(y ~ z + c(0, head(x, -1)), d, calibration = 0.2)))
  # bases, and functions of one row, are no such terms
  rowwise <- y ~ poly(z, 2) + scale(x) + log(abs(x)) + I(z^2) + factor(z > 0) + splines::ns(x, 3)
  expect_no_warning(validated(rowwise))
  expect_no_warning(seeded(rowwise, d, calibration = 0.2))
})

test_that("terms with constants of a function's own are evaluated for folds, too", {
  set.seed(1)
  d <- data.frame(x = cumsum(rnorm(60)), z = rnorm(60))
  d$cube <- d$z^3
  d$last <- c(0, 0, head(d$x, -2))
  d$y <- d$last + d$z^3 + rnorm(60, sd = 0.1)
  validated <- function(formula) {
    set.seed(1)
    nn_cv(formula, d, folds = 5, hidden = 0, penalty = 0)$metrics
  }
  powers <- (function(power) y ~ I(z^power) + x)(3)
  expect_no_warning(found <- validated(powers))
  expect_equal(found, validated(y ~ cube + x))
  expect_no_warning(seeded(powers, d, calibration = 0.2))
  lagged <- (function(lag) y ~ z + c(rep(0, lag), head(x, -lag)))(2)
  expect_warning(found <- validated(lagged), class = "backprop_warning_row_terms")
  expect_equal(found, validated(y ~ z + last))
})

test_that("terms that use other rows are told of with held-out rows, also in weights and offsets", {
  d <- data.frame(x = (1:40) / 10, w = rep(1:2, 20), y = sin(1:40))
  train <- function(formula, ...) nn_train(formula, d, ..., hidden = 0, epochs = 2, penalty = 0.1)
  for (split in list(list(validation = 0.2), list(calibration = 0.2))) {
    run <- function(...) do.call(train, c(list(...), split))
    expect_warning(run(y ~ cumsum(x)), "cumsum", class = "backprop_warning_row_terms")
    expect_warning(
      run(y ~ x, weights = quote(w / mean(w))), "weights = w/mean\\(w\\)",
      class = "backprop_warning_row_terms"
    )
    expect_no_warning(run(y ~ log(x) + poly(x, 2), weights = quote(w * 2), offset = quote(x + 1)))
  }
  expect_no_warning(train(y ~ cumsum(x)))
  expect_no_warning(train(y ~ cumsum(x), validation = FALSE))
  cv <- function(...) nn_cv(y ~ x, d, folds = 2, ..., hidden = 0, epochs = 2, penalty = 0.1)
  expect_warning(cv(offset = cumsum(x)), "offset = cumsum", class = "backprop_warning_row_terms")
  expect_no_warning(cv(offset = x + 1, weights = rep(1, 40)))
  outside <- d$w
  expect_warning(
    cv(weights = outside / mean(outside)), "weights = outside",
    class = "backprop_warning_row_terms"
  )
})

test_that("errors about the outcome of a formula have its name, not that of the argument y", {
  message <- function(code) {
    tryCatch(code, backprop_error = function(e) cli::ansi_strip(conditionMessage(e)))
  }
  # the same error of a call with and without a formula
  calls <- list(
    list(loss = "beta"), list(class_weights = "balanced"), list(output_activation = "softmax")
  )
  for (arguments in calls) {
    named <- message(do.call(nn_train, c(list(mpg ~ wt, mtcars), arguments)))
    plain <- message(do.call(nn_train, c(list(mtcars["wt"], mtcars$mpg), arguments)))
    expect_match(plain, "`y`", fixed = TRUE)
    expect_identical(named, gsub("`y`", "`mpg`", plain, fixed = TRUE))
  }
  expect_match(
    message(nn_train(-log(mpg) ~ wt, mtcars, loss = "gamma")), "`-log(mpg)` must be greater",
    fixed = TRUE
  )
  expect_match(
    message(nn_train(cbind(mpg, hp) ~ wt, mtcars, loss = "gaussian")),
    "`cbind(mpg, hp)` has 2 columns",
    fixed = TRUE
  )
  # also of data that are supplied again, and of rows that follow dropped ones
  fit <- nn_train(mpg ~ wt, mtcars, loss = "gamma", hidden = 0, epochs = 1, penalty = 0)
  below <- transform(mtcars, mpg = -mpg)
  expect_match(message(nn_continue(fit, below, epochs = 1)), "^`mpg` must be greater")
  gap <- transform(mtcars, mpg = replace(mpg, 3, -1), wt = replace(wt, 1, NA))
  error <- tryCatch(nn_train(mpg ~ wt, gap, loss = "gamma"), error = identity)
  expect_match(cli::ansi_strip(conditionMessage(error)), "^`mpg` must.*It is row 3 of the data")
  expect_identical(error$row, 3L)
})

test_that("the advice for a date as the outcome or offset is not that for an input", {
  d <- transform(mtcars, day = as.Date("2020-01-01") + 1:32)
  message_of <- function(formula) {
    conditionMessage(expect_error(nn_train(formula, d), class = "backprop_error_input"))
  }
  expect_match(message_of(mpg ~ day), 'dates = "parts"', fixed = TRUE)
  for (formula in c(day ~ mpg, mpg ~ wt + offset(day))) {
    expect_match(message_of(formula), "as.numeric(day)", fixed = TRUE)
    expect_no_match(message_of(formula), "parts")
  }
})
