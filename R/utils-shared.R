# Rows that are spread over the processes that train together. A shared matrix has the rows of all
# of them, those of rank 0 first; each process has only its own:
#   local   the rows of this process: a numeric or sparse matrix or stored rows, which may be none
#   ranks   the call's processes (see join_ranks())
#   counts  the number of rows of each process
#   names   the row names of all rows, or NULL
# Vectors and matrices that belong to the rows, such as outcomes and weights, are whole in every
# process.

share_matrix <- function(local, ranks) {
  all <- each_rank(ranks, list(rows = nrow(local), names = rownames(local)), "rows")
  new_shared(
    local, ranks, vapply(all, function(one) as.double(one$rows), 0),
    if (!any(vapply(all, function(one) is.null(one$names) && one$rows > 0, NA))) {
      unlist(lapply(all, `[[`, "names"))
    }
  )
}

new_shared <- function(local, ranks, counts, names) {
  structure(
    list(local = local, ranks = ranks, counts = counts, names = names),
    class = "backprop_shared"
  )
}

is_shared <- function(X) is.object(X) && inherits(X, "backprop_shared")

# The processes that the rows are spread over; NULL if there is one.
ranks_of <- function(X) if (is_shared(X)) .subset2(X, "ranks")

# The rows of this process.
local_part <- function(X) if (is_shared(X)) .subset2(X, "local") else X

# The matrix with other columns or values in each process, the same function of its rows.
map_shared <- function(X, f) {
  if (is_shared(X)) new_shared(f(X$local), X$ranks, X$counts, X$names) else f(X)
}

# The same matrix with these row names of all rows, or NULL.
name_rows <- function(X, names) {
  if (is_shared(X)) {
    return(new_shared(X$local, X$ranks, X$counts, names))
  }
  rownames(X) <- names
  X
}

#' @export
dim.backprop_shared <- function(x) {
  rows <- sum(.subset2(x, "counts"))
  if (rows <= .Machine$integer.max) rows <- as.integer(rows)
  c(rows, ncol(.subset2(x, "local")))
}

#' @export
dimnames.backprop_shared <- function(x) {
  columns <- colnames(.subset2(x, "local"))
  if (!is.null(columns) || !is.null(.subset2(x, "names"))) list(.subset2(x, "names"), columns)
}

# The number of rows before those of this process.
rows_before <- function(X) {
  if (is_shared(X)) sum(X$counts[seq_len(X$ranks$rank)]) else 0
}

# The numbers of the rows of this process.
own_rows <- function(X) rows_before(X) + seq_len(nrow(local_part(X)))

# Of `rows`, sorted numbers of rows: list(local, before, counts), those of this process, numbered
# from its first, how many come before them, and how many each process has.
split_rows <- function(X, rows) {
  counts <- tabulate(findInterval(rows, cumsum(c(1, X$counts))), length(X$counts))
  before <- sum(counts[seq_len(X$ranks$rank)])
  list(
    local = rows[before + seq_len(counts[X$ranks$rank + 1])] - rows_before(X), before = before,
    counts = counts
  )
}

# Some rows, of each process those that it has.
#' @export
`[.backprop_shared` <- function(x, rows, ...) {
  if (is.logical(rows)) rows <- which(rows)
  part <- split_rows(x, rows)
  new_shared(take_rows(x$local, part$local), x$ranks, part$counts, x$names[rows])
}

# Some rows, sorted, in every process.
gather_rows <- function(X, rows) {
  if (!is_shared(X)) {
    return(take_rows(X, rows))
  }
  some <- take_rows(X, rows)
  # stored and coded rows are sent as numbers
  known <- inherits(some$local, c("nn_rows", "nn_coded"))
  own <- if (known) as.matrix(some$local) else some$local
  parts <- each_rank(X$ranks, own, "some rows")
  parts <- parts[some$counts > 0]
  gathered <- do.call(rbind, parts)
  rownames(gathered) <- some$names
  gathered
}

# A vector, factor, matrix or data frame with the rows of each process, as that of all rows. NULL
# stays NULL. Factors whose levels differ must have them in sorted order, as factor() has; all
# levels are then in sorted order.
stack_ranks <- function(ranks, x, name) {
  stack_parts(each_rank(ranks, x, name), name, ranks$call)
}

# The types are those of the processes that have rows.
stack_parts <- function(parts, name, call) {
  filled <- Filter(function(part) NROW(part) > 0, parts)
  parts <- if (length(filled) > 0) filled else Filter(Negate(is.null), parts)
  if (length(parts) == 0) {
    return(NULL)
  }
  first <- parts[[1]]
  if (is.data.frame(first)) {
    stacked <- lapply(seq_along(first), function(j) {
      stack_parts(lapply(parts, `[[`, j), names(first)[j], call)
    })
    return(structure(
      stacked,
      names = names(first), class = "data.frame",
      row.names = .set_row_names(NROW(stacked[[1]]))
    ))
  }
  if (is.factor(first)) {
    levels <- joint_levels(lapply(parts, levels), name, call)
    return(factor(
      unlist(lapply(parts, as.character)), levels,
      exclude = NULL, ordered = is.ordered(first)
    ))
  }
  if (!is.null(dim(first))) do.call(rbind, parts) else do.call(c, parts)
}

# The levels of all processes.
joint_levels <- function(levels, name, call) {
  if (length(unique(levels)) == 1) {
    return(levels[[1]])
  }
  sorted <- vapply(levels, function(own) !is.unsorted(factor(own, sort(own))), NA)
  if (!all(sorted)) {
    abort_input(c(
      "The levels of {.field {name}} must be the same in all processes, or in sorted order.",
      x = "Those of rank {which(!sorted)[1] - 1} are {.val {levels[[which(!sorted)[1]]]}}.",
      i = "Use {.code factor(x, levels = )} with all levels in all processes."
    ), call)
  }
  sort(unique(unlist(levels)))
}
