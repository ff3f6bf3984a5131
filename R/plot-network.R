# The diagram of a network. Its coordinates are inches, so that text can be compared with the
# available room.

plot_network <- function(fit, most, call, main = NULL, ...) {
  check_no_dots(call, ..., known = c("what", "units", "main"))
  old <- graphics::par(mar = c(0, 0, 0, 0))
  on.exit(graphics::par(old))
  page <- begin_inches()
  room <- page$room
  line <- page$line
  layers <- lapply(layer_units(fit$layers), shown_units, most = most)
  labels <- end_labels(fit, layers)
  top <- room[2] - (if (is.null(main)) 0.4 else 1.9) * line
  heads <- layer_heads(fit)
  place <- place_units(
    layers, labels, c(1.5 * line, top - 2.4 * line), room[1], line, least_between(heads)
  )

  weights <- fit[parameter_names(fit$layers, "weights")]
  draw_weights(weights, layers, place)
  draw_units(fit[parameter_names(fit$layers, "biases")], layers, place)
  draw_labels(labels, place)
  draw_heads(heads, place, top, room[1], line)
  draw_key(max(abs(unlist(weights))), room[1], line)
  if (!is.null(main)) draw_title(main, room, line)
}

draw_title <- function(main, room, line) {
  cex <- max(size_to_fit(main, 0.96 * room[1], 1.1, font = 2), legible_size())
  if (is.character(main)) main <- shorten_to_fit(main, 0.96 * room[1], cex, font = 2)
  graphics::text(room[1] / 2, room[2] - 0.9 * line, main, font = 2, cex = cex)
}

# The units of a layer that are drawn: the size of the layer, their numbers, the slot of each, and
# the number of slots. In a shortened layer, one slot is a gap.
shown_units <- function(n, most) {
  if (n <= most) {
    return(list(size = n, number = seq_len(n), slot = seq_len(n), slots = n))
  }
  first <- ceiling((most - 1) / 2)
  after <- most - 1 - first
  list(
    size = n, number = c(seq_len(first), n - rev(seq_len(after)) + 1),
    slot = c(seq_len(first), first + 1 + seq_len(after)), slots = most, gap = first + 1
  )
}

end_labels <- function(fit, layers) {
  ends <- end_names(fit)
  list(ends$inputs[layers[[1]]$number], ends$outputs[layers[[length(layers)]]$number])
}

# The layout: x of each layer, y of each unit, the radius, and the size and text of the labels at
# both ends. Each end gets at most a third of the width, and as little as a fifth if layers would
# otherwise be closer than `between` inches.
place_units <- function(layers, labels, span, width, line, between = 0) {
  slots <- vapply(layers, `[[`, 0, "slots")
  height <- max(span[2] - span[1], 0.1)
  tight <- height / max(slots)
  spacing <- pmin(height / slots, max(2.5 * tight, 0.6))
  radius <- min(0.17, 0.4 * tight, 0.12 * width / length(layers))
  gap <- radius + 0.35 * line
  space <- min(0.34 * width, max(0.2 * width, (width - between * (length(layers) - 1)) / 2)) - gap
  ends <- Map(function(text, step, layer) {
    largest <- min(0.95, 0.9 * step / line)
    cex <- max(size_to_fit(text, space, largest), min(largest, 0.7))
    text <- shorten_to_fit(text, space, cex, number = layer$number)
    list(text = text, cex = cex, width = max(graphics::strwidth(text, units = "inches", cex = cex)))
  }, labels, spacing[c(1, length(spacing))], layers[c(1, length(layers))])
  from <- max(ends[[1]]$width + gap + 0.08, 0.3)
  to <- width - max(ends[[2]]$width + gap + 0.08, 0.3)
  list(
    x = seq(from, to, length.out = length(layers)), radius = radius, gap = gap, ends = ends,
    tight = tight,
    y = Map(
      function(layer, step) mean(span) + ((layer$slots + 1) / 2 - layer$slot) * step, layers,
      spacing
    ),
    gap_y = Map(
      function(layer, step) {
        if (!is.null(layer$gap)) mean(span) + ((layer$slots + 1) / 2 - layer$gap) * step
      },
      layers, spacing
    )
  )
}

# Draws the smallest weights first, so that they do not cover larger ones.
draw_weights <- function(weights, layers, place) {
  largest <- max(abs(unlist(weights)), .Machine$double.xmin)
  last <- length(weights)
  skipped <- nrow(weights[[last]]) - layers[[last]]$size
  if (skipped > 0) {
    rows <- layers[[last]]$size + layers[[1]]$number
    w <- weights[[last]][rows, layers[[last + 1]]$number, drop = FALSE]
    lines_between(w, largest, 1, last + 1, place)
  }
  for (l in seq_along(weights)) {
    from <- layers[[l]]$number
    to <- layers[[l + 1]]$number
    lines_between(weights[[l]][from, to, drop = FALSE], largest, l, l + 1, place)
  }
}

# The lines of weights w (units x units) from layer `from` to layer `to`.
lines_between <- function(w, largest, from, to, place) {
  order <- order(abs(w))
  size <- (abs(w) / largest)[order]
  sign <- ifelse(w[order] < 0, "below", "above")
  graphics::segments(
    place$x[from], place$y[[from]][row(w)[order]], place$x[to], place$y[[to]][col(w)[order]],
    lwd = 0.5 + min(4.5, 28 * place$radius) * size,
    col = tint(sign_colours[sign], 0.25 + 0.75 * sqrt(size)), lty = sign_lines[sign], lend = "butt"
  )
}

draw_units <- function(biases, layers, place) {
  largest <- max(abs(unlist(biases)), .Machine$double.xmin)
  for (l in seq_along(layers)) {
    y <- place$y[[l]]
    b <- if (l > 1) biases[[l - 1]][layers[[l]]$number] else rep(0, length(y))
    sign <- ifelse(b < 0, "below", "above")
    fill <- tint(sign_colours[sign], 0.85 * abs(b) / largest)
    for (s in unique(sign)) {
      # a dashed outline is on white, so that it shows on a dark fill
      which <- sign == s
      circles <- function(...) {
        graphics::symbols(
          rep(place$x[l], sum(which)), y[which],
          circles = rep(place$radius, sum(which)), inches = FALSE, add = TRUE, ...
        )
      }
      if (s == "below") circles(bg = fill[which], fg = "white", lwd = 3)
      circles(
        bg = if (s == "below") NA else fill[which], fg = "grey20",
        lty = if (s == "below") "33" else "solid", lwd = if (s == "below") 1.5 else 1
      )
    }
    if (l > 1 && l < length(layers)) {
      cex <- min(0.75, size_to_fit(as.character(max(layers[[l]]$number)), 1.4 * place$radius))
      if (cex >= 0.35) {
        graphics::text(
          place$x[l], y, layers[[l]]$number,
          cex = cex,
          col = ifelse(abs(b) / largest > 0.75, "white", "black")
        )
      }
    }
    if (!is.null(place$gap_y[[l]])) {
      graphics::points(
        rep(place$x[l], 3), place$gap_y[[l]] + c(-0.25, 0, 0.25) * place$tight,
        pch = 19,
        cex = min(0.5, 2 * place$tight), col = "grey20"
      )
    }
  }
}

draw_labels <- function(labels, place) {
  layers <- length(place$x)
  left <- place$ends[[1]]
  right <- place$ends[[2]]
  graphics::text(place$x[1] - place$gap, place$y[[1]], left$text, adj = c(1, 0.5), cex = left$cex)
  graphics::text(
    place$x[layers] + place$gap, place$y[[layers]], right$text,
    adj = c(0, 0.5), cex = right$cex
  )
}

# Headings of the layers: two rows of text, from the full text to shorter versions for layers that
# are close together.
layer_heads <- function(fit) {
  units <- vapply(layer_units(fit$layers), format, "", big.mark = ",")
  kinds <- c("", layer_activations(fit$layers))
  between <- length(units) - 2
  inner <- seq_len(between) + 1
  rows <- function(hidden, units, kinds) {
    list(c("inputs", hidden, "output"), trimws(paste(units, kinds)))
  }
  hidden <- if (between == 1) "hidden" else as.character(seq_len(between))
  list(
    rows(if (between > 1) paste("hidden", hidden) else hidden, units, kinds),
    rows(hidden, units, kinds),
    rows(hidden, units, replace(kinds, inner, "")),
    rows(rep("", between), replace(units, inner, ""), replace(kinds, inner, ""))
  )
}

# Inches between two headings.
head_gap <- 0.06

# The distance between layers at which the second version is legible.
least_between <- function(heads) {
  inner <- lapply(heads[[2]], function(row) row[-c(1, length(row))])
  1.2 * legible_size() *
    max(graphics::strwidth(unlist(inner), units = "inches", cex = 1, font = 2), 0) + head_gap
}

# The first version of the headings that is legible, and its size. Those at the ends may extend
# outwards.
choose_heads <- function(heads, place, width) {
  space <- rep(diff(place$x[1:2]) - head_gap, length(place$x))
  ends <- c(1, length(place$x))
  space[ends] <- space[ends] / 2 + c(place$x[1], width - place$x[ends[2]]) - 0.03
  for (text in heads) {
    cex <- min(vapply(1:2, function(i) size_to_fit(text[[i]], space, 0.9, font = 3 - i), 0))
    if (cex >= legible_size()) break
  }
  list(text = text, cex = cex)
}

# Draws the name of each layer above it, and its units and activation below the name.
draw_heads <- function(heads, place, top, width, line) {
  heads <- choose_heads(heads, place, width)
  if (heads$cex < legible_size()) {
    return(invisible())
  }
  reach <- (diff(place$x[1:2]) - head_gap) / 2
  ends <- c(1, length(place$x))
  for (i in 1:2) {
    half <- graphics::strwidth(heads$text[[i]], units = "inches", cex = heads$cex, font = 3 - i) / 2
    x <- place$x
    x[ends] <- x[ends] + c(-1, 1) * pmax(half[ends] - reach, 0)
    graphics::text(
      pmin(pmax(x, half + 0.03), width - half - 0.03), top - (i - 0.2) * line, heads$text[[i]],
      adj = c(0.5, 0), cex = heads$cex, font = 3 - i
    )
  }
}

# Draws the key of colours, widths and fills, in one row at the bottom. The last entries are omitted
# if there is no room.
draw_key <- function(largest, width, line) {
  mark <- 0.25
  for (shown in 4:2) {
    text <- c(
      "above 0", "below 0", paste0("widest line: ", format(largest, digits = 3)), "fill: bias"
    )[seq_len(shown)]
    cex <- size_to_fit(paste(text, collapse = "   "), 0.94 * width - 3 * mark - 0.5, 0.8)
    if (cex >= legible_size()) break
  }
  if (cex < legible_size()) {
    return(invisible())
  }
  wide <- graphics::strwidth(text, units = "inches", cex = cex)
  marks <- (mark * c(1, 1, 0, 0) + 0.06)[seq_len(shown)]
  gap <- min((width * 0.94 - sum(wide) - sum(marks)) / (shown - 1), 2 * line)
  x <- (width - sum(wide) - sum(marks) - (shown - 1) * gap) / 2 +
    c(0, cumsum((wide + marks + gap)[-shown]))
  y <- 0.7 * line
  # short dashes, of which the mark has room for two
  graphics::segments(
    x[1:2], y, x[1:2] + mark, y,
    col = sign_colours, lty = c("solid", "21"), lwd = 4, lend = "butt"
  )
  graphics::text(x + marks, y, text, adj = c(0, 0.5), cex = cex, col = "grey20")
}
