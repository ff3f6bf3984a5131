# The training data of a fit, supplied again, as everything in this room needs them.

# list(fit, problem, y, a, w, scale, free, shifts, estimate):
#   fit       the plain fit
#   problem   layers, weights, objective, rows (in the core), X and offset of the rows that the
#             objective is a sum over: without those held out and those of weight 0. Its reduction
#             is "sum", with the penalties of that scale
#   y, a      targets and outputs of these rows (n x k), on the scale of the response
#   w         their weights in the loss
#   scale     the scale of each outcome: residuals of the network are (y - a) / scale
#   free      the numbers of the parameters that are not frozen
#   shifts    directions without an effect, as softmax_shifts() returns them
#   estimate  the weights, without their part along these directions
training_again <- function(object, X, y, weights, offset, call) {
  fit <- whole_fit(object, call)
  check_no_custom(fit$settings, "Inference", call)
  from_data <- !is.null(fit$encoding)
  if (!from_data && is.null(y)) {
    abort_input(c(
      "{.arg y} is missing.",
      i = "A fit does not store its data: supply the targets that it was trained on."
    ), call)
  }
  problem <- if (from_data) {
    in_memory(encode_again(fit, X, y, weights, offset, call), call)$training
  } else {
    new_problem(X, y, weights = weights, offset = offset)
  }
  # validation data are not part of the objective
  seen <- fit
  if (identical(fit$settings$validation, "given")) seen$settings$validation <- NULL
  data <- in_memory(resumed_data(seen, problem, NULL, call), call)
  if (changed_data(fit, data)[["training"]]) {
    cli::cli_warn(c(
      "The data differ from those that the fit was trained on.",
      i = "The weights of the fit are not an optimum for them."
    ), class = "backprop_warning_other_data", call = NULL)
  }
  objective_rows(fit, data)
}

objective_rows <- function(fit, data) {
  rows <- setdiff(
    weighted_rows(data), held_out_rows(fit$settings, fit$state$seed, data$targets, data$weights)
  )
  X <- take_rows(data$X, rows)
  y <- take_rows(data$y, rows)
  offset <- take_rows(data$offset, rows)
  w <- if (length(data$weights) > 0) data$weights[rows] else rep(1, length(rows))
  settings <- fit$settings
  if (settings$reduction == "mean") {
    settings[c("penalty", "penalty_l1")] <- lapply(
      settings[c("penalty", "penalty_l1")], `*`, sum(w)
    )
  }
  settings$reduction <- "sum"
  weights <- flatten_network(fit[parameter_names(fit$layers)])
  output <- core_forward(fit$layers, weights, X, offset, FALSE, FALSE)$output
  free <- free_parameters(fit)
  shifts <- if (length(free) == length(weights)) softmax_shifts(fit)
  list(
    fit = fit, free = free, shifts = shifts,
    estimate = if (is.null(shifts)) weights else drop(weights - tcrossprod(shifts) %*% weights),
    problem = list(
      layers = fit$layers, weights = weights, objective = core_objective(settings),
      rows = core_rows(X, y, w, offset, seq_along(rows), FALSE), X = X, y = y, offset = offset
    ),
    y = decode_output(y, fit$encoding), a = decode_output(output, fit$encoding), w = w,
    scale = fit$encoding$outcome$scale %||% 1
  )
}

# The directions in which weights of a softmax layer can be moved without an effect, as orthonormal
# columns: the same number is added to all weights from one unit. NULL for other outputs and with a
# penalty.
softmax_shifts <- function(fit) {
  settings <- fit$settings
  if (settings$output_activation != "softmax" || settings$penalty > 0) {
    return(NULL)
  }
  layer <- fit$layers[[length(fit$layers)]]
  from <- softmax_sources(fit)
  before <- n_parameters(fit$layers) - length(from)
  rbind(
    matrix(0, before, layer$inputs + 1),
    outer(from, seq_len(layer$inputs + 1), "==") / sqrt(layer$units)
  )
}

# The number of free parameters that the likelihood depends on. Those of softmax classes from one
# unit can be shifted together, unless one of them is frozen.
likelihood_parameters <- function(fit) {
  free <- free_parameters(fit)
  if (fit$settings$output_activation != "softmax") {
    return(length(free))
  }
  from <- softmax_sources(fit)
  is_free <- (n_parameters(fit$layers) - length(from) + seq_along(from)) %in% free
  length(free) - sum(tapply(is_free, from, all))
}

# The units that the weights of the output layer come from, by number; the last one is the bias.
softmax_sources <- function(fit) {
  layer <- last(fit$layers)[[1]]
  c(rep(seq_len(layer$inputs), layer$units), rep(layer$inputs + 1, layer$units))
}

# The same record without the data, from the stored outputs and residuals, for what needs no more.
training_stored <- function(object, call) {
  fit <- whole_fit(object, call)
  unknown <- if (isTRUE(fit$has_weights) || !is.null(fit$settings$class_weights)) {
    "The fit was trained with weights, which it does not store."
  } else if (is.numeric(fit$settings$validation)) {
    "Some of the stored outputs are those of held-out rows."
  } else if (is.null(fit$output) || is.null(fit$residuals)) {
    "The fit does not store its outputs and residuals."
  } else if (!identical(dim(fit$output), dim(fit$residuals))) {
    "The stored residuals do not determine the outcomes, as there are several outputs for one."
  }
  if (!is.null(unknown)) {
    abort_argument(c(
      "The training data must be supplied again, as {.arg X} (and {.arg y}).",
      x = unknown
    ), call)
  }
  list(
    fit = fit, y = fit$output + fit$residuals, a = fit$output, w = rep(1, nrow(fit$output)),
    scale = fit$encoding$outcome$scale %||% 1, free = free_parameters(fit)
  )
}

training_record <- function(object, X, y, weights, offset, call) {
  if (is.null(X)) {
    training_stored(object, call)
  } else {
    training_again(object, X, y, weights, offset, call)
  }
}

# The likelihood of a record's loss. An error if there is none.
likelihood_of <- function(record, what, call, hint = NULL) {
  loss <- record$fit$settings$loss$name
  row <- likelihood_table[[loss]]
  if (!is.null(row) && is.null(record$fit$settings$class_weights)) {
    return(row)
  }
  abort_argument(c(
    paste(what, "requires a loss that is the negative log-likelihood of a distribution."),
    if (is.null(row)) {
      c(x = paste("The loss of this fit is {.val {loss}}.", why_no_likelihood(loss)))
    } else {
      c(x = "With {.arg class_weights} the loss is no likelihood.")
    },
    i = hint, i = "Losses with a likelihood are {.val {names(likelihood_table)}}."
  ), call)
}

mixes_outputs <- function(fit) activation_table[[fit$settings$output_activation]]$mixes_units

# Degrees of freedom of the residuals.
residual_df <- function(record) as.double(length(record$y) - length(record$free))
