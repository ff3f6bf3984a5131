# SQL: a query under construction, a chain of common table expressions of which each reads from the
# one before.

# `prefix` begins all names of the query. `table`: the text of the table's name. `keep`: names of
# columns that every step carries along. `check_size`: a function, called with the number of columns
# of each step. The functions change the query:
#   add()     adds a step that computes `texts` as `columns`, and carries the columns `also`
#   hold()    carries columns in all steps, from the next one on; replaces those of the call before
#   define()  adds a table that is no step of the chain, as text
# In a step that reads from the table, its columns have to be qualified with `data`, because SQLite
# reads an unqualified quoted name as a string if there is no such column.
new_query <- function(prefix, table, keep, check_size) {
  data <- paste0(prefix, "data")
  kept <- sql_name(keep)[seq_along(keep)]
  carry <- sprintf("%s.%s AS %s", data, kept, kept)
  from <- paste(table, data)
  held <- NULL
  steps <- NULL
  list(
    prefix = prefix, data = data, kept = kept,
    own = function(stem, i = NULL) paste0(prefix, stem, i),
    add = function(name, columns, texts, also = NULL, join = NULL, groups = NULL) {
      # which may add steps before this one
      force(texts)
      selected <- c(carry, held, also, paste0(texts, " AS ", columns))
      check_size(length(selected))
      steps <<- c(steps, paste0(
        prefix, name, " AS MATERIALIZED (\n  SELECT ", paste(selected, collapse = ",\n    "),
        "\n  FROM ", from, join, if (!is.null(groups)) paste("\n  GROUP BY", groups), "\n)"
      ))
      from <<- paste0(prefix, name)
      carry <<- kept
    },
    hold = function(columns) held <<- columns,
    define = function(text) steps <<- c(steps, text),
    from = function() from,
    steps = function() paste0("WITH ", paste(steps, collapse = ",\n"))
  )
}

# The largest of some columns: adds steps that compare them in pairs, because no function for it is
# in all databases. Returns the name of the column.
sql_largest <- function(query, columns, stem) {
  left <- columns
  level <- 0
  while (length(left) > 1) {
    first <- 2 * seq_len(length(left) %/% 2) - 1
    odd <- if (length(left) %% 2 == 1) left[length(left)]
    level <- level + 1
    larger <- query$own(stem, paste0("_", level, "_", seq_along(first)))
    query$add(
      paste0(stem, level), larger,
      fill_in_each(
        "CASE WHEN {a} > {b} THEN {a} ELSE {b} END",
        a = left[first], b = left[first + 1]
      ),
      c(columns, setdiff(odd, columns))
    )
    left <- c(larger, odd)
  }
  left
}
