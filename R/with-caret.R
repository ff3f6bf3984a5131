# backprop as a custom model for caret.

#' Custom model for caret
#'
#' Returns a model specification for the `method` argument of `caret::train()`. The model trains a
#' network with [nn_train()], for regression or classification, and has two tuning parameters:
#' `hidden`, the number of units of one hidden layer, and `penalty`.
#'
#' The grid is centred at the default of [nn_train()]: its number of `hidden` units (100 below 1000
#' rows, 200 from there on) and a `penalty` of `"auto"`, which it chooses on held-out rows together
#' with the activation function. With caret's default
#' `tuneLength = 3`, the other points have half, the same or twice the number of units and penalties
#' of 0.1, 1 and 10 divided by the number of rows, with `"relu"` unless `activation` is supplied;
#' with `tuneLength = 1`, there is only the default. Use `tuneGrid` for other values. All other
#' arguments of [nn_train()] can be passed to `train()`.
#'
#' If `train()` is called with a formula, it converts factors to dummy variables; with a data frame
#' of predictors, [nn_train()] encodes them. [nn_train()] standardises predictors, so `preProcess`
#' is not needed. `caret::varImp()` uses its model-independent measure for each predictor: the area
#' under the ROC curve, or R squared.
#'
#' @return A list with the elements that caret requires of a custom model: `library`, `type`,
#'   `parameters`, `grid`, `fit`, `predict`, `prob`, `levels`, `sort` and other elements.
#' @section Errors: None. `train()` passes on those of [nn_train()].
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
      parameter = c("hidden", "penalty"), class = c("numeric", "character"),
      label = c("Hidden units", "Penalty")
    ),
    grid = caret_grid, fit = caret_fit, predict = caret_predict, prob = caret_prob,
    levels = function(x) x$obsLevels, predictors = function(x, ...) x$xNames,
    tags = c("Neural Network", "L2 Regularization", "Accepts Case Weights"),
    sort = function(x) x[order(x$hidden, -caret_penalty(x$penalty)), ]
  )
}

# The tuning grid around the default for data frames. The element `sort` above orders it from the
# simplest network, as caret requires.
caret_grid <- function(x, y, len = NULL, search = "grid") {
  rows <- NROW(x)
  if (search == "random") {
    return(data.frame(hidden = round(2^runif(len, 2, 9)), penalty = 10^runif(len, -3, 2) / rows))
  }
  steps <- seq_len(len) %/% 2 * c(1, -1)[1 + seq_len(len) %% 2] # 0, 1, -1, 2, -2, ...
  penalties <- signif(10^steps / rows, 3)
  grid <- expand.grid(
    hidden = pmax(1, round(default_hidden(rows < few_rows) * 2^steps)), penalty = penalties
  )
  # a factor, which caret's plot shows in order
  grid$penalty <- factor(grid$penalty, c(sort(penalties), "auto"))
  grid$penalty[1] <- "auto"
  grid
}

# The numbers of penalties, NA for "auto".
caret_penalty <- function(penalty) {
  if (is.factor(penalty)) penalty <- as.character(penalty)
  as.numeric(replace(penalty, penalty == "auto", NA))
}

caret_fit <- function(x, y, wts, param, lev, last, weights, classProbs, ...) {
  if (is.character(y)) y <- factor(y, lev)
  penalty <- caret_penalty(param$penalty)
  if (is.na(penalty)) penalty <- "auto"
  nn_train(as.data.frame(x), y, hidden = param$hidden, penalty = penalty, weights = wts, ...)
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
