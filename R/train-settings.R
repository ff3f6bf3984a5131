# Checks all training options once, and collects them in one list, which is stored in the fit.

# `o`: the arguments of nn_train() by name, with `hidden` checked; `kind`: the kind of the targets.
training_settings <- function(o, kind, rows, call) {
  layers <- length(o$hidden)
  pair <- check_loss_and_output(o$loss, o$output_activation, kind, call)
  chosen <- check_activations(o$activation, pair$output_activation, layers, call)
  settings <- list(
    activation = chosen$activation, output_activation = pair$output_activation, loss = pair$loss,
    reduction = check_choice(o$reduction, c("sum", "mean"), "reduction", call),
    optimizer = check_optimizer(o$optimizer, o$learning_rate, call),
    batch_size = check_batch_size(o$batch_size, rows, call),
    shuffle = check_shuffle(o$shuffle, call),
    init = check_choice(o$init, names(init_table), "init", call),
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
  if (is.numeric(settings$validation)) settings$split <- split_rule
  max_norm <- check_number(o$max_norm, "max_norm", call, least = 0, above = TRUE, finite = FALSE)
  if (is.finite(max_norm)) settings$max_norm <- max_norm
  settings$custom <- chosen$custom
  settings$layer_rates <- check_layer_rates(o$layer_rates, layers + 1, call)
  check_full_batch(settings, call)
  warn_of_idle_plateau(settings)
  settings
}

check_shuffle <- function(shuffle, call) {
  if (identical(shuffle, "blocks")) {
    return(shuffle)
  }
  if (is.logical(shuffle) && length(shuffle) == 1 && !is.na(shuffle)) {
    return(shuffle)
  }
  abort_argument(c(
    "{.arg shuffle} must be {.code TRUE}, {.code FALSE} or {.val blocks}.",
    x = "You supplied {describe(shuffle)}."
  ), call)
}

# A batch that covers all rows is the full batch: NULL.
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
        "{.arg dropout} must be one number in [0, 1), or one per hidden layer ",
        "(there {?is/are} {hidden_layers})."
      ),
      x = "You supplied {describe(dropout)}."
    ), call)
  }
  if (all(dropout == 0)) {
    return(numeric())
  }
  if (hidden_layers == 0) {
    abort_argument(c("{.arg dropout} requires a hidden layer.", x = "{.arg hidden} is 0."), call)
  }
  rep_len(as.double(dropout), hidden_layers)
}

# Refuses arguments that full-batch optimisers do not support.
check_full_batch <- function(settings, call) {
  optimizer <- settings$optimizer
  row <- optimizer_table[[optimizer$name]]
  if (!row$full_batch) {
    return(invisible())
  }
  steps <- second_order(optimizer)
  given <- c(
    "batch_size", "dropout", "schedule", "clip", "penalty_l1", "layer_rates", "max_norm"
  )[c(
    !is.null(settings$batch_size), length(settings$dropout) > 0, !is.null(settings$schedule),
    is.finite(settings$clip), settings$penalty_l1 > 0 && steps,
    !is.null(settings$layer_rates) && steps, !is.null(settings$max_norm) && steps
  )]
  if (length(given) > 0) {
    abort_argument(c(
      "The optimiser {.val {optimizer$name}} does not support {.arg {given}}.",
      i = "Omit {cli::qty(length(given))}{?it/them}, or use {.val adam}."
    ), call)
  }
  if (!is.null(row$losses) && !settings$loss$name %in% row$losses) {
    abort_argument(c(
      "The optimiser {.val {optimizer$name}} requires the loss {.or {.val {row$losses}}}.",
      x = "The loss is {.val {settings$loss$name}}.",
      i = "Use {.val lbfgs}, which supports any loss."
    ), call)
  }
}

# A plateau that training never reaches the end of.
warn_of_idle_plateau <- function(settings) {
  schedule <- settings$schedule
  if (!identical(schedule$kind, "plateau") || schedule$patience < settings$patience) {
    return(invisible())
  }
  cli::cli_warn(c(
    "The schedule never lowers the learning rate: training stops before it.",
    x = "{.fn nn_plateau} waits {schedule$patience} epoch{?s}, {.arg patience} ends training \
      after {settings$patience}.",
    i = "Use a larger {.arg patience}, or {.code nn_plateau(patience = )} below it."
  ), class = "backprop_warning_settings", call = NULL)
}
