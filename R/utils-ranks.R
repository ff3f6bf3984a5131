# What the processes of a call do together: they meet, exchange objects and sums, and fail together.

# A call that several processes make together: an environment with the communicator's elements, the
# `call`, and
#   failed   whether the call has failed in a process and all know it, or they can't be told
#   message  the message of this process's error
# NULL if there is one process.
join_ranks <- function(communicator, call) {
  if (is.null(communicator)) {
    return(NULL)
  }
  check_communicator(communicator, call)
  if (communicator$size == 1) {
    return(NULL)
  }
  list2env(
    c(
      unclass(communicator)[c("rank", "size", "sum", "broadcast")],
      list(call = call, failed = FALSE, message = "It ended without an error.")
    ),
    parent = emptyenv()
  )
}

# Evaluates code that all processes evaluate. If it ends early in some of them, with an error or
# an interrupt, it ends with an error in all.
with_ranks <- function(ranks, code) {
  if (is.null(ranks)) {
    return(code)
  }
  finished <- FALSE
  on.exit(if (!finished && !ranks$failed) try(meet(ranks, "failed", failed = TRUE), silent = TRUE))
  value <- withCallingHandlers(code, error = function(e) ranks$message <- message_of(e))
  meet(ranks, "the end")
  finished <- TRUE
  value
}

# The text of an error in one line.
message_of <- function(e) {
  text <- if (inherits(e, "rlang_error")) c(e$message, e$body) else conditionMessage(e)
  cli::ansi_strip(paste(unlist(strsplit(text, "\n")), collapse = " "))
}

# All processes meet, at the same place of the code; `what` names it. An error if one has failed.
meet <- function(ranks, what, failed = FALSE) {
  place <- sum(utf8ToInt(what) * seq_len(nchar(what)))
  mine <- numeric(ranks$size)
  mine[ranks$rank + 1] <- failed
  all <- communicate(ranks, ranks$sum(c(mine, if (failed) c(0, 0) else c(place, place^2))))
  bad <- which(all[seq_len(ranks$size)] > 0) - 1
  if (length(bad) > 0) {
    ranks$failed <- TRUE
    from <- bad[1]
    message <- communicate(ranks, ranks$broadcast(if (ranks$rank == from) ranks$message, from))
    if (!failed) abort_other_rank(ranks, from, message)
  } else if (!identical(all[ranks$size + 1:2], ranks$size * c(place, place^2))) {
    ranks$failed <- TRUE
    abort_kind("communicator", c(
      "All processes must make the same calls in the same order.",
      x = "Rank {ranks$rank} is at {.val {what}}, others are not."
    ), ranks$call, environment())
  }
}

abort_other_rank <- function(ranks, from, message, ...) {
  abort_kind("rank", c(
    "The call failed in another process.",
    x = "Rank {from}: {message}"
  ), ranks$call, environment(), rank = from, ...)
}

# After an error of the communicator the other processes can't be told.
communicate <- function(ranks, code) {
  tryCatch(code, error = function(e) {
    ranks$failed <- TRUE
    abort_kind("communicator", c(
      "The processes must be able to communicate.",
      x = "The communicator of rank {ranks$rank} failed: {conditionMessage(e)}"
    ), ranks$call, environment(), parent = e)
  })
}

# The sums over all processes.
sum_ranks <- function(ranks, x, what) {
  meet(ranks, what)
  sums <- communicate(ranks, ranks$sum(as.double(x)))
  if (!is.double(sums) || length(sums) != length(x)) {
    communicate(ranks, stop("its sum must have as many numbers as were supplied."))
  }
  sums
}

# Is it true in any process?
any_rank <- function(ranks, x, what) {
  if (is.null(ranks)) isTRUE(x) else sum_ranks(ranks, isTRUE(x), what) > 0
}

# The objects of all processes, a list in the order of their ranks.
each_rank <- function(ranks, object, what) {
  meet(ranks, what)
  lapply(seq_len(ranks$size) - 1, function(from) {
    communicate(ranks, ranks$broadcast(if (ranks$rank == from) object, from))
  })
}

# The object of rank 0.
from_first_rank <- function(ranks, object, what) {
  if (is.null(ranks)) {
    return(object)
  }
  meet(ranks, what)
  communicate(ranks, ranks$broadcast(if (ranks$rank == 0) object, 0))
}

# For the core: the sums over all processes, without a meeting. Its errors reach R after the chunk.
core_sum <- function(ranks) {
  if (!is.null(ranks)) function(x) communicate(ranks, ranks$sum(x))
}

# Checks that all processes make the same call. `facts`: a list by name, of what must be the same.
check_same_call <- function(ranks, facts) {
  facts <- c(list(version = as.character(utils::packageVersion("backprop"))), facts, list(
    `instruction set` = core_instruction_set()
  ))
  mine <- vapply(facts, hash_of, "")
  first <- from_first_rank(ranks, mine, "arguments")
  names <- union(names(first), names(mine))
  other <- names[!vapply(names, function(name) identical(mine[name], first[name]), NA)]
  if (length(other) > 0) {
    abort_argument(c(
      "All processes must make the same call, each with its own rows.",
      x = paste0(
        "{cli::qty(length(other))}Of rank {ranks$rank}, {.field {other}} {?differs/differ} from ",
        "{?that/those} of rank 0."
      ),
      i = if ("instruction set" %in% other) {
        "Select one that all processors support: see {.fn nn_instruction_sets}."
      }
    ), ranks$call)
  }
  meet(ranks, "arguments are the same")
}

# Each process makes the updates by itself: they stay the same only if all get the same sums, bit by
# bit. Checks that they did, by the weights at the end of training.
check_same_weights <- function(ranks, weights) {
  if (is.null(ranks)) {
    return(invisible())
  }
  mine <- hash_of(weights)
  other <- !identical(from_first_rank(ranks, mine, "weights"), mine)
  if (any_rank(ranks, other, "weights are the same")) {
    abort_kind("communicator", c(
      "The communicator must return the same sums in all processes, to the last bit.",
      x = paste0(
        "After training, the weights of ",
        if (other) {
          "rank {ranks$rank} differ from those of rank 0."
        } else {
          "other processes differ from those of rank 0."
        }
      )
    ), ranks$call, environment())
  }
}

# A digest of a value. Functions and formulas count as their text, without their environments.
hash_of <- function(x) {
  plain <- function(x) {
    if (is.function(x) || is.language(x)) {
      paste(deparse(x, control = c("keepNA", "keepInteger")), collapse = "\n")
    } else if (is.list(x)) {
      lapply(unclass(x), plain)
    } else if (is.environment(x)) {
      "environment"
    } else {
      x
    }
  }
  rlang::hash(plain(x))
}

# The state of R's random numbers becomes that of rank 0.
share_random_numbers <- function(ranks) {
  if (is.null(globalenv()$.Random.seed)) runif(1)
  assign(
    ".Random.seed", from_first_rank(ranks, globalenv()$.Random.seed, "random numbers"),
    globalenv()
  )
}
