# Checks of a trace, which is a list that users can change by hand.

# Checks the settings, the network, and these `epochs` (NULL for all). Every function checks what it
# uses, so that access to one epoch takes the same time in a long trace.
check_trace <- function(trace, call, name = "x", epochs = NULL) {
  if (!is_true(tryCatch(is_trace(unclass(trace), epochs), error = function(e) FALSE))) {
    abort_object(name, "trace", NULL, call)
  }
  invisible(trace)
}

is_trace <- function(trace, epochs) {
  rate <- trace$learning_rate
  layers <- trace_layers(trace$settings)
  sizes <- unlist(lapply(layers, parameter_sizes), recursive = FALSE, use.names = FALSE)
  checked <- trace$epochs[intersect(epochs %||% seq_along(trace$epochs), seq_along(trace$epochs))]
  steps <- if (length(checked) > 0) expected_steps(checked[[1]]$steps, trace$settings)
  identical(names(trace), c("epochs", "network", "learning_rate", "settings")) &&
    is.double(rate) && length(rate) == 1 && is.finite(rate) && rate > 0 &&
    identical(names(trace$network), parameter_names(layers)) &&
    all(unlist(Map(has_size, trace$network, sizes))) && is.list(trace$epochs) &&
    all(vapply(checked, is_traced_epoch, NA, steps = steps, settings = trace$settings))
}

# Is it a matrix of numbers with this number of rows and columns?
has_size <- function(x, size) is.double(x) && is.matrix(x) && all(dim(x) == size)

# The layers of a trace. An error if its settings are invalid.
trace_layers <- function(settings) {
  call <- current_env()
  units <- check_whole(settings$units, "units", call, many = TRUE)
  hidden <- length(units) - 2
  chosen <- check_activations(
    if (hidden > 0) settings$activation, settings$output_activation, hidden, call
  )
  known <- identical(chosen$activation, settings$activation) &&
    identical(names(settings), c(
      "units", "skip", "activation", "output_activation", "loss", "reduction", "shuffle",
      "batch_size", "seed", "levels"
    )) &&
    (is.null(settings$batch_size) || check_whole(settings$batch_size, "batch_size", call) > 0) &&
    (is.null(settings$seed) || is_seed(settings$seed)) &&
    (is.null(settings$levels) ||
      is.character(settings$levels) && !anyNA(settings$levels) && !anyDuplicated(settings$levels) &&
        length(settings$levels) == max(2, last(units)))
  if (!known) stop("the settings have been changed")
  check_choice(settings$reduction, c("sum", "mean"), "reduction", call)
  check_flag(settings$shuffle, "shuffle", call)
  check_loss_and_output(settings$loss, settings$output_activation, "numeric", call)
  dense_layers(
    units, c(settings$activation, settings$output_activation),
    skip = check_flag(settings$skip, "skip", call)
  )
}

# The steps of each update, without values, which are the same in all of them.
expected_steps <- function(steps, settings) {
  elementwise <- any(vapply(steps, function(step) step$id == "slope_output_layer", NA))
  without_values(trace_steps(if (elementwise) list(slope_output_layer = NULL), settings, 0))
}

without_values <- function(steps) {
  lapply(steps, function(step) {
    step["value"] <- list(NULL)
    step$batch <- 0
    step
  })
}

# `steps`: as expected_steps() returns them.
is_traced_epoch <- function(traced, steps, settings) {
  rows <- unlist(traced$batches)
  identical(names(traced), c("epoch", "batches", "loss", "steps")) &&
    is.numeric(traced$epoch) && length(traced$epoch) == 1 && is.list(traced$batches) &&
    is.numeric(rows) && !anyDuplicated(rows) && setequal(rows, seq_along(rows)) &&
    is.double(traced$loss) && identical(names(traced$loss), c("before", "after")) &&
    length(traced$steps) == length(steps) * length(traced$batches) &&
    all(vapply(seq_along(traced$batches), function(batch) {
      found <- traced$steps[(batch - 1) * length(steps) + seq_along(steps)]
      sizes <- step_sizes(settings, length(traced$batches[[batch]]), ncol(found[[2]]$value))
      all(vapply(found, `[[`, 0, "batch") == batch) && identical(without_values(found), steps) &&
        all(vapply(found, function(step) {
          has_size(step$value, sizes[[sub("_(before|after)$", "", step$id)]])
        }, NA))
    }, NA))
}

# The sizes of the matrices of an update of this number of rows, by the ids of their steps without
# _before and _after.
step_sizes <- function(settings, rows, targets) {
  layers <- dense_layers(settings$units)
  of_parameters <- unlist(lapply(layers, parameter_sizes), recursive = FALSE, use.names = FALSE)
  names(of_parameters) <- parameter_names(layers)
  of_units <- lapply(settings$units[-1], function(units) c(rows, units))
  hidden <- n_hidden(layers)
  quantities <- list(
    c(layer_names("hidden_layer_input", hidden), "output_layer_input"),
    c(layer_names("hiddenlayer_activations", hidden), "output"),
    c(layer_names("slope_hidden_layer", hidden), "slope_output_layer"),
    c(layer_names("Error_at_hidden_layer", hidden), "E"),
    c(layer_names("d_hiddenlayer", hidden), "d_output")
  )
  c(
    list(X = c(rows, settings$units[1]), y = c(rows, targets)), of_parameters,
    list(wskip = c(settings$units[1], n_outputs(layers)), loss = c(1, 1)),
    unlist(lapply(quantities, function(names) stats::setNames(of_units, names)), recursive = FALSE)
  )
}
