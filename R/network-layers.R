# A network on R's side is a plain list of matrices: wh, bh, wout, bout, or wh1, bh1, wh2, ... for
# more hidden layers. In the core it is one run of numbers in that order; a matrix of R stands in it
# as it stands in memory.

# The names of the matrices of a network with `hidden` hidden layers.
network_names <- function(hidden_layers) {
  if (hidden_layers == 1) {
    return(c("wh", "bh", "wout", "bout"))
  }
  c(rbind(layer_names("wh", hidden_layers), layer_names("bh", hidden_layers)), "wout", "bout")
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

# What the core needs to know of a network: units a layer (inputs first) and the number of each
# layer's activation.
network_shape <- function(units, activation, output_activation) {
  hidden_layers <- length(units) - 2
  list(
    units = units,
    activations = activation_code(c(rep_len(activation, hidden_layers), output_activation))
  )
}

# The same as the core takes it: a list of layers.
core_layers <- function(shape) {
  kinds <- activation_table$name[shape$activations + 1]
  lapply(seq_along(kinds), function(l) {
    list(
      kind = "dense", inputs = shape$units[l], units = shape$units[l + 1], activation = kinds[l]
    )
  })
}
hidden_layers <- function(shape) length(shape$units) - 2

shape_parameters <- function(shape) sum((shape$units[-length(shape$units)] + 1) * shape$units[-1])

flatten_network <- function(network) as.double(unlist(network, use.names = FALSE))

unflatten_network <- function(weights, shape) {
  units <- shape$units
  layers <- length(units) - 1
  network <- vector("list", 2 * layers)
  at <- 0
  for (layer in seq_len(layers)) {
    size <- units[layer] * units[layer + 1]
    w <- weights[at + seq_len(size)]
    b <- weights[at + size + seq_len(units[layer + 1])]
    dim(w) <- units[layer + 0:1]
    dim(b) <- c(1, units[layer + 1])
    network[[2 * layer - 1]] <- w
    network[[2 * layer]] <- b
    at <- at + size + units[layer + 1]
  }
  names(network) <- network_names(layers - 1)
  network
}

check_hidden <- function(hidden, call) {
  hidden <- check_whole(hidden, "hidden", call, least = 0, many = TRUE)
  if (length(hidden) == 1 && hidden == 0) {
    return(numeric())
  }
  if (any(hidden == 0)) {
    abort_argument(c(
      "A hidden layer must have units.",
      x = "{.arg hidden} holds a 0 among {length(hidden)} layers.",
      i = "{.code hidden = 0} alone means no hidden layer."
    ), call)
  }
  hidden
}

# Checks a network given as a list of matrices and returns the number of units of each layer, inputs
# first.
network_units <- function(network, call, argument = "network", n_inputs = NULL, n_outputs = NULL) {
  if (!is.list(network) || is.data.frame(network) || length(network) < 2 ||
    length(network) %% 2 != 0) {
    abort_argument(c(
      paste0(
        "{.arg {argument}} must be a list of matrices: {.field wh}, {.field bh}, {.field wout}, ",
        "{.field bout}, as {.fn coef} returns."
      ),
      x = "It is {describe(network)}.",
      i = if (is.list(network) && "gradient" %in% names(network)) "Give its {.code $gradient}."
    ), call)
  }
  hidden_layers <- length(network) / 2 - 1
  expected <- network_names(hidden_layers)
  if (!identical(names(network), expected)) {
    abort_argument(c(
      paste0(
        "A network of {hidden_layers} hidden layer{?s} has the matrices {.field {expected}}, ",
        "in this order."
      ),
      x = if (is.null(names(network))) {
        "{.arg {argument}} has no names."
      } else {
        "{.arg {argument}} has {.field {names(network)}}."
      }
    ), call)
  }
  units <- numeric(hidden_layers + 2)
  for (layer in seq_len(hidden_layers + 1)) {
    w <- check_network_matrix(network[[2 * layer - 1]], expected[2 * layer - 1], argument, call)
    b <- check_network_matrix(network[[2 * layer]], expected[2 * layer], argument, call)
    before <- if (layer > 1) units[layer] else if (is.null(n_inputs)) nrow(w) else n_inputs
    after <- if (layer == hidden_layers + 1 && !is.null(n_outputs)) n_outputs else ncol(w)
    check_network_size(w, expected[2 * layer - 1], before, after, argument, call)
    check_network_size(b, expected[2 * layer], 1, after, argument, call)
    units[layer + 0:1] <- c(before, after)
  }
  units
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
      "{.field {name}} in {.arg {argument}} must hold finite numbers only.",
      x = "Number {at[1]} is {x[at[1]]}."
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
