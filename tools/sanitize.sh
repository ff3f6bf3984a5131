#!/bin/sh
# Runs the package under sanitizers, valgrind and gctorture(), and shows a table of the results.
#
#   sh tools/sanitize.sh                 the legs that begin within 10 minutes, as in .ci/run, with
#                                        the tests that call the core most, without the slow ones;
#                                        clang's only on demand
#   sh tools/sanitize.sh all             all legs with all tests
#   sh tools/sanitize.sh asan tsan       only these legs
#   sh tools/sanitize.sh planted         that each leg reports a bug that is compiled in for it
#
# The legs are the rows of the table at the end of this file. The exit status is 1 if a leg reports
# something, and 77 if nothing is reported but a tool is not installed.

. "$(dirname -- "$0")/install.sh"
use_utf8
use_all_cores

mode=box
case ${1:-} in all | planted) mode=$1; shift ;; esac
only=$*

# skip_on_cran() leaves out the slow tests.
unset NOT_CRAN
if [ "$mode" = all ]; then
  NOT_CRAN=true
  export NOT_CRAN
fi

# Tests that call the core most, and run within a few minutes under a sanitizer.
core_tests='engine faults denormals functions losses philox pieces sparse threads weights'

# Tests that sanitizers can't run, and why:
#   show, trace-documents
#                      start a browser, which does not start with the sanitizer preloaded
#   export, export-*   start compilers, data bases and node
#   source-kinds       starts a data base
#   limits, memory, source-disk
#                      limit the memory, of which the sanitizer reserves terabytes
#   errors, resume     time interrupts, and are too slow
unsuitable='show trace-documents export source-kinds limits memory source-disk errors resume'

# build LIBRARY FLAGS [COMPILER]: installs the package with the flags to $scratch/LIBRARY.
build() {
  [ ! -d "$scratch/$1/backprop" ] || return 0
  clean_copy "$scratch/source-$1"
  mkdir -p "$scratch/$1"
  {
    [ -z "${3:-}" ] || echo "CXX17 = $3"
    echo "CXX17FLAGS = -g -O1 -fno-omit-frame-pointer -UNDEBUG -D_GLIBCXX_ASSERTIONS $2"
    echo "LDFLAGS = $2"
  } >"$scratch/Makevars-$1"
  R_MAKEVARS_USER=$scratch/Makevars-$1 R CMD INSTALL --no-docs --no-test-load \
    --library="$scratch/$1" "$scratch/source-$1"
}

# run_tests LIBRARY PRELOADED: runs the test files with a sanitizer, whose reports it collects in
# $scratch/reports.
run_tests() {
  if [ "$mode" = all ]; then files=; else files=$core_tests; fi
  # shellcheck disable=SC2086
  with_sanitizer "$1" "$2" Rscript - "$scratch/source-$1/tests/testthat" "$unsuitable" $files <<'R'
arguments <- commandArgs(TRUE)
files <- sub("^test-(.*)[.]R$", "\\1", list.files(arguments[1], "^test-.*[.]R$"))
unsuitable <- strsplit(arguments[2], " ")[[1]]
files <- files[!grepl(paste0("^(", paste(unsuitable, collapse = "|"), ")($|-)"), files)]
if (length(arguments) > 2) files <- intersect(files, arguments[-(1:2)])
Sys.setenv(TESTTHAT_PARALLEL = "false")
library(backprop)
failed <- 0
for (file in files) {
  results <- testthat::test_file(
    file.path(arguments[1], paste0("test-", file, ".R")),
    package = "backprop", load_package = "installed", reporter = "check", stop_on_failure = FALSE
  )
  results <- as.data.frame(results)
  failed <- failed + sum(results$failed) + sum(results$error)
}
cat("note:", length(files), "files of tests,", failed, "failed\n")
quit(status = as.integer(failed > 0))
R
}

# with_sanitizer LIBRARY PRELOADED COMMAND...: fails if the command fails or an error was reported.
with_sanitizer() (
  rm -rf "$scratch/reports"
  mkdir "$scratch/reports"
  options=log_path=$scratch/reports/report:detect_leaks=0:print_stacktrace=1
  R_LIBS=$scratch/$1${R_LIBS:+:$R_LIBS} ASAN_OPTIONS=$options:allocator_may_return_null=1
  UBSAN_OPTIONS=$options
  export R_LIBS ASAN_OPTIONS UBSAN_OPTIONS
  preloaded=$2
  shift 2
  status=0
  if [ -n "$preloaded" ]; then LD_PRELOAD=$preloaded "$@" || status=$?; else "$@" || status=$?; fi
  # not of warnings, such as of formats that it does not know
  if grep -qrE 'ERROR|runtime error' "$scratch/reports"; then
    cat "$scratch"/reports/* | head -n 200
    status=1
  fi
  return $status
)

gcc_flags='-fsanitize=address,undefined'
clang_flags='-fsanitize=undefined,implicit-conversion,nullability'

asan() {
  build asan "$gcc_flags" && run_tests asan "$(gcc -print-file-name=libasan.so)"
}
clang() {
  have clang++ || return 77
  runtime=$(clang++ -print-resource-dir)/lib/linux/libclang_rt.ubsan_standalone-$(uname -m).so
  [ -f "$runtime" ] || { echo "$runtime does not exist."; return 77; }
  # Eigen changes signs by conversions of the sign's bit
  printf '[implicit-conversion]\nsrc:*/Eigen/src/*\n' >"$scratch/ignored"
  build clang "$clang_flags -fsanitize-ignorelist=$scratch/ignored" clang++ &&
    run_tests clang "$runtime"
}
# What C++ reads: the files of stored rows. The reports of libFuzzer end with the input.
fuzzer() {
  have clang++ || return 77
  ls "$(clang++ -print-resource-dir)"/lib/linux/libclang_rt.fuzzer-*.a >/dev/null 2>&1 || return 77
  seconds=5
  [ "$mode" != all ] || seconds=120
  # shellcheck disable=SC2086
  clang++ -std=gnu++17 -g -O1 -fsanitize=fuzzer,address,undefined ${planted_flags:-} \
    "$root/tools/fuzz-files.cpp" "$root/src/core/stored_file.cpp" -o "$scratch/fuzz-files" &&
    TMPDIR=$scratch "$scratch/fuzz-files" -max_total_time=$seconds -max_len=4096 -seed=1 \
      -artifact_prefix="$scratch/"
}
tsan() {
  eigen=$(Rscript -e 'cat(system.file("include", package = "RcppEigen"))' </dev/null)
  [ -d "$scratch/source-tsan" ] || clean_copy "$scratch/source-tsan"
  # shellcheck disable=SC2086
  (
    cd "$scratch/source-tsan"
    mkdir -p objects
    printf '%s\n' src/core/*.cpp src/simd/*.cpp tests/kernels/kernels.cpp |
      xargs -P "$(getconf _NPROCESSORS_ONLN)" -I '{}' sh -c "g++ -std=gnu++17 -O1 -g \
        -fsanitize=thread -ffp-contract=off ${planted_flags:-} -isystem '$eigen' -c '{}' \
        -o objects/\"\$(basename '{}' .cpp)\".o" &&
      g++ -fsanitize=thread -pthread objects/*.o -o driver &&
      TSAN_OPTIONS=halt_on_error=0:exitcode=66 ./driver threads
  )
}
valgrind() {
  have valgrind || return 77
  build plain "${planted_flags:-}" || return 1
  R_LIBS=$scratch/plain${R_LIBS:+:$R_LIBS} R -d "valgrind --quiet --leak-check=full \
    --show-leak-kinds=definite --num-callers=30 --log-file=$scratch/valgrind.log" \
    --vanilla --no-echo -f "$scratch/source-plain/tools/sanitize.R" || return 1
  # R and its packages have reports of their own: only those with a line of the package count.
  # Lines do not name namespaces, but the functions of RcppExports.cpp or the source files.
  sources=$(cd "$scratch/source-plain/src" && ls ./*.cpp core simd | grep -E '[.](cpp|h)$' |
    sed 's/^[.]\///; s/[.]/[.]/' | tr '\n' '|')
  awk -v ours="_backprop_|backprop[.]so|[(](${sources%|}):[0-9]" '
    BEGIN { RS = ""; bad = 0 } $0 ~ ours { print; print ""; bad = 1 }
    END { exit bad }' <<LOG || return 1
$(sed 's/^==[0-9]*== *$//; s/^==[0-9]*== //' "$scratch/valgrind.log")
LOG
}
gctorture() {
  build plain "${planted_flags:-}" || return 1
  step=10
  [ "$mode" != all ] || step=1
  R_LIBS=$scratch/plain${R_LIBS:+:$R_LIBS} \
    Rscript "$scratch/source-plain/tools/sanitize.R" --torture=$step
}

# leg NAME WHAT COMMAND...: runs a leg, and adds a row to the table. A leg that must report a
# planted bug passes if it fails for that bug.
table=
bad=0
skipped=0
started=$(date +%s)
leg() {
  name=$1 what=$2
  shift 2
  case " $only " in '  ' | *" $name "*) ;; *) return 0 ;; esac
  began=$(date +%s)
  if [ "$mode" = box ] && [ -z "$only" ]; then
    if [ "$name" = clang ]; then return 0; fi
    if [ $((began - started)) -gt 600 ]; then
      table="$table$(printf '%-10s not run, for lack of time' "$name")
"
      return 0
    fi
  fi
  status=0
  "$@" >"$scratch/leg" 2>&1 </dev/null || status=$?
  case $status in
    0) word=passed ;;
    77) word=skipped skipped=1 ;;
    *) word=FAILED bad=1 ;;
  esac
  if [ "$word" = FAILED ]; then
    say "$name"
    grep -E 'ERROR|WARNING: Thread|runtime error|FAILED|Failure|Error|lost in' "$scratch/leg" |
      head -n 20
    tail -n 60 "$scratch/leg"
  fi
  table="$table$(printf '%-10s %-8s %5d s  %s' "$name" "$word" $(($(date +%s) - began)) "$what")
"
}

# reports BUG PATTERN COMMAND...: passes if the command fails with the bug compiled in, and its
# output has the pattern.
reports() {
  planted_flags=-DBACKPROP_PLANT_$1
  pattern=$2
  shift 2
  rm -rf "$scratch"/asan* "$scratch"/plain* "$scratch"/clang* "$scratch"/source-*
  if "$@" >"$scratch/planted" 2>&1; then
    echo "The planted bug was not reported."
    return 1
  fi
  grep -E "$pattern" "$scratch/planted" | head -n 3 | grep . ||
    { tail -n 40 "$scratch/planted"; return 1; }
}
planted_tests() (
  core_tests=philox
  gcc_flags="$gcc_flags $planted_flags"
  clang_flags="$clang_flags $planted_flags"
  "$@"
)

if [ "$mode" = planted ]; then
  leg asan "an overflow" reports OVERFLOW 'heap-buffer-overflow' planted_tests asan
  leg fuzzer "an overflow" reports OVERFLOW 'heap-buffer-overflow' fuzzer
  leg clang "a conversion out of range" reports UNDEFINED 'outside the range' planted_tests clang
  leg tsan "a race" reports RACE 'data race' tsan
  leg valgrind "a leak" reports LEAK 'definitely lost' valgrind
  leg gctorture "an unprotected object" reports UNPROTECTED 'freed object' gctorture
else
  leg fuzzer "libFuzzer: files of stored rows, the only bytes that C++ reads" fuzzer
  leg gctorture "every function of the bridge: objects of R that are not protected" gctorture
  leg valgrind "every function of the bridge, baseline kernels: memory and leaks" valgrind
  leg tsan "gcc: races of the teams of threads, 1 to 8 threads, kernels and training" tsan
  leg asan "gcc: addresses, undefined behaviour, assertions of libstdc++ and Eigen; tests" asan
  leg clang "clang: undefined behaviour, conversions that change the value; tests" clang
fi

say "The legs"
printf '%s' "$table"
[ "$bad" -eq 0 ] || exit 1
[ "$skipped" -eq 0 ] || exit 77
echo "note: $(printf '%s' "$table" | grep -c ' passed ') legs passed," \
  "$(printf '%s' "$table" | grep -c 'not run') not run"
