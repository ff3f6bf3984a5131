# Makes a fit from a state of training.

# The fit of a run so far. Its weights, which predict() uses, are those of the best epoch if rows
# are held out, and the last ones otherwise.
finish_fit <- function(run, so_far) {
  fit <- run$fit
  data <- run$data
  state <- so_far$state
  weights <- returned_weights(state)
  value <- returned_objective(run, state, weights)
  few <- nrow(data$X) <= probed_rows
  pass <- if (fit$settings$keep_fitted) {
    core_forward(
      fit$layers, weights, data$X, data$offset, few, fit$settings$precision == "single"
    )
  }
  parts <- c(
    unflatten_network(weights, fit$layers), if (!is.null(pass)) fitted_parts(run, pass$output),
    list(history = history_frame(so_far$history)), if (!is.null(value)) list(objective = value),
    list(
      stop = so_far$stop,
      probe = probe(fit$layers, weights, data$X, data$offset, if (few) pass$activation)
    ),
    if (length(state$best_weights) > 0) list(best_epoch = state$best_epoch),
    list(state = state, schema = fit_schema)
  )
  fit <- c(parts, fit[!names(fit) %in% names(parts)])
  class(fit) <- "nn_fit"
  fit
}

# Outputs and residuals of the rows, and, if rows are held out or have case weights, the errors that
# summary() shows, which it could not compute from outputs and residuals alone.
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

# The objective under the returned weights. Unless the optimiser already knows it, this takes a pass
# over the rows, which is skipped with `keep_fitted = FALSE` unless restarts are compared by it.
returned_objective <- function(run, state, weights) {
  if (length(state$curvature$gradient) > 0 && length(state$best_weights) == 0) {
    return(state$curvature$objective)
  }
  if (run$fit$settings$keep_fitted || run$fit$settings$restarts > 1) {
    evaluate(list(
      layers = run$fit$layers, weights = weights, objective = run$objective,
      rows = run$core$training
    ))$value
  }
}

# The value that restarts are compared by: the held-out loss if rows are held out, else the
# objective.
quality <- function(fit) if (length(fit$best_epoch) == 1) fit$state$best_loss else fit$objective

# The better of the best fit of earlier starts (NULL if there is none) and the fit of the present
# start. An interrupt is recorded in either.
better_fit <- function(best, fit) {
  if (is.null(best) || is_true(quality(fit) < quality(best))) {
    return(fit)
  }
  if (fit$stop == "interrupted") best[["stop"]] <- "interrupted"
  best
}
