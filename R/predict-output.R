# The outputs of a fit, in the form requested.

# The outputs of the network for all rows, as core_forward() returns them; `all` is FALSE for rows
# that are spread over processes.
forward_rows <- function(layers, weights, X, offset, all, single) {
  offset <- numbers_in_memory(offset)
  if (!is_shared(X)) {
    return(core_forward(layers, weights, X, offset, all, single))
  }
  own <- core_forward(layers, weights, X$local, take_rows(offset, own_rows(X)), FALSE, single)
  list(output = do.call(rbind, each_rank(X$ranks, own$output, "outputs")))
}

# The outputs (n x k) of the network for encoded rows. `rows`: their numbers, for messages.
network_output <- function(fit, X, offset, rows = seq_len(nrow(X))) {
  weights <- flatten_network(fit[parameter_names(fit$layers)])
  output <- forward_rows(
    fit$layers, weights, X, offset, FALSE, fit$settings$precision == "single"
  )$output
  if (anyNA(output)) {
    single <- fit$settings$precision == "single"
    abort_input(c(
      paste0(
        "The inputs must be within the range of {if (single) 'single' else 'double'} precision, ",
        "up to {if (single) '3.4e38' else '1.8e308'}."
      ),
      x = "Row {rows[which(rowSums(is.na(output)) > 0)[1]]} exceeds it."
    ), NULL)
  }
  output
}

# Warns of infinite predictions of finite inputs: a sum or an exponential exceeds all numbers.
warn_of_overflow <- function(output) {
  at <- which(is.infinite(output))
  if (length(at) > 0) {
    rows <- sort(unique(row(output)[at]))
    cli::cli_warn(c(
      "{length(rows)} prediction{?s} {?is/are} infinite: beyond 1.8e308 there are no numbers.",
      x = "The first is in row {rows[1]}.",
      i = "Check that the new data have the units of the training data."
    ), class = "backprop_warning_overflow", call = NULL)
  }
}

# Warns of inputs that are so far from the training data that no training value can be there: n
# values are within sqrt(n) standard deviations of their mean. The floor of 1000 keeps ordinary
# extrapolation quiet. X is standardised.
warn_of_distance <- function(fit, X) {
  limit <- max(1000, sqrt(fit$n))
  coded <- if (is_coded(X)) unclass(X)
  values <- if (is_sparse(X)) {
    X@x
  } else if (is_coded(X)) {
    c(coded$numbers, coded$on, coded$common)
  } else {
    X
  }
  if (!any(max(values, 0, na.rm = TRUE) > limit, min(values, 0, na.rm = TRUE) < -limit)) {
    return(invisible())
  }
  encoding <- fit$encoding
  scaled <- which(encoding$center != 0 | encoding$scale != 1)
  # of coded columns only those with such a value
  if (is_coded(X)) {
    extreme <- which(pmax(abs(coded$on), abs(coded$common)) > limit)
    scaled <- intersect(scaled, c(coded$columns, extreme))
  }
  far <- Filter(function(at) at$rows > 0, lapply(setdiff(scaled, encoding$constant), function(j) {
    x <- if (is_sparse(X)) {
      X@x[X@p[j] + seq_len(X@p[j + 1] - X@p[j])]
    } else if (is_coded(X)) {
      coded_column(X, j)
    } else {
      X[, j]
    }
    beyond <- which(abs(x) > limit)
    list(column = j, rows = length(beyond), distance = max(abs(x[beyond]), 0))
  }))
  if (length(far) == 0) {
    return(invisible())
  }
  names <- fit$inputs %||% paste0("x", seq_len(n_inputs(fit$layers)))
  narrow <- nearly_constant(encoding)
  lines <- vapply(utils::head(far, 5), function(at) {
    distance <- format(signif(at$distance, 2), big.mark = ",")
    paste0(
      literal(names[at$column]), ": ", distance, " standard deviations in ",
      counted(at$rows, "row"), if (at$column %in% narrow) ", and almost constant in training"
    )
  }, "")
  cli::cli_warn(c(
    paste0(
      "New values are more than {format(limit, digits = 4)} standard deviations from the mean of ",
      "the training data, so their predictions are not reliable."
    ),
    stats::setNames(lines, rep("x", length(lines))),
    if (length(far) > 5) c(x = "And {length(far) - 5} more columns."),
    i = "Check that the new data have the units of the training data.",
    if (length(narrow) > 0) c(i = "See {.fn nn_doctor} for columns that are almost constant.")
  ), class = "backprop_warning_extrapolation", call = NULL)
}

# Converts outputs (n x k) to the type requested. `threshold`: see check_threshold().
as_type <- function(output, type, fit, threshold = NULL) {
  if (type %in% c("response", "link")) {
    return(bare(output))
  }
  if (!is.null(fit$encoding$outcome$events)) {
    return(if (type == "prob") output else event_classes(output, fit))
  }
  levels <- fit$levels
  prob <- class_outputs(output, fit)
  if (length(levels) == 2) prob <- cbind(1 - output, output)
  dimnames(prob) <- list(rownames(output), levels)
  if (type == "prob") {
    return(prob)
  }
  # as factor() makes it, which compares the levels as text
  classes <- class_numbers(prob, threshold)
  names(classes) <- rownames(output)
  levels(classes) <- levels
  class(classes) <- c(if (isTRUE(fit$ordered)) "ordered", "factor")
  classes
}

# Whether each of several outcomes is predicted to be yes: a data frame of truth values and factors.
event_classes <- function(output, fit) {
  events <- fit$encoding$outcome$events
  columns <- lapply(seq_along(events), function(k) {
    yes <- unname(output[, k]) > 0.5
    levels <- events[[k]]
    if (identical(levels, c("FALSE", "TRUE"))) yes else factor(levels[yes + 1], levels)
  })
  names <- rownames(output)
  structure(
    stats::setNames(columns, names(events)),
    class = "data.frame", row.names = if (is.null(names)) .set_row_names(nrow(output)) else names
  )
}

# The number of the class that is predicted for each row of probabilities: the most probable one,
# or with a threshold the second of two if its probability is above it.
class_numbers <- function(prob, threshold = NULL) {
  if (is.null(threshold)) core_largest_column(prob) else 1L + (prob[, 2] > threshold$at)
}

# A threshold: list(at, costs), or NULL for the most probable class. It may be given as the costs of
# the two errors: the expected cost of the second class is (1 - p) * false_positive, that of the
# first one p * false_negative.
check_threshold <- function(threshold, levels, call) {
  if (is.null(threshold)) {
    return(NULL)
  }
  if (length(levels) != 2 || is.list(levels)) {
    abort_argument(c(
      "{.arg threshold} requires an outcome of two classes.",
      x = if (is.null(levels)) {
        "The outcome is numeric."
      } else if (is.list(levels)) {
        "There are {length(levels)} outcomes."
      } else {
        "The outcome has {length(levels)}."
      }
    ), call)
  }
  errors <- c("false_positive", "false_negative")
  of_costs <- is_number(threshold) && length(threshold) == 2 && setequal(names(threshold), errors)
  if (of_costs && all(is.finite(threshold) & threshold >= 0) && sum(threshold) > 0) {
    costs <- threshold[errors]
    return(list(at = costs[["false_positive"]] / sum(costs), costs = costs))
  }
  inside <- is_number(threshold) && length(threshold) == 1 && is.null(names(threshold)) &&
    is_true(threshold >= 0 && threshold <= 1)
  if (!inside) {
    abort_argument(c(
      paste0(
        "{.arg threshold} must be a probability between 0 and 1, or the costs of both errors, ",
        "numbers of at least 0."
      ),
      x = "You supplied {describe(threshold)}.",
      i = "Use {.code threshold = c(false_positive = 1, false_negative = 5)} for costs."
    ), call)
  }
  list(at = as.double(threshold), costs = NULL)
}
