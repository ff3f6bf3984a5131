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
#' @param loss,reduction,learning_rate,batch_size,shuffle,skip As in [nn_train()].
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
                            lang = "en", width = NULL, height = NULL, skip = FALSE, ...) {
  call <- current_env()
  check_not_formula(
    x, list(...)[["data"]], paste(
      "{.fn nn_show} requires a trace from {.fn nn_trace}, or a matrix {.arg x} of inputs and",
      "{.arg y}."
    ), call
  )
  check_no_dots(call, ..., known = names(formals(nn_show.default)))
  check_given(missing(y), "y", "the targets, one for each row of the inputs", call)
  given <- c(
    "start", "hidden", "activation", "output_activation", "loss", "reduction",
    "learning_rate", "batch_size", "shuffle", "skip"
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

# The data and settings of a trace as arguments of nn_show.default(). Each batch only has its own
# rows, so all rows are collected from the first epoch.
trace_origin <- function(trace, call) {
  check_trace(trace, call, epochs = 1)
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
  value <- function(name) first$steps[[match(paste0(name, "_before"), ids)]]$value
  start <- lapply(names, value)
  names(start) <- names
  if (trace$settings$skip) start$wout <- rbind(start$wout, value("wskip"))
  y <- all_rows("y")
  levels <- trace$settings$levels
  if (length(levels) == 2) colnames(y) <- levels[2]
  c(
    list(
      X = all_rows("X"), y = y, start = start,
      learning_rate = trace$learning_rate
    ),
    trace$settings[c(
      "activation", "output_activation", "loss", "reduction", "batch_size",
      "shuffle", "seed", "skip"
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
