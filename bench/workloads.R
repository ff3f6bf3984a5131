# The workloads: data, network and training, the same for every contestant. `batch = 0` means the
# full batch.
workloads <- list(
  tutorial = list(
    title = "1 tutorial, 3x4, 3 hidden, 5000 epochs", n = 3, p = 4, k = 1, hidden = 3,
    activation = "sigmoid", task = "squares", batch = 0, epochs = 5000, rounds = 25
  ),
  iris = list(
    title = "2 iris, 8 relu, Adam, batch 32, 100 epochs", n = 150, p = 4, k = 3, hidden = 8,
    activation = "relu", task = "classes", batch = 32, epochs = 100, rounds = 15
  ),
  table64 = list(
    title = "3 10,000x20, 64, Adam, batch 256, 10 epochs", n = 10000, p = 20, k = 2, hidden = 64,
    activation = "relu", task = "classes", batch = 256, epochs = 10, rounds = 9
  ),
  table6464 = list(
    title = "3 10,000x20, 64-64, Adam, batch 256, 10 epochs", n = 10000, p = 20, k = 2,
    hidden = c(64, 64), activation = "relu", task = "classes", batch = 256, epochs = 10, rounds = 9
  ),
  table256 = list(
    title = "4 50,000x100, 256-256, batch 256, 1 epoch", n = 50000, p = 100, k = 10,
    hidden = c(256, 256), activation = "relu", task = "classes", batch = 256, epochs = 1, rounds = 5
  ),
  images512 = list(
    title = "5 12,800x784, 512-512, batch 128, 1 epoch", n = 12800, p = 784, k = 10,
    hidden = c(512, 512), activation = "relu", task = "classes", batch = 128, epochs = 1, rounds = 5
  ),
  lbfgs = list(
    title = "6 L-BFGS, 1,000x10, 10 sigmoid, 200 iterations", n = 1000, p = 10, k = 1, hidden = 10,
    activation = "sigmoid", task = "regression", batch = 0, epochs = 200, rounds = 9
  ),
  predict = list(
    title = "7 predict 1,000,000x20 through 64", n = 1e6, p = 20, k = 2, hidden = 64,
    activation = "relu", task = "predict", batch = 0, epochs = 0, rounds = 5
  )
)

# Inputs with variance 1, and targets that a network can learn: classes from a random projection, or
# a smooth function for regression.
make_data <- function(name) {
  w <- workloads[[name]]
  if (name == "tutorial") {
    return(list(X = rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1)), target = c(1, 1, 0)))
  }
  if (name == "iris") {
    return(list(X = unname(scale(as.matrix(iris[1:4]))), target = as.numeric(iris$Species) - 1))
  }
  set.seed(20)
  X <- matrix(rnorm(w$n * w$p), w$n)
  scores <- X %*% matrix(rnorm(w$p * w$k), w$p) + 0.5 * rnorm(w$n * w$k)
  target <- if (w$task == "regression") {
    as.vector(sin(X[, 1]) + X[, 2] * X[, 3] / 2 + scores / 10)
  } else {
    max.col(scores) - 1
  }
  list(X = X, target = target)
}

# The initial weights (wh1, bh1, ..., wout, bout) of all contestants that accept them.
make_start <- function(w, seed = 1) {
  set.seed(seed)
  backprop::nn_init(
    w$p, w$k, w$hidden,
    init = if (w$task == "squares") "tutorial" else "glorot_uniform"
  )
}
