# Reads, encodes and standardises rows of data for the network.

# Data without a formula, as a raw frame. `fit`: the fit that training is resumed from; the data
# must have its columns. `missing`, `dates`: the arguments of the call.
# `ranks`: the processes that train together, of which each has its own rows.
read_columns <- function(X, y, weights, offset, na.action, calibration, label, call, fit = NULL,
                         name = "X", missing = NULL, dates = NULL, ranks = NULL) {
  names <- case_names(X)
  least_rows <- if (is.null(ranks)) 1 else 0
  columns <- fit$encoding$columns
  unseen <- new_levels_record(fit$encoding, weightless_rows(weights))
  X <- if (!is.null(columns)) {
    check_newdata(columns, X, name, call, unseen)
  } else if (is.null(fit) && is.data.frame(X)) {
    utf8_frame(as.data.frame(X))
  } else {
    whole <- blank_inputs(X, weightless_rows(weights))
    unseen$blank <- whole$rows
    check_inputs(whole$X, name, call, least_rows = least_rows)
  }
  dated <- if (is.null(fit) && check_dates(dates, call) == "parts") date_columns(X)
  X <- convert_dates(X, dated)
  if (is.null(fit) && is.data.frame(X)) check_columns(X, name, call)
  to_fill <- if (!is.null(fit)) {
    names(fit$encoding$missing$fill)
  } else if (check_missing(missing, call) == "indicator") {
    fillable_columns(X)
  }
  check_outcome_kind(y, label, call)
  if (!is.null(fit) && is.null(columns)) X <- align_columns(X, fit, name, call)
  rows <- nrow(X)
  if (NROW(y) != rows) {
    abort_input(c(
      "{.arg {name}} and {.arg y} must have the same number of rows.",
      x = "{.arg {name}} has {rows} row{?s}, {.arg y} has {NROW(y)}.",
      i = outcome_hint(y, names(X), label)
    ), call)
  }
  if (is.data.frame(y)) {
    if (ncol(y) == 1) label <- names(y)
    y <- if (ncol(y) == 1) y[[1]] else as.data.frame(y)
  }
  y <- plain_outcome(y)
  label <- derived_text(label)
  check_extras(list(weights = weights, offset = offset), rows, call)
  has_known_class(y, fit$encoding$outcome, unseen)
  all <- if (is.data.frame(X)) X[setdiff(names(X), to_fill)] else no_columns(rows)
  all[["(unseen)"]] <- unseen_mask(unseen, rows)
  all[["(outcome)"]] <- y
  all[["(weights)"]] <- weights
  all[["(offset)"]] <- offset
  kept <- apply_na_action(all, na.action, call, least_rows, name)
  report_new_levels(unseen, rows, name, "they count as missing values")
  X <- take_rows(X, kept$rows)
  y <- take_rows(y, kept$rows)
  weights <- take_rows(weights, kept$rows)
  blank <- which(kept$rows %in% unseen$blank)
  outcome <- blank_outcome(y, weights, fit$encoding$outcome$levels)
  drawn <- if (is.null(ranks)) draw_calibration(calibration, outcome$y, weights, call)
  training <- setdiff(seq_len(nrow(X)), drawn$rows)
  coded <- isTRUE(fit$encoding$coded)
  if (is.null(fit) && is.data.frame(X)) {
    counted <- counted_values(X, weights)
    levels <- if (is.null(ranks)) counted else sample_of_levels(counted, ranks, call)
    coded <- if (is.null(ranks)) {
      is_best_coded(treatment_levels(X), nrow(X))
    } else {
      is_best_coded(treatment_levels(levels), sum_ranks(ranks, nrow(X), "rows"))
    }
    columns <- mark_dates(describe_columns(levels, name, call, coded), dated)
    if (is.null(ranks)) {
      columns <- declare_columns(columns, X, training, weights)
      warn_of_identifiers(X, weights)
    }
    warn_of_outcome_among(counted, counted_values(y, weights), label, ranks)
    if (length(weightless_rows(weights)) > 0) {
      own <- new_levels_record(NULL, weightless_rows(weights))
      X <- check_newdata(columns, X, name, call, own)
      blank <- own$blank
    }
  }
  encoding <- c(
    list(columns = columns)[!is.null(columns)],
    list(replay = list(na.action = na_action_name(na.action))),
    if (coded) list(coded = TRUE)
  )
  encoding$missing <- fit$encoding$missing
  if (is.null(fit) && length(to_fill) > 0) {
    gaps <- describe_missing(X[training, , drop = FALSE], to_fill, weights[training])
    empty <- names(Filter(anyNA, gaps$fill))
    if (length(empty) > 0) {
      abort_input(c(
        "Each column must have values in the rows that are trained on.",
        x = "{cli::qty(empty)}Column{?s} {.field {empty}} {?is/are} always missing."
      ), call)
    }
    # the names of the other inputs, to tell the new ones apart
    inputs <- colnames(encode_columns(columns, X[0, , drop = FALSE]))
    encoding$missing <- mark_labels(gaps, inputs)
  }
  frame <- new_frame(
    X, encode_raw(encoding, X, name, call), encoding, y, label,
    weights = weights, offset = take_rows(offset, kept$rows),
    has_offset_argument = !is.null(offset), na.action = kept$action,
    names = kept_names(names, kept$rows, rows), name = name
  )
  frame <- blank_frame(frame, blank, fit$encoding$outcome$levels)
  frame["calibration"] <- list(drawn)
  if (is.null(ranks)) {
    return(frame)
  }
  check_whole_inputs(frame$encoded$X, name, call)
  share_frame(
    frame, y, ranks, rows, name, call, names, calibration, fit$encoding$outcome$levels
  )
}

# Prepares some rows of a raw frame as a problem. `encoding` includes scales and outcome.
encode_rows <- function(encoding, frame, rows, call) {
  outcome <- encode_outcome(take_rows(frame$y, rows), encoding$outcome, call)
  X <- map_shared(take_rows(frame$encoded$X, rows), function(X) {
    X <- standardize_inputs(X, encoding)
    # what is constant but for rounding is not to be learned from
    if (length(encoding$constant) > 0 && is.matrix(X)) X[, encoding$constant] <- 0
    if (is_coded(X)) {
      X <- map_coded(X, function(x, column) x * !column %in% encoding$constant)
    }
    X
  })
  if (is.data.frame(frame$raw) && !is_stored(local_part(X)) && !is_sparse(local_part(X))) {
    X <- name_rows(X, kept_names(frame$names, rows, nrow(frame$raw)))
  }
  weights <- take_rows(frame$weights, rows)
  offset <- take_rows(add_offsets(frame$encoded$offset, frame$offset), rows)
  new_problem(
    X, outcome$y,
    response = outcome$response, weights = if (length(weights) > 0) weights,
    offset = encode_offset(offset, encoding$outcome), encoding = encoding,
    blank = take_blank(frame$blank, rows)
  )
}

# Held-out data as list(X, y, weights, offset) of matrices. `validation`: for a formula, a data
# frame that contains the outcome; otherwise a list of a data frame X and an outcome y.
# `ranks`: the processes that train together, each of which has its own part.
encode_validation <- function(fit, validation, call, store = NULL, ranks = NULL) {
  encoding <- fit$encoding
  if (is.data.frame(validation) || is_source(validation)) {
    if (is.null(encoding$terms)) {
      abort_argument(c(
        "{.arg validation} must be a fraction of the rows, or a list of {.field X} and {.field y}.",
        x = "You supplied a {if (is_source(validation)) 'source' else 'data frame'}.",
        i = "A data frame or a source requires a training with a formula."
      ), call)
    }
    if (is_source(validation)) check_source(validation, call, "validation")
    frame <- read_again(fit, validation, NULL, NULL, "validation", store, call, ranks)
    check_encoded(frame$encoded$X, fit, "validation", call)
    held <- encode_rows(encoding, frame, seq_len(nrow(frame$raw)), call)
    return(held[c("X", "y", "weights", "offset")])
  }
  check_validation(validation, call)
  unseen <- new_levels_record(encoding, weightless_rows(validation$weights))
  new <- prepare_newdata(fit, validation$X, "validation$X", call, unseen, decode = FALSE)
  rows <- nrow(new$X)
  if (NROW(validation$y) != rows) {
    abort_input(c(
      "{.field X} and {.field y} of {.arg validation} must have the same number of rows.",
      x = "They have {rows} and {NROW(validation$y)} rows."
    ), call)
  }
  held <- list(
    X = new$X, y = plain_outcome(validation$y), weights = validation$weights,
    offset = encode_offset(add_offsets(new$offset, validation$offset), encoding$outcome)
  )
  held[c("X", "y", "weights", "offset")] <- blank_problem(
    held, encoding$outcome$levels
  )[c("X", "y", "weights", "offset")]
  has_known_class(held$y, encoding$outcome, unseen)
  if (length(unseen_rows(unseen)) > 0) {
    check_extras(held[c("weights", "offset")], rows, call)
    report_new_levels(unseen, rows, "validation", "they are excluded")
    held <- lapply(held, take_rows, setdiff(seq_len(rows), unseen_rows(unseen)))
    if (nrow(held$X) == 0 && is.null(ranks)) {
      abort_input(c(
        "{.arg validation} has no rows to use.",
        x = "All rows have levels that the training data do not have."
      ), call)
    }
  }
  check_whole_inputs(held$X, "validation", call)
  held$y <- encode_outcome(held$y, encoding$outcome, call)$y
  if (is.null(ranks)) held else share_held_rows(held, ranks, call)
}

# Checks that encoded data have the inputs of a fit, and no missing values.
check_encoded <- function(X, fit, name, call) {
  if (!is_sparse(local_part(X))) check_same_inputs(X, fit, name, call)
  check_whole_inputs(X, name, call)
}

# The raw frame of a fit's formula for other data, a data frame or a source.
read_again <- function(fit, data, weights, offset, name, store, call, ranks = NULL) {
  if (!is.null(ranks)) {
    return(read_again_together(fit, data, weights, offset, name, store, call, ranks))
  }
  if (is_source(data)) {
    read_source_again(fit, data, weights, offset, name, store, call)
  } else {
    read_formula_again(fit, data, weights, offset, name, call)
  }
}

# The same for processes of which each has some of the rows.
read_again_together <- function(fit, data, weights, offset, name, store, call, ranks) {
  frame <- if (is_source(data)) {
    read_source_again(fit, data, weights, offset, name, store, call, least_rows = 0)
  } else {
    read_formula_again(fit, data, weights, offset, name, call, least_rows = 0)
  }
  check_whole_inputs(frame$encoded$X, name, call)
  share_frame(
    frame, frame$y, ranks, if (is_source(data)) nrow(frame$raw) else nrow(data), name, call,
    if (!is_source(data)) case_names(data),
    levels = fit$encoding$outcome$levels
  )
}

# The data of nn_continue(): list(training, calibration), two problems. The second is NULL if the
# fit has no calibration set.
encode_again <- function(fit, data, y, weights, offset, call, store = NULL, ranks = NULL) {
  frame <- if (is.null(fit$encoding$terms)) {
    check_given(is.null(y), "y", "the outcome of the training data", call)
    read_columns(
      data, y, weights, offset, fit$encoding$replay$na.action, NULL, fit$encoding$outcome$names[1],
      call, fit,
      ranks = ranks
    )
  } else {
    if (!is.null(y)) {
      abort_argument(c(
        paste0(
          "{.arg y} must not be supplied, because the formula of the fit takes the outcome from ",
          "the data frame {.arg X}."
        )
      ), call)
    }
    read_again(fit, data, weights, offset, "X", store, call, ranks)
  }
  check_encoded(frame$encoded$X, fit, "X", call)
  known <- fit$encoding$calibration
  rows <- if (!is.null(known)) {
    draw_calibration(
      known$share, encode_outcome(frame$y, fit$encoding$outcome, call)$y, frame$weights, call,
      known$seed, known$split
    )$rows
  }
  calibration <- if (!is.null(known)) encode_rows(fit$encoding, frame, rows, call)
  if (!is.null(calibration$response)) {
    check_targets_domain(
      calibration$y, fit$settings$loss, fit$settings$output_activation, call,
      weightless_rows(calibration$weights)
    )
  }
  list(
    training = encode_rows(fit$encoding, frame, rows_without(nrow(frame$raw), rows), call),
    calibration = calibration
  )
}

# The rows for which fitted values and residuals are NA under na.exclude: those with missing values
# and the calibration set. `names`: those of the `used` rows.
with_calibration_rows <- function(left_out, name, rows, used, names) {
  if (name != "na.exclude" || length(rows) == 0) {
    return(left_out)
  }
  all <- setdiff(seq_len(used + length(left_out)), left_out)
  excluded <- c(
    stats::setNames(as.vector(left_out), names(left_out) %||% left_out),
    stats::setNames(all[rows], take_rows(names, rows) %||% all[rows])
  )
  structure(sort(excluded), class = "exclude")
}
