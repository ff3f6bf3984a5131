.onLoad <- function(libname, pkgname) {
  on_package_load("parsnip", register_parsnip_engine())
  on_package_load("mlr3", register_mlr3_learners())
  on_package_load("marginaleffects", register_marginaleffects_class())
  name <- getOption("backprop.instruction_set")
  argument <- "options(backprop.instruction_set)"
  if (is.null(name)) {
    name <- Sys.getenv("BACKPROP_INSTRUCTION_SET")
    argument <- "BACKPROP_INSTRUCTION_SET"
  }
  choose_instruction_set(if (identical(name, "")) "fastest" else name, argument = argument)
}
