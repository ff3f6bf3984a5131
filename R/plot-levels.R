# Draws the predictions of a network with one numeric output in the plane of its inputs.

# Numeric outcomes: filled contours, and a thick line where a sigmoid output is 0.5. Points have
# rims, and darker colours than the background.
draw_levels <- function(at, answer, points, given, scale) {
  colour_of <- function(value) findInterval(value, scale$breaks, all.inside = TRUE)
  draw_cells(at, colour_of(answer), scale$fills)
  heights <- function(levels, labels, ...) {
    graphics::contour(
      at[[1]], at[[2]], matrix(answer, length(at[[1]])),
      levels = levels, drawlabels = labels, labcex = 0.65,
      add = TRUE, ...
    )
  }
  if (diff(range(answer)) > 0) {
    heights(setdiff(scale$breaks, scale$middle), TRUE, col = "grey25", lwd = 0.7)
  }
  if (!is.null(scale$middle) && diff(range(answer)) > 0) {
    heights(scale$middle, FALSE, col = "black", lwd = 2.5)
  }
  if (!is.null(points)) {
    side <- if (!is.null(scale$middle) && !is.null(points$observed)) {
      1 + (points$observed > scale$middle)
    }
    pch <- if (is.null(side)) 21 else c(21, 24)[side]
    graphics::points(points$x, points$y, pch = 19, col = "white", cex = 2)
    graphics::points(
      points$x, points$y,
      pch = pch,
      bg = if (is.null(points$observed)) "white" else scale$points[colour_of(points$observed)],
      col = "black", cex = 1.5, lwd = 1.5
    )
  }
  key_above(scale$breaks, scale$fills, given, scale$title)
}

# Breaks and colours. A sigmoid output uses the diverging scale, centred at 0.5.
level_scale <- function(fit, answer, points) {
  title <- last(end_names(fit)$outputs)
  all <- c(answer, points$observed[is.finite(points$observed)])
  if (fit$settings$output_activation == "sigmoid" && all(all >= 0 & all <= 1)) {
    breaks <- seq(0, 10) / 10
    from_middle <- breaks[-1] - 0.55
    return(list(
      breaks = breaks, middle = 0.5, title = title, fills = sign_fill(from_middle, 0.6),
      points = sign_colours[ifelse(from_middle < 0, "below", "above")]
    ))
  }
  breaks <- pretty(all, 10)
  if (length(breaks) < 2 || diff(range(all)) < 1e-12 * max(abs(all), 1)) {
    breaks <- mean(all) + c(-1, 0, 1)
  }
  palette <- grDevices::hcl.colors(length(breaks) - 1, "YlGnBu")
  list(
    breaks = breaks, title = title, fills = tint(palette, rep(0.6, length(palette))),
    points = palette
  )
}

# Cells of one colour each; many of them as a raster, if the device supports it.
draw_cells <- function(at, number, colours) {
  raster <- length(number) > 2500 &&
    identical(grDevices::dev.capabilities("rasterImage")$rasterImage, "yes")
  graphics::image(
    at[[1]], at[[2]], matrix(number, length(at[[1]])),
    zlim = c(1, length(colours)), col = colours,
    add = TRUE, useRaster = raster
  )
}
