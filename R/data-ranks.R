# Data frames, sources and sparse matrices of processes that train together. Each process reads and
# encodes its own rows. What depends on all rows is exchanged: the columns and their levels before
# the rows are encoded, the outcome, weights and offsets afterwards.

# A source that returns the rows of a data frame as one block. Vectors that are not among its
# columns may then have a value for each row.
source_of_frame <- function(data, call) {
  if (!is.data.frame(data)) {
    abort_input(c(
      "With {.arg communicator}, {.arg data} must be a data frame or a source.",
      x = "You supplied {describe(data)}."
    ), call)
  }
  data <- as.data.frame(data)
  source <- new_source(
    blocks_of_rows(nrow(data), nrow(data), function(rows) data),
    paste("a data frame of", counted(nrow(data), "row")),
    call = call
  )
  source$cases <- case_names(data)
  source
}

# A frame of such a source with its row names, or the numbers of the rows if some were dropped.
name_cases <- function(frame, cases, of) {
  frame["names"] <- list(kept_names(cases, attr(frame$raw, "row.names"), of))
  if (!is.null(cases) && !is.null(frame$na.action)) {
    names(frame$na.action) <- cases[as.integer(names(frame$na.action))]
  }
  frame
}

# What is not computed over processes.
check_rank_options <- function(options, call) {
  for (name in c("missing", "dates")) {
    asked <- c(missing = "indicator", dates = "parts")[[name]]
    if (identical(options[[name]], asked)) {
      abort_argument(c(
        "{.code {name} = {.val {asked}}} can't be used with {.arg communicator}.",
        i = if (name == "dates") {
          "Compute numbers from the dates before the call."
        } else {
          "Impute the missing values, and add columns that mark them, before the call."
        }
      ), call)
    }
  }
}

# The record of gather_source() with the columns and levels of all processes. The outcome, weights
# and numbers of rows remain those of this one. A process without rows gets everything it needs.
share_columns <- function(seen, ranks, call) {
  of_columns <- c("columns", "unknown", "prototype", "terms", "levels")
  shared <- c("names", "extras", "needed", "constants", "block", "used", of_columns)
  own <- stats::setNames(seen[shared], shared)
  if (!is.null(seen$names)) {
    own$prototype <- own$prototype[seq_len(min(nrow(own$prototype), 1)), , drop = FALSE]
    attr(own$terms, ".Environment") <- NULL
  }
  all <- each_rank(ranks, own, "columns")
  there <- which(!vapply(all, function(part) is.null(part$names), NA))
  seen$total <- sum(vapply(all, `[[`, 0, "used"))
  if (seen$total == 0) abort_no_shared_rows("data", ranks, call)
  first <- all[[there[1]]]
  check_equal_parts(all, there, "names", "columns", call)
  check_equal_parts(all, there, "constants", "constants of the formula", call)
  if (is.null(seen$names)) {
    seen[shared] <- first[shared]
    seen[c("sizes", "used")] <- list(0L, 0)
  }
  joined <- list()
  for (rank in there) joined <- combine_columns(joined, all[[rank]][of_columns], call)
  for (name in names(joined$columns)) {
    if (identical(joined$columns[[name]]$type, "factor")) {
      joined$columns[[name]]$levels <- joint_levels(
        lapply(all[there], function(part) part$columns[[name]]$levels), name, call
      )
    }
  }
  for (name in names(joined$levels)) {
    levels <- lapply(all[there], function(part) part$levels[[name]]$levels)
    if (!is.null(levels[[1]])) {
      joined$levels[[name]]$levels <- joint_levels(levels, name, call)
    }
  }
  attr(joined$terms, ".Environment") <- seen$where
  seen[of_columns] <- joined[of_columns]
  seen
}

# Something that the data of all processes with rows must have in common.
check_equal_parts <- function(all, there, element, what, call) {
  hashes <- vapply(all[there], function(part) hash_of(part[[element]]), "")
  other <- which(hashes != hashes[1])
  if (length(other) > 0) {
    abort_input(c(
      "The data of all processes must have the same {what}.",
      x = "Those of rank {there[other[1]] - 1} differ from those of rank {there[1] - 1}."
    ), call)
  }
}

abort_no_shared_rows <- function(name, ranks, call) {
  abort_input(c(
    "{.arg {name}} must have rows to use in at least one of the processes.",
    x = "None of the {ranks$size} processes has any."
  ), call)
}

# A few rows that have the types of the columns of a data frame in all processes, and all levels
# that occur in one of them. `data`: the rows of this process, without those of weight 0.
sample_of_levels <- function(data, ranks, call) {
  all <- each_rank(ranks, lapply(data, function(x) {
    text <- (is.factor(x) || is.character(x)) && is.null(dim(x))
    values <- if (text) as.character(x)
    list(
      first = take_rows(x, seq_len(min(1, NROW(x)))), levels = levels(x),
      used = unique(values[!is.na(values)]), rows = sum(!is.na(values))
    )
  }), "columns")
  names(all) <- seq_along(all)
  there <- Filter(function(part) NROW(part[[1]]$first) > 0, all)
  if (length(there) == 0) abort_no_shared_rows("X", ranks, call)
  columns <- lapply(stats::setNames(names(data), names(data)), function(name) {
    parts <- lapply(there, `[[`, name)
    used <- unique(unlist(lapply(parts, `[[`, "used"), use.names = FALSE))
    list(
      first = parts[[1]]$first, used = used,
      levels = if (is.factor(parts[[1]]$first)) {
        joint_levels(unname(lapply(parts, `[[`, "levels")), name, call)
      },
      rows = sum(vapply(parts, function(part) as.double(part$rows), 0))
    )
  })
  warn_of_found_identifiers(lapply(columns, function(column) {
    if (length(column$used) > 0) identifies_rows(column$used, column$rows)
  }))
  rows <- max(1, lengths(lapply(columns, `[[`, "used")))
  sample <- lapply(columns, function(column) {
    first <- column$first
    if (is.factor(first)) {
      values <- if (length(column$used) > 0) rep_len(column$used, rows) else rep(NA, rows)
      x <- factor(values, column$levels, exclude = NULL, ordered = is.ordered(first))
      attr(x, "contrasts") <- attr(first, "contrasts")
      return(x)
    }
    if (length(column$used) > 0) rep_len(column$used, rows) else take_rows(first, rep(1, rows))
  })
  structure(sample, class = "data.frame", row.names = .set_row_names(rows))
}

# The encoded rows of this process. If it has none, it gets a matrix without rows from another one,
# of the same kind.
share_encoded <- function(encoded, ranks) {
  of_inputs <- if (!is.null(encoded$X)) {
    list(
      X = if (is_stored(encoded$X)) {
        matrix(0, 0, ncol(encoded$X), dimnames = list(NULL, colnames(encoded$X)))
      } else {
        encoded$X[0, , drop = FALSE]
      },
      contrasts = encoded$contrasts
    )
  }
  all <- Filter(Negate(is.null), each_rank(ranks, of_inputs, "inputs"))
  if (is.null(encoded$X)) encoded[c("X", "contrasts")] <- all[[1]]
  if (!all(vapply(all, function(part) is_coded(part$X), NA))) encoded$X <- decoded(encoded$X)
  encoded
}

# A raw frame of this process's rows as one of all rows: its `encoded$X` is a shared matrix, and
# whatever else belongs to the rows is stacked. `y`: the outcome as supplied, in which rows of
# weight 0 have not been replaced; `of`: the number of rows that this process supplied, with the
# row names `cases` or NULL; `calibration`: the fraction to draw; `levels`: the classes of a fit.
share_frame <- function(frame, y, ranks, of, name, call, cases = NULL, calibration = NULL,
                        levels = NULL) {
  X <- frame$encoded$X
  dropped <- frame$na.action
  used <- nrow(frame$raw)
  all <- each_rank(ranks, list(
    used = used, of = of, selected = used + length(dropped), names = frame$names,
    cases = !is.null(cases) || of == 0, dropped = as.integer(dropped), dropped_names =
      names(dropped), class = class(dropped), inputs = frame$blank$inputs
  ), "rows used")
  part <- function(element) lapply(all, `[[`, element)
  before <- function(element) {
    count <- as.double(unlist(part(element)))
    cumsum(c(0, count))[seq_along(count)]
  }
  total <- sum(unlist(part("used")))
  if (total == 0) abort_no_shared_rows(name, ranks, call)
  named <- all(unlist(part("cases")))
  frame$raw <- structure(list(), class = "data.frame", row.names = .set_row_names(total))
  frame$encoded["offset"] <- list(stack_ranks(ranks, frame$encoded$offset, "offset"))
  frame$encoded$X <- share_matrix(X, ranks)
  for (element in c("weights", "offset")) {
    frame[element] <- list(stack_ranks(ranks, frame[[element]], element))
  }
  y <- blank_outcome(stack_ranks(ranks, y, frame$label), frame$weights, levels)
  frame$y <- y$y
  frame$blank <- list(
    inputs = as.integer(unlist(Map(`+`, part("inputs"), before("used")))), outcome = y$rows
  )
  # row names, or if rows were dropped their numbers
  numbers <- Map(function(one, count, first) {
    first + as.integer(if (one$cases) seq_len(count) else one$names %||% seq_len(count))
  }, all, part("used"), before("of"))
  frame["names"] <- list(kept_names(
    if (named) unlist(part("names")), unlist(numbers), sum(unlist(part("of")))
  ))
  at <- as.integer(unlist(Map(`+`, part("dropped"), before("selected"))))
  frame["na.action"] <- list(if (length(at) > 0) {
    names(at) <- unlist(Map(function(names, first) {
      if (named || is.null(names)) names else as.character(first + as.integer(names))
    }, part("dropped_names"), before("of")))
    structure(at, class = Filter(function(class) class != "NULL", unlist(part("class")))[1])
  })
  frame["calibration"] <- list(draw_calibration(calibration, frame$y, frame$weights, call))
  frame
}

# Held-out rows of this process as those of all: list(X, y, weights, offset). NULL stays NULL.
share_held_rows <- function(held, ranks, call) {
  if (is.null(ranks)) {
    return(held)
  }
  for (element in c("y", "weights", "offset")) {
    held[element] <- list(stack_ranks(ranks, held[[element]], element))
  }
  held$X <- share_matrix(held$X, ranks)
  if (nrow(held$X) == 0) abort_no_shared_rows("validation", ranks, call)
  held
}
