# The distributions of which a loss is the negative log-likelihood, one row each, named by the loss.

# Makes a row:
#   distribution  its name in words
#   dispersion    "known" (1) or "estimated": the loss is the negative log-likelihood times it
#   log_density   a function(y, a, w, phi, mixed) of targets and outputs (n x k), the rows' weights
#                 and the maximum likelihood estimate of the dispersion: the log-likelihood
#   draw          a function(a, w, phi, mixed): new targets (n x k) for the outputs
#   variance      a function(a, mixed): the variance of a target by its mean, for dispersion 1; for
#                 classes the one by which the information is a sum over the outputs
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
    log_density = function(y, a, w, phi, mixed) {
      used <- w > 0
      sum((stats::dnorm(y, a, sqrt(phi / w), log = TRUE))[used, ])
    },
    draw = function(a, w, phi, mixed) a + stats::rnorm(length(a), 0, sqrt(phi / w)),
    variance = function(a, mixed) a - a + 1,
    family = function(output) if (output == "identity") stats::gaussian()
  ),
  cross_entropy = likelihood_row(
    "binomial or multinomial", "known",
    log_density = function(y, a, w, phi, mixed) {
      if (mixed) {
        return(sum(ifelse(y == 0, 0, w * y * log(a))))
      }
      sum(ifelse(y == 0, 0, w * y * log(a)) + ifelse(y == 1, 0, w * (1 - y) * log1p(-a)) +
        log_orders(y, w))
    },
    draw = function(a, w, phi, mixed) {
      if (!mixed) {
        return((stats::runif(length(a)) < a) + 0)
      }
      class <- 1 + rowSums(stats::runif(nrow(a)) > t(apply(a, 1, cumsum)))
      outer(pmin(class, ncol(a)), seq_len(ncol(a)), "==") + 0
    },
    variance = function(a, mixed) if (mixed) a else a * (1 - a),
    family = function(output) if (output == "sigmoid") stats::binomial()
  ),
  poisson = likelihood_row(
    "Poisson", "known",
    log_density = function(y, a, w, phi, mixed) {
      sum(w * (ifelse(y == 0, 0, y * log(a)) - a - lgamma(y + 1)))
    },
    draw = function(a, w, phi, mixed) a - a + stats::rpois(length(a), a),
    variance = function(a, mixed) a,
    family = function(output) if (output == "exp") stats::poisson()
  )
)
