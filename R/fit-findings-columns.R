# A check of nn_doctor(): the columns that were standardised.

# Columns and outcomes that vary little compared with their size.
constant_finding <- function(encoding, inputs) {
  if (is.null(encoding)) {
    return(FALSE)
  }
  outcome <- encoding$outcome
  narrow <- nearly_constant(encoding)
  narrow_outcome <- which(outcome$scale != 1 & outcome$scale < 1e-6 * abs(outcome$center))
  if (length(narrow) + length(narrow_outcome) == 0) {
    return(FALSE)
  }
  names <- c(inputs[narrow], outcome$names[narrow_outcome])
  center <- c(encoding$center[narrow], outcome$center[narrow_outcome])
  scale <- c(encoding$scale[narrow], outcome$scale[narrow_outcome])
  shown <- utils::head(seq_along(names), 3)
  short <- function(x) format(x, digits = 3)
  list(
    brief = "columns are almost constant",
    what = paste0(
      "The standard deviation of ",
      paste0(
        names[shown], " (", short(scale[shown]), " at a mean of ", short(center[shown]), ")",
        collapse = ", "
      ),
      if (length(names) > 3) paste(" and", length(names) - 3, "more"),
      " is below a millionth of the mean."
    ),
    advice = paste0(
      "If this is rounding or noise, drop the column: after standardisation, a new value that ",
      "differs would dominate the prediction. Otherwise subtract a constant before training."
    )
  )
}
