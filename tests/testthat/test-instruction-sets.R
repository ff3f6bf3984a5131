# Every instruction set of this processor against plain R.

sizes <- c(1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 23, 31, 33, 64, 65, 100, 257)
rows <- c(1, 2, 7, 8, 9, 15, 16, 17, 64, 255, 256, 257, 1023, 1024, 1025, 2049)

expect_relative <- function(object, expected, case, tolerance = 1e-12) {
  object <- unlist(object, use.names = FALSE)
  expected <- unlist(expected, use.names = FALSE)
  off <- if (length(object) == length(expected)) {
    max(abs(object - expected)) / max(abs(expected))
  } else {
    Inf
  }
  expect(isTRUE(off <= tolerance), sprintf("%s: relative difference %.3g.", case, off))
}

# One layer: a product of n x inputs by inputs x units, and the gradient, its transposed products.
check_one_layer <- function(set, n, inputs, units) {
  case <- sprintf("%s, %d rows, %d inputs, %d units", set, n, inputs, units)
  X <- matrix(rnorm(n * inputs), n)
  y <- matrix(rnorm(n * units), n)
  network <- list(wout = matrix(rnorm(inputs * units), inputs), bout = matrix(rnorm(units), 1))
  output <- reference_weighted_sum(X, network$wout, network$bout)
  expect_relative(nn_forward(network, X, output_activation = "identity")$output, output, case)
  gradient <- nn_gradient(network, X, y, output_activation = "identity")
  expect_relative(gradient$wout, t(X) %*% (output - y), paste0(case, ", gradient of wout"))
  expect_relative(gradient$bout, colSums(output - y), paste0(case, ", gradient of bout"))
}

test_that("products of awkward sizes are right under each instruction set", {
  with_each_instruction_set(function(set) {
    set.seed(1)
    for (inputs in sizes) for (units in sizes) check_one_layer(set, 11, inputs, units)
    for (n in rows) for (size in c(1, 3, 17, 40)) check_one_layer(set, n, size, 5)
    check_one_layer(set, 1030, 129, 67)
  })
})

test_that("networks of awkward sizes are right under each instruction set", {
  with_each_instruction_set(function(set) {
    for (hidden in list(1, 3, 8, 17, c(9, 33), c(65, 7), c(5, 16, 31))) {
      for (output_activation in c("sigmoid", "tanh", "relu", "identity", "softmax")) {
        activation <- rep_len(c("tanh", "sigmoid", "relu"), length(hidden))
        problem <- random_problem(19, 6, 3, hidden, seed = 1)
        case <- paste0(set, ", hidden ", deparse(hidden), ", ", output_activation)
        plain <- reference_backward(
          problem$start, problem$X, problem$y, activation, output_activation
        )
        expect_relative(
          nn_forward(problem$start, problem$X, activation, output_activation)$output, plain$output,
          case
        )
        gradient <- nn_gradient(problem$start, problem$X, problem$y, activation, output_activation)
        for (name in names(gradient)) {
          expect_relative(
            gradient[[name]], plain$gradient[[name]], paste0(case, ", gradient of ", name)
          )
        }
        expect_relative(
          nn_loss(problem$start, problem$X, problem$y, activation, output_activation),
          reference_loss(problem$start, problem$X, problem$y, activation, output_activation),
          paste0(case, ", loss")
        )
      }
    }
  })
})

test_that(
  paste0(
    "each instruction set gives the tutorial's numbers, the same bits in each run, ",
    "and bits that do not depend on the rows beside"
  ),
  {
    data <- tutorial_data()
    with_each_instruction_set(function(set) {
      fit <- nn_train(data$X, data$y, start = tutorial_start())
      expect_digits(fit$wout, c(5.599891989987, .476118373743, -2.081227374621))
      expect_identical(coef(nn_train(data$X, data$y, start = tutorial_start())), coef(fit))
      problem <- random_problem(300, 17, 2, c(9, 5), seed = 2)
      all_rows <- nn_forward(problem$start, problem$X)$output
      for (i in c(1, 8, 255, 256, 257, 300)) {
        expect_identical(
          nn_forward(problem$start, problem$X[i, , drop = FALSE])$output,
          all_rows[i, , drop = FALSE],
          label = paste(set, "row", i)
        )
      }
    })
  }
)

test_that("a set can be chosen by name, and goes back to the fastest", {
  sets <- nn_instruction_sets()
  before <- attr(sets, "chosen")
  on.exit(nn_instruction_sets(before))
  expect_type(sets, "logical")
  expect_true(sets[["baseline"]])
  with_each_instruction_set(function(set) {
    expect_identical(attr(nn_instruction_sets(), "chosen"), set)
  })
  expect_identical(attr(nn_instruction_sets(), "chosen"), before)

  nn_instruction_sets("baseline")
  chosen <- withVisible(nn_instruction_sets("fastest"))
  expect_false(chosen$visible)
  available <- names(sets)[sets]
  expect_identical(attr(chosen$value, "chosen"), available[length(available)])
})

test_that("a set that is unknown, or that the processor lacks, is an error and changes nothing", {
  before <- attr(nn_instruction_sets(), "chosen")
  for (name in c("avx1024", names(which(!nn_instruction_sets())))) {
    expect_error(nn_instruction_sets(name), class = "backprop_error_argument")
  }
  expect_error(nn_instruction_sets(2), class = "backprop_error_argument")
  expect_identical(attr(nn_instruction_sets(), "chosen"), before)
})

# What a new session prints that loads the package with the option or the environment variable set,
# and runs `code`.
in_a_new_session <- function(code, option = NULL, variable = "") {
  script <- tempfile(fileext = ".R")
  on.exit(unlink(script))
  writeLines(c(
    sprintf(".libPaths(%s)", deparse1(.libPaths())),
    if (!is.null(option)) sprintf("options(backprop.instruction_set = %s)", deparse(option)),
    code
  ), script)
  system2(
    file.path(R.home("bin"), "Rscript"), c("--vanilla", shQuote(script)),
    stdout = TRUE,
    env = paste0("BACKPROP_INSTRUCTION_SET=", variable)
  )
}

test_that("option and environment variable choose a set when the package is loaded", {
  skip_on_cran()
  chosen <- function(...) {
    in_a_new_session("cat(attr(backprop::nn_instruction_sets(), 'chosen'))", ...)
  }
  sets <- nn_instruction_sets()
  available <- names(sets)[sets]
  expect_identical(chosen(), available[length(available)])
  expect_identical(
    chosen(option = available[length(available)], variable = "baseline"),
    available[length(available)]
  )
  for (set in available) {
    expect_identical(chosen(variable = set), set)
    expect_identical(chosen(option = set), set)
  }
})

test_that("a set chosen by the environment gives the bits of the set chosen by name", {
  skip_on_cran()
  train <- "set.seed(1)
    X <- matrix(rnorm(200), 20)
    fit <- backprop::nn_train(X, X[, 1] / 4 + 0.5, hidden = 17, activation = 'tanh', epochs = 50)
    cat(sprintf('%a', unlist(coef(fit))))"
  bits <- character()
  with_each_instruction_set(function(set) {
    here <- paste(utils::capture.output(eval(parse(text = train), new.env())), collapse = "")
    expect_identical(
      paste(in_a_new_session(train, variable = set), collapse = ""), here,
      label = set
    )
    bits <<- c(bits, here)
  })
  # if all sets gave the same bits, this would show nothing
  if (length(bits) > 1) expect_false(bits[1] == bits[2])
})

test_that(
  "where option or environment variable asks for what is not there, loading fails and says so",
  {
    skip_on_cran()
    message_of <- function(...) {
      paste(
        in_a_new_session(
          "tryCatch(loadNamespace('backprop'), error = function(e) cat(conditionMessage(e)))", ...
        ),
        collapse = " "
      )
    }
    expect_match(
      message_of(variable = "no-such-set"),
      "`BACKPROP_INSTRUCTION_SET` must be one of \"fastest\", .*You supplied \"no-such-set\""
    )
    expect_match(
      message_of(option = 2, variable = "baseline"),
      "`options\\(backprop.instruction_set\\)` must be one of \"fastest\".*You supplied 2"
    )
    lacking <- names(which(!nn_instruction_sets()))
    skip_if(length(lacking) == 0, "the processor has all sets")
    for (set in lacking) {
      expect_match(
        message_of(variable = set),
        sprintf(
          "not support the instruction set \"%s\", which `BACKPROP_INSTRUCTION_SET` selects", set
        )
      )
    }
  }
)
