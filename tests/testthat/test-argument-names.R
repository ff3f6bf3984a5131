# Argument names: abbreviations, misspellings, and the names of other packages.

d <- mtcars[c("mpg", "wt", "hp")]
X <- as.matrix(d[c("wt", "hp")])
fit <- seeded(mpg ~ wt + hp, d, hidden = 2, epochs = 5, penalty = 0.1)

hinted <- function(call, meant) {
  error <- expect_error(call, class = "backprop_error_argument")
  expect_match(conditionMessage(error), meant, fixed = TRUE)
}

test_that("abbreviated arguments are errors where R would match them", {
  hinted(nn_cv(mpg ~ wt, d, k = 4), "\"folds\"")
  hinted(nn_cv(d["wt"], d$mpg, keep = TRUE), "`keep_fits` or `keep_fitted`")
  hinted(nn_cv(X, d$mpg, rep = 2), "\"repeats\"")
  hinted(nn_train(mpg ~ wt, d, w = wt), "`weights`")
  hinted(nn_train(mpg ~ wt, d, s = wt > 3), "`subset`")
  hinted(nn_train(d["wt"], d$mpg, hid = 2), "\"hidden\"")
  hinted(nn_train(X, d$mpg, re = 2), "`reduction` or `restarts`")
  hinted(predict(fit, d, t = "response"), "`type`")
  hinted(nn_continue(fit, d, ep = 5), "`epochs`")
  hinted(nn_trace(X[1:3, ], c(0, 1, 1), h = 2), "`hidden`")
  hinted(nn_loss(coef(fit), X, d$mpg, w = d$wt), "`weights`")
  hinted(nn_check_gradient(coef(fit), X, d$mpg, act = "tanh"), "\"activation\"")
  hinted(plot(fit, "boundary", res = 20), "\"resolution\"")
  hinted(residuals(fit, t = "response"), "`type`")
  expect_snapshot(error = TRUE, nn_cv(mpg ~ wt, d, k = 4))
})

test_that("names are read where they are written, also in dots", {
  pass_on <- function(...) nn_continue(fit, d, ...)
  hinted(pass_on(ep = 5), "`epochs`")
  expect_s3_class(pass_on(epochs = 1), "nn_fit")
  hinted(lapply(list(d), predict, object = fit, t = "response"), "`type`")
  expect_length(lapply(list(d), predict, object = fit, type = "response")[[1]], 32)
  hinted(do.call(nn_train, list(mpg ~ wt, d, w = d$wt)), "`weights`")
  expect_length(do.call(predict, list(fit, newdata = d)), 32)
  expect_identical(mapply(predict, list(fit), newdata = list(d))[, 1], predict(fit, d))
})

test_that("names of nnet, neuralnet, scikit-learn and keras get a hint in every entry", {
  meant <- c(
    size = "hidden", decay = "penalty", maxit = "epochs", lr = "learning_rate",
    linout = "output_activation", hidden_layer_sizes = "hidden", alpha = "penalty",
    max_iter = "epochs", threshold = "tolerance", stepmax = "epochs", err.fct = "loss",
    act.fct = "activation", linear.output = "output_activation", l2 = "penalty",
    neurons = "hidden", learn_rate = "learning_rate"
  )
  for (name in names(meant)) {
    one <- stats::setNames(list(1), name)
    hint <- paste0("Did you mean \"", meant[[name]], "\"")
    hinted(do.call(nn_train, c(list(mpg ~ wt, d), one)), hint)
    hinted(do.call(nn_train, c(list(d["wt"], d$mpg), one)), hint)
    hinted(do.call(nn_train, c(list(X, d$mpg), one)), hint)
    hinted(do.call(nn_train_parsnip, c(list(d["wt"], d$mpg), one)), hint)
    # of nn_cv() it is an argument, but not for numbers
    if (name == "threshold") hint <- "`threshold` requires an outcome of two classes"
    hinted(do.call(nn_cv, c(list(mpg ~ wt, d), one)), hint)
    hinted(do.call(nn_cv, c(list(X, d$mpg), one)), hint)
  }
  hinted(nn_continue(fit, d, epochs = 1, maxit = 5), "Did you mean \"epochs\"")
  hinted(nn_trace(X[1:3, ], c(0, 1, 1), size = 2), "Did you mean \"hidden\"")
})

test_that("engine arguments of parsnip are checked", {
  skip_if_not_installed("parsnip")
  model <- parsnip::set_engine(parsnip::mlp("regression", epochs = 5), "backprop", decay = 0.1)
  hinted(parsnip::fit(model, mpg ~ wt, data = d), "Did you mean \"penalty\"")
})

test_that("all methods of a fit and a trace refuse arguments that they do not have", {
  trace <- nn_trace(X[1:3, ], c(0, 1, 0))
  calls <- list(
    coef = quote(coef(fit, nmaed = TRUE)), fitted = quote(fitted(fit, data = d)),
    residuals = quote(residuals(fit, data = d)), formula = quote(formula(fit, env = 1)),
    terms = quote(terms(fit, data = d)), family = quote(family(fit, X = d)),
    labels = quote(labels(fit, X = d)), frame = quote(model.frame(fit, d, subset = 1:3)),
    matrix = quote(model.matrix(fit, d, contrasts.arg = NULL)),
    doctor = quote(nn_doctor(fit, d = 1)),
    deviance = quote(deviance(fit, wieghts = 1)), logLik = quote(logLik(fit, REML = TRUE)),
    simulate = quote(simulate(fit, times = 2)), vcov = quote(vcov(fit, dat = d)),
    confint = quote(confint(fit, dat = d)), summary = quote(summary(fit, dat = d)),
    predict = quote(predict(fit, dat = d)), plot = quote(plot(fit, "network", dat = d)),
    step = quote(trace[["wh", epochs = 1]]), table = quote(as.data.frame(trace, epochs = 1)),
    trace = quote(summary(trace, epochs = 1)), print = quote(print(trace, epochs = 1))
  )
  for (name in names(calls)) {
    error <- expect_error(eval(calls[[name]]), class = "backprop_error_argument", info = name)
    expect_match(conditionMessage(error), "is not an argument of this function", info = name)
  }
  # stats::step() supplies it
  expect_identical(nobs(fit, use.fallback = TRUE), nobs(fit))
})

test_that("X, data and newdata are told apart", {
  hinted(summary(fit, data = d), "Did you mean \"X\"?")
  hinted(vcov(fit, newdata = d), "Did you mean \"X\"?")
  hinted(logLik(fit, data = d), "Did you mean \"X\"?")
  hinted(predict(fit, data = d), "Did you mean \"newdata\"?")
  hinted(nn_importance(fit, newdata = d), "Did you mean \"data\"?")
  hinted(nn_effects(fit, X = d, variables = "wt"), "Did you mean \"data\"?")
})

test_that("numbers of an offset or of weights are not the name of a column", {
  d$exposure <- d$hp
  counts <- seeded(round(mpg) ~ wt, d, loss = "poisson", offset = log(exposure), penalty = 0.1)
  of_matrix <- seeded(X, d$mpg, offset = log(d$hp), output_activation = "identity", epochs = 1)
  unquoted <- "name a column of `data` without quotes"
  hinted(nn_train(mpg ~ wt, d, offset = "exposure"), unquoted)
  hinted(nn_train(d["wt"], d$mpg, offset = "exposure"), unquoted)
  for (extra in c("offset", "weights")) {
    named <- stats::setNames(list("exposure"), extra)
    hinted(do.call(nn_train, c(list(X, d$mpg), named)), unquoted)
    hinted(do.call(nn_cv, c(list(X, d$mpg), named)), unquoted)
  }
  hinted(nn_continue(of_matrix, X, d$mpg, offset = "exposure", epochs = 1), unquoted)
  hinted(predict(of_matrix, X, offset = "exposure"), unquoted)
  error <- expect_error(predict(counts, d, offset = "exposure"), class = "backprop_error_input")
  expect_match(conditionMessage(error), "newdata$exposure", fixed = TRUE)
})

test_that("a validation that is no share says what is", {
  expect_snapshot({
    refused(nn_train(mpg ~ wt, d, validation = 20), "argument")
    refused(nn_train(X, d$mpg, validation = 20), "argument")
    refused(nn_train(mpg ~ wt, d, validation = 200), "argument")
    refused(nn_train(mpg ~ wt, d, validation = "0.2"), "argument")
    refused(nn_train(X, d$mpg, validation = d), "argument")
    refused(nn_train(d["wt"], d$mpg, validation = d), "argument")
  })
})
