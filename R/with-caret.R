# backprop as a model of the package caret.

#' A model for caret
#'
#' The list that `caret::train(method = )` takes for a model that it does not know by itself. It
#' trains by [nn_train()] on the data frame that `train()` makes, for regression and classification,
#' and tunes the number of hidden units and the penalty: with `tuneLength = 3`, caret's default, 4,
#' 8 and 16 units and penalties of 0, 1e-4 and 0.1 (for a length of 1, 4 units without a penalty);
#' `tuneGrid` gives other values, and every other argument of [nn_train()] can be given in the call
#' of `train()`.
#'
#' With a formula `train()` itself turns factors into indicator columns; with a data frame of
#' predictors [nn_train()] encodes them. Predictors are standardised by [nn_train()], so
#' `preProcess` need not. `caret::varImp()` uses the area under the curve or the R squared of each
#' predictor alone, as it does for every model without an importance of its own.
#'
#' @return A list with the elements that caret describes in its chapter on using your own model:
#'   `library`, `type`, `parameters`, `grid`, `fit`, `predict`, `prob`, `levels`, `sort`.
#' @section Errors: None here; those of [nn_train()] in `train()`.
#' @references Kuhn, M. (2008). Building predictive models in R using the caret package. *Journal of
#'   Statistical Software*, 28(5), 1-26. \doi{10.18637/jss.v028.i05}
#' @seealso `vignette("ecosystem", "backprop")`
#' @examplesIf requireNamespace("caret", quietly = TRUE)
#' set.seed(1)
#' tuned <- caret::train(mtcars[c("wt", "hp", "qsec")], mtcars$mpg,
#'   method = nn_caret(), epochs = 50,
#'   tuneGrid = expand.grid(hidden = 3, penalty = c(0.01, 0.1)),
#'   trControl = caret::trainControl("cv", number = 3)
#' )
#' tuned
#' @export
nn_caret <- function() {
  list(
    label = "Multilayer perceptron (backprop)", library = "backprop",
    type = c("Regression", "Classification"), loop = NULL,
    parameters = data.frame(
      parameter = c("hidden", "penalty"), class = "numeric", label = c("Hidden units", "Penalty")
    ),
    grid = caret_grid, fit = caret_fit, predict = caret_predict, prob = caret_prob,
    levels = function(x) x$obsLevels, predictors = function(x, ...) x$xNames,
    tags = c("Neural Network", "L2 Regularization", "Accepts Case Weights"),
    sort = function(x) x[order(x$hidden, -x$penalty), ]
  )
}

# The simplest network comes last in nothing: sort() above puts it first, as caret wants it.
caret_grid <- function(x, y, len = NULL, search = "grid") {
  if (search == "random") {
    return(data.frame(hidden = sample.int(32, len, replace = TRUE), penalty = 10^runif(len, -5, 0)))
  }
  expand.grid(
    hidden = 2^(seq_len(len) + 1),
    penalty = c(0, 10^seq(-4, -1, length.out = max(1, len - 1)))[seq_len(len)]
  )
}

caret_fit <- function(x, y, wts, param, lev, last, weights, classProbs, ...) {
  if (is.character(y)) y <- factor(y, lev)
  nn_train(as.data.frame(x), y, hidden = param$hidden, penalty = param$penalty, weights = wts, ...)
}

caret_predict <- function(modelFit, newdata, preProc = NULL, submodels = NULL) {
  predict(
    modelFit, as.data.frame(newdata),
    type = if (is.null(unclass(modelFit)$levels)) "response" else "class"
  )
}

caret_prob <- function(modelFit, newdata, preProc = NULL, submodels = NULL) {
  as.data.frame(predict(modelFit, as.data.frame(newdata), type = "prob"), optional = TRUE)
}
