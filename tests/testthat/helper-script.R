# Writes a script that loads the package from where it is now, and starts it in another R process.
start_script <- function(lines, folder, wait = FALSE) {
  script <- file.path(folder, "script.R")
  paths <- paste(
    vapply(.libPaths(), function(path) encodeString(path, quote = "\""), ""),
    collapse = ", "
  )
  writeLines(c(sprintf(".libPaths(c(%s))", paths), "library(backprop)", lines), script)
  log <- file.path(folder, "log.txt")
  system2(
    file.path(R.home("bin"), "Rscript"), c("--vanilla", shQuote(script)),
    wait = wait, stdout = log,
    stderr = log
  )
}

# rmarkdown does not look for pandoc where HOME is not set.
skip_without_pandoc <- function() {
  skip_if_not_installed("rmarkdown")
  skip_if_not(nzchar(Sys.getenv("HOME")) && rmarkdown::pandoc_available("2.0"), "pandoc")
}

# Detaches what is attached until the end of the calling test: packages may attach themselves and
# others, and their objects would be found by the tests after this one.
local_search_path <- function(env = parent.frame()) {
  before <- search()
  detach_all <- function() {
    for (name in setdiff(search(), before)) detach(name, character.only = TRUE)
  }
  withr::defer(detach_all(), env)
}

# Whether the file exists within some seconds.
wait_for <- function(path, seconds = 30) {
  end <- Sys.time() + seconds
  while (!file.exists(path) && Sys.time() < end) Sys.sleep(0.02)
  file.exists(path)
}
