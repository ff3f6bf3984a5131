# Compares the accuracy of untuned models, each with its defaults, on the same rows: trained on a
# random two thirds of a data set and tested on the other third, for some seeds. None of the data
# sets was used to choose our defaults (see defaults.R and development.R). Prints medians of the
# misclassification rate or the root mean squared error, and of the seconds of processor time, and
# compares both efforts with the other methods.
#
# Usage: Rscript bench/accuracy.R [seeds = 3] [data set ...]
# Requires mlbench, MASS, ggplot2, palmerpenguins, nnet, nlme, survival, mgcv and ranger, and for
# scikit-learn's columns /usr/bin/python3 with scikit-learn. Without it these columns are omitted,
# and so are the digits, which it provides.
#
# - backprop: nn_train(y ~ ., data); high: the same with effort = "high".
# - ranger: ranger(y ~ ., data); boosting: HistGradientBoostingClassifier() and
#   HistGradientBoostingRegressor() of scikit-learn, with dummy variables.
# - gam: mgcv::gam() with a smooth of each numeric input, not for several classes or many inputs;
#   linear: lm(), glm() or nnet::multinom().
# - nnet: standardised inputs (and a standardised numeric outcome, linout = TRUE); size = 5, which
#   has no default; otherwise defaults (100 iterations, no decay).
# - MLP: MLPClassifier() and MLPRegressor() of scikit-learn, on standardised inputs and a
#   standardised numeric outcome.
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1]))
source(file.path(here, "contest.R"))
arguments <- commandArgs(TRUE)
seeds <- seq_len(if (length(arguments) > 0) as.integer(arguments[1]) else 3)
python <- "/usr/bin/python3"
has_sklearn <- file.exists(python) &&
  system2(python, c("-c", shQuote("import sklearn")), stderr = FALSE) == 0

stored <- function(name, package = "mlbench") {
  where <- new.env()
  data(list = name, package = package, envir = where)
  stats::na.omit(as.data.frame(where[[name]]))
}
digits <- function() {
  file <- tempfile()
  on.exit(unlink(file))
  system2(python, c(
    "-c",
    shQuote(
      paste0(
        "import sys; from sklearn.datasets import load_digits; import numpy as np; ",
        "d = load_digits(); np.column_stack([d.data, d.target]).astype(float).tofile(sys.argv[1])"
      )
    ),
    file
  ))
  numbers <- matrix(readBin(file, "double", 1797 * 65), ncol = 65, byrow = TRUE)
  data.frame(numbers[, -65], digit = factor(numbers[, 65]))
}
set.seed(0)
sets <- list(
  iris = list(formula = Species ~ ., data = iris),
  sonar = list(formula = Class ~ ., data = stored("Sonar")),
  ionosphere = list(
    formula = Class ~ ., data = transform(stored("Ionosphere")[-2], V1 = as.integer(V1))
  ),
  `breast cancer` = list(formula = Class ~ ., data = {
    d <- stored("BreastCancer")[-1]
    d[1:9] <- lapply(d[1:9], as.integer)
    d
  }),
  digits = if (has_sklearn) list(formula = digit ~ ., data = digits()),
  satellite = list(formula = classes ~ ., data = stored("Satellite")),
  penguins = list(formula = sex ~ ., data = na.omit(as.data.frame(palmerpenguins::penguins))),
  crabs = list(formula = sex ~ ., data = MASS::crabs[c("sex", "sp", "FL", "RW", "CL", "CW", "BD")]),
  birthwt = list(formula = low ~ ., data = transform(
    MASS::birthwt[1:9],
    low = factor(low), race = factor(race)
  )),
  chains = list(formula = death ~ ., data = transform(
    na.omit(survival::flchain[c("age", "sex", "kappa", "lambda", "creatinine", "mgus", "death")]),
    death = factor(death)
  )),
  trees = list(formula = Volume ~ ., data = trees),
  Boston = list(formula = medv ~ ., data = MASS::Boston),
  quakes = list(formula = mag ~ ., data = quakes),
  mpg = list(formula = cty ~ ., data = {
    d <- as.data.frame(ggplot2::mpg)[c("cty", "displ", "year", "cyl", "drv", "fl", "class")]
    d[5:7] <- lapply(d[5:7], factor)
    d[d$fl != "c", ]
  }),
  school = list(formula = MathAch ~ ., data = {
    d <- as.data.frame(nlme::MathAchieve)[c("MathAch", "Minority", "Sex", "SES", "MEANSES")]
    d
  }),
  diamonds = list(
    formula = price ~ .,
    data = as.data.frame(ggplot2::diamonds[sample(nrow(ggplot2::diamonds), 10000), ])
  )
)
sets <- Filter(Negate(is.null), sets)
if (length(arguments) > 1) sets <- sets[arguments[-1]]
contestants <- c(
  list(
    backprop = backprop_with(), high = backprop_with(effort = "high"), ranger = forest,
    gam = additive, linear = linear, nnet = nnet_with(5)
  ),
  if (has_sklearn) list(boosting = boosting(), MLP = sklearn(TRUE))
)

results <- list()
for (name in names(sets)) {
  results[[name]] <- contest(sets[name], contestants, seeds)
  cat(
    sprintf("%-14s %6d rows ", name, nrow(sets[[name]]$data)),
    paste(
      sprintf("%s %s", names(contestants), format(medians(results[[name]]), digits = 4)),
      collapse = "  "
    ),
    "  seconds", paste(format(medians(results[[name]], "seconds"), digits = 2), collapse = " "),
    "\n"
  )
}
results <- do.call(rbind, results)
cat("\nMedians over", length(seeds), "seeds: misclassification rate or root mean squared error\n")
print(signif(medians(results), 4), na.print = "")
cat("\nSeconds\n")
print(round(medians(results, "seconds"), 2), na.print = "")

# An error of no row counts as half a row.
least <- vapply(sets, function(set) {
  if (is_classes(set)) 1.5 / nrow(set$data) else 0
}, 0)[rownames(medians(results))]
errors <- pmax(medians(results), least)
others <- intersect(c("ranger", "boosting", "gam", "linear"), colnames(errors))
best <- apply(errors[, others], 1, min, na.rm = TRUE)
for (mine in c("backprop", "high")) {
  cat("\nError of ", mine, ", as mean log ratio (standard error) over the data sets\n", sep = "")
  for (other in setdiff(colnames(errors), mine)) {
    ratio <- log(errors[, mine] / errors[, other])
    ratio <- ratio[!is.na(ratio)]
    cat(sprintf(
      "%-9s %6.3f (%.3f), %d sets\n", other, mean(ratio), sd(ratio) / sqrt(length(ratio)),
      length(ratio)
    ))
  }
  ratio <- errors[, mine] / best
  cat(sprintf(
    "best of ranger, boosting, gam and linear: %.3f; worst ratio %.2f (%s)\n", mean(log(ratio)),
    max(ratio), names(ratio)[which.max(ratio)]
  ))
}
cat(
  "\n", R.version.string, "; backprop ", format(packageVersion("backprop")), ", nnet ",
  format(packageVersion("nnet")), ", ranger ", format(packageVersion("ranger")), ", mgcv ",
  format(packageVersion("mgcv")), "\n",
  sep = ""
)
if (file.exists("/proc/cpuinfo")) {
  cat(sub(".*: ", "", grep("model name", readLines("/proc/cpuinfo"), value = TRUE)[1]), "\n")
}
