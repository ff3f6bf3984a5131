# ONNX: writes a model. Field numbers are those of onnx.proto.

export_onnx <- function(model, options) {
  kind <- c(double = "double", single = "float")[[options$precision]]
  names <- if (model$matrix) "X" else vapply(model$inputs, `[[`, "", "name")
  output_name <- function(name) if (name %in% names) output_name(paste0(name, "_output")) else name
  encoding <- new_graph("double", names)
  x <- if (model$matrix) "X" else onnx_columns(model, encoding, kind)
  scaled <- any(model$center != 0 | model$scale != 1)
  if (model$matrix && scaled && kind == "float") x <- encoding$cast(x, "double")
  if (scaled) {
    x <- encoding$emit(
      "Sub", c(x, encoding$constant(model$center, length(model$center), stem = "center"))
    )
    x <- encoding$emit(
      "Div", c(x, encoding$constant(model$scale, length(model$scale), stem = "scale"))
    )
  }
  if (!is.null(model$clip)) {
    # an infinite input stays infinite, see below
    x <- encoding$emit("Where", c(
      encoding$emit("IsInf", x), x, translate(model$clip, onnx_language(encoding), list(z = x))
    ))
  }
  if ((!model$matrix || scaled) && kind == "float") x <- encoding$cast(x, "float")
  # An input that is not finite makes the outputs missing.
  x <- encoding$emit("Where", c(
    encoding$emit("IsInf", x), encoding$constant(NaN, integer(), kind, "missing"), x
  ))
  # Constants of the network have the type of the network; those of the encoding are double.
  network <- encoding
  network$constant <- function(values, dims = integer(), kind_ = kind, stem = "constant") {
    encoding$constant(values, dims, kind_, stem)
  }
  language <- onnx_language(network)
  inputs <- x
  for (i in seq_along(model$layers)) {
    x <- onnx_layer(model$layers[[i]], i, x, inputs, network, language)
  }
  k <- length(model$outputs)
  probability <- x
  response <- model$response
  if (any(response$center != 0 | response$scale != 1)) {
    if (kind == "float") x <- network$cast(x, "double")
    x <- network$emit("Add", c(
      network$emit("Mul", c(x, encoding$constant(response$scale, k, stem = "response_scale"))),
      encoding$constant(response$center, k, stem = "response_center")
    ))
    if (kind == "float") x <- network$cast(x, "float")
  }
  network$emit("Identity", x, output = output_name("response"))
  if (!is.null(model$levels)) {
    if (k == 1) {
      network$emit("Concat", c(
        network$emit("Sub", c(network$constant(1), probability)), probability
      ), axis = 1L, output = output_name("probabilities"))
    } else {
      network$emit("Identity", probability, output = output_name("probabilities"))
    }
    first <- network$emit(
      "Gather", c(probability, encoding$constant(0, integer(), "int64")),
      axis = 1L
    )
    index <- if (k == 1) {
      network$cast(network$emit("Greater", c(first, network$constant(0.5))), "int64")
    } else {
      network$emit("ArgMax", probability, axis = 1L, keepdims = 0L)
    }
    # If the outputs are missing, the class is the empty string, which comes after the levels.
    index <- network$emit("Where", c(
      network$emit("IsNaN", first), encoding$constant(length(model$levels), integer(), "int64"),
      index
    ))
    network$emit(
      "Gather",
      c(
        encoding$constant(c(model$levels, ""), length(model$levels) + 1, "string", "levels"), index
      ),
      axis = 0L, output = output_name("class")
    )
  }
  inputs <- if (model$matrix) {
    list(onnx_value("X", kind, length(model$inputs)))
  } else {
    lapply(model$inputs, function(input) {
      onnx_value(input$name, c(number = kind, levels = "string", logical = "bool")[[input$kind]], 1)
    })
  }
  outputs <- c(
    list(onnx_value(output_name("response"), kind, k)),
    if (!is.null(model$levels)) {
      list(
        onnx_value(output_name("class"), "string", NULL),
        onnx_value(output_name("probabilities"), kind, length(model$levels))
      )
    }
  )
  # GraphProto: node 1, name 2, initializer 5, input 11, output 12. ModelProto: ir_version 1,
  # producer_name 2, doc_string 6, graph 7, opset_import 8 { domain 1, version 2 }, metadata_props
  # 14 { key 1, value 2 }.
  graph <- c(
    pb_each(1, network$nodes()), pb_text(2, "network"), pb_each(5, network$constants()),
    pb_each(11, inputs), pb_each(12, outputs)
  )
  about <- c(
    columns = if (model$matrix) paste(vapply(model$inputs, `[[`, "", "name"), collapse = ", "),
    outputs = paste(model$outputs, collapse = ", "),
    levels = if (!is.null(model$levels)) json_texts(model$levels)
  )
  c(
    pb_int(1, 7), pb_text(2, "backprop"), pb_text(6, model$about), pb_bytes(7, graph),
    pb_bytes(8, c(pb_text(1, ""), pb_int(2, 13))),
    pb_bytes(8, c(pb_text(1, "ai.onnx.ml"), pb_int(2, 2))),
    pb_each(
      14, Map(function(key, value) c(pb_text(1, key), pb_text(2, value)), names(about), about)
    )
  )
}

# A JSON array of strings.
json_texts <- function(x) {
  text <- vapply(x, function(one) {
    code <- utf8ToInt(one)
    escaped <- code < 32 | code %in% utf8ToInt("\"\\")
    paste0(
      ifelse(escaped, sprintf("\\u%04x", code), intToUtf8(code, multiple = TRUE)),
      collapse = ""
    )
  }, "")
  paste0("[", paste0("\"", text, "\"", collapse = ", "), "]")
}
