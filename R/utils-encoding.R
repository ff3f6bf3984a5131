# Text in UTF-8. R keeps symbols, and the text that it derives from expressions, in the encoding of
# the locale: in the C locale the column "Köln" has the symbol `K<U+00F6>ln`. Names, levels and
# columns are therefore kept in UTF-8, and names that come from expressions are compared as keys.

is_utf8_locale <- function() isTRUE(l10n_info()[["UTF-8"]])

has_non_ascii <- function(x) core_has_non_ascii(as.character(x))

# Strings in UTF-8. The bytes of a string without a known encoding are taken for the locale's, or,
# where the locale has only ASCII, for UTF-8. Strings that can't be read are unchanged.
as_utf8 <- function(x) {
  if (!is.character(x)) {
    return(x)
  }
  other <- has_non_ascii(x)
  if (!any(other)) {
    return(x)
  }
  at <- which(other)
  at <- at[Encoding(x[at]) != "UTF-8"]
  if (length(at) == 0) {
    return(x)
  }
  text <- x[at]
  marked <- Encoding(text)
  latin1 <- marked == "latin1"
  text[latin1] <- enc2utf8(text[latin1])
  if (!is_utf8_locale()) {
    native <- marked == "unknown"
    read <- iconv(text[native], "", "UTF-8")
    text[native] <- ifelse(is.na(read), text[native], read)
  }
  valid <- Encoding(text) != "UTF-8" & validUTF8(text)
  part <- text[valid]
  Encoding(part) <- "UTF-8"
  text[valid] <- part
  replace(x, at, text)
}

# The values of a factor or character vector, and the names of a matrix or data frame, in UTF-8.
utf8_values <- function(x) {
  if (is.data.frame(x)) {
    utf8_frame(x)
  } else if (is.factor(x)) {
    levels <- levels(x)
    if (any(has_non_ascii(levels))) {
      known <- as_utf8(levels)
      if (!identical(Encoding(known), Encoding(levels))) levels(x) <- known
    }
    x
  } else if (is.character(x) && !is.object(x)) {
    given <- unique(as.vector(x))
    known <- as_utf8(given)
    if (!identical(Encoding(known), Encoding(given))) x[] <- known[match(x, given)]
    x
  } else if (is.matrix(x)) {
    utf8_names(x)
  } else {
    x
  }
}

# The column names of a data frame, or of a matrix, which may be sparse.
utf8_names <- function(x) {
  names <- if (is.data.frame(x)) names(x) else dimnames(x)[[2]]
  if (is.null(names) || !any(has_non_ascii(names))) {
    return(x)
  }
  known <- as_utf8(names)
  if (identical(Encoding(known), Encoding(names))) {
    return(x)
  }
  if (is.data.frame(x)) {
    names(x) <- known
  } else if (isS4(x)) {
    x@Dimnames[[2]] <- known
  } else {
    colnames(x) <- known
  }
  x
}

utf8_frame <- function(data) {
  data <- utf8_names(data)
  for (column in which(vapply(data, function(x) is.factor(x) || is.character(x), NA))) {
    data[[column]] <- utf8_values(data[[column]])
  }
  data
}

# Names as ASCII text that is the same in all locales: what the C locale makes of them, without the
# backticks that depend on the locale as well. The C locale writes a latin1 byte as <e4>.
name_key <- function(x) {
  gsub(
    "`", "", with_unicode(iconv(as_utf8(x), "UTF-8", "ASCII", sub = "Unicode")),
    fixed = TRUE
  )
}

with_unicode <- function(x) {
  gsub("<([89a-f][0-9a-f])>", "<U+00\\U\\1>", x, perl = TRUE, useBytes = TRUE)
}

same_names <- function(x, y) {
  identical(x, y) || (length(x) == length(y) && identical(name_key(x), name_key(y)))
}

# The positions of names in `known`.
match_names <- function(x, known) {
  at <- match(x, known)
  lost <- is.na(at)
  if (any(lost)) at[lost] <- match(name_key(x[lost]), name_key(known))
  at
}

# Names as they are in `known`; unchanged if they are not.
known_names <- function(x, known) {
  at <- match_names(x, known)
  ifelse(is.na(at), x, known[at])
}

# Text that R derived from expressions, such as the names of terms, in UTF-8: the characters that
# the locale could not represent are restored, without the backticks that they made necessary.
derived_text <- function(x) {
  if (is_utf8_locale()) {
    return(as_utf8(x))
  }
  restore_escaped(as_utf8(with_unicode(x)))
}

restore_escaped <- function(x) {
  escape <- "<U[+]([0-9A-F]{4,8})>"
  codes <- unique(unlist(regmatches(x, gregexpr(escape, x))))
  if (length(codes) == 0) {
    return(x)
  }
  for (name in unique(unlist(regmatches(x, gregexpr("`[^`]*`", x))))) {
    if (grepl("^`[.]?([[:alpha:]]|<U[+][0-9A-F]+>)([[:alnum:]._]|<U[+][0-9A-F]+>)*`$", name)) {
      x <- gsub(name, gsub("`", "", name, fixed = TRUE), x, fixed = TRUE)
    }
  }
  for (code in codes) {
    character <- intToUtf8(strtoi(sub(escape, "\\1", code), 16L))
    x <- gsub(code, character, x, fixed = TRUE)
  }
  x
}

# A symbol of this name, as R reads it in this locale.
symbol_of <- function(name) quietly_translated(as.name(name))

# An expression whose symbols for `known` names are those of this locale, with strings in UTF-8.
# They are others if the expression comes from another locale, or has bytes without a known
# encoding.
local_symbols <- function(expression, known) {
  known <- known[has_non_ascii(known)]
  if (length(known) == 0 && is_utf8_locale()) {
    return(expression)
  }
  symbols <- lapply(known, symbol_of)
  keys <- name_key(known)
  part <- function(x) {
    if (is.character(x)) {
      return(as_utf8(x))
    }
    if (is.call(x)) {
      return(adapt(x))
    }
    text <- if (is.symbol(x)) as.character(x) else ""
    if (!has_non_ascii(text) && !grepl("<", text, fixed = TRUE)) {
      return(x)
    }
    at <- match(name_key(text), keys)
    if (is.na(at)) x else symbols[[at]]
  }
  parts <- function(x, positions) {
    for (i in positions) {
      if (!is_missing(x[[i]]) && !is.null(x[[i]])) x[[i]] <- part(x[[i]])
    }
    x
  }
  # Sums nest in their first operand, once for each term, which would exhaust the stack: these calls
  # are changed one after the other, from the inside.
  adapt <- function(x) {
    outer <- list()
    while (length(x) > 1 && is.call(x[[2]])) {
      outer[[length(outer) + 1]] <- x
      x <- x[[2]]
    }
    x <- parts(x, seq_along(x))
    for (call in rev(outer)) {
      call <- parts(call, seq_along(call)[-2])
      call[[2]] <- x
      x <- call
    }
    x
  }
  part(expression)
}

# R warns of each name that the locale can't represent.
quietly_translated <- function(expression) {
  if (is_utf8_locale()) {
    return(expression)
  }
  withCallingHandlers(expression, warning = function(w) {
    if (grepl("<U+", conditionMessage(w), fixed = TRUE)) invokeRestart("muffleWarning")
  })
}
