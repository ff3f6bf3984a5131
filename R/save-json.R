# Values of R as JSON and back, to the last bit: what both directions share. Only plain data
# have a form: vectors, lists, symbols and calls; no function, environment or pointer. The forms
# are described in vignettes/format.Rmd.

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

inherits_formula <- function(attributes) "formula" %in% attributes$class
