#' Diagnose training problems
#'
#' Checks a fit for the most common problems in training a neural network, and describes each
#' problem found together with what to do about it. `print(fit)` also shows the first two problems,
#' in a line that begins with `Doctor:`.
#'
#' The checks are based on symptoms. A network without a finding may still predict poorly: use
#' [nn_cv()] to estimate its error on new data.
#'
#' @details
#' A check reports a problem if
#' * `diverged`: training stopped because the loss was no longer finite; or, after at least 10
#'   epochs without convergence, the loss of the last epochs is more than 10 % above that of the
#'   first epoch;
#' * `unreachable`: targets are outside the range of the output activation, such as 7 for a sigmoid
#'   output;
#' * `constant`: the standard deviation of the outputs is below 1 % of that of the targets;
#' * `null_model`: the loss is less than 1 % below that of the best constant prediction (the mean
#'   for squared error, the class frequencies for classes);
#' * `saturated`: more than 25 % of the units of a sigmoid or tanh layer are saturated: their mean
#'   slope is below 1 % of the steepest slope. Not reported if the loss is below 5 % of the null
#'   model's loss;
#' * `dead`: at least 75 % of the units of a layer with another activation are inactive, such as
#'   relu units that are 0 for nearly all rows. A smaller fraction is common and harmless;
#' * `unscaled`: the root mean square of an input is above 10, or that of all inputs is below 0.01,
#'   and training did not converge;
#' * `still_falling`: the epoch limit was reached after at least 10 epochs, and the loss (on the
#'   held-out rows, if any) fell between the last two tenths of the epochs by more than 1 % of the
#'   null model's loss (or of the loss in the first epoch, if that is lower). Not reported if
#'   [nn_train.data.frame()] chose the number of epochs and the schedule of the learning rate;
#' * `nearly_constant`: the standard deviation of an input or outcome that is standardised is below
#'   a millionth of its mean.
#'
#' A fit does not store its data. `saturated`, `dead` and `unscaled` therefore use statistics of at
#' most 200 rows that are computed when training ends. `unreachable`, `constant` and `null_model`
#' need the outputs, which a fit trained with `keep_fitted = FALSE` does not store. The loss of the
#' null model is not available for fits with case weights, class weights or an offset.
#'
#' For the Poisson loss, which is negative for most counts, losses are measured from that of a
#' perfect fit (half the mean deviance). If a fit does not store what this needs, `diverged` and
#' `still_falling` are `NA`.
#'
#' @param fit A fit from [nn_train()], or the `fit` field of the error that is signalled when
#'   training diverges.
#' @param ... Must be empty: an unknown argument is an error.
#' @return A data frame of class `nn_doctor` with one row per check, the most serious first, and the
#'   columns
#'   * `check`: the name of the check;
#'   * `found`: `TRUE` or `FALSE`, or `NA` if the fit does not store what the check needs;
#'   * `what`: a description of the problem, `NA` if none was found;
#'   * `advice`: what to do about it, `NA` if none was found.
#'
#'   Its `print()` method shows the problems found.
#' @section Errors: `backprop_error_argument` if `fit` is not a fit; `backprop_error_input` if it is
#'   missing.
#' @references Glorot, X. and Bengio, Y. (2010). Understanding the difficulty of training deep
#'   feedforward neural networks. *Proceedings of Machine Learning Research*, 9, 249-256 (saturated
#'   units).
#' @examples
#' set.seed(1)
#' fit <- nn_train(as.matrix(mtcars[c("disp", "hp", "wt")]), mtcars$mpg, epochs = 200)
#' fit
#' nn_doctor(fit)
#' set.seed(1)
#' better <- nn_train(scale(as.matrix(mtcars[c("disp", "hp", "wt")])), drop(scale(mtcars$mpg)),
#'   output_activation = "identity", optimizer = "lbfgs", penalty = 0.1
#' )
#' nn_doctor(better)
#' @export
nn_doctor <- function(fit, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = "fit")
  check_given(missing(fit), "fit", "a fit from nn_train()", call)
  if (!inherits(fit, "nn_fit")) {
    abort_argument(c(
      "{.arg fit} must be a fit from {.fn nn_train}.",
      x = "You supplied {describe(fit)}."
    ), call)
  }
  findings <- examine(plain_fit(fit, call))
  text <- function(field) {
    vapply(
      findings, function(finding) if (is.list(finding)) finding[[field]] else NA_character_, "",
      USE.NAMES = FALSE
    )
  }
  structure(
    data.frame(
      check = names(findings),
      found = vapply(
        findings, function(finding) if (is.list(finding)) TRUE else finding, NA,
        USE.NAMES = FALSE
      ),
      what = text("what"), advice = text("advice")
    ),
    class = c("nn_doctor", "data.frame")
  )
}

#' @export
print.nn_doctor <- function(x, ...) {
  found <- which(x$found)
  if (length(found) == 0) cat("No problems found.\n")
  for (i in found) {
    cat(strwrap(paste0(x$what[i]), initial = "* ", prefix = "  ", exdent = 0), sep = "\n")
    cat(strwrap(x$advice[i], initial = "  -> ", prefix = "     "), sep = "\n")
  }
  unseen <- x$check[is.na(x$found)]
  if (length(unseen) > 0) {
    cat(
      "Not checked, because the fit does not store what is needed: ",
      paste(unseen, collapse = ", "), "\n",
      sep = ""
    )
  }
  invisible(x)
}

# The line for print(fit): the first two findings.
doctor_line <- function(fit) {
  found <- Filter(is.list, examine(fit))
  if (length(found) == 0) {
    return("")
  }
  brief <- vapply(found, `[[`, "", "brief", USE.NAMES = FALSE)
  more <- length(brief) - 2
  paste0(
    "Doctor:    ", paste(utils::head(brief, 2), collapse = "; "),
    if (more > 0) paste0("; and ", more, " more"), ": see nn_doctor()\n"
  )
}

# The result of each check: a list of brief (a few words), what (a sentence) and advice; FALSE if
# there is no problem, NA if it can't be checked.
examine <- function(fit) {
  if (fit$state$epoch == 0 && fit$stop != "diverged") {
    return(lapply(doctor_checks, function(check) NA))
  }
  facts <- doctor_facts(fit)
  lapply(doctor_checks, function(check) check(fit, facts))
}
