# The colours of all plots.

# The palette of Okabe and Ito (2008), which is suitable for colour-blind readers.
sign_colours <- c(above = "#0072B2", below = "#D55E00")

class_colours <- c(
  "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#666666"
)

# Mixes a colour with white; `share` is the fraction of the colour.
tint <- function(colour, share) {
  parts <- grDevices::col2rgb(colour)
  mixed <- 255 - (255 - parts) * rep(share, each = 3)
  grDevices::rgb(mixed[1, ], mixed[2, ], mixed[3, ], maxColorValue = 255)
}
