# Replaces objects of a package until the end of the calling test.
replace_in <- function(package, ..., env = parent.frame()) {
  namespace <- asNamespace(package)
  functions <- list(...)
  assign_all <- function(values) {
    for (name in names(values)) {
      unlockBinding(name, namespace)
      assign(name, values[[name]], namespace)
      lockBinding(name, namespace)
    }
  }
  before <- mget(names(functions), envir = namespace)
  withr::defer(assign_all(before), env)
  assign_all(functions)
}

# Detaches what is attached until the end of the calling test or file: packages may attach
# themselves and others, and their objects would be found by the tests of other files.
local_search_path <- function(env = parent.frame()) {
  before <- search()
  detach_all <- function() {
    for (name in setdiff(search(), before)) detach(name, character.only = TRUE)
  }
  withr::defer(detach_all(), env)
}
