# The table of activations, one row each. Everything else in R is derived from it. The core has a
# row of the same name in src/simd/activation_table.h. Append new rows at the end: saved files refer
# to an activation by its position.

# Makes a row:
#   value, derivative  formulas as text, for nn_activations()
#   code         the value as an expression of z, for exported models (see export-algebra.R)
#   kink         "value" if the slope is discontinuous at 0, "slope" if the slope's own slope is,
#                else "none"
#   flat         the region in which a unit is idle (see flat_where()); NULL for none
#   reach        the range of the value
#   output_only  whether it is restricted to the output layer
#   mixes_units  whether a value depends on the position of the unit or on other units
#   losses       the losses to which it is restricted; NULL for none
#   init         the default initialisation of its layers for fits to a data frame
#   slope_code   a function of the names of the value and of the weighted sum that returns the
#                derivative as R code, for nn_trace()
#   parsnip      its name in parsnip, if different
activation_row <- function(value, derivative, code, kink = "none", flat = NULL,
                           reach = c(-Inf, Inf), output_only = FALSE, mixes_units = FALSE,
                           losses = NULL, init = "he_normal", slope_code = NULL, parsnip = NULL) {
  list(
    value = value, derivative = derivative, code = code, kink = kink, flat = flat, reach = reach,
    output_only = output_only, mixes_units = mixes_units, losses = losses, init = init,
    slope_code = slope_code, parsnip = parsnip
  )
}

# The word for an idle unit, the slope as a function of the unit's value a, relative to the steepest
# slope (or a quantity that is 0 where the slope is), and the steepest slope.
flat_where <- function(word, steepness, steepest = 1) {
  list(word = word, steepness = steepness, steepest = steepest)
}

activation_table <- list(
  sigmoid = activation_row(
    "1 / (1 + exp(-z))", "a (1 - a)", quote(sigmoid(z)),
    flat = flat_where("saturated", function(a) 4 * a * (1 - a), steepest = 1 / 4),
    reach = c(0, 1), init = "glorot_normal",
    slope_code = function(a, z) paste0("derivatives_sigmoid(", a, ")")
  ),
  tanh = activation_row(
    "tanh(z)", "1 - a^2", quote(tanh(z)),
    flat = flat_where("saturated", function(a) 1 - a * a), reach = c(-1, 1),
    init = "glorot_normal", slope_code = function(a, z) paste0("1 - ", a, "^2")
  ),
  relu = activation_row(
    "max(z, 0)", "1 where a > 0, else 0", quote(relu(z)),
    kink = "value", flat = flat_where("dead", function(a) a > 0), reach = c(0, Inf),
    slope_code = function(a, z) paste0("1 * (", a, " > 0)")
  ),
  leaky_relu = activation_row(
    "max(z, 0.01 z)", "1 where a > 0, else 0.01", quote(where(z, z, 0.01 * z)),
    kink = "value",
    slope_code = function(a, z) paste0("ifelse(", a, " > 0, 1, 0.01)")
  ),
  elu = activation_row(
    "z where z > 0, else exp(z) - 1", "1 where a > 0, else a + 1", quote(where(z, z, expm1(z))),
    kink = "slope", flat = flat_where("dead", function(a) 1 + a * (a < 0)),
    slope_code = function(a, z) paste0("ifelse(", a, " > 0, 1, ", a, " + 1)")
  ),
  selu = activation_row(
    "1.0507 z where z > 0, else 1.7581 (exp(z) - 1)", "1.0507 where a > 0, else a + 1.7581",
    quote(where(z, 1.0507009873554804934 * z, 1.7580993408473768599 * expm1(z))),
    kink = "value", flat = flat_where("dead", function(a) 1 + a * (a < 0) / 1.7580993408473766),
    slope_code = function(a, z) {
      paste0("ifelse(", a, " > 0, 1.0507009873554805, ", a, " + 1.7580993408473766)")
    }
  ),
  gelu = activation_row(
    "z pnorm(z)", "pnorm(z) + z dnorm(z)", quote(z * normal(z)),
    flat = flat_where("dead", abs),
    slope_code = function(a, z) paste0("pnorm(", z, ") + ", z, " * dnorm(", z, ")")
  ),
  silu = activation_row(
    "z / (1 + exp(-z))", "s + z s (1 - s), s = sigmoid(z)", quote(z * composed_sigmoid(z)),
    flat = flat_where("dead", abs), parsnip = "swish",
    slope_code = function(a, z) paste0("sigmoid(", z, ") + ", a, " * (1 - sigmoid(", z, "))")
  ),
  softplus = activation_row(
    "log(1 + exp(z))", "1 - exp(-a)", quote(where(z, z, 0 * z) + log1p(exp(-abs(z)))),
    flat = flat_where("dead", function(a) 1 - exp(-a)), reach = c(0, Inf),
    slope_code = function(a, z) paste0("1 - exp(-", a, ")")
  ),
  identity = activation_row(
    "z", "1", quote(z),
    slope_code = function(a, z) "1", parsnip = "linear"
  ),
  exp = activation_row(
    "exp(z)", "a", quote(exp(z)),
    reach = c(0, Inf), output_only = TRUE,
    slope_code = function(a, z) a
  ),
  softmax = activation_row(
    "exp(z) / sum(exp(z))", "a_i (1[i = j] - a_j)", NULL,
    reach = c(0, 1), output_only = TRUE, mixes_units = TRUE
  ),
  mish = activation_row(
    "z tanh(log(1 + exp(z)))", "t + z (1 - t^2) s, t = tanh(log(1 + exp(z))), s = sigmoid(z)",
    quote(z * tanh(where(z, z, 0 * z) + log1p(exp(-abs(z))))),
    flat = flat_where("dead", abs),
    slope_code = function(a, z) {
      t <- paste0("tanh(log1p(exp(", z, ")))")
      paste0(t, " + ", z, " * (1 - ", t, "^2) * sigmoid(", z, ")")
    }
  ),
  mean_sd = activation_row(
    "z_1, exp(z_2)", "1, a_2", list(quote(z), quote(exp(z))),
    output_only = TRUE, mixes_units = TRUE, losses = "gaussian"
  ),
  mean_precision = activation_row(
    "1 / (1 + exp(-z_1)), exp(z_2)", "a_1 (1 - a_1), a_2", list(quote(sigmoid(z)), quote(exp(z))),
    reach = c(0, Inf), output_only = TRUE, mixes_units = TRUE, losses = "beta"
  ),
  increasing = activation_row(
    "z_1, a_(i - 1) + log(1 + exp(z_i))", "1[i >= j] s_j, s_1 = 1, s_j = 1 / (1 + exp(-z_j))", NULL,
    output_only = TRUE, mixes_units = TRUE, losses = "quantile"
  ),
  ordered = activation_row(
    "1 / (1 + exp(-c_i)), c_1 = z_1, c_i = c_(i - 1) - log(1 + exp(z_i))",
    "1[i >= j] a_i (1 - a_i) s_j, s_1 = 1, s_j = -1 / (1 + exp(-z_j))", NULL,
    reach = c(0, 1), output_only = TRUE, mixes_units = TRUE, losses = "cumulative"
  ),
  # a function of the user, see network-custom.R
  custom = activation_row("value(z)", "derivative(z)", NULL, losses = "none")
)

# One field of all rows, named by row.
activation_field <- function(field, what = "") {
  vapply(activation_table, `[[`, what, field)
}
# The default initialisation of layers with this activation.
init_for <- function(activation) {
  row <- if (is.character(activation) && length(activation) == 1) activation_table[[activation]]
  if (is.null(row)) "he_normal" else row$init
}
named_activations <- setdiff(names(activation_table), "custom")
inner_activations <- setdiff(
  names(activation_table)[!activation_field("output_only", NA)], "custom"
)

# The table of the help page, in Markdown.
activation_help <- function() {
  rows <- vapply(named_activations, function(name) {
    row <- activation_table[[name]]
    used <- if (!row$output_only) {
      "any"
    } else {
      paste(c("output", if (!is.null(row$losses)) paste("for", row$losses)), collapse = " ")
    }
    paste0("| `\"", name, "\"` | `", row$value, "` | ", used, " |")
  }, "")
  paste(c("| activation | value | layers |", "|---|---|---|", rows), collapse = "\n")
}

#' List the activation functions
#'
#' Returns a table of the activation functions that the arguments `activation` and
#' `output_activation` accept: the name, the value `a` in terms of the weighted sum `z`, and the
#' derivative, in terms of `a` if possible. At a kink (0), the derivative is the left derivative.
#' `plot()` draws the activation functions and their derivatives. Output activations that belong to
#' a loss with several outputs for an outcome, such as `"mean_sd"`, are described in [nn_losses].
#'
#' `r activation_help()`
#'
#' @return A data frame of class `nn_activations` with one row per activation function and the
#'   columns `name`, `value` and `derivative` (formulas as text), `kink` (whether the function has a
#'   point without a derivative) and `output_only` (whether it can only be used in the output
#'   layer). There are no errors.
#' @references
#' Clevert, Unterthiner and Hochreiter (2016), elu, \doi{10.48550/arXiv.1511.07289}.
#' Hendrycks and Gimpel (2016), gelu and silu, \doi{10.48550/arXiv.1606.08415}.
#' Klambauer, Unterthiner, Mayr and Hochreiter (2017), selu, \doi{10.48550/arXiv.1706.02515}.
#' Misra (2019), mish, \doi{10.48550/arXiv.1908.08681}.
#' @seealso [plot.nn_activations()], [sigmoid()], [nn_train()]
#' @examples
#' nn_activations()[c("name", "derivative")]
#' plot(nn_activations())
#' @export
nn_activations <- function() {
  table <- data.frame(
    name = names(activation_table), value = activation_field("value"),
    derivative = activation_field("derivative"), kink = activation_field("kink") == "value",
    output_only = activation_field("output_only", NA), row.names = NULL
  )
  table <- table[lengths(lapply(activation_table, `[[`, "losses")) == 0, ]
  class(table) <- c("nn_activations", class(table))
  table
}

# The value of an activation at z, and its derivative there; the softmax for two outputs, z and 0.
activation_curve <- function(name, z) {
  if (name == "softmax") name <- "sigmoid"
  a <- core_activation(name, z, FALSE)
  list(value = a, slope = core_slope(name, z, a))
}

#' Compute the sigmoid and its derivative
#'
#' `sigmoid()` is the logistic function `1 / (1 + exp(-x))`, with values between 0 and 1.
#' `derivatives_sigmoid()` is its derivative *as a function of the value of the sigmoid*: its
#' argument is the activation `a = sigmoid(x)`, not `x`. Back-propagation stores `a` in the forward
#' pass, and `a * (1 - a)` needs no exponential.
#'
#' @param x A numeric vector, matrix or array. `NA` and `NaN` are returned unchanged.
#' @param a Activations, the values of `sigmoid()`, between 0 and 1: a numeric vector, matrix or
#'   array.
#' @return Numbers with the shape and names of the argument: between 0 and 1 for `sigmoid()`, and
#'   between 0 and 1/4 for `derivatives_sigmoid()` of values between 0 and 1.
#' @section Errors: `backprop_error_input` if the argument is missing or not numeric.
#' @seealso [nn_activations()] for the other activations.
#' @examples
#' sigmoid(c(-2, 0, 2))
#' derivatives_sigmoid(sigmoid(c(-2, 0, 2)))
#'
#' # The derivative by central differences
#' (sigmoid(2 + 1e-6) - sigmoid(2 - 1e-6)) / 2e-6
#' derivatives_sigmoid(sigmoid(2))
#' @export
sigmoid <- function(x) {
  check_given(missing(x), "x", "a numeric vector, matrix or array", current_env())
  check_numbers(x, "x", current_env())
  x[] <- core_activation("sigmoid", as.double(x), FALSE)
  x
}

#' @rdname sigmoid
#' @export
derivatives_sigmoid <- function(a) {
  check_given(missing(a), "a", "the values of sigmoid()", current_env())
  check_numbers(a, "a", current_env())
  a * (1 - a)
}
