# Plots of nn_importance() and nn_effects().

#' Plot importances and effects
#'
#' Draws the results of [nn_importance()] and [nn_effects()] with base graphics, in colours that are
#' suitable for colour-blind readers.
#'
#' @details
#' **Importances** are points with a line of one standard deviation on either side, the most
#' important input at the top. At most `inputs` of them are drawn.
#'
#' **Effects of one input** are a line for a number and points for a factor. The marks on the axis
#' are values in the data (at most 500 of them), and the numbers under the levels of a factor count
#' the rows with each level; where there are few, the effect is not reliable. Classes share a panel,
#' and several numeric outputs have one each.
#'
#' **Effects of two inputs** are the colours of a plane, with a key above it and a point for each of
#' the data, if both are numeric; otherwise a line for each level of a factor. There is a panel for
#' each output or class, except for the first of two classes.
#'
#' At most eight classes, outputs or levels are drawn.
#'
#' @param x A result of [nn_importance()] or [nn_effects()].
#' @param main Title; `NULL` (default) for none.
#' @param inputs The largest number of inputs drawn, a whole number of at least 1; 20 by default.
#' @param ... Must be empty: an unknown argument is an error.
#' @return `x`, invisibly.
#' @section Errors: `backprop_error_argument` for an invalid argument, or if `x` has lost columns.
#' @examples
#' set.seed(1)
#' fit <- nn_train(mpg ~ wt + hp + factor(am), mtcars, hidden = 4, penalty = 0.05)
#' plot(nn_importance(fit, mtcars, repeats = 3))
#' plot(nn_effects(fit, mtcars, "hp", kind = "ale"))
#' plot(nn_effects(fit, mtcars, c("wt", "am"), points = 10))
#' @name plot.nn_importance
#' @export
plot.nn_importance <- function(x, main = NULL, inputs = 20, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(plot.nn_importance)))
  inputs <- check_whole(inputs, "inputs", call)
  check_kept_columns(x, c("variable", "importance", "sd"), call)
  table <- utils::head(as.data.frame(unclass(x)), inputs)
  at <- rev(seq_len(nrow(table)))
  left <- max(graphics::strwidth(table$variable, units = "inches", cex = 0.9))
  line <- graphics::par("mai")[2] / graphics::par("mar")[2]
  room <- 0.4 * graphics::par("fin")[1]
  margins <- c(3.5, min(left, room) / line + 1, if (is.null(main)) 1 else 2.5, 0.8)
  old <- graphics::par(mar = margins, mgp = c(2.2, 0.7, 0))
  on.exit(graphics::par(old))
  ends <- cbind(table$importance - table$sd, table$importance + table$sd)
  metric <- attr(x, "metric")
  graphics::plot(
    NULL,
    xlim = range(0, ends, finite = TRUE), ylim = c(0.5, nrow(table) + 0.5), yaxt = "n", ylab = "",
    xlab = paste("importance: change of", metric), main = main
  )
  graphics::abline(v = 0, col = "grey60", lty = 2)
  graphics::segments(ends[, 1], at, ends[, 2], at, col = sign_colours[["above"]], lwd = 2)
  graphics::points(table$importance, at, pch = 21, bg = "white", col = sign_colours[["above"]])
  size <- max(min(0.9, 5.5 * graphics::par("pin")[2] / nrow(table)), legible_size())
  graphics::mtext(
    shorten_to_fit(table$variable, min(left, room), size), 2,
    at = at, las = 1, line = 0.5, cex = size * graphics::par("cex")
  )
  invisible(x)
}

#' @rdname plot.nn_importance
#' @export
plot.nn_effects <- function(x, main = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(plot.nn_effects)))
  check_kept_columns(x, c("value", "output", "effect"), call)
  variables <- attr(x, "variables")
  table <- as.data.frame(unclass(x))
  data <- effect_data(x)
  label <- if (attr(x, "kind") == "ale") "accumulated effect" else "mean prediction"
  margins <- pmin(graphics::par("mar"), c(3.5, 3.6, 2.5, 0.8))
  old <- graphics::par(mar = margins, mgp = c(2.2, 0.7, 0))
  on.exit(graphics::par(old))
  if (length(variables) == 1) {
    draw_effect_1(table, data[[1]], variables, label, main, is_probability(x))
  } else {
    draw_effect_2(table, data, variables, label, main)
  }
  invisible(x)
}

# The values of each input in the data: numbers, or for a factor how many rows have each level.
effect_data <- function(x) {
  counts <- attr(x, "counts")
  lapply(seq_along(attr(x, "variables")), function(i) {
    # results of older versions have no counts
    counts[[i]] %||% attr(x, "data")[[i]]
  })
}

# Are the outputs classes, which are on one scale?
is_probability <- function(x) isTRUE(attr(x, "classes"))

check_kept_columns <- function(x, columns, call) {
  absent <- setdiff(columns, names(x))
  if (length(absent) > 0 || is.null(attr(x, "dropped"))) {
    abort_argument(c(
      "{.arg x} must be an unchanged result of {.fn nn_importance} or {.fn nn_effects}.",
      x = if (length(absent) > 0) {
        "{cli::qty(length(absent))}Column{?s} {.field {absent}} {?is/are} missing."
      } else {
        "It has lost its attributes."
      }
    ), call)
  }
}

draw_effect_1 <- function(table, data, variable, label, main, together) {
  outputs <- utils::head(levels(droplevels(table$output)), length(class_colours))
  series <- function(rows) split(rows, factor(rows$output, outputs))
  if (together || length(outputs) == 1) {
    shown <- series(table[table$output %in% outputs, ])
    several <- length(outputs) > 1
    if (several && !is.null(main)) graphics::par(mar = graphics::par("mar") + c(0, 0, 1.2, 0))
    what <- if (together && !several) paste0(label, " (", class_label(outputs), ")") else label
    return(draw_series(shown, data, variable, what, main, if (several) class_label(outputs)))
  }
  draw_panels(length(outputs), main, function(panel) {
    rows <- series(table)[[panel]]
    draw_series(list(rows), data, variable, label, NULL, NULL)
    graphics::title(outputs[panel], font.main = 1, cex.main = 1, line = 0.6)
  })
}

# Draws tables with the columns value and effect as lines, or for a factor as points.
draw_series <- function(series, data, variable, label, main, names) {
  all <- do.call(rbind, series)
  colours <- class_colours[seq_along(series)]
  types <- rep_len(c(1, 2, 4, 5), length(series))
  limits <- range(all$effect, finite = TRUE)
  if (diff(limits) == 0) limits <- limits + c(-1, 1) * max(abs(limits), 1) / 10
  symbols <- rep_len(21:25, length(series))
  if (is.factor(all$value)) {
    levels <- levels(all$value)
    graphics::plot(
      NULL,
      xlim = c(0.5, length(levels) + 0.5), ylim = limits, xaxt = "n", xlab = variable, ylab = label
    )
    level_axis(levels, if (is.factor(data)) table(factor(data, levels)) else data[levels])
    for (k in seq_along(series)) {
      at <- as.integer(series[[k]]$value)
      order <- order(at)
      graphics::lines(at[order], series[[k]]$effect[order], col = tint(colours[k], 0.4), lty = 3)
      graphics::points(at, series[[k]]$effect, pch = symbols[k], bg = "white", col = colours[k])
    }
  } else {
    graphics::plot(
      NULL,
      xlim = range(all$value), ylim = limits, xlab = variable, ylab = label
    )
    for (k in seq_along(series)) {
      line <- series[[k]]
      graphics::lines(line$value, line$effect, col = colours[k], lty = types[k], lwd = 2)
    }
    graphics::rug(data[data >= min(all$value) & data <= max(all$value)], col = "grey30", lwd = 0.5)
  }
  if (is.null(names)) {
    return(title_above(list(main = main)))
  }
  if (is.factor(all$value)) {
    legend_above(names, list(main = main), col = colours, pch = symbols)
  } else {
    legend_above(names, list(main = main), col = colours, lty = types, lwd = 2)
  }
}

# The levels of a factor below the axis, with how many of the data have them.
level_axis <- function(levels, counts) {
  n <- length(levels)
  space <- 0.95 * graphics::par("pin")[1] / n
  size <- max(size_to_fit(levels, space), legible_size())
  cex <- size * graphics::par("cex")
  graphics::axis(1, seq_len(n), FALSE)
  if (space < graphics::strwidth("mm", units = "inches", cex = size)) {
    # too many for labels: some of them
    some <- unique(round(seq(1, n, length.out = min(n, 8))))
    graphics::axis(1, some, levels[some], tick = FALSE, cex.axis = size)
    return(invisible())
  }
  graphics::mtext(shorten_to_fit(levels, space, size), 1, at = seq_len(n), line = 0.4, cex = cex)
  graphics::mtext(
    counts, 1,
    at = seq_len(n), line = 1.2, cex = 0.75 * cex, col = "grey30"
  )
}

draw_effect_2 <- function(table, data, variables, label, main) {
  outputs <- utils::head(levels(droplevels(table$output)), length(class_colours))
  factors <- c(is.factor(table$value), is.factor(table$value2))
  titles <- if (length(outputs) > 1) outputs else main
  # room for a legend or a key, and for a title above it; plot.nn_effects() restores the margins
  more <- (if (any(factors)) 0 else 0.4) + (if (is.null(titles)) 0 else 1.2)
  graphics::par(mar = graphics::par("mar") + c(0, 0, more, 0))
  draw_panels(length(outputs), if (length(outputs) > 1) main, function(panel) {
    rows <- table[table$output == outputs[panel], ]
    if (any(factors)) {
      draw_by_level(rows, data, variables, label, titles[panel])
    } else {
      draw_effect_plane(rows, data, variables, titles[panel])
    }
  })
}

# A line for each level of a factor, the second one if both are factors.
draw_by_level <- function(rows, data, variables, label, title) {
  by <- if (is.factor(rows$value2)) 2 else 1
  names(rows)[names(rows) == c("value", "value2")[by]] <- "level"
  names(rows)[names(rows) %in% c("value", "value2")] <- "value"
  levels <- utils::head(levels(rows$level), length(class_colours))
  series <- split(rows, factor(rows$level, levels))
  draw_series(
    series, data[[3 - by]], variables[3 - by], label, title, paste(variables[by], levels)
  )
}

draw_effect_plane <- function(rows, data, variables, title) {
  at <- list(sort(unique(rows$value)), sort(unique(rows$value2)))
  effect <- matrix(rows$effect[order(rows$value2, rows$value)], length(at[[1]]))
  breaks <- pretty(rows$effect, 8)
  if (length(breaks) < 2) breaks <- mean(rows$effect) + c(-1, 0, 1) * 1e-8
  palette <- grDevices::hcl.colors(length(breaks) - 1, "YlGnBu")
  fills <- tint(palette, rep(0.7, length(palette)))
  graphics::plot(
    NULL,
    xlim = range(at[[1]]), ylim = range(at[[2]]), xaxs = "i", yaxs = "i",
    xlab = variables[1], ylab = variables[2]
  )
  graphics::.filled.contour(at[[1]], at[[2]], effect, breaks, fills)
  graphics::contour(
    at[[1]], at[[2]], effect,
    levels = breaks, drawlabels = FALSE, add = TRUE, col = "grey40", lwd = 0.7
  )
  graphics::points(data[[1]], data[[2]], pch = 16, cex = 0.4, col = "grey20")
  graphics::box()
  key_above(breaks, fills, list(main = title))
}
