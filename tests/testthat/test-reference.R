# nn_train() against the plain R loop of helper-reference.R, and both against a loop in NumPy.

# Trains twice, with the package and with the plain loop, and compares weights, outputs and losses.
expect_like_reference <- function(problem, activation = "sigmoid", output_activation = "sigmoid",
                                  learning_rate = 0.05, epochs = 30, batch_size = NULL,
                                  shuffle = TRUE, tolerance = 1e-10) {
  n <- nrow(problem$X)
  fit <- nn_train(
    problem$X, problem$y,
    hidden = problem$hidden, activation = activation,
    output_activation = output_activation, learning_rate = learning_rate, epochs = epochs,
    batch_size = batch_size, shuffle = shuffle, start = problem$start
  )
  batches <- function(epoch) {
    if (is.null(batch_size) || batch_size >= n) {
      return(list(seq_len(n)))
    }
    if (!shuffle) {
      return(split(seq_len(n), ceiling(seq_len(n) / batch_size)))
    }
    nn_batches(fit$state$seed, epoch, n, batch_size)
  }
  loop <- reference_train(
    problem$X, problem$y, problem$start, activation, output_activation, learning_rate, epochs,
    batches
  )
  expect_close(coef(fit), loop$network, tolerance)
  expect_close(
    fit$output, reference_forward(loop$network, problem$X, activation, output_activation)$output,
    tolerance
  )
  expect_identical(fit$history$epoch, as.numeric(seq_len(epochs)))
  expect_close(fit$history$loss, loop$loss, tolerance)
  # a comparison of weights that never moved would say nothing
  expect_gt(greatest_difference(loop$network, problem$start), 1e-4)
}

make <- function(n, n_inputs, n_outputs, hidden, seed = 1) {
  c(random_problem(n, n_inputs, n_outputs, hidden, seed), list(hidden = hidden))
}

test_that("the tutorial's problem follows the plain loop for 5000 epochs", {
  problem <- c(tutorial_data(), list(start = tutorial_start(), hidden = 3))
  expect_like_reference(problem, learning_rate = 0.1, epochs = 5000)

  set.seed(1)
  fit <- nn_train(problem$X, problem$y)
  set.seed(1)
  loop <- reference_train(problem$X, problem$y, reference_init(4, 1, 3))
  expect_close(coef(fit), loop$network, 1e-10)
})

test_that("depths 0 to 3 follow the plain loop, with one output and with several", {
  for (hidden in list(0, 1, 5, c(4, 3), c(17, 9), c(5, 4, 3), c(2, 2, 2))) {
    for (n_outputs in c(1, 2, 3)) expect_like_reference(make(13, 4, n_outputs, hidden))
  }
})

test_that("all pairs of activations follow the plain loop", {
  for (activation in names(reference_activations)) {
    for (output_activation in c(names(reference_activations), "softmax")) {
      expect_like_reference(
        make(10, 3, 3, c(5, 4)), activation, output_activation,
        learning_rate = 0.02
      )
      expect_like_reference(
        make(10, 3, 2, 6), activation, output_activation,
        learning_rate = 0.02, batch_size = 3
      )
    }
  }
})

test_that("each hidden layer can have an activation of its own", {
  expect_like_reference(
    make(12, 4, 2, c(6, 5, 4)), c("relu", "tanh", "sigmoid"), "identity",
    learning_rate = 0.01
  )
  expect_like_reference(
    make(12, 4, 2, c(6, 5)), c("tanh", "identity"), "softmax",
    learning_rate = 0.01
  )
})

test_that("batches of one, two and more rows follow the plain loop, the last one short", {
  for (batch_size in c(1, 2, 5, 12, 13, 40)) {
    for (shuffle in c(TRUE, FALSE)) {
      expect_like_reference(make(13, 4, 2, 5), batch_size = batch_size, shuffle = shuffle)
    }
  }
  expect_like_reference(make(13, 4, 1, c(5, 3)), "tanh", batch_size = 4)
  expect_like_reference(make(13, 4, 3, 0), output_activation = "softmax", batch_size = 1)
})

test_that("odd numbers of rows, inputs, units and outputs follow the plain loop", {
  for (n in c(1, 2, 7, 8, 9, 16, 17)) expect_like_reference(make(n, 1, 1, 1, seed = n), epochs = 5)
  for (width in c(1, 2, 7, 8, 9, 15, 16, 17, 33, 65)) {
    expect_like_reference(make(11, width, 2, 3, seed = width), epochs = 3, learning_rate = 0.01)
    expect_like_reference(make(11, 3, 2, width, seed = width), epochs = 3, learning_rate = 0.01)
    expect_like_reference(make(11, 3, width, 4, seed = width), epochs = 3, learning_rate = 0.01)
  }
})

test_that("batches of more than 1024 rows follow the plain loop", {
  for (n in c(1023, 1024, 1025, 2048, 2500)) {
    expect_like_reference(make(n, 3, 2, 4, seed = n), epochs = 5, learning_rate = 1e-3)
  }
  expect_like_reference(
    make(2500, 3, 1, c(4, 3)),
    epochs = 3, learning_rate = 1e-3, batch_size = 1100
  )
  expect_like_reference(
    make(2500, 3, 2, c(4, 3)), "tanh", "softmax",
    epochs = 3, learning_rate = 1e-3, batch_size = 300
  )
})

test_that("a vector, a logical and an integer y are one column of numbers", {
  problem <- make(9, 3, 1, 4)
  y <- problem$y > 0.5
  fit <- function(y) nn_train(problem$X, y, hidden = 4, start = problem$start, epochs = 20)
  expected <- reference_train(problem$X, y * 1, problem$start, epochs = 20)$network
  for (form in list(y, as.vector(y), as.vector(y) * 1L, as.vector(y) * 1, y * 1L)) {
    expect_close(coef(fit(form)), expected, 1e-10)
  }
})

test_that("the plain loop and nn_train() give what NumPy gives", {
  settings <- list(
    "tutorial-1" = list("sigmoid", "sigmoid", rate = 0.1, epochs = 1, batch_size = 3, hidden = 3),
    "tutorial-5000" = list(
      "sigmoid", "sigmoid",
      rate = 0.1, epochs = 5000, batch_size = 3, hidden = 3
    ),
    "deep" = list(
      c("tanh", "relu"), "sigmoid",
      rate = 0.05, epochs = 300, batch_size = 11, hidden = c(6, 4)
    ),
    "deep-batches-of-4" = list(
      c("tanh", "relu"), "sigmoid",
      rate = 0.05, epochs = 100, batch_size = 4, hidden = c(6, 4)
    ),
    "no-hidden-layer" = list(
      "sigmoid", "identity",
      rate = 0.02, epochs = 100, batch_size = 11, hidden = 0
    )
  )
  for (name in names(settings)) {
    case <- fixture_case("numpy-loop.csv", name)
    s <- settings[[name]]
    X <- case$data$X
    y <- case$data$y
    ends <- as.vector(case$history$loss)

    in_order <- function(epoch) split(seq_len(nrow(X)), ceiling(seq_len(nrow(X)) / s$batch_size))
    loop <- reference_train(X, y, case$start, s[[1]], s[[2]], s$rate, s$epochs, in_order)
    expect_close(loop$network, case$trained, 1e-12)
    expect_close(loop$output, case$last$output, 1e-12)
    expect_close(loop$loss[c(1, s$epochs)], ends, 1e-12)

    fit <- nn_train(
      X, y,
      hidden = s$hidden, activation = s[[1]], output_activation = s[[2]],
      learning_rate = s$rate, epochs = s$epochs, batch_size = s$batch_size, shuffle = FALSE,
      start = case$start
    )
    expect_close(coef(fit), case$trained, 1e-10)
    expect_close(fit$history$loss[c(1, s$epochs)], ends, 1e-10)
    expect_gt(greatest_difference(case$trained, case$start), 1e-3)
  }
  expect_digits(fixture_case("numpy-loop.csv", "tutorial-5000")$trained$wout, c(
    5.599891989987, .476118373743, -2.081227374621
  ))
})
