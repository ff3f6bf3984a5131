# backprop as an engine of parsnip's mlp(). It is registered when both packages are loaded, in
# whatever order; parsnip is not imported.

#' The engine of parsnip
#'
#' With parsnip loaded, `mlp(...) |> set_engine("backprop")` trains by `nn_train()` on a data frame,
#' for regression and classification, in workflows, with recipes and under `tune_grid()`. Nothing
#' has to be registered by hand. This function is what the engine calls: it turns parsnip's words
#' into those of [nn_train()], and is of little use by itself.
#'
#' @details
#' | `mlp()` | [nn_train()] | |
#' |:--|:--|:--|
#' | `hidden_units` | `hidden` | one layer, or a vector with a number for each |
#' | `penalty` | `penalty` | |
#' | `dropout` | `dropout` | |
#' | `epochs` | `epochs` | |
#' | `activation` | `activation` | parsnip's `"linear"` is `"identity"`, its `"swish"` is `"silu"`; the other names are the same |
#' | `learn_rate` | `learning_rate` | |
#'
#' What `mlp()` leaves out keeps the default of [nn_train()] for data frames, and all its other
#' arguments can be given in `set_engine()`:
#' `set_engine("backprop", optimizer = "adam", validation = 0.2)`. Factors among the predictors are
#' encoded by `nn_train()`, and predictors are standardised by it, so a recipe need do neither. Case
#' weights of a workflow become `weights`. Predictions are of the types `"numeric"`, `"class"`,
#' `"prob"` and `"raw"` (what [predict.nn_fit()] returns). The same seed gives the numbers of the
#' direct call.
#'
#' @param X A data frame of predictors, a row for each case.
#' @param y The outcome: a numeric vector or matrix, or a factor.
#' @param activation The activation of the hidden layers by parsnip's name or ours, one for all or
#'   one for each.
#' @param ... Any other argument of [nn_train()] for data frames.
#' @return A fit, as [nn_train()] returns it: in parsnip, what `extract_fit_engine()` gives.
#' @section Errors: Those of [nn_train()], and `backprop_error_argument` where the formula has an
#'   `offset()`, which parsnip would make an input.
#' @seealso `vignette("ecosystem", "backprop")`
#' @examplesIf requireNamespace("parsnip", quietly = TRUE)
#' model <- parsnip::mlp("regression",
#'   hidden_units = 4, penalty = 0.01, activation = "tanh",
#'   epochs = 50
#' ) |>
#'   parsnip::set_engine("backprop")
#' set.seed(1)
#' fit <- parsnip::fit(model, mpg ~ wt + hp, data = mtcars)
#' predict(fit, head(mtcars))
#' @export
nn_train_parsnip <- function(X, y, activation, ...) {
  offset <- grep("^offset\\(", names(X), value = TRUE)
  if (length(offset) > 0) {
    abort_argument(c(
      "parsnip hands over an offset of the formula as an input like any other.",
      x = "It is {.code {offset}}.",
      i = "Use {.fn nn_train} itself, as parsnip has no place for one in {.fn predict} either."
    ), current_env())
  }
  if (missing(activation)) {
    return(nn_train(X = as.data.frame(X), y = y, ...))
  }
  renamed <- activation %in% names(parsnip_activations)
  if (is.character(activation)) activation[renamed] <- parsnip_activations[activation[renamed]]
  nn_train(X = as.data.frame(X), y = y, activation = activation, ...)
}

parsnip_activations <- c(linear = "identity", swish = "silu")

# What `activation = tune()` tries: those of a hidden layer, by parsnip's names.
tuned_activations <- function() {
  c("linear", setdiff(activation_table$name[!activation_table$output_only], "identity"))
}

register_parsnip_engine <- function() {
  if ("backprop" %in% parsnip::get_from_env("mlp")$engine) {
    return(invisible())
  }
  arguments <- data.frame(
    parsnip = c("hidden_units", "penalty", "dropout", "epochs", "activation", "learn_rate"),
    original = c("hidden", "penalty", "dropout", "epochs", "activation", "learning_rate")
  )
  for (mode in c("regression", "classification")) {
    parsnip::set_model_engine("mlp", mode, "backprop")
    parsnip::set_dependency("mlp", "backprop", "backprop", mode)
    parsnip::set_fit("mlp", mode, "backprop", list(
      interface = "data.frame", protect = c("X", "y", "weights"),
      data = c(x = "X", y = "y", weights = "weights"),
      func = c(pkg = "backprop", fun = "nn_train_parsnip"), defaults = list()
    ))
    parsnip::set_encoding("mlp", mode, "backprop", list(
      predictor_indicators = "none", compute_intercept = FALSE, remove_intercept = FALSE,
      allow_sparse_x = FALSE
    ))
    types <- if (mode == "regression") c("numeric", "raw") else c("class", "prob", "raw")
    for (type in types) parsnip::set_pred("mlp", mode, "backprop", type, parsnip_prediction(type))
  }
  for (row in seq_len(nrow(arguments))) {
    tuned <- c(
      list(pkg = "dials", fun = arguments$parsnip[row]),
      if (arguments$parsnip[row] == "activation") list(values = tuned_activations())
    )
    parsnip::set_model_arg(
      "mlp", "backprop", arguments$parsnip[row], arguments$original[row], tuned,
      has_submodel = FALSE
    )
  }
}

# Predictors come as a data frame (a tibble or not); probabilities and several outputs go back as
# one.
parsnip_prediction <- function(type) {
  post <- switch(type,
    prob = function(x, object) as.data.frame(x, optional = TRUE),
    numeric = function(x, object) if (is.matrix(x)) parsnip_outputs(x) else x
  )
  list(pre = NULL, post = post, func = c(fun = "predict"), args = list(
    object = quote(object$fit), newdata = quote(as.data.frame(new_data)),
    type = if (type %in% c("class", "prob")) type else "response"
  ))
}

parsnip_outputs <- function(x) {
  stats::setNames(
    as.data.frame(x),
    if (is.null(colnames(x))) paste0(".pred_", seq_len(ncol(x))) else paste0(".pred_", colnames(x))
  )
}
