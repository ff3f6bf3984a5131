# Levels that a factor declares but that no row has which is trained on, such as those of
# step_unknown() of recipes, or a rare level in a fold of a cross-validation. A row with one is
# encoded as the mean of the rows that are trained on: its columns are the mean of the codes of the
# levels, each weighted by its proportion of these rows.

# list(levels, shares) for a factor whose known levels are `levels`: its further levels, and the
# proportion of the rows `training` with each known level. NULL if it has no further levels.
# `weights`: those of all rows, or NULL.
declared_levels <- function(x, levels, training, weights) {
  if (!is.factor(x) || length(levels) == 0) {
    return(NULL)
  }
  further <- as_utf8(levels(x))
  further <- setdiff(further[!is.na(further)], levels)
  if (length(further) == 0) {
    return(NULL)
  }
  known <- factor(as_utf8(as.character(x[training])), levels, exclude = NULL)
  weights <- if (is.numeric(weights)) weights[training] else rep(1, length(training))
  counts <- as.vector(tapply(weights, known, sum, default = 0))
  new_declared(further, counts)
}

# `levels`: those that are only declared; `counts`: the weight of each known level.
new_declared <- function(levels, counts) {
  list(levels = levels, shares = counts / max(sum(counts), .Machine$double.xmin))
}

# Those of the variables of a formula: a list by the names of `xlevels`, NULL if it is empty. A
# variable that is none of the `columns`, such as factor(x), also has the levels of rows of weight
# 0, which are not declared.
declared_variables <- function(inputs, xlevels, columns, training, weights) {
  at <- match_names(names(xlevels), names(inputs))
  declared <- Map(function(i, levels) {
    x <- inputs[[i]]
    if (is.factor(x) && is.na(match_names(names(inputs)[i], columns))) {
      own <- setdiff(as_utf8(as.character(x[weightless_rows(weights)])), levels)
      x <- factor(x, levels(x)[!as_utf8(levels(x)) %in% own], exclude = NULL)
    }
    declared_levels(x, levels, training, weights)
  }, at, xlevels)
  declared <- Filter(Negate(is.null), stats::setNames(declared, names(xlevels)))
  if (length(declared) > 0) declared
}

# The kinds of columns with those of their factors in `data`.
declare_columns <- function(columns, data, training, weights) {
  for (name in names(columns)) {
    if (columns[[name]]$type == "factor") {
      columns[[name]]$declared <- declared_levels(
        data[[name]], columns[[name]]$levels, training, weights
      )
    }
  }
  columns
}

# The numbers of levels: all that are declared are the one after the last of the known ones.
level_codes <- function(values, levels, declared = NULL) {
  pmin(match(values, c(levels, declared$levels)), length(levels) + 1L)
}

# A model matrix with the rows in which variables have declared levels, which model.matrix() does
# not know: `X` has another level there. `apart`: these rows by the names of the variables in
# `frame`; `declared`: see declared_variables(), and `coding` the contrasts, by the same names. Each
# column of a term is the product of one column of each of its variables, of which those of the
# first vary fastest.
code_declared_rows <- function(X, terms, frame, coding, declared, apart) {
  rows <- sort(unique(unlist(apart)))
  if (length(rows) == 0) {
    return(X)
  }
  factors <- attr(terms, "factors")
  is_level <- vapply(frame, function(x) is.factor(x) || is.character(x) || is.logical(x), NA)
  full <- full_codings(factors, is_level, attr(terms, "intercept"))
  part <- function(i, full) {
    x <- take_rows(frame[[i]], rows)
    if (!is_level[i]) {
      return(matrix(as.double(x), length(rows)))
    }
    name <- names(frame)[i]
    levels <- if (is.logical(x)) c("FALSE", "TRUE") else levels(x)
    codes <- match(as.character(x), levels)
    codes[rows %in% apart[[name]]] <- length(levels) + 1L
    shares <- declared[[name]]$shares
    if (full) {
      # as if a further level were the first one, which has no column
      return(code_levels(codes + 1L, c(NA, levels), "contr.treatment", c(0, shares)))
    }
    table <- coding[[name]]
    code_levels(
      codes, levels, if (is.matrix(table)) table else contrasts_table(table, levels), shares
    )
  }
  columns <- lapply(seq_len(ncol(factors)), function(term) {
    Reduce(cross_columns, lapply(which(factors[, term] > 0), function(i) part(i, full[i, term])))
  })
  X[rows, colnames(X) != "(Intercept)"] <- do.call(cbind, columns)
  X
}

# The products of each column of two matrices.
cross_columns <- function(left, right) {
  left[, rep(seq_len(ncol(left)), ncol(right)), drop = FALSE] *
    right[, rep(seq_len(ncol(right)), each = ncol(left)), drop = FALSE]
}

# Which variables (rows) have a column for each level in a term (columns): those that `factors`
# says, and without an intercept the first one with levels.
full_codings <- function(factors, is_level, intercept) {
  full <- factors == 2
  if (intercept == 0) {
    first <- which(factors > 0 & is_level, arr.ind = TRUE)
    if (nrow(first) > 0) full[first[1, 1], first[1, 2]] <- TRUE
  }
  full
}
