# The tutorial's steps, one by one.

# All that nn_backward() returns, from the plain formulas and under the names of the steps.
plain_pieces <- function(network, X, y, activation, output_activation) {
  pass <- reference_backward(network, X, y, activation, output_activation)
  last <- length(network) / 2
  hidden <- seq_len(last - 1)
  suffix <- if (last == 2) "" else hidden
  named <- function(stem, values) {
    if (last == 1) list() else stats::setNames(values[hidden], paste0(stem, suffix))
  }
  pieces <- c(
    named("hidden_layer_input", pass$inputs), named("hiddenlayer_activations", pass$activations),
    list(output_layer_input = pass$inputs[[last]], output = pass$output, E = pass$errors[[last]]),
    if (output_activation != "softmax") list(slope_output_layer = pass$slopes[[last]]),
    named("slope_hidden_layer", pass$slopes), list(d_output = pass$deltas[[last]]),
    named("Error_at_hidden_layer", pass$errors), named("d_hiddenlayer", pass$deltas)
  )
  list(matrices = pieces, gradient = pass$gradient)
}

shapes <- list(
  list(hidden = 0, activation = character(), output_activation = "sigmoid"),
  list(hidden = 3, activation = "sigmoid", output_activation = "sigmoid"),
  list(hidden = 5, activation = "relu", output_activation = "softmax"),
  list(hidden = c(6, 4), activation = c("tanh", "relu"), output_activation = "identity"),
  list(hidden = c(5, 4, 3), activation = c("relu", "sigmoid", "tanh"), output_activation = "tanh"),
  list(hidden = c(4, 17, 9), activation = rep("identity", 3), output_activation = "softmax")
)
hidden_activation <- function(shape) {
  if (length(shape$activation) == 0) "sigmoid" else shape$activation
}

test_that("each piece equals its formula", {
  for (shape in shapes) {
    for (n in c(1, 3, 10, 1500)) {
      problem <- random_problem(n, 4, 2, shape$hidden, seed = n)
      backward <- nn_backward(
        problem$start, problem$X, problem$y, hidden_activation(shape), shape$output_activation
      )
      expected <- plain_pieces(
        problem$start, problem$X, problem$y, shape$activation, shape$output_activation
      )
      expect_setequal(names(backward), c(names(expected$matrices), "gradient"))
      for (name in names(expected$matrices)) {
        difference <- greatest_difference(backward[[name]], expected$matrices[[name]])
        expect(
          isTRUE(difference <= 1e-12),
          sprintf("%s of layers %s differs by %.3g.", name, deparse(shape$hidden), difference)
        )
        expect_identical(
          dim(backward[[name]]), dim(expected$matrices[[name]]),
          label = paste("dim of", name)
        )
      }
      expect_close(backward$gradient, expected$gradient, 1e-12)
    }
  }
})

test_that(
  paste0(
    "one hidden layer has the tutorial's names in the tutorial's order, more are numbered, ",
    "none leaves them out"
  ),
  {
    names_of <- function(hidden, ...) {
      problem <- random_problem(3, 2, 2, hidden, seed = 1)
      forward <- nn_forward(problem$start, problem$X, ...)
      backward <- nn_backward(problem$start, problem$X, problem$y, ...)
      expect_identical(backward[names(forward)], forward)
      expect_identical(names(backward$gradient), names(problem$start))
      list(names(forward), setdiff(names(backward), names(forward)))
    }
    expect_identical(names_of(3), list(
      c("hidden_layer_input", "hiddenlayer_activations", "output_layer_input", "output"),
      c(
        "E", "slope_output_layer", "slope_hidden_layer", "d_output", "Error_at_hidden_layer",
        "d_hiddenlayer", "gradient"
      )
    ))
    expect_identical(names_of(c(3, 2)), list(
      c(
        "hidden_layer_input1", "hiddenlayer_activations1", "hidden_layer_input2",
        "hiddenlayer_activations2", "output_layer_input", "output"
      ),
      c(
        "E", "slope_output_layer", "slope_hidden_layer1", "slope_hidden_layer2", "d_output",
        "Error_at_hidden_layer1", "Error_at_hidden_layer2", "d_hiddenlayer1", "d_hiddenlayer2",
        "gradient"
      )
    ))
    expect_identical(names_of(0), list(
      c("output_layer_input", "output"), c("E", "slope_output_layer", "d_output", "gradient")
    ))
    expect_false("slope_output_layer" %in% unlist(names_of(3, output_activation = "softmax")))
  }
)

test_that("an update is the network minus the rate times the gradient", {
  for (hidden in list(0, 3, c(5, 4))) {
    problem <- random_problem(6, 4, 2, hidden, seed = 2)
    gradient <- nn_gradient(problem$start, problem$X, problem$y)
    expect_close(gradient, nn_backward(problem$start, problem$X, problem$y)$gradient, 0)
    updated <- nn_update(problem$start, gradient, 0.3)
    expect_close(updated, Map(function(w, g) w - 0.3 * g, problem$start, gradient), 1e-15)
    expect_gt(greatest_difference(updated, problem$start), 1e-3)
  }
})

test_that("a loop over the pieces is nn_train(), to the last bit", {
  for (shape in shapes) {
    for (n in c(1, 3, 10, 1500)) {
      problem <- random_problem(n, 4, 2, shape$hidden, seed = n)
      rate <- if (n > 100) 1e-3 else 0.05
      for (batch_size in if (n == 1) {
        list(NULL)
      } else if (n > 100) {
        list(NULL, 1100)
      } else {
        list(NULL, 1, 2)
      }) {
        activation <- hidden_activation(shape)
        output_activation <- shape$output_activation
        fit <- nn_train(problem$X, problem$y,
          hidden = shape$hidden, activation = activation, output_activation = output_activation,
          learning_rate = rate, epochs = 5, batch_size = batch_size, start = problem$start
        )
        network <- problem$start
        for (epoch in 1:5) {
          batches <-
            if (is.null(batch_size)) list(1:n) else nn_batches(fit$state$seed, epoch, n, batch_size)
          for (rows in batches) {
            X <- problem$X[rows, , drop = FALSE]
            y <- problem$y[rows, , drop = FALSE]
            backward <- nn_backward(network, X, y, activation, output_activation)
            network <- nn_update(network, backward$gradient, rate)
          }
        }
        expect_identical(network, coef(fit))
        expect_identical(
          nn_forward(network, problem$X, activation, output_activation)$output, fit$output
        )
      }
    }
  }
})

test_that("a loop over the pieces that draws its own weights is nn_train(), to the last bit", {
  X <- tutorial_data()$X
  y <- tutorial_data()$y
  set.seed(3)
  network <- nn_init(4, 1)
  for (epoch in 1:200) network <- nn_update(network, nn_backward(network, X, y)$gradient, 0.1)
  set.seed(3)
  expect_identical(network, coef(nn_train(X, y, epochs = 200)))
})

test_that("a fit stands for its weights and its activations", {
  problem <- random_problem(6, 4, 2, c(5, 3), seed = 3)
  fit <- nn_train(
    problem$X, problem$y,
    hidden = c(5, 3), activation = c("relu", "tanh"),
    output_activation = "identity", learning_rate = 0.01, epochs = 10, start = problem$start
  )
  expect_identical(
    nn_forward(fit, problem$X), nn_forward(coef(fit), problem$X, c("relu", "tanh"), "identity")
  )
  expect_identical(
    nn_backward(fit, problem$X, problem$y),
    nn_backward(coef(fit), problem$X, problem$y, c("relu", "tanh"), "identity")
  )
  gradient <- nn_gradient(fit, problem$X, problem$y)
  expect_identical(nn_update(fit, gradient, 0.1), nn_update(coef(fit), gradient, 0.1))
})

# All of a fit but the call that made it.
without_call <- function(fit) {
  fit <- unclass(fit)
  fit[setdiff(names(fit), "call")]
}

test_that("50 epochs and then 50 are 100, to the last bit", {
  problem <- random_problem(13, 4, 2, c(5, 3), seed = 6)
  for (batch_size in list(NULL, 1, 4)) {
    for (output_activation in c("sigmoid", "softmax")) {
      train <- function(epochs) {
        set.seed(9)
        nn_train(
          problem$X, problem$y,
          hidden = c(5, 3), activation = "tanh",
          output_activation = output_activation, learning_rate = 0.05, epochs = epochs,
          batch_size = batch_size
        )
      }
      whole <- train(100)
      half <- train(50)
      set.seed(1)
      before <- .Random.seed
      resumed <- nn_continue(half, problem$X, problem$y, epochs = 50)
      expect_identical(.Random.seed, before)
      expect_identical(without_call(resumed), without_call(whole))
      expect_identical(nrow(resumed$history), 100L)
      expect_false(identical(coef(half), coef(whole)))

      in_steps <- Reduce(
        function(fit, epochs) nn_continue(fit, problem$X, problem$y, epochs = epochs),
        c(1, 0, 48, 1), half
      )
      expect_identical(without_call(in_steps), without_call(whole))

      file <- tempfile(fileext = ".rds")
      saveRDS(half, file)
      from_file <- nn_continue(readRDS(file), problem$X, problem$y, epochs = 50)
      unlink(file)
      expect_identical(without_call(from_file), without_call(whole))
    }
  }
})

test_that("a fit of no epochs goes on to what a whole run gives", {
  X <- tutorial_data()$X
  y <- tutorial_data()$y
  set.seed(2)
  drawn <- nn_train(X, y, epochs = 0, batch_size = 2)
  set.seed(2)
  whole <- nn_train(X, y, epochs = 20, batch_size = 2)
  expect_identical(without_call(nn_continue(drawn, X, y, epochs = 20)), without_call(whole))
})

test_that("going on with other data says so, and still goes on", {
  problem <- random_problem(8, 3, 1, 4, seed = 7)
  fit <- nn_train(problem$X, problem$y, hidden = 4, epochs = 5, start = problem$start)
  other <- random_problem(6, 3, 1, 4, seed = 8)
  expect_warning(
    resumed <- nn_continue(fit, other$X, other$y, epochs = 5),
    class = "backprop_warning_other_data"
  )
  from_weights <- nn_train(other$X, other$y, hidden = 4, epochs = 5, start = coef(fit))
  expect_identical(coef(resumed), coef(from_weights))
  expect_identical(nobs(resumed), nobs(from_weights))
})

test_that("batches are whole and in order, and refused where they cannot fit", {
  order <- unlist(nn_batches(c(1, 2), 3, 11, 11))
  expect_identical(nn_batches(c(1, 2), 3, 11, 4), list(order[1:4], order[5:8], order[9:11]))
  expect_identical(nn_batches(c(1, 2), 3, 11, 100), list(order))
  expect_length(nn_batches(c(1, 2), 3, 11, 1), 11)
  withr::local_options(backprop.memory_limit = 1e9)
  expect_error(nn_batches(c(1, 2), 1, 2147483647, 1e9), class = "backprop_error_memory")
})
