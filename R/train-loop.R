# The training loop shared by nn_train() and nn_continue(): runs epochs from a state and makes the
# fit. The core runs a chunk of epochs and returns the next state; the plateau schedule, callbacks,
# checkpoints and the progress are handled here, between chunks. An interrupt ends a chunk.

# A run: what stays constant from chunk to chunk.
#   fit        the elements of the fit besides its weights, history and state
#   data       the training data
#   core       the training data in the form that the core needs (see core_data())
#   objective, method   in the form that the core needs
#   ranks      the processes that train together, or NULL
#   controls   list(callback, checkpoint, call) and, with restarts, `start` and `best`
new_run <- function(fit, data, seed, controls) {
  list(
    fit = fit, data = data, core = core_data(data, fit$settings, seed, controls$call),
    objective = core_objective(fit$settings),
    method = core_method(fit$settings$optimizer, fit$settings$clip), ranks = ranks_of(data$X),
    controls = controls
  )
}

# check_state() knows the number of rows, but not how many of them are in batches.
check_under_way <- function(state, run) {
  batches <- ceiling(run$core$rows / min(run$fit$settings$batch_size, run$core$rows))
  if (state$under_way[[1]] > 0 && state$under_way[[1]] >= batches) {
    abort_argument(c(
      "{.arg fit} must have batches left in the epoch under way.",
      x = "Its state has completed {state$under_way[[1]]}, and the data are {batches} batches."
    ), run$controls$call)
  }
}

# The number of epochs that a state has completed, with a fraction for the one under way.
epochs_done <- function(run, state) {
  batches <- ceiling(run$core$rows / min(run$fit$settings$batch_size, run$core$rows))
  state$epoch + state$under_way[[1]] / batches
}

# The user's actions between chunks. Of several processes the first one writes the checkpoint: the
# others may not have its folder.
new_controls <- function(callback, checkpoint, call, ranks = NULL) {
  elsewhere <- !is.null(ranks) && ranks$rank > 0
  list(
    callback = check_callback(callback, call),
    checkpoint = if (elsewhere) checkpoint else check_checkpoint(checkpoint, call), call = call
  )
}

run_training <- function(fit, state, history, data, epochs, controls) {
  run <- new_run(fit, data, state$seed, controls)
  on.exit(free_rows(run$core))
  check_under_way(state, run)
  ranks <- run$ranks
  progress <- start_progress(epochs)
  on.exit(end_progress(progress), add = TRUE)
  until <- state$epoch + epochs
  so_far <- list(state = state, history = history, stop = "iterations")
  failure <- NULL
  written <- -Inf
  # An interrupt may end the loop anywhere, but the update of `so_far` after a chunk is atomic.
  stop <- tryCatch(until_time_limit(
    {
      while (so_far$state$epoch < until && so_far$stop == "iterations") {
        if (!is.null(ranks)) meet(ranks, "chunk")
        before <- so_far$state$epoch
        count <- min(until - before, chunk_length(fit$settings, controls, before))
        plan <- new_plan(run, so_far$state, count, chunk_seconds(controls, progress))
        chunk <- core_train(
          fit$layers, run$objective, run$method, plan, run$core$training, run$core$validation,
          so_far$state
        )
        if (isTRUE(ranks$failed)) cnd_signal(chunk$error)
        suspendInterrupts({
          so_far <- after_chunk(run, so_far, chunk)
          failure <- chunk$error
        })
        show_progress(progress, epochs_done(run, so_far$state) - (until - epochs), last(chunk$loss))
        if (!is.null(controls$checkpoint) &&
          from_first_rank(ranks, is_checkpoint_due(proc.time()[[3]], written), "checkpoint")) {
          write_checkpoint(
            better_fit(controls$best, finish_fit(run, so_far)), controls$checkpoint, ranks
          )
          written <- proc.time()[[3]]
        }
        if (so_far$stop == "iterations" &&
          is_callback_due(controls$callback, before, so_far$state$epoch)) {
          so_far$stop <- run_callback(run, so_far, plan$rates)
        }
      }
      so_far$stop
    },
    function(e) failure <<- e
  ), interrupt = function(signal) "interrupted")
  so_far$stop <- stop
  check_same_weights(ranks, so_far$state$weights)
  fit <- tryCatch(finish_fit(run, so_far), interrupt = function(signal) {
    so_far$stop <<- stop <<- "interrupted"
    finish_fit(run, so_far)
  })
  if (!is.null(controls$checkpoint)) {
    write_checkpoint(better_fit(controls$best, fit), controls$checkpoint, ranks)
  }
  if (!is.null(failure)) signal_with_fit(failure, better_fit(controls$best, fit))
  if (stop == "diverged") abort_diverged(fit, controls$call)
  if (stop == "interrupted") report_interrupt(fit, until - so_far$state$epoch, controls)
  fit
}

# State, history and stop reason after a chunk.
after_chunk <- function(run, so_far, chunk) {
  state <- so_far$state
  rows <- history_rows(chunk, run$fit)
  epoch <- state$epoch + seq_along(rows$loss)
  state[names(chunk$state)] <- chunk$state
  if (length(rows$loss) > 0) {
    so_far$history[[length(so_far$history) + 1]] <- c(list(epoch = epoch), rows)
    if (!is.null(state$plateau)) {
      state$plateau <- next_plateau(
        state$plateau, run$fit$settings$schedule,
        last(if (is.null(rows$validation_loss)) rows$loss else rows$validation_loss)
      )
    }
  }
  so_far$state <- state
  so_far$stop <- if (chunk$stop == "time") "iterations" else chunk$stop
  so_far
}

# The plan of a chunk for the core: the settings it needs, the number of epochs, the learning rate
# of each epoch (or one for all), and the time limit in seconds.
new_plan <- function(run, state, epochs, seconds) {
  settings <- run$fit$settings
  rate <- settings$optimizer$learning_rate
  begun <- state$epoch - (settings$schedule_start %||% 0)
  factors <- schedule_factors(settings$schedule, begun + seq_len(epochs), state$plateau)
  list(
    batch_size = min(settings$batch_size, run$core$rows),
    shuffle = !isFALSE(settings$shuffle), in_blocks = identical(settings$shuffle, "blocks"),
    seed = as.double(state$seed), dropout = settings$dropout, epochs = epochs,
    rates = (if (is.null(rate)) 0 else rate) * factors,
    patience = settings$patience, tolerance = settings$tolerance,
    track_best = !is.null(settings$validation),
    count_correct = counts_classes(settings, n_outputs(run$fit$layers)),
    rate_factors = rate_factors(run$fit$layers, settings), max_norm = settings$max_norm %||% Inf,
    threads = settings$threads, seconds = seconds, sum = core_sum(run$ranks)
  )
}

# The number of epochs in the next chunk.
chunk_length <- function(settings, controls, epoch) {
  every <- if (is.null(controls$callback)) {
    Inf
  } else {
    controls$callback$every - epoch %% controls$callback$every
  }
  if (watches_loss(settings$schedule)) 1 else min(every, 1e6)
}

chunk_seconds <- function(controls, progress) {
  if (!is.null(progress)) 0.2 else if (!is.null(controls$checkpoint)) 1 else Inf
}
