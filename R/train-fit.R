# The fit from a state of training.

# The fit of a run so far: the weights to predict with are the best epoch's where rows are held out,
# else the last.
finish_fit <- function(run, so_far) {
  fit <- run$fit
  data <- run$data
  state <- so_far$state
  weights <- returned_weights(state)
  value <- returned_objective(run, state, weights)
  few <- nrow(data$X) <= probed_rows
  pass <- if (fit$settings$keep_fitted) {
    core_forward(
      fit$shape, weights, data$X, data$offset, few, fit$settings$precision == "single"
    )
  }
  parts <- c(
    unflatten_network(weights, fit$shape), if (!is.null(pass)) fitted_parts(run, pass$output),
    list(history = history_frame(so_far$history)), if (!is.null(value)) list(objective = value),
    list(
      stop = so_far$stop,
      probe = probe(fit$shape, weights, data$X, data$offset, if (few) pass$activation)
    ),
    if (length(state$best_weights) > 0) list(best_epoch = state$best_epoch),
    list(state = state, schema = fit_schema)
  )
  fit <- c(parts, fit[!names(fit) %in% names(parts)])
  class(fit) <- "nn_fit"
  fit
}

# Outputs and residuals of the rows, and what summary() cannot tell from these two: the errors where
# rows were held out or have weights.
fitted_parts <- function(run, output) {
  fit <- run$fit
  data <- run$data
  output <- decode_output(output, fit$encoding)
  if (!is.null(rownames(data$X)) || !is.null(fit$outputs)) {
    dimnames(output) <- list(rownames(data$X), fit$outputs)
  }
  y <- if (is.null(data$response)) data$y else data$response
  residuals <- y - output
  dimnames(residuals) <- dimnames(output)
  held_out <- run$core$held_out
  c(
    list(output = output, residuals = residuals),
    if (length(data$weights) > 0 || length(held_out) > 0) {
      list(errors = training_errors(residuals, y, data$weights, held_out, fit$levels))
    }
  )
}

# Where the method does not know it, this takes a pass over the rows, which those who keep no
# outputs are spared, unless restarts are judged by it.
returned_objective <- function(run, state, weights) {
  if (length(state$curvature$gradient) > 0 && length(state$best_weights) == 0) {
    return(state$curvature$objective)
  }
  if (run$fit$settings$keep_fitted || run$fit$settings$restarts > 1) {
    evaluate(list(
      shape = run$fit$shape, weights = weights, objective = run$objective,
      rows = run$core$training
    ))$value
  }
}

# What restarts are judged by: the held-out rows' loss where there are some, else the objective.
quality <- function(fit) if (length(fit$best_epoch) == 1) fit$state$best_loss else fit$objective

# Of the best fit of the starts before, NULL for none, and that of the present start. An interrupt
# is told of in either.
better_fit <- function(best, fit) {
  if (is.null(best) || is_true(quality(fit) < quality(best))) {
    return(fit)
  }
  if (fit$stop == "interrupted") best[["stop"]] <- "interrupted"
  best
}
