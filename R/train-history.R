# The history of a fit, a row for each epoch.

# The rows that a chunk of epochs adds to the history; losses are means per row.
history_rows <- function(chunk, fit) {
  outputs <- n_outputs(fit$layers)
  rows <- list(loss = chunk$loss)
  if (length(chunk$correct) > 0) rows$accuracy <- chunk$correct
  held <- !is.null(fit$settings$validation)
  root <- held && loss_table[[fit$settings$loss$name]]$squares
  if (root) rows$rmse <- sqrt(2 * chunk$loss / outputs)
  if (held) rows$validation_loss <- chunk$validation_loss
  if (held && length(chunk$validation_correct) > 0) {
    rows$validation_accuracy <- chunk$validation_correct
  }
  if (root) rows$validation_rmse <- sqrt(2 * chunk$validation_loss / outputs)
  rows
}

empty_history <- function() list()

history_frame <- function(history) {
  if (length(history) == 0) history <- list(list(epoch = numeric(), loss = numeric()))
  columns <- if (length(history) == 1) {
    history[[1]]
  } else {
    stats::setNames(
      lapply(names(history[[1]]), function(name) unlist(lapply(history, `[[`, name))),
      names(history[[1]])
    )
  }
  attr(columns, "row.names") <- .set_row_names(length(columns$epoch))
  class(columns) <- "data.frame"
  columns
}
