# Checks of single arguments. Each returns its argument in the form that the rest of the package
# expects, or signals a classed error.

# is.numeric() is TRUE for integer64, but R's arithmetic misreads its values.
is_number <- function(x) is.numeric(x) && !inherits(x, "integer64")

check_numbers <- function(x, name, call) {
  if (!is.numeric(x)) {
    abort_input(c("{.arg {name}} must be numeric.", x = "You supplied {describe(x)}."), call)
  }
}

check_number <- function(x, name, call, least = -Inf, most = Inf, above = FALSE, finite = TRUE) {
  ok <- is.numeric(x) && !is.object(x) && length(x) == 1 && !is.na(x) &&
    (!finite || is.finite(x)) && (if (above) x > least else x >= least) && x <= most
  if (ok) {
    return(as.double(x))
  }
  range <- if (is.finite(least) && is.finite(most)) {
    if (above) paste("above", least, "and at most", most) else paste("between", least, "and", most)
  } else if (is.finite(least)) {
    paste0(if (above) "greater than " else "of at least ", least)
  } else if (is.finite(most)) {
    paste("of at most", most)
  } else {
    ""
  }
  abort_argument(c(
    paste0(
      "{.arg {name}} must be a single ",
      "{if (finite) 'finite '}number{if (nzchar(range)) paste0(' ', range)}."
    ),
    x = "You supplied {describe(x)}.", i = number_hint(x)
  ), call)
}

# A number in (0, 1). `with_0` and `with_1`: are 0 and 1 allowed?
check_share_of_one <- function(x, name, call, with_0 = FALSE, with_1 = FALSE) {
  inside <- is_number(x) && length(x) == 1 &&
    is_true((x > 0 || with_0 && x == 0) && (x < 1 || with_1 && x == 1))
  if (inside) {
    return(as.double(x))
  }
  abort_argument(c(
    paste0(
      "{.arg {name}} must be a single number {if (with_0) 'of at least 0' else 'greater than 0'} ",
      "and {if (with_1) 'at most 1' else 'less than 1'}."
    ),
    x = "You supplied {describe(x)}.",
    i = if (is_number(x) && length(x) == 1 && is_true(x >= 10 && x < 100)) {
      "Did you mean {x / 100}?"
    }
  ), call)
}

# Whole numbers are checked here because the conversion to C++ would silently truncate 2.7 to 2 and
# wrap 3e9 around.
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
  of_many <- is.numeric(x) && many && length(x) > 1
  abort_argument(c(
    paste0(
      "{.arg {name}} must be ",
      if (least == most) {
        "{least}."
      } else {
        paste0(
          "{if (many) 'whole numbers' else 'a single whole number'} between {least} and ",
          "{format(most, big.mark = ',', scientific = FALSE)}."
        )
      }
    ),
    x = "{if (of_many) 'It contains' else 'You supplied'} {describe(bad)}.", i = number_hint(x)
  ), call)
}

# What to do with numbers in quotes, or in a list.
number_hint <- function(x) {
  number <- if (is.character(x) && length(x) == 1) suppressWarnings(as.double(x)) else NA
  if (!is.na(number)) {
    return(paste0("Remove the quotes: {.code ", x, "}."))
  }
  numbers <- is.list(x) && !is.object(x) && length(x) %in% 1:9 &&
    all(vapply(x, function(part) is_number(part) && length(part) == 1, NA))
  if (numbers) paste0("Use {.code ", deparse1(as.double(x)), "}.")
}

check_given <- function(missing, name, what, call) {
  if (!missing) {
    return(invisible())
  }
  given <- if (any(vapply(sys.frames(), identical, NA, call))) written_names(call)
  other <- setdiff(given[lower_case(given) == lower_case(name)], name)
  if (length(other) > 0) {
    abort_argument(c(
      "{.arg {other[1]}} is not an argument of this function.",
      i = "Did you mean {.arg {name}}? Names of arguments are case-sensitive."
    ), call)
  }
  abort_input(c("{.arg {name}} is missing.", i = "Supply {what}."), call)
}

check_flag <- function(x, name, call) {
  if (is.logical(x) && length(x) == 1 && !is.na(x)) {
    return(x)
  }
  abort_argument(c(
    "{.arg {name}} must be {.code TRUE} or {.code FALSE}.",
    x = "You supplied {describe(x)}."
  ), call)
}

check_choice <- function(x, choices, name, call) {
  if (is.character(x) && length(x) == 1 && !is.na(x) && any(x == choices)) {
    return(x)
  }
  abort_argument(c(
    "{.arg {name}} must be {if (length(choices) > 1) 'one of '}{.or {.val {choices}}}.",
    x = "You supplied {describe(x)}.",
    i = call_hint(x),
    nearest_name(x, choices)
  ), call)
}

# `call` is the frame of the function that the user called. Its argument names must be written in
# full: R would take `k` for `keep_fits`.
check_no_dots <- function(call, ..., known) {
  written <- written_names(call)
  if (!all(written %in% c(known, ""))) {
    check_full_names(written, c(known, names(formals(frame_fn(call)))), call)
  }
  if (...length() == 0) {
    return(invisible())
  }
  given <- ...names()
  if (is.null(given)) given <- ""
  name <- given[1]
  if (is.na(name) || !nzchar(name)) {
    before <- names(formals(frame_fn(call)))
    before <- before[seq_len(match("...", before) - 1)]
    abort_argument(c(
      if (length(setdiff(known, c(before, "..."))) > 0) {
        "All arguments after {.arg {last(before)}} must be named."
      } else {
        "This function has no argument after {.arg {last(before)}}."
      },
      x = "An argument without a name was supplied: {describe(...elt(1))}."
    ), call)
  }
  abort_argument(c(
    "{.arg {name}} is not an argument of this function.",
    argument_hint(name, known),
    i = "The argument{?s} {?is/are} {.arg {known}}."
  ), call)
}

# The argument names of the call of a frame as they are written, including those in `...` of its
# caller.
written_names <- function(frame) {
  at <- sys.nframe()
  while (!identical(sys.frame(at), frame)) at <- at - 1
  sent <- sys.call(at)
  names <- names(sent)
  for (i in seq_along(sent)[-1]) {
    if (is.symbol(sent[[i]]) && identical(sent[[i]], quote(...))) {
      passed <- eval(quote(substitute(list(...))), sys.frame(sys.parents()[at]))
      return(c(names[-c(1, i)], names(passed)[-1]))
    }
  }
  names[-1]
}

# Rejects abbreviations, which R matches with any argument that begins so.
check_full_names <- function(names, known, call) {
  if (length(names) == 0) {
    return(invisible())
  }
  names <- as.character(names)
  unknown <- names[!names %in% c(known, "", NA)]
  if (length(unknown) == 0) {
    return(invisible())
  }
  known <- setdiff(known, "...")
  for (name in setdiff(unknown, known)) {
    begun <- known[startsWith(known, name)]
    if (length(begun) > 0) {
      hint <- nearest_name(name, known)
      abort_argument(c(
        "{.arg {name}} is not an argument of this function.",
        if (is.null(hint)) c(i = "Did you mean {.or {.arg {begun}}}?") else hint,
        i = "Argument names can't be abbreviated."
      ), call)
    }
  }
}

# A function and its derivative.
check_functions <- function(value, derivative, call) {
  if (missing(value)) value <- NULL
  if (missing(derivative)) derivative <- NULL
  given <- list(value = value, derivative = derivative)
  for (name in names(given)) {
    if (!is.function(given[[name]])) {
      abort_argument(c(
        "{.arg {name}} must be a function.",
        x = "You supplied {describe(given[[name]])}."
      ), call)
    }
  }
  given
}

# The body of a function, or the name of a primitive one, as text.
function_text <- function(f) deparse1(if (is.primitive(f)) f else body(f))
