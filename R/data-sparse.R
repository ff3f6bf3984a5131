# Sparse inputs: the core takes Matrix's dgCMatrix, whose numbers other than 0 stand column by
# column. Its slots: the numbers `x`, the row `i` (from 0) of each, and where in them each column
# begins, `p` (one more than there are columns).

is_sparse <- function(X) inherits(X, "dgCMatrix")

# The inputs of a call: a numeric matrix, or a sparse one, which is made a dgCMatrix where the
# Matrix package keeps it in another way.
check_inputs <- function(X, name, call, least_rows = 1) {
  if (!inherits(X, "sparseMatrix")) {
    return(check_matrix(X, name, call, least_rows = least_rows))
  }
  if (!inherits(X, "dMatrix")) {
    abort_input(c(
      "A sparse {.arg {name}} must hold numbers.",
      x = "It is {describe(X)}.",
      i = "Use {.code {name} * 1}."
    ), call)
  }
  fault <- methods::validObject(X, test = TRUE)
  if (!isTRUE(fault)) {
    abort_input(c("{.arg {name}} is no valid {.cls {class(X)[1]}}.", x = "{fault[1]}"), call)
  }
  if (!is_sparse(X)) X <- methods::as(methods::as(X, "CsparseMatrix"), "generalMatrix")
  check_size(X, name, call, least_rows)
  at <- core_first_not_finite(X@x)
  if (at > 0 && at <= last(X@p)) {
    abort_not_finite(X@x[at], X@i[at] + 1, findInterval(at - 1, X@p), colnames(X), name, call)
  }
  X
}

# The numbers of a matrix, as a list of vectors: what tells it from another of the same size.
numbers_of <- function(X) if (is_sparse(X)) list(X@p, X@i, X@x) else list(X)

# How many numbers of eight bytes the core's copies of the inputs take: for sparse ones two, of the
# training and of the fitted values, each with its numbers, their columns and where rows begin.
copied_numbers <- function(X) {
  if (is_sparse(X)) 2 * (1.5 * last(X@p) + 2 * nrow(X)) else nrow(X) * ncol(X)
}
