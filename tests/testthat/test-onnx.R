test_that("numbers of the wire format are as protocol buffers have them", {
  # The documentation's examples: 150 as 96 01, field 1; "testing" as field 2.
  expect_identical(backprop:::pb_int(1, 150), as.raw(c(0x08, 0x96, 0x01)))
  expect_identical(
    backprop:::pb_text(2, "testing"),
    as.raw(c(0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67))
  )
  expect_identical(backprop:::pb_varint(0), as.raw(0))
  expect_identical(backprop:::pb_varint(-1), as.raw(c(rep(255, 9), 1)))
  expect_identical(backprop:::pb_varint(2^35), as.raw(c(128, 128, 128, 128, 128, 1)))
})

test_that(
  "every activation and output runs in onnxruntime, to 1e-12 in double and 1e-6 in single",
  {
    skip_on_cran()
    skip_without_onnxruntime()
    X <- export_matrix()
    for (activation in nn_activations()$name) {
      for (precision in c("double", "single")) {
        fit <- export_activation_fit(activation, X)
        path <- withr::local_tempfile(fileext = ".onnx")
        nn_export(fit, path, precision = precision)
        got <- run_onnx(path, X, precision)
        expect_lt(
          relative_difference(got$response, as.matrix(predict(fit, X))),
          c(double = 1e-12, single = 1e-6)[[precision]]
        )
        if (!is.null(fit$levels)) {
          expect_identical(got$class, as.character(predict(fit, X, type = "class")))
        }
      }
    }
  }
)

test_that("large inputs saturate, and do not overflow, in onnxruntime", {
  skip_on_cran()
  skip_without_onnxruntime()
  X <- rbind(c(1000, 0, 0), c(-1000, 0, 0), c(30, -30, 5), c(0, 0, 0))
  for (activation in setdiff(nn_activations()$name, output_activations())) {
    for (precision in c("double", "single")) {
      set.seed(3)
      fit <- nn_train(X, 1:4 / 5, hidden = 2, activation = activation, epochs = 0)
      path <- withr::local_tempfile(fileext = ".onnx")
      nn_export(fit, path, precision = precision)
      expect_lt(
        max(abs(run_onnx(path, X, precision)$response - predict(fit, X))),
        c(double = 1e-12, single = 1e-6)[[precision]]
      )
    }
  }
})

test_that("formulas and data frames run in onnxruntime, encoding and scaling inside", {
  skip_on_cran()
  skip_without_onnxruntime()
  data <- export_data()
  # Numbers that single precision holds exactly, so that only the computing differs.
  data$size <- round(data$size * 64) / 64
  data$share <- round(data$share * 64) / 64
  for (formula in export_formulas) {
    for (precision in c("double", "single")) {
      fit <- export_data_fit(formula, data)
      path <- withr::local_tempfile(fileext = ".onnx")
      nn_export(fit, path, precision = precision)
      used <- vapply(backprop:::export_model(fit, NULL)$inputs, `[[`, "", "name")
      got <- run_onnx(path, data[used], precision)
      expect_lt(
        relative_difference(got$response, as.matrix(predict(fit, data))),
        c(double = 1e-12, single = 1e-6)[[precision]]
      )
      if (!is.null(fit$levels)) {
        expect_identical(got$class, as.character(predict(fit, data, type = "class")))
      }
    }
  }
})

test_that("one case, many cases, missing values and unknown levels run in onnxruntime", {
  skip_on_cran()
  skip_without_onnxruntime()
  data <- export_data()
  fit <- export_data_fit(y ~ size + kind + on, data, activation = "relu")
  path <- withr::local_tempfile(fileext = ".onnx")
  nn_export(fit, path, precision = "double")
  expect_lt(
    relative_difference(
      run_onnx(path, data[1, c("size", "kind", "on")], "double")$response, predict(fit, data[1, ])
    ),
    1e-12
  )
  new <- data.frame(size = c(100, NA, 100), kind = c("a", "a", "never seen"), on = TRUE)
  expect_identical(is.na(run_onnx(path, new, "double")$response[, 1]), c(FALSE, TRUE, TRUE))
  for (formula in list(on ~ size + kind, city ~ size + kind)) {
    for (precision in c("double", "single")) {
      fit <- export_data_fit(formula, data)
      nn_export(fit, path, precision = precision)
      got <- run_onnx(path, new[c("size", "kind")], precision)
      expect_identical(got$class, c(as.character(predict(fit, new[1, ], type = "class")), "", ""))
      expect_identical(is.na(rowSums(got$response)), c(FALSE, TRUE, TRUE))
    }
  }
})

test_that("columns may have the names of outputs and nodes", {
  skip_on_cran()
  skip_without_onnxruntime()
  data <- export_data()
  data$response <- data$size
  data$class <- data$kind
  data$Sub_1 <- data$share
  expect_warning(
    fit <- export_data_fit(kind ~ response + class + Sub_1, data),
    class = "backprop_warning_outcome_input"
  )
  path <- withr::local_tempfile(fileext = ".onnx")
  nn_export(fit, path, precision = "double")
  expect_setequal(run_onnx(path, data[c("response", "class", "Sub_1")], "double")$names, c(
    "response_output", "class_output", "probabilities"
  ))
})

test_that("columns may have names that R writes in backticks", {
  skip_on_cran()
  skip_without_onnxruntime()
  data <- export_data()
  names(data)[match(c("size", "kind", "on"), names(data))] <- c("the size", "my kind", "is on")
  fit <- export_data_fit(y ~ `the size`:`my kind` + `is on`, data)
  path <- withr::local_tempfile(fileext = ".onnx")
  nn_export(fit, path, precision = "double")
  expect_lt(
    relative_difference(
      run_onnx(path, data[c("the size", "my kind", "is on")], "double")$response, predict(fit, data)
    ),
    1e-12
  )
})

test_that("the precision is that of the training where none is given", {
  X <- export_matrix()
  fit <- nn_train(X, 1:12 / 13, epochs = 2, precision = "single")
  path <- withr::local_tempfile(fileext = ".onnx")
  nn_export(fit, path)
  explicit <- withr::local_tempfile(fileext = ".onnx")
  nn_export(fit, explicit, precision = "single")
  expect_identical(readBin(path, "raw", 1e5), readBin(explicit, "raw", 1e5))
})

test_that("ONNX's own checker reads the models", {
  skip_on_cran()
  skip_without_onnx_checker()
  python <- onnx_python()
  for (precision in c("double", "single")) {
    path <- withr::local_tempfile(fileext = ".onnx")
    for (activation in nn_activations()$name) {
      nn_export(export_activation_fit(activation), path, precision = precision)
      expect_identical(check_onnx(path, python), "checked")
    }
    for (formula in export_formulas) {
      nn_export(export_data_fit(formula), path, precision = precision)
      expect_identical(check_onnx(path, python), "checked")
    }
  }
})
