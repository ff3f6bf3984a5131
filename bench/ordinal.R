# Cross-entropy with softmax against "cumulative" for ordered classes, with the defaults of
# nn_train() otherwise:
#
#   Rscript bench/ordinal.R [SPLITS] [DATA-SET ...]      10 splits, all data sets by default
#
# Each split trains on two thirds of the rows and predicts the others. The columns are the mean log
# loss and the mean absolute error of the median class, in classes, of both, and the difference
# (cumulative minus softmax) with its standard error over the splits. At most 1000 rows of a table
# are used. Requires MASS, mlbench, survival, rpart and ggplot2.

library(backprop)

fifths <- function(y) {
  cut(y, quantile(y, 0:5 / 5), include.lowest = TRUE, labels = 1:5, ordered_result = TRUE)
}
discretised <- function(d, name) {
  d <- d[stats::complete.cases(d), ]
  d[[name]] <- fifths(d[[name]])
  list(d, name)
}
from <- function(package, name) {
  where <- new.env()
  data(list = name, package = package, envir = where)
  where[[name]]
}
tables <- list(
  housing = function() {
    d <- MASS::housing
    list(d[rep(seq_len(nrow(d)), d$Freq), c("Sat", "Infl", "Type", "Cont")], "Sat")
  },
  stage = function() {
    d <- survival::pbc
    d <- d[c("stage", "age", "sex", "bili", "albumin", "protime", "platelet", "ascites", "edema")]
    d$stage <- ordered(d$stage)
    list(stats::na.omit(d), "stage")
  },
  ecog = function() {
    d <- survival::lung[c("ph.ecog", "time", "age", "sex", "ph.karno", "pat.karno", "wt.loss")]
    d <- subset(stats::na.omit(d), ph.ecog < 3)
    d$ph.ecog <- ordered(d$ph.ecog)
    list(d, "ph.ecog")
  },
  exercise = function() {
    d <- MASS::survey[c("Exer", "Sex", "Pulse", "Smoke", "Height", "Age", "W.Hnd", "Clap")]
    d$Exer <- ordered(d$Exer, c("None", "Some", "Freq"))
    list(stats::na.omit(d), "Exer")
  },
  clump = function() {
    d <- stats::na.omit(from("mlbench", "BreastCancer")[2:10])
    d[] <- lapply(d, function(x) as.integer(as.character(x)))
    d$Cl.thickness <- ordered(d$Cl.thickness)
    list(d, "Cl.thickness")
  },
  cut = function() list(as.data.frame(ggplot2::diamonds)[c(2, 1, 3:10)], "cut"),
  reliability = function() list(stats::na.omit(rpart::cu.summary[c(1, 3:5)]), "Reliability"),
  boston = function() discretised(MASS::Boston, "medv"),
  computers = function() discretised(MASS::cpus[2:8], "perf"),
  quakes = function() discretised(quakes, "stations"),
  ozone = function() {
    d <- from("mlbench", "Ozone")[c(4:8, 10:13)]
    discretised(d, "V4")
  },
  friedman = function() {
    set.seed(1)
    d <- mlbench::mlbench.friedman1(500, sd = 2)
    discretised(data.frame(d$x, y = d$y), "y")
  }
)

errors <- function(p, y) {
  y <- as.integer(y)
  median <- 1 + rowSums(t(apply(p, 1, cumsum))[, -ncol(p), drop = FALSE] < 0.5)
  c(loss = -mean(log(pmax(p[cbind(seq_along(y), y)], 1e-15))), mae = mean(abs(median - y)))
}

one_split <- function(d, name) {
  y <- d[[name]]
  # a third of each class
  third <- function(i) i[sample.int(length(i), length(i) / 3)]
  test <- unlist(lapply(split(seq_along(y), y), third))
  formula <- stats::reformulate(".", name)
  unlist(lapply(list(softmax = NULL, cumulative = "cumulative"), function(loss) {
    fit <- suppressWarnings(nn_train(formula, d[-test, ], loss = loss))
    errors(predict(fit, d[test, ], type = "prob"), y[test])
  }))
}

arguments <- commandArgs(TRUE)
splits <- as.integer(c(arguments, 10)[1])
chosen <- if (length(arguments) > 1) arguments[-1] else names(tables)
differences <- NULL
for (table in chosen) {
  made <- tables[[table]]()
  d <- made[[1]]
  set.seed(2)
  if (nrow(d) > 1000) d <- d[sample.int(nrow(d), 1000), ]
  d <- droplevels(d)
  runs <- replicate(splits, one_split(d, made[[2]]))
  means <- rowMeans(runs)
  cat(sprintf("%-12s %4d rows %2d classes", table, nrow(d), nlevels(d[[made[[2]]]])))
  for (what in c("loss", "mae")) {
    pair <- paste0(c("softmax.", "cumulative."), what)
    difference <- runs[pair[2], ] - runs[pair[1], ]
    cat(sprintf(
      "   %s %.3f %.3f  %+.3f (%.3f)", what, means[pair[1]], means[pair[2]], mean(difference),
      sd(difference) / sqrt(splits)
    ))
    differences <- rbind(differences, data.frame(table, what, relative = mean(difference) /
      means[pair[1]]))
  }
  cat("\n")
}
# over the tables
for (what in c("loss", "mae")) {
  r <- differences$relative[differences$what == what]
  cat(sprintf(
    "%s: relative difference %+.3f (%.3f), lower for %d of %d\n", what, mean(r),
    sd(r) / sqrt(length(r)), sum(r < 0), length(r)
  ))
}
