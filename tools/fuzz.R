# Fuzzing: random calls and random changes of models, each from its own seed.
#
#   Rscript tools/fuzz.R [--seconds=60] [--seed=1] [--only=models] [--first=1] [--cases=4000]
#                        [--signals=KILL] [--verbose]
#
# Each part takes an equal share of the time, or runs so many cases:
#   arguments   nn_train() with valid and invalid arguments: a classed error, or a fit with finite
#               numbers; the same call twice gives the same bits; the data are unchanged
#   functions   the same for every exported function: a valid call (fuzz-calls.R) with arguments
#               that are changed at random
#   models      files with a valid checksum and changed contents: refused by nn_load() with a
#               classed error, or a model that predicts finite numbers, prints, resumes and exports
#   fits        fits that were changed in memory: the same for predict(), nn_continue(), nn_save()
#   objects     the package's own objects (schedules, sources, traces, fits, ...), changed in
#               memory: refused with a classed error, or used, by every function that is given one
#   exports     random fits to matrices, data frames and formulas, with odd names and levels,
#               missing values and extremes, as R, C, SQL (in SQLite) and ONNX (in onnxruntime):
#               the predictions of predict(). Languages that can't run here are skipped
#   resume      training that is stopped and continued, then killed, at random moments, and resumed
#               from its checkpoint in another process, has the bits of uninterrupted training. Some
#               are killed before their first checkpoint. `--signals=KILL`: by SIGKILL alone
#
# A failure is printed with the case's number, with which `--first` and `--verbose` repeat it. The
# exit status is 1 if there is any. Uses the installed package.

arguments <- commandArgs(trailingOnly = TRUE)
option <- function(name, default) {
  given <- grep(paste0("^--", name, "="), arguments, value = TRUE)
  if (length(given) == 0) default else sub("^[^=]*=", "", given[1])
}
seconds <- as.numeric(option("seconds", 60))
seed <- as.integer(option("seed", 1))
first <- as.integer(option("first", 1))
cases <- as.numeric(option("cases", Inf))
signals <- c(KILL = tools::SIGKILL, TERM = tools::SIGTERM)
signals <- signals[strsplit(option("signals", "KILL,TERM"), ",")[[1]]]
only <- option("only", "")
verbose <- "--verbose" %in% arguments
suppressPackageStartupMessages(library(backprop))
internal <- asNamespace("backprop")
pdf(NULL)
folder <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
folder <- normalizePath(folder)
source(file.path(folder, "fuzz-calls.R"))
setwd(tempdir()) # files of random names

failures <- 0
fail <- function(part, case, ...) {
  failures <<- failures + 1
  cat("FAILED ", part, " ", case, ": ", ..., "\n", sep = "")
}

one_of <- function(x) x[[sample.int(length(x), 1)]]
chance <- function(p) runif(1) < p

# The value of `code`, or the condition that ended it: "refused" for the package's errors. All other
# errors, and 20 seconds of processor time without an end, are failures.
outcome <- function(code, part, case, what) {
  on.exit(setTimeLimit())
  setTimeLimit(cpu = 20, elapsed = 200)
  tryCatch(
    suppressWarnings(suppressMessages(code)),
    backprop_error = function(e) {
      if (verbose) cat(what, ":", conditionMessage(e), "\n")
      structure(list(), class = "refused")
    },
    error = function(e) {
      fail(part, case, what, ": ", class(e)[1], ": ", conditionMessage(e))
      structure(list(), class = "refused")
    }
  )
}
is_refused <- function(x) inherits(x, "refused")
all_finite <- function(x) is.numeric(x) && all(is.finite(x))

# What is trained must be a fit that print() and all other functions accept.
check_valid <- function(fit, part, case) {
  reason <- if (fit$stop != "diverged") internal$invalid_field(unclass(fit))
  if (!is.null(reason)) fail(part, case, "the fit is refused: ", reason)
}

# --- Data and fits --------------------------------------------------------------------------------

data <- local({
  set.seed(20)
  X <- matrix(rnorm(40 * 3), 40, dimnames = list(NULL, c("a", "b", "c")))
  z <- drop(X %*% c(1, -1, 0.5))
  frame <- data.frame(X, k = rep(c("u", "v w", "\u00e4"), length.out = 40), l = z > 0, y = z)
  list(
    X = X, frame = frame, number = z, unit = plogis(z), count = as.numeric(round(exp(z / 2))),
    two = factor(z > 0), three = factor(rep(c("p", "q", "r"), length.out = 40)),
    several = cbind(z, 1 - z)
  )
})

fits <- local({
  set.seed(21)
  D <- data
  list(
    list(fit = nn_train(D$X, D$unit, epochs = 3), data = D$X, y = D$unit),
    list(
      fit = nn_train(
        D$X, D$three,
        hidden = c(3, 2), optimizer = "adam", batch_size = 7, dropout = 0.2, epochs = 3,
        validation = 0.2, schedule = nn_cosine(10)
      ), data = D$X, y = D$three
    ),
    list(
      fit = nn_train(
        y ~ a + poly(b, 2) + k + l, D$frame,
        hidden = 2, calibration = 0.2, epochs = 3
      ), data = D$frame, y = NULL
    ),
    list(
      fit = nn_train(
        D$frame[1:5], D$number,
        hidden = 2, optimizer = "lm", penalty = 0.1, epochs = 3
      ),
      data = D$frame[1:5], y = D$number
    ),
    list(
      fit = nn_train(D$X, D$several, hidden = c(3, 2), skip = TRUE, epochs = 3), data = D$X,
      y = D$several
    )
  )
})

# --- Parts ----------------------------------------------------------------------------------------

values <- list(
  0, 1, -1, 2, 3, 0.5, 1e-300, 1e300, 1e10, NaN, NA, Inf, -Inf, "1", "adam", "tanh", TRUE, NULL,
  numeric(), c(2, 3), list(), list(1), -0.5, 2^31, 2^53, 1e-5, character(), NA_character_, "",
  "mean", matrix(1, 2, 2), factor("a"), as.Date("2020-01-01"), quote(x), function() 1
)
choices <- list(
  hidden = list(0, 1, 3, c(3, 2), 50), epochs = list(0, 1, 5, 20),
  learning_rate = list(0.01, 0.1, 1, 1e3), activation = as.list(names(internal$activation_table)),
  output_activation = as.list(names(internal$activation_table)),
  loss = as.list(names(internal$loss_table)), optimizer = as.list(names(internal$optimizer_table)),
  batch_size = list(1, 7, 40, 100), shuffle = list(TRUE, FALSE), reduction = list("sum", "mean"),
  penalty = list(0, 0.1, 10), penalty_l1 = list(0, 0.1), dropout = list(0, 0.5),
  clip = list(1, 1e-3), weights = list(
    rep(1:2, 20), rep(0:1, 20), c(1, rep(0, 39)), c(1, rep(1e-300, 39)), c(1e12, rep(1, 39))
  ),
  validation = list(0.2, 0.5, 0.01), patience = list(1, 3), tolerance = list(0, 0.1),
  restarts = list(1, 2), precision = list("double", "single"), threads = list(1, 2),
  offset = list(rep(0.1, 40)), init = as.list(names(internal$init_table)),
  keep_fitted = list(TRUE, FALSE), class_weights = list("balanced", c(1, 2, 3))
)

try_arguments <- function(case) {
  y <- one_of(data[c("number", "unit", "count", "two", "three", "several")])
  X <- data$X
  if (chance(0.2)) X <- X * one_of(list(0, 1e-200, 1e150, 1e8, 1e17, c(1e17, rep(1, 39))))
  if (is.double(y) && chance(0.1)) y <- y * 10^sample(c(-300:300, 15:20), 1)
  given <- list(X = X, y = y, epochs = one_of(choices$epochs))
  for (name in sample(names(choices), sample(0:6, 1))) {
    value <- if (chance(0.15)) one_of(values) else one_of(choices[[name]])
    given[name] <- list(value)
  }
  if (verbose) str(given[-(1:2)])
  before <- serialize(given, NULL)
  train <- function() {
    set.seed(case)
    outcome(do.call(nn_train, given, quote = TRUE), "arguments", case, "nn_train()")
  }
  fit <- train()
  if (is_refused(fit)) {
    return(invisible())
  }
  if (!identical(train(), fit)) fail("arguments", case, "two calls differ")
  if (!identical(serialize(given, NULL), before)) fail("arguments", case, "the arguments changed")
  if (!all_finite(fit$history$loss)) fail("arguments", case, "a loss is not finite")
  check_valid(fit, "arguments", case)
  offset <- given$offset
  predicted <- outcome(predict(fit, X, offset = offset), "arguments", case, "predict()")
  if (!is_refused(predicted) && anyNA(predicted)) fail("arguments", case, "predict() returned NaN")
}

# Another value of an argument: one of another kind, a part of it changed, or other columns or rows.
# Objects of the package are not changed within: this is what `models` and `fits` do.
other_value <- function(x) {
  if (chance(0.4) || length(x) == 0 || is.function(x)) {
    given <- Filter(length, calls)
    return(if (chance(0.8)) one_of(values) else one_of(one_of(given)))
  }
  if (is.data.frame(x)) {
    j <- sample.int(length(x), 1)
    column <- one_of(Filter(function(x) is.atomic(x) && length(x) > 0, values))
    return(switch(sample.int(5, 1),
      x[-j],
      x[sample.int(nrow(x), sample(0:2, 1)), , drop = FALSE],
      replace(x, j, list(rep_len(column, nrow(x)))),
      stats::setNames(x, sample(names(x))),
      cbind(x, x[j])
    ))
  }
  if (is_of_package(x)) change_object(x) else if (is.object(x)) one_of(values) else change(x)
}

# Objects of the package are lists, which users can change by hand.
is_of_package <- function(x) is.list(x) && any(startsWith(class(x), "nn_"))
change_object <- function(x) {
  changed <- change(unclass(x))
  if (is.null(changed)) changed else structure(changed, class = class(x))
}

# A valid call of an exported function, of which some arguments are changed, or others added.
try_functions <- function(case) {
  name <- names(calls)[(case - 1) %% length(calls) + 1]
  f <- get(name, asNamespace("backprop"))
  given <- calls[[name]]
  known <- setdiff(c(names(given), names(formals(f))), "...")
  if (length(known) > 0 && case > length(calls)) {
    for (changed in sample(known, sample.int(2, 1), replace = TRUE)) {
      given[changed] <- list(other_value(given[[changed]]))
    }
  }
  if (verbose) str(given)
  before <- serialize(given, NULL)
  words <- 0
  call_it <- function() {
    set.seed(case)
    said <- function(condition) words <<- words + 1
    outcome(
      withCallingHandlers(
        do.call(f, given, quote = TRUE),
        warning = said, message = said
      ), "functions", case, paste0(name, "()")
    )
  }
  result <- call_it()
  if (is_refused(result)) {
    if (case <= length(calls)) fail("functions", case, name, "() refuses a valid call")
    return(invisible())
  }
  # functions and objects of reference classes are never identical
  of_reference <- is.function(result) || is.environment(result)
  if (!of_reference && !identical(call_it(), result, ignore.environment = TRUE)) {
    fail("functions", case, name, "(): two calls differ")
  }
  if (!identical(serialize(given, NULL), before)) {
    fail("functions", case, name, "(): the arguments changed")
  }
  finite <- function(x) {
    all(rapply(list(x), function(x) all(is.finite(x)), classes = "numeric", how = "unlist"))
  }
  checked <- !is.object(result) && words == 0 && !name %in% may_overflow
  if (checked && finite(unclass(given)) && !finite(result)) {
    fail("functions", case, name, "() returned numbers that are not finite")
  }
}

# Changes a random element of a list, at any depth.
change <- function(x) {
  if (is.data.frame(x)) {
    columns <- change(as.list(x))
    if (is.list(columns)) attributes(columns) <- c(attributes(columns), attributes(x)[-1])
    return(columns)
  }
  if (is.list(x) && length(x) > 0 && chance(0.9)) {
    at <- sample.int(length(x), 1)
    if (chance(0.06)) {
      x[[at]] <- NULL
    } else if (chance(0.03)) {
      x <- x[sample.int(length(x))]
    } else if (chance(0.03) && !is.null(names(x))) {
      names(x)[at] <- one_of(c(names(x), "type", "", "z"))
    } else {
      x[at] <- list(change(x[[at]]))
    }
    return(x)
  }
  if (is.atomic(x) && length(x) > 0 && chance(0.7)) {
    at <- sample.int(length(x), 1)
    how <- sample.int(6, 1)
    if (is.numeric(x) && how == 1) {
      x[at] <- one_of(c(0, -1, 1, 2, 0.5, 1e10, 1e300, 2^31, 2^32 - 1, 2^53, -1e300, NaN, Inf, NA))
    } else if (is.numeric(x) && how == 2) {
      x[at] <- x[at] + one_of(c(-1, 1, 0.5))
    } else if (is.character(x) && how <= 2) {
      x[at] <- one_of(c("", "tanh", "a", strrep("x", 1e4), "\u00e4", "softmax", "{x}", NA))
    } else if (is.logical(x) && how <= 2) {
      x[at] <- !x[at]
    } else if (how == 3) {
      x <- x[-at]
    } else if (how == 4) {
      x <- c(x, x[at])
    } else if (how == 5) {
      dim(x) <- NULL
    } else {
      x <- rep(x, sample(0:3, 1))
    }
    return(x)
  }
  one_of(values[c(1:24, 27:31)])
}

# What users do with a fit; `kind`: one of `fits`.
use_fit <- function(fit, kind, part, case) {
  predicted <- outcome(predict(fit, kind$data), part, case, "predict()")
  if (!is_refused(predicted) && anyNA(predicted)) fail(part, case, "predict() returned NaN")
  outcome(utils::capture.output(print(fit)), part, case, "print()")
  outcome(utils::capture.output(print(summary(fit))), part, case, "summary()")
  outcome(coef(fit), part, case, "coef()")
  outcome(nn_doctor(fit), part, case, "nn_doctor()")
  outcome(plot(fit, one_of(c("network", "loss"))), part, case, "plot()")
  more <- outcome(nn_continue(fit, kind$data, kind$y, epochs = 2), part, case, "nn_continue()")
  if (!is_refused(more) && anyNA(more$history$loss)) fail(part, case, "a loss is NaN")
  path <- tempfile(fileext = one_of(c(".R", ".c", ".sql", ".onnx")))
  outcome(nn_export(fit, path), part, case, "nn_export()")
  unlink(path)
}

try_models <- function(case) {
  kind <- one_of(fits)
  model <- internal$as_schema_1(unclass(kind$fit))
  for (times in seq_len(sample(1:3, 1))) model <- change(model)
  if (verbose) print(all.equal(internal$as_schema_1(unclass(kind$fit)), model))
  payload <- tryCatch(internal$write_json(model), error = function(e) NULL)
  if (is.null(payload)) {
    return(invisible())
  }
  text <- charToRaw(enc2utf8(paste0("\"schema\": 1,\n\"model\": ", payload, "}\n")))
  path <- tempfile(fileext = ".json")
  on.exit(unlink(path))
  writeBin(c(charToRaw(internal$file_head(cli::hash_raw_md5(text))), text), path)
  fit <- outcome(nn_load(path), "models", case, "nn_load()")
  if (!is_refused(fit)) use_fit(fit, kind, "models", case)
}

try_fits <- function(case) {
  kind <- one_of(fits)
  # what the core relies on
  parts <- c("layers", grep("^[wb](h|out)", names(unclass(kind$fit)), value = TRUE), "state")
  model <- unclass(kind$fit)
  part <- one_of(parts)
  model[part] <- list(change(model[[part]]))
  fit <- structure(model, class = "nn_fit")
  outcome(predict(fit, kind$data), "fits", case, "predict()")
  outcome(nn_continue(fit, kind$data, kind$y, epochs = 1), "fits", case, "nn_continue()")
  outcome(nn_save(fit, tempfile()), "fits", case, "nn_save()")
}

# An object that was changed, in the functions that are given it.
try_objects <- function(case) {
  name <- one_of(names(objects))
  object <- objects[[name]][[1]]
  for (times in seq_len(sample(1:2, 1))) object <- change_object(object)
  if (is.null(object)) {
    return(invisible())
  }
  if (verbose) print(all.equal(unclass(objects[[name]][[1]]), unclass(object)))
  uses <- objects[[name]][[2]]
  for (i in sample.int(length(uses), min(3, length(uses)))) {
    use <- uses[[i]]
    what <- paste0("a changed ", name, ", use ", i)
    outcome(utils::capture.output(use(object)), "objects", case, what)
  }
}

odd_names <- c(
  "a", "a b", "if", "\"", "'", "\u00e4", "x;y", "--", "*/", "exp", "%s", "A.b", "_x", "1", "\u4e2d",
  "row", "class", "response", "a.b", "a_b", "T", "\\", "//", "/*", "?", "${x}"
)
odd_levels <- c(
  "u", "v w", "\u00e4", "it's", "\"q\"", "%d", "\\n", "NA", " ", "1", "TRUE", "??/", "\u4e2d"
)

# A data frame of 40 rows with at most five columns, some with extreme values.
random_frame <- function() {
  n <- 40
  column <- function() {
    switch(sample.int(5, 1),
      rnorm(n) * 10^sample(-8:8, 1),
      factor(sample(sample(odd_levels, 3), n, replace = TRUE)),
      sample(sample(odd_levels, 2), n, replace = TRUE),
      sample(c(TRUE, FALSE), n, replace = TRUE),
      1e5 + sample.int(9, n, replace = TRUE)
    )
  }
  names <- unique(sample(odd_names, sample.int(5, 1)))
  # names that differ only in case are an error in SQL
  data <- stats::setNames(lapply(names, function(name) column()), names)
  as.data.frame(data, optional = TRUE, stringsAsFactors = FALSE)
}

# New rows: those of the data, with missing values, unseen levels and large numbers.
random_rows <- function(data, unseen) {
  rows <- data[1:8, , drop = FALSE]
  for (j in seq_along(rows)) {
    if (unseen && chance(0.5)) rows[[j]][2] <- NA
    if (is.numeric(rows[[j]]) && chance(0.3)) rows[[j]][3] <- rows[[j]][3] * 100
    if (unseen && chance(0.3) && is.character(rows[[j]])) rows[[j]][4] <- "never seen"
  }
  rows
}

# What runs exported files, from the tests; NULL if they are not beside this script.
export_runners <- local({
  helper <- file.path(folder, "..", "tests", "testthat", "helper-export.R")
  if (file.exists(helper) && requireNamespace("withr", quietly = TRUE)) {
    runners <- new.env()
    sys.source(helper, runners)
    runners$onnx_script <- file.path(dirname(helper), "fixtures", "run-onnx.js")
    runners
  }
})
export_languages <- c(
  ".R",
  if (!is.null(export_runners)) {
    c(
      if (requireNamespace("RSQLite", quietly = TRUE)) ".sql",
      if (!is.null(export_runners$c_compiler())) ".c",
      if (requireNamespace("jsonlite", quietly = TRUE) && nzchar(Sys.which("node")) &&
        dir.exists(export_runners$onnxruntime_folder())) {
        ".onnx"
      }
    )
  }
)

# The predictions of an exported file, n x outputs.
run_export <- function(path, ending, fit, rows, outputs) {
  if (ending == ".R") {
    alone <- new.env(parent = baseenv())
    eval(parse(path, encoding = "UTF-8", keep.source = FALSE), alone)
    return(alone$predict_network(rows))
  }
  model <- internal$export_model(fit, NULL)
  used <- vapply(model$inputs, `[[`, "", "name")
  part <- if (is.matrix(rows)) rows else rows[used]
  if (ending == ".onnx" && is.data.frame(part)) {
    # missing text is the empty string
    text <- !vapply(part, function(x) is.numeric(x) || is.logical(x), NA)
    part[text] <- lapply(part[text], function(x) ifelse(is.na(x), "", as.character(x)))
  }
  switch(ending,
    .sql = export_runners$run_exported_sql(path, as.data.frame(rows, optional = TRUE)),
    .c = export_runners$run_exported_c(path, if (is.matrix(part)) unname(part) else part, outputs),
    .onnx = export_runners$run_onnx(path, part, "double", export_runners$onnx_script)$response
  )
}

try_exports <- function(case) {
  y <- one_of(data[c("number", "unit", "count", "two", "three", "several")])
  X <- if (chance(0.3)) {
    X <- data$X
    colnames(X) <- make.unique(sample(odd_names, 3))
    X
  } else {
    random_frame()
  }
  given <- list(
    X, y,
    hidden = one_of(list(0, 2, c(3, 2))), epochs = 2, reduction = "mean", learning_rate = 1e-3
  )
  if (chance(0.7)) given$activation <- one_of(internal$inner_activations)
  if (chance(0.4)) given$loss <- one_of(setdiff(names(internal$loss_table), "custom"))
  if (chance(0.2)) {
    given[[2]] <- factor(data$three, ordered = TRUE)
    given$loss <- "cumulative"
  }
  if (!identical(given$hidden, 0) && chance(0.4)) given$skip <- TRUE
  if (is.data.frame(X)) {
    given <- c(given, list(penalty = 0.01, new_levels = "NA"))
    if (chance(0.3)) given$standardize <- one_of(list(FALSE, "robust"))
    if (chance(0.3)) {
      given$missing <- "indicator"
      for (j in seq_along(X)) if (chance(0.5)) given[[1]][[j]][c(1, 7)] <- NA
    }
    if (is.numeric(given[[2]]) && is.null(dim(given[[2]])) && chance(0.3)) {
      columns <- lapply(names(X), as.name)
      right <- Reduce(function(a, b) call(one_of(c("+", "*", ":")), a, b), columns)
      frame <- given[[1]]
      frame$outcome <- y
      given[1:2] <- list(eval(call("~", quote(outcome), right)), frame)
    }
  }
  if (verbose) str(given)
  set.seed(case)
  fit <- outcome(do.call(nn_train, given, quote = TRUE), "exports", case, "nn_train()")
  if (is_refused(fit)) {
    return(invisible())
  }
  rows <- if (is.matrix(X)) X[1:8, ] else random_rows(X, unseen = TRUE)
  # exported files return the probability of each class, also where the outputs are of P(y > level)
  type <- if (internal$has_ordered_outputs(fit)) "prob" else "response"
  here <- outcome(predict(fit, rows, type = type), "exports", case, "predict()")
  if (is_refused(here) || !any(is.finite(here))) {
    return(invisible())
  }
  here <- unname(as.matrix(here))
  for (ending in export_languages) {
    path <- tempfile(fileext = ending)
    extra <- switch(ending,
      .sql = list(keep = "row_number"),
      .onnx = list(precision = "double")
    )
    written <- outcome(do.call(nn_export, c(list(fit, path), extra)), "exports", case, ending)
    if (is_refused(written)) next
    there <- outcome(
      run_export(path, ending, fit, rows, ncol(here)), "exports", case, paste("the file", ending)
    )
    unlink(path)
    if (is_refused(there)) next
    if (!identical(dim(as.matrix(there)), dim(here))) {
      fail("exports", case, ending, ": predictions of another shape")
      next
    }
    there <- matrix(as.double(as.matrix(there)), nrow(here))
    expected <- here
    # beyond the largest number predictions are infinite or missing
    there[is.infinite(there)] <- expected[is.infinite(here)] <- NA
    # truth values can't be missing there
    flags <- is.data.frame(rows) & ending == ".onnx"
    flags <- if (flags) Reduce(`|`, lapply(Filter(is.logical, rows), is.na), FALSE) else FALSE
    there[flags, ] <- expected[flags, ] <- 0
    apart <- abs(there - expected) / pmax(1, abs(expected))
    if (!identical(is.na(there), is.na(expected)) || any(apart > 1e-9, na.rm = TRUE)) {
      fail("exports", case, ending, ": other predictions")
      if (verbose) print(list(there = there, here = here, rows = rows))
    }
  }
}

# A random mix of options for training that is killed.
resume_options <- function() {
  optimizer <- one_of(c(
    "adam", "adamw", "momentum", "nesterov", "rmsprop", "gradient_descent", "rprop", "lbfgs"
  ))
  given <- list(
    hidden = one_of(list(30, c(20, 10))), reduction = "mean", epochs = 1e6, optimizer = optimizer,
    precision = one_of(c("double", "single")), threads = one_of(1:2),
    penalty = one_of(list(0, 1e-3)), activation = one_of(c("tanh", "sigmoid", "relu"))
  )
  if (chance(0.3)) given$validation <- 0.2
  if (chance(0.2)) given$weights <- rep(1:4, 500)
  if (chance(0.2)) given$offset <- rep(c(0, 0.1), 1000)
  if (optimizer %in% c("rprop", "lbfgs")) {
    return(given)
  }
  given$learning_rate <- 1e-3
  if (chance(0.9)) given$batch_size <- one_of(c(100, 256, 1999))
  given$dropout <- one_of(c(0, 0.1))
  given$shuffle <- chance(0.8)
  if (chance(0.3)) given$clip <- 1
  if (chance(0.5)) {
    given$schedule <- one_of(list(
      nn_cosine(1e4), nn_exponential(0.999), nn_plateau(patience = 20), nn_warm_up(50, nn_step(99))
    ))
  }
  given
}

# What came of the trainings that were killed.
kills <- c(
  "trainings" = 0, "killed before the first checkpoint" = 0, "ended before they were killed" = 0,
  "killed and resumed to the same bits" = 0
)
count_kill <- function(what) kills[what] <<- kills[what] + 1

try_resume <- function(case) {
  if (.Platform$OS.type != "unix") {
    return(invisible())
  }
  given <- resume_options()
  if (verbose) str(given)
  at_once <- chance(0.15)
  signal <- one_of(signals)
  X <- matrix(sin(seq_len(2000 * 20)^1.1), 2000)
  y <- cos(seq_len(2000)^1.1)
  folder <- tempfile()
  dir.create(folder)
  path <- file.path(folder, "fit.rds")
  on.exit(unlink(folder, recursive = TRUE))
  train <- function(...) {
    set.seed(case)
    do.call(nn_train, utils::modifyList(c(list(X, y), given), list(...)))
  }
  count_kill("trainings")
  child <- parallel::mcparallel(suppressWarnings(train(checkpoint = path)))
  if (at_once) {
    Sys.sleep(runif(1, 0, 0.2))
  } else {
    end <- Sys.time() + 60
    while (!file.exists(path) && Sys.time() < end) Sys.sleep(0.01)
    for (i in seq_len(sample(0:3, 1))) {
      Sys.sleep(runif(1, 0, 0.3))
      tools::pskill(child$pid, tools::SIGSTOP)
      Sys.sleep(runif(1, 0, 0.1))
      tools::pskill(child$pid, tools::SIGCONT)
    }
    Sys.sleep(runif(1, 0, 2.2))
  }
  tools::pskill(child$pid, signal)
  returned <- suppressWarnings(parallel::mccollect(child, wait = TRUE))
  ended <- inherits(returned[[1]], "nn_fit")
  others <- setdiff(list.files(folder, all.files = TRUE, no.. = TRUE), "fit.rds")
  if (!all(startsWith(others, internal$temporary_prefix(path)))) {
    return(fail("resume", case, "other files are left: ", toString(others)))
  }
  if (at_once && !file.exists(path)) {
    return(count_kill("killed before the first checkpoint"))
  }
  fit <- tryCatch(readRDS(path), error = function(e) NULL)
  if (is.null(fit)) {
    return(fail("resume", case, "the checkpoint is damaged or was not written"))
  }
  if (fit$stop == "iterations") {
    more <- nn_continue(fit, X, y, epochs = 2, weights = given$weights, offset = given$offset)
    whole <- suppressWarnings(train(epochs = more$state$epoch))
  } else {
    more <- fit
    whole <- suppressWarnings(train())
  }
  if (!identical(more$state, whole$state) || !identical(coef(more), coef(whole)) ||
    !identical(more$history, whole$history)) {
    return(fail("resume", case, "other bits after epoch ", fit$state$epoch))
  }
  count_kill(
    if (ended) "ended before they were killed" else "killed and resumed to the same bits"
  )
}

# --- The run --------------------------------------------------------------------------------------

calls <- valid_calls(data, fits)
objects <- valid_objects(data, fits)
absent <- setdiff(getNamespaceExports("backprop"), c(names(calls), never_called, not_everywhere))
if (length(absent)) fail("functions", 0, "no valid call of ", toString(absent))
parts <- list(
  arguments = try_arguments, functions = try_functions, models = try_models, fits = try_fits,
  objects = try_objects,
  exports = try_exports, resume = try_resume
)
if (nzchar(only)) parts <- parts[only]
RNGversion("4.0.0")
for (part in names(parts)) {
  end <- if (cases < Inf) Inf else proc.time()[[3]] + seconds / length(parts)
  case <- first
  while (proc.time()[[3]] < end && case < first + cases) {
    set.seed(seed * 1e5 + case)
    if (verbose) cat(part, case, "\n")
    parts[[part]](case)
    if (verbose) break
    case <- case + 1
  }
  cat(part, ": cases ", first, " to ", case - 1, " of seed ", seed, "\n", sep = "")
  if (part == "resume") cat(sprintf("  %s: %d\n", names(kills), kills), sep = "")
}
cat(failures, "failures\n")
quit(status = as.integer(failures > 0))
