# Matches new data to the training data of a fit by column name, checks types, and encodes them in
# the same way.

# New data as the network's inputs: list(X, offset). X is the standardised matrix with the columns
# fit$inputs, and offset that of the formula. Rows with missing values contain NA. With `decode`,
# X is not a coded matrix.
prepare_newdata <- function(fit, newdata, name, call, unseen = NULL, decode = TRUE) {
  encoding <- fit$encoding
  if (is.null(encoding$columns)) {
    newdata <- blank_inputs(newdata, unseen$weightless)$X
    X <- align_columns(check_inputs(newdata, name, call, least_rows = 0), fit, name, call)
    return(list(X = standardize_columns(X, encoding$center, encoding$scale)))
  }
  raw <- check_newdata(encoding$columns, newdata, name, call, unseen)
  encoded <- encode_new(fit, raw, name, call, unseen)
  encoded$X <- named_as_inputs(encoded$X, fit)
  check_same_inputs(encoded$X, fit, name, call)
  encoded$X <- blank_inputs(encoded$X, unseen$weightless)$X
  check_no_infinite(encoded$X, name, call)
  X <- standardize_inputs(encoded$X, encoding)
  # a missing value may itself be a level
  if (length(unseen$found) > 0) X <- set_rows(X, unseen_rows(unseen), NA)
  rownames(X) <- case_names(newdata)
  list(X = if (decode) decoded(X) else X, offset = encoded$offset)
}

# Functions in a formula may fail if all rows are missing, as splines::ns() does, or return another
# type, as ifelse() does. In these cases the complete rows are encoded, and the others are NA.
encode_new <- function(fit, raw, name, call, unseen = NULL) {
  missing <- function() {
    inputs <- n_inputs(fit$layers)
    list(X = matrix(NA_real_, nrow(raw), inputs, dimnames = list(NULL, fit$inputs)))
  }
  # terms of coded data are columns, whose encoding never fails
  if (nrow(raw) == 0 && !isTRUE(fit$encoding$coded)) {
    return(missing())
  }
  encoded <- until_error(
    encode_raw(fit$encoding, raw, name, call, unseen),
    function(e) inherits(e, "backprop_error_input")
  )
  failed <- inherits(encoded, "error")
  if (!failed && same_names(colnames(encoded$X), fit$inputs)) {
    return(encoded)
  }
  whole <- !Reduce(
    `|`, lapply(raw, function(x) if (is.null(dim(x))) is.na(x) else rowSums(is.na(x)) > 0)
  )
  if (all(whole)) {
    return(if (failed) cnd_signal(encoded) else encoded)
  }
  if (!any(whole)) {
    return(missing())
  }
  of_part <- if (!is.null(unseen)) {
    new_levels_record(fit$encoding, which(which(whole) %in% unseen$weightless))
  }
  part <- encode_raw(fit$encoding, raw[whole, , drop = FALSE], name, call, of_part)
  if (!is.null(unseen)) add_unseen(unseen, of_part, which(whole))
  all_rows <- function(values) replace(rep(NA_real_, nrow(raw)), whole, values)
  list(
    X = `colnames<-`(apply(decoded(part$X), 2, all_rows), colnames(part$X)),
    offset = if (!is.null(part$offset)) all_rows(part$offset)
  )
}

# The columns of a matrix under the names of a fit's inputs, if they are the same names in another
# locale.
named_as_inputs <- function(X, fit) {
  if (!identical(colnames(X), fit$inputs) && same_names(colnames(X), fit$inputs)) {
    colnames(X) <- fit$inputs
  }
  X
}

check_same_inputs <- function(X, fit, name, call) {
  if (!identical(colnames(X), fit$inputs)) {
    abort_input(c(
      "{.arg {name}} must have the same inputs as the training data.",
      x = "It has {.field {colnames(X)}}.",
      i = "The training data have {.field {fit$inputs}}."
    ), call)
  }
}

# The raw columns of new data that the fit needs, with the types of the training data.
check_newdata <- function(columns, newdata, name, call, unseen = NULL) {
  if (!is.data.frame(newdata)) {
    abort_input(c(
      "{.arg {name}} must be a data frame, like the training data.",
      x = "You supplied {describe(newdata)}.",
      i = if (is.matrix(newdata) || is_columns(newdata)) {
        "Use {.code as.data.frame({name})}."
      } else if (length(columns) == 1 && is.atomic(newdata) && is.null(dim(newdata))) {
        "Use {.code data.frame({names(columns)} = {name})}."
      } else if (is.function(newdata)) {
        function_for_data_hint
      }
    ), call)
  }
  if (!identical(class(newdata), "data.frame")) newdata <- as.data.frame(newdata)
  newdata <- utf8_names(newdata)
  absent <- names(columns)[!names(columns) %in% names(newdata)]
  if (length(absent) > 0) {
    abort_input(c("{.arg {name}} must have the columns of the training data.",
      x = "{cli::qty(length(absent))}Column{?s} {.field {absent}} {?is/are} missing.",
      if (length(absent) == 1) nearest_name(absent, setdiff(names(newdata), names(columns)))
    ), call)
  }
  twice <- if (anyDuplicated(names(newdata))) {
    intersect(names(columns), names(newdata)[duplicated(names(newdata))])
  }
  if (length(twice) > 0) {
    abort_input(c(
      "Columns are matched by name, so the column names of {.arg {name}} must be unique.",
      x = "{.field {twice}} {?occurs/occur} more than once."
    ), call)
  }
  raw <- .subset(newdata, names(columns))
  for (i in seq_along(raw)) {
    x <- raw[[i]]
    kind <- columns[[i]]
    # most columns: numbers, and factors with the levels of the training data
    usual <- if (identical(kind$type, "numeric")) {
      is.numeric(x) && is.null(attributes(x)) && is.null(kind$width)
    } else {
      identical(kind$type, "factor") && is.null(kind$declared) && !isTRUE(kind$ordered) &&
        identical(attributes(x), list(levels = kind$levels, class = "factor")) &&
        !anyNA(kind$levels)
    }
    if (usual) next
    raw[[i]] <- check_column(x, kind, names(columns)[i], name, call, unseen)
  }
  attr(raw, "row.names") <- attr(newdata, "row.names")
  class(raw) <- "data.frame"
  raw
}

# How to convert a column of numbers stored as text or as levels.
text_column_hint <- function(x, column, name) {
  text <- if (is.factor(x)) levels(x) else x
  numbers <- is.character(text) && any(!is.na(text)) &&
    !anyNA(suppressWarnings(as.double(text[!is.na(text)])))
  if (!numbers) {
    return(NULL)
  }
  place <- paste0(name, "[[", encodeString(column, quote = "\""), "]]")
  paste0(
    "Convert it: {.code ",
    literal(paste0(
      place, " <- as.numeric(",
      if (is.factor(x)) paste0("as.character(", place, ")") else place, ")"
    )), "}."
  )
}

check_column <- function(x, kind, column, name, call, unseen = NULL) {
  if (!is.null(kind$dates) && is_date(x)) x <- date_parts(x, hours = kind$width == 5)
  x <- utf8_values(x)
  text <- kind$type %in% c("factor", "character")
  if (is.logical(x) && all(is.na(x)) && is.null(dim(x)) && is.null(kind$width)) {
    return(switch(kind$type,
      numeric = as.double(x),
      logical = x,
      other = x,
      factor = factor(rep(NA, length(x)), kind$levels, exclude = NULL),
      as.character(x)
    ))
  }
  found <- if (is.factor(x)) {
    "factor"
  } else if (is.character(x)) {
    "character"
  } else if (is.logical(x)) {
    "logical"
  } else if (is_number(x)) {
    "numeric"
  } else {
    "other"
  }
  fits <- if (kind$type == "other") {
    inherits(x, kind$class)
  } else if (text) {
    found %in% c("factor", "character")
  } else {
    found == kind$type
  }
  if (!fits) {
    abort_input(c(
      paste0(
        "Column {.field {column}} of {.arg {name}} must be {kind_words(kind)}, ",
        "as in the training data."
      ),
      x = "It is {describe(x)}.",
      i = if (inherits(x, "integer64")) {
        column_hint(x, column)
      } else if (kind$type == "numeric") {
        text_column_hint(x, column, name)
      }
    ), call)
  }
  # a vector and a matrix of one column are the same column
  if (kind$type == "numeric" && identical(kind$width, 1L) && !is.matrix(x)) {
    x <- matrix(x, ncol = 1, dimnames = list(NULL, kind$names))
  }
  if (kind$type == "numeric" && is.null(kind$width) && identical(ncol(x), 1L)) x <- as.vector(x)
  if (kind$type == "numeric" && !identical(if (is.matrix(x)) ncol(x), kind$width)) {
    abort_input(c(
      paste0(
        "Column {.field {column}} of {.arg {name}} must be {kind_words(kind)}, ",
        "as in the training data."
      ),
      x = "It is {describe(x)}."
    ), call)
  }
  if (!text || is.null(kind$levels)) {
    return(x)
  }
  values <- known_values(
    as.character(x), kind$levels, column, name, call, unseen, kind$declared
  )
  if (kind$type == "factor") {
    factor(values, c(kind$levels, kind$declared$levels), exclude = NULL, ordered = kind$ordered)
  } else {
    values
  }
}

kind_words <- function(kind) {
  switch(kind$type,
    numeric = if (is.null(kind$width)) {
      "numeric"
    } else {
      paste("a numeric matrix of", kind$width, "columns")
    },
    logical = "logical",
    other = paste0("of class ", kind$class[1]),
    "a factor or character"
  )
}

# The columns of a matrix, in the order of the training data.
align_columns <- function(X, fit, name, call) {
  expected <- n_inputs(fit$layers)
  if (!is.null(fit$inputs) && !is.null(colnames(X)) && !identical(colnames(X), fit$inputs)) {
    by_name <- identifies(fit$inputs)
    absent <- if (by_name) setdiff(fit$inputs, colnames(X))
    if (length(absent) > 0) {
      abort_input(c(
        "{.arg {name}} must have the columns of the training data.",
        x = "{cli::qty(length(absent))}Column{?s} {.field {absent}} {?is/are} missing."
      ), call)
    }
    twice <- unique(colnames(X)[duplicated(colnames(X)) & colnames(X) %in% fit$inputs])
    if (length(twice) > 0) {
      abort_input(c(
        "Columns are matched by name, so the column names of {.arg {name}} must be unique.",
        x = "{.field {twice}} {?occurs/occur} more than once."
      ), call)
    }
    if (by_name) {
      return(map_shared(X, function(X) X[, fit$inputs, drop = FALSE]))
    }
  }
  if (ncol(X) != expected) {
    abort_input(c(
      "{.arg {name}} must have {expected} column{?s}, like the training data.",
      x = "It has {ncol(X)}."
    ), call)
  }
  X
}
