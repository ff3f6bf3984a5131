#' List or select CPU instruction sets
#'
#' The computational kernels are compiled once for every instruction set: a baseline that all
#' processors support, and on x86-64 also AVX2 and AVX-512. When the package is loaded, it selects
#' the fastest set that the processor supports. Results of different sets differ in the last digits.
#'
#' To reproduce the exact bits of another machine, or for tests, select a set by name: with this
#' function for the current session; or before the package is loaded with
#' `options(backprop.instruction_set = "avx2")` or the environment variable
#' `BACKPROP_INSTRUCTION_SET`. The option takes precedence over the environment variable.
#'
#' @param name Name of the instruction set to use for the rest of the session, or `"fastest"` for
#'   the fastest one. `NULL` (default) leaves the selection unchanged.
#' @return A named logical vector with one element for each compiled set (`baseline`, and on x86-64
#'   `avx2` and `avx512`): `TRUE` if this processor supports it. The attribute `"chosen"` is the
#'   name of the set in use. Returned invisibly if `name` is supplied.
#' @section Errors: `backprop_error_argument` if the set is unknown or not supported by the
#'   processor. If the option or the environment variable names such a set, loading the package
#'   fails with the same message.
#' @examples
#' nn_instruction_sets()
#' @export
nn_instruction_sets <- function(name = NULL) {
  if (!is.null(name)) {
    choose_instruction_set(name, current_env())
    return(invisible(instruction_sets()))
  }
  instruction_sets()
}

instruction_sets <- function() structure(core_instruction_sets(), chosen = core_instruction_set())

# `argument`: where the name comes from, for the message.
choose_instruction_set <- function(name, call = NULL, argument = "name") {
  sets <- core_instruction_sets()
  name <- check_choice(name, c("fastest", names(sets)), argument, call)
  if (!core_choose_instruction_set(if (name == "fastest") "" else name)) {
    abort_argument(c(
      paste0(
        "This processor does not support the instruction set {.val {name}}, which ",
        "{.arg {argument}} selects."
      ),
      i = "It supports {.val {names(sets)[sets]}}."
    ), call)
  }
}
