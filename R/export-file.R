#' Take a model out of R
#'
#' Writes the network as something that runs without this package, with the encoding of the columns
#' and the scaling inside: as an ONNX model, as SQL, as an R function or as C. The ending of `path`
#' says which.
#'
#' **What comes out** is what `predict(fit, newdata)` returns: a number for each output; for a
#' factor of two levels the probability of the second, for more the probability of each. The inputs
#' are the raw columns of the data, or for a matrix fit the columns of the matrix. A level that the
#' fit does not know, or a missing value, gives a missing output (`NaN` in ONNX and C, `NULL` in
#' SQL, `NA` in R).
#'
#' **`.onnx`** is a model of opset 13 (with `ai.onnx.ml` 2 where there are factors). A matrix fit
#' has one input `X` of shape (rows, inputs). A fit made from data has an input for each column,
#' under its name, of shape (rows, 1): numbers as `precision` says, factors and strings as strings,
#' logical columns as booleans. The output `response` has shape (rows, outputs); fits to a factor
#' also have `class`, a string for each row, empty where the output is missing. (Where a column has
#' one of these names, the output is `response_output` or `class_output`.) With
#' `precision = "double"` every node has a kernel in double in onnxruntime's processor back end:
#' sigmoid, tanh and softmax are its own, the other activations are composed of exponential,
#' logarithm and arithmetic, gelu by a rational approximation of the normal distribution. Outputs
#' then agree with `predict()` to about 1e-15 (tested: 1e-12). With `"single"` inputs, weights and
#' outputs are single, encoding and scaling are computed in double, and outputs agree to 1e-6, or
#' for sizes above 1 to 1e-6 of their size; sums of very many inputs lose a little more.
#'
#' **`.sql`** is a query in standard SQL with common table expressions. It needs `exp()`, and
#' `log()` (of any base), `sqrt()` or `power()` where softplus or the formula has a logarithm, a
#' root or a power: SQLite must have its math functions (the one in the package RSQLite has).
#' `MATERIALIZED` asks SQLite (3.35 or later) and PostgreSQL (12 or later) to compute each layer
#' once; other databases may need that word taken out. SQLite allows 2,000 columns, and so as many
#' units in a layer. A column that the table does not have is an error. The inputs of a matrix
#' without column names are the columns `x1`, `x2` and so on. Logical columns must be stored as
#' booleans, or in SQLite as 0 and 1 (as RSQLite stores them), not as text. SQLite does not check
#' what its columns hold: it takes text in a column of numbers for the number it begins with, or
#' else for 0.
#'
#' **`.R`** is a function of a data frame (or a matrix), which needs nothing but R. As
#' [predict()][predict.nn_fit] does, it finds columns by name, those of a matrix where it has names,
#' and stops where one is missing or of another type than in training. **`.c`** is C99 that needs
#' `math.h` alone: a function of one case. For a matrix fit it takes an array of the inputs, for
#' others a structure with a field for each column, its name with `x_` before it and all but letters
#' and digits as `_`; names and strings stand beside the fields.
#'
#' A formula's numeric columns, factors, strings and logical columns and their interactions can be
#' exported, and arithmetic, `I()`, `log()`, `exp()`, `sqrt()`, `abs()` and their kin. Other
#' functions (`poly()`, `ns()`, functions of your own) are an error that names the term: compute
#' such columns before [nn_train()].
#'
#' @param fit A fit of [nn_train()], made without offsets.
#' @param path The path of the file, one string that ends in `.onnx`, `.sql`, `.R` or `.c`. An
#'   existing file is replaced.
#' @param precision For `.onnx`: `"double"` or `"single"`; `NULL` (the default) for that of the
#'   training.
#' @param table For `.sql`: the name of the table to read, `"data"` by default.
#' @param keep For `.sql`: names of columns of the table to carry along, such as its key; none by
#'   default. An output must not have the same name.
#' @param name For `.R` and `.c`: the name of the function, `"predict_network"` by default: letters,
#'   digits and underscores, one of them in lower case, and no word or function of R's base or of
#'   C's own. In the C file all other names begin with it too.
#' @return `path`, invisibly.
#' @section Errors: `backprop_error_argument` where an argument is not as described, or does not
#'   belong to the kind of file; `backprop_error_export` where the fit has a term, or an offset,
#'   that cannot be exported, or a name that cannot be read as text; `backprop_error_file` where the
#'   file cannot be written.
#' @references Open Neural Network Exchange, opset 13, \url{https://onnx.ai/onnx/operators/}. Cody,
#'   W. J. (1969). Rational Chebyshev approximations for the error function. *Mathematics of
#'   Computation*, 23, 631-637. \doi{10.1090/S0025-5718-1969-0247736-4}
#' @seealso [nn_save()] to keep a fit for this package.
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
#' unlink(path)
#' @export
nn_export <- function(fit, path, precision = NULL, table = "data", keep = character(),
                      name = "predict_network") {
  call <- current_env()
  check_given(missing(fit), "fit", "a fit of nn_train()", call)
  check_given(
    missing(path), "path", "the path of the file to write, which ends in .onnx, .sql, .R or .c",
    call
  )
  if (!inherits(fit, "nn_fit")) {
    abort_argument(c(
      "{.arg fit} must be a fit of {.fn nn_train}.",
      x = "It is {describe(fit)}."
    ), call)
  }
  check_path(path, call)
  ending <- tolower(sub("^.*\\.", "", basename(path)))
  if (!ending %in% names(export_writers) || !grepl(".", basename(path), fixed = TRUE)) {
    abort_argument(c(
      paste0(
        "{.arg path} must end in {.or {.val {c('.onnx', '.sql', '.R', '.c')}}}: that says what to ",
        "write."
      ),
      x = "It is {describe(path)}."
    ), call)
  }
  given <- c("precision", "table", "keep", "name")[c(
    !missing(precision), !missing(table), !missing(keep), !missing(name)
  )]
  odd <- setdiff(given, export_arguments[[ending]])
  if (length(odd) > 0) {
    abort_argument(c(
      paste0(
        "{.arg {odd}} {?does/do} not belong to a file that ends in ",
        "{.val {sub('^.*[.]', '.', basename(path))}}."
      ),
      i = if (length(export_arguments[[ending]]) > 0) {
        "It takes {.arg {export_arguments[[ending]]}}."
      }
    ), call)
  }
  model <- export_model(current_fit(fit, call), call)
  options <- list(
    precision = if (!is.null(precision)) {
      check_choice(precision, c("double", "single"), "precision", call)
    } else {
      unclass(fit)$settings$precision
    },
    table = utf8_text(check_text(table, "table", call), call),
    keep = utf8_text(check_texts(keep, "keep", call), call), name = check_identifier(name, call)
  )
  same <- options$keep[tolower(options$keep) %in% tolower(model$outputs)]
  if (length(same) > 0) {
    abort_argument(c(
      "{.arg keep} must not have the name of an output, as SQL compares names without case.",
      x = "It has {.val {same}}; the outputs are {.field {model$outputs}}."
    ), call)
  }
  file <- export_writers[[ending]](model, options)
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

check_texts <- function(x, name, call) {
  if (!is.character(x) || anyNA(x) || !all(nzchar(x)) || anyDuplicated(x)) {
    abort_argument(c(
      "{.arg {name}} must be different names, a character vector.",
      x = "It is {describe(x)}."
    ), call)
  }
  x
}

check_text <- function(x, name, call) {
  if (!is.character(x) || length(x) != 1 || is.na(x) || !nzchar(x)) {
    abort_argument(c("{.arg {name}} must be one name.", x = "It is {describe(x)}."), call)
  }
  x
}

check_identifier <- function(x, call) {
  if (!is.character(x) || length(x) != 1 || is.na(x) || !grepl("^[A-Za-z][A-Za-z0-9_]*$", x) ||
    is_name_of_r(x) || is_name_of_c(x)) {
    abort_argument(c(
      paste0(
        "{.arg name} must be a name for a function in R and C: letters, digits and underscores, ",
        "a letter first, one in lower case, and no word or function of R's base or of C's own."
      ),
      x = "It is {describe(x)}."
    ), call)
  }
  x
}

is_name_of_r <- function(x) make.names(x) != x || exists(x, baseenv(), inherits = FALSE)

# Macros are in upper case, types end in _t, and the library has all that begins with is, str, mem
# or the verbs of fenv.h.
is_name_of_c <- function(x) {
  !grepl("[a-z]", x) ||
    grepl("_t$|^(is|str|mem|fe(clear|get|hold|raise|set|test|update))[a-z]", x) ||
    x %in% names_of_c || sub("(_r|[fl]|[fl]_r)$", "", x) %in% names_of_c
}

# Words of C, to C23, and of GNU C, then functions, of which some have an f or l at the end for
# other types.
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
