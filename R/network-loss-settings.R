# Losses as users choose them: the help page, the functions with settings, and the checks.

# The output activations that only certain losses can be combined with, in addition to all others.
only_with <- function(loss) {
  own <- vapply(activation_table, function(row) loss %in% row$losses, NA)
  setdiff(names(activation_table)[own], loss_table[[loss]]$outputs)
}

# The default output activation: the second one if an outcome has several outputs.
default_output <- function(loss) {
  row <- loss_table[[loss$name]]
  several <- row$spread(loss$parameter) > 1 && length(row$default_output) > 1
  row$default_output[if (several) 2 else 1]
}

# Can outputs of the loss be probabilities of classes?
has_class_outputs <- function(loss) {
  any(c("sigmoid", "softmax", "ordered") %in% allowed_outputs[[loss$name]])
}

# The number of outputs for an outcome, and their names.
outputs_per_outcome <- function(loss) loss_table[[loss$name]]$spread(loss$parameter)
names_of_outputs <- function(loss) loss_table[[loss$name]]$output_names(loss$parameter)

# Which outputs estimate the outcome itself, for residuals and errors.
point_outputs <- function(loss, outputs) {
  points <- loss_table[[loss$name]]$points
  if (is.null(points)) seq_len(outputs) else points(loss$parameter)
}

# Those that are compared with the outcome as predictions: of several quantiles the one nearest to
# the median.
central_outputs <- function(loss, outputs) {
  if (loss$name == "quantile" && length(loss$parameter) > 1) {
    return(which.min(abs(loss$parameter - 0.5)))
  }
  point_outputs(loss, outputs)
}

# The table of the help page, in Markdown.
loss_help <- function() {
  rows <- vapply(named_losses, function(name) {
    row <- loss_table[[name]]
    outputs <- if (is.null(row$outputs)) "any" else paste(row$outputs, collapse = ", ")
    outputs <- paste(c(outputs, only_with(name)), collapse = ", ")
    paste0("| `\"", name, "\"` | ", row$formula, " | ", row$targets, " | ", outputs, " |")
  }, "")
  paste(c("| loss | value | targets | outputs |", "|---|---|---|---|", rows), collapse = "\n")
}

#' Losses
#'
#' Losses for the argument `loss` of [nn_train()], for one row with output `a` and target `y`. A
#' string such as `"huber"` is the loss with its default setting; use `nn_huber()`, `nn_quantile()`,
#' `nn_tweedie()` and `nn_negative_binomial()` for other settings.
#'
#' `r loss_help()`
#'
#' The losses of several outputs are summed. Losses that are minus a log likelihood (for a gamma or
#' Tweedie distribution up to the factor of the dispersion) omit terms that do not depend on the
#' outputs. Without a hidden layer the fit is the maximum likelihood estimate of the corresponding
#' generalised linear model. For the output exp, and for losses with an output activation of their
#' own, the loss and its derivative are computed from the input of the output layer, so that they
#' are accurate for extreme values.
#'
#' @section Several outputs for one outcome:
#' These losses have several outputs for a single numeric outcome, and `predict()` returns a matrix
#' with a column for each:
#'
#' * `"gaussian"`, a normal distribution whose standard deviation also depends on the inputs: the
#'   columns `mean` and `sd`.
#' * `"beta"`, for proportions: the columns `mean` and `precision`. The variance is
#'   `mean (1 - mean) / (1 + precision)`.
#' * `nn_quantile()` with several probabilities: a column for each quantile, such as `q0.1`. With
#'   the output activation `"increasing"`, the default, a quantile is the previous one plus the
#'   softplus of a weighted sum, so that quantiles can't cross.
#'
#' `residuals()` of the first two are those of the mean, and of the third those of each quantile. A
#' flexible network can fit some rows with a standard deviation close to 0 (or an unbounded
#' precision), for which the likelihood has no maximum. Use `penalty`, or stop early.
#'
#' @section Ordered classes:
#' `"cumulative"` is the cumulative logit or proportional odds model (McCullagh 1980) for an ordered
#' factor. It has an output for each class but the last, the probability of a higher class:
#' `logit P(y > k) = eta - threshold_k`. Only `eta` depends on the inputs: the weights of the other
#' outputs are frozen at 0 (see the argument `freeze` of [nn_train()]), and their biases are the
#' thresholds, which can't be in the wrong order. `predict(type = "prob")` returns the probability
#' of each class.
#'
#' It is not the default for ordered factors, which is cross-entropy with softmax: on twelve tables
#' its log loss on held-out rows was lower by more than two standard errors on six, among them all
#' five whose classes are intervals of a number, higher by as much on one, and about the same on
#' five (see `vignette("inference", "backprop")`). Use it if the classes are intervals of a number.
#'
#' @param width Residual at which the Huber loss changes from quadratic to linear, a positive
#'   number; 1 by default. Its unit is that of the targets that the network learns: for a data frame
#'   or a formula, whose numeric outcome is standardised, a standard deviation of the outcome; with
#'   `standardize = FALSE`, or for a matrix `X`, the unit of `y`.
#' @param probability Probability of the quantile to estimate, in (0, 1), or several in increasing
#'   order; 0.5, the median, by default.
#' @param power Power of the mean to which the variance is proportional, in (1, 2); 1.5 by default.
#'   Between the Poisson (1) and the gamma distribution (2), the distribution is that of a sum of a
#'   Poisson number of gamma variables, so that 0 has a positive probability.
#' @param size Size of the negative binomial distribution, a positive number: the variance is
#'   `mean + mean^2 / size`. 1 by default; large sizes approach the Poisson distribution. `NULL`
#'   estimates it by maximum likelihood, starting from 1: with L-BFGS, training and the estimation
#'   of the size given the fitted means alternate until the size changes by less than 1e-6 times its
#'   value, at most 50 times; with other optimisers the size is estimated after each tenth of the
#'   epochs. The estimate is `fit$settings$loss$parameter`, which `print()` shows; [nn_continue()]
#'   keeps it, and [logLik()][logLik.nn_fit] counts it as a parameter.
#' @return A list of class `nn_loss_setting`.
#' @section Errors: `backprop_error_argument` for a setting outside its range.
#' @references Huber (1964), \doi{10.1214/aoms/1177703732}. Koenker and Bassett (1978),
#'   \doi{10.2307/1913643}. Saleh and Saleh (2022), log-cosh, \doi{10.48550/arXiv.2208.04564}.
#'   McCullagh and Nelder (1989), gamma, \doi{10.1007/978-1-4899-3242-6}. Jorgensen (1987),
#'   Tweedie, \doi{10.1111/j.2517-6161.1987.tb01685.x}. Lawless (1987), negative binomial,
#'   \doi{10.2307/3314912}. Nix and Weigend (1994), Gaussian with its standard deviation,
#'   \doi{10.1109/ICNN.1994.374138}. Ferrari and Cribari-Neto (2004), beta,
#'   \doi{10.1080/0266476042000214501}. McCullagh (1980), cumulative logit,
#'   \doi{10.1111/j.2517-6161.1980.tb01109.x}.
#' @examples
#' set.seed(1)
#' X <- as.matrix(cars["speed"]) / 10
#' upper <- nn_train(X, cars$dist / 10,
#'   hidden = 0, loss = nn_quantile(0.9),
#'   optimizer = "adam", learning_rate = 0.05, epochs = 2000
#' )
#' mean(cars$dist / 10 <= fitted(upper))
#'
#' # Three quantiles that can't cross
#' fit <- nn_train(dist ~ speed, cars, hidden = 3, loss = nn_quantile(c(0.1, 0.5, 0.9)))
#' predict(fit, data.frame(speed = c(5, 15, 25)))
#'
#' # Mean and standard deviation
#' fit <- nn_train(dist ~ speed, cars, hidden = 0, loss = "gaussian")
#' predict(fit, data.frame(speed = c(5, 15, 25)))
#' @name nn_losses
NULL

new_loss <- function(name, parameter = loss_table[[name]]$setting$default, call = NULL) {
  row <- loss_table[[name]]
  estimated <- is.null(parameter) && row$estimable
  if (estimated) parameter <- row$setting$default
  parameter <- if (is.null(row$setting)) 0 else row$setting$check(parameter, call)
  setting <- list(name = name, parameter = parameter)
  if (estimated) setting$estimated <- TRUE
  class(setting) <- "nn_loss_setting"
  setting
}

#' @rdname nn_losses
#' @export
nn_huber <- function(width = 1) new_loss("huber", width, current_env())

#' @rdname nn_losses
#' @export
nn_quantile <- function(probability = 0.5) new_loss("quantile", probability, current_env())

#' @rdname nn_losses
#' @export
nn_tweedie <- function(power = 1.5) new_loss("tweedie", power, current_env())

#' @rdname nn_losses
#' @export
nn_negative_binomial <- function(size = 1) new_loss("negative_binomial", size, current_env())

#' @export
print.nn_loss_setting <- function(x, ...) {
  check_object(x, make_loss, "x", "loss", current_env())
  if (x$name == "custom") {
    cat("Loss custom: ", function_text(x$parameter$value), "\n", sep = "")
    return(invisible(x))
  }
  cat("Loss ", describe_loss(x), "\n", sep = "")
  invisible(x)
}

# A loss with its setting, as in "huber (width 1)".
describe_loss <- function(loss) {
  setting <- loss_table[[loss$name]]$setting$name
  if (is.null(setting) || loss$name == "custom") {
    return(loss$name)
  }
  value <- if (isTRUE(loss$estimated)) {
    "to be estimated"
  } else {
    paste(format(loss$parameter, trim = TRUE), collapse = ", ")
  }
  paste0(
    loss$name, " (", setting, " ", value, if (identical(loss$estimated, "done")) ", estimated", ")"
  )
}

# The loss with this setting, which may have been estimated.
make_loss <- function(x) {
  made <- new_loss(check_choice(x$name, names(loss_table), "loss", current_env()), x$parameter)
  known <- isTRUE(x$estimated) || identical(x$estimated, "done")
  if (known && loss_table[[x$name]]$estimable) made$estimated <- x$estimated
  made
}

check_loss <- function(loss, call) {
  if (inherits(loss, "nn_loss_setting")) {
    return(check_object(loss, make_loss, "loss", "loss", call))
  }
  if (identical(loss, "custom")) {
    abort_argument(c(
      "A custom loss must be made by {.fn nn_custom_loss} from two functions.",
      x = "You supplied only its name."
    ), call)
  }
  new_loss(check_choice(loss, named_losses, "loss", call))
}

# A compatible pair of loss and output activation. The default of one follows from the other and
# from the kind of target.
check_loss_and_output <- function(loss, output_activation, kind, call) {
  if (is.null(loss)) loss <- if (kind == "numeric") "squared_error" else "cross_entropy"
  loss <- check_loss(loss, call)
  allowed <- allowed_outputs[[loss$name]]
  if (is.null(output_activation)) {
    output_activation <- if (kind == "classes" && "softmax" %in% allowed) {
      "softmax"
    } else if (kind == "binary" && "sigmoid" %in% allowed) {
      "sigmoid"
    } else {
      default_output(loss)
    }
  }
  check_output_activation(output_activation, call)
  if (!output_activation %in% allowed) {
    abort_argument(c(
      paste0(
        "{.arg loss} = {.val {loss$name}} can't be combined with {.arg output_activation} = ",
        "{.val {output_activation}}."
      ),
      i = "It supports {.arg output_activation} = {.or {.val {allowed}}}."
    ), call)
  }
  if (kind != "numeric") check_class_output(loss, output_activation, kind, call)
  list(loss = loss, output_activation = output_activation)
}

# Outputs for classes are probabilities. Losses that no such output goes with are refused by
# check_class_loss(). `kind`: that of the targets.
check_class_output <- function(loss, output_activation, kind, call) {
  if (!has_class_outputs(loss) || is_within_0_and_1(output_activation)) {
    return(invisible())
  }
  fitting <- c(if (kind == "classes") "softmax", "sigmoid")
  reach <- activation_table[[output_activation]]$reach
  abort_argument(c(
    paste0(
      "Outputs for classes are probabilities, so {.arg output_activation} must have values ",
      "between 0 and 1."
    ),
    x = paste0(
      "You supplied {.val {output_activation}}, which has ",
      if (all(is.finite(reach))) {
        "values from {reach[1]} to {reach[2]}."
      } else if (any(is.finite(reach))) {
        "all values above {reach[1]}."
      } else {
        "values below 0 and above 1."
      }
    ),
    i = "Use {.or {.val {fitting}}}, or omit {.arg output_activation}.",
    i = paste0(
      "To fit numbers instead of probabilities, convert the outcome, as in ",
      "{.code as.numeric(y == \"yes\")}."
    )
  ), call)
}

# Are all values of an activation within 0 and 1?
is_within_0_and_1 <- function(activation) {
  reach <- activation_table[[activation]]$reach
  reach[1] >= 0 && reach[2] <= 1
}

# `ignored`: the numbers of rows that are not checked.
check_domain <- function(y, loss, output_activation, call, ignored = integer()) {
  if (is_indicators(y)) {
    if (loss$name %in% c("cross_entropy", "cumulative")) {
      return(invisible())
    }
    y <- as.matrix(y)
  }
  if (length(ignored) > 0) y[ignored, ] <- NA
  row <- loss_table[[loss$name]]
  domain <- loss_domains[[row$domain]]
  bad <- which(domain$invalid(y))
  if (length(bad) > 0) {
    at <- bad[1]
    abort_input(c(
      "{.arg y} must be {domain$text} for the loss {.val {loss$name}}.",
      x = "The first invalid value is {y[at]}, in row {(at - 1) %% nrow(y) + 1}."
    ), call, row = (at - 1) %% nrow(y) + 1)
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
