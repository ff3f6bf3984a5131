# model.frame() and model.matrix() of a fit for data that are supplied again. A fit stores no data,
# and R would otherwise look for columns in the global environment.

#' @importFrom stats model.frame
#' @export
model.frame.nn_fit <- function(formula, data = NULL, na.action = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(model.frame.nn_fit)))
  whole_fit(formula, call, "fit")
  read_fit_frame(formula, data, na.action, call)$frame
}

#' @importFrom stats model.matrix
#' @export
model.matrix.nn_fit <- function(object, data = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(model.matrix.nn_fit)))
  encoding <- whole_fit(object, call)$encoding
  read <- if (is.null(attr(data, "terms"))) {
    read_fit_frame(object, data, NULL, call)
  } else {
    given_fit_frame(object, data, call)
  }
  frame <- read$frame
  terms <- stats::terms(frame)
  inputs <- setdiff(seq_len(length(attr(terms, "variables")) - 1), attr(terms, "response"))
  terms <- stats::delete.response(terms)
  X <- terms_matrix(encoding, terms, structure(frame[inputs], terms = terms), "data", call)
  marked <- add_marks(list(X = X), read$raw, encoding$missing, read$rows)$X
  further <- ncol(marked) - ncol(X)
  attr(marked, "assign") <- c(attr(X, "assign"), max(attr(X, "assign")) + seq_len(further))
  attr(marked, "contrasts") <- attr(X, "contrasts")
  marked
}

# The variables of the formula of a checked fit for `data`: list(frame, raw, rows), the model frame,
# the columns before missing values are filled, and the numbers of those rows that na.action keeps.
# The outcome is included if `data` has it. Factors have the levels of the training data, and those
# of their declared levels that occur; levels are known or not as in predict().
read_fit_frame <- function(fit, data, na.action, call) {
  terms <- terms(fit)
  if (!is.data.frame(data)) {
    abort_argument(c(
      "{.arg data} must be a data frame, because a fit does not store its data.",
      x = "You supplied {describe(data)}.",
      i = "Supply the training data or new data: {.code model.frame(fit, data)}."
    ), call)
  }
  fit <- plain_fit(fit, call)
  encoding <- fit$encoding
  unseen <- if (identical(encoding$new_levels, "NA")) new_levels_record(encoding)
  raw <- check_newdata(encoding$columns, data, "data", call, unseen)
  # finds the levels of terms such as factor(x)
  if (!is.null(unseen)) encode_new(fit, raw, "data", call, unseen)
  data <- with_filled(
    utf8_frame(as.data.frame(data)), fill_columns(raw, encoding$missing$fill), c(
      names(encoding$missing$fill),
      names(Filter(function(kind) !is.null(kind$dates), encoding$columns))
    )
  )
  outcome <- variable_names(terms[[2]])
  if (anyNA(match_names(outcome, names(data)))) terms <- stats::delete.response(terms)
  extras <- list()
  extras$unseen <- unseen_mask(unseen, nrow(data))
  frame <- frame_of(
    terms, data, extras, check_na_action(na.action %||% encoding$replay$na.action, call),
    nrow(data), call,
    least_rows = 0
  )
  report_new_levels(unseen, nrow(data), "data", "they count as missing values")
  rows <- frame[["(row)"]]
  frame[c("(row)", "(unseen)")] <- NULL
  # by the names that the variables have in this locale
  at <- match_names(names(encoding$xlevels), names(frame))
  for (i in seq_along(at)) {
    variable <- names(encoding$xlevels)[i]
    levels <- encoding$xlevels[[i]]
    further <- encoding$declared[[variable]]
    values <- known_values(
      as_utf8(as.character(frame[[at[i]]])), levels, variable, "data", call,
      if (!is.null(unseen)) new_levels_record(encoding), further
    )
    levels <- c(levels, intersect(further$levels, values))
    frame[[at[i]]] <- recode_levels(frame[[at[i]]], values, levels)
  }
  list(frame = frame, raw = raw, rows = rows)
}

# The same for a model frame of the fit's formula.
given_fit_frame <- function(fit, frame, call) {
  if (!identical(labels(stats::terms(frame)), labels(terms(fit)))) {
    abort_argument(c(
      "{.arg data} must be a data frame, or a result of {.code model.frame(fit, data)}.",
      x = "It is the model frame of another formula."
    ), call)
  }
  if (length(plain_fit(fit, call)$encoding$missing$marked) > 0) {
    abort_argument(c(
      "{.arg data} must be the data frame itself, not a model frame.",
      x = "The fit has inputs that are 1 for missing values, which the model frame has filled."
    ), call)
  }
  list(frame = frame)
}
