# knitr::knit_print() for summaries: they become tables in R Markdown and Quarto documents. Fits
# print as at the console.

#' @exportS3Method knitr::knit_print summary.nn_fit
knit_print.summary.nn_fit <- function(x, ...) {
  about <- sub(
    "^([^:]*):\\s+", "**\\1:** ",
    gsub("\\s*\n\\s*|(?<=\\s)\\s+", " ", join_continued(x$training), perl = TRUE)
  )
  parts <- c(
    paste(
      paste(about, collapse = "  \n"),
      paste0(
        if (!is.null(x$objective)) {
          paste0("**Final objective:** ", format(x$objective, digits = 7), " with ")
        },
        format(x$parameters, big.mark = ","), " weights"
      ),
      sep = "  \n"
    ),
    knit_table(x$layers, "Layers (largest: largest absolute weight)"),
    if (!is.null(x$errors)) {
      knit_table(x$errors, paste0("Errors by output", if (x$weighted) " (weighted)"))
    },
    if (length(x$accuracy) > 0) {
      paste("Accuracy:", paste(format(x$accuracy, digits = 4), names(x$accuracy), collapse = ", "))
    }
  )
  knitr::asis_output(paste0("\n\n", paste(parts, collapse = "\n\n"), "\n\n"))
}

# Joins continuation lines, which begin with spaces, to the line above.
join_continued <- function(lines) {
  heads <- cumsum(!grepl("^\\s", lines))
  unname(vapply(split(lines, heads), paste, "", collapse = " "))
}

# Numbers have four significant digits, also small ones.
knit_table <- function(table, caption) {
  numbers <- vapply(table, is.numeric, NA)
  table[numbers] <- lapply(table[numbers], function(x) {
    vapply(x, function(value) format(value, digits = 4), "")
  })
  paste(
    knitr::kable(
      table,
      format = "pipe", align = ifelse(numbers, "r", "l"), row.names = FALSE, caption = caption
    ),
    collapse = "\n"
  )
}
