# Functions shared by accuracy.R and defaults.R. Data sets are list(formula, data). For each seed,
# rows are split once (two thirds for training, the same for every contestant). The error is the
# misclassification rate or the root mean squared error on the other third.

split_rows <- function(data, seed, share = 2 / 3) {
  set.seed(seed)
  sort(sample(nrow(data), round(share * nrow(data))))
}

is_classes <- function(set) is.factor(set$data[[all.vars(set$formula)[1]]])

badness <- function(truth, predicted) {
  if (is.factor(truth)) {
    mean(as.character(predicted) != as.character(truth))
  } else {
    sqrt(mean((predicted - truth)^2))
  }
}

# backprop with these arguments, and otherwise its defaults.
backprop_with <- function(...) {
  arguments <- list(...)
  function(set, train, seed) {
    set.seed(seed)
    fit <- suppressWarnings(do.call(
      backprop::nn_train, c(list(set$formula, set$data[train, ]), arguments)
    ))
    predict(fit, set$data[-train, ], type = if (is_classes(set)) "class" else "response")
  }
}

# Inputs of the other packages: the columns of model.matrix(), standardised with the training rows.
encoded <- function(set, train) {
  X <- stats::model.matrix(set$formula, set$data)[, -1, drop = FALSE]
  center <- colMeans(X[train, , drop = FALSE])
  scale <- apply(X[train, , drop = FALSE], 2, stats::sd)
  X <- sweep(X, 2, center)
  sweep(X, 2, ifelse(scale > 0, scale, 1), "/")
}

# nnet as in its examples: standardised inputs, a few hidden units, otherwise defaults (100
# iterations, no decay). Numeric outcomes are standardised, with linear output.
nnet_with <- function(size, ...) {
  arguments <- list(...)
  function(set, train, seed) {
    X <- encoded(set, train)
    y <- set$data[[all.vars(set$formula)[1]]]
    set.seed(seed)
    if (is.factor(y)) {
      used <- droplevels(y[train])
      fit <- do.call(nnet::nnet, c(
        list(
          y ~ .,
          data = data.frame(X[train, , drop = FALSE], y = used), size = size, trace = FALSE,
          MaxNWts = 1e6
        ),
        arguments
      ))
      return(predict(fit, data.frame(X[-train, , drop = FALSE]), type = "class"))
    }
    center <- mean(y[train])
    scale <- stats::sd(y[train])
    fit <- do.call(nnet::nnet, c(
      list(
        X[train, , drop = FALSE], (y[train] - center) / scale,
        size = size, linout = TRUE,
        trace = FALSE, MaxNWts = 1e6
      ),
      arguments
    ))
    as.vector(predict(fit, X[-train, , drop = FALSE])) * scale + center
  }
}

# scikit-learn's MLPClassifier and MLPRegressor, or another pair of classes, with their defaults, in
# a separate process for each data set and seed. The numeric outcome is used as it is or
# standardised.
sklearn <- function(standardize_outcome = FALSE, python = "/usr/bin/python3",
                    module = "neural_network", name = "MLP") {
  function(set, train, seed) {
    folder <- tempfile("sklearn")
    dir.create(folder)
    on.exit(unlink(folder, recursive = TRUE))
    X <- encoded(set, train)
    y <- set$data[[all.vars(set$formula)[1]]]
    target <- if (is.factor(y)) {
      as.integer(y)
    } else if (standardize_outcome) {
      (y - mean(y[train])) / stats::sd(y[train])
    } else {
      y
    }
    path <- function(name) file.path(folder, name)
    writeBin(as.double(t(X[train, , drop = FALSE])), path("X"))
    writeBin(as.double(target[train]), path("y"))
    writeBin(as.double(t(X[-train, , drop = FALSE])), path("new"))
    code <- c(
      "import numpy as np, sys, warnings", "warnings.filterwarnings('ignore')",
      sprintf("from sklearn.%s import %sClassifier, %sRegressor", module, name, name),
      "folder, p, kind, seed = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])",
      "read = lambda name: np.fromfile(folder + '/' + name)",
      sprintf(
        "model = (%sClassifier if kind == 'classes' else %sRegressor)(random_state=seed)",
        name, name
      ),
      "y = read('y')",
      "model.fit(read('X').reshape(-1, p), y.astype(int) if kind == 'classes' else y)",
      "model.predict(read('new').reshape(-1, p)).astype(float).tofile(folder + '/out')"
    )
    writeLines(code, path("run.py"))
    system2("env", c(
      "-u", "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1", python,
      path("run.py"), folder, ncol(X),
      if (is.factor(y)) "classes" else "numbers", seed
    ))
    out <- readBin(path("out"), "double", nrow(X))
    if (is.factor(y)) {
      levels(y)[out]
    } else if (standardize_outcome) {
      out * stats::sd(y[train]) + mean(y[train])
    } else {
      out
    }
  }
}

# scikit-learn's histogram gradient boosting.
boosting <- function() sklearn(module = "ensemble", name = "HistGradientBoosting")

# ranger's random forest, one thread.
forest <- function(set, train, seed) {
  fit <- ranger::ranger(set$formula, set$data[train, ], seed = seed, num.threads = 1)
  predict(fit, set$data[-train, ], num.threads = 1)$predictions
}

# A generalised additive model: a smooth of each numeric column with more than ten values, and the
# other columns as they are; bam() from 5000 rows on. NULL for more than two classes, for more than
# 20 smooths, and if there are fewer than 12 rows for each.
additive <- function(set, train, seed) {
  outcome <- all.vars(set$formula)[1]
  data <- droplevels(set$data[train, ])
  inputs <- setdiff(names(data), outcome)
  values <- vapply(data[inputs], function(x) if (is.numeric(x)) length(unique(x)) else 0L, 0L)
  smooth <- inputs[values > 10]
  if (length(smooth) > 20 || 12 * length(smooth) > nrow(data) || length(smooth) == 0 ||
    (is_classes(set) && nlevels(data[[outcome]]) > 2)) {
    return(NULL)
  }
  formula <- stats::reformulate(
    c(sprintf("s(`%s`)", smooth), sprintf("`%s`", setdiff(inputs, smooth))), outcome
  )
  model <- if (nrow(data) >= 5000) mgcv::bam else mgcv::gam
  fit <- suppressWarnings(model(
    formula, if (is_classes(set)) stats::binomial() else stats::gaussian(), data
  ))
  classes_of(predict(fit, set$data[-train, ], type = "response"), data[[outcome]])
}

# lm(), logistic or multinomial regression.
linear <- function(set, train, seed) {
  data <- droplevels(set$data[train, ])
  outcome <- data[[all.vars(set$formula)[1]]]
  new <- set$data[-train, ]
  if (!is_classes(set)) {
    return(suppressWarnings(predict(stats::lm(set$formula, data), new)))
  }
  if (nlevels(outcome) == 2) {
    fit <- suppressWarnings(stats::glm(set$formula, stats::binomial(), data))
    return(classes_of(suppressWarnings(predict(fit, new, type = "response")), outcome))
  }
  predict(nnet::multinom(set$formula, data, trace = FALSE, MaxNWts = 1e5), new)
}

# Probabilities of the second class as classes; numbers as they are.
classes_of <- function(predicted, outcome) {
  predicted <- as.vector(predicted)
  if (is.factor(outcome)) levels(outcome)[1 + (predicted > 0.5)] else predicted
}

# A data frame: set, contestant, seed, badness, seconds.
contest <- function(sets, contestants, seeds) {
  rows <- list()
  for (name in names(sets)) {
    for (seed in seeds) {
      set <- sets[[name]]
      train <- split_rows(set$data, seed)
      truth <- set$data[[all.vars(set$formula)[1]]][-train]
      for (contestant in names(contestants)) {
        # of this process and of those that it starts
        seconds <- system.time(predicted <- contestants[[contestant]](set, train, seed))
        rows[[length(rows) + 1]] <- data.frame(
          set = name, contestant = contestant, seed = seed,
          badness = if (is.null(predicted)) NA else badness(truth, predicted),
          seconds = sum(seconds[-3])
        )
      }
    }
  }
  do.call(rbind, rows)
}

# Medians over the seeds, one row per data set and one column per contestant.
medians <- function(results, what = "badness") {
  table <- tapply(results[[what]], results[c("set", "contestant")], stats::median)
  table[unique(results$set), unique(results$contestant), drop = FALSE]
}
