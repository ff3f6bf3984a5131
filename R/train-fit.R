# Makes a fit from a state of training.

# The fit of a run so far. Its weights, which predict() uses, are those of the best epoch if rows
# are held out, and the last ones otherwise.
finish_fit <- function(run, so_far) {
  fit <- run$fit
  data <- run$data
  state <- so_far$state
  weights <- returned_weights(state)
  pass <- final_pass(run, state, weights)
  value <- pass$value
  outcome <- outcome_facts(
    fit$settings, data$y, pass$output, data$weights, data$offset, length(fit$levels)
  )
  history <- history_frame(so_far$history)
  # the reasons for which training ends although it does not succeed
  blown_up <- so_far$stop %in% c("iterations", "patience", "precision") &&
    has_blown_up(history, outcome$losses)
  parts <- unflatten_network(weights, fit$layers)
  if (fit$settings$keep_fitted) parts <- c(parts, fitted_parts(run, pass$output, weights))
  parts$history <- history
  if (!is.null(value)) parts$objective <- value
  parts$stop <- if (blown_up) "diverged" else so_far$stop
  parts$probe <- c(
    probe(fit$layers, weights, data$X, data$offset, data$weights, pass$activation), outcome,
    count_facts(fit$settings, data$response %||% data$y, parts$output, data$weights)
  )
  if (length(state$best_weights) > 0) parts$best_epoch <- state$best_epoch
  parts$state <- state
  parts$schema <- fit_schema
  fit <- c(parts, fit[!names(fit) %in% names(parts)])
  class(fit) <- "nn_fit"
  fit
}

# What a fit contains of the rows under the returned weights: the objective (`value`), unless it is
# neither needed nor known; with `keep_fitted` the `output`, and for few rows the `activation` of
# each layer. Rows that are all trained on, and many rows, pass through the network once, on the
# threads of the training.
final_pass <- function(run, state, weights) {
  fit <- run$fit
  data <- run$data
  settings <- fit$settings
  single <- settings$precision == "single"
  n <- nrow(data$X)
  few <- n <= probed_rows && !is_shared(data$X)
  all_trained <- run$core$rows == n
  if (!settings$keep_fitted || is_shared(data$X) || (few && !all_trained)) {
    return(c(
      list(value = returned_objective(run, state, weights)),
      if (settings$keep_fitted) {
        forward_rows(
          fit$layers, weights, data$X, data$offset, few, single
        )[c("output", if (few) "activation")]
      }
    ))
  }
  result <- evaluate(
    list(
      layers = fit$layers, weights = weights, objective = run$objective, rows = run$core$training
    ),
    all = few, output = TRUE, threads = settings$threads
  )
  value <- known_objective(state)
  if (is.null(value)) value <- result$value
  if (all_trained) {
    return(list(value = value, output = result$output, activation = if (few) result$activation))
  }
  # the other rows: held out, or of weight 0
  training <- setdiff(weighted_rows(data), run$core$held_out)
  others <- setdiff(seq_len(n), training)
  output <- matrix(0, n, ncol(result$output))
  output[training, ] <- result$output
  output[others, ] <- core_forward(
    fit$layers, weights, take_rows(data$X, others), part_of(data$offset, others), FALSE, single
  )$output
  list(value = value, output = output)
}

# Outputs and residuals of the rows, and, if rows are held out or have weights, the errors that
# summary() shows, which it could not compute from outputs and residuals alone.
fitted_parts <- function(run, output, weights) {
  fit <- run$fit
  data <- run$data
  output <- decode_output(output, fit$encoding)
  cases <- dimnames(data$X)[[1]]
  if (!is.null(cases) || !is.null(fit$outputs)) dimnames(output) <- list(cases, fit$outputs)
  y <- if (is.null(data$response)) data$y else data$response
  if (is.object(y) || !is.matrix(y)) y <- as.matrix(y)
  points <- point_outputs(fit$settings$loss, ncol(output))
  # a subset of all columns would be a copy
  whole <- length(points) == ncol(output)
  estimate <- if (whole) output else output[, points, drop = FALSE]
  bare <- length(attributes(y)) == 1 || all(names(attributes(y)) %in% c("dim", "dimnames"))
  if (!whole || !bare || ncol(y) != ncol(output)) {
    y <- y[, rep_len(seq_len(ncol(y)), ncol(output))[points], drop = FALSE]
  }
  residuals <- y - estimate
  dimnames(residuals) <- dimnames(estimate)
  held_out <- run$core$held_out
  kept <- list(output = output, residuals = residuals)
  if (length(data$blank$inputs) > 0) kept$output[data$blank$inputs, ] <- NA
  if (length(unlist(data$blank)) > 0) kept$residuals[unlist(data$blank), ] <- NA
  if (length(data$weights) > 0 || !is.null(fit$settings$validation)) {
    seen <- observed_errors(fit, residuals, y)
    kept$errors <- training_errors(
      seen$residuals, seen$y, numbers_in_memory(error_weights(data)), error_kind(fit),
      weighted = fit$has_weights, held_out = held_out,
      apart = if (!is.null(data$validation)) held_out_errors(run, weights)
    )
  }
  kept
}

# Residuals, targets and weights of a separate validation set.
held_out_errors <- function(run, weights) {
  fit <- run$fit
  held <- run$data$validation
  output <- forward_rows(
    fit$layers, weights, held$X, held$offset, FALSE, fit$settings$precision == "single"
  )$output
  points <- point_outputs(fit$settings$loss, ncol(output))
  y <- decode_output(as.matrix(held$y), fit$encoding)[, points, drop = FALSE]
  residuals <- y - decode_output(output, fit$encoding)[, points, drop = FALSE]
  c(observed_errors(fit, residuals, y), list(weights = numbers_in_memory(error_weights(held))))
}

# The objective under the returned weights. Unless the optimiser already knows it, this takes a pass
# over the rows, which is skipped with `keep_fitted = FALSE` unless restarts are compared by it.
returned_objective <- function(run, state, weights) {
  known <- known_objective(state)
  if (!is.null(known)) {
    return(known)
  }
  if (run$fit$settings$keep_fitted || run$fit$settings$restarts > 1) {
    evaluate(list(
      layers = run$fit$layers, weights = weights, objective = run$objective,
      rows = run$core$training, ranks = ranks_of(run$data$X)
    ))$value
  }
}

known_objective <- function(state) {
  if (length(state$curvature$gradient) > 0 && length(state$best_weights) == 0) {
    state$curvature$objective
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
