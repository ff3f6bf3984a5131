# Data with factors of many levels, and fits with and without coded matrices.

coded_data <- function(n = 900) {
  set.seed(1)
  d <- data.frame(
    x = rnorm(n), f = factor(sample(sprintf("l%02d", 1:60), n, TRUE)),
    g = sample(letters[1:3], n, TRUE), h = sample(sprintf("k%02d", 1:40), n, TRUE), z = runif(n)
  )
  d$y <- d$x + as.integer(d$f) / 20 + rnorm(n) / 5
  d
}

# The value of code with and without coded matrices.
both_ways <- function(code, env = parent.frame()) {
  code <- substitute(code)
  lapply(c(coded = TRUE, dense = FALSE), function(coded) {
    withr::local_options(backprop.coded_from = if (coded) 1 else Inf)
    withr::local_seed(2)
    eval(code, env)
  })
}

expect_same_fits <- function(fits, data, tolerance = 1e-12) {
  expect_true(fits$coded$encoding$coded)
  expect_null(fits$dense$encoding$coded)
  for (field in c("center", "scale", "clip")) {
    expect_equal(fits$coded$encoding[[field]], fits$dense$encoding[[field]], tolerance = 1e-14)
  }
  expect_identical(fits$coded$encoding$constant, fits$dense$encoding$constant)
  expect_equal(coef(fits$coded), coef(fits$dense), tolerance = tolerance)
  predicted <- lapply(fits, predict, data)
  expect_equal(predicted$coded, predicted$dense, tolerance = tolerance)
  expect_equal(fits$coded$probe$typical, fits$dense$probe$typical, tolerance = 1e-12)
}
