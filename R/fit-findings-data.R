# Checks of nn_doctor(): whether a simpler model does as well, what held-out rows say about a fit,
# and whether the data suffice for one.

find_null_model <- function(fit, facts) {
  loss <- facts$loss - facts$perfect
  null <- facts$null - facts$perfect
  if (is.na(facts$perfect) && !is.na(facts$loss) && !is.na(facts$null)) {
    return(find_null_density(fit, facts))
  }
  if (is.na(null) || is.na(loss) && !is.null(facts$output_spread) || is.na(facts$loss)) {
    return(NA)
  }
  if (null <= 0 || loss < 0.99 * null && is.finite(loss)) {
    return(FALSE)
  }
  measured <- if (facts$perfect != 0) " above that of a perfect fit"
  finding(
    "no better than a constant",
    paste0(
      "The loss, ", short(loss), measured, ", is ", if (isTRUE(loss < null)) "hardly" else "no",
      " better than that of the best constant prediction, ", short(null), measured,
      " (mean per row", loss_scale_note(fit), "; it should be at least 1 % lower)."
    )
  )
}

# The same for densities without a highest value, in units of their logarithm. A standard deviation
# that is lower by 0.5 %, so that squared errors are lower by 1 %, lowers the loss by 0.005.
find_null_density <- function(fit, facts) {
  if (facts$loss < facts$null - 0.005) {
    return(FALSE)
  }
  finding(
    "no better than a constant",
    paste0(
      "The loss, ", short(facts$loss), ", is ", if (facts$loss < facts$null) "hardly" else "no",
      " better than that of the best constant prediction, ", short(facts$null),
      " (mean per row", loss_scale_note(fit), "; it should be lower by at least 0.005)."
    )
  )
}

# On held-out rows, is a simpler model as good as the network, within the standard error of the
# difference? The constant is not found again if it is as good on the training rows.
find_simple_model <- function(fit, facts) {
  evidence <- fit$evidence
  if (is.null(evidence$error)) {
    return(NA)
  }
  loss <- evidence$loss
  as_good <- does_as_well(evidence)
  simpler <- if (as_good[["constant"]]) {
    if (!is.list(find_null_model(fit, facts))) "constant"
  } else if (as_good[["linear"]] && n_hidden(fit$layers) > 0) {
    "linear"
  }
  if (is.null(simpler)) {
    return(FALSE)
  }
  name <- if (simpler == "linear") "a linear model" else "a constant"
  finding(
    paste(name, "does as well"),
    paste0(
      "On held-out rows, ", name, " does as well as the network: its loss is ",
      short(loss[[simpler]]), ", that of the network ", short(loss[["network"]]),
      ", and the standard error of the difference ", short(evidence$error[[simpler]]),
      loss_scale_note(fit), "."
    )
  )
}

simple_model_advice <- function(fit, facts) {
  if (does_as_well(fit$evidence)[["constant"]]) {
    paste0(
      "Use inputs that are informative about the outcome, or more rows. Until then the mean, or ",
      "the frequencies of the classes, are as good a prediction."
    )
  } else {
    paste0(
      "Use the linear model, which is easier to explain: hidden = 0, or lm() or glm(). With more ",
      "rows or other inputs, a network may be better."
    )
  }
}

# The losses of the training and the held-out rows, and those of a constant: list(training,
# held_out, null, held_out_null), or NULL if no rows were held out.
compared_losses <- function(fit, facts) {
  if (!is.null(fit$evidence)) {
    list(
      training = facts$loss, null = facts$null, held_out = fit$evidence$loss[["network"]],
      held_out_null = fit$evidence$loss[["constant"]]
    )
  } else if (!is.null(fit$history$validation_loss) && length(fit$best_epoch) == 1) {
    at <- match(fit$best_epoch, fit$history$epoch)
    list(
      training = fit$history$loss[at], null = facts$null,
      held_out = fit$history$validation_loss[at], held_out_null = facts$null
    )
  }
}

# Is less than half of what is gained over a constant on the training rows gained on held-out rows?
find_gap <- function(fit, facts) {
  losses <- compared_losses(fit, facts)
  if (is.null(losses) || anyNA(losses)) {
    return(NA)
  }
  gain <- losses$null - losses$training
  # where a density has no highest value: a twentieth of the variance, as the logarithm of its root
  least <- if (is.na(facts$perfect)) 0.025 else 0.05 * (losses$null - facts$perfect)
  if (gain < least || losses$held_out_null - losses$held_out >= 0.5 * gain) {
    return(FALSE)
  }
  finding(
    "the held-out loss is far above the training loss",
    paste0(
      "The loss of the held-out rows, ", short(losses$held_out), ", is far above that of the ",
      "training rows, ", short(losses$training), ": less than half of what the network gains over ",
      "a constant there is gained on held-out rows", loss_scale_note(fit), "."
    )
  )
}

gap_advice <- function(fit, facts) {
  if ("penalty" %in% fit$chosen) {
    paste0(
      "The penalty is the best that was tried, so that only more rows or fewer inputs help. Judge ",
      "the fit by its held-out loss."
    )
  } else if (!is.null(fit$encoding)) {
    paste0(
      "Use penalty = \"auto\", the default, which chooses a penalty on held-out rows; or more ",
      "rows, or fewer inputs."
    )
  } else {
    larger <- max(10 * fit$settings$penalty, 0.01 * penalty_unit(fit))
    paste0(
      "Use a larger penalty, such as penalty = ", short(larger), "; or more rows, or fewer inputs."
    )
  }
}

# The number of rows that were dropped for missing values.
dropped_rows <- function(fit) {
  calibration <- if (inherits(fit$na.action, "exclude")) sum(fit$encoding$calibration$rows) else 0
  length(fit$na.action) - calibration
}

find_dropped <- function(fit, facts) {
  dropped <- dropped_rows(fit)
  rows <- fit$n + dropped + sum(fit$encoding$calibration$rows)
  if (dropped <= rows / 2) {
    return(FALSE)
  }
  finding(
    "most rows were dropped for missing values",
    paste0(
      format(dropped, big.mark = ","), " of ", format(rows, big.mark = ","),
      " rows were dropped, because they have missing values."
    )
  )
}

# Fewer than ten rows are an example.
find_wide <- function(fit, facts) {
  inputs <- n_inputs(fit$layers)
  if (inputs <= fit$n || fit$n < 10) {
    return(FALSE)
  }
  finding(
    "there are more inputs than rows",
    paste0(
      "The network has ", format(inputs, big.mark = ","), " inputs, more than the ",
      counted(fit$n, "row"), " that it was trained on."
    )
  )
}

# A factor with many levels is the usual cause.
wide_advice <- function(fit, facts) {
  levels <- vapply(fit$encoding$columns, function(column) length(column$levels), 0)
  most <- if (length(levels) > 0) which.max(levels)
  if (length(most) == 1 && levels[[most]] > n_inputs(fit$layers) / 2) {
    return(paste0(
      "Merge the rare levels of ", names(levels)[most], ", which has ", levels[[most]],
      ", or drop this column."
    ))
  }
  paste0(
    "Use fewer inputs, such as those that are known to matter or the first components of ",
    "prcomp(), or more rows."
  )
}

# Was the held-out loss lowest in the last epoch of the search for their number? A penalty at the
# edge is no finding: the smallest that is tried has hardly any effect, as the largest makes the
# network a constant.
find_edge <- function(fit, facts) {
  if (is.null(fit$evidence)) {
    return(NA)
  }
  if (!"epochs" %in% fit$evidence$edge) {
    return(FALSE)
  }
  finding(
    "the best number of epochs may be beyond what was tried",
    paste0(
      "The held-out loss was lowest in the last epoch of the first training, so that more epochs ",
      "may be better."
    )
  )
}

edge_advice <- function(fit, facts) {
  paste0(
    "Use epochs = ", format(5 * sum(fit$state$epoch), scientific = FALSE),
    " as well, and compare the fits with nn_cv()."
  )
}
