# Activations and losses that are R functions.

set.seed(1)
X <- matrix(rnorm(300), 100)
y <- sin(X[, 1]) + 0.2 * rnorm(100)
squared <- nn_custom_loss(function(a, y) rowSums((a - y)^2) / 2, function(a, y) a - y)
my_tanh <- nn_custom_activation(tanh, function(z) 1 - tanh(z)^2)
train <- function(..., seed = 1) {
  set.seed(seed)
  nn_train(X, y,
    hidden = c(4, 3), output_activation = "identity", init = "glorot_normal", reduction = "mean",
    penalty = 0.01, ...
  )
}
refused <- function(code, kind) {
  error <- expect_error(code, class = paste0("backprop_error_", kind))
  cat(conditionMessage(error), "\n")
}

test_that("built-in functions written in R train as the built-in ones", {
  for (how in list(
    list(optimizer = "adam", batch_size = 16, epochs = 12, learning_rate = 0.01),
    list(optimizer = "lbfgs", epochs = 40),
    list(optimizer = "rprop", epochs = 20),
    list(optimizer = "adam", batch_size = 16, epochs = 5, dropout = 0.2, threads = 2),
    list(optimizer = "adam", batch_size = 32, epochs = 5, validation = 0.2),
    list(optimizer = "gradient_descent", epochs = 20, weights = c(0, 1, 2, rep(1, 97)))
  )) {
    same <- function(...) do.call(train, c(list(...), how))
    plain <- same(activation = "tanh")
    own <- same(activation = my_tanh, loss = squared)
    expect_equal(coef(own), coef(plain), tolerance = 1e-9)
    # rmse is only known for the built-in squared error
    expect_equal(own$history, plain$history[names(own$history)], tolerance = 1e-9)
    mixed <- same(activation = list("tanh", my_tanh))
    expect_equal(coef(mixed), coef(plain), tolerance = 1e-9)
    expect_identical(predict(mixed, X[7, , drop = FALSE]), predict(mixed, X)[7])
  }
  squares <- train(activation = my_tanh, optimizer = "lm", epochs = 10)
  expect_equal(coef(squares), coef(train(activation = "tanh", optimizer = "lm", epochs = 10)),
    tolerance = 1e-6
  )
  single <- train(
    activation = my_tanh, loss = squared, epochs = 3, precision = "single", batch_size = 20
  )
  expect_equal(
    coef(single), coef(train(activation = my_tanh, loss = squared, epochs = 3, batch_size = 20)),
    tolerance = 1e-5
  )
})

test_that("threads change no bit, and resuming is exact, also after saveRDS()", {
  how <- list(
    activation = my_tanh, loss = squared, optimizer = "adam", batch_size = 16, learning_rate = 0.01
  )
  whole <- do.call(train, c(how, epochs = 9))
  expect_identical(coef(do.call(train, c(how, epochs = 9, threads = 3))), coef(whole))
  half <- do.call(train, c(how, epochs = 4))
  path <- withr::local_tempfile(fileext = ".rds")
  saveRDS(half, path)
  kept <- readRDS(path)
  expect_identical(predict(kept, X), predict(half, X))
  expect_identical(coef(nn_continue(kept, X, y, epochs = 5)), coef(whole))
})

test_that("the gradient of custom functions is that of differences, and steps use it", {
  softsign <- nn_custom_activation(function(z) z / (1 + abs(z)), function(z) 1 / (1 + abs(z))^2)
  asymmetric <- nn_custom_loss(
    function(a, y) rowSums(ifelse(a < y, 3, 1) * (a - y)^2 / 2),
    function(a, y) ifelse(a < y, 3, 1) * (a - y)
  )
  network <- nn_init(3, 2, c(4, 3), init = "glorot_normal")
  targets <- cbind(y, y^2)
  for (output in c("identity", "sigmoid", "softmax")) {
    check <- nn_check_gradient(
      network, X, targets,
      activation = softsign, output_activation = output, loss = asymmetric,
      weights = rep(c(1, 0.5), 50)
    )
    expect_lt(check$difference, 1e-7)
  }
  steps <- nn_backward(
    network, X, targets,
    activation = softsign, output_activation = "identity", loss = asymmetric
  )
  z <- steps$hidden_layer_input2
  expect_equal(steps$slope_hidden_layer2, 1 / (1 + abs(z))^2, tolerance = 1e-14)
  # a loss without a table row: the expectile by optimize()
  fit <- nn_train(matrix(1, 100), y,
    hidden = 0, loss = asymmetric, output_activation = "identity", optimizer = "lbfgs"
  )
  value <- function(a) sum(ifelse(a < y, 3, 1) * (a - y)^2)
  expect_equal(fit$output[1], optimize(value, range(y), tol = 1e-10)$minimum, tolerance = 1e-6)
  expect_equal(fit$objective, value(fit$output[1]) / 2, tolerance = 1e-10)
  # a data frame, and cross-validation
  d <- data.frame(X, y = y)
  frame <- nn_train(y ~ ., d,
    hidden = 3, activation = softsign, loss = asymmetric, penalty = 0.01, epochs = 20
  )
  expect_output(print(frame), "custom")
  expect_output(print(summary(frame)), "custom")
  expect_no_error(nn_doctor(frame))
  cv <- nn_cv(y ~ ., d,
    folds = 2, hidden = 3, activation = softsign, loss = asymmetric, penalty = 0.01, epochs = 5
  )
  expect_true(all(is.finite(cv$metrics$rmse)))
})

test_that("wrong derivatives, failures and impossible uses are classed errors", {
  calls <- 0
  failing <- function(after, what) {
    calls <<- 0
    nn_custom_loss(
      function(a, y) {
        calls <<- calls + 1
        if (calls > after) what(a) else rowSums((a - y)^2) / 2
      },
      function(a, y) a - y
    )
  }
  with_loss <- function(loss) train(loss = loss, epochs = 50, learning_rate = 0.01)
  fit <- train(activation = my_tanh, loss = squared, epochs = 2)
  expect_snapshot({
    refused(
      with_loss(nn_custom_loss(function(a, y) rowSums((a - y)^2), function(a, y) a - y)), "custom"
    )
    refused(train(
      activation = nn_custom_activation(sin, function(z) -cos(z)), epochs = 1
    ), "custom")
    refused(with_loss(failing(0, function(a) stop("no {luck}"))), "custom")
    refused(with_loss(failing(20, function(a) stop("later"))), "custom")
    refused(with_loss(failing(20, function(a) 1:3)), "custom")
    refused(with_loss(failing(20, function(a) rep(NaN, nrow(a)))), "custom")
    refused(with_loss(failing(20, function(a) "text")), "custom")
    refused(nn_train(X, y, output_activation = my_tanh), "argument")
    refused(nn_custom_loss(1, function(a, y) a), "argument")
    refused(nn_custom_activation(sin), "argument")
    refused(train(loss = "custom", epochs = 1), "argument")
    refused(train(activation = "custom", epochs = 1), "argument")
    refused(train(activation = list(my_tanh, my_tanh, my_tanh), epochs = 1), "argument")
    refused(train(loss = squared, optimizer = "lm", epochs = 1), "argument")
    refused(nn_save(fit, tempfile(fileext = ".json")), "argument")
    refused(nn_export(fit, tempfile(fileext = ".R")), "argument")
    refused(nn_hessian(fit, X, y), "argument")
    refused(vcov(train(activation = my_tanh, epochs = 2), X, y), "argument")
    refused(nn_hessian_product(fit, X, y, coef(fit)), "argument")
    refused(nn_trace(X, y, loss = squared, output_activation = "identity"), "argument")
    squared
    my_tanh
  })
  # an interrupt while a function runs ends training as any other
  interrupted <- tryCatch(
    with_loss(failing(20, function(a) rlang::interrupt())),
    interrupt = function(e) "interrupted"
  )
  expect_identical(interrupted, "interrupted")
  # the same with other threads
  error <- expect_error(
    train(
      activation = nn_custom_activation(
        function(z) if (nrow(z) == 100) stop("many rows") else tanh(z),
        function(z) 1 - tanh(z)^2
      ), epochs = 2, threads = 2
    ),
    class = "backprop_error_custom"
  )
  expect_match(conditionMessage(error), "many rows")
})
