# Memory limits.

# Signals an error before anything is allocated if `bytes` exceed the memory of the machine.
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
        "{format(bytes, big.mark = ',', scientific = FALSE, nsmall = 0)} bytes are needed; ",
        "this machine has {format(limit, big.mark = ',', scientific = FALSE)}."
      ),
      i = hint
    ),
    call, environment()
  )
}
