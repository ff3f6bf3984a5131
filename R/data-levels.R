# Levels that the training data do not have. As an encoding's `new_levels` says, they are an error
# (the default), or with "NA" they count as missing values.

check_new_levels <- function(new_levels, call) {
  check_choice(new_levels, c("error", "NA"), "new_levels", call)
}

# A record for the unseen levels of one data set: an environment of `allowed` and `found`, a list of
# list(rows, levels) by column. `weightless`: its rows of weight 0, whose unseen levels are replaced
# and only recorded in `blank` (see data-blank.R).
new_levels_record <- function(encoding, weightless = integer()) {
  list2env(
    list(
      allowed = identical(encoding$new_levels, "NA"), found = list(), weightless = weightless,
      blank = integer()
    ),
    parent = emptyenv()
  )
}

# The values of a column or term, with unseen levels as NA. Without a record, or if it does not
# allow them, they are an error. `declared`: see declared_levels(); those levels are kept.
known_values <- function(values, levels, variable, name, call, unseen = NULL, declared = NULL) {
  rows <- which(!is.na(values) & !values %in% c(levels, declared$levels))
  if (length(unseen$weightless) > 0) {
    blank <- intersect(rows, unseen$weightless)
    unseen$blank <- union(unseen$blank, blank)
    values[blank] <- levels[1]
    rows <- setdiff(rows, blank)
  }
  if (length(rows) == 0) {
    return(values)
  }
  if (!is.null(unseen) && unseen$allowed) {
    unseen$found[[variable]] <- list(rows = rows, levels = values[rows])
    return(replace(values, rows, NA))
  }
  unknown <- unique(values[rows])
  abort_input(c(
    paste0(
      "Column {.field {variable}} of {.arg {name}} must contain only levels of the training ",
      "data."
    ),
    x = "It has the unseen level{?s} {.val {unknown}}.",
    i = "The training data have {.val {levels}}.",
    i = if (!is.null(unseen)) new_levels_hint
  ), call)
}

new_levels_hint <- "Use {.code new_levels = \"NA\"} to treat unseen levels as missing values."

unseen_rows <- function(unseen) {
  as.integer(sort(unique(unlist(lapply(unseen$found, `[[`, "rows")))))
}

# Adds what was found in some rows of the data.
add_unseen <- function(unseen, part, rows) {
  for (variable in names(part$found)) {
    found <- part$found[[variable]]
    found$rows <- rows[found$rows]
    unseen$found[[variable]] <- found
  }
  unseen$blank <- union(unseen$blank, rows[part$blank])
}

# Tells how many rows of the data have unseen levels, and what happens to them.
report_new_levels <- function(unseen, rows, name, effect) {
  found <- unseen$found
  if (length(found) == 0) {
    return(invisible())
  }
  inform_new_levels(
    paste0(
      "{affected} of {rows} row{?s} of {.arg ", literal(name), "} {cli::qty(affected)}",
      "{?has/have} levels that the training data do not have: ", effect, "."
    ),
    found, rows, unseen_rows(unseen)
  )
}

# `start` is the first line of the message; `found`: list(rows, levels) by column; `which`: the rows
# affected, of `rows` rows.
inform_new_levels <- function(start, found, rows, which) {
  affected <- length(which)
  columns <- names(found)
  levels <- lapply(found, function(column) unique(column$levels))
  counts <- lengths(lapply(found, `[[`, "rows"))
  shown <- seq_len(min(length(columns), 5))
  cli::cli_inform(
    c(
      start,
      stats::setNames(
        sprintf(
          "Column {.field {columns[%d]}}: {.val {levels[[%d]]}} ({counts[%d]} row{?s})",
          shown, shown, shown
        ),
        rep("*", length(shown))
      ),
      if (length(columns) > 5) c("*" = "and {length(columns) - 5} more column{?s}")
    ),
    class = "backprop_message_new_levels", new_levels = levels, counts = counts, rows = which
  )
}

# 0 for each row of the data, NA for those with unseen levels: a column for na.action; NULL if there
# are none.
unseen_mask <- function(unseen, rows) {
  at <- unseen_rows(unseen)
  if (length(at) > 0) replace(numeric(rows), at, NA)
}

# Whether each row's class is known; unseen classes are recorded if they are allowed.
has_known_class <- function(y, outcome, unseen, rows = seq_len(NROW(y))) {
  known <- rep(TRUE, NROW(y))
  if (is.data.frame(y) && ncol(y) == 1) y <- y[[1]]
  if (is.null(outcome$levels) || !unseen$allowed ||
    !(is.factor(y) || is.character(y) || is.logical(y)) || !is.null(dim(y))) {
    return(known)
  }
  values <- as_utf8(as.character(y))
  known <- is.na(values) | values %in% outcome$levels | rows %in% unseen$weightless
  if (!all(known)) {
    unseen$found[[outcome$names]] <- list(rows = rows[!known], levels = values[!known])
  }
  known
}

# The coding of levels is a matrix, levels x columns, or "contr.treatment": a column for each level
# but the first, with 1 for its rows. It is not a table, which would have a number for each pair of
# levels.

coding_width <- function(coding, levels) if (is.matrix(coding)) ncol(coding) else length(levels) - 1

coding_labels <- function(coding, levels) {
  if (!is.matrix(coding)) levels[-1] else colnames(coding) %||% seq_len(ncol(coding))
}

# The rows of a coding for the numbers of levels, NA for a missing one. `shares`: the proportions of
# the levels, whose mean is the row of the number after the last level (see level_codes()). With
# `coded`, many levels keep their numbers (see new_codes()).
code_levels <- function(codes, levels, coding, shares = NULL, coded = FALSE) {
  if (coded && has_codes(levels, coding)) {
    part <- list(codes = codes - 1L, width = length(levels) - 1L, shares = shares[-1])
    return(cross_levels(list(part)))
  }
  further <- which(codes > length(levels))
  if (is.matrix(coding)) {
    if (length(further) > 0) coding <- rbind(coding, mean_codes(shares, coding))
    return(unname(coding[codes, , drop = FALSE]))
  }
  X <- matrix(0, length(codes), length(levels) - 1)
  at <- which(codes > 1 & codes <= length(levels))
  X[cbind(at, codes[at] - 1L)] <- 1
  if (length(further) > 0) X[further, ] <- rep(mean_codes(shares, coding), each = length(further))
  X[is.na(codes), ] <- NA
  X
}

# The codes of a level that is only declared: the mean of those of the known levels.
mean_codes <- function(shares, coding) {
  if (is.matrix(coding)) as.vector(shares %*% coding) else shares[-1]
}

# The coding of levels by contrasts of this name: a matrix, or the name itself for treatment
# contrasts, which need no table. model.matrix() finds the function from the namespace of stats.
# NULL if it is not usable: model.matrix() then signals the error.
contrasts_table <- function(name, levels) {
  if (identical(name, "contr.treatment")) {
    return(name)
  }
  table <- tryCatch(
    get(name, asNamespace("stats"), mode = "function")(levels, contrasts = TRUE),
    error = function(e) NULL
  )
  if (is.matrix(table) && is.numeric(table) && nrow(table) == length(levels)) table
}

# Whether factors have R's treatment contrasts by default.
has_treatment <- function(ordered) {
  identical(default_contrasts(ordered), "contr.treatment") &&
    identical(get("contr.treatment", mode = "function"), stats::contr.treatment)
}

default_contrasts <- function(ordered) as.character(getOption("contrasts"))[1 + ordered]

# The numbers of levels of those columns that have treatment contrasts. `contrasts`: those that the
# call names, by column.
treatment_levels <- function(columns, contrasts = NULL) {
  unlist(Map(function(x, name) {
    if (!(is.factor(x) || is.character(x)) || !is.null(attr(x, "contrasts"))) {
      return(0L)
    }
    coding <- contrasts[[name]] %||% if (has_treatment(is.ordered(x))) "contr.treatment"
    if (!identical(coding, "contr.treatment")) {
      return(0L)
    }
    length(if (is.factor(x)) unique(as.integer(x)) else unique(x))
  }, columns, names(columns)))
}
