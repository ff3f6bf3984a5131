# The fields of a fit change between versions of the package. `fit$schema` is the number of their
# arrangement, and one function upgrades older fits.
fit_schema <- 1

# Element s upgrades a fit from schema s - 1 to schema s.
schema_steps <- list(
  # Fits of schema 0 have no schema number and no setting for threads, and their digest of the data
  # was computed differently.
  function(fit) {
    fit$settings$threads <- 1
    fit$data <- NULL
    fit$schema <- 1
    fit
  }
)

# Upgrades a fit to the current schema, and rejects one of a newer schema.
current_fit <- function(fit, call) {
  schema <- unclass(fit)$schema
  if (identical(schema, fit_schema)) {
    return(fit)
  }
  schema <- check_schema(if (is.null(schema)) 0 else schema, call)
  plain <- unclass(fit)
  for (step in schema_steps[seq_len(fit_schema) > schema]) plain <- step(plain)
  structure(plain, class = class(fit))
}

check_schema <- function(schema, call) {
  if (!is.numeric(schema) || length(schema) != 1 || is.na(schema) || schema != floor(schema) ||
    schema < 0) {
    abort_kind(
      "schema",
      c("The schema of a fit must be a whole number >= 0.", x = "It is {describe(schema)}."),
      call, environment()
    )
  }
  if (schema > fit_schema) {
    abort_kind("schema", c("This fit was made with a newer version of backprop.",
      x = "It has schema {schema}; this version supports schemas up to {fit_schema}.",
      i = "Update the package, then try again."
    ), call, environment())
  }
  schema
}
