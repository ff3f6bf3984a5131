# The distributions of which a loss is the negative log-likelihood, one row each, named by the loss.

# Makes a row:
#   distribution  its name in words
#   dispersion    "known" (1) or "estimated": the loss is the negative log-likelihood times it
#   log_density   a function(y, a, w, phi, p, mixed) of targets and outputs (n x k), the rows'
#                 weights, the dispersion and the loss's parameter: the log-likelihood
#   draw          a function(a, w, phi, p, mixed): new targets (n x k) for the outputs
#   variance      a function(a, p, mixed): the variance of a target by its mean, for dispersion 1;
#   for
#                 classes the one by which the information is a sum over the outputs. NULL if there
#                 are several outputs for an outcome
#   family        a function(output) of the output activation: R's family, or NULL
likelihood_row <- function(distribution, dispersion, log_density, draw, variance, family) {
  list(
    distribution = distribution, dispersion = dispersion, log_density = log_density, draw = draw,
    variance = variance, family = family
  )
}

# The log of the number of orders of w trials of which the fraction y succeeds; 0 unless these are
# whole numbers, as in dbinom().
log_orders <- function(y, w) {
  whole <- function(x) all(abs(x - round(x)) < 1e-6)
  if (whole(w) && whole(w * y)) lchoose(round(w), round(w * y)) else 0
}

likelihood_table <- list(
  squared_error = likelihood_row(
    "normal", "estimated",
    log_density = function(y, a, w, phi, p, mixed) {
      used <- w > 0
      sum((stats::dnorm(y, a, sqrt(phi / w), log = TRUE))[used, ])
    },
    draw = function(a, w, phi, p, mixed) a + stats::rnorm(length(a), 0, sqrt(phi / w)),
    variance = function(a, p, mixed) a - a + 1,
    family = function(output) if (output == "identity") stats::gaussian()
  ),
  cross_entropy = likelihood_row(
    "binomial or multinomial", "known",
    log_density = function(y, a, w, phi, p, mixed) {
      if (mixed) {
        return(sum(ifelse(y == 0, 0, w * y * log(a))))
      }
      sum(ifelse(y == 0, 0, w * y * log(a)) + ifelse(y == 1, 0, w * (1 - y) * log1p(-a)) +
        log_orders(y, w))
    },
    draw = function(a, w, phi, p, mixed) {
      if (!mixed) {
        return((stats::runif(length(a)) < a) + 0)
      }
      class <- 1 + rowSums(stats::runif(nrow(a)) > t(apply(a, 1, cumsum)))
      outer(pmin(class, ncol(a)), seq_len(ncol(a)), "==") + 0
    },
    variance = function(a, p, mixed) if (mixed) a else a * (1 - a),
    family = function(output) if (output == "sigmoid") stats::binomial()
  ),
  poisson = likelihood_row(
    "Poisson", "known",
    log_density = function(y, a, w, phi, p, mixed) {
      sum(w * (ifelse(y == 0, 0, y * log(a)) - a - lgamma(y + 1)))
    },
    draw = function(a, w, phi, p, mixed) a - a + stats::rpois(length(a), a),
    variance = function(a, p, mixed) a,
    family = function(output) if (output == "exp") stats::poisson()
  ),
  gamma = likelihood_row(
    "gamma", "estimated",
    log_density = function(y, a, w, phi, p, mixed) {
      sum(w * stats::dgamma(y, 1 / phi, scale = a * phi, log = TRUE))
    },
    draw = function(a, w, phi, p, mixed) {
      a - a + stats::rgamma(length(a), w / phi, scale = a * phi / w)
    },
    variance = function(a, p, mixed) a^2,
    family = function(output) if (output == "exp") stats::Gamma("log")
  ),
  negative_binomial = likelihood_row(
    "negative binomial", "known",
    log_density = function(y, a, w, phi, p, mixed) {
      sum(w * (lgamma(p + y) - lgamma(p) - lgamma(y + 1) + p * log(p / (p + a)) +
        ifelse(y == 0, 0, y * log(a / (p + a)))))
    },
    draw = function(a, w, phi, p, mixed) a - a + stats::rnbinom(length(a), size = p, mu = a),
    variance = function(a, p, mixed) a + a^2 / p,
    family = function(output) NULL
  ),
  gaussian = likelihood_row(
    "normal with its own standard deviation", "known",
    log_density = function(y, a, w, phi, p, mixed) {
      sum(w * stats::dnorm(y[, 1], a[, 1], a[, 2], log = TRUE))
    },
    draw = function(a, w, phi, p, mixed) matrix(stats::rnorm(nrow(a), a[, 1], a[, 2])),
    variance = NULL, family = function(output) NULL
  ),
  beta = likelihood_row(
    "beta", "known",
    log_density = function(y, a, w, phi, p, mixed) {
      first <- a[, 1] * a[, 2]
      sum(w * stats::dbeta(y[, 1], first, a[, 2] - first, log = TRUE))
    },
    draw = function(a, w, phi, p, mixed) {
      matrix(stats::rbeta(nrow(a), a[, 1] * a[, 2], (1 - a[, 1]) * a[, 2]))
    },
    variance = NULL, family = function(output) NULL
  ),
  cumulative = likelihood_row(
    "cumulative logit", "known",
    log_density = function(y, a, w, phi, p, mixed) {
      sum(w * log(rowSums(class_probabilities(y) * class_probabilities(a))))
    },
    draw = function(a, w, phi, p, mixed) (stats::runif(nrow(a)) < a) + 0,
    variance = NULL, family = function(output) NULL
  )
)

# Why the other losses have no likelihood here, for messages.
no_likelihood <- c(
  tweedie = "The density of a Tweedie distribution has no closed form.",
  absolute = "It assumes no distribution.", quantile = "It assumes no distribution.",
  huber = "It is made to be robust, not from a distribution.",
  log_cosh = "It is made to be robust, not from a distribution.",
  custom = "It is an R function, and may or may not be a likelihood."
)

why_no_likelihood <- function(loss) {
  if (loss %in% names(no_likelihood)) no_likelihood[[loss]] else "It has no likelihood here."
}
