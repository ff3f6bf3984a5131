# Fits text into the available room: first its size is reduced, then it is shortened. All widths are
# in inches.

# The size of one point, and of the smallest text that is drawn.
point_size <- function() 1 / (graphics::par("ps") * graphics::par("cex"))

legible_size <- function() 7 * point_size()

# The size at which each text fits into its `space`, at most `largest`.
size_to_fit <- function(text, space, largest = 1, font = 1) {
  width <- graphics::strwidth(text, units = "inches", cex = 1, font = font)
  min(largest, (space / width)[width > 0])
}

# Shortens text that is wider than `space` at size `cex` by removing its middle. If texts would
# become equal, their common parts are removed instead, or else they end in their `number`.
shorten_to_fit <- function(text, space, cex, font = 1, number = seq_along(text)) {
  fits <- function(short) {
    all(graphics::strwidth(short, units = "inches", cex = cex, font = font) <= space)
  }
  short <- vapply(text, function(one) {
    for (keep in max(nchar(one), 2):2) {
      cut <- keep_ends(one, ceiling(keep / 2), floor(keep / 2))
      if (fits(cut)) break
    }
    cut
  }, "", USE.NAMES = FALSE)
  for (apart in list(keep_differences, keep_numbers)) {
    for (same in split(seq_along(text), short)) {
      if (length(unique(text[same])) > 1) short[same] <- apart(text[same], number[same], fits)
    }
  }
  short
}

keep_ends <- function(text, first, after) {
  length <- nchar(text)
  ifelse(first + after >= length, text, paste0(
    substr(text, 1, first), "...", substr(text, length - after + 1, length)
  ))
}

# Keeps the part between the common ends, and as much of the ends as there is room for.
keep_differences <- function(text, number, fits) {
  length <- nchar(text)
  shared <- function(ends, most) {
    sum(cumprod(vapply(seq_len(most), function(n) length(unique(ends(n))) == 1, NA)))
  }
  first <- shared(function(n) substr(text, 1, n), min(length))
  after <- shared(function(n) substr(text, length - n + 1, length), min(length) - first)
  start <- substr(text, 1, first)
  middle <- substr(text, first + 1, length - after)
  for (keep in max(first, after):0) {
    cut <- paste0(
      keep_ends(start, keep, 0), middle,
      keep_ends(substr(text, length - after + 1, length), 0, keep)
    )
    if (fits(cut)) {
      return(cut)
    }
  }
  if (fits(paste0("...", middle))) paste0("...", middle) else rep("...", length(text))
}

keep_numbers <- function(text, number, fits) {
  for (keep in max(nchar(text)):0) {
    cut <- paste0(substr(text, 1, keep), "...#", number)
    if (fits(cut)) break
  }
  cut
}

# Begins a plot whose coordinates are inches: its room, and the height of a line of text.
begin_inches <- function() {
  graphics::plot.new()
  room <- graphics::par("pin")
  graphics::plot.window(c(0, room[1]), c(0, room[2]), xaxs = "i", yaxs = "i")
  list(room = room, line = 1.65 * graphics::strheight("M", units = "inches", cex = 1))
}

# The name of a class in a picture. Numbers and truth values alone would be read as such.
class_label <- function(class) {
  plain <- grepl("^[-+]?[0-9.]+(e[-+]?[0-9]+)?$|^(TRUE|FALSE)$", class)
  ifelse(plain, paste("class", class), class)
}
