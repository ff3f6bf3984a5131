# The picture of a trace: everything is on the page and can be read.

X <- tutorial_data()$X
y <- tutorial_data()$y
on_page <- function(code, width = 7, height = 5) {
  grDevices::pdf(NULL, width = width, height = height)
  on.exit(grDevices::dev.off())
  force(code)
}
on_png <- function(code, width, height, res = 72) {
  file <- tempfile(fileext = ".png")
  grDevices::png(file, width, height, "in", res = res)
  on.exit({
    grDevices::dev.off()
    unlink(file)
  })
  force(code)
}

traces <- function() {
  set.seed(1)
  inputs <- scale(as.matrix(iris[1:4]))
  list(
    tutorial = nn_trace(X, y, start = tutorial_start()),
    stochastic = nn_trace(X, y, batch_size = 1),
    deep = nn_trace(
      inputs, iris$Species,
      hidden = c(5, 4), activation = c("relu", "tanh"), batch_size = 10
    ),
    flat = nn_trace(inputs, iris$Species == "setosa", hidden = 0),
    wide = nn_trace(matrix(rnorm(60), 2), c(0, 1), hidden = 20),
    tiny = nn_trace(X, y, start = lapply(tutorial_start(), `*`, 1e-6), learning_rate = 1e-4),
    huge = nn_trace(
      X * 1e5, y * 1e7,
      start = lapply(tutorial_start(), `*`, 1e2), output_activation = "identity",
      learning_rate = 1e-12
    )
  )
}

# All that is drawn of an update, and the page it is on.
marks_of <- function(trace, phases = names(trace_phases)) {
  graphics::par(mar = c(0, 0, 0, 0), mfrow = c(1, 1), cex = 1)
  graphics::plot.new()
  room <- graphics::par("fin")
  graphics::plot.window(c(0, room[1]), c(0, room[2]), xaxs = "i", yaxs = "i")
  bands <- lapply(2:1, function(shown) trace_bands(batch_steps(trace, 1, 1), 2, phases, shown))
  page <- fit_page(bands, update_title(unclass(trace), 1, 1, arrow = "to", rows = FALSE), room)
  c(page_marks(page, room), list(page = page, room = room))
}

# The box around each text, in inches.
text_boxes <- function(texts) {
  wide <- mapply(
    function(text, cex, font) graphics::strwidth(text, units = "inches", cex = cex, font = font),
    texts$text, texts$cex, texts$font
  )
  tall <- 0.72 * texts$cex * graphics::par("ps") / 72
  turned <- texts$srt == 90
  half <- cbind(ifelse(turned, tall, wide), ifelse(turned, wide, tall)) / 2
  data.frame(
    left = texts$x - half[, 1], right = texts$x + half[, 1], bottom = texts$y - half[, 2],
    top = texts$y + half[, 2]
  )
}

test_that(
  "no label leaves the page, and none covers another, as PNG at 7 x 5 inches and larger and as PDF",
  {
    skip_on_cran()
    drawn <- 0
    for (trace in traces()) {
      for (size in list(c(7, 5), c(9, 7), c(12, 9), c(8, 9))) {
        for (device in list(on_png, on_page)) {
          device(
            {
              marks <- marks_of(trace)
              boxes <- text_boxes(marks$texts)
              expect_gte(min(boxes$left), 0)
              expect_gte(min(boxes$bottom), 0)
              expect_lte(max(boxes$right), marks$room[1])
              expect_lte(max(boxes$top), marks$room[2])
              expect_gte(min(marks$boxes$left, marks$boxes$bottom), 0)
              expect_lte(max(marks$boxes$right), marks$room[1])
              shared <- outer(seq_len(nrow(boxes)), seq_len(nrow(boxes)), function(i, j) {
                slack <- 0.01
                i < j & boxes$left[i] < boxes$right[j] - slack &
                  boxes$right[i] > boxes$left[j] + slack & boxes$bottom[i] < boxes$top[j] - slack &
                  boxes$top[i] > boxes$bottom[j] + slack
              })
              at <- which(shared, arr.ind = TRUE)
              expect(
                nrow(at) == 0,
                paste("These texts cover each other:", paste(marks$texts$text[at], collapse = ", "))
              )
              drawn <- drawn + 1
            },
            size[1],
            size[2]
          )
        }
      }
    }
    expect_identical(drawn, 7 * 4 * 2)
  }
)

test_that(
  "the tutorial's trace is whole at 7 x 5 inches, with its formulas, in text that is well legible",
  {
    at_96 <- function(code, width, height) on_png(code, width, height, res = 96)
    at_144 <- function(code, width, height) on_png(code, width, height, res = 144)
    for (device in list(at_96, at_144, on_page)) {
      device(
        {
          marks <- marks_of(nn_trace(X, y, start = tutorial_start()))
          expect_gte(marks$page$cex * 12, 7 - 1e-9)
          text <- marks$texts$text
          for (name in c(
            "0 X", "0 y", "1 wh", "1 bh", "1 wout", "1 bout", "7 d_output", "10 wh", "10 wout",
            "11 bh", "11 bout", "old", "change", "new"
          )) {
            expect_true(name %in% text, label = name)
          }
          expect_true(any(startsWith(text, "= X %*% wh")))
          cells <- sum(lengths(lapply(nn_trace(X, y)$epochs[[1]]$steps, `[[`, "value")))
          weights <- sum(lengths(tutorial_start()))
          expect_equal(sum(marks$boxes$border == "grey60"), cells + 2 * weights + 2)
          expect_false(any(grepl("more$", text)))
        },
        7,
        5
      )
    }
  }
)

test_that("each matrix has an arrow from what it is made of", {
  on_page(
    {
      marks <- marks_of(nn_trace(X, y, start = tutorial_start()))
      forward <- marks$arrows[marks$arrows$y == marks$arrows$to_y, ]
      to_the_right <- forward$to_x > forward$x
      # hidden input to activations to output input to output to E to loss
      expect_identical(sum(to_the_right), 5L)
      expect_identical(sum(!to_the_right), 3L) # slope to d_output to error, slope to d_hiddenlayer
      expect_identical(sum(marks$texts$text == "x"), 1L)
      down <- marks$arrows[marks$arrows$y != marks$arrows$to_y, ]
      expect_true(all(down$to_y < down$y))
      # into forward, backward (two), wh, wout and the updated output
      expect_identical(nrow(down), 6L)
    },
    9,
    7
  )
})

contrast <- function(a, b) {
  light <- sort(c(relative_luminance(a), relative_luminance(b)))
  (light[2] + 0.05) / (light[1] + 0.05)
}
# Machado, Oliveira and Fernandes (2009), full deuteranopia, in linear light.
deuteranope <- function(colour) {
  share <- grDevices::col2rgb(colour) / 255
  linear <- ifelse(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055)^2.4)
  seen <- rbind(c(0.367322, 0.860646, -0.227968), c(0.280085, 0.672501, 0.047413), c(
    -0.01182, 0.04294, 0.968881
  )) %*% linear
  seen <- pmin(pmax(seen, 0), 1)
  encoded <- ifelse(seen <= 0.0031308, 12.92 * seen, 1.055 * seen^(1 / 2.4) - 0.055)
  grDevices::rgb(encoded[1, ], encoded[2, ], encoded[3, ])
}

test_that(
  "text can be read on every colour of the scale, with normal sight and with deuteranopia",
  {
    fills <- unique(sign_fill(seq(-1, 1, by = 0.01), 1))
    expect_gt(length(fills), 150)
    for (fill in fills) {
      expect_gte(contrast(fill, text_on(fill)), 4.5)
      expect_gte(contrast(deuteranope(fill), text_on(fill)), 4.5)
    }
    every <- grDevices::rgb(expand.grid(seq(0, 1, 0.1), seq(0, 1, 0.1), seq(0, 1, 0.1)))
    for (fill in every) expect_gte(contrast(fill, text_on(fill)), 4.5)
    expect_equal(contrast("white", "black"), 21)
    on_page({
      texts <- marks_of(nn_trace(X, y, start = tutorial_start()))$texts
      expect_true(all(texts$col %in% c("black", "white", "grey25")))
      expect_gte(contrast("grey25", "grey96"), 4.5)
      expect_gte(contrast("grey30", "white"), 4.5)
    })
  }
)

test_that("blue and orange are told apart with deuteranopia, and grow with the number", {
  lab <- function(colour) {
    grDevices::convertColor(t(grDevices::col2rgb(colour)) / 255, "sRGB", "Lab")
  }
  apart <- function(a, b) sqrt(sum((lab(a) - lab(b))^2))
  for (depth in c(0.25, 0.5, 1)) {
    expect_gt(apart(deuteranope(sign_fill(depth, 1)), deuteranope(sign_fill(-depth, 1))), 20)
  }
  expect_identical(sign_fill(c(0, 0), 1), c("#FFFFFF", "#FFFFFF"))
  blue <- grDevices::col2rgb(sign_fill(1, 1))[, 1]
  expect_gt(blue[["blue"]], blue[["red"]])
  orange <- grDevices::col2rgb(sign_fill(-1, 1))[, 1]
  expect_gt(orange[["red"]], orange[["blue"]])
  expect_false(is.unsorted(-relative_luminance(sign_fill(seq(0, 1, 0.1), 1))))
  expect_false(is.unsorted(-relative_luminance(sign_fill(-seq(0, 1, 0.1), 1))))
  expect_identical(sign_fill(matrix(0), 0), "#FFFFFF")
})

test_that("a trace leaves the page's settings as they were", {
  trace <- nn_trace(X, y, start = tutorial_start())
  settings <- c("mfrow", "mar", "oma", "cex")
  for (state in list(list(), list(mfrow = c(2, 2)), list(mfrow = c(1, 3), cex = 0.5), list(
    cex = 1.5, mar = c(1, 2, 3, 4)
  ))) {
    on_page({
      graphics::par(state)
      before <- graphics::par(settings)
      result <- withVisible(plot(trace))
      expect_false(result$visible)
      expect_identical(graphics::par(settings), before)
    })
  }
})

test_that(
  "a device too small for a trace is an error that says so, and every larger one is not",
  {
    trace <- nn_trace(X, y, start = tutorial_start())
    on_page(
      {
        before <- graphics::par("mfrow", "mar", "oma", "cex")
        error <- expect_error(plot(trace), class = "backprop_error_argument")
        expect_identical(graphics::par("mfrow", "mar", "oma", "cex"), before)
      },
      200 / 72,
      150 / 72
    )
    expect_snapshot(writeLines(conditionMessage(error)))
    for (size in list(c(7, 7), c(7, 5), c(4, 4))) {
      on_page(expect_no_error(plot(trace)), size[1], size[2])
    }
    for (phase in names(trace_phases)) on_page(expect_no_error(plot(trace, phases = phase)), 7, 2.5)
  }
)

test_that("a drawing takes well below two seconds", {
  for (trace in traces()) on_page(expect_lt(system.time(plot(trace))[["user.self"]], 4))
})

test_that("what a picture cannot show is refused", {
  trace <- nn_trace(X, y, start = tutorial_start(), epochs = 2)
  on_page(expect_snapshot({
    refused(plot(trace, 3), "argument")
    refused(plot(trace, batch = 2), "argument")
    refused(plot(trace, phases = "back"), "argument")
    refused(plot(trace, phases = character()), "argument")
    refused(plot(trace, digits = 7), "argument")
    refused(plot(trace, main = "x"), "argument")
  }))
})

test_that("the pictures of traces are as they were looked at", {
  skip_if_not_installed("vdiffr")
  all <- traces()
  vdiffr::expect_doppelganger("trace of the tutorial", function() plot(all$tutorial))
  vdiffr::expect_doppelganger("trace of a batch of a deep network", function() plot(all$deep))
  vdiffr::expect_doppelganger("trace without hidden layers", function() plot(all$flat, digits = 3))
  vdiffr::expect_doppelganger("trace of small numbers", function() plot(all$tiny))
})
