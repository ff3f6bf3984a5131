# C99: functions of one case.

export_c <- function(model, options) {
  code <- c_names(model, options$name)
  c(
    paste0("/* ", comment_text(model$about), ", written by backprop. C99; link with -lm. */"),
    "",
    "#include <math.h>",
    if (length(code$with_levels) > 0) c("#include <stddef.h>", "#include <string.h>"),
    "",
    if (!model$matrix) c_row(model, code),
    c_constants(model, code$own),
    if (length(code$with_levels) > 0) c_levels(model, code),
    c_level_values(model, code),
    c_layer_functions(model, code$own),
    c_response_comment(model),
    c_function(model, code, options$name),
    if (!is.null(model$levels)) c("", c_classes(model, options$name, code$struct))
  )
}

# The numbers of the model.
c_constants <- function(model, own) {
  layers <- model$layers
  dense <- vapply(layers, `[[`, "", "kind") == "dense"
  c(
    c_array(own("center"), model$center),
    c_array(own("scale"), model$scale),
    unlist(lapply(seq_along(layers)[dense], function(i) {
      c(
        paste0(
          "/* layer ", i, ": ", counted(layers[[i]]$units, "unit"), " of ",
          counted(layers[[i]]$inputs, "weight"), " each */"
        ),
        c_array(own(paste0("w", i)), as.vector(layers[[i]]$w)),
        c_array(own(paste0("b", i)), layers[[i]]$b)
      )
    })),
    c_array(own("response_center"), model$response$center),
    c_array(own("response_scale"), model$response$scale),
    ""
  )
}

# The functions of a layer: weighted sums, activations, softmax.
c_layer_functions <- function(model, own) {
  layers <- model$layers
  kinds <- setdiff(
    unique(unlist(lapply(layers, `[`, c("activation", "first")))), c("identity", "softmax")
  )
  c(
    paste0(
      "static void ", own("dense"),
      "(const double *x, int inputs, const double *w, const double *b, int units, double *z) {"
    ),
    "  for (int u = 0; u < units; ++u) {",
    "    double sum = b[u];",
    "    for (int i = 0; i < inputs; ++i) sum += x[i] * w[u * inputs + i];",
    "    z[u] = sum;",
    "  }",
    "}",
    "",
    unlist(lapply(kinds, function(kind) {
      c(
        paste0("static double ", own("activation_"), kind, "(double z) {"),
        paste0(
          "  return ", translate(activation_table[[kind]]$code, c_language, list(z = "z")), ";"
        ),
        "}", ""
      )
    })),
    if (layers[[length(layers)]]$activation == "softmax") {
      c(
        paste0("static void ", own("softmax"), "(double *z, int units) {"),
        "  double most = z[0], sum = 0;",
        "  for (int u = 1; u < units; ++u) if (z[u] > most) most = z[u];",
        "  for (int u = 0; u < units; ++u) sum += z[u] = exp(z[u] - most);",
        "  for (int u = 0; u < units; ++u) z[u] /= sum;",
        "}",
        ""
      )
    }
  )
}

# What the function is given and writes.
c_response_comment <- function(model) {
  inputs <- length(model$columns)
  outputs <- length(model$outputs)
  written <- paste0(outputs, " number", if (outputs != 1) "s", ", to be written")
  if (model$matrix) {
    names <- vapply(model$inputs, `[[`, "", "name")
    return(paste0(
      "/* x: the ", inputs, " inputs ",
      comment_text(paste(utils::head(names, 20), collapse = ", ")), if (inputs > 20) ", ...",
      ". response: ", written, ". */"
    ))
  }
  paste0(
    "/* response: ", written, ": ",
    if (outputs == 1 && !is.null(model$levels)) {
      paste("the probability of", comment_text(c_text(model$levels[2])))
    } else {
      comment_text(paste(model$outputs, collapse = ", "))
    },
    ". */"
  )
}

# The function of one case: its columns, scaled, through the layers.
c_function <- function(model, code, name) {
  own <- code$own
  layers <- model$layers
  inputs <- length(model$columns)
  widest <- max(vapply(layers, function(layer) max(layer$inputs, layer$units), 0))
  c(
    paste0(
      "void ", name, "(const ", if (model$matrix) "double *x" else paste0(code$struct, " *row"),
      ", double *response) {"
    ),
    paste0("  double from[", widest, "], to[", widest, "];"),
    if (has_skip_form(model)) paste0("  double inputs[", inputs, "];"),
    if (!model$matrix) c_columns(model, code),
    paste0("  for (int i = 0; i < ", inputs, "; ++i) {"),
    paste0(
      "    from[i] = (", if (model$matrix) "x" else "from", "[i] - ", own("center"), "[i]) / ",
      own("scale"), "[i];"
    ),
    "    if (!isfinite(from[i])) from[i] = NAN;",
    if (!is.null(model$clip)) {
      paste0("    from[i] = ", translate(model$clip, c_language, list(z = "from[i]")), ";")
    },
    if (has_skip_form(model)) "    inputs[i] = from[i];",
    "  }",
    unlist(lapply(seq_along(layers), function(i) c_layer(layers[[i]], i, own))),
    paste0(
      "  for (int u = 0; u < ", length(model$outputs), "; ++u) response[u] = from[u] * ",
      own("response_scale"), "[u] + ", own("response_center"), "[u];"
    ),
    "}"
  )
}
