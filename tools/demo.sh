#!/bin/sh
# From a checkout to a trained network: installs missing dependencies, installs the package from
# source, and runs demo.R.
#
#   sh tools/demo.sh

. "$(dirname -- "$0")/install.sh"

use_utf8
use_all_cores
install_what_is_missing run

say "Building the source package from a clean copy"
build_package --no-build-vignettes --no-manual
note "${tarball##*/}"

find_library
say "Compiling it and installing it to $library (up to a minute)"
quietly "R CMD INSTALL" R CMD INSTALL --library="$library" "$tarball"

R_LIBS=$library${R_LIBS:+:$R_LIBS}
export R_LIBS
cd "$scratch"
Rscript "$root/tools/demo.R" </dev/null || stop "the demonstration failed; see R's message above."
