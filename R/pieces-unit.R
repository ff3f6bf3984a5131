#' One unit: its weights, bias and activation, to print and draw
#'
#' A unit weighs its inputs, adds its bias and passes the sum through its activation. `nn_unit()`
#' takes these as they are; `plot(fit, "perceptron")` draws a unit of a fit in the same way (see
#' [plot.nn_fit()]).
#'
#' `plot()` draws the unit (`"unit"`): inputs at the left, a line for each weight, blue above 0 and
#' orange below, the wider the larger; the sum with its bias; the activation as a small curve; and
#' the output. With `input`, the values of one case are written in, with the formula below.
#'
#' `"plane"` draws, for a unit of two inputs, the lines where the sum is 0 for each bias in `b`: a
#' bias moves the line without turning it. The arrow points to the side of larger sums, in the
#' direction of the weights. Where `data` are given they are drawn as points, filled where the sum
#' with the first bias is above 0.
#'
#' @param w The weights, finite numbers, one for each input; their names are those of the inputs
#'   (`x1`, `x2` and so on where they have none).
#' @param b The bias, one finite number; 0 by default. More than one only for the picture `"plane"`.
#' @param activation One name of [nn_activations()] except `"softmax"`, or `"step"` (the default): 1
#'   where the sum is above 0, else 0, as in [perceptron()], whose `threshold` is `-b` here.
#' @return `nn_unit()`: a list of class `nn_unit` with `w`, `b` and `activation`. `print()` and
#'   `plot()` return it, invisibly.
#' @section Errors: `backprop_error_argument` where an argument is not as described, and where
#'   `"plane"` is asked of a unit that has not two inputs, or whose weights are all 0;
#'   `backprop_error_input` where `data` are not numeric or have not two columns.
#' @seealso [perceptron()] for its answers.
#' @examples
#' umbrella <- nn_unit(c(forecast = 3, clouds = 2, knee = 1), b = -2)
#' umbrella
#' plot(umbrella)
#' plot(umbrella, input = c(1, 0, 1))
#'
#' # The line of a logical OR becomes that of AND where the bias moves it.
#' cases <- expand.grid(x1 = 0:1, x2 = 0:1)
#' plot(nn_unit(c(1, 1), b = c(-0.5, -1, -1.5)), "plane", data = cases)
#' @export
nn_unit <- function(w, b = 0, activation = "step") {
  call <- current_env()
  check_given(missing(w), "w", "the weights, a number for each input", call)
  finite <- function(x) is_number(x) && length(x) > 0 && all(is.finite(x))
  if (!finite(w)) {
    abort_argument(c(
      "{.arg w} must be finite numbers, one for each input.",
      x = "It is {describe(w)}."
    ), call)
  }
  if (!finite(b)) {
    abort_argument(c("{.arg b} must be a finite number.", x = "It is {describe(b)}."), call)
  }
  check_choice(activation, c("step", setdiff(names(activation_table), "softmax")), "activation", call)
  new_unit(stats::setNames(as.double(w), names(w)), as.double(b), activation)
}

new_unit <- function(w, b, activation, output = "output") {
  if (is.null(names(w))) names(w) <- paste0("x", seq_along(w))
  structure(list(w = w, b = b, activation = activation, output = output), class = "nn_unit")
}

# The sum of the products and the bias, and what the activation makes of it.
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
