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
  check_communicator(x, current_env(), "x")
  cat("Communicator: rank ", x$rank, " of ", x$size, "\n", sep = "")
  invisible(x)
}

# No job has more than 2^24 processes; each has a few numbers for each of them.
check_communicator <- function(communicator, call, name = "communicator") {
  whole <- function(x) {
    is.numeric(x) && length(x) == 1 && is.finite(x) && x == floor(x) && x >= 0 && x <= 2^24
  }
  valid <- is.list(communicator) &&
    all(c("rank", "size", "sum", "broadcast") %in% names(communicator)) &&
    whole(communicator$rank) && whole(communicator$size) &&
    communicator$rank < communicator$size && is.function(communicator$sum) &&
    is.function(communicator$broadcast)
  if (!valid) {
    abort_argument(c(
      paste0(
        "{.arg {name}} must be a list of {.field rank}, {.field size} and the functions ",
        "{.field sum} and {.field broadcast}, or NULL."
      ),
      x = "You supplied {describe(communicator)}.",
      i = "Use {.code communicator = nn_mpi()}."
    ), call)
  }
}
