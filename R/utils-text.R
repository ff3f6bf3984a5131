# Helpers for printed text.

some_of <- function(names, most = 10) {
  paste0(
    paste(utils::head(names, most), collapse = ", "),
    if (length(names) > most) paste(" and", length(names) - most, "more")
  )
}

counted <- function(n, what) paste0(format(n, big.mark = ","), " ", what, if (n != 1) "s")
