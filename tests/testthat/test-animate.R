# Training as an animated picture.

# Width, height and the number of frames of a GIF, and for how many hundredths of a second each is
# shown.
read_gif <- function(path) {
  bytes <- as.integer(readBin(path, "raw", file.size(path)))
  at <- function(i) bytes[i + 1]
  table <- function(flags) if (flags >= 128) 3 * 2^(flags %% 8 + 1) else 0
  skip_blocks <- function(i) {
    while (at(i) > 0) i <- i + at(i) + 1
    i + 1
  }
  expect_identical(rawToChar(as.raw(bytes[1:6])), "GIF89a")
  i <- 13 + table(at(10))
  delays <- numeric()
  frames <- 0
  while (at(i) != 0x3b) {
    if (at(i) == 0x21) {
      if (at(i + 1) == 0xf9) delays <- c(delays, at(i + 4) + 256 * at(i + 5))
      i <- skip_blocks(i + 2)
    } else {
      expect_identical(at(i), 0x2cL)
      frames <- frames + 1
      i <- skip_blocks(i + 11 + table(at(i + 9)))
    }
  }
  list(width = at(6) + 256 * at(7), height = at(8) + 256 * at(9), frames = frames, delays = delays)
}

test_that("frames are close at first, and begin and end where they should", {
  expect_identical(frame_epochs(5000, 40)[c(1, 2)], c(0, 1))
  expect_identical(last(frame_epochs(5000, 40)), 5000)
  expect_identical(frame_epochs(1, 2), c(0, 1))
  expect_identical(frame_epochs(3, 40), c(0, 1, 2, 3))
  # but for the rounding, ever farther apart
  expect_gte(min(diff(diff(frame_epochs(5000, 40)))), -1)
})

test_that("a GIF shows the training of a trace and of a fit, 40 frames in a few seconds", {
  skip_on_cran()
  skip_if_not_installed("gifski")
  skip_if_not(capabilities("png"), "png")
  X <- corners()
  y <- c(0, 1, 1, 0)
  path <- withr::local_tempfile(fileext = ".gif")
  set.seed(3)
  trace <- nn_trace(X, y, activation = "tanh", learning_rate = 0.3, batch_size = 1)
  before <- .Random.seed
  devices <- grDevices::dev.list()
  taken <- system.time(shown <- withVisible(nn_animate(trace, path)))[["user.self"]]
  expect_identical(shown, list(value = path, visible = FALSE))
  expect_identical(.Random.seed, before)
  expect_identical(grDevices::dev.list(), devices)
  expect_lt(taken, 10)
  gif <- read_gif(path)
  expect_identical(gif[c("width", "height")], list(width = 640, height = 520))
  distinct <- length(frame_epochs(5000, 40))
  expect_gte(gif$frames, distinct)
  expect_equal(sum(gif$delays) / 100, 6 + 1, tolerance = 0.1)

  set.seed(3)
  fit <- nn_train(mpg ~ wt + hp + qsec, mtcars, hidden = 3, epochs = 0, optimizer = "adam")
  nn_animate(fit, path, mtcars, epochs = 5, frames = 4, seconds = 2, width = 400, height = 300)
  gif <- read_gif(path)
  expect_identical(gif[c("width", "height")], list(width = 400, height = 300))
  expect_gte(gif$frames, 4)
})

test_that("a fit of an older version is animated", {
  skip_if_not_installed("gifski")
  skip_if_not(capabilities("png"), "png")
  old <- readRDS(test_path("fixtures", "fit-schema-0.rds"))
  y <- factor(c("no", "yes", "maybe", "no", "yes", "maybe", "no", "yes"))
  path <- withr::local_tempfile(fileext = ".gif")
  nn_animate(old$fit, path, old$X, y, epochs = 2, frames = 2)
  expect_gte(read_gif(path)$frames, 2)
})

test_that("the frames are drawn of the weights that nn_train() has after these epochs", {
  skip_if_not_installed("gifski")
  skip_if_not(capabilities("png"), "png")
  drawn <- list()
  local_mocked_frames <- function(fit, X, y, what, how, file) {
    drawn[[length(drawn) + 1]] <<- list(network = coef(fit), what = what)
    grDevices::png(file, how$width, how$height)
    plot(1)
    grDevices::dev.off()
  }
  space <- asNamespace("backprop")
  original <- space$draw_frame
  unlock <- get("unlockBinding", baseenv())
  unlock("draw_frame", space)
  withr::defer({
    assign("draw_frame", original, space)
    lockBinding("draw_frame", space)
  })
  assign("draw_frame", local_mocked_frames, space)
  set.seed(6)
  trace <- nn_trace(corners(), factor(c("a", "b", "b", "a")), batch_size = 2)
  path <- withr::local_tempfile(fileext = ".gif")
  nn_animate(trace, path, epochs = 20, frames = 5)
  at <- frame_epochs(20, 5)
  expect_length(drawn, length(at))
  for (i in seq_along(at)) {
    set.seed(6)
    fit <- nn_train(corners(), factor(c("a", "b", "b", "a")), batch_size = 2, epochs = at[i])
    expect_identical(drawn[[i]]$network, coef(fit))
    expect_identical(drawn[[i]]$what, "boundary")
  }
})

test_that("bad input of an animation is refused, and a file that was there stays", {
  skip_if_not_installed("gifski")
  data <- tutorial_data()
  set.seed(1)
  fit <- nn_train(data$X, data$y, epochs = 0)
  path <- withr::local_tempfile(fileext = ".gif")
  writeLines("kept", path)
  expect_snapshot(error = TRUE, {
    nn_animate()
    nn_animate(fit)
    nn_animate(1, path)
    nn_animate(fit, "a.png", data$X, data$y, epochs = 2)
    nn_animate(fit, 3, data$X, data$y, epochs = 2)
    nn_animate(fit, path)
    nn_animate(fit, path, data$X, data$y)
    nn_animate(fit, path, data$X, data$y, epochs = 0)
    nn_animate(fit, path, data$X, data$y, epochs = 2, frames = 1)
    nn_animate(fit, path, data$X, data$y, epochs = 2, seconds = 0)
    nn_animate(fit, path, data$X, data$y, epochs = 2, what = "loss")
    nn_animate(fit, path, data$X, data$y, epochs = 2, speed = 2)
    nn_animate(fit, path, data$X, data$y, epochs = 2, what = "boundary")
  })
  expect_identical(readLines(path), "kept")
})
