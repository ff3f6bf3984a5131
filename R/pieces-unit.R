#' A single unit: its weights, bias and activation function
#'
#' A unit computes the weighted sum of its inputs, adds the bias and applies the activation
#' function. `nn_unit()` creates a unit from its weights; `plot(fit, "perceptron")` draws a unit of
#' a fit in the same way (see [plot.nn_fit()]).
#'
#' @details
#' `plot()` with `"unit"` draws the inputs, one line per weight (positive weights are blue, negative
#' ones orange; the larger the absolute value, the wider the line), the sum, the activation function
#' as a small curve, and the output. With `input`, it also shows the values of one case, and the
#' formula with these values.
#'
#' `plot()` with `"plane"` requires two inputs and draws, for each bias in `b`, the line on which
#' the sum is 0: a change of the bias shifts the line without rotating it. Arrows show the direction
#' in which the sum increases, which is that of the weights. The plane is shaded by the sign of the
#' sum with the first bias. Points are filled if this sum is positive.
#'
#' @param w Weights, one finite number per input. Their names are the names of the inputs (by
#'   default `x1`, `x2`, ...).
#' @param b Bias, a finite number; 0 by default. Several biases are only used by the plot `"plane"`.
#' @param activation Activation function, one of the names in [nn_activations()] except `"softmax"`,
#'   or `"step"` (default): 1 if the sum is positive and 0 otherwise, as in [perceptron()] with
#'   `threshold = 0`.
#' @return `nn_unit()`: a list of class `nn_unit` with the elements `w`, `b`, `activation` and
#'   `output`, the name of the output. `print()` and `plot()` return it invisibly.
#' @section Errors: `backprop_error_argument` for an invalid argument, and if `"plane"` is used for
#'   a unit that does not have two inputs, or whose weights are all 0; `backprop_error_input` if `w`
#'   is missing, and if `data` is not numeric or does not have two columns.
#' @seealso [perceptron()] computes outputs of the step function.
#' @examples
#' umbrella <- nn_unit(c(forecast = 3, clouds = 2, knee = 1), b = -2)
#' umbrella
#' plot(umbrella)
#' plot(umbrella, input = c(1, 0, 1))
#'
#' # A smaller bias turns a logical OR into AND.
#' cases <- expand.grid(x1 = 0:1, x2 = 0:1)
#' plot(nn_unit(c(1, 1), b = c(-0.5, -1, -1.5)), "plane", data = cases)
#' @export
nn_unit <- function(w, b = 0, activation = "step") {
  call <- current_env()
  check_given(missing(w), "w", "the weights, one number per input", call)
  finite <- function(x) is_number(x) && length(x) > 0 && all(is.finite(x))
  if (!finite(w)) {
    abort_argument(c(
      "{.arg w} must be finite numbers, one for each input.",
      x = "You supplied {describe(w)}."
    ), call)
  }
  if (!finite(b)) {
    abort_argument(c("{.arg b} must be a finite number.", x = "You supplied {describe(b)}."), call)
  }
  of_one_unit <- setdiff(names(activation_table)[!activation_field("mixes_units", NA)], "custom")
  check_choice(activation, c("step", of_one_unit), "activation", call)
  new_unit(stats::setNames(as.double(w), names(w)), as.double(b), activation)
}

new_unit <- function(w, b, activation, output = "output") {
  if (is.null(names(w))) names(w) <- paste0("x", seq_along(w))
  structure(list(w = w, b = b, activation = activation, output = output), class = "nn_unit")
}

# The weighted sum plus the bias, and the output of the activation function.
unit_sum <- function(unit, input) sum(unit$w * input) + unit$b[1]
unit_output <- function(unit, z) {
  switch(unit$activation,
    step = as.numeric(z > 0),
    softmax = NULL,
    activation_curve(unit$activation, z)$value
  )
}

# step(3 * forecast + 2 * clouds - 2), or with the values of a case in place of the names
unit_formula <- function(unit, input = NULL, digits = 3) {
  of <- if (is.null(input)) names(unit$w) else format_each(input, digits)
  terms <- c(
    paste0(
      format_each(abs(unit$w), digits), " * ",
      ifelse(!is.null(input) & grepl("^-", of), paste0("(", of, ")"), of)
    ),
    format_each(abs(unit$b[1]), digits)
  )
  signs <- ifelse(c(unit$w, unit$b[1]) < 0, "- ", "+ ")
  signs[1] <- if (unit$w[1] < 0) "-" else ""
  paste0(unit$activation, "(", paste0(signs, terms, collapse = " "), ")")
}
format_each <- function(x, digits) vapply(x, format, "", digits = digits, USE.NAMES = FALSE)

#' @export
print.nn_unit <- function(x, ...) {
  cat("A unit of ", counted(length(x$w), "input"), "\n", sep = "")
  cat(strwrap(paste(x$output, "=", unit_formula(x)), getOption("width"), exdent = 2), sep = "\n")
  if (length(x$b) > 1) cat("Biases: ", paste(format_each(x$b, 3), collapse = ", "), "\n", sep = "")
  invisible(x)
}
