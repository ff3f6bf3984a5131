# Activations and losses that are R functions of the user.

#' Use your own activation or loss
#'
#' @description
#' `nn_custom_activation()` and `nn_custom_loss()` make an activation for the hidden layers and a
#' loss from a function and its derivative, for the arguments `activation` and `loss` of
#' [nn_train()], [nn_gradient()] and other functions. The functions are called once for each batch
#' (for each 1024 rows of a larger one), with all its rows.
#'
#' Before training starts, the derivative is compared with central differences of the value, and a
#' wrong one is an error.
#'
#' @details
#' All optimisers except Levenberg-Marquardt support a custom loss, all a custom activation;
#' resuming is exact. The output layer can't have a custom activation: use the output `"identity"`
#' and a custom loss that applies the function to the outputs. Training is slower than with built-in
#' functions: with batches of 32 rows and two hidden layers of 64 units about 2 times for a custom
#' loss, and 6 to 8 times for a custom activation, most of it R's own arithmetic.
#'
#' A fit contains the functions with their environments, and `saveRDS()` keeps them. Functions that
#' are defined in another function also keep the variables of that call, which may be large. A file
#' written by [nn_save()] and exported models can't contain R functions: these are errors. So are
#' second derivatives ([nn_hessian()]), [nn_trace()] and [nn_show()].
#'
#' @param value For an activation, a function of a numeric matrix `z` (rows x units), the weighted
#'   sums, that returns a matrix of the same size. For a loss, a function of two numeric matrices
#'   (rows x outputs), the outputs `a` and the targets `y`, that returns the loss of each row as a
#'   vector. Losses of rows are weighted and added up by the package. For fits made from data
#'   frames, `y` is the standardised outcome.
#' @param derivative The derivative of `value`: for an activation a function of `z`, for a loss a
#'   function of `a` and `y` that returns the derivative with respect to each element of `a`. Both
#'   return a matrix of the same size.
#' @return A list of class `nn_custom_activation` or `nn_loss_setting`.
#' @section Errors: `backprop_error_argument` if an argument is not a function or if the functions
#'   can't be used in a place. `backprop_error_custom` if the derivative differs from central
#'   differences, or if a function fails, or returns something of another type or length or, for
#'   finite arguments, a value that is missing; the message says which function and why. An
#'   interrupt while a function runs is treated as any other interrupt of training.
#' @seealso [nn_losses], [nn_activations()], [nn_check_gradient()].
#' @examples
#' # An asymmetric squared error: too low is three times as bad
#' asymmetric <- nn_custom_loss(
#'   function(a, y) rowSums(ifelse(a < y, 3, 1) * (a - y)^2 / 2),
#'   function(a, y) ifelse(a < y, 3, 1) * (a - y)
#' )
#' fit <- nn_train(dist ~ speed, cars, hidden = 3, loss = asymmetric, penalty = 0.01, epochs = 50)
#' mean(cars$dist < fitted(fit))
#'
#' softsign <- nn_custom_activation(function(z) z / (1 + abs(z)), function(z) 1 / (1 + abs(z))^2)
#' nn_train(dist ~ speed, cars, hidden = 3, activation = softsign, penalty = 0.01, epochs = 50)
#' @export
nn_custom_loss <- function(value, derivative) {
  call <- current_env()
  new_loss("custom", check_functions(value, derivative, call), call)
}

#' @rdname nn_custom_loss
#' @export
nn_custom_activation <- function(value, derivative) {
  new_custom_activation(value, derivative, current_env())
}

#' @export
print.nn_custom_activation <- function(x, ...) {
  check_custom_activation(x, "x", current_env())
  cat("Custom activation: ", function_text(x$value), "\n", sep = "")
  invisible(x)
}

# The functions as the core calls them: they return numbers of the right length, or a condition,
# which the bridge hands to `signal` when the core has ended. `per_row`: whether the value is one
# number for each row.
custom_in_core <- function(functions, what, per_row = FALSE) {
  guarded <- function(name, per_row) {
    f <- functions[[name]]
    function(...) {
      returned <- tryCatch(
        {
          result <- f(...)
          first <- ..1
          size <- if (per_row) nrow(first) else length(first)
          problem <- if (!is.numeric(result)) {
            paste0("It returned ", describe(result), ".")
          } else if (length(result) != size) {
            paste0("It returned ", length(result), " numbers for ", size, ".")
          } else if (anyNA(result) && !any(vapply(list(...), anyNA, NA))) {
            if (all(is.finite(first))) "It returned a missing value for finite numbers."
          }
          if (is.null(problem)) as.double(result) else simpleCondition(problem)
        },
        error = function(e) simpleCondition(paste0("It failed: ", conditionMessage(e))),
        interrupt = function(e) e
      )
      if (inherits(returned, "condition")) attr(returned, "where") <- paste(name, "of the", what)
      returned
    }
  }
  list(
    value = guarded("value", per_row), derivative = guarded("derivative", FALSE),
    signal = signal_custom
  )
}

signal_custom <- function(condition) {
  if (inherits(condition, "interrupt")) interrupt()
  abort_custom(attr(condition, "where"), conditionMessage(condition))
}

abort_custom <- function(where, problem, hint = NULL) {
  abort_kind(
    "custom", c("The function {.field {where}} can't be used.", x = literal(problem), i = hint),
    NULL, current_env()
  )
}

has_custom <- function(settings) {
  identical(settings$loss$name, "custom") || !is.null(settings$custom)
}

# Refuses what R functions can't be part of.
check_no_custom <- function(settings, what, call) {
  if (has_custom(settings)) {
    abort_argument(c(
      paste0(what, " can't be used with a custom activation or loss, which is an R function."),
      i = if (what == "{.fn nn_save}") "{.fn saveRDS} keeps the functions."
    ), call)
  }
}

# Compares the derivatives with central differences: of activations at some numbers, of the loss at
# some outputs (n x k) and targets.
check_custom_derivatives <- function(settings, output, y) {
  for (own in unique(Filter(Negate(is.null), settings$custom))) {
    functions <- custom_in_core(own, "custom activation")
    z <- matrix(seq(-3, 3, length.out = 61) + 0.0123)
    step <- 6e-6 * pmax(1, abs(z))
    difference <- (called(functions, "value", z + step) - called(functions, "value", z - step)) /
      (2 * step)
    compare_derivatives(
      called(functions, "derivative", z), difference, z, "derivative of the custom activation"
    )
  }
  if (identical(settings$loss$name, "custom")) {
    functions <- custom_in_core(settings$loss$parameter, "custom loss", per_row = TRUE)
    slopes <- matrix(called(functions, "derivative", output, y), nrow(output))
    for (k in seq_len(ncol(output))) {
      step <- 6e-6 * pmax(1, abs(output[, k]))
      moved <- function(by) {
        output[, k] <- output[, k] + by
        called(functions, "value", output, y)
      }
      difference <- (moved(step) - moved(-step)) / (2 * step)
      compare_derivatives(slopes[, k], difference, output[, k], "derivative of the custom loss")
    }
  }
}

called <- function(functions, name, ...) {
  result <- functions[[name]](...)
  if (inherits(result, "condition")) signal_custom(result)
  result
}

# Up to a tenth of the numbers may be at kinks.
compare_derivatives <- function(given, difference, at, where) {
  off <- abs(given - difference) > 1e-4 * pmax(1, abs(difference))
  off[is.na(off)] <- !identical(is.na(given), is.na(difference))
  if (mean(off) > 0.1) {
    worst <- which.max(ifelse(is.na(given), 0, abs(given - difference)))
    abort_custom(
      where,
      paste0(
        "At ", format(at[worst], digits = 4), " it returned ", format(given[worst], digits = 6),
        ", but central differences of the value are ", format(difference[worst], digits = 6), "."
      ),
      "It must be the derivative of {.arg value}, for a loss with respect to the outputs."
    )
  }
}
