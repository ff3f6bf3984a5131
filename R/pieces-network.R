# Checks the network and data that the single steps accept: a list of matrices or a fit.

# Returns list(layers, weights) for a list of matrices or a fit, with its activations.
as_network <- function(network, activation, output_activation, call, inputs = NULL) {
  fitted <- inherits(network, "nn_fit")
  if (fitted) {
    network <- current_fit(network, call)
    if (is.null(activation)) activation <- unclass(network)$settings$activation
    if (is.null(output_activation)) output_activation <- unclass(network)$settings$output_activation
    network <- coef(network)
  }
  layers <- check_network(network, call, inputs = inputs)
  if (length(activation) == 0) activation <- NULL
  chosen <- check_activations(activation, output_activation, n_hidden(layers), call)
  list(
    layers = dense_layers(layer_units(layers), c(chosen$activation, chosen$output_activation)),
    weights = flatten_network(network)
  )
}

# Data on the scale of the network, as list(X, y, offset). A fit prepares them as predict() does:
# matched by name, encoded, scaled. For a list of matrices they are used unchanged. `y` is NULL if
# the step needs no targets, or if the formula of the fit is to take them from X.
seen_by <- function(network, X, y, offset, call, targets = !is.null(y)) {
  fit <- if (inherits(network, "nn_fit")) plain_fit(network, call)
  if (is.null(fit$encoding)) {
    X <- check_inputs(numbers_of_frame(X, "X", call), "X", call)
    if (!is.null(fit)) X <- align_columns(X, fit, "X", call)
    return(list(X = X, y = align_outputs(y, fit, call), offset = offset))
  }
  prepared <- prepare_newdata(fit, X, "X", call)
  check_size(prepared$X, "X", call, least_rows = 1)
  if (!is_sparse(prepared$X)) check_finite(prepared$X, "X", call)
  offset <- newdata_offset(fit, prepared, offset, call)
  if (anyNA(offset)) {
    abort_input(c(
      "Offsets must not be missing.",
      x = "The first missing offset is in row {which(rowSums(is.na(offset)) > 0)[1]}.",
      i = "Remove such rows, or impute their values, before the call."
    ), call)
  }
  if (targets) {
    if (is.null(y)) y <- formula_outcome(fit, X, call)
    y <- encode_outcome(align_outputs(y, fit, call), fit$encoding$outcome, call)$y
  }
  list(X = prepared$X, y = y, offset = offset)
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
