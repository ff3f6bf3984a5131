#' Compute the Hessian of the objective
#'
#' @description
#' `nn_hessian()` returns the matrix of second derivatives of the objective of [nn_loss()] with
#' respect to all weights and biases. `nn_hessian_product()` multiplies this matrix by directions
#' without computing it, at about the cost of six gradients per direction, for networks whose
#' Hessian does not fit into memory.
#'
#' Both are exact: the core differentiates the forward and the backward pass along a direction (the
#' R-operator, Pearlmutter 1994), for every activation, loss and output, with case weights, offsets
#' and penalties. At a kink (relu at 0, the absolute loss where the output equals the target) there
#' is no second derivative, and that of the side on which [nn_gradient()] takes the slope is used.
#' Piecewise linear functions such as relu, the absolute and the quantile loss, and the L1 penalty
#' contribute 0.
#'
#' The order of the rows and columns is that of `unlist(coef(fit))`: for each layer the weights, by
#' column, then the biases. Their names consist of the layer, the unit that the weight leads to, and
#' where it comes from, such as `"hidden:2:speed"` or `"output:dist:(Intercept)"`.
#'
#' @param direction Direction or directions: a list of matrices with the shapes of the network; a
#'   vector with one number per weight, in the order above; or a matrix with one row per weight and
#'   one column per direction.
#' @inheritParams nn_loss
#' @return `nn_hessian()` returns a symmetric numeric matrix with one row and column per weight.
#'   `nn_hessian_product()` returns the products in the form of `direction`.
#' @section Errors: Those of [nn_gradient()]; `backprop_error_memory` if the Hessian needs more
#'   memory than the process may use, before anything is computed; `backprop_error_argument` if
#'   `direction` does not fit the network, and if the Hessian is not finite.
#' @references Pearlmutter, B. A. (1994). Fast exact multiplication by the Hessian. *Neural
#'   Computation*, 6(1), 147-160. \doi{10.1162/neco.1994.6.1.147}
#' @seealso [vcov.nn_fit()] for covariance matrices of the weights; `vignette("inference",
#'   "backprop")`.
#' @examples
#' set.seed(1)
#' fit <- nn_train(dist ~ speed, cars, hidden = 2, activation = "tanh", penalty = 0.01)
#' H <- nn_hessian(fit, cars)
#' dim(H)
#' min(eigen(H)$values) > 0 # the fit is a minimum
#'
#' # The slope of the gradient along its own direction, without the matrix
#' g <- nn_gradient(fit, cars)
#' str(nn_hessian_product(fit, cars, direction = g))
#' @export
nn_hessian <- function(network, X, y, activation = NULL, output_activation = NULL, loss = NULL,
                       reduction = NULL, penalty = NULL, penalty_l1 = NULL, weights = NULL,
                       offset = NULL, new_levels = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_hessian)))
  problem <- loss_problem(
    network, X, y, activation, output_activation, loss, reduction, penalty, penalty_l1, weights,
    offset, call, new_levels
  )
  H <- in_memory(hessian(problem, call), call)
  names <- parameter_labels(if (inherits(network, "nn_fit")) plain_fit(network, call) else problem)
  dimnames(H) <- list(names, names)
  H
}

#' @rdname nn_hessian
#' @export
nn_hessian_product <- function(network, X, y, direction, activation = NULL,
                               output_activation = NULL, loss = NULL, reduction = NULL,
                               penalty = NULL, penalty_l1 = NULL, weights = NULL, offset = NULL,
                               new_levels = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_hessian_product)))
  problem <- loss_problem(
    network, X, y, activation, output_activation, loss, reduction, penalty, penalty_l1, weights,
    offset, call, new_levels
  )
  check_given(missing(direction), "direction", "numbers in the shape of the network", call)
  directions <- as_directions(direction, problem$layers, call)
  products <- in_memory(hessian_product(problem, directions, call), call)
  if (is.list(direction)) {
    unflatten_network(products[, 1], problem$layers)
  } else if (is.null(dim(direction))) {
    products[, 1]
  } else {
    `dimnames<-`(products, dimnames(direction))
  }
}

# Directions as a matrix with one column each.
as_directions <- function(direction, layers, call) {
  n <- n_parameters(layers)
  if (is.list(direction)) {
    units <- layer_units(layers)
    check_network(
      direction, call, "direction",
      inputs = units[1], outputs = last(units), hidden = units[-c(1, length(units))],
      skip = has_skip(layers)
    )
    return(matrix(flatten_network(direction), ncol = 1))
  }
  if (!is_number(direction) || length(dim(direction)) > 2 || NROW(direction) != n) {
    abort_argument(c(
      paste0(
        "{.arg direction} must have one number for each of the {n} weights: a vector, a matrix ",
        "with {n} rows, or a list of matrices as returned by {.fn coef}."
      ),
      x = "You supplied {describe(direction)}."
    ), call)
  }
  check_finite(as.matrix(direction), "direction", call)
  matrix(as.double(direction), n)
}

# The Hessian of a problem's objective: products with unit vectors, in blocks.
# Second derivatives of R functions are not known.
check_no_custom_problem <- function(problem, call) {
  own <- Filter(Negate(is.null), lapply(problem$layers, `[[`, "custom"))
  check_no_custom(
    list(loss = list(name = problem$objective$loss), custom = if (length(own) > 0) own),
    "Second derivatives", call
  )
}

hessian <- function(problem, call) {
  check_no_custom_problem(problem, call)
  n <- n_parameters(problem$layers)
  rows <- nrow(problem$X)
  block <- 64
  check_memory(
    8 * (4 * n^2 + 4 * n * min(n, block)) + core_hessian_bytes(problem$layers, rows),
    paste("the Hessian of", format(n, big.mark = ","), "weights"), call,
    "Use {.fn nn_hessian_product}, which does not compute the matrix, or a smaller network."
  )
  H <- matrix(0, n, n)
  for (first in seq(1, n, by = block)) {
    columns <- seq(first, min(n, first + block - 1))
    directions <- matrix(0, n, length(columns))
    directions[cbind(columns, seq_along(columns))] <- 1
    H[, columns] <- hessian_product(problem, directions, call)
  }
  (H + t(H)) / 2
}

hessian_product <- function(problem, directions, call) {
  check_no_custom_problem(problem, call)
  check_memory(
    8 * 3 * length(directions) + core_hessian_bytes(problem$layers, nrow(problem$X)),
    paste0(counted(ncol(directions), "product"), " with the Hessian"), call,
    "Use fewer directions at once, or a smaller network."
  )
  products <- core_hessian_product(
    problem$layers, problem$objective, problem$weights, problem$rows, directions
  )
  if (core_first_not_finite(products) > 0) {
    abort_argument(c(
      "The Hessian must be finite.",
      x = "A second derivative of the objective is {products[core_first_not_finite(products)]}.",
      i = "Scale the inputs or the targets, or use smaller weights."
    ), call)
  }
  products
}
