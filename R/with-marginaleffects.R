# The methods that marginaleffects requires of a model. The weights of a network are not identified
# and have no covariance matrix, so estimates have no standard errors.

#' @exportS3Method marginaleffects::get_predict nn_fit
get_predict.nn_fit <- function(model, newdata, type = "response", offset = NULL, new_levels = NULL,
                               ...) {
  output <- predict(
    model, as.data.frame(newdata),
    type = if (is.null(type)) "response" else type, offset = offset, new_levels = new_levels
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

# marginaleffects supports its own list of model classes and those named in this option.
register_marginaleffects_class <- function() {
  options(marginaleffects_model_classes = union(
    getOption("marginaleffects_model_classes"), "nn_fit"
  ))
}
