#' Export a network
#'
#' @description
#' Writes a fit to a file that runs without this package: an ONNX model, an SQL query, an R function
#' or a C function. The extension of `path` determines the format. The encoding of the columns and
#' the scaling are part of the exported model.
#'
#' The exported model returns the same as `predict(fit, newdata)`: one number per output; for a
#' factor with two levels the probability of the second, for more levels the probability of each.
#' Its inputs are the raw columns of the data or, for a fit to a matrix, the columns of the matrix.
#' For a factor, every format also contains the levels and returns the class: the most probable
#' level, as `predict(fit, newdata, type = "class")` does.
#'
#' For an unseen level or a missing value the output is missing (`NaN` in ONNX and C, `NULL` in SQL,
#' `NA` in R). So it is if a formula has no finite value for a case, such as `log(x)` for `x = 0`,
#' and for infinite inputs; the other cases are not affected. An exponential above 1.8e308, which is
#' infinite in `predict()`, is missing in SQL. The R function, like [predict()][predict.nn_fit],
#' stops if an input is infinite. For a fit made with
#' `missing = "indicator"`, missing values are filled and marked as in `predict()`: `NaN` and, for
#' text, `NULL` in C; `NaN` and the empty string in ONNX, where truth values can't be missing.
#'
#' A formula can be exported if it consists of numeric columns, factors, strings, logical columns,
#' their interactions, arithmetic, `I()`, `log()`, `log2()`, `log10()`, `log1p()`, `exp()`,
#' `expm1()`, `sqrt()`, `abs()` and `scale()`. For terms with other functions (`poly()`, `ns()`,
#' user-defined functions), compute the columns before [nn_train()].
#'
#' @section ONNX (`.onnx`): The model uses opset 13, and `ai.onnx.ml` 2 for factors. A fit to a
#'   matrix has one input `X` of shape (rows, inputs). A fit to a data frame has one input of shape
#'   (rows, 1) per column, with the column's name: numeric columns in the type of `precision`,
#'   factors and strings as strings, logical columns as booleans. The output `response` has shape
#'   (rows, outputs). Fits to a factor have two more outputs: `class`, a string per row, which is
#'   empty if the output is missing, and `probabilities` of shape (rows, levels), in the order of
#'   the levels. If a column has one of these names, `_output` is appended to that of the output.
#'   The metadata contain the names of the outputs, and the levels as a JSON array under the key
#'   `levels`.
#'
#'   With `precision = "double"`, outputs agree with `predict()` to about 1e-15 (tested: 1e-12).
#'   Every node then has a double-precision kernel in the CPU back end of onnxruntime: sigmoid, tanh
#'   and softmax are operators of ONNX, the other activations are composed of exponential, logarithm
#'   and arithmetic, and gelu uses a rational approximation of the normal distribution function.
#'   With `"single"`, inputs, weights and outputs are in single precision, encoding and scaling are
#'   computed in double precision, and outputs agree to a relative error of 1e-6 (absolute for
#'   values below 1). The error is somewhat larger for sums of very many inputs.
#'
#' @section SQL (`.sql`): The query is standard SQL with common table expressions. It needs `exp()`;
#'   softplus and formulas with logarithms, roots or powers also need `log()` (of any base),
#'   `sqrt()` and `power()`. SQLite must be compiled with its math functions, as in the package
#'   RSQLite. `MATERIALIZED` makes SQLite (3.35 or later) and PostgreSQL (12 or later) compute each
#'   layer once; remove this keyword for databases that do not support it. A query in which a step
#'   would have more than 2,000 columns, the limit of SQLite, is an error: one for more than 2,000
#'   columns of the data (with those in `keep`) or units of a layer. PostgreSQL allows about 1,600.
#'   Any number of encoded columns is allowed. The inputs of a matrix without column names are the
#'   columns `x1`, `x2` and so on. A column that is not in the table is an error.
#'   Logical columns must be stored as booleans, or in SQLite as 0 and 1 (as RSQLite does), not as
#'   text. SQLite does not check the types of values: it converts text in a numeric column to the
#'   number at its beginning, or to 0.
#'
#'   The result has the columns in `keep`, one column per output, and for a factor a column of the
#'   classes, named `class`, or `class_output` if an output or a column in `keep` has that name.
#'   Many databases, such as SQLite, ignore the case of names. Columns of the data whose names
#'   differ only in case are therefore an error, and of such outputs (levels) the later ones get
#'   their number appended: `yes`, `Yes_2`. Outputs beyond the range of double precision are
#'   `NULL`.
#'
#' @section R and C (`.R`, `.c`): The R function accepts a data frame or a matrix and needs no
#'   package. Like [predict()][predict.nn_fit], it matches columns by name (those of a matrix if it
#'   has column names) and stops if a column is missing or has another type than in training. For
#'   a factor it has a second argument, `type`: `"response"` (default), `"class"` (a factor) or
#'   `"prob"` (a matrix with one column per level), as in `predict()`.
#'
#'   The C file is C99 and needs only `math.h`. It defines a function that computes the output of
#'   one case. For a fit to a matrix, its argument is an array of the inputs; otherwise it is a
#'   structure with one field per column, named `x_` and the column's name, with all characters
#'   except letters and digits replaced by `_`. Comments list the columns and levels. For a factor,
#'   it also defines `predict_network_levels`, an array of the levels as UTF-8 strings, and
#'   `predict_network_class()`, which returns the index of the class in this array, from 0, or -1
#'   if the output is missing. `predict_network` is replaced by `name`.
#'
#' @param fit A fit from [nn_train()], made without offsets.
#' @param path Path to the file, a single string that ends in `.onnx`, `.sql`, `.R` or `.c`. An
#'   existing file is replaced.
#' @param precision For `.onnx`: `"double"` or `"single"`; `NULL` (default) for the precision of
#'   training.
#' @param table For `.sql`: name of the table to read; `"data"` by default. For a table in a schema,
#'   a vector such as `c("main", "data")`, a `DBI::Id()` or `dbplyr::in_schema()`. Each part is
#'   quoted by itself: a dot in a string is part of the name. Text that is SQL already, such as
#'   `DBI::SQL("main.data")` and `I("main.data")`, is used unchanged.
#' @param keep For `.sql`: names of columns of the table to include in the result, such as its key;
#'   empty by default. They must differ from each other and from the names of the outputs, also if
#'   case is ignored.
#' @param name For `.R` and `.c`: name of the function; `"predict_network"` by default. It must
#'   consist of letters, digits and underscores, begin with a letter, contain a lower-case letter,
#'   and not be a keyword or function of base R or of C. In the C file all other names begin with
#'   `name`, too.
#' @return `path`, invisibly.
#' @section Errors: `backprop_error_argument` for an invalid argument, or one that does not apply to
#'   the format, and for fits with a custom activation; `backprop_error_export` if the fit has
#'   offsets, a term that can't be exported, a name that can't be converted to UTF-8, or, for SQL,
#'   columns whose names differ only in case or steps of more than 2,000 columns;
#'   `backprop_error_file` if the file can't be written.
#' @references Open Neural Network Exchange, opset 13, \url{https://onnx.ai/onnx/operators/}. Cody,
#'   W. J. (1969). Rational Chebyshev approximations for the error function. *Mathematics of
#'   Computation*, 23, 631-637. \doi{10.1090/S0025-5718-1969-0247736-4}
#' @seealso [nn_save()] to save a fit for use with this package.
#' @examples
#' X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
#' set.seed(1)
#' fit <- nn_train(X, c(1, 1, 0))
#' path <- tempfile(fileext = ".R")
#' nn_export(fit, path)
#' alone <- new.env()
#' sys.source(path, alone)
#' alone$predict_network(X)
#' predict(fit, X)
#'
#' # Classes
#' fit <- nn_train(Species ~ ., iris, hidden = 2, penalty = 0.01)
#' nn_export(fit, path)
#' sys.source(path, alone)
#' alone$predict_network(iris[c(1, 51, 101), ], type = "class")
#' unlink(path)
#' @export
nn_export <- function(fit, path, precision = NULL, table = "data", keep = character(),
                      name = "predict_network") {
  call <- current_env()
  check_given(missing(fit), "fit", "a fit from nn_train()", call)
  check_given(
    missing(path), "path", "the path to the file to write, ending in .onnx, .sql, .R or .c", call
  )
  check_is_fit(fit, call)
  check_path(path, call)
  ending <- lower_case(sub("^.*\\.", "", basename(path)))
  if (!ending %in% names(export_writers) || !grepl(".", basename(path), fixed = TRUE)) {
    abort_argument(c(
      paste0(
        "{.arg path} must end in {.or {.val {c('.onnx', '.sql', '.R', '.c')}}}, which determines ",
        "the format."
      ),
      x = "You supplied {describe(path)}."
    ), call)
  }
  given <- c("precision", "table", "keep", "name")[c(
    !missing(precision), !missing(table), !missing(keep), !missing(name)
  )]
  odd <- setdiff(given, export_arguments[[ending]])
  if (length(odd) > 0) {
    abort_argument(c(
      paste0(
        "{.arg {odd}} {?does/do} not apply to the format ",
        "{.val {sub('^.*[.]', '.', basename(path))}}."
      ),
      i = if (length(export_arguments[[ending]]) > 0) {
        "Its argument{?s} {?is/are} {.arg {export_arguments[[ending]]}}."
      }
    ), call)
  }
  model <- with_plain_numbers(export_model(current_fit(fit, call), call))
  options <- list(
    precision = if (!is.null(precision)) {
      check_choice(precision, c("double", "single"), "precision", call)
    } else {
      unclass(fit)$settings$precision
    },
    table = check_table(table, call), keep = check_keep(keep, model$outputs, call),
    name = check_identifier(name, call), call = call
  )
  if (ending == "sql") check_column_case(model, call)
  file <- with_plain_numbers(export_writers[[ending]](model, options))
  write_file(
    if (is.raw(file)) file else charToRaw(enc2utf8(paste0(paste(file, collapse = "\n"), "\n"))),
    path, call
  )
  invisible(path)
}

export_writers <- list(
  onnx = function(model, options) export_onnx(model, options),
  sql = function(model, options) export_sql(model, options),
  r = function(model, options) export_r(model, options),
  c = function(model, options) export_c(model, options)
)

export_arguments <- list(onnx = "precision", sql = c("table", "keep"), r = "name", c = "name")

check_identifier <- function(x, call) {
  if (!is.character(x) || length(x) != 1 || is.na(x) || !grepl("^[A-Za-z][A-Za-z0-9_]*$", x) ||
    is_name_of_r(x) || is_name_of_c(x)) {
    abort_argument(c(
      paste0(
        "{.arg name} must be a valid name of a function in R and C: letters, digits and ",
        "underscores, beginning with a letter, with at least one lower-case letter, and not a ",
        "keyword or function of base R or C."
      ),
      x = "You supplied {describe(x)}."
    ), call)
  }
  x
}

is_name_of_r <- function(x) make.names(x) != x || exists(x, baseenv(), inherits = FALSE)

# Macros are in upper case, types end in _t, and names that begin with is, str, mem or the verbs of
# fenv.h are reserved for the C library.
is_name_of_c <- function(x) {
  !grepl("[a-z]", x) ||
    grepl("_t$|^(is|str|mem|fe(clear|get|hold|raise|set|test|update))[a-z]", x) ||
    x %in% names_of_c || sub("(_r|[fl]|[fl]_r)$", "", x) %in% names_of_c
}

# Keywords of C (up to C23) and GNU C, then functions. Some functions have variants for other types
# with a suffix f or l.
names_of_c <- strsplit(
  paste(
    paste0(
      "alignas alignof asm auto bool break case char const constexpr continue default do double ",
      "else enum extern false float for goto if inline int long main nullptr register restrict ",
      "return short"
    ),
    paste0(
      "signed sizeof static static_assert struct switch thread_local true typedef typeof ",
      "typeof_unqual union unsigned void volatile while linux unix i386 math_errhandling offsetof ",
      "signgam"
    ),
    paste0(
      "abort abs acos acosh acospi asin asinh asinpi atan atan2 atan2pi atanh atanpi bcmp bcopy ",
      "bzero cabs cacos cacosh calloc canonicalize carg casin casinh catan catanh cbrt ccos ccosh ",
      "ceil cexp cimag clog conj copysign"
    ),
    paste0(
      "cos cosh cospi cpow cproj creal csin csinh csqrt ctan ctanh dadd ddiv dfma dmul drem dsqrt ",
      "dsub erf erfc exit exp exp10 exp2 expm1 explicit_bzero fabs fadd fdim fdiv ffma ffs ffsl ",
      "finite floor fma fmax"
    ),
    paste0(
      "fmaximum fmaximum_mag fmaximum_mag_num fmaximum_num fmin fminimum fminimum_mag ",
      "fminimum_mag_num fminimum_num fmod fmul fpclassify fprintf fputc fputs free frexp fromfp ",
      "fromfpx fscanf fsqrt fsub fwrite gamma hypot"
    ),
    paste0(
      "ilogb imaxabs index j0 j1 jn labs ldexp lgamma llabs llogb llrint llround log log10 log1p ",
      "log2 logb lrint lround malloc modf nan nearbyint nextafter nextdown nexttoward nextup pow ",
      "pow10 printf putc putchar puts realloc"
    ),
    paste0(
      "remainder remquo rindex rint round roundeven scalb scalbln scalbn scanf signbit ",
      "significand sin sincos sinh sinpi snprintf sprintf sqrt sscanf stpcpy stpncpy tan tanh ",
      "tanpi tgamma tolower toupper towlower towupper trunc"
    ),
    "ufromfp ufromfpx vfprintf vfscanf vprintf vscanf vsnprintf vsprintf vsscanf y0 y1 yn"
  ),
  " "
)[[1]]
