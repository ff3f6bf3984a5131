# A check of nn_doctor(): classes that are never predicted.

# Is a class predicted for no training row? It is not found again if a constant is as good on
# held-out rows.
find_one_class <- function(fit, facts) {
  if (length(fit$levels) < 2) {
    return(FALSE)
  }
  classes <- seen_classes(fit, facts)
  if (is.null(classes)) {
    return(NA)
  }
  never <- which(classes$predicted == 0 & classes$share > 0)
  if (length(never) == 0 || one_row(fit) || all(facts$spread == 0) ||
    !is.null(fit$evidence$error) && does_as_well(fit$evidence)[["constant"]]) {
    return(FALSE)
  }
  names <- fit$levels[never]
  share <- vapply(100 * classes$share[never], short, "")
  largest <- vapply(classes$largest[never], short, "")
  weighted <- if (!is.null(fit$settings$class_weights)) ", weighted by class,"
  if (length(never) == 1) {
    return(finding(
      paste("class", names, "is never predicted"),
      paste0(
        "The class ", names, " is predicted for no training row, although ", share, " % of them",
        weighted, " are of this class: its largest predicted probability is ", largest, "."
      )
    ))
  }
  shown <- utils::head(order(-classes$share[never]), 3)
  finding(
    paste(length(never), "classes are never predicted"),
    paste0(
      length(never), " of the ", length(fit$levels), " classes are predicted for no training row: ",
      paste0(
        names[shown], " (", share[shown], " % of the rows", weighted,
        if (is.null(weighted)) ",", " largest predicted probability ", largest[shown], ")",
        collapse = ", "
      ),
      if (length(never) > 3) paste(" and", length(never) - 3, "more"), "."
    )
  )
}

# For each class the proportion of training rows of it (`share`), for which it is `predicted` (of
# two classes, whether it is), and its `largest` probability. NULL if the fit does not know it.
seen_classes <- function(fit, facts) {
  range <- facts$outputs
  if (is.null(range) || is.null(facts$center)) {
    return(NULL)
  }
  if (length(fit$levels) == 2) {
    return(list(
      share = c(1 - facts$center[1], facts$center[1]),
      predicted = c(range[1] <= 0.5, range[2] > 0.5) + 0, largest = c(1 - range[1], range[2])
    ))
  }
  if (!is.null(facts$predicted)) {
    list(
      share = drop(class_outputs(t(facts$center), fit)), predicted = facts$predicted,
      largest = facts$largest
    )
  }
}

one_class_advice <- function(fit, facts) {
  if (length(fit$levels) == 2) {
    return(paste0(
      "Use the probabilities, or classes that weigh the costs of both errors, such as ",
      "predict(fit, newdata, type = \"class\", threshold = c(false_positive = 1, ",
      "false_negative = 10)). The accuracy is that of a constant: compare fits by the metrics auc ",
      "or log_loss of nn_cv()."
    ))
  }
  paste0(
    "Use the probabilities, merge classes, or, if such rows should be found, use ",
    if (is.null(fit$settings$class_weights)) {
      paste0(
        "class_weights = \"balanced\", with which all classes count the same: the probabilities ",
        "are then those of equally frequent classes, and the accuracy is lower. "
      )
    } else {
      "larger class_weights of these classes. "
    },
    "Compare fits by the metric log_loss of nn_cv(), and look at plot(cv, \"confusion\")."
  )
}
