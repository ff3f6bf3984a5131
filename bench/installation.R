# Installs the package from a clone of the repository, without objects of other builds, with an
# R CMD build tarball into a temporary library, and puts that library first in the search path.
# Returns the library.
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
