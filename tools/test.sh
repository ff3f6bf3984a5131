#!/bin/sh
# Runs the tests against the package as users install it: built from a clean copy of the checkout,
# compiled with R's default flags, and installed to a temporary library. The last line is
# 'N passed, N failed, N skipped', which counts expectations.
#
#   sh tools/test.sh                   all tests
#   sh tools/test.sh threads resume    only test-threads.R and test-resume.R
#   sh tools/test.sh --snapshots ...   the same, and copies new and changed snapshots to
#                                      tests/testthat/_snaps

. "$(dirname -- "$0")/install.sh"

snapshots=no
if [ "${1:-}" = --snapshots ]; then snapshots=yes; shift; fi
for name in "$@"; do
  [ -f "$root/tests/testthat/test-$name.R" ] || stop "tests/testthat/test-$name.R does not exist."
done
use_utf8
use_all_cores
install_what_is_missing test

say "Building the source package from a clean copy"
build_package --no-build-vignettes --no-manual
note "${tarball##*/}"

say "Compiling it and installing it to a temporary library (up to a minute)"
mkdir "$scratch/library"
quietly "R CMD INSTALL" R CMD INSTALL --library="$scratch/library" "$tarball"
R_LIBS=$scratch/library${R_LIBS:+:$R_LIBS}
NOT_CRAN=true
export R_LIBS NOT_CRAN

say "Running the tests"
[ -d "$scratch/copy/tests/testthat" ] || stop "tests/testthat does not exist."
status=0
run_r "$scratch/copy/tests/testthat" "$@" <<'R' || status=$?
folder <- commandArgs(TRUE)[1]
chosen <- commandArgs(TRUE)[-1]
options(testthat.progress.max_fails = Inf, warn = 1, width = 120)
library(backprop)

counts <- tryCatch({
  results <- testthat::test_dir(
    folder, filter = if (length(chosen)) paste0("^(", paste(chosen, collapse = "|"), ")$"),
    package = "backprop", load_package = "installed", stop_on_failure = FALSE,
    reporter = testthat::ProgressReporter$new(
      show_praise = FALSE, max_failures = Inf, update_interval = 3600
    )
  )
  table <- as.data.frame(results)
  wrong <- table[table$failed > 0 | table$error, ]
  if (nrow(wrong)) cat("\nFailed:", paste0("  ", wrong$file, ": ", wrong$test), sep = "\n")
  # Parallel tests report nothing for a file that is skipped entirely or does not parse. When run
  # alone, the first reports its reason and the second its error.
  reasons <- function(file) {
    reporter <- testthat::SilentReporter$new()
    tryCatch({
      testthat::test_file(
        file.path(folder, file), package = "backprop", load_package = "installed",
        reporter = reporter, stop_on_failure = FALSE
      )
      found <- reporter$expectations()
      if (any(vapply(found, inherits, NA, c("expectation_error", "expectation_failure")))) return()
      unlist(lapply(Filter(function(x) inherits(x, "expectation_skip"), found), conditionMessage))
    }, error = function(e) message("\n", file, ": ", conditionMessage(e)))
  }
  expected <- if (length(chosen)) {
    sprintf("test-%s.R", chosen)
  } else {
    list.files(folder, "^test.*\\.[rR]$")
  }
  silent <- setdiff(expected, table$file)
  skipped <- 0
  for (file in silent) {
    why <- reasons(file)
    skipped <- skipped + (length(why) > 0)
    message("\n", file, if (length(why)) " is skipped: " else " gave no result.", why[1])
  }
  failed <- sum(table$failed) + sum(table$error) + length(silent) - skipped
  c(passed = sum(table$passed), failed = failed, skipped = sum(table$skipped) + skipped)
}, error = function(e) {
  message("The tests could not run: ", conditionMessage(e))
  c(passed = 0, failed = 1, skipped = 0)
})
if (sum(counts) == 0) message("No test was run.")
cat(sprintf(
  "\n%d passed, %d failed, %d skipped\n",
  counts[["passed"]], counts[["failed"]], counts[["skipped"]]
))
quit(status = as.integer(counts[["failed"]] > 0 || counts[["passed"]] == 0))
R

if [ "$snapshots" = yes ] && [ -d "$scratch/copy/tests/testthat/_snaps" ]; then
  Rscript -e 'testthat::snapshot_accept(path = commandArgs(TRUE)[1])' \
    "$scratch/copy/tests/testthat" >/dev/null 2>&1 </dev/null
  cp -R "$scratch/copy/tests/testthat/_snaps" "$root/tests/testthat/"
  printf '\nThe snapshots are in tests/testthat/_snaps: %s\n' \
    'review the changes before you commit them.' >&2
fi
exit "$status"
