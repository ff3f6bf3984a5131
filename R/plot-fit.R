#' Plot a fit
#'
#' Three pictures of a fit, with base graphics, on the device that is open.
#'
#' **`"loss"`**: how the loss fell from epoch to epoch, and with held-out rows their loss and the
#' best epoch, whose weights the fit returns.
#'
#' **`"network"`**: the network as a diagram. A line is a weight: the wider and darker, the larger
#' its size among all of the network's. The fill of a unit is its bias, the darker the larger its
#' size among all biases. Blue is above 0, orange below. Layers of more than `units` units are drawn
#' by their first and last ones, with dots between. Names that are too long for their place are set
#' somewhat smaller, and then shortened so that they still differ: by what they have in common, or
#' to a start and the unit's number, as in `"...#12"`. Where layers are near to each other, what
#' stands over them is shortened.
#'
#' **`"boundary"`**, for a fit of two inputs: what the network answers everywhere in their plane.
#' For classes the colour is the most probable class, the lighter the less sure, and the lines are
#' where two classes are equally probable (for other thresholds see [predict.nn_fit()]). For one
#' numeric output it is shaded from low (dark) to high (light), with lines of equal height where two
#' shades meet; the strip above tells their values. As a fit does not hold its data, points are
#' drawn only where `data` and `y` are given; their colours are what was observed.
#'
#' Legends stand in the margin above the plot, below `main`. Their labels are shortened where they
#' would be too small to read, and a legend that would not fit even so is left out: make the picture
#' larger.
#'
#' All colours can be told apart by the colour-blind, and classes have symbols of their own.
#'
#' @param x A fit of [nn_train()].
#' @param what Which picture: `"loss"` (the default), `"network"` or `"boundary"`.
#' @param data For `"boundary"`, the cases to draw as points, and to take the limits of the axes
#'   from: a numeric matrix of two columns as in [predict.nn_fit()], or, for a fit from a data
#'   frame, a data frame. `NULL` (the default) draws no points; a fit to a matrix then needs `xlim`
#'   and `ylim`, one to a data frame shows 2.5 standard deviations to each side of the mean, as for
#'   a data frame without rows.
#' @param y For `"boundary"`, what was observed in these cases: numbers or a factor, one for each
#'   row. `NULL` (the default): the outcome in `data`, where the fit was made by a formula, else
#'   points without colour.
#' @param log For `"loss"`, which axes are logarithmic: `"y"` (the default where all losses are
#'   above 0), `"xy"`, `"x"` or `""`.
#' @param units For `"network"`, how many places for units a layer has before it is shortened, a
#'   whole number from 3; 12 by default.
#' @param resolution For `"boundary"`, at how many places along each axis the network is asked, a
#'   whole number from 2 to 2000; 200 by default.
#' @param ... Passed on: for `"loss"` to [graphics::matplot()], for `"boundary"` to
#'   [graphics::plot.window()] and [graphics::title()] (`xlim`, `ylim`, `main`, `xlab`, `ylab`), for
#'   `"network"` `main` alone. Any other argument is an error.
#' @return `x`, invisibly.
#' @section Errors: `backprop_error_argument` where an argument is not as described, where the fit
#'   has no epoch to show, and where `"boundary"` is asked of a fit that has not two numeric inputs
#'   or has several numeric outputs; `backprop_error_input` where `data` or `y` do not belong to the
#'   fit.
#' @examples
#' set.seed(1)
#' X <- scale(as.matrix(iris[c("Petal.Length", "Petal.Width")]))
#' fit <- nn_train(X, iris$Species,
#'   hidden = 4, optimizer = "adam", learning_rate = 0.05,
#'   reduction = "mean", epochs = 200
#' )
#' plot(fit)
#' plot(fit, "network")
#' plot(fit, "boundary", X, iris$Species)
#' @export
plot.nn_fit <- function(x, what = "loss", data = NULL, y = NULL, log = NULL, units = 12,
                        resolution = 200, ...) {
  call <- current_env()
  what <- check_choice(what, c("loss", "network", "boundary"), "what", call)
  units <- check_whole(units, "units", call, least = 3)
  resolution <- check_whole(resolution, "resolution", call, least = 2, most = 2000)
  if (what != "network") check_graphical(what, call, ...)
  switch(what,
    loss = plot_loss(x, log, call, ...),
    network = plot_network(unclass(x), coef(x), units, call, ...),
    boundary = plot_boundary(x, data, y, resolution, call, ...)
  )
  invisible(x)
}

# What may be passed on: the arguments of the functions that draw, and the graphical parameters that
# plotting functions take. The axes of a boundary end at its limits.
check_graphical <- function(what, call, ...) {
  drawn <- names(c(formals(graphics::plot.default), if (what == "loss") formals(graphics::matplot)))
  known <- setdiff(unique(c(drawn, graphical_parameters)), c(
    "x", "y", "log", "panel.first", "panel.last", "...",
    if (what == "boundary") c("type", "xaxs", "yaxs")
  ))
  unknown <- setdiff(if (...length() > 0 && is.null(...names())) "" else ...names(), known)
  if (length(unknown) == 0) {
    return(invisible())
  }
  if (!nzchar(unknown[1])) abort_argument("Graphical parameters must be named.", call)
  abort_argument(c(
    "{.arg {unknown[1]}} is no argument of this function.",
    nearest_name(unknown[1], known),
    i = paste0(
      "It takes {.arg {setdiff(names(formals(plot.nn_fit)), '...')}}, and graphical parameters ",
      "such as {.arg main} and {.arg col}."
    )
  ), call)
}

graphical_parameters <- c(
  "adj", "ann", "bg", "bty", "cex", "cex.axis", "cex.lab", "cex.main", "cex.sub", "col", "col.axis",
  "col.lab", "col.main", "col.sub", "crt", "err", "family", "fg", "font", "font.axis", "font.lab",
  "font.main", "font.sub", "lab", "las", "lend", "lheight", "ljoin", "lmitre", "lty", "lwd", "mgp",
  "mkh", "pch", "srt", "tck", "tcl", "xaxp", "xaxs", "xaxt", "xpd", "yaxp", "yaxs", "yaxt", "ylbias"
)

plot_loss <- function(fit, log, call, ...) {
  given <- list(...)
  history <- fit$history
  if (nrow(history) == 0) {
    abort_argument(c(
      "There is no epoch to plot.",
      i = "This fit was made with {.code epochs = 0}."
    ), call)
  }
  losses <- as.matrix(history[intersect(c("loss", "validation_loss"), names(history))])
  shown <- seq_len(ncol(losses))
  log <- if (is.null(log)) {
    if (all(losses > 0)) "y" else ""
  } else {
    check_choice(log, c("y", "xy", "x", ""), "log", call)
  }
  style <- list(
    type = if (nrow(history) > 1) "l" else "p",
    col = c(sign_colours[["above"]], sign_colours[["below"]])[shown], lty = shown, lwd = 2,
    pch = c(19, 17)[shown]
  )
  style[intersect(names(style), names(given))] <- given[intersect(names(style), names(given))]
  with_defaults(
    graphics::matplot, c(list(x = history$epoch, y = losses, log = log, main = NULL), style),
    given[setdiff(names(given), c("main", names(style)))],
    list(xlab = "epoch", ylab = paste(fit$settings$loss$name, "(mean per row)"))
  )
  if (ncol(losses) == 1) {
    return(title_above(given))
  }
  best <- fit$best_epoch
  style[-1] <- lapply(style[-1], rep_len, 2)
  graphics::abline(v = best, col = "grey50", lty = 3)
  if (all(style$type == "l") && best %in% history$epoch) {
    graphics::points(best, losses[match(best, history$epoch), 2], pch = 19, col = style$col[2])
  }
  legend_above(c("training", "held out", paste("best epoch,", best)), given,
    col = c(style$col, "grey50"), lty = c(if (all(style$type == "p")) c(NA, NA) else style$lty, 3),
    lwd = c(style$lwd, 1), pch = if (all(style$type == "l")) NULL else c(style$pch, NA)
  )
}
