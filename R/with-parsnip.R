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
#' `set_engine("backprop", optimizer = "adam", validation = 0.2)`. `NULL` is a value there, as in
#' `batch_size = NULL` for the full batch; in `mlp()` it means the default. [nn_train()] encodes
#' factors and standardises predictors, so no recipe is needed for that. Case weights of a workflow
#' are passed to `weights`. With the same seed, results are identical to those of [nn_train()].
#'
#' The prediction types are `"numeric"`, `"class"`, `"prob"`, `"raw"` (the result of
#' [predict.nn_fit()]) and, for regression, `"pred_int"`: prediction intervals with the argument
#' `level` (0.95 by default), which require `set_engine("backprop", calibration = 0.2)`; and
#' `"conf_int"`: confidence intervals of the outputs or, for classes, of their probabilities, which
#' require `covariance = "hessian"` there.
#'
#' The ranges of dials for `tune()` contain the defaults of [nn_train()] for data frames:
#' `hidden_units` 1 to 512, `penalty` 1e-7 to 10, `dropout` 0 to 0.5, `epochs` 10 to 1000,
#' `learn_rate` 1e-4 to 0.1. A good penalty is between 0.005 and 40 divided by the number of rows
#' for most data.
#'
#' @param X A data frame of predictors, one row per case.
#' @param y The outcome: a numeric vector or matrix, or a factor.
#' @param activation Activation function of the hidden layers, by its name in parsnip or backprop:
#'   one for all layers or one for each.
#' @param ... Other arguments of [nn_train()] for data frames.
#' @param covariance Type of covariance matrix of the weights to compute after training and to store
#'   in the fit as its element `covariance`: the `type` of [vcov.nn_fit()], such as `"hessian"`.
#'   `NULL` (default) for none. It is meant for small networks: it has the number of weights squared
#'   elements, and exists only where the Hessian is positive definite.
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
nn_train_parsnip <- function(X, y, activation, ..., covariance = NULL) {
  offset <- grep("^offset\\(", names(X), value = TRUE)
  if (length(offset) > 0) {
    abort_argument(c(
      "The formula must not have an offset, because parsnip treats it as a predictor.",
      x = "It has {.code {offset}}.",
      i = "Call {.fn nn_train} directly, which supports offsets."
    ), current_env())
  }
  if (!missing(activation) && is.character(activation)) {
    ours <- our_names()
    renamed <- activation %in% names(ours)
    activation[renamed] <- ours[activation[renamed]]
  }
  given <- c(if (!missing(activation)) list(activation = quote(activation)), parsnip_nulls())
  given <- given[names(given) != "covariance"]
  fit <- eval_bare(expr(nn_train(X = as.data.frame(X), y = y, ..., !!!given)))
  if (!is.null(covariance)) {
    fit$covariance <- vcov(
      fit, as.data.frame(X), y,
      type = covariance, weights = list(...)$weights
    )
  }
  fit
}

# The arguments in set_engine() that are NULL, which parsnip drops from its call of the engine. They
# are in the specification that it fits, in the innermost frame of its functions that has one.
parsnip_nulls <- function() {
  for (frame in rev(sys.frames())) {
    if (!identical(environmentName(topenv(frame)), "parsnip")) next
    model <- get0("object", frame, inherits = FALSE)
    if (inherits(model, "mlp") && identical(model$engine, "backprop")) {
      values <- lapply(model$eng_args, function(x) if (is_quosure(x)) eval_tidy(x) else x)
      return(values[vapply(values, is.null, NA)])
    }
  }
}

# Our names of the activations that parsnip calls otherwise.
our_names <- function() {
  theirs <- unlist(lapply(activation_table, `[[`, "parsnip"))
  stats::setNames(names(theirs), theirs)
}

# The values that `tune()` tries, as arguments of the function in dials: activations of hidden
# layers, by parsnip's names, and ranges that contain the defaults, penalties and rates as log10.
tuned_values <- function(name) {
  switch(name,
    activation = list(values = tuned_activations()),
    list(range = switch(name,
      hidden_units = c(1L, 512L),
      penalty = c(-7, 1),
      dropout = c(0, 0.5),
      epochs = c(10L, 1000L),
      learn_rate = c(-4, -1)
    ))
  )
}
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
    types <- c("raw", if (mode == "regression") {
      c("numeric", "pred_int", "conf_int")
    } else {
      c("class", "prob", "conf_int")
    })
    for (type in types) parsnip::set_pred("mlp", mode, "backprop", type, parsnip_prediction(type))
  }
  for (row in seq_len(nrow(arguments))) {
    name <- arguments$parsnip[row]
    parsnip::set_model_arg(
      "mlp", "backprop", name, arguments$original[row],
      c(list(pkg = "dials", fun = name), tuned_values(name)),
      has_submodel = FALSE
    )
  }
}

# Predictors are passed as a data frame (or tibble); probabilities, intervals and several outputs
# are returned as a data frame. `level` is a variable of parsnip's function for intervals.
parsnip_prediction <- function(type) {
  post <- switch(type,
    prob = function(x, object) as.data.frame(x, optional = TRUE),
    numeric = function(x, object) if (is.matrix(x)) parsnip_outputs(x) else x,
    pred_int = function(x, object) parsnip_intervals(x),
    conf_int = function(x, object) parsnip_intervals(x, object$lvl)
  )
  pre <- switch(type,
    pred_int = ,
    conf_int = function(new_data, object) {
      check_engine_intervals(object$fit, type)
      new_data
    }
  )
  list(pre = pre, post = post, func = c(fun = "predict"), args = c(
    list(
      object = quote(object$fit), newdata = quote(as.data.frame(new_data)),
      type = if (type %in% c("class", "prob")) type else "response"
    ),
    switch(type,
      pred_int = list(interval = "prediction", level = quote(level)),
      conf_int = list(
        interval = "confidence", level = quote(level), vcov = quote(object$fit$covariance)
      )
    )
  ))
}

# What intervals need must be requested in set_engine().
check_engine_intervals <- function(fit, type) {
  argument <- if (type == "pred_int") {
    if (is.null(unclass(fit)$calibration)) "calibration = 0.2"
  } else {
    if (is.null(unclass(fit)$covariance)) "covariance = \"hessian\""
  }
  if (!is.null(argument)) {
    abort_argument(c(
      "{.code type = {.val {type}}} requires a fit that was made for intervals.",
      i = "Train it with {.code set_engine(\"backprop\", {argument})}."
    ), NULL)
  }
}

parsnip_outputs <- function(x, prefix = ".pred") {
  names <- if (is.null(colnames(x))) seq_len(ncol(x)) else colnames(x)
  stats::setNames(as.data.frame(x), paste0(prefix, "_", names))
}
parsnip_intervals <- function(x, levels = NULL) {
  if (length(levels) == 2) {
    # predict() has the interval of the probability of the second level
    bounds <- cbind(1 - x[, "upr"], x[, "lwr"], 1 - x[, "lwr"], x[, "upr"])
    ends <- c(".pred_lower_", ".pred_upper_")
    return(stats::setNames(as.data.frame(bounds), paste0(rep(ends, each = 2), levels)))
  }
  if (length(dim(x)) == 2) {
    return(stats::setNames(as.data.frame(x)[c("lwr", "upr")], c(".pred_lower", ".pred_upper")))
  }
  bound <- function(name) array(x[, name, ], dim(x)[-2], dimnames(x)[-2])
  cbind(
    parsnip_outputs(bound("lwr"), ".pred_lower"), parsnip_outputs(bound("upr"), ".pred_upper")
  )
}
