# Objects of the package, such as schedules, are lists, which users can change by hand. Each class
# has one check, which is called by every function that is given the object.

# Returns the object if `make` makes the same from its fields. `what`: its class in words.
check_object <- function(x, make, name, what, call) {
  made <- tryCatch(make(unclass(x)), error = function(e) if (is_time_limit(e)) stop(e) else e)
  if (identical(made, x)) {
    return(x)
  }
  reason <- if (inherits(made, "backprop_error")) {
    paste(c(made$message, made$body[names(made$body) == "x"]), collapse = " ")
  }
  abort_object(name, what, reason, call)
}

# Signals that an object has been changed; `reason`: what is wrong, if it is known.
abort_object <- function(name, what, reason, call) {
  abort_argument(c(
    "{.arg {name}} is not a valid {what}.",
    x = if (is.null(reason)) "Some of its fields have been changed." else "{reason}",
    i = "Make it again, instead of changing its fields."
  ), call)
}
