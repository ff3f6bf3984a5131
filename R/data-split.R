# Rows that are not trained on: held-out rows and the calibration set.

# `validation`, with NULL for 0 and FALSE, which also mean that no rows are held out.
without_none <- function(validation) {
  none <- (is.logical(validation) || is.numeric(validation)) && length(validation) == 1 &&
    validation %in% 0
  if (!none) validation
}

# `validation`: a fraction of the rows, a list with a validation set, or NULL. `of_formula`: may it
# also be a data frame?
check_validation <- function(validation, call, of_formula = FALSE) {
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
        "or held-out data: ", if (of_formula) "a data frame, or ",
        "a list of {.field X} and {.field y}."
      ),
      x = "You supplied {describe(validation)}.",
      i = number_hint(validation) %||% share_hint(validation)
    ), call)
  }
  share
}

# What to do with a percentage or a number of rows.
share_hint <- function(x) {
  if (is_number(x) && length(x) == 1 && is_true(x >= 10 && x < 100)) {
    return(paste0("For ", x, " % of the rows, use {.code validation = ", x / 100, "}."))
  }
  if (is.data.frame(x)) {
    return("A data frame or a source requires a training with a formula.")
  }
  if (is_number(x) || is.logical(x)) {
    "For a fifth of the rows, use {.code validation = 0.2}."
  }
}

# The number of the rule by which stratified_rows() draws. Fits store it with their fractions; those
# made before there were several rules do not, and resume with the rows that earlier_rows() draws.
split_rule <- 2

# Draws a fraction of the rows as a function of the seed. Returns sorted row numbers. The fraction
# is the same in each stratum (a class, or all rows) that contributes at least 5 rows; smaller
# strata are pooled and drawn from at random, so that a new row of them is exchangeable with those
# drawn. Rows of weight 0 are ignored. `keep_each`: whether to leave at least one row of each
# stratum.
stratified_rows <- function(share, seed, stratum, weights = numeric(), keep_each = FALSE) {
  there <- if (length(weights) > 0) positive_rows(weights) else seq_along(stratum)
  stratum <- match(stratum[there], sort(unique(stratum[there])))
  sizes <- tabulate(stratum)
  small <- share * sizes < 5
  drawn_from <- factor(ifelse(small[stratum], 0, stratum))
  order <- core_row_order(seed, 0, length(there))
  counts <- diff(c(0, round(share * cumsum(tabulate(drawn_from)))))
  rows <- unlist(Map(
    function(rows, count) rows[seq_len(count)], split(order, drawn_from[order]), counts
  ), use.names = FALSE)
  if (keep_each) {
    emptied <- which(tabulate(stratum[rows], length(sizes)) == sizes)
    rows <- setdiff(rows, rows[match(emptied, stratum[rows])])
  }
  there[sort(rows)]
}

# The rows of the first rule, by which each stratum contributes the same fraction, rounded.
earlier_rows <- function(share, seed, stratum, weights = numeric()) {
  order <- core_row_order(seed, 0, length(stratum))
  rows <- sort(unlist(lapply(split(order, stratum[order]), function(rows) {
    rows[seq_len(round(share * length(rows)))]
  }), use.names = FALSE))
  if (length(weights) > 0) rows[weights[rows] > 0] else rows
}

# Checks that the fraction leaves rows on both sides. `left`: the number of rows that must remain.
check_sides <- function(share, rows, left, name, purpose, call) {
  taken <- min(round(share * rows), rows - left)
  if (taken > 0 && taken < rows) {
    return(invisible())
  }
  abort_argument(c(
    "{.arg {name}} must leave at least one row for {purpose} and one for training.",
    x = "A fraction of {share} of {rows} row{?s} takes {max(0, round(share * rows))}."
  ), call)
}

# A held-out fraction leaves at least one row of each class for training.
check_share <- function(share, targets, weights, call) {
  rows <- if (length(weights) > 0) positive_count(weights) else nrow(targets$y)
  left <- if (targets$kind == "numeric") {
    0
  } else {
    length(unique(with_weight(strata(targets), weights)))
  }
  check_sides(share, rows, left, "validation", "validation", call)
  NULL
}

# The calibration set: list(share, seed, rows), or NULL. The rows are a function of the seed, two
# random numbers drawn before all others. The same fraction of each class is drawn.
draw_calibration <- function(share, y, weights, call, seed = floor(runif(2) * 2^32),
                             rule = split_rule) {
  if (is.null(share)) {
    return(NULL)
  }
  share <- check_share_of_one(share, "calibration", call)
  rows <- NROW(y)
  if (is.data.frame(y)) y <- if (ncol(y) == 1) y[[1]] else seq_len(rows)
  classes <- if (is.numeric(y)) rep(1L, rows) else as.integer(factor(y, exclude = NULL))
  if (!is.numeric(weights)) weights <- numeric()
  there <- if (length(weights) > 0) sum(weights > 0, na.rm = TRUE) else rows
  check_sides(share, there, 0, "calibration", "calibration", call)
  draw <- if (is.null(rule)) earlier_rows else stratified_rows
  list(share = share, seed = seed, rows = draw(share, seed, classes, weights))
}
