# Access to a trace: a step by its id, a data frame of all values, and a summary.

#' @export
`$.nn_trace` <- function(x, name) {
  plain <- unclass(x)
  if (name %in% names(plain)) plain[[name]] else step_value(plain, name, 1, 1, current_env())
}

#' @rdname nn_trace
#' @param x,object A trace.
#' @param i Id of a step, or name of an element of the trace.
#' @param batch Batch within the epoch, a whole number; 1 by default. For `print()` and `format()`,
#'   `NULL` (default) means all batches.
#' @export
`[[.nn_trace` <- function(x, i, epoch = 1, batch = 1, ...) {
  if (...length() > 0) {
    check_no_dots(current_env(), ..., known = c("x", "i", "epoch", "batch"))
  }
  plain <- unclass(x)
  if (is.numeric(i) || (is_string(i) && i %in% names(plain))) {
    plain[[i]]
  } else {
    step_value(plain, i, epoch, batch, current_env())
  }
}

#' @export
`[.nn_trace` <- function(x, i) {
  plain <- unclass(x)
  if (missing(i)) {
    return(plain)
  }
  kept <- plain[i]
  if (anyNA(names(kept))) {
    wrong <- i[is.na(names(kept))][1]
    abort_argument(c(
      "The trace has no element {.val {wrong}}.",
      x = "Its elements are {.field {names(plain)}}.",
      i = if (is.character(wrong)) {
        "For the value of a step, use {.code trace[[\"{wrong}\"]]} or {.code trace${wrong}}."
      }
    ), current_env())
  }
  kept
}

#' @exportS3Method utils::.DollarNames nn_trace
.DollarNames.nn_trace <- function(x, pattern = "") {
  plain <- unclass(x)
  ids <- if (length(plain$epochs) > 0) vapply(batch_steps(plain, 1, 1), `[[`, "", "id")
  grep(pattern, c(ids, names(plain)), value = TRUE)
}

# The steps of one update.
batch_steps <- function(trace, epoch, batch) {
  Filter(function(step) step$batch == batch, unclass(trace)$epochs[[epoch]]$steps)
}

check_epoch_and_batch <- function(trace, epoch, batch, call) {
  plain <- unclass(trace)
  epochs <- if (is.list(plain)) plain$epochs
  if (!is.list(epochs)) check_trace(trace, call)
  if (length(epochs) == 0) {
    abort_argument("The trace has no epochs: training diverged in the first one.", call)
  }
  epoch <- check_whole(epoch, "epoch", call, most = length(epochs))
  check_trace(trace, call, epochs = epoch)
  list(
    epoch = epoch, batch = check_whole(batch, "batch", call, most = length(epochs[[epoch]]$batches))
  )
}

step_value <- function(trace, id, epoch, batch, call) {
  at <- check_epoch_and_batch(trace, epoch, batch, call)
  steps <- batch_steps(trace, at$epoch, at$batch)
  ids <- vapply(steps, `[[`, "", "id")
  if (is_string(id) && id %in% ids) {
    return(steps[[match(id, ids)]]$value)
  }
  if (!is_string(id)) {
    abort_argument(c(
      "{.arg i} must be the id of a step, a single string.",
      x = "You supplied {describe(id)}.",
      i = "The ids are {.field {ids}}."
    ), call)
  }
  # "wh" is a name or, with several hidden layers, the stem of names
  names <- vapply(steps, `[[`, "", "name")
  at <- which(names == id | sub("[0-9]+$", "", names) == id)
  # by layer: the backward pass has them in the opposite order
  of_name <- ids[at[order(nchar(names[at]), names[at])]]
  near <- if (length(of_name) > 0) c(i = "There are {.field {of_name}}.") else nearest_name(id, ids)
  abort_argument(c(
    "The trace has no step {.val {id}}.",
    near,
    i = if (is.null(near)) "Its steps are {.field {ids}}."
  ), call)
}

#' @rdname nn_trace
#' @param row.names,optional Ignored.
#' @export
as.data.frame.nn_trace <- function(x, row.names = NULL, optional = FALSE, ...) {
  check_no_dots(current_env(), ..., known = "x")
  check_trace(x, current_env())
  columns <- function(get) {
    unlist(lapply(unclass(x)$epochs, function(traced) {
      lapply(traced$steps, function(step) get(traced, step, step$value))
    }), use.names = FALSE)
  }
  each <- function(what, value) rep(what, length(value))
  cells <- list(
    epoch = columns(function(traced, step, value) each(as.integer(traced$epoch), value)),
    batch = columns(function(traced, step, value) each(as.integer(step$batch), value)),
    step = columns(function(traced, step, value) each(step$id, value)),
    row = columns(function(traced, step, value) row(value)),
    column = columns(function(traced, step, value) col(value)),
    value = columns(function(traced, step, value) value)
  )
  empty <- list(integer(), integer(), character(), integer(), integer(), numeric())
  as.data.frame(Map(function(column, none) if (is.null(column)) none else column, cells, empty))
}

#' @rdname nn_trace
#' @export
summary.nn_trace <- function(object, ...) {
  check_no_dots(current_env(), ..., known = "object")
  check_trace(object, current_env(), "object")
  trace <- unclass(object)
  names <- names(trace$network)
  if (is_true(trace$settings$skip)) names <- append(names, "wskip", length(names) - 1)
  updates <- do.call(
    rbind,
    lapply(trace$epochs, function(traced) {
      do.call(
        rbind,
        lapply(seq_along(traced$batches), function(batch) {
          steps <- Filter(function(step) step$batch == batch, traced$steps)
          value <- stats::setNames(lapply(steps, `[[`, "value"), vapply(steps, `[[`, "", "id"))
          changes <- lapply(names, function(name) {
            max(abs(value[[paste0(name, "_after")]] - value[[paste0(name, "_before")]]))
          })
          data.frame(
            epoch = traced$epoch, batch = batch, loss_before = c(value$loss),
            loss_after = c(value$loss_after), stats::setNames(changes, names)
          )
        })
      )
    })
  )
  loss <- if (length(trace$epochs) > 0) {
    c(trace$epochs[[1]]$loss["before"], trace$epochs[[length(trace$epochs)]]$loss["after"])
  }
  structure(
    list(loss = loss, updates = updates, about = describe_trace(trace)),
    class = "summary.nn_trace"
  )
}

# The settings of the trace, as two lines of text.
describe_trace <- function(trace) {
  s <- trace$settings
  c(
    paste0(
      "Trace of ", counted(length(trace$epochs), "epoch"), " of a network ",
      paste(s$units, collapse = "-"), " (",
      paste(
        c(s$activation, s$output_activation, if (is_true(s$skip)) "inputs to outputs"),
        collapse = ", "
      ), ")"
    ),
    paste0(
      "Loss ", s$loss$name, ", ", s$reduction, " over the rows; learning rate ",
      format(trace$learning_rate), "; ",
      if (is.null(s$batch_size)) {
        "full batch"
      } else {
        paste0("batches of ", s$batch_size, if (!s$shuffle) " in order")
      }
    )
  )
}

#' @export
print.summary.nn_trace <- function(x, digits = 4, ...) {
  cat(x$about, sep = "\n")
  if (is.null(x$updates)) {
    return(invisible(x))
  }
  cat(
    "Loss over all rows: ",
    paste(format(x$loss, digits = 7), c("before", "after"), collapse = ", "), "\n",
    sep = ""
  )
  cat("\nEach update: the loss of its rows, and the largest change of each matrix\n")
  shown <- x$updates
  if (all(shown$batch == 1)) shown$batch <- NULL
  most <- 20
  print(utils::head(shown, most), digits = digits, row.names = FALSE)
  if (nrow(shown) > most) {
    cat("... and ", counted(nrow(shown) - most, "more update"), "\n", sep = "")
  }
  invisible(x)
}
