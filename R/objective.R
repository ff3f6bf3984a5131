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
  problem <- as_network(network, activation, settings$output_activation, call, n_inputs = ncol(X))
  outputs <- last(problem$shape$units)
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

# What all pieces begin with; a fit made with offsets is no network without them.
check_network_and_inputs <- function(network, X, offset, call) {
  check_given(
    missing(network), "network", "a list of matrices as nn_init() and coef() return, or a fit", call
  )
  check_given(missing(X), "X", "a numeric matrix with a row for each case", call)
  if (inherits(network, "nn_fit") && isTRUE(unclass(network)$has_offset) && is.null(offset)) {
    abort_argument("The fit was made with offsets, so {.arg offset} must be given.", call)
  }
}

# The objective's value from what core_backward() returns.
objective_value <- function(result, objective) {
  result$sum / (if (objective$mean) result$weight else 1) + result$penalty
}

evaluate <- function(problem, weights = problem$weights, gradient = FALSE, all = FALSE) {
  result <- core_backward(problem$shape, problem$objective, weights, problem$rows, gradient, all)
  result$value <- objective_value(result, problem$objective)
  result
}

#' The loss, its gradient, and a check of the gradient
#'
#' `nn_loss()` is the objective that training makes small: the reduced loss over the rows plus the
#' penalty, `reduction(loss) + penalty / 2 * sum(W^2) + penalty_l1 * sum(abs(W))`, biases left out.
#' By default it is half the sum of squared errors over all rows and outputs, as in the tutorial.
#' `nn_gradient()` is its derivative to every weight, from back-propagation. `nn_check_gradient()`
#' compares that with central differences of the loss, which know nothing of back-propagation, and
#' so shows whether the formulas are right.
#'
#' The differences are taken with a step of `h = eps^(1/3) max(1, |w|)`, with `eps = 2^-52`, which
#' balances what rounding costs against what the difference leaves out. What rounding may do to the
#' difference is the error of the loss divided by `h`, and that error is taken as
#' `eps * c * (|loss| + sum(|d| * s))`. Here for each row and unit `s` is the sum of the sizes of
#' the terms of its weighted sum, `sum(|w x|) + |b|`, `d` is the derivative of the loss to that sum,
#' and `c = max(1, sqrt(min(n, 1024)) / 2)` stands for the sums over `n` rows (added up 1024 at a
#' time), whose roundings partly cancel. As a rule this is nothing to speak of, but it is much where
#' the loss is large and its gradient small, as with targets of some 1e8. It is given as `rounding`,
#' and `difference` is held against it; scale the targets where it hides too much.
#'
#' Where an activation (relu at 0), the loss (absolute and quantile where the output is the target),
#' the penalty (`penalty_l1` at 0) or a derivative (elu at 0, Huber at its width) has a kink, a step
#' may cross it, and the two sides then measure different things: such weights are named in
#' `crossing` and left out of the comparison.
#'
#' @param network A list of matrices as [nn_init()] and `coef()` return, or a fit, whose own
#'   activations are then the defaults. A fit to a sparse matrix takes `X`, `y` and `offset` as its
#'   training did, and scales them as its training did; losses and outputs are those of the network,
#'   on its scale.
#' @param X The inputs, a numeric matrix (or a sparse one of the Matrix package) with a row for each
#'   case and a column for each input (rows of `wh`); finite numbers.
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
  unflatten_network(evaluate(problem, gradient = TRUE)$gradient, problem$shape)
}

#' @rdname nn_loss
#' @export
nn_check_gradient <- function(network, X, y, activation = NULL, output_activation = NULL,
                              loss = NULL, reduction = NULL, penalty = NULL, penalty_l1 = NULL,
                              weights = NULL, offset = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_check_gradient)))
  problem <- loss_problem(
    network, X, y, activation, output_activation, loss, reduction, penalty, penalty_l1, weights,
    offset, call
  )
  weights <- problem$weights
  here <- evaluate(problem, gradient = TRUE, all = TRUE)
  analytic <- here$gradient
  step <- .Machine$double.eps^(1 / 3) * pmax(1, abs(weights))
  numeric <- numeric(length(weights))
  crossing <- logical(length(weights))
  for (i in seq_along(weights)) {
    above <- below <- weights
    above[i] <- weights[i] + step[i]
    below[i] <- weights[i] - step[i]
    up <- side_of_kinks(problem, above)
    down <- side_of_kinks(problem, below)
    numeric[i] <- (up$value - down$value) / (above[i] - below[i])
    crossing[i] <- !identical(up$signs, down$signs)
  }
  names <- weight_names(unflatten_network(weights, problem$shape))
  overflow <- which(!is.finite(analytic) | !is.finite(numeric))
  if (length(overflow) > 0) {
    abort_argument(c(
      "The loss and its gradient must be finite numbers to be checked.",
      x = paste0(
        "For {.field {names[overflow[1]]}} the gradient is {analytic[overflow[1]]}, ",
        "and the difference quotient {numeric[overflow[1]]}."
      ),
      i = "Scale the inputs or the targets, or take smaller weights."
    ), call)
  }
  compared <- !crossing
  scale <- max(1, abs(analytic[compared]), abs(numeric[compared]))
  structure(
    list(
      difference = max(0, abs(analytic - numeric)[compared]) / scale,
      rounding = max(0, rounding_error(problem, here) / step[compared]) / scale,
      analytic = unflatten_network(analytic, problem$shape),
      numeric = unflatten_network(numeric, problem$shape), crossing = names[crossing]
    ),
    class = "nn_gradient_check"
  )
}

# The objective's value at some weights, and on which side of each kink they are. elu and the Huber
# loss have a kink in their derivative, which a difference across it shows as well.
side_of_kinks <- function(problem, weights) {
  kinked <- (activation_table$kink | activation_table$name == "elu")[problem$shape$activations + 1]
  loss <- loss_table$name[problem$objective$loss + 1]
  at <- switch(loss,
    absolute = ,
    quantile = 0,
    huber = problem$objective$loss_parameter
  )
  result <- evaluate(problem, weights, all = any(kinked) || !is.null(at))
  from_kinks <- c(
    result$input[kinked],
    if (!is.null(at)) {
      lapply(c(-at, at), function(kink) last(result$activation)[[1]] - problem$y - kink)
    },
    if (problem$objective$penalty_l1 > 0) unflatten_network(weights, problem$shape)[c(TRUE, FALSE)]
  )
  list(value = result$value, signs = lapply(from_kinks, sign))
}

# How well the objective is known: to eps times its size, and what eps times the sizes of the terms
# of each unit's weighted sum do to it. The errors of a sum of n terms add up to about sqrt(n) of
# one (Higham and Mary 2019, doi:10.1137/18M1226312); the core sums over 1024 rows at a time, in two
# lanes or more.
rounding_error <- function(problem, result) {
  network <- unflatten_network(abs(problem$weights), problem$shape)
  before <- c(list(problem$X), result$activation)
  layers <- length(network) / 2
  moved <- 0
  for (layer in seq_len(layers)) {
    x <- before[[layer]]
    if (is_sparse(x)) x@x <- abs(x@x) else x <- abs(x)
    offset <- if (layer == layers && !is.null(problem$offset)) abs(problem$offset)
    alone <- list(
      units = problem$shape$units[layer + 0:1], activations = activation_code("identity")
    )
    moved <- moved + sum(
      abs(result$delta[[layer]]) * core_forward(
        alone, flatten_network(network[2 * layer - 1:0]), x, offset, FALSE, FALSE
      )$output
    )
  }
  .Machine$double.eps * max(1, sqrt(min(nrow(problem$X), 1024)) / 2) * objective_value(
    list(sum = abs(result$sum) + moved, weight = result$weight, penalty = result$penalty),
    problem$objective
  )
}

# wh[1, 1], wh[2, 1], ...
weight_names <- function(network) {
  unlist(
    Map(
      function(matrix, name) paste0(name, "[", row(matrix), ", ", col(matrix), "]"), network,
      names(network)
    ),
    use.names = FALSE
  )
}

#' @export
print.nn_gradient_check <- function(x, ...) {
  weights <- length(unlist(x$analytic))
  cat("Gradient of", weights, "weights against central differences\n")
  if (length(x$crossing) == weights) {
    cat("No weight can be compared.\n")
  } else {
    cat(
      "Greatest relative difference:", format(x$difference, digits = 3),
      if (x$difference < 1e-7 + x$rounding) "(agrees)" else "(does NOT agree)", "\n"
    )
  }
  if (length(x$crossing) < weights && x$rounding > 1e-8) {
    cat("Rounding of the loss may make it as large as:", format(x$rounding, digits = 2), "\n")
  }
  if (length(x$crossing) > 0) {
    cat("Left out, as the step crosses a kink:", paste(x$crossing, collapse = ", "), "\n")
  }
  invisible(x)
}
