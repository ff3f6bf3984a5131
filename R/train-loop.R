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

core_plan <- function(fit, state, rows, epochs, rates, seconds) {
  settings <- fit$settings
  list(
    batch_size = min(settings$batch_size, rows), shuffle = settings$shuffle,
    seed = as.double(state$seed), dropout = settings$dropout, epochs = epochs, rates = rates,
    patience = settings$patience, tolerance = settings$tolerance,
    track_best = !is.null(settings$validation),
    count_correct = counts_classes(settings, last(fit$shape$units)), threads = settings$threads,
    seconds = seconds
  )
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
