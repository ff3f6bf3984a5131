# How training ends: by itself, by divergence or by an interrupt.

# A small gradient is convergence only where it says something: not in the flat part of every unit,
# nor where the weights run to infinity.
warn_of_false_end <- function(fit, data) {
  plain <- unclass(fit)
  if (plain$stop != "gradient") {
    return(fit)
  }
  layers <- core_forward(plain$shape, flatten_network(coef(fit)), data$X, data$offset, TRUE, FALSE)
  kinds <- activation_table$name[plain$shape$activations + 1]
  from_logits <- plain$settings$loss$name == "cross_entropy"
  slopes <- list(sigmoid = derivatives_sigmoid, tanh = function(a) 1 - a^2)
  flat <- vapply(seq_along(kinds), function(layer) {
    slope <- slopes[[kinds[layer]]]
    if (is.null(slope) || (from_logits && layer == length(kinds))) {
      return(0L)
    }
    sum(apply(slope(layers$activation[[layer]]), 2, max) < 1e-6)
  }, 0L)
  if (sum(flat) > 0) {
    cli::cli_warn(c(
      paste0(
        "{sum(flat)} unit{?s} {?is/are} saturated for all rows, so that a small gradient says ",
        "little about the optimum."
      ),
      i = paste0(
        "Scale the inputs, or begin from smaller weights: {.code init = \"glorot_normal\"}, ",
        "{.code restarts = 10}."
      )
    ), class = "backprop_warning_saturated", call = NULL)
  }
  apart <- from_logits && plain$settings$penalty == 0 && plain$settings$penalty_l1 == 0 &&
    any(vapply(
      seq_len(ncol(data$y)),
      function(k) {
        of_class <- data$y[, k] == 1
        any(of_class) && any(!of_class) && min(layers$output[of_class, k]) > 1 - 1e-4 &&
          max(layers$output[!of_class, k]) < 1e-4
      },
      NA
    ))
  if (apart) {
    cli::cli_warn(c(
      paste0(
        "A class is separated from the others, so that its weights have no finite optimum: ",
        "they grow as long as training goes on."
      ),
      i = "A {.arg penalty} above 0 makes the optimum finite."
    ), class = "backprop_warning_separable", call = NULL)
  }
  fit
}

abort_diverged <- function(fit, call) {
  rate <- fit$settings$optimizer$learning_rate
  untrained <- fit$state$epoch == 0 && is.null(fit$settings$batch_size)
  abort_kind(
    "diverged",
    c(
      "Training diverged: the loss was no longer a finite number in epoch {fit$state$epoch + 1}.",
      i = if (untrained) {
        paste0(
          "No step had been made: the data, or the weights to begin from, are too large. ",
          "Scale the inputs and the targets."
        )
      },
      i = if (untrained) {
        if (fit$settings$precision == "single") "Or take {.code precision = \"double\"}."
      } else if (is.null(rate)) {
        "Scale the inputs, or begin from smaller weights."
      } else {
        "Use a smaller {.arg learning_rate} than {rate}, or scale the inputs."
      },
      i = paste0(
        "The weights of the last finite epoch, {fit$state$epoch}, are in the field {.field fit} ",
        "of this error."
      )
    ),
    call, environment(),
    fit = fit
  )
}

# At the console the fit comes back with a warning. Within another function the interrupt goes on to
# whoever waits for it.
report_interrupt <- function(fit, left, controls) {
  if (!called_from_console(controls$call)) interrupt()
  if (!is.null(controls$start)) {
    return(cli::cli_warn(c(
      paste0(
        "Training was interrupted in epoch {fit$state$epoch + 1} of start {controls$start} of ",
        "{fit$settings$restarts}; this is the best fit so far."
      )
    ), class = "backprop_warning_interrupted", call = NULL))
  }
  cli::cli_warn(c(
    "Training was interrupted in epoch {fit$state$epoch + 1}; this is the fit so far.",
    i = paste0(
      "{.code nn_continue(fit, {if (is.null(fit$encoding$terms)) 'X, y' else 'data'}, ",
      "epochs = {left})} goes on from here to the same end."
    )
  ), class = "backprop_warning_interrupted", call = NULL)
}

# Was the function whose environment is `call` the first one on the stack, its generic aside?
called_from_console <- function(call) {
  position <- which(vapply(sys.frames(), identical, NA, call))[1]
  generic <- position > 1 && "UseMethod" %in% all.names(body(sys.function(position - 1)))
  position - generic == 1
}
