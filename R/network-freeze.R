# Which parameters are trained, and how fast: frozen ones, and a learning rate by layer.

# Checks the argument `freeze` and returns it as a list by matrix of TRUE, for the whole matrix, or
# a logical matrix; NULL if nothing is frozen.
check_freeze <- function(freeze, layers, call) {
  if (is.null(freeze) || length(freeze) == 0) {
    return(NULL)
  }
  known <- parameter_names(layers)
  if (is.character(freeze)) freeze <- stats::setNames(rep(list(TRUE), length(freeze)), freeze)
  if (!is.list(freeze) || !all(names2(freeze) %in% known) || anyDuplicated(names(freeze))) {
    abort_argument(c(
      paste0(
        "{.arg freeze} must be names of matrices, or a list of logical matrices by name. ",
        "The network has {.field {known}}."
      ),
      x = if (is.list(freeze) && all(nzchar(names2(freeze)))) {
        "You supplied {.field {names(freeze)}}."
      } else {
        "You supplied {describe(freeze)}."
      }
    ), call)
  }
  sizes <- stats::setNames(unlist(lapply(layers, parameter_sizes), recursive = FALSE), known)
  for (name in names(freeze)) {
    mask <- freeze[[name]]
    size <- sizes[[name]]
    if (!identical(mask, TRUE) &&
      !(is.logical(mask) && is.matrix(mask) && all(dim(mask) == size) && !anyNA(mask))) {
      abort_argument(c(
        "{.field {name}} in {.arg freeze} must be a {size[1]} x {size[2]} logical matrix, or TRUE.",
        x = "It is {describe(mask)}."
      ), call)
    }
    freeze[[name]] <- if (all(mask)) TRUE else unname(mask)
  }
  freeze <- Filter(any, freeze[intersect(known, names(freeze))])
  if (length(freeze) == length(known) && all(vapply(freeze, isTRUE, NA))) {
    abort_argument(c(
      "{.arg freeze} must leave a weight to train.",
      x = "All weights of the network are frozen."
    ), call)
  }
  if (length(freeze) > 0) freeze
}

check_layer_rates <- function(rates, layers, call) {
  if (is.null(rates)) {
    return(NULL)
  }
  if (!is_number(rates) || length(rates) != layers || !all(is.finite(rates)) || any(rates <= 0)) {
    abort_argument(c(
      "{.arg layer_rates} must be {layers} positive number{?s}, one for each layer.",
      x = "You supplied {describe(rates)}.",
      i = "Use {.arg freeze} for layers that are not to be trained."
    ), call)
  }
  as.double(rates)
}

# The factor of the learning rate for each parameter, in the order of the parameters, 0 for frozen
# ones; numeric() if all are 1. In ordered outputs only the first depends on the inputs of the layer
# (see nn_losses).
rate_factors <- function(layers, settings) {
  freeze <- settings$freeze
  if (settings$output_activation == "ordered" && n_outputs(layers) > 1) {
    freeze$wout <- ordered_mask(layers) | (freeze$wout %||% FALSE)
  }
  if (length(freeze) == 0 && is.null(settings$layer_rates)) {
    return(numeric())
  }
  rates <- settings$layer_rates %||% rep(1, length(layers))
  if (length(freeze) == 0 && all(rates == 1)) {
    return(numeric())
  }
  as.double(unlist(lapply(seq_along(layers), function(l) {
    sizes <- parameter_sizes(layers[[l]])
    lapply(names(sizes), function(part) {
      factor <- matrix(rates[l], sizes[[part]][1], sizes[[part]][2])
      frozen <- freeze[[layers[[l]]$parameters[[part]]]]
      if (!is.null(frozen)) factor[if (isTRUE(frozen)) TRUE else frozen] <- 0
      factor
    })
  })))
}

# Which weights of ordered outputs are 0: those of all outputs but the first.
ordered_mask <- function(layers) {
  size <- parameter_sizes(layers[[length(layers)]])$weights
  matrix(rep(seq_len(size[2]) > 1, each = size[1]), size[1])
}

# The numbers of the parameters that are trained.
free_parameters <- function(fit) {
  factors <- rate_factors(fit$layers, fit$settings)
  if (length(factors) == 0) seq_len(n_parameters(fit$layers)) else which(factors != 0)
}
