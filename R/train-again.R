# The data of resumed training, compared with those of the fit so far.

# The training data, checked against those of the fit.
resumed_data <- function(fit, problem, validation, call) {
  problem$X <- align_columns(check_inputs(problem$X, "X", call), fit, "X", call)
  with_outcome_name(fit$encoding$terms, data_again(fit, problem, validation, call))
}

data_again <- function(fit, problem, validation, call) {
  targets <- encode_targets(
    problem$y, nrow(problem$X), call, fit$levels,
    numeric = is.null(fit$levels), compact = is_stored(problem$X)
  )
  targets <- spread_targets(targets, fit$settings$loss, call)
  outputs <- n_outputs(fit$layers)
  if (ncol(targets$y) != outputs) {
    abort_input(c(
      "{.arg y} must have {outputs} column{?s}, one per output of the fit.",
      x = "It has {ncol(targets$y)}."
    ), call)
  }
  check_targets_domain(
    targets$y, fit$settings$loss, fit$settings$output_activation, call,
    weightless_rows(problem$weights)
  )
  check_given_again(fit, problem, validation, call)
  if (is.null(validation)) validation <- fit$settings$validation
  new_training_data(problem, targets, fit$settings$class_weights, validation, fit, call)
}

# The form of held-out data, for a message.
validation_words <- function(fit) {
  if (is.null(fit$encoding$terms)) {
    cli::format_inline("{.code validation = list(X = , y = )}")
  } else {
    cli::format_inline(
      "{.code validation = } a data frame that contains the outcome, or {.code list(X = , y = )}"
    )
  }
}

# Data that the first call had must be given again, and no others.
check_given_again <- function(fit, problem, validation, call) {
  had_validation <- identical(fit$settings$validation, "given")
  if (had_validation && is.null(validation)) {
    abort_argument(c(
      "{.arg validation} is missing: the fit was trained with validation data.",
      i = "Supply them again: {validation_words(fit)}."
    ), call)
  }
  if (!had_validation && !is.null(validation)) {
    abort_argument(c(
      "{.arg validation} can't be used: the fit was trained without validation data.",
      i = if (is.numeric(fit$settings$validation)) {
        "The same fraction of rows as before is held out again automatically."
      }
    ), call)
  }
  if (is.numeric(validation)) {
    abort_argument(c(
      "{.arg validation} must be data, as in the first call: {validation_words(fit)}.",
      x = "You supplied {describe(validation)}."
    ), call)
  }
  if (fit$has_offset && is.null(problem$offset)) {
    abort_argument(c(
      "{.arg offset} is missing: the fit was trained with offsets.",
      i = "Supply them again: {.code offset = }."
    ), call)
  }
  if (!fit$has_offset && !is.null(problem$offset)) {
    abort_argument("{.arg offset} can't be used: the fit was trained without offsets.", call)
  }
  if (isTRUE(fit$has_weights) && length(problem$weights) == 0) {
    abort_argument(c(
      "{.arg weights} is missing: the fit was trained with case weights.",
      i = "Supply them again: {.code weights = }."
    ), call)
  }
}

# Do the training rows, and the held-out rows, differ from those of the fit so far? The digest of a
# fit from an older version can't be compared (NULL), nor those of different kinds (see
# data_digest()): such data count as unchanged if the number of rows is the same.
changed_data <- function(fit, data) {
  c(
    training = nrow(data$X) != fit$n || differs(data$digest, fit$digest),
    held_out = differs(data$held_out_digest, fit$held_out_digest)
  )
}

differs <- function(digest, other) {
  digest_kind(digest) == digest_kind(other) && !identical(digest, other)
}

# The fit, with those parts of its state reset that depend on data that changed.
adapt_to_data <- function(fit, data, changed) {
  if (changed[["held_out"]]) {
    cli::cli_warn(c(
      "The held-out data differ from those of the fit so far.",
      i = "The best epoch is determined again, starting from the last weights of the fit."
    ), class = "backprop_warning_other_data", call = NULL)
    fit$state[c("best_weights", "best_epoch", "best_loss", "reference", "stale")] <- list(
      numeric(), 0, Inf, Inf, 0
    )
    fit$held_out_digest <- data$held_out_digest
  }
  if (changed[["training"]]) {
    cli::cli_warn(c(
      "The data differ from those that the fit was trained on.",
      i = "Training continues on them, starting from the weights of the fit."
    ), class = "backprop_warning_other_data", call = NULL)
    fit$state$under_way[] <- 0
    if (!is.null(fit$state$curvature)) {
      fit$state$curvature <- first_curvature(fit$settings, length(fit$state$weights))
    }
    fit$n <- nrow(data$X)
    # it is of the other data
    fit$evidence <- NULL
  }
  fit$digest <- data$digest
  fit
}
