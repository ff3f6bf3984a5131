#' Train a neural network on a data frame
#'
#' Factors are encoded, inputs standardised, and the output, the loss and the way of training are chosen from the outcome and the number of rows.
#'
#' @param formula,data As in [stats::lm()].
#' @param X,y A data frame of the inputs, and the outcome.
#' @param subset,weights,na.action,offset,contrasts As in [stats::lm()].
#' @param standardize Standardise the inputs and a numeric outcome? `TRUE` by default.
#' @param hidden,activation,output_activation,loss,reduction,optimizer,learning_rate,epochs,batch_size,shuffle,start,init,restarts,penalty,penalty_l1,dropout,schedule,clip,class_weights,validation,patience,tolerance,callback,checkpoint,precision,keep_fitted
#'   As in [nn_train()].
#' @param calibration Not yet.
#' @param ... Arguments of the method for data frames.
#' @return A fit as [nn_train()] returns it.
#' @examples
#' set.seed(1)
#' nn_train(Species ~ ., data = iris)
#' @export
nn_train.data.frame <- function(X, y, hidden = "auto", activation = "auto", output_activation = NULL, loss = NULL, reduction = "mean",
                                optimizer = "auto", learning_rate = NULL, epochs = "auto", batch_size = "auto", shuffle = TRUE, start = NULL,
                                init = "auto", restarts = 1, penalty = "auto", penalty_l1 = 0, dropout = 0, schedule = NULL, clip = Inf, weights = NULL,
                                class_weights = NULL, offset = NULL, validation = "auto", patience = "auto", tolerance = 0, callback = NULL,
                                checkpoint = NULL, precision = "double", keep_fitted = TRUE, standardize = TRUE, calibration = NULL, na.action = getOption("na.action", "na.omit"), ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_train.data.frame)))
  check_given(missing(y), "y", "the outcome: a vector, a factor, a numeric matrix, or a formula with the columns of {.arg X}", call)
  if (is_formula(y)) abort_argument(c("A formula is given by its place, or as {.arg formula}.", i = "Use {.code nn_train({format(y)}, data)}."), call)
  options <- mget(setdiff(names(formals(nn_train.data.frame)), c("X", "y", "weights", "offset", "na.action", "...")), envir = call)
  train_data(read_columns(X, y, weights, offset, na.action, expr_label(substitute(y)), call), options, call_of_symbols(match.call()), call)
}

#' @rdname nn_train.data.frame
#' @export
nn_train.formula <- function(formula, data, subset, weights, na.action, offset, contrasts = NULL, ...) {
  call <- current_env()
  shown <- match.call()
  if (!missing(data) && is_formula(data) && is.data.frame(formula)) {
    swapped <- formula
    formula <- data
    data <- swapped
    names(shown)[match(c("formula", "data"), names(shown))] <- c("data", "formula")
  }
  options <- data_options(list(...), call)
  if (!is_formula(formula, lhs = TRUE)) abort_argument(c("{.arg formula} must have an outcome on its left: {.code y ~ x}.", x = "It is {.code {format(formula)}}."), call)
  extras <- list(subset = substitute(subset), weights = substitute(weights), offset = substitute(offset))
  extras <- extras[!c(missing(subset), missing(weights), missing(offset))]
  frame <- read_formula(formula, if (!missing(data)) data, extras, if (missing(na.action)) getOption("na.action", "na.omit") else na.action, contrasts, call)
  train_data(frame, options, call_of_symbols(shown), call)
}

# How an outcome given as an argument is called in print.
expr_label <- function(expression) {
  if (is.call(expression) && identical(expression[[1]], quote(`$`))) return(as.character(expression[[3]]))
  if (is.call(expression) && identical(expression[[1]], quote(`[[`)) && is.character(expression[[3]])) return(expression[[3]])
  if (is.symbol(expression)) as.character(expression) else "y"
}

# The options of a call with a formula: those given, and the data frame method's defaults for the others.
data_options <- function(given, call) {
  defaults <- formals(nn_train.data.frame)
  defaults <- defaults[setdiff(names(defaults), c("X", "y", "weights", "offset", "na.action", "..."))]
  if (length(given) > 0) {
    names <- names2(given)
    if (any(!nzchar(names))) abort_argument(c("All arguments after the data must be named.", x = "{sum(!nzchar(names))} {?is/are} not."), call)
    unknown <- setdiff(names, names(defaults))
    known <- c("formula", "data", "subset", "weights", "na.action", "offset", "contrasts", names(defaults))
    if (length(unknown) > 0) abort_argument(c("{.arg {unknown[1]}} is no argument of this function.", nearest_name(unknown[1], known), i = "It takes {.arg {known}}."), call)
  }
  options <- lapply(defaults, eval, baseenv())
  options[names(given)] <- given
  options
}

# What both kinds of input come to: a `frame` of list(encoding, raw, y, label, weights, offset, na.action, names), rows already chosen.

read_columns <- function(X, y, weights, offset, na.action, label, call) {
  names <- case_names(X)
  X <- as.data.frame(X)
  describe_columns(X, "X", call)
  rows <- nrow(X)
  if (NROW(y) != rows) abort_input(c("{.arg X} and {.arg y} must have the same number of rows.", x = "{.arg X} has {rows}, {.arg y} has {NROW(y)}."), call)
  if (is.data.frame(y) && ncol(y) == 1) {
    label <- names(y)
    y <- y[[1]]
  }
  check_outcome_kind(y, label, call)
  weights <- if (!is.null(weights)) check_weight_length(weights, rows, call)
  if (!is.null(offset) && NROW(offset) != rows) abort_argument(c("{.arg offset} must be a number for each of the {rows} row{?s}.", x = "It is {describe(offset)}."), call)
  all <- stats::setNames(X, paste0("x", seq_along(X)))
  all$y <- if (is.matrix(y)) I(y) else y
  all$weights <- weights
  all$offset <- offset
  kept <- apply_na_action(all, na.action, call)
  at <- kept$rows
  X <- X[at, , drop = FALSE]
  list(encoding = list(columns = describe_columns(X, "X", call)), raw = X, y = if (is.null(dim(y))) y[at] else y[at, , drop = FALSE], label = label,
    weights = weights[at], offset = if (is.null(dim(offset))) offset[at] else offset[at, , drop = FALSE], has_offset_argument = !is.null(offset), na.action = kept$action, names = names[at])
}

check_weight_length <- function(weights, rows, call) {
  if (!is.numeric(weights) || is.object(weights) || length(weights) != rows)
    abort_argument(c("{.arg weights} must be a number for each of the {rows} row{?s}.", x = "It is {describe(weights)}."), call)
  as.double(weights)
}

check_outcome_kind <- function(y, label, call) {
  if (is.list(y) && !is.data.frame(y)) abort_input(c("The outcome {.field {label}} must be numeric, logical, character or a factor.", x = "It is {describe(y)}."), call)
}

# The rows that na.action leaves: list(rows, action).
apply_na_action <- function(frame, na.action, call, least_rows = 1) {
  rows <- nrow(frame)
  if (is.null(na.action)) return(list(rows = seq_len(rows)))
  act <- tryCatch(match.fun(na.action), error = function(e) abort_argument(c("{.arg na.action} must be a function such as {.fn na.omit}.", x = "It is {describe(na.action)}."), call))
  frame$`(row)` <- seq_len(rows)
  kept <- tryCatch(act(frame), error = function(e) {
    missing <- names(frame)[vapply(frame, anyNA, NA)]
    abort_input(c("The data have missing values, which {.arg na.action} does not take.", x = "{conditionMessage(e)}"), call)
  })
  if (nrow(kept) < least_rows) abort_input(c("No row is left to train on.", x = "All {rows} row{?s} {?has/have} missing values."), call)
  list(rows = kept$`(row)`, action = attr(kept, "na.action"))
}

# From the frame to the training.
train_data <- function(frame, options, shown, call) {
  standardize <- check_flag(options$standardize, "standardize", call)
  weights <- check_weights(frame$weights, nrow(frame$raw), call)
  encoded <- if (is.null(frame$encoding$terms)) list(X = encode_columns(frame$encoding$columns, frame$raw)) else encode_terms(frame$encoding, frame$raw, "data", call)
  offset <- add_offsets(encoded$offset, frame$offset)
  encoding <- c(frame$encoding, list(offset_argument = frame$has_offset_argument))
  check_no_missing(encoded$X, call)
  check_no_infinite(encoded$X, "data", call)
  scales <- column_scales(encoded$X, weights, standardize)
  encoding[c("center", "scale", "constant")] <- scales[c("center", "scale", "constant")]
  encoding$outcome <- describe_outcome(frame$y, frame$label, options$loss, options$output_activation, standardize, weights, offset, call)
  outcome <- encode_outcome(frame$y, encoding$outcome, call)
  X <- standardize_columns(encoded$X, encoding$center, encoding$scale)
  rownames(X) <- frame$names
  options <- choose_defaults(options, nrow(X), ncol(X), call)
  if (is.null(options$output_activation) && is.null(options$loss) && encoding$outcome$kind == "numeric") options$output_activation <- "identity"
  if (is.null(options$output_activation) && identical(options$loss, "squared_error") && encoding$outcome$kind == "numeric") options$output_activation <- "identity"
  options$weights <- if (length(weights) > 0) weights
  options$offset <- encode_offset(offset, encoding$outcome)
  train_network(list(X = X, y = outcome$y, response = outcome$response, encoding = encoding, na.action = frame$na.action), options, shown, call)
}

add_offsets <- function(a, b) if (is.null(a)) b else if (is.null(b)) a else a + b

check_no_missing <- function(X, call) {
  at <- which(is.na(colSums(X)))
  at <- at[vapply(at, function(j) anyNA(X[, j]), NA)]
  if (length(at) == 0) return(invisible())
  abort_input(c("The inputs must not be missing.", x = "Column {.field {colnames(X)[at[1]]}} is missing in row {which(is.na(X[, at[1]]))[1]}.", i = "Let {.arg na.action} drop such rows, or fill them in."), call)
}
