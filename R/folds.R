# Which rows are held out together.

# A matrix with a row for each case and a column for each repetition: the number of the fold.
draw_folds <- function(observed, folds, repeats) {
  matrix(replicate(repeats, stratified_folds(observed, folds)), ncol = repeats)
}

# Classes are dealt out to the folds in turn, so that each has the same number of each class, up to one. Numbers are cut into runs of `folds` neighbours in size, and a run has one in each fold.
stratified_folds <- function(observed, folds) {
  n <- NROW(observed)
  stratum <- if (is.factor(observed)) as.integer(observed) else if (NCOL(observed) == 1) as.vector(observed) else rep(0, n)
  order <- order(stratum, stats::runif(n))
  dealt <- if (is.factor(observed)) rep_len(sample.int(folds), n)
    else as.vector(replicate(ceiling(n / folds), sample.int(folds)))[seq_len(n)]
  fold <- integer(n)
  fold[order] <- dealt
  fold
}

# `folds` as a number, or as the fold of each row: list(number, given).
check_folds <- function(folds, repeats, observed, call) {
  rows <- NROW(observed)
  if (length(folds) == 1 && is.numeric(folds)) {
    number <- check_whole(folds, "folds", call, least = 2, most = rows)
    rare <- if (is.factor(observed)) Filter(function(count) count < number, table(observed))
    if (length(rare) > 0)
      cli::cli_warn(c("Some classes have fewer rows than there are folds, so that not every fold has them: {.val {names(rare)}}.", i = "Use fewer {.arg folds}."),
        class = "backprop_warning_folds", call = NULL)
    return(list(number = number))
  }
  if (!(is.numeric(folds) || is.character(folds) || is.factor(folds)) || length(folds) != rows || anyNA(folds))
    abort_argument(c("{.arg folds} must be one whole number, or the fold of each of the {rows} rows, without missing values.", x = "It is {describe(folds)}."), call)
  given <- as.integer(factor(folds))
  if (max(given) < 2) abort_argument(c("{.arg folds} must name at least two folds.", x = "All rows are in one."), call)
  if (repeats > 1) abort_argument(c("{.arg repeats} draws folds anew, so it does not go with the folds of rows in {.arg folds}."), call)
  list(number = max(given), given = matrix(given))
}
