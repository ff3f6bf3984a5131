# Training as an animated GIF.

#' Animate training
#'
#' Writes an animated GIF of training, from the initial weights to the last epoch. Each frame is a
#' plot from [plot.nn_fit()]: the output over the plane of two inputs, or a diagram of the network.
#' Epochs between frames increase exponentially, because training changes most at first.
#'
#' For a trace, the animation shows its training from the initial weights, for any number of epochs.
#' For a fit, it shows further training, as in [nn_continue()]; use `nn_train(..., epochs = 0)` to
#' start from the initial weights.
#'
#' @param x A trace from [nn_trace()] or a fit from [nn_train()].
#' @param path Path of the file to write. It must end in `.gif`.
#' @param X,y For a fit, its data, as in [nn_continue()].
#' @param epochs Number of epochs, a whole number of at least 1. For a trace, `NULL` (default) means
#'   5000, or the number of traced epochs if that is larger.
#' @param what The plot: `"boundary"` or `"network"`. `NULL` (default) chooses the boundary for fits
#'   of two numeric inputs and one output or classes, and the network otherwise.
#' @param frames Maximum number of frames, a whole number of at least 2; 40 by default. There is at
#'   most one frame per epoch.
#' @param seconds Duration in seconds, a positive number; 6 by default. The last frame is shown for
#'   an additional second.
#' @param width,height Size in pixels, whole numbers; 640 x 520 by default.
#' @param ... Must be empty.
#' @return `path`, invisibly.
#' @section Errors: `backprop_error_argument` for invalid arguments, `backprop_error_file` if the
#'   file can't be written, and the errors of [nn_continue()] and [plot.nn_fit()].
#' @seealso [nn_show()] to step through training in the browser.
#' @examplesIf requireNamespace("gifski", quietly = TRUE)
#' corners <- as.matrix(expand.grid(a = 0:1, b = 0:1))
#' set.seed(3)
#' start <- nn_train(corners, c(0, 1, 1, 0), activation = "tanh", learning_rate = 0.3, epochs = 0)
#' file <- tempfile(fileext = ".gif")
#' nn_animate(start, file, corners, c(0, 1, 1, 0), epochs = 1000, frames = 10)
#' file.size(file)
#' unlink(file)
#' @export
nn_animate <- function(x, path, ...) {
  call <- current_env()
  check_given(missing(x), "x", "a trace from nn_trace(), or a fit from nn_train()", call)
  check_given(missing(path), "path", "the path of the .gif file to write", call)
  UseMethod("nn_animate")
}

#' @export
nn_animate.default <- function(x, path, ...) {
  abort_argument(c(
    "{.arg x} must be a trace from {.fn nn_trace} or a fit from {.fn nn_train}.",
    x = "You supplied {describe(x)}."
  ), current_env())
}

#' @rdname nn_animate
#' @export
nn_animate.nn_trace <- function(x, path, epochs = NULL, what = NULL, frames = 40, seconds = 6,
                                width = 640, height = 520, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_animate.nn_trace)))
  origin <- trace_origin(x, call)
  levels <- unclass(x)$settings$levels
  if (length(levels) == 2) origin$y <- factor(levels[origin$y + 1], levels)
  if (length(levels) > 2) origin$y <- factor(levels[max.col(origin$y, "first")], levels)
  if (is.null(epochs)) epochs <- max(default_show_epochs, length(x$epochs))
  fit <- keep_seed(untrained_fit(origin, call))
  if (needs_seed(fit$settings)) fit$state$seed <- origin$seed
  class(fit) <- "nn_fit"
  how <- check_animation(path, epochs, frames, seconds, width, height, call)
  animate(fit, origin$X, origin$y, how, what, call)
}

#' @rdname nn_animate
#' @export
nn_animate.nn_fit <- function(x, path, X, y = NULL, epochs, what = NULL, frames = 40, seconds = 6,
                              width = 640, height = 520, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_animate.nn_fit)))
  check_given(missing(X), "X", "the inputs that the fit was made with", call)
  check_given(missing(epochs), "epochs", "how many epochs to show", call)
  how <- check_animation(path, epochs, frames, seconds, width, height, call)
  fit <- current_fit(x, call)
  check_whole_fit(unclass(fit), call, "x")
  animate(fit, X, y, how, what, call)
}

check_animation <- function(path, epochs, frames, seconds, width, height, call) {
  check_installed("gifski", "to write animated GIFs.", call = call)
  check_path(path, call)
  if (!grepl("[.]gif$", lower_case(path))) {
    abort_argument(c("{.arg path} must end in {.val .gif}.", x = "It is {describe(path)}."), call)
  }
  list(
    path = path, epochs = check_whole(epochs, "epochs", call),
    frames = check_whole(frames, "frames", call, least = 2, most = 1000),
    seconds = check_number(seconds, "seconds", call, least = 0, above = TRUE),
    width = check_whole(width, "width", call, least = 100, most = 4000),
    height = check_whole(height, "height", call, least = 100, most = 4000)
  )
}

# The epochs of the frames, from 0 to the last, on a logarithmic scale.
frame_epochs <- function(epochs, frames) {
  unique(c(0, round(exp(seq(0, log(epochs), length.out = frames - 1)))))
}

animate <- function(fit, X, y, how, what, call) {
  if (is.null(what)) what <- if (has_boundary(fit)) "boundary" else "network"
  what <- check_choice(what, c("boundary", "network"), "what", call)
  if (what == "boundary" && !has_boundary(fit)) {
    abort_argument(c(
      "{.val boundary} requires two numeric inputs, and one numeric output or classes.",
      i = "Use {.code what = \"network\"}."
    ), call)
  }
  at <- frame_epochs(how$epochs, how$frames)
  folder <- tempfile("frames-")
  dir.create(folder)
  device <- grDevices::dev.cur()
  on.exit({
    unlink(folder, recursive = TRUE)
    if (device > 1) grDevices::dev.set(device)
  })
  files <- file.path(folder, sprintf("frame-%04d.png", seq_along(at)))
  for (i in seq_along(at)) {
    if (i > 1) fit <- nn_continue(fit, X, y, epochs = at[i] - at[i - 1])
    draw_frame(fit, X, y, what, how, files[i])
  }
  pause <- how$seconds / length(at)
  files <- c(files, rep(last(files), ceiling(1 / pause)))
  gif <- file.path(folder, "all.gif")
  gifski::gifski(files, gif, how$width, how$height, delay = pause, progress = FALSE)
  write_file(readBin(gif, "raw", file.size(gif)), how$path, call)
  invisible(how$path)
}

draw_frame <- function(fit, X, y, what, how, file) {
  grDevices::png(file, how$width, how$height, res = 96)
  on.exit(grDevices::dev.off())
  plain <- unclass(fit)
  epoch <- plain$state$epoch
  loss <- if (epoch > 0) paste(", loss", format(last(plain$history$loss), digits = 3))
  main <- paste0("Epoch ", format(epoch, big.mark = ","), loss)
  if (what == "network") {
    plot(fit, "network", main = main)
  } else {
    plot(fit, "boundary", data = X, y = y, main = main)
  }
}

# Are there two numeric inputs, and one numeric output or classes?
has_boundary <- function(fit) {
  plain <- unclass(fit)
  columns <- plain$encoding$columns
  inputs <- if (is.null(columns)) n_inputs(plain$layers) else length(columns)
  numeric <- is.null(columns) || all(vapply(columns, function(kind) kind$type == "numeric", NA))
  inputs == 2 && numeric && (!is.null(plain$levels) || n_outputs(plain$layers) == 1)
}
