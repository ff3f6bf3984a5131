# The description of a model from which every format is written:
#   inputs   the raw columns: name, kind ("number", "levels" or "logical"), levels and, if missing
#            values are filled, fill: a number, the number of the level, or 1 for FALSE, 2 for TRUE
#   columns  for each input of the network the factors of a product: numeric expressions, in which
#            a string is the name of an input, numbers by level (see new_level_factor()), and
#            list(mark), the name of an input: 1 where it is missing, 0 elsewhere
#   center, scale   the inputs of the network are z = (column - center) / scale
#   clip     an expression of z, which is then the input, or NULL
#   layers   w (inputs x units), b, activation, and first: the activation of the first unit, where
#            it differs
#   outputs, response   names; the outputs are output * response$scale + response$center
#   levels, ordered     the levels of a factor, or NULL
# Strings are in UTF-8. Names are strings, because R converts symbols to the locale's encoding.
export_model <- function(fit, call) {
  fit <- unclass(fit)
  check_fit_sizes(fit, call, "fit")
  check_no_custom(fit$settings, "{.fn nn_export}", call)
  check_no_skip(fit$layers, "{.fn nn_export}", call)
  if (fit$has_offset) {
    abort_kind(
      "export",
      c(
        "A fit with offsets can't be exported.",
        i = "The formats have no input for an offset. Train without offsets to export the fit."
      ),
      call, environment()
    )
  }
  layers <- unlist(lapply(fit$layers, function(layer) {
    plain_layers(
      unname(fit[[layer$parameters[["weights"]]]]),
      as.vector(fit[[layer$parameters[["biases"]]]]), layer$activation
    )
  }), recursive = FALSE)
  if (has_ordered_outputs(fit)) layers <- c(layers, list(class_layer(length(fit$levels))))
  encoding <- if (is.null(fit$encoding$columns)) matrix_encoding(fit) else data_encoding(fit, call)
  model <- c(encoding, list(
    layers = layers, outputs = export_outputs(fit), levels = fit$levels,
    ordered = isTRUE(fit$ordered), about = describe_layers(fit)
  ))
  rapply(model, utf8_text, "character", how = "replace", call = call)
}

# The names of the outputs: those of the fit, or response1, response2 and so on.
export_outputs <- function(fit) {
  if (has_ordered_outputs(fit)) {
    return(fit$levels)
  }
  outputs <- n_outputs(fit$layers)
  if (outputs == 1) {
    return("response")
  }
  names <- if (is.null(fit$outputs)) rep("", outputs) else fit$outputs
  ifelse(is.na(names) | !nzchar(names), paste0("response", seq_len(outputs)), names)
}

utf8_text <- function(x, call) {
  text <- enc2utf8(x)
  local <- Encoding(x) == "unknown"
  text[local] <- iconv(x[local], "", "UTF-8")
  lost <- which(is.na(text) | !validUTF8(text))
  if (length(lost) > 0) {
    abort_kind(
      "export",
      c(
        "All names and levels must be convertible to UTF-8.",
        x = "{.val {x[lost[1]]}} is not valid in its encoding.",
        i = "Declare its encoding with {.fn Encoding}, or run R in a UTF-8 locale."
      ),
      call, environment()
    )
  }
  text
}

# The columns of a matrix are the network's inputs, unchanged or, for a fit to a sparse matrix,
# scaled. `names`: the column names by which predict() matches.
matrix_encoding <- function(fit) {
  inputs <- n_inputs(fit$layers)
  outputs <- n_outputs(fit$layers)
  names <- if (identifies(fit$inputs)) fit$inputs else paste0("x", seq_len(inputs))
  list(
    matrix = TRUE, names = if (all(nzchar(fit$inputs))) fit$inputs,
    inputs = lapply(names, function(name) list(name = name, kind = "number")),
    columns = lapply(names, list), center = numeric(inputs),
    scale = if (is.null(fit$encoding)) rep(1, inputs) else unname(fit$encoding$scale),
    response = response_scales(fit, outputs)
  )
}

data_encoding <- function(fit, call) {
  encoding <- fit$encoding
  columns <-
    if (is.null(encoding$terms)) frame_columns(encoding, call) else formula_columns(encoding, call)
  columns[encoding$missing$labels] <- lapply(encoding$missing$marked, function(name) {
    list(list(mark = name))
  })
  # Guards against a change in the encoding that export does not follow.
  if (!same_names(names(columns), fit$inputs)) {
    abort_export(
      "the encoding",
      "Its columns are {.field {fit$inputs}}, but the file would have {.field {names(columns)}}",
      call
    )
  }
  used <- unique(unlist(lapply(columns, lapply, function(factor) {
    if (is.list(factor)) factor$input %||% factor$mark else used_names(factor)
  })))
  factors <- unlist(columns, recursive = FALSE, use.names = FALSE)
  of_levels <- Filter(function(factor) is.list(factor) && !is_mark(factor), factors)
  having_levels <- vapply(of_levels, `[[`, "", "input")
  inputs <- lapply(intersect(names(encoding$columns), used), function(name) {
    at <- match(name, having_levels)
    kind <- if (encoding$columns[[name]]$type == "logical") {
      "logical"
    } else if (is.na(at)) {
      "number"
    } else {
      "levels"
    }
    levels <- if (kind == "levels") of_levels[[at]]$levels
    list(
      name = name, kind = kind, levels = levels,
      fill = input_fill(encoding$missing$fill[[name]], levels)
    )
  })
  columns <- lapply(columns, lapply, function(factor) {
    if (is.list(factor)) factor[names(factor) != "levels"] else factor
  })
  for (input in inputs) {
    if (anyNA(input$levels)) {
      abort_export(
        input$name,
        "A missing value is one of its levels, which an exported model can't represent", call
      )
    }
  }
  outputs <- n_outputs(fit$layers)
  list(
    matrix = FALSE, inputs = inputs, columns = unname(columns), center = unname(encoding$center),
    scale = unname(encoding$scale), clip = clip_expression(encoding$clip),
    response = response_scales(fit, outputs)
  )
}

# See clip_smoothly().
clip_expression <- function(most) {
  if (is.null(most)) {
    return(NULL)
  }
  bquote(where(
    abs(z) - 1e9, where(z, .(most), -.(most)), z / sqrt(1 + (z / .(most)) * (z / .(most)))
  ))
}

response_scales <- function(fit, outputs) {
  if (has_ordered_outputs(fit)) outputs <- length(fit$levels)
  outcome <- if (is.null(fit$encoding)) list(center = 0, scale = 1) else fit$encoding$outcome
  list(center = rep_len(outcome$center, outputs), scale = rep_len(outcome$scale, outputs))
}

# A vector of numbers, or a matrix with one column, such as scale() returns.
is_single_column <- function(kind) {
  identical(kind$type, "numeric") && (is.null(kind$width) || kind$width == 1)
}

used_names <- function(expression) {
  if (is.call(expression)) {
    unlist(lapply(as.list(expression)[-1], used_names))
  } else if (is.character(expression)) {
    expression
  }
}

abort_export <- function(term, why, call, envir = parent.frame()) {
  abort_kind(
    "export",
    c(
      "The term {.field {term}} can't be exported.",
      x = paste0(why, "."),
      i = "Compute it as a column of the data before {.fn nn_train}."
    ),
    call, list2env(list(term = term), parent = envir)
  )
}

# Without a formula: one column for a numeric column of the data, and one for each column of a
# factor's coding.
frame_columns <- function(encoding, call) {
  columns <- lapply(names(encoding$columns), function(name) {
    kind <- encoding$columns[[name]]
    if (kind$type == "logical") {
      return(stats::setNames(
        list(list(new_level_factor(name, c("FALSE", "TRUE"), 2, 1))), paste0(name, "TRUE")
      ))
    }
    if (is_single_column(kind)) {
      return(stats::setNames(list(list(name)), paste0(name, kind$names)))
    }
    if (kind$type == "numeric") abort_export(name, "It is a matrix", call)
    coding_factors(name, name, kind$levels, kind$coding, kind$declared)
  })
  unlist(columns, recursive = FALSE)
}

# With a formula: each column of a term is a product of one column of each of its variables. The
# columns of the first variable vary fastest, as in model.matrix().
formula_columns <- function(encoding, call) {
  terms <- stats::delete.response(whole_terms(encoding$terms))
  factors <- attr(terms, "factors")
  expressions <- as.list(attr(terms, "predvars"))[-1]
  # In the order of the rows of `factors`, whose names have backticks where R needs them.
  classes <- attr(terms, "dataClasses")[-attr(encoding$terms, "response")]
  is_level <- names(classes) %in% names(encoding$xlevels) | classes == "logical"
  full <- full_codings(factors, is_level, attr(terms, "intercept"))
  columns <- lapply(seq_len(ncol(factors)), function(term) {
    parts <- lapply(which(factors[, term] > 0), function(variable) {
      variable_columns(
        names(classes)[variable], rownames(factors)[variable], expressions[[variable]],
        is_level[variable], full[variable, term], encoding, colnames(factors)[term], call
      )
    })
    Reduce(
      function(left, right) {
        both <- unlist(
          lapply(seq_along(right), function(j) {
            lapply(left, function(factors) c(factors, right[[j]]))
          }),
          recursive = FALSE, use.names = FALSE
        )
        stats::setNames(both, as.vector(outer(names(left), names(right), paste, sep = ":")))
      },
      parts
    )
  })
  unlist(columns, recursive = FALSE)
}

# The columns of one variable of a formula: a named list of products of one factor. `label`: the
# name as written in the formula.
variable_columns <- function(name, label, expression, is_level, full, encoding, term, call) {
  if (!is_level) {
    return(stats::setNames(list(list(export_expression(expression, encoding, term, call))), label))
  }
  if (!is.symbol(expression)) {
    abort_export(term, "{.code {label}} creates a factor in the formula", call)
  }
  column <- known_names(as.character(expression), names(encoding$columns))
  levels <- encoding$xlevels[[name]]
  if (is.null(levels)) levels <- c("FALSE", "TRUE")
  declared <- encoding$declared[[name]]
  if (length(levels) < 2) {
    return(stats::setNames(
      list(list(declared_factor(column, levels, integer(), 0, declared, 0))), label
    ))
  }
  contrasts <- encoding$contrasts[[name]]
  if (full) {
    return(stats::setNames(
      lapply(seq_along(levels), function(j) {
        list(declared_factor(column, levels, j, 1, declared, declared$shares[j]))
      }),
      paste0(label, levels)
    ))
  }
  coding <- if (is.matrix(contrasts)) contrasts else contrasts_table(contrasts, levels)
  coding_factors(column, label, levels, coding, declared)
}

# Numeric functions that all formats have, with their numbers of arguments. scale() uses the centre
# and scale of the training data.
export_functions <- c(
  "+" = 2, "-" = 2, "*" = 2, "/" = 2, "^" = 2, "(" = 1, I = 1, log = 1, log2 = 1, log10 = 1,
  log1p = 1, exp = 1, expm1 = 1, sqrt = 1, abs = 1
)

export_expression <- function(x, encoding, term, call) {
  if (is.numeric(x) && length(x) == 1 && is.finite(x)) {
    return(as.double(x))
  }
  if (is.symbol(x)) {
    column <- known_names(as.character(x), names(encoding$columns))
    if (is_single_column(encoding$columns[[column]])) {
      return(column)
    }
    abort_export(term, "{.field {column}} is not a numeric vector", call)
  }
  if (!is.call(x)) abort_export(term, "It contains {describe(x)}", call)
  name <- if (is.symbol(x[[1]])) as.character(x[[1]]) else deparse1(x[[1]])
  arguments <- as.list(x)[-1]
  if (name == "scale" && all(c("center", "scale") %in% names(arguments)) &&
    is.numeric(arguments$center) && is.numeric(arguments$scale) && length(arguments$center) == 1 &&
    length(arguments$scale) == 1) {
    return(base::call(
      "/",
      base::call(
        "-", export_expression(arguments[[1]], encoding, term, call), as.double(arguments$center)
      ),
      as.double(arguments$scale)
    ))
  }
  known <- name %in% names(export_functions) && is.null(names(arguments)) &&
    (length(arguments) == export_functions[[name]] || (name == "-" && length(arguments) == 1))
  if (!known) {
    abort_export(
      term,
      paste0(
        "It calls {.fn {name}}. Supported are arithmetic and ",
        "{.fn {names(export_functions)[-(1:6)]}} with one argument each"
      ),
      call
    )
  }
  arguments <- lapply(arguments, export_expression, encoding, term, call)
  if (name %in% c("I", "(")) {
    return(arguments[[1]])
  }
  if (name == "^" && is.numeric(arguments[[2]]) && arguments[[2]] %in% 2:4) {
    return(Reduce(
      function(product, factor) base::call("*", product, factor), rep(arguments[1], arguments[[2]])
    ))
  }
  as.call(c(as.symbol(name), arguments))
}
