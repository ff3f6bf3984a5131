# bench/run.R prints no ratios with a package whose BLAS does not use the machine. The rates are
# made up after those of machines.

judgement <- local({
  path <- testthat::test_path("..", "..", "bench", "judgement.R")
  if (file.exists(path)) {
    functions <- new.env()
    sys.source(path, functions)
    functions
  }
})
skip_if(is.null(judgement), "The benchmarks are not here.")

report <- function(kernel, asked, NumPy, torch = NULL) {
  c(list(kernel = kernel, asked = asked, NumPy = NumPy), if (!is.null(torch)) list(torch = torch))
}

test_that("an SSE kernel on a machine with AVX-512 gets no ratios", {
  own <- c(68, 140)
  prescott <- report("Prescott", "", c(14, 28), torch = c(14, 29))
  expect_equal(judgement$crippled_peers(prescott, own), c("NumPy", "torch"))
  # half the width of vectors
  haswell <- report("Haswell", "Haswell", c(36, 72), torch = c(66, 133))
  expect_equal(judgement$crippled_peers(haswell, own), "NumPy")
  # slow in single precision only
  odd <- report("Odd", "", c(66, 70), torch = c(66, 133))
  expect_equal(judgement$crippled_peers(odd, own), "NumPy")
})

test_that("the reference BLAS gets no ratios", {
  reference <- report(NULL, "", c(2.1, 2.4))
  expect_equal(judgement$crippled_peers(reference, c(60, 120)), "NumPy")
  # also on a processor without vectors of 32 bytes
  expect_equal(judgement$crippled_peers(reference, c(12, 25)), "NumPy")
  unknown <- report("Zen", "", c(NA, 110))
  expect_equal(judgement$crippled_peers(unknown, c(60, 120)), "NumPy")
})

test_that("a healthy BLAS gets ratios, also on a machine with other load", {
  own <- c(98, 220)
  healthy <- report("SkylakeX", "SkylakeX", c(95, 221), torch = c(110, 230))
  expect_length(judgement$crippled_peers(healthy, own), 0)
  busy <- report("SkylakeX", "", 0.94 * c(95, 221), torch = c(140, 280))
  expect_length(judgement$crippled_peers(busy, own), 0)
  # a processor that is newer than OpenBLAS, whose kernel has vectors of the full width
  newer <- report("Cooperlake", "", c(104.3, 249.5), torch = c(104.2, 249.4))
  expect_length(judgement$crippled_peers(newer, c(120.9, 250.3)), 0)
  half <- report("Haswell", "Haswell", c(62.6, 128.4), torch = c(63, 128.7))
  expect_equal(judgement$crippled_peers(half, c(120.9, 250.3)), c("NumPy", "torch"))
})

test_that("the fastest of OpenBLAS's kernels is used", {
  reports <- list(
    report("Prescott", "", c(14, 28)), NULL, report("Haswell", "Haswell", c(36, 72)),
    report("SkylakeX", "SkylakeX", c(68, 139)), report("Prescott", "Armv8", c(15, 28)),
    report("Broken", "Zen", 60), report("Prescott", "Neoversen1", c(14, 28))
  )
  usable <- judgement$usable_reports(reports)
  expect_equal(vapply(usable, `[[`, "", "asked"), c("", "Haswell", "SkylakeX"))
  expect_equal(judgement$fastest_report(usable)$asked, "SkylakeX")
  expect_length(judgement$usable_reports(list(NULL, report("Broken", "", 60))), 0)
})

test_that("only contestants of a crippled library lose their ratios", {
  ratios <- c(
    backprop = 1, "scikit-learn, single" = 5, "NumPy loop" = 3, "torch, single" = 1.234, nnet = 9
  )
  expect_equal(judgement$ratio_text(ratios, character()), setNames(
    c("1.00", "5.00", "3.00", "1.23", "9.00"), names(ratios)
  ), ignore_attr = TRUE)
  without <- function(crippled) names(ratios)[is.na(judgement$ratio_text(ratios, crippled))]
  expect_equal(without("NumPy"), c("scikit-learn, single", "NumPy loop"))
  expect_equal(without("torch"), "torch, single")
})
