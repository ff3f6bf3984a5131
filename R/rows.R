# Rows of data on their way to the network: chosen, checked and encoded, at training, for held-out
# data and when training goes on.

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

check_outcome_kind <- function(y, label, call) {
  if (is.null(y)) {
    abort_input(c(
      "There is no outcome.",
      i = "Give it as {.arg y}, or on the left of a formula."
    ), call)
  }
  if ((is.list(y) && !is.data.frame(y)) || length(dim(y)) > 2) {
    abort_input(c(
      "The outcome {.field {label}} must be numeric, logical, character or a factor.",
      x = "It is {describe(y)}."
    ), call)
  }
}

# An array of one dimension, such as tapply() gives, is a vector, and so is one column of classes.
plain_outcome <- function(y) {
  if (length(dim(y)) != 1 && (is.data.frame(y) || is.numeric(y) || !identical(ncol(y), 1L))) {
    return(y)
  }
  if (!is.factor(y)) {
    return(as.vector(y))
  }
  dim(y) <- NULL
  y
}

# Case weights and offsets, given as arguments: a list by name.
check_extras <- function(extras, rows, call) {
  for (extra in names(extras)) {
    if (!is.null(extras[[extra]]) &&
      (!is_number(extras[[extra]]) || NROW(extras[[extra]]) != rows)) {
      abort_argument(c(
        "{.arg {extra}} must be a number for each of the {rows} row{?s}.",
        x = "It is {describe(extras[[extra]])}.",
        i = if (inherits(extras[[extra]], "integer64")) column_hint(extras[[extra]], extra)
      ), call)
    }
  }
}

# A data frame of rows without columns: what na.action sees of a matrix, which has no missing
# values.
no_columns <- function(rows) as.data.frame(matrix(0, rows, 0))

# The rows that na.action leaves of a data frame: list(rows, action).
apply_na_action <- function(frame, na.action, call, least_rows = 1, name = "X") {
  rows <- nrow(frame)
  if (is.null(na.action)) {
    return(list(rows = seq_len(rows)))
  }
  act <- check_na_action(na.action, call)
  frame$`(row)` <- seq_len(rows)
  kept <- tryCatch(act(frame), error = function(e) abort_refused(e, call))
  if (!is.data.frame(kept) || !"(row)" %in% names(kept)) {
    abort_argument(c(
      "{.arg na.action} must return the data frame that it gets, with fewer rows.",
      x = "It returns {describe(kept)}."
    ), call)
  }
  if (nrow(kept) < least_rows) abort_no_rows(frame, rows, name, call)
  list(rows = kept$`(row)`, action = attr(kept, "na.action"))
}

abort_refused <- function(error, call) {
  abort_input(c(
    "The data have missing values, which {.arg na.action} refuses.",
    x = "{conditionMessage(error)}"
  ), call)
}

# `frame`: the rows before those with missing values went, out of `rows`.
abort_no_rows <- function(frame, rows, name, call) {
  empty <- setdiff(names(Filter(function(x) all(is.na(x)), frame)), "(row)")
  why <- if (rows == 0) {
    "There are none."
  } else if (nrow(frame) == 0) {
    "{.arg subset} takes none of the {rows}."
  } else if (length(empty) > 0) {
    "All have missing values: {.field {empty}} {?has/have} no others."
  } else {
    "All have missing values."
  }
  abort_input(c("No row of {.arg {name}} is left.", x = why), call)
}

# A function, or the name of one; NULL for none.
check_na_action <- function(na.action, call) {
  act <- if (is.character(na.action) && length(na.action) == 1 && !is.na(na.action)) {
    get0(na.action, globalenv(), mode = "function")
  } else {
    na.action
  }
  if (!is.null(na.action) && !is.function(act)) {
    abort_argument(c(
      "{.arg na.action} must be a function such as {.fn na.omit}.",
      x = "It is {describe(na.action)}."
    ), call)
  }
  act
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

add_offsets <- function(a, b) {
  if (is.null(a)) {
    b
  } else if (is.null(b)) {
    a
  } else {
    as.matrix(a)[, rep_len(1, NCOL(b)), drop = FALSE] + b
  }
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

# A sparse matrix was looked at when it was taken.
check_whole_inputs <- function(X, name, call) {
  if (is_sparse(X)) {
    return(invisible())
  }
  check_no_infinite(X, name, call)
  for (j in which(is.na(colSums(X)))) {
    if (anyNA(X[, j])) {
      abort_input(c(
        "The inputs must not be missing.",
        x = paste0(
          "Column {.field {colnames(X)[j]}} of {.arg {name}} is missing in row ",
          "{which(is.na(X[, j]))[1]}."
        ),
        i = "Let {.arg na.action} drop such rows, or fill them in."
      ), call)
    }
  }
}
