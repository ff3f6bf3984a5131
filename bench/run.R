# Compares the speed with other packages and with the peak rate of the machine:
#
#   Rscript bench/run.R [workload ...] [--rounds=N] [--installed] [--csv=FILE]
#
# Installs the package from an R CMD build tarball into a temporary library (--installed: uses the
# installed package), runs the contestants that are installed in turns within one session (A B C A B
# C ...) on one thread, and prints medians and ratios. Contestants in Python require jsonlite.
#
# OpenBLAS takes a slow kernel for processors that it does not know, which would make its users look
# slow. So its kernels are tried first, and the fastest is used. If the products of a contestant in
# Python are still slower than ours, they are not at the rate of the machine, and no ratio is
# printed (judgement.R).
options(width = 150)
arguments <- commandArgs(trailingOnly = TRUE)
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
option <- function(name) {
  sub(paste0("^--", name, "=?"), "", grep(paste0("^--", name), arguments, value = TRUE))
}
rounds_given <- as.integer(option("rounds"))

if (length(option("installed")) == 0) {
  source(file.path(here, "installation.R"))
  invisible(install_afresh(file.path(here, "..")))
}
library(backprop)
source(file.path(here, "workloads.R"))
source(file.path(here, "peers.R"))
source(file.path(here, "judgement.R"))
chosen <- intersect(names(workloads), arguments)
if (length(chosen) == 0) chosen <- names(workloads)

# The contestants in Python are run like this. `kernel`: OpenBLAS's kernel, or "" for its choice.
python_program <- function() {
  python <- "/usr/bin/python3"
  if (!file.exists(python) || !requireNamespace("jsonlite", quietly = TRUE)) {
    return(NULL)
  }
  if (suppressWarnings(system2(
    python, c("-c", shQuote("import numpy")),
    stdout = FALSE, stderr = FALSE
  )) != 0) {
    return(NULL)
  }
  python
}
run_python <- function(python, kernel, argument, ...) {
  openblas <- Sys.glob("/usr/lib/*/openblas-pthread")
  system2("env", c(
    "-u", "OPENBLAS_CORETYPE", "-u", "OPENBLAS_L2_SIZE", "OMP_NUM_THREADS=1",
    "OPENBLAS_NUM_THREADS=1", if (nzchar(kernel)) paste0("OPENBLAS_CORETYPE=", kernel),
    if (length(openblas)) paste0("LD_LIBRARY_PATH=", openblas[1]),
    python, shQuote(file.path(here, "peers.py")), argument
  ), ...)
}

# What the products do with OpenBLAS's own choice of a kernel, and with each other kernel: a list of
# reports of peers.py. A kernel that the processor can't run ends the process.
kernels <- c(
  "", "Haswell", "SkylakeX", "Cooperlake", "SapphireRapids", "Zen", "Sandybridge", "Neoversen1",
  "Neoversev1", "Armv8"
)
try_kernels <- function(python) {
  reports <- lapply(kernels, function(kernel) {
    lines <- suppressWarnings(run_python(python, kernel, "--blas", stdout = TRUE, stderr = FALSE))
    report <- tryCatch(jsonlite::fromJSON(utils::tail(lines, 1)), error = function(e) NULL)
    if (!is.null(report)) c(report, list(asked = kernel))
  })
  usable_reports(reports)
}

# The rates of our own product, double and single, without R: product.cpp with the kernels of the
# sources, compiled with R's compiler and flags.
own_rates <- function() {
  config <- function(name) {
    line <- system2(file.path(R.home("bin"), "R"), c("CMD", "config", name), stdout = TRUE)
    strsplit(line, " ")[[1]]
  }
  program <- tempfile("product-", fileext = ".exe")
  compiler <- c(config("CXX17"), config("CXX17STD"), config("CXX17FLAGS"))
  kernels <- Sys.glob(file.path(here, "..", "src", "simd", "*.cpp"))
  sources <- c(file.path(here, "product.cpp"), kernels)
  status <- system2(compiler[1], c(compiler[-1], shQuote(sources), "-o", shQuote(program)))
  if (status != 0) stop("bench/product.cpp does not compile.")
  as.numeric(strsplit(system2(program, stdout = TRUE), " ")[[1]])
}

# The contestants in Python run in one process, which receives requests over a local socket.
folder <- tempfile("data-")
dir.create(folder)
start_python <- function(program, kernel) {
  port <- sample(20000:40000, 1)
  run_python(program, kernel, port, wait = FALSE, stderr = "")
  socketConnection("127.0.0.1", port, server = TRUE, blocking = TRUE, open = "r+", timeout = 3600)
}
rates_text <- function(rates) sprintf("%.1f GFLOP/s double, %.1f single", rates[1], rates[2])
program <- python_program()
python <- NULL
reports <- list()
crippled <- character()
if (!is.null(program)) {
  reports <- try_kernels(program)
  if (length(reports) == 0) message("NumPy's products fail: nothing in Python takes part.")
}
if (length(reports) > 0) {
  own <- own_rates()
  cat("Products of 1000 x 1000 matrices on one thread, without R:\n")
  cat("  backprop: ", rates_text(own), "\n", sep = "")
  for (report in reports) {
    cat(
      "  OpenBLAS's kernel ", report$kernel, if (report$asked == "") " (its own choice)", ": ",
      paste0(
        intersect(c("OpenBLAS", "NumPy", "torch"), names(report)), " ",
        vapply(
          report[intersect(c("OpenBLAS", "NumPy", "torch"), names(report))], rates_text, ""
        ),
        collapse = "; "
      ), "\n",
      sep = ""
    )
  }
  chosen_kernel <- fastest_report(reports)
  cat("  used: ", chosen_kernel$kernel, "\n\n", sep = "")
  crippled <- crippled_peers(chosen_kernel, own)
  for (name in crippled) {
    message(
      name, " multiplies matrices at ", rates_text(chosen_kernel[[name]]), ", less than backprop. ",
      "It is not at the rate of this machine, so there are no ratios with it."
    )
  }
  python <- start_python(program, chosen_kernel$asked)
}
ask <- function(...) {
  writeLines(paste(..., sep = "\t"), python)
  jsonlite::fromJSON(readLines(python, 1))
}
start_file <- function(name, round) file.path(folder, paste0(name, ".start", round))
write_numbers <- function(x, path) writeBin(as.double(x), path, size = 8, endian = "little")
if (!is.null(python)) {
  jsonlite::write_json(
    lapply(workloads, function(w) {
      lapply(w, function(x) if (length(x) == 1) jsonlite::unbox(x) else x)
    }),
    file.path(folder, "workloads.json"),
    digits = NA
  )
  invisible(ask("load", folder))
}

seconds_of <- function(f, round, calls) {
  begin <- Sys.time()
  for (call in seq_len(calls)) value <- f(round)
  list(
    as.double(Sys.time() - begin, units = "secs") / calls,
    if (is.numeric(value) && length(value) == 1) value else NULL
  )
}

# All contestants of a workload by name: functions of the round that return list(seconds, loss).
contestants_of <- function(name) {
  w <- workloads[[name]]
  data <- make_data(name)
  start <- function(round) make_start(w, round)
  calls <- if (name %in% c("tutorial", "iris")) 10 else 1
  found <- list()
  for (label in names(r_contestants)) {
    one <- r_contestants[[label]]
    if (!requireNamespace(one$package, quietly = TRUE) ||
      (!is.null(one$only) && !name %in% one$only)) {
      next
    }
    f <- one$make(w, data, start)
    if (!is.null(f)) {
      found[[label]] <- local({
        f <- f
        times <- if (one$package == "backprop") calls else 1
        function(round) seconds_of(f, round, times)
      })
    }
  }
  if (!is.null(python)) {
    write_numbers(data$X, file.path(folder, paste0(name, ".X")))
    write_numbers(data$target, file.path(folder, paste0(name, ".target")))
    for (label in ask("contestants")) {
      found[[label]] <- local({
        label <- label
        function(round) {
          if (!file.exists(start_file(name, round))) {
            write_numbers(unlist(start(round)), start_file(name, round))
          }
          answer <- ask("time", label, name, round)
          if (is.null(answer)) list(NULL) else as.list(answer)
        }
      })
    }
  }
  found
}

versions <- function() {
  packages <- intersect(
    c("backprop", "ANN2", "neuralnetwork", "nnet", "RSNNS"), rownames(utils::installed.packages())
  )
  own <- vapply(packages, function(p) paste(p, utils::packageVersion(p)), "")
  c(own, if (!is.null(python)) {
    v <- Filter(Negate(is.null), ask("versions"))
    paste(names(v), unlist(v))
  })
}
processor <- if (file.exists("/proc/cpuinfo")) {
  sub(".*: *", "", grep("^model name", readLines("/proc/cpuinfo"), value = TRUE)[1])
} else {
  Sys.info()[["machine"]]
}
blas <- if (!is.null(python)) {
  paste0(
    "OpenBLAS's kernel ", chosen_kernel$kernel, ": NumPy ", rates_text(chosen_kernel$NumPy),
    if (!is.null(chosen_kernel$torch)) paste0(", torch ", rates_text(chosen_kernel$torch)),
    "; backprop's product without R ", rates_text(own)
  )
}
conditions <- c(
  paste0(
    format(Sys.Date()), ", ", R.version$version.string, ", ", processor, ", instruction set ",
    attr(nn_instruction_sets(), "chosen")
  ),
  paste(versions(), collapse = ", "), blas
)
cat(conditions, "", sep = "\n")

# Multiplications and additions of one epoch: the forward pass, and the backward pass without the
# gradient of the inputs.
work_of <- function(w) {
  units <- c(w$p, w$hidden, w$k)
  products <- units[-1] * units[-length(units)]
  w$n * w$epochs * 2 * (3 * sum(products) - products[1])
}

all_rows <- NULL
for (name in chosen) {
  w <- workloads[[name]]
  contestants <- contestants_of(name)
  # the first round warms up, and shows which contestants do not take part
  takes_part <- vapply(contestants, function(f) {
    is.numeric(tryCatch(f(1)[[1]], error = function(e) {
      message(name, ": ", conditionMessage(e))
      NULL
    }))
  }, NA)
  contestants <- contestants[takes_part]
  rounds <- if (length(rounds_given)) rounds_given else w$rounds
  seconds <- losses <- matrix(
    NA_real_, rounds, length(contestants),
    dimnames = list(NULL, names(contestants))
  )
  rates <- matrix(NA_real_, rounds, 2, dimnames = list(NULL, c("f8", "f4")))
  for (round in seq_len(rounds)) {
    for (label in names(contestants)) {
      result <- contestants[[label]](round)
      seconds[round, label] <- result[[1]]
      if (length(result) > 1 && !is.null(result[[2]]) && !is.na(result[[2]])) {
        losses[round, label] <- result[[2]]
      }
    }
    if (name %in% c("table256", "images512") && !is.null(python)) {
      for (type in colnames(rates)) rates[round, type] <- as.list(ask("gemm", type))[[1]]
    }
  }
  medians <- apply(seconds, 2, stats::median)
  # a ratio is the median of the rounds' ratios, in which other load on the machine cancels out
  ratio <- function(to) apply(seconds / seconds[, to], 2, stats::median)
  table <- data.frame(
    seconds = signif(medians, 3),
    "times backprop" = ratio_text(ratio("backprop"), crippled), check.names = FALSE
  )
  if ("backprop, single" %in% colnames(seconds)) {
    table$`times single` <- ratio_text(ratio("backprop, single"), crippled)
  }
  if (any(!is.na(losses))) table$loss <- signif(apply(losses, 2, stats::median), 4)
  if (any(!is.na(rates))) {
    single <- grepl("single", names(medians))
    rate <- apply(rates, 2, stats::median, na.rm = TRUE)
    gflops <- 1e-9 * work_of(w) / medians
    table$GFLOPs <- round(gflops, 1)
    table$"of OpenBLAS" <- sprintf("%.0f %%", 100 * gflops / rate[ifelse(single, "f4", "f8")])
    cat(sprintf(
      "OpenBLAS at 1000 x 1000: %.1f GFLOP/s double, %.1f single\n", rate[["f8"]], rate[["f4"]]
    ))
  }
  cat(w$title, "; medians of ", rounds, " rounds\n", sep = "")
  print(table[order(medians), , drop = FALSE])
  cat("\n")
  all_rows <- rbind(
    all_rows,
    data.frame(
      workload = w$title, contestant = rownames(table), table, check.names = FALSE, row.names = NULL
    )[, c("workload", "contestant", "seconds", "times backprop")]
  )
}
if (length(option("csv"))) {
  writeLines(paste("#", conditions), option("csv"))
  suppressWarnings(utils::write.table(
    all_rows, option("csv"),
    append = TRUE, sep = ",", row.names = FALSE
  ))
}
if (!is.null(python)) {
  writeLines("quit", python)
  close(python)
}
