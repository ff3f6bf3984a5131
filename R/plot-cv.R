# Plots of cross-validations.

#' Plot a cross-validation
#'
#' Compares the out-of-fold predictions of [nn_cv()] with the observed outcomes, or shows the
#' metrics of all fits, with base graphics. All colours are suitable for colour-blind readers.
#'
#' @details
#' For classes:
#'
#' **`"confusion"`** shows the confusion matrix: the number of rows (or the sum of their case
#' weights) of each observed class (a row of the matrix) for which each class (a column) was
#' predicted. The darker a cell, the larger its proportion of the row. At the right is the recall of
#' each class, the proportion of its rows whose class was predicted.
#'
#' **`"roc"`** shows the true positive rate against the false positive rate for all thresholds of
#' the probability, with the area under the curve (AUC). Of two classes, the second one is positive;
#' of several, each is compared with all others.
#'
#' **`"calibration"`** shows the observed frequency of a class against its predicted probability,
#' for bins with equal numbers of rows, with 95 % intervals (Wilson 1927). If the predicted
#' probabilities are right, about 95 % of the intervals contain the dashed line. Equal probabilities
#' are in the same bin. With repetitions, each row counts once for the width of the intervals.
#'
#' At most eight classes are drawn as curves or panels; the returned table has all of them. Several
#' outcomes that are yes or no have a confusion matrix, a curve or a panel each.
#'
#' For a numeric outcome, with a panel for each output:
#'
#' **`"observed"`** shows the observed against the predicted values, and the line on which they are
#' equal.
#'
#' **`"residuals"`** shows the differences of observed and predicted values against the predicted
#' values. The orange line connects their means in ten bins with equal numbers of rows; it is near 0
#' if the network is right on average. The larger a case weight, the larger the point. At most
#' 10,000 points are drawn.
#'
#' **`"metrics"`** shows each metric in its own panel: one point per fit, and the mean with one
#' standard error on either side.
#'
#' All repetitions are pooled. Rows whose fit diverged have no prediction, and are not drawn.
#'
#' @param x A cross-validation, as returned by [nn_cv()].
#' @param what Type of plot: `"predictions"` (default), which is `"confusion"` for classes and yes
#'   or no outcomes, and `"observed"` for numbers; or `"confusion"`, `"roc"`, `"calibration"`,
#'   `"observed"`, `"residuals"` or `"metrics"`.
#' @param main Title; `NULL` (default) for none.
#' @param bins For `"calibration"`, the number of bins, a whole number of at least 2; 10 by default.
#' @param ... Must be empty: an unknown argument is an error.
#' @return The numbers behind the plot, a data frame, invisibly:
#'   * `"confusion"`: `observed`, `predicted`, `rows` (the sum of the weights) and `proportion` (of
#'     the observed class; the recall where both classes are the same); for several outcomes first
#'     `output`, their names;
#'   * `"roc"`: `class` (or the name of the outcome), `threshold`, `false_positive_rate` and
#'     `true_positive_rate` of the rows whose probability is at least the threshold, and `auc`;
#'   * `"calibration"`: `class`, the mean `predicted` probability of the bin, the `observed`
#'     frequency, `lower` and `upper` ends of its interval, and `rows`;
#'   * `"observed"` and `"residuals"`: `output`, `observed`, `predicted`, `residual` and `weight`;
#'   * `"metrics"`: that of `summary()`.
#' @section Errors: `backprop_error_argument` for an invalid argument, for a plot that does not suit
#'   the outcome, or if there is nothing to plot, because all metrics are `NA`.
#' @references Wilson, E. B. (1927). Probable inference, the law of succession, and statistical
#'   inference. *Journal of the American Statistical Association*, 22, 209-212.
#'   \doi{10.1080/01621459.1927.10502953}
#' @seealso [plot.nn_fit()] for the same plots of the predictions for new data.
#' @examples
#' set.seed(1)
#' flowers <- nn_cv(Species ~ ., iris, folds = 5, hidden = 4, epochs = 50)
#' plot(flowers)
#' plot(flowers, "metrics")
#' plot(flowers, "roc")
#' bins <- plot(flowers, "calibration", bins = 5)
#' bins[bins$class == "virginica", ]
#' @export
plot.nn_cv <- function(x, what = "predictions", main = NULL, bins = 10, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(plot.nn_cv)))
  what <- check_choice(what, c("predictions", names(held_out_plots), "metrics"), "what", call)
  bins <- check_whole(bins, "bins", call, least = 2)
  if (what == "metrics") {
    return(invisible(plot_metrics(x, main, call)))
  }
  classes <- !is.null(x$probabilities)
  events <- !is.null(x$events)
  if (what == "predictions") what <- if (classes || events) "confusion" else "observed"
  check_held_out_plot(what, classes, events, call)
  invisible(draw_held_out(what, cv_held_out(x), bins, main, call))
}

plot_metrics <- function(cv, main, call) {
  table <- summary(cv)
  table <- table[table$fits > 0, ]
  if (nrow(table) == 0) {
    abort_argument("There is nothing to plot: all metrics are NA.", call)
  }
  draw_panels(nrow(table), main, function(panel) {
    values <- cv$metrics[[table$metric[panel]]]
    fold <- seq_along(values)
    middle <- table$mean[panel]
    error <- table$standard_error[panel]
    band <- if (is.na(error)) middle else middle + c(-1, 1) * error
    graphics::plot(
      NULL,
      xlim = range(fold) + c(-0.5, 0.5), ylim = range(values, band, finite = TRUE), xaxs = "i",
      xlab = "fit", ylab = table$metric[panel]
    )
    graphics::rect(
      0, band[1], length(values) + 1, band[length(band)],
      col = tint(sign_colours[["above"]], 0.2), border = NA
    )
    graphics::abline(h = middle, col = sign_colours[["above"]], lwd = 2)
    graphics::points(fold, values, pch = 21, bg = "white")
    graphics::box()
  })
  table
}
