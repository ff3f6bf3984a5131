# Writes one SELECT with a common table expression per step: the scaled columns, then for each layer
# its weighted sums and its activations. Columns of the table are qualified with its alias, because
# SQLite reads an unqualified quoted name as a string if there is no such column.

# Some databases raise an error if an exponential underflows; below exp(-700) = 1e-304 it is 0 here.
# From 40 the sigmoid, and from 20 the hyperbolic tangent, is 1 to the last bit. log() is the
# natural logarithm in some databases and the decimal one in others, so it is divided by log(e).
sql_language <- c(infix[names(infix) != "exp"], list(
  number = function(x) digits(x), `^` = pattern("power(%s, %s)"),
  exp = function(x) {
    sprintf("CASE WHEN %s > -700 THEN exp(%s) WHEN %s <= -700 THEN 0.0 END", x, x, x)
  },
  sigmoid = function(z) sql_sigmoid(z), composed_sigmoid = function(z) sql_sigmoid(z),
  tanh = function(z) {
    sprintf(
      paste0(
        "CASE WHEN %s > 20 THEN 1.0 WHEN %s > -20 THEN 1.0 - 2.0 / (1.0 + exp(2.0 * %s)) WHEN %s ",
        "<= -20 THEN -1.0 END"
      ),
      z, z, z, z
    )
  },
  where = pattern("CASE WHEN %s > 0 THEN %s ELSE %s END"), abs = pattern("abs(%s)"),
  log = pattern("(log(%s) / log(2.7182818284590452))")
))

sql_sigmoid <- function(z) {
  sprintf(
    paste0(
      "(CASE WHEN %s > 40 THEN 1.0 WHEN %s > -700 THEN 1.0 / (1.0 + exp(-%s)) WHEN %s <= -700 ",
      "THEN 0.0 END)"
    ),
    z, z, z, z
  )
}

# exp(z - own), at most 1e304: the output is then 1e-304 or less, so that the bound makes no
# difference.
sql_softmax_part <- function(z, own) {
  sprintf(
    paste0(
      "CASE WHEN %s - %s > 700 THEN 1e304 WHEN %s - %s > -700 THEN exp(%s - %s) WHEN %s - %s <= ",
      "-700 THEN 0.0 END"
    ),
    z, own, z, own, z, own, z, own
  )
}

sql_name <- function(x) paste0("\"", gsub("\"", "\"\"", x, fixed = TRUE), "\"")

sql_text <- function(x) paste0("'", gsub("'", "''", x, fixed = TRUE), "'")

# Sums as balanced trees, because databases limit the depth of an expression.
sql_sum <- function(terms) {
  while (length(terms) > 1) {
    pairs <- length(terms) %/% 2
    odd <- if (length(terms) %% 2 == 1) terms[length(terms)]
    first <- 2 * seq_len(pairs) - 1
    terms <- c(paste0("(", terms[first], " + ", terms[first + 1], ")"), odd)
  }
  terms
}

export_sql <- function(model, options) {
  number <- sql_language$number
  names <- vapply(model$inputs, `[[`, "", "name")
  # Names in the query begin with nn_ or, to avoid conflicts with `table` and `keep`, with nnn_ and
  # so on. SQL ignores the case of names.
  prefix <- "nn_"
  while (any(startsWith(tolower(c(options$table, options$keep)), prefix))) {
    prefix <- paste0("n", prefix)
  }
  data <- paste0(prefix, "data")
  columns <- stats::setNames(as.list(paste0(data, ".", sql_name(names))), names)
  numbers <- lapply(columns, function(column) sprintf("CAST(%s AS DOUBLE PRECISION)", column))
  factor_text <- function(factor) {
    if (!is.list(factor)) {
      return(translate(factor, sql_language, numbers))
    }
    column <- columns[[factor$input]]
    if (is_logical_input(model, factor$input)) {
      return(sprintf(
        "CASE WHEN %s THEN %s WHEN NOT %s THEN %s END", column, number(factor$values[2]), column,
        number(factor$values[1])
      ))
    }
    sprintf("CASE %s %s END", column, paste0(
      "WHEN ", sql_text(factor$levels), " THEN ", number(factor$values),
      collapse = " "
    ))
  }
  carried <- sql_name(options$keep)[seq_along(options$keep)]
  step <- function(name, columns, texts, from, carry = carried) {
    paste0(
      name, " AS MATERIALIZED (\n  SELECT ",
      paste(c(carry, paste0(texts, " AS ", columns)), collapse = ",\n    "), "\n  FROM ", from,
      "\n)"
    )
  }
  inner <- vapply(
    model$columns, function(factors) paste(vapply(factors, factor_text, ""), collapse = " * "), ""
  )
  scaled <- ifelse(model$center == 0 & model$scale == 1, inner, paste0(
    "(", inner, " - ", number(model$center), ") / ", number(model$scale)
  ))
  from <- paste0(prefix, "inputs")
  columns <- paste0(prefix, "x", seq_along(model$columns))
  steps <- step(
    from, columns, scaled, paste(sql_name(options$table), data),
    sprintf("%s.%s AS %s", data, carried, carried)
  )
  for (i in seq_along(model$layers)) {
    layer <- model$layers[[i]]
    units <- seq_len(ncol(layer$w))
    z <- paste0(prefix, "z", i, "_", units)
    sums <- vapply(
      units,
      function(u) sql_sum(c(number(layer$b[u]), paste0(columns, " * ", number(layer$w[, u])))), ""
    )
    steps <- c(steps, step(paste0(prefix, "sums", i), z, sums, from))
    values <- if (layer$activation == "softmax") {
      vapply(
        z,
        function(own) {
          paste0(
            "1.0 / ",
            sql_sum(ifelse(z == own, paste0("(1.0 + 0 * ", own, ")"), sql_softmax_part(z, own)))
          )
        },
        ""
      )
    } else {
      vapply(
        z,
        function(own) {
          translate(activation_table[[layer$activation]]$code, sql_language, list(z = own))
        },
        ""
      )
    }
    columns <- paste0(prefix, "a", i, "_", units)
    from <- paste0(prefix, "layer", i)
    steps <- c(steps, step(from, columns, values, paste0(prefix, "sums", i)))
  }
  response <- ifelse(model$response$center == 0 & model$response$scale == 1, columns, paste0(
    columns, " * ", number(model$response$scale), " + ", number(model$response$center)
  ))
  c(
    paste0("-- ", comment_text(model$about), ", written by backprop."),
    paste0("WITH ", paste(steps, collapse = ",\n")),
    paste0(
      "SELECT ",
      paste(c(carried, paste0(response, " AS ", sql_name(model$outputs))), collapse = ",\n  ")
    ),
    paste0("FROM ", from)
  )
}
