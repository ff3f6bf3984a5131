# Checks the arguments that nn_loss(), nn_gradient() and nn_backward() share, and returns network,
# data and objective as a problem.
loss_problem <- function(network, X, y, activation, output_activation, loss, reduction, penalty,
                         penalty_l1, weights, offset, call, new_levels = NULL) {
  check_network_and_inputs(network, X, offset, call)
  if (!has_formula(network)) {
    check_given(
      missing(y), "y", "the targets: a vector, a factor, or a matrix with one column per output",
      call
    )
  }
  seen <- seen_by(
    network, X, if (!missing(y)) y, offset, call,
    targets = TRUE, weights = weights, new_levels = new_levels
  )
  X <- seen$X
  targets <- encode_targets(
    seen$y, nrow(X), call, if (inherits(network, "nn_fit")) unclass(network)$levels,
    numeric = inherits(network, "nn_fit") && is.null(unclass(network)$levels)
  )
  settings <- piece_settings(
    network, loss, reduction, penalty, penalty_l1, targets$kind, output_activation, call
  )
  targets <- spread_targets(targets, settings$loss, call)
  problem <- as_network(network, activation, settings$output_activation, call, inputs = ncol(X))
  outputs <- n_outputs(problem$layers)
  if (ncol(targets$y) != outputs) {
    abort_input(c(
      "{.arg y} must have {outputs} column{?s}, one for each output of the network.",
      x = "It has {ncol(targets$y)}."
    ), call)
  }
  weights <- check_weights(weights, seen$of, call)
  if (length(weights) > 0) weights <- weights[seen$rows]
  check_domain(
    targets$y, settings$loss, settings$output_activation, call, weightless_rows(weights)
  )
  problem$objective <- core_objective(settings)
  problem[c("X", "y", "offset")] <- list(
    X, targets$y, check_offset(seen$offset, nrow(X), outputs, call)
  )
  problem$rows <- core_rows(
    X, targets$y, weights, problem$offset, seq_len(nrow(X)), FALSE
  )
  problem
}

# The settings of the objective. The defaults are those of a fit.
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

#' Compute the loss and its gradient, and check the gradient
#'
#' @description
#' `nn_loss()` returns the objective that training minimises: the reduced loss over the rows plus
#' the penalties, `reduction(loss) + penalty / 2 * sum(W^2) + penalty_l1 * sum(abs(W))`. Biases are
#' not penalised. By default it is half the sum of squared errors over all rows and outputs, as in
#' the tutorial.
#'
#' `nn_gradient()` returns the derivative of the objective with respect to every weight and bias,
#' computed by back-propagation. `nn_check_gradient()` compares it with central differences of the
#' loss, which do not use back-propagation.
#'
#' @section Gradient check: The step of the central differences is `h = eps^(1/3) max(1, |w|)` with
#'   `eps = 2^-52`, which balances rounding and truncation error. The rounding error of a difference
#'   is the error of the loss divided by `h`. The error of the loss is estimated as
#'   `eps * c * (|loss| + sum(|d| * s))`. For each row and unit, `s = sum(|w x|) + |b|` is the sum
#'   of the absolute values of the terms of the weighted sum, and `d` is the derivative of the loss
#'   with respect to the weighted sum. The factor `c = max(1, sqrt(min(n, 1024)) / 2)` accounts for
#'   sums over `n` rows (accumulated in blocks of 1024), whose rounding errors partly cancel. The
#'   estimate is returned as `rounding`. It is usually negligible, but large if the loss is large
#'   and its gradient small, for example for targets of about 1e8. Scale the targets in this case.
#'
#'   If a step crosses a kink, the difference does not approximate the derivative. Kinks occur in
#'   activations (relu at 0), losses (absolute and quantile where the output equals the target),
#'   `penalty_l1` (at 0) and derivatives (elu at 0, Huber at its width). Weights whose step crosses
#'   a kink are listed in `crossing` and excluded from the comparison.
#'
#' @param network Network: a list of matrices, as returned by [nn_init()] and `coef()`, or a fit,
#'   whose activations and objective are then the defaults. A fit prepares data as
#'   [predict()][predict.nn_fit] does: columns are matched by name, encoded and standardised.
#'   Losses, gradients and outputs are on the scale of the network, which may have a standardised
#'   outcome. A list of matrices has no encoding: `X` and `y` are used unchanged.
#' @param X Inputs. For a fit to a data frame or a formula: a data frame with the columns of the
#'   training data. Otherwise a numeric or logical matrix, a sparse matrix of the package Matrix, or
#'   a data frame of numeric or logical columns, with one row per case and one column per input (row
#'   of `wh`); `TRUE` and `FALSE` are converted to 1 and 0. All values must be finite.
#' @param y Targets: a numeric or logical vector (one output), a matrix with one row per case and
#'   one column per output, or a factor (see [nn_train()]). For a fit, the outcome on its original
#'   scale; for a fit to a formula it may be omitted, and is then computed from `X`.
#' @param activation Activation function of the hidden layers: one of the names in
#'   [nn_activations()], or one name per layer. `NULL` (default) uses that of the fit, or
#'   `"sigmoid"`.
#' @param output_activation Activation function of the output layer, a single name. `NULL` (default)
#'   uses that of the fit; for a list of matrices it is `"sigmoid"`, or the default for `loss` and a
#'   factor `y` (see [nn_train()]).
#' @param loss,reduction,penalty,penalty_l1 Objective, as in [nn_train()]. `NULL` (default) uses
#'   that of the fit; for a list of matrices squared error (cross-entropy for a factor `y`),
#'   `"sum"`, 0 and 0.
#' @param weights Case weights, one non-negative number per row; `NULL` (default) weights all rows
#'   equally with 1, also for a fit that was trained with weights.
#' @param offset Offsets, one number per row and output, which are added to the weighted sums of the
#'   output layer; `NULL` (default) for none. For a fit, as in [predict()][predict.nn_fit]: required
#'   if it was trained with the argument `offset`; those of a formula are computed from `X`.
#' @param new_levels For a fit to a data frame, how to handle levels that the training data do not
#'   have, as in [predict()][predict.nn_fit]: `"error"`, or `"NA"`, with which their rows are
#'   excluded (with `nn_forward()`, their values are `NA`) and counted in a message. `NULL`
#'   (default) is the `new_levels` of the training.
#' @param ... Must be empty: an unknown argument is an error.
#' @return `nn_loss()` returns a number. `nn_gradient()` returns a list of matrices with the names
#'   and shapes of the network. `nn_check_gradient()` returns a list of class `nn_gradient_check`
#'   with the elements
#'   * `difference`: the largest absolute difference of the analytic gradient `a` and the numeric
#'     gradient `n`, divided by `max(1, max|a|, max|n|)`; at most `1e-7 + rounding` if the gradient
#'     is correct,
#'   * `rounding`: the estimated rounding error of `difference`,
#'   * `analytic`, `numeric`: both gradients, lists of matrices,
#'   * `crossing`: the weights whose step crosses a kink, such as `"wh[2, 1]"`.
#' @section Errors: `backprop_error_input` for invalid data, also if a fit can't encode them;
#'   `backprop_error_argument` for an invalid network or argument, for a fit with offsets if
#'   `offset` is not supplied, and if the loss or the gradient to check is not finite.
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
#'
#' # A fit encodes and scales the data as in training.
#' fit <- nn_train(Species ~ ., iris, hidden = 2, penalty = 0.01)
#' nn_loss(fit, iris)
#' nn_check_gradient(fit, iris)
#' @export
nn_loss <- function(network, X, y, activation = NULL, output_activation = NULL, loss = NULL,
                    reduction = NULL, penalty = NULL, penalty_l1 = NULL, weights = NULL,
                    offset = NULL, new_levels = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_loss)))
  evaluate(loss_problem(
    network, X, y, activation, output_activation, loss, reduction, penalty, penalty_l1, weights,
    offset, call, new_levels
  ))$value
}

#' @rdname nn_loss
#' @export
nn_gradient <- function(network, X, y, activation = NULL, output_activation = NULL, loss = NULL,
                        reduction = NULL, penalty = NULL, penalty_l1 = NULL, weights = NULL,
                        offset = NULL, new_levels = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_gradient)))
  problem <- loss_problem(
    network, X, y, activation, output_activation, loss, reduction, penalty, penalty_l1, weights,
    offset, call, new_levels
  )
  unflatten_network(evaluate(problem, gradient = TRUE)$gradient, problem$layers)
}
