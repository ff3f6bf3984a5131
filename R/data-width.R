# The number of inputs that columns become: whether memory suffices for them, and whether a column
# identifies the rows.

# Signals an error before columns are encoded if memory does not suffice. `widths`: the inputs of
# each column or term, by name; `codings`: the levels of each factor that is coded, by name;
# `copies`: how many of the matrix and of each coding exist at the same time; `tables`: the names of
# those codings that are still to be made as tables. `numbers`: how many are stored for each column
# or term.
check_encoding_memory <- function(widths, codings, rows, copies, name, call,
                                  tables = names(codings), numbers = as.double(rows) * widths) {
  bytes <- 8 * copies * (sum(numbers) + sum(as.double(codings[tables])^2))
  if (!may_lack_memory(bytes)) {
    return(invisible())
  }
  cost <- numbers
  shared <- intersect(tables, names(widths))
  cost[shared] <- cost[shared] + as.double(codings[shared])^2
  most <- names(widths)[which.max(cost)]
  width <- widths[[which.max(cost)]]
  levels <- if (most %in% names(codings)) codings[[most]]
  check_memory(
    bytes, paste0("the inputs of `", name, "`"), call,
    c(
      if (is.null(levels)) {
        "{.field {most}} needs the most: it becomes {width} input{?s}."
      } else {
        "Column {.field {most}} needs the most: each of its {levels} level{?s} becomes an input."
      },
      "Remove it from the inputs, or combine rare levels.",
      # a product with a factor has mostly zeros
      if (is.null(levels) && width > few_levels && grepl(":", most, fixed = TRUE)) {
        paste(
          "Or supply the inputs as a sparse matrix, which stores no zeros:",
          "see {.fn Matrix::sparse.model.matrix}."
        )
      }
    )
  )
}

# How many copies of the matrix exist at the same time until training ends.
training_copies <- 8

# The same for a data frame's columns of these kinds. `known`: their coding is known, so that no
# table of it is made. `coded`: they become a coded matrix.
check_columns_memory <- function(kinds, rows, name, call, known = FALSE, coded = FALSE) {
  levels <- lengths(lapply(kinds, function(kind) {
    if (kind$type %in% c("factor", "character")) kind$levels
  }))
  widths <- vapply(kinds, function(kind) if (is.null(kind$width)) 1 else kind$width, 0)
  widths[levels > 0] <- pmax(1, levels[levels > 0] - 1)
  if (coded) widths[levels > few_levels] <- 1
  tables <- if (!known) {
    Filter(
      function(column) !has_treatment(isTRUE(kinds[[column]]$ordered)), names(which(levels > 0))
    )
  }
  check_encoding_memory(
    widths, levels[levels > 0], rows, if (known) 4 else training_copies, name, call, tables
  )
}

# The same for a formula's terms that are columns; `columns`: numbers, or the codes of factors (see
# encode_plain()). `training`: are the data trained on?
check_plain_memory <- function(columns, labels, rows, training, name, call, coded = FALSE) {
  widths <- rep(1, length(columns))
  of_levels <- logical(length(columns))
  for (i in seq_along(columns)) {
    part <- columns[[i]]
    of_levels[i] <- is.list(part)
    if (is.list(part) && !(coded && has_codes(part$levels, part$coding))) {
      widths[i] <- coding_width(part$coding, part$levels)
    }
  }
  if (!may_lack_memory(8 * training_copies * rows * sum(widths))) {
    return(invisible())
  }
  names(widths) <- labels
  levels <- lengths(lapply(columns[of_levels], `[[`, "levels"))
  names(levels) <- labels[of_levels]
  check_encoding_memory(
    widths, levels, rows, if (training) training_copies else 3, name, call, character()
  )
}

# The same for terms of which some are products of factors: those that are `coded` have one number
# in each row and, for each column, its name and a few numbers.
check_crossed_memory <- function(widths, coded, rows, training, name, call) {
  check_encoding_memory(
    widths, stats::setNames(integer(), character()), rows,
    if (training) training_copies else 3, name, call,
    numbers = ifelse(coded, rows + 6 * widths, as.double(rows) * widths)
  )
}

# The same for a formula's terms, from the variables in its model frame. `xlevels`: the levels of
# those that are factors.
check_terms_memory <- function(terms, frame, xlevels, name, call) {
  factors <- attr(terms, "factors")
  if (length(factors) == 0) {
    return(invisible())
  }
  levels <- lengths(xlevels)
  of_variable <- vapply(frame[seq_len(nrow(factors))], NCOL, 0)
  at <- match_names(names(xlevels), names(frame))
  full <- of_variable
  of_variable[at] <- pmax(1, levels - 1)
  full[at] <- levels
  widths <- apply(factors, 2, function(term) prod(of_variable[term == 1], full[term == 2]))
  names(widths) <- attr(terms, "term.labels")
  check_encoding_memory(widths, levels, nrow(frame), 3, name, call)
}

# Signals an error before targets are made of classes if memory does not suffice for a column of
# each level.
check_levels_memory <- function(levels, rows, name, call) {
  check_memory(
    8 * 4 * as.double(rows) * levels, "the targets of the classes", call,
    c(
      "The outcome {.field {name}} has {levels} level{?s}, and each becomes an output.",
      "Combine rare levels, or use numbers as the outcome if the levels identify the rows."
    )
  )
}

# Warns of factor and character columns with levels for at least four fifths of the rows, from 20
# rows on: such a column rather identifies the rows. Also warns of character columns with more than
# 20 values that are all numbers. `columns`: a list or data frame; `weights`: the rows' weights, or
# none; `text`: whether they were supplied as text, if they are factors by now.
warn_of_identifiers <- function(columns, weights = NULL, outcome = FALSE, text = NULL) {
  warn_of_found_identifiers(lapply(columns, function(x) {
    if (is.numeric(weights)) x <- with_weight(x, weights)
    if ((is.factor(x) || is.character(x)) && is.null(dim(x))) {
      text <- text %||% is.character(x)
      if (is.factor(x) && !anyNA(levels(x))) {
        counts <- core_count_codes(x, nlevels(x))
        return(identifies_rows(levels(x)[counts > 0], sum(counts), text))
      }
      x <- as.character(x)
      x <- x[!is.na(x)]
      identifies_rows(unique(x), length(x), text)
    }
  }), outcome)
}

# `found`: what identifies_rows() found of each column, by name.
warn_of_found_identifiers <- function(found, outcome = FALSE) {
  found <- Filter(Negate(is.null), found)
  many <- vapply(found, function(column) column$levels >= 0.8 * column$rows, NA)
  numbers <- vapply(found, `[[`, NA, "numbers")
  warn_of_levels(
    found[many], outcome, "almost as many levels as rows",
    if (!outcome && !all(numbers[many])) {
      "Remove columns that only identify the rows, and combine rare levels."
    }
  )
  warn_of_levels(
    found[!many], outcome, "more than 20 levels",
    "If they are categories, use {.fn factor}."
  )
}

# `what` they have, and `advice` about columns of categories.
warn_of_levels <- function(found, outcome, what, advice) {
  if (length(found) == 0) {
    return(invisible())
  }
  names <- names(found)
  levels <- vapply(found, `[[`, 0, "levels")
  rows <- vapply(found, `[[`, 0, "rows")
  as_text <- names[vapply(found, `[[`, NA, "numbers")]
  cli::cli_warn(c(
    paste0(
      if (outcome) "The outcome" else "{cli::qty(length(names))}Column{?s}",
      " {.field {names}} {?has/have} {what} ({levels[1]} levels in ",
      "{rows[1]} rows{if (length(names) > 1) ', ...'}). Each level becomes an ",
      if (outcome) "output." else "input."
    ),
    i = if (length(as_text) > 0) {
      paste0(
        "{.field {as_text}} {?has/have} numbers stored as text: convert {?it/them} with ",
        "{.fn as.numeric}."
      )
    },
    i = advice
  ), class = "backprop_warning_identifier", call = NULL, columns = names)
}

# list(levels, rows, numbers) for a column with almost as many levels as rows, or of numbers as
# text, else NULL. `levels`: its values; `rows`: the number of rows where it is not missing; `text`:
# is it a character column?
identifies_rows <- function(levels, rows, text = FALSE) {
  many <- length(levels) >= 0.8 * rows
  if (rows < 20 || !many && !(text && length(levels) > 20)) {
    return(NULL)
  }
  numbers <- !anyNA(suppressWarnings(as.numeric(levels)))
  if (many || numbers) {
    list(levels = as.double(length(levels)), rows = as.double(rows), numbers = numbers)
  }
}
