# The steps of one update: their names, phases, operands, and formulas as text.

trace_phases <- c(
  data = "Data", forward = "Forward", error = "Error", backward = "Backward", update = "Update"
)

# `value`: all matrices of the update, named by id.
trace_steps <- function(value, settings, batch) {
  layers <- length(settings$activation)
  hidden <- seq_len(layers)
  name <- function(stem) layer_names(stem, layers)
  dense <- dense_layers(settings$units)
  skip <- settings$skip
  network <- parameter_names(dense)
  if (skip) network <- append(network, "wskip", length(network) - 1)
  weights <- parameter_names(dense, "weights")
  biases <- parameter_names(dense, "biases")
  before <- function(name) paste0(name, "_before")
  below <- c("X", name("hiddenlayer_activations"))
  sums <- c(name("hidden_layer_input"), "output_layer_input")
  outputs <- c(name("hiddenlayer_activations"), "output")
  errors <- name("Error_at_hidden_layer")
  slopes <- name("slope_hidden_layer")
  deltas <- c(name("d_hiddenlayer"), "d_output")
  activations <- c(settings$activation, settings$output_activation)
  share <- if (settings$reduction == "mean") " / nrow(X)"

  steps <- list()
  add <- function(phase, number, name, operation, inputs, formula, id = name) {
    steps[[length(steps) + 1]] <<- list(
      id = id, phase = phase, number = number, tutorial = number + 1, name = name,
      operation = operation, inputs = inputs, formula = formula, value = value[[id]], batch = batch
    )
  }
  add_slope <- function(id, layer) {
    slope <- slope_formula(activations[layer], outputs[layer], sums[layer])
    add("backward", 6, id, "slope", slope$inputs, slope$formula)
  }

  add("data", 0, "X", "data", character(), "the inputs")
  add("data", 0, "y", "data", character(), "the targets")
  for (matrix in network) {
    add(
      "data", 1, matrix, "weights", character(),
      if (matrix %in% biases) "the bias" else "the weights", before(matrix)
    )
  }
  for (l in seq_len(layers + 1)) {
    skipped <- skip && l > layers
    add(
      "forward", if (l > layers) 4 else 2, sums[l], "weighted_sum",
      c(
        below[l], before(weights[l]), if (skipped) c("X", before("wskip")), before(biases[l])
      ),
      paste0(
        below[l], " %*% ", weights[l], if (skipped) " + X %*% wskip", " + ", biases[l]
      )
    )
    add("forward", if (l > layers) 4 else 3, outputs[l], "activation", sums[l], paste0(
      activations[l], "(", sums[l], ")"
    ))
  }
  add("error", 5, "E", "difference", c("y", "output"), "y - output")
  loss <- loss_formula(settings$loss, settings$output_activation)
  add("error", NA, "loss", "loss", loss$inputs, paste0(loss$formula, share))
  elementwise <- "slope_output_layer" %in% names(value)
  if (elementwise) add_slope("slope_output_layer", layers + 1)
  for (l in rev(hidden)) add_slope(slopes[l], l)
  delta <- delta_formula(settings$loss, settings$output_activation, elementwise)
  add("backward", 7, "d_output", "delta", delta$inputs, delta$formula)
  for (l in rev(hidden)) {
    add(
      "backward", 8, errors[l], "transposed_product", c(deltas[l + 1], before(weights[l + 1])),
      paste0(deltas[l + 1], " %*% t(", weights[l + 1], ")")
    )
    add("backward", 9, deltas[l], "product", c(errors[l], slopes[l]), paste0(
      errors[l], " * ", slopes[l]
    ))
  }
  add_weights <- function(name, from, delta) {
    add(
      "update", 10, name, "update", c(before(name), from, delta),
      paste0(name, " + t(", from, ") %*% ", delta, share, " * learning_rate"),
      paste0(name, "_after")
    )
  }
  for (l in rev(seq_len(layers + 1))) {
    add_weights(weights[l], below[l], deltas[l])
    if (skip && l > layers) add_weights("wskip", "X", "d_output")
  }
  for (l in rev(seq_len(layers + 1))) {
    add(
      "update", 11, biases[l], "update", c(before(biases[l]), deltas[l]),
      paste0(biases[l], " + colSums(", deltas[l], ")", share, " * learning_rate"),
      paste0(biases[l], "_after")
    )
  }
  add(
    "update", NA, "output", "forward", c("X", paste0(network, "_after")),
    "the output under the updated weights", "output_after"
  )
  add(
    "update", NA, "loss", "loss", c("y", "output_after"), "the loss under the updated weights",
    "loss_after"
  )
  steps
}

# The derivative of an activation as R code, in terms of its value a or its weighted sum z.
slope_formula <- function(activation, a, z) {
  code <- activation_table[[activation]]$slope_code
  code_of(code(a, z), c(z, a))
}

# R code, and the names that it uses.
code_of <- function(formula, names) {
  list(formula = formula, inputs = intersect(names, all.names(str2lang(formula))))
}

# The loss, summed over the rows.
loss_formula <- function(loss, output_activation) {
  p <- format(loss$parameter, digits = 15)
  mixed <- activation_table[[output_activation]]$mixes_units
  code_of(loss_table[[loss$name]]$sum_code(p, mixed), c("E", "y", "output"))
}

# d_output: minus the derivative of the loss with respect to the input of the output layer.
delta_formula <- function(loss, output_activation, elementwise) {
  row <- loss_table[[loss$name]]
  if (output_activation %in% row$from_input) {
    return(code_of(
      row$delta_code(format(loss$parameter, digits = 15)), c("E", "y", "output")
    ))
  }
  blame <- row$blame_code(format(loss$parameter, digits = 15))
  code_of(
    if (elementwise) {
      paste(blame, "* slope_output_layer")
    } else {
      paste0("output * (", blame, " - rowSums(", blame, " * output))")
    },
    c("E", "output", "slope_output_layer")
  )
}
