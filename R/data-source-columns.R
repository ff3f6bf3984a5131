# What the blocks of a source tell about its columns.

# The kinds of the raw columns, and the levels, with those of a further block.
gather_columns <- function(seen, raw, inputs, terms, weights, call) {
  counted <- if (length(weightless_rows(weights)) > 0) which(weights > 0)
  levels <- list()
  for (name in names(inputs)) {
    x <- inputs[[name]]
    if (!(is.factor(x) || is.character(x))) next
    if (!is.null(counted)) x <- x[counted]
    levels[[name]] <- list(
      levels = levels(x), rows = sum(!is.na(as.character(x))),
      used = if (is.factor(x)) levels(droplevels(x)) else unique(x[!is.na(x)])
    )
  }
  combine_columns(seen, list(
    columns = lapply(raw, raw_kind), unknown = names(Filter(is_unknown, raw)), prototype = inputs,
    terms = terms, levels = levels
  ), call)
}

is_unknown <- function(x) is.logical(x) && all(is.na(x))

# What is known of the columns: list(columns, unknown, prototype, terms, levels), with that of a
# further block. `unknown`: the columns that are missing in all rows so far.
combine_columns <- function(seen, block, call) {
  if (is.null(seen$columns)) {
    seen[names(block)] <- block
    return(seen)
  }
  for (name in setdiff(names(block$columns), block$unknown)) {
    kind <- block$columns[[name]]
    known <- seen$columns[[name]]
    if (name %in% seen$unknown) {
      seen$unknown <- setdiff(seen$unknown, name)
      seen$columns[[name]] <- kind
      seen[c("prototype", "terms")] <- block[c("prototype", "terms")]
    } else if (known$type == "factor" && kind$type == "factor") {
      seen$columns[[name]]$levels <- union(known$levels, kind$levels)
    } else if (!identical(known, kind)) {
      abort_kind("source", c(
        "A column of a source must have the same type in all blocks.",
        x = "Column {.field {name}} is {known$type} first, and {kind$type} later.",
        i = "Convert it when it is read."
      ), call, environment())
    }
  }
  for (name in names(block$levels)) {
    found <- seen$levels[[name]]
    own <- block$levels[[name]]
    seen$levels[[name]] <- list(
      levels = union(found$levels, own$levels), used = union(found$used, own$used),
      rows = sum(found$rows, own$rows)
    )
  }
  seen
}

# A factor that the formula computes, such as factor(w), has the levels of its block; those of all
# rows are found from examples. Adds to the examples, list(rows, late), the raw rows in which levels
# occur that no earlier block had; `late`: the variables with such levels after the first block.
add_examples <- function(examples, known, inputs, raw, of_block) {
  computed <- Filter(function(name) is.factor(inputs[[name]]), setdiff(names(inputs), names(raw)))
  for (name in computed) {
    new <- setdiff(levels(inputs[[name]]), known[[name]]$levels)
    at <- match(new, as.character(inputs[[name]]))
    at <- of_block[at[!is.na(at)]]
    if (length(at) == 0) next
    if (!is.null(known)) examples$late <- union(examples$late, name)
    examples$rows <- rbind(examples$rows, raw[at, , drop = FALSE])
  }
  examples
}

# Puts the levels of computed factors into the order that they have if all rows are computed at
# once.
order_levels <- function(seen) {
  if (length(seen$examples$late) == 0) {
    return(seen)
  }
  predictors <- stats::delete.response(seen$terms)
  frame <- suppressWarnings(tryCatch(
    stats::model.frame(predictors, seen$examples$rows, na.action = stats::na.pass),
    error = function(e) NULL
  ))
  for (name in seen$examples$late) {
    # those of a product of factors may have no rows
    levels <- levels(frame[[name]])
    seen$levels[[name]]$levels <- c(levels, setdiff(seen$levels[[name]]$levels, levels))
  }
  seen
}

# Raw columns with the types and levels of the first pass, so that each block is encoded in the same
# way.
as_known_columns <- function(raw, seen) {
  for (name in names(raw)) {
    kind <- seen$columns[[name]]
    x <- raw[[name]]
    if (kind$type == "factor" && !identical(levels(x), kind$levels)) {
      raw[[name]] <- factor(as.character(x), kind$levels, exclude = NULL, ordered = kind$ordered)
    } else if (kind$type == "character" && is.logical(x)) {
      raw[[name]] <- as.character(x)
    } else if (kind$type == "numeric" && is.logical(x) && is.null(kind$width)) {
      raw[[name]] <- as.double(x)
    }
  }
  raw
}
