#' Effects of one or two inputs on the predictions
#'
#' @description
#' Computes how the predictions of a fit depend on one or two inputs, whose values are changed while
#' the other inputs are those of the data: partial dependence, or accumulated local effects (ALE).
#' `plot()` draws them, with marks where the data are.
#'
#' Partial dependence is easy to read: the mean prediction if all rows had this value. If inputs are
#' correlated it averages over combinations of values that do not occur; accumulated local effects
#' do not, and are faster.
#'
#' @details
#' **Partial dependence** (Friedman 2001) at a value is the mean prediction of all rows with this
#' value. Numeric values are quantiles of the data, so that no value is outside of them.
#'
#' **Accumulated local effects** (Apley and Zhu 2020) use intervals between such quantiles. In each
#' interval, the rows in it have their value moved to both ends; the mean differences of the
#' predictions, summed from the first interval on, are the effect, whose mean over the data is 0.
#' For two inputs, the effect is their interaction, beyond their effects by themselves. Rows of a
#' level of a factor are moved to the next and the previous one; levels that are not ordered are
#' sorted so that levels next to each other have similar values of the other inputs. Combinations of
#' intervals without rows take the value of the nearest one with rows.
#'
#' For classes, the predictions are probabilities: of the second of two, or of each of several.
#' Means are weighted by case weights.
#'
#' @inheritParams nn_importance
#' @param fit A fit from [nn_train()].
#' @param weights Case weights, one number of at least 0 per row; `NULL` (default) if all are 1.
#' @param data Cases with the inputs, as `newdata` in [predict.nn_fit()], such as the training data.
#'   Rows with missing values are excluded.
#' @param variables Names of one or two inputs: columns of the data frame, or of the matrix (`"x1"`,
#'   `"x2"`, ... without column names).
#' @param kind `"partial"` (default) for partial dependence, or `"ale"` for accumulated local
#'   effects.
#' @param points Number of values of a numeric input, or for `"ale"` of ends of intervals, a whole
#'   number of at least 2; 20 by default. There are fewer if the data have fewer different values.
#'   Factors have all their levels, at most 50, or `points` if that is more.
#' @return A data frame of class `nn_effects` with the columns `value` (and `value2` for two
#'   inputs), a number or a factor; `output`, the output or class; and `effect`. Its attributes are
#'   `variables`, `kind`, `rows`, `dropped`, `classes` (are the outputs classes?), `data`: values of
#'   the inputs in the data, at most 500 of them, which `plot()` shows, and `counts`: for a factor,
#'   how many rows have each level.
#' @section Errors: `backprop_error_input` if `data` are not as described, and
#'   `backprop_error_argument` if another argument is not, or an input is neither numeric nor a
#'   factor, character or logical.
#' @references Friedman, J. H. (2001). Greedy function approximation: a gradient boosting machine.
#'   *Annals of Statistics*, 29, 1189-1232. \doi{10.1214/aos/1013203451}
#'
#'   Apley, D. W. and Zhu, J. (2020). Visualizing the effects of predictor variables in black box
#'   supervised learning models. *Journal of the Royal Statistical Society B*, 82, 1059-1086.
#'   \doi{10.1111/rssb.12377}
#' @seealso [nn_importance()] for how much predictions depend on each input.
#' @examples
#' set.seed(1)
#' fit <- nn_train(mpg ~ wt + hp + factor(am), mtcars, hidden = 4, penalty = 0.05)
#' effect <- nn_effects(fit, mtcars, "wt")
#' head(effect)
#' plot(effect)
#' plot(nn_effects(fit, mtcars, c("wt", "hp"), kind = "ale", points = 6))
#' @export
nn_effects <- function(fit, data, variables, kind = "partial", points = 20, weights = NULL,
                       offset = NULL, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(nn_effects)))
  fit <- check_explained_fit(fit, call)
  check_given(missing(data), "data", "cases with the inputs of the fit", call)
  check_given(missing(variables), "variables", "the names of one or two inputs", call)
  check_choice(kind, c("partial", "ale"), "kind", call)
  points <- check_whole(points, "points", call, least = 2)
  cases <- new_cases_explained(fit, data, NULL, weights, offset, call, with_outcome = FALSE)
  check_variables(variables, cases$variables, "variables", call, most = 2)
  axes <- lapply(variables, new_axis, cases = cases, points = points, ale = kind == "ale", call)
  effect <- if (kind == "partial") partial_dependence(axes, cases) else local_effects(axes, cases)
  values <- expand.grid(lapply(axes, axis_values), KEEP.OUT.ATTRS = FALSE)
  names(values) <- c("value", "value2")[seq_along(axes)]
  outputs <- effect_outputs(unclass(fit), ncol(effect))
  table <- data.frame(
    values[rep(seq_len(nrow(values)), ncol(effect)), , drop = FALSE],
    output = factor(rep(outputs, each = nrow(values)), outputs), effect = as.vector(effect),
    row.names = NULL
  )
  some <- unique(round(seq(1, nrow(cases$data), length.out = min(nrow(cases$data), 500))))
  structure(
    table,
    class = c("nn_effects", "data.frame"), variables = variables, kind = kind,
    rows = nrow(cases$data), dropped = cases$dropped, classes = !is.null(unclass(fit)$levels),
    data = lapply(axes, function(axis) axis$x[some]),
    counts = lapply(axes, function(axis) if (axis$factor) c(table(axis$x)))
  )
}

effect_outputs <- function(fit, count) {
  if (length(fit$levels) == 2) {
    fit$levels[2]
  } else if (!is.null(fit$levels)) {
    fit$levels
  } else {
    as.character(output_names(fit, count))
  }
}

# An axis is an input whose values are changed:
#   name    its name
#   x       its values in the data, numbers or a factor
#   values  the values at the points of the axis, in the type of the data
#   factor  is it a factor?
#   order   the position of each point in the result
new_axis <- function(name, cases, points, ale, call) {
  x <- column_of(cases, name)
  if (is_number(x) && is.null(dim(x))) {
    at <- unique(weighted_quantiles(x, cases$weights, seq(0, 1, length.out = points)))
    if (length(at) < 2) {
      abort_argument(c(
        "The effect of an input requires at least two values.",
        x = "All rows have {at} as {.field {name}}."
      ), call)
    }
    return(list(name = name, x = as.double(x), values = at, factor = FALSE, order = seq_along(at)))
  }
  if (!(is.factor(x) || is.character(x) || is.logical(x)) || !is.null(dim(x))) {
    abort_argument(c(
      "{.arg variables} must be inputs that are numeric, logical, character or factors.",
      x = "{.field {name}} is {describe(x)}."
    ), call)
  }
  x <- droplevels(if (is.factor(x)) x else factor(x))
  most <- max(points, 50)
  if (nlevels(x) > most) {
    abort_argument(c(
      "{.field {name}} must have at most {most} levels.",
      x = "It has {nlevels(x)}.",
      i = "Merge rare levels, or use {.code points = {nlevels(x)}}."
    ), call)
  }
  order <- if (ale && !is.ordered(x)) similar_levels(x, name, cases) else seq_along(levels(x))
  levels <- levels(x)[order]
  column <- column_of(cases, name)
  values <- if (is.logical(column)) {
    levels == "TRUE"
  } else if (is.factor(column)) {
    factor(levels, levels(column), ordered = is.ordered(column))
  } else {
    levels
  }
  list(name = name, x = x, values = values, factor = TRUE, order = order(order))
}

# The values of an axis in the order of the result.
axis_values <- function(axis) {
  if (axis$factor) factor(levels(axis$x), levels(axis$x)) else axis$values
}

# The smallest values at which the sum of the weights reaches these proportions.
weighted_quantiles <- function(x, weights, proportions) {
  order <- order(x)
  reached <- cumsum(weights[order]) / sum(weights)
  at <- findInterval(proportions, reached + 1e-12, left.open = TRUE) + 1
  x[order][pmin(at, length(x))]
}

# Points x outputs.
partial_dependence <- function(axes, cases) {
  at <- expand.grid(lapply(axes, function(axis) axis$order), KEEP.OUT.ATTRS = FALSE)
  n <- length(cases$weights)
  share <- cases$weights / sum(cases$weights)
  done <- 0
  means <- with_search_bar("Changing inputs", nrow(at), lapply(seq_len(nrow(at)), function(i) {
    data <- cases$data
    for (a in seq_along(axes)) {
      data <- with_column(cases, data, axes[[a]]$name, rep(axes[[a]]$values[at[i, a]], n))
    }
    advance_search(done <<- done + 1)
    colSums(share * predict_changed(cases, data))
  }))
  unname(do.call(rbind, means))
}

# The order of levels in which neighbours have similar values of the other inputs: their distances,
# the largest differences of the distributions of each input, are scaled to one dimension.
similar_levels <- function(x, name, cases) {
  n <- nlevels(x)
  if (n < 3) {
    return(seq_len(n))
  }
  distance <- matrix(0, n, n)
  for (other in setdiff(cases$variables, name)) {
    values <- column_of(cases, other)
    if (!is.null(dim(values)) || !is.atomic(values)) next
    distance <- distance + level_distances(x, values, cases$weights)
  }
  if (all(distance == 0)) {
    return(seq_len(n))
  }
  order(suppressWarnings(stats::cmdscale(distance, k = 1))[, 1])
}

level_distances <- function(x, values, weights) {
  numeric <- is.numeric(values)
  at <- if (numeric) stats::quantile(values, seq(0, 1, length.out = 100), names = FALSE)
  group <- if (numeric) {
    findInterval(values, unique(at), left.open = TRUE)
  } else {
    as.integer(factor(values)) - 1
  }
  share <- tapply(weights, list(x, factor(group, 0:max(group))), sum, default = 0)
  share <- share / rowSums(share)
  if (numeric) share <- t(apply(share, 1, cumsum))
  outer(seq_len(nrow(share)), seq_len(nrow(share)), Vectorize(function(i, j) {
    gap <- abs(share[i, ] - share[j, ])
    if (numeric) max(gap) else sum(gap) / 2
  }))
}

#' @export
print.nn_effects <- function(x, ...) {
  if (!all(c("value", "output", "effect") %in% names(x))) {
    return(print_plain_table(x, ...))
  }
  cat(
    if (attr(x, "kind") == "ale") "Accumulated local effects of " else "Partial dependence on ",
    paste(attr(x, "variables"), collapse = " and "), ", from ", counted(attr(x, "rows"), "row"),
    "\n",
    sep = ""
  )
  print_dropped(x)
  table <- structure(as.data.frame(unclass(x)))
  print(utils::head(table, 20), digits = 4, row.names = FALSE)
  if (nrow(table) > 20) cat("... and", nrow(table) - 20, "more rows\n")
  invisible(x)
}
