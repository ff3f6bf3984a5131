# Checks the encoding of a fit. The functions that it names are checked before (see
# foreign_functions()).
check_model_encoding <- function(encoding, inputs, outputs, levels, finite, flag, whole) {
  if (is.null(encoding)) {
    return(invisible())
  }
  need(
    is.list(encoding) && finite(encoding$center, inputs) && finite(encoding$scale, inputs) &&
      all(encoding$scale > 0),
    "The centres and scales of its encoding must be finite numbers, one per input."
  )
  need(
    is.null(encoding$constant) || length(encoding$constant) == 0 ||
      whole(encoding$constant, 1, inputs),
    "Its constant inputs must be numbers of inputs."
  )
  need(
    is.null(encoding$clip) || (finite(encoding$clip, 1) && encoding$clip > 0),
    "The clip of its encoding must be a positive number."
  )
  need(
    is.null(encoding$outliers) || (finite(encoding$outliers, length(encoding$outliers)) &&
      is.character(names(encoding$outliers))),
    "The outliers of its encoding must be finite numbers with names."
  )
  need(
    is.null(encoding$coded) || isTRUE(encoding$coded),
    "The field {.field coded} of its encoding must be true if it exists."
  )
  need(flag(encoding$offset_argument), "The field {.field offset_argument} must be true or false.")
  name <- function(x) is.character(x) && length(x) == 1 && !is.na(x)
  # the encoding of a sparse matrix has no columns
  need(
    if (is.null(encoding$columns)) {
      is.null(encoding$terms)
    } else {
      is.list(encoding$columns) && identifies(names(encoding$columns))
    },
    "The columns of its encoding must have unique names."
  )
  for (kind in encoding$columns) {
    check_model_column(kind, is.null(encoding$terms), name, flag, whole)
  }
  width <- function(kind) {
    if (!is.null(kind$coding)) coding_width(kind$coding, kind$levels) else kind$width %||% 1
  }
  need(
    is.null(encoding$columns) || !is.null(encoding$terms) ||
      sum(vapply(encoding$columns, function(kind) as.double(width(kind)), 0)) ==
        inputs - length(encoding$missing$marked),
    "The number of encoded columns must match the number of inputs."
  )
  if (!is.null(encoding$missing)) check_model_missing(encoding)
  if (!is.null(encoding$terms)) check_model_terms(encoding, name, whole)
  need(
    is.null(encoding$replay$na.action) || name(encoding$replay$na.action),
    "Its {.field na.action} must be a single name."
  )
  outcome <- encoding$outcome
  need(
    is.list(outcome) && finite(outcome$center, c(1, outputs)) &&
      finite(outcome$scale, c(1, outputs)) && all(outcome$scale > 0),
    "The centre and scale of its outcome must be finite."
  )
  kinds <-
    if (is.null(levels)) c("numeric", "count") else if (length(levels) == 2) "binary" else "classes"
  need(
    name(outcome$kind) && outcome$kind %in% kinds && identical(outcome$levels, levels) &&
      is.character(outcome$names),
    "The kind of its outcome must match its levels."
  )
  need(
    is.null(outcome$values) || finite(outcome$values, length(outcome$values)),
    "The values of its outcome must be finite numbers."
  )
  need(
    is.null(outcome$events) ||
      (is.list(outcome$events) && identical(names(outcome$events), outcome$names) &&
        all(vapply(outcome$events, function(x) is.character(x) && length(x) == 2, NA))),
    "The levels of its outcomes must be two for each."
  )
  need(
    is.null(outcome$ordered) || isTRUE(outcome$ordered),
    "The field {.field ordered} of its outcome must be true or absent."
  )
  need(
    is.null(outcome$fractional) || isTRUE(outcome$fractional),
    "The field {.field fractional} of its outcome must be true or absent."
  )
  need(
    is.null(outcome$range) ||
      (is.double(outcome$range) && length(outcome$range) == 2 && !anyNA(outcome$range) &&
        outcome$range[1] < outcome$range[2]),
    "The range of its outcome must be two numbers in increasing order."
  )
  calibration <- encoding$calibration
  need(
    is.null(calibration) ||
      (is.list(calibration) && finite(calibration$share, 1) && calibration$share > 0 &&
        calibration$share < 1 && whole(calibration$seed, 0, 2^32 - 1) &&
        length(calibration$seed) == 2 &&
        (is.null(calibration$rows) ||
          (whole(calibration$rows, 1) && length(calibration$rows) == 1)) &&
        (is.null(calibration$split) || identical(calibration$split, split_rule))),
    "Its calibration must have a fraction, a seed of two whole numbers, and a number of rows."
  )
}

# Without a formula, a factor or character column stores the coding of its levels.
check_model_column <- function(kind, coded, name, flag, whole) {
  need(
    is.list(kind) && name(kind$type) &&
      kind$type %in% c("numeric", "logical", "factor", "character", "other"),
    "Each column of its encoding must have a known type."
  )
  need(
    is.null(kind$width) || (whole(kind$width) && length(kind$width) == 1),
    "The width of a column must be a whole number."
  )
  need(
    is.null(kind$names) ||
      (is.character(kind$names) && identical(length(kind$names), as.integer(kind$width))),
    "A matrix column must have names for all of its columns, or no names."
  )
  need(
    kind$type != "factor" || flag(kind$ordered),
    "The field {.field ordered} of a factor must be true or false."
  )
  need(
    if (coded || kind$type == "factor") {
      !kind$type %in% c("factor", "character") || is_levels(kind$levels)
    } else {
      is.null(kind$levels)
    },
    "The levels of a column must be unique."
  )
  need(
    !coded || !kind$type %in% c("factor", "character") ||
      (identical(kind$coding, "contr.treatment") && length(kind$levels) >= 2) ||
      (is.double(kind$coding) && is.matrix(kind$coding) &&
        nrow(kind$coding) == length(kind$levels) && all(is.finite(kind$coding))),
    "The coding of a column must have one row of finite numbers per level."
  )
  need(is_declared(kind$declared, kind$levels), declared_rule)
  need(
    kind$type != "other" || is.character(kind$class), "A column of another type must have a class."
  )
}

declared_rule <- paste(
  "Levels without rows must be other than those with rows, and come with a proportion for each of",
  "the latter."
)

is_declared <- function(declared, levels) {
  is.null(declared) || (is.list(declared) && is_levels(declared$levels) &&
    length(declared$levels) > 0 && !anyNA(declared$levels) && !any(declared$levels %in% levels) &&
    is.double(declared$shares) && length(declared$shares) == length(levels) &&
    all(is.finite(declared$shares)) && all(declared$shares >= 0))
}

# The values for missing inputs must be of the kinds of their columns.
check_model_missing <- function(encoding) {
  missing <- encoding$missing
  fits <- function(name) {
    value <- missing$fill[[name]]
    length(value) == 1 && !is.na(value) && switch(encoding$columns[[name]]$type %||% "",
      numeric = is.double(value),
      logical = is.logical(value),
      factor = ,
      character = is.character(value),
      FALSE
    )
  }
  need(
    is.list(missing) && is.list(missing$fill) && identifies(names(missing$fill)) &&
      all(vapply(names(missing$fill), fits, NA)),
    "The values for its missing inputs must be one of the kind of each column."
  )
  need(
    is.character(missing$marked) && all(missing$marked %in% names(missing$fill)) &&
      is.character(missing$labels) && length(missing$labels) == length(missing$marked) &&
      !anyNA(missing$labels),
    "The marks of its missing inputs must have names."
  )
}

is_levels <- function(x) is.character(x) && !anyDuplicated(x)

# The attributes of the terms must be consistent, because model.frame() and model.matrix() use them
# as indices.
check_model_terms <- function(encoding, name, whole) {
  terms <- encoding$terms
  of <- function(name) attr(terms, name, exact = TRUE)
  variables <- of("variables")
  factors <- of("factors")
  need(
    inherits(terms, "terms") && inherits(terms, "formula") && is.call(terms) &&
      length(terms) == 3 && identical(terms[[1]], quote(`~`)),
    "The stored formula is invalid."
  )
  is_list <- function(x) is.call(x) && identical(x[[1]], quote(list))
  need(
    is_list(variables) && is_list(of("predvars")) && length(of("predvars")) == length(variables),
    "The variables of its formula must be a list."
  )
  labels <- of("term.labels")
  # without `factors`, each term is a variable (see compact_terms())
  compact <- is.null(factors)
  need(
    if (compact) {
      has_many(length(labels) + 1, length(labels)) && length(variables) - 2L == length(labels) &&
        all(of("order") == 1)
    } else {
      is.integer(factors) && identical(dim(factors), c(length(variables) - 1L, length(labels))) &&
        length(factors) > 0 && whole(factors, 0, 2) &&
        all(lengths(dimnames(factors)) == dim(factors))
    },
    "The terms of its formula must match its variables."
  )
  need(
    is.character(labels) && whole(of("order"), 1) && length(of("order")) == length(labels),
    "The terms of its formula must have an order."
  )
  need(
    identical(of("response"), 1L) && identical(variables[[2]], terms[[2]]) &&
      (compact || all(factors[1, ] == 0)),
    "The outcome of its formula must be on the left-hand side."
  )
  need(
    length(of("intercept")) == 1 && whole(of("intercept"), 0, 1),
    "The intercept of its formula must be 0 or 1."
  )
  need(
    is.null(of("offset")) || (!compact && whole(of("offset"), 2, nrow(factors))),
    "The offsets of its formula must be variables of the formula."
  )
  need(
    is.null(of("specials")) && (is.null(of("dataClasses")) || is.character(of("dataClasses"))),
    "Its formula has unknown attributes."
  )
  known <- if (compact) labels else rownames(factors)
  of_variables <- function(x) {
    is.null(x) ||
      (is.list(x) &&
        (length(x) == 0 ||
          (identifies(names(x)) && all(names(x) %in% c(known, gsub("^`(.*)`$", "\\1", known))))))
  }
  need(
    of_variables(encoding$xlevels) && all(vapply(encoding$xlevels, is_levels, NA)),
    "The levels of its formula must belong to its variables."
  )
  declared <- encoding$declared
  need(
    is.null(declared) || (is.list(declared) && identifies(names(declared)) &&
      all(names(declared) %in% names(encoding$xlevels)) &&
      all(mapply(is_declared, declared, encoding$xlevels[names(declared)]))),
    declared_rule
  )
  need(
    of_variables(encoding$contrasts) &&
      all(vapply(
        encoding$contrasts,
        function(x) name(x) || (is.numeric(x) && is.matrix(x) && all(is.finite(x))), NA
      )),
    "Its contrasts must be names or matrices of finite numbers."
  )
  extras <- encoding$replay$extras
  need(
    is.null(extras) ||
      (is.list(extras) &&
        (length(extras) == 0 ||
          (identifies(names(extras)) && all(names(extras) %in% c("subset", "weights", "offset"))))),
    "The arguments that its call took from the data are unknown."
  )
}
