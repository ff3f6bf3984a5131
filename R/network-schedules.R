#' Schedules of the learning rate
#'
#' Learning rate schedules for the argument `schedule` of [nn_train()]. A schedule multiplies the
#' optimiser's learning rate by a factor that depends on the epoch; without one the rate is
#' constant. The horizon is a setting of the schedule and does not depend on the number of epochs of
#' a call, so that [nn_continue()] resumes it exactly.
#'
#' `nn_step()`: `factor^floor((epoch - 1) / every)`. `nn_exponential()`: `factor^(epoch - 1)`.
#' `nn_cosine()`: half a cosine from 1 in epoch 1 to `least` in epoch `epochs`, then `least`.
#' `nn_warm_up()`: from `1 / epochs` in equal steps to 1 in epoch `epochs`, then the schedule
#' `then`, which counts epochs from the end of the warm-up. `nn_plateau()`: multiplied by `factor`
#' whenever the loss (of the held-out rows, if there are any) has not improved for `patience`
#' epochs.
#'
#' @param every Number of epochs between two reductions of the learning rate, a whole number of at
#'   least 1.
#' @param factor Factor of each reduction, in (0, 1\].
#' @param epochs Horizon of the schedule in epochs, a whole number of at least 1; at least 2 for
#'   `nn_cosine()`.
#' @param least Minimum factor, in \[0, 1\]; 0 by default for `nn_cosine()`, 1e-4 for
#'   `nn_plateau()`.
#' @param then Schedule after the warm-up; `NULL` (default) keeps the full learning rate.
#' @param patience Number of epochs without improvement before the learning rate is reduced, a whole
#'   number of at least 1; 10 by default.
#' @return A list of class `nn_schedule`.
#' @section Errors: `backprop_error_argument` for a setting outside its range, and
#'   `backprop_error_input` if a setting without a default is missing.
#' @references Loshchilov and Hutter (2017), cosine, \doi{10.48550/arXiv.1608.03983}. Goyal and
#'   others (2017), warm-up, \doi{10.48550/arXiv.1706.02677}.
#' @examples
#' X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
#' set.seed(1)
#' nn_train(X, c(1, 1, 0),
#'   epochs = 100, learning_rate = 1,
#'   schedule = nn_warm_up(10, then = nn_cosine(90))
#' )
#' @name nn_schedules
NULL

new_schedule <- function(kind, ...) structure(list(kind = kind, ...), class = "nn_schedule")
check_factor <- function(factor, call) check_share_of_one(factor, "factor", call, with_1 = TRUE)

#' @rdname nn_schedules
#' @export
nn_step <- function(every, factor = 0.5) {
  call <- current_env()
  check_given(missing(every), "every", "the number of epochs between reductions", call)
  new_schedule(
    "step",
    every = check_whole(every, "every", call), factor = check_factor(factor, call)
  )
}

#' @rdname nn_schedules
#' @export
nn_exponential <- function(factor) {
  check_given(missing(factor), "factor", "the factor of the learning rate", current_env())
  new_schedule("exponential", factor = check_factor(factor, current_env()))
}

#' @rdname nn_schedules
#' @export
nn_cosine <- function(epochs, least = 0) {
  call <- current_env()
  check_given(missing(epochs), "epochs", "the number of epochs of the decay", call)
  new_schedule(
    "cosine",
    epochs = check_whole(epochs, "epochs", call, least = 2),
    least = check_number(least, "least", call, least = 0, most = 1)
  )
}

#' @rdname nn_schedules
#' @export
nn_warm_up <- function(epochs, then = NULL) {
  call <- current_env()
  check_given(missing(epochs), "epochs", "the number of epochs of the warm-up", call)
  if (!is.null(then)) check_schedule(then, call, "then")
  if (watches_loss(then)) {
    abort_argument(c(
      "{.fn nn_plateau} can't follow a warm-up.",
      i = "It depends on the loss from the first epoch."
    ), call)
  }
  new_schedule("warm_up", epochs = check_whole(epochs, "epochs", call), then = then)
}

#' @rdname nn_schedules
#' @export
nn_plateau <- function(factor = 0.5, patience = 10, least = 1e-4) {
  call <- current_env()
  new_schedule(
    "plateau",
    factor = check_factor(factor, call),
    patience = check_whole(patience, "patience", call),
    least = check_number(least, "least", call, least = 0, most = 1)
  )
}

# The table of schedules, one row each:
#   make          the function that makes a schedule with its settings
#   watches_loss  whether it depends on the loss, and so has a state of its own
#   factors       a function(schedule, epochs, plateau): the factors of the learning rate in these
#                 epochs, or one number for all
schedule_table <- list(
  step = list(
    make = nn_step, watches_loss = FALSE,
    factors = function(schedule, epochs, plateau) {
      schedule$factor^floor((epochs - 1) / schedule$every)
    }
  ),
  exponential = list(
    make = nn_exponential, watches_loss = FALSE,
    factors = function(schedule, epochs, plateau) schedule$factor^(epochs - 1)
  ),
  cosine = list(
    make = nn_cosine, watches_loss = FALSE,
    factors = function(schedule, epochs, plateau) {
      done <- if (schedule$epochs == 1) {
        rep(1, length(epochs))
      } else {
        pmin(1, (epochs - 1) / (schedule$epochs - 1))
      }
      schedule$least + (1 - schedule$least) * (1 + cos(pi * done)) / 2
    }
  ),
  warm_up = list(
    make = nn_warm_up, watches_loss = FALSE,
    factors = function(schedule, epochs, plateau) {
      ifelse(
        epochs <= schedule$epochs, epochs / schedule$epochs,
        schedule_factors(schedule$then, pmax(1, epochs - schedule$epochs), plateau)
      )
    }
  ),
  plateau = list(
    make = nn_plateau, watches_loss = TRUE,
    factors = function(schedule, epochs, plateau) plateau$factor
  )
)

check_schedule <- function(schedule, call, name = "schedule") {
  if (!inherits(schedule, "nn_schedule")) {
    abort_argument(c(
      "{.arg {name}} must be a schedule, such as {.code nn_cosine(epochs = 100)}, or NULL.",
      x = "You supplied {describe(schedule)}.", i = call_hint(schedule)
    ), call)
  }
  check_object(schedule, make_schedule, name, "schedule", call)
}

# The schedule with these settings.
make_schedule <- function(x) {
  do.call(schedule_table[[x$kind]]$make, x[names(x) != "kind"], quote = TRUE)
}

schedule_factors <- function(schedule, epochs, plateau) {
  if (is.null(schedule)) {
    return(1)
  }
  schedule_table[[schedule$kind]]$factors(schedule, epochs, plateau)
}

watches_loss <- function(schedule) {
  !is.null(schedule) && schedule_table[[schedule$kind]]$watches_loss
}

first_plateau <- function() list(factor = 1, best = Inf, stale = 0)

# The state of the plateau after an epoch with this loss.
next_plateau <- function(plateau, schedule, loss) {
  if (loss < plateau$best) {
    return(list(factor = plateau$factor, best = loss, stale = 0))
  }
  plateau$stale <- plateau$stale + 1
  if (plateau$stale < schedule$patience) {
    return(plateau)
  }
  list(
    factor = max(plateau$factor * schedule$factor, schedule$least), best = plateau$best, stale = 0
  )
}

#' @export
print.nn_schedule <- function(x, ...) {
  check_schedule(x, current_env(), "x")
  cat("Schedule ", describe_schedule(x), "\n", sep = "")
  invisible(x)
}
describe_schedule <- function(schedule) {
  numbers <- Filter(is.numeric, unclass(schedule))
  paste0(
    gsub("_", "-", schedule$kind), " (",
    paste(names(numbers), vapply(numbers, format, ""), collapse = ", "), ")",
    if (!is.null(schedule$then)) paste0(", then ", describe_schedule(schedule$then))
  )
}
