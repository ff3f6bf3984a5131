# The processes that train together: the communicator, and what they tell each other.

#' Train on several machines with MPI
#'
#' Returns the communicator of an MPI job, for the argument `communicator` of [nn_train()] and
#' [nn_continue()]: every process of the job runs the same script, each with its own rows of the
#' data, and all of them get the same fit. Requires the package pbdMPI and an MPI library.
#'
#' @details
#' A script for `mpirun -np 4 Rscript script.R`:
#' ```r
#' library(backprop)
#' mpi <- nn_mpi()
#' my_rows <- readRDS(sprintf("part-%d.rds", mpi$rank)) # a data frame
#' fit <- nn_train(y ~ ., data = my_rows, communicator = mpi)
#' if (mpi$rank == 0) saveRDS(fit, "fit.rds")
#' pbdMPI::finalize()
#' ```
#' `vignette("large-data", "backprop")` has job scripts for several machines and for SLURM.
#'
#' **What is supported.** All methods of [nn_train()] and [nn_continue()]: matrices, data frames,
#' sparse matrices, formulas with a data frame or with an [nn_source()], and all of their arguments
#' except for `optimizer = "lm"`, `missing = "indicator"` and `dates = "parts"`. With a formula, the
#' value of a term in a row must depend on that row only, as for [nn_source()]: `poly()`, `scale()`
#' and lags are an error. Levels, means, standard deviations, the outcome, the calibration set and
#' the defaults are those of all rows. A process may lack levels that others have; factors whose
#' levels differ between processes must have them in sorted order, as [factor()] has. Levels that
#' a factor declares, but that no row has, count as unseen in new data. `standardize = "robust"`
#' copies one column of all rows at a time to every process. `predict()` needs no communicator:
#' each process predicts its own rows. [nn_cv()] does not accept one, as folds need no
#' communication.
#'
#' **Rows.** Each process supplies its own rows of all data: inputs, outcome, `weights`, `offset`
#' and a separate validation set. They are numbered by rank: those of rank 0 come first. A process
#' may have no rows. All other arguments must be the same in all processes, which is checked before
#' any work; `threads` may differ, and only rank 0 writes a `checkpoint`. Random numbers are those
#' of rank 0: its seed determines the fit, and its state is copied to the other processes.
#'
#' **The fit** is that of one process with all rows, up to rounding, as sums over rows are added up
#' in another order. In double precision, methods with a learning rate agree to a relative 1e-12 or
#' better after the same number of updates: in tests, to 2e-15 after 500. L-BFGS with hidden layers
#' amplifies rounding errors by a factor of about 1.2 in each iteration, as it does in one process
#' with its rows in another order: weights agree to 1e-12 for 15 to 50 iterations and to about 1e-6
#' after 100. After 200 they can be those of another optimum, with a similar loss; and a search for
#' defaults can choose another one where two are almost equally good. The processes of a call hold
#' the same weights to the last bit, which is checked when training ends. With the same number of
#' processes the fit is bit-identical from run to run if the communicator's sums are. Those of Open
#' MPI are, on the same machines.
#'
#' **Memory.** The inputs stay where they are. Factors with many levels train without a matrix of
#' their dummy variables, as in one process; only the file of an [nn_source()] has all of them. The
#' outcome, weights and offsets of all rows are
#' copied to every process, and with `keep_fitted = TRUE` also the outputs and residuals.
#'
#' **Errors.** An error in one process ends the call with an error in all of them. If a process
#' dies, `mpirun` ends the job. If the others don't answer within `timeout` seconds, because a
#' process hangs or a connection is lost, the waiting processes end themselves with a message and
#' the signal `SIGALRM`, which ends the job; MPI can't be interrupted in another way. (On Windows
#' there is no such limit.) If a machine can't be reached any more, all processes end, but `mpirun`
#' may wait for that machine until it is ended, for example by the job's time limit.
#' `nn_continue(readRDS(checkpoint), ...)` resumes training, with any number of processes.
#'
#' **Other communicators.** A communicator is a list of four elements, which are all that is used:
#' * `rank`: the number of this process, from 0.
#' * `size`: the number of processes.
#' * `sum`: a function of a numeric vector. It returns the element-wise sums over all processes, the
#'   same in all of them, to the last bit.
#' * `broadcast`: a function of an R object and a rank. It returns the object of that rank.
#'
#' All processes call `sum` and `broadcast` in the same order. A communicator that signals an error
#' when the others don't answer gives `backprop_error_communicator`.
#'
#' @param timeout The longest time in seconds that a process waits for the others, a whole number of
#'   at least 1; 3600 by default. It must be longer than the slowest process takes for a batch, and
#'   for reading its data before the call.
#' @return The communicator, a list of class `nn_communicator` with the elements `rank`, `size`,
#'   `sum` and `broadcast`. A process that was started without `mpirun` is rank 0 of 1.
#' @section Errors: `backprop_error_argument` if `timeout` is invalid.
#' @seealso [nn_train()]
#' @examples
#' \dontrun{
#' mpi <- nn_mpi()
#' fit <- nn_train(y ~ ., data = my_rows, communicator = mpi)
#' pbdMPI::finalize()
#' }
#'
#' # The communicator of a single process, which trains as without one
#' alone <- list(
#'   rank = 0, size = 1, sum = function(x) x, broadcast = function(object, from) object
#' )
#' X <- rbind(c(1, 0), c(0, 1))
#' nn_train(X, c(0, 1), epochs = 10, communicator = alone)
#' @export
nn_mpi <- function(timeout = 3600) {
  timeout <- check_whole(timeout, "timeout", current_env())
  rlang::check_installed("pbdMPI", "to train on several machines.")
  pbdMPI::init()
  rank <- pbdMPI::comm.rank()
  size <- pbdMPI::comm.size()
  in_time <- function(code) {
    core_start_alarm(timeout, rank)
    on.exit(core_stop_alarm())
    code
  }
  structure(list(
    rank = rank, size = size,
    sum = function(x) {
      x <- as.double(x)
      in_time(pbdMPI::spmd.allreduce.double(x, double(length(x)), op = "sum"))
    },
    broadcast = function(object, from) {
      in_time(pbdMPI::spmd.bcast.object(object, rank.source = as.integer(from)))
    }
  ), class = "nn_communicator")
}

#' @export
print.nn_communicator <- function(x, ...) {
  cat("Communicator: rank ", x$rank, " of ", x$size, "\n", sep = "")
  invisible(x)
}

# A call that several processes make together: an environment with the communicator's elements, the
# `call`, and
#   failed   whether the call has failed in a process and all know it, or they can't be told
#   message  the message of this process's error
# NULL if there is one process.
join_ranks <- function(communicator, call) {
  if (is.null(communicator)) {
    return(NULL)
  }
  check_communicator(communicator, call)
  if (communicator$size == 1) {
    return(NULL)
  }
  list2env(
    c(
      unclass(communicator)[c("rank", "size", "sum", "broadcast")],
      list(call = call, failed = FALSE, message = "It ended without an error.")
    ),
    parent = emptyenv()
  )
}

check_communicator <- function(communicator, call) {
  whole <- function(x) is.numeric(x) && length(x) == 1 && is.finite(x) && x == floor(x) && x >= 0
  valid <- is.list(communicator) &&
    all(c("rank", "size", "sum", "broadcast") %in% names(communicator)) &&
    whole(communicator$rank) && whole(communicator$size) &&
    communicator$rank < communicator$size && is.function(communicator$sum) &&
    is.function(communicator$broadcast)
  if (!valid) {
    abort_argument(c(
      paste0(
        "{.arg communicator} must be a list of {.field rank}, {.field size} and the functions ",
        "{.field sum} and {.field broadcast}, or NULL."
      ),
      x = "You supplied {describe(communicator)}.",
      i = "Use {.code communicator = nn_mpi()}."
    ), call)
  }
}

# Evaluates code that all processes evaluate. If it ends early in some of them, with an error or
# an interrupt, it ends with an error in all.
with_ranks <- function(ranks, code) {
  if (is.null(ranks)) {
    return(code)
  }
  finished <- FALSE
  on.exit(if (!finished && !ranks$failed) try(meet(ranks, "failed", failed = TRUE), silent = TRUE))
  value <- withCallingHandlers(code, error = function(e) ranks$message <- message_of(e))
  meet(ranks, "the end")
  finished <- TRUE
  value
}

# The text of an error in one line.
message_of <- function(e) {
  text <- if (inherits(e, "rlang_error")) c(e$message, e$body) else conditionMessage(e)
  cli::ansi_strip(paste(unlist(strsplit(text, "\n")), collapse = " "))
}

# All processes meet, at the same place of the code; `what` names it. An error if one has failed.
meet <- function(ranks, what, failed = FALSE) {
  place <- sum(utf8ToInt(what) * seq_len(nchar(what)))
  mine <- numeric(ranks$size)
  mine[ranks$rank + 1] <- failed
  all <- communicate(ranks, ranks$sum(c(mine, if (failed) c(0, 0) else c(place, place^2))))
  bad <- which(all[seq_len(ranks$size)] > 0) - 1
  if (length(bad) > 0) {
    ranks$failed <- TRUE
    from <- bad[1]
    message <- communicate(ranks, ranks$broadcast(if (ranks$rank == from) ranks$message, from))
    if (!failed) abort_other_rank(ranks, from, message)
  } else if (!identical(all[ranks$size + 1:2], ranks$size * c(place, place^2))) {
    ranks$failed <- TRUE
    abort_kind("communicator", c(
      "All processes must make the same calls in the same order.",
      x = "Rank {ranks$rank} is at {.val {what}}, others are not."
    ), ranks$call, environment())
  }
}

abort_other_rank <- function(ranks, from, message, ...) {
  abort_kind("rank", c(
    "The call failed in another process.",
    x = "Rank {from}: {message}"
  ), ranks$call, environment(), rank = from, ...)
}

# After an error of the communicator the other processes can't be told.
communicate <- function(ranks, code) {
  tryCatch(code, error = function(e) {
    ranks$failed <- TRUE
    abort_kind("communicator", c(
      "The processes must be able to communicate.",
      x = "The communicator of rank {ranks$rank} failed: {conditionMessage(e)}"
    ), ranks$call, environment(), parent = e)
  })
}

# The sums over all processes.
sum_ranks <- function(ranks, x, what) {
  meet(ranks, what)
  sums <- communicate(ranks, ranks$sum(as.double(x)))
  if (!is.double(sums) || length(sums) != length(x)) {
    communicate(ranks, stop("its sum must have as many numbers as were supplied."))
  }
  sums
}

# Is it true in any process?
any_rank <- function(ranks, x, what) {
  if (is.null(ranks)) isTRUE(x) else sum_ranks(ranks, isTRUE(x), what) > 0
}

# The objects of all processes, a list in the order of their ranks.
each_rank <- function(ranks, object, what) {
  meet(ranks, what)
  lapply(seq_len(ranks$size) - 1, function(from) {
    communicate(ranks, ranks$broadcast(if (ranks$rank == from) object, from))
  })
}

# The object of rank 0.
from_first_rank <- function(ranks, object, what) {
  if (is.null(ranks)) {
    return(object)
  }
  meet(ranks, what)
  communicate(ranks, ranks$broadcast(if (ranks$rank == 0) object, 0))
}

# For the core: the sums over all processes, without a meeting. Its errors reach R after the chunk.
core_sum <- function(ranks) {
  if (!is.null(ranks)) function(x) communicate(ranks, ranks$sum(x))
}

# Checks that all processes make the same call. `facts`: a list by name, of what must be the same.
check_same_call <- function(ranks, facts) {
  facts <- c(list(version = as.character(utils::packageVersion("backprop"))), facts, list(
    `instruction set` = core_instruction_set()
  ))
  mine <- vapply(facts, hash_of, "")
  first <- from_first_rank(ranks, mine, "arguments")
  names <- union(names(first), names(mine))
  other <- names[!vapply(names, function(name) identical(mine[name], first[name]), NA)]
  if (length(other) > 0) {
    abort_argument(c(
      "All processes must make the same call, each with its own rows.",
      x = paste0(
        "{cli::qty(length(other))}Of rank {ranks$rank}, {.field {other}} {?differs/differ} from ",
        "{?that/those} of rank 0."
      ),
      i = if ("instruction set" %in% other) {
        "Select one that all processors support: see {.fn nn_instruction_sets}."
      }
    ), ranks$call)
  }
  meet(ranks, "arguments are the same")
}

# Each process makes the updates by itself: they stay the same only if all get the same sums, bit by
# bit. Checks that they did, by the weights at the end of training.
check_same_weights <- function(ranks, weights) {
  if (is.null(ranks)) {
    return(invisible())
  }
  mine <- hash_of(weights)
  other <- !identical(from_first_rank(ranks, mine, "weights"), mine)
  if (any_rank(ranks, other, "weights are the same")) {
    abort_kind("communicator", c(
      "The communicator must return the same sums in all processes, to the last bit.",
      x = paste0(
        "After training, the weights of ",
        if (other) {
          "rank {ranks$rank} differ from those of rank 0."
        } else {
          "other processes differ from those of rank 0."
        }
      )
    ), ranks$call, environment())
  }
}

# A digest of a value. Functions and formulas count as their text, without their environments.
hash_of <- function(x) {
  plain <- function(x) {
    if (is.function(x) || is.language(x)) {
      paste(deparse(x, control = c("keepNA", "keepInteger")), collapse = "\n")
    } else if (is.list(x)) {
      lapply(unclass(x), plain)
    } else if (is.environment(x)) {
      "environment"
    } else {
      x
    }
  }
  rlang::hash(plain(x))
}

# The state of R's random numbers becomes that of rank 0.
share_random_numbers <- function(ranks) {
  if (is.null(globalenv()$.Random.seed)) runif(1)
  assign(
    ".Random.seed", from_first_rank(ranks, globalenv()$.Random.seed, "random numbers"),
    globalenv()
  )
}
