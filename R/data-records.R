# The records that data are on their way to a network, each made by one constructor.

# A raw frame: the rows of a call that are used, before and after their columns became numbers.
#   raw          the columns behind the inputs: a data frame of n rows, or a sparse matrix
#   encoded      list(X, offset): X the n x p matrix of the columns before it is scaled; offset
#                that of the formula, n numbers or n x k, or NULL
#   encoding     list: what encodes new data in the same way (see data-encode.R)
#   y            the outcome as it was given: a vector, factor, matrix or data frame of n rows
#   label        the outcome's name
#   weights      n case weights, or NULL
#   offset       n numbers or n x k, given as an argument, or NULL
#   has_offset_argument
#                must predict() be given an offset, too?
#   calibration  list(share, seed, rows): the rows kept for calibration, or NULL
#   na.action    the rows that were dropped, as na.omit() returns them, or NULL
#   names        n row names, or NULL
#   name         the argument that the data were given as, for messages
new_frame <- function(raw, encoded, encoding, y, label, weights = NULL, offset = NULL,
                      has_offset_argument = FALSE, calibration = NULL, na.action = NULL,
                      names = NULL, name = "data") {
  list(
    raw = raw, encoded = encoded, encoding = encoding, y = y, label = label, weights = weights,
    offset = offset, has_offset_argument = has_offset_argument, calibration = calibration,
    na.action = na.action, names = names, name = name
  )
}

# A prepared problem: what a network is trained on.
#   X          n x p inputs as the network sees them, numeric or sparse
#   y          the outcome as the network learns it: a factor, or numbers, n or n x k
#   response   y on its own scale, n x k numbers, where the network learns another; else NULL
#   weights    n case weights, or NULL
#   offset     n x k numbers on the scale of the output layer's input, or NULL
#   encoding   how the columns became X and the outcome y; NULL for matrices
#   na.action  the rows that were dropped, or NULL
new_problem <- function(X, y, response = NULL, weights = NULL, offset = NULL, encoding = NULL,
                        na.action = NULL) {
  list(
    X = X, y = y, response = response, weights = weights, offset = offset, encoding = encoding,
    na.action = na.action
  )
}

# Some rows of a problem.
problem_rows <- function(problem, rows) {
  of_rows <- c("X", "y", "response", "weights", "offset")
  problem[of_rows] <- lapply(problem[of_rows], take_rows, rows)
  problem
}
