# The data of processes that train together: each has its own rows.

# What must be the same in all processes: the options, except for those that concern one process,
# and what kind of data there are. `name`: the argument with the inputs.
call_facts <- function(options, problem, name = "X") {
  form <- function(x) {
    if (is.data.frame(x)) {
      return(list("data frame", names(x), lapply(x, form)))
    }
    kind <- if (is.factor(x)) {
      c("factor", if (is.ordered(x)) "ordered")
    } else if (is_number(x) && !is.object(x)) {
      "numeric"
    } else {
      class(x)
    }
    list(kind, if (!is.null(dim(x))) list(ncol(x), colnames(x)))
  }
  options[c("threads", "weights", "offset")] <- NULL
  options$checkpoint <- !is.null(options$checkpoint)
  if (is.list(options$validation)) options$validation <- lapply(options$validation, form)
  of_rows <- c("X", "y", "weights", "offset")
  forms <- lapply(problem[of_rows], form)
  names(forms) <- c(name, of_rows[-1])
  c(options, forms)
}

# A problem of one process's rows as one of all rows: X is shared, and whatever else belongs to the
# rows is stacked. `levels`: the classes of a fit, NULL in its training.
share_problem <- function(problem, ranks, name, call, levels = NULL) {
  own <- blank_inputs(problem$X, weightless_rows(problem$weights))
  X <- check_inputs(own$X, name, call, least_rows = 0)
  problem <- stack_rows_of(problem, c("y", "weights", "offset"), nrow(X), ranks, call)
  problem$X <- share_matrix(X, ranks)
  if (nrow(problem$X) == 0) {
    abort_input(c(
      "{.arg {name}} must have at least one row in one of the processes.",
      x = "None of the {ranks$size} processes has a row."
    ), call)
  }
  problem <- blank_problem(problem, levels)
  blank <- each_rank(ranks, rows_before(problem$X) + own$rows, "rows of weight 0")
  problem$blank$inputs <- sort(unique(as.integer(c(unlist(blank), problem$blank$inputs))))
  problem
}

# Stacks these elements of a record, after checking that they belong to its rows.
stack_rows_of <- function(record, elements, rows, ranks, call) {
  for (element in elements) {
    own <- record[[element]]
    if (!is.null(own) && NROW(own) != rows) {
      abort_input(c(
        "{.arg X} and {.arg {element}} must have the same number of rows in each process.",
        x = "In rank {ranks$rank}, {.arg X} has {rows} row{?s}, {.arg {element}} has {NROW(own)}."
      ), call)
    }
  }
  for (element in elements) {
    record[element] <- list(stack_ranks(ranks, record[[element]], element))
  }
  record
}

# A separate validation set of this process's rows as that of all; any other `validation` is
# returned unchanged.
share_held_out <- function(validation, ranks, call, levels = NULL) {
  if (!is.list(validation) || is.data.frame(validation)) {
    return(validation)
  }
  check_validation(validation, call)
  share_problem(validation, ranks, "validation$X", call, levels)[names(validation)]
}
