# Fits to export, and what runs the files that come out.

export_matrix <- function() {
  set.seed(11)
  matrix(round(rnorm(36), 6), 12, dimnames = list(NULL, c("a", "b \"quoted\"", "c'")))
}

# Activations restricted to the output layer.
output_activations <- function() with(backprop::nn_activations(), name[output_only])

# Every activation in the hidden layers, or the output ones in the output.
export_activation_fit <- function(activation, X = export_matrix()) {
  output_only <- activation %in% output_activations()
  set.seed(12)
  if (activation == "softmax") {
    return(nn_train(
      X, factor(rep(c("x", "y", "z"), length = nrow(X))),
      hidden = c(4, 3), activation = "tanh",
      epochs = 3
    ))
  }
  nn_train(
    X, cbind(one = abs(X[, 1]), two = 0.5),
    hidden = c(4, 3),
    activation = if (output_only) "tanh" else activation, output_activation = activation,
    epochs = 0, init = "glorot_normal"
  )
}

export_data <- function() {
  set.seed(13)
  data.frame(
    size = round(rnorm(30, 100, 5), 4), share = round(rexp(30), 4) + 0.125,
    kind = factor(rep(c("a", "b c", "d'e\"f"), length = 30)),
    grade = factor(
      rep(c("low", "mid", "high"), length = 30),
      levels = c("low", "mid", "high"), ordered = TRUE
    ),
    city = rep(c("Ulm", "Bonn", "K\u00f6ln"), each = 10),
    on = rep(c(TRUE, FALSE, FALSE, TRUE, FALSE), length = 30), y = round(rnorm(30, 50, 9), 4)
  )
}

export_formulas <- list(
  y ~ size + share + kind + grade + city + on, y ~ size * kind + log(share) + I(size^2) + on:kind,
  y ~ 0 + kind + city, y ~ kind:city:size - 1, kind ~ size + on, on ~ size + scale(share),
  y ~
    sqrt(share) + exp(share) + log10(share) + log2(share) + log1p(share) + expm1(share) +
    abs(share - 1) + I(-size / share) + I(share^1.5) + I(size^3),
  cbind(y, share) ~ size + kind, NULL
)

export_data_fit <- function(formula, data = export_data(), ...) {
  set.seed(14)
  if (is.null(formula)) {
    nn_train(data[setdiff(names(data), "y")], data$y, epochs = 10, hidden = 5, ...)
  } else {
    nn_train(formula, data, epochs = 10, hidden = 5, ...)
  }
}

# The function of an exported R file.
exported_r <- function(fit) {
  path <- tempfile(fileext = ".R")
  on.exit(unlink(path))
  nn_export(fit, path)
  alone <- new.env(parent = baseenv())
  sys.source(path, alone)
  alone$predict_network
}

# Runs an exported R function in a session without packages.
run_exported_r <- function(path, newdata) {
  given <- tempfile(fileext = ".rds")
  got <- tempfile(fileext = ".rds")
  script <- tempfile(fileext = ".R")
  on.exit(unlink(c(given, got, script)))
  saveRDS(newdata, given)
  writeLines(
    c(
      "arguments <- commandArgs(TRUE)", "source(arguments[1], encoding = \"UTF-8\")",
      "result <- predict_network(readRDS(arguments[2]))",
      "stopifnot(!\"backprop\" %in% loadedNamespaces())", "saveRDS(result, arguments[3])"
    ),
    script
  )
  # only a locale in UTF-8 can read all names
  locale <- if (l10n_info()$`UTF-8`) Sys.getenv("LC_ALL", NA) else "C.UTF-8"
  output <- withr::with_envvar(
    c(R_TESTS = NA, LC_ALL = locale),
    system2(
      file.path(R.home("bin"), "Rscript"), c("--vanilla", shQuote(c(script, path, given, got))),
      stdout = TRUE, stderr = TRUE
    )
  )
  if (!file.exists(got)) stop(paste(output, collapse = "\n"))
  readRDS(got)
}

# The bytes of each file of each fit, exported by a session in the locale C; an error's classes
# where there is no file.
export_in_locale_c <- function(fits, endings) {
  given <- tempfile(fileext = ".rds")
  folder <- tempfile("exported-")
  dir.create(folder)
  on.exit(unlink(c(given, folder), recursive = TRUE))
  saveRDS(list(fits = fits, endings = endings), given)
  code <- paste0(
    "given <- readRDS(commandArgs(TRUE)[1]); stopifnot(!l10n_info()$`UTF-8`); ",
    "results <- lapply(given$fits, function(fit) lapply(given$endings, function(ending) { ",
    "path <- tempfile(fileext = ending); ",
    "tryCatch({ backprop::nn_export(fit, path); readBin(path, 'raw', 1e6) }, error = class) })); ",
    "saveRDS(results, commandArgs(TRUE)[2])"
  )
  output <- system2(
    file.path(R.home("bin"), "Rscript"),
    shQuote(c("-e", code, given, file.path(folder, "got.rds"))),
    stdout = TRUE, stderr = TRUE,
    env = c("LC_ALL=C", paste0("R_LIBS=", paste(.libPaths(), collapse = .Platform$path.sep)))
  )
  if (!file.exists(file.path(folder, "got.rds"))) stop(paste(output, collapse = "\n"))
  readRDS(file.path(folder, "got.rds"))
}

# The query's columns but the one of `key`, which tells the rows of the data.
run_exported_sql <- function(path, data, table = "data", key = "row_number") {
  connection <- DBI::dbConnect(RSQLite::SQLite(), ":memory:")
  on.exit(DBI::dbDisconnect(connection))
  if (length(table) > 1) DBI::dbExecute(connection, paste0("ATTACH ':memory:' AS ", table[1]))
  DBI::dbWriteTable(
    connection, if (length(table) > 1) DBI::SQL(paste(table, collapse = ".")) else table,
    cbind(stats::setNames(data.frame(seq_len(nrow(data))), key), data)
  )
  got <- DBI::dbGetQuery(
    connection, `Encoding<-`(readChar(path, file.size(path), useBytes = TRUE), "UTF-8")
  )
  got <- got[order(got[[key]]), names(got) != key, drop = FALSE]
  text <- vapply(got, is.character, NA)
  structure(
    unname(as.matrix(as.data.frame(lapply(got[!text], as.double)))),
    class_column = unlist(got[text], use.names = FALSE), names_of_results = names(got)
  )
}

# PostgreSQL's programs; NULL if they are not installed.
postgres_programs <- function() {
  folders <- rev(Sys.glob("/usr/lib/postgresql/*/bin"))
  found <- Find(
    function(folder) all(file.exists(file.path(folder, c("initdb", "pg_ctl")))), folders
  )
  if (!is.null(found) && nzchar(Sys.which("psql"))) found
}

# Runs statements in a new PostgreSQL server, which refuses to run as root. Returns the lines that
# psql prints, columns separated by "|" and missing values as "NA".
run_postgres <- function(statements) {
  folder <- tempfile("pg-", if (nchar(tempdir()) > 60) "/tmp" else tempdir())
  dir.create(folder)
  withr::defer(unlink(folder, recursive = TRUE))
  as_user <- if (Sys.info()[["effective_user"]] == "root") {
    Sys.chmod(tempdir(), "0755")
    system2("chown", c("postgres", shQuote(folder)))
    "runuser -u postgres --"
  }
  run <- function(program, ...) {
    suppressWarnings(system(
      paste("cd", shQuote(folder), "&&", as_user, program, ..., "2>&1"),
      intern = TRUE
    ))
  }
  programs <- postgres_programs()
  data <- shQuote(file.path(folder, "data"))
  run(file.path(programs, "initdb"), "-A trust -U tester -E UTF8 --locale=C -N -D", data)
  options <- shQuote(paste("-c listen_addresses= -c fsync=off -k", folder))
  control <- file.path(programs, "pg_ctl")
  run(control, "-w -D", data, "-o", options, "-l", file.path(folder, "log"), "start")
  withr::defer(run(control, "-w -m immediate -D", data, "stop"), priority = "first")
  file <- file.path(folder, "statements.sql")
  writeLines(enc2utf8(statements), file, useBytes = TRUE)
  run("psql -X -q -A -t -F '|' -P null=NA -U tester -d postgres -h", folder, "-f", file)
}
skip_without_postgres <- function() {
  if (is.null(postgres_programs())) testthat::skip("PostgreSQL is not installed")
}

# Statements that create a table from a data frame.
sql_table_of <- function(data, table) {
  quoted <- paste0("\"", gsub("\"", "\"\"", names(data)), "\"")
  type <- vapply(data, function(x) {
    if (is.numeric(x)) "double precision" else if (is.logical(x)) "boolean" else "text"
  }, "")
  literal <- function(x) {
    if (is.numeric(x)) {
      ifelse(is.na(x) & !is.nan(x), "NULL", sprintf("'%.17g'", x))
    } else {
      ifelse(is.na(x), "NULL", paste0("'", gsub("'", "''", as.character(x)), "'"))
    }
  }
  c(
    paste0("CREATE TABLE ", table, " (", paste(quoted, type, collapse = ", "), ");"),
    paste0(
      "INSERT INTO ", table, " VALUES (",
      do.call(paste, c(lapply(data, literal), sep = ", ")), ");"
    )
  )
}

# Compiles the file with a main function that holds the cases, and reads what it prints: the
# response or, with `class`, the level.
run_exported_c <- function(path, newdata, outputs, dialect = "c99", name = "predict_network",
                           class = FALSE) {
  folder <- tempfile("c-")
  dir.create(folder)
  on.exit(unlink(folder, recursive = TRUE))
  file.copy(path, file.path(folder, "model.c"))
  literal <- function(x) {
    if (is.numeric(x)) {
      ifelse(is.na(x), "NAN", sub("Inf", "INFINITY", sprintf("%.17g", x)))
    } else if (is.logical(x)) {
      ifelse(is.na(x), "NAN", as.integer(x))
    } else {
      ifelse(
        is.na(x), "NULL",
        vapply(
          enc2utf8(as.character(x)),
          function(text) {
            paste0("\"", paste(sprintf("\\%03o", as.integer(charToRaw(text))), collapse = ""), "\"")
          },
          ""
        )
      )
    }
  }
  rows <- do.call(paste, c(lapply(as.list(as.data.frame(newdata)), literal), sep = ", "))
  type <- if (is.matrix(newdata)) {
    paste0("double cases[][", ncol(newdata), "]")
  } else {
    paste0(name, "_row cases[]")
  }
  lines <- c(
    "#include <stdio.h>", "#include \"model.c\"", paste0("static ", type, " = {"),
    paste0("  {", rows, "},"), "};", "int main(void) {",
    if (!class) paste0("  double main_to[", outputs, "];"),
    paste0("  for (int main_i = 0; main_i < ", nrow(newdata), "; ++main_i) {"),
    if (class) {
      c(
        paste0(
          "    int main_k = ", name, "_class(", if (is.matrix(newdata)) "" else "&",
          "cases[main_i]);"
        ),
        paste0(
          "    printf(\"%s\\n\", main_k < 0 ? \"\" : ", name, "_levels[main_k]);"
        )
      )
    } else {
      c(
        paste0("    ", name, "(", if (is.matrix(newdata)) "" else "&", "cases[main_i], main_to);"),
        paste0(
          "    for (int main_u = 0; main_u < ", outputs,
          "; ++main_u) printf(\"%.17g\\n\", main_to[main_u]);"
        )
      )
    },
    "  }", "  return 0;", "}"
  )
  writeLines(enc2utf8(lines), file.path(folder, "main.c"), useBytes = TRUE)
  program <- file.path(folder, "program")
  output <- system2(
    c_compiler(),
    c(
      paste0("-std=", dialect), "-pedantic-errors", "-Wall", "-Wextra", "-o", shQuote(program),
      shQuote(file.path(folder, "main.c")), "-lm"
    ),
    stdout = TRUE, stderr = TRUE
  )
  if (length(output) > 0) stop(paste(output, collapse = "\n"))
  if (class) {
    return(`Encoding<-`(system2(program, stdout = TRUE), "UTF-8"))
  }
  matrix(as.numeric(system2(program, stdout = TRUE)), ncol = outputs, byrow = TRUE)
}
c_compiler <- function() unname(Find(nzchar, Sys.which(c("cc", "gcc", "clang"))))
skip_without_c <- function() if (is.null(c_compiler())) testthat::skip("there is no C compiler")

# onnxruntime, as tools/install.sh installs it: the npm package in a folder of its own, named by
# BACKPROP_ONNXRUNTIME or in the user's cache.
onnxruntime_folder <- function() {
  folder <- Sys.getenv(
    "BACKPROP_ONNXRUNTIME", file.path(tools::R_user_dir("backprop", "cache"), "onnxruntime")
  )
  file.path(folder, "node_modules", "onnxruntime-node")
}
skip_without_onnxruntime <- function() {
  testthat::skip_if_not_installed("jsonlite")
  if (!nzchar(Sys.which("node"))) testthat::skip("node is not installed")
  if (!dir.exists(onnxruntime_folder())) {
    testthat::skip("onnxruntime-node is not installed (sh tools/install.sh test)")
  }
  if (system2(
    "node", c("-e", shQuote("require(process.argv[1])"), shQuote(onnxruntime_folder())),
    stdout = FALSE, stderr = FALSE
  ) != 0) {
    testthat::skip("onnxruntime-node does not run on this machine")
  }
}

# list(response, class) of a model. Columns of a data frame are inputs by their names, a matrix is
# the input X.
run_onnx <- function(path, newdata, precision,
                     script = testthat::test_path("fixtures", "run-onnx.js")) {
  number <- c(double = "float64", single = "float32")[[precision]]
  tensor <- function(x, dims) {
    list(
      type = if (is.numeric(x)) number else if (is.logical(x)) "bool" else "string", dims = dims,
      data = as.list(if (is.numeric(x)) {
        sub("Inf", "Infinity", sub("^NA$", "NaN", sprintf("%.17g", x)))
      } else if (is.logical(x)) {
        as.integer(x)
      } else {
        as.character(x)
      })
    )
  }
  feeds <- if (is.matrix(newdata)) {
    list(X = tensor(as.vector(t(newdata)), dim(newdata)))
  } else {
    lapply(newdata, function(x) tensor(x, c(length(x), 1)))
  }
  given <- tempfile(fileext = ".json")
  on.exit(unlink(given))
  writeLines(jsonlite::toJSON(feeds, auto_unbox = TRUE), given, useBytes = TRUE)
  output <- suppressWarnings(system2(
    "node",
    shQuote(c(script, onnxruntime_folder(), path, given)),
    stdout = TRUE, stderr = TRUE
  ))
  results <- tryCatch(jsonlite::parse_json(paste(output, collapse = "\n")), error = function(e) {
    stop(paste(output, collapse = "\n"))
  })
  response <- results[[grep("^response", names(results))]]
  list(
    response = matrix(
      as.numeric(unlist(response$data)), response$dims[[1]], response$dims[[2]],
      byrow = TRUE
    ),
    class = unlist(results$class$data), names = names(results),
    probabilities = if (!is.null(results$probabilities)) {
      matrix(
        as.numeric(unlist(results$probabilities$data)), results$probabilities$dims[[1]],
        byrow = TRUE
      )
    }
  )
}

# A Python that has the package onnx, as Debian's with python3-onnx: the system's, or the first on
# the path.
onnx_python <- function() {
  has_onnx <- function(python) {
    nzchar(python) && file.exists(python) &&
      system2(python, c("-c", shQuote("import onnx")), stdout = FALSE, stderr = FALSE) == 0
  }
  Find(has_onnx, unique(c("/usr/bin/python3", unname(Sys.which("python3")))))
}
skip_without_onnx_checker <- function() {
  if (is.null(onnx_python())) testthat::skip("no Python with the package onnx is installed")
}
check_onnx <- function(path, python = onnx_python()) {
  system2(
    python,
    c(
      "-c",
      shQuote(
        paste0(
          "import sys, onnx; onnx.checker.check_model(onnx.load(sys.argv[1]), full_check = True); ",
          "print('checked')"
        )
      ),
      shQuote(path)
    ),
    stdout = TRUE, stderr = TRUE
  )
}

# Differences relative to the size of the numbers, where that is above 1.
relative_difference <- function(a, b) max(abs(unname(a) - unname(b)) / pmax(1, abs(unname(b))))
