# Encodes formulas whose terms are columns of the data, such as y ~ . or y ~ a + b. The result is
# identical to that of stats::model.matrix(), without its overhead for few rows, and without its
# table of contrasts for factors with treatment contrasts: for L levels it has L^2 elements. For
# coded matrices, terms may also be products of columns, such as a:b or a * b.

# The names of the columns that are the terms, with their labels; NULL if the formula has other
# terms or no intercept (without one the first factor has a column for each level). With `crossed`,
# terms may be products and there may be no intercept: `variables` are then the names as written,
# and `factors` is that of the terms without the outcome. In locales without UTF-8 a column's symbol
# may have another name.
plain_terms <- function(terms, data, crossed = FALSE) {
  labels <- attr(terms, "term.labels")
  variables <- attr(terms, "variables")
  factors <- dimnames(attr(terms, "factors"))[[1]]
  symbols <- as.list(variables)[-1]
  response <- attr(terms, "response")
  if (response > 0) {
    factors <- factors[-response]
    symbols <- symbols[-response]
  }
  if (is_compact(terms)) factors <- labels
  predvars <- attr(terms, "predvars")
  single <- attr(terms, "intercept") == 1 && all(attr(terms, "order") == 1) &&
    identical(factors, labels)
  plain <- (single || crossed) && is.null(attr(terms, "offset")) &&
    (is.null(predvars) || identical(predvars, variables))
  for (symbol in symbols) plain <- plain && is.symbol(symbol)
  if (!plain) {
    return(NULL)
  }
  names <- vapply(symbols, as.character, "")
  if (!all(names %in% names(data))) {
    return(NULL)
  }
  found <- list(names = names, labels = labels)
  if (!single) {
    table <- attr(whole_terms(terms), "factors")
    found$variables <- factors
    found$factors <- if (response > 0) table[-response, , drop = FALSE] else table
  }
  found
}

# Encodes such terms: list(X, offset, contrasts); NULL if a column is a matrix, or has a class or
# contrasts of its own, or if `contrasts` are not names of functions. `coded`: X is a coded matrix.
encode_plain <- function(terms, data, rows, xlevels, contrasts, name, call, unseen,
                         declared = NULL, coded = FALSE) {
  plain <- plain_terms(terms, data, crossed = coded)
  if (is.null(plain)) {
    return(NULL)
  }
  names <- plain$names
  columns <- .subset(data, names)
  n <- if (is.null(rows)) .row_names_info(data, 2L) else length(rows)
  if (is.null(plain$factors) && are_plain_numbers(columns)) {
    if (length(xlevels) > 0 || length(contrasts) > 0) {
      return(NULL)
    }
    if (may_lack_memory(8 * training_copies * n * length(columns))) {
      check_plain_memory(columns, plain$labels, n, !is.null(rows), name, call)
    }
    if (!is.null(rows)) columns <- lapply(columns, function(x) x[rows])
    X <- bind_columns(columns, n, derived_text(plain$labels), coded)
    return(list(X = X, offset = NULL, contrasts = NULL))
  }
  of_levels <- text <- logical(length(columns))
  for (i in seq_along(columns)) {
    x <- columns[[i]]
    if (!is_plain_column(x)) {
      return(NULL)
    }
    of_levels[i] <- !is.numeric(x)
    text[i] <- of_levels[i] && !is.logical(x)
  }
  if (!identical(names[text], as.character(names(xlevels))) ||
    !names_functions(contrasts, names[of_levels])) {
    return(NULL)
  }
  if (!is.null(rows)) columns <- lapply(columns, function(x) x[rows])
  codings <- list()
  for (i in which(of_levels)) {
    levels <- if (text[i]) xlevels[[names[i]]] else c("FALSE", "TRUE")
    x <- columns[[i]]
    codes <- if (is.factor(x) && identical(levels(x), levels)) {
      as.integer(x)
    } else {
      further <- declared[[names[i]]]
      values <- known_values(
        as_utf8(as.character(x)), levels, names[i], name, call, unseen, further
      )
      level_codes(values, levels, further)
    }
    if (length(levels) < 2) {
      columns[[i]] <- ifelse(is.na(codes), NA_real_, 0)
      next
    }
    coding <- contrasts[[names[i]]] %||% default_contrasts(is.ordered(x))
    codings[[names[i]]] <- coding
    columns[[i]] <- list(
      codes = codes, levels = levels, coding = contrasts_table(coding, levels),
      shares = declared[[names[i]]]$shares
    )
    if (is.null(columns[[i]]$coding)) {
      return(NULL)
    }
  }
  labels <- as.list(plain$labels)
  if (is.null(plain$factors)) {
    check_plain_memory(columns, plain$labels, n, !is.null(rows), name, call, coded)
    for (i in which(of_levels)) {
      part <- columns[[i]]
      if (!is.list(part)) next
      labels[[i]] <- paste0(labels[[i]], coding_labels(part$coding, part$levels))
      columns[[i]] <- code_levels(part$codes, part$levels, part$coding, part$shares, coded)
    }
  } else {
    crossed <- encode_crossed(
      columns, plain, attr(terms, "intercept"), n, !is.null(rows), name, call
    )
    labels <- crossed$labels
    columns <- crossed$parts
  }
  inputs <- derived_text(unlist(labels, use.names = FALSE))
  if (length(codings) > 0) names(codings) <- derived_text(names(codings))
  list(
    X = bind_columns(columns, n, inputs, coded), offset = NULL,
    contrasts = if (length(codings) > 0) codings
  )
}

is_plain_column <- function(x) {
  is.null(dim(x)) && if (is.object(x)) {
    is.factor(x) && is.null(attr(x, "contrasts"))
  } else {
    is.numeric(x) || is.logical(x) || is.character(x)
  }
}

names_functions <- function(contrasts, variables) {
  names <- names(contrasts)
  is.null(contrasts) || (
    is.list(contrasts) && !anyDuplicated(names) && all(names %in% variables) &&
      all(vapply(contrasts, function(x) is.character(x) && length(x) == 1, NA))
  )
}

# The attribute `factors` of terms has a number for each pair of a variable and a term. If every
# term is one variable, it is determined by the labels: a fit with many of them stores its terms
# without it.
compact_terms <- function(terms) {
  factors <- attr(terms, "factors")
  if (has_many(nrow(factors), ncol(factors)) && identical(single_factors(terms), factors)) {
    attr(terms, "factors") <- NULL
  }
  terms
}

has_many <- function(variables, terms) isTRUE(as.double(variables) * terms > 1e4)

is_compact <- function(terms) {
  is.null(attr(terms, "factors")) && length(attr(terms, "term.labels")) > 0
}

# Such terms with the attribute; other terms are unchanged.
whole_terms <- function(terms) {
  if (is_compact(terms)) attr(terms, "factors") <- single_factors(terms)
  terms
}

# The attribute `factors` of terms with an outcome and without offsets that are one variable each.
single_factors <- function(terms) {
  labels <- attr(terms, "term.labels")
  outcome <- derived_text(deparse1(attr(terms, "variables")[[2]], backtick = TRUE))
  names <- c(if (attr(terms, "response") > 0) outcome, labels)
  factors <- matrix(0L, length(names), length(labels), dimnames = list(names, labels))
  first <- length(names) - length(labels)
  factors[cbind(first + seq_along(labels), seq_along(labels))] <- 1L
  factors
}
