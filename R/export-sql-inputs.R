# SQL: from the columns of the table to the weighted sums of the inputs.

# The limits of columns in a step are `most_sql_columns` (SQLite) and about 1,600 (PostgreSQL). A
# network with more inputs than `most_sql_inputs` is computed in parts of `sql_part` inputs, of
# which each adds to the sums.
most_sql_columns <- 2000
most_sql_inputs <- 1500
sql_part <- 500

# Adds the steps up to the weighted sums `sums`, see sql_input_sums().
sql_inputs <- function(model, query, sums) {
  raw <- raw_columns(model, query)
  whole <- length(model$columns) <= most_sql_inputs
  if (length(inputs_with_levels(model)) > 0 || !whole) raw <- numbered_columns(model, raw, query)
  if (whole) {
    return(add_input_sums(model, seq_along(model$columns), raw, query, sums))
  }
  parts <- split(seq_along(model$columns), (seq_along(model$columns) - 1) %/% sql_part)
  needed <- lapply(parts, function(at) raw_of(model$columns[at], raw))
  for (part in seq_along(parts)) {
    later <- unique(unlist(needed[-seq_len(part)]))
    add_input_sums(model, parts[[part]], raw, query, sums, part, later)
  }
  query$hold(NULL)
}

# Adds the sums over the inputs `at`. Parts after the first add to the sums so far, and all parts
# keep the columns `later`, from which later ones are computed.
add_input_sums <- function(model, at, raw, query, sums, part = NULL, later = NULL) {
  step <- function(name) paste0(name, if (!is.null(part)) paste0("_", part))
  more <- !is.null(part) && part > 1
  query$hold(c(later, if (more) sums$names))
  columns <- query$own("c", at)
  query$add(step("columns"), columns, vapply(model$columns[at], column_text, "", model, raw))
  scaled <- sql_scaled(columns, model$center[at], model$scale[at])
  columns <- query$own("x", at)
  query$add(step("inputs"), columns, scaled)
  if (!is.null(model$clip)) {
    clipped <- vapply(columns, function(own) {
      translate(model$clip, sql_language, list(z = own))
    }, "")
    query$add(step("clipped"), columns, clipped)
  }
  texts <- vapply(seq_along(sums$names), function(u) {
    sql_sum(c(
      if (more) sums$names[u] else if (!is.na(sums$b[u])) sql_weights(sums$b[u], sums$many),
      paste0(columns, " * ", sql_weights(sums$w[at, u], sums$many))
    ))
  }, "")
  query$hold(later)
  query$add(step("sums1"), sums$names, texts)
}

# The columns of the table as texts: `columns` and, of numbers, `numbers`, by name; `marks`, by the
# name of the column that is missing; `fills`, see input_fills().
raw_columns <- function(model, query) {
  names <- vapply(model$inputs, `[[`, "", "name")
  columns <- stats::setNames(as.list(paste0(query$data, ".", sql_name(names))), names)
  numbers <- lapply(columns, function(column) sprintf("CAST(%s AS DOUBLE PRECISION)", column))
  fills <- input_fills(model)
  for (name in names(fills)) {
    numbers[[name]] <- sprintf(
      "COALESCE(%s, %s)", numbers[[name]], sql_language$number(fills[[name]])
    )
  }
  marked <- as.character(unlist(lapply(
    Filter(is_mark, unlist(model$columns, recursive = FALSE)), `[[`, "mark"
  )))
  marks <- stats::setNames(
    sprintf("CASE WHEN %s IS NULL THEN 1.0 ELSE 0.0 END", unlist(columns[marked])), marked
  )
  list(columns = columns, numbers = numbers, marks = marks, fills = fills)
}

# Adds a step with the numbers of the levels, from 1, and the other columns, and returns its columns
# in the form of raw_columns().
numbered_columns <- function(model, raw, query) {
  texts <- vapply(model$inputs, function(input) {
    column <- raw$columns[[input$name]]
    switch(input$kind,
      levels = paste0(
        if (!is.null(input$fill)) sprintf("CASE WHEN %s IS NULL THEN %d ELSE ", column, input$fill),
        sprintf("CASE %s %s END", column, paste(
          "WHEN", sql_text(input$levels), "THEN", seq_along(input$levels),
          collapse = " "
        )),
        if (!is.null(input$fill)) " END"
      ),
      logical = column,
      raw$numbers[[input$name]]
    )
  }, "")
  columns <- query$own("r", seq_along(texts))
  marks <- query$own("m", seq_along(raw$marks))[seq_along(raw$marks)]
  query$add("levels", c(columns, marks), c(texts, raw$marks))
  raw$columns[] <- raw$numbers[] <- as.list(columns)
  raw$marks[] <- marks
  raw
}

# The raw columns from which some columns of the model are computed.
raw_of <- function(columns, raw) {
  unique(unlist(lapply(unlist(columns, recursive = FALSE), function(factor) {
    if (is_mark(factor)) {
      raw$marks[[factor$mark]]
    } else {
      unlist(raw$columns[if (is.list(factor)) factor$input else used_names(factor)])
    }
  }), use.names = FALSE))
}

# A column of the model: a product.
column_text <- function(factors, model, raw) {
  paste(vapply(factors, function(factor) {
    if (is_mark(factor)) {
      raw$marks[[factor$mark]]
    } else if (is.list(factor)) {
      level_text(factor, model, raw)
    } else {
      translate(factor, sql_formula_language, raw$numbers)
    }
  }, ""), collapse = " * ")
}

# The number of a level or truth value.
level_text <- function(factor, model, raw) {
  number <- sql_language$number
  column <- raw$columns[[factor$input]]
  if (is_logical_input(model, factor$input)) {
    fill <- raw$fills[[factor$input]]
    return(sprintf(
      "CASE WHEN %s THEN %s WHEN NOT %s THEN %s%s END", column, number(factor$values[2]), column,
      number(factor$values[1]),
      if (is.null(fill)) "" else paste(" ELSE", number(factor$values[fill]))
    ))
  }
  if (is.null(factor$at)) {
    return(sprintf("CASE %s %s END", column, paste(
      "WHEN", seq_along(factor$values), "THEN", number(factor$values),
      collapse = " "
    )))
  }
  sprintf("CASE %s WHEN %s > 0 THEN 0.0 END", paste(
    "WHEN", column, "=", factor$at, "THEN", number(factor$values),
    collapse = " "
  ), column)
}

# The standardised columns. They are missing if a column is infinite, NaN (which PostgreSQL orders
# above all numbers), or so large that its standardised value is.
sql_scaled <- function(columns, center, scale) {
  number <- sql_language$number
  most <- pmin(1, scale * (1 - 1e-15)) * .Machine$double.xmax - abs(center)
  sprintf("CASE WHEN abs(%s) <= %s THEN %s END", columns, number(most), ifelse(
    center == 0 & scale == 1, columns,
    paste0("(", columns, " - ", number(center), ") / ", number(scale))
  ))
}
