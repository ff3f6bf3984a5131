#' @keywords internal
"_PACKAGE"

#' @useDynLib backprop, .registration = TRUE
#' @importFrom Rcpp evalCpp
#' @import rlang
#' @importFrom stats coef fitted nobs predict residuals rnorm runif
NULL
