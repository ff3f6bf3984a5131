# Writes one SELECT with a common table expression per step: the numbers of the levels, the columns,
# the scaled columns, then for each layer its weighted sums and its activations.

export_sql <- function(model, options) {
  number <- sql_language$number
  query <- new_query(sql_prefix(options), options$table, options$keep)
  sums <- sql_input_sums(model, query)
  sql_inputs(model, query, sums)
  columns <- sql_layers(model, query, sums)
  response <- ifelse(model$response$center == 0 & model$response$scale == 1, columns, paste0(
    columns, " * ", number(model$response$scale), " + ", number(model$response$center)
  ))
  results <- sql_results(model$outputs)
  class <- if (!is.null(model$levels)) {
    most <- sql_largest(query, columns, "p")
    paste0(
      sql_class(columns, most, model$levels), " AS ",
      sql_name(class_column(c(results, options$keep)))
    )
  }
  c(
    paste0("-- ", comment_text(model$about), ", written by backprop."),
    if (length(model$levels) == 2) {
      paste0("-- response: the probability of ", comment_text(sql_text(model$levels[2])))
    },
    query$steps(),
    paste0(
      "SELECT ",
      paste(c(query$kept, paste0(response, " AS ", sql_name(results)), class), collapse = ",\n  ")
    ),
    paste0("FROM ", query$from())
  )
}

# Names in the query begin with nn_ or, to avoid conflicts with `table` and `keep`, with nnn_ and so
# on. SQL ignores the case of names.
sql_prefix <- function(options) {
  prefix <- "nn_"
  while (grepl(prefix, tolower(options$table), fixed = TRUE) ||
    any(startsWith(tolower(options$keep), prefix))) {
    prefix <- paste0("n", prefix)
  }
  prefix
}

# The most probable level: as in predict(), the first of several equally probable ones. `most` is
# the column of the largest output.
sql_class <- function(columns, most, levels) {
  when <- if (length(columns) == 1) {
    c(paste(columns, "<= 0.5"), paste(columns, "> 0.5"))
  } else {
    paste(columns, ">=", most)
  }
  paste0("CASE ", paste0("WHEN ", when, " THEN ", sql_text(levels), collapse = " "), " END")
}
