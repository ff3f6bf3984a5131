#' @rdname nn_loss
#' @export
nn_check_gradient <- function(network, X, y, activation = NULL, output_activation = NULL,
                              loss = NULL, reduction = NULL, penalty = NULL, penalty_l1 = NULL,
                              weights = NULL, offset = NULL, new_levels = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_check_gradient)))
  problem <- loss_problem(
    network, X, y, activation, output_activation, loss, reduction, penalty, penalty_l1, weights,
    offset, call, new_levels
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
  names <- weight_names(unflatten_network(weights, problem$layers))
  overflow <- which(!is.finite(analytic) | !is.finite(numeric))
  if (length(overflow) > 0) {
    abort_argument(c(
      "The loss and its gradient must be finite.",
      x = paste0(
        "For {.field {names[overflow[1]]}} the gradient is {analytic[overflow[1]]}, ",
        "and the central difference is {numeric[overflow[1]]}."
      ),
      i = "Scale the inputs or the targets, or use smaller weights."
    ), call)
  }
  compared <- !crossing
  scale <- max(1, abs(analytic[compared]), abs(numeric[compared]))
  structure(
    list(
      difference = max(0, abs(analytic - numeric)[compared]) / scale,
      rounding = max(0, rounding_error(problem, here) / step[compared]) / scale,
      analytic = unflatten_network(analytic, problem$layers),
      numeric = unflatten_network(numeric, problem$layers), crossing = names[crossing]
    ),
    class = "nn_gradient_check"
  )
}

# The value of the objective, and the side of each kink on which the weights are. This includes
# kinks of the derivative (elu, Huber loss), because they affect a difference as well.
side_of_kinks <- function(problem, weights) {
  kinked <- activation_field("kink")[layer_activations(problem$layers)] != "none"
  at <- loss_table[[problem$objective$loss]]$kinks(problem$objective$loss_parameter)
  result <- evaluate(problem, weights, all = any(kinked) || length(at) > 0)
  from_kinks <- c(
    result$input[kinked],
    lapply(at, function(kink) last(result$activation)[[1]] - problem$y - kink),
    if (problem$objective$penalty_l1 > 0) {
      unflatten_network(weights, problem$layers)[parameter_names(problem$layers, "weights")]
    }
  )
  list(value = result$value, signs = lapply(from_kinks, sign))
}

# Estimates the rounding error of the objective: that of its own value, and that of each unit's
# weighted sum propagated to the objective. The error of a sum of n terms grows like sqrt(n) (Higham
# and Mary 2019, doi:10.1137/18M1226312); the core sums blocks of 1024 rows in at least two lanes.
rounding_error <- function(problem, result) {
  network <- unflatten_network(abs(problem$weights), problem$layers)
  moved <- 0
  for (l in seq_along(problem$layers)) {
    layer <- problem$layers[[l]]
    weights <- flatten_network(network[layer$parameters])
    layer$activation <- "identity"
    layer$skip <- NULL
    x <- layer_input(problem$layers, l, problem$X, result$activation)
    if (is_sparse(x)) x@x <- abs(x@x) else x <- abs(x)
    offset <- if (l == length(problem$layers) && !is.null(problem$offset)) abs(problem$offset)
    sums <- core_forward(list(layer), weights, x, offset, FALSE, FALSE)$output
    moved <- moved + sum(abs(result$delta[[l]]) * sums)
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
    cat("No weights can be compared.\n")
  } else {
    cat(
      "Largest relative difference:", format(x$difference, digits = 3),
      if (x$difference < 1e-7 + x$rounding) "(agrees)" else "(does NOT agree)", "\n"
    )
  }
  if (length(x$crossing) < weights && x$rounding > 1e-8) {
    cat("Estimated rounding error of this difference:", format(x$rounding, digits = 2), "\n")
  }
  if (length(x$crossing) > 0) {
    cat("Excluded, because the step crosses a kink:", paste(x$crossing, collapse = ", "), "\n")
  }
  invisible(x)
}
