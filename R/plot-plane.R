# A unit as a picture: its parts, or the line that it draws in the plane of two inputs.

#' @rdname nn_unit
#' @param x A unit.
#' @param what Type of plot: `"unit"` (default) or `"plane"`.
#' @param input For `"unit"`, the input values of one case, one finite number per input. `NULL`
#'   (default) shows no values.
#' @param data For `"plane"`, cases to draw as points: a numeric matrix or data frame with two
#'   columns. `NULL` (default) draws no points.
#' @param units For `"unit"`, the largest number of inputs drawn, a whole number of at least 3; 12
#'   by default. If there are more, the first and last ones are drawn.
#' @param xlim,ylim For `"plane"`, the limits of the axes, two finite numbers in increasing order.
#'   `NULL` (default) uses the range of `data` with a margin, or -0.5 to 1.5.
#' @param main Title; `NULL` (default) for none.
#' @param ... Must be empty: an unknown argument is an error.
#' @export
plot.nn_unit <- function(x, what = "unit", input = NULL, data = NULL, units = 12, xlim = NULL,
                         ylim = NULL, main = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(plot.nn_unit)))
  what <- check_choice(what, c("unit", "plane"), "what", call)
  units <- check_whole(units, "units", call, least = 3)
  input <- check_case(input, x, call)
  if (what == "unit") {
    draw_unit(x, input, units, main)
  } else {
    draw_plane(x, data, xlim, ylim, main, call)
  }
  invisible(x)
}

check_case <- function(input, unit, call) {
  if (is.null(input)) {
    return(NULL)
  }
  input <- unlist(input)
  if ((is_number(input) || is.logical(input)) && length(input) == length(unit$w) &&
    all(is.finite(input))) {
    return(as.double(input))
  }
  abort_argument(c(
    "{.arg input} must be {length(unit$w)} finite number{?s}, one for each input.",
    x = "You supplied {describe(input)}."
  ), call)
}

# The lines where the sum is 0, w1 x1 + w2 x2 + b = 0, one for each bias.
draw_plane <- function(unit, data, xlim, ylim, main, call) {
  if (length(unit$w) != 2) {
    abort_argument(c(
      "{.val plane} requires a unit with two inputs.",
      x = "This unit has {length(unit$w)}."
    ), call)
  }
  if (all(unit$w == 0)) {
    abort_argument(c(
      "{.val plane} requires a weight other than 0.",
      x = "Both are 0, so the sum is the same everywhere."
    ), call)
  }
  if (!is.null(data)) {
    data <- check_matrix(numbers_of_frame(data, "data", call), "data", call)
    if (ncol(data) != 2) {
      abort_input(c("{.arg data} must have two columns.", x = "It has {ncol(data)}."), call)
    }
  }
  limits <- function(given, name, column) {
    if (!is.null(given)) {
      return(check_limits(given, name, call))
    }
    if (is.null(data)) {
      c(-0.5, 1.5)
    } else {
      range(data[, column]) + c(-0.5, 0.5) * max(diff(range(data[, column])), 1)
    }
  }
  xlim <- limits(xlim, "xlim", 1)
  ylim <- limits(ylim, "ylim", 2)
  graphics::plot(
    NULL,
    xlim = xlim, ylim = ylim, xaxs = "i", yaxs = "i", xlab = names(unit$w)[1],
    ylab = names(unit$w)[2], main = main, las = 1
  )
  at <- Map(function(limits) seq(limits[1], limits[2], length.out = 200), list(xlim, ylim))
  sums <- outer(unit$w[1] * at[[1]], unit$w[2] * at[[2]], `+`) + unit$b[1]
  graphics::image(
    at[[1]], at[[2]], 1 * (sums > 0),
    zlim = 0:1,
    col = tint(sign_colours[c("below", "above")], 0.15), add = TRUE, useRaster = TRUE
  )
  graphics::box()
  for (i in seq_along(unit$b)) draw_bias_line(unit, unit$b[i], xlim, ylim, data, lty = i)
  if (!is.null(data)) {
    above <- drop(data %*% unit$w) + unit$b[1] > 0
    graphics::points(
      data,
      pch = 21, cex = 1.6, lwd = 1.5, bg = ifelse(above, sign_colours[["above"]], "white"),
      col = "black"
    )
  }
}

# A line with its bias written where it is farthest from the points and the ends, and an arrow to
# the side of larger sums.
draw_bias_line <- function(unit, b, xlim, ylim, data, lty) {
  w <- unit$w
  ends <- line_ends(w, b, xlim, ylim)
  if (is.null(ends)) {
    return(invisible())
  }
  graphics::segments(ends[1, 1], ends[1, 2], ends[2, 1], ends[2, 2], lwd = 2, lty = lty)
  inches <- graphics::par("pin") / c(diff(xlim), diff(ylim))
  toward <- w / sqrt(sum((w * inches)^2))
  foot <- 0.7 * ends[1, ] + 0.3 * ends[2, ]
  tip <- foot + toward * 0.28
  graphics::arrows(foot[1], foot[2], tip[1], tip[2], length = 0.07, lwd = 1.5)
  at <- vapply(
    seq(0.45, 0.85, by = 0.05), function(share) (1 - share) * ends[1, ] + share * ends[2, ],
    numeric(2)
  )
  distance <- function(place) {
    if (is.null(data)) {
      -abs(sum((place - ends[1, ]) * inches))
    } else {
      min(sqrt(colSums(((t(data) - place) * inches)^2)))
    }
  }
  middle <- at[, which.max(apply(at, 2, distance))]
  label <- paste("b =", format(b, digits = 3))
  half <- c(graphics::strwidth(label, cex = 0.9), graphics::strheight(label, cex = 0.9)) / 2 * 1.25
  graphics::rect(
    middle[1] - half[1], middle[2] - half[2] * 1.3, middle[1] + half[1], middle[2] + half[2] * 1.3,
    col = "white", border = "grey60"
  )
  graphics::text(middle[1], middle[2], label, cex = 0.9)
}

# Where w1 x1 + w2 x2 + b = 0 enters and leaves the box; NULL where it does not.
line_ends <- function(w, b, xlim, ylim) {
  points <- rbind(
    if (w[2] != 0) cbind(xlim, -(b + w[1] * xlim) / w[2]),
    if (w[1] != 0) cbind(-(b + w[2] * ylim) / w[1], ylim)
  )
  slack <- 1e-9 * c(diff(xlim), diff(ylim))
  inside <- points[, 1] >= xlim[1] - slack[1] & points[, 1] <= xlim[2] + slack[1] &
    points[, 2] >= ylim[1] - slack[2] & points[, 2] <= ylim[2] + slack[2]
  points <- unique(round(points[inside, , drop = FALSE], 12))
  if (nrow(points) < 2) {
    NULL
  } else {
    points[order(points[, 1], points[, 2]), , drop = FALSE][c(1, nrow(points)), ]
  }
}
