# Calls every function between R and C++, for tools/sanitize.sh. Small jobs through the package's
# public functions record the arguments of these calls, which are then repeated on their own.
#
#   Rscript tools/sanitize.R                      repeats each call once
#   Rscript tools/sanitize.R --torture=10         with a garbage collection at every 10th allocation
#
# The exit status is 1 if a function is never called, or if a repeated call returns another value.
# Uses the installed package, with its baseline kernels, because valgrind does not know AVX-512.

arguments <- commandArgs(trailingOnly = TRUE)
torture <- c(grep("^--torture=", arguments, value = TRUE), "--torture=0")[1]
torture <- as.integer(sub("^--torture=", "", torture))
options(backprop.instruction_set = "baseline")
suppressPackageStartupMessages(library(backprop))
internal <- asNamespace("backprop")
pdf(NULL)

functions <- Filter(function(name) {
  value <- internal[[name]]
  is.function(value) && ".Call" %in% all.names(body(value)) && grepl("^core_", name)
}, ls(internal))
originals <- mget(functions, internal)
most_calls <- 12 # of each function
calls <- list()
record <- function(name, given) {
  if (sum(names(calls) == name) < most_calls) calls <<- c(calls, setNames(list(given), name))
}
# Replaces each function by one that records its arguments first. Those of files, which exist only
# while they are used, are not repeated; they run with the garbage collections at once.
of_files <- c(
  "core_append_rows", "core_standardize_rows", "core_read_rows", "core_read_column",
  "core_column_digest", grep("^core_stored_", functions, value = TRUE)
)
with_torture <- quote({
  gctorture2(torture)
  on.exit(gctorture2(0))
})
for (name in functions) {
  recorded <- originals[[name]]
  given <- quote(as.list(environment()))
  body(recorded) <- call(
    "{", as.call(list(record, name, given)),
    if (name %in% of_files) do.call(substitute, list(with_torture, list(torture = torture))),
    # rows are freed last, because other calls are repeated with them
    if (name != "core_free_rows") body(recorded)
  )
  unlockBinding(name, internal)
  assign(name, recorded, internal)
}

set.seed(1)
X <- matrix(rnorm(60), 20, dimnames = list(NULL, c("a", "b", "c")))
y <- plogis(X[, 1])
three <- factor(rep_len(c("p", "q", "r"), 20))
path <- tempfile(fileext = ".json")
quietly <- function(code) suppressWarnings(suppressMessages(code))

quietly({
  for (optimizer in c("gradient_descent", "adam", "lbfgs", "lm", "rprop")) {
    f <- nn_train(X, y, hidden = 3, epochs = 3, optimizer = optimizer)
    predict(f, X)
  }
  f <- nn_train(
    X, three,
    hidden = c(4, 3), epochs = 3, batch_size = 7, optimizer = "adam", dropout = 0.2,
    validation = 0.3, precision = "single", threads = 2, penalty = 0.01
  )
  nn_continue(f, X, three, epochs = 2)
  nn_train(
    X, y,
    hidden = 70, epochs = 2, weights = rep_len(1:2, 20), offset = rep(0.1, 20), threads = 2
  )
  d <- data.frame(X, y = y, g = rep_len(c("u", "v"), 20))
  g <- nn_train(y ~ ., d, hidden = 4, epochs = 4)
  predict(g, d)
  nn_save(g, path)
  predict(nn_load(path), d)
  nn_forward(f, X)
  nn_backward(f, X, three)
  nn_gradient(f, X, three)
  nn_check_gradient(f, X, three)
  nn_activations()
  derivatives_sigmoid(sigmoid(X))
  nn_trace(X, y, epochs = 1)
  nn_batches(c(1, 2), 3, 20, 6)
  nn_update(nn_init(3, 2, 1), nn_init(3, 2, 1), learning_rate = 0.1)
  nn_instruction_sets()
  nn_doctor(g)
  nn_hessian(g, d)
  line <- nn_train(y ~ a + b, d, hidden = 0, penalty = 0)
  predict(line, d, interval = "confidence", vcov = vcov(line, d))
  stored <- nn_train(
    y ~ a + b, nn_source(d),
    hidden = 3, epochs = 2, batch_size = 5, shuffle = "blocks", penalty = 0, validation = NULL
  )
  predict(stored, nn_source(d))
  nn_train(
    y ~ a, nn_source(d),
    hidden = 2, epochs = 1, standardize = "robust", penalty = 0, validation = NULL
  )
  weighted <- data.frame(three, X, w = seq_along(three) - 1)
  nn_train(
    three ~ . - w, nn_source(weighted),
    weights = w, class_weights = "balanced", hidden = 2, epochs = 1, penalty = 0, validation = NULL
  )
  nn_train(
    w ~ three + offset(w / 2), nn_source(weighted),
    weights = w + 1, offset = w / 3, hidden = 2, epochs = 1, penalty = 0, validation = NULL
  )
  gaps <- transform(d, a = replace(a, 1:3, NA), g = factor(g, c("u", "v", "w")))
  nn_train(
    y ~ a + g, nn_source(gaps),
    hidden = 2, epochs = 1, missing = "indicator", penalty = 0, validation = NULL
  )
  predict(f, X[1, , drop = FALSE], type = "class")
  internal$core_block_order(c(1, 2), 3, 20L, 3)
  # what the first of two processes calls
  rows <- internal$core_rows(X, cbind(y), numeric(), NULL, seq_len(20), FALSE)
  internal$core_place_rows(rows, 0, 30, 30, 30)
  internal$core_sum_digest(X, 0, FALSE)
  internal$core_start_alarm(100, 0)
  internal$core_stop_alarm()
  # these are called once a session, or by tests
  internal$core_physical_memory()
  internal$core_tables()
  invisible(internal$core_choose_instruction_set("baseline"))
  internal$core_philox(c(1, 2, 3, 4), c(5, 6))
  internal$core_slope("tanh", X, tanh(X))
  internal$core_row_order(c(1, 2), 3, 10L)
  internal$core_clamp(X, -1, 1)
  internal$core_is_defined("squared_error", "sigmoid")
})
if (requireNamespace("Matrix", quietly = TRUE)) {
  sparse <- Matrix::rsparsematrix(30, 5, 0.3)
  s <- quietly(nn_train(sparse, rnorm(30), hidden = 3, epochs = 2, batch_size = 8))
  invisible(predict(s, sparse))
}

absent <- setdiff(functions, names(calls))
if (length(absent)) cat("FAILED: never called:", absent, "\n")
wrong <- 0
same <- function(a, b) typeof(a) == "externalptr" || identical(a, b)
order <- order(names(calls) == "core_free_rows")
for (i in order[!names(calls)[order] %in% of_files]) {
  name <- names(calls)[i]
  original <- originals[[name]]
  expected <- do.call(original, calls[[i]])
  if (torture > 0) gctorture2(torture)
  repeated <- do.call(original, calls[[i]])
  if (torture > 0) gctorture2(0)
  # memory that is free and the like is not the same twice
  if (!same(expected, repeated) && !grepl("memory", name)) {
    cat("FAILED: ", name, " returned another value\n", sep = "")
    wrong <- wrong + 1
  }
}
cat(length(calls), "calls of", length(functions), "functions,", wrong, "failed\n")
quit(status = as.integer(wrong > 0 || length(absent) > 0))
