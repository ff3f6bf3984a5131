# A valid call of each exported function, for tools/fuzz.R, which changes their arguments at random.
# `data` and `fits` are those of that script. Functions of packages that are not installed are left
# out.

valid_calls <- function(data, fits) {
  has <- function(...) all(vapply(c(...), requireNamespace, NA, quietly = TRUE))
  X <- data$X
  small <- X[1:6, ]
  matrix_fit <- fits[[1]]$fit
  frame_fit <- fits[[3]]$fit
  network <- nn_init(3, 1, hidden = 2)
  gradient <- list(network = network, X = X, y = data$unit)
  trace <- nn_trace(small, data$unit[1:6], epochs = 3)
  saved <- tempfile(fileext = ".json")
  nn_save(matrix_fit, saved)
  out <- function(ending) tempfile(fileext = ending)
  c(
    list(
      derivatives_sigmoid = list(a = plogis(X)),
      nn_activations = list(),
      nn_adam = list(learning_rate = 0.01, beta1 = 0.8, beta2 = 0.99, epsilon = 1e-6),
      nn_adamw = list(
        learning_rate = 0.01, beta1 = 0.8, beta2 = 0.99, epsilon = 1e-6, weight_decay = 0.1
      ),
      nn_backward = gradient,
      nn_batches = list(seed = c(1, 2), epoch = 3, n = 20, batch_size = 6),
      nn_callback = list(f = function(now) NULL, every = 2),
      nn_check_gradient = gradient,
      nn_continue = list(fit = matrix_fit, X = X, y = data$unit, epochs = 2),
      nn_cosine = list(epochs = 10, least = 0.1),
      nn_custom_activation = list(
        value = function(z) z / (1 + abs(z)), derivative = function(z) 1 / (1 + abs(z))^2
      ),
      nn_custom_loss = list(
        value = function(y, p) (y - p)^2 / 2, derivative = function(y, p) p - y
      ),
      nn_cv = list(X = X, y = data$number, folds = 3, hidden = 2, epochs = 2),
      nn_doctor = list(fit = frame_fit),
      nn_effects = list(fit = frame_fit, data = data$frame, variables = "a", points = 4),
      nn_exponential = list(factor = 0.9),
      nn_export = list(fit = matrix_fit, path = out(".R")),
      nn_forward = list(network = network, X = X),
      nn_gradient = gradient,
      nn_gradient_descent = list(learning_rate = 0.1),
      nn_hessian = gradient,
      nn_hessian_product = c(gradient, list(direction = network)),
      nn_huber = list(width = 2),
      nn_importance = list(fit = frame_fit, data = data$frame, repeats = 2),
      nn_init = list(n_inputs = 3, n_outputs = 2, hidden = c(4, 3), init = "he_normal"),
      nn_instruction_sets = list(name = NULL),
      nn_lbfgs = list(history = 5, gradient_tolerance = 1e-6),
      nn_lm = list(gradient_tolerance = 1e-6),
      nn_load = list(path = saved, allow = character()),
      nn_loss = gradient,
      nn_momentum = list(learning_rate = 0.1, momentum = 0.8),
      nn_negative_binomial = list(size = 2),
      nn_nesterov = list(learning_rate = 0.1, momentum = 0.8),
      nn_plateau = list(factor = 0.3, patience = 3, least = 0.01),
      nn_quantile = list(probability = 0.3),
      nn_rmsprop = list(learning_rate = 0.1, decay = 0.8, epsilon = 1e-6),
      nn_rprop = list(learning_rate = 0.1, less = 0.4, more = 1.1, least = 1e-5, most = 20),
      nn_save = list(fit = matrix_fit, path = out(".json")),
      nn_source = list(x = data$frame, block_rows = 10),
      nn_step = list(every = 3, factor = 0.4),
      nn_strip = list(fit = matrix_fit),
      nn_trace = list(X = small, y = data$unit[1:6], hidden = 2, epochs = 2, batch_size = 4),
      nn_train = list(X = data$frame[1:4], y = data$number, hidden = 2, epochs = 2),
      nn_train_parsnip = list(
        X = data$frame[1:4], y = data$number, activation = "tanh", hidden = 2, epochs = 2
      ),
      nn_tweedie = list(power = 1.2),
      nn_unit = list(w = c(1, -1), b = 0.5, activation = "step"),
      nn_update = list(network = network, gradient = network, learning_rate = 0.1),
      nn_warm_up = list(epochs = 3, then = nn_step(2)),
      perceptron = list(x = small, w = c(1, 2, 3), b = 1, threshold = 0.5),
      sigmoid = list(x = X)
    ),
    if (has("gifski")) list(nn_animate = list(x = trace, path = out(".gif"))),
    if (has("caret")) list(nn_caret = list()),
    if (has("mlr3", "paradox", "R6")) list(nn_mlr3 = list(task_type = "regr")),
    if (has("htmlwidgets", "jsonlite")) list(nn_show = list(x = trace))
  )
}

# nn_mpi() is called by processes that wait for each other; shiny checks the others' arguments.
never_called <- c("nn_mpi", "nn_show_output", "nn_show_render")
# These have calls where the packages that they use are installed.
not_everywhere <- c("nn_animate", "nn_caret", "nn_mlr3", "nn_show")
# The plain arithmetic of R, where a number may exceed the largest.
may_overflow <- "derivatives_sigmoid"

# Objects that users can change by hand, and what they are given to: list(object, uses), where
# `uses` are functions of the changed object. For tools/fuzz.R.
valid_objects <- function(data, fits) {
  X <- data$X
  y <- data$number
  fit <- fits[[3]]$fit
  train <- function(...) nn_train(X, y, hidden = 2, epochs = 3, ...)
  alone <- list(
    rank = 0, size = 1, sum = function(x) x, broadcast = function(object, from) object
  )
  trace <- nn_trace(X[1:6, ], data$three[1:6], hidden = 2, epochs = 2, batch_size = 4)
  list(
    schedule = list(nn_warm_up(3, then = nn_step(2)), list(
      function(x) train(schedule = x), function(x) nn_warm_up(2, then = x), print
    )),
    optimizer = list(nn_adam(), list(function(x) train(optimizer = x), print)),
    loss = list(nn_quantile(c(0.2, 0.8)), list(
      function(x) train(loss = x), function(x) nn_trace(X[1:6, ], y[1:6], loss = x), print
    )),
    own_loss = list(
      nn_custom_loss(
        function(a, y) rowSums(log1p((a - y)^2)), function(a, y) 2 * (a - y) / (1 + (a - y)^2)
      ), list(function(x) train(loss = x), print)
    ),
    activation = list(
      nn_custom_activation(function(z) z / (1 + abs(z)), function(z) 1 / (1 + abs(z))^2),
      list(function(x) train(activation = x), print)
    ),
    callback = list(
      nn_callback(function(now) NULL, every = 2), list(function(x) train(callback = x), print)
    ),
    communicator = list(
      structure(alone, class = "nn_communicator"),
      list(function(x) train(communicator = x), print)
    ),
    source = list(nn_source(data$frame, block_rows = 15), list(
      function(x) nn_train(y ~ a + k, x, hidden = 2, epochs = 2),
      function(x) nn_train(y ~ a + k, data$frame, hidden = 2, epochs = 2, validation = x),
      function(x) predict(fit, x), function(x) nn_cv(y ~ a, x, folds = 2, hidden = 2, epochs = 2),
      function(x) nn_continue(fit, x, epochs = 1), print
    )),
    trace = list(trace, list(
      print, format, summary, as.data.frame, plot, function(x) x[["wh_after", epoch = 2]],
      function(x) nn_show(x)
    )),
    fit = list(fit, list(
      print, summary, coef, nn_doctor, nn_strip, plot, function(x) plot(x, "network"),
      function(x) nn_effects(x, data$frame, "a", points = 4),
      function(x) nn_importance(x, data$frame, repeats = 1),
      function(x) predict(x, data$frame),
      function(x) predict(x, data$frame, interval = "prediction"),
      function(x) nn_continue(x, data$frame, epochs = 1), function(x) nn_save(x, tempfile()),
      function(x) nn_export(x, tempfile(fileext = ".R")), fitted, residuals, formula, terms, nobs,
      labels, family, deviance, logLik, function(x) model.frame(x, data$frame),
      function(x) nn_forward(x, model.matrix(fit, data$frame))
    ))
  )
}
