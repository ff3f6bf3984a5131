# Data frames, formulas and sparse matrices of processes that train together: the fit is that of one
# process with all rows.

n <- 120
set.seed(5)
d <- data.frame(
  x = rnorm(n, 50, 3), g = sample(c("a", "b", "c"), n, TRUE), k = 7,
  f = factor(sample(c("u", "v", "w"), n, TRUE), c("w", "u", "v")), b = runif(n) > 0.5,
  w = rep_len(c(1, 2, 0, 0.5), n), o = rnorm(n)
)
d$y <- sin(d$x) + (d$g == "b") + 0.5 * d$b + 0.2 * rnorm(n)
d$two <- ifelse(d$y > 0.5, "yes", "no")
d$three <- cut(d$y, 3, c("low", "mid", "high"))
d$x[c(5, 100)] <- NA
# no row of the first process has this level
d$g[1:48][d$g[1:48] == "c"] <- "a"

fixed <- list(hidden = 3, epochs = 4, penalty = 0.01)
# Calls of nn_train() with the rows `D`.
cases <- list(
  formula = quote(nn_train(y ~ x + g + f + b + k, D)),
  classes = quote(nn_train(three ~ x * g + f, D,
    optimizer = "adam", validation = 0.2, calibration = 0.2, weights = w, dropout = 0.2,
    max_norm = 2, layer_rates = c(1, 0.5)
  )),
  offsets = quote(nn_train(y ~ log(x) + offset(o) + g, D,
    subset = is.na(x) | x > 45, weights = w + 1, standardize = "robust", na.action = na.exclude
  )),
  columns = quote(nn_train(D[c("x", "g", "f", "b", "k")], D$two, calibration = 0.3, freeze = "bh")),
  weighted = quote(nn_train(D[c("f", "o")], D$y, weights = D$w, offset = D$o, restarts = 2)),
  held_out = quote(nn_train(y ~ x + g, D, validation = D, precision = "single")),
  held_out_list = quote(nn_train(D[c("o", "g")], D$y,
    validation = list(X = D[c("o", "g")], y = D$y), optimizer = "adam", patience = 2
  )),
  sparse = quote(nn_train(sparse(D), D$y, weights = D$w, precision = "single")),
  sparse_classes = quote(nn_train(sparse(D), D$two, optimizer = "adam", calibration = 0.2)),
  gamma = quote(nn_train(exp(y) ~ o + g, D, loss = "gamma")),
  tweedie = quote(nn_train(pmax(y, 0) ~ o, D, loss = nn_tweedie(1.5))),
  gaussian = quote(nn_train(y ~ o + g, D, loss = "gaussian", calibration = 0.2)),
  quantiles = quote(nn_train(y ~ o, D, loss = nn_quantile(c(0.1, 0.5, 0.9)), optimizer = "adam")),
  ordered = quote(nn_train(ordered(three) ~ o + g, D, loss = "cumulative")),
  counts = quote(nn_train(round(exp(y)) ~ o, D, loss = nn_negative_binomial()))
)
cases <- lapply(cases, function(case) {
  for (name in names(fixed)) case[[name]] <- fixed[[name]]
  case$communicator <- quote(C)
  case
})
# The choices by held-out rows, and an ensemble
searches <- list(
  search = quote(nn_train(y ~ x + g, D, hidden = 2, epochs = 3, communicator = C)),
  batches = quote(nn_train(two ~ x, repeated(D),
    hidden = 2, activation = "relu", penalty = 0.01, optimizer = "adam", communicator = C
  )),
  ensemble = quote(nn_train(two ~ x + g, D,
    hidden = 2, effort = "high", epochs = 2, penalty = 0.01, communicator = C
  ))
)

# The values of the calls in one process, or of those rows that it has, or their errors.
run_cases <- function(communicator, data, cases, shares) {
  rank <- if (is.null(communicator)) 0 else communicator$rank
  ends <- c(0, round(nrow(data) * cumsum(shares)))
  D <- data[ends[rank + 1] + seq_len(ends[rank + 2] - ends[rank + 1]), ]
  attr(D, "row.names") <- .set_row_names(nrow(D))
  sparse <- function(D) {
    loadNamespace("Matrix")
    methods::as(cbind(o = D$o * D$b, b = D$b + 0, g = (D$g == "c") + 0), "CsparseMatrix")
  }
  repeated <- function(D) as.data.frame(lapply(D, rep, each = 9))
  C <- communicator
  lapply(cases, function(case) {
    set.seed(1 + rank)
    tryCatch(eval(case), error = conditionMessage)
  })
}
shares <- list(1, c(0.4, 0.6), c(0.4, 0, 0.6), c(0.4, 0.3, 0.2, 0.1))

test_that("data frames of several processes make the fit of one", {
  skip_on_cran()
  skip_if_not_installed("Matrix")
  loadNamespace("Matrix")
  alone <- ignore_overlap(run_cases(NULL, d, cases, 1))
  for (name in names(cases)) expect_s3_class(alone[[!!name]], "nn_fit")
  # all cases with a process that has no rows, and some in other numbers of processes
  few <- cases[c("formula", "classes", "columns", "sparse_classes")]
  for (size in 2:4) {
    of_size <- if (size == 3) cases else few
    fits <- in_ranks(size, run_cases, d, of_size, shares[[size]])
    for (name in names(of_size)) {
      # in single precision, sums of a batch are rounded to 7 digits
      single <- name %in% c("held_out", "sparse")
      expect_lt(difference(fits[[1]][[!!name]], alone[[!!name]]), if (single) 1e-5 else 1e-12)
      for (rank in seq_len(size)) expect_identical(fits[[rank]][[name]], fits[[1]][[name]])
    }
  }
})

test_that("factors with many levels stay coded in several processes", {
  skip_on_cran()
  set.seed(8)
  D <- data.frame(
    f = factor(sample(sprintf("l%02d", 1:60), 300, TRUE)), x = rnorm(300), w = rep(0:2, 100),
    h = sample(c("common", sprintf("k%02d", 1:40)), 300, TRUE, c(0.4, rep(0.015, 40)))
  )
  D$b <- runif(300) > 0.5
  D$y <- D$x + as.integer(D$f) / 20 + rnorm(300) / 5
  D$k <- cut(D$y, 3, c("low", "mid", "high"))
  folder <- withr::local_tempdir()
  calls <- list(
    formula = quote(nn_train(y ~ f + x + h, D, standardize = "robust", calibration = 0.2)),
    columns = quote(nn_train(D[c("f", "h", "x")], D$k,
      optimizer = "adam", batch_size = 50, validation = 0.2, weights = D$w, dropout = 0.2,
      checkpoint = file.path(folder, "columns")
    )),
    crossed = quote(nn_train(y ~ x + f * b, D, optimizer = "adam")),
    factors = quote(nn_train(D["f"], D$y, validation = list(X = D["f"], y = D$y))),
    held_out = quote(nn_train(y ~ f + h, D, weights = w, validation = D, precision = "single"))
  )
  coded <- function(call) {
    call <- do.call(substitute, list(call, list(folder = folder)))
    bquote(withr::with_options(list(backprop.coded_from = 1), .(call)))
  }
  calls <- lapply(calls, function(call) {
    for (name in c("hidden", "epochs", "penalty")) call[[name]] <- fixed[[name]]
    call$communicator <- quote(C)
    coded(call)
  })
  alone <- run_cases(NULL, D, calls, 1)
  for (size in 2:3) {
    fits <- in_ranks(size, run_cases, D, calls, shares[[size]])
    for (name in names(calls)) {
      expect_true(fits[[1]][[!!name]]$encoding$coded)
      single <- name == "held_out"
      expect_lt(difference(fits[[1]][[!!name]], alone[[!!name]]), if (single) 1e-5 else 1e-12)
      for (rank in seq_len(size)) expect_identical(fits[[rank]][[name]], fits[[1]][[name]])
    }
  }
  # a checkpoint of three processes, in one and in two
  more <- list(coded(quote(nn_continue(readRDS(file.path(folder, "columns")), D[c("f", "h", "x")],
    D$k,
    weights = D$w, epochs = 3, communicator = C
  ))))
  longer <- expect_no_warning(run_cases(NULL, D, more, 1))[[1]]
  two <- in_ranks(2, run_cases, D, more, shares[[2]])[[1]][[1]]
  expect_lt(difference(two, longer), 1e-12)
  expect_identical(two$digest, longer$digest)
})

test_that("the digest is that of the rows, from a source or in memory", {
  skip_on_cran()
  calls <- list(
    frame = quote(nn_train(y ~ o + g, D)),
    source = quote(nn_train(y ~ o + g, nn_source(D, block_rows = 7)))
  )
  for (precision in c("double", "single")) {
    of_precision <- lapply(calls, function(call) {
      for (name in names(fixed)) call[[name]] <- fixed[[name]]
      call$precision <- precision
      call$communicator <- quote(C)
      call
    })
    fits <- in_ranks(3, run_cases, d, of_precision, shares[[3]])[[1]]
    expect_identical(fits$source$digest, fits$frame$digest)
  }
  # each fit in single precision, of rows in several processes, in memory or in a file, knows them
  other <- transform(d, o = o + 1e-3)
  for (fit in c(fits["source"], run_cases(NULL, d, of_precision, 1))) {
    expect_no_warning(nn_continue(fit, d, epochs = 0))
    expect_no_warning(nn_continue(fit, nn_source(d, block_rows = 50), epochs = 0))
    for (data in list(other, nn_source(other))) {
      expect_warning(nn_continue(fit, data, epochs = 0), class = "backprop_warning_other_data")
    }
  }
})

test_that("each process keeps the rows of its source for the next call", {
  skip_on_cran()
  folder <- withr::local_tempdir()
  call <- quote(nn_train(y ~ o + g, nn_source(D, cache = folder),
    hidden = 3, epochs = 4, penalty = 0.01, weights = w, communicator = C
  ))
  call <- list(do.call(substitute, list(call, list(folder = folder))))
  fits <- in_ranks(3, run_cases, d, call, shares[[3]])
  # the second process has no rows
  kept <- list.files(folder, full.names = TRUE)
  expect_match(kept, "backprop-[0-9a-f]+[.](rds|rows)$", all = TRUE)
  expect_length(kept, 4)
  times <- file.mtime(kept)
  expect_identical(in_ranks(3, run_cases, d, call, shares[[3]]), fits)
  expect_identical(file.mtime(list.files(folder, full.names = TRUE)), times)
})

test_that("defaults are chosen as in one process", {
  skip_on_cran()
  alone <- run_cases(NULL, d, searches, 1)
  fits <- in_ranks(2, run_cases, d, searches, shares[[2]])
  for (name in names(searches)) {
    expect_lt(difference(fits[[1]][[!!name]], alone[[!!name]]), 1e-12)
    expect_identical(fits[[2]][[!!name]], fits[[1]][[!!name]])
  }
})

test_that("sources of several processes, and other numbers of processes, continue a fit", {
  skip_on_cran()
  folder <- withr::local_tempdir()
  calls <- list(
    frame = quote(nn_train(two ~ x + g, D,
      hidden = 3, epochs = 4, penalty = 0.01, validation = D, weights = w, calibration = 0.2,
      checkpoint = file.path(folder, "frame"), communicator = C
    )),
    columns = quote(nn_train(D[c("x", "g")], D$y,
      hidden = 3, epochs = 4, penalty = 0.01, optimizer = "adam", patience = Inf,
      validation = 0.2, checkpoint = file.path(folder, "columns"), communicator = C
    )),
    source = quote(nn_train(y ~ x + g, nn_source(D, block_rows = 7),
      hidden = 3, epochs = 4, penalty = 0.01, optimizer = "adam", weights = w,
      checkpoint = file.path(folder, "source"), communicator = C
    ))
  )
  again <- list(
    frame = quote(nn_continue(readRDS(file.path(folder, "frame")), D,
      validation = D, epochs = 3, communicator = C
    )),
    columns = quote(nn_continue(readRDS(file.path(folder, "columns")), D[c("x", "g")], D$y,
      epochs = 3, communicator = C
    )),
    source = quote(nn_continue(readRDS(file.path(folder, "source")), nn_source(D, block_rows = 11),
      epochs = 3, communicator = C
    ))
  )
  at <- function(calls) {
    lapply(calls, function(call) do.call(substitute, list(call, list(folder = folder))))
  }
  in_ranks(2, run_cases, d, at(calls), shares[[2]])
  three <- in_ranks(3, run_cases, d, at(again), shares[[3]])
  one <- run_cases(NULL, d, at(again), 1)
  whole <- lapply(at(calls), function(call) {
    call$epochs <- 7
    call["checkpoint"] <- list(NULL)
    call
  })
  alone <- ignore_overlap(run_cases(NULL, d, whole, 1))
  for (name in names(calls)) {
    expect_lt(difference(three[[1]][[!!name]], alone[[!!name]]), 1e-12)
    expect_lt(difference(one[[!!name]], alone[[!!name]]), 1e-12)
    for (rank in 2:3) expect_identical(three[[rank]][[name]], three[[1]][[name]])
  }
})

test_that("an error in the data of one process is an error in all", {
  skip_on_cran()
  calls <- list(
    `another formula` = quote(nn_train(if (rank == 0) y ~ x else y ~ o, D, communicator = C)),
    `another column` = quote(nn_train(y ~ ., if (rank == 0) D else D[-1], communicator = C)),
    `another type` = quote(nn_train(y ~ g, if (rank == 0) D else transform(D, g = 1),
      communicator = C
    )),
    `another constant` = quote(nn_train(y ~ I(x / rank2), D, communicator = C)),
    `no outcome` = quote(nn_train(z ~ x, D, communicator = C)),
    `a source without the outcome` = quote(nn_train(z ~ x, nn_source(D), communicator = C)),
    `a source on one` = quote(nn_train(y ~ x, if (rank == 0) nn_source(D) else D,
      communicator = C
    )),
    `no rows` = quote(nn_train(y ~ x, D[0, ], communicator = C)),
    `no columns with rows` = quote(nn_train(D[0, c("x", "g")], D$y[0], communicator = C)),
    `all rows dropped` = quote(nn_train(y ~ x, transform(D, x = NA_real_), communicator = C)),
    `other rows` = quote(nn_train(y ~ poly(o, 2), D, communicator = C)),
    `missing values` = quote(nn_train(y ~ x, D, missing = "indicator", communicator = C)),
    `levels in another order` = quote(nn_train(y ~ f, transform(D, f = factor(
      f, if (rank == 0) c("w", "u", "v") else c("v", "u")
    )), communicator = C)),
    `an infinite value` = quote(nn_train(y ~ o, transform(D, o = o / (rank == 0)),
      communicator = C
    )),
    `a new level` = quote(nn_train(y ~ g, D,
      validation = transform(D, g = paste0(g, rank)),
      communicator = C
    )),
    `another version` = quote(nn_train(y ~ x, D, communicator = unlike(C, "version"))),
    `another instruction set` = quote(nn_train(y ~ x, D,
      communicator = unlike(C, "instruction set")
    ))
  )
  run <- function(communicator, data, calls) {
    rank <- communicator$rank
    rank2 <- rank + 2
    C <- communicator
    D <- data[which(seq_len(nrow(data)) %% 2 == rank), ]
    attr(D, "row.names") <- .set_row_names(nrow(D))
    # the digest of this fact of rank 0 is another one
    unlike <- function(C, fact) {
      receive <- C$broadcast
      C$broadcast <- function(object, from) {
        object <- receive(object, from)
        if (rank == 1 && fact %in% names(object)) object[[fact]] <- "another"
        object
      }
      C
    }
    lapply(calls, function(call) tryCatch(eval(call), error = identity))
  }
  errors <- in_ranks(2, run, d, calls)
  for (name in names(calls)) {
    for (rank in 1:2) {
      expect_s3_class(errors[[rank]][[!!name]], "backprop_error")
    }
  }
  expect_snapshot(for (name in names(calls)) {
    cat("##", name, "\n")
    for (rank in 1:2) {
      error <- errors[[rank]][[name]]
      cat(class(error)[1], ": ", cli::ansi_strip(conditionMessage(error)), "\n", sep = "")
    }
  })
  expect_snapshot(error = TRUE, nn_cv(y ~ x, d, communicator = list()))
})
