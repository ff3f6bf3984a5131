# Draws one unit. Coordinates are in inches, so that text can be compared with the available room.

draw_unit <- function(unit, input, most, main) {
  old <- graphics::par(mar = c(0, 0, 0, 0))
  on.exit(graphics::par(old))
  page <- begin_inches()
  room <- page$room
  line <- page$line
  shown <- shown_units(length(unit$w), most)
  top <- room[2] - (if (is.null(main)) 0.5 else 2) * line
  foot <- unit_foot(unit, input, room, line)
  place <- place_unit(unit, shown, input, c(foot$height + 0.5 * line, top), room[1], line)
  draw_edges(unit, shown, place, line)
  draw_nodes(unit, shown, input, place, line)
  for (i in seq_along(foot$lines)) {
    graphics::text(
      room[1] / 2, foot$height - i * line, foot$lines[i],
      adj = c(0.5, 0), cex = foot$cex,
      col = "grey20"
    )
  }
  if (!is.null(main)) draw_title(main, room, line)
}

# The formula at the bottom, in up to three lines; omitted if it is longer.
unit_foot <- function(unit, input, room, line) {
  z <- if (!is.null(input)) unit_sum(unit, input)
  output <- if (!is.null(z)) unit_output(unit, z)
  formula <- paste(
    unit$output, "=", unit_formula(unit, input),
    if (!is.null(output)) paste("=", format(output, digits = 4))
  )
  cex <- max(0.8, legible_size())
  lines <- wrap_text(trimws(formula), 0.92 * room[1], cex)
  if (length(lines) > 3) lines <- character()
  list(lines = lines, cex = cex, height = (length(lines) + 0.3) * line)
}

# The layout: y of the inputs and the bias, x of the columns, radii, and the names of the inputs.
place_unit <- function(unit, shown, input, span, width, line) {
  slots <- shown$slots + 1 # the last one is the bias
  step <- (span[2] - span[1]) / slots
  y <- span[2] - (c(shown$slot, slots) - 0.5) * step
  radius <- min(0.2, 0.4 * step)
  names <- names(unit$w)[shown$number]
  largest <- min(0.95, 0.85 * step / line)
  cex <- max(size_to_fit(names, 0.26 * width, largest), min(largest, 0.7))
  names <- shorten_to_fit(names, 0.26 * width, cex, number = shown$number)
  left <- max(graphics::strwidth(c(names, "bias"), units = "inches", cex = cex)) + radius +
    0.7 * line
  right <- output_width(unit, input) + 0.6 * line
  box <- min(0.4, 0.09 * width, 0.25 * (span[2] - span[1]))
  list(
    y = y, gap_y = if (!is.null(shown$gap)) span[2] - (shown$gap - 0.5) * step, radius = radius,
    step = step, names = names, cex = cex, middle = mean(span), box = box,
    x = c(left, left + 0.55 * (width - left - right), left + 0.8 * (width - left - right)),
    width = width
  )
}

# The name and the value of the output, one above the other.
output_label <- function(output) if (length(output) > 0) format(output, digits = 3) else ""
output_width <- function(unit, input) {
  value <- if (!is.null(input)) unit_output(unit, unit_sum(unit, input))
  max(graphics::strwidth(c(unit$output, output_label(value)), units = "inches", cex = 0.9))
}

# A line for each weight, blue above 0 and orange below, with the weight written on it.
draw_edges <- function(unit, shown, place, line) {
  w <- c(unit$w[shown$number], unit$b[1])
  size <- abs(w) / max(abs(c(unit$w, unit$b[1])), .Machine$double.xmin)
  colour <- tint(sign_colours[ifelse(w < 0, "below", "above")], 0.3 + 0.7 * sqrt(size))
  end_x <- place$x[2] - place$radius
  graphics::segments(
    place$x[1], place$y, end_x, place$middle,
    lwd = 0.8 + 4 * size, col = colour, lend = "butt"
  )
  label <- format_each(w, 3)
  label[w > 0] <- paste0("+", label[w > 0])
  cex <- max(min(0.9, 0.6 * place$step / line), min(legible_size(), 0.7 * place$step / line))
  # labels are on a curve closer to the inputs, where the lines are further apart
  at <- 0.3
  x <- place$x[1] + at * (end_x - place$x[1])
  y <- place$y + at * (place$middle - place$y)
  half <- graphics::strwidth(label, units = "inches", cex = cex) / 2 + 0.03
  tall <- 0.62 * graphics::strheight("M", units = "inches", cex = cex) + 0.02
  graphics::rect(x - half, y - tall, x + half, y + tall, col = "white", border = NA)
  graphics::text(x, y, label, cex = cex)
}

draw_nodes <- function(unit, shown, input, place, line) {
  circles <- function(x, y, text) {
    graphics::symbols(
      x, y,
      circles = rep(place$radius, length(y)), inches = FALSE, add = TRUE, bg = "white",
      fg = "grey20"
    )
    cex <- min(0.8, size_to_fit(text, 1.6 * place$radius))
    if (any(nzchar(text)) && cex >= 0.3) graphics::text(x, y, text, cex = cex)
  }
  count <- length(shown$number)
  circles(rep(place$x[1], count + 1), place$y, c(
    if (is.null(input)) rep("", count) else format_each(input[shown$number], 3), "1"
  ))
  graphics::text(
    place$x[1] - place$radius - 0.3 * line, place$y, c(place$names, "bias"),
    adj = c(1, 0.5),
    cex = place$cex
  )
  if (!is.null(place$gap_y)) {
    graphics::points(
      rep(place$x[1], 3), place$gap_y + c(-0.2, 0, 0.2) * place$step,
      pch = 19, cex = 0.4,
      col = "grey20"
    )
  }
  z <- if (!is.null(input)) unit_sum(unit, input)
  middle <- place$middle
  circles(place$x[2], middle, if (is.null(z)) "sum" else format(z, digits = 3))
  edges <- c(place$x[3] - place$box, place$x[3] + place$box)
  graphics::arrows(
    place$x[2] + place$radius, middle, edges[1], middle,
    length = 0.08, lwd = 1.5, col = "grey25"
  )
  draw_curve(unit, z, place, edges, middle, line)
  output <- if (!is.null(z)) unit_output(unit, z)
  text_left <- place$width - output_width(unit, input) - 0.3 * line
  graphics::arrows(
    edges[2], middle, text_left - 0.2 * line, middle,
    length = 0.08, lwd = 1.5, col = "grey25"
  )
  graphics::text(text_left, middle, unit$output, adj = c(0, 0.5), cex = 0.9)
  if (!is.null(output)) {
    graphics::text(text_left, middle - 1.2 * line, output_label(output), adj = c(0, 0.5), cex = 0.9)
  }
}

# The activation function in a box from -4 to 4, with a point at the sum, if supplied.
draw_curve <- function(unit, z, place, edges, middle, line) {
  box <- place$box
  graphics::rect(edges[1], middle - box, edges[2], middle + box, col = "white", border = "grey20")
  cex <- min(0.85, size_to_fit(unit$activation, 3 * box))
  graphics::text(place$x[3], middle - box - 0.7 * line, unit$activation, cex = cex, font = 2)
  at <- seq(-4, 4, length.out = 161)
  value <- switch(unit$activation,
    step = as.numeric(at > 0),
    softmax = activation_curve("softmax", at)$value,
    activation_curve(unit$activation, at)$value
  )
  low <- min(0, value, -0.1)
  high <- max(value)
  x <- place$x[3] + at / 4 * 0.88 * box
  up <- function(value) middle - 0.8 * box + 1.6 * box * (value - low) / (high - low)
  graphics::segments(edges[1], up(0), edges[2], up(0), col = "grey80")
  graphics::segments(place$x[3], middle - box, place$x[3], middle + box, col = "grey80")
  graphics::lines(x, up(value), col = sign_colours[["above"]], lwd = 2)
  output <- if (!is.null(z)) unit_output(unit, z)
  if (!is.null(output) && abs(z) <= 4) {
    graphics::points(
      place$x[3] + z / 4 * 0.88 * box, up(output),
      pch = 21, bg = sign_colours[["below"]], cex = 0.9
    )
  }
}

# One unit of a fit. `layer` is counted from the first hidden one; NULL is the output layer.
fit_unit <- function(fit, network, layer, unit, call) {
  layers <- length(fit$layers)
  layer <- if (is.null(layer)) layers else check_whole(layer, "layer", call, most = layers)
  chosen <- fit$layers[[layer]]
  unit <- check_whole(unit, "unit", call, most = chosen$units)
  w <- network[[chosen$parameters[["weights"]]]][, unit]
  ends <- end_names(fit)
  skip <- chosen$skip %||% 0
  names(w) <- c(
    if (layer > 1) {
      paste0("h", if (layers > 2) layer - 1, "[", seq_len(length(w) - skip), "]")
    },
    if (layer == 1 || skip > 0) ends$inputs
  )
  output <-
    if (layer == layers) ends$outputs[unit] else paste0("h", if (layers > 2) layer, "[", unit, "]")
  new_unit(
    w, network[[chosen$parameters[["biases"]]]][unit], chosen$activation, output
  )
}

plot_perceptron <- function(fit, data, layer, unit, most, call, main = NULL, ...) {
  check_no_dots(call, ..., known = c("what", "data", "layer", "unit", "units", "main"))
  picture <- fit_unit(unclass(fit), coef(fit), layer, unit, call)
  input <- if (!is.null(data)) unit_inputs(fit, data, layer, call)
  draw_unit(picture, input, most, main)
}

# The inputs of the unit for one case: the inputs of the network, or the activations of the previous
# layer.
unit_inputs <- function(fit, data, layer, call) {
  X <- prepare_newdata(unclass(fit), data, "data", call)$X
  if (nrow(X) != 1) {
    abort_input(c("{.arg data} must be one case.", x = "It has {nrow(X)} rows."), call)
  }
  if (!is_sparse(X)) check_finite(X, "data", call)
  fit <- unclass(fit)
  if (is.null(layer)) layer <- length(fit$layers)
  if (isTRUE(fit$has_offset) && layer == length(fit$layers)) {
    abort_argument(c(
      "The values of a case can't be drawn for an output of a fit with offsets.",
      i = "Its value depends on the offset, too. Omit {.arg data}, or draw a hidden {.arg layer}."
    ), call)
  }
  if (layer == 1) {
    return(as.double(as.matrix(X)))
  }
  core_forward(
    fit$layers, flatten_network(fit[parameter_names(fit$layers)]), X, NULL, TRUE, FALSE
  )$activation[[layer - 1]][1, ]
}
