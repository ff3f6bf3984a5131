# Processes that train together: the fit is that of one process with all rows.

n <- 400
set.seed(3)
X <- matrix(rnorm(n * 3), n, dimnames = list(NULL, c("a", "b", "c")))
z <- 2 * sin(X[, 1]) + X[, 2]^2 + 0.3 * rnorm(n)
two <- factor(ifelse(z > 0.5, "yes", "no"))
three <- factor(cut(z, c(-Inf, 0, 1, Inf), c("low", "mid", "high")))
w <- rep_len(c(1, 2, 0, 0.5), n)
o <- seq(-1, 1, length.out = n)
held <- list(X = X[1:50, ] + 0.1, y = z[1:50])

numbers <- list(reduction = "mean", output_activation = "identity", hidden = 6)
mean_of <- function(...) list(reduction = "mean", ...)
cases <- list(
  tutorial = list(list(X = X, y = z), c(numbers, epochs = 30)),
  sums = list(
    list(X = X, y = two), list(hidden = c(5, 4), epochs = 5, batch_size = 32, learning_rate = 0.01)
  ),
  adam = list(list(X = X, y = three, weights = w), mean_of(
    hidden = 8, epochs = 6, batch_size = 50, optimizer = "adam", penalty = 0.01, dropout = 0.2,
    clip = 1, activation = "relu", init = "he_normal", class_weights = "balanced"
  )),
  wide = list(list(X = X, y = z), c(numbers["reduction"], numbers["output_activation"], list(
    hidden = c(40, 30), epochs = 4, batch_size = 128, optimizer = "adamw", activation = "tanh"
  ))),
  stopping = list(list(X = X, y = three, weights = w), mean_of(
    hidden = 8, epochs = 30, batch_size = 50, optimizer = "adam", learning_rate = 0.02,
    validation = 0.2, patience = 2, schedule = nn_cosine(30)
  )),
  plateau = list(list(X = X, y = z, offset = o), c(numbers, list(
    epochs = 10, batch_size = 64, optimizer = "momentum", schedule = nn_plateau(patience = 1),
    penalty_l1 = 1e-4
  ))),
  lbfgs = list(list(X = X, y = z, weights = w, offset = o), c(numbers, list(
    epochs = 20, optimizer = "lbfgs", penalty = 1e-3, activation = "tanh"
  ))),
  lbfgs_held_out = list(list(X = X, y = two), mean_of(
    hidden = 6, epochs = 20, optimizer = "lbfgs", penalty = 1e-3, activation = "tanh",
    validation = 0.25
  )),
  converged = list(list(X = X, y = two), mean_of(
    hidden = 0, optimizer = "lbfgs", penalty = 0.1, epochs = 100
  )),
  restarts = list(list(X = X, y = z), c(numbers, list(
    epochs = 10, optimizer = "rprop", restarts = 3
  ))),
  held_out = list(list(X = X, y = z), c(numbers, list(
    epochs = 10, optimizer = "nesterov", batch_size = 100, validation = held, keep_fitted = FALSE
  ))),
  one_row = list(list(X = X[1:6, ], y = z[1:6]), c(numbers, list(
    epochs = 5, batch_size = 1, optimizer = "rmsprop"
  )))
)

# Trains all cases in one process, or with the rows that it has of those of `counts`.
train_cases <- function(communicator, cases, shares) {
  own <- function(n) {
    if (is.null(communicator)) {
      return(seq_len(n))
    }
    ends <- round(n * cumsum(shares) / sum(shares))
    starts <- c(0, ends)
    rank <- communicator$rank + 1
    starts[rank] + seq_len(ends[rank] - starts[rank])
  }
  take <- function(x, rows) if (is.null(dim(x))) x[rows] else x[rows, , drop = FALSE]
  some <- function(data) lapply(data, function(x) take(x, own(NROW(x))))
  lapply(cases, function(case) {
    options <- case[[2]]
    if (is.list(options$validation)) options$validation <- some(options$validation)
    set.seed(if (is.null(communicator)) 1 else 1 + communicator$rank)
    do.call(nn_train, c(some(case[[1]]), options, list(communicator = communicator)))
  })
}
shares <- list(1, c(0.6, 0.4), c(0.37, 0, 0.63), c(0.37, 0.005, 0.5, 0.125))

test_that("the fit of several processes is that of one", {
  skip_on_cran()
  alone <- train_cases(NULL, cases)
  for (size in 1:4) {
    fits <- if (size == 1) {
      list(train_cases(
        list(rank = 0, size = 1, sum = identity, broadcast = function(x, from) x), cases, 1
      ))
    } else {
      in_ranks(size, train_cases, cases, shares[[size]])
    }
    for (case in names(cases)) {
      expect_lt(difference(fits[[1]][[case]], alone[[case]]), 1e-12)
      for (rank in seq_len(size)) expect_identical(fits[[rank]][[case]], fits[[1]][[case]])
    }
    if (size == 3) {
      again <- c("adam", "lbfgs_held_out")
      repeated <- in_ranks(size, train_cases, cases[again], shares[[size]])
      expect_identical(repeated, lapply(fits, `[`, again))
    }
  }
})

# The rows of a process of several with as many rows each.
split <- function(communicator, n) {
  which(ceiling(seq_len(n) / n * communicator$size) == communicator$rank + 1)
}
environment(split) <- globalenv()

# The calls of two processes: the second one makes `change`.
of_two <- function(change = list(), ...) {
  call <- list(X = X[1:20, ], y = z[1:20], hidden = 2, epochs = 4)
  call[...names()] <- list(...)
  list(call, utils::modifyList(call, change, keep.null = TRUE))
}

test_that("an error in one process is an error in all", {
  skip_on_cran()
  calls <- list(
    `other settings` = of_two(list(epochs = 5, optimizer = "adam")),
    `a missing value` = of_two(list(X = replace(X[1:20, ], 7, NA))),
    `too few outcomes` = of_two(list(y = z[1:19])),
    `no weights` = of_two(list(weights = NULL), weights = rep(1, 20)),
    `no rows` = of_two(X = X[0, ], y = z[0]),
    `levels in another order` = of_two(
      list(y = factor(rep(c("c", "b"), 10), c("c", "b"))),
      y = factor(rep(c("a", "b"), 10))
    ),
    optimizer = of_two(optimizer = "lm"),
    divergence = of_two(learning_rate = 1e300, output_activation = "identity"),
    callback = of_two(callback = function(now) {
      if (now$epoch == 2 && Sys.getenv("TEST_RANK") == "1") stop("Enough.")
    })
  )
  errors <- in_ranks(2, function(communicator, calls) {
    Sys.setenv(TEST_RANK = communicator$rank)
    lapply(calls, function(call) {
      call <- call[[communicator$rank + 1]]
      tryCatch(do.call(nn_train, c(call, list(communicator = communicator))), error = identity)
    })
  }, calls)
  outcomes <- lapply(names(calls), function(name) list(errors[[1]][[name]], errors[[2]][[name]]))
  names(outcomes) <- names(calls)
  classes <- vapply(outcomes, function(of_ranks) {
    vapply(of_ranks, function(error) class(error)[1], "")
  }, c("", ""))
  expect_identical(classes, rbind(
    paste0("backprop_error_", c(
      "rank", "rank", "rank", "rank", "input", "input", "argument", "diverged", "callback"
    )),
    paste0("backprop_error_", c(
      "argument", "input", "input", "argument", "input", "input", "argument", "diverged", "callback"
    ))
  ), ignore_attr = TRUE)
  expect_identical(outcomes[["no weights"]][[1]]$rank, 1)
  expect_identical(outcomes$callback[[1]]$fit$state$epoch, 2)
  expect_snapshot(for (name in names(outcomes)) {
    cat("##", name, "\n")
    for (error in outcomes[[name]]) cat(cli::ansi_strip(conditionMessage(error)), sep = "\n")
  })
})

test_that("processes stay identical in long searches, and notice if they do not", {
  skip_on_cran()
  # by then rounding errors have grown to more than 1e-8
  fits <- in_ranks(3, function(communicator, X, z, split) {
    own <- split(communicator, nrow(X))
    train <- function(...) {
      set.seed(2)
      nn_train(X[own, ], z[own], communicator = communicator, ...)
    }
    list(
      long = train(
        hidden = 20, activation = "tanh", optimizer = "lbfgs", epochs = 150, reduction = "mean",
        output_activation = "identity"
      ),
      unlike = tryCatch(
        {
          add_up <- communicator$sum
          noise <- 1 + communicator$rank * 2^-52
          communicator$sum <- function(x) if (length(x) > 40) noise * add_up(x) else add_up(x)
          train(hidden = 20, epochs = 3)
        },
        error = identity
      )
    )
  }, X[1:150, ], z[1:150], split)
  for (rank in 2:3) expect_identical(fits[[rank]]$long, fits[[1]]$long)
  expect_identical(nrow(fits[[1]]$long$history), 150L)
  for (fit in fits) expect_s3_class(fit$unlike, "backprop_error_communicator")
  expect_snapshot(for (fit in fits) cat(cli::ansi_strip(conditionMessage(fit$unlike)), sep = "\n"))
})

test_that("levels and targets are those of all rows", {
  skip_on_cran()
  run <- function(communicator, X, y) {
    own <- if (communicator$rank == 0) 1:30 else 31:100
    fit <- nn_train(X[own, ], factor(y[own]), epochs = 3, communicator = communicator)
    alone <- nn_train(X, factor(y), start = coef(nn_train(
      X[own, ], factor(y[own], sort(unique(y))),
      epochs = 0, communicator = communicator
    )), epochs = 0)
    list(fit$levels, dim(fit$output), all.equal(fit$digest, fit$digest), alone$levels)
  }
  y <- c(rep(c("b", "c"), 15), rep(c("a", "c"), 35))
  for (result in in_ranks(2, run, X[1:100, ], y)) {
    expect_identical(result[[1]], c("a", "b", "c"))
    expect_identical(result[[2]], c(100L, 3L))
  }
})

test_that("a process that does not answer is noticed", {
  skip_on_cran()
  errors <- in_ranks(2, function(communicator, X, y) {
    if (communicator$rank == 1) {
      called <- 0
      add_up <- communicator$sum
      communicator$sum <- function(x) {
        called <<- called + 1
        if (called == 40) tools::pskill(Sys.getpid(), 9)
        add_up(x)
      }
    }
    nn_train(X, y, epochs = 1000, communicator = communicator)
  }, X[1:20, ], z[1:20])
  expect_s3_class(errors[[1]], "backprop_error_communicator")
  expect_match(conditionMessage(errors[[1]]), "rank 1 does not answer")
})

test_that("processes that make different calls notice it", {
  skip_on_cran()
  errors <- in_ranks(3, function(communicator, X, y) {
    if (communicator$rank == 1) {
      nn_train(X, y, epochs = 1, communicator = communicator)
      nn_train(X, y, epochs = 1, communicator = communicator)
    } else {
      fit <- nn_train(X, y, epochs = 1, communicator = communicator)
      nn_continue(fit, X, y, epochs = 1, communicator = communicator)
    }
  }, X[1:20, ], z[1:20])
  expect_identical(
    vapply(errors, function(error) inherits(error, "backprop_error"), NA), rep(TRUE, 3)
  )
})

test_that("another number of processes resumes training from a checkpoint", {
  skip_on_cran()
  options <- list(
    adam = c(numbers, list(optimizer = "adam", batch_size = 64, dropout = 0.1)),
    lbfgs = c(numbers, list(optimizer = "lbfgs", validation = 0.2))
  )
  first <- function(communicator, X, z, options, folder, split) {
    own <- split(communicator, nrow(X))
    for (name in names(options)) {
      set.seed(1)
      do.call(nn_train, c(list(X[own, ], z[own],
        epochs = 5, communicator = communicator,
        checkpoint = if (communicator$rank == 0) {
          file.path(folder, name)
        } else {
          "/no such folder/of this process"
        }
      ), options[[name]]))
    }
  }
  again <- function(communicator, X, z, options, folder, split) {
    own <- split(communicator, nrow(X))
    lapply(names(options), function(name) {
      nn_continue(
        readRDS(file.path(folder, name)), X[own, ], z[own],
        epochs = 6, communicator = communicator
      )
    })
  }
  folder <- withr::local_tempdir()
  in_ranks(2, first, X, z, options, folder, split)
  whole <- lapply(options, function(options) {
    set.seed(1)
    do.call(nn_train, c(list(X, z, epochs = 11), options))
  })
  three <- in_ranks(3, again, X, z, options, folder, split)
  alone <- lapply(names(options), function(name) {
    nn_continue(readRDS(file.path(folder, name)), X, z, epochs = 6)
  })
  for (i in 1:2) {
    expect_lt(difference(three[[1]][[i]], whole[[i]]), 1e-12)
    expect_identical(three[[2]][[i]], three[[1]][[i]])
    expect_lt(difference(alone[[i]], whole[[i]]), 1e-12)
  }
  # the digest does not depend on how the rows are spread, and tells other data
  expect_identical(three[[1]][[1]]$digest, readRDS(file.path(folder, "adam"))$digest)
  expect_warning(
    nn_continue(readRDS(file.path(folder, "adam")), X, z + 1e-9, epochs = 0),
    class = "backprop_warning_other_data"
  )
  expect_warning(
    nn_continue(three[[1]][[1]], replace(X, 5, 0), z, epochs = 0),
    class = "backprop_warning_other_data"
  )
})

test_that("a communicator is checked", {
  expect_snapshot(error = TRUE, {
    nn_train(X, z, communicator = "mpi")
    nn_train(X, z, communicator = list(rank = 2, size = 2, sum = sum, broadcast = identity))
    nn_mpi(timeout = 0)
  })
  fit <- nn_train(X, z, epochs = 1, hidden = 2)
  expect_error(
    nn_continue(fit, X, z, epochs = 1, communicator = 1),
    class = "backprop_error_argument"
  )
  expect_error(
    nn_cv(X, z, communicator = list()), "can't be used",
    class = "backprop_error_argument"
  )
})
