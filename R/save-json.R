# Conversion between R values and JSON without loss of precision: definitions for both directions.
# Only plain data can be converted: vectors, lists, symbols and calls, but not functions,
# environments or pointers. vignettes/format.Rmd describes the format.

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

plain_names <- function(names) {
  length(names) > 0 && !anyNA(names) && all(nzchar(names)) && !anyDuplicated(names) &&
    !"type" %in% names
}

# A sum of many terms is a deeply nested call. It is written as one call, so that the depth of a
# formula does not grow with its number of columns.
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
    terms[[length(terms) + 1]] <- x[[3]]
    x <- x[[2]]
  }
  c(list(quote(`+`), x), rev(terms))
}

inherits_formula <- function(attributes) "formula" %in% attributes$class
