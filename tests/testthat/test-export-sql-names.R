# The names in an exported query.

test_that("columns whose names differ only in case are refused", {
  data <- stats::setNames(as.data.frame(export_matrix()), c("Size", "size", "c"))
  frame <- nn_train(data, 1:12 / 13, epochs = 1)
  matrix <- nn_train(as.matrix(data), 1:12 / 13, epochs = 1)
  umlaut <- nn_train(setNames(data, c("\u00c4", "\u00e4", "c")), 1:12 / 13, epochs = 1)
  path <- withr::local_tempfile(fileext = ".sql")
  expect_snapshot(error = TRUE, {
    nn_export(frame, path)
    nn_export(matrix, path)
    nn_export(frame, path, keep = c("id", "ID"))
    nn_export(frame, path, keep = "RESPONSE")
  })
  # in other locales tolower() knows the letters of ASCII alone
  if (l10n_info()$`UTF-8`) expect_error(nn_export(umlaut, path), class = "backprop_error_export")
  expect_false(file.exists(path))
  # other formats tell them apart
  expect_lt(relative_difference(exported_r(frame)(data), predict(frame, data)), 1e-12)
  skip_on_cran()
  skip_without_c()
  path <- withr::local_tempfile(fileext = ".c")
  nn_export(frame, path)
  expect_lt(relative_difference(run_exported_c(path, data, 1), predict(frame, data)), 1e-12)
})

test_that("outputs whose names differ only in case get numbers", {
  expect_identical(
    backprop:::sql_results(c("yes", "Yes", "YES", "yes_2", "no")),
    c("yes", "Yes_2_2", "YES_3", "yes_2", "no")
  )
  expect_identical(backprop:::sql_results(c("a", "b")), c("a", "b"))
  expect_identical(backprop:::class_column(c("Class", "class_output")), "class_output_output")
  skip_if_not_installed("RSQLite")
  data <- export_data()
  data$answer <- factor(rep(c("yes", "Yes", "no"), length.out = 30), c("yes", "Yes", "no"))
  fit <- export_data_fit(answer ~ size + share, data)
  path <- withr::local_tempfile(fileext = ".sql")
  nn_export(fit, path, keep = "row_number")
  query <- paste(readLines(path), collapse = "\n")
  connection <- DBI::dbConnect(RSQLite::SQLite(), ":memory:")
  withr::defer(DBI::dbDisconnect(connection))
  DBI::dbWriteTable(
    connection, "data", cbind(row_number = 1:30, data[c("size", "share")])
  )
  # within another query, where equal names would be one
  got <- DBI::dbGetQuery(
    connection,
    paste("SELECT \"yes\", \"Yes_2\", \"no\" FROM (", query, ") ORDER BY row_number")
  )
  expect_lt(relative_difference(as.matrix(got), predict(fit, data)), 1e-12)
})

test_that("an output without a name gets one", {
  X <- export_matrix()
  fit <- nn_train(X, `colnames<-`(cbind(1:12, 12:1) / 13, c("y", "")), epochs = 2)
  skip_if_not_installed("RSQLite")
  path <- withr::local_tempfile(fileext = ".sql")
  nn_export(fit, path, keep = "row_number")
  got <- run_exported_sql(path, as.data.frame(X))
  expect_identical(attr(got, "names_of_results"), fit$outputs)
  unnamed <- unclass(fit)
  unnamed$outputs <- c("y", "")
  expect_identical(backprop:::export_outputs(unnamed), c("y", "response2"))
})

test_that("a class column avoids the names of the table and of the levels", {
  skip_if_not_installed("RSQLite")
  data <- export_data()
  fit <- export_data_fit(kind ~ size, data)
  path <- withr::local_tempfile(fileext = ".sql")
  nn_export(fit, path, keep = c("row_number", "Class"))
  got <- run_exported_sql(path, cbind(Class = seq_len(30), data["size"]))
  expect_identical(
    attr(got, "names_of_results"), c("Class", levels(data$kind), "class_output")
  )
  expect_lt(relative_difference(got[, -1], predict(fit, data)), 1e-12)
})

test_that("a table is found in a schema", {
  skip_if_not_installed("RSQLite")
  X <- export_matrix()
  fit <- export_activation_fit("tanh", X)
  path <- withr::local_tempfile(fileext = ".sql")
  expected <- predict(fit, X)
  for (table in list(c("side", "cases"), c("nn_side", "nn_inputs"), c("main", "data"))) {
    nn_export(fit, path, table = table, keep = "row_number")
    expect_true(any(grepl(
      paste0("FROM \"", table[1], "\".\"", table[2], "\" "), readLines(path),
      fixed = TRUE
    )))
    if (table[1] == "main") table <- table[2]
    expect_lt(relative_difference(run_exported_sql(path, as.data.frame(X), table), expected), 1e-12)
  }
  nn_export(fit, path, table = DBI::Id(schema = "side", table = "cases"), keep = "row_number")
  expect_lt(
    relative_difference(
      run_exported_sql(path, as.data.frame(X), c("side", "cases")), expected
    ),
    1e-12
  )
  # one string is one name, dots and all
  nn_export(fit, path, table = "side.cases", keep = "row_number")
  expect_lt(
    relative_difference(run_exported_sql(path, as.data.frame(X), "side.cases"), expected), 1e-12
  )
  for (table in list(c("a", ""), letters[1:4], NA_character_, 3, I(""), NULL)) {
    expect_error(nn_export(fit, path, table = table), class = "backprop_error_argument")
  }
})

test_that("queries run in PostgreSQL: schemas, names, classes, values outside the domain", {
  skip_on_cran()
  skip_without_postgres()
  data <- export_data()
  names(data)[match(c("size", "share", "kind"), names(data))] <- c("Select", "q\"u'o", "nn_data")
  set.seed(14)
  formula <- nn_train(
    city ~ log(Select) + `nn_data` + on + I(`q"u'o`^-1.5), data,
    epochs = 10, hidden = 3
  )
  new <- data[1:6, ]
  new$Select[2:5] <- c(0, NaN, NA, Inf)
  new[["q\"u'o"]][6] <- 0
  X <- export_matrix()
  numeric <- export_activation_fit("softplus", X)
  written <- function(fit, ...) {
    path <- withr::local_tempfile(fileext = ".sql")
    nn_export(fit, path, keep = "id", ...)
    c(readLines(path, encoding = "UTF-8"), "ORDER BY id;")
  }
  table <- "\"my schema\".\"the.data\""
  got <- run_postgres(c(
    "SET extra_float_digits = 3;", "CREATE SCHEMA \"my schema\";",
    sql_table_of(cbind(id = 1:6, new), table),
    written(formula, table = c("my schema", "the.data")),
    sql_table_of(cbind(id = 1:12, as.data.frame(X)), "data"), written(numeric)
  ))
  values <- strsplit(got, "|", fixed = TRUE)
  expect_length(values, 18)
  numbers <- function(lines, columns) {
    t(vapply(values[lines], function(line) {
      suppressWarnings(as.numeric(line[columns]))
    }, numeric(length(columns))))
  }
  expect_identical(is.na(numbers(1:6, 2)[1, ]), c(FALSE, rep(TRUE, 5)))
  expect_lt(
    relative_difference(numbers(1, 2:4), predict(formula, data[1, ])), 1e-12
  )
  class <- vapply(values[1:6], `[`, "", 5)
  expect_identical(
    class, c(as.character(predict(formula, data[1, ], type = "class")), rep("NA", 5))
  )
  expect_lt(relative_difference(numbers(7:18, 2:3), predict(numeric, X)), 1e-12)
})

test_that("names of tables that are SQL already are used unchanged, and others quoted", {
  from <- function(table) backprop:::check_table(table, NULL)
  expect_identical(from("a.b"), "\"a.b\"")
  expect_identical(from(c("a", "b\"c")), "\"a\".\"b\"\"c\"")
  expect_identical(from(I("main.data")), "main.data")
  of_class <- function(x, ...) structure(x, class = c(..., "character"))
  expect_identical(from(of_class("x y", "ident")), "\"x y\"")
  expect_identical(from(of_class("`x`.y", "ident_q", "ident")), "`x`.y")
  schema <- function(...) structure(list(...), class = "dbplyr_schema")
  expect_identical(from(schema(schema = "main", table = "data")), "\"main\".\"data\"")
  expect_identical(
    from(schema(schema = of_class("MAIN", "sql"), table = of_class("data", "ident"))),
    "MAIN.\"data\""
  )
  catalog <- structure(list(catalog = "c", schema = "s", table = "t"), class = "dbplyr_catalog")
  expect_identical(from(catalog), "\"c\".\"s\".\"t\"")
  skip_if_not_installed("RSQLite")
  skip_if_not_installed("DBI")
  expect_identical(from(DBI::SQL("main.data")), "main.data")
  expect_identical(from(DBI::Id(schema = "main", table = "data")), "\"main\".\"data\"")
  X <- export_matrix()
  fit <- export_activation_fit("tanh", X)
  path <- withr::local_tempfile(fileext = ".sql")
  of_schema <- schema(schema = "main", table = "nn_data")
  for (table in list(DBI::SQL("main.nn_data"), I("nn_data"), of_schema)) {
    nn_export(fit, path, table = table, keep = "row_number")
    got <- run_exported_sql(path, as.data.frame(X), "nn_data")
    expect_lt(relative_difference(got, predict(fit, X)), 1e-12)
  }
  skip_if_not_installed("dbplyr")
  expect_identical(from(dbplyr::in_schema("main", "data")), "\"main\".\"data\"")
  expect_identical(from(dbplyr::in_schema("main", dbplyr::sql("data"))), "\"main\".data")
  expect_identical(from(dbplyr::in_catalog("c", "s", "t")), "\"c\".\"s\".\"t\"")
  expect_identical(from(dbplyr::ident("t")), "\"t\"")
})
