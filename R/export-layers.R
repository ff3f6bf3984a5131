# The layers of a model in the form that every format has.

# A layer as layers of elementwise activations, which every format has: sums of other units become a
# layer of their own, with the weights 1 or -1.
plain_layers <- function(w, b, activation) {
  units <- ncol(w)
  layer <- function(activation, first = NULL) {
    if (units == 1 && !is.null(first)) {
      list(w = w, b = b, activation = first)
    } else {
      c(list(w = w, b = b, activation = activation), if (!is.null(first)) list(first = first))
    }
  }
  sums <- function(sign, activation) {
    if (units == 1) {
      return(list(list(w = diag(1), b = 0, activation = activation)))
    }
    steps <- outer(seq_len(units), seq_len(units), "<=") * ifelse(seq_len(units) == 1, 1, sign)
    list(list(w = steps, b = numeric(units), activation = activation))
  }
  switch(activation,
    mean_sd = list(layer("exp", "identity")),
    mean_precision = list(layer("exp", "sigmoid")),
    increasing = c(list(layer("softplus", "identity")), sums(1, "identity")),
    ordered = c(list(layer("softplus", "identity")), sums(-1, "sigmoid")),
    list(layer(activation))
  )
}

# From the probabilities of a class above each level to those of the classes.
class_layer <- function(classes) {
  w <- cbind(0, diag(classes - 1)) - cbind(diag(classes - 1), 0)
  list(w = w, b = c(1, numeric(classes - 1)), activation = "identity")
}
