# What a fit holds changes with the package. `fit$schema` says which arrangement a fit has; one
# function brings older ones up to date.
fit_schema <- 1

# From schema s - 1 to schema s, in place s.
schema_steps <- list(
  # Fits of schema 0 are of before there was a number, and before training took more than one
  # thread; their digest of the data was another.
  function(fit) {
    fit$settings$threads <- 1
    fit$data <- NULL
    fit$schema <- 1
    fit
  }
)

# The fit as this version of the package has it: an older one is brought up to date, a newer one
# refused.
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
      c("The schema of a fit must be a whole number from 0.", x = "It is {describe(schema)}."),
      call, environment()
    )
  }
  if (schema > fit_schema) {
    abort_kind("schema", c("This fit was made with a newer version of backprop.",
      x = "It has schema {schema}; this version knows schemas up to {fit_schema}.",
      i = "Update the package, then try again."
    ), call, environment())
  }
  schema
}
