# Deviances of a fit and of the null model.

#' @rdname logLik.nn_fit
#' @importFrom stats deviance
#' @export
deviance.nn_fit <- function(object, X = NULL, y = NULL, weights = NULL, offset = NULL,
                            null = FALSE, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(deviance.nn_fit)))
  check_flag(null, "null", call)
  fit <- whole_fit(object, call)
  settings <- fit$settings
  if (settings$loss$name == "custom" || !is.null(settings$class_weights)) {
    abort_argument(c(
      "A deviance requires a loss whose value for a perfect fit is known.",
      x = if (is.null(settings$class_weights)) {
        "The loss of this fit is an R function."
      } else {
        "With {.arg class_weights} the loss is no likelihood."
      },
      i = "Compare {.code fit$objective} instead."
    ), call)
  }
  if (null && is.null(X) && isTRUE(fit$has_offset)) {
    abort_argument(c(
      "The training data must be supplied again, as {.arg X} (and {.arg y}).",
      x = "The fit was trained with an offset, which it does not store."
    ), call)
  }
  record <- training_record(object, X, y, weights, offset, call)
  record_deviance(record, if (null) null_output(record, call) else record$a)
}

# The deviances of the null model and of a fit with a likelihood, as summary.nn_fit() describes
# them; NULL for other fits.
both_deviances <- function(record, call) {
  settings <- record$fit$settings
  if (is.null(likelihood_table[[settings$loss$name]]) || !is.null(settings$class_weights)) {
    return(NULL)
  }
  single <- ncol(record$y) == 1
  # stored outputs do not tell the offset
  known <- !is.null(record$problem) || !isTRUE(record$fit$has_offset)
  null <- if (known) record_deviance(record, null_output(record, call)) else NA_real_
  data.frame(
    deviance = c(null, record_deviance(record)),
    df = if (single) c(nrow(record$y) - 1, residual_df(record)) else NA_real_,
    row.names = c("null", "residual")
  )
}

# Twice the weighted loss above that of a perfect fit for the outputs `a`. For squared error it
# depends on the scale: `scaled` is on that of the network. The scales of robust losses, which are
# not homogeneous, are always that of the network, times its square.
record_deviance <- function(record, a = record$a, scaled = FALSE) {
  loss <- record$fit$settings$loss
  row <- loss_table[[loss$name]]
  mixed <- mixes_outputs(record$fit)
  if (!is.null(row$points)) {
    density <- likelihood_table[[loss$name]]$log_density
    return(-2 * density(record$y, a, record$w, 1, loss$parameter, mixed))
  }
  by <- if (scaled || row$robust) rep(record$scale, each = nrow(record$y)) else 1
  y <- record$y / by
  value <- function(a) row$value(a, y, loss$parameter, mixed)
  above <- value(a / by) - value(y)
  2 * sum(record$w * above * if (row$robust) by^2 else 1)
}

# The outputs (n x k) of the null model, on the scale of the outcome: of a network whose only input
# is 0. Without an offset, a mean or a quantile is known without training.
null_output <- function(record, call) {
  fit <- record$fit
  settings <- fit$settings
  loss <- settings$loss
  row <- loss_table[[loss$name]]
  y <- network_scale(record$y, fit$encoding$outcome)
  offset <- record$problem$offset
  if (!is.null(offset) && 0 %in% row$kinks(loss$parameter)) {
    abort_argument(c(
      "The deviance of the null model can't be computed for this fit.",
      x = "Its loss is {.val {loss$name}}, and it has an offset."
    ), call)
  }
  if (is.null(offset) && is.null(row$points) && !row$robust) {
    return(decode_output(best_constant(y, loss, record$w / sum(record$w)), fit$encoding))
  }
  if (outputs_per_outcome(loss) > 1) y <- y[, 1]
  null <- keep_seed(nn_train(
    matrix(0, nrow(record$y)), y,
    hidden = 0, loss = structure(loss[c("name", "parameter")], class = "nn_loss_setting"),
    output_activation = settings$output_activation, weights = record$w, offset = offset,
    epochs = 5000, optimizer = nn_lbfgs(gradient_tolerance = 1e-12)
  ))
  decode_output(unclass(null)$output, fit$encoding)
}
