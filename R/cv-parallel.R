# Runs many fits, in parallel if possible. A task is a plain list with a `seed`; its result depends
# on the task alone, so it does not matter where and in which order tasks run.

# The values of f(task, ...) for all tasks, in their order: in parallel if the user has set a plan
# of the package future, else sequentially. Progress is reported to progressr if it is installed.
# `globals`: objects by name that the workers need in their global environments.
map_tasks <- function(tasks, f, ..., globals = list(), parallel = runs_in_parallel()) {
  done <- if (is_installed("progressr")) {
    progressr::progressor(steps = length(tasks))
  } else {
    function(...) NULL
  }
  if (!parallel) {
    return(lapply(tasks, run_task, f = f, done = done, ...))
  }
  future.apply::future_lapply(
    tasks, run_task,
    f = f, done = done, ..., future.seed = NULL, future.globals = globals
  )
}

run_task <- function(task, f, done, ...) {
  on.exit(done())
  with_seed(task$seed, f(task, ...))
}

# If future is not loaded, no plan has been set.
runs_in_parallel <- function() {
  if (!isNamespaceLoaded("future") || inherits(future::plan(), c("sequential", "uniprocess"))) {
    return(FALSE)
  }
  if (is_installed("future.apply")) {
    return(TRUE)
  }
  cli::cli_warn(c(
    paste0(
      "A {.pkg future} plan is set, but the package {.pkg future.apply} is not installed: the ",
      "fits run sequentially."
    ),
    i = "The results are the same."
  ), class = "backprop_warning_sequential", call = NULL)
  FALSE
}

# Calls nn_train() with these arguments by name, so that the fit's call holds no data. With a
# formula, weights and offset would be looked up in the data, so their values are inserted into the
# call.
call_train <- function(arguments) {
  names <- names(arguments)
  shown <- stats::setNames(lapply(names, as.symbol), names)
  if ("formula" %in% names) {
    for (name in intersect(names, c("weights", "offset"))) shown[[name]] <- arguments[[name]]
  }
  eval(
    as.call(c(list(quote(nn_train)), shown)), list2env(arguments, parent = asNamespace("backprop"))
  )
}
