# Converts JSON to R values, without evaluating anything.

# Converts the result of jsonlite::parse_json(). Calls of any function are created here;
# foreign_functions() finds those that are not allowed.
read_json <- function(node, depth = 0) {
  if (depth > json_depth) abort_format("It is nested too deeply.")
  if (is.null(node)) {
    return(NULL)
  }
  if (!is.list(node)) {
    return(read_scalars(list(node)))
  }
  if (is.null(names(node))) {
    return(read_scalars(node))
  }
  if (!"type" %in% names(node)) {
    return(read_fields(node, depth))
  }
  if (!all(names(node) %in% c("type", "values", "attributes")) || !"values" %in% names(node)) {
    abort_format("A typed value may only have the fields type, values and attributes.")
  }
  if (!is.character(node$type) || length(node$type) != 1 || !node$type %in% json_types) {
    abort_format("A value has an unknown type.")
  }
  values <- read_typed(node$type, node$values, depth)
  if (is.null(node$attributes)) {
    values
  } else {
    with_attributes(values, node$attributes, node$type, depth)
  }
}

read_fields <- function(nodes, depth) {
  names <- names(nodes)
  if (!is.null(names) && (anyNA(names) || !all(nzchar(names)) || anyDuplicated(names))) {
    abort_format("An object has a duplicate or empty name.")
  }
  lapply(nodes, read_json, depth + 1)
}

# An array of numbers, strings or logical values.
read_scalars <- function(nodes) {
  if (length(nodes) == 0) {
    return(numeric())
  }
  types <- unique(vapply(nodes, typeof, ""))
  if (!all(lengths(nodes) == 1) || anyNA(types)) {
    abort_format("An array must contain only single values.")
  }
  values <- if (all(types %in% c("integer", "double"))) {
    as.double(unlist(nodes))
  } else if (identical(types, "logical") || identical(types, "character")) {
    unlist(nodes)
  } else {
    abort_format("An array contains values of several types.")
  }
  if (is.numeric(values) && !all(is.finite(values))) abort_format("A number is too large.")
  if (anyNA(values)) abort_format("A value is missing.")
  values
}

read_typed <- function(type, nodes, depth) {
  if (!is.list(nodes)) nodes <- list(nodes)
  if (type == "list") {
    return(read_fields(nodes, depth))
  }
  if (!is.null(names(nodes))) abort_format("The values of type {.val {type}} must be an array.")
  if (type == "call") {
    return(read_call(lapply(nodes, read_json, depth + 1)))
  }
  if (type == "symbol") {
    name <- read_scalars(nodes)
    if (!is.character(name) || length(name) != 1 || !nzchar(name)) {
      abort_format("A symbol must be one name.")
    }
    return(symbol_of(name))
  }
  if (type == "character") {
    missing <- vapply(nodes, is.null, NA)
    values <- rep(NA_character_, length(nodes))
    if (!all(missing)) values[!missing] <- read_kind(nodes[!missing], "character")
    return(values)
  }
  text <- vapply(nodes, is.character, NA)
  values <- if (type == "logical") logical(length(nodes)) else numeric(length(nodes))
  if (any(!text)) {
    values[!text] <- read_kind(nodes[!text], if (type == "logical") "logical" else "double")
  }
  if (any(text)) {
    words <- c("NA", if (type == "double") c("NaN", "Inf", "-Inf"))
    given <- unlist(nodes[text])
    if (!all(given %in% words) || length(given) != sum(text)) {
      abort_format("There is a string where a number is expected.")
    }
    values[text] <- if (type == "double") c(NA, NaN, Inf, -Inf)[match(given, words)] else NA
  }
  if (type != "integer") {
    return(values)
  }
  if (any(values != floor(values) | abs(values) > .Machine$integer.max, na.rm = TRUE)) {
    abort_format("An integer is not a whole number, or is out of range.")
  }
  as.integer(values)
}

read_kind <- function(nodes, type) {
  values <- read_scalars(nodes)
  if (typeof(values) != type) abort_format("A value of type {.val {type}} has another type.")
  values
}

# A call: the function, then its arguments. A sum may have any number of terms.
read_call <- function(parts) {
  if (length(parts) == 0) abort_format("A call must have a function.")
  if (identical(parts[[1]], quote(`+`)) && length(parts) > 3) {
    return(Reduce(function(left, right) call("+", left, right), parts[-1]))
  }
  as.call(parts)
}

# Sets attributes, after checking each against the value. Only the classes and attributes of fits
# are allowed.
with_attributes <- function(x, nodes, type, depth) {
  if (!is.list(nodes) || is.null(names(nodes))) abort_format("Attributes must have names.")
  attributes <- lapply(nodes, read_json, depth + 1)
  is_terms <- "terms" %in% attributes$class
  odd <- setdiff(names(attributes), c(json_attributes, if (is_terms) json_terms_attributes))
  if (length(odd) > 0) abort_format("The attribute {.field {odd[1]}} is unknown.")
  if (!all(attributes$class %in% json_classes)) {
    abort_format("The class {.val {setdiff(attributes$class, json_classes)[1]}} is unknown.")
  }
  if (is_terms && type != "call") abort_format("Terms must be a formula.")
  if (type == "symbol") abort_format("A symbol must not have attributes.")
  if (!is.null(attributes$contrasts) && !is.character(attributes$contrasts) &&
    !(is.numeric(attributes$contrasts) && is.matrix(attributes$contrasts))) {
    abort_format("Contrasts must be a matrix of numbers, or a name.")
  }
  if (!is.null(attributes$ordered) && !is.logical(attributes$ordered)) {
    abort_format("The attribute {.field ordered} must be true or false.")
  }
  dim <- attributes$dim
  if (!is.null(dim) &&
    (!is.numeric(dim) || length(dim) > 2 || any(dim < 0 | dim != floor(dim)) ||
      prod(dim) != length(x))) {
    abort_format("Dimensions do not match the number of values.")
  }
  names <- attributes$names %||% names(x)
  if (!is.null(names) && (!is.character(names) || length(names) != length(x))) {
    abort_format("There must be one name for each value.")
  }
  if (!is.null(attributes$dimnames) &&
    (!is.list(attributes$dimnames) || length(attributes$dimnames) != length(dim) ||
      !all(mapply(
        function(names, size) is.null(names) || (is.character(names) && length(names) == size),
        attributes$dimnames, dim
      )))) {
    abort_format("Row and column names do not match the dimensions.")
  }
  if ("factor" %in% attributes$class &&
    (type != "integer" || !is.character(attributes$levels) ||
      any(x < 1 | x > length(attributes$levels), na.rm = TRUE))) {
    abort_format("A factor's codes do not match its levels.")
  }
  if ("data.frame" %in% attributes$class) {
    rows <- attributes$row.names
    if (type != "list" || length(names) != length(x) || length(unique(lengths(x))) > 1 ||
      (is.numeric(rows) &&
        !identical(as.double(rows), c(NA, -as.double(if (length(x) > 0) length(x[[1]]) else 0))))) {
      abort_format("A data frame's columns must have names and the same number of rows.")
    }
    if (!is.numeric(rows) && !(is.character(rows) && length(rows) == c(lengths(x), 0)[1])) {
      abort_format("A data frame must have one name for each row.")
    }
  }
  if (!is.null(names(x))) attributes$names <- NULL
  for (name in intersect(
    c("names", "dim", "dimnames", setdiff(names(attributes), "class"), "class"), names(attributes)
  )) {
    attr(x, name) <- attributes[[name]]
  }
  if (any(c("terms", "formula") %in% attributes$class)) attr(x, ".Environment") <- globalenv()
  x
}
