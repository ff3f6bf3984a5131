# Assigns rows to folds.

# Fold numbers: a matrix with one row per case and one column per repetition. Rows of weight 0 are
# assigned last, so that they do not change the folds of the other rows.
draw_folds <- function(observed, folds, repeats, weights) {
  there <- which(weights > 0)
  matrix(replicate(repeats, {
    fold <- rep_len(seq_len(folds), length(weights))
    replace(fold, there, stratified_folds(take_rows(observed, there), folds))
  }), ncol = repeats)
}

# Stratified folds. The rows of each class are dealt out to the folds in turn, so that the number of
# rows of a class differs by at most one between folds. Numeric values are sorted and cut into runs
# of `folds` values, and each fold gets one value of each run.
stratified_folds <- function(observed, folds) {
  n <- NROW(observed)
  stratum <- if (is.factor(observed)) {
    as.integer(observed)
  } else if (NCOL(observed) == 1) {
    as.vector(observed)
  } else {
    rep(0, n)
  }
  order <- order(stratum, stats::runif(n))
  dealt <- if (is.factor(observed)) {
    rep_len(sample.int(folds), n)
  } else {
    as.vector(replicate(ceiling(n / folds), sample.int(folds)))[seq_len(n)]
  }
  fold <- integer(n)
  fold[order] <- dealt
  fold
}

# Checks `folds`, a number or the fold of each row: list(number, labels, given), where `labels` are
# the names of the folds. `used`: the positions of the rows that are used, among the `among` rows of
# data.
check_folds <- function(folds, repeats, observed, weights, used, among, call) {
  rows <- NROW(observed)
  if (length(folds) == 1 && is.numeric(folds)) {
    number <- check_whole(folds, "folds", call, least = 2, most = sum(weights > 0))
    counts <- if (is.factor(observed)) table(observed[weights > 0])
    rare <- Filter(function(count) count < number, counts)
    if (length(rare) > 0) {
      cli::cli_warn(c(
        paste0(
          "Some classes have fewer rows than there are folds, so that some folds lack them: ",
          "{.val {names(rare)}}."
        ),
        i = "Use fewer {.arg folds}."
      ), class = "backprop_warning_folds", call = NULL)
    }
    return(list(number = number, labels = seq_len(number)))
  }
  fold_of <- if (length(folds) == among) folds[used] else folds
  if (!(is.numeric(folds) || is.character(folds) || is.factor(folds)) || length(fold_of) != rows ||
    anyNA(fold_of)) {
    abort_argument(c(
      paste0(
        "{.arg folds} must be one whole number, or the fold of each of the {among} ",
        "rows{if (among > rows) paste(' of the data, or of the', rows, 'that are used')}, ",
        "without missing values."
      ),
      x = "You supplied {describe(folds)}."
    ), call)
  }
  labels <- if (is.factor(folds)) levels(droplevels(fold_of)) else sort(unique(as.vector(fold_of)))
  given <- match(fold_of, labels)
  if (length(labels) < 2) {
    abort_argument(c(
      "{.arg folds} must define at least two folds.",
      x = "All rows are in one fold."
    ), call)
  }
  if (repeats > 1) {
    abort_argument(c(
      "{.arg repeats} draws new folds, so it can't be combined with given folds in {.arg folds}."
    ), call)
  }
  list(number = length(labels), labels = labels, given = matrix(given))
}

check_training_weights <- function(tasks, weights, call) {
  for (task in tasks) {
    if (all(weights[-task$held_out] == 0)) {
      abort_argument(c(
        "There must be rows with a weight above 0 outside every fold, to train on.",
        x = "All rows outside fold {.val {task$fold}} have weight 0.",
        i = "Use other {.arg folds}."
      ), call)
    }
  }
}
