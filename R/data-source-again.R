# Reads a source for a fit.

# The raw frame of a fit's formula for a source, for nn_continue() and held-out data, as
# read_formula_again() reads a data frame.
read_source_again <- function(fit, source, weights, offset, name, store, call, least_rows = 1) {
  # what other processes and the choice of a calibration set need is in memory
  of_rows <- if (is.null(fit$encoding$calibration) && least_rows > 0) store
  outcome <- outcome_writer(of_rows)
  writers <- list(
    weights = numbers_writer(of_rows), offset = numbers_writer(of_rows),
    encoded = numbers_writer(of_rows)
  )
  parts <- list(blank = list(), dropped = list())
  writer <- NULL
  coded <- FALSE
  used <- 0
  all <- each_block(source, function(block, before) {
    rows <- before + seq_len(nrow(block))
    frame <- read_formula_again(
      fit, block, take_rows(weights, rows), take_rows(offset, rows), name, call,
      least_rows = 0
    )
    check_whole_inputs(frame$encoded$X, name, call, used)
    if (nrow(frame$raw) > 0) {
      if (is.null(writer)) {
        coded <<- is_mostly_codes(frame$encoded$X)
        writer <<- rows_writer(if (!coded) store, fit$inputs)
      }
      writer$add(if (coded) frame$encoded$X else decoded(frame$encoded$X))
    }
    number <- length(parts$blank) + 1
    y <- frame$y
    outcome$add(if (is.null(dim(y))) unname(y) else unname_rows(y))
    writers$weights$add(frame$weights)
    writers$offset$add(frame$offset)
    writers$encoded$add(frame$encoded$offset)
    parts$blank[[number]] <<- used + frame$blank$inputs
    dropped <- frame$na.action
    if (length(dropped) > 0) {
      parts$dropped[[number]] <<- before + as.vector(dropped)
      attr(parts, "class of rows") <<- class(dropped)
    }
    used <<- used + nrow(frame$raw)
  }, call)
  if (used < least_rows) {
    abort_input(c(
      "{.arg {name}} has no rows to use.",
      x = "The source has {all} row{?s}{if (all > 0) ', all with missing values'}."
    ), call)
  }
  check_extras(list(weights = weights, offset = offset), all, call)
  dropped <- unlist(parts$dropped)
  found <- lapply(c(list(outcome = outcome), writers), function(writer) writer$all())
  if (coded) {
    found$outcome <- outcome_in_memory(found$outcome)
    found <- lapply(found, numbers_in_memory)
  }
  frame <- new_frame(
    structure(list(), class = "data.frame", row.names = .set_row_names(used)),
    list(
      X = if (used > 0) writer$rows() else no_rows_of(fit),
      offset = found$encoded
    ), fit$encoding,
    found$outcome, fit$encoding$outcome$names[1],
    weights = found$weights, offset = found$offset,
    na.action = if (length(dropped) > 0) {
      structure(dropped, class = attr(parts, "class of rows"))
    },
    name = name
  )
  blank_frame(frame, unlist(parts$blank), fit$encoding$outcome$levels)
}

no_rows_of <- function(fit) {
  matrix(0, 0, length(fit$inputs), dimnames = list(NULL, fit$inputs))
}
