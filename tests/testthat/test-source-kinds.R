# The kinds of sources: each gives the rows that its package's own reader gives.

all_rows_of <- function(source) {
  blocks <- list()
  each_block(source, function(block, before) blocks[[length(blocks) + 1]] <<- block, quote(f()))
  do.call(rbind, blocks)
}

table_of_kinds <- function(n = 120) {
  set.seed(3)
  data.frame(
    y = rnorm(n), late = c(rep(NA, n - 20), 1:20), mixed = c(1:(n - 1), 0.5),
    text = rep(c("a, \"b\"", "two\nlines", "\u00e9", NA), length.out = n),
    code = sprintf("%03d", seq_len(n)), flag = rep(c(TRUE, FALSE, NA), length.out = n)
  )
}

test_that("CSV files are read like read.csv() reads them, whatever the blocks", {
  skip_if_not_installed("data.table")
  d <- table_of_kinds()
  path <- withr::local_tempfile(fileext = ".csv")
  data.table::fwrite(d, path)
  known <- read.csv(path, na.strings = c("NA", ""), encoding = "UTF-8")
  for (rows in c(1, 7, 1000)) expect_equal(all_rows_of(nn_source(path, block_rows = rows)), known)
  as_text <- all_rows_of(nn_source(path, types = c(code = "character")))
  expect_identical(as_text$code, d$code)
  # several files, compressed, without names, in another encoding, with a mark of UTF-8
  zipped <- withr::local_tempfile(fileext = ".csv.gz")
  writeLines(readLines(path, encoding = "UTF-8"), con <- gzfile(zipped), useBytes = TRUE)
  close(con)
  expect_equal(all_rows_of(nn_source(c(path, zipped))), rbind(known, known))
  other <- withr::local_tempfile()
  writeBin(c(charToRaw("a;1,5\r\n"), as.raw(0xe9), charToRaw(";2,5\r\n")), other)
  expect_identical(
    all_rows_of(nn_source(other, separator = ";", header = FALSE, encoding = "latin1")),
    data.frame(V1 = c("a", "\u00e9"), V2 = c("1,5", "2,5"))
  )
  expect_identical(
    all_rows_of(nn_source(
      other,
      separator = ";", decimal = ",", header = FALSE, encoding = "latin1"
    ))$V2, c(1.5, 2.5)
  )
  writeBin(c(as.raw(c(0xef, 0xbb, 0xbf)), charToRaw("a,b\n1,2\n\n3,4")), other)
  expect_identical(all_rows_of(nn_source(other)), data.frame(a = c(1L, 3L), b = c(2L, 4L)))
})

test_that("faulty CSV files are clear errors", {
  skip_if_not_installed("data.table")
  folder <- withr::local_tempdir()
  withr::local_dir(folder)
  train <- function(lines, ...) {
    writeLines(lines, "t.csv")
    nn_train(a ~ b, nn_source("t.csv", ...), hidden = 0)
  }
  of_latin1 <- c("a,b", "1,\xe9")
  expect_snapshot(error = TRUE, {
    train(c("a,b", "1,2", "3"))
    train(c("a,b", "1,2", "3,4,5", "5,6"))
    train(c("a,b", "1,2", "3,\"4"))
    train(c("a,b"))
    train(character())
    train(c("a,c", "1,2"))
    train(of_latin1)
    train(c("a,b", "1,2"), types = c(z = "character"))
    nn_source("t.csv", separator = "")
    nn_source("t.csv", encoding = "klingon")
    nn_source("t.csv", types = "number")
  })
})

test_that("files that do not exist are an error", {
  expect_error(nn_source("absent.csv"), class = "backprop_error_file")
  expect_error(nn_source(character()), class = "backprop_error_argument")
})

test_that("tables and queries of a data base are read", {
  skip_if_not_installed("RSQLite")
  d <- table_of_kinds()[c("y", "mixed", "text", "code")]
  con <- DBI::dbConnect(RSQLite::SQLite(), ":memory:")
  withr::defer(DBI::dbDisconnect(con))
  DBI::dbWriteTable(con, "the table", d)
  expect_equal(all_rows_of(nn_source(con, "the table", block_rows = 50)), d)
  query <- "SELECT y, mixed * 2 AS z FROM \"the table\" WHERE mixed > 50 ORDER BY code"
  expect_equal(
    all_rows_of(nn_source(con, query, block_rows = 9)), DBI::dbGetQuery(con, query)
  )
  set.seed(1)
  fit <- nn_train(y ~ mixed, nn_source(con, "the table"), hidden = 2, penalty = 0.1)
  set.seed(1)
  expect_identical(coef(fit), coef(nn_train(y ~ mixed, d, hidden = 2, penalty = 0.1)))
  expect_length(DBI::dbListTables(con), 1)
  expect_snapshot(error = TRUE, {
    nn_source(con)
    nn_source(con, 3)
    nn_source(con, "the tabel")
    nn_train(y ~ mixed, nn_source(con, "SELECT nothing FROM nowhere"))
    predict(fit, nn_source(con, "the table"), into = list(con, "p"))
  })
})

test_that("PostgreSQL is read", {
  skip_if_not_installed("RPostgres")
  skip_on_cran()
  skip_on_os("windows")
  withr::local_timezone("UTC")
  programs <- c(Sys.glob("/usr/lib/postgresql/*/bin"), dirname(Sys.which("postgres")))
  programs <- Filter(function(path) file.exists(file.path(path, "initdb")), programs)
  skip_if(length(programs) == 0, "PostgreSQL is not installed")
  folder <- withr::local_tempdir()
  as_user <- function(program, ...) {
    command <- paste(shQuote(file.path(programs[1], program)), ...)
    # PostgreSQL does not run as root
    if (identical(Sys.info()[["effective_user"]], "root")) {
      command <- paste("su postgres -s /bin/sh -c", shQuote(command))
    }
    system(paste("cd /tmp &&", command), ignore.stdout = TRUE, ignore.stderr = TRUE)
  }
  if (identical(Sys.info()[["effective_user"]], "root")) {
    skip_if(system("id postgres", ignore.stdout = TRUE, ignore.stderr = TRUE) != 0, "no user")
    Sys.chmod(dirname(folder), "755")
    system(paste("chown postgres", shQuote(folder)))
  }
  skip_if(as_user("initdb", "-D", folder, "-A trust -U tester -E UTF8 --no-sync") != 0, "initdb")
  options <- paste0("\"-c listen_addresses='' -k ", folder, "\"")
  skip_if(as_user("pg_ctl", "-D", folder, "-w -l", file.path(folder, "log"), "-o", options, "start")
  != 0, "no server")
  withr::defer(as_user("pg_ctl", "-D", folder, "-m immediate stop"))
  connect <- function() {
    DBI::dbConnect(RPostgres::Postgres(), host = folder, user = "tester", dbname = "postgres")
  }
  con <- connect()
  withr::defer(DBI::dbDisconnect(con))
  d <- table_of_kinds()
  d$id <- seq_len(nrow(d))
  DBI::dbWriteTable(con, "t", d)
  DBI::dbExecute(con, "ALTER TABLE t ALTER COLUMN id TYPE bigint")
  source <- nn_source(con, "SELECT * FROM t ORDER BY id", block_rows = 50)
  expect_equal(all_rows_of(source), d)
  set.seed(1)
  fit <- nn_train(y ~ mixed + text, source, hidden = 2, penalty = 0.1)
  set.seed(1)
  expect_identical(coef(fit), coef(nn_train(y ~ mixed + text, d, hidden = 2, penalty = 0.1)))
  other <- connect()
  withr::defer(DBI::dbDisconnect(other))
  predict(fit, source, into = list(other, "predicted"))
  expect_identical(
    DBI::dbGetQuery(con, "SELECT prediction FROM predicted ORDER BY row")$prediction,
    unname(predict(fit, d))
  )
})

test_that("streams of Arrow are read", {
  skip_if_not_installed("nanoarrow")
  d <- table_of_kinds()
  open <- function() nanoarrow::as_nanoarrow_array_stream(d)
  expect_equal(all_rows_of(nn_source(open)), d)
  expect_error(
    nn_train(y ~ mixed, nn_source(function() d)),
    class = "backprop_error_source"
  )
})

test_that("Parquet files are read", {
  skip_if_not_installed("arrow")
  skip_if_not_installed("nanoarrow")
  arrow <- function(name) getExportedValue("arrow", name)
  d <- table_of_kinds()
  folder <- withr::local_tempdir()
  arrow("write_parquet")(d, file.path(folder, "all.parquet"))
  open <- function() arrow("as_record_batch_reader")(arrow("open_dataset")(folder))
  expect_equal(all_rows_of(nn_source(open)), d)
})

test_that("a folder of Parquet files is read one file after the other", {
  skip_if_not_installed("nanoparquet")
  d <- table_of_kinds()
  folder <- withr::local_tempdir()
  parts <- split(d, sort(rep_len(1:4, nrow(d))))
  for (k in seq_along(parts)) {
    nanoparquet::write_parquet(parts[[k]], file.path(folder, paste0(k, ".parquet")))
  }
  files <- list.files(folder, full.names = TRUE)
  at <- 0
  source <- nn_source(function() {
    at <<- at + 1
    if (at <= length(files)) as.data.frame(nanoparquet::read_parquet(files[at]))
  }, restart = function() at <<- 0)
  expect_equal(all_rows_of(source), d, ignore_attr = TRUE)
})

test_that("a big.matrix is read", {
  skip_if_not_installed("bigmemory")
  m <- as.matrix(table_of_kinds()[c("y", "mixed")])
  big <- bigmemory::as.big.matrix(m)
  expect_equal(as.matrix(all_rows_of(nn_source(big, block_rows = 50))), m)
  expect_named(all_rows_of(nn_source(bigmemory::as.big.matrix(unname(m)))), c("V1", "V2"))
})
