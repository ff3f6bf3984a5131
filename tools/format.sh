#!/bin/sh
# Formats the code: C++ with clang-format (.clang-format), R with styler (style.R).
#
#   sh tools/format.sh            formats all files
#   sh tools/format.sh --check    changes nothing: lists files that are not formatted, findings of
#                                 lintr (.lintr), and lines of more than 100 columns
#
# With --check the exit status is 1 if anything is listed, and 77 if nothing is listed but a tool is
# not installed. The tools do not break long lines of R, prose or scripts: do that by hand.

. "$(dirname -- "$0")/install.sh"

case ${1:-} in '' | --check) ;; *) stop "the only option is --check, not '$1'." ;; esac
use_utf8

# Other versions format some lines differently.
clang_format_version=14
clang_format=
for name in "clang-format-$clang_format_version" clang-format; do
  if have "$name" && "$name" --version | grep -q "version $clang_format_version\\."; then
    clang_format=$name
    break
  fi
done

has_package() { Rscript -e "quit(status = !requireNamespace('$1', quietly = TRUE))" </dev/null; }

clean_copy "$scratch/copy"
cd "$scratch/copy"
find src tests/kernels tools -name '*.cpp' -o -name '*.h' | grep -v RcppExports | sort \
  >"$scratch/cpp"
find . -name '*.R' | sed 's|^\./||' | grep -v RcppExports | sort >"$scratch/r"
find . -name '*.Rmd' | sed 's|^\./||' | sort | cat "$scratch/r" - >"$scratch/styled"

if [ "${1:-}" != --check ]; then
  cd "$root"
  [ -n "$clang_format" ] || stop "clang-format $clang_format_version is not installed."
  has_package styler || stop "the R package styler is not installed."
  xargs "$clang_format" -i <"$scratch/cpp"
  xargs Rscript "$scratch/copy/tools/style.R" <"$scratch/styled"
  exit 0
fi

bad=0
absent=

# lists HEADING COMMAND...: shows the output of the command below a heading, if there is any.
lists() {
  heading=$1
  shift
  status=0
  "$@" >"$scratch/found" 2>&1 </dev/null || status=$?
  if [ -s "$scratch/found" ] || [ "$status" -ne 0 ]; then
    printf '%s\n' "$heading"
    sed 's/^/  /' "$scratch/found"
    bad=1
  fi
}

cpp_to_change() {
  while IFS= read -r file; do
    "$clang_format" "$file" | cmp -s - "$file" || printf '%s\n' "$file"
  done <"$scratch/cpp"
}
r_to_change() { xargs Rscript tools/style.R --check <"$scratch/styled"; }

lints() {
  run_r "$scratch/r" <<'R'
files <- readLines(commandArgs(TRUE)[1])
files <- files[order(-file.size(files))]
cores <- if (.Platform$OS.type == "unix") max(1, parallel::detectCores(), na.rm = TRUE) else 1
found <- parallel::mclapply(files, function(file) {
  vapply(lintr::lint(file), function(lint) {
    sprintf("%s:%d: %s (%s)", file, lint$line_number, lint$message, lint$linter)
  }, "")
}, mc.cores = cores, mc.preschedule = FALSE)
writeLines(sort(unlist(found)))
R
}

# Lines that cannot be broken are left out: tables, the heads of R Markdown files, and a single word
# such as an address, a path or a list of arguments; and what is generated, made small or is data.
long_lines() {
  run_r <<'R'
files <- list.files(".", "[.](R|Rmd|md|cpp|h|sh|py|js)$", recursive = TRUE)
files <- c(files, list.files(c(".ci", "src"), "^(run|Makevars)$", full.names = TRUE))
files <- files[!grepl("^man/|/_snaps/|RcppExports|[.]min[.]js$", files)]
for (file in files) {
  lines <- readLines(file, encoding = "UTF-8", warn = FALSE)
  long <- nchar(lines) > 100 & !grepl("^ *(#'|>)? *[|]|https?://", lines) &
    !grepl("^ *(#'|#|//|>|[-*])? *[^ ]+$", lines)
  if (grepl("[.]Rmd$", file)) long[seq_len(which(lines == "---")[2])] <- FALSE
  for (i in which(long)) cat(file, ":", i, ": ", nchar(lines[i]), " columns\n", sep = "")
}
R
}

if [ -n "$clang_format" ]; then
  lists "clang-format would change:" cpp_to_change
else
  absent="$absent clang-format-$clang_format_version"
fi
if has_package styler; then
  lists "styler would change:" r_to_change
else
  absent="$absent styler"
fi
if has_package lintr; then lists "lintr finds:" lints; else absent="$absent lintr"; fi
lists "Lines of more than 100 columns:" long_lines

[ "$bad" -eq 0 ] || { printf '%s\n' "To fix most of these, run: sh tools/format.sh"; exit 1; }
[ -z "$absent" ] || { echo "Not installed:$absent"; exit 77; }
echo "note: $(grep -c . "$scratch/cpp") files of C++, $(grep -c . "$scratch/styled") of R"
