# Assigns rows to folds.

# Fold numbers: a matrix with one row per case and one column per repetition. Rows of weight 0 are
# assigned last, so that they do not change the folds of the other rows. `groups`: the group of each
# row, whose rows are in one fold; NULL for none.
draw_folds <- function(observed, folds, repeats, weights, groups = NULL) {
  there <- which(weights > 0)
  matrix(replicate(repeats, {
    fold <- rep_len(seq_len(folds), length(weights))
    replace(fold, there, if (is.null(groups)) {
      stratified_folds(take_rows(observed, there), folds)
    } else {
      sample(rep_len(seq_len(folds), max(groups)))[groups[there]]
    })
  }), ncol = repeats)
}

# The groups of rows with the same inputs, if rows are the cells of a table: the others would say
# that an outcome which is held out does not occur with these inputs. A message says so. NULL if
# rows are cases, or if there are fewer groups than folds.
groups_of_cells <- function(X, weights, folds) {
  groups <- cells_of(X, weights)
  number <- max(groups, 0)
  if (number == 0 || number == sum(weights > 0)) {
    return(NULL)
  }
  together <- number >= folds
  cli::cli_inform(c(
    paste0(
      "The weights are above 2 on average, so the rows are taken for the cells of a table, with ",
      "{number} combination{?s} of inputs."
    ),
    i = if (together) {
      "Cells with the same inputs are in the same fold."
    } else {
      paste0(
        "These are fewer than the {folds} folds, so cells with the same inputs are in different ",
        "folds, and the metrics are misleading. Use at most {.code folds = {number}}."
      )
    }
  ), class = "backprop_message_cells")
  if (together) groups
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

# Checks `folds`, a number, the fold of each row, or a list of rows: list(number, labels, given),
# where `labels` are the names of the folds and `given` has one row per case and one column per
# repetition. `used`: the positions of the rows that are used, among the `among` rows of data.
check_folds <- function(folds, repeats, observed, weights, used, among, call) {
  rows <- NROW(observed)
  if (is.list(folds)) {
    if (repeats > 1) abort_repeats(call)
    return(listed_folds(folds, used, among, call))
  }
  if (length(folds) == 1 && is.numeric(folds)) {
    available <- sum(weights > 0)
    if (is_true(folds > available)) {
      abort_argument(c(
        "Cross-validation requires at least as many rows as {.arg folds}, which is 10 by default.",
        x = "{.arg folds} is {folds}, for {available} row{?s}.",
        i = if (available > 1) "Use {.code folds = {available}} to leave out one row at a time."
      ), call)
    }
    number <- check_whole(folds, "folds", call, least = 2, most = available)
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
        "without missing values, or a list of row numbers."
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
  if (repeats > 1) abort_repeats(call)
  list(number = length(labels), labels = labels, given = matrix(given))
}

abort_repeats <- function(call) {
  abort_argument(c(
    "{.arg repeats} draws new folds, so it can't be combined with given folds in {.arg folds}."
  ), call)
}

# Folds as a list of the rows of each: the rows that are held out, or those that are trained on; or
# the splits of rsample. One repetition holds out each row once.
listed_folds <- function(folds, used, among, call) {
  if (is.data.frame(folds)) folds <- rows_of_splits(folds, among, call)
  valid <- length(folds) > 1 && all(vapply(folds, function(rows) {
    is_number(rows) && length(rows) > 0 && all(rows %in% seq_len(among)) && !anyDuplicated(rows)
  }, NA))
  if (!valid) {
    abort_argument(c(
      paste0(
        "If {.arg folds} is a list, its elements must be different row numbers of the data, at ",
        "most {among}, for at least two folds."
      ),
      x = if (any(vapply(folds, anyDuplicated, 0) > 0)) {
        "An element has a row more than once, as bootstrap samples do."
      } else {
        "You supplied {describe(folds)}."
      }
    ), call)
  }
  held_out <- repetitions_of(folds, among)
  if (is.null(held_out)) {
    held_out <- repetitions_of(lapply(folds, function(rows) setdiff(seq_len(among), rows)), among)
  }
  if (is.null(held_out)) {
    counts <- tabulate(unlist(folds), among)
    abort_argument(c(
      paste0(
        "{.arg folds} must hold out each row of the data exactly once per repetition, as k-fold ",
        "cross-validation does."
      ),
      x = paste0(
        "Row {which.min(counts)} occurs {min(counts)} time{?s}, and row {which.max(counts)} ",
        "{max(counts)} time{?s}."
      ),
      i = "Bootstrap samples and repeated random splits are not supported."
    ), call)
  }
  number <- max(held_out)
  held_out <- held_out[used, , drop = FALSE]
  if (any(apply(held_out, 2, function(fold) length(unique(fold))) < number)) {
    abort_argument(c(
      "Each fold in {.arg folds} must have rows that are used.",
      x = "{.arg subset} or {.arg na.action} drop all rows of one."
    ), call)
  }
  labels <- if (ncol(held_out) == 1 && identifies(names(folds))) names(folds) else seq_len(number)
  list(number = number, labels = labels, given = held_out)
}

# The fold of each row, with a column for each repetition: consecutive elements of the list that
# together have each row once. NULL if there are none, or if repetitions differ in their number.
repetitions_of <- function(held_out, rows) {
  complete <- cumsum(lengths(held_out)) / rows
  repetition <- ceiling(complete - 0.5 / rows)
  sizes <- tabulate(repetition)
  if (last(complete) != length(sizes) || any(sizes != sizes[1])) {
    return(NULL)
  }
  fold <- rep_len(seq_len(sizes[1]), length(held_out))
  place <- cbind(unlist(held_out), rep(repetition, lengths(held_out)))
  if (anyDuplicated(place)) {
    return(NULL)
  }
  table <- matrix(0, rows, length(sizes))
  table[place] <- rep(fold, lengths(held_out))
  if (all(table > 0)) table
}

# The rows trained on, by the splits of an object of rsample.
rows_of_splits <- function(folds, among, call) {
  splits <- folds$splits
  known <- is.list(splits) && length(splits) > 0 &&
    all(vapply(splits, function(split) is.list(split) && !is.null(split$in_id), NA))
  if (!known) {
    abort_argument(c(
      "If {.arg folds} is a data frame, it must be the result of {.fn rsample::vfold_cv}.",
      x = "You supplied {describe(folds)}.",
      i = "For the fold of each row use a vector, such as {.code folds = data$fold}."
    ), call)
  }
  rows <- unique(vapply(splits, function(split) NROW(split$data), 0))
  if (!identical(as.double(rows), as.double(among))) {
    abort_argument(c(
      "{.arg folds} must be splits of the same data.",
      x = "The splits are of {rows} row{?s}, the data have {among}."
    ), call)
  }
  stats::setNames(lapply(splits, `[[`, "in_id"), folds$id)
}

# Warns of classes that the rows outside a fold lack, so that they have the probability 0 there.
warn_of_lacking_classes <- function(tasks, observed, weights) {
  there <- which(weights > 0)
  known <- unique(observed[there])
  lacking <- lapply(tasks, function(task) {
    as.character(setdiff(known, unique(observed[setdiff(there, task$held_out)])))
  })
  classes <- sort(unique(unlist(lacking)))
  if (length(classes) == 0) {
    return(invisible())
  }
  cli::cli_warn(c(
    paste0(
      "{cli::qty(length(classes))}The class{?es} {.val {classes}} {?is/are} missing from the rows ",
      "outside of {sum(lengths(lacking) > 0)} of the folds, where {cli::qty(length(classes))}",
      "{?it has/they have} the probability 0 or nearly 0."
    ),
    i = "Use other {.arg folds}, or merge rare classes."
  ), class = "backprop_warning_folds", call = NULL)
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
