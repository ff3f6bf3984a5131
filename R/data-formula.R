# Evaluates a formula for training and for new data. The terms stored in a fit have the global
# environment, and refer to columns only.

# The raw frame of a formula; `extras`: the expressions of subset, weights and offset. `holds_out`:
# whether rows are held out, so that terms which use other rows cause a warning. `missing`, `dates`:
# the arguments of the call.
read_formula <- function(formula, data, extras, na.action, contrasts, calibration, call,
                         holds_out = !is.null(calibration), missing = NULL, dates = NULL) {
  names <- if (is.data.frame(data)) case_names(data)
  data <- check_formula_data(data, call)
  na.action <- check_na_action(na.action, call)
  check_contrasts(contrasts, call)
  if (is.data.frame(data)) {
    formula <- local_symbols(formula, names(data))
    extras <- lapply(extras, local_symbols, names(data))
  }
  terms <- formula_terms(formula, data, call)
  where <- environment(formula) %||% globalenv()
  dated <- if (check_dates(dates, call) == "parts") date_columns(data, terms)
  data <- convert_dates(data, dated)
  variables <- collect_variables(terms, data, where, call)
  unfilled <- variables$frame
  to_fill <- if (check_missing(missing, call) == "indicator") fillable_variables(unfilled, terms)
  extra_values <- in_formula(lapply(extras, eval, data, where), call)
  expressions <- in_formula(
    lapply(extras[setdiff(names(extras), "subset")], with_variables, data, where, variables$rows),
    call
  )
  model_frame <- function(frame) {
    frame_of(
      terms, if (is.null(data)) frame else with_filled(data, frame, to_fill), extra_values,
      na.action, variables$rows, call
    )
  }
  # first filled from all rows, until it is known which are trained on
  frame <- model_frame(fill_columns(unfilled, lapply(unfilled[to_fill], fill_value)))
  show_prepared(1)
  rows <- frame[["(row)"]]
  check_bound_outcomes(formula[[2]], function(part) eval(part, data, where), call)
  y <- name_outputs(plain_outcome(stats::model.response(frame)), formula[[2]])
  label <- derived_text(deparse1(formula[[2]]))
  check_outcome_kind(y, label, call)
  raw <- unfilled[rows, , drop = FALSE]
  weights <- frame[["(weights)"]]
  y <- blank_outcome(y, weights)
  calibration <- draw_calibration(calibration, y$y, weights, call)

  gaps <- NULL
  if (length(to_fill) > 0) {
    training <- setdiff(seq_along(rows), calibration$rows)
    gaps <- describe_missing(raw[training, , drop = FALSE], to_fill, weights[training])
    variables$frame <- fill_columns(unfilled, gaps$fill)
    frame <- model_frame(variables$frame)
  }

  inputs <- input_variables(frame, attr(terms, "response"))
  check_input_kinds(inputs, call)
  of_all_rows <- inputs
  inputs <- counted_values(inputs, weights)
  warn_of_outcome_among(
    stats::setNames(inputs, derived_text(names(inputs))), counted_values(y$y, weights), label
  )
  for (name in names(inputs)) {
    if (is.factor(inputs[[name]]) && is.null(contrasts[[name]])) {
      own_contrasts(inputs[[name]], levels(droplevels(inputs[[name]])), name)
    }
  }
  warn_of_identifiers(stats::setNames(inputs, derived_text(names(inputs))))
  weightless <- weightless_rows(extra_values$weights)
  kept_terms <- portable_terms(
    attr(frame, "terms"), if (length(calibration$rows) > 0) {
      used <- variables$frame[rows, , drop = FALSE]
      used[-union(calibration$rows, weightless_rows(weights)), , drop = FALSE]
    } else if (length(weightless) > 0) {
      variables$frame[-weightless, , drop = FALSE]
    }, where, variables$constants, call
  )
  encoding <- formula_encoding(
    mark_dates(lapply(raw, raw_kind), dated), kept_terms, droplevels(inputs), na.action, extras,
    if (is.data.frame(data)) names(data)
  )
  encoding$declared <- declared_variables(
    of_all_rows, encoding$xlevels, names(raw), setdiff(seq_along(rows), calibration$rows), weights
  )
  unseen <- new_levels_record(NULL, weightless_rows(weights))
  if (is_best_coded(term_levels(terms, inputs, contrasts), length(rows))) encoding$coded <- TRUE
  encoded <- encode_terms(
    c(encoding, list(contrasts = contrasts)), variables$frame, "data", call, rows, unseen
  )
  if (!is_coded(encoded$X)) encoding$coded <- NULL
  encoding$contrasts <- encoded$contrasts
  if (!is.null(gaps)) {
    encoding$missing <- mark_labels(gaps, colnames(encoded$X))
    encoded <- add_marks(encoded, unfilled, encoding$missing, rows)
  }
  frame <- new_frame(
    raw, encoded[c("X", "offset")], encoding, y$y, label,
    weights = weights, offset = frame[["(offset)"]],
    has_offset_argument = !is.null(extras$offset), calibration = calibration,
    na.action = attr(frame, "na.action"), names = kept_names(names, rows, variables$rows),
    row_terms = if (holds_out || length(weightless) > 0) {
      find_row_terms(
        kept_terms, variables$frame, variables$constants, rows,
        if (holds_out) expressions, where, if (holds_out) "Held-out rows" else "Rows of weight 0"
      )
    } else {
      list()
    }
  )
  frame <- blank_frame(frame, unseen$blank)
  frame$blank$outcome <- y$rows
  frame
}

# What an encoding has for a formula: the kinds of its raw columns, its terms, the levels of
# `variables`, and what repeats the selection of rows: na.action, and those expressions of the call
# that only use columns. `names`: those of all columns, NULL if the data are no data frame.
formula_encoding <- function(columns, terms, variables, na.action, extras, names) {
  list(
    columns = columns, terms = terms,
    xlevels = utf8_list(stats::.getXlevels(stats::delete.response(terms), variables)),
    replay = list(
      na.action = na_action_name(na.action),
      extras = Filter(
        function(extra) !is.null(names) && !anyNA(match_names(all.vars(extra), names)), extras
      )
    )
  )
}

# The terms of a formula, checked. `data`: a data frame with its columns, or another kind of data.
formula_terms <- function(formula, data, call) {
  if (!is.data.frame(data) && "." %in% all.vars(formula)) {
    abort_input(c(
      "With {.code .} in the formula, {.arg data} must be a data frame.",
      x = if (is.null(data)) "It is missing." else "You supplied {describe(data)}.",
      i = if (is.list(data)) "Use {.code as.data.frame(data)}."
    ), call)
  }
  terms <- quietly_translated(
    tryCatch(used_terms(formula, if (is.data.frame(data)) data), error = function(e) {
      abort_argument(c("{.arg formula} is invalid.", x = "{conditionMessage(e)}"), call)
    })
  )
  if (length(attr(terms, "term.labels")) == 0) {
    abort_input(c(
      "The formula must have at least one input.",
      x = "You supplied {.code {deparse1(formula)}}."
    ), call)
  }
  if (any(attr(terms, "factors")[attr(terms, "response"), ] > 0)) {
    abort_input(c(
      "The outcome must not be among the inputs of the formula.",
      x = "{.code {deparse1(formula[[2]])}} is on both sides."
    ), call)
  }
  terms
}

# The variables of a model frame behind the inputs, with those of offset() terms.
input_variables <- function(frame, response) {
  inputs <- frame[setdiff(names(frame)[-response], c("(row)", "(weights)", "(offset)"))]
  attr(inputs, "offsets") <- names(frame)[attr(attr(frame, "terms"), "offset")]
  inputs
}

check_input_kinds <- function(inputs, call) {
  bad <- which(
    vapply(inputs, function(x) is.null(column_kind(x)), NA) &
      !names(inputs) %in% attr(inputs, "offsets")
  )
  if (length(bad) > 0) abort_column(inputs[[bad[1]]], names(inputs)[bad[1]], "Variable", call)
}

# The raw frame of a fit's formula for other data, for nn_continue() and held-out data. Variables of
# the formula and of the call's expressions are looked up in the other data.
read_formula_again <- function(fit, data, weights, offset, name, call, least_rows = 1) {
  encoding <- fit$encoding
  if (!is.data.frame(data)) check_newdata(encoding$columns, data, name, call)
  frame <- utf8_frame(as.data.frame(data))
  extras <- in_formula(lapply(encoding$replay$extras, eval, frame, globalenv()), call, name)
  if (!is.null(weights)) extras$weights <- weights
  if (!is.null(offset)) extras$offset <- offset
  unseen <- new_levels_record(encoding, weightless_rows(extras$weights))
  raw <- check_newdata(encoding$columns, data, name, call, unseen)
  # finds the levels of terms such as factor(x)
  if (unseen$allowed) encode_new(fit, raw, name, call, unseen)
  names <- case_names(data)
  filled <- fill_columns(raw, encoding$missing$fill)
  dated <- names(Filter(function(kind) !is.null(kind$dates), encoding$columns))
  data <- with_filled(frame, filled, c(names(encoding$missing$fill), dated))
  outcome <- variable_names(attr(encoding$terms, "variables")[[attr(encoding$terms, "response") +
    1]])
  absent <- setdiff(known_names(outcome, names(data)), names(data))
  if (length(absent) > 0) {
    abort_input(c(
      "{.arg {name}} must contain the outcome of the formula.",
      x = "{cli::qty(length(absent))}Column{?s} {.field {absent}} {?is/are} missing."
    ), call)
  }
  extras$unseen <- unseen_mask(unseen, nrow(data))
  frame <- frame_of(
    encoding$terms, data, extras, encoding$replay$na.action, nrow(data), call, name, least_rows
  )
  y <- plain_outcome(stats::model.response(frame))
  rows <- frame[["(row)"]]
  known <- which(has_known_class(y, encoding$outcome, unseen, rows))
  rows <- rows[known]
  weights <- take_rows(frame[["(weights)"]], known)
  own <- new_levels_record(NULL, weightless_rows(weights))
  encoded <- encode_raw(encoding, raw, name, call, own, rows)[c("X", "offset")]
  encoded$X <- named_as_inputs(encoded$X, fit)
  if (length(unseen$found) > 0) {
    encoded$X <- set_rows(encoded$X, which(rows %in% unseen_rows(unseen)), NA)
  }
  report_new_levels(unseen, nrow(data), name, "they count as missing values")
  frame <- new_frame(
    raw[rows, , drop = FALSE], encoded, encoding, take_rows(y, known), encoding$outcome$names[1],
    weights = weights, offset = take_rows(frame[["(offset)"]], known),
    na.action = attr(frame, "na.action"), names = kept_names(names, rows, nrow(data)), name = name
  )
  blank_frame(frame, union(own$blank, which(rows %in% unseen$blank)), encoding$outcome$levels)
}

# The data of a formula with some columns of `frame`.
with_filled <- function(data, frame, columns) {
  if (length(columns) == 0) {
    return(data)
  }
  if (!is.data.frame(data)) data <- as.list(data)
  for (name in columns) data[[name]] <- frame[[name]]
  data
}

check_formula_data <- function(data, call) {
  if (is.data.frame(data)) {
    data <- utf8_frame(as.data.frame(data))
    check_names(names(data), "data", call)
    reserved <- intersect(c("(row)", "(weights)", "(offset)"), names(data))
    if (length(reserved) > 0) {
      abort_input(c(
        "The column name{?s} {.val {reserved}} {?is/are} reserved by R.",
        i = "Rename the {cli::qty(length(reserved))}column{?s}."
      ), call)
    }
    return(data)
  }
  plain <- is.environment(data) || is.list(data) && !is.object(data)
  if (!is.null(data) && !plain) {
    abort_input(c(
      "{.arg data} must be a data frame.",
      x = "You supplied {describe(data)}.",
      i = if (is.matrix(data)) {
        "Use {.code as.data.frame(data)}."
      } else if (is.character(data) && length(data) == 1) {
        "Remove the quotes: {.code data = {data}}. For a file, use {.fn nn_source}."
      } else if (is.function(data)) {
        function_for_data_hint
      }
    ), call)
  }
  data
}

# The model frame, with row numbers of the data in its column "(row)".
frame_of <- function(terms, data, extras, na.action, rows, call, name = "data",
                     least_rows = 1) {
  check_extras(extras[c("weights", "offset")], rows, call)
  model_frame <- function(na.action) {
    do.call(stats::model.frame, c(
      list(formula = terms, data = data, na.action = na.action, row = seq_len(rows)), extras
    ))
  }
  frame <- in_formula(tryCatch(model_frame(na.action), error = function(e) {
    model_frame(stats::na.pass)
    abort_refused(e, call)
  }), call, name)
  if (nrow(frame) < least_rows) abort_no_rows(model_frame(stats::na.pass), rows, name, call)
  frame
}

check_contrasts <- function(contrasts, call) {
  if (is.null(contrasts) ||
    (is.list(contrasts) && !is.null(names(contrasts)) && all(nzchar(names(contrasts))))) {
    return(invisible())
  }
  abort_argument(c(
    paste0(
      "{.arg contrasts} must be a named list with one element per factor, ",
      "such as {.code list(colour = \"contr.sum\")}."
    ),
    x = "You supplied {describe(contrasts)}."
  ), call)
}

# A formula and its data, supplied in either order, and the expressions of subset, weights and
# offset: list(formula, data, swapped, extras). `data` is NULL if it is missing.
formula_call <- function(formula, data, extras, call) {
  swapped <- !missing(data) && is_formula(data) && (is.data.frame(formula) || is_source(formula))
  given <- if (swapped) list(data, formula) else list(formula, if (!missing(data)) data)
  if (!is_formula(given[[1]], lhs = TRUE) || is.null(given[[1]][[2]])) {
    abort_argument(c(
      "{.arg formula} must have an outcome on its left-hand side, as in {.code y ~ x}.",
      x = "You supplied {.code {format(given[[1]])}}."
    ), call)
  }
  if (is.numeric(extras$subset) || is.character(extras$subset)) {
    abort_argument(c(
      "{.arg subset} must be an expression that selects rows, such as {.code subset = height > 0}.",
      x = "You supplied {describe(extras$subset)}.",
      i = "Arguments after the data must be named, as in {.code hidden = 5}."
    ), call)
  }
  if (is_source(given[[2]])) check_source(given[[2]], call)
  list(formula = given[[1]], data = given[[2]], swapped = swapped, extras = extras)
}
