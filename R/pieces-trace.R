#' Trace every step of training
#'
#' Runs one epoch or more of full-batch gradient descent and keeps every matrix of every step, under
#' the tutorial's names and numbers: from the data (0) and the first weights (1) through the forward
#' pass (2 to 4), the error (5) and the backward pass (6 to 9) to the updated weights and biases (10
#' and 11). `print()` sets the steps out one after the other, with their formulas; `plot()` draws
#' them as shaded matrices.
#'
#' The steps are made by [nn_backward()] and [nn_update()], so that the weights at the end are those
#' of [nn_train()], to the last bit. The `output` of step 4 belongs to the weights before the
#' update; the last step, which the tutorial leaves out, shows the output under the updated ones.
#'
#' @inheritParams nn_train
#' @param X The inputs: a numeric matrix with a row for each case and a column for each input. At
#'   least one row and column; finite numbers.
#' @param hidden Units in each hidden layer, as in [nn_train()]; not looked at where `start` is
#'   given.
#' @param activation,output_activation As in [nn_train()].
#' @param learning_rate The step's length per unit of gradient, a positive number; 0.1 by default.
#' @param epochs How many epochs to trace, a whole number from 1; 1 by default. Each keeps about
#'   twenty matrices.
#' @return A list of class `nn_trace`: `epochs`, a list with an element for each epoch, each of them
#'   a list with `epoch` and `steps`; `network`, the weights at the end; and `learning_rate`. A step
#'   is a list of `number` (0 to 11, and `NA` for the output under the updated weights), `name`,
#'   `formula` (text) and `value` (a matrix).
#' @section Errors: those of [nn_train()]. Where it diverges, which is an error of class
#'   `backprop_error_diverged`, the field `trace` of the error holds the epochs so far. A factor `y`
#'   is an error, as the steps are those of the squared error.
#' @examples
#' X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
#' set.seed(1)
#' trace <- nn_trace(X, c(1, 1, 0))
#' trace
#' plot(trace)
#' @export
nn_trace <- function(X, y, start = NULL, hidden = 3, activation = "sigmoid",
                     output_activation = NULL, learning_rate = 0.1, epochs = 1, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_trace)))
  check_given(missing(X), "X", "a numeric matrix with a row for each case", call)
  check_given(
    missing(y), "y", "the targets: a vector, or a matrix with a column for each output", call
  )
  X <- check_matrix(X, "X", call)
  if (is.factor(y)) {
    abort_input(c(
      "{.arg y} must be a numeric or logical vector, or a numeric matrix.",
      x = "It is {describe(y)}, and the steps of a trace are those of the squared error.",
      i = "Make numbers of it: {.code y == {.val {levels(y)[1]}}}."
    ), call)
  }
  y <- check_targets(y, nrow(X), call)
  learning_rate <- check_number(learning_rate, "learning_rate", call, least = 0, above = TRUE)
  epochs <- check_whole(epochs, "epochs", call)
  if (is.null(start)) {
    units <- c(ncol(X), check_hidden(hidden, call), ncol(y))
  } else {
    if (inherits(start, "nn_fit")) {
      abort_argument(c(
        "{.arg start} must be a list of matrices.",
        x = "It is a fit.",
        i = "Use {.code coef(fit)} to begin from its weights."
      ), call)
    }
    units <- network_units(start, call, "start", n_inputs = ncol(X), n_outputs = ncol(y))
  }
  chosen <- check_activations(activation, output_activation, length(units) - 2, call)
  check_memory(
    epochs * 8 * (3 * shape_parameters(list(units = units)) + 6 * nrow(X) * sum(units)),
    "the traced matrices", call
  )
  network <- if (is.null(start)) draw_network(units) else start
  traced <- vector("list", epochs)
  so_far <- function(epochs) {
    structure(
      list(epochs = traced[seq_len(epochs)], network = network, learning_rate = learning_rate),
      class = "nn_trace"
    )
  }
  for (epoch in seq_len(epochs)) {
    pass <- nn_backward(network, X, y, chosen$activation, chosen$output_activation)
    finite <- all(is.finite(unlist(pass$gradient))) && is.finite(sum(pass$E^2))
    updated <- if (finite) nn_update(network, pass$gradient, learning_rate)
    if (!all(is.finite(unlist(updated))) || !finite) abort_trace_diverged(so_far(epoch - 1), call)
    after <- nn_forward(updated, X, chosen$activation, chosen$output_activation)$output
    traced[[epoch]] <- list(
      epoch = epoch, steps = trace_steps(X, y, network, pass, updated, after, chosen)
    )
    network <- updated
  }
  so_far(epochs)
}

abort_trace_diverged <- function(trace, call) {
  done <- length(trace$epochs)
  abort_kind(
    "diverged",
    c(
      paste0(
        "Training diverged: the loss or the weights were no longer finite numbers in epoch ",
        "{done + 1}."
      ),
      i = "Use a smaller {.arg learning_rate} than {trace$learning_rate}, or scale the inputs.",
      i = "The field {.field trace} of this error holds the {done} epoch{?s} before."
    ),
    call, environment(),
    trace = trace
  )
}

# The steps of one epoch, a row each: number, name, formula, value.
trace_steps <- function(X, y, before, pass, updated, after, chosen) {
  layers <- length(before) / 2 - 1
  hidden <- seq_len(layers)
  name <- function(stem) layer_names(stem, layers)
  input <- c("X", name("hiddenlayer_activations"))
  weights <- names(before)[2 * seq_len(layers + 1) - 1]
  biases <- names(before)[2 * seq_len(layers + 1)]
  deltas <- c(name("d_hiddenlayer"), "d_output")
  steps <- list()
  add <- function(number, name, formula, value) {
    steps[[length(steps) + 1]] <<- list(
      number = number, name = name, formula = formula, value = value
    )
  }
  slope <- function(kind, a, z) {
    switch(kind,
      sigmoid = paste0("derivatives_sigmoid(", a, ")"),
      tanh = paste0("1 - ", a, "^2"),
      identity = "1",
      paste0("slope of ", kind, " at ", z)
    )
  }

  add(0, "X", "the inputs", X)
  add(0, "y", "the targets", y)
  for (matrix in names(before)) {
    add(1, matrix, if (matrix %in% weights) "the weights" else "the bias", before[[matrix]])
  }
  for (l in hidden) {
    add(
      2, name("hidden_layer_input")[l], paste0(input[l], " %*% ", weights[l], " + ", biases[l]),
      pass[[name("hidden_layer_input")[l]]]
    )
    add(
      3, name("hiddenlayer_activations")[l],
      paste0(chosen$activation[l], "(", name("hidden_layer_input")[l], ")"),
      pass[[name("hiddenlayer_activations")[l]]]
    )
  }
  add(
    4, "output_layer_input", paste0(input[layers + 1], " %*% wout + bout"), pass$output_layer_input
  )
  add(4, "output", paste0(chosen$output_activation, "(output_layer_input)"), pass$output)
  add(5, "E", "y - output", pass$E)
  elementwise <- !is.null(pass$slope_output_layer)
  if (elementwise) {
    add(
      6, "slope_output_layer", slope(chosen$output_activation, "output", "output_layer_input"),
      pass$slope_output_layer
    )
  }
  for (l in rev(hidden)) {
    add(
      6, name("slope_hidden_layer")[l],
      slope(
        chosen$activation[l], name("hiddenlayer_activations")[l], name("hidden_layer_input")[l]
      ),
      pass[[name("slope_hidden_layer")[l]]]
    )
  }
  add(
    7, "d_output",
    if (elementwise) "E * slope_output_layer" else "output * (E - rowSums(E * output))",
    pass$d_output
  )
  for (l in rev(hidden)) {
    add(
      8, name("Error_at_hidden_layer")[l], paste0(deltas[l + 1], " %*% t(", weights[l + 1], ")"),
      pass[[name("Error_at_hidden_layer")[l]]]
    )
    add(
      9, deltas[l], paste0(name("Error_at_hidden_layer")[l], " * ", name("slope_hidden_layer")[l]),
      pass[[deltas[l]]]
    )
  }
  for (l in rev(seq_len(layers + 1))) {
    add(
      10, weights[l],
      paste0(weights[l], " + t(", input[l], ") %*% ", deltas[l], " * learning_rate"),
      updated[[weights[l]]]
    )
  }
  for (l in rev(seq_len(layers + 1))) {
    add(
      11, biases[l], paste0(biases[l], " + colSums(", deltas[l], ") * learning_rate"),
      updated[[biases[l]]]
    )
  }
  add(NA, "output", "the output under the updated weights", after)
  steps
}

#' @rdname nn_trace
#' @param x A trace.
#' @param digits Decimal places that are printed, a whole number from 0 to 15; 4 by default. A
#'   matrix whose numbers would all be 0 in them, or a single digit, is printed in units of a power
#'   of ten.
#' @export
print.nn_trace <- function(x, digits = 4, ...) {
  digits <- check_whole(digits, "digits", current_env(), least = 0, most = 15)
  for (traced in x$epochs) {
    cat("Epoch ", traced$epoch, ", learning rate ", format(x$learning_rate), "\n", sep = "")
    for (step in traced$steps) {
      value <- unname(step$value)
      unit <- small_unit(value, digits)
      cat(
        "\n", if (is.na(step$number)) "After" else paste("Step", step$number), ": ", step$name,
        " = ", step$formula, if (unit < 1) paste(", in units of", format(unit)), "\n",
        sep = ""
      )
      # `scientific` is how much longer plain numbers may be.
      prmatrix(
        format(round(value / unit, digits), nsmall = min(digits, 2), scientific = digits),
        quote = FALSE, right = TRUE, rowlab = rep("  ", nrow(value)), collab = rep("", ncol(value))
      )
    }
    if (traced$epoch < length(x$epochs)) cat("\n")
  }
  invisible(x)
}

# The power of ten of the largest number, where that would have at most one digit; else 1.
small_unit <- function(value, digits) {
  largest <- max(abs(value))
  if (is_true(largest > 0 && largest < 10^(1 - digits))) 10^floor(log10(largest)) else 1
}
