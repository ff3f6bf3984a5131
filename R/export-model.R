# The description of a model from which every format is written:
#   inputs   the raw columns: name, kind ("number", "levels" or "logical"), levels and, if missing
#            values are filled, fill: a number, the number of the level, or 1 for FALSE, 2 for TRUE
#   columns  for each input of the network the factors of a product: numeric expressions, in which
#            a string is the name of an input, numbers by level (see new_level_factor()), and
#            list(mark), the name of an input: 1 where it is missing, 0 elsewhere
#   center, scale   the inputs of the network are z = (column - center) / scale
#   clip     an expression of z, which is then the input, or NULL
#   layers   see export_layers()
#   outputs, response   names; the outputs are output * response$scale + response$center
#   levels, ordered     the levels of a factor, or NULL
# Strings are in UTF-8. Names are strings, because R converts symbols to the locale's encoding.
export_model <- function(fit, call) {
  fit <- unclass(fit)
  check_whole_fit(fit, call, "fit")
  check_no_custom(fit$settings, "{.fn nn_export}", call)
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
  encoding <- if (is.null(fit$encoding$columns)) matrix_encoding(fit) else data_encoding(fit, call)
  model <- c(encoding, list(
    layers = export_layers(fit), outputs = export_outputs(fit), levels = fit$levels,
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
