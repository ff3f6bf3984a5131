# A trace in a document: in HTML the stepper or, without it, small tables side by side; in other
# formats lines of text side by side.

#' @exportS3Method knitr::knit_print nn_trace
knit_print.nn_trace <- function(x, digits = 4, ...) {
  check_trace(x, current_env())
  digits <- check_whole(digits, "digits", current_env(), least = 0, most = 15)
  stepper <- trace_stepper(x, ...)
  if (!is.null(stepper)) {
    return(stepper)
  }
  text <- if (knitr::is_html_output(excludes = c("markdown", "gfm", "epub", "epub2", "epub3"))) {
    trace_html(x, digits)
  } else {
    trace_verbatim(x, digits, if (knitr::is_latex_output()) 86 else 76)
  }
  knitr::asis_output(paste0("\n\n", paste(text, collapse = "\n"), "\n\n"))
}

# HTML tables with a class and its style sheet; fonts are those of the page. The layout has as many
# columns as fit, and a matrix that is wider than the page scrolls.
trace_style <- c(
  "<style>",
  ".nn-trace{font-size:0.8em;line-height:1.3;margin:1em 0}",
  ".nn-trace .nn-band{display:flex;flex-wrap:wrap;gap:0.4em 1.1em;align-items:flex-end;",
  "border-left:3px solid #666;padding:0.3em 0 0.4em 0.6em;margin:0.4em 0}",
  ".nn-trace .nn-phase{flex:0 0 100%;font-weight:bold;margin:0}",
  ".nn-trace .nn-group{display:flex;flex-direction:column;gap:0.4em;max-width:100%;min-width:0}",
  ".nn-trace figure{margin:0;max-width:100%;overflow-x:auto;width:min-content}",
  ".nn-trace .nn-made{min-width:14em}",
  ".nn-trace figcaption{margin:0 0 0.15em;padding:0;font-style:normal;color:inherit;",
  "text-align:left;overflow-wrap:break-word}",
  ".nn-trace code{font-size:0.92em;background:none;padding:0;color:inherit;white-space:normal;",
  "overflow-wrap:break-word}",
  ".nn-trace .nn-parts{display:flex;gap:0.2em 0.4em;align-items:center}",
  "@media (max-width:600px){.nn-trace figure{width:auto}.nn-trace .nn-parts{flex-wrap:wrap}}",
  ".nn-trace table{width:auto;margin:0;border-collapse:collapse;border:0;display:inline-table;",
  "font-variant-numeric:tabular-nums}",
  ".nn-trace strong{white-space:nowrap}",
  ".nn-trace caption{caption-side:top;padding:0;text-align:center;color:inherit;",
  "font-size:0.92em}",
  ".nn-trace td,.nn-trace th{border:1px solid #999;padding:0.05em 0.35em;text-align:right;",
  "white-space:nowrap;font-weight:normal}",
  ".nn-trace th{border-width:0 0 1px;text-align:right}",
  "</style>"
)

# `most`: the largest numbers of rows and columns shown of a matrix.
trace_html <- function(x, digits, most = 10) {
  updates <- traced_updates(x, NULL, NULL, NULL)
  body <- vapply(
    updates,
    function(update) {
      bands <- trace_bands(batch_steps(x, update$epoch, update$batch), digits)
      paste0(
        "<p><strong>", html_text(update$title), "</strong></p>\n",
        paste(vapply(bands, band_html, "", most = most), collapse = "\n")
      )
    },
    ""
  )
  c(
    "```{=html}", trace_style, "<div class=\"nn-trace\">",
    paste0("<p>", paste(html_text(describe_trace(unclass(x))), collapse = "<br>"), "</p>"), body,
    "</div>", "```"
  )
}

html_text <- function(text) {
  gsub(
    ">", "&gt;", gsub("<", "&lt;", gsub("&", "&amp;", text, fixed = TRUE), fixed = TRUE),
    fixed = TRUE
  )
}

band_html <- function(band, most) {
  groups <- vapply(
    band$groups,
    function(blocks) {
      paste0(
        "<div class=\"nn-group\">",
        paste(vapply(blocks, block_html, "", most = most), collapse = ""), "</div>"
      )
    },
    ""
  )
  steps <- paste(unique(band$numbers), collapse = " to ")
  paste0(
    "<section class=\"nn-band\" aria-label=\"", band$title, "\"><p class=\"nn-phase\">", band$title,
    " (", if (diff(band$numbers) > 0) "steps " else "step ", steps, ")</p>",
    paste(groups, collapse = ""), "</section>"
  )
}

block_html <- function(block, most) {
  formula <- if (!block$operation %in% c("data", "weights", "forward") &&
    block$id != "loss_after") {
    paste0("<br>=&nbsp;<code>", html_text(block$formula), "</code>")
  }
  name <- paste0(
    if (!is.na(block$number)) paste0(block$number, "&nbsp;"), "<strong>", block$name, "</strong>",
    if (is.na(block$number) && grepl("_after$", block$id)) ", updated"
  )
  parts <- vapply(block$parts, part_html, "", most = most)
  signs <- c("<span>+</span>", "<span>=</span>")
  joined <- if (length(parts) == 3) paste0(c(rbind(parts, c(signs, ""))), collapse = "") else parts
  paste0(
    if (is.null(formula)) "<figure>" else "<figure class=\"nn-made\">", "<figcaption>", name,
    formula, in_units(block$unit), "</figcaption><div class=\"nn-parts\">", joined,
    "</div></figure>"
  )
}

part_html <- function(part, most) {
  rows <- seq_len(min(nrow(part$text), most))
  columns <- seq_len(min(ncol(part$text), most))
  value <- part$value[rows, columns, drop = FALSE]
  fill <- matrix(sign_fill(value, max(abs(part$value[is.finite(part$value)]), 0)), nrow(value))
  cells <- matrix(
    paste0(
      "<td style=\"background:", fill, ";color:", text_on(fill), "\">",
      trimws(part$text[rows, columns]), "</td>"
    ),
    nrow(value)
  )
  names <- colnames(part$text)[columns]
  lost <- dim(part$text) - dim(value)
  note <- if (any(lost > 0)) {
    paste0(
      "... ",
      paste(
        c(
          if (lost[1] > 0) counted(lost[1], "more row"),
          if (lost[2] > 0) counted(lost[2], "more column")
        ),
        collapse = ", "
      )
    )
  }
  paste0(
    "<table>", if (!is.null(part$head)) paste0("<caption>", part$head, "</caption>"),
    if (!is.null(names)) {
      paste0(
        "<tr>", paste0("<th scope=\"col\">", html_text(names), "</th>", collapse = ""), "</tr>"
      )
    },
    paste0("<tr>", apply(cells, 1, paste, collapse = ""), "</tr>", collapse = ""),
    if (!is.null(note)) {
      paste0(
        "<tr><td colspan=\"", ncol(value), "\" style=\"border:0;text-align:left\">", note,
        "</td></tr>"
      )
    },
    "</table>"
  )
}

# For PDF, Word and plain text: blocks of lines side by side, at most `width` characters wide, in a
# code block per update. A line of PDF has room for 88 characters, one of Word for 77.
trace_verbatim <- function(x, digits, width, most = 6) {
  about <- paste0("**", describe_trace(unclass(x))[1], "**  \n", describe_trace(unclass(x))[2])
  updates <- traced_updates(x, NULL, NULL, NULL)
  c(
    about,
    unlist(lapply(updates, function(update) {
      bands <- trace_bands(batch_steps(x, update$epoch, update$batch), digits)
      lines <- unlist(lapply(bands, function(band) {
        c(
          phase_line(band$phase), flow_lines(unlist(band$groups, recursive = FALSE), width, most),
          ""
        )
      }))
      c("", paste0("**", update$title, "**"), "", "```", lines[-length(lines)], "```")
    }))
  )
}

flow_lines <- function(blocks, width, most) {
  texts <- lapply(blocks, block_text, width = width, most = most)
  rows <- list()
  for (text in texts) {
    beside <- if (length(rows) > 0) beside_lines(rows[[length(rows)]], text)
    if (!is.null(beside) && max(nchar(beside)) <= width) {
      rows[[length(rows)]] <- beside
    } else {
      rows[[length(rows) + 1]] <- text
    }
  }
  sub(" +$", "", unlist(lapply(seq_along(rows), function(i) c(if (i > 1) "", rows[[i]]))))
}

beside_lines <- function(left, right) {
  lines <- max(length(left), length(right))
  left <- c(left, rep("", lines - length(left)))
  paste0(formatC(left, width = -max(nchar(left)) - 3), c(right, rep("", lines - length(right))))
}

# Name, formula and matrix of one step, as lines.
block_text <- function(block, width, most) {
  updated <- if (is.na(block$number) && grepl("_after$", block$id)) ", updated"
  formula <- if (is.null(updated) && !block$operation %in% c("data", "weights")) {
    with_equals(strwrap(block$formula, 0.46 * width))
  }
  old_width <- options(width = width)
  on.exit(options(old_width))
  c(
    paste0(
      if (!is.na(block$number)) paste0(block$number, " "), block$name, updated, in_units(block$unit)
    ),
    formula, block_lines(block, most)
  )
}

with_equals <- function(lines) paste(c("=", rep(" ", length(lines) - 1)), lines)
