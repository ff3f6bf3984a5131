fits <- function() {
  d <- cars_data()
  list(
    formula = seeded(mpg ~ cyl + log(wt) + am + maker, d),
    frame = seeded(d[c("cyl", "wt", "am", "maker")], d$mpg)
  )
}

test_that(
  "columns, rows and levels may come in any order, with more columns beside them",
  {
    d <- cars_data()
    for (fit in fits()) {
      expect_identical(predict(fit, d), fitted(fit))
      expect_identical(predict(fit, d[rev(names(d))]), fitted(fit))
      expect_identical(predict(fit, cbind(other = Sys.Date(), d)), fitted(fit))
      for (rows in list(32:1, 5, c(3, 3, 9), integer())) {
        expect_identical(unname(predict(fit, d[rows, ])), unname(fitted(fit))[rows])
      }
      other <- d
      other$cyl <- factor(as.character(d$cyl), c("8", "4", "6", "12"))
      expect_identical(predict(fit, other), fitted(fit))
      other$cyl <- as.character(d$cyl)
      other$maker <- factor(d$maker)
      expect_identical(predict(fit, other), fitted(fit))
      other <- d[3, ]
      other$cyl <- droplevels(other$cyl)
      expect_identical(predict(fit, other), fitted(fit)[3])
      whole <- d
      whole$wt <- as.integer(d$wt)
      expect_identical(predict(fit, whole), predict(fit, transform(whole, wt = as.double(wt))))
    }
  }
)

test_that("missing values give NA, or what na.action asks for", {
  d <- cars_data()
  d$wt[2] <- NA
  d$cyl[4] <- NA
  d$maker[6] <- NA
  for (fit in fits()) {
    p <- predict(fit, d)
    expect_identical(unname(which(is.na(p))), c(2L, 4L, 6L))
    expect_identical(p[-c(2, 4, 6)], fitted(fit)[-c(2, 4, 6)])
    expect_identical(predict(fit, d, na.action = na.omit), fitted(fit)[-c(2, 4, 6)])
    expect_identical(unname(predict(fit, d, na.action = na.exclude)), unname(p))
    expect_error(predict(fit, d, na.action = na.fail), class = "backprop_error_input")
    expect_identical(unname(predict(fit, d[2, ])), NA_real_)
    expect_identical(unname(predict(fit, transform(d[1, ], wt = NA))), NA_real_)
  }
  species <- seeded(Species ~ ., iris)
  flowers <- iris
  flowers[2, 2] <- NA
  expect_true(is.na(predict(species, flowers, type = "class")[2]))
  expect_true(all(is.na(predict(species, flowers)[2, ])))
  expect_identical(
    predict(species, flowers, type = "class")[-2], predict(species, iris, type = "class")[-2]
  )
})

test_that("each type has its shape", {
  species <- seeded(Species ~ ., iris)
  names <- levels(iris$Species)
  for (rows in list(1:150, 1, integer())) {
    some <- iris[rows, ]
    expect_identical(dimnames(predict(species, some)), list(NULL, names))
    expect_identical(predict(species, some, type = "prob"), predict(species, some))
    expect_identical(levels(predict(species, some, type = "class")), names)
    expect_length(predict(species, some, type = "class"), length(rows))
  }
  d <- cars_data()
  binary <- seeded(ifelse(am, "manual", "automatic") ~ wt, d)
  expect_null(dim(predict(binary, d)))
  expect_identical(colnames(predict(binary, d, type = "prob")), c("automatic", "manual"))
  expect_identical(
    unname(predict(binary, d, type = "prob")[, "manual"]), unname(predict(binary, d))
  )
  expect_identical(
    as.character(predict(binary, d, type = "class")),
    ifelse(unname(predict(binary, d)) > 0.5, "manual", "automatic")
  )
  expect_identical(names(predict(binary, d)), rownames(d))
  expect_null(names(predict(seeded(mpg ~ wt, `rownames<-`(d, NULL)), `rownames<-`(d, NULL))))
})

test_that("offsets of the formula come from the new data, those of the argument are given again", {
  d <- cars_data()
  fit <- seeded(mpg ~ wt + offset(hp / 10), d)
  more <- transform(d, hp = hp + 10)
  expect_equal(predict(fit, more), fitted(fit) + 1, tolerance = 1e-12)
  expect_true(is.na(predict(fit, transform(d, hp = NA))[1]))
  given <- seeded(mpg ~ wt, d, offset = hp / 10)
  expect_equal(predict(given, d, offset = d$hp / 10 + 1), fitted(given) + 1, tolerance = 1e-12)
  expect_equal(fitted(given), fitted(fit), tolerance = 1e-12)
  frame <- seeded(d["wt"], d$mpg, offset = d$hp / 10)
  expect_equal(predict(frame, d, offset = d$hp / 10), fitted(fit), tolerance = 1e-12)
  expect_snapshot({
    refused(predict(given, d), "argument")
    refused(predict(fit, d, offset = 1), "argument")
    refused(predict(given, d, offset = 1:3), "input")
    refused(predict(fit, d[names(d) != "hp"]), "input")
  })
})

test_that("new data that do not fit are refused by name", {
  d <- cars_data()
  made <- fits()
  with_matrix <- local({
    d$pair <- cbind(d$hp, d$qsec)
    seeded(d["pair"], d$mpg)
  })
  dated <- seeded(mpg ~ as.numeric(day), transform(d, day = as.Date("2020-01-01") + 1:32))
  expect_snapshot({
    refused(predict(made$formula, new_data = d), "argument")
    refused(predict(made$formula, d, type = "class"), "argument")
    refused(predict(made$formula, as.matrix(mtcars)), "input")
    refused(predict(made$formula, list(1)), "input")
    refused(predict(made$formula, d[c("cyl", "am")]), "input")
    refused(predict(made$frame, stats::setNames(d, sub("wt", "weight", names(d)))), "input")
    refused(predict(made$formula, transform(d, cyl = 5)), "input")
    refused(predict(made$formula, transform(d, cyl = "5")), "input")
    refused(predict(made$formula, transform(d, maker = "Trabant")), "input")
    refused(predict(made$frame, transform(d, maker = "Trabant")), "input")
    refused(predict(made$formula, transform(d, wt = "heavy")), "input")
    refused(predict(made$formula, transform(d, wt = factor(wt))), "input")
    refused(predict(made$formula, transform(d, am = 1)), "input")
    refused(predict(made$frame, transform(d, wt = Inf)), "input")
    refused(predict(made$formula, transform(d, wt = 0)), "input")
    refused(predict(made$formula, cbind(d, wt = 1)), "input")
    refused(predict(made$formula, d, na.action = "no_function"), "argument")
    refused(predict(with_matrix, transform(d, pair = hp)), "input")
    refused(predict(dated, transform(d, day = 1)), "input")
  })
})

test_that("a model of a factor made within the formula names its new levels", {
  fit <- seeded(mpg ~ factor(gear), mtcars)
  expect_identical(predict(fit, mtcars), fitted(fit))
  expect_snapshot(refused(predict(fit, transform(mtcars, gear = 9)), "input"))
})

test_that("new data are encoded as the network sees them", {
  d <- cars_data()
  for (fit in fits()) {
    X <- prepare_newdata(unclass(fit), d, "newdata", environment())$X
    expect_identical(colnames(X), fit$inputs)
    expect_equal(unname(colMeans(X)), numeric(ncol(X)), tolerance = 1e-12)
    output <- nn_forward(
      coef(fit), X, fit$settings$activation, fit$settings$output_activation
    )$output
    expect_identical(decode_output(output, fit$encoding)[, 1], unname(fitted(fit)))
  }
})

test_that("a saved fit predicts the same in a fresh session", {
  skip_on_cran()
  fit <- seeded(mpg ~ poly(disp, 2) + cyl, cars_data())
  files <- c(tempfile(fileext = ".rds"), tempfile(fileext = ".rds"))
  on.exit(unlink(files))
  saveRDS(list(fit = fit, d = cars_data()), files[1])
  code <- sprintf(
    "library(backprop); x <- readRDS('%s'); saveRDS(predict(x$fit, x$d), '%s')", files[1], files[2]
  )
  system2(file.path(R.home("bin"), "Rscript"), c("-e", shQuote(code)), env = paste0(
    "R_LIBS=", paste(.libPaths(), collapse = .Platform$path.sep)
  ))
  expect_identical(readRDS(files[2]), fitted(fit))
})

test_that("no row, and rows of missing values, need no working formula", {
  d <- cars_data()
  for (formula in c(
    mpg ~ splines::ns(wt, 3), mpg ~ splines::bs(wt, df = 4) + hp, mpg ~ poly(wt, 2),
    mpg ~ ifelse(wt > 3, wt, 0), mpg ~ sapply(wt, abs)
  )) {
    fit <- seeded(formula, d)
    expect_identical(unname(predict(fit, d[0, ])), numeric())
    expect_identical(unname(predict(fit, transform(d[1, ], wt = NA))), NA_real_)
    missing <- d[1:4, ]
    missing$wt[c(1, 3)] <- NA
    expect_identical(unname(predict(fit, missing)), replace(unname(fitted(fit)[1:4]), c(1, 3), NA))
  }
  offset <- seeded(mpg ~ splines::ns(wt, 3) + offset(qsec), d)
  expect_identical(unname(predict(offset, transform(d[1, ], wt = NA))), NA_real_)
  expect_identical(unname(predict(offset, transform(d[1:2, ], wt = c(NA, wt[2])))), c(
    NA, unname(fitted(offset))[2]
  ))
  expect_error(
    predict(seeded(mpg ~ log(wt), d), transform(d[1:3, ], wt = c("a", "b", "c"))),
    class = "backprop_error_input"
  )
})

test_that("na.action goes by what the formula computes", {
  d <- cars_data()
  fit <- seeded(mpg ~ log(wt), d)
  new <- transform(d[1:3, ], wt = c(1, -1, 2))
  suppressWarnings({
    expect_identical(predict(fit, new, na.action = na.omit), predict(fit, new)[-2])
    expect_error(predict(fit, new, na.action = na.fail), class = "backprop_error_input")
  })
  known <- seeded(mpg ~ is.na(wt) + hp, transform(d, wt = replace(wt, 1:9, NA)))
  expect_false(anyNA(predict(known, transform(d, wt = NA), na.action = na.fail)))
  offset <- seeded(mpg ~ wt, d, offset = qsec)
  expect_length(predict(offset, d[1:3, ], offset = c(1, NA, 2), na.action = na.omit), 2)
})

test_that("names in a message are text, whatever they hold", {
  fit <- seeded(stats::setNames(mtcars["wt"], "stop('run')"), mtcars$mpg)
  expect_error(
    predict(fit, stats::setNames(mtcars["wt"], "{stop('run')}")), "{stop('run')}",
    fixed = TRUE,
    class = "backprop_error_input"
  )
  fit <- seeded(stats::setNames(mtcars["wt"], "weight"), mtcars$mpg)
  for (name in c("{weight}", "{weight", "weight}", "weight'")) {
    expect_error(
      predict(fit, stats::setNames(mtcars["wt"], name)), name,
      fixed = TRUE,
      class = "backprop_error_input"
    )
  }
})

test_that("numbers that are none, and offsets that do not fit, are refused", {
  fit <- seeded(mpg ~ wt, mtcars, offset = qsec)
  long <- mtcars[1:3, ]
  long$wt <- structure(c(1, 2, 3), class = "integer64")
  plain <- seeded(mpg ~ wt, mtcars)
  expect_snapshot({
    refused(predict(plain, long), "input")
    refused(predict(fit, mtcars[1:3, ], offset = 1), "input")
    refused(predict(fit, mtcars[1:3, ], offset = c(1, Inf, 2)), "input")
    refused(predict(plain, mtcars, type = "class"), "argument")
    refused(predict(plain, mtcars, na.action = 5), "argument")
    refused(predict(plain, mtcars, na.action = function(frame) 3), "argument")
    refused(predict(plain, mtcars, "response", NULL, "none", 0.9, na.pass, 3), "argument")
  })
})

test_that("offsets may be wrapped in I(), and no exposure means no counts", {
  set.seed(1)
  d <- data.frame(a = rnorm(60), t = rexp(60))
  d$n <- rpois(60, d$t)
  plain <- seeded(n ~ a + offset(t), d)
  expect_identical(coef(seeded(n ~ a + offset(I(t)), d)), coef(plain))
  expect_identical(coef(seeded(d["a"], d$n, offset = I(d$t))), coef(plain))
  rates <- seeded(n ~ a + offset(log(t)), d, loss = "poisson")
  new <- transform(d[1:3, ], t = c(0, t[2:3]))
  expect_identical(unname(predict(rates, new)), c(0, unname(fitted(rates))[2:3]))
  expect_error(predict(rates, transform(new, t = Inf)), class = "backprop_error_input")
  expect_error(predict(seeded(n ~ a + offset(log(t)), d), new), class = "backprop_error_input")
})

test_that("the link is the output before its activation function", {
  d <- cars_data()
  numbers <- seeded(mpg ~ wt + hp, d)
  expect_identical(predict(numbers, d, type = "link"), predict(numbers, d))
  two <- seeded(am ~ wt, d, penalty = 0.1)
  expect_equal(predict(two, d, type = "link"), qlogis(predict(two, d)), tolerance = 1e-10)
  # finite also where the probability is 1
  far <- suppressWarnings(predict(two, data.frame(wt = -2000), type = "link"))
  expect_true(is.finite(far) && far > 40)
  counts <- seeded(carb ~ wt + offset(log(hp)), d, loss = "poisson", hidden = 2, penalty = 0.1)
  expect_equal(predict(counts, d, type = "link"), log(predict(counts, d)), tolerance = 1e-12)
  classes <- seeded(Species ~ ., iris, penalty = 0.01)
  z <- predict(classes, iris, type = "link")
  expect_identical(dimnames(z), dimnames(predict(classes, iris)))
  expect_equal(exp(z) / rowSums(exp(z)), predict(classes, iris), tolerance = 1e-12)
  # the tutorial's network, by hand
  X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
  set.seed(1)
  fit <- nn_train(X, c(1, 1, 0), epochs = 10)
  hidden <- sigmoid(X %*% fit$wh + rep(fit$bh, each = 3))
  expect_equal(
    predict(fit, X, type = "link"), as.vector(hidden %*% fit$wout) + fit$bout[1],
    tolerance = 1e-12
  )
  expect_snapshot({
    refused(predict(fit, type = "link"), "argument")
    refused(predict(fit, X, type = "logit"), "argument")
  })
})

test_that("every type of prediction has the row names of the data, and columns by their names", {
  cars <- transform(mtcars,
    am = factor(am), gear = factor(gear), ranked = factor(gear, ordered = TRUE), vs = vs == 1,
    many = cyl > 4
  )
  automatic <- cars
  rownames(automatic) <- NULL
  intervals <- c("fit", "lwr", "upr")
  levels <- levels(cars$gear)
  # the columns of the response, and those of prediction intervals or sets; NULL for a vector
  cases <- list(
    list(formula = mpg ~ wt + hp, regions = list(intervals)),
    list(formula = am ~ wt + hp, classes = c("0", "1"), regions = list(c("0", "1"))),
    list(formula = gear ~ wt + hp, response = levels, classes = levels, regions = list(levels)),
    list(formula = ranked ~ wt + hp, response = levels, classes = levels, regions = list(levels)),
    list(
      formula = cbind(mpg, qsec) ~ wt + hp, response = c("mpg", "qsec"),
      regions = list(intervals, c("mpg", "qsec"))
    ),
    list(
      formula = mpg ~ wt + hp, loss = "gaussian", response = c("mean", "sd"),
      regions = list(intervals)
    ),
    list(
      formula = mpg ~ wt + hp, loss = nn_quantile(c(0.1, 0.9)), response = c("q0.1", "q0.9"),
      regions = list(intervals)
    ),
    list(formula = cbind(vs, many) ~ wt + hp, response = c("vs", "many"))
  )
  names_of <- function(x) if (is.null(dim(x))) list(names(x)) else unname(dimnames(x))
  for (case in cases) {
    for (data in list(cars, automatic)) {
      set.seed(1)
      fit <- nn_train(case$formula, data,
        loss = case$loss, hidden = 2, penalty = 0.1, epochs = 2,
        calibration = if (!is.null(case$regions)) 0.5
      )
      new <- data[1:3, ]
      rows <- if (is.character(attr(new, "row.names"))) rownames(new)
      shown <- function(...) names_of(predict(fit, new, ...))
      label <- paste(deparse(case$formula), if (is.null(rows)) "automatic")
      response <- c(list(rows), if (!is.null(case$response)) list(case$response))
      expect_identical(shown(), response, label = label)
      expect_identical(shown(type = "link"), response, label = label)
      trained <- fitted(fit)
      if (!is.null(rows)) expect_true(all(names_of(trained)[[1]] %in% rownames(data)))
      expect_identical(names_of(trained)[-1], response[-1], label = label)
      if (!is.null(case$classes)) {
        expect_identical(shown(type = "class"), list(rows), label = label)
        expect_identical(shown(type = "prob"), list(rows, case$classes), label = label)
      }
      if (!is.null(case$regions)) {
        regions <- suppressWarnings(shown(interval = "prediction"))
        expect_identical(regions, c(list(rows), case$regions), label = label)
      }
    }
  }
  # confidence intervals are those of lm()
  linear <- nn_train(mpg ~ wt, mtcars, hidden = 0, penalty = 0)
  model <- lm(mpg ~ wt, mtcars)
  V <- vcov(linear, mtcars)
  expect_equal(
    predict(linear, mtcars[1:3, ], interval = "confidence", vcov = V),
    predict(model, mtcars[1:3, ], interval = "confidence"),
    tolerance = 1e-6
  )
  expect_equal(fitted(linear), fitted(model), tolerance = 1e-6)
})
