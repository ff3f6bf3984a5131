# R: the lines of a layer, from a matrix `x` to a new `x`.

r_layer <- function(layer) {
  activation <- if (layer$activation == "softmax") {
    c(
      "  x <- exp(x - do.call(pmax, lapply(seq_len(ncol(x)), function(column) x[, column])))",
      "  x <- x / rowSums(x)"
    )
  } else if (layer$activation != "identity") {
    paste0(
      "  x[] <- ", translate(activation_table[[layer$activation]]$code, r_language, list(z = "x"))
    )
  }
  if (!is.null(layer$first)) {
    code <- activation_table[[layer$first]]$code
    activation <- c(
      "  first <- x[, 1]", activation,
      paste0("  x[, 1] <- ", translate(code, r_language, list(z = "first")))
    )
  }
  values <- switch(layer$kind,
    dense = c(
      if (!is.null(layer$skip)) "  x <- cbind(x, inputs)",
      paste0(
        "  x <- x %*% matrix(", r_numbers(layer$w), ", ", layer$inputs, ", ", layer$units, ")"
      ),
      paste0("  x <- sweep(x, 2, ", r_numbers(layer$b), ", \"+\")")
    ),
    running_sum = paste0(
      "  for (u in seq_len(ncol(x))[-1]) x[, u] <- x[, u - 1] ", if (layer$sign > 0) "+" else "-",
      " x[, u]"
    ),
    differences = "  x <- cbind(1, x) - cbind(x, 0)"
  )
  c(values, activation)
}
