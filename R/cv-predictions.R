# The fits of nn_cv(), their out-of-fold predictions, and the metrics.

# Runs one task: trains on all rows except the held-out ones, and predicts these. `whole_rows`: the
# number of all rows, which the defaults depend on.
train_without <- function(task, cases, settings, keep_fit, whole_rows) {
  held_out <- task$held_out
  warnings <- list()
  collect <- function(expression) {
    withCallingHandlers(
      expression,
      # nn_cv() has warned of all rows, and of classes that a fit lacks
      backprop_warning_identifier = function(w) invokeRestart("muffleWarning"),
      backprop_warning_levels = function(w) invokeRestart("muffleWarning"),
      warning = function(w) {
        warnings[[length(warnings) + 1]] <<- conditionMessage(w)
        invokeRestart("muffleWarning")
      }
    )
  }
  fit <- collect(tryCatch(
    with_whole_rows(whole_rows, call_train(c(
      Filter(Negate(is.null), c(lapply(cases$rows, take_rows, -held_out), cases$fixed)), settings
    ))),
    backprop_error_diverged = function(e) e,
    backprop_error_input = function(e) {
      abort_fold("Can't train on the rows outside fold {.val {fold}}.", task$fold, e)
    }
  ))
  if (inherits(fit, "error")) {
    return(list(error = fit, epoch = NA_real_, warnings = warnings))
  }
  plain <- unclass(fit)
  new_levels <- NULL
  predict_rows <- function(rows, ...) {
    predict_held_out(
      fit, task$fold, plain$levels, take_rows(cases$rows[[1]], rows),
      take_rows(cases$rows$offset, rows), ...
    )
  }
  none <- intersect(held_out, weightless_rows(cases$rows$weights))
  names <- plain$levels %||% plain$outputs
  outputs <- if (is.null(names)) n_outputs(plain$layers) else length(names)
  predicted <- matrix(NA_real_, length(held_out), outputs, dimnames = list(NULL, names))
  if (length(none) < length(held_out)) {
    predicted[!held_out %in% none, ] <- withCallingHandlers(
      collect(predict_rows(setdiff(held_out, none))),
      backprop_message_new_levels = function(m) {
        new_levels <<- unclass(m)[c("new_levels", "counts", "rows")]
        invokeRestart("muffleMessage")
      }
    )
  }
  if (length(none) > 0) {
    predicted[held_out %in% none, ] <- predict_weightless(predict_rows, none, outputs)
    predicted[held_out %in% cases$blank$inputs, ] <- NA
  }
  quantiles <- if (plain$settings$loss$name == "quantile") predicted
  if (is.null(plain$levels)) {
    predicted <- predicted[, central_outputs(plain$settings$loss, outputs), drop = FALSE]
  }
  list(
    predicted = predicted, quantiles = quantiles, new_levels = new_levels,
    epoch = if (is.null(plain$best_epoch)) plain$state$epoch else plain$best_epoch,
    warnings = warnings, fit = if (keep_fit) fit
  )
}

# Predictions of rows of weight 0, NA for those that the fit can't predict, without a word.
predict_weightless <- function(predict_rows, rows, outputs) {
  values <- tryCatch(
    suppressMessages(suppressWarnings(predict_rows(rows, new_levels = "NA"))),
    backprop_error_input = function(e) NULL
  )
  if (!is.null(values)) {
    return(values)
  }
  if (length(rows) == 1) {
    return(matrix(NA_real_, 1, outputs))
  }
  first <- seq_len(length(rows) %/% 2)
  unname(rbind(
    predict_weightless(predict_rows, rows[first], outputs),
    predict_weightless(predict_rows, rows[-first], outputs)
  ))
}

predict_held_out <- function(fit, fold, levels, newdata, offset, ...) {
  tryCatch(
    as.matrix(predict(
      fit, newdata,
      type = if (is.null(levels)) "response" else "prob", offset = offset, ...
    )),
    backprop_error_input = function(e) {
      abort_fold("Can't predict fold {.val {fold}} from the other rows.", fold, e)
    }
  )
}

# An error in the data of a single fold.
abort_fold <- function(message, fold, parent) {
  abort_input(
    c(
      message,
      i = paste0(
        "If a level or class has only a few rows, merge it with another one, ",
        "or use other {.arg folds}."
      ),
      i = if (grepl("new_levels", conditionMessage(parent), fixed = TRUE)) {
        "Use {.code new_levels = \"NA\"} to predict NA for such rows."
      }
    ),
    quote(nn_cv()),
    parent = parent
  )
}

# Adds the columns of classes that were missing from a fit's training rows, with probability 0.
align_levels <- function(result, levels) {
  if (is.null(result$predicted) || identical(colnames(result$predicted), levels)) {
    return(result)
  }
  all <- matrix(0, nrow(result$predicted), length(levels), dimnames = list(NULL, levels))
  all[, colnames(result$predicted)] <- result$predicted
  all[is.na(rowSums(result$predicted)), ] <- NA
  result$predicted <- all
  result
}

# Reports held-out rows with levels that the training rows of their fold do not have.
report_unseen_in_folds <- function(results) {
  parts <- Filter(Negate(is.null), lapply(results, `[[`, "new_levels"))
  if (length(parts) == 0) {
    return(invisible())
  }
  columns <- unique(unlist(lapply(parts, function(part) names(part$new_levels))))
  found <- lapply(stats::setNames(columns, columns), function(column) {
    list(
      rows = seq_len(sum(unlist(lapply(parts, function(part) part$counts[column])), na.rm = TRUE)),
      levels = unlist(lapply(parts, function(part) part$new_levels[[column]]))
    )
  })
  inform_new_levels(
    paste0(
      "{affected} prediction{?s} {?is/are} NA, because their rows have levels that the training ",
      "rows of their fold do not have. The metrics exclude {cli::qty(affected)}{?it/them}."
    ),
    found, NULL, unlist(lapply(parts, `[[`, "rows"))
  )
}

# Reports diverged fits, and the warnings of all fits in one warning.
report_fits <- function(results, call) {
  diverged <- Filter(Negate(is.null), lapply(results, `[[`, "error"))
  if (length(diverged) == length(results)) cnd_signal(diverged[[1]])
  if (length(diverged) > 0) {
    cli::cli_warn(c(
      "{length(diverged)} of {length(results)} fits diverged; their metrics are NA.",
      i = "Use a smaller {.arg learning_rate}, or scale the inputs."
    ), class = "backprop_warning_folds", call = NULL)
  }
  messages <- unlist(lapply(results, function(result) unique(unlist(result$warnings))))
  if (length(messages) == 0) {
    return(invisible())
  }
  counts <- sort(table(messages), decreasing = TRUE)
  lines <- paste0("In ", counts, " of ", length(results), " fits: ", names(counts))
  warn(paste(lines, collapse = "\n"), class = "backprop_warning_fits", call = NULL)
}

# A list with one vector per metric and one number per fit. User-defined metrics that fail are NA,
# with a single warning.
measure <- function(results, tasks, observed, weights, metrics) {
  failed <- character()
  measured <- lapply(names(metrics), function(name) {
    values <- Map(
      function(result, task) {
        if (is.null(result$predicted)) {
          return(NA_real_)
        }
        known <- which(!is.na(rowSums(result$predicted)) & weights[task$held_out] > 0)
        if (length(known) == 0) {
          return(NA_real_)
        }
        rows <- task$held_out[known]
        predicted <- if (isTRUE(attr(metrics[[name]], "quantiles"))) {
          result$quantiles
        } else {
          result$predicted
        }
        metrics[[name]](
          take_rows(observed, rows), predicted[known, , drop = FALSE], weights[rows]
        )
      },
      results, tasks
    )
    messages <- unlist(lapply(values, attr, "failure"))
    if (length(messages) > 0) {
      failed <<- c(failed, x = paste0(
        name, ", in ", length(messages), " of ", length(values), " fits: ", messages[1]
      ))
    }
    as.double(unlist(values))
  })
  if (length(failed) > 0) {
    warn(c(
      "Functions in `metrics` failed; their values are NA for these fits.",
      failed
    ), class = "backprop_warning_metrics", call = NULL)
  }
  measured
}

# The metrics of each output, a data frame with a row per fit and output: the columns of `fits`,
# `output` and one column per metric. NULL for a single output, and if all metrics are functions of
# the user, which are written for all outputs together.
by_output <- function(results, tasks, fits, observed, weights, metrics) {
  metrics <- Filter(function(metric) is.null(attr(metric, "own")), metrics)
  if (is.factor(observed) || ncol(observed) < 2 || length(metrics) == 0) {
    return(NULL)
  }
  outputs <- colnames(observed) %||% paste0("y", seq_len(ncol(observed)))
  tables <- lapply(seq_along(outputs), function(k) {
    of_output <- lapply(results, function(result) {
      if (!is.null(result$predicted)) result$predicted <- result$predicted[, k, drop = FALSE]
      result
    })
    values <- measure(of_output, tasks, observed[, k, drop = FALSE], weights, metrics)
    data.frame(fits, output = outputs[k], stats::setNames(values, names(metrics)))
  })
  bind_rows(tables)
}

# The out-of-fold predictions, in the order of the rows.
out_of_fold <- function(results, tasks, plan, observed, cases, threshold) {
  held_out <- lapply(tasks, `[[`, "held_out")
  rows <- unlist(held_out)
  sizes <- lengths(held_out)
  width <- if (is.factor(observed)) nlevels(observed) else ncol(observed)
  values <- do.call(
    rbind,
    Map(
      function(result, size) {
        if (is.null(result$predicted)) matrix(NA_real_, size, width) else unname(result$predicted)
      },
      results, sizes
    )
  )
  order <- order(rep(plan$repetition, sizes), rows)
  values <- values[order, , drop = FALSE]
  table <- data.frame(
    row = rows, repetition = rep(plan$repetition, sizes), fold = rep(plan$fold, sizes)
  )[order, ]
  rownames(table) <- NULL
  unknown <- table$row %in% cases$blank$outcome
  of_rows <- take_rows(observed, table$row)
  if (is.factor(of_rows)) of_rows[unknown] <- NA else of_rows[unknown, ] <- NA
  table$row <- cases$number[table$row]
  if (is.factor(observed)) {
    colnames(values) <- levels(observed)
    table$observed <- of_rows
    table$predicted <- factor(
      levels(observed)[class_numbers(values, threshold)], levels(observed),
      ordered = is.ordered(observed)
    )
    return(list(predictions = table, probabilities = values))
  }
  colnames(values) <- colnames(observed)
  table$observed <- bare(unname_rows(of_rows))
  table$predicted <- bare(values)
  list(predictions = table, probabilities = NULL)
}
