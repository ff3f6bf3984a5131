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

say "Compiling it and installing it to a temporary library (a few minutes)"
mkdir "$scratch/library"
quietly "R CMD INSTALL" R CMD INSTALL --library="$scratch/library" "$tarball"
R_LIBS=$scratch/library${R_LIBS:+:$R_LIBS}
NOT_CRAN=true
export R_LIBS NOT_CRAN

say "Running the tests"
[ -d "$scratch/copy/tests/testthat" ] || stop "tests/testthat does not exist."
status=0
Rscript "$root/tools/tests.R" "$scratch/copy/tests/testthat" "$@" </dev/null || status=$?

if [ "$snapshots" = yes ] && [ -d "$scratch/copy/tests/testthat/_snaps" ]; then
  Rscript -e 'testthat::snapshot_accept(path = commandArgs(TRUE)[1])' \
    "$scratch/copy/tests/testthat" >/dev/null 2>&1 </dev/null
  cp -R "$scratch/copy/tests/testthat/_snaps" "$root/tests/testthat/"
  printf '\nThe snapshots are in tests/testthat/_snaps: %s\n' \
    'review the changes before you commit them.' >&2
fi
exit "$status"
