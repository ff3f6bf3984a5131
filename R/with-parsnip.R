# backprop as an engine of parsnip's mlp(). It is registered when both packages are loaded, in
# either order; parsnip is not imported.

#' Engine for parsnip
#'
#' If parsnip and backprop are loaded, `mlp(...) |> set_engine("backprop")` trains a network with
#' [nn_train()] on a data frame, for regression or classification. The engine works in workflows,
#' with recipes and with `tune_grid()`. This function is called by the engine, which translates
#' parsnip's arguments to those of [nn_train()]; it is not meant to be called directly.
#'
#' @details
#' | `mlp()` | [nn_train()] | |
#' |:--|:--|:--|
#' | `hidden_units` | `hidden` | number of units of one layer, or a vector with one number per layer |
#' | `penalty` | `penalty` | |
#' | `dropout` | `dropout` | |
#' | `epochs` | `epochs` | |
#' | `activation` | `activation` | parsnip's `"linear"` is `"identity"` and its `"swish"` is `"silu"`; other names are the same |
#' | `learn_rate` | `learning_rate` | |
#'
#' Arguments that are not set in `mlp()` keep the defaults of [nn_train()] for data frames. All
#' other arguments of [nn_train()] can be set in `set_engine()`, as in
#' `set_engine("backprop", optimizer = "adam", validation = 0.2)`. [nn_train()] encodes factors and
#' standardises predictors, so no recipe is needed for that. Case weights of a workflow are passed
#' to `weights`. The prediction types are `"numeric"`, `"class"`, `"prob"` and `"raw"` (the result
#' of [predict.nn_fit()]). With the same seed, results are identical to those of [nn_train()].
#'
#' @param X A data frame of predictors, one row per case.
#' @param y The outcome: a numeric vector or matrix, or a factor.
#' @param activation Activation function of the hidden layers, by its name in parsnip or backprop:
#'   one for all layers or one for each.
#' @param ... Other arguments of [nn_train()] for data frames.
#' @return A fit, as returned by [nn_train()]. In parsnip, `extract_fit_engine()` returns it.
#' @section Errors: Those of [nn_train()], and `backprop_error_argument` if the formula has an
#'   `offset()`, which parsnip would treat as a predictor.
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
      "The formula must not have an offset, because parsnip treats it as a predictor.",
      x = "It has {.code {offset}}.",
      i = "Call {.fn nn_train} directly, which supports offsets."
    ), current_env())
  }
  if (missing(activation)) {
    return(nn_train(X = as.data.frame(X), y = y, ...))
  }
  ours <- our_names()
  renamed <- activation %in% names(ours)
  if (is.character(activation)) activation[renamed] <- ours[activation[renamed]]
  nn_train(X = as.data.frame(X), y = y, activation = activation, ...)
}

# Our names of the activations that parsnip calls otherwise.
our_names <- function() {
  theirs <- unlist(lapply(activation_table, `[[`, "parsnip"))
  stats::setNames(names(theirs), theirs)
}

# The values that `activation = tune()` tries: activations of hidden layers, by parsnip's names.
tuned_activations <- function() {
  c("linear", setdiff(inner_activations, "identity"))
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

# Predictors are passed as a data frame (or tibble); probabilities and several outputs are returned
# as a data frame.
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
