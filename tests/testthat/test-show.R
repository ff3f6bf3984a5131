# The stepper: the payload from R, the computations in node, and the page in a browser.

test_that("the payload holds the numbers to the last bit, and the start that nn_train() draws", {
  skip_if_not_installed("htmlwidgets")
  data <- tutorial_data()
  set.seed(1)
  widget <- nn_show(data$X, data$y)
  after <- runif(1)
  set.seed(1)
  fit <- nn_train(data$X, data$y, epochs = 0)
  expect_identical(runif(1), after)
  expect_s3_class(widget, c("nn_show", "htmlwidget"), exact = TRUE)
  numbers <- function(text) as.numeric(strsplit(text, " ")[[1]])
  expect_identical(numbers(widget$x$start), unname(unlist(coef(fit))))
  expect_identical(numbers(widget$x$X$data), as.double(data$X))
  set.seed(1)
  stochastic <- nn_train(data$X, data$y, epochs = 100, batch_size = 1)
  expect_identical(as.double(widget$x$seed), stochastic$state$seed)
  of_rate <- Filter(
    function(check) check$rate == "0.1" && identical(check$batch, 1), widget$x$checks
  )
  expect_length(of_rate, 1)
  at <- match(100, of_rate[[1]]$at)
  expect_identical(numbers(of_rate[[1]]$weights[at]), unname(unlist(coef(stochastic))))
  expect_identical(as.numeric(of_rate[[1]]$loss[at]), stochastic$history$loss[100])
})

test_that("numbers are written as short as they can be, and read back as they were", {
  set.seed(2)
  x <- c(0, -0.1, 1 / 3, 1e-300, .Machine$double.xmin, 2^53 + 2)
  x <- c(x, rnorm(500) * 10^runif(500, -20, 20))
  text <- packed_numbers(x)
  expect_identical(as.numeric(strsplit(text, " ")[[1]]), x)
  expect_identical(packed_numbers(c(0.1, 1)), "0.1 1")
})

test_that("a trace gives the page of its own arguments, and leaves the random numbers alone", {
  skip_if_not_installed("htmlwidgets")
  data <- tutorial_data()
  set.seed(3)
  trace <- nn_trace(data$X, factor(c("no", "yes", "no")),
    batch_size = 2, epochs = 2,
    activation = "tanh", learning_rate = 0.3
  )
  before <- .Random.seed
  widget <- nn_show(trace)
  expect_identical(.Random.seed, before)
  set.seed(3)
  direct <- nn_show(data$X, factor(c("no", "yes", "no")),
    batch_size = 2, activation = "tanh",
    learning_rate = 0.3
  )
  expect_identical(widget$x, direct$x)
  expect_identical(unclass(widget$x$outputs), "yes")
  set.seed(4)
  deep <- nn_trace(data$X, cbind(c(data$y), b = 0.5),
    hidden = c(2, 3), loss = nn_huber(0.2),
    reduction = "mean"
  )
  before <- .Random.seed
  payload <- nn_show(deep, epochs = 10)$x
  expect_identical(.Random.seed, before)
  expect_identical(unclass(payload$units), c(4, 2, 3, 2))
  expect_identical(payload$loss, list(name = "huber", parameter = "0.2"))
  expect_identical(payload$epochs, 10)
  expect_identical(payload$reduction, "mean")
  expect_identical(unclass(payload$outputs), c("y1", "b"))
})

test_that("logical matrices and numeric data frames are numbers", {
  skip_if_not_installed("htmlwidgets")
  data <- tutorial_data()
  of <- function(x, y) {
    set.seed(1)
    nn_show(x, y, epochs = 20)$x
  }
  plain <- of(data$X, data$y)
  expect_identical(of(data$X == 1, data$y == 1), plain)
  frame <- of(as.data.frame(data$X), data$y)
  expect_identical(unclass(frame$inputs), paste0("V", 1:4))
  expect_identical(frame[names(frame) != "inputs"], plain[names(plain) != "inputs"])
})

test_that("where R diverges the checkpoint says in which epoch", {
  skip_if_not_installed("htmlwidgets")
  set.seed(5)
  X <- show_data(6) * 3
  y <- X[, 1] * 4
  widget <- nn_show(X, y, activation = "relu", output_activation = "identity", epochs = 200)
  own <- Filter(function(check) check$rate == "0.1" && is.null(check$batch), widget$x$checks)[[1]]
  set.seed(5)
  error <- expect_error(
    nn_train(X, y, activation = "relu", output_activation = "identity", epochs = 200),
    class = "backprop_error_diverged"
  )
  expect_identical(own$diverged, unclass(error$fit)$state$epoch + 1)
})

test_that("bad input is refused, with the limit", {
  skip_if_not_installed("htmlwidgets")
  data <- tutorial_data()
  set.seed(1)
  expect_snapshot(error = TRUE, {
    nn_show()
    nn_show(data$X)
    nn_show(1:3, data$y)
    nn_show(matrix(0, 101, 2), rep(0, 101))
    nn_show(matrix(0, 3, 9), data$y)
    nn_show(data$X, data$y, hidden = 9)
    nn_show(data$X, data$y, hidden = c(2, 2, 2, 2))
    nn_show(data$X, data$y, epochs = 20000)
    nn_show(data$X, data$y, lang = "fr")
    nn_show(data$X, data$y, width = "wide")
    nn_show(data$X, data$y, height = -1)
    nn_show(data$X, data$y, unit = 3)
    nn_show(data$X, data$y, start = nn_train(data$X, data$y, epochs = 1))
    nn_show(data$X, c("a", "b", "a"))
    nn_show(nn_trace(data$X, data$y, epochs = 2), epochs = 1)
    nn_show(nn_trace(data$X, data$y), hidden = 3)
  })
  sizes <- c("nn_show", "htmlwidget")
  for (size in list(500, "50%", "30em", "auto")) {
    expect_s3_class(nn_show(data$X, data$y, epochs = 1, width = size, height = size), sizes)
  }
})

test_that("the tutorial's trace is shown in less than half a second", {
  skip_on_cran()
  skip_if_not_installed("htmlwidgets")
  trace <- nn_trace(tutorial_data()$X, tutorial_data()$y)
  times <- vapply(1:3, function(i) system.time(nn_show(trace))[["user.self"]], 0)
  expect_lt(min(times), 0.5)
})

test_that("Shiny has an output and a render function", {
  skip_if_not_installed("htmlwidgets")
  skip_if_not_installed("shiny")
  output <- nn_show_output("stepper")
  html <- as.character(output)
  expect_match(html, "nn_show html-widget html-widget-output", fixed = TRUE)
  expect_match(html, "id=\"stepper\"", fixed = TRUE)
  expect_true(is.function(nn_show_render(nn_show(tutorial_data()$X, tutorial_data()$y))))
})

test_that("a trace is the stepper in an HTML document with htmlwidgets, and text elsewhere", {
  skip_if_not_installed("htmlwidgets")
  skip_if_not_installed("knitr")
  trace <- nn_trace(tutorial_data()$X, tutorial_data()$y)
  old <- knitr::opts_knit$get("rmarkdown.pandoc.to")
  withr::defer(knitr::opts_knit$set(rmarkdown.pandoc.to = old))
  for (format in c("latex", "docx", "gfm")) {
    knitr::opts_knit$set(rmarkdown.pandoc.to = format)
    expect_null(trace_stepper(trace))
  }
  knitr::opts_knit$set(rmarkdown.pandoc.to = "html")
  expect_match(as.character(trace_stepper(trace)), "nn_show html-widget", fixed = TRUE)
  withr::with_options(list(backprop.stepper = FALSE), expect_null(trace_stepper(trace)))
  large <- nn_trace(matrix(0.5, 101, 2), rep(1, 101))
  expect_null(trace_stepper(large))
})

# In node, without a browser ---------------------------------------------------------------------

# Every activation with every loss and output that goes with it, with batches and without.
show_combinations <- function() {
  X <- show_data(7)
  shares <- cbind(a = plogis(X[, 1]), b = plogis(X[, 2] - X[, 1]))
  classes <- factor(rep(c("x", "y", "z"), length = 7))
  inner <- setdiff(page_functions$activation, c("exp", "softmax"))
  of <- function(...) list(X = X, ...)
  c(
    lapply(inner, function(f) of(y = shares, activation = f, hidden = c(3, 2))),
    lapply(inner, function(f) of(y = shares, activation = "tanh", output_activation = f)),
    list(
      of(y = classes, batch_size = 3), of(y = factor(classes == "x")),
      of(y = classes, loss = "squared_error", output_activation = "softmax", reduction = "mean"),
      of(y = classes, loss = "quantile", output_activation = "softmax"),
      of(y = shares, loss = "cross_entropy", reduction = "mean", batch_size = 2),
      of(y = shares / rowSums(shares), loss = "cross_entropy", output_activation = "softmax"),
      of(y = shares - 0.4, loss = "absolute", hidden = 0, batch_size = 1),
      of(y = shares - 0.4, loss = nn_huber(0.1), batch_size = 3, shuffle = FALSE),
      of(y = shares, loss = nn_quantile(0.8), reduction = "mean"),
      of(y = cbind(0:6), loss = "poisson", batch_size = 5),
      of(y = cbind(0:6) / 2, loss = "poisson", output_activation = "softplus"),
      of(y = shares, loss = "poisson", output_activation = "sigmoid"),
      of(y = shares, skip = TRUE, activation = "tanh"),
      of(y = classes, skip = TRUE, hidden = c(3, 2), batch_size = 3, reduction = "mean")
    )
  )
}

combinations_in_node <- local({
  kept <- NULL
  function() {
    if (!is.null(kept)) {
      return(kept)
    }
    payloads <- lapply(seq_along(show_combinations()), function(i) {
      given <- show_combinations()[[i]]
      names(given)[1] <- "x"
      set.seed(i)
      do.call(nn_show, c(given, list(epochs = 2)))$x
    })
    kept <<- run_script("steps", list(payloads = payloads, epochs = 2))$results
    kept
  }
})

from_node <- function(m) matrix(vapply(m$data, as.double, 0), m$dim[[1]], m$dim[[2]])

test_that("for every activation and loss every matrix is the trace's, to 1e-12", {
  skip_without_node()
  results <- combinations_in_node()
  combinations <- show_combinations()
  worst <- 0
  compared <- 0
  for (i in seq_along(combinations)) {
    set.seed(i)
    trace <- do.call(nn_trace, c(combinations[[i]], list(epochs = 2)))
    for (batch in results[[i]]$batches) {
      traced <- trace$epochs[[batch$epoch]]
      expect_identical(as.integer(unlist(batch$rows)), as.integer(traced$batches[[batch$batch]]))
      steps <- Filter(function(step) step$batch == batch$batch, traced$steps)
      expect_identical(setdiff(vapply(steps, `[[`, "", "id"), names(batch$matrices)), character())
      for (step in steps) {
        here <- from_node(batch$matrices[[step$id]])
        there <- unname(step$value)
        expect_identical(dim(here), dim(there))
        worst <- max(worst, abs(here - there) / pmax(1, abs(there)))
        compared <- compared + 1
      }
    }
  }
  expect_lt(worst, 1e-12)
  expect_gt(compared, 2000)
})

test_that("the R code of each step gives the step's matrix", {
  skip_without_node()
  worst <- 0
  run <- 0
  results <- combinations_in_node()
  for (i in seq_along(results)) {
    for (batch in results[[i]]$batches) {
      value <- lapply(batch$matrices, from_node)
      before <- grep("_before$", names(value), value = TRUE)
      named <- stats::setNames(value[before], sub("_before$", "", before))
      scope <- list2env(
        c(value[c("X", "y")], named, list(learning_rate = 0.1)),
        parent = globalenv()
      )
      for (step in batch$steps) {
        if (step$r == "") next
        assign(step$name, eval(parse(text = step$r), scope), scope)
        here <- scope[[step$name]]
        there <- value[[step$id]]
        if (step$id != "loss") expect_identical(dim(here), dim(there), info = step$r)
        worst <- max(worst, abs(c(here) - c(there)) / pmax(1, abs(c(there))))
        run <- run + 1
      }
    }
  }
  expect_lt(worst, 1e-12)
  expect_gt(run, 1000)
})

test_that("the NumPy code of each step gives the step's matrix", {
  skip_without_node()
  python <- Find(function(python) {
    nzchar(python) && suppressWarnings(system2(python, c("-c", shQuote("import numpy")),
      stdout = FALSE, stderr = FALSE
    )) == 0
  }, c(Sys.which("python3"), "/usr/bin/python3"))
  skip_if(is.null(python), "NumPy")
  results <- combinations_in_node()
  given <- withr::local_tempfile(fileext = ".json")
  writeLines(jsonlite::toJSON(results, auto_unbox = TRUE, digits = 17), given)
  script <- normalizePath(test_path("..", "browser", "numpy_code.py"))
  said <- system2(python, shQuote(c(script, given)), stdout = TRUE)
  counts <- as.numeric(strsplit(said, " ")[[1]])
  expect_gt(counts[1], 1000)
  expect_lt(counts[2], 1e-12)
})

test_that("the order of the rows is that of nn_batches()", {
  skip_without_node()
  set.seed(31)
  orders <- lapply(1:300, function(i) {
    list(seed = floor(runif(2) * 2^32), epoch = sample(5000, 1), n = sample(c(1:12, 100, 1000), 1))
  })
  found <- run_script("steps", list(payloads = list(), epochs = 0, orders = orders))$orders
  expected <- lapply(orders, function(o) nn_batches(o$seed, o$epoch, o$n, o$n)[[1]])
  expect_identical(lapply(found, function(x) as.integer(unlist(x))), expected)
})

# In the browser ---------------------------------------------------------------------------------

test_that("in the browser all matrices are the trace's and the weights nn_train()'s, to 1e-12", {
  skip_without_browser()
  X <- show_data(10, 3)
  one <- plogis(X[, 1] - X[, 2])
  two <- cbind(a = one, b = plogis(X[, 3]))
  tutorial <- tutorial_data()
  jobs <- list(
    sigmoid = list(X = tutorial$X, y = tutorial$y),
    tanh = list(X = corners(), y = c(0, 1, 1, 0), activation = "tanh", learning_rate = 0.3),
    relu = list(X = X, y = one, activation = "relu"),
    deep = list(X = X, y = one, hidden = c(4, 3)),
    two = list(X = X, y = two),
    stochastic = list(X = X, y = two, batch_size = 1)
  )
  folder <- withr::local_tempdir()
  pages <- lapply(seq_along(jobs), function(i) {
    epochs <- if (i %in% c(1, 4)) c(1, 100, 1000, 5000) else c(1, 100)
    given <- jobs[[i]]
    names(given)[1] <- "x"
    set.seed(i)
    list(
      file = save_page(do.call(nn_show, given), folder), batches = if (i == 6) 3 else 1,
      sums = TRUE, epochs = epochs
    )
  })
  expect_lt(file.size(pages[[1]]$file), 150e3)
  results <- run_script("numbers", list(pages = pages))
  for (i in seq_along(jobs)) {
    result <- results[[i]]
    expect_identical(result$errors, list())
    expect_match(result$status, paste(
      "^Agrees with R to 1e.12 Weights and loss after epochs 1, 10, 100, 1,000, 5,000;"
    ))
    set.seed(i)
    trace <- do.call(nn_trace, jobs[[i]])
    compared <- 0
    for (batch in result$batches) {
      traced <- trace$epochs[[batch$at[[1]]]]$steps
      steps <- Filter(function(step) step$batch == batch$at[[2]], traced)
      expect_identical(setdiff(vapply(steps, `[[`, "", "id"), names(batch$matrices)), character())
      for (step in steps) {
        here <- as_rows(batch$matrices[[step$id]])
        expect_identical(dim(here), dim(step$value))
        expect_lt(max(abs(here - unname(step$value))), 1e-12)
        compared <- compared + 1
      }
    }
    expect_gt(compared, 15)
    for (weights in result$weights) {
      set.seed(i)
      fit <- do.call(nn_train, c(jobs[[i]], list(epochs = weights$epoch)))
      network <- coef(fit)
      for (name in names(network)) {
        here <- as_rows(weights$matrices[[paste0(name, "_after")]])
        expect_identical(dim(here), dim(network[[name]]))
        expect_lt(max(abs(here - network[[name]])), 1e-12)
      }
    }
    # the written sums: with all digits each is its cell, with two an equals sign is true
    expect_identical(result$sums$wrong, list())
    expect_gt(result$sums$cells, 250)
    expect_gt(result$sums$products, 80)
    expect_gt(result$sums$rounded, 20)
  }
})

test_that("keys, focus and announcements work, and Home gives the same bits", {
  skip_without_browser()
  set.seed(1)
  file <- save_page(nn_show(tutorial_data()$X, tutorial_data()$y))
  found <- run_script("keys", list(file = file, steps = 18))
  expect_identical(found$aria_live, "polite")
  expect_identical(
    unlist(found$arrows),
    c("1/1/1", "1/1/2", "1/1/3", "1/1/2", "2/1/2", "3/1/2", "2/1/2", "2/1/1")
  )
  expect_match(found$live[[1]], "^Epoch 1, Data, Step 0: X, y\\. The inputs, one row per case")
  expect_match(found$live[[3]], "^Epoch 1, Forward, Step 2: hidden_layer_input\\. Multiply each")
  expect_match(found$live[[5]], "^Epoch 2, Data, Step 1: wh, bh, wout, bout")
  expect_true(found$rewound)
  expect_match(found$away, "^700/1/10$")
  expect_identical(found$home, "1/1/1")
  expect_match(found$playing, "^Pause")
  expect_match(found$paused, "^Play")
  expect_true(found$stays)
  expect_length(found$tab, 18)
  for (step in found$tab) {
    expect_gt(step$cells, 0)
    expect_identical(step$reached, step$cells)
    expect_identical(step$bare, 0L)
  }
  expect_true(all(unlist(found$focus)))
  expect_identical(found$focus_at, "1/1/5")
  expect_identical(found$pinned, "hidden_layer_input[3, 3]")
  expect_identical(found$errors, list())
})

test_that("the page fits, is legible, asks nothing of the net, and is fast", {
  skip_without_browser()
  folder <- withr::local_tempdir()
  tutorial <- tutorial_data()
  page <- function(...) {
    set.seed(1)
    # no warnings about learning rates that are only offered on the page
    expect_no_warning(shown <- nn_show(...))
    save_page(shown, folder)
  }
  flowers <- c(1:3, 51:53, 101:103)
  X <- scale(as.matrix(iris[flowers, 1:4]))
  set.seed(7)
  largest <- matrix(rnorm(160), 20)
  colnames(largest) <- paste("a long name of input", 1:8)
  files <- c(
    page(tutorial$X, tutorial$y),
    page(corners(), c(0, 1, 1, 0), activation = "tanh", learning_rate = 0.3),
    page(X, iris$Species[flowers], hidden = c(4, 3), batch_size = 4),
    page(largest * 30, abs(largest),
      hidden = c(8, 8, 8), output_activation = "identity",
      learning_rate = 1e-6, epochs = 50
    ),
    page(tutorial$X, tutorial$y, lang = "zh")
  )
  diverging <- page(show_data(6) * 3, show_data(6)[, 1] * 12,
    activation = "relu",
    output_activation = "identity"
  )
  set.seed(1)
  widget <- nn_show(tutorial$X, tutorial$y)
  own <- which(vapply(widget$x$checks, function(c) c$rate == "0.1" && is.null(c$batch), NA))
  text <- widget$x$checks[[own]]$weights[3]
  numbers <- as.numeric(strsplit(text, " ")[[1]])
  numbers[7] <- numbers[7] + 1e-9
  widget$x$checks[[own]]$weights[3] <- packed_numbers(numbers)
  found <- run_script("page", list(
    files = files, names = files[3], chinese = files[5], diverging = diverging,
    tampered = save_page(widget, folder)
  ))
  for (layout in found$layout) {
    where <- paste("page", match(layout$file, files), "at", layout$width)
    expect_gt(layout$steps, 15)
    for (fault in c("requests", "errors", "wide", "cut", "pale", "small")) {
      expect_identical(unlist(layout[[fault]]), NULL, info = paste(where, fault))
    }
    expect_gte(layout$least, 4.5)
  }
  expect_length(found$layout, 15)
  # names that are cut still differ
  for (names in found$names) expect_length(unique(unlist(names)), 4)
  # only the largest network scrolls inside its matrices, on a small screen
  inner <- vapply(found$layout, `[[`, 0L, "inner")
  expect_identical(which(inner > 0), 12L)
  expect_identical(unlist(found$chinese$words), NULL)
  expect_identical(found$chinese$lang, "zh-CN")
  expect_gt(found$chinese$steps, 15)
  expect_gt(found$motion$`no-preference`$moving, 0)
  expect_identical(found$motion$reduce$moving, 0L)
  expect_gt(found$motion$reduce$flows, 0)
  expect_gt(found$motion$`no-preference`$epoch, 4)
  expect_lte(found$motion$reduce$epoch, 2)
  expect_lt(found$speed$epochs$all, 1000)
  expect_lt(found$speed$epochs$`1`, 1000)
  expect_gt(length(found$speed$steps), 15)
  # within a frame; single steps take longer if the processor is busy
  expect_lt(stats::median(unlist(found$speed$steps)), 16)
  expect_match(found$tampered, "^Differs from R by 1.0e.9, from epoch 100 on")
  expect_match(
    found$diverging$status,
    "^Agrees with R to 1e.12 Diverged in epoch [0-9]+: values are no longer finite"
  )
  expect_lt(found$diverging$epoch, 5000)
  expect_identical(found$diverging$errors, list())
})

test_that("two widgets, a trace and an app of Shiny each have their own stepper", {
  skip_without_browser()
  folder <- withr::local_tempdir()
  document <- file.path(folder, "two.Rmd")
  writeLines(c(
    "---", "title: Two", "output:", "  html_document:", "    theme: null",
    "    mathjax: null", "---", "", "```{r, echo = FALSE}", "library(backprop)",
    "X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))", "set.seed(1)",
    "nn_show(X, c(1, 1, 0))", "nn_show(X, c(1, 1, 0), hidden = 2, lang = \"zh\")",
    "nn_trace(X, c(1, 1, 0))", "```"
  ), document)
  page <- rmarkdown::render(document, quiet = TRUE, envir = new.env())
  found <- run_script("pages", list(pages = I(page)))[[1]]
  expect_identical(found$widgets, 3L)
  expect_identical(lapply(found$moves, unlist), list(
    c("1/1/1", "1/1/1", "1/1/1"), c("1/1/3", "1/1/1", "1/1/1"), c("1/1/3", "1/1/3", "1/1/1"),
    c("1/1/3", "1/1/3", "1/1/3")
  ))
  expect_identical(found$same_ids, 0L)
  expect_match(found$statuses[[1]], "^Agrees with R")
  expect_match(found$statuses[[3]], "^Agrees with R")
  expect_identical(found$hovered, list(TRUE, TRUE))
  expect_identical(found$lit[[2]], list(9L, 5L))
  # edges that are negative (in orange) are dashed, and no others
  dashed <- matrix(unlist(found$dashed), 2)
  expect_identical(dashed[1, ], dashed[2, ])
  expect_true(any(dashed[1, ]) && !all(dashed[1, ]))
  expect_identical(found$errors, list())
  expect_identical(found$requests, list())
  expect_lte(found$width, 0)
})

test_that("the stepper works in Shiny", {
  skip_without_browser()
  skip_if_not_installed("shiny")
  skip_if_not_installed("callr")
  port <- 20000 + sample.int(20000, 1)
  app <- callr::r_bg(function(port) {
    library(backprop)
    page <- shiny::fluidPage(nn_show_output("stepper"))
    server <- function(input, output) {
      set.seed(1)
      output$stepper <- nn_show_render(nn_show(rbind(c(0, 0), c(0, 1)), c(0, 1), epochs = 50))
    }
    shiny::runApp(shiny::shinyApp(page, server), port = port, launch.browser = FALSE)
  }, list(port = port))
  withr::defer(app$kill())
  address <- paste0("http://127.0.0.1:", port, "/")
  for (attempt in 1:100) {
    up <- tryCatch(
      {
        close(url(address, open = "rb"))
        TRUE
      },
      error = function(e) FALSE,
      warning = function(w) FALSE
    )
    if (up || !app$is_alive()) break
    Sys.sleep(0.1)
  }
  found <- run_script("pages", list(pages = I(address)))[[1]]
  expect_identical(found$widgets, 1L)
  expect_identical(lapply(found$moves, unlist), list("1/1/1", "1/1/3"))
  expect_match(found$statuses[[1]], "^Agrees with R")
  expect_identical(found$errors, list())
})

test_that("what the page can't show is answered by what it can, layer by layer", {
  skip_if_not_installed("htmlwidgets")
  data <- tutorial_data()
  fit <- nn_train(data$X, data$y, epochs = 2)
  unsupported <- function(...) refused(nn_show(data$X, data$y, ...), "argument")
  expect_snapshot({
    unsupported(activation = "mish")
    unsupported(activation = "softmax")
    unsupported(output_activation = "mish")
    unsupported(loss = "log_cosh")
    unsupported(loss = "poisson", output_activation = "tanh")
    refused(nn_show(fit), "input")
    refused(nn_show(y ~ ., data = iris), "input")
    refused(nn_show("y ~ x", data$y), "input")
  })
  # whatever is listed is shown
  listed <- intersect(page_functions$activation, inner_activations)
  for (name in listed) {
    shown <- nn_show(data$X, data$y, activation = name, output_activation = name, epochs = 1)
    expect_identical(unclass(shown$x$activations), c(name, name))
  }
})
