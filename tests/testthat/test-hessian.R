# Central differences of the exact gradient.
numeric_hessian <- function(problem, weights = problem$weights) {
  gradient <- function(w) backprop:::evaluate(problem, w, gradient = TRUE)$gradient
  step <- .Machine$double.eps^(1 / 3) * pmax(1, abs(weights))
  vapply(seq_along(weights), function(i) {
    up <- down <- weights
    up[i] <- weights[i] + step[i]
    down[i] <- weights[i] - step[i]
    (gradient(up) - gradient(down)) / (up[i] - down[i])
  }, weights)
}
hessian_problem <- function(random, activation, output, loss, ...) {
  backprop:::loss_problem(
    random$start, random$X, targets_for(loss, random$y), activation, output, loss, ...,
    call = rlang::current_env()
  )
}
inner <- setdiff(nn_activations()$name, nn_activations()$name[nn_activations()$output_only])

test_that("the Hessian is that of central differences for every activation, loss and output", {
  loss_table <- backprop:::loss_table
  worst <- list(difference = 0, case = "")
  checked <- 0
  check <- function(random, activation, output, loss) {
    problem <- hessian_problem(
      random, activation, output, loss, "mean", 0.3, 0.2, c(0.5, 2, 0, 1, 1.5),
      matrix(c(0.1, -0.2, 0.3, 0, 0.5), 5, 2)
    )
    H <- backprop:::hessian(problem, NULL)
    difference <- greatest_difference(H, numeric_hessian(problem))
    if (!isTRUE(difference <= worst$difference)) {
      worst <<- list(difference = difference, case = paste(activation, output, loss))
    }
    checked <<- checked + 1
  }
  random <- random_problem(5, 3, 2, 2, seed = 23)
  deeper <- random_problem(5, 3, 2, c(2, 2), seed = 24)
  none <- random_problem(5, 3, 2, 0, seed = 20)
  for (loss in loss_names()) {
    for (output in backprop:::allowed_outputs[[loss]]) {
      for (activation in inner) check(random, activation, output, loss)
      check(none, "sigmoid", output, loss)
    }
  }
  for (activation in inner) check(deeper, activation, "identity", "squared_error")
  expect_gt(checked, 500)
  expect(
    isTRUE(worst$difference < 1e-6),
    sprintf("%s: the difference is %.3g.", worst$case, worst$difference)
  )
})

test_that("the Hessian is that of nnet", {
  skip_if_not_installed("nnet")
  set.seed(3)
  X <- matrix(rnorm(60), 20)
  cases <- list(
    list(y = matrix(rnorm(40), 20), output = "identity", loss = "squared_error", factor = 2),
    list(y = matrix(runif(40), 20), output = "sigmoid", loss = "squared_error", factor = 2),
    list(y = matrix(runif(20), 20), output = "sigmoid", loss = "cross_entropy", factor = 1),
    list(
      y = diag(3)[sample(3, 20, TRUE), ], output = "softmax", loss = "cross_entropy", factor = 1
    )
  )
  for (case in cases) {
    k <- ncol(case$y)
    network <- lapply(nn_init(3, k, hidden = 2), function(w) w + rnorm(length(w)) / 3)
    weights <- runif(20, 0.5, 2)
    # nnet has the bias before the weights of each unit
    start <- c(rbind(network$bh, network$wh), rbind(network$bout, network$wout))
    peer <- nnet::nnet(
      X, case$y, weights,
      size = 2, Wts = start, maxit = 0, decay = 0.1, trace = FALSE,
      linout = case$output == "identity", softmax = case$output == "softmax",
      entropy = case$output == "sigmoid" && case$loss == "cross_entropy"
    )
    theirs <- nnet::nnetHess(peer, X, case$y, weights)
    place <- lapply(relist(seq_along(unlist(network)), network), as.matrix)
    place <- c(rbind(place$bh, place$wh), rbind(place$bout, place$wout))
    # nnet penalises biases too, and its squared error is not halved
    ours <- case$factor * nn_hessian(
      network, X, case$y,
      output_activation = case$output, loss = case$loss, weights = weights
    )[place, place]
    expect_lt(greatest_difference(ours + diag(2 * 0.1, nrow(ours)), theirs), 1e-10)
  }
})

test_that("products are those with the matrix, whatever the form of the directions", {
  set.seed(5)
  X <- matrix(rnorm(3 * 1500), 1500)
  y <- runif(1500)
  network <- nn_init(3, 1, hidden = c(3, 2))
  H <- nn_hessian(network, X, y)
  expect_identical(H, t(H))
  # more than one piece of rows
  of_rows <- function(rows) nn_hessian(network, X[rows, ], y[rows])
  expect_equal(H, of_rows(1:700) + of_rows(701:1500), tolerance = 1e-12)
  d <- rnorm(nrow(H))
  expect_equal(nn_hessian_product(network, X, y, d), drop(unname(H) %*% d), tolerance = 1e-12)
  D <- matrix(rnorm(2 * nrow(H)), ncol = 2, dimnames = list(NULL, c("a", "b")))
  expect_equal(nn_hessian_product(network, X, y, D), unname(H) %*% D, tolerance = 1e-12)
  as_list <- nn_hessian_product(network, X, y, relist(d, network))
  expect_identical(lapply(as_list, dim), lapply(network, dim))
  expect_identical(unlist(as_list, use.names = FALSE), nn_hessian_product(network, X, y, d))
})

test_that("far outputs keep their second derivatives", {
  network <- list(wout = matrix(1), bout = matrix(0))
  z <- c(-40, -5, 0.5, 30)
  H <- nn_hessian(network, matrix(z), c(1, 0, 1, 1), loss = "cross_entropy")
  p <- plogis(z) * plogis(-z)
  expect_equal(unname(H), crossprod(cbind(z, 1) * sqrt(p)), tolerance = 1e-14, ignore_attr = TRUE)
  H <- nn_hessian(network, matrix(z), 0 * z, output_activation = "identity", loss = "log_cosh")
  expect_equal(H[2, 2], sum(1 / cosh(z)^2), tolerance = 1e-14)
  for (activation in inner) {
    for (z in c(-1e3, -40, 40, 1e3)) {
      far <- list(wh = matrix(1), bh = matrix(z), wout = matrix(1), bout = matrix(0))
      second <- nn_hessian(far, matrix(0), 0, activation, "identity")
      expect_true(all(is.finite(second)))
    }
  }
})

test_that("a fit encodes its data, takes the outcome from the formula, and names its weights", {
  fit <- seeded(mpg ~ wt + cyl + offset(hp / 100), cars_data(), hidden = 2, activation = "tanh")
  H <- nn_hessian(fit, cars_data())
  expect_identical(H, nn_hessian(fit, cars_data(), mtcars$mpg))
  expect_identical(rownames(H), colnames(H))
  expect_identical(rownames(H)[c(1, 4, 7, 9, 11)], c(
    "hidden:1:wt", "hidden:2:wt", "hidden:1:(Intercept)", "output:mpg:hidden[1]",
    "output:mpg:(Intercept)"
  ))
  w <- unlist(coef(fit), use.names = FALSE)
  moved <- fit
  step <- 1e-5
  moved$wh[2, 1] <- fit$wh[2, 1] + step
  slope <- (unlist(nn_gradient(moved, cars_data())) - unlist(nn_gradient(fit, cars_data()))) / step
  expect_equal(unname(H[, 2]), unname(slope), tolerance = 1e-4)
})

test_that("single precision fits and sparse inputs have a Hessian", {
  skip_if_not_installed("Matrix")
  X <- Matrix::sparse.model.matrix(~ wool * tension, warpbreaks)
  fit <- seeded(X, warpbreaks$breaks, loss = "poisson", hidden = 2, precision = "single")
  dense <- nn_hessian(coef(fit), as.matrix(X) %*% diag(1 / fit$encoding$scale), warpbreaks$breaks,
    activation = fit$settings$activation, output_activation = "exp", loss = "poisson",
    reduction = "mean", penalty = fit$settings$penalty
  )
  expect_equal(unname(nn_hessian(fit, X, warpbreaks$breaks)), unname(dense), tolerance = 1e-10)
})

test_that("what has no Hessian is refused", {
  X <- matrix(c(1, 2, 3, 4), 2)
  network <- nn_init(2, 1, hidden = 3)
  expect_snapshot({
    withr::with_options(list(backprop.memory_limit = 1000), refused(
      nn_hessian(network, X, c(0, 1)), "memory"
    ))
    refused(nn_hessian_product(network, X, c(0, 1)), "input")
    refused(nn_hessian_product(network, X, c(0, 1), 1:3), "argument")
    refused(nn_hessian_product(network, X, c(0, 1), network[1:2]), "argument")
    refused(nn_hessian_product(network, X, c(0, 1), c(NA, rep(1, 12))), "input")
    huge <- list(wout = matrix(1, 2), bout = matrix(709))
    refused(nn_hessian(huge, 1e200 * X, c(0, 1), output_activation = "identity"), "argument")
  })
})
