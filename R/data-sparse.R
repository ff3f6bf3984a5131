# Sparse inputs. The core accepts the class dgCMatrix of the Matrix package, which stores non-zero
# values by column. Its slots: the values `x`, the row `i` (from 0) of each, and the start `p` of
# each column in them (one element more than there are columns).

is_sparse <- function(X) is.object(X) && inherits(X, "dgCMatrix")

# Checks the inputs of a call: a numeric matrix, or a sparse one, which is converted to a dgCMatrix
# if it is of another class.
check_inputs <- function(X, name, call, least_rows = 1) {
  if (is_shared(X) || is_stored(X) || is_coded(X)) {
    return(X)
  }
  if (!inherits(X, "sparseMatrix")) {
    return(check_matrix(X, name, call, least_rows = least_rows))
  }
  if (!inherits(X, "dMatrix")) {
    abort_input(c(
      "A sparse {.arg {name}} must be numeric.",
      x = "You supplied {describe(X)}.",
      i = "Use {.code {name} * 1}."
    ), call)
  }
  fault <- methods::validObject(X, test = TRUE)
  if (!isTRUE(fault)) {
    abort_input(c("{.arg {name}} must be a valid {.cls {class(X)[1]}}.", x = "{fault[1]}"), call)
  }
  if (!is_sparse(X)) X <- methods::as(methods::as(X, "CsparseMatrix"), "generalMatrix")
  check_size(X, name, call, least_rows)
  at <- core_first_not_finite(X@x)
  if (at > 0 && at <= last(X@p)) {
    abort_not_finite(X@x[at], X@i[at] + 1, findInterval(at - 1, X@p), colnames(X), name, call)
  }
  utf8_names(X)
}

# The contents of a matrix as a list of vectors, for its digest.
numbers_of <- function(X) {
  if (is_sparse(X)) list(X@p, X@i, X@x) else list(X)
}

# The size of the core's copies of the inputs, in numbers of eight bytes. Sparse inputs are copied
# twice, for training and for fitted values; each copy has the values, their columns and the starts
# of rows. Coded rows have a value of each column that is stored as numbers and of each factor.
copied_numbers <- function(X) {
  if (is_stored(X)) {
    return(0)
  }
  if (is_coded(X)) {
    plain <- unclass(X)
    return(nrow(X) * (2 + 1.5 * (length(plain$columns) + length(plain$codes))))
  }
  if (is_sparse(X)) 2 * (1.5 * last(X@p) + 2 * nrow(X)) else nrow(X) * ncol(X)
}
