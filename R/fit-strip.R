#' Remove what predictions do not need
#'
#' `nn_strip()` returns a fit without the state of the optimiser and without the stored outputs and
#' residuals. It is a fraction of the size: after training with L-BFGS, the state holds twenty
#' numbers for each weight. Predictions are bit-identical.
#'
#' A stripped fit can be used by `predict()`, `print()`, `summary()`, `plot()`, `coef()`,
#' [nn_export()], [nn_doctor()], and by [vcov()][vcov.nn_fit] and its relatives, which are given the
#' data. It can't be used by [nn_continue()] and [nn_save()] (use `saveRDS()`), and `fitted()` and
#' `residuals()` are not available: these signal an error of class `backprop_error_argument`.
#'
#' The methods for the butcher package do the same in parts: `axe_ctrl()` removes the state of the
#' optimiser, `axe_fitted()` outputs and residuals, `axe_call()` the call.
#'
#' @param fit,x A fit from [nn_train()].
#' @param verbose,... Not used.
#' @return The fit without these parts.
#' @section Errors: `backprop_error_argument` if `fit` is not a fit.
#' @examples
#' set.seed(1)
#' fit <- nn_train(mpg ~ ., mtcars, hidden = 20, activation = "tanh", penalty = 0.01)
#' small <- nn_strip(fit)
#' c(object.size(fit), object.size(small))
#' identical(predict(small, mtcars), predict(fit, mtcars))
#' @export
nn_strip <- function(fit) {
  call <- current_env()
  check_given(missing(fit), "fit", "a fit from nn_train()", call)
  check_is_fit(fit, call)
  whole_fit(fit, call, "fit")
  without_outputs(without_state(current_fit(fit, call)))
}

# The fit without what only nn_continue() needs of its state.
without_state <- function(fit) {
  plain <- unclass(fit)
  kept <- c("epoch", "best_epoch", "best_loss", "seed")
  plain$state <- plain$state[intersect(kept, names(plain$state))]
  plain$stripped <- TRUE
  structure(plain, class = class(fit))
}

without_outputs <- function(fit) {
  plain <- unclass(fit)
  plain[c("output", "residuals", "na.action")] <- NULL
  plain$stripped <- TRUE
  structure(plain, class = class(fit))
}

check_not_stripped <- function(fit, what, hint, call) {
  if (lacks_state(fit)) {
    abort_argument(c(
      paste(what, "requires the state of the optimiser."),
      x = "It was removed by {.fn nn_strip} or the butcher package.",
      i = hint
    ), call)
  }
}

#' @rdname nn_strip
#' @exportS3Method butcher::axe_ctrl nn_fit
axe_ctrl.nn_fit <- function(x, verbose = FALSE, ...) without_state(current_fit(x, current_env()))

#' @rdname nn_strip
#' @exportS3Method butcher::axe_fitted nn_fit
axe_fitted.nn_fit <- function(x, verbose = FALSE, ...) {
  without_outputs(current_fit(x, current_env()))
}

#' @rdname nn_strip
#' @exportS3Method butcher::axe_call nn_fit
axe_call.nn_fit <- function(x, verbose = FALSE, ...) {
  plain <- unclass(current_fit(x, current_env()))
  plain$call <- quote(nn_train())
  structure(plain, class = class(x))
}
