# The most memory that this process has held so far, in bytes; NA where the system does not say.
most_held <- function() {
  if (!file.exists("/proc/self/status")) {
    return(NA_real_)
  }
  1024 *
    as.numeric(gsub("[^0-9]", "", grep("^VmHWM", readLines("/proc/self/status"), value = TRUE)))
}
