# The fit from a state of training.

# The fit from a state: the weights to predict with are the best epoch's where rows are held out,
# else the last.
finish_fit <- function(fit, state, history, stop) {
  data <- fit$problem$data
  best <- length(state$best_weights) > 0
  weights <- returned_weights(state)
  single <- fit$settings$precision == "single"
  value <- returned_objective(fit, state, weights)
  few <- nrow(data$X) <= probed_rows
  pass <- if (fit$settings$keep_fitted) {
    core_forward(fit$shape, weights, data$X, data$offset, few, single)
  }
  fitted <- if (fit$settings$keep_fitted) {
    output <- decode_output(pass$output, fit$encoding)
    if (!is.null(rownames(data$X)) || !is.null(fit$outputs)) {
      dimnames(output) <- list(rownames(data$X), fit$outputs)
    }
    y <- if (is.null(data$response)) data$y else data$response
    # what summary() cannot tell from these two: which rows were held out, and their weights
    partial <- length(data$weights) > 0 || length(fit$problem$held_out) > 0
    residuals <- y - output
    dimnames(residuals) <- dimnames(output)
    c(
      list(output = output, residuals = residuals),
      if (partial) {
        list(errors = training_errors(residuals, y, data$weights, fit$problem$held_out, fit$levels))
      }
    )
  }
  parts <- c(
    unflatten_network(weights, fit$shape), fitted, list(history = history_frame(history)),
    if (!is.null(value)) list(objective = value),
    list(
      stop = stop, probe = probe(fit$shape, weights, data$X, data$offset, if (few) pass$activation)
    ),
    if (best) list(best_epoch = state$best_epoch), list(state = state, schema = fit_schema)
  )
  fit <- c(parts, fit[!names(fit) %in% c(names(parts), "problem")])
  class(fit) <- "nn_fit"
  fit
}

# Where the method does not know it, this takes a pass over the rows, which those who keep no
# outputs are spared, unless restarts are judged by it.
returned_objective <- function(fit, state, weights) {
  if (length(state$curvature$gradient) > 0 && length(state$best_weights) == 0) {
    return(state$curvature$objective)
  }
  if (fit$settings$keep_fitted || fit$settings$restarts > 1) {
    evaluate(list(
      shape = fit$shape, weights = weights, objective = fit$problem$objective,
      rows = fit$problem$training
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
