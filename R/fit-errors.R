# Errors by output, for summary().

# Errors of some rows by output (`table`, k x 2 to 4), for classes the accuracy, and for several
# quantiles the coverage, the proportion of outcomes between the first and the last one. A fit
# stores them so that they are available without the residuals. `weights`: case weights; numeric()
# if all are 1. `kind`: see error_kind().
output_errors <- function(residuals, y, weights, kind) {
  if (any(weights == 0)) {
    there <- weights > 0
    residuals <- residuals[there, , drop = FALSE]
    y <- y[there, , drop = FALSE]
    weights <- weights[there]
  }
  share <- if (length(weights) > 0) weights / sum(weights) else rep(1 / nrow(y), nrow(y))
  if (!is.null(kind$probability)) {
    return(quantile_errors(residuals, share, kind$probability))
  }
  squared <- colSums(share * residuals^2)
  table <- cbind(
    mean_squared_error = squared, mean_absolute_error = colSums(share * abs(residuals))
  )
  if (!is.null(kind$events)) {
    p <- y - residuals
    return(list(table = cbind(
      table,
      log_loss = colSums(share * event_losses(y, p)),
      accuracy = colSums(share * ((p > 0.5) == (y > 0.5)))
    )))
  }
  if (is.null(kind$levels)) {
    spread <- colSums(share * (y - rep(colSums(share * y), each = nrow(y)))^2)
    return(list(table = cbind(table, r_squared = ifelse(spread > 0, 1 - squared / spread, NA))))
  }
  right <- most_probable(y) == most_probable(y - residuals)
  list(table = table, accuracy = sum(share[right]))
}

# `below` is the proportion of outcomes that are at most the quantile.
quantile_errors <- function(residuals, share, probability) {
  p <- rep(probability, each = nrow(residuals))
  inside <- residuals[, 1] >= 0 & residuals[, ncol(residuals)] <= 0
  c(
    list(table = cbind(
      pinball_loss = colSums(share * pmax(p * residuals, (p - 1) * residuals)),
      below = colSums(share * (residuals <= 0))
    )),
    if (length(probability) > 1) list(coverage = sum(share[inside]))
  )
}

# The log loss of each outcome that is yes (1) or no (0), of probabilities p (n x k).
event_losses <- function(y, p) {
  p <- pmin(pmax(p, 1e-15), 1 - 1e-15)
  -y * log(p) - (1 - y) * log1p(-p)
}

# What errors are those of: list(levels, events, probability), the levels of classes, those of each
# of several outcomes that are yes or no, and the probabilities of quantiles; NULL for others.
error_kind <- function(fit) {
  loss <- fit$settings$loss
  list(
    levels = fit$levels, events = fit$encoding$outcome$events,
    probability = if (loss$name == "quantile") loss$parameter
  )
}

# The outputs of a classification fit as a probability for each class, except that two classes have
# that of the second. The outputs of ordered classes are the probabilities of higher classes.
class_outputs <- function(output, fit) {
  if (has_ordered_outputs(fit)) class_probabilities(output) else output
}
has_ordered_outputs <- function(fit) {
  identical(fit$settings$loss$name, "cumulative") && length(fit$levels) > 2
}

# Residuals and observed values as output_errors() takes them: of each class for ordered classes.
observed_errors <- function(fit, residuals, y) {
  if (!has_ordered_outputs(fit)) {
    return(list(residuals = residuals, y = y))
  }
  classes <- class_outputs(y, fit)
  list(residuals = classes - class_outputs(y - residuals, fit), y = classes)
}

# The class of each row of probabilities; with one output, whether it is the second level.
most_probable <- function(output) {
  if (ncol(output) == 1) output[, 1] > 0.5 else max.col(output, "first")
}

# The errors of the training rows, and of the held-out rows: either some of the rows, numbered
# `held_out`, or separate data, `apart`, a list(residuals, y, weights).
training_errors <- function(residuals, y, weights, kind, weighted = FALSE, held_out = NULL,
                            apart = NULL) {
  of <- function(rows) {
    output_errors(
      residuals[rows, , drop = FALSE], y[rows, , drop = FALSE],
      if (length(weights) > 0) weights[rows], kind
    )
  }
  held <- if (length(held_out) > 0) {
    of(held_out)
  } else if (!is.null(apart)) {
    output_errors(apart$residuals, apart$y, apart$weights, kind)
  }
  c(
    list(training = of(setdiff(seq_len(nrow(y)), held_out))),
    if (!is.null(held)) list(held_out = held), list(weighted = weighted)
  )
}

output_names <- function(fit, outputs) {
  if (has_ordered_outputs(fit)) {
    return(fit$levels)
  }
  names <- if (is.null(fit$outputs)) {
    fit$encoding$outcome$names
  } else {
    fit$outputs[point_outputs(fit$settings$loss, length(fit$outputs))]
  }
  if (length(names) == outputs) names else seq_len(outputs)
}

error_table <- function(fit) {
  if (is.null(fit$errors)) {
    return(NULL)
  }
  table <- function(errors, rows) {
    data.frame(
      output = output_names(fit, nrow(errors$table)), rows = rows, errors$table, row.names = NULL
    )
  }
  rbind(
    table(fit$errors$training, "training"),
    if (!is.null(fit$errors$held_out)) table(fit$errors$held_out, "held out")
  )
}
