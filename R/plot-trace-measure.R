# Measures the matrices of a trace with their titles and formulas, for a given text size, in inches.

# Arranges groups in as few rows as possible.
wrap_groups <- function(groups, gap, room) {
  rows <- list()
  width <- Inf
  for (group in groups) {
    if (group$width > room) {
      return(NULL)
    }
    if (width + gap + group$width <= room) {
      rows[[length(rows)]] <- c(rows[[length(rows)]], list(group))
      width <- width + gap + group$width
    } else {
      rows[[length(rows) + 1]] <- list(group)
      width <- group$width
    }
  }
  rows
}

# `style`: the text size `cex`, the largest numbers of rows and columns `cap`, the width at which
# text is wrapped `wrap` (in line heights), and whether formulas and old values are shown. Blocks of
# a group are one above the other. If they have the same columns, these have the same width, and
# only the first block has column heads.
measure_group <- function(blocks, style, line) {
  blocks <- lapply(blocks, measure_cells, style = style, line = line)
  columns <- lapply(blocks, function(block) vapply(block$parts, function(part) ncol(part$text), 0L))
  if (length(blocks) > 1 && length(unique(columns)) == 1) {
    widest <- do.call(pmax, lapply(blocks, function(block) vapply(block$parts, `[[`, 0, "cell")))
    for (b in seq_along(blocks)) {
      for (i in seq_along(widest)) {
        blocks[[b]]$parts[[i]]$cell <- widest[i]
        if (b > 1) blocks[[b]]$parts[[i]]$head <- NULL
      }
    }
  }
  blocks <- lapply(blocks, measure_text, style = style, line = line)
  height <- sum(vapply(blocks, `[[`, 0, "height")) + 0.5 * line * (length(blocks) - 1)
  list(
    blocks = blocks, width = max(vapply(blocks, `[[`, 0, "width")), head = blocks[[1]]$head,
    body = height - blocks[[1]]$head
  )
}

# The text shown of each part, and the width of its cells.
measure_cells <- function(block, style, line) {
  # of the updated output only the new values
  if (is.na(block$number)) block$parts <- block$parts[length(block$parts)]
  if (!style$old && length(block$parts) == 3) block$parts <- block$parts[-1]
  if (length(block$parts) == 1) block$parts[[1]]$head <- NULL
  block$parts <- lapply(block$parts, function(part) {
    rows <- seq_len(min(nrow(part$text), style$cap))
    columns <- seq_len(min(ncol(part$text), style$cap))
    part$left_out <- dim(part$text) - c(length(rows), length(columns))
    part$largest <- max(abs(part$value[is.finite(part$value)]), 0)
    part$text <- part$text[rows, columns, drop = FALSE]
    part$value <- part$value[rows, columns, drop = FALSE]
    text <- c(part$text, if (length(columns) == 1) part$head)
    part$cell <- max(graphics::strwidth(text, units = "inches", cex = style$cex), 1.1 * line) +
      0.35 * line
    part
  })
  block
}

# Title, formula and a note of omitted rows and columns, wrapped to the width of the cells if these
# are wide enough; then the total size.
measure_text <- function(block, style, line) {
  cex <- style$cex
  small <- 0.92 * cex
  widest <- function(text, cex, font = 1) {
    if (length(text) > 0) {
      max(graphics::strwidth(text, units = "inches", cex = cex, font = font))
    } else {
      0
    }
  }
  block$joint <- 0.9 * line
  block$cells <- sum(vapply(block$parts, function(part) part$cell * ncol(part$text), 0)) +
    block$joint * (length(block$parts) - 1)
  space <- max(block$cells, style$wrap * line)
  updated <- block$id %in% c("output_after", "loss_after")
  block$title <- wrap_text(paste0(block$name, if (updated) ", updated"), space, cex, font = 2)
  if (!is.na(block$number)) block$title[1] <- paste(block$number, block$title[1])
  formula <- if (style$formulas && !updated && !block$operation %in% c("data", "weights")) {
    paste0("= ", block$formula)
  }
  unit <- if (block$unit < 1) in_units(block$unit)
  block$formula <- if (!is.null(c(formula, unit))) {
    wrap_text(sub("^, ", "", paste0(formula, unit)), max(space, widest(block$title, cex, 2)), small)
  }
  lost <- block$parts[[1]]$left_out
  block$note <- if (any(lost > 0)) {
    wrap_text(paste0("... ", paste(c(
      if (lost[1] > 0) counted(lost[1], "more row"),
      if (lost[2] > 0) counted(lost[2], "more column")
    ), collapse = ", ")), space, small)
  }
  block$width <- max(
    block$cells, widest(block$title, cex, 2), widest(c(block$formula, block$note), small)
  )
  heads <- !is.null(block$parts[[1]]$head)
  block$head <- line * (length(block$title) + length(block$formula) + heads + 0.15)
  block$height <- block$head +
    line * (cell_lines * nrow(block$parts[[1]]$text) + length(block$note))
  block
}
cell_lines <- 1.15

# Wraps text to lines of at most `space` inches, at spaces, and within longer words after
# underscores and brackets.
wrap_text <- function(text, space, cex, font = 1) {
  fits <- function(text) graphics::strwidth(text, units = "inches", cex = cex, font = font) <= space
  if (fits(text)) {
    return(text)
  }
  words <- unlist(lapply(strsplit(text, "(?<= )", perl = TRUE)[[1]], function(word) {
    if (fits(trim_end(word))) word else strsplit(word, "(?<=[_(])", perl = TRUE)[[1]]
  }))
  if (words[1] == "= ") words <- c(paste0(words[1], words[2]), words[-(1:2)])
  lines <- ""
  for (word in words) {
    longer <- paste0(lines[length(lines)], word)
    if (fits(trim_end(longer)) || lines[length(lines)] == "") {
      lines[length(lines)] <- longer
    } else {
      lines <- c(lines, word)
    }
  }
  trim_end(lines)
}

trim_end <- function(text) sub(" +$", "", text)
