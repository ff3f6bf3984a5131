# The report's template knits, and summaries become tables.

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

test_that("the report knits for classes and for numbers, and leaves nothing behind", {
  skip_on_cran()
  skip_if_not_installed("rmarkdown")
  skip_if_not(rmarkdown::pandoc_available("1.12.3"), "pandoc")
  folder <- withr::local_tempdir()
  report <- rmarkdown::draft(
    file.path(folder, "report.Rmd"),
    template = "report", package = "backprop", edit = FALSE
  )
  runs <- list(
    classes = list(), numbers = list(data = airquality, outcome = "Ozone"),
    logical = list(data = transform(mtcars, am = am == 1), outcome = "am")
  )
  for (name in names(runs)) {
    page <- rmarkdown::render(
      report,
      params = runs[[name]], output_file = paste0(name, ".html"), quiet = TRUE,
      envir = new.env()
    )
    lines <- readLines(page, warn = FALSE)
    holds <- function(text) any(grepl(text, lines, fixed = TRUE))
    expect_true(holds("How well it predicts"))
    expect_true(holds(if (name == "numbers") "r_squared" else "most_frequent_class"))
    expect_true(holds("data:image/png;base64"))
    expect_false(holds("Error in"))
  }
  expect_setequal(
    list.files(folder), c("report.Rmd", "classes.html", "numbers.html", "logical.html")
  )
  expect_error(
    suppressMessages(rmarkdown::render(
      report,
      params = list(outcome = "nope"), quiet = TRUE, envir = new.env()
    )),
    "Petal.Width, Species"
  )
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
