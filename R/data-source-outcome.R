# The outcome, weights and offsets of a source: numbers are kept in a file like the inputs.

# Collects the outcomes of blocks: list(add, all). Numbers are written to a file of the store; other
# outcomes, and all if there is no store, are combined in memory.
outcome_writer <- function(store) {
  blocks <- list()
  writer <- NULL
  columns <- NULL
  empty <- NULL
  add <- function(y) {
    is_plain <- !is.null(store) && is.numeric(y) && !is.object(y)
    if (is_plain && NROW(y) == 0) {
      empty <<- y
      return()
    }
    if (is_plain && length(blocks) == 0 && (is.null(writer) || identical(columns, NCOL(y)))) {
      if (is.null(writer)) {
        columns <<- NCOL(y)
        writer <<- rows_writer(store, fill_names(colnames(y)) %||% rep(NA_character_, columns))
      }
      return(writer$add(matrix(as.double(y), NROW(y))))
    }
    if (!is.null(writer)) blocks <<- list(outcome_in_memory(writer$rows()))
    writer <<- NULL
    blocks[[length(blocks) + 1]] <<- y
  }
  list(add = add, all = function() {
    if (!is.null(writer)) writer$rows() else combine_blocks(blocks) %||% empty
  })
}

# The same for weights or offsets, which all blocks have or none. Numbers are then in a file (see
# source-numbers.R).
numbers_writer <- function(store) {
  writer <- outcome_writer(store)
  columns <- NULL
  add <- function(numbers) {
    if (is.null(numbers)) {
      return()
    }
    columns <<- dim(numbers)[2]
    writer$add(numbers)
  }
  list(add = add, all = function() {
    numbers <- writer$all()
    if (is_stored(numbers)) new_numbers(numbers, !is.null(columns)) else numbers
  })
}

combine_blocks <- function(blocks) {
  if (all(vapply(blocks, is.null, NA))) {
    return(NULL)
  }
  is_table <- length(dim(blocks[[1]])) == 2
  do.call(if (is_table) rbind else c, blocks)
}
