# Progress bars with the time left, in interactive sessions: that of a search, that of the
# preparation of many data, and that of a pass over a source. cli shows a bar after two seconds.

# Whether bars are shown. rlang's function asks for more, which takes longer.
shows_bars <- function() {
  (interactive() || !is.null(getOption("rlang_interactive"))) && is_interactive()
}

# The bar of the search under way: `id`, the number of epochs `done` and the `total` that is
# expected. It has no `id` outside a search.
search_bar <- new.env(parent = emptyenv())

# Opens a bar, and returns its id. It stays open when the function that opens it ends. An unknown
# total is NA.
open_bar <- function(label, total, format = NULL) {
  format <- format %||% "{cli::pb_bar} {cli::pb_eta_str} {cli::pb_percent}"
  cli::cli_progress_bar(
    total = total, format = paste(label, format),
    .envir = environment(), .auto_close = FALSE
  )
}

# Evaluates `code`, a search that trains for about `total` epochs in all.
with_search_bar <- function(label, total, code) {
  if (!shows_bars() || !is.null(search_bar$id)) {
    return(code)
  }
  search_bar$done <- 0
  search_bar$total <- total
  search_bar$id <- open_bar(label, total)
  on.exit({
    cli::cli_progress_done(id = search_bar$id)
    search_bar$id <- NULL
  })
  code
}

# If a search takes longer than expected, its bar stays a little before the end.
advance_search <- function(done) {
  if (is.null(search_bar$id)) {
    return(invisible())
  }
  search_bar$total <- max(search_bar$total, 1.05 * done)
  cli::cli_progress_update(set = done, total = search_bar$total, id = search_bar$id)
}

# The bar of the preparation of the data under way: its `id`, or nothing.
preparation_bar <- new.env(parent = emptyenv())

# The steps of the preparation: the frame of the variables, the encoded columns, their checks, their
# scales, the description of the outcome and the standardised rows. They take about the same time.
preparation_steps <- 6
# Fewer values are prepared in less than two seconds on any machine.
prepared_values <- 1e6

# `values`: the number of values in the columns.
begin_preparation <- function(values) {
  if (!shows_bars() || values < prepared_values || !is.null(preparation_bar$id)) {
    return(invisible())
  }
  preparation_bar$id <- open_bar("Preparing the data", preparation_steps)
}

# Shows that so many steps are done.
show_prepared <- function(steps) {
  if (!is.null(preparation_bar$id)) {
    cli::cli_progress_update(set = steps, id = preparation_bar$id)
  }
}

end_preparation <- function() {
  if (!is.null(preparation_bar$id)) {
    cli::cli_progress_done(id = preparation_bar$id)
    preparation_bar$id <- NULL
  }
}

# The bar of a pass over a source of `total` rows, NA if their number is not known: its id, or NULL
# in sessions that are not interactive.
begin_pass <- function(total) {
  if (shows_bars()) {
    open_bar(
      "Reading the source", total,
      if (is.na(total)) "{cli::pb_spin} {cli::pb_current} rows, {cli::pb_elapsed}"
    )
  }
}

show_read <- function(id, rows) {
  if (!is.null(id)) cli::cli_progress_update(set = rows, id = id)
}

end_pass <- function(id) {
  if (!is.null(id)) cli::cli_progress_done(id = id)
}
