# Every error of the package has class `backprop_error` and one of the kinds below. `message` is a cli message: what was wrong,
# what was expected and given (x), what to do (i). `call` is the function that the user called.
abort_kind <- function(kind, message, call, envir, ...) {
  cli::cli_abort(message, class = c(paste0("backprop_error_", kind), "backprop_error"), call = call, .envir = envir, ...)
}
abort_input <- function(message, call, ..., envir = parent.frame()) abort_kind("input", message, call, envir, ...)
abort_argument <- function(message, call, ..., envir = parent.frame()) abort_kind("argument", message, call, envir, ...)

# How a value is named in a message: its type and shape.
describe <- function(x) {
  if (is.null(x)) return("NULL")
  kind <- if (is.data.frame(x)) "data frame" else if (is.factor(x)) "factor" else if (is.matrix(x)) paste(typeof(x), "matrix")
    else if (is.object(x)) paste0("<", class(x)[1], ">") else if (is.function(x)) "function" else if (is.array(x)) paste(typeof(x), "array")
    else if (is.list(x)) "list" else paste(typeof(x), "vector")
  if (!is.null(dim(x))) return(paste0(kind, " of ", paste(dim(x), collapse = " x ")))
  if (is.atomic(x) && !is.object(x) && length(x) == 1) return(encodeString(format(x, digits = 15), quote = if (is.character(x)) "\"" else ""))
  if (is.atomic(x) || is.list(x)) paste(kind, "of length", length(x)) else kind
}
