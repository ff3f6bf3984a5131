# nn_importance() and nn_effects(), against hand computations and the package iml.

local_search_path()
explained <- withr::with_seed(1, {
  n <- 200
  d <- data.frame(
    a = rnorm(n), b = runif(n), f = factor(sample(c("low", "mid", "top", "end"), n, TRUE))
  )
  transform(d, y = 2 * a + sin(6 * b) + (f == "mid") * 1.5 * a + a * b + rnorm(n) / 5)
})
explained_fit <- withr::with_seed(1, {
  nn_train(y ~ a + b + f, explained, hidden = 10, penalty = 0.01, epochs = 100)
})
explained_lm <- function(formula, data) {
  set.seed(1)
  nn_train(formula, data, hidden = 0, penalty = 0, epochs = 500)
}

test_that("the importance is the metric that shuffling changes", {
  set.seed(2)
  importance <- nn_importance(explained_fit, explained, repeats = 3, variables = c("b", "a"))
  # by hand, with the same random numbers
  rmse <- function(data) sqrt(mean((explained$y - predict(explained_fit, data))^2))
  before <- rmse(explained)
  set.seed(2)
  by_hand <- vapply(c("b", "a"), function(name) {
    vapply(1:3, function(i) {
      shuffled <- explained
      shuffled[[name]] <- shuffled[[name]][sample.int(200)]
      rmse(shuffled) - before
    }, 0)
  }, numeric(3))
  expect_identical(importance$variable, c("a", "b"))
  expect_equal(importance$importance, unname(colMeans(by_hand)[c("a", "b")]))
  expect_equal(importance$sd, unname(apply(by_hand, 2, sd)[c("a", "b")]))
  expect_equal(importance$se, importance$sd / sqrt(3))
  expect_equal(attr(importance, "score"), before)
})

test_that("of a linear model, the importance is twice the variance that an input explains", {
  d <- withr::with_seed(3, transform(data.frame(a = rnorm(400), b = rnorm(400)), y = 2 * a + b / 2))
  fit <- explained_lm(y ~ a + b, d)
  squared <- function(y, p) mean((y - p)^2)
  set.seed(1)
  importance <- nn_importance(fit, d, metric = squared, repeats = 60)
  # E (b x - b x')^2 over permutations is 2 b^2 var(x) n / (n - 1) with the divisor n
  expected <- 2 * c(4 * var(d$a), var(d$b) / 4)
  expect_true(all(abs(importance$importance - expected) < 4 * importance$se))
  expect_identical(attr(importance, "metric"), "metric")
})

test_that("inputs are columns of the data frame, alone or together", {
  d <- withr::with_seed(1, transform(mtcars, cyl = factor(cyl)))
  fit <- withr::with_seed(1, {
    nn_train(mpg ~ poly(wt, 2) + cyl + hp, d, hidden = 3, penalty = 0.1, epochs = 50)
  })
  importance <- nn_importance(fit, d, repeats = 2)
  expect_setequal(importance$variable, c("wt", "cyl", "hp"))
  together <- nn_importance(fit, d, repeats = 2, variables = list(size = c("wt", "hp"), "cyl"))
  expect_setequal(together$variable, c("size", "cyl"))
  # a column that is shuffled with all others keeps its rows: the outcome alone loses them
  set.seed(1)
  all <- nn_importance(fit, d, repeats = 2, variables = list(names(d)[c(6, 2, 4)]), metric = "mae")
  set.seed(1)
  rows <- list(sample.int(32), sample.int(32))
  mae <- function(rows) mean(abs(d$mpg - predict(fit, d)[rows]))
  expect_equal(all$importance, mean(vapply(rows, mae, 0)) - mae(1:32))
})

test_that("of a metric that should be high, the importance is what it falls by", {
  fit <- withr::with_seed(1, nn_train(Species ~ ., iris, hidden = 3, penalty = 0.01, epochs = 50))
  set.seed(1)
  importance <- nn_importance(fit, iris, metric = "accuracy", repeats = 3)
  expect_gt(importance$importance[1], 0.1)
  expect_equal(attr(importance, "score"), mean(predict(fit, iris, type = "class") == iris$Species))
  p <- predict(fit, iris)
  expect_equal(
    attr(nn_importance(fit, iris, repeats = 2), "score"), -mean(log(p[cbind(1:150, iris$Species)]))
  )
})

test_that("weights count rows, those of weight 0 are never used", {
  d <- explained
  w <- withr::with_seed(1, sample(0:2, 200, TRUE))
  d$a[w == 0] <- 1e6
  weighted <- nn_importance(explained_fit, d, weights = w, repeats = 40)
  repeated <- nn_importance(explained_fit, explained[rep(1:200, w), ], repeats = 40)
  expect_equal(attr(weighted, "score"), attr(repeated, "score"))
  repeated <- repeated[match(weighted$variable, repeated$variable), ]
  gap <- abs(weighted$importance - repeated$importance)
  expect_true(all(gap < 5 * sqrt(weighted$se^2 + repeated$se^2)))
  effects <- function(...) as.data.frame(unclass(nn_effects(explained_fit, ...)))
  for (kind in c("partial", "ale")) {
    for (variable in c("a", "f")) {
      expect_equal(
        effects(d, variable, kind, weights = w), effects(explained[rep(1:200, w), ], variable, kind)
      )
    }
  }
  expect_equal(
    effects(d, c("a", "f"), "ale", weights = w, points = 4),
    effects(explained[rep(1:200, w), ], c("a", "f"), "ale", points = 4)
  )
})

test_that("matrices, sparse matrices, offsets and missing values", {
  X <- as.matrix(mtcars[c("wt", "hp")])
  fit <- withr::with_seed(1, {
    nn_train(unname(scale(X)), mtcars$mpg / 40, hidden = 2, epochs = 50, optimizer = "lbfgs")
  })
  importance <- nn_importance(fit, unname(scale(X)), mtcars$mpg / 40, repeats = 2)
  expect_setequal(importance$variable, c("x1", "x2"))
  expect_identical(range(nn_effects(fit, scale(X), "x1")$value), range(scale(X)[, 1]))
  counts <- transform(warpbreaks, time = rep(1:2, 27))
  fit <- withr::with_seed(1, nn_train(
    breaks ~ wool + tension + offset(log(time)), counts,
    loss = "poisson", hidden = 2, penalty = 0.1, epochs = 50
  ))
  expect_setequal(nn_importance(fit, counts, repeats = 2)$variable, c("wool", "tension", "time"))
  missing <- explained
  missing$a[1:5] <- NA
  missing$y[6:7] <- NA
  expect_identical(attr(nn_importance(explained_fit, missing, repeats = 2), "dropped"), 7L)
  expect_identical(attr(nn_effects(explained_fit, missing, "b"), "dropped"), 5L)
  expect_equal(
    nn_effects(explained_fit, missing, "b")$effect,
    nn_effects(explained_fit, explained[-(1:5), ], "b")$effect
  )
  skip_if_not_installed("Matrix")
  S <- Matrix::Matrix(X, sparse = TRUE)
  fit <- withr::with_seed(1, nn_train(S, mtcars$mpg, hidden = 2, penalty = 0.1, epochs = 20))
  expect_setequal(nn_importance(fit, S, mtcars$mpg, repeats = 2)$variable, c("wt", "hp"))
  expect_identical(nrow(nn_effects(fit, S, "wt", points = 5)), 5L)
})

test_that("effects of a linear model are its lines", {
  d <- withr::with_seed(2, data.frame(a = rnorm(100), b = runif(100), f = gl(3, 1, 100)))
  d$a <- d$a + d$b
  d$y <- 1 + 2 * d$a - 3 * d$b + c(0, 5, 1)[d$f]
  fit <- explained_lm(y ~ a + b + f, d)
  for (kind in c("partial", "ale")) {
    a <- nn_effects(fit, d, "a", kind)
    expect_equal(diff(a$effect) / diff(a$value), rep(2, nrow(a) - 1), tolerance = 1e-4)
    f <- nn_effects(fit, d, "f", kind)
    expect_equal(f$effect - f$effect[1], c(0, 5, 1), tolerance = 1e-4)
  }
  expect_equal(
    nn_effects(fit, d, "b")$effect,
    1 + 2 * mean(d$a) - 3 * nn_effects(fit, d, "b")$value + mean(c(0, 5, 1)[d$f]),
    tolerance = 1e-4
  )
  # without interactions, two inputs have no effect together beyond those of each
  for (pair in list(c("a", "b"), c("a", "f"), c("f", "b"))) {
    expect_lt(max(abs(nn_effects(fit, d, pair, "ale", points = 6)$effect)), 1e-3)
  }
  # the mean over the data is 0
  ale <- nn_effects(fit, d, "f", "ale")
  expect_equal(sum(ale$effect * table(d$f)), 0, tolerance = 1e-8)
})

test_that("the effects of two inputs are those of a loop over the rows", {
  partial <- nn_effects(explained_fit, explained, c("a", "f"), points = 4)
  for (i in c(1, 7, 12)) {
    changed <- transform(explained, a = partial$value[i], f = partial$value2[i])
    expect_equal(partial$effect[i], mean(predict(explained_fit, changed)))
  }
  # x z of a grid: (x - mean) (z - mean) is all that is left of the product
  grid <- expand.grid(a = 1:5, b = 1:5)
  cases <- list(
    fit = NULL, data = grid, variables = c("a", "b"), weights = rep(1, 25), offset = NULL
  )
  axes <- lapply(c("a", "b"), new_axis, cases = cases, points = 5, ale = TRUE, NULL)
  before <- predict_changed
  product <- function(cases, data, ...) matrix(data$a * data$b)
  namespace <- asNamespace("backprop")
  replace <- function(value) {
    get("unlockBinding", baseenv())("predict_changed", namespace)
    assign("predict_changed", value, namespace)
  }
  withr::defer(replace(before))
  replace(product)
  effect <- matrix(local_effects(axes, cases), 5)
  # a row is half at either end of its interval: the value 1 is between 1 and 2
  place <- table(factor(c(1, 1:4, 2, 2:5), 1:5)) / 10
  middle <- sum(1:5 * place)
  expect_equal(effect, outer(1:5 - middle, 1:5 - middle))
})

test_that("classes have an effect each, and probabilities that sum to 1", {
  fit <- withr::with_seed(1, nn_train(Species ~ ., iris, hidden = 3, penalty = 0.01, epochs = 50))
  effects <- nn_effects(fit, iris, "Petal.Length", points = 7)
  expect_identical(levels(effects$output), levels(iris$Species))
  expect_equal(as.vector(tapply(effects$effect, effects$value, sum)), rep(1, 7))
  two <- transform(mtcars, am = factor(am, labels = c("automatic", "manual")))
  fit <- withr::with_seed(1, nn_train(am ~ wt, two, hidden = 2, penalty = 0.1, epochs = 30))
  effects <- nn_effects(fit, two, "wt")
  expect_identical(levels(effects$output), "manual")
  expect_equal(effects$effect, unname(predict(fit, data.frame(wt = effects$value))))
  texts <- transform(two, gear = as.character(gear), vs = vs == 1)
  fit <- withr::with_seed(1, {
    nn_train(am ~ gear + vs, texts, hidden = 2, penalty = 0.1, epochs = 30)
  })
  expect_identical(as.character(nn_effects(fit, texts, "vs", "ale")$value), c("FALSE", "TRUE"))
  expect_identical(as.character(nn_effects(fit, texts, "gear", "ale")$value), c("3", "4", "5"))
})

test_that("effects are those of iml", {
  skip_if_not_installed("iml")
  X <- explained[c("a", "b", "f")]
  predictor <- iml::Predictor$new(
    explained_fit,
    data = X, y = explained$y,
    predict.function = function(model, newdata) as.vector(predict(model, newdata))
  )
  theirs <- function(...) as.data.frame(iml::FeatureEffect$new(predictor, ...)$results)
  for (name in c("a", "b")) {
    ours <- nn_effects(explained_fit, explained, name, "ale", points = 9)
    expect_equal(ours$effect, theirs(name, method = "ale", grid.points = ours$value)$.value)
    ours <- nn_effects(explained_fit, explained, name, points = 9)
    expect_equal(ours$effect, theirs(name, method = "pdp", grid.points = ours$value)$.value)
  }
  for (kind in c("ale", "pdp")) {
    ours <- nn_effects(explained_fit, explained, "f", if (kind == "ale") "ale" else "partial")
    factor <- theirs("f", method = kind)
    expect_equal(ours$effect, factor$.value[match(ours$value, factor$f)])
  }
  skip_if_not_installed("yaImpute")
  ours <- nn_effects(explained_fit, explained, c("a", "b"), "ale", points = 5)
  both <- suppressWarnings(theirs(
    c("a", "b"),
    method = "ale", grid.points = list(unique(ours$value), unique(ours$value2))
  ))
  both <- merge(as.data.frame(unclass(ours)), both, by.x = c("value", "value2"), by.y = c("a", "b"))
  expect_identical(nrow(both), 25L)
  expect_equal(both$effect, both$.ale)
})

test_that("the importance is near that of iml", {
  skip_if_not_installed("iml")
  predictor <- iml::Predictor$new(
    explained_fit,
    data = explained[c("a", "b", "f")], y = explained$y,
    predict.function = function(model, newdata) as.vector(predict(model, newdata))
  )
  set.seed(1)
  theirs <- iml::FeatureImp$new(
    predictor,
    loss = "mae", compare = "difference", n.repetitions = 20
  )$results
  ours <- nn_importance(explained_fit, explained, metric = "mae", repeats = 20)
  theirs <- theirs[match(ours$variable, theirs$feature), ]
  expect_true(all(abs(ours$importance - theirs$importance) < 5 * ours$sd))
})

test_that("importances and effects are printed", {
  set.seed(1)
  missing <- explained
  missing$a[1:5] <- NA
  expect_output(
    print(nn_importance(explained_fit, missing, repeats = 3)),
    "Permutation importance: what rmse \\(.* on 195 rows\\) loses.*5 rows with missing"
  )
  expect_output(
    print(nn_effects(explained_fit, explained, c("a", "b"), points = 6)),
    "Partial dependence on a and b, from 200 rows.*and 16 more rows"
  )
  expect_output(print(nn_effects(explained_fit, explained, "a")["effect"]), "effect")
})

test_that("what cannot be explained is an error", {
  fit <- explained_fit
  many <- data.frame(x = factor(1:60), z = 1:60 / 60)
  levels <- suppressWarnings(nn_train(z ~ x, many, hidden = 1, penalty = 1, epochs = 2))
  expect_snapshot(error = TRUE, {
    nn_importance()
    nn_importance(lm(y ~ a, explained), explained)
    nn_importance(fit)
    nn_importance(fit, explained[1:2])
    nn_importance(fit, explained[1:3])
    nn_importance(fit, explained, metric = "accuracy")
    nn_importance(fit, explained, metric = "rmes")
    nn_importance(fit, explained, metric = c("rmse", "mae"))
    nn_importance(fit, explained, repeats = 1)
    nn_importance(fit, explained, variables = "A")
    nn_importance(fit, explained, variables = list("a", c("a", "b")))
    nn_importance(fit, explained, weights = 1:3)
    nn_importance(fit, explained, y = 1:3)
    nn_importance(fit, explained, rep = 3)
    nn_effects(fit, explained)
    nn_effects(fit, explained, c("a", "b", "f"))
    nn_effects(fit, explained, "a", "pdp")
    nn_effects(fit, explained, "a", points = 1)
    nn_effects(fit, transform(explained, a = 1), "a")
    nn_effects(levels, many, "x")
    nn_effects(fit, explained[1, ], "a")
    plot(nn_effects(fit, explained, "a")[-1])
  })
})

test_that("an offset or weights of another length are an error, not missing values", {
  offset <- explained$a
  fit <- nn_train(y ~ a, explained, hidden = 2, epochs = 2, penalty = 0, offset = offset)
  cv <- nn_cv(y ~ a, explained, 3, hidden = 2, epochs = 2, penalty = 0, keep_fits = TRUE)
  refused <- function(code) {
    error <- expect_error(code, class = "backprop_error_argument")
    expect_match(conditionMessage(error), "one number for each of the")
  }
  refused(nn_effects(fit, explained, "a", offset = 1:3))
  refused(nn_effects(fit, explained, "a", offset = rep(offset, 2)))
  refused(nn_importance(fit, explained, offset = 1:3))
  refused(nn_importance(cv, explained, offset = 1:3))
  refused(nn_importance(cv, explained, weights = 1:3))
  expect_s3_class(nn_effects(fit, explained, "a", offset = offset), "nn_effects")
})

test_that("the pictures of importances and effects are as they were looked at", {
  skip_if_not_installed("vdiffr")
  set.seed(1)
  importance <- nn_importance(explained_fit, explained, repeats = 3)
  vdiffr::expect_doppelganger("importances", function() plot(importance, main = "Importance"))
  draw <- function(...) function() plot(nn_effects(explained_fit, explained, ..., points = 8))
  vdiffr::expect_doppelganger("effect of a number", draw("b"))
  vdiffr::expect_doppelganger("effect of a factor", draw("f", "ale"))
  vdiffr::expect_doppelganger("effect of two numbers", draw(c("a", "b"), "ale"))
  vdiffr::expect_doppelganger("effect of a number by a factor", draw(c("a", "f")))
})

test_that("the importance of a cross-validation is of the out-of-fold predictions", {
  d <- transform(explained, w = rep(1:2, length.out = nrow(explained)))
  set.seed(1)
  cv <- nn_cv(
    y ~ a + b, d,
    weights = w, folds = 4, repeats = 2, hidden = 3, penalty = 0.01, epochs = 30, keep_fits = TRUE
  )
  set.seed(2)
  importance <- nn_importance(cv, d, repeats = 3)
  rows <- cv$predictions
  held <- lapply(seq_along(cv$fits), function(k) {
    rows$row[rows$fold == cv$metrics$fold[k] & rows$repetition == cv$metrics$repetition[k]]
  })
  rmse <- function(k, data) {
    part <- data[held[[k]], ]
    sqrt(weighted.mean((d$y[held[[k]]] - predict(cv$fits[[k]], part))^2, part$w))
  }
  size <- vapply(held, function(at) sum(d$w[at]), 0)
  before <- vapply(seq_along(held), rmse, 0, d)
  expect_equal(before, cv$metrics$rmse)
  expect_equal(attr(importance, "score"), weighted.mean(before, size))
  set.seed(2)
  by_hand <- vapply(c("a", "b"), function(name) {
    vapply(1:3, function(i) {
      after <- vapply(seq_along(held), function(k) {
        n <- length(held[[k]])
        other <- d
        other[held[[k]], name] <- d[held[[k]], name][
          sample.int(n, n, replace = TRUE, prob = d$w[held[[k]]])
        ]
        rmse(k, other)
      }, 0)
      weighted.mean(after - before, size)
    }, 0)
  }, numeric(3))
  expect_equal(importance$importance, unname(colMeans(by_hand)[importance$variable]))
  expect_equal(importance$sd, unname(apply(by_hand, 2, sd)[importance$variable]))
  expect_identical(attr(importance, "rows"), 2L * nrow(d))
  # classes, some of which a fold's fit does not know
  few <- iris[c(1:20, 51:70, 101:102), ]
  few$Species <- as.character(few$Species)
  suppressWarnings(cv <- nn_cv(
    few[1:4], few$Species,
    folds = c(rep(1:2, 20), 1, 1), hidden = 2, penalty = 0.1, epochs = 20, keep_fits = TRUE
  ))
  importance <- nn_importance(cv, few[1:4], metric = "accuracy", repeats = 2)
  expect_equal(attr(importance, "score"), weighted.mean(cv$metrics$accuracy, cv$metrics$rows))
  expect_output(print(importance), "on 42 rows")
  expect_snapshot(error = TRUE, {
    nn_importance(nn_cv(few[1:4], few$Species, folds = c(rep(1:2, 21)), epochs = 1), few)
    nn_importance(cv)
    nn_importance(cv, few[1:9, ])
    nn_importance(cv, few, few$Species)
  })
})

test_that("the numbers under the levels of a factor count all rows", {
  d <- explained[rep(1:200, 6), ]
  effect <- nn_effects(explained_fit, d, "f")
  expect_identical(attr(effect, "counts")[[1]], c(table(d$f)))
  drawn <- NULL
  replace_in("backprop", level_axis = function(levels, counts) drawn <<- counts[levels])
  withr::with_pdf(NULL, plot(effect))
  expect_identical(drawn, c(table(d$f)))
  both <- nn_effects(explained_fit, d, c("f", "a"), points = 3)
  expect_null(attr(both, "counts")[[2]])
  # a result of an older version counts those that it stores
  attr(effect, "counts") <- NULL
  withr::with_pdf(NULL, plot(effect))
  expect_identical(sum(drawn), length(attr(effect, "data")[[1]]))
})
