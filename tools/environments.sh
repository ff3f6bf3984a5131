#!/bin/sh
# Runs the tests in other environments: locales, time zones, homes, BLAS libraries, sets of
# instructions, numbers of cores and limits of memory.
#
#   sh tools/environments.sh                 tests that depend on the environment
#   sh tools/environments.sh all             all tests in each environment
#   sh tools/environments.sh quick ...       those that take seconds, as in .ci/run
#   sh tools/environments.sh small ...       only these environments
#   sh tools/environments.sh --library=FOLDER ...
#                                            tests the package that is installed there
#
# The environments are the rows of the table at the end of this file. The exit status is 1 if a test
# fails, and 77 if nothing fails but an environment is not available.

. "$(dirname -- "$0")/install.sh"
use_utf8
use_all_cores

# Tests of text, files, threads, sums of R's BLAS, times and memory.
tests='formula locale keeping threads memory save data-frames edge-numbers'
library=
case ${1:-} in --library=*) library=${1#*=}; shift ;; esac
case ${1:-} in
  all) tests=; shift ;;
  quick) tests='formula keeping save data-frames edge-numbers'; shift ;;
esac
only=$*

# Messages use the characters of the locale, and English.
LANGUAGE=en
NOT_CRAN=true
export LANGUAGE NOT_CRAN

if [ -n "$library" ]; then
  clean_copy "$scratch/copy"
else
  build_package --no-build-vignettes --no-manual
  library=$scratch/library
  mkdir "$library"
  quietly "R CMD INSTALL" R CMD INSTALL --library="$library" "$tarball"
fi
R_LIBS=$library${R_LIBS:+:$R_LIBS}
export R_LIBS
files=
for name in $tests; do
  [ ! -f "$scratch/copy/tests/testthat/test-$name.R" ] || files="$files $name"
done

# in_environment NAME COMMAND...: the command is one that runs its arguments in the environment.
table=
bad=0
skipped=0
in_environment() {
  name=$1
  shift
  case " $only " in '  ' | *" $name "*) ;; *) return 0 ;; esac
  began=$(date +%s)
  status=0
  # shellcheck disable=SC2086
  "$@" Rscript "$root/tools/tests.R" "$scratch/copy/tests/testthat" $files \
    >"$scratch/output" 2>&1 </dev/null || status=$?
  case $status in
    0) word=passed ;;
    77) word=skipped skipped=1 ;;
    *) word=FAILED bad=1; say "$name"; tail -n 60 "$scratch/output" ;;
  esac
  table="$table$(printf '%-12s %-8s %4d s  %s' "$name" "$word" $(($(date +%s) - began)) \
    "$(tail -n 1 "$scratch/output")")
"
}

# in_locale NAME COMMAND...: makes the locale in $scratch, which requires Debian's package locales.
in_locale() (
  LC_ALL=$1
  shift
  export LC_ALL
  if ! locale -a 2>/dev/null | grep -qix "$(printf '%s' "$LC_ALL" | sed 's/UTF-8/utf8/')"; then
    mkdir -p "$scratch/locales"
    LOCPATH=$scratch/locales
    export LOCPATH
    localedef -i "${LC_ALL%.*}" -f UTF-8 "$scratch/locales/$LC_ALL" >/dev/null 2>&1 ||
      { echo "The locale $LC_ALL is not available (Debian: locales)."; return 77; }
  fi
  "$@"
)

# with_blas FOLDER COMMAND...: R uses the BLAS in a folder of Debian's alternatives.
with_blas() (
  for folder in /usr/lib/*/"$1"; do :; done
  [ -f "$folder/libblas.so.3" ] || { echo "The BLAS $1 is not installed."; return 77; }
  LD_LIBRARY_PATH=$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  export LD_LIBRARY_PATH
  shift
  "$@"
)

on_one_core() (
  have taskset || { echo "taskset is not installed."; return 77; }
  taskset -c 0 "$@"
)

# The address space of R and of each of its processes.
with_memory() (
  ulimit -v "$1"
  shift
  "$@"
)

with_instructions() (
  BACKPROP_INSTRUCTION_SET=$1
  export BACKPROP_INSTRUCTION_SET
  Rscript -e 'library(backprop)' </dev/null >"$scratch/loaded" 2>&1 ||
    { cat "$scratch/loaded"; return 77; }
  shift
  "$@"
)

# bare: what cron and small containers have; tests one after the other.
in_environment bare env -u HOME LC_ALL=C TZ=Pacific/Pago_Pago TESTTHAT_PARALLEL=false
in_environment german in_locale de_DE.UTF-8 with_blas openblas-pthread \
  env HOME=/proc TZ=Pacific/Kiritimati OPENBLAS_NUM_THREADS=2
in_environment chinese in_locale zh_CN.UTF-8 with_blas blas with_instructions baseline
in_environment small with_memory 1572864 on_one_core with_instructions avx2

say "The environments"
printf '%s' "$table"
[ "$bad" -eq 0 ] || exit 1
[ "$skipped" -eq 0 ] || exit 77
echo "note: $(printf '%s' "$table" | grep -c .) environments passed"
