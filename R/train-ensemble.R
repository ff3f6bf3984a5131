# Trains an ensemble of networks, for `effort = "high"`. Each member is trained without one fold of
# the rows, which is predicted by it, and for mini-batches also chooses its epoch. The mean of the
# members' outputs before the output activation is that of one wider network, so that an ensemble is
# a fit like any other.

# The number of members. The full batch is for few rows, where each row counts: then more of them
# are trained on, and choosing the epoch by so few others is worse than not to.
ensemble_folds <- function(full_batch) if (full_batch) 10 else 5

check_effort <- function(options, call) {
  check_choice(options$effort, c("standard", "high"), "effort", call)
  if (options$effort == "standard") {
    return(options$effort)
  }
  given <- c("validation", "start", "checkpoint", "freeze")[c(
    !(is.null(options$validation) || identical(options$validation, "auto")),
    !is.null(options$start), !is.null(options$checkpoint), !is.null(options$freeze)
  )]
  if (length(given) > 0) {
    abort_argument(c(
      "{.arg {given[1]}} can't be used with {.code effort = \"high\"}.",
      x = switch(given[1],
        validation = "Each network of the ensemble holds out a fold of the rows.",
        start = "The initial weights of each network of the ensemble are drawn.",
        checkpoint = "A checkpoint would contain a single network of the ensemble.",
        freeze = "The initial weights of each network of the ensemble are drawn."
      ),
      i = "Omit it, or use {.code effort = \"standard\"}."
    ), call)
  }
  options$effort
}

# The fit of an ensemble; of a single network if there are too few rows for two folds. The arguments
# are those of train_network().
train_ensemble <- function(problem, options, shown, call, chosen) {
  of_rows <- c("y", "response", "weights", "offset")
  problem[of_rows] <- lapply(problem[of_rows], rows_in_memory)
  folds <- ensemble_folds(is_full_batch(options$optimizer, call))
  splits <- member_splits(problem, folds)
  if (length(splits) < 2) {
    return(train_network(problem, options, shown, call, chosen))
  }
  check_ensemble_memory(problem, options, length(splits), call)
  trained <- train_members(problem, options, splits, shown, call, chosen)
  members <- trained$members
  if (length(members) == 0) {
    return(trained$interrupted)
  }
  splits <- splits[seq_along(members)]
  chosen$evidence <- new_evidence(
    lapply(splits, thin_training), out_of_fold_score(members, splits, call),
    chosen$evidence$edge, options, call, paste0(folds, "-fold ensemble")
  )
  layers <- members[[1]]$layers
  chosen$ensemble <- list(members = length(members), units = layer_units(layers)[-1])
  fit <- merge_members(problem, members, options, shown, call, chosen)
  if (!is.null(trained$interrupted)) fit$stop <- "interrupted"
  if (is.null(problem$encoding$calibration) && is.null(problem$encoding$outcome$events)) {
    fit <- calibrate_members(fit, members, splits)
  }
  structure(fit, class = "nn_fit")
}

# The score of each row under the member that was trained without it.
out_of_fold_score <- function(members, splits, call) {
  mean_score(splits, function(k) score_of(members[[k]], splits[[k]]$held_out, call))
}

# The splits of the members: each fold is held out once. A class of a single row is in no fold, so
# that every member knows all classes.
member_splits <- function(problem, folds) {
  if (!is.null(problem$weights)) problem <- problem_rows(problem, weighted_rows(problem))
  fold <- deal_rows(problem, folds)
  if (is.factor(problem$y)) fold[tabulate(problem$y)[as.integer(problem$y)] == 1] <- 0
  lapply(setdiff(sort(unique(fold)), 0), function(k) {
    list(
      training = problem_rows(problem, which(fold != k)),
      held_out = problem_rows(problem, which(fold == k))
    )
  })
}

# list(members, interrupted): the members, and the fit of the one that was interrupted, or NULL.
# They draw their initial weights one after the other. A warning of several members is shown once.
train_members <- function(problem, options, splits, shown, call, chosen) {
  options$keep_fitted <- FALSE
  full_batch <- is_full_batch(options$optimizer, call)
  members <- list()
  shown_before <- character()
  for (split in splits) {
    options["validation"] <- list(
      if (!full_batch) split$held_out[c("X", "y", "weights", "offset")]
    )
    fit <- withCallingHandlers(
      train_network(split$training, options, shown, call, chosen),
      warning = function(w) {
        reported <- length(members) > 0 && inherits(w, "backprop_warning_interrupted")
        if (reported || class(w)[1] %in% shown_before) invokeRestart("muffleWarning")
        shown_before <<- c(shown_before, class(w)[1])
      }
    )
    if (fit$stop == "interrupted") {
      warn_of_interrupt(length(members), length(splits))
      return(list(members = members, interrupted = fit))
    }
    members <- c(members, list(unclass(fit)))
  }
  list(members = members, interrupted = NULL)
}

warn_of_interrupt <- function(done, all) {
  if (done > 0) {
    cli::cli_warn(c(
      paste0(
        "Training was interrupted in network {done + 1} of {all}; the mean of the networks that ",
        "were complete is returned."
      )
    ), class = "backprop_warning_interrupted", call = NULL)
  }
}

# The network whose linear predictor (the input of the output activation) is the mean of those of
# the members, as an unclassed fit of all rows. Its state has the memory of a fresh optimiser.
merge_members <- function(problem, members, options, shown, call, chosen) {
  layers <- members[[1]]$layers
  networks <- lapply(members, function(member) member[parameter_names(layers)])
  hidden <- utils::head(layer_units(layers)[-1], -1)
  options[c("hidden", "start", "epochs", "restarts", "patience")] <- list(
    if (length(hidden) > 0) length(members) * hidden else 0, merge_networks(networks, layers), 0,
    1, Inf
  )
  options["validation"] <- list(NULL)
  options$optimizer <- merged_optimizer(options, call)
  fit <- unclass(train_network(problem, options, shown, call, chosen))
  fit$history <- mean_history(lapply(members, `[[`, "history"))
  fit$state$epoch <- as.double(nrow(fit$history))
  fit
}

# The optimiser with which nn_continue() trains the merged network. Levenberg-Marquardt would need
# the square of its number of weights.
merged_optimizer <- function(options, call) {
  if (check_optimizer(options$optimizer, NULL, call)$name == "lm") "lbfgs" else options$optimizer
}

merge_networks <- function(networks, layers) {
  merged <- list()
  for (l in seq_along(layers)) {
    name <- layers[[l]]$parameters
    weights <- lapply(networks, `[[`, name[["weights"]])
    biases <- lapply(networks, `[[`, name[["biases"]])
    is_output <- l == length(layers)
    mean_of <- function(matrices) Reduce(`+`, matrices) / length(networks)
    merged[[name[["weights"]]]] <- if (is_output && l > 1) {
      from <- layers[[l - 1]]$units
      part <- function(w, rows) w[rows, , drop = FALSE]
      rbind(
        do.call(rbind, lapply(weights, part, seq_len(from))) / length(networks),
        if (has_skip(layers)) part(mean_of(weights), -seq_len(from))
      )
    } else if (is_output) {
      mean_of(weights)
    } else if (l == 1) {
      do.call(cbind, weights)
    } else {
      block_diagonal(weights)
    }
    merged[[name[["biases"]]]] <- if (is_output) mean_of(biases) else do.call(cbind, biases)
  }
  merged
}

block_diagonal <- function(blocks) {
  rows <- cumsum(c(0, vapply(blocks, nrow, 0L)))
  columns <- cumsum(c(0, vapply(blocks, ncol, 0L)))
  whole <- matrix(0, last(rows), last(columns))
  for (b in seq_along(blocks)) {
    whole[rows[b] + seq_len(nrow(blocks[[b]])), columns[b] + seq_len(ncol(blocks[[b]]))] <-
      blocks[[b]]
  }
  whole
}

# The mean of the members' losses (and accuracies) on the rows that they were trained on, in each
# epoch. A member that stopped earlier counts with its last values.
mean_history <- function(histories) {
  epochs <- max(vapply(histories, nrow, 0L))
  columns <- intersect(c("epoch", "loss", "accuracy"), names(histories[[1]]))
  rows <- lapply(histories, function(history) {
    as.matrix(history[pmin(seq_len(epochs), nrow(history)), columns, drop = FALSE])
  })
  mean <- as.data.frame(Reduce(`+`, rows) / length(rows), row.names = NULL)
  mean$epoch <- as.double(seq_len(epochs))
  rownames(mean) <- NULL
  mean
}

# Adds the scores of all rows under the members that were trained without them, as calibration.
calibrate_members <- function(fit, members, splits) {
  scores <- Map(function(member, split) calibration_scores(member, split$held_out), members, splits)
  weights <- lapply(splits, function(split) {
    split$held_out$weights %||% rep(1, nrow(split$held_out$X))
  })
  with_scores(fit, do.call(Map, c(list(c), scores)), unlist(weights))
}

# Is there enough memory for the merged network? It is checked before the members are trained.
check_ensemble_memory <- function(problem, options, members, call) {
  outputs <- if (is.factor(problem$y)) nlevels(problem$y) else NCOL(problem$y)
  layers <- dense_layers(
    c(ncol(problem$X), members * check_hidden(options$hidden, call), outputs), "identity",
    skip = isTRUE(options$skip) && !identical(options$hidden, 0)
  )
  check_training_memory(layers, problem$X, list(
    optimizer = check_optimizer(
      merged_optimizer(options, call), options$learning_rate, call
    ),
    batch_size = check_batch_size(options$batch_size, nrow(problem$X), call)
  ), call)
}
