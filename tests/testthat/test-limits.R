# The memory that a process may use, and columns that need too much of it.

# A directory with files of the system, given as a list of lines by path.
fake_system <- function(files) {
  root <- withr::local_tempdir(.local_envir = parent.frame())
  for (path in names(files)) {
    dir.create(dirname(file.path(root, path)), recursive = TRUE, showWarnings = FALSE)
    writeLines(files[[path]], file.path(root, path))
  }
  root
}

machine <- list("proc/meminfo" = c(
  "MemTotal:       8000000 kB", "MemFree:        1000000 kB", "MemAvailable:   4000000 kB",
  "SwapFree:       500000 kB"
))

test_that("the memory available is that of the machine, its groups or its own limits", {
  root <- fake_system(machine)
  expect_identical(available_memory(root)$bytes, 4500000 * 1024)
  expect_match(available_memory(root)$where, "machine")
  # version 2: the least of the group and those around it, without droppable pages
  root <- fake_system(c(machine, list(
    "proc/self/cgroup" = "0::/outer/inner", "sys/fs/cgroup/outer/inner/memory.max" = "max",
    "sys/fs/cgroup/outer/inner/memory.current" = "5000",
    "sys/fs/cgroup/outer/memory.max" = "1000000000",
    "sys/fs/cgroup/outer/memory.current" = "600000000",
    "sys/fs/cgroup/outer/memory.stat" = c("anon 500000000", "inactive_file 100000000")
  )))
  expect_identical(available_memory(root)$bytes, 5e8)
  expect_match(available_memory(root)$where, "container")
  writeLines("100000000", file.path(root, "sys/fs/cgroup/outer/inner/memory.max"))
  expect_identical(available_memory(root)$bytes, 1e8 - 5000)
  writeLines("3000", file.path(root, "sys/fs/cgroup/outer/inner/memory.max"))
  expect_identical(available_memory(root)$bytes, 0)
  # version 1, in a container that does not have the host's path
  root <- fake_system(c(machine, list(
    "proc/self/cgroup" = c("4:cpu,memory:/docker/abc:d", "0::/"),
    "sys/fs/cgroup/memory/memory.limit_in_bytes" = "1073741824",
    "sys/fs/cgroup/memory/memory.usage_in_bytes" = "73741824",
    "sys/fs/cgroup/memory/memory.stat" = c("inactive_file 1", "total_inactive_file 10")
  )))
  expect_identical(available_memory(root)$bytes, 1e9 + 10)
  writeLines(
    "9223372036854771712", file.path(root, "sys/fs/cgroup/memory/memory.limit_in_bytes")
  )
  expect_identical(available_memory(root)$bytes, 4500000 * 1024)
  root <- fake_system(c(machine, list(
    "proc/self/limits" = c(
      "Limit                     Soft Limit           Hard Limit           Units     ",
      "Max data size             unlimited            unlimited            bytes     ",
      "Max address space         2000000000           unlimited            bytes     "
    ),
    "proc/self/status" = c("VmSize:\t  500000 kB", "VmData:\t  100000 kB")
  )))
  expect_identical(available_memory(root)$bytes, 2e9 - 500000 * 1024)
  expect_match(available_memory(root)$where, "ulimit")
  # without such files
  expect_gt(available_memory(fake_system(list()))$bytes, 0)
})

test_that("inputs that need too much memory are an error before they are encoded", {
  withr::local_seed(3)
  d <- data.frame(
    x = rnorm(400), place = sprintf("p%03d", rep(1:100, 4)), id = sprintf("id%03d", 1:400),
    y = rnorm(400), stringsAsFactors = FALSE
  )
  withr::local_options(backprop.memory_limit = 3e6)
  no_memory <- function(code) expect_error(suppressWarnings(code), class = "backprop_error_memory")
  for (error in list(
    no_memory(nn_train(y ~ x + place + id, d)), no_memory(nn_train(d[1:3], d$y)),
    no_memory(nn_cv(y ~ ., d)), no_memory(nn_cv(d[1:3], d$y))
  )) {
    expect_match(conditionMessage(error), "Column id needs the most: each of its 400 levels")
    # 99 + 399 inputs and x, in eight copies; no table of the levels
    needed <- 8 * 8 * 400 * (1 + 99 + 399)
    expect_match(gsub(",", "", conditionMessage(error)), paste(needed, "bytes"))
  }
  error <- no_memory(nn_train(y ~ place * factor(id), d))
  expect_match(
    conditionMessage(error), "place:factor(id) needs the most: it becomes 39501",
    fixed = TRUE
  )
  expect_error(nn_train(y ~ id, d), class = "backprop_error_memory") |>
    expect_warning(class = "backprop_warning_identifier")
  expect_snapshot(suppressWarnings(nn_train(d[1:3], d$y)), error = TRUE)
  # a product of a number and a factor is refused as a matrix, and trained on as a sparse one
  expect_snapshot(nn_train(y ~ x:id, d), error = TRUE)
  if (requireNamespace("Matrix", quietly = TRUE)) {
    X <- Matrix::sparse.model.matrix(~ x:id, d)[, -1]
    fit <- nn_train(X, d$y, hidden = 0, penalty = 0.1, optimizer = "adam", epochs = 1)
    expect_identical(dim(coef(fit)$wout), c(400L, 1L))
  }
  # new data
  fit <- withr::with_options(
    list(backprop.memory_limit = NULL), nn_train(y ~ x + place, d, hidden = 0, epochs = 1)
  )
  expect_length(predict(fit, d[1:10, ]), 10)
  error <- no_memory(predict(fit, d[rep(1:400, 10), ]))
  expect_match(conditionMessage(error), "newdata")
})

# The first class of the condition that `code` ends with, in a process limited by `limit`, a line of
# shell.
class_in_limited_process <- function(limit, code) {
  script <- withr::local_tempfile(fileext = ".R", lines = c(
    sprintf(".libPaths(%s)", deparse1(.libPaths())), "library(backprop)",
    "n <- 2000", "d <- data.frame(id = sprintf('id%05d', 1:n), y = sin(1:n))",
    sprintf(
      "e <- tryCatch(suppressWarnings({%s}), error = identity)", paste(code, collapse = "; ")
    ),
    "cat(class(e)[1])"
  ))
  suppressWarnings(system2("sh", c("-c", shQuote(paste(
    limit, "; export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1; exec",
    shQuote(file.path(R.home("bin"), "Rscript")), "--vanilla", shQuote(script)
  ))), stdout = TRUE, stderr = TRUE))
}

test_that("a process with a limited address space gets a classed error", {
  skip_on_cran()
  skip_on_os(c("windows", "mac"))
  limit <- "ulimit -v 350000"
  # a sanitizer or a BLAS may need more
  skip_if_not(
    identical(class_in_limited_process(limit, "1"), "numeric"), "R does not start in 350 MB"
  )
  for (code in c(
    "nn_train(y ~ id, d)", "nn_train(d['id'], d$y)",
    # memory that C++ and R do not get
    "backprop:::core_row_order(c(1, 2), 0, 2e8)", "backprop:::in_memory(numeric(1e9), NULL)",
    "nn_train(matrix(0, 10, 1000), 1:10, hidden = 20000)"
  )) {
    expect_identical(class_in_limited_process(limit, code), "backprop_error_memory", info = code)
  }
  expect_identical(
    class_in_limited_process(limit, "nn_train(y ~ y2, transform(d, y2 = y), epochs = 1)"), "nn_fit"
  )
})

test_that("a process in a control group gets an error instead of being killed", {
  skip_on_cran()
  group <- sprintf("/sys/fs/cgroup/memory/backprop-test-%d", Sys.getpid())
  skip_if_not(
    dir.exists(dirname(group)) && suppressWarnings(dir.create(group, showWarnings = FALSE)),
    "control groups can't be created here"
  )
  withr::defer(suppressWarnings(system2("rmdir", group)))
  for (megabytes in c(300, 320)) {
    limited <- suppressWarnings(system2("sh", c("-c", shQuote(sprintf(
      "echo %d > %s/memory.limit_in_bytes", megabytes * 1e6, group
    ))), stderr = FALSE)) == 0
    skip_if_not(limited, "control groups can't be limited here")
    class <- class_in_limited_process(
      sprintf("echo $$ > %s/cgroup.procs", group), "nn_train(y ~ id, d)"
    )
    # how much R itself needs differs
    expect_true(class == "backprop_error_memory" || class == "nn_fit" && megabytes > 300)
  }
})

test_that("rows in the core's format are freed when their use ends, not when R collects garbage", {
  given <- list()
  original <- core_rows
  replace_in("backprop", core_rows = function(...) {
    rows <- original(...)
    given <<- c(given, rows)
    rows
  })
  d <- data.frame(x = sin(1:40), y = cos(1:40))
  nn_train(y ~ x, d)
  nn_train(y ~ x, d, epochs = 2, validation = 0.25, optimizer = "adam")
  nn_continue(nn_train(y ~ x, d, epochs = 2), d, epochs = 2)
  expect_gt(length(given), 20)
  for (rows in given) {
    expect_error(core_place_rows(rows, 0, 40, 40, 40), "external pointer is not valid")
  }
})

test_that("a column with a level for most rows warns, and others do not", {
  set.seed(1)
  d <- data.frame(y = rnorm(60), x = rnorm(60))
  d$name <- sprintf("person %d", 1:60)
  warned <- function(code) {
    found <- character()
    withCallingHandlers(code, backprop_warning_identifier = function(w) {
      found <<- c(found, w$columns)
      invokeRestart("muffleWarning")
    })
    found
  }
  train <- function(...) nn_train(..., hidden = 0, epochs = 1)
  expect_identical(warned(train(y ~ x + name, d)), "name")
  expect_identical(warned(train(d[2:3], d$y)), "name")
  expect_identical(warned(train(y ~ factor(x), d)), "factor(x)")
  expect_warning(train(y ~ x + name, d), class = "backprop_warning_identifier")
  expect_snapshot(invisible(train(d[2:3], d$y)))
  expect_snapshot(invisible(train(data.frame(z = as.character(d$x), w = rev(d$name)), d$y)))
  # fewer levels, few rows, missing values, rows of weight 0, numbers
  d$less <- c(1:47, 1:13)
  expect_identical(warned(train(y ~ factor(less), d)), character())
  d$more <- c(1:48, 1:12)
  expect_identical(warned(train(y ~ factor(more), d)), "factor(more)")
  expect_identical(warned(train(y ~ name, d[1:19, ])), character())
  expect_identical(warned(train(y ~ name, d[1:20, ])), "name")
  d$w <- rep(c(1, 0), c(15, 45))
  expect_identical(warned(train(y ~ name, d, weights = w)), character())
  expect_identical(warned(train(y ~ x + w, d)), character())
  # an outcome with nearly a class per row
  expect_identical(warned(train(d["x"], as.character(d$x))), "y")
  expect_snapshot(invisible(train(d["x"], as.character(round(d$x, 3)))))
})

test_that("text of more than 20 numbers warns, as input and as outcome; factors do not", {
  d <- data.frame(y = rnorm(60), number = as.character(rep(1:30, 2)))
  train <- function(...) invisible(nn_train(..., hidden = 0, epochs = 1))
  expect_snapshot(train(y ~ number, d))
  expect_snapshot(train(d["y"], d$number))
  quiet <- function(code) expect_no_warning(code, class = "backprop_warning_identifier")
  quiet(train(y ~ factor(number), d))
  quiet(train(transform(d["number"], number = factor(number)), d$y))
  quiet(train(d["y"], factor(d$number)))
  d$number <- rep(1:20, 3)
  quiet(train(y ~ as.character(number), d))
  d$number <- rep(paste0("k", 1:30), 2)
  quiet(train(y ~ number, d))
})

test_that("nn_cv() warns of an identifier once", {
  d <- data.frame(y = sin(1:60), name = sprintf("person %d", 1:60))
  classes <- character()
  withCallingHandlers(
    suppressMessages(nn_cv(
      y ~ name, d,
      folds = 3, hidden = 0, epochs = 1, new_levels = "NA", metrics = "rmse"
    )),
    warning = function(w) {
      classes <<- c(classes, class(w)[1])
      invokeRestart("muffleWarning")
    }
  )
  expect_identical(sum(classes == "backprop_warning_identifier"), 1L)
  expect_false("backprop_warning_fits" %in% classes)
})
