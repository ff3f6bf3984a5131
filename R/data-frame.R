# Rows of data on their way to the network: read, encoded and standardised.

# What all kinds of input come to: a `frame` of list(encoding, raw, y, label, weights, offset,
# calibration, na.action, names), its rows those that are used. `raw` is a data frame, or the matrix
# where the input is sparse.

# `fit`: the one that goes on, whose columns these must be.
read_columns <- function(X, y, weights, offset, na.action, calibration, label, call, fit = NULL,
                         name = "X") {
  names <- case_names(X)
  columns <- fit$encoding$columns
  X <- if (!is.null(columns)) {
    check_newdata(columns, X, name, call)
  } else if (is.null(fit) && is.data.frame(X)) {
    as.data.frame(X)
  } else {
    check_inputs(X, name, call)
  }
  if (is.null(fit) && is.data.frame(X)) check_columns(X, name, call)
  check_outcome_kind(y, label, call)
  if (!is.null(fit) && is.null(columns)) X <- align_columns(X, fit, name, call)
  rows <- nrow(X)
  if (NROW(y) != rows) {
    abort_input(c(
      "{.arg {name}} and {.arg y} must have the same number of rows.",
      x = "{.arg {name}} has {rows}, {.arg y} has {NROW(y)}."
    ), call)
  }
  if (is.data.frame(y)) {
    if (ncol(y) == 1) label <- names(y)
    y <- if (ncol(y) == 1) y[[1]] else as.data.frame(y)
  }
  y <- plain_outcome(y)
  check_extras(list(weights = weights, offset = offset), rows, call)
  all <- if (is.data.frame(X)) X else no_columns(rows)
  all[["(outcome)"]] <- y
  all[["(weights)"]] <- weights
  all[["(offset)"]] <- offset
  kept <- apply_na_action(all, na.action, call, name = name)
  at <- function(x) if (is.null(dim(x))) x[kept$rows] else x[kept$rows, , drop = FALSE]
  X <- at(X)
  y <- at(y)
  if (is.null(fit) && is.data.frame(X)) columns <- describe_columns(X, name, call)
  list(
    encoding = c(list(columns = columns)[!is.null(columns)], list(replay = list(
      na.action = na_action_name(na.action)
    ))),
    raw = X, y = y, label = label, weights = at(weights), offset = at(offset),
    has_offset_argument = !is.null(offset), calibration = draw_calibration(calibration, y, call),
    na.action = kept$action, names = at(names), name = name
  )
}

# The rows of a frame as the network takes them: list(X, y, response, weights, offset).
encode_rows <- function(encoding, encoded, frame, rows, call) {
  at <- function(x) if (is.null(dim(x))) x[rows] else x[rows, , drop = FALSE]
  outcome <- encode_outcome(at(frame$y), encoding$outcome, call)
  X <- standardize_columns(at(encoded$X), encoding$center, encoding$scale)
  if (is.data.frame(frame$raw)) rownames(X) <- at(frame$names)
  weights <- at(frame$weights)
  offset <- encode_offset(at(add_offsets(encoded$offset, frame$offset)), encoding$outcome)
  list(
    X = X, y = outcome$y, response = outcome$response, weights = if (length(weights) > 0) weights,
    offset = offset
  )
}

# Held-out data as matrices: for a formula a data frame with the outcome, else a list of X, a data
# frame, and y.
encode_validation <- function(fit, validation, call) {
  if (is.data.frame(validation)) {
    if (is.null(fit$encoding$terms)) {
      abort_argument(c(
        "{.arg validation} must be a share, or a list of {.field X} and {.field y}.",
        x = "It is a data frame."
      ), call)
    }
    frame <- read_formula_again(fit, validation, NULL, NULL, "validation", call)
  } else {
    check_validation(validation, call)
    frame <- list(y = validation$y, weights = validation$weights, offset = validation$offset)
    validation <- validation$X
  }
  raw <- if (is.null(frame$raw)) validation else frame$raw
  prepared <- prepare_newdata(
    fit, raw, if (is.null(frame$raw)) "validation$X" else "validation", call
  )
  check_whole_inputs(prepared$X, "validation", call)
  if (NROW(frame$y) != nrow(prepared$X)) {
    abort_input(c(
      "The {.field X} and {.field y} of {.arg validation} must have the same number of rows.",
      x = "They have {nrow(prepared$X)} and {NROW(frame$y)}."
    ), call)
  }
  offset <- encode_offset(add_offsets(prepared$offset, frame$offset), fit$encoding$outcome)
  list(
    X = prepared$X, y = encode_outcome(frame$y, fit$encoding$outcome, call)$y,
    weights = frame$weights, offset = offset
  )
}

# The data of nn_continue() as the matrices that the training had, with what calibrates the longer
# fit.
encode_again <- function(fit, data, y, weights, offset, validation, call) {
  frame <- if (is.null(fit$encoding$terms)) {
    check_given(is.null(y), "y", "the outcome that the fit was made with", call)
    read_columns(
      data, y, weights, offset, fit$encoding$replay$na.action, NULL, fit$encoding$outcome$names[1],
      call, fit
    )
  } else {
    if (!is.null(y)) {
      abort_argument(c(
        paste0(
          "The formula of the fit takes the outcome from the data frame {.arg X}, ",
          "so {.arg y} is not given."
        )
      ), call)
    }
    read_formula_again(fit, data, weights, offset, "X", call)
  }
  encoded <- encode_raw(fit$encoding, frame$raw, "X", call)
  if (!is_sparse(encoded$X)) check_same_inputs(encoded$X, fit, "X", call)
  check_whole_inputs(encoded$X, "X", call)
  known <- fit$encoding$calibration
  rows <- if (!is.null(known)) {
    draw_calibration(
      known$share, encode_outcome(frame$y, fit$encoding$outcome, call)$y, call, known$seed
    )$rows
  }
  prepared <- encode_rows(
    fit$encoding, encoded, frame, setdiff(seq_len(nrow(frame$raw)), rows), call
  )
  prepared$validation <- if (!is.null(validation)) encode_validation(fit, validation, call)
  prepared$calibrate <- function(fit) {
    if (is.null(known)) fit else calibrate(fit, encoded, frame, rows, call)
  }
  prepared
}

# What na.exclude fills in with NA when values of the training rows are put beside the data: the
# rows with missing values, and those that calibrate.
with_calibration_rows <- function(left_out, name, rows, used) {
  if (name != "na.exclude" || length(rows) == 0) {
    return(left_out)
  }
  all <- setdiff(seq_len(used + length(left_out)), left_out)
  structure(sort(c(as.vector(left_out), all[rows])), class = "exclude")
}
