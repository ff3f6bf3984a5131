# The terms of a formula as numeric expressions that every language can write.

# Numeric functions that all formats have, with their numbers of arguments. scale() uses the centre
# and scale of the training data.
export_functions <- c(
  "+" = 2, "-" = 2, "*" = 2, "/" = 2, "^" = 2, "(" = 1, I = 1, log = 1, log2 = 1, log10 = 1,
  log1p = 1, exp = 1, expm1 = 1, sqrt = 1, abs = 1
)

export_expression <- function(x, encoding, term, call) {
  if (is.numeric(x) && length(x) == 1 && is.finite(x)) {
    return(as.double(x))
  }
  if (is.symbol(x)) {
    column <- known_names(as.character(x), names(encoding$columns))
    if (is_single_column(encoding$columns[[column]])) {
      return(column)
    }
    abort_export(term, "{.field {column}} is not a numeric vector", call)
  }
  if (!is.call(x)) abort_export(term, "It contains {describe(x)}", call)
  name <- if (is.symbol(x[[1]])) as.character(x[[1]]) else deparse1(x[[1]])
  arguments <- as.list(x)[-1]
  if (name == "scale" && all(c("center", "scale") %in% names(arguments)) &&
    is.numeric(arguments$center) && is.numeric(arguments$scale) && length(arguments$center) == 1 &&
    length(arguments$scale) == 1) {
    return(base::call(
      "/",
      base::call(
        "-", export_expression(arguments[[1]], encoding, term, call), as.double(arguments$center)
      ),
      as.double(arguments$scale)
    ))
  }
  known <- name %in% names(export_functions) && is.null(names(arguments)) &&
    (length(arguments) == export_functions[[name]] || (name == "-" && length(arguments) == 1))
  if (!known) {
    abort_export(
      term,
      paste0(
        "It calls {.fn {name}}. Supported are arithmetic and ",
        "{.fn {names(export_functions)[-(1:6)]}} with one argument each"
      ),
      call
    )
  }
  arguments <- lapply(arguments, export_expression, encoding, term, call)
  if (name %in% c("I", "(")) {
    return(arguments[[1]])
  }
  if (name == "^" && is.numeric(arguments[[2]]) && arguments[[2]] %in% 2:4) {
    return(Reduce(
      function(product, factor) base::call("*", product, factor), rep(arguments[1], arguments[[2]])
    ))
  }
  as.call(c(as.symbol(name), arguments))
}

used_names <- function(expression) {
  if (is.call(expression)) {
    unlist(lapply(as.list(expression)[-1], used_names))
  } else if (is.character(expression)) {
    expression
  }
}

# A vector of numbers, or a matrix with one column, such as scale() returns.
is_single_column <- function(kind) {
  identical(kind$type, "numeric") && (is.null(kind$width) || kind$width == 1)
}

abort_export <- function(term, why, call, envir = parent.frame()) {
  abort_kind(
    "export",
    c(
      "The term {.field {term}} can't be exported.",
      x = paste0(why, "."),
      i = "Compute it as a column of the data before {.fn nn_train}."
    ),
    call, list2env(list(term = term), parent = envir)
  )
}
