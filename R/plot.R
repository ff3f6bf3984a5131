#' Plot a fit
#'
#' Three pictures of a fit, with base graphics, on the device that is open.
#'
#' **`"loss"`**: how the loss fell from epoch to epoch, and with held-out rows their loss and the best epoch, whose weights the fit returns.
#'
#' **`"network"`**: the network as a diagram. A line is a weight: the wider and darker, the larger its size among all of the network's. The fill of a unit is its bias, the darker the larger its size among
#' all biases. Blue is above 0, orange below. Layers of more than `units` units are drawn by their first and last ones, with dots between. Names that are too long for their place are set smaller, and
#' at last shortened in the middle.
#'
#' **`"boundary"`**, for a fit of two inputs: what the network answers everywhere in their plane. For classes the colour is the most probable class, the lighter the less sure, and the lines are where two classes are
#' equally probable (for other thresholds see [predict.nn_fit()]). For one numeric output it is shaded from low (dark) to high (light), with lines of equal height. As a fit does not hold its data, points are
#' drawn only where `data` and `y` are given; their colours are what was observed.
#'
#' All colours can be told apart by the colour-blind, and classes have symbols of their own.
#'
#' @param x A fit of [nn_train()].
#' @param what Which picture: `"loss"` (the default), `"network"` or `"boundary"`.
#' @param data For `"boundary"`, the cases to draw as points, and to take the limits of the axes from: a numeric matrix of two columns as in [predict.nn_fit()], or, for a fit from a data frame, a data frame.
#'   `NULL` (the default) draws no points; a fit to a matrix then needs `xlim` and `ylim`, one to a data frame shows 2.5 standard deviations to each side of the mean.
#' @param y For `"boundary"`, what was observed in these cases: numbers or a factor, one for each row. `NULL` (the default): the outcome in `data`, where the fit was made by a formula, else points without colour.
#' @param log For `"loss"`, which axes are logarithmic: `"y"` (the default where all losses are above 0), `"xy"`, `"x"` or `""`.
#' @param units For `"network"`, how many places for units a layer has before it is shortened, a whole number from 3; 12 by default.
#' @param resolution For `"boundary"`, at how many places along each axis the network is asked, a whole number from 2 to 2000; 200 by default.
#' @param ... Passed on: for `"loss"` to [graphics::matplot()], for `"boundary"` to [graphics::plot.window()] and [graphics::title()] (`xlim`, `ylim`, `main`, `xlab`, `ylab`), for `"network"` `main` alone.
#' @return `x`, invisibly.
#' @section Errors: `backprop_error_argument` where an argument is not as described, where the fit has no epoch to show, and where `"boundary"` is asked of a fit that has not two numeric inputs or has several numeric outputs;
#'   `backprop_error_input` where `data` or `y` do not belong to the fit.
#' @examples
#' set.seed(1)
#' X <- scale(as.matrix(iris[c("Petal.Length", "Petal.Width")]))
#' fit <- nn_train(X, iris$Species, hidden = 4, optimizer = "adam", learning_rate = 0.05,
#'   reduction = "mean", epochs = 200)
#' plot(fit)
#' plot(fit, "network")
#' plot(fit, "boundary", X, iris$Species)
#' @export
plot.nn_fit <- function(x, what = "loss", data = NULL, y = NULL, log = NULL, units = 12, resolution = 200, ...) {
  call <- current_env()
  what <- check_choice(what, c("loss", "network", "boundary"), "what", call)
  units <- check_whole(units, "units", call, least = 3)
  resolution <- check_whole(resolution, "resolution", call, least = 2, most = 2000)
  switch(what, loss = plot_loss(x, log, call, ...), network = plot_network(unclass(x), coef(x), units, call, ...), boundary = plot_boundary(x, data, y, resolution, call, ...))
  invisible(x)
}

plot_loss <- function(fit, log, call, ...) {
  history <- fit$history
  if (nrow(history) == 0) abort_argument(c("There is no epoch to plot.", i = "This fit was made with {.code epochs = 0}."), call)
  losses <- as.matrix(history[intersect(c("loss", "validation_loss"), names(history))])
  held_out <- ncol(losses) > 1
  log <- if (is.null(log)) { if (all(losses > 0)) "y" else "" } else check_choice(log, c("y", "xy", "x", ""), "log", call)
  colours <- c(sign_colours[["above"]], sign_colours[["below"]])[seq_len(ncol(losses))]
  with_defaults(graphics::matplot, list(x = history$epoch, y = losses, log = log), list(...),
    list(xlab = "epoch", ylab = paste(fit$settings$loss$name, "(mean of a row)"), col = colours, lty = seq_len(ncol(losses)),
      type = if (nrow(history) > 1) "l" else "p", lwd = 2, pch = seq_len(ncol(losses))))
  if (!held_out) return(invisible())
  best <- fit$best_epoch
  graphics::abline(v = best, col = "grey50", lty = 3)
  if (best %in% history$epoch) graphics::points(best, losses[match(best, history$epoch), 2], pch = 19, col = colours[2])
  legend_above(c("training", "held out", paste("best epoch,", best)), !is.null(list(...)$main), col = c(colours, "grey50"), lty = 1:3, lwd = c(2, 2, 1))
}

# Colours of Okabe and Ito (2008), which the colour-blind can tell apart.
sign_colours <- c(above = "#0072B2", below = "#D55E00")
class_colours <- c("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#666666")

# `share` of the colour, the rest white.
tint <- function(colour, share) {
  parts <- grDevices::col2rgb(colour)
  mixed <- 255 - (255 - parts) * rep(share, each = 3)
  grDevices::rgb(mixed[1, ], mixed[2, ], mixed[3, ], maxColorValue = 255)
}

with_defaults <- function(f, fixed, given, defaults) do.call(f, c(fixed, given, defaults[setdiff(names(defaults), names(given))]))

# A legend above the plot, where it hides nothing: in one row, or where that would be too small and there is no title, in two or three.
legend_above <- function(labels, titled, ...) {
  room <- 0.95 * diff(graphics::par("usr")[1:2])
  columns <- unique(ceiling(length(labels) / (if (titled) 1 else 1:3)))
  cex <- vapply(columns, function(n) min(0.9, room / graphics::legend("topleft", labels, ncol = n, bty = "n", plot = FALSE, ...)$rect$w), 0)
  best <- if (any(cex >= 0.7)) which(cex >= 0.7)[1] else which.max(cex)
  graphics::legend("bottomleft", labels, ncol = columns[best], bty = "n", cex = cex[best], inset = c(0, 1), xpd = NA, ...)
}
