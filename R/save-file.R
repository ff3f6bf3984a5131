#' Save and load a fit as JSON
#'
#' @description
#' `nn_save()` writes a fit to a JSON file, and `nn_load()` reads it back. The file contains the
#' complete model, identical to the last bit, and the state from which [nn_continue()] resumes
#' training. Any program that reads JSON can read the file, which is plain text and suits version
#' control.
#'
#' Unlike `readRDS()`, `nn_load()` is safe to use on files from untrusted sources. It does not
#' evaluate code, and it rejects files that refer to functions other than a fixed list of
#' mathematical ones. `vignette("format", "backprop")` describes the format.
#'
#' @section Safety: `nn_load()` verifies a checksum, so that a truncated or changed file is an
#'   error, and checks sizes, types and finite numbers before it uses them. It creates the symbols
#'   and calls of a formula without evaluating them. `nn_save()` makes the same checks, so that
#'   every file that it writes can be loaded.
#'
#'   [predict()][predict.nn_fit] evaluates the formula of a fit, and thereby calls the functions in
#'   it. A file may therefore refer only to functions that compute values from their arguments and
#'   do not accept functions as arguments: arithmetic, comparison, `log()`, `exp()`, `sqrt()` and
#'   similar ones, `I()`, `factor()`, `cut()`, `poly()`, `ns()`, `bs()`, `scale()` and some others,
#'   with or without `base::`, `stats::` or `splines::`. Contrasts and `na.action` must be matrices
#'   or R's own functions, and the variables of the formula must be columns of the data. A file that
#'   refers to anything else is rejected unless its names are listed in `allow`. `nn_save()` reports
#'   these names in a message of class `backprop_message_functions`. If the name of the file ends in
#'   `.rds`, `.rda` or `.RData`, a message of class `backprop_message_ending` says that it is JSON.
#'
#'   The recorded call (`fit$call`) is written without `callback` and `checkpoint`, and parts that
#'   are not allowed in a file (calls of other functions, user-defined contrasts) are replaced by
#'   symbols. Prediction does not evaluate the call, but [stats::update()] and other packages may.
#'   The call in a file can only train a network with `nn_train()`, on objects in your workspace
#'   that have the names of its data.
#'
#' @section Contents: A file does not contain the training data. With `keep_fitted = TRUE` (the
#'   default of [nn_train()]) it contains the outputs and residuals of the training rows, from which
#'   the targets can be computed. Fields that you add to a fit are written if they are plain values.
#'   Files are written atomically: to a temporary file, which is then renamed. The permissions of a
#'   replaced file are kept, and a symbolic link stays a link.
#'
#' @param fit A fit from [nn_train()].
#' @param path Path to the file, a single string, usually ending in `.json`. An existing file is
#'   replaced; a directory, pipe or device is not.
#' @param allow Names of additional functions that the file may refer to, as listed in the error
#'   (`"f"` or `"package::f"`), a character vector; empty by default. List only functions that you
#'   know and that are safe to call with any argument: a function that calls others by name, such as
#'   `sapply()` or `do.call()`, can run any code.
#' @return `nn_save()` returns `path`, invisibly. `nn_load()` returns the fit, of class `nn_fit`,
#'   upgraded if the file has an older schema.
#' @section Errors: `backprop_error_argument` for an invalid argument; `backprop_error_file` if the
#'   file can't be written or read, is damaged, is not a model, or refers to a function that is not
#'   allowed, and if the fit contains a value that can't be written;
#'   `backprop_error_schema` if the file was written by a newer version of the package;
#'   `backprop_error_memory` if the file is too large for the machine.
#' @references Bray, T. (2017). The JavaScript Object Notation (JSON) data interchange format.
#'   RFC 8259. \doi{10.17487/RFC8259}. Rivest, R. (1992). The MD5 message-digest algorithm.
#'   RFC 1321. \doi{10.17487/RFC1321}
#' @seealso [nn_export()] to run a model without the package; [nn_continue()] to resume training.
#' @examplesIf rlang::is_installed("jsonlite")
#' X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
#' set.seed(1)
#' fit <- nn_train(X, c(1, 1, 0), epochs = 100)
#' path <- tempfile(fileext = ".json")
#' nn_save(fit, path)
#' back <- nn_load(path)
#' identical(predict(back, X), predict(fit, X))
#' unlink(path)
#' @export
nn_save <- function(fit, path) {
  call <- current_env()
  check_given(missing(fit), "fit", "a fit from nn_train()", call)
  check_given(missing(path), "path", "the path to the file to write", call)
  check_is_fit(fit, call)
  check_path(path, call)
  plain <- unclass(current_fit(fit, call))
  check_not_stripped(
    plain, "{.fn nn_save}", "Save the original fit, or use {.fn saveRDS}.", call
  )
  # an invalid fit is refused below, as a file would be
  if (is.null(invalid_field(plain))) check_no_custom(plain$settings, "{.fn nn_save}", call)
  plain$call <- known_call(plain$call)
  as_file_error(
    {
      classes <- setdiff(class(fit), "nn_fit")
      if (length(classes) > 0) {
        abort_format(
          paste0(
            "{.code fit} has the additional class {.cls {classes[1]}}, which can't be written to ",
            "a file."
          ),
          "Remove it: {.code class(fit) <- \"nn_fit\"}."
        )
      }
      # an invalid fit may not have these fields; check_model() reports it
      payload <- with_plain_numbers(
        write_json(tryCatch(as_schema_1(plain), error = function(e) plain))
      )
      foreign <- foreign_functions(plain)
      check_model(plain)
      check_model_call(plain$call)
    },
    "The fit can't be written to a file that {.fn nn_load} accepts.",
    call,
    hint = "Use {.fn saveRDS} to save it for your own use."
  )
  if (is_r_file_name(path)) {
    cli::cli_inform(c(
      "{.path {path}} will contain JSON, although its name ends like that of a file of R.",
      i = "Read it with {.fn nn_load}, and prefer the ending {.val .json}; or use {.fn saveRDS}."
    ), class = "backprop_message_ending")
  }
  text <- enc2utf8(
    paste0("\"schema\": ", number_text(file_schema), ",\n\"model\": ", payload, "}\n")
  )
  write_file(
    c(charToRaw(file_head(cli::hash_raw_md5(charToRaw(text)))), charToRaw(text)), path, call
  )
  if (length(foreign) > 0) {
    cli::cli_inform(c(
      paste0(
        "The fit refers to {.code {foreign}}, which {?is/are} not among the functions that a file ",
        "may refer to."
      ),
      i = "Load it with {.code nn_load(path, allow = {name_list(foreign)})}."
    ), class = "backprop_message_functions")
  }
  invisible(path)
}

#' @rdname nn_save
#' @export
nn_load <- function(path, allow = character()) {
  call <- current_env()
  check_given(missing(path), "path", "the path to a file written by nn_save()", call)
  check_path(path, call, exists = TRUE)
  if (!is.character(allow) || anyNA(allow)) {
    abort_argument(c(
      "{.arg allow} must be a character vector of function names.",
      x = "You supplied {describe(allow)}."
    ), call)
  }
  check_installed("jsonlite", "to read a model file.")
  check_memory(60 * file.size(path), "this file", call, "Load it on a machine with more memory.")
  text <- as_file_error(
    {
      bytes <- file_bytes(path)
      reader <- reader_of_r(bytes, path)
      if (!is.null(reader)) {
        abort_format(
          "It is a file of R, not one written by {.fn nn_save}.",
          "If you trust it, use {.code {reader}(path)}."
        )
      }
      intact_text(bytes)
    },
    "{.path {path}} is not an intact model file.",
    call,
    path
  )
  file <- as_file_error(
    with_plain_numbers(jsonlite::parse_json(text)), "Can't read {.path {path}}.", call, path
  )
  fit <- as_file_error(
    {
      if (!is.list(file) || !identical(names(file), c("format", "md5", "schema", "model"))) {
        abort_format("It must have the fields format, md5, schema and model.")
      }
      check_schema(file$schema, call, file_schema)
      fit <- read_json(file$model)
      if (!is.list(fit)) fit <- list()
      # older files contain them
      if (is.call(fit$call)) fit$call <- without_symbols(fit$call, c("callback", "checkpoint"))
      foreign <- setdiff(foreign_functions(fit), allow)
      if (length(foreign) > 0) {
        abort_format(
          paste0(
            "It refers to {.code {foreign}}, which {?is/are} not among the functions that a file ",
            "may refer to."
          ),
          paste0(
            "If you trust the file and know what ",
            "{cli::qty(length(foreign))}{?this function does/these functions do}, use ",
            "{.code nn_load(path, allow = {name_list(c(allow, foreign))})}."
          )
        )
      }
      fit
    },
    "Can't read {.path {path}}.",
    call,
    path
  )
  as_file_error(
    {
      fit <- current_fit(structure(fit, class = "nn_fit"), call)
      check_model(unclass(fit))
      check_model_call(unclass(fit)$call)
      fit
    },
    "{.path {path}} does not contain a valid model.",
    call,
    path
  )
}

# The recorded call must be a call of nn_train() with full argument names, and must contain only
# what is allowed in a file.
check_model_call <- function(call) {
  if (is.null(call)) {
    return(invisible())
  }
  arguments <- setdiff(
    unlist(lapply(list(nn_train.formula, nn_train.data.frame, nn_train.matrix), function(method) {
      names(formals(method))
    })),
    "..."
  )
  need(
    is.call(call) && is.null(attributes(call)) && identical(call[[1]], quote(nn_train)) &&
      all(names2(call)[-1] %in% arguments) && !anyDuplicated(names2(call)[-1]),
    "Its recorded call must be a call of {.fn nn_train}."
  )
  need(
    identical(known_call(call), call),
    "Its recorded call contains something that is not allowed in a file."
  )
}

is_r_file_name <- function(path) grepl("[.](rds|rda|rdata)$", path, ignore.case = TRUE)

# The function that reads a file of saveRDS() or save(), compressed or not, by its first bytes; NULL
# for other files. gzip, bzip2 and xz files may contain anything, so that their names decide.
reader_of_r <- function(bytes, path) {
  begins <- function(...) {
    first <- as.raw(c(...))
    length(bytes) >= length(first) && all(bytes[seq_along(first)] == first)
  }
  compressed <- begins(0x1f, 0x8b) || begins(0x42, 0x5a, 0x68) || begins(0xfd, 0x37, 0x7a, 0x58)
  if (begins(0x52, 0x44)) {
    # "RDX3", "RDA3"
    "load"
  } else if (begins(0x58, 0x0a) || begins(0x41, 0x0a)) {
    "readRDS"
  } else if (compressed && is_r_file_name(path)) {
    if (grepl("[.]rds$", path, ignore.case = TRUE)) "readRDS" else "load"
  } else if (compressed) {
    "readRDS"
  }
}

# Pipes and devices have size 0; reading from one could wait forever.
file_bytes <- function(path) {
  size <- file.size(path)
  if (is.na(size) || size == 0) abort_format("It is an empty file, a pipe or a device.")
  readBin(path, "raw", size)
}

file_head <- function(md5) paste0("{\"format\": \"backprop model\", \"md5\": \"", md5, "\",\n")

# The text of a file, after verifying its checksum: the first line is file_head() with the MD5 of
# all bytes that follow.
intact_text <- function(bytes) {
  first <- nchar(file_head(strrep("0", 32)))
  if (length(bytes) <= first) abort_format("It is too short for a model file.")
  head <- bytes[seq_len(first)]
  rest <- bytes[-seq_len(first)]
  if (any(head == as.raw(0)) ||
    !grepl(
      "^\\{\"format\": \"backprop model\", \"md5\": \"[0-9a-f]{32}\",\n$", rawToChar(head),
      useBytes = TRUE
    )) {
    abort_format("It does not begin like a file written by {.fn nn_save}.")
  }
  if (!identical(rawToChar(head), file_head(cli::hash_raw_md5(rest)))) {
    abort_format("Its checksum does not match its contents: it was truncated or changed.")
  }
  if (any(rest == as.raw(0))) abort_format("It contains a zero byte.")
  text <- rawToChar(bytes)
  if (!validUTF8(text)) abort_format("It is not valid UTF-8.")
  Encoding(text) <- "UTF-8"
  text
}

name_list <- function(names) paste(deparse(names, width.cutoff = 500), collapse = " ")

# Converts any error in reading or writing a file to a classed error, including those of malformed
# files that no check anticipates.
as_file_error <- function(work, what, call, path = NULL, hint = NULL) {
  tryCatch(work, error = function(e) {
    if (inherits(e, "backprop_error")) cnd_signal(e)
    ours <- inherits(e, "backprop_internal_format")
    shown <- if (ours) {
      vapply(c(e$message, e$hint), cli::format_inline, "", .envir = e$envir, USE.NAMES = FALSE)
    } else {
      conditionMessage(e)
    }
    abort_kind(
      "file", c(what, x = "{shown[1]}", i = if (length(shown) > 1) "{shown[2]}" else hint), call,
      environment()
    )
  })
}
