#!/bin/sh
# Minifies the sources of the stepper in inst/htmlwidgets/sources/ into one script and one style
# sheet in inst/htmlwidgets/nn_show/, so that a self-contained page has less than 150 KB:
#
#   sh tools/bundle.sh            writes them
#   sh tools/bundle.sh --check    fails if they don't match the sources
#
# Requires node and npm. Installs esbuild from npm if it is missing.

# shellcheck source=tools/install.sh
. "$(dirname -- "$0")/install.sh"

case ${1:-} in '' | --check) ;; *) stop "the one option is --check, not '$1'." ;; esac
install_npm esbuild "$esbuild_version"
[ -d "$npm_folder/node_modules/esbuild" ] || stop "esbuild could not be installed."

sources=$root/inst/htmlwidgets/sources
made=$root/inst/htmlwidgets/nn_show
mkdir -p "$made" "$scratch/made"
minify() {
  node "$npm_folder/node_modules/esbuild/bin/esbuild" --minify --charset=utf8 \
    --log-level=warning "$@"
}
(cd "$sources" && cat engine.js steps.js text.js tags.js view.js matrices.js pictures.js) |
  minify --target=es2018 >"$scratch/made/stepper.min.js"
minify --loader=css <"$sources/style.css" >"$scratch/made/stepper.min.css"
if [ "${1:-}" = --check ]; then
  for file in stepper.min.js stepper.min.css; do
    cmp "$scratch/made/$file" "$made/$file" ||
      stop "$file does not match its sources. Run sh tools/bundle.sh."
  done
else
  cp "$scratch"/made/* "$made"
fi
