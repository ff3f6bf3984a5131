# C99: the statements of a layer, from the values `from` to new values of `from`.

# `own`: a function that returns a name of the file.
c_layer <- function(layer, i, own) {
  units <- layer$units
  activated <- function(activation, z) {
    if (activation %in% c("identity", "softmax")) {
      z
    } else {
      paste0(own("activation_"), activation, "(", z, ")")
    }
  }
  values <- switch(layer$kind,
    dense = c(
      if (!is.null(layer$skip)) {
        sprintf(
          "  for (int i = 0; i < %d; ++i) from[%d + i] = inputs[i];", layer$skip,
          layer$inputs - layer$skip
        )
      },
      paste0(
        "  ", own("dense"), "(from, ", layer$inputs, ", ", own("w"), i, ", ", own("b"), i, ", ",
        units, ", to);"
      )
    ),
    running_sum = c(
      "  to[0] = from[0];",
      sprintf(
        "  for (int u = 1; u < %d; ++u) to[u] = to[u - 1] %s from[u];", units,
        if (layer$sign > 0) "+" else "-"
      )
    ),
    differences = c(
      "  to[0] = 1.0 - from[0];",
      sprintf("  for (int u = 1; u < %d; ++u) to[u] = from[u - 1] - from[u];", units - 1),
      sprintf("  to[%d] = from[%d];", units - 1, units - 2)
    )
  )
  c(
    values,
    if (layer$activation == "softmax") paste0("  ", own("softmax"), "(to, ", units, ");"),
    if (!is.null(layer$first)) paste0("  from[0] = ", activated(layer$first, "to[0]"), ";"),
    paste0(
      "  for (int u = ", length(layer$first), "; u < ", units, "; ++u) from[u] = ",
      activated(layer$activation, "to[u]"), ";"
    )
  )
}
