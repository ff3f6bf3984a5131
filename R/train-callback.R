#' A function to call while training
#'
#' For the argument `callback` of [nn_train()] and [nn_continue()]. A plain function is called after
#' each epoch; `nn_callback()` makes it every so many.
#'
#' The function gets one argument, a list of `epoch` (epochs completed), `history` (a list of that
#' epoch's row of the history), `learning_rate` (of that epoch, `NULL` for methods without) and
#' `network` (the weights as they are now, a list of matrices). If it returns `FALSE`, training
#' stops there, with `stop` equal to `"callback"`. If it fails, the error is passed on as one of
#' class `backprop_error_callback`, whose field `fit` holds what was trained so far.
#'
#' @param f A function of one argument.
#' @param every After how many epochs it is called, a whole number from 1; 1 by default.
#' @return A list of class `nn_callback`.
#' @section Errors: `backprop_error_argument` where an argument is not as described, such as a
#'   function that takes none, and `backprop_error_input` where `f` is missing.
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
    abort_argument(c("{.arg f} must be a function.", x = "It is {describe(f)}."), call)
  }
  check_one_argument(f, "f", call)
  structure(list(f = f, every = check_whole(every, "every", call)), class = "nn_callback")
}

check_callback <- function(callback, call) {
  if (is.null(callback) || inherits(callback, "nn_callback")) {
    return(callback)
  }
  if (!is.function(callback)) {
    abort_argument(c(
      "{.arg callback} must be a function, what {.fn nn_callback} returns, or NULL.",
      x = "It is {describe(callback)}."
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
    "{.arg {name}} must take an argument.",
    x = "It is a function without any.",
    i = paste0(
      "It gets a list of the epoch, the history's row, the rate and the weights: ",
      "{.code function(now)}."
    )
  ), call)
}

#' @export
print.nn_callback <- function(x, ...) {
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
    network = unflatten_network(so_far$state$weights, fit$shape)
  )
  answer <- tryCatch(run$controls$callback$f(now), error = function(e) {
    so_far$stop <- "callback"
    abort_kind(
      "callback",
      c(
        "The callback failed after epoch {now$epoch}.",
        x = "{conditionMessage(e)}",
        i = "The field {.field fit} of this error holds the fit so far."
      ),
      run$controls$call, environment(),
      fit = better_fit(run$controls$best, finish_fit(run, so_far)), parent = e
    )
  })
  if (isFALSE(answer)) "callback" else "iterations"
}
