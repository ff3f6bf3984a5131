#!/bin/sh
# Installs what is missing to run, test or check the package:
#
#   sh tools/install.sh run      R, a compiler, and the packages that backprop imports and links to
#   sh tools/install.sh vignettes
#                                these, and what the vignettes are made with: knitr, rmarkdown,
#                                htmlwidgets and pandoc
#   sh tools/install.sh test     the first, the suggested packages, pandoc, chromium, Open MPI and
#                                pbdMPI, and where node and npm are there the runtime that exported
#                                models are tested with and what drives the browser
#   sh tools/install.sh check    these, the version of roxygen2 that DESCRIPTION names, qpdf, clang,
#                                clang-format, styler, lintr, esbuild, binutils, g++ for aarch64 and
#                                Windows, qemu, wine, valgrind, ccache, locales, OpenBLAS
#
# Packages and versions are those of DESCRIPTION. On Debian and Ubuntu they are installed with apt
# if its version is recent enough, and otherwise from CRAN, into the user's library if the site's is
# not writable. If nothing is missing, the script takes one call of R. The other scripts in this
# directory, and .ci/run, source this file for its functions.

set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
script=${0##*/}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

say() { printf '\n== %s\n' "$*"; }
note() { printf '   %s\n' "$*"; }
stop() { printf '\n%s: %s\n' "$script" "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Runs the R code on standard input, with the function's arguments. Processes started by that code
# have an empty standard input. The file is one of its own, as checks run beside each other.
run_r() {
  step=$(mktemp "$scratch/step.XXXXXX")
  cat >"$step"
  Rscript "$step" "$@" </dev/null
}

# quietly WHAT COMMAND...: runs the command. If it fails, shows the end of its output and the lines
# that mention errors, and stops.
quietly() {
  what=$1
  shift
  if ! "$@" >"$scratch/log" 2>&1 </dev/null; then
    {
      tail -n 40 "$scratch/log"
      echo
      grep -E '(^|[^a-z])([Ee]rror|ERROR)([^a-z]|$)' "$scratch/log" | cut -c 1-300 | head -n 10
    } >&2
    stop "$what failed; the end of its output is above."
  fi
}

# The tests need UTF-8, and minimal containers often have no locale.
use_utf8() {
  case ${LC_ALL:-${LC_CTYPE:-${LANG:-}}} in
    *[Uu][Tt][Ff]*8*) ;;
    *) if locale -a 2>/dev/null | grep -qi '^C\.utf-*8$'; then LC_ALL=C.UTF-8; export LC_ALL; fi ;;
  esac
}

# Lets the compiler use all cores, unless MAKEFLAGS is set.
use_all_cores() {
  MAKEFLAGS=${MAKEFLAGS:--j$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)}
  export MAKEFLAGS
}

# clean_copy FOLDER: copies the checkout, including uncommitted changes, without the files that
# compilers and checks leave behind.
clean_copy() {
  mkdir -p "$1"
  if have git && [ "$(git -C "$root" rev-parse --show-toplevel 2>/dev/null)" = "$root" ]; then
    (cd "$root" && git -c core.quotePath=false ls-files --cached --others --exclude-standard) |
      sort -u |
      while IFS= read -r file; do
        if [ -f "$root/$file" ]; then printf '%s\n' "$file"; fi
      done >"$scratch/files"
    tar -C "$root" -cf - -T "$scratch/files" | tar -C "$1" -xf -
  else
    tar -C "$root" --exclude='*.o' --exclude='*.so' --exclude='*.dll' --exclude='*.tar.gz' \
      --exclude='*.Rcheck' --exclude=.git -cf - . |
      tar -C "$1" -xf -
  fi
  [ -f "$1/DESCRIPTION" ] || stop "could not copy the package from $root."
}

# build_package OPTION...: builds a source package from a clean copy in $scratch/copy. Sets
# $tarball.
build_package() {
  [ -d "$scratch/copy" ] || clean_copy "$scratch/copy"
  mkdir -p "$scratch/built"
  cd "$scratch/built"
  quietly "R CMD build" R CMD build "$@" ../copy
  cd "$root"
  tarball=
  for built in "$scratch"/built/backprop_*.tar.gz; do tarball=$built; done
  [ -f "$tarball" ] || stop "R CMD build made no source package."
}

# Sets $library, the library to install to: the first one in R's search path, or the user's own if
# that is not writable.
find_library() {
  library=$(run_r <<'R'
library <- .libPaths()[1]
if (file.access(library, 2) != 0) {
  users <- strsplit(Sys.getenv("R_LIBS_USER"), .Platform$path.sep, fixed = TRUE)[[1]]
  library <- path.expand(users[1])
  dir.create(library, recursive = TRUE, showWarnings = FALSE)
}
if (!is.na(library) && file.access(library, 2) == 0) cat("\nlibrary ", library, "\n", sep = "")
R
  )
  library=$(printf '%s\n' "$library" | sed -n 's/^library //p')
  [ -n "$library" ] ||
    stop "no R library is writable, not even the one in R_LIBS_USER."
}

# Sets $missing: missing packages, one per line with the minimum version; $optional: the same for
# packages that only the checks use (they take minutes to compile, and tests that need them are
# skipped without them); $pinned: the version of roxygen2, if it is missing.
find_missing() {
  found=$(run_r "$1" "$root/DESCRIPTION" <<'R'
arguments <- commandArgs(TRUE)
mode <- arguments[1]
description <- read.dcf(arguments[2])[1, ]
if (mode == "run") description <- description[names(description) != "Suggests"]
entries <- function(fields) {
  items <- trimws(unlist(strsplit(description[intersect(fields, names(description))], ",")))
  least <- ifelse(grepl(">=", items), gsub("^.*>=[[:space:]]*|[[:space:]]*\\)$", "", items), "0")
  data.frame(name = sub("[[:space:](].*$", "", items), least = least)
}
version <- function(name, folders = NULL) {
  tryCatch(as.character(utils::packageVersion(name, folders)), error = function(e) "")
}
say <- function(...) cat("\nbackprop", ..., "\n")

depends <- entries("Depends")
r <- depends$least[depends$name == "R"]
if (length(r) && getRversion() < r) say("old", r, as.character(getRversion()))

wanted <- entries(c("Imports", "LinkingTo", "Suggests"))
optional <- entries(paste0("Config/Needs/", c("ecosystem", "format", "website")))
wanted <- wanted[!wanted$name %in% optional$name, ]
if (mode == "vignettes") {
  of_vignettes <- c("knitr", "rmarkdown", "htmlwidgets")
  needless <- setdiff(entries("Suggests")$name, c(of_vignettes, entries("Imports")$name))
  wanted <- wanted[!wanted$name %in% needless, ]
}
report <- function(kind, wanted) {
  for (name in unique(wanted$name)) {
    least <- as.character(max(numeric_version(wanted$least[wanted$name == name])))
    there <- version(name)
    if (there == "" || numeric_version(there) < least) say(kind, name, least)
  }
}
report("missing", wanted)
if (mode == "check") report("optional", optional)
pin <- description["RoxygenNote"]
if (mode == "check" && !is.na(pin)) {
  kept <- file.path(tools::R_user_dir("backprop", "cache"), "library")
  if (!pin %in% c(version("roxygen2", kept), version("roxygen2"))) say("pinned", pin)
}
R
  ) || stop "R failed to start: $found"
  old=$(printf '%s\n' "$found" |
    sed -n 's/^backprop old \([^ ]*\) \([^ ]*\).*/R \1 or later is needed, and this is R \2./p')
  [ -z "$old" ] || stop "$old Install a newer R (cloud.r-project.org), then run this again."
  missing=$(printf '%s\n' "$found" | sed -n 's/^backprop missing \([^ ]* [^ ]*\).*/\1/p')
  optional=$(printf '%s\n' "$found" | sed -n 's/^backprop optional \([^ ]* [^ ]*\).*/\1/p')
  pinned=$(printf '%s\n' "$found" | sed -n 's/^backprop pinned \([^ ]*\).*/\1/p')
}

# Whether apt can be used: as root, or with sudo if it needs no password or there is a terminal.
can_use_apt() {
  have apt-get && have dpkg || return 1
  if [ "$(id -u)" -eq 0 ]; then as_root=; return 0; fi
  as_root=sudo
  have sudo && { sudo -n true 2>/dev/null || [ -t 0 ]; }
}

apt_updated=no
update_apt() {
  [ "$apt_updated" = no ] || return 0
  apt_updated=yes
  note "apt-get update"
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 update \
    >"$scratch/apt" 2>&1 </dev/null || {
    tail -n 5 "$scratch/apt"
    note "apt-get update reported the problems above; continuing with the existing package lists."
  }
}

install_by_apt() {
  note "apt-get install $*"
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
    install --no-install-recommends "$@" \
    >"$scratch/apt" 2>&1 </dev/null || { tail -n 30 "$scratch/apt" >&2; return 1; }
}

# apt_version PACKAGE: the version that apt would install, without epoch and Debian revision; empty
# if there is none.
apt_version() {
  LC_ALL=C apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p' | grep -v '(none)' |
    sed 's/^[0-9]*://; s/-[^-]*$//; s/[+~].*$//'
}

# Installs programs. The first three are required; without the others, some tests are skipped and
# some checks fail.
install_programs() {
  needed=
  useful=
  if ! have make || ! { have g++ || have clang++ || have c++; }; then needed=r-base-dev; fi
  if ! have R || ! have Rscript; then needed="r-base-core r-base-dev r-recommended"; fi
  if have apt-get && [ ! -e /etc/ssl/certs/ca-certificates.crt ]; then useful=ca-certificates; fi
  if [ "$1" != run ] && ! have pandoc && [ -z "${RSTUDIO_PANDOC:-}" ]; then
    useful="$useful pandoc"
  fi
  if [ "$1" = check ]; then
    have qpdf || useful="$useful qpdf"
    have clang++ || useful="$useful clang"
    # clang's sanitizers and libFuzzer, where they are a package of their own
    if ! ls /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a >/dev/null 2>&1; then
      ! can_use_apt || update_apt
      ! apt-cache show libclang-rt-14-dev >/dev/null 2>&1 || useful="$useful libclang-rt-14-dev"
    fi
    have objdump || useful="$useful binutils"
    have clang-format-14 || useful="$useful clang-format-14"
    have aarch64-linux-gnu-g++ || useful="$useful g++-aarch64-linux-gnu"
    have qemu-aarch64 || useful="$useful qemu-user"
    have valgrind || useful="$useful valgrind"
    have ccache || useful="$useful ccache"
    have localedef && [ -d /usr/share/i18n/locales ] || useful="$useful locales"
    [ -d /usr/lib/x86_64-linux-gnu/openblas-pthread ] || [ ! -d /usr/lib/x86_64-linux-gnu ] ||
      useful="$useful libopenblas0-pthread"
    have x86_64-w64-mingw32-g++-posix || useful="$useful g++-mingw-w64-x86-64-posix"
    have wine64 || [ -x /usr/lib/wine/wine64 ] || useful="$useful wine64"
  fi
  [ -n "$needed$useful" ] || return 0
  if can_use_apt; then
    update_apt
    # shellcheck disable=SC2086
    { [ -z "$needed" ] || install_by_apt $needed; } || stop "apt-get could not install: $needed"
    # shellcheck disable=SC2086
    { [ -z "$useful" ] || install_by_apt $useful; } || note "Continuing without: $useful"
  elif [ -n "$needed" ] && have apt-get; then
    stop "R or its compiler is missing, and installing it requires root or sudo." \
      "Run as root: apt-get install $needed"
  elif [ -n "$needed" ]; then
    stop "R (4.1 or later, cloud.r-project.org), make and a C++17 compiler are required:" \
      "install them, then run this again."
  else
    note "Missing, and apt-get can't be used to install them: $useful. Continuing without."
  fi
  hash -r
}

# Installs packages with apt, if its versions are recent enough and its R is the one in use.
install_packages_by_apt() {
  [ "$(R RHOME)" = /usr/lib/R ] && can_use_apt || return 0
  update_apt
  chosen=
  while read -r name least; do
    [ -n "$name" ] || continue
    package=r-cran-$(printf '%s' "$name" | tr '[:upper:]' '[:lower:]')
    version=$(apt_version "$package")
    if [ -n "$version" ] && dpkg --compare-versions "$version" ge "$least"; then
      chosen="$chosen $package"
    fi
  done <<LIST
$missing
$optional
LIST
  if [ -n "$pinned" ] && [ "$(apt_version r-cran-roxygen2)" = "$pinned" ]; then
    chosen="$chosen r-cran-roxygen2"
  fi
  # shellcheck disable=SC2086
  [ -z "$chosen" ] || install_by_apt $chosen || note "apt-get could not install these; trying CRAN."
}

# Installs packages from CRAN. A pinned roxygen2 is installed to a separate directory, so that it
# does not replace another version.
install_packages_from_cran() {
  names=$(printf '%s\n' "$missing" "$optional" | cut -d' ' -f1 | tr '\n' ' ')
  note "from CRAN: $names${pinned:+roxygen2 $pinned }(into $library)"
  # shellcheck disable=SC2086
  run_r "$library" "$pinned" $names >"$scratch/cran" 2>&1 <<'R' || tail -n 60 "$scratch/cran" >&2
arguments <- commandArgs(TRUE)
library <- arguments[1]
pin <- arguments[2]
names <- arguments[-(1:2)]
repositories <- getOption("repos")
repositories[repositories == "@CRAN@"] <- "https://cloud.r-project.org"
if (!length(repositories)) repositories <- c(CRAN = "https://cloud.r-project.org")
options(repos = repositories, timeout = max(600, getOption("timeout")))
.libPaths(c(library, .libPaths()))
if (length(names)) {
  cores <- max(1, parallel::detectCores(), na.rm = TRUE)
  install.packages(names, lib = library, Ncpus = cores)
}
if (nzchar(pin)) {
  kept <- file.path(tools::R_user_dir("backprop", "cache"), "library")
  dir.create(kept, recursive = TRUE, showWarnings = FALSE)
  needs <- tools::package_dependencies("roxygen2", recursive = TRUE)[[1]]
  needs <- setdiff(needs, rownames(installed.packages()))
  if (length(needs)) install.packages(needs, lib = library)
  archived <- paste0("src/contrib/Archive/roxygen2/roxygen2_", pin, ".tar.gz")
  repository <- if ("CRAN" %in% names(repositories)) repositories[["CRAN"]] else repositories[[1]]
  source <- file.path(tempdir(), basename(archived))
  download.file(paste0(sub("/$", "", repository), "/", archived), source, mode = "wb")
  install.packages(source, lib = kept, repos = NULL, type = "source")
}
R
}

# Installs onnxruntime from the npm registry, which runs exported models in the tests, to
# BACKPROP_ONNXRUNTIME or a directory of the user's cache, where the tests look for it. Without node
# and npm, or if it can't be installed, those tests are skipped. Its install script is not run,
# because it downloads more (for GPUs) from elsewhere.
onnxruntime_version=1.20.1
install_onnxruntime() {
  have node && have npm || {
    note "node or npm is not installed: the tests that run ONNX models will be skipped."
    return 0
  }
  BACKPROP_ONNXRUNTIME=${BACKPROP_ONNXRUNTIME:-$(
    Rscript -e 'cat(file.path(tools::R_user_dir("backprop", "cache"), "onnxruntime"))' </dev/null
  )}
  export BACKPROP_ONNXRUNTIME
  [ ! -d "$BACKPROP_ONNXRUNTIME/node_modules/onnxruntime-node" ] || return 0
  note "from npm: onnxruntime-node $onnxruntime_version (into $BACKPROP_ONNXRUNTIME)"
  mkdir -p "$BACKPROP_ONNXRUNTIME"
  npm install --prefix "$BACKPROP_ONNXRUNTIME" --ignore-scripts --no-audit --no-fund \
    "onnxruntime-node@$onnxruntime_version" >"$scratch/npm" 2>&1 </dev/null || {
    tail -n 5 "$scratch/npm"
    rm -rf "$BACKPROP_ONNXRUNTIME/node_modules"
    note "npm could not install onnxruntime-node: the tests that run ONNX models will be skipped."
  }
}

# install_npm PACKAGE VERSION: a package of the npm registry, into a folder of the user's cache
# (BACKPROP_NPM, or `npm` in the folder that R keeps for the package). Install scripts, which may
# fetch more from elsewhere, are not run.
esbuild_version=0.28.2
playwright_version=1.65.1
npm_folder=
install_npm() {
  if ! have node || ! have npm; then
    note "node or npm is not here: going on without $1."
    return 0
  fi
  npm_folder=${BACKPROP_NPM:-$(Rscript -e \
    'cat(file.path(tools::R_user_dir("backprop", "cache"), "npm"))' </dev/null)}
  if grep -q "\"version\": \"$2\"" "$npm_folder/node_modules/$1/package.json" 2>/dev/null; then
    return 0
  fi
  note "from npm: $1 $2 (into $npm_folder)"
  mkdir -p "$npm_folder"
  npm install --prefix "$npm_folder" --ignore-scripts --no-audit --no-fund --save-exact "$1@$2" \
    >"$scratch/npm" 2>&1 </dev/null || {
    tail -n 5 "$scratch/npm"
    note "npm could not install $1: going on without."
  }
}

# For the tests of the stepper: a browser, and playwright-core, which controls it.
install_browser_tests() {
  if ! have chromium && ! have chromium-browser && ! have google-chrome; then
    if can_use_apt; then
      update_apt
      install_by_apt chromium || note "Going on without chromium."
    else
      note "chromium is not here: the tests in a browser will be skipped."
    fi
  fi
  install_npm playwright-core "$playwright_version"
}

# Installs Open MPI and pbdMPI, for the tests of training in several processes. pbdMPI uses an entry
# of R's interface that R has since 4.5; for earlier versions its meaning is defined here.
install_mpi() {
  if ! have mpirun || ! have mpicc; then
    if can_use_apt; then
      update_apt
      install_by_apt libopenmpi-dev openmpi-bin || note "apt-get could not install Open MPI."
      hash -r
    fi
  fi
  if ! have mpirun || ! have mpicc; then
    note "MPI is not installed: the tests that need it will be skipped."
    return 0
  fi
  [ "$(Rscript -e 'cat(nzchar(system.file(package = "pbdMPI")))' </dev/null)" != TRUE ] || return 0
  find_library
  note "from CRAN: pbdMPI (into $library)"
  run_r "$library" "$scratch/Makevars.mpi" >"$scratch/mpi" 2>&1 <<'R' || true
arguments <- commandArgs(TRUE)
repositories <- getOption("repos")
repositories[repositories == "@CRAN@"] <- "https://cloud.r-project.org"
options(repos = repositories)
# first, because configure scripts do not understand the definition below
needs <- tools::package_dependencies("pbdMPI", recursive = TRUE)[[1]]
needs <- setdiff(needs, rownames(installed.packages()))
if (length(needs)) install.packages(needs, lib = arguments[1])
if (getRversion() < "4.5.0") {
  found <- "Rf_findVar(name,frame)"
  writeLines(c(
    "CPPFLAGS += '-DR_getVarEx(name,frame,inherits,other)=\\",
    sprintf("(%s==R_UnboundValue?(other):%s)'", found, found)
  ), arguments[2])
  Sys.setenv(R_MAKEVARS_USER = arguments[2])
}
install.packages(
  "pbdMPI",
  lib = arguments[1], configure.args = "--with-mpi-type=OPENMPI"
)
R
  [ "$(Rscript -e 'cat(nzchar(system.file(package = "pbdMPI")))' </dev/null)" = TRUE ] || {
    tail -n 20 "$scratch/mpi"
    note "pbdMPI could not be installed: the tests that need it will be skipped."
  }
}

# install_what_is_missing run|vignettes|test|check
install_what_is_missing() {
  case $1 in
    run | vignettes | test | check) ;;
    *) stop "the mode is run, vignettes, test or check, not '$1'." ;;
  esac
  say "Looking for missing dependencies (mode $1)"
  install_programs "$1"
  case $1 in test | check) install_mpi ;; esac
  find_missing "$1"
  if [ -n "$missing$optional$pinned" ]; then
    install_packages_by_apt
    find_missing "$1"
  fi
  if [ -n "$missing$optional$pinned" ]; then
    find_library
    install_packages_from_cran
    find_missing "$1"
  fi
  if [ -n "$missing$pinned" ]; then
    packages=$(printf '%s' "$missing" | sed 's/ \(.*\)/ (\1 or later)/' | tr '\n' ' ')
    stop "these could not be installed: $packages${pinned:+roxygen2 ($pinned exactly)}"
  fi
  case $1 in
    test | check)
      install_onnxruntime
      install_browser_tests
      ;;
  esac
  [ "$1" != check ] || install_npm esbuild "$esbuild_version"
  if [ -z "$optional" ]; then note "Everything is there."; return 0; fi
  names=$(printf '%s' "$optional" | cut -d' ' -f1 | tr '\n' ' ')
  note "Going on without these, whose tests and checks will be skipped: $names"
}

if [ "$script" = install.sh ]; then install_what_is_missing "${1:-run}"; fi
