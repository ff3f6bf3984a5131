inputs <- scale(as.matrix(iris[c("Petal.Length", "Petal.Width")]))
cars_inputs <- scale(as.matrix(mtcars[c("wt", "hp")]))
on_page <- function(code, width = 7, height = 5) {
  grDevices::pdf(NULL, width = width, height = height)
  on.exit(grDevices::dev.off())
  force(code)
}
flower_fit <- function(...) {
  set.seed(1)
  nn_train(
    inputs, iris$Species,
    hidden = 4, optimizer = "adam", learning_rate = 0.05, reduction = "mean",
    epochs = 40, ...
  )
}
car_fit <- function() {
  start <- list(
    wh = matrix(c(0.9, 0.3, -0.5, 1.1, 0.2, -0.8), 2), bh = matrix(c(0.1, -0.6, 0.4), 1),
    wout = matrix(c(-0.5, -0.3, 0.4)), bout = matrix(2)
  )
  nn_train(
    cars_inputs, mtcars$mpg / 10,
    activation = "tanh", output_activation = "identity",
    start = start, epochs = 0
  )
}
# A network of given weights: nothing is trained.
wide_fit <- function(p, hidden, names = paste0("input_", seq_len(p)), ...) {
  units <- c(p, hidden, 2)
  start <- list()
  for (l in seq_len(length(units) - 1)) {
    start[[2 * l - 1]] <- matrix(sin(3 * seq_len(units[l] * units[l + 1])), units[l])
    start[[2 * l]] <- matrix(cos(2 * seq_len(units[l + 1])), 1)
  }
  names(start) <- parameter_names(dense_layers(units))
  X <- matrix(0.5, 3, p, dimnames = list(NULL, names))
  nn_train(
    X, cbind(first = 0:2, second = 1),
    hidden = if (length(hidden) > 0) hidden else 0,
    start = start, epochs = 0, ...
  )
}

test_that(
  "a plot returns the fit, invisibly, and leaves the page's settings as they were",
  {
    fit <- flower_fit(validation = 0.2)
    on_page({
      before <- graphics::par(no.readonly = TRUE)
      for (what in c("loss", "network", "boundary")) {
        result <- withVisible(plot(fit, what, data = if (what == "boundary") inputs))
        expect_false(result$visible)
        expect_identical(result$value, fit)
        after <- graphics::par(no.readonly = TRUE)
        changed <- setdiff(names(before), c(
          "fig", "mfg", "new", "page", "pin", "plt", "usr", "xaxp", "yaxp", "xlog", "ylog"
        ))
        expect_identical(after[changed], before[changed])
      }
    })
  }
)

test_that("any shape, page and layout can be drawn", {
  fits <- list(
    wide_fit(1, 1), wide_fit(30, c(64, 16)), wide_fit(3, numeric()), wide_fit(784, c(300, 100)),
    wide_fit(5, rep(4, 20))
  )
  for (size in list(c(7, 5), c(2.5, 2), c(1, 1), c(12, 3))) {
    for (fit in fits) {
      expect_no_error(on_page(plot(fit, "network", main = "A title"), size[1], size[2]))
    }
  }
  expect_no_error(on_page({
    graphics::par(mfrow = c(1, 3))
    plot(flower_fit())
    plot(flower_fit(), "network", units = 3)
    plot(flower_fit(), "boundary", inputs, iris$Species, main = "Petals")
  }))
  expect_no_error(on_page(plot(nn_train(inputs, iris$Species, epochs = 1))))
})

test_that("labels of any length stay on the page", {
  for (names in list(
    paste0("x", 1:9), strrep(letters[1:9], 40), rep("a name of middling length", 9)
  )) {
    for (size in list(c(7, 5), c(3, 3), c(2, 6))) {
      on_page(
        {
          fit <- unclass(wide_fit(9, c(5, 40), names = make.unique(names)))
          graphics::par(mar = c(0, 0, 0, 0))
          graphics::plot.new()
          line <- 0.2
          layers <- lapply(layer_units(fit$layers), shown_units, most = 12)
          place <- place_units(
            layers, end_labels(fit, layers), c(line, size[2] - line), size[1], line
          )
          expect_gte(place$x[1] - place$gap - place$ends[[1]]$width, 0)
          expect_lte(place$x[4] + place$gap + place$ends[[2]]$width, size[1])
          expect_gt(place$x[2], place$x[1])
          expect_lt(max(unlist(place$y)) + place$radius, size[2])
          expect_gt(min(unlist(place$y)) - place$radius, 0)
        },
        size[1],
        size[2]
      )
    }
  }
})

test_that("a layer that is too wide shows its first and last units", {
  expect_identical(shown_units(12, 12)$number, 1:12)
  shown <- shown_units(784, 12)
  expect_equal(shown$number, c(1:6, 780:784))
  expect_equal(shown$slot, c(1:6, 8:12))
  expect_equal(shown$gap, 7)
  expect_equal(shown_units(4, 3)$number, c(1, 4))
})

test_that("long text loses its middle, and only where it has to", {
  on_page({
    graphics::plot.new()
    expect_identical(shorten_to_fit(c("short", ""), 5, 1), c("short", ""))
    cut <- shorten_to_fit(strrep("ab", 50), 1, 1)
    expect_match(cut, "^abab.*\\.\\.\\..*bab$")
    expect_lte(graphics::strwidth(cut, units = "inches"), 1)
  })
})

test_that("names that differ still differ when they are shortened", {
  survey <- c(
    "average_household_income_in_thousands_of_dollars",
    paste0("variable_number_", 2:14, "_of_the_survey"), "x"
  )
  middles <- paste0("class_", strrep(letters[1:9], 30), "_end")
  ends <- c(paste0("alpha_", 10:15, "_of_all"), paste0("betaa_", 10:15, "_of_all"))
  on_page({
    graphics::plot.new()
    for (names in list(survey, middles, ends)) {
      for (space in c(3, 1.2, 0.8, 0.5, 0.2)) {
        expect_false(anyDuplicated(shorten_to_fit(names, space, 0.7)) > 0)
      }
    }
    cut <- shorten_to_fit(survey, 1.2, 0.7)
    expect_match(cut[2:14], "^var")
    for (i in 2:14) expect_match(cut[i], paste0("...", i, "..."), fixed = TRUE)
    expect_identical(cut[15], "x")
    expect_true(all(graphics::strwidth(cut, units = "inches", cex = 0.7) <= 1.2))
    expect_identical(
      shorten_to_fit(middles[8:9], 0.5, 0.7, number = c(98, 99)), c("clas...#98", "clas...#99")
    )
    expect_length(unique(shorten_to_fit(rep(strrep("same", 30), 2), 0.5, 0.7)), 1)
  })
})

test_that("one long name does not make the others small", {
  on_page(
    {
      graphics::plot.new()
      layers <- list(shown_units(4, 12), shown_units(1, 12))
      labels <- function(long) list(c("wt", "hp", "cyl", long), "y")
      place <- place_units(layers, labels(strrep("a long name ", 20)), c(0.3, 4), 6, 0.2)
      expect_gte(place$ends[[1]]$cex, 0.7)
      expect_identical(place$ends[[1]]$text[1:3], c("wt", "hp", "cyl"))
      expect_match(place$ends[[1]]$text[4], "...", fixed = TRUE)
    },
    6,
    4
  )
})

test_that("the heads of layers are legible and apart, however many layers there are", {
  long <- paste0("variable_number_", 1:15, "_of_the_survey")
  fits <- list(
    wide_fit(15, 8, long), wide_fit(15, rep(8, 6), long), wide_fit(15, rep(1500, 3), long),
    wide_fit(15, rep(8, 20), long), wide_fit(4, numeric())
  )
  heads_of <- function(fit, width) {
    on_page(
      {
        fit <- unclass(fit)
        graphics::par(mar = c(0, 0, 0, 0))
        graphics::plot.new()
        layers <- lapply(layer_units(fit$layers), shown_units, most = 12)
        heads <- layer_heads(fit)
        place <- place_units(
          layers, end_labels(fit, layers), c(0.3, 3), width, 0.2, least_between(heads)
        )
        chosen <- choose_heads(heads, place, width)
        half <- apply(
          rbind(
            0,
            vapply(
              chosen$text[[1]], graphics::strwidth, 0,
              units = "inches", cex = chosen$cex, font = 2
            ),
            vapply(chosen$text[[2]], graphics::strwidth, 0, units = "inches", cex = chosen$cex)
          ),
          2, max
        ) / 2
        list(
          text = chosen$text, cex = chosen$cex,
          room = diff(place$x[1:2]) - 2 * max(half[-c(1, length(half))], 0)
        )
      },
      width,
      4
    )
  }
  for (width in c(200, 300, 480, 1600) / 72) {
    for (fit in fits) {
      heads <- heads_of(fit, width)
      expect_gte(12 * heads$cex, 7 - 1e-9)
      expect_gt(heads$room, 0)
    }
  }
  expect_identical(heads_of(fits[[1]], 480 / 72)$text, list(
    c("inputs", "hidden", "output"), c("15", "8 sigmoid", "2 sigmoid")
  ))
  expect_identical(
    heads_of(fits[[2]], 1600 / 72)$text[[1]], c("inputs", paste("hidden", 1:6), "output")
  )
  relu <- wide_fit(15, rep(8, 6), long, activation = "relu", output_activation = "identity")
  expect_identical(heads_of(relu, 380 / 72)$text, list(
    c("inputs", 1:6, "output"), c("15", rep("8 relu", 6), "2 identity")
  ))
  expect_identical(heads_of(fits[[2]], 300 / 72)$text, list(
    c("inputs", 1:6, "output"), c("15", rep("8", 6), "2 sigmoid")
  ))
  expect_identical(heads_of(fits[[4]], 200 / 72)$text, list(
    c("inputs", rep("", 20), "output"), c("15", rep("", 20), "2 sigmoid")
  ))
})

test_that("a legend takes as many rows as it needs to be legible, below the title", {
  classes <- paste("a long class name", 1:12)
  layout <- function(labels, inches, title = NULL) {
    on_page(
      {
        graphics::plot.new()
        height <- graphics::par("mai")[3] - title_inches(list(main = title))
        c(legend_layout(labels, height, pch = 21), room = height)
      },
      inches,
      inches
    )
  }
  for (inches in c(200, 300, 480, 800) / 72) {
    for (title in list(NULL, "Title")) {
      legend <- layout(classes, inches, title)
      expect_true(legend$fits)
      expect_gte(12 * legend$cex, 7 - 1e-9)
      expect_lte(legend$width, inches)
      expect_lte(legend$height, legend$room + 1e-12)
      expect_false(anyDuplicated(legend$labels) > 0)
    }
  }
  expect_identical(layout(classes, 480 / 72, "Title")$labels, classes)
  expect_equal(layout(c("setosa", "versicolor"), 480 / 72, "Title")$columns, 2)
  expect_lt(
    layout(classes, 480 / 72, "A title\nof two lines")$room, layout(classes, 480 / 72, "Title")$room
  )
  expect_false(layout(paste("class", 1:200), 200 / 72)$fits)
})

test_that("the plane shows what predict() says", {
  fit <- flower_fit()
  plane <- input_plane(unclass(fit), inputs, list(), NULL)
  at <- lapply(plane$limits, function(limits) seq(limits[1], limits[2], length.out = 4))
  answers <- predict_plane(fit, at, plane)
  cell <- matrix(c(at[[1]][3], at[[2]][2]), 1)
  expect_identical(answers[2 * 4 - 1, ], predict(fit, cell, type = "prob")[1, ])
  expect_true(all(plane$limits[[1]][1] < inputs[, 1] & inputs[, 1] < plane$limits[[1]][2]))

  set.seed(1)
  of_data <- nn_train(mpg ~ wt + hp, mtcars, epochs = 20)
  plane <- input_plane(unclass(of_data), NULL, list(), NULL)
  expect_equal(
    plane$limits[[1]], mean(mtcars$wt) + c(-2.5, 2.5) * sqrt(mean((mtcars$wt - mean(mtcars$wt))^2))
  )
  at <- list(c(2, 3), c(100, 200))
  expect_equal(
    as.vector(predict_plane(of_data, at, plane)),
    unname(predict(of_data, data.frame(wt = c(2, 3, 2, 3), hp = c(100, 100, 200, 200))))
  )
  expect_identical(observed_points(unclass(of_data), mtcars, NULL, 32, NULL), mtcars$mpg)
  expect_null(observed_points(unclass(of_data), mtcars["wt"], NULL, 32, NULL))
})

test_that("without rows the limits are those of a fit without data", {
  set.seed(1)
  fit <- nn_train(mpg ~ wt + hp, mtcars, epochs = 20)
  limits <- function(data, ...) input_plane(unclass(fit), data, list(...), NULL)$limits
  expect_identical(limits(mtcars[0, ]), limits(NULL))
  expect_identical(limits(replace(mtcars, "wt", NA_real_))[[1]], limits(NULL)[[1]])
  expect_identical(limits(mtcars[0, ], xlim = c(1, 2))[[1]], c(1, 2))
  on_page(expect_silent(plot(fit, "boundary", mtcars[0, ], resolution = 10)))
})

test_that("boundaries of fits from data", {
  set.seed(1)
  classes <- nn_train(Species ~ Petal.Length + Petal.Width, iris, epochs = 20)
  two <- nn_train(factor(am) ~ wt + hp, mtcars, epochs = 20)
  curved <- nn_train(mpg ~ log(wt) + poly(hp, 2), mtcars, epochs = 20)
  columns <- nn_train(mtcars[c("wt", "hp")], mtcars$mpg, epochs = 20)
  on_page({
    expect_no_error(plot(classes, "boundary", iris[sample(150), ]))
    expect_no_error(plot(two, "boundary"))
    expect_no_error(plot(two, "boundary", transform(mtcars, am = NULL)))
    expect_no_error(plot(curved, "boundary", mtcars, resolution = 20))
    expect_no_error(plot(columns, "boundary", mtcars, mtcars$mpg, resolution = 60))
    expect_no_error(plot(
      columns, "boundary", replace(mtcars, "wt", c(NA, mtcars$wt[-1])), mtcars$mpg
    ))
  })
})

test_that("what cannot be drawn is an error", {
  refused <- function(expression, kind) {
    writeLines(conditionMessage(expect_error(expression, class = paste0("backprop_error_", kind))))
  }
  fit <- flower_fit()
  set.seed(1)
  of_data <- nn_train(mpg ~ wt + hp, mtcars, epochs = 20)
  with_factor <- nn_train(mpg ~ wt + gear, transform(mtcars, gear = factor(gear)), epochs = 20)
  expect_snapshot({
    refused(plot(fit, "boundry"), "argument")
    refused(plot(nn_train(inputs, iris$Species, epochs = 0)), "argument")
    refused(plot(fit, log = "z"), "argument")
    refused(plot(fit, "network", units = 2), "argument")
    refused(plot(fit, "network", col = "red"), "argument")
    refused(plot(fit, "boundary"), "argument")
    refused(plot(fit, "boundary", xlim = c(1, -1), ylim = c(0, 1)), "argument")
    refused(plot(fit, "boundary", inputs, resolution = 1), "argument")
    refused(plot(fit, "boundary", inputs[, 1, drop = FALSE]), "input")
    refused(plot(fit, "boundary", y = iris$Species), "argument")
    refused(plot(fit, "boundary", inputs, iris$Species[1:3]), "input")
    refused(plot(fit, "boundary", inputs, 1:150), "input")
    refused(
      plot(nn_train(scale(as.matrix(iris[1:4])), iris$Species, epochs = 1), "boundary"), "argument"
    )
    refused(plot(nn_train(inputs, cbind(1:150, 150:1), epochs = 1), "boundary", inputs), "argument")
    refused(
      plot(nn_train(inputs, 1:150, offset = 1:150 / 100, epochs = 1), "boundary", inputs),
      "argument"
    )
    refused(plot(of_data, "boundary", mtcars["wt"]), "input")
    refused(plot(of_data, "boundary", mtcars, mtcars$mpg[1:3]), "input")
    refused(plot(with_factor, "boundary", mtcars), "argument")
    refused(plot(nn_train(mpg ~ log(wt) + hp, mtcars, epochs = 20), "boundary"), "argument")
    refused(
      plot(nn_train(mpg ~ log(wt) + hp, mtcars, epochs = 20), "boundary", mtcars[0, ]), "input"
    )
    refused(plot(fit, "boundary", inputs[0, ]), "input")
    refused(plot(nn_train(mpg ~ ., mtcars, epochs = 20), "boundary"), "argument")
  })
})

test_that("the pictures are as they were looked at", {
  skip_if_not_installed("vdiffr")
  vdiffr::expect_doppelganger("loss with held-out rows", function() {
    plot(flower_fit(validation = 0.2, patience = 5), main = "Petals")
  })
  vdiffr::expect_doppelganger("loss of one epoch", function() {
    held_out <- list(X = cars_inputs[1:6, ], y = mtcars$mpg[1:6] / 10)
    start <- list(wout = matrix(c(0.5, 0.1)), bout = matrix(1))
    plot(nn_train(
      cars_inputs[-(1:6), ], mtcars$mpg[-(1:6)] / 10,
      hidden = 0, output_activation = "identity",
      start = start, validation = held_out, epochs = 1, learning_rate = 0.001
    ))
  })
  vdiffr::expect_doppelganger("network of the tutorial", function() {
    plot(
      nn_train(tutorial_data()$X, tutorial_data()$y, start = tutorial_start(), epochs = 0),
      "network"
    )
  })
  vdiffr::expect_doppelganger("network with wide layers", function() {
    plot(
      wide_fit(
        20, c(40, 5),
        names = paste("a name that is much too long for its place, number", 1:20)
      ),
      "network",
      units = 6, main = "Wide"
    )
  })
  vdiffr::expect_doppelganger("network of many layers", function() {
    plot(
      wide_fit(14, rep(4, 9), names = paste0("variable_number_", 1:14, "_of_the_survey")), "network"
    )
  })
  vdiffr::expect_doppelganger("boundary of classes", function() {
    plot(
      flower_fit(), "boundary", inputs[1:150 %% 5 == 0, ], iris$Species[1:150 %% 5 == 0],
      resolution = 12
    )
  })
  vdiffr::expect_doppelganger("boundary of many classes", function() {
    start <- list(
      wout = 3 * rbind(cos(1:12 * pi / 6 + 0.1), sin(1:12 * pi / 6 + 0.1)),
      bout = matrix(1:12 / 50, 1)
    )
    around <- t(start$wout)
    plot(
      nn_train(
        around, factor(paste("a long class name", 1:12)),
        hidden = 0, start = start, epochs = 0
      ),
      "boundary", around, factor(paste("a long class name", 1:12)),
      resolution = 12, main = "Title"
    )
  })
  vdiffr::expect_doppelganger("boundary of numbers", function() {
    plot(car_fit(), "boundary", cars_inputs, mtcars$mpg / 10, resolution = 12, main = "mpg")
  })
})

test_that("plots come out of knitr", {
  skip_if_not_installed("knitr")
  folder <- withr::local_tempdir()
  source <- file.path(folder, "page.Rmd")
  writeLines(
    c(
      "```{r, echo = FALSE}", "plot(fit)", "plot(fit, \"network\")",
      "plot(fit, \"boundary\", inputs, iris$Species)", "```"
    ),
    source
  )
  withr::with_dir(
    folder,
    knitr::knit(
      source, file.path(folder, "page.md"),
      quiet = TRUE,
      envir = list2env(list(fit = flower_fit(), inputs = inputs), parent = globalenv())
    )
  )
  expect_length(list.files(folder, "\\.png$", recursive = TRUE), 3)
})

test_that(
  "arguments that no picture knows are refused, and graphical parameters are passed on",
  {
    refused <- function(expression) {
      writeLines(conditionMessage(expect_error(expression, class = "backprop_error_argument")))
    }
    fit <- flower_fit()
    on_page({
      expect_snapshot({
        refused(plot(fit, foo = 1))
        refused(plot(fit, lwdd = 1))
        refused(plot(fit, "loss", NULL, NULL, NULL, 12, 200, 5))
        refused(plot(fit, "boundary", inputs, xaxs = "r"))
        refused(plot(fit, "boundary", inputs, add = TRUE))
      })
      expect_silent(plot(
        fit,
        main = "Loss", sub = "below", xlab = "e", ylab = "l", xlim = c(1, 10),
        ylim = c(0.1, 1), lwd = 3, las = 1, cex.axis = 0.5, col.main = "red", bty = "l", xaxt = "n",
        axes = FALSE
      ))
      expect_silent(plot(
        fit, "boundary", inputs,
        main = "Petals", sub = "below", xlim = c(-1, 1), las = 1,
        cex.lab = 0.7, asp = 1, resolution = 5
      ))
    })
  }
)

test_that("signs and classes can be told apart without colours", {
  # the operators of a page: "[...] 0 d" with numbers begins a dashed line
  drawn <- function(code) {
    file <- withr::local_tempfile(fileext = ".pdf")
    grDevices::pdf(file, compress = FALSE, useKerning = FALSE)
    force(code)
    grDevices::dev.off()
    readLines(file, warn = FALSE)
  }
  dashes <- function(weights, bias) {
    start <- list(wout = matrix(weights), bout = matrix(bias))
    fit <- nn_train(
      cars_inputs, mtcars$mpg,
      hidden = 0, output_activation = "identity", start = start, epochs = 0
    )
    sum(grepl("\\[ *[0-9].*\\] 0 d", drawn(plot(fit, "network"))))
  }
  # the key has one dashed line
  expect_equal(dashes(c(1, 2), 1), 1)
  expect_equal(dashes(c(-1, 2), 1), 2)
  expect_equal(dashes(c(1, 2), -1), 2)
  text <- drawn(plot(flower_fit(), "boundary", inputs))
  # each level is in the legend and, in its own region, on the plane
  for (level in levels(iris$Species)) {
    expect_equal(sum(grepl(paste0("(", level, ") Tj"), text, fixed = TRUE, useBytes = TRUE)), 2)
  }
})
