# ONNX: builds the graph as a list of nodes. Field numbers are those of onnx.proto.

onnx_types <- c(float = 1, int64 = 7, string = 8, bool = 9, double = 11)

# A graph under construction. `emit()` adds a node and returns the name of its output; `constant()`
# adds an initializer and returns its name. Equal scalars share one initializer.
new_graph <- function(type, taken) {
  nodes <- list()
  constants <- list()
  known <- list()
  counted <- 0
  fresh <- function(stem) {
    counted <<- counted + 1
    if (paste0(stem, "_", counted) %in% taken) fresh(stem) else paste0(stem, "_", counted)
  }
  emit <- function(op, inputs, ..., output = fresh(op), domain = "") {
    nodes[[length(nodes) + 1]] <<- onnx_node(op, inputs, output, list(...), domain)
    output
  }
  constant <- function(values, dims = integer(), kind = type, stem = "constant") {
    key <- if (length(values) == 1) {
      paste(kind, sprintf(if (is.character(values)) "%s" else "%a", values), length(dims))
    }
    if (!is.null(key) && !is.null(known[[key]])) {
      return(known[[key]])
    }
    name <- fresh(stem)
    constants[[length(constants) + 1]] <<- onnx_tensor(name, values, dims, kind)
    if (!is.null(key)) known[[key]] <<- name
    name
  }
  list(
    emit = emit, constant = constant,
    cast = function(x, to) emit("Cast", x, to = as.integer(onnx_types[[to]])),
    nodes = function() nodes, constants = function() constants
  )
}

# NodeProto: input 1, output 2, op_type 4, attribute 5, domain 7
onnx_node <- function(op, inputs, output, attributes, domain) {
  c(
    pb_each(1, lapply(enc2utf8(inputs), charToRaw)), pb_text(2, output), pb_text(3, output),
    pb_text(4, op), pb_each(5, Map(onnx_attribute, names(attributes), attributes)),
    if (nzchar(domain)) pb_text(7, domain)
  )
}

# AttributeProto: name 1, i 3, ints 8, strings 9, type 20 (2 an integer, 7 integers, 8 strings). A
# single integer is written as `i`, a list of integers as `ints`.
onnx_attribute <- function(name, value) {
  c(
    pb_text(1, name),
    if (is.character(value)) {
      c(pb_each(9, lapply(enc2utf8(value), charToRaw)), pb_int(20, 8))
    } else if (is.list(value)) {
      c(unlist(lapply(value, function(one) pb_int(8, one))), pb_int(20, 7))
    } else {
      c(pb_int(3, value), pb_int(20, 2))
    }
  )
}

# TensorProto: dims 1, data_type 2, string_data 6, name 8, raw_data 9 (little-endian, last dimension
# fastest)
onnx_tensor <- function(name, values, dims, kind) {
  data <- switch(kind,
    string = pb_each(6, lapply(enc2utf8(values), charToRaw)),
    double = pb_bytes(9, writeBin(as.double(values), raw(), size = 8, endian = "little")),
    float = pb_bytes(9, writeBin(as.double(values), raw(), size = 4, endian = "little")),
    int64 = pb_bytes(
      9,
      writeBin(
        as.vector(rbind(as.integer(values), -(values < 0))), raw(),
        size = 4, endian = "little"
      )
    )
  )
  c(
    unlist(lapply(dims, function(d) pb_int(1, d))), pb_int(2, onnx_types[[kind]]), pb_text(8, name),
    data
  )
}

# ValueInfoProto: name 1, type 2 { tensor_type 1 { elem_type 1, shape 2 { dim 1 { dim_value 1 or
# dim_param 2 } } } }. The first dimension is that of the rows.
onnx_value <- function(name, kind, columns) {
  shape <- c(
    pb_bytes(1, pb_text(2, "rows")), if (length(columns) > 0) pb_bytes(1, pb_int(1, columns))
  )
  c(
    pb_text(1, name), pb_bytes(2, pb_bytes(1, c(pb_int(1, onnx_types[[kind]]), pb_bytes(2, shape))))
  )
}

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
  for (i in seq_along(model$layers)) {
    layer <- model$layers[[i]]
    w <- network$constant(t(layer$w), dim(layer$w), stem = paste0("weights", i))
    z <- network$emit("Add", c(
      network$emit("MatMul", c(x, w)),
      network$constant(layer$b, length(layer$b), stem = paste0("biases", i))
    ))
    activated <- function(activation, z) {
      translate(activation_table[[activation]]$code, language, list(z = z))
    }
    columns <- function(which) {
      at <- encoding$constant(which - 1, length(which), "int64", "columns")
      network$emit("Gather", c(z, at), axis = 1L)
    }
    x <- if (layer$activation == "softmax") {
      network$emit("Softmax", z, axis = -1L)
    } else if (is.null(layer$first)) {
      activated(layer$activation, z)
    } else {
      network$emit("Concat", c(
        activated(layer$first, columns(1)),
        activated(layer$activation, columns(seq_len(ncol(layer$w))[-1]))
      ), axis = 1L)
    }
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
