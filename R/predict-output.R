# The outputs of a fit, in the form requested.

# The outputs (n x k) of the network for encoded rows.
network_output <- function(fit, X, offset) {
  weights <- flatten_network(fit[parameter_names(fit$layers)])
  output <- core_forward(
    fit$layers, weights, X, offset, FALSE, fit$settings$precision == "single"
  )$output
  if (fit$settings$precision == "single" && anyNA(output)) {
    abort_input(c(
      "The inputs must be within the range of single precision, up to 3.4e38.",
      x = "Row {which(rowSums(is.na(output)) > 0)[1]} exceeds it."
    ), NULL)
  }
  output
}

# Converts outputs (n x k) to the type requested.
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
