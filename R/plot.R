#' Plot the loss by epoch
#'
#' Draws how the loss fell while the network was trained, with base graphics, on the device that is open.
#'
#' @param x A fit of [nn_train()].
#' @param log Which axes are logarithmic: `"y"` (the default where all losses are above 0), `"xy"`, `"x"` or `""`.
#' @param ... Passed to [graphics::plot.default()]: `main`, `xlab`, `ylim`, `col` and so on.
#' @return `x`, invisibly.
#' @section Errors: `backprop_error_argument` where the fit has no epoch to show.
#' @examples
#' X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
#' set.seed(1)
#' plot(nn_train(X, c(1, 1, 0)))
#' @export
plot.nn_fit <- function(x, log = NULL, ...) {
  history <- x$history
  if (nrow(history) == 0) abort_argument(c("There is no epoch to plot.", i = "This fit was made with {.code epochs = 0}."), current_env())
  if (is.null(log)) log <- if (all(history$loss > 0)) "y" else ""
  given <- list(...)
  defaults <- list(xlab = "epoch", ylab = "loss (mean of a row)", las = 1, col = "#0072B2", type = if (nrow(history) > 1) "l" else "p", lwd = 2)
  do.call(graphics::plot, c(list(x = history$epoch, y = history$loss, log = log), given, defaults[setdiff(names(defaults), names(given))]))
  invisible(x)
}
