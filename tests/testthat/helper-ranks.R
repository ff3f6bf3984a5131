# Processes that train together without MPI: a communicator whose messages are files.

# The communicator of one process. A message is written under another name and renamed, so that no
# process reads an incomplete one. Sums are in the order of the ranks. `seconds`: how long to wait.
file_communicator <- function(folder, rank, size, seconds = 60) {
  count <- 0
  exchange <- function(object, from) {
    count <<- count + 1
    path <- function(r) file.path(folder, paste0(count, "-", r))
    if (rank %in% from) {
      saveRDS(object, paste0(path(rank), "-part"), compress = FALSE)
      file.rename(paste0(path(rank), "-part"), path(rank))
    }
    lapply(from, function(r) {
      start <- proc.time()[[3]]
      pause <- 2e-4
      while (!file.exists(path(r))) {
        if (proc.time()[[3]] - start > seconds) stop("rank ", r, " does not answer.")
        Sys.sleep(pause)
        pause <- min(1.5 * pause, 0.005)
      }
      readRDS(path(r))
    })
  }
  list(
    rank = rank, size = size,
    sum = function(x) {
      parts <- exchange(x, seq_len(size) - 1)
      if (any(lengths(parts) != length(x))) stop("the messages have different lengths.")
      Reduce(`+`, parts)
    },
    broadcast = function(object, from) exchange(object, from)[[1]]
  )
}

# R sessions that play the ranks. They are started once, because that takes longer than most tests.
rank_sessions <- new.env()

rank_session <- function(rank) {
  name <- as.character(rank)
  session <- rank_sessions[[name]]
  if (is.null(session) || !session$is_alive() || session$get_state() != "idle") {
    if (!is.null(session)) session$close(grace = 0)
    session <- callr::r_session$new()
    session$run(function() library(backprop))
    if (length(ls(rank_sessions)) == 0) {
      withr::defer(
        for (name in ls(rank_sessions)) rank_sessions[[name]]$close(grace = 0),
        testthat::teardown_env()
      )
    }
    rank_sessions[[name]] <- session
  }
  session
}

# The values of body(communicator, ...) in `size` processes, or their errors, in the order of the
# ranks.
in_ranks <- function(size, body, ..., seconds = 60) {
  skip_if_not_installed("callr")
  folder <- withr::local_tempdir()
  environment(body) <- globalenv()
  run <- function(body, make, folder, rank, size, seconds, more) {
    tryCatch(
      do.call(body, c(list(make(folder, rank, size, seconds)), more)),
      error = function(e) e
    )
  }
  environment(run) <- globalenv()
  make <- file_communicator
  environment(make) <- globalenv()
  sessions <- lapply(seq_len(size) - 1, rank_session)
  for (rank in seq_len(size) - 1) {
    sessions[[rank + 1]]$call(run, list(body, make, folder, rank, size, seconds, list(...)))
  }
  lapply(sessions, function(session) {
    session$poll_process(timeout = 1000 * (2 * seconds + 60))
    answer <- session$read()
    if (is.null(answer$error)) answer$result else answer$error
  })
}

# The largest difference between the numbers of two fits, relative to numbers above 1. All else must
# be identical, except for the call and the digests, which are of other kinds.
difference <- function(fit, other) {
  flat <- function(x) {
    if (is.language(x)) deparse(x) else if (is.list(x)) lapply(unclass(x), flat) else x
  }
  plain <- function(fit) {
    fit <- unclass(fit)
    unlist(flat(fit[setdiff(names(fit), c("call", "digest", "held_out_digest"))]))
  }
  a <- plain(fit)
  b <- plain(other)
  expect_identical(names(a), names(b))
  expect_identical(dimnames(unclass(fit)$output), dimnames(unclass(other)$output))
  x <- suppressWarnings(as.numeric(a))
  y <- suppressWarnings(as.numeric(b))
  expect_identical(a[!is.finite(x)], b[!is.finite(y)])
  counted <- is.finite(x)
  max(abs(x - y)[counted] / pmax(1, abs(y[counted])))
}
