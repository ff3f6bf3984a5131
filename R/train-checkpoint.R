# Checkpoints: the current fit, saved in a file during training.

# The path of the checkpoint file: its folder must exist, and the file must be writable.
check_checkpoint <- function(checkpoint, call) {
  if (is.null(checkpoint)) {
    return(NULL)
  }
  if (!is.character(checkpoint) || length(checkpoint) != 1 || is.na(checkpoint) ||
    !nzchar(checkpoint)) {
    abort_argument(c(
      "{.arg checkpoint} must be the path of a file, or NULL.",
      x = "You supplied {describe(checkpoint)}."
    ), call)
  }
  if (!dir.exists(dirname(checkpoint))) {
    abort_argument(c(
      "The folder of {.arg checkpoint} must exist.",
      x = "{.path {dirname(checkpoint)}} does not exist."
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
      "{.arg checkpoint} must be a writable file.",
      x = "{.path {checkpoint}} can't be written."
    ), call)
  }
  unlink(tried)
  checkpoint
}

write_checkpoint <- function(fit, path) {
  written <- write_whole(function(beside) saveRDS(fit, beside), path)
  if (!isTRUE(written)) {
    cli::cli_warn(c(
      "The checkpoint {.path {path}} could not be written; training continues.",
      x = "{conditionMessage(written)}"
    ), class = "backprop_warning_checkpoint", call = NULL)
  }
}
