# Time and memory of fits to tables that are larger than memory, through nn_source().
#
#   memory  the most memory that training takes, by rows: bytes for each further row
#   speed   seconds an epoch from the cache against the same rows in memory, with both orders of
#           rows: with the file in the system's page cache, mapped and read, and with a limit of
#           memory (a control group, as root on Linux) of which the file is four times the size,
#           where the fit also predicts
#
# Each measurement is a process of its own. On a machine that others use, compare the processor
# seconds. Rscript bench/large-data.R [scale] [memory|speed] prints the tables; `scale` (1)
# multiplies the numbers of rows. Not part of the package's checks.

child <- function(rows, inputs, kind, shuffle, where, epochs) {
  library(backprop)
  # the pages of a mapped file count as memory of the process, although the system may drop them
  options(backprop.map_files = where != "read")
  at <- 0
  X <- matrix(sin(seq_len(1e4 * inputs)^1.1), 1e4)
  block <- function(number) {
    d <- as.data.frame(X + number / 100)
    d$y <- if (kind == "classes") {
      factor(letters[1 + (number + seq_len(1e4)) %% 20], letters[1:20])
    } else {
      d$V1^2 + d$V2
    }
    if (kind == "weights") d$w <- 1 + number %% 3
    if (kind == "missing") d$y[seq(1 + number %% 10, 1e4, by = 10)] <- NA
    d
  }
  blocks <- rows / 1e4
  data <- if (where == "memory") {
    do.call(rbind, lapply(seq_len(blocks), block))
  } else {
    nn_source(function() if ((at <<- at + 1) <= blocks) block(at), function() at <<- 0)
  }
  ended <- matrix(0, 0, 2)
  set.seed(1)
  formula <- stats::reformulate(paste0("V", seq_len(inputs)), "y")
  fit <- do.call(nn_train, c(list(
    formula, data,
    hidden = 32, activation = "relu", penalty = 0, optimizer = "adam", batch_size = 256,
    schedule = NULL, validation = NULL, patience = Inf, epochs = epochs, keep_fitted = FALSE,
    shuffle = if (shuffle == "blocks") "blocks" else TRUE,
    callback = function(fit) {
      now <- proc.time()
      ended <<- rbind(ended, c(now[["elapsed"]], now[["user.self"]] + now[["sys.self"]]))
      NULL
    }
  ), if (kind == "weights") list(weights = quote(w))))
  predicted <- 0
  if (where != "memory") {
    predict(fit, data, into = function(rows) predicted <<- predicted + nrow(rows))
    stopifnot(predicted == rows || kind == "missing")
  }
  status <- readLines("/proc/self/status")
  peak <- as.numeric(gsub("[^0-9]", "", grep("^VmHWM", status, value = TRUE))) / 1024
  seconds <- apply(ended, 2, function(at) min(diff(at)))
  cat(seconds, peak, sum(abs(coef(fit)[[1]])), "\n", sep = " ")
}

arguments <- commandArgs(TRUE)
if (length(arguments) == 6) {
  child(
    as.numeric(arguments[1]), as.numeric(arguments[2]), arguments[3], arguments[4], arguments[5],
    as.numeric(arguments[6])
  )
  quit()
}

self <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
scale <- if (length(arguments) > 0) as.numeric(arguments[1]) else 1
parts <- if (length(arguments) > 1) arguments[2] else c("memory", "speed")

# list(seconds, processor, peak, weights) of a process. `limit`: of its memory with its part of the
# page cache, in MB.
measure <- function(rows, inputs, kind, shuffle, where, epochs, limit = Inf) {
  command <- paste(
    shQuote(file.path(R.home("bin"), "Rscript")), shQuote(self), rows, inputs, kind, shuffle, where,
    epochs
  )
  if (is.finite(limit)) {
    group <- new_group(limit)
    if (is.null(group)) {
      return(NULL)
    }
    on.exit(system2("rmdir", group))
    command <- paste0("echo $$ > ", group, "/cgroup.procs && exec ", command)
  }
  out <- system2("sh", c("-c", shQuote(command)), stdout = TRUE, stderr = FALSE)
  numbers <- as.numeric(strsplit(trimws(utils::tail(out, 1)), " ")[[1]])
  list(seconds = numbers[1], processor = numbers[2], peak = numbers[3], weights = numbers[4])
}

# A control group with a limit of memory, or NULL where there can be none.
new_group <- function(limit) {
  root <- if (file.exists("/sys/fs/cgroup/memory")) "/sys/fs/cgroup/memory" else "/sys/fs/cgroup"
  version_2 <- root == "/sys/fs/cgroup"
  group <- file.path(root, paste0("large-data-", Sys.getpid()))
  if (!suppressWarnings(dir.create(group))) {
    return(NULL)
  }
  file <- file.path(group, if (version_2) "memory.max" else "memory.limit_in_bytes")
  if (!file.exists(file) ||
    inherits(try(cat(sprintf("%.0f", limit * 2^20), file = file), silent = TRUE), "try-error")) {
    system2("rmdir", group)
    return(NULL)
  }
  group
}

if ("memory" %in% parts) {
  cat("Memory: the most that a process holds, 10 inputs, one epoch, and predictions\n\n")
  kinds <- c(
    numbers = "a numeric outcome", classes = "20 classes", weights = "with weights",
    missing = "a tenth missing"
  )
  for (kind in names(kinds)) {
    rows <- c(1, 2, 4) * 1e6 * scale
    peaks <- vapply(rows, function(n) measure(n, 10, kind, "blocks", "read", 2)$peak, 0)
    cat(sprintf("%-18s %9.0f rows: %5.0f MB\n", kinds[[kind]], rows, peaks), sep = "")
    cat(sprintf(
      "%-18s each further row: %.0f bytes\n\n", "", diff(range(peaks)) * 2^20 / diff(range(rows))
    ))
  }
}

if ("speed" %in% parts) {
  rows <- 1e6 * scale
  inputs <- 160
  size <- rows * inputs * 8 / 2^20
  limit <- size / 4
  cat(sprintf(
    "Speed: %.0f rows, %d inputs (%.0f MB), hidden = 32, batch_size = 256\n\n",
    rows, inputs, size
  ))
  for (shuffle in c("rows", "blocks")) {
    results <- list(
      memory = measure(rows, inputs, "numbers", shuffle, "memory", 4),
      cached = measure(rows, inputs, "numbers", shuffle, "source", 4),
      unmapped = measure(rows, inputs, "numbers", shuffle, "read", 4),
      limited = measure(rows, inputs, "numbers", shuffle, "source", 3, limit)
    )
    stopifnot(
      identical(results$memory$weights, results$cached$weights),
      identical(results$memory$weights, results$unmapped$weights)
    )
    names(results)[4] <- sprintf("at a limit of %.0f MB", limit)
    for (name in names(results)) {
      found <- results[[name]]
      if (is.null(found) || anyNA(found$seconds)) {
        cat("  ", name, ": no control group can be made here, or it was too small\n", sep = "")
      } else {
        cat(sprintf(
          "shuffle: %-6s %-21s %6.2f s an epoch, %6.2f s of the processor (peak %.0f MB)\n",
          shuffle, name, found$seconds, found$processor, found$peak
        ))
      }
    }
  }
}
