# Fits that were made before rows were held out by the present rule.

read <- function(name) readRDS(test_path("fixtures", name))

# The rule of those fits: the rounded fraction of each class.
earlier <- function(share, seed, class) {
  order <- backprop:::core_row_order(seed, 0, length(class))
  sort(unlist(lapply(split(order, class[order]), function(rows) {
    rows[seq_len(round(share * length(rows)))]
  }), use.names = FALSE))
}

test_that("they resume with the rows that they held out", {
  y <- factor(c("no", "yes", "maybe", "no", "yes", "maybe", "no", "yes"))
  for (name in c("fit-schema-0.rds", "fit-schema-1.rds", "fit-schema-2.rds")) {
    stored <- read(name)
    longer <- suppressMessages(nn_continue(stored$fit, stored$X, y, epochs = 3, patience = 100))
    plain <- unclass(longer)
    rows <- earlier(0.3, plain$state$seed, as.integer(y))
    expect_false(identical(rows, backprop:::stratified_rows(
      0.3, plain$state$seed, as.integer(y),
      keep_each = TRUE
    )))
    last <- longer
    class(last) <- NULL
    last[names(coef(longer))] <- backprop:::unflatten_network(plain$state$weights, plain$layers)
    class(last) <- "nn_fit"
    prob <- predict(last, stored$X, type = "prob")[cbind(seq_along(y), as.integer(y))]
    expect_equal(
      tail(longer$history$validation_loss, 1), -mean(log(prob[rows])),
      tolerance = 1e-12
    )
  }
})

test_that("fractions of a fit say by which rule they were drawn", {
  fit <- seeded(Species ~ ., iris, hidden = 2, penalty = 0.1, validation = 0.2, calibration = 0.2)
  plain <- unclass(fit)
  expect_identical(plain$settings$split, 2)
  expect_identical(plain$encoding$calibration$split, 2)
  longer <- nn_continue(fit, iris, epochs = 5)
  set.seed(1)
  once <- nn_train(
    Species ~ ., iris,
    hidden = 2, penalty = 0.1, validation = 0.2, calibration = 0.2, epochs = 15
  )
  expect_identical(coef(longer), coef(once))
  expect_identical(unclass(longer)$calibration, unclass(once)$calibration)

  # a calibration set of the earlier rule is drawn again as it was
  rows <- backprop:::draw_calibration(0.17, iris$Species, NULL, NULL, c(1, 2), NULL)$rows
  expect_identical(rows, earlier(0.17, c(1, 2), as.integer(iris$Species)))
  expect_null(unclass(seeded(Species ~ ., iris, hidden = 2, penalty = 0.1))$settings$split)
})
