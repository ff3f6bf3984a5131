#' Call a function during training
#'
#' Creates an object for the argument `callback` of [nn_train()] and [nn_continue()], which calls a
#' function every few epochs: to log, to plot, or to stop training. Without `nn_callback()`, a plain
#' function as `callback` is called after every epoch.
#'
#' The function is called with one argument, a list with the elements
#' * `epoch`: the number of epochs completed,
#' * `history`: the row of the history for this epoch, a list,
#' * `learning_rate`: the learning rate of this epoch, `NULL` for optimisers without one,
#' * `network`: the current weights, a list of matrices.
#'
#' If it returns `FALSE`, training stops, and the fit's `stop` is `"callback"`. If it fails,
#' training stops with an error of class `backprop_error_callback`, whose field `fit` holds the fit
#' so far.
#'
#' @param f A function with at least one argument.
#' @param every Number of epochs between two calls, a whole number of at least 1; 1 by default.
#' @return A list of class `nn_callback`.
#' @section Errors: `backprop_error_argument` if an argument is not as described, for example a
#'   function without arguments, and `backprop_error_input` if `f` is missing.
#' @examples
#' X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
#' set.seed(1)
#' enough <- nn_callback(function(now) now$history$loss > 0.01, every = 10)
#' fit <- nn_train(X, c(1, 1, 0), callback = enough)
#' fit$state$epoch
#' @export
nn_callback <- function(f, every = 1) {
  call <- current_env()
  check_given(missing(f), "f", "a function of one argument", call)
  if (!is.function(f)) {
    abort_argument(c("{.arg f} must be a function.", x = "You supplied {describe(f)}."), call)
  }
  check_one_argument(f, "f", call)
  structure(list(f = f, every = check_whole(every, "every", call)), class = "nn_callback")
}

make_callback <- function(x) nn_callback(x$f, x$every)

check_callback <- function(callback, call) {
  if (is.null(callback)) {
    return(NULL)
  }
  if (inherits(callback, "nn_callback")) {
    return(check_object(callback, make_callback, "callback", "callback", call))
  }
  if (!is.function(callback)) {
    abort_argument(c(
      "{.arg callback} must be a function, an object from {.fn nn_callback}, or NULL.",
      x = "You supplied {describe(callback)}."
    ), call)
  }
  check_one_argument(callback, "callback", call)
  nn_callback(callback)
}

check_one_argument <- function(f, name, call) {
  if (is.primitive(f) || length(formals(f)) > 0) {
    return(invisible())
  }
  abort_argument(c(
    "{.arg {name}} must accept an argument.",
    x = "You supplied a function without arguments.",
    i = paste0(
      "It is called with a list of the epoch, the row of the history, the learning rate and the ",
      "weights: {.code function(now)}."
    )
  ), call)
}

#' @export
print.nn_callback <- function(x, ...) {
  check_object(x, make_callback, "x", "callback", current_env())
  cat("Callback (every ", format(x$every), ")\n", sep = "")
  invisible(x)
}

is_callback_due <- function(callback, before, epoch) {
  !is.null(callback) && epoch > before && epoch %% callback$every == 0
}

run_callback <- function(run, so_far, rates) {
  fit <- run$fit
  latest <- so_far$history[[length(so_far$history)]]
  now <- list(
    epoch = so_far$state$epoch,
    history = lapply(latest, function(column) column[length(column)]),
    learning_rate = if (!is.null(fit$settings$optimizer$learning_rate)) rates[length(rates)],
    network = unflatten_network(so_far$state$weights, fit$layers)
  )
  ranks <- run$ranks
  fit_so_far <- function() {
    so_far$stop <- "callback"
    better_fit(run$controls$best, finish_fit(run, so_far))
  }
  answer <- tryCatch(run$controls$callback$f(now), error = function(e) {
    if (is_time_limit(e)) stop(e)
    any_rank(ranks, TRUE, "callback")
    abort_kind(
      "callback",
      c(
        "The callback failed after epoch {now$epoch}.",
        x = "{conditionMessage(e)}",
        i = "The fit so far is in the field {.field fit} of this error."
      ),
      run$controls$call, environment(),
      fit = fit_so_far(), parent = e
    )
  })
  if (!is.null(ranks) && any_rank(ranks, FALSE, "callback")) {
    abort_kind(
      "callback", c(
        "The callback failed after epoch {now$epoch} in another process.",
        i = "The fit so far is in the field {.field fit} of this error."
      ), run$controls$call, environment(),
      fit = fit_so_far()
    )
  }
  if (any_rank(ranks, isFALSE(answer), "answer")) "callback" else "iterations"
}
