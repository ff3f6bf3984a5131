# The ways to draw initial weights, one row each: functions that draw the weights and the biases of
# a layer.

# Weights with mean 0 and a variance that preserves the scale of the signal; biases are 0.
scaled_init <- function(uniform, variance) {
  list(
    weights = function(inputs, units) {
      deviation <- sqrt(variance(inputs, units))
      count <- inputs * units
      if (uniform) runif(count, -1, 1) * sqrt(3) * deviation else rnorm(count, 0, deviation)
    },
    biases = numeric
  )
}
glorot_variance <- function(inputs, units) 2 / (inputs + units)
he_variance <- function(inputs, units) 2 / inputs
lecun_variance <- function(inputs, units) 1 / inputs

init_table <- list(
  tutorial = list(weights = function(inputs, units) rnorm(inputs * units), biases = stats::runif),
  glorot_uniform = scaled_init(TRUE, glorot_variance),
  glorot_normal = scaled_init(FALSE, glorot_variance),
  he_uniform = scaled_init(TRUE, he_variance),
  he_normal = scaled_init(FALSE, he_variance),
  lecun_uniform = scaled_init(TRUE, lecun_variance),
  lecun_normal = scaled_init(FALSE, lecun_variance)
)

draw_network <- function(layers, init = "tutorial") {
  row <- init_table[[init]]
  drawn <- numeric()
  for (layer in layers) {
    weights <- row$weights(layer$inputs, layer$units)
    drawn <- c(drawn, weights, row$biases(layer$units))
  }
  unflatten_network(drawn, layers)
}

#' Draw the initial weights of a network
#'
#' Step 1 of the tutorial: weights from the standard normal distribution, biases uniform between 0
#' and 1, drawn from R's generator in the tutorial's order, layer by layer: `wh`, `bh`, `wout`,
#' `bout`. After the same `set.seed()`, [nn_train()] starts from the same weights. The other methods
#' keep the variance of the signal from layer to layer, which deep networks need; their biases are
#' 0.
#'
#' @param n_inputs Number of inputs (columns of `X`), a whole number of at least 1.
#' @param n_outputs Number of outputs (columns of `y`), a whole number of at least 1.
#' @param hidden Number of units in each hidden layer, one whole number per layer; `0` for no hidden
#'   layer. 3 by default, as in the tutorial.
#' @param init Method for drawing the weights: `"tutorial"` (default), or with mean 0 and, for a
#'   layer with `i` inputs and `u` units, the variance `2 / (i + u)` (`"glorot_uniform"`,
#'   `"glorot_normal"`; for sigmoid and tanh), `2 / i` (`"he_uniform"`, `"he_normal"`; for relu and
#'   similar activations) or `1 / i` (`"lecun_uniform"`, `"lecun_normal"`; for selu).
#' @param skip Whether the inputs are also connected directly to the output layer; `FALSE` by
#'   default. `wout` then has `n_inputs` further rows, after those of the hidden units.
#' @return A list of matrices, weights with one row per input and one column per unit, biases
#'   with one row: `wh` (n_inputs x hidden), `bh` (1 x hidden), `wout` (hidden x n_outputs) and
#'   `bout` (1 x n_outputs). With more hidden layers `wh1`, `bh1`, `wh2`, `bh2`, ..., `wout`,
#'   `bout`; with none `wout` (n_inputs x n_outputs) and `bout`.
#' @section Errors and messages: `backprop_error_argument` if an argument is not a whole number in
#'   its range, and `backprop_error_memory` if the matrices do not fit in memory. A message of class
#'   `backprop_message_sizes` with the numbers of units if `hidden` is supplied by position and is
#'   less than `n_outputs`, because its place may be mistaken: `nn_init(4, 3, 1)` has 3 outputs and
#'   1 hidden unit.
#' @references Glorot and Bengio (2010), *Proceedings of Machine Learning Research*, 9, 249-256. He,
#'   Zhang, Ren and Sun (2015), \doi{10.1109/ICCV.2015.123}. LeCun, Bottou, Orr and Mueller (1998),
#'   \doi{10.1007/3-540-49430-8_2}.
#' @seealso [nn_forward()], [nn_backward()] and [nn_update()] for the other steps of training.
#' @examples
#' set.seed(1)
#' nn_init(n_inputs = 4, n_outputs = 1, hidden = 3)
#' @export
nn_init <- function(n_inputs, n_outputs, hidden = 3, init = "tutorial", skip = FALSE) {
  call <- current_env()
  check_given(missing(n_inputs), "n_inputs", "the number of inputs", call)
  check_given(missing(n_outputs), "n_outputs", "the number of outputs", call)
  by_position <- !missing(hidden) && !names_argument(sys.call(), "hidden")
  hidden <- check_hidden(hidden, call)
  layers <- dense_layers(
    c(check_whole(n_inputs, "n_inputs", call), hidden, check_whole(n_outputs, "n_outputs", call)),
    skip = check_skip(skip, hidden, call)
  )
  init <- check_choice(init, names(init_table), "init", call)
  check_memory(8 * n_parameters(layers), "the weights", call)
  if (by_position && length(hidden) == 1 && hidden < n_outputs) {
    cli::cli_inform(c(
      paste0(
        "The network has {n_inputs} input{?s}, {hidden} hidden unit{?s} and {n_outputs} ",
        "output{?s}: the third argument is {.arg hidden}."
      ),
      i = "Name the arguments: {.code nn_init(n_inputs = , n_outputs = , hidden = )}."
    ), class = "backprop_message_sizes")
  }
  draw_network(layers, init)
}

# Whether a call names this argument, or may do so in its dots.
names_argument <- function(call, name) {
  given <- names2(as.list(call)[-1])
  any(startsWith(name, given[nzchar(given)])) || any(vapply(call[-1], identical, NA, quote(...)))
}
