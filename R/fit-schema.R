# The fields of a fit change between versions of the package. `fit$schema` is the number of their
# arrangement, and one function upgrades older fits. Files of nn_save() have the fields of schema 1.
fit_schema <- 2
file_schema <- 1

# Element s upgrades a fit from schema s - 1 to schema s.
schema_steps <- list(
  # Fits of schema 0 have no schema number and no setting for threads, and their digest of the data
  # was computed differently.
  function(fit) {
    fit$settings$threads <- 1
    fit$data <- NULL
    fit$schema <- 1
    fit
  },
  # Fits of schema 1 have no list of layers, but the numbers of units and the places of the
  # activations in their table, counted from 0; an optimiser has what is now in its row.
  function(fit) {
    fit <- in_place(fit, "shape", "layers", layers_of_shape(fit$shape))
    fit <- in_place(fit, "data", "digest", fit$data)
    fit <- in_place(fit, "held_out_data", "held_out_digest", fit$held_out_data)
    fit$settings$optimizer[c("full_batch", "family", "rule")] <- NULL
    fit$schema <- 2
    fit
  }
)

# A fit with the fields of schema 1, as files have them.
as_schema_1 <- function(fit) {
  shape <- list(
    units = layer_units(fit$layers),
    activations = match(layer_activations(fit$layers), names(activation_table)) - 1L
  )
  if (has_skip(fit$layers)) shape$skip <- TRUE
  fit <- in_place(fit, "layers", "shape", shape)
  fit <- in_place(fit, "digest", "data", fit$digest)
  fit <- in_place(fit, "held_out_digest", "held_out_data", fit$held_out_digest)
  row <- optimizer_table[[fit$settings$optimizer$name]]
  place <- function(field) match(row[[field]], unique(optimizer_field(field))) - 1L
  fit$settings$optimizer[c("full_batch", "family", "rule")] <- list(
    row$full_batch, place("family"), place("rule")
  )
  fit$schema <- 1
  fit
}

# Renames a field and sets its value, in its place. A field that is missing is not added.
in_place <- function(fit, from, to, value) {
  at <- match(from, names(fit))
  if (is.na(at)) {
    return(fit)
  }
  names(fit)[at] <- to
  fit[at] <- list(value)
  fit
}

# The layers for a shape of schema 1; NULL if it is invalid, as that of a file may be.
layers_of_shape <- function(shape) {
  units <- shape$units
  places <- shape$activations
  known <- is.list(shape) && is.numeric(units) && length(units) >= 2 &&
    is.numeric(places) && length(places) == length(units) - 1 && !anyNA(places) &&
    all(places %in% (seq_along(activation_table) - 1))
  if (known) {
    dense_layers(
      units, names(activation_table)[places + 1],
      skip = isTRUE(shape$skip) && length(units) > 2
    )
  }
}

# Upgrades a fit to the current schema, and rejects one of a newer schema.
current_fit <- function(fit, call) {
  if (!is.list(fit)) abort_object("fit", "fit from nn_train()", NULL, call)
  schema <- unclass(fit)$schema
  fit <- in_this_locale(fit, call)
  if (identical(schema, fit_schema)) {
    return(fit)
  }
  schema <- check_schema(if (is.null(schema)) 0 else schema, call)
  plain <- unclass(fit)
  plain <- tryCatch(
    {
      for (step in schema_steps[seq_len(fit_schema) > schema]) plain <- step(plain)
      plain
    },
    error = function(e) abort_object("fit", "fit from nn_train()", NULL, call)
  )
  structure(plain, class = class(fit))
}

# The fit with the symbols of this locale in its formula.
in_this_locale <- function(fit, call) {
  encoding <- unclass(fit)$encoding
  if (!is.list(encoding) || !inherits(encoding$terms, "terms")) {
    return(fit)
  }
  # all symbols are those of every locale
  if (is_utf8_locale() && !any(has_non_ascii(names(encoding$columns))) &&
    !any(grepl("<U+", all.names(encoding$terms, unique = TRUE), fixed = TRUE))) {
    return(fit)
  }
  tryCatch(
    with_local_names(fit, encoding),
    error = function(e) abort_object("fit", "fit from nn_train()", NULL, call)
  )
}

with_local_names <- function(fit, encoding) {
  terms <- local_terms(encoding$terms, names(encoding$columns))
  if (identical(terms, encoding$terms)) {
    return(fit)
  }
  plain <- unclass(fit)
  plain$encoding$terms <- terms
  known <- known_symbols(encoding$terms, names(encoding$columns))
  plain$encoding$replay$extras <- lapply(encoding$replay$extras, local_symbols, known)
  if (is.call(plain$call)) plain$call <- local_symbols(plain$call, known)
  structure(plain, class = class(fit))
}

# The same, as a plain list.
plain_fit <- function(fit, call) unclass(current_fit(fit, call))

check_schema <- function(schema, call, newest = fit_schema) {
  if (!is.numeric(schema) || length(schema) != 1 || is.na(schema) || schema != floor(schema) ||
    schema < 0) {
    abort_kind(
      "schema",
      c("The schema of a fit must be a whole number >= 0.", x = "It is {describe(schema)}."),
      call, environment()
    )
  }
  if (schema > newest) {
    abort_kind("schema", c("This fit was made with a newer version of backprop.",
      x = "It has schema {schema}; this version supports schemas up to {newest}.",
      i = "Update the package, then try again."
    ), call, environment())
  }
  schema
}
