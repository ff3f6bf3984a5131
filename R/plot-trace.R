#' Plot the steps of a trace
#'
#' Draws all matrices of one update, with one band per phase: the data and the initial weights, the
#' forward pass from left to right, the error and the loss, the backward pass from right to left,
#' and the update, with the old values, the change and the new values of each weight matrix.
#'
#' @details
#' Arrows lead from a matrix to the next one computed from it; a cross is an elementwise product.
#' Above each matrix are its step number, name and formula. Positive values are blue and negative
#' ones orange, darker the larger the absolute value relative to the largest in the matrix. The sign
#' is also part of the text.
#'
#' The text has the largest size with which everything fits on the device. If a matrix is too large
#' even for small text, its last rows and columns are omitted, and a note shows how many; on small
#' devices, formulas are omitted as well. To see more, use a larger device or fewer `phases`.
#'
#' The plot uses the whole page. `mfrow` and the margins are restored afterwards.
#'
#' @param x A trace returned by [nn_trace()].
#' @param epoch Epoch to plot, a whole number; 1 by default.
#' @param digits Number of decimal places, a whole number between 0 and 6; 2 by default. More are
#'   used if the largest value of a matrix would have fewer than two significant digits, and as many
#'   as are needed to see the changes of an update.
#' @param batch Batch within the epoch, a whole number; 1 by default.
#' @param phases Phases to plot, any of `"data"`, `"forward"`, `"error"`, `"backward"` and
#'   `"update"`; all by default.
#' @param ... Must be empty: an unknown argument is an error.
#' @return `x`, invisibly.
#' @section Errors: `backprop_error_argument` for an invalid argument, and if the device is too
#'   small for the matrices.
#' @examples
#' X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
#' set.seed(1)
#' trace <- nn_trace(X, c(1, 1, 0))
#' plot(trace)
#' plot(trace, phases = "update")
#' @export
plot.nn_trace <- function(x, epoch = 1, digits = 2, batch = 1,
                          phases = c("data", "forward", "error", "backward", "update"), ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(plot.nn_trace)))
  digits <- check_whole(digits, "digits", call, least = 0, most = 6)
  at <- check_epoch_and_batch(x, epoch, batch, call)
  if (!is.character(phases) || length(phases) == 0 || !all(phases %in% names(trace_phases))) {
    abort_argument(c(
      "{.arg phases} must be some of {.val {names(trace_phases)}}.",
      x = "You supplied {describe(phases)}."
    ), call)
  }
  steps <- batch_steps(x, at$epoch, at$batch)
  bands <- lapply(2:1, function(shown) {
    trace_bands(steps, digits, intersect(names(trace_phases), phases), shown)
  })
  # `mfrow` changes `cex`, so `cex` is restored last
  old <- graphics::par(c("mfrow", "mar", "oma", "cex"))
  on.exit(graphics::par(old))
  graphics::par(mfrow = c(1, 1), cex = 1, mar = c(0, 0, 0, 0), oma = c(0, 0, 0, 0))
  graphics::plot.new()
  room <- graphics::par("fin")
  graphics::plot.window(c(0, room[1]), c(0, room[2]), xaxs = "i", yaxs = "i")
  title <- vapply(
    c(TRUE, FALSE),
    function(rows) update_title(unclass(x), at$epoch, at$batch, arrow = "to", rows = rows), ""
  )
  page <- fit_page(bands, title, room)
  if (is.null(page)) {
    abort_argument(c(
      "The device is too small for the {length(band_blocks(bands[[1]]))} matrices of the update.",
      x = "Its size is {format(room[1], digits = 2)} x {format(room[2], digits = 2)} inches.",
      i = "Use a larger device, such as 9 x 7 inches, or fewer {.arg phases}."
    ), call)
  }
  draw_page(page, room)
  invisible(x)
}

band_blocks <- function(bands) {
  unlist(unlist(lapply(bands, `[[`, "groups"), recursive = FALSE), recursive = FALSE)
}

# Chooses the style. In this order: the largest legible text at which all rows and columns fit;
# fewer digits of the changes (the second of `bands`); fewer rows and columns; no formulas; smaller
# text, and updates without the old values, which are among the data.
fit_page <- function(bands, title, room) {
  largest <- max(unlist(lapply(band_blocks(bands[[1]]), function(block) dim(block$value))))
  caps <- c(min(largest, 12), Filter(function(cap) cap < largest, c(8, 6, 5, 4, 3, 2)))
  ways <- data.frame(
    wrap = c(11, 10, 8, 6, 10), spacing = c(1.75, 1.6, 1.55, 1.55, 1.5), formulas = TRUE, old = TRUE
  )
  ways <- rbind(cbind(ways, bands = 1), cbind(ways, bands = 2))
  compact <- data.frame(wrap = 6, spacing = 1.5, formulas = FALSE, old = c(TRUE, FALSE), bands = 2)
  stages <- list(
    list(ways = ways, points = 12:7, caps = setdiff(caps, 2)),
    list(
      ways = data.frame(wrap = 6, spacing = 1.75, formulas = FALSE, old = TRUE, bands = 1:2),
      points = 12:7, caps = caps
    ),
    list(points = 7, ways = compact, caps = caps[caps >= 4]),
    list(points = 6, ways = compact, caps = caps[caps >= 3]),
    list(points = 7:5, ways = compact, caps = caps)
  )
  for (stage in stages) {
    for (cap in stage$caps) {
      place <- function(points) {
        for (i in seq_len(nrow(stage$ways))) {
          page <- place_bands(bands[[stage$ways$bands[i]]], title, room, c(
            as.list(stage$ways[i, ]),
            cap = cap, cex = points * point_size()
          ))
          if (!is.null(page)) {
            return(page)
          }
        }
      }
      smallest <- place(min(stage$points))
      if (is.null(smallest)) next
      for (points in stage$points) {
        page <- if (points > min(stage$points)) place(points) else smallest
        if (!is.null(page)) {
          return(page)
        }
      }
    }
  }
}

# All sizes are in inches. `line`: the height of a line of text, from which all other distances
# follow.
place_bands <- function(bands, title, room, style) {
  cex <- style$cex
  # Devices of low resolution round the height of a letter, so 0.72 of the text size is used.
  line <- 0.72 / 72 * cex / point_size() * style$spacing
  inner <- room[1] - 2 * line - 1.4 * line
  rows <- list()
  used <- Inf
  for (band in bands) {
    groups <- lapply(band$groups, measure_group, style = style, line = line)
    gap <- 1.5 * line
    pieces <- wrap_groups(groups, gap, inner)
    if (is.null(pieces)) {
      return(NULL)
    }
    for (piece in pieces) {
      width <- sum(vapply(piece, `[[`, 0, "width")) + gap * (length(piece) - 1) + 1.2 * line
      row <- list(
        band = band, groups = if (band$phase == "backward") rev(piece) else piece, width = width,
        gap = gap, head = max(vapply(piece, `[[`, 0, "head")),
        height = max(vapply(piece, `[[`, 0, "head")) + max(vapply(piece, `[[`, 0, "body")) +
          0.7 * line
      )
      # A short band is placed beside the previous one, such as the error beside the forward pass.
      together <- length(pieces) == 1 && band$phase == "error" && used + width + 1.4 * line <= inner
      if (together) {
        rows[[length(rows)]] <- c(rows[[length(rows)]], list(row))
      } else {
        rows[[length(rows) + 1]] <- list(row)
      }
      used <- if (together) used + width + 1.4 * line else width
    }
  }
  heights <- vapply(rows, function(row) max(vapply(row, `[[`, 0, "height")), 0)
  title_cex <- vapply(
    title, size_to_fit, 0,
    space = room[1] - 3 * line - key_width(cex, line), largest = 1.15 * cex,
    font = 2
  )
  best <- if (title_cex[1] >= 0.8 * cex) 1 else length(title)
  spare <- room[2] - 1.7 * line - sum(heights) - 0.6 * line * length(rows)
  if (spare < 0 || title_cex[best] < 0.6 * cex) {
    return(NULL)
  }
  list(
    rows = rows, heights = heights, line = line, cex = cex, title = title[best],
    title_cex = title_cex[[best]], between = 0.6 * line + min(spare / length(rows), line)
  )
}
