cases <- as.matrix(expand.grid(x1 = 0:1, x2 = 0:1, x3 = 0:1))

test_that("without weights it says whether the sum of the inputs is above the threshold", {
  expect_equal(perceptron(c(0, 0, 0)), 0)
  expect_equal(perceptron(c(0, 1, 0)), 1)
  expect_equal(perceptron(cases), as.numeric(rowSums(cases) > 0))
  expect_equal(perceptron(cases, threshold = 1), as.numeric(rowSums(cases) > 1))
})

test_that("with weights it says whether the weighted sum is above the threshold", {
  w <- c(2, -1, 0.5)
  expected <- apply(cases, 1, function(x) if (sum(w * x) > 0.75) 1 else 0)
  expect_equal(perceptron(cases, w = w, threshold = 0.75), as.numeric(expected))
  expect_true(all(0:1 %in% expected))
  expect_equal(perceptron(cases, w = 2, threshold = 3), as.numeric(2 * rowSums(cases) > 3))
})

test_that("with weights and a bias it can be AND, OR and, negated, NOT", {
  two <- cases[1:4, 1:2]
  expect_equal(perceptron(two, w = c(1, 1), b = -1.5), c(0, 0, 0, 1))
  expect_equal(perceptron(two, w = c(1, 1), b = -0.5), c(0, 1, 1, 1))
  expect_equal(perceptron(matrix(0:1), w = -1, b = 0.5), c(1, 0))
  expect_equal(
    perceptron(two, w = c(3, -2), b = -1, threshold = 1.5), as.numeric(two %*% c(3, -2) - 1 > 1.5)
  )
})

test_that("a sum that equals the threshold gives 0", {
  expect_equal(perceptron(c(1, 1), threshold = 2), 0)
  expect_equal(perceptron(c(1, 1), b = -2), 0)
  expect_equal(perceptron(c(1, 1), threshold = 2 - 1e-12), 1)
})

test_that("a matrix is judged as its rows are one by one", {
  set.seed(1)
  x <- matrix(rnorm(60), 20)
  w <- c(0.3, -1.2, 0.7)
  one_by_one <- vapply(
    1:20, function(i) perceptron(x[i, ], w, 0.1, 0.2), perceptron(x[1, ], w, 0.1, 0.2)
  )
  expect_identical(perceptron(x, w, 0.1, 0.2), one_by_one)
})

test_that("other inputs are errors that name the argument", {
  expect_error(perceptron("1"), class = "backprop_error_input")
  expect_error(perceptron(c(1, NA)), class = "backprop_error_input")
  expect_error(perceptron(c(1, 2, 3), w = c(1, 2)), class = "backprop_error_argument")
  expect_error(perceptron(1, w = "a"), class = "backprop_error_argument")
  expect_error(perceptron(1, b = c(1, 2)), class = "backprop_error_argument")
  expect_error(perceptron(1, threshold = NA_real_), class = "backprop_error_argument")
})

test_that("the sigmoid and its derivative are their formulas and keep the shape", {
  x <- matrix(c(-745, -30, -2, -1e-9, 0, 1e-9, 2, 30), 2, dimnames = list(c("a", "b"), NULL))
  expect_equal(sigmoid(x), 1 / (1 + exp(-x)), tolerance = 1e-14)
  expect_identical(dimnames(sigmoid(x)), dimnames(x))
  expect_identical(sigmoid(0), 0.5)
  expect_identical(sigmoid(c(-Inf, Inf, NaN)), c(0, 1, NaN))
  expect_identical(sigmoid(numeric()), numeric())

  a <- sigmoid(x)
  expect_identical(derivatives_sigmoid(a), a * (1 - a))
  x <- c(-3, -0.5, 0, 1, 4)
  step <- 1e-5
  expect_equal(
    derivatives_sigmoid(sigmoid(x)), (sigmoid(x + step) - sigmoid(x - step)) / (2 * step),
    tolerance = 1e-8
  )
})

test_that("a sum that is too large for a number is an error, by its row", {
  refused <- function(expression) {
    writeLines(conditionMessage(expect_error(expression, class = "backprop_error_input")))
  }
  expect_snapshot({
    refused(perceptron(c(1e308, 1e308, -1e308), w = c(10, 10, 10)))
    refused(perceptron(rbind(c(1, 1, 1, 1), c(1e308, 1e308, 1e308, 1e308))))
  })
  expect_identical(perceptron(c(1e308, -1e308, 1)), 1L)
})

test_that("targets in the place of weights are recognised", {
  expect_snapshot(error = TRUE, perceptron(rbind(c(1, 0), c(0, 1), c(1, 1)), c(1, 0, 1)))
})

test_that("nn_init() says the sizes if the place of hidden may be mistaken", {
  expect_message(network <- nn_init(4, 3, 1), class = "backprop_message_sizes")
  expect_equal(dim(network$wout), c(1, 3))
  expect_silent(nn_init(4, 3, hidden = 1))
  expect_silent(nn_init(4, 1, 3))
  expect_silent(nn_init(n_inputs = 4, n_outputs = 3, hid = 1))
})
