X <- tutorial_data()$X
y <- tutorial_data()$y

# The error of `expression`, whose class and message are both looked at.
refused <- function(expression, kind) {
  error <- expect_error(expression, class = paste0("backprop_error_", kind))
  expect_s3_class(error, "backprop_error")
  writeLines(conditionMessage(error))
}

test_that("data that cannot be used are refused", {
  with_na <- X; with_na[2, 3] <- NA
  with_inf <- X; with_inf[3, 1] <- -Inf; with_inf[3, 4] <- NaN
  named <- with_na; colnames(named) <- c("a", "b", "c", "d")
  expect_snapshot({
    refused(nn_train(), "input")
    refused(nn_train(X), "input")
    refused(nn_train(as.data.frame(X), y), "input")
    refused(nn_train(1:3, y), "input")
    refused(nn_train("a", y), "input")
    refused(nn_train(list(1, 2), y), "input")
    refused(nn_train(X * 1i, y), "input")
    refused(nn_train(X > 0, y), "input")
    refused(nn_train(X[0, ], y[0]), "input")
    refused(nn_train(X[, 0], y), "input")
    refused(nn_train(with_na, y), "input")
    refused(nn_train(with_inf, y), "input")
    refused(nn_train(named, y), "input")
    refused(nn_train(X, y[1:2]), "input")
    refused(nn_train(X, c(1, NA, 0)), "input")
    refused(nn_train(X, c("a", "b", "a")), "input")
    refused(nn_train(X, list(1, 2, 3)), "input")
    refused(nn_train(X, as.data.frame(y)), "input")
    refused(nn_train(X, factor(c("a", NA, "b"))), "input")
    refused(nn_train(X, factor(c("a", "a", "a"))), "input")
  })
})

test_that("settings outside their range are refused", {
  expect_snapshot({
    refused(nn_train(X, y, hidden = 2.7), "argument")
    refused(nn_train(X, y, hidden = 3e9), "argument")
    refused(nn_train(X, y, hidden = -1), "argument")
    refused(nn_train(X, y, hidden = NA), "argument")
    refused(nn_train(X, y, hidden = c(3, 0)), "argument")
    refused(nn_train(X, y, epochs = 2.7), "argument")
    refused(nn_train(X, y, epochs = 3e9), "argument")
    refused(nn_train(X, y, epochs = -1), "argument")
    refused(nn_train(X, y, epochs = NA), "argument")
    refused(nn_train(X, y, batch_size = 0), "argument")
    refused(nn_train(X, y, batch_size = 1.5), "argument")
    refused(nn_train(X, y, batch_size = NA), "argument")
    refused(nn_train(X, y, learning_rate = 0), "argument")
    refused(nn_train(X, y, learning_rate = "fast"), "argument")
    refused(nn_train(X, y, activation = "sigmiod"), "argument")
    refused(nn_train(X, y, activation = "softmax"), "argument")
    refused(nn_train(X, y, output_activation = "logit"), "argument")
    refused(nn_train(X, y, lerning_rate = 1), "argument")
    refused(nn_train(X, y, keep_fitted = "no"), "argument")
    refused(nn_train(X, y, start = list(1)), "argument")
    refused(nn_train(X, y, start = nn_init(4, 1, hidden = 2)), "argument")
    refused(nn_init(2.5, 1), "argument")
    refused(nn_update(nn_init(4, 1), nn_backward(nn_init(4, 1), X, y), 0.1), "argument")
    refused(nn_continue(list(), X, y, 1), "argument")
    refused(perceptron(X, w = 1:3), "argument")
  })
})

test_that("settings of the engine outside their range are refused", {
  species <- factor(c("a", "b", "a"))
  expect_snapshot({
    refused(nn_adam(learning_rate = -1), "argument")
    refused(nn_train(X, y, tolerance = "small"), "argument")
    refused(nn_train(X, y, loss = "cross_entropy", output_activation = "identity"), "argument")
    refused(nn_train(X, y * 2, loss = "cross_entropy"), "input")
    refused(nn_train(X, -y, loss = "poisson"), "input")
    refused(nn_train(X, y, validation = 1), "argument")
    refused(nn_train(X, y, validation = 0.01), "argument")
    refused(nn_train(X, y, weights = c(0, 0, 0)), "argument")
    refused(nn_train(X, y, weights = c(1, -1, 1)), "argument")
    refused(nn_train(X, y, class_weights = "balanced"), "argument")
    refused(nn_train(X, species, class_weights = c(a = 1, c = 2)), "argument")
    refused(nn_train(X, y, optimizer = nn_adam(0.1), learning_rate = 0.1), "argument")
    refused(nn_train(X, y, optimizer = "lbfgs", batch_size = 1), "argument")
    refused(nn_train(X, species, optimizer = "lm"), "argument")
    refused(nn_train(X, y, optimizer = "adams"), "argument")
    refused(nn_train(X, y, dropout = 1), "argument")
    refused(nn_train(X, y, hidden = 0, dropout = 0.5), "argument")
    refused(nn_train(X, y, schedule = "cosine"), "argument")
    refused(nn_train(X, y, clip = 0), "argument")
    refused(nn_train(X, y, offset = matrix(0, 3, 2)), "input")
    refused(nn_train(X, y, callback = "stop"), "argument")
    refused(nn_train(X, y, precision = "half"), "argument")
  })
})

test_that("newdata are matched with the columns of the training", {
  named <- X
  colnames(named) <- c("a", "b", "c", "d")
  fit <- nn_train(named, y, epochs = 1)
  expect_snapshot({
    refused(predict(fit, named[, 1:3]), "input")
    refused(predict(fit, unname(X[, 1:3])), "input")
    refused(predict(fit, unname(cbind(X, 1))), "input")
    refused(predict(fit, X[1, ]), "input")
    refused(predict(fit, named, type = "class"), "argument")
  })
  expect_identical(predict(fit, cbind(e = 1, named[, 4:1])), predict(fit, named))
})

test_that("what cannot fit in memory is refused with the need in bytes", {
  withr::local_options(backprop.memory_limit = 1e9)
  expect_snapshot(refused(nn_train(X, y, hidden = c(20000, 20000)), "memory"))
})

test_that("a training that diverges carries the last finite weights, and inputs stay as they are", {
  before <- X * 1
  start <- nn_init(4, 1)
  error <- expect_error(nn_train(before, y * 1e6, activation = "identity", output_activation = "identity", learning_rate = 1e3, start = start),
    class = "backprop_error_diverged")
  expect_s3_class(error$fit, "nn_fit")
  expect_identical(error$fit$stop, "diverged")
  expect_true(all(is.finite(unlist(coef(error$fit)))))
  reference <- nn_train(before, y * 1e6, activation = "identity", output_activation = "identity", learning_rate = 1e3, start = start, epochs = error$fit$state$epoch)
  expect_identical(coef(error$fit), coef(reference))
  expect_identical(before, X * 1)
})

test_that("an interrupt at the top level returns the fit so far, and training goes on from it to the same end", {
  skip_on_os("windows")
  script <- withr::local_tempfile(fileext = ".R")
  result <- withr::local_tempfile(fileext = ".rds")
  started <- withr::local_tempfile()
  writeLines(c(sprintf(".libPaths(%s)", paste(deparse(.libPaths()), collapse = "")), "library(backprop)",
    "X <- matrix(sin(1:40000), 2000); y <- (cos(1:2000) + 1) / 2", "set.seed(1)",
    sprintf("writeLines(as.character(Sys.getpid()), %s)", deparse(started)),
    "fit <- nn_train(X, y, hidden = 20, learning_rate = 1e-4, epochs = 1e6)",
    sprintf("saveRDS(fit, %s)", deparse(result))), script)
  system2(file.path(R.home("bin"), "Rscript"), c("--vanilla", script), wait = FALSE, stdout = FALSE, stderr = FALSE)
  wait_for <- function(path) for (i in 1:300) if (file.exists(path) && file.size(path) > 0) return(TRUE) else Sys.sleep(0.1)
  expect_true(wait_for(started))
  Sys.sleep(1.5)
  tools::pskill(as.integer(readLines(started)), tools::SIGINT)
  expect_true(wait_for(result))
  Sys.sleep(0.3)
  fit <- readRDS(result)
  expect_identical(fit$stop, "interrupted")
  X <- matrix(sin(1:40000), 2000); y <- (cos(1:2000) + 1) / 2
  more <- nn_continue(fit, X, y, epochs = 3)
  set.seed(1)
  whole <- nn_train(X, y, hidden = 20, learning_rate = 1e-4, epochs = more$state$epoch)
  expect_identical(coef(more), coef(whole))
})
