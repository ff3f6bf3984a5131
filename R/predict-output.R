# The outputs of a fit, in the form asked for.

# The outputs (n x k) of the network for rows as it sees them.
network_output <- function(fit, X, offset) {
  weights <- flatten_network(fit[network_names(hidden_layers(fit$shape))])
  output <- core_forward(
    fit$shape, weights, X, offset, FALSE, fit$settings$precision == "single"
  )$output
  if (fit$settings$precision == "single" && anyNA(output)) {
    abort_input(c(
      "The inputs must be numbers that single precision holds, up to 3.4e38.",
      x = "For row {which(rowSums(is.na(output)) > 0)[1]} they are larger."
    ), NULL)
  }
  output
}

# The outputs (n x k) as what `type` asks for.
as_type <- function(output, type, fit) {
  if (type == "response") {
    return(bare(output))
  }
  levels <- fit$levels
  prob <- if (length(levels) == 2) cbind(1 - output, output) else output
  dimnames(prob) <- list(rownames(output), levels)
  if (type == "prob") {
    return(prob)
  }
  stats::setNames(
    factor(levels[max.col(prob, "first")], levels, ordered = isTRUE(fit$ordered)), rownames(output)
  )
}
