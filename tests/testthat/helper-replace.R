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
