# The data of a training, checked, and in the core's form.

# The data of a training: list(X, targets, weights, offset, validation), checked against the shape.
check_data <- function(X, targets, weights, class_weights, offset, validation, shape, fit, call) {
  outputs <- last(shape$units)
  data <- list(
    X = X, y = targets$y, targets = targets, offset = check_offset(offset, nrow(X), outputs, call),
    weights = apply_class_weights(
      check_weights(weights, nrow(X), call), class_weights, targets, call
    )
  )
  if (is.numeric(validation)) check_share(validation, targets, call)
  if (is.list(validation)) {
    held_X <- align_columns(
      check_inputs(validation$X, "validation$X", call), fit, "validation$X", call
    )
    in_validation <- function(checked) {
      tryCatch(checked, backprop_error = function(e) {
        abort_input(c(
          "{.arg validation} must be as the training data are.",
          i = "Its own {.field X}, {.field y}, {.field weights} or {.field offset} is meant here:"
        ), call, parent = e)
      })
    }
    held <- in_validation(encode_targets(
      validation$y, nrow(held_X), call, targets$levels,
      numeric = targets$kind == "numeric"
    ))
    if (ncol(held$y) != outputs) {
      abort_input(c(
        "{.field validation$y} must have {outputs} column{?s}, as {.arg y} has.",
        x = "It has {ncol(held$y)}."
      ), call)
    }
    in_validation(check_domain(held$y, fit$settings$loss, fit$settings$output_activation, call))
    held_offset <- in_validation(check_offset(validation$offset, nrow(held_X), outputs, call))
    if (is.null(held_offset) != is.null(data$offset)) {
      abort_input(c(
        paste0(
          "{.arg offset} must be given for both, the training rows and {.arg validation}, ",
          "or for neither."
        )
      ), call)
    }
    held_weights <- in_validation(apply_class_weights(
      check_weights(validation$weights, nrow(held_X), call), class_weights, held, call
    ))
    data$validation <- list(X = held_X, y = held$y, weights = held_weights, offset = held_offset)
  }
  data
}

# The data in the core's form: list(training, validation), the latter NULL where there is none.
core_data <- function(data, settings, seed, call) {
  single <- settings$precision == "single"
  all <- seq_len(nrow(data$X))
  if (is.numeric(settings$validation)) {
    held_out <- held_out_rows(settings$validation, seed, data$targets)
    for (part in list(held_out, setdiff(all, held_out))) {
      if (length(data$weights) > 0 && all(data$weights[part] == 0)) {
        abort_argument(c(
          "Rows of weight above 0 are needed both to train on and to judge by.",
          i = "Use another share for {.arg validation}."
        ), call)
      }
    }
    return(list(
      training = core_rows(
        data$X, data$y, data$weights, data$offset, setdiff(all, held_out), single
      ),
      validation = core_rows(data$X, data$y, data$weights, data$offset, held_out, single),
      rows = length(all) - length(held_out), held_out = held_out
    ))
  }
  held <- data$validation
  list(
    training = core_rows(data$X, data$y, data$weights, data$offset, all, single),
    rows = length(all),
    validation = if (!is.null(held)) {
      core_rows(held$X, held$y, held$weights, held$offset, seq_len(nrow(held$X)), single)
    }
  )
}

# What tells other data from those of the fit.
# A change here changes the digest of all data: it needs a new schema, whose step takes `data` out
# of older fits.
data_digest <- function(data) {
  core_digest(c(list(dim(data$X)), numbers_of(data$X), list(data$y, data$weights, data$offset)))
}

# NULL where none were given.
held_out_digest <- function(data) if (!is.null(data$validation)) data_digest(data$validation)

# The drawn weights with what data ask for: none from constant columns, so that they never count,
# and for counts an output bias at the log of their mean.
settle_network <- function(network, encoding, data) {
  if (length(encoding$constant) > 0) network[[1]][encoding$constant, ] <- 0
  if (identical(encoding$outcome$kind, "count")) {
    weights <- matrix(if (length(data$weights) > 0) data$weights else 1, nrow(data$y), ncol(data$y))
    exposure <- if (is.null(data$offset)) weights else weights * exp(data$offset)
    counted <- colSums(data$y * weights)
    # where nothing was counted, half a case
    network$bout[] <- log(ifelse(counted > 0, counted, 0.5) / colSums(exposure))
  }
  network
}
