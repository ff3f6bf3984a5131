#' Train a neural network
#'
#' Trains a multilayer perceptron by back-propagation. With numeric matrices this is the tutorial's network: nothing is done to the data, and
#' the defaults are the tutorial's, one hidden layer of 3 sigmoid units, sigmoid outputs, 5000 epochs of full-batch gradient descent with
#' learning rate 0.1 on half the *sum* of squared errors. After `set.seed(s)`, the result agrees with the tutorial's loop in plain R to 1e-10.
#'
#' **Epochs and batches.** One epoch uses every row once. `batch_size = NULL` makes one update an epoch from all rows (full batch);
#' `batch_size = 1` is stochastic gradient descent proper, an update for each row; anything between is mini-batches. Batches take the rows in a
#' new order each epoch (see [nn_batches()]), and each sees the weights that the last one left. As the update is the sum over a batch's rows, a rate that
#' suits 10 rows may be far too large for 10,000: divide it by the number of rows of a batch as a first guess.
#'
#' **Random numbers.** `set.seed()` governs everything. First the weights are drawn (see [nn_init()]), unless `start` gives them; then, only where batches are shuffled,
#' two numbers that fix the order of rows. The same seed gives the same bits.
#'
#' **Interrupting.** Ctrl-C ends training within a second. At the console the fit so far comes back, with `stop` equal to `"interrupted"` and a
#' warning of class `backprop_warning_interrupted`; [nn_continue()] goes on from it. Called from within another function the interrupt is passed on.
#'
#' @param X The inputs: a numeric matrix with a row for each case and a column for each input. At least one row and column; finite numbers.
#' @param y The targets: a numeric or logical vector of one number for each row of `X` (one output), or a numeric matrix with a column for each output.
#'   With sigmoid outputs only targets between 0 and 1 can be reached.
#' @param ... Nothing for matrices: an unknown argument is an error.
#' @param hidden Units in each hidden layer, whole numbers: `3` (the default, as in the tutorial) is one layer, `c(8, 4)` two, `0` none.
#' @param activation The activation of the hidden layers, one name for all or one for each, among [nn_activations()]; `"sigmoid"` by default.
#' @param output_activation The activation of the output layer, one name; `NULL` (the default) means `"sigmoid"`. `"softmax"` makes the outputs of a row add up to 1.
#' @param learning_rate The step's length per unit of gradient, a positive number; `NULL` (the default) means 0.1.
#' @param epochs How many times to go through the rows, a whole number from 0; 5000 by default. With 0 the network is only drawn.
#' @param batch_size Rows for one update, a whole number from 1; `NULL` (the default), like any number not below that of the rows, means all of them.
#' @param shuffle Take the rows in a new order each epoch? `TRUE` by default; of no effect with the full batch.
#' @param start Weights to begin from, a list of matrices as [nn_init()] and `coef()` return; nothing is drawn for them then. `NULL` (the default) draws them.
#' @param keep_fitted Keep `output` and `residuals` (two n x k matrices) in the fit? `TRUE` by default.
#' @return A list of class `nn_fit`:
#' \describe{
#'   \item{`wh`, `bh`, `wout`, `bout`}{the trained weights, plain matrices: weights with a row for each input, biases with one row. With several hidden layers
#'     `wh1`, `bh1`, `wh2`, ...; without one only `wout` and `bout`. `coef()` returns them as a list.}
#'   \item{`output`, `residuals`}{n x k matrices: the outputs under the weights returned, and `y` minus them. (The tutorial's `output` is one update older: see [nn_trace()].)}
#'   \item{`history`}{a data frame with a row for each epoch: `epoch`, and `loss`, the mean over the rows of the loss of the epoch's own forward passes, before each update.}
#'   \item{`objective`}{the value of the objective (here half the sum of squared errors) under the weights returned.}
#'   \item{`stop`}{why training ended: `"iterations"`, `"interrupted"`, or, in the fit that a divergence error carries, `"diverged"`.}
#'   \item{`state`}{what [nn_continue()] goes on from: `weights`, `epoch`, `seed` and the like.}
#'   \item{`settings`, `n`, `call` and others}{how it was made. The data are not kept.}
#' }
#' There are methods for `print`, `summary`, `coef`, `fitted`, `residuals`, `nobs`, `predict` (see [predict.nn_fit()]) and `plot` (see [plot.nn_fit()]).
#' @section Errors: `backprop_error_input` for `X` and `y` that are not as described (a data frame is one: use `as.matrix()`);
#'   `backprop_error_argument` for the other arguments; `backprop_error_memory` where the need exceeds the machine's memory;
#'   `backprop_error_diverged` where the loss is no longer finite, which carries in its field `fit` the fit with the last finite weights. All are also of class `backprop_error`.
#' @references Rumelhart, D. E., Hinton, G. E. and Williams, R. J. (1986). Learning representations by back-propagating errors.
#'   *Nature*, 323, 533-536. \doi{10.1038/323533a0}
#' @seealso [nn_trace()] for every step with its matrices; [nn_forward()], [nn_backward()] and [nn_update()] for the pieces.
#' @examples
#' X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
#' y <- c(1, 1, 0)
#' set.seed(1)
#' fit <- nn_train(X, y)
#' fit
#' fit$output
#' predict(fit, X[1, , drop = FALSE])
#'
#' # Three classes, two hidden layers, mini-batches
#' set.seed(1)
#' inputs <- scale(as.matrix(iris[1:4]))
#' classes <- 1 * outer(as.character(iris$Species), levels(iris$Species), "==")
#' fit <- nn_train(inputs, classes, hidden = c(8, 4), activation = "tanh", output_activation = "softmax",
#'   learning_rate = 0.05, epochs = 100, batch_size = 10)
#' mean(max.col(fit$output) == as.integer(iris$Species))
#' @export
nn_train <- function(X, y, ...) {
  check_given(missing(X), "X", "a numeric matrix with a row for each case", current_env())
  UseMethod("nn_train")
}

#' @export
nn_train.default <- function(X, y, ...) {
  check_matrix(X, "X", current_env())
}

#' @rdname nn_train
#' @export
nn_train.matrix <- function(X, y, hidden = 3, activation = "sigmoid", output_activation = NULL, learning_rate = NULL, epochs = 5000,
                            batch_size = NULL, shuffle = TRUE, start = NULL, keep_fitted = TRUE, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_train.matrix)))
  check_given(missing(y), "y", "the targets: a vector, or a matrix with a column for each output", call)
  X <- check_matrix(X, "X", call)
  y <- check_targets(y, nrow(X), call)
  hidden <- check_hidden(hidden, call)
  chosen <- check_activations(activation, output_activation, length(hidden), call)
  settings <- list(
    activation = chosen$activation, output_activation = chosen$output_activation, loss = "squared_error", reduction = "sum", optimizer = "gradient_descent",
    learning_rate = if (is.null(learning_rate)) 0.1 else check_number(learning_rate, "learning_rate", call, least = 0, above = TRUE),
    batch_size = if (!is.null(batch_size)) check_whole(batch_size, "batch_size", call), shuffle = check_flag(shuffle, "shuffle", call),
    keep_fitted = check_flag(keep_fitted, "keep_fitted", call))
  if (!is.null(settings$batch_size) && settings$batch_size >= nrow(X)) settings["batch_size"] <- list(NULL)
  epochs <- check_whole(epochs, "epochs", call, least = 0)
  shape <- network_shape(c(ncol(X), hidden, ncol(y)), settings$activation, settings$output_activation)
  check_training_memory(shape, nrow(X), settings$batch_size, call)
  if (!is.null(start)) check_start(start, shape, call)
  network <- if (is.null(start)) draw_network(shape$units) else start

  fit <- list(shape = shape, settings = settings, n = nrow(X), inputs = colnames(X), outputs = colnames(y), data = data_digest(X, y),
    call = call_of_symbols(match.call()))
  state <- first_state(flatten_network(network), if (needs_seed(settings)) floor(runif(2) * 2^32))
  run_training(fit, state, empty_history(), X, y, epochs, call)
}

check_training_memory <- function(shape, n, batch_size, call) {
  parameters <- shape_parameters(shape)
  rows <- min(c(batch_size, n))
  bytes <- 8 * (6 * parameters + n * (shape$units[1] + 4 * utils::tail(shape$units, 1))) + core_pass_bytes(shape, rows, FALSE)
  check_memory(bytes, "this network and these data", call)
}

check_start <- function(start, shape, call) {
  expected <- network_names(hidden_layers(shape))
  if (inherits(start, "nn_fit")) abort_argument(c("{.arg start} must be a list of matrices.", x = "It is a fit.", i = "Use {.code coef(fit)} to begin from its weights, or {.fn nn_continue} to go on with it."), call)
  if (!is.list(start) || !identical(names(start), expected))
    abort_argument(c("{.arg start} must be a list of the matrices {.field {expected}}, in this order.",
      x = if (is.list(start) && !is.null(names(start))) "It has {.field {names(start)}}." else "It is a {describe(start)}."), call)
  units <- shape$units
  for (layer in seq_len(length(units) - 1)) {
    for (bias in 0:1) {
      name <- expected[2 * layer - 1 + bias]
      check_network_matrix(start[[name]], name, "start", call)
      check_network_size(start[[name]], name, if (bias) 1 else units[layer], units[layer + 1], "start", call)
    }
  }
}

needs_seed <- function(settings) !is.null(settings$batch_size) && settings$shuffle

first_state <- function(weights, seed) {
  list(weights = weights, moment = numeric(), moment2 = numeric(), steps = 0, epoch = 0, under_way = c(batch = 0, loss = 0, weight = 0, correct = 0),
    best_weights = numeric(), best_epoch = 0, best_loss = Inf, reference = Inf, stale = 0, seed = seed)
}

empty_history <- function() list(epoch = numeric(), loss = numeric())

# What tells other data from those of the fit.
data_digest <- function(X, y) hash(list(dim(X), dim(y), as.vector(X), as.vector(y)))

# The call with its data left out, so that a fit holds no more than symbols of them.
call_of_symbols <- function(call) {
  small <- function(x) is.symbol(x) || is.null(x) || (is.atomic(x) && length(x) == 1 && is.null(attributes(x)))
  shorten <- function(x) {
    if (small(x)) return(x)
    if (!is.call(x)) return(as.symbol(paste0("<", describe(x), ">")))
    as.call(lapply(as.list(x), shorten))
  }
  shorten(call)
}
