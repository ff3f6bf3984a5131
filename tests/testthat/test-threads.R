# Threads share the work and change no bit of it, in this process and in forked ones.

# What a training says, for any number of threads.
results <- function(..., n = 300, hidden = c(70, 33), epochs = 2) {
  set.seed(1)
  X <- matrix(rnorm(n * 9), n)
  y <- cbind(sin(X[, 1]), X[, 2] * X[, 3] / 2)
  fit <- nn_train(
    X, y,
    hidden = hidden, activation = "tanh", output_activation = "identity",
    init = "glorot_uniform", reduction = "mean", epochs = epochs, ...
  )
  list(
    coef(fit), fit$history, fit$objective, fit$state$moment,
    coef(nn_continue(fit, X, y, epochs = 1))
  )
}

test_that("the result is the same to the last bit for any number of threads", {
  # a batch below and above the 1024 rows of a piece, rows that are no multiple of anything, one
  # unit for many threads
  cases <- list(
    list(optimizer = "adam", batch_size = 100),
    list(optimizer = "adam", batch_size = 100, precision = "single"),
    list(n = 2500, batch_size = 1300, optimizer = "momentum"), list(n = 2500, precision = "single"),
    list(hidden = c(1, 2), optimizer = "rmsprop", batch_size = 7),
    list(hidden = 0, batch_size = 64),
    list(
      optimizer = "adam", batch_size = 64, dropout = 0.3, clip = 0.5, penalty = 0.01,
      validation = 0.2
    ),
    list(n = 1100, optimizer = "rprop"),
    list(n = 1100, hidden = 20, optimizer = "lbfgs", epochs = 10),
    list(n = 1100, hidden = 5, optimizer = "lm", epochs = 3)
  )
  with_each_instruction_set(function(set) {
    for (case in cases) {
      label <- paste(set, paste(deparse(case), collapse = " "))
      alone <- do.call(results, case)
      expect_true(all(is.finite(unlist(alone))), label = label)
      for (threads in c(2, 5)) {
        expect_identical(
          do.call(results, c(case, threads = threads)), alone,
          label = paste(label, threads, "threads")
        )
      }
    }
  })
})

test_that("eight threads and more share processors, of which there may be two, without a bit", {
  skip_on_cran()
  cases <- list(
    list(optimizer = "adam", batch_size = 100), list(optimizer = "lbfgs"),
    list(n = 2500, hidden = 130, batch_size = 1300, optimizer = "momentum", precision = "single")
  )
  for (case in cases) {
    alone <- do.call(results, case)
    for (threads in c(5, 8, 16)) {
      expect_identical(do.call(results, c(case, threads = threads)), alone)
    }
  }
})

test_that("outputs and objective of many rows come from one pass, on all threads", {
  set.seed(1)
  X <- matrix(rnorm(2100 * 5), 2100)
  y <- sin(X[, 1]) + X[, 2]
  weights <- rep_len(c(1, 2, 0, 0.5), 2100)
  train <- function(...) {
    set.seed(2)
    nn_train(X, y,
      hidden = 30, activation = "relu", output_activation = "identity", optimizer = "adam",
      batch_size = 100, epochs = 2, penalty = 0.1, reduction = "mean", ...
    )
  }
  for (precision in c("double", "single")) {
    plain <- train(precision = precision)
    expect_identical(plain$output[, 1], predict(plain, X))
    expect_equal(
      plain$objective,
      mean((y - plain$output)^2) / 2 + 0.05 * (sum(plain$wh^2) + sum(plain$wout^2)),
      tolerance = c(double = 1e-12, single = 1e-5)[[precision]]
    )
    # rows that are held out, or have no weight, are not in the objective, but have outputs
    some <- train(precision = precision, weights = weights, validation = 0.2)
    expect_identical(some$output[, 1], predict(some, X))
    for (threads in c(3, 8)) {
      several <- train(
        precision = precision, weights = weights, validation = 0.2, threads = threads
      )
      expect_identical(several[c("output", "objective", "errors")], some[c(
        "output", "objective", "errors"
      )])
    }
  }
})

test_that("threads are there while a call lasts, and gone after it", {
  skip_on_cran()
  skip_if_not(dir.exists("/proc/self/task"))
  own_id <- Sys.getpid()
  count <- function() length(list.files(sprintf("/proc/%d/task", own_id)))
  most_while_training <- function(threads) {
    watcher <- parallel::mcparallel({
      end <- Sys.time() + 1
      most <- 0
      while (Sys.time() < end) most <- max(most, count())
      most
    })
    end <- Sys.time() + 1.5
    while (Sys.time() < end) results(batch_size = 100, epochs = 50, threads = threads)
    parallel::mccollect(watcher)[[1]]
  }
  # R's BLAS may have threads of its own, and ends them where the process forks.
  alone <- most_while_training(1)
  expect_equal(most_while_training(3), alone + 2)
  expect_equal(most_while_training(1), alone)
  expect_equal(count(), alone)
})

train_seeds <- function(apply_to, ...) {
  X <- scale(as.matrix(iris[1:4]))
  apply_to(1:4, function(seed) {
    set.seed(seed)
    fit <- nn_train(
      X, iris$Species,
      hidden = c(16, 8), activation = "tanh", reduction = "mean",
      optimizer = "adam", epochs = 20, batch_size = 32, init = "glorot_uniform", ...
    )
    list(
      coef(fit), fit$history, predict(fit, X),
      nn_continue(fit, X, iris$Species, epochs = 5)$objective
    )
  })
}
forked <- function(x, f) parallel::mclapply(x, f, mc.cores = 2, mc.preschedule = FALSE)

test_that(
  paste0(
    "forked processes give the same bits, with threads of their own too, and leave the parent as ",
    "it was"
  ),
  {
    skip_on_os("windows")
    with_each_instruction_set(function(set) {
      here <- train_seeds(lapply)
      expect_identical(train_seeds(forked), here, label = set)
      # the parent has used threads before it forks, and the children use their own
      expect_identical(train_seeds(lapply, threads = 2), here, label = paste(set, "2 threads"))
      expect_identical(
        train_seeds(forked, threads = 2), here,
        label = paste(set, "2 threads, forked")
      )
      expect_identical(
        train_seeds(lapply, threads = 2), here,
        label = paste(set, "2 threads, after forks")
      )
    })
  }
)

test_that("wrong numbers of threads are refused", {
  for (threads in list(0, 1.5, -1, NA, "2", 3e9, NULL, c(1, 2))) {
    expect_error(nn_train(diag(3), 1:3, threads = threads), class = "backprop_error_argument")
  }
})

test_that("two threads beside busy processes take at most three times as long as one", {
  skip_on_cran()
  skip_on_os("windows")
  set.seed(1)
  X <- matrix(rnorm(2000 * 20), 2000)
  y <- rnorm(2000)
  seconds <- function(threads) {
    system.time(nn_train(
      X, y,
      hidden = 100, epochs = 20, optimizer = "adam", batch_size = 500, reduction = "mean",
      threads = threads
    ))[[3]]
  }
  busy <- lapply(1:2, function(i) {
    parallel::mcparallel({
      end <- Sys.time() + 20
      while (Sys.time() < end) NULL
    })
  })
  withr::defer({
    for (job in busy) tools::pskill(job$pid, tools::SIGKILL)
    suppressWarnings(parallel::mccollect(busy))
  })
  # one fair turn of the processes in ten: threads that wait for each other never have one
  # (their ratio is at least 20); a batch of less work takes less time than a turn
  for (i in 1:10) {
    ratio <- seconds(2) / seconds(1)
    if (ratio <= 3) break
  }
  expect_lte(ratio, 3)
})
