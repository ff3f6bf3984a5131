# ONNX: the columns that the network's inputs are made of.

# Numeric expressions as nodes. Leaves are names of tensors.
onnx_language <- function(graph) {
  node <- function(op) {
    force(op)
    function(...) graph$emit(op, c(...))
  }
  list(
    number = function(x) graph$constant(x), `+` = node("Add"), `-` = node("Sub"), `*` = node("Mul"),
    `/` = node("Div"), `^` = node("Pow"), negative = node("Neg"), exp = node("Exp"),
    log = node("Log"), sqrt = node("Sqrt"), abs = node("Abs"), sigmoid = node("Sigmoid"),
    tanh = node("Tanh"), relu = node("Relu"),
    where = function(z, a, b) {
      graph$emit("Where", c(graph$emit("Greater", c(z, graph$constant(0))), a, b))
    }
  )
}

# The encoded columns, a double tensor (rows x columns): products of numbers and of numbers by
# level. Unseen levels have the number after the last one, which makes them NaN. Indicators of
# consecutive levels are one comparison with the vector of their numbers.
onnx_columns <- function(model, graph, kind) {
  tensors <- list()
  unseen <- list()
  marks <- list()
  for (input in model$inputs) {
    name <- input$name
    tensors[[name]] <- switch(input$kind,
      number = if (kind == "float") graph$cast(name, "double") else name,
      logical = graph$cast(name, "int64"),
      levels = graph$emit(
        "LabelEncoder", name,
        keys_strings = c(input$levels, if (fills_text(input)) ""),
        values_int64s = as.list(c(seq_along(input$levels), if (fills_text(input)) input$fill) - 1),
        default_int64 = length(input$levels), domain = "ai.onnx.ml"
      )
    )
    if (input$kind == "number" && !is.null(input$fill)) {
      given <- tensors[[name]]
      missing <- graph$emit("IsNaN", given)
      marks[[name]] <- graph$cast(missing, "double")
      tensors[[name]] <- graph$emit("Where", c(missing, graph$constant(input$fill), given))
    } else if (fills_text(input)) {
      marks[[name]] <- graph$cast(graph$emit(
        "LabelEncoder", name,
        keys_strings = "", values_int64s = list(1), default_int64 = 0, domain = "ai.onnx.ml"
      ), "double")
    } else if (!is.null(input$fill)) {
      # a truth value can't be missing, nor text if "" is a level
      marks[[name]] <- graph$emit("Mul", c(
        graph$cast(tensors[[name]], "double"), graph$constant(0)
      ))
    }
    if (input$kind == "levels") {
      unseen[[name]] <- graph$emit("Equal", c(
        tensors[[name]], graph$constant(length(input$levels), 1, "int64")
      ))
    }
  }
  language <- onnx_language(graph)
  known <- list()
  indicators <- function(input, at) {
    key <- if (length(at) == 1) paste(at, input)
    if (!is.null(key) && !is.null(known[[key]])) {
      return(known[[key]])
    }
    equal <- graph$emit("Equal", c(
      tensors[[input]], graph$constant(at - 1, length(at), "int64", "levels")
    ))
    result <- graph$emit("Where", c(
      unseen[[input]], graph$constant(NaN), graph$cast(equal, "double")
    ))
    if (!is.null(key)) known[[key]] <<- result
    result
  }
  level_numbers <- function(factor) {
    if (is.null(factor$at)) {
      table <- c(factor$values, NaN)
      return(graph$emit("Gather", c(
        graph$constant(table, length(table), stem = "table"), tensors[[factor$input]]
      ), axis = 0L))
    }
    parts <- vapply(seq_along(factor$at), function(i) {
      one <- indicators(factor$input, factor$at[i])
      if (factor$values[i] == 1) {
        one
      } else {
        graph$emit("Mul", c(one, graph$constant(factor$values[i])))
      }
    }, "")
    Reduce(function(left, right) graph$emit("Add", c(left, right)), parts)
  }
  product <- function(factors) {
    parts <- vapply(factors, function(factor) {
      if (is_mark(factor)) {
        marks[[factor$mark]]
      } else if (is.list(factor)) {
        level_numbers(factor)
      } else {
        translate(factor, language, tensors)
      }
    }, "")
    Reduce(function(left, right) graph$emit("Mul", c(left, right)), parts)
  }
  runs <- split(seq_along(model$columns), indicator_runs(model$columns))
  columns <- vapply(unname(runs), function(run) {
    if (length(run) == 1) {
      return(product(model$columns[[run]]))
    }
    first <- model$columns[[run[1]]][[1]]
    indicators(first$input, first$at + seq_along(run) - 1L)
  }, "")
  if (length(columns) == 1) columns else graph$emit("Concat", columns, axis = 1L)
}

# In ONNX, missing text is "", unless that is a level.
fills_text <- function(input) {
  input$kind == "levels" && !is.null(input$fill) && !"" %in% input$levels
}

# The number of each column's run: columns that are indicators of consecutive levels of an input are
# in the same run.
indicator_runs <- function(columns) {
  alone <- vapply(columns, function(factors) {
    length(factors) == 1 && is.list(factors[[1]]) && !is_mark(factors[[1]]) &&
      identical(factors[[1]]$values, 1)
  }, NA)
  input <- rep(NA_character_, length(columns))
  at <- rep(NA_integer_, length(columns))
  input[alone] <- vapply(columns[alone], function(factors) factors[[1]]$input, "")
  at[alone] <- vapply(columns[alone], function(factors) factors[[1]]$at %||% NA_integer_, 0L)
  n <- length(columns)
  follows <- input[-1] == input[-n] & at[-1] == at[-n] + 1L
  cumsum(c(TRUE, !(follows %in% TRUE)))
}
