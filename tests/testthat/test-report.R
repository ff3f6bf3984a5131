# The template of a report: from a data frame to a page, a PDF file or a Word file.

# The data of airquality, with columns of all the kinds that a data frame may have.
air_of_all_kinds <- function() {
  day <- airquality$Day
  air <- transform(
    airquality,
    date = as.Date("1973-01-01") + day + 30 * Month, windy = Wind > 10, month = month.abb[Month],
    time = as.POSIXct("1973-01-01", tz = "UTC") + day * 1e5, span = as.difftime(day, units = "days")
  )
  air$many <- lapply(day, seq_len)
  air
}

drafted_report <- function(folder) {
  rmarkdown::draft(
    file.path(folder, "report.Rmd"),
    template = "report", package = "backprop", edit = FALSE
  )
}

render_report <- function(report, file, params, ...) {
  rmarkdown::render(
    report,
    params = params, output_file = file, quiet = TRUE, envir = new.env(parent = globalenv()), ...
  )
}

# The page's text, less the pictures, scripts and styles that are written out in it.
page_without_data <- function(page) {
  html <- paste(readLines(page, encoding = "UTF-8", warn = FALSE), collapse = "\n")
  html <- gsub("base64,[A-Za-z0-9+/=]*", "base64", html, perl = TRUE)
  gsub("(?s)<script>.*?</script>|<script[^>]*base64.*?</script>", "", html, perl = TRUE)
}

report_runs <- function() {
  list(
    classes = list(), numbers = list(data = air_of_all_kinds(), outcome = "Ozone"),
    logical = list(data = transform(mtcars, am = am == 1), outcome = "am")
  )
}

test_that("the report knits for classes and for numbers, and leaves nothing behind", {
  skip_without_pandoc()
  folder <- withr::local_tempdir()
  report <- drafted_report(folder)
  runs <- report_runs()
  for (name in names(runs)) {
    page <- render_report(report, paste0(name, ".html"), runs[[name]])
    html <- page_without_data(page)
    expect_match(html, if (name == "numbers") "r_squared" else "most_frequent_class", fixed = TRUE)
    pictures <- c("The network. Positive", "Loss by epoch", "Permutation importance")
    for (picture in pictures) {
      figure <- paste0("<img [^>]*png;base64[^>]*>\\s*<p class=\"caption\">", picture)
      expect_match(html, figure, perl = TRUE)
    }
    # the defaults, and the scores on held-out rows by which they were chosen
    expect_match(html, "by which the settings were chosen", fixed = TRUE)
    expect_match(html, "a linear model</td>", fixed = TRUE)
    # numbers and the names above them are aligned alike, whatever the style of the page says
    header <- "<th (align=\"right\"|style=\"text-align: right;\")>(median|accuracy)"
    expect_match(html, header, perl = TRUE)
    expect_match(html, "table.table th[align=\"right\"]", fixed = TRUE)
    # headings are followed by something, and no package is needed but those that knit
    sections <- strsplit(html, "<h1[^>]*>")[[1]][-(1:2)]
    text <- gsub("<[^>]*>|\\s", "", sub("^.*?</h1>", "", sections, perl = TRUE))
    expect_length(text, 5)
    expect_true(all(nchar(text) > 50))
    expect_no_match(html, "Error in", fixed = TRUE)
    expect_no_match(html, "<(script|img|link)[^>]*(src|href)=[\"']?(https?:)?//", perl = TRUE)
    expect_no_match(html, "DALEX::", fixed = TRUE)
  }
  expect_setequal(list.files(folder), c("report.Rmd", paste0(names(runs), ".html")))
  expect_error(
    suppressMessages(render_report(report, "nope.html", list(outcome = "nope"))),
    "Petal.Width, Species"
  )
})

test_that("the report counts days of dates and times, and says what it drops", {
  skip_without_pandoc()
  report <- drafted_report(withr::local_tempdir())
  page <- render_report(report, "air.md", report_runs()$numbers, output_format = "md_document")
  lines <- readLines(page, encoding = "UTF-8")
  text <- gsub("\\s+", " ", gsub("<[^>]*>", " ", paste(lines, collapse = " ")))
  expect_match(text, "since the first one: `date`, `time`, `span`.", fixed = TRUE)
  expect_match(text, "cannot use are dropped: `many`.", fixed = TRUE)
  expect_match(gsub("[| ]+", " ", text), " date 0.0 87.00 81.430 149.00 ", fixed = TRUE)
  expect_match(text, "FALSE \\(58\\), TRUE \\(53\\)")
})

test_that("the report becomes a Word file, with tables whose numbers are at the right", {
  skip_without_pandoc()
  report <- drafted_report(withr::local_tempdir())
  file <- render_report(report, "air.docx", report_runs()$numbers, output_format = "word_document")
  folder <- withr::local_tempdir()
  utils::unzip(file, exdir = folder)
  xml <- paste(readLines(file.path(folder, "word", "document.xml"), warn = FALSE), collapse = "")
  cells <- regmatches(xml, gregexpr("<w:tc>.*?</w:tc>", xml, perl = TRUE))[[1]]
  text <- gsub("<[^>]*>", "", cells)
  at_right <- grepl("<w:jc w:val=\"right\"", cells)
  expect_true(all(at_right[text %in% c("median", "r_squared", "units")]))
  expect_true(all(at_right[grepl("^-?[0-9.]+$", text)]))
  expect_false(any(at_right[text %in% c("column", "layer", "Ozone")]))
  expect_length(list.files(file.path(folder, "word", "media")), 4)
})

test_that("the report becomes a PDF file", {
  skip_without_pandoc()
  skip_if(Sys.which("pdflatex") == "", "There is no LaTeX.")
  report <- drafted_report(withr::local_tempdir())
  file <- render_report(report, "iris.pdf", list(), output_format = "pdf_document")
  expect_match(rawToChar(readBin(file, raw(), 5)), "%PDF-")
  expect_gt(file.size(file), 50000)
})
