# The table of losses, in the order of the core's (src/simd/types.h). `domain` is what a target may
# be; `outputs` the output activations that the loss is defined for ("any" for all);
# `default_output` the one that belongs to it.
loss_table <- data.frame(
  name = c("squared_error", "cross_entropy", "absolute", "huber", "poisson", "quantile"),
  domain = c("any", "share", "any", "any", "count", "any"),
  default_output = c("sigmoid", "sigmoid", "identity", "identity", "exp", "identity")
)

loss_outputs <- list(
  cross_entropy = c("sigmoid", "softmax"), poisson = c("exp", "softplus", "sigmoid", "softmax")
)

#' Losses with a setting of their own
#'
#' What training makes small for one row, given the output `a` and the target `y`, is named by the
#' argument `loss` of [nn_train()]. Two losses have a setting, and these functions make them with
#' another than the default: `loss = "huber"` is `nn_huber()`.
#'
#' | loss | value | targets | outputs |
#' |---|---|---|---|
#' | `"squared_error"` | `(a - y)^2 / 2` | any | any |
#' | `"cross_entropy"` | `-y log(a) - (1 - y) log(1 - a)` for sigmoid, `-sum(y log(a))` for softmax | 0 to 1; for softmax each row's sum is 1 | sigmoid, softmax |
#' | `"absolute"` | `abs(a - y)` | any | any |
#' | `"huber"` | `(a - y)^2 / 2` within `width`, else `width (abs(a - y) - width / 2)` | any | any |
#' | `"poisson"` | `a - y log(a)` | 0 and above | exp, softplus, sigmoid, softmax |
#' | `"quantile"` | `probability (y - a)` where `a < y`, else `(1 - probability) (a - y)` | any | any |
#'
#' The values of several outputs are added. Cross-entropy, and Poisson with the output exp, are
#' computed from the output layer's input, so that they stay exact however far that is from 0.
#'
#' @param width Where the Huber loss turns from a parabola into a line, in units of the target, a
#'   positive number; 1 by default.
#' @param probability Which quantile is estimated, a number between 0 and 1; 0.5, the median, by
#'   default.
#' @return A list of class `nn_loss_setting`.
#' @section Errors: `backprop_error_argument` where a setting is outside its range.
#' @references Huber (1964), \doi{10.1214/aoms/1177703732}. Koenker and Bassett (1978),
#'   \doi{10.2307/1913643}.
#' @examples
#' set.seed(1)
#' X <- as.matrix(cars["speed"]) / 10
#' upper <- nn_train(X, cars$dist / 10,
#'   hidden = 0, loss = nn_quantile(0.9),
#'   optimizer = "adam", learning_rate = 0.05, epochs = 2000
#' )
#' mean(cars$dist / 10 <= fitted(upper))
#' @name nn_losses
NULL

new_loss <- function(name, parameter = 0) {
  loss <- list(name = name, parameter = parameter)
  class(loss) <- "nn_loss_setting"
  loss
}

#' @rdname nn_losses
#' @export
nn_huber <- function(width = 1) {
  new_loss("huber", check_number(width, "width", current_env(), least = 0, above = TRUE))
}

#' @rdname nn_losses
#' @export
nn_quantile <- function(probability = 0.5) {
  new_loss("quantile", check_share_of_one(probability, "probability", current_env()))
}

#' @export
print.nn_loss_setting <- function(x, ...) {
  setting <- switch(x$name,
    huber = "width",
    quantile = "probability"
  )
  cat(
    "Loss ", x$name, if (!is.null(setting)) paste0(" (", setting, " ", format(x$parameter), ")"),
    "\n",
    sep = ""
  )
  invisible(x)
}

check_loss <- function(loss, call) {
  if (inherits(loss, "nn_loss_setting")) {
    return(loss)
  }
  name <- check_choice(loss, loss_table$name, "loss", call)
  new_loss(name, switch(name,
    huber = 1,
    quantile = 0.5,
    0
  ))
}

# Loss and output that go with each other; where one is NULL it follows from the other and from the
# kind of target.
check_loss_and_output <- function(loss, output_activation, kind, call) {
  classes <- kind %in% c("binary", "classes")
  if (is.null(loss)) loss <- if (classes) "cross_entropy" else "squared_error"
  loss <- check_loss(loss, call)
  if (is.null(output_activation)) {
    output_activation <- if (kind == "classes") {
      "softmax"
    } else if (kind == "binary") {
      "sigmoid"
    } else {
      loss_table$default_output[loss_table$name == loss$name]
    }
  }
  check_choice(output_activation, activation_table$name, "output_activation", call)
  allowed <- loss_outputs[[loss$name]]
  if (!is.null(allowed) && !output_activation %in% allowed) {
    abort_argument(c(
      "The loss {.val {loss$name}} is not defined for the output {.val {output_activation}}.",
      i = "It goes with {.or {.val {allowed}}}."
    ), call)
  }
  list(loss = loss, output_activation = output_activation)
}

check_domain <- function(y, loss, output_activation, call) {
  domain <- loss_table$domain[loss_table$name == loss$name]
  bad <- switch(domain,
    any = FALSE,
    share = y < 0 | y > 1,
    count = y < 0
  )
  if (any(bad)) {
    at <- which(bad)[1]
    abort_input(c(
      paste0(
        "{.arg y} must be {if (domain == 'share') 'from 0 to 1' else '0 or above'} for the loss ",
        "{.val {loss$name}}."
      ),
      x = "The first that is not is {y[at]}, in row {(at - 1) %% nrow(y) + 1}."
    ), call)
  }
  if (loss$name == "cross_entropy" && output_activation == "softmax") {
    off <- which(abs(rowSums(y) - 1) > 1e-8)
    if (length(off) > 0) {
      abort_input(c(
        "Each row of {.arg y} must add up to 1 for softmax with cross-entropy.",
        x = "Row {off[1]} adds up to {sum(y[off[1], ])}."
      ), call)
    }
  }
}

# Is there one right class for each row, so that their share can be counted?
counts_classes <- function(settings, outputs) {
  settings$loss$name == "cross_entropy" && (outputs == 1 || settings$output_activation == "softmax")
}
