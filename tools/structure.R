# Checks the calls between the files of R/ against the rules of ARCHITECTURE.md. Lists violations,
# and exits with status 1 if there are any:
#
#   Rscript tools/structure.R            checks the rules
#   Rscript tools/structure.R --calls    also lists all calls between files, with the functions
#
# A file's room is the prefix of its name. Calls go to the same room or to a room below, never up,
# and files never call each other in a cycle. A file has at most 300 lines of code, not counting
# comments. Calls are found by codetools in top-level functions and values; calls by method dispatch
# are not detected. Files that ARCHITECTURE.md and CONTRIBUTING.md name with their folder, and the
# tests, must exist.

most_lines <- 300
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
root <- file.path(here, "..")

# The rooms from the top down: the first word of each table row between the marks in
# ARCHITECTURE.md.
read_rooms <- function(path) {
  lines <- readLines(path, encoding = "UTF-8")
  marks <- grep("^<!-- floors: (begin|end) -->$", lines)
  if (length(marks) != 2) stop("ARCHITECTURE.md must mark its list of floors.")
  rows <- grep("^\\| `", lines[marks[1]:marks[2]], value = TRUE)
  sub("^\\| `([a-z]+)[-.`].*$", "\\1", rows)
}

# The names that a file defines, with their expressions.
definitions <- function(file) {
  found <- list()
  for (expression in parse(file, keep.source = FALSE)) {
    if (!is.call(expression) || !identical(expression[[1]], quote(`<-`))) next
    name <- as.character(expression[[2]])
    if (length(name) == 1) found[[name]] <- expression[[3]]
  }
  found
}

# The names that an expression uses, without the local variables of functions.
used_names <- function(expression) {
  if (is.call(expression) && identical(expression[[1]], quote(`function`))) {
    return(codetools::findGlobals(eval(expression), merge = TRUE))
  }
  all.names(expression, unique = TRUE)
}

# One row for each use of a name from another file: from, to (files), user, used (names).
find_calls <- function(defined) {
  home <- unlist(lapply(names(defined), function(file) {
    stats::setNames(rep(file, length(defined[[file]])), names(defined[[file]]))
  }))
  twice <- unique(names(home)[duplicated(names(home))])
  if (length(twice) > 0) stop("defined more than once: ", paste(twice, collapse = ", "))
  rows <- lapply(names(home), function(name) {
    used <- intersect(used_names(defined[[home[[name]]]][[name]]), names(home))
    used <- used[home[used] != home[[name]]]
    data.frame(
      from = rep(home[[name]], length(used)), to = unname(home[used]),
      user = rep(name, length(used)), used = used
    )
  })
  do.call(rbind, rows)
}

# The groups of files that call each other in a cycle.
find_cycles <- function(calls, files) {
  reached <- lapply(stats::setNames(nm = files), function(file) {
    seen <- character()
    new <- file
    while (length(new) > 0) {
      new <- setdiff(calls$to[calls$from %in% new], seen)
      seen <- c(seen, new)
    }
    seen
  })
  in_cycle <- files[vapply(files, function(file) file %in% reached[[file]], NA)]
  groups <- lapply(in_cycle, function(file) {
    sort(Filter(function(other) file %in% reached[[other]], intersect(reached[[file]], in_cycle)))
  })
  unique(groups)
}

code_lines <- function(file) sum(!grepl("^\\s*(#|$)", readLines(file, encoding = "UTF-8")))

show_calls <- function(calls, file) {
  own <- calls[calls$from == file, ]
  for (to in unique(own$to)) {
    pairs <- own[own$to == to, ]
    cat("    ", file, " -> ", to, ": ", paste0(pairs$user, "() uses ", pairs$used, collapse = ", "),
      "\n",
      sep = ""
    )
  }
}

# The files between backquotes in a text that do not exist: paths from the root, from src for core/
# and simd/, and names of tests.
absent_files <- function(name) {
  text <- paste(readLines(file.path(root, name), encoding = "UTF-8"), collapse = "\n")
  quoted <- gsub("`", "", regmatches(text, gregexpr("`[^`\n]+`", text))[[1]])
  folders <- "^(R|src|core|simd|inst|tests|tools|bench|vignettes|[.]ci)/[^ *<>]*$"
  paths <- unique(grep(folders, quoted, value = TRUE))
  tests <- unique(grep("^test-[a-z-]+([.]R)?$", quoted, value = TRUE))
  paths <- c(
    sub("^(core|simd)/", "src/\\1/", paths),
    file.path("tests/testthat", paste0(sub("[.]R$", "", tests), ".R"))
  )
  paths[!file.exists(file.path(root, paths))]
}

generated <- c("RcppExports.R", "backprop-package.R")
files <- setdiff(list.files(file.path(root, "R"), "[.]R$"), generated)
defined <- lapply(stats::setNames(nm = files), function(file) {
  definitions(file.path(root, "R", file))
})
calls <- find_calls(defined)
rooms <- read_rooms(file.path(root, "ARCHITECTURE.md"))
room <- sub("[-.].*$", "", files)
floor <- length(rooms) - match(room, rooms)
names(floor) <- files

homeless <- files[is.na(floor)]
up <- calls[which(floor[calls$to] > floor[calls$from]), ]
cycles <- find_cycles(calls, files)
lines <- vapply(file.path(root, "R", files), code_lines, 0L)
long <- files[lines > most_lines]

if (any(commandArgs(TRUE) == "--calls")) for (file in files) show_calls(calls, file)
if (length(homeless) > 0) cat("Files without a room:", homeless, "\n")
if (nrow(up) > 0) {
  cat("Calls that go up:\n")
  for (file in unique(up$from)) show_calls(up, file)
}
for (group in cycles) {
  cat("Cycle of files:", paste(group, collapse = ", "), "\n")
  inner <- calls[calls$from %in% group & calls$to %in% group, ]
  for (file in group) show_calls(inner, file)
}
absent <- unlist(lapply(c("ARCHITECTURE.md", "CONTRIBUTING.md"), absent_files))
if (length(absent) > 0) cat("Files that do not exist:", absent, "\n")
if (length(long) > 0) cat("More than", most_lines, "lines of code:", long, "\n")
cat(sprintf(
  "%d files in %d rooms, %d cycles, %d upward calls, longest file %d lines of code\n",
  length(files), length(unique(room)), length(cycles), nrow(up), max(lines)
))
faults <- length(homeless) + nrow(up) + length(cycles) + length(absent) + length(long)
quit(status = as.integer(faults > 0))
