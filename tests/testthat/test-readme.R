# The sessions that README and its Chinese sister show: each line of code is run, and what it prints
# is compared, numbers to seven digits.

readme_session <- function(file) {
  path <- testthat::test_path("..", "..", file)
  skip_if_not(file.exists(path), "The sources of the package are not here.")
  lines <- readLines(path, encoding = "UTF-8")
  begin <- which(lines == "```r" & c(lines[-1], "") == "> library(backprop)")
  expect_length(begin, 1)
  lines <- lines[seq(begin + 1, begin + which(lines[-seq_len(begin)] == "```")[1] - 1)]
  is_code <- grepl("^> ", lines)
  code_above <- factor(cumsum(is_code), seq_len(sum(is_code)))
  list(
    code = sub("^> ", "", lines[is_code]),
    printed = unname(split(lines[!is_code], code_above[!is_code]))
  )
}

number <- "[-+]?[0-9][0-9,]*([.][0-9]+)?(e[-+]?[0-9]+)?"
numbers_of <- function(lines) {
  as.numeric(gsub(",", "", unlist(regmatches(lines, gregexpr(number, lines)))))
}

for (file in c("README.md", "README.zh-CN.md")) {
  test_that(paste("the session of", file, "is what R prints"), {
    session <- readme_session(file)
    envir <- new.env(parent = globalenv())
    withr::local_options(digits = 7, width = 80)
    for (i in seq_along(session$code)) {
      printed <- capture.output({
        value <- withVisible(eval(str2lang(session$code[i]), envir))
        if (value$visible && i > 1) print(value$value)
      })
      # the rounding error of a comparison depends on the processor
      rounding <- grepl("relative difference", printed)
      expected <- session$printed[[i]]
      expect_length(printed, length(expected))
      text <- function(lines) trimws(gsub(" +", " ", gsub(number, "#", lines)))
      expect_equal(text(printed), text(expected))
      expect_equal(
        numbers_of(printed[!rounding]), numbers_of(expected[!rounding]),
        tolerance = 5e-8
      )
    }
  })
}

test_that("the Chinese session is part of the English one", {
  english <- readme_session("README.md")$code
  chinese <- readme_session("README.zh-CN.md")$code
  expect_true(all(chinese %in% english))
})
