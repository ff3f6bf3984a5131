X <- tutorial_data()$X
y <- tutorial_data()$y
start <- tutorial_start()

test_that("one epoch gives the tutorial's numbers", {
  expect_digits(nn_forward(start, X)$output, c(.789324056594, .798064318179, .789335321973))
  fit <- nn_train(X, y, start = start, epochs = 1)
  expect_digits(fit$wout, c(.295145773010, .244978775901, .225075128596))
  expect_digits(fit$bout, .683632243965)
  expect_digits(fit$bh, c(.459638439497, .719730058485, .079740328665))
  expect_digits(fit$wh[1, ], c(.420233196816, .880200913286, .550254205025))
})

test_that("5000 epochs give the tutorial's numbers", {
  fit <- nn_train(X, y, start = start)
  expect_identical(nrow(fit$history), 5000L)
  expect_digits(fit$wout, c(5.599891989987, .476118373743, -2.081227374621))
  expect_digits(fit$bout, -1.598166928033)
})

test_that("the output of the last forward pass is one update older than the weights", {
  last <- c(.977604832336, .965989797434, .047310553586)
  network <- start
  for (epoch in 1:5000) {
    backward <- nn_backward(network, X, y)
    network <- nn_update(network, backward$gradient, learning_rate = 0.1)
  }
  expect_digits(backward$output, last)
  expect_digits(network$wout, c(5.599891989987, .476118373743, -2.081227374621))

  before <- nn_train(X, y, start = start, epochs = 4999)
  expect_digits(before$output, last)
  after <- nn_train(X, y, start = start)
  expect_gt(min(abs(after$output - last)), 1e-7)
  expect_identical(after$output, nn_forward(coef(after), X)$output)
})

test_that("the weights drawn after set.seed(1) lead to the tutorial's numbers", {
  set.seed(1)
  fit <- nn_train(X, y)
  expect_digits(fit$wout, c(-3.979435134538, .941260325652, 3.600074418093))
  expect_digits(fit$bout, -.165078146357)
})

test_that("weights are drawn in the tutorial's order and of the tutorial's shapes", {
  set.seed(1)
  fit <- nn_train(X, y, epochs = 0)
  set.seed(1)
  wh <- matrix(rnorm(4 * 3), 4)
  bh <- matrix(runif(3), 1)
  wout <- matrix(rnorm(3), 3)
  bout <- matrix(runif(1), 1)
  expect_identical(coef(fit), list(wh = wh, bh = bh, wout = wout, bout = bout))

  for (hidden in list(0, 2, c(5, 4), c(2, 3, 4))) {
    set.seed(7)
    network <- nn_init(6, 2, hidden = hidden)
    set.seed(7)
    expect_identical(network, reference_init(6, 2, hidden))
    set.seed(7)
    expect_identical(
      coef(nn_train(matrix(0, 2, 6), matrix(0, 2, 2), hidden = hidden, epochs = 0)), network
    )
  }
})

test_that("a full-batch fit leaves R's generator where the plain loop leaves it", {
  set.seed(1)
  nn_train(X, y, epochs = 10)
  after_fit <- .Random.seed
  set.seed(1)
  reference_init(4, 1, 3)
  expect_identical(after_fit, .Random.seed)

  # a batch of all rows, or of more, is the full batch
  set.seed(1)
  nn_train(X, y, epochs = 10, batch_size = 3)
  expect_identical(after_fit, .Random.seed)

  # rows in the order in which they stand need no random numbers either
  set.seed(1)
  nn_train(X, y, epochs = 10, batch_size = 2, shuffle = FALSE)
  expect_identical(after_fit, .Random.seed)

  # where weights are given, none are drawn
  set.seed(1)
  before <- .Random.seed
  nn_train(X, y, epochs = 10, start = start)
  expect_identical(before, .Random.seed)
})

test_that("shuffled batches draw two numbers more, after the weights", {
  set.seed(1)
  fit <- nn_train(X, y, epochs = 1, batch_size = 2)
  after_fit <- .Random.seed
  set.seed(1)
  reference_init(4, 1, 3)
  seed <- floor(runif(2) * 2^32)
  expect_identical(after_fit, .Random.seed)
  expect_identical(fit$state$seed, seed)
})

test_that("no bias belongs to a row: identical rows labelled 0, 1, 0, 1 give 0.5 each", {
  set.seed(1)
  fit <- nn_train(matrix(1, 4, 3), c(0, 1, 0, 1))
  expect_identical(dim(fit$bh), c(1L, 3L))
  expect_identical(dim(fit$bout), c(1L, 1L))
  expect_lt(max(abs(fit$output - 0.5)), 1e-9)
  expect_identical(unique(as.vector(fit$output)), fit$output[1])
})

test_that("the inputs are left as they were", {
  X_before <- X + 0
  y_before <- y + 0
  start_before <- lapply(start, `+`, 0)
  nn_train(X, y, start = start, epochs = 3)
  nn_backward(start, X, y)
  nn_update(start, nn_gradient(start, X, y), 0.1)
  expect_identical(X, X_before)
  expect_identical(y, y_before)
  expect_identical(start, start_before)
})
