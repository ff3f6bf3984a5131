# Why a covariance matrix can't be trusted, or does not exist.

# list(inverse, gradient, values, vectors), without frozen parameters: the inverse of the Hessian of
# the summed objective (NULL if it is not positive definite), the gradient, and what
# scaled_inverse() returns.
examine_curvature <- function(record, call) {
  free <- record$free
  H <- in_memory(hessian(record$problem, call), call)[free, free, drop = FALSE]
  c(
    scaled_inverse(H, record$shifts),
    list(gradient = evaluate(record$problem, gradient = TRUE)$gradient[free])
  )
}

# list(inverse, values, vectors): the eigenvalues and eigenvectors of the matrix, whose rows and
# columns are scaled to a diagonal of 1, and its inverse, NULL if it is not positive definite.
# `shifts`: orthonormal columns that H maps to 0, or NULL. The inverse is then the Moore-Penrose
# one, and H is positive definite if it is so in all other directions.
scaled_inverse <- function(H, shifts = NULL) {
  if (!all(is.finite(H))) {
    return(list(values = NaN, vectors = NULL, inverse = NULL))
  }
  typical <- mean(diag(H))
  filled <- if (is.null(shifts)) H else H + typical * tcrossprod(shifts)
  root <- sqrt(pmax(abs(diag(filled)), max(abs(filled), 0) * 1e-14))
  root[root == 0] <- 1
  scaled <- eigen(filled / root / rep(root, each = nrow(H)), symmetric = TRUE)
  vectors <- scaled$vectors / root
  inverse <- if (last(scaled$values) > 1e-10) vectors %*% (t(vectors) / scaled$values)
  if (!is.null(inverse) && !is.null(shifts)) inverse <- inverse - tcrossprod(shifts) / typical
  c(scaled[c("values", "vectors")], list(inverse = inverse))
}

# A list of sentences by name; empty if all is well. `errors`: the standard errors.
reasons_of <- function(record, curvature, errors) {
  settings <- record$fit$settings
  penalised <- settings$penalty > 0 || settings$penalty_l1 > 0
  singular <- is.null(curvature$inverse) || anyNA(errors)
  separated <- !penalised && has_separated_class(record)
  c(
    if (separated) {
      list(separated = paste0(
        "A class is perfectly separated from the other classes, so there is no finite optimum: ",
        "the weights have no standard errors. Train with a penalty above 0 to predict."
      ))
    },
    if (singular) singular_reasons(record, curvature, separated),
    if (!singular && !isTRUE(is_optimum(curvature, errors))) {
      list(optimum = paste0(
        "The fit is not at an optimum, but could be improved further: ", to_optimum(record$fit), "."
      ))
    },
    if (penalised) {
      list(penalised = paste0(
        "The objective has a penalty, so the weights are biased towards 0: train with penalty = 0."
      ))
    }
  )
}

# How an optimum is reached by what the training did not have.
to_optimum <- function(fit) {
  settings <- fit$settings
  changes <- c(
    if (!second_order(settings$optimizer)) "optimizer = \"lbfgs\"",
    if (settings$precision == "single") "precision = \"double\"",
    if (!is.null(settings$validation)) "validation = NULL",
    if (length(settings$dropout) > 0) "dropout = 0"
  )
  if (length(changes) == 0 && fit$stop %in% c("gradient", "precision")) {
    return(paste(
      if (any(settings$activation %in% rescaled_activations)) {
        "train with activation = \"tanh\", which has no kinks,"
      } else {
        "train from other initial weights (restarts = 10)"
      },
      "or with fewer units"
    ))
  }
  changes <- c(changes, if (fit$stop == "iterations") "more epochs")
  paste0(
    "train with ",
    if (length(changes) > 0) paste(changes, collapse = " and ") else "more epochs",
    " until fit$stop is \"gradient\""
  )
}

# Their weights can be rescaled, and the loss has kinks.
rescaled_activations <- c("relu", "leaky_relu")

# Are the probabilities of a class 1 for its rows and 0 for all others, to four digits?
has_separated_class <- function(record) {
  if (!loss_table[[record$fit$settings$loss$name]]$of_classes) {
    return(FALSE)
  }
  any(vapply(seq_len(ncol(record$y)), function(k) {
    p <- record$a[, k]
    of_class <- record$y[, k] == 1
    any(of_class) && !all(of_class) && all(p[of_class] > 1 - 1e-4) && all(p[!of_class] < 1e-4)
  }, NA))
}

# Would a Newton step move each weight by less than a thousandth of its standard error?
is_optimum <- function(curvature, errors) {
  all(abs(curvature$inverse %*% curvature$gradient) <= 1e-3 * errors)
}

# `known`: whether there is another reason.
singular_reasons <- function(record, curvature, known) {
  fit <- record$fit
  problem <- record$problem
  n <- length(record$free)
  activations <- core_forward(
    problem$layers, problem$weights, problem$X, problem$offset, TRUE, FALSE
  )$activation
  of_units <- unit_reasons(fit, activations)
  many <- n >= length(record$y)
  reasons <- c(
    # that the weights of some units can be rescaled is reason enough
    if (last(curvature$values) < -1e-6 && !"rescaled" %in% names(of_units)) {
      list(saddle = paste0(
        "The Hessian has negative eigenvalues, so the fit is not a minimum: ",
        if (fit$stop %in% c("gradient", "precision")) {
          "train from other initial weights (restarts = 10), or use fewer units."
        } else {
          paste0(to_optimum(fit), ".")
        }
      ))
    },
    if (many) {
      list(many = paste0(
        "There are not more targets (", length(record$y), ") than weights (", n, "): use ",
        if (n_hidden(fit$layers) == 0) "fewer inputs or more rows." else fewer_units(fit, record$y)
      ))
    },
    input_reasons(problem$X, end_names(fit)$inputs),
    # units that are too many are alike, or idle
    if (many) of_units["rescaled" == names(of_units)] else of_units
  )
  if (length(reasons) > 0 || known) {
    return(reasons)
  }
  heaviest <- order(-abs(curvature$vectors[, n]))[seq_len(min(3, n))]
  involved <- parameter_labels(fit)[record$free][heaviest]
  list(singular = paste0(
    "The data do not determine all weights: a combination of ", paste(involved, collapse = ", "),
    " has no effect on the objective. Use ",
    if (n_hidden(fit$layers) == 0) "fewer inputs or more rows." else "fewer units."
  ))
}

# Advice on the number of units, with at least five targets for each weight if one unit has so many.
fewer_units <- function(fit, y) {
  ends <- n_inputs(fit$layers) + 1 + n_outputs(fit$layers)
  units <- max(1, floor((length(y) / 5 - n_outputs(fit$layers)) / ends))
  if (units >= layer_units(fit$layers)[2]) {
    return("fewer units or inputs, or more rows.")
  }
  paste0("fewer units, such as hidden = ", units, ".")
}

# Inputs that are constant, or combinations of others.
input_reasons <- function(X, names) {
  X <- as.matrix(X)
  decomposed <- qr(cbind(1, X), tol = 1e-9)
  if (decomposed$rank > ncol(X)) {
    return(NULL)
  }
  surplus <- decomposed$pivot[-seq_len(decomposed$rank)] - 1
  list(inputs = paste0(
    "Inputs are constant, or combinations of other inputs: ", some_of(names[surplus]),
    ". Drop them."
  ))
}

# Hidden units without an effect of their own.
unit_reasons <- function(fit, activations) {
  names <- layer_names("hidden", n_hidden(fit$layers))
  found <- list(flat = NULL, idle = NULL, twin = NULL, kinked = NULL)
  for (l in seq_along(names)) {
    a <- activations[[l]]
    label <- paste0(names[l], "[", seq_len(ncol(a)), "]")
    spread <- apply(a, 2, function(x) max(x) - min(x))
    flat <- spread <= 1e-6 * pmax(1, apply(abs(a), 2, max))
    out <- fit[[fit$layers[[l + 1]]$parameters[["weights"]]]]
    idle <- apply(abs(out), 1, max)[seq_len(ncol(a))] <= 1e-6 * max(abs(out))
    twin <- rep(FALSE, ncol(a))
    if (sum(!flat) > 1) {
      alike <- abs(stats::cor(a[, !flat, drop = FALSE])) > 1 - 1e-8
      twin[!flat] <- rowSums(alike) > 1
    }
    found$flat <- c(found$flat, label[flat])
    found$idle <- c(found$idle, label[idle & !flat])
    found$twin <- c(found$twin, label[twin])
    if (fit$layers[[l]]$activation %in% rescaled_activations) {
      found$kinked <- c(found$kinked, fit$layers[[l]]$activation)
    }
  }
  of <- function(units, text) {
    if (length(units) > 0) paste0(text, some_of(units), ". Use fewer units.")
  }
  Filter(Negate(is.null), list(
    saturated = of(
      found$flat, "Units have the same value for all rows (saturated or inactive): "
    ),
    idle = of(found$idle, "Units do not contribute to the output: "),
    redundant = of(found$twin, "Units compute the same as another one: "),
    rescaled = if (length(found$kinked) > 0) {
      paste0(
        "The weights of ", found$kinked[1], " units can be rescaled without any effect: use ",
        "activation = \"tanh\", \"sigmoid\" or \"softplus\"."
      )
    }
  ))
}

warn_of_inference <- function(reasons) {
  if (length(reasons) == 0) {
    return(invisible())
  }
  none <- any(names(reasons) %in% c(
    "saddle", "many", "inputs", "saturated", "idle", "redundant", "rescaled", "singular",
    "separated"
  ))
  cli::cli_warn(c(
    if (none) {
      "The weights have no covariance matrix."
    } else {
      "Standard errors and intervals can't be trusted."
    },
    stats::setNames(literal(unlist(reasons)), rep("x", length(reasons)))
  ), class = "backprop_warning_inference", reasons = reasons, call = NULL)
}
