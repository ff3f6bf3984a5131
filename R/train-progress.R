# Progress bars with the time left, in interactive sessions. cli shows a bar after two seconds.
#
# A search trains many networks. They advance the bar of the search instead of having bars of their
# own, which would be too short to be seen.

# The bar of the search under way: `id`, the number of epochs `done` and the `total` that is
# expected. It has no `id` outside a search.
search_bar <- new.env(parent = emptyenv())

# Evaluates `code`, a search that trains for about `total` epochs in all.
with_search_bar <- function(label, total, code) {
  if (!is_interactive() || !is.null(search_bar$id)) {
    return(code)
  }
  search_bar$done <- 0
  search_bar$total <- total
  search_bar$id <- cli::cli_progress_bar(
    total = total,
    format = paste0(label, " {cli::pb_bar} {cli::pb_eta_str} {cli::pb_percent}"),
    .envir = environment(), .auto_close = FALSE
  )
  on.exit({
    cli::cli_progress_done(id = search_bar$id)
    search_bar$id <- NULL
  })
  code
}

# The progress of a training of `epochs`: list(id, before, epochs); NULL if none is shown. `before`:
# the epochs of a search that were done before, or NULL for a training with a bar of its own.
start_progress <- function(epochs) {
  if (!is_interactive() || epochs == 0) {
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

# If a search takes longer than expected, its bar stays a little before the end.
advance_search <- function(done) {
  if (is.null(search_bar$id)) {
    return(invisible())
  }
  search_bar$total <- max(search_bar$total, 1.05 * done)
  cli::cli_progress_update(set = done, total = search_bar$total, id = search_bar$id)
}
