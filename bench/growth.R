# Measures how time and memory of training grow with rows, inputs, width, depth and batch size:
#
#   Rscript bench/growth.R [--installed] [--csv=FILE]
#
# Each of the five is varied separately around a reference setting, in double and single precision.
# The package is installed from an R CMD build tarball into a temporary library (--installed: uses
# the installed package). Every point runs in a separate R process, on one thread:
#
# - seconds of one epoch: half the difference between training for 3 epochs and for 1, which
#   excludes one-time costs; the median of at least 3 and at most 25 such pairs, as many as fit into
#   a second;
# - memory: the increase of the process's peak (VmHWM in /proc/self/status) during training, after
#   the data have been created; the median of the same runs. NA if the system does not report it.
#
# Takes two to five minutes. The file begins with lines starting with '#' that describe the date and
# the machine.
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
arguments <- commandArgs(trailingOnly = TRUE)
option <- function(name) {
  sub(paste0("^--", name, "=?"), "", grep(paste0("^--", name), arguments, value = TRUE))
}

middle <- list(n = 10000, p = 50, width = 64, depth = 2, batch = 128)
values <- list(
  n = c(2500, 5000, 10000, 20000, 40000, 80000),
  p = c(12, 25, 50, 100, 200, 400),
  width = c(16, 32, 64, 128, 256, 512),
  depth = c(1, 2, 3, 4, 6, 8),
  batch = c(8, 32, 128, 512, 2048, 10000)
)

# The peak memory of this process in bytes; with `reset`, it is counted from now on. NA if the
# system does not report it or does not allow a reset.
peak_memory <- function(reset = FALSE) {
  if (file.access("/proc/self/clear_refs", 2) != 0) {
    return(NA_real_)
  }
  if (reset) cat("5", file = "/proc/self/clear_refs")
  1024 * as.double(gsub("[^0-9]", "", grep("^VmHWM", readLines("/proc/self/status"), value = TRUE)))
}

measure <- function(n, p, width, depth, batch, precision) {
  library(backprop)
  train <- function(X, y, epochs) {
    nn_train(
      X, y,
      hidden = rep(width, depth), activation = "relu", output_activation = "identity",
      init = "glorot_uniform", reduction = "mean", optimizer = "adam", epochs = epochs,
      batch_size = batch, precision = precision, keep_fitted = FALSE
    )
  }
  seconds <- function(epochs) {
    begin <- Sys.time()
    train(X, y, epochs)
    as.double(Sys.time() - begin, units = "secs")
  }
  set.seed(1)
  # in place, so that no freed memory remains that training could reuse without raising the peak
  X <- rnorm(n * p)
  dim(X) <- c(n, p)
  y <- sin(X[, 1]) + X[, 2] * X[, 3] / 2 + 0.1 * rnorm(n)
  # load and compile all code before measuring
  for (i in 1:3) {
    nn_train(
      X[1:20, ], y[1:20],
      hidden = c(3, 3), activation = "relu", optimizer = "adam", epochs = 1,
      batch_size = 5, precision = precision
    )
  }
  begin <- Sys.time()
  slopes <- rises <- numeric()
  while (length(slopes) < 3 || (length(slopes) < 25 && Sys.time() - begin < 1)) {
    invisible(gc())
    before <- peak_memory(reset = TRUE)
    one <- seconds(1)
    rises <- c(rises, peak_memory() - before)
    slopes <- c(slopes, (seconds(3) - one) / 2)
  }
  c(seconds = stats::median(slopes), memory = stats::median(rises))
}

if (length(option("point"))) {
  point <- strsplit(option("point"), ",")[[1]]
  result <- do.call(measure, c(lapply(point[1:5], as.double), point[6]))
  cat(formatC(result, digits = 15, format = "g", width = 1), "\n")
  quit(save = "no")
}

if (length(option("installed")) == 0) {
  source(file.path(here, "installation.R"))
  install_afresh(file.path(here, ".."))
}
# With a fixed threshold, glibc returns freed memory to the system, so that memory freed earlier
# does not hide what training uses.
measure_in_a_child <- function(point) {
  library_paths <- paste0("R_LIBS=", paste(.libPaths(), collapse = .Platform$path.sep))
  answer <- system2(
    file.path(R.home("bin"), "Rscript"),
    c(
      shQuote(file.path(here, "growth.R")), paste0("--point=", paste(unlist(point), collapse = ","))
    ),
    stdout = TRUE, env = c(library_paths, "MALLOC_MMAP_THRESHOLD_=65536")
  )
  numbers <- suppressWarnings(as.double(strsplit(trimws(answer[length(answer)]), " +")[[1]]))
  if (length(numbers) != 2) {
    stop("no result for ", paste(names(point), unlist(point), sep = " = ", collapse = ", "))
  }
  numbers
}

series <- do.call(rbind, lapply(names(values), function(name) {
  settings <- middle
  settings[[name]] <- values[[name]]
  data.frame(varied = name, settings)
}))
table <- merge(series, data.frame(precision = c("double", "single")), by = NULL)
settings <- c(names(middle), "precision")
# the reference setting belongs to all series, and is measured once
points <- unique(table[settings])
begin <- Sys.time()
measured <- lapply(seq_len(nrow(points)), function(i) {
  numbers <- measure_in_a_child(points[i, ])
  cat(sprintf(
    "%2d of %d: n %6g, p %3g, width %3g, depth %g, batch %5g, %s: %7.4f s an epoch, %6.1f MB\n", i,
    nrow(points), points$n[i], points$p[i], points$width[i], points$depth[i], points$batch[i],
    points$precision[i], numbers[1], numbers[2] / 1e6
  ))
  numbers
})
points$seconds <- signif(vapply(measured, `[`, 0, 1), 4)
points$megabytes <- signif(vapply(measured, `[`, 0, 2) / 1e6, 4)
key <- function(x) do.call(paste, x[settings])
table <- cbind(table, points[match(key(table), key(points)), c("seconds", "megabytes")])
cat(sprintf("%.0f s in all\n", as.double(Sys.time() - begin, units = "secs")))

if (length(option("csv"))) {
  processor <- if (file.exists("/proc/cpuinfo")) {
    sub(".*: *", "", grep("^model name", readLines("/proc/cpuinfo"), value = TRUE)[1])
  } else {
    Sys.info()[["machine"]]
  }
  header <- paste0(
    "# ", format(Sys.Date()), "; ", R.version$version.string, "; backprop ",
    utils::packageVersion("backprop"), "; ", processor, "; instruction set ",
    attr(backprop::nn_instruction_sets(), "chosen")
  )
  file <- file(option("csv"), "w")
  writeLines(header, file)
  utils::write.csv(table, file, row.names = FALSE, quote = FALSE)
  close(file)
}
