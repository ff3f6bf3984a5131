# Sources in CSV files, and streams of Apache Arrow.

#' @rdname nn_source
#' @export
nn_source.character <- function(x, separator = ",", decimal = ".", header = TRUE,
                                missing_values = c("NA", ""), encoding = "UTF-8", types = NULL,
                                block_rows = NULL, cache = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_source.character)))
  block_rows <- check_block_rows(block_rows, call)
  if (length(x) == 0 || anyNA(x)) {
    abort_argument(c(
      "{.arg x} must be the paths of files.",
      x = "You supplied {describe(x)}."
    ), call)
  }
  absent <- x[!file.exists(x) | dir.exists(x)]
  if (length(absent) > 0) {
    abort_kind("file", c(
      "{.path {absent[1]}} does not exist, or is a folder.",
      working_directory(absent[1])
    ), call, environment())
  }
  special <- Find(Negate(is_regular_file), x)
  if (!is.null(special)) {
    abort_kind("file", c(
      "{.path {special}} is a pipe or a device, not a file.",
      x = "The rows are read several times, and a pipe can be read only once.",
      i = "Write them to a file first."
    ), call, environment())
  }
  x <- normalizePath(x)
  label <- paste0(
    basename(x[1]), if (length(x) > 1) paste(" and", counted(length(x) - 1, "more file"))
  )
  check_installed("data.table", "to read CSV files.")
  for (name in c("separator", "decimal")) {
    value <- get(name)
    if (!is_string(value) || nchar(value) != 1) {
      abort_argument(c(
        "{.arg {name}} must be a single character.",
        x = "You supplied {describe(value)}."
      ), call)
    }
  }
  if (!is.character(missing_values) || anyNA(missing_values)) {
    abort_argument(c(
      "{.arg missing_values} must be the texts that stand for missing values.",
      x = "You supplied {describe(missing_values)}."
    ), call)
  }
  if (!is_string(encoding) || !lower_case(encoding) %in% lower_case(iconvlist())) {
    abort_argument(c(
      "{.arg encoding} must be the name of an encoding, one of {.fn iconvlist}.",
      x = "You supplied {describe(encoding)}."
    ), call)
  }
  known <- c("logical", "integer", "numeric", "character")
  if (!is.null(types) &&
    !(is.character(types) && identifies(names(types)) && all(types %in% known))) {
    abort_argument(c(
      "{.arg types} must be the types of columns by name, each {.or {.val {known}}}.",
      x = "You supplied {describe(types)}."
    ), call)
  }
  format <- list(
    separator = separator, decimal = decimal, header = check_flag(header, "header", call),
    missing = missing_values,
    encoding = encoding, types = types, block_rows = block_rows
  )
  found <- NULL
  new_source(
    function() {
      if (is.null(found)) found <<- csv_types(x, format)
      csv_reader(x, format, found)
    },
    label, cache, call,
    portable = TRUE, files = x
  )
}

# Reads the blocks of a stream of Arrow, of the package arrow or nanoarrow.
stream_reader <- function(stream) {
  if (inherits(stream, "nanoarrow_array_stream")) {
    check_installed("nanoarrow", "to read a stream of Arrow.")
    list(
      read = function() {
        array <- stream$get_next()
        if (!is.null(array)) plain_numbers(as.data.frame(array))
      },
      close = function() stream$release()
    )
  } else {
    list(
      read = function() {
        batch <- stream$read_next_batch()
        if (!is.null(batch)) plain_numbers(as.data.frame(batch))
      },
      close = function() NULL
    )
  }
}

# The types of the columns, by name: those that data.table::fread() finds in all files. A column
# without values is logical.
csv_types <- function(paths, format) {
  ranks <- c("logical", "integer", "numeric", "character")
  reader <- csv_reader(paths, format, NULL)
  on.exit(reader$close())
  types <- NULL
  while (!is.null(block <- reader$read())) {
    if (is.null(types)) types <- stats::setNames(rep("logical", ncol(block)), names(block))
    for (name in names(block)) {
      x <- block[[name]]
      if (all(is.na(x))) next
      rank <- match(class(x)[1], ranks, nomatch = 4)
      types[[name]] <- ranks[max(match(types[[name]], ranks), rank)]
    }
  }
  if (!is.null(format$types)) {
    absent <- setdiff(names(format$types), names(types))
    if (length(absent) > 0) stop("there is no column '", absent[1], "', which `types` has")
    types[names(format$types)] <- format$types
  }
  types
}

# Reads CSV files one after the other. A record ends at the end of a line where the number of quotes
# is even, so that values may contain line breaks. Records are parsed by data.table::fread().
csv_reader <- function(paths, format, types) {
  file <- 0
  connection <- NULL
  names <- NULL
  rest <- character()
  line <- 0
  close <- function() {
    if (!is.null(connection)) close.connection(connection)
    connection <<- NULL
  }
  next_file <- function() {
    close()
    file <<- file + 1
    line <<- 0
    if (file > length(paths)) {
      return(FALSE)
    }
    connection <<- gzfile(paths[file], "rt")
    if (format$header) {
      first <- records(1)
      if (length(first) == 0) stop(basename(paths[file]), " is empty")
      own <- as.character(parse_csv(first, format, "character", FALSE)[1, ])
      if (!is.null(names) && !identical(own, names)) {
        stop(basename(paths[file]), " has other columns than ", basename(paths[1]))
      }
      if (!is.null(types) && !identical(own, names(types))) {
        stop(basename(paths[file]), " has other columns than in the first pass")
      }
      names <<- own
    }
    TRUE
  }
  # about n lines, ending at the end of a record
  records <- function(n) {
    repeat {
      more <- readLines(connection, n, warn = FALSE)
      if (line == 0 && length(rest) == 0 && length(more) > 0) more[1] <- without_mark(more[1])
      lines <- c(rest, more)
      quotes <- nchar(lines, "bytes") -
        nchar(gsub("\"", "", lines, fixed = TRUE, useBytes = TRUE), "bytes")
      ends <- which(cumsum(quotes) %% 2 == 0)
      if (length(more) < n && length(lines) > 0 && !length(lines) %in% ends) {
        stop(
          basename(paths[file]), " ends within quotes that begin after line ",
          line + last(c(0, ends))
        )
      }
      if (length(ends) > 0 || length(lines) == 0) break
      rest <<- lines
    }
    end <- last(c(0, ends))
    rest <<- lines[seq_along(lines) > end]
    line <<- line + end
    used <- seq_len(end)
    begins <- used %in% (1 + c(0, ends))
    blank <- grepl("^[ \t]*$", lines[used], useBytes = TRUE) & begins
    structure(
      read_text(lines[used], format$encoding, paths[file]),
      count = length(ends) - sum(blank)
    )
  }
  read <- function() {
    repeat {
      if (is.null(connection) && !next_file()) {
        return(NULL)
      }
      from <- line
      # without a header, the number of columns is only known after the first record
      columns <- if (is.null(names)) values_at_once else length(names)
      lines <- records(rows_to_read(format$block_rows, columns))
      if (length(lines) == 0) close()
      if (attr(lines, "count") > 0) break
    }
    where <- paste0(basename(paths[file]), ", lines ", from + 1, " to ", line)
    block <- parse_csv(lines, format, types, TRUE, where)
    if (is.null(names)) names <<- paste0("V", seq_along(block))
    if (length(block) != length(names)) {
      stop(where, ": ", length(block), " values in a row, and ", length(names), " columns")
    }
    if (nrow(block) != attr(lines, "count")) {
      stop(where, ": row ", nrow(block) + 1, " of them does not have ", length(names), " values")
    }
    names(block) <- names
    block
  }
  list(read = read, close = close)
}

# Without the mark that files in UTF-8 may begin with.
without_mark <- function(text) sub("^\xef\xbb\xbf", "", text, useBytes = TRUE)

read_text <- function(lines, encoding, path) {
  if (lower_case(encoding) %in% c("utf-8", "utf8")) {
    Encoding(lines) <- "UTF-8"
    bad <- !validUTF8(lines)
  } else {
    lines <- iconv(lines, encoding, "UTF-8")
    bad <- is.na(lines)
  }
  if (any(bad)) stop(basename(path), " is not in the encoding ", encoding)
  lines
}

# `numbers`: whether values are converted to the types, or kept as text.
parse_csv <- function(lines, format, types, numbers, where = "") {
  # fread() would write several lines to a file, in the encoding of the locale
  block <- withCallingHandlers(
    data.table::fread(
      text = paste0(paste(lines, collapse = "\n"), "\n"), sep = format$separator,
      dec = format$decimal, header = FALSE, na.strings = format$missing,
      colClasses = if (!numbers) "character" else if (is.null(types)) NULL else unname(types),
      encoding = "UTF-8", integer64 = "double", blank.lines.skip = TRUE, data.table = FALSE,
      showProgress = FALSE, nThread = 1, strip.white = FALSE
    ),
    warning = function(w) stop(where, ": ", conditionMessage(w), call. = FALSE)
  )
  # fread() keeps quotes doubled
  text <- vapply(block, is.character, NA)
  block[text] <- lapply(block[text], function(x) gsub("\"\"", "\"", x, fixed = TRUE))
  block
}
