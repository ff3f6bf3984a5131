# Checks the network and data that the single steps accept: a list of matrices or a fit.

# Returns list(layers, weights) for a list of matrices or a fit, with its activations.
as_network <- function(network, activation, output_activation, call, inputs = NULL) {
  fitted <- inherits(network, "nn_fit")
  if (fitted) {
    network <- current_fit(network, call)
    if (is.null(activation)) activation <- chosen_activations(unclass(network)$settings)
    if (is.null(output_activation)) output_activation <- unclass(network)$settings$output_activation
    network <- coef(network)
  }
  layers <- check_network(network, call, inputs = inputs)
  if (length(activation) == 0) activation <- NULL
  chosen <- check_activations(activation, output_activation, n_hidden(layers), call)
  list(
    layers = dense_layers(
      layer_units(layers), c(chosen$activation, chosen$output_activation), chosen$custom,
      has_skip(layers)
    ),
    weights = flatten_network(network)
  )
}

# Data on the scale of the network, as list(X, y, offset, rows, of): some `rows` of `of`. A fit
# prepares them as predict() does: matched by name, encoded, scaled; rows with levels that it does
# not know are left out, if it may (`new_levels`), with a message that says `effect`. For a list of
# matrices they are used unchanged. `y` is NULL if the step needs no targets, or if the formula of
# the fit is to take them from X.
seen_by <- function(network, X, y, offset, call, targets = !is.null(y), weights = NULL,
                    new_levels = NULL, effect = "they are excluded") {
  fit <- if (inherits(network, "nn_fit")) plain_fit(network, call)
  if (!is.null(new_levels)) check_new_levels(new_levels, call)
  none <- weightless_rows(weights)
  if (is.null(fit$encoding)) {
    X <- check_inputs(blank_inputs(numbers_of_frame(X, "X", call), none)$X, "X", call)
    if (!is.null(fit)) X <- align_columns(X, fit, "X", call)
    y <- blank_outcome(align_outputs(y, fit, call), weights, fit$levels)$y
    rows <- seq_len(nrow(X))
    return(list(X = X, y = y, offset = blank_inputs(offset, none)$X, rows = rows, of = nrow(X)))
  }
  if (!is.null(new_levels)) fit$encoding$new_levels <- new_levels
  unseen <- new_levels_record(fit$encoding, none)
  prepared <- prepare_newdata(fit, X, "X", call, unseen)
  check_size(prepared$X, "X", call, least_rows = 1)
  of <- nrow(prepared$X)
  if (targets) {
    if (is.null(y)) y <- formula_outcome(fit, X, call)
    y <- align_outputs(y, fit, call)
    if (NROW(y) == of) {
      y <- blank_outcome(y, weights, fit$levels)$y
      has_known_class(plain_outcome(y), fit$encoding$outcome, unseen)
    }
  }
  rows <- setdiff(seq_len(of), unseen_rows(unseen))
  report_new_levels(unseen, of, "X", effect)
  offset <- newdata_offset(fit, prepared, offset, call)
  seen <- list(X = prepared$X, y = y, offset = offset, rows = rows, of = of)
  if (length(rows) < of) {
    seen$X <- take_rows(seen$X, rows)
    seen["y"] <- list(if (NROW(y) == of) take_rows(y, rows) else y)
    seen["offset"] <- list(take_rows(offset, rows))
    if (length(rows) == 0) {
      abort_input(c(
        "{.arg X} has no rows to use.",
        x = "All rows have levels that the training data do not have."
      ), call)
    }
  }
  if (!is_sparse(seen$X)) check_finite(seen$X, "X", call)
  if (anyNA(seen$offset)) {
    abort_input(c(
      "Offsets must not be missing.",
      x = "The first missing offset is in row {rows[which(rowSums(is.na(seen$offset)) > 0)[1]]}.",
      i = "Remove such rows, or impute their values, before the call."
    ), call)
  }
  if (targets) seen$y <- encode_outcome(seen$y, fit$encoding$outcome, call)$y
  seen
}

# Numeric targets with the names of the fit's outputs, in the order of the outputs.
align_outputs <- function(y, fit, call) {
  outputs <- fit$outputs
  matched <- length(dim(y)) == 2 && is.null(fit$levels) && identifies(outputs) &&
    identifies(colnames(y))
  if (!matched || identical(colnames(y), outputs) || !any(colnames(y) %in% outputs)) {
    return(y)
  }
  absent <- setdiff(outputs, colnames(y))
  if (length(absent) > 0) {
    abort_input(c(
      "{.arg y} must have the columns of the training data.",
      x = "{cli::qty(length(absent))}Column{?s} {.field {absent}} {?is/are} missing."
    ), call)
  }
  y[, outputs, drop = FALSE]
}

# The outcome that the formula of a fit computes from `data`.
formula_outcome <- function(fit, data, call, name = "X") {
  terms <- fit$encoding$terms
  outcome <- attr(terms, "variables")[[attr(terms, "response") + 1]]
  data <- utf8_frame(as.data.frame(data))
  absent <- setdiff(known_names(variable_names(outcome), names(data)), names(data))
  if (length(absent) > 0) {
    abort_input(c(
      "{.arg y} is missing, and {.arg {name}} does not contain the outcome of the formula.",
      x = paste0(
        "{cli::qty(length(absent))}Column{?s} {.field {absent}} {?is/are} missing from ",
        "{.arg {name}}."
      ),
      i = "Supply the column in {.arg {name}}, or the outcome as {.arg y}."
    ), call)
  }
  in_formula(eval(outcome, data, environment(terms)), call, name)
}

# Can the targets be left out, because the fit's formula takes them from the data?
has_formula <- function(network) {
  inherits(network, "nn_fit") && !is.null(plain_fit(network, current_env())$encoding$terms)
}

# The checks that all single steps share. A fit with offsets needs offsets here, too.
check_network_and_inputs <- function(network, X, offset, call) {
  check_given(
    missing(network), "network", "a list of matrices from nn_init() or coef(), or a fit", call
  )
  check_given(missing(X), "X", "a numeric matrix with one row per case", call)
  # for fits to data, newdata_offset() checks the offset
  fit <- if (inherits(network, "nn_fit")) plain_fit(network, call)
  if (isTRUE(fit$has_offset) && is.null(fit$encoding) && is.null(offset)) {
    abort_argument(c(
      "{.arg offset} must be supplied for a fit with offsets.",
      i = "Supply one number per row and output."
    ), call)
  }
}
