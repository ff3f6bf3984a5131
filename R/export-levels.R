# Levels of inputs in exported models.

# The numbers that a column has for the levels of an input: `values[i]` for level `at[i]` and 0 for
# all others or, if these are not many, without `at`, a value for each level. So the columns of a
# factor need as much as it has levels, not the square of it. `levels` is dropped from the model.
new_level_factor <- function(input, levels, at, values) {
  if (length(at) > 0 && 2 * length(at) < length(levels)) {
    return(list(input = input, levels = levels, at = at, values = values))
  }
  list(input = input, levels = levels, values = replace(numeric(length(levels)), at, values))
}

# The columns of a coding, by name. `declared`: see declared_levels(), or NULL.
coding_factors <- function(input, label, levels, coding, declared = NULL) {
  further <- if (!is.null(declared)) mean_codes(declared$shares, coding)
  stats::setNames(
    lapply(seq_len(coding_width(coding, levels)), function(j) {
      at <- if (is.matrix(coding)) which(coding[, j] != 0) else j + 1L
      values <- if (is.matrix(coding)) coding[at, j] else 1
      list(declared_factor(input, levels, unname(at), unname(values), declared, further[j]))
    }),
    paste0(label, coding_labels(coding, levels))
  )
}

# The numbers of a column by level, with `value` for each level that is only declared.
declared_factor <- function(input, levels, at, values, declared, value) {
  if (!is.null(declared) && value != 0) {
    at <- c(at, length(levels) + seq_along(declared$levels))
    values <- c(values, rep(value, length(declared$levels)))
  }
  new_level_factor(input, c(levels, declared$levels), at, values)
}

# The inputs with levels: names, as strings.
inputs_with_levels <- function(model) {
  kinds <- vapply(model$inputs, `[[`, "", "kind")
  vapply(model$inputs, `[[`, "", "name")[kinds == "levels"]
}

# The fields `fill` of the inputs by name, of those that have one.
input_fills <- function(model) {
  names <- vapply(model$inputs, `[[`, "", "name")
  Filter(Negate(is.null), stats::setNames(lapply(model$inputs, `[[`, "fill"), names))
}

# The value for missing values of an input: a number, or that of the level or truth value.
input_fill <- function(fill, levels) {
  if (is.character(fill)) {
    match(fill, levels)
  } else if (is.logical(fill)) {
    1L + fill
  } else {
    fill
  }
}

is_mark <- function(factor) is.list(factor) && !is.null(factor$mark)

is_logical_input <- function(model, name) {
  any(vapply(model$inputs, function(input) input$name == name && input$kind == "logical", NA))
}
