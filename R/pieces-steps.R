#' The pieces of training: forward, backward, update
#'
#' One epoch of full-batch training is these three calls in a row, and a loop over them gives what
#' [nn_train()] gives, to the last bit. `nn_forward()` does steps 2 to 4 of the tutorial,
#' `nn_backward()` steps 2 to 9 and the gradient, `nn_update()` steps 10 and 11.
#'
#' The signs are the tutorial's: `E` is `y - output`, so `d_output` and `d_hiddenlayer` are *minus*
#' the derivative of the loss to a layer's input. `gradient` is the derivative of the loss itself,
#' that is `-t(hiddenlayer_activations) %*% d_output` for `wout`, and the update subtracts it: the
#' tutorial's `wout + t(hiddenlayer_activations) %*% d_output * learning_rate`.
#'
#' With another loss than squared error, `E` is still `y - output` and `d_output` minus the
#' derivative of the rows' losses, times their weights; where the loss is computed from the layer's
#' input (cross-entropy; Poisson with the output exp) that derivative is `output - y` itself, and
#' there is no `slope_output_layer`. Reduction and penalty come in with `gradient` alone.
#'
#' @inheritParams nn_loss
#' @param gradient A list of matrices of the network's names and shapes:
#'   `nn_backward(...)$gradient`, or what [nn_gradient()] returns.
#' @param learning_rate The step's length per unit of gradient, one positive number; the tutorial's
#'   is 0.1.
#' @return `nn_forward()`: a list with, for each hidden layer, `hidden_layer_input` and
#'   `hiddenlayer_activations` (n x units), then `output_layer_input` and `output` (n x outputs).
#'   With more than one hidden layer the names are numbered: `hidden_layer_input1`, ....
#'
#'   `nn_backward()`: the same, then `E` and `slope_output_layer` (n x outputs; the latter is absent
#'   for softmax, whose outputs depend on each other), `slope_hidden_layer` (n x units, for each
#'   layer), `d_output` (n x outputs), `Error_at_hidden_layer` and `d_hiddenlayer` (n x units, for
#'   each layer), and `gradient`, a list of matrices of the network's names and shapes.
#'
#'   `nn_update()`: the network after the step, a list of matrices.
#' @section Errors: `backprop_error_input` for data that are not as described, or an argument that
#'   is missing; `backprop_error_argument` for a network, gradient, activation or rate that is not
#'   as described, and for a fit made with offsets where `offset` is not given.
#' @references Rumelhart, D. E., Hinton, G. E. and Williams, R. J. (1986). Learning representations
#'   by back-propagating errors. *Nature*, 323, 533-536. \doi{10.1038/323533a0}
#' @seealso [nn_init()] for the first weights; [nn_trace()] shows all steps at once.
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
                       ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_forward)))
  check_network_and_inputs(network, X, offset, call)
  seen <- seen_by(network, X, NULL, offset, call)
  net <- as_network(network, activation, output_activation, call, inputs = ncol(seen$X))
  offset <- check_offset(seen$offset, nrow(seen$X), n_outputs(net$layers), call)
  forward_list(core_forward(net$layers, net$weights, seen$X, offset, TRUE, FALSE), net$layers)
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
                        offset = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_backward)))
  problem <- loss_problem(
    network, X, y, activation, output_activation, loss, reduction, penalty, penalty_l1, weights,
    offset, call
  )
  result <- evaluate(problem, gradient = TRUE, all = TRUE)
  c(
    backward_list(problem, result),
    list(gradient = unflatten_network(result$gradient, problem$layers))
  )
}

# What core_backward() returned of all layers, under the names of the steps: hidden_layer_input,
# ..., d_hiddenlayer.
backward_list <- function(problem, result) {
  layers <- problem$layers
  last <- length(layers)
  slope <- function(l) {
    name <- layers[[l]]$activation
    if (activation_table[[name]]$mixes_units) {
      return(NULL)
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

# Is the loss computed from the output layer's input, so that its derivative there is the output
# minus the target?
from_logits <- function(problem) {
  last(layer_activations(problem$layers)) %in% loss_table[[problem$objective$loss]]$from_input
}

#' @rdname nn_forward
#' @export
nn_update <- function(network, gradient, learning_rate) {
  call <- current_env()
  check_given(
    missing(network), "network", "a list of matrices as nn_init() and coef() return", call
  )
  check_given(
    missing(gradient), "gradient",
    "a list of matrices of the network's shapes, as nn_gradient() returns", call
  )
  check_given(
    missing(learning_rate), "learning_rate", "a positive number; the tutorial's is 0.1", call
  )
  if (inherits(network, "nn_fit")) network <- coef(network)
  layers <- check_network(network, call)
  units <- layer_units(layers)
  if (!identical(check_network(gradient, call, "gradient"), layers)) {
    abort_argument(c(
      "{.arg gradient} must have the shapes of {.arg network}.",
      x = "The network has layers of {units} units."
    ), call)
  }
  learning_rate <- check_number(learning_rate, "learning_rate", call, least = 0, above = TRUE)
  unflatten_network(
    core_descend(flatten_network(network), flatten_network(gradient), learning_rate), layers
  )
}

#' The order of the rows in an epoch
#'
#' Mini-batches take the rows in a new order in each epoch. The order is a function of the fit's
#' seed, the epoch and the number of rows alone, so that a plain loop can follow what [nn_train()]
#' does, and a run in pieces sees the rows that a run in one piece sees. It is a Fisher-Yates
#' shuffle fed by the Philox counter-based generator.
#'
#' @param seed The fit's seed, `fit$state$seed`: two whole numbers from 0 to 4294967295.
#' @param epoch Which epoch, a whole number from 1.
#' @param n The number of rows, a whole number of at least 1.
#' @param batch_size Rows in a batch, a whole number of at least 1; the last batch may be shorter.
#' @return A list of integer vectors, the rows of each batch in turn.
#' @section Errors: `backprop_error_argument` where an argument is not as described,
#'   `backprop_error_input` where one is missing, and `backprop_error_memory` where the order cannot
#'   fit.
#' @references Salmon, J. K., Moraes, M. A., Dror, R. O. and Shaw, D. E. (2011). Parallel random
#'   numbers: as easy as 1, 2, 3. \doi{10.1145/2063384.2063405}
#' @examples
#' nn_batches(seed = c(1, 2), epoch = 1, n = 10, batch_size = 4)
#' @export
nn_batches <- function(seed, epoch, n, batch_size) {
  call <- current_env()
  check_given(missing(seed), "seed", "the fit's, fit$state$seed", call)
  check_given(missing(epoch), "epoch", "which epoch", call)
  check_given(missing(n), "n", "the number of rows", call)
  check_given(missing(batch_size), "batch_size", "the number of rows in a batch", call)
  seed <- check_whole(seed, "seed", call, least = 0, most = 2^32 - 1, many = TRUE)
  if (length(seed) != 2) {
    abort_argument(c(
      "{.arg seed} must be two whole numbers.",
      i = "A fit made with mini-batches holds them in {.code fit$state$seed}."
    ), call)
  }
  epoch <- check_whole(epoch, "epoch", call)
  n <- check_whole(n, "n", call)
  batch_size <- check_whole(batch_size, "batch_size", call)
  batches <- ceiling(n / batch_size)
  # numbers of 4 bytes: the core's, its copy, 1 more, the batches; and what R adds to each vector
  check_memory(
    16 * n + 64 * batches, "the order of these rows", call, "Use fewer rows or larger batches."
  )
  order <- core_row_order(seed, epoch, n)
  lapply(seq_len(batches), function(batch) {
    order[seq((batch - 1) * batch_size + 1, min(batch * batch_size, n))]
  })
}
