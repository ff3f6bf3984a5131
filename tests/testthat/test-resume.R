# Training in pieces is training in one go, to the last bit: in this process, in another, after an
# interrupt and after a kill.

inputs <- unname(scale(as.matrix(iris[1:4])))
classes <- iris$Species
numbers <- 1 * (iris$Species == "virginica")
makers <- list(
  gradient_descent = nn_gradient_descent, momentum = nn_momentum, nesterov = nn_nesterov,
  rmsprop = nn_rmsprop, adam = nn_adam, adamw = nn_adamw, rprop = nn_rprop, lbfgs = nn_lbfgs,
  lm = nn_lm
)
full_batch <- c("rprop", "lbfgs", "lm")

# All of a fit but the call, which names other epochs.
body_of <- function(fit) {
  fit <- unclass(fit)
  fit$call <- NULL
  fit
}
expect_same_fit <- function(object, expected, info = NULL) {
  expect_identical(body_of(object), body_of(expected), info = info)
}

train <- function(epochs, ..., y = classes, hidden = 4, reduction = "mean", seed = 6) {
  set.seed(seed)
  nn_train(inputs, y, hidden = hidden, reduction = reduction, epochs = epochs, ...)
}

# 50 + 50 and 1 + 49 + 50 epochs; the fit of 100 comes back. A unit that ends up saturated, or a
# class apart from the others, is no matter here.
expect_resumes <- function(...) {
  suppressWarnings(
    resumes(...),
    classes = c("backprop_warning_saturated", "backprop_warning_separable")
  )
}
resumes <- function(..., y = classes, info = NULL, ended = FALSE) {
  whole <- train(100, ..., y = y)
  half <- train(50, ..., y = y)
  expect_same_fit(nn_continue(half, inputs, y, epochs = 50), whole, info)
  pieces <- nn_continue(
    nn_continue(train(1, ..., y = y), inputs, y, epochs = 49), inputs, y,
    epochs = 50
  )
  expect_same_fit(pieces, whole, info)
  if (!ended) {
    expect_identical(whole$stop, "iterations", info = info)
    expect_equal(whole$state$epoch, 100, info = info)
    # the second half has trained at all
    expect_false(
      identical(half$state$weights, whole$state$weights),
      label = paste(info, "stood still: that")
    )
  }
  invisible(whole)
}

# What each optimiser is resumed with: mini-batches, dropout, a schedule and clipping where it takes
# them.
resume_settings <- function(name, precision) {
  settings <- list(optimizer = name, precision = precision, penalty = 1e-3)
  if (name %in% full_batch) {
    return(settings)
  }
  c(settings, list(
    batch_size = 32, dropout = 0.2, schedule = nn_warm_up(5, nn_cosine(200)), clip = 1
  ))
}
targets_of <- function(name) if (name == "lm") numbers else classes

test_that(
  "50 + 50 epochs are 100 for every optimiser and precision, full batch and mini-batches",
  {
    for (name in names(makers)) {
      for (precision in c("double", "single")) {
        # L-BFGS and Levenberg-Marquardt may end by themselves, and the fit of 50 epochs with them
        ended <- name %in% c("lbfgs", "lm")
        y <- targets_of(name)
        do.call(expect_resumes, c(resume_settings(name, precision), list(
          y = y, info = paste(name, precision), ended = ended
        )))
        expect_resumes(
          optimizer = name, precision = precision, y = y,
          info = paste(name, precision, "full batch"), ended = ended
        )
      }
    }
  }
)

test_that("L-BFGS and Levenberg-Marquardt resume after each of their first iterations", {
  for (name in c("lbfgs", "lm")) {
    for (precision in c("double", "single")) {
      y <- targets_of(name)
      begin <- function(epochs) {
        train(epochs, optimizer = name, precision = precision, y = y, penalty = 1e-4)
      }
      whole <- begin(12)
      expect_identical(whole$stop, "iterations")
      for (first in 0:11) {
        expect_same_fit(
          nn_continue(begin(first), inputs, y, epochs = 12 - first), whole,
          paste(name, precision, first)
        )
      }
      one_by_one <- begin(0)
      for (epoch in 1:12) one_by_one <- nn_continue(one_by_one, inputs, y, epochs = 1)
      expect_same_fit(one_by_one, whole, paste(name, precision, "one by one"))
    }
  }
})

test_that("50 + 50 epochs are 100 for each schedule", {
  schedules <- list(
    step = nn_step(7), exponential = nn_exponential(0.97), cosine = nn_cosine(80, least = 0.01),
    warm_up = nn_warm_up(60), warm_up_step = nn_warm_up(10, nn_step(20)),
    plateau = nn_plateau(patience = 2),
    plateau_least = nn_plateau(factor = 0.1, patience = 1, least = 0.2)
  )
  for (name in names(schedules)) {
    expect_resumes(
      optimizer = "adam", learning_rate = 0.02, batch_size = 40, schedule = schedules[[name]],
      info = name
    )
    expect_resumes(
      optimizer = "momentum", schedule = schedules[[name]], validation = 0.2,
      info = paste(name, "validation")
    )
  }
})

test_that(
  "50 + 50 epochs are 100 with dropout, held-out rows, weights, offsets and patience not reached",
  {
    expect_resumes(optimizer = "adam", dropout = 0.5, info = "dropout, full batch")
    expect_resumes(
      optimizer = "adam", dropout = 0.5, batch_size = 1, info = "dropout, a row a batch"
    )
    expect_resumes(optimizer = "adam", batch_size = 16, shuffle = FALSE, info = "no shuffle")
    fit <- expect_resumes(optimizer = "adam", batch_size = 16, validation = 0.3, info = "share")
    expect_gt(fit$best_epoch, 50)
    expect_resumes(
      optimizer = "adam", batch_size = 16, validation = 0.3, patience = 100,
      info = "share, patience"
    )
    expect_resumes(
      optimizer = "adam", batch_size = 16, patience = 100, tolerance = 1e-3,
      info = "patience without held-out rows"
    )
    expect_resumes(
      optimizer = "adam", batch_size = 16, validation = 0.3, patience = 100, tolerance = 0.01,
      y = numbers, info = "numbers"
    )
    expect_resumes(
      optimizer = "adam", batch_size = 16, class_weights = "balanced", info = "class weights"
    )
    expect_resumes(optimizer = "rprop", penalty_l1 = 1e-3, info = "rprop, L1")
    expect_resumes(
      optimizer = "adam", y = factor(numbers), batch_size = 16, validation = 0.2,
      keep_fitted = FALSE, info = "two classes"
    )
    # nothing can be learnt from these, so that the best epoch lies before the place where the run
    # is cut; above it lay after
    set.seed(1)
    noise <- factor(rbinom(150, 1, 0.5))
    fit <- expect_resumes(
      optimizer = nn_adam(0.1), batch_size = 8, validation = 0.3, y = noise,
      info = "best epoch early"
    )
    expect_lt(fit$best_epoch, 50)
    weights <- rep(c(0.5, 2, 1), 50)
    offset <- sin(1:150)
    held <- list(
      X = inputs[1:40, ] + 0.1, y = numbers[1:40], weights = weights[1:40], offset = offset[1:40]
    )
    given <- list(weights = weights, offset = offset, validation = held)
    whole <- do.call(
      train, c(list(100, y = numbers, optimizer = "nesterov", batch_size = 16), given)
    )
    half <- do.call(train, c(list(50, y = numbers, optimizer = "nesterov", batch_size = 16), given))
    expect_same_fit(do.call(nn_continue, c(list(half, inputs, numbers, epochs = 50), given)), whole)
  }
)

test_that(
  paste0(
    "patience that is reached after the cut ends training in the same epoch, and before it the ",
    "fit comes back unchanged"
  ),
  {
    settings <- list(optimizer = nn_adam(0.1), batch_size = 16, validation = 0.3, patience = 6)
    whole <- do.call(train, c(list(500), settings))
    expect_identical(whole$stop, "patience")
    last <- whole$state$epoch
    expect_gt(last, 6)
    for (first in c(1, last - 6, last - 1)) {
      expect_same_fit(
        nn_continue(do.call(train, c(list(first), settings)), inputs, classes, epochs = 500), whole,
        paste("cut at", first)
      )
    }
    expect_message(
      again <- nn_continue(whole, inputs, classes, epochs = 10),
      class = "backprop_message_ended"
    )
    expect_identical(again, whole)
    further <- nn_continue(whole, inputs, classes, epochs = 3, patience = 50)
    expect_identical(further$state$epoch, last + 3)
  }
)

test_that("a callback changes no number, each epoch or every few", {
  for (name in names(makers)) {
    plain <- do.call(train, c(list(20, y = targets_of(name)), resume_settings(name, "double")))
    for (every in c(1, 3, 50)) {
      seen <- numeric()
      watch <- nn_callback(function(now) {
        # neither its own random numbers nor what it returns are of any effect
        runif(3)
        seen <<- c(seen, now$epoch)
      }, every = every)
      watched <- do.call(
        train, c(list(20, y = targets_of(name), callback = watch), resume_settings(name, "double"))
      )
      expect_same_fit(watched, plain, paste(name, every))
      expect_equal(seen, seq_len(plain$state$epoch %/% every) * every, info = paste(name, every))
    }
  }
})

test_that("the same seed gives the same bits, and another seed others", {
  for (name in names(makers)) {
    settings <- resume_settings(name, "double")
    once <- do.call(train, c(list(5, y = targets_of(name)), settings))
    expect_identical(do.call(train, c(list(5, y = targets_of(name)), settings)), once, info = name)
    other <- do.call(train, c(list(5, y = targets_of(name), seed = 7), settings))
    expect_false(identical(coef(other), coef(once)), label = paste(name, "ignores the seed: that"))
  }
  # from given weights the seed is that of the order and of dropout alone
  start <- coef(train(0))
  order_of <- function(seed) coef(train(3, start = start, batch_size = 16, seed = seed))
  expect_identical(order_of(1), order_of(1))
  expect_false(identical(order_of(1), order_of(2)))
  # a full batch draws nothing but the weights
  set.seed(1)
  nn_init(4, 3, 4)
  after <- .Random.seed
  train(2, seed = 1)
  expect_identical(.Random.seed, after)
})

test_that(
  "a fit goes on to the same end after saveRDS() and readRDS(), also in another process",
  {
    folder <- withr::local_tempdir()
    jobs <- whole <- list()
    for (name in names(makers)) {
      for (precision in c("double", "single")) {
        settings <- resume_settings(name, precision)
        job <- paste(name, precision)
        whole[[job]] <- do.call(train, c(list(20, y = targets_of(name)), settings))
        fit <- do.call(train, c(list(10, y = targets_of(name)), settings))
        jobs[[job]] <- list(fit = fit, y = targets_of(name), settings = settings)
      }
    }
    jobs$plateau <- list(
      fit = train(10, schedule = nn_plateau(patience = 1), validation = 0.2), y = classes,
      settings = list(schedule = nn_plateau(patience = 1), validation = 0.2)
    )
    whole$plateau <- train(20, schedule = nn_plateau(patience = 1), validation = 0.2)
    saveRDS(
      list(jobs = jobs, X = inputs, sets = attr(nn_instruction_sets(), "chosen")),
      file.path(folder, "jobs.rds")
    )
    status <- start_script(
      c(
        sprintf("setwd(%s)", encodeString(folder, quote = "\"")),
        "given <- readRDS('jobs.rds')",
        "invisible(nn_instruction_sets(given$sets))",
        paste0(
          "more <- lapply(given$jobs, function(job) nn_continue(job$fit, given$X, job$y, ",
          "epochs = 10))"
        ),
        "anew <- lapply(given$jobs, function(job) {",
        "  set.seed(6)",
        paste0(
          "  do.call(nn_train, c(list(given$X, job$y, hidden = 4, reduction = 'mean', ",
          "epochs = 20), job$settings))"
        ),
        "})",
        "saveRDS(list(more = more, anew = anew), 'result.rds')"
      ),
      folder,
      wait = TRUE
    )
    expect_equal(status, 0, info = paste(readLines(file.path(folder, "log.txt")), collapse = "\n"))
    result <- readRDS(file.path(folder, "result.rds"))
    saved <- readRDS(file.path(folder, "jobs.rds"))$jobs
    for (job in names(jobs)) {
      expect_same_fit(
        nn_continue(saved[[job]]$fit, inputs, jobs[[job]]$y, epochs = 10), whole[[job]],
        paste(job, "here")
      )
      expect_same_fit(result$more[[job]], whole[[job]], paste(job, "resumed there"))
      expect_same_fit(result$anew[[job]], whole[[job]], paste(job, "trained there"))
    }
  }
)

test_that("a checkpoint is replaced whole, never written over", {
  folder <- withr::local_tempdir()
  path <- file.path(folder, "fit.rds")
  older <- file.path(folder, "older.rds")
  plain <- train(10, optimizer = "adam", batch_size = 16)
  fit <- train(
    10,
    optimizer = "adam", batch_size = 16, checkpoint = path,
    callback = function(now) {
      # another name for the first file: it must stay as it was
      if (now$epoch == 1) expect_true(file.link(path, older))
    }
  )
  expect_same_fit(fit, plain)
  expect_same_fit(readRDS(path), plain)
  expect_identical(readRDS(older)$state$epoch, 1)
  expect_same_fit(nn_continue(readRDS(older), inputs, classes, epochs = 9), plain)
  expect_setequal(list.files(folder), c("fit.rds", "older.rds"))
})

# A run that takes minutes, cut into chunks that end within an epoch. The data follow from formulas,
# so that both processes have them.
long_data <- c("X <- matrix(sin(1:160000), 8000)", "y <- (cos(1:8000) + 1) / 2")
long_run <- function(epochs, ...) {
  paste0(
    "nn_train(X, y, hidden = 30, reduction = 'mean', optimizer = 'adam', batch_size = 256, ",
    "dropout = 0.1, ",
    "schedule = nn_cosine(1e4), epochs = ", epochs, ..., ")"
  )
}

test_that("a process that is killed leaves its last checkpoint, which goes on to the same end", {
  skip_on_os("windows")
  folder <- withr::local_tempdir()
  path <- file.path(folder, "fit.rds")
  pid <- file.path(folder, "pid")
  start_script(c(
    sprintf("setwd(%s)", encodeString(folder, quote = "\"")), long_data, "set.seed(9)",
    "writeLines(as.character(Sys.getpid()), 'writing'); invisible(file.rename('writing', 'pid'))",
    sprintf("fit <- %s", long_run("1e6", ", checkpoint = 'fit.rds'"))
  ), folder)
  expect_true(wait_for(pid))
  process <- as.integer(readLines(pid))
  withr::defer(tools::pskill(process, tools::SIGKILL))
  expect_true(wait_for(path))
  first <- file.mtime(path)
  end <- Sys.time() + 20
  while (file.mtime(path) == first && Sys.time() < end) Sys.sleep(0.02)
  tools::pskill(process, tools::SIGKILL)
  Sys.sleep(0.2)
  fit <- readRDS(path)
  expect_s3_class(fit, "nn_fit")
  done <- fit$state$epoch
  expect_gt(done, 0)
  expect_lt(done, 1e6)
  data <- new.env()
  eval(parse(text = long_data), data)
  set.seed(9)
  whole <- eval(parse(text = long_run(done + 3)), data)
  expect_same_fit(nn_continue(fit, data$X, data$y, epochs = 3), whole)
})

# Starts `call`, which trains for minutes, at the top level of another process, interrupts it after
# `after` seconds of training, and returns what came back in 10 seconds. On a busy machine that may
# take long: of three runs, the first that takes less than 2 seconds counts.
interrupted_run <- function(data, call, after = 0.7, env = parent.frame(), runs = 3) {
  folder <- withr::local_tempdir(.local_envir = env)
  start_script(
    c(
      sprintf("setwd(%s)", encodeString(folder, quote = "\"")), data, "set.seed(9)",
      "writeLines(as.character(Sys.getpid()), 'pid')",
      paste0(
        "invisible(trace('core_train', quote(if (!file.exists('begun')) file.create('begun')), ",
        "print = FALSE, where = asNamespace('backprop')))"
      ),
      paste("fit <-", call),
      "returned <- Sys.time()",
      paste0(
        "smallest <- 5e-324; denormals <- smallest * 1 > 0; ",
        "saveRDS(list(fit = fit, returned = returned, denormals = denormals), 'writing'); ",
        "invisible(file.rename('writing', 'result.rds'))"
      )
    ),
    folder
  )
  if (!wait_for(file.path(folder, "begun"))) stop("The other process has not begun.")
  process <- as.integer(readLines(file.path(folder, "pid")))
  on.exit(tools::pskill(process, tools::SIGKILL))
  Sys.sleep(after)
  sent <- Sys.time()
  tools::pskill(process, tools::SIGINT)
  end <- Sys.time() + 10
  result <- file.path(folder, "result.rds")
  # without a fit the process ends: signal 0 asks whether it is there
  while (!file.exists(result) && tools::pskill(process, 0) && Sys.time() < end) Sys.sleep(0.02)
  log <- paste(readLines(file.path(folder, "log.txt")), collapse = "\n")
  if (!file.exists(result)) {
    return(list(log = log))
  }
  answer <- readRDS(result)
  seconds <- as.numeric(difftime(answer$returned, sent, units = "secs"))
  if (seconds >= 2 && runs > 1) {
    return(interrupted_run(data, call, after, env, runs - 1))
  }
  list(fit = answer$fit, seconds = seconds, denormals = answer$denormals, log = log)
}

test_that("an interrupt at the top level returns the fit at once, and it goes on to the same end", {
  skip_on_os("windows")
  answer <- interrupted_run(long_data, long_run("1e6"))
  expect_lt(answer$seconds, 2)
  expect_identical(answer$fit$stop, "interrupted")
  expect_match(answer$log, "interrupted")
  expect_true(answer$denormals)
  data <- new.env()
  eval(parse(text = long_data), data)
  more <- nn_continue(answer$fit, data$X, data$y, epochs = 3)
  set.seed(9)
  whole <- eval(parse(text = long_run(more$state$epoch)), data)
  expect_same_fit(more, whole)
})

test_that(
  "an interrupt while held-out rows find how many epochs returns the fit to the others",
  {
    skip_on_cran()
    skip_on_os("windows")
    data <- paste0(
      "library(backprop); set.seed(1); d <- data.frame(matrix(rnorm(2e6), 4e4)); ",
      "d$y <- d$X1 * d$X2 + rnorm(4e4)"
    )
    # with so many units the epochs on the held-out rows take minutes on any machine
    call <- "nn_train(y ~ ., d, hidden = c(1024, 1024), penalty = 5e-5)"
    answer <- interrupted_run(data, call, after = 1.5)
    expect_identical(
      answer$fit$stop, "interrupted",
      label = paste("the stop, where the process says:", answer$log)
    )
    expect_match(answer$log, "interrupted")
    expect_lt(answer$seconds, 2)
    expect_identical(answer$fit$settings$validation, 0.1)
    d <- new.env()
    eval(parse(text = data), d)
    expect_gt(nn_continue(answer$fit, d$d, epochs = 1)$state$epoch, answer$fit$state$epoch)
  }
)

test_that("an interrupt between two epochs, or in a callback, returns the fit as well", {
  skip_on_os("windows")
  data <- "X <- unname(scale(as.matrix(iris[1:4]))); y <- iris$Species"
  further <- c(
    callback = "callback = function(now) NULL", slow = "callback = function(now) Sys.sleep(0.05)",
    plateau = "schedule = nn_plateau()"
  )
  for (name in names(further)) {
    call <- paste0(
      "nn_train(X, y, optimizer = 'adam', reduction = 'mean', epochs = 1e6, ", further[[name]], ")"
    )
    answer <- interrupted_run(data, call, after = 0.3)
    expect_identical(answer$fit$stop, "interrupted", label = paste0(
      "the stop with ", name, " (the process says: ", answer$log, ")"
    ))
    if (is.null(answer$fit)) next
    expect_lt(answer$seconds, 2)
    more <- nn_continue(answer$fit, inputs, classes, epochs = 3)
    set.seed(9)
    schedule <- if (name == "plateau") nn_plateau()
    whole <- nn_train(
      inputs, classes,
      optimizer = "adam", reduction = "mean", epochs = more$state$epoch,
      schedule = schedule
    )
    expect_same_fit(more, whole, name)
  }
})

test_that("what the first call had is given again, and what it had not is refused", {
  X <- unname(scale(as.matrix(mtcars[c("wt", "hp")])))
  y <- mtcars$mpg
  train <- function(...) {
    set.seed(1)
    ignore_overlap(
      nn_train(X, y, epochs = 5, output_activation = "identity", learning_rate = 0.001, ...)
    )
  }
  given <- train(validation = list(X = X[1:5, ], y = y[1:5]))
  share <- train(validation = 0.2)
  offset <- train(offset = y)
  plain <- train()
  expect_snapshot({
    refused(nn_continue(given, X, y, epochs = 3, validation = 0.2), "argument")
    refused(nn_continue(share, X, y, epochs = 3, validation = 0.2), "argument")
    refused(nn_continue(share, X[1:2, ], y[1:2], epochs = 3), "argument")
    refused(nn_continue(plain, X, y, epochs = 3, offset = y), "argument")
    refused(nn_continue(offset, X, y, epochs = 3), "argument")
    refused(nn_continue(plain, X, factor(y), epochs = 3), "input")
    refused(train(validation = list(X = X, y = factor(y))), "input")
    refused(train(validation = list(X = X, y = y[-1])), "input")
    refused(train(validation = list(X, y)), "argument")
  })
})

test_that("other held-out data are told of, and the best epoch is looked for anew", {
  X <- unname(scale(as.matrix(mtcars[c("wt", "hp")])))
  y <- mtcars$mpg
  set.seed(1)
  fit <- ignore_overlap(nn_train(
    X, y,
    epochs = 5, output_activation = "identity", learning_rate = 0.001,
    validation = list(X = X[1:5, ], y = y[1:5])
  ))
  expect_no_warning(nn_continue(fit, X, y, epochs = 1, validation = list(X = X[1:5, ], y = y[1:5])))
  expect_warning(
    other <- nn_continue(fit, X, y, epochs = 5, validation = list(X = X[6:8, ], y = y[6:8] + 100)),
    "held-out",
    class = "backprop_warning_other_data"
  )
  expect_gt(other$best_epoch, 5)
  expect_identical(other$state$best_loss, min(other$history$validation_loss[6:10]))
})

test_that("a fit that has converged goes on with other data", {
  X <- unname(scale(as.matrix(mtcars["wt"])))
  fit <- nn_train(
    X, mtcars$mpg,
    hidden = 0, optimizer = "lbfgs", output_activation = "identity", epochs = 500
  )
  expect_identical(fit$stop, "gradient")
  expect_message(nn_continue(fit, X, mtcars$mpg, epochs = 50), class = "backprop_message_ended")
  expect_warning(
    other <- nn_continue(fit, X, mtcars$mpg + 1, epochs = 50),
    class = "backprop_warning_other_data"
  )
  expect_equal(other$bout, fit$bout + 1, tolerance = 1e-8)
})

test_that("patience given anew counts from where the fit goes on", {
  set.seed(2)
  X <- matrix(rnorm(40), 20)
  y <- rnorm(20, 1, 0.3)
  fit <- nn_train(
    X, y,
    epochs = 300, optimizer = "adam", learning_rate = 0.05, validation = 0.3,
    output_activation = "identity", reduction = "mean"
  )
  expect_gt(fit$state$stale, 50)
  expect_gte(nn_continue(fit, X, y, epochs = 100, patience = 50)$state$epoch, 350)
})

test_that("an interrupt in a later start returns the best fit so far", {
  skip_on_os("windows")
  data <- paste0(
    "X <- unname(scale(as.matrix(iris[1:4]))); y <- iris$Species; starts <- 0; ",
    "wait <- function(now) ",
    "{ if (now$epoch == 1) starts <<- starts + 1; if (starts == 2) Sys.sleep(0.05) }"
  )
  answer <- interrupted_run(
    data,
    paste0(
      "nn_train(X, y, optimizer = 'adam', reduction = 'mean', learning_rate = 0.05, epochs = 200, ",
      "restarts = 3, callback = wait)"
    ),
    after = 2
  )
  expect_identical(answer$fit$stop, "interrupted", label = answer$log)
  expect_identical(answer$fit$state$epoch, 200)
  expect_match(answer$log, "of start 2 of 3")
})

test_that("a fit that was tampered with is refused before the core sees it", {
  set.seed(1)
  X <- matrix(rnorm(40), 20)
  y <- rnorm(20)
  fit <- unclass(nn_train(X, y, epochs = 3, optimizer = "adam", validation = 0.2))
  changes <- list(
    function(fit) {
      fit$state$moment <- numeric()
      fit
    }, function(fit) {
      fit$state$weights <- fit$state$weights[-1]
      fit
    }, function(fit) {
      fit$layers[[1]]$units <- 3000
      fit
    },
    function(fit) {
      fit$state <- NULL
      fit
    }, function(fit) {
      fit$state$epoch <- NULL
      fit
    }, function(fit) {
      fit$history <- NULL
      fit
    }, function(fit) {
      fit$settings <- NULL
      fit
    }
  )
  for (change in changes) {
    expect_error(
      nn_continue(structure(change(fit), class = "nn_fit"), X, y, epochs = 2), "not a valid fit",
      class = "backprop_error_argument"
    )
  }
})
