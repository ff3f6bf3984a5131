# Exported classes are those of predict(type = "class"), in every format.

class_fits <- function(data) {
  list(
    export_data_fit(kind ~ size + on, data), export_data_fit(on ~ size + share, data),
    export_data_fit(city ~ size + kind, data), export_data_fit(grade ~ size + share, data)
  )
}

used_columns <- function(fit) vapply(backprop:::export_model(fit, NULL)$inputs, `[[`, "", "name")

test_that("the exported R function returns classes and probabilities", {
  data <- export_data()
  missing <- transform(data, size = replace(size, 3, NA))
  for (fit in class_fits(data)) {
    alone <- exported_r(fit)
    for (new in list(data, data[0, ], missing)) {
      expect_identical(alone(new, "class"), unname(predict(fit, new, type = "class")))
      expect_equal(alone(new, type = "prob"), predict(fit, new, type = "prob"), tolerance = 1e-12)
      expect_equal(alone(new), unname(predict(fit, new)), tolerance = 1e-12, ignore_attr = TRUE)
    }
    expect_error(alone(data, "probability"), "type must be response, class or prob")
  }
  expect_error(exported_r(export_data_fit(y ~ size, data))(data, "class"), "unused argument")
})

test_that("the class is beside the probability in SQL", {
  skip_on_cran()
  skip_if_not_installed("RSQLite")
  data <- transform(export_data(), size = replace(size, 3, NA))
  for (fit in class_fits(export_data())) {
    path <- withr::local_tempfile(fileext = ".sql")
    nn_export(fit, path, keep = "row_number")
    got <- run_exported_sql(path, data)
    expect_identical(
      attr(got, "class_column"), as.character(unname(predict(fit, data, type = "class")))
    )
    outputs <- if (length(fit$levels) == 2) "response" else fit$levels
    expect_identical(attr(got, "names_of_results"), c(outputs, "class"))
  }
})

test_that("C has the levels and a function of the class", {
  skip_on_cran()
  skip_without_c()
  data <- transform(export_data(), size = replace(size, 3, NA))
  for (fit in class_fits(export_data())) {
    path <- withr::local_tempfile(fileext = ".c")
    for (name in c("best", "p", "predict_network")) {
      nn_export(fit, path, name = name)
      class <- as.character(unname(predict(fit, data, type = "class")))
      expect_identical(
        run_exported_c(path, data[used_columns(fit)], name = name, class = TRUE),
        ifelse(is.na(class), "", class)
      )
    }
  }
  X <- export_matrix()
  fit <- export_activation_fit("softmax", X)
  nn_export(fit, path, name = "x")
  expect_identical(
    run_exported_c(path, unname(X), name = "x", class = TRUE),
    as.character(predict(fit, X, type = "class"))
  )
})

test_that("ONNX has class, probabilities and the levels", {
  skip_on_cran()
  skip_without_onnxruntime()
  data <- export_data()
  for (fit in class_fits(data)) {
    path <- withr::local_tempfile(fileext = ".onnx")
    nn_export(fit, path, precision = "double")
    got <- run_onnx(path, data[used_columns(fit)], "double")
    expect_identical(got$class, as.character(unname(predict(fit, data, type = "class"))))
    expect_lt(relative_difference(got$probabilities, predict(fit, data, type = "prob")), 1e-12)
    expect_identical(got$names, c("response", "class", "probabilities"))
  }
})

test_that("the levels are in the metadata of ONNX as JSON", {
  skip_if_not_installed("jsonlite")
  levels <- c("a, \"b\"", "c\\d", "K\u00f6ln\n", "")
  expect_identical(unlist(jsonlite::parse_json(backprop:::json_texts(levels))), levels)
  path <- withr::local_tempfile(fileext = ".onnx")
  nn_export(export_data_fit(on ~ size), path)
  bytes <- readBin(path, "raw", 1e6)
  metadata <- charToRaw("[\"FALSE\", \"TRUE\"]")
  at <- which(bytes == metadata[1])
  expect_true(any(vapply(at, function(i) {
    identical(bytes[i + seq_along(metadata) - 1], metadata)
  }, NA)))
})

test_that("equal probabilities are the first level, as in predict()", {
  skip_on_cran()
  skip_if_not_installed("RSQLite")
  skip_without_c()
  X <- matrix(c(-1, 0, 1, 2), 4, dimnames = list(NULL, "a"))
  zero <- function(outputs) {
    list(wout = matrix(c(1, 1, 0)[seq_len(outputs)], 1), bout = matrix(0, 1, outputs))
  }
  for (levels in list(c("no", "yes"), c("one", "two", "three"))) {
    fit <- nn_train(
      X, factor(rep(levels, length.out = 4), levels),
      hidden = 0, epochs = 0, start = zero(if (length(levels) == 2) 1 else 3)
    )
    expected <- as.character(predict(fit, X, type = "class"))
    # by hand: softmax of (x, x, 0), sigmoid of x
    expect_identical(
      expected, if (length(levels) == 2) levels[c(1, 1, 2, 2)] else levels[c(3, 1, 1, 1)]
    )
    expect_identical(as.character(exported_r(fit)(X, "class")), expected)
    path <- withr::local_tempfile(fileext = ".sql")
    nn_export(fit, path, keep = "row_number")
    expect_identical(attr(run_exported_sql(path, as.data.frame(X)), "class_column"), expected)
    path <- withr::local_tempfile(fileext = ".c")
    nn_export(fit, path)
    expect_identical(run_exported_c(path, unname(X), class = TRUE), expected)
    skip_without_onnxruntime()
    path <- withr::local_tempfile(fileext = ".onnx")
    nn_export(fit, path)
    expect_identical(run_onnx(path, X, "double")$class, expected)
  }
})

test_that("levels with quotes, line feeds and names of SQL are levels like others", {
  skip_on_cran()
  skip_if_not_installed("RSQLite")
  skip_without_c()
  data <- export_data()
  for (levels in list(
    c("it's", "say \"no\""), c("class", "CLASS", "response"), c("select", "nn_a1_1", "a;--", "*/")
  )) {
    data$odd <- factor(rep(levels, length.out = 30), levels)
    fit <- export_data_fit(odd ~ size + share, data)
    expected <- as.character(predict(fit, data, type = "class"))
    path <- withr::local_tempfile(fileext = ".sql")
    nn_export(fit, path, keep = "row_number")
    got <- run_exported_sql(path, data[names(data) != "odd"])
    expect_identical(attr(got, "class_column"), expected)
    expect_lt(relative_difference(got, as.matrix(predict(fit, data))), 1e-12)
    expect_identical(anyDuplicated(tolower(attr(got, "names_of_results"))), 0L)
    path <- withr::local_tempfile(fileext = ".c")
    nn_export(fit, path)
    expect_identical(run_exported_c(path, data[c("size", "share")], class = TRUE), expected)
    expect_identical(as.character(exported_r(fit)(data, "class")), expected)
  }
})
