# C99: operations as expressions, and arrays of numbers. Products are summed in order.

c_language <- c(infix, list(
  number = function(x) digits(x), `^` = pattern("pow(%s, %s)"),
  where = pattern("(%s > 0 ? %s : %s)"), abs = pattern("fabs(%s)"), log = pattern("log(%s)"),
  log1p = pattern("log1p(%s)"), expm1 = pattern("expm1(%s)"), log2 = pattern("log2(%s)"),
  log10 = pattern("log10(%s)"), tanh = pattern("tanh(%s)"),
  sigmoid = pattern("(1.0 / (1.0 + exp(-%s)))"),
  composed_sigmoid = pattern("(1.0 / (1.0 + exp(-%s)))"),
  normal = pattern("(0.5 * erfc(-0.70710678118654752440 * %s))")
))

c_array <- function(name, values) {
  paste0(
    "static const double ", name, "[", length(values), "] = {\n",
    listed(gsub("[()]", "", digits(values))), "};"
  )
}
