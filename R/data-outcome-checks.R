# Checks of the outcome, and warnings about it.

# How to train on several outcomes one of which is not numeric, for a message.
several_outcomes_hint <- function(y, name) {
  name <- literal(name)
  levels <- if (is.factor(y)) levels(y) else sort(unique(as.character(y)))
  of_levels <- if (length(levels) > 0) literal(last(levels)) else "level"
  c(
    i = if (is.logical(y)) {
      paste0("Convert it to 0 and 1: {.code as.numeric(", name, ")}.")
    } else {
      paste0(
        "Convert it to numbers, such as {.code as.numeric(", name, " == \"", of_levels, "\")}."
      )
    },
    i = paste0(
      "Outcomes are yes or no if they are logical, or columns of a data frame that are factors ",
      "with two levels. More than two classes each: train a separate fit for each outcome."
    )
  )
}

# Warns of inputs that are the outcome: columns with the same values in all rows.
# `ranks`: the processes of which each has some of the rows.
warn_of_outcome_among <- function(columns, y, label, ranks = NULL) {
  if (is.data.frame(y) && ncol(y) == 1) y <- y[[1]]
  if (NCOL(y) != 1) {
    return(invisible())
  }
  values <- function(x) if (is.numeric(x)) as.double(x) else as.character(x)
  y <- values(if (is.matrix(y)) y[, 1] else y)
  different <- utils::head(unique(y), 2)
  same <- vapply(columns, function(x) {
    is.null(dim(x)) && (is.atomic(x) || is.factor(x)) && identical(values(x), y)
  }, NA)
  if (!is.null(ranks)) {
    same <- sum_ranks(ranks, !same & length(y) > 0, "inputs like the outcome") == 0
    different <- unlist(each_rank(ranks, different, "values of the outcome"))
  }
  if (any(same) && length(unique(different)) > 1) {
    cli::cli_warn(c(
      paste0(
        "{cli::qty(sum(same))}The input{?s} {.field {names(columns)[same]}} {?is/are} identical ",
        "to the outcome {.field {label}}."
      ),
      i = paste0(
        "The network then only copies the outcome. Remove the {cli::qty(sum(same))}column{?s} ",
        "from the inputs."
      )
    ), class = "backprop_warning_outcome_input", call = NULL)
  }
}

# Warns of a constant outcome. In other packages, a sum of columns means several outcomes.
warn_of_constant_outcome <- function(y, label, weights) {
  y <- with_weight(y, weights)
  ends <- column_ends(y)
  constant <- nrow(y) > 1 & is_narrow(ends$least, ends$most)
  if (!any(constant)) {
    return(invisible())
  }
  columns <- if (!all(constant)) (colnames(y) %||% seq_along(constant))[constant]
  cli::cli_warn(c(
    if (is.null(columns)) {
      "The outcome {.field {label}} is constant, so there is nothing to learn."
    } else {
      paste0(
        "{cli::qty(columns)}The output{?s} {.field {columns}} of the outcome {.field {label}} ",
        "{cli::qty(columns)}{?is/are} constant, so there is nothing to learn for ",
        "{cli::qty(columns)}{?it/them}."
      )
    },
    i = if (grepl("^[^()]* [+] [^()]*$", label)) {
      "For several outcomes write {.code cbind({gsub(' + ', ', ', label, fixed = TRUE)}) ~ ...}."
    }
  ), class = "backprop_warning_constant_outcome", call = NULL)
}

# `empty`: the levels that no row has which is trained on; `apart`: the outcome of rows that are set
# aside, which may have all rows of a class.
warn_empty_levels <- function(empty, label, apart = NULL) {
  empty <- empty[!is.na(empty)]
  set_aside <- intersect(empty, as.character(apart))
  empty <- setdiff(empty, set_aside)
  if (length(set_aside) > 0) {
    cli::cli_warn(c(
      paste0(
        "All rows with the {cli::qty(set_aside)}class{?es} {.val {set_aside}} of the outcome ",
        "{.field {label}} are in the calibration set, so training can't learn to predict ",
        "{cli::qty(set_aside)}{?it/them}."
      ),
      i = "Use a smaller {.arg calibration}, or merge rare classes."
    ), class = "backprop_warning_levels", call = NULL)
  }
  if (length(empty) > 0) {
    cli::cli_warn(c(
      paste0(
        "The outcome {.field {label}} has unused levels, each of which gets an output: ",
        "{.val {empty}}."
      ),
      i = "Use {.fn droplevels} to drop them."
    ), class = "backprop_warning_levels", call = NULL)
  }
}

# cbind() would turn factors into numbers. `within`: a function that evaluates an expression in the
# data.
check_bound_outcomes <- function(expression, within, call) {
  if (!is.call(expression)) {
    return(invisible())
  }
  if (!identical(expression[[1]], quote(cbind))) {
    lapply(as.list(expression)[-1], check_bound_outcomes, within, call)
    return(invisible())
  }
  parts <- as.list(expression)[-1]
  for (part in parts[names2(parts) != "deparse.level"]) {
    value <- tryCatch(within(part), error = function(e) NULL)
    if (is.factor(value)) {
      name <- deparse1(part)
      abort_input(c(
        "Several outcomes must all be numeric, or all be yes or no.",
        x = "Column {.code {name}} is {describe(value)}, which {.fn cbind} would turn into codes.",
        if (length(parts) > 1) several_outcomes_hint(value, name),
        i = if (length(parts) == 1) paste0("Use {.code ", literal(name), " ~ ...}.")
      ), call)
    }
  }
}

check_outcome_finite <- function(y, label, call) {
  if (is_stored(y)) {
    if (!any_part(y, function(part) core_first_not_finite(part) > 0)) {
      return(invisible())
    }
    y <- as.matrix(y)
  }
  at <- core_first_not_finite(y)
  if (at == 0) {
    return(invisible())
  }
  column <- if (is.null(colnames(y))) label else colnames(y)[(at - 1) %/% nrow(y) + 1]
  abort_input(c(
    "The outcome must contain only finite numbers.",
    x = "{.field {column}} is {y[at]} in row {(at - 1) %% nrow(y) + 1}.",
    i = "Remove such rows before the call, or drop them with {.arg na.action}."
  ), call, row = (at - 1) %% nrow(y) + 1)
}

check_outcome_kind <- function(y, label, call) {
  if (is_stored(y)) {
    return(invisible())
  }
  if (is.null(y)) {
    abort_input(c(
      "The outcome is missing.",
      i = "Supply it as {.arg y}, or on the left-hand side of a formula."
    ), call)
  }
  if ((is.list(y) && !is.data.frame(y)) || length(dim(y)) > 2) {
    abort_input(c(
      "The outcome {.field {label}} must be numeric, logical, character or a factor.",
      x = "It is {describe(y)}."
    ), call)
  }
  if (is.data.frame(y) && ncol(y) == 1) y <- y[[1]]
  if (is.factor(y) && anyNA(levels(y)) && anyNA(as.character(y))) {
    abort_input(c(
      "The levels of the outcome {.field {label}} must not be missing.",
      x = "{sum(is.na(as.character(y)))} row{?s} {?has/have} the level {.val {NA}}.",
      i = paste0(
        "Give it a name to predict it as a class, as in ",
        "{.code levels(y)[is.na(levels(y))] <- \"none\"}."
      ),
      i = "Use {.code factor(y)} for ordinary missing values, which {.arg na.action} handles."
    ), call)
  }
}

# What several yes/no outcomes do not have.
check_events <- function(options, call) {
  if (!is.null(options$calibration)) {
    abort_argument(c(
      "{.arg calibration} can't be used with several outcomes that are yes or no.",
      x = "Prediction sets are for the classes of a single outcome.",
      i = "Train a separate fit for each outcome."
    ), call)
  }
}
