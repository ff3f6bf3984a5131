#' Compute the single steps of training
#'
#' @description
#' `nn_forward()` computes the forward pass (steps 2 to 4 of the tutorial), `nn_backward()` the
#' forward and the backward pass with the gradient (steps 2 to 9), and `nn_update()` the updated
#' weights after a step of gradient descent (steps 10 and 11). A loop over these functions returns
#' the same weights as [nn_train()] with full-batch gradient descent, identical to the last bit.
#'
#' @details
#' Signs are as in the tutorial: `E` is `y - output`, so `d_output` and `d_hiddenlayer` are *minus*
#' the derivative of the loss with respect to the input of the layer. `gradient` is the derivative
#' of the loss itself, for example `-t(hiddenlayer_activations) %*% d_output` for `wout`, and
#' `nn_update()` subtracts it. The result is the tutorial's
#' `wout + t(hiddenlayer_activations) %*% d_output * learning_rate`.
#'
#' For losses other than squared error, `E` is still `y - output`, and `d_output` is minus the
#' derivative of the loss of each row, multiplied by its case weight. If the loss is computed from
#' the input of the output layer (cross-entropy; Poisson with the output exp), this derivative is
#' `output - y`, and there is no `slope_output_layer`. Reduction and penalties affect only
#' `gradient`.
#'
#' @inheritParams nn_loss
#' @param gradient Gradient: a list of matrices with the names and shapes of the network, such as
#'   `nn_backward(...)$gradient` or the value of [nn_gradient()].
#' @param learning_rate Learning rate, a positive number; 0.1 in the tutorial.
#' @return `nn_forward()` returns a list with `hidden_layer_input` and `hiddenlayer_activations`
#'   (n x units) for each hidden layer, then `output_layer_input` and `output` (n x outputs). With
#'   more than one hidden layer the names are numbered: `hidden_layer_input1`, .... For a fit to a
#'   data frame or a sparse matrix, the list ends with `response` (n x outputs), the output on the
#'   scale of the outcome, as [predict()][predict.nn_fit] returns it.
#'
#'   `nn_backward()` returns the same list, followed by `E` and `slope_output_layer` (n x outputs;
#'   the latter is absent for softmax, because each output depends on all inputs of the layer),
#'   `slope_hidden_layer` (n x units, for each layer), `d_output` (n x outputs),
#'   `Error_at_hidden_layer` and `d_hiddenlayer` (n x units, for each layer), and `gradient`, a list
#'   of matrices with the names and shapes of the network.
#'
#'   `nn_update()` returns the updated network, a list of matrices.
#' @section Errors: `backprop_error_input` for invalid data, also if a fit can't encode them, or a
#'   missing argument;
#'   `backprop_error_argument` for an invalid network, gradient, activation or learning rate, and
#'   for a fit with offsets if `offset` is not supplied.
#' @references Rumelhart, D. E., Hinton, G. E. and Williams, R. J. (1986). Learning representations
#'   by back-propagating errors. *Nature*, 323, 533-536. \doi{10.1038/323533a0}
#' @seealso [nn_init()] to draw initial weights; [nn_trace()] to record all steps of training.
#' @examples
#' X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
#' y <- c(1, 1, 0)
#' set.seed(1)
#' network <- nn_init(n_inputs = 4, n_outputs = 1, hidden = 3)
#' nn_forward(network, X)$output
#'
#' for (epoch in 1:100) {
#'   backward <- nn_backward(network, X, y)
#'   network <- nn_update(network, backward$gradient, learning_rate = 0.1)
#' }
#' set.seed(1)
#' identical(network, coef(nn_train(X, y, epochs = 100)))
#' @export
nn_forward <- function(network, X, activation = NULL, output_activation = NULL, offset = NULL,
                       new_levels = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_forward)))
  check_network_and_inputs(network, X, offset, call)
  seen <- seen_by(
    network, X, NULL, offset, call,
    new_levels = new_levels, effect = "their values are NA"
  )
  net <- as_network(network, activation, output_activation, call, inputs = ncol(seen$X))
  offset <- check_offset(seen$offset, nrow(seen$X), n_outputs(net$layers), call)
  forward <- forward_list(
    core_forward(net$layers, net$weights, seen$X, offset, TRUE, FALSE), net$layers
  )
  encoding <- if (inherits(network, "nn_fit")) plain_fit(network, call)$encoding
  forward <- c(
    forward, if (!is.null(encoding)) list(response = decode_output(forward$output, encoding))
  )
  if (length(seen$rows) == seen$of) {
    return(forward)
  }
  lapply(forward, function(values) {
    all <- matrix(NA_real_, seen$of, ncol(values), dimnames = list(NULL, colnames(values)))
    all[seen$rows, ] <- values
    all
  })
}

# hidden_layer_input, hiddenlayer_activations, ..., output_layer_input, output
forward_list <- function(result, layers) {
  hidden <- n_hidden(layers)
  names <- c(
    rbind(
      layer_names("hidden_layer_input", hidden), layer_names("hiddenlayer_activations", hidden)
    ),
    "output_layer_input", "output"
  )
  stats::setNames(c(rbind(result$input, result$activation)), names)
}

#' @rdname nn_forward
#' @export
nn_backward <- function(network, X, y, activation = NULL, output_activation = NULL, loss = NULL,
                        reduction = NULL, penalty = NULL, penalty_l1 = NULL, weights = NULL,
                        offset = NULL, new_levels = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_backward)))
  problem <- loss_problem(
    network, X, y, activation, output_activation, loss, reduction, penalty, penalty_l1, weights,
    offset, call, new_levels
  )
  result <- evaluate(problem, gradient = TRUE, all = TRUE)
  c(
    backward_list(problem, result),
    list(gradient = unflatten_network(result$gradient, problem$layers))
  )
}

# The matrices that core_backward() returns, under the names of the steps: hidden_layer_input, ...,
# d_hiddenlayer.
backward_list <- function(problem, result) {
  layers <- problem$layers
  last <- length(layers)
  slope <- function(l) {
    name <- layers[[l]]$activation
    if (activation_table[[name]]$mixes_units) {
      return(NULL)
    }
    if (name == "custom") {
      slopes <- called(layers[[l]]$custom, "derivative", result$input[[l]])
      return(matrix(slopes, nrow(problem$y)))
    }
    matrix(core_slope(name, result$input[[l]], result$activation[[l]]), nrow(problem$y))
  }
  named <- function(stem, values) stats::setNames(values, layer_names(stem, n_hidden(layers)))
  hidden <- seq_len(n_hidden(layers))
  deltas <- lapply(result$delta, `-`)
  c(
    forward_list(result, layers), list(E = unname(problem$y) - result$activation[[last]]),
    if (!from_logits(problem) && !is.null(slope(last))) list(slope_output_layer = slope(last)),
    named("slope_hidden_layer", lapply(hidden, slope)), list(d_output = deltas[[last]]),
    named("Error_at_hidden_layer", lapply(result$error, `-`)),
    named("d_hiddenlayer", deltas[hidden])
  )
}

# Whether the loss is computed from the input of the output layer.
from_logits <- function(problem) {
  last(layer_activations(problem$layers)) %in% loss_table[[problem$objective$loss]]$from_input
}

#' @rdname nn_forward
#' @export
nn_update <- function(network, gradient, learning_rate) {
  call <- current_env()
  check_given(
    missing(network), "network", "a list of matrices from nn_init() or coef()", call
  )
  check_given(
    missing(gradient), "gradient",
    "a list of matrices with the shapes of the network, from nn_gradient()", call
  )
  check_given(
    missing(learning_rate), "learning_rate", "a positive number, such as 0.1", call
  )
  if (inherits(network, "nn_fit")) network <- coef(network)
  layers <- check_network(network, call)
  units <- layer_units(layers)
  if (!identical(check_network(gradient, call, "gradient"), layers)) {
    abort_argument(c(
      "{.arg gradient} must have the shapes of {.arg network}.",
      x = "The network has layers with {units} units."
    ), call)
  }
  learning_rate <- check_number(learning_rate, "learning_rate", call, least = 0, above = TRUE)
  unflatten_network(
    core_descend(flatten_network(network), flatten_network(gradient), learning_rate), layers
  )
}

#' Draw the mini-batches of an epoch
#'
#' Returns the rows of each mini-batch of an epoch, in the order in which [nn_train()] uses them.
#' The order depends only on the seed of the fit, the epoch and the number of rows. A loop over the
#' batches can therefore reproduce a fit, and resumed training uses the same batches as
#' uninterrupted training. Rows are shuffled by the Fisher-Yates algorithm with random numbers from
#' the counter-based generator Philox.
#'
#' @param seed Seed of the fit, `fit$state$seed`: two whole numbers between 0 and 4294967295.
#' @param epoch Number of the epoch, a whole number of at least 1.
#' @param n Number of rows of the training data, a whole number of at least 1.
#' @param batch_size Number of rows per batch, a whole number of at least 1; the last batch may be
#'   smaller.
#' @return A list of integer vectors, the row numbers of each batch.
#' @section Errors: `backprop_error_argument` for an invalid argument, `backprop_error_input` if an
#'   argument is missing, and `backprop_error_memory` if the row numbers do not fit in memory.
#' @references Salmon, J. K., Moraes, M. A., Dror, R. O. and Shaw, D. E. (2011). Parallel random
#'   numbers: as easy as 1, 2, 3. \doi{10.1145/2063384.2063405}
#' @examples
#' nn_batches(seed = c(1, 2), epoch = 1, n = 10, batch_size = 4)
#' @export
nn_batches <- function(seed, epoch, n, batch_size) {
  call <- current_env()
  check_given(missing(seed), "seed", "the seed of the fit, fit$state$seed", call)
  check_given(missing(epoch), "epoch", "the number of the epoch", call)
  check_given(missing(n), "n", "the number of rows", call)
  check_given(missing(batch_size), "batch_size", "the number of rows per batch", call)
  seed <- check_whole(seed, "seed", call, least = 0, most = 2^32 - 1, many = TRUE)
  if (length(seed) != 2) {
    abort_argument(c(
      "{.arg seed} must be two whole numbers.",
      x = "You supplied {describe(seed)}.",
      i = "For a fit trained with mini-batches, use {.code fit$state$seed}."
    ), call)
  }
  epoch <- check_whole(epoch, "epoch", call)
  n <- check_whole(n, "n", call)
  batch_size <- check_whole(batch_size, "batch_size", call)
  batches <- ceiling(n / batch_size)
  # four integer vectors of n elements (the core's, its copy, a temporary one, the batches), and R's
  # header of each batch
  check_memory(
    16 * n + 64 * batches, "the row numbers", call, "Use fewer rows or larger batches."
  )
  order <- core_row_order(seed, epoch, n)
  lapply(seq_len(batches), function(batch) {
    order[seq((batch - 1) * batch_size + 1, min(batch * batch_size, n))]
  })
}
