# Plots of held-out predictions. A plot is a row of this table: `classes`, whether it is one of
# classes or of numbers; `table`, a function of the predictions (see new_held_out()) and the number
# of bins, which returns the numbers behind the plot; `draw`, a function of this table and a title.

held_out_plots <- list(
  confusion = list(
    classes = TRUE, table = function(...) confusion_table(...),
    draw = function(...) draw_confusion(...)
  ),
  roc = list(
    classes = TRUE, table = function(...) roc_table(...), draw = function(...) draw_roc(...)
  ),
  calibration = list(
    classes = TRUE, table = function(...) calibration_table(...),
    draw = function(...) draw_reliability(...)
  ),
  observed = list(
    classes = FALSE, table = function(...) observed_table(...),
    draw = function(...) draw_observed(...)
  ),
  residuals = list(
    classes = FALSE, table = function(...) observed_table(...),
    draw = function(...) draw_residuals(...)
  )
)

# Checks that a plot suits the outcome, before anything is predicted. All suit several outcomes that
# are yes or no.
check_held_out_plot <- function(what, classes, events, call) {
  if (held_out_plots[[what]]$classes == classes || events) {
    return(invisible())
  }
  others <- Filter(function(row) row$classes == classes, held_out_plots)
  abort_argument(c(
    "{.val {what}} requires {if (classes) 'a numeric outcome' else 'classes'}.",
    x = "The outcome is {if (classes) 'a factor' else 'numeric'}.",
    i = "Use {.or {.val {names(others)}}}."
  ), call)
}

# Draws a plot, and returns its numbers.
draw_held_out <- function(what, held, bins, main, call) {
  if (nrow(held$predicted) == 0) {
    abort_argument("There is nothing to plot: no row has both an outcome and a prediction.", call)
  }
  plot <- held_out_plots[[what]]
  table <- plot$table(held, bins)
  margins <- pmin(graphics::par("mar"), c(3.5, 3.6, 2.5, 0.8))
  old <- graphics::par(mar = margins, mgp = c(2.2, 0.7, 0))
  on.exit(graphics::par(old))
  plot$draw(table, main)
  table
}

# Draws panels side by side, with the title above all of them.
draw_panels <- function(count, main, draw) {
  if (count > 1) {
    rows <- floor(sqrt(count))
    old <- graphics::par(
      mfrow = c(rows, ceiling(count / rows)), oma = c(0, 0, if (is.null(main)) 0 else 1.5, 0)
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

draw_confusion <- function(table, main) {
  if (is.null(table$output)) {
    draw_one_confusion(table, main)
  } else {
    draw_outputs(table, main, function(rows) draw_one_confusion(rows, NULL))
  }
}

draw_one_confusion <- function(table, main) {
  levels <- unique(as.character(table$observed))
  n <- length(levels)
  counts <- matrix(table$rows, n)
  share <- matrix(table$proportion, n)
  share[is.na(share)] <- 0
  # the last column is for the recall
  graphics::plot(
    NULL,
    xlim = c(0.5, n + 0.6 + 0.16 * n), ylim = c(n + 0.5, 0.5), xaxs = "i", yaxs = "i", axes = FALSE,
    xlab = "predicted", ylab = "observed", main = main
  )
  fills <- matrix(tint(rep(sign_colours[["above"]], n^2), 0.75 * as.vector(share)), n)
  graphics::rect(col(share) - 0.5, row(share) - 0.5, col(share) + 0.5, row(share) + 0.5,
    col = fills, border = if (n <= 30) "white" else NA
  )
  cell <- graphics::par("pin") / c(n * 1.16 + 0.1, n)
  if (n <= 30) {
    numbers <- if (all(counts == floor(counts))) {
      format(counts, big.mark = ",", trim = TRUE)
    } else {
      format(signif(counts, 3), trim = TRUE)
    }
    if (n > 10) numbers[counts == 0] <- ""
    size <- size_to_fit(numbers, 0.9 * cell[1], min(1, 5 * cell[2]))
    graphics::text(col(counts), row(counts), numbers, cex = size, col = text_on(fills))
  }
  label <- function(side, space) {
    size <- max(size_to_fit(levels, 0.95 * space, min(1, 6 * space)), legible_size())
    shown <- if (n <= 30) shorten_to_fit(levels, 0.95 * space, size) else rep("", n)
    graphics::mtext(shown, side, at = seq_len(n), line = 0.4, cex = size * graphics::par("cex"))
  }
  label(1, cell[1])
  label(2, cell[2])
  graphics::rect(0.5, 0.5, n + 0.5, n + 0.5)
  recall <- paste(format(round(100 * diag(matrix(table$proportion, n)), 0)), "%")
  recall[is.na(diag(matrix(table$proportion, n)))] <- "-"
  at <- n + 0.55 + 0.08 * n
  wide <- 0.16 * n * cell[1]
  size <- size_to_fit(c(recall, "recall"), wide, 0.9)
  if (n <= 30) graphics::text(at, seq_len(n), recall, cex = min(size, 5 * cell[2]))
  graphics::mtext("recall", 3, at = at, cex = size * graphics::par("cex"), line = 0.2)
}

# At most as many classes are drawn as there are colours.
drawn_classes <- function(table) {
  classes <- unique(as.character(table$class))
  utils::head(classes, length(class_colours))
}

note_on_classes <- function(drawn, table) {
  all <- length(unique(table$class))
  if (length(drawn) < all) paste("First", length(drawn), "of", all, "classes")
}

draw_roc <- function(table, main) {
  drawn <- drawn_classes(table)
  if (length(drawn) > 1 && !is.null(main)) {
    graphics::par(mar = graphics::par("mar") + c(0, 0, 1.2, 0)) # draw_held_out() restores it
  }
  graphics::plot(
    NULL,
    xlim = c(0, 1), ylim = c(0, 1), xlab = "false positive rate", ylab = "true positive rate"
  )
  graphics::abline(0, 1, col = "grey60", lty = 2)
  types <- rep_len(c(1, 2, 4, 5), length(drawn))
  for (k in rev(seq_along(drawn))) {
    curve <- table[table$class == drawn[k], ]
    graphics::lines(
      curve$false_positive_rate, curve$true_positive_rate,
      col = class_colours[k], lty = types[k], lwd = 2
    )
  }
  auc <- table$auc[match(drawn, table$class)]
  names <- class_label(drawn)
  labels <- paste0(if (length(drawn) > 1) paste0(names, " ") else "AUC ", sprintf("%.3f", auc))
  if (length(drawn) == 1) {
    graphics::text(0.98, 0.06, paste0(labels, " (", names, ")"), adj = c(1, 0))
    return(title_above(list(main = main)))
  }
  colours <- class_colours[seq_along(drawn)]
  legend_above(labels, list(main = main), col = colours, lty = types, lwd = 2)
  note <- paste(c("AUC above", note_on_classes(drawn, table)), collapse = "\n")
  graphics::text(0.98, 0.04, note, adj = c(1, 0), col = "grey40", cex = 0.8)
}

draw_reliability <- function(table, main) {
  drawn <- drawn_classes(table)
  several <- length(drawn) > 1
  limits <- range(table[c("predicted", "lower", "upper")])
  note <- note_on_classes(drawn, table)
  if (!is.null(note)) main <- paste(c(main, note), collapse = ": ")
  draw_panels(length(drawn), main, function(panel) {
    of_class <- table[table$class == drawn[panel], ]
    graphics::plot(
      NULL,
      xlim = limits, ylim = limits, xlab = if (several) "predicted" else "predicted probability",
      ylab = if (several) "observed" else "observed frequency"
    )
    graphics::abline(0, 1, col = "grey60", lty = 2)
    graphics::segments(
      of_class$predicted, of_class$lower, of_class$predicted, of_class$upper,
      col = sign_colours[["above"]], lwd = 2
    )
    graphics::points(
      of_class$predicted, of_class$observed,
      pch = 21, bg = "white", col = sign_colours[["above"]]
    )
    if (several || is.null(main)) {
      graphics::title(class_label(drawn[panel]), font.main = 1, cex.main = 1, line = 0.6)
    }
  })
}

# At most this many points are drawn, spread evenly over the rows.
drawn_points <- 10000

draw_points <- function(x, y, weight, ...) {
  some <- unique(round(seq(1, length(x), length.out = min(length(x), drawn_points))))
  many <- length(some) > 500
  size <- pmin(pmax(sqrt(weight[some] / mean(weight)), 0.3), 3)
  colour <- sign_colours[["above"]]
  graphics::plot(
    x[some], y[some],
    pch = if (many) 16 else 21, bg = "white", cex = (if (many) 0.5 else 1) * size,
    col = if (many) grDevices::adjustcolor(colour, 0.4) else colour,
    ...
  )
}

draw_outputs <- function(table, main, draw) {
  outputs <- levels(table$output)
  draw_panels(length(outputs), main, function(panel) {
    draw(table[table$output == outputs[panel], ])
    if (length(outputs) > 1) {
      graphics::title(outputs[panel], font.main = 1, cex.main = 1, line = 0.6)
    }
  })
}

draw_observed <- function(table, main) {
  draw_outputs(table, main, function(rows) {
    limits <- range(rows$observed, rows$predicted, finite = TRUE)
    draw_points(
      rows$predicted, rows$observed, rows$weight,
      xlim = limits, ylim = limits, xlab = "predicted", ylab = "observed"
    )
    graphics::abline(0, 1, col = "grey40", lty = 2)
  })
}

# With the mean residual of tenths of the rows.
draw_residuals <- function(table, main) {
  draw_outputs(table, main, function(rows) {
    draw_points(
      rows$predicted, rows$residual, rows$weight,
      xlab = "predicted", ylab = "observed - predicted"
    )
    graphics::abline(h = 0, col = "grey40", lty = 2)
    bin <- equal_bins(rows$predicted, rows$weight, 10)
    mean_of <- function(x) rowsum(x * rows$weight, bin) / rowsum(rows$weight, bin)
    graphics::lines(
      mean_of(rows$predicted), mean_of(rows$residual),
      col = sign_colours[["below"]], lwd = 2
    )
  })
}
