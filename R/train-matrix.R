#' Train a neural network
#'
#' @description
#' Trains a multilayer perceptron by back-propagation. The kind of data determines how they are
#' prepared and which defaults apply:
#'
#' * **A formula, a data frame or a sparse matrix**: predictors are encoded and standardised, and
#'   the defaults are chosen for real data. To fit a model, start here: `nn_train(y ~ ., data)`,
#'   described in [nn_train.data.frame()].
#' * **A numeric matrix** (this page): the data are used unchanged. The defaults are those of the
#'   tutorial in `vignette("from-scratch", "backprop")`: one hidden layer of 3 sigmoid units,
#'   sigmoid outputs, and 5000 epochs of full-batch gradient descent with learning rate 0.1 on half
#'   the *sum* of squared errors. After `set.seed(s)`, the weights agree with those of the
#'   tutorial's loop in plain R to 1e-10.
#'
#' The tutorial's defaults suit a handful of rows. For a larger matrix, standardise the columns, set
#' `reduction = "mean"`, and use `optimizer = "lbfgs"`, or `optimizer = "adam"` with a `batch_size`.
#'
#' @details
#' Training minimises `reduction(loss) + penalty / 2 * sum(W^2) + penalty_l1 * sum(abs(W))`, where
#' `W` holds all weights except the biases.
#'
#' `vignette("training", "backprop")` describes the rules behind the arguments: the objective, and
#' penalties in terms of other packages; epochs and batches; the choice of an optimiser; early
#' stopping; random restarts; random numbers; and what happens on an interrupt.
#'
#' @param X Inputs: a numeric or logical matrix with one row per case and one column per input. At
#'   least one row and one column; all values finite.
#' @param y Targets: a numeric or logical vector with one value per row of `X` (one output), a
#'   numeric matrix with one column per output, or a factor of classes. A factor with two levels has
#'   one sigmoid output, the probability of the second level; with more levels there is one softmax
#'   output per level. A sigmoid output can only reach targets between 0 and 1.
#' @param ... Must be empty for matrices: an unknown argument is an error.
#' @param hidden Number of units in each hidden layer, whole numbers: `3` (default, as in the
#'   tutorial) is one layer of 3 units, `c(8, 4)` is two layers, `0` is no hidden layer.
#' @param activation Activation function of the hidden layers, one of the names in
#'   [nn_activations()], or one name per layer; `"sigmoid"` by default.
#' @param output_activation Activation function of the output layer, one name. `NULL` (default)
#'   chooses the one that matches the loss: `"sigmoid"` for squared error (as in the tutorial) and
#'   cross-entropy, `"softmax"` for a factor with more than two levels, `"exp"` for losses with a
#'   log link such as Poisson, the one that belongs to losses with several outputs (see
#'   [nn_losses]), and `"identity"` for the other losses. For a factor, its values must be between 0
#'   and 1, because they are probabilities.
#' @param loss The loss to minimise, a name or an object from [nn_losses]. `NULL` (default) means
#'   cross-entropy for a factor and squared error for all other targets.
#' @param reduction How losses are combined over the rows: `"sum"` (default, as in the tutorial) or
#'   `"mean"`, both weighted by `weights`. With `"mean"`, a good learning rate does not depend on
#'   the number of rows.
#' @param optimizer The optimiser, a name or an object from [nn_optimizers]; `"gradient_descent"` by
#'   default.
#' @param learning_rate Learning rate, a positive number. `NULL` (default) uses the optimiser's own
#'   default, 0.1 for gradient descent.
#' @param epochs Number of epochs, that is, passes over all rows: a whole number of at least 0; 5000
#'   by default. With 0, the initial weights are returned.
#' @param batch_size Number of rows per update, a whole number of at least 1. `NULL` (default), or
#'   any number that is not smaller than the number of rows, uses all rows (full batch).
#' @param shuffle Whether to shuffle the rows before each epoch: `TRUE` (default), `FALSE`, or
#'   `"blocks"`. Has no effect with the full batch. `"blocks"` is for rows that are stored in a file
#'   much larger than memory. Reading single rows in random order is slow there. A block is
#'   `2^17 / inputs` (16 to 65,536) consecutive rows. First the order of the blocks is shuffled,
#'   then the rows within each group of 32 blocks. The order is the same for data in memory and for
#'   [nn_source()]. If the rows are sorted by the outcome, mix them before the call.
#' @param start Initial weights, a list of matrices as returned by [nn_init()] and `coef()`. `NULL`
#'   (default) draws them at random.
#' @param init Method for drawing the initial weights, a name from [nn_init()]; `"tutorial"` by
#'   default.
#' @param restarts Number of random initialisations to train from, a whole number of at least 1; 1
#'   by default. The fit with the lowest objective is returned, or with the lowest held-out loss if
#'   rows are held out.
#' @param penalty,penalty_l1 L2 and L1 penalties, numbers of at least 0: the coefficients of half
#'   the sum of squared weights and of the sum of absolute weights. The default 0 is no penalty.
#' @param dropout Fraction of hidden units that are dropped at random for each row during training,
#'   in [0, 1), one number for all hidden layers or one per layer; 0 by default. The remaining units
#'   are scaled up, so that prediction uses all units unchanged.
#' @param schedule Learning rate schedule, an object from [nn_schedules]. `NULL` (default) keeps the
#'   rate constant.
#' @param clip Gradient clipping: the largest norm of a gradient, a positive number. Longer
#'   gradients are scaled down to this norm. `Inf` (default) disables clipping.
#' @param weights Case weights, one number of at least 0 per row: a weight of 2 counts the row
#'   twice, 0 excludes it, whatever it holds (its fitted value is `NA` if its inputs are not
#'   finite). `NULL` (default) gives every row the weight 1.
#' @param class_weights Class weights for a factor `y`: one number of at least 0 per level, by name
#'   or in order, which multiplies the case weights of its rows. `"balanced"` gives all classes the
#'   same total weight. `NULL` (default) gives every class the weight 1.
#' @param offset Numbers to add to the input of the output layer, one per row and output. `NULL`
#'   (default) means no offset. If the fit has one, [predict.nn_fit()] requires the offset of the
#'   new rows.
#' @param validation Validation set for early stopping: the fraction of rows to hold out, in (0, 1),
#'   drawn within each class for a factor; or a list of `X`, `y` and, if training uses them,
#'   `weights` and `offset`. The weights returned are then those of the epoch with the lowest
#'   held-out loss. `NULL` (default), `FALSE` or 0 holds nothing out.
#' @param patience Number of epochs without improvement of the held-out loss (of the training loss
#'   if nothing is held out) before training stops, a whole number of at least 1. `Inf` (default)
#'   disables early stopping.
#' @param tolerance Minimum decrease of the loss (mean per row) that counts as an improvement, a
#'   number of at least 0; 0 by default.
#' @param callback Function to call after each epoch, or an object from [nn_callback()]; `NULL`
#'   (default) for none.
#' @param checkpoint Path of a file in which the current fit is saved about once a second. The file
#'   is replaced as a whole, so it can be read at any time, even after the process was killed:
#'   `nn_continue(readRDS(path), ...)` resumes training from it. `NULL` (default) for none.
#' @param precision Floating-point precision of the training: `"double"` (default), or `"single"`,
#'   which is about twice as fast and exact to 7 digits.
#' @param threads Number of threads, a whole number; 1 by default, because R packages and parallel
#'   workers share the processor. Results are bit-identical for any number. More threads pay off for
#'   layers of several hundred units; small networks are faster on one.
#' @param freeze Weights that keep their initial values: names of matrices such as
#'   `c("wh", "bh")`, or a list by name of logical matrices, `TRUE` for single weights that are
#'   frozen. `NULL` (default) trains all weights. Frozen weights do not change, with any optimiser.
#'   With `start`, they have its values.
#' @param layer_rates Factors of the learning rate, one positive number for each hidden layer and
#'   for the output layer, in this order; `NULL` (default) is 1 for all. Not for L-BFGS and
#'   Levenberg-Marquardt, which have no learning rate.
#' @param max_norm Largest norm of the weights of a hidden unit (biases excluded), a positive
#'   number: after each update, longer weight vectors are scaled down to it. `Inf` (default)
#'   disables it. Not for L-BFGS and Levenberg-Marquardt.
#' @param skip Whether the inputs are also connected directly to the output layer, as with `skip` in
#'   `nnet::nnet()`; `FALSE` by default. The network is then a linear model (generalised, with the
#'   output activation as its inverse link) plus what the hidden units add. `wout` has a row for
#'   each unit of the last hidden layer, and then one for each input. `hidden` must not be 0.
#' @param keep_fitted Whether to store `output`, `residuals` (two n x k matrices) and `objective` in
#'   the fit; `TRUE` by default. `FALSE` also saves the passes over all rows that compute them after
#'   training.
#' @param communicator The processes that train together, each with its own rows: the communicator
#'   of an MPI job from [nn_mpi()], or another one as described there. `NULL` (default) trains in
#'   this process alone. Not for Levenberg-Marquardt.
#' @return An object of class `nn_fit`, a list with the elements
#' \describe{
#'   \item{`wh`, `bh`, `wout`, `bout`}{The trained weights, plain matrices. Weight matrices have one
#'     row per input of the layer, biases have a single row. With several hidden layers they are
#'     called `wh1`, `bh1`, `wh2`, ...; without one there are only `wout` and `bout`. `coef()`
#'     returns them as a list.}
#'   \item{`output`, `residuals`}{n x k matrices: the network's outputs under the returned weights,
#'     and `y` minus these outputs. (The tutorial's `output` is older by one update: see
#'     [nn_trace()].)}
#'   \item{`history`}{A data frame with one row per epoch: `epoch`; `loss`, the mean loss per row in
#'     the epoch's forward passes, before each update and without penalty, weighted by `weights` and
#'     `class_weights`; for classes `accuracy`, the proportion of rows whose most probable class is
#'     correct. With `validation` also `validation_loss` and `validation_accuracy`, after the epoch,
#'     and for squared error `rmse` and `validation_rmse`, in units of the outcome (absent with
#'     class weights, and if several outcomes have different scales). `accuracy` and `rmse` are
#'     those of [nn_cv()] and `summary()`: `weights` count the rows, and `class_weights`, which
#'     change what is minimised, have no influence except that classes of weight 0 are ignored.}
#'   \item{`objective`}{The objective on the training rows under the returned weights. With
#'     `keep_fitted = FALSE` it is only present where training needs it: for L-BFGS and
#'     Levenberg-Marquardt, and with `restarts`.}
#'   \item{`stop`}{Why training stopped: `"iterations"` (epoch limit reached), `"gradient"` (the
#'     gradient is close to zero: converged, unless a warning says otherwise), `"precision"` (no
#'     step lowers the objective any further in this precision), `"patience"` (early stopping),
#'     `"callback"`, `"interrupted"`, or `"diverged"`: the loss is no longer finite (in the fit of a
#'     divergence error), or training ended with a loss more than 10 times that of the first epoch
#'     and of the best constant prediction; with `validation`, if that is so in the best epoch.}
#'   \item{`best_epoch`}{With `validation`, the epoch whose weights are returned.}
#'   \item{`levels`}{For a factor, its levels.}
#'   \item{`state`}{What [nn_continue()] resumes from: the last `weights`, the state of the
#'     optimiser, `epoch`, `seed` and more.}
#'   \item{`settings`, `n`, `call` and other elements}{The settings, the number of rows, the call.
#'     The training data are not stored.}
#' }
#' Methods exist for `print`, `summary`, `coef`, `fitted`, `residuals`, `nobs`, `predict` (see
#' [predict.nn_fit()]) and `plot` (see [plot.nn_fit()]).
#' @section Errors and warnings: All errors have class `backprop_error` and one of these:
#'   * `backprop_error_input`: `X`, `y` or other data are not as described (a data frame as `y` is
#'     not: use `as.matrix()`).
#'   * `backprop_error_argument`: another argument is not as described.
#'   * `backprop_error_memory`: the network or the data need more memory than the machine has.
#'   * `backprop_error_diverged`: the loss is no longer finite. The field `fit` of the error holds
#'     the fit with the last finite weights.
#'   * `backprop_error_callback`: the callback failed. The field `fit` holds the fit so far.
#'   * `backprop_error_rank`: with `communicator`, the call failed in another process, whose rank is
#'     in the field `rank`. `backprop_error_communicator`: the processes can't communicate, do
#'     not make the same calls, or did not get the same sums.
#'
#'   When a time limit of [setTimeLimit()] is reached, R's own error is signalled, and its field
#'   `fit` holds the fit so far.
#'
#'   Warnings have the classes `backprop_warning_saturated` and `backprop_warning_separable` (a
#'   small gradient that is not convergence), `backprop_warning_diverged` (the loss is finite, but
#'   far above that of the first epoch), `backprop_warning_restarts` (some starts diverged),
#'   `backprop_warning_interrupted` (training was interrupted at the console),
#'   `backprop_warning_levels` (a level has no rows), `backprop_warning_overlap` (rows of
#'   `validation` are also training rows: over a tenth of them, and clearly more than by chance
#'   where many training rows are equal; sparse matrices, sources and more than a million rows are
#'   not compared) and `backprop_warning_checkpoint` (the checkpoint could not be written).
#' @references Rumelhart, D. E., Hinton, G. E. and Williams, R. J. (1986). Learning representations
#'   by back-propagating errors. *Nature*, 323, 533-536. \doi{10.1038/323533a0}
#'
#'   Srivastava, N., Hinton, G., Krizhevsky, A., Sutskever, I. and Salakhutdinov, R. (2014).
#'   Dropout: a simple way to prevent neural networks from overfitting. *Journal of Machine Learning
#'   Research*, 15, 1929-1958.
#' @seealso [nn_train.data.frame()] for data frames and formulas; [nn_continue()] to resume
#'   training; [nn_cv()] for cross-validation; [nn_trace()] for every step with its matrices;
#'   [nn_forward()], [nn_backward()] and [nn_update()] for single steps.
#' @examples
#' # The tutorial's network
#' X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
#' y <- c(1, 1, 0)
#' set.seed(1)
#' fit <- nn_train(X, y)
#' fit
#' fit$output
#' predict(fit, X[1, , drop = FALSE])
#'
#' # Three classes, mini-batches, and early stopping on held-out rows
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
  formula <- if (missing(X) || is.data.frame(X) || is_source(X)) {
    formula_among(if (!missing(X)) names(X), current_env(), ...)
  }
  if (is.null(formula)) {
    check_given(missing(X), "X", "a numeric matrix, a data frame or a formula", current_env())
  }
  check_full_names(...names(), training_arguments, current_env())
  UseMethod("nn_train", if (is.null(formula)) X else formula)
}

# The formula among the arguments, whether it is named or comes first after the data:
# `nn_train(data = d, formula = y ~ x)`, `d |> nn_train(y ~ x)`. NULL if there is none. `columns`:
# the names of the data's columns, of which `nn_train(d, y)` names the outcome.
formula_among <- function(columns, call, ...) {
  if (...length() == 0) {
    return(NULL)
  }
  names <- ...names()
  at <-
    if (is.null(names)) 1 else c(match("formula", names), if (!names[1] %in% c(NA, "")) NA else 1)
  at <- at[!is.na(at)]
  if ("formula" %in% names && is.character(...elt(at[1]))) {
    abort_argument(
      c(
        "{.arg formula} must be a formula.",
        x = "It is text.", i = quoted_formula_hint(...elt(at[1]))
      ),
      call
    )
  }
  if (length(at) == 0) {
    return(NULL)
  }
  given <- withCallingHandlers(...elt(at[1]), error = function(e) {
    absent <- gettextf("object '%s' not found", columns, domain = "R")
    column <- columns[match(conditionMessage(e), absent)]
    if (length(column) == 1 && !is.na(column)) {
      abort_input(c(
        "The outcome must be supplied as values, or on the left-hand side of a formula.",
        x = "There is no object {.code {column}}: it is a column of the data.",
        i = "To choose the outcome by name, use {.code {column} ~ .}"
      ), call)
    }
  })
  if (is_formula(given)) given
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
                            precision = "double", threads = 1, keep_fitted = TRUE,
                            freeze = NULL, layer_rates = NULL, max_norm = Inf, skip = FALSE,
                            communicator = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_train.matrix)))
  check_given(
    missing(y), "y", "the targets: a vector, a factor, or a matrix with one column per output", call
  )
  options <- mget(matrix_options, envir = call)
  shown <- call_of_symbols(match.call())
  ranks <- join_ranks(communicator, call)
  with_ranks(ranks, {
    problem <- new_problem(X, y, weights = weights, offset = offset)
    if (!is.null(ranks)) {
      check_same_call(ranks, call_facts(options, problem))
      share_random_numbers(ranks)
      shown <- from_first_rank(ranks, shown, "call")
    }
    if (is.null(ranks)) {
      warn_of_targets(problem)
      problem <- blank_problem(problem)
      problem$X <- check_inputs(problem$X, "X", call)
    } else {
      problem <- share_problem(problem, ranks, "X", call)
      warn_of_targets(problem)
      options["validation"] <- list(share_held_out(options$validation, ranks, call))
    }
    in_memory(train_network(problem, options, shown, call), call)
  })
}

warn_of_targets <- function(problem) {
  y <- problem$y
  weights <- problem$weights
  if (is.factor(y)) {
    there <- if (is.numeric(weights) && length(weights) == length(y)) weights != 0 else TRUE
    warn_empty_levels(setdiff(levels(y), as.character(y[there])), "y")
  }
}

matrix_options <- setdiff(names(formals(nn_train.matrix)), c("X", "y", "communicator", "..."))

# The arguments of all methods.
training_arguments <- unique(unlist(lapply(
  list(nn_train.matrix, nn_train.data.frame, nn_train.formula),
  function(method) names(formals(method))
)))
