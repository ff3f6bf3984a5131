#' Go on training
#'
#' Takes up a fit where it stopped: `epochs` more epochs, to the last bit as if the first call had
#' been that much longer. 50 epochs and then 50 are 100, for every optimiser, schedule and dropout.
#' It works in another session too, after `saveRDS()` and `readRDS()`, and on a checkpoint.
#'
#' A fit that ended by itself (by `patience`, or because its gradient is small) is returned as it
#' is, with a message of class `backprop_message_ended`, unless the data are others; after
#' `patience`, giving `patience` or `tolerance` anew goes on. With `restarts` it goes on with the
#' fit that was kept.
#'
#' @param fit A fit of [nn_train()].
#' @param X,y The data the fit was made with: it does not keep them. Other data of the same columns
#'   are accepted, with a warning of class `backprop_warning_other_data`; a sparse `X` and the same
#'   numbers as a plain matrix count as other data. With other held-out data, which have a warning
#'   of the same class, the best epoch is looked for anew.
#' @param epochs How many epochs more, a whole number from 0.
#' @param weights,offset,validation As in the first call, where it had them: case weights, offsets,
#'   and a list of held-out data. Held-out shares are drawn again by themselves, the same rows. For
#'   a formula fit, weights, offsets and `subset` that were taken from the columns of the data are
#'   taken from `X` again, and need not be given.
#' @param patience,tolerance As in [nn_train()]; `NULL` (the default) for those of the fit. Given
#'   anew, epochs without improvement are counted from here.
#' @param callback,checkpoint As in [nn_train()].
#' @param ... Must be empty: a misspelt argument is an error.
#' @return A fit as [nn_train()] returns it, with the whole history.
#' @section Errors: those of [nn_train()], and `backprop_error_argument` where `fit` is none, or the
#'   fit's validation data, offsets or case weights are not given, or given though it had none of
#'   the first two.
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
                        ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_continue)))
  check_given(missing(fit), "fit", "a fit of nn_train()", call)
  if (!inherits(fit, "nn_fit")) {
    abort_argument(c(
      "{.arg fit} must be a fit of {.fn nn_train}.",
      x = "It is {describe(fit)}."
    ), call)
  }
  check_given(missing(X), "X", "the inputs that the fit was made with", call)
  from_data <- !is.null(unclass(fit)$encoding)
  if (!from_data) check_given(missing(y), "y", "the targets that the fit was made with", call)
  check_given(missing(epochs), "epochs", "how many epochs to go on for", call)
  epochs <- check_whole(epochs, "epochs", call, least = 0)
  given <- current_fit(fit, call)
  fit <- check_resumable(unclass(given), call)
  problem <- new_problem(X, y, weights = weights, offset = offset)
  if (from_data) {
    again <- encode_again(fit, X, y, weights, offset, call)
    problem <- again$training
    if (!is.null(validation)) validation <- encode_validation(fit, validation, call)
  }
  data <- resumed_data(fit, problem, validation, call)
  fit$settings <- renew_patience(fit$settings, patience, tolerance, call)
  controls <- new_controls(callback, checkpoint, call)
  renewed <- !is.null(patience) || !is.null(tolerance)
  changed <- changed_data(fit, data)
  if (!any(changed) && (fit$stop %in% c("gradient", "precision") ||
    (fit$stop == "patience" && !renewed))) {
    cli::cli_inform(c(
      "This fit has ended by itself ({.val {fit$stop}}); it is returned as it is.",
      i = if (fit$stop == "patience") "Give {.arg patience} or {.arg tolerance} anew to go on."
    ), class = "backprop_message_ended")
    return(given)
  }
  if (renewed || fit$stop == "patience") fit$state$stale <- 0
  fit <- adapt_to_data(fit, data, changed)
  history <- if (nrow(fit$history) > 0) list(as.list(fit$history)) else empty_history()
  longer <- warn_of_false_end(run_training(fit, fit$state, history, data, epochs, controls), data)
  if (from_data && !is.null(again$calibration)) calibrate(longer, again$calibration) else longer
}

# The core takes the lengths of the state on trust.
check_resumable <- function(fit, call) {
  tryCatch(check_model(fit), backprop_internal_format = function(e) {
    abort_argument(c(
      "{.arg fit} is not as {.fn nn_train} made it.",
      x = "{conditionMessage(e)}"
    ), call)
  })
}

# The training data, checked against the fit's.
resumed_data <- function(fit, problem, validation, call) {
  problem$X <- align_columns(check_inputs(problem$X, "X", call), fit, "X", call)
  targets <- encode_targets(
    problem$y, nrow(problem$X), call, fit$levels,
    numeric = is.null(fit$levels)
  )
  outputs <- last(fit$shape$units)
  if (ncol(targets$y) != outputs) {
    abort_input(c(
      "{.arg y} must have a column for each of the fit's {outputs} output{?s}.",
      x = "It has {ncol(targets$y)}."
    ), call)
  }
  check_domain(targets$y, fit$settings$loss, fit$settings$output_activation, call)
  check_given_again(fit, problem, validation, call)
  if (is.numeric(fit$settings$validation)) check_share(fit$settings$validation, targets, call)
  new_training_data(problem, targets, fit$settings$class_weights, validation, fit, call)
}

# What the first call had must be given again, and nothing that it had not.
check_given_again <- function(fit, problem, validation, call) {
  had_validation <- identical(fit$settings$validation, "given")
  if (had_validation && is.null(validation)) {
    abort_argument(c(
      "The fit was made with validation data.",
      i = "Give them again: {.code validation = list(X = , y = )}."
    ), call)
  }
  if (!had_validation && !is.null(validation)) {
    abort_argument(c(
      "The fit was made without validation data, so it takes none now.",
      i = if (is.numeric(fit$settings$validation)) {
        "Its share of held-out rows is drawn again by itself."
      }
    ), call)
  }
  if (is.numeric(validation)) {
    abort_argument(c(
      "{.arg validation} must be data again, as in the first call: {.code list(X = , y = )}.",
      x = "It is {describe(validation)}."
    ), call)
  }
  if (fit$has_offset && is.null(problem$offset)) {
    abort_argument(c(
      "The fit was made with offsets.",
      i = "Give them again: {.code offset = }."
    ), call)
  }
  if (!fit$has_offset && !is.null(problem$offset)) {
    abort_argument("The fit was made without offsets, so it takes none now.", call)
  }
  if (isTRUE(fit$has_weights) && length(problem$weights) == 0) {
    abort_argument(c(
      "The fit was made with case weights.",
      i = "Give them again: {.code weights = }."
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

# Are the rows to train on, and those held out, others than the fit's so far? A fit of an older
# version has a digest that says nothing now (NULL): its data are taken to be the same where they
# have as many rows.
changed_data <- function(fit, data) {
  c(
    training = if (is.null(fit$data)) {
      nrow(data$X) != fit$n
    } else {
      !identical(data$digest, fit$data)
    },
    held_out = !is.null(fit$held_out_data) && !identical(data$held_out_digest, fit$held_out_data)
  )
}

# The fit with the parts of its state that belong to its data begun anew where the data changed.
adapt_to_data <- function(fit, data, changed) {
  if (changed[["held_out"]]) {
    cli::cli_warn(c(
      "These are other held-out data than those of the fit so far.",
      i = "The best epoch is looked for anew, from the fit's last weights."
    ), class = "backprop_warning_other_data", call = NULL)
    fit$state[c("best_weights", "best_epoch", "best_loss", "reference", "stale")] <- list(
      numeric(), 0, Inf, Inf, 0
    )
    fit$held_out_data <- data$held_out_digest
  }
  if (changed[["training"]]) {
    cli::cli_warn(c(
      "These are other data than those the fit was made with.",
      i = "Training goes on with them, from the fit's weights."
    ), class = "backprop_warning_other_data", call = NULL)
    fit$state$under_way[] <- 0
    if (!is.null(fit$state$curvature)) {
      fit$state$curvature <- first_memory(
        fit$settings$optimizer, length(fit$state$weights)
      )$curvature
    }
    fit$n <- nrow(data$X)
  }
  fit$data <- data$digest
  fit
}
