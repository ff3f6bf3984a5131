# Replaces "auto" in the options for data frames, depending on the number of rows, the outcome and
# the arguments that are supplied. bench/defaults.R compares the choices.

few_rows <- 1000

# Number of rows for the defaults.
counted_rows <- function(problem) row_count(problem$weights, nrow(problem$X))

# list(options, names, interrupted): the options with each "auto" replaced; the names of those that
# were chosen; and the fit so far if the search for epochs was interrupted, else NULL.
choose_defaults <- function(options, problem, shown, call) {
  rows <- counted_rows(problem)
  few <- rows < few_rows
  auto <- vapply(options, identical, NA, "auto")
  given_rate <- options$learning_rate
  choose <- function(name, value) if (auto[[name]]) options[name] <<- list(value)
  choose("optimizer", if (few && !asks_for_steps(options)) "lbfgs" else "adam")
  optimizer <- check_optimizer(options$optimizer, NULL, call)
  full_batch <- optimizer_table[[optimizer$name]]$full_batch
  many_batches <- !full_batch && !few
  finds_epochs <- many_batches && all(auto[c("epochs", "schedule", "validation", "patience")])
  if (auto[["optimizer"]] && optimizer$name == "adam" && is.null(given_rate)) {
    options$learning_rate <- if (few) 0.003 else 0.004
  }
  choose("hidden", if (few) 100 else 200)
  choose("activation", "relu")
  choose("init", init_for(options$activation))
  choose("batch_size", if (!full_batch) (if (few) 32 else 64))
  choose("epochs", 200)
  choose("schedule", NULL)
  choose("validation", if (many_batches && !finds_epochs) 0.1)
  choose("patience", if (is.null(options$validation)) Inf else 20)
  if (auto[["penalty"]]) {
    options$penalty <- if (optimizer$name == "lbfgs" && auto[["optimizer"]]) {
      compare_penalties(problem, options, call)
    } else {
      (if (few) 1 else 2) / rows
    }
  }
  names <- c(
    names(auto)[auto], if (is.null(given_rate) && !is.null(options$learning_rate)) "learning_rate"
  )
  if (!finds_epochs) {
    return(list(options = options, names = names, interrupted = NULL))
  }
  first <- train_first(options, problem, shown, call, names)
  options$epochs <- 2 * max(1, first$best_epoch)
  options$schedule <- nn_cosine(options$epochs, least = 0.01)
  list(
    options = options, names = names, interrupted = if (first$stop == "interrupted") first
  )
}

# The number of epochs for many rows: a first training at a constant rate holds out a tenth of the
# rows, which determine the best epoch. Then all rows are trained on, from the same start, for twice
# as many epochs, with rates that decay almost to zero, so that the sum of the rates is the same.
train_first <- function(options, problem, shown, call, chosen) {
  options[c("epochs", "validation", "patience")] <- list(100, 0.1, 20)
  try_training(problem, options, shown, call, chosen)
}

# Noisy data need a large penalty, a sharp but nonlinear boundary a small one. With few rows, 4-fold
# cross-validation chooses between two. The folds depend on the number of rows (of each class) only,
# not on random numbers.
penalties <- c(0.5, 4)

compare_penalties <- function(problem, options, call) {
  if (!is.null(problem$weights)) problem <- problem_rows(problem, weighted_rows(problem))
  rows <- counted_rows(problem)
  n <- nrow(problem$X)
  if (rows * ncol(problem$X) > 5e4 || rows < 8 || n < 4) {
    return(1 / rows)
  }
  classes <- if (is.factor(problem$y)) as.integer(problem$y) else rep(1L, n)
  order <- core_row_order(0, 0, n)
  fold <- integer(n)
  fold[order[order(classes[order])]] <- rep_len(1:4, n)
  weights <- if (is.null(problem$weights)) rep(1, n) else problem$weights
  options["patience"] <- Inf
  loss <- vapply(
    penalties,
    function(size) {
      sum(vapply(
        1:4,
        function(k) {
          fold_loss(problem, options, size, which(fold == k), call) * sum(weights[fold == k])
        }, 0
      ))
    },
    0
  )
  if (any(is.finite(loss))) penalties[which.min(loss)] / rows else 1 / rows
}

# The loss on the held-out rows; infinite if the other rows can't be trained on.
fold_loss <- function(problem, options, size, left_out, call) {
  held_out <- problem_rows(problem, left_out)
  training <- problem_rows(problem, -left_out)
  options$validation <- held_out[c("X", "y", "weights", "offset")]
  options$penalty <- size / counted_rows(training)
  fit <- tryCatch(
    suppressWarnings(try_training(training, options, NULL, call)),
    backprop_error = function(e) NULL
  )
  if (identical(fit$stop, "interrupted")) interrupt()
  if (is.null(fit) || nrow(fit$history) == 0) {
    return(Inf)
  }
  last(fit$history$validation_loss)
}

# A trial: it starts from the same random numbers as the training that follows, and leaves the state
# of R's generator unchanged.
try_training <- function(problem, options, shown, call, chosen = NULL) {
  options[c("callback", "checkpoint", "keep_fitted", "restarts")] <- list(NULL, NULL, FALSE, 1)
  # without a seed, the next training would start from another one
  if (is.null(globalenv()$.Random.seed)) runif(1)
  keep_seed(train_network(problem, options, shown, call, chosen))
}

# Is any argument given that L-BFGS does not support, so that Adam is needed?
asks_for_steps <- function(options) {
  positive <- function(x) is.numeric(x) && any(x > 0, na.rm = TRUE)
  !is.null(options$learning_rate) ||
    !(is.null(options$schedule) || identical(options$schedule, "auto")) ||
    positive(options$dropout) || positive(options$penalty_l1) || is.numeric(options$batch_size) ||
    (is.numeric(options$clip) && any(is.finite(options$clip)))
}
