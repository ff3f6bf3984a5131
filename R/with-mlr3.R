# backprop as learners of mlr3. Their classes are created on demand, because they inherit from those
# of mlr3, which is not imported.

#' Learners for mlr3
#'
#' If mlr3 and backprop are loaded, `lrn("regr.backprop")` and `lrn("classif.backprop")` are
#' learners that train a network with [nn_train()] on the task's data. This function creates the
#' same learners without mlr3's dictionary.
#'
#' The parameters of the learners are arguments of [nn_train()], with its defaults for data frames:
#' `hidden`, `activation`, `output_activation`, `loss`, `optimizer`, `learning_rate`, `epochs`,
#' `batch_size`, `init`, `restarts`, `penalty`, `penalty_l1`, `dropout`, `schedule`, `clip`,
#' `class_weights`, `validation`, `patience`, `tolerance`, `precision`, `standardize`, `new_levels`
#' and `effort`. For the full batch, set `batch_size` to at least the number of rows, because the
#' value `NULL` removes a parameter. Weights of a task are passed to `weights`.
#'
#' @param task_type Type of task: `"regr"` (default) or `"classif"`.
#' @return An object of class `LearnerRegr` or `LearnerClassif`, whose `model` is a fit returned by
#'   [nn_train()].
#' @section Errors: `backprop_error_argument` for another `task_type`; an error of rlang if mlr3 is
#'   not installed.
#' @seealso `vignette("ecosystem", "backprop")`
#' @examplesIf requireNamespace("mlr3", quietly = TRUE)
#' learner <- nn_mlr3("regr")
#' learner$param_set$set_values(hidden = 3, epochs = 50)
#' set.seed(1)
#' learner$train(mlr3::tsk("mtcars"))
#' learner$predict(mlr3::tsk("mtcars"))
#' @export
nn_mlr3 <- function(task_type = "regr") {
  check_choice(task_type, c("regr", "classif"), "task_type", current_env())
  check_installed(c("mlr3", "paradox", "R6"))
  mlr3_class(task_type)$new()
}

register_mlr3_learners <- function() {
  mlr3::mlr_learners$add("regr.backprop", function() nn_mlr3("regr"))
  mlr3::mlr_learners$add("classif.backprop", function() nn_mlr3("classif"))
}

mlr3_class <- function(task_type) {
  self <- super <- private <- NULL # defined by R6 in the methods
  classif <- task_type == "classif"
  parent <- if (classif) mlr3::LearnerClassif else mlr3::LearnerRegr
  R6::R6Class(
    paste0("Learner", if (classif) "Classif" else "Regr", "Backprop"),
    inherit = parent,
    public = list(initialize = function() {
      super$initialize(
        id = paste0(task_type, ".backprop"), param_set = mlr3_parameters(),
        predict_types = if (classif) c("response", "prob") else "response",
        feature_types = c("logical", "integer", "numeric", "character", "factor", "ordered"),
        properties = c("weights", if (classif) c("twoclass", "multiclass")), packages = "backprop",
        label = "Multilayer perceptron", man = "backprop::nn_mlr3"
      )
    }),
    private = list(
      .train = function(task) {
        X <- as.data.frame(task$data(cols = task$feature_names))
        do.call(nn_train, c(
          list(X, task$truth(), weights = private$.get_weights(task)),
          self$param_set$get_values(tags = "train")
        ))
      },
      .predict = function(task) {
        X <- as.data.frame(task$data(cols = task$feature_names))
        if (self$predict_type == "prob") {
          list(prob = unname_rows(predict(self$model, X, type = "prob")))
        } else {
          list(response = unname(predict(
            self$model, X,
            type = if (classif) "class" else "response"
          )))
        }
      }
    )
  )
}

# The values of `activation`, `optimizer` and others are checked by nn_train(), whose messages are
# more informative.
mlr3_parameters <- function() {
  number <- function(...) paradox::p_dbl(..., tags = "train")
  whole <- function(...) paradox::p_int(..., tags = "train")
  other <- function() paradox::p_uty(tags = "train")
  paradox::ps(
    hidden = other(), activation = other(), output_activation = other(), loss = other(),
    optimizer = other(), learning_rate = number(0), epochs = whole(0), batch_size = whole(1),
    init = other(), restarts = whole(1), penalty = number(0), penalty_l1 = number(0),
    dropout = other(), schedule = other(), clip = number(0), class_weights = other(),
    validation = other(), patience = other(), tolerance = number(0),
    precision = paradox::p_fct(c("double", "single"), tags = "train"),
    standardize = other(),
    new_levels = paradox::p_fct(c("error", "NA"), tags = "train"),
    missing = paradox::p_fct(c("na.action", "indicator"), tags = "train"),
    dates = paradox::p_fct(c("error", "parts"), tags = "train"),
    effort = paradox::p_fct(c("standard", "high"), tags = "train")
  )
}
