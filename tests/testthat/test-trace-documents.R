# A trace in documents: compact, within the page, and with every number.

X <- tutorial_data()$X
y <- tutorial_data()$y
trace <- nn_trace(X, y, start = tutorial_start(), epochs = 2)

# All matrices of text that a trace shows, by epoch and id.
shown_texts <- function(trace, digits = 4) {
  unlist(lapply(seq_along(trace$epochs), function(epoch) {
    steps <- batch_steps(trace, epoch, 1)
    lapply(steps, function(step) lapply(step_block(step, steps, digits)$parts, `[[`, "text"))
  }))
}

test_that(
  "in HTML every number is in a cell of its colour, and the layout is one block of raw HTML",
  {
    html <- trace_html(trace, 4)
    expect_identical(html[c(1, length(html))], c("```{=html}", "```"))
    text <- paste(html, collapse = "\n")
    cells <- regmatches(
      text, gregexpr("<td style=\"background:#[0-9A-F]{6};color:(black|white)\">[^<]*</td>", text)
    )[[1]]
    expect_identical(
      gsub("<[^>]*>", "", cells),
      unlist(lapply(seq_along(trace$epochs), function(epoch) {
        steps <- batch_steps(trace, epoch, 1)
        unlist(lapply(trace_bands(steps, 4), function(band) {
          lapply(unlist(band$groups, recursive = FALSE), function(block) {
            lapply(block$parts, function(part) t(part$text))
          })
        }))
      }))
    )
    expect_setequal(gsub("<[^>]*>", "", cells), unique(shown_texts(trace)))
    for (tag in c(
      "div", "section", "figure", "table", "tr", "p", "code", "strong", "span", "caption",
      "figcaption"
    )) {
      expect_identical(
        lengths(regmatches(text, gregexpr(paste0("<", tag, "[ >]"), text))),
        lengths(regmatches(text, gregexpr(paste0("</", tag, ">"), text))),
        label = tag
      )
    }
    expect_false(grepl("http", text))
    for (phase in trace_phases) {
      expect_match(text, paste0("<p class=\"nn-phase\">", phase), fixed = TRUE)
    }
    for (head in c("old", "change", "new")) {
      expect_match(text, paste0("<caption>", head, "</caption>"), fixed = TRUE)
    }
    named <- trace_html(nn_trace(X, factor(c("<a>", "b&", "c"))), 4)
    expect_match(
      paste(named, collapse = ""), "<th scope=\"col\">&lt;a&gt;</th><th scope=\"col\">b&amp;</th>",
      fixed = TRUE
    )
    long <- paste(trace_html(nn_trace(X[rep(1:3, 50), ], y[rep(1:3, 50)]), 4), collapse = "")
    expect_match(long, "... 140 more rows", fixed = TRUE)
  }
)

test_that("in PDF and Word a trace is lines of text within the page", {
  for (width in c(76, 86)) {
    lines <- trace_verbatim(trace, 4, width)
    fences <- which(lines == "```")
    expect_length(fences, 4)
    inside <- unlist(Map(
      function(from, to) lines[from:to], fences[c(1, 3)] + 1, fences[c(2, 4)] - 1
    ))
    expect_lte(max(nchar(inside)), width)
    expect_lt(length(inside), if (width == 76) 170 else 150)
    words <- strsplit(paste(inside, collapse = " "), " +")[[1]]
    expect_identical(setdiff(unique(shown_texts(trace)), words), character())
  }
  expect_snapshot(writeLines(trace_verbatim(nn_trace(X, y, start = tutorial_start()), 4, 76)))
})

render <- function(format, folder) {
  withr::local_options(backprop.stepper = FALSE)
  source <- file.path(folder, "page.Rmd")
  writeLines(
    c(
      "---", "title: A trace", "---", "", "Before.", "", "```{r, echo = FALSE}", "trace", "```", "",
      "After."
    ),
    source
  )
  rmarkdown::render(
    source, format,
    quiet = TRUE, envir = list2env(list(trace = trace), parent = globalenv())
  )
}

test_that("documents of R Markdown hold it as HTML, as Word and as LaTeX", {
  skip_without_pandoc()
  folder <- withr::local_tempdir()
  html <- paste(readLines(render("html_document", folder), warn = FALSE), collapse = "\n")
  expect_match(html, "<div class=\"nn-trace\">", fixed = TRUE)
  expect_match(html, ">-0.00059</td>", fixed = TRUE)
  word <- render("word_document", folder)
  utils::unzip(word, "word/document.xml", exdir = folder)
  text <- gsub(
    "<w:br */>", "\n",
    paste(
      readLines(file.path(folder, "word", "document.xml"), warn = FALSE, encoding = "UTF-8"),
      collapse = ""
    )
  )
  expect_match(gsub("<[^>]*>", "", text), "= d_output %*% t(wout)", fixed = TRUE)
  expect_match(text, "-0.00059", fixed = TRUE)
  latex <- paste(
    readLines(render(rmarkdown::latex_fragment(), folder), warn = FALSE),
    collapse = "\n"
  )
  expect_match(latex, "\\begin{verbatim}\n--- Data ", fixed = TRUE)
  expect_match(latex, "-0.00059", fixed = TRUE)
  expect_lte(max(nchar(strsplit(latex, "\n")[[1]])), 90)
})

test_that("a trace of two epochs takes at most three pages of PDF", {
  skip_without_pandoc()
  skip_if_not(all(nzchar(Sys.which(c("pdflatex", "pdfinfo")))), "pdflatex and pdfinfo")
  folder <- withr::local_tempdir()
  file <- tryCatch(suppressWarnings(render("pdf_document", folder)), error = function(e) {
    skip("a package of LaTeX is missing")
  })
  pages <- sub(
    "^Pages: *", "", grep("^Pages", system2("pdfinfo", shQuote(file), stdout = TRUE), value = TRUE)
  )
  expect_lte(as.integer(pages), 3)
})

test_that("a page of 900 or of 390 pixels holds it without scrolling sideways", {
  skip_without_pandoc()
  browser <- Sys.which("chromium")
  skip_if_not(nzchar(browser), "chromium")
  folder <- withr::local_tempdir()
  page <- render("html_document", folder)
  frame <- file.path(folder, "frame.html")
  measure <- function(width) {
    writeLines(
      c(
        sprintf(
          "<body><iframe id='page' src='%s' style='width:%dpx;height:800px;border:0'></iframe>",
          basename(page), width
        ),
        paste0(
          "<script>window.onload = function() ",
          "{ var d = document.getElementById('page').contentDocument;",
          "var t = d.querySelector('.nn-trace');"
        ),
        paste0(
          "document.title = [d.documentElement.scrollWidth, ",
          "Math.round(t.getBoundingClientRect().height), ",
          "Math.round(t.getBoundingClientRect().right)].join(' '); }</script>"
        )
      ),
      frame
    )
    out <- system2(
      browser,
      c(
        "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files",
        shQuote(paste0("--user-data-dir=", folder, "/profile")), "--window-size=1200,900",
        "--virtual-time-budget=5000", "--dump-dom", shQuote(paste0("file://", frame))
      ),
      stdout = TRUE, stderr = FALSE
    )
    as.numeric(strsplit(
      sub(".*<title>([0-9 ]+)</title>.*", "\\1", grep("<title>", out, value = TRUE)[1]), " "
    )[[1]])
  }
  wide <- measure(900)
  narrow <- measure(390)
  expect_lte(wide[1], 900)
  expect_lte(narrow[1], 390)
  expect_lte(max(wide[3] - 900, narrow[3] - 390), 0)
  expect_lt(wide[2], 2300) # two epochs
  expect_lt(narrow[2], 3900)
})
