# Methods for the generics of broom and ggplot2's autoplot(). They are registered when the packages
# that own the generics are loaded.

#' Tidy, glance, augment and autoplot methods
#'
#' @description
#' Methods for the generics of the broom package, and for [ggplot2::autoplot()]:
#'
#' * `tidy()` returns the weights, one row per weight;
#' * `glance()` returns a one-row summary of the fit;
#' * `augment()` adds predictions to the data;
#' * `autoplot()` plots the loss by epoch as a ggplot, to which further layers can be added.
#'
#' The first three generics are available from broom, tidymodels or generics.
#'
#' @param x,object A fit from [nn_train()].
#' @param data For `augment()`, the cases to predict, in the format of the training data: a data
#'   frame or a numeric matrix (not a sparse one). A fit does not store its training data. If `data`
#'   contains the outcome under the name that it has in the formula, residuals are added as well.
#' @param newdata Alternative name of `data`; supply only one of the two.
#' @param offset,interval,level,new_levels For `augment()`, as in [predict()][predict.nn_fit];
#'   `interval` is `"none"` or `"prediction"`.
#' @param ... Must be empty: an unknown argument is an error.
#' @return Tibbles (data frames with the class `tbl_df`), and a plot:
#' \describe{
#'   \item{`tidy()`}{one row per weight, with the columns `layer` (`"hidden"`, or `"hidden1"`,
#'     `"hidden2"`, ..., and `"output"`); `unit`, the unit that the weight leads to: its number, or
#'     for outputs the name (`"output"` if there is none); `term`, where the weight comes from: the
#'     name of an input (`"x1"`, `"x2"`, ... if there are none), a unit of the previous layer
#'     (`"hidden[2]"`), or `"(Intercept)"` for the bias; and `estimate`, the weight, on the scale of
#'     the encoded and standardised inputs. For standard errors use
#'     [summary()][summary.nn_fit] with the training data.}
#'   \item{`glance()`}{one row with the columns `loss` (training loss of the last epoch, mean per
#'     row, weighted if training was), `validation_loss` (on the held-out rows, in the best epoch),
#'     `objective`, `epochs`, `best_epoch`, `stop`, `parameters` (number of weights,
#'     without frozen ones), `nobs`, and, as for [stats::glm()], `deviance` and `null.deviance` (of
#'     losses with a likelihood, see [deviance()][logLik.nn_fit]). Values that do not apply are
#'     `NA`, and so are deviances that only [summary()][summary.nn_fit] with the training data can
#'     compute: with weights, an offset or held-out rows, and with several outputs for one
#'     outcome.}
#'   \item{`augment()`}{`data` with additional columns. For a numeric outcome, `.fitted` and, if
#'     `data` contains the outcome, `.resid` (outcome minus prediction); with several outputs,
#'     `.fitted_` followed by each output's name, without residuals. For classes, `.pred_class` (the
#'     most probable class) and `.pred_` followed by each level (its probability). With
#'     `interval = "prediction"`, also `.lower` and `.upper` (for several outputs, `.lower_` and
#'     `.upper_` followed by their names), and for classes `.set_` followed by each level (whether
#'     it is in the prediction set).}
#'   \item{`autoplot()`}{an object of class `ggplot`.}
#' }
#' @section Errors: `backprop_error_argument` if `data` is missing, sparse, supplied twice, or
#'   already has a column to be added, if an argument is unknown, and if the fit has no epochs to
#'   plot. The errors of [predict.nn_fit()] for unsuitable data.
#' @seealso `vignette("ecosystem", "backprop")`
#' @examplesIf requireNamespace("generics", quietly = TRUE)
#' inputs <- scale(as.matrix(iris[1:4]))
#' set.seed(1)
#' fit <- nn_train(inputs, iris$Species, epochs = 50, optimizer = "lbfgs", penalty = 0.1)
#' head(generics::tidy(fit))
#' generics::glance(fit)
#' head(generics::augment(fit, data = inputs))
#' @name nn_tidy
NULL

#' @rdname nn_tidy
#' @exportS3Method generics::tidy nn_fit
tidy.nn_fit <- function(x, ...) {
  check_no_dots(current_env(), ..., known = "x")
  fit <- whole_fit(x, current_env(), "x")
  names <- c(layer_names("hidden", n_hidden(fit$layers)), "output")
  ends <- end_names(fit)
  table <- lapply(seq_along(fit$layers), function(l) {
    weights <- biases_and_weights(fit$layers[[l]], fit)
    from <- c(
      if (l > 1) paste0(names[l - 1], "[", seq_len(fit$layers[[l - 1]]$units), "]"),
      if (l == 1 || !is.null(fit$layers[[l]]$skip)) ends$inputs
    )
    to <- if (l == length(fit$layers)) ends$outputs else seq_len(ncol(weights))
    list(
      layer = rep(names[l], length(weights)),
      unit = rep(as.character(to), each = nrow(weights)),
      term = rep(c("(Intercept)", from), ncol(weights)), estimate = as.vector(weights)
    )
  })
  tibble_of(stats::setNames(
    lapply(names(table[[1]]), function(column) unlist(lapply(table, `[[`, column))),
    names(table[[1]])
  ))
}

#' @rdname nn_tidy
#' @exportS3Method generics::glance nn_fit
glance.nn_fit <- function(x, ...) {
  check_no_dots(current_env(), ..., known = "x")
  fit <- whole_fit(x, current_env(), "x")
  history <- fit$history
  or_na <- function(value, none) if (length(value) == 1) value else none
  held_out <- length(fit$best_epoch) == 1
  deviances <- tryCatch(
    both_deviances(training_stored(x, current_env()), current_env())$deviance,
    backprop_error_argument = function(e) NULL
  ) %||% c(NA_real_, NA_real_)
  tibble_of(list(
    loss = or_na(last(history$loss), NA_real_),
    validation_loss = if (held_out) fit$state$best_loss else NA_real_,
    objective = or_na(fit$objective, NA_real_), epochs = as.integer(fit$state$epoch),
    best_epoch = as.integer(or_na(fit$best_epoch, NA)), stop = fit$stop,
    parameters = length(free_parameters(fit)), nobs = as.integer(fit$n),
    deviance = deviances[2], null.deviance = deviances[1]
  ))
}

#' @rdname nn_tidy
#' @exportS3Method generics::augment nn_fit
augment.nn_fit <- function(x, data = newdata, newdata, offset = NULL, interval = "none",
                           level = 0.9, new_levels = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(augment.nn_fit)))
  if (missing(data) && missing(newdata)) {
    abort_argument(c(
      "{.arg data} is missing.",
      i = "A fit does not store its training data. Supply the cases to predict."
    ), call)
  }
  if (!missing(data) && !missing(newdata)) {
    abort_argument(c(
      "{.arg data} and {.arg newdata} must not both be supplied.",
      i = "They are two names of the same argument."
    ), call)
  }
  if (is_sparse(data)) {
    abort_argument(c(
      "{.arg data} must be a data frame or a dense matrix.",
      x = "You supplied {describe(data)}.",
      i = "Use {.fn predict} for a sparse matrix."
    ), call)
  }
  check_choice(interval, c("none", "prediction"), "interval", call)
  if (interval == "none" && !missing(level)) abort_level("prediction", call)
  fit <- whole_fit(x, call, "x")
  predicted <- function(...) predict(x, data, offset = offset, new_levels = new_levels, ...)
  added <- if (is.null(fit$levels)) {
    numeric_columns(predicted(), fit, data)
  } else {
    class_columns(predicted(type = "class"), told_once(predicted(type = "prob")))
  }
  if (!identical(interval, "none")) {
    added <- c(
      added, region_columns(told_once(predicted(interval = interval, level = level)), fit)
    )
  }
  cases <- as.data.frame(data, optional = TRUE)
  if (is.null(colnames(data))) names(cases) <- end_names(fit)$inputs
  twice <- intersect(names(cases), names(added))
  if (length(twice) > 0) {
    abort_argument(c(
      "{.arg data} must not already have the columns that are added.",
      x = "It has {.field {twice}}."
    ), call)
  }
  tibble_of(c(as.list(cases), added))
}

# Columns for prediction intervals (rows x 3, or rows x 3 x outputs) or prediction sets (rows x
# levels).
region_columns <- function(regions, fit) {
  if (is.logical(regions)) {
    return(stats::setNames(
      lapply(fit$levels, function(level) unname(regions[, level])), paste0(".set_", fit$levels)
    ))
  }
  if (is.matrix(regions)) {
    return(list(.lower = unname(regions[, "lwr"]), .upper = unname(regions[, "upr"])))
  }
  columns <- lapply(c("lwr", "upr"), function(limit) {
    lapply(seq_len(dim(regions)[3]), function(k) unname(regions[, limit, k]))
  })
  stats::setNames(unlist(columns, recursive = FALSE), paste0(
    rep(c(".lower_", ".upper_"), each = dim(regions)[3]), end_names(fit)$outputs
  ))
}

numeric_columns <- function(output, fit, data) {
  if (is.matrix(output)) {
    return(stats::setNames(
      lapply(seq_len(ncol(output)), function(k) unname(output[, k])),
      paste0(".fitted_", end_names(fit)$outputs)
    ))
  }
  outcome <- fit$encoding$outcome$names
  observed <- if (is.data.frame(data) && length(outcome) == 1 && outcome %in% names(data) &&
    is.numeric(data[[outcome]])) {
    data[[outcome]]
  }
  c(
    list(.fitted = unname(output)), if (!is.null(observed)) list(.resid = observed - unname(output))
  )
}

class_columns <- function(class, prob) {
  c(
    list(.pred_class = unname(class)),
    stats::setNames(
      lapply(seq_len(ncol(prob)), function(k) unname(prob[, k])), paste0(".pred_", colnames(prob))
    )
  )
}

# A data frame with the class of a tibble, which is a plain data frame if tibble is not installed.
tibble_of <- function(columns) {
  structure(columns, class = c("tbl_df", "tbl", "data.frame"), row.names = c(
    NA_integer_, -length(columns[[1]])
  ))
}

#' @rdname nn_tidy
#' @exportS3Method ggplot2::autoplot nn_fit
autoplot.nn_fit <- function(object, ...) {
  check_no_dots(current_env(), ..., known = "object")
  history <- object$history
  if (nrow(history) == 0) {
    abort_argument(c(
      "The fit has no epochs to plot.",
      i = "It was made with {.code epochs = 0}."
    ), current_env())
  }
  losses <- history[intersect(c("loss", "validation_loss"), names(history))]
  labels <- c(loss = "training", validation_loss = "held out")[names(losses)]
  long <- data.frame(
    epoch = rep(history$epoch, length(losses)), loss = unlist(losses, use.names = FALSE),
    rows = factor(rep(labels, each = nrow(history)), labels)
  )
  plot <- ggplot2::ggplot(
    long, ggplot2::aes(x = .data$epoch, y = .data$loss, colour = .data$rows)
  ) +
    ggplot2::labs(x = "epoch", y = "loss (mean per row)", colour = NULL)
  plot <- plot + if (nrow(history) > 1) ggplot2::geom_line() else ggplot2::geom_point()
  if (all(long$loss > 0)) plot <- plot + ggplot2::scale_y_log10()
  if (!is.null(object$best_epoch)) {
    plot <- plot + ggplot2::geom_vline(xintercept = object$best_epoch, linetype = 3)
  }
  plot + ggplot2::scale_colour_manual(values = c("#0072B2", "#D55E00")) +
    if (length(losses) == 1) ggplot2::guides(colour = "none")
}

# The message about unseen levels was already given by the first predictions of the same data.
told_once <- function(predicted) {
  withCallingHandlers(
    predicted,
    backprop_message_new_levels = function(m) invokeRestart("muffleMessage")
  )
}
