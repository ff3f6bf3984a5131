# The checks of nn_doctor(). A check is one row of this table, the most serious first:
#   about   what it checks, in a few words
#   find    a function of the fit and its facts: list(brief, what), a few words and a sentence, if
#           there is a problem; FALSE if there is none, NA if it can't be checked
#   causes  the checks whose problems follow from this one, and are not reported beside it
#   advise  a function of the fit and its facts, with the names of the problems found,
#           `facts$found`: what to do, chosen by the cause in this fit (see fit-remedies.R)

# What follows from one cause: the network learns nothing.
failures <- c(
  "constant", "null_model", "saturated", "dead", "still_falling", "simple_model", "gap", "edge",
  "one_class", "counts"
)

doctor_checks <- list(
  untrained = list(
    about = "whether the network is trained",
    find = function(fit, facts) find_untrained(fit),
    advise = function(fit, facts) untrained_advice(fit)
  ),
  outcome_outliers = list(
    about = "outliers of the outcome",
    causes = failures,
    find = function(fit, facts) find_outcome_outliers(fit, facts),
    advise = function(fit, facts) remedies$outcome_outliers(fit, facts)
  ),
  offset = list(
    about = "the size of the offset",
    causes = failures,
    find = function(fit, facts) {
      if (!isTRUE(fit$has_offset)) {
        return(FALSE)
      }
      with <- facts$null - facts$perfect
      without <- facts$no_offset - facts$perfect
      if (is.na(with) || is.na(without)) {
        return(NA)
      }
      if (with <= 2 * without || explains_most(facts, facts$no_offset)) {
        return(FALSE)
      }
      finding(
        "the offset does not fit the outcome",
        paste0(
          "The offset does not fit the outcome: the best constant with it has a loss of ",
          short(with), ", without it of ", short(without), " (mean per row", loss_scale_note(fit),
          if (facts$perfect != 0) ", above that of a perfect fit", ")."
        )
      )
    },
    advise = function(fit, facts) remedies$offset(fit, facts)
  ),
  diverged = list(
    about = "divergence",
    causes = failures,
    find = function(fit, facts) {
      loss <- fit$history$loss
      epochs <- length(loss)
      if (fit$stop == "diverged") {
        return(finding(
          "training diverged",
          if (has_blown_up(fit$history, known_losses(facts))) {
            paste0(
              "Training diverged: the loss rose ",
              from_to(loss[1], last(loss), " in the first epoch"), " in epoch ",
              format(fit$state$epoch), "."
            )
          } else {
            paste0(
              "Training diverged: after epoch ", format(fit$state$epoch),
              " the loss was no longer finite."
            )
          }
        ))
      }
      if (epochs < 10 || fit$stop == "gradient") {
        return(FALSE)
      }
      late <- stats::median(loss[seq(floor(0.9 * epochs) + 1, epochs)])
      rose <- late > loss[1] + 0.1 * loss_scale(fit, facts, loss[1])
      if (!isTRUE(rose)) {
        return(rose)
      }
      finding(
        "the loss rose in training",
        paste0(
          "The loss rose in training, ", from_to(loss[1], late, " in the first epoch"),
          " in the last epochs."
        )
      )
    },
    advise = function(fit, facts) divergence_advice(fit, facts)
  ),
  unreachable = list(
    about = "the range of the output",
    causes = failures,
    find = function(fit, facts) {
      if (is.null(facts$targets)) {
        return(NA)
      }
      reach <- activation_table[[fit$settings$output_activation]]$reach
      range <- facts$targets
      slack <- 1e-6 * max(1, abs(range))
      if (range[1] >= reach[1] - slack && range[2] <= reach[2] + slack) {
        return(FALSE)
      }
      finding(
        "targets are outside the range of the output",
        paste0(
          "The targets range from ", short(range[1]), " to ", short(range[2]), ", but a ",
          fit$settings$output_activation, " output has only ",
          if (is.finite(reach[2])) {
            paste("values from", reach[1], "to", reach[2])
          } else {
            paste("values above", reach[1])
          },
          "."
        )
      )
    },
    advise = function(fit, facts) remedies$output(fit, facts)
  ),
  constant = list(
    about = "constant predictions",
    causes = c("one_class", "counts"),
    find = function(fit, facts) {
      if (is.null(facts$output_spread)) {
        return(NA)
      }
      spread <- facts$spread
      if (has_constant_targets(fit, facts)) {
        return(finding(
          "the targets are constant",
          "The targets are the same for all rows, so that there is nothing to learn."
        ))
      }
      if (one_row(fit) || any(facts$output_spread >= 0.01 * spread & spread > 0)) {
        return(FALSE)
      }
      finding(
        "the predictions are almost constant",
        paste0(
          "The predictions are almost the same for all rows",
          if (length(spread) == 1) {
            paste0(", about ", short(typical_prediction(fit, facts)))
          },
          "."
        )
      )
    },
    advise = function(fit, facts) {
      if (has_constant_targets(fit, facts)) {
        remedies$outcome(fit, facts)
      } else {
        learning_advice(fit, facts)
      }
    }
  ),
  null_model = list(
    about = "a comparison with a constant prediction",
    causes = c("one_class", "counts"),
    find = function(fit, facts) find_null_model(fit, facts),
    advise = function(fit, facts) learning_advice(fit, facts)
  ),
  saturated = list(
    about = "saturated units",
    find = function(fit, facts) find_idle(fit, facts, "saturated"),
    advise = function(fit, facts) {
      idle_advice(fit, facts, c(basics, "init", "start"), "some_penalty")
    }
  ),
  dead = list(
    about = "inactive units",
    find = function(fit, facts) find_idle(fit, facts, "dead"),
    advise = function(fit, facts) {
      idle_advice(fit, facts, "offset", c(basics, "start"), "leaky")
    }
  ),
  unscaled = list(
    about = "the scale of the inputs",
    find = function(fit, facts) find_unscaled(fit, facts),
    advise = function(fit, facts) remedies$inputs(fit, facts)
  ),
  # the encoding of a data frame has those that make the other values almost equal
  input_outliers = list(
    about = "outliers of the inputs",
    find = function(fit, facts) outlier_finding("Inputs have", fit$encoding$outliers),
    advise = function(fit, facts) {
      outlier_remedy(outcome = FALSE, sparse = is.null(fit$encoding$columns))
    }
  ),
  still_falling = list(
    about = "the end of the training",
    find = function(fit, facts) find_falling(fit, facts),
    advise = function(fit, facts) first_of(fit, facts, c("larger_rate", "epochs"))
  ),
  dropped_rows = list(
    about = "dropped rows",
    find = function(fit, facts) find_dropped(fit, facts),
    advise = function(fit, facts) remedies$missing(fit, facts)
  ),
  simple_model = list(
    about = "a comparison with a linear model",
    find = function(fit, facts) find_simple_model(fit, facts),
    advise = function(fit, facts) simple_model_advice(fit, facts)
  ),
  one_class = list(
    about = "whether all classes are predicted",
    find = function(fit, facts) find_one_class(fit, facts),
    advise = function(fit, facts) one_class_advice(fit, facts)
  ),
  counts = list(
    about = "whether the outcome may be counts",
    find = function(fit, facts) find_counts(fit, facts),
    advise = function(fit, facts) counts_advice(fit, facts)
  ),
  gap = list(
    about = "overfitting",
    find = function(fit, facts) find_gap(fit, facts),
    advise = function(fit, facts) gap_advice(fit, facts)
  ),
  wide = list(
    about = "the number of inputs",
    find = function(fit, facts) find_wide(fit, facts),
    advise = function(fit, facts) wide_advice(fit, facts)
  ),
  edge = list(
    about = "the number of epochs",
    find = function(fit, facts) find_edge(fit, facts),
    advise = function(fit, facts) edge_advice(fit, facts)
  ),
  nearly_constant = list(
    about = "almost constant columns",
    find = function(fit, facts) constant_finding(fit$encoding, fit$inputs),
    advise = function(fit, facts) facts$results$nearly_constant$advice
  )
)

# Checks that need held-out rows, or are for few fits. print() does not mention that they are NA.
unmentioned_checks <- c("simple_model", "counts", "gap", "edge")

without_finding <- function(result) if (is.list(result)) FALSE else result

# The facts, with the names of the problems found, without those that follow from others.
with_findings <- function(fit, facts) {
  results <- lapply(doctor_checks, function(check) check$find(fit, facts))
  for (name in names(doctor_checks)) {
    follows <- doctor_checks[[name]]$causes
    if (is.list(results[[name]])) results[follows] <- lapply(results[follows], without_finding)
  }
  facts$results <- results
  facts$found <- names(Filter(is.list, results))
  facts
}
