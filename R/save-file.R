#' Keep a fit in an open text file
#'
#' `nn_save()` writes a fit to a JSON file and `nn_load()` reads it: the whole model, to the last
#' bit, with the state that [nn_continue()] goes on from. The file can be read by any program that
#' reads JSON, be kept under version control, and be sent to others. `saveRDS()` keeps a fit as
#' well, but `readRDS()` should never be given a file of a stranger; `nn_load()` can be.
#'
#' The file is written beside its place and renamed, so that a crash never leaves half a file. A
#' file that is replaced hands on its permissions, and a link to a file stays one. A checksum of the
#' contents is inside: a file that was cut or changed on its way is an error. Reading makes numbers,
#' strings, and the symbols and calls of a formula, and evaluates none of them; sizes, types and
#' finite numbers are checked before anything is used. `nn_save()` makes the same checks, so that
#' what it writes can be read. Fields that were added to the fit are written where they are plain
#' values.
#'
#' A formula may name functions, and predicting from it calls them. A file may therefore name only
#' those that compute from their arguments, and take no function as one: arithmetic, comparison,
#' `log()`, `exp()`, `sqrt()` and their kin, `I()`, `factor()`, `cut()`, `poly()`, `ns()`, `bs()`,
#' `scale()` and some more, with `base::`, `stats::` or `splines::` or without; the page on the
#' format, `vignette("format", "backprop")`, lists them. Contrasts and `na.action` must be R's own
#' or matrices, and what the formula takes values from must be columns of the data. A file that
#' names anything else is refused, unless the reader lists those names in `allow`; `nn_save()` says
#' which they are, in a message of class `backprop_message_functions`.
#'
#' The recorded call of the fit (`fit$call`) is written without `callback` and `checkpoint`, and
#' what else it may not hold (calls of other functions, own contrasts) is replaced by symbols.
#' Predicting does not evaluate it, but [stats::update()] does, and so may other packages. For the
#' call of a file that is to train: `nn_train()` with arguments that compute, on whatever has the
#' names of its data in your workspace.
#'
#' The file holds no data, but with `keep_fitted = TRUE` (the default of [nn_train()]) the outputs
#' and residuals of the training rows, from which the targets follow.
#'
#' @param fit A fit of [nn_train()].
#' @param path The path of the file, one string; `.json` is the usual ending. An existing file is
#'   replaced; a folder, a pipe or a device is not.
#' @param allow Names of further functions that the file may name, as the error has them (`"f"` or
#'   `"package::f"`), a character vector; none by default. Name only functions that you know and
#'   that are safe to call with anything: one that calls others by name, such as `sapply()` or
#'   `do.call()`, can do all that R can.
#' @return `nn_save()`: `path`, invisibly. `nn_load()`: the fit, of class `nn_fit`, as it was saved;
#'   brought up to date where the file is of an older schema.
#' @section Errors: `backprop_error_argument` where an argument is not as described;
#'   `backprop_error_file` where the file cannot be written or read, is damaged, is no model, or
#'   names a function that is not allowed, and where the fit holds what has no form in the file;
#'   `backprop_error_schema` where it was made by a newer version of the package;
#'   `backprop_error_memory` where the file is too large for the machine.
#' @references Bray, T. (2017). The JavaScript Object Notation (JSON) data interchange format.
#'   RFC 8259. \doi{10.17487/RFC8259}. Rivest, R. (1992). The MD5 message-digest algorithm.
#'   RFC 1321. \doi{10.17487/RFC1321}
#' @seealso [nn_export()] to run a model without the package; [nn_continue()] to go on training.
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
  check_given(missing(fit), "fit", "a fit of nn_train()", call)
  check_given(missing(path), "path", "the path of the file to write", call)
  if (!inherits(fit, "nn_fit")) {
    abort_argument(c(
      "{.arg fit} must be a fit of {.fn nn_train}.",
      x = "It is {describe(fit)}."
    ), call)
  }
  check_path(path, call)
  plain <- unclass(current_fit(fit, call))
  plain$call <- known_call(plain$call)
  as_file_error(
    {
      classes <- setdiff(class(fit), "nn_fit")
      if (length(classes) > 0) {
        abort_format(
          paste0(
            "{.code fit} has the class {.cls {classes[1]}} besides its own, which has no form in ",
            "the file."
          ),
          "Take it away: {.code class(fit) <- \"nn_fit\"}."
        )
      }
      payload <- write_json(plain)
      foreign <- foreign_functions(plain)
      check_model(plain)
      check_model_call(plain$call)
    },
    "The fit cannot be written to a file that {.fn nn_load} would read.",
    call,
    hint = "{.fn saveRDS} keeps it as it is, for yourself."
  )
  text <- enc2utf8(paste0("\"schema\": ", fit_schema, ",\n\"model\": ", payload, "}\n"))
  write_file(
    c(charToRaw(file_head(cli::hash_raw_md5(charToRaw(text)))), charToRaw(text)), path, call
  )
  if (length(foreign) > 0) {
    cli::cli_inform(c(
      paste0(
        "The fit names {.code {foreign}}, which {?is/are} not among the functions that a file may ",
        "name."
      ),
      i = "To read it: {.code nn_load(path, allow = {name_list(foreign)})}."
    ), class = "backprop_message_functions")
  }
  invisible(path)
}

#' @rdname nn_save
#' @export
nn_load <- function(path, allow = character()) {
  call <- current_env()
  check_given(missing(path), "path", "the path of a file that nn_save() wrote", call)
  check_path(path, call, exists = TRUE)
  if (!is.character(allow) || anyNA(allow)) {
    abort_argument(c(
      "{.arg allow} must be names of functions.",
      x = "It is {describe(allow)}."
    ), call)
  }
  check_installed("jsonlite", "to read a model's file.")
  check_memory(60 * file.size(path), "this file", call, "Load it on a machine with more memory.")
  text <- as_file_error(
    intact_text(readBin(path, "raw", file.size(path))),
    "{.path {path}} is no intact file of a model.", call, path
  )
  file <- as_file_error(jsonlite::parse_json(text), "{.path {path}} cannot be read.", call, path)
  fit <- as_file_error(
    {
      if (!is.list(file) || !identical(names(file), c("format", "md5", "schema", "model"))) {
        abort_format("It must have the fields format, md5, schema and model.")
      }
      check_schema(file$schema, call)
      fit <- read_json(file$model)
      if (!is.list(fit)) fit <- list()
      # which older files hold
      if (is.call(fit$call)) fit$call <- without_symbols(fit$call, c("callback", "checkpoint"))
      foreign <- setdiff(foreign_functions(fit), allow)
      if (length(foreign) > 0) {
        abort_format(
          paste0(
            "It names {.code {foreign}}, which {?is/are} not among the functions that a file may ",
            "name."
          ),
          paste0(
            "If you trust the file and know what ",
            "{cli::qty(length(foreign))}{?this function does/these functions do}: ",
            "{.code nn_load(path, allow = {name_list(c(allow, foreign))})}."
          )
        )
      }
      fit
    },
    "{.path {path}} cannot be read.",
    call,
    path
  )
  fit <- current_fit(structure(fit, class = "nn_fit"), call)
  as_file_error(
    {
      check_model(unclass(fit))
      check_model_call(unclass(fit)$call)
    },
    "{.path {path}} does not hold a model that can be used.",
    call,
    path
  )
  fit
}

# nn_train() with arguments by their full names, and nothing that a file's call may not hold.
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
    "Its call must be one of {.fn nn_train}."
  )
  need(
    identical(known_call(call), call),
    "Its call does more than train, or holds what a file may not name."
  )
}

file_head <- function(md5) paste0("{\"format\": \"backprop model\", \"md5\": \"", md5, "\",\n")

# The text of a file whose checksum is right: its first line is file_head() with the MD5 of all
# bytes that follow it.
intact_text <- function(bytes) {
  first <- nchar(file_head(strrep("0", 32)))
  if (length(bytes) <= first) abort_format("It is shorter than a file of a model can be.")
  head <- bytes[seq_len(first)]
  rest <- bytes[-seq_len(first)]
  if (any(head == as.raw(0)) ||
    !grepl(
      "^\\{\"format\": \"backprop model\", \"md5\": \"[0-9a-f]{32}\",\n$", rawToChar(head),
      useBytes = TRUE
    )) {
    abort_format("It does not begin as a file of {.fn nn_save} does.")
  }
  if (!identical(rawToChar(head), file_head(cli::hash_raw_md5(rest)))) {
    abort_format("Its checksum is not that of its contents: it was cut or changed.")
  }
  if (any(rest == as.raw(0))) abort_format("It has a zero byte in its text.")
  text <- rawToChar(bytes)
  if (!validUTF8(text)) abort_format("It is not in UTF-8.")
  Encoding(text) <- "UTF-8"
  text
}

name_list <- function(names) paste(deparse(names, width.cutoff = 500), collapse = " ")

# Whatever goes wrong with a file becomes one kind of error. A stranger's file can be wrong in ways
# that no check foresees.
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
