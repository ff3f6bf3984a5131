# Rows of weight 0, whatever they hold, are as rows left out: in every default, split and check.
d <- withr::with_seed(5, data.frame(x = rnorm(90), z = runif(90), g = rep(c("a", "b", "c"), 30)))
d$y <- d$x^2 + d$z + withr::with_seed(6, rnorm(90)) / 5
d$w <- rep(c(1, 0, 2), each = 3, length.out = 90)
d$class <- factor(ifelse(d$y > 1, "high", "low"))
wild <- transform(d, x = ifelse(w == 0, 1e4, x), y = ifelse(w == 0, -50, y), z = z + 3 * (w == 0))
left <- d[d$w > 0, ]
X <- function(d) cbind(x = d$x, z = d$z)

same <- function(with, without, rows = d$w > 0) {
  with <- unclass(with)
  without <- unclass(without)
  expect_identical(coef(structure(with, class = "nn_fit")), coef(
    structure(without, class = "nn_fit")
  ))
  expect_identical(with$settings, without$settings)
  expect_identical(with$history, without$history)
  expect_identical(with$state, without$state)
  expect_equal(with$objective, without$objective)
  expect_equal(with$errors$held_out, without$errors$held_out)
  expect_equal(with$errors$training, without$errors$training)
  expect_equal(with$probe, without$probe)
  expect_identical(with$encoding$outcome, without$encoding$outcome)
  expect_identical(with$calibration, without$calibration)
  expect_identical(with$calibration_weights, without$calibration_weights)
  expect_equal(with$output[rows, , drop = FALSE], without$output, ignore_attr = TRUE)
  expect_identical(
    nn_doctor(structure(with, class = "nn_fit")), nn_doctor(structure(without, class = "nn_fit"))
  )
}

test_that("a matrix with rows of weight 0 is trained on as without them", {
  for (arguments in list(
    list(), list(batch_size = 7, optimizer = "adam"), list(optimizer = "lbfgs", epochs = 9),
    list(batch_size = 60, dropout = 0.3), list(validation = 0.3, patience = 3, epochs = 50),
    list(optimizer = "lbfgs", batch_size = 60, epochs = 5), list(reduction = "mean", penalty = 1),
    list(optimizer = "lm", epochs = 4), list(class = TRUE, batch_size = 10),
    list(class = TRUE, class_weights = "balanced", validation = 0.25),
    list(init = "he_normal", activation = "relu", precision = "single", restarts = 2)
  )) {
    outcome <- if (isTRUE(arguments$class)) "class" else "y"
    arguments$class <- NULL
    train <- function(data) {
      set.seed(3)
      suppressWarnings(do.call(nn_train, utils::modifyList(
        list(
          X = X(data), y = data[[outcome]], weights = data$w, epochs = 20, learning_rate = NULL
        ), arguments
      )))
    }
    same(train(wild), train(left))
  }
})

test_that("a formula with rows of weight 0 is trained on as without them", {
  for (arguments in list(
    list(epochs = 20), list(optimizer = "adam", epochs = 5), list(calibration = 0.4, epochs = 20),
    list(optimizer = "adam", validation = 0.3, epochs = 5, batch_size = 16),
    list(offset = TRUE, epochs = 10)
  )) {
    for (outcome in c("y", "class")) {
      formula <- stats::as.formula(paste(outcome, "~ x + z"))
      if (isTRUE(arguments$offset)) formula <- update(formula, ~ . + offset(z / 2))
      train <- function(data) {
        set.seed(3)
        do.call(nn_train, c(
          list(formula, data, weights = quote(w), hidden = 4),
          arguments[names(arguments) != "offset"]
        ))
      }
      rows <- if (is.null(arguments$calibration)) d$w > 0
      with <- train(wild)
      if (is.null(rows)) {
        rows <- unclass(with)$output[, 1] %in% unclass(train(left))$output[, 1]
        expect_identical(sum(rows), nobs(train(left)))
      }
      same(with, train(left), rows)
    }
  }
})

test_that("rows of weight 0 are in no fold, loss, gradient or metric", {
  cv <- function(data, ...) {
    set.seed(3)
    # the held-out rows of weight 0 are far from the data
    suppressWarnings(
      nn_cv(..., data = data, weights = w, hidden = 2, epochs = 5, folds = 4),
      classes = "backprop_warning_fits"
    )
  }
  for (formula in list(y ~ x + z, class ~ x + z)) {
    with <- cv(wild, formula)
    without <- cv(left, formula)
    expect_identical(with$metrics[c(1:2, 4:7)], without$metrics[c(1:2, 4:7)])
    expect_identical(
      with$predictions$predicted[d$w > 0], without$predictions$predicted,
      ignore_attr = TRUE
    )
  }
  net <- withr::with_seed(1, nn_init(2, 1))
  for (f in list(nn_loss, nn_gradient)) {
    expect_equal(f(net, X(wild), wild$y, weights = d$w), f(net, X(left), left$y, weights = left$w))
  }
})

test_that("a class whose rows have weight 0 is a class without rows", {
  one <- transform(d, w = as.numeric(class == "high"))
  expect_error(
    nn_train(class ~ x, one, weights = w), "at least two classes",
    class = "backprop_error_input"
  )
  expect_error(
    nn_cv(class ~ x, one, weights = w), "at least two classes",
    class = "backprop_error_input"
  )
  expect_warning(
    nn_train(X(one), one$class, weights = one$w, epochs = 1), "unused levels",
    class = "backprop_warning_levels"
  )
  three <- transform(d, g = factor(g), w = as.numeric(g != "b"))
  expect_warning(
    nn_train(g ~ x, three, weights = w, epochs = 1, hidden = 2), "unused levels",
    class = "backprop_warning_levels"
  )
})

test_that("a weight of 2 is the row twice, in defaults, scales, losses and findings", {
  rows <- rep(seq_len(nrow(left)), left$w)
  train <- function(data, ...) {
    set.seed(3)
    unclass(nn_train(y ~ x + z, data, hidden = 3, penalty = 0.01, epochs = 20, ...))
  }
  one <- train(left, weights = w)
  other <- train(left[rows, ])
  expect_equal(coef(structure(one, class = "nn_fit")), coef(structure(other, class = "nn_fit")))
  for (field in c("center", "scale", "outcome")) {
    expect_equal(one$encoding[[field]], other$encoding[[field]])
  }
  probed <- setdiff(names(one$probe), "rows")
  expect_equal(one$probe[probed], other$probe[probed])
  expect_equal(
    summary(structure(one, class = "nn_fit"))$errors,
    summary(structure(other, class = "nn_fit"))$errors
  )
  # the number of rows that defaults depend on (cross-validation may deal copies to other folds)
  many <- left[rep(1:60, 14), ]
  chosen <- function(data, ...) {
    set.seed(3)
    unclass(nn_train(y ~ x, data, epochs = 1, penalty = 0.1, ...))$settings
  }
  expect_identical(
    chosen(many, weights = w)[c("optimizer", "batch_size")],
    chosen(many[rep(seq_len(nrow(many)), many$w), ])[c("optimizer", "batch_size")]
  )
})

# Rows of weight 0 with levels and classes of their own, and numbers that are not finite.
own <- transform(
  d,
  x = ifelse(w == 0, rep(c(Inf, -1e200, 1e9), 30), x),
  y = ifelse(w == 0, rep(c(-Inf, 7, Inf), 30), y),
  g = ifelse(w == 0, "AA", g), class = ifelse(w == 0, rep(c("Z", "low"), 45), as.character(class))
)
own_left <- own[own$w > 0, ]

test_that("rows of weight 0 may hold own levels, own classes and infinite numbers", {
  methods <- list(
    matrix = function(data, outcome, ...) {
      y <- if (outcome == "class") factor(data$class, c("high", "low")) else data$y
      nn_train(X(data), y, weights = data$w, ...)
    },
    frame = function(data, outcome, ...) {
      nn_train(data[c("x", "z", "g")], data[[outcome]], weights = data$w, ...)
    },
    formula = function(data, outcome, ...) {
      formula <- if (outcome == "class") class ~ x + z * g else y ~ x + z + factor(g)
      nn_train(formula, data, weights = w, ...)
    }
  )
  splits <- list(
    list(), list(validation = 0.3, optimizer = "adam", patience = 3), list(calibration = 0.4),
    list(optimizer = "adam", batch_size = 16)
  )
  for (name in names(methods)) {
    for (split in splits) {
      if (name == "matrix" && !is.null(split$calibration)) next
      for (outcome in c("y", "class")) {
        train <- function(data) {
          set.seed(3)
          do.call(methods[[name]], c(
            list(data, outcome, hidden = 3, epochs = 10, learning_rate = 0.01)[
              if (length(split) == 0 || !is.null(split$calibration)) 1:4 else 1:5
            ], split
          ))
        }
        with <- train(own)
        without <- train(own_left)
        expect_identical(coef(with), coef(without), label = paste(name, outcome))
        expect_identical(with$encoding, without$encoding)
        expect_identical(with$history, without$history)
        expect_identical(with$calibration, without$calibration)
        expect_equal(summary(with)$errors, summary(without)$errors)
        expect_identical(nn_doctor(with), nn_doctor(without))
      }
    }
  }
})

test_that("fitted values of rows of weight 0 are NA where the fit does not know them", {
  set.seed(3)
  fit <- nn_train(class ~ z + g, transform(own, z = d$z), weights = w, hidden = 2, epochs = 5)
  expect_identical(is.na(fitted(fit)), own$w == 0)
  known <- transform(own, z = d$z, g = d$g)
  train <- function(epochs) {
    set.seed(3)
    nn_train(class ~ z + g, known, weights = w, hidden = 2, epochs = epochs, penalty = 0.01)
  }
  fit <- train(5)
  expect_false(anyNA(fitted(fit)))
  expect_identical(is.na(residuals(fit)), own$class == "Z")
  expect_equal(fitted(fit), predict(fit, known), ignore_attr = TRUE)
  # in files and when training is resumed
  path <- withr::local_tempfile(fileext = ".json")
  nn_save(fit, path)
  expect_identical(nn_load(path)$residuals, fit$residuals)
  expect_identical(coef(nn_continue(fit, known, epochs = 3)), coef(train(8)))
})

test_that("held-out data may have rows of weight 0 that the fit does not know", {
  train <- function(held, ...) {
    set.seed(3)
    ignore_overlap(
      nn_train(class ~ z + g, left, weights = w, hidden = 2, epochs = 5, validation = held, ...)
    )
  }
  held <- function(data) list(X = data, y = as.character(data$class), weights = data$w)
  with <- train(held(own))
  without <- train(held(own_left))
  expect_identical(with$history, without$history)
  expect_equal(summary(with)$errors, summary(without)$errors)
  # a data frame has its weights from the formula's call
  expect_identical(train(own)$history, train(own_left)$history)
})

test_that("folds and metrics do not know rows of weight 0", {
  cv <- function(...) {
    set.seed(3)
    nn_cv(..., hidden = 2, epochs = 5, folds = 4)
  }
  seen <- NULL
  spy <- function(y, p) {
    seen <<- c(seen, length(y))
    0
  }
  metrics <- list("accuracy", "log_loss", spy = spy)
  one <- cv(class ~ z + g, own, weights = w, metrics = metrics)
  expect_identical(sum(seen), sum(own$w > 0))
  other <- cv(class ~ z + g, own_left, weights = w, metrics = metrics)
  expect_identical(one$metrics, other$metrics)
  expect_true(all(is.na(one$predictions$predicted[own$w == 0])))
  expect_identical(is.na(one$predictions$observed), own$class == "Z")
  frame <- function(data) cv(data[c("z", "g")], as.character(data$class), weights = data$w)
  expect_identical(frame(own)$metrics, frame(own_left)$metrics)
  numbers <- function(data) cv(X(data), data$y, weights = data$w)
  withr::local_options(warn = 1)
  expect_identical(
    suppressWarnings(numbers(own)$metrics), suppressWarnings(numbers(own_left)$metrics)
  )
})

test_that("bases are computed without the rows of weight 0, and terms that use them are told of", {
  far <- transform(d, x = ifelse(w == 0, 1e4, x))
  for (formula in list(y ~ poly(x, 2) + z, y ~ scale(x), y ~ splines::ns(x, 3) + offset(z))) {
    train <- function(data, ...) {
      set.seed(3)
      nn_train(formula, data, weights = w, hidden = 3, epochs = 10, ...)
    }
    expect_identical(coef(train(far)), coef(train(far[far$w > 0, ])))
    expect_identical(
      coef(train(far, calibration = 0.3)), coef(train(far[far$w > 0, ], calibration = 0.3))
    )
  }
  expect_warning(
    nn_train(y ~ cumsum(x), d, weights = w, hidden = 0, epochs = 1), "Rows of weight 0",
    class = "backprop_warning_row_terms"
  )
  # as in lm(), where all rows are evaluated
  set.seed(3)
  fit <- suppressWarnings(
    nn_train(y ~ cumsum(x), d, weights = w, hidden = 0, penalty = 0, epochs = 200)
  )
  expect_equal(fitted(fit), unname(fitted(lm(y ~ cumsum(x), d, weights = w))), tolerance = 1e-5)
})

test_that("limits of intervals and checks of targets ignore rows of weight 0", {
  shares <- transform(d, y = ifelse(w == 0, 7, plogis(y)))
  set.seed(3)
  fit <- nn_train(
    y ~ x, shares,
    weights = w, output_activation = "sigmoid", loss = "cross_entropy", hidden = 2, epochs = 5,
    calibration = 0.3
  )
  expect_identical(fit$encoding$outcome$range, c(0, 1))
  counts <- transform(d, y = ifelse(w == 0, -1, round(abs(y))))
  expect_no_error(nn_train(y ~ x, counts, weights = w, loss = "poisson", hidden = 2, epochs = 5))
  counts$w[4:6] <- 1
  expect_error(
    nn_train(y ~ x, counts, weights = w, loss = "poisson", hidden = 2, epochs = 5), "row 4",
    class = "backprop_error_input"
  )
})
