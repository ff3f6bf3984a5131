#' @rdname vcov.nn_fit
#' @importFrom stats confint
#' @export
confint.nn_fit <- function(object, parm, level = 0.95, X, y = NULL, method = "wald",
                           type = "hessian", weights = NULL, offset = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(confint.nn_fit)))
  level <- check_share_of_one(level, "level", call)
  check_choice(method, c("wald", "profile"), "method", call)
  check_choice(type, covariance_types, "type", call)
  check_data_given(missing(X), call)
  if (method == "profile" && type != "hessian") {
    abort_argument("Profile likelihood requires {.code type = \"hessian\"}.", call)
  }
  record <- training_again(object, X, y, weights, offset, call)
  if (method == "profile" && !is.null(record$shifts)) {
    abort_argument(c(
      "Profile likelihood can't be used for several classes.",
      x = "Only differences of the weights of classes have an effect.",
      i = "Use {.code method = \"wald\"}."
    ), call)
  }
  labels <- parameter_labels(record$fit)
  chosen <- if (missing(parm)) seq_along(labels) else check_parm(parm, labels, call)
  made <- covariance(record, type, call)
  estimate <- record$estimate[chosen]
  q <- stats::qt((1 + level) / 2, made$df)
  limits <- if (method == "wald" || anyNA(made$vcov)) {
    estimate + outer(sqrt(diag(made$vcov))[chosen], c(-q, q))
  } else {
    profile_limits(record, made, chosen, q, call)
  }
  percent <- paste(format(100 * c(1 - level, 1 + level) / 2, trim = TRUE, digits = 3), "%")
  dimnames(limits) <- list(labels[chosen], percent)
  limits
}

# The places of the weights that `parm` names or numbers.
check_parm <- function(parm, labels, call) {
  at <- if (is.character(parm)) match(parm, labels) else parm
  ok <- (is.character(parm) || is_number(parm)) && is.null(dim(parm)) && length(at) > 0 &&
    !anyNA(at) && all(at %in% seq_along(labels))
  if (!ok) {
    abort_argument(c(
      "{.arg parm} must be names of weights, or numbers from 1 to {length(labels)}.",
      x = if (is.character(parm)) {
        "The fit has no weight {.val {parm[is.na(at)][1]}}."
      } else {
        "You supplied {describe(parm)}."
      },
      i = if (is.data.frame(parm) || is.matrix(parm)) {
        "The data are the argument {.arg X}: {.code confint(fit, X = data)}."
      } else {
        "The names are {.val {utils::head(labels, 5)}}{if (length(labels) > 5) ', ...'}."
      }
    ), call)
  }
  at
}

# Limits at which the likelihood ratio of the profile reaches q, a row for each weight.
profile_limits <- function(record, made, chosen, q, call) {
  phi <- dispersion(record)$value
  V <- made$curvature$inverse
  problem <- c(record$problem, list(free = record$free))
  least <- evaluate(problem)$value
  t(vapply(chosen, function(i) {
    if (!i %in% record$free) {
      return(rep(problem$weights[i], 2))
    }
    vapply(c(-1, 1), function(side) {
      profile_limit(problem, V, least, i, side, q, phi, call)
    }, 0)
  }, numeric(2)))
}

# One limit, for free parameter i: the root of the signed square root of the likelihood ratio minus
# q, first bracketed and then found by the secant and bisection of uniroot(). The other weights
# start from the solution of the last value, moved along the direction in which they move at the
# optimum.
profile_limit <- function(problem, V, least, i, side, q, phi, call) {
  known <- list(at = problem$weights[i], weights = problem$weights)
  at_i <- match(i, problem$free)
  slope <- numeric(length(problem$weights))
  slope[problem$free] <- V[, at_i] / V[at_i, at_i]
  unit <- side * sqrt(phi * V[at_i, at_i])
  excess <- function(steps) {
    at <- problem$weights[i] + steps * unit
    start <- known$weights + slope * (at - known$at)
    start[i] <- at
    rest <- minimise_rest(problem, start, i, phi, call)
    if (rest$value < least - 1e-6 * phi) abort_profile(rest, i, call)
    known <<- list(at = at, weights = rest$weights)
    sqrt(2 * max(0, rest$value - least) / phi) - q
  }
  low <- 0
  high <- q
  value <- excess(high)
  lower_value <- -q
  while (value < 0) {
    low <- high
    lower_value <- value
    high <- 2 * high
    if (high > 1000 * q) {
      return(side * Inf)
    }
    value <- excess(high)
  }
  root <- stats::uniroot(
    excess, c(low, high),
    f.lower = lower_value, f.upper = value, tol = 1e-7 * q
  )$root
  problem$weights[i] + root * unit
}

abort_profile <- function(rest, i, call) {
  abort_argument(c(
    "The profile likelihood requires that the fit is the best optimum near it.",
    x = "The objective is lower at another value of weight {i}.",
    i = "Train again with {.code start} or {.arg restarts}."
  ), call)
}

# The objective minimised over all weights except weight i, by Newton's method with the exact
# Hessian, damped as by Levenberg and Marquardt where a step does not lower the objective:
# list(value, weights).
minimise_rest <- function(problem, weights, i, phi, call) {
  others <- setdiff(problem$free, i)
  damping <- 0
  here <- evaluate(problem, weights, gradient = TRUE)
  for (iteration in 1:100) {
    at <- problem
    at$weights <- weights
    H <- hessian(at, call)[others, others, drop = FALSE]
    g <- here$gradient[others]
    repeat {
      step <- damped_step(H, g, damping)
      trial <- weights
      if (!is.null(step)) {
        trial[others] <- weights[others] + step
        there <- evaluate(problem, trial, gradient = TRUE)
        # converged if the predicted decrease is far below what matters for the ratio
        if (-sum(step * g) < 1e-12 * phi) {
          return(list(value = min(here$value, there$value, na.rm = TRUE), weights = weights))
        }
        if (is.finite(there$value) && there$value < here$value) break
      }
      damping <- max(10 * damping, 1e-4)
      if (damping > 1e12) {
        return(list(value = here$value, weights = weights))
      }
    }
    weights <- trial
    here <- there
    damping <- if (damping > 1e-3) damping / 10 else 0
  }
  list(value = here$value, weights = weights)
}

# NULL if the damped Hessian is not positive definite.
damped_step <- function(H, g, damping) {
  if (length(g) == 0) {
    return(numeric())
  }
  scale <- pmax(diag(H), max(abs(H)) * 1e-10)
  root <- tryCatch(chol(H + diag(damping * scale, nrow(H))), error = function(e) NULL)
  if (!is.null(root)) -backsolve(root, forwardsolve(t(root), g))
}
