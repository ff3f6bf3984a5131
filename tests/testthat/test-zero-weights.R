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
