# Missing values of a source that are filled, and levels that its factors declare, as data-fill.R
# and data-declared.R describe those of a data frame.

# The columns of a source that can be filled, as numbers in a file: list(X, kinds, texts). Text is
# the number of its value in `texts`, truth values are 0 and 1, and missing values NaN. `kinds`:
# those of the columns, by name. NULL without such columns.
gather_values <- function(formula, source, dates, store, call) {
  where <- environment(formula) %||% globalenv()
  terms <- NULL
  to_fill <- dated <- NULL
  known <- list()
  texts <- list()
  writer <- NULL
  each_block(source, function(block, before) {
    block <- check_formula_data(block, call)
    if (is.null(terms)) {
      terms <<- formula_terms(local_symbols(formula, names(block)), block, call)
      if (dates == "parts") dated <<- date_columns(block, terms)
    }
    raw <- collect_variables(terms, convert_dates(block, dated), where, call, whole = FALSE)$frame
    if (is.null(to_fill)) {
      to_fill <<- fillable_variables(raw, terms)
      texts <<- stats::setNames(rep(list(character()), length(to_fill)), to_fill)
      writer <<- rows_writer(store, to_fill)
    }
    raw <- raw[to_fill]
    known <<- combine_columns(known, list(
      columns = lapply(raw, raw_kind), unknown = names(Filter(is_unknown, raw)),
      prototype = NULL, terms = NULL, levels = list()
    ), call)
    numbers <- lapply(stats::setNames(nm = to_fill), function(name) {
      x <- raw[[name]]
      if (is.numeric(x) || is.logical(x)) {
        return(as.double(x))
      }
      x <- as.character(x)
      texts[[name]] <<- union(texts[[name]], x[!is.na(x)])
      as.double(match(x, texts[[name]]))
    })
    if (length(to_fill) > 0) writer$add(do.call(cbind, numbers))
  }, call)
  if (length(to_fill) > 0) list(X = writer$rows(), kinds = known$columns, texts = texts)
}

# What is filled and marked, as describe_missing() returns it. `rows`, `weights`: those that are
# trained on, NULL for all rows.
describe_values <- function(values, rows = NULL, weights = NULL) {
  if (is.null(values)) {
    return(NULL)
  }
  X <- if (is.null(rows)) values$X else values$X[rows, ]
  weights <- if (is.numeric(weights)) weights else numeric()
  found <- core_stored_medians(X, weights)
  names <- names(values$kinds)
  fill <- lapply(seq_along(names), function(j) {
    kind <- values$kinds[[j]]
    if (kind$type == "numeric") {
      return(found$median[j])
    }
    texts <- values$texts[[j]]
    levels <- if (kind$type == "factor") kind$levels[!is.na(kind$levels)] else sort(texts)
    sums <- sums_of_values(X, j, weights, if (kind$type != "logical") match(texts, levels))
    if (!any(sums > 0)) {
      return(if (kind$type == "logical") NA else NA_character_)
    }
    if (kind$type == "logical") which.max(sums) == 2 else levels[which.max(sums)]
  })
  list(fill = stats::setNames(fill, names), marked = names[found$missing > 0])
}

# The sum of the weights of each level in column j of a file of gather_values(). `levels`: the
# number of the level of each text, NULL for truth values.
sums_of_values <- function(X, j, weights, levels = NULL) {
  count <- max(2, levels)
  sums <- raw()
  done <- 0
  each_part(X, function(part) {
    codes <- as.integer(part[, j])
    codes <- if (is.null(levels)) codes + 1L else levels[codes]
    own <- if (length(weights) > 0) part_of(weights, done + seq_along(codes)) else numeric()
    sums <<- core_add_groups(codes, own, count, sums)
    done <<- done + length(codes)
  })
  core_sums(sums)
}

# The values that are filled, with the kinds of their columns: list(values, columns).
known_fill <- function(values, filled) {
  if (!is.null(values)) list(values = filled$fill, columns = values$kinds)
}

fill_known <- function(raw, fill) {
  if (is.null(fill)) raw else fill_columns(as_known_columns(raw, fill), fill$values)
}

# The levels that variables of a formula declare without having rows of them, as
# declared_variables() returns them. A further pass over the source counts the rows of the others,
# if there are such levels. `training`: the rows that are trained on among those that are used.
declared_in_source <- function(seen, xlevels, source, training, call) {
  at <- match_names(names(xlevels), names(seen$prototype))
  names <- names(seen$prototype)[at]
  further <- Map(function(name, known) {
    if (is.factor(seen$prototype[[name]]) && length(known) > 0) {
      setdiff(as_utf8(seen$levels[[name]]$levels), c(known, NA))
    }
  }, names, xlevels)
  some <- lengths(further) > 0
  if (!any(some)) {
    return(NULL)
  }
  known <- stats::setNames(xlevels[some], names[some])
  found <- count_levels(seen, known, source, training, call)
  declared <- Map(function(name, levels) {
    if (is.na(match_names(name, names(seen$columns)))) {
      levels <- setdiff(levels, as_utf8(found$weightless[[name]]))
    }
    if (length(levels) > 0) new_declared(levels, core_sums(found$sums[[name]]))
  }, names[some], further[some])
  declared <- Filter(Negate(is.null), stats::setNames(declared, names(xlevels)[some]))
  if (length(declared) > 0) declared
}

# Counts the levels `known` of variables in the training rows of a source: list(sums, weightless),
# by variable: what core_add_groups() returns, and the values in rows of weight 0.
count_levels <- function(seen, known, source, training, call) {
  found <- list()
  done <- 0
  number <- 0
  is_training <- if (length(training) < seen$used) replace(logical(seen$used), training, TRUE)
  predictors <- stats::delete.response(seen$terms)
  each_block(source, function(block, before) {
    number <<- number + 1
    block <- convert_dates(check_formula_data(block, call), seen$dated)
    rows <- seen$kept[[number]] %||% seq_len(nrow(block))
    of_all <- done + seq_along(rows)
    done <<- done + length(rows)
    columns <- collect_variables(seen$terms, block, seen$where, call, whole = FALSE)$frame
    columns <- fill_columns(as_known_columns(columns, seen), seen$gaps$fill)
    frame <- in_formula(evaluate_terms(predictors, columns, rows), call)
    weights <- if (is.numeric(seen$weights)) part_of(seen$weights, of_all) else numeric()
    counted <- if (is.null(is_training)) seq_along(rows) else which(is_training[of_all])
    for (name in names(known)) {
      values <- as_utf8(as.character(frame[[name]]))
      found$sums[[name]] <<- core_add_groups(
        match(values[counted], known[[name]]),
        if (length(weights) > 0) weights[counted] else numeric(),
        length(known[[name]]), found$sums[[name]] %||% raw()
      )
      found$weightless[[name]] <<- union(
        found$weightless[[name]], values[weightless_rows(weights)]
      )
    }
  }, call)
  found
}
