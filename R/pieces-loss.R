# Network, data and objective for one look at the loss: what nn_loss(), nn_gradient() and
# nn_backward() share.
loss_problem <- function(network, X, y, activation, output_activation, loss, reduction, penalty,
                         penalty_l1, weights, offset, call) {
  check_network_and_inputs(network, X, offset, call)
  check_given(
    missing(y), "y", "the targets: a vector, a factor, or a matrix with a column for each output",
    call
  )
  seen <- seen_by(network, X, y, offset, call)
  X <- seen$X
  targets <- encode_targets(
    seen$y, nrow(X), call, if (inherits(network, "nn_fit")) unclass(network)$levels,
    numeric = inherits(network, "nn_fit") && is.null(unclass(network)$levels)
  )
  settings <- piece_settings(
    network, loss, reduction, penalty, penalty_l1, targets$kind, output_activation, call
  )
  problem <- as_network(network, activation, settings$output_activation, call, inputs = ncol(X))
  outputs <- n_outputs(problem$layers)
  if (ncol(targets$y) != outputs) {
    abort_input(c(
      "{.arg y} must have a column for each of the network's {outputs} output{?s}.",
      x = "It has {ncol(targets$y)}."
    ), call)
  }
  check_domain(targets$y, settings$loss, settings$output_activation, call)
  problem$objective <- core_objective(settings)
  problem[c("X", "y", "offset")] <- list(
    X, targets$y, check_offset(seen$offset, nrow(X), outputs, call)
  )
  problem$rows <- core_rows(
    X, targets$y, check_weights(weights, nrow(X), call), problem$offset, seq_len(nrow(X)), FALSE
  )
  problem
}

# The same for the parts that only make an objective: what the pieces and nn_loss() take. A fit's
# own are the defaults.
piece_settings <- function(network, loss, reduction, penalty, penalty_l1, kind, output_activation,
                           call) {
  own <- if (inherits(network, "nn_fit")) unclass(network)$settings
  or <- function(x, ...) Find(Negate(is.null), list(x, ...))
  pair <- check_loss_and_output(
    or(loss, own$loss), or(output_activation, own$output_activation), kind, call
  )
  list(
    loss = pair$loss, output_activation = pair$output_activation,
    reduction = check_choice(
      or(reduction, own$reduction, "sum"), c("sum", "mean"), "reduction", call
    ),
    penalty = check_number(or(penalty, own$penalty, 0), "penalty", call, least = 0),
    penalty_l1 = check_number(or(penalty_l1, own$penalty_l1, 0), "penalty_l1", call, least = 0)
  )
}

#' The loss, its gradient, and a check of the gradient
#'
#' `nn_loss()` returns the objective that training minimises: the reduced loss over the rows plus
#' the penalties, `reduction(loss) + penalty / 2 * sum(W^2) + penalty_l1 * sum(abs(W))`, without
#' biases. By default it is half the sum of squared errors over all rows and outputs, as in the
#' tutorial. `nn_gradient()` returns its derivative with respect to every weight, by
#' back-propagation. `nn_check_gradient()` compares the gradient with central differences of the
#' loss, which do not use back-propagation.
#'
#' The differences are taken with a step of `h = eps^(1/3) max(1, |w|)`, with `eps = 2^-52`, which
#' balances what rounding costs against what the difference leaves out. What rounding may do to the
#' difference is the error of the loss divided by `h`, and that error is taken as `eps * c * (|loss|
#' + sum(|d| * s))`. Here for each row and unit `s` is the sum of the sizes of the terms of its
#' weighted sum, `sum(|w x|) + |b|`, `d` is the derivative of the loss to that sum, and `c = max(1,
#' sqrt(min(n, 1024)) / 2)` stands for the sums over `n` rows (added up 1024 at a time), whose
#' roundings partly cancel. It is usually negligible, but large if the loss is large and its
#' gradient small, as with targets of about 1e8. It is returned as `rounding`, and `difference` is
#' compared with it; scale the targets if it hides too much.
#'
#' Where an activation (relu at 0), the loss (absolute and quantile where the output is the target),
#' the penalty (`penalty_l1` at 0) or a derivative (elu at 0, Huber at its width) has a kink, a step
#' may cross it, and the difference is not the derivative: such weights are listed in `crossing` and
#' excluded from the comparison.
#'
#' @param network A list of matrices as [nn_init()] and `coef()` return, or a fit, whose own
#'   activations are then the defaults. A fit to a sparse matrix takes `X`, `y` and `offset` as its
#'   training did, and scales them as its training did; losses and outputs are those of the network,
#'   on its scale.
#' @param X The inputs, a numeric matrix (or a sparse one of the Matrix package, or a data frame of
#'   numeric columns) with a row for each case and a column for each input (rows of `wh`); finite
#'   numbers. `TRUE` and `FALSE` are 1 and 0.
#' @param y The targets, a numeric or logical vector (one output), a matrix with a row for each case
#'   and a column for each output, or a factor (see [nn_train()]).
#' @param activation The activation of the hidden layers: one name of [nn_activations()], or one for
#'   each layer. `NULL` (the default) means that of the fit, or `"sigmoid"`.
#' @param output_activation The activation of the output layer, one name; `NULL` as above.
#' @param loss,reduction,penalty,penalty_l1 The objective, as in [nn_train()]. `NULL` (the default)
#'   means the fit's own; for a list of matrices squared error (cross-entropy for a factor `y`),
#'   `"sum"`, 0 and 0.
#' @param weights Case weights, a number from 0 for each row; `NULL` (the default) for 1 each.
#' @param offset Numbers to add to the output layer's input, one for each row and output; `NULL`
#'   (the default) for none.
#' @param ... Must be empty: a misspelt argument is an error.
#' @return `nn_loss()`: one number. `nn_gradient()`: a list of matrices of the names and shapes of
#'   the network's. `nn_check_gradient()`: a list of class `nn_gradient_check` with `difference`,
#'   the greatest `|a - n|` of the analytic and the numeric gradient divided by
#'   `max(1, max|a|, max|n|)`; `rounding`, what rounding may make of it, divided by the same; both
#'   gradients, `analytic` and `numeric`, as lists of matrices; and `crossing`, the weights whose
#'   step crosses a kink, as `"wh[2, 1]"`. A `difference` of up to `1e-7 + rounding` says that the
#'   formulas are right.
#' @section Errors: `backprop_error_input` for data, and `backprop_error_argument` for a network or
#'   an activation, that is not as described, for a fit made with offsets where `offset` is not
#'   given, and where the loss or its gradient that is to be checked is not a finite number.
#' @references Rumelhart, D. E., Hinton, G. E. and Williams, R. J. (1986). Learning representations
#'   by back-propagating errors. *Nature*, 323, 533-536. \doi{10.1038/323533a0}
#'
#'   Higham, N. J. and Mary, T. (2019). A new approach to probabilistic rounding error analysis.
#'   *SIAM Journal on Scientific Computing*, 41(5), A2815-A2835. \doi{10.1137/18M1226312}
#' @examples
#' X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
#' y <- c(1, 1, 0)
#' set.seed(1)
#' network <- nn_init(n_inputs = 4, n_outputs = 1, hidden = 3)
#' nn_loss(network, X, y)
#' nn_gradient(network, X, y)$wout
#' nn_check_gradient(network, X, y)
#' @export
nn_loss <- function(network, X, y, activation = NULL, output_activation = NULL, loss = NULL,
                    reduction = NULL, penalty = NULL, penalty_l1 = NULL, weights = NULL,
                    offset = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_loss)))
  evaluate(loss_problem(
    network, X, y, activation, output_activation, loss, reduction, penalty, penalty_l1, weights,
    offset, call
  ))$value
}

#' @rdname nn_loss
#' @export
nn_gradient <- function(network, X, y, activation = NULL, output_activation = NULL, loss = NULL,
                        reduction = NULL, penalty = NULL, penalty_l1 = NULL, weights = NULL,
                        offset = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_gradient)))
  problem <- loss_problem(
    network, X, y, activation, output_activation, loss, reduction, penalty, penalty_l1, weights,
    offset, call
  )
  unflatten_network(evaluate(problem, gradient = TRUE)$gradient, problem$layers)
}
