# SQL: expressions, sums and numbers that all databases read.

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
