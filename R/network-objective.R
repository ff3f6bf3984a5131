# The objective in the form of the core, and its value.

core_objective <- function(settings) {
  own <- settings$loss$name == "custom"
  objective <- list(
    loss = settings$loss$name, loss_parameter = if (own) 0 else settings$loss$parameter,
    mean = settings$reduction == "mean", penalty = settings$penalty,
    penalty_l1 = settings$penalty_l1
  )
  if (own) {
    objective$custom <- custom_in_core(settings$loss$parameter, "custom loss", per_row = TRUE)
  }
  objective
}

# The objective's value from what core_backward() returns.
objective_value <- function(result, objective) {
  result$sum / (if (objective$mean) result$weight else 1) + result$penalty
}

# `problem$ranks`: the processes over which the loss is added up, but not the gradient.
evaluate <- function(problem, weights = problem$weights, gradient = FALSE, all = FALSE,
                     output = FALSE, threads = 1) {
  result <- core_backward(
    problem$layers, problem$objective, weights, problem$rows, gradient, all, output, threads
  )
  if (!is.null(problem$ranks)) {
    result$sum <- sum_ranks(problem$ranks, result$sum, "objective")
  }
  result$value <- objective_value(result, problem$objective)
  result
}
