# Reads a source for a fit.

# The raw frame of a fit's formula for a source, for nn_continue() and held-out data, as
# read_formula_again() reads a data frame.
read_source_again <- function(fit, source, weights, offset, name, store, call, least_rows = 1) {
  parts <- list(weights = list(), offset = list(), encoded = list(), dropped = list())
  # a fit with weights, offsets or a calibration set has them in memory
  extras <- fit$encoding$replay$extras
  plain <- is.null(weights) && is.null(offset) && is.null(fit$encoding$calibration) &&
    is.null(extras$weights) && is.null(extras$offset) &&
    length(attr(fit$encoding$terms, "offset")) == 0
  outcome <- outcome_writer(if (plain && least_rows > 0) store)
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
    number <- length(parts$weights) + 1
    y <- frame$y
    outcome$add(if (is.null(dim(y))) unname(y) else unname_rows(y))
    parts$weights[number] <<- list(frame$weights)
    parts$offset[number] <<- list(frame$offset)
    parts$encoded[number] <<- list(frame$encoded$offset)
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
  frame <- new_frame(
    structure(list(), class = "data.frame", row.names = .set_row_names(used)),
    list(
      X = if (used > 0) writer$rows() else no_rows_of(fit),
      offset = combine_blocks(parts$encoded)
    ), fit$encoding,
    if (coded) outcome_in_memory(outcome$all()) else outcome$all(), fit$encoding$outcome$names[1],
    weights = combine_blocks(parts$weights), offset = combine_blocks(parts$offset),
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
