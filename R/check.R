# Checks of single arguments. Each returns its argument in the form that the rest of the package
# expects, or stops with a classed error.

# The class integer64 says that it is numeric, but its numbers are not what R's arithmetic takes
# them for.
is_number <- function(x) is.numeric(x) && !inherits(x, "integer64")

check_number <- function(x, name, call, least = -Inf, most = Inf, above = FALSE, finite = TRUE) {
  ok <- is.numeric(x) && !is.object(x) && length(x) == 1 && !is.na(x) &&
    (!finite || is.finite(x)) && (if (above) x > least else x >= least) && x <= most
  if (ok) {
    return(as.double(x))
  }
  range <- if (is.finite(least) && is.finite(most)) {
    paste0(if (above) "above " else "from ", least, " to ", most)
  } else if (is.finite(least)) {
    paste0(if (above) "above " else "of at least ", least)
  } else if (is.finite(most)) {
    paste("of at most", most)
  } else {
    ""
  }
  abort_argument(c(
    paste0(
      "{.arg {name}} must be one ",
      "{if (finite) 'finite '}number{if (nzchar(range)) paste0(' ', range)}."
    ),
    x = "It is {describe(x)}."
  ), call)
}

# Between 0 and 1; `with_0` and `with_1`: may it be one of them?
check_share_of_one <- function(x, name, call, with_0 = FALSE, with_1 = FALSE) {
  inside <- is_number(x) && length(x) == 1 &&
    is_true((x > 0 || with_0 && x == 0) && (x < 1 || with_1 && x == 1))
  if (inside) {
    return(as.double(x))
  }
  abort_argument(c(
    paste0(
      "{.arg {name}} must be one number {if (with_0) 'from 0 to' else 'above 0 and'} ",
      "{if (with_1) 'up to 1' else 'below 1'}."
    ),
    x = "It is {describe(x)}."
  ), call)
}

# Whole numbers are checked here, because the conversion to C++ would cut 2.7 to 2 and wrap 3e9 in
# silence.
check_whole <- function(x, name, call, least = 1, most = .Machine$integer.max, many = FALSE) {
  ok <- is.numeric(x) && !is.object(x) && is.null(dim(x)) && length(x) >= 1 &&
    (many || length(x) == 1) && !anyNA(x) && all(x == floor(x) & x >= least & x <= most)
  if (ok) {
    return(as.double(x))
  }
  bad <- if (is.numeric(x) && length(x) > 1 && many) {
    x[is.na(x) | x != floor(x) | x < least | x > most][1]
  } else {
    x
  }
  abort_argument(c(
    paste0(
      "{.arg {name}} must be {if (many) 'whole numbers, each' else 'one whole number'} from ",
      "{least} to {format(most, big.mark = ',', scientific = FALSE)}."
    ),
    x = "It {if (many && length(x) > 1) 'holds' else 'is'} {describe(bad)}."
  ), call)
}

check_given <- function(missing, name, what, call) {
  if (missing) abort_input(c("{.arg {name}} is missing.", i = "Give {what}."), call)
}

check_flag <- function(x, name, call) {
  if (is.logical(x) && length(x) == 1 && !is.na(x)) {
    return(x)
  }
  abort_argument(c("{.arg {name}} must be TRUE or FALSE.", x = "It is {describe(x)}."), call)
}

check_choice <- function(x, choices, name, call) {
  if (is.character(x) && length(x) == 1 && !is.na(x) && any(x == choices)) {
    return(x)
  }
  abort_argument(c(
    "{.arg {name}} must be {if (length(choices) > 1) 'one of '}{.or {.val {choices}}}.",
    x = "It is {describe(x)}.",
    nearest_name(x, choices)
  ), call)
}

# "Did you mean" for a misspelt name.
nearest_name <- function(x, choices) {
  if (!is.character(x) || length(x) != 1 || is.na(x) || length(choices) == 0) {
    return(NULL)
  }
  distance <- utils::adist(x, choices, ignore.case = TRUE)[1, ]
  if (length(distance) == 0 || min(distance) > max(2, nchar(x) / 2) || min(distance) >= nchar(x)) {
    return(NULL)
  }
  c(i = paste0("Did you mean ", dQuote(literal(choices[which.min(distance)]), FALSE), "?"))
}

# Text of the user's in a message: its braces are no code.
literal <- function(text) gsub("([{}])", "\\1\\1", text)

check_no_dots <- function(call, ..., known) {
  if (...length() == 0) {
    return(invisible())
  }
  count <- ...length()
  given <- ...names()
  if (is.null(given)) given <- ""
  name <- given[1]
  if (is.na(name) || !nzchar(name)) {
    abort_argument(c(
      "All arguments after the data must be named.",
      x = "The call has {count} without a known name."
    ), call)
  }
  abort_argument(c(
    "{.arg {name}} is no argument of this function.",
    nearest_name(name, known),
    i = "It takes {.arg {known}}."
  ), call)
}

# A numeric matrix with rows, columns and finite numbers, in double precision; its names are kept.
check_matrix <- function(x, name, call, rows = NULL, least_rows = 1) {
  if (is.data.frame(x)) {
    abort_input(c(
      "{.arg {name}} must be a numeric matrix.",
      x = "It is {describe(x)}.",
      i = paste0(
        "Use {.code as.matrix({name})}, with factors turned into numbers first (see ",
        "{.fn stats::model.matrix})."
      )
    ), call)
  }
  if (!is.numeric(x) || !is.matrix(x) || is.object(x)) {
    abort_input(c(
      "{.arg {name}} must be a numeric matrix, a row for each case.",
      x = "It is {describe(x)}.",
      i = if (is.numeric(x) && is.null(dim(x))) {
        paste0(
          "Use {.code matrix({name}, ncol = 1)} for one column, {.code matrix({name}, nrow = 1)} ",
          "for one case."
        )
      } else if (inherits(x, "Matrix")) {
        "Use {.code as.matrix({name})}."
      } else if (is.logical(x)) {
        "Use {.code {name} + 0} for numbers of 0 and 1."
      }
    ), call)
  }
  check_size(x, name, call, least_rows)
  if (!is.null(rows) && nrow(x) != rows) {
    abort_input(c(
      "{.arg X} and {.arg {name}} must have the same number of rows.",
      x = "{.arg X} has {rows}, {.arg {name}} has {nrow(x)}."
    ), call)
  }
  if (!is.double(x)) storage.mode(x) <- "double"
  check_finite(x, name, call)
  x
}

check_size <- function(x, name, call, least_rows) {
  if (nrow(x) < least_rows || ncol(x) < 1) {
    abort_input(c(
      "{.arg {name}} must have {if (least_rows > 0) 'rows and '}columns.",
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
  abort_input(c("{.arg {name}} must hold finite numbers only.",
    x = "The first that is not is {value}, in row {row}, column {column}{label}.",
    i = "Drop such rows, or fill them in, before the call."
  ), call)
}

# The targets as a numeric matrix with as many rows as X; a vector is one column.
check_targets <- function(y, rows, call) {
  if (is.null(dim(y)) && (is.numeric(y) || is.logical(y)) && !is.object(y)) y <- matrix(y, ncol = 1)
  if (is.character(y)) {
    abort_input(c(
      "{.arg y} must be numeric, logical or a factor.",
      x = "It is {describe(y)}.",
      i = "Use {.code factor(y)}."
    ), call)
  }
  if (is.logical(y) && is.matrix(y)) storage.mode(y) <- "double"
  if (is.null(y) || (is.null(dim(y)) && is.atomic(y))) {
    abort_input(c(
      "{.arg y} must be a numeric or logical vector, a numeric matrix or a factor.",
      x = "It is {describe(y)}."
    ), call)
  }
  check_matrix(y, "y", call, rows = rows)
}

# Refuses what cannot fit before anything is allocated.
check_memory <- function(bytes, what, call,
                         hint = "Use fewer or smaller hidden layers, or smaller batches.") {
  limit <- getOption("backprop.memory_limit", core_physical_memory())
  if (bytes <= limit) {
    return(invisible())
  }
  abort_kind(
    "memory",
    c(
      "There is not enough memory for {what}.",
      x = paste0(
        "It needs {format(bytes, big.mark = ',', scientific = FALSE, nsmall = 0)} bytes; ",
        "this machine has {format(limit, big.mark = ',', scientific = FALSE)}."
      ),
      i = hint
    ),
    call, environment()
  )
}
