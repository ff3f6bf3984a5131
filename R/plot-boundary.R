# Plots the predictions of a network in the plane of its two inputs.

plot_boundary <- function(fit, data, y, resolution, call, ...) {
  given <- list(...)
  plane <- input_plane(fit, data, given, call)
  points <- boundary_points(fit, data, y, plane, call)
  at <- Map(function(limits) seq(limits[1], limits[2], length.out = resolution), plane$limits)
  answers <- predict_plane(fit, at, plane, call)
  if (!"main" %in% names(given)) {
    given["main"] <- list(if (is.null(unclass(fit)$levels)) unclass(fit)$encoding$outcome$names)
  }
  with_defaults(
    graphics::plot,
    list(
      x = NULL, xlim = plane$limits[[1]], ylim = plane$limits[[2]], xaxs = "i", yaxs = "i",
      main = NULL
    ),
    given[setdiff(names(given), c("xlim", "ylim", "main"))],
    list(xlab = plane$names[1], ylab = plane$names[2])
  )
  if (is.null(unclass(fit)$levels)) {
    draw_levels(at, answers, points, given, level_scale(unclass(fit), answers, points))
  } else {
    title <- unclass(fit)$encoding$outcome$names
    draw_regions(at, answers, unclass(fit)$levels, points, given, title)
  }
  graphics::box()
}

# The two inputs: list(names, limits, columns).
input_plane <- function(fit, data, given, call) {
  names <- input_names(fit, call)
  outputs <- n_outputs(fit$layers)
  if (is.null(fit$levels) && outputs > 1) {
    abort_argument(c(
      "{.val boundary} requires classes or a single numeric output.",
      x = "This fit has {outputs} numeric outputs."
    ), call)
  }
  if (isTRUE(fit$has_offset)) {
    abort_argument(c(
      "{.val boundary} can't be plotted for a fit with offsets.",
      i = "Its predictions do not depend on the two inputs alone."
    ), call)
  }
  columns <- if (!is.null(data)) plane_columns(fit, data, names, call)
  limits <- Map(function(which, name) {
    if (!is.null(given[[name]])) {
      return(check_limits(given[[name]], name, call))
    }
    if (!any(is.finite(columns[[which]]))) {
      return(usual_limits(fit, names[which], !is.null(columns), call))
    }
    wide <- range(columns[[which]], finite = TRUE)
    wide + c(-1, 1) * (if (wide[1] < wide[2]) 0.06 * diff(wide) else 1)
  }, 1:2, c("xlim", "ylim"))
  list(names = names, limits = limits, columns = columns)
}

# The names of the two inputs. For fits made from data, these are the raw columns.
input_names <- function(fit, call) {
  columns <- fit$encoding$columns
  inputs <- if (is.null(columns)) n_inputs(fit$layers) else length(columns)
  if (inputs != 2) {
    abort_argument(c(
      "{.val boundary} requires a fit with two inputs.",
      x = "This fit has {inputs}.",
      i = "Train a network on two columns."
    ), call)
  }
  if (is.null(columns)) {
    return(if (is.null(fit$inputs)) c("x1", "x2") else fit$inputs)
  }
  bad <- names(columns)[!vapply(
    columns, function(kind) kind$type == "numeric" && is.null(kind$width), NA
  )]
  if (length(bad) > 0) {
    abort_argument(c(
      "{.val boundary} requires a fit with two numeric inputs.",
      x = "{.field {bad}} {?is/are} not numeric.",
      i = "Train a network on the rows of each level, or compare predictions by level."
    ), call)
  }
  names(columns)
}

# The two columns of `data`, as a list.
plane_columns <- function(fit, data, names, call) {
  if (!is.null(fit$encoding$columns)) {
    return(unname(as.list(check_newdata(fit$encoding$columns, data, "data", call))))
  }
  data <- align_columns(check_matrix(data, "data", call), fit, "data", call)
  list(data[, 1], data[, 2])
}

# Default limits of an axis: 2.5 standard deviations on each side of the mean, if the inputs were
# standardised.
usual_limits <- function(fit, name, data_given, call) {
  center <- fit$encoding$center
  if (name %in% names(center) && (center[[name]] != 0 || fit$encoding$scale[[name]] != 1)) {
    return(center[[name]] + c(-2.5, 2.5) * fit$encoding$scale[[name]])
  }
  if (data_given) {
    abort_input(c(
      paste0(
        "The limits of the axes can't be determined, because {.arg data} has no finite value of ",
        "{.field {name}}."
      ),
      i = "Supply {.arg xlim} and {.arg ylim}."
    ), call)
  }
  abort_argument(c(
    "The limits of the axes can't be determined, because a fit does not store its data.",
    i = "Supply {.arg data}, or {.arg xlim} and {.arg ylim}."
  ), call)
}

check_limits <- function(limits, name, call) {
  if (is.numeric(limits) && length(limits) == 2 && all(is.finite(limits)) &&
    limits[1] < limits[2]) {
    return(as.double(limits))
  }
  abort_argument(c(
    "{.arg {name}} must be two finite numbers in increasing order.",
    x = "You supplied {describe(limits)}."
  ), call)
}

# The points to draw: list(x, y, observed). `observed`: numbers, a factor, or NULL.
boundary_points <- function(fit, data, y, plane, call) {
  if (is.null(data)) {
    if (!is.null(y)) {
      abort_argument(c("{.arg y} requires {.arg data}, the inputs of the same cases."), call)
    }
    return(NULL)
  }
  list(
    x = plane$columns[[1]], y = plane$columns[[2]],
    observed = observed_points(fit, data, y, length(plane$columns[[1]]), call)
  )
}

# The observed outcomes of the points: numbers, a factor, or NULL. For a fit made with a formula,
# `data` may contain them.
observed_points <- function(fit, data, y, rows, call) {
  outcome <- fit$encoding$outcome
  outcome_of <- if (!is.null(fit$encoding$terms)) attr(fit$encoding$terms, "variables")[[2]]
  if (is.null(y) && !anyNA(match_names(all.vars(outcome_of), names(data)))) {
    y <- tryCatch(eval(outcome_of, data, globalenv()), error = function(e) NULL)
  }
  if (is.null(y)) {
    return(NULL)
  }
  if (NROW(y) != rows) {
    abort_input(c(
      "{.arg data} and {.arg y} must have the same number of rows.",
      x = "{.arg data} has {rows} row{?s}, {.arg y} has {NROW(y)}."
    ), call)
  }
  if (!is.null(outcome)) {
    return(
      if (is.null(outcome$levels)) drop(numeric_outcome(y)) else encode_outcome(y, outcome, call)$y
    )
  }
  targets <- encode_targets(if (is.logical(y)) as.double(y) else y, rows, call, fit$levels)
  if (is.null(fit$levels)) targets$y[, 1] else factor(fit$levels[row_classes(targets)], fit$levels)
}

# The predictions at all points of the grid, one row each, with the first input varying fastest.
predict_plane <- function(fit, at, plane, call) {
  grid <- stats::setNames(expand.grid(at[[1]], at[[2]], KEEP.OUT.ATTRS = FALSE), plane$names)
  if (is.null(fit$encoding$columns)) {
    grid <- matrix(c(grid[[1]], grid[[2]]), ncol = 2, dimnames = list(NULL, fit$inputs))
  }
  tryCatch(
    as.matrix(predict(fit, grid, type = if (is.null(fit$levels)) "response" else "prob")),
    backprop_error_input = function(e) {
      factors <- names(fit$encoding$xlevels)
      if (length(factors) == 0) cnd_signal(e)
      abort_argument(c(
        "{.val boundary} requires a fit that can predict all values between those of the data.",
        x = "{.code {factors}} in the formula {?has/have} levels that do not cover them.",
        i = "Train a network on the rows of each level, or compare predictions by level."
      ), call)
    }
  )
}

# Classes: the colour of the most probable class, in five tints by its lead over the next one, and
# lines where the lead is 0.
draw_regions <- function(at, probability, levels, points, given, title) {
  # of two classes the second is represented by 1, and blue
  colours <- if (length(levels) == 2) {
    unname(sign_colours[c("below", "above")])
  } else {
    rep_len(class_colours, length(levels))
  }
  winner <- max.col(probability, "first")
  lead <- vapply(seq_along(levels), function(k) {
    others <- probability[, -k, drop = FALSE]
    probability[, k] - others[cbind(seq_len(nrow(others)), max.col(others, "first"))]
  }, numeric(nrow(probability)))
  tints <- seq(0.15, 0.45, length.out = 5)
  step <- pmin(floor(lead[cbind(seq_along(winner), winner)] * 5) + 1, 5)
  draw_cells(at, (winner - 1) * 5 + step, tint(rep(colours, each = 5), rep(tints, length(levels))))
  shown <- if (length(levels) == 2) 1 else seq_along(levels)
  for (k in shown) {
    if (any(lead[, k] > 0) && any(lead[, k] < 0)) {
      graphics::contour(
        at[[1]], at[[2]], matrix(lead[, k], length(at[[1]])),
        levels = 0, drawlabels = FALSE,
        add = TRUE, lwd = 1.5, col = "grey20"
      )
    }
  }
  symbols <- rep_len(c(21, 24, 22, 25, 23), length(levels))
  label_regions(at, winner, levels, points)
  if (!is.null(points)) {
    class <- if (is.null(points$observed)) NULL else as.integer(points$observed)
    graphics::points(
      points$x, points$y,
      pch = if (is.null(class)) 21 else symbols[class],
      bg = if (is.null(class)) "white" else colours[class], col = "black", cex = 1.2,
      lwd = 1.2
    )
  }
  labels <- c(paste0(if (is.null(title)) "class" else title, ":"), levels)
  legend_above(labels, given, pch = c(NA, symbols), pt.bg = c(NA, colours), col = "grey10")
}

# Writes each level into its region, so that regions can be told apart without colours: where the
# label is farthest from other regions, the edges and the points, in units of its size. Levels whose
# regions have no room for the label get none.
label_regions <- function(at, winner, levels, points, cex = 0.9) {
  every <- lapply(at, function(x) unique(round(seq(1, length(x), length.out = min(60, length(x))))))
  cells <- expand.grid(x = every[[1]], y = every[[2]])
  class <- winner[cells$x + (cells$y - 1) * length(at[[1]])]
  x <- at[[1]][cells$x]
  y <- at[[2]][cells$y]
  usr <- graphics::par("usr")
  for (k in unique(class)) {
    half <- 0.6 * c(
      graphics::strwidth(levels[k], cex = cex, font = 2),
      graphics::strheight("Mg", cex = cex, font = 2)
    )
    own <- which(class == k)
    # the distance of each own cell from the nearest of some points
    distance <- function(px, py) {
      vapply(own, function(i) {
        min(Inf, pmax(abs(x[i] - px) / half[1], abs(y[i] - py) / half[2]), na.rm = TRUE)
      }, 0)
    }
    edge <- pmin(
      pmin(x[own] - usr[1], usr[2] - x[own]) / half[1],
      pmin(y[own] - usr[3], usr[4] - y[own]) / half[2]
    )
    room <- pmin(distance(x[-own], y[-own]), edge)
    score <- pmin(room, 4, distance(points$x, points$y))
    score[room < 1] <- -Inf
    best <- own[which.max(score)]
    if (max(score) > -Inf) {
      graphics::text(x[best], y[best], levels[k], cex = cex, font = 2, col = "grey10")
    }
  }
}
