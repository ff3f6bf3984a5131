test_that("a data frame and its formula give the same fit", {
  d <- cars_data()[c("mpg", "cyl", "wt", "am", "maker")]
  d$size <- factor(ifelse(d$wt > 3, "large", "small"), ordered = TRUE)
  d$pair <- scale(mtcars[c("hp", "qsec")])
  expect_same_fit(seeded(d[-1], d$mpg), seeded(mpg ~ ., d))
  expect_identical(seeded(d[-1], d$mpg)$inputs, seeded(mpg ~ ., d)$inputs)
  expect_identical(predict(seeded(d[-1], d$mpg), d), predict(seeded(mpg ~ ., d), d))
})

test_that("tibbles and data.tables are data frames", {
  fit <- seeded(Species ~ ., iris)
  skip_if_not_installed("tibble")
  tibble <- tibble::as_tibble(iris)
  expect_same_fit(seeded(Species ~ ., tibble), fit)
  expect_same_fit(seeded(tibble[1:4], tibble$Species), fit)
  expect_same_fit(seeded(tibble[1:4], tibble["Species"]), fit)
  expect_identical(predict(fit, tibble[3:1, ]), predict(fit, iris[3:1, ]))
  skip_if_not_installed("data.table")
  table <- data.table::as.data.table(iris)
  expect_same_fit(seeded(Species ~ ., table), fit)
  expect_same_fit(seeded(table[, 1:4], table$Species), fit)
  expect_identical(predict(fit, table[3:1, ]), predict(fit, iris[3:1, ]))
})

test_that("the outcome decides", {
  d <- cars_data()
  settings <- function(...) {
    fit <- seeded(...)
    c(
      fit$settings$loss$name, fit$settings$output_activation, fit$encoding$outcome$kind,
      ncol(fit$output), fit$encoding$outcome$scale[1] != 1
    )
  }
  expect_identical(
    settings(Species ~ ., iris), c("cross_entropy", "softmax", "classes", "3", "FALSE")
  )
  expect_identical(settings(am ~ wt, d), c("cross_entropy", "sigmoid", "binary", "1", "FALSE"))
  expect_identical(
    settings(factor(am) ~ wt, d), c("cross_entropy", "sigmoid", "binary", "1", "FALSE")
  )
  expect_identical(
    settings(ifelse(am, "yes", "no") ~ wt, d), c("cross_entropy", "sigmoid", "binary", "1", "FALSE")
  )
  expect_identical(settings(mpg ~ wt, d), c("squared_error", "identity", "numeric", "1", "TRUE"))
  expect_identical(settings(mpg ~ wt, d, standardize = FALSE), c(
    "squared_error", "identity", "numeric", "1", "FALSE"
  ))
  expect_identical(
    settings(mpg ~ wt, d, loss = "absolute"), c("absolute", "identity", "numeric", "1", "TRUE")
  )
  expect_identical(settings(mpg ~ wt, d, loss = nn_quantile(0.9)), c(
    "quantile", "identity", "numeric", "1", "TRUE"
  ))
  expect_identical(settings(mpg ~ wt, d, output_activation = "softplus"), c(
    "squared_error", "softplus", "numeric", "1", "FALSE"
  ))
  expect_identical(settings(I(mpg / 100) ~ wt, d, loss = "cross_entropy"), c(
    "cross_entropy", "sigmoid", "numeric", "1", "FALSE"
  ))
  expect_identical(
    settings(carb ~ wt, d, loss = "poisson"), c("poisson", "exp", "count", "1", "FALSE")
  )
  expect_identical(
    settings(cbind(mpg, hp) ~ wt, d), c("squared_error", "identity", "numeric", "2", "TRUE")
  )
  expect_identical(settings(d["wt"], as.matrix(d[c("mpg", "hp")])), c(
    "squared_error", "identity", "numeric", "2", "TRUE"
  ))
  expect_identical(
    settings(d["wt"], d[c("mpg", "hp")]), c("squared_error", "identity", "numeric", "2", "TRUE")
  )
})

test_that("several outputs are each on their own scale, under their own names", {
  fit <- seeded(cbind(mpg, hp) ~ wt + cyl, mtcars, hidden = 0, penalty = 0, epochs = 300)
  expect_equal(
    predict(fit, mtcars), predict(lm(cbind(mpg, hp) ~ wt + cyl, mtcars), mtcars),
    tolerance = 1e-6
  )
  expect_identical(colnames(residuals(fit)), c("mpg", "hp"))
})

test_that("counts begin at their mean", {
  fit <- nn_train(carb ~ wt, mtcars, loss = "poisson", epochs = 0)
  expect_equal(fit$bout[1, 1], log(mean(mtcars$carb)), tolerance = 1e-14)
  fit <- nn_train(carb ~ wt + offset(log(hp)), mtcars, loss = "poisson", epochs = 0, weights = gear)
  expect_equal(
    fit$bout[1, 1], log(sum(mtcars$gear * mtcars$carb) / sum(mtcars$gear * mtcars$hp)),
    tolerance = 1e-14
  )
})

test_that("constant columns are without effect, in new data too", {
  d <- cars_data()
  d$one <- 5
  d$only <- "a"
  d$none <- FALSE
  fit <- seeded(mpg ~ wt + one + only + none, d)
  expect_identical(unname(fit$encoding$center["one"]), 5)
  expect_true(all(fit$wh[fit$inputs != "wt", ] == 0))
  other <- transform(d, one = 1e6, none = TRUE)
  expect_identical(predict(fit, other), fitted(fit))
  expect_same_fit(seeded(d[c("wt", "one", "only", "none")], d$mpg), fit)
  expect_output(print(fit), "3 constant columns without effect \\(one, only,\\s+none")
})

test_that("scales are those of the weighted rows, however large or small the numbers", {
  x <- c(1, 2, 4, 9)
  w <- c(2, 1, 0, 1)
  scales <- column_scales(cbind(x, x * 1e200, x * 1e-200), w, TRUE)
  repeated <- c(1, 1, 2, 9)
  expect_equal(unname(scales$center), mean(repeated) * c(1, 1e200, 1e-200), tolerance = 1e-14)
  expect_equal(
    unname(scales$scale), sqrt(mean((repeated - mean(repeated))^2)) * c(1, 1e200, 1e-200),
    tolerance = 1e-14
  )
})

test_that("standardize = FALSE leaves the data as they are", {
  fit <- seeded(mpg ~ wt + cyl, cars_data(), standardize = FALSE)
  expect_true(all(fit$encoding$center == 0), all(fit$encoding$scale == 1))
  raw <- model.matrix(mpg ~ wt + cyl, cars_data())[, -1]
  settings <- fit$settings
  output <- nn_forward(coef(fit), raw, settings$activation, settings$output_activation)$output
  expect_identical(unname(fitted(fit)), unname(output[, 1]))
})

test_that("rows with missing values are left out of a data frame, as na.action says", {
  d <- iris
  d$Sepal.Width[7] <- NA
  d$Species[9] <- NA
  kept <- seeded(d[1:4], d$Species)
  expect_identical(rownames(fitted(kept)), as.character(setdiff(1:150, c(7, 9))))
  rownames(kept$output) <- NULL
  expect_same_fit(kept, seeded(iris[-c(7, 9), 1:4], iris$Species[-c(7, 9)]))
  expect_identical(nobs(seeded(d[1:4], d$Species)), 148L)
  weighted <- seeded(d[1:4], d$Species, weights = c(NA, rep(1, 149)))
  expect_identical(nobs(weighted), 147L)
  expect_snapshot(refused(nn_train(d[1:4], d$Species, na.action = na.fail), "input"))
})

test_that("a wide data frame takes no time to encode", {
  set.seed(1)
  wide <- as.data.frame(matrix(rnorm(1000 * 200), 200))
  wide$y <- rnorm(200)
  took <- system.time(
    fit <- nn_train(y ~ ., wide, hidden = 1, epochs = 1, optimizer = "adam")
  )[[3]] + system.time(predict(fit, wide))[[3]]
  expect_lt(took, 10)
  # a name beyond ASCII changes symbols in a sum that nests once for each term
  names(wide)[1:2] <- c("gr\u00f6\u00dfe", "b")
  fit <- nn_train(y ~ ., wide, hidden = 1, epochs = 1, optimizer = "adam")
  expect_length(predict(fit, wide), 200)
})

test_that("going on with data gives the longer call's fit, to the last bit", {
  d <- cars_data()
  d$qsec[4] <- NA
  d$w <- runif(32)
  long <- function(epochs) {
    seeded(mpg ~ poly(disp, 2) + cyl + wt + offset(hp / 100), d,
      subset = wt > 2, weights = w, optimizer = "adam", batch_size = 8,
      calibration = 0.3, validation = 0.3, epochs = epochs
    )
  }
  expect_same_fit(nn_continue(long(4), d, epochs = 6), long(10))
  held_out <- transform(iris[3 * 1:50, ], Sepal.Length = Sepal.Length + 0.01)
  frame <- function(epochs) {
    seeded(iris[1:4], iris$Species,
      epochs = epochs, optimizer = "adam", calibration = 0.2, batch_size = 16,
      validation = list(X = held_out, y = held_out$Species)
    )
  }
  expect_same_fit(
    nn_continue(frame(3), iris, iris$Species, 7, validation = list(
      X = held_out, y = held_out$Species
    )),
    frame(10)
  )
  others <- transform(d[1:10, ], wt = wt + 0.01)
  formula <- function(epochs) {
    seeded(am ~ wt, d, epochs = epochs, validation = others, optimizer = "adam")
  }
  expect_same_fit(nn_continue(formula(3), d, epochs = 7, validation = others), formula(10))
  lbfgs <- function(epochs) seeded(am ~ wt, d, epochs = epochs, optimizer = "lbfgs")
  expect_same_fit(nn_continue(lbfgs(3), d, epochs = 7), lbfgs(10))

  expect_warning(nn_continue(long(4), d[-7, ], epochs = 1), class = "backprop_warning_other_data")
  expect_snapshot({
    refused(nn_continue(long(4), d[-1], epochs = 1), "input")
    refused(nn_continue(long(4), d[-3], epochs = 1), "input")
    refused(nn_continue(long(4), d, d$mpg, epochs = 1), "argument")
    refused(
      nn_continue(frame(3), iris, epochs = 1, validation = list(X = iris, y = iris$Species)),
      "input"
    )
    refused(
      nn_continue(frame(3), iris, 1:150, epochs = 1, validation = list(X = iris, y = iris$Species)),
      "input"
    )
    refused(
      nn_continue(frame(3), as.matrix(iris[1:4]), iris$Species, epochs = 1, validation = list(
        X = iris, y = iris$Species
      )),
      "input"
    )
    refused(nn_continue(frame(3), iris, iris$Species, epochs = 1), "argument")
  })
})

test_that("what print says of data", {
  d <- cars_data()
  d$hp[3] <- NA
  expect_snapshot({
    seeded(Species ~ ., iris)
    seeded(mpg ~ wt + hp, d, validation = 0.2)
    seeded(carb ~ wt, d, loss = "poisson", standardize = FALSE, optimizer = "rprop")
    summary(seeded(mpg ~ wt + hp, d, weights = wt, validation = 0.2))
    summary(seeded(am ~ wt, d, validation = 0.2))
  })
})

test_that("summary() tells training rows from held-out rows, and weighs them", {
  d <- cars_data()
  fit <- seeded(mpg ~ wt, d, weights = disp, validation = 0.25, optimizer = "adam")
  held_out <- stratified_rows(0.25, fit$state$seed, rep(1, nrow(d)))
  expect_length(held_out, 8)
  errors <- summary(fit)$errors
  r <- residuals(fit)
  mean_square <- function(rows) weighted.mean(r[rows]^2, d$disp[rows])
  expect_equal(
    errors$mean_squared_error, c(mean_square(-held_out), mean_square(held_out)),
    tolerance = 1e-12
  )
  expect_equal(
    errors$r_squared[1],
    1 - mean_square(-held_out) / weighted.mean(
      (d$mpg - weighted.mean(d$mpg[-held_out], d$disp[-held_out]))[-held_out]^2, d$disp[-held_out]
    ),
    tolerance = 1e-12
  )
  species <- seeded(Species ~ ., iris, validation = 0.2, optimizer = "adam")
  expect_equal(
    unname(summary(species)$accuracy["held out"]), tail(species$history$validation_accuracy, 1),
    tolerance = 1e-12
  )
})

test_that("data frames that cannot be used are refused", {
  d <- cars_data()
  d$day <- as.Date("2020-01-01") + 1:32
  d$l <- as.list(1:32)
  expect_snapshot({
    refused(nn_train(d["wt"]), "input")
    refused(nn_train(d["wt"], NULL), "input")
    refused(nn_train(d["wt"], d$mpg[1:3]), "input")
    refused(nn_train(d[c("wt", "day")], d$mpg), "input")
    refused(nn_train(d[c("wt", "l")], d$mpg), "input")
    refused(nn_train(d["wt"], d$day), "input")
    refused(nn_train(d["wt"], d$l), "input")
    refused(nn_train(d["wt"], d[c("mpg", "maker")]), "input")
    refused(nn_train(d[0], d$mpg), "input")
    refused(nn_train(d[0, "wt", drop = FALSE], numeric()), "input")
    refused(nn_train(d[c("wt", "wt")] |> stats::setNames(c("wt", "wt")), d$mpg), "input")
    refused(nn_train(d["wt"], y = mpg ~ wt), "argument")
    refused(nn_train(d["wt"], rep("a", 32)), "input")
    refused(nn_train(transform(d["wt"], wt = c(Inf, wt[-1])), d$mpg), "input")
    refused(nn_train(d["wt"], c(Inf, d$mpg[-1])), "input")
    refused(nn_train(d["wt"], d$mpg, weights = "a"), "argument")
    refused(nn_train(d["wt"], d$mpg, offset = 1:3), "argument")
    refused(nn_train(d["wt"], d$mpg, standardize = NA), "argument")
    refused(nn_train(d["wt"], d$mpg, standardise = FALSE), "argument")
    refused(nn_train(d["wt"], d$mpg, na.action = "no_such"), "argument")
    refused(nn_train(d["wt"], d$mpg, validation = d), "argument")
    refused(nn_train(d["wt"], d$mpg, validation = list(X = d, y = 1:3)), "input")
    refused(nn_train(d["wt"], d$mpg, validation = list(X = d["hp"], y = d$mpg)), "input")
    refused(nn_train(d["wt"], d$carb - 5, loss = "poisson"), "input")
    refused(nn_train(d["wt"], d$mpg, optimizer = "lbfgs", batch_size = 8), "argument")
  })
})

test_that("a missing value may be a level", {
  d <- data.frame(y = 1:30 + sin(1:30), a = addNA(factor(rep(c("u", NA, "v"), 10))))
  for (levels in list(c("u", "v", NA), c("v", NA, "unused", "u"))) {
    d$a <- factor(d$a, levels, exclude = NULL)
    for (fit in list(
      nn_train(y ~ a, d, hidden = 0, penalty = 0, epochs = 200),
      nn_train(d["a"], d$y, hidden = 0, penalty = 0, epochs = 200)
    )) {
      expect_equal(fitted(fit), unname(fitted(lm(y ~ a, d))), tolerance = 1e-6)
      expect_identical(predict(fit, d), fitted(fit))
      file <- withr::local_tempfile(fileext = ".R")
      expect_error(nn_export(fit, file), "missing value", class = "backprop_error_export")
      nn_save(fit, file)
      expect_identical(predict(nn_load(file), d[1:4, ]), fitted(fit)[1:4])
    }
  }
})

test_that("levels without a row are told of, and classes need rows", {
  expect_warning(
    fit <- seeded(Species ~ ., iris, subset = Species != "setosa"), "setosa",
    class = "backprop_warning_levels"
  )
  expect_identical(levels(predict(fit, iris, type = "class")), levels(iris$Species))
  expect_no_warning(seeded(Species ~ ., droplevels(iris[51:150, ])))
  expect_snapshot({
    refused(nn_train(iris[1:50, 1:4], iris$Species[1:50]), "input")
    refused(nn_train(iris[1:4], rep(TRUE, 150)), "input")
  })
})

test_that("classes of an ordered factor are predicted in their order", {
  size <- cut(mtcars$wt, c(0, 2.5, 3.5, 9), c("light", "middle", "heavy"), ordered_result = TRUE)
  d <- transform(mtcars[c("hp", "disp")], size = size)
  X <- scale(as.matrix(mtcars[c("hp", "disp")]))
  for (fit in list(seeded(size ~ ., d), seeded(d[1:2], size), seeded(X, size))) {
    class <- predict(fit, type = "class")
    expect_true(is.ordered(class))
    expect_identical(levels(class), levels(size))
    expect_gt(sum(class >= "middle"), 0)
    file <- withr::local_tempfile()
    nn_save(fit, file)
    expect_true(is.ordered(predict(nn_load(file), type = "class")))
  }
  expect_false(is.ordered(predict(seeded(Species ~ ., iris), type = "class")))
})

test_that("outcomes may be arrays of one dimension, or one column of classes", {
  d <- mtcars["wt"]
  expected <- coef(seeded(d, mtcars$mpg))
  expect_identical(coef(seeded(d, array(mtcars$mpg, 32))), expected)
  expect_identical(coef(seeded(cbind(d, mpg = array(mtcars$mpg, 32)), mpg ~ wt)), expected)
  expect_identical(coef(seeded(data.frame(wt = array(mtcars$wt, 32)), mtcars$mpg)), expected)
  classes <- coef(seeded(d, mtcars$am == 1))
  expect_identical(coef(seeded(d, matrix(mtcars$am == 1))), classes)
  expect_error(seeded(d, array(1, c(32, 1, 1))), class = "backprop_error_input")
})

test_that("counts may have several outputs, and be 0 throughout", {
  set.seed(1)
  d <- data.frame(x = rnorm(100))
  y <- cbind(a = rpois(100, exp(d$x)), b = rpois(100, 3))
  fit <- nn_train(d, y, loss = "poisson", hidden = 3, epochs = 0)
  start <- nn_train(as.matrix(d), y, loss = "poisson", hidden = 3, epochs = 0)
  expect_equal(fit$bout[1, ], log(colMeans(y)), ignore_attr = TRUE)
  expect_identical(dim(start$bout), dim(fit$bout))
  expect_lt(nn_train(d, y, loss = "poisson", hidden = 3, epochs = 50)$objective, fit$objective)
  expect_warning(
    none <- nn_train(d, rep(0, 100), loss = "poisson", hidden = 3, epochs = 20),
    class = "backprop_warning_constant_outcome"
  )
  expect_lt(max(fitted(none)), 0.01)
})

test_that("outputs without names get those of the outcome, numbered", {
  y <- unname(as.matrix(mtcars[c("mpg", "qsec")]))
  fit <- seeded(mtcars[c("wt", "hp")], y)
  expect_identical(fit$encoding$outcome$names, c("y1", "y2"))
  expect_identical(summary(fit)$errors$output, c("y1", "y2"))
  expect_identical(summary(seeded(mpg ~ wt, mtcars))$errors$output, "mpg")
})

test_that("residuals have the names that fitted values have", {
  fit <- seeded(cbind(mpg, qsec) ~ wt, mtcars)
  expect_identical(dimnames(residuals(fit)), dimnames(fitted(fit)))
  expect_identical(rownames(residuals(fit)), rownames(mtcars))
  named <- iris
  rownames(named) <- paste0("flower", 1:150)
  species <- seeded(Species ~ ., named)
  expect_identical(dimnames(residuals(species)), dimnames(fitted(species)))
  expect_error(residuals(fit, type = "pearson"), class = "backprop_error_argument")
  expect_error(fitted(fit, scale = TRUE), class = "backprop_error_argument")
})

test_that("print names what rows bring and where others went, and some of many levels", {
  withr::local_options(width = 200)
  d <- cars_data()
  d$letter <- factor(letters[1:16])
  others <- transform(d, wt = wt + 0.01)
  expect_snapshot({
    writeLines(grep(
      "^Rows",
      capture.output(print(seeded(
        mpg ~ wt, d,
        weights = disp, offset = qsec, calibration = 0.25, validation = 0.2
      ))),
      value = TRUE
    ))
    writeLines(grep(
      "^Rows",
      capture.output(print(seeded(
        am ~ wt, d,
        class_weights = "balanced", validation = list(X = others, y = d$am)
      ))),
      value = TRUE
    ))
    writeLines(grep("^Data", capture.output(print(seeded(letter ~ wt, d))), value = TRUE))
  })
})

test_that("columns and outcomes that are constant but for rounding are constant", {
  set.seed(1)
  d <- data.frame(noise = (1:60 * 14.62) / 1:60, x = rnorm(60), year = 1.7e9 + 1:60)
  expect_gt(length(unique(d$noise)), 1)
  d$y <- d$x + rnorm(60)
  fit <- nn_train(y ~ ., d, hidden = 3, epochs = 20)
  expect_identical(fit$encoding$constant, 1L)
  new <- transform(d[1:3, ], noise = 15)
  expect_identical(predict(fit, new), predict(fit, d[1:3, ]))
  expect_snapshot({
    invisible(seeded(noise ~ x, d))
    invisible(seeded(I(a + b) ~ x, data.frame(a = 1:9, b = 9:1, x = 1:9)))
    invisible(seeded(a + b ~ x, data.frame(a = 1:9, b = 9:1, x = 1:9)))
  })
})

test_that("a vector and a matrix of one column are the same column", {
  set.seed(1)
  d <- data.frame(x = rnorm(40), y = rnorm(40))
  scaled <- transform(d, x = scale(x))
  plain <- transform(d, x = as.vector(scale(x)))
  expect_true(is.matrix(scaled$x))
  for (train in list(
    function(d) seeded(y ~ x, d, hidden = 2), function(d) seeded(d["x"], d$y, hidden = 2)
  )) {
    from_matrix <- train(scaled)
    from_vector <- train(plain)
    expect_identical(predict(from_matrix, plain), predict(from_vector, plain))
    expect_identical(predict(from_vector, scaled), predict(from_vector, plain))
  }
})

test_that("an outcome of few values is noted, with how to get classes", {
  withr::local_options(width = 200)
  note <- function(formula, ...) {
    set.seed(1)
    fit <- nn_train(formula, mtcars, hidden = 2, epochs = 3, ...)
    expect_identical(
      grep("^Note", capture.output(print(fit)), value = TRUE),
      grep("^Note", capture.output(print(summary(fit))), value = TRUE)
    )
    grep("^Note", capture.output(print(fit)), value = TRUE)
  }
  expect_identical(note(am ~ wt), paste(
    "Note:      the outcome has 2 values, 0 and 1, and is predicted as a number; for classes use",
    "factor(am)"
  ))
  expect_match(note(cyl ~ wt), "has 3 values, whole numbers from 4 to 8, .* use factor\\(cyl\\)$")
  expect_match(note(I(am / 3 + 1) ~ wt), "has 2 values, 1 and 1.333, ", fixed = TRUE)
  # rows of weight 0 have no influence
  expect_match(note(gear ~ wt, weights = as.numeric(gear < 5)), "has 2 values, 3 and 4,")
  # many values, classes, probabilities and counts have none
  expect_length(note(mpg ~ wt), 0)
  expect_length(note(carb ~ wt), 0)
  expect_length(note(factor(am) ~ wt), 0)
  expect_length(note(am ~ wt, loss = "cross_entropy"), 0)
  expect_length(note(am ~ wt, output_activation = "sigmoid"), 0)
  expect_length(note(carb ~ wt, loss = "poisson"), 0)
  # as it says: probabilities
  p <- predict(withr::with_seed(1, nn_train(factor(am) ~ wt, mtcars, hidden = 2)), mtcars)
  expect_true(all(p >= 0 & p <= 1))
  ordered <- transform(mtcars, size = factor(cyl, ordered = TRUE))
  expect_output(
    print(nn_train(size ~ wt, ordered, hidden = 2, epochs = 1)),
    "size, 3 classes, whose order is not used"
  )
})

test_that("several outcomes that are not numeric are refused with what to do, and it works", {
  d <- transform(mtcars, fast = qsec > 18, kind = ifelse(am == 1, "b", "a"))
  train <- function(...) {
    set.seed(1)
    nn_train(..., hidden = 2, epochs = 3)
  }
  expect_snapshot({
    refused(train(d["wt"], d[c("mpg", "fast")]), "input")
    refused(train(d["wt"], d[c("mpg", "kind")]), "input")
    refused(train(cbind(kind, fast) ~ wt, d), "input")
    refused(train(kind ~ wt, d[d$am == 1, ]), "input")
  })
  both <- train(
    cbind(fast = as.numeric(fast), kind = as.numeric(kind == "b")) ~ wt, d,
    loss = "cross_entropy"
  )
  p <- predict(both, d)
  expect_identical(colnames(p), c("fast", "kind"))
  expect_true(all(p > 0 & p < 1))
  # as those of logical columns
  bound <- train(cbind(fast, kind = kind == "b") ~ wt, d)
  expect_identical(predict(bound, d), p)
})

test_that("the errors in a fit, if it has any, are those that summary() shows", {
  model <- lm(mpg ~ wt, mtcars)
  line <- seeded(mpg ~ wt, mtcars, hidden = 0, penalty = 0)
  expect_null(line$errors)
  expect_equal(
    unlist(summary(line)$errors[1, 3:5]),
    c(
      mean_squared_error = mean(resid(model)^2), mean_absolute_error = mean(abs(resid(model))),
      r_squared = summary(model)$r.squared
    ),
    tolerance = 1e-6
  )
  held <- seeded(Species ~ ., iris, hidden = 2, penalty = 0.1, validation = 0.2)
  expect_named(held$errors, c("training", "held_out", "weighted"))
  expect_identical(summary(held)$accuracy[["held out"]], held$errors$held_out$accuracy)
  weighted <- seeded(mpg ~ wt, mtcars, hidden = 2, penalty = 0.1, weights = hp)
  expect_named(weighted$errors, c("training", "weighted"))
  expect_identical(
    summary(weighted)$errors$r_squared, weighted$errors$training$table[[1, "r_squared"]]
  )
  expect_null(seeded(mpg ~ wt, mtcars, weights = hp, hidden = 0, keep_fitted = FALSE)$errors)
})

test_that("fitted values have the row names of the data where rows were dropped, as in lm()", {
  air <- airquality
  train <- function(...) nn_train(..., hidden = 0, epochs = 3, penalty = 0.1)
  for (arguments in list(list(), list(subset = quote(Temp > 70)), list(na.action = na.exclude))) {
    ours <- do.call(train, c(list(Ozone ~ Wind, air), arguments))
    lm <- do.call("lm", c(list(Ozone ~ Wind, air), arguments))
    expect_identical(names(fitted(ours)), names(fitted(lm)))
    expect_identical(names(residuals(ours)), names(residuals(lm)))
  }
  lm <- lm(Ozone ~ Wind, air)
  expect_identical(names(fitted(train(air["Wind"], air$Ozone))), names(fitted(lm)))
  # the calibration set is dropped, too
  fit <- train(Ozone ~ Wind, air, calibration = 0.3)
  used <- as.integer(names(fitted(fit)))
  expect_equal(unname(fitted(fit) + residuals(fit)), as.double(air$Ozone[used]))
  excluded <- train(mpg ~ wt, mtcars, calibration = 0.3, na.action = na.exclude)
  expect_identical(names(fitted(excluded)), rownames(mtcars))
  expect_identical(sum(is.na(fitted(excluded))), 10L)
  expect_null(names(fitted(train(Ozone ~ Wind, na.omit(air) |> `rownames<-`(NULL)))))
})

test_that("an input that is the outcome is named in a warning", {
  expect_warning(
    nn_train(mtcars, mtcars$mpg, hidden = 0, epochs = 1), "input mpg is identical to the outcome",
    class = "backprop_warning_outcome_input"
  )
  twice <- transform(iris, Kind = as.character(Species))
  expect_warning(
    nn_train(Species ~ ., twice, hidden = 0, epochs = 1), "input Kind is",
    class = "backprop_warning_outcome_input"
  )
  expect_no_warning(nn_train(mpg ~ ., transform(mtcars, half = mpg / 2), hidden = 0, epochs = 1))
})

test_that("errors about a row say which row of the data it is, also if others were dropped", {
  cars <- mtcars
  cars$mpg[1:2] <- NA
  row_of <- function(...) {
    e <- expect_error(nn_train(..., hidden = 2, epochs = 1), class = "backprop_error")
    expect_match(conditionMessage(e), paste0("row ", e$row, " of the data"))
    e$row
  }
  wild <- cars
  wild$wt[10] <- Inf
  expect_identical(row_of(mpg ~ wt, wild), 10L)
  expect_identical(row_of(wild["wt"], wild$mpg), 10L)
  expect_identical(row_of(mpg ~ wt, cars, weights = replace(rep(1, 32), 10, -1)), 10L)
  negative <- cars
  negative$mpg[10] <- -5
  expect_identical(row_of(mpg ~ wt, negative, loss = "poisson", penalty = 0.1), 10L)
  # the row is not set aside
  set.seed(3)
  expect_identical(
    row_of(mpg ~ wt, negative, loss = "poisson", penalty = 0.1, calibration = 0.2), 10L
  )
  infinite <- cars
  infinite$mpg[10] <- Inf
  expect_identical(row_of(mpg ~ wt, infinite), 10L)
  # without dropped rows, the number is said once
  e <- expect_error(nn_train(mtcars["wt"], replace(mtcars$mpg, 10, Inf)), class = "backprop_error")
  expect_identical(e$row, 10)
  expect_no_match(conditionMessage(e), "of the data")
})
