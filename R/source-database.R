# Sources in data bases, and matrices in shared memory or files.

#' @rdname nn_source
#' @export
nn_source.DBIConnection <- function(x, table, block_rows = NULL, cache = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_source.DBIConnection)))
  check_installed("DBI", "to read from a data base.")
  block_rows <- check_block_rows(block_rows, call)
  check_given(missing(table), "table", "the name of a table, or a query", call)
  if (!is_string(table)) {
    abort_argument(c(
      "{.arg table} must be the name of a table, or a query, as a single string.",
      x = "You supplied {describe(table)}."
    ), call)
  }
  is_query <- grepl("^\\s*(select|with|values|table)\\s", lower_case(table))
  if (!is_query && !in_database(DBI::dbExistsTable(x, table), call)) {
    abort_argument(c(
      "{.arg table} must be the name of a table, or a query that begins with {.code SELECT}.",
      x = "The data base has no table {.val {table}}.",
      nearest_name(table, in_database(DBI::dbListTables(x), call))
    ), call)
  }
  query <- if (is_query) table else paste("SELECT * FROM", DBI::dbQuoteIdentifier(x, table))
  source <- new_source(
    function() {
      result <- DBI::dbSendQuery(x, query)
      columns <- tryCatch(NROW(DBI::dbColumnInfo(result)), error = function(e) 1)
      at_once <- rows_to_read(block_rows, columns)
      list(
        read = function() {
          block <- DBI::dbFetch(result, at_once)
          if (nrow(block) > 0) plain_numbers(block)
        },
        close = function() DBI::dbClearResult(result)
      )
    },
    if (is_query) paste("query", table) else paste("table", table), cache, call
  )
  source$connection <- x
  source
}

in_database <- function(expression, call) {
  tryCatch(expression, error = function(e) {
    abort_kind(
      "source", c("The data base can't be read.", x = "{conditionMessage(e)}"), call, environment(),
      parent = e
    )
  })
}

# Integers of 64 bits as numbers, which represent them exactly up to 2^53.
plain_numbers <- function(block) {
  large <- vapply(block, inherits, NA, "integer64")
  for (name in names(block)[large]) {
    # bit64, which made them, is loaded, and has the method
    values <- as.double(block[[name]])
    if (any(abs(values) > 2^53, na.rm = TRUE)) {
      stop("column '", name, "' has integers beyond 2^53, which numbers can't represent exactly")
    }
    block[[name]] <- values
  }
  block
}

#' @rdname nn_source
#' @export
nn_source.big.matrix <- function(x, block_rows = NULL, cache = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_source.big.matrix)))
  check_installed("bigmemory", "to read a big.matrix.")
  block_rows <- check_block_rows(block_rows, call)
  names <- colnames(x)
  if (is.null(names)) names <- paste0("V", seq_len(ncol(x)))
  new_source(
    blocks_of_rows(nrow(x), rows_to_read(block_rows, ncol(x)), function(rows) {
      stats::setNames(as.data.frame(x[rows, , drop = FALSE]), names)
    }),
    paste("a big.matrix of", counted(nrow(x), "row")), cache, call,
    count = nrow(x)
  )
}
