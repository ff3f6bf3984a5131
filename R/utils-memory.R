# Memory limits.

# Signals an error before anything is allocated if `bytes` exceed the memory that this process may
# still use. `hint` may refer to variables of `envir`.
check_memory <- function(bytes, what, call,
                         hint = "Use fewer or smaller hidden layers, or smaller batches.",
                         envir = parent.frame()) {
  if (!may_lack_memory(bytes)) {
    return(invisible())
  }
  limit <- memory_limit(bytes)
  if (bytes <= limit$bytes) {
    return(invisible())
  }
  words <- function(bytes) format(floor(bytes), big.mark = ",", scientific = FALSE, nsmall = 0)
  hint <- vapply(hint, cli::format_inline, "", .envir = envir, USE.NAMES = FALSE)
  abort_kind(
    "memory",
    c(
      "There is not enough memory for {what}.",
      x = "{words(bytes)} bytes are needed; {words(limit$bytes)} are available {limit$where}.",
      stats::setNames(sprintf("{hint[%d]}", seq_along(hint)), rep("i", length(hint)))
    ),
    call, environment()
  )
}

# What may be allocated: list(bytes, where). Objects that R has not collected count as used, and
# more of them are made before R next collects them. So if `bytes` are more than a third of the
# memory, they are collected first.
memory_limit <- function(bytes) {
  option <- getOption("backprop.memory_limit")
  if (!is.null(option)) {
    return(list(bytes = option, where = "by the option backprop.memory_limit"))
  }
  limit <- available_memory()
  if (bytes <= limit$bytes / 3) {
    return(limit)
  }
  gc()
  available_memory()
}

# Small amounts are not compared with the memory, unless its limit is an option.
may_lack_memory <- function(bytes) {
  bytes >= 2^24 || !is.null(getOption("backprop.memory_limit"))
}

# The bytes that this process can still allocate: list(bytes, where). The smallest of what the
# machine has, what its control groups (of a container) leave, and what its own limits leave. `root`
# is the directory that contains proc and sys.
available_memory <- function(root = "/") {
  limits <- c(
    "on this machine" = machine_memory(root),
    "within the memory limit of this container or control group" = cgroup_memory(root),
    "within the limits of this process (ulimit)" = rlimit_memory(root)
  )
  least <- which.min(limits)
  list(bytes = max(0, limits[[least]]), where = names(limits)[least])
}

# The lines of a file of the system; none if it can't be read.
system_lines <- function(...) {
  path <- file.path(...)
  if (!file.exists(path)) {
    return(character())
  }
  suppressWarnings(tryCatch(readLines(path), error = function(e) character()))
}

# The number after a label in such lines, in bytes; NA if there is none.
system_number <- function(lines, label, unit = 1) {
  line <- lines[startsWith(lines, label)]
  if (length(line) == 0) {
    return(NA_real_)
  }
  if (nzchar(label)) line <- sub(label, "", line, fixed = TRUE)
  unit * suppressWarnings(as.numeric(strsplit(trimws(line[1]), "[ \t]+")[[1]][1]))
}

machine_memory <- function(root) {
  info <- system_lines(root, "proc/meminfo")
  free <- sum(
    system_number(info, "MemAvailable:", 1024), system_number(info, "SwapFree:", 1024)
  )
  if (is.na(free)) core_physical_memory() else free
}

# The limits of version 2 and version 1 of control groups, for the group of this process and all
# groups that contain it. Pages of files that can be dropped count as free. Inside a container the
# path of the group may be that of the host, which does not exist here; its root is then the group.
cgroup_memory <- function(root) {
  groups <- strsplit(system_lines(root, "proc/self/cgroup"), ":", fixed = TRUE)
  versions <- list(
    list(
      mounts = c("sys/fs/cgroup", "sys/fs/cgroup/unified"),
      is_one = function(group) identical(group[1:2], c("0", "")), limit = "memory.max",
      used = "memory.current", droppable = "inactive_file "
    ),
    list(
      mounts = "sys/fs/cgroup/memory",
      is_one = function(group) "memory" %in% strsplit(group[2], ",", fixed = TRUE)[[1]],
      limit = "memory.limit_in_bytes", used = "memory.usage_in_bytes",
      droppable = "total_inactive_file "
    )
  )
  left <- Inf
  for (version in versions) {
    paths <- unique(unlist(lapply(Filter(version$is_one, groups), function(group) {
      parents(paste(group[-(1:2)], collapse = ":"))
    })))
    for (directory in as.vector(outer(version$mounts, paths, paste0))) {
      limit <- system_number(system_lines(root, directory, version$limit), "")
      used <- system_number(system_lines(root, directory, version$used), "")
      droppable <- system_number(system_lines(root, directory, "memory.stat"), version$droppable)
      if (is.na(limit) || is.na(used)) next
      left <- min(left, limit - used + if (is.na(droppable)) 0 else droppable)
    }
  }
  left
}

# "/a/b" as "/a/b", "/a" and "/".
parents <- function(path) {
  parts <- setdiff(strsplit(path, "/", fixed = TRUE)[[1]], "")
  vapply(rev(seq(0, length(parts))), function(n) {
    paste0("/", paste(parts[seq_len(n)], collapse = "/"))
  }, "")
}

# What the limits of the address space and of the data of this process leave.
rlimit_memory <- function(root) {
  limits <- system_lines(root, "proc/self/limits")
  used <- system_lines(root, "proc/self/status")
  left <- c(
    system_number(limits, "Max address space") - system_number(used, "VmSize:", 1024),
    system_number(limits, "Max data size") - system_number(used, "VmData:", 1024)
  )
  min(Inf, left, na.rm = TRUE)
}

# Runs code in which R may fail to allocate memory, and converts its error.
in_memory <- function(code, call) {
  result <- until_error(code, is_allocation_error)
  if (inherits(result, "error")) abort_out_of_memory(conditionMessage(result), call)
  result
}

# R's errors have no class for it, and are translated.
is_allocation_error <- function(e) {
  if (inherits(e, "backprop_error")) {
    return(FALSE)
  }
  starts <- gettext(
    "cannot allocate vector of size %0.1f Gb", "cannot allocate vector of size %0.1f Mb",
    "cannot allocate vector of size %0.f Kb", "cannot allocate memory block of size %0.1f Gb",
    "cannot allocate vector of length %lld", "vector memory exhausted (limit reached?)",
    domain = "R"
  )
  any(startsWith(conditionMessage(e), sub("%.*$", "", starts)))
}

# The bridge calls this if C++ runs out of memory.
abort_out_of_memory <- function(message = NULL, call = NULL) {
  abort_kind(
    "memory",
    c(
      "There is not enough memory.",
      x = if (!is.null(message)) "{message}",
      i = "Use fewer rows, columns or units, or smaller batches."
    ),
    call, environment()
  )
}
