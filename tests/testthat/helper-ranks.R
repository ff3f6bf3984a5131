# Processes that train together without MPI: a communicator whose messages go through the process of
# the test, which answers them once all have arrived.

# list(send, receive): a message is its length and the object, written at once.
rank_messages <- function() {
  list(
    send = function(connection, object) {
      bytes <- serialize(object, NULL)
      writeBin(c(writeBin(length(bytes), raw()), bytes), connection)
    },
    receive = function(connection) {
      bytes <- function(count) {
        all <- raw()
        while (length(all) < count) {
          more <- readBin(connection, "raw", count - length(all))
          if (length(more) == 0) stop("the other processes do not answer.")
          all <- c(all, more)
        }
        all
      }
      unserialize(bytes(readBin(bytes(4), "integer")))
    }
  )
}

# The communicator of one process. Sums are in the order of the ranks.
rank_communicator <- function(connection, messages, rank, size) {
  ask <- function(...) {
    messages$send(connection, list(...))
    answer <- messages$receive(connection)
    if (is.null(answer$error)) answer$value else stop(answer$error)
  }
  list(
    rank = rank, size = size, sum = function(x) ask(x),
    broadcast = function(object, from) ask(if (rank == from) object, from)
  )
}

# Answers the messages of all ranks until they have closed their connections.
answer_ranks <- function(server, size, seconds) {
  messages <- rank_messages()
  connections <- vector("list", size)
  for (i in seq_len(size)) {
    one <- socketAccept(server, blocking = TRUE, open = "a+b", timeout = seconds)
    connections[[messages$receive(one) + 1]] <- one
  }
  open <- rep(TRUE, size)
  on.exit(for (one in connections[open]) close(one))
  waiting <- vector("list", size)
  while (any(open)) {
    asked <- !vapply(waiting, is.null, NA)
    if (all(asked | !open)) {
      lost <- which(!open) - 1
      answer <- if (length(lost) > 0) {
        list(error = paste0("rank ", lost[1], " does not answer."))
      } else if (length(waiting[[1]]) == 2) {
        list(value = waiting[[waiting[[1]][[2]] + 1]][[1]])
      } else if (length(unique(lengths(lapply(waiting, `[[`, 1)))) > 1) {
        list(error = "the messages have different lengths.")
      } else {
        list(value = Reduce(`+`, lapply(waiting, `[[`, 1)))
      }
      for (one in connections[open & asked]) try(messages$send(one, answer), silent = TRUE)
      waiting <- vector("list", size)
      next
    }
    at <- which(open & !asked)
    start <- proc.time()[[3]]
    # the end of a process interrupts it
    while (!any(ready <- socketSelect(connections[at], timeout = seconds))) {
      if (proc.time()[[3]] - start >= seconds) stop("Rank ", at[1] - 1, " hangs.")
    }
    for (i in at[ready]) {
      message <- tryCatch(messages$receive(connections[[i]]), error = function(e) NULL)
      if (is.null(message)) {
        close(connections[[i]])
        open[i] <- FALSE
      } else {
        waiting[[i]] <- message
      }
    }
  }
}

# R sessions that play the ranks. They are started once, because that takes longer than most tests.
rank_sessions <- new.env()

rank_session <- function(rank) {
  name <- as.character(rank)
  session <- rank_sessions[[name]]
  if (is.null(session) || !session$is_alive() || session$get_state() != "idle") {
    if (!is.null(session)) session$close(grace = 0)
    session <- callr::r_session$new(wait_timeout = 60000)
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
in_ranks <- function(size, body, ...) {
  skip_if_not_installed("callr")
  seconds <- 120 # how long to wait for one of them
  run <- function(body, make, messages, port, rank, size, seconds, more) {
    connection <- socketConnection(
      port = port, blocking = TRUE, open = "a+b", timeout = seconds
    )
    on.exit(close(connection))
    messages <- messages()
    messages$send(connection, rank)
    tryCatch(
      do.call(body, c(list(make(connection, messages, rank, size)), more)),
      error = function(e) e
    )
  }
  # what a session gets must not refer to the namespace of the tests
  for_session <- function(f) `environment<-`(f, globalenv())
  port <- NULL
  while (is.null(port)) {
    candidate <- 20000L + (Sys.getpid() + round(1e4 * proc.time()[[3]])) %% 12000L
    server <- tryCatch(serverSocket(candidate), error = function(e) NULL)
    if (!is.null(server)) port <- candidate
  }
  withr::defer(close(server))
  sessions <- lapply(seq_len(size) - 1, rank_session)
  for (rank in seq_len(size) - 1) {
    sessions[[rank + 1]]$call(for_session(run), list(
      for_session(body), for_session(rank_communicator), for_session(rank_messages), port, rank,
      size, seconds, list(...)
    ))
  }
  answer_ranks(server, size, seconds)
  lapply(sessions, function(session) {
    session$poll_process(timeout = 1000 * seconds)
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
