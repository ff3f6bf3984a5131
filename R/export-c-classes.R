# C99: strings, and the levels of an outcome.

c_text <- function(x) {
  bytes <- lapply(enc2utf8(x), charToRaw)
  plain <- as.raw(setdiff(32:126, utf8ToInt("\"\\?")))
  vapply(
    bytes,
    function(b) {
      paste0(
        "\"",
        paste(
          ifelse(b %in% plain, rawToChar(b, multiple = TRUE), sprintf("\\%03o", as.integer(b))),
          collapse = ""
        ),
        "\""
      )
    },
    ""
  )
}

# The levels, and a function that returns the number of the most probable one. As in predict(), it
# is the first of several equally probable levels. Its variables are not named like the function
# that it calls.
c_classes <- function(model, name, struct) {
  own <- function(what) paste0(name, "_", what)
  variable <- function(stem) if (stem == name) paste0(stem, "_1") else stem
  x <- variable(if (model$matrix) "x" else "row")
  p <- variable("p")
  outputs <- length(model$outputs)
  c(
    if (outputs == 1) {
      "/* The levels. The response is the probability of the second one. */"
    } else {
      "/* The levels, in the order of the response, which is the probability of each. */"
    },
    paste0("const char *const ", own("levels"), "[", length(model$levels), "] = {"),
    paste0(listed(c_text(model$levels)), "};"),
    "",
    paste0(
      "/* The index in ", own("levels"),
      " of the most probable level; -1 if the response is missing. */"
    ),
    paste0(
      "int ", own("class"), "(const ", if (model$matrix) "double" else struct, " *", x, ") {"
    ),
    paste0("  double ", p, "[", outputs, "];"),
    paste0("  ", name, "(", x, ", ", p, ");"),
    if (outputs == 1) {
      paste0("  return isnan(", p, "[0]) ? -1 : ", p, "[0] > 0.5;")
    } else {
      c(
        "  int best = 0;",
        paste0(
          "  for (int u = 1; u < ", outputs, "; ++u) if (", p, "[u] > ", p, "[best]) best = u;"
        ),
        paste0("  return isnan(", p, "[0]) ? -1 : best;")
      )
    },
    "}"
  )
}
