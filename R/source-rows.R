# Encoded rows in a file, which replace the matrix of inputs. A file has nothing but the numbers of
# each row, one row after the other, in double or single precision; the bridge reads it with the
# fields of the list.

# A store: the folder of the files of one call, and what is in them.
#   folder    its path; NULL for the session's temporary folder
#   temporary  the files to be removed when the call ends
#   single    whether rows are stored in single precision once they are standardised
#   written   the names of the files with standardised rows, by what they contain
new_store <- function(folder, single) {
  if (!is.null(folder)) remove_abandoned(folder)
  list2env(
    list(folder = folder, temporary = character(), single = single, written = list()),
    parent = emptyenv()
  )
}

# A path for a new file of a store.
new_file <- function(store) {
  path <- tempfile(
    paste0("rows-", this_machine(), "-", Sys.getpid(), "-"),
    tmpdir = store$folder %||% tempdir(), fileext = ".part"
  )
  store$temporary <- c(store$temporary, path)
  path
}

# What tells the processes of this machine, and of its container, from others of the same number.
this_machine <- function() {
  substring(rlang::hash(c(Sys.info()[["nodename"]], Sys.readlink("/proc/self/ns/pid"))), 1, 12)
}

# Removes the files that processes of this machine left in a folder, because they were killed. On
# Windows it can't be asked whether a process runs without ending it.
remove_abandoned <- function(folder) {
  if (.Platform$OS.type != "unix") {
    return(invisible())
  }
  left <- list.files(folder, paste0("^rows-", this_machine(), "-[0-9]+-.*[.]part$"))
  process <- as.integer(sub("^rows-[^-]*-([0-9]+)-.*$", "\\1", left))
  running <- vapply(process, is_running, NA)
  unlink(file.path(folder, left[!running]))
}

# Removes the files of a call.
close_store <- function(store) {
  # a file that the core still has open takes space, and on Windows it can't be removed
  if (length(store$temporary) > 0) gc()
  unlink(store$temporary)
  store$temporary <- character()
}

# Stored rows:
#   file     the path
#   records  the number of rows in it
#   names    the names of the columns, or NA for each
#   single   are they in single precision?
#   rows     the records that are used, in this order, counted from 1; NULL for all
#   map      whether to map the file into memory where possible
#   store    the store, an environment
#   range    the least and the largest number of standardised rows, before rounding
#   numbers  what rows were standardised with: list(raw, center, scale, constant, clip), where `raw`
#            are the rows before
new_rows <- function(file, records, names, single, store) {
  structure(
    list(
      file = file, records = records, names = names, single = single, rows = NULL,
      map = !isFALSE(getOption("backprop.map_files")), store = store
    ),
    class = "nn_rows"
  )
}

is_stored <- function(X) is.object(X) && inherits(X, "nn_rows")

#' @export
dim.nn_rows <- function(x) {
  x <- unclass(x)
  c(if (is.null(x$rows)) as.integer(x$records) else length(x$rows), length(x$names))
}

#' @export
dimnames.nn_rows <- function(x) {
  names <- unclass(x)$names
  if (!anyNA(names)) list(NULL, names)
}

# Only rows can be selected.
#' @export
`[.nn_rows` <- function(x, i, j, drop = FALSE) {
  if (core_are_all(i, nrow(x))) {
    return(x)
  }
  plain <- unclass(x)
  rows <- if (is.null(plain$rows)) seq_len(plain$records) else plain$rows
  chosen <- rows[i]
  plain["rows"] <- list(if (!core_are_all(chosen, plain$records)) chosen)
  structure(plain, class = "nn_rows")
}

#' @export
as.matrix.nn_rows <- function(x, ...) {
  matrix <- core_read_rows(x)
  dimnames(matrix) <- dimnames(x)
  matrix
}

# All rows of the file.
all_rows <- function(X) {
  plain <- unclass(X)
  plain["rows"] <- list(NULL)
  structure(plain, class = "nn_rows")
}

# Writes matrices one after the other to a new file, or keeps them in memory if there is no store.
# Returns list(add, rows): rows() returns stored rows, or a matrix.
rows_writer <- function(store, names, single = FALSE) {
  if (is.null(store)) {
    parts <- list()
    return(list(
      add = function(X) parts[[length(parts) + 1]] <<- X,
      rows = function() if (length(parts) == 1) parts[[1]] else do.call(rbind, parts)
    ))
  }
  file <- new_file(store)
  records <- 0
  list(
    add = function(X) {
      core_append_rows(file, X, records == 0, single)
      records <<- records + nrow(X)
    },
    rows = function() new_rows(file, records, names, single, store)
  )
}

# The same rows as inputs of the network, at the precision of the store: standardised, with the clip
# of the encoding, and 0 in its constant columns.
standardize_rows <- function(X, encoding) {
  numbers <- c(list(raw = X), encoding[c("center", "scale", "constant")], list(
    clip = if (is.null(encoding$clip)) Inf else encoding$clip
  ))
  write_standardized(numbers, unclass(X)$store$single)
}

write_standardized <- function(numbers, single) {
  plain <- unclass(numbers$raw)
  store <- plain$store
  constant <- as.integer(numbers$constant)
  key <- core_digest(list(
    numbers$center, numbers$scale, constant, numbers$clip, as.double(single)
  ))
  key <- paste(plain$file, key)
  if (is.null(store$written[[key]])) {
    file <- new_file(store)
    range <- core_standardize_rows(
      all_rows(numbers$raw), numbers$center, numbers$scale, constant, numbers$clip, file, single
    )
    store$written[[key]] <- list(file = file, range = range)
  }
  plain[c("file", "range")] <- store$written[[key]]
  plain$single <- single
  numbers$raw <- all_rows(numbers$raw)
  plain$numbers <- numbers
  structure(plain, class = "nn_rows")
}

# The least and the largest number of standardised rows.
range_of_rows <- function(X) unclass(X)$range

# Standardised rows in double precision.
rows_in_double <- function(X) {
  plain <- unclass(X)
  if (!plain$single || is.null(plain$numbers)) {
    return(X)
  }
  raw <- unclass(plain$numbers$raw)
  raw["rows"] <- list(plain$rows)
  plain$numbers$raw <- structure(raw, class = "nn_rows")
  write_standardized(plain$numbers, FALSE)
}

# The bridge calls this if a file of rows can't be written or read.
abort_stored_file <- function(message) {
  abort_kind("cache", c(
    "The file with the encoded rows can't be used.",
    x = "{message}",
    i = "Use {.code nn_source(cache = )} for a writable folder on a disk with enough space."
  ), NULL, environment())
}
