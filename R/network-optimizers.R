# An optimiser is a list of its settings, of class `nn_optimizer`. Its properties are in its row of
# optimizer_table.

new_optimizer <- function(name, learning_rate, ...) {
  optimizer <- list(name = name, learning_rate = learning_rate, numbers = list(...))
  class(optimizer) <- "nn_optimizer"
  optimizer
}

check_rate <- function(learning_rate, default, call) {
  if (is.null(learning_rate)) {
    default
  } else {
    check_number(learning_rate, "learning_rate", call, least = 0, above = TRUE)
  }
}
check_decay <- function(x, name, call) check_share_of_one(x, name, call, with_0 = TRUE)

#' Optimisers
#'
#' Optimisers for the argument `optimizer` of [nn_train()]. Each function returns an object with the
#' optimiser's settings; a string such as `"adam"` is the optimiser with its default settings.
#' Supply the learning rate either here or to [nn_train()], not both.
#'
#' Below, `g` is the gradient of the objective for the batch and `w` the weights.
#' `nn_gradient_descent()`: `w - learning_rate * g`. `nn_momentum()`:
#' `v <- momentum * v - learning_rate * g; w + v`. `nn_nesterov()`: the same `v`, then
#' `w + momentum * v - learning_rate * g`. `nn_rmsprop()`: `v <- decay * v + (1 - decay) * g^2; w -
#' learning_rate * g / (sqrt(v) + epsilon)`. `nn_adam()`: Algorithm 1 of the paper. `nn_adamw()`:
#' the same after `w <- w - learning_rate * weight_decay * w`, for weights and not for biases.
#'
#' The last three optimisers are full-batch methods. `nn_rprop()` (resilient back-propagation, in
#' the variant iRprop-) uses only the sign of the gradient: each weight has its own step size, which
#' grows while the sign stays the same and shrinks when it changes. `nn_lbfgs()` (limited-memory
#' BFGS with a strong-Wolfe line search) and `nn_lm()` (Levenberg-Marquardt, for small least-squares
#' problems) use curvature, have no learning rate, and stop when the gradient is small enough; one
#' epoch is one accepted iteration. They require `batch_size = NULL` and do not support dropout,
#' schedules or gradient clipping. `fit$stop` contains the reason why training stopped.
#'
#' @param learning_rate Learning rate, a positive number. `NULL` (default) uses 0.1 for gradient
#'   descent, 0.01 for momentum and Nesterov, 0.001 for the others, and for `nn_rprop()` 0.01, the
#'   initial step size of each weight.
#' @param momentum Momentum coefficient, in \[0, 1); 0.9 by default.
#' @param decay Decay rate of the running mean of squared gradients, in \[0, 1); 0.9 by default.
#' @param beta1,beta2 Decay rates of the running means of the gradient and of its square, in
#'   \[0, 1); 0.9 and 0.999 by default, as in the paper.
#' @param epsilon Constant added to the denominator for numerical stability, a positive number; 1e-8
#'   by default.
#' @param weight_decay Decoupled weight decay, multiplied by the learning rate, a number of at least
#'   0; 0.01 by default.
#' @param less,more Factors of the step size when the sign of the gradient changes (0.5 by default,
#'   between 0 and 1) and when it stays the same (1.2 by default, greater than 1).
#' @param least,most Minimum and maximum step size, positive numbers; 1e-6 and 50 by default, as in
#'   the paper.
#' @param history Number of pairs of steps and gradient changes that are stored, a whole number of
#'   at least 1; 10 by default.
#' @param gradient_tolerance Convergence tolerance: training stops when the largest
#'   `|g| * max(1, |w|)` is at most this number times `max(1, objective)`, with the objective as a
#'   mean over the rows; a number of at least 0, 1e-8 by default. With `precision = "single"` the
#'   gradient has about seven digits, and training often stops with `"precision"`.
#' @return A list of class `nn_optimizer`.
#' @section Errors: `backprop_error_argument` for a setting outside its range.
#' @references Polyak (1964), momentum, \doi{10.1016/0041-5553(64)90137-5}. Nesterov (1983); in this
#'   form Sutskever, Martens, Dahl and Hinton (2013). Tieleman and Hinton (2012), RMSprop, lecture
#'   6.5 of *Neural Networks for Machine Learning*. Kingma and Ba (2015), Adam,
#'   \doi{10.48550/arXiv.1412.6980}. Loshchilov and Hutter (2019), AdamW,
#'   \doi{10.48550/arXiv.1711.05101}. Riedmiller and Braun (1993), Rprop,
#'   \doi{10.1109/ICNN.1993.298623}; Igel and Huesken (2003), iRprop-,
#'   \doi{10.1016/S0925-2312(01)00700-7}. Liu and Nocedal (1989), L-BFGS, \doi{10.1007/BF01589116};
#'   Hager and Zhang (2005), approximate Wolfe conditions, \doi{10.1137/030601880}. Marquardt
#'   (1963), \doi{10.1137/0111030}; More (1978), its scaling, \doi{10.1007/BFb0067700}.
#' @examples
#' nn_adam(learning_rate = 0.01)
#'
#' set.seed(1)
#' X <- as.matrix(cars["speed"])
#' fit <- nn_train(X, cars$dist,
#'   hidden = 0, output_activation = "identity",
#'   optimizer = nn_lm(), epochs = 20
#' )
#' fit$stop
#' @name nn_optimizers
NULL

#' @rdname nn_optimizers
#' @export
nn_gradient_descent <- function(learning_rate = NULL) {
  new_optimizer("gradient_descent", check_rate(learning_rate, 0.1, current_env()))
}

#' @rdname nn_optimizers
#' @export
nn_momentum <- function(learning_rate = NULL, momentum = 0.9) {
  new_optimizer(
    "momentum", check_rate(learning_rate, 0.01, current_env()),
    momentum = check_decay(momentum, "momentum", current_env())
  )
}

#' @rdname nn_optimizers
#' @export
nn_nesterov <- function(learning_rate = NULL, momentum = 0.9) {
  new_optimizer(
    "nesterov", check_rate(learning_rate, 0.01, current_env()),
    momentum = check_decay(momentum, "momentum", current_env())
  )
}

#' @rdname nn_optimizers
#' @export
nn_rmsprop <- function(learning_rate = NULL, decay = 0.9, epsilon = 1e-8) {
  call <- current_env()
  new_optimizer("rmsprop", check_rate(learning_rate, 0.001, call),
    decay = check_decay(decay, "decay", call),
    epsilon = check_number(epsilon, "epsilon", call, least = 0, above = TRUE)
  )
}

#' @rdname nn_optimizers
#' @export
nn_adam <- function(learning_rate = NULL, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8) {
  call <- current_env()
  new_optimizer("adam", check_rate(learning_rate, 0.001, call),
    beta1 = check_decay(beta1, "beta1", call), beta2 = check_decay(beta2, "beta2", call),
    epsilon = check_number(epsilon, "epsilon", call, least = 0, above = TRUE)
  )
}

#' @rdname nn_optimizers
#' @export
nn_adamw <- function(learning_rate = NULL, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8,
                     weight_decay = 0.01) {
  call <- current_env()
  adam <- nn_adam(learning_rate, beta1, beta2, epsilon)
  adam$name <- "adamw"
  adam$numbers$weight_decay <- check_number(weight_decay, "weight_decay", call, least = 0)
  adam
}

#' @rdname nn_optimizers
#' @export
nn_rprop <- function(learning_rate = NULL, less = 0.5, more = 1.2, least = 1e-6, most = 50) {
  call <- current_env()
  less <- check_share_of_one(less, "less", call)
  more <- check_number(more, "more", call, least = 1, above = TRUE)
  least <- check_number(least, "least", call, least = 0, above = TRUE)
  new_optimizer("rprop", check_rate(learning_rate, 0.01, call),
    less = less, more = more, least = least,
    most = check_number(most, "most", call, least = least)
  )
}

#' @rdname nn_optimizers
#' @export
nn_lbfgs <- function(history = 10, gradient_tolerance = 1e-8) {
  call <- current_env()
  new_optimizer(
    "lbfgs", NULL,
    history = check_whole(history, "history", call),
    gradient_tolerance = check_number(gradient_tolerance, "gradient_tolerance", call, least = 0)
  )
}

#' @rdname nn_optimizers
#' @export
nn_lm <- function(gradient_tolerance = 1e-8) {
  new_optimizer(
    "lm", NULL,
    gradient_tolerance = check_number(
      gradient_tolerance, "gradient_tolerance", current_env(),
      least = 0
    )
  )
}

# The table of optimisers, one row each. Everything else in R is derived from it. Append new rows at
# the end: saved files refer to families and rules by their position.

# Makes a row:
#   make        the function that makes an optimiser with its settings
#   rule        the first-order rule of the core (src/simd/rule_table.h)
#   moments     how many numbers the rule stores for each parameter
#   moment2     a function of the optimiser: the initial value of the second of them
#   family      the family of methods of the core (src/core/train.h)
#   full_batch  whether it requires the full batch
#   in_core     the core's names of settings, if different
#   losses      the losses that it supports; NULL for all
optimizer_row <- function(make, rule = "gradient_descent", moments = 0, family = "first_order",
                          full_batch = FALSE, in_core = character(), losses = NULL,
                          moment2 = function(optimizer) 0) {
  list(
    make = make, rule = rule, moments = moments, family = family, full_batch = full_batch,
    in_core = in_core, losses = losses, moment2 = moment2
  )
}

optimizer_table <- list(
  gradient_descent = optimizer_row(nn_gradient_descent),
  momentum = optimizer_row(nn_momentum, "momentum", 1, in_core = c(momentum = "decay")),
  nesterov = optimizer_row(nn_nesterov, "nesterov", 1, in_core = c(momentum = "decay")),
  rmsprop = optimizer_row(nn_rmsprop, "rmsprop", 1),
  adam = optimizer_row(nn_adam, "adam", 2, in_core = c(beta1 = "decay", beta2 = "decay2")),
  adamw = optimizer_row(nn_adamw, "adam", 2, in_core = c(beta1 = "decay", beta2 = "decay2")),
  rprop = optimizer_row(
    nn_rprop, "rprop", 2,
    full_batch = TRUE, moment2 = function(optimizer) optimizer$learning_rate
  ),
  lbfgs = optimizer_row(nn_lbfgs, family = "lbfgs", full_batch = TRUE),
  lm = optimizer_row(
    nn_lm,
    family = "levenberg_marquardt", full_batch = TRUE, losses = "squared_error"
  )
)

optimizer_field <- function(field) vapply(optimizer_table, `[[`, "", field)
second_order <- function(optimizer) optimizer_table[[optimizer$name]]$family != "first_order"

# The optimiser of a call, with the learning rate of the call, if supplied.
check_optimizer <- function(optimizer, learning_rate, call) {
  given <- inherits(optimizer, "nn_optimizer")
  chosen <- if (given) {
    check_object(optimizer, make_optimizer, "optimizer", "optimiser", call)
  } else {
    optimizer_table[[check_choice(optimizer, names(optimizer_table), "optimizer", call)]]$make()
  }
  if (is.null(learning_rate)) {
    return(chosen)
  }
  if (second_order(chosen)) {
    abort_argument(c(
      "The optimiser {.val {chosen$name}} does not support {.arg learning_rate}.",
      x = "You supplied {.arg learning_rate} = {describe(learning_rate)}.",
      i = "Omit it, or use {.val adam}."
    ), call)
  }
  if (given) {
    abort_argument(c(
      "The learning rate must be supplied only once.",
      x = paste0(
        "{.arg learning_rate} is {describe(learning_rate)}, and that of {.arg optimizer} is ",
        "{describe(optimizer$learning_rate)}."
      ),
      i = "Supply it to the optimiser: {.code nn_{optimizer$name}(learning_rate = )}."
    ), call)
  }
  chosen$learning_rate <- check_number(
    learning_rate, "learning_rate", call,
    least = 0, above = TRUE
  )
  chosen
}

# The optimiser with these settings.
make_optimizer <- function(x) {
  rate <- if (!is.null(x$learning_rate)) list(learning_rate = x$learning_rate)
  do.call(optimizer_table[[x$name]]$make, c(rate, x$numbers), quote = TRUE)
}

# The optimiser in the form of the core: its row, and the settings of Method (src/core/train.h).
# Settings that it does not have are 0.
core_numbers <- list(
  decay = 0, decay2 = 0, epsilon = 0, less = 0, more = 0, least = 0, most = 0, weight_decay = 0,
  history = 0, gradient_tolerance = 0
)
core_method <- function(optimizer, clip = Inf) {
  row <- optimizer_table[[optimizer$name]]
  numbers <- core_numbers
  if (length(optimizer$numbers) > 0) {
    names <- names(optimizer$numbers)
    renamed <- names %in% names(row$in_core)
    names[renamed] <- row$in_core[names[renamed]]
    numbers[names] <- optimizer$numbers
  }
  c(list(family = row$family, rule = row$rule, clip = clip), numbers)
}

#' @export
print.nn_optimizer <- function(x, ...) {
  check_object(x, make_optimizer, "x", "optimiser", current_env())
  cat("Optimiser ", describe_optimizer(x), "\n", sep = "")
  invisible(x)
}

describe_optimizer <- function(optimizer) {
  numbers <- c(
    if (!is.null(optimizer$learning_rate)) list(learning_rate = optimizer$learning_rate),
    optimizer$numbers
  )
  paste0(
    optimizer$name,
    if (length(numbers) > 0) {
      paste0(
        " (", paste(gsub("_", " ", names(numbers)), vapply(numbers, format, ""), collapse = ", "),
        ")"
      )
    }
  )
}
