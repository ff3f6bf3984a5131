# Names and levels beyond ASCII, in fits that are made in one locale and used in another.

# Runs code in an R process with this locale; `path` is the directory of its files.
run_in_locale <- function(locale, code, path) {
  script <- file.path(path, "script.R")
  head <- c(
    sprintf(".libPaths(%s)", deparse1(.libPaths())), "suppressWarnings(library(backprop))",
    sprintf("setwd(%s)", deparse1(path)), "options(warn = 1)"
  )
  writeLines(c(head, code), script)
  output <- suppressWarnings(system2(
    file.path(R.home("bin"), "Rscript"), c("--vanilla", shQuote(script)),
    stdout = TRUE, stderr = TRUE, env = paste0("LC_ALL=", locale)
  ))
  expect(
    is.null(attr(output, "status")),
    sprintf("In the locale %s: %s", locale, paste(output, collapse = "\n"))
  )
  output
}

# The code has only ASCII characters, so that each locale reads it alike. `marked` sets the encoding
# of strings.
make_fits <- '
  set.seed(1)
  n <- 60
  d <- data.frame(
    x = rnorm(n), s = rep(c("K\\u00f6ln", "Ulm", "Zw\\u00f6lf"), 20), y = rnorm(n),
    stringsAsFactors = FALSE
  )
  d$g <- abs(rnorm(n)) + 1
  d$o <- rep(c("gr\\u00fcn", "rot"), each = 30)
  d$s <- marked(d$s)
  d$o <- factor(d$o, c("rot", "gr\\u00fcn"))
  names(d) <- marked(c("x", "st\\u00e4dte", "y", "gr\\u00f6\\u00dfe", "\\u00e4u"))
  train <- function(...) {
    set.seed(2)
    nn_train(..., hidden = 2, epochs = 20)
  }
  symbol <- function(text) as.name(marked(text))
  rich <- as.formula(bquote(
    y ~ log(.(size)) * .(town) + .(size) + I(.(town) == .(name)) + factor(x > 0),
    list(
      size = symbol("gr\\u00f6\\u00dfe"), town = symbol("st\\u00e4dte"), name = marked("K\\u00f6ln")
    )
  ))
  fits <- suppressWarnings(list(
    all = train(y ~ ., d[1:4]), columns = train(d[c(1, 2, 4)], d[[5]]),
    outcome = train(reformulate("x", symbol("\\u00e4u")), d), rich = train(rich, d),
    matrix = train(as.matrix(d[c(1, 4)]), d[[5]])
  ))
  fits$resumed <- suppressWarnings(nn_continue(fits$rich, d, epochs = 2))
  predicted <- lapply(fits, function(f) {
    predict(f, if (is.null(f$encoding)) as.matrix(d[c(1, 4)]) else d)
  })
  loss <- lapply(fits[c("all", "outcome", "rich")], nn_loss, d)
  saveRDS(list(fits = fits, d = d, predicted = predicted, loss = loss), "made.rds")
  for (name in names(fits)) nn_save(fits[[name]], paste0(name, ".json"))
  suppressWarnings(dir.create("exports"))
  for (name in c("all", "columns", "outcome", "matrix")) {
    for (end in c(".R", ".c", ".sql", ".onnx")) {
      nn_export(fits[[name]], file.path("exports", paste0(name, end)))
    }
  }
'

use_fits <- '
  made <- suppressWarnings(readRDS("made.rds"))
  d <- made$d
  for (name in names(made$fits)) {
    for (f in list(made$fits[[name]], suppressMessages(nn_load(paste0(name, ".json"))))) {
      new <- if (is.null(f$encoding)) as.matrix(d[c(1, 4)]) else d
      stopifnot(identical(predict(f, new), made$predicted[[name]]))
      stopifnot(identical(predict(f, new[3:1, ]), made$predicted[[name]][3:1]))
      if (!is.null(made$loss[[name]])) stopifnot(identical(nn_loss(f, d), made$loss[[name]]))
      invisible(capture.output(print(f), summary(f), print(nn_doctor(f))))
      nn_save(f, "again.json")
      stopifnot(identical(coef(nn_load("again.json")), coef(f)))
      if (name %in% c("all", "rich")) suppressMessages(nn_continue(f, d, epochs = 1))
      if (name == "rich") {
        frame <- model.frame(f, d)
        towns <- c("K\\u00f6ln", "Ulm", "Zw\\u00f6lf")
        stopifnot(nrow(frame) == 60, setequal(levels(frame[[3]]), towns))
        stopifnot(dim(model.matrix(f, d)) == c(60, length(f$inputs) + 1))
      }
      if (name == "columns") suppressMessages(nn_continue(f, d[c(1, 2, 4)], d[[5]], epochs = 1))
      if (name %in% c("all", "columns", "outcome", "matrix")) {
        for (end in c(".R", ".c", ".sql", ".onnx")) {
          path <- paste0("again", end)
          nn_export(f, path)
          stopifnot(identical(
            unname(tools::md5sum(path)),
            unname(tools::md5sum(file.path("exports", paste0(name, end))))
          ))
        }
      }
    }
  }
  # the C locale may read files without marks
  names(d) <- `Encoding<-`(enc2utf8(names(d)), "unknown")
  d[[2]] <- `Encoding<-`(enc2utf8(d[[2]]), "unknown")
  stopifnot(identical(predict(made$fits$rich, d), made$predicted$rich))
  if (is.factor(d[[5]])) stopifnot(identical(made$fits$columns$levels, c("rot", "gr\\u00fcn")))
'

marks <- list(
  utf8 = "marked <- enc2utf8",
  latin1 = "marked <- function(x) {
    odd <- grepl('[^\\001-\\177]', x, useBytes = TRUE)
    replace(x, odd, iconv(x[odd], 'UTF-8', 'latin1'))
  }",
  native = "marked <- function(x) `Encoding<-`(x, 'unknown')"
)

skip_without_utf8 <- function() {
  skip_on_cran()
  skip_on_os("windows")
  known <- suppressWarnings(system2("locale", "-a", stdout = TRUE, stderr = FALSE))
  skip_if_not(any(grepl("^C[.]utf-?8$", known, ignore.case = TRUE)), "there is no locale C.UTF-8")
}

test_that("a fit made in a UTF-8 locale is the same in the C locale, and the other way round", {
  skip_without_utf8()
  # no name in a line of the data may be read as another one's escape in the parent's locale
  for (mark in names(marks)) {
    path <- withr::local_tempdir()
    run_in_locale("C.UTF-8", c(marks[[mark]], make_fits), path)
    expect_identical(run_in_locale("C", use_fits, path), character(), info = mark)
    path <- withr::local_tempdir()
    run_in_locale("C", c(marks[[mark]], make_fits), path)
    expect_identical(run_in_locale("C.UTF-8", use_fits, path), character(), info = mark)
  }
})

test_that("cross-validation, new levels and class weights work in the C locale", {
  skip_without_utf8()
  path <- withr::local_tempdir()
  code <- c(marks$utf8, make_fits, '
    set.seed(1)
    folds <- rep(1:5, 12)
    cv <- suppressWarnings(nn_cv(rich, d, folds = folds, hidden = 0, epochs = 5))
    by_columns <- nn_cv(d[c(1, 2, 4)], d[[5]], folds = folds, hidden = 0, epochs = 5,
      class_weights = c("gr\\u00fcn" = 2, rot = 1))
    new <- d[1:3, ]
    new[[2]][2] <- "M\\u00fcnster"
    unseen <- NULL
    p <- withCallingHandlers(
      predict(fits$rich, new, new_levels = "NA"),
      backprop_message_new_levels = function(m) {
        unseen <<- m$new_levels
        invokeRestart("muffleMessage")
      }
    )
    saveRDS(list(cv$metrics, by_columns$metrics, unseen, is.na(p)), "results.rds")
  ')
  results <- lapply(c("C", "C.UTF-8"), function(locale) {
    run_in_locale(locale, code, path)
    readRDS(file.path(path, "results.rds"))
  })
  expect_identical(results[[1]][-1], results[[2]][-1])
  expect_identical(results[[1]][[3]], stats::setNames(list("M\u00fcnster"), "st\u00e4dte"))
  expect_equal(results[[1]][[1]], results[[2]][[1]])
})

test_that("strings are read as the encoding that they have", {
  text <- "K\u00f6ln"
  bytes <- `Encoding<-`(text, "bytes")
  latin1 <- iconv(text, "UTF-8", "latin1")
  unmarked <- `Encoding<-`(text, "unknown")
  expect_identical(
    as_utf8(c("a", text, latin1, bytes, unmarked, NA)), c("a", rep(text, 4), NA)
  )
  expect_identical(Encoding(as_utf8(c(latin1, bytes))), c("UTF-8", "UTF-8"))
  unreadable <- `Encoding<-`("K\xf6ln", "bytes")
  expect_identical(as_utf8(unreadable), unreadable)
  wrong <- data.frame(town = c(unreadable, "a", "b"), y = 1:3)
  expect_error(nn_train(y ~ town, wrong), "Encoding", class = "backprop_error_input")
  expect_error(nn_train(wrong["town"], 1:3), "Encoding", class = "backprop_error_input")
  d <- data.frame(town = c(bytes, latin1, "Ulm", "Bonn"), y = c(1, 2, 3, 4))
  set.seed(1)
  fit <- nn_train(y ~ town, d, hidden = 0, epochs = 5)
  expect_identical(fit$inputs, c("townK\u00f6ln", "townUlm"))
  expect_identical(diff(predict(fit, data.frame(town = c(text, bytes)))), 0)
  set.seed(1)
  fit <- nn_train(d["town"], c("a", latin1, bytes, text), hidden = 0, epochs = 5)
  expect_setequal(fit$levels, c("a", text))
})

test_that("escaped names are restored, with their backticks only where they belong", {
  expect_identical(restore_escaped("a"), "a")
  expect_identical(
    restore_escaped("log(`gr<U+00F6><U+00DF>e`):`my col`"), "log(gr\u00f6\u00dfe):`my col`"
  )
  expect_identical(restore_escaped("`gr<U+00F6>n e`"), "`gr\u00f6n e`")
  expect_identical(name_key("log(gr\u00f6\u00dfe)"), name_key("log(`gr<U+00F6><U+00DF>e`)"))
  expect_identical(name_key("\u00e4u"), name_key("<e4>u"))
  expect_false(same_names("gr\u00f6n", "gr\u00fcn"))
  # a column that is literally called so
  d <- data.frame(y = c(1, 3, 2, 5), check.names = FALSE, "a<U+00F6>b" = 1:4)
  set.seed(1)
  fit <- nn_train(y ~ ., d, hidden = 0, epochs = 5)
  expect_identical(names(fit$encoding$columns), "a<U+00F6>b")
  expect_length(predict(fit, d), 4)
})

test_that("text beyond ASCII is found as by a regular expression", {
  text <- c("a", "", NA, "K\u00f6ln", "\xe4", "~\177", "\u65e5")
  expect_identical(has_non_ascii(text), grepl("[^\001-\177]", text, useBytes = TRUE))
  expect_identical(has_non_ascii(NULL), logical())
})

test_that("the locale C reads and writes CSV files in UTF-8", {
  skip_on_cran()
  skip_if_not_installed("data.table")
  folder <- withr::local_tempdir()
  d <- data.frame(
    x = withr::with_seed(1, rnorm(40)), k = rep(c("gr\u00fcn", "\u7ea2 \"rot\""), 20),
    stringsAsFactors = TRUE
  )
  names(d)[1] <- "gr\u00f6\u00dfe"
  data.table::fwrite(d, file.path(folder, "d.csv"))
  code <- "
    set.seed(1)
    source <- nn_source('d.csv', block_rows = 15)
    fit <- nn_train(k ~ ., source, hidden = 2, epochs = 3)
    new <- nn_source('d.csv', block_rows = 7)
    for (type in c('class', 'prob')) predict(fit, new, type = type, into = paste0(type, '.csv'))
    saveRDS(fit$levels, 'levels.rds')
  "
  read <- function(name) {
    utils::read.csv(file.path(folder, name), encoding = "UTF-8", check.names = FALSE)
  }
  run_in_locale("C", code, folder)
  expect_setequal(readRDS(file.path(folder, "levels.rds")), levels(d$k))
  class <- read("class.csv")
  prob <- read("prob.csv")
  expect_identical(class$row, 1:40)
  expect_identical(names(prob), c("row", readRDS(file.path(folder, "levels.rds"))))
  expect_identical(class$prediction, names(prob)[-1][max.col(prob[-1], "first")])
})

test_that("a Turkish session ignores the case of names as others do", {
  skip_on_cran()
  skip_if_not(nzchar(Sys.which("localedef")), "localedef")
  folder <- withr::local_tempdir()
  system2(
    "localedef", c("-i", "tr_TR", "-f", "UTF-8", shQuote(file.path(folder, "tr_TR.UTF-8"))),
    stdout = FALSE, stderr = FALSE
  )
  skip_if_not(dir.exists(file.path(folder, "tr_TR.UTF-8")), "there are no sources of locales")
  withr::local_envvar(LOCPATH = folder)
  writeLines("a,b", file.path(folder, "d.csv"))
  output <- run_in_locale("tr_TR.UTF-8", c(
    "cat('letter', tolower('I') != 'i', fill = TRUE)",
    "d <- data.frame(ID = c(1, 2, 4), id = c(2, 1, 1), y = c(1, 3, 2))",
    "fit <- nn_train(y ~ ., d, hidden = 0, epochs = 2)",
    "tryCatch(",
    "  nn_export(fit, 'fit.SQL'),",
    "  backprop_error_export = function(e) cat('refused', file.exists('fit.SQL'), fill = TRUE)",
    ")",
    "if (requireNamespace('data.table', quietly = TRUE)) {",
    "  nn_source('d.csv', encoding = 'iso-8859-1')",
    "}",
    "if (requireNamespace('RSQLite', quietly = TRUE)) {",
    "  data_base <- DBI::dbConnect(RSQLite::SQLite(), ':memory:')",
    "  DBI::dbWriteTable(data_base, 'd', d[-1])",
    "  source <- nn_source(data_base, 'with e as (select * from d) select * from e')",
    "  print(coef(nn_train(y ~ ., source, hidden = 0, epochs = 2)))",
    "  DBI::dbDisconnect(data_base)",
    "}"
  ), folder)
  expect_true("letter TRUE" %in% output)
  expect_true("refused FALSE" %in% output)
})
