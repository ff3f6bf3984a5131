# Writes one SELECT with a common table expression per step: the numbers of the levels, the columns,
# the scaled columns, then for each layer its weighted sums and its activations.

export_sql <- function(model, options) {
  number <- sql_language$number
  check_size <- function(columns) {
    if (columns > most_sql_columns) abort_wide_query(columns, model, options)
  }
  query <- new_query(sql_prefix(options), options$table, options$keep, check_size)
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
  check_size(length(c(query$kept, results, class)))
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
  while (grepl(prefix, lower_case(options$table), fixed = TRUE) ||
    any(startsWith(lower_case(options$keep), prefix))) {
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

abort_wide_query <- function(columns, model, options) {
  inputs <- length(model$inputs)
  units <- max(vapply(model$layers, function(layer) as.double(layer$units), 0))
  kept <- length(options$keep)
  words <- function(count) format(count, big.mark = ",", scientific = FALSE)
  abort_kind("export", c(
    "A step of an SQL query must have at most {words(most_sql_columns)} columns, SQLite's limit.",
    x = paste0(
      "One would have {words(columns)}: the model has {words(inputs)} input ",
      "{cli::qty(inputs)}column{?s}{if (kept > 0) paste0(' and ', words(kept), ' in `keep`')}, ",
      "and its largest layer has {words(units)} {cli::qty(units)}unit{?s}."
    ),
    i = "Export to {.val .onnx}, {.val .R} or {.val .c}, or train with fewer columns or units."
  ), options$call, environment())
}
