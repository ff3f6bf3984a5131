# C99: the row of a data frame, its levels, and its columns as numbers.

# Names of columns as fields of a structure. No keyword or macro of C begins with x_.
c_fields <- function(names) make.unique(paste0("x_", gsub("[^A-Za-z0-9_]", "_", names)), "_")

# What the code of a model refers to:
#   own          a function that makes the names in the file: they begin with the function's name,
#                to avoid conflicts with C and with other exported files
#   struct       the name of the structure of a row
#   fields       those of the inputs; NULL for a matrix
#   values       the expression of each input, with missing values filled; `given`: without
#   fills        what missing values are filled with, by input
#   with_levels  the inputs with levels, and `factors`, the parts of columns that are made of them
#   level_of, levels_of  functions that make the names of an input's level and levels
c_names <- function(model, name) {
  own <- function(what) paste0(name, "_", what)
  names <- vapply(model$inputs, `[[`, "", "name")
  fields <- if (model$matrix) NULL else c_fields(names)
  given <- as.list(
    if (model$matrix) character() else stats::setNames(paste0("row->", fields), names)
  )
  fills <- input_fills(model)
  with_levels <- inputs_with_levels(model)
  values <- given
  for (input in setdiff(names(fills), with_levels)) {
    fill <- fills[[input]] - is_logical_input(model, input)
    values[[input]] <- sprintf(
      "(isnan(%s) ? %s : %s)", values[[input]], digits(fill), values[[input]]
    )
  }
  field_of <- stats::setNames(fields, if (!model$matrix) names)
  list(
    own = own, struct = own("row"), fields = fields, values = values, given = given, fills = fills,
    with_levels = with_levels,
    factors = Filter(
      function(factor) is.list(factor) && any(factor$input %in% with_levels),
      unlist(model$columns, recursive = FALSE)
    ),
    level_of = function(name) paste0("level_", field_of[[name]]),
    levels_of = function(name) own(paste0("levels_", field_of[[name]]))
  )
}

# The structure of a row.
c_row <- function(model, code) {
  c(
    "/* One case. A missing number is NAN; a missing string is NULL. */", "typedef struct {",
    paste0(
      "  ",
      ifelse(
        vapply(model$inputs, function(i) i$kind == "levels", NA), "const char *", "double "
      ),
      code$fields, ";", "  /* ", comment_text(vapply(model$inputs, `[[`, "", "name")),
      vapply(model$inputs, function(input) {
        switch(input$kind,
          levels = paste0(": ", paste(comment_text(c_text(input$levels)), collapse = ", ")),
          logical = ": 0 or 1",
          ""
        )
      }, ""),
      " */"
    ),
    paste0("} ", code$struct, ";"), ""
  )
}

# The levels, and the function that finds a string among them.
c_levels <- function(model, code) {
  own <- code$own
  names <- vapply(model$inputs, `[[`, "", "name")
  c(
    unlist(lapply(model$inputs[names %in% code$with_levels], function(input) {
      c(
        paste0(
          "static const char *const ", code$levels_of(input$name), "[", length(input$levels),
          "] = {"
        ),
        paste0(listed(c_text(input$levels)), "};")
      )
    })),
    "",
    "/* The number of a string among the levels, from 0; -1 if it is none of them. */",
    paste0(
      "static int ", own("number"), "(const char *x, int levels, const char *const *level) {"
    ),
    "  for (int i = 0; x != NULL && i < levels; ++i)",
    "    if (strcmp(x, level[i]) == 0) return i;",
    "  return -1;",
    "}",
    ""
  )
}

# The functions that make a number of a level.
c_level_values <- function(model, code) {
  own <- code$own
  at <- vapply(code$factors, function(factor) !is.null(factor$at), NA)
  c(
    if (any(at)) {
      c(
        paste0("static double ", own("at"), "(int level, int at, double value) {"),
        "  return level < 0 ? NAN : level == at ? value : 0.0;",
        "}",
        ""
      )
    },
    if (any(!at)) {
      c(
        paste0("static double ", own("value"), "(int level, const double *values) {"),
        "  return level < 0 ? NAN : values[level];",
        "}",
        ""
      )
    }
  )
}

# The numbers of the levels of a row, and its columns.
c_columns <- function(model, code) {
  c(
    vapply(code$with_levels, function(name) {
      levels <- Find(function(input) input$name == name, model$inputs)$levels
      value <- code$values[[name]]
      filled <- if (!is.null(code$fills[[name]])) {
        paste0(value, " == NULL ? ", code$fills[[name]] - 1L, " : ")
      }
      paste0(
        "  int ", code$level_of(name), " = ", filled, code$own("number"), "(", value, ", ",
        length(levels), ", ", code$levels_of(name), ");"
      )
    }, ""),
    paste0(
      "  from[", seq_along(model$columns) - 1, "] = ",
      vapply(model$columns, c_column, "", model, code), ";"
    )
  )
}

# A column: the product of its factors.
c_column <- function(factors, model, code) {
  paste(vapply(factors, function(factor) {
    if (is_mark(factor)) {
      c_mark(factor$mark, code)
    } else if (is.list(factor)) {
      c_level_value(factor, model, code)
    } else {
      translate(factor, c_language, code$values)
    }
  }, ""), collapse = " * ")
}

# 1 where an input is missing.
c_mark <- function(name, code) {
  sprintf(
    if (name %in% code$with_levels) "(%s == NULL ? 1.0 : 0.0)" else "(isnan(%s) ? 1.0 : 0.0)",
    code$given[[name]]
  )
}

# The number of a level.
c_level_value <- function(factor, model, code) {
  field <- code$values[[factor$input]]
  if (is_logical_input(model, factor$input)) {
    return(sprintf(
      "(%s == 1 ? %s : %s == 0 ? %s : NAN)", field, digits(factor$values[2]), field,
      digits(factor$values[1])
    ))
  }
  level <- code$level_of(factor$input)
  if (is.null(factor$at)) {
    return(sprintf(
      "%s(%s, (const double[]){%s})", code$own("value"), level,
      paste(digits(factor$values), collapse = ", ")
    ))
  }
  one <- sprintf("%s(%s, %d, %s)", code$own("at"), level, factor$at - 1L, digits(factor$values))
  if (length(one) == 1) one else paste0("(", paste(one, collapse = " + "), ")")
}
