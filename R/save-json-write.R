# Converts R values to JSON.

write_json <- function(x, where = "fit", depth = 0) {
  if (depth > json_depth) abort_format("{.code {where}} is nested too deeply.")
  if (is.null(x)) {
    return("null")
  }
  if (!typeof(x) %in% c(json_types, "language") || isS4(x)) {
    abort_format("{.code {where}} is {describe(x)}, which can't be written to a file.")
  }
  type <- if (typeof(x) == "language") "call" else typeof(x)
  attributes <- attributes(x)
  if (type == "call" && any(vapply(as.list(x), is_missing, NA))) {
    abort_format(
      "{.code {where}} has a call with an empty argument, which can't be written to a file."
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
    write_values(if (type == "symbol") derived_text(as.character(x)) else x, type)
  }
  extra <- if (length(attributes) > 0) {
    paste0(", \"attributes\": ", write_attributes(attributes, inherits(x, "terms"), where, depth))
  }
  paste0("{\"type\": \"", type, "\", \"values\": ", values, extra, "}")
}

# Writes a named list. At the outermost level, each element has its own line.
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
      "{.code {where}} has the attribute {.field {odd[1]}}, which can't be written to a file."
    )
  }
  classes <- setdiff(attributes$class, json_classes)
  if (length(classes) > 0) {
    abort_format(
      "{.code {where}} has the class {.cls {classes[1]}}, which can't be written to a file."
    )
  }
  attributes$.Environment <- NULL
  rows <- attributes$row.names
  if (is.integer(rows) && identical(rows, seq_along(rows))) {
    attributes$row.names <- c(NA, -length(rows))
  }
  write_object(attributes, where, depth + 1)
}

write_values <- function(x, type) {
  attributes(x) <- NULL
  if (type == "double") {
    # as one string, because R keeps a table of all strings
    text <- core_numbers_text(x)
    return(if (length(x) == 1) text else paste0("[", text, "]"))
  }
  text <- switch(type,
    logical = ifelse(is.na(x), "\"NA\"", ifelse(x, "true", "false")),
    integer = ifelse(is.na(x), "\"NA\"", sprintf("%d", x)),
    character = ,
    symbol = ifelse(is.na(x), "null", write_text(x))
  )
  if (length(x) == 1) text else paste0("[", paste(text, collapse = ", "), "]")
}

write_text <- function(x) {
  x <- as_utf8(as.character(x))
  if (!all(validUTF8(x))) abort_format("A string has an invalid encoding.")
  x <- gsub("\"", "\\\"", gsub("\\", "\\\\", x, fixed = TRUE), fixed = TRUE)
  for (code in if (any(grepl("[\001-\037]", x))) 1:31) {
    x <- gsub(intToUtf8(code), sprintf("\\u%04x", code), x, fixed = TRUE)
  }
  paste0("\"", x, "\"")
}
