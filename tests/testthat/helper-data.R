# The error of `expression`, whose class and message are both looked at.
refused <- function(expression, kind) {
  error <- expect_error(expression, class = paste0("backprop_error_", kind))
  expect_s3_class(error, "backprop_error")
  writeLines(conditionMessage(error))
}

# nn_train() from the same seed, few epochs.
seeded <- function(..., epochs = 10, seed = 1) {
  set.seed(seed)
  nn_train(..., epochs = epochs)
}

cars_data <- function() {
  d <- mtcars
  d$cyl <- factor(d$cyl)
  d$am <- d$am == 1
  d$maker <- sub(" .*", "", rownames(mtcars))
  d
}

expect_same_fit <- function(a, b) {
  expect_identical(coef(a), coef(b))
  expect_identical(a$output, b$output)
  expect_identical(a$history, b$history)
  expect_identical(a$state, b$state)
  expect_identical(a$encoding$calibration, b$encoding$calibration)
  expect_identical(a$calibration, b$calibration)
}

# Held-out rows that are also training rows, on purpose.
ignore_overlap <- function(code) suppressWarnings(code, classes = "backprop_warning_overlap")
