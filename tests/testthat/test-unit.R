# One unit, the activations, and the pictures of both.

on_page <- function(code, width = 7, height = 5) {
  grDevices::pdf(NULL, width = width, height = height)
  on.exit(grDevices::dev.off())
  force(code)
}
cases <- as.matrix(expand.grid(x1 = 0:1, x2 = 0:1))
umbrella <- nn_unit(c(forecast = 3, clouds = 2, knee = 1), b = -2)

test_that("a unit's output is its formula, and that of perceptron() for the step", {
  signs <- as.matrix(expand.grid(0:1, 0:1, 0:1))
  answers <- apply(signs, 1, function(case) unit_output(umbrella, unit_sum(umbrella, case)))
  expect_equal(answers, perceptron(signs, w = c(3, 2, 1), b = -2))
  for (activation in setdiff(nn_activations()$name, "softmax")) {
    unit <- nn_unit(c(0.5, -1.25), 0.75, activation)
    network <- list(wout = matrix(unit$w), bout = matrix(unit$b))
    expect_identical(unit_output(unit, unit_sum(unit, c(0.3, 0.2))), c(
      nn_forward(network, matrix(c(0.3, 0.2), 1), output_activation = activation)$output
    ))
  }
  scope <- list2env(list(step = function(z) as.numeric(z > 0), forecast = 1, clouds = 0, knee = 1))
  expect_identical(eval(parse(text = unit_formula(umbrella)), scope), 1)
  expect_identical(eval(parse(text = unit_formula(umbrella, c(0, 0, 1))), scope), 0)
  expect_identical(
    unit_formula(nn_unit(c(-1, 2), 0.5, "tanh"), c(-3, 4)), "tanh(-1 * (-3) + 2 * 4 + 0.5)"
  )
})

test_that("a unit prints its formula, and what is not as described is refused", {
  expect_snapshot({
    umbrella
    nn_unit(c(-1, 1), b = c(-0.5, 1), activation = "sigmoid")
    print(nn_unit(c(income = 1.23456, age = -2), 0.5, "relu"))
    refused(nn_unit(), "input")
    refused(nn_unit("a"), "argument")
    refused(nn_unit(c(1, NA)), "argument")
    refused(nn_unit(1, b = Inf), "argument")
    refused(nn_unit(1, activation = "softmax"), "argument")
    refused(plot(umbrella, "line"), "argument")
    refused(plot(umbrella, "plane"), "argument")
    refused(plot(umbrella, input = 1), "argument")
    refused(plot(umbrella, units = 2), "argument")
    refused(plot(umbrella, color = "red"), "argument")
    refused(plot(nn_unit(c(0, 0)), "plane"), "argument")
    refused(plot(nn_unit(c(1, 1)), "plane", data = iris), "input")
    refused(plot(nn_unit(c(1, 1)), "plane", data = iris[1:4]), "input")
    refused(plot(nn_unit(c(1, 1)), "plane", xlim = 1), "argument")
  })
})

test_that("the line of a bias is where the sum is 0, and a bias moves it without turning it", {
  directions <- NULL
  for (b in c(-0.5, -1, -1.5)) {
    ends <- line_ends(c(2, 1), b, c(-0.5, 1.5), c(-0.5, 1.5))
    expect_equal(drop(ends %*% c(2, 1)) + b, c(0, 0), tolerance = 1e-12)
    expect_true(all(ends >= -0.5 - 1e-9 & ends <= 1.5 + 1e-9))
    directions <- c(directions, diff(ends[, 2]) / diff(ends[, 1]))
  }
  expect_equal(directions, rep(-2, 3), tolerance = 1e-9)
  expect_null(line_ends(c(1, 1), -10, c(0, 1), c(0, 1)))
  expect_equal(unname(line_ends(c(1, 0), -0.5, c(0, 1), c(0, 2))), cbind(0.5, c(0, 2)))
})

test_that(
  "a fit's unit has its weights, its bias and its activation, and sees what the layer before gives",
  {
    set.seed(1)
    fit <- nn_train(
      cases, c(0, 1, 1, 0),
      hidden = c(3, 2), activation = c("tanh", "relu"), epochs = 20
    )
    unit <- fit_unit(unclass(fit), coef(fit), 2, 1, NULL)
    expect_identical(unname(unit$w), fit$wh2[, 1])
    expect_identical(unit$b, fit$bh2[1, 1])
    expect_identical(unit$activation, "relu")
    forward <- nn_forward(fit, cases[2, , drop = FALSE])
    for (layer in 1:3) {
      inputs <- unit_inputs(fit, cases[2, , drop = FALSE], if (layer < 3) layer, NULL)
      unit <- fit_unit(unclass(fit), coef(fit), if (layer < 3) layer, 1, NULL)
      expected <- list(
        forward$hiddenlayer_activations1, forward$hiddenlayer_activations2, forward$output
      )[[layer]][1]
      expect_equal(unit_output(unit, unit_sum(unit, inputs)), expected, tolerance = 1e-13)
    }
    expect_identical(names(fit_unit(unclass(fit), coef(fit), 1, 1, NULL)$w), c("x1", "x2"))
    of_data <- nn_train(mpg ~ wt + hp, mtcars, hidden = 3, epochs = 5)
    standard <- (mtcars$wt[1] - mean(mtcars$wt)) / sqrt(mean((mtcars$wt - mean(mtcars$wt))^2))
    expect_equal(unit_inputs(of_data, mtcars[1, ], 1, NULL)[1], standard, tolerance = 1e-12)
    on_page({
      expect_identical(withVisible(plot(fit, "perceptron"))$visible, FALSE)
      for (layer in 1:3) {
        expect_no_error(plot(fit, "perceptron", cases[1, , drop = FALSE], layer = layer))
      }
      expect_no_error(plot(of_data, "perceptron", mtcars[1, ], main = "A title"))
      classes <- nn_train(as.matrix(iris[1:4]), iris$Species, epochs = 1)
      expect_no_error(plot(classes, "perceptron", as.matrix(iris[1, 1:4]), unit = 3))
      shifted <- nn_train(mpg ~ wt + offset(hp), mtcars, hidden = 3, epochs = 5)
      expect_no_error(plot(shifted, "perceptron", mtcars[1, ], layer = 1))
      expect_no_error(plot(shifted, "perceptron"))
      expect_snapshot({
        refused(plot(shifted, "perceptron", mtcars[1, ]), "argument")
        refused(plot(of_data, "perceptron", transform(mtcars[1, ], wt = NA)), "input")
        refused(plot(fit, "perceptron", layer = 4), "argument")
        refused(plot(fit, "perceptron", layer = 1, unit = 4), "argument")
        refused(plot(fit, "perceptron", cases), "input")
        refused(plot(fit, "perceptron", col = "red"), "argument")
      })
    })
  }
)

test_that("units of any size can be drawn on any page", {
  for (count in c(1, 3, 12, 13, 100)) {
    for (size in list(c(7, 5), c(4, 3), c(2, 2), c(10, 2))) {
      on_page(
        expect_no_error(plot(
          nn_unit(stats::setNames(
            sin(seq_len(count)), paste("a name of middling length", seq_len(count))
          )),
          input = cos(seq_len(count))
        )),
        size[1], size[2]
      )
    }
  }
  on_page({
    before <- graphics::par(c("mar", "cex", "mfrow"))
    plot(umbrella)
    plot(
      nn_unit(c(1, 1), c(-0.5, -1.5)), "plane",
      data = data.frame(a = 0:1, b = c(TRUE, FALSE)),
      main = "Lines"
    )
    plot(nn_unit(c(0, 1), 5), "plane")
    expect_identical(graphics::par(c("mar", "cex", "mfrow")), before)
  })
})

test_that("curves are the activations and their derivatives", {
  z <- c(-2, -0.5, 0.25, 3)
  step <- 1e-6
  for (name in nn_activations()$name) {
    curve <- activation_curve(name, z)
    difference <- (activation_curve(name, z + step)$value -
      activation_curve(name, z - step)$value) / (2 * step)
    expect_equal(curve$slope, difference, tolerance = 1e-8)
  }
  two <- cbind(z, 0)
  expect_equal(activation_curve("softmax", z)$value, reference_softmax(two)[, 1], tolerance = 1e-14)
  expect_equal(activation_curve("tanh", z)$value, tanh(z), tolerance = 1e-14)
})

test_that("the table of activations is a data frame still, and plots", {
  table <- nn_activations()
  expect_s3_class(table, "data.frame")
  expect_identical(
    capture.output(print(table)), capture.output(print(structure(table, class = "data.frame")))
  )
  # without those that belong to a loss or a user
  expect_identical(
    table$name,
    setdiff(
      names(activation_table), c("mean_sd", "mean_precision", "increasing", "ordered", "custom")
    )
  )
  on_page({
    settings <- c("mfrow", "mar", "oma", "cex", "mgp", "las")
    before <- graphics::par(settings)
    result <- withVisible(plot(table))
    expect_false(result$visible)
    expect_identical(result$value, table)
    expect_identical(graphics::par(settings), before)
    for (rows in list(1, 1:2, c(1, 2, 12), 3:12)) expect_no_error(plot(table[rows, ]))
    expect_snapshot({
      refused(plot(table[0, ]), "argument")
      refused(plot(table["value"]), "argument")
      refused(plot(table, xlim = c(1, 0)), "argument")
      refused(plot(table, col = "red"), "argument")
    })
  })
})

test_that(
  "a boundary of a sigmoid output has the 0.5 line, colours of both sides, and a titled key",
  {
    set.seed(1)
    fit <- nn_train(cases, c(0, 1, 1, 0), learning_rate = 0.5)
    scale <- level_scale(unclass(fit), c(0.1, 0.9), NULL)
    expect_identical(scale$middle, 0.5)
    expect_true(scale$middle %in% scale$breaks)
    expect_identical(scale$title, "output")
    expect_identical(unique(scale$points[1:5]), sign_colours[["below"]])
    expect_identical(unique(scale$points[6:10]), sign_colours[["above"]])
    apart <- function(a, b) sqrt(sum((grDevices::col2rgb(a) - grDevices::col2rgb(b))^2))
    for (i in 1:10) expect_gt(apart(scale$points[i], scale$fills[i]), 60)
    linear <- level_scale(
      unclass(nn_train(cases, c(0, 1, 1, 0) * 5, output_activation = "identity", epochs = 1)),
      c(0, 5), NULL
    )
    expect_null(linear$middle)
  }
)

test_that("the pictures are as they were looked at", {
  skip_if_not_installed("vdiffr")
  vdiffr::expect_doppelganger("unit", function() plot(umbrella))
  vdiffr::expect_doppelganger("unit with a case", function() {
    plot(nn_unit(c(0.8, -1.5), 0.3, "sigmoid"), input = c(1, 0.5), main = "A unit")
  })
  vdiffr::expect_doppelganger("lines of biases", function() {
    plot(nn_unit(c(1, 1), c(-0.5, -1, -1.5)), "plane", data = cases)
  })
  vdiffr::expect_doppelganger("activations", function() plot(nn_activations()))
  vdiffr::expect_doppelganger("boundary of a sigmoid output", function() {
    start <- list(
      wh = rbind(c(6, -6), c(6, -6)), bh = cbind(-3, 9), wout = cbind(c(8, 8)), bout = cbind(-12)
    )
    plot(
      nn_train(cases, c(0, 1, 1, 0), hidden = 2, start = start, epochs = 0), "boundary", cases,
      c(0, 1, 1, 0),
      resolution = 12
    )
  })
})
