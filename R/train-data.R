#' Train a neural network on a data frame or a sparse matrix
#'
#' @description
#' Trains a multilayer perceptron from a formula and a data frame, or from predictors and an
#' outcome. Categorical predictors become dummy variables, all predictors are standardised, and the
#' output, the loss and the training settings are chosen from the outcome and the number of rows.
#' `print()` shows what was chosen, and every choice is an argument. `predict()` matches columns by
#' name and prepares new data in the same way (see [predict.nn_fit()]).
#'
#' `nn_train(y ~ ., data = d)`, `nn_train(data = d, formula = y ~ .)`, `d |> nn_train(y ~ .)` and
#' `nn_train(d[inputs], d$y)` return the same fit. Tibbles and data.tables are data frames. A sparse
#' matrix `X` of the Matrix package has the same outcomes, defaults and arguments as a data frame.
#'
#' @details
#' The outcome determines the output and the loss, unless `output_activation` or `loss` is supplied:
#'
#' | outcome | output | loss | `predict()` returns |
#' |---|---|---|---|
#' | two classes: factor, logical or character | one sigmoid unit | cross-entropy | probability of the second level |
#' | more classes | one softmax unit per level | cross-entropy | matrix of probabilities |
#' | numeric vector | identity | squared error of the standardised outcome | numeric vector |
#' | numeric matrix, `cbind()`, or a data frame as `y` | one identity unit per column | the same for each column | matrix |
#' | several yes/no outcomes: a data frame as `y` of logical columns or factors with two levels, `cbind()` of logical columns | one sigmoid unit per column | cross-entropy of each | matrix of probabilities |
#' | counts, with `loss = "poisson"` | exp | Poisson | means |
#'
#' For numbers that are codes of classes, use `factor(y)`; `print()` has a note if the outcome has
#' two values, or few whole ones. The order of an ordered factor is not used, unless
#' `loss = "cumulative"`, which on twelve tables had a lower log loss on held-out rows (by more than
#' two standard errors) on six, among them all five whose classes are intervals of a number, and a
#' higher one on one: see `vignette("inference", "backprop")`. Several outcomes must all be numeric,
#' or all be yes or no; `cbind()` in a formula turns factors into codes, so write
#' `cbind(a == "yes", b == "high")`, or supply a data frame as `y`. For several factors with more
#' levels, train separate fits. Fits with several yes/no outcomes have no calibration.
#'
#' If the outcome is standardised, losses (`history`, `objective`, and those that `print()` shows)
#' are in units of its standard deviation. Fitted values, residuals, predictions and the errors in
#' `summary()` are in the units of the outcome.
#'
#' `vignette("modelling", "backprop")` describes the rules in full: how columns become inputs and
#' how outcomes are encoded, the table of defaults and how they are chosen, missing values, sparse
#' matrices, and calibration.
#'
#' @param formula A formula with the outcome on the left and the predictors on the right; `.` means
#'   all other columns. Interactions, functions, and bases such as `poly()` and `splines::ns()` are
#'   allowed. [stats::offset()] terms are added to the output, as in [stats::lm()], and `predict()`
#'   takes them from the new data. Constants in the formula (`poly(x, k)`) keep their present value;
#'   functions must be reachable from the global environment, where `predict()` looks them up.
#' @param data A data frame with the variables of the formula. Variables that it lacks are taken
#'   from the environment of the formula.
#' @param X Predictors: a data frame, or a sparse numeric matrix of the Matrix package, with one row
#'   per case. Numbers must be finite; missing values in a data frame are handled by `na.action`.
#' @param y The outcome: a vector or factor with one value per row of `X`, or a numeric matrix or
#'   data frame with one column per output.
#' @param subset Rows to use, as in [stats::lm()]: an expression that is evaluated in `data`. All
#'   rows by default.
#' @param weights Case weights, one number of at least 0 per row; with a formula, an expression that
#'   is evaluated in `data`. All 1 by default. A row of weight 0 counts as left out, whatever it
#'   holds: levels or classes of its own are not learned, and its fitted value is `NA` if the fit
#'   does not know what it holds.
#' @param offset Numbers to add to the output, one per row (and output); with a formula, an
#'   expression that is evaluated in `data`. They are on the scale of the outcome for a numeric
#'   outcome, of the log for counts, and of the log-odds for two classes. None by default. The
#'   offset of new rows must be supplied to `predict()`, unlike that of [stats::offset()] in a
#'   formula.
#' @param na.action How to handle missing values, a function or its name. The default is
#'   `getOption("na.action")`, usually `na.omit`, which drops rows with a missing value in a
#'   variable that is used. With `na.exclude`, `fitted()` and `residuals()` have `NA` for these
#'   rows.
#' @param contrasts A list of contrasts for factors by name, as in [stats::lm()]. `NULL` (default)
#'   uses `options("contrasts")`.
#' @param standardize How to standardise the predictors and a numeric outcome. `TRUE` (default): by
#'   mean and standard deviation, so that training is insensitive to units. `"robust"`: predictors
#'   by median and quartile range, and clipped smoothly at 3, which is better for outliers and heavy
#'   tails; the outcome as with `TRUE`. `FALSE`: not at all.
#' @param calibration Fraction of the rows (of each class) to keep as a calibration set for
#'   prediction intervals and sets (see [predict.nn_fit()]), in (0, 1). These rows are not used for
#'   training. `NULL` (default) for none.
#' @param new_levels How to handle levels of factor and character columns that the training data do
#'   not have, in data given as `validation` and later in `predict()` and [nn_continue()]: `"error"`
#'   (default), or `"NA"`, which treats them as missing values, with a message that says how many
#'   rows have them. Rows of `validation` with such levels, or with an unseen class, are excluded.
#'   Levels that a factor of the training data declares without having rows of them, such as those
#'   of `recipes::step_unknown()` or a rare level in the folds of [nn_cv()], are known: their dummy
#'   variables (or other contrasts) are the means of those of the training rows, also in files of
#'   [nn_save()] and [nn_export()].
#' @param missing How to handle missing inputs: `"na.action"` (default) leaves them to `na.action`;
#'   `"indicator"` keeps their rows, in training and in `predict()`. A missing number is then the
#'   median of the training rows (weighted by case weights), and a missing level or truth value the
#'   most frequent one, and each column with missing values in training has a further input, such as
#'   `age_missing`, which is 1 where it is missing and 0 elsewhere. Missing outcomes, weights,
#'   offsets and matrix columns are still left to `na.action`.
#' @param dates How to handle columns of dates and times (`Date`, `POSIXct`): `"error"` (default),
#'   or `"parts"`, which converts each to numbers: its year, month (1 to 12), day of the week (1 for
#'   Monday to 7), day of the year, and for times also the hour, in the time zone of the column. In
#'   a formula, this concerns columns that are terms themselves; those in functions, such as
#'   `as.numeric(day)`, stay dates.
#' @param effort How much to compute: `"standard"` (default) for one network, or `"high"` for a
#'   longer search and an ensemble of networks. On the 16 data sets of `vignette("accuracy",
#'   "backprop")`, the error with `"high"` is lower on eight and higher on three, by 1.5 % on
#'   average, and the call takes 1 to 22 times as long. Each network is trained without one fold of
#'   the rows (ten folds with L-BFGS, five with mini-batches, for which the fold also chooses the
#'   epoch), and their outputs are averaged before the output activation (for classes, on the scale
#'   of the log-odds). The out-of-fold predictions, each by the network that has not seen the row,
#'   give `evidence` and, unless `calibration` is a fraction, prediction intervals without a
#'   calibration set. The fit is a single network with all
#'   units side by side, and can be used like any other fit. `validation`, `start`,
#'   `freeze` and `checkpoint` can't be used with `"high"`.
#' @param hidden Number of units in each hidden layer, as in [nn_train()]. `"auto"` (default) is one
#'   layer of 100 units below 1000 rows and of 200 units from there on, or of 10 or 20 units for
#'   functions with little noise. Here and below, the number of rows excludes calibration rows. A
#'   row with a whole weight counts that many times. However, data of fewer than 1000 rows always
#'   have the defaults below 1000 rows if the mean weight is above 2.
#' @param activation Activation function of the hidden layers, as in [nn_train()]. `"auto"`
#'   (default) is `"relu"`, `"tanh"` or `"silu"`, chosen together with `penalty`; `"relu"` if
#'   `penalty` is supplied.
#' @param init Method for drawing the initial weights, as in [nn_train()]. `"auto"` (default) is
#'   `"glorot_normal"` for tanh and sigmoid units and `"he_normal"` otherwise.
#' @param optimizer The optimiser, as in [nn_train()]. `"auto"` (default) is `"lbfgs"` below 1000
#'   rows. From there on it is `"adam"` with a learning rate of 0.004, or `"lbfgs"` if its loss on
#'   held-out rows is lower, which can happen below 10,000 rows. For numbers with little noise it is
#'   `"lm"` (Levenberg-Marquardt) with few units, if that is better. It is `"adam"` for any number
#'   of rows if the call has a `learning_rate`, `schedule`, `batch_size`, `dropout`, `clip` or
#'   `penalty_l1`, which L-BFGS does not support; below 1000 rows its learning rate is 0.003.
#'   `"adam"` and `"adamw"` by name have these learning rates, too.
#' @param batch_size Number of rows per update, as in [nn_train()], or `NULL` for the full batch.
#'   `"auto"` (default) is the full batch for optimisers that need it; otherwise 32 below 1000 rows
#'   and 64 from there on.
#' @param epochs Number of epochs, as in [nn_train()]. `"auto"` (default) is 1000 for L-BFGS (fewer,
#'   at least 200, for more than 200,000 values), or 100 or up to 4000 if the search for `penalty`
#'   finds a lower loss with so many, and 100 for Levenberg-Marquardt. For mini-batches and 1000
#'   rows or more, a first training with held-out rows chooses it, at most 200. Otherwise it is 200.
#'   See `vignette("modelling", "backprop")`.
#' @param schedule Learning rate schedule, as in [nn_train()], or `NULL` for a constant rate.
#'   `"auto"` (default) is `nn_cosine(epochs, 0.01)` for mini-batches and 1000 rows or more, and a
#'   constant rate otherwise.
#' @param validation Validation set for early stopping: a fraction of the rows to hold out; held-out
#'   data, a list of `X` (like that of the training), `y` and, if needed, `weights` and `offset`,
#'   or, with a formula, a data frame; or `NULL`, `FALSE` or 0 for none. `"auto"` (default) is none,
#'   except from 1000 rows on with mini-batches if `schedule` or `patience` is supplied: then a
#'   tenth of the rows.
#' @param patience Number of epochs without improvement before training stops, as in [nn_train()].
#'   `"auto"` (default) is `Inf` without a validation set, for L-BFGS, and for mini-batches and 1000
#'   rows or more unless `schedule` is supplied; otherwise 20.
#' @param penalty L2 penalty, as in [nn_train()]. `"auto"` (default) is the penalty with the lowest
#'   loss on held-out rows (4-fold cross-validation below 1000 rows), among values from nearly 0 to
#'   one at which the network is a constant. It is 0.3 / rows if there are fewer than 8 rows, and
#'   1 / rows (2 / rows from 1000 rows on) if the optimiser is neither L-BFGS nor, from 1000 rows
#'   on, one with mini-batches.
#' @param reduction How losses are combined over the rows: `"mean"` (default), so that settings do
#'   not depend on the number of rows, or `"sum"`.
#' @param
#'   output_activation,loss,learning_rate,shuffle,start,restarts,penalty_l1,dropout,clip,class_weights,tolerance,callback,checkpoint,precision,threads,keep_fitted,freeze,layer_rates,max_norm,skip,communicator
#'   As in [nn_train()], with the same defaults.
#' @param ... For a formula, the arguments of the data frame method from `hidden` on. Otherwise it
#'   must be empty: an unknown argument is an error.
#' @return A fit as returned by [nn_train()], with the further elements `encoding` (how columns
#'   become inputs), `na.action` (the rows that were dropped), `chosen` (the arguments that were
#'   `"auto"`), `evidence` (if `penalty` was `"auto"`: the `method` of the comparison, its number of
#'   held-out `rows`, and the mean `loss` and `accuracy` on them of the network, of a penalised
#'   linear model and of a constant, the standard `error` of the differences between the losses of
#'   these two and that of the network, and `edge`, `"epochs"` if their number is at the edge of
#'   what was tried), `errors` (with `validation` or `weights` and outputs that are kept: a list of
#'   `training` and, with `validation`, `held_out`, each with a `table` of errors by output and, for
#'   classes, the `accuracy`, and `weighted`, whether rows count by case weights;
#'   `summary(fit)$errors` is the table of any fit), with
#'   `calibration` or `effort = "high"` the sorted scores `calibration`, and with `effort = "high"`
#'   `ensemble` (the number of `members` and the `units` of their layers). Nothing else of the data
#'   is stored. To resume training with [nn_continue()], supply the data frame or matrix as `X` and
#'   the outcome as `y` (`NULL` for a formula). `model.frame(fit, data)` and
#'   `model.matrix(fit, data)` require the data as well; the columns of the matrix are the inputs of
#'   the network before they are standardised, also for levels that no row of the training data has,
#'   which are handled as in [predict()][predict.nn_fit].
#' @section Errors and warnings: Those of [nn_train()], and
#'   * `backprop_error_input`: data that cannot be used. The message names the column: one that is
#'     missing or misspelt, dates, lists, infinite numbers, an outcome with a single class or one
#'     that is also a predictor.
#'   * `backprop_error_argument`: another argument is not as described, or the formula has no
#'     outcome or uses functions that `predict()` would not find.
#'
#'   * `backprop_error_memory`: the inputs, or the network, need more memory than the process may
#'     use: what the machine has available, or less if a container or `ulimit` limits it. The
#'     message names the column that needs the most. It is signalled before anything is encoded.
#'   * `backprop_error_interrupted`: an interrupt (Ctrl-C) at the console while defaults were
#'     chosen, when there is no network yet. Later, the fit so far is returned with a warning.
#'
#'   A warning of class `backprop_warning_contrasts` if the contrasts of a factor are ignored
#'   because some of its levels do not occur. A warning of class `backprop_warning_row_terms` if a
#'   term of the formula, or the expression of `weights` or `offset`, uses other rows (as
#'   `cumsum(x)` does) and rows are held out (`validation` as a fraction, `calibration`) or have
#'   weight 0: it is computed from all rows. A warning of class `backprop_warning_identifier` if a
#'   factor or character column, or the outcome, has levels for at least four fifths of the rows
#'   (from 20 rows on, without missing values and rows of weight 0): such a column is probably an
#'   identifier, such as a name or a number of the row; or if a character column or outcome has more
#'   than 20 values that are all numbers. A warning of class `backprop_warning_outliers` if a column
#'   or a numeric outcome that is standardised by mean and standard deviation has outliers: at most
#'   a twentieth of its values (at least one, of 20 or more) are 30 times as far from the median as
#'   any other, and make its standard deviation more than 100 times that of the others. A network
#'   can then learn only from the outliers. A message of class `backprop_message_new_levels` with
#'   `new_levels = "NA"`.
#' @references Glorot, X. and Bengio, Y. (2010). Understanding the difficulty of training deep
#'   feedforward neural networks. *Proceedings of Machine Learning Research*, 9, 249-256.
#'
#'   He, K., Zhang, X., Ren, S. and Sun, J. (2015). Delving deep into rectifiers.
#'   \doi{10.1109/ICCV.2015.123}
#'
#'   Hansen, L. K. and Salamon, P. (1990). Neural network ensembles. *IEEE Transactions on Pattern
#'   Analysis and Machine Intelligence*, 12, 993-1001. \doi{10.1109/34.58871}
#'
#'   Prechelt, L. (1998). Early stopping, but when? \doi{10.1007/3-540-49430-8_3}
#' @seealso [nn_train()] for numeric matrices, which are used unchanged; [predict.nn_fit()];
#'   [nn_continue()]; [nn_cv()].
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
#' # An ensemble, whose out-of-fold predictions are also those of the intervals
#' fit <- nn_train(dist ~ speed, cars, effort = "high", hidden = 5)
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
  ranks <- join_ranks(options$communicator, call)
  options["communicator"] <- NULL
  extras <- list(
    subset = substitute(subset), weights = substitute(weights), offset = substitute(offset)
  )
  extras <- extras[!c(missing(subset), missing(weights), missing(offset))]
  if (missing(na.action)) na.action <- getOption("na.action", "na.omit")
  with_ranks(ranks, {
    given <- formula_call(formula, data, extras, call)
    if (given$swapped) shown[c("formula", "data")] <- list(shown$data, shown$formula)
    if (is_source(given$data) && !"keep_fitted" %in% ...names()) options$keep_fitted <- FALSE
    train_formula(given, na.action, contrasts, options, call_of_symbols(shown), ranks, call)
  })
}

# `given`: as formula_call() returns it.
train_formula <- function(given, na.action, contrasts, options, shown, ranks, call) {
  from_source <- is_source(given$data)
  if (!is.null(ranks)) {
    shown <- begin_together(
      ranks, c(options, list(
        formula = given$formula, `subset, weights or offset` = given$extras, contrasts = contrasts,
        na.action = na.action
      )), new_problem(given$data, NULL), shown, call, "data"
    )
    if (!from_source) given$data <- source_of_frame(given$data, call)
  }
  store <- new_store(if (from_source) given$data$cache, identical(options$precision, "single"))
  on.exit(close_store(store))
  begin_preparation(if (from_source) Inf else data_values(given$data))
  on.exit(end_preparation(), add = TRUE)
  frame <- in_memory(
    if (is_source(given$data)) {
      read_source(
        given$formula, given$data, given$extras, na.action, contrasts, options$calibration,
        if (from_source) store, call, ranks, options$dates, options$missing
      )
    } else {
      read_formula(
        given$formula, given$data, given$extras, na.action, contrasts, options$calibration, call,
        holds_out = !is.null(options$calibration) || is.numeric(without_none(options$validation)),
        missing = options$missing, dates = options$dates
      )
    },
    call
  )
  in_memory(train_data(frame, options, shown, call, store), call)
}

# The number of values in the columns of a data frame or matrix; 0 for other data.
data_values <- function(data) prod(as.double(dim(data) %||% 0))

# Before the processes of a call with data read their rows: checks that all make the same call, with
# data of the same form, and shares the random numbers. Returns the call that the fit stores.
begin_together <- function(ranks, options, problem, shown, call, name = "X") {
  check_same_call(ranks, call_facts(options, problem, name))
  check_rank_options(options, call)
  share_random_numbers(ranks)
  from_first_rank(ranks, shown, "call")
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
                                freeze = NULL, layer_rates = NULL, max_norm = Inf, skip = FALSE,
                                communicator = NULL, standardize = TRUE, calibration = NULL,
                                new_levels = "error", missing = "na.action", dates = "error",
                                effort = "standard",
                                na.action = getOption("na.action", "na.omit"), ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_train.data.frame)))
  check_given(
    missing(y), "y",
    "the outcome: a vector, a factor, a numeric matrix, or a formula with the columns of X", call
  )
  if (is_formula(y)) {
    abort_argument(c(
      "{.arg y} must be the outcome, not a formula.",
      i = "Use {.code nn_train({format(y)}, data)}."
    ), call)
  }
  options <- mget(
    setdiff(
      names(formals(nn_train.data.frame)),
      c("X", "y", "weights", "offset", "na.action", "communicator", "...")
    ),
    envir = call
  )
  shown <- call_of_symbols(match.call())
  label <- expr_label(substitute(y))
  ranks <- join_ranks(communicator, call)
  with_ranks(ranks, {
    if (!is.null(ranks)) {
      shown <- begin_together(
        ranks, c(options, list(na.action = na.action, label = label)),
        new_problem(X, y, weights = weights, offset = offset), shown, call
      )
    }
    begin_preparation(data_values(X))
    on.exit(end_preparation())
    frame <- in_memory(
      read_columns(
        X, y, weights, offset, na.action, calibration, label, call,
        missing = missing, dates = dates, ranks = ranks
      ),
      call
    )
    in_memory(train_data(frame, options, shown, call), call)
  })
}

#' @rdname nn_train.data.frame
#' @usage NULL
#' @export
nn_train.Matrix <- nn_train.data.frame

# The name under which print() shows an outcome given as an argument.
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

# The options of a call with a formula: those given, and the defaults of the data frame method for
# all other options.
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
        x = "{sum(!nzchar(names))} argument{?s} {?has/have} no name."
      ), call)
    }
    if (anyDuplicated(names)) {
      abort_argument(c(
        "Each argument must be supplied only once.",
        x = "{.arg {names[duplicated(names)][1]}} is supplied more than once."
      ), call)
    }
    unknown <- setdiff(names, names(defaults))
    known <- c(
      "formula", "data", "subset", "weights", "na.action", "offset", "contrasts", names(defaults)
    )
    if (length(unknown) > 0) {
      abort_argument(c(
        "{.arg {unknown[1]}} is not an argument of this function.",
        argument_hint(unknown[1], known),
        i = "The arguments are {.arg {known}}."
      ), call)
    }
  }
  options <- lapply(defaults, eval, baseenv())
  options[names(given)] <- given
  options
}
