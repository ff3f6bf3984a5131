# Puts a fresh installation of the package first in the search for packages: from a clean copy of
# what git has, without objects of other builds, through an R CMD build tarball into a library that
# is gone with the session. Returns that library.
install_afresh <- function(root) {
  place <- tempfile("backprop-")
  dir.create(file.path(place, "library"), recursive = TRUE)
  root <- normalizePath(root)
  old <- setwd(place)
  on.exit(setwd(old))
  run <- function(...) {
    if (system2(file.path(R.home("bin"), "R"), c("CMD", ...), stdout = "log", stderr = "log") !=
      0) {
      stop(paste(readLines("log"), collapse = "\n"))
    }
  }
  system2("git", c("clone", "--quiet", shQuote(root), "copy"))
  run("build", "--no-build-vignettes", "--no-manual", "copy")
  run("INSTALL", "--library=library", Sys.glob("backprop_*.tar.gz"))
  .libPaths(c(file.path(place, "library"), .libPaths()))
  file.path(place, "library")
}
