# Replaces "auto" in the options for data frames by the values of one way to train.

few_rows <- 1000

# Number of rows for the defaults.
counted_rows <- function(problem) row_count(problem$weights, nrow(problem$X))

# The number of rows that decides between the defaults for few and for many rows. The fits of
# nn_cv() take it from the whole data, so that they are trained in the same way as a fit to them.
whole <- new.env(parent = emptyenv())

with_whole_rows <- function(rows, code) {
  before <- whole$rows
  on.exit(whole$rows <- before)
  whole$rows <- rows
  code
}

has_few_rows <- function(options, problem) {
  rows <- if (is.null(whole$rows)) {
    regime_rows(problem$weights, nrow(problem$X))
  } else {
    whole$rows * (1 - if (is.numeric(options$calibration)) options$calibration else 0)
  }
  rows < few_rows
}

# Fewer than 1000 rows with weights above 2 on average are cells of a table. They have the defaults
# for few rows whatever they count for: with batches, an epoch would be a single step.
regime_rows <- function(weights, rows) {
  cells <- positive_count(weights)
  if (are_cells(weights) && cells < few_rows) cells else row_count(weights, rows)
}

are_cells <- function(weights) {
  length(weights) > 0 && row_count(weights, length(weights)) > 2 * positive_count(weights)
}

# The options for one way to train: each "auto" but for the penalty is replaced. `way`: list(
# optimizer, activation, hidden), each only used if it is "auto"; NULL for the defaults without a
# search. With held-out rows, training still runs to its end if its rate falls to almost zero by
# then, and with L-BFGS, whose held-out loss often improves again after a rest.
settle <- function(options, auto, way, few, problem, call) {
  choose <- function(name, value) if (auto[[name]]) options[name] <<- list(value)
  steps <- asks_for_steps(options)
  choose("optimizer", if (!is.null(way)) way$optimizer else if (few && !steps) "lbfgs" else "adam")
  optimizer <- check_optimizer(options$optimizer, NULL, call)
  full_batch <- optimizer_table[[optimizer$name]]$full_batch
  if (is.character(options$optimizer) && is.null(options$learning_rate) &&
    optimizer_table[[optimizer$name]]$rule == "adam") {
    options$learning_rate <- if (few) 0.003 else 0.004
  }
  choose("hidden", way$hidden %||% default_hidden(few))
  choose("activation", if (is.null(way)) "relu" else way$activation)
  choose("init", init_for(options$activation))
  choose("batch_size", if (!full_batch) (if (few) 32 else 64))
  lbfgs <- optimizer$name == "lbfgs"
  choose("epochs", if (lbfgs) full_batch_epochs(problem) else 200)
  batches <- !full_batch && !few
  given_epochs <- batches && !auto[["epochs"]] && isTRUE(options$epochs >= 2)
  choose("schedule", if (given_epochs) nn_cosine(options$epochs, least = 0.01))
  asks_to_stop <- !(auto[["schedule"]] && auto[["patience"]])
  choose("validation", if (batches && asks_to_stop && can_hold_out(problem)) 0.1)
  whole_run <- lbfgs || (batches && auto[["schedule"]])
  choose("patience", if (is.null(options$validation) || whole_run) Inf else 20)
  options
}

default_hidden <- function(few) if (few) 100 else 200

# Can rows be held out, so that each class keeps a row?
can_hold_out <- function(problem) {
  if (!is.factor(problem$y)) {
    return(TRUE)
  }
  classes <- problem$y[weighted_rows(problem)]
  length(unique(classes)) < length(classes)
}

# Does a first training determine the number of epochs?
finds_epochs <- function(options, auto, few, call) {
  !few && auto[["epochs"]] && auto[["schedule"]] && !is_full_batch(options$optimizer, call)
}

is_full_batch <- function(optimizer, call) {
  optimizer_table[[check_optimizer(optimizer, NULL, call)$name]]$full_batch
}

# The numbers that go through the network in an epoch.
problem_values <- function(problem) {
  outputs <- if (is.factor(problem$y)) nlevels(problem$y) else NCOL(problem$y)
  as.double(nrow(problem$X)) * (ncol(problem$X) + outputs)
}

# Epochs of L-BFGS: 1000, and fewer where an epoch takes long.
full_batch_epochs <- function(problem) {
  round(min(1000, max(200, 1000 * 2e5 / problem_values(problem))))
}

# Epochs of L-BFGS for functions without noise: up to 4000, where an epoch takes little time.
long_epochs <- function(problem) round(min(4000, 8e6 / problem_values(problem)))

# A trial: it starts from the same random numbers as the training that follows, and leaves the state
# of R's generator unchanged.
try_training <- function(problem, options, shown, call, chosen = NULL) {
  options[c("callback", "checkpoint", "keep_fitted", "restarts")] <- list(NULL, NULL, FALSE, 1)
  # without a seed, the next training would start from another one
  if (is.null(globalenv()$.Random.seed)) runif(1)
  keep_seed(train_network(problem, options, shown, call, chosen, trial = TRUE))
}

# Is any argument given that L-BFGS does not support, so that Adam is needed?
asks_for_steps <- function(options) {
  positive <- function(x) is.numeric(x) && any(x > 0, na.rm = TRUE)
  !is.null(options$learning_rate) ||
    !(is.null(options$schedule) || identical(options$schedule, "auto")) ||
    !is.null(options$layer_rates) || is_true(is.finite(options$max_norm)) ||
    positive(options$dropout) || positive(options$penalty_l1) || is.numeric(options$batch_size) ||
    (is.numeric(options$clip) && any(is.finite(options$clip)))
}
