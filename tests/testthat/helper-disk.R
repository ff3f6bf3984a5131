# A folder with a file system of its own, such as one of `options` = "size=8k". The test is skipped
# where file systems can't be mounted.
local_disk <- function(options, env = parent.frame()) {
  testthat::skip_on_os(c("windows", "mac", "solaris"))
  folder <- withr::local_tempdir(.local_envir = env)
  there <- nzchar(Sys.which("mount")) && mount_disk(folder, options)
  testthat::skip_if_not(there, "file systems can't be mounted here")
  withr::defer(system2("umount", shQuote(folder)), env, priority = "first")
  folder
}

# Also changes what is mounted, such as with "remount,size=4k". Returns whether it did.
mount_disk <- function(folder, options) {
  suppressWarnings(system2(
    "mount", c("-t", "tmpfs", "-o", options, "tmpfs", shQuote(folder)),
    stdout = FALSE, stderr = FALSE
  )) == 0
}
