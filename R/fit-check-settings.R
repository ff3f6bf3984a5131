# The settings and the state of a fit: what the package's own functions make.

# Settings are what the package's own functions make of the same numbers.
check_model_settings <- function(settings, shape, number, flag, whole) {
  again <- function(made, kept) tryCatch(identical(made, kept), error = function(e) FALSE)
  need(is.list(settings), "It has no settings.")
  kinds <- activation_table$name[shape$activations + 1]
  need(
    identical(as.character(settings$activation), kinds[-length(kinds)]) &&
      identical(settings$output_activation, kinds[length(kinds)]),
    "The activations in its settings are not those of its layers."
  )
  optimizer <- settings$optimizer
  made <- tryCatch(
    do.call(
      optimizer_makers[[optimizer$name]],
      c(
        if (!is.null(optimizer$learning_rate)) list(learning_rate = optimizer$learning_rate),
        optimizer$numbers
      ),
      quote = TRUE
    ),
    error = function(e) NULL
  )
  need(
    is.list(optimizer) && identical(made, optimizer),
    "Its optimiser is none of the package, or has settings outside their range."
  )
  loss <- settings$loss
  made <- tryCatch(switch(loss$name,
    huber = nn_huber(loss$parameter),
    quantile = nn_quantile(loss$parameter),
    check_loss(loss$name, current_env())
  ), error = function(e) NULL)
  need(
    is.list(loss) && identical(made, loss),
    "Its loss is none of the package, or has a setting outside its range."
  )
  need(tryCatch(
    {
      check_loss_and_output(loss, settings$output_activation, "numeric", current_env())
      TRUE
    },
    error = function(e) FALSE
  ), "Its loss does not go with its output.")
  need(
    is.null(settings$schedule) || known_schedule(settings$schedule),
    "Its schedule is none of the package, or has settings outside their range."
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
    flag(settings$shuffle) && flag(settings$keep_fitted),
    "Its settings shuffle and keep_fitted must be true or false."
  )
  need(
    length(settings$threads) == 1 && whole(settings$threads, 1, 1024),
    "Its threads must be a whole number from 1."
  )
  for (name in c("penalty", "penalty_l1", "tolerance", "patience", "clip", "restarts")) {
    need(number(settings[[name]], 0), paste0("Its setting ", name, " must be a number from 0."))
  }
  dropout <- settings$dropout
  need(
    is.double(dropout) && length(dropout) %in% c(0, length(kinds) - 1) && all(is.finite(dropout)) &&
      all(dropout >= 0 & dropout < 1),
    "Its dropout must be a share for each hidden layer."
  )
  need(
    is.null(settings$validation) || identical(settings$validation, "given") ||
      (number(settings$validation, 0) && settings$validation < 1),
    "Its share of held-out rows must be one."
  )
}

known_schedule <- function(schedule) {
  makers <- list(
    step = nn_step, exponential = nn_exponential, cosine = nn_cosine, warm_up = nn_warm_up,
    plateau = nn_plateau
  )
  if (!is.list(schedule) || !is.character(schedule$kind) || length(schedule$kind) != 1 ||
    !schedule$kind %in% names(makers)) {
    return(FALSE)
  }
  if (!is.null(schedule$then) && !known_schedule(schedule$then)) {
    return(FALSE)
  }
  tryCatch(
    identical(
      do.call(
        makers[[schedule$kind]], unclass(schedule)[setdiff(names(schedule), "kind")],
        quote = TRUE
      ),
      schedule
    ),
    error = function(e) FALSE
  )
}

# The state has the lengths that the optimiser's memory has for this many weights.
check_model_state <- function(state, settings, parameters, number, finite, whole) {
  need(
    is.list(state) && finite(state$weights, parameters),
    "Its state must have a finite number for each weight."
  )
  need(
    finite(state$best_weights, c(0, parameters)),
    "The best weights of its state must be as many as there are weights."
  )
  memory <- first_memory(settings$optimizer, 0)
  expected <- function(name) {
    if (settings$optimizer$name %in% c("adam", "adamw", "rprop") ||
      (name == "moment" && settings$optimizer$name %in% c("momentum", "nesterov", "rmsprop"))) {
      parameters
    } else {
      0
    }
  }
  for (name in c("moment", "moment2")) {
    need(finite(state[[name]], expected(name)), paste0(
      "The ", name, " of its state must be as long as the optimiser's memory is."
    ))
  }
  for (name in c("steps", "epoch", "best_epoch", "stale")) {
    need(number(state[[name]], 0) && whole(state[[name]], 0, 2^32 - 1), paste0(
      "The ", name, " of its state must be a whole number."
    ))
  }
  for (name in c("best_loss", "reference")) {
    need(number(state[[name]]), paste0("The ", name, " of its state must be a number."))
  }
  need(
    finite(state$under_way, 4) && state$under_way[1] >= 0,
    "The epoch under way in its state must be four numbers."
  )
  need(
    is.null(state$seed) || (whole(state$seed, 0, 2^32 - 1) && length(state$seed) == 2),
    "Its seed must be two whole numbers."
  )
  need(!needs_seed(settings) || !is.null(state$seed), "It has no seed.")
  need(
    if (identical(settings$schedule$kind, "plateau")) {
      is.list(state$plateau) && number(state$plateau$factor, 0) && number(state$plateau$best) &&
        number(state$plateau$stale, 0)
    } else {
      is.null(state$plateau)
    },
    "The plateau of its state must be three numbers, and there only for the schedule that has one."
  )
  if (!second_order(settings$optimizer)) {
    return(invisible())
  }
  curvature <- state$curvature
  pairs <- function(x) is.double(x) && is.matrix(x) && nrow(x) == parameters && all(is.finite(x))
  need(
    is.list(curvature) && pairs(curvature$s) && pairs(curvature$y) &&
      ncol(curvature$s) == ncol(curvature$y) && finite(curvature$gradient, c(0, parameters)) &&
      finite(curvature$scale, c(0, parameters)) &&
      all(vapply(curvature[names(memory$curvature)[-(1:4)]], number, NA)),
    "The curvature of its state is not as long as there are weights."
  )
}
