# Files are written whole or not at all.

check_path <- function(path, call, exists = FALSE) {
  if (!is.character(path) || length(path) != 1 || is.na(path) || !nzchar(path)) {
    abort_argument(c(
      "{.arg path} must be the path of a file, one string.",
      x = "It is {describe(path)}."
    ), call)
  }
  if (exists && dir.exists(path)) {
    abort_kind(
      "file", c("{.path {path}} must be a file.", x = "It is a folder."), call, environment()
    )
  }
  if (exists && !file.exists(path)) {
    abort_kind(
      "file",
      c("There is no file {.path {path}}.", i = "The working directory is {.path {getwd()}}."),
      call, environment()
    )
  }
  if (!dir.exists(dirname(path))) {
    abort_argument(c(
      "The folder of {.arg path} must exist.",
      x = "{.path {dirname(path)}} does not."
    ), call)
  }
}

# `write(path)` to a file beside its place, which is then renamed, so that the file is whole at any
# moment: TRUE, or the condition that was in the way. A file that is replaced hands on its
# permissions, and a link stays one. Warnings do not end the writing at once, as its connection
# would be left open.
write_whole <- function(write, path) {
  problem <- NULL
  tryCatch(withCallingHandlers(
    {
      path <- link_target(path.expand(path))
      if (!is_replaceable(path)) stop("It is a folder, a pipe or a device.")
      beside <- tempfile("nn-", tmpdir = dirname(path))
      on.exit(unlink(beside, expand = FALSE))
      mode <- if (file.exists(path)) file.mode(path)
      file.create(beside)
      if (!is.null(mode)) Sys.chmod(beside, "600", use_umask = FALSE)
      write(beside)
      if (!is.null(mode)) Sys.chmod(beside, mode, use_umask = FALSE)
      if (is.null(problem) && !file.rename(beside, path)) stop("It could not be renamed.")
    },
    warning = function(w) {
      if (is.null(problem)) problem <<- w
      tryInvokeRestart("muffleWarning")
    }
  ), error = function(e) if (is.null(problem)) problem <<- e)
  if (is.null(problem)) TRUE else problem
}

# Where a chain of links ends, whether there is a file or not.
link_target <- function(path) {
  for (step in 1:40) {
    target <- Sys.readlink(path)
    if (is.na(target) || !nzchar(target)) {
      return(path)
    }
    path <- if (startsWith(target, "/")) target else file.path(dirname(path), target)
  }
  stop("It is a link that leads back to itself.")
}

# Pipes and devices have no size, and R does not tell them from empty files.
is_replaceable <- function(path) {
  if (!file.exists(path)) {
    return(TRUE)
  }
  if (dir.exists(path)) {
    return(FALSE)
  }
  file.size(path) > 0 || .Platform$OS.type != "unix" || system2("test", c("-f", shQuote(path))) == 0
}

write_file <- function(bytes, path, call) {
  written <- write_whole(function(beside) writeBin(bytes, beside), path)
  if (!isTRUE(written)) {
    abort_kind(
      "file", c("{.path {path}} could not be written.", x = "{conditionMessage(written)}"), call,
      environment()
    )
  }
}
