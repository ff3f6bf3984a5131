# Missing values of inputs that are filled, with an input for each column that says so; and dates as
# numbers. An encoding's `missing` is list(fill, marked, labels):
#   fill    the value for each raw column by name: the median of numbers, otherwise the most
#           frequent value
#   marked  the columns with an input that is 1 where they are missing: those with missing values
#           in training
#   labels  the names of these inputs

check_missing <- function(missing, call) {
  check_choice(missing %||% "na.action", c("na.action", "indicator"), "missing", call)
}

# The columns that can be filled: vectors of numbers, text or truth values.
fillable_columns <- function(raw) {
  if (!is.data.frame(raw)) {
    return(character())
  }
  names(raw)[vapply(raw, function(x) {
    is.null(dim(x)) && (is_number(x) || is.factor(x) || is.character(x) || is.logical(x))
  }, NA)]
}

# Those of a formula, without the variables of its outcome and its offsets.
fillable_variables <- function(raw, terms) {
  variables <- as.list(attr(terms, "variables"))[-1]
  kept <- variables[c(attr(terms, "response"), attr(terms, "offset"))]
  setdiff(fillable_columns(raw), known_names(unlist(lapply(kept, variable_names)), names(raw)))
}

# The value for the missing ones of a column. `weights`: those of its rows, or NULL.
fill_value <- function(x, weights = NULL) {
  known <- !is.na(x)
  weights <- if (length(weights) > 0) weights[known] else rep(1, sum(known))
  if (is_number(x)) {
    return(weighted_median(as.double(x[known]), weights))
  }
  values <- as.character(x[known])
  levels <- if (is.factor(x)) levels(x)[!is.na(levels(x))] else sort(unique(values))
  if (length(values) == 0) {
    return(x[NA_integer_])
  }
  most <- levels[which.max(tapply(weights, factor(values, levels), sum, default = 0))]
  if (is.logical(x)) as.logical(most) else most
}

# The median, in which a whole weight counts the value so many times.
weighted_median <- function(x, weights) {
  x <- x[weights > 0]
  weights <- weights[weights > 0]
  if (length(x) == 0) {
    return(NA_real_)
  }
  order <- order(x)
  sum <- cumsum(weights[order])
  half <- last(sum) / 2
  slack <- 1e-12 * half
  (x[order][sum >= half - slack][1] + x[order][c(sum > half + slack, TRUE)][1]) / 2
}

# What is filled and marked: `raw`, the columns `names` of the training rows.
describe_missing <- function(raw, names, weights) {
  raw <- raw[names]
  counted <- if (is.numeric(weights) && any(weights == 0)) which(weights > 0)
  if (!is.null(counted)) {
    raw <- raw[counted, , drop = FALSE]
    weights <- weights[counted]
  }
  list(fill = lapply(raw, fill_value, weights), marked = names(Filter(anyNA, raw)))
}

# Raw columns with their missing values filled. `fill`: the values by name.
fill_columns <- function(raw, fill) {
  for (name in names(fill)) {
    x <- raw[[name]]
    at <- which(is.na(x))
    if (length(at) == 0) next
    if (is.factor(x) && !fill[[name]] %in% levels(x)) levels(x) <- c(levels(x), fill[[name]])
    x[at] <- fill[[name]]
    raw[[name]] <- x
  }
  raw
}

# Adds the inputs that mark missing values. `raw`: the columns before they are filled; `rows`: those
# that are encoded, NULL for all.
add_marks <- function(encoded, raw, missing, rows = NULL) {
  if (length(missing$marked) == 0) {
    return(encoded)
  }
  marks <- unlist(lapply(missing$marked, function(name) {
    x <- is.na(raw[[name]])
    if (is.null(rows)) x else x[rows]
  }), use.names = FALSE)
  encoded$X <- append_columns(encoded$X, matrix(
    as.double(marks), nrow(encoded$X), length(missing$marked),
    dimnames = list(NULL, missing$labels)
  ))
  encoded
}

# The names of the marks, other than those of the other inputs.
mark_labels <- function(missing, inputs) {
  missing$labels <- make.unique(c(inputs, paste0(missing$marked, "_missing")))[
    length(inputs) + seq_along(missing$marked)
  ]
  missing
}

check_dates <- function(dates, call) {
  check_choice(dates %||% "error", c("error", "parts"), "dates", call)
}

is_date <- function(x) inherits(x, c("Date", "POSIXt")) && is.null(dim(x))

# A date as a matrix of numbers: the year, the month (1 to 12), the day of the week (1 for Monday to
# 7 for Sunday) and the day of the year (from 1); for a time, in its time zone, also the hour with
# its fraction.
date_parts <- function(x, hours = inherits(x, "POSIXt")) {
  zone <- attr(x, "tzone")[1]
  parts <- if (is.null(zone)) as.POSIXlt(x) else as.POSIXlt(x, tz = zone)
  matrix <- cbind(
    `_year` = parts$year + 1900, `_month` = parts$mon + 1, `_weekday` = (parts$wday + 6) %% 7 + 1,
    `_yearday` = parts$yday + 1, `_hour` = parts$hour + parts$min / 60 + parts$sec / 3600
  )
  matrix[, seq_len(if (hours) 5 else 4), drop = FALSE]
}

# Converts those columns of `data`.
convert_dates <- function(data, columns) {
  for (name in columns) data[[name]] <- date_parts(data[[name]])
  data
}

# The names of the columns of a data frame that are dates; for a formula those that are variables
# themselves and not in functions.
date_columns <- function(data, terms = NULL) {
  if (!is.data.frame(data)) {
    return(character())
  }
  dates <- names(data)[vapply(data, is_date, NA)]
  if (is.null(terms)) {
    return(dates)
  }
  variables <- as.list(attr(terms, "variables"))[-1]
  alone <- vapply(variables, is.symbol, NA) & seq_along(variables) != attr(terms, "response")
  within <- unlist(lapply(variables[!alone], variable_names))
  names <- known_names(setdiff(vapply(variables[alone], as.character, ""), within), names(data))
  intersect(dates, names)
}

# The kinds of columns, with a mark for those that were dates.
mark_dates <- function(columns, dated) {
  for (name in dated) columns[[name]]$dates <- "parts"
  columns
}
