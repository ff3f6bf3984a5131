# R: expressions, texts and vectors.

r_language <- c(infix, list(
  number = function(x) sub("\\.0(\\)?)$", "\\1", digits(x)), `^` = pattern("(%s ^ %s)"),
  where = pattern("ifelse(%s > 0, %s, %s)"), abs = pattern("abs(%s)"), log = pattern("log(%s)"),
  log1p = pattern("log1p(%s)"), expm1 = pattern("expm1(%s)"), log2 = pattern("log2(%s)"),
  log10 = pattern("log10(%s)"), tanh = pattern("tanh(%s)"),
  sigmoid = pattern("(1 / (1 + exp(-%s)))"), composed_sigmoid = pattern("(1 / (1 + exp(-%s)))"),
  normal = pattern("stats::pnorm(%s)")
))

# Escapes non-ASCII characters, so that the text does not depend on the encoding of the file.
r_text <- function(x) {
  vapply(
    x,
    function(text) {
      code <- utf8ToInt(text)
      plain <- code %in% setdiff(32:126, utf8ToInt("\"\\"))
      paste0(
        "\"",
        paste(
          ifelse(plain, intToUtf8(code, multiple = TRUE), sprintf("\\U{%x}", code)),
          collapse = ""
        ),
        "\""
      )
    },
    "",
    USE.NAMES = FALSE
  )
}

r_numbers <- function(x) {
  paste0("c(\n", listed(gsub("[()]", "", sub("\\.0(\\)?)$", "\\1", digits(x)))), ")")
}

r_vector <- function(texts) {
  if (length(texts) == 1) texts else paste0("c(", paste(texts, collapse = ", "), ")")
}
