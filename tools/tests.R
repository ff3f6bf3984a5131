# Runs the tests in a folder against the installed package. The last line of the output is
# 'N passed, N failed, N skipped', which counts expectations; the exit status is 1 if any failed.
# The line before names the files in which tests were skipped.
#
#   Rscript tools/tests.R FOLDER [NAME...]     all files test-*.R, or only those with these names

folder <- commandArgs(TRUE)[1]
chosen <- commandArgs(TRUE)[-1]
options(testthat.progress.max_fails = Inf, warn = 1, width = 120)
library(backprop)

counts <- tryCatch(
  {
    results <- testthat::test_dir(
      folder,
      filter = if (length(chosen)) paste0("^(", paste(chosen, collapse = "|"), ")$"),
      package = "backprop", load_package = "installed", stop_on_failure = FALSE,
      reporter = testthat::ProgressReporter$new(
        show_praise = FALSE, max_failures = Inf, update_interval = 3600
      )
    )
    table <- as.data.frame(results)
    # again at the end, where the last lines of a log show them
    for (test in results) {
      for (found in test$results) {
        if (inherits(found, c("expectation_failure", "expectation_error"))) {
          line <- if (is.null(found$srcref)) "?" else found$srcref[1]
          cat("\nFAILED ", test$file, ":", line, ": ", test$test, "\n", sep = "")
          cat(substr(conditionMessage(found), 1, 1000), "\n", sep = "")
        }
      }
    }
    # Parallel tests report nothing for a file that is skipped entirely or does not parse. When run
    # alone, the first reports its reason and the second its error.
    reasons <- function(file) {
      reporter <- testthat::SilentReporter$new()
      tryCatch(
        {
          testthat::test_file(
            file.path(folder, file),
            package = "backprop", load_package = "installed",
            reporter = reporter, stop_on_failure = FALSE
          )
          found <- reporter$expectations()
          if (any(vapply(found, inherits, NA, c("expectation_error", "expectation_failure")))) {
            return()
          }
          skips <- Filter(function(x) inherits(x, "expectation_skip"), found)
          unlist(lapply(skips, conditionMessage))
        },
        error = function(e) message("\n", file, ": ", conditionMessage(e))
      )
    }
    expected <- if (length(chosen)) {
      sprintf("test-%s.R", chosen)
    } else {
      list.files(folder, "^test.*\\.[rR]$")
    }
    silent <- setdiff(expected, table$file)
    skipped <- 0
    for (file in silent) {
      why <- reasons(file)
      skipped <- skipped + (length(why) > 0)
      message("\n", file, if (length(why)) " is skipped: " else " gave no result.", why[1])
    }
    failed <- sum(table$failed) + sum(table$error) + length(silent) - skipped
    name <- function(files) sub("^test-(.*)[.][rR]$", "\\1", unique(files))
    with_skips <- name(c(table$file[table$skipped > 0], silent))
    cat("\nTests were skipped in:", with_skips, "\n")
    c(passed = sum(table$passed), failed = failed, skipped = sum(table$skipped) + skipped)
  },
  error = function(e) {
    message("The tests could not run: ", conditionMessage(e))
    c(passed = 0, failed = 1, skipped = 0)
  }
)
if (sum(counts) == 0) message("No test was run.")
cat(sprintf(
  "\n%d passed, %d failed, %d skipped\n",
  counts[["passed"]], counts[["failed"]], counts[["skipped"]]
))
quit(status = as.integer(counts[["failed"]] > 0 || counts[["passed"]] == 0))
