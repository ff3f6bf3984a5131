# The history of a fit, a row for each epoch.

# The rows that a chunk of epochs adds to the history; losses are means per row.
history_rows <- function(chunk, fit) {
  outputs <- n_outputs(fit$layers)
  rows <- list(loss = chunk$loss)
  if (length(chunk$correct) > 0) rows$accuracy <- chunk$correct
  held <- !is.null(fit$settings$validation)
  unit <- rmse_unit(fit)
  root <- held && length(unit) == 1
  if (root) rows$rmse <- unit * sqrt(2 * chunk$loss / outputs)
  if (held) rows$validation_loss <- chunk$validation_loss
  if (held && length(chunk$validation_correct) > 0) {
    rows$validation_accuracy <- chunk$validation_correct
  }
  if (root) rows$validation_rmse <- unit * sqrt(2 * chunk$validation_loss / outputs)
  rows
}

# What the root of the mean squared error is multiplied by to be in units of the outcome, as in
# nn_cv(); NULL if the loss does not determine it.
rmse_unit <- function(fit) {
  scale <- if (is.null(fit$encoding$outcome)) 1 else unique(fit$encoding$outcome$scale)
  squares <- loss_table[[fit$settings$loss$name]]$squares
  if (squares && is.null(fit$settings$class_weights) && length(scale) == 1) scale
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
