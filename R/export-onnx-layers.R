# ONNX: the nodes of a layer.

# Adds layer `i`, which gets the tensor x (and the inputs of the network), and returns its output.
# Constants of `network` have the type of the network.
onnx_layer <- function(layer, i, x, inputs, network, language) {
  whole <- function(values) network$constant(values, length(values), "int64", "columns")
  z <- switch(layer$kind,
    dense = {
      if (!is.null(layer$skip)) x <- network$emit("Concat", c(x, inputs), axis = 1L)
      w <- network$constant(t(layer$w), dim(layer$w), stem = paste0("weights", i))
      network$emit("Add", c(
        network$emit("MatMul", c(x, w)),
        network$constant(layer$b, length(layer$b), stem = paste0("biases", i))
      ))
    },
    running_sum = {
      if (layer$sign < 0) {
        signs <- c(1, rep(-1, layer$units - 1))
        x <- network$emit("Mul", c(x, network$constant(signs, layer$units, stem = "signs")))
      }
      network$emit("CumSum", c(x, network$constant(1, integer(), "int64")))
    },
    differences = {
      # (1, x) - (x, 0)
      padded <- function(before, value) {
        network$emit("Pad", c(x, whole(c(0, before, 0, 1 - before)), network$constant(value)))
      }
      network$emit("Sub", c(padded(1, 1), padded(0, 0)))
    }
  )
  activated <- function(activation, z) {
    translate(activation_table[[activation]]$code, language, list(z = z))
  }
  columns <- function(which) network$emit("Gather", c(z, whole(which - 1)), axis = 1L)
  if (layer$activation == "softmax") {
    network$emit("Softmax", z, axis = -1L)
  } else if (is.null(layer$first)) {
    activated(layer$activation, z)
  } else {
    network$emit("Concat", c(
      activated(layer$first, columns(1)),
      activated(layer$activation, columns(seq_len(layer$units)[-1]))
    ), axis = 1L)
  }
}
