export_activation_names <- backprop::nn_activations()$name

test_that("every activation and output runs as plain R, SQL and C", {
  skip_on_cran()
  skip_if_not_installed("RSQLite")
  skip_without_c()
  X <- export_matrix()
  for (activation in export_activation_names) {
    fit <- export_activation_fit(activation, X)
    expected <- as.matrix(predict(fit, X))
    path <- withr::local_tempfile(fileext = ".R")
    nn_export(fit, path)
    alone <- new.env(parent = baseenv())
    sys.source(path, alone)
    expect_lt(relative_difference(alone$predict_network(X), expected), 1e-12)
    path <- withr::local_tempfile(fileext = ".sql")
    nn_export(fit, path, keep = "row_number")
    expect_lt(relative_difference(run_exported_sql(path, as.data.frame(X)), expected), 1e-12)
    path <- withr::local_tempfile(fileext = ".c")
    nn_export(fit, path)
    expect_lt(relative_difference(run_exported_c(path, unname(X), ncol(expected)), expected), 1e-12)
  }
})

test_that("large inputs saturate, and do not overflow, in all languages", {
  skip_on_cran()
  skip_if_not_installed("RSQLite")
  skip_without_c()
  X <- rbind(c(1000, 0, 0), c(-1000, 0, 0), c(30, -30, 5), c(0, 0, 0))
  colnames(X) <- c("a", "b", "c")
  for (activation in setdiff(export_activation_names, output_activations())) {
    set.seed(3)
    fit <- nn_train(X, 1:4 / 5, hidden = 2, activation = activation, epochs = 0)
    expected <- as.matrix(predict(fit, X))
    path <- withr::local_tempfile(fileext = ".sql")
    nn_export(fit, path, keep = "row_number")
    expect_lt(max(abs(run_exported_sql(path, as.data.frame(X)) - expected)), 1e-12)
    path <- withr::local_tempfile(fileext = ".c")
    nn_export(fit, path)
    expect_lt(max(abs(run_exported_c(path, unname(X), 1) - expected)), 1e-12)
  }
  set.seed(4)
  fit <- nn_train(X, factor(c("x", "y", "z", "x")), epochs = 0)
  path <- withr::local_tempfile(fileext = ".sql")
  nn_export(fit, path, keep = "row_number")
  expect_lt(max(abs(run_exported_sql(path, as.data.frame(X)) - unname(predict(fit, X)))), 1e-12)
})

test_that(
  "formulas and data frames run as plain R, SQL and C, encoding and scaling inside",
  {
    skip_on_cran()
    skip_if_not_installed("RSQLite")
    skip_without_c()
    data <- export_data()
    for (formula in export_formulas) {
      fit <- export_data_fit(formula, data)
      expected <- unname(as.matrix(predict(fit, data)))
      path <- withr::local_tempfile(fileext = ".R")
      nn_export(fit, path)
      expect_lt(relative_difference(as.matrix(run_exported_r(path, data)), expected), 1e-12)
      path <- withr::local_tempfile(fileext = ".sql")
      nn_export(fit, path, keep = "row_number")
      expect_lt(relative_difference(run_exported_sql(path, data), expected), 1e-12)
      path <- withr::local_tempfile(fileext = ".c")
      nn_export(fit, path)
      used <- vapply(backprop:::export_model(fit, NULL)$inputs, `[[`, "", "name")
      expect_lt(
        relative_difference(run_exported_c(path, data[used], ncol(expected)), expected), 1e-12
      )
    }
  }
)

test_that("contrasts of other kinds are in the tables", {
  skip_on_cran()
  data <- export_data()
  set.seed(1)
  fit <- nn_train(y ~ kind * grade, data, epochs = 5, hidden = 3, contrasts = list(
    kind = "contr.sum", grade = contr.helmert(3)
  ))
  path <- withr::local_tempfile(fileext = ".R")
  nn_export(fit, path)
  expect_lt(relative_difference(run_exported_r(path, data), predict(fit, data)), 1e-12)
})

test_that("names that R writes in backticks are names like others", {
  skip_on_cran()
  skip_if_not_installed("RSQLite")
  skip_without_c()
  data <- export_data()
  names(data)[match(c("size", "share", "kind", "on"), names(data))] <- c(
    "the size", "if", "my kind", "is on"
  )
  for (formula in list(
    y ~ `the size`, y ~ `if` + `my kind` + `is on`, y ~ `the size`:`my kind` + log(`if`),
    y ~ 0 + `my kind`, y ~ .
  )) {
    fit <- export_data_fit(formula, data)
    used <- vapply(backprop:::export_model(fit, NULL)$inputs, `[[`, "", "name")
    path <- withr::local_tempfile(fileext = ".R")
    nn_export(fit, path)
    expect_lt(relative_difference(run_exported_r(path, data), predict(fit, data)), 1e-12)
    path <- withr::local_tempfile(fileext = ".sql")
    nn_export(fit, path, keep = "row_number")
    expect_lt(relative_difference(run_exported_sql(path, data), predict(fit, data)), 1e-12)
    path <- withr::local_tempfile(fileext = ".c")
    nn_export(fit, path)
    expect_lt(relative_difference(run_exported_c(path, data[used], 1), predict(fit, data)), 1e-12)
  }
})

test_that("missing values and levels never seen give a missing output", {
  skip_on_cran()
  skip_if_not_installed("RSQLite")
  skip_without_c()
  data <- export_data()
  fit <- export_data_fit(y ~ size + kind + on, data, activation = "relu")
  new <- data.frame(
    size = c(100, NA, 100, 100, 100), kind = c("a", "a", "never seen", NA, "a"),
    on = c(TRUE, TRUE, TRUE, TRUE, NA)
  )
  expected <- c(FALSE, TRUE, TRUE, TRUE, TRUE)
  path <- withr::local_tempfile(fileext = ".R")
  nn_export(fit, path)
  expect_identical(is.na(run_exported_r(path, new)), expected)
  path <- withr::local_tempfile(fileext = ".sql")
  nn_export(fit, path, keep = "row_number")
  expect_identical(is.na(run_exported_sql(path, new)[, 1]), expected)
  path <- withr::local_tempfile(fileext = ".c")
  nn_export(fit, path)
  expect_identical(is.nan(run_exported_c(path, new, 1)[, 1]), expected)
})

test_that("a session in the locale C writes the same bytes", {
  skip_on_cran()
  data <- data.frame(
    "gr\u00f6\u00dfe" = 1:6 / 7, "\u540d" = rep(c("K\u00f6ln", "Ulm"), 3), check.names = FALSE
  )
  X <- matrix(1:12 / 13, 6, dimnames = list(NULL, c("gr\u00f6\u00dfe", "\u540d")))
  latin <- X
  colnames(latin) <- c(iconv("gr\u00f6\u00dfe", "UTF-8", "latin1"), "x")
  y <- c(2, 1, 4, 3, 6, 5) / 7
  fits <- list(
    nn_train(data, y, epochs = 1), nn_train(X, y, epochs = 1), nn_train(latin, y, epochs = 1),
    nn_train(X, factor(rep(c("\u00e4", "\u00f6", "\u00fc"), 2)), epochs = 1)
  )
  endings <- c(".R", ".sql", ".c", ".onnx")
  here <- lapply(fits, function(fit) {
    lapply(endings, function(ending) {
      path <- withr::local_tempfile(fileext = ending)
      nn_export(fit, path)
      readBin(path, "raw", 1e6)
    })
  })
  expect_identical(export_in_locale_c(fits, endings), here)
  path <- withr::local_tempfile(fileext = ".R")
  nn_export(fits[[1]], path)
  expect_lt(relative_difference(run_exported_r(path, data), predict(fits[[1]], data)), 1e-12)
  # A formula's names are symbols, which that locale cannot hold.
  fit <- nn_train(stats::reformulate("`gr\u00f6\u00dfe`", "y"), cbind(data, y = y), epochs = 1)
  path <- withr::local_tempfile(fileext = ".c")
  nn_export(fit, path)
  expect_identical(export_in_locale_c(list(fit), ".c")[[1]][[1]], readBin(path, "raw", 1e6))
})

test_that("names that are no text are refused", {
  X <- matrix(1:12 / 13, 6, dimnames = list(NULL, c("a\xf6", "b")))
  fit <- nn_train(X, 1:6 / 7, epochs = 1)
  skip_if(!l10n_info()$`UTF-8`)
  expect_error(
    nn_export(fit, withr::local_tempfile(fileext = ".sql")),
    class = "backprop_error_export"
  )
  expect_error(
    nn_export(
      nn_train(unname(X), 1:6 / 7, epochs = 1), withr::local_tempfile(fileext = ".sql"),
      table = "a\xf6"
    ),
    class = "backprop_error_export"
  )
})

test_that("a wide layer is no deep expression in SQL", {
  skip_on_cran()
  skip_if_not_installed("RSQLite")
  set.seed(1)
  X <- matrix(rnorm(4 * 1500), 4, dimnames = list(NULL, paste0("x", 1:1500)))
  fit <- nn_train(X, 1:4 / 5, hidden = 2, epochs = 0, init = "glorot_normal")
  path <- withr::local_tempfile(fileext = ".sql")
  nn_export(fit, path, keep = "row_number")
  expect_lt(max(abs(run_exported_sql(path, as.data.frame(X)) - predict(fit, X))), 1e-12)
})

test_that("names of tables and functions are the caller's", {
  fit <- export_activation_fit("tanh")
  path <- withr::local_tempfile(fileext = ".sql")
  nn_export(fit, path, table = "my \"table\"", keep = "id")
  lines <- readLines(path)
  expect_true(any(grepl("FROM \"my \"\"table\"\"\" nn_data", lines, fixed = TRUE)))
  expect_true(any(grepl("SELECT nn_data.\"id\" AS \"id\"", lines, fixed = TRUE)))
  path <- withr::local_tempfile(fileext = ".c")
  expect_identical(nn_export(fit, path, name = "risk"), path)
  expect_true(any(grepl("^void risk\\(const double \\*x, double \\*response\\)", readLines(path))))
})

test_that("the R function finds a matrix's columns by name, as predict() does", {
  X <- export_matrix()
  fit <- export_activation_fit("tanh", X)
  predict_network <- exported_r(fit)
  expected <- predict(fit, X)
  wider <- cbind(more = 1, X[, 3:1])
  for (new in list(X, wider, unname(X), as.data.frame(wider, check.names = FALSE))) {
    expect_lt(relative_difference(predict_network(new), expected), 1e-12)
  }
  expect_error(
    predict_network(X[, c("a", "c'")]), "newdata has no column b \"quoted\"",
    fixed = TRUE
  )
  expect_error(predict_network(cbind(X, X)), "columns of newdata have the same name")
  expect_error(predict_network(unname(X)[, 1:2]), "newdata must have 3 columns")
  expect_error(
    predict_network(transform(data.frame(X, check.names = FALSE), a = as.character(a))),
    "newdata must be a numeric matrix"
  )
  # Without names in training, and with names that are twice the same, places count.
  expect_lt(
    relative_difference(
      exported_r(export_activation_fit("tanh", unname(X)))(wider[, 4:2]), expected
    ),
    1e-12
  )
  twice <- `colnames<-`(X, c("a", "a", "b"))
  predict_network <- exported_r(export_activation_fit("tanh", twice))
  expect_lt(relative_difference(predict_network(twice), expected), 1e-12)
  expect_error(predict_network(twice[, 3:1]), "columns of newdata have the same name")
})

test_that("the R function refuses columns of another type, as predict() does", {
  data <- export_data()
  for (formula in list(y ~ size + kind + on + city, NULL)) {
    fit <- export_data_fit(formula, data)
    predict_network <- exported_r(fit)
    for (new in list(
      transform(data, size = factor(size)), transform(data, size = as.character(size)),
      transform(data, size = size > 100), transform(data, size = as.Date("2024-05-01") + size),
      transform(data, on = as.numeric(on)), transform(data, on = as.character(on)),
      transform(data, kind = as.integer(kind)), transform(data, city = on),
      transform(data, size = I(cbind(size, size)))
    )) {
      changed <- names(data)[!mapply(identical, new[names(data)], data)]
      expect_error(predict(fit, new), class = "backprop_error_input")
      expect_error(predict_network(new), paste("column", changed, "of newdata must be"))
    }
    for (new in list(
      transform(data, kind = as.character(kind)), transform(data, city = factor(city)),
      transform(data, size = NA), transform(data, kind = NA, on = NA), data[0, ]
    )) {
      expect_equal(predict_network(new), unname(predict(fit, new)), tolerance = 1e-12)
    }
    expect_error(predict_network(data[names(data) != "kind"]), "newdata has no column kind")
    expect_error(predict_network(cbind(data, size = 1)), "columns of newdata have the same name")
    expect_error(predict_network(as.list(data)), "newdata must be a data frame")
  }
})

test_that("whole numbers do not overflow in the R function", {
  data <- data.frame(n = 1:20 * 10000L, y = 1:20 / 20)
  fit <- nn_train(y ~ I(n^2), data, hidden = 2, epochs = 2)
  expect_lt(relative_difference(exported_r(fit)(data), predict(fit, data)), 1e-12)
})

test_that("no name or level becomes code", {
  skip_on_cran()
  skip_if_not_installed("RSQLite")
  skip_without_c()
  odd <- c("a\nstop(1)", "*/ stop /*", "b\\", "\"q\" \t'", "%s ??/", "// `d` --")
  set.seed(2)
  data <- stats::setNames(as.data.frame(matrix(round(rnorm(60), 4), 10)), odd)
  data[["k\r\nstop(2)"]] <- rep(setdiff(odd, "a\nstop(1)"), 2)
  y <- factor(rep(odd, length = 10))
  fit <- nn_train(data, y, epochs = 2)
  expected <- unname(predict(fit, data))
  path <- withr::local_tempfile(fileext = ".R")
  nn_export(fit, path)
  expect_lt(relative_difference(run_exported_r(path, data), expected), 1e-12)
  expect_identical(colnames(exported_r(fit)(data)), levels(y))
  path <- withr::local_tempfile(fileext = ".sql")
  nn_export(fit, path, keep = "row_number")
  expect_lt(relative_difference(run_exported_sql(path, data), expected), 1e-12)
  path <- withr::local_tempfile(fileext = ".c")
  nn_export(fit, path)
  expect_lt(relative_difference(run_exported_c(path, data, ncol(expected)), expected), 1e-12)
  # The names of a matrix stand in the files' heads.
  fit <- nn_train(as.matrix(data[odd]), 1:10 / 11, epochs = 2)
  expect_lt(
    relative_difference(exported_r(fit)(as.matrix(data[odd])), predict(fit, as.matrix(data[odd]))),
    1e-12
  )
  nn_export(fit, path)
  expect_lt(
    relative_difference(
      run_exported_c(path, unname(as.matrix(data[odd])), 1), predict(fit, as.matrix(data[odd]))
    ),
    1e-12
  )
})

test_that("columns of any name are fields in every dialect of C", {
  skip_on_cran()
  skip_without_c()
  words <- c(
    "INFINITY", "HUGE_VAL", "FP_NAN", "MATH_ERRNO", "M_PI", "M_E", "NAN", "NULL", "linux", "unix",
    "asm", "typeof", "class", "double", "for", "bool", "isnan", "y1", "x", "/*", "a.b", "a_b",
    "a b", "_", "1"
  )
  set.seed(2)
  data <- stats::setNames(as.data.frame(matrix(round(rnorm(6 * length(words)), 4), 6)), words)
  data$exp <- rep(c("a", "b"), 3)
  fit <- nn_train(data, 1:6 / 7, epochs = 2)
  path <- withr::local_tempfile(fileext = ".c")
  nn_export(fit, path)
  for (dialect in c("c99", "gnu99", "gnu17")) {
    expect_lt(
      relative_difference(run_exported_c(path, data, 1, dialect), predict(fit, data)), 1e-12
    )
  }
})

test_that("a function has no name of R or C", {
  fit <- export_activation_fit("tanh")
  for (name in c(
    "scale", "erf", "gamma", "y1", "isnan", "INFINITY", "size_t", "asm", "typeof", "linux",
    "log1pf", "memcpy", "sweep", "matrix", "c", "cbind", "setdiff", "ifelse", "names", "match"
  )) {
    expect_error(nn_export(fit, "model.R", name = name), class = "backprop_error_argument")
  }
})

test_that("every name that is taken makes a file that runs", {
  skip_on_cran()
  skip_without_c()
  data <- export_data()
  fit <- export_data_fit(city ~ size + kind, data)
  expected <- unname(predict(fit, data))
  for (name in c(
    "center", "w1", "b1", "response_center", "activation_relu", "dense", "lookup", "softmax",
    "response", "x", "u", "i", "newdata", "absent", "check", "predict", "risk", "Risk2"
  )) {
    path <- withr::local_tempfile(fileext = ".R")
    nn_export(fit, path, name = name)
    alone <- new.env(parent = baseenv())
    sys.source(path, alone)
    expect_lt(relative_difference(alone[[name]](data), expected), 1e-12)
    path <- withr::local_tempfile(fileext = ".c")
    nn_export(fit, path, name = name)
    expect_lt(
      relative_difference(
        run_exported_c(path, data[c("size", "kind")], 3, "gnu17", name), expected
      ),
      1e-12
    )
  }
})

test_that("what C's headers define is known", {
  skip_on_cran()
  skip_on_os(c("mac", "windows")) # whose headers have names of their own
  skip_without_c()
  headers <- withr::local_tempfile(fileext = ".c")
  writeLines(paste0("#include <", c("math.h", "stddef.h", "string.h"), ">"), headers)
  cc <- function(...) system2(c_compiler(), c(...), stdout = TRUE, stderr = TRUE)
  for (dialect in c("-std=c99", "-std=gnu17")) {
    known <- unlist(regmatches(
      text <- cc(dialect, "-E", "-P", shQuote(headers)),
      gregexpr("\\b[A-Za-z][A-Za-z0-9_]*\\b", text)
    ))
    macros <- sub(
      "^#define ([A-Za-z0-9_]+).*", "\\1",
      grep("^#define [A-Za-z]", cc(dialect, "-E", "-dM", shQuote(headers)), value = TRUE)
    )
    free <- Filter(
      function(name) !backprop:::is_name_of_r(name) && !backprop:::is_name_of_c(name),
      unique(c(known, macros))
    )
    expect_gt(length(c(known, macros)), 100)
    functions <- withr::local_tempfile(fileext = ".c")
    writeLines(
      c(
        readLines(headers),
        sprintf("void %s(const double *from, double *to) { *to = *from; }", free)
      ),
      functions
    )
    expect_identical(
      cc(dialect, "-Wall", "-Wextra", "-fsyntax-only", shQuote(functions)), character()
    )
  }
})

test_that("a column that the table does not have is an error in SQL", {
  skip_if_not_installed("RSQLite")
  X <- export_matrix()
  path <- withr::local_tempfile(fileext = ".sql")
  nn_export(export_activation_fit("tanh", X), path, keep = "row_number")
  expect_error(run_exported_sql(path, as.data.frame(X)[c("a", "c'")]), "no such column")
  nn_export(export_activation_fit("tanh", X), path, keep = "nosuch")
  expect_error(run_exported_sql(path, as.data.frame(X)), "no such column")
  nn_export(export_activation_fit("tanh", unname(X)), path, keep = "row_number")
  expect_error(run_exported_sql(path, as.data.frame(X)), "no such column")
  expect_lt(
    relative_difference(
      run_exported_sql(path, stats::setNames(as.data.frame(X), c("x1", "x2", "x3"))),
      predict(export_activation_fit("tanh", X), X)
    ),
    1e-12
  )
})

test_that("the caller's names and those of the SQL file do not meet", {
  skip_if_not_installed("RSQLite")
  data <- stats::setNames(as.data.frame(export_matrix()), c("nn_x2", "nn_z1_1", "c"))
  fit <- nn_train(data, 1:12 / 13, hidden = 2, epochs = 2)
  path <- withr::local_tempfile(fileext = ".sql")
  for (table in c(
    "data", "nn_inputs", "NN_SUMS1", "nn_layer1", "nn_data", "my \"table\"", "nnn_data"
  )) {
    for (key in c("row_number", "nn_x1", "NN_X1", "nn_a1_1", "nn_z2_1", "Nnn_x1")) {
      nn_export(fit, path, table = table, keep = key)
      expect_lt(
        relative_difference(run_exported_sql(path, data, table, key), predict(fit, data)), 1e-12
      )
    }
  }
  expect_error(nn_export(fit, path, keep = "Response"), class = "backprop_error_argument")
})

test_that("the exported files look as they did", {
  X <- rbind(c(1, 0, 1), c(0, 1, 0))
  colnames(X) <- c("a", "b", "c")
  network <- list(
    wh = matrix(c(0.5, -0.25, 1, 2, 0, -1), 3), bh = matrix(c(0.125, -1), 1),
    wout = matrix(c(1, -2), 2), bout = matrix(0.75)
  )
  fit <- nn_train(X, c(1, 0), hidden = 2, start = network, epochs = 0)
  for (ending in c(".R", ".sql", ".c")) {
    path <- withr::local_tempfile(fileext = ending)
    nn_export(fit, path)
    expect_snapshot(cat(readLines(path), sep = "\n"))
  }
})

test_that("what cannot be exported is said", {
  data <- export_data()
  fit <- export_activation_fit("tanh")
  expect_snapshot(error = TRUE, {
    nn_export(path = "model.R")
    nn_export(fit)
    nn_export(coef(fit), "model.R")
    nn_export(fit, "model.pmml")
    nn_export(fit, "R")
    nn_export(fit, c("a.R", "b.R"))
    nn_export(fit, "no/such/folder/model.R")
    nn_export(fit, "model.R", table = "data")
    nn_export(fit, "model.onnx", name = "f", keep = "id")
    nn_export(fit, "model.onnx", precision = "half")
    nn_export(fit, "model.c", name = "2 names")
    nn_export(fit, "model.c", name = "switch")
    nn_export(fit, "model.R", name = "RISK")
    nn_export(fit, "model.sql", table = "")
    nn_export(fit, "model.sql", keep = c("a", "a"))
    nn_export(fit, "model.sql", keep = "One")
  })
  at <- function(formula) nn_export(export_data_fit(formula, data), "model.R")
  expect_snapshot(error = TRUE, {
    at(y ~ poly(size, 2))
    at(y ~ log(size, 2))
    at(y ~ sin(size) + kind)
    at(y ~ factor(size > 100) + share)
    at(y ~ I(on + 1))
    nn_export(nn_train(y ~ size + offset(share), data, epochs = 1), "model.R")
    nn_export(nn_train(export_matrix(), 1:12, offset = rep(1, 12), epochs = 1), "model.R")
  })
  expect_error(at(y ~ splines::ns(size, 2)), class = "backprop_error_export")
  data$both <- cbind(data$size, data$share)
  expect_snapshot(error = TRUE, nn_export(nn_train(data["both"], data$y, epochs = 1), "model.R"))
  expect_false(any(file.exists(c("model.R", "model.c", "model.sql", "model.onnx"))))
})

test_that(
  paste0(
    "an R file of a matrix whose names do not tell columns apart takes them by number, ",
    "as predict() does"
  ),
  {
    set.seed(1)
    X <- matrix(rnorm(40), 20, dimnames = list(NULL, c("a", "a")))
    fit <- nn_train(X, rnorm(20), epochs = 5)
    path <- withr::local_tempfile(fileext = ".R")
    nn_export(fit, path)
    env <- new.env()
    sys.source(path, env)
    other <- `colnames<-`(X, c("a", "b"))
    expect_equal(
      as.vector(env$predict_network(other)), as.vector(predict(fit, other)),
      tolerance = 1e-12
    )
  }
)

test_that("files grow as the levels, classes and weights, and stay right", {
  with_levels <- function(levels) {
    names <- paste("level", seq_len(levels))
    d <- data.frame(f = factor(rep_len(names, 3 * levels), names), g = rep_len(c("a", "b", "c"), 3))
    d$y <- sin(seq_len(nrow(d)))
    d
  }
  sizes <- function(fit) {
    vapply(c(".c", ".R", ".sql", ".onnx"), function(ending) {
      path <- withr::local_tempfile(fileext = ending)
      nn_export(fit, path)
      file.size(path)
    }, 0)
  }
  of_levels <- function(levels, formula = y ~ f) {
    nn_train(formula, with_levels(levels), hidden = 2, penalty = 0.1, epochs = 2)
  }
  expect_lt(max(sizes(of_levels(160)) / sizes(of_levels(40))), 4.4)
  of_classes <- function(k) {
    d <- data.frame(x = sin(seq_len(3 * k)), class = factor(rep_len(seq_len(k), 3 * k)))
    nn_train(class ~ x, d, hidden = 2, penalty = 0.1, epochs = 5)
  }
  expect_lt(max(sizes(of_classes(160)) / sizes(of_classes(40))), 4.6)

  new <- with_levels(40)[1:7, ]
  new$f <- as.character(new$f)
  new$f[6:7] <- c("never seen", NA)
  expect_right <- function(fit, rows = new) {
    expected <- c(predict(fit, rows[1:5, ]), NA, NA)
    path <- withr::local_tempfile(fileext = ".R")
    nn_export(fit, path)
    expect_equal(run_exported_r(path, rows), expected, tolerance = 1e-12)
    if (requireNamespace("RSQLite", quietly = TRUE)) {
      path <- withr::local_tempfile(fileext = ".sql")
      nn_export(fit, path, keep = "row_number")
      expect_equal(run_exported_sql(path, rows)[, 1], expected, tolerance = 1e-12)
    }
    if (!is.null(c_compiler())) {
      path <- withr::local_tempfile(fileext = ".c")
      nn_export(fit, path)
      used <- rows[vapply(export_model(fit, NULL)$inputs, `[[`, "", "name")]
      expect_equal(run_exported_c(path, used, 1)[, 1], expected, tolerance = 1e-12)
    }
  }
  expect_right(of_levels(40, y ~ f:g))
  withr::local_options(contrasts = c("contr.sum", "contr.poly"))
  expect_right(of_levels(40))
})

test_that("SQLite prepares a query in a time that grows as the weights", {
  skip_on_cran()
  skip_if_not_installed("RSQLite")
  connection <- DBI::dbConnect(RSQLite::SQLite(), ":memory:")
  withr::defer(DBI::dbDisconnect(connection))
  X <- matrix(sin(1:1500), 5, dimnames = list(NULL, paste0("x", 1:300)))
  DBI::dbWriteTable(connection, "data", as.data.frame(X))
  seconds <- function(hidden) {
    fit <- nn_train(X, 1:5 / 6, hidden = hidden, epochs = 0, init = "glorot_normal")
    path <- withr::local_tempfile(fileext = ".sql")
    nn_export(fit, path)
    query <- readChar(path, file.size(path))
    times <- vapply(1:3, function(i) {
      system.time(got <<- DBI::dbGetQuery(connection, query))[["user.self"]]
    }, 0)
    expect_equal(got$response, predict(fit, X), tolerance = 1e-12)
    min(times)
  }
  got <- NULL
  # 16 times as long, if each weight were compared with all others
  expect_lt(seconds(80) / seconds(20), 9)
})
