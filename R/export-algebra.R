# Translates expressions of z, such as `code` in the table of activations, to the languages of
# exported models. where(z, a, b) is a if z > 0 and b otherwise; both contain z, so that a missing z
# stays missing. A language defines some of the functions; the others are expanded by
# export_expansions.

# The standard normal distribution function, by Cody's rational approximations: z P(z^2) / Q(z^2)
# near 0, exp(-z^2 / 2) P(|z|) / Q(|z|) in the tails. Their absolute error is below 1e-15.
horner <- function(coefficients, x) {
  Reduce(function(sum, coefficient) call("+", call("*", sum, x), coefficient), coefficients)
}

normal_expression <- local({
  squared <- quote(z * z)
  size <- quote(abs(z))
  near <- call(
    "/",
    call(
      "*", quote(z),
      horner(
        c(
          0.065682337918207449113, 2.2352520354606839287, 161.02823106855587881,
          1067.6894854603709582, 18154.981253343561249
        ),
        squared
      )
    ),
    horner(
      c(
        1, 47.20258190468824187, 976.09855173777669322, 10260.932208618978205, 45507.789335026729956
      ),
      squared
    )
  )
  tail <- call(
    "/",
    call(
      "*", quote(exp(-0.5 * (z * z))),
      horner(
        c(
          1.0765576773720192317e-8, 0.39894151208813466764, 8.8831497943883759412,
          93.506656132177855979, 597.27027639480026226, 2494.5375852903726711,
          6848.1904505362823326, 11602.651437647350124, 9842.7148383839780218
        ),
        size
      )
    ),
    horner(
      c(
        1, 22.266688044328115691, 235.38790178262499861, 1519.377599407554805, 6485.558298266760755,
        18615.571640885098091, 34900.952721145977266, 38912.003286093271411, 19685.429676859990727
      ),
      size
    )
  )
  bquote(where(0.66291 - abs(z), 0.5 + .(near), where(z, 1 - .(tail), .(tail))))
})

# `composed_sigmoid` is the sigmoid without the language's own function: onnxruntime fuses a product
# with its own sigmoid into an operator that has a single-precision kernel only.
sigmoid_expression <- quote(where(z, 1 / (1 + exp(-abs(z))), exp(-abs(z)) / (1 + exp(-abs(z)))))

export_expansions <- list(
  sigmoid = sigmoid_expression, composed_sigmoid = sigmoid_expression,
  relu = quote(where(z, z, 0 * z)),
  tanh = quote(where(z, 1, -1) * (1 - exp(-2 * abs(z))) / (1 + exp(-2 * abs(z)))),
  expm1 = quote(exp(z) - 1), log1p = quote(log(1 + z)),
  log2 = quote(log(z) / 0.69314718055994530942), log10 = quote(log(z) / 2.3025850929940456840),
  normal = normal_expression
)

# Translates an expression. `language`: for each function that it has, a function that returns the
# text of a call from the texts of its arguments; `number` formats numbers. `names`: the texts that
# replace names.
translate <- function(x, language, names) {
  if (is.numeric(x)) {
    return(language$number(x))
  }
  if (is.symbol(x) || is.character(x)) {
    return(names[[as.character(x)]])
  }
  f <- as.character(x[[1]])
  if (f %in% c("(", "I")) {
    return(translate(x[[2]], language, names))
  }
  if (f == "-" && length(x) == 2) f <- "negative"
  if (is.null(language[[f]])) {
    inner <- x[[2]]
    return(translate(
      do.call(substitute, list(export_expansions[[f]], list(z = inner))), language, names
    ))
  }
  do.call(language[[f]], lapply(as.list(x)[-1], translate, language, names))
}

# Like sprintf() with %s, which truncates long strings.
pattern <- function(text) {
  parts <- strsplit(paste0(text, " "), "%s", fixed = TRUE)[[1]]
  parts[length(parts)] <- sub(" $", "", parts[length(parts)])
  function(...) do.call(paste0, as.list(c(rbind(parts, c(..., "")))))
}

# Replaces {x}, {y} and so on in a text by the arguments of these names.
fill_in <- function(text, ...) {
  parts <- regmatches(text, gregexpr("[{][a-z]+[}]", text), invert = NA)[[1]]
  places <- seq_along(parts) %% 2 == 0
  parts[places] <- c(...)[gsub("[{}]", "", parts[places])]
  paste(parts, collapse = "")
}

infix <- list(
  `+` = pattern("(%s + %s)"), `-` = pattern("(%s - %s)"), `*` = pattern("(%s * %s)"),
  `/` = pattern("(%s / %s)"), negative = pattern("(-%s)"), exp = pattern("exp(%s)"),
  sqrt = pattern("sqrt(%s)")
)

# The same for vectors of equal length (or 1).
fill_in_each <- function(text, ...) {
  unlist(Map(function(...) fill_in(text, ...), ...), use.names = FALSE)
}

# Numbers in full precision; negative numbers in parentheses.
digits <- function(x) {
  text <- number_text(x)
  short <- number_text(x, 15)
  same <- as.numeric(short) == x
  text[same] <- short[same]
  text <- ifelse(grepl("[.e]", text), text, paste0(text, ".0"))
  ifelse(substr(text, 1, 1) == "-", paste0("(", text, ")"), text)
}

listed <- function(texts, per_line = 6, indent = "    ") {
  lines <- split(texts, (seq_along(texts) - 1) %/% per_line)
  paste0(indent, vapply(lines, paste, "", collapse = ", "), collapse = ",\n")
}

# Text that is safe in a comment of every language.
comment_text <- function(x) {
  gsub("/*", "/ *", gsub("*/", "* /", gsub("[[:cntrl:]]", " ", x), fixed = TRUE), fixed = TRUE)
}
