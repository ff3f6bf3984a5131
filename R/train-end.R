# How training ends: on its own, by divergence or by an interrupt.

# Warns if training diverged to finite numbers, or if a small gradient is not convergence: if units
# are saturated for all rows, or if the weights of separable classes grow without bound. A small
# gradient is no warning if held-out rows chose the activation and the penalty: then the fit was the
# best of many, whatever its units do.
warn_of_false_end <- function(fit, data) {
  plain <- unclass(fit)
  if (plain$stop == "diverged") {
    cli::cli_warn(c(
      paste0(
        "Training diverged: the loss is {format(last(plain$history$loss), digits = 4)} in the ",
        "last epoch, {format(plain$history$loss[1], digits = 4)} in the first."
      ),
      i = literal(examine(plain)$diverged$advice), i = "{.fn nn_doctor} describes what was found."
    ), class = "backprop_warning_diverged", call = NULL)
  }
  if (plain$stop != "gradient" || !is.null(plain$evidence)) {
    return(fit)
  }
  of_classes <- loss_table[[plain$settings$loss$name]]$of_classes
  unpenalised <- plain$settings$penalty == 0 && plain$settings$penalty_l1 == 0
  ends <- output_ends(plain, flatten_network(coef(fit)), data, of_classes, unpenalised)
  flat <- sum(unlist(ends$steepest) < 1e-6)
  if (flat > 0) {
    cli::cli_warn(c(
      paste0(
        "{flat} unit{?s} {?is/are} saturated for all rows, so the small gradient does not ",
        "indicate an optimum."
      ),
      i = paste0(
        "Scale the inputs, or use smaller initial weights ({.code init = \"glorot_normal\"}) or ",
        "{.code restarts = 10}."
      )
    ), class = "backprop_warning_saturated", call = NULL)
  }
  # infinite without rows in or outside of the class
  if (any(ends$least > 1 - 1e-4 & ends$least < Inf & ends$most < 1e-4 & ends$most > -Inf)) {
    cli::cli_warn(c(
      paste0(
        "A class is perfectly separated from the other classes, so there is no finite optimum: ",
        "the weights grow as long as training continues."
      ),
      i = "Use a {.arg penalty} above 0, which makes the optimum finite."
    ), class = "backprop_warning_separable", call = NULL)
  }
  fit
}

# The ends of what the trained rows lead to: list(steepest, least, most). `steepest`: for each layer
# whose activation saturates, the steepest slope of each unit. `least`, `most`: for each class, if
# `unpenalised` and `of_classes`, the least output of its rows, and the largest of all other rows.
# Stored rows pass through the network in blocks.
output_ends <- function(plain, weights, data, of_classes, unpenalised) {
  there <- weighted_rows(data)
  X <- take_rows(data$X, there)
  own <- there[own_rows(X)]
  layers <- plain$layers
  saturating <- Filter(function(l) {
    identical(activation_table[[layers[[l]]$activation]]$flat$word, "saturated") &&
      !(of_classes && l == length(layers))
  }, seq_along(layers))
  ends <- list(
    steepest = lapply(layers[saturating], function(layer) rep(-Inf, layer$units)),
    least = Inf, most = -Inf
  )
  units <- sum(vapply(layers, function(layer) layer$units, 0))
  at_once <- if (is_stored(X)) rows_at_once(units) else max(1, length(own))
  for (begin in seq_len(ceiling(length(own) / at_once)) * at_once - at_once) {
    block <- seq(begin + 1, min(begin + at_once, length(own)))
    passed <- core_forward(
      layers, weights, if (is_stored(X)) take_rows(X, block) else local_part(X),
      part_of(data$offset, own[block]), TRUE, FALSE
    )
    ends$steepest <- Map(function(steepest, l) {
      flat <- activation_table[[layers[[l]]$activation]]$flat
      slopes <- flat$steepest * flat$steepness(passed$activation[[l]])
      pmax(steepest, vapply(seq_len(ncol(slopes)), function(j) max(slopes[, j]), 0))
    }, ends$steepest, saturating)
    if (!of_classes || !unpenalised) next
    of_class <- as.matrix(take_rows(data$y, own[block])) == 1
    ends$least <- pmin(ends$least, column_extremes(ifelse(of_class, passed$output, Inf), min))
    ends$most <- pmax(ends$most, column_extremes(ifelse(of_class, -Inf, passed$output), max))
  }
  if (is_shared(X)) {
    over_ranks <- function(numbers, extreme, name) {
      do.call(extreme, unname(each_rank(X$ranks, numbers, name)))
    }
    ends$steepest <- lapply(ends$steepest, over_ranks, pmax, "slopes")
    if (of_classes && unpenalised) {
      outputs <- rep(1, ncol(data$y))
      ends$least <- over_ranks(ends$least * outputs, pmin, "outputs")
      ends$most <- over_ranks(ends$most * outputs, pmax, "outputs")
    }
  }
  ends
}

abort_diverged <- function(fit, call) {
  untrained <- fit$state$epoch == 0 && is.null(fit$settings$batch_size)
  abort_kind(
    "diverged",
    c(
      paste0(
        "Training diverged: the loss or the update of the weights is not finite in epoch ",
        "{fit$state$epoch + 1}."
      ),
      i = if (untrained) {
        "This is the first update: the data or the initial weights are too large."
      },
      i = literal(examine(unclass(fit))$diverged$advice),
      i = if (untrained && fit$settings$precision == "single") {
        "Or use {.code precision = \"double\"}."
      },
      i = paste0(
        "The fit with the last finite weights, after epoch {fit$state$epoch}, is in the field ",
        "{.field fit} of this error."
      )
    ),
    call, environment(),
    fit = fit
  )
}

# Evaluates `training`. When a time limit is reached, calls `record()` with R's error and returns
# "interrupted". Other errors pass.
until_time_limit <- function(training, record) {
  result <- until_error(training, is_time_limit)
  if (!inherits(result, "error")) {
    return(result)
  }
  record(result)
  "interrupted"
}

# Signals R's own error again, as if training had not caught it, with the fit so far.
signal_with_fit <- function(e, fit) {
  e$fit <- fit
  stop(e)
}

# At the console the fit so far is returned with a warning. Inside another function the interrupt is
# signalled again, for that function to handle.
report_interrupt <- function(fit, left, controls) {
  if (!called_from_console(controls$call)) interrupt()
  if (!is.null(controls$start)) {
    return(cli::cli_warn(c(
      paste0(
        "Training was interrupted in epoch {fit$state$epoch + 1} of start {controls$start} of ",
        "{fit$settings$restarts}; the best fit so far is returned."
      )
    ), class = "backprop_warning_interrupted", call = NULL))
  }
  cli::cli_warn(c(
    "Training was interrupted in epoch {fit$state$epoch + 1}; the fit so far is returned.",
    i = paste0(
      "To resume, use {.code nn_continue(fit, ",
      "{if (is.null(fit$encoding$terms)) 'X, y' else 'data'}, epochs = {left})}."
    )
  ), class = "backprop_warning_interrupted", call = NULL)
}

# Evaluates the search for defaults. It trains no network that could be returned, so an interrupt at
# the console is an error that says so.
until_interrupt <- function(search, call) {
  tryCatch(search, interrupt = function(signal) {
    if (!called_from_console(call)) interrupt()
    abort_kind("interrupted", c(
      "Training was interrupted while its defaults were chosen, so there is no fit.",
      i = "If {.arg penalty} is supplied, such as {.code penalty = 0.01}, nothing is searched."
    ), call, environment())
  })
}

# Is the function with environment `call` the first one on the stack, apart from its generic?
called_from_console <- function(call) {
  position <- which(vapply(sys.frames(), identical, NA, call))[1]
  generic <- position > 1 && "UseMethod" %in% all.names(body(sys.function(position - 1)))
  position - generic == 1
}
