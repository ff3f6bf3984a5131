#' Plot the loss by epoch
#'
#' Draws how the loss fell while the network was trained, and with held-out rows their loss and the best epoch, with base graphics, on the device that is open.
#'
#' @param x A fit of [nn_train()].
#' @param log Which axes are logarithmic: `"y"` (the default where all losses are above 0), `"xy"`, `"x"` or `""`.
#' @param ... Passed to [graphics::matplot()]: `main`, `xlab`, `ylim`, `col` and so on.
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
  losses <- history[intersect(c("loss", "validation_loss"), names(history))]
  if (is.null(log)) log <- if (all(losses > 0)) "y" else ""
  given <- list(...)
  old <- graphics::par(mar = c(4, 5.2, 2, 1), mgp = c(2.6, 0.7, 0))
  on.exit(graphics::par(old))
  colours <- c("#0072B2", "#D55E00")[seq_along(losses)]
  defaults <- list(xlab = "epoch", ylab = "", las = 1, col = colours, lty = seq_along(losses), type = if (nrow(history) > 1) "l" else "p", lwd = 2, pch = seq_along(losses))
  do.call(graphics::matplot, c(list(x = history$epoch, y = as.matrix(losses), log = log), given, defaults[setdiff(names(defaults), names(given))]))
  if (!"ylab" %in% names(given)) graphics::title(ylab = "loss (mean of a row)", mgp = c(4, 0.7, 0))
  if (length(losses) > 1) {
    graphics::abline(v = x$best_epoch, col = "grey50", lty = 3)
    graphics::legend("topright", c("training", "held out", paste("best epoch,", x$best_epoch)), col = c(colours, "grey50"), lty = c(1, 2, 3), lwd = c(2, 2, 1), bty = "n")
  }
  invisible(x)
}
