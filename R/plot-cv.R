# Plots of cross-validations.

#' Plot a cross-validation
#'
#' Compares the out-of-fold predictions of [nn_cv()] with the observed outcomes, or shows the
#' metrics of all fits, with base graphics.
#'
#' @details
#' **`"predictions"`** shows, for a numeric outcome, the observed against the predicted values, with
#' a panel for each output and the line on which they are equal. For classes it shows the confusion
#' matrix: the number of rows of each observed class (a row of the matrix) for which each class
#' (a column) was predicted. The darker a cell, the larger its proportion of the row.
#'
#' **`"metrics"`** shows each metric in its own panel: one point per fit, and the mean with one
#' standard error on either side.
#'
#' Rows whose fit diverged have no prediction, and are not drawn.
#'
#' @param x A cross-validation, as returned by [nn_cv()].
#' @param what Type of plot: `"predictions"` (default) or `"metrics"`.
#' @param main Title; `NULL` (default) for none.
#' @param ... Must be empty: an unknown argument is an error.
#' @return `x`, invisibly.
#' @section Errors: `backprop_error_argument` for an invalid argument, or if there is nothing to
#'   plot, because all metrics are `NA`.
#' @examples
#' set.seed(1)
#' flowers <- nn_cv(Species ~ ., iris, folds = 5, hidden = 4, epochs = 50)
#' plot(flowers)
#' plot(flowers, "metrics")
#' @export
plot.nn_cv <- function(x, what = "predictions", main = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(plot.nn_cv)))
  what <- check_choice(what, c("predictions", "metrics"), "what", call)
  if (what == "metrics") {
    plot_metrics(x, main, call)
  } else if (is.null(x$probabilities)) {
    plot_observed(x$predictions, main)
  } else {
    plot_confusion(x$predictions, main)
  }
  invisible(x)
}

# Draws panels side by side, with the title above all of them.
draw_panels <- function(count, main, draw) {
  if (count > 1) {
    rows <- floor(sqrt(count))
    old <- graphics::par(
      mfrow = c(rows, ceiling(count / rows)), oma = c(0, 0, if (is.null(main)) 0 else 2, 0)
    )
    on.exit(graphics::par(old))
  }
  for (panel in seq_len(count)) draw(panel)
  if (count > 1 && !is.null(main)) {
    graphics::mtext(main, outer = TRUE, font = 2)
  } else if (!is.null(main)) {
    graphics::title(main)
  }
}

plot_observed <- function(predictions, main) {
  observed <- as.matrix(predictions$observed)
  predicted <- as.matrix(predictions$predicted)
  draw_panels(ncol(observed), main, function(panel) {
    limits <- range(observed[, panel], predicted[, panel], finite = TRUE)
    graphics::plot(
      predicted[, panel], observed[, panel],
      xlim = limits, ylim = limits, pch = 21, bg = "white", col = sign_colours[["above"]],
      xlab = "predicted", ylab = paste("observed", colnames(observed)[panel])
    )
    graphics::abline(0, 1, col = "grey40", lty = 2)
  })
}

plot_confusion <- function(predictions, main) {
  counts <- unclass(table(predictions$observed, predictions$predicted))
  share <- counts / pmax(rowSums(counts), 1)
  levels <- rownames(counts)
  n <- length(levels)
  graphics::plot(
    NULL,
    xlim = c(0.5, n + 0.5), ylim = c(n + 0.5, 0.5), xaxs = "i", yaxs = "i", axes = FALSE,
    xlab = "predicted", ylab = "observed", main = main
  )
  fills <- tint(rep(sign_colours[["above"]], 100), seq(0, 0.75, length.out = 100))
  graphics::image(
    seq_len(n), seq_len(n), t(share),
    zlim = c(0, 1), col = fills, add = TRUE
  )
  size <- min(1, 12 / n)
  if (n <= 30) {
    numbers <- format(counts, big.mark = ",", trim = TRUE)
    graphics::text(col(counts), row(counts), numbers, cex = size)
  }
  graphics::axis(1, seq_len(n), levels, tick = FALSE, cex.axis = size)
  graphics::axis(2, seq_len(n), levels, tick = FALSE, cex.axis = size)
  graphics::box()
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
}
