# What the tests of the stepper share: its pages, and the scripts of tests/browser for them.

npm_folder <- function() {
  Sys.getenv("BACKPROP_NPM", file.path(tools::R_user_dir("backprop", "cache"), "npm"))
}

chromium_path <- function() {
  found <- Sys.which(c("chromium", "chromium-browser", "google-chrome"))
  unname(found[nzchar(found)][1])
}

skip_without_node <- function() {
  skip_on_cran()
  skip_if_not_installed("htmlwidgets")
  skip_if_not_installed("jsonlite")
  skip_if_not(nzchar(Sys.which("node")), "node")
}

# rmarkdown does not look for pandoc where HOME is not set.
skip_without_pandoc <- function() {
  skip_on_cran()
  skip_if_not_installed("rmarkdown")
  skip_if_not(nzchar(Sys.getenv("HOME")) && rmarkdown::pandoc_available("2.0"), "pandoc")
}

skip_without_browser <- function() {
  skip_without_node()
  skip_if_not(!is.na(chromium_path()), "chromium")
  skip_if_not(
    dir.exists(file.path(npm_folder(), "node_modules", "playwright-core")),
    "playwright-core"
  )
  skip_without_pandoc()
}

# Runs a script of tests/browser with its input, and returns its results.
run_script <- function(name, input) {
  given <- withr::local_tempfile(fileext = ".json")
  got <- withr::local_tempfile(fileext = ".json")
  input$npm <- npm_folder()
  input$chromium <- chromium_path()
  input$script <- system.file("htmlwidgets/nn_show/stepper.min.js", package = "backprop")
  writeLines(jsonlite::toJSON(input, auto_unbox = TRUE, null = "null", digits = 16), given)
  script <- normalizePath(test_path("..", "browser", paste0(name, ".js")))
  said <- suppressWarnings(system2("node", shQuote(c(script, given, got)),
    stdout = TRUE,
    stderr = TRUE
  ))
  if (!file.exists(got)) stop(paste(said, collapse = "\n"))
  jsonlite::fromJSON(got, simplifyVector = FALSE)
}

# Saves a stepper as a page of one file, and returns its path.
save_page <- function(widget, folder = withr::local_tempdir(.local_envir = parent.frame())) {
  path <- tempfile("page-", folder, ".html")
  htmlwidgets::saveWidget(widget, path, selfcontained = TRUE)
  path
}

# A list of lists of numbers, rows first, as a matrix. Numbers that are not finite are null.
as_rows <- function(x) {
  do.call(rbind, lapply(x, function(row) vapply(row, function(v) if (is.null(v)) NaN else v, 0)))
}

corners <- function() rbind(c(0, 0), c(0, 1), c(1, 0), c(1, 1))

show_data <- function(rows = 10, inputs = 2) {
  set.seed(21)
  matrix(round(rnorm(rows * inputs), 3), rows)
}
