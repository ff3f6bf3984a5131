# A trace as text, one step after the other.

#' @rdname nn_trace
#' @param digits Number of decimal places, a whole number between 0 and 15; 4 by default. More are
#'   used if the largest value of a matrix would have fewer than two significant digits, and as many
#'   as are needed to see the changes of an update. Very small values are printed in units of a
#'   power of ten.
#' @param epoch Epoch, a whole number; 1 by default. For `print()` and `format()`, `NULL` (default)
#'   means all epochs.
#' @param rows Largest number of rows printed per matrix, a whole number of at least 1; 10 by
#'   default.
#' @export
print.nn_trace <- function(x, digits = 4, epoch = NULL, batch = NULL, rows = 10, ...) {
  cat(trace_lines(x, digits, epoch, batch, rows, current_env(), ...), sep = "\n")
  invisible(x)
}

#' @rdname nn_trace
#' @export
format.nn_trace <- function(x, digits = 4, epoch = NULL, batch = NULL, rows = 10, ...) {
  trace_lines(x, digits, epoch, batch, rows, current_env(), ...)
}

trace_lines <- function(x, digits, epoch, batch, rows, call, ...) {
  check_no_dots(call, ..., known = names(formals(print.nn_trace)))
  digits <- check_whole(digits, "digits", call, least = 0, most = 15)
  rows <- check_whole(rows, "rows", call)
  check_trace(x, call)
  updates <- traced_updates(x, epoch, batch, call)
  c(
    describe_trace(unclass(x)),
    unlist(lapply(updates, function(update) {
      steps <- batch_steps(x, update$epoch, update$batch)
      numbered <- vapply(steps, function(step) as.numeric(step$number), 0)
      phases <- vapply(steps, `[[`, "", "phase")
      lines <- c("", update$title)
      for (i in seq_along(steps)) {
        if (i == 1 || phases[i] != phases[i - 1]) lines <- c(lines, "", phase_line(phases[i]))
        head <- if (is.na(numbered[i])) {
          paste("After step", last(stats::na.omit(numbered[seq_len(i)])))
        } else {
          paste("Step", numbered[i])
        }
        block <- step_block(steps[[i]], steps, digits)
        lines <- c(
          lines, "", paste0(head, ": ", block$name, " = ", block$formula, in_units(block$unit)),
          block_lines(block, rows)
        )
      }
      lines
    }))
  )
}

in_units <- function(unit) if (unit < 1) paste(", in units of", format(unit)) else ""
phase_line <- function(phase) {
  paste0("--- ", trace_phases[[phase]], " ", strrep("-", 40 - nchar(trace_phases[[phase]])))
}

# Epoch, batch and title of each selected update.
traced_updates <- function(x, epoch, batch, call) {
  trace <- unclass(x)
  if (!is.null(epoch)) epoch <- check_epoch_and_batch(x, epoch, 1, call)$epoch
  unlist(lapply(if (is.null(epoch)) seq_along(trace$epochs) else epoch, function(epoch) {
    batches <- trace$epochs[[epoch]]$batches
    if (!is.null(batch)) batch <- check_epoch_and_batch(x, epoch, batch, call)$batch
    lapply(if (is.null(batch)) seq_along(batches) else batch, function(batch) {
      list(epoch = epoch, batch = batch, title = update_title(trace, epoch, batch))
    })
  }), recursive = FALSE)
}

# Epoch 1, batch 2 of 3 (row 1): loss 0.3541 -> 0.3530 (change -0.0011)
update_title <- function(trace, epoch, batch, arrow = "->", rows = TRUE) {
  traced <- trace$epochs[[epoch]]
  numbers <- traced$batches[[batch]]
  part <- if (length(traced$batches) > 1) {
    paste0(
      ", batch ", batch, " of ", length(traced$batches),
      if (rows) paste0(" (", if (length(numbers) == 1) "row " else "rows ", some_of(numbers), ")")
    )
  }
  loss <- function(id) {
    Find(function(step) step$id == id, batch_steps(trace, epoch, batch))$value
  }
  parts <- update_parts(loss("loss"), loss("loss_after"), 4)
  paste0(
    "Epoch ", traced$epoch, part, ": loss ", parts[[1]]$text, " ", arrow, " ", parts[[3]]$text,
    " (change ", parts[[2]]$text, ")"
  )
}

# The matrix of a block, or the three matrices of an update, side by side if they fit the width.
block_lines <- function(block, rows) {
  parts <- lapply(block$parts, function(part) {
    text <- part_lines(part$text, rows)
    if (is.null(part$head)) text else c(formatC(part$head, width = nchar(text[1])), text)
  })
  lines <- do.call(paste0, parts)
  if (length(parts) > 1 && max(nchar(lines)) > getOption("width")) {
    lines <- unlist(lapply(block$parts, function(part) {
      c(paste0("  ", part$head), part_lines(part$text, rows))
    }))
  }
  left_out <- nrow(block$value) - rows
  c(lines, if (left_out > 0) paste0("  ... ", counted(left_out, "more row")))
}

part_lines <- function(text, rows) {
  shown <- rbind(colnames(text), unname(text)[seq_len(min(rows, nrow(text))), , drop = FALSE])
  columns <- lapply(seq_len(ncol(shown)), function(j) {
    formatC(shown[, j], width = max(nchar(shown[, j])))
  })
  paste0("  ", do.call(paste, columns))
}
