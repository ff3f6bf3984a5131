#' Trace every step of training
#'
#' Runs one epoch or more of gradient descent and keeps every matrix of every step, under the
#' tutorial's names and numbers: the data (0) and the first weights (1), the forward pass (2 to 4),
#' the error (5) and the loss, the backward pass (6 to 9), and the updated weights (10) and biases
#' (11). `print()` shows the steps one after the other with their formulas, `summary()` the loss and
#' the changes alone, and `plot()` draws them (see [plot.nn_trace()]). In an HTML document of
#' R Markdown or Quarto a trace becomes a page to step through (see [nn_show()]) where the package
#' htmlwidgets is installed, and else, or after `options(backprop.stepper = FALSE)`, a compact
#' layout of its matrices, as in PDF and Word.
#'
#' The weights at the end are those of [nn_train()] with the same arguments and the same seed, to
#' the last bit: with any activation, loss and batch size. With batches, each update has its own
#' steps, which see the rows of the batch alone and the weights that the last batch left. The
#' `output` of step 4 belongs to the weights before the update; the tutorial leaves out
#' `output_after` and `loss_after`, which belong to the updated ones.
#'
#' A step is taken out by its `id`: `trace$d_output`, `trace$wh_after`. Where a trace has several
#' updates, `$` takes the first; `trace[["wh_after", epoch = 2, batch = 3]]` takes any. The ids are
#' those of the list of [nn_backward()], with `X`, `y`, `wh_before`, `bh_before`, `wout_before`,
#' `bout_before`, `loss`, `wh_after`, `bh_after`, `wout_after`, `bout_after`, `output_after` and
#' `loss_after`; with several hidden layers they are numbered (`wh1_after`).
#'
#' @inheritParams nn_train
#' @param X The inputs: a numeric or logical matrix, or a data frame of such columns, with a row for
#'   each case and a column for each input. At least one row and column; finite numbers. `TRUE` and
#'   `FALSE` are 1 and 0.
#' @param y The targets: a numeric or logical vector of one number for each row of `X` (one output),
#'   a numeric matrix or data frame with a column for each output, or a factor, which makes the loss
#'   cross-entropy and the output sigmoid (two levels) or softmax, as in [nn_train()].
#' @param hidden Units in each hidden layer, as in [nn_train()]; not looked at where `start` is
#'   given.
#' @param activation,output_activation,loss As in [nn_train()].
#' @param learning_rate The step's length per unit of gradient, a positive number; 0.1 by default.
#' @param epochs How many epochs to trace, a whole number from 1; 1 by default. Each update keeps
#'   about twenty matrices.
#' @param shuffle With batches, take the rows in a new order in each epoch? `TRUE` by default.
#' @param ... Must be empty: a misspelt argument is an error.
#' @return A list of class `nn_trace`:
#' \describe{
#'   \item{`epochs`}{a list with an element for each epoch, each of them a list of `epoch`, its
#'     number; `batches`, a list of the row numbers of each batch; `loss`, the loss over all rows
#'     before and after the epoch; and `steps`, those of all batches.}
#'   \item{`network`}{the weights at the end, a list of matrices.}
#'   \item{`learning_rate`}{the rate.}
#'   \item{`settings`}{a list of `units`, `activation`, `output_activation`, `loss`, `reduction`,
#'     `batch_size`, `shuffle`, `seed` and `levels`, as in a fit.}
#' }
#' A step is a list of
#' \describe{
#'   \item{`id`}{its name, unique within an update.}
#'   \item{`phase`}{`"data"`, `"forward"`, `"error"`, `"backward"` or `"update"`.}
#'   \item{`number`}{the tutorial's number, 0 to 11; `NA` for `loss`, `output_after` and
#'     `loss_after`.}
#'   \item{`tutorial`}{the number in the tutorial's pictures, which count from 1: `number + 1`.}
#'   \item{`name`}{the tutorial's name, such as `"wh"`.}
#'   \item{`operation`}{what is done: `"data"`, `"weights"`, `"weighted_sum"`, `"activation"`,
#'     `"difference"`, `"loss"`, `"slope"`, `"delta"` (error and slope into `d_output`),
#'     `"transposed_product"`, `"product"` (of two matrices, cell by cell), `"update"` or
#'     `"forward"` (the whole forward pass).}
#'   \item{`inputs`}{the ids that it is made of.}
#'   \item{`formula`}{the same as text, in the tutorial's names.}
#'   \item{`value`}{a matrix; the loss is 1 x 1.}
#'   \item{`batch`}{the number of the batch in its epoch.}
#' }
#' `as.data.frame()` returns a data frame with a row for each cell: `epoch`, `batch`, `step` (the
#' id), `row`, `column` and `value`. `summary()` returns a list of class `summary.nn_trace`: `loss`,
#' over all rows before the first and after the last epoch; `updates`, a data frame with a row for
#' each update: `epoch`, `batch`, `loss_before` and `loss_after` (of the rows of the batch), and the
#' largest size of a change in each weight matrix, under its name; and `about`, how the trace was
#' made. `format()` returns what `print()` writes, a line for each element.
#' @section Errors: those of [nn_train()]. Where it diverges, which is an error of class
#'   `backprop_error_diverged`, the field `trace` of the error holds the epochs so far. An id, epoch
#'   or batch that the trace does not have is an error of class `backprop_error_argument`.
#' @seealso [nn_train()] trains without keeping the steps; [nn_forward()], [nn_backward()] and
#'   [nn_update()] are its pieces.
#' @examples
#' X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
#' y <- c(1, 1, 0)
#' set.seed(1)
#' trace <- nn_trace(X, y)
#' trace
#' trace$d_output
#' plot(trace)
#'
#' # Stochastic gradient descent: an update for each row
#' set.seed(1)
#' stochastic <- nn_trace(X, y, epochs = 2, batch_size = 1)
#' summary(stochastic)
#' stochastic[["wh_after", epoch = 2, batch = 3]]
#' head(as.data.frame(stochastic))
#' @order 1
#' @export
nn_trace <- function(X, y, start = NULL, hidden = 3, activation = "sigmoid",
                     output_activation = NULL, learning_rate = 0.1, epochs = 1, batch_size = NULL,
                     shuffle = TRUE, loss = NULL, reduction = "sum", ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_trace)))
  check_given(missing(X), "X", "a numeric matrix with a row for each case", call)
  check_given(
    missing(y), "y", "the targets: a vector, a factor, or a matrix with a column for each output",
    call
  )
  X <- check_matrix(numbers_of_frame(X, "X", call), "X", call)
  if (is.factor(y)) warn_empty_levels(y, levels(y), "y")
  targets <- encode_targets(numbers_of_frame(y, "y", call), nrow(X), call)
  learning_rate <- check_number(learning_rate, "learning_rate", call, least = 0, above = TRUE)
  epochs <- check_whole(epochs, "epochs", call)
  units <- start_units(start, hidden, X, targets, call)
  settings <- trace_settings(
    units, targets, activation, output_activation, loss, reduction, batch_size, shuffle, call
  )
  check_softmax(settings$output_activation, targets, call)
  check_domain(targets$y, settings$loss, settings$output_activation, call)
  layers <- dense_layers(units, c(settings$activation, settings$output_activation))
  check_trace_memory(layers, nrow(X), settings$batch_size, epochs, call)
  network <- if (is.null(start)) draw_network(layers) else start
  if (!is.null(settings$batch_size) && settings$shuffle) settings$seed <- floor(runif(2) * 2^32)
  problem <- list(
    layers = layers, objective = core_objective(c(settings, penalty = 0, penalty_l1 = 0)), X = X,
    y = targets$y
  )
  run_trace(problem, flatten_network(network), settings, learning_rate, epochs, call)
}

# The units of each layer, inputs first, of a network that is drawn or begins from `start`.
start_units <- function(start, hidden, X, targets, call) {
  if (is.null(start)) {
    return(c(ncol(X), check_hidden(hidden, call), ncol(targets$y)))
  }
  if (inherits(start, "nn_fit")) {
    abort_argument(c(
      "{.arg start} must be a list of matrices.",
      x = "You supplied a fit.",
      i = "Use {.code coef(fit)} to start from its weights."
    ), call)
  }
  layer_units(check_network(start, call, "start", inputs = ncol(X), outputs = ncol(targets$y)))
}

trace_settings <- function(units, targets, activation, output_activation, loss, reduction,
                           batch_size, shuffle, call) {
  pair <- check_loss_and_output(loss, output_activation, targets$kind, call)
  chosen <- check_activations(activation, pair$output_activation, length(units) - 2, call)
  settings <- list(
    units = units, activation = chosen$activation, output_activation = pair$output_activation,
    loss = pair$loss, reduction = check_choice(reduction, c("sum", "mean"), "reduction", call),
    shuffle = check_flag(shuffle, "shuffle", call)
  )
  settings["batch_size"] <- list(check_batch_size(batch_size, nrow(targets$y), call))
  settings["seed"] <- list(NULL)
  settings["levels"] <- list(targets$levels)
  settings
}

# Each update keeps the weights before and after it, and for each of its rows about six numbers a
# unit.
check_trace_memory <- function(layers, rows, batch_size, epochs, call) {
  updates <- epochs * ceiling(rows / min(batch_size, rows))
  numbers <- updates * 3 * n_parameters(layers) + epochs * 6 * rows * sum(layer_units(layers))
  check_memory(8 * numbers, "the traced matrices", call)
}
