#' Train a neural network
#'
#' Trains a multilayer perceptron by back-propagation. With numeric matrices this is the tutorial's
#' network: nothing is done to the data, and the defaults are the tutorial's, one hidden layer of 3
#' sigmoid units, sigmoid outputs, 5000 epochs of full-batch gradient descent with learning rate 0.1
#' on half the *sum* of squared errors. After `set.seed(s)`, the result agrees with the tutorial's
#' loop in plain R to 1e-10.
#'
#' **The objective** is `reduction(loss) + penalty / 2 * sum(W^2) + penalty_l1 * sum(abs(W))`, over
#' all weights `W` but the biases. With `reduction = "sum"` the loss is the weighted sum over the
#' rows, with `"mean"` the weighted mean. In the terms of other packages: `nnet`'s `decay` is
#' `penalty / 2` with `"sum"` (and without the tutorial's half of the squared error: twice ours, so
#' `penalty = decay` there), but it counts biases as well; scikit-learn's `alpha` is `penalty` times
#' the number of rows, with `"mean"`. For a batch, `"mean"` is the mean over its rows plus the whole
#' penalty; `"sum"` is their sum plus the penalty times the batch's share of all weight, so that the
#' batches of an epoch add up to the objective.
#'
#' **Epochs and batches.** One epoch uses every row once. `batch_size = NULL` makes one update an
#' epoch from all rows (full batch); `batch_size = 1` is stochastic gradient descent proper, an
#' update for each row; anything between is mini-batches. Batches take the rows in a new order each
#' epoch (see [nn_batches()]), and each sees the weights that the last one left. As the tutorial's
#' update is the sum over a batch's rows, a rate that suits 10 rows may be far too large for 10,000:
#' take `reduction = "mean"`, or divide the rate by the number of rows of a batch.
#'
#' **Classes.** A factor `y` gives cross-entropy: with two levels one sigmoid output, the
#' probability of the second level; with more a softmax output for each level.
#'
#' **Held-out rows and stopping.** `validation = 0.2` holds out a fifth of the rows (of each class,
#' for a factor), drawn from the seed; the weights returned are then those of the epoch with the
#' lowest loss on them. `patience` ends training after so many epochs without an improvement by more
#' than `tolerance`, of the held-out loss, or of the training loss where nothing is held out (and
#' the weights returned are the last). `nn_lbfgs()` and `nn_lm()` end by themselves.
#'
#' **Sparse inputs.** A sparse `X` of the Matrix package is data and never the tutorial: it has the
#' defaults of a data frame, see [nn_train.data.frame()]. For a fit to a plain matrix, the `X` of
#' `validation`, [predict.nn_fit()], [nn_continue()] and [nn_loss()] may be sparse all the same.
#'
#' **Random numbers.** `set.seed()` governs everything. First the weights are drawn (see
#' [nn_init()]), unless `start` gives them; then, only where batches are shuffled, units dropped or
#' rows held out, two numbers that fix all of these. The same seed gives the same bits, in one run
#' or in pieces.
#'
#' **Interrupting.** Ctrl-C ends training within a second. At the console the fit so far comes back,
#' with `stop` equal to `"interrupted"` and a warning of class `backprop_warning_interrupted`;
#' [nn_continue()] goes on from it. Called from within another function the interrupt is passed on.
#'
#' @param X The inputs: a numeric matrix with a row for each case and a column for each input. At
#'   least one row and column; finite numbers. (For data frames and sparse matrices see
#'   [nn_train.data.frame()].)
#' @param y The targets: a numeric or logical vector of one number for each row of `X` (one output),
#'   a numeric matrix with a column for each output, or a factor. With sigmoid outputs only targets
#'   between 0 and 1 can be reached.
#' @param ... Nothing for matrices: an unknown argument is an error.
#' @param hidden Units in each hidden layer, whole numbers: `3` (the default, as in the tutorial) is
#'   one layer, `c(8, 4)` two, `0` none.
#' @param activation The activation of the hidden layers, one name for all or one for each, among
#'   [nn_activations()]; `"sigmoid"` by default.
#' @param output_activation The activation of the output layer, one name; `NULL` (the default) means
#'   the one that belongs to the loss: `"sigmoid"` for squared error (as in the tutorial) and
#'   cross-entropy, `"softmax"` for a factor of more than two levels, `"exp"` for Poisson,
#'   `"identity"` for the others.
#' @param loss What is made small, a name or an object of [nn_losses]; `NULL` (the default) means
#'   cross-entropy for a factor and squared error for all else.
#' @param reduction `"sum"` (the default, as in the tutorial) or `"mean"` over the rows.
#' @param optimizer How the gradient becomes a step, a name or an object of [nn_optimizers];
#'   `"gradient_descent"` by default.
#' @param learning_rate The step's length per unit of gradient, a positive number; `NULL` (the
#'   default) means the optimiser's own, 0.1 for gradient descent.
#' @param epochs How many times to go through the rows, a whole number from 0; 5000 by default. With
#'   0 the network is only drawn.
#' @param batch_size Rows for one update, a whole number from 1; `NULL` (the default), like any
#'   number not below that of the rows, means all of them.
#' @param shuffle Take the rows in a new order each epoch? `TRUE` by default; of no effect with the
#'   full batch.
#' @param start Weights to begin from, a list of matrices as [nn_init()] and `coef()` return;
#'   nothing is drawn for them then. `NULL` (the default) draws them.
#' @param init How weights are drawn, a name as in [nn_init()]; `"tutorial"` by default.
#' @param restarts From how many starts to train, a whole number; 1 by default. The starts are drawn
#'   one after the other, and the fit of the lowest objective (held-out loss, where rows are held
#'   out) is kept. Starts that diverge are left out, with a warning of class
#'   `backprop_warning_restarts`; where all do, the first one's error is raised. A callback's
#'   `FALSE` ends its start alone; an interrupt ends all, and the best fit so far comes back. A
#'   `checkpoint` holds the best so far.
#' @param penalty,penalty_l1 The weight of the squares and of the sizes of the weights in the
#'   objective, numbers from 0; 0 by default.
#' @param dropout The share of hidden units left out at random for each row while training, from 0
#'   to below 1, one for all layers or one for each; 0 by default. Those kept are scaled up, and
#'   nothing is left out in prediction.
#' @param schedule How the rate changes from epoch to epoch, an object of [nn_schedules]; `NULL`
#'   (the default) for a constant rate.
#' @param clip The largest norm of the gradient that makes an update, a positive number; a longer
#'   gradient is shortened to it. `Inf` by default.
#' @param weights Case weights, a number from 0 for each row: 2 is the row twice, 0 the row left
#'   out. `NULL` (the default) for 1 each.
#' @param class_weights For a factor `y`, a number from 0 for each level (by name or in order) that
#'   multiplies the weights of its rows, or `"balanced"`, which gives each class the same weight in
#'   all. `NULL` (the default) for 1 each.
#' @param offset Numbers to add to the output layer's input, one for each row and output; `NULL`
#'   (the default) for none. [predict.nn_fit()] then needs its own.
#' @param validation Rows to judge by: a share of the rows, above 0 and below 1, to hold out; or a
#'   list of `X`, `y` and, where the training has them, `weights` and `offset`. `NULL` (the default)
#'   for none.
#' @param patience How many epochs without an improvement are borne, a whole number; `Inf` (the
#'   default) never stops early.
#' @param tolerance By how much a loss (mean per row) must be lower to count as an improvement, a
#'   number from 0; 0 by default.
#' @param callback A function to call after each epoch, or what [nn_callback()] returns; `NULL` (the
#'   default) for none.
#' @param checkpoint The path of a file to keep the fit so far in, about every second. It is written
#'   beside its place and renamed, so that it is whole at any moment, also where the process is
#'   killed; `nn_continue(readRDS(path), ...)` goes on from it to the same end. `NULL` (the default)
#'   for none.
#' @param precision The arithmetic of the training, `"double"` (the default) or `"single"`, about
#'   twice as fast and exact to 7 digits.
#' @param threads How many threads share the work, a whole number; 1 by default, since R packages
#'   and parallel workers share the processor. The result is the same to the last bit for any
#'   number. It pays for layers of some hundred units; small networks are faster on one.
#' @param keep_fitted Keep `output` and `residuals` (two n x k matrices) in the fit, and
#'   `objective`? `TRUE` by default; `FALSE` also saves the passes over all rows that they take
#'   after the training.
#' @return A list of class `nn_fit`:
#' \describe{
#'   \item{`wh`, `bh`, `wout`, `bout`}{the trained weights, plain matrices: weights with a row for
#'     each input, biases with one row. With several hidden layers `wh1`, `bh1`, `wh2`, ...; without
#'     one only `wout` and `bout`. `coef()` returns them as a list.}
#'   \item{`output`, `residuals`}{n x k matrices: the outputs under the weights returned, and `y`
#'     minus them. (The tutorial's `output` is one update older: see [nn_trace()].)}
#'   \item{`history`}{a data frame with a row for each epoch: `epoch`; `loss`, the mean over the
#'     rows of the loss of the epoch's own forward passes, before each update and without penalty;
#'     for classes `accuracy`, the share of rows whose most probable class is right. With
#'     `validation` also `validation_loss` and `validation_accuracy`, after the epoch, and for
#'     squared error `rmse` and `validation_rmse`.}
#'   \item{`objective`}{the value of the objective on the training rows under the weights returned.
#'     With `keep_fitted = FALSE` it is there only where the training needs it: for L-BFGS and
#'     Levenberg-Marquardt, and with `restarts`.}
#'   \item{`stop`}{why training ended: `"iterations"` (all epochs done), `"gradient"` (the gradient
#'     is small: the one kind of convergence; a warning of class `backprop_warning_saturated` or
#'     `backprop_warning_separable` says where that is none), `"precision"` (no step lowers the
#'     objective any more in this arithmetic), `"patience"`, `"callback"`, `"interrupted"`, or, in
#'     the fit that a divergence error carries, `"diverged"`.}
#'   \item{`best_epoch`}{with `validation`, the epoch whose weights are returned.}
#'   \item{`levels`}{for a factor, its levels.}
#'   \item{`state`}{what [nn_continue()] goes on from: the last `weights`, the optimiser's memory,
#'     `epoch`, `seed` and the like.}
#'   \item{`settings`, `n`, `call` and others}{how it was made. The data are not kept.}
#' }
#' There are methods for `print`, `summary`, `coef`, `fitted`, `residuals`, `nobs`, `predict` (see
#' [predict.nn_fit()]) and `plot` (see [plot.nn_fit()]).
#' @section Errors: `backprop_error_input` for data that are not as described (a data frame is one:
#'   use `as.matrix()`); `backprop_error_argument` for the other arguments; `backprop_error_memory`
#'   where the need exceeds the machine's memory; `backprop_error_diverged` where the loss is no
#'   longer finite, which carries in its field `fit` the fit with the last finite weights;
#'   `backprop_error_callback` where the callback fails. All are also of class `backprop_error`.
#' @references Rumelhart, D. E., Hinton, G. E. and Williams, R. J. (1986). Learning representations
#'   by back-propagating errors. *Nature*, 323, 533-536. \doi{10.1038/323533a0}
#'
#'   Srivastava, N., Hinton, G., Krizhevsky, A., Sutskever, I. and Salakhutdinov, R. (2014).
#'   Dropout: a simple way to prevent neural networks from overfitting. *Journal of Machine Learning
#'   Research*, 15, 1929-1958.
#' @seealso [nn_trace()] for every step with its matrices; [nn_forward()], [nn_backward()] and
#'   [nn_update()] for the pieces.
#' @examples
#' X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
#' y <- c(1, 1, 0)
#' set.seed(1)
#' fit <- nn_train(X, y)
#' fit
#' fit$output
#' predict(fit, X[1, , drop = FALSE])
#'
#' # Three classes, mini-batches, rows held out to stop by
#' set.seed(1)
#' inputs <- scale(as.matrix(iris[1:4]))
#' fit <- nn_train(inputs, iris$Species,
#'   hidden = 8, activation = "relu", init = "he_normal",
#'   reduction = "mean", optimizer = "adam", learning_rate = 0.01, epochs = 200,
#'   batch_size = 32, validation = 0.2, patience = 20
#' )
#' fit
#' mean(predict(fit, inputs, type = "class") == iris$Species)
#' @export
nn_train <- function(X, ...) {
  formula <- if (missing(X) || is.data.frame(X)) formula_among(...)
  if (is.null(formula)) {
    check_given(missing(X), "X", "a numeric matrix, a data frame or a formula", current_env())
  }
  UseMethod("nn_train", if (is.null(formula)) X else formula)
}

# A formula given by name, or first after the data: `nn_train(data = d, formula = y ~ x)`, `d |>
# nn_train(y ~ x)`.
formula_among <- function(...) {
  if (...length() == 0) {
    return(NULL)
  }
  names <- ...names()
  at <-
    if (is.null(names)) 1 else c(match("formula", names), if (!names[1] %in% c(NA, "")) NA else 1)
  at <- at[!is.na(at)]
  if (length(at) > 0 && is_formula(...elt(at[1]))) ...elt(at[1])
}

#' @export
nn_train.default <- function(X, ...) {
  check_matrix(X, "X", current_env())
}

#' @rdname nn_train
#' @export
nn_train.matrix <- function(X, y, hidden = 3, activation = "sigmoid", output_activation = NULL,
                            loss = NULL, reduction = "sum", optimizer = "gradient_descent",
                            learning_rate = NULL, epochs = 5000, batch_size = NULL, shuffle = TRUE,
                            start = NULL, init = "tutorial", restarts = 1, penalty = 0,
                            penalty_l1 = 0, dropout = 0, schedule = NULL, clip = Inf,
                            weights = NULL, class_weights = NULL, offset = NULL, validation = NULL,
                            patience = Inf, tolerance = 0, callback = NULL, checkpoint = NULL,
                            precision = "double", threads = 1, keep_fitted = TRUE, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_train.matrix)))
  check_given(
    missing(y), "y", "the targets: a vector, a factor, or a matrix with a column for each output",
    call
  )
  options <- mget(matrix_options, envir = call)
  if (is.factor(y)) warn_empty_levels(y, levels(y), "y")
  problem <- new_problem(check_inputs(X, "X", call), y, weights = weights, offset = offset)
  train_network(problem, options, call_of_symbols(match.call()), call)
}

matrix_options <- setdiff(names(formals(nn_train.matrix)), c("X", "y", "..."))
