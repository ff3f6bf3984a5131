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
  train_data(read_columns(X, y, weights, offset, na.action, calibration, expr_label(substitute(y)), call), options, call_of_symbols(match.call()), call)
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
  frame <- read_formula(formula, if (!missing(data)) data, extras, if (missing(na.action)) getOption("na.action", "na.omit") else na.action, contrasts, options$calibration, call)
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

# What both kinds of input come to: a `frame` of list(encoding, raw, y, label, weights, offset, calibration, na.action, names), its rows those that are used.

read_columns <- function(X, y, weights, offset, na.action, calibration, label, call, columns = NULL, name = "X") {
  names <- case_names(X)
  X <- as.data.frame(X)
  if (is.null(columns)) describe_columns(X, name, call) else X <- check_newdata(columns, X, name, call)
  rows <- nrow(X)
  if (NROW(y) != rows) abort_input(c("{.arg {name}} and {.arg y} must have the same number of rows.", x = "{.arg {name}} has {rows}, {.arg y} has {NROW(y)}."), call)
  if (is.data.frame(y)) {
    if (ncol(y) == 1) label <- names(y)
    y <- if (ncol(y) == 1) y[[1]] else as.data.frame(y)
  }
  check_outcome_kind(y, label, call)
  for (extra in c("weights", "offset")) if (!is.null(get(extra)) && (!is.numeric(get(extra)) || NROW(get(extra)) != rows))
    abort_argument(c("{.arg {extra}} must be a number for each of the {rows} row{?s}.", x = "It is {describe(get(extra))}."), call)
  all <- stats::setNames(X, paste0("x", seq_along(X)))
  all$y <- y
  all$weights <- weights
  all$offset <- offset
  kept <- apply_na_action(all, na.action, call)
  at <- function(x) if (is.null(dim(x))) x[kept$rows] else x[kept$rows, , drop = FALSE]
  X <- at(X)
  y <- at(y)
  list(encoding = list(columns = if (is.null(columns)) describe_columns(X, name, call) else columns, replay = list(na.action = na_action_name(na.action))), raw = X, y = y, label = label,
    weights = at(weights), offset = at(offset), has_offset_argument = !is.null(offset), calibration = draw_calibration(calibration, y, call), na.action = kept$action, names = at(names))
}

check_outcome_kind <- function(y, label, call) {
  if (is.null(y)) abort_input(c("There is no outcome.", i = "Give it as {.arg y}, or on the left of a formula."), call)
  if (is.list(y) && !is.data.frame(y)) abort_input(c("The outcome {.field {label}} must be numeric, logical, character or a factor.", x = "It is {describe(y)}."), call)
}

# The rows that na.action leaves of a data frame: list(rows, action).
apply_na_action <- function(frame, na.action, call, least_rows = 1) {
  rows <- nrow(frame)
  if (is.null(na.action)) return(list(rows = seq_len(rows)))
  act <- tryCatch(match.fun(na.action), error = function(e) abort_argument(c("{.arg na.action} must be a function such as {.fn na.omit}.", x = "It is {describe(na.action)}."), call))
  frame$`(row)` <- seq_len(rows)
  kept <- tryCatch(act(frame), error = function(e) abort_input(c("The data have missing values, which {.arg na.action} refuses.", x = "{conditionMessage(e)}"), call))
  if (nrow(kept) < least_rows) abort_input(c("No row is left to train on.", x = "{cli::qty(rows)}{?The row has/All {rows} rows have} missing values."), call)
  list(rows = kept$`(row)`, action = attr(kept, "na.action"))
}

# The rows of a frame as the network takes them: list(X, y, response, weights, offset).
encode_rows <- function(encoding, encoded, frame, rows, call) {
  at <- function(x) if (is.null(dim(x))) x[rows] else x[rows, , drop = FALSE]
  outcome <- encode_outcome(at(frame$y), encoding$outcome, call)
  X <- standardize_columns(at(encoded$X), encoding$center, encoding$scale)
  rownames(X) <- at(frame$names)
  weights <- at(frame$weights)
  offset <- encode_offset(at(add_offsets(encoded$offset, frame$offset)), encoding$outcome)
  list(X = X, y = outcome$y, response = outcome$response, weights = if (length(weights) > 0) weights, offset = offset)
}

add_offsets <- function(a, b) if (is.null(a)) b else if (is.null(b)) a else as.matrix(a)[, rep_len(1, NCOL(b))] + b

# From the frame to the fit.
train_data <- function(frame, options, shown, call) {
  standardize <- check_flag(options$standardize, "standardize", call)
  check_weights(frame$weights, nrow(frame$raw), call)
  encoding <- c(frame$encoding, list(offset_argument = frame$has_offset_argument))
  encoded <- if (is.null(encoding$terms)) list(X = encode_columns(encoding$columns, frame$raw)) else encode_terms(encoding, frame$raw, "data", call)
  check_whole_inputs(encoded$X, "data", call)
  calibration <- frame$calibration
  training <- setdiff(seq_len(nrow(frame$raw)), calibration$rows)
  weights <- check_weights(frame$weights[training], length(training), call)
  scales <- column_scales(encoded$X[training, , drop = FALSE], weights, standardize)
  encoding[c("center", "scale", "constant")] <- scales[c("center", "scale", "constant")]
  at <- function(x) if (is.null(dim(x))) x[training] else x[training, , drop = FALSE]
  encoding$outcome <- describe_outcome(at(frame$y), frame$label, options$loss, options$output_activation, standardize, weights, at(add_offsets(encoded$offset, frame$offset)), call)
  encoding$calibration <- calibration[c("share", "seed")]
  prepared <- encode_rows(encoding, encoded, frame, training, call)
  if (encoding$outcome$kind == "numeric" && is.null(options$output_activation) && (is.null(options$loss) || identical(options$loss, "squared_error"))) options$output_activation <- "identity"
  options <- choose_defaults(options, nrow(prepared$X), ncol(prepared$X), encoding$outcome, call)
  options[c("weights", "offset")] <- list(prepared$weights, prepared$offset)
  if (!is.null(options$validation) && !is.numeric(options$validation))
    options$validation <- encode_validation(list(encoding = encoding, inputs = colnames(prepared$X)), options$validation, call)
  fit <- train_network(c(prepared[c("X", "y", "response")], list(encoding = encoding, na.action = frame$na.action)), options, shown, call)
  if (is.null(calibration)) fit else calibrate(fit, encoded, frame, calibration$rows, call)
}

# The fit with the scores of its calibration rows; those of no weight are left out.
calibrate <- function(fit, encoded, frame, rows, call) {
  if (length(frame$weights) > 0) rows <- rows[frame$weights[rows] > 0]
  plain <- unclass(fit)
  plain$calibration <- calibration_scores(plain, encode_rows(plain$encoding, encoded, frame, rows, call))
  structure(plain, class = "nn_fit")
}

# Held-out data as matrices: for a formula a data frame with the outcome, else a list of X, a data frame, and y.
encode_validation <- function(fit, validation, call) {
  if (is.data.frame(validation)) {
    if (is.null(fit$encoding$terms)) abort_argument(c("{.arg validation} must be a share, or a list of {.field X} and {.field y}.", x = "It is a data frame."), call)
    frame <- read_formula_again(fit, validation, NULL, NULL, "validation", call)
  } else {
    check_validation(validation, call)
    frame <- list(y = validation$y, weights = validation$weights, offset = validation$offset)
    validation <- validation$X
  }
  raw <- if (is.null(frame$raw)) validation else frame$raw
  prepared <- prepare_newdata(fit, raw, "validation", call)
  check_whole_inputs(prepared$X, "validation", call)
  if (NROW(frame$y) != nrow(prepared$X)) abort_input(c("The {.field X} and {.field y} of {.arg validation} must have the same number of rows.", x = "They have {nrow(prepared$X)} and {NROW(frame$y)}."), call)
  offset <- encode_offset(add_offsets(prepared$offset, frame$offset), fit$encoding$outcome)
  list(X = prepared$X, y = encode_outcome(frame$y, fit$encoding$outcome, call)$y, weights = frame$weights, offset = offset)
}

# The data of nn_continue() as the matrices that the training had, with what calibrates the longer fit.
encode_again <- function(fit, data, y, weights, offset, validation, call) {
  frame <- if (is.null(fit$encoding$terms)) {
    check_given(is.null(y), "y", "the outcome that the fit was made with", call)
    read_columns(data, y, weights, offset, fit$encoding$replay$na.action, NULL, fit$encoding$outcome$names[1], call, columns = fit$encoding$columns)
  } else {
    if (!is.null(y)) abort_argument(c("The formula of the fit takes the outcome from the data frame {.arg X}, so {.arg y} is not given."), call)
    read_formula_again(fit, data, weights, offset, "X", call)
  }
  encoded <- if (is.null(fit$encoding$terms)) list(X = encode_columns(fit$encoding$columns, frame$raw)) else encode_terms(fit$encoding, frame$raw, "X", call)
  check_whole_inputs(encoded$X, "X", call)
  known <- fit$encoding$calibration
  rows <- if (!is.null(known)) draw_calibration(known$share, encode_outcome(frame$y, fit$encoding$outcome, call)$y, call, known$seed)$rows
  prepared <- encode_rows(fit$encoding, encoded, frame, setdiff(seq_len(nrow(frame$raw)), rows), call)
  prepared$validation <- if (!is.null(validation)) encode_validation(fit, validation, call)
  prepared$calibrate <- function(fit) if (is.null(known)) fit else calibrate(fit, encoded, frame, rows, call)
  prepared
}

check_whole_inputs <- function(X, name, call) {
  check_no_infinite(X, name, call)
  for (j in which(is.na(colSums(X)))) if (anyNA(X[, j]))
    abort_input(c("The inputs must not be missing.", x = "Column {.field {colnames(X)[j]}} of {.arg {name}} is missing in row {which(is.na(X[, j]))[1]}.", i = "Let {.arg na.action} drop such rows, or fill them in."), call)
}
