# How the defaults for data were chosen, on other data than those of accuracy.R. Usage: Rscript bench/defaults.R [small|large]
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1]))
source(file.path(here, "contest.R"))
suppressMessages(library(mlbench))

stored <- function(name, package = "mlbench") {
  where <- new.env()
  data(list = name, package = package, envir = where)
  stats::na.omit(as.data.frame(where[[name]]))
}
made <- function(problem) data.frame(problem$x, y = if (is.null(problem$classes)) problem$y else problem$classes)
some <- function(data, rows) data[sample(nrow(data), rows), ]

small_sets <- function() list(
  glass = list(Type ~ ., stored("Glass")), vehicle = list(Class ~ ., stored("Vehicle")), vowel = list(Class ~ ., stored("Vowel")[-1]),
  pima = list(type ~ ., rbind(MASS::Pima.tr, MASS::Pima.te)), spirals = list(y ~ ., made(mlbench.spirals(400, 1.5, 0.05))),
  votes = list(Class ~ ., stored("HouseVotes84")), threenorm = list(y ~ ., made(mlbench.threenorm(300))),
  airquality = list(Ozone ~ ., stats::na.omit(airquality)), cpus = list(log(perf) ~ ., MASS::cpus[2:8]), ozone = list(V4 ~ ., stored("Ozone")[-(1:3)]),
  friedman1 = list(y ~ ., made(mlbench.friedman1(300))), friedman2 = list(y ~ ., made(mlbench.friedman2(300))), servo = list(Class ~ ., stored("Servo")),
  concrete = list(compressive_strength ~ ., stored("concrete", "modeldata")))
large_sets <- function() list(
  cells = list(class ~ ., stored("cells", "modeldata")[-1]), dna = list(Class ~ ., stored("DNA")), letters = list(lettr ~ ., some(stored("LetterRecognition"), 6000)),
  ringnorm = list(y ~ ., made(mlbench.ringnorm(4000))), shuttle = list(Class ~ ., droplevels(some(stored("Shuttle"), 6000))), friedman1 = list(y ~ ., made(mlbench.friedman1(6000))),
  friedman3 = list(y ~ ., made(mlbench.friedman3(6000))), storms = list(wind ~ ., stats::na.omit(as.data.frame(dplyr::storms)[c("wind", "lat", "long", "month", "hour", "pressure")])),
  ames = list(log(Sale_Price) ~ ., stored("ames", "modeldata")[c("Sale_Price", "Lot_Area", "Year_Built", "Gr_Liv_Area", "Full_Bath", "Garage_Area", "Longitude", "Latitude", "Central_Air", "Bldg_Type", "Overall_Cond")]))
as_set <- function(pair) {
  outcome <- all.vars(pair[[1]])[1]
  data <- pair[[2]]
  if (is.call(pair[[1]][[2]])) data[[outcome]] <- eval(pair[[1]][[2]], data)
  list(formula = as.formula(paste(outcome, "~ .")), data = droplevels(data))
}
