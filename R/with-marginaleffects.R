# The methods that marginaleffects requires of a model. Estimates have standard errors if the
# argument `vcov` of its functions is the covariance matrix, vcov(fit, data).

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
  fit <- whole_fit(model, current_env(), "model")
  stats::setNames(flatten_network(fit[parameter_names(fit$layers)]), parameter_labels(fit))
}

#' @exportS3Method marginaleffects::set_coef nn_fit
set_coef.nn_fit <- function(model, coefs, ...) {
  fit <- plain_fit(model, current_env())
  names <- parameter_names(fit$layers)
  fit[names] <- unflatten_network(unname(coefs), fit$layers)
  structure(fit, class = class(model))
}

# A fit stores no data to compute a covariance matrix from: it is the argument `vcov` of the
# functions of marginaleffects, or there are no standard errors.
#' @exportS3Method marginaleffects::get_vcov nn_fit
get_vcov.nn_fit <- function(model, vcov = NULL, ...) {
  if (is.matrix(vcov)) {
    attr(vcov, "df") <- NULL
    return(vcov)
  }
  if (is.function(vcov)) vcov(model)
}

# marginaleffects supports its own list of model classes and those named in this option.
register_marginaleffects_class <- function() {
  options(marginaleffects_model_classes = union(
    getOption("marginaleffects_model_classes"), "nn_fit"
  ))
}
