# Reads a source for a formula, as read_formula() reads a data frame: the first pass gathers what
# depends on all rows (the rows that are used, levels, the outcome, weights and offsets), the second
# encodes the rows and writes them to a file.

# The raw frame of a formula for a source. Its `raw` has no columns, the numbers of the rows as row
# names, and the attributes `prototype`, a few rows, and `rows of source`, the number of all rows.
# Its `encoded$X` is in a file of `store`, or in memory if that is NULL or if most of its columns
# are coded. Of several processes (see data-ranks.R) each has a source of its own rows.
read_source <- function(formula, source, extras, na.action, contrasts, calibration, store, call,
                        ranks = NULL, dates = NULL, missing = NULL) {
  na.action <- check_source_na_action(na.action, call)
  check_contrasts(contrasts, call)
  dates <- check_dates(dates, call)
  # what other processes and the choice of a calibration set need is in memory
  of_rows <- if (is.null(calibration) && is.null(ranks)) store
  gather <- function(fill) {
    gather_source(formula, source, extras, na.action, call, ranks, dates, of_rows, fill)
  }
  # first filled from all rows, until it is known which are trained on
  values <- if (check_missing(missing, call) == "indicator") {
    gather_values(formula, source, dates, store, call)
  }
  filled <- describe_values(values)
  seen <- gather(known_fill(values, filled))
  given <- seen$y
  label <- derived_text(deparse1(formula[[2]]))
  if (seen$used > 0) check_outcome_kind(given, label, call)
  y <- blank_outcome(given, seen$weights)
  drawn <- if (is.null(ranks)) draw_calibration(calibration, y$y, seen$weights, call)
  training <- rows_without(seen$used, drawn$rows)
  if (!is.null(values)) {
    gaps <- describe_values(values, used_rows(seen)[training], seen$weights[training])
    if (!identical(gaps$fill, filled$fill)) {
      again <- gather(known_fill(values, gaps))
      of_inputs <- c("terms", "prototype", "columns", "levels", "examples", "fill")
      seen[of_inputs] <- again[of_inputs]
    }
    seen$gaps <- gaps
  }
  for (name in names(seen$levels)) {
    values <- seen$prototype[[name]]
    if (is.factor(values) && is.null(contrasts[[name]])) {
      own_contrasts(values, seen$levels[[name]]$used, name)
    }
  }
  warn_of_found_identifiers(Map(
    function(found, values) {
      identifies_rows(found$used[!is.na(found$used)], found$rows, is.character(values))
    },
    stats::setNames(seen$levels, derived_text(names(seen$levels))),
    seen$prototype[names(seen$levels)]
  ))
  kept_terms <- portable_terms(seen$terms, NULL, seen$where, seen$constants, call)
  encoding <- formula_encoding(
    mark_dates(seen$columns, seen$dated), kept_terms, variables_with_levels(seen), na.action,
    # vectors of all rows come from nn_cv()
    Filter(function(extra) is.language(extra) || length(extra) < 2, seen$extras), seen$names
  )
  if (is.null(ranks)) {
    encoding$declared <- declared_in_source(seen, encoding$xlevels, source, training, call)
  }
  levels <- term_levels(seen$terms, columns_of_levels(seen), contrasts)
  if (is_best_coded(levels, seen$total)) encoding$coded <- TRUE
  key <- if (seen$used > 0) key_of_rows(encoding, source, seen, contrasts, store, ranks$rank)
  encoded <- find_kept_rows(store, key, seen$used) %||% keep_rows(
    encode_source(c(encoding, list(contrasts = contrasts)), source, seen, store, of_rows, call),
    store, key
  )
  if (!is.null(ranks)) encoded <- share_encoded(encoded, ranks)
  if (is_coded(encoded$X)) {
    y$y <- outcome_in_memory(y$y)
    seen[c("weights", "offset")] <- lapply(seen[c("weights", "offset")], numbers_in_memory)
    encoded["offset"] <- list(numbers_in_memory(encoded$offset))
  } else {
    encoding$coded <- NULL
  }
  encoding$contrasts <- encoded$contrasts
  encoding$missing <- encoded$missing
  frame <- new_frame(
    structure(
      list(),
      class = "data.frame", row.names = if (is.null(seen$kept)) {
        .set_row_names(seen$used)
      } else {
        used_rows(seen)
      }, prototype = seen$block, "rows of source" = sum(seen$sizes)
    ),
    encoded[c("X", "offset")], encoding, y$y, label,
    weights = seen$weights, offset = seen$offset, has_offset_argument = !is.null(extras$offset),
    calibration = drawn, na.action = seen$na.action
  )
  frame <- blank_frame(frame, encoded$blank)
  frame$blank$outcome <- y$rows
  if (is.null(ranks)) {
    return(frame)
  }
  frame <- name_cases(frame, source$cases, sum(seen$sizes))
  share_frame(frame, given, ranks, sum(seen$sizes), "data", call, source$cases, calibration)
}

# The numbers of the rows that are used.
used_rows <- function(seen) {
  if (is.null(seen$kept)) {
    return(seq_len(seen$used))
  }
  unlist(Map(
    function(kept, size, before) before + (kept %||% seq_len(size)),
    seen$kept, seen$sizes, cumsum(c(0L, seen$sizes))[seq_along(seen$sizes)]
  ))
}

# The first pass. Returns a list:
#   terms, where, constants, extras   as in read_formula(), for the columns `names`
#   prototype  the variables behind the inputs in one block
#   columns    the kinds of the raw columns
#   levels     for each text variable list(levels, used, rows): all levels in order, those that
#              occur in rows of positive weight, and the number of such rows where it is not missing
#   y, weights, offset   of all rows used; `used`: their number. Numbers are in files if there is a
#              `store`
#   total      their number in all processes
#   kept       the rows of each block that are used, or NULL if all are
#   na.action  the rows dropped
#   dated      the names of the columns of dates that become numbers
#   digest     of the columns that are used
#   fill       see known_fill(), or NULL
gather_source <- function(formula, source, extras, na.action, call, ranks = NULL,
                          dates = "error", store = NULL, fill = NULL) {
  seen <- list(where = environment(formula) %||% globalenv(), used = 0, selected = 0)
  seen$fill <- fill
  seen[c("kept", "dropped")] <- list(list())
  seen$y <- outcome_writer(store)
  seen$weights <- numbers_writer(store)
  seen$offset <- numbers_writer(store)
  seen$outcome <- formula[[2]]
  add_block <- function(block, before) {
    block <- check_formula_data(block, call)
    if (is.null(seen$names)) {
      seen$names <<- names(block)
      formula <<- local_symbols(formula, names(block))
      seen$extras <<- extras <<- lapply(extras, local_symbols, names(block))
      seen$terms <<- formula_terms(formula, block, call)
      seen["dated"] <<- list(if (dates == "parts") date_columns(block, seen$terms))
      seen$block <<- convert_dates(block[seq_len(min(nrow(block), 10)), , drop = FALSE], seen$dated)
      seen$needed <<- intersect(
        names(block),
        known_names(unique(c(all.vars(seen$terms), unlist(lapply(extras, all.vars)))), names(block))
      )
    }
    seen <<- gather_block(seen, convert_dates(block, seen$dated), before, na.action, call)
  }
  rows <- each_block(source, add_block, call)
  seen <- order_levels(seen)
  if (!is.null(ranks)) seen <- share_columns(seen, ranks, call)
  if (is.null(seen$names)) {
    abort_input(c("{.arg data} has no rows to use.", x = "The source has 0 rows."), call)
  }
  if (seen$used == 0 && is.null(ranks)) {
    abort_input(c(
      "{.arg data} has no rows to use.",
      x = "All {rows} row{?s} have missing values or are not selected by {.arg subset}."
    ), call)
  }
  seen$total <- seen$total %||% seen$used
  seen$y <- seen$y$all()
  seen["weights"] <- list(seen$weights$all())
  seen["offset"] <- list(seen$offset$all())
  if (all(vapply(seen$kept, is.null, NA))) seen$kept <- NULL
  if (length(seen$dropped) > 0) {
    rows <- unlist(seen$dropped)
    seen$na.action <- structure(rows, class = attr(seen$dropped, "class of rows"))
  }
  seen
}

gather_block <- function(seen, block, before, na.action, call) {
  terms <- seen$terms
  rows <- nrow(block)
  variables <- collect_variables(terms, block, seen$where, call, whole = FALSE)
  seen$constants <- variables$constants
  filled <- fill_known(variables$frame, seen$fill)
  # vectors of all rows come from nn_cv()
  given <- vapply(seen$extras, function(extra) !is.language(extra) && length(extra) > 1, NA)
  extra_values <- seen$extras
  extra_values[given] <- lapply(seen$extras[given], take_rows, before + seq_len(rows))
  extra_values[!given] <- in_formula(lapply(seen$extras[!given], eval, block, seen$where), call)
  data <- with_filled(block, filled, names(seen$fill$values))
  frame <- frame_of(terms, data, extra_values, na.action, rows, call, least_rows = 0)
  check_row_functions(frame, seen, variables, data, call)
  inputs <- input_variables(frame, attr(terms, "response"))
  check_input_kinds(inputs, call)
  of_block <- frame[["(row)"]]
  weights <- frame[["(weights)"]]
  number <- length(seen$sizes) + 1
  known <- seen$levels
  seen <- gather_columns(seen, variables$frame, inputs, attr(frame, "terms"), weights, call)
  seen$examples <- add_examples(seen$examples, known, inputs, filled, of_block)
  y <- plain_outcome(stats::model.response(frame))
  seen$y$add(name_outputs(if (is.null(dim(y))) unname(y) else unname_rows(y), seen$outcome))
  seen$weights$add(weights)
  seen$offset$add(frame[["(offset)"]])
  seen$sizes[number] <- rows
  seen$kept[number] <- list(if (!identical(of_block, seq_len(rows))) of_block)
  dropped <- attr(frame, "na.action")
  if (length(dropped) > 0) {
    seen$dropped[[length(seen$dropped) + 1]] <- stats::setNames(
      as.integer(seen$selected + dropped), before + as.integer(names(dropped))
    )
    attr(seen$dropped, "class of rows") <- class(dropped)
  }
  seen$selected <- seen$selected + nrow(frame) + length(dropped)
  seen$used <- seen$used + nrow(frame)
  seen$digest <- core_block_digest(
    lapply(block[seen$needed], plain_column), seen$digest %||% raw()
  )
  seen
}

plain_column <- function(x) if (is.factor(x)) as.character(x) else x

# The variables behind the inputs, each text variable with all levels that occur.
variables_with_levels <- function(seen) {
  variables <- as.list(seen$prototype)
  for (name in names(seen$levels)) {
    found <- seen$levels[[name]]
    variables[[name]] <- if (is.factor(variables[[name]])) {
      factor(character(), found$levels[found$levels %in% found$used], exclude = NULL)
    } else {
      found$used
    }
  }
  variables
}

# The variables behind the inputs; those of text have each level that occurs once.
columns_of_levels <- function(seen) {
  columns <- as.list(seen$prototype)
  for (name in names(seen$levels)) {
    found <- seen$levels[[name]]
    values <- columns[[name]]
    columns[[name]] <- if (is.factor(values)) {
      used <- factor(found$used, found$levels, exclude = NULL, ordered = is.ordered(values))
      structure(used, contrasts = attr(values, "contrasts"))
    } else {
      found$used
    }
  }
  columns
}

# The second pass: list(X, offset, contrasts), as encode_terms() returns them, `missing` of the
# encoding, and `blank`, the rows of weight 0 that can't be encoded. `of_rows`: the store for
# offsets that are numbers of the formula, or NULL.
encode_source <- function(encoding, source, seen, store, of_rows, call) {
  out <- list(offset = numbers_writer(of_rows))
  width <- 1
  digest <- raw()
  number <- 0
  done <- 0
  encode <- function(data, rows) {
    none <- weightless_rows(part_of(seen$weights, done + seq_along(rows)))
    unseen <- new_levels_record(NULL, none)
    filled <- fill_columns(data, seen$gaps$fill)
    encoded <- encode_terms(encoding, filled, "data", call, rows, unseen)
    # rows in a file are not coded
    if (!is.null(store) && is_coded(encoded$X) && !is_mostly_codes(encoded$X)) {
      encoding$coded <<- NULL
      encoded <- encode_terms(encoding, filled, "data", call, rows, unseen)
    }
    if (!is.null(seen$gaps) && is.null(out$missing)) {
      out$missing <<- mark_labels(seen$gaps, colnames(encoded$X))
    }
    encoded <- add_marks(encoded, data, out$missing, rows)
    valid <- blank_inputs(encoded$X, none)
    encoded$X <- valid$X
    out$blank[[length(out$blank) + 1]] <<- done + union(unseen$blank, valid$rows)
    check_whole_inputs(encoded$X, "data", call, done)
    if (is.null(out$writer)) {
      out$contrasts <<- encoded$contrasts
      out$writer <<- rows_writer(if (!is_coded(encoded$X)) store, colnames(encoded$X))
      width <<- numbers_in_row(encoded$X)
    }
    out$writer$add(encoded$X)
    out$offset$add(encoded$offset)
    done <<- done + length(rows)
  }
  each_block(source, function(block, before) {
    number <<- number + 1
    block <- convert_dates(check_formula_data(block, call), seen$dated)
    digest <<- core_block_digest(lapply(block[seen$needed], plain_column), digest)
    rows <- seen$kept[[number]] %||% seq_len(nrow(block))
    data <- as_known_columns(
      collect_variables(seen$terms, block, seen$where, call, whole = FALSE)$frame, seen
    )
    if (length(rows) > 0 && is.null(out$writer)) {
      first <- seq_len(min(length(rows), 100))
      encode(data, rows[first])
      rows <- rows[-first]
    }
    at_once <- rows_at_once(width)
    for (begin in seq_len(ceiling(length(rows) / at_once)) * at_once - at_once) {
      encode(data, rows[seq(begin + 1, min(begin + at_once, length(rows)))])
    }
  }, call)
  if (done != seen$used || !identical(digest, seen$digest %||% raw())) abort_changed(source, call)
  list(
    X = if (done > 0) out$writer$rows(), offset = out$offset$all(),
    contrasts = out$contrasts, blank = unlist(out$blank), missing = out$missing
  )
}
