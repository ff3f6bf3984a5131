# Whether held-out data contain rows of the training data.

warn_of_overlap <- function(data, patience) {
  overlap <- row_overlap(data, data$validation)
  if (is.null(overlap)) {
    return(invisible())
  }
  cli::cli_warn(c(
    "Rows of {.arg validation} are also training rows: {overlap[1]} of {overlap[2]}.",
    x = paste0(
      "The held-out loss does not show overfitting",
      if (is.finite(patience)) ", and early stopping does not stop at the best epoch", "."
    ),
    i = paste0(
      "Use {.code validation = 0.2}, which holds out a fifth of the rows, or supply rows that the ",
      "network is not trained on."
    )
  ), class = "backprop_warning_overlap", call = NULL)
}

# The number of rows of `held`, a list(X, y), that are also in `data`, and the number of all its
# rows, of positive weight. NULL if the first is not clearly above what is expected by chance, for
# rows that are not in a matrix, and for very many.
row_overlap <- function(data, held) {
  if (!is.matrix(data$X) || !is.matrix(held$X) || length(data$X) + length(held$X) > 1e8 ||
    nrow(data$X) + nrow(held$X) > 1e6) {
    return(NULL)
  }
  own <- compared_columns(data)
  other <- compared_columns(held)
  keys <- row_keys(own)
  found <- match(row_keys(other), keys, nomatch = 0)
  there <- which(found > 0)
  for (k in seq_len(own$number)) {
    if (length(there) == 0) break
    there <- there[own$column(k)[found[there]] == other$column(k)[there]]
  }
  if (length(there) == 0) {
    return(NULL)
  }
  of <- length(found)
  # by chance as many as training rows are equal to another one
  repeated <- mean(duplicated(keys) | duplicated(keys, fromLast = TRUE))
  if (length(there) > (2 * repeated + 0.1) * of) c(length(there), of)
}

# The columns of inputs and outcome, without rows of weight 0, one at a time.
compared_columns <- function(data) {
  rows <- weighted_rows(data)
  inputs <- ncol(data$X)
  list(number = inputs + ncol(data$y), column = function(k) {
    if (k <= inputs) data$X[rows, k] else data$y[rows, k - inputs]
  })
}

# A number for each row, the same for equal rows. It is summed column by column, so that it does not
# depend on the other rows, as a product of matrices may.
row_keys <- function(columns) {
  key <- 0
  for (k in seq_len(columns$number)) key <- key + columns$column(k) * cos(k + 0.5)
  key
}
