#' Compute the output of a perceptron
#'
#' A perceptron multiplies its inputs by weights, adds a bias, and returns 1 if the sum exceeds a
#' threshold and 0 otherwise: `sum(w * x) + b > threshold`. The tutorial introduces it in three
#' forms: without weights (`x1 + x2 + x3 > 0`), with weights, and with weights and a bias.
#'
#' The comparison is strict: if the sum equals the threshold, the output is 0.
#'
#' @param x Inputs: a numeric or logical vector (one case), or a matrix or data frame with one row
#'   per case and one column per input. All values must be finite. `TRUE` and `FALSE` are converted
#'   to 1 and 0.
#' @param w Weights: one finite number per input, or a single number for all inputs; 1 by default,
#'   the form without weights.
#' @param b Bias, a finite number; 0 by default, the form without a bias.
#' @param threshold Threshold that the sum must exceed, a finite number; 0 by default.
#' @return An integer vector of 0 and 1 with one element per case, named by the row names of `x`.
#' @section Errors: `backprop_error_input` if `x` is missing, not numeric or not finite, and if a
#'   weighted sum overflows; `backprop_error_argument` if `w`, `b` or `threshold` is invalid, for
#'   example if the number of weights differs from the number of inputs.
#' @references Rosenblatt, F. (1958). The perceptron: a probabilistic model for information storage
#'   and organization in the brain. *Psychological Review*, 65(6), 386-408. \doi{10.1037/h0042519}
#' @examples
#' # Logical OR of three inputs, without weights
#' perceptron(c(0, 1, 0))
#'
#' # Logical AND of two inputs, for all four cases
#' cases <- expand.grid(x1 = 0:1, x2 = 0:1)
#' cbind(cases, and = perceptron(as.matrix(cases), w = c(1, 1), b = -1.5))
#' @export
perceptron <- function(x, w = 1, b = 0, threshold = 0) {
  call <- current_env()
  check_given(
    missing(x), "x", "the inputs: a numeric vector, or a matrix with one row per case", call
  )
  if ((is.numeric(x) || is.logical(x)) && is.null(dim(x)) && !is.object(x)) {
    x <- matrix(x, nrow = 1)
  }
  x <- check_matrix(numbers_of_frame(x, "x", call), "x", call)
  if (!is.numeric(w) || !length(w) %in% c(1, ncol(x)) || !all(is.finite(w))) {
    targets <- is.numeric(w) && length(w) == nrow(x)
    abort_argument(c(
      paste0(
        "{.arg w} must be the weights: ",
        if (ncol(x) == 1) {
          "one finite number."
        } else {
          "one finite number for each of the {ncol(x)} inputs, or one for all."
        }
      ),
      x = "You supplied {describe(w)}.",
      i = if (targets) {
        paste0(
          "It has one number per row of {.arg x}. If these are targets, train a network: ",
          "{.code nn_train(X, y)}."
        )
      }
    ), call)
  }
  b <- check_number(b, "b", call)
  threshold <- check_number(threshold, "threshold", call)
  sums <- drop(x %*% rep_len(as.double(w), ncol(x))) + b
  at <- which(!is.finite(sums))
  if (length(at) > 0) {
    abort_input(c(
      "The weighted sums must be finite.",
      x = "The first non-finite sum is {sums[at[1]]}, in row {at[1]}.",
      i = "Use smaller inputs or weights."
    ), call)
  }
  stats::setNames(as.integer(sums > threshold), rownames(x))
}
