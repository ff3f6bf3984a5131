# The data of a training, checked, and in the core's form.

# The training data, checked against the network of `fit`:
#   X, offset, response   as in the problem
#   y           n x k targets, numbers
#   targets     what encode_targets() made of the problem's y
#   weights     n case weights times those of the classes; numeric() where all are 1
#   validation  list(X, y, weights, offset) of the held-out data; NULL where none are given
#   digest, held_out_digest
#               what tells these data from others; the second is NULL without `validation`
new_training_data <- function(problem, targets, class_weights, validation, fit, call) {
  X <- problem$X
  data <- list(
    X = X, y = targets$y, targets = targets, response = problem$response,
    offset = check_offset(problem$offset, nrow(X), ncol(targets$y), call),
    weights = apply_class_weights(
      check_weights(problem$weights, nrow(X), call), class_weights, targets, call
    ),
    validation = if (is.list(validation)) {
      check_held_out(validation, problem, targets, class_weights, fit, call)
    } else if (is.numeric(validation)) {
      check_share(validation, targets, call)
    }
  )
  data$digest <- data_digest(data)
  data$held_out_digest <- if (!is.null(data$validation)) data_digest(data$validation)
  data
}

# Held-out data that were given, as the training data are.
check_held_out <- function(held, problem, targets, class_weights, fit, call) {
  X <- align_columns(check_inputs(held$X, "validation$X", call), fit, "validation$X", call)
  in_validation <- function(checked) {
    tryCatch(checked, backprop_error = function(e) {
      abort_input(c(
        "{.arg validation} must be as the training data are.",
        i = "Its own {.field X}, {.field y}, {.field weights} or {.field offset} is meant here:"
      ), call, parent = e)
    })
  }
  outputs <- ncol(targets$y)
  own <- in_validation(encode_targets(
    held$y, nrow(X), call, targets$levels,
    numeric = targets$kind == "numeric"
  ))
  if (ncol(own$y) != outputs) {
    abort_input(c(
      "{.field validation$y} must have {outputs} column{?s}, as {.arg y} has.",
      x = "It has {ncol(own$y)}."
    ), call)
  }
  in_validation(check_domain(own$y, fit$settings$loss, fit$settings$output_activation, call))
  offset <- in_validation(check_offset(held$offset, nrow(X), outputs, call))
  if (is.null(offset) != is.null(problem$offset)) {
    abort_input(c(
      paste0(
        "{.arg offset} must be given for both, the training rows and {.arg validation}, ",
        "or for neither."
      )
    ), call)
  }
  weights <- in_validation(apply_class_weights(
    check_weights(held$weights, nrow(X), call), class_weights, own, call
  ))
  list(X = X, y = own$y, weights = weights, offset = offset)
}

# The data in the core's form: list(training, validation, rows, held_out); validation is NULL where
# there is none, held_out has the numbers of the rows that a share holds out.
core_data <- function(data, settings, seed, call) {
  single <- settings$precision == "single"
  of_rows <- function(data, rows) {
    core_rows(data$X, data$y, data$weights, data$offset, rows, single)
  }
  all <- seq_len(nrow(data$X))
  held_out <- NULL
  validation <- NULL
  if (is.numeric(settings$validation)) {
    held_out <- stratified_rows(settings$validation, seed, strata(data$targets))
    for (part in list(held_out, setdiff(all, held_out))) {
      if (length(data$weights) > 0 && all(data$weights[part] == 0)) {
        abort_argument(c(
          "Rows of weight above 0 are needed both to train on and to judge by.",
          i = "Use another share for {.arg validation}."
        ), call)
      }
    }
    validation <- of_rows(data, held_out)
  } else if (!is.null(data$validation)) {
    validation <- of_rows(data$validation, seq_len(nrow(data$validation$X)))
  }
  training <- setdiff(all, held_out)
  list(
    training = of_rows(data, training), validation = validation, rows = length(training),
    held_out = held_out
  )
}

# What tells other data from those of the fit.
# A change here changes the digest of all data: it needs a new schema, whose step takes `data` out
# of older fits.
data_digest <- function(data) {
  core_digest(c(list(dim(data$X)), numbers_of(data$X), list(data$y, data$weights, data$offset)))
}
