many <- function(rows) {
  set.seed(1)
  d <- data.frame(a = rnorm(rows), b = rnorm(rows))
  d$y <- d$a * d$b + rnorm(rows)
  d$class <- cut(d$y, c(-Inf, 0, Inf), c("low", "high"))
  d
}
chosen <- function(...) {
  fit <- nn_train(..., epochs = 1)
  s <- fit$settings
  list(
    hidden = fit$layers[[1]]$units, activation = s$activation, init = s$init,
    optimizer = s$optimizer$name, rate = s$optimizer$learning_rate, batch = s$batch_size,
    validation = s$validation, patience = s$patience, penalty = s$penalty
  )
}

test_that("few rows and many rows have the defaults that the help states", {
  expect_identical(chosen(y ~ a + b, many(999)), list(
    hidden = 100, activation = "relu", init = "he_normal", optimizer = "lbfgs", rate = NULL,
    batch = NULL, validation = NULL, patience = Inf, penalty = 4 / 999
  ))
  expect_identical(chosen(class ~ a + b, many(1000)), list(
    hidden = 200, activation = "relu", init = "he_normal", optimizer = "adam", rate = 0.004,
    batch = 64, validation = 0.1, patience = 20, penalty = 2 / 1000
  ))
  # the rows trained on count
  expect_identical(chosen(y ~ a + b, many(1200), calibration = 0.2)$optimizer, "lbfgs")
  expect_true(chosen(y ~ a + b, many(1200), calibration = 0.2)$penalty %in% (c(0.5, 4) / 960))
  expect_identical(chosen(y ~ a, many(100), optimizer = "lbfgs")$penalty, 1 / 100)
  expect_identical(formals(nn_train.data.frame)$epochs, "auto")
  expect_identical(nn_train(y ~ a, many(20))$settings$optimizer$name, "lbfgs")
})

test_that("what is given is taken, and the rest goes with it", {
  d <- many(1000)
  expect_identical(chosen(y ~ a, d, activation = "tanh")$init, "glorot_normal")
  expect_identical(
    chosen(y ~ a, d, hidden = 3, optimizer = "lbfgs")[c(
      "hidden", "optimizer", "validation", "patience"
    )],
    list(hidden = 3, optimizer = "lbfgs", validation = NULL, patience = Inf)
  )
  expect_identical(chosen(y ~ a, d, optimizer = nn_adam(0.1))$rate, 0.1)
  expect_identical(chosen(y ~ a, d, validation = NULL)[c("validation", "patience")], list(
    validation = NULL, patience = Inf
  ))
  expect_identical(
    chosen(y ~ a, d[1:100, ], validation = 0.2)[c("optimizer", "validation", "patience")],
    list(optimizer = "lbfgs", validation = 0.2, patience = 20)
  )
  expect_null(chosen(y ~ a, d, batch_size = NULL)$batch)
  few <- d[1:50, ]
  for (arguments in list(
    list(learning_rate = 0.01), list(dropout = 0.1), list(batch_size = 8), list(clip = 1),
    list(penalty_l1 = 0.01), list(schedule = nn_step(5))
  )) {
    expect_identical(do.call(chosen, c(list(y ~ a, few), arguments))$optimizer, "adam")
  }
  expect_identical(
    nn_train(y ~ a, few, learning_rate = 0.01, epochs = 1)$settings$optimizer$learning_rate, 0.01
  )
})

test_that("the defaults learn what is there to learn", {
  set.seed(1)
  d <- many(1500)
  d$y <- d$a * d$b
  for (rows in c(300, 1500)) {
    fit <- nn_train(y ~ a + b, d[seq_len(rows), ])
    expect_gt(summary(fit)$errors$r_squared[1], 0.98)
  }
  spirals <- local({
    t <- runif(400, 0.5, 3)
    class <- rep(0:1, 200)
    data.frame(
      x = t * cos(2 * t + pi * class), y = t * sin(2 * t + pi * class), class = factor(class)
    )
  })
  fit <- nn_train(class ~ ., spirals[1:300, ])
  expect_gt(mean(predict(fit, spirals[301:400, ], type = "class") == spirals$class[301:400]), 0.9)
})

test_that(
  paste0(
    "cross-validation picks a small penalty for clear data and a large one for noise, ",
    "and draws nothing"
  ),
  {
    d <- many(200)
    set.seed(2)
    noise <- nn_train(rnorm(200) ~ a + b, d)
    expect_identical(noise$settings$penalty, 4 / 200)
    clear <- nn_train(sin(3 * a) ~ a + b, d)
    expect_identical(clear$settings$penalty, 0.5 / 200)
    set.seed(2)
    chosen <- nn_train(sin(3 * a) ~ a + b, d)
    after <- runif(1)
    set.seed(2)
    given <- nn_train(sin(3 * a) ~ a + b, d, penalty = 0.5 / 200)
    expect_identical(coef(chosen), coef(given))
    expect_identical(runif(1), after)
    # rows of no weight, classes of one row and offsets are no obstacle
    expect_s3_class(
      nn_train(y ~ a + offset(b), d, weights = rep(0:1, c(190, 10)), epochs = 5), "nn_fit"
    )
    d$rare <- factor(c("one", rep(c("b", "c"), length.out = 199)))
    expect_s3_class(nn_train(rare ~ a, d, epochs = 5), "nn_fit")
  }
)

test_that(
  paste0(
    "with many rows held-out rows find how many epochs, and all rows are trained on at a falling ",
    "rate"
  ),
  {
    d <- many(1200)
    set.seed(3)
    fit <- nn_train(y ~ a + b, d, hidden = 8)
    after <- runif(1)
    set.seed(3)
    first <- nn_train(y ~ a + b, d, hidden = 8, epochs = 100, validation = 0.1, patience = 20)
    epochs <- 2 * first$best_epoch
    expect_identical(nrow(fit$history), as.integer(epochs))
    expect_null(fit$settings$validation)
    set.seed(3)
    given <- nn_train(
      y ~ a + b, d,
      hidden = 8, epochs = epochs, schedule = nn_cosine(epochs, least = 0.01),
      validation = NULL
    )
    expect_identical(coef(fit), coef(given))
    expect_identical(runif(1), after)
    expect_true(all(c("epochs", "schedule", "validation", "patience") %in% fit$chosen))
    # any of the four given: one training, at a constant rate
    for (arguments in list(
      list(epochs = 3), list(patience = 2), list(schedule = nn_step(5), epochs = 3)
    )) {
      one <- do.call(nn_train, c(list(y ~ a + b, d, hidden = 8), arguments))
      expect_identical(one$settings[c("validation", "schedule")], list(
        validation = 0.1, schedule = arguments$schedule
      ))
    }
    expect_no_match(capture.output(print(nn_doctor(fit))), "still falling")
  }
)

test_that("a default call takes classes of a few rows each", {
  set.seed(1)
  d <- data.frame(x = rnorm(1200), species = factor(rep(1:300, 4)))
  fit <- nn_train(species ~ x, d, hidden = 2)
  expect_identical(fit$n, 1200L)
})

test_that("rows of weight 0 are left out of every default, split and fold", {
  d <- data.frame(x = sin(1:120), z = cos((1:120)^2))
  d$y <- d$x^2 + d$z
  d$w <- rep(0:1, 60)
  counted <- d[d$w == 1, ]
  expect_same <- function(...) {
    all <- seeded(y ~ x + z, d, weights = w, ...)
    some <- seeded(y ~ x + z, counted, ...)
    expect_identical(predict(all, d), predict(some, d))
    expect_identical(all$settings$penalty, some$settings$penalty)
  }
  expect_same()
  expect_same(optimizer = "adam", batch_size = 8, validation = 0.2)
  expect_same(calibration = 0.3, dropout = 0.2)
  set.seed(1)
  all <- nn_cv(y ~ x + z, d, weights = w, hidden = 2, epochs = 5, folds = 4)
  set.seed(1)
  some <- nn_cv(y ~ x + z, counted, hidden = 2, epochs = 5, folds = 4)
  expect_equal(summary(all)[1:5], summary(some)[1:5], tolerance = 1e-12)
  # 8 rows are few, however many have no weight
  many <- d[rep(1:120, 10), ]
  many$w <- rep(1:0, c(8, 1192))
  expect_identical(seeded(y ~ x + z, many, weights = w)$settings$optimizer$name, "lbfgs")
  # a whole number is the row so many times
  twice <- seeded(y ~ x + z, d, weights = w * 2, optimizer = "adam")
  expect_identical(twice$settings$penalty, 1 / 120)
  d$class <- factor(d$w)
  expect_snapshot(refused(nn_train(class ~ x, d, weights = w), "input"))
})
