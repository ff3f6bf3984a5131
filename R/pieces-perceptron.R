#' The perceptron
#'
#' A perceptron weighs its inputs, adds a bias and says 1 where the sum is above a threshold, and 0
#' elsewhere: `sum(w * x) + b > threshold`. It is the oldest artificial neuron, and comes in the
#' tutorial in three forms: with no weights (`x1 + x2 + x3 > 0`), with weights, and with weights and
#' a bias.
#'
#' A sum that equals the threshold gives 0, as the comparison is strict.
#'
#' @param x The inputs: a numeric vector is one case; a matrix, or a data frame of numeric columns,
#'   has a case in each row, and all its rows are judged at once. Finite numbers; `TRUE` and `FALSE`
#'   are 1 and 0.
#' @param w The weights: one number for all inputs (the default, 1, is the form without weights), or
#'   one for each input.
#' @param b The bias, one number; 0 by default, which is the form without a bias.
#' @param threshold The sum that has to be exceeded, one number; 0 by default.
#' @return An integer vector of 0 and 1, one for each case, with the row names of `x`.
#' @section Errors: `backprop_error_input` where `x` is missing or not numeric, or holds a number
#'   that is not finite, and where a weighted sum is too large for a number;
#'   `backprop_error_argument` where `w`, `b` or `threshold` is not a number, or the number of
#'   weights is not that of the inputs.
#' @references Rosenblatt, F. (1958). The perceptron: a probabilistic model for information storage
#'   and organization in the brain. *Psychological Review*, 65(6), 386-408. \doi{10.1037/h0042519}
#' @examples
#' # Three inputs, no weights: is any of them on?
#' perceptron(c(0, 1, 0))
#'
#' # Logical AND of two inputs, for all four cases at once
#' cases <- expand.grid(x1 = 0:1, x2 = 0:1)
#' cbind(cases, and = perceptron(as.matrix(cases), w = c(1, 1), b = -1.5))
#' @export
perceptron <- function(x, w = 1, b = 0, threshold = 0) {
  call <- current_env()
  check_given(
    missing(x), "x", "the inputs: a numeric vector, or a matrix with a case in each row", call
  )
  if ((is.numeric(x) || is.logical(x)) && is.null(dim(x)) && !is.object(x)) {
    x <- matrix(x, nrow = 1)
  }
  x <- check_matrix(numbers_of_frame(x, "x", call), "x", call)
  if (!is.numeric(w) || !length(w) %in% c(1, ncol(x)) || !all(is.finite(w))) {
    abort_argument(c(
      "{.arg w} must be one finite number, or one for each of the {ncol(x)} input{?s}.",
      x = "It is {describe(w)}."
    ), call)
  }
  b <- check_number(b, "b", call)
  threshold <- check_number(threshold, "threshold", call)
  sums <- drop(x %*% rep_len(as.double(w), ncol(x))) + b
  at <- which(!is.finite(sums))
  if (length(at) > 0) {
    abort_input(c(
      "The weighted sums must be finite numbers.",
      x = "The first that is not is {sums[at[1]]}, in row {at[1]}.",
      i = "Use smaller inputs or weights."
    ), call)
  }
  stats::setNames(as.integer(sums > threshold), rownames(x))
}
