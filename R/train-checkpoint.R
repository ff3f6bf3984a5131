# Checkpoints: the fit so far, in a file.

# A file to write checkpoints to: its folder must be there.
check_checkpoint <- function(checkpoint, call) {
  if (is.null(checkpoint)) {
    return(NULL)
  }
  if (!is.character(checkpoint) || length(checkpoint) != 1 || is.na(checkpoint) ||
    !nzchar(checkpoint)) {
    abort_argument(c(
      "{.arg checkpoint} must be the path of a file, or NULL.",
      x = "It is {describe(checkpoint)}."
    ), call)
  }
  if (!dir.exists(dirname(checkpoint))) {
    abort_argument(c(
      "The folder of {.arg checkpoint} must exist.",
      x = "{.path {dirname(checkpoint)}} does not."
    ), call)
  }
  if (dir.exists(checkpoint)) {
    abort_argument(c(
      "{.arg checkpoint} must be the path of a file.",
      x = "{.path {checkpoint}} is a folder."
    ), call)
  }
  tried <- if (file.exists(checkpoint)) tempfile("checkpoint", dirname(checkpoint)) else checkpoint
  if (!suppressWarnings(file.create(tried))) {
    abort_argument(c(
      "{.arg checkpoint} must be a file that can be written.",
      x = "{.path {checkpoint}} cannot."
    ), call)
  }
  unlink(tried)
  checkpoint
}

write_checkpoint <- function(fit, path) {
  written <- write_whole(function(beside) saveRDS(fit, beside), path)
  if (!isTRUE(written)) {
    cli::cli_warn(c(
      "The checkpoint {.path {path}} could not be written; training goes on.",
      x = "{conditionMessage(written)}"
    ), class = "backprop_warning_checkpoint", call = NULL)
  }
}
