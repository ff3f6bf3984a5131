# The data of the stepper's page, and what the page can show.

# Limits of the page: wider matrices don't fit a small screen, and more rows make steps slow.
most_shown <- list(units = 8, hidden_layers = 3, rows = 100, epochs = 10000)

check_shown_size <- function(X, units, call) {
  if (nrow(X) > most_shown$rows) {
    abort_input(c(
      "{.fn nn_show} supports at most {most_shown$rows} rows.",
      x = "The data have {nrow(X)} rows.",
      i = "Use a subset of the rows."
    ), call)
  }
  if (max(units) > most_shown$units || length(units) - 2 > most_shown$hidden_layers) {
    abort_argument(c(
      paste0(
        "{.fn nn_show} supports at most {most_shown$units} units per layer and ",
        "{most_shown$hidden_layers} hidden layers."
      ),
      x = "The layers have {units} units, including inputs and outputs.",
      i = "Use {.code plot(fit, \"network\")} for larger networks."
    ), call)
  }
}

# The activations and losses that the page computes (inst/htmlwidgets/sources/engine.js).
page_functions <- list(
  activation = c(
    "sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "softplus", "identity",
    "exp", "softmax"
  ),
  loss = c("squared_error", "cross_entropy", "absolute", "huber", "poisson", "quantile")
)

# `used`: the names of `activation`, `output_activation` and `loss`; those that are not names are
# left to the checks of nn_train().
check_page_functions <- function(used, call) {
  outputs <- allowed_outputs[if (is_string(used$loss)) used$loss else page_functions$loss]
  choices <- list(
    activation = intersect(page_functions$activation, inner_activations),
    loss = page_functions$loss,
    output_activation = intersect(page_functions$activation, unlist(outputs))
  )
  for (what in names(choices)) {
    given <- used[[what]]
    unknown <- if (is.character(given)) setdiff(given, choices[[what]])
    if (length(unknown) > 0) {
      abort_argument(c(
        "{.fn nn_show} doesn't support {.arg {what}} = {.val {unknown[1]}}.",
        nearest_name(unknown[1], choices[[what]]),
        i = "Use {.or {.val {choices[[what]]}}}."
      ), call)
    }
  }
}

# The data of the page. Numbers are strings that convert back to the same double; a matrix has its
# dimensions and its values by column.
show_payload <- function(origin, epochs, call) {
  shape <- origin_layers(origin, call)
  check_shown_size(origin$X, layer_units(shape), call)
  # as they were given, so that all errors list the same functions, and as the defaults are
  used <- origin[c("activation", "output_activation", "loss")]
  if (is.list(used$loss)) used$loss <- used$loss$name
  check_page_functions(used, call)
  fit <- untrained_fit(origin, call, shape)
  settings <- fit$settings
  used <- settings[c("activation", "output_activation")]
  check_page_functions(c(used, loss = settings$loss$name), call)
  seed <- origin$seed
  if (is.null(seed)) seed <- if (is.null(fit$state$seed)) next_seed() else fit$state$seed
  targets <- encode_targets(origin$y, nrow(origin$X), call)
  batches <- unique(list(settings$batch_size, NULL, if (nrow(origin$X) > 1) 1))
  rate <- settings$optimizer$learning_rate
  ends <- end_names(fit)
  named <- function(names, stem) ifelse(nzchar(names), names, paste0(stem, seq_along(names)))
  list(
    units = I(layer_units(fit$layers)), skip = has_skip(fit$layers),
    activations = I(layer_activations(fit$layers)),
    loss = list(name = settings$loss$name, parameter = packed_numbers(settings$loss$parameter)),
    reduction = settings$reduction,
    X = packed_matrix(origin$X), y = packed_matrix(targets$y),
    start = packed_numbers(fit$state$weights), rate = packed_numbers(rate),
    rates = I(vapply(shown_rates(rate), packed_numbers, "")),
    batch = settings$batch_size, shuffle = settings$shuffle, seed = I(seed), epochs = epochs,
    inputs = I(named(ends$inputs, "x")), outputs = I(named(ends$outputs, "output")),
    checks = show_checks(fit, origin, batches, seed, epochs)
  )
}

# The layers, without activations.
origin_layers <- function(origin, call) {
  targets <- encode_targets(origin$y, nrow(origin$X), call)
  start_layers(origin$start, origin$hidden, origin$skip, origin$X, targets, call)
}

# The untrained fit, with the checks and the random initial weights of nn_train().
untrained_fit <- function(origin, call, shape = origin_layers(origin, call)) {
  units <- layer_units(shape)
  options <- lapply(as.list(formals(nn_train.matrix))[matrix_options], eval, baseenv())
  given <- intersect(names(origin), matrix_options)
  options[given] <- origin[given]
  options$hidden <- if (length(units) > 2) units[-c(1, length(units))] else 0
  options$skip <- has_skip(shape)
  options[c("epochs", "keep_fitted")] <- list(0, FALSE)
  problem <- new_problem(origin$X, origin$y)
  unclass(train_network(problem, options, quote(nn_train(X, y)), call))
}

# The seed that nn_train() would draw next.
next_seed <- function() keep_seed(floor(runif(2) * 2^32))

# The learning rates that can be selected on the page, including the given one.
shown_rates <- function(rate) {
  c(signif(rate * c(0.1, 0.3), 6), rate, signif(rate * c(3, 10, 100, 1000), 6))
}

# Checkpoints of weights and losses, computed by nn_train(). Other learning rates and batch sizes
# have fewer, or none if they would make the page large or slow to create.
show_checks <- function(fit, origin, batches, seed, epochs) {
  rate <- fit$settings$optimizer$learning_rate
  size <- length(fit$state$weights)
  runs <- expand.grid(batch = seq_along(batches), rate = shown_rates(rate))
  own <- runs$rate == rate & runs$batch == 1
  each <- floor(1000 / (size * sum(!own)))
  most <- floor(5e6 / (fit$n * (size + 50)))
  at <- function(of, most) sort(unique(pmin(of, epochs, most)))
  few <- at(c(epochs, 100, 1)[seq_len(min(3, each))], most)
  checks <- Map(function(rate, batch, own) {
    epochs <- if (own) at(c(1, 10, 100, 1000, 5000, epochs), Inf) else few
    if (length(epochs) > 0) show_check(fit, origin, rate, batches[[batch]], seed, epochs)
  }, runs$rate, runs$batch, own)
  unname(Filter(Negate(is.null), checks))
}

show_check <- function(fit, origin, rate, batch_size, seed, at) {
  fit$settings$optimizer$learning_rate <- rate
  fit$settings["batch_size"] <- list(batch_size)
  fit$state$seed <- if (needs_seed(fit$settings)) seed
  class(fit) <- "nn_fit"
  weights <- loss <- character()
  diverged <- NULL
  for (epoch in at) {
    # the page itself shows what the learning rates lead to
    fit <- tryCatch(
      suppressWarnings(
        nn_continue(fit, origin$X, origin$y, epochs = epoch - unclass(fit)$state$epoch),
        classes = c(
          "backprop_warning_diverged", "backprop_warning_saturated", "backprop_warning_separable"
        )
      ),
      backprop_error_diverged = function(e) e
    )
    if (inherits(fit, "error")) {
      diverged <- unclass(fit$fit)$state$epoch + 1
      break
    }
    weights <- c(weights, packed_numbers(unclass(fit)$state$weights))
    loss <- c(loss, packed_numbers(last(fit$history$loss)))
  }
  list(
    rate = packed_numbers(rate), batch = batch_size, at = I(at[seq_along(weights)]),
    weights = I(weights), loss = I(loss), diverged = diverged
  )
}

packed_matrix <- function(x) list(dim = dim(x), data = packed_numbers(x))

# The fewest digits that convert back to the same double.
packed_numbers <- function(x) {
  text <- number_text(x, 15)
  for (digits in 16:17) {
    short <- as.numeric(text) != x
    text[short] <- number_text(x[short], digits)
  }
  paste(text, collapse = " ")
}
