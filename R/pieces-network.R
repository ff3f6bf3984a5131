# What the single pieces take: a list of matrices or a fit.

# A network from a list of matrices or a fit, with its activations: list(layers, weights).
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

# What the network of a fit sees of data as they were given in training, where that was a sparse
# matrix: list(X, y, offset). For all other networks the data are that already.
seen_by <- function(network, X, y, offset, call) {
  fit <- if (inherits(network, "nn_fit")) plain_fit(network, call)
  # a fit to data sees encoded columns, which no data frame holds
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

# What all pieces begin with; a fit made with offsets is no network without them.
check_network_and_inputs <- function(network, X, offset, call) {
  check_given(
    missing(network), "network", "a list of matrices as nn_init() and coef() return, or a fit", call
  )
  check_given(missing(X), "X", "a numeric matrix with a row for each case", call)
  if (inherits(network, "nn_fit") && isTRUE(unclass(network)$has_offset) && is.null(offset)) {
    abort_argument("The fit was made with offsets, so {.arg offset} must be given.", call)
  }
}
