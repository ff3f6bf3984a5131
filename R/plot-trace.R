#' Draw the steps of a trace
#'
#' Each matrix of one epoch as a grid of shaded cells with their values: blue for numbers below 0,
#' orange for those above, the deeper the larger within its matrix. Base graphics, on the device
#' that is open; meant for networks of the tutorial's size, up to about eight rows and columns a
#' matrix.
#'
#' @param x A trace of [nn_trace()].
#' @param epoch Which of the traced epochs, a whole number; 1 by default.
#' @param digits Decimal places of the values, a whole number from 0 to 6; 2 by default.
#' @param ... Must be empty: a misspelt argument is an error.
#' @return `x`, invisibly.
#' @section Errors: `backprop_error_argument` where an argument is not as described, and where the
#'   device is too small for the matrices.
#' @examples
#' X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
#' set.seed(1)
#' plot(nn_trace(X, c(1, 1, 0)))
#' @export
plot.nn_trace <- function(x, epoch = 1, digits = 2, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(plot.nn_trace)))
  epoch <- check_whole(epoch, "epoch", call, most = length(x$epochs))
  digits <- check_whole(digits, "digits", call, least = 0, most = 6)
  steps <- x$epochs[[epoch]]$steps
  size <- graphics::par("din")
  columns <- max(1, min(length(steps), round(sqrt(length(steps) * size[1] / size[2] / 1.2))))
  # `mfrow` sets `cex`, which therefore comes last
  old <- graphics::par(c("mfrow", "mar", "oma", "cex"))
  on.exit(graphics::par(old))
  graphics::par(
    mfrow = c(ceiling(length(steps) / columns), columns), cex = 1, mar = c(0.3, 0.3, 2.7, 0.3),
    oma = c(0, 0, 0.2, 0)
  )
  margins <- graphics::par("mai")
  if (any(graphics::par("fin") <= c(sum(margins[c(2, 4)]), sum(margins[c(1, 3)])))) {
    abort_argument(c("The device is too small for the {length(steps)} matrices of the epoch.",
      x = "It is {format(size[1], digits = 2)} x {format(size[2], digits = 2)} inches.",
      i = "Make the device larger, such as 9 x 7 inches."
    ), call)
  }
  for (step in steps) draw_matrix(step, digits)
  invisible(x)
}

# One matrix as shaded cells under its number and name; all text is made small enough for its place.
draw_matrix <- function(step, digits) {
  value <- step$value
  rows <- nrow(value)
  columns <- ncol(value)
  graphics::plot.new()
  graphics::plot.window(c(0, 1), c(0, 1), xaxs = "i", yaxs = "i")
  largest <- max(abs(value))
  depth <- if (largest > 0) abs(value) / largest else 0 * value
  shade <- function(colour) {
    grDevices::rgb(grDevices::colorRamp(c("white", colour))(depth), maxColorValue = 255)
  }
  fill <- ifelse(value < 0, shade("#56B4E9"), shade("#E69F00"))
  width <- min(1, columns / 3)
  left <- (1 - width) / 2 + (col(value) - 1) * width / columns
  height <- min(1, rows / 3)
  top <- 1 - (row(value) - 1) * height / rows
  graphics::rect(
    left, top - height / rows, left + width / columns, top,
    col = fill, border = "grey60"
  )
  label <- formatC(value, digits = digits, format = "f")
  fit_in <- function(text, space) min(1, 0.9 * space / max(graphics::strwidth(text, cex = 1)))
  graphics::text(
    left + width / columns / 2, top - height / rows / 2, label,
    cex = min(
      fit_in(label, width / columns), 0.7 * height / rows / graphics::strheight("0", cex = 1)
    )
  )
  title <- paste(if (is.na(step$number)) "after:" else step$number, step$name)
  formula <- step$formula
  if (fit_in(formula, 1) < 0.6) formula <- in_two_lines(formula)
  graphics::mtext(title, side = 3, line = 1.5, cex = min(0.85, fit_in(title, 1)), font = 2)
  graphics::mtext(
    formula,
    side = 3, line = if (length(formula) == 1) 0.3 else c(0.65, 0.05),
    cex = min(if (length(formula) == 1) 0.7 else 0.6, fit_in(formula, 1)), col = "grey30"
  )
}

# Broken at the space nearest to the middle.
in_two_lines <- function(text) {
  spaces <- gregexpr(" ", text, fixed = TRUE)[[1]]
  # a call with no space breaks behind its bracket
  if (spaces[1] < 0) spaces <- gregexpr("(", text, fixed = TRUE)[[1]]
  if (spaces[1] < 0) {
    return(text)
  }
  at <- spaces[which.min(abs(spaces - nchar(text) / 2))]
  trimws(c(substr(text, 1, at), substr(text, at + 1, nchar(text))))
}
