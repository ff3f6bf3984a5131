# The sources of the vignettes: in a checkout beside the tests, in an installed package in doc/.

vignette_folder <- function() {
  folders <- c(
    file.path(testthat::test_path(), "..", "..", "vignettes"),
    system.file("doc", package = "backprop")
  )
  found <- folders[file.exists(file.path(folders, "from-scratch.Rmd"))]
  if (length(found) == 0) testthat::skip("The sources of the vignettes are not here.")
  normalizePath(found[1])
}

vignette_lines <- function(name) {
  readLines(file.path(vignette_folder(), paste0(name, ".Rmd")), encoding = "UTF-8")
}

# The code of each chunk of R that has a label, by that label and without its options.
vignette_chunks <- function(lines) {
  begin <- grep("^```\\{r", lines)
  end <- vapply(begin, function(i) i + which(lines[-seq_len(i)] == "```")[1], 0)
  labels <- sub("^```\\{r ([a-z-]+)[,}].*$", "\\1", lines[begin])
  labels[!grepl("^[a-z-]+$", labels)] <- ""
  code <- Map(function(begin, end) {
    code <- lines[seq_len(end - begin - 1) + begin]
    code[!grepl("^#\\|", code)]
  }, begin, end)
  stats::setNames(code, labels)[nzchar(labels)]
}

# Runs code in an environment, with what it prints and draws thrown away; returns the last value.
run_code <- function(code, envir) {
  grDevices::pdf(NULL)
  on.exit(grDevices::dev.off())
  utils::capture.output(value <- eval(parse(text = code, keep.source = FALSE), envir))
  value
}

# A Python with NumPy, as Debian's with python3-numpy: the system's, or the first on the path.
python_with_numpy <- function() {
  has_numpy <- function(python) {
    nzchar(python) && file.exists(python) &&
      system2(python, c("-c", shQuote("import numpy")), stdout = FALSE, stderr = FALSE) == 0
  }
  Find(has_numpy, unique(c("/usr/bin/python3", unname(Sys.which("python3")))))
}
