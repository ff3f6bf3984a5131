# Training on a frame: completes its encoding, chooses the defaults, trains and calibrates.

# Trains on the rows of a frame that are not set aside for calibration.
train_data <- function(frame, options, shown, call, store = NULL) {
  given <- nrow(frame$raw) + length(frame$na.action)
  with_row_numbers(kept_rows(given, frame$na.action), {
    check_weights(frame$weights, nrow(frame$raw), call)
    show_prepared(2)
    check_whole_inputs(frame$encoded$X, frame$name, call)
  })
  show_prepared(3)
  with_row_numbers(
    kept_rows(given, frame$na.action)[frame$calibration$rows],
    check_calibration_outcome(frame, options, call)
  )
  training <- rows_without(nrow(frame$raw), frame$calibration$rows)
  with_outcome_name(frame$encoding$terms, with_row_numbers(
    kept_rows(given, frame$na.action)[training],
    train_rows(frame, training, options, shown, call, store)
  ))
}

# The outcome of the calibration rows must be valid before the network is trained. That of classes
# is checked with all rows.
check_calibration_outcome <- function(frame, options, call) {
  rows <- frame$calibration$rows
  y <- take_rows(frame$y, rows)
  if (is.data.frame(y) && ncol(y) == 1) y <- y[[1]]
  if (length(rows) == 0 || !(is_number(y) || is.data.frame(y) && all(vapply(y, is.numeric, NA)))) {
    return(invisible())
  }
  y <- numeric_outcome(y)
  check_outcome_finite(y, frame$label, call)
  if (!is.null(options$loss)) {
    chosen <- check_loss_and_output(options$loss, options$output_activation, "numeric", call)
    check_targets_domain(y, chosen$loss, chosen$output_activation, call)
  }
}

# `training`: the rows that are not set aside for calibration.
train_rows <- function(frame, training, options, shown, call, store) {
  calibration <- frame$calibration
  encoding <- describe_encoding(frame, training, options, call)
  show_prepared(5)
  problem <- encode_rows(encoding, frame, training, call)
  end_preparation()
  problem["na.action"] <- list(with_calibration_rows(
    frame$na.action, encoding$replay$na.action, calibration$rows, nrow(frame$raw), frame$names
  ))
  if (!is.null(encoding$outcome$events)) {
    check_events(options, call)
    pair <- c("loss", "output_activation")
    options[pair] <- event_options(options$loss, options$output_activation, call)[pair]
  }
  if (encoding$outcome$kind == "numeric" && is.null(options$output_activation) &&
    (is.null(options$loss) || identical(options$loss, "squared_error"))) {
    options$output_activation <- "identity"
  }
  offset <- take_rows(add_offsets(frame$encoded$offset, frame$offset), training)
  y <- if (is.null(encoding$outcome$events)) take_rows(frame$y, training) else problem$response
  output <- options$output_activation
  if (is.null(output) && !is.null(options$loss)) {
    output <- default_output(check_loss(options$loss, call))
  }
  check_offset_size(offset, y, output, problem$weights, call)
  warn_of_outcome_outliers(y, offset, encoding$outcome, problem$weights)
  options["validation"] <- list(without_none(options$validation))
  check_effort(options, call)
  if (is.list(options$validation)) {
    options$validation <- encode_validation(
      list(
        encoding = encoding, inputs = colnames(problem$X),
        layers = list(list(inputs = ncol(problem$X)))
      ),
      options$validation, call, store, ranks_of(frame$encoded$X)
    )
  } else if (!identical(options$validation, "auto")) {
    check_validation(options$validation, call, of_formula = !is.null(encoding$terms))
  }
  chosen <- until_interrupt(choose_defaults(options, problem, shown, call), call)
  if (!is.null(chosen$interrupted)) {
    return(chosen$interrupted)
  }
  train <- if (options$effort == "high") train_ensemble else train_network
  fit <- train(
    problem, chosen$options, shown, call,
    c(
      list(chosen = chosen$names),
      if (!is.null(chosen$evidence)) list(evidence = chosen$evidence)
    )
  )
  if (is.null(calibration)) {
    return(fit)
  }
  calibrate(fit, encode_rows(encoding, frame, calibration$rows, call))
}

# The encoding, completed by what is estimated from the training rows: the scales of the inputs,
# and the outcome.
describe_encoding <- function(frame, training, options, call) {
  standardize <- check_standardize(options$standardize, frame$encoded$X, call)
  encoding <- c(frame$encoding, list(offset_argument = frame$has_offset_argument))
  if (check_new_levels(options$new_levels, call) != "error") {
    encoding$new_levels <- options$new_levels
  }
  weights <- check_weights(frame$weights[training], length(training), call)
  if (!isFALSE(standardize)) check_several_rows(weights, length(training), frame, call)
  inputs <- take_rows(frame$encoded$X, training)
  scales <- (if (is_shared(inputs)) shared_scales else column_scales)(inputs, weights, standardize)
  check_scales(scales, colnames(frame$encoded$X), call)
  if (isTRUE(standardize)) {
    outliers <- warn_of_outliers(inputs, scales, colnames(inputs), weights)
    if (length(outliers) > 0) encoding$outliers <- outliers
  }
  show_prepared(4)
  encoding[c("center", "scale", "constant")] <- scales[c("center", "scale", "constant")]
  if (identical(standardize, "robust")) encoding$clip <- clip_at
  offset <- take_rows(add_offsets(frame$encoded$offset, frame$offset), training)
  # the classes of a character outcome are those of all rows, including the calibration set
  y <- frame$y
  if (is.character(y) && is.null(dim(y))) {
    y <- factor(y, sort(unique(counted_values(y, frame$weights))))
  }
  encoding$outcome <- describe_outcome(
    take_rows(y, training), frame$label, options$loss, options$output_activation,
    !isFALSE(standardize), weights, offset, call, take_rows(y, frame$calibration$rows),
    is.character(frame$y)
  )
  encoding$calibration <- if (!is.null(frame$calibration)) {
    c(frame$calibration[c("share", "seed")], list(
      rows = length(frame$calibration$rows), split = split_rule
    ))
  }
  encoding
}

# A single row has the scale 1 and the mean of its values: nothing would be left of it.
check_several_rows <- function(weights, rows, frame, call) {
  counted <- if (length(weights) > 0) positive_count(weights) else rows
  if (counted > 1) {
    return(invisible())
  }
  abort_input(c(
    "{.arg {frame$name}} must have at least two rows to train on.",
    x = paste0(
      "It has 1", if (counted < rows) " of positive weight",
      if (!is.null(frame$calibration)) " that is not set aside for calibration", "."
    ),
    i = paste0(
      "A single row has no spread to standardise by. Supply more rows, or use ",
      "{.code standardize = FALSE}."
    )
  ), call)
}

check_standardize <- function(standardize, X, call) {
  if (isTRUE(standardize) || isFALSE(standardize)) {
    return(standardize)
  }
  if (!identical(standardize, "robust")) {
    abort_argument(c(
      "{.arg standardize} must be TRUE, FALSE or {.val robust}.",
      x = "You supplied {describe(standardize)}."
    ), call)
  }
  if (is_sparse(X)) {
    abort_argument(c(
      "{.code standardize = \"robust\"} requires a data frame.",
      x = "You supplied a sparse matrix, most of whose values are 0.",
      i = "Use {.code standardize = TRUE}, which divides each column by its root mean square."
    ), call)
  }
  standardize
}

# The number of scales at which "robust" clips.
clip_at <- 3
