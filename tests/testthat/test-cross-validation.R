inputs <- scale(as.matrix(iris[1:4]))
cars_inputs <- scale(as.matrix(mtcars[c("disp", "hp", "wt")]))
cars_target <- drop(scale(mtcars$mpg))
quick <- function(...) nn_cv(..., hidden = 3, optimizer = "lbfgs", penalty = 0.1, epochs = 30)

test_that("every row is held out once in each repetition, in folds of equal size", {
  set.seed(1)
  folds <- draw_folds(iris$Species, 7, 3, rep(1, 150))
  expect_identical(dim(folds), c(150L, 3L))
  for (repetition in 1:3) {
    counts <- table(iris$Species, folds[, repetition])
    expect_lte(diff(range(counts)), 1)
    expect_lte(diff(range(colSums(counts))), 1)
  }
  expect_false(identical(folds[, 1], folds[, 2]))
  values <- matrix(rexp(103))
  fold <- stratified_folds(values, 10)
  expect_setequal(tabulate(fold), c(10, 11))
  # within each run of 10 neighbours in size every fold has one
  expect_true(all(apply(matrix(fold[order(values)][1:100], 10), 2, function(run) {
    setequal(run, 1:10)
  })))
  expect_setequal(tabulate(stratified_folds(matrix(rnorm(44), 22), 4)), c(5, 6))
})

test_that("the numbers are those of a loop by hand", {
  set.seed(5)
  start <- nn_init(4, 3, hidden = 3)
  fold <- rep(1:5, 30)
  result <- quick(inputs, iris$Species, folds = fold, start = start)
  for (k in 1:5) {
    fit <- nn_train(
      inputs[fold != k, ], iris$Species[fold != k],
      hidden = 3, optimizer = "lbfgs", penalty = 0.1,
      epochs = 30, start = start
    )
    prob <- predict(fit, inputs[fold == k, ], type = "prob")
    observed <- iris$Species[fold == k]
    expect_identical(unname(result$probabilities[fold == k, ]), unname(prob))
    expect_equal(result$metrics$accuracy[k], mean(colnames(prob)[max.col(prob)] == observed))
    expect_equal(result$metrics$log_loss[k], -mean(log(prob[cbind(1:30, as.integer(observed))])))
  }
  expect_identical(result$predictions$observed, iris$Species)
  expect_equal(mean(result$predictions$predicted == iris$Species), mean(result$metrics$accuracy))
  table <- summary(result)
  expect_equal(table$mean[1], mean(result$metrics$accuracy))
  expect_equal(table$standard_error[1], sd(result$metrics$accuracy) / sqrt(5))
})

test_that(
  "the numbers of regression are those of a loop by hand, with offsets and weights",
  {
    set.seed(5)
    start <- nn_init(3, 1, hidden = 3)
    fold <- rep(1:4, 8)
    w <- rep(c(1, 2, 0.5, 3), each = 8)
    o <- seq(-1, 1, length.out = 32)
    result <- quick(
      cars_inputs, cars_target,
      folds = fold, start = start, weights = w, offset = o,
      output_activation = "identity"
    )
    for (k in 1:4) {
      fit <- nn_train(
        cars_inputs[fold != k, ], cars_target[fold != k],
        hidden = 3, optimizer = "lbfgs",
        penalty = 0.1, epochs = 30, start = start, weights = w[fold != k], offset = o[fold != k],
        output_activation = "identity"
      )
      p <- predict(fit, cars_inputs[fold == k, ], offset = o[fold == k])
      y <- cars_target[fold == k]
      wk <- w[fold == k]
      expect_equal(result$predictions$predicted[fold == k], unname(p))
      expect_equal(result$metrics$rmse[k], sqrt(weighted.mean((y - p)^2, wk)))
      expect_equal(result$metrics$mae[k], weighted.mean(abs(y - p), wk))
      expect_equal(
        result$metrics$r_squared[k],
        1 - weighted.mean((y - p)^2, wk) / weighted.mean((y - weighted.mean(y, wk))^2, wk)
      )
    }
  }
)

test_that("nothing of the rows held out reaches the fit that predicts them", {
  fold <- rep(1:4, 8)
  set.seed(1)
  one <- quick(
    cars_inputs, cars_target,
    folds = fold, output_activation = "identity", keep_fits = TRUE
  )
  moved <- cars_inputs
  moved[fold == 1, ] <- moved[fold == 1, ] * 100
  target <- ifelse(fold == 1, 99, cars_target)
  set.seed(1)
  other <- quick(moved, target, folds = fold, output_activation = "identity", keep_fits = TRUE)
  expect_identical(coef(one$fits[[1]]), coef(other$fits[[1]]))
  expect_false(identical(coef(one$fits[[2]]), coef(other$fits[[2]])))
  expect_length(one$fits, 4)
  expect_identical(nobs(one$fits[[1]]), 24L)
})

test_that(
  "the same seed gives the same numbers, and R's generator goes on from where the draws left it",
  {
    set.seed(1)
    one <- quick(inputs, iris$Species, folds = 3, repeats = 2)
    after <- runif(1)
    set.seed(1)
    expect_identical(quick(inputs, iris$Species, folds = 3, repeats = 2), one)
    expect_identical(runif(1), after)
    expect_identical(one$metrics$repetition, rep(1:2, each = 3))
    expect_identical(nrow(one$predictions), 300L)
    expect_identical(one$predictions$row, rep(1:150, 2))
  }
)

test_that("in parallel the numbers are those in sequence", {
  skip_if_not_installed("future.apply")
  set.seed(1)
  one <- quick(inputs, iris$Species, folds = 4)
  old <- future::plan(future::multisession, workers = 2)
  on.exit(future::plan(old))
  set.seed(1)
  expect_identical(quick(inputs, iris$Species, folds = 4), one)
})

test_that("sparse inputs give the numbers of plain ones where every argument is given", {
  skip_if_not_installed("Matrix")
  quick <- function(...) {
    nn_cv(
      ...,
      hidden = 3, activation = "sigmoid", init = "tutorial", reduction = "mean",
      optimizer = "lbfgs", batch_size = NULL, validation = NULL, patience = Inf, penalty = 0.1,
      epochs = 30
    )
  }
  plain <- cbind(cars_inputs, diag(32)[, 1:3])
  colnames(plain) <- NULL
  fold <- rep(1:4, 8)
  set.seed(1)
  one <- quick(plain, cars_target, folds = fold, output_activation = "identity", keep_fits = TRUE)
  set.seed(1)
  other <- quick(
    Matrix::Matrix(plain, sparse = TRUE), cars_target,
    folds = fold, output_activation = "identity",
    keep_fits = TRUE, standardize = FALSE
  )
  expect_identical(other$metrics, one$metrics)
  expect_equal(other$fits[[2]]$probe, one$fits[[2]]$probe)
})

test_that("a task's numbers do not depend on the kind of R's generator, which is left as it was", {
  withr::local_seed(1, .rng_kind = "L'Ecuyer-CMRG")
  first <- .Random.seed
  drawn <- with_seed(7, runif(2))
  expect_identical(.Random.seed, first)
  withr::local_seed(1, .rng_kind = "Mersenne-Twister")
  expect_identical(with_seed(7, runif(2)), drawn)
  # a session that has not drawn anything
  rm(".Random.seed", envir = globalenv())
  expect_identical(with_seed(7, runif(2)), drawn)
  expect_false(exists(".Random.seed", globalenv()))
})

test_that("progress is told to progressr", {
  skip_if_not_installed("progressr")
  steps <- 0
  counter <- progressr::make_progression_handler(
    "counter", list(update = function(config, state, ...) steps <<- state$step),
    intrusiveness = 0,
    interval = 0, times = Inf, enable = TRUE
  )
  progressr::with_progress(
    quick(inputs, iris$Species, folds = 3),
    handlers = counter, enable = TRUE
  )
  expect_equal(steps, 3)
})

test_that("metrics are what their names say", {
  y <- factor(c("b", "a", "b", "b", "a"))
  score <- c(0.8, 0.4, 0.4, 0.9, 0.1)
  p <- cbind(a = 1 - score, b = score)
  w <- rep(1, 5)
  value <- function(name, ...) metric_table[[name]]$value(...)
  expect_identical(value("accuracy", y, p, w), 4 / 5)
  expect_equal(value("log_loss", y, p, w), -mean(log(c(0.8, 0.6, 0.4, 0.9, 0.9))))
  expect_equal(value("brier", y, p, w), 2 * mean(c(0.2, 0.4, 0.6, 0.1, 0.1)^2))
  expect_equal(
    value("auc", y, p, w),
    unname(suppressWarnings(wilcox.test(score[y == "b"], score[y == "a"]))$statistic) / 6
  )
  expect_identical(value("auc", y[c(1, 3)], p[c(1, 3), ], w[1:2]), NA_real_)
  # a weight of 2 is the row twice
  twice <- c(1, 1, 2, 3, 4, 5)
  for (name in c("accuracy", "log_loss", "brier", "auc")) {
    expect_equal(
      value(name, y[twice], p[twice, ], rep(1, 6)), value(name, y, p, c(2, 1, 1, 1, 1)),
      label = name
    )
  }
  numbers <- matrix(c(1, 4, 2, 8))
  guess <- matrix(c(2, 3, 2, 5))
  expect_equal(
    value("poisson_deviance", numbers, guess, rep(1, 4)),
    mean(poisson()$dev.resids(numbers, guess, 1))
  )
  for (name in c("rmse", "mae", "r_squared", "poisson_deviance")) {
    expect_equal(
      value(name, numbers[c(1, 1:4), , drop = FALSE], guess[c(1, 1:4), , drop = FALSE], rep(1, 5)),
      value(name, numbers, guess, c(2, 1, 1, 1)),
      label = name
    )
  }
})

test_that("the area for several classes is Hand and Till's", {
  set.seed(3)
  y <- factor(sample(letters[1:3], 40, TRUE))
  p <- matrix(round(runif(120), 1), 40)
  # the share of pairs that are in the right order, pair by pair
  area <- function(k, i, j) {
    mean(outer(p[y == i, k], p[y == j, k], function(a, b) (a > b) + (a == b) / 2))
  }
  pairs <- list(c(1, 2), c(1, 3), c(2, 3))
  expected <- mean(vapply(
    pairs,
    function(s) {
      (area(s[1], letters[s[1]], letters[s[2]]) + area(s[2], letters[s[2]], letters[s[1]])) / 2
    },
    0
  ))
  expect_equal(area_under_curve(y, p, rep(1, 40)), expected)
  # the same pair by pair, with weights and many tied scores
  y <- factor(sample(letters, 400, TRUE))
  p <- matrix(round(runif(400 * 26), 1), 400)
  w <- runif(400)
  by_pairs <- combn(26, 2, function(pair) {
    rows <- as.integer(y) %in% pair
    mean(vapply(pair, function(k) rank_area(p[rows, k], as.integer(y)[rows] == k, w[rows]), 0))
  })
  expect_equal(area_under_curve(y, p, w), mean(by_pairs), tolerance = 1e-13)
  w[y == "e"] <- 0
  expect_identical(area_under_curve(y, p, w), NA_real_)
})

test_that("a metric of one's own gets what was observed and predicted", {
  set.seed(1)
  result <- quick(inputs, iris$Species, folds = 3, metrics = list(
    "accuracy",
    wrong = function(y, p) sum(levels(y)[max.col(p)] != y)
  ))
  expect_equal(result$metrics$wrong, (1 - result$metrics$accuracy) * result$metrics$rows)
  set.seed(1)
  result <- quick(
    cars_inputs, cars_target,
    folds = 3, metrics = function(y, p) max(abs(y - p)),
    output_activation = "identity"
  )
  p <- result$predictions
  expect_equal(result$metrics$metric, as.vector(tapply(abs(p$observed - p$predicted), p$fold, max)))
})

test_that("leaving one out, several outputs and metrics that are not defined", {
  set.seed(1)
  one_out <- quick(cars_inputs, cars_target, folds = 32, output_activation = "identity")
  expect_identical(one_out$metrics$rows, rep(1L, 32))
  expect_true(all(is.na(one_out$metrics$r_squared)))
  expect_identical(summary(one_out)$fits, c(32L, 32L, 0L))
  expect_identical(summary(one_out)$mean[3], NA_real_)
  both <- as.matrix(scale(mtcars[c("mpg", "qsec")]))
  two <- quick(cars_inputs, both, folds = 4, output_activation = "identity")
  expect_identical(dim(two$predictions$predicted), c(32L, 2L))
  expect_equal(
    two$predictions$observed, unname_rows(both),
    ignore_attr = c("scaled:center", "scaled:scale")
  )
})

test_that("fits that diverge are NA with a warning, and an error where all do", {
  far <- cars_target
  far[1] <- 1e200
  fold <- rep(1:4, 8)
  expect_warning(
    expect_warning(
      result <- nn_cv(cars_inputs, far, folds = fold, output_activation = "identity", epochs = 50),
      class = "backprop_warning_folds"
    ),
    "In 1 of 4 fits: Training diverged"
  )
  expect_identical(is.na(result$metrics$rmse), c(FALSE, TRUE, TRUE, TRUE))
  expect_identical(is.na(result$predictions$predicted), fold != 1)
  expect_error(
    nn_cv(cars_inputs, cars_target * 1e200, folds = 3, output_activation = "identity", epochs = 50),
    class = "backprop_error_diverged"
  )
})

test_that("rare classes and warnings of the fits are told once", {
  y <- factor(rep(c("a", "b"), c(30, 2)))
  expect_snapshot(result <- quick(cars_inputs, y, folds = 4))
  expect_warning(
    nn_cv(inputs, factor(iris$Species == "setosa"), folds = 3, optimizer = "lbfgs", epochs = 1000),
    class = "backprop_warning_fits"
  )
})

test_that("a cross-validation prints its table", {
  set.seed(1)
  rounded <- function(lines) gsub("([0-9]\\.[0-9]{2})[0-9]+", "\\1", lines)
  expect_snapshot(
    {
      quick(inputs, iris$Species, folds = 5, repeats = 2)
      quick(cars_inputs, cars_target, folds = rep(1:4, 8), output_activation = "identity")
      quick(cars_inputs, cars_target, folds = 32, output_activation = "identity")
    },
    transform = rounded
  )
})

test_that("what cannot be done is refused before any fit", {
  expect_snapshot(error = TRUE, {
    nn_cv()
    nn_cv(inputs)
    nn_cv("a", 1)
    nn_cv(inputs, iris$Species, folds = 1)
    nn_cv(inputs, iris$Species, folds = 151)
    nn_cv(inputs, iris$Species, folds = 1:3)
    nn_cv(inputs, iris$Species, folds = rep(1, 150))
    nn_cv(inputs, iris$Species, folds = rep(1:2, 75), repeats = 2)
    nn_cv(inputs, iris$Species, metrics = "rmse")
    nn_cv(cars_inputs, cars_target, metrics = "accuracy")
    nn_cv(inputs, iris$Species, metrics = "acuracy")
    nn_cv(inputs, iris$Species, metrics = 3)
    nn_cv(inputs, iris$Species, metrics = list("auc", "auc"))
    nn_cv(inputs, iris$Species, metrics = list(fold = "auc"))
    nn_cv(inputs, iris$Species, hiden = 3)
    nn_cv(inputs, iris$Species, 5, 1, NULL, FALSE, NULL, NULL, 3)
    nn_cv(inputs, iris$Species, checkpoint = "fit.rds")
    nn_cv(inputs, iris$Species, hidden = -1)
    nn_cv(inputs, iris$Species, weights = 1:3)
    nn_cv(mpg ~ wt, mtcars, weights = -hp)
    nn_cv(mtcars["wt"], mtcars$mpg, weights = -mtcars$hp)
    nn_cv(mpg ~ wt, mtcars, folds = rep(c("a", "b"), 16), weights = rep(0:1, 16))
    nn_cv(cars_inputs, cars_target, metrics = abs)
    nn_cv(cars_inputs, cars_target, metrics = list("rmse", mine = function() 1))
    nn_cv(Ozone ~ Wind, airquality, folds = rep(1:2, 50))
    nn_cv(Ozone ~ Wind, airquality, folds = c(NA, rep(1:2, 76)))
  })
})

test_that("a metric of one's own that fails is NA, and told of once", {
  set.seed(1)
  plain <- quick(cars_inputs, cars_target, folds = 4, output_activation = "identity")
  set.seed(1)
  expect_snapshot(
    result <- quick(
      cars_inputs, cars_target,
      folds = 4, output_activation = "identity",
      metrics = list(
        "rmse",
        picky = function(y, p) if (max(y) > 2) stop("too {high}") else 1,
        text = function(y, p) "good", further = function(y, p, power = 2) mean(abs(y - p)^power),
        greatest = max
      )
    )
  )
  high <- tapply(cars_target[plain$predictions$row], plain$predictions$fold, max) > 2
  expect_true(any(high) && any(!high))
  expect_identical(result$metrics$picky, ifelse(as.vector(high), NA, 1))
  expect_identical(result$metrics$text, rep(NA_real_, 4))
  expect_equal(result$metrics$further, result$metrics$rmse^2)
  expect_identical(result$metrics$rmse, plain$metrics$rmse)
  expect_identical(result$predictions, plain$predictions)
  # what primitives take is not always known
  for (metric in list(`[`, `+`, function(...) sum(...))) {
    expect_no_error(suppressWarnings(quick(cars_inputs, cars_target, folds = 2, metrics = metric)))
  }
  expect_warning(
    quick(cars_inputs, cars_target, folds = 2, metrics = `+`),
    class = "backprop_warning_metrics"
  )
})

test_that("a fold whose rows all have weight 0 has no metrics", {
  fold <- rep(1:4, 8)
  w <- as.double(fold != 1)
  all_of <- function(kind) names(Filter(function(metric) metric$kind == kind, metric_table))
  for (result in list(
    quick(
      mpg ~ wt, mtcars,
      folds = fold, weights = w, metrics = all_of("numeric"), loss = "poisson"
    ),
    quick(mtcars["wt"], factor(mtcars$am), folds = fold, weights = w, metrics = all_of("classes"))
  )) {
    expect_true(all(vapply(
      result$metrics[-(1:4)],
      function(value) identical(is.na(value) & !is.nan(value), fold[1:4] == 1), NA
    )))
    expect_false(anyNA(result$predictions$predicted))
  }
})

test_that("folds may be given for all rows of the data, or for those that are used", {
  fold <- rep(1:3, 51)
  whole <- !is.na(airquality$Ozone) & airquality$Day > 2
  run <- function(folds) {
    set.seed(1)
    nn_cv(Ozone ~ Wind + Temp, airquality, folds = folds, subset = Day > 2, epochs = 5)
  }
  one <- run(fold)
  expect_identical(one$predictions$fold, fold[whole])
  expect_identical(run(fold[whole]), one)
  expect_identical(run(ifelse(whole, fold, NA)), one)
  columns <- nn_cv(airquality["Wind"], airquality$Ozone, folds = fold, epochs = 5)
  expect_identical(columns$predictions$fold, fold[!is.na(airquality$Ozone)])
})

test_that("folds keep the values that they were given", {
  run <- function(folds) {
    set.seed(1)
    quick(cars_inputs, cars_target, folds = folds, output_activation = "identity")
  }
  numbers <- run(mtcars$cyl)
  expect_identical(numbers$metrics$fold, c(4, 6, 8))
  expect_identical(numbers$metrics$rows, c(11L, 7L, 14L))
  expect_identical(numbers$predictions$fold, mtcars$cyl)
  names <- c("four", "six", "eight")
  kind <- factor(mtcars$cyl, c(4, 6, 8, 10), c(names, "none"))
  by_factor <- run(kind)
  expect_identical(by_factor$metrics$fold, names)
  expect_identical(by_factor$predictions$fold, as.character(kind))
  expect_identical(by_factor$metrics$rmse, numbers$metrics$rmse)
  expect_identical(run(as.character(kind))$metrics$fold, sort(names))
  expect_identical(quick(cars_inputs, cars_target, folds = 3)$metrics$fold, 1:3)
})

test_that("an outcome computed in the formula is computed once, from all rows", {
  fold <- rep(1:4, 8)
  run <- function(...) nn_cv(..., hidden = 2, epochs = 10, folds = fold, keep_fits = TRUE)
  # a function of each row alone gives the bits of a loop by hand
  base <- 2
  set.seed(1)
  result <- run(log(mpg, base) ~ . - 1 + offset(qsec / 10), mtcars)
  set.seed(1)
  seeds <- draw_seeds(4)
  for (k in 1:4) {
    by_hand <- with_seed(
      seeds[k],
      nn_train(
        log(mpg, base) ~ . - 1 + offset(qsec / 10), mtcars[fold != k, ],
        hidden = 2, epochs = 10
      )
    )
    expect_identical(coef(result$fits[[k]]), coef(by_hand))
    expect_identical(result$fits[[k]]$inputs, by_hand$inputs)
    expect_identical(
      result$predictions$predicted[fold == k], unname(predict(by_hand, mtcars[fold == k, ]))
    )
  }
  expect_false("mpg" %in% result$fits[[1]]$inputs)
  expect_identical(result$predictions$observed, log(mtcars$mpg, 2))
  # one of all rows is that column
  same <- function(formula, outcome) {
    set.seed(1)
    one <- run(formula, mtcars)
    set.seed(1)
    other <- run(mtcars[c("wt", "hp")], outcome)
    expect_identical(one$metrics, other$metrics)
    expect_identical(one$predictions, other$predictions)
  }
  same(scale(mpg) ~ wt + hp, as.vector(scale(mtcars$mpg)))
  same(cut(mpg, 3) ~ wt + hp, cut(mtcars$mpg, 3))
  same(factor(am) ~ wt + hp, factor(mtcars$am))
  same(cbind(mpg, qsec) ~ wt + hp, as.matrix(mtcars[c("mpg", "qsec")]))
  # rows left out, and a column that has the name of the outcome already
  air <- transform(airquality, x = Ozone)
  names(air)[names(air) == "x"] <- "sqrt(Ozone)"
  set.seed(1)
  roots <- nn_cv(sqrt(Ozone) ~ Wind, air, folds = 3, epochs = 5, keep_fits = TRUE)
  expect_identical(roots$predictions$observed, sqrt(airquality$Ozone[!is.na(airquality$Ozone)]))
  expect_identical(roots$fits[[1]]$inputs, "Wind")
})

test_that("variables that the data lack are taken from where the formula was made", {
  heavy <- mtcars$wt > 3
  power <- mtcars$hp
  set.seed(1)
  one <- nn_cv(heavy ~ power + qsec, mtcars, folds = rep(1:4, 8), epochs = 5)
  set.seed(1)
  expect_identical(
    nn_cv(
      heavy ~ power + qsec, data.frame(heavy, power, qsec = mtcars$qsec),
      folds = rep(1:4, 8),
      epochs = 5
    ),
    one
  )
})

test_that("what is wrong without a fold names it", {
  cars <- transform(mtcars, am = as.character(am), gearbox = ifelse(am == 1, "manual", "automatic"))
  expect_snapshot(error = TRUE, {
    nn_cv(am ~ wt, cars, folds = cars$gearbox, epochs = 5)
    nn_cv(mpg ~ poly(gear, 2), cars, folds = ifelse(cars$gear == 3, 3, 0), epochs = 5)
  })
  expect_error(
    nn_cv(am ~ wt, cars, folds = cars$gearbox, epochs = 5),
    class = "backprop_error_input"
  )
})

test_that(
  "formulas, data frames and pipes give the same numbers, each fit standardising its own rows",
  {
    fold <- rep(1:4, 8)
    set.seed(1)
    by_formula <- nn_cv(mpg ~ wt + hp, mtcars, folds = fold, epochs = 20, keep_fits = TRUE)
    set.seed(1)
    by_columns <- nn_cv(mtcars[c("wt", "hp")], mtcars$mpg, folds = fold, epochs = 20)
    set.seed(1)
    piped <- mtcars |> nn_cv(mpg ~ wt + hp, folds = fold, epochs = 20)
    expect_identical(by_columns$metrics, by_formula$metrics)
    expect_identical(piped$predictions, by_formula$predictions)
    for (k in 1:4) {
      expect_equal(by_formula$fits[[k]]$encoding$center[["wt"]], mean(mtcars$wt[fold != k]))
    }
    p <- by_formula$predictions
    expect_equal(p$predicted[fold == 1], unname(predict(by_formula$fits[[1]], mtcars[fold == 1, ])))
    expect_equal(by_formula$metrics$rmse[1], sqrt(mean((p$observed - p$predicted)[fold == 1]^2)))
  }
)

test_that("weights, offsets, subsets and missing values of a formula", {
  air <- transform(airquality, w = rep(1:3, 51), o = Day / 10)
  whole <- with(air, !is.na(Ozone) & Day > 2)
  fold <- rep(1:3, length.out = sum(whole))
  set.seed(1)
  result <- nn_cv(
    Ozone ~ Wind + Temp, air,
    folds = fold, subset = Day > 2, weights = w, offset = o, epochs = 10,
    keep_fits = TRUE
  )
  expect_identical(result$predictions$row, which(whole))
  expect_identical(result$n, sum(whole))
  one <- air[whole, ]
  # the same fit by hand, from the seed that the task had
  set.seed(1)
  seed <- draw_seeds(3)[1]
  by_hand <- with_seed(
    seed, nn_train(Ozone ~ Wind + Temp, one[fold != 1, ], weights = w, offset = o, epochs = 10)
  )
  expect_identical(coef(result$fits[[1]]), coef(by_hand))
  p <- predict(by_hand, one[fold == 1, ], offset = one$o[fold == 1])
  expect_equal(
    result$metrics$rmse[1], sqrt(weighted.mean((one$Ozone[fold == 1] - p)^2, one$w[fold == 1]))
  )
  set.seed(1)
  columns <- nn_cv(air[c("Wind", "Temp")], air$Ozone, folds = rep(1:4, 29), epochs = 10)
  expect_identical(columns$predictions$row, which(!is.na(air$Ozone)))
})

test_that("outcomes of text and truth values, and variables that are not in the data", {
  text <- as.character(iris$Species)
  set.seed(1)
  of_text <- nn_cv(iris[1:4], text, folds = 3, epochs = 10)
  set.seed(1)
  expect_identical(nn_cv(iris[1:4], iris$Species, folds = 3, epochs = 10)$metrics, of_text$metrics)
  # the folds of one class: the fit has not met it, so its probability is 0
  expect_warning(alone <- nn_cv(
    Species ~ ., transform(iris, Species = as.character(Species)),
    folds = as.integer(iris$Species),
    epochs = 10
  ), "missing from the rows outside of 3", class = "backprop_warning_folds")
  expect_identical(unname(alone$probabilities[cbind(1:150, as.integer(iris$Species))]), rep(0, 150))
  expect_identical(alone$metrics$accuracy, c(0, 0, 0))
  wt <- mtcars$wt
  heavy <- wt > 3
  expect_identical(
    levels(nn_cv(heavy ~ wt, folds = 3, epochs = 5)$predictions$observed), c("FALSE", "TRUE")
  )
})

test_that("in parallel a formula finds the user's functions and constants", {
  skip_if_not_installed("future.apply")
  withr::defer(rm("half_of", "power", envir = globalenv()))
  assign("half_of", function(x) x / 2, globalenv())
  assign("power", 2, globalenv())
  run <- function() {
    set.seed(1)
    nn_cv(half_of(mpg) ~ half_of(wt) + poly(hp, power), mtcars, folds = 3, epochs = 10)
  }
  one <- run()
  old <- future::plan(future::multisession, workers = 2)
  on.exit(future::plan(old))
  expect_identical(run(), one)
})

test_that("a level that only one fold has is an error that says so", {
  cars <- transform(mtcars, kind = c("rare", rep("usual", 31)))
  expect_snapshot(error = TRUE, {
    nn_cv(mpg ~ wt + kind, cars, folds = rep(1:4, 8), epochs = 5)
    nn_cv(mpg ~ wt + nothing, cars)
    nn_cv(~wt, cars)
    nn_cv(cars["wt"], cars$mpg, hiden = 3)
    nn_cv(cars["wt"])
  })
})

test_that(
  "a fold without which one class is left says so, and ordered classes stay ordered",
  {
    expect_error(
      suppressWarnings(nn_cv(
        factor(am) ~ wt, mtcars,
        folds = mtcars$am, hidden = 3, penalty = 0.05, epochs = 20
      )),
      "fold 0",
      class = "backprop_error_input"
    )
    size <- cut(mtcars$wt, c(0, 2.5, 3.5, 9), c("light", "middle", "heavy"), ordered_result = TRUE)
    set.seed(1)
    cv <- nn_cv(mtcars["hp"], size, folds = 3, hidden = 3, penalty = 0.05, epochs = 20)
    expect_true(is.ordered(cv$predictions$predicted))
    expect_equal(
      mean(cv$predictions$predicted == cv$predictions$observed),
      weighted.mean(cv$metrics$accuracy, cv$metrics$rows)
    )
  }
)

# A table of counts: 12 combinations of inputs with two classes each.
table_of_counts <- as.data.frame(UCBAdmissions)

test_that("cells of a table with the same inputs are in one fold", {
  set.seed(1)
  expect_message(
    cv <- nn_cv(
      Admit ~ Gender + Dept, table_of_counts,
      weights = Freq, folds = 4, hidden = 2, epochs = 5
    ),
    "12 combinations of inputs.*in the same fold",
    class = "backprop_message_cells"
  )
  cell <- with(table_of_counts, paste(Gender, Dept))[cv$predictions$row]
  expect_true(all(tapply(cv$predictions$fold, cell, function(fold) length(unique(fold))) == 1))
  expect_identical(sort(unique(cv$metrics$rows)), 6L)
  # more folds than combinations, and rows that are cases
  expect_message(
    nn_cv(Admit ~ Gender, table_of_counts, weights = Freq, folds = 3, hidden = 0, epochs = 5),
    "fewer than the 3 folds",
    class = "backprop_message_cells"
  )
  expect_no_message(
    nn_cv(Admit ~ Gender + Dept, table_of_counts, folds = 3, hidden = 0, epochs = 5)
  )
})

test_that("only classes without rows are called unused, and those that folds lack are named", {
  few <- data.frame(x = 1:41, y = factor(c(rep(c("a", "b"), 20), "c"), c("a", "b", "c")))
  warned <- testthat::capture_warnings(nn_cv(y ~ x, few, folds = 3, hidden = 0, epochs = 5))
  expect_no_match(warned, "unused")
  expect_match(warned, "missing from the rows outside of 1 of the folds", all = FALSE)
  few$y <- factor(few$y, c("a", "b", "c", "d"))
  warned <- testthat::capture_warnings(nn_cv(y ~ x, few, folds = 3, hidden = 0, epochs = 5))
  expect_length(grep("unused levels.*\"d\"", warned), 1)
  # one of the two rows of rare classes is in the calibration set
  few <- rbind(few, data.frame(x = 42, y = "d"))
  warned <- testthat::capture_warnings(
    nn_train(y ~ x, few, calibration = 0.5, hidden = 0, epochs = 5)
  )
  expect_match(warned, "class \"[cd]\" of the outcome y are in the calibration set", all = FALSE)
  expect_no_match(warned, "unused")
})

test_that("many classes and many outputs are shown in part", {
  many <- data.frame(x = seq_len(600), y = factor(sprintf("class%03d", rep(1:300, 2))))
  set.seed(1)
  result <- nn_cv(y ~ x, many, folds = 2, hidden = 0, epochs = 1, penalty = 0, metrics = "accuracy")
  expect_lt(length(capture.output(print(result))), 10)
  expect_snapshot(print(result))
  X <- cbind(1:12 / 12)
  y <- matrix(sin(1:144), 12, dimnames = list(NULL, paste0("out", 1:12)))
  result <- nn_cv(X, y, folds = 2, hidden = 0, epochs = 1, metrics = "rmse")
  text <- capture.output(print(result))
  expect_equal(sum(grepl("^ +out[0-9]+ ", text)), 10)
  expect_match(text, "and 2 more outputs", all = FALSE)
})

test_that("dropped rows are shown, and too few rows for the default of folds are an error", {
  set.seed(1)
  result <- nn_cv(Ozone ~ Wind, airquality, folds = 2, hidden = 0, epochs = 1, metrics = "rmse")
  expect_identical(result$dropped, sum(is.na(airquality$Ozone)))
  expect_match(
    capture.output(print(result)), "^Dropped: 37 rows with missing values$",
    all = FALSE
  )
  complete <- airquality[!is.na(airquality$Ozone), ]
  set.seed(1)
  result <- nn_cv(Ozone ~ Wind, complete, folds = 2, hidden = 0, epochs = 1, metrics = "rmse")
  expect_identical(result$dropped, 0L)
  expect_no_match(capture.output(print(result)), "Dropped")
  expect_snapshot(error = TRUE, {
    nn_cv(cbind(1:4), 1:4)
    nn_cv(cbind(1), 1)
  })
})

test_that("arguments of other packages for folds get advice that works", {
  d <- transform(mtcars, group = rep(letters[1:8], 4))
  advice <- function(...) {
    conditionMessage(expect_error(
      nn_cv(mpg ~ wt, d, hidden = 0, epochs = 2, ...),
      class = "backprop_error_argument"
    ))
  }
  expect_match(advice(groups = d$group), "as.integer(factor(data$group)) %% 5", fixed = TRUE)
  cv <- nn_cv(
    mpg ~ wt, d,
    hidden = 0, epochs = 2, folds = as.integer(factor(d$group)) %% 5
  )
  expect_identical(cv$folds, 5L)
  fold <- cv$predictions$fold
  expect_true(all(tapply(fold, d$group, function(x) length(unique(x))) == 1))
  expect_match(advice(strata = "cyl"), "always stratified")
  d$time <- 32:1
  expect_match(advice(time = "time"), "folds = cut(data$time, 5, labels = FALSE)", fixed = TRUE)
  cv <- nn_cv(mpg ~ wt, d, hidden = 0, epochs = 2, folds = cut(d$time, 5, labels = FALSE))
  expect_identical(rle(as.character(cv$predictions$fold))$values, as.character(5:1))
  expect_match(advice(grid = list()), "one setting")
})
