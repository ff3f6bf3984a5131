# Runs epochs from a state and makes the fit: what nn_train() and nn_continue() share. The core runs
# a chunk of epochs and gives the next state back; schedules that watch the loss, callbacks,
# checkpoints, progress and interrupts all happen here, between chunks.

run_training <- function(fit, state, history, data, epochs, controls) {
  prepared <- core_data(data, fit$settings, state$seed, controls$call)
  objective <- core_objective(fit$settings)
  fit$problem <- list(
    data = data, training = prepared$training, held_out = prepared$held_out, objective = objective
  )
  method <- optimizer_numbers(fit$settings$optimizer, fit$settings$clip)
  progress <- if (is_interactive() && epochs > 0) start_progress(epochs)
  until <- state$epoch + epochs
  stop <- "iterations"
  written <- -Inf
  # An interrupt ends the loop wherever it comes: what follows a chunk is done as a whole or not at
  # all.
  stop <- tryCatch(
    {
      while (state$epoch < until && stop == "iterations") {
        before <- state$epoch
        count <- min(until - before, chunk_length(fit$settings, controls, before))
        rate <- fit$settings$optimizer$learning_rate
        rates <- (if (is.null(rate)) 0 else rate) *
          schedule_factors(fit$settings$schedule, before + seq_len(count), state$plateau)
        plan <- core_plan(
          fit, state, prepared$rows, count, rates, chunk_seconds(controls, progress)
        )
        chunk <- core_train(
          fit$shape, objective, method, plan, prepared$training, prepared$validation, state
        )
        rows <- history_rows(chunk, fit)
        suspendInterrupts({
          state[names(chunk$state)] <- chunk$state
          names(state$under_way) <- c("batch", "loss", "weight", "correct")
          if (length(rows$loss) > 0) {
            history[[length(history) + 1]] <- c(list(epoch = before + seq_along(rows$loss)), rows)
            if (!is.null(state$plateau)) {
              state$plateau <- next_plateau(
                state$plateau, fit$settings$schedule,
                last(if (is.null(rows$validation_loss)) rows$loss else rows$validation_loss)
              )
            }
          }
          stop <- if (chunk$stop == "time") "iterations" else chunk$stop
        })
        if (!is.null(progress)) {
          show_progress(progress, state$epoch - (until - epochs), last(rows$loss))
        }
        if (!is.null(controls$checkpoint) && proc.time()[[3]] - written >= 1) {
          write_checkpoint(
            better_fit(controls$best, finish_fit(fit, state, history, stop)), controls$checkpoint
          )
          written <- proc.time()[[3]]
        }
        if (stop == "iterations" && is_callback_due(controls$callback, before, state$epoch)) {
          stop <- run_callback(fit, state, history, rates, controls)
        }
      }
      stop
    },
    interrupt = function(signal) "interrupted"
  )
  if (!is.null(progress)) cli::cli_progress_done(id = progress)
  fit <- finish_fit(fit, state, history, stop)
  if (!is.null(controls$checkpoint)) {
    write_checkpoint(better_fit(controls$best, fit), controls$checkpoint)
  }
  if (stop == "diverged") abort_diverged(fit, controls$call)
  if (stop == "interrupted") report_interrupt(fit, until - state$epoch, controls)
  fit
}

# How many epochs to ask the core for at once.
chunk_length <- function(settings, controls, epoch) {
  every <- if (is.null(controls$callback)) {
    Inf
  } else {
    controls$callback$every - epoch %% controls$callback$every
  }
  if (identical(settings$schedule$kind, "plateau")) 1 else min(every, 1e6)
}
chunk_seconds <- function(controls, progress) {
  if (!is.null(progress)) 0.2 else if (!is.null(controls$checkpoint)) 1 else Inf
}

# A fit's history grows by these rows; losses are means of a row.
history_rows <- function(chunk, fit) {
  outputs <- last(fit$shape$units)
  rows <- list(loss = chunk$loss)
  if (length(chunk$correct) > 0) rows$accuracy <- chunk$correct
  held <- !is.null(fit$settings$validation)
  root <- held && fit$settings$loss$name == "squared_error"
  if (root) rows$rmse <- sqrt(2 * chunk$loss / outputs)
  if (held) rows$validation_loss <- chunk$validation_loss
  if (held && length(chunk$validation_correct) > 0) {
    rows$validation_accuracy <- chunk$validation_correct
  }
  if (root) rows$validation_rmse <- sqrt(2 * chunk$validation_loss / outputs)
  rows
}
empty_history <- function() list()
history_frame <- function(history) {
  if (length(history) == 0) history <- list(list(epoch = numeric(), loss = numeric()))
  columns <- if (length(history) == 1) {
    history[[1]]
  } else {
    stats::setNames(
      lapply(names(history[[1]]), function(name) unlist(lapply(history, `[[`, name))),
      names(history[[1]])
    )
  }
  attr(columns, "row.names") <- .set_row_names(length(columns$epoch))
  class(columns) <- "data.frame"
  columns
}

is_callback_due <- function(callback, before, epoch) {
  !is.null(callback) && epoch > before && epoch %% callback$every == 0
}

run_callback <- function(fit, state, history, rates, controls) {
  now <- list(
    epoch = state$epoch,
    history = lapply(history[[length(history)]], function(column) column[length(column)]),
    learning_rate = if (!is.null(fit$settings$optimizer$learning_rate)) rates[length(rates)],
    network = unflatten_network(state$weights, fit$shape)
  )
  answer <- tryCatch(controls$callback$f(now), error = function(e) {
    abort_kind(
      "callback",
      c(
        "The callback failed after epoch {now$epoch}.",
        x = "{conditionMessage(e)}",
        i = "The field {.field fit} of this error holds the fit so far."
      ),
      controls$call, environment(),
      fit = better_fit(controls$best, finish_fit(fit, state, history, "callback")), parent = e
    )
  })
  if (isFALSE(answer)) "callback" else "iterations"
}

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

returned_weights <- function(state) {
  if (length(state$best_weights) > 0) state$best_weights else state$weights
}

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
  position - (position > 1 && identical(sys.function(position - 1), nn_train)) == 1
}

# cli shows the bar after two seconds, and never where nobody watches.
start_progress <- function(epochs) {
  cli::cli_progress_bar(
    total = epochs,
    format = paste0(
      "Training {cli::pb_bar} {cli::pb_current}/{cli::pb_total} epochs, ",
      "loss {cli::pb_status}{cli::pb_eta_str}"
    ),
    .envir = parent.frame(), .auto_close = FALSE
  )
}
show_progress <- function(progress, done, loss) {
  cli::cli_progress_update(
    set = done, id = progress, status = if (length(loss) == 1) paste0(format(loss, digits = 4), " ")
  )
}
