# The table of losses, one row each. Everything else in R is derived from it. The core has a row of
# the same name in src/simd/loss_table.h.

# Makes a row:
#   formula, targets  text for the help page
#   value           a function of outputs a, targets y, the loss's parameter p, and whether the
#                   output activation mixes units; for elements of matrices, or for rows
#   domain          the valid targets: a name of `loss_domains`
#   outputs         the valid output activations; NULL for all that are not for certain losses
#   default_output  the default output activation
#   from_input      the output activations for which the core computes the loss from the input of
#                   the output layer
#   setting         list(name, default, check) of its parameter; NULL for none
#   estimable       whether the parameter can be estimated, see train-estimate.R
#   best            a function of targets y (one column), p and the rows' weights, which sum to 1:
#                   the constant output of lowest loss, or, with `spread`, all outputs
#   spread          a function of p: the number of outputs for one outcome, each of which gets the
#                   same target; 1 if it may have several outcomes with an output each
#   output_names    a function of p: the names of these outputs
#   points          a function of p: which outputs estimate the outcome itself; NULL for all
#   kinks           a function of p: the residuals at which the loss or its derivative has a kink
#   robust          whether it is squared for small residuals and absolute for large ones, so that
#                   it depends on their unit
#   least_is_0      whether the loss of a perfect fit is always 0
#   squares         whether it is half the squared error, so that the history has its root
#   of_classes      whether each row has one class
#   counts          whether targets are counts
#   log_mean        whether the output bias starts from the log of the mean outcome
#   mean            a faster function of matrices a and y, the rows' weights `share`, and whether
#                   the output activation mixes units, for sum(share * value); NULL for none
#   sum_code, blame_code, delta_code
#                   functions of the parameter as text that return R code for nn_trace(), in terms
#                   of E = y - output, y and output: the loss summed over the rows, and minus its
#                   derivative with respect to the output and, for from_input, to its input
loss_row <- function(formula, value, targets = "any", domain = "any", outputs = NULL,
                     default_output = "identity", from_input = character(), setting = NULL,
                     best = best_mean, spread = function(p) 1, output_names = function(p) NULL,
                     points = NULL, kinks = function(p) numeric(), robust = FALSE,
                     least_is_0 = TRUE, squares = FALSE, of_classes = FALSE, counts = FALSE,
                     log_mean = counts, estimable = FALSE, mean = NULL, sum_code = NULL,
                     blame_code = NULL, delta_code = function(p) "E") {
  list(
    formula = formula, value = value, targets = targets, domain = domain, outputs = outputs,
    default_output = default_output, from_input = from_input, setting = setting, best = best,
    spread = spread, output_names = output_names, points = points, kinks = kinks, robust = robust,
    least_is_0 = least_is_0, squares = squares, of_classes = of_classes, counts = counts,
    log_mean = log_mean, estimable = estimable, mean = mean, sum_code = sum_code,
    blame_code = blame_code, delta_code = delta_code
  )
}

check_probabilities <- function(x, call) {
  if (length(x) == 1) {
    return(check_share_of_one(x, "probability", call))
  }
  if (is_number(x) && length(x) > 1 && all(is.finite(x)) && all(x > 0 & x < 1) &&
    all(diff(x) > 0)) {
    return(as.double(x))
  }
  abort_argument(c(
    "{.arg probability} must be numbers between 0 and 1 in increasing order.",
    x = "You supplied {describe(x)}."
  ), call)
}

check_power <- function(x, call) {
  if (is_number(x) && length(x) == 1 && is_true(x > 1 && x < 2)) {
    return(as.double(x))
  }
  abort_argument(c(
    "{.arg power} must be a single number between 1 and 2.",
    x = "You supplied {describe(x)}.",
    i = "Use the loss {.val poisson} for the power 1 and {.val gamma} for the power 2."
  ), call)
}

loss_table <- list(
  squared_error = loss_row(
    "`(a - y)^2 / 2`", function(a, y, p, mixed) (a - y)^2 / 2,
    default_output = "sigmoid", squares = TRUE,
    sum_code = function(p, mixed) "sum(E^2) / 2", blame_code = function(p) "E"
  ),
  cross_entropy = loss_row(
    "`-y log(a) - (1 - y) log(1 - a)` for sigmoid, `-sum(y log(a))` for softmax",
    function(a, y, p, mixed) {
      -y * log(inside(a)) - if (mixed) 0 else (1 - y) * log(inside(1 - a))
    },
    targets = "0 to 1; for softmax each row's sum is 1", domain = "share",
    outputs = c("sigmoid", "softmax"), default_output = "sigmoid",
    from_input = c("sigmoid", "softmax"), least_is_0 = FALSE, of_classes = TRUE,
    mean = function(a, y, share, mixed) core_cross_entropy(y, a, share, mixed),
    sum_code = function(p, mixed) {
      if (mixed) {
        "-sum(y * log(output))"
      } else {
        "-sum(y * log(output) + (1 - y) * log(1 - output))"
      }
    }
  ),
  absolute = loss_row(
    "`abs(a - y)`", function(a, y, p, mixed) abs(a - y),
    best = function(y, p, share) weighted_quantile(y, 0.5, share), kinks = function(p) 0,
    sum_code = function(p, mixed) "sum(abs(E))", blame_code = function(p) "sign(E)"
  ),
  huber = loss_row(
    "`(a - y)^2 / 2` within `width`, else `width (abs(a - y) - width / 2)`", huber_value,
    setting = list(name = "width", default = 1, check = function(x, call) {
      check_number(x, "width", call, least = 0, above = TRUE)
    }),
    best = minimiser(huber_value), kinks = function(p) c(-p, p), robust = TRUE,
    sum_code = function(p, mixed) {
      paste0("sum(ifelse(abs(E) <= ", p, ", E^2 / 2, ", p, " * (abs(E) - ", p, " / 2)))")
    },
    blame_code = function(p) paste0("pmax(pmin(E, ", p, "), -", p, ")")
  ),
  poisson = loss_row(
    "`a - y log(a)`", function(a, y, p, mixed) a - y * log(pmax(a, 1e-300)),
    targets = "0 and above", domain = "least_0",
    outputs = c("exp", "softplus", "sigmoid", "softmax"), default_output = "exp",
    from_input = "exp", least_is_0 = FALSE, counts = TRUE,
    sum_code = function(p, mixed) "sum(output - y * log(output))",
    blame_code = function(p) "E / output"
  ),
  quantile = loss_row(
    "`probability (y - a)` where `a < y`, else `(1 - probability) (a - y)`",
    quantile_value,
    default_output = c("identity", "increasing"),
    setting = list(name = "probability", default = 0.5, check = function(x, call) {
      check_probabilities(x, call)
    }),
    best = function(y, p, share) vapply(p, function(p) weighted_quantile(y, p, share), 0),
    spread = length,
    output_names = function(p) if (length(p) > 1) paste0("q", format(p, digits = 15, trim = TRUE)),
    kinks = function(p) 0,
    sum_code = function(p, mixed) paste0("sum(ifelse(E > 0, ", p, " * E, (", p, " - 1) * E))"),
    blame_code = function(p) paste0("ifelse(E > 0, ", p, ", ", p, " - 1) * (E != 0)")
  ),
  log_cosh = loss_row(
    "`log(cosh(a - y))`", log_cosh_value,
    best = minimiser(log_cosh_value), robust = TRUE,
    sum_code = function(p, mixed) "sum(abs(E) + log1p(exp(-2 * abs(E))) - log(2))",
    blame_code = function(p) "tanh(E)"
  ),
  gamma = loss_row(
    "`y / a + log(a)`", function(a, y, p, mixed) y / a + log(a),
    targets = "above 0", domain = "above_0", outputs = c("exp", "softplus"),
    default_output = "exp", from_input = "exp", least_is_0 = FALSE, log_mean = TRUE,
    sum_code = function(p, mixed) "sum(y / output + log(output))",
    blame_code = function(p) "E / output^2", delta_code = function(p) "E / output"
  ),
  tweedie = loss_row(
    "`a^(2 - power) / (2 - power) + y a^(1 - power) / (power - 1)`", tweedie_value,
    targets = "0 and above", domain = "least_0", outputs = c("exp", "softplus"),
    default_output = "exp", from_input = "exp",
    setting = list(name = "power", default = 1.5, check = function(x, call) {
      check_power(x, call)
    }),
    least_is_0 = FALSE, log_mean = TRUE,
    sum_code = function(p, mixed) {
      paste0(
        "sum(output^(2 - ", p, ") / (2 - ", p, ") + y * output^(1 - ", p, ") / (", p, " - 1))"
      )
    },
    blame_code = function(p) paste0("E * output^-", p),
    delta_code = function(p) paste0("E * output^(1 - ", p, ")")
  ),
  negative_binomial = loss_row(
    "`(y + size) log(1 + a / size) - y log(a)`",
    function(a, y, p, mixed) (y + p) * log1p(a / p) - y_log(y, a),
    targets = "0 and above", domain = "least_0", outputs = c("exp", "softplus"),
    default_output = "exp", from_input = "exp",
    setting = list(name = "size", default = 1, check = function(x, call) {
      check_number(x, "size", call, least = 0, above = TRUE)
    }),
    least_is_0 = FALSE, counts = TRUE, estimable = TRUE,
    sum_code = function(p, mixed) {
      paste0("sum((y + ", p, ") * log1p(output / ", p, ") - y * log(output))")
    },
    blame_code = function(p) paste0("E / output * ", p, " / (output + ", p, ")"),
    delta_code = function(p) paste0("E * ", p, " / (output + ", p, ")")
  ),
  gaussian = loss_row(
    "`log(s) + (m - y)^2 / (2 s^2)` for the outputs mean `m` and standard deviation `s`",
    gaussian_value,
    outputs = "mean_sd", default_output = "mean_sd", from_input = "mean_sd",
    best = function(y, p, share) {
      mean <- sum(share * y)
      c(mean, max(sqrt(sum(share * (y - mean)^2)), 1e-8))
    },
    spread = function(p) 2, output_names = function(p) c("mean", "sd"), points = function(p) 1,
    least_is_0 = FALSE
  ),
  beta = loss_row(
    "minus the log density with mean `m` and precision `f`, the outputs: shapes `m f`, `(1 - m) f`",
    beta_value,
    targets = "between 0 and 1, not 0 or 1", domain = "inside", outputs = "mean_precision",
    default_output = "mean_precision", from_input = "mean_precision", best = best_beta,
    spread = function(p) 2, output_names = function(p) c("mean", "precision"),
    points = function(p) 1, least_is_0 = FALSE
  ),
  cumulative = loss_row(
    "`-log(P(class))` for the outputs `P(above class 1)`, `P(above class 2)`, ...",
    function(a, y, p, mixed) {
      -rowSums(y_log(class_probabilities(y), pmax(class_probabilities(a), 1e-300)))
    },
    targets = "an ordered factor, or for each class but the last whether the class is above it",
    domain = "steps", outputs = "ordered", default_output = "ordered", from_input = "ordered"
  ),
  # functions of the user, its parameter, see network-custom.R
  custom = loss_row(
    "a function of outputs and targets, see [nn_custom_loss()]",
    function(a, y, p, mixed) p$value(a, y),
    setting = list(name = "functions", default = NULL, check = function(x, call) {
      check_functions(x$value, x$derivative, call)
    }),
    best = function(y, p, share) NA_real_, least_is_0 = FALSE
  )
)

# Those that are chosen by name.
named_losses <- setdiff(names(loss_table), "custom")

# The output activations with which each loss can be combined.
allowed_outputs <- Map(function(name, loss) {
  supports <- function(row) is.null(row$losses) || name %in% row$losses
  loss$outputs %||% names(Filter(supports, activation_table))
}, names(loss_table), loss_table)

# The domains of targets: for messages, a function of the targets that finds invalid ones, and the
# range of predictions where the range of the output activation is not that of the outcome.
loss_domains <- list(
  any = list(text = "any number", invalid = function(y) FALSE),
  share = list(text = "between 0 and 1", invalid = function(y) y < 0 | y > 1),
  least_0 = list(text = "at least 0", invalid = function(y) y < 0),
  above_0 = list(text = "greater than 0", invalid = function(y) y <= 0),
  inside = list(
    text = "between 0 and 1, but not 0 or 1", invalid = function(y) y <= 0 | y >= 1, range = c(0, 1)
  ),
  steps = list(
    text = "an ordered factor, or decreasing numbers between 0 and 1",
    invalid = function(y) y < 0 | y > 1 | cbind(FALSE, y[, -1, drop = FALSE] > y[, -ncol(y)])
  )
)
