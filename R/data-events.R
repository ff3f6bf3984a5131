# Outcomes of several columns that are yes or no, and their numbers.

# Several outcomes that are yes or no: a logical matrix, or a data frame whose columns are logical
# or factors with two levels. A list of the two levels of each column by name; NULL for other
# outcomes.
events_of <- function(y) {
  if (is.matrix(y) && is.logical(y) && ncol(y) > 1) {
    names <- fill_names(colnames(y)) %||% paste0("y", seq_len(ncol(y)))
    return(stats::setNames(rep(list(c("FALSE", "TRUE")), ncol(y)), names))
  }
  if (!is.data.frame(y) || ncol(y) < 2) {
    return(NULL)
  }
  levels <- lapply(y, function(column) {
    if (is.logical(column) && is.null(dim(column))) c("FALSE", "TRUE") else levels(column)
  })
  if (all(lengths(levels) == 2)) levels
}

# Targets that are numbers already, as those of the single steps.
is_numbers_by_column <- function(y, events) is.numeric(y) && NCOL(y) == length(events)

# Such outcomes as numbers: 1 for TRUE and the second level, NA where they are missing.
event_numbers <- function(y, events, call) {
  if (!identical(events_of(y), events)) {
    abort_input(c(
      paste0(
        "The outcome must have the columns {.field {names(events)}}, logical or factors with the ",
        "levels of the training data."
      ),
      x = "It is {describe(y)}."
    ), call)
  }
  columns <- lapply(seq_along(events), function(k) {
    column <- if (is.matrix(y)) y[, k] else y[[k]]
    (as.character(column) == events[[k]][2]) + 0
  })
  matrix(unlist(columns), NROW(y), dimnames = list(NULL, names(events)))
}

# The loss and the output activation for such outcomes: list(loss, output_activation), NULL for
# those that are left to the defaults.
event_options <- function(loss, output_activation, call) {
  if (is.null(loss) && is.null(output_activation)) {
    return(list(loss = "cross_entropy", output_activation = NULL))
  }
  checked <- check_loss(loss %||% "squared_error", call)
  check_class_loss(checked, "The outcomes are yes or no.", call)
  if (!is.null(output_activation)) {
    check_output_activation(output_activation, call)
    check_class_output(checked, output_activation, "binary", call)
  } else {
    output_activation <- "sigmoid"
  }
  list(loss = loss, output_activation = output_activation)
}
