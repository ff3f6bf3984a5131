#' Diagnose training problems
#'
#' Checks a fit for the most common problems in training a neural network, and describes each
#' problem found together with what to do about it. The advice names the arguments to change, and is
#' chosen by the cause of the problem in this fit: it does not recommend what the fit already has,
#' such as scaled inputs, nor more epochs if training diverged or converged. `print(fit)` also shows
#' the first two problems, in a line that begins with `Doctor:`.
#'
#' The checks are based on symptoms. A network without a finding may still predict poorly: use
#' [nn_cv()] to estimate its error on new data.
#'
#' @details
#' A check reports a problem if
#' * `untrained`: the network has not been trained (0 epochs); nothing else is checked then;
#' * `outcome_outliers`: at most a twentieth of the values of an outcome are so far from the others
#'   that these are almost equal beside them: the standard deviation of all is over 100 times that
#'   of the others;
#' * `offset`: the best constant prediction has more than twice the loss with the offset than
#'   without it, such as for exposures as the offset of counts, instead of their logarithm;
#' * `diverged`: training stopped because the loss was no longer finite, or its last loss is more
#'   than 10 times that of the first epoch and of the null model, also in the best epoch if rows are
#'   held out (`fit$stop` is `"diverged"` in both cases); or, after at least 10 epochs without
#'   convergence, the loss of the last epochs is more than 10 % above that of the first epoch;
#' * `unreachable`: targets are outside the range of the output activation, such as 7 for a sigmoid
#'   output;
#' * `constant`: the standard deviation of the outputs is below 1 % of that of the targets, or the
#'   targets are constant;
#' * `null_model`: the loss is less than 1 % below that of the best constant prediction (the mean
#'   for squared error, the class frequencies for classes), or for `"gaussian"` and `"beta"` less
#'   than 0.005;
#' * `saturated`: more than 25 % of the units of a sigmoid or tanh layer are saturated: their mean
#'   slope is below 1 % of the steepest slope;
#' * `dead`: at least 75 % of the units of a layer with another activation are inactive, such as
#'   relu units that are 0 for nearly all rows. A smaller fraction is common and harmless.
#'   `saturated`, `dead` and `unscaled` are not reported if the loss is below 20 % of the null
#'   model's loss (an R squared above 0.8), because they do no harm then;
#' * `unscaled`: the root mean square of an input is above 10, or that of all inputs is below 0.01,
#'   and training did not converge;
#' * `input_outliers`: a standardised column of a data frame has outliers as above;
#' * `still_falling`: the epoch limit was reached after at least 10 epochs, and the loss (on the
#'   held-out rows, if any) fell between the last two tenths of the epochs by more than 1 % of the
#'   null model's loss (or of the loss in the first epoch, if that is lower). Not reported if
#'   [nn_train.data.frame()] chose the number of epochs and the schedule of the learning rate;
#' * `dropped_rows`: more than half of the rows were dropped for missing values;
#' * `simple_model`: on the held-out rows of the fit's `evidence` (see [nn_train.data.frame()]), a
#'   linear model or a constant is as good as the network: its loss is not higher by more than one
#'   standard error of the difference;
#' * `one_class`: a class is predicted for no training row, usually because it is rare;
#' * `counts`: the outcome may be counts, for which the squared error is not suited: there are at
#'   least 50 rows and six different values, whole numbers from 0 or 1, and the variance around the
#'   predictions in the half of the rows with the higher predictions is over 1.5 times that in the
#'   other half (by more than two standard errors of its logarithm), as is the mean;
#' * `gap`: less than half of what the network gains over a constant on the training rows is gained
#'   on held-out rows, those of the `evidence` or of `validation`;
#' * `wide`: there are more inputs than rows, of which there are at least ten;
#' * `edge`: the number of epochs that the defaults chose is at the edge of what was tried: the
#'   held-out loss was lowest in the last epoch of the first training;
#' * `nearly_constant`: the standard deviation of an input or outcome that is standardised is below
#'   a millionth of its mean.
#'
#' Causes are reported without what follows from them: beside `outcome_outliers`, `offset`,
#' `diverged` and `unreachable` there is no `constant`, `null_model`, `saturated`, `dead`,
#' `still_falling`, `simple_model`, `one_class`, `counts`, `gap` or `edge`, beside `constant` and
#' `null_model` no `one_class` or `counts`, and beside a constant that is as good on held-out rows
#' no `one_class`. Losses are those of the training, for a standardised outcome on its standardised
#' scale, which the descriptions say; predictions and targets are on the scale of the outcome.
#'
#' A fit does not store its data. The checks use statistics that are computed when training ends:
#' of at most 200 rows for `saturated`, `dead` and `unscaled`, and of all rows otherwise. Case
#' weights count rows: rows of weight 0 are ignored. `simple_model`, `gap` and `edge` are `NA` if
#' there are no held-out rows. `constant`, `null_model`, `one_class` and `counts` need the outputs,
#' and are `NA` for a fit trained with `keep_fitted = FALSE`. The null model has the weights and the
#' offset of the fit.
#'
#' For the Poisson loss, which is negative for most counts, and for cross-entropy of proportions,
#' which is above 0 for the best predictions, losses are measured from that of a perfect fit (half
#' the mean deviance).
#'
#' @param fit A fit from [nn_train()], or the `fit` field of the error that is signalled when
#'   training diverges.
#' @param ... Must be empty: an unknown argument is an error.
#' @return A data frame of class `nn_doctor` with one row per check, causes and serious problems
#'   first, and the columns
#'   * `check`: the name of the check;
#'   * `found`: `TRUE` or `FALSE` (also for a problem that follows from another one), or `NA` if the
#'     fit does not store what the check needs;
#'   * `what`: a description of the problem, `NA` if none was found;
#'   * `advice`: what to do about it, `NA` if none was found.
#'
#'   Its `print()` method shows the problems found; some of the columns are printed as a table.
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
  check_is_fit(fit, call)
  fit <- whole_fit(fit, call, "fit")
  findings <- examine(fit)
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
  if (!all(c("check", "found", "what", "advice") %in% names(x))) {
    return(print_table(x, ...))
  }
  found <- which(x$found)
  if (length(found) == 0) cat("No problems found.\n")
  for (i in found) {
    cat(strwrap(paste0(x$what[i]), initial = "* ", prefix = "  ", exdent = 0), sep = "\n")
    # several findings may have one cause
    again <- x$advice[i] %in% x$advice[found[found < i]]
    advice <- if (again) "The advice is the same as above." else x$advice[i]
    cat(strwrap(advice, initial = "  -> ", prefix = "     "), sep = "\n")
  }
  unseen <- setdiff(x$check[is.na(x$found)], unmentioned_checks)
  if (length(unseen) > 0 && !"untrained" %in% x$check[found]) {
    cat(strwrap(paste0(
      "Not checked, because the fit does not store what is needed: ",
      paste(vapply(doctor_checks[unseen], `[[`, "", "about"), collapse = ", "), "."
    ), exdent = 2), sep = "\n")
  }
  invisible(x)
}

# Some of the columns are an ordinary table.
print_table <- function(x, ...) {
  print(structure(x, class = setdiff(class(x), "nn_doctor")), ...)
  invisible(x)
}

# The line for print(fit): the first two findings.
doctor_line <- function(fit) {
  found <- Filter(is.list, examine(fit))
  if (length(found) == 0) {
    return(NULL)
  }
  brief <- vapply(found, `[[`, "", "brief", USE.NAMES = FALSE)
  more <- length(brief) - 2
  paste0(
    "Doctor:    ", paste(utils::head(brief, 2), collapse = "; "),
    if (more > 0) paste0("; and ", more, " more"), ": see nn_doctor()"
  )
}

# The result of each check: a list of brief (a few words), what (a sentence) and advice; FALSE if
# there is no problem, NA if it can't be checked.
examine <- function(fit) {
  untrained <- find_untrained(fit)
  if (is.list(untrained)) {
    unknown <- lapply(doctor_checks, function(check) NA)
    unknown$untrained <- c(untrained, list(advice = untrained_advice(fit)))
    return(unknown)
  }
  facts <- with_findings(fit, doctor_facts(fit))
  results <- facts$results
  for (name in facts$found) results[[name]]$advice <- doctor_checks[[name]]$advise(fit, facts)
  results
}
