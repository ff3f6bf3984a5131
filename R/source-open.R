# Sources: tables that are read in blocks, again and again, each time in the same order.

# A source:
#   open   a function that begins to read, and returns list(read, close): read() returns the next
#          block, a data frame, or NULL at the end; close() is called once, also after an error
#   label  what it is, for print() and messages
#   cache  the folder for its encoded rows, or NULL for the session's temporary folder
#   rows   the numbers of the rows to use, increasing; NULL for all
#   portable  whether it can be sent to another process
#   connection   that of a data base
#   count  the number of its rows, or NULL if it is not known
#   files  the paths of its files, which predictions must not overwrite, or NULL
new_source <- function(open, label, cache = NULL, call = caller_env(), portable = FALSE,
                       count = NULL, files = NULL) {
  if (!is.null(cache)) {
    if (!is_string(cache) || !dir.exists(cache)) {
      abort_argument(c(
        "{.arg cache} must be the path of a folder that exists, or NULL.",
        x = "You supplied {describe(cache)}."
      ), call)
    }
    cache <- normalizePath(cache)
  }
  structure(
    list(
      open = open, label = label, cache = cache, rows = NULL, portable = portable,
      connection = NULL, count = count, files = files
    ),
    class = "nn_source"
  )
}

is_source <- function(x) inherits(x, "nn_source")

# Checks the fields of a source, see new_source().
check_source <- function(source, call, name = "data") {
  whole <- function(x) is.numeric(x) && all(is.finite(x)) && all(x == floor(x) & x >= 0)
  make <- function(x) {
    known <- is.function(x$open) && is_string(x$label) &&
      (is.null(x$rows) || whole(x$rows) && all(diff(c(0, x$rows)) > 0)) &&
      (isTRUE(x$portable) || isFALSE(x$portable)) &&
      (is.null(x$count) || length(x$count) == 1 && whole(x$count)) &&
      (is.null(x$files) || is.character(x$files))
    if (!known) stop("a field has another type")
    made <- new_source(x$open, x$label, x$cache, call, x$portable, x$count, x$files)
    made["rows"] <- list(x$rows)
    made["connection"] <- list(x$connection)
    made
  }
  check_object(source, make, name, "source", call)
}

# Some rows of a source, by their numbers.
source_rows <- function(source, rows) {
  rows <- sort(rows)
  source$rows <- if (is.null(source$rows)) rows else source$rows[rows]
  source
}

# Some of the rows that are used, for folds.
#' @export
`[.nn_source` <- function(x, i) {
  x$rows <- x$rows[i]
  x
}

#' @export
print.nn_source <- function(x, ...) {
  check_source(x, current_env(), "x")
  cat("Source: ", x$label, "\n", sep = "")
  if (!is.null(x$rows)) cat("Rows:   ", counted(length(x$rows), "row"), "\n", sep = "")
  if (!is.null(x$cache)) cat("Cache:  ", x$cache, "\n", sep = "")
  invisible(x)
}

# The most values that are worked on at a time: of wide tables, fewer rows than a block has.
values_at_once <- 2^19

rows_at_once <- function(columns) max(1, values_at_once %/% max(1, columns))

# The number of rows to read at a time: `block_rows`, or if that is NULL as many as have about
# values_at_once values, at most 10,000.
rows_to_read <- function(block_rows, columns) {
  if (is.null(block_rows)) min(1e4, rows_at_once(columns)) else block_rows
}

check_block_rows <- function(block_rows, call) {
  if (!is.null(block_rows)) check_whole(block_rows, "block_rows", call)
}

# Reads a source from its beginning, and calls f(block, before) for each block with rows to use, or
# for parts of a large one: `before` is the number of rows used before. Returns the number of all
# rows used.
each_block <- function(source, f, call) {
  reader <- in_source(source, source$open(), call)
  closed <- FALSE
  close <- function() {
    if (!closed) {
      closed <<- TRUE
      reader$close()
    }
  }
  on.exit(try(close(), silent = TRUE))
  bar <- begin_pass(source$count %||% NA)
  on.exit(end_pass(bar), add = TRUE)
  read <- 0
  used <- 0
  names <- NULL
  repeat {
    block <- in_source(source, reader$read(), call, read)
    if (is.null(block)) break
    check_block(block, names, source, read, call)
    names <- names(block)
    count <- nrow(block)
    if (!is.null(source$rows)) {
      range <- findInterval(read + c(0, count), source$rows)
      block <- block[source$rows[seq_len(range[2] - range[1]) + range[1]] - read, , drop = FALSE]
    }
    read <- read + count
    show_read(bar, read)
    if (nrow(block) == 0) next
    attr(block, "row.names") <- .set_row_names(nrow(block))
    most <- rows_at_once(length(block))
    for (begin in seq(0, nrow(block) - 1, by = most)) {
      part <- if (nrow(block) <= most) {
        block
      } else {
        block[seq(begin + 1, min(begin + most, nrow(block))), , drop = FALSE]
      }
      attr(part, "row.names") <- .set_row_names(nrow(part))
      f(part, used)
      used <- used + nrow(part)
    }
  }
  in_source(source, close(), call, read)
  if (length(source$rows) > 0 && last(source$rows) > read) abort_changed(source, call)
  used
}

# Converts errors of a source to classed errors.
in_source <- function(source, expression, call, read = 0) {
  tryCatch(expression, error = function(e) {
    if (inherits(e, "backprop_error") || is_time_limit(e)) stop(e)
    abort_kind(
      "source",
      c(
        "The source can't be read: {source$label}.",
        x = "After {read} row{?s}: {conditionMessage(e)}"
      ),
      call, environment(),
      parent = e
    )
  })
}

check_block <- function(block, names, source, read, call) {
  if (!is.data.frame(block)) {
    abort_kind("source", c(
      "A block of a source must be a data frame, or NULL at the end.",
      x = "After {read} row{?s}, the source returned {describe(block)}."
    ), call, environment())
  }
  if (!is.null(names) && !identical(names(block), names)) {
    abort_kind("source", c(
      "All blocks of a source must have the same columns.",
      x = "After {read} row{?s}, they are {.field {names(block)}} and not {.field {names}}."
    ), call, environment())
  }
}

abort_changed <- function(source, call) {
  abort_kind("source", c(
    "The source must be the same each time that it is read: {source$label}.",
    x = "Its rows have changed since they were read first.",
    i = paste0(
      "Query a table with {.code ORDER BY} a unique column, and do not change it during ",
      "training."
    )
  ), call, environment())
}

# The opener of a table in memory with this number of rows. `take`: a function of row numbers that
# returns a data frame.
blocks_of_rows <- function(count, block_rows, take) {
  function() {
    at <- 0
    list(
      read = function() {
        if (at >= count) {
          return(NULL)
        }
        rows <- seq(at + 1, min(at + block_rows, count))
        at <<- last(rows)
        take(rows)
      },
      close = function() NULL
    )
  }
}
