# The contestants in R. Each is a function of a workload that returns a function to be timed, or
# NULL if it does not support the workload. All do the same work: the same data, layers, batch size,
# epochs and optimiser, on one thread.

# As users call it; with `kept = FALSE`, the outputs of the rows are not computed after training, as
# in the other packages.
ours <- function(precision, threads = 1, times_epochs = 1, kept = TRUE) {
  function(w, data, start) {
    X <- data$X
    if (w$task == "predict") {
      if (threads > 1 || !kept) {
        return(NULL)
      }
      fit <- nn_train(
        X[1:10, ], as_classes(w, rep_len(0:(w$k - 1), 10)),
        hidden = w$hidden,
        activation = w$activation, output_activation = "softmax", loss = "cross_entropy",
        start = start(1), epochs = 0, precision = precision
      )
      return(function(round) predict(fit, X))
    }
    if (w$task == "squares") {
      return(if (precision == "double" && threads == 1 && kept) {
        function(round) {
          set.seed(round)
          nn_train(X, data$target)
        }
      })
    }
    y <- if (w$task == "classes") factor(data$target) else data$target
    if (w$task == "classes" && w$k == 2) y <- as_classes(w, data$target)
    function(round) {
      fit <- nn_train(
        X, y,
        hidden = w$hidden, activation = w$activation,
        output_activation = if (w$task == "classes") "softmax" else "identity",
        loss = if (w$task == "classes") "cross_entropy" else "squared_error", reduction = "mean",
        optimizer = if (w$task == "regression") nn_lbfgs(gradient_tolerance = 0) else "adam",
        epochs = times_epochs * w$epochs, batch_size = if (w$batch > 0) w$batch,
        start = start(round), precision = precision, threads = threads, keep_fitted = kept
      )
      if (w$task == "regression") 2 * fit$objective
    }
  }
}
as_classes <- function(w, target) 1 * outer(target, seq_len(w$k) - 1, "==")

plain_loop <- function(w, data, start) {
  if (w$task != "squares") {
    return(NULL)
  }
  X <- data$X
  y <- as.matrix(data$target)
  sigmoid <- function(x) 1 / (1 + exp(-x))
  derivatives_sigmoid <- function(a) a * (1 - a)
  each_row <- rep(1, nrow(X))
  function(round) {
    set.seed(round)
    wh <- matrix(rnorm(w$p * w$hidden), w$p, w$hidden)
    bh <- matrix(runif(w$hidden), 1)
    wout <- matrix(rnorm(w$hidden), w$hidden, 1)
    bout <- matrix(runif(1), 1)
    for (epoch in seq_len(w$epochs)) {
      hiddenlayer_activations <- sigmoid(X %*% wh + bh[each_row, ])
      output <- sigmoid(hiddenlayer_activations %*% wout + bout[each_row, ])
      d_output <- (y - output) * derivatives_sigmoid(output)
      d_hiddenlayer <- (d_output %*% t(wout)) * derivatives_sigmoid(hiddenlayer_activations)
      wout <- wout + t(hiddenlayer_activations) %*% d_output * 0.1
      bout <- bout + colSums(d_output) * 0.1
      wh <- wh + t(X) %*% d_hiddenlayer * 0.1
      bh <- bh + colSums(d_hiddenlayer) * 0.1
    }
    wout
  }
}

# ANN2 has no sigmoid output: the identity is used with squared error.
ann2 <- function(w, data, start) {
  if (w$task == "regression") {
    return(NULL)
  }
  regression <- w$task == "squares"
  fit_with <- function(X, target, epochs, round) {
    ANN2::neuralnetwork(
      X, if (regression) matrix(target, ncol = 1) else target,
      hidden.layers = w$hidden,
      regression = regression, standardize = FALSE,
      loss.type = if (regression) "squared" else "log", activ.functions = w$activation,
      optim.type = if (regression) "sgd" else "adam", learn.rates = if (regression) 0.1 else 1e-3,
      sgd.momentum = 0, n.epochs = epochs, batch.size = if (w$batch > 0) w$batch else nrow(X),
      val.prop = 0, verbose = FALSE, random.seed = round
    )
  }
  if (w$task == "predict") {
    fit <- fit_with(data$X[1:100, ], rep_len(0:(w$k - 1), 100), 1, 1)
    return(function(round) predict(fit, data$X))
  }
  function(round) fit_with(data$X, data$target, w$epochs, round)
}

# CRAN's neuralnetwork does not accept initial weights. Its regression uses the identity as output
# with squared error, and for a matrix of classes (also of two) it uses softmax outputs.
neuralnetwork_package <- function(w, data, start) {
  regression <- w$task %in% c("squares", "regression")
  fit_with <- function(X, target, epochs, round) {
    neuralnetwork::nn_fit(
      X, if (regression) target else as_classes(w, target),
      hidden = w$hidden,
      task = if (regression) "regression" else "classification", activation = w$activation,
      optimizer = c(
        squares = "sgd", regression = "lbfgs", classes = "adam", predict = "adam"
      )[[w$task]],
      epochs = epochs, batch_size = if (w$batch > 0) w$batch else nrow(X),
      learning_rate = if (regression) 0.1 else 1e-3, scale = FALSE, y_scale = FALSE, seed = round,
      verbose = FALSE
    )
  }
  if (w$task == "predict") {
    fit <- fit_with(data$X[1:100, ], rep_len(0:(w$k - 1), 100), 1, 1)
    return(function(round) predict(fit, data$X, type = "prob"))
  }
  function(round) {
    fit <- fit_with(data$X, data$target, w$epochs, round)
    if (w$task == "regression") 2 * fit$training_data_loss
  }
}

nnet_package <- function(w, data, start) {
  if (w$task == "regression") {
    return(function(round) {
      set.seed(round)
      fit <- nnet::nnet(
        data$X, data$target,
        size = w$hidden, linout = TRUE, maxit = w$epochs, reltol = 0,
        abstol = 0, trace = FALSE, Wts = nnet_weights(start(round))
      )
      fit$value / w$n
    })
  }
  if (w$task != "predict") {
    return(NULL)
  }
  fit <- nnet::nnet(
    data$X[1:100, ], as_classes(w, rep_len(0:(w$k - 1), 100)),
    size = w$hidden, softmax = TRUE,
    maxit = 1, trace = FALSE, MaxNWts = 1e5
  )
  function(round) predict(fit, data$X)
}
# The order of nnet: bias and weights of each hidden unit, then of each output.
nnet_weights <- function(network) {
  c(rbind(network$bh, network$wh), rbind(network$bout, network$wout))
}

# RSNNS predicts row by row, which would take minutes for a million rows.
rsnns <- function(w, data, start) {
  if (w$task == "squares") {
    function(round) {
      RSNNS::mlp(
        data$X, data$target,
        size = w$hidden, maxit = w$epochs, learnFunc = "BackpropBatch",
        learnFuncParams = c(0.1, 0)
      )
    }
  }
}

r_contestants <- list(
  "backprop" = list(package = "backprop", make = ours("double")),
  "backprop, single" = list(package = "backprop", make = ours("single")),
  "backprop, outputs not kept" = list(package = "backprop", make = ours("double", kept = FALSE)),
  "backprop, single, outputs not kept" = list(
    package = "backprop", make = ours("single", kept = FALSE)
  ),
  "backprop, 2 threads" = list(
    package = "backprop", make = ours("double", 2), only = c("table256", "images512")
  ),
  "backprop, single, 2 threads" = list(
    package = "backprop", make = ours("single", 2), only = c("table256", "images512")
  ),
  # nnet's BFGS stores a full matrix and makes more progress per iteration: L-BFGS needs more
  # iterations for the same loss
  "backprop, 600 iterations" = list(
    package = "backprop", make = ours("double", times_epochs = 3), only = "lbfgs"
  ),
  "plain R loop" = list(package = "stats", make = plain_loop),
  "ANN2" = list(package = "ANN2", make = ann2),
  "neuralnetwork" = list(package = "neuralnetwork", make = neuralnetwork_package),
  "nnet" = list(package = "nnet", make = nnet_package),
  "RSNNS" = list(package = "RSNNS", make = rsnns)
)
