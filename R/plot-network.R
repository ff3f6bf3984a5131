# The diagram of a network. It is drawn in inches, so that text can be measured against the room it has.

plot_network <- function(fit, network, most, call, main = NULL, ...) {
  check_no_dots(call, ..., known = c("what", "units", "main"))
  old <- graphics::par(mar = c(0, 0, 0, 0))
  on.exit(graphics::par(old))
  graphics::plot.new()
  room <- graphics::par("pin")
  graphics::plot.window(c(0, room[1]), c(0, room[2]), xaxs = "i", yaxs = "i")
  line <- 1.65 * graphics::strheight("M", units = "inches", cex = 1)
  layers <- lapply(fit$shape$units, shown_units, most = most)
  labels <- end_labels(fit, layers)
  top <- room[2] - (if (is.null(main)) 0.4 else 1.9) * line
  place <- place_units(layers, labels, c(1.5 * line, top - 2.4 * line), room[1], line)

  weights <- network[2 * seq_along(layers[-1]) - 1]
  draw_weights(weights, layers, place)
  draw_units(network[2 * seq_along(layers[-1])], layers, place)
  draw_labels(labels, place)
  draw_heads(layer_heads(fit), place, top, room[1], line)
  draw_key(max(abs(unlist(weights))), room[1], line)
  if (!is.null(main)) graphics::text(room[1] / 2, room[2] - 0.9 * line, main, font = 2, cex = size_to_fit(main, 0.96 * room[1], 1.1, font = 2))
}

# The units of a layer that are drawn: their numbers, the slot of each, and how many slots there are. A layer that is shortened has a slot without a unit.
shown_units <- function(n, most) {
  if (n <= most) return(list(number = seq_len(n), slot = seq_len(n), slots = n))
  first <- ceiling((most - 1) / 2)
  after <- most - 1 - first
  list(number = c(seq_len(first), n - rev(seq_len(after)) + 1), slot = c(seq_len(first), first + 1 + seq_len(after)), slots = most, gap = first + 1)
}

end_labels <- function(fit, layers) {
  name <- function(names, stem, layer, n) (if (!is.null(names)) names else if (n == 1) stem else paste0(stem, seq_len(n)))[layer$number]
  outputs <- if (length(fit$levels) == 2) fit$levels[2] else if (!is.null(fit$outputs)) fit$outputs else fit$encoding$outcome$names
  list(name(fit$inputs, "x", layers[[1]], fit$shape$units[1]), name(outputs, "output", layers[[length(layers)]], last(fit$shape$units)))
}

# Where all stands: x of each layer, y of each unit, the radius, and the size and text of the labels at both ends, which get at most a third of the width each.
place_units <- function(layers, labels, span, width, line) {
  slots <- vapply(layers, `[[`, 0, "slots")
  height <- max(span[2] - span[1], 0.1)
  tight <- height / max(slots)
  spacing <- pmin(height / slots, max(2.5 * tight, 0.6))
  radius <- min(0.17, 0.4 * tight, 0.12 * width / length(layers))
  gap <- radius + 0.35 * line
  ends <- Map(function(text, step) {
    space <- 0.34 * width - gap
    largest <- min(0.95, 0.9 * step / line)
    cex <- max(size_to_fit(text, space, largest), min(largest, 0.5))
    text <- shorten_to_fit(text, space, cex)
    list(text = text, cex = cex, width = max(graphics::strwidth(text, units = "inches", cex = cex)))
  }, labels, spacing[c(1, length(spacing))])
  from <- max(ends[[1]]$width + gap + 0.08, 0.3)
  to <- width - max(ends[[2]]$width + gap + 0.08, 0.3)
  list(x = seq(from, to, length.out = length(layers)), radius = radius, gap = gap, ends = ends, tight = tight,
    y = Map(function(layer, step) mean(span) + ((layer$slots + 1) / 2 - layer$slot) * step, layers, spacing),
    gap_y = Map(function(layer, step) if (!is.null(layer$gap)) mean(span) + ((layer$slots + 1) / 2 - layer$gap) * step, layers, spacing))
}

# The smallest first, so that they do not hide the others.
draw_weights <- function(weights, layers, place) {
  largest <- max(abs(unlist(weights)), .Machine$double.xmin)
  for (l in seq_along(weights)) {
    from <- layers[[l]]$number
    to <- layers[[l + 1]]$number
    w <- weights[[l]][from, to, drop = FALSE]
    order <- order(abs(w))
    size <- (abs(w) / largest)[order]
    colour <- sign_colours[ifelse(w[order] < 0, "below", "above")]
    graphics::segments(place$x[l], place$y[[l]][row(w)[order]], place$x[l + 1], place$y[[l + 1]][col(w)[order]],
      lwd = 0.5 + min(4.5, 28 * place$radius) * size, col = tint(colour, 0.25 + 0.75 * sqrt(size)), lend = "butt")
  }
}

draw_units <- function(biases, layers, place) {
  largest <- max(abs(unlist(biases)), .Machine$double.xmin)
  for (l in seq_along(layers)) {
    y <- place$y[[l]]
    b <- if (l > 1) biases[[l - 1]][layers[[l]]$number] else rep(0, length(y))
    fill <- tint(sign_colours[ifelse(b < 0, "below", "above")], 0.85 * abs(b) / largest)
    graphics::symbols(rep(place$x[l], length(y)), y, circles = rep(place$radius, length(y)), inches = FALSE, add = TRUE, bg = fill, fg = "grey20")
    if (l > 1 && l < length(layers)) {
      cex <- min(0.75, size_to_fit(as.character(max(layers[[l]]$number)), 1.4 * place$radius))
      if (cex >= 0.35) graphics::text(place$x[l], y, layers[[l]]$number, cex = cex, col = ifelse(abs(b) / largest > 0.75, "white", "black"))
    }
    if (!is.null(place$gap_y[[l]]))
      graphics::points(rep(place$x[l], 3), place$gap_y[[l]] + c(-0.25, 0, 0.25) * place$tight, pch = 19, cex = min(0.5, 2 * place$tight), col = "grey20")
  }
}

draw_labels <- function(labels, place) {
  layers <- length(place$x)
  left <- place$ends[[1]]
  right <- place$ends[[2]]
  graphics::text(place$x[1] - place$gap, place$y[[1]], left$text, adj = c(1, 0.5), cex = left$cex)
  graphics::text(place$x[layers] + place$gap, place$y[[layers]], right$text, adj = c(0, 0.5), cex = right$cex)
}

layer_heads <- function(fit) {
  units <- fit$shape$units
  between <- length(units) - 2
  kinds <- activation_table$name[fit$shape$activations + 1]
  number <- function(n) format(n, big.mark = ",")
  list(c("inputs", if (between == 1) "hidden" else if (between > 1) paste("hidden", seq_len(between)), "output"),
    c(number(units[1]), paste(vapply(units[-1], number, ""), kinds)))
}

# Over each layer its name, and below that its units and activation. Those at the ends move inwards where they would leave the picture.
draw_heads <- function(heads, place, top, width, line) {
  between <- if (length(place$x) > 1) place$x[2] - place$x[1] else width
  cex <- min(vapply(1:2, function(i) size_to_fit(heads[[i]], 0.9 * between, 0.9, font = 3 - i), 0))
  for (i in 1:2) {
    half <- graphics::strwidth(heads[[i]], units = "inches", cex = cex, font = 3 - i) / 2 + 0.03
    graphics::text(pmin(pmax(place$x, half), width - half), top - (i - 0.2) * line, heads[[i]], adj = c(0.5, 0), cex = cex, font = 3 - i)
  }
}

# What colours, widths and fills mean, in one row at the foot.
draw_key <- function(largest, width, line) {
  text <- c("above 0", "below 0", paste0("widest line: ", format(largest, digits = 3)), "fill: bias")
  mark <- 0.25
  cex <- size_to_fit(paste(text, collapse = "   "), 0.94 * width - 3 * mark - 0.5, 0.8)
  if (cex < 0.3) return(invisible())
  wide <- graphics::strwidth(text, units = "inches", cex = cex)
  marks <- mark * c(1, 1, 0, 0) + 0.06
  gap <- (width * 0.94 - sum(wide) - sum(marks)) / 3
  gap <- min(gap, 2 * line)
  x <- (width - sum(wide) - sum(marks) - 3 * gap) / 2 + c(0, cumsum((wide + marks + gap)[-4]))
  y <- 0.7 * line
  graphics::segments(x[1:2], y, x[1:2] + mark, y, col = sign_colours, lwd = 4, lend = "butt")
  graphics::text(x + marks, y, text, adj = c(0, 0.5), cex = cex, col = "grey20")
}
