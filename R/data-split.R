# Rows kept from training: held out to judge by, or to calibrate with.

# A share of the rows to hold out, or data of their own; NULL for neither.
check_validation <- function(validation, call) {
  if (is.null(validation)) {
    return(NULL)
  }
  if (is.list(validation) && !is.data.frame(validation)) {
    known <- c("X", "y", "weights", "offset")
    if (!all(c("X", "y") %in% names(validation)) || !all(names(validation) %in% known)) {
      abort_argument(c(
        paste0(
          "{.arg validation} as a list must have {.field X} and {.field y}, ",
          "and may have {.field weights} and {.field offset}."
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
        "{.arg validation} must be a share of the rows, above 0 and below 1, ",
        "or a list of {.field X} and {.field y}."
      ),
      x = "It is {describe(validation)}."
    ), call)
  }
  share
}

# The same fraction of each stratum (a class, or all rows), drawn as a function of the seed: sorted
# numbers of rows.
stratified_rows <- function(share, seed, stratum) {
  order <- core_row_order(seed, 0, length(stratum))
  chosen <- lapply(split(order, stratum[order]), function(rows) {
    rows[seq_len(round(share * length(rows)))]
  })
  sort(unlist(chosen, use.names = FALSE))
}

# How many rows that are, which is known before anything is drawn.
stratified_count <- function(share, stratum) sum(round(share * tabulate(stratum)))

# Does the share leave rows on both sides?
check_share <- function(share, targets, call) {
  rows <- nrow(targets$y)
  held_out <- stratified_count(share, strata(targets))
  if (held_out == 0 || held_out == rows) {
    abort_argument(c(
      "{.arg validation} must leave rows to train on and rows to judge by.",
      x = "A share of {share} of {rows} row{?s} holds out {held_out}."
    ), call)
  }
  NULL
}

# The rows to calibrate with: list(share, seed, rows), a function of two numbers drawn before all
# others; NULL for none. The same share of each class.
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
      "{.arg calibration} must leave rows to calibrate with and rows to train on.",
      x = "A share of {share} of {rows} row{?s} takes {count}."
    ), call)
  }
  list(share = share, seed = seed, rows = stratified_rows(share, seed, classes))
}
