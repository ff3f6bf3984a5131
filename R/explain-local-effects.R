# Accumulated local effects of one and two inputs: differences of predictions within an interval,
# averaged over its rows and summed from interval to interval. Their axes are in explain-effects.R.

# Points x outputs.
local_effects <- function(axes, cases) {
  axes <- lapply(axes, add_moves)
  if (length(axes) == 1) local_effects_1(axes[[1]], cases) else local_effects_2(axes, cases)
}

# Adds to an axis how rows are moved along it, and where they are:
#   moves  row, interval, and its two ends, the numbers of points
#   place  row, point and proportion: a number is half at either end of its interval
add_moves <- function(axis) {
  rows <- seq_along(axis$x)
  if (axis$factor) {
    at <- axis$order[as.integer(axis$x)]
    below <- rows[at < length(axis$values)]
    above <- rows[at > 1]
    axis$moves <- data.frame(row = c(below, above), interval = c(at[below], at[above] - 1))
    axis$place <- data.frame(row = rows, point = at, part = 1)
  } else {
    at <- pmax(1, findInterval(axis$x, axis$values, left.open = TRUE))
    axis$moves <- data.frame(row = rows, interval = at)
    axis$place <- data.frame(row = c(rows, rows), point = c(at, at + 1), part = 0.5)
  }
  axis
}

# The predictions for rows with the values at points of the axes.
predict_moved <- function(cases, axes, rows, points) {
  data <- take_rows(cases$data, rows)
  for (a in seq_along(axes)) {
    data <- with_column(cases, data, axes[[a]]$name, axes[[a]]$values[points[[a]]])
  }
  predict_changed(cases, data, take_rows(cases$offset, rows))
}

local_effects_1 <- function(axis, cases) {
  moves <- axis$moves
  intervals <- length(axis$values) - 1
  w <- cases$weights[moves$row]
  change <- predict_moved(cases, list(axis), moves$row, list(moves$interval + 1)) -
    predict_moved(cases, list(axis), moves$row, list(moves$interval))
  weight <- sum_by(w, moves$interval, intervals)
  place <- axis$place
  share <- sum_by(cases$weights[place$row] * place$part, place$point, intervals + 1)
  effect <- apply(change, 2, function(d) {
    total <- sum_by(w * d, moves$interval, intervals)
    effect <- cumsum(c(0, ifelse(weight > 0, total / weight, 0)))
    effect - sum(share * effect) / sum(share)
  })
  effect <- matrix(effect, intervals + 1)
  effect[axis$order, , drop = FALSE]
}

sum_by <- function(x, group, groups) {
  sums <- numeric(groups)
  total <- rowsum(x, group)
  sums[as.integer(rownames(total))] <- total
  sums
}

# The effects of two inputs together, without those of each.
local_effects_2 <- function(axes, cases) {
  size <- vapply(axes, function(axis) length(axis$values) - 1, 0)
  moves <- merge(axes[[1]]$moves, axes[[2]]$moves, by = "row")
  names(moves) <- c("row", "a", "b")
  at <- function(a, b) predict_moved(cases, axes, moves$row, list(moves$a + a, moves$b + b))
  change <- at(1, 1) - at(0, 1) - at(1, 0) + at(0, 0)
  w <- cases$weights[moves$row]
  cell <- moves$a + size[1] * (moves$b - 1)
  weight <- sum_by(w, cell, prod(size))
  nearest <- nearest_cells(matrix(weight > 0, size[1]))
  beside <- list(
    rows_beside(axes[[1]]$moves, axes[[2]]$place, cases$weights, size),
    rows_beside(axes[[2]]$moves, axes[[1]]$place, cases$weights, rev(size))
  )
  both <- merge(axes[[1]]$place, axes[[2]]$place, by = "row")
  where <- sum_by(
    cases$weights[both$row] * both$part.x * both$part.y,
    both$point.x + (size[1] + 1) * (both$point.y - 1), prod(size + 1)
  )
  effects <- apply(change, 2, function(d) {
    mean <- matrix((sum_by(w * d, cell, prod(size)) / weight)[nearest], size[1])
    effect <- matrix(0, size[1] + 1, size[2] + 1)
    effect[-1, -1] <- apply(mean, 2, cumsum)
    effect <- t(apply(effect, 1, cumsum))
    first <- main_effect(effect, beside[[1]])
    second <- main_effect(t(effect), beside[[2]])
    effect <- effect - outer(first, second, "+")
    effect <- effect - sum(where * effect) / sum(where)
    as.vector(effect[axes[[1]]$order, axes[[2]]$order])
  })
  matrix(effects, prod(size + 1))
}

# For each cell, the number of the nearest cell that has rows.
nearest_cells <- function(has_rows) {
  full <- which(has_rows)
  x <- row(has_rows) / nrow(has_rows)
  y <- col(has_rows) / ncol(has_rows)
  nearest <- seq_along(has_rows)
  for (cell in which(!has_rows)) {
    nearest[cell] <- full[which.min((x[full] - x[cell])^2 + (y[full] - y[cell])^2)]
  }
  nearest
}

# The weights of the rows that are moved in each interval of one axis, at the points of the other:
# intervals x points.
rows_beside <- function(moves, place, weights, size) {
  both <- merge(moves, place, by = "row")
  matrix(
    sum_by(
      weights[both$row] * both$part, both$interval + size[1] * (both$point - 1),
      size[1] * (size[2] + 1)
    ), size[1]
  )
}

# What an accumulated effect of two inputs (rows x columns) has of the effect of the first alone.
main_effect <- function(effect, beside) {
  steps <- effect[-1, , drop = FALSE] - effect[-nrow(effect), , drop = FALSE]
  weight <- rowSums(beside)
  cumsum(c(0, ifelse(weight > 0, rowSums(steps * beside) / weight, 0)))
}
