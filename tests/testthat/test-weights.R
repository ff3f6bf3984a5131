# Eight rows with weights 0, 1, 2 and 3, and the same data with the rows written out.
set.seed(8)
X <- matrix(rnorm(24), 8)
y <- matrix(runif(16), 8)
y <- y / rowSums(y)
weights <- c(1, 2, 0, 1, 3, 0, 2, 1)
rows <- rep(seq_along(weights), weights)
start <- lapply(nn_init(3, 2, 3), function(w) 0.5 * w)
validation <- list(X = X[8:1, ] + 0.1, y = y)
repeated_validation <- list(X = validation$X[rows, ], y = y[rows, ])

test_that("a weight counts rows in the loss and its gradient", {
  for (reduction in c("sum", "mean")) {
    for (loss in loss_names()) {
      outputs <- backprop:::loss_table[[loss]]$outputs
      output <-
        if (loss == "cross_entropy") "softmax" else if (is.null(outputs)) "identity" else outputs[1]
      given <- targets_for(loss, y)
      value <- function(f, ...) {
        f(start, ...,
          output_activation = output, loss = loss, reduction = reduction, penalty = 0.1,
          penalty_l1 = 0.05
        )
      }
      expect_close(
        value(nn_loss, X, given, weights = weights),
        value(nn_loss, X[rows, ], as.matrix(given)[rows, ]), 1e-13
      )
      expect_close(
        value(nn_gradient, X, given, weights = weights),
        value(nn_gradient, X[rows, ], as.matrix(given)[rows, ]), 1e-13
      )
    }
  }
  expect_identical(nn_loss(start, X, y, weights = rep(1, 8)), nn_loss(start, X, y))
})

test_that(
  "training with weights is training with the rows written out, for every optimiser",
  {
    optimizers <- list(
      nn_gradient_descent(), nn_momentum(), nn_nesterov(), nn_rmsprop(), nn_adam(), nn_adamw(),
      nn_rprop(), nn_lbfgs(), nn_lm()
    )
    for (optimizer in optimizers) {
      for (reduction in c("sum", "mean")) {
        train <- function(...) {
          nn_train(...,
            start = start, optimizer = optimizer, reduction = reduction,
            epochs = if (optimizer$name %in% c("lbfgs", "lm")) 8 else 40, penalty = 0.02
          )
        }
        weighted <- train(X, y, weights = weights)
        repeated <- train(X[rows, ], y[rows, ])
        difference <- greatest_difference(coef(weighted), coef(repeated))
        expect(
          isTRUE(difference <= 1e-10),
          sprintf("%s, %s: the weights differ by %.3g.", optimizer$name, reduction, difference)
        )
        expect_close(as.list(weighted$history), as.list(repeated$history), 1e-10)
        expect_close(weighted$objective, repeated$objective, 1e-10)
        expect_identical(nobs(weighted), 8L)
      }
    }
  }
)

test_that("a row of weight 0 has no influence, whatever it holds", {
  other <- X
  other[weights == 0, ] <- 1e6
  train <- function(X) coef(nn_train(X, y, weights = weights, start = start, epochs = 30))
  expect_identical(train(other), train(X))
})

test_that("a batch of no weight makes no update", {
  first <- c(0, 0, 1, 1, 0, 0, 0, 0)
  train <- function(X, y, ...) {
    nn_train(X, y,
      start = start, batch_size = 2, shuffle = FALSE, optimizer = nn_momentum(0.1), epochs = 7,
      ...
    )
  }
  expect_close(coef(train(X, y, weights = first)), coef(nn_train(X[3:4, ], y[3:4, ],
    start = start, optimizer = nn_momentum(0.1),
    epochs = 7
  )), 1e-12)
})

test_that("given validation data are weighted, and patience stops at the same epoch", {
  for (reduction in c("sum", "mean")) {
    train <- function(...) {
      nn_train(...,
        start = start, reduction = reduction, learning_rate = 0.02, epochs = 5000, patience = 4,
        tolerance = 1e-5, output_activation = "identity"
      )
    }
    weighted <- train(X, y, weights = weights, validation = c(validation, list(weights = weights)))
    repeated <- train(X[rows, ], y[rows, ], validation = repeated_validation)
    expect_identical(weighted$stop, "patience")
    expect_identical(repeated$stop, "patience")
    expect_identical(weighted$state$epoch, repeated$state$epoch)
    expect_identical(weighted$best_epoch, repeated$best_epoch)
    expect_close(as.list(weighted$history), as.list(repeated$history), 1e-10)
    expect_close(coef(weighted), coef(repeated), 1e-10)
    plain <- train(X, y, weights = weights, validation = validation)
    expect_false(isTRUE(all.equal(
      plain$history$validation_loss,
      weighted$history$validation_loss[seq_along(plain$history$validation_loss)]
    )))
  }
})

test_that("patience without validation watches the weighted training loss", {
  train <- function(...) nn_train(..., start = start, epochs = 2000, patience = 1, tolerance = 1e-3)
  weighted <- train(X, y, weights = weights)
  repeated <- train(X[rows, ], y[rows, ])
  expect_identical(weighted$stop, "patience")
  expect_lt(weighted$state$epoch, 2000)
  expect_identical(weighted$state$epoch, repeated$state$epoch)
})

test_that(
  paste0(
    "going on with weights is the same as one run, and asks for them; with others the data are ",
    "others"
  ),
  {
    half <- nn_train(X, y, weights = weights, start = start, epochs = 10)
    expect_identical(
      coef(nn_continue(half, X, y, epochs = 10, weights = weights)),
      coef(nn_train(X, y, weights = weights, start = start, epochs = 20))
    )
    expect_error(
      nn_continue(half, X, y, epochs = 1), "case weights",
      class = "backprop_error_argument"
    )
    expect_warning(
      nn_continue(half, X, y, epochs = 1, weights = rev(weights)),
      class = "backprop_warning_other_data"
    )
  }
)

test_that("class weights multiply the case weights", {
  class <- factor(c("a", "b", "c", "a", "b", "a", "a", "a"))
  net <- lapply(nn_init(3, 3, 3), function(w) 0.5 * w)
  train <- function(...) coef(nn_train(X, class, start = net, epochs = 25, ...))
  by_class <- c(a = 0.5, b = 2, c = 3)
  by_row <- unname(by_class[as.character(class)])
  expect_identical(train(class_weights = by_class), train(weights = by_row))
  expect_identical(train(class_weights = unname(by_class)), train(weights = by_row))
  expect_identical(train(class_weights = by_class[c("c", "a", "b")]), train(weights = by_row))
  # no row of class c has a weight
  expect_warning(
    expect_identical(
      train(class_weights = by_class, weights = weights),
      suppressWarnings(train(weights = weights * by_row))
    ),
    class = "backprop_warning_levels"
  )
  expect_identical(train(class_weights = c(1, 1, 1)), train())
  # balanced: each class has the same weight in all, and the sum of all weights stays
  balanced <- 8 / (3 * c(a = 5, b = 2, c = 1))
  expect_close(train(class_weights = "balanced"), train(class_weights = balanced), 1e-12)
  some <- weights
  some[3] <- 1
  share <- tapply(some, class, sum)
  expect_close(
    train(class_weights = "balanced", weights = some),
    train(weights = some * (sum(some) / (3 * share))[as.character(class)]), 1e-12
  )
  two <- factor(c("no", "yes", "no", "no", "yes", "no", "no", "no"))
  net <- nn_init(3, 1, 3)
  expect_identical(
    coef(nn_train(X, two, start = net, epochs = 25, class_weights = c(yes = 3, no = 1))),
    coef(nn_train(X, two, start = net, epochs = 25, weights = ifelse(two == "yes", 3, 1)))
  )
})

test_that("an offset is an input more with the weight 1", {
  offset <- seq(-1, 1, length.out = 8)
  net <- nn_init(3, 1, 0)
  wide <- list(wout = rbind(net$wout, 1), bout = net$bout)
  target <- y[, 1]
  for (output in c("sigmoid", "identity", "exp")) {
    expect_close(
      nn_loss(net, X, target, output_activation = output, offset = offset),
      nn_loss(wide, cbind(X, offset), target, output_activation = output), 1e-13
    )
    narrow <- nn_gradient(net, X, target, output_activation = output, offset = offset)
    broad <- nn_gradient(wide, cbind(X, offset), target, output_activation = output)
    expect_close(narrow, list(wout = broad$wout[1:3, , drop = FALSE], bout = broad$bout), 1e-13)
  }
  # the same in training: the loop takes the step for all weights but the offset's
  for (epoch in 1:50) {
    step <- nn_gradient(wide, cbind(X, offset), target)
    step$wout[4] <- 0
    wide <- nn_update(wide, step, 0.1)
  }
  fit <- nn_train(X, target, hidden = 0, start = net, offset = offset, epochs = 50)
  expect_close(coef(fit), list(wout = wide$wout[1:3, , drop = FALSE], bout = wide$bout), 1e-12)
  expect_close(predict(fit, X, offset = offset), fitted(fit), 1e-14)
  expect_close(
    predict(fit, X, offset = 0 * offset), as.vector(nn_forward(coef(fit), X)$output), 1e-14
  )
  # for two outputs and a hidden layer: a column each
  both <- cbind(offset, rev(offset))
  pass <- nn_forward(start, X, offset = both)
  expect_close(
    pass$output_layer_input, nn_forward(start, X)$output_layer_input + unname(both), 1e-14
  )
  deep <- nn_train(X, y, start = start, offset = both, epochs = 5)
  expect_close(unname(predict(deep, X, offset = both)), unname(deep$output), 1e-14)
  expect_lt(nn_check_gradient(start, X, y, offset = both)$difference, 1e-7)
})

test_that("an offset of validation data is used", {
  offset <- seq(-1, 1, length.out = 8)
  net <- nn_init(3, 1, 3)
  fit <- ignore_overlap(nn_train(
    X, y[, 1],
    start = net, offset = offset,
    validation = list(X = X, y = y[, 1], offset = offset + 1), epochs = 4
  ))
  last <- nn_train(X, y[, 1], start = net, offset = offset, epochs = 4)
  expect_close(
    fit$history$validation_loss[4],
    nn_loss(coef(last), X, y[, 1], offset = offset + 1, reduction = "mean"), 1e-14
  )
})

test_that("accuracy counts rows by their case weights, whatever the class weights", {
  class <- iris$Species[c(1:20, 51:90, 101:150)]
  inputs <- scale(as.matrix(iris[1:4]))[c(1:20, 51:90, 101:150), ]
  w <- rep(c(1, 2, 0, 3, 1), 22)
  by_class <- c(setosa = 0.2, versicolor = 9, virginica = 1)
  net <- withr::with_seed(1, nn_init(4, 3, 3))
  held <- list(X = inputs[seq(1, 110, 3), ], y = class[seq(1, 110, 3)])
  seen <- list()
  right <- function(network, X, y, w) {
    p <- nn_forward(network, X, output_activation = "softmax")$output
    weighted.mean(max.col(p, "first") == as.integer(y), w)
  }
  for (optimizer in c("gradient_descent", "lbfgs")) {
    train <- function(..., w = NULL, epochs = 6, callback = NULL) {
      ignore_overlap(nn_train(inputs, class,
        start = net, optimizer = optimizer, reduction = "mean", epochs = epochs, weights = w,
        class_weights = by_class, callback = callback, ...
      ))
    }
    for (weights in list(NULL, w)) {
      count <- if (is.null(weights)) rep(1, 110) else weights
      fit <- train(w = weights, callback = function(now) {
        seen[[now$epoch]] <<- now$history$accuracy
        TRUE
      })
      before <- train(w = weights, epochs = 5)
      expect_equal(fit$history$accuracy[1], right(net, inputs, class, count))
      expect_equal(fit$history$accuracy[6], right(coef(before), inputs, class, count))
      expect_equal(unlist(seen), fit$history$accuracy)
      # with other weights the number is another
      expect_false(isTRUE(all.equal(
        fit$history$accuracy[6],
        right(coef(before), inputs, class, count * by_class[as.character(class)])
      )))
      expect_equal(summary(fit)$accuracy[["training"]], right(coef(fit), inputs, class, count))
      expect_equal(
        summary(fit)$errors$mean_squared_error,
        unname(colSums(count * fit$residuals^2) / sum(count))
      )
      expect_identical(summary(fit)$weighted, !is.null(weights))
      # and the loss is weighted by both
      both <- count * by_class[as.character(class)]
      p <- nn_forward(net, inputs, output_activation = "softmax")$output
      expect_equal(
        fit$history$loss[1],
        weighted.mean(-log(p[cbind(1:110, as.integer(class))]), both)
      )
    }
    given <- train(validation = c(held, list(weights = w[seq(1, 110, 3)])))
    expect_equal(
      given$history$validation_accuracy[6],
      right(coef(train(epochs = 6)), held$X, held$y, w[seq(1, 110, 3)])
    )
    shared <- train(validation = 0.4, w = w)
    expect_equal(
      shared$history$validation_accuracy[shared$best_epoch],
      summary(shared)$accuracy[["held out"]]
    )
    # a class of weight 0 is not trained on, and not counted
    none <- nn_train(inputs, class,
      start = net, optimizer = optimizer, epochs = 1, class_weights = c(0, 1, 4)
    )
    others <- class != "setosa"
    expect_equal(
      none$history$accuracy, right(net, inputs[others, ], class[others], rep(1, sum(others)))
    )
  }
  batches <- nn_train(inputs, class,
    start = net, batch_size = 16, learning_rate = 1e-12, epochs = 1, class_weights = by_class,
    weights = w
  )
  expect_equal(batches$history$accuracy, right(net, inputs, class, w))
  set.seed(1)
  folds <- nn_cv(inputs, class,
    folds = 3, class_weights = by_class, weights = w, epochs = 3, optimizer = "lbfgs"
  )
  p <- folds$predictions
  first <- p$fold == 1
  expect_equal(
    folds$metrics$accuracy[1], weighted.mean((p$observed == p$predicted)[first], w[first])
  )
  expect_output(print(train(w = w)), "\\(weighted mean per row\\)")
  expect_output(print(nn_train(inputs, class, start = net, epochs = 1)), "\\(mean per row\\)")
})

test_that("rmse is in units of the outcome, as in nn_cv() and summary()", {
  set.seed(1)
  fit <- nn_train(mpg ~ wt + hp, mtcars[1:20, ], validation = mtcars[21:32, ], epochs = 30)
  p <- predict(fit, mtcars[21:32, ])
  expect_equal(
    fit$history$validation_rmse[fit$best_epoch], sqrt(mean((p - mtcars$mpg[21:32])^2))
  )
  set.seed(1)
  several <- nn_train(cbind(mpg, disp) ~ wt, mtcars, validation = 0.3, epochs = 3)
  expect_false("rmse" %in% names(several$history))
})
