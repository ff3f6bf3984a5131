# Network, data and objective for one look at the loss: what nn_loss(), nn_gradient() and nn_backward() share.
loss_problem <- function(network, X, y, activation, output_activation, loss, reduction, penalty, penalty_l1, weights, offset, call) {
  seen <- seen_by(network, X, y, offset, call)
  X <- seen$X
  targets <- encode_targets(seen$y, nrow(X), call, if (inherits(network, "nn_fit")) unclass(network)$levels)
  settings <- piece_settings(network, loss, reduction, penalty, penalty_l1, targets$kind, output_activation, call)
  problem <- as_network(network, activation, settings$output_activation, call, n_inputs = ncol(X))
  outputs <- last(problem$shape$units)
  if (ncol(targets$y) != outputs)
    abort_input(c("{.arg y} must have a column for each of the network's {outputs} output{?s}.", x = "It has {ncol(targets$y)}."), call)
  check_domain(targets$y, settings$loss, settings$output_activation, call)
  problem$objective <- core_objective(settings)
  problem$y <- targets$y
  problem$rows <- core_rows(X, targets$y, check_weights(weights, nrow(X), call), check_offset(seen$offset, nrow(X), outputs, call), seq_len(nrow(X)), FALSE)
  problem
}

# The objective's value from what core_backward() returns.
objective_value <- function(result, objective) result$sum / (if (objective$mean) result$weight else 1) + result$penalty

evaluate <- function(problem, weights = problem$weights, gradient = FALSE, all = FALSE) {
  result <- core_backward(problem$shape, problem$objective, weights, problem$rows, gradient, all)
  result$value <- objective_value(result, problem$objective)
  result
}

#' The loss, its gradient, and a check of the gradient
#'
#' `nn_loss()` is the objective that training makes small: the reduced loss over the rows plus the penalty, `reduction(loss) + penalty / 2 * sum(W^2) + penalty_l1 * sum(abs(W))`,
#' biases left out. By default it is half the sum of squared errors over all rows and outputs, as in the tutorial.
#' `nn_gradient()` is its derivative to every weight, from back-propagation. `nn_check_gradient()` compares that with central differences
#' of the loss, which know nothing of back-propagation, and so shows whether the formulas are right.
#'
#' The differences are taken with a step of `eps^(1/3)`, scaled by each weight, which balances what rounding costs against what the
#' difference leaves out. Where an activation has a kink (relu at 0), a step may cross it, and the two sides then measure different
#' things: such weights are named in `crossing` and left out of the comparison.
#'
#' @param network A list of matrices as [nn_init()] and `coef()` return, or a fit, whose own activations are then the defaults.
#'   A fit to a sparse matrix takes `X`, `y` and `offset` as its training did, and scales them as its training did; losses and outputs are those of the network, on its scale.
#' @param X The inputs, a numeric matrix (or a sparse one of the Matrix package) with a row for each case and a column for each input (rows of `wh`); finite numbers.
#' @param y The targets, a numeric or logical vector (one output), a matrix with a row for each case and a column for each output, or a factor (see [nn_train()]).
#' @param activation The activation of the hidden layers: one name of [nn_activations()], or one for each layer.
#'   `NULL` (the default) means that of the fit, or `"sigmoid"`.
#' @param output_activation The activation of the output layer, one name; `NULL` as above.
#' @param loss,reduction,penalty,penalty_l1 The objective, as in [nn_train()]. `NULL` (the default) means the fit's own; for a list of matrices squared error (cross-entropy for a factor `y`),
#'   `"sum"`, 0 and 0.
#' @param weights Case weights, a number from 0 for each row; `NULL` (the default) for 1 each.
#' @param offset Numbers to add to the output layer's input, one for each row and output; `NULL` (the default) for none.
#' @param ... Must be empty: a misspelt argument is an error.
#' @return `nn_loss()`: one number. `nn_gradient()`: a list of matrices of the names and shapes of the network's.
#'   `nn_check_gradient()`: a list of class `nn_gradient_check` with `difference`, the greatest `|a - n|` of the analytic and the
#'   numeric gradient divided by `max(1, max|a|, max|n|)`; both gradients, `analytic` and `numeric`, as lists of matrices;
#'   and `crossing`, the names of weights whose step crosses a kink. Up to 1e-7 says that the formulas are right.
#' @section Errors: `backprop_error_input` for data, and `backprop_error_argument` for a network or an activation, that is not as described.
#' @references Rumelhart, D. E., Hinton, G. E. and Williams, R. J. (1986). Learning representations by back-propagating errors.
#'   *Nature*, 323, 533-536. \doi{10.1038/323533a0}
#' @examples
#' X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
#' y <- c(1, 1, 0)
#' set.seed(1)
#' network <- nn_init(n_inputs = 4, n_outputs = 1, hidden = 3)
#' nn_loss(network, X, y)
#' nn_gradient(network, X, y)$wout
#' nn_check_gradient(network, X, y)
#' @export
nn_loss <- function(network, X, y, activation = NULL, output_activation = NULL, loss = NULL, reduction = NULL, penalty = NULL,
                    penalty_l1 = NULL, weights = NULL, offset = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_loss)))
  evaluate(loss_problem(network, X, y, activation, output_activation, loss, reduction, penalty, penalty_l1, weights, offset, call))$value
}

#' @rdname nn_loss
#' @export
nn_gradient <- function(network, X, y, activation = NULL, output_activation = NULL, loss = NULL, reduction = NULL, penalty = NULL,
                        penalty_l1 = NULL, weights = NULL, offset = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_gradient)))
  problem <- loss_problem(network, X, y, activation, output_activation, loss, reduction, penalty, penalty_l1, weights, offset, call)
  unflatten_network(evaluate(problem, gradient = TRUE)$gradient, problem$shape)
}

#' @rdname nn_loss
#' @export
nn_check_gradient <- function(network, X, y, activation = NULL, output_activation = NULL, loss = NULL, reduction = NULL, penalty = NULL,
                              penalty_l1 = NULL, weights = NULL, offset = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_check_gradient)))
  problem <- loss_problem(network, X, y, activation, output_activation, loss, reduction, penalty, penalty_l1, weights, offset, call)
  analytic <- evaluate(problem, gradient = TRUE)$gradient
  kinked <- activation_table$kink[problem$shape$activations + 1]
  sides <- function(weights) {
    result <- evaluate(problem, weights, all = any(kinked))
    list(value = result$value, signs = lapply(result$input[kinked], sign))
  }
  weights <- problem$weights
  numeric <- numeric(length(weights))
  crossing <- logical(length(weights))
  for (i in seq_along(weights)) {
    step <- .Machine$double.eps^(1 / 3) * max(1, abs(weights[i]))
    above <- below <- weights
    above[i] <- weights[i] + step
    below[i] <- weights[i] - step
    up <- sides(above)
    down <- sides(below)
    numeric[i] <- (up$value - down$value) / (above[i] - below[i])
    crossing[i] <- !identical(up$signs, down$signs)
  }
  compared <- !crossing
  scale <- max(1, abs(analytic[compared]), abs(numeric[compared]))
  names <- names(unlist(unflatten_network(weights, problem$shape)))
  structure(list(difference = max(0, abs(analytic - numeric)[compared]) / scale, analytic = unflatten_network(analytic, problem$shape),
    numeric = unflatten_network(numeric, problem$shape), crossing = names[crossing]), class = "nn_gradient_check")
}

#' @export
print.nn_gradient_check <- function(x, ...) {
  weights <- length(unlist(x$analytic))
  cat("Gradient of", weights, "weights against central differences\n")
  cat("Greatest relative difference:", format(x$difference, digits = 3), if (x$difference < 1e-7) "(agrees)" else "(does NOT agree)", "\n")
  if (length(x$crossing) > 0) cat("Left out, as the step crosses a kink:", paste(x$crossing, collapse = ", "), "\n")
  invisible(x)
}
