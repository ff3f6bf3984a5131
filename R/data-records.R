# The records in which data are passed on, each with one constructor.

# A raw frame: the rows that a call uses, before and after their columns are encoded.
#   raw          the columns behind the inputs: a data frame of n rows, or a sparse matrix
#   encoded      list(X, offset): X is the n x p matrix of the columns before scaling; offset is
#                that of the formula, n numbers or n x k, or NULL
#   encoding     list: what is needed to encode new data in the same way (see data-encode.R)
#   y            the outcome as supplied: a vector, factor, matrix or data frame of n rows
#   label        the outcome's name
#   weights      n case weights, or NULL
#   offset       n numbers or n x k, supplied as an argument, or NULL
#   has_offset_argument
#                must an offset also be supplied to predict()?
#   calibration  list(share, seed, rows): the calibration set, or NULL
#   na.action    the dropped rows, as na.omit() returns them, or NULL
#   names        n row names, or NULL
#   name         the name of the argument with the data, for messages
#   blank        the rows of weight 0 whose contents are unknown to the fit (see data-blank.R)
#   row_terms    the values of the formula's variables that use other rows, named by their text;
#                only determined if rows are held out
new_frame <- function(raw, encoded, encoding, y, label, weights = NULL, offset = NULL,
                      has_offset_argument = FALSE, calibration = NULL, na.action = NULL,
                      names = NULL, name = "data", row_terms = list(), blank = no_blanks) {
  list(
    raw = raw, encoded = encoded, encoding = encoding, y = y, label = label, weights = weights,
    offset = offset, has_offset_argument = has_offset_argument, calibration = calibration,
    na.action = na.action, names = names, name = name, row_terms = row_terms, blank = blank
  )
}

# A problem: the prepared data that a network is trained on.
#   X          n x p inputs as the network sees them, numeric or sparse
#   y          the outcome as the network learns it: a factor, or numbers, n or n x k
#   response   y on its original scale, n x k numbers, if y is transformed; otherwise NULL
#   weights    n case weights, or NULL
#   offset     n x k numbers on the scale of the output layer's input, or NULL
#   encoding   how the columns were encoded as X and the outcome as y; NULL for matrices
#   na.action  the dropped rows, or NULL
#   blank      the rows of weight 0 whose contents are unknown to the fit (see data-blank.R)
new_problem <- function(X, y, response = NULL, weights = NULL, offset = NULL, encoding = NULL,
                        na.action = NULL, blank = no_blanks) {
  list(
    X = X, y = y, response = response, weights = weights, offset = offset, encoding = encoding,
    na.action = na.action, blank = blank
  )
}

# Some rows of a problem.
problem_rows <- function(problem, rows) {
  of_rows <- c("X", "y", "response", "weights", "offset")
  problem[of_rows] <- lapply(problem[of_rows], take_rows, rows)
  problem$blank <- take_blank(problem$blank, rows)
  problem
}
