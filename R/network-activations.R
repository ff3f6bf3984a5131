# The table of activations, in the order of the core's (src/simd/types.h).
activation_table <- data.frame(
  name = c(
    "sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "softplus", "identity",
    "exp", "softmax"
  ),
  value = c(
    "1 / (1 + exp(-z))", "tanh(z)", "max(z, 0)", "max(z, 0.01 z)", "z where z > 0, else exp(z) - 1",
    "1.0507 z where z > 0, else 1.7581 (exp(z) - 1)", "z pnorm(z)", "z / (1 + exp(-z))",
    "log(1 + exp(z))", "z", "exp(z)", "exp(z) / sum(exp(z))"
  ),
  derivative = c(
    "a (1 - a)", "1 - a^2", "1 where a > 0, else 0", "1 where a > 0, else 0.01",
    "1 where a > 0, else a + 1", "1.0507 where a > 0, else a + 1.7581", "pnorm(z) + z dnorm(z)",
    "s + z s (1 - s), s = sigmoid(z)", "1 - exp(-a)", "1", "a", "a_i (1[i = j] - a_j)"
  ),
  kink = c(FALSE, FALSE, TRUE, TRUE, FALSE, TRUE, FALSE, FALSE, FALSE, FALSE, FALSE, FALSE),
  output_only = rep(c(FALSE, TRUE), c(10, 2))
)

# The core's number for an activation, counted from 0.
activation_code <- function(name) match(name, activation_table$name) - 1L

#' The table of activations
#'
#' What a unit makes of its weighted sum `z`. Each activation is a row: its name, which is what
#' `activation` and `output_activation` take everywhere, its value `a`, and its derivative, in terms
#' of the output `a` where that is possible. Where a function has a kink (at 0), the derivative is
#' the one from the left.
#'
#' `plot()` draws each of them and its derivative.
#'
#' @return A data frame of class `nn_activations` with a row for each activation and the columns
#'   `name`, `value` and `derivative` (formulas as text), `kink` (is there a point without a
#'   derivative?) and `output_only` (can it stand in the last layer alone?). There are no errors.
#' @references
#' Clevert, Unterthiner and Hochreiter (2016), elu, \doi{10.48550/arXiv.1511.07289}.
#' Hendrycks and Gimpel (2016), gelu and silu, \doi{10.48550/arXiv.1606.08415}.
#' Klambauer, Unterthiner, Mayr and Hochreiter (2017), selu, \doi{10.48550/arXiv.1706.02515}.
#' @seealso [plot.nn_activations()], [sigmoid()], [nn_train()]
#' @examples
#' nn_activations()[c("name", "derivative")]
#' plot(nn_activations())
#' @export
nn_activations <- function() {
  structure(activation_table, class = c("nn_activations", "data.frame"))
}

# The value of an activation at z, and its derivative there; the softmax for two outputs, z and 0.
activation_curve <- function(name, z) {
  code <- activation_code(if (name == "softmax") "sigmoid" else name)
  a <- core_activation(code, z, FALSE)
  list(value = a, slope = core_slope(code, z, a))
}

#' The sigmoid and its derivative
#'
#' `sigmoid()` is the logistic function, `1 / (1 + exp(-x))`, which maps every number to one between
#' 0 and 1. `derivatives_sigmoid()` is its derivative *in terms of the sigmoid's value*: give it the
#' activation `a`, not `x`. Back-propagation has `a` at hand from the forward pass, and
#' `a * (1 - a)` needs no exponential.
#'
#' @param x Numbers of any size, a vector, matrix or array. `NA` and `NaN` stay what they are.
#' @param a Activations: what `sigmoid()` returned, between 0 and 1.
#' @return Numbers of the shape of the argument, names kept: for `sigmoid()` between 0 and 1, for
#'   `derivatives_sigmoid()` between 0 and 1/4 for arguments between 0 and 1.
#' @section Errors: `backprop_error_input` where the argument is missing or not numeric.
#' @seealso [nn_activations()] for the other activations.
#' @examples
#' sigmoid(c(-2, 0, 2))
#' derivatives_sigmoid(sigmoid(c(-2, 0, 2)))
#'
#' # the derivative by a small difference
#' (sigmoid(2 + 1e-6) - sigmoid(2 - 1e-6)) / 2e-6
#' @export
sigmoid <- function(x) {
  check_given(missing(x), "x", "numbers", current_env())
  check_numbers(x, "x", current_env())
  x[] <- core_activation("sigmoid", as.double(x), FALSE)
  x
}

#' @rdname sigmoid
#' @export
derivatives_sigmoid <- function(a) {
  check_given(missing(a), "a", "activations, as sigmoid() returns them", current_env())
  check_numbers(a, "a", current_env())
  a * (1 - a)
}

# The activation of each hidden layer and of the output, checked and recycled.
check_activations <- function(activation, output_activation, hidden_layers, call) {
  inner <- activation_table$name[!activation_table$output_only]
  if (is.null(activation)) activation <- "sigmoid"
  if (!is.character(activation) || !length(activation) %in% c(1, hidden_layers) ||
    length(activation) == 0) {
    abort_argument(c(
      paste0(
        "{.arg activation} must be one name, or one for each hidden layer, ",
        "of which there {?is/are} {hidden_layers}."
      ),
      x = "It is {describe(activation)}."
    ), call)
  }
  for (name in activation) {
    if (identical(name, "softmax") || identical(name, "exp")) {
      abort_argument(c(
        "{.val {name}} is an activation of the output layer only.",
        i = "For hidden layers there are {.or {.val {inner}}}."
      ), call)
    }
    check_choice(name, inner, "activation", call)
  }
  if (is.null(output_activation)) output_activation <- "sigmoid"
  list(
    activation = rep_len(activation, hidden_layers),
    output_activation = check_choice(
      output_activation, activation_table$name, "output_activation", call
    )
  )
}
