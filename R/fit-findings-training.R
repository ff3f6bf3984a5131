# Checks of nn_doctor() on how training went: its losses, the units, and the scales of the data.

# A problem: a few words for print(fit), and a sentence.
finding <- function(brief, what) list(brief = brief, what = what)

# Two numbers with enough digits to differ.
from_to <- function(from, to, middle = "") {
  digits <- max(3, 1 + ceiling(log10(abs(from) / abs(to - from))), na.rm = TRUE)
  paste0("from ", format(from, digits = digits), middle, " to ", format(to, digits = digits))
}

find_falling <- function(fit, facts) {
  held_out <- !is.null(fit$history$validation_loss)
  losses <- if (held_out) fit$history$validation_loss else fit$history$loss
  epochs <- length(losses)
  # with the default for many rows, held-out rows have determined the number of epochs, and the
  # learning rate has fallen to almost 0
  long_enough <- all(c("epochs", "schedule") %in% fit$chosen) && !is.null(fit$settings$schedule)
  if (fit$stop != "iterations" || epochs < 10 || long_enough) {
    return(FALSE)
  }
  tenth <- max(2, floor(epochs / 10))
  last <- losses[epochs - tenth + seq_len(tenth)]
  before <- losses[epochs - 2 * tenth + seq_len(tenth)]
  fall <- mean(before) - mean(last)
  noise <- sqrt((stats::var(diff(last)) + stats::var(diff(before))) / 2 / tenth)
  if (is.na(noise)) noise <- 0
  scale <- loss_scale(fit, facts, losses[1], facts$null)
  if (is.na(scale)) {
    return(NA)
  }
  if (fall <= 0.01 * scale || fall <= 2 * noise) {
    return(FALSE)
  }
  finding(
    "the loss was still falling",
    paste0(
      "The ", if (held_out) "held-out loss" else "loss",
      " was still falling when the epoch limit was reached: ",
      from_to(mean(before), mean(last)), " over the last ", format(2 * tenth),
      " epochs (means of each half)."
    )
  )
}

has_constant_targets <- function(fit, facts) !one_row(fit) && all(facts$spread == 0)

# Is there only one row of positive weight?
one_row <- function(fit) (if (is.null(fit$probe)) fit$n else fit$probe$rows) < 2

# Does the fit explain at least 80 % of what the null model leaves? Idle units then do no harm.
explains_most <- function(facts, null = facts$null) {
  isTRUE(facts$loss - facts$perfect < 0.2 * (null - facts$perfect))
}

known_losses <- function(facts) unlist(facts[c("null", "perfect", "no_offset")])

find_idle <- function(fit, facts, word) {
  if (is.null(fit$probe)) {
    return(NA)
  }
  kinds <- fit$settings$activation
  of_word <- vapply(kinds, function(kind) identical(activation_table[[kind]]$flat$word, word), NA)
  units <- layer_units(fit$layers)[1 + seq_along(kinds)]
  idle <- fit$probe$idle
  many <- which(of_word & (if (word == "dead") idle >= 0.75 * units else idle > 0.25 * units))
  # A penalty that was chosen on held-out rows idles the units that are not needed.
  if (length(many) == 0 || explains_most(facts) || !is.null(fit$evidence) || one_row(fit)) {
    return(FALSE)
  }
  layer <- if (length(kinds) == 1) "the hidden layer" else paste("hidden layer", seq_along(kinds))
  where <- paste0(
    ifelse(idle == units, paste("All", units), paste(idle, "of the", units)), " units of ", layer
  )[many]
  finding(
    paste0(paste0(idle[many], " of ", units[many], collapse = " and "), " hidden units are ", word),
    paste0(
      paste(where, collapse = " and "), if (sum(idle[many]) == 1) " is " else " are ", word,
      if (word == "dead") {
        ": they are inactive for (nearly) all rows."
      } else {
        ": their values hardly depend on the inputs, and they hardly learn."
      }
    )
  )
}

# Are the inputs far from a scale of 1? Those that were standardised are not, but for outliers among
# the rows that are looked at.
find_unscaled <- function(fit, facts) {
  typical <- facts$typical
  if (is.null(typical)) {
    return(NA)
  }
  if (fit$stop == "gradient" || !has_unscaled_inputs(facts) || explains_most(facts)) {
    return(FALSE)
  }
  large <- sum(typical > 10)
  worst <- which.max(typical)
  finding(
    "the inputs are not scaled",
    paste0(
      if (large == 0) {
        "All inputs are"
      } else if (large == 1) {
        "An input is"
      } else {
        paste(large, "of the", length(typical), "inputs are")
      },
      " far from a scale of 1, for which training works best: the root mean square of ",
      if (is.null(fit$inputs)) paste("number", worst) else fit$inputs[worst],
      if (is_standardized(fit, worst)) ", which is standardised,", " is ", short(typical[worst]),
      "."
    )
  )
}

find_untrained <- function(fit) {
  if (fit$state$epoch > 0 || fit$stop == "diverged") {
    return(FALSE)
  }
  finding(
    "the network is not trained",
    paste0(
      "The network is not trained (0 epochs): its weights are ",
      if (is_given_start(fit)) "those of `start`" else "the initial ones, drawn at random",
      ", so that nothing else is checked."
    )
  )
}

untrained_advice <- function(fit) {
  paste0(
    "Train it: nn_continue(fit, ", if (is.null(fit$encoding)) "X, y" else "data",
    ", epochs = 200)."
  )
}

find_outcome_outliers <- function(fit, facts) {
  if (is.null(facts$outliers)) {
    return(NA)
  }
  values <- drop(decode_output(t(facts$outliers), fit$encoding))
  # a loss may have several outputs for one outcome
  names <- fit$encoding$outcome$names %||% fit$outputs %||% "y"
  values <- stats::setNames(values[seq_along(names)], names)
  outlier_finding("The outcome has", values[!is.na(values)])
}

outlier_finding <- function(begin, values) {
  if (length(values) == 0) {
    return(FALSE)
  }
  finding(
    paste0(tolower(begin), " outliers"),
    paste0(
      begin, " outliers, beside which the other values are almost equal: ",
      paste(vapply(utils::head(values, 3), short, ""), "in", utils::head(names(values), 3),
        collapse = ", "
      ), if (length(values) > 3) paste(" and", length(values) - 3, "more"), "."
    )
  )
}

# A typical prediction, on the scale of the outcome.
typical_prediction <- function(fit, facts) {
  at <- zapsmall(c(mean(facts$outputs), facts$spread))[1]
  drop(decode_output(matrix(at), fit$encoding))
}

# On which scale losses are, if not on that of the outcome.
loss_scale_note <- function(fit) {
  if (is_outcome_scaled(fit$encoding$outcome)) ", on the scale of the standardised outcome"
}
