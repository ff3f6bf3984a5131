# A network is a list of layers. A layer is a list of its `kind`, numbers of `inputs` and `units`,
# its `activation`, and the names of its `parameters` (weights, biases). An output layer with `skip`
# has the inputs of the network as its last `skip` inputs, after the units of the layer below. The
# parameters themselves are a plain list of matrices: wh, bh, wout, bout, or wh1, bh1, wh2, ... with
# several hidden layers. In the core they are one vector in that order; R's memory layout of each
# matrix is kept.

# The kinds of layers, one row each: the parts of its parameters, their dimensions and total number.
# The core has a kind of the same name (src/core/network.h).
layer_kinds <- list(
  dense = list(
    parts = c("weights", "biases"),
    sizes = function(layer) {
      list(weights = c(layer$inputs, layer$units), biases = c(1, layer$units))
    },
    count = function(layer) (layer$inputs + 1) * layer$units
  )
)

# Dense layers for these numbers of units, beginning with the inputs. `custom`: a list of the custom
# activation of each hidden layer, NULL for others, or NULL if there is none. `skip`: whether the
# inputs are connected to the output layer, too.
dense_layers <- function(units, activations = NA_character_, custom = NULL, skip = FALSE) {
  layers <- length(units) - 1
  units <- as.double(units)
  activations <- rep_len(activations, layers)
  suffix <- c(layer_names("h", layers - 1), "out")
  weights <- paste0("w", suffix)
  biases <- paste0("b", suffix)
  made <- vector("list", layers)
  for (l in seq_len(layers)) {
    skipped <- if (skip && l == layers) units[1] else 0
    layer <- list(
      kind = "dense", inputs = units[l] + skipped, units = units[l + 1],
      activation = activations[l], parameters = c(weights = weights[l], biases = biases[l])
    )
    if (skipped > 0) layer$skip <- skipped
    if (l <= length(custom) && !is.null(custom[[l]])) {
      layer$custom <- custom_in_core(custom[[l]], "custom activation")
    }
    made[[l]] <- layer
  }
  made
}

# A name for each hidden layer's quantity, as hidden_layer_input or hidden_layer_input1, ...
layer_names <- function(stem, hidden_layers) {
  if (hidden_layers == 0) {
    character()
  } else if (hidden_layers == 1) {
    stem
  } else {
    paste0(stem, seq_len(hidden_layers))
  }
}

has_skip <- function(layers) !is.null(layers[[length(layers)]]$skip)
n_inputs <- function(layers) layers[[1]]$inputs
n_outputs <- function(layers) layers[[length(layers)]]$units
n_hidden <- function(layers) length(layers) - 1
# The numbers of units, beginning with the inputs.
layer_units <- function(layers) {
  units <- n_inputs(layers)
  for (layer in layers) units <- c(units, layer$units)
  units
}
layer_activations <- function(layers) vapply(layers, `[[`, "", "activation")
parameter_sizes <- function(layer) layer_kinds[[layer$kind]]$sizes(layer)
n_layer_parameters <- function(layer) layer_kinds[[layer$kind]]$count(layer)
n_parameters <- function(layers) {
  count <- 0
  for (layer in layers) count <- count + n_layer_parameters(layer)
  count
}
# The names of all parameters, or of one part (weights, biases).
parameter_names <- function(layers, part = NULL) {
  names <- lapply(layers, `[[`, "parameters")
  if (!is.null(part)) names <- lapply(names, `[[`, part)
  unlist(names, use.names = FALSE)
}

# A layer's biases (first row) and weights (a row for each input), a column for each unit.
biases_and_weights <- function(layer, network) {
  rbind(network[[layer$parameters[["biases"]]]], network[[layer$parameters[["weights"]]]])
}

flatten_network <- function(network) as.double(unlist(network, use.names = FALSE))

unflatten_network <- function(weights, layers) core_matrices(weights, layers)

check_hidden <- function(hidden, call) {
  hidden <- check_whole(hidden, "hidden", call, least = 0, many = TRUE)
  if (length(hidden) == 1 && hidden == 0) {
    return(numeric())
  }
  if (any(hidden == 0)) {
    abort_argument(c(
      "Each hidden layer must have at least one unit.",
      x = "{.arg hidden} contains a 0 among {length(hidden)} layers.",
      i = "Use {.code hidden = 0} for a network without hidden layers."
    ), call)
  }
  hidden
}

check_skip <- function(skip, hidden, call) {
  skip <- check_flag(skip %||% FALSE, "skip", call)
  if (skip && length(hidden) == 0) {
    abort_argument(c(
      "{.arg skip} requires a hidden layer.",
      x = "{.arg hidden} is 0, so the inputs are connected to the output layer already.",
      i = "Omit {.arg skip}."
    ), call)
  }
  skip
}

# Refuses what has no place for connections from the inputs to the output layer.
check_no_skip <- function(layers, what, call) {
  if (has_skip(layers)) {
    abort_argument(c(
      paste0(what, " can't be used with {.code skip = TRUE}."),
      x = "The inputs of this network are connected directly to its output layer.",
      i = "Train it with {.code skip = FALSE}."
    ), call)
  }
}

# The values that layer `l` gets: those of the layer below, and of the network's inputs for an
# output layer with skip. `activations`: the outputs of each layer.
layer_input <- function(layers, l, X, activations) {
  if (l == 1) {
    return(X)
  }
  below <- activations[[l - 1]]
  if (is.null(layers[[l]]$skip)) below else cbind(below, as.matrix(X), deparse.level = 0)
}

# Checks a network given as a list of matrices and returns its layers, without activations.
# `inputs`, `hidden`, `outputs`, `skip`: the sizes that it must have, or NULL.
check_network <- function(network, call, argument = "network", inputs = NULL, outputs = NULL,
                          hidden = NULL, skip = NULL) {
  n_layers <- length(network) / length(layer_kinds$dense$parts)
  if (!is.null(hidden) && length(network) > 0) n_layers <- length(hidden) + 1
  if (!is.list(network) || is.data.frame(network) || n_layers < 1 || n_layers %% 1 != 0) {
    abort_argument(c(
      paste0(
        "{.arg {argument}} must be a list of matrices, {.field wh}, {.field bh}, {.field wout} ",
        "and {.field bout}, as returned by {.fn coef}."
      ),
      x = "You supplied {describe(network)}.",
      i = if (is.list(network) && "gradient" %in% names(network)) {
        "Use its element {.field gradient}."
      }
    ), call)
  }
  hidden_layers <- n_layers - 1
  layers <- dense_layers(rep(NA, n_layers + 1))
  expected <- parameter_names(layers)
  if (!identical(names(network), expected)) {
    abort_argument(c(
      paste0(
        "A network with {hidden_layers} hidden layer{?s} must have the matrices ",
        "{.field {expected}}, in this order."
      ),
      x = if (is.null(names(network))) {
        "{.arg {argument}} has no names."
      } else {
        "{.arg {argument}} has {.field {names(network)}}."
      }
    ), call)
  }
  before <- inputs
  for (l in seq_along(layers)) {
    names <- layers[[l]]$parameters
    for (name in names) check_network_matrix(network[[name]], name, argument, call)
    weights <- network[[names[["weights"]]]]
    layers[[l]]$inputs <- as.double(if (is.null(before)) nrow(weights) else before)
    skipped <- n_inputs(layers)
    if (l == n_layers && l > 1 && (skip %||% (nrow(weights) == before + skipped))) {
      layers[[l]]$inputs <- before + skipped
      layers[[l]]$skip <- skipped
    }
    units <- if (l == n_layers) outputs else hidden[l]
    layers[[l]]$units <- as.double(if (is.null(units)) ncol(weights) else units)
    check_layer_sizes(network, layers[[l]], argument, call)
    before <- layers[[l]]$units
  }
  layers
}

# Checks initial weights and returns their layers, without activations. `hidden`: the numbers of
# units, or NULL if these follow from `start`.
check_start <- function(start, inputs, outputs, call, hidden = NULL, skip = FALSE,
                        single = FALSE) {
  if (inherits(start, "nn_fit")) {
    abort_argument(c(
      "{.arg start} must be a list of matrices.",
      x = "You supplied a fit.",
      i = "Use {.code coef(fit)} to start from its weights, or {.fn nn_continue} to resume it."
    ), call)
  }
  layers <- check_network(
    start, call, "start",
    inputs = inputs, outputs = outputs, hidden = hidden, skip = skip
  )
  for (name in if (single) names(start)) {
    largest <- start[[name]][which.max(abs(start[[name]]))]
    if (abs(largest) >= 2^128) {
      abort_argument(c(
        paste(
          "{.field {name}} in {.arg start} must be within the range of single precision,",
          "up to 3.4e38."
        ),
        x = "It contains {signif(largest, 3)}.",
        i = 'Use smaller weights, or {.code precision = "double"}.'
      ), call)
    }
  }
  layers
}

check_layer_sizes <- function(network, layer, argument, call) {
  sizes <- parameter_sizes(layer)
  for (part in names(sizes)) {
    name <- layer$parameters[[part]]
    check_network_size(network[[name]], name, sizes[[part]][1], sizes[[part]][2], argument, call)
  }
}

check_network_matrix <- function(x, name, argument, call) {
  if (!is.numeric(x) || !is.matrix(x)) {
    abort_argument(c(
      "{.field {name}} in {.arg {argument}} must be a numeric matrix.",
      x = "It is {describe(x)}."
    ), call)
  }
  at <- which(!is.finite(x))
  if (length(at) > 0) {
    abort_argument(c(
      "{.field {name}} in {.arg {argument}} must contain only finite numbers.",
      x = "Element {at[1]} is {x[at[1]]}."
    ), call)
  }
  x
}
check_network_size <- function(x, name, rows, columns, argument, call) {
  if (nrow(x) != rows || ncol(x) != columns || length(x) == 0) {
    abort_argument(c(
      "{.field {name}} in {.arg {argument}} must be {rows} x {columns}.",
      x = "It is {nrow(x)} x {ncol(x)}."
    ), call)
  }
}
