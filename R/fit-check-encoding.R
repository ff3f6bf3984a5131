# The encoding of a fit. Which functions it names is checked before (see foreign_functions()).

# Which functions it names is checked before (see foreign_functions()).
check_model_encoding <- function(encoding, inputs, outputs, levels, finite, flag, whole) {
  if (is.null(encoding)) {
    return(invisible())
  }
  need(
    is.list(encoding) && finite(encoding$center, inputs) && finite(encoding$scale, inputs) &&
      all(encoding$scale > 0),
    "The centre and scale of its encoding must be finite numbers, one for each input."
  )
  need(
    is.null(encoding$constant) || length(encoding$constant) == 0 ||
      whole(encoding$constant, 1, inputs),
    "Its constant inputs must be among its inputs."
  )
  need(flag(encoding$offset_argument), "Whether it has offsets must be true or false.")
  name <- function(x) is.character(x) && length(x) == 1 && !is.na(x)
  # that of a sparse matrix has no columns
  need(
    if (is.null(encoding$columns)) {
      is.null(encoding$terms)
    } else {
      is.list(encoding$columns) && identifies(names(encoding$columns))
    },
    "Its encoding must have columns with names."
  )
  for (kind in encoding$columns) {
    check_model_column(kind, is.null(encoding$terms), name, flag, whole)
  }
  width <- function(kind) {
    if (!is.null(kind$coding)) ncol(kind$coding) else if (is.null(kind$width)) 1 else kind$width
  }
  need(
    is.null(encoding$columns) || !is.null(encoding$terms) ||
      sum(vapply(encoding$columns, function(kind) as.double(width(kind)), 0)) == inputs,
    "Its columns do not make as many inputs as it has."
  )
  if (!is.null(encoding$terms)) check_model_terms(encoding, name, whole)
  need(
    is.null(encoding$replay$na.action) || name(encoding$replay$na.action),
    "What is done with missing values must be one name."
  )
  outcome <- encoding$outcome
  need(
    is.list(outcome) && finite(outcome$center, c(1, outputs)) &&
      finite(outcome$scale, c(1, outputs)) && all(outcome$scale > 0),
    "Its outcome must have a finite centre and scale."
  )
  kinds <-
    if (is.null(levels)) c("numeric", "count") else if (length(levels) == 2) "binary" else "classes"
  need(
    name(outcome$kind) && outcome$kind %in% kinds && identical(outcome$levels, levels) &&
      is.character(outcome$names),
    "Its outcome is not of the kind that its levels say."
  )
  need(
    is.null(outcome$ordered) || isTRUE(outcome$ordered),
    "The mark of an ordered outcome must be true, or absent."
  )
  calibration <- encoding$calibration
  need(
    is.null(calibration) ||
      (is.list(calibration) && finite(calibration$share, 1) && calibration$share > 0 &&
        calibration$share < 1 && whole(calibration$seed, 0, 2^32 - 1) &&
        length(calibration$seed) == 2 &&
        (is.null(calibration$rows) ||
          (whole(calibration$rows, 1) && length(calibration$rows) == 1))),
    "Its calibration must have a share, two whole numbers as its seed, and a number of rows."
  )
}

# Without a formula a column of levels has the numbers that stand for each.
check_model_column <- function(kind, coded, name, flag, whole) {
  need(
    is.list(kind) && name(kind$type) &&
      kind$type %in% c("numeric", "logical", "factor", "character", "other"),
    "Each column of its encoding must have a type."
  )
  need(
    is.null(kind$width) || (whole(kind$width) && length(kind$width) == 1),
    "A column's width must be a whole number."
  )
  need(
    is.null(kind$names) ||
      (is.character(kind$names) && identical(length(kind$names), as.integer(kind$width))),
    "A matrix column must have a name for each of its columns, or none."
  )
  need(
    kind$type != "factor" || flag(kind$ordered),
    "Whether a factor is ordered must be true or false."
  )
  need(
    if (coded || kind$type == "factor") {
      !kind$type %in% c("factor", "character") || is_levels(kind$levels)
    } else {
      is.null(kind$levels)
    },
    "A column's levels must be different."
  )
  need(
    !coded || !kind$type %in% c("factor", "character") ||
      (is.double(kind$coding) && is.matrix(kind$coding) &&
        nrow(kind$coding) == length(kind$levels) && all(is.finite(kind$coding))),
    "A column of levels must have finite numbers for each."
  )
  need(
    kind$type != "other" || is.character(kind$class), "A column of another type must have a class."
  )
}

is_levels <- function(x) is.character(x) && !anyDuplicated(x)

# What model.frame() and model.matrix() go by must agree with each other: they look at places that
# these numbers say.
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
    "The variables of its formula are no list."
  )
  need(
    is.integer(factors) &&
      identical(dim(factors), c(length(variables) - 1L, length(of("term.labels")))) &&
      length(factors) > 0 && whole(factors, 0, 2) &&
      all(lengths(dimnames(factors)) == dim(factors)),
    "The terms of its formula do not fit its variables."
  )
  need(
    is.character(of("term.labels")) && whole(of("order"), 1) &&
      length(of("order")) == ncol(factors),
    "The terms of its formula have no order."
  )
  need(
    identical(of("response"), 1L) && identical(variables[[2]], terms[[2]]) &&
      all(factors[1, ] == 0),
    "The outcome of its formula must stand on its left."
  )
  need(
    length(of("intercept")) == 1 && whole(of("intercept"), 0, 1),
    "The intercept of its formula must be 0 or 1."
  )
  need(
    is.null(of("offset")) || whole(of("offset"), 2, nrow(factors)),
    "The offsets of its formula are none of its variables."
  )
  need(
    is.null(of("specials")) && (is.null(of("dataClasses")) || is.character(of("dataClasses"))),
    "Its formula has more than a fit's has."
  )
  of_variables <- function(x) {
    is.null(x) ||
      (is.list(x) &&
        (length(x) == 0 ||
          (identifies(names(x)) &&
            all(names(x) %in% c(rownames(factors), gsub("^`(.*)`$", "\\1", rownames(factors)))))))
  }
  need(
    of_variables(encoding$xlevels) && all(vapply(encoding$xlevels, is_levels, NA)),
    "The levels of its formula are none of its variables'."
  )
  need(
    of_variables(encoding$contrasts) &&
      all(vapply(
        encoding$contrasts,
        function(x) name(x) || (is.numeric(x) && is.matrix(x) && all(is.finite(x))), NA
      )),
    "Its contrasts must be names, or matrices of finite numbers."
  )
  extras <- encoding$replay$extras
  need(
    is.null(extras) ||
      (is.list(extras) &&
        (length(extras) == 0 ||
          (identifies(names(extras)) && all(names(extras) %in% c("subset", "weights", "offset"))))),
    "What its call took from the data is not known."
  )
}
