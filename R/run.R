# Runs epochs from a state and makes the fit: what nn_train() and nn_continue() share.

run_training <- function(fit, state, history, X, y, epochs, call) {
  settings <- fit$settings
  rows <- core_rows(X, y, numeric(), NULL, seq_len(nrow(X)), FALSE)
  chunk <- core_train(fit$shape, objective_settings(settings$loss, settings$reduction), core_method(settings), core_plan(settings, state, fit$n, epochs), rows, NULL, state)
  chunk$state$seed <- state$seed
  names(chunk$state$under_way) <- names(state$under_way)
  history <- list(epoch = c(history$epoch, state$epoch + seq_along(chunk$loss)), loss = c(history$loss, chunk$loss))
  fit <- finish_fit(fit, chunk$state, history, chunk$stop, X, y, rows)
  if (chunk$stop == "diverged") abort_diverged(fit, call)
  if (chunk$stop == "interrupted") report_interrupt(fit, epochs - length(chunk$loss))
  fit
}

core_method <- function(settings) {
  list(rule = 0L, decay = 0, decay2 = 0, epsilon = 0, factor_less = 0, factor_more = 0, weight_decay = 0, clip = Inf)
}

core_plan <- function(settings, state, n, epochs) {
  list(batch_size = if (is.null(settings$batch_size)) n else settings$batch_size, shuffle = settings$shuffle, seed = as.double(state$seed), dropout = numeric(),
    rates = rep(settings$learning_rate, epochs), patience = Inf, tolerance = 0, track_best = FALSE, count_correct = FALSE, seconds = Inf)
}

finish_fit <- function(fit, state, history, stop, X, y, rows) {
  problem <- list(shape = fit$shape, weights = state$weights, objective = objective_settings(fit$settings$loss, fit$settings$reduction), rows = rows)
  fitted <- if (fit$settings$keep_fitted) {
    output <- core_forward(fit$shape, state$weights, X, NULL, FALSE, FALSE)$output
    dimnames(output) <- if (!is.null(rownames(X)) || !is.null(fit$outputs)) list(rownames(X), fit$outputs)
    list(output = output, residuals = y - output)
  }
  parts <- c(unflatten_network(state$weights, fit$shape), fitted,
    list(history = structure(history, class = "data.frame", row.names = c(NA_integer_, -length(history$epoch))),
      objective = evaluate(problem)$value, stop = stop, state = state))
  structure(c(parts, fit[setdiff(names(fit), names(parts))]), class = "nn_fit")
}

abort_diverged <- function(fit, call) {
  abort_kind("diverged", c("Training diverged: the loss was no longer a finite number in epoch {fit$state$epoch + 1}.",
    i = "Use a smaller {.arg learning_rate} than {fit$settings$learning_rate}, or scale the inputs.",
    i = "The weights of the last finite epoch, {fit$state$epoch}, are in the field {.field fit} of this error."), call, environment(), fit = fit)
}

# At the console the fit comes back with a warning. Within another function the interrupt goes on to whoever waits for it.
report_interrupt <- function(fit, left) {
  callers <- sys.nframe() - 3
  if (callers > 1) interrupt()
  cli::cli_warn(c("Training was interrupted in epoch {fit$state$epoch + 1}; this is the fit so far.",
    i = "{.code nn_continue(fit, X, y, epochs = {left})} goes on from here to the same end."), class = "backprop_warning_interrupted", call = NULL)
}

#' Go on training
#'
#' Takes up a fit where it stopped: `epochs` more epochs, to the last bit as if the first call had been that much longer. 50 epochs and then 50 are 100.
#' It works in another session too, after `saveRDS()` and `readRDS()`.
#'
#' @param fit A fit of [nn_train()].
#' @param X,y The data the fit was made with: it does not keep them. Other data of the same columns are accepted, with a warning of class `backprop_warning_other_data`.
#' @param epochs How many epochs more, a whole number from 0.
#' @param ... Must be empty: a misspelt argument is an error.
#' @return A fit as [nn_train()] returns it, with the whole history.
#' @section Errors: those of [nn_train()], and `backprop_error_argument` where `fit` is none.
#' @examples
#' X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
#' y <- c(1, 1, 0)
#' set.seed(1)
#' half <- nn_train(X, y, epochs = 50)
#' set.seed(1)
#' identical(coef(nn_continue(half, X, y, epochs = 50)), coef(nn_train(X, y, epochs = 100)))
#' @export
nn_continue <- function(fit, X, y, epochs, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_continue)))
  check_fit(fit, call)
  check_given(missing(y), "y", "the targets that the fit was made with", call)
  check_given(missing(epochs), "epochs", "how many epochs to go on for", call)
  epochs <- check_whole(epochs, "epochs", call, least = 0)
  fit <- unclass(fit)
  X <- align_columns(check_matrix(X, "X", call), fit, "X", call)
  y <- check_targets(y, nrow(X), call)
  outputs <- utils::tail(fit$shape$units, 1)
  if (ncol(y) != outputs) abort_input(c("{.arg y} must have a column for each of the fit's {outputs} output{?s}.", x = "It has {ncol(y)}."), call)
  if (!identical(data_digest(X, y), fit$data)) {
    cli::cli_warn(c("These are other data than those the fit was made with.", i = "Training goes on with them, from the fit's weights."), class = "backprop_warning_other_data", call = NULL)
    if (nrow(X) != fit$n) fit$state$under_way[] <- 0
    fit$n <- nrow(X)
    fit$data <- data_digest(X, y)
  }
  run_training(fit, fit$state, as.list(fit$history), X, y, epochs, call)
}

check_fit <- function(fit, call, argument = "fit") {
  if (!inherits(fit, "nn_fit")) abort_argument(c("{.arg {argument}} must be a fit of {.fn nn_train}.", x = "It is a {describe(fit)}."), call)
}
