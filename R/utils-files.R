# Writes files atomically: a file is complete or does not exist.

check_path <- function(path, call, name = "path", exists = FALSE) {
  if (!is.character(path) || length(path) != 1 || is.na(path) || !nzchar(path)) {
    abort_argument(c(
      "{.arg {name}} must be the path to a file, as a single string.",
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
      c("{.path {path}} does not exist.", working_directory(path)),
      call, environment()
    )
  }
  if (!dir.exists(dirname(path))) {
    abort_argument(c(
      "The directory of {.arg {name}} must exist.",
      x = "{.path {dirname(path)}} does not exist."
    ), call)
  }
}

# The working directory, for a message about a path that depends on it.
working_directory <- function(path) {
  if (!grepl("^([/~\\\\]|[A-Za-z]:)", path)) {
    c(i = paste0("The working directory is {.path ", literal(getwd()), "}."))
  }
}

# Calls `write()` with a connection to a temporary file (see begin_file()), and renames the file
# when it is complete. Returns TRUE, or the condition that prevented it; then the old file is
# unchanged.
write_whole <- function(write, path) {
  file <- NULL
  on.exit(if (!is.null(file)) file$abandon())
  problem <- first_problem({
    file <- begin_file(path)
    write(file$connection)
    file$close()
  })
  if (is.null(problem)) problem <- first_problem(file$replace())
  if (is.null(problem)) TRUE else problem
}

# The first warning or error of an expression, or NULL. A warning does not stop it, because close()
# would leave the connection open.
first_problem <- function(code) {
  problem <- NULL
  tryCatch(
    withCallingHandlers(code, warning = function(w) {
      if (is.null(problem)) problem <<- w
      tryInvokeRestart("muffleWarning")
    }),
    error = function(e) if (is.null(problem)) problem <<- e
  )
  problem
}

# A temporary file that replaces the one at `path`, in the same directory. The permissions of a
# replaced file are kept, and a symbolic link stays a link.
#   connection  to write to
#   close()     ends writing, and replace() then replaces the file
#   abandon()   removes the temporary file, if it was not renamed
begin_file <- function(path) {
  path <- link_target(path.expand(path))
  if (!is_replaceable(path)) stop("It is a directory, a pipe or a device.")
  remove_orphans(path)
  beside <- temporary_beside(path)
  mode <- if (file.exists(path)) file.mode(path)
  connection <- file(beside, "wb")
  open <- TRUE
  if (!is.null(mode)) Sys.chmod(beside, "600", use_umask = FALSE)
  list(
    connection = connection,
    close = function() {
      open <<- FALSE
      # On a full disk, only closing the file may fail.
      if (!identical(close(connection), 0L)) stop("The end of the file could not be written.")
      if (!is.null(mode)) Sys.chmod(beside, mode, use_umask = FALSE)
    },
    replace = function() if (!file.rename(beside, path)) stop("It could not be renamed."),
    abandon = function() {
      if (open) close(connection)
      open <<- FALSE
      unlink(beside, expand = FALSE)
    }
  )
}

# Can a file be written there? Tries it with a temporary file only: the path itself is not touched.
# Returns TRUE, or the reason why not.
try_writing <- function(path) {
  tryCatch(
    {
      path <- link_target(path.expand(path))
      if (!is_replaceable(path)) stop("It is a directory, a pipe or a device.")
      if (nchar(basename(path), "bytes") > 255) stop("Its name is too long.")
      remove_orphans(path)
      beside <- temporary_beside(path)
      if (!suppressWarnings(file.create(beside))) stop("Its directory is not writable.")
      unlink(beside, expand = FALSE)
      TRUE
    },
    error = conditionMessage
  )
}

# Temporary files are named after the file, the machine and the process, so that those of a process
# that was killed are recognised. The names are short, because that of the file may have the
# greatest length.
temporary_beside <- function(path) {
  tempfile(paste0(temporary_prefix(path), Sys.getpid(), "-"), dirname(path))
}

temporary_prefix <- function(path) {
  short <- function(text) substr(cli::hash_md5(text), 1, 8)
  paste0("nn-", short(basename(path)), "-", short(c(Sys.info()[["nodename"]], "")[1]), "-")
}

# Removes temporary files that killed processes left behind.
remove_orphans <- function(path) {
  pattern <- paste0("^", temporary_prefix(path), "([0-9]{1,9})-.*$")
  files <- list.files(dirname(path), pattern)
  running <- vapply(as.integer(sub(pattern, "\\1", files)), is_running, NA)
  files <- file.path(dirname(path), files[!running])
  # not those of a process that can't be seen from here, as in a container
  idle <- difftime(Sys.time(), file.mtime(files), units = "secs") > 10
  unlink(files[idle], expand = FALSE)
}

# Signal 0 only asks. For a process of another user it fails.
is_running <- function(pid) tools::pskill(pid, 0) || dir.exists(file.path("/proc", pid))

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

is_replaceable <- function(path) !file.exists(path) || is_regular_file(path)

# Is a file that exists neither a directory, a pipe nor a device? The last two have size 0, and R
# can't distinguish them from empty files.
is_regular_file <- function(path) {
  !dir.exists(path) && (
    file.size(path) > 0 || .Platform$OS.type != "unix" ||
      system2("test", c("-f", shQuote(path))) == 0
  )
}

write_file <- function(bytes, path, call) {
  written <- write_whole(function(connection) writeBin(bytes, connection), path)
  if (!isTRUE(written)) {
    abort_kind(
      "file", c("Can't write {.path {path}}.", x = "{conditionMessage(written)}"), call,
      environment()
    )
  }
}
