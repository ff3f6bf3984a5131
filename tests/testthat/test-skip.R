# Connections from the inputs to the output layer.

set.seed(4)
X <- matrix(rnorm(180), 60, dimnames = list(NULL, c("a", "b", "c")))
y <- X[, 1] - X[, 2]^2 + 0.1 * rnorm(60)
group <- factor(ifelse(y > 0.5, "high", ifelse(y < -0.8, "low", "mid")))
train <- function(y, ..., hidden = c(4, 3), output_activation = NULL, epochs = 20) {
  set.seed(1)
  nn_train(X, y,
    hidden = hidden, skip = TRUE, activation = "tanh", init = "glorot_normal", reduction = "mean",
    output_activation = output_activation, epochs = epochs, ...
  )
}

# The weights of nnet() as a network: its units have the bias first, then the units below and then
# the inputs. Also the place of each weight among those of nnet().
of_nnet <- function(peer) {
  p <- peer$n[1]
  h <- peer$n[2]
  k <- peer$n[3]
  place <- seq_along(peer$wts)
  hidden <- matrix(place[seq_len(h * (p + 1))], p + 1)
  out <- matrix(place[-seq_len(h * (p + 1))], h + p + 1)
  places <- list(
    wh = hidden[-1, , drop = FALSE], bh = hidden[1, , drop = FALSE],
    wout = out[-1, , drop = FALSE], bout = out[1, , drop = FALSE]
  )
  list(
    network = lapply(places, function(at) matrix(peer$wts[at], nrow(at))), places = unlist(places)
  )
}

test_that("outputs and second derivatives are those of nnet()", {
  skip_if_not_installed("nnet")
  set.seed(2)
  cases <- list(
    list(y = y, targets = y, size = 4, linout = TRUE),
    list(y = group, targets = nnet::class.ind(group), size = 3, softmax = TRUE)
  )
  for (case in cases) {
    # few iterations, as nnet() rounds saturated units to 0 and 1
    case$peer <- do.call(nnet::nnet, c(
      list(X, case$targets, skip = TRUE, trace = FALSE, maxit = 3, rang = 0.5), case[-(1:2)]
    ))
    same <- of_nnet(case$peer)
    fit <- train(
      case$y,
      start = same$network, hidden = case$peer$n[2], epochs = 0,
      output_activation = if (is.numeric(case$y)) "identity"
    )
    # nnet's hidden units are sigmoid, these tanh: so by the single steps
    at <- list(activation = "sigmoid", output_activation = fit$settings$output_activation)
    output <- do.call(nn_forward, c(list(same$network, X), at))$output
    expect_equal(unname(output), unname(predict(case$peer, X)), tolerance = 1e-10)
    hessian <- do.call(nn_hessian, c(
      list(same$network, X, case$y, reduction = "sum", loss = fit$settings$loss$name), at
    ))
    # nnet minimises the sum of squares, without the factor 1/2
    oracle <- nnet::nnetHess(case$peer, X, case$targets)[same$places, same$places] /
      if (is.numeric(case$y)) 2 else 1
    expect_equal(unname(hessian), unname(oracle), tolerance = 1e-9)
  }
})

test_that("with hidden units frozen at 0 the network is a generalised linear model", {
  start <- nn_init(3, 1, 2, skip = TRUE)
  start$wout[] <- 0
  mask <- matrix(rep(c(TRUE, FALSE), c(2, 3)))
  fit <- function(y, output) {
    nn_train(X, y,
      hidden = 2, skip = TRUE, start = start, freeze = list(wh = TRUE, bh = TRUE, wout = mask),
      output_activation = output, optimizer = nn_lbfgs(gradient_tolerance = 1e-12), epochs = 500
    )
  }
  linear <- fit(y, "identity")
  expect_equal(c(coef(linear)$wout[3:5, ]), unname(coef(lm(y ~ X))[-1]), tolerance = 1e-8)
  expect_identical(coef(linear)$wout[1:2, ], c(0, 0))
  expect_identical(summary(linear)$parameters, 4L)
  expect_equal(AIC(linear), AIC(lm(y ~ X)), tolerance = 1e-9)
  logistic <- fit(factor(group == "high"), "sigmoid")
  peer <- glm((group == "high") ~ X, binomial)
  expect_equal(c(fitted(logistic)), unname(fitted(peer)), tolerance = 1e-7)
})

test_that("the gradient is that of differences, for any depth and output", {
  for (y in list(y, group, ordered(group, c("low", "mid", "high")))) {
    loss <- if (is.ordered(y)) "cumulative"
    fit <- train(y, loss = loss, penalty = 0.1, epochs = 3)
    check <- nn_check_gradient(fit, X, y)
    expect_lt(check$difference, 1e-7 + check$rounding)
    H <- nn_hessian(fit, X, y)
    step <- function(by, i) {
      weights <- backprop:::flatten_network(coef(fit))
      weights[i] <- weights[i] + by
      network <- backprop:::unflatten_network(weights, unclass(fit)$layers)
      s <- unclass(fit)$settings
      unlist(nn_gradient(network, X, y,
        activation = "tanh", output_activation = s$output_activation, loss = s$loss,
        reduction = "mean", penalty = 0.1
      ))
    }
    for (i in c(1, 20, nrow(H) - 3)) {
      expect_equal(unname(H[, i]), unname(step(1e-6, i) - step(-1e-6, i)) / 2e-6, tolerance = 1e-6)
    }
  }
})

test_that("optimisers, threads, sparse inputs and single precision are as without skip", {
  for (optimizer in c("lm", "lbfgs", "adam")) {
    whole <- train(y, optimizer = optimizer, output_activation = "identity")
    half <- train(y, optimizer = optimizer, output_activation = "identity", epochs = 8)
    expect_identical(coef(nn_continue(half, X, y, epochs = 12)), coef(whole), label = optimizer)
    expect_lt(whole$objective, train(y, output_activation = "identity", epochs = 0)$objective)
  }
  batches <- function(...) {
    train(group,
      optimizer = "adam", batch_size = 7, dropout = 0.2, max_norm = 2,
      layer_rates = c(1, 2, 0.5), ...
    )
  }
  one <- batches()
  expect_identical(coef(batches(threads = 2)), coef(one))
  single <- batches(precision = "single")
  expect_equal(coef(single), coef(one), tolerance = 1e-3)
  skip_if_not_installed("Matrix")
  thin <- X * (abs(X) > 0.7)
  sparse <- Matrix::Matrix(thin, sparse = TRUE)
  at <- list(activation = "tanh", output_activation = "softmax")
  expect_identical(
    do.call(nn_forward, c(list(coef(one), sparse), at)),
    do.call(nn_forward, c(list(coef(one), thin), at))
  )
  # large layers have kernels of their own
  start <- nn_init(3, 3, 400, init = "glorot_normal", skip = TRUE)
  wide <- function(threads) {
    nn_train(X, group,
      start = start, hidden = 400, skip = TRUE, threads = threads, epochs = 2, batch_size = 40,
      shuffle = FALSE
    )
  }
  expect_identical(coef(wide(2)), coef(wide(1)))
  check <- nn_gradient(start, X, group)
  by_rows <- lapply(1:60, function(i) unlist(nn_gradient(start, X[i, , drop = FALSE], group[i])))
  expect_equal(unlist(check), Reduce(`+`, by_rows), tolerance = 1e-12)
})

test_that("processes train the network of one", {
  skip_on_cran()
  set.seed(1)
  start <- nn_init(3, 1, 4, skip = TRUE)
  body <- function(communicator, X, y, start) {
    part <- if (communicator$rank == 0) 1:30 else 31:60
    unclass(backprop::nn_train(X[part, ], y[part],
      hidden = 4, skip = TRUE, start = start, epochs = 5, output_activation = "identity",
      communicator = communicator, reduction = "mean"
    ))$wout
  }
  made <- in_ranks(2, body, X, y, start)
  alone <- nn_train(X, y,
    hidden = 4, skip = TRUE, start = start, epochs = 5, output_activation = "identity",
    reduction = "mean"
  )
  expect_equal(made[[1]], coef(alone)$wout, tolerance = 1e-12)
})

test_that("fits to data frames name, save, summarise and predict", {
  d <- data.frame(X, y = X[, 1] + 2 * tanh(X[, 2] - X[, 3]) + 0.1 * rnorm(60))
  set.seed(1)
  fit <- nn_train(y ~ a + b + c, d, hidden = 1, skip = TRUE, penalty = 0, activation = "tanh")
  expect_identical(
    rownames(coef(fit, named = TRUE)$wout), c("hidden[1]", "a", "b", "c")
  )
  expect_equal(
    c(predict(fit, d)), c(nn_forward(fit, d)$response),
    tolerance = 1e-14
  )
  table <- summary(fit, d)$coefficients
  expect_identical(rownames(table)[5:9], c(
    "output:y:hidden[1]", "output:y:a", "output:y:b", "output:y:c", "output:y:(Intercept)"
  ))
  skip_if_not_installed("generics")
  skip_if_not_installed("tibble")
  tidied <- generics::tidy(fit)
  expect_setequal(paste(tidied$layer, tidied$unit, tidied$term, sep = ":"), rownames(table))
  # standard errors of outputs: delta method by differences
  V <- vcov(fit, d)
  band <- predict(fit, d[1:3, ], interval = "confidence", level = 0.95, vcov = V)
  weights <- backprop:::flatten_network(coef(fit))
  slopes <- vapply(seq_along(weights), function(i) {
    moved <- function(by) {
      weights[i] <- weights[i] + by
      network <- backprop:::unflatten_network(weights, unclass(fit)$layers)
      changed <- fit
      changed[names(network)] <- network
      c(predict(changed, d[1:3, ]))
    }
    (moved(1e-6) - moved(-1e-6)) / 2e-6
  }, numeric(3))
  error <- sqrt(rowSums((slopes %*% V) * slopes))
  half <- unname(band[, "upr"] - band[, "fit"])
  expect_equal(half, error * qt(0.975, attr(V, "df")), tolerance = 1e-6)
  path <- withr::local_tempfile(fileext = ".json")
  nn_save(fit, path)
  again <- nn_load(path)
  expect_identical(predict(again, d), predict(fit, d))
  expect_identical(coef(nn_continue(again, d, epochs = 3)), coef(nn_continue(fit, d, epochs = 3)))
  expect_identical(
    fitted(nn_train(d[c("a", "b", "c")], d$y,
      hidden = 1, skip = TRUE, penalty = 0, activation = "tanh",
      start = coef(fit), epochs = 0
    )),
    fitted(nn_train(y ~ a + b + c, d,
      hidden = 1, skip = TRUE, penalty = 0, activation = "tanh",
      start = coef(fit), epochs = 0
    ))
  )
})

test_that("an ensemble with skip is the mean of its networks", {
  d <- data.frame(X, y)
  set.seed(1)
  fit <- nn_train(y ~ ., d,
    hidden = 2, skip = TRUE, effort = "high", penalty = 0.01, activation = "tanh", epochs = 20
  )
  expect_identical(dim(coef(fit)$wout), c(23L, 1L))
  set.seed(1)
  plain <- nn_train(y ~ ., d,
    hidden = 2, effort = "high", penalty = 0.01, activation = "tanh", epochs = 20
  )
  expect_lt(mean((fitted(fit) - y)^2), mean((fitted(plain) - y)^2))
})

test_that("cross-validation, parsnip and pictures know it", {
  d <- data.frame(X, y)
  cv <- nn_cv(y ~ ., d, hidden = 2, skip = TRUE, penalty = 0.01, epochs = 20, folds = 3)
  expect_true(all(is.finite(cv$metrics$rmse)))
  fit <- nn_train(y ~ ., d, hidden = 2, skip = TRUE, penalty = 0.01, epochs = 20)
  grDevices::pdf(NULL)
  withr::defer(grDevices::dev.off())
  expect_no_error(plot(fit, "network"))
  unit <- backprop:::fit_unit(unclass(fit), coef(fit), NULL, 1, NULL)
  expect_identical(names(unit$w), c("h[1]", "h[2]", "a", "b", "c"))
})

test_that("a trace shows the weights of the inputs in every step, with the fit's bits", {
  for (batch_size in list(NULL, 7)) {
    set.seed(4)
    trace <- nn_trace(X, y, hidden = c(4, 2), skip = TRUE, epochs = 2, batch_size = batch_size)
    set.seed(4)
    fit <- nn_train(X, y, hidden = c(4, 2), skip = TRUE, epochs = 2, batch_size = batch_size)
    expect_identical(trace$network, coef(fit)[names(trace$network)])
  }
  set.seed(4)
  trace <- nn_trace(X, y, hidden = 2, skip = TRUE)
  expect_identical(dim(trace$wskip_before), c(ncol(X), 1L))
  expect_equal(
    trace$output_layer_input,
    trace$hiddenlayer_activations %*% trace$wout_before + X %*% trace$wskip_before +
      c(trace$bout_before),
    tolerance = 1e-12, ignore_attr = TRUE
  )
  expect_equal(
    trace$Error_at_hidden_layer, trace$d_output %*% t(trace$wout_before),
    tolerance = 1e-12, ignore_attr = TRUE
  )
  expect_equal(
    trace$wskip_after, trace$wskip_before + 0.1 * t(X) %*% trace$d_output,
    tolerance = 1e-12, ignore_attr = TRUE
  )
  expect_identical(
    rbind(trace$wout_after, trace$wskip_after), unname(trace$network$wout),
    ignore_attr = TRUE
  )
  expect_true("wskip" %in% names(summary(trace)$updates))
  skip_if_not_installed("htmlwidgets")
  set.seed(4)
  page <- nn_show(X, y, hidden = 2, skip = TRUE, batch_size = 7, epochs = 10)$x
  set.seed(4)
  trace <- nn_trace(X, y, hidden = 2, skip = TRUE, batch_size = 7)
  expect_true(page$skip)
  expect_identical(nn_show(trace, epochs = 10)$x, page)
})

test_that("what can't have skip is refused", {
  fit <- train(y, hidden = 2)
  start <- coef(fit)
  expect_snapshot({
    refused(nn_train(X, y, hidden = 0, skip = TRUE), "argument")
    refused(nn_train(X, y, hidden = 2, skip = "yes"), "argument")
    refused(nn_train(X, y, hidden = 2, start = start), "argument")
    refused(nn_train(X, y, hidden = 2, skip = TRUE, start = nn_init(3, 1, 2)), "argument")
    refused(nn_trace(X, y, hidden = 0, skip = TRUE), "argument")
    broken <- fit
    broken$wout <- broken$wout[1:2, , drop = FALSE]
    refused(predict(broken, X), "argument")
  })
  skip_if_not_installed("NeuralNetTools")
  expect_error(NeuralNetTools::neuralweights(fit), class = "backprop_error_argument")
})
