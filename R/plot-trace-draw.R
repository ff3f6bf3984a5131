# Positions and draws the elements of a plotted trace. All positions are computed before drawing.

draw_page <- function(page, room) {
  marks <- page_marks(page, room)
  with(
    marks$boxes, graphics::rect(left, bottom, right, top, col = fill, border = border, lwd = 0.5)
  )
  if (!is.null(marks$arrows)) {
    with(
      marks$arrows,
      graphics::arrows(
        x, y, to_x, to_y,
        length = 0.45 * page$line, angle = 22, lwd = 1.3, col = "grey25"
      )
    )
  }
  for (srt in unique(marks$texts$srt)) {
    for (font in unique(marks$texts$font)) {
      some <- marks$texts[marks$texts$srt == srt & marks$texts$font == font, ]
      if (nrow(some) > 0) {
        graphics::text(
          some$x, some$y, some$text,
          cex = some$cex, col = some$col, font = font, srt = srt
        )
      }
    }
  }
}

# All boxes, texts (centred at x, y) and arrows of a page, as data frames.
page_marks <- function(page, room) {
  marks <- new.env()
  marks$boxes <- marks$texts <- marks$arrows <- list()
  line <- page$line
  title_width <- graphics::strwidth(page$title, units = "inches", cex = page$title_cex, font = 2)
  add_text(marks, line + title_width / 2, room[2] - 0.85 * line, page$title, page$title_cex, 2)
  add_key(marks, room[1] - line - key_width(page$cex, line), room[2] - 0.85 * line, page)
  y <- room[2] - 1.4 * line
  places <- list()
  for (i in seq_along(page$rows)) {
    y <- y - page$between
    places <- c(places, mark_row(marks, page$rows[[i]], y, page$heights[i], room, page, places))
    y <- y - page$heights[i]
  }
  lapply(list(boxes = marks$boxes, texts = marks$texts, arrows = marks$arrows), function(some) {
    do.call(rbind, some)
  })
}

add_text <- function(marks, x, y, text, cex, font = 1, col = "black", srt = 0) {
  marks$texts[[length(marks$texts) + 1]] <- data.frame(
    x = x, y = y, text = text, cex = cex, font = font, col = col, srt = srt
  )
}
add_box <- function(marks, left, bottom, right, top, fill, border) {
  marks$boxes[[length(marks$boxes) + 1]] <- data.frame(
    left = left, bottom = bottom, right = right, top = top, fill = fill, border = border
  )
}
add_arrow <- function(marks, x, y, to_x, to_y) {
  marks$arrows[[length(marks$arrows) + 1]] <- data.frame(x = x, y = y, to_x = to_x, to_y = to_y)
}

# The key of the colours, to the right of the title.
key_words <- c("above 0", "below 0")
key_width <- function(cex, line) {
  sum(graphics::strwidth(key_words, units = "inches", cex = 0.92 * cex)) + 4 * line
}
add_key <- function(marks, left, y, page) {
  line <- page$line
  for (i in 1:2) {
    add_box(
      marks, left, y - 0.4 * line, left + 1.2 * line, y + 0.4 * line, sign_fill(c(1, -1)[i]),
      "grey60"
    )
    width <- graphics::strwidth(key_words[i], units = "inches", cex = 0.92 * page$cex)
    add_text(marks, left + 1.5 * line + width / 2, y, key_words[i], 0.92 * page$cex, 1, "grey25")
    left <- left + width + 2.4 * line
  }
}

# Adds bands side by side; returns the positions of their blocks by id.
mark_row <- function(marks, bands, top, height, room, page, above) {
  line <- page$line
  wide <- vapply(bands, `[[`, 0, "width") + 1.4 * line
  spare <- room[1] - 2 * line - sum(wide) - 0.6 * line * (length(bands) - 1)
  wide[1] <- wide[1] + spare
  left <- line + cumsum(c(0, wide[-length(wide)] + 0.6 * line))
  places <- list()
  for (i in seq_along(bands)) {
    band <- bands[[i]]
    add_box(marks, left[i], top - height, left[i] + wide[i], top, "grey96", "grey80")
    add_box(marks, left[i], top - height, left[i] + 1.4 * line, top, "grey30", "grey30")
    label <- band_label(band$band, height - 0.4 * line, page$cex)
    add_text(marks, left[i] + 0.7 * line, top - height / 2, label$text, label$cex, 2, "white", 90)
    places <- c(
      places,
      mark_groups(
        marks, band, left[i] + 1.4 * line, wide[i] - 1.4 * line, top, page, c(above, places)
      )
    )
  }
  places
}

# The name of the phase, and its steps if there is room.
band_label <- function(band, room, cex) {
  steps <- paste0(band$title, "  ", paste(unique(band$numbers), collapse = "-"))
  width <- graphics::strwidth(steps, units = "inches", cex = cex, font = 2)
  if (width <= room) {
    return(list(text = steps, cex = cex))
  }
  list(text = band$title, cex = size_to_fit(band$title, room, cex, font = 2))
}

# Adds the groups of a band. Those of the backward pass, and an error below the forward pass, are
# right-aligned.
mark_groups <- function(marks, band, left, width, top, page, above) {
  line <- page$line
  widths <- vapply(band$groups, `[[`, 0, "width")
  count <- length(widths)
  gap <- band$gap + if (count > 1) min((width - band$width) / (count - 1), 2.5 * line) else 0
  x <- left + 0.6 * line + cumsum(c(0, widths[-count] + gap))
  if (band$band$phase %in% c("error", "backward")) {
    x <- x + width - 1.2 * line - (sum(widths) + gap * (count - 1))
  }
  cells_top <- top - 0.35 * line - band$head
  places <- list()
  for (i in seq_len(count)) {
    y <- cells_top
    for (block in band$groups[[i]]$blocks) {
      place <- mark_block(marks, block, x[i] + widths[i] / 2, y, page)
      places[[block$id]] <- c(place, list(group = i, top = top, band_left = left - 1.4 * line))
      y <- place$bottom - 0.5 * line
      following <- band$groups[[i]]$blocks[-1]
      if (length(following) > 0) y <- y - following[[1]]$head
    }
  }
  mark_arrows(marks, band, places, above, page)
  places
}

# Adds one matrix, or the three matrices of an update, centred at x, with the upper edge at y.
mark_block <- function(marks, block, x, y, page) {
  line <- page$line
  cex <- page$cex
  heads <- !is.null(block$parts[[1]]$head)
  at <- y + line * (0.6 + heads)
  for (text in rev(block$formula)) {
    add_text(marks, x, at, text, 0.92 * cex, 1, "grey25")
    at <- at + line
  }
  for (text in rev(block$title)) {
    add_text(marks, x, at, text, cex, 2)
    at <- at + line
  }
  left <- x - block$cells / 2
  for (i in seq_along(block$parts)) {
    part <- block$parts[[i]]
    part_width <- part$cell * ncol(part$text)
    if (heads) {
      add_text(marks, left + part_width / 2, y + 0.55 * line, part$head, 0.92 * cex, 1, "grey25")
    }
    fill <- sign_fill(part$value, part$largest)
    cell_left <- left + (col(part$value) - 1) * part$cell
    cell_top <- y - (row(part$value) - 1) * cell_lines * line
    add_box(
      marks, c(cell_left), c(cell_top) - cell_lines * line, c(cell_left) + part$cell, c(cell_top),
      fill, "grey60"
    )
    add_text(
      marks, c(cell_left) + part$cell / 2, c(cell_top) - 0.5 * cell_lines * line, c(part$text), cex,
      1, text_on(fill)
    )
    middle <- y - nrow(part$value) * cell_lines * line / 2
    if (i < length(block$parts)) {
      add_text(
        marks, left + part_width + block$joint / 2, middle,
        c("+", "=")[i + 3 - length(block$parts)], cex
      )
    }
    left <- left + part_width + block$joint
  }
  bottom <- y - nrow(block$parts[[1]]$value) * cell_lines * line
  for (text in block$note) {
    add_text(marks, x, bottom - 0.6 * line, text, 0.92 * cex, 1, "grey25")
    bottom <- bottom - line
  }
  list(
    left = x - block$cells / 2, right = x + block$cells / 2, x = x, middle = middle,
    bottom = bottom, inputs = block$inputs, operation = block$operation
  )
}

# Arrows from each matrix to the next if the next is computed from it, and from the band above; a
# cross between two matrices that are multiplied.
mark_arrows <- function(marks, band, places, above, page) {
  line <- page$line
  ids <- names(places)
  group <- vapply(places, `[[`, 0, "group")
  made_of <- function(of, id) id %in% places[[of]]$inputs
  back <- band$band$phase == "backward"
  order <- if (back) rev(seq_along(band$groups)) else seq_along(band$groups)
  if (band$band$phase != "update") {
    for (k in seq_along(order)[-1]) {
      from <- ids[group == order[k - 1]][1]
      to <- ids[group == order[k]][1]
      edges <- if (back) {
        c(places[[from]]$left - 0.3 * line, places[[to]]$right + 0.3 * line)
      } else {
        c(places[[from]]$right + 0.3 * line, places[[to]]$left - 0.3 * line)
      }
      y <- max(places[[from]]$middle, places[[to]]$middle)
      product <- if (k < length(order)) places[[ids[group == order[k + 1]][1]]]
      if (made_of(to, from)) {
        add_arrow(marks, edges[1], y, edges[2], y)
      } else if (identical(product$operation, "product") && setequal(product$inputs, c(from, to))) {
        add_text(marks, mean(edges), y, "x", 1.2 * page$cex, 2)
      }
    }
  }
  if (band$band$phase == "data") {
    return(invisible())
  }
  from_error <- vapply(unique(group), function(g) "E" %in% places[[ids[group == g][1]]]$inputs, NA)
  entered <- switch(band$band$phase,
    update = unique(group),
    backward = union(order[1], unique(group)[from_error]),
    order[1]
  )
  for (g in entered) {
    id <- ids[group == g][1]
    from <- intersect(places[[id]]$inputs, names(above))
    if (length(from) == 0) next
    beside <- vapply(above[from], function(place) place$top == places[[id]]$top, NA)
    if (any(beside)) {
      y <- above[[from[beside][1]]]$middle
      add_arrow(marks, above[[from[beside][1]]]$right + 0.3 * line, y, places[[id]]$band_left, y)
    } else {
      add_arrow(
        marks, places[[id]]$x, places[[id]]$top + page$between - 0.1 * line, places[[id]]$x,
        places[[id]]$top - 0.05 * line
      )
    }
  }
}
