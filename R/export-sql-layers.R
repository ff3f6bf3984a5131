# SQL: the layers, from their weighted sums to the outputs.

# The weighted sums of the inputs: those of the first layer and, with skip, the part of the inputs
# in the sums of the output layer. list(names, w (inputs x sums), b (numbers; NA for none), skip:
# the names of the latter, many: whether to write weights as those of a large network).
sql_input_sums <- function(model, query) {
  first <- model$layers[[1]]
  with_skip <- Find(function(layer) !is.null(layer$skip), model$layers)
  part <- if (!is.null(with_skip)) {
    with_skip$w[with_skip$inputs - with_skip$skip + seq_len(with_skip$skip), , drop = FALSE]
  }
  skip <- if (!is.null(part)) query$own("s", paste0("_", seq_len(ncol(part))))
  list(
    names = c(query$own("z", paste0("1_", seq_len(first$units))), skip), w = cbind(first$w, part),
    b = c(first$b, rep(NA, length(skip))), skip = skip,
    many = sum(lengths(lapply(model$layers, `[[`, "w"))) > 1000
  )
}

# Adds the steps from the sums of the inputs to the outputs, and returns the columns of the outputs.
sql_layers <- function(model, query, sums) {
  query$hold(sums$skip)
  columns <- NULL
  for (i in seq_along(model$layers)) {
    layer <- model$layers[[i]]
    z <- switch(layer$kind,
      dense = sql_dense(layer, i, columns, query, sums),
      running_sum = sql_running_sum(layer, i, columns, query),
      differences = c(
        paste("1.0 -", columns[1]), paste(columns[-length(columns)], "-", columns[-1]),
        columns[length(columns)]
      )
    )
    columns <- query$own("a", paste0(i, "_", seq_len(layer$units)))
    query$add(paste0("layer", i), columns, sql_activated(layer, i, z, query))
  }
  columns
}

sql_dense <- function(layer, i, columns, query, sums) {
  z <- query$own("z", paste0(i, "_", seq_len(layer$units)))
  if (i == 1) {
    return(z)
  }
  below <- seq_along(columns)
  texts <- vapply(
    seq_len(layer$units),
    function(u) {
      sql_sum(c(
        sql_weights(layer$b[u], sums$many), if (!is.null(layer$skip)) sums$skip[u],
        paste0(columns, " * ", sql_weights(layer$w[below, u], sums$many))
      ))
    },
    ""
  )
  # this step reads the sums for the last time
  if (!is.null(layer$skip)) query$hold(NULL)
  query$add(paste0("sums", i), z, texts)
  z
}

# Each step adds, to each sum of `width` units, the three such sums before it, so that the number of
# steps is the logarithm of the number of units.
sql_running_sum <- function(layer, i, columns, query) {
  units <- layer$units
  sums <- query$own("q", paste0(i, "_", seq_len(units)))
  sign <- c("", rep(if (layer$sign > 0) "" else "-", units - 1))
  width <- 1
  while (width < units) {
    texts <- vapply(seq_len(units), function(u) {
      at <- u - width * 0:3
      at <- at[at > 0]
      if (length(at) == 1) paste0(sign[at], columns[at]) else sql_sum(paste0(sign[at], columns[at]))
    }, "")
    width <- 4 * width
    query$add(paste0("sum", i, "_", width), sums, texts)
    columns <- sums
    sign[] <- ""
  }
  columns
}

# The values of the units, as texts. Softmax adds steps: the exponentials of differences to the
# largest sum, and their sum.
sql_activated <- function(layer, i, z, query) {
  if (layer$activation == "softmax") {
    most <- sql_largest(query, z, paste0("m", i))
    e <- query$own("e", paste0(i, "_", seq_along(z)))
    total <- query$own("t", i)
    query$add(paste0("exp", i), e, sql_softmax_part(z, most))
    query$add(paste0("total", i), total, sql_sum(e), e)
    return(paste(e, "/", total))
  }
  of_unit <- rep(layer$activation, length(z))
  if (!is.null(layer$first)) of_unit[1] <- layer$first
  mapply(
    function(own, activation) {
      translate(activation_table[[activation]]$code, sql_language, list(z = own))
    },
    z, of_unit
  )
}
