# Draws the first weights of a network. `init` names a row: the standard deviation of a layer's
# weights from its inputs and units, and the shape of the distribution. Biases are 0, but for the
# tutorial's, which are uniform between 0 and 1.
init_table <- list(
  glorot_uniform = list(
    deviation = function(inputs, units) sqrt(2 / (inputs + units)), uniform = TRUE
  ),
  glorot_normal = list(
    deviation = function(inputs, units) sqrt(2 / (inputs + units)), uniform = FALSE
  ),
  he_uniform = list(deviation = function(inputs, units) sqrt(2 / inputs), uniform = TRUE),
  he_normal = list(deviation = function(inputs, units) sqrt(2 / inputs), uniform = FALSE),
  lecun_uniform = list(deviation = function(inputs, units) sqrt(1 / inputs), uniform = TRUE),
  lecun_normal = list(deviation = function(inputs, units) sqrt(1 / inputs), uniform = FALSE)
)

init_names <- c("tutorial", names(init_table))

draw_network <- function(units, init = "tutorial") {
  layers <- length(units) - 1
  network <- vector("list", 2 * layers)
  for (layer in seq_len(layers)) {
    inputs <- units[layer]
    outputs <- units[layer + 1]
    row <- init_table[[init]]
    drawn <- if (is.null(row)) {
      rnorm(inputs * outputs)
    } else if (row$uniform) {
      runif(inputs * outputs, -1, 1) * sqrt(3) * row$deviation(inputs, outputs)
    } else {
      rnorm(inputs * outputs, 0, row$deviation(inputs, outputs))
    }
    biases <- if (is.null(row)) runif(outputs) else numeric(outputs)
    dim(drawn) <- c(inputs, outputs)
    dim(biases) <- c(1, outputs)
    network[[2 * layer - 1]] <- drawn
    network[[2 * layer]] <- biases
  }
  names(network) <- network_names(layers - 1)
  network
}

#' Draw the first weights of a network
#'
#' Step 1 of the tutorial: weights from the standard normal distribution, biases uniform between 0
#' and 1, drawn from R's generator in the tutorial's order, layer by layer: `wh`, `bh`, `wout`,
#' `bout`. After the same `set.seed()`, [nn_train()] starts from these very numbers. The other ways
#' to draw keep the size of the signal from layer to layer, which deep networks need; their biases
#' are 0.
#'
#' @param n_inputs How many inputs (columns of `X`), a whole number of at least 1.
#' @param n_outputs How many outputs (columns of `y`), a whole number of at least 1.
#' @param hidden How many units in each hidden layer: one whole number for one layer, more for more
#'   layers, `0` for none. 3 by default, as in the tutorial.
#' @param init How to draw: `"tutorial"` (the default), or with mean 0 and, for a layer of `i`
#'   inputs and `u` units, the variance `2 / (i + u)` (`"glorot_uniform"`, `"glorot_normal"`; for
#'   sigmoid and tanh), `2 / i` (`"he_uniform"`, `"he_normal"`; for relu and its kin) or `1 / i`
#'   (`"lecun_uniform"`, `"lecun_normal"`; for selu).
#' @return A list of matrices, weights with a row for each input and a column for each unit, biases
#'   with one row: `wh` (n_inputs x hidden), `bh` (1 x hidden), `wout` (hidden x n_outputs) and
#'   `bout` (1 x n_outputs). With more hidden layers `wh1`, `bh1`, `wh2`, `bh2`, ..., `wout`,
#'   `bout`; with none `wout` (n_inputs x n_outputs) and `bout`.
#' @section Errors: `backprop_error_argument` where an argument is not a whole number in its range,
#'   and `backprop_error_memory` where the matrices cannot fit.
#' @references Glorot and Bengio (2010), *Proceedings of Machine Learning Research*, 9, 249-256. He,
#'   Zhang, Ren and Sun (2015), \doi{10.1109/ICCV.2015.123}. LeCun, Bottou, Orr and Mueller (1998),
#'   \doi{10.1007/3-540-49430-8_2}.
#' @seealso [nn_forward()], [nn_backward()] and [nn_update()], the other pieces.
#' @examples
#' set.seed(1)
#' nn_init(n_inputs = 4, n_outputs = 1, hidden = 3)
#' @export
nn_init <- function(n_inputs, n_outputs, hidden = 3, init = "tutorial") {
  call <- current_env()
  check_given(missing(n_inputs), "n_inputs", "the number of inputs", call)
  check_given(missing(n_outputs), "n_outputs", "the number of outputs", call)
  units <- c(
    check_whole(n_inputs, "n_inputs", call), check_hidden(hidden, call),
    check_whole(n_outputs, "n_outputs", call)
  )
  init <- check_choice(init, init_names, "init", call)
  check_memory(8 * shape_parameters(list(units = units)), "the weights", call)
  draw_network(units, init)
}
