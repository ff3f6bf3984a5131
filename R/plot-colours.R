# The colours of all plots, from the palette of Okabe and Ito (2008), which is suitable for
# colour-blind readers. Blue is positive and orange negative.
sign_colours <- c(above = "#0072B2", below = "#D55E00")
# The lines of signs, which also show without colours.
sign_lines <- c(above = "solid", below = "41")
class_colours <- c(
  "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#666666"
)

# Mixes a colour with white; `share` is the fraction of the colour.
tint <- function(colour, share) {
  parts <- grDevices::col2rgb(colour)
  mixed <- 255 - (255 - parts) * rep(share, each = 3)
  grDevices::rgb(mixed[1, ], mixed[2, ], mixed[3, ], maxColorValue = 255)
}

# The fill of a cell: the deeper, the larger the number is beside `largest`.
sign_fill <- function(value, largest = max(abs(value))) {
  depth <-
    if (is_true(largest > 0 && is.finite(largest))) pmin(abs(value) / largest, 1) else 0 * value
  depth[!is.finite(depth)] <- 1
  tint(
    sign_colours[ifelse(is.na(value) | value >= 0, "above", "below")],
    ifelse(depth > 0, 0.08 + 0.72 * depth, 0)
  )
}

# Black or white, whichever can be read better on a fill: the contrast is at least 4.58 on any.
text_on <- function(fill) ifelse(relative_luminance(fill) > 0.179, "black", "white")

# As the guidelines for accessible web pages (WCAG 2.1) define it.
relative_luminance <- function(colour) {
  share <- grDevices::col2rgb(colour) / 255
  linear <- ifelse(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055)^2.4)
  drop(c(0.2126, 0.7152, 0.0722) %*% linear)
}
