#' Record every step of training
#'
#' Trains for one or more epochs of gradient descent and records every matrix of every step, under
#' the tutorial's names and numbers: the data (0) and the initial weights (1), the forward pass (2
#' to 4), the error (5) and the loss, the backward pass (6 to 9), and the updates of weights (10)
#' and biases (11). `print()` shows all steps with their formulas, `summary()` the losses and the
#' largest changes, and `plot()` draws the steps (see [plot.nn_trace()]).
#'
#' @details
#' The final weights are bit-identical to those of [nn_train()] with the same arguments and seed.
#' With mini-batches, each update has its own steps. They use only the rows of the batch, and the
#' weights after the previous batch. The `output` of step 4 is computed with the weights before the
#' update; `output_after` and `loss_after`, which are not part of the tutorial, with the weights
#' after it.
#'
#' Each step has an `id`. `trace$d_output` and `trace$wh_after` return the matrix of a step. If a
#' trace has several updates, `$` returns the matrix of the first one, and
#' `trace[["wh_after", epoch = 2, batch = 3]]` that of any. The ids are the names of the list
#' returned by [nn_backward()], and `X`, `y`, `wh_before`, `bh_before`, `wout_before`,
#' `bout_before`, `loss`, `wh_after`, `bh_after`, `wout_after`, `bout_after`, `output_after` and
#' `loss_after`. With several hidden layers they are numbered (`wh1_after`).
#'
#' With `skip = TRUE`, the rows of the output layer's weight matrix that belong to the inputs are a
#' matrix of their own, `wskip` (inputs x outputs): the output layer's input is
#' `hiddenlayer_activations %*% wout + X %*% wskip + bout`, and `wout` has the rows of the hidden
#' units alone. The element `network` has them in one matrix, as [coef()][coef.nn_fit].
#'
#' In an HTML document of R Markdown or Quarto, a trace is shown as an interactive stepper (see
#' [nn_show()]) if the package htmlwidgets is installed. Without it, or after
#' `options(backprop.stepper = FALSE)`, a compact layout of its matrices is shown, as in PDF and
#' Word.
#'
#' @inheritParams nn_train
#' @param reduction How the losses of the rows are combined: `"sum"` (default), as in the tutorial,
#'   or `"mean"`.
#' @param X Inputs: a numeric or logical matrix, or a data frame of numeric or logical columns, with
#'   one row per case and one column per input. At least one row and one column; all values finite.
#'   `TRUE` and `FALSE` are converted to 1 and 0.
#' @param y Targets: a numeric or logical vector with one value per row of `X` (one output), a
#'   numeric matrix or data frame with one column per output, or a factor. For a factor, the default
#'   loss is cross-entropy with one sigmoid output (two levels) or softmax outputs, as in
#'   [nn_train()].
#' @param hidden Number of units in each hidden layer, as in [nn_train()]; ignored if `start` is
#'   supplied.
#' @param activation,output_activation,loss As in [nn_train()].
#' @param skip Whether the inputs are also connected directly to the output layer, as in
#'   [nn_train()]; `FALSE` by default. Ignored if `start` is supplied, whose shapes determine it.
#' @param learning_rate Learning rate, a positive number; 0.1 by default.
#' @param epochs Number of epochs to record, a whole number of at least 1; 1 by default. About
#'   twenty matrices are stored per update.
#' @param shuffle With mini-batches, whether to shuffle the rows before each epoch; `TRUE` by
#'   default.
#' @param ... Must be empty: an unknown argument is an error.
#' @return A list of class `nn_trace`:
#' \describe{
#'   \item{`epochs`}{a list with one element per epoch: a list of `epoch`, its number; `batches`, a
#'     list with the row numbers of each batch; `loss`, the loss over all rows before and after the
#'     epoch; and `steps`, the steps of all batches.}
#'   \item{`network`}{the final weights, a list of matrices.}
#'   \item{`learning_rate`}{the learning rate.}
#'   \item{`settings`}{a list of `units`, `skip`, `activation`, `output_activation`, `loss`,
#'     `reduction`, `batch_size`, `shuffle`, `seed` and `levels`, as in a fit.}
#' }
#' A step is a list with the elements
#' \describe{
#'   \item{`id`}{its name, unique within an update.}
#'   \item{`phase`}{`"data"`, `"forward"`, `"error"`, `"backward"` or `"update"`.}
#'   \item{`number`}{the tutorial's number, 0 to 11; `NA` for `loss`, `output_after` and
#'     `loss_after`.}
#'   \item{`tutorial`}{its number in the tutorial's pictures, which count from 1: `number + 1`.}
#'   \item{`name`}{the tutorial's name, such as `"wh"`.}
#'   \item{`operation`}{the kind of operation: `"data"`, `"weights"`, `"weighted_sum"`,
#'     `"activation"`, `"difference"`, `"loss"`, `"slope"`, `"delta"` (`d_output` from error and
#'     slope), `"transposed_product"`, `"product"` (elementwise), `"update"` or `"forward"` (the
#'     whole forward pass).}
#'   \item{`inputs`}{the ids of its operands.}
#'   \item{`formula`}{the operation as text, in the tutorial's names.}
#'   \item{`value`}{a matrix; the loss is 1 x 1.}
#'   \item{`batch`}{the number of the batch within its epoch.}
#' }
#' `as.data.frame()` returns a data frame with one row per matrix element and the columns `epoch`,
#' `batch`, `step` (the id), `row`, `column` and `value`. `summary()` returns a list of class
#' `summary.nn_trace`: `loss`, over all rows before the first and after the last epoch; `updates`, a
#' data frame with one row per update and the columns `epoch`, `batch`, `loss_before` and
#' `loss_after` (over the rows of the batch), and for each weight matrix its largest absolute
#' change; and `about`, the settings as text. `format()` returns the lines that `print()` writes.
#' @section Errors: Those of [nn_train()]. If training diverges, the error has class
#'   `backprop_error_diverged`, and its field `trace` contains the epochs before. An unknown id,
#'   epoch or batch is an error of class `backprop_error_argument`. If the matrices do not fit in
#'   memory, the error has class `backprop_error_memory`; for more than a million matrices a message
#'   of class `backprop_message_trace` says how much memory they take.
#' @seealso [nn_train()] to train without recording; [nn_forward()], [nn_backward()] and
#'   [nn_update()] for single steps.
#' @examples
#' X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
#' y <- c(1, 1, 0)
#' set.seed(1)
#' trace <- nn_trace(X, y)
#' trace
#' trace$d_output
#' plot(trace)
#'
#' # Stochastic gradient descent: one update per row
#' set.seed(1)
#' stochastic <- nn_trace(X, y, epochs = 2, batch_size = 1)
#' summary(stochastic)
#' stochastic[["wh_after", epoch = 2, batch = 3]]
#' head(as.data.frame(stochastic))
#' @order 1
#' @export
nn_trace <- function(X, y, start = NULL, hidden = 3, activation = "sigmoid",
                     output_activation = NULL, learning_rate = 0.1, epochs = 1, batch_size = NULL,
                     shuffle = TRUE, loss = NULL, reduction = "sum", skip = FALSE, ...) {
  call <- current_env()
  check_not_formula(
    if (!missing(X)) X, list(...)[["data"]],
    "{.fn nn_trace} requires a matrix {.arg X} and {.arg y}.", call
  )
  check_no_dots(call, ..., known = names(formals(nn_trace)))
  check_given(missing(X), "X", "a numeric matrix with one row per case", call)
  check_given(
    missing(y), "y", "the targets: a vector, a factor, or a matrix with one column per output", call
  )
  X <- check_matrix(numbers_of_frame(X, "X", call), "X", call)
  if (is.factor(y)) warn_empty_levels(setdiff(levels(y), as.character(y)), "y")
  targets <- encode_targets(numbers_of_frame(y, "y", call), nrow(X), call)
  learning_rate <- check_number(learning_rate, "learning_rate", call, least = 0, above = TRUE)
  epochs <- check_whole(epochs, "epochs", call)
  pair <- check_loss_and_output(loss, output_activation, targets$kind, call)
  check_traceable(pair, call)
  targets <- spread_targets(targets, pair$loss, call)
  shape <- start_layers(start, hidden, skip, X, targets, call)
  settings <- trace_settings(shape, targets, activation, pair, reduction, batch_size, shuffle, call)
  check_softmax(settings$output_activation, targets, call)
  check_domain(targets$y, settings$loss, settings$output_activation, call)
  layers <- dense_layers(
    settings$units, c(settings$activation, settings$output_activation),
    skip = settings$skip
  )
  check_trace_memory(layers, nrow(X), settings$batch_size, epochs, call)
  network <- if (is.null(start)) draw_network(layers) else start
  if (!is.null(settings$batch_size) && settings$shuffle) settings$seed <- floor(runif(2) * 2^32)
  problem <- list(
    layers = layers, objective = core_objective(c(settings, penalty = 0, penalty_l1 = 0)), X = X,
    y = targets$y
  )
  run_trace(problem, flatten_network(network), settings, learning_rate, epochs, call)
}

# The layers, without activations, from `start` or from `hidden` and `skip`.
start_layers <- function(start, hidden, skip, X, targets, call) {
  if (!is.null(start)) {
    return(check_start(start, ncol(X), ncol(targets$y), call, skip = NULL))
  }
  hidden <- check_hidden(hidden, call)
  dense_layers(c(ncol(X), hidden, ncol(targets$y)), skip = check_skip(skip, hidden, call))
}

trace_settings <- function(shape, targets, activation, pair, reduction, batch_size, shuffle,
                           call) {
  chosen <- check_activations(activation, pair$output_activation, n_hidden(shape), call)
  check_no_custom(list(custom = chosen$custom), "{.fn nn_trace}", call)
  settings <- list(
    units = layer_units(shape), skip = has_skip(shape), activation = chosen$activation,
    output_activation = pair$output_activation,
    loss = pair$loss, reduction = check_choice(reduction, c("sum", "mean"), "reduction", call),
    shuffle = check_flag(shuffle, "shuffle", call)
  )
  settings["batch_size"] <- list(check_batch_size(batch_size, nrow(targets$y), call))
  settings["seed"] <- list(NULL)
  settings["levels"] <- list(targets$levels)
  settings
}

# A trace writes every step as a line of R code. Output activations of certain losses need more.
check_traceable <- function(pair, call) {
  output <- pair$output_activation
  check_no_custom(list(loss = pair$loss), "{.fn nn_trace}", call)
  if (is.null(activation_table[[output]]$losses)) {
    return(invisible())
  }
  abort_argument(c(
    paste0(
      "{.fn nn_trace} can't show the loss {.val {pair$loss$name}} with {.arg output_activation} = ",
      "{.val {output}}."
    ),
    i = "Use {.fn nn_gradient}, {.fn nn_backward} and {.fn nn_check_gradient} for its derivative."
  ), call)
}

# Each update stores the weights before and after it, their gradient, and about six numbers per row
# and unit. A step, the list with its matrix and texts, takes about 700 bytes besides.
check_trace_memory <- function(layers, rows, batch_size, epochs, call) {
  updates <- epochs * ceiling(rows / min(batch_size, rows))
  steps <- updates * (14 + 9 * n_hidden(layers))
  numbers <- updates * 3 * n_parameters(layers) + epochs * 6 * rows * sum(layer_units(layers))
  bytes <- 8 * numbers + 700 * steps
  hint <- "To train without recording the steps, use {.fn nn_train}."
  check_memory(
    bytes, paste(shown_count(steps), "traced matrices"), call,
    c("Record fewer epochs, or use smaller layers.", hint)
  )
  if (steps > 1e6) {
    cli::cli_inform(c(
      paste0(
        "Recording {shown_count(updates)} updates, each with about {14 + 9 * n_hidden(layers)} ",
        "matrices, takes about {format(signif(bytes / 1e9, 2))} GB of memory and some time."
      ),
      i = hint
    ), class = "backprop_message_trace")
  }
}

shown_count <- function(n) format(n, big.mark = ",", scientific = FALSE)
