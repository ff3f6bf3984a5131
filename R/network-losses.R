# The table of losses, one row each. Everything else in R is derived from it. The core has a row of
# the same name in src/simd/loss_table.h.

# Makes a row:
#   formula, targets  text for the help page
#   value           a function of outputs a, targets y, the loss's parameter p, and whether the
#                   output activation mixes units; for elements of matrices
#   domain          the valid targets: "any", "share" (0 to 1) or "count" (0 and above)
#   outputs         the valid output activations; NULL for all
#   default_output  the default output activation
#   from_input      the output activations for which the core computes the loss from the input of
#                   the output layer
#   setting         list(name, default, check) of its parameter; NULL for none
#   best            a function of targets y (one column), p and the rows' weights, which sum to 1:
#                   the constant output of lowest loss
#   kinks           a function of p: the residuals at which the loss or its derivative has a kink
#   least_is_0      whether the loss of a perfect fit is 0
#   squares         whether it is half the squared error, so that the history has its root
#   of_classes      whether each row has one class
#   counts          whether targets are counts
#   sum_code, blame_code  functions of the parameter as text that return R code for nn_trace(), in
#                   terms of E = y - output, y and output: the loss summed over the rows, and minus
#                   its derivative with respect to the output
loss_row <- function(formula, value, targets = "any", domain = "any", outputs = NULL,
                     default_output = "identity", from_input = character(), setting = NULL,
                     best = function(y, p, share) sum(share * y), kinks = function(p) numeric(),
                     least_is_0 = TRUE, squares = FALSE, of_classes = FALSE, counts = FALSE,
                     sum_code, blame_code = NULL) {
  list(
    formula = formula, value = value, targets = targets, domain = domain, outputs = outputs,
    default_output = default_output, from_input = from_input, setting = setting, best = best,
    kinks = kinks, least_is_0 = least_is_0, squares = squares, of_classes = of_classes,
    counts = counts, sum_code = sum_code, blame_code = blame_code
  )
}

# Probabilities, kept away from 0 and 1.
inside <- function(p) pmin(pmax(p, 1e-15), 1 - 1e-15)

# The constant of lowest loss by numerical search, for convex losses without a formula for it.
minimiser <- function(value) {
  function(y, p, share) {
    if (diff(range(y)) == 0) {
      return(y[1])
    }
    stats::optimize(function(a) sum(share * value(a, y, p, FALSE)), range(y))$minimum
  }
}

# The smallest value that at least the fraction p of the weights do not exceed.
weighted_quantile <- function(y, p, share) {
  order <- order(y)
  y[order][which(cumsum(share[order]) >= p - 1e-9)[1]]
}

huber_value <- function(a, y, p, mixed) {
  ifelse(abs(a - y) <= p, (a - y)^2 / 2, p * (abs(a - y) - p / 2))
}

log_cosh_value <- function(a, y, p, mixed) {
  size <- abs(a - y)
  size + log1p(exp(-2 * size)) - log(2)
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
    from_input = c("sigmoid", "softmax"), of_classes = TRUE,
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
    best = minimiser(huber_value), kinks = function(p) c(-p, p),
    sum_code = function(p, mixed) {
      paste0("sum(ifelse(abs(E) <= ", p, ", E^2 / 2, ", p, " * (abs(E) - ", p, " / 2)))")
    },
    blame_code = function(p) paste0("pmax(pmin(E, ", p, "), -", p, ")")
  ),
  poisson = loss_row(
    "`a - y log(a)`", function(a, y, p, mixed) a - y * log(pmax(a, 1e-300)),
    targets = "0 and above", domain = "count",
    outputs = c("exp", "softplus", "sigmoid", "softmax"), default_output = "exp",
    from_input = "exp", least_is_0 = FALSE, counts = TRUE,
    sum_code = function(p, mixed) "sum(output - y * log(output))",
    blame_code = function(p) "E / output"
  ),
  quantile = loss_row(
    "`probability (y - a)` where `a < y`, else `(1 - probability) (a - y)`",
    function(a, y, p, mixed) ifelse(a < y, p * (y - a), (1 - p) * (a - y)),
    setting = list(name = "probability", default = 0.5, check = function(x, call) {
      check_share_of_one(x, "probability", call)
    }),
    best = weighted_quantile, kinks = function(p) 0,
    sum_code = function(p, mixed) paste0("sum(ifelse(E > 0, ", p, " * E, (", p, " - 1) * E))"),
    blame_code = function(p) paste0("ifelse(E > 0, ", p, ", ", p, " - 1) * (E != 0)")
  ),
  log_cosh = loss_row(
    "`log(cosh(a - y))`", log_cosh_value,
    best = minimiser(log_cosh_value),
    sum_code = function(p, mixed) "sum(abs(E) + log1p(exp(-2 * abs(E))) - log(2))",
    blame_code = function(p) "tanh(E)"
  )
)

# The table of the help page, in Markdown.
loss_help <- function() {
  rows <- vapply(names(loss_table), function(name) {
    row <- loss_table[[name]]
    outputs <- if (is.null(row$outputs)) "any" else paste(row$outputs, collapse = ", ")
    paste0("| `\"", name, "\"` | ", row$formula, " | ", row$targets, " | ", outputs, " |")
  }, "")
  paste(c("| loss | value | targets | outputs |", "|---|---|---|---|", rows), collapse = "\n")
}

#' Losses
#'
#' Losses for the argument `loss` of [nn_train()], for one row with output `a` and target `y`. A
#' string such as `"huber"` is the loss with its default setting; use `nn_huber()` and
#' `nn_quantile()` for other settings.
#'
#' `r loss_help()`
#'
#' The losses of several outputs are summed. Cross-entropy, and Poisson with the output exp, are
#' computed from the input of the output layer, so that they are accurate for extreme values.
#'
#' @param width Residual at which the Huber loss changes from quadratic to linear, in units of the
#'   target, a positive number; 1 by default.
#' @param probability Probability of the quantile to estimate, in (0, 1); 0.5, the median, by
#'   default.
#' @return A list of class `nn_loss_setting`.
#' @section Errors: `backprop_error_argument` for a setting outside its range.
#' @references Huber (1964), \doi{10.1214/aoms/1177703732}. Koenker and Bassett (1978),
#'   \doi{10.2307/1913643}. Saleh and Saleh (2022), log-cosh, \doi{10.48550/arXiv.2208.04564}.
#' @examples
#' set.seed(1)
#' X <- as.matrix(cars["speed"]) / 10
#' upper <- nn_train(X, cars$dist / 10,
#'   hidden = 0, loss = nn_quantile(0.9),
#'   optimizer = "adam", learning_rate = 0.05, epochs = 2000
#' )
#' mean(cars$dist / 10 <= fitted(upper))
#' @name nn_losses
NULL

new_loss <- function(name, parameter = loss_table[[name]]$setting$default, call = NULL) {
  setting <- loss_table[[name]]$setting
  parameter <- if (is.null(setting)) 0 else setting$check(parameter, call)
  structure(list(name = name, parameter = parameter), class = "nn_loss_setting")
}

#' @rdname nn_losses
#' @export
nn_huber <- function(width = 1) new_loss("huber", width, current_env())

#' @rdname nn_losses
#' @export
nn_quantile <- function(probability = 0.5) new_loss("quantile", probability, current_env())

#' @export
print.nn_loss_setting <- function(x, ...) {
  setting <- loss_table[[x$name]]$setting$name
  cat(
    "Loss ", x$name, if (!is.null(setting)) paste0(" (", setting, " ", format(x$parameter), ")"),
    "\n",
    sep = ""
  )
  invisible(x)
}

check_loss <- function(loss, call) {
  if (inherits(loss, "nn_loss_setting")) {
    return(loss)
  }
  new_loss(check_choice(loss, names(loss_table), "loss", call))
}

# A compatible pair of loss and output activation. The default of one follows from the other and
# from the kind of target.
check_loss_and_output <- function(loss, output_activation, kind, call) {
  classes <- kind %in% c("binary", "classes")
  if (is.null(loss)) loss <- if (classes) "cross_entropy" else "squared_error"
  loss <- check_loss(loss, call)
  if (is.null(output_activation)) {
    output_activation <- if (kind == "classes") {
      "softmax"
    } else if (kind == "binary") {
      "sigmoid"
    } else {
      loss_table[[loss$name]]$default_output
    }
  }
  check_choice(output_activation, names(activation_table), "output_activation", call)
  allowed <- loss_table[[loss$name]]$outputs
  if (!is.null(allowed) && !output_activation %in% allowed) {
    abort_argument(c(
      paste0(
        "{.arg loss} = {.val {loss$name}} can't be combined with {.arg output_activation} = ",
        "{.val {output_activation}}."
      ),
      i = "It supports {.arg output_activation} = {.or {.val {allowed}}}."
    ), call)
  }
  list(loss = loss, output_activation = output_activation)
}

check_domain <- function(y, loss, output_activation, call, ignored = integer()) {
  if (length(ignored) > 0) y[ignored, ] <- NA
  row <- loss_table[[loss$name]]
  domain <- row$domain
  bad <- switch(domain,
    any = FALSE,
    share = y < 0 | y > 1,
    count = y < 0
  )
  if (any(bad, na.rm = TRUE)) {
    at <- which(bad)[1]
    abort_input(c(
      paste0(
        "{.arg y} must be {if (domain == 'share') 'between 0 and 1' else 'at least 0'} for the ",
        "loss {.val {loss$name}}."
      ),
      x = "The first invalid value is {y[at]}, in row {(at - 1) %% nrow(y) + 1}."
    ), call)
  }
  if (row$of_classes && activation_table[[output_activation]]$mixes_units) {
    off <- which(abs(rowSums(y) - 1) > 1e-8)
    if (length(off) > 0) {
      abort_input(c(
        "Each row of {.arg y} must sum to 1 for softmax with cross-entropy.",
        x = "Row {off[1]} sums to {sum(y[off[1], ])}."
      ), call)
    }
  }
}

# Whether each row has one correct class, so that accuracy can be computed.
counts_classes <- function(settings, outputs) {
  loss_table[[settings$loss$name]]$of_classes &&
    (outputs == 1 || activation_table[[settings$output_activation]]$mixes_units)
}
