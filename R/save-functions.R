# The functions and names that a file may refer to. Prediction calls the functions in a formula, so
# without this restriction a file from an untrusted source could run any code.

# Functions that a formula in a file may call. They compute values from their arguments, and none
# accepts a function or the name of one. Others must be listed in the argument `allow`.
json_functions <- c(
  "~", "+", "-", "*", "/", "^", ":", "%in%", "%%", "%/%", "(", "<", ">", "<=", ">=", "==", "!=",
  "&", "|", "!", "xor", "c", "list", "cbind", "$", "[[", "I", "offset", "log", "log2", "log10",
  "log1p", "exp", "expm1", "sqrt", "abs", "sign", "sin", "cos", "tan", "asin", "acos", "atan",
  "sinh", "cosh", "tanh", "round", "floor", "ceiling", "trunc", "pmin", "pmax", "mean", "median",
  "sd", "min", "max", "sum", "pnorm", "qnorm", "plogis", "qlogis", "factor", "as.factor", "ordered",
  "relevel", "cut", "as.numeric", "as.double", "as.integer", "as.logical", "as.character", "is.na",
  "ifelse", "scale", "poly", "ns", "bs"
)

# Allowed names of contrasts and na.action, whose functions the encoding calls.
json_contrasts <- c("contr.treatment", "contr.sum", "contr.helmert", "contr.poly", "contr.SAS")

json_na_actions <- c("na.omit", "na.exclude", "na.pass", "na.fail")

# Additional functions that arguments in the recorded call may call.
json_makers <- c(
  "nn_gradient_descent", "nn_momentum", "nn_nesterov", "nn_rmsprop", "nn_adam", "nn_adamw",
  "nn_rprop", "nn_lbfgs", "nn_lm", "nn_huber", "nn_quantile", "nn_tweedie", "nn_negative_binomial",
  "nn_step", "nn_exponential", "nn_cosine", "nn_warm_up", "nn_plateau"
)

# The names in a fit that are not allowed in a file: functions called by its formula, names of
# contrasts and na.action, and variables of the formula that are not columns of the data. Stricter
# rules apply to the recorded call (see known_call()).
foreign_functions <- function(fit) {
  fit$call <- NULL
  encoding <- as.list(fit$encoding)
  predvars <- attr(encoding$terms, "predvars")
  inputs <- if (is.call(predvars)) as.list(predvars)[-c(1, 1 + attr(encoding$terms, "response"))]
  named <- c(
    setdiff(unlist(Filter(is.character, as.list(encoding$contrasts))), json_contrasts),
    if (is.character(encoding$replay$na.action)) setdiff(encoding$replay$na.action, json_na_actions)
  )
  unique(c(
    foreign_calls(fit), named,
    setdiff(
      known_names(unlist(lapply(inputs, variable_names)), names(encoding$columns)),
      names(encoding$columns)
    )
  ))
}

foreign_calls <- function(x) {
  called <- if (is.call(x)) called_function(x) else character()
  contrasts <- attr(x, "contrasts", exact = TRUE)
  inside <- c(if (is.call(x)) flat_call(x) else if (is.list(x)) unclass(x), attributes(x))
  c(
    called[!sub("^(base|stats|splines)::", "", called) %in% json_functions],
    if (is.character(contrasts)) setdiff(contrasts, json_contrasts),
    unlist(lapply(inside, foreign_calls), use.names = FALSE)
  )
}

# The name of the function in a call: a symbol, or package::name, which is itself a call.
called_function <- function(x) {
  spaced <- function(x) {
    is.call(x) && length(x) == 3 &&
      (identical(x[[1]], quote(`::`)) || identical(x[[1]], quote(`:::`))) && is.symbol(x[[2]]) &&
      is.symbol(x[[3]])
  }
  if (spaced(x)) {
    return(paste0(x[[2]], x[[1]], x[[3]]))
  }
  if (spaced(x[[1]])) {
    return(called_function(x[[1]]))
  }
  if (is.symbol(x[[1]]) && !as.character(x[[1]]) %in% c("::", ":::")) {
    return(as.character(x[[1]]))
  }
  abort_format("The function of a call must be a name.")
}

# The recorded call as written to a file. It may contain only allowed functions, because update()
# and other packages may evaluate it. Anything else is replaced by a descriptive symbol; `callback`
# and `checkpoint` are dropped.
known_call <- function(call) {
  if (!is.call(call)) {
    return(call)
  }
  call <- call[!names2(call) %in% c("callback", "checkpoint")]
  known <- c(json_contrasts, json_na_actions, "list", "c")
  words <- function(x) {
    if (is.call(x)) {
      unlist(lapply(as.list(x), words))
    } else if (is.symbol(x) || is.character(x)) {
      as.character(x)
    } else {
      character()
    }
  }
  for (name in intersect(c("contrasts", "na.action"), names(call))) {
    if (!all(words(call[[name]]) %in% known | startsWith(words(call[[name]]), "<"))) {
      call[[name]] <- as.symbol(paste0("<", name, ">"))
    }
  }
  as.call(c(call[[1]], lapply(as.list(call)[-1], known_argument)))
}

without_symbols <- function(call, names) {
  dropped <- names2(call) %in% names & vapply(as.list(call), is.symbol, NA)
  if (any(dropped)) call[!dropped] else call
}

known_argument <- function(x) {
  if (is.symbol(x) || is.null(x) || (is.atomic(x) && length(x) == 1 && is.null(attributes(x)))) {
    return(x)
  }
  if (!is.call(x)) {
    return(as.symbol(paste0("<", describe(x), ">")))
  }
  name <- tryCatch(called_function(x), backprop_internal_format = function(e) NULL)
  if (is.null(name) ||
    !sub("^(base|stats|splines|backprop)::", "", name) %in% c(json_functions, json_makers)) {
    return(as.symbol(if (is.null(name)) "<call>" else paste0("<call of ", name, ">")))
  }
  as.call(c(x[[1]], lapply(as.list(x)[-1], known_argument)))
}
