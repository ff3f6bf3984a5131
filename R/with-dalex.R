# The model information that DALEX asks for: package, version and task. DALEX predicts with
# predict().

#' @exportS3Method DALEX::model_info nn_fit
model_info.nn_fit <- function(model, is_multiclass = FALSE, ...) {
  classes <- length(unclass(model)$levels)
  info <- list(
    package = "backprop", ver = as.character(utils::packageVersion("backprop")),
    type = if (classes == 0) "regression" else if (classes == 2) "classification" else "multiclass"
  )
  structure(info, class = "model_info")
}
