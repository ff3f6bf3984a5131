# Writes one SELECT with a common table expression per step: the numbers of the levels, the columns,
# the scaled columns, then for each layer its weighted sums and its activations. Columns of the
# table are qualified with its alias, because SQLite reads an unqualified quoted name as a string if
# there is no such column.

# Some databases raise an error, which ends the query, if an exponential underflows or overflows.
# Below exp(-700) = 1e-304 it is 0 here, and above exp(709.78) = 1.8e308 it is missing.
# From 40 the sigmoid, and from 20 the hyperbolic tangent, is 1 to the last bit. log() is the
# natural logarithm in some databases and the decimal one in others, so it is divided by log(e).
sql_language <- c(infix[names(infix) != "exp"], list(
  number = function(x) digits(x), `^` = pattern("power(%s, %s)"),
  exp = function(x) {
    fill_in(
      paste0(
        "CASE WHEN {x} > 709.78 THEN NULL WHEN {x} > -700 THEN exp({x}) ",
        "WHEN {x} <= -700 THEN 0.0 END"
      ),
      x = x
    )
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

# The functions of a formula, whose arguments may be outside their domain: the result is then
# missing, and not an error of the database.
sql_formula_language <- utils::modifyList(sql_language, list(
  `/` = pattern("(%s / NULLIF(%s, 0.0))"),
  log = function(x) fill_in("CASE WHEN {x} > 0 THEN log({x}) / log(2.7182818284590452) END", x = x),
  sqrt = function(x) fill_in("CASE WHEN {x} >= 0 THEN sqrt({x}) END", x = x),
  `^` = function(x, y) sql_power(x, y)
))

# A power is missing if it overflows, and if the base is negative and the exponent not whole.
sql_power <- function(x, y) {
  log_of_power <- fill_in("{y} * (log(abs({x})) / log(2.7182818284590452))", x = x, y = y)
  fill_in(
    paste0(
      "CASE WHEN {x} = 0 THEN CASE WHEN {y} > 0 THEN 0.0 WHEN {y} = 0 THEN 1.0 END ",
      "WHEN {x} > 0 OR {y} = round({y}) THEN CASE WHEN {log} > 709.78 THEN NULL ",
      "WHEN {log} > -700 THEN power({x}, {y}) WHEN {log} <= -700 THEN 0.0 END END"
    ),
    x = x, y = y, log = log_of_power
  )
}

sql_sigmoid <- function(z) {
  sprintf(
    paste0(
      "(CASE WHEN %s > 40 THEN 1.0 WHEN %s > -700 THEN 1.0 / (1.0 + exp(-%s)) WHEN %s <= -700 ",
      "THEN 0.0 END)"
    ),
    z, z, z, z
  )
}

# exp(z - most), where z is at most `most`.
sql_softmax_part <- function(z, most) {
  fill_in_each(
    paste0(
      "CASE WHEN {z} - {most} > -700 THEN exp({z} - {most}) ",
      "WHEN {z} - {most} <= -700 THEN 0.0 END"
    ),
    z = z, most = most
  )
}

# A sum as a balanced tree, because databases limit the depth of an expression.
sql_sum <- function(terms) {
  while (length(terms) > 1) {
    pairs <- length(terms) %/% 2
    odd <- if (length(terms) %% 2 == 1) terms[length(terms)]
    first <- 2 * seq_len(pairs) - 1
    terms <- c(paste0("(", terms[first], " + ", terms[first + 1], ")"), odd)
  }
  terms
}

# The weights of larger networks are written as abs(0.5) or -abs(0.5). While SQLite prepares a
# query, it compares each constant operand with all earlier ones to find equal ones, but not the
# constant result of a function: with 60,000 weights, 0.2 seconds instead of half a minute.
sql_weights <- function(x, many) {
  if (!many) {
    return(sql_language$number(x))
  }
  text <- paste0("abs(", sql_language$number(abs(x)), ")")
  ifelse(x < 0, paste0("(-", text, ")"), text)
}

export_sql <- function(model, options) {
  number <- sql_language$number
  names <- vapply(model$inputs, `[[`, "", "name")
  # Names in the query begin with nn_ or, to avoid conflicts with `table` and `keep`, with nnn_ and
  # so on. SQL ignores the case of names.
  prefix <- "nn_"
  while (grepl(prefix, tolower(options$table), fixed = TRUE) ||
    any(startsWith(tolower(options$keep), prefix))) {
    prefix <- paste0("n", prefix)
  }
  data <- paste0(prefix, "data")
  columns <- stats::setNames(as.list(paste0(data, ".", sql_name(names))), names)
  numbers <- lapply(columns, function(column) sprintf("CAST(%s AS DOUBLE PRECISION)", column))
  fills <- input_fills(model)
  for (name in names(fills)) {
    numbers[[name]] <- sprintf("COALESCE(%s, %s)", numbers[[name]], number(fills[[name]]))
  }
  marked <- as.character(unlist(lapply(
    Filter(is_mark, unlist(model$columns, recursive = FALSE)), `[[`, "mark"
  )))
  marks <- stats::setNames(
    sprintf("CASE WHEN %s IS NULL THEN 1.0 ELSE 0.0 END", unlist(columns[marked])), marked
  )
  level_text <- function(factor) {
    column <- columns[[factor$input]]
    if (is_logical_input(model, factor$input)) {
      fill <- fills[[factor$input]]
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
  factor_text <- function(factor) {
    if (is_mark(factor)) {
      marks[[factor$mark]]
    } else if (is.list(factor)) {
      level_text(factor)
    } else {
      translate(factor, sql_formula_language, numbers)
    }
  }
  carried <- sql_name(options$keep)[seq_along(options$keep)]
  step <- function(name, columns, texts, from, carry = carried) {
    paste0(
      name, " AS MATERIALIZED (\n  SELECT ",
      paste(c(carry, paste0(texts, " AS ", columns)), collapse = ",\n    "), "\n  FROM ", from,
      "\n)"
    )
  }
  # The largest of some columns: steps that compare them in pairs, and keep them and `carry`,
  # because no function for it is in all databases. list(steps, column, from).
  largest <- function(columns, stem, from, carry) {
    steps <- NULL
    left <- columns
    while (length(left) > 1) {
      first <- 2 * seq_len(length(left) %/% 2) - 1
      odd <- if (length(left) %% 2 == 1) left[length(left)]
      level <- length(steps) + 1
      larger <- paste0(stem, "_", level, "_", seq_along(first))
      steps <- c(steps, step(
        paste0(stem, level), larger,
        fill_in_each(
          "CASE WHEN {a} > {b} THEN {a} ELSE {b} END",
          a = left[first], b = left[first + 1]
        ),
        from, c(carry, columns, setdiff(odd, columns))
      ))
      from <- paste0(stem, level)
      left <- c(larger, odd)
    }
    list(steps = steps, column = left, from = from)
  }
  from <- paste(options$table, data)
  carry <- sprintf("%s.%s AS %s", data, carried, carried)
  with_levels <- inputs_with_levels(model)
  steps <- NULL
  if (length(with_levels) > 0) {
    # the numbers of the levels, from 1, and the other columns
    raw <- stats::setNames(paste0(prefix, "r", seq_along(names)), names)
    texts <- vapply(model$inputs, function(input) {
      switch(input$kind,
        levels = paste0(
          if (!is.null(input$fill)) {
            sprintf("CASE WHEN %s IS NULL THEN %d ELSE ", columns[[input$name]], input$fill)
          },
          sprintf("CASE %s %s END", columns[[input$name]], paste(
            "WHEN", sql_text(input$levels), "THEN", seq_along(input$levels),
            collapse = " "
          )),
          if (!is.null(input$fill)) " END"
        ),
        logical = columns[[input$name]],
        numbers[[input$name]]
      )
    }, "")
    of_marks <- paste0(prefix, "m", seq_along(marks))[seq_along(marks)]
    steps <- step(paste0(prefix, "levels"), c(raw, of_marks), c(texts, marks), from, carry)
    columns <- numbers <- as.list(raw)
    marks[] <- of_marks
    from <- paste0(prefix, "levels")
    carry <- carried
  }
  inner <- vapply(
    model$columns, function(factors) paste(vapply(factors, factor_text, ""), collapse = " * "), ""
  )
  columns <- paste0(prefix, "c", seq_along(model$columns))
  steps <- c(steps, step(paste0(prefix, "columns"), columns, inner, from, carry))
  from <- paste0(prefix, "columns")
  scaled <- sql_scaled(columns, model$center, model$scale)
  columns <- paste0(prefix, "x", seq_along(model$columns))
  steps <- c(steps, step(paste0(prefix, "inputs"), columns, scaled, from))
  from <- paste0(prefix, "inputs")
  if (!is.null(model$clip)) {
    clipped <- vapply(columns, function(own) {
      translate(model$clip, sql_language, list(z = own))
    }, "")
    steps <- c(steps, step(paste0(prefix, "clipped"), columns, clipped, from))
    from <- paste0(prefix, "clipped")
  }
  many <- sum(lengths(lapply(model$layers, `[[`, "w"))) > 1000
  for (i in seq_along(model$layers)) {
    layer <- model$layers[[i]]
    units <- seq_len(ncol(layer$w))
    z <- paste0(prefix, "z", i, "_", units)
    sums <- vapply(
      units,
      function(u) {
        sql_sum(c(
          sql_weights(layer$b[u], many), paste0(columns, " * ", sql_weights(layer$w[, u], many))
        ))
      },
      ""
    )
    steps <- c(steps, step(paste0(prefix, "sums", i), z, sums, from))
    from <- paste0(prefix, "sums", i)
    if (layer$activation == "softmax") {
      # the exponentials of differences to the largest sum, and their sum
      most <- largest(z, paste0(prefix, "m", i), from, carried)
      e <- paste0(prefix, "e", i, "_", units)
      total <- paste0(prefix, "t", i)
      steps <- c(
        steps, most$steps,
        step(paste0(prefix, "exp", i), e, sql_softmax_part(z, most$column), most$from),
        step(paste0(prefix, "total", i), total, sql_sum(e), paste0(prefix, "exp", i), c(carried, e))
      )
      from <- paste0(prefix, "total", i)
      values <- paste(e, "/", total)
    } else {
      of_unit <- rep(layer$activation, length(units))
      if (!is.null(layer$first)) of_unit[1] <- layer$first
      values <- mapply(
        function(own, activation) {
          translate(activation_table[[activation]]$code, sql_language, list(z = own))
        },
        z, of_unit
      )
    }
    columns <- paste0(prefix, "a", i, "_", units)
    steps <- c(steps, step(paste0(prefix, "layer", i), columns, values, from))
    from <- paste0(prefix, "layer", i)
  }
  response <- ifelse(model$response$center == 0 & model$response$scale == 1, columns, paste0(
    columns, " * ", number(model$response$scale), " + ", number(model$response$center)
  ))
  results <- sql_results(model$outputs)
  class <- if (!is.null(model$levels)) {
    most <- largest(columns, paste0(prefix, "p"), from, carried)
    steps <- c(steps, most$steps)
    from <- most$from
    paste0(
      sql_class(columns, most$column, model$levels), " AS ",
      sql_name(class_column(c(results, options$keep)))
    )
  }
  c(
    paste0("-- ", comment_text(model$about), ", written by backprop."),
    if (length(model$levels) == 2) {
      paste0("-- response: the probability of ", comment_text(sql_text(model$levels[2])))
    },
    paste0("WITH ", paste(steps, collapse = ",\n")),
    paste0(
      "SELECT ",
      paste(c(carried, paste0(response, " AS ", sql_name(results)), class), collapse = ",\n  ")
    ),
    paste0("FROM ", from)
  )
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
