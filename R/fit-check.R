# Checks that a fit is valid, so that it can be passed to the core. Sizes are compared as numbers
# before any matrix is allocated.

check_model <- function(fit) {
  whole <- function(x, least = 0, most = .Machine$integer.max) {
    is.numeric(x) && length(x) > 0 && all(is.finite(x)) &&
      all(x == floor(x) & x >= least & x <= most)
  }
  one <- function(x) length(x) == 1
  finite <- function(x, length) is.double(x) && base::length(x) %in% length && all(is.finite(x))
  number <- function(x, least = -Inf) is.double(x) && length(x) == 1 && !is.na(x) && x >= least
  text <- function(x) is.character(x) && !anyNA(x)
  flag <- function(x) is.logical(x) && length(x) == 1 && !is.na(x)

  check_model_layers(fit, whole, text)
  units <- layer_units(fit$layers)
  outputs <- n_outputs(fit$layers)
  need(
    is.numeric(fit$n) && one(fit$n) && whole(fit$n), "Its number of rows must be a whole number."
  )
  need(
    is.null(fit$levels) ||
      (text(fit$levels) && !anyDuplicated(fit$levels) &&
        length(fit$levels) == if (outputs == 1) 2 else outputs + has_ordered_outputs(fit)),
    "The number of its levels must match the number of its outputs."
  )
  need(
    is.null(fit$inputs) || (text(fit$inputs) && length(fit$inputs) == units[1]),
    "Either all or none of its inputs must have names.", "Set all names in {.code fit$inputs}."
  )
  need(
    is.null(fit$outputs) || (text(fit$outputs) && length(fit$outputs) == outputs),
    "Either all or none of its outputs must have names.", "Set all names in {.code fit$outputs}."
  )
  need(
    is.null(fit$ordered) || (isTRUE(fit$ordered) && !is.null(fit$levels)),
    "The field {.field ordered} must be true or absent."
  )
  need(
    flag(fit$has_offset) && (is.null(fit$digest) || (text(fit$digest) && one(fit$digest))),
    "The field {.field has_offset} or {.field digest} is invalid."
  )
  need(
    text(fit$stop) && one(fit$stop) && fit$stop %in% names(stop_reasons),
    "Its reason for stopping, {.field stop}, is unknown."
  )
  need(
    (is.null(fit$objective) || number(fit$objective)) &&
      (is.null(fit$best_epoch) || whole(fit$best_epoch) && one(fit$best_epoch)),
    "Its objective and best epoch must be numbers."
  )
  need(
    is.null(fit$has_weights) || flag(fit$has_weights),
    "Its mark of case weights must be true or false."
  )
  need(
    is.null(fit[["output"]]) == is.null(fit$residuals),
    "It must have output and residuals, or neither."
  )
  points <- if (fit$settings$loss$name %in% names(loss_table)) {
    length(point_outputs(fit$settings$loss, outputs))
  }
  # Of a row that is not trained on, or hardly, the output may be infinite, as in predict().
  for (name in c("output", "residuals")) {
    if (!is.null(fit[[name]])) {
      need(
        is.matrix(fit[[name]]) && is.double(fit[[name]]) &&
          all(dim(fit[[name]]) == c(fit$n, if (name == "output") outputs else points)) &&
          (isTRUE(fit$has_weights) || !anyNA(fit[[name]])),
        paste0("Its ", name, " must be a matrix of numbers with one row per case.")
      )
    }
  }
  need(
    is.data.frame(fit$history) && all(vapply(fit$history, is.double, NA)) &&
      all(lengths(fit$history) == nrow(fit$history)) &&
      all(c("epoch", "loss") %in% names(fit$history)),
    "Its history must be a table of numbers."
  )
  single <- !is.null(fit$levels) || outputs_per_outcome(fit$settings$loss) > 1
  need(
    is.null(fit$calibration) ||
      (is.list(fit$calibration) && length(fit$calibration) == (if (single) 1 else outputs) &&
        all(vapply(
          fit$calibration, function(scores) is.double(scores) && all(is.finite(scores)), NA
        ))),
    "Its calibration must be a list of vectors of finite numbers."
  )
  need(
    is.null(fit$calibration_weights) ||
      (is.list(fit$calibration_weights) &&
        identical(lengths(fit$calibration_weights), lengths(fit$calibration)) &&
        all(vapply(
          fit$calibration_weights,
          function(w) is.double(w) && all(is.finite(w)) && all(w > 0), NA
        ))),
    "The weights of its calibration must be as many positive numbers as it has scores."
  )
  errors <- function(x) {
    is.list(x) && is.double(x$table) && is.matrix(x$table) &&
      nrow(x$table) == (if (has_ordered_outputs(fit)) length(fit$levels) else points) &&
      !is.null(colnames(x$table)) && (is.null(x$accuracy) || number(x$accuracy)) &&
      (is.null(x$coverage) || number(x$coverage))
  }
  need(
    is.null(fit$errors) ||
      (is.list(fit$errors) && errors(fit$errors$training) &&
        (is.null(fit$errors$held_out) || errors(fit$errors$held_out)) && flag(fit$errors$weighted)),
    "Its errors must be tables of numbers."
  )
  need(
    is.null(fit$probe) || (whole(fit$probe$rows) && is_probe(fit$probe, fit$layers)),
    "The numbers in its field {.field probe} are invalid."
  )
  need(
    is.null(fit$na.action) ||
      (whole(fit$na.action, 1) && inherits(fit$na.action, c("omit", "exclude"))),
    "Its {.field na.action} must be row numbers."
  )
  need(
    is.null(fit$chosen) || text(fit$chosen), "The field {.field chosen} must be a character vector."
  )
  need(
    is.null(fit$evidence) || is_evidence(fit$evidence, text, number),
    "Its evidence must be losses of the network, a linear model and a constant."
  )
  need(
    is.null(fit$ensemble) || is_ensemble(fit$ensemble, fit$layers, whole),
    "Its ensemble must have a number of networks and their numbers of units."
  )
  check_model_settings(fit$settings, fit$layers, number, flag, whole)
  if (!lacks_state(fit)) {
    check_state(fit$state, fit$settings, n_parameters(fit$layers), fit$n)
  }
  check_epochs(fit)
  need(is.null(fit$encoding$columns) || !is.null(fit$inputs), "Its inputs must have names.")
  check_model_encoding(fit$encoding, units[1], outputs, fit$levels, finite, flag, whole)
  fit
}

# Checks that weights and scaling have the sizes of the layers, for functions that use them: a fit
# is a plain list that users can edit. It takes microseconds, because every prediction needs it;
# check_model() checks everything.
check_fit_sizes <- function(fit, call, name = "object") {
  if (!is_true(until_error(has_fit_sizes(fit), function(e) TRUE))) {
    abort_invalid_fit(fit, name, call)
  }
}

has_fit_sizes <- function(fit) {
  layers <- fit$layers
  below <- inputs <- n_inputs(layers)
  for (layer in layers) {
    weights <- fit[[layer$parameters[["weights"]]]]
    biases <- fit[[layer$parameters[["biases"]]]]
    if (!is.null(layer$skip)) {
      if (!identical(layer$skip, inputs) || layer$parameters[["weights"]] != "wout") {
        return(FALSE)
      }
      below <- below + inputs
    }
    fits <- is_row_name(layer$kind, layer_kinds) &&
      is_row_name(layer$activation, activation_table) &&
      length(layer$parameters) == 2 && identical(c(layer$inputs, below), rep(below, 2)) &&
      length(layer$units) == 1 && is.numeric(weights) && is.numeric(biases) &&
      identical(as.double(dim(weights)), c(below, layer$units)) &&
      identical(as.double(dim(biases)), c(1, layer$units))
    if (!fits) {
      return(FALSE)
    }
    below <- layer$units
  }
  encoding <- fit$encoding
  layer$parameters[["weights"]] == "wout" && is.character(fit$settings$precision) &&
    is.logical(fit$has_offset) &&
    (is.null(fit$levels) || length(fit$levels) == max(2, below + has_ordered_outputs(fit))) &&
    (is.null(encoding) ||
      (length(encoding$center) == inputs && length(encoding$scale) == inputs &&
        length(encoding$outcome$center) %in% c(1, below) &&
        length(encoding$outcome$scale) %in% c(1, below)))
}

is_row_name <- function(x, table) is.character(x) && length(x) == 1 && !is.null(table[[x]])

# Checks all of a plain fit, for functions that use more than its weights. The numbers of a fit that
# diverged may be infinite.
check_whole_fit <- function(fit, call, name = "object") {
  if (identical(fit$stop, "diverged")) {
    finite <- function(x) if (is.double(x)) replace(x, !is.finite(x), 0) else x
    # the range of an outcome, in the encoding, may be infinite
    own <- setdiff(names(fit), "encoding")
    fit[own] <- rapply(fit[own], finite, how = "replace")
  }
  reason <- invalid_field(fit)
  if (!is.null(reason)) abort_invalid_fit(fit, name, call, reason)
}

# A fit of this version as a plain list, of which all is checked.
whole_fit <- function(fit, call, name = "object") {
  fit <- plain_fit(fit, call)
  check_whole_fit(fit, call, name)
  fit
}

# The first reason why check_model() refuses a fit, or NULL.
invalid_field <- function(fit) {
  tryCatch(
    {
      check_model(fit)
      NULL
    },
    backprop_internal_format = function(e) cli::format_inline(e$message, .envir = e$envir),
    error = function(e) if (is_time_limit(e)) stop(e) else "Some of its fields have been changed."
  )
}

# Signals that a fit is invalid, with the reason.
abort_invalid_fit <- function(fit, name, call, reason = invalid_field(fit)) {
  abort_argument(c(
    "{.arg {name}} is not a valid fit from {.fn nn_train}.",
    x = if (!is.null(reason)) "{reason}",
    i = "Train it again, or undo changes that were made by hand."
  ), call)
}

# Checks that the layers are valid, fit together, and have their parameters.
check_model_layers <- function(fit, whole, text) {
  layers <- fit$layers
  of_text <- function(x) text(x) && length(x) == 1
  size <- function(x) is.double(x) && length(x) == 1 && whole(x, 1)
  need(is.list(layers) && length(layers) > 0, "It must have layers.")
  for (layer in layers) {
    need(
      is.list(layer) && of_text(layer$kind) && layer$kind %in% names(layer_kinds),
      "Each layer must be of a known kind."
    )
    need(
      size(layer$inputs) && size(layer$units),
      "The numbers of units of its layers must be whole numbers of at least 1."
    )
    need(
      of_text(layer$activation) && layer$activation %in% names(activation_table),
      "The activation of each layer must be a valid one."
    )
  }
  units <- layer_units(layers)
  activations <- layer_activations(layers)
  need(
    identical(
      lapply(layers, function(layer) layer[names(layer) != "custom"]),
      dense_layers(units, activations, skip = length(layers) > 1 && has_skip(layers))
    ),
    "The number of inputs of each layer must be the number of units of the previous one."
  )
  need(
    all(activations[-length(activations)] %in% c(inner_activations, "custom")) &&
      all(vapply(layers, function(layer) {
        (layer$activation == "custom") == is.function(layer$custom$value)
      }, NA)),
    "The activation of each layer must be a valid one."
  )
  for (layer in layers) {
    sizes <- parameter_sizes(layer)
    for (part in names(sizes)) {
      x <- fit[[layer$parameters[[part]]]]
      need(
        is.double(x) && is.matrix(x) && all(dim(x) == sizes[[part]]) && all(is.finite(x)),
        paste0(
          "Its ", layer$parameters[[part]],
          " must be a matrix of finite numbers with the dimensions of its layer."
        )
      )
    }
  }
}

# The text of print() for each value of `fit$stop`.
stop_reasons <- c(
  iterations = "epoch limit reached", gradient = "converged (gradient below its tolerance)",
  precision = "no further decrease of the objective (not converged)",
  patience = "early stopping (no improvement)", callback = "stopped by the callback",
  interrupted = "interrupted", diverged = "training diverged"
)

check_is_fit <- function(fit, call) {
  if (!inherits(fit, "nn_fit") || !is.list(fit)) {
    abort_argument(c(
      "{.arg fit} must be a fit from {.fn nn_train}.",
      x = "You supplied {describe(fit)}.",
      i = if (is.character(fit) && "path" %in% names(formals(frame_fn(call)))) {
        "The first argument is the fit, the second {.arg path}."
      }
    ), call)
  }
}
