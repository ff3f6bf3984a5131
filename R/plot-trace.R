#' Draw the steps of a trace
#'
#' One update as a picture. Each phase is a band: the data and the first weights, the forward pass
#' from left to right, the error and the loss, the backward pass from right to left, and the update,
#' where each matrix of weights is shown as old, change and new. Arrows lead from a matrix to the
#' one that is made of it; a cross stands between two that are multiplied cell by cell. Over each
#' matrix stand its number and name, and its formula.
#'
#' Cells are blue for numbers above 0 and orange for those below, the deeper the larger within its
#' matrix; the sign stands in the text as well. Changes have colours of their own, so that they can
#' be seen. The largest size of text is used at which all fits on the device; where a matrix is too
#' large even so, its last rows and columns are left out, and a line below it says how many. For
#' more, draw fewer phases at once, or make the device larger.
#'
#' The picture takes the whole page; `mfrow` and margins are set back afterwards.
#'
#' @param x A trace of [nn_trace()].
#' @param epoch Which of the traced epochs, a whole number; 1 by default.
#' @param digits Decimal places of the values, a whole number from 0 to 6; 2 by default. Numbers
#'   that would have fewer than two digits get more places, and updates as many as show the change.
#' @param batch Which batch of that epoch, a whole number; 1 by default.
#' @param phases Which phases to draw, some of `"data"`, `"forward"`, `"error"`, `"backward"` and
#'   `"update"`; all by default.
#' @param ... Must be empty: a misspelt argument is an error.
#' @return `x`, invisibly.
#' @section Errors: `backprop_error_argument` where an argument is not as described, and where the
#'   device is too small for the matrices.
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
      x = "It is {describe(phases)}."
    ), call)
  }
  steps <- batch_steps(x, at$epoch, at$batch)
  bands <- lapply(2:1, function(shown) {
    trace_bands(steps, digits, intersect(names(trace_phases), phases), shown)
  })
  # `mfrow` sets `cex`, which therefore comes last
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
      x = "It is {format(room[1], digits = 2)} x {format(room[2], digits = 2)} inches.",
      i = "Make it larger, such as 9 x 7 inches, or draw fewer {.arg phases} at once."
    ), call)
  }
  draw_page(page, room)
  invisible(x)
}

band_blocks <- function(bands) {
  unlist(unlist(lapply(bands, `[[`, "groups"), recursive = FALSE), recursive = FALSE)
}

# The largest text at which all rows and columns fit, down to what is well legible; then fewer
# digits of the changes (the second of `bands`); then fewer rows and columns; then no formulas; then
# smaller text, and updates without the old values, which stand among the data.
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
  # Devices of few dots round the height of a letter: it is taken as 0.72 of the size of the text.
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
      # A short band stands beside the one before, as the error does beside the forward pass.
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
