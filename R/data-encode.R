# Raw columns to the numeric matrix that the network sees, once at training and the same way for
# new data. A fit's `encoding` holds what that needs: `columns`, the raw columns by name (type,
# levels), none for a sparse matrix; for a formula also `terms`, `xlevels` and `contrasts`;
# `center` and `scale` for each column of the matrix.

# The numeric matrix of what was read, before it is scaled: list(X), for a formula also its offset.
encode_raw <- function(encoding, raw, name, call) {
  if (!is.null(encoding$terms)) {
    encode_terms(encoding, raw, name, call)
  } else {
    list(X = if (is.null(encoding$columns)) raw else encode_columns(encoding$columns, raw))
  }
}

# The same for the columns behind a formula: list(X, offset, contrasts). Contrasts belong to levels,
# so levels are put into the training's order first.
encode_terms <- function(encoding, data, name, call) {
  terms <- stats::delete.response(encoding$terms)
  evaluated <- function(expression) {
    tryCatch(expression, error = function(e) {
      abort_input(c(
        "The formula cannot be evaluated for {.arg {name}}.",
        x = "{conditionMessage(e)}"
      ), call)
    })
  }
  frame <- evaluated(stats::model.frame(terms, data, na.action = stats::na.pass))
  for (variable in names(frame)[attr(terms, "offset")]) {
    if (!is_number(frame[[variable]])) {
      abort_input(c(
        "The offset {.code {variable}} must be numeric.",
        x = "It is {describe(frame[[variable]])}.",
        i = column_hint(frame[[variable]], sub("^offset\\((.*)\\)$", "\\1", variable))
      ), call)
    }
  }
  for (variable in names(encoding$xlevels)) {
    levels <- encoding$xlevels[[variable]]
    values <- as.character(frame[[variable]])
    check_known_levels(values, levels, variable, name, call)
    # A factor of one level has no contrasts; it is a constant.
    frame[[variable]] <- if (length(levels) < 2) {
      ifelse(is.na(values), NA, 0)
    } else {
      recode_levels(frame[[variable]], values, levels)
    }
  }
  X <- evaluated(stats::model.matrix(terms, frame, contrasts.arg = encoding$contrasts))
  coding <- attr(X, "contrasts")
  X <- X[, colnames(X) != "(Intercept)", drop = FALSE]
  dimnames(X) <- list(NULL, colnames(X))
  list(X = X, offset = stats::model.offset(frame), contrasts = coding)
}

# A factor keeps its own contrasts where its levels stay.
recode_levels <- function(x, values, levels) {
  if (is.factor(x) && identical(levels(x), levels)) {
    return(x)
  }
  factor(values, levels, exclude = NULL, ordered = is.ordered(x))
}

check_no_infinite <- function(X, name, call) {
  at <- which(is.infinite(colSums(abs(X), na.rm = TRUE)))
  if (length(at) == 0) {
    return(invisible())
  }
  for (j in at) {
    row <- which(is.infinite(X[, j]))
    if (length(row) > 0) {
      abort_input(c(
        "{.arg {name}} must hold finite numbers.",
        x = "Column {.field {colnames(X)[j]}} is {X[row[1], j]} in row {row[1]}.",
        i = "Drop such rows, or fill them in, before the call."
      ), call)
    }
  }
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
