# Every help page has its place in the index of the site. The index stays out of the built package,
# so that this runs on a checkout only.

test_that("every exported function is in the reference index", {
  index <- test_path("..", "..", "_pkgdown.yml")
  skip_if_not(file.exists(index), "a checkout")
  lines <- readLines(index)
  listed <- sub("^ +- ", "", grep("^ +- [A-Za-z0-9_.-]+$", lines, value = TRUE))
  pages <- list.files(test_path("..", "..", "man"), "[.]Rd$", full.names = TRUE)
  for (page in pages) {
    rd <- readLines(page)
    aliases <- sub("^\\\\alias\\{(.*)\\}$", "\\1", grep("^\\\\alias\\{", rd, value = TRUE))
    expect_true(any(aliases %in% listed), label = paste(basename(page), "is in _pkgdown.yml"))
  }
  exported <- getNamespaceExports("backprop")
  documented <- unlist(lapply(pages, function(page) {
    sub("^\\\\alias\\{(.*)\\}$", "\\1", grep("^\\\\alias\\{", readLines(page), value = TRUE))
  }))
  expect_identical(setdiff(exported, documented), character())
  articles <- sub("[.]Rmd$", "", list.files(test_path("..", "..", "vignettes"), "[.]Rmd$"))
  expect_identical(setdiff(articles, listed), character())
})
