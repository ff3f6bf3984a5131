# Whether other packages multiply matrices at the rate of this machine: if not, a comparison with
# them would be one with a poorly installed BLAS. Sourced by run.R, tested in test-judgement.R.
#
# A *report* describes one of OpenBLAS's kernels, as peers.py prints it: list(kernel, asked, NumPy,
# and, where installed, OpenBLAS and torch). `kernel` is the name of the kernel in use, `asked` the
# one that was requested ("" for OpenBLAS's own choice), and the others are rates of products of
# 1000 x 1000 matrices, c(double, single) in GFLOP/s.

# A kernel for vectors of half the width has at most half of the peak rate, and the reference BLAS
# much less. On a processor newer than OpenBLAS, its fastest kernel had 0.86 of the rate of our own
# product (AMD Zen 5, doubles): it uses the whole machine, and other load takes up to a tenth more.
least_of_own_rate <- 0.75

# The reports whose two rates are known, one for each kernel. Names that this OpenBLAS does not have
# are its own choice.
usable_reports <- function(reports) {
  is_usable <- function(report) is.numeric(report$NumPy) && length(report$NumPy) == 2
  reports <- Filter(is_usable, reports)
  kernels <- vapply(reports, function(report) {
    if (is.null(report$kernel)) "" else as.character(report$kernel)
  }, "")
  reports[!duplicated(kernels)]
}

# The report with the fastest product of doubles.
fastest_report <- function(reports) {
  reports[[which.max(vapply(reports, function(report) report$NumPy[1], 0))]]
}

# Which of NumPy and torch do not reach the rates of our own product, c(double, single)? Slow in
# either precision counts, and so does a rate that is not known.
crippled_peers <- function(report, own) {
  Filter(
    function(name) !isTRUE(all(report[[name]] >= least_of_own_rate * own)),
    intersect(c("NumPy", "torch"), names(report))
  )
}

# The contestants without a ratio. scikit-learn multiplies with NumPy.
is_crippled <- function(labels, crippled) {
  (grepl("^(NumPy|scikit)", labels) & "NumPy" %in% crippled) |
    (grepl("^torch", labels) & "torch" %in% crippled)
}

# The text of ratios, NA for contestants without one.
ratio_text <- function(ratios, crippled) {
  ifelse(is_crippled(names(ratios), crippled), NA, sprintf("%.2f", ratios))
}
