# Trains a network on prepared data, from one start or several.

# The common end of all methods. `options`: the arguments of nn_train.matrix() by name. `shown`: the
# call stored in the fit. `chosen`: list(chosen, evidence), further elements of the fit: the names
# of the options that were "auto", and the scores of new_evidence(). A `trial` before the training
# itself does not warn of held-out rows that are also training rows.
train_network <- function(problem, options, shown, call, chosen = NULL, trial = FALSE) {
  checked <- check_training(problem, options, call)
  options <- checked$options
  settings <- checked$settings
  targets <- checked$targets
  fit <- list(
    layers = checked$layers, settings = settings, n = nrow(problem$X),
    inputs = colnames(problem$X), outputs = colnames(targets$y), levels = targets$levels,
    call = shown
  )
  if (isTRUE(targets$ordered)) fit$ordered <- TRUE
  if (!is.null(problem$encoding)) {
    fit <- c(fit, list(encoding = problem$encoding, na.action = problem$na.action), chosen)
  }
  data <- new_training_data(
    problem, targets, options$class_weights, options$validation, fit, call
  )
  if (!trial && !is.null(data$validation)) warn_of_overlap(data, settings$patience)
  fit$has_offset <- !is.null(data$offset)
  fit$has_weights <- length(problem$weights) > 0
  fit$digest <- data$digest
  fit$held_out_digest <- data$held_out_digest
  if (!is.null(options$class_weights)) fit$settings$class_weights <- options$class_weights
  train_starts(fit, data, options$start, checked$epochs, checked$controls)
}

# The arguments of train_network(), checked: list(options, settings, targets, layers, epochs,
# controls).
check_training <- function(problem, options, call) {
  options["validation"] <- list(without_none(options$validation))
  X <- problem$X
  targets <- encode_targets(problem$y, nrow(X), call, compact = is_stored(X))
  options$hidden <- check_hidden(options$hidden, call)
  # rows of weight 0 are in no batch
  there <- positive_count(check_weights(problem$weights, nrow(X), call))
  settings <- training_settings(
    options, targets$kind, if (is.null(problem$weights)) nrow(X) else there, call
  )
  targets <- spread_targets(targets, settings$loss, call)
  if (is_shared(X)) check_distributed(settings, call)
  check_softmax(settings$output_activation, targets, call)
  epochs <- check_whole(options$epochs, "epochs", call, least = 0)
  check_targets_domain(
    targets$y, settings$loss, settings$output_activation, call, weightless_rows(problem$weights)
  )
  layers <- dense_layers(
    c(ncol(X), options$hidden, ncol(targets$y)),
    c(settings$activation, settings$output_activation), settings$custom,
    check_skip(options$skip, options$hidden, call)
  )
  settings$freeze <- check_freeze(options$freeze, layers, call)
  check_training_memory(layers, X, settings, call)
  if (!is.null(options$start)) {
    if (settings$restarts > 1) {
      abort_argument(
        "{.arg restarts} draws new initial weights, so it can't be combined with {.arg start}.",
        call
      )
    }
    check_start(
      options$start, ncol(X), ncol(targets$y), call,
      hidden = options$hidden, skip = has_skip(layers), single = settings$precision == "single"
    )
  }
  controls <- new_controls(options$callback, options$checkpoint, call, ranks_of(X))
  list(
    options = options, settings = settings, targets = targets, layers = layers, epochs = epochs,
    controls = controls
  )
}

# The fit of the best start. All starts share the seed for row order, dropout and held-out rows.
train_starts <- function(fit, data, start, epochs, controls) {
  settings <- fit$settings
  draw <- function() {
    settle_network(draw_network(fit$layers, settings$init), fit, data)
  }
  network <- if (is.null(start)) draw() else start
  if (settings$output_activation == "ordered") network$wout[ordered_mask(fit$layers)] <- 0
  if (has_custom(settings)) {
    rows <- utils::head(weighted_rows(data), 20)
    output <- if (identical(settings$loss$name, "custom")) {
      core_forward(
        fit$layers, flatten_network(network), gather_rows(data$X, rows),
        part_of(data$offset, rows), FALSE, FALSE
      )$output
    }
    check_custom_derivatives(settings, output, unname(as.matrix(take_rows(data$y, rows))))
  }
  seed <- if (needs_seed(settings)) floor(runif(2) * 2^32)
  train <- function(network) {
    state <- first_state(flatten_network(network), settings, seed)
    run_training_and_estimate(fit, state, empty_history(), data, epochs, controls)
  }
  if (settings$restarts == 1) {
    return(warn_of_false_end(train(network), data))
  }
  diverged <- NULL
  for (restart in seq_len(settings$restarts)) {
    if (restart > 1) network <- draw()
    controls$start <- restart
    other <- tryCatch(train(network), backprop_error_diverged = function(e) e)
    if (inherits(other, "error")) {
      diverged <- c(diverged, list(other))
    } else {
      controls$best <- better_fit(controls$best, other)
    }
    if (inherits(other, "nn_fit") && other$stop == "interrupted") break
  }
  best <- controls$best
  if (is.null(best)) cnd_signal(diverged[[1]])
  if (length(diverged) > 0) {
    cli::cli_warn(c(
      paste0(
        "{length(diverged)} of the {settings$restarts} starts diverged; the best of the other ",
        "starts is returned."
      ),
      i = "A smaller {.arg learning_rate} may prevent this."
    ), class = "backprop_warning_restarts", call = NULL)
  }
  warn_of_false_end(best, data)
}

# Softmax outputs sum to 1, so a single one would be constant.
check_softmax <- function(output_activation, targets, call) {
  if (output_activation != "softmax" || ncol(targets$y) > 1) {
    return(invisible())
  }
  abort_argument(c(
    "{.val softmax} requires at least two outputs.",
    x = if (is.null(targets$levels)) {
      "{.arg y} has one column."
    } else {
      "A factor with two levels has one output, the probability of the second level."
    },
    i = "Use {.code output_activation = \"sigmoid\"}."
  ), call)
}

# Levenberg-Marquardt has a residual of each row in one matrix.
check_distributed <- function(settings, call) {
  if (optimizer_table[[settings$optimizer$name]]$family == "levenberg_marquardt") {
    abort_argument(c(
      "The optimiser {.val {settings$optimizer$name}} can't be used with {.arg communicator}.",
      i = "Use {.val lbfgs}, which also converges in few epochs."
    ), call)
  }
}

check_training_memory <- function(layers, X, settings, call) {
  X <- local_part(X)
  n <- nrow(X)
  first_order <- optimizer_table[[settings$optimizer$name]]$family == "first_order"
  # much more than what is estimated below: 512 bytes for each parameter, and for each unit and row
  numbers <- n * n_inputs(layers)
  for (layer in layers) numbers <- numbers + (layer$inputs + 1 + n) * layer$units
  if (first_order && !may_lack_memory(512 * numbers)) {
    return(invisible())
  }
  parameters <- n_parameters(layers)
  outputs <- n_outputs(layers)
  # The state in R and in the core, and the core's own weights and gradients.
  numbers <- 2 * state_numbers(parameters, settings$optimizer) + 4 * parameters +
    copied_numbers(X) + if (is_stored(X)) 0 else 4 * n * outputs
  if (optimizer_table[[settings$optimizer$name]]$family == "levenberg_marquardt") {
    # the Jacobian and the residuals twice, and the triangular factor
    numbers <- numbers + (2 * (n + 8) * outputs + parameters) * (parameters + 1)
  }
  # The final objective is computed on more rows at a time than a small batch. This memory is
  # negligible compared with a plain X, but not compared with a wide sparse one.
  rows_at_once <- if (is_sparse(X)) n else min(settings$batch_size, n)
  check_memory(
    8 * numbers + core_pass_bytes(layers, rows_at_once, FALSE, is_coded(X)),
    "this network and these data", call
  )
}

# The call without data: only symbols and constants, so that a fit stores no data.
call_of_symbols <- function(call) {
  small <- function(x) {
    is.symbol(x) || is.null(x) || (is.atomic(x) && length(x) == 1 && is.null(attributes(x)))
  }
  shorten <- function(x) {
    if (small(x)) {
      return(x)
    }
    if (!is.call(x) || identical(x[[1]], quote(`function`))) {
      return(as.symbol(paste0("<", if (is.call(x)) "function" else describe(x), ">")))
    }
    as.call(lapply(as.list(x), shorten))
  }
  call[[1]] <- quote(nn_train)
  for (i in seq_along(call)[-1]) if (!small(call[[i]])) call[[i]] <- shorten(call[[i]])
  call
}

# Adapts the drawn weights to the data: constant columns get weights of 0, so that they have no
# effect, and outcomes with a log link an output bias equal to the log of their mean.
settle_network <- function(network, fit, data) {
  encoding <- fit$encoding
  if (length(encoding$constant) > 0) {
    network[[1]][encoding$constant, ] <- 0
    if (has_skip(fit$layers)) {
      layer <- fit$layers[[length(fit$layers)]]
      network$wout[layer$inputs - layer$skip + encoding$constant, ] <- 0
    }
  }
  if (!is.null(encoding) && loss_table[[fit$settings$loss$name]]$log_mean) {
    sums <- outcome_sums(data)
    # half a case if the counts are all zero
    network$bout[] <- log(ifelse(sums$counted > 0, sums$counted, 0.5) / sums$exposure)
  }
  if (fit$settings$output_activation == "ordered") network$wout[ordered_mask(fit$layers)] <- 0
  network
}

# The weighted sums of the outcomes and of what they are counted in: list(counted, exposure).
outcome_sums <- function(data) {
  weight_of <- function(rows) {
    if (length(data$weights) > 0) part_of(data$weights, rows) else rep(1, length(rows))
  }
  sums <- list(counted = list(), exposure = list())
  add <- function(name, k, numbers) {
    before <- if (length(sums[[name]]) < k) raw() else sums[[name]][[k]]
    sums[[name]][[k]] <<- core_add_up(numbers, before)
  }
  each_range(nrow(data$y), ncol(data$y), function(rows) {
    weights <- weight_of(rows)
    y <- part_of(data$y, rows)
    offset <- part_of(data$offset, rows)
    for (k in seq_len(ncol(y))) {
      add("counted", k, y[, k] * weights)
      add("exposure", k, if (is.null(offset)) weights else weights * exp(offset[, k]))
    }
  })
  lapply(sums, function(columns) vapply(columns, core_sums, 0))
}
