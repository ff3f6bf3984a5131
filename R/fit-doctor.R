#' What may be wrong with a fit
#'
#' Looks for what most often goes wrong when a network is trained, and says in plain words what was
#' found and what to do. The first findings also stand in one line of `print(fit)`; without a
#' finding there is no such line.
#'
#' | check | found where |
#' |---|---|
#' | `diverged` | training ended because the loss was no longer finite, or, after 10 epochs or more and unless training converged, the loss of the last epochs is more than a tenth above that of the first |
#' | `unreachable` | targets lie outside what the output activation can give, such as 7 for a sigmoid output |
#' | `constant` | the outputs vary by less than 1 % of what the targets do (standard deviations) |
#' | `null_model` | the loss is less than 1 % below that of the best constant: for squared error the mean, for classes their shares |
#' | `saturated` | more than a quarter of the units of a sigmoid or tanh layer are flat: their mean slope is below 1 % of the steepest. Not looked for where the loss is below 5 % of the null model's, as units that work as switches do no harm then |
#' | `dead` | the same for three quarters or more of the units of a layer of another activation, such as relu units that are 0 for (nearly) all rows; fewer are common and do little harm, as a penalty lets units go that are not needed |
#' | `unscaled` | the root mean square of an input is above 10, or the largest of all is below 0.01, and training did not converge |
#' | `still_falling` | all epochs were used up, 10 or more, and the loss (of the held-out rows, where there are some) fell by more than 1 % of the null model's (or of the first epoch's, where that is lower) from the last but one tenth of the epochs to the last. Not looked for where [nn_train.data.frame()] found the number of epochs and lowered the rate itself |
#'
#' The data are not kept in a fit: `saturated`, `dead` and `unscaled` rest on a few numbers that
#' were taken from at most 200 rows when training ended. `unreachable`, `constant` and `null_model`
#' need the outputs that a fit made with `keep_fitted = FALSE` does not hold, and the loss of the
#' null model is not known where cases or classes had weights or there was an offset. The loss of a
#' perfect fit is 0 but for the Poisson loss, which is below 0 for most counts. There, all losses
#' are measured from that of a perfect fit (half the mean deviance), and those of held-out rows by
#' how far the null model's is from it; where a fit does not hold what that takes, `diverged` and
#' `still_falling` are `NA`, too. The checks look at symptoms. A network without a finding may still
#' be a poor one: see [nn_cv()].
#'
#' @param fit A fit of [nn_train()], also the one that the error of a divergence carries in its
#'   field `fit`.
#' @param ... Must be empty: a misspelt argument is an error.
#' @return A data frame of class `nn_doctor` with a row for each check, the gravest first, and the
#'   columns `check`; `found`, `TRUE` or `FALSE`, `NA` where it could not be looked at; `what`, what
#'   was found, and `advice`, what to do, texts, `NA` where nothing was found. `print()` shows what
#'   was found.
#' @section Errors: `backprop_error_argument` where `fit` is no fit, `backprop_error_input` where
#'   there is none.
#' @references Glorot, X. and Bengio, Y. (2010). Understanding the difficulty of training deep
#'   feedforward neural networks. *Proceedings of Machine Learning Research*, 9, 249-256, on
#'   saturated units.
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
  check_given(missing(fit), "fit", "a fit, as nn_train() returns it", call)
  if (!inherits(fit, "nn_fit")) {
    abort_argument(c(
      "{.arg fit} must be a fit of {.fn nn_train}.",
      x = "It is {describe(fit)}."
    ), call)
  }
  findings <- examine(unclass(fit))
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
  if (length(found) == 0) cat("Nothing was found.\n")
  for (i in found) {
    cat(strwrap(paste0(x$what[i]), initial = "* ", prefix = "  ", exdent = 0), sep = "\n")
    cat(strwrap(x$advice[i], initial = "  -> ", prefix = "     "), sep = "\n")
  }
  unseen <- x$check[is.na(x$found)]
  if (length(unseen) > 0) {
    cat(
      "Not looked at, as the fit does not hold what it takes: ", paste(unseen, collapse = ", "),
      "\n",
      sep = ""
    )
  }
  invisible(x)
}

# The line of print(): the first two findings.
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

# Each check's finding: a list of what (a sentence), advice and brief (a few words); FALSE where all
# is well, NA where it cannot be known.
examine <- function(fit) {
  if (fit$state$epoch == 0 && fit$stop != "diverged") {
    return(lapply(doctor_checks, function(check) NA))
  }
  facts <- doctor_facts(fit)
  lapply(doctor_checks, function(check) check(fit, facts))
}
