skip_if_not_installed("jsonlite")

save_data <- function() {
  set.seed(31)
  X <- matrix(rnorm(60), 20, dimnames = list(paste("row", 1:20), c("a", "\"b\"\\ \t", "c\u00fc")))
  list(
    X = X, y = X[, 1], class = factor(rep(c("x", "y", "z", "x"), 5)),
    data = data.frame(
      a = X[, 1], b = rexp(20), kind = rep(c("k", "l"), 10),
      f = factor(rep(c("u", "v", "w", "u"), 5)), on = X[, 2] > 0, out = X[, 3]
    )
  )
}
small_file <- function() {
  set.seed(32)
  X <- matrix(c(0.5, -1, 2, 1.5), 2)
  path <- withr::local_tempfile(fileext = ".json", .local_envir = parent.frame())
  nn_save(
    nn_train(
      X, c(0, 1),
      hidden = 2, epochs = 3, batch_size = 1, optimizer = "adam", keep_fitted = FALSE
    ),
    path
  )
  path
}
file_bytes <- function(path) readBin(path, "raw", file.size(path))

# A file of this text under a checksum that is right.
sealed_text <- function(body) {
  path <- tempfile(fileext = ".json")
  writeBin(charToRaw(paste0(backprop:::file_head(cli::hash_raw_md5(charToRaw(body))), body)), path)
  path
}
# A file of any list, without the checks of nn_save().
sealed <- function(plain) {
  sealed_text(enc2utf8(paste0("\"schema\": 1,\n\"model\": ", backprop:::write_json(plain), "}\n")))
}
# The file with its model changed by `change` (a function of the text).
resealed <- function(path, change) {
  sealed_text(change(substring(
    rawToChar(file_bytes(path)), nchar(backprop:::file_head(strrep("0", 32))) + 1
  )))
}

round_trip <- function(x) backprop:::read_json(jsonlite::parse_json(backprop:::write_json(x)))

test_that("values come back to the last bit", {
  set.seed(1)
  numbers <- c(
    0, 1, -1, 0.1 + 0.2, pi, 1e22, 1e23, 5e-324, -5e-324, .Machine$double.xmin,
    .Machine$double.xmax, 2^53 + 2, rnorm(1000) * 10^runif(1000, -300, 300)
  )
  expect_identical(round_trip(numbers), numbers)
  expect_identical(1 / round_trip(c(0, -0)), c(Inf, -Inf))
  expect_identical(1 / round_trip(-0), -Inf)
  values <- list(
    c(1, NaN, NA, Inf, -Inf), Inf, NA_real_, NaN, numeric(), integer(), character(), logical(),
    list(), 1:3, NA_integer_, c(TRUE, NA), NA, TRUE, "text",
    c("a", NA, "NA", "", "\u00fc\u4e2d\n\"\\\t", "\001\037"), NULL, list(NULL, 1, "a"),
    list(a = 1, b = list(c = NULL, d = 2L)), list(type = 1, b = 2), list(a = 1, a = 2),
    stats::setNames(1:2, c("a", "b")), matrix(1:6 / 7, 2), matrix(numeric(), 0, 3),
    matrix(1:4, 2, dimnames = list(NULL, c("a", "b"))), factor(c("u", NA, "v")),
    factor(1:3, ordered = TRUE), data.frame(a = 1:3 / 3, b = c("x", "y", "z")),
    data.frame(a = 1, row.names = "r"), data.frame(), quote(x), quote(f),
    quote(log(x) + y * 2 - (z)), quote(nn_train(X = X, hidden = c(3, 2))), nn_adam(),
    nn_warm_up(3, nn_cosine(5)), structure(3L, names = "3", class = "omit")
  )
  for (value in values) expect_identical(round_trip(value), value)
  long <- Reduce(function(a, b) call("+", a, b), lapply(paste0("x", 1:3000), as.symbol))
  expect_identical(round_trip(long), long)
  terms <- terms(y ~ poly(x, 2) * f + offset(o) + log(z), data = NULL)
  environment(terms) <- globalenv()
  expect_identical(round_trip(terms), terms)
})

test_that("what has no form in the file is refused", {
  for (value in list(
    function(x) x, globalenv(), 1i, as.raw(1), quote(x[, 1]), structure(1, class = "lm"),
    structure(1, tsp = c(1, 1, 1)), expression(a)
  )) {
    expect_error(round_trip(value), class = "backprop_internal_format")
  }
})

test_that("every kind of fit comes back the same, and goes on the same", {
  d <- save_data()
  train <- function(...) {
    set.seed(1)
    nn_train(d$X, ..., epochs = 4)
  }
  fits <- list(
    train(d$y), train(d$y, hidden = 0, output_activation = "identity"),
    train(
      cbind(one = d$y, two = -d$y),
      hidden = c(3, 2), activation = c("relu", "gelu"),
      output_activation = "identity"
    ),
    train(
      d$class,
      validation = 0.25, patience = 20, batch_size = 5, dropout = 0.1,
      schedule = nn_warm_up(2, nn_step(3))
    ),
    train(d$y, optimizer = "lbfgs"),
    train(d$y, optimizer = nn_lm(), output_activation = "identity"),
    train(d$y, loss = nn_huber(0.5), precision = "single", optimizer = "rprop"),
    train(
      d$class,
      class_weights = c(x = 1, y = 2, z = 0.5), penalty = 0.01, penalty_l1 = 0.001,
      clip = 1
    ),
    train(abs(d$y), loss = "poisson", optimizer = nn_nesterov(0.01), schedule = nn_plateau())
  )
  targets <- list(d$y, d$y, cbind(one = d$y, two = -d$y), d$class, d$y, d$y, d$y, d$class, abs(d$y))
  path <- withr::local_tempfile(fileext = ".json")
  for (i in seq_along(fits)) {
    expect_identical(nn_save(fits[[i]], path), path)
    back <- nn_load(path)
    expect_identical(back$call[[1]], quote(nn_train))
    # What a file may not name is replaced in the recorded call.
    call <- backprop:::known_call(fits[[i]]$call)
    expect_identical(
      back,
      structure(
        utils::modifyList(unclass(fits[[i]]), list(call = call), keep.null = TRUE),
        class = "nn_fit"
      )
    )
    expect_identical(predict(back, d$X), predict(fits[[i]], d$X))
    # one of them diverges
    suppressWarnings(classes = "backprop_warning_diverged", expect_identical(
      coef(nn_continue(back, d$X, targets[[i]], epochs = 3)),
      coef(nn_continue(fits[[i]], d$X, targets[[i]], epochs = 3))
    ))
  }
})

test_that("fits made from data come back the same", {
  d <- save_data()$data
  path <- withr::local_tempfile(fileext = ".json")
  for (formula in list(
    out ~ ., out ~ poly(a, 2) * kind + on, f ~ log(b) + splines::ns(a, 3),
    on ~ scale(a) + I(b^2) - 1, out ~ factor(kind) + offset(b)
  )) {
    set.seed(1)
    fit <- nn_train(formula, d, epochs = 4)
    nn_save(fit, path)
    back <- nn_load(path)
    expect_identical(back, fit)
    expect_identical(predict(back, d), predict(fit, d))
    expect_identical(coef(nn_continue(back, d, epochs = 3)), coef(nn_continue(fit, d, epochs = 3)))
  }
  d$b[3] <- NA
  fit <- nn_train(
    out ~ a + b + f, d,
    weights = a^2, subset = a > -1, contrasts = list(f = "contr.sum"),
    epochs = 4
  )
  nn_save(fit, path)
  expect_identical(nn_load(path), fit)
  fit <- nn_train(X = d[c("a", "kind", "f", "on")], y = d$out, epochs = 4)
  nn_save(fit, path)
  expect_identical(predict(nn_load(path), d), predict(fit, d))
})

test_that("any reader of JSON finds the weights", {
  d <- save_data()
  fit <- nn_train(d$X, d$y, hidden = 2, epochs = 2)
  path <- withr::local_tempfile(fileext = ".json")
  nn_save(fit, path)
  file <- jsonlite::fromJSON(path)
  expect_identical(file$format, "backprop model")
  expect_identical(file$schema, 1L)
  expect_equal(
    matrix(file$model$wh$values, file$model$wh$attributes$dim$values[1]), unname(fit$wh),
    tolerance = 0
  )
  expect_identical(file$model$inputs, colnames(d$X))
})

test_that("every truncation of a file is an error", {
  path <- small_file()
  bytes <- file_bytes(path)
  refused <- vapply(
    seq_along(bytes) - 1,
    function(length) {
      inherits(try(backprop:::intact_text(bytes[seq_len(length)]), silent = TRUE), "try-error")
    },
    NA
  )
  expect_true(all(refused))
  expect_type(backprop:::intact_text(bytes), "character")
  short <- withr::local_tempfile()
  for (length in c(0, 1, 60, 86, 87, 88, length(bytes) %/% 2, length(bytes) - 1)) {
    writeBin(bytes[seq_len(length)], short)
    expect_error(nn_load(short), class = "backprop_error_file")
  }
})

test_that("10,000 random bit flips of a file are errors", {
  path <- small_file()
  bytes <- file_bytes(path)
  set.seed(1)
  places <- c(
    sample(8 * length(bytes), 9000, replace = TRUE), sample(8 * 120, 1000, replace = TRUE)
  )
  flipped <- function(place) {
    at <- (place - 1) %/% 8 + 1
    bytes[at] <- xor(bytes[at], as.raw(bitwShiftL(1L, (place - 1) %% 8)))
    bytes
  }
  # nn_load() reads a file through this function and goes on with what it returns alone.
  refused <- vapply(places, function(place) {
    tryCatch(
      {
        backprop:::intact_text(flipped(place))
        FALSE
      },
      backprop_internal_format = function(e) TRUE
    )
  }, NA)
  expect_identical(sum(refused), 10000L)
  changed <- withr::local_tempfile()
  for (place in places[c(1:20, 9001:9020)]) {
    writeBin(flipped(place), changed)
    expect_error(nn_load(changed), class = "backprop_error_file")
  }
})

test_that(
  "a changed file under a right checksum is an error or a model that can be used",
  {
    path <- small_file()
    X <- matrix(c(0.5, -1, 2, 1.5), 2)
    set.seed(2)
    outcomes <- vapply(
      1:150,
      function(i) {
        changed <- resealed(path, function(body) {
          bytes <- charToRaw(body)
          at <- sample(length(bytes), 1)
          bytes[at] <- as.raw(sample(c(32:126), 1))
          rawToChar(bytes)
        })
        on.exit(unlink(changed))
        fit <- tryCatch(nn_load(changed), backprop_error = function(e) NULL)
        if (is.null(fit)) {
          return("refused")
        }
        if (!all(is.finite(predict(fit, X)))) stop("the prediction is not finite")
        suppressWarnings(suppressMessages(tryCatch(
          nn_continue(fit, X, c(0, 1), epochs = 2),
          backprop_error = function(e) NULL
        )))
        "used"
      },
      ""
    )
    expect_gt(sum(outcomes == "refused"), 30)
    expect_gt(sum(outcomes == "used"), 5)
  }
)

test_that(
  "sizes are checked before anything is made from them, and parts before they are used",
  {
    path <- small_file()
    tries <- list(
      c("\"units\": [2, 2, 1]", "\"units\": [2, 2e9, 1]"),
      c("\"units\": [2, 2, 1]", "\"units\": [3, 2, 1]"),
      c("\"units\": [2, 2, 1]", "\"units\": [2.5, 2, 1]"),
      c("\"units\": [2, 2, 1]", "\"units\": [2]"),
      c(
        "\"dim\": {\"type\": \"integer\", \"values\": [2, 2]}",
        "\"dim\": {\"type\": \"integer\", \"values\": [2, 200000000]}"
      ),
      c(
        "\"activations\": {\"type\": \"integer\", \"values\": [0, 0]}",
        "\"activations\": {\"type\": \"integer\", \"values\": [0, 99]}"
      ),
      c("\"best_weights\": []", "\"best_weights\": [1]"), c("\"moment\": [", "\"moment\": [1, "),
      c("\"best_weights\": []", "\"best_weights\": 1e999"),
      c("\"name\": \"adam\"", "\"name\": \"system\""),
      c("\"beta1\": 0.90000000000000002", "\"beta1\": 2"),
      c("\"schema\": 1,\n\"shape\"", "\"schema\": 99,\n\"shape\""),
      c("\"stop\": \"iterations\"", "\"stop\": \"boredom\""),
      c("\"class\": \"data.frame\"", "\"class\": \"lm\""),
      c("\"has_offset\": false", "\"has_offset\": 3"), c("\"seed\": [", "\"seed\": [-"),
      c("\"seed\": [", "\"seed\": [[[["),
      c("\"stop\":", "\"stop\": {\"type\": \"function\", \"values\": 1}, \"x\":")
    )
    for (change in tries) {
      changed <- resealed(path, function(body) {
        expect_true(grepl(change[1], body, fixed = TRUE), info = change[1])
        sub(change[1], change[2], body, fixed = TRUE)
      })
      expect_error(nn_load(changed), class = "backprop_error", info = change[2])
    }
    deep <- withr::local_tempfile()
    for (levels in c(1000, 100000)) {
      changed <- resealed(path, function(body) {
        paste0("\"schema\": 1,\n\"model\": ", strrep("[", levels), strrep("]", levels), "}\n")
      })
      expect_error(nn_load(changed), class = "backprop_error_file")
    }
  }
)

test_that("a file can name functions that compute, and no others", {
  d <- save_data()$data
  path <- withr::local_tempfile(fileext = ".json")
  evil <- withr::local_tempfile()
  fit <- nn_train(out ~ log(b) + f, d, epochs = 2)
  nn_save(fit, path)
  swap <- function(from, to) {
    changed <- resealed(path, function(body) {
      expect_true(grepl(from, body, fixed = TRUE), info = from)
      gsub(from, to, body, fixed = TRUE)
    })
    expect_error(nn_load(changed), class = "backprop_error_file", info = to)
  }
  swap("\"values\": \"log\"", "\"values\": \"system\"")
  swap("\"values\": \"log\"", "\"values\": \"eval\"")
  swap("\"contr.treatment\"", "\"system\"")
  swap("\"na.omit\"", "\"q\"")
  swap("{\"type\": \"symbol\", \"values\": \"log\"}", paste0(
    "{\"type\": \"call\", \"values\": [{\"type\": \"symbol\", \"values\": \"::\"}, ",
    "{\"type\": \"symbol\", \"values\": \"base\"}, {\"type\": \"symbol\", \"values\": \"system\"}]}"
  ))
  swap("{\"type\": \"symbol\", \"values\": \"log\"}", "\"system\"")
  expect_identical(nn_load(path), fit)
})

test_that(
  "the names that a reader must allow are told at once, in writing and in reading",
  {
    d <- save_data()$data
    path <- withr::local_tempfile(fileext = ".json")
    assign("own_function_of_a_test", function(x) x^2, globalenv())
    assign("own_contrasts_of_a_test", function(n, ...) stats::contr.sum(n), globalenv())
    withr::defer(rm("own_function_of_a_test", "own_contrasts_of_a_test", envir = globalenv()))
    fit <- nn_train(
      out ~ own_function_of_a_test(b) + utils::head(a, Inf) + f, d,
      contrasts = list(f = "own_contrasts_of_a_test"), epochs = 2
    )
    names <- c("own_function_of_a_test", "utils::head", "own_contrasts_of_a_test")
    message <- expect_message(nn_save(fit, path), class = "backprop_message_functions")
    refused <- expect_error(nn_load(path), class = "backprop_error_file")
    for (name in names) {
      expect_match(conditionMessage(message), name, fixed = TRUE)
      expect_match(conditionMessage(refused), name, fixed = TRUE)
      expect_error(nn_load(path, allow = setdiff(names, name)), name, class = "backprop_error_file")
    }
    expect_identical(predict(nn_load(path, allow = names), d), predict(fit, d))
    # A function as an argument counts too.
    expect_message(
      nn_save(nn_train(out ~ ave(b, FUN = median), d, epochs = 1), path), "median",
      class = "backprop_message_functions"
    )
    expect_error(nn_load(path, allow = "ave"), "median", class = "backprop_error_file")
    for (formula in list(
      out ~ base::log(b) + stats::poly(a, 2),
      out ~ as.integer(a) + sign(a) + cut(b, c(-Inf, 0.5, Inf)), out ~ f + kind
    )) {
      fit <- nn_train(formula, d, epochs = 1)
      expect_silent(nn_save(fit, path))
      expect_identical(nn_load(path), fit)
    }
  }
)

test_that("a hostile file runs nothing and writes nothing", {
  d <- save_data()$data
  victim <- withr::local_tempfile()
  writeLines("precious", victim)
  ran <- FALSE
  assign("trap_of_a_test", function(...) {
    ran <<- TRUE
    1
  }, globalenv())
  withr::defer(rm("trap_of_a_test", envir = globalenv()))
  fit <- unclass(nn_train(out ~ a + b + f, d, epochs = 2))
  expect_no_error(predict(nn_load(sealed(fit)), d))
  attempt <- function(plain, what) {
    path <- sealed(plain)
    on.exit(unlink(path))
    expect_error(
      {
        loaded <- nn_load(path)
        predict(loaded, d)
        nn_continue(loaded, d, epochs = 1)
        update(loaded)
      },
      class = "backprop_error_file",
      info = deparse1(what)
    )
    expect_false(ran, info = deparse1(what))
    expect_identical(readLines(victim), "precious", info = deparse1(what))
  }
  with_term <- function(expression, place = 3, attribute = "predvars") {
    evil <- fit
    list <- attr(evil$encoding$terms, attribute)
    list[[place]] <- expression
    attr(evil$encoding$terms, attribute) <- list
    evil
  }
  formulas <- list(
    bquote(a + 0 * nn_train(cbind(a, b), b, epochs = 1, checkpoint = .(victim))$n),
    bquote(
      a + 0 * nn_train(
        b ~ f, list(b = b, f = factor(.(victim))),
        epochs = 1, contrasts = list(f = "file.remove")
      )$n
    ),
    quote(nn_train(cbind(a, b), b, epochs = 1, callback = trap_of_a_test)$n), quote(nn_adam()),
    quote(trap_of_a_test(a)), quote((trap_of_a_test)(a)), quote(list(trap_of_a_test)[[1]](a)),
    quote(I(trap_of_a_test)(a)), quote("trap_of_a_test"(a)), quote(sapply(a, "trap_of_a_test")),
    quote(do.call("trap_of_a_test", list(a))), quote(Reduce(trap_of_a_test, a)),
    quote(match.fun("trap_of_a_test")(a)), quote(get("trap_of_a_test")(a)), quote(base::eval(a)),
    quote(base:::eval(a)), quote(stats::trap_of_a_test(a)),
    quote(stats::poly(a, trap_of_a_test(a))), quote(.GlobalEnv$trap_of_a_test),
    quote(poly(a, trap_of_a_test)), quote(trap_of_a_test), quote(a + ~ trap_of_a_test(a)),
    as.call(list(as.call(list(quote(`::`), "stats", "poly")), quote(a))),
    as.call(list(
      quote(c),
      structure(rep(1L, 20), levels = c(victim, "b"), class = "factor", contrasts = "file.remove")
    )),
    structure(rep(1L, 20), levels = c(victim, "b"), class = "factor", contrasts = "file.remove"),
    structure(list(quote(trap_of_a_test(a))), names = "a"),
    structure(1, accuracy = quote(trap_of_a_test(a)))
  )
  for (expression in formulas) attempt(with_term(expression), expression)
  for (place in 2:3) {
    for (attribute in c("variables", "predvars")) {
      attempt(with_term(quote(trap_of_a_test(a)), place, attribute), attribute)
    }
  }
  bare <- with_term(quote(trap_of_a_test(a)), 3, "variables")
  attr(bare$encoding$terms, "predvars") <- NULL
  attempt(bare, "no predvars")

  fields <- list(
    list(c("encoding", "contrasts"), list(
      list(f = "trap_of_a_test"), list(f = list("trap_of_a_test")), list(f = quote(trap_of_a_test)),
      list(f = quote(trap_of_a_test(3))), "trap_of_a_test",
      list(f = matrix("trap_of_a_test", 3, 2)), list(f = c("contr.sum", "trap_of_a_test"))
    )),
    list(c("encoding", "replay", "na.action"), list(
      "trap_of_a_test", list("trap_of_a_test"), quote(trap_of_a_test), quote(trap_of_a_test(a)),
      c("na.omit", "trap_of_a_test")
    )),
    list(c("encoding", "replay", "extras"), list(
      list(weights = quote(trap_of_a_test(a))),
      list(subset = quote(nn_train(a, b, callback = trap_of_a_test))), list(na.action = quote(a)),
      list(quote(a))
    )),
    list("call", list(
      bquote(nn_train(formula = out ~ a, data = d, checkpoint = .(victim))),
      bquote(nn_train(formula = out ~ a, data = d, check = .(victim))),
      bquote(nn_train(out ~ a, data = d)),
      quote(nn_train(formula = out ~ a, data = d, callback = trap_of_a_test(a))),
      quote(nn_train(formula = out ~ f, data = d, contrasts = list(f = "trap_of_a_test"))),
      quote(nn_train(formula = out ~ f, data = d, contrasts = list(f = trap_of_a_test))),
      quote(nn_train(formula = out ~ f, data = d, na.action = "trap_of_a_test")),
      quote(nn_train(formula = out ~ f, data = trap_of_a_test())),
      bquote(nn_train(formula = out ~ f, data = nn_train(X = a, y = b, checkpoint = .(victim)))),
      quote(trap_of_a_test(formula = out ~ f)),
      quote(nn_train(formula = out ~ trap_of_a_test(a), data = d)),
      as.call(list(
        quote(nn_train),
        formula = quote(out ~ f), data = quote(d),
        contrasts = list(f = "trap_of_a_test")
      )),
      structure(quote(nn_train(formula = out ~ a, data = d)), class = "formula"),
      quote(trap_of_a_test)
    ))
  )
  for (field in fields) {
    for (value in field[[2]]) {
      evil <- fit
      evil[[field[[1]]]] <- value
      attempt(evil, value)
    }
  }
})

test_that("the call in a file trains and does nothing else", {
  d <- save_data()$data
  path <- withr::local_tempfile(fileext = ".json")
  checkpoint <- withr::local_tempfile()
  fit <- nn_train(
    out ~ a + f, d,
    hidden = 2, epochs = 2, penalty = 0.1, optimizer = nn_rprop(),
    contrasts = list(f = "contr.sum"), na.action = na.exclude, callback = function(now) TRUE,
    checkpoint = checkpoint
  )
  unlink(checkpoint)
  nn_save(fit, path)
  back <- nn_load(path)
  expect_identical(
    back$call,
    quote(nn_train(
      formula = out ~ a + f, data = d, na.action = na.exclude, contrasts = list(f = "contr.sum"),
      hidden = 2, epochs = 2, penalty = 0.1, optimizer = nn_rprop()
    ))
  )
  set.seed(1)
  again <- update(back)
  set.seed(1)
  expect_identical(
    coef(again),
    coef(nn_train(
      out ~ a + f, d,
      hidden = 2, epochs = 2, penalty = 0.1, optimizer = nn_rprop(),
      contrasts = list(f = "contr.sum")
    ))
  )
  expect_false(file.exists(checkpoint))
  coding <- list(f = contr.sum(3))
  nn_save(
    nn_train(
      out ~ a + f, d[d$a > -5, ],
      hidden = 2, epochs = 1, contrasts = coding, penalty = sqrt(exp(0))
    ),
    path
  )
  expect_identical(
    nn_load(path)$call,
    as.call(list(
      quote(nn_train),
      formula = quote(out ~ a + f), data = as.symbol("<call of [>"),
      contrasts = as.symbol("<contrasts>"), hidden = 2, epochs = 1, penalty = quote(sqrt(exp(0)))
    ))
  )
})

test_that("what nn_save() writes can be read, and what cannot is refused in writing", {
  d <- save_data()
  path <- withr::local_tempfile(fileext = ".json")
  fit <- nn_train(d$X, d$y, epochs = 1)
  no_name <- fit
  no_name$inputs[2] <- NA
  dated <- fit
  dated$date <- as.Date("2024-05-01")
  own <- fit
  class(own) <- c("mine", "nn_fit")
  expect_snapshot(error = TRUE, {
    nn_save(no_name, path)
    nn_save(dated, path)
    nn_save(own, path)
  })
  expect_false(file.exists(path))
  noted <- fit
  noted$note <- list(by = "me", at = 3)
  nn_save(noted, path)
  expect_identical(nn_load(path)$note, noted$note)
})

test_that("a fit of caret comes back the same", {
  skip_if_not_installed("caret")
  path <- withr::local_tempfile(fileext = ".json")
  set.seed(1)
  tuned <- caret::train(
    iris[1:4], iris$Species,
    method = nn_caret(), epochs = 3,
    tuneGrid = data.frame(hidden = 2, penalty = 0.1), trControl = caret::trainControl("none")
  )
  nn_save(tuned$finalModel, path)
  back <- nn_load(path)
  expect_identical(back$obsLevels, tuned$finalModel$obsLevels)
  expect_identical(predict(back, iris), predict(tuned$finalModel, iris))
})

test_that("parts that do not agree are refused before they are used", {
  d <- save_data()$data
  set.seed(3)
  formula <- unclass(nn_train(
    f ~ poly(a, 2) + kind + on, transform(d, f = factor(f, ordered = TRUE)),
    hidden = 2, epochs = 2,
    penalty = 0.1, calibration = 0.3
  ))
  frame <- unclass(nn_train(
    d[c("a", "f", "on")], d$out,
    hidden = 2, epochs = 2, penalty = 0.1, calibration = 0.3,
    schedule = nn_plateau(), validation = 0.2, optimizer = "adam"
  ))
  counted <- unclass(nn_train(
    d[c("a", "f")], round(d$b),
    hidden = 2, epochs = 2, penalty = 0.1, loss = "poisson"
  ))
  formula$call <- frame$call <- counted$call <- NULL
  for (fit in list(formula, frame, counted)) expect_s3_class(nn_load(sealed(fit)), "nn_fit")
  refused <- function(fit, at, ...) {
    for (value in list(...)) {
      changed <- fit
      if (is.null(value)) changed[[at]] <- NULL else changed[[at]] <- value
      expect_error(
        nn_load(sealed(changed)),
        class = "backprop_error_file",
        info = paste(paste(at, collapse = "$"), deparse1(value))
      )
    }
  }
  refused(
    frame, c("encoding", "columns", "f", "ordered"), NULL, "abc", NA, logical(), c(TRUE, TRUE),
    list(1)
  )
  refused(frame, c("encoding", "columns", "f", "levels"), NULL, c("u", "u", "w"), 1:3, c("u", "v"))
  refused(
    frame, c("encoding", "columns", "f", "coding"), NULL, "a", matrix(1, 2, 2),
    matrix(NA_real_, 3, 2)
  )
  refused(frame, c("encoding", "columns", "a", "width"), "a", -1, c(1, 2), 2)
  refused(
    frame, c("encoding", "columns", "on"), NULL, list(type = "other", class = "Date", width = 2)
  )
  refused(frame, c("probe", "typical"), NA_real_, 1, NULL)
  refused(frame, c("probe", "idle"), c(1, 2), NULL)
  refused(frame, "errors", "a", list(training = 1), list(
    training = list(table = matrix(1, 2, 2)), weighted = FALSE
  ))
  refused(frame, c("errors", "held_out"), "a", 1:3)
  refused(formula, c("encoding", "columns", "kind", "levels"), "k")
  refused(
    formula, c("encoding", "xlevels"), list(a = 1, b = "x"), list(kind = c("k", "k")),
    list(kind = 1), "k", list("k")
  )
  for (fit in list(formula, frame)) {
    refused(fit, c("encoding", "offset_argument"), NULL, "a", NA, c(TRUE, FALSE), 0)
  }
  refused(
    formula, c("encoding", "outcome", "kind"), NULL, "binary", "numeric", "abc", rep("classes", 2),
    1
  )
  refused(frame, c("encoding", "outcome", "kind"), "classes", NA_character_, character())
  refused(counted, c("encoding", "outcome", "kind"), "binary")
  refused(formula, c("encoding", "outcome", "levels"), NULL, c("u", "v"), c("u", "v", "z"))
  refused(formula, c("encoding", "outcome", "ordered"), FALSE, "yes", NA)
  refused(formula, "ordered", FALSE, "yes", NA)
  refused(frame, "ordered", TRUE)
  refused(frame, c("encoding", "calibration", "rows"), 2.5, "a", c(1, 2), -1)
  refused(frame, c("encoding", "calibration", "share"), NULL, 2, "a")
  refused(frame, c("encoding", "calibration", "seed"), NULL, 1, c(1.5, 2))
  refused(frame, "calibration", list(), list(1, 2), 1)
  refused(
    frame, c("state", "plateau"), NULL, list(a = 1), -5L, list(factor = 1, best = "a", stale = 0)
  )
  refused(formula, c("state", "plateau"), list(factor = 1, best = Inf, stale = 0))
  refused(formula, c("encoding", "terms"), NULL, quote(f ~ a), "f ~ a")
  refused(formula, "na.action", "a", 1.5, 3)
  terms <- formula$encoding$terms
  for (change in list(
    list("factors", NULL), list("factors", attr(terms, "factors")[-1, ]),
    list("factors", attr(terms, "factors") + 0.5), list("factors", attr(terms, "factors") * 9L),
    list("response", 0L), list("response", 99L), list("order", 1L), list("term.labels", "a"),
    list("intercept", 7L), list("intercept", NULL), list("offset", 99L),
    list("variables", quote(list(f))), list("variables", NULL), list("predvars", NULL),
    list("predvars", quote(list(f, a))), list("specials", 1), list("dataClasses", 1)
  )) {
    attr(terms, change[[1]]) <- change[[2]]
    refused(formula, c("encoding", "terms"), terms)
    terms <- formula$encoding$terms
  }
})

test_that("a replaced file keeps its permissions, and a link stays one", {
  skip_on_os("windows")
  d <- save_data()
  fit <- nn_train(d$X, d$y, epochs = 1)
  folder <- withr::local_tempdir()
  withr::local_dir(folder)
  writeLines("old", "private.json")
  Sys.chmod("private.json", "600")
  nn_save(fit, "private.json")
  expect_identical(format(file.mode("private.json")), "600")
  dir.create("models")
  file.symlink(file.path("models", "target.json"), "link.json")
  file.symlink("link.json", "second.json")
  for (times in 1:2) { # there is no target yet, and there is one
    nn_save(fit, "second.json")
    expect_identical(
      unname(Sys.readlink(c("link.json", "second.json"))), c("models/target.json", "link.json")
    )
    expect_identical(nn_load("models/target.json"), fit)
    unlink("models/target.json")
    writeLines("old", "models/target.json")
  }
  write_checkpoint(fit, "link.json")
  expect_identical(readRDS("models/target.json"), fit)
  long <- strrep("a", 250)
  nn_save(fit, long)
  expect_identical(nn_load(long), fit)
  expect_setequal(list.files(all.files = TRUE, no.. = TRUE), c(
    "link.json", "models", "private.json", "second.json", long
  ))
})

test_that("what is no file is not replaced by one", {
  skip_on_os("windows")
  skip_if(Sys.which("mkfifo") == "")
  d <- save_data()
  fit <- nn_train(d$X, d$y, epochs = 1)
  withr::local_dir(withr::local_tempdir())
  system2("mkfifo", "pipe")
  file.symlink("round", "round")
  file.create("empty")
  kind <- function(path) substr(system2("ls", c("-ld", path), stdout = TRUE), 1, 1)
  expect_error(nn_save(fit, "pipe"), "pipe or a device", class = "backprop_error_file")
  expect_identical(kind("pipe"), "p")
  expect_error(nn_save(fit, "round"), "points back", class = "backprop_error_file")
  expect_warning(
    write_checkpoint(fit, "pipe"), "pipe or a device",
    class = "backprop_warning_checkpoint"
  )
  nn_save(fit, "empty")
  expect_identical(nn_load("empty"), fit)
  dir.create("folder")
  expect_error(nn_load("folder"), "folder", class = "backprop_error_file")
  expect_setequal(
    list.files(), c("empty", "folder", "pipe", if ("round" %in% list.files()) "round")
  )
})

test_that("a full disk closes the connection and leaves the old file", {
  skip_if_not(file.exists("/dev/full"))
  path <- withr::local_tempfile()
  writeLines("old", path)
  before <- getAllConnections()
  written <- backprop:::write_whole(function(beside) {
    connection <- file("/dev/full", "wb", raw = TRUE)
    on.exit(close(connection))
    writeBin(raw(100), connection)
  }, path)
  expect_s3_class(written, "condition")
  expect_identical(getAllConnections(), before)
  expect_identical(readLines(path), "old")
  expect_identical(list.files(dirname(path), "^nn-"), character())
})

test_that("the file is whole at any moment", {
  folder <- withr::local_tempdir()
  path <- file.path(folder, "model.json")
  d <- save_data()
  first <- nn_train(d$X, d$y, epochs = 1)
  nn_save(first, path)
  broken <- first
  broken[["settings"]]$optimizer <- function(x) x
  expect_error(nn_save(broken, path), class = "backprop_error_file")
  expect_identical(nn_load(path), first)
  expect_identical(list.files(folder), "model.json")
})

test_that("errors of keeping say what to do", {
  d <- save_data()
  fit <- nn_train(d$X, d$y, epochs = 1)
  broken <- fit
  broken[["settings"]]$optimizer <- function(x) x
  folder <- withr::local_tempdir()
  withr::local_dir(folder)
  nn_save(nn_train(out ~ log(b), d$data, epochs = 1), "formula.json")
  file.copy(
    resealed("formula.json", function(body) gsub("\"log\"", "\"system\"", body)), "evil.json"
  )
  file.copy(
    resealed("formula.json", function(body) sub("\"schema\": 1", "\"schema\": 7", body)),
    "newer.json"
  )
  file.copy(
    resealed("formula.json", function(body) {
      sub("\"stop\": \"[a-z]*\"", "\"stop\": \"boredom\"", body)
    }),
    "odd.json"
  )
  file.copy(resealed("formula.json", function(body) sub("}\n$", "", body)), "half.json")
  writeLines("{\"a\": 1}", "other.json")
  text <- readLines("formula.json")
  writeLines(sub("\"n\": ", "\"m\": ", text), "changed.json")
  scrub <- function(lines) gsub("working directory is .*$", "working directory is <folder>.", lines)
  expect_snapshot(error = TRUE, transform = scrub, {
    nn_save(path = "model.json")
    nn_save(fit)
    nn_save(coef(fit), "model.json")
    nn_save(fit, 3)
    nn_save(fit, "no/such/folder/model.json")
    nn_save(broken, "model.json")
    nn_load()
    nn_load("none.json")
    nn_load("formula.json", allow = 1)
    nn_load("other.json")
    nn_load("changed.json")
    nn_load("half.json")
    nn_load("evil.json")
    nn_load("newer.json")
    nn_load("odd.json")
  })
  withr::local_options(backprop.memory_limit = 1000)
  expect_error(nn_load("formula.json"), class = "backprop_error_memory")
})

test_that("a file that cannot be put in its place leaves nothing behind", {
  fit <- nn_train(save_data()$X, save_data()$y, epochs = 1)
  folder <- withr::local_tempdir()
  taken <- file.path(folder, "model {a}.json")
  dir.create(taken)
  expect_error(nn_save(fit, taken), "Can't write", class = "backprop_error_file")
  expect_warning(
    write_checkpoint(fit, taken), "could not be written",
    class = "backprop_warning_checkpoint"
  )
  expect_identical(list.files(folder, all.files = TRUE, no.. = TRUE), basename(taken))
})

test_that(
  "a formula's names in backticks, and the calls that older files hold, are read",
  {
    d <- data.frame(
      y = 1:20 + sin(1:20), a = cos(1:20), `my col` = rep(c("k", "m"), 10),
      `is ok` = rep(c(TRUE, FALSE), each = 10), check.names = FALSE
    )
    path <- withr::local_tempfile()
    for (formula in c(y ~ `my col` + a, y ~ `is ok` * a, y ~ .)) {
      fit <- nn_train(formula, d, hidden = 2, penalty = 0.1, epochs = 3)
      nn_save(fit, path)
      expect_identical(predict(nn_load(path), d), fitted(fit))
      expect_identical(
        nn_continue(nn_load(path), d, epochs = 2)$state, nn_continue(fit, d, epochs = 2)$state
      )
    }
    older <- unclass(fit)
    older$call <- quote(nn_train(
      formula = y ~ ., data = d, checkpoint = f, callback = `<function>`, hidden = 2
    ))
    expect_identical(
      without_symbols(older$call, c("callback", "checkpoint")),
      quote(nn_train(formula = y ~ ., data = d, hidden = 2))
    )
  }
)

test_that("numbers are written with 17 significant digits", {
  set.seed(1)
  x <- c(1, -2.5, 1e15, 1e16, 1e17, 5e-324, .Machine$double.xmax, 1e-5, 0, rnorm(500))
  x <- c(x, 10^runif(500, -300, 300))
  text <- strsplit(core_numbers_text(x), ", ", fixed = TRUE)[[1]]
  expect_identical(text, sprintf("%.17g", x))
  expect_identical(as.double(text), x)
  expect_identical(
    core_numbers_text(c(-0, NA, NaN, Inf, -Inf)), "-0.0, \"NA\", \"NaN\", \"Inf\", \"-Inf\""
  )
  expect_identical(write_values(numeric(), "double"), "[]")
  expect_identical(write_values(0.1, "double"), "0.10000000000000001")
})

test_that("files of R are told from files of nn_save()", {
  fit <- nn_train(tutorial_data()$X, tutorial_data()$y, epochs = 2)
  folder <- withr::local_tempdir()
  withr::local_dir(folder)
  expect_no_message(nn_save(fit, "fit.json"))
  expect_snapshot({
    nn_save(fit, "fit.rds")
    nn_save(fit, "fit.RData")
  })
  expect_identical(nn_load("fit.rds"), nn_load("fit.json"))
  for (compress in list(FALSE, "gzip", "bzip2", "xz")) {
    saveRDS(fit, "fit.rds", compress = compress)
    expect_error(nn_load("fit.rds"), "readRDS(path)", fixed = TRUE, class = "backprop_error_file")
    save(fit, file = "fit.RData", compress = compress)
    expect_error(nn_load("fit.RData"), "load(path)", fixed = TRUE, class = "backprop_error_file")
  }
  expect_snapshot(refused(nn_load("fit.RData"), "file"))
})
