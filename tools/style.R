# Formats R code in the tidyverse style with styler:
#
#   Rscript tools/style.R FILE...
#   Rscript tools/style.R --check FILE...    changes nothing, lists the files that would change
#
# Called by tools/format.sh with the list of files. styler does not break long lines. A file that
# Rcpp generates is left as it is.

arguments <- commandArgs(TRUE)
check <- "--check" %in% arguments
files <- grep("RcppExports", setdiff(arguments, "--check"), invert = TRUE, value = TRUE)
options(styler.quiet = TRUE)

# styler takes minutes for all files without its cache, and seconds with it.
R.cache::setCacheRootPath(file.path(tools::R_user_dir("backprop", "cache"), "styler"))
styler::cache_activate(verbose = FALSE)

# The largest files first, to balance the load of the cores.
files <- files[order(-file.size(files))]
cores <- if (.Platform$OS.type == "unix") max(1, parallel::detectCores(), na.rm = TRUE) else 1
changed <- parallel::mclapply(files, function(file) {
  styler::style_file(file, dry = if (check) "on" else "off")$changed
}, mc.cores = cores, mc.preschedule = FALSE)

failed <- !vapply(changed, is.logical, NA)
for (i in which(failed)) cat(files[i], ": ", as.character(changed[[i]]), "\n", sep = "")
changed <- failed | vapply(changed, isTRUE, NA)
writeLines(sort(files[changed]))
quit(status = as.integer(any(failed) || (check && any(changed))))
