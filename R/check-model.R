# Is a fit that was read from a file one that the core can be given? Sizes are compared as numbers before any matrix is made from them.

check_model <- function(fit, allow = character()) {
  need <- function(ok, what) if (!isTRUE(ok)) abort_format(what)
  whole <- function(x, least = 0, most = .Machine$integer.max) is.numeric(x) && length(x) > 0 && all(is.finite(x)) && all(x == floor(x) & x >= least & x <= most)
  one <- function(x) length(x) == 1
  finite <- function(x, length) is.double(x) && base::length(x) %in% length && all(is.finite(x))
  number <- function(x, least = -Inf) is.double(x) && length(x) == 1 && !is.na(x) && x >= least
  text <- function(x) is.character(x) && !anyNA(x)
  flag <- function(x) is.logical(x) && length(x) == 1 && !is.na(x)

  units <- fit$shape$units
  need(is.list(fit$shape) && whole(units, 1) && length(units) >= 2, "The units of its layers must be whole numbers from 1.")
  layers <- length(units) - 1
  kinds <- fit$shape$activations
  need(is.integer(kinds) && length(kinds) == layers && whole(kinds, 0, nrow(activation_table) - 1) && !any(activation_table$output_only[kinds[-layers] + 1]),
    "Each layer must have an activation that it can have.")
  parameters <- shape_parameters(fit$shape)
  outputs <- units[layers + 1]
  names <- network_names(layers - 1)
  for (layer in seq_len(layers)) {
    size <- list(c(units[layer], units[layer + 1]), c(1, units[layer + 1]))
    for (part in 1:2) {
      w <- fit[[names[2 * layer - 2 + part]]]
      need(is.double(w) && is.matrix(w) && all(dim(w) == size[[part]]) && all(is.finite(w)), paste0("Its ", names[2 * layer - 2 + part], " must be a matrix of finite numbers of the size that its layers say."))
    }
  }
  need(is.numeric(fit$n) && one(fit$n) && whole(fit$n), "Its number of rows must be a whole number.")
  need(is.null(fit$levels) || (text(fit$levels) && !anyDuplicated(fit$levels) && length(fit$levels) == if (outputs == 1) 2 else outputs), "Its levels do not fit its outputs.")
  need(is.null(fit$inputs) || (text(fit$inputs) && length(fit$inputs) == units[1]), "It must have a name for each input, or none.")
  need(is.null(fit$outputs) || (text(fit$outputs) && length(fit$outputs) == outputs), "It must have a name for each output, or none.")
  need(flag(fit$has_offset) && (is.null(fit$data) || (text(fit$data) && one(fit$data))), "Its marks of the data are not as expected.")
  need(text(fit$stop) && one(fit$stop) && fit$stop %in% names(stop_reasons), "The reason why training ended is not known.")
  need((is.null(fit$objective) || number(fit$objective)) && (is.null(fit$best_epoch) || whole(fit$best_epoch) && one(fit$best_epoch)), "Its objective or best epoch is no number.")
  for (name in c("output", "residuals")) if (!is.null(fit[[name]]))
    need(is.matrix(fit[[name]]) && is.double(fit[[name]]) && all(dim(fit[[name]]) == c(fit$n, outputs)) && all(is.finite(fit[[name]])), paste0("Its ", name, " must have a row for each row of the data."))
  need(is.data.frame(fit$history) && all(vapply(fit$history, is.double, NA)) && all(c("epoch", "loss") %in% names(fit$history)), "Its history must be a table of numbers.")
  need(is.null(fit$calibration) || (is.list(fit$calibration) && all(vapply(fit$calibration, function(scores) is.double(scores) && all(is.finite(scores)), NA))), "Its calibration must be lists of finite numbers.")
  need(is.null(fit$probe) || (is.list(fit$probe) && all(vapply(fit$probe, is.numeric, NA))), "What it knows of the inputs and units must be numbers.")
  need(is.null(fit$call) || is.call(fit$call), "Its call is none.")
  check_model_settings(fit$settings, fit$shape, need, number, flag, whole)
  check_model_state(fit$state, fit$settings, parameters, need, number, finite, whole)
  need(is.null(fit$encoding$columns) || !is.null(fit$inputs), "It must have a name for each input.")
  check_model_encoding(fit$encoding, units[1], outputs, need, finite, allow)
  fit
}

# Settings are what the package's own functions make of the same numbers.
check_model_settings <- function(settings, shape, need, number, flag, whole) {
  again <- function(made, kept) tryCatch(identical(made, kept), error = function(e) FALSE)
  need(is.list(settings), "It has no settings.")
  kinds <- activation_table$name[shape$activations + 1]
  need(identical(as.character(settings$activation), kinds[-length(kinds)]) && identical(settings$output_activation, kinds[length(kinds)]), "The activations in its settings are not those of its layers.")
  optimizer <- settings$optimizer
  made <- tryCatch(do.call(optimizer_makers[[optimizer$name]], c(if (!is.null(optimizer$learning_rate)) list(learning_rate = optimizer$learning_rate), optimizer$numbers), quote = TRUE), error = function(e) NULL)
  need(is.list(optimizer) && identical(made, optimizer), "Its optimiser is none of the package, or has settings outside their range.")
  loss <- settings$loss
  made <- tryCatch(switch(loss$name, huber = nn_huber(loss$parameter), quantile = nn_quantile(loss$parameter), check_loss(loss$name, current_env())), error = function(e) NULL)
  need(is.list(loss) && identical(made, loss), "Its loss is none of the package, or has a setting outside its range.")
  need(tryCatch({ check_loss_and_output(loss, settings$output_activation, "numeric", current_env()); TRUE }, error = function(e) FALSE), "Its loss does not go with its output.")
  need(is.null(settings$schedule) || known_schedule(settings$schedule), "Its schedule is none of the package, or has settings outside their range.")
  need(identical(settings$reduction, "sum") || identical(settings$reduction, "mean"), "Its reduction must be sum or mean.")
  need(identical(settings$precision, "double") || identical(settings$precision, "single"), "Its precision must be double or single.")
  need(is.null(settings$batch_size) || (length(settings$batch_size) == 1 && whole(settings$batch_size, 1)), "Its batch size must be a whole number.")
  need(flag(settings$shuffle) && flag(settings$keep_fitted), "Its settings shuffle and keep_fitted must be true or false.")
  need(length(settings$threads) == 1 && whole(settings$threads, 1, 1024), "Its threads must be a whole number from 1.")
  for (name in c("penalty", "penalty_l1", "tolerance", "patience", "clip", "restarts")) need(number(settings[[name]], 0), paste0("Its setting ", name, " must be a number from 0."))
  dropout <- settings$dropout
  need(is.double(dropout) && length(dropout) %in% c(0, length(kinds) - 1) && all(is.finite(dropout)) && all(dropout >= 0 & dropout < 1), "Its dropout must be a share for each hidden layer.")
  need(is.null(settings$validation) || identical(settings$validation, "given") || (number(settings$validation, 0) && settings$validation < 1), "Its share of held-out rows must be one.")
}

known_schedule <- function(schedule) {
  makers <- list(step = nn_step, exponential = nn_exponential, cosine = nn_cosine, warm_up = nn_warm_up, plateau = nn_plateau)
  if (!is.list(schedule) || !is.character(schedule$kind) || length(schedule$kind) != 1 || !schedule$kind %in% names(makers)) return(FALSE)
  if (!is.null(schedule$then) && !known_schedule(schedule$then)) return(FALSE)
  tryCatch(identical(do.call(makers[[schedule$kind]], unclass(schedule)[setdiff(names(schedule), "kind")], quote = TRUE), schedule), error = function(e) FALSE)
}

# The state has the lengths that the optimiser's memory has for this many weights.
check_model_state <- function(state, settings, parameters, need, number, finite, whole) {
  need(is.list(state) && finite(state$weights, parameters), "Its state must have a finite number for each weight.")
  need(finite(state$best_weights, c(0, parameters)), "The best weights of its state must be as many as there are weights.")
  memory <- first_memory(settings$optimizer, 0)
  expected <- function(name) if (settings$optimizer$name %in% c("adam", "adamw", "rprop") || (name == "moment" && settings$optimizer$name %in% c("momentum", "nesterov", "rmsprop"))) parameters else 0
  for (name in c("moment", "moment2")) need(finite(state[[name]], expected(name)), paste0("The ", name, " of its state must be as long as the optimiser's memory is."))
  for (name in c("steps", "epoch", "best_epoch", "stale")) need(number(state[[name]], 0) && whole(state[[name]], 0, 2^32 - 1), paste0("The ", name, " of its state must be a whole number."))
  for (name in c("best_loss", "reference")) need(number(state[[name]]), paste0("The ", name, " of its state must be a number."))
  need(finite(state$under_way, 4) && state$under_way[1] >= 0, "The epoch under way in its state must be four numbers.")
  need(is.null(state$seed) || (whole(state$seed, 0, 2^32 - 1) && length(state$seed) == 2), "Its seed must be two whole numbers.")
  need(!needs_seed(settings) || !is.null(state$seed), "It has no seed.")
  need(!identical(settings$schedule$kind, "plateau") || (is.list(state$plateau) && number(state$plateau$factor, 0) && number(state$plateau$best) && number(state$plateau$stale, 0)), "The plateau of its state must be three numbers.")
  if (!second_order(settings$optimizer)) return(invisible())
  curvature <- state$curvature
  pairs <- function(x) is.double(x) && is.matrix(x) && nrow(x) == parameters && all(is.finite(x))
  need(is.list(curvature) && pairs(curvature$s) && pairs(curvature$y) && ncol(curvature$s) == ncol(curvature$y) && finite(curvature$gradient, c(0, parameters)) && finite(curvature$scale, c(0, parameters)) &&
    all(vapply(curvature[names(memory$curvature)[-(1:4)]], number, NA)), "The curvature of its state is not as long as there are weights.")
}

# Contrasts and what is done with missing values are functions by name that encoding calls, so only R's own are taken; so are the functions of the terms (see read_call()).
check_model_encoding <- function(encoding, inputs, outputs, need, finite, allow) {
  if (is.null(encoding)) return(invisible())
  need(is.list(encoding) && finite(encoding$center, inputs) && finite(encoding$scale, inputs) && all(encoding$scale > 0), "The centre and scale of its encoding must be finite numbers, one for each input.")
  # that of a sparse matrix has no columns
  need(if (is.null(encoding$columns)) is.null(encoding$terms) else is.list(encoding$columns) && !is.null(names(encoding$columns)), "Its encoding must have columns with names.")
  for (kind in encoding$columns) need(is.list(kind) && is.character(kind$type) && length(kind$type) == 1, "Each column of its encoding must have a type.")
  need(is.null(encoding$terms) || inherits(encoding$terms, "terms"), "Its formula is none.")
  named <- c(unlist(Filter(is.character, as.list(encoding$contrasts))), encoding$replay$na.action)
  need(is.null(named) || (is.character(named) && all(named %in% c("contr.treatment", "contr.sum", "contr.helmert", "contr.poly", "contr.SAS", "na.omit", "na.exclude", "na.pass", "na.fail", allow))),
    "Its contrasts, or what is done with missing values, are none of R's own.")
  outcome <- encoding$outcome
  need(is.list(outcome) && finite(outcome$center, c(1, outputs)) && finite(outcome$scale, c(1, outputs)) && all(outcome$scale > 0), "Its outcome must have a finite centre and scale.")
}
