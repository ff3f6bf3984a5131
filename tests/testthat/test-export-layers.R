# Layers that are more than a product: skip connections, sums over ordered classes.

# The largest difference of each language's predictions.
export_differences <- function(fit, data) {
  ordered <- has_ordered_outputs(unclass(fit))
  expected <- unname(as.matrix(predict(fit, data, type = if (ordered) "prob" else "response")))
  used <- vapply(export_model(fit, NULL)$inputs, `[[`, "", "name")
  part <- if (is.matrix(data)) unname(data) else data[used]
  text <- if (is.data.frame(part)) vapply(part, is.factor, NA) else FALSE
  exported <- function(ending, run, ...) {
    path <- withr::local_tempfile(fileext = ending)
    nn_export(fit, path, ...)
    relative_difference(run(path), expected)
  }
  c(
    R = exported(".R", function(path) {
      alone <- new.env(parent = baseenv())
      sys.source(path, alone)
      as.matrix(alone$predict_network(data))
    }),
    if (requireNamespace("RSQLite", quietly = TRUE)) {
      exported(".sql", keep = "row_number", function(path) {
        run_exported_sql(path, as.data.frame(data))
      })
    },
    if (!is.null(c_compiler())) {
      exported(".c", function(path) run_exported_c(path, part, ncol(expected)))
    },
    if (nzchar(Sys.which("node")) && dir.exists(onnxruntime_folder())) {
      exported(".onnx", function(path) {
        if (any(text)) part[text] <- lapply(part[text], as.character)
        run_onnx(path, part, "double")$response
      }, precision = "double")
    }
  )
}

test_that("connections from the inputs to the outputs are in all languages", {
  skip_on_cran()
  data <- export_data()
  X <- export_matrix()
  train <- function(...) nn_train(..., skip = TRUE, penalty = 0.01, epochs = 20)
  set.seed(1)
  fits <- list(
    list(train(X, cbind(one = X[, 1], two = 0.5), hidden = c(4, 3)), X),
    list(train(X, factor(rep(c("x", "y", "z"), 4)), hidden = c(2, 3, 2)), X),
    list(train(y ~ size * kind + share + on, data, hidden = 2), data),
    list(train(y ~ size + kind, data, hidden = 2, loss = "gaussian"), data),
    list(train(grade ~ size + kind, data, hidden = 2, loss = "cumulative"), data)
  )
  for (case in fits) expect_lt(max(export_differences(case[[1]], case[[2]])), 1e-12)
})

test_that("parsnip's fits with skip are exported", {
  skip_on_cran()
  skip_if_not_installed("parsnip")
  data <- export_data()
  set.seed(1)
  model <- parsnip::set_engine(
    parsnip::mlp("regression", hidden_units = 2, epochs = 20, penalty = 0.01), "backprop",
    skip = TRUE
  )
  fit <- parsnip::fit(model, y ~ size + kind, data)
  engine <- parsnip::extract_fit_engine(fit)
  expect_true(has_skip(unclass(engine)$layers))
  path <- withr::local_tempfile(fileext = ".R")
  nn_export(engine, path)
  alone <- new.env(parent = baseenv())
  sys.source(path, alone)
  used <- vapply(export_model(engine, NULL)$inputs, `[[`, "", "name")
  expect_true(all(used %in% names(data)))
  expect_equal(
    alone$predict_network(data), predict(fit, data)$.pred,
    tolerance = 1e-12
  )
})

ordered_fit <- function(classes, ...) {
  n <- 6 * classes
  data <- data.frame(a = sin(seq_len(n)), class = factor(rep_len(seq_len(classes), n)))
  data$class <- factor(data$class, ordered = TRUE)
  set.seed(1)
  fit <- nn_train(
    class ~ a, data,
    hidden = 2, penalty = 0.01, loss = "cumulative", epochs = 5, ...
  )
  list(fit, data)
}

test_that("sums over ordered classes and quantiles are running sums in all languages", {
  skip_on_cran()
  # around the widths of the sums of each step in SQL: 4, 16
  for (classes in c(3, 5, 6, 18)) {
    case <- ordered_fit(classes)
    expect_lt(max(export_differences(case[[1]], case[[2]])), 1e-12)
  }
  data <- export_data()
  set.seed(1)
  fit <- nn_train(
    y ~ size + kind, data,
    hidden = 0, loss = nn_quantile(c(0.1, 0.3, 0.5, 0.7, 0.9)), penalty = 0.01, epochs = 20
  )
  expect_lt(max(export_differences(fit, data)), 1e-12)
})

test_that("files of ordered classes grow as the classes", {
  sizes <- lapply(c(30, 300), function(classes) {
    fit <- ordered_fit(classes)[[1]]
    vapply(c(".c", ".R", ".onnx", ".sql"), function(ending) {
      path <- withr::local_tempfile(fileext = ending)
      nn_export(fit, path)
      file.size(path)
    }, 0)
  })
  grown <- sizes[[2]] / sizes[[1]]
  # a square matrix would be 100 times as large; steps of SQL grow as the logarithm
  expect_lt(max(grown[-4]), 11)
  expect_lt(grown[[4]], 20)
})
