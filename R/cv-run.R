# The run of a cross-validation: folds, fits, metrics and out-of-fold predictions.

# Cross-validates cases. `observed`: a factor, or a numeric matrix.
cross_validate <- function(cases, observed, folds, repeats, metrics, keep_fits, threshold, settings,
                           call) {
  repeats <- check_whole(repeats, "repeats", call)
  events <- attr(observed, "events")
  threshold <- check_threshold(threshold, levels(observed) %||% events, call)
  metrics <- check_metrics(
    metrics, levels(observed) %||% events, threshold, call,
    loss = settings$loss
  )
  keep_fits <- check_flag(keep_fits, "keep_fits", call)
  weights <- if (is.null(cases$rows$weights)) rep(1, NROW(observed)) else cases$rows$weights
  chosen <- check_folds(folds, repeats, observed, weights, cases$number, cases$given, call)
  held_in <- if (is.null(chosen$given)) {
    draw_folds(
      observed, chosen$number, repeats, weights,
      groups_of_cells(cases$inputs, weights, chosen$number)
    )
  } else {
    chosen$given
  }
  repeats <- ncol(held_in)
  plan <- expand.grid(fold = seq_len(chosen$number), repetition = seq_len(repeats))
  seeds <- draw_seeds(nrow(plan))
  tasks <- lapply(seq_len(nrow(plan)), function(i) {
    list(
      seed = seeds[i], fold = chosen$labels[plan$fold[i]],
      held_out = which(held_in[, plan$repetition[i]] == plan$fold[i])
    )
  })
  plan$fold <- chosen$labels[plan$fold]
  check_training_weights(tasks, weights, call)
  parallel <- runs_in_parallel() && !isFALSE(cases$rows$data$portable)
  if (parallel) settings$threads <- 1
  if (is.null(settings$keep_fitted)) settings$keep_fitted <- keep_fits
  results <- map_tasks(
    tasks, train_without,
    cases = cases[c("rows", "fixed", "blank")], settings = settings,
    keep_fit = keep_fits, whole_rows = regime_rows(weights, length(weights)),
    globals = cases$globals, parallel = parallel
  )
  report_fits(results, call)
  if (is.factor(observed)) warn_of_lacking_classes(tasks, observed, weights)
  report_unseen_in_folds(results)
  if (is.factor(observed)) results <- lapply(results, align_levels, levels = levels(observed))
  table <- data.frame(
    repetition = plan$repetition, fold = plan$fold,
    rows = vapply(tasks, function(task) sum(weights[task$held_out] > 0), 0L),
    epoch = vapply(results, `[[`, 0, "epoch")
  )
  table[names(metrics)] <- measure(results, tasks, observed, weights, metrics)
  predictions <- out_of_fold(results, tasks, plan, observed, cases, threshold)
  structure(
    c(list(metrics = table), predictions, list(
      metrics_by_output = by_output(results, tasks, table[1:4], observed, weights, metrics),
      weights = if (!is.null(cases$rows$weights)) {
        weights[match(predictions$predictions$row, cases$number)]
      }, threshold = threshold$at, events = events,
      fits = if (keep_fits) lapply(results, `[[`, "fit"), folds = chosen$number, repeats = repeats,
      stratified = is.null(chosen$given), n = NROW(observed),
      dropped = cases$given - length(cases$number), outcome = outcome_words(observed)
    )),
    class = "nn_cv"
  )
}

outcome_words <- function(observed) {
  if (is.factor(observed)) {
    paste("classes", some_of(levels(observed)))
  } else if (!is.null(attr(observed, "events"))) {
    paste("the yes or no outcomes", some_of(colnames(observed)))
  } else if (ncol(observed) > 1) {
    paste(ncol(observed), "numeric outputs")
  } else {
    "a numeric outcome"
  }
}
