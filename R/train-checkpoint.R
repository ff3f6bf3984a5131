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
  writable <- try_writing(checkpoint)
  if (!isTRUE(writable)) {
    abort_argument(c(
      "{.arg checkpoint} must be the path of a writable file.",
      x = "{.path {checkpoint}} can't be written: {writable}"
    ), call)
  }
  checkpoint
}

# Is another checkpoint due? `now` and `written`: the time, and that of the last checkpoint, in
# seconds. A clock that was set back must not stop checkpoints.
is_checkpoint_due <- function(now, written) abs(now - written) >= 1

# The file is not compressed: numbers hardly shrink, and a compressing connection does not report
# that its last bytes could not be written.
# Of several processes, which all make the fit, the first one writes it.
write_checkpoint <- function(fit, path, ranks = NULL) {
  force(fit)
  if (!is.null(ranks) && ranks$rank > 0) {
    return(invisible())
  }
  written <- write_whole(function(connection) saveRDS(fit, connection), path)
  if (!isTRUE(written)) {
    cli::cli_warn(c(
      "The checkpoint {.path {path}} could not be written; training continues.",
      x = "{conditionMessage(written)}"
    ), class = "backprop_warning_checkpoint", call = NULL)
  }
}
