# Is a fit that was read from a file one that the core can be given? Sizes are compared as numbers
# before any matrix is made from them.

check_model <- function(fit) {
  need <- function(ok, what, hint = NULL) if (!isTRUE(ok)) abort_format(what, hint)
  whole <- function(x, least = 0, most = .Machine$integer.max) {
    is.numeric(x) && length(x) > 0 && all(is.finite(x)) &&
      all(x == floor(x) & x >= least & x <= most)
  }
  one <- function(x) length(x) == 1
  finite <- function(x, length) is.double(x) && base::length(x) %in% length && all(is.finite(x))
  number <- function(x, least = -Inf) is.double(x) && length(x) == 1 && !is.na(x) && x >= least
  text <- function(x) is.character(x) && !anyNA(x)
  flag <- function(x) is.logical(x) && length(x) == 1 && !is.na(x)

  units <- fit$shape$units
  need(
    is.list(fit$shape) && whole(units, 1) && length(units) >= 2,
    "The units of its layers must be whole numbers from 1."
  )
  layers <- length(units) - 1
  kinds <- fit$shape$activations
  need(
    is.integer(kinds) && length(kinds) == layers && whole(kinds, 0, nrow(activation_table) - 1) &&
      !any(activation_table$output_only[kinds[-layers] + 1]),
    "Each layer must have an activation that it can have."
  )
  parameters <- shape_parameters(fit$shape)
  outputs <- units[layers + 1]
  names <- network_names(layers - 1)
  for (layer in seq_len(layers)) {
    size <- list(c(units[layer], units[layer + 1]), c(1, units[layer + 1]))
    for (part in 1:2) {
      w <- fit[[names[2 * layer - 2 + part]]]
      need(
        is.double(w) && is.matrix(w) && all(dim(w) == size[[part]]) && all(is.finite(w)),
        paste0(
          "Its ", names[2 * layer - 2 + part],
          " must be a matrix of finite numbers of the size that its layers say."
        )
      )
    }
  }
  need(
    is.numeric(fit$n) && one(fit$n) && whole(fit$n), "Its number of rows must be a whole number."
  )
  need(
    is.null(fit$levels) ||
      (text(fit$levels) && !anyDuplicated(fit$levels) &&
        length(fit$levels) == if (outputs == 1) 2 else outputs),
    "Its levels do not fit its outputs."
  )
  need(
    is.null(fit$inputs) || (text(fit$inputs) && length(fit$inputs) == units[1]),
    "It must have a name for each input, or none.", "Give all of them names, in {.code fit$inputs}."
  )
  need(
    is.null(fit$outputs) || (text(fit$outputs) && length(fit$outputs) == outputs),
    "It must have a name for each output, or none.",
    "Give all of them names, in {.code fit$outputs}."
  )
  need(
    is.null(fit$ordered) || (isTRUE(fit$ordered) && !is.null(fit$levels)),
    "Its mark of ordered levels must be true, or absent."
  )
  need(
    flag(fit$has_offset) && (is.null(fit$data) || (text(fit$data) && one(fit$data))),
    "Its marks of the data are not as expected."
  )
  need(
    text(fit$stop) && one(fit$stop) && fit$stop %in% names(stop_reasons),
    "The reason why training ended is not known."
  )
  need(
    (is.null(fit$objective) || number(fit$objective)) &&
      (is.null(fit$best_epoch) || whole(fit$best_epoch) && one(fit$best_epoch)),
    "Its objective or best epoch is no number."
  )
  for (name in c("output", "residuals")) {
    if (!is.null(fit[[name]])) {
      need(
        is.matrix(fit[[name]]) && is.double(fit[[name]]) &&
          all(dim(fit[[name]]) == c(fit$n, outputs)) && all(is.finite(fit[[name]])),
        paste0("Its ", name, " must have a row for each row of the data.")
      )
    }
  }
  need(
    is.data.frame(fit$history) && all(vapply(fit$history, is.double, NA)) &&
      all(c("epoch", "loss") %in% names(fit$history)),
    "Its history must be a table of numbers."
  )
  need(
    is.null(fit$calibration) ||
      (is.list(fit$calibration) &&
        length(fit$calibration) == (if (is.null(fit$levels)) outputs else 1) &&
        all(vapply(
          fit$calibration, function(scores) is.double(scores) && all(is.finite(scores)), NA
        ))),
    "Its calibration must be lists of finite numbers."
  )
  errors <- function(x) {
    is.list(x) && is.double(x$table) && is.matrix(x$table) && nrow(x$table) == outputs &&
      !is.null(colnames(x$table)) && (is.null(x$accuracy) || number(x$accuracy))
  }
  need(
    is.null(fit$errors) ||
      (is.list(fit$errors) && errors(fit$errors$training) &&
        (is.null(fit$errors$held_out) || errors(fit$errors$held_out)) && flag(fit$errors$weighted)),
    "Its errors must be tables of numbers."
  )
  need(
    is.null(fit$probe) ||
      (is.list(fit$probe) && all(vapply(fit$probe, is.numeric, NA)) && whole(fit$probe$rows) &&
        length(fit$probe$typical) == units[1] && !anyNA(fit$probe$typical) &&
        length(fit$probe$idle) == layers - 1),
    "What it knows of the inputs and units must be numbers."
  )
  need(
    is.null(fit$na.action) ||
      (whole(fit$na.action, 1) && inherits(fit$na.action, c("omit", "exclude"))),
    "The rows that were left out must be whole numbers."
  )
  need(
    is.null(fit$chosen) || text(fit$chosen), "What was chosen for it must be names of arguments."
  )
  check_model_call(fit$call, need)
  check_model_settings(fit$settings, fit$shape, need, number, flag, whole)
  check_model_state(fit$state, fit$settings, parameters, need, number, finite, whole)
  need(is.null(fit$encoding$columns) || !is.null(fit$inputs), "It must have a name for each input.")
  check_model_encoding(fit$encoding, units[1], outputs, fit$levels, need, finite, flag, whole)
  fit
}

# nn_train() with arguments by their full names, and nothing that a file's call may not hold.
check_model_call <- function(call, need) {
  if (is.null(call)) {
    return(invisible())
  }
  arguments <- setdiff(
    unlist(lapply(list(nn_train.formula, nn_train.data.frame, nn_train.matrix), function(method) {
      names(formals(method))
    })),
    "..."
  )
  need(
    is.call(call) && is.null(attributes(call)) && identical(call[[1]], quote(nn_train)) &&
      all(names2(call)[-1] %in% arguments) && !anyDuplicated(names2(call)[-1]),
    "Its call must be one of {.fn nn_train}."
  )
  need(
    identical(known_call(call), call),
    "Its call does more than train, or holds what a file may not name."
  )
}

# Settings are what the package's own functions make of the same numbers.
check_model_settings <- function(settings, shape, need, number, flag, whole) {
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
check_model_state <- function(state, settings, parameters, need, number, finite, whole) {
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

# Which functions it names is checked before (see foreign_functions()).
check_model_encoding <- function(encoding, inputs, outputs, levels, need, finite, flag, whole) {
  if (is.null(encoding)) {
    return(invisible())
  }
  need(
    is.list(encoding) && finite(encoding$center, inputs) && finite(encoding$scale, inputs) &&
      all(encoding$scale > 0),
    "The centre and scale of its encoding must be finite numbers, one for each input."
  )
  need(
    is.null(encoding$constant) || length(encoding$constant) == 0 ||
      whole(encoding$constant, 1, inputs),
    "Its constant inputs must be among its inputs."
  )
  need(flag(encoding$offset_argument), "Whether it has offsets must be true or false.")
  name <- function(x) is.character(x) && length(x) == 1 && !is.na(x)
  # that of a sparse matrix has no columns
  need(
    if (is.null(encoding$columns)) {
      is.null(encoding$terms)
    } else {
      is.list(encoding$columns) && identifies(names(encoding$columns))
    },
    "Its encoding must have columns with names."
  )
  for (kind in encoding$columns) {
    check_model_column(kind, is.null(encoding$terms), need, name, flag, whole)
  }
  width <- function(kind) {
    if (!is.null(kind$coding)) ncol(kind$coding) else if (is.null(kind$width)) 1 else kind$width
  }
  need(
    is.null(encoding$columns) || !is.null(encoding$terms) ||
      sum(vapply(encoding$columns, function(kind) as.double(width(kind)), 0)) == inputs,
    "Its columns do not make as many inputs as it has."
  )
  if (!is.null(encoding$terms)) check_model_terms(encoding, need, name, whole)
  need(
    is.null(encoding$replay$na.action) || name(encoding$replay$na.action),
    "What is done with missing values must be one name."
  )
  outcome <- encoding$outcome
  need(
    is.list(outcome) && finite(outcome$center, c(1, outputs)) &&
      finite(outcome$scale, c(1, outputs)) && all(outcome$scale > 0),
    "Its outcome must have a finite centre and scale."
  )
  kinds <-
    if (is.null(levels)) c("numeric", "count") else if (length(levels) == 2) "binary" else "classes"
  need(
    name(outcome$kind) && outcome$kind %in% kinds && identical(outcome$levels, levels) &&
      is.character(outcome$names),
    "Its outcome is not of the kind that its levels say."
  )
  need(
    is.null(outcome$ordered) || isTRUE(outcome$ordered),
    "The mark of an ordered outcome must be true, or absent."
  )
  calibration <- encoding$calibration
  need(
    is.null(calibration) ||
      (is.list(calibration) && finite(calibration$share, 1) && calibration$share > 0 &&
        calibration$share < 1 && whole(calibration$seed, 0, 2^32 - 1) &&
        length(calibration$seed) == 2 &&
        (is.null(calibration$rows) ||
          (whole(calibration$rows, 1) && length(calibration$rows) == 1))),
    "Its calibration must have a share, two whole numbers as its seed, and a number of rows."
  )
}

# Without a formula a column of levels has the numbers that stand for each.
check_model_column <- function(kind, coded, need, name, flag, whole) {
  need(
    is.list(kind) && name(kind$type) &&
      kind$type %in% c("numeric", "logical", "factor", "character", "other"),
    "Each column of its encoding must have a type."
  )
  need(
    is.null(kind$width) || (whole(kind$width) && length(kind$width) == 1),
    "A column's width must be a whole number."
  )
  need(
    is.null(kind$names) ||
      (is.character(kind$names) && identical(length(kind$names), as.integer(kind$width))),
    "A matrix column must have a name for each of its columns, or none."
  )
  need(
    kind$type != "factor" || flag(kind$ordered),
    "Whether a factor is ordered must be true or false."
  )
  need(
    if (coded || kind$type == "factor") {
      !kind$type %in% c("factor", "character") || is_levels(kind$levels)
    } else {
      is.null(kind$levels)
    },
    "A column's levels must be different."
  )
  need(
    !coded || !kind$type %in% c("factor", "character") ||
      (is.double(kind$coding) && is.matrix(kind$coding) &&
        nrow(kind$coding) == length(kind$levels) && all(is.finite(kind$coding))),
    "A column of levels must have finite numbers for each."
  )
  need(
    kind$type != "other" || is.character(kind$class), "A column of another type must have a class."
  )
}

is_levels <- function(x) is.character(x) && !anyDuplicated(x)

# What model.frame() and model.matrix() go by must agree with each other: they look at places that
# these numbers say.
check_model_terms <- function(encoding, need, name, whole) {
  terms <- encoding$terms
  of <- function(name) attr(terms, name, exact = TRUE)
  variables <- of("variables")
  factors <- of("factors")
  need(
    inherits(terms, "terms") && inherits(terms, "formula") && is.call(terms) &&
      length(terms) == 3 && identical(terms[[1]], quote(`~`)),
    "Its formula is none."
  )
  is_list <- function(x) is.call(x) && identical(x[[1]], quote(list))
  need(
    is_list(variables) && is_list(of("predvars")) && length(of("predvars")) == length(variables),
    "The variables of its formula are no list."
  )
  need(
    is.integer(factors) &&
      identical(dim(factors), c(length(variables) - 1L, length(of("term.labels")))) &&
      length(factors) > 0 && whole(factors, 0, 2) &&
      all(lengths(dimnames(factors)) == dim(factors)),
    "The terms of its formula do not fit its variables."
  )
  need(
    is.character(of("term.labels")) && whole(of("order"), 1) &&
      length(of("order")) == ncol(factors),
    "The terms of its formula have no order."
  )
  need(
    identical(of("response"), 1L) && identical(variables[[2]], terms[[2]]) &&
      all(factors[1, ] == 0),
    "The outcome of its formula must stand on its left."
  )
  need(
    length(of("intercept")) == 1 && whole(of("intercept"), 0, 1),
    "The intercept of its formula must be 0 or 1."
  )
  need(
    is.null(of("offset")) || whole(of("offset"), 2, nrow(factors)),
    "The offsets of its formula are none of its variables."
  )
  need(
    is.null(of("specials")) && (is.null(of("dataClasses")) || is.character(of("dataClasses"))),
    "Its formula has more than a fit's has."
  )
  of_variables <- function(x) {
    is.null(x) ||
      (is.list(x) &&
        (length(x) == 0 ||
          (identifies(names(x)) &&
            all(names(x) %in% c(rownames(factors), gsub("^`(.*)`$", "\\1", rownames(factors)))))))
  }
  need(
    of_variables(encoding$xlevels) && all(vapply(encoding$xlevels, is_levels, NA)),
    "The levels of its formula are none of its variables'."
  )
  need(
    of_variables(encoding$contrasts) &&
      all(vapply(
        encoding$contrasts,
        function(x) name(x) || (is.numeric(x) && is.matrix(x) && all(is.finite(x))), NA
      )),
    "Its contrasts must be names, or matrices of finite numbers."
  )
  extras <- encoding$replay$extras
  need(
    is.null(extras) ||
      (is.list(extras) &&
        (length(extras) == 0 ||
          (identifies(names(extras)) && all(names(extras) %in% c("subset", "weights", "offset"))))),
    "What its call took from the data is not known."
  )
}
