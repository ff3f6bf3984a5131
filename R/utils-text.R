# Helpers for text: for users, and for files.

some_of <- function(names, most = 10) {
  paste0(
    paste(utils::head(names, most), collapse = ", "),
    if (length(names) > most) paste(" and", length(names) - most, "more")
  )
}

counted <- function(n, what) paste0(format(n, big.mark = ","), " ", what, if (n != 1) "s")

# In lower case. In Turkish, tolower("I") is not "i"; in the locale C, it knows only ASCII letters.
lower_case <- function(x) {
  tolower(chartr("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", x))
}

# Text within quotes, for files: those in it are doubled.
in_quotes <- function(x, quote = "\"") {
  inner <- gsub(quote, strrep(quote, 2), x, fixed = TRUE)
  paste0(quote, inner, quote, recycle0 = TRUE)
}

# Numbers as text for files, with so many significant digits; 17 identify every double. The decimal
# point does not depend on the locale.
number_text <- function(x, digits = 17) {
  text <- sprintf("%.*g", as.integer(digits), x)
  if (sprintf("%.1f", 0.5) == "0.5") text else gsub("[^-+0-9A-Za-z]+", ".", text)
}

# Evaluates code that writes or reads files: independent of the locale's decimal separator, which
# other packages and R's own functions use, and of options for printing numbers.
with_plain_numbers <- function(code) {
  old <- options(scipen = 100, OutDec = ".", digits = 7)
  locale <- Sys.getlocale("LC_NUMERIC")
  on.exit({
    options(old)
    # R warns of any locale but "C"
    if (locale != "C") suppressWarnings(Sys.setlocale("LC_NUMERIC", locale))
  })
  if (locale != "C") Sys.setlocale("LC_NUMERIC", "C")
  code
}
