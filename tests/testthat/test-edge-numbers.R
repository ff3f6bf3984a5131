# Numbers at the edge of what a computer represents. For each row of the table, a fit without a
# hidden layer is right, which means that it agrees with lm() on the same numbers at an ordinary
# scale, or there is a warning or an error of a class.

ordinary <- local({
  set.seed(3)
  d <- data.frame(a = rnorm(60), b = rnorm(60))
  d$y <- d$a - d$b / 2 + rnorm(60, sd = 0.1)
  d
})
expected <- fitted(lm(y ~ a + b, ordinary))

# The data with other columns, and other arguments. `scale`: of the predictions.
edge <- function(..., scale = 1, class = NULL, arguments = list()) {
  list(
    columns = rlang::quos(...), scale = scale, class = class, arguments = arguments
  )
}
edges <- list(
  "inputs of 1e300" = edge(a = a * 1e300),
  "inputs of 1e307" = edge(a = a * 1e307),
  "inputs of 1e-300" = edge(a = a * 1e-300),
  "denormal inputs" = edge(a = a * 1e-310),
  "targets of 1e300" = edge(y = y * 1e300, scale = 1e300),
  "targets of 1e-300" = edge(y = y * 1e-300, scale = 1e-300),
  "inputs whose range has no number" = edge(a = a * 8e307, class = "backprop_error_input"),
  "a nearly constant input" = edge(a = 1e8 + a * 1e-2),
  "nearly collinear inputs" = edge(c = a + 1e-9 * b),
  "collinear inputs" = edge(c = 2 * a - b),
  "seconds since 1970" = edge(a = 1.7e9 + a * 1e5),
  "offsets of 1e-300" = edge(arguments = list(offset = rep(1e-300, 60))),
  "weights of 1e90" = edge(arguments = list(weights = rep(1e90, 60))),
  "weights of 1e-90" = edge(arguments = list(weights = rep(1e-90, 60))),
  "weights of 1e300" = edge(
    arguments = list(weights = rep(1e300, 60)), class = "backprop_error_argument"
  ),
  "denormal weights" = edge(
    arguments = list(weights = rep(1e-310, 60)), class = "backprop_error_argument"
  ),
  "an infinite input" = edge(a = c(Inf, a[-1]), class = "backprop_error_input"),
  "a target that is not finite" = edge(y = c(-Inf, y[-1]), class = "backprop_error_input")
)

test_that("numbers at the edge are right, or a condition names them", {
  for (name in names(edges)) {
    row <- edges[[name]]
    data <- ordinary
    for (column in names(row$columns)) {
      data[[column]] <- rlang::eval_tidy(row$columns[[column]], ordinary)
    }
    train <- function() {
      do.call(nn_train, c(list(y ~ ., data, hidden = 0, penalty = 0), row$arguments))
    }
    set.seed(1)
    if (is.null(row$class)) {
      fit <- expect_silent(train())
      offset <- row$arguments$offset
      values <- predict(fit, data, offset = offset) / row$scale
      expect_equal(values, unname(expected), tolerance = 1e-6, info = name)
    } else if (grepl("error", row$class)) {
      expect_error(train(), class = row$class, info = name)
    } else {
      expect_warning(train(), class = row$class)
    }
  }
})

test_that("single precision is right, or says that it can't represent the numbers", {
  X <- as.matrix(ordinary[c("a", "b")])
  train <- function(X, y, ...) {
    set.seed(1)
    nn_train(
      X, y,
      hidden = 0, output_activation = "identity", optimizer = "lbfgs", reduction = "mean",
      epochs = 200, precision = "single", ...
    )
  }
  expect_equal(
    drop(predict(train(X, ordinary$y), X)), unname(expected),
    tolerance = 1e-4, ignore_attr = TRUE
  )
  expect_snapshot(error = TRUE, {
    train(X * 1e300, ordinary$y)
    train(X, ordinary$y * 1e40)
    train(X, ordinary$y, offset = rep(1e39, 60))
  })
})

test_that("classes of one row, and a factor of many levels, train", {
  d <- data.frame(x = ordinary$a, g = factor(c("first", "second", rep("other", 58))))
  set.seed(1)
  fit <- nn_train(g ~ x, d)
  expect_identical(levels(predict(fit, d, type = "class")), levels(d$g))
  expect_true(all(is.finite(predict(fit, d, type = "prob"))))
})
