#' Plot a fit
#'
#' Plots the loss by epoch, a diagram of the network, its predictions in the plane of two inputs,
#' one of its units, or how its predictions for held-out rows compare with the outcomes, with base
#' graphics. All colours are suitable for colour-blind readers.
#'
#' @details
#' **`"loss"`** shows the training loss by epoch, and with held-out rows also their loss and the
#' best epoch, whose weights the fit returns.
#'
#' **`"network"`** shows the network as a diagram. Each line is a weight: the larger its absolute
#' value relative to the largest one in the network, the wider and darker the line. The fill of a
#' unit shows its bias in the same way. Positive values are blue, negative ones orange and dashed (a
#' negative bias has a dashed outline), so that signs show without colours. Layers with more than
#' `units` units are drawn with their first and last units and dots in between.
#' Labels that are too long are set smaller, and then shortened so that they remain distinct, for
#' example to a beginning and the unit's number, as in `"...#12"`.
#'
#' **`"perceptron"`** shows one unit of the network with its inputs, weights, bias and activation,
#' as [nn_unit()] draws it. With `data`, one case, its values are included: those that the network
#' receives, which for a fit made from a data frame are encoded and standardised.
#'
#' **`"boundary"`** shows the predictions of a fit with two inputs. For classes, the colour is that
#' of the most probable class, lighter where it is less certain, and lines mark where two classes
#' are equally probable. (For other thresholds see [predict.nn_fit()].) The level is written into
#' each region with room for it, and each level has a symbol, to tell them apart without colours.
#' For a single sigmoid output of numbers, it is blue above 0.5 and orange below, deeper farther
#' away, with a thick line at 0.5; observed numbers above 0.5 are triangles.
#' For any other single numeric output, the shade goes from low (dark) to high (light), with contour
#' lines between shades, and the key above the plot shows their values. A fit does not store its
#' training data, so points are drawn only if `data` is supplied. Their colours show the observed
#' outcome.
#'
#' **`"confusion"`, `"roc"` and `"calibration"`** for classes and several yes or no outcomes, and
#' **`"observed"` and `"residuals"`** for numbers, compare the predictions for `data`, which should
#' not be the
#' training data, with the outcomes. [plot.nn_cv()] describes them. Rows with missing values are
#' excluded. If `data` is missing, the predictions are those of the rows that `validation` held out
#' as a fraction. These rows have determined when training stopped, so that the plots are slightly
#' optimistic, and a fit with case weights does not store them.
#'
#' Legends are placed in the margin above the plot, below `main`. Labels are shortened if they would
#' be too small to read, and a legend that still does not fit is omitted: use a larger device.
#'
#' @param x A fit from [nn_train()].
#' @param what Type of plot: `"loss"` (default), `"network"`, `"boundary"`, `"perceptron"`,
#'   `"confusion"`, `"roc"`, `"calibration"`, `"observed"` or `"residuals"`.
#' @param data For `"boundary"`, the cases to draw as points, which also determine the limits of the
#'   axes: a numeric matrix with two columns as in [predict.nn_fit()], or a data frame for a fit
#'   made from a data frame. `NULL` (default) draws no points. Then `xlim` and `ylim` are required
#'   for a fit made from a matrix, and by default show 2.5 standard deviations on each side of the
#'   mean for a fit made from a data frame (also if `data` has no rows). For `"perceptron"`, one
#'   case of the same form whose values are written into the plot; `NULL` for none. For plots of
#'   predictions, cases as in [predict.nn_fit()] that were not used for training; `NULL` for the
#'   rows that `validation` held out as a fraction.
#' @param y For `"boundary"` and plots of predictions, the observed outcomes of these cases: numbers
#'   or a factor. `NULL` (default) uses the outcome in `data` if the fit was made with a formula;
#'   otherwise points have no colour, and plots of predictions are an error.
#' @param log For `"loss"`, the logarithmic axes: `"y"` (default if all losses are positive),
#'   `"xy"`, `"x"` or `""`.
#' @param units For `"network"` and `"perceptron"`, the largest number of units drawn per layer, a
#'   whole number of at least 3; 12 by default.
#' @param resolution For `"boundary"`, the number of grid points along each axis, a whole number
#'   between 2 and 2000; 200 by default.
#' @param ... Graphical parameters: for `"loss"` passed to [graphics::matplot()]; for `"boundary"`
#'   to [graphics::plot.window()] and [graphics::title()] (`xlim`, `ylim`, `main`, `xlab`, `ylab`);
#'   otherwise only `main`. Other arguments are an error.
#' @param layer For `"perceptron"`, the layer of the unit, counted from the first hidden layer, a
#'   whole number; `NULL` (default) for the output layer.
#' @param unit For `"perceptron"`, the number of the unit in its layer, a whole number; 1 by
#'   default.
#' @param weights,offset For plots of predictions, the case weights of `data`, one number of at
#'   least 0 per row, `NULL` (default) if all are 1; and the offset, as in [predict.nn_fit()].
#' @param threshold For `"confusion"`, as in [predict.nn_fit()].
#' @param bins For `"calibration"`, the number of bins, a whole number of at least 2; 10 by default.
#' @return `x`, invisibly; for plots of predictions the numbers behind the plot, a data frame as
#'   described in [plot.nn_cv()], invisibly.
#' @section Errors: `backprop_error_argument` for an invalid argument, if the fit has no epochs to
#'   plot, if `"boundary"` is used for a fit that does not have two numeric inputs, or that has
#'   several numeric outputs, and if a plot of predictions does not suit the outcome or there are no
#'   held-out predictions; `backprop_error_input` if `data` or `y` do not match the fit.
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
#' plot(fit, "perceptron", X[1, , drop = FALSE], layer = 1, unit = 2)
#'
#' # Held-out predictions
#' fit <- nn_train(Species ~ ., iris, hidden = 4, validation = 0.4)
#' plot(fit, "confusion")
#' plot(fit, "roc")
#' @export
plot.nn_fit <- function(x, what = "loss", data = NULL, y = NULL, log = NULL, units = 12,
                        resolution = 200, ..., layer = NULL, unit = 1, weights = NULL,
                        offset = NULL, threshold = NULL, bins = 10) {
  call <- current_env()
  check_full_names(written_names(call), c(names(formals(plot.nn_fit)), graphical_parameters), call)
  kinds <- c("loss", "network", "boundary", "perceptron", names(held_out_plots))
  what <- check_choice(what, kinds, "what", call)
  units <- check_whole(units, "units", call, least = 3)
  resolution <- check_whole(resolution, "resolution", call, least = 2, most = 2000)
  if (what %in% c("loss", "boundary")) check_graphical(what, call, ...)
  current <- current_fit(x, call)
  check_whole_fit(unclass(current), call, "x")
  if (what %in% names(held_out_plots)) {
    return(invisible(plot_held_out(
      what, current, data, y, weights, offset, threshold, bins, call, ...
    )))
  }
  switch(what,
    perceptron = plot_perceptron(current, data, layer, unit, units, call, ...),
    loss = plot_loss(current, log, call, ...),
    network = plot_network(unclass(current), units, call, ...),
    boundary = plot_boundary(current, data, y, resolution, call, ...)
  )
  invisible(x)
}

plot_held_out <- function(what, fit, data, y, weights, offset, threshold, bins, call, main = NULL,
                          ...) {
  check_no_dots(call, ..., known = names(formals(plot.nn_fit)))
  plain <- unclass(fit)
  events <- plain$encoding$outcome$events
  check_held_out_plot(what, !is.null(plain$levels), !is.null(events), call)
  bins <- check_whole(bins, "bins", call, least = 2)
  threshold <- check_threshold(threshold, plain$levels %||% events, call)
  held <- if (is.null(data)) {
    fit_held_out(plain, threshold, call)
  } else {
    new_data_held_out(fit, data, y, weights, offset, threshold, call)
  }
  draw_held_out(what, held, bins, main, call)
}

# Checks the arguments to pass on: those of the plotting functions, and graphical parameters. For
# boundaries, those that would change the axes are not allowed.
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
    "{.arg {unknown[1]}} is not an argument of this function.",
    nearest_name(unknown[1], known),
    i = paste0(
      "The arguments are {.arg {setdiff(names(formals(plot.nn_fit)), '...')}}, and graphical ",
      "parameters such as {.arg main} and {.arg col}."
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
      "The fit has no epochs to plot.",
      i = "It was made with {.code epochs = 0}."
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
