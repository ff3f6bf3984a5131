# Predictions of a fit that was made from a data frame or a formula.

# Predictions for a fit made from data. Rows with missing values are predicted as NA, or dropped by
# na.action.
predict_data <- function(fit, newdata, type, region, offset, na.action, threshold, call) {
  unseen <- new_levels_record(fit$encoding)
  prepared <- prepare_newdata(fit, newdata, "newdata", call, unseen, decode = FALSE)
  offset <- newdata_offset(fit, prepared, offset, call)
  whole <-
    if (is_sparse(prepared$X)) rep(TRUE, nrow(prepared$X)) else !has_missing(prepared$X)
  if (!is.null(offset)) whole <- whole & rowSums(is.na(offset)) == 0
  kept <- if (keeps_whole_rows(na.action) && all(whole)) {
    list(rows = seq_along(whole))
  } else {
    apply_na_action(data.frame(inputs = ifelse(whole, 0, NA)), na.action, call, least_rows = 0)
  }
  report_new_levels(
    unseen, nrow(prepared$X), "newdata",
    if (inherits(kept$action, "omit")) "they are dropped" else "their predictions are NA"
  )
  X <- prepared$X
  if (!identical(kept$rows, seq_len(nrow(X)))) {
    X <- X[kept$rows, , drop = FALSE]
    offset <- offset[kept$rows, , drop = FALSE]
    whole <- whole[kept$rows]
  }
  warn_of_distance(fit, X)
  output <- matrix(NA_real_, nrow(X), n_outputs(fit$layers))
  X_whole <- X[whole, , drop = FALSE]
  offset <- if (!is.null(offset)) offset[whole, , drop = FALSE]
  output[whole, ] <- decode_output(
    network_output(fit, X_whole, offset, kept$rows[whole]), fit$encoding
  )
  warn_of_overflow(output)
  if (!is.null(rownames(X)) || !is.null(fit$outputs)) {
    dimnames(output) <- list(rownames(X), fit$outputs)
  }
  predicted <- if (is.null(region)) {
    as_type(output, type, fit, threshold)
  } else if (region$interval == "prediction") {
    prediction_regions(fit, output, region$level, call)
  } else {
    with_missing_rows(
      confidence_intervals(fit, X_whole, offset, region), whole, rownames(X)
    )
  }
  stats::napredict(kept$action, predicted)
}

# The offset of new rows, n x k: from the formula, and from the argument if the training had it.
newdata_offset <- function(fit, prepared, offset, call) {
  if (fit$encoding$offset_argument == is.null(offset)) {
    abort_argument(
      if (is.null(offset)) {
        "{.arg offset} must be supplied, because the fit was trained with it."
      } else {
        "{.arg offset} can't be used, because the fit was trained without it."
      },
      call
    )
  }
  offset <- add_offsets(prepared$offset, offset)
  if (is.null(offset)) {
    return(NULL)
  }
  k <- n_outputs(fit$layers)
  if (!is_number(offset) || NROW(offset) != nrow(prepared$X) || NCOL(offset) != k) {
    abort_input(c(
      "{.arg offset} must have one number per row and output, {nrow(prepared$X)} x {k}.",
      x = "You supplied {describe(offset)}.",
      i = if (!is.null(name_hint(offset))) "Supply numbers, such as {.code newdata${offset}}."
    ), call)
  }
  offset <- matrix(as.double(offset), nrow(prepared$X), k)
  # -Inf is allowed on the log scale: without exposure the mean is 0
  bad <- which(is.infinite(offset) & !(offset < 0 & fit$settings$output_activation == "exp"))[1]
  if (!is.na(bad)) {
    abort_input(c(
      "Offsets must be finite.",
      x = "Row {row(offset)[bad]} has {offset[bad]}."
    ), call)
  }
  encode_offset(offset, fit$encoding$outcome)
}
