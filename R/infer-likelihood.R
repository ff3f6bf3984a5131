#' Likelihood, deviance and simulation
#'
#' @description
#' Methods of R's generics for a fit whose loss is the negative log-likelihood of a distribution:
#' squared error (normal), cross-entropy (binomial or multinomial), Poisson, gamma, negative
#' binomial, gaussian, beta and cumulative.
#'
#' * `logLik()` returns the log-likelihood, for [stats::AIC()] and [stats::BIC()];
#' * `deviance()` returns the deviance: for squared error the residual sum of squares, otherwise
#'   twice the difference to the log-likelihood of a perfect fit (for gamma and Tweedie times the
#'   dispersion). `deviance(fit, null = TRUE)` is that of the null model, the `null.deviance` of
#'   [stats::glm()];
#' * `simulate()` draws new outcomes for the training cases from the fitted distribution;
#' * `family()` returns R's family for the outcome and the link of the output layer, such as
#'   `binomial()`, if there is one;
#' * `labels()` returns the terms of the formula, or the names of the inputs;
#' * `anova()` is an error: it compares nested models by a chi-squared or F distribution, which does
#'   not apply to networks with different numbers of units. Use [nn_cv()].
#'
#' `logLik()`, `deviance()` and `simulate()` need the training data again if the fit was trained
#' with weights or held-out rows, or with `keep_fitted = FALSE`. Otherwise the stored outputs
#' suffice.
#'
#' @details
#' The log-likelihood is that of [stats::lm()], [stats::glm()] and `nnet::multinom()` without a
#' hidden layer. For squared error the variance is its maximum likelihood estimate, for gamma the
#' dispersion is the mean deviance, as in `glm()`; `df` counts them, and an estimated size. Adding a
#' number to the weights from a unit to all softmax classes has no effect, so that `df` counts these
#' weights without those of one class, as `multinom()` does. Several
#' numeric outcomes have one variance on the scale on which they were trained.
#'
#' The null model has the same prediction for all rows, that of lowest loss; with an offset, the
#' output activation of a constant plus the offset. For `"gaussian"` and `"beta"` a perfect fit has
#' no highest likelihood, and `deviance()` is -2 times the log-likelihood. The fraction of the
#' deviance that a fit explains is `1 - deviance(fit) / deviance(fit, null = TRUE)`, for squared
#' error R squared.
#'
#' For losses without a likelihood, `deviance()` is twice the loss, on the scale of the outcome: for
#' `"absolute"` and `nn_quantile()` twice the sum of the weighted absolute residuals; for
#' `nn_huber()` and `"log_cosh"` the loss of the standardised residuals times the squared scale, so
#' that small residuals count as in a residual sum of squares. It is an error for custom losses and
#' with `class_weights`.
#'
#' A Tweedie distribution has a density without a closed form: `logLik()`, `AIC()` and `simulate()`
#' are errors, as for losses that are not those of a distribution (`"absolute"`,
#' `nn_quantile()`, `nn_huber()`, `"log_cosh"`, custom losses). Frozen weights do not count in `df`.
#'
#' AIC and BIC are justified if the fit is a maximum of the likelihood and all its weights are
#' identified. `logLik()` therefore warns, with class `backprop_warning_inference`, if the objective
#' has a penalty, or if training did not end at an optimum: `fit$stop` is neither `"gradient"` nor
#' `"precision"`, early stopping chose the epoch, or `fit$stop` is `"precision"` with a gradient
#' that is not close to 0 (a relative change of a weight changes the loss by more than 1e-4 of it).
#'
#' @inheritParams vcov.nn_fit
#' @param X,y The data that the fit was trained on, as in [nn_continue()]; `NULL` (default) for the
#'   stored outputs.
#' @param nsim Number of simulations, a whole number of at least 1.
#' @param seed Seed for `set.seed()`; `NULL` (default) continues the present stream of random
#'   numbers.
#' @param null Whether to return the deviance of the null model; `FALSE` by default.
#' @return `logLik()` returns an object of class `logLik` with the attributes `df` (number of
#'   weights, and 1 for a variance) and `nobs`. `deviance()` returns a number. `simulate()` returns
#'   a data frame with one row per training case and the columns `sim_1`, `sim_2`, ... (factors for
#'   classes, matrices for several outputs), and the state of the random numbers as attribute
#'   `"seed"`. `family()` returns a family object. `labels()` returns a character vector.
#' @section Errors: `backprop_error_argument` if the loss has no likelihood, if the data must be
#'   supplied again, if the output has no family in R, and for `anova()`; those of [nn_continue()]
#'   for data that do not fit.
#' @examples
#' fit <- nn_train(breaks ~ wool + tension, warpbreaks,
#'   loss = "poisson", hidden = 0, penalty = 0
#' )
#' logLik(fit)
#' logLik(glm(breaks ~ wool + tension, poisson, warpbreaks))
#' deviance(fit)
#' head(simulate(fit, 2, seed = 1))
#' @name logLik.nn_fit
NULL

#' @rdname logLik.nn_fit
#' @importFrom stats logLik
#' @export
logLik.nn_fit <- function(object, X = NULL, y = NULL, weights = NULL, offset = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(logLik.nn_fit)))
  record <- training_record(object, X, y, weights, offset, call)
  row <- likelihood_of(record, "A log-likelihood", call)
  warn_of_inference(likelihood_reasons(record$fit))
  estimated <- row$dispersion == "estimated"
  loss <- record$fit$settings$loss
  phi <- if (estimated) {
    rows <- if (loss$name == "squared_error") length(record$y) else sum(record$w)
    squared_scale(record) * record_deviance(record, scaled = TRUE) / rows
  } else {
    1
  }
  structure(
    row$log_density(
      record$y, record$a, record$w, phi, loss$parameter, mixes_outputs(record$fit)
    ),
    df = likelihood_parameters(record$fit) + (estimated || !is.null(loss$estimated)),
    nobs = nrow(record$y), class = "logLik"
  )
}

# The squared scale of each target (n x k).
squared_scale <- function(record) {
  matrix(record$scale^2, nrow(record$y), ncol(record$y), byrow = TRUE)
}

likelihood_reasons <- function(fit) {
  penalised <- fit$settings$penalty > 0 || fit$settings$penalty_l1 > 0
  stopped <- !fit$stop %in% c("gradient", "precision") || !is.null(fit$best_epoch)
  steep <- !stopped && has_gradient(fit)
  c(
    if (stopped || steep) {
      list(optimum = paste0(
        "The fit may not be a maximum of the likelihood, because fit$stop is \"", fit$stop, "\"",
        if (steep) " (no step lowered the objective) and the gradient is not close to 0", ": ",
        to_optimum(fit), "."
      ))
    },
    if (penalised) {
      list(penalised = "The objective has a penalty, so the likelihood is not at its maximum.")
    }
  )
}

# Is the gradient, where no step lowered the objective any more, far from 0: would the relative
# change of a weight change the loss by more than 1e-4 of what it is above that of a perfect fit? At
# optima it is that of rounding, below 1e-4 also in single precision; at the kinks of relu units and
# in narrow valleys it is above 1e-3.
has_gradient <- function(fit) {
  gradient <- fit$state$curvature$gradient
  if (fit$stop != "precision" || length(gradient) == 0) {
    return(FALSE)
  }
  facts <- doctor_facts(fit)
  perfect <- if (is.na(facts$perfect)) 0 else facts$perfect * penalty_unit(fit)
  above <- abs(fit$state$curvature$objective - perfect)
  max(abs(gradient) * pmax(abs(fit$state$weights), 1)) > 1e-4 * above
}

#' @rdname logLik.nn_fit
#' @importFrom stats simulate
#' @export
simulate.nn_fit <- function(object, nsim = 1, seed = NULL, X = NULL, y = NULL, weights = NULL,
                            offset = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(simulate.nn_fit)))
  nsim <- check_whole(nsim, "nsim", call)
  record <- training_record(object, X, y, weights, offset, call)
  row <- likelihood_of(record, "A simulation", call)
  phi <- if (row$dispersion == "known") {
    1
  } else {
    squared_scale(record) * estimated_dispersion(record, call)
  }
  if (!exists(".Random.seed", envir = globalenv(), inherits = FALSE)) stats::runif(1)
  before <- used <- get(".Random.seed", envir = globalenv())
  if (!is.null(seed)) {
    on.exit(assign(".Random.seed", before, envir = globalenv()))
    set.seed(seed)
    used <- structure(seed, kind = as.list(RNGkind()))
  }
  draws <- lapply(seq_len(nsim), function(i) {
    drawn_outcome(
      row$draw(
        record$a, record$w, phi, record$fit$settings$loss$parameter, mixes_outputs(record$fit)
      ),
      record$fit
    )
  })
  names(draws) <- paste0("sim_", seq_len(nsim))
  names <- rownames(record$a)
  draws <- structure(
    draws,
    class = "data.frame", row.names = if (is.null(names)) .set_row_names(nrow(record$a)) else names
  )
  attr(draws, "seed") <- used
  draws
}

estimated_dispersion <- function(record, call) {
  if (residual_df(record) <= 0) {
    abort_argument(c(
      "The variance can only be estimated with more targets than weights.",
      x = paste0(
        "There are {length(record$y)} target{?s} and {length(record$free)} weight{?s}."
      )
    ), call)
  }
  dispersion(record)$value
}

# Drawn targets in the form of the outcome.
drawn_outcome <- function(y, fit) {
  if (!is.null(fit$levels)) {
    class <- if (ncol(y) == 1 || has_ordered_outputs(fit)) {
      rowSums(y) + 1
    } else {
      max.col(y, "first")
    }
    return(factor(fit$levels[class], fit$levels, ordered = isTRUE(fit$ordered)))
  }
  if (ncol(y) == 1) unname(y[, 1]) else y
}

#' @rdname logLik.nn_fit
#' @importFrom stats family
#' @export
family.nn_fit <- function(object, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = "object")
  fit <- whole_fit(object, call)
  row <- likelihood_table[[fit$settings$loss$name]]
  output <- fit$settings$output_activation
  family <- if (!is.null(row)) row$family(output)
  if (is.null(family)) {
    abort_argument(c(
      "R has no family for this fit.",
      x = "Its loss is {.val {fit$settings$loss$name}}, its output {.val {output}}."
    ), call)
  }
  family
}

#' @rdname logLik.nn_fit
#' @importFrom stats anova
#' @export
anova.nn_fit <- function(object, ...) {
  abort_argument(c(
    "{.fn anova} can't compare networks.",
    x = paste0(
      "If an additional unit has no effect, its weights are not identified, so twice the ",
      "difference of log-likelihoods has no chi-squared distribution."
    ),
    i = paste0(
      "Compare their errors on new data with {.fn nn_cv}, or for an input use intervals of ",
      "slopes (package marginaleffects)."
    )
  ), current_env())
}

#' @rdname logLik.nn_fit
#' @export
labels.nn_fit <- function(object, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = "object")
  fit <- whole_fit(object, call)
  if (is.null(fit$encoding$terms)) end_names(fit)$inputs else labels(fit$encoding$terms)
}
