# Encoded rows that are kept in the folder `cache` of a source, to be used again: a file of rows,
# and beside it what encode_source() returns with them. Each is written to another name first, and
# the second one, without which the first counts for nothing, when the first is complete.

# The name of the files for the rows of a source as they are encoded for a formula, or NULL if they
# are not kept: without a folder, for the folds of nn_cv(), and if functions or contrasts that are
# not those of a package may have changed since. `rank`: of several processes this one, so that none
# of them replaces the files of another.
key_of_rows <- function(encoding, source, seen, contrasts, store, rank = NULL) {
  if (is.null(store$folder) || !is.null(source$rows) || !is.null(contrasts)) {
    return(NULL)
  }
  foreign <- Filter(function(name) {
    f <- get0(name, globalenv(), mode = "function")
    is.null(f) || !(is.primitive(f) || isNamespace(environment(f)))
  }, c(function_names(attr(encoding$terms, "predvars")), getOption("contrasts")))
  if (length(foreign) > 0) {
    return(NULL)
  }
  terms <- attributes(encoding$terms)
  rlang::hash(list(
    as.character(utils::packageVersion("backprop")), seen$digest, seen$needed, encoding$columns,
    deparse(encoding$terms), lapply(terms[c("predvars", "offset")], deparse), encoding$xlevels,
    lapply(seen$prototype, attr, "contrasts"), getOption("contrasts"), seen$levels,
    unlist(seen$kept), seen$used, weightless_rows(seen$weights), encoding$declared, seen$gaps, rank
  ))
}

kept_files <- function(store, key) {
  file.path(store$folder, paste0("backprop-", key, c(rows = ".rows", facts = ".rds")))
}

# The rows that were kept, as encode_source() returns them; NULL if there are none, or if they are
# not complete and unchanged.
find_kept_rows <- function(store, key, used) {
  if (is.null(key)) {
    return(NULL)
  }
  files <- kept_files(store, key)
  if (!all(file.exists(files))) {
    return(NULL)
  }
  facts <- tryCatch(suppressWarnings(readRDS(files[2])), error = function(e) NULL)
  if (!is.list(facts) || !is.character(facts$names) ||
    !identical(file.size(files[1]), 8 * used * length(facts$names))) {
    return(NULL)
  }
  rows <- new_rows(files[1], used, facts$names, FALSE, store)
  if (!identical(core_column_digest(rows, FALSE), facts$digest)) {
    return(NULL)
  }
  c(list(X = rows), facts[c("offset", "contrasts", "blank", "missing")])
}

# Keeps encoded rows, and returns them with their new place.
keep_rows <- function(encoded, store, key) {
  if (is.null(key) || !is_stored(encoded$X)) {
    return(encoded)
  }
  files <- kept_files(store, key)
  plain <- unclass(encoded$X)
  facts <- c(
    list(offset = numbers_in_memory(encoded$offset)), encoded[c("contrasts", "blank", "missing")],
    list(names = plain$names, digest = core_column_digest(encoded$X, FALSE))
  )
  unlink(files)
  beside <- new_file(store)
  written <- tryCatch(
    {
      saveRDS(facts, beside)
      file.rename(plain$file, files[1]) && file.rename(beside, files[2])
    },
    error = function(e) FALSE,
    warning = function(w) FALSE
  )
  if (!written) {
    unlink(files)
    abort_stored_file(paste0("Can't keep '", files[1], "'"))
  }
  plain$file <- files[1]
  encoded$X <- structure(plain, class = "nn_rows")
  encoded
}
