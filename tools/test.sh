#!/bin/sh
# Runs all the tests, against the package as R's users get it: built from a clean copy of the checkout, compiled with R's default flags,
# and installed to a library that is gone afterwards. The last line is 'N passed, N failed, N skipped', in expectations.
#
#   sh tools/test.sh                all the tests
#   sh tools/test.sh --snapshots    the same, and new and changed snapshots are taken over into tests/testthat/_snaps

. "$(dirname -- "$0")/install.sh"

case ${1:-} in '' | --snapshots) ;; *) stop "the one option is --snapshots, not '$1'." ;; esac
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
[ -d "$scratch/copy/tests/testthat" ] || stop "there is no folder tests/testthat."
status=0
run_r "$scratch/copy/tests/testthat" <<'R' || status=$?
folder <- commandArgs(TRUE)[1]
options(testthat.progress.max_fails = Inf, warn = 1, width = 120)
library(backprop)

counts <- tryCatch({
  results <- testthat::test_dir(
    folder, package = "backprop", load_package = "installed", stop_on_failure = FALSE,
    reporter = testthat::ProgressReporter$new(show_praise = FALSE, max_failures = Inf, update_interval = 3600)
  )
  table <- as.data.frame(results)
  wrong <- table[table$failed > 0 | table$error, ]
  if (nrow(wrong)) cat("\nFailed:", paste0("  ", wrong$file, ": ", wrong$test), sep = "\n")
  # A file that does not parse leaves no trace in the results of tests that run in parallel.
  silent <- setdiff(list.files(folder, "^test.*\\.[rR]$"), table$file)
  for (file in silent) {
    parsed <- tryCatch(parse(file.path(folder, file)), error = function(e) e)
    message("\n", file, " gave no result. ", if (inherits(parsed, "error")) conditionMessage(parsed))
  }
  failed <- sum(table$failed) + sum(table$error) + length(silent)
  c(passed = sum(table$passed), failed = failed, skipped = sum(table$skipped))
}, error = function(e) {
  message("The tests could not be run: ", conditionMessage(e))
  c(passed = 0, failed = 1, skipped = 0)
})
if (sum(counts) == 0) message("No test was run.")
cat(sprintf("\n%d passed, %d failed, %d skipped\n", counts[["passed"]], counts[["failed"]], counts[["skipped"]]))
quit(status = as.integer(counts[["failed"]] > 0 || counts[["passed"]] == 0))
R

if [ "${1:-}" = --snapshots ] && [ -d "$scratch/copy/tests/testthat/_snaps" ]; then
  Rscript -e 'testthat::snapshot_accept(path = commandArgs(TRUE)[1])' "$scratch/copy/tests/testthat" >/dev/null 2>&1 </dev/null
  cp -R "$scratch/copy/tests/testthat/_snaps" "$root/tests/testthat/"
  printf '\nThe snapshots are in tests/testthat/_snaps: read what changed before you commit it.\n' >&2
fi
exit "$status"
