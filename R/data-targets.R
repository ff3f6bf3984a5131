# Encodes targets as a numeric matrix.

# Encodes targets of any accepted kind: list(y, kind, levels), where y is a numeric matrix. Two
# classes become one column (1 for the second level), more become one column each. For targets of an
# existing fit, `levels` are its levels, and `numeric` is TRUE if its targets are numeric. With
# `compact`, the columns of classes are indicators (see utils-indicators.R).
encode_targets <- function(y, rows, call, levels = NULL, numeric = FALSE, compact = FALSE) {
  if (is_stored(y)) {
    if (compact && is.null(levels)) {
      return(list(y = y, kind = "numeric", levels = NULL))
    }
    y <- outcome_in_memory(y)
  }
  y <- utf8_values(y)
  if (numeric && is.factor(y)) {
    abort_input(c(
      "{.arg y} must be numeric, as in the training data.",
      x = "You supplied {describe(y)}."
    ), call)
  }
  if (is.factor(y) || (!is.null(levels) && is.character(y))) {
    level_missing <- is.factor(y) && anyNA(levels(y))
    if (is.null(levels)) levels <- levels(y)[!is.na(levels(y))]
    ordered <- is.ordered(y)
    if (length(y) != rows) {
      abort_input(c(
        "{.arg X} and {.arg y} must have the same number of rows.",
        x = "{.arg X} has {rows} row{?s}, {.arg y} has {length(y)}."
      ), call)
    }
    classes <- if (is.factor(y) && identical(levels(y), levels)) {
      as.integer(y)
    } else if (is.factor(y)) {
      match(levels(y), levels)[as.integer(y)]
    } else {
      match(y, levels)
    }
    # values that are missing or unknown
    y <- if (anyNA(classes)) as.character(y)
    if (anyNA(y)) {
      abort_input(c(
        "{.arg y} must not have missing values.",
        x = "The first is in row {which(is.na(y))[1]}.",
        i = "Remove such rows before the call.",
        i = if (level_missing) {
          "To predict the level {.val {NA}} as a class, give it a name: {.code levels(y)}."
        }
      ), call)
    }
    unknown <- setdiff(y, levels)
    if (length(unknown) > 0) {
      abort_input(c(
        "{.arg y} must contain only levels of the training data.",
        x = "It has the unseen level{?s} {.val {unknown}}.",
        i = "The training data have {.val {levels}}."
      ), call)
    }
    if (length(levels) < 2) {
      abort_input(c(
        "A factor {.arg y} must have at least two levels.",
        x = "It has {length(levels)}."
      ), call)
    }
    if (length(levels) > 2) check_levels_memory(length(levels), rows, "y", call)
    coded <- if (length(levels) == 2) {
      new_indicators(classes, NULL, 1, first = 2)
    } else {
      new_indicators(classes, levels, length(levels))
    }
    if (!compact) coded <- as.matrix(coded)
    return(list(
      y = coded, kind = if (length(levels) == 2) "binary" else "classes", levels = levels,
      ordered = ordered
    ))
  }
  if (!is.null(levels)) {
    abort_input(c(
      "{.arg y} must be a factor, as in the training data.",
      x = "You supplied {describe(y)}."
    ), call)
  }
  list(y = check_targets(y, rows, call), kind = "numeric", levels = NULL)
}

# check_domain() for targets that may be in a file, which is read in parts.
check_targets_domain <- function(y, loss, output_activation, call, ignored = integer()) {
  if (is_stored(y)) {
    invalid <- loss_domains[[loss_table[[loss$name]]$domain]]$invalid
    if (loss$name != "cross_entropy" && !any_part(y, function(part) any(invalid(part)))) {
      return(invisible())
    }
    y <- as.matrix(y)
  }
  check_domain(y, loss, output_activation, call, ignored)
}

# The targets as a numeric matrix with as many rows as X; a vector is one column.
check_targets <- function(y, rows, call) {
  if (is.null(dim(y)) && (is.numeric(y) || is.logical(y)) && !is.object(y)) y <- matrix(y, ncol = 1)
  if (is.character(y)) {
    abort_input(c(
      "{.arg y} must be numeric, logical or a factor.",
      x = "You supplied {describe(y)}.",
      i = if (is_quoted_formula(y)) formula_hint(y, call) else "Use {.code factor(y)}."
    ), call)
  }
  if (is.logical(y) && is.matrix(y)) storage.mode(y) <- "double"
  if (is.null(y) || (is.null(dim(y)) && is.atomic(y))) {
    abort_input(c(
      "{.arg y} must be a numeric or logical vector, a numeric matrix or a factor.",
      x = "You supplied {describe(y)}."
    ), call)
  }
  y <- check_matrix(y, "y", call, rows = rows)
  if (!is.null(dimnames(y)[[2]])) colnames(y) <- fill_names(colnames(y))
  y
}

# Column names, with "y" and a number for those that are missing.
fill_names <- function(names) {
  if (is.null(names)) {
    return(NULL)
  }
  ifelse(is.na(names) | !nzchar(names), paste0("y", seq_along(names)), names)
}

# The targets with a column for each output of the loss: for ordered classes, whether the class is
# above each level; for losses with several outputs for an outcome, the outcome in each column.
# `classes` are the codes of the classes, which the columns no longer tell.
spread_targets <- function(targets, loss, call) {
  if (!is.null(targets$levels)) {
    check_class_loss(loss, paste0("{.arg y} has ", length(targets$levels), " classes."), call)
  }
  if (loss$name == "cumulative" && !is.null(targets$levels)) {
    targets$classes <- row_classes(targets)
    steps <- seq_len(length(targets$levels) - 1)
    above <- new_indicators(
      targets$classes, paste(">", targets$levels[steps]), length(steps),
      above = TRUE
    )
    targets$y <- if (is_indicators(targets$y)) above else as.matrix(above)
    return(targets)
  }
  outputs <- outputs_per_outcome(loss)
  if (outputs == 1) {
    return(targets)
  }
  if (!is.null(targets$levels) || ncol(targets$y) > 1) {
    abort_input(c(
      "The loss {.val {loss$name}} with {outputs} outputs requires a single numeric outcome.",
      x = if (is.null(targets$levels)) {
        "{.arg y} has {ncol(targets$y)} columns."
      } else {
        "{.arg y} has {length(targets$levels)} classes."
      }
    ), call)
  }
  targets$y <- matrix(
    rows_in_memory(targets$y), nrow(targets$y), outputs,
    dimnames = list(NULL, names_of_outputs(loss))
  )
  targets
}

# `given`: what the outcome is.
check_class_loss <- function(loss, given, call) {
  if (!has_class_outputs(loss)) {
    abort_input(c(
      "The loss {.val {loss$name}} requires a numeric outcome.",
      x = given,
      i = "For classes, use the loss {.val cross_entropy}."
    ), call)
  }
}

# The level of each row, as an integer code.
row_classes <- function(targets) {
  if (!is.null(targets$classes)) {
    return(targets$classes)
  }
  if (is_indicators(targets$y)) {
    return(unclass(targets$y)$classes)
  }
  if (targets$kind == "binary") targets$y[, 1] + 1 else max.col(targets$y, "first")
}

# Each row's stratum: its class, or 1 for numeric targets.
strata <- function(targets) {
  if (targets$kind == "numeric") rep(1, nrow(targets$y)) else row_classes(targets)
}
