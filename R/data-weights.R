# Case weights, class weights and offsets.

# Case weights: one non-negative number for each row; numeric() if all are 1.
check_weights <- function(weights, rows, call) {
  if (is.null(weights)) {
    return(numeric())
  }
  known <- is.numeric(weights) && (!is.object(weights) || is_in_file(weights))
  if (!known || length(weights) != rows) {
    abort_argument(c(
      "{.arg weights} must have one number for each of the {rows} row{?s}.",
      x = "You supplied {describe(numbers_in_memory(weights))}.",
      i = name_hint(weights)
    ), call)
  }
  bad <- which_numbers(weights, function(w) !is.finite(w) | w < 0)
  if (length(bad) > 0) {
    abort_argument(c(
      "{.arg weights} must be finite and non-negative.",
      x = "The first invalid weight is {weights[bad[1]]}, in row {bad[1]}."
    ), call, row = bad[1])
  }
  if (all_numbers(weights, function(w) w == 0)) {
    abort_argument(c("At least one of {.arg weights} must be positive.", x = "All are 0."), call)
  }
  check_weight_range(weights, call)
  if (is_in_file(weights)) weights else as.double(weights)
}

# What to do with the name of a column in place of its numbers.
name_hint <- function(x) {
  if (is.character(x) && length(x) == 1) {
    "With a formula, name a column of {.arg data} without quotes; otherwise supply its numbers."
  }
}

# Products of weights must not overflow, and the largest weight must not vanish. Smaller ones may.
check_weight_range <- function(weights, call, single = FALSE) {
  if (length(weights) == 0) {
    return(invisible())
  }
  limit <- if (single) 1e30 else 1e100
  largest <- max(weights, 0, na.rm = TRUE)
  if (is.infinite(largest) || largest == 0 || (largest <= limit && largest >= 1 / limit)) {
    return(invisible())
  }
  abort_argument(c(
    paste0(
      "The largest of {.arg weights} must be between {1 / limit} and {limit}",
      "{if (single) ' in single precision'}."
    ),
    x = "It is {format(largest, digits = 4)}.",
    i = "Divide them by their mean."
  ), call)
}

# Multiplies case weights by the weight of each row's class. `store`: that of rows in a file, where
# the result is in one too.
apply_class_weights <- function(weights, class_weights, targets, call, store = NULL) {
  if (is.null(class_weights)) {
    return(weights)
  }
  if (is.null(targets$levels)) {
    abort_argument(c(
      "{.arg class_weights} requires that {.arg y} is a factor.",
      i = "Use {.arg weights} for numeric targets."
    ), call)
  }
  class <- row_classes(targets)
  weight_of <- function(rows) {
    if (length(weights) == 0) rep(1, length(rows)) else part_of(weights, rows)
  }
  if (identical(class_weights, "balanced")) {
    share <- class_sums(class, length(targets$levels), weight_of)
    total <- if (length(weights) == 0) length(class) else sum(weights)
    class_weights <- ifelse(share > 0, total / (length(share) * share), 0)
  } else {
    if (!is.numeric(class_weights) || length(class_weights) != length(targets$levels) ||
      !all(is.finite(class_weights)) || any(class_weights < 0)) {
      abort_argument(c(
        paste0(
          "{.arg class_weights} must be {.val balanced}, or a non-negative number for each of the ",
          "{length(targets$levels)} levels."
        ),
        x = "You supplied {describe(class_weights)}."
      ), call)
    }
    if (!is.null(names(class_weights))) {
      names(class_weights) <- known_names(names(class_weights), targets$levels)
      if (!setequal(names(class_weights), targets$levels)) {
        abort_argument(c(
          "The names of {.arg class_weights} must be the levels {.val {targets$levels}}.",
          x = "They are {.val {names(class_weights)}}."
        ), call)
      }
      class_weights <- class_weights[targets$levels]
    }
  }
  of_class <- as.vector(class_weights)
  weighted <- function(rows) weight_of(rows) * of_class[class[rows]]
  store <- store_of(weights) %||% store
  weights <- if (is.null(store)) {
    weighted(seq_along(class))
  } else {
    write_numbers(store, length(class), 1, weighted, matrix = FALSE)
  }
  if (all_numbers(weights, function(w) w == 0)) {
    abort_argument(c(
      "At least one row must have a positive weight.",
      x = "With these {.arg class_weights} all weights are 0."
    ), call)
  }
  weights
}

# The sum of the weights of each class. `weight_of`: a function of the numbers of rows.
class_sums <- function(class, count, weight_of) {
  sums <- raw()
  each_range(length(class), 1, function(rows) {
    sums <<- core_add_groups(as.integer(class[rows]), weight_of(rows), count, sums)
  })
  core_sums(sums)
}

# The number of rows for defaults and checks: rows of weight above 0; if all weights are whole
# numbers, each row counts as often as its weight says.
row_count <- function(weights, rows) {
  if (length(weights) == 0) {
    return(rows)
  }
  if (are_whole(weights)) sum(weights) else positive_count(weights)
}

are_whole <- function(weights) all_numbers(weights, function(w) w == floor(w))

# The number of rows that a weighted mean is as precise as: their number if all weights are 1, and
# for other than whole weights that of Kish, (sum w)^2 / sum w^2.
effective_rows <- function(weights) {
  if (are_whole(weights)) {
    sum(weights)
  } else {
    sum(weights)^2 / sum_of_numbers(weights, function(w) w^2)
  }
}

# Case weights for errors and accuracies: class weights change what is minimised, not how it is
# measured, but a class of weight 0 is not trained on. numeric() if there are no class weights.
without_class_weights <- function(case_weights, weights, class_weights) {
  if (is.null(class_weights)) {
    return(numeric())
  }
  counted <- function(rows) {
    own <- if (length(case_weights) == 0) rep(1, length(rows)) else part_of(case_weights, rows)
    replace(own, part_of(weights, rows) == 0, 0)
  }
  if (is_in_file(weights)) {
    write_numbers(store_of(weights), length(weights), 1, counted, matrix = FALSE)
  } else {
    counted(seq_along(weights))
  }
}

# Offsets: one number for each row and output, added to the weighted sums of the output layer; or
# NULL.
check_offset <- function(offset, rows, outputs, call) {
  if (is.null(offset)) {
    return(NULL)
  }
  if (is_in_file(offset)) {
    offset <- if (all_numbers(offset, is.finite)) as_columns(offset) else as.matrix(offset)
  }
  if (inherits(offset, "AsIs")) class(offset) <- setdiff(class(offset), "AsIs")
  if (is_number(offset) && is.null(dim(offset))) offset <- matrix(as.double(offset), ncol = 1)
  if (!is.null(name_hint(offset))) {
    abort_argument(c(
      "{.arg offset} must have one number for each of the {rows} row{?s}.",
      x = "You supplied {describe(offset)}.", i = name_hint(offset)
    ), call)
  }
  if (!is_in_file(offset)) {
    offset <- check_matrix(offset, "offset", call, rows = rows, least_rows = 0)
  }
  if (ncol(offset) != outputs) {
    abort_input(c(
      "{.arg offset} must have {outputs} column{?s}, one for each output.",
      x = "It has {ncol(offset)}."
    ), call)
  }
  offset
}

# Checks case weights and offsets that were supplied as arguments; `extras`: a list by name.
check_extras <- function(extras, rows, call) {
  for (extra in names(extras)) {
    if (!is.null(extras[[extra]]) &&
      (!is_number(extras[[extra]]) || NROW(extras[[extra]]) != rows)) {
      abort_argument(c(
        "{.arg {extra}} must have one number for each of the {rows} row{?s}.",
        x = "You supplied {describe(extras[[extra]])}.",
        i = if (inherits(extras[[extra]], "integer64")) {
          column_hint(extras[[extra]], extra)
        } else {
          name_hint(extras[[extra]])
        }
      ), call)
    }
  }
  if (!is.null(extras$weights)) check_weight_range(extras$weights, call)
}

add_offsets <- function(a, b) {
  if (is.null(a)) {
    b
  } else if (is.null(b)) {
    a
  } else {
    both <- function(rows) {
      as.matrix(part_of(a, rows))[, rep_len(1, NCOL(b)), drop = FALSE] + part_of(b, rows)
    }
    store <- store_of(a, b)
    if (is.null(store)) both(seq_len(NROW(b))) else write_numbers(store, NROW(b), NCOL(b), both)
  }
}

# Offsets as a matrix, also if they are in a file.
as_columns <- function(offset) {
  if (!is_in_file(offset)) {
    return(as.matrix(offset))
  }
  plain <- unclass(offset)
  plain$matrix <- TRUE
  structure(plain, class = "nn_numbers")
}

# The outcome, a matrix or stored rows, without the offsets.
without_offset <- function(y, offset) {
  if (is.null(offset)) {
    return(y)
  }
  columns <- seq_len(ncol(y))
  offset <- as_columns(offset)
  difference <- function(rows) part_of(y, rows) - part_of(offset, rows)[, columns, drop = FALSE]
  store <- store_of(y, offset)
  if (is.null(store)) {
    y - offset[, columns, drop = FALSE]
  } else {
    write_rows(store, nrow(y), rep(NA_character_, ncol(y)), difference)
  }
}
