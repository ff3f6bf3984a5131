#' Covariance matrix and confidence intervals of the weights
#'
#' @description
#' `vcov()` estimates the covariance matrix of the weights of a fit, and `confint()` computes
#' confidence intervals for them. A fit does not store its data, so the training data are supplied
#' again: the data frame for a formula (`vcov(fit, data)`), otherwise `X` and `y`.
#'
#' Without a hidden layer, the results are those of [stats::lm()], [stats::glm()] and
#' `nnet::multinom()`. With one they are those of nonlinear regression, [stats::nls()], and hold for
#' large samples. They mean something only for a fit that is a strict minimum of an objective
#' without a penalty. `vignette("inference", "backprop")` shows when that is so.
#'
#' @details
#' Let `H` be the Hessian of the summed objective (see [nn_hessian()]).
#'
#' * `type = "hessian"`: `phi` times the inverse of `H`. The dispersion `phi` is estimated for
#'   squared error, as the residual sum of squares divided by the number of targets minus the number
#'   of weights, and likewise for gamma, from residuals divided by the mean, as in `lm()` and
#'   `glm()`; the matrix has this number as attribute `"df"`. For other losses `phi` is 1. The loss
#'   must be the negative log-likelihood of a distribution: squared error, cross-entropy, Poisson,
#'   gamma, negative binomial (whose size counts as known), gaussian, beta or cumulative. These are
#'   the standard errors of the observed information, which profile likelihood approximates better
#'   (Efron and Hinkley 1978).
#' * `type = "fisher"`: the same with the expected Hessian, `J' W J` with the derivatives `J` of the
#'   outputs (as `nls()` and `glm()` have it, and the certified values of NIST). At an optimum it
#'   differs from `"hessian"` by what the residuals contribute, and not at all if the output
#'   activation is the canonical link and there is no hidden layer.
#' * `type = "sandwich"`: the inverse of `H` times `sum(g g')` times the inverse of `H`, with the
#'   gradient `g` of each row, for any loss with a second derivative (not for `"absolute"` and
#'   [nn_quantile()], for which rows can be resampled instead). It does not assume that
#'   variances are equal or that the distribution is right (White 1980; in the terms of the sandwich
#'   package, HC0).
#'
#' Frozen weights (see `freeze` in [nn_train()]) are known constants, with variances of 0.
#'
#' Case weights count as in `glm()`. The matrix refers to the weights of the network, for which
#' standardised inputs and outcomes are the units (see `standardize` in [nn_train.data.frame()]).
#'
#' For several classes, adding a number to the weights from a unit to all classes has no effect. The
#' estimates are then the weights minus their mean over the classes, and the matrix, a Moore-Penrose
#' inverse, is that of these estimates. Differences of classes have the variances of
#' `nnet::multinom()`.
#'
#' `confint()` computes `estimate +/- q * standard error` (`"wald"`), or inverts the likelihood
#' ratio test (`"profile"`): all other weights are optimised for each value of one weight, and the
#' interval contains the values for which twice the loss of log-likelihood, divided by `phi`, is at
#' most `q` squared. `q` is a quantile of the t distribution with `"df"` degrees of freedom if `phi`
#' is estimated, and of the normal distribution otherwise. Profile intervals need not be symmetric.
#' A limit that is not reached is infinite.
#'
#' A warning of class `backprop_warning_inference` says why the results can't be trusted, or why
#' there are none, and what to change; its element `reasons` holds the sentences:
#' * the fit is not at an optimum: a Newton step would change a weight by more than a thousandth of
#'   its standard error (training stopped early, or on other data),
#' * a class is perfectly separated from the other classes, so that the weights of the optimum are
#'   infinite,
#' * the objective has a penalty, so that the weights are biased towards 0, and intervals around
#'   them contain the true values less often than they say,
#' * the Hessian is not positive definite, so that there is no covariance matrix and all numbers are
#'   `NA`. The warning names units that are the same for all rows (saturated or inactive), that
#'   compute the same as another unit, or that do not contribute to the output; relu units, which
#'   can be rescaled without any effect; inputs that are constant or linearly dependent; and that
#'   there are not more targets than weights.
#'
#' The units of a hidden layer can be exchanged without any effect, and the signs of all weights of
#' a tanh unit can be changed. Such equivalent optima are far from each other, so they do not matter
#' for these matrices, but a unit of one fit has no meaning for a unit of another.
#'
#' @param object A fit from [nn_train()].
#' @param X,y The data that the fit was trained on, as in [nn_continue()]: for a formula fit `X` is
#'   the data frame and `y` is `NULL` (the default).
#' @param type `"hessian"` (default), `"fisher"` or `"sandwich"`.
#' @param weights,offset Case weights and offsets, required if they were supplied as arguments in
#'   training; `NULL` (default) otherwise. Those that a formula fit took from columns of the data
#'   are taken from `X` again.
#' @param parm Weights to compute intervals for: their names (see [nn_hessian()]) or numbers. All by
#'   default.
#' @param level Confidence level, in (0, 1); 0.95 by default.
#' @param method `"wald"` (default) or `"profile"`.
#' @param ... Must be empty: an unknown argument is an error.
#' @return `vcov()` returns a symmetric matrix with one row and column per weight, named as those of
#'   [nn_hessian()], in the order of `unlist(coef(fit))`. `confint()` returns a matrix with one row
#'   per weight and the lower and upper limits as columns.
#' @section Errors: Those of [nn_continue()] for data that do not fit; `backprop_error_argument` for
#'   other invalid arguments, for profile likelihood with several classes, for a loss without a
#'   likelihood unless `type` is `"sandwich"`, and for one without a second derivative;
#'   `backprop_error_memory` if the matrix needs more memory than the process may use.
#' @references Efron, B. and Hinkley, D. V. (1978). Assessing the accuracy of the maximum likelihood
#'   estimator: observed versus expected Fisher information. *Biometrika*, 65, 457-483.
#'   \doi{10.1093/biomet/65.3.457}
#'
#'   White, H. (1980). A heteroskedasticity-consistent covariance matrix estimator.
#'   *Econometrica*, 48, 817-838. \doi{10.2307/1912934}
#'
#'   White, H. (1989). Learning in artificial neural networks: a statistical perspective. *Neural
#'   Computation*, 1, 425-464. \doi{10.1162/neco.1989.1.4.425}
#'
#'   Bates, D. M. and Watts, D. G. (1988). *Nonlinear Regression Analysis and Its Applications*.
#'   Wiley. \doi{10.1002/9780470316757}
#' @seealso [summary.nn_fit()] for a table of weights with standard errors; [predict.nn_fit()] for
#'   confidence intervals of predictions.
#' @examples
#' # Without a hidden layer: logistic regression
#' fit <- nn_train(am ~ wt, within(mtcars, am <- factor(am)),
#'   hidden = 0, penalty = 0, standardize = FALSE, optimizer = "lbfgs"
#' )
#' vcov(fit, within(mtcars, am <- factor(am)))
#' vcov(glm(am ~ wt, binomial, mtcars))
#'
#' # One sigmoid unit: a logistic curve, as in ?DNase
#' set.seed(1)
#' run <- subset(DNase, Run == 1)
#' fit <- nn_train(density ~ log(conc), run,
#'   hidden = 1, activation = "sigmoid", penalty = 0, optimizer = "lbfgs"
#' )
#' confint(fit, X = run)
#' confint(fit, X = run, method = "profile", parm = "hidden:1:log(conc)")
#' @name vcov.nn_fit
NULL

covariance_types <- c("hessian", "fisher", "sandwich")

#' @rdname vcov.nn_fit
#' @importFrom stats vcov
#' @export
vcov.nn_fit <- function(object, X, y = NULL, type = "hessian", weights = NULL, offset = NULL,
                        ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(vcov.nn_fit)))
  check_choice(type, covariance_types, "type", call)
  check_data_given(missing(X), call)
  record <- training_again(object, X, y, weights, offset, call)
  covariance(record, type, call)$vcov
}

check_data_given <- function(missing, call) {
  if (missing) {
    abort_input(c(
      "{.arg X} is missing.",
      i = "A fit does not store its data: supply those that it was trained on."
    ), call)
  }
}

# Losses of absolute errors are linear on both sides of 0, so that their curvature says nothing.
check_curved <- function(record, call) {
  loss <- record$fit$settings$loss
  if (!0 %in% loss_table[[loss$name]]$kinks(loss$parameter)) {
    return(invisible())
  }
  abort_argument(c(
    "Standard errors require a loss with a second derivative.",
    x = "The loss of this fit is {.val {loss$name}}, which is linear on both sides of 0.",
    i = paste0(
      "Resample the rows instead: train on ",
      "{.code data[sample(nrow(data), replace = TRUE), ]} many times."
    )
  ), call)
}

# The covariance matrix of a fit whose data were supplied again, a record of training_again().
# Returns list(vcov, df, curvature): the matrix, the degrees of freedom (Inf if the dispersion is
# known), and what examine_curvature() returns. With H, the Hessian of the summed objective, and I,
# its expectation, the matrix is
#   hessian   phi H^-1
#   fisher    phi I^-1
#   sandwich  H^-1 (sum of g g' over the rows) H^-1, with the gradient g of a row; phi is 1
# Only rows and columns of free parameters are inverted: frozen ones are known constants, with
# variances of 0. Without an inverse the others are NA, and a warning says why (see reasons_of()).
covariance <- function(record, type, call) {
  check_curved(record, call)
  robust <- type == "sandwich"
  row <- if (!robust) {
    likelihood_of(
      record, "A covariance matrix of this {.arg type}", call,
      "Use {.code type = \"sandwich\"}, which assumes no distribution."
    )
  }
  if (type == "fisher" && is.null(row$variance)) {
    abort_argument(c(
      "{.code type = \"fisher\"} requires one output for each outcome or class.",
      x = "The loss of this fit is {.val {record$fit$settings$loss$name}}.",
      i = "Use {.code type = \"hessian\"}."
    ), call)
  }
  phi <- if (robust) list(value = 1, df = Inf) else dispersion(record)
  curvature <- examine_curvature(record, call)
  free <- record$free
  n <- length(record$problem$weights)
  V <- matrix(0, n, n)
  V[free, free] <- NA
  # NULL if H is not positive definite
  inverse <- curvature$inverse
  if (!is.null(inverse)) {
    inverse <- switch(type,
      hessian = inverse,
      fisher = scaled_inverse(information(record)[free, free], record$shifts)$inverse,
      sandwich = inverse %*% score_products(record)[free, free] %*% inverse
    )
  }
  # rounding leaves products slightly asymmetric
  if (!is.null(inverse)) V[free, free] <- phi$value * (inverse + t(inverse)) / 2
  labels <- parameter_labels(record$fit)
  dimnames(V) <- list(labels, labels)
  if (is.finite(phi$df)) attr(V, "df") <- phi$df
  reasons <- reasons_of(record, curvature, sqrt(diag(V)[free]))
  # H has an inverse, but I has none
  if (is.null(inverse) && !is.null(curvature$inverse)) {
    reasons$singular <- NULL
    reasons$separated <- reasons$separated %||% paste0(
      "The expected Hessian is singular or infinite, as with fitted probabilities of 0 or 1."
    )
  }
  warn_of_inference(reasons)
  list(vcov = V, df = phi$df, curvature = curvature)
}

# list(value, df): the dispersion phi and its degrees of freedom. It is known to be 1 for losses
# whose distribution has no further parameter, such as Poisson. Otherwise it is Pearson's estimate,
# as in lm() and glm(): the sum of squared residuals, each divided by the variance function at its
# mean, over the number of targets minus that of weights; both NA if that is not positive. Residuals
# are on the scale of the network's loss, which standardises the outcome, because H is the curvature
# of that loss.
dispersion <- function(record) {
  loss <- record$fit$settings$loss
  row <- likelihood_table[[loss$name]]
  if (row$dispersion == "known") {
    return(list(value = 1, df = Inf))
  }
  df <- residual_df(record)
  if (df <= 0) {
    return(list(value = NA_real_, df = NA_real_))
  }
  scaled <- (record$y - record$a) / rep(record$scale, each = nrow(record$y))
  variance <- row$variance(record$a, loss$parameter, FALSE)
  list(value = sum(record$w * scaled^2 / variance) / df, df = df)
}

# The middle of the sandwich: the sum of g g' over the rows, with the gradient g of each row's
# weighted loss with respect to all parameters. Rows are taken in blocks, whose matrix of gradients,
# rows x parameters, fits in memory.
score_products <- function(record) {
  problem <- record$problem
  pass <- evaluate(problem, gradient = TRUE, all = TRUE)
  n <- length(problem$weights)
  total <- matrix(0, n, n)
  for (rows in row_blocks(nrow(problem$X), n)) {
    total <- total + crossprod(weight_derivatives(problem$layers, problem$X, pass, rows))
  }
  total
}

# The expected Hessian I of the summed objective: J' W J with the derivatives J of the outputs with
# respect to all parameters, and in W the weight of each row divided by the variance of its target
# (the variance function of the distribution, without phi), plus the second derivative of the
# penalty, which biases do not have.
information <- function(record) {
  problem <- record$problem
  fit <- record$fit
  n <- length(problem$weights)
  # 1 for weights, 0 for biases, in the order of the parameters
  penalised <- unlist(lapply(problem$layers, function(layer) {
    rep(c(1, 0), c(layer$inputs * layer$units, layer$units))
  }))
  total <- diag(problem$objective$penalty * penalised, n)
  output <- core_forward(
    problem$layers, problem$weights, problem$X, problem$offset, FALSE, FALSE
  )$output
  loss <- fit$settings$loss
  variance <- likelihood_table[[loss$name]]$variance(output, loss$parameter, mixes_outputs(fit))
  # also for softmax, with the variance p: the multinomial information is sum_k J_k J_k' / p_k
  for (k in seq_len(ncol(output))) {
    slopes <- output_derivatives(problem$layers, problem$weights, problem$X, problem$offset, k)
    root <- sqrt(record$w / variance[, k])
    for (rows in row_blocks(nrow(output), n)) {
      total <- total + crossprod(root[rows] * slopes(rows))
    }
  }
  total
}
