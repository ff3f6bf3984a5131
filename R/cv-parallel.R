# Many fits at once. A task is a plain list with a `seed`; the result of a task depends on it alone,
# so that it does not matter where and in which order tasks run.

# The values of f(task, ...) for all tasks, in their order: in parallel where the user has set a
# plan of the package future, else one after the other. Progress goes to progressr, where that is
# installed. `globals`: objects by name that the workers' global environments need.
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

# A plan can only have been set where future is loaded.
runs_in_parallel <- function() {
  if (!isNamespaceLoaded("future") || inherits(future::plan(), c("sequential", "uniprocess"))) {
    return(FALSE)
  }
  if (is_installed("future.apply")) {
    return(TRUE)
  }
  cli::cli_warn(c(
    paste0(
      "A {.pkg future} plan is set, but the package {.pkg future.apply} that it takes is not ",
      "installed: the fits run one after the other."
    ),
    i = "The numbers are the same."
  ), class = "backprop_warning_sequential", call = NULL)
  FALSE
}

# nn_train() with these arguments, in a call that holds their names and not their values; but what a
# formula is evaluated with must stand there itself.
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
