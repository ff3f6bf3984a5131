# Summaries become tables in documents.

test_that("summaries become tables in a document", {
  skip_if_not_installed("knitr")
  set.seed(1)
  X <- tutorial_data()$X
  summary_text <- knitr::knit_print(summary(nn_train(
    mpg ~ wt + hp, mtcars,
    hidden = 3, epochs = 20
  )))
  expect_s3_class(summary_text, "knit_asis")
  expect_match(summary_text, "|layer", fixed = TRUE)
  expect_match(summary_text, "**Data:** 32 rows, 2 inputs, 1 output", fixed = TRUE)
  text <- knitr::knit_print(nn_trace(X, tutorial_data()$y))
  expect_s3_class(text, "knit_asis")
  expect_match(text, "8 Error_at_hidden_layer", fixed = TRUE)
})

test_that("plots draw on the device that is open and open none of their own", {
  file <- withr::local_tempfile(fileext = ".pdf")
  before <- grDevices::dev.list()
  grDevices::pdf(file)
  opened <- grDevices::dev.list()
  set.seed(1)
  plot(nn_train(tutorial_data()$X, tutorial_data()$y, epochs = 5))
  plot(nn_trace(tutorial_data()$X, tutorial_data()$y))
  expect_identical(grDevices::dev.list(), opened)
  grDevices::dev.off()
  expect_identical(grDevices::dev.list(), before)
  expect_gt(file.size(file), 2000)
})

test_that("small numbers keep their digits in the tables of a document", {
  skip_if_not_installed("knitr")
  text <- knit_table(data.frame(name = "a", error = 0.000012345), "Errors")
  expect_match(text, "|a    | 1.234e-05|", fixed = TRUE)
  expect_match(text, "|:----|---------:|", fixed = TRUE)
})
