# Titles, legends and keys above a plot.

with_defaults <- function(f, fixed, given, defaults) {
  do.call(f, c(fixed, given, defaults[setdiff(names(defaults), names(given))]))
}

# Legends, keys and titles are placed in the top margin, over the whole width of the figure, so that
# they do not cover the plot. The title is above the legend.
title_style <- c("cex.main", "font.main", "col.main")

title_above <- function(given, inches = 0) {
  if (is.null(given$main)) {
    return(invisible())
  }
  line <- graphics::par("mai")[3] / graphics::par("mar")[3]
  do.call(graphics::title, c(
    given[intersect(names(given), c("main", title_style))],
    line = if (inches > 1.5 * line) inches / line
  ))
}

title_inches <- function(given) {
  if (is.null(given$main)) {
    return(0)
  }
  style <- graphics::par(title_style)
  style[intersect(names(given), title_style)] <- given[intersect(names(given), title_style)]
  graphics::strheight(given$main, units = "inches", cex = style$cex.main, font = style$font.main) +
    0.08
}

# Draws a legend above the plot, with as few rows as keep it legible, within the width of the plot
# if possible. Labels that would be too small are shortened; if there is still not enough room, the
# legend is omitted.
legend_above <- function(labels, given, ...) {
  layout <- legend_layout(labels, graphics::par("mai")[3] - title_inches(given), ...)
  if (!layout$fits) {
    return(title_above(given))
  }
  outside <- max(0, layout$width - graphics::par("pin")[1])
  left <- min(outside, graphics::par("mai")[2]) / graphics::par("pin")[1]
  graphics::legend(
    "bottomleft", layout$labels,
    ncol = layout$columns, cex = layout$cex, bty = "n",
    inset = c(-left, 1), xpd = NA, ...
  )
  title_above(given, layout$height)
}

legend_layout <- function(labels, height, ...) {
  n <- length(labels)
  columns <- unique(ceiling(n / seq_len(n)))
  inches <- graphics::par("pin") /
    abs(c(diff(graphics::par("usr")[1:2]), diff(graphics::par("usr")[3:4])))
  measure <- function(columns, cex = 1) {
    unlist(
      graphics::legend(
        "topleft", labels,
        ncol = columns, cex = cex, bty = "n", plot = FALSE, ...
      )$rect[c("w", "h")],
      use.names = FALSE
    ) * inches
  }
  size <- vapply(columns, measure, numeric(2))
  for (width in c(graphics::par("pin")[1], 0.98 * graphics::par("fin")[1])) {
    cex <- pmin(0.92, width / size[1, ], height / size[2, ])
    if (any(cex >= 0.7)) break
  }
  best <- if (any(cex >= 0.7)) which(cex >= 0.7)[1] else which.max(cex)
  # some devices only have font sizes in whole points
  cex <- floor(cex[best] / point_size() + 1e-6) * point_size()
  if (cex < legible_size()) {
    cex <- legible_size()
    best <- max(1, which(cex * size[2, ] <= height))
    excess <- (measure(columns[best], cex)[1] - width) / columns[best]
    labels <- shorten_to_fit(
      labels, max(graphics::strwidth(labels, units = "inches", cex = cex)) - excess, cex
    )
  }
  size <- measure(columns[best], cex)
  padding <- size[2] / (ceiling(n / columns[best]) + 1)
  list(
    labels = labels, columns = columns[best], cex = cex, width = size[1], height = size[2],
    fits = size[1] <= graphics::par("fin")[1] && size[2] <= height + padding / 2
  )
}

# Draws a strip of colours with the numbers at their boundaries, and a title at its left. Numbers
# that would overlap are omitted.
key_above <- function(breaks, colours, given, title = NULL) {
  usr <- graphics::par("usr")
  line <- graphics::par("mai")[3] / graphics::par("mar")[3]
  y <- usr[4] + c(0.3, 0.8) * line * diff(usr[3:4]) / graphics::par("pin")[2]
  x <- seq(usr[1], usr[2], length.out = length(breaks))
  graphics::rect(
    x[-length(x)], y[1], x[-1], y[2],
    col = colours, border = "grey20", lwd = 0.5, xpd = NA
  )
  graphics::axis(
    3, x, format(breaks),
    line = 0.8, tick = FALSE, mgp = c(3, 0.2, 0), cex.axis = 0.8, las = 1
  )
  if (!is.null(title) && !identical(title, given$main)) {
    aside <- 0.3 * line + graphics::strwidth(format(breaks)[1], units = "inches", cex = 0.8) / 2
    room <- graphics::par("mai")[2] - aside - 0.15 * line
    cex <- max(size_to_fit(title, room, 0.8), legible_size())
    inches <- graphics::par("pin") / c(diff(usr[1:2]), diff(usr[3:4]))
    graphics::text(
      usr[1] - aside / inches[1], usr[4] + 1.3 * line / inches[2],
      shorten_to_fit(title, room, cex),
      adj = c(1, 0.5), cex = cex, xpd = NA
    )
  }
  title_above(given, 2.3 * line)
}
