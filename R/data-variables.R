# Collects the variables of a formula, and makes its terms portable.

# Converts errors in evaluating a formula to classed errors.
in_formula <- function(expression, call, name = "data") {
  tryCatch(quietly_translated(expression), error = function(e) {
    if (inherits(e, "backprop_error")) cnd_signal(e)
    if (is_allocation_error(e)) abort_out_of_memory(conditionMessage(e), call)
    abort_input(c(
      "The formula can't be evaluated for {.arg {name}}.",
      x = "{conditionMessage(e)}"
    ), call)
  })
}

# The raw variables behind the inputs: list(frame, constants, rows). A variable that is not in the
# data, and whose length is not the number of rows, is a constant. `whole`: whether `data` has all
# rows; if it is a block of them, variables from elsewhere must be constants.
collect_variables <- function(terms, data, where, call, whole = TRUE) {
  variables <- as.list(attr(terms, "variables"))[-1]
  response <- attr(terms, "response")
  known <- if (is.environment(data)) ls(data) else names(data)
  needed <- known_names(unique(unlist(lapply(variables[-response], variable_names))), known)
  if (is.data.frame(data)) {
    absent <- Filter(
      function(name) !exists(name, where),
      setdiff(c(known_names(variable_names(variables[[response]]), known), needed), known)
    )
    if (length(absent) > 0) {
      abort_input(c(
        "The formula refers to columns that {.arg data} does not have.",
        x = "{.field {absent}} {?is/are} missing.",
        if (length(absent) == 1) nearest_name(absent, known)
      ), call)
    }
  }
  rows <- if (is.data.frame(data)) {
    nrow(data)
  } else {
    NROW(in_formula(eval(variables[[response]], data, where), call))
  }
  alone <- known_names(
    vapply(variables[vapply(variables, is.symbol, NA)], as.character, ""), known
  )
  in_data <- needed %in% known
  stand_alone <- needed %in% alone
  frame <- list()
  constants <- list()
  for (i in seq_along(needed)) {
    name <- needed[i]
    value <- if (in_data[i]) .subset2(data, name) else get0(name, where)
    by_itself <- stand_alone[i]
    # a function passed as an argument, such as FUN = median
    if (is.function(value) && !by_itself && exists(name, globalenv(), mode = "function")) next
    if (is.null(value) || is.function(value)) {
      abort_input(c(
        "The formula refers to columns that {.arg data} does not have.",
        x = "{.field {name}} is missing.",
        nearest_name(name, known)
      ), call)
    }
    if (is.data.frame(value) || (is.list(value) && by_itself) ||
      (is.list(value) && in_data[i] && !inherits(value, "POSIXlt"))) {
      abort_column(value, name, "Variable", call)
    }
    if ((whole && NROW(value) == rows) || in_data[i]) {
      frame[[as_utf8(name)]] <- utf8_values(value)
    } else if (length(unlist(value)) <= 1000) {
      constants[[name]] <- value
    } else {
      abort_input(c(
        if (whole) {
          "Variable {.field {name}} must have one value for each of the {rows} row{?s}."
        } else {
          "Variable {.field {name}} must be a column of the source, or a constant."
        },
        x = "It is {describe(value)}."
      ), call)
    }
  }
  list(
    frame = structure(frame, class = "data.frame", row.names = seq_len(rows)),
    constants = constants, rows = rows
  )
}

# The terms without the variables that the formula removes again, as in y ~ . - day.
used_terms <- function(formula, data) {
  terms <- stats::terms(formula, data = data)
  factors <- attr(terms, "factors")
  if (length(factors) == 0 ||
    all(rowSums(factors)[-c(attr(terms, "response"), attr(terms, "offset"))] > 0)) {
    terms
  } else {
    stats::terms(stats::formula(stats::terms(formula, data = data, simplify = TRUE)), data = data)
  }
}

# The names of the variables in an expression, except for the arguments of functions defined in it
# and names after `$`.
variable_names <- function(expression) {
  if (is.symbol(expression)) {
    return(setdiff(as.character(expression), ""))
  }
  if (!is.call(expression)) {
    return(character())
  }
  head <- expression[[1]]
  if (identical(head, quote(`function`))) {
    return(setdiff(variable_names(expression[[3]]), names(expression[[2]])))
  }
  if (is.symbol(head) && as.character(head) %in% c("::", ":::")) {
    return(character())
  }
  parts <- if (is.symbol(head) && as.character(head) %in% c("$", "@")) {
    expression[2]
  } else {
    as.list(expression)[if (is.symbol(head)) -1 else TRUE]
  }
  unique(unlist(lapply(as.list(parts), variable_names)))
}

# The terms as stored in the fit: with the global environment, and constants substituted.
# `training`: the variables of the rows that bases such as poly() are computed from, or NULL if they
# are all rows. Many terms are compact (see compact_terms()).
portable_terms <- function(terms, training, where, constants, call) {
  predvars <- attr(terms, "predvars")
  response <- attr(terms, "response")
  if (!is.null(training) && !identical(predvars, attr(terms, "variables"))) {
    inputs <- stats::delete.response(terms)
    attr(inputs, "predvars") <- NULL
    frame <- in_formula(stats::model.frame(inputs, training), call)
    predvars[-c(1, response + 1)] <- attr(attr(frame, "terms"), "predvars")[-1]
  }
  if (length(constants) > 0) predvars <- do.call(substitute, list(predvars, constants))
  unknown <- Filter(
    function(name) !exists(name, globalenv(), mode = "function"),
    function_names(predvars[-(response + 1)])
  )
  if (length(unknown) > 0) {
    abort_argument(c(
      "The functions in a formula must be available to {.fn predict} from the global environment.",
      x = "{.fn {unknown}} {?is/are} not found there.",
      i = paste0(
        "Define {?it/them} there, attach the package, write {.code package::{unknown[1]}()}, ",
        "or compute the column before the call."
      )
    ), call)
  }
  attr(terms, "predvars") <- predvars
  attr(terms, ".Environment") <- globalenv()
  attr(terms, "dataClasses") <- attr(terms, "dataClasses")[setdiff(
    names(attr(terms, "dataClasses")), c("(row)", "(weights)", "(offset)")
  )]
  compact_terms(utf8_terms(terms))
}

# The names in terms in UTF-8. The symbols are those of the locale (see local_terms()).
utf8_terms <- function(terms) {
  names(attr(terms, "dataClasses")) <- derived_text(names(attr(terms, "dataClasses")))
  attr(terms, "term.labels") <- derived_text(attr(terms, "term.labels"))
  dimnames(attr(terms, "factors")) <- lapply(dimnames(attr(terms, "factors")), derived_text)
  terms
}

# Terms with the symbols of this locale, for those that were made in another one.
local_terms <- function(terms, columns) {
  known <- known_symbols(terms, columns)
  local <- local_symbols(terms, known)
  for (part in c("variables", "predvars")) {
    if (is.call(attr(terms, part))) attr(local, part) <- local_symbols(attr(terms, part), known)
  }
  local
}

# The names of columns, and of variables whose symbols another locale has escaped, in UTF-8.
known_symbols <- function(terms, columns) {
  others <- setdiff(all.names(terms, unique = TRUE), columns)
  unique(c(columns, restore_escaped(others[grepl("<U+", others, fixed = TRUE)])))
}

# Named levels in UTF-8.
utf8_list <- function(levels) {
  if (!is.null(levels)) {
    stats::setNames(lapply(levels, as_utf8), derived_text(names(levels)))
  }
}

# The names of the functions that an expression calls, except for those written as package::name.
function_names <- function(expression) {
  if (!is.call(expression)) {
    return(character())
  }
  head <- expression[[1]]
  if (is.symbol(head) && as.character(head) %in% c("::", ":::")) {
    return(character())
  }
  unique(c(
    if (is.symbol(head)) as.character(head), unlist(lapply(as.list(expression), function_names))
  ))
}

# The kind of a raw column of a formula. It may be of any class that the formula converts to a
# usable one, and text may have any values: levels are checked after the formula is evaluated.
raw_kind <- function(x) {
  kind <- column_kind(x)
  if (is.null(kind)) {
    return(list(type = "other", class = class(x)))
  }
  kind$levels <- if (kind$type == "factor") levels(x)
  kind
}

# The variables of a formula whose value in a row depends on other rows, such as `c(0, head(x, -1))`
# or `x - mean(x)`: a list of their values in `rows`, by their text, with a warning. Bases whose
# parameters the terms keep are none. `constants`: variables that are not columns, which
# portable_terms() has substituted. `extras`: the expressions of weights and offset, of which a
# warning tells, too (see with_variables()). `others`: the rows that have an influence.
find_row_terms <- function(terms, data, constants, rows, extras, where, others) {
  predvars <- attr(terms, "predvars")
  variables <- as.list(attr(terms, "variables"))[-1]
  found <- list()
  for (i in setdiff(seq_along(variables), attr(terms, "response"))) {
    variable <- variables[[i]]
    replayed <- do.call(substitute, list(variable, constants))
    # bases that keep their parameters differ from what the formula says
    if (is.symbol(variable) || !identical(replayed, predvars[[i + 1]])) next
    if (identical(variable[[1]], quote(offset))) {
      variable <- variable[[2]]
      replayed <- replayed[[2]]
    }
    whole <- uses_other_rows(replayed, data, globalenv())
    if (!is.null(whole)) found[[deparse1(variable)]] <- take_rows(whole, rows)
  }
  extras <- Filter(
    function(extra) {
      length(extra$data) > 0 && !is.null(uses_other_rows(extra$expression, extra$data, where))
    }, extras
  )
  texts <- c(names(found), vapply(names(extras), function(name) {
    paste(name, "=", deparse1(extras[[name]]$expression))
  }, ""))
  if (length(texts) > 0) {
    cli::cli_warn(c(
      paste0(
        "{cli::qty(length(texts))}Term{?s} {.code {texts}} use{?s/} other rows, ",
        "and {?is/are} computed once, from all rows."
      ),
      i = "{others} have an influence on {cli::qty(length(texts))}{?it/them}."
    ), class = "backprop_warning_row_terms", call = NULL)
  }
  found
}

# The values of an expression in all rows if they depend on other rows, else NULL: it is evaluated
# on every other row, too.
uses_other_rows <- function(expression, data, where) {
  values <- function(rows) eval(expression, data[rows, , drop = FALSE], where)
  whole <- suppressWarnings(values(seq_len(nrow(data))))
  different <- vapply(seq_len(min(2, nrow(data))), function(first) {
    some <- seq(first, nrow(data), by = 2)
    part <- suppressWarnings(tryCatch(values(some), error = function(e) NULL))
    !same_values(part, take_rows(whole, some))
  }, NA)
  if (any(different)) whole
}

# The expression of weights or offset with a data frame of the variables that have a value for each
# row.
with_variables <- function(expression, data, where, rows) {
  names <- unique(variable_names(expression))
  values <- stats::setNames(lapply(names, function(name) {
    if (is.environment(data)) {
      get0(name, data)
    } else if (name %in% names(data)) {
      data[[name]]
    } else {
      get0(name, where)
    }
  }), names)
  values <- Filter(function(value) !is.function(value) && NROW(value) == rows, values)
  list(
    expression = expression,
    data = structure(values, class = "data.frame", row.names = seq_len(rows))
  )
}

same_values <- function(a, b) {
  plain <- function(x) if (is.factor(x)) as.character(x) else x
  isTRUE(all.equal(plain(a), plain(b), check.attributes = FALSE))
}
