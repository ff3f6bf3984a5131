# Terms of a formula that are products of columns, such as a:b: their columns in the order of
# stats::model.matrix(), in which those of the first variable vary fastest. A product of factors
# with dummy variables is 1 in at most one column of a row, and is stored as its number.

cross_labels <- function(left, right) as.vector(outer(left, right, paste, sep = ":"))

# A variable in a term: list(width, labels, indicator), with `numbers` or, if it is a factor with
# dummy variables, what cross_levels() needs. `column`: see encode_plain(); `full`: is there a
# column for each level?
crossed_variable <- function(column, label, full) {
  if (!is.list(column)) {
    return(list(width = 1, labels = label, indicator = FALSE, numbers = function() matrix(column)))
  }
  levels <- column$levels
  if (!full && !identical(column$coding, "contr.treatment")) {
    return(list(
      width = ncol(column$coding), labels = paste0(label, coding_labels(column$coding, levels)),
      indicator = FALSE,
      numbers = function() code_levels(column$codes, levels, column$coding, column$shares)
    ))
  }
  first <- if (full) 0L else 1L
  codes <- column$codes - first
  shares <- if (full) column$shares else column$shares[-1]
  labels <- paste0(label, if (full) levels else levels[-1])
  list(
    width = length(labels), labels = labels, indicator = TRUE, codes = codes, shares = shares,
    # as if there were a level before, which has no column
    numbers = function() code_levels(codes + 1L, c(NA, labels), "contr.treatment", c(0, shares))
  )
}

# Encodes terms as the parts of a coded matrix: list(parts, labels). `columns`: the variables (see
# encode_plain()); `plain`: see plain_terms().
encode_crossed <- function(columns, plain, intercept, rows, training, name, call) {
  factors <- plain$factors
  full <- full_codings(factors, vapply(columns, is.list, NA), intercept)
  terms <- lapply(seq_len(ncol(factors)), function(term) {
    lapply(which(factors[, term] > 0), function(i) {
      crossed_variable(columns[[i]], plain$variables[i], full[i, term])
    })
  })
  widths <- vapply(terms, function(term) prod(vapply(term, `[[`, 0, "width")), 0)
  coded <- widths >= few_levels &
    vapply(terms, function(term) all(vapply(term, `[[`, NA, "indicator")), NA)
  check_crossed_memory(stats::setNames(widths, plain$labels), coded, rows, training, name, call)
  list(
    parts = Map(function(term, coded) {
      if (coded) {
        cross_levels(term)
      } else {
        Reduce(cross_columns, lapply(term, function(variable) variable$numbers()))
      }
    }, terms, coded),
    labels = lapply(terms, function(term) Reduce(cross_labels, lapply(term, `[[`, "labels")))
  )
}

# The numbers of columns of the terms that would be coded, one more than their columns, as
# is_best_coded() needs them. `inputs`: the variables of the terms; `contrasts`: those of the call.
term_levels <- function(terms, inputs, contrasts) {
  levels <- treatment_levels(inputs, contrasts)
  if (all(attr(terms, "order") == 1) && attr(terms, "intercept") == 1) {
    return(levels)
  }
  factors <- attr(terms, "factors")[-attr(terms, "response"), , drop = FALSE]
  levels[vapply(inputs, is.logical, NA)] <- 2
  full <- full_codings(factors, levels > 0, attr(terms, "intercept"))
  vapply(seq_len(ncol(factors)), function(term) {
    at <- which(factors[, term] > 0)
    if (any(levels[at] == 0)) 0 else prod(levels[at] - !full[at, term]) + 1
  }, 0)
}
