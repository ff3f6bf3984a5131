# Compares the accuracy of untuned models with nnet and scikit-learn, each with its defaults, on the
# same rows: trained on a random two thirds of a data set and tested on the other third, for ten
# seeds. Prints medians of the misclassification rate or the root mean squared error, and of the
# seconds.
#
# Usage: Rscript bench/accuracy.R [seeds = 10] [data set ...]
# Requires mlbench, MASS, ggplot2 and nnet, and for scikit-learn's columns /usr/bin/python3 with
# scikit-learn. Without it these columns are omitted, and so are the digits, which it provides.
#
# - backprop: nn_train(y ~ ., data).
# - nnet: standardised inputs (and a standardised numeric outcome, linout = TRUE); size = 5, which
#   has no default; otherwise defaults (100 iterations, no decay).
# - scikit-learn: MLPClassifier() and MLPRegressor() on standardised inputs. "scaled": the numeric
#   outcome is also standardised.
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1]))
source(file.path(here, "contest.R"))
arguments <- commandArgs(TRUE)
seeds <- seq_len(if (length(arguments) > 0) as.integer(arguments[1]) else 10)
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
  trees = list(formula = Volume ~ ., data = trees),
  Boston = list(formula = medv ~ ., data = MASS::Boston),
  diamonds = list(
    formula = price ~ .,
    data = as.data.frame(ggplot2::diamonds[sample(nrow(ggplot2::diamonds), 10000), ])
  )
)
sets <- Filter(Negate(is.null), sets)
if (length(arguments) > 1) sets <- sets[arguments[-1]]
contestants <- c(
  list(backprop = backprop_with(), nnet = nnet_with(5)),
  if (has_sklearn) list(`scikit-learn` = sklearn(), scaled = sklearn(TRUE))
)

results <- list()
for (name in names(sets)) {
  mine <- if (is_classes(sets[[name]])) {
    contestants[setdiff(names(contestants), "scaled")]
  } else {
    contestants
  }
  results[[name]] <- contest(sets[name], mine, seeds)
  cat(
    sprintf("%-14s %6d rows ", name, nrow(sets[[name]]$data)),
    paste(
      sprintf("%s %s", names(mine), format(medians(results[[name]]), digits = 4)),
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
cat(
  "\n", R.version.string, "; backprop ", format(packageVersion("backprop")), ", nnet ",
  format(packageVersion("nnet")), "\n",
  sep = ""
)
if (file.exists("/proc/cpuinfo")) {
  cat(sub(".*: ", "", grep("model name", readLines("/proc/cpuinfo"), value = TRUE)[1]), "\n")
}
