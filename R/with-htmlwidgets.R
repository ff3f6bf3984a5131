# The stepper: a widget that shows every step of training in the browser. R sends the data, the
# initial weights and checkpoints; the browser computes all steps (see inst/htmlwidgets).

#' Step through training in the browser
#'
#' Creates a page that shows every step of gradient descent on a small network, under the tutorial's
#' names and numbers. One side shows the network with its weights, the other the matrices of the
#' current step and its formula in words, in R and in NumPy. Point at a cell, or move to it with the
#' keyboard, to see the sum behind it and to highlight its operands. The page plays, steps and
#' rewinds training, and has controls for the learning rate and the batch size. For two inputs it
#' also plots the output over their plane.
#'
#' The page is an htmlwidget. Print it at the console to open it in the viewer or the browser,
#' include it in R Markdown, Quarto or the examples of a pkgdown site, or save it with
#' `htmlwidgets::saveWidget()`. It makes no network requests. In Shiny, use `nn_show_output()` and
#' `nn_show_render()`. Traces are shown this way in HTML documents; set
#' `options(backprop.stepper = FALSE)` for static tables.
#'
#' The browser computes every epoch in double precision. `nn_show()` also trains the network with
#' [nn_train()] and sends checkpoints: the weights after 1, 10, 100, ... epochs. The page compares
#' its weights with them and reports whether they agree to 1e-12 (relative for absolute values above
#' 1). There are checkpoints for several learning rates, each with the given batch size, the full
#' batch and batches of one row. Mini-batches use the row order of [nn_batches()].
#'
#' Keys: right and left move one step, down and up one epoch, Space plays and pauses, Home rewinds,
#' Tab moves between cells, and Enter keeps a cell highlighted.
#'
#' @param x A trace from [nn_trace()], or the inputs, as the argument `X` of [nn_trace()].
#' @param y,start,hidden,activation,output_activation As in [nn_train()]. Random numbers are drawn
#'   in the same order, so that after `set.seed()` the page shows the training of the same call of
#'   `nn_train()`.
#' @param loss,reduction,learning_rate,batch_size,shuffle As in [nn_train()].
#' @param epochs Maximum number of epochs on the page, a whole number between 1 and 10,000; 5000 by
#'   default. At least the number of traced epochs.
#' @param lang Language of the page: `"en"` (default) or `"zh"`, Chinese.
#' @param width,height Size in pixels, or a CSS size as a string. `NULL` (default) uses the width of
#'   the page and the height that the content needs.
#' @param id,expr,env,quoted For Shiny: the output id, the expression that returns the widget, the
#'   environment to evaluate it in, and whether it is a quoted expression.
#' @param ... Must be empty.
#' @return An htmlwidget of class `nn_show`. `nn_show_output()` and `nn_show_render()` return a
#'   Shiny output and a render function.
#' @section Errors: `backprop_error_argument` for a network with more than 8 units in a layer or
#'   more than 3 hidden layers, and for other invalid arguments; `backprop_error_input` for more
#'   than 100 rows and for invalid data. Also the errors of [nn_train()].
#' @seealso [nn_trace()] for the same steps as R matrices.
#' @examplesIf requireNamespace("htmlwidgets", quietly = TRUE)
#' X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
#' y <- c(1, 1, 0)
#' set.seed(1)
#' nn_show(X, y)
#'
#' # Exclusive or: two inputs, so the page also plots the output
#' corners <- as.matrix(expand.grid(a = 0:1, b = 0:1))
#' set.seed(3)
#' nn_show(corners, c(0, 1, 1, 0), hidden = 3, activation = "tanh", learning_rate = 0.3)
#' @export
nn_show <- function(x, ...) {
  check_given(missing(x), "x", "a trace from nn_trace(), or the inputs", current_env())
  UseMethod("nn_show")
}

#' @rdname nn_show
#' @export
nn_show.nn_trace <- function(x, epochs = NULL, lang = "en", width = NULL, height = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_show.nn_trace)))
  origin <- trace_origin(x, call)
  least <- length(x$epochs)
  epochs <- if (is.null(epochs)) {
    max(default_show_epochs, least)
  } else {
    check_whole(epochs, "epochs", call, least = least, most = most_shown$epochs)
  }
  if (is.null(origin$seed)) origin$seed <- c(0, 0)
  keep_seed(show_widget(origin, epochs, lang, width, height, call))
}

#' @rdname nn_show
#' @export
nn_show.default <- function(x, y, start = NULL, hidden = 3, activation = "sigmoid",
                            output_activation = NULL, loss = NULL, reduction = "sum",
                            learning_rate = 0.1, batch_size = NULL, shuffle = TRUE, epochs = 5000,
                            lang = "en", width = NULL, height = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_show.default)))
  check_given(missing(y), "y", "the targets, one for each row of the inputs", call)
  given <- c(
    "start", "hidden", "activation", "output_activation", "loss", "reduction",
    "learning_rate", "batch_size", "shuffle"
  )
  origin <- c(
    list(
      X = check_matrix(numbers_of_frame(x, "x", call), "x", call),
      y = numbers_of_frame(y, "y", call)
    ),
    mget(given, envir = call), list(seed = NULL)
  )
  epochs <- check_whole(epochs, "epochs", call, most = most_shown$epochs)
  show_widget(origin, epochs, lang, width, height, call)
}

default_show_epochs <- 5000

# Limits of the page: wider matrices don't fit a small screen, and more rows make steps slow.
most_shown <- list(units = 8, hidden_layers = 3, rows = 100, epochs = 10000)

# The data and settings of a trace as arguments of nn_show.default(). Each batch only has its own
# rows, so all rows are collected from the first epoch.
trace_origin <- function(trace, call) {
  trace <- unclass(trace)
  if (length(trace$epochs) == 0) {
    abort_argument(
      "{.arg x} has no epochs, because the trace diverged in the first epoch.", call
    )
  }
  first <- trace$epochs[[1]]
  ids <- vapply(first$steps, `[[`, "", "id")
  all_rows <- function(id) {
    parts <- do.call(rbind, lapply(first$steps[ids == id], `[[`, "value"))
    parts[order(unlist(first$batches)), , drop = FALSE]
  }
  names <- names(trace$network)
  start <- lapply(first$steps[match(paste0(names, "_before"), ids)], `[[`, "value")
  y <- all_rows("y")
  levels <- trace$settings$levels
  if (length(levels) == 2) colnames(y) <- levels[2]
  c(
    list(
      X = all_rows("X"), y = y, start = stats::setNames(start, names),
      learning_rate = trace$learning_rate
    ),
    trace$settings[c(
      "activation", "output_activation", "loss", "reduction", "batch_size",
      "shuffle", "seed"
    )]
  )
}

show_widget <- function(origin, epochs, lang, width, height, call) {
  check_installed("htmlwidgets", "to show training in the browser.", call = call)
  lang <- check_choice(lang, c("en", "zh"), "lang", call)
  width <- check_css_size(width, "width", call)
  height <- check_css_size(height, "height", call)
  payload <- c(show_payload(origin, epochs, call), list(lang = lang))
  htmlwidgets::createWidget("nn_show", payload,
    width = width, height = height,
    package = "backprop",
    sizingPolicy = htmlwidgets::sizingPolicy(
      defaultWidth = "100%", defaultHeight = "auto", padding = 8, viewer.fill = FALSE,
      browser.fill = FALSE, knitr.figure = FALSE, knitr.defaultWidth = "100%",
      knitr.defaultHeight = "auto"
    )
  )
}

check_css_size <- function(x, name, call) {
  if (is.null(x)) {
    return(NULL)
  }
  if (is.numeric(x)) {
    return(check_number(x, name, call, least = 0, above = TRUE))
  }
  units <- "%|px|em|rem|ex|ch|vw|vh|in|cm|mm|pt|pc"
  if (is_string(x) && grepl(paste0("^(auto|[0-9]*[.]?[0-9]+(", units, "))$"), x)) {
    return(x)
  }
  abort_argument(c(
    "{.arg {name}} must be a number of pixels or a CSS size, such as {.val 100%}.",
    x = "You supplied {describe(x)}."
  ), call)
}

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

check_page_functions <- function(layers, loss, call) {
  used <- list(activation = layer_activations(layers), loss = loss$name)
  for (what in names(used)) {
    unknown <- setdiff(used[[what]], page_functions[[what]])
    if (length(unknown) > 0) {
      abort_argument(c(
        "{.fn nn_show} doesn't support the {what} {.val {unknown}}.",
        i = "Use one of {.val {page_functions[[what]]}}."
      ), call)
    }
  }
}

# The data of the page. Numbers are strings that convert back to the same double; a matrix has its
# dimensions and its values by column.
show_payload <- function(origin, epochs, call) {
  units <- origin_units(origin, call)
  check_shown_size(origin$X, units, call)
  fit <- untrained_fit(origin, call, units)
  settings <- fit$settings
  check_page_functions(fit$layers, settings$loss, call)
  seed <- origin$seed
  if (is.null(seed)) seed <- if (is.null(fit$state$seed)) next_seed() else fit$state$seed
  targets <- encode_targets(origin$y, nrow(origin$X), call)
  batches <- unique(list(settings$batch_size, NULL, if (nrow(origin$X) > 1) 1))
  rate <- settings$optimizer$learning_rate
  ends <- end_names(fit)
  named <- function(names, stem) ifelse(nzchar(names), names, paste0(stem, seq_along(names)))
  list(
    units = I(layer_units(fit$layers)), activations = I(layer_activations(fit$layers)),
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

# The units of each layer, inputs first.
origin_units <- function(origin, call) {
  targets <- encode_targets(origin$y, nrow(origin$X), call)
  start_units(origin$start, origin$hidden, origin$X, targets, call)
}

# The untrained fit, with the checks and the random initial weights of nn_train().
untrained_fit <- function(origin, call, units = origin_units(origin, call)) {
  options <- lapply(as.list(formals(nn_train.matrix))[matrix_options], eval, baseenv())
  given <- intersect(names(origin), matrix_options)
  options[given] <- origin[given]
  options$hidden <- if (length(units) > 2) units[-c(1, length(units))] else 0
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
    fit <- tryCatch(
      nn_continue(fit, origin$X, origin$y, epochs = epoch - unclass(fit)$state$epoch),
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

#' @rdname nn_show
#' @export
nn_show_output <- function(id, width = "100%", height = "auto") {
  check_installed("htmlwidgets", "to show training in the browser.")
  htmlwidgets::shinyWidgetOutput(id, "nn_show", width, height, package = "backprop")
}

#' @rdname nn_show
#' @export
nn_show_render <- function(expr, env = parent.frame(), quoted = FALSE) {
  check_installed("htmlwidgets", "to show training in the browser.")
  if (!quoted) expr <- substitute(expr)
  htmlwidgets::shinyRenderWidget(expr, nn_show_output, env, quoted = TRUE)
}

# The stepper of a trace for an HTML document; NULL if it is unavailable or disabled.
trace_stepper <- function(trace, ...) {
  html <- knitr::is_html_output(excludes = c("markdown", "gfm", "epub", "epub2", "epub3"))
  wanted <- is_true(getOption("backprop.stepper", TRUE))
  if (!html || !wanted || !is_installed("htmlwidgets")) {
    return(NULL)
  }
  widget <- tryCatch(nn_show(trace), backprop_error = function(e) NULL)
  if (!is.null(widget)) knitr::knit_print(widget, ...)
}
