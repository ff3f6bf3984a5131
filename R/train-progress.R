# The progress bar of a training, in interactive sessions. The trainings of a search advance the bar
# of the search (utils-progress.R) instead of having bars of their own, which would be too short to
# be seen.

# The progress of a training of `epochs`: list(id, before, epochs); NULL if none is shown. `before`:
# the epochs of a search that were done before, or NULL for a training with a bar of its own.
start_progress <- function(epochs) {
  if (epochs == 0 || !shows_bars()) {
    return(NULL)
  }
  if (!is.null(search_bar$id)) {
    return(list(id = search_bar$id, before = search_bar$done, epochs = epochs))
  }
  list(id = cli::cli_progress_bar(
    total = epochs,
    format = paste0(
      "Training {cli::pb_bar} {cli::pb_eta_str} {floor(cli::pb_current)}/{cli::pb_total} epochs, ",
      "loss {cli::pb_status}"
    ),
    .envir = environment(), .auto_close = FALSE
  ), before = NULL, epochs = epochs)
}

# `done`: the number of epochs, with a fraction for the epoch under way.
show_progress <- function(progress, done, loss) {
  if (is.null(progress)) {
    return(invisible())
  }
  if (!is.null(progress$before)) {
    return(advance_search(progress$before + done))
  }
  cli::cli_progress_update(
    set = done, id = progress$id,
    status = if (length(loss) == 1) paste0(format(loss, digits = 4), " ")
  )
}

# A training of a search may end early, but then counts with all its epochs.
end_progress <- function(progress) {
  if (is.null(progress)) {
    return(invisible())
  }
  if (is.null(progress$before)) {
    cli::cli_progress_done(id = progress$id)
  } else {
    search_bar$done <- progress$before + progress$epochs
    advance_search(search_bar$done)
  }
}
