# Case weights, class weights and offsets.

# Case weights: one non-negative number for each row; numeric() if all are 1.
check_weights <- function(weights, rows, call) {
  if (is.null(weights)) {
    return(numeric())
  }
  if (!is.numeric(weights) || is.object(weights) || length(weights) != rows) {
    abort_argument(c(
      "{.arg weights} must have one number for each of the {rows} row{?s}.",
      x = "You supplied {describe(weights)}."
    ), call)
  }
  bad <- which(!is.finite(weights) | weights < 0)
  if (length(bad) > 0) {
    abort_argument(c(
      "{.arg weights} must be finite and non-negative.",
      x = "The first invalid weight is {weights[bad[1]]}, in row {bad[1]}."
    ), call, row = bad[1])
  }
  if (all(weights == 0)) {
    abort_argument(c("At least one of {.arg weights} must be positive.", x = "All are 0."), call)
  }
  check_weight_range(weights, call)
  as.double(weights)
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

# Multiplies case weights by the weight of each row's class.
apply_class_weights <- function(weights, class_weights, targets, call) {
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
  if (length(weights) == 0) weights <- rep(1, length(class))
  if (identical(class_weights, "balanced")) {
    share <- tapply(weights, factor(class, seq_along(targets$levels)), sum, default = 0)
    class_weights <- ifelse(share > 0, sum(weights) / (length(share) * share), 0)
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
  weights <- weights * as.vector(class_weights)[class]
  if (all(weights == 0)) {
    abort_argument(c(
      "At least one row must have a positive weight.",
      x = "With these {.arg class_weights} all weights are 0."
    ), call)
  }
  weights
}

# The number of rows for defaults and checks: rows of weight above 0; if all weights are whole
# numbers, each row counts as often as its weight says.
row_count <- function(weights, rows) {
  if (length(weights) == 0) {
    return(rows)
  }
  if (all(weights == floor(weights))) sum(weights) else sum(weights > 0)
}

# The number of rows that a weighted mean is as precise as: their number if all weights are 1, and
# for other than whole weights that of Kish, (sum w)^2 / sum w^2.
effective_rows <- function(weights) {
  if (all(weights == floor(weights))) sum(weights) else sum(weights)^2 / sum(weights^2)
}

# Case weights for errors and accuracies: class weights change what is minimised, not how it is
# measured, but a class of weight 0 is not trained on. numeric() if there are no class weights.
without_class_weights <- function(case_weights, weights, class_weights) {
  if (is.null(class_weights)) {
    return(numeric())
  }
  if (length(case_weights) == 0) case_weights <- rep(1, length(weights))
  replace(case_weights, weights == 0, 0)
}

# Offsets: one number for each row and output, added to the weighted sums of the output layer; or
# NULL.
check_offset <- function(offset, rows, outputs, call) {
  if (is.null(offset)) {
    return(NULL)
  }
  if (inherits(offset, "AsIs")) class(offset) <- setdiff(class(offset), "AsIs")
  if (is_number(offset) && is.null(dim(offset))) offset <- matrix(as.double(offset), ncol = 1)
  offset <- check_matrix(offset, "offset", call, rows = rows, least_rows = 0)
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
        i = if (inherits(extras[[extra]], "integer64")) column_hint(extras[[extra]], extra)
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
    as.matrix(a)[, rep_len(1, NCOL(b)), drop = FALSE] + b
  }
}
