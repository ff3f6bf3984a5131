# The colours of all plots.

# Colours of Okabe and Ito (2008), which the colour-blind can tell apart.
sign_colours <- c(above = "#0072B2", below = "#D55E00")

class_colours <- c(
  "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#666666"
)

# `share` of the colour, the rest white.
tint <- function(colour, share) {
  parts <- grDevices::col2rgb(colour)
  mixed <- 255 - (255 - parts) * rep(share, each = 3)
  grDevices::rgb(mixed[1, ], mixed[2, ], mixed[3, ], maxColorValue = 255)
}
