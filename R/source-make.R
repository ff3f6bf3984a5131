#' Train on a table that is larger than memory
#'
#' @description
#' `nn_source()` describes a table that is read in blocks of rows. It takes the place of the data
#' frame in `nn_train(y ~ ., data = nn_source(...))`, [nn_continue()], [nn_cv()],
#' [predict.nn_fit()] and in `validation`. The fit is the fit to the same rows in memory, to the
#' last bit.
#'
#' @details
#' **What happens.** Training reads a source twice (see below for when it reads it more often). The
#' first pass finds out what depends on all rows: which rows are used, the levels, and the outcome.
#' The second encodes the rows and writes them to a file, row by row. Means and standard deviations
#' are computed from that file with the same sums as in memory, and the standardised rows are
#' written to a second one, at the precision of the training. The core maps this file into memory,
#' or reads it piece by piece where the system or a limit of the address space (`ulimit -v`) does
#' not allow that. The files are removed when the call ends, also after an error.
#'
#' **Using rows again.** With `cache`, `nn_train()` and [nn_cv()] keep the encoded rows of a whole
#' source as two files, `backprop-<digest>.rows` and `.rds`. A later call still reads the source
#' once, and if the digest of its columns and of the formula, the levels and the rows to use is the
#' same, it uses these files instead of reading and encoding the source again. They must be complete
#' and have the numbers that were written, which is checked; otherwise they are written anew. What a
#' killed process leaves there (`rows-*.part`) is removed by the next call on the same machine; on
#' Windows, delete it. Processes that train together (see [nn_mpi()]) each keep the files of their
#' own rows. Nothing is kept if the formula has functions, or the call contrasts, that are
#' not of a package, because they may change.
#'
#' **Memory.** A block, a batch and the network are in memory, but never the inputs, nor a numeric
#' outcome, weights and offsets: with `shuffle = "blocks"`, training takes the same memory whatever
#' the number of rows (`bench/large-data.R` of the source package measures this). What takes memory
#' for each row:
#' * the random order of an epoch, `shuffle = TRUE`: 4 bytes;
#' * classes: 8 bytes, and a few more while they are read. The outcome should be a factor: text
#'   takes more;
#' * each row, if some of the rows have weight 0: its number, weight and outcome, with copies of
#'   them while they are checked, about 60 bytes;
#' * the rows that `validation` as a fraction holds out, or that the choice of `epochs` does: the
#'   order in which they are drawn, at most 32 bytes; with `calibration` also the outcome, weight
#'   and offsets of each row, and a score for each row of the calibration set;
#' * a row of which most inputs are dummy variables of factors with more than 32 levels (more than
#'   50 for each other input or factor): 8 bytes for each other input and 4 for each such factor,
#'   with copies of them and of the outcome. With 5,000 levels and 10 other inputs, these were 640
#'   bytes; files would have 160,000;
#' * a row with a missing value that is dropped: its number and name in the fit, about 70 bytes;
#' * a loss whose best constant is no mean (`"absolute"`, [nn_huber()], [nn_quantile()],
#'   `"log_cosh"`, `"gaussian"`, `"beta"`), `optimizer = "lm"`, `keep_fitted = TRUE` and
#'   `effort = "high"`: outcomes, weights and offsets, and for the last three outputs or residuals
#'   of all rows;
#' * with `cache`, an offset in the formula, while it is saved: 8 bytes.
#'
#' On disk, each row takes 8 bytes for each of its inputs after encoding, the same again after
#' standardising, 24 bytes for each numeric output or 8 for its class, 16 bytes for its weight, and
#' up to 40 for each offset, which is also subtracted from the outcome. In single precision,
#' standardised inputs and what is trained on take half of it.
#'
#' With `shuffle = "blocks"`, up to 32 blocks of about 1 MB are in memory, and the next ones are
#' read ahead. The mapped file is not used then: where it is larger than memory, the system would
#' drop its pages before all of their rows are used.
#'
#' **Formulas.** The value of a term in a row may depend on that row only: `log(x)`, `a * b` and
#' `factor(g)` are allowed, `poly(x, 2)`, `scale(x)`, `splines::ns(x, 3)`, lags and `x - mean(x)`
#' are an error. Variables that are not columns of the source must be constants. The same is true of
#' `weights`, `offset` and `subset`, which are expressions of the columns. `na.action` must be one
#' of R's four functions.
#'
#' **Missing values and unused levels.** `missing = "indicator"` needs one more pass at the start,
#' which writes the columns that it fills to a file, and another pass if medians or most frequent
#' values of the rows that are trained on are others than those of all rows. The medians are exact,
#' and need no memory for each row. Levels that a factor declares without having rows of them are
#' known to [predict.nn_fit()], as with a data frame; where there are some, one more pass counts the
#' rows of the others. `dates = "parts"` and several yes/no outcomes (`cbind()` of logical columns)
#' are encoded as those of a data frame.
#'
#' **What is refused.** [nn_importance()] and [nn_effects()] need a data frame of some of the rows.
#'
#' **Defaults** are chosen as for a data frame, from the same held-out rows. Only `keep_fitted` is
#' `FALSE`, because fitted values are as long as the table: `predict(fit, source)` computes them.
#'
#' **Writing a source.** Any table can be read through `nn_source(x, restart)`, where `x()` returns
#' the next block, a data frame, and `NULL` after the last one, and `restart()` goes back to the
#' first. Blocks may have any number of rows; of more than half a million values, parts are encoded
#' one after the other. They must have the same columns, of the same types, and each pass must
#' return the same rows in the same order, which is checked by a digest. A method of `nn_source()`
#' for a class is a function that returns such a source.
#'
#' @param x The table:
#'   * a DBI connection, with `table`;
#'   * the paths of one or more CSV files with the same columns, which may be compressed (read by
#'     [data.table::fread()]);
#'   * a function without arguments that returns the next block, with `restart`;
#'   * a function without arguments that returns a new stream of Apache Arrow each time, of the
#'     package nanoarrow or arrow: for Parquet files
#'     `function() arrow::as_record_batch_reader(arrow::open_dataset("folder"))`, which returns
#'     batches of rows without reading all of them first; arrow's help page `Scanner` has their
#'     size. The package nanoparquet needs no further libraries, but reads a whole file at a time:
#'     with it, a folder of files is a function that returns one file after the other, see the
#'     examples of `vignette("large-data", "backprop")`;
#'   * a `big.matrix` of the package bigmemory, whose columns without names are `V1`, `V2`, ...;
#'   * a data frame.
#' @param table The name of a table, or a query that begins with `SELECT`, `WITH`, `VALUES` or
#'   `TABLE`. The rows must come in the same order each time: a query of a table that others change
#'   needs `ORDER BY` and a transaction.
#' @param separator,decimal,header,missing_values,encoding For CSV files: the character between
#'   values (a comma by default); the decimal mark of numbers (a point by default); whether the
#'   first line of each file has the names (`TRUE` by default; otherwise they are `V1`, `V2`, ...);
#'   the texts that are missing values (`NA` and nothing by default); and the encoding (`"UTF-8"` by
#'   default), one of [iconvlist()] that extends ASCII. Values in double quotes may contain
#'   separators and line breaks.
#' @param types For CSV files, the types of columns by name, each `"logical"`, `"integer"`,
#'   `"numeric"` or `"character"`, such as `c(zip = "character")`. The others are found by a first
#'   pass over the files, as [data.table::fread()] finds them for a whole file.
#' @param restart A function without arguments that goes back to the first block. It is called
#'   before each pass, also before the first.
#' @param close A function without arguments to call after each pass, also if it failed, or `NULL`
#'   (default).
#' @param block_rows Number of rows to read at a time, a whole number. `NULL` (default) is 10,000,
#'   or fewer rows of a table with more than 52 columns: as many as have half a million values.
#' @param cache A folder for the encoded rows, on a disk with enough space. They are kept there, for
#'   later calls with the same rows and formula (see below), until you delete them. `NULL` (default)
#'   is the session's temporary folder, from which they are removed when the call ends.
#' @param ... Must be empty.
#' @return A source: a list of class `nn_source`, which holds no data. It can't be saved or sent to
#'   another process if what it reads can't.
#' @section Errors: `backprop_error_argument` if an argument is not as described;
#'   `backprop_error_file` if a path is not that of a file (a pipe can't be read twice). When it is
#'   read, `backprop_error_source` if the source fails, if its blocks differ in their columns or
#'   types, or if its rows change from one pass to the next; `backprop_error_cache` if the encoded
#'   rows can't be written, for example because the disk is full; `backprop_error_input` if the
#'   source has no rows, lacks a column, or the formula has a term that uses other rows.
#' @seealso [nn_train.data.frame()], [predict.nn_fit()] with `into` for predictions that are written
#'   block by block.
#' @examples
#' source <- nn_source(iris, block_rows = 50)
#' set.seed(1)
#' fit <- nn_train(Species ~ ., source, hidden = 4, penalty = 0.01, epochs = 50)
#' table(predict(fit, source, type = "class"), iris$Species)
#'
#' # A function that makes its blocks
#' block <- 0
#' source <- nn_source(
#'   function() {
#'     block <<- block + 1
#'     if (block <= 3) data.frame(x = block + 1:100 / 100, y = sin(block + 1:100 / 100))
#'   },
#'   restart = function() block <<- 0
#' )
#' fit <- nn_train(y ~ x, source, hidden = 4, penalty = 0, activation = "tanh", epochs = 50)
#' fit
#' @export
nn_source <- function(x, ...) {
  check_given(missing(x), "x", "a table that can be read in blocks", current_env())
  UseMethod("nn_source")
}

#' @export
nn_source.default <- function(x, ...) {
  abort_argument(c(
    "{.arg x} must be a table that can be read in blocks.",
    x = "You supplied {describe(x)}.",
    i = "For other tables, write a function that returns the next block: see {.fn nn_source}."
  ), current_env())
}

#' @rdname nn_source
#' @export
nn_source.data.frame <- function(x, block_rows = NULL, cache = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_source.data.frame)))
  block_rows <- check_block_rows(block_rows, call)
  x <- as.data.frame(x)
  new_source(
    blocks_of_rows(
      nrow(x), rows_to_read(block_rows, ncol(x)), function(rows) x[rows, , drop = FALSE]
    ),
    paste("a data frame of", counted(nrow(x), "row")), cache, call,
    portable = TRUE, count = nrow(x)
  )
}

#' @rdname nn_source
#' @export
nn_source.function <- function(x, restart, close = NULL, cache = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_source.function)))
  if (missing(restart)) {
    return(new_source(function() open_stream(x), "a stream of Arrow", cache, call))
  }
  for (name in c("restart", "close")) {
    f <- get(name)
    if (!is.function(f) && !(name == "close" && is.null(f))) {
      abort_argument(c(
        "{.arg {name}} must be a function.",
        x = "You supplied {describe(f)}."
      ), call)
    }
  }
  new_source(
    function() {
      restart()
      list(read = function() x(), close = function() if (!is.null(close)) close())
    },
    "blocks of a function", cache, call
  )
}

open_stream <- function(x) {
  stream <- x()
  if (!inherits(stream, c("nanoarrow_array_stream", "RecordBatchReader"))) {
    stop(
      "without `restart`, the function must return a new stream of Arrow, not ", describe(stream)
    )
  }
  stream_reader(stream)
}
