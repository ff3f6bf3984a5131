# What "auto" means for data: chosen from the number of rows, the kind of outcome and the arguments that are given. bench/defaults.R says how these were found.

few_rows <- 1000

# The options of a training, with each "auto" replaced; the names of those chosen are kept in `chosen`.
choose_defaults <- function(options, rows, outcome, call) {
  auto <- vapply(options, identical, NA, "auto")
  choose <- function(name, value) if (auto[[name]]) options[name] <<- list(value)
  choose("optimizer", if (rows < few_rows && !asks_for_steps(options)) "lbfgs" else "adam")
  optimizer <- check_optimizer(options$optimizer, NULL, call)
  stops_early <- !optimizer$full_batch && rows >= few_rows
  if (auto[["optimizer"]] && optimizer$name == "adam" && is.null(options$learning_rate)) options$learning_rate <- 0.003
  choose("hidden", 100)
  choose("activation", "relu")
  choose("init", if (identical(options$activation, "tanh") || identical(options$activation, "sigmoid")) "glorot_normal" else "he_normal")
  choose("batch_size", if (!optimizer$full_batch) 32)
  choose("epochs", 200)
  choose("validation", if (stops_early) 0.1)
  choose("patience", if (is.null(options$validation)) Inf else 20)
  choose("penalty", (if (is.null(outcome$levels)) 1 else 0.5) / rows)
  options$chosen <- names(auto)[auto]
  options
}

# Is anything given that L-BFGS cannot take, so that another optimiser must be meant?
asks_for_steps <- function(options) {
  positive <- function(x) is.numeric(x) && any(x > 0, na.rm = TRUE)
  !is.null(options$learning_rate) || !is.null(options$schedule) || positive(options$dropout) || positive(options$penalty_l1) || is.numeric(options$batch_size) || (is.numeric(options$clip) && any(is.finite(options$clip)))
}

# What print() says of a fit made from data.
describe_encoding <- function(fit) {
  encoding <- fit$encoding
  if (is.null(encoding)) return(NULL)
  outcome <- encoding$outcome
  inputs <- if (any(encoding$scale != 1 | encoding$center != 0)) "inputs standardised" else "inputs as they are"
  scaled <- any(outcome$scale != 1 | outcome$center != 0)
  what <- switch(outcome$kind, binary = paste0("probability of ", outcome$levels[2]), classes = paste(length(outcome$levels), "classes"), count = "counts",
    if (scaled) "standardised (the losses are on that scale)" else "as it is")
  c(paste0("Scaling:   ", inputs, if (length(encoding$constant) > 0) paste0(", ", counted(length(encoding$constant), "constant column"), " without effect")),
    paste0("Outcome:   ", paste(outcome$names, collapse = ", "), ", ", what),
    if (length(fit$na.action) > 0) paste0("Left out:  ", counted(length(fit$na.action), "row"), " with missing values"))
}
describe_defaults <- function(fit) {
  if (length(fit$chosen) == 0) return(NULL)
  lines <- strwrap(paste0(paste(fit$chosen, collapse = ", "), " (see ?nn_train.data.frame)"), 90)
  paste0(c("Defaults:  ", rep(strrep(" ", 11), length(lines) - 1)), lines)
}

# Is anything given that L-BFGS cannot take, so that another optimiser must be meant?
asks_for_steps <- function(options) {
  positive <- function(x) is.numeric(x) && any(x > 0, na.rm = TRUE)
  !is.null(options$learning_rate) || !is.null(options$schedule) || positive(options$dropout) || positive(options$penalty_l1) || is.numeric(options$batch_size) || (is.numeric(options$clip) && any(is.finite(options$clip)))
}
