# Activations as users choose them: the checks, and the form in which the settings hold them.

# The activation of each hidden layer and of the output, checked and recycled. `custom`: the custom
# activations by hidden layer, NULL for others; absent if there are none.
check_activations <- function(activation, output_activation, hidden_layers, call) {
  inner <- inner_activations
  if (is.null(activation)) activation <- "sigmoid"
  if (inherits(activation, "nn_custom_activation")) activation <- list(activation)
  if (is.list(activation)) {
    return(check_custom_activations(activation, output_activation, hidden_layers, call))
  }
  if (!is.character(activation) || !length(activation) %in% c(1, hidden_layers) ||
    length(activation) == 0) {
    abort_argument(c(
      paste0(
        "{.arg activation} must be one name",
        if (hidden_layers > 1) ", or one name for each of the {hidden_layers} hidden layers", "."
      ),
      x = "You supplied {describe(activation)}.",
      i = if (is.function(activation)) {
        paste0(
          "Use a name in quotes, such as {.code activation = \"tanh\"}. For your own function, ",
          "use {.fn nn_custom_activation}."
        )
      }
    ), call)
  }
  for (name in activation) {
    if (isTRUE(activation_table[[name]]$output_only)) {
      abort_argument(c(
        "{.val {name}} can only be used in the output layer.",
        i = "Use one of {.or {.val {inner}}} for hidden layers."
      ), call)
    }
    check_choice(name, inner, "activation", call)
  }
  if (is.null(output_activation)) output_activation <- "sigmoid"
  list(
    activation = rep_len(activation, hidden_layers),
    output_activation = check_output_activation(output_activation, call)
  )
}

new_custom_activation <- function(value, derivative, call) {
  structure(check_functions(value, derivative, call), class = "nn_custom_activation")
}

check_custom_activation <- function(x, name, call) {
  make <- function(x) new_custom_activation(x$value, x$derivative, call)
  check_object(x, make, name, "custom activation", call)
}

# A list of names and custom activations.
check_custom_activations <- function(activation, output_activation, hidden_layers, call) {
  own <- vapply(activation, inherits, NA, "nn_custom_activation")
  for (x in activation[own]) check_custom_activation(x, "activation", call)
  names <- vapply(activation[!own], function(x) if (is_string(x)) x else NA_character_, "")
  if (anyNA(names) || !length(activation) %in% c(1, hidden_layers)) {
    abort_argument(c(
      paste0(
        "{.arg activation} must be one name or custom activation, or a list of one for each of ",
        "the {hidden_layers} hidden layer{?s}."
      ),
      x = "You supplied {describe(activation)}."
    ), call)
  }
  plain <- rep("identity", length(activation))
  plain[!own] <- names
  checked <- check_activations(plain, output_activation, hidden_layers, call)
  own <- rep_len(own, hidden_layers)
  checked$activation[own] <- "custom"
  if (any(own)) {
    checked$custom <- rep_len(activation, hidden_layers)
    checked$custom[!own] <- list(NULL)
  }
  checked
}

# The activations of hidden layers in settings as users choose them.
chosen_activations <- function(settings) {
  if (is.null(settings$custom)) {
    return(settings$activation)
  }
  Map(function(name, own) if (is.null(own)) name else own, settings$activation, settings$custom)
}

# "custom" is that of nn_custom_activation(), and no name for users.
check_output_activation <- function(output_activation, call) {
  if (identical(output_activation, "custom")) {
    return(output_activation)
  }
  if (inherits(output_activation, "nn_custom_activation")) {
    abort_argument(c(
      "A custom activation can only be used in the hidden layers.",
      x = "You supplied one as {.arg output_activation}.",
      i = paste0(
        "Use {.code output_activation = \"identity\"} and a loss by {.fn nn_custom_loss} that ",
        "applies your function to the outputs; apply it to the predictions, too."
      )
    ), call)
  }
  check_choice(output_activation, named_activations, "output_activation", call)
}
