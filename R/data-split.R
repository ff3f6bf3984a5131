# Rows that are not trained on: held-out rows and the calibration set.

# `validation`: a fraction of the rows, a list with a validation set, or NULL.
check_validation <- function(validation, call) {
  if (is.null(validation)) {
    return(NULL)
  }
  if (is.list(validation) && !is.data.frame(validation)) {
    known <- c("X", "y", "weights", "offset")
    if (!all(c("X", "y") %in% names(validation)) || !all(names(validation) %in% known)) {
      abort_argument(c(
        paste0(
          "If {.arg validation} is a list, it must have the elements {.field X} and {.field y}, ",
          "and optionally {.field weights} and {.field offset}."
        ),
        x = if (is.null(names(validation))) {
          "Its elements have no names."
        } else {
          "It has {.field {names(validation)}}."
        }
      ), call)
    }
    return("given")
  }
  share <- if (is.numeric(validation) && length(validation) == 1 && is.finite(validation)) {
    as.double(validation)
  } else {
    0
  }
  if (share <= 0 || share >= 1) {
    abort_argument(c(
      paste0(
        "{.arg validation} must be a fraction of the rows, greater than 0 and less than 1, ",
        "or a list of {.field X} and {.field y}."
      ),
      x = "You supplied {describe(validation)}."
    ), call)
  }
  share
}

# Draws the same fraction of each stratum (a class, or all rows) as a function of the seed. Returns
# sorted row numbers.
stratified_rows <- function(share, seed, stratum) {
  order <- core_row_order(seed, 0, length(stratum))
  chosen <- lapply(split(order, stratum[order]), function(rows) {
    rows[seq_len(round(share * length(rows)))]
  })
  sort(unlist(chosen, use.names = FALSE))
}

# The number of rows that stratified_rows() draws.
stratified_count <- function(share, stratum) sum(round(share * tabulate(stratum)))

# Checks that the fraction leaves rows on both sides.
check_share <- function(share, targets, call) {
  rows <- nrow(targets$y)
  held_out <- stratified_count(share, strata(targets))
  if (held_out == 0 || held_out == rows) {
    abort_argument(c(
      "{.arg validation} must leave at least one row for training and one for validation.",
      x = "A fraction of {share} of {rows} row{?s} holds out {held_out}."
    ), call)
  }
  NULL
}

# The calibration set: list(share, seed, rows), or NULL. The rows are a function of the seed, two
# random numbers drawn before all others. The same fraction of each class is drawn.
draw_calibration <- function(share, y, call, seed = floor(runif(2) * 2^32)) {
  if (is.null(share)) {
    return(NULL)
  }
  share <- check_share_of_one(share, "calibration", call)
  rows <- NROW(y)
  if (is.data.frame(y)) y <- if (ncol(y) == 1) y[[1]] else seq_len(rows)
  classes <- if (is.numeric(y)) rep(1L, rows) else as.integer(factor(y, exclude = NULL))
  count <- stratified_count(share, classes)
  if (count == 0 || count == rows) {
    abort_argument(c(
      "{.arg calibration} must leave at least one row for calibration and one for training.",
      x = "A fraction of {share} of {rows} row{?s} sets aside {count}."
    ), call)
  }
  list(share = share, seed = seed, rows = stratified_rows(share, seed, classes))
}
