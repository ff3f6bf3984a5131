# Targets, weights, offsets and held-out rows, as the core takes them.

# Targets of any accepted kind: list(y, kind, levels), y being a numeric matrix. Two classes are one
# column (1 is the second level), more are one column each. `levels`: those of the fit that these
# belong to; `numeric`: was that one of numbers?
encode_targets <- function(y, rows, call, levels = NULL, numeric = FALSE) {
  if (numeric && is.factor(y)) {
    abort_input(c(
      "{.arg y} must be numeric, as the fit was made with.",
      x = "It is {describe(y)}."
    ), call)
  }
  if (is.factor(y) || (!is.null(levels) && is.character(y))) {
    if (is.null(levels)) levels <- levels(y)
    ordered <- is.ordered(y)
    y <- as.character(y)
    if (length(y) != rows) {
      abort_input(c(
        "{.arg X} and {.arg y} must have the same number of rows.",
        x = "{.arg X} has {rows}, {.arg y} has {length(y)}."
      ), call)
    }
    if (anyNA(y)) {
      abort_input(c(
        "{.arg y} must have no missing values.",
        x = "The first is in row {which(is.na(y))[1]}.",
        i = "Drop such rows before the call."
      ), call)
    }
    unknown <- setdiff(y, levels)
    if (length(unknown) > 0) {
      abort_input(c(
        "{.arg y} must have the levels that the fit was made with.",
        x = "It has {.val {unknown}}.",
        i = "The fit has {.val {levels}}."
      ), call)
    }
    if (length(levels) < 2) {
      abort_input(c(
        "A factor {.arg y} must have at least two levels.",
        x = "It has {length(levels)}."
      ), call)
    }
    coded <- if (length(levels) == 2) {
      matrix(as.double(y == levels[2]), ncol = 1)
    } else {
      matrix(as.double(outer(y, levels, "==")), rows, dimnames = list(NULL, levels))
    }
    return(list(
      y = coded, kind = if (length(levels) == 2) "binary" else "classes", levels = levels,
      ordered = ordered
    ))
  }
  if (!is.null(levels)) {
    abort_input(c(
      "{.arg y} must be a factor, as the fit was made with.",
      x = "It is {describe(y)}."
    ), call)
  }
  list(y = check_targets(y, rows, call), kind = "numeric", levels = NULL)
}

# Case weights: one number of at least 0 for each row; numeric() where all are 1.
check_weights <- function(weights, rows, call) {
  if (is.null(weights)) {
    return(numeric())
  }
  if (!is.numeric(weights) || is.object(weights) || length(weights) != rows) {
    abort_argument(c(
      "{.arg weights} must be a number for each of the {rows} row{?s}.",
      x = "It is {describe(weights)}."
    ), call)
  }
  bad <- which(!is.finite(weights) | weights < 0)
  if (length(bad) > 0) {
    abort_argument(c(
      "{.arg weights} must be finite and not negative.",
      x = "The first that is not is {weights[bad[1]]}, in row {bad[1]}."
    ), call)
  }
  if (all(weights == 0)) {
    abort_argument(c("At least one of {.arg weights} must be above 0.", x = "All are 0."), call)
  }
  as.double(weights)
}

# Case weights times the weight of each row's class.
apply_class_weights <- function(weights, class_weights, targets, call) {
  if (is.null(class_weights)) {
    return(weights)
  }
  if (is.null(targets$levels)) {
    abort_argument(c(
      "{.arg class_weights} needs a factor {.arg y}.",
      i = "Use {.arg weights} for numeric targets."
    ), call)
  }
  class <- row_classes(targets)
  if (length(weights) == 0) weights <- rep(1, length(class))
  if (identical(class_weights, "balanced")) {
    share <- tapply(weights, factor(class, seq_along(targets$levels)), sum, default = 0)
    class_weights <- ifelse(share > 0, sum(weights) / (length(share) * share), 0)
  } else {
    if (!is.numeric(class_weights) || length(class_weights) != length(targets$levels) ||
      !all(is.finite(class_weights)) || any(class_weights < 0)) {
      abort_argument(c(
        paste0(
          "{.arg class_weights} must be {.val balanced}, or a number from 0 for each of the ",
          "{length(targets$levels)} levels."
        ),
        x = "It is {describe(class_weights)}."
      ), call)
    }
    if (!is.null(names(class_weights))) {
      if (!setequal(names(class_weights), targets$levels)) {
        abort_argument(c(
          "The names of {.arg class_weights} must be the levels {.val {targets$levels}}.",
          x = "They are {.val {names(class_weights)}}."
        ), call)
      }
      class_weights <- class_weights[targets$levels]
    }
  }
  weights <- weights * as.vector(class_weights)[class]
  if (all(weights == 0)) {
    abort_argument(c(
      "At least one row must have a weight above 0.",
      x = "{.arg class_weights} leave none."
    ), call)
  }
  weights
}

# The number of each row's level.
row_classes <- function(targets) {
  if (targets$kind == "binary") targets$y[, 1] + 1 else max.col(targets$y, "first")
}

# Offsets: a number for each row and output, added to the output layer's input; NULL for none.
check_offset <- function(offset, rows, outputs, call) {
  if (is.null(offset)) {
    return(NULL)
  }
  if (inherits(offset, "AsIs")) class(offset) <- setdiff(class(offset), "AsIs")
  if (is_number(offset) && is.null(dim(offset))) offset <- matrix(as.double(offset), ncol = 1)
  offset <- check_matrix(offset, "offset", call, rows = rows, least_rows = 0)
  if (ncol(offset) != outputs) {
    abort_input(c(
      "{.arg offset} must have {outputs} column{?s}, one for each output.",
      x = "It has {ncol(offset)}."
    ), call)
  }
  offset
}

# A share of the rows to hold out, or data of their own; NULL for neither.
check_validation <- function(validation, call) {
  if (is.null(validation)) {
    return(NULL)
  }
  if (is.list(validation) && !is.data.frame(validation)) {
    known <- c("X", "y", "weights", "offset")
    if (!all(c("X", "y") %in% names(validation)) || !all(names(validation) %in% known)) {
      abort_argument(c(
        paste0(
          "{.arg validation} as a list must have {.field X} and {.field y}, ",
          "and may have {.field weights} and {.field offset}."
        ),
        x = if (is.null(names(validation))) {
          "Its elements have no names."
        } else {
          "It has {.field {names(validation)}}."
        }
      ), call)
    }
    return("given")
  }
  share <- if (is.numeric(validation) && length(validation) == 1 && is.finite(validation)) {
    as.double(validation)
  } else {
    0
  }
  if (share <= 0 || share >= 1) {
    abort_argument(c(
      paste0(
        "{.arg validation} must be a share of the rows, above 0 and below 1, ",
        "or a list of {.field X} and {.field y}."
      ),
      x = "It is {describe(validation)}."
    ), call)
  }
  share
}

# Each row's stratum: its class, or one for all.
strata <- function(targets) {
  if (targets$kind == "numeric") rep(1, nrow(targets$y)) else row_classes(targets)
}

# Does the share leave rows on both sides? That depends on the sizes of the classes alone, and is
# known before anything is drawn.
check_share <- function(share, targets, call) {
  rows <- nrow(targets$y)
  held_out <- sum(round(share * tabulate(strata(targets))))
  if (held_out == 0 || held_out == rows) {
    abort_argument(c(
      "{.arg validation} must leave rows to train on and rows to judge by.",
      x = "A share of {share} of {rows} row{?s} holds out {held_out}."
    ), call)
  }
}

# The numbers of the rows held out: a function of the fit's seed and the number of rows, in each
# class the same share.
held_out_rows <- function(share, seed, targets) {
  order <- core_row_order(seed, 0, nrow(targets$y))
  sort(unlist(
    lapply(split(order, strata(targets)[order]), function(of_class) {
      of_class[seq_len(round(share * length(of_class)))]
    }),
    use.names = FALSE
  ))
}

# The data of a training: list(X, targets, weights, offset, validation), checked against the shape.
check_data <- function(X, targets, weights, class_weights, offset, validation, shape, fit, call) {
  outputs <- last(shape$units)
  data <- list(
    X = X, y = targets$y, targets = targets, offset = check_offset(offset, nrow(X), outputs, call),
    weights = apply_class_weights(
      check_weights(weights, nrow(X), call), class_weights, targets, call
    )
  )
  if (is.numeric(validation)) check_share(validation, targets, call)
  if (is.list(validation)) {
    held_X <- align_columns(
      check_inputs(validation$X, "validation$X", call), fit, "validation$X", call
    )
    in_validation <- function(checked) {
      tryCatch(checked, backprop_error = function(e) {
        abort_input(c(
          "{.arg validation} must be as the training data are.",
          i = "Its own {.field X}, {.field y}, {.field weights} or {.field offset} is meant here:"
        ), call, parent = e)
      })
    }
    held <- in_validation(encode_targets(
      validation$y, nrow(held_X), call, targets$levels,
      numeric = targets$kind == "numeric"
    ))
    if (ncol(held$y) != outputs) {
      abort_input(c(
        "{.field validation$y} must have {outputs} column{?s}, as {.arg y} has.",
        x = "It has {ncol(held$y)}."
      ), call)
    }
    in_validation(check_domain(held$y, fit$settings$loss, fit$settings$output_activation, call))
    held_offset <- in_validation(check_offset(validation$offset, nrow(held_X), outputs, call))
    if (is.null(held_offset) != is.null(data$offset)) {
      abort_input(c(
        paste0(
          "{.arg offset} must be given for both, the training rows and {.arg validation}, ",
          "or for neither."
        )
      ), call)
    }
    held_weights <- in_validation(apply_class_weights(
      check_weights(validation$weights, nrow(held_X), call), class_weights, held, call
    ))
    data$validation <- list(X = held_X, y = held$y, weights = held_weights, offset = held_offset)
  }
  data
}

# The data in the core's form: list(training, validation), the latter NULL where there is none.
core_data <- function(data, settings, seed, call) {
  single <- settings$precision == "single"
  all <- seq_len(nrow(data$X))
  if (is.numeric(settings$validation)) {
    held_out <- held_out_rows(settings$validation, seed, data$targets)
    for (part in list(held_out, setdiff(all, held_out))) {
      if (length(data$weights) > 0 && all(data$weights[part] == 0)) {
        abort_argument(c(
          "Rows of weight above 0 are needed both to train on and to judge by.",
          i = "Use another share for {.arg validation}."
        ), call)
      }
    }
    return(list(
      training = core_rows(
        data$X, data$y, data$weights, data$offset, setdiff(all, held_out), single
      ),
      validation = core_rows(data$X, data$y, data$weights, data$offset, held_out, single),
      rows = length(all) - length(held_out), held_out = held_out
    ))
  }
  held <- data$validation
  list(
    training = core_rows(data$X, data$y, data$weights, data$offset, all, single),
    rows = length(all),
    validation = if (!is.null(held)) {
      core_rows(held$X, held$y, held$weights, held$offset, seq_len(nrow(held$X)), single)
    }
  )
}

# What tells other data from those of the fit.
# A change here changes the digest of all data: it needs a new schema, whose step takes `data` out
# of older fits.
data_digest <- function(data) {
  core_digest(c(list(dim(data$X)), numbers_of(data$X), list(data$y, data$weights, data$offset)))
}
# NULL where none were given.
held_out_digest <- function(data) if (!is.null(data$validation)) data_digest(data$validation)
