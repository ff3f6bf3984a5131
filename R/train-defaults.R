# What "auto" means for data: chosen from the number of rows, the kind of outcome and the arguments
# that are given. bench/defaults.R says how these were found.

few_rows <- 1000

# The options of a training, with each "auto" replaced; the names of those chosen are kept in
# `chosen`, and in `interrupted` the fit that an interrupt ended on the way.
choose_defaults <- function(options, prepared, shown, call) {
  rows <- nrow(prepared$X)
  few <- rows < few_rows
  auto <- vapply(options, identical, NA, "auto")
  given_rate <- options$learning_rate
  choose <- function(name, value) if (auto[[name]]) options[name] <<- list(value)
  choose("optimizer", if (few && !asks_for_steps(options)) "lbfgs" else "adam")
  optimizer <- check_optimizer(options$optimizer, NULL, call)
  many_batches <- !optimizer$full_batch && !few
  finds_epochs <- many_batches && all(auto[c("epochs", "schedule", "validation", "patience")])
  if (auto[["optimizer"]] && optimizer$name == "adam" && is.null(given_rate)) {
    options$learning_rate <- if (few) 0.003 else 0.004
  }
  choose("hidden", if (few) 100 else 200)
  choose("activation", "relu")
  choose(
    "init",
    if (identical(options$activation, "tanh") || identical(options$activation, "sigmoid")) {
      "glorot_normal"
    } else {
      "he_normal"
    }
  )
  choose("batch_size", if (!optimizer$full_batch) (if (few) 32 else 64))
  choose("epochs", 200)
  choose("schedule", NULL)
  choose("validation", if (many_batches && !finds_epochs) 0.1)
  choose("patience", if (is.null(options$validation)) Inf else 20)
  if (auto[["penalty"]]) {
    options$penalty <- if (optimizer$name == "lbfgs" && auto[["optimizer"]]) {
      compare_penalties(prepared, options, call)
    } else {
      (if (few) 1 else 2) / rows
    }
  }
  options$chosen <- c(
    names(auto)[auto], if (is.null(given_rate) && !is.null(options$learning_rate)) "learning_rate"
  )
  if (finds_epochs) find_epochs(options, prepared, shown, call) else options
}

# How long to train on many rows: a tenth of them, held out from a training of its own at a constant
# rate, says when to stop. All rows are then trained on, from the same start, for twice as many
# epochs, at rates that fall to almost nothing and so add up to as much.
find_epochs <- function(options, prepared, shown, call) {
  first <- options
  first[c("epochs", "validation", "patience")] <- list(100, 0.1, 20)
  fit <- try_training(prepared, first, shown, call)
  if (fit$stop == "interrupted") options$interrupted <- fit
  options$epochs <- 2 * max(1, fit$best_epoch)
  options$schedule <- nn_cosine(options$epochs, least = 0.01)
  options
}

# Noise asks for a large penalty, a clear but crooked boundary for a small one, and few rows do not
# say which by their number: 4-fold cross-validation does. The folds are a function of the number of
# rows (of each class).
penalties <- c(0.5, 4)

compare_penalties <- function(prepared, options, call) {
  rows <- nrow(prepared$X)
  if (length(prepared$X) > 5e4 || rows < 8) {
    return(1 / rows)
  }
  classes <- if (is.factor(prepared$y)) as.integer(prepared$y) else rep(1L, rows)
  order <- core_row_order(0, 0, rows)
  fold <- integer(rows)
  fold[order[order(classes[order])]] <- rep_len(1:4, rows)
  options["patience"] <- Inf
  loss <- vapply(
    penalties,
    function(size) {
      sum(vapply(
        1:4,
        function(k) fold_loss(prepared, options, size, which(fold == k), call) * sum(fold == k), 0
      ))
    },
    0
  )
  if (any(is.finite(loss))) penalties[which.min(loss)] / rows else 1 / rows
}

# The loss of the rows left out; infinite where they cannot be trained without.
fold_loss <- function(prepared, options, size, left_out, call) {
  part <- function(x, rows) if (is.null(dim(x))) x[rows] else x[rows, , drop = FALSE]
  of_rows <- prepared[c("X", "y", "weights", "offset")]
  options$validation <- lapply(of_rows, part, left_out)
  options$penalty <- size / (nrow(prepared$X) - length(left_out))
  fit <- tryCatch(
    suppressWarnings(try_training(
      c(lapply(of_rows, part, -left_out), prepared["encoding"]), options, NULL, call
    )),
    backprop_error = function(e) NULL
  )
  if (identical(fit$stop, "interrupted")) interrupt()
  if (is.null(fit) || nrow(fit$history) == 0) {
    return(Inf)
  }
  last(fit$history$validation_loss)
}

# A training that only looks: it starts as the one that follows, and leaves R's generator as it was.
try_training <- function(prepared, options, shown, call) {
  if (!exists(".Random.seed", globalenv(), inherits = FALSE)) runif(1)
  seed <- get(".Random.seed", globalenv())
  on.exit(assign(".Random.seed", seed, globalenv()))
  options[c("weights", "offset", "callback", "checkpoint", "keep_fitted", "restarts")] <- list(
    prepared$weights, prepared$offset, NULL, NULL, FALSE, 1
  )
  train_network(prepared[c("X", "y", "encoding", "na.action")], options, shown, call)
}

# Is anything given that L-BFGS cannot take, so that another optimiser must be meant?
asks_for_steps <- function(options) {
  positive <- function(x) is.numeric(x) && any(x > 0, na.rm = TRUE)
  !is.null(options$learning_rate) ||
    !(is.null(options$schedule) || identical(options$schedule, "auto")) ||
    positive(options$dropout) || positive(options$penalty_l1) || is.numeric(options$batch_size) ||
    (is.numeric(options$clip) && any(is.finite(options$clip)))
}
