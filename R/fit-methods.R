# Methods of R's generics for models.

stored_fitted <- function(fit, call, what = "output") {
  fit <- whole_fit(fit, call)
  values <- fit[[what]]
  if (is.null(values)) {
    abort_argument(c(
      "This fit does not store its {what}.",
      i = if (isTRUE(fit$stripped)) {
        "{.fn nn_strip} or the butcher package removed it. Use {.code predict(fit, X)}."
      } else {
        "It was made with {.code keep_fitted = FALSE}. Use {.code predict(fit, X)}."
      }
    ), call)
  }
  values
}

#' Extract the weights
#'
#' Returns the weights and biases of a fit as a list of matrices, in the form that [nn_forward()]
#' and the argument `start` of [nn_train()] accept.
#'
#' The matrices are those of the fit, without names, so that they and products with them can be
#' compared with those of a loop in R. With `named = TRUE` they have the names of inputs, units and
#' outputs, and the same values.
#'
#' @param object A fit from [nn_train()].
#' @param named Whether rows and columns are named; `FALSE` by default.
#' @param ... Must be empty: an unknown argument is an error.
#' @return A list of matrices: `wh`, `bh`, `wout`, `bout`, or `wh1`, `bh1`, `wh2`, ... with several
#'   hidden layers. Weight matrices have one row per input of the layer and one column per unit;
#'   biases have a single row, named `"(Intercept)"`.
#' @section Errors: `backprop_error_argument` if the fit is invalid.
#' @examples
#' set.seed(1)
#' fit <- nn_train(mpg ~ wt + hp, mtcars, hidden = 2, activation = "tanh", penalty = 0.01)
#' coef(fit)$wh
#' coef(fit, named = TRUE)
#' @export
coef.nn_fit <- function(object, named = FALSE, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(coef.nn_fit)))
  fit <- plain_fit(object, call)
  check_fit_sizes(fit, call)
  check_flag(named, "named", call)
  network <- fit[parameter_names(fit$layers)]
  if (named) named_network(network, fit) else network
}

# The matrices of a network with the names of inputs, units and outputs.
named_network <- function(network, fit) {
  ends <- end_names(fit)
  names <- layer_names("hidden", n_hidden(fit$layers))
  of_units <- function(l) {
    if (l == 0) {
      ends$inputs
    } else if (l > length(names)) {
      ends$outputs
    } else {
      paste0(names[l], "[", seq_len(fit$layers[[l]]$units), "]")
    }
  }
  for (l in seq_along(fit$layers)) {
    parameters <- fit$layers[[l]]$parameters
    from <- c(of_units(l - 1), if (!is.null(fit$layers[[l]]$skip)) ends$inputs)
    dimnames(network[[parameters[["weights"]]]]) <- list(from, of_units(l))
    dimnames(network[[parameters[["biases"]]]]) <- list("(Intercept)", of_units(l))
  }
  network
}

#' @export
fitted.nn_fit <- function(object, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = "object")
  stats::napredict(object$na.action, bare(stored_fitted(object, call)))
}

#' @export
residuals.nn_fit <- function(object, type = "response", ...) {
  call <- current_env()
  check_no_dots(call, ..., known = c("object", "type"))
  check_choice(type, "response", "type", call)
  stats::naresid(object$na.action, bare(stored_fitted(object, call, "residuals")))
}

# step() and others supply `use.fallback`, which has no effect on a fit.
#' @export
nobs.nn_fit <- function(object, ...) plain_fit(object, current_env())$n

#' @importFrom stats formula
#' @export
formula.nn_fit <- function(x, ...) {
  check_no_dots(current_env(), ..., known = "x")
  stats::formula(terms.nn_fit(x))
}

#' @importFrom stats terms
#' @export
terms.nn_fit <- function(x, ...) {
  check_no_dots(current_env(), ..., known = "x")
  terms <- plain_fit(x, current_env())$encoding$terms
  if (is.null(terms)) {
    abort_argument(c(
      "This fit was made without a formula.",
      i = "Use {.code nn_train(y ~ x, data)}."
    ), current_env())
  }
  whole_terms(terms)
}

#' @export
`$.nn_fit` <- function(x, name) {
  fit <- unclass(x)
  if (name %in% names(fit)) {
    return(fit[[name]])
  }
  layers <- n_hidden(plain_fit(x, current_env())$layers)
  if (name %in% c("wh", "bh") && layers != 1) {
    abort_argument(c(
      "This fit has {layers} hidden layer{?s}, so there is no {.field {name}}.",
      i = if (layers > 1) {
        "Use {.or {.field {paste0(name, seq_len(layers))}}}."
      } else {
        "Use {.field wout} or {.field bout}."
      }
    ), current_env())
  }
  NULL
}

# Names of the inputs and outputs, made up if the fit has none.
end_names <- function(fit) {
  outputs <- if (length(fit$levels) == 2) {
    fit$levels[2]
  } else if (is.null(fit$outputs)) {
    fit$encoding$outcome$names
  } else {
    fit$outputs
  }
  numbered <- function(stem, n) if (n == 1) stem else paste0(stem, seq_len(n))
  list(
    inputs = if (is.null(fit$inputs)) numbered("x", n_inputs(fit$layers)) else fit$inputs,
    outputs = if (is.null(outputs)) numbered("output", n_outputs(fit$layers)) else outputs
  )
}

# The names of all parameters in the order of the core, layer:unit:term. `fit`: a plain fit, or any
# list with layers.
parameter_labels <- function(fit) {
  names <- c(layer_names("hidden", n_hidden(fit$layers)), "output")
  ends <- end_names(fit)
  unlist(lapply(seq_along(fit$layers), function(l) {
    layer <- fit$layers[[l]]
    from <- c(
      if (l > 1) {
        paste0(names[l - 1], "[", seq_len(layer$inputs - (layer$skip %||% 0)), "]")
      },
      if (l == 1 || !is.null(layer$skip)) ends$inputs
    )
    to <- if (l == length(fit$layers)) ends$outputs else seq_len(layer$units)
    c(
      paste0(names[l], ":", rep(to, each = layer$inputs), ":", rep(from, layer$units)),
      paste0(names[l], ":", to, ":(Intercept)")
    )
  }))
}
