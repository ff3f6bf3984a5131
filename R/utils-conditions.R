# Error conditions, and how values are described in messages.

# Every error has class `backprop_error` and a class for its kind. `message` is a cli message: the
# requirement, what was supplied (x), and what to do (i). `call` is the function that the user
# called.
abort_kind <- function(kind, message, call, envir, ...) {
  cli::cli_abort(
    message,
    class = c(paste0("backprop_error_", kind), "backprop_error"), call = call,
    .envir = envir, ...
  )
}

abort_input <- function(message, call, ..., envir = parent.frame()) {
  abort_kind("input", message, call, envir, ...)
}

abort_argument <- function(message, call, ..., envir = parent.frame()) {
  abort_kind("argument", message, call, envir, ...)
}

# Signals a problem with a file or a value. The text is formatted only when it is shown (see
# as_file_error()), so that rejecting a value is fast.
abort_format <- function(message, hint = NULL, envir = parent.frame()) {
  stop(structure(class = c("backprop_internal_format", "error", "condition"), list(
    message = message, call = NULL, hint = hint, envir = envir
  )))
}

# Describes a value in a message: a scalar by its value, anything else by its type and shape.
describe <- function(x) {
  if (is.null(x)) {
    return("NULL")
  }
  if (is.atomic(x) && !is.object(x) && is.null(dim(x)) && length(x) == 1) {
    return(encodeString(format(x, digits = 15), quote = if (is.character(x)) "\"" else ""))
  }
  kind <- if (is.data.frame(x)) {
    "data frame"
  } else if (is.factor(x)) {
    "factor"
  } else if (is.object(x)) {
    paste0("<", class(x)[1], ">")
  } else if (is.function(x)) {
    "function"
  } else if (is.environment(x)) {
    "environment"
  } else if (is.matrix(x)) {
    paste(typeof(x), "matrix")
  } else if (is.array(x)) {
    paste(typeof(x), "array")
  } else if (is.list(x)) {
    "list"
  } else {
    paste(typeof(x), "vector")
  }
  size <- if (!is.null(dim(x))) {
    paste(" of", paste(dim(x), collapse = " x "))
  } else if (is.atomic(x) || is.list(x)) {
    paste(" of length", length(x))
  } else {
    ""
  }
  paste0(if (grepl("^[aeiou]", kind)) "an " else "a ", kind, size)
}

# Escapes the braces of the user's text, so that cli does not evaluate them.
literal <- function(text) gsub("([{}])", "\\1\\1", text)

# Arguments of other packages, and the arguments of nn_train() with the same meaning.
names_elsewhere <- c(
  size = "hidden", decay = "penalty", maxit = "epochs", lr = "learning_rate", linout =
    "output_activation", softmax = "output_activation", rang = "init", trace = "callback",
  threshold = "tolerance", stepmax = "epochs", act.fct = "activation", err.fct = "loss",
  act_fun = "activation", act_fn = "activation", activation_function = "activation",
  algorithm = "optimizer", rep = "restarts", startweights = "start", hidden_layer_sizes = "hidden",
  alpha = "penalty", solver = "optimizer", learning_rate_init = "learning_rate",
  max_iter = "epochs", early_stopping = "validation", n_iter_no_change = "patience",
  validation_fraction = "validation", validation_split = "validation", hidden_units = "hidden",
  units = "hidden", nepochs = "epochs", iterations = "epochs", batchsize = "batch_size",
  sample_weight = "weights", case_weights = "weights", linear.output = "output_activation",
  learn_rate = "learning_rate", learningrate = "learning_rate", eta = "learning_rate",
  nodes = "hidden", neurons = "hidden", layers = "hidden", hidden_size = "hidden",
  hidden_sizes = "hidden", hidden_dim = "hidden", l2 = "penalty", lambda = "penalty",
  weight_decay = "penalty", wd = "penalty", l1 = "penalty_l1", maxiter = "epochs",
  niter = "epochs", n_iter = "epochs", nb_epoch = "epochs", num_iterations = "epochs",
  loss_function = "loss", objective = "loss", entropy = "loss", criterion = "loss",
  Wts = "start", initial_weights = "start", kernel_initializer = "init", initializer = "init",
  early_stop = "validation", validation_data = "validation", stop_iter = "patience",
  early_stopping_rounds = "patience", abstol = "tolerance", reltol = "tolerance",
  min_delta = "tolerance", scale = "standardize", normalize = "standardize",
  preprocess = "standardize", sample_weights = "weights", wts = "weights",
  callbacks = "callback", verbose = "callback", lifesign = "callback",
  nthreads = "threads", num_threads = "threads", n_jobs = "threads",
  momentum = "optimizer", grad_clip = "clip", clipnorm = "clip",
  k = "folds", K = "folds", nfolds = "folds", nfold = "folds", cv = "folds", v = "folds",
  family = "loss", distribution = "loss", link = "output_activation",
  reps = "repeats", times = "repeats", metric = "metrics", scoring = "metrics"
)

# Values of other packages, and further names of arguments, with the same meaning here.
words_elsewhere <- c(
  sgd = "gradient_descent", gd = "gradient_descent", bfgs = "lbfgs", lbfgsb = "lbfgs",
  nag = "nesterov", marquardt = "lm", levenberg_marquardt = "lm",
  mse = "squared_error", sse = "squared_error", mean_squared_error = "squared_error",
  l2 = "squared_error", mae = "absolute", l1 = "absolute", mean_absolute_error = "absolute",
  logloss = "cross_entropy", log_loss = "cross_entropy", bce = "cross_entropy",
  nll = "cross_entropy", deviance = "cross_entropy", binomial = "cross_entropy",
  multinomial = "cross_entropy", pinball = "quantile", ordinal = "cumulative",
  nb = "negative_binomial", logcosh = "log_cosh",
  linear = "identity", none = "identity", logistic = "sigmoid", swish = "silu",
  exponential = "exp", xavier = "glorot_normal", glorot = "glorot_uniform",
  kaiming = "he_normal", he = "he_normal", lecun = "lecun_normal",
  raw = "response", probability = "prob", probabilities = "prob", posterior = "prob",
  label = "class", labels = "class", conformal = "prediction", predict = "prediction",
  impute = "indicator", data = "newdata", test = "newdata", newx = "newdata"
)

# Functions of this package call data X, data or newdata.
data_elsewhere <- c(data = "X", newdata = "X", newdata = "data", X = "data")

# A hint for an argument that a function does not have.
argument_hint <- function(name, known) {
  if (name %in% c("seed", "random_state", "set_seed")) {
    return(c(i = "For reproducible results, call {.fn set.seed} before."))
  }
  nearest_name(name, known)
}

# A "Did you mean" hint for a misspelt name, or for the name that another package uses.
nearest_name <- function(x, choices) {
  if (!is.character(x) || length(x) != 1 || is.na(x) || length(choices) == 0) {
    return(NULL)
  }
  begun <- if (nchar(x) > 2) choices[startsWith(choices, x)]
  plain <- function(names) tolower(gsub("[-._ ]", "", names))
  elsewhere <- c(names_elsewhere, words_elsewhere, data_elsewhere)
  elsewhere <- elsewhere[plain(names(elsewhere)) == plain(x) & elsewhere %in% choices]
  meant <- c(if (length(begun) == 1) begun, elsewhere)[1]
  if (is.na(meant)) {
    distance <- utils::adist(x, choices, ignore.case = TRUE)[1, ]
    if (min(distance) > max(2, nchar(x) / 2) || min(distance) >= nchar(x)) {
      return(NULL)
    }
    meant <- choices[which.min(distance)]
  }
  c(i = paste0("Did you mean ", dQuote(literal(unname(meant)), FALSE), "?"))
}

# What to do with a function of this package that was supplied in place of its result.
call_hint <- function(x) {
  if (!is.function(x)) {
    return(NULL)
  }
  package <- topenv()
  for (name in grep("^nn_", ls(package), value = TRUE)) {
    if (identical(package[[name]], x)) {
      return(paste0("Call it: {.code ", name, "()}."))
    }
  }
}

# A requirement on the contents of a file or a fit.
need <- function(ok, what, hint = NULL) if (!isTRUE(ok)) abort_format(what, hint)

# Evaluates code and returns its value, or the error that ends it if that `is_expected`. Other
# errors pass from where they occurred. (A restart would take three times as long.)
until_error <- function(code, is_expected) {
  callCC(function(leave) {
    withCallingHandlers(code, error = function(e) if (is_expected(e)) leave(e))
  })
}

# Errors of setTimeLimit() and setSessionTimeLimit() have no class, and are in the user's language.
is_time_limit <- function(e) {
  limits <- gettext(
    "reached elapsed time limit", "reached CPU time limit", "reached session elapsed time limit",
    "reached session CPU time limit",
    domain = "R"
  )
  inherits(e, "simpleError") && any(startsWith(conditionMessage(e), limits))
}
