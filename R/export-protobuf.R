# The part of the protocol buffers wire format that ONNX needs: a message is a sequence of fields,
# each a tag and a value.

# Base-128, least significant group first, for whole numbers from 0 to 2^53, and -1 (ten bytes).
pb_varint <- function(x) {
  if (x < 0) {
    return(as.raw(c(rep(0xff, 9), 1)))
  }
  bytes <- integer()
  while (x >= 128) {
    bytes <- c(bytes, x %% 128 + 128)
    x <- x %/% 128
  }
  as.raw(c(bytes, x))
}

pb_tag <- function(field, wire) pb_varint(8 * field + wire)

pb_int <- function(field, x) c(pb_tag(field, 0), pb_varint(x))

pb_float <- function(field, x) c(pb_tag(field, 5), writeBin(x, raw(), size = 4, endian = "little"))

pb_bytes <- function(field, bytes) c(pb_tag(field, 2), pb_varint(length(bytes)), bytes)

pb_text <- function(field, text) pb_bytes(field, charToRaw(enc2utf8(text)))

pb_each <- function(field, messages) {
  unlist(lapply(messages, function(message) pb_bytes(field, message)), use.names = FALSE)
}
