# Refuses what does not fit into memory, before anything is allocated.

# Refuses what cannot fit before anything is allocated.
check_memory <- function(bytes, what, call,
                         hint = "Use fewer or smaller hidden layers, or smaller batches.") {
  limit <- getOption("backprop.memory_limit", core_physical_memory())
  if (bytes <= limit) {
    return(invisible())
  }
  abort_kind(
    "memory",
    c(
      "There is not enough memory for {what}.",
      x = paste0(
        "It needs {format(bytes, big.mark = ',', scientific = FALSE, nsmall = 0)} bytes; ",
        "this machine has {format(limit, big.mark = ',', scientific = FALSE)}."
      ),
      i = hint
    ),
    call, environment()
  )
}
