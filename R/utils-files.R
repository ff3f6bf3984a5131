# Writes files atomically: a file is complete or does not exist.

check_path <- function(path, call, exists = FALSE) {
  if (!is.character(path) || length(path) != 1 || is.na(path) || !nzchar(path)) {
    abort_argument(c(
      "{.arg path} must be the path to a file, as a single string.",
      x = "You supplied {describe(path)}."
    ), call)
  }
  if (exists && dir.exists(path)) {
    abort_kind(
      "file", c("{.path {path}} must be a file.", x = "It is a directory."), call, environment()
    )
  }
  if (exists && !file.exists(path)) {
    abort_kind(
      "file",
      c("{.path {path}} does not exist.", i = "The working directory is {.path {getwd()}}."),
      call, environment()
    )
  }
  if (!dir.exists(dirname(path))) {
    abort_argument(c(
      "The directory of {.arg path} must exist.",
      x = "{.path {dirname(path)}} does not exist."
    ), call)
  }
}

# Calls `write()` with a temporary file in the same directory and renames it, so that the file is
# complete at any moment. Returns TRUE, or the condition that prevented it. The permissions of a
# replaced file are kept, and a symbolic link stays a link. A warning does not stop the writing
# immediately, because that would leave the connection open.
write_whole <- function(write, path) {
  problem <- NULL
  tryCatch(withCallingHandlers(
    {
      path <- link_target(path.expand(path))
      if (!is_replaceable(path)) stop("It is a directory, a pipe or a device.")
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

# The end of a chain of symbolic links, whether or not a file exists there.
link_target <- function(path) {
  for (step in 1:40) {
    target <- Sys.readlink(path)
    if (is.na(target) || !nzchar(target)) {
      return(path)
    }
    path <- if (startsWith(target, "/")) target else file.path(dirname(path), target)
  }
  stop("It is a symbolic link that points back to itself.")
}

# Pipes and devices have size 0, and R can't distinguish them from empty files.
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
      "file", c("Can't write {.path {path}}.", x = "{conditionMessage(written)}"), call,
      environment()
    )
  }
}
