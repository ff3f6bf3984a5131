# Methods for the generics of NeuralNetTools, which plots networks and measures the importance of
# inputs. It expects weights by unit, with each unit's bias first.

#' @exportS3Method NeuralNetTools::neuralweights nn_fit
neuralweights.nn_fit <- function(mod_in, rel_rsc = NULL, ...) {
  fit <- whole_fit(mod_in, current_env(), "mod_in")
  check_no_skip(fit$layers, "NeuralNetTools", current_env())
  by_unit <- lapply(fit$layers, biases_and_weights, network = fit)
  NeuralNetTools::neuralweights(
    unlist(by_unit),
    rel_rsc = rel_rsc, struct = layer_units(fit$layers)
  )
}

check_hidden_layer <- function(fit, call) {
  if (n_hidden(fit$layers) == 0) {
    abort_argument(c(
      "The importance of inputs requires a hidden layer.",
      x = "This fit has none.",
      i = "Use its weights instead: {.code coef(fit)$wout}."
    ), call)
  }
}

#' @exportS3Method NeuralNetTools::olden nn_fit
olden.nn_fit <- function(mod_in, ...) {
  fit <- whole_fit(mod_in, current_env(), "mod_in")
  check_hidden_layer(fit, current_env())
  ends <- end_names(fit)
  NeuralNetTools::olden(NeuralNetTools::neuralweights(mod_in)$wts, ends$inputs, ends$outputs, ...)
}

#' @exportS3Method NeuralNetTools::garson nn_fit
garson.nn_fit <- function(mod_in, ...) {
  fit <- whole_fit(mod_in, current_env(), "mod_in")
  check_hidden_layer(fit, current_env())
  ends <- end_names(fit)
  NeuralNetTools::garson(NeuralNetTools::neuralweights(mod_in)$wts, ends$inputs, ends$outputs, ...)
}

#' @exportS3Method NeuralNetTools::plotnet nn_fit
plotnet.nn_fit <- function(mod_in, x_names = NULL, y_names = NULL, ...) {
  fit <- whole_fit(mod_in, current_env(), "mod_in")
  ends <- end_names(fit)
  NextMethod(
    x_names = if (is.null(x_names)) ends$inputs else x_names,
    y_names = if (is.null(y_names)) ends$outputs else y_names, struct = layer_units(fit$layers),
    skip = FALSE
  )
}
