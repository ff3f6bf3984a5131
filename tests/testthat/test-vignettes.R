# What the vignettes say: answers, claims and listings are computed and compared, in both languages.

# The answers that stand in the source of the exercises, by their ids.
exercise_answers <- function() {
  lines <- vignette_lines("exercises")
  lines <- lines[seq_along(lines) > which(lines == "---")[2]]
  calls <- unlist(regmatches(lines, gregexpr("`r answer\\([^`]*\\)`", lines)))
  calls <- lapply(calls, function(call) str2lang(sub("^`r (.*)`$", "\\1", call)))
  number <- function(x) as.numeric(eval(x, baseenv()))
  answers <- vapply(calls, function(call) number(call[[3]]), 0)
  stats::setNames(answers, vapply(calls, function(call) call[[2]], ""))
}

test_that("the answers of the exercises are right, by the package's pieces", {
  X <- tutorial_data()$X
  y <- tutorial_data()$y
  start <- tutorial_start()
  backward <- nn_backward(start, X, y)
  after <- nn_update(start, backward$gradient, 0.1)
  turned <- replace(start, "wout", list(start$wout * c(1, -1, 1)))
  equal <- lapply(start, function(w) 0 * w + if (nrow(w) > 1) 0.5 else 0)
  equal <- coef(nn_train(X, y, start = equal))
  fast <- nn_train(X, y, start = start, learning_rate = 100)
  corners <- cbind(c(0, 1, 0, 1), c(0, 0, 1, 1))
  set.seed(7)
  linear <- nn_train(corners, c(0, 1, 1, 0), hidden = 0, learning_rate = 0.5)
  expected <- c(
    "sign-1" = sign(backward$d_output[1]),
    "sign-2" = sign(backward$d_output[2]),
    "sign-3" = sign(backward$d_output[3]),
    "sign-turned" = sign(nn_backward(turned, X, y)$d_hiddenlayer[3, 2]),
    "cell-forward" = backward$hidden_layer_input[2, 3],
    "cell-backward" = backward$Error_at_hidden_layer[3, 1],
    "cell-update" = after$wh[4, 2],
    "equal-apart" = max(abs(equal$wh[, 1] - equal$wh[, 2])),
    "equal-numbers" = length(unique(signif(c(equal$wh), 10))),
    "rate-output" = fast$output[1],
    "rate-loss" = tail(fast$history$loss, 1),
    "xor-output" = fitted(linear)[1],
    "xor-loss" = tail(linear$history$loss, 1),
    "bug-wrong" = start$bh[1] + 0.1 * sum(backward$d_hiddenlayer[1, ]),
    "bug-right" = start$bh[1] + 0.1 * sum(backward$d_hiddenlayer[, 1])
  )
  answers <- exercise_answers()
  expect_named(answers, names(expected))
  expect_lt(max(abs(answers - expected)), 1e-6)
})

test_that("the solutions of the exercises compute their answers", {
  answers <- exercise_answers()
  chunks <- vignette_chunks(vignette_lines("exercises"))
  chunks <- chunks[!names(chunks) %in% c("setup", "restore")]
  envir <- new.env(parent = globalenv())
  values <- lapply(chunks, run_code, envir = envir)
  solutions <- grep("^solution-", names(values), value = TRUE)
  parts <- sub("-.*", "", names(answers))
  expect_equal(sub("^solution-", "", solutions), unique(parts))
  for (solution in solutions) {
    of_it <- answers[parts == sub("^solution-", "", solution)]
    expect_length(values[[solution]], length(of_it))
    expect_lt(max(abs(values[[solution]] - of_it)), 1e-6)
  }
})

test_that("the page of exercises takes an answer within 1e-6", {
  node <- Sys.which("node")
  skip_if(node == "", "There is no node.")
  lines <- vignette_lines("exercises")
  begin <- grep("^function isRight", lines)
  code <- lines[begin:(begin + which(lines[-seq_len(begin)] == "}")[1])]
  file <- withr::local_tempfile(fileext = ".js")
  calls <- c(
    "isRight('-0.0393764', -0.0393764)", "isRight(' 0.5000009 ', 0.5)", "isRight('0,5', 0.5)",
    "isRight('\u22121', -1)", "isRight('0.500002', 0.5)", "isRight('', 0)", "isRight('one', 1)"
  )
  writeLines(enc2utf8(c(code, sprintf("console.log(%s);", calls))), file, useBytes = TRUE)
  expect_equal(system2(node, file, stdout = TRUE), rep(c("true", "false"), c(4, 3)))
})

test_that("the tutorial's plain loop in R and the one in NumPy are the package's", {
  lines <- vignette_lines("from-scratch")
  chunks <- vignette_chunks(lines)
  envir <- new.env(parent = globalenv())
  run_code(unlist(chunks[c("data", "start", "plain-loop")]), envir)
  expected <- coef(nn_train(envir$X, envir$y, start = envir$start))
  expect_equal(envir$plain, expected, tolerance = 1e-10)

  begin <- which(lines == "```python")
  expect_length(begin, 1)
  code <- lines[seq(begin + 1, begin + which(lines[-seq_len(begin)] == "```")[1] - 1)]
  zh <- vignette_lines("from-scratch-zh")
  expect_true(grepl(paste(code, collapse = "\n"), paste(zh, collapse = "\n"), fixed = TRUE))

  python <- python_with_numpy()
  skip_if(is.null(python), "There is no Python with NumPy.")
  file <- withr::local_tempfile(fileext = ".py")
  writeLines(c(
    code,
    "for matrix in (wh, bh, wout, bout):",
    "    print(' '.join(f'{number:.17g}' for number in matrix.T.flatten()))"
  ), file)
  output <- system2(python, file, stdout = TRUE)
  numbers <- lapply(strsplit(tail(output, 4), " "), as.numeric)
  expect_equal(numbers, unname(lapply(expected, as.vector)), tolerance = 1e-10)
})

test_that("the tutorial's claims about learning rates hold", {
  chunks <- vignette_chunks(vignette_lines("from-scratch"))
  envir <- new.env(parent = globalenv())
  run_code(unlist(chunks[c("data", "start", "rates")]), envir)
  expect_equal(envir$rates, c(0.1, 1, 10, 100))
  expect_equal(signif(envir$last_loss[c(1, 3)], 2), c(6.5e-4, 4.2e-6))
  expect_lt(max(envir$outputs[4, ]), 1e-5)
  found <- run_code(chunks$doctor, envir)
  expect_equal(found$check[found$found %in% TRUE], "diverged")
  expect_match(found$advice[found$check == "diverged"], "learning_rate", fixed = TRUE)
  starts <- run_code(unlist(chunks["rates-starts"]), envir)
  expect_equal(unname(starts[1:2]), c(100, 100))
  expect_lt(starts[[3]], 50)
})

test_that("the Chinese tutorial runs the English one's code", {
  english <- vignette_chunks(vignette_lines("from-scratch"))
  chinese <- vignette_chunks(vignette_lines("from-scratch-zh"))
  own <- c("stepper-zh", "no-stepper-zh")
  expect_equal(setdiff(names(chinese), own), setdiff(names(english), c("stepper", "no-stepper")))
  shared <- intersect(names(chinese), names(english))
  expect_gt(length(shared), 30)
  expect_identical(chinese[shared], english[shared])
})

test_that("vignettes share a style, have headings of the second level and fine figures", {
  for (file in list.files(vignette_folder(), "[.]Rmd$")) {
    lines <- vignette_lines(sub("[.]Rmd$", "", file))
    ends <- which(lines == "---")[1:2]
    head <- lines[seq(ends[1], ends[2])]
    expect_true(all(c("    css: style.css", "    mathjax: null") %in% head), info = file)
    in_code <- cumsum(grepl("^ *```", lines)) %% 2 == 1
    expect_false(any(grepl("^# ", lines[!in_code])), info = file)
    dpi <- regmatches(lines, regexpr("(?<=dpi = )[0-9]+", lines, perl = TRUE))
    expect_true(all(as.numeric(dpi) >= 144), info = file)
    expect_lte(max(0, nchar(lines[in_code])), 100)
  }
})

test_that("results and code of the vignettes have enough contrast", {
  file <- file.path(vignette_folder(), "style.css")
  skip_if_not(file.exists(file), "The style sheet is not here.")
  css <- paste(readLines(file), collapse = "\n")
  colour <- "#[0-9a-f]{6}"
  rule <- function(selector) {
    part <- regmatches(css, regexpr(paste0("\n", selector, "[^{}]*\\{[^}]*\\}"), css))
    regmatches(part, regexpr(paste0("(?<![-a-z])color: ", colour), part, perl = TRUE))
  }
  background <- sub(".*\npre \\{\n *background: (#[0-9a-f]+).*", "\\1", css)
  expect_match(background, paste0("^", colour, "$"))
  luminance <- function(colour) {
    share <- grDevices::col2rgb(colour) / 255
    linear <- ifelse(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055)^2.4)
    sum(c(0.2126, 0.7152, 0.0722) * linear)
  }
  contrast <- function(text) (luminance(background) + 0.05) / (luminance(text) + 0.05)
  for (kind in c("co", "kw", "fu", "dv", "cn", "st", "op")) {
    text <- sub("color: ", "", rule(paste0("pre code span\\.", kind)))
    expect_match(text, colour)
    expect_gte(contrast(text), 7)
  }
})

test_that("the learner's pages load nothing from the net", {
  skip_on_cran()
  skip_if_not_installed("knitr")
  skip_without_pandoc()
  skip_if_not(file.exists(file.path(vignette_folder(), "style.css")), "No style sheet.")
  folder <- withr::local_tempdir()
  file.copy(list.files(vignette_folder(), "(Rmd|css|csv)$", full.names = TRUE), folder)
  for (name in c("from-scratch", "from-scratch-zh", "exercises")) {
    page <- rmarkdown::render(
      file.path(folder, paste0(name, ".Rmd")),
      quiet = TRUE, envir = new.env(parent = globalenv())
    )
    html <- paste(readLines(page, encoding = "UTF-8", warn = FALSE), collapse = "\n")
    loads <- "(<(script|img|link|iframe|source)[^>]*(src|href)=|url\\(|@import )[\"']?(https?:)?//"
    # expect_no_match() takes seconds to describe a page
    expect_false(grepl(loads, html))
    expect_false(grepl("[Mm]ath[Jj]ax[.]", html))
    expect_true(grepl("<h2", html, fixed = TRUE))
  }
})
