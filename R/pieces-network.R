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

# Data on the scale of the network, as list(X, y, offset). Only a fit to a sparse matrix has data on
# another scale; for all other networks they are returned unchanged.
seen_by <- function(network, X, y, offset, call) {
  fit <- if (inherits(network, "nn_fit")) plain_fit(network, call)
  # fits to a data frame need a matrix of their encoded columns
  if (is.null(fit$encoding)) X <- numbers_of_frame(X, "X", call)
  if (is.null(fit$encoding) || !is.null(fit$encoding$columns)) {
    return(list(X = check_inputs(X, "X", call), y = y, offset = offset))
  }
  outcome <- fit$encoding$outcome
  list(
    X = prepare_newdata(fit, X, "X", call)$X,
    y = if (!is.null(y)) encode_outcome(y, outcome, call)$y, offset = encode_offset(offset, outcome)
  )
}

# The checks that all single steps share. A fit with offsets needs offsets here, too.
check_network_and_inputs <- function(network, X, offset, call) {
  check_given(
    missing(network), "network", "a list of matrices from nn_init() or coef(), or a fit", call
  )
  check_given(missing(X), "X", "a numeric matrix with one row per case", call)
  if (inherits(network, "nn_fit") && isTRUE(unclass(network)$has_offset) && is.null(offset)) {
    abort_argument(c(
      "{.arg offset} must be supplied for a fit with offsets.",
      i = "Supply one number per row and output."
    ), call)
  }
}
