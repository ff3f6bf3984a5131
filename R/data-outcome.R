# The outcome of a fit made from data: its kind, its encoding as targets, and the decoding of
# outputs as responses.

# Describes an outcome: list(kind, levels, names, center, scale), and for several outcomes that are
# yes or no `events`, see events_of(). The kind is "binary" or "classes" for factors, "count" for
# losses of counts (`fractional`: are some of the numbers not whole?), and otherwise "numeric",
# standardised if the output activation is the identity. `offset` is on the scale of the response;
# `apart`: the outcome of the calibration set; `text`: was the outcome supplied as text?
describe_outcome <- function(y, label, loss, output_activation, standardize, weights, offset,
                             call, apart = NULL, text = is.character(y)) {
  if (is.data.frame(y)) y <- if (ncol(y) == 1) y[[1]] else y
  events <- events_of(y)
  if (!is.null(events)) {
    y <- event_numbers(y, events, call)
    chosen <- event_options(loss, output_activation, call)
    loss <- chosen$loss
    output_activation <- chosen$output_activation
  }
  if (is.data.frame(y)) {
    bad <- which(!vapply(y, function(column) is.numeric(column) && is.null(dim(column)), NA))
    if (length(bad) > 0) {
      # rather a column that is neither a number nor yes or no
      other <- vapply(y[bad], function(x) !is.logical(x) && nlevels(x) != 2, NA)
      bad <- c(bad[other], bad)
      abort_input(c(
        "Several outcomes must all be numeric, or all be yes or no.",
        x = "Column {.field {names(y)[bad[1]]}} is {describe(y[[bad[1]]])}.",
        several_outcomes_hint(y[[bad[1]]], names(y)[bad[1]])
      ), call)
    }
    y <- as.matrix(y)
  }
  if (is.logical(y) || is.character(y) || is.factor(y)) {
    if (!is.null(dim(y))) {
      abort_input(c(
        "The outcome {.field {label}} must be numeric, or a single column of classes.",
        x = "It is {describe(y)}.",
        several_outcomes_hint(y[, 1], if (is.null(colnames(y))) "a" else colnames(y)[1])
      ), call)
    }
    levels <- if (is.logical(y)) {
      c("FALSE", "TRUE")
    } else if (is.factor(y)) {
      levels(y)
    } else {
      sort(unique(counted_values(y, weights)))
    }
    counted <- with_weight(y, weights)
    met <- if (is.factor(y) && !anyNA(levels)) {
      core_count_codes(counted, length(levels)) > 0
    } else {
      levels %in% as.character(counted)
    }
    if (sum(met) < 2) {
      abort_input(c(
        "The outcome {.field {label}} must have at least two classes.",
        x = paste0(
          "{cli::qty(sum(met))}{?All rows are/It has} ",
          "{if (any(met)) dQuote(levels[met], FALSE) else 'none'}."
        ),
        i = if (length(weightless_rows(weights)) > 0) "Rows of weight 0 do not count."
      ), call)
    }
    warn_empty_levels(levels[!met], label, apart)
    warn_of_identifiers(stats::setNames(list(y), label), weights, outcome = TRUE, text = text)
    if (length(levels) > 2) check_levels_memory(length(levels), length(y), label, call)
    return(c(
      list(
        kind = if (length(levels) == 2) "binary" else "classes", levels = levels, names = label,
        center = 0, scale = 1
      ),
      if (is.ordered(y)) list(ordered = TRUE)
    ))
  }
  if (!is_number(y) && !is_stored(y)) {
    abort_input(c("The outcome {.field {label}} must be numeric, logical, character or a factor.",
      x = "It is {describe(y)}.",
      i = column_hint(y, label, input = FALSE)
    ), call)
  }
  y <- numeric_outcome(y)
  check_outcome_finite(y, label, call)
  warn_of_constant_outcome(y, label, weights)
  loss <- check_loss(if (is.null(loss)) "squared_error" else loss, call)
  output <- if (!is.null(output_activation)) {
    output_activation
  } else if (loss$name == "squared_error") {
    "identity"
  } else {
    default_output(loss)
  }
  range <- loss_domains[[loss_table[[loss$name]]$domain]]$range %||%
    outcome_range(counted_values(y, weights), output)
  outputs <- max(ncol(y), outputs_per_outcome(loss))
  offset <- check_offset(offset, nrow(y), outputs, call)
  scales <- column_scales(
    without_offset(y, offset), weights,
    standardize && is_string(output) && output %in% linear_outputs
  )
  names <- if (!is.null(colnames(y))) {
    colnames(y)
  } else if (ncol(y) == 1) {
    label
  } else {
    paste0(label, seq_len(ncol(y)))
  }
  check_scales(scales, names, call)
  values <- if (identical(output, "identity")) few_values(y, weights)
  outcome <- c(
    list(
      kind = if (loss_table[[loss$name]]$counts) "count" else "numeric", levels = NULL,
      names = names, center = unname(scales$center), scale = unname(scales$scale)
    ),
    if (!is.null(range)) list(range = range), if (!is.null(events)) list(events = events)
  )
  if (outcome$kind == "count" && is_fractional(counted_values(y, weights))) {
    outcome$fractional <- TRUE
  }
  if (outputs > ncol(y)) {
    # a standard deviation has no centre
    outcome$center <- rep(outcome$center, outputs) * !(output == "mean_sd" & seq_len(outputs) > 1)
    outcome$scale <- rep(outcome$scale, outputs)
  }
  c(outcome, if (!is.null(values)) list(values = values))
}

# Output activations that are on the scale of the outcome.
linear_outputs <- c("identity", "mean_sd", "increasing")

# The values of a numeric outcome that may be codes of classes: two values, or up to five whole
# numbers with at least five rows each on average. NULL for other outcomes.
few_values <- function(y, weights) {
  if (ncol(y) > 1) {
    return(NULL)
  }
  values <- some_values(with_weight(y, weights), 5)
  rows <- row_count(weights, nrow(y))
  few <- length(values) %in% 2:5 && rows >= 5 * length(values) && all(values == floor(values))
  if (length(values) == 2 && rows > 2 || few) values
}

is_fractional <- function(y) {
  fractional <- function(part) any(part != floor(part))
  if (is_stored(y)) any_part(y, fractional) else fractional(y)
}

# The range of an output activation, if it has limits and all outcomes are within them. For an
# unknown activation, which is an error later, NULL.
outcome_range <- function(y, output) {
  reach <- if (is_string(output)) activation_table[[output]]$reach
  if (!any(is.finite(reach))) {
    return(NULL)
  }
  if (!is.null(dim(y))) y <- unlist(column_ends(y))
  if (all(y >= reach[1] & y <= reach[2])) reach
}

# Names the columns of cbind(y, 1 - y) by their expressions. R names only those that are symbols.
name_outputs <- function(y, expression) {
  parts <- if (is.call(expression) && identical(expression[[1]], quote(cbind))) {
    as.list(expression)[-1]
  }
  parts <- parts[names2(parts) != "deparse.level"]
  if (!is.matrix(y) || length(parts) != ncol(y)) {
    return(y)
  }
  names <- colnames(y) %||% rep("", ncol(y))
  colnames(y) <- ifelse(nzchar(names), names, vapply(parts, deparse1, ""))
  y
}

numeric_outcome <- function(y) {
  if (is_stored(y)) {
    return(y)
  }
  if (is.data.frame(y)) y <- as.matrix(y)
  names <- fill_names(colnames(y))
  matrix(as.double(y), NROW(y), NCOL(y), dimnames = if (!is.null(names)) list(NULL, names))
}

# The outcome as the network learns it: a factor, or a numeric matrix (standardised), with
# `response` on its original scale.
encode_outcome <- function(y, outcome, call) {
  if (is_stored(y) && is.null(outcome$levels) && is.null(outcome$events)) {
    check_outcome_columns(y, outcome, call)
    check_outcome_finite(y, outcome$names[1], call)
    return(list(y = standardize_outcome(y, outcome), response = y))
  }
  y <- outcome_in_memory(y)
  if (is.data.frame(y) && ncol(y) == 1) y <- y[[1]]
  y <- plain_outcome(y)
  if (!is.null(outcome$events) && !is_numbers_by_column(y, outcome$events)) {
    y <- event_numbers(y, outcome$events, call)
  }
  if (!is.null(outcome$levels)) {
    if (!(is.factor(y) || is.character(y) || is.logical(y)) || !is.null(dim(y))) {
      abort_input(c(
        "The outcome {.field {outcome$names}} must be a factor, as in the training data.",
        x = "It is {describe(y)}."
      ), call)
    }
    if (is.factor(y) && identical(attributes(y), attributes(factor_of(outcome))) && !anyNA(y)) {
      return(list(y = y))
    }
    values <- as.character(y)
    unknown <- setdiff(values[!is.na(values)], outcome$levels)
    if (length(unknown) > 0) {
      abort_input(c(
        "The outcome {.field {outcome$names}} must contain only levels of the training data.",
        x = "It has the unseen level{?s} {.val {unknown}}.",
        i = "The training data have {.val {outcome$levels}}."
      ), call)
    }
    return(list(y = factor_of(outcome, values)))
  }
  if (!(is.numeric(y) || is.data.frame(y))) {
    abort_input(c(
      "The outcome {.field {outcome$names}} must be numeric, as in the training data.",
      x = "It is {describe(y)}."
    ), call)
  }
  y <- numeric_outcome(y)
  check_outcome_columns(y, outcome, call)
  check_outcome_finite(y, outcome$names[1], call)
  list(y = standardize_outcome(y, outcome), response = y)
}

factor_of <- function(outcome, values = character()) {
  factor(values, outcome$levels, ordered = isTRUE(outcome$ordered))
}

check_outcome_columns <- function(y, outcome, call) {
  columns <- length(outcome$names)
  if (ncol(y) != columns) {
    abort_input(c(
      "The outcome must have {columns} column{?s}, as in the training data.",
      x = "It has {ncol(y)}."
    ), call)
  }
}

# A loss may have several outputs for a single outcome, with a centre and a scale each.
standardize_outcome <- function(y, outcome) {
  columns <- seq_along(outcome$names)
  center <- outcome$center[columns]
  scale <- outcome$scale[columns]
  if (!is_stored(y)) {
    return(standardize_columns(y, center, scale))
  }
  write_standardized(
    list(raw = y, center = center, scale = scale, constant = integer(), clip = Inf), FALSE
  )
}

# Offsets on the scale of the output layer's weighted sums.
encode_offset <- function(offset, outcome) {
  if (is.null(offset)) {
    return(NULL)
  }
  offset <- as_columns(offset)
  if (all(outcome$scale == 1)) {
    return(offset)
  }
  scaled <- function(rows) part_of(offset, rows) / rep(outcome$scale, each = length(rows))
  if (is_in_file(offset)) {
    write_numbers(store_of(offset), nrow(offset), ncol(offset), scaled)
  } else {
    scaled(seq_len(nrow(offset)))
  }
}

# Transforms outputs of the network (n x k) to the scale of the response.
decode_output <- function(output, encoding) {
  outcome <- encoding$outcome
  if (is.null(outcome) || (all(outcome$center == 0) && all(outcome$scale == 1))) {
    return(output)
  }
  output * rep(outcome$scale, each = nrow(output)) + rep(outcome$center, each = nrow(output))
}

# Converts a one-dimensional array, such as tapply() returns, and a single column of classes to a
# vector. Drops an unused level NA, which addNA() adds.
plain_outcome <- function(y) {
  y <- utf8_values(y)
  if (is.factor(y) && anyNA(levels(y)) && !anyNA(as.character(y))) {
    y <- factor(y, levels(y)[!is.na(levels(y))], ordered = is.ordered(y))
  }
  if (length(dim(y)) != 1 && (is.data.frame(y) || is.numeric(y) || !identical(ncol(y), 1L))) {
    return(y)
  }
  if (!is.factor(y)) {
    return(as.vector(y))
  }
  dim(y) <- NULL
  y
}
