# The data of a training run: checked, and converted for the core.

# The training data, checked against the network of `fit`:
#   X, offset, response   as in the problem
#   y           n x k targets, numbers or indicators
#   targets     what encode_targets() made of the problem's y
#   weights     n case weights times class weights; numeric() if all are 1
#   case_weights  n case weights, 0 where class weights exclude the row, if there are class weights;
#               otherwise numeric(): they are `weights`. Errors and accuracies use them
#   validation  list(X, y, weights, offset, case_weights) of a separate validation set, or NULL
#   blank       the rows of weight 0 whose contents are unknown to the fit (see data-blank.R)
#   digest, held_out_digest
#               digests that identify the data; the second is NULL without `validation`
new_training_data <- function(problem, targets, class_weights, validation, fit, call) {
  X <- problem$X
  offset <- check_offset(problem$offset, nrow(X), ncol(targets$y), call)
  case_weights <- check_weights(problem$weights, nrow(X), call)
  if (is.null(fit$encoding)) {
    check_offset_size(offset, targets$y, fit$settings$output_activation, case_weights, call)
  }
  weights <- apply_class_weights(case_weights, class_weights, targets, call, store_of(X))
  check_weight_range(weights, call, fit$settings$precision == "single")
  data <- list(
    X = X, y = targets$y, targets = targets, response = problem$response, offset = offset,
    weights = weights, case_weights = without_class_weights(case_weights, weights, class_weights),
    blank = problem$blank, validation = if (is.list(validation)) {
      check_held_out(validation, problem, targets, class_weights, fit, call)
    } else if (is.numeric(validation)) {
      check_share(validation, targets, weights, call)
    }
  )
  single <- fit$settings$precision == "single"
  data$digest <- data_digest(data, fit$digest, single)
  data$held_out_digest <- if (!is.null(data$validation)) {
    data_digest(data$validation, fit$held_out_digest, single)
  }
  data
}

# A validation set, checked and encoded like the training data.
check_held_out <- function(held, problem, targets, class_weights, fit, call) {
  held <- blank_problem(held, targets$levels)
  X <- align_columns(check_inputs(held$X, "validation$X", call), fit, "validation$X", call)
  in_validation <- function(checked) {
    tryCatch(checked, backprop_error = function(e) {
      abort_input(c(
        "{.arg validation} must have the same format as the training data.",
        i = "Check its {.field X}, {.field y}, {.field weights} or {.field offset}:"
      ), call, parent = e)
    })
  }
  outputs <- ncol(targets$y)
  own <- in_validation(encode_targets(
    held$y, nrow(X), call, targets$levels,
    numeric = targets$kind == "numeric", compact = is_stored(X)
  ))
  own <- in_validation(spread_targets(own, fit$settings$loss, call))
  if (ncol(own$y) != outputs) {
    abort_input(c(
      "{.field validation$y} must have {outputs} column{?s}, like {.arg y}.",
      x = "It has {ncol(own$y)}."
    ), call)
  }
  in_validation(check_targets_domain(
    own$y, fit$settings$loss, fit$settings$output_activation, call, weightless_rows(held$weights)
  ))
  offset <- in_validation(check_offset(held$offset, nrow(X), outputs, call))
  if (is.null(offset) != is.null(problem$offset)) {
    abort_input(c(
      paste0(
        "{.arg offset} must be supplied for both the training data and {.arg validation}, ",
        "or for neither."
      )
    ), call)
  }
  case_weights <- in_validation(check_weights(held$weights, nrow(X), call))
  weights <- in_validation(
    apply_class_weights(case_weights, class_weights, own, call, store_of(X))
  )
  list(
    X = X, y = own$y, weights = weights, offset = offset,
    case_weights = without_class_weights(case_weights, weights, class_weights)
  )
}

# The data in the core's format: list(training, validation, rows, held_out). `validation` is NULL
# without a validation set; `held_out` contains the numbers of the held-out rows if `validation` is
# a fraction. Rows of weight 0 are excluded, so that batches and their order are those of a call
# without them.
core_data <- function(data, settings, seed, call) {
  single <- settings$precision == "single"
  if (single) check_single(data, call)
  in_file <- optimizer_table[[settings$optimizer$name]]$family != "levenberg_marquardt"
  of_rows <- function(data, rows) rows_for_core(data, rows, single, in_file)
  held_out <- held_out_rows(settings, seed, data$targets, data$weights)
  training <- weighted_rows(data)
  if (length(held_out) > 0) training <- setdiff(training, held_out)
  validation <- if (!is.null(held_out)) {
    of_rows(data, held_out)
  } else if (!is.null(data$validation)) {
    of_rows(data$validation, weighted_rows(data$validation))
  }
  list(
    training = of_rows(data, training), validation = validation, rows = length(training),
    held_out = held_out
  )
}

# Frees the rows of core_data().
free_rows <- function(core) {
  core_free_rows(core$training)
  if (!is.null(core$validation)) core_free_rows(core$validation)
}

# Some rows in the core's format. Rows that are spread over processes know their places among those
# of all. `in_file`: whether targets, weights and offsets of stored rows are also in a file.
rows_for_core <- function(data, rows, single, in_file = TRUE) {
  if (is_stored(data$X)) {
    if (!in_file) {
      of_rows <- c("weights", "offset", "case_weights")
      data[of_rows] <- lapply(data[of_rows], numbers_in_memory)
    }
    return(core_rows(
      data$X, if (in_file) data$y else as.matrix(data$y), data$weights, data$offset,
      if (!in_file || !core_are_all(rows, nrow(data$X))) rows, single,
      data$case_weights, if (in_file) new_file(unclass(data$X)$store) else ""
    ))
  }
  if (!is_shared(data$X)) {
    return(core_rows(
      data$X, data$y, data$weights, data$offset, rows, single, data$case_weights
    ))
  }
  part <- split_rows(data$X, rows)
  own <- own_rows(data$X)
  some <- function(x, rows) if (length(x) > 0) take_rows(x, rows) else x
  made <- core_rows(
    data$X$local, take_rows(data$y, own), some(data$weights, own), some(data$offset, own),
    part$local, single, some(data$case_weights, own)
  )
  total <- function(weights) if (length(weights) > 0) sum(weights[rows]) else length(rows)
  core_place_rows(
    made, part$before, length(rows), total(data$weights), total(error_weights(data))
  )
  made
}

# Finite numbers that single precision can't represent would become infinite.
check_single <- function(data, call) {
  for (name in c("X", "y", "offset")) {
    values <- data[[name]]
    if (is_shared(values) || is_indicators(values)) next
    if (is_sparse(values)) values <- values@x
    if (is_coded(values)) values <- coded_numbers(values)
    if (length(values) == 0) next
    if (!is_stored(values) && !is_in_file(values) && core_all_below(values, 2^128)) next
    ends <- if (is_stored(values)) {
      range_of_rows(values) %||% unlist(column_ends(values))
    } else {
      c(min(values), max(values)) # range() and abs() copy the values
    }
    largest <- ends[which.max(abs(ends))]
    if (isTRUE(abs(largest) >= 2^128)) {
      abort_input(c(
        "{.arg {name}} must be within the range of single precision, up to 3.4e38.",
        x = "It contains {signif(largest, 3)}.",
        i = 'Scale it, or use {.code precision = "double"}.'
      ), call)
    }
  }
}

# The numbers of the rows that `validation` as a fraction holds out; NULL if it is not one.
held_out_rows <- function(settings, seed, targets, weights) {
  share <- settings$validation
  if (!is.numeric(share)) {
    return(NULL)
  }
  if (is.null(settings$split)) {
    return(earlier_rows(share, seed, strata(targets), weights))
  }
  stratified_rows(share, seed, strata(targets), weights, keep_each = targets$kind != "numeric")
}

# The weights of rows in errors and accuracies; numeric() if all are 1.
error_weights <- function(data) {
  if (length(data$case_weights) > 0) data$case_weights else data$weights
}

# The numbers of the rows with positive weight.
weighted_rows <- function(data) {
  if (length(data$weights) > 0) positive_rows(data$weights) else seq_len(nrow(data$X))
}

# A digest that identifies the data of a fit. Changing it requires a new schema whose step removes
# `digest` from older fits. Its prefix is its kind (see digest_kind()):
#   memory  of a matrix, and the only one without a prefix
#   file    of stored rows, at the precision of training
#   rows    of rows that are spread over processes, at the precision of training
#   codes   of a coded matrix
# The last two do not depend on how rows are spread. `other`: a digest that it will be compared
# with, or NULL: of a matrix and of stored rows each kind can be computed, so that it has that of
# `other`.
data_digest <- function(data, other, single) {
  X <- data$X
  of_rows <- list(data$y, data$weights, data$offset)
  wanted <- digest_kind(other)
  if (is_coded(local_part(X))) {
    plain <- unclass(local_part(X))
    of_columns <- c(plain[c("on", "common")], lapply(plain$mixed, `[[`, "values"))
    return(paste0("codes-", summed_digest(X, c(of_columns, of_rows))))
  }
  if (is_shared(X) || wanted == "rows") {
    return(paste0("rows-", summed_digest(X, of_rows, single)))
  }
  if (is_stored(X) && wanted == "memory") X <- rows_in_double(X)
  if ((is_stored(X) && wanted != "memory") || (is.matrix(X) && wanted == "file")) {
    of_columns <- core_column_digest(X, single)
    words <- as.numeric(paste0("0x", substring(of_columns, c(1, 9), c(8, 16))))
    return(paste0("file-", core_digest(c(list(dim(X), words), of_rows))))
  }
  core_digest(c(list(dim(X)), numbers_of(X), of_rows))
}

# The digest of rows as a sum over all processes that have some of them, and of other numbers.
summed_digest <- function(X, others, single = FALSE) {
  halves <- core_sum_digest(local_part(X), rows_before(X), single)
  if (is_shared(X)) halves <- sum_ranks(X$ranks, halves, "digest")
  high <- halves[1] + floor(halves[2] / 2^32)
  core_digest(c(list(dim(X) + 0, c(high, halves[2]) %% 2^32), others))
}

# What a digest is of, "" for NULL.
digest_kind <- function(digest) {
  if (is.null(digest)) {
    return("")
  }
  if (grepl("-", digest, fixed = TRUE)) sub("-.*", "", digest) else "memory"
}
