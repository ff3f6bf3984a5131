# Predictions for a source, block by block.

# Predicts each block as predict() predicts a data frame. Returns the predictions of all rows, or
# the number of rows if they are written elsewhere. `predict_block`: a function(block, offset).
predict_source <- function(fit, source, offset, na.action, into, predict_block, call) {
  check_source(source, call, "newdata")
  if (!is.null(into) && drops_rows(na.action)) {
    abort_argument(c(
      "With {.arg into}, {.arg na.action} must keep all rows.",
      i = "Use {.fn na.pass}, and drop the rows whose prediction is missing afterwards."
    ), call)
  }
  out <- new_output(into, source, call)
  if (is.null(unclass(fit)$encoding)) {
    as_data <- function(block) as.matrix(block)
  } else {
    as_data <- identity
  }
  finished <- FALSE
  on.exit(if (!finished) out$abandon())
  shown <- character()
  rows <- withCallingHandlers(
    each_block(source, function(block, before) {
      at <- before + seq_len(nrow(block))
      out$add(predict_block(as_data(block), take_rows(offset, at)), before)
    }, call),
    # of each kind of warning or message, that of the first block
    condition = function(condition) {
      kind <- grep("^backprop_(warning|message)_", class(condition), value = TRUE)
      if (length(kind) == 0) {
        return()
      }
      if (kind[1] %in% shown) {
        invokeRestart(if (inherits(condition, "warning")) "muffleWarning" else "muffleMessage")
      }
      shown <<- c(shown, kind[1])
    }
  )
  if (!is.null(offset) && NROW(offset) != rows) {
    abort_input(c(
      "{.arg offset} must have one number for each of the {rows} row{?s}.",
      x = "You supplied {describe(offset)}."
    ), call)
  }
  result <- out$finish(rows)
  finished <- TRUE
  result
}

drops_rows <- function(na.action) {
  identical(na.action, stats::na.omit) || identical(na.action, "na.omit")
}

# Where predictions go: list(add, finish, abandon). add(predictions, before) takes those of a block,
# finish(rows) returns the result, and abandon() removes what has been written.
new_output <- function(into, source, call) {
  nothing <- function() NULL
  if (is.null(into)) {
    parts <- list()
    return(list(
      add = function(predictions, before) parts[[length(parts) + 1]] <<- predictions,
      finish = function(rows) combine_predictions(parts), abandon = nothing
    ))
  }
  if (is.function(into)) {
    return(list(
      add = function(predictions, before) into(prediction_table(predictions, before)),
      finish = function(rows) invisible(rows), abandon = nothing
    ))
  }
  if (is_string(into)) {
    return(file_output(into, source, call))
  }
  if (is.list(into) && length(into) == 2 && inherits(into[[1]], "DBIConnection") &&
    is_string(into[[2]])) {
    return(table_output(into[[1]], into[[2]], source, call))
  }
  abort_argument(c(
    paste0(
      "{.arg into} must be a function, the path of a file, a list of a DBI connection and the ",
      "name of a new table, or NULL."
    ),
    x = "You supplied {describe(into)}."
  ), call)
}

# The predictions of several blocks as those of one call.
combine_predictions <- function(parts) {
  if (length(parts) == 0) {
    return(numeric())
  }
  first <- parts[[1]]
  if (length(dim(first)) < 2) {
    return(do.call(c, parts))
  }
  if (length(dim(first)) == 2) {
    return(do.call(rbind, parts))
  }
  sizes <- vapply(parts, nrow, 0L)
  all <- array(NA_real_, c(sum(sizes), dim(first)[-1]), c(list(NULL), dimnames(first)[-1]))
  for (k in seq_along(parts)) all[sum(sizes[seq_len(k - 1)]) + seq_len(sizes[k]), , ] <- parts[[k]]
  all
}

# Predictions as a data frame: `row`, the number of the row in the source, and `prediction`, or a
# column for each of theirs.
prediction_table <- function(predictions, before) {
  if (length(dim(predictions)) == 3) {
    names <- outer(
      colnames(predictions), dimnames(predictions)[[3]] %||% seq_len(dim(predictions)[3]),
      function(part, output) paste(output, part, sep = ".")
    )
    dim(predictions) <- c(nrow(predictions), length(names))
    colnames(predictions) <- names
  }
  values <- if (is.null(dim(predictions))) {
    data.frame(prediction = unname(predictions))
  } else {
    if (is.null(colnames(predictions))) {
      colnames(predictions) <- paste0("prediction", seq_len(ncol(predictions)))
    }
    as.data.frame(unname_rows(predictions))
  }
  cbind(row = before + seq_len(nrow(values)), values)
}

# A CSV file, which exists when it is complete.
file_output <- function(path, source, call) {
  check_path(path, call, "into")
  if (normalizePath(path, mustWork = FALSE) %in% source$files) {
    abort_argument(c(
      "{.arg into} must be another file than the source's.",
      x = "{.path {path}} is read from."
    ), call)
  }
  written <- function(code) {
    problem <- first_problem(code)
    if (!is.null(problem)) abort_output(path, problem, call)
  }
  file <- NULL
  written(file <- begin_file(path))
  begun <- FALSE
  list(
    add = function(predictions, before) {
      table <- prediction_table(predictions, before)
      lines <- do.call(paste, c(unname(lapply(table, csv_text)), sep = ","))
      if (!begun) lines <- c(paste(csv_text(names(table)), collapse = ","), lines)
      begun <<- TRUE
      # in UTF-8 in each locale
      written(writeLines(enc2utf8(lines), file$connection, useBytes = TRUE))
    },
    finish = function(rows) {
      written(file$close())
      written(file$replace())
      invisible(rows)
    },
    abandon = file$abandon
  )
}

csv_text <- function(x) {
  text <- if (is.double(x)) {
    number_text(x)
  } else if (is.factor(x) || is.character(x)) {
    in_quotes(x)
  } else {
    as.character(x)
  }
  replace(text, is.na(x), "NA")
}

abort_output <- function(where, error, call) {
  abort_kind("file", c(
    "The predictions can't be written to {.path {where}}.",
    x = "{conditionMessage(error)}"
  ), call, environment(), parent = error)
}

# A new table of a data base, in one transaction.
table_output <- function(connection, name, source, call) {
  check_installed("DBI", "to write into a data base.")
  if (identical(connection, source$connection)) {
    abort_argument(c(
      "{.arg into} must have another connection than the source.",
      x = "A connection can't be read and written at the same time.",
      i = "Open a second one with {.fn DBI::dbConnect}."
    ), call)
  }
  if (DBI::dbExistsTable(connection, name)) {
    abort_argument(c("The table of {.arg into} must be new.", x = "{.val {name}} exists."), call)
  }
  within <- function(code) tryCatch(code, error = function(e) abort_output(name, e, call))
  within(DBI::dbBegin(connection))
  list(
    add = function(predictions, before) {
      table <- prediction_table(predictions, before)
      factors <- vapply(table, is.factor, NA)
      table[factors] <- lapply(table[factors], as.character)
      within(DBI::dbWriteTable(connection, name, table, append = before > 0))
    },
    finish = function(rows) {
      within(DBI::dbCommit(connection))
      invisible(rows)
    },
    abandon = function() try(DBI::dbRollback(connection), silent = TRUE)
  )
}
