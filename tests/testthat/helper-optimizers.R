# The first-order optimisers as plain R loops, from the formulas on the help page alone. The
# gradient is that of reference_backward(), so nothing of the package is used. A network is a list
# of matrices; `memory` holds lists of the same shapes.

# Each rule takes one matrix of weights `w`, its gradient `g`, its memory `m` (a list), the number
# of the step `t`, the rate of this step and the optimiser's own settings `s`, and returns list(w,
# m).
reference_rules <- list(
  gradient_descent = function(w, g, m, t, rate, s) list(w - rate * g, m),
  momentum = function(w, g, m, t, rate, s) {
    m$v <- s$momentum * m$v - rate * g
    list(w + m$v, m)
  },
  nesterov = function(w, g, m, t, rate, s) {
    m$v <- s$momentum * m$v - rate * g
    list(w + s$momentum * m$v - rate * g, m)
  },
  rmsprop = function(w, g, m, t, rate, s) {
    m$v <- s$decay * m$v + (1 - s$decay) * g^2
    list(w - rate * g / (sqrt(m$v) + s$epsilon), m)
  },
  adam = function(w, g, m, t, rate, s) {
    m$m <- s$beta1 * m$m + (1 - s$beta1) * g
    m$v <- s$beta2 * m$v + (1 - s$beta2) * g^2
    list(w - rate * (m$m / (1 - s$beta1^t)) / (sqrt(m$v / (1 - s$beta2^t)) + s$epsilon), m)
  },
  rprop = function(w, g, m, t, rate, s) {
    if (t == 1) m$step <- 0 * w + rate
    agreement <- sign(g) * sign(m$v)
    m$step[agreement > 0] <- pmin(m$step[agreement > 0] * s$more, s$most)
    m$step[agreement < 0] <- pmax(m$step[agreement < 0] * s$less, s$least)
    g[agreement < 0] <- 0
    m$v <- g
    list(w - sign(g) * m$step, m)
  }
)
reference_rules$adamw <- function(w, g, m, t, rate, s) {
  reference_rules$adam(w - rate * s$decayed * w, g, m, t, rate, s)
}

# The documented default settings, the rate among them.
reference_defaults <- list(
  gradient_descent = list(learning_rate = 0.1),
  momentum = list(learning_rate = 0.01, momentum = 0.9),
  nesterov = list(learning_rate = 0.01, momentum = 0.9),
  rmsprop = list(learning_rate = 0.001, decay = 0.9, epsilon = 1e-8),
  adam = list(learning_rate = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8),
  adamw = list(
    learning_rate = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0.01
  ),
  rprop = list(learning_rate = 0.01, less = 0.5, more = 1.2, least = 1e-6, most = 50)
)

# The factor of the rate in each epoch, without the plateau, which watches the loss.
reference_factors <- list(
  constant = function(epoch) 1,
  step = function(epoch, every, factor) factor^floor((epoch - 1) / every),
  exponential = function(epoch, factor) factor^(epoch - 1),
  cosine = function(epoch, epochs, least = 0) {
    if (epoch >= epochs) {
      return(least)
    }
    least + (1 - least) * (1 + cos(pi * (epoch - 1) / (epochs - 1))) / 2
  },
  warm_up = function(epoch, epochs, then = function(epoch) 1) {
    if (epoch <= epochs) epoch / epochs else then(epoch - epochs)
  }
)

# Half the squared error plus the penalties, for the rows of one batch: its gradient, and the sum of
# the loss alone. With "sum" a batch has its share of the penalty, so that the batches of an epoch
# add up to the objective.
reference_batch <- function(network, X, y, rows, reduction, penalty, penalty_l1, ...) {
  pass <- reference_backward(network, X[rows, , drop = FALSE], y[rows, , drop = FALSE], ...)
  gradient <- pass$gradient
  for (name in names(network)) {
    if (reduction == "mean") gradient[[name]] <- gradient[[name]] / length(rows)
    if (startsWith(name, "w")) {
      share <- if (reduction == "mean") 1 else length(rows) / nrow(X)
      gradient[[name]] <- gradient[[name]] +
        share * (penalty * network[[name]] + penalty_l1 * sign(network[[name]]))
    }
  }
  list(gradient = gradient, loss = sum((y[rows, ] - pass$output)^2) / 2)
}

# `batches(epoch)` as in reference_train(); `factor(epoch)` multiplies the rate, or `plateau =
# list(factor, patience, least)` does. Returns the weights, the loss of each epoch as in the
# history, and how many steps were clipped.
reference_optimize <- function(X, y, network, name, settings = list(), reduction = "sum",
                               penalty = 0, penalty_l1 = 0, clip = Inf, epochs = 10,
                               factor = reference_factors$constant, plateau = NULL,
                               batches = function(epoch) list(seq_len(nrow(X))), ...) {
  settings <- utils::modifyList(reference_defaults[[name]], settings)
  memory <- lapply(network, function(w) list(m = 0 * w, v = 0 * w))
  t <- clipped <- stale <- 0
  current <- 1
  best <- Inf
  loss <- numeric(epochs)
  for (epoch in seq_len(epochs)) {
    rate <- settings$learning_rate * if (is.null(plateau)) factor(epoch) else current
    for (rows in batches(epoch)) {
      t <- t + 1
      batch <- reference_batch(network, X, y, rows, reduction, penalty, penalty_l1, ...)
      size <- sqrt(sum(unlist(batch$gradient)^2))
      if (size > clip) {
        clipped <- clipped + 1
        batch$gradient <- lapply(batch$gradient, function(g) g * clip / size)
      }
      for (matrix in names(network)) {
        settings$decayed <- if (startsWith(matrix, "w")) settings$weight_decay else 0
        step <- reference_rules[[name]](
          network[[matrix]], batch$gradient[[matrix]], memory[[matrix]], t, rate, settings
        )
        network[[matrix]] <- step[[1]]
        memory[[matrix]] <- step[[2]]
      }
      loss[epoch] <- loss[epoch] + batch$loss / nrow(X)
    }
    if (loss[epoch] < best) {
      best <- loss[epoch]
      stale <- 0
    } else {
      stale <- stale + 1
    }
    if (!is.null(plateau) && stale == plateau$patience) {
      current <- max(current * plateau$factor, plateau$least)
      stale <- 0
    }
  }
  list(network = network, loss = loss, clipped = clipped, factor = current)
}
