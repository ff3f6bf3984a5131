# Encodes raw columns as the network's numeric input matrix, in the same way for training data and
# new data. A fit's `encoding` stores what is needed: `columns`, the types and levels of the raw
# columns by name (NULL for a sparse matrix); for a formula also `terms`, `xlevels` and `contrasts`;
# `center` and `scale` of each column of the matrix; `coded`, TRUE if the matrix is a coded one.

# The numeric matrix before scaling: list(X), for a formula also its offset. `rows`: those to
# encode, NULL for all.
encode_raw <- function(encoding, raw, name, call, unseen = NULL, rows = NULL) {
  filled <- fill_columns(raw, encoding$missing$fill)
  encoded <- if (!is.null(encoding$terms)) {
    encode_terms(encoding, filled, name, call, rows, unseen)
  } else if (!is.null(encoding$columns)) {
    coded <- isTRUE(encoding$coded)
    # not known before the columns are scaled
    inputs <- length(encoding$center)
    if (inputs == 0 || may_lack_memory(32 * nrow(raw) * inputs)) {
      check_columns_memory(encoding$columns, nrow(raw), name, call, known = TRUE, coded = coded)
    }
    list(X = encode_columns(encoding$columns, filled, coded))
  } else {
    list(X = raw)
  }
  add_marks(encoded, raw, encoding$missing, rows)
}

# Encodes the variables of a formula: list(X, offset, contrasts). As in lm(), the formula is
# evaluated on all rows of `data` before `rows` are selected (NULL for all), because a term may use
# other rows. Contrasts depend on the order of the levels, so levels are first put into the order of
# the training data.
encode_terms <- function(encoding, data, name, call, rows = NULL, unseen = NULL) {
  plain <- encode_plain(
    encoding$terms, data, rows, encoding$xlevels, encoding$contrasts, name, call, unseen,
    encoding$declared, isTRUE(encoding$coded)
  )
  if (!is.null(plain)) {
    return(plain)
  }
  terms <- stats::delete.response(whole_terms(encoding$terms))
  frame <- in_formula(evaluate_terms(terms, data, rows), call, name)
  for (variable in names(frame)[attr(terms, "offset")]) {
    if (!is_number(frame[[variable]])) {
      abort_input(c(
        "The offset {.code {variable}} must be numeric.",
        x = "It is {describe(frame[[variable]])}.",
        i = column_hint(
          frame[[variable]], sub("^offset\\((.*)\\)$", "\\1", variable),
          input = FALSE
        )
      ), call)
    }
  }
  X <- terms_matrix(encoding, terms, frame, name, call, unseen)
  coding <- attr(X, "contrasts")
  X <- X[, colnames(X) != "(Intercept)", drop = FALSE]
  if (is.list(coding)) names(coding) <- derived_text(names(coding))
  dimnames(X) <- list(NULL, derived_text(colnames(X)))
  list(X = X, offset = stats::model.offset(frame), contrasts = coding)
}

# The model matrix of terms without an outcome, with its intercept. `frame`: their variables, in
# this order.
terms_matrix <- function(encoding, terms, frame, name, call, unseen = NULL) {
  at <- match_names(names(encoding$xlevels), names(frame))
  declared <- encoding$declared
  apart <- list()
  for (i in seq_along(at)) {
    variable <- at[i]
    levels <- encoding$xlevels[[i]]
    further <- declared[[names(encoding$xlevels)[i]]]
    values <- known_values(
      as_utf8(as.character(frame[[variable]])), levels, names(encoding$xlevels)[i], name, call,
      unseen, further
    )
    if (length(levels) > 1) {
      apart[[names(frame)[variable]]] <- rows_apart <- which(values %in% further$levels)
      values[rows_apart] <- levels[1]
    }
    # a factor of one level has no contrasts: it is encoded as a constant
    frame[[variable]] <- if (length(levels) < 2) {
      ifelse(is.na(values), NA, 0)
    } else {
      recode_levels(frame[[variable]], values, levels)
    }
  }
  check_terms_memory(terms, frame, encoding$xlevels, name, call)
  contrasts <- encoding$contrasts
  if (is.list(contrasts)) names(contrasts) <- known_names(names(contrasts), names(frame))
  X <- in_formula(stats::model.matrix(terms, frame, contrasts.arg = contrasts), call, name)
  if (!is.null(declared)) names(declared) <- known_names(names(declared), names(frame))
  code_declared_rows(X, terms, frame, attr(X, "contrasts"), declared, apart)
}

# The model frame. If `rows` are selected, the formula has been evaluated before, with the same
# warnings.
evaluate_terms <- function(terms, data, rows) {
  if (is.null(rows)) {
    return(stats::model.frame(terms, data, na.action = stats::na.pass))
  }
  suppressWarnings(do.call(
    stats::model.frame, list(terms, data, na.action = stats::na.pass, subset = rows)
  ))
}

# A factor with unchanged levels keeps its own contrasts.
recode_levels <- function(x, values, levels) {
  if (is.factor(x) && identical(levels(x), levels)) {
    return(x)
  }
  factor(values, levels, exclude = NULL, ordered = is.ordered(x))
}

# `before`: the number of rows in the blocks before these.
check_no_infinite <- function(X, name, call, before = 0) {
  if (is_coded(X)) X <- coded_numbers(X)
  if (is.finite(sum(X))) {
    return(invisible())
  }
  at <- which(is.infinite(colSums(abs(X), na.rm = TRUE)))
  if (length(at) == 0) {
    return(invisible())
  }
  for (j in at) {
    row <- which(is.infinite(X[, j]))
    if (length(row) > 0) {
      abort_input(c(
        "{.arg {name}} must contain only finite numbers.",
        x = "Column {.field {colnames(X)[j]}} is {X[row[1], j]} in row {before + row[1]}.",
        i = "Remove such rows, or impute their values, before the call."
      ), call, row = before + row[1])
    }
  }
}

# Sparse matrices have already been checked by check_inputs(), stored rows when they were written,
# and shared matrices in each process.
check_whole_inputs <- function(X, name, call, before = 0) {
  if (is_shared(X) || is_sparse(X) || is_stored(X)) {
    return(invisible())
  }
  check_no_infinite(X, name, call, before)
  if (is_coded(X)) {
    missing <- which(has_missing(X))
    if (length(missing) == 0) {
      return(invisible())
    }
    X <- as.matrix(X[missing[1], ])
    before <- before + missing[1] - 1
  }
  for (j in which(is.na(colSums(X)))) {
    if (anyNA(X[, j])) {
      row <- before + which(is.na(X[, j]))[1]
      abort_input(c(
        "The inputs must not have missing values.",
        x = "Column {.field {colnames(X)[j]}} of {.arg {name}} is missing in row {row}.",
        i = "Drop such rows with {.arg na.action}, or impute their values."
      ), call, row = row)
    }
  }
}
