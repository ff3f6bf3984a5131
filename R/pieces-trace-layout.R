# The layout of the steps of one update, shared by print(), plot() and documents: bands (one per
# phase) of groups (side by side) of blocks (one above the other). A block is one step: its number,
# name and formula, and its parts, matrices of text with their numeric values. An update has three
# parts: old, change and new.

# `shown`: the smallest number of digits shown of the largest change.
trace_bands <- function(steps, digits, phases = names(trace_phases), shown = 2) {
  ids <- vapply(steps, `[[`, "", "id")
  of_phase <- vapply(steps, `[[`, "", "phase")
  blocks <- stats::setNames(
    lapply(steps, step_block, steps = steps, digits = digits, shown = shown), ids
  )
  Filter(
    Negate(is.null),
    lapply(phases, function(phase) {
      groups <- lapply(band_order(ids[of_phase == phase], phase), function(group) {
        unname(blocks[group])
      })
      numbers <- vapply(steps[of_phase == phase], function(step) as.numeric(step$number), 0)
      if (length(groups) > 0) {
        list(
          phase = phase, title = trace_phases[[phase]], numbers = range(numbers, na.rm = TRUE),
          groups = groups
        )
      }
    })
  )
}

# Groups the weights and biases of a layer; in the backward pass, puts a slope before the delta that
# is computed from it.
band_order <- function(ids, phase) {
  if (phase %in% c("forward", "error")) {
    return(as.list(ids))
  }
  if (phase == "backward") {
    delta <- grep("^d_", ids, value = TRUE)
    number <- sub("^[^0-9]*", "", delta)
    return(as.list(intersect(unlist(Map(function(delta, number) {
      if (delta == "d_output") {
        return(c("slope_output_layer", delta))
      }
      c(paste0(c("Error_at_hidden_layer", "slope_hidden_layer"), number), delta)
    }, delta, number)), ids)))
  }
  suffix <- if (phase == "data") "_before" else "_after"
  weights <- sort(grep(paste0("^w.*", suffix, "$"), ids, value = TRUE))
  layers <- lapply(
    c(setdiff(weights, paste0(c("wout", "wskip"), suffix)), paste0("wout", suffix)),
    function(w) {
      c(w, if (startsWith(w, "wout")) intersect(paste0("wskip", suffix), ids), sub("^w", "b", w))
    }
  )
  if (phase == "data") {
    c(list("X", "y"), layers)
  } else {
    c(layers, list(c("output_after", "loss_after")))
  }
}

step_block <- function(step, steps, digits, shown = 2) {
  old_id <- switch(step$id,
    output_after = "output",
    loss_after = "loss",
    if (step$operation == "update") step$inputs[1]
  )
  old <- if (!is.null(old_id)) Find(function(other) other$id == old_id, steps)$value
  block <- step[c("id", "name", "number", "operation", "inputs", "value")]
  block$formula <- step$formula
  if (is.null(old)) {
    cells <- cell_text(
      step$value, digits,
      fixed = step$operation == "loss" && is_true(step$value >= 10^(1 - digits))
    )
    block$parts <- list(list(text = cells$text, value = step$value))
    block$unit <- cells$unit
    return(block)
  }
  block$parts <- update_parts(old, step$value, digits, shown)
  block$unit <- 1
  block
}

# Old, change and new, with enough decimal places to show the change. If these are too many, the
# change is shown in scientific notation.
update_parts <- function(old, new, digits, shown = 2) {
  change <- new - old
  decimals <- enough_decimals(change, digits, if (shown > 1) 1000 else 1, shown)
  exact <- is.finite(decimals) && decimals <= digits + 6
  as_text <- function(value) {
    if (!exact && is_true(max(abs(value)) < 10^(1 - digits))) {
      return(as_shape(formatC(value, digits = 2, format = "e"), value))
    }
    cell_text(value, if (exact) decimals else digits, fixed = TRUE)$text
  }
  changed <- if (exact) as_text(change) else formatC(change, digits = 1, format = "e")
  # not for those that are rounded to 0
  sign <- ifelse(change > 0 & !is.na(change) & grepl("[1-9]", changed), "+", "")
  list(
    list(head = "old", text = as_text(old), value = old),
    list(head = "change", text = as_shape(paste0(sign, changed), change), value = change),
    list(head = "new", text = as_text(new), value = new)
  )
}

as_shape <- function(text, like) {
  matrix(trimws(text), nrow(like), ncol(like), dimnames = dimnames(like))
}

# Numbers as text. Whole numbers have no decimal places; others have `digits`, or more if the
# largest would have fewer than two significant digits. Very small numbers are in units of a power
# of ten. With `fixed`, all have exactly `digits` decimal places.
cell_text <- function(value, digits, fixed = FALSE) {
  largest <- max(abs(value[is.finite(value)]), 0)
  if (!fixed && all(is.finite(value)) && all(value == round(value)) && largest < 1e6) {
    return(list(text = as_shape(formatC(value, digits = 0, format = "f"), value), unit = 1))
  }
  if (largest >= 1e6) {
    return(list(
      text = as_shape(formatC(value, digits = max(digits, 2), format = "g"), value), unit = 1
    ))
  }
  if (fixed) {
    return(list(
      text = as_shape(without_minus_zero(formatC(value, digits = digits, format = "f")), value),
      unit = 1
    ))
  }
  decimals <- enough_decimals(value, digits, 100)
  unit <- if (decimals > digits + 3) 10^floor(log10(largest)) else 1
  if (unit < 1) decimals <- digits
  rounded <- round(value / unit, decimals)
  while (decimals > min(digits, 2) &&
    all(rounded == round(value / unit, decimals - 1), na.rm = TRUE)) {
    decimals <- decimals - 1
  }
  list(
    text = as_shape(without_minus_zero(formatC(rounded, digits = decimals, format = "f")), value),
    unit = unit
  )
}

# formatC() writes -0.00 for numbers that are rounded to 0.
without_minus_zero <- function(text) sub("^(\\s*)-(0\\.?0*)$", "\\1\\2", text)

# The number of decimal places that shows `shown` digits of the largest number, and one digit of
# each number that is at most `range` times smaller.
enough_decimals <- function(value, digits, range, shown = 2) {
  sizes <- abs(value[is.finite(value) & value != 0])
  if (length(sizes) == 0) {
    return(digits)
  }
  max(
    digits, shown - 1 - floor(log10(max(sizes))),
    ceiling(-log10(max(min(sizes), max(sizes) / range)))
  )
}
