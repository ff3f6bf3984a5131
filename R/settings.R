# All options of a training, checked once, in one list that travels with the fit.

# `o`: the arguments of nn_train() by name, with `hidden` checked; `kind`: that of the targets.
training_settings <- function(o, kind, rows, call) {
  layers <- length(o$hidden)
  pair <- check_loss_and_output(o$loss, o$output_activation, kind, call)
  chosen <- check_activations(o$activation, pair$output_activation, layers, call)
  settings <- list(
    activation = chosen$activation, output_activation = pair$output_activation, loss = pair$loss,
    reduction = check_choice(o$reduction, c("sum", "mean"), "reduction", call),
    optimizer = check_optimizer(o$optimizer, o$learning_rate, call),
    batch_size = check_batch_size(o$batch_size, rows, call),
    shuffle = check_flag(o$shuffle, "shuffle", call),
    init = check_choice(o$init, init_names, "init", call),
    restarts = check_whole(o$restarts, "restarts", call),
    penalty = check_number(o$penalty, "penalty", call, least = 0),
    penalty_l1 = check_number(o$penalty_l1, "penalty_l1", call, least = 0),
    dropout = check_dropout(o$dropout, layers, call),
    schedule = if (!is.null(o$schedule)) check_schedule(o$schedule, call),
    clip = check_number(o$clip, "clip", call, least = 0, above = TRUE, finite = FALSE),
    validation = check_validation(o$validation, call),
    patience = if (identical(o$patience, Inf)) Inf else check_whole(o$patience, "patience", call),
    tolerance = check_number(o$tolerance, "tolerance", call, least = 0),
    precision = check_choice(o$precision, c("double", "single"), "precision", call),
    threads = check_whole(o$threads, "threads", call, most = 1024),
    keep_fitted = check_flag(o$keep_fitted, "keep_fitted", call)
  )
  check_full_batch(settings, call)
  settings
}

# A batch of all rows, or of more, is the full batch: NULL.
check_batch_size <- function(batch_size, rows, call) {
  if (is.null(batch_size) || check_whole(batch_size, "batch_size", call) >= rows) {
    NULL
  } else {
    as.double(batch_size)
  }
}

check_dropout <- function(dropout, hidden_layers, call) {
  if (!is.numeric(dropout) || !length(dropout) %in% c(1, hidden_layers) ||
    !all(is.finite(dropout)) || any(dropout < 0 | dropout >= 1)) {
    abort_argument(c(
      paste0(
        "{.arg dropout} must be a share from 0 to below 1, one for all or one for each hidden ",
        "layer, of which there {?is/are} {hidden_layers}."
      ),
      x = "It is {describe(dropout)}."
    ), call)
  }
  if (all(dropout == 0)) {
    return(numeric())
  }
  if (hidden_layers == 0) {
    abort_argument(c("{.arg dropout} needs a hidden layer.", x = "{.arg hidden} is 0."), call)
  }
  rep_len(as.double(dropout), hidden_layers)
}

# What the methods that need all rows at once cannot take.
check_full_batch <- function(settings, call) {
  optimizer <- settings$optimizer
  if (!optimizer$full_batch) {
    return(invisible())
  }
  given <- c("batch_size", "dropout", "schedule", "clip", "penalty_l1")[c(
    !is.null(settings$batch_size), length(settings$dropout) > 0, !is.null(settings$schedule),
    is.finite(settings$clip), settings$penalty_l1 > 0 && second_order(optimizer)
  )]
  if (length(given) > 0) {
    abort_argument(c(
      "The optimizer {.val {optimizer$name}} does not go with {.arg {given}}.",
      i = "Leave {cli::qty(length(given))}{?it/them} out, or take {.val adam}."
    ), call)
  }
  if (optimizer$name == "lm" && settings$loss$name != "squared_error") {
    abort_argument(c(
      "The optimizer {.val lm} is for the loss {.val squared_error}.",
      x = "The loss is {.val {settings$loss$name}}.",
      i = "{.val lbfgs} takes any loss."
    ), call)
  }
}

# The same for the parts that only make an objective: what the pieces and nn_loss() take. A fit's
# own are the defaults.
piece_settings <- function(network, loss, reduction, penalty, penalty_l1, kind, output_activation,
                           call) {
  own <- if (inherits(network, "nn_fit")) unclass(network)$settings
  or <- function(x, ...) Find(Negate(is.null), list(x, ...))
  pair <- check_loss_and_output(
    or(loss, own$loss), or(output_activation, own$output_activation), kind, call
  )
  list(
    loss = pair$loss, output_activation = pair$output_activation,
    reduction = check_choice(
      or(reduction, own$reduction, "sum"), c("sum", "mean"), "reduction", call
    ),
    penalty = check_number(or(penalty, own$penalty, 0), "penalty", call, least = 0),
    penalty_l1 = check_number(or(penalty_l1, own$penalty_l1, 0), "penalty_l1", call, least = 0)
  )
}

core_objective <- function(settings) {
  list(
    loss = match(settings$loss$name, loss_table$name) - 1L,
    loss_parameter = settings$loss$parameter, mean = settings$reduction == "mean",
    penalty = settings$penalty, penalty_l1 = settings$penalty_l1
  )
}

# Is there one right class for each row, so that their share can be counted?
counts_classes <- function(settings, outputs) {
  settings$loss$name == "cross_entropy" && (outputs == 1 || settings$output_activation == "softmax")
}

needs_seed <- function(settings) {
  (!is.null(settings$batch_size) && settings$shuffle) || length(settings$dropout) > 0 ||
    is.numeric(settings$validation)
}

core_plan <- function(fit, state, rows, epochs, rates, seconds) {
  settings <- fit$settings
  list(
    batch_size = min(settings$batch_size, rows), shuffle = settings$shuffle,
    seed = as.double(state$seed), dropout = settings$dropout, epochs = epochs, rates = rates,
    patience = settings$patience, tolerance = settings$tolerance,
    track_best = !is.null(settings$validation),
    count_correct = counts_classes(settings, last(fit$shape$units)), threads = settings$threads,
    seconds = seconds
  )
}
