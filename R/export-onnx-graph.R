# ONNX: nodes, tensors and types of a graph. Field numbers are those of onnx.proto.

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
