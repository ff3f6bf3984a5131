# Checks the settings and the state of a fit.

# Settings are valid if the package's own functions return the same for the same numbers.
check_model_settings <- function(settings, layers, number, flag, whole) {
  need(is.list(settings), "It has no settings.")
  kinds <- layer_activations(layers)
  need(
    identical(as.character(settings$activation), kinds[-length(kinds)]) &&
      identical(settings$output_activation, kinds[length(kinds)]),
    "The activations in its settings must be those of its layers."
  )
  remade <- function(x, make) {
    tryCatch(identical(make(unclass(x)), x), error = function(e) FALSE)
  }
  need(
    remade(settings$optimizer, make_optimizer),
    "The optimiser is unknown, or has settings outside their range."
  )
  need(
    remade(settings$loss, make_loss), "The loss is unknown, or has a setting outside its range."
  )
  need(tryCatch(
    {
      check_loss_and_output(settings$loss, settings$output_activation, "numeric", current_env())
      TRUE
    },
    error = function(e) FALSE
  ), "Its loss can't be combined with its output activation.")
  need(
    is.null(settings$schedule) || remade(settings$schedule, make_schedule),
    "The schedule is unknown, or has settings outside their range."
  )
  need(
    identical(settings$reduction, "sum") || identical(settings$reduction, "mean"),
    "Its reduction must be sum or mean."
  )
  need(
    identical(settings$precision, "double") || identical(settings$precision, "single"),
    "Its precision must be double or single."
  )
  need(
    is.null(settings$batch_size) ||
      (length(settings$batch_size) == 1 && whole(settings$batch_size, 1)),
    "Its batch size must be a whole number."
  )
  need(
    (flag(settings$shuffle) || identical(settings$shuffle, "blocks")) && flag(settings$keep_fitted),
    "Its settings shuffle and keep_fitted must be true or false."
  )
  need(
    length(settings$threads) == 1 && whole(settings$threads, 1, 1024),
    "Its number of threads must be a whole number of at least 1."
  )
  for (name in c("penalty", "penalty_l1", "tolerance", "patience", "clip", "restarts")) {
    need(
      number(settings[[name]], 0), paste0("Its setting ", name, " must be a number of at least 0.")
    )
  }
  need(
    is.null(settings$max_norm) || (number(settings$max_norm, 0) && settings$max_norm > 0),
    "Its largest norm of weights must be a positive number."
  )
  need(
    tryCatch(
      identical(check_freeze(settings$freeze, layers, current_env()), settings$freeze) &&
        identical(
          check_layer_rates(settings$layer_rates, length(layers), current_env()),
          settings$layer_rates
        ),
      error = function(e) FALSE
    ),
    "Its frozen weights or the factors of its learning rate do not fit its layers."
  )
  need(
    is.null(settings$schedule_start) || whole(settings$schedule_start, 0),
    "The epoch from which its schedule counts must be a whole number."
  )
  dropout <- settings$dropout
  need(
    is.double(dropout) && length(dropout) %in% c(0, length(kinds) - 1) && all(is.finite(dropout)) &&
      all(dropout >= 0 & dropout < 1),
    "Its dropout must be one rate in [0, 1) per hidden layer."
  )
  need(
    is.null(settings$validation) || identical(settings$validation, "given") ||
      (number(settings$validation, 0) && settings$validation < 1),
    "Its fraction of held-out rows must be a number in [0, 1)."
  )
  need(
    is.null(settings$split) || identical(settings$split, split_rule),
    "The rule by which its rows were held out is unknown."
  )
}

# Checks the types and lengths of a state, on which the core relies. `n`: the number of parameters;
# `rows`: the number of rows of the data.
check_state <- function(state, settings, n, rows) {
  need(is.list(state), "It has no state.")
  check_fields(state, state_table, settings, n)
  batch <- state$under_way[1]
  batches <- if (second_order(settings$optimizer) || is.null(settings$batch_size)) {
    1
  } else {
    ceiling(rows / settings$batch_size)
  }
  need(
    batch == floor(batch) && batch >= 0 && batch < batches && all(state$under_way[3:4] >= 0) &&
      (if (batch == 0) all(state$under_way == 0) else state$under_way[3] > 0),
    "The epoch under way in its state must have batches left, and be empty before the first batch."
  )
  need(is.null(state$seed) || is_seed(state$seed), "Its seed must be two whole numbers.")
  need(!needs_seed(settings) || !is.null(state$seed), "It has no seed.")
  number <- function(x, least = -Inf) is.double(x) && length(x) == 1 && !is.na(x) && x >= least
  plateau <- state$plateau
  need(
    if (watches_loss(settings$schedule)) {
      is.list(plateau) && number(plateau$factor, 0) && number(plateau$best) &&
        number(plateau$stale, 0)
    } else {
      is.null(plateau)
    },
    "The plateau of its state must be three numbers, and only exist for a plateau schedule."
  )
  if (second_order(settings$optimizer)) {
    need(is.list(state$curvature), "It has no curvature.")
    check_fields(state$curvature, curvature_table, settings, n)
    need(
      ncol(state$curvature$s) == ncol(state$curvature$y),
      "The matrices s and y of its state must have the same number of columns."
    )
  }
}

# The epochs in the history, and the best epoch, are among those of the state.
check_epochs <- function(fit) {
  epoch <- fit$history$epoch
  need(
    all(is.finite(epoch)) && all(epoch == floor(epoch) & epoch >= 1) && all(diff(epoch) > 0) &&
      (length(epoch) == 0 || epoch[length(epoch)] == fit$state$epoch),
    "The epochs of its history must be whole numbers that end at the epoch of its state."
  )
  need(
    fit$state$best_epoch <= fit$state$epoch &&
      (lacks_state(fit) || fit$state$stale <= fit$state$epoch),
    "The best epoch of its state, and the epochs since, must not exceed its epoch."
  )
}

is_seed <- function(x) {
  is.numeric(x) && length(x) == 2 && all(is.finite(x)) &&
    all(x == floor(x) & x >= 0 & x <= 2^32 - 1)
}

check_fields <- function(values, table, settings, n) {
  for (name in names(table)) {
    field <- table[[name]]
    x <- values[[name]]
    lengths <- if (is.null(field$size)) field$length else field$size(n, settings$optimizer)
    ok <- switch(field$type,
      numbers = is.double(x) && length(x) %in% lengths && all(is.finite(x)),
      number = is.double(x) && length(x) == 1 && !is.na(x),
      whole = is.double(x) && length(x) == 1 && is.finite(x) && x == floor(x) && x >= 0 &&
        x <= field$most,
      pairs = is.double(x) && is.matrix(x) && nrow(x) == n && all(is.finite(x)),
      list = TRUE
    )
    need(ok, paste0("The ", name, " of its state must be ", field$in_words, "."))
  }
}
