#' The processor's instruction sets
#'
#' The kernels of the package are compiled several times, for the instructions that every processor
#' has and for those of newer ones, and the fastest that this processor knows is chosen when the
#' package is loaded. Results of different sets differ in the last digits. To get the very bits of
#' another machine, or to test, choose a set by name: for the session with this function, or before
#' the package is loaded with `options(backprop.instruction_set = "avx2")` or the environment
#' variable `BACKPROP_INSTRUCTION_SET` (the option counts where both are there).
#'
#' @param name The set to use from now on, one of the names below that this processor has;
#'   `"fastest"` for the default. `NULL` (the default) changes nothing.
#' @return A named logical vector: for each set that was compiled (`baseline`, and on x86-64 `avx2`
#'   and `avx512`), whether this processor has it. The attribute `"chosen"` is the name of the set
#'   in use. Invisible where `name` is given.
#' @section Errors: `backprop_error_argument` for a set that is unknown or that the processor lacks.
#'   Where the option or the environment variable names such a set, loading the package fails with
#'   the same message.
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

# `argument` is where the name comes from, for the message.
choose_instruction_set <- function(name, call = NULL, argument = "name") {
  sets <- core_instruction_sets()
  name <- check_choice(name, c("fastest", names(sets)), argument, call)
  if (!core_choose_instruction_set(if (name == "fastest") "" else name)) {
    abort_argument(c(
      paste0(
        "This processor does not have the instruction set {.val {name}}, which {.arg {argument}} ",
        "asks for."
      ),
      i = "It has {.val {names(sets)[sets]}}."
    ), call)
  }
}
