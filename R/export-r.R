# Writes an R function of a data frame or matrix.

export_r <- function(model, options) {
  names <- vapply(model$inputs, `[[`, "", "name")
  kinds <- vapply(model$inputs, `[[`, "", "kind")
  numbers <- stats::setNames(as.list(sprintf("as.numeric(newdata[[%s]])", r_text(names))), names)
  fills <- input_fills(model)
  for (name in intersect(names(fills), names[kinds == "number"])) {
    numbers[[name]] <- sprintf("filled(%s, %s)", numbers[[name]], r_language$number(fills[[name]]))
  }
  with_levels <- names[kinds != "number"]
  level_of <- function(name) paste0("level", match(name, with_levels))
  level_text <- function(factor) {
    level <- level_of(factor$input)
    if (is.null(factor$at)) {
      return(paste0(r_vector(r_language$number(factor$values)), "[", level, "]"))
    }
    one <- paste0("(", level, " == ", factor$at, ")")
    weighted <- factor$values != 1
    one[weighted] <- paste0(r_language$number(factor$values[weighted]), " * ", one[weighted])
    if (length(one) == 1) one else paste0("(", paste(one, collapse = " + "), ")")
  }
  column <- function(factors) {
    paste(vapply(factors, function(factor) {
      if (is_mark(factor)) {
        sprintf("as.numeric(is.na(newdata[[%s]]))", r_text(factor$mark))
      } else if (is.list(factor)) {
        level_text(factor)
      } else {
        translate(factor, r_language, numbers)
      }
    }, ""), collapse = " * ")
  }
  # `given`: code that returns the column names of the new data.
  matched <- identifies(model$names)
  by_name <- function(names, given) {
    c(
      paste0("  columns <- ", r_vector(r_text(names))),
      sprintf("  absent <- setdiff(columns, %s)", given),
      paste0(
        "  if (length(absent) > 0) stop(\"newdata has no column \", paste(absent, collapse = \", ",
        "\"))"
      ),
      sprintf(
        paste0(
          "  if (anyDuplicated(%s[%s %%in%% columns])) stop(\"columns of newdata have the same ",
          "name\")"
        ),
        given, given
      )
    )
  }
  of_kind <- function(kind, test, words) {
    if (any(kinds == kind)) {
      sprintf(
        "  check(%s, function(x) %s, \"%s\")", r_vector(r_text(names[kinds == kind])), test, words
      )
    }
  }
  scaling <- paste0(
    "  x <- sweep(sweep(x, 2, ", r_numbers(model$center), "), 2, ", r_numbers(model$scale),
    ", \"/\")"
  )
  clip <- if (!is.null(model$clip)) {
    paste0("  x[] <- ", translate(model$clip, r_language, list(z = "x")))
  }
  finite <-
    "  if (any(is.infinite(x))) stop(\"the inputs computed from newdata must be finite numbers\")"
  encode <- if (model$matrix) {
    c(
      "  x <- as.matrix(newdata)",
      "  if (!is.numeric(x)) stop(\"newdata must be a numeric matrix\")",
      if (!is.null(model$names)) {
        c(
          paste0("  columns <- ", r_vector(r_text(model$names))),
          "  if (!is.null(colnames(x)) && !identical(colnames(x), columns)) {",
          paste0("  ", by_name(model$names, "colnames(x)")[if (matched) -1 else 4]),
          if (matched) "    x <- x[, columns, drop = FALSE]",
          "  }"
        )
      },
      sprintf(
        "  if (ncol(x) != %d) stop(\"newdata must have %s\")", length(names),
        counted(length(names), "column")
      ),
      if (any(model$scale != 1)) scaling, finite
    )
  } else {
    c(
      "  if (!is.data.frame(newdata)) stop(\"newdata must be a data frame\")",
      by_name(names, "names(newdata)"),
      "  check <- function(columns, fits, kind) for (column in columns) {",
      "    x <- newdata[[column]]",
      "    missing <- is.logical(x) && all(is.na(x))",
      paste0(
        "    if (length(dim(x)) > 1 && ncol(x) != 1 || !(fits(x) || missing)) ",
        "stop(\"column \", column, \" of newdata must be \", kind)"
      ),
      "  }",
      of_kind("number", "is.numeric(x) && !inherits(x, \"integer64\")", "numeric"),
      of_kind("logical", "is.logical(x)", "logical"),
      of_kind("levels", "is.factor(x) || is.character(x)", "a factor or character"),
      vapply(model$inputs[kinds != "number"], function(input) {
        levels <- if (input$kind == "logical") c("FALSE", "TRUE") else input$levels
        sprintf(
          "  %s <- match(as.character(newdata[[%s]]), %s)", level_of(input$name),
          r_text(input$name), r_vector(r_text(levels))
        )
      }, ""),
      vapply(model$inputs[kinds != "number" & names %in% names(fills)], function(input) {
        sprintf(
          "  %s[is.na(newdata[[%s]])] <- %dL", level_of(input$name), r_text(input$name), input$fill
        )
      }, ""),
      if (any(kinds == "number" & names %in% names(fills))) {
        "  filled <- function(x, value) replace(x, is.na(x), value)"
      },
      "  x <- cbind(",
      paste0(
        "    ", vapply(model$columns, column, ""), c(rep(",", length(model$columns) - 1), ")")
      ),
      scaling, finite, clip
    )
  }
  scaled <- any(model$response$center != 0 | model$response$scale != 1)
  c(
    paste0("# ", comment_text(model$about), ", written by backprop. Needs no package."),
    if (model$matrix) {
      paste0(
        "# newdata: a matrix with the columns ", paste(comment_text(names), collapse = ", "),
        if (!matched) ", in this order." else ", which are matched by name where it has names."
      )
    } else {
      c("# newdata: a data frame with these columns:", paste0(
        "#   ", comment_text(names), ": ",
        vapply(
          model$inputs,
          function(input) {
            switch(input$kind,
              number = "numbers",
              logical = "TRUE or FALSE",
              levels = paste0(
                "one of \"", paste(comment_text(input$levels), collapse = "\", \""), "\""
              )
            )
          },
          ""
        )
      ))
    },
    if (!is.null(model$levels)) {
      c(
        "# type: \"response\" returns the outputs, \"class\" the most probable level, \"prob\" the",
        "# probability of each level. The levels:",
        paste0("#   ", comment_text(r_text(model$levels)))
      )
    },
    paste0(
      options$name, " <- function(newdata", if (!is.null(model$levels)) ", type = \"response\"",
      ") {"
    ),
    if (!is.null(model$levels)) {
      paste0(
        "  if (!identical(type, \"response\") && !identical(type, \"class\") && ",
        "!identical(type, \"prob\")) {\n    stop(\"type must be response, class or prob\")\n  }"
      )
    },
    encode, if (has_skip_form(model)) "  inputs <- x", unlist(lapply(model$layers, r_layer)),
    if (scaled) {
      paste0(
        "  x <- sweep(sweep(x, 2, ", r_numbers(model$response$scale), ", \"*\"), 2, ",
        r_numbers(model$response$center), ", \"+\")"
      )
    },
    if (!is.null(model$levels)) r_classes(model),
    if (length(model$outputs) == 1) {
      "  as.vector(x)"
    } else {
      c(paste0("  colnames(x) <- ", r_vector(r_text(model$outputs))), "  x")
    },
    "}"
  )
}

# Returns classes or the probabilities of all levels, if `type` is not "response". As in predict(),
# the first of several equally probable levels is the class.
r_classes <- function(model) {
  c(
    "  if (type != \"response\") {",
    paste0("    levels <- ", r_vector(r_text(model$levels))),
    paste0("    prob <- ", if (length(model$outputs) == 1) "cbind(1 - x, x)" else "x"),
    "    colnames(prob) <- levels",
    "    if (type == \"prob\") return(prob)",
    paste0(
      "    return(factor(levels[max.col(prob, \"first\")], levels, ordered = ", model$ordered, "))"
    ),
    "  }"
  )
}
