X <- tutorial_data()$X
y <- tutorial_data()$y

# The error of `expression`, whose class and message are both looked at.
refused <- function(expression, kind) {
  error <- expect_error(expression, class = paste0("backprop_error_", kind))
  expect_s3_class(error, "backprop_error")
  writeLines(conditionMessage(error))
}

test_that("data that cannot be used are refused", {
  with_na <- X
  with_na[2, 3] <- NA
  with_inf <- X
  with_inf[3, 1] <- -Inf
  with_inf[3, 4] <- NaN
  named <- with_na
  colnames(named) <- c("a", "b", "c", "d")
  expect_snapshot({
    refused(nn_train(), "input")
    refused(nn_train(X), "input")
    refused(nn_train(1:3, y), "input")
    refused(nn_train("a", y), "input")
    refused(nn_train(list(1, 2), y), "input")
    refused(nn_train(X * 1i, y), "input")
    refused(nn_train(X[0, ], y[0]), "input")
    refused(nn_train(X[, 0], y), "input")
    refused(nn_train(with_na, y), "input")
    refused(nn_train(with_inf, y), "input")
    refused(nn_train(named, y), "input")
    refused(nn_train(X, y[1:2]), "input")
    refused(nn_train(X, c(1, NA, 0)), "input")
    refused(nn_train(X, c("a", "b", "a")), "input")
    refused(nn_train(X, list(1, 2, 3)), "input")
    refused(nn_train(X, as.data.frame(y)), "input")
    refused(nn_train(X, factor(c("a", NA, "b"))), "input")
    refused(nn_train(X, factor(c("a", "a", "a"))), "input")
  })
})

test_that("settings outside their range are refused", {
  expect_snapshot({
    refused(nn_train(X, y, hidden = 2.7), "argument")
    refused(nn_train(X, y, hidden = 3e9), "argument")
    refused(nn_train(X, y, hidden = -1), "argument")
    refused(nn_train(X, y, hidden = NA), "argument")
    refused(nn_train(X, y, hidden = c(3, 0)), "argument")
    refused(nn_train(X, y, epochs = 2.7), "argument")
    refused(nn_train(X, y, epochs = 3e9), "argument")
    refused(nn_train(X, y, epochs = -1), "argument")
    refused(nn_train(X, y, epochs = NA), "argument")
    refused(nn_train(X, y, batch_size = 0), "argument")
    refused(nn_train(X, y, batch_size = 1.5), "argument")
    refused(nn_train(X, y, batch_size = NA), "argument")
    refused(nn_train(X, y, learning_rate = 0), "argument")
    refused(nn_train(X, y, learning_rate = "fast"), "argument")
    refused(nn_train(X, y, activation = "sigmiod"), "argument")
    refused(nn_train(X, y, activation = "softmax"), "argument")
    refused(nn_train(X, y, output_activation = "logit"), "argument")
    refused(nn_train(X, y, lerning_rate = 1), "argument")
    refused(nn_train(X, y, keep_fitted = "no"), "argument")
    refused(nn_train(X, y, start = list(1)), "argument")
    refused(nn_train(X, y, start = nn_init(4, 1, hidden = 2)), "argument")
    refused(nn_init(2.5, 1), "argument")
    refused(nn_update(nn_init(4, 1), nn_backward(nn_init(4, 1), X, y), 0.1), "argument")
    refused(nn_continue(list(), X, y, 1), "argument")
    refused(perceptron(X, w = 1:3), "argument")
  })
})

test_that("settings of the engine outside their range are refused", {
  species <- factor(c("a", "b", "a"))
  expect_snapshot({
    refused(nn_adam(learning_rate = -1), "argument")
    refused(nn_train(X, y, tolerance = "small"), "argument")
    refused(nn_train(X, y, loss = "cross_entropy", output_activation = "identity"), "argument")
    refused(nn_train(X, y * 2, loss = "cross_entropy"), "input")
    refused(nn_train(X, -y, loss = "poisson"), "input")
    refused(nn_train(X, y, validation = 1), "argument")
    refused(nn_train(X, y, validation = 0.01), "argument")
    refused(nn_train(X, y, weights = c(0, 0, 0)), "argument")
    refused(nn_train(X, y, weights = c(1, -1, 1)), "argument")
    refused(nn_train(X, y, class_weights = "balanced"), "argument")
    refused(nn_train(X, species, class_weights = c(a = 1, c = 2)), "argument")
    refused(nn_train(X, y, optimizer = nn_adam(0.1), learning_rate = 0.1), "argument")
    refused(nn_train(X, y, optimizer = "lbfgs", batch_size = 1), "argument")
    refused(nn_train(X, species, optimizer = "lm"), "argument")
    refused(nn_train(X, y, optimizer = "adams"), "argument")
    refused(nn_train(X, y, dropout = 1), "argument")
    refused(nn_train(X, y, hidden = 0, dropout = 0.5), "argument")
    refused(nn_train(X, y, schedule = "cosine"), "argument")
    refused(nn_train(X, y, clip = 0), "argument")
    refused(nn_train(X, y, offset = matrix(0, 3, 2)), "input")
    refused(nn_train(X, y, callback = "stop"), "argument")
    refused(nn_train(X, y, precision = "half"), "argument")
  })
})

test_that("newdata are matched with the columns of the training", {
  named <- X
  colnames(named) <- c("a", "b", "c", "d")
  fit <- nn_train(named, y, epochs = 1)
  expect_snapshot({
    refused(predict(fit, named[, 1:3]), "input")
    refused(predict(fit, unname(X[, 1:3])), "input")
    refused(predict(fit, unname(cbind(X, 1))), "input")
    refused(predict(fit, X[1, ]), "input")
    refused(predict(fit, named, type = "class"), "argument")
  })
  expect_identical(predict(fit, cbind(e = 1, named[, 4:1])), predict(fit, named))
})

test_that("what cannot fit in memory is refused with the need in bytes", {
  withr::local_options(backprop.memory_limit = 1e9)
  expect_snapshot(refused(nn_train(X, y, hidden = c(20000, 20000)), "memory"))
})

test_that(
  "a training that diverges carries the last finite weights, and inputs stay as they are",
  {
    before <- X * 1
    start <- nn_init(4, 1)
    error <- expect_error(
      nn_train(
        before, y * 1e6,
        activation = "identity", output_activation = "identity",
        learning_rate = 1e3, start = start
      ),
      class = "backprop_error_diverged"
    )
    expect_s3_class(error$fit, "nn_fit")
    expect_identical(error$fit$stop, "diverged")
    expect_true(all(is.finite(unlist(coef(error$fit)))))
    reference <- suppressWarnings(nn_train(
      before, y * 1e6,
      activation = "identity", output_activation = "identity", learning_rate = 1e3,
      start = start, epochs = error$fit$state$epoch
    ))
    expect_identical(coef(error$fit), coef(reference))
    expect_identical(before, X * 1)
  }
)

test_that("further data that cannot be used are refused", {
  network <- nn_init(4, 1)
  missing_y <- y
  missing_y[3] <- NaN
  complex_y <- y * complex(imaginary = 1)
  expect_snapshot({
    refused(nn_train(NULL, y), "input")
    refused(nn_train(array(0, c(3, 2, 2)), y), "input")
    refused(nn_train(X, NULL), "input")
    refused(nn_train(X, complex_y), "input")
    refused(nn_train(X, missing_y), "input")
    refused(nn_train(X, rbind(y, 1)), "input")
    refused(nn_train(X, matrix(0, 3, 0)), "input")
    refused(nn_train(X, Sys.Date() + 1:3), "input")
    refused(nn_train(X, factor(c("a", "b"))), "input")
    refused(nn_loss(network, X[, 1:3], y), "argument")
    refused(nn_loss(network, X, cbind(y, y)), "input")
    refused(nn_gradient(network, iris, y), "input")
    refused(nn_forward(network, X * NA), "input")
    refused(nn_trace(X, c(1, NA, 0)), "input")
  })
})

test_that("missing and mistyped sizes are refused", {
  expect_snapshot({
    refused(nn_train(X, y, hidden = NULL), "argument")
    refused(nn_train(X, y, hidden = "3"), "argument")
    refused(nn_train(X, y, hidden = c(3, NA)), "argument")
    refused(nn_train(X, y, hidden = c(3, 2.7)), "argument")
    refused(nn_train(X, y, hidden = numeric()), "argument")
    refused(nn_train(X, y, epochs = NULL), "argument")
    refused(nn_train(X, y, epochs = Inf), "argument")
    refused(nn_train(X, y, epochs = TRUE), "argument")
    refused(nn_train(X, y, epochs = c(1, 2)), "argument")
    refused(nn_train(X, y, batch_size = -3), "argument")
    refused(nn_train(X, y, batch_size = 2.7), "argument")
    refused(nn_train(X, y, batch_size = 3e9), "argument")
    refused(nn_train(X, y, batch_size = "all"), "argument")
    refused(nn_train(X, y, shuffle = NA), "argument")
    refused(nn_init(n_outputs = 1), "input")
    refused(nn_init(4, 0), "argument")
    invisible(nn_init(4, 3, 1))
    refused(nn_init(4, 1, init = "he"), "argument")
    refused(nn_continue(nn_train(X, y, epochs = 1), X, y), "input")
    refused(nn_continue(nn_train(X, y, epochs = 1), X, y, epochs = 2.7), "argument")
    refused(nn_batches(1, 1, 10, 2), "argument")
  })
})

test_that("weights of the wrong shape are refused, by the matrix's name", {
  start <- nn_init(4, 1)
  broken <- start
  broken$bh[2] <- NA
  swapped <- start[c("bh", "wh", "wout", "bout")]
  expect_snapshot({
    refused(nn_train(X, y, start = unname(start)), "argument")
    refused(nn_train(X, y, start = swapped), "argument")
    refused(nn_train(X, y, start = broken), "argument")
    refused(nn_train(X, y, start = nn_init(4, 2)), "argument")
    refused(nn_train(X, y, start = nn_init(5, 1)), "argument")
    refused(nn_train(X, y, start = nn_train(X, y, epochs = 1)), "argument")
    refused(nn_train(X, y, start = start, restarts = 2), "argument")
    refused(nn_trace(X, y, start = nn_init(4, 2)), "argument")
  })
})

test_that("further settings of the engine outside their range are refused", {
  species <- factor(c("a", "b", "a"))
  many <- factor(c("a", "b", "c"))
  expect_snapshot({
    refused(nn_train(X, y, learning_rate = -0.1), "argument")
    refused(nn_train(X, y, learning_rate = Inf), "argument")
    refused(nn_momentum(momentum = 1), "argument")
    refused(nn_adam(beta2 = 1), "argument")
    refused(nn_adamw(weight_decay = -1), "argument")
    refused(nn_rprop(more = 0.9), "argument")
    refused(nn_lbfgs(history = 0), "argument")
    refused(nn_lm(gradient_tolerance = -1), "argument")
    refused(nn_huber(0), "argument")
    refused(nn_quantile(1), "argument")
    refused(nn_train(X, y, loss = "squared"), "argument")
    refused(nn_train(X, y, loss = "quantil"), "argument")
    refused(nn_train(X, y, loss = "poisson", output_activation = "tanh"), "argument")
    refused(nn_train(X, species, output_activation = "identity"), "argument")
    refused(
      nn_train(X, cbind(y, y), loss = "cross_entropy", output_activation = "softmax"), "input"
    )
    refused(nn_train(X, y, reduction = "average"), "argument")
    refused(nn_train(X, y, penalty = -1), "argument")
    refused(nn_train(X, y, penalty_l1 = NA), "argument")
    refused(nn_train(X, y, dropout = -0.1), "argument")
    refused(nn_train(X, y, dropout = c(0.1, 0.2)), "argument")
    refused(nn_train(X, y, schedule = nn_step), "argument")
    refused(nn_step(0), "argument")
    refused(nn_exponential(1.1), "argument")
    refused(nn_cosine(10, least = 2), "argument")
    refused(nn_warm_up(5, then = 1), "argument")
    refused(nn_warm_up(5, then = nn_plateau()), "argument")
    refused(nn_train(X, y, clip = NA), "argument")
    refused(nn_train(X, y, validation = "half"), "argument")
    refused(nn_train(X, y, validation = list(X = X)), "argument")
    refused(nn_train(X, y, validation = list(X = X[, 1:3], y = y)), "input")
    refused(nn_train(X, y, validation = list(X = X, y = cbind(y, y))), "input")
    refused(nn_train(X, y, patience = 2.5), "argument")
    refused(nn_train(X, y, patience = 0), "argument")
    refused(nn_train(X, y, tolerance = -1), "argument")
    refused(nn_train(X, y, weights = c(1, 2)), "argument")
    refused(nn_train(X, y, weights = c(1, NA, 1)), "argument")
    refused(nn_train(X, y, weights = "a"), "argument")
    refused(nn_train(X, species, class_weights = c(1, 2, 3)), "argument")
    refused(nn_train(X, species, class_weights = c(1, -2)), "argument")
    refused(nn_train(X, species, class_weights = "equal"), "argument")
    refused(nn_train(X, y, offset = c(1, 2)), "input")
    refused(nn_train(X, y, offset = c(1, NA, 2)), "input")
    refused(nn_train(X, y, optimizer = 1), "argument")
    refused(nn_train(X, y, restarts = 0), "argument")
    refused(nn_callback(mean, every = 0), "argument")
    refused(nn_train(X, y, checkpoint = 1), "argument")
    refused(nn_train(X, y, checkpoint = "no-such-folder/fit.rds"), "argument")
    refused(nn_loss(nn_init(4, 1), X, y, penality = 1), "argument")
  })
})

test_that("the methods that see all rows at once refuse what they cannot take", {
  expect_snapshot({
    refused(nn_train(X, y, optimizer = "rprop", batch_size = 1), "argument")
    refused(nn_train(X, y, optimizer = "lm", batch_size = 1), "argument")
    refused(
      nn_train(X, y, optimizer = "lbfgs", batch_size = 2, dropout = 0.5, clip = 1), "argument"
    )
    refused(nn_train(X, y, optimizer = "rprop", schedule = nn_step(2)), "argument")
    refused(nn_train(X, y, optimizer = "lbfgs", penalty_l1 = 0.1), "argument")
    refused(nn_train(X, y, optimizer = "lbfgs", learning_rate = 0.1), "argument")
    refused(nn_train(X, y, optimizer = "lm", loss = "absolute"), "argument")
  })
})

test_that("predict() refuses an offset that is missing, not wanted or of the wrong shape", {
  with_offset <- nn_train(X, y, offset = c(0, 1, 2), epochs = 1)
  without <- nn_train(X, y, epochs = 1)
  expect_snapshot({
    refused(predict(with_offset, X), "argument")
    refused(predict(with_offset, X, offset = 1:2), "input")
    refused(predict(without, X, offset = 1:3), "argument")
    refused(predict(without, data.frame(letters[1:3], X[, 1:3])), "input")
    refused(predict(without, X[, 1:3]), "input")
    refused(predict(without, X * NaN), "input")
    refused(predict(without, X, kind = "prob"), "argument")
    refused(fitted(nn_train(X, y, epochs = 1, keep_fitted = FALSE)), "argument")
    refused(nn_train(X, y, hidden = c(2, 2), epochs = 1)$wh, "argument")
    refused(nn_continue(with_offset, X, y, epochs = 1), "argument")
  })
})

test_that(
  "layers of thousands of millions of units are refused before anything is allocated",
  {
    withr::local_options(backprop.memory_limit = 1e9)
    expect_snapshot(error = TRUE, {
      nn_train(X, y, hidden = c(2e9, 2e9))
      nn_init(4, 1, hidden = c(2e9, 2e9))
      nn_trace(X, y, hidden = c(2e9, 2e9))
    })
    for (call in expression(
      nn_train(X, y, hidden = c(2e9, 2e9)), nn_init(4, 1, hidden = c(2e9, 2e9)),
      nn_trace(X, y, hidden = c(2e9, 2e9))
    )) {
      seconds <- system.time(expect_error(eval(call), class = "backprop_error_memory"))[["elapsed"]]
      expect_lt(seconds, 5)
    }
  }
)

test_that("an error leaves R's generator, the data and the start as they were", {
  set.seed(12)
  before <- .Random.seed
  start <- nn_init(4, 1)
  set.seed(12)
  held <- list(X = X + 0, y = y + 0, start = lapply(start, function(w) w + 0))
  for (setting in list(
    list(epochs = 2.7), list(weights = c(0, 0, 0)), list(validation = 1), list(offset = 1:2),
    list(activation = "sigmiod")
  )) {
    expect_error(do.call(nn_train, c(list(held$X, held$y), setting)), class = "backprop_error")
  }
  expect_error(
    nn_train(held$X, held$y * 1e6,
      activation = "identity", output_activation = "identity", learning_rate = 1e3,
      start = held$start
    ),
    class = "backprop_error_diverged"
  )
  expect_identical(held, list(X = X, y = y, start = start))
  expect_identical(.Random.seed, before)
})

test_that("the error of a divergence says which epoch and rate", {
  expect_snapshot(error = TRUE, nn_train(X, y * 1e6,
    activation = "identity", output_activation = "identity", learning_rate = 1e3,
    start = tutorial_start()
  ))
})

test_that("outputs and data that say nothing are refused or told of", {
  X <- cbind(c(1, 2, 3, 4), c(2, 1, 0, 1))
  y <- c(0, 1, 1, 0)
  single <- nn_train(X, y, precision = "single", epochs = 3)
  expect_snapshot({
    refused(nn_train(X, y, output_activation = "softmax"), "argument")
    refused(nn_train(X, factor(y), output_activation = "softmax"), "argument")
    refused(nn_train(X, factor(y), class_weights = c(0, 0)), "argument")
    refused(predict(single, cbind(1e39, -1e39)), "input")
    refused(
      nn_train(
        X, y * 1e30,
        epochs = 3, precision = "single", output_activation = "identity",
        learning_rate = 1e-40
      ),
      "diverged"
    )
  })
  expect_warning(
    nn_train(X, factor(rep("a", 4), levels = c("a", "b")), epochs = 1),
    class = "backprop_warning_levels"
  )
})

test_that("columns whose names do not tell them apart are known by their number", {
  X <- matrix(rnorm(20), 10)
  for (names in list(c("a", "a"), c("a", NA), c("", "b"))) {
    fit <- nn_train(`colnames<-`(X, names), rnorm(10), epochs = 3)
    expect_identical(predict(fit, `colnames<-`(X, c("a", "b"))), predict(fit, X))
  }
})

test_that("a callback written in the call leaves the call printable", {
  fit <- nn_train(matrix(1:4, 2), c(0, 1), epochs = 2, callback = function(now) NULL)
  expect_output(print(summary(fit)), "<function>")
})

test_that("arguments without a default are asked for", {
  network <- nn_init(4, 1)
  expect_snapshot({
    refused(nn_trace(y = y), "input")
    refused(nn_trace(X), "input")
    refused(nn_loss(), "input")
    refused(nn_loss(network), "input")
    refused(nn_loss(network, X), "input")
    refused(nn_gradient(X = X, y = y), "input")
    refused(nn_check_gradient(network, y = y), "input")
    refused(nn_forward(X = X), "input")
    refused(nn_forward(network), "input")
    refused(nn_backward(network, X), "input")
    refused(nn_update(), "input")
    refused(nn_update(network), "input")
    refused(nn_update(network, network), "input")
    refused(nn_batches(), "input")
    refused(nn_batches(c(1, 2)), "input")
    refused(nn_batches(c(1, 2), 1), "input")
    refused(nn_batches(c(1, 2), 1, 10), "input")
    refused(perceptron(), "input")
    refused(sigmoid(), "input")
    refused(derivatives_sigmoid(), "input")
    refused(nn_step(), "input")
    refused(nn_exponential(), "input")
    refused(nn_cosine(), "input")
    refused(nn_warm_up(), "input")
    refused(nn_callback(), "input")
  })
})

test_that("a trace takes numbers and matrices, and prints to whole digits", {
  trace <- nn_trace(X, y, start = tutorial_start())
  printed <- capture.output({
    expect_error(print(trace, digits = -1), class = "backprop_error_argument")
    expect_error(print(trace, digits = "a"), class = "backprop_error_argument")
  })
  expect_identical(printed, character())
  expect_snapshot({
    refused(nn_trace(X, y, start = nn_train(X, y, epochs = 1)), "argument")
    refused(print(trace, digits = 2.5), "argument")
  })
})

test_that("a callback that takes nothing is refused before the training", {
  expect_snapshot({
    refused(nn_train(X, y, epochs = 3, callback = function() FALSE), "argument")
    refused(nn_callback(function() FALSE), "argument")
  })
  for (f in list(function(...) TRUE, function(now, and = 1) TRUE, list, mean)) {
    expect_s3_class(nn_callback(f), "nn_callback")
  }
})

test_that("the names that other packages use are understood in messages", {
  given <- c(
    "size", "decay", "maxit", "lr", "linout", "hidden_layer_sizes", "validation_split", "alpha",
    "max_iter", "threshold", "stepmax", "err.fct", "act.fct", "linear.output", "weight_decay"
  )
  meant <- c(
    "hidden", "penalty", "epochs", "learning_rate", "output_activation", "hidden", "validation",
    "penalty", "epochs", "tolerance", "epochs", "loss", "activation", "output_activation", "penalty"
  )
  for (i in seq_along(given)) {
    arguments <- stats::setNames(list(as.matrix(iris[1:4]), 1:150, 3), c("X", "y", given[i]))
    error <- expect_error(do.call(nn_train, arguments), class = "backprop_error_argument")
    expect_match(conditionMessage(error), paste0("Did you mean \"", meant[i]), fixed = TRUE)
  }
  # each is the name of an argument, and none is one itself
  arguments <- c(names(formals(nn_train.data.frame)), names(formals(nn_cv.matrix)))
  expect_true(all(names_elsewhere %in% arguments))
  expect_false(any(names(names_elsewhere) %in% names(formals(nn_train.matrix))))
})

test_that("values and arguments of other packages get a hint", {
  train <- function(...) nn_train(mpg ~ wt, mtcars, hidden = 2, epochs = 2, ...)
  fit <- train()
  expect_snapshot({
    refused(train(optimizer = "sgd"), "argument")
    refused(train(loss = "mse"), "argument")
    refused(train(output_activation = "linear"), "argument")
    refused(train(activation = "swish"), "argument")
    refused(train(activation = tanh), "argument")
    refused(train(seed = 1), "argument")
    refused(nn_cv(mpg ~ wt, mtcars, seed = 1), "argument")
    refused(predict(fit, data = mtcars), "argument")
    refused(predict(fit, mtcars, interval = "conformal"), "argument")
    refused(predict(fit, mtcars, interval = "prediction", level = 95), "argument")
    refused(nn_doctor(fit, mtcars), "argument")
  })
  # each is a value or an argument here, and none has another meaning here
  here <- c(
    names(optimizer_table), names(loss_table), names(activation_table), names(init_table),
    "response", "prob", "class", "prediction", "indicator", "newdata"
  )
  expect_setequal(setdiff(words_elsewhere, here), character())
  expect_setequal(intersect(names(words_elsewhere), setdiff(here, "class")), character())
})

test_that("names, fits and swapped arguments in place of the data get a hint", {
  fit <- nn_train(mpg ~ wt, mtcars, hidden = 2, epochs = 2)
  net <- nn_init(2, 1)
  X <- matrix(0, 2, 2)
  expect_snapshot({
    refused(nn_train("mpg", mtcars), "input")
    refused(nn_train(mtcars, "mpg"), "input")
    refused(nn_cv(fit, mtcars), "input")
    refused(nn_forward(X, net), "input")
    refused(nn_backward(net, nn_forward(net, X), c(0, 1)), "input")
  })
})

test_that("a plateau that training never comes to the end of is told of", {
  X <- as.matrix(iris[1:4])
  train <- function(patience, wait) {
    seeded(
      X, iris$Species,
      schedule = nn_plateau(patience = wait), patience = patience, validation = 0.2
    )
  }
  expect_snapshot(invisible(train(5, 10)))
  expect_warning(train(5, 5), class = "backprop_warning_settings")
  expect_no_warning(train(6, 5))
  expect_no_warning(train(Inf, 5))
})

test_that("slips get a hint of what was meant", {
  X <- as.matrix(mtcars[c("wt", "hp")])
  text <- X
  storage.mode(text) <- "character"
  expect_snapshot({
    refused(nn_train("mpg ~ wt", mtcars), "input")
    refused(nn_train(mtcars, "mpg ~ wt"), "input")
    refused(nn_train(X, "mpg ~ wt"), "input")
    refused(nn_train(formula = "mpg ~ wt", data = mtcars), "argument")
    refused(nn_cv("mpg ~ wt", mtcars), "input")
    refused(nn_train(text, mtcars$mpg), "input")
    refused(nn_train(as.matrix(iris), 1:150), "input")
    refused(nn_train(X, c(5, 10, 20)), "input")
    refused(nn_train(mtcars, 5), "input")
    refused(nn_cv(X, c(5, 10)), "input")
    refused(nn_train(mpg ~ wt, mtcars[1, ]), "input")
    refused(nn_train(mtcars["wt"][1, , drop = FALSE], 3), "input")
    refused(nn_train(am ~ wt, within(mtcars, am <- factor(am))[1, ]), "input")
  })
  # a single row is trained on if it is not standardised, as in the tutorial
  single <- nn_train(mpg ~ wt, mtcars[1, ], standardize = FALSE, hidden = 2, penalty = 0)
  expect_lt(abs(fitted(single) - mtcars$mpg[1]), 1e-3)
  expect_identical(nobs(nn_train(X[1, , drop = FALSE], 0.5, epochs = 1)), 1L)
})

test_that("mistakes of the kind that users of R make are answered by what to do, and it works", {
  d <- mtcars[c("mpg", "wt", "hp")]
  fit <- nn_train(mpg ~ wt, d, hidden = 0, epochs = 2)
  both <- nn_train(mpg ~ wt + hp, d, hidden = 0, epochs = 2)
  train <- function(...) nn_train(mpg ~ wt, d, hidden = 0, epochs = 2, ...)
  text <- transform(d, wt = as.character(wt))
  levels <- transform(d, wt = factor(wt))
  # an object that has a column's name
  wt <- 1:9
  expect_snapshot({
    refused(nn_train(d, hp), "input")
    refused(nn_train(d, wt), "input")
    refused(nn_cv(d, hp), "input")
    refused(nn_train(x = as.matrix(d[-1]), y = d$mpg), "argument")
    refused(nn_cv(x = as.matrix(d[-1]), y = d$mpg), "argument")
    refused(nn_train(as.matrix(d[-1]), Y = d$mpg), "argument")
    refused(nn_train(as.list(d), d$mpg), "input")
    refused(nn_train(mpg ~ wt, "d"), "input")
    refused(nn_train(mpg ~ wt, data), "input")
    refused(nn_cv(mpg ~ wt, data), "input")
    refused(nn_train(data, d$mpg), "input")
    refused(nn_continue(fit, data, epochs = 1), "input")
    refused(predict(fit, data), "input")
    refused(train(weights = "hp"), "argument")
    refused(train(activation = tanh), "argument")
    refused(train(optimizer = nn_adam), "argument")
    refused(train(schedule = nn_cosine), "argument")
    refused(train(loss = nn_huber), "argument")
    refused(train(family = binomial), "argument")
    refused(nn_train(mpg ~ wt, d, hidden = list(5, 3)), "argument")
    refused(nn_train(mpg ~ wt, d, hidden = "5"), "argument")
    refused(train(penalty = "0.1"), "argument")
    refused(predict(fit, d$wt), "input")
    refused(predict(fit, as.list(d)), "input")
    refused(predict(fit, text), "input")
    refused(predict(fit, levels), "input")
    refused(predict(fit, transform(d, wt = "heavy")), "input")
    refused(predict(both, d$wt), "input")
    refused(nn_save("fit.json", fit), "argument")
  })
  # an error within the argument is R's own, and so is the absence of other objects
  expect_error(nn_train(d, stop("own")), "own")
  expect_error(nn_train(d, no_such_object), "no_such_object", class = "simpleError")
  # what is advised
  expected <- predict(fit, d)
  text[["wt"]] <- as.numeric(text[["wt"]])
  levels[["wt"]] <- as.numeric(as.character(levels[["wt"]]))
  for (new in list(data.frame(wt = d$wt), as.data.frame(as.list(d)), text, levels)) {
    expect_equal(unname(predict(fit, new)), unname(expected))
  }
  for (made in list(
    nn_train(mpg ~ ., d, epochs = 1), nn_train(as.data.frame(as.list(d[-1])), d$mpg, epochs = 1),
    train(weights = hp), nn_train(mpg ~ wt, d, hidden = c(5, 3), epochs = 1)
  )) {
    expect_s3_class(made, "nn_fit")
  }
})

test_that("a formula, data or a fit where numbers are required is answered by what to supply", {
  fit <- nn_train(X, y, epochs = 2)
  from_data <- nn_train(mpg ~ wt, mtcars, hidden = 0, penalty = 0)
  expect_snapshot({
    refused(nn_train("mpg ~", mtcars), "input")
    refused(nn_trace("y ~ x", y), "input")
    refused(nn_trace(y ~ ., data = iris), "input")
    refused(nn_trace(fit, y), "input")
    refused(perceptron(y ~ x), "input")
    refused(perceptron(fit), "input")
    refused(nn_forward(fit, "y ~ x"), "input")
    refused(nn_train(Species ~ ., data = as.list(iris)), "input")
    refused(nn_train(Species ~ .), "input")
    refused(nn_continue(from_data, data = mtcars, epochs = 50), "argument")
    refused(nn_continue(from_data, epochs = 50), "input")
    refused(predict(from_data, mtcars, se.fit = TRUE), "argument")
    refused(perceptron(matrix(0:1, 2), w = "a"), "argument")
    refused(nn_train(X, y, hidden = c("a", "b")), "argument")
    expect_identical(nn_continue(from_data, mtcars, epochs = 5), from_data)
  })
})

test_that("what is no data is refused in its place, by every function", {
  from_formula <- nn_train(mpg ~ wt, mtcars, hidden = 0, epochs = 2)
  from_columns <- nn_train(mtcars["wt"], mtcars$mpg, hidden = 0, epochs = 2)
  no_data <- list(
    structure(1, class = "other"), structure(list(1), class = "other"), "mtcars", 1:3,
    quote(a), mean
  )
  uses <- list(
    function(fit, x) nn_continue(fit, x, epochs = 1), function(fit, x) predict(fit, newdata = x),
    function(fit, x) nn_continue(fit, x, mtcars$mpg, epochs = 1), nn_importance, nn_effects,
    vcov, logLik, model.frame, model.matrix, function(fit, x) nn_cv(mpg ~ wt, x, folds = 2),
    function(fit, x) nn_train(mpg ~ wt, x), function(fit, x) nn_train(x, mtcars$mpg)
  )
  for (x in no_data) {
    for (fit in list(from_formula, from_columns)) {
      for (use in uses) {
        expect_error(use(fit, x), class = "backprop_error", info = deparse1(body(use)))
      }
    }
  }
  # an environment has the variables
  expect_identical(
    withr::with_seed(1, nn_cv(mpg ~ wt, list2env(mtcars), folds = 2, hidden = 0, epochs = 2))$table,
    withr::with_seed(1, nn_cv(mpg ~ wt, mtcars, folds = 2, hidden = 0, epochs = 2))$table
  )
})

test_that("a long trace says how much memory it takes, and one beyond memory is refused", {
  expect_no_message(nn_trace(X, y, epochs = 10))
  layers <- dense_layers(c(4, 3, 1), c("sigmoid", "sigmoid"))
  expect_snapshot(check_trace_memory(layers, 4, NULL, 50000, NULL))
  withr::local_options(backprop.memory_limit = 1e9)
  expect_snapshot(refused(nn_trace(X, y, epochs = 1e6), "memory"))
  # the estimate is not below what the matrices take
  bytes <- until_error(
    {
      withr::local_options(backprop.memory_limit = 1e6)
      nn_trace(X, y, epochs = 500)
    },
    function(e) TRUE
  )
  estimate <- as.numeric(gsub("[^0-9]", "", sub(" bytes.*", "", bytes$body[[1]])))
  gc()
  before <- sum(gc()[, 1] * c(56, 8))
  withr::local_options(backprop.memory_limit = NULL)
  trace <- nn_trace(X, y, epochs = 500)
  taken <- sum(gc()[, 1] * c(56, 8)) - before
  expect_lt(taken, 1.3 * estimate)
  expect_gt(taken, 0.5 * estimate)
  expect_length(trace$epochs, 500)
})

test_that("the working directory is named for paths that depend on it only", {
  message_of <- function(path) {
    conditionMessage(expect_error(nn_load(path), class = "backprop_error_file"))
  }
  expect_match(message_of("absent.json"), "working directory")
  expect_no_match(message_of(file.path(normalizePath(tempdir(), "/"), "absent")), "directory is")
})

test_that("outputs for classes are probabilities", {
  d <- data.frame(a = c(-2, -1, 1, 2, 1, -1), b = c(1, 2, -1, 2, -1, 1), class = gl(3, 2))
  own <- nn_custom_loss(function(a, y) rowSums((a - y)^2) / 2, function(a, y) a - y)
  expect_snapshot({
    refused(
      nn_train(as.matrix(d[1:2]), d$class, loss = "squared_error", output_activation = "identity"),
      "argument"
    )
    refused(nn_train(class ~ a, d, loss = "poisson", output_activation = "exp"), "argument")
    refused(nn_train(class == 1 ~ a, d, loss = own, output_activation = "tanh"), "argument")
    refused(
      nn_train(cbind(p = a > 0, q = b > 0) ~ a, d, output_activation = "identity"), "argument"
    )
    refused(nn_train(cbind(p = a > 0, q = b > 0) ~ a, d, loss = "gamma"), "input")
  })
  numbers <- nn_train(as.numeric(class == 1) ~ a, d,
    loss = "squared_error", output_activation = "identity", hidden = 0, epochs = 1
  )
  expect_identical(numbers$settings$output_activation, "identity")
})
