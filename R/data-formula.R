# A formula and its data to what the training needs. The terms that stay in the fit have the global
# environment, and no other variables than the columns.

# list(encoding, raw, y, label, weights, offset, calibration, na.action, names, name); `extras` are
# the expressions of subset, weights and offset.
read_formula <- function(formula, data, extras, na.action, contrasts, calibration, call) {
  names <- if (is.data.frame(data)) case_names(data)
  data <- check_formula_data(data, call)
  na.action <- check_na_action(na.action, call)
  check_contrasts(contrasts, call)
  terms <- tryCatch(used_terms(formula, if (is.data.frame(data)) data), error = function(e) {
    abort_argument(c("{.arg formula} cannot be read.", x = "{conditionMessage(e)}"), call)
  })
  if (length(attr(terms, "term.labels")) == 0) {
    abort_input(c(
      "The formula must have at least one input.",
      x = "It is {.code {deparse1(formula)}}."
    ), call)
  }
  if (any(attr(terms, "factors")[attr(terms, "response"), ] > 0)) {
    abort_input(c(
      "The outcome must not be among the inputs of the formula.",
      x = "It is {.code {deparse1(formula[[2]])}}, which stands on both sides."
    ), call)
  }
  where <- environment(formula)
  if (is.null(where)) where <- globalenv()
  variables <- collect_variables(terms, data, where, call)
  extra_values <- in_formula(lapply(extras, eval, data, where), call)
  frame <- frame_of(
    terms, if (is.null(data)) variables$frame else data, extra_values, na.action, variables$rows,
    call
  )
  rows <- frame[["(row)"]]
  y <- plain_outcome(stats::model.response(frame))
  label <- deparse1(formula[[2]])
  check_outcome_kind(y, label, call)
  raw <- variables$frame[rows, , drop = FALSE]
  calibration <- draw_calibration(calibration, y, call)

  response <- attr(terms, "response")
  inputs <- frame[setdiff(names(frame)[-response], c("(row)", "(weights)", "(offset)"))]
  bad <- which(
    vapply(inputs, function(x) is.null(column_kind(x)), NA) &
      !names(inputs) %in% names(frame)[attr(terms, "offset")]
  )
  if (length(bad) > 0) abort_column(inputs[[bad[1]]], names(inputs)[bad[1]], "Variable", call)
  for (name in names(inputs)) {
    if (is.factor(inputs[[name]]) && is.null(contrasts[[name]])) {
      own_contrasts(inputs[[name]], levels(droplevels(inputs[[name]])), name)
    }
  }
  kept_terms <- portable_terms(
    attr(frame, "terms"), raw, calibration$rows, where, variables$constants, call
  )
  encoding <- list(
    columns = lapply(raw, raw_kind), terms = kept_terms,
    xlevels = stats::.getXlevels(stats::delete.response(kept_terms), droplevels(inputs)),
    replay = list(
      na.action = na_action_name(na.action),
      extras = Filter(
        function(expression) all(all.vars(expression) %in% if (is.data.frame(data)) names(data)),
        extras
      )
    )
  )
  encoding$contrasts <- encode_terms(
    c(encoding, list(contrasts = contrasts)), raw, "data", call
  )$contrasts
  list(
    encoding = encoding, raw = raw, y = y, label = label, weights = frame[["(weights)"]],
    offset = frame[["(offset)"]], has_offset_argument = !is.null(extras$offset),
    calibration = calibration, na.action = attr(frame, "na.action"), names = names[rows],
    name = "data"
  )
}

# The same rows again, for nn_continue() and for held-out data: what the formula and the call took
# from the data is taken from these.
read_formula_again <- function(fit, data, weights, offset, name, call, replay = TRUE) {
  encoding <- fit$encoding
  raw <- check_newdata(encoding$columns, data, name, call)
  names <- case_names(data)
  data <- as.data.frame(data)
  outcome <- variable_names(attr(encoding$terms, "variables")[[attr(encoding$terms, "response") +
    1]])
  absent <- setdiff(outcome, names(data))
  if (length(absent) > 0) {
    abort_input(c(
      "{.arg {name}} must have the outcome of the formula.",
      x = "{cli::qty(length(absent))}Column{?s} {.field {absent}} {?is/are} missing."
    ), call)
  }
  extras <- if (replay) {
    in_formula(lapply(encoding$replay$extras, eval, data, globalenv()), call, name)
  } else {
    list()
  }
  if (!is.null(weights)) extras$weights <- weights
  if (!is.null(offset)) extras$offset <- offset
  frame <- frame_of(
    encoding$terms, data, extras, if (replay) encoding$replay$na.action else stats::na.pass,
    nrow(data), call, name
  )
  rows <- frame[["(row)"]]
  list(
    raw = raw[rows, , drop = FALSE], y = plain_outcome(stats::model.response(frame)),
    weights = frame[["(weights)"]], offset = frame[["(offset)"]],
    na.action = attr(frame, "na.action"), names = names[rows]
  )
}

check_formula_data <- function(data, call) {
  if (is.data.frame(data)) {
    check_names(names(data), "data", call)
    reserved <- intersect(c("(row)", "(weights)", "(offset)"), names(data))
    if (length(reserved) > 0) {
      abort_input(c(
        "Columns of {.arg data} must not be called {.val {reserved}}, a name of R's own.",
        i = "Give {cli::qty(length(reserved))}{?it/them} another name."
      ), call)
    }
    return(as.data.frame(data))
  }
  if (!is.null(data) && !is.list(data) && !is.environment(data)) {
    abort_input(c(
      "{.arg data} must be a data frame.",
      x = "It is {describe(data)}.",
      i = if (is.matrix(data)) "Use {.code as.data.frame(data)}."
    ), call)
  }
  data
}

# The model frame, with the number of each row in the data as its column "(row)".
frame_of <- function(terms, data, extras, na.action, rows, call, name = "data") {
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
  if (nrow(frame) == 0) abort_no_rows(model_frame(stats::na.pass), rows, name, call)
  frame
}

check_contrasts <- function(contrasts, call) {
  if (is.null(contrasts) ||
    (is.list(contrasts) && !is.null(names(contrasts)) && all(nzchar(names(contrasts))))) {
    return(invisible())
  }
  abort_argument(c(
    paste0(
      "{.arg contrasts} must be a list with the contrasts of factors by their names, ",
      "such as {.code list(colour = \"contr.sum\")}."
    ),
    x = "It is {describe(contrasts)}."
  ), call)
}
