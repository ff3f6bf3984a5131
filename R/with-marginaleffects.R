# The methods that marginaleffects asks a model for. A network's weights are not identified, so that
# they have no covariances: there are estimates, and no standard errors.

#' @exportS3Method marginaleffects::get_predict nn_fit
get_predict.nn_fit <- function(model, newdata, type = "response", offset = NULL, ...) {
  output <- predict(
    model, as.data.frame(newdata),
    type = if (is.null(type)) "response" else type, offset = offset
  )
  group <- if (is.matrix(output)) {
    factor(rep(colnames(output), each = nrow(output)), colnames(output))
  }
  rows <- if ("rowid" %in% names(newdata)) newdata$rowid else seq_len(nrow(newdata))
  columns <- list(
    rowid = rep(rows, NCOL(output)), group = group,
    estimate = if (is.factor(output)) output else as.vector(output)
  )
  as.data.frame(columns[!vapply(columns, is.null, NA)])
}

#' @exportS3Method marginaleffects::get_coef nn_fit
get_coef.nn_fit <- function(model, ...) {
  weights <- tidy.nn_fit(model)
  stats::setNames(weights$estimate, paste0(weights$layer, ":", weights$unit, ":", weights$term))
}

#' @exportS3Method marginaleffects::get_vcov nn_fit
get_vcov.nn_fit <- function(model, ...) NULL

# marginaleffects takes models of the classes that it knows and of those that this option names.
register_marginaleffects_class <- function() {
  options(marginaleffects_model_classes = union(
    getOption("marginaleffects_model_classes"), "nn_fit"
  ))
}
