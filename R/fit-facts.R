# What the checks of the doctor look at: statistics of the targets and outputs, and losses of the
# fit and of the null model. They are computed when training ends, because a fit stores neither its
# data nor the weights of its rows.

# Statistics of the outcome over the rows of positive weight, all weighted:
#   losses   mean per row: `fit`, `null` (the best constant, plus the offset), `perfect` (outputs
#            equal to the targets) and `no_offset` (the best constant without the offset); NA where
#            not known
#   total    the sum of the weights
#   targets  the smallest and the largest target
#   center, spread  mean and standard deviation of the targets, for each output
#   outliers  the most extreme target, for each output; NA if it is no outlier (see outlier_of())
#   outputs, output_spread  range of the first output and standard deviations of all outputs;
#            absent if `output` is NULL
#   predicted, largest  for more than two classes, the proportion of rows for which each is
#            predicted, and its largest predicted probability; absent if `output` is NULL
# `y`, `output`: n x k on the scale of the network. `weights`: case times class weights. `classes`:
# the number of classes, 0 for numbers.
outcome_facts <- function(settings, y, output, weights, offset, classes = 0) {
  if (is.null(output) && is_stored(y) && is_summable(settings$loss)) {
    return(stored_outcome_facts(settings, y, weights, offset))
  }
  if (is.null(output) && is_indicators(y) && settings$loss$name == "cross_entropy") {
    return(indicator_facts(settings, y, weights, offset))
  }
  y <- rows_in_memory(y)
  weights <- numbers_in_memory(weights)
  offset <- numbers_in_memory(offset)
  there <- if (length(weights) > 0) weights > 0
  if (!is.null(there) && !all(there)) {
    y <- y[there, , drop = FALSE]
    if (!is.null(output)) output <- output[there, , drop = FALSE]
    if (!is.null(offset)) offset <- offset[there, , drop = FALSE]
    weights <- weights[there]
  }
  share <- if (length(weights) > 0) weights / sum(weights) else rep(1 / nrow(y), nrow(y))
  # squares must be finite
  if (!is.null(output) && !isTRUE(max(output) < 1e100 && min(output) > -1e100)) output <- NULL
  moments <- function(m) core_column_moments(m, if (length(weights) > 0) share else numeric())
  of_targets <- if (is_indicators(y)) {
    each <- lapply(seq_len(ncol(y)), function(k) moments(y[, k, drop = FALSE]))
    list(
      center = vapply(each, function(one) one$center, 0),
      spread = vapply(each, function(one) one$spread, 0)
    )
  } else {
    moments(y)
  }
  ends <- if (is_indicators(y) || ncol(y) == 1) {
    list(least = by_column(y, min), most = by_column(y, max))
  } else {
    column_ends(y)
  }
  facts <- list(
    losses = outcome_losses(settings, y, output, share, offset),
    total = if (length(weights) > 0) sum(weights) else as.double(nrow(y)),
    targets = c(min(ends$least), max(ends$most)),
    center = of_targets$center, spread = of_targets$spread,
    outliers = target_outliers(y, of_targets, ends)
  )
  if (!is.null(output)) {
    facts$outputs <- c(min(output[, 1]), max(output[, 1]))
    facts$output_spread <- moments(output)$spread
    if (classes > 2) facts[c("predicted", "largest")] <- predicted_classes(output, share, classes)
  }
  facts
}

# How often each class is predicted and its largest probability. `output`: the probability of each
# class, or for ordered classes that of a higher one for all but the last.
predicted_classes <- function(output, share, classes) {
  p <- if (ncol(output) < classes) class_probabilities(output) else output
  sums <- rowsum(share, core_largest_column(p))
  predicted <- numeric(classes)
  predicted[as.integer(rownames(sums))] <- sums
  list(predicted = predicted, largest = column_ends(p)$most)
}

# Whether the losses of an outcome are sums over its rows: the best constant is the mean, and the
# loss has no function for all rows.
is_summable <- function(loss) {
  row <- loss_table[[loss$name]]
  identical(row$best, best_mean) && is.null(row$mean) && outputs_per_outcome(loss) == 1
}

# The facts of an outcome in a file, without outputs, with the same sums.
stored_outcome_facts <- function(settings, y, weights, offset) {
  row <- loss_table[[settings$loss$name]]
  mixed <- activation_table[[settings$output_activation]]$mixes_units
  y <- with_weight(y, weights)
  if (!is.null(offset)) offset <- with_weight(offset, weights)
  weights <- with_weight(weights, weights)
  total <- if (length(weights) > 0) sum(weights) else as.double(nrow(y))
  share_of <- shares_of_rows(weights, total)
  best <- vapply(seq_len(ncol(y)), function(k) {
    sum_of_parts(y, function(part, rows) share_of(rows) * part[, k])
  }, 0)
  loss <- function(outputs) {
    value <- sum_over_rows(y, function(part, rows) {
      share_of(rows) * row$value(outputs(part), part, settings$loss$parameter, mixed)
    })
    if (is.finite(value)) value else NA_real_
  }
  constant <- loss(function(part) matrix(best, nrow(part), ncol(part), byrow = TRUE))
  moments <- core_stored_spread(y, weights, total)
  ends <- column_ends(y)
  list(
    losses = c(
      fit = NA_real_, null = null_loss(settings, y, share_of, offset, constant),
      perfect = if (row$least_is_0) 0 else loss(identity), no_offset = constant
    ),
    total = total, targets = c(min(ends$least), max(ends$most)),
    center = moments$center, spread = moments$spread,
    outliers = target_outliers(y, moments, ends)
  )
}

# The weights of rows over their sum, as a function of the numbers of rows.
shares_of_rows <- function(weights, total) {
  function(rows) {
    if (length(weights) > 0) part_of(weights, rows) / total else rep(1 / total, length(rows))
  }
}

# The loss of the best constant plus the offset. `share_of`: the weights of rows, which sum to 1;
# `constant`: the loss without the offset. It is not known if an output depends on several sums.
null_loss <- function(settings, y, share_of, offset, constant) {
  if (is.null(offset)) {
    constant
  } else if (activation_table[[settings$output_activation]]$mixes_units) {
    NA_real_
  } else {
    best_offset_loss(settings, y, share_of, offset)
  }
}

# The outlier of each column of targets, or NA. `ends`: the least and the most of each column.
# Classes and fewer than 20 rows have none.
target_outliers <- function(y, moments, ends) {
  if (is_indicators(y) || nrow(y) < 20) {
    return(rep(NA_real_, ncol(y)))
  }
  scales <- list(
    center = moments$center, scale = moments$spread,
    largest = pmax(ends$most - moments$center, moments$center - ends$least)
  )
  columns <- which(moments$spread > 0)
  if (is_stored(y)) {
    # a column of a source is only read as a whole if it may have outliers
    scales_or_1 <- ifelse(moments$spread > 0, moments$spread, 1)
    columns <- crowded_columns(y, scales_or_1, NULL, columns)
  }
  values <- rep(NA_real_, ncol(y))
  for (k in columns) values[k] <- outlier_of(y, k, scales, numeric())
  values
}

# The facts of classes without outputs, with the same sums.
indicator_facts <- function(settings, y, weights, offset) {
  y <- with_weight(y, weights)
  if (!is.null(offset)) offset <- with_weight(offset, weights)
  weights <- with_weight(weights, weights)
  total <- if (length(weights) > 0) sum(weights) else as.double(nrow(y))
  moments <- core_indicator_moments(y, weights, total)
  constant <- constant_indicator_loss(settings, y, moments$best, weights, total)
  list(
    losses = c(
      fit = NA_real_,
      null = null_loss(settings, y, shares_of_rows(weights, total), offset, constant),
      perfect = 0, no_offset = constant
    ),
    total = total,
    targets = c(
      if (all(moments$center == 1)) 1 else 0, if (all(moments$center == 0)) 0 else 1
    ),
    center = moments$center, spread = moments$spread, outliers = rep(NA_real_, ncol(y))
  )
}

# The loss of the outputs `best` of all rows; NA if it is not finite. `total`: the sum of the
# weights, or without weights the number of rows.
constant_indicator_loss <- function(settings, y, best, weights, total) {
  row <- loss_table[[settings$loss$name]]
  mixed <- activation_table[[settings$output_activation]]$mixes_units
  of_class <- function(in_class) {
    row$value(t(best), matrix(in_class, 1, ncol(y)), settings$loss$parameter, mixed)
  }
  value <- core_indicator_loss(y, weights, total, of_class(1), of_class(0))
  if (is.finite(value)) value else NA_real_
}

outcome_losses <- function(settings, y, output, share, offset) {
  if (settings$loss$name == "custom") {
    # the best constant of a loss of the user's is not known
    return(c(fit = NA_real_, null = NA_real_, perfect = NA_real_, no_offset = NA_real_))
  }
  row <- loss_table[[settings$loss$name]]
  mixed <- activation_table[[settings$output_activation]]$mixes_units
  if (is_indicators(y) && (!is.null(output) || settings$loss$name != "cross_entropy")) {
    y <- as.matrix(y)
  }
  loss <- function(a) {
    value <- row_loss(y, a, settings$loss, mixed, share)
    if (is.finite(value)) value else NA_real_
  }
  plain <- if (is_indicators(y)) {
    best <- vapply(seq_len(ncol(y)), function(k) {
      row$best(y[, k], settings$loss$parameter, share)
    }, 0)
    constant_indicator_loss(settings, y, best, share, 1)
  } else {
    loss(best_constant(y, settings$loss, share))
  }
  c(
    fit = if (is.null(output)) NA_real_ else loss(output),
    null = null_loss(settings, y, function(rows) share[rows], offset, plain),
    perfect = if (row$least_is_0 || row$of_classes && has_whole_classes(y)) {
      0
    } else if (is.null(row$points)) {
      loss(y)
    } else {
      NA_real_
    },
    no_offset = plain
  )
}

# Are all targets 0 or 1? Otherwise they are proportions, of which a perfect fit has a loss above 0.
has_whole_classes <- function(y) {
  is_indicators(y) || all(vapply(seq_len(ncol(y)), function(k) {
    column <- y[, k]
    all(column == 0 | column == 1)
  }, NA))
}

# The lowest loss of outputs that are the activation of a constant plus the offset, by a search for
# each output. At most 10,000 rows, evenly spread, are used. Inf if every such output overflows, NA
# if the numbers are too large to search among.
best_offset_loss <- function(settings, y, share_of, offset) {
  some <- unique(floor(seq(1, nrow(y), length.out = min(nrow(y), 1e4))))
  share <- share_of(some)
  share <- share / sum(share)
  y <- as.matrix(part_of(y, some))
  offset <- part_of(offset, some)
  best <- vapply(seq_len(ncol(y)), function(k) {
    target <- y[, k, drop = FALSE]
    from <- offset[, k]
    loss <- function(constant) {
      a <- core_activation(settings$output_activation, from + constant, FALSE)
      value <- row_loss(target, matrix(a), settings$loss, FALSE, share)
      # beyond the range of numbers, towards smaller outputs
      if (is.finite(value)) value else 1e300 * (2 + (max(from) + constant) / 1e6)
    }
    between <- range(-from, target - from) + c(-30, 30)
    if (!isTRUE(all(abs(between) < 1e100))) {
      return(NA_real_)
    }
    stats::optimize(loss, between, tol = 1e-6 * diff(between))$objective
  }, 0)
  if (!anyNA(best) && any(best >= 1e300)) Inf else sum(best)
}

# The facts of a fit: those of its outcome, as above, with `loss`, `null`, `perfect` and
# `no_offset`; NA where not known. Fits of older versions do not store them.
doctor_facts <- function(fit) {
  facts <- if (!is.null(fit$probe$losses)) fit$probe else older_facts(fit)
  losses <- facts$losses
  c(facts[setdiff(names(facts), "losses")], list(
    loss = losses[["fit"]], null = losses[["null"]], perfect = losses[["perfect"]],
    no_offset = losses[["no_offset"]]
  ))
}

# From the outputs and residuals. The loss is not known if rows have weights or an offset.
older_facts <- function(fit) {
  row <- loss_table[[fit$settings$loss$name]]
  unknown <- c(
    fit = NA_real_, null = NA_real_,
    perfect = if (row$least_is_0 || !is.null(fit$levels)) 0 else NA_real_, no_offset = NA_real_
  )
  if (is.null(fit$output) || is.null(fit$residuals) ||
    !isTRUE(all(abs(fit$output) < 1e100))) {
    return(c(list(losses = unknown), fit$probe))
  }
  facts <- outcome_facts(
    fit$settings, network_scale(fit$output + fit$residuals, fit$encoding$outcome),
    network_scale(fit$output, fit$encoding$outcome), numeric(), NULL, length(fit$levels)
  )
  weighted <- if (is.null(fit$has_weights)) !is.null(fit$call$weights) else fit$has_weights
  if (weighted || !is.null(fit$settings$class_weights)) {
    facts$losses <- unknown
  } else if (isTRUE(fit$has_offset) || nrow(fit$output) < 2) {
    facts$losses[c("fit", "null", "no_offset")] <- NA
  }
  c(facts, fit$probe)
}

# What a change of the loss is measured by: how far the loss of the first epoch or of the null
# model, whichever is lower, is above that of a perfect fit. If the loss of a perfect fit is not 0
# (of counts or proportions), some of the rows have another one, and it is that of the null model
# alone. NA where not known.
loss_scale <- function(fit, facts, first, null = NULL) {
  if (!facts$perfect %in% 0 && !is.null(fit$settings$validation)) {
    return(facts$null - facts$perfect)
  }
  min(first, null, na.rm = TRUE) - facts$perfect
}

# Has training diverged, although all numbers are finite? The last loss is then far above both the
# first and that of the null model: it is more than 10 times as far from a perfect fit. If rows are
# held out, the weights of the best epoch are returned, and its held-out loss counts.
has_blown_up <- function(history, losses) {
  if (length(history$loss) < 2) {
    return(FALSE)
  }
  first <- max(history$loss[1], losses[["null"]], losses[["no_offset"]], na.rm = TRUE)
  end <- if (is.null(history$validation_loss)) last(history$loss) else min(history$validation_loss)
  isTRUE(end - losses[["perfect"]] > 10 * (first - losses[["perfect"]]))
}

is_outcome_scaled <- function(outcome) any(outcome$scale != 1 | outcome$center != 0)

# Responses (n x k) as the network has them: standardised, where it was trained so.
network_scale <- function(values, outcome) {
  if (is.null(outcome)) values else standardize_columns(values, outcome$center, outcome$scale)
}

# The loss of each row, for outputs on the scale of the network.
row_losses <- function(y, a, settings) {
  mixed <- activation_table[[settings$output_activation]]$mixes_units
  loss <- settings$loss
  rowSums(as.matrix(loss_table[[loss$name]]$value(a, y, loss$parameter, mixed)))
}

# The mean of a row's loss. `share`: the rows' weights, which sum to 1.
row_loss <- function(y, a, loss, mixed, share = rep(1 / nrow(y), nrow(y))) {
  row <- loss_table[[loss$name]]
  if (!is.null(row$mean)) {
    return(row$mean(a, y, share, mixed))
  }
  sum(share * row$value(a, y, loss$parameter, mixed))
}

# The best single prediction for each output, in a matrix of the shape of y.
best_constant <- function(y, loss, share = rep(1 / nrow(y), nrow(y))) {
  row <- loss_table[[loss$name]]
  best <- if (ncol(y) == 1 || outputs_per_outcome(loss) > 1) {
    row$best(y[, 1], loss$parameter, share)
  } else {
    vapply(seq_len(ncol(y)), function(k) row$best(y[, k], loss$parameter, share), 0)
  }
  matrix(best, nrow(y), ncol(y), byrow = TRUE)
}
