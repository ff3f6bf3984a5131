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
