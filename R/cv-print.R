# summary() and print() of a cross-validation.

#' @rdname nn_cv
#' @export
summary.nn_cv <- function(object, by_output = FALSE, ...) {
  call <- current_env()
  check_no_dots(call, ..., known = names(formals(summary.nn_cv)))
  if (!check_flag(by_output, "by_output", call)) {
    return(summarise_metrics(object$metrics[-(1:4)]))
  }
  table <- object$metrics_by_output
  if (is.null(table)) {
    abort_argument(c(
      "{.code by_output = TRUE} requires several outputs, and a metric that {.fn nn_cv} names.",
      x = "The outcome is {object$outcome}."
    ), call)
  }
  bind_rows(lapply(unique(table$output), function(output) {
    of_output <- table[table$output == output, -(1:5), drop = FALSE]
    data.frame(output = output, summarise_metrics(of_output))
  }))
}

summarise_metrics <- function(values) {
  known <- lapply(values, function(value) value[!is.na(value)])
  of_known <- function(f) {
    vapply(
      known, function(value) if (length(value) > 0) f(value) else NA_real_, 0,
      USE.NAMES = FALSE
    )
  }
  data.frame(
    metric = names(values), mean = of_known(mean),
    standard_error = of_known(function(value) stats::sd(value) / sqrt(length(value))),
    least = of_known(min), greatest = of_known(max), fits = lengths(known, use.names = FALSE)
  )
}

#' @export
print.nn_cv <- function(x, ...) {
  cat(
    x$folds, "-fold cross-validation", if (x$repeats > 1) paste(", repeated", x$repeats, "times"),
    if (!x$stratified) ", given folds", "\n",
    sep = ""
  )
  cat("Data: ", counted(x$n, "row"), ", ", x$outcome, sep = "")
  if (!is.null(x$threshold)) cat(", threshold", format(x$threshold, digits = 3))
  cat("\n")
  if (isTRUE(x$dropped > 0)) {
    cat("Dropped: ", counted(x$dropped, "row"), " with missing values\n", sep = "")
  }
  cat("\n")
  table <- summary(x)
  missing <- nrow(x$metrics) - table$fits
  print(table[-6], row.names = FALSE, digits = 4)
  cat(
    "\nComputed on the held-out rows of ", counted(nrow(x$metrics), "fit"), ".\n",
    sep = ""
  )
  if (!is.null(x$metrics_by_output)) {
    cat("\nBy output\n")
    by_output <- summary(x, by_output = TRUE)[1:4]
    outputs <- unique(by_output$output)
    most <- 10
    shown <- by_output[by_output$output %in% utils::head(outputs, most), ]
    print(shown, row.names = FALSE, digits = 4)
    if (length(outputs) > most) {
      cat(
        "... and ", counted(length(outputs) - most, "more output"),
        ", see summary(, by_output = TRUE)\n",
        sep = ""
      )
    }
  }
  for (i in which(missing > 0)) {
    cat(table$metric[i], " is NA for ", counted(missing[i], "fit"), ".\n", sep = "")
  }
  invisible(x)
}
