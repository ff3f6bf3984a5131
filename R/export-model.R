# One description of a model, which all writers walk:
#   inputs   the raw columns: name, kind ("number", "levels" or "logical") and levels
#   columns  for each input of the network the factors of a product: expressions of numbers, and tables with a number for each level
#   center, scale   the network sees (column - center) / scale
#   layers   w (inputs x units), b, activation
#   outputs, levels, response   names, and the outputs are output * response$scale + response$center
export_model <- function(fit, call) {
  fit <- unclass(fit)
  if (fit$has_offset)
    abort_kind("export", c("A fit made with offsets cannot be exported.", i = "The offset is added to the output layer's input, and no file has a place for it."), call, environment())
  network <- fit[network_names(hidden_layers(fit$shape))]
  kinds <- activation_table$name[fit$shape$activations + 1]
  layers <- lapply(seq_along(kinds), function(layer) list(w = unname(network[[2 * layer - 1]]), b = as.vector(network[[2 * layer]]), activation = kinds[layer]))
  encoding <- if (is.null(fit$encoding)) matrix_encoding(fit) else data_encoding(fit, call)
  outputs <- last(fit$shape$units)
  names <- if (outputs == 1) "response" else if (is.null(fit$outputs)) paste0("response", seq_len(outputs)) else fit$outputs
  c(encoding, list(layers = layers, outputs = names, levels = fit$levels, about = describe_layers(fit)))
}

# The columns of a matrix are the network's inputs as they are.
matrix_encoding <- function(fit) {
  inputs <- fit$shape$units[1]
  names <- if (is.null(fit$inputs) || anyDuplicated(fit$inputs) || !all(nzchar(fit$inputs))) paste0("x", seq_len(inputs)) else fit$inputs
  list(matrix = TRUE, inputs = lapply(names, function(name) list(name = name, kind = "number")), columns = lapply(names, function(name) list(as.symbol(name))),
    center = numeric(inputs), scale = rep(1, inputs), response = list(center = numeric(last(fit$shape$units)), scale = rep(1, last(fit$shape$units))))
}
