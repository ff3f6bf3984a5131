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

# Whether the file exists within some seconds.
wait_for <- function(path, seconds = 30) {
  end <- Sys.time() + seconds
  while (!file.exists(path) && Sys.time() < end) Sys.sleep(0.02)
  file.exists(path)
}
