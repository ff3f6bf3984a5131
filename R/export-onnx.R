# ONNX: the graph as lists, and the wire format of protocol buffers that it is written in.
export_onnx <- function(model, options) {
  raw()
}
