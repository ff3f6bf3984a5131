# Matrices: checks, rows and names.

# A data frame of numbers as a matrix, for the functions of the tutorial, which use the numbers
# unchanged; any other object is returned unchanged.
numbers_of_frame <- function(x, name, call) {
  if (!is.data.frame(x)) {
    return(x)
  }
  bad <- which(!vapply(x, function(column) is_number(column) || is.logical(column), NA))
  if (length(bad) > 0) {
    abort_input(c(
      "All columns of {.arg {name}} must be numeric.",
      x = "Column {.field {names(x)[bad[1]]}} is {describe(x[[bad[1]]])}.",
      i = "Drop it, or convert it to numbers first (see {.fn stats::model.matrix})."
    ), call)
  }
  as.matrix(x)
}

# Returns a numeric matrix with rows, columns and finite values only, in double precision. Its
# dimnames are kept. TRUE and FALSE become 1 and 0.
check_matrix <- function(x, name, call, rows = NULL, least_rows = 1) {
  if (is.data.frame(x)) {
    abort_input(c(
      "{.arg {name}} must be a numeric matrix.",
      x = "You supplied {describe(x)}.",
      i = paste0(
        "Use {.code as.matrix({name})}, or {.fn stats::model.matrix} if there are factors among ",
        "the columns."
      )
    ), call)
  }
  if (!(is.numeric(x) || is.logical(x)) || !is.matrix(x) || is.object(x)) {
    abort_input(c(
      "{.arg {name}} must be a numeric matrix with one row per case.",
      x = "You supplied {describe(x)}.",
      i = if ((is.numeric(x) || is.logical(x)) && is.null(dim(x))) {
        paste0(
          "Use {.code matrix({name}, ncol = 1)} for a single column, or ",
          "{.code matrix({name}, nrow = 1)} for a single case."
        )
      } else if (inherits(x, "Matrix")) {
        "Use {.code as.matrix({name})}."
      } else if (inherits(x, "nn_fit")) {
        fit_for_data_hint(call)
      } else if (is_formula(x) || is_quoted_formula(x)) {
        formula_hint(x, call)
      } else if (is.list(x) && "network" %in% names(formals(frame_fn(call)))) {
        "The first argument is {.arg network}, the second {.arg X}, the inputs."
      } else if (is.character(x) && length(x) == 1 && name == "X" && accepts_formula(call)) {
        "To choose the outcome by name, use a formula and a data frame: {.code {x} ~ .}"
      } else if (is.character(x) && is.matrix(x)) {
        text_matrix_hint(x)
      } else if (is.function(x)) {
        function_for_data_hint
      } else if (is_columns(x)) {
        "Use {.code as.data.frame({name})}."
      }
    ), call)
  }
  check_size(x, name, call, least_rows)
  if (!is.null(rows) && nrow(x) != rows) {
    abort_input(c(
      "{.arg X} and {.arg {name}} must have the same number of rows.",
      x = "{.arg X} has {rows} row{?s}, {.arg {name}} has {nrow(x)}.",
      i = if (name == "y" && ncol(x) == 1) outcome_hint(x[, 1])
    ), call)
  }
  if (!is.double(x)) storage.mode(x) <- "double"
  check_finite(x, name, call)
  utf8_names(x)
}

# data, df and others are also functions.
function_for_data_hint <- "R found a function of this name: is your data frame under another one?"

# A list of columns, which as.data.frame() makes a data frame.
is_columns <- function(x) {
  is.list(x) && !is.object(x) && length(x) > 0 && !is.null(names(x)) &&
    all(vapply(x, function(column) is.atomic(column) && length(column) == length(x[[1]]), NA))
}

# A formula in quotes.
is_quoted_formula <- function(x) is.character(x) && length(x) == 1 && grepl("~", x, fixed = TRUE)

# Does the function that the user called accept a formula and a data frame? All that train do.
accepts_formula <- function(call) {
  arguments <- names(formals(frame_fn(call)))
  any(c("optimizer", "folds") %in% arguments) || identical(arguments, c("X", "..."))
}

# What to do with a formula, in quotes or not, where numbers are required.
formula_hint <- function(x, call) {
  if (!accepts_formula(call)) {
    return(paste0(
      "This function does not accept a formula: supply the columns as a matrix, such as ",
      "{.code as.matrix(data[inputs])}. {.fn nn_train} accepts a formula and a data frame."
    ))
  }
  if (is_formula(x)) "Supply the formula and a data frame." else quoted_formula_hint(x)
}

quoted_formula_hint <- function(text) {
  parsed <- tryCatch(str2lang(text), error = function(e) NULL)
  if (is_formula(parsed)) {
    paste0("Remove the quotes: {.code ", literal(text), "}.")
  } else {
    "Supply a formula without quotes, such as {.code y ~ x}, and a data frame."
  }
}

# Rejects a formula, `data` or a fit before other arguments are found to be missing.
check_not_formula <- function(x, data, what, call) {
  of_fit <- inherits(x, "nn_fit")
  if (!of_fit && !is_formula(x) && !is_quoted_formula(x) && is.null(data)) {
    return(invisible())
  }
  given <- if (is.null(data)) describe(x) else "the argument {.arg data}"
  hint <- if (of_fit) fit_for_data_hint(call) else formula_hint(x, call)
  abort_input(c(what, x = paste0("You supplied ", given, "."), i = hint), call)
}

# What to supply instead of a fit.
fit_for_data_hint <- function(call) {
  if (accepts_formula(call)) {
    return("Supply the data instead of a fit: a formula and a data frame, or inputs and outcome.")
  }
  if ("start" %in% names(formals(frame_fn(call)))) {
    paste0(
      "Supply a matrix of inputs and {.arg y}; to begin with the weights of this fit, also ",
      "{.code start = coef(fit)}."
    )
  } else {
    "Supply the inputs instead of a fit."
  }
}

text_matrix_hint <- function(x) {
  numbers <- suppressWarnings(as.double(x))
  if (!anyNA(numbers)) {
    "Its text consists of numbers: convert it by {.code storage.mode({name}) <- \"double\"}."
  } else {
    paste0(
      "To use numbers and categories together, supply a data frame: ",
      "{.code type.convert(as.data.frame({name}), as.is = TRUE)}."
    )
  }
}

# What was probably meant by an outcome that does not have a value for each row. `names`: those of
# the inputs. `label`: the code of the outcome, which may be a column's name and another object's.
# The caller's message has the values of its own `y` and `label`.
outcome_hint <- function(y, names = NULL, label = NULL) {
  if (is_quoted_formula(y)) {
    return(quoted_formula_hint(y))
  }
  if (is.character(y) && length(y) == 1 && y %in% names) {
    return("To choose the outcome by name, use a formula: {.code {y} ~ .}")
  }
  if (length(label) == 1 && label %in% names) {
    return("To choose the outcome by name, use a formula: {.code {label} ~ .}")
  }
  units <- is_number(y) && is.null(dim(y)) && length(y) <= 5 && all(y %in% 2:10000)
  if (units) {
    units <- paste(y, collapse = ", ")
    if (length(y) > 1) units <- paste0("c(", units, ")")
    paste0(
      "The second argument is the outcome. For hidden layers of these sizes, use {.code hidden = ",
      units, "}."
    )
  }
}

check_size <- function(x, name, call, least_rows) {
  if (nrow(x) < least_rows || ncol(x) < 1) {
    abort_input(c(
      "{.arg {name}} must have at least one {if (least_rows > 0) 'row and one '}column.",
      x = "It has {nrow(x)} row{?s} and {ncol(x)} column{?s}."
    ), call)
  }
}

check_finite <- function(x, name, call) {
  at <- core_first_not_finite(x)
  if (at == 0) {
    return(invisible())
  }
  abort_not_finite(
    x[at], (at - 1) %% nrow(x) + 1, (at - 1) %/% nrow(x) + 1, colnames(x), name, call
  )
}

abort_not_finite <- function(value, row, column, columns, name, call) {
  label <- if (is.null(columns)) "" else paste0(" (", columns[column], ")")
  abort_input(c("{.arg {name}} must contain only finite numbers.",
    x = "The first non-finite value is {value}, in row {row}, column {column}{label}.",
    i = "Remove such rows, or impute their values, before the call."
  ), call)
}

# Subsets the rows of a vector, matrix or data frame; NULL stays NULL.
take_rows <- function(x, rows) {
  # a parallel worker has not loaded it, and without it a sparse matrix can't be subset
  if (isS4(x)) loadNamespace("Matrix")
  # all rows of what has no more attributes than its rows keep
  kept <- if (is.factor(x)) c("levels", "class") else c("dim", "dimnames")
  if (is.atomic(x) && all(names(attributes(x)) %in% kept) && core_are_all(rows, NROW(x))) {
    return(x)
  }
  if (is.null(x)) NULL else if (is.null(dim(x))) x[rows] else x[rows, , drop = FALSE]
}

# The numbers of all rows but some. A sequence without gaps takes no memory.
rows_without <- function(rows, some) {
  if (length(some) == 0) seq_len(rows) else setdiff(seq_len(rows), some)
}

unname_rows <- function(x) {
  rownames(x) <- NULL
  x
}

# A matrix of one column as a named vector.
bare <- function(output) {
  if (ncol(output) > 1) {
    return(output)
  }
  names <- rownames(output)
  output <- as.vector(output)
  if (!is.null(names)) names(output) <- names
  output
}

# Do these names identify columns? If not, columns are identified by position.
identifies <- function(names) {
  is.character(names) && !anyNA(names) && all(nzchar(names)) && !anyDuplicated(names)
}

last <- function(x) x[length(x)]
