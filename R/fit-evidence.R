# The evidence of a fit: what held-out rows say about the network with the defaults that were
# chosen, a linear model and a constant. See new_evidence() for its fields.

evidence_models <- c("network", "linear", "constant")

# The lines of print() and summary().
describe_evidence <- function(fit) {
  evidence <- fit$evidence
  if (is.null(evidence)) {
    return(NULL)
  }
  # class weights are for training; case weights count in both
  weighted <- list(loss = " weighted by class", accuracy = " not weighted by class")
  scores <- function(name, x) {
    x <- vapply(x, format, "", digits = 3)
    if (!is.null(fit$settings$class_weights)) name <- paste0(name, weighted[[name]])
    paste0(name, " ", x[1], " (linear model ", x[2], ", constant ", x[3], ")")
  }
  c(
    paste0("Evidence:  ", evidence$method, ", ", scores("loss", evidence$loss)),
    if (!is.null(evidence$accuracy)) paste0("           ", scores("accuracy", evidence$accuracy))
  )
}

# The line of an ensemble, whose networks are together the network of the fit.
describe_ensemble <- function(fit) {
  ensemble <- fit$ensemble
  if (is.null(ensemble)) {
    return(NULL)
  }
  hidden <- utils::head(ensemble$units, -1)
  paste0(
    "Ensemble:  the mean of ", ensemble$members, " networks",
    if (length(hidden) > 0) paste(" of", paste(hidden, collapse = " and "), "units"),
    ", each trained without one fold of the rows"
  )
}

is_ensemble <- function(ensemble, layers, whole) {
  is.list(ensemble) && whole(ensemble$members, 1) && length(ensemble$members) == 1 &&
    whole(ensemble$units, 1) && length(ensemble$units) == length(layers)
}

is_evidence <- function(evidence, text, number) {
  of_models <- function(x, models = evidence_models) {
    is.double(x) && identical(names(x), models) && !anyNA(x)
  }
  is.list(evidence) && text(evidence$method) && length(evidence$method) == 1 &&
    number(evidence$rows) && of_models(evidence$loss) &&
    (is.null(evidence$accuracy) || of_models(evidence$accuracy)) &&
    (is.null(evidence$error) || of_models(evidence$error, evidence_models[-1])) &&
    (is.null(evidence$edge) || text(evidence$edge))
}

# Is the loss of the network not lower than that of a linear model, and of a constant, by more than
# the standard error of the difference (or a thousandth, as of networks that are a constant)?
does_as_well <- function(evidence) {
  others <- evidence$loss[evidence_models[-1]]
  evidence$loss[["network"]] >= others - pmax(evidence$error, abs(others) / 1000)
}
