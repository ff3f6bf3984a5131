#' Plot activation functions and their derivatives
#'
#' Draws one panel per activation function, with its value (solid blue line) and its derivative
#' (dashed orange line) against the weighted sum `z`. All panels have the same axes, so that slopes
#' can be compared; values outside the limits are not shown. Softmax depends on all outputs of its
#' layer, and is drawn for two outputs with the sums `z` and 0.
#'
#' @param x The table returned by [nn_activations()], or a subset of its rows.
#' @param xlim,ylim Limits of the axes, two finite numbers in increasing order; -4 to 4 and -1.5 to
#'   3 by default.
#' @param ... Must be empty: an unknown argument is an error.
#' @return `x`, invisibly.
#' @section Errors: `backprop_error_argument` for invalid limits, and if `x` has no rows or lacks
#'   the column `name`.
#' @examples
#' activations <- nn_activations()
#' plot(activations)
#' plot(activations[activations$name %in% c("sigmoid", "tanh", "relu"), ])
#' @export
plot.nn_activations <- function(x, xlim = c(-4, 4), ylim = c(-1.5, 3), ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(plot.nn_activations)))
  xlim <- check_limits(xlim, "xlim", call)
  ylim <- check_limits(ylim, "ylim", call)
  if (!"name" %in% names(x) || nrow(x) == 0 || !all(x$name %in% names(activation_table))) {
    abort_argument(c(
      "{.arg x} must have rows of {.code nn_activations()}, with their column {.field name}.",
      x = "You supplied {describe(as.data.frame(x))}."
    ), call)
  }
  size <- graphics::par("din")
  rows <- max(1, min(nrow(x), round(sqrt(nrow(x) * size[2] / size[1]))))
  old <- graphics::par(c("mfrow", "mar", "oma", "cex", "mgp", "las"))
  on.exit(graphics::par(old))
  cex <- if (nrow(x) > 6) 0.75 else 0.9
  graphics::par(
    mfrow = c(rows, ceiling(nrow(x) / rows)), mar = c(2, 2.2, 1.8, 0.5), oma = c(2.6, 0, 0, 0),
    mgp = c(2, 0.5, 0), las = 1, cex = cex
  )
  for (name in x$name) draw_activation(name, xlim, ylim)
  curves_key()
  invisible(x)
}

draw_activation <- function(name, xlim, ylim) {
  # At a kink the derivative jumps, so the line is interrupted.
  z <- sort(unique(c(
    seq(xlim[1], xlim[2], length.out = 401), if (xlim[1] < 0 && xlim[2] > 0) c(-1e-9, 0, 1e-9)
  )))
  curve <- activation_curve(name, z)
  jump <- which(abs(diff(curve$slope)) > 0.1 & diff(z) < 1e-6)
  graphics::plot(NULL, xlim = xlim, ylim = ylim, xlab = "", ylab = "", xaxs = "i", main = "")
  title <- if (name == "softmax") "softmax of z and 0" else name
  graphics::title(
    title,
    line = 0.5, cex.main = size_to_fit(title, graphics::par("pin")[1], 1.1, font = 2)
  )
  graphics::abline(h = 0, v = 0, col = "grey80")
  graphics::lines(z, curve$value, col = sign_colours[["above"]], lwd = 2.5)
  from <- c(1, jump + 1)
  to <- c(jump, length(z))
  for (i in seq_along(from)) {
    graphics::lines(
      z[from[i]:to[i]], curve$slope[from[i]:to[i]],
      col = sign_colours[["below"]], lwd = 2, lty = 2
    )
  }
}

# The key of the lines, in the bottom margin of the page.
curves_key <- function() {
  graphics::par(fig = c(0, 1, 0, 1), oma = c(0, 0, 0, 0), mar = c(0, 0, 0, 0), new = TRUE)
  graphics::plot.new()
  graphics::legend(
    "bottom", c("activation", "derivative"),
    col = sign_colours, lty = 1:2, lwd = 2.5, horiz = TRUE,
    bty = "n", inset = 0.005
  )
}
