#' Summarise a fit
#'
#' Returns the layers, the settings of the training and the errors by output. With the training data
#' (`summary(fit, data)`), which a fit does not store, also a table of the weights with standard
#' errors from [vcov()][vcov.nn_fit], their ratios (t values if the dispersion is estimated, z
#' values otherwise) and two-sided p values, and, as for [stats::glm()], the deviances of the null
#' model and of the fit.
#'
#' The errors by output are the mean squared and absolute error and R squared of numbers, for
#' classes without R squared but with the accuracy of all, and for yes or no outcomes with the log
#' loss and accuracy of each. For quantiles ([nn_quantile()]) they are the `pinball_loss`, which is
#' lowest for the true quantile, and the proportion of outcomes `below` it (or equal), to compare
#' with its probability; for several quantiles also the coverage of the interval from the first to
#' the last one. All are on the scale of the outcome.
#'
#' A ratio tests that a single weight is 0, which is seldom a question of interest for a network
#' with hidden units: intervals of predictions ([predict.nn_fit()]) or of averages of slopes
#' (package marginaleffects) are easier to interpret. If the standard errors can't be trusted, a
#' warning of class `backprop_warning_inference` says why, and `print()` repeats it.
#'
#' @inheritParams vcov.nn_fit
#' @param X,y The data that the fit was trained on, as in [nn_continue()]; `NULL` (default) for a
#'   summary without standard errors.
#' @return A list of class `summary.nn_fit`. With `X` it has the elements `coefficients` (a matrix
#'   with the columns `Estimate`, `Std. Error`, `t value` or `z value`, and `Pr(>|t|)` or
#'   `Pr(>|z|)`), `vcov`, `type`, `df`, and `reasons`, the sentences of the warning; if the loss is
#'   a likelihood (see [logLik()][logLik.nn_fit]) also `deviances`, a data frame with the rows
#'   `null` and `residual`, and the columns `deviance` and `df` (`NA` with several outputs).
#' @section Errors: Those of [vcov()][vcov.nn_fit].
#' @examples
#' set.seed(1)
#' run <- subset(DNase, Run == 1)
#' fit <- nn_train(density ~ log(conc), run,
#'   hidden = 1, activation = "sigmoid", penalty = 0, optimizer = "lbfgs"
#' )
#' summary(fit)
#' summary(fit, run)$coefficients
#' @export
summary.nn_fit <- function(object, X = NULL, y = NULL, type = "hessian", weights = NULL,
                           offset = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(summary.nn_fit)))
  check_choice(type, covariance_types, "type", call)
  fit <- whole_fit(object, call)
  result <- fit_summary(fit)
  if (is.null(X)) {
    return(result)
  }
  record <- training_again(object, X, y, weights, offset, call)
  reasons <- list()
  made <- withCallingHandlers(
    covariance(record, type, call),
    backprop_warning_inference = function(w) reasons <<- w$reasons
  )
  estimate <- record$estimate
  error <- sqrt(diag(made$vcov))
  ratio <- ifelse(error > 0, estimate / error, NA) # frozen weights have no error
  letter <- if (is.finite(made$df)) "t" else "z"
  table <- cbind(estimate, error, ratio, 2 * stats::pt(-abs(ratio), made$df))
  dimnames(table) <- list(
    rownames(made$vcov),
    c("Estimate", "Std. Error", paste(letter, "value"), paste0("Pr(>|", letter, "|)"))
  )
  result[c("coefficients", "vcov", "type", "df", "reasons")] <- list(
    table, made$vcov, type, made$df, reasons
  )
  result$deviances <- both_deviances(record, call)
  result
}
