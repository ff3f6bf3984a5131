# A formula and its data to what the training needs. The terms that stay in the fit have the global environment, and no other variables than the columns.

read_formula <- function(formula, data, extras, na.action, contrasts, call) {
  names <- if (is.data.frame(data)) case_names(data)
  if (is.data.frame(data)) data <- as.data.frame(data)
  else if (!is.null(data) && !is.list(data) && !is.environment(data)) abort_input(c("{.arg data} must be a data frame.", x = "It is {describe(data)}.", i = if (is.matrix(data)) "Use {.code as.data.frame(data)}."), call)
  terms <- tryCatch(stats::terms(formula, data = if (is.data.frame(data)) data), error = function(e) abort_argument(c("{.arg formula} cannot be read.", x = "{conditionMessage(e)}"), call))
  where <- environment(formula)
  if (is.null(where)) where <- globalenv()
  variables <- collect_variables(terms, data, where, call)
  arguments <- c(list(formula = terms, data = if (is.null(data)) variables$frame else data, na.action = na.action, row = seq_len(variables$rows)), in_formula(lapply(extras, eval, data, where), call))
  frame <- in_formula(do.call(stats::model.frame, arguments), call)
  if (nrow(frame) == 0) abort_input(c("No row is left to train on.", x = "There {?was/were} {variables$rows} row{?s} before {.arg subset} and {.arg na.action}."), call)
  rows <- frame[["(row)"]]
  terms <- attr(frame, "terms")
  response <- attr(terms, "response")
  for (name in setdiff(names(frame), c(names(frame)[response], "(row)", "(weights)", "(offset)")))
    if (is.null(column_kind(frame[[name]]))) abort_column(frame[[name]], name, "Variable", call)
  raw <- variables$frame[rows, , drop = FALSE]
  columns <- lapply(raw, raw_kind)
  if (length(attr(terms, "term.labels")) == 0) abort_input(c("The formula must have at least one input.", x = "It is {.code {format(formula)}}."), call)
  environment(terms) <- globalenv()
  attr(terms, ".Environment") <- globalenv()
  attr(terms, "predvars") <- inline_constants(attr(terms, "predvars"), variables$constants)
  inputs <- stats::delete.response(terms)
  frame_inputs <- frame
  for (name in names(frame)) if (is.factor(frame[[name]])) frame_inputs[[name]] <- droplevels(frame[[name]])
  encoding <- list(columns = columns, terms = terms, xlevels = stats::.getXlevels(inputs, frame_inputs))
  encoding$contrasts <- encode_terms(c(encoding, list(contrasts = contrasts)), raw, "data", call)$contrasts
  list(encoding = encoding, raw = raw, y = stats::model.response(frame), label = deparse1(formula[[2]]), weights = frame[["(weights)"]], offset = frame[["(offset)"]],
    has_offset_argument = !is.null(extras$offset), na.action = attr(frame, "na.action"), names = names[rows])
}

# The raw variables behind the inputs: list(frame, constants, rows). What is neither in the data nor as long as they are is a constant.
collect_variables <- function(terms, data, where, call) {
  variables <- attr(terms, "variables")[-1]
  response <- attr(terms, "response")
  needed <- unique(unlist(lapply(variables[-response], all.vars)))
  rows <- if (is.data.frame(data)) nrow(data) else NROW(in_formula(eval(variables[[response]], data, where), call))
  known <- if (is.environment(data)) ls(data) else names(data)
  frame <- list()
  constants <- list()
  for (name in needed) {
    value <- if (name %in% known) data[[name]] else get0(name, where, inherits = TRUE)
    if (is.null(value) || (is.function(value) && !name %in% known))
      abort_input(c("The formula names columns that {.arg data} does not have.", x = "{.field {name}} is missing.", nearest_name(name, known)), call)
    if (is.list(value) && !inherits(value, "POSIXlt")) abort_column(value, name, "Variable", call)
    if (NROW(value) == rows || name %in% known) frame[[name]] <- value
    else if (is.atomic(value) && length(value) <= 1000) constants[[name]] <- value
    else abort_input(c("Variable {.field {name}} must have a value for each of the {rows} row{?s}.", x = "It is {describe(value)}."), call)
  }
  list(frame = structure(frame, class = "data.frame", row.names = seq_len(rows)), constants = constants, rows = rows)
}

inline_constants <- function(expression, constants) if (length(constants) == 0) expression else do.call(substitute, list(expression, constants))

# A raw column may be of any class that the formula turns into something usable, and text of any words: levels count where they come out of the formula.
raw_kind <- function(x) {
  kind <- column_kind(x)
  if (is.null(kind)) return(list(type = "other", class = class(x)))
  kind$levels <- if (kind$type == "factor") levels(x)
  kind
}

# What goes wrong within a formula becomes an error of ours.
in_formula <- function(expression, call) {
  tryCatch(expression, error = function(e) {
    if (inherits(e, "backprop_error")) cnd_signal(e)
    abort_input(c("The formula cannot be evaluated for {.arg data}.", x = "{conditionMessage(e)}"), call)
  })
}
