# Checks that a change of the code leaves all results bit-identical. Trains, predicts, saves and
# exports many kinds of fits with fixed seeds, and computes a digest of the exact bits of each part.
#
#   Rscript bench/bits.R record FILE      writes the digests (rds): kind, what, digest
#   Rscript bench/bits.R compare FILE     computes them again, lists differences (exit status 1)
#   Rscript bench/bits.R save FOLDER      saves each fit (JSON and rds), new cases and predictions
#   Rscript bench/bits.R load FOLDER      loads the fits; compares their predictions
#
# Options: --set=NAME  the instruction set (see ?nn_instruction_sets), the fastest by default
#          --only=REGEX  only these kinds        --seed=N  another seed (1 by default)
#
# Uses the installed package. Results depend on the instruction set, R's version and the locale.
# These are stored in the file, and files with other values are rejected (exit status 2). Printed
# text and the wording of messages are not compared, but the classes of errors, warnings and
# messages are. Exported files are compared byte for byte, including comments. Kinds whose packages
# are not installed are skipped.

Sys.setenv(TZ = "UTC")
invisible(Sys.setlocale("LC_COLLATE", "C"))
options(warn = 1, cli.num_colors = 1, contrasts = c("contr.treatment", "contr.poly"))
arguments <- commandArgs(trailingOnly = TRUE)
option <- function(name, default) {
  given <- grep(paste0("^--", name, "="), arguments, value = TRUE)
  if (length(given) == 0) default else sub("^[^=]*=", "", given[1])
}
words <- grep("^--", arguments, value = TRUE, invert = TRUE)
seed <- as.integer(option("seed", 1))
if (nzchar(option("set", ""))) options(backprop.instruction_set = option("set"))
library(backprop)
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1]))
fixtures <- normalizePath(file.path(here, "..", "tests", "testthat", "fixtures"), mustWork = FALSE)

# --- The data -------------------------------------------------------------------------------------

RNGversion("4.0.0")
world <- new.env(parent = globalenv())
local(envir = world, {
  set.seed(20)
  X <- matrix(rnorm(24 * 4), 24, dimnames = list(NULL, c("a", "b", "c", "d")))
  z <- drop(X %*% c(1, -1, 0.5, 0)) + 0.1 * rnorm(24)
  y <- plogis(z)
  yy <- cbind(first = y, second = rev(y))
  soft <- yy / rowSums(yy)
  count <- as.numeric(rpois(24, exp(0.4 * X[, 1])))
  two <- factor(ifelse(z > 0, "yes", "no"))
  three <- factor(cut(z, c(-Inf, -0.7, 0.7, Inf), c("low", "mid", "high")))
  many <- factor(rep_len(letters[1:8], 24))
  w <- rep_len(c(1, 2, 0, 0.5), 24)
  o <- seq(-0.5, 0.5, length.out = 24)
  V <- list(X = X[1:6, ] + 0.1, y = z[1:6])
  V3 <- list(X = X[1:6, ] + 0.1, y = three[1:6], weights = c(1, 0, 2, 1, 1, 1))
  tutorial <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
  big <- matrix(rnorm(2500 * 12), 2500)
  big_z <- sin(big[, 1]) + big[, 2] * big[, 3]
  big_three <- factor(c("p", "q", "r")[1 + (big_z > -0.5) + (big_z > 0.7)])
  f <- mtcars
  f$cyl <- factor(f$cyl)
  f$gear <- factor(f$gear, ordered = TRUE)
  f$am <- f$am == 1
  f$maker <- sub(" .*", "", rownames(mtcars))
  f$maker[!f$maker %in% c("Merc", "Fiat", "Toyota")] <- "other"
  f$kind <- factor(ifelse(f$mpg > 20, "frugal", "thirsty"))
  f$size <- factor(cut(f$wt, c(0, 2.5, 3.4, 9), c("small", "middle", "large")), ordered = TRUE)
  f$case <- rep_len(c(1, 2, 0.5), 32)
  f$base <- log(f$carb)
  f$pair <- cbind(u = f$wt, v = f$qsec)
  holes <- f
  holes$wt[c(3, 9)] <- NA
  holes$cyl[5] <- NA
  holes$mpg[12] <- NA
  odd <- data.frame(
    `a b` = f$wt, `"q"` = f$hp, `x[1]` = f$drat, "\u00e9" = f$am,
    kind = factor(f$cyl, labels = c("it's", "\"\\?", "\u00fc \u4e2d")), check.names = FALSE
  )
  odd_X <- `colnames<-`(X, c("a b", "", "b", "b"))
  inputs <- f[c("wt", "hp", "cyl", "am", "maker")]
  many_rows <- data.frame(
    u = big[, 1], v = big[, 2], k = factor(rep_len(c("s", "t"), 2500)),
    z = big_z, class = big_three
  )[1:1200, ]
  has_matrix <- requireNamespace("Matrix", quietly = TRUE)
  dense <- ifelse(abs(big[1:60, ]) > 1, big[1:60, ], 0)
  dense[, 12] <- 0
  colnames(dense) <- paste0("t", 1:12)
  S <- if (has_matrix) methods::as(dense, "CsparseMatrix")
  S_z <- rowSums(dense[, 1:3])
  S_two <- factor(ifelse(S_z > 0, "up", "down"))
  S_count <- as.numeric(round(exp(0.3 * abs(S_z))))
  path <- function(name) file.path(tempdir(), name)
  net <- function(hidden = 3, outputs = 1, init = "tutorial") {
    set.seed(5)
    nn_init(4, outputs, hidden, init)
  }
  made <- function(...) {
    set.seed(6)
    nn_train(...)
  }
})

# --- The kinds: quoted calls by name --------------------------------------------------------------

# One call for each value, which replaces VALUE in it.
each <- function(stem, values, call) {
  fill <- function(value) do.call(substitute, list(call, list(VALUE = value)))
  label <- function(value) if (is.character(value)) value else paste(deparse(value), collapse = " ")
  named <- if (is.null(names(values))) vapply(values, label, "") else names(values)
  stats::setNames(lapply(values, fill), paste0(stem, ": ", named))
}

hidden_kinds <- c(
  "sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "silu",
  "softplus", "identity"
)
first_order <- c("gradient_descent", "momentum", "nesterov", "rmsprop", "adam", "adamw")
optimizers <- c(first_order, "rprop", "lbfgs", "lm")
inits <- c(
  "tutorial", "glorot_uniform", "glorot_normal", "he_uniform", "he_normal",
  "lecun_uniform", "lecun_normal"
)
set_optimizers <- alist(
  nn_gradient_descent(0.2), nn_momentum(0.05, momentum = 0.8),
  nn_nesterov(0.05, momentum = 0.7), nn_rmsprop(0.01, decay = 0.8, epsilon = 1e-6),
  nn_adam(0.01, beta1 = 0.8, beta2 = 0.99, epsilon = 1e-7), nn_adamw(0.01, weight_decay = 0.1),
  nn_rprop(0.05, less = 0.6, more = 1.3, least = 1e-5, most = 1), nn_lbfgs(history = 3),
  nn_lbfgs(gradient_tolerance = 1e-2), nn_lm(gradient_tolerance = 1e-2)
)
schedules <- alist(
  nn_step(2), nn_step(1, factor = 0.8), nn_exponential(0.9), nn_cosine(6),
  nn_cosine(4, least = 0.1), nn_warm_up(3), nn_warm_up(2, then = nn_cosine(4)),
  nn_warm_up(2, then = nn_step(2)), nn_plateau(0.5, patience = 1), nn_plateau(0.2, 2, 0.1)
)
losses <- alist("squared_error", "absolute", "huber", nn_huber(0.3), "quantile", nn_quantile(0.9))

matrix_fits <- c(
  list(
    tutorial = quote(nn_train(tutorial, c(1, 1, 0))),
    `tutorial, two outputs` = quote(nn_train(tutorial, cbind(c(1, 1, 0), c(0, 1, 1)), epochs = 50)),
    `integers and logicals` = quote(nn_train(round(X) + 0L, y > 0.5, epochs = 5)),
    `one row` = quote(nn_train(X[1, , drop = FALSE], 0.5, epochs = 3)),
    `no epochs` = quote(nn_train(X, y, epochs = 0)),
    `no epochs, batches` = quote(nn_train(X, y, epochs = 0, batch_size = 5)),
    `no names` = quote(nn_train(unname(X), y, epochs = 3)),
    `row names` = quote(nn_train(`rownames<-`(X, paste0("r", 1:24)), yy, epochs = 3)),
    `start` = quote(nn_train(X, y, start = net(), epochs = 4)),
    `start, batches` = quote(nn_train(X, y, start = net(), epochs = 4, batch_size = 5))
  ),
  each("activation", hidden_kinds, quote(nn_train(X, z,
    hidden = c(4, 3), activation = VALUE,
    output_activation = "identity", init = "glorot_normal", reduction = "mean", epochs = 4
  ))),
  each("activation, single", hidden_kinds, quote(nn_train(X, z,
    hidden = c(9, 5), loss = "huber",
    activation = VALUE, init = "glorot_normal", optimizer = "adam", epochs = 3, batch_size = 7,
    precision = "single"
  ))),
  each("activation, many rows", hidden_kinds, quote(nn_train(big, big_z,
    hidden = 19,
    activation = VALUE, output_activation = "identity", init = "glorot_uniform",
    reduction = "mean", epochs = 2
  ))),
  list(`activation, one for each layer` = quote(nn_train(X, y,
    hidden = c(4, 3, 2),
    activation = c("relu", "tanh", "gelu"), epochs = 4
  ))),
  each("output", c(hidden_kinds, "exp", "softmax"), quote(nn_train(X, yy,
    output_activation = VALUE,
    epochs = 4, learning_rate = 0.02
  ))),
  each("output, single", c(hidden_kinds, "exp", "softmax"), quote(nn_train(X, yy,
    output_activation = VALUE, epochs = 4, learning_rate = 0.02, precision = "single"
  ))),
  each("loss", losses, quote(nn_train(X, z,
    loss = VALUE, output_activation = "identity",
    reduction = "mean", epochs = 6
  ))),
  each("loss, L-BFGS", losses, quote(nn_train(X, yy,
    loss = VALUE, output_activation = "tanh",
    optimizer = "lbfgs", epochs = 6, reduction = "mean", penalty = 0.01
  ))),
  each("loss, default output", losses, quote(nn_train(X, y,
    loss = VALUE, epochs = 4,
    batch_size = 5, weights = w, learning_rate = 0.02
  ))),
  each("Poisson", c("exp", "softplus", "sigmoid"), quote(nn_train(X, count,
    loss = "poisson",
    output_activation = VALUE, reduction = "mean", epochs = 6
  ))),
  list(
    `Poisson: softmax` = quote(nn_train(X, soft,
      loss = "poisson", output_activation = "softmax",
      epochs = 5, learning_rate = 0.02
    )),
    `Poisson: single` = quote(nn_train(X, count,
      loss = "poisson", reduction = "mean", epochs = 5,
      precision = "single"
    )),
    `cross-entropy: shares` = quote(nn_train(X, y, loss = "cross_entropy", epochs = 5)),
    `cross-entropy: several shares` = quote(nn_train(X, yy, loss = "cross_entropy", epochs = 5)),
    `cross-entropy: soft classes` = quote(nn_train(X, soft,
      loss = "cross_entropy",
      output_activation = "softmax", epochs = 5
    )),
    `classes: two` = quote(nn_train(X, two, epochs = 6)),
    `classes: three` = quote(nn_train(X, three, epochs = 6)),
    `classes: eight` = quote(nn_train(X, many, epochs = 6)),
    `classes: ordered` = quote(nn_train(X, factor(three, ordered = TRUE), epochs = 6)),
    `classes: empty level` = quote(nn_train(X, factor(three, c(levels(three), "none")),
      epochs = 4
    )),
    `classes: squared error` = quote(nn_train(X, three, loss = "squared_error", epochs = 4)),
    `classes: sigmoid outputs` = quote(nn_train(X, three,
      output_activation = "sigmoid",
      epochs = 4
    )),
    `classes: single` = quote(nn_train(X, three, epochs = 6, precision = "single")),
    `classes: separated` = quote(nn_train(X, factor(X[, 1] > 0),
      hidden = 0, optimizer = "lbfgs",
      epochs = 200
    ))
  ),
  each("optimizer", optimizers, quote(nn_train(X, y,
    hidden = c(3, 2), optimizer = VALUE,
    epochs = 8
  ))),
  each("optimizer, wide", optimizers, quote(nn_train(big[1:300, ], big_z[1:300],
    hidden = 9,
    activation = "tanh", output_activation = "identity", init = "glorot_normal",
    reduction = "mean", penalty = 0.001, optimizer = VALUE, epochs = 5
  ))),
  each("optimizer, single", optimizers, quote(nn_train(X, y,
    optimizer = VALUE, epochs = 6,
    precision = "single"
  ))),
  each("optimizer, batches", first_order, quote(nn_train(X, yy,
    optimizer = VALUE, epochs = 4,
    batch_size = 7, penalty = 0.01
  ))),
  each("optimizer, weights and offset", optimizers, quote(nn_train(X, y,
    optimizer = VALUE,
    epochs = 4, weights = w, offset = o, penalty = 0.01
  ))),
  each("optimizer, validation", optimizers, quote(nn_train(X, z,
    output_activation = "identity",
    optimizer = VALUE, reduction = "mean", epochs = 8, validation = 0.25, patience = 3
  ))),
  each("optimizer, set", set_optimizers, quote(nn_train(X, y, optimizer = VALUE, epochs = 6))),
  list(
    `optimizer: L-BFGS to the end` = quote(nn_train(X, z,
      hidden = 2, activation = "tanh",
      output_activation = "identity", optimizer = "lbfgs", penalty = 0.1, epochs = 500
    )),
    `optimizer: Levenberg-Marquardt to the end` = quote(nn_train(X, z,
      hidden = 2, penalty = 0.1,
      output_activation = "identity", optimizer = "lm", epochs = 200
    )),
    `optimizer: Levenberg-Marquardt, outputs` = quote(nn_train(X, yy,
      hidden = 2, optimizer = "lm",
      epochs = 10
    )),
    `optimizer: Rprop with L1` = quote(nn_train(X, y,
      optimizer = "rprop", penalty_l1 = 0.01,
      epochs = 10
    )),
    `learning rate` = quote(nn_train(X, y, optimizer = "adam", learning_rate = 0.02, epochs = 5))
  ),
  each("schedule", schedules, quote(nn_train(X, y, schedule = VALUE, epochs = 8))),
  each("schedule, batches", schedules, quote(nn_train(X, y,
    schedule = VALUE, epochs = 6,
    batch_size = 5, optimizer = "adam", validation = 0.25
  ))),
  each("init", inits, quote(nn_train(X, y, hidden = c(3, 2), init = VALUE, epochs = 3))),
  each(
    "hidden", alist(0, 1, 2, 5, 8, 9, 16, 17, 33, c(4, 3), c(3, 1, 2), c(2, 2, 2, 2)),
    quote(nn_train(X, yy, hidden = VALUE, epochs = 4, batch_size = 10))
  ),
  each("hidden, single", alist(0, 1, 8, 17, 33, c(16, 5)), quote(nn_train(X, yy,
    hidden = VALUE,
    epochs = 4, batch_size = 10, precision = "single"
  ))),
  each("batches", alist(1, 2, 5, 12, 23, 24, 100, NULL), quote(nn_train(X, y,
    batch_size = VALUE,
    epochs = 4
  ))),
  each("batches, in order", alist(1, 7, NULL), quote(nn_train(X, y,
    batch_size = VALUE, epochs = 4,
    shuffle = FALSE
  ))),
  each("batches, many rows", alist(1, 64, 1000, 1024, 1025, NULL), quote(nn_train(big, big_three,
    hidden = 6, batch_size = VALUE, epochs = 2, reduction = "mean"
  ))),
  each("reduction", c("sum", "mean"), quote(nn_train(X, y,
    reduction = VALUE, batch_size = 7,
    penalty = 0.1, weights = w, epochs = 4
  ))),
  each("penalty", alist(0.01, 1), quote(nn_train(X, y, penalty = VALUE, epochs = 5))),
  each("penalty L1", alist(0.01, 1), quote(nn_train(X, y,
    penalty_l1 = VALUE, epochs = 5,
    batch_size = 5, optimizer = "adam"
  ))),
  list(`penalties` = quote(nn_train(X, y, penalty = 0.01, penalty_l1 = 0.02, epochs = 5))),
  each("dropout", alist(0.2, 0.5, c(0.1, 0.4), c(0, 0.5)), quote(nn_train(X, y,
    hidden = c(5, 4),
    dropout = VALUE, epochs = 4
  ))),
  list(
    `dropout, batches` = quote(nn_train(X, y,
      hidden = 8, dropout = 0.5, batch_size = 7,
      epochs = 4, optimizer = "adam"
    )),
    `dropout, single` = quote(nn_train(X, y,
      hidden = 8, dropout = 0.3, epochs = 4,
      precision = "single"
    ))
  ),
  each("clip", alist(0.01, 1), quote(nn_train(X, y, clip = VALUE, epochs = 5))),
  list(
    `clip, batches` = quote(nn_train(X, y,
      clip = 0.1, epochs = 4, batch_size = 5,
      optimizer = "momentum"
    )),
    `weights` = quote(nn_train(X, y, weights = w, epochs = 5)),
    `weights, mean` = quote(nn_train(X, three, weights = w, epochs = 5, reduction = "mean")),
    `weights, batches` = quote(nn_train(X, yy, weights = w, epochs = 4, batch_size = 5)),
    `class weights` = quote(nn_train(X, three, class_weights = c(1, 2, 3), epochs = 5)),
    `class weights by name` = quote(nn_train(X, two,
      class_weights = c(yes = 2, no = 1),
      epochs = 5
    )),
    `class weights, balanced` = quote(nn_train(X, three,
      class_weights = "balanced", weights = w,
      epochs = 5, batch_size = 5
    )),
    `offset` = quote(nn_train(X, y, offset = o, epochs = 5)),
    `offset, two outputs` = quote(nn_train(X, yy,
      offset = cbind(o, -o), epochs = 4,
      batch_size = 5
    )),
    `offset, Poisson` = quote(nn_train(X, count,
      loss = "poisson", offset = o, epochs = 5,
      reduction = "mean"
    )),
    `offset, two classes` = quote(nn_train(X, two, offset = o, epochs = 5))
  ),
  each("validation", alist(0.1, 0.25, 0.5), quote(nn_train(X, three,
    validation = VALUE,
    epochs = 6
  ))),
  list(
    `validation, given` = quote(nn_train(X, z,
      validation = V, output_activation = "identity",
      reduction = "mean", epochs = 8
    )),
    `validation, given with weights` = quote(nn_train(X, three, validation = V3, epochs = 8)),
    `validation, given with offset` = quote(nn_train(X, z,
      offset = o, epochs = 5,
      validation = list(X = X[1:5, ], y = z[1:5], offset = o[1:5])
    )),
    `validation, weights` = quote(nn_train(X, z, validation = 0.25, weights = w, epochs = 5)),
    `validation, batches and dropout` = quote(nn_train(X, two,
      validation = 0.25, batch_size = 4,
      dropout = 0.2, epochs = 6, optimizer = "adam"
    )),
    `validation, single` = quote(nn_train(X, two,
      validation = 0.25, epochs = 6,
      precision = "single"
    ))
  ),
  each("patience", alist(1, 3), quote(nn_train(X, three,
    validation = 0.25, patience = VALUE,
    optimizer = "adam", learning_rate = 0.1, epochs = 60
  ))),
  each("tolerance", alist(0.001, 0.1), quote(nn_train(X, y,
    patience = 2, tolerance = VALUE,
    epochs = 40
  ))),
  each("restarts", alist(2, 4), quote(nn_train(X, y, restarts = VALUE, epochs = 5))),
  list(
    `restarts, validation` = quote(nn_train(X, y,
      restarts = 3, epochs = 5, validation = 0.25,
      batch_size = 5
    )),
    `restarts, no outputs kept` = quote(nn_train(X, y,
      restarts = 3, epochs = 5,
      keep_fitted = FALSE
    )),
    `no outputs kept` = quote(nn_train(X, y, epochs = 5, keep_fitted = FALSE)),
    `no outputs kept, L-BFGS` = quote(nn_train(X, three,
      epochs = 5, keep_fitted = FALSE,
      optimizer = "lbfgs"
    )),
    `callback` = quote(nn_train(X, y, epochs = 5, callback = function(now) NULL)),
    `callback that stops` = quote(nn_train(X, y,
      epochs = 9, batch_size = 5,
      callback = function(now) now$epoch < 4
    )),
    `callback, every third` = quote(nn_train(X, y,
      epochs = 9,
      callback = nn_callback(function(now) now$history$loss > 0.1, every = 3)
    )),
    `callback that fails` = quote(nn_train(X, y,
      epochs = 9,
      callback = function(now) if (now$epoch == 3) stop("no")
    )),
    `checkpoint` = quote(nn_train(X, y, epochs = 5, checkpoint = path("checkpoint.rds"))),
    `diverged` = quote(nn_train(X * 1e3, z,
      output_activation = "identity", learning_rate = 10,
      activation = "relu", epochs = 50
    )),
    `diverged, batches` = quote(nn_train(X * 1e3, z,
      output_activation = "identity",
      learning_rate = 10, activation = "relu", batch_size = 5, epochs = 50
    ))
  ),
  each("threads", alist(1, 2, 3), quote(nn_train(big, big_z,
    hidden = c(24, 8), threads = VALUE,
    output_activation = "identity", activation = "relu", init = "he_normal", reduction = "mean",
    batch_size = 500, epochs = 2
  ))),
  each("threads, full batch", alist(1, 2), quote(nn_train(big, big_three,
    hidden = 24,
    threads = VALUE, optimizer = "lbfgs", reduction = "mean", epochs = 3
  ))),
  each("threads, single", alist(1, 2), quote(nn_train(big, big_z,
    hidden = 24, threads = VALUE,
    output_activation = "identity", reduction = "mean", epochs = 3, precision = "single"
  )))
)

continued_fits <- c(
  each("continue", optimizers, quote(nn_continue(made(X, y,
    optimizer = VALUE, epochs = 4,
    penalty = 0.01
  ), X, y, epochs = 4))),
  each("continue, batches", first_order, quote(nn_continue(made(X, three,
    optimizer = VALUE,
    epochs = 3, batch_size = 5, dropout = 0.2
  ), X, three, epochs = 3))),
  each("continue, single", c("adam", "lbfgs", "lm"), quote(nn_continue(made(X, y,
    epochs = 4,
    optimizer = VALUE, precision = "single"
  ), X, y, epochs = 3))),
  each("continue, schedule", schedules, quote(nn_continue(made(X, y, schedule = VALUE, epochs = 3),
    X, y,
    epochs = 4
  ))),
  list(
    `continue, validation` = quote(nn_continue(made(X, three, epochs = 3, validation = 0.25), X,
      three,
      epochs = 3
    )),
    `continue, validation given` = quote(nn_continue(made(X, z, epochs = 3, validation = V), X, z,
      epochs = 3, validation = V
    )),
    `continue, weights and offset` = quote(nn_continue(made(X, y,
      epochs = 3, weights = w,
      offset = o
    ), X, y, epochs = 3, weights = w, offset = o)),
    `continue, other data` = quote(nn_continue(made(X, y, epochs = 3), X[1:20, ], y[1:20],
      epochs = 3
    )),
    `continue, other data with L-BFGS` = quote(nn_continue(made(X, y,
      epochs = 3,
      optimizer = "lbfgs"
    ), X[1:20, ], y[1:20], epochs = 3)),
    `continue, other held-out data` = quote(nn_continue(made(X, z, epochs = 3, validation = V), X,
      z,
      epochs = 3, validation = list(X = V$X[1:3, ], y = V$y[1:3])
    )),
    `continue, ended` = quote(nn_continue(made(X, z,
      hidden = 2, output_activation = "identity",
      optimizer = "lm", penalty = 0.1, epochs = 200
    ), X, z, epochs = 3)),
    `continue, out of patience` = quote(nn_continue(made(X, y,
      patience = 2, tolerance = 0.1,
      epochs = 40
    ), X, y, epochs = 3)),
    `continue, patience anew` = quote(nn_continue(made(X, y,
      patience = 2, tolerance = 0.1,
      epochs = 40
    ), X, y, epochs = 9, patience = 4, tolerance = 0.01)),
    `continue, restarts` = quote(nn_continue(made(X, y, restarts = 2, epochs = 3), X, y,
      epochs = 3
    )),
    `continue, callback` = quote(nn_continue(made(X, y, epochs = 3), X, y,
      epochs = 8,
      callback = function(now) now$epoch < 6
    )),
    `continue, formula` = quote(nn_continue(made(mpg ~ wt + cyl, f,
      hidden = 3, epochs = 4,
      weights = case
    ), f, epochs = 4)),
    `continue, formula with calibration` = quote(nn_continue(made(mpg ~ wt + cyl, f,
      hidden = 3,
      epochs = 4, calibration = 0.3
    ), f, epochs = 4)),
    `continue, formula with missing values` = quote(nn_continue(made(mpg ~ wt + cyl, holes,
      hidden = 3, epochs = 4, subset = hp > 90
    ), holes, epochs = 4)),
    `continue, data frame` = quote(nn_continue(made(inputs, f$kind,
      hidden = 3, epochs = 4,
      validation = 0.2, optimizer = "adam"
    ), inputs, f$kind, epochs = 4)),
    `continue, checkpoint` = quote({
      made(X, y, epochs = 6, batch_size = 5, checkpoint = path("again.rds"))
      nn_continue(readRDS(path("again.rds")), X, y, epochs = 3)
    })
  )
)

formulas <- alist(
  mpg ~ ., mpg ~ wt, mpg ~ wt + cyl, mpg ~ wt * cyl, mpg ~ wt:hp + am,
  mpg ~ cyl + gear + am + maker, mpg ~ . - maker - kind - size - pair, mpg ~ wt - 1, mpg ~ cyl - 1,
  mpg ~ poly(wt, 2) + hp, mpg ~ splines::ns(wt, 3), mpg ~ splines::bs(wt, 4) * am,
  mpg ~ log(hp) + I(wt^2), mpg ~ scale(wt) + cut(hp, c(0, 100, 200, 400)), mpg ~ pair,
  mpg ~ wt + offset(qsec), log(mpg) ~ wt + hp, cbind(mpg, qsec) ~ wt + cyl, pair ~ hp + cyl,
  kind ~ wt + hp, am ~ wt + hp, maker ~ wt + hp + cyl, size ~ mpg + hp, cyl ~ mpg + gear,
  kind ~ wt + offset(base), mpg ~ factor(carb) + relevel(cyl, "8"), mpg ~ wt + (hp > 120),
  cut(mpg, c(0, 18, 22, 40)) ~ wt + hp, mpg ~ pmin(wt, 4) + ifelse(am, hp, 0)
)

data_fits <- c(
  each("formula", formulas, quote(nn_train(VALUE, f, hidden = 3, epochs = 6))),
  each("formula, Adam", formulas[c(1, 4, 10, 16, 18, 20, 22)], quote(nn_train(VALUE, f,
    hidden = 3,
    epochs = 6, optimizer = "adam", batch_size = 8, validation = 0.2
  ))),
  each("formula, optimizer", optimizers, quote(nn_train(mpg ~ wt + cyl, f,
    hidden = 3, epochs = 5,
    optimizer = VALUE
  ))),
  each("formula, activation", c("auto", "tanh", "sigmoid", "gelu"), quote(nn_train(kind ~ wt + cyl,
    f,
    activation = VALUE, hidden = c(5, 3), epochs = 5
  ))),
  each("na.action", c("na.omit", "na.exclude"), quote(nn_train(mpg ~ wt + cyl + hp, holes,
    hidden = 3, epochs = 5, na.action = VALUE
  ))),
  list(
    `na.action: na.fail` = quote(nn_train(mpg ~ wt + cyl, holes,
      epochs = 5,
      na.action = na.fail
    )),
    `na.action: na.exclude with calibration` = quote(nn_train(mpg ~ wt + cyl, holes,
      hidden = 3,
      epochs = 5, na.action = na.exclude, calibration = 0.3
    )),
    `no data` = quote(nn_train(z ~ X, hidden = 3, epochs = 5)),
    `data first` = quote(nn_train(f, mpg ~ wt + hp, hidden = 3, epochs = 5)),
    `by name` = quote(nn_train(data = f, formula = mpg ~ wt + hp, hidden = 3, epochs = 5)),
    `pipe` = quote(f |> nn_train(mpg ~ wt + hp, hidden = 3, epochs = 5)),
    `subset` = quote(nn_train(mpg ~ wt + hp, f, subset = hp > 100, hidden = 3, epochs = 5)),
    `weights` = quote(nn_train(mpg ~ wt + hp, f, weights = case, hidden = 3, epochs = 5)),
    `weights of 0` = quote(nn_train(mpg ~ wt + hp, f,
      weights = (hp > 100) + 0, hidden = 3,
      epochs = 5
    )),
    `offset` = quote(nn_train(mpg ~ wt, f, offset = qsec, hidden = 3, epochs = 5)),
    `offset twice` = quote(nn_train(mpg ~ wt + offset(base), f,
      offset = qsec, hidden = 3,
      epochs = 5
    )),
    `contrasts` = quote(nn_train(mpg ~ cyl + gear, f,
      hidden = 3, epochs = 5,
      contrasts = list(cyl = "contr.sum", gear = "contr.helmert")
    )),
    `counts` = quote(nn_train(carb ~ wt + hp, f, loss = "poisson", hidden = 3, epochs = 5)),
    `counts, offset` = quote(nn_train(carb ~ wt + offset(log(qsec)), f,
      loss = "poisson",
      hidden = 3, epochs = 5
    )),
    `counts, calibration` = quote(nn_train(carb ~ wt + hp, f,
      loss = "poisson", hidden = 3,
      epochs = 5, calibration = 0.4
    )),
    `not standardised` = quote(nn_train(mpg ~ wt + drat, f,
      hidden = 3, epochs = 5,
      standardize = FALSE
    )),
    `constant column` = quote(nn_train(mpg ~ wt + one, transform(f, one = 1),
      hidden = 3,
      epochs = 5
    )),
    `class weights` = quote(nn_train(size ~ mpg + hp, f,
      class_weights = "balanced", hidden = 3,
      epochs = 5
    )),
    `validation, data frame` = quote(nn_train(mpg ~ wt + cyl, f,
      validation = f[1:8, ], hidden = 3,
      epochs = 5
    )),
    `validation, list` = quote(nn_train(inputs, f$mpg,
      hidden = 3, epochs = 5,
      validation = list(X = inputs[1:8, ], y = f$mpg[1:8])
    )),
    `schedule` = quote(nn_train(mpg ~ wt, f, schedule = nn_cosine(5), hidden = 3, epochs = 5)),
    `restarts` = quote(nn_train(mpg ~ wt, f, restarts = 3, hidden = 3, epochs = 5)),
    `no outputs kept` = quote(nn_train(kind ~ wt, f, hidden = 3, epochs = 5, keep_fitted = FALSE)),
    `single` = quote(nn_train(mpg ~ wt + cyl, f, hidden = 3, epochs = 5, precision = "single")),
    `loss` = quote(nn_train(mpg ~ wt + cyl, f, hidden = 3, epochs = 5, loss = nn_quantile(0.8))),
    `huber` = quote(nn_train(mpg ~ wt + cyl, f, hidden = 3, epochs = 5, loss = "huber")),
    `output` = quote(nn_train(mpg ~ wt, f, hidden = 3, epochs = 5, output_activation = "softplus")),
    `sum` = quote(nn_train(mpg ~ wt, f, hidden = 3, epochs = 5, reduction = "sum", penalty = 1)),
    `dropout` = quote(nn_train(mpg ~ wt + hp, f, hidden = 8, epochs = 5, dropout = 0.3)),
    `no hidden layer` = quote(nn_train(mpg ~ wt + hp, f, hidden = 0, epochs = 20)),
    `start` = quote(nn_train(mpg ~ wt + hp + am + qsec, f, hidden = 3, epochs = 5, start = net())),
    `unused level` = quote(nn_train(mpg ~ cyl, f[f$cyl != "6", ], hidden = 3, epochs = 5)),
    `empty class` = quote(nn_train(cyl ~ mpg, f[f$cyl != "6", ], hidden = 3, epochs = 5)),
    `tibble` = quote(nn_train(mpg ~ wt + cyl, tibble::as_tibble(f), hidden = 3, epochs = 5)),
    `default, numbers` = quote(nn_train(mpg ~ wt + hp + cyl, f)),
    `default, classes` = quote(nn_train(Species ~ ., iris, epochs = 30)),
    `default, many rows` = quote(nn_train(z ~ u + v + k, many_rows, hidden = 8)),
    `default, many rows and classes` = quote(nn_train(class ~ u + v, many_rows,
      hidden = 5,
      patience = 3
    )),
    `default, many rows with epochs` = quote(nn_train(z ~ u + v, many_rows,
      hidden = 5,
      epochs = 3
    )),
    `default, many rows with validation` = quote(nn_train(class ~ u + v + k, many_rows,
      hidden = 5,
      epochs = 4, validation = 0.2, calibration = 0.1
    )),
    `penalty auto, many inputs` = quote(nn_train(z ~ ., data.frame(big[1:900, rep(1:12, 6)],
      z = big_z[1:900]
    ), hidden = 2, epochs = 2))
  ),
  each("data frame", alist(
    f$mpg, f$kind, f$am, f$maker, f$size, cbind(f$mpg, f$qsec),
    f[c("mpg", "qsec")], f["mpg"]
  ), quote(nn_train(inputs, VALUE, hidden = 3, epochs = 5))),
  list(
    `data frame, missing` = quote(nn_train(holes[c("wt", "cyl", "am")], holes$mpg,
      hidden = 3,
      epochs = 5
    )),
    `data frame, weights and offset` = quote(nn_train(inputs, f$mpg,
      weights = f$case,
      offset = f$qsec, hidden = 3, epochs = 5
    )),
    `odd names` = quote(nn_train(odd, f$mpg, hidden = 3, epochs = 5)),
    `odd names, formula` = quote(nn_train(kind ~ `a b` + `x[1]`, odd, hidden = 3, epochs = 5)),
    `odd names, matrix` = quote(nn_train(odd_X, three, epochs = 5)),
    `data frame, matrix column` = quote(nn_train(f[c("pair", "hp")], f$mpg,
      hidden = 3,
      epochs = 5
    ))
  ),
  each("calibration", alist(
    mpg ~ wt + cyl, cbind(mpg, qsec) ~ wt + cyl, kind ~ wt + hp,
    size ~ mpg + hp
  ), quote(nn_train(VALUE, f, hidden = 3, epochs = 5, calibration = 0.4))),
  list(
    `calibration, weights` = quote(nn_train(mpg ~ wt, f,
      hidden = 3, epochs = 5,
      calibration = 0.4, weights = (hp > 100) + 0
    )),
    `calibration, too few rows` = quote(nn_train(mpg ~ wt, f,
      hidden = 3, epochs = 5,
      calibration = 0.1
    )),
    `calibration, data frame` = quote(nn_train(inputs, f$kind,
      hidden = 3, epochs = 5,
      calibration = 0.3
    ))
  ),
  each("parsnip's function", alist("linear", "swish", "tanh"), quote(nn_train_parsnip(inputs, f$mpg,
    activation = VALUE, hidden = 3, epochs = 5
  ))),
  list(`caret's function` = quote(nn_caret()$fit(inputs, f$kind, NULL, list(
    hidden = 3,
    penalty = 0.1
  ), levels(f$kind), TRUE, NULL, TRUE, epochs = 5)))
)

sparse_fits <- c(
  each(
    "sparse", alist(S_z, S_two, factor(rep_len(letters[1:3], 60)), cbind(u = S_z, v = rev(S_z))),
    quote(nn_train(S, VALUE, hidden = 3, epochs = 5))
  ),
  each("sparse, optimizer", optimizers, quote(nn_train(S, S_z,
    hidden = 3, epochs = 5,
    optimizer = VALUE
  ))),
  list(
    `sparse, counts` = quote(nn_train(S, S_count, loss = "poisson", hidden = 3, epochs = 5)),
    `sparse, batches` = quote(nn_train(S, S_z,
      hidden = 4, epochs = 4, batch_size = 16,
      optimizer = "adam", validation = 0.2
    )),
    `sparse, single` = quote(nn_train(S, S_two, hidden = 4, epochs = 4, precision = "single")),
    `sparse, not standardised` = quote(nn_train(S, S_z,
      hidden = 4, epochs = 4,
      standardize = FALSE
    )),
    `sparse, calibration` = quote(nn_train(S, S_z, hidden = 4, epochs = 4, calibration = 0.3)),
    `sparse, weights and offset` = quote(nn_train(S, S_z,
      hidden = 4, epochs = 4,
      weights = rep(1:2, 30), offset = S_z / 2
    )),
    `sparse, validation given` = quote(nn_train(S, S_z,
      hidden = 3, epochs = 4,
      validation = list(X = S[1:9, ], y = S_z[1:9])
    )),
    `sparse, missing outcome` = quote(nn_train(S, replace(S_z, 4, NA), hidden = 3, epochs = 4)),
    `sparse, triplets` = quote(nn_train(methods::as(S, "TsparseMatrix"), S_z,
      hidden = 3,
      epochs = 4
    )),
    `sparse, default` = quote(nn_train(S, S_z, epochs = 20)),
    `sparse, continued` = quote(nn_continue(made(S, S_z,
      hidden = 3, epochs = 3, batch_size = 16,
      optimizer = "adam"
    ), S, S_z, epochs = 3)),
    `sparse, threads` = quote(nn_train(S, S_z, hidden = 4, epochs = 4, threads = 2))
  )
)

# Calls whose value is not a fit: the parts of the value are compared.
pieces <- c(
  list(
    sigmoid = quote(sigmoid(c(x = -800, y = -1, z = 0, 1, 800, NA))),
    derivatives_sigmoid = quote(derivatives_sigmoid(sigmoid(X))),
    perceptron = quote(perceptron(X, w = c(1, -1, 2, 0), b = 0.1, threshold = 0.2)),
    perceptron_vector = quote(perceptron(c(0, 1, 0))),
    nn_activations = quote(nn_activations()),
    nn_batches = quote(lapply(1:3, function(e) nn_batches(c(1, 4294967295), e, 23, 5)))
  ),
  each("nn_init", inits, quote(nn_init(4, 2, c(5, 3), VALUE))),
  each("nn_forward", hidden_kinds, quote(nn_forward(net(c(3, 2)), X, activation = VALUE))),
  each("nn_forward, output", c("exp", "softmax", "identity"), quote(nn_forward(net(3, 2), X,
    output_activation = VALUE, offset = cbind(o, o)
  ))),
  each("nn_backward", hidden_kinds, quote(nn_backward(net(c(3, 2)), X, y, activation = VALUE))),
  each("nn_backward, output", c(hidden_kinds, "exp", "softmax"), quote(nn_backward(net(3, 2), X, yy,
    output_activation = VALUE, reduction = "mean", penalty = 0.1, penalty_l1 = 0.01,
    weights = w
  ))),
  each("nn_backward, loss", losses, quote(nn_backward(net(), X, y, loss = VALUE))),
  list(
    `nn_backward: cross-entropy` = quote(nn_backward(net(3, 3), X, three)),
    `nn_backward: two classes` = quote(nn_backward(net(), X, two)),
    `nn_backward: Poisson` = quote(nn_backward(net(), X, count, loss = "poisson")),
    `nn_backward: no hidden layer` = quote(nn_backward(net(0), X, y)),
    `nn_backward: a fit` = quote(nn_backward(made(X, y, epochs = 3, penalty = 0.1), X, y)),
    `nn_update` = quote(nn_update(net(), nn_gradient(net(), X, y), 0.1)),
    `nn_update: a fit` = quote(nn_update(made(X, y, epochs = 3), nn_gradient(net(), X, y), 0.1)),
    `nn_loss: a fit` = quote(nn_loss(made(X, three, epochs = 3), X, three)),
    `nn_loss: a fit, weights and offset` = quote(nn_loss(made(X, y, epochs = 3, offset = o), X, y,
      weights = w, offset = o
    )),
    `nn_loss: many rows` = quote(nn_loss(
      made(big, big_z, epochs = 1, learning_rate = 1e-4), big,
      big_z
    )),
    `nn_gradient: many rows` = quote(nn_gradient(made(big, big_z,
      epochs = 1,
      learning_rate = 1e-4
    ), big, big_z))
  ),
  each("nn_loss", losses, quote(nn_loss(net(), X, y, loss = VALUE, penalty = 0.1))),
  each("nn_gradient", losses, quote(nn_gradient(net(), X, y, loss = VALUE, penalty_l1 = 0.1))),
  each("nn_check_gradient", hidden_kinds, quote(nn_check_gradient(net(c(3, 2)), X, y,
    activation = VALUE
  ))),
  each("nn_check_gradient, loss", losses, quote(nn_check_gradient(net(), X, y,
    loss = VALUE,
    output_activation = "identity", penalty_l1 = 0.01
  ))),
  list(
    `nn_check_gradient: softmax` = quote(nn_check_gradient(net(3, 3), X, three, weights = w)),
    `nn_check_gradient: Poisson` = quote(nn_check_gradient(net(), X, count,
      loss = "poisson",
      offset = o
    )),
    `nn_trace` = quote(nn_trace(tutorial, c(1, 1, 0))),
    `nn_trace: epochs` = quote(nn_trace(X, yy,
      hidden = c(3, 2), epochs = 3,
      activation = c("tanh", "gelu"), learning_rate = 0.05
    )),
    `nn_trace: softmax` = quote(nn_trace(X, yy, output_activation = "softmax", epochs = 2)),
    `nn_trace: start` = quote(nn_trace(X, y, start = net(0))),
    `predict: order of columns` = quote(predict(made(X, y, epochs = 3), X[5:1, c(3, 1, 4, 2)])),
    `predict: no rows` = quote(predict(made(X, three, epochs = 3), X[0, ], type = "prob")),
    `predict: many rows` = quote(predict(made(big, big_three, epochs = 2), big)),
    `predict: many rows, single` = quote(predict(made(big, big_three,
      epochs = 2,
      precision = "single"
    ), big)),
    `predict: missing` = quote(predict(made(mpg ~ wt + cyl, f, hidden = 3, epochs = 3), holes)),
    `predict: missing, omitted` = quote(predict(made(size ~ wt + cyl, f, hidden = 3, epochs = 3),
      holes,
      type = "class", na.action = na.omit
    )),
    `predict: characters for a factor` = quote(predict(
      made(mpg ~ cyl, f, hidden = 3, epochs = 3),
      transform(f, cyl = as.character(cyl))
    )),
    `predict: the training cases` = quote(predict(made(mpg ~ wt + cyl, holes,
      hidden = 3,
      epochs = 3, na.action = na.exclude
    ))),
    `predict: sparse for a plain fit` = quote(predict(made(big[, 1:12], big_z, epochs = 2), S)),
    `nn_loss: sparse for a plain fit` = quote(nn_loss(made(big, big_z, epochs = 2), S, S_z)),
    `nn_gradient: sparse fit` = quote(nn_gradient(made(S, S_z, hidden = 3, epochs = 2), S, S_z)),
    `callback's argument` = quote({
      seen <- list()
      keep <- function(now) seen <<- c(seen, list(now))
      made(X, three,
        epochs = 4, optimizer = "adam", schedule = nn_step(2), validation = 0.25,
        callback = nn_callback(keep, every = 2)
      )
      seen
    }),
    `nn_train: the error's fit` = quote({
      failed <- tryCatch(made(X * 1e3, z,
        output_activation = "identity", learning_rate = 10,
        activation = "relu", epochs = 50
      ), error = identity)
      list(failed$fit$state$epoch, failed$fit$stop, nn_doctor(failed$fit)$found)
    }),
    `predict: levels` = quote(lapply(c(0.5, 0.8, 0.99), function(level) {
      predict(made(mpg ~ wt, f,
        hidden = 3, epochs = 3, calibration = 0.5
      ), f, interval = "prediction", level = level)
    })),
    `augment with intervals` = quote(as.list(generics::augment(made(size ~ mpg, f,
      hidden = 3,
      epochs = 3, calibration = 0.5
    ), f, interval = "prediction"))),
    `formula()` = quote(deparse(formula(made(mpg ~ wt * cyl, f, hidden = 3, epochs = 1)))),
    `caret's grid` = quote(list(nn_caret()$grid(len = 3), nn_caret()$parameters))
  ),
  each("optimizer object", set_optimizers, quote(unlist(VALUE[c("name", "learning_rate")]))),
  each("cv, formula", alist(
    mpg ~ wt + cyl, kind ~ wt + hp, size ~ mpg + hp, log(mpg) ~ poly(wt, 2),
    cbind(mpg, qsec) ~ wt, mpg ~ wt + offset(qsec)
  ), quote(nn_cv(VALUE, f,
    folds = 3, hidden = 3,
    epochs = 4
  ))),
  list(
    `cv, matrix` = quote(nn_cv(X, y, folds = 4, epochs = 4)),
    `cv, matrix of classes` = quote(nn_cv(X, three, folds = 3, repeats = 2, epochs = 4)),
    `cv, matrix with weights and offset` = quote(nn_cv(X, y,
      folds = 3, epochs = 4, weights = w,
      offset = o
    )),
    `cv, data frame` = quote(nn_cv(inputs[1:4], f$mpg, folds = 3, hidden = 3, epochs = 4)),
    `cv, sparse` = quote(nn_cv(S, S_two, folds = 3, hidden = 3, epochs = 4)),
    `cv, folds given` = quote(nn_cv(mpg ~ wt, f,
      folds = rep_len(c("p", "q", "r"), 32), hidden = 3,
      epochs = 4
    )),
    `cv, one out` = quote(nn_cv(X, y, folds = 24, epochs = 2, metrics = c("rmse", "mae"))),
    `cv, metrics` = quote(nn_cv(size ~ mpg + hp, f,
      folds = 3, hidden = 3, epochs = 4,
      metrics = list("accuracy", "log_loss", "brier", "auc", own = function(y, p) mean(p))
    )),
    `cv, metrics of numbers` = quote(nn_cv(carb ~ mpg + hp, f,
      folds = 3, hidden = 3, epochs = 4,
      loss = "poisson", metrics = c("rmse", "mae", "r_squared", "poisson_deviance")
    )),
    `cv, fits kept` = quote(nn_cv(mpg ~ wt, f,
      folds = 3, hidden = 3, epochs = 4,
      keep_fits = TRUE
    )),
    `cv, missing and subset` = quote(nn_cv(mpg ~ wt + cyl, holes,
      subset = hp > 80, folds = 3,
      hidden = 3, epochs = 4, weights = case
    )),
    `cv, validation and batches` = quote(nn_cv(X, two,
      folds = 3, epochs = 4, validation = 0.25,
      batch_size = 5, optimizer = "adam"
    )),
    `cv, rare class` = quote(nn_cv(X, many, folds = 5, epochs = 2))
  ),
  list(
    `mlr3` = quote({
      learner <- nn_mlr3("regr")
      learner$param_set$set_values(hidden = 3, epochs = 5)
      learner$train(mlr3::tsk("mtcars"))
      learner$predict(mlr3::tsk("mtcars"))$response
    }),
    `parsnip` = quote({
      model <- parsnip::mlp("classification", hidden_units = 3, epochs = 5)
      fit <- parsnip::fit(parsnip::set_engine(model, "backprop"), kind ~ wt + hp, data = f)
      lapply(c("class", "prob"), function(type) as.list(predict(fit, f, type = type)))
    })
  ),
  each("fixture", c("fit-schema-0.rds", "fit-schema-1.rds", "fit-schema-1-data.rds"), quote({
    stored <- readRDS(file.path(fixtures, VALUE))
    cases <- if (is.null(stored$X)) stored$data else stored$X
    list(coef(stored$fit), predict(stored$fit, cases), identical(
      predict(stored$fit, cases),
      stored$predictions
    ), unclass(stored$fit)$history)
  })),
  each("fixture", c("fit-schema-1.json", "fit-schema-1-data.json"), quote({
    fit <- nn_load(file.path(fixtures, VALUE))
    stored <- readRDS(file.path(fixtures, sub("json$", "rds", VALUE)))
    cases <- if (is.null(stored$X)) stored$data else stored$X
    list(coef(fit), predict(fit, cases), unclass(fit)$history)
  })),
  list(`fixture goes on` = quote({
    stored <- readRDS(file.path(fixtures, "fit-schema-1.rds"))
    y <- factor(c("no", "yes", "maybe", "no", "yes", "maybe", "no", "yes"))
    longer <- nn_continue(stored$fit, stored$X, y, epochs = 5)
    list(coef(longer), longer$history, longer$stop)
  }))
)

# Invalid calls: the classes of their errors are compared.
mistakes <- alist(
  nn_train(), nn_train(X), nn_train(1:3, y), nn_train("a", y), nn_train(X * 1i, y),
  nn_train(X[0, ], y[0]), nn_train(replace(X, 3, NA), y), nn_train(X, y[1:2]),
  nn_train(X, replace(y, 2, Inf)), nn_train(X, rep("a", 24)), nn_train(X, as.data.frame(y)),
  nn_train(X, factor(rep("a", 24))), nn_train(X, y, hidden = 2.7), nn_train(X, y, hidden = -1),
  nn_train(X, y, hidden = c(3, 0)), nn_train(X, y, epochs = -1), nn_train(X, y, epochs = NA),
  nn_train(X, y, batch_size = 0), nn_train(X, y, learning_rate = 0), nn_train(X, y, shuffle = NA),
  nn_train(X, y, activation = "sigmiod"), nn_train(X, y, activation = "softmax"),
  nn_train(X, y, output_activation = "softmax"), nn_train(X, y, lerning_rate = 1),
  nn_train(X, y, 3, "tanh", NULL, NULL, "total"), nn_train(X, y, keep_fitted = "no"),
  nn_train(X, y, start = list(1)), nn_train(X, y, start = net(), restarts = 2),
  nn_train(X, y, init = "zero"), nn_train(X, y, restarts = 0), nn_train(X, y, penalty = -1),
  nn_train(X, y, penalty_l1 = "a"), nn_train(X, y, dropout = 1), nn_train(X, y, schedule = 1),
  nn_train(X, y, hidden = 0, dropout = 0.5), nn_train(X, y, clip = 0), nn_train(X, y, weights = -w),
  nn_train(X, y, weights = 1:3), nn_train(X, y, class_weights = "balanced"),
  nn_train(X, three, class_weights = c(1, 2)), nn_train(X, y, offset = 1:3),
  nn_train(X, y, validation = 1), nn_train(X, y, validation = list(X = X)),
  nn_train(X, y, patience = 0), nn_train(X, y, tolerance = -1), nn_train(X, y, callback = 1),
  nn_train(X, y, callback = function() 1), nn_train(X, y, checkpoint = 1),
  nn_train(X, y, checkpoint = "no/such/folder/x.rds"), nn_train(X, y, precision = "half"),
  nn_train(X, y, threads = 0), nn_train(X, y, optimizer = "adan"), nn_train(X, y, loss = "abs"),
  nn_train(X, y, optimizer = "lbfgs", learning_rate = 1),
  nn_train(X, y, optimizer = nn_adam(0.1), learning_rate = 1),
  nn_train(X, y, optimizer = "lbfgs", batch_size = 5),
  nn_train(X, y, optimizer = "lm", loss = "huber"),
  nn_train(X, y, loss = "cross_entropy", output_activation = "identity"),
  nn_train(X, y * 2, loss = "cross_entropy"), nn_train(X, -y, loss = "poisson"),
  nn_train(X, yy, loss = "cross_entropy", output_activation = "softmax"),
  nn_train(~wt, f), nn_train(mpg ~ nothing, f), nn_train(mpg ~ wt, f, hiden = 3),
  nn_train(mpg ~ wt, f, 3), nn_train(mpg ~ wt, f, subset = "a"),
  nn_train(mpg ~ mpg, f), nn_train(mpg ~ wt, f, weights = "a"), nn_train(mpg ~ wt, f[0, ]),
  nn_train(mpg ~ wt, f, calibration = 1), nn_train(mpg ~ wt, f, calibration = 0.001),
  nn_train(mpg ~ wt, f, standardize = 1), nn_train(mpg ~ wt, f, na.action = "nothing"),
  nn_train(mpg ~ cyl, f, contrasts = list(cyl = "none")), nn_train(inputs, ~wt),
  nn_train(mpg ~ day, transform(f, day = as.Date("2020-01-01") + hp)),
  nn_train(mpg ~ wt, transform(f, wt = replace(wt, 2, Inf))), nn_train(inputs, f$mpg[1:3]),
  nn_train(kind ~ wt, f[f$kind == "thirsty", ], epochs = 2), nn_train(inputs, list(1, 2)),
  nn_continue(), nn_continue(list(), X, y, 1), nn_continue(made(X, y, epochs = 1), X, y),
  nn_continue(made(X, y, epochs = 1), X[, 1:3], y, 1),
  nn_continue(made(X, y, epochs = 1), X, y, 1, validation = V),
  nn_continue(made(X, y, epochs = 1), X, y, 1, offset = o),
  nn_continue(made(X, y, epochs = 1, offset = o), X, y, 1),
  nn_continue(made(X, y, epochs = 1, weights = w), X, y, 1),
  nn_continue(made(X, z, epochs = 1, validation = V), X, z, 1),
  nn_continue(made(X, y, epochs = 1), X, y, 1, rate = 2),
  predict(made(X, y, epochs = 1), X[, 1:2]), predict(made(X, y, epochs = 1), X, type = "prob"),
  predict(made(X, y, epochs = 1), X, type = "a"), predict(made(X, y, epochs = 1), f),
  predict(made(X, y, epochs = 1), X, interval = "prediction"),
  predict(made(X, y, epochs = 1), X, level = 2), predict(made(X, y, epochs = 1), new_data = X),
  predict(made(X, y, epochs = 1, offset = o), X), predict(made(X, y, epochs = 1), X, offset = o),
  predict(made(X, y, epochs = 1, keep_fitted = FALSE)),
  predict(made(mpg ~ wt + cyl, f, hidden = 2, epochs = 1), f["wt"]),
  predict(made(mpg ~ cyl, f, hidden = 2, epochs = 1), data.frame(cyl = "5")),
  predict(made(mpg ~ wt, f, hidden = 2, epochs = 1), transform(f, wt = "a")),
  predict(made(mpg ~ wt, f, hidden = 2, epochs = 1), holes, na.action = na.fail),
  predict(made(mpg ~ wt, f, hidden = 2, epochs = 1), X), fitted(made(X, y, epochs = 1), 2),
  residuals(made(X, y, epochs = 1), type = "pearson"), terms(made(X, y, epochs = 1)),
  made(X, y, hidden = c(2, 2), epochs = 1)$wh, plot(made(X, y, epochs = 1), type = "none"),
  nn_cv(), nn_cv(X, y, folds = 1), nn_cv(X, y, folds = 1:3), nn_cv(X, y, folds = rep(1, 24)),
  nn_cv(X, y, metrics = "accuracy"), nn_cv(X, y, repeats = 0), nn_cv(X, y, keep_fits = 2),
  nn_cv(X, y, checkpoint = "a"), nn_cv(X, y, hiden = 3), nn_cv(mpg ~ wt, f, metrics = 1),
  nn_cv(X, y, folds = rep(1:2, 12), repeats = 2), nn_init(), nn_init(2.5, 1),
  nn_init(2, 1, init = 1), nn_init(1e9, 1, 1e6), nn_forward(), nn_forward(net(), X[, 1:2]),
  nn_forward(1, X), nn_forward(net(), X, activation = "a"), nn_forward(net(), X, z = 1),
  nn_backward(net(), X), nn_backward(net(), X, yy), nn_update(net()),
  nn_update(net(), net(2), 0.1),
  nn_update(net(), net(), 0), nn_loss(net(), X, y, loss = "a"), nn_loss(net(), X, y, penalty = -1),
  nn_gradient(net(), X, y, reduction = "a"), nn_check_gradient(net(), X * 1e200, y),
  nn_batches(1, 1, 10, 5), nn_batches(c(1, 2), 0, 10, 5), nn_batches(c(1, 2), 1, 10),
  nn_trace(X), nn_trace(X, three), nn_trace(X, y, epochs = 0), nn_trace(X, y, hidde = 2),
  nn_trace(X * 1e200, z, output_activation = "identity", activation = "relu"),
  nn_doctor(), nn_doctor(1), sigmoid(), sigmoid("a"), derivatives_sigmoid("a"), perceptron(),
  perceptron(X, w = 1:3), perceptron(X, b = "a"), perceptron(replace(X, 2, NA)), nn_adam(-1),
  nn_adam(beta1 = 1), nn_adamw(weight_decay = -1), nn_momentum(momentum = 1), nn_rmsprop(decay = 2),
  nn_nesterov(0), nn_gradient_descent("a"), nn_rprop(less = 1), nn_rprop(more = 1),
  nn_rprop(least = 2, most = 1), nn_lbfgs(history = 0), nn_lm(gradient_tolerance = -1), nn_huber(0),
  nn_quantile(1), nn_step(), nn_step(0), nn_exponential(2), nn_cosine(1), nn_cosine(5, least = 2),
  nn_warm_up(), nn_warm_up(2, then = nn_plateau()), nn_warm_up(2, then = 1),
  nn_plateau(patience = 0), nn_callback(), nn_callback(1), nn_callback(function() 1),
  nn_callback(identity, every = 0), nn_instruction_sets("mmx"), nn_mlr3("surv"),
  nn_save(1, path("a.json")), nn_save(made(X, y, epochs = 1)),
  nn_save(made(X, y, epochs = 1), 1),
  nn_save(made(X, y, epochs = 1), "no/such/folder/a.json"), nn_load(), nn_load("nothing.json"),
  nn_load(file.path(fixtures, "numpy-loop.csv")), nn_load(tempdir()), nn_load(1),
  nn_export(1, path("a.c")), nn_export(made(X, y, epochs = 1), path("a.py")),
  nn_export(made(X, y, epochs = 1), path("a.c"), table = "b"),
  nn_export(made(X, y, epochs = 1), path("a.c"), name = "for"),
  nn_export(made(X, y, epochs = 1), path("a.sql"), keep = 1),
  nn_export(made(X, y, epochs = 1, offset = o), path("a.R")),
  nn_export(made(mpg ~ poly(wt, 2), f, hidden = 2, epochs = 1), path("a.sql")),
  nn_train_parsnip(data.frame(`offset(a)` = 1:3, check.names = FALSE), 1:3, "tanh"),
  nn_train_parsnip(inputs, f$mpg, activation = "a")
)

kinds <- c(
  stats::setNames(matrix_fits, paste("matrix,", names(matrix_fits))), continued_fits,
  stats::setNames(data_fits, paste("data,", names(data_fits))), sparse_fits, pieces,
  stats::setNames(mistakes, paste("error,", vapply(mistakes, deparse1, "")))
)
stopifnot(!anyDuplicated(names(kinds)))
kinds <- kinds[grepl(option("only", ""), names(kinds))]

# The packages that a kind requires.
needs <- c(
  `sparse` = "Matrix", `^mlr3` = "mlr3", `^mlr3` = "paradox", `^parsnip$` = "parsnip",
  `splines::` = "splines", `tibble` = "tibble", `augment` = "generics", `json` = "jsonlite",
  `nn_load` = "jsonlite"
)
lacks <- function(kind) {
  packages <- unique(needs[vapply(names(needs), grepl, NA, x = kind)])
  !all(vapply(packages, requireNamespace, NA, quietly = TRUE))
}

# --- Digests --------------------------------------------------------------------------------------

# A value without the order of its attributes and the environments of its functions.
bare <- function(x) {
  if (is.environment(x)) {
    return("environment")
  }
  if (is.function(x) || is.language(x)) {
    return(deparse(x))
  }
  kept <- if (isS4(x)) NULL else attributes(x)
  if (is.list(x)) x <- lapply(unclass(x), bare)
  if (!isS4(x)) attributes(x) <- NULL
  list(x, lapply(kept[sort(names(kept))], bare))
}
# Version 2, because version 3 depends on the internal representation (1:3 or c(1L, 2L, 3L)).
digest <- function(x) rlang::hash(serialize(bare(x), NULL, version = 2))

classes_of <- function(condition) paste(class(condition), collapse = "/")

# The value or error of an expression, with the classes of its warnings and messages.
watch <- function(expression) {
  seen <- character()
  note <- function(restart) {
    function(condition) {
      seen <<- c(seen, classes_of(condition))
      invokeRestart(restart)
    }
  }
  value <- tryCatch(withCallingHandlers(expression,
    warning = note("muffleWarning"),
    message = note("muffleMessage")
  ), error = identity)
  list(value = value, conditions = paste(seen, collapse = " "))
}

# The cases and offsets to predict: the data of a call, or NULL.
cases_of <- function(call) {
  maker <- if (is.symbol(call[[1]])) as.character(call[[1]]) else ""
  if (!maker %in% c("nn_train", "nn_train_parsnip", "nn_continue")) {
    return(NULL)
  }
  given <- as.list(call)[-1]
  unnamed <- if (is.null(names(given))) given else given[names(given) == ""]
  if (maker == "nn_continue") unnamed <- unnamed[-1]
  is_formula <- function(x) is.call(x) && identical(x[[1]], quote(`~`))
  place <- if (!is.null(given$data)) given$data else Filter(Negate(is_formula), unnamed)[1][[1]]
  if (is.null(place)) {
    return(NULL)
  }
  cases <- eval(place, world)
  if (!is.data.frame(cases) && length(dim(cases)) != 2) {
    return(NULL)
  }
  offset <- eval(given$offset, if (is.data.frame(cases)) cases, world)
  few <- seq_len(min(12, nrow(cases)))
  at <- function(x) if (length(dim(x)) == 2) x[few, , drop = FALSE] else x[few]
  list(cases = at(cases), offset = if (!is.null(offset)) at(offset))
}

predictions <- function(fit, cases, offset) {
  type <- function(type) predict(fit, cases, offset = offset, type = type)
  classes <- !is.null(unclass(fit)$levels)
  region <- function() predict(fit, cases, offset = offset, interval = "prediction", level = 0.8)
  list(
    response = type("response"), class = if (classes) type("class"),
    prob = if (classes) type("prob"),
    interval = if (!is.null(unclass(fit)$calibration)) watch(region())$value
  )
}

bytes_of <- function(file) readBin(file, "raw", file.size(file))
exported <- function(fit, ending) {
  file <- tempfile(fileext = ending)
  on.exit(unlink(file))
  nn_export(fit, file)
  bytes_of(file)
}
saved <- function(fit) {
  file <- tempfile(fileext = ".json")
  nn_save(fit, file)
  file
}

# The parts of a fit that are compared. `plain`: the fit as a list; `known`: cases to predict.
fit_parts <- alist(
  coefficients = coef(fit), output = plain[["output"]],
  residuals = plain[["residuals"]],
  fitted = if (!is.null(plain[["output"]])) list(fitted(fit), residuals(fit)),
  history = as.list(plain[["history"]]), objective = plain[["objective"]], stop = plain[["stop"]],
  best_epoch = plain[["best_epoch"]], levels = list(plain[["levels"]], plain[["ordered"]]),
  rows = nobs(fit), inputs = plain[["inputs"]], outputs = plain[["outputs"]],
  weights = state[["weights"]], epoch = state[["epoch"]], seed = state[["seed"]],
  best_loss = state[["best_loss"]], best_weights = state[["best_weights"]],
  center = encoding[["center"]], scale = encoding[["scale"]],
  calibration = plain[["calibration"]], na.action = as.vector(plain[["na.action"]]),
  chosen = plain[["chosen"]], summary = summary(fit)[c("parameters", "objective", "accuracy")],
  errors = as.list(summary(fit)$errors), layers = as.list(summary(fit)$layers),
  doctor = as.list(nn_doctor(fit))[c("check", "found")],
  predictions = if (!is.null(known)) predictions(fit, known$cases, known$offset),
  saved = bytes_of(file), onnx = exported(fit, ".onnx"), sql = exported(fit, ".sql"),
  r = exported(fit, ".R"), c = exported(fit, ".c")
)
broom_parts <- alist(
  tidy = as.list(generics::tidy(fit)), glance = as.list(generics::glance(fit)),
  augment = if (!is.null(known) && !inherits(known$cases, "Matrix")) {
    as.list(generics::augment(fit, known$cases, offset = known$offset))
  }
)
load_parts <- alist(loaded = if (!is.null(known) && file.exists(file)) {
  predictions(nn_load(file), known$cases, known$offset)
})

cv_parts <- alist(
  metrics = as.list(value$metrics), predictions = as.list(value$predictions),
  probabilities = value$probabilities, summary = as.list(summary(value)), n = value$n,
  fits = lapply(value$fits, coef)
)
trace_parts <- alist(network = value$network, steps = lapply(value$epochs, function(traced) {
  lapply(traced$steps, function(step) step[c("number", "name", "value")])
}))

# The digest of a part. An error is replaced by its classes, and classes of warnings are added.
kept <- function(part, where) {
  seen <- watch(eval(part, where))
  if (inherits(seen$value, "error")) {
    return(classes_of(seen$value))
  }
  paste0(digest(seen$value), if (nzchar(seen$conditions)) paste0(" ", seen$conditions))
}

parts_of <- function(value, known) {
  where <- new.env(parent = globalenv())
  where$value <- value
  error <- if (inherits(value, "error")) c(error = classes_of(value))
  if (!is.null(error)) {
    where$value <- value <- value$fit
    if (is.null(value)) {
      return(error)
    }
  }
  has <- function(package) requireNamespace(package, quietly = TRUE)
  parts <- if (inherits(value, "nn_fit")) {
    c(
      fit_parts, if (has("generics")) broom_parts,
      if (has("jsonlite")) load_parts
    )
  } else if (inherits(value, "nn_cv")) {
    cv_parts
  } else if (inherits(value, "nn_trace")) {
    trace_parts
  } else {
    alist(value = value)
  }
  if (inherits(value, "nn_fit")) {
    where$fit <- value
    where$plain <- unclass(value)
    where$state <- where$plain[["state"]]
    where$encoding <- where$plain[["encoding"]]
    where$known <- known
    file <- watch(saved(value))$value
    where$file <- if (is.character(file)) file else "none"
    on.exit(unlink(where$file))
    if (!is.character(file)) parts$saved <- bquote(stop(.(file)))
  }
  c(error, vapply(parts, kept, "", where))
}

run_kind <- function(name) {
  table <- function(parts) data.frame(kind = name, what = names(parts), digest = unname(parts))
  if (lacks(name)) {
    return(table(c(skipped = "skipped")))
  }
  set.seed(seed)
  ran <- watch(eval(kinds[[name]], world))
  random <- digest(get(".Random.seed", globalenv()))
  parts <- parts_of(ran$value, cases_of(kinds[[name]]))
  if (startsWith(name, "error, ") && !inherits(ran$value, "error")) parts <- c(error = "none")
  table(c(parts, conditions = ran$conditions, `random numbers` = random))
}

about <- function() {
  list(
    set = attr(nn_instruction_sets(), "chosen"), R = R.version.string,
    platform = R.version$platform, locale = Sys.getlocale("LC_CTYPE")
  )
}

run_all <- function() {
  began <- proc.time()[[3]]
  table <- do.call(rbind, lapply(names(kinds), run_kind))
  cat(
    length(kinds), "kinds,", nrow(table), "digests,", round(proc.time()[[3]] - began),
    "seconds, instruction set", about()$set, "\n"
  )
  structure(table, about = about())
}

# --- Commands -------------------------------------------------------------------------------------

refuse_others <- function(reference) {
  mine <- about()
  for (what in names(mine)) {
    if (!identical(mine[[what]], reference[[what]])) {
      message(
        "Not comparable: the reference has ", what, " ", reference[[what]], ", this is ",
        mine[[what]], ".", if (what == "set") " Use --set=NAME."
      )
      quit(status = 2)
    }
  }
}

report <- function(passed, failed, skipped) {
  cat(passed, " passed, ", failed, " failed, ", skipped, " skipped\n", sep = "")
  quit(status = if (failed > 0) 1 else 0)
}

record <- function(file) saveRDS(run_all(), file)

# A part that is in only one of the two tables has failed, except for new kinds.
compare <- function(file) {
  reference <- readRDS(file)
  refuse_others(attr(reference, "about"))
  reference <- reference[grepl(option("only", ""), reference$kind), ]
  now <- run_all()
  both <- merge(reference, now, by = c("kind", "what"), all = TRUE, suffixes = c("_then", "_now"))
  left_out <- c(
    reference$kind[reference$what == "skipped"], now$kind[now$what == "skipped"],
    setdiff(now$kind, reference$kind)
  )
  skipped <- both$kind %in% left_out
  same <- !is.na(both$digest_then) & !is.na(both$digest_now) & both$digest_then == both$digest_now
  different <- both[!skipped & !same, ]
  plain <- function(x) ifelse(is.na(x), "absent", ifelse(nchar(x) == 32, substr(x, 1, 8), x))
  for (kind in unique(different$kind)) {
    rows <- different[different$kind == kind, ]
    cat("FAILED ", kind, "\n", paste0(
      "  ", rows$what, ": ", plain(rows$digest_then), " -> ",
      plain(rows$digest_now), "\n"
    ), sep = "")
  }
  report(sum(same & !skipped), nrow(different), length(unique(both$kind[skipped])))
}

file_stem <- function(folder, number) file.path(folder, sprintf("%03d", number))

save_all <- function(folder) {
  dir.create(folder, recursive = TRUE, showWarnings = FALSE)
  count <- 0
  for (name in names(kinds)) {
    if (!lacks(name)) {
      set.seed(seed)
      fit <- watch(eval(kinds[[name]], world))$value
      known <- cases_of(kinds[[name]])
      if (!inherits(fit, "nn_fit") || is.null(known)) next
      stem <- file_stem(folder, count + 1)
      json <- watch({
        nn_save(fit, paste0(stem, ".json"))
        nn_load(paste0(stem, ".json"))
      })$value
      if (inherits(json, "error")) unlink(paste0(stem, ".json"))
      count <- count + 1
      saveRDS(fit, paste0(stem, ".rds"))
      saveRDS(list(
        kind = name, newdata = known$cases, offset = known$offset,
        predictions = predictions(fit, known$cases, known$offset)
      ), paste0(stem, "-cases.rds"))
    }
  }
  saveRDS(
    c(about(), version = as.character(utils::packageVersion("backprop")), count = count),
    file.path(folder, "about.rds")
  )
  cat(count, "fits saved,", length(Sys.glob(file.path(folder, "*.json"))), "of them as JSON too\n")
}

load_all <- function(folder) {
  reference <- readRDS(file.path(folder, "about.rds"))
  refuse_others(reference)
  has_json <- requireNamespace("jsonlite", quietly = TRUE)
  passed <- failed <- skipped <- 0
  for (number in seq_len(reference$count)) {
    stem <- file_stem(folder, number)
    known <- readRDS(paste0(stem, "-cases.rds"))
    for (ending in c(".rds", ".json")) {
      file <- paste0(stem, ending)
      if (lacks(known$kind) || (ending == ".json" && !(has_json && file.exists(file)))) {
        skipped <- skipped + 1
        next
      }
      now <- watch(predictions(
        if (ending == ".rds") readRDS(file) else nn_load(file),
        known$newdata, known$offset
      ))$value
      same <- digest(now) == digest(known$predictions)
      if (!same) {
        cat("FAILED ", known$kind, " (", basename(file), ")",
          if (inherits(now, "error")) paste(":", classes_of(now)), "\n",
          sep = ""
        )
      }
      passed <- passed + same
      failed <- failed + !same
    }
  }
  report(passed, failed, skipped)
}

commands <- list(record = record, compare = compare, save = save_all, load = load_all)
if (length(words) != 2 || !words[1] %in% names(commands)) {
  message("Usage: Rscript bench/bits.R record|compare FILE, or save|load FOLDER (see its header)")
  quit(status = 2)
}
commands[[words[1]]](words[2])
