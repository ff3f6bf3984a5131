# C99: functions of one case. Products are summed in order.

c_language <- c(infix, list(
  number = function(x) digits(x), `^` = pattern("pow(%s, %s)"),
  where = pattern("(%s > 0 ? %s : %s)"), abs = pattern("fabs(%s)"), log = pattern("log(%s)"),
  log1p = pattern("log1p(%s)"), expm1 = pattern("expm1(%s)"), log2 = pattern("log2(%s)"),
  log10 = pattern("log10(%s)"), tanh = pattern("tanh(%s)"),
  sigmoid = pattern("(1.0 / (1.0 + exp(-%s)))"),
  composed_sigmoid = pattern("(1.0 / (1.0 + exp(-%s)))"),
  normal = pattern("(0.5 * erfc(-0.70710678118654752440 * %s))")
))

c_array <- function(name, values) {
  paste0(
    "static const double ", name, "[", length(values), "] = {\n",
    listed(gsub("[()]", "", digits(values))), "};"
  )
}

# Names of columns as fields of a structure. No keyword or macro of C begins with x_.
c_fields <- function(names) make.unique(paste0("x_", gsub("[^A-Za-z0-9_]", "_", names)), "_")

export_c <- function(model, options) {
  names <- vapply(model$inputs, `[[`, "", "name")
  fields <- if (model$matrix) NULL else c_fields(names)
  values <- as.list(
    if (model$matrix) character() else stats::setNames(paste0("row->", fields), names)
  )
  as_given <- values
  fills <- input_fills(model)
  layers <- model$layers
  inputs <- length(model$columns)
  outputs <- length(model$outputs)
  widest <- max(vapply(layers, function(layer) max(layer$inputs, layer$units), 0))
  kinds <- setdiff(
    unique(unlist(lapply(layers, `[`, c("activation", "first")))), c("identity", "softmax")
  )
  with_levels <- inputs_with_levels(model)
  level_factors <- Filter(
    function(factor) is.list(factor) && any(factor$input %in% with_levels),
    unlist(model$columns, recursive = FALSE)
  )
  # All names in the file begin with the function's name, to avoid conflicts with C and with other
  # exported files.
  own <- function(what) paste0(options$name, "_", what)
  struct <- own("row")
  field_of <- stats::setNames(fields, if (!model$matrix) names)
  levels_of <- function(name) own(paste0("levels_", field_of[[name]]))
  level_of <- function(name) paste0("level_", field_of[[name]])
  for (name in setdiff(names(fills), with_levels)) {
    fill <- fills[[name]] - is_logical_input(model, name)
    values[[name]] <- sprintf("(isnan(%s) ? %s : %s)", values[[name]], digits(fill), values[[name]])
  }
  mark_text <- function(name) {
    sprintf(
      if (name %in% with_levels) "(%s == NULL ? 1.0 : 0.0)" else "(isnan(%s) ? 1.0 : 0.0)",
      as_given[[name]]
    )
  }
  level_text <- function(factor) {
    field <- values[[factor$input]]
    if (is_logical_input(model, factor$input)) {
      return(sprintf(
        "(%s == 1 ? %s : %s == 0 ? %s : NAN)", field, digits(factor$values[2]), field,
        digits(factor$values[1])
      ))
    }
    level <- level_of(factor$input)
    if (is.null(factor$at)) {
      return(sprintf(
        "%s(%s, (const double[]){%s})", own("value"), level,
        paste(digits(factor$values), collapse = ", ")
      ))
    }
    one <- sprintf("%s(%s, %d, %s)", own("at"), level, factor$at - 1L, digits(factor$values))
    if (length(one) == 1) one else paste0("(", paste(one, collapse = " + "), ")")
  }
  column <- function(factors) {
    paste(vapply(factors, function(factor) {
      if (is_mark(factor)) {
        mark_text(factor$mark)
      } else if (is.list(factor)) {
        level_text(factor)
      } else {
        translate(factor, c_language, values)
      }
    }, ""), collapse = " * ")
  }
  n <- seq_along(layers)
  dense <- vapply(layers, `[[`, "", "kind") == "dense"
  c(
    paste0("/* ", comment_text(model$about), ", written by backprop. C99; link with -lm. */"),
    "",
    "#include <math.h>",
    if (length(with_levels) > 0) c("#include <stddef.h>", "#include <string.h>"),
    "",
    if (!model$matrix) {
      c(
        "/* One case. A missing number is NAN; a missing string is NULL. */", "typedef struct {",
        paste0(
          "  ",
          ifelse(
            vapply(model$inputs, function(i) i$kind == "levels", NA), "const char *", "double "
          ),
          fields, ";", "  /* ", comment_text(names),
          vapply(model$inputs, function(input) {
            switch(input$kind,
              levels = paste0(": ", paste(comment_text(c_text(input$levels)), collapse = ", ")),
              logical = ": 0 or 1",
              ""
            )
          }, ""),
          " */"
        ),
        paste0("} ", struct, ";"), ""
      )
    },
    c_array(own("center"), model$center),
    c_array(own("scale"), model$scale),
    unlist(lapply(n[dense], function(i) {
      c(
        paste0(
          "/* layer ", i, ": ", counted(layers[[i]]$units, "unit"), " of ",
          counted(layers[[i]]$inputs, "weight"), " each */"
        ),
        c_array(own(paste0("w", i)), as.vector(layers[[i]]$w)),
        c_array(own(paste0("b", i)), layers[[i]]$b)
      )
    })),
    c_array(own("response_center"), model$response$center),
    c_array(own("response_scale"), model$response$scale),
    "",
    if (length(with_levels) > 0) {
      c(
        unlist(lapply(model$inputs[names %in% with_levels], function(input) {
          c(
            paste0(
              "static const char *const ", levels_of(input$name), "[", length(input$levels),
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
    },
    if (any(vapply(level_factors, function(factor) !is.null(factor$at), NA))) {
      c(
        paste0("static double ", own("at"), "(int level, int at, double value) {"),
        "  return level < 0 ? NAN : level == at ? value : 0.0;",
        "}",
        ""
      )
    },
    if (any(vapply(level_factors, function(factor) is.null(factor$at), NA))) {
      c(
        paste0("static double ", own("value"), "(int level, const double *values) {"),
        "  return level < 0 ? NAN : values[level];",
        "}",
        ""
      )
    },
    paste0(
      "static void ", own("dense"),
      "(const double *x, int inputs, const double *w, const double *b, int units, double *z) {"
    ),
    "  for (int u = 0; u < units; ++u) {",
    "    double sum = b[u];",
    "    for (int i = 0; i < inputs; ++i) sum += x[i] * w[u * inputs + i];",
    "    z[u] = sum;",
    "  }",
    "}",
    "",
    unlist(lapply(kinds, function(kind) {
      c(
        paste0("static double ", own("activation_"), kind, "(double z) {"),
        paste0(
          "  return ", translate(activation_table[[kind]]$code, c_language, list(z = "z")), ";"
        ),
        "}", ""
      )
    })),
    if (layers[[length(layers)]]$activation == "softmax") {
      c(
        paste0("static void ", own("softmax"), "(double *z, int units) {"),
        "  double most = z[0], sum = 0;",
        "  for (int u = 1; u < units; ++u) if (z[u] > most) most = z[u];",
        "  for (int u = 0; u < units; ++u) sum += z[u] = exp(z[u] - most);",
        "  for (int u = 0; u < units; ++u) z[u] /= sum;",
        "}",
        ""
      )
    },
    if (model$matrix) {
      paste0(
        "/* x: the ", inputs, " inputs ",
        comment_text(paste(utils::head(names, 20), collapse = ", ")), if (inputs > 20) ", ...",
        ". response: ", outputs, " number", if (outputs != 1) "s", ", to be written. */"
      )
    } else {
      paste0(
        "/* response: ", outputs, " number", if (outputs != 1) "s", ", to be written: ",
        if (outputs == 1 && !is.null(model$levels)) {
          paste("the probability of", comment_text(c_text(model$levels[2])))
        } else {
          comment_text(paste(model$outputs, collapse = ", "))
        },
        ". */"
      )
    },
    paste0(
      "void ", options$name, "(const ", if (model$matrix) "double *x" else paste0(struct, " *row"),
      ", double *response) {"
    ),
    paste0("  double from[", widest, "], to[", widest, "];"),
    if (has_skip_form(model)) paste0("  double inputs[", inputs, "];"),
    vapply(with_levels, function(name) {
      levels <- Find(function(input) input$name == name, model$inputs)$levels
      filled <- if (!is.null(fills[[name]])) {
        paste0(values[[name]], " == NULL ? ", fills[[name]] - 1L, " : ")
      }
      paste0(
        "  int ", level_of(name), " = ", filled, own("number"), "(", values[[name]], ", ",
        length(levels), ", ", levels_of(name), ");"
      )
    }, ""),
    if (!model$matrix) {
      paste0("  from[", seq_len(inputs) - 1, "] = ", vapply(model$columns, column, ""), ";")
    },
    paste0("  for (int i = 0; i < ", inputs, "; ++i) {"),
    paste0(
      "    from[i] = (", if (model$matrix) "x" else "from", "[i] - ", own("center"), "[i]) / ",
      own("scale"), "[i];"
    ),
    "    if (!isfinite(from[i])) from[i] = NAN;",
    if (!is.null(model$clip)) {
      paste0("    from[i] = ", translate(model$clip, c_language, list(z = "from[i]")), ";")
    },
    if (has_skip_form(model)) "    inputs[i] = from[i];",
    "  }",
    unlist(lapply(n, function(i) c_layer(layers[[i]], i, own))),
    paste0(
      "  for (int u = 0; u < ", outputs, "; ++u) response[u] = from[u] * ", own("response_scale"),
      "[u] + ", own("response_center"), "[u];"
    ),
    "}",
    if (!is.null(model$levels)) c("", c_classes(model, options$name, struct))
  )
}
