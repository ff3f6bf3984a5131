# The columns of an encoding as products of expressions and of numbers by level.

# Without a formula: one column for a numeric column of the data, and one for each column of a
# factor's coding.
frame_columns <- function(encoding, call) {
  columns <- lapply(names(encoding$columns), function(name) {
    kind <- encoding$columns[[name]]
    if (kind$type == "logical") {
      return(stats::setNames(
        list(list(new_level_factor(name, c("FALSE", "TRUE"), 2, 1))), paste0(name, "TRUE")
      ))
    }
    if (is_single_column(kind)) {
      return(stats::setNames(list(list(name)), paste0(name, kind$names)))
    }
    if (kind$type == "numeric") abort_export(name, "It is a matrix", call)
    coding_factors(name, name, kind$levels, kind$coding, kind$declared)
  })
  unlist(columns, recursive = FALSE)
}

# With a formula: each column of a term is a product of one column of each of its variables. The
# columns of the first variable vary fastest, as in model.matrix().
formula_columns <- function(encoding, call) {
  terms <- stats::delete.response(whole_terms(encoding$terms))
  factors <- attr(terms, "factors")
  expressions <- as.list(attr(terms, "predvars"))[-1]
  # In the order of the rows of `factors`, whose names have backticks where R needs them.
  classes <- attr(terms, "dataClasses")[-attr(encoding$terms, "response")]
  is_level <- names(classes) %in% names(encoding$xlevels) | classes == "logical"
  full <- full_codings(factors, is_level, attr(terms, "intercept"))
  columns <- lapply(seq_len(ncol(factors)), function(term) {
    parts <- lapply(which(factors[, term] > 0), function(variable) {
      variable_columns(
        names(classes)[variable], rownames(factors)[variable], expressions[[variable]],
        is_level[variable], full[variable, term], encoding, colnames(factors)[term], call
      )
    })
    Reduce(
      function(left, right) {
        both <- unlist(
          lapply(seq_along(right), function(j) {
            lapply(left, function(factors) c(factors, right[[j]]))
          }),
          recursive = FALSE, use.names = FALSE
        )
        stats::setNames(both, as.vector(outer(names(left), names(right), paste, sep = ":")))
      },
      parts
    )
  })
  unlist(columns, recursive = FALSE)
}

# The columns of one variable of a formula: a named list of products of one factor. `label`: the
# name as written in the formula.
variable_columns <- function(name, label, expression, is_level, full, encoding, term, call) {
  if (!is_level) {
    return(stats::setNames(list(list(export_expression(expression, encoding, term, call))), label))
  }
  if (!is.symbol(expression)) {
    abort_export(term, "{.code {label}} creates a factor in the formula", call)
  }
  column <- known_names(as.character(expression), names(encoding$columns))
  levels <- encoding$xlevels[[name]]
  if (is.null(levels)) levels <- c("FALSE", "TRUE")
  declared <- encoding$declared[[name]]
  if (length(levels) < 2) {
    return(stats::setNames(
      list(list(declared_factor(column, levels, integer(), 0, declared, 0))), label
    ))
  }
  contrasts <- encoding$contrasts[[name]]
  if (full) {
    return(stats::setNames(
      lapply(seq_along(levels), function(j) {
        list(declared_factor(column, levels, j, 1, declared, declared$shares[j]))
      }),
      paste0(label, levels)
    ))
  }
  coding <- if (is.matrix(contrasts)) contrasts else contrasts_table(contrasts, levels)
  coding_factors(column, label, levels, coding, declared)
}
