#' Resume training
#'
#' Trains a fit for `epochs` more epochs. The result is bit-identical to a single call with all the
#' epochs: 50 epochs and then another 50 are the same as 100, for every optimiser, schedule and
#' dropout. This also works in another R session, after `saveRDS()` and `readRDS()`, and from a
#' checkpoint.
#'
#' A fit whose training has ended (`stop` is `"gradient"`, `"precision"` or `"patience"`) is
#' returned unchanged, with a message of class `backprop_message_ended`, unless the data differ.
#' After early stopping, supply `patience` or `tolerance` to continue. A fit made with `restarts`
#' resumes from the start that was kept. An ensemble (`effort = "high"`) is continued as the single
#' network that it is, with all its weights and on all rows, by a fresh optimiser: its networks are
#' no longer separate, so that the fit loses its `ensemble`, `evidence` and out-of-fold
#' `calibration`.
#'
#' @param fit A fit from [nn_train()].
#' @param X,y The data that the fit was trained on, which it does not store: as in [nn_train()]; for
#'   a formula fit `X` is the data frame and `y` is `NULL` (the default). Other data with the same
#'   columns are accepted with a warning of class `backprop_warning_other_data`, and the fit loses
#'   the `evidence` of its first data. A sparse `X` and a
#'   plain matrix of the same numbers count as different data.
#' @param epochs Number of additional epochs, a whole number of at least 0.
#' @param weights,offset,validation Case weights, offsets and held-out data (a list), required if
#'   the first call had them; `NULL` (default) otherwise. If the first call held out a fraction of
#'   the rows, the same rows are held out again, also for a fit of an older version. Weights,
#'   offsets and `subset` that a formula fit took from columns of the data are taken from `X` again.
#'   With other held-out data, the best epoch is determined again, with a warning of class
#'   `backprop_warning_other_data`.
#' @param patience,tolerance As in [nn_train()]; `NULL` (default) keeps the values of the fit. If
#'   one is supplied, the count of epochs without improvement starts again.
#' @param learning_rate,schedule Learning rate and schedule from now on, for fine-tuning, as in
#'   [nn_train()]; `NULL` (default) keeps those of the fit, and `schedule = "none"` ends a schedule.
#'   A new schedule counts epochs from this call on. Not for L-BFGS and Levenberg-Marquardt.
#' @param freeze Weights that are frozen from now on, as in [nn_train()]; `NULL` (default) keeps
#'   those of the fit, and `character()` trains all weights.
#' @param new_levels For a fit made from a data frame, how to handle levels that the training data
#'   of the first call do not have, as in [nn_train.data.frame()]; `NULL` (default) keeps the value
#'   of the fit. With `"NA"`, the fit's `na.action` decides about the rows.
#' @param callback,checkpoint,communicator As in [nn_train()]. The number of processes may differ
#'   from that of the first call.
#' @param ... Must be empty: an unknown argument is an error.
#' @return A fit as returned by [nn_train()], with the complete history.
#' @section Errors and warnings: Those of [nn_train()], and `backprop_error_argument` if `fit` is
#'   not a fit; if validation data, offsets or case weights of the first call are not supplied
#'   again; or if validation data or offsets are supplied although the first call had none. Warnings
#'   of class `backprop_warning_other_data` if the data differ from those of the first call.
#' @examples
#' X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
#' y <- c(1, 1, 0)
#' set.seed(1)
#' half <- nn_train(X, y, epochs = 50)
#' set.seed(1)
#' identical(coef(nn_continue(half, X, y, epochs = 50)), coef(nn_train(X, y, epochs = 100)))
#' @export
nn_continue <- function(fit, X, y = NULL, epochs, weights = NULL, offset = NULL, validation = NULL,
                        patience = NULL, tolerance = NULL, callback = NULL, checkpoint = NULL,
                        new_levels = NULL, learning_rate = NULL, schedule = NULL, freeze = NULL,
                        communicator = NULL, ...) {
  call <- current_env()
  if ("data" %in% ...names()) {
    abort_argument(c(
      "{.arg data} is not an argument of this function.",
      i = "Supply the data frame as {.arg X}: {.code nn_continue(fit, X = data, epochs = )}."
    ), call)
  }
  check_no_dots(call, ..., known = names(formals(nn_continue)))
  check_given(missing(fit), "fit", "a fit from nn_train()", call)
  check_is_fit(fit, call)
  check_continues(unclass(fit), call)
  from_data <- !is.null(unclass(fit)$encoding)
  check_given(missing(X), "X", paste(
    if (from_data) "the data frame" else "the inputs", "that the fit was trained on"
  ), call)
  if (!from_data) check_given(missing(y), "y", "the targets that the fit was trained on", call)
  check_given(missing(epochs), "epochs", "the number of additional epochs", call)
  epochs <- check_whole(epochs, "epochs", call, least = 0)
  ranks <- join_ranks(communicator, call)
  options <- list(
    epochs = epochs, validation = validation, patience = patience, tolerance = tolerance,
    callback = callback, checkpoint = checkpoint, new_levels = new_levels,
    learning_rate = learning_rate, schedule = schedule, freeze = freeze
  )
  with_ranks(ranks, continue_training(fit, X, y, weights, offset, options, ranks, call))
}

# `options`: the arguments that must be the same in all processes.
continue_training <- function(fit, X, y, weights, offset, options, ranks, call) {
  validation <- options$validation
  given <- current_fit(fit, call)
  fit <- check_resumable(unclass(given), call)
  from_data <- !is.null(fit$encoding)
  problem <- new_problem(X, y, weights = weights, offset = offset)
  if (!is.null(ranks)) {
    check_same_call(ranks, call_facts(c(list(fit = fit), options), problem))
    check_distributed(fit$settings, call)
  }
  if (is.null(ranks)) {
    problem <- blank_problem(problem, fit$levels)
  } else if (!from_data) {
    problem <- share_problem(problem, ranks, "X", call, fit$levels)
    validation <- share_held_out(validation, ranks, call, fit$levels)
  }
  if (from_data) {
    if (!is.null(options$new_levels)) {
      fit$encoding$new_levels <- check_new_levels(options$new_levels, call)
    }
    if (is_source(X)) check_source(X, call, "X")
    store <- new_store(if (is_source(X)) X$cache, fit$settings$precision == "single")
    on.exit(close_store(store))
    again <- in_memory(encode_again(fit, X, y, weights, offset, call, store, ranks), call)
    problem <- again$training
    if (!is.null(validation)) validation <- encode_validation(fit, validation, call, store, ranks)
  }
  check_epoch_count(fit$state$epoch, options$epochs, call)
  data <- in_memory(resumed_data(fit, problem, validation, call), call)
  fit$settings <- renew_patience(fit$settings, options$patience, options$tolerance, call)
  controls <- new_controls(options$callback, options$checkpoint, call, ranks)
  # networks that are trained together on all rows have no out-of-fold predictions
  if (!is.null(fit$ensemble)) {
    fit[c("ensemble", "evidence", "calibration", "calibration_weights")] <- NULL
  }
  renewed <- !is.null(options$patience) || !is.null(options$tolerance)
  tuned <- !is.null(options$learning_rate) || !is.null(options$schedule) ||
    !is.null(options$freeze)
  fit <- tune(fit, options$learning_rate, options$schedule, options$freeze, call)
  changed <- changed_data(fit, data)
  # also of training that diverged
  out_of_patience <- fit$stop == "patience" ||
    (fit$stop == "diverged" && isTRUE(fit$state$stale >= fit$settings$patience))
  if (!any(changed) && !tuned && (fit$stop %in% c("gradient", "precision") ||
    (out_of_patience && !renewed))) {
    cli::cli_inform(c(
      ended_because(fit),
      i = if (out_of_patience) "To continue, supply {.arg patience} or {.arg tolerance}."
    ), class = "backprop_message_ended")
    return(given)
  }
  if (renewed || tuned || out_of_patience) fit$state$stale <- 0
  fit <- adapt_to_data(fit, data, changed)
  history <- if (nrow(fit$history) > 0) list(as.list(fit$history)) else empty_history()
  longer <- warn_of_false_end(
    in_memory(run_training(fit, fit$state, history, data, options$epochs, controls), call), data
  )
  if (from_data && !is.null(again$calibration)) calibrate(longer, again$calibration) else longer
}

# Why more epochs would not change a fit, in words.
ended_because <- function(fit) {
  switch(fit$stop,
    gradient = paste0(
      "Training of this fit converged: its gradient is small enough (fit$stop is ",
      "{.val {fit$stop}}). More epochs do not change it, and it is returned unchanged."
    ),
    precision = paste0(
      "Training of this fit converged as far as the precision of numbers allows (fit$stop is ",
      "{.val {fit$stop}}). More epochs do not change it, and it is returned unchanged."
    ),
    paste0(
      "Training of this fit was ended by early stopping (fit$stop is {.val {fit$stop}}). It is ",
      "returned unchanged."
    )
  )
}

# What no argument can help is said before arguments are asked for.
check_continues <- function(fit, call) {
  check_not_stripped(
    fit, "{.fn nn_continue}",
    "Resume the original fit, or train again with {.code start = coef(fit)}.", call
  )
}

# A fit is a plain list that may come from a file or was changed by hand.
check_resumable <- function(fit, call) {
  tryCatch(check_model(fit), error = function(e) abort_invalid_fit(fit, "fit", call))
}

# The core counts epochs in 32 bits.
check_epoch_count <- function(done, epochs, call) {
  if (done + epochs > 2^32 - 1) {
    abort_argument(c(
      "{.arg epochs} must be at most {format(2^32 - 1 - done, big.mark = ',')} for this fit.",
      x = "It has {format(done, big.mark = ',')} epochs, and 4,294,967,295 are the limit."
    ), call)
  }
}

renew_patience <- function(settings, patience, tolerance, call) {
  if (!is.null(patience)) {
    settings$patience <-
      if (identical(patience, Inf)) Inf else check_whole(patience, "patience", call)
  }
  if (!is.null(tolerance)) {
    settings$tolerance <- check_number(tolerance, "tolerance", call, least = 0)
  }
  settings
}

# The fit with another learning rate, schedule or frozen weights; NULL keeps those of the fit.
tune <- function(fit, learning_rate, schedule, freeze, call) {
  optimizer <- fit$settings$optimizer
  if (second_order(optimizer) && !(is.null(learning_rate) && is.null(schedule))) {
    abort_argument(c(
      "The optimiser {.val {optimizer$name}} has no learning rate and no schedule.",
      i = paste0(
        "To train the weights of this fit with another optimiser, use {.code nn_train(start = ",
        "coef(fit), optimizer = \"adam\", learning_rate = )}."
      )
    ), call)
  }
  if (!is.null(learning_rate)) {
    fit$settings$optimizer$learning_rate <- check_number(
      learning_rate, "learning_rate", call,
      least = 0, above = TRUE
    )
  }
  if (!is.null(schedule)) {
    fit$settings["schedule"] <- list(
      if (!identical(schedule, "none")) check_schedule(schedule, call)
    )
    fit$settings$schedule_start <- fit$state$epoch
    fit$state$plateau <- if (watches_loss(fit$settings$schedule)) first_plateau()
    check_full_batch(fit$settings, call)
    warn_of_idle_plateau(fit$settings)
  }
  if (!is.null(freeze)) {
    fit$settings$freeze <- check_freeze(freeze, fit$layers, call)
    if (!is.null(fit$state$curvature)) {
      fit$state$curvature <- first_curvature(fit$settings, length(fit$state$weights))
    }
  }
  fit
}
