# The layers of a model in the forms that every format has, one kind each. A layer is a list of its
# `kind`, numbers of `inputs` and `units`, an elementwise `activation` (or "softmax") and, where it
# differs, `first`: that of the first unit. The kinds:
#   dense        x %*% w + b; w (inputs x units), b. With `skip`, the inputs of the network are its
#                last `skip` inputs, after the units of the layer below.
#   running_sum  unit u is unit u - 1 plus `sign` (1 or -1) times input u
#   differences  from the probabilities of a class above each level, which decrease, to those of the
#                classes: 1 - x[1], x[1] - x[2], ..., x[inputs]
dense_form <- function(w, b, activation, first = NULL, skip = NULL) {
  if (ncol(w) == 1 && !is.null(first)) {
    activation <- first
    first <- NULL
  }
  c(
    list(
      kind = "dense", inputs = nrow(w), units = ncol(w), w = w, b = b, activation = activation
    ),
    if (!is.null(first)) list(first = first), if (!is.null(skip)) list(skip = skip)
  )
}

running_sum_form <- function(units, sign, activation) {
  list(kind = "running_sum", inputs = units, units = units, sign = sign, activation = activation)
}

differences_form <- function(classes) {
  list(kind = "differences", inputs = classes - 1, units = classes, activation = "identity")
}

# A layer of a fit in these forms.
plain_layers <- function(w, b, activation, skip = NULL) {
  dense <- function(activation, first = NULL) list(dense_form(w, b, activation, first, skip))
  sums <- function(sign, activation) list(running_sum_form(ncol(w), sign, activation))
  switch(activation,
    mean_sd = dense("exp", "identity"),
    mean_precision = dense("exp", "sigmoid"),
    increasing = c(dense("softplus", "identity"), sums(1, "identity")),
    ordered = c(dense("softplus", "identity"), sums(-1, "sigmoid")),
    dense(activation)
  )
}

# The layers of a fit, in order.
export_layers <- function(fit) {
  layers <- lapply(fit$layers, function(layer) {
    plain_layers(
      unname(fit[[layer$parameters[["weights"]]]]),
      as.vector(fit[[layer$parameters[["biases"]]]]), layer$activation, layer$skip
    )
  })
  c(
    unlist(layers, recursive = FALSE),
    if (has_ordered_outputs(fit)) list(differences_form(length(fit$levels)))
  )
}

has_skip_form <- function(model) any(lengths(lapply(model$layers, `[[`, "skip")) > 0)
