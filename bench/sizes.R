# Measures how what surrounds training grows with the size of the data and of the network: formulas
# with many columns, factors with many levels, outcomes with many classes, files with many weights.
#
#   Rscript bench/sizes.R [what ...] [--installed] [--large]
#
# Each is measured at three sizes, each twice the one before (--large: four times as large). Prints
# seconds, bytes, and the exponent of growth between the last two sizes: 1 is linear. Times below
# 0.05 seconds are mostly constant, and their exponent is not meaningful. The package is installed
# from an R CMD build tarball into a temporary library (--installed: uses the installed package).
arguments <- commandArgs(trailingOnly = TRUE)
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
if (!"--installed" %in% arguments) {
  source(file.path(here, "installation.R"))
  invisible(install_afresh(file.path(here, "..")))
}
library(backprop)

with_columns <- function(p) {
  set.seed(1)
  d <- as.data.frame(matrix(rnorm(200 * p), 200))
  d$y <- d[[1]] + rnorm(200)
  d
}
with_levels <- function(levels) {
  names <- paste0("level", seq_len(levels))
  d <- data.frame(f = factor(rep_len(names, 3 * levels), names))
  d$y <- sin(seq_len(nrow(d)))
  d
}
with_classes <- function(k) {
  d <- data.frame(x = sin(1:3000), z = cos(1:3000 / 7))
  d$class <- factor(rep_len(seq_len(k), 3000))
  d
}
with_rows <- function(levels) {
  set.seed(1)
  d <- data.frame(f = factor(sample(levels, 1e5, TRUE)), x = rnorm(1e5))
  d$y <- sin(as.integer(d$f)) + d$x
  d
}
# The peak of the process's memory while `code` runs, as far as the system reports it.
peak_bytes <- function(code) {
  lines <- "/proc/self/status"
  if (file.access("/proc/self/clear_refs", 2) != 0) {
    code
    return(NA)
  }
  peak <- function() {
    1024 * as.double(gsub("[^0-9]", "", grep("^VmHWM", readLines(lines), value = TRUE)))
  }
  invisible(gc())
  cat("5", file = "/proc/self/clear_refs")
  before <- peak()
  code
  peak() - before
}
small <- function(formula, d, hidden = 2) {
  nn_train(formula, d, hidden = hidden, penalty = 0.1, epochs = 2)
}
exported <- function(ending) {
  function(fit) {
    path <- tempfile(fileext = ending)
    nn_export(fit, path)
    file.size(path)
  }
}
saved <- function(fit) {
  path <- tempfile(fileext = ".json")
  nn_save(fit, path)
  file.size(path)
}
serialised <- function(fit) length(serialize(fit, NULL))
wide_matrix <- function(weights) matrix(rnorm(5 * weights / 100), 5)
# One row of an exported query in SQLite.
in_sqlite <- function(fit) {
  path <- tempfile(fileext = ".sql")
  nn_export(fit, path)
  query <- readChar(path, file.size(path))
  d <- as.data.frame(fit$example)
  connection <- DBI::dbConnect(RSQLite::SQLite(), ":memory:")
  DBI::dbWriteTable(connection, "data", d)
  function() {
    DBI::dbGetQuery(connection, query)
    nchar(query)
  }
}

# what: sizes, and functions of the size (not measured) and of its result (measured, returns bytes).
table <- list(
  "formula of columns, training" = list(
    c(500, 1000, 2000), with_columns, function(d) serialised(small(y ~ ., d))
  ),
  "factor of levels, training" = list(
    c(400, 800, 1600), with_levels, function(d) serialised(small(y ~ f, d))
  ),
  "levels of 100,000 rows, training (peak)" = list(
    c(500, 5000, 50000), with_rows, function(d) {
      peak_bytes(nn_train(y ~ f + x, d,
        hidden = 8, activation = "relu", penalty = 1e-4, optimizer = "adam", batch_size = 256,
        epochs = 3, validation = NULL
      ))
    }
  ),
  "factor of levels, saving" = list(
    c(400, 800, 1600), function(n) small(y ~ f, with_levels(n)), saved
  ),
  "factor of levels, to C" = list(
    c(400, 800, 1600), function(n) small(y ~ f, with_levels(n)), exported(".c")
  ),
  "factor of levels, to R" = list(
    c(400, 800, 1600), function(n) small(y ~ f, with_levels(n)), exported(".R")
  ),
  "factor of levels, to SQL" = list(
    c(400, 800, 1600), function(n) small(y ~ f, with_levels(n)), exported(".sql")
  ),
  "factor of levels, to ONNX" = list(
    c(400, 800, 1600), function(n) small(y ~ f, with_levels(n)), exported(".onnx")
  ),
  "classes, to SQL" = list(
    c(75, 150, 300), function(n) small(class ~ x + z, with_classes(n)), exported(".sql")
  ),
  "classes, AUC in nn_cv()" = list(
    c(75, 150, 300), with_classes, function(d) {
      object.size(nn_cv(class ~ x + z, d,
        folds = 2, hidden = 2, penalty = 0.1, epochs = 2, metrics = "auc"
      ))
    }
  ),
  "weights, saving" = list(
    c(2e5, 4e5, 8e5),
    function(n) nn_train(wide_matrix(n), 1:5 / 6, hidden = 100, epochs = 0), saved
  ),
  "weights, a row in SQLite" = list(
    c(15000, 30000, 60000), function(n) {
      X <- wide_matrix(n)
      colnames(X) <- paste0("x", seq_len(ncol(X)))
      fit <- nn_train(X, 1:5 / 6, hidden = 100, epochs = 0)
      fit$example <- X[1, , drop = FALSE]
      in_sqlite(fit)
    }, function(run) run()
  )
)

words <- grep("^--", arguments, value = TRUE, invert = TRUE)
if (length(words) > 0) {
  table <- table[grepl(paste(words, collapse = "|"), names(table))]
}
if (!requireNamespace("RSQLite", quietly = TRUE)) table[["weights, a row in SQLite"]] <- NULL
processor <- if (file.exists("/proc/cpuinfo")) {
  sub(".*: *", "", grep("^model name", readLines("/proc/cpuinfo"), value = TRUE)[1])
} else {
  Sys.info()[["machine"]]
}
cat(format(Sys.Date()), ", ", R.version$version.string, ", ", processor, "\n\n", sep = "")
exponent <- function(x, sizes) {
  last <- length(x) - 1:0
  log(x[last[2]] / x[last[1]]) / log(sizes[last[2]] / sizes[last[1]])
}
for (name in names(table)) {
  sizes <- table[[name]][[1]] * if ("--large" %in% arguments) 4 else 1
  results <- vapply(sizes, function(size) {
    set.seed(1)
    given <- suppressWarnings(table[[name]][[2]](size))
    invisible(gc())
    seconds <- system.time(bytes <- suppressWarnings(table[[name]][[3]](given)))
    c(seconds[["user.self"]] + seconds[["sys.self"]], as.double(bytes))
  }, c(0, 0))
  cat(name, "\n", sprintf(
    "  %8g: %8.3f s  %10.1f kB\n", sizes, results[1, ], results[2, ] / 1000
  ), sprintf(
    "  exponent: %.2f in time, %.2f in bytes\n",
    exponent(pmax(results[1, ], 1e-3), sizes), exponent(results[2, ], sizes)
  ), sep = "")
}
