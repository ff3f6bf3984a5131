#' Train a neural network on a data frame or a sparse matrix
#'
#' From a formula and a data frame, or a data frame of inputs and an outcome, to a network in one
#' line: factors are encoded, inputs standardised, and the output, the loss and the way of training
#' chosen from the outcome and the number of rows. `print()` shows what was chosen, and every choice
#' is an argument. `predict()` matches columns by name and does the same to new data (see
#' [predict.nn_fit()]).
#'
#' `nn_train(y ~ ., data = d)`, `nn_train(data = d, formula = y ~ .)`, `d |> nn_train(y ~ .)` and
#' `nn_train(d[inputs], d$y)` give the same fit. Tibbles and data.tables are data frames.
#' `nn_train(X, y)` does the same for a sparse matrix `X` (see below).
#'
#' **Inputs** are encoded as [stats::lm()] does it. A numeric column is one input and a logical one
#' is 0 or 1; factors, ordered factors and characters (whose levels are sorted) are encoded by their
#' contrasts (those of the factor, of `contrasts`, or of `options("contrasts")`), so that the first
#' level is the one all others are compared with. Formulas may have interactions, functions and
#' bases such as `poly()` and `splines::ns()`, which predict with the training's knots and
#' coefficients. There is no intercept among the inputs: each layer has its biases. Dates, times and
#' lists are refused. Each input is centred and divided by its standard deviation (of the weighted
#' rows, divided by their number). A standardised column that is constant has no effect, on training
#' or on predictions.
#'
#' With a formula, `- 1` gives all levels of the first factor a column, and takes nothing from the
#' network, whose layers keep their biases. What is computed from all rows, such as `x - mean(x)` or
#' `cut(x, 3)`, is computed from the new rows in `predict()`, as in [stats::lm()]; only bases like
#' `poly()` and `scale()` remember their training. Such columns are better made before the call.
#' Without a formula, names differ where `model.matrix()` puts quotes around them, or a factor has
#' one level; the numbers are the same.
#'
#' **The outcome** decides output and loss, where `output_activation` and `loss` do not:
#'
#' | outcome | output | loss | `predict()` |
#' |---|---|---|---|
#' | two classes: factor, logical or character | one sigmoid | cross-entropy | probability of the second level |
#' | more classes | one softmax for each level | cross-entropy | matrix of probabilities |
#' | numbers | identity | squared error, the outcome standardised | numbers |
#' | a numeric matrix or `cbind()`, or a data frame as `y` | one identity for each column | the same for each | matrix |
#' | counts, with `loss = "poisson"` | exp | Poisson, the outcome as it is | means |
#'
#' A standardised outcome means that losses (in `history`, `objective`, and those that `print()`
#' shows) and `width` of [nn_huber()] are in units of its standard deviation. `output`, `residuals`,
#' `fitted()`, `predict()` and the errors of `summary()` are in the outcome's own units. The outcome
#' is left as it is where the output is not the identity.
#'
#' All levels of a factor are classes, in their order, and those without a row have an output all
#' the same, with a warning of class `backprop_warning_levels`; `droplevels()` leaves them out.
#' Classes of an ordered factor are predicted as one.
#'
#' **The defaults** that are called `"auto"`. The rows counted are those trained on, calibration
#' rows left out:
#'
#' | argument | fewer than 1000 rows | 1000 rows or more |
#' |---|---|---|
#' | `hidden` | `100` | `200` |
#' | `activation` | `"relu"` | `"relu"` |
#' | `init` | `"he_normal"` (`"glorot_normal"` for tanh and sigmoid) | the same |
#' | `optimizer` | `"lbfgs"` | `"adam"`, with a learning rate of 0.004 |
#' | `batch_size` | all rows | 64 |
#' | `epochs` | 200 | as many as held-out rows ask for, at most 200 |
#' | `schedule` | none | `nn_cosine(epochs, 0.01)` |
#' | `validation` | none | none; a tenth of the rows where `epochs`, `schedule` or `patience` is given |
#' | `patience` | `Inf`, or 20 with `validation` | the same |
#' | `penalty` | 0.5 / rows or 4 / rows, by cross-validation | 2 / rows |
#'
#' For few rows the penalty is the one of the two with the lower loss in 4-fold cross-validation,
#' which takes some seven times as long as the training that follows and draws no random numbers. It
#' is 1 / rows instead where rows times inputs are above 50,000 or `optimizer` is given.
#'
#' For many rows a first training, at a constant rate and without a tenth of the rows (of each
#' class), goes on until the loss of that tenth has not fallen for 20 epochs, or for 100 epochs. The
#' training that counts begins again, from the same start and with all rows, for twice as many
#' epochs as were best there, while the rate falls to a hundredth; so the rates of all its epochs
#' add up to as much. That is done where none of `epochs`, `schedule`, `validation` and `patience`
#' is given; an interrupt at the console during the first training returns that one's fit. Where one
#' is given, there is one training, of at most 200 epochs at a constant rate, and its held-out rows,
#' if any, say when to stop and which weights are returned.
#'
#' A `learning_rate`, `schedule`, `batch_size`, `dropout`, `clip` or `penalty_l1` in the call means
#' Adam at any number of rows, as L-BFGS takes none of them; with few rows its rate is 0.003 and its
#' batches are of 32. The choices were made on other data (`bench/defaults.R` in the sources) than
#' those on which the package is compared with `nnet` and scikit-learn in
#' `vignette("accuracy", "backprop")`.
#'
#' **Missing values.** Rows with a missing value in a variable that is used are left out, or what
#' else `na.action` says; `print()` shows how many. With `na.exclude`, `fitted()` and `residuals()`
#' have `NA` for them, and for rows kept for calibration.
#'
#' **Sparse matrices.** A sparse numeric matrix of the Matrix package as `X`, such as counts of
#' words or indicators of categories, has the outcomes, defaults and arguments of a data frame. (It
#' is a `dgCMatrix`, or what can be made one without loss: a `dgTMatrix`, `dgRMatrix`, `dsCMatrix`,
#' ...) Each column is divided by the root mean square of its numbers other than 0, over the
#' weighted rows trained on, so that these are about 1 in size. It is not centred, so that zeros
#' stay zeros. The zeros do not count in the scale, nor is it the standard deviation: both would
#' blow up the columns that few rows have (`bench/sparse.R` in the sources compares them). A column
#' of zeros has no effect on training or predictions, so that words which are new in prediction do
#' no harm. Missing values in `X` are errors; those of the outcome go to `na.action`.
#' [predict.nn_fit()] takes a sparse or a plain matrix, and matches columns by name where both have
#' names, else by number.
#'
#' The matrix is never made dense as a whole: that is done to at most 1024 rows at a time, and all
#' other memory for the inputs grows with how many are not 0. The first layer's weights are dense,
#' and every batch changes all of them: with tens of thousands of columns take fewer hidden units.
#' With `standardize = FALSE` and every other argument given, a sparse `X` trains to the same bits
#' as the plain `as.matrix(X)` by [nn_train()] (for counts also `start`, as their output bias begins
#' at the log of the mean here).
#'
#' **Calibration.** `calibration = 0.2` keeps a fifth of the rows (of each class) out of everything:
#' training, stopping, scaling and the knots of bases. How far the fit is from them stays in it as
#' sorted scores, which give [predict.nn_fit()] its prediction intervals and sets. The rows are
#' drawn with two random numbers before all others.
#'
#' @param formula A formula with the outcome on the left. `.` is all other columns.
#'   [stats::offset()] terms are added to the output, as in [stats::lm()]; `predict()` takes them
#'   from the new data. Constants of the formula (`poly(x, k)`) are kept as they are now; functions
#'   must be found from the global environment, where `predict()` looks for them.
#' @param data A data frame with the variables of the formula. Those that it lacks are taken from
#'   where the formula was made.
#' @param X A data frame of inputs, or a sparse numeric matrix of the Matrix package with a row for
#'   each case; finite numbers.
#' @param y The outcome: a vector or factor of a value for each row of `X`, a numeric matrix or data
#'   frame with a column for each output.
#' @param subset,weights,offset As in [stats::lm()], and with a formula evaluated in `data`: which
#'   rows to use; case weights, numbers from 0; numbers to add to the output, on the scale of the
#'   outcome for numbers, of the log for counts and of the log-odds for two classes. An `offset`
#'   (but not [stats::offset()] in the formula) must be given to `predict()` again.
#' @param na.action What to do with missing values, a function or its name;
#'   `getOption("na.action")`, most often `na.omit`, by default.
#' @param contrasts A list of contrasts for factors by name, as in [stats::lm()]; `NULL` (the
#'   default) for those of `options("contrasts")`.
#' @param standardize Standardise the inputs, and a numeric outcome? `TRUE` by default.
#' @param calibration The share of the rows to calibrate with, above 0 and below 1; `NULL` (the
#'   default) for none.
#' @param validation A share of the rows to hold out; held-out data, a list of `X` (as that of the
#'   training) and `y` and perhaps `weights` and `offset`, or, with a formula, a data frame; `NULL`
#'   for none; `"auto"` (the default) as in the table.
#' @param hidden,activation,optimizer,epochs,batch_size,init,penalty,schedule,patience As in
#'   [nn_train()]; `"auto"` (the default) as in the table. For `batch_size`, `NULL` is the full
#'   batch, and for `schedule` a constant rate.
#' @param reduction `"mean"` (the default) or `"sum"` over the rows.
#' @param
#'   output_activation,loss,learning_rate,shuffle,start,restarts,penalty_l1,dropout,clip,class_weights,tolerance,callback,checkpoint,precision,threads,keep_fitted
#'   As in [nn_train()], with the same defaults.
#' @param ... For formulas, the arguments of the method for data frames from `hidden` on. Otherwise
#'   it must be empty: an unknown argument is an error.
#' @return A fit as [nn_train()] returns it, with `encoding` (how raw columns become inputs),
#'   `na.action` (the rows left out), `chosen` (the arguments that were `"auto"`), `errors` (what
#'   `summary()` shows) and, with `calibration`, the sorted scores `calibration`. Of the data
#'   nothing else is kept. [nn_continue()] goes on from it: `X` is then the data frame or matrix,
#'   and `y` the outcome, or `NULL` for a formula.
#' @section Errors: `backprop_error_input` for data that cannot be used, naming the column: missing
#'   or misspelt ones, dates, lists, infinite numbers, an outcome of one class, or one that is among
#'   the inputs; `backprop_error_argument` for the other arguments, a formula without outcome or
#'   with functions that `predict()` would not find. The others are those of [nn_train()].
#' @references Glorot, X. and Bengio, Y. (2010). Understanding the difficulty of training deep
#'   feedforward neural networks. *Proceedings of Machine Learning Research*, 9, 249-256.
#'
#'   He, K., Zhang, X., Ren, S. and Sun, J. (2015). Delving deep into rectifiers.
#'   \doi{10.1109/ICCV.2015.123}
#'
#'   Prechelt, L. (1998). Early stopping, but when? \doi{10.1007/3-540-49430-8_3}
#' @seealso [nn_train()] for matrices, as they are; [predict.nn_fit()], [nn_continue()].
#' @examples
#' set.seed(1)
#' fit <- nn_train(Species ~ ., data = iris)
#' fit
#' table(predict(fit, iris, type = "class"), iris$Species)
#'
#' # Numbers, with prediction intervals
#' fit <- nn_train(dist ~ poly(speed, 2), cars, hidden = 5, calibration = 0.4)
#' predict(fit, data.frame(speed = c(10, 20)), interval = "prediction", level = 0.8)
#'
#' # Counts from a sparse matrix of indicators
#' if (requireNamespace("Matrix", quietly = TRUE)) {
#'   X <- Matrix::sparse.model.matrix(~ wool * tension, warpbreaks)
#'   fit <- nn_train(X, warpbreaks$breaks, loss = "poisson", hidden = 3)
#'   predict(fit, X[c(1, 10, 19), ])
#' }
#' @rdname nn_train.data.frame
#' @export
nn_train.formula <- function(formula, data, subset, weights, na.action, offset, contrasts = NULL,
                             ...) {
  call <- current_env()
  shown <- match.call()
  options <- data_options(list(...), call)
  extras <- list(
    subset = substitute(subset), weights = substitute(weights), offset = substitute(offset)
  )
  extras <- extras[!c(missing(subset), missing(weights), missing(offset))]
  given <- formula_call(formula, data, extras, call)
  if (given$swapped) shown[c("formula", "data")] <- list(shown$data, shown$formula)
  frame <- read_formula(
    given$formula, given$data, given$extras,
    if (missing(na.action)) getOption("na.action", "na.omit") else na.action, contrasts,
    options$calibration, call
  )
  train_data(frame, options, call_of_symbols(shown), call)
}

#' @rdname nn_train.data.frame
#' @export
nn_train.data.frame <- function(X, y, hidden = "auto", activation = "auto",
                                output_activation = NULL, loss = NULL, reduction = "mean",
                                optimizer = "auto", learning_rate = NULL, epochs = "auto",
                                batch_size = "auto", shuffle = TRUE, start = NULL, init = "auto",
                                restarts = 1, penalty = "auto", penalty_l1 = 0, dropout = 0,
                                schedule = "auto", clip = Inf, weights = NULL, class_weights = NULL,
                                offset = NULL, validation = "auto", patience = "auto",
                                tolerance = 0, callback = NULL, checkpoint = NULL,
                                precision = "double", threads = 1, keep_fitted = TRUE,
                                standardize = TRUE, calibration = NULL,
                                na.action = getOption("na.action", "na.omit"), ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_train.data.frame)))
  check_given(
    missing(y), "y",
    "the outcome: a vector, a factor, a numeric matrix, or a formula with the columns of X", call
  )
  if (is_formula(y)) {
    abort_argument(c(
      "A formula is given by its place, or as {.arg formula}.",
      i = "Use {.code nn_train({format(y)}, data)}."
    ), call)
  }
  options <- mget(
    setdiff(
      names(formals(nn_train.data.frame)), c("X", "y", "weights", "offset", "na.action", "...")
    ),
    envir = call
  )
  train_data(
    read_columns(X, y, weights, offset, na.action, calibration, expr_label(substitute(y)), call),
    options, call_of_symbols(match.call()), call
  )
}

#' @rdname nn_train.data.frame
#' @usage NULL
#' @export
nn_train.Matrix <- nn_train.data.frame

# How an outcome given as an argument is called in print.
expr_label <- function(expression) {
  if (is.call(expression) && identical(expression[[1]], quote(`$`))) {
    return(as.character(expression[[3]]))
  }
  if (is.call(expression) && identical(expression[[1]], quote(`[[`)) &&
    is.character(expression[[3]])) {
    return(expression[[3]])
  }
  if (is.symbol(expression)) as.character(expression) else "y"
}

# The options of a call with a formula: those given, and the data frame method's defaults for the
# others.
data_options <- function(given, call) {
  defaults <- formals(nn_train.data.frame)
  defaults <- defaults[setdiff(
    names(defaults), c("X", "y", "weights", "offset", "na.action", "...")
  )]
  if (length(given) > 0) {
    names <- names2(given)
    if (any(!nzchar(names))) {
      abort_argument(c(
        "All arguments after the data must be named.",
        x = "{sum(!nzchar(names))} {?is/are} not."
      ), call)
    }
    if (anyDuplicated(names)) {
      abort_argument(c(
        "Each argument can be given once.",
        x = "{.arg {names[duplicated(names)][1]}} is given more than once."
      ), call)
    }
    unknown <- setdiff(names, names(defaults))
    known <- c(
      "formula", "data", "subset", "weights", "na.action", "offset", "contrasts", names(defaults)
    )
    if (length(unknown) > 0) {
      abort_argument(c(
        "{.arg {unknown[1]}} is no argument of this function.",
        nearest_name(unknown[1], known),
        i = "It takes {.arg {known}}."
      ), call)
    }
  }
  options <- lapply(defaults, eval, baseenv())
  options[names(given)] <- given
  options
}

# From the frame to the fit.
train_data <- function(frame, options, shown, call) {
  check_weights(frame$weights, nrow(frame$raw), call)
  check_whole_inputs(frame$encoded$X, frame$name, call)
  calibration <- frame$calibration
  training <- setdiff(seq_len(nrow(frame$raw)), calibration$rows)
  encoding <- describe_encoding(frame, training, options, call)
  problem <- encode_rows(encoding, frame, training, call)
  problem["na.action"] <- list(with_calibration_rows(
    frame$na.action, encoding$replay$na.action, calibration$rows, nrow(frame$raw)
  ))
  if (encoding$outcome$kind == "numeric" && is.null(options$output_activation) &&
    (is.null(options$loss) || identical(options$loss, "squared_error"))) {
    options$output_activation <- "identity"
  }
  chosen <- choose_defaults(options, problem, shown, call)
  if (!is.null(chosen$interrupted)) {
    return(chosen$interrupted)
  }
  options <- chosen$options
  if (!is.null(options$validation) && !is.numeric(options$validation)) {
    options$validation <- encode_validation(
      list(
        encoding = encoding, inputs = colnames(problem$X), shape = list(units = ncol(problem$X))
      ),
      options$validation, call
    )
  }
  fit <- train_network(problem, options, shown, call, chosen$names)
  if (is.null(calibration)) {
    return(fit)
  }
  calibrate(fit, encode_rows(encoding, frame, calibration$rows, call))
}

# The encoding with what the training rows say: the scales of the inputs, and the outcome.
describe_encoding <- function(frame, training, options, call) {
  standardize <- check_flag(options$standardize, "standardize", call)
  encoding <- c(frame$encoding, list(offset_argument = frame$has_offset_argument))
  weights <- check_weights(frame$weights[training], length(training), call)
  scales <- column_scales(take_rows(frame$encoded$X, training), weights, standardize)
  encoding[c("center", "scale", "constant")] <- scales[c("center", "scale", "constant")]
  offset <- take_rows(add_offsets(frame$encoded$offset, frame$offset), training)
  encoding$outcome <- describe_outcome(
    take_rows(frame$y, training), frame$label, options$loss, options$output_activation,
    standardize, weights, offset, call
  )
  encoding$calibration <- if (!is.null(frame$calibration)) {
    c(frame$calibration[c("share", "seed")], list(rows = length(frame$calibration$rows)))
  }
  encoding
}
