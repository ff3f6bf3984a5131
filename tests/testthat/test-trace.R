# The record of every step: its numbers, its formulas, and how they are taken out and printed.

X <- tutorial_data()$X
y <- tutorial_data()$y
trace_of <- function(...) nn_trace(X, y, start = tutorial_start(), ...)

shapes <- list(
  list(hidden = 0, activation = character(), output_activation = "sigmoid"),
  list(hidden = 3, activation = "sigmoid", output_activation = "sigmoid"),
  list(hidden = 5, activation = "relu", output_activation = "softmax"),
  list(hidden = c(6, 4), activation = c("tanh", "relu"), output_activation = "identity"),
  list(hidden = c(5, 4, 3), activation = c("relu", "sigmoid", "tanh"), output_activation = "tanh")
)
hidden_activation <- function(shape) {
  if (length(shape$activation) == 0) "sigmoid" else shape$activation
}
ids_of <- function(steps) vapply(steps, `[[`, "", "id")

# What formulas call, written from the definitions. The bias is spread over the rows.
formula_scope <- function() {
  normal <- function(f) function(z) array(f(z), dim(z))
  list2env(
    list(
      `+` = function(a, b) {
        if (is.matrix(b) && nrow(b) == 1 && is.matrix(a) && nrow(a) > 1) {
          b <- matrix(b, nrow(a), ncol(b), byrow = TRUE)
        }
        base::`+`(a, b)
      },
      sigmoid = reference_activations$sigmoid$value,
      derivatives_sigmoid = reference_activations$sigmoid$slope, relu = function(z) z * (z > 0),
      mish = function(z) z * tanh(log1p(exp(z))),
      leaky_relu = function(z) ifelse(z > 0, z, 0.01 * z),
      elu = function(z) ifelse(z > 0, z, expm1(z)),
      selu = function(z) 1.0507009873554805 * ifelse(z > 0, z, 1.6732632423543772 * expm1(z)),
      gelu = function(z) z * pnorm(z), silu = function(z) z / (1 + exp(-z)),
      softplus = function(z) log1p(exp(z)), softmax = reference_softmax
    ),
    parent = globalenv()
  )
}

# Evaluates every formula of an update and returns the ids of those that were.
expect_formulas <- function(steps, learning_rate, label) {
  scope <- formula_scope()
  scope$learning_rate <- learning_rate
  evaluated <- character()
  for (step in steps) {
    if (step$number %in% 2:11 || step$id == "loss") {
      value <- eval(parse(text = step$formula), scope)
      if (length(value) == 1) value <- 0 * step$value + c(value)
      difference <- greatest_difference(value, step$value)
      expect(
        isTRUE(difference <= 1e-12),
        sprintf("%s: %s = %s differs by %.3g.", label, step$id, step$formula, difference)
      )
      evaluated <- c(evaluated, step$id)
    }
    if (!step$id %in% c("output_after", "loss_after")) assign(step$name, step$value, scope)
  }
  evaluated
}

test_that("every formula of a trace, evaluated as it stands, gives its matrix", {
  for (shape in shapes) {
    for (reduction in c("sum", "mean")) {
      problem <- random_problem(5, 4, 2, shape$hidden, seed = 4)
      trace <- nn_trace(
        problem$X, problem$y,
        start = problem$start, activation = hidden_activation(shape),
        output_activation = shape$output_activation, learning_rate = 0.2, epochs = 2,
        reduction = reduction
      )
      expect_s3_class(trace, "nn_trace")
      expect_length(trace$epochs, 2)
      for (traced in trace$epochs) {
        evaluated <- expect_formulas(traced$steps, 0.2, deparse(shape$hidden))
        expect_true(all(
          c(
            paste0(names(problem$start), "_after"), "output_layer_input", "output", "E", "loss",
            "d_output"
          ) %in% evaluated
        ))
      }
    }
  }
})

test_that("the formulas of every activation give their matrices", {
  for (activation in nn_activations()$name[!nn_activations()$output_only]) {
    problem <- random_problem(7, 3, 2, 4, seed = 5)
    trace <- nn_trace(
      problem$X, problem$y,
      start = problem$start, activation = activation,
      output_activation = activation, learning_rate = 0.1
    )
    evaluated <- expect_formulas(trace$epochs[[1]]$steps, 0.1, activation)
    expect_true(all(c("slope_hidden_layer", "slope_output_layer") %in% evaluated))
  }
})

losses <- c(
  setdiff(
    loss_names(),
    c("huber", "quantile", "tweedie", "negative_binomial", "gaussian", "beta", "cumulative")
  ),
  list(nn_huber(0.3), nn_quantile(0.9), nn_tweedie(1.3), nn_negative_binomial(2.5))
)
outputs_of <- function(loss) {
  name <- if (is.list(loss)) loss$name else loss
  if (is.null(loss_table[[name]]$outputs)) {
    c("sigmoid", "identity", "softmax", "exp")
  } else {
    loss_table[[name]]$outputs
  }
}

test_that(
  paste0(
    "the formulas of every loss, with every output it goes with, give their matrices and the loss ",
    "of nn_loss()"
  ),
  {
    for (loss in losses) {
      for (output in outputs_of(loss)) {
        for (reduction in c("sum", "mean")) {
          problem <- random_problem(6, 3, 2, 4, seed = 6)
          trace <- nn_trace(
            problem$X, problem$y,
            start = problem$start, output_activation = output, loss = loss,
            reduction = reduction
          )
          label <- paste(format(loss)[1], output, reduction)
          evaluated <- expect_formulas(trace$epochs[[1]]$steps, 0.1, label)
          expect_true("loss" %in% evaluated)
          objective <- function(network) {
            nn_loss(
              network, problem$X, problem$y,
              output_activation = output, loss = loss,
              reduction = reduction
            )
          }
          expect_identical(c(trace$loss), objective(problem$start))
          expect_identical(c(trace$loss_after), objective(trace$network))
          expect_identical(
            unname(trace$epochs[[1]]$loss), c(objective(problem$start), objective(trace$network))
          )
        }
      }
    }
  }
)

test_that(
  paste0(
    "a trace ends where nn_train() ends, to the last bit, for all losses, activations, ",
    "depths and batches"
  ),
  {
    skip_on_cran()
    compared <- 0
    compare <- function(problem, activation, ...) {
      set.seed(11)
      trace <- nn_trace(
        problem$X, problem$y,
        activation = activation, learning_rate = 0.03, epochs = 3, ...
      )
      after_trace <- .Random.seed
      set.seed(11)
      fit <- nn_train(
        problem$X, problem$y,
        activation = activation, learning_rate = 0.03, epochs = 3, ...
      )
      expect_identical(trace$network, coef(fit))
      expect_identical(after_trace, .Random.seed)
      rows <- lengths(trace$epochs[[3]]$batches)
      expect_identical(sum(rows), nrow(problem$X))
      compared <<- compared + 1
    }
    problem <- random_problem(9, 4, 2, 3, seed = 7)
    for (batch_size in list(NULL, 1, 2, 9, 100)) {
      for (hidden in list(0, 3, c(5, 4), c(4, 3, 2))) {
        for (loss in losses) {
          for (output in outputs_of(loss)[1:2]) {
            compare(
              problem, "tanh",
              hidden = hidden, batch_size = batch_size, loss = loss,
              output_activation = output
            )
          }
        }
      }
    }
    for (batch_size in list(NULL, 1, 4)) {
      for (activation in nn_activations()$name[!nn_activations()$output_only]) {
        compare(
          problem, activation,
          hidden = c(4, 3), batch_size = batch_size,
          output_activation = "identity"
        )
      }
    }
    for (reduction in c("sum", "mean")) {
      for (shuffle in c(TRUE, FALSE)) {
        compare(problem, "sigmoid", batch_size = 4, reduction = reduction, shuffle = shuffle)
      }
    }
    large <- random_problem(1300, 4, 1, 3, seed = 8)
    for (batch_size in list(NULL, 1100, 600)) {
      compare(large, "relu", batch_size = batch_size, reduction = "mean")
    }
    of_activations <- 3 * sum(!nn_activations()$output_only)
    expect_identical(compared, 5 * 4 * length(losses) * 2 + of_activations + 4 + 3)
  }
)

test_that("a factor is trained on as nn_train() trains on it", {
  inputs <- scale(as.matrix(iris[1:4]))
  for (classes in list(iris$Species, factor(iris$Species == "setosa"))) {
    for (batch_size in list(NULL, 7)) {
      set.seed(12)
      trace <- nn_trace(
        inputs, classes,
        hidden = 4, learning_rate = 0.01, epochs = 2, batch_size = batch_size
      )
      set.seed(12)
      fit <- nn_train(
        inputs, classes,
        hidden = 4, learning_rate = 0.01, epochs = 2, batch_size = batch_size
      )
      expect_identical(trace$network, coef(fit))
      expect_identical(trace$settings$levels, levels(classes))
      expect_identical(trace$settings$seed, fit$state$seed)
      expect_identical(trace$settings$output_activation, fit$settings$output_activation)
    }
  }
  full <- nn_trace(inputs, iris$Species, start = nn_init(4, 3))
  expect_identical(
    unname(full$y), 1 * outer(as.character(iris$Species), levels(iris$Species), "==")
  )
  expect_equal(c(full$loss), -sum(log(full$output[full$y == 1])), tolerance = 1e-12)
  expect_equal(full$d_output, full$E, tolerance = 1e-15)
})

test_that("a trace holds what the pieces give, before and after the update", {
  for (shape in shapes) {
    problem <- random_problem(6, 4, 2, shape$hidden, seed = 5)
    activation <- hidden_activation(shape)
    trace <- nn_trace(problem$X, problem$y,
      start = problem$start, activation = activation, output_activation = shape$output_activation,
      learning_rate = 0.05, epochs = 3
    )
    network <- problem$start
    for (epoch in 1:3) {
      value <- function(id) trace[[id, epoch = epoch]]
      backward <- nn_backward(network, problem$X, problem$y, activation, shape$output_activation)
      expect_identical(value("X"), problem$X)
      expect_identical(value("y"), problem$y)
      for (matrix in names(network)) {
        expect_identical(value(paste0(matrix, "_before")), network[[matrix]])
      }
      for (piece in setdiff(names(backward), "gradient")) {
        expect_identical(value(piece), backward[[piece]])
      }
      network <- nn_update(network, backward$gradient, 0.05)
      for (matrix in names(network)) {
        expect_identical(value(paste0(matrix, "_after")), network[[matrix]])
      }
      expect_identical(
        value("output_after"),
        nn_forward(network, problem$X, activation, shape$output_activation)$output
      )
    }
    expect_identical(trace$network, network)
  }
})

test_that(
  "each update of a stochastic epoch sees its rows and the weights that the last one left",
  {
    set.seed(13)
    trace <- nn_trace(X, y, epochs = 2, batch_size = 2)
    set.seed(13)
    network <- nn_init(4, 1)
    seed <- floor(runif(2) * 2^32)
    for (epoch in 1:2) {
      batches <- nn_batches(seed, epoch, 3, 2)
      expect_identical(trace$epochs[[epoch]]$batches, batches)
      expect_identical(trace$epochs[[epoch]]$loss[["before"]], nn_loss(network, X, y))
      for (batch in seq_along(batches)) {
        rows <- batches[[batch]]
        backward <- nn_backward(network, X[rows, , drop = FALSE], y[rows, , drop = FALSE])
        expect_identical(trace[["X", epoch = epoch, batch = batch]], X[rows, , drop = FALSE])
        expect_identical(trace[["d_output", epoch = epoch, batch = batch]], backward$d_output)
        network <- nn_update(network, backward$gradient, 0.1)
        expect_identical(trace[["wh_after", epoch = epoch, batch = batch]], network$wh)
      }
      expect_identical(trace$epochs[[epoch]]$loss[["after"]], nn_loss(network, X, y))
    }
    in_order <- nn_trace(X, y, batch_size = 2, shuffle = FALSE)
    expect_identical(in_order$epochs[[1]]$batches, list(1:2, 3L))
  }
)

test_that(
  paste0(
    "a trace of the tutorial's network has the tutorial's twelve steps, under both numberings, ",
    "and draws the same weights"
  ),
  {
    trace <- trace_of()
    steps <- trace$epochs[[1]]$steps
    number <- vapply(steps, function(step) as.numeric(step$number), 0)
    expect_identical(
      split(vapply(steps, `[[`, "", "name"), number),
      split(
        c(
          "X", "y", "wh", "bh", "wout", "bout", "hidden_layer_input", "hiddenlayer_activations",
          "output_layer_input", "output", "E", "slope_output_layer", "slope_hidden_layer",
          "d_output", "Error_at_hidden_layer", "d_hiddenlayer", "wout", "wh", "bout", "bh"
        ),
        c(0, 0, 1, 1, 1, 1, 2, 3, 4, 4, 5, 6, 6, 7, 8, 9, 10, 10, 11, 11)
      )
    )
    expect_identical(ids_of(steps)[is.na(number)], c("loss", "output_after", "loss_after"))
    expect_identical(vapply(steps, function(step) as.numeric(step$tutorial), 0), number + 1)
    expect_digits(trace$network$wout, c(.295145773010, .244978775901, .225075128596))
    expect_digits(trace$wh_after[1, ], c(.420233196816, .880200913286, .550254205025))
    expect_digits(trace$output, c(.789324056594, .798064318179, .789335321973))

    set.seed(1)
    trace <- nn_trace(X, y, epochs = 4)
    set.seed(1)
    expect_identical(trace$network, coef(nn_train(X, y, epochs = 4)))
  }
)

test_that("a full batch asks the core once an epoch, and once more at the end", {
  calls <- 0
  namespace <- asNamespace("backprop")
  count <- function() calls <<- calls + 1
  suppressMessages(trace("core_backward", bquote((.(count))()), print = FALSE, where = namespace))
  withr::defer(suppressMessages(untrace("core_backward", where = namespace)))
  nn_trace(X, y, start = tutorial_start(), epochs = 10)
  expect_identical(calls, 11)
})

test_that("ids are unique, inputs are steps that come before, and phases come in order", {
  operations <- c(
    "data", "weights", "weighted_sum", "activation", "difference", "loss", "slope", "delta",
    "transposed_product", "product", "update", "forward"
  )
  for (shape in shapes) {
    problem <- random_problem(4, 3, 2, shape$hidden, seed = 3)
    steps <- nn_trace(
      problem$X, problem$y,
      start = problem$start, activation = hidden_activation(shape),
      output_activation = shape$output_activation
    )$epochs[[1]]$steps
    ids <- ids_of(steps)
    expect_false(anyDuplicated(ids) > 0)
    for (i in seq_along(steps)) {
      expect_true(
        all(steps[[i]]$inputs %in% ids[seq_len(i - 1)]),
        label = paste("inputs of", ids[i])
      )
    }
    expect_true(all(vapply(steps, `[[`, "", "operation") %in% operations))
    expect_identical(
      unique(vapply(steps, `[[`, "", "phase")), c("data", "forward", "error", "backward", "update")
    )
    numbers <- vapply(steps, function(step) as.numeric(step$number), 0)
    phase_of_number <- rep(c("data", "forward", "error", "backward", "update"), c(2, 3, 1, 4, 2))
    expect_identical(
      vapply(steps, `[[`, "", "phase")[!is.na(numbers)],
      phase_of_number[stats::na.omit(numbers) + 1]
    )
    # every operand that the formula names is among the inputs
    for (step in steps[numbers %in% 2:11]) {
      named <- intersect(all.names(parse(text = step$formula)), vapply(steps, `[[`, "", "name"))
      inputs <- vapply(steps[match(step$inputs, ids)], `[[`, "", "name")
      expect_identical(
        setdiff(setdiff(named, "X"), inputs), character(),
        label = paste("operands of", step$id)
      )
    }
  }
})

test_that("steps are taken out by id, and other names are refused with a hint", {
  trace <- trace_of(epochs = 2)
  backward <- nn_backward(tutorial_start(), X, y)
  expect_identical(trace$d_output, backward$d_output)
  expect_identical(trace[["d_output"]], backward$d_output)
  expect_identical(trace[["wh_after", epoch = 2]], trace$network$wh)
  expect_identical(trace$learning_rate, 0.1)
  expect_identical(trace[["network"]], trace$network)
  expect_identical(trace[[2]], trace$network)
  expect_identical(.DollarNames(trace, "^wh"), c("wh_before", "wh_after"))
  for (name in .DollarNames(trace, "")) expect_no_error(trace[[name]])
  deep <- nn_trace(X, y, hidden = c(2, 2))
  expect_snapshot({
    refused(trace$wh, "argument")
    refused(trace$d_outptu, "argument")
    refused(trace$something_else, "argument")
    refused(trace[["loss", epoch = 3]], "argument")
    refused(trace[["loss", batch = 2]], "argument")
    refused(trace[[c("loss", "E")]], "argument")
    refused(deep$wh, "argument")
    refused(deep$d_hiddenlayer, "argument")
    refused(trace$`{x}`, "argument")
  })
})

test_that("as.data.frame() has every number of every matrix", {
  set.seed(2)
  trace <- nn_trace(X, y, epochs = 2, batch_size = 2)
  cells <- as.data.frame(trace)
  expect_identical(names(cells), c("epoch", "batch", "step", "row", "column", "value"))
  expect_identical(vapply(cells, typeof, ""), c(
    epoch = "integer", batch = "integer", step = "character", row = "integer", column = "integer",
    value = "double"
  ))
  rebuilt <- 0
  for (part in split(cells, cells[c("epoch", "batch", "step")], drop = TRUE)) {
    value <- trace[[part$step[1], epoch = part$epoch[1], batch = part$batch[1]]]
    expect_identical(part$value, c(value) + 0)
    expect_identical(c(max(part$row), max(part$column)), dim(value))
    rebuilt <- rebuilt + 1
  }
  expect_identical(rebuilt, 4 * 23)
  expect_error(as.data.frame(trace, what = 1), class = "backprop_error_argument")
})

test_that("summary() says how the loss and the weights changed", {
  set.seed(2)
  trace <- nn_trace(X, y, epochs = 2, batch_size = 2)
  summary <- summary(trace)
  set.seed(2)
  start <- nn_init(4, 1)
  expect_identical(unname(summary$loss), c(nn_loss(start, X, y), nn_loss(trace$network, X, y)))
  expect_identical(names(summary$updates), c(
    "epoch", "batch", "loss_before", "loss_after", "wh", "bh", "wout", "bout"
  ))
  expect_identical(summary$updates$batch, c(1L, 2L, 1L, 2L))
  expect_identical(
    summary$updates$wh[3],
    max(abs(trace[["wh_after", epoch = 2]] - trace[["wh_before", epoch = 2]]))
  )
  expect_identical(summary$updates$loss_after[2], c(trace[["loss_after", batch = 2]]))
  expect_snapshot(
    {
      summary(trace_of())
      summary
      summary(nn_trace(
        cbind(1:12 / 12), 1:12 / 12,
        start = nn_init(1, 1, 0), batch_size = 1, epochs = 2,
        shuffle = FALSE
      ))
    },
    transform = function(lines) gsub("[0-9]+[.][0-9]+(e-[0-9]+)?", "<number>", lines)
  )
})

test_that("a trace prints its phases, and updates as old, change and new", {
  expect_snapshot({
    trace_of()
    print(trace_of(epochs = 2), epoch = 2, digits = 2)
  })
  set.seed(1)
  expect_snapshot({
    print(
      nn_trace(
        X, factor(c("a", "b", "c")),
        hidden = c(2, 2), activation = c("tanh", "relu"),
        batch_size = 2
      ),
      digits = 2
    )
    print(nn_trace(X[rep(1:3, 5), ], y[rep(1:3, 5)], hidden = 0, loss = "huber"), rows = 4)
  })
  expect_identical(capture.output(print(trace_of())), format(trace_of()))
})

test_that("a change is seen however small it is", {
  part_text <- function(change, old = 0.5, digits = 4) {
    vapply(update_parts(matrix(old), matrix(old + change), digits), `[[`, "", "text")
  }
  expect_identical(part_text(0.25), c("0.5000", "+0.2500", "0.7500"))
  expect_identical(part_text(-0.000625), c("0.50000", "-0.00062", "0.49938"))
  expect_identical(part_text(2^-23), c("0.50000000", "+0.00000012", "0.50000012"))
  expect_identical(part_text(-2^-30), c("0.5000", "-9.3e-10", "0.5000"))
  expect_identical(part_text(2^-40), c("0.5000", "+9.1e-13", "0.5000"))
  expect_identical(part_text(0), c("0.5000", "0.0000", "0.5000"))
  for (seed in 1:20) {
    problem <- random_problem(3, 4, 1, 3, seed)
    rate <- 10^-(seed / 4)
    trace <- nn_trace(problem$X, problem$y, start = problem$start, learning_rate = rate)
    for (name in names(problem$start)) {
      parts <- update_parts(trace[[paste0(name, "_before")]], trace[[paste0(name, "_after")]], 4)
      change <- parts[[2]]$value
      seen <- abs(change) >= max(abs(change)) / 1000
      expect_true(all(as.numeric(parts[[2]]$text[seen]) != 0))
      expect_true(all(startsWith(parts[[2]]$text[change > 0], "+")))
      expect_true(all(startsWith(parts[[2]]$text[seen & change < 0], "-")))
    }
  }
})

test_that("small and large numbers have as many digits as show them", {
  text <- function(x, digits = 4) c(cell_text(matrix(x, 1), digits)$text)
  expect_identical(text(c(1, 0, -3)), c("1", "0", "-3"))
  expect_identical(text(c(0.5, 0.25)), c("0.50", "0.25"))
  expect_identical(text(c(0.123456, 2)), c("0.1235", "2.0000"))
  expect_identical(text(c(0.000123, -0.0000001)), c("0.000123", "0.000000"))
  expect_identical(cell_text(matrix(3.2e-9), 4), list(text = matrix("3.20"), unit = 1e-9))
  expect_identical(text(1.5e7), "1.5e+07")
  expect_identical(text(c(Inf, NaN, 0.5)), c("Inf", "NaN", "0.50"))
  small <- lapply(tutorial_start(), `*`, 1e-6)
  expect_output(
    print(nn_trace(X, y, start = small)),
    "Step 9: d_hiddenlayer = Error_at_hidden_layer * slope_hidden_layer, in units of 1e-0",
    fixed = TRUE
  )
})

test_that("a diverging trace says so, and holds the epochs so far", {
  settings <- list(
    X, y * 1e6,
    start = tutorial_start(), learning_rate = 1e3, epochs = 50, activation = "identity",
    output_activation = "identity"
  )
  for (batch_size in list(NULL, 1)) {
    settings["batch_size"] <- list(batch_size)
    trained <- expect_error(
      {
        set.seed(1)
        do.call(nn_train, settings)
      },
      class = "backprop_error_diverged"
    )
    traced <- expect_error(
      {
        set.seed(1)
        do.call(nn_trace, settings)
      },
      class = "backprop_error_diverged"
    )
    expect_s3_class(traced$trace, "nn_trace")
    expect_identical(length(traced$trace$epochs), nrow(trained$fit$history))
    expect_identical(traced$trace$network, coef(trained$fit))
    expect_snapshot(writeLines(conditionMessage(traced)))
  }
  settings["batch_size"] <- list(NULL)
  traced <- expect_error(do.call(nn_trace, settings), class = "backprop_error_diverged")
  expect_gt(length(traced$trace$epochs), 0)
  expect_output(print(traced$trace), "Epoch 1")
  expect_output(print(summary(traced$trace)), "Loss over all rows")
  at_once <- expect_error(
    nn_trace(X, y * 1e200, learning_rate = 1e200, epochs = 3, output_activation = "identity"),
    class = "backprop_error_diverged"
  )
  expect_length(at_once$trace$epochs, 0)
  expect_output(print(at_once$trace), "Trace of 0 epochs")
  expect_output(print(summary(at_once$trace)), "Trace of 0 epochs")
  expect_identical(nrow(as.data.frame(at_once$trace)), 0L)
  expect_snapshot(refused(at_once$trace$wh_after, "argument"))
})

test_that("arguments that are not as described are refused", {
  trace <- trace_of()
  expect_snapshot({
    refused(nn_trace(X, y, batch_size = 0), "argument")
    refused(nn_trace(X, y, shuffle = NA), "argument")
    refused(nn_trace(X, y, loss = "squared"), "argument")
    refused(nn_trace(X, y, loss = "cross_entropy", output_activation = "tanh"), "argument")
    refused(nn_trace(X, y * 3, loss = "cross_entropy"), "input")
    refused(nn_trace(X, y, output_activation = "softmax"), "argument")
    refused(nn_trace(X, y, reduction = "median"), "argument")
    refused(nn_trace(X, y, penalty = 1), "argument")
    refused(nn_trace(X, c("a", "b", "a")), "input")
    refused(nn_trace(X, factor(c("a", "b", NA))), "input")
    refused(nn_trace(X, y, start = nn_init(4, 1), learning_rate = 0), "argument")
    refused(print(trace, rows = 0), "argument")
    refused(print(trace, epoch = 2), "argument")
    refused(print(trace, batch = 2), "argument")
    refused(print(trace, foo = 2), "argument")
    refused(summary(trace, digits = 2), "argument")
  })
  withr::local_options(backprop.memory_limit = 1e6)
  expect_error(nn_trace(X, y, epochs = 1e6), class = "backprop_error_memory")
  expect_warning(
    nn_trace(X, factor(c("a", "b", "a"), c("a", "b", "c"))),
    class = "backprop_warning_levels"
  )
})

test_that(
  "logical matrices and numeric data frames are numbers to the functions of the tutorial",
  {
    truth <- X == 1
    frame <- as.data.frame(X)
    named <- as.matrix(frame)
    mixed <- transform(frame, V1 = V1 == 1)
    start <- tutorial_start()
    for (inputs in list(truth, frame, mixed)) {
      expect_identical(
        unname(nn_trace(inputs, y, start = start)$network), unname(trace_of()$network)
      )
      expect_identical(
        perceptron(inputs, w = c(1, -2, 0.5, 1)), perceptron(X, w = c(1, -2, 0.5, 1))
      )
      expect_identical(nn_forward(start, inputs), nn_forward(start, X))
      expect_identical(nn_backward(start, inputs, y), nn_backward(start, X, y))
      expect_identical(nn_loss(start, inputs, y), nn_loss(start, X, y))
      expect_identical(nn_gradient(start, inputs, y), nn_gradient(start, X, y))
    }
    expect_identical(nn_trace(X, data.frame(y), start = start)$network, trace_of()$network)
    expect_identical(nn_trace(X, y == 1, start = start)$network, trace_of()$network)
    expect_identical(nn_trace(frame, y, start = start)$X, named)
    expect_identical(perceptron(c(TRUE, FALSE, TRUE)), perceptron(c(1, 0, 1)))
    expect_identical(
      coef(nn_train(truth, y, start = start, epochs = 3)),
      coef(nn_train(X, y, start = start, epochs = 3))
    )
    fit <- nn_train(X, y, start = start, epochs = 3)
    expect_identical(predict(fit, truth), predict(fit, X))
    expect_snapshot({
      refused(nn_trace(iris, y), "input")
      refused(nn_forward(start, data.frame(a = Sys.Date(), b = 1)), "input")
      refused(perceptron(truth & NA), "input")
      refused(perceptron(data.frame(a = "1")), "input")
      refused(nn_train(TRUE, 1), "input")
    })
  }
)

test_that("single brackets give elements by name, and refuse what a trace does not have", {
  trace <- nn_trace(rbind(c(1, 0), c(0, 1)), c(1, 0), hidden = 2)
  expect_identical(trace["network"], unclass(trace)["network"])
  expect_identical(trace[2:3], unclass(trace)[2:3])
  expect_snapshot({
    refused(trace["E"], "argument")
    refused(trace[c("network", "E_1")], "argument")
    refused(trace[9], "argument")
  })
})

test_that("steps of a name are listed from the first layer to the last", {
  trace <- nn_trace(matrix(0:3, 2), 0:1, hidden = c(2, 2))
  error <- expect_error(trace$wh, class = "backprop_error_argument")
  expect_match(
    conditionMessage(error), "wh1_before, wh1_after, wh2_before, and wh2_after",
    fixed = TRUE
  )
})

test_that("a change that is rounded to 0 has no sign", {
  old <- cbind(0.5, 0.5, 0.5, 0.5)
  parts <- update_parts(old, old + cbind(0.02, 0.00004, -0.00004, -0.02), 2, shown = 1)
  expect_identical(c(parts[[2]]$text), c("+0.02", "0.00", "0.00", "-0.02"))
  # with more digits, it is not rounded to 0
  parts <- update_parts(old, old + cbind(0.02, 0.00004, -0.00004, -0.02), 2)
  expect_identical(c(parts[[2]]$text), c("+0.02000", "+0.00004", "-0.00004", "-0.02000"))
})
