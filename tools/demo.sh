#!/bin/sh
# From a checkout to a trained network: installs missing dependencies, installs the package from
# source, and runs demo.R.
#
#   sh tools/demo.sh
#   sh tools/demo.sh --vignettes    the same, and the vignettes are built and installed as well, so
#                                   that vignette("from-scratch", "backprop") opens the tutorial

. "$(dirname -- "$0")/install.sh"

mode=run
without=--no-build-vignettes
case ${1:-} in
  '') ;;
  --vignettes) mode=vignettes without= ;;
  *) stop "the one option is --vignettes, not '$1'." ;;
esac
use_utf8
use_all_cores
install_what_is_missing "$mode"
if [ "$mode" = vignettes ] && ! have pandoc && [ -z "${RSTUDIO_PANDOC:-}" ]; then
  stop "the vignettes need pandoc, which could not be installed; or run this without --vignettes."
fi

say "Building the source package from a clean copy"
[ "$mode" = run ] || note "with the vignettes, which takes a minute or two"
# shellcheck disable=SC2086
build_package $without --no-manual
note "${tarball##*/}"

find_library
say "Compiling it and installing it to $library (a few minutes)"
quietly "R CMD INSTALL" R CMD INSTALL --library="$library" "$tarball"

R_LIBS=$library${R_LIBS:+:$R_LIBS}
export R_LIBS
cd "$scratch"
Rscript "$root/tools/demo.R" </dev/null || stop "the demonstration failed; see R's message above."

if [ "$mode" = vignettes ]; then
  run_r <<'R' || stop "the vignettes were not installed."
found <- vignette(package = "backprop")$results[, "Item"]
quit(status = !all(c("from-scratch", "from-scratch-zh", "exercises") %in% found))
R
  say 'To read the tutorial, in R: vignette("from-scratch", "backprop")'
else
  say "To read the tutorial as well, in R: sh tools/demo.sh --vignettes builds the vignettes"
fi
