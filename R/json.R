# Values of R as JSON and back, to the last bit. Only plain data have a form: vectors, lists,
# symbols and calls; no function, environment or pointer. The forms are described in
# vignettes/format.Rmd. Reading makes what it reads and nothing more: nothing is evaluated.

json_types <- c("logical", "integer", "double", "character", "list", "symbol", "call")
json_attributes <- c(
  "names", "dim", "dimnames", "class", "levels", "row.names", "contrasts", "accuracy", "ordered"
)
json_terms_attributes <- c(
  "variables", "factors", "term.labels", "order", "intercept", "response", "predvars",
  "dataClasses", "offset", "specials"
)
json_classes <- c(
  "nn_fit", "nn_optimizer", "nn_loss_setting", "nn_schedule", "data.frame", "factor", "ordered",
  "formula", "terms", "omit", "exclude"
)
json_depth <- 500

# Writing
# -------------------------------------------------------------------------------------------------

write_json <- function(x, where = "fit", depth = 0) {
  if (depth > json_depth) abort_format("{.code {where}} is nested too deeply to be written.")
  if (is.null(x)) {
    return("null")
  }
  if (!typeof(x) %in% c(json_types, "language") || isS4(x)) {
    abort_format("{.code {where}} is {describe(x)}, which has no form in the file.")
  }
  type <- if (typeof(x) == "language") "call" else typeof(x)
  attributes <- attributes(x)
  if (type == "call" && any(vapply(as.list(x), is_missing, NA))) {
    abort_format(
      "{.code {where}} has a call with an empty argument, which has no form in the file."
    )
  }
  if (type == "call") attributes <- c(list(names = names(x))[!is.null(names(x))], attributes)
  named <- identical(names(attributes), "names") && type == "list"
  if (named && plain_names(attributes$names)) {
    return(write_object(x, where, depth))
  }
  plain <- is.null(attributes) &&
    (type == "double" && all(is.finite(x)) ||
      type %in% c("logical", "character") && length(x) > 0 && !anyNA(x))
  if (plain) {
    return(write_values(x, type))
  }
  by_name <- type == "list" && plain_names(attributes$names)
  if (by_name) attributes$names <- NULL
  values <- if (by_name) {
    write_object(x, where, depth + 1)
  } else if (type %in% c("list", "call")) {
    paste0(
      "[",
      paste(
        vapply(
          if (type == "call") flat_call(x) else as.list(x), write_json, "", where, depth + 1,
          USE.NAMES = FALSE
        ),
        collapse = ", "
      ),
      "]"
    )
  } else {
    write_values(if (type == "symbol") as.character(x) else x, type)
  }
  extra <- if (length(attributes) > 0) {
    paste0(", \"attributes\": ", write_attributes(attributes, inherits(x, "terms"), where, depth))
  }
  paste0("{\"type\": \"", type, "\", \"values\": ", values, extra, "}")
}

plain_names <- function(names) {
  length(names) > 0 && !anyNA(names) && all(nzchar(names)) && !anyDuplicated(names) &&
    !"type" %in% names
}

# A sum of many terms is a call within a call for each; written flat, so that a formula of any
# number of columns is as deep as one of two.
flat_call <- function(x) {
  is_sum <- function(x) {
    is.call(x) && identical(x[[1]], quote(`+`)) && length(x) == 3 && is.null(names(x)) &&
      is.null(attributes(x))
  }
  terms <- list()
  if (!is_sum(x)) {
    return(as.list(x))
  }
  while (is_sum(x)) {
    terms <- c(list(x[[3]]), terms)
    x <- x[[2]]
  }
  c(list(quote(`+`), x), terms)
}

# A named list. The outermost levels have a line for each element.
write_object <- function(x, where, depth) {
  parts <- vapply(
    names(x),
    function(name) {
      paste0(
        write_text(name), ": ", write_json(.subset2(x, name), paste0(where, "$", name), depth + 1)
      )
    },
    ""
  )
  if (depth < 1) {
    paste0("{\n", paste(parts, collapse = ",\n"), "\n}")
  } else {
    paste0("{", paste(parts, collapse = ", "), "}")
  }
}

write_attributes <- function(attributes, terms, where, depth) {
  if (terms) attributes$.Environment <- NULL
  known <- c(json_attributes, if (terms) json_terms_attributes)
  odd <- setdiff(names(attributes), c(known, if (inherits_formula(attributes)) ".Environment"))
  if (length(odd) > 0) {
    abort_format(
      "{.code {where}} has the attribute {.field {odd[1]}}, which has no form in the file."
    )
  }
  classes <- setdiff(attributes$class, json_classes)
  if (length(classes) > 0) {
    abort_format(
      "{.code {where}} has the class {.cls {classes[1]}}, which has no form in the file."
    )
  }
  attributes$.Environment <- NULL
  rows <- attributes$row.names
  if (is.integer(rows) && identical(rows, seq_along(rows))) {
    attributes$row.names <- c(NA, -length(rows))
  }
  write_object(attributes, where, depth + 1)
}
inherits_formula <- function(attributes) "formula" %in% attributes$class

write_values <- function(x, type) {
  attributes(x) <- NULL
  text <- switch(type,
    logical = ifelse(is.na(x), "\"NA\"", ifelse(x, "true", "false")),
    integer = ifelse(is.na(x), "\"NA\"", sprintf("%d", x)),
    double = write_numbers(x),
    character = ,
    symbol = ifelse(is.na(x), "null", write_text(x))
  )
  if (length(x) == 1) text else paste0("[", paste(text, collapse = ", "), "]")
}

# 17 digits tell every double from its neighbours. What JSON has no number for is a string.
write_numbers <- function(x) {
  text <- sprintf("%.17g", x)
  text[text == "-0"] <- "-0.0"
  odd <- which(!is.finite(x))
  text[odd] <- ifelse(
    is.nan(x[odd]), "\"NaN\"",
    ifelse(is.na(x[odd]), "\"NA\"", ifelse(x[odd] > 0, "\"Inf\"", "\"-Inf\""))
  )
  text
}

write_text <- function(x) {
  x <- enc2utf8(as.character(x))
  if (!all(validUTF8(x))) abort_format("A string is not in a known encoding.")
  x <- gsub("\"", "\\\"", gsub("\\", "\\\\", x, fixed = TRUE), fixed = TRUE)
  for (code in if (any(grepl("[\001-\037]", x))) 1:31) {
    x <- gsub(intToUtf8(code), sprintf("\\u%04x", code), x, fixed = TRUE)
  }
  paste0("\"", x, "\"")
}

# Reading
# -------------------------------------------------------------------------------------------------

# From what jsonlite::parse_json() makes of the text. Calls are made of any function;
# foreign_functions() finds those that must not be called.
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
    abort_format("A typed value has other fields than type, values and attributes.")
  }
  if (!is.character(node$type) || length(node$type) != 1 || !node$type %in% json_types) {
    abort_format("A value has a type that is not known.")
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
    abort_format("An object has a name twice, or none.")
  }
  lapply(nodes, read_json, depth + 1)
}

# An array of numbers, of strings or of truth values.
read_scalars <- function(nodes) {
  if (length(nodes) == 0) {
    return(numeric())
  }
  types <- unique(vapply(nodes, typeof, ""))
  if (!all(lengths(nodes) == 1) || anyNA(types)) {
    abort_format("An array holds something else than single values.")
  }
  values <- if (all(types %in% c("integer", "double"))) {
    as.double(unlist(nodes))
  } else if (identical(types, "logical") || identical(types, "character")) {
    unlist(nodes)
  } else {
    abort_format("An array holds values of several kinds.")
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
    return(as.symbol(name))
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
      abort_format("A string stands where a number was expected.")
    }
    values[text] <- if (type == "double") c(NA, NaN, Inf, -Inf)[match(given, words)] else NA
  }
  if (type != "integer") {
    return(values)
  }
  if (any(values != floor(values) | abs(values) > .Machine$integer.max, na.rm = TRUE)) {
    abort_format("An integer is no whole number of its range.")
  }
  as.integer(values)
}

read_kind <- function(nodes, type) {
  values <- read_scalars(nodes)
  if (typeof(values) != type) abort_format("A value of type {.val {type}} holds something else.")
  values
}

# The function first, then its arguments. A sum may have any number of terms.
read_call <- function(parts) {
  if (length(parts) == 0) abort_format("A call must name its function.")
  if (identical(parts[[1]], quote(`+`)) && length(parts) > 3) {
    return(Reduce(function(left, right) call("+", left, right), parts[-1]))
  }
  as.call(parts)
}

# Each attribute is checked against the value before it is set; classes and names are those that
# fits have.
with_attributes <- function(x, nodes, type, depth) {
  if (!is.list(nodes) || is.null(names(nodes))) abort_format("Attributes must have names.")
  attributes <- lapply(nodes, read_json, depth + 1)
  is_terms <- "terms" %in% attributes$class
  odd <- setdiff(names(attributes), c(json_attributes, if (is_terms) json_terms_attributes))
  if (length(odd) > 0) abort_format("The attribute {.field {odd[1]}} is not known.")
  if (!all(attributes$class %in% json_classes)) {
    abort_format("The class {.val {setdiff(attributes$class, json_classes)[1]}} is not known.")
  }
  if (is_terms && type != "call") abort_format("Terms must be a formula.")
  if (type == "symbol") abort_format("A symbol has no attributes.")
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
    abort_format("Dimensions do not fit the number of values.")
  }
  names <- attributes$names %||% names(x)
  if (!is.null(names) && (!is.character(names) || length(names) != length(x))) {
    abort_format("There must be a name for each value.")
  }
  if (!is.null(attributes$dimnames) &&
    (!is.list(attributes$dimnames) || length(attributes$dimnames) != length(dim) ||
      !all(mapply(
        function(names, size) is.null(names) || (is.character(names) && length(names) == size),
        attributes$dimnames, dim
      )))) {
    abort_format("Names of rows and columns do not fit the dimensions.")
  }
  if ("factor" %in% attributes$class &&
    (type != "integer" || !is.character(attributes$levels) ||
      any(x < 1 | x > length(attributes$levels), na.rm = TRUE))) {
    abort_format("A factor's codes do not fit its levels.")
  }
  if ("data.frame" %in% attributes$class) {
    rows <- attributes$row.names
    if (type != "list" || length(names) != length(x) || length(unique(lengths(x))) > 1 ||
      (is.numeric(rows) &&
        !identical(as.double(rows), c(NA, -as.double(if (length(x) > 0) length(x[[1]]) else 0))))) {
      abort_format("A data frame's columns must have a row each.")
    }
    if (!is.numeric(rows) && !(is.character(rows) && length(rows) == c(lengths(x), 0)[1])) {
      abort_format("A data frame must have names for its rows.")
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

# Signals what is wrong with a file or a value. The text is formatted only where it is shown (see
# as_file_error()), so that refusing takes no time.
abort_format <- function(message, hint = NULL, envir = parent.frame()) {
  stop(structure(class = c("backprop_internal_format", "error", "condition"), list(
    message = message, call = NULL, hint = hint, envir = envir
  )))
}
