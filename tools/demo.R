# A demonstration of backprop in two steps: the tutorial's network, and then real data. Run by
# demo.sh, or, if backprop is installed, with Rscript tools/demo.R.
library(backprop)

heading <- function(...) cat("\n== ", ..., "\n", sep = "")

heading("The tutorial: three cases with four inputs and one target each")
X <- rbind(c(1, 0, 1, 0), c(1, 0, 1, 1), c(0, 1, 0, 1))
y <- c(1, 1, 0)
print(cbind(X, y))

cat("\nset.seed(1); fit <- nn_train(X, y)\n\n")
set.seed(1)
fit <- nn_train(X, y)
print(fit)

cat(
  paste0(
    "\nThe learned weights, coef(fit): wh and bh of the hidden layer, ",
    "wout and bout of the output layer.\n\n"
  )
)
print(coef(fit))

cat("The outputs for the three cases, fit$output, next to the targets:\n\n")
print(cbind(target = y, output = round(as.vector(fit$output), 4)))
if (any(round(fit$output) != y)) stop("The outputs are on the wrong side of 0.5.")

heading("Real data: classify three species of iris from four measurements")
set.seed(2)
held_out <- sample(nrow(iris), nrow(iris) / 3)
cat(
  nrow(iris) - length(held_out), "flowers for training, and", length(held_out),
  "held-out flowers for testing.\n"
)

# Standardise the inputs with the training rows; encode the species as one column of 0 and 1 each.
inputs <- as.matrix(iris[, 1:4])
centre <- colMeans(inputs[-held_out, ])
spread <- apply(inputs[-held_out, ], 2, sd)
inputs <- scale(inputs, centre, spread)
species <- levels(iris$Species)
targets <- outer(as.character(iris$Species), species, "==") + 0
colnames(targets) <- species

cat(
  paste0(
    "\nfit <- nn_train(inputs[-held_out, ], targets[-held_out, ], hidden = 5, output_activation = ",
    '"softmax", learning_rate = 0.01)\n\n'
  )
)
fit <- nn_train(
  inputs[-held_out, ], targets[-held_out, ],
  hidden = 5, output_activation = "softmax",
  learning_rate = 0.01
)
print(fit)

predicted <- factor(species[max.col(predict(fit, inputs[held_out, ]))], levels = species)
actual <- iris$Species[held_out]
cat("\nThe held-out flowers, predicted and actual:\n\n")
print(table(predicted, actual))
accuracy <- mean(predicted == actual)
cat(sprintf(
  "\nAccuracy on the %d held-out flowers: %.1f %% (%d correct)\n", length(actual), 100 * accuracy,
  sum(predicted == actual)
))
if (accuracy < 0.9) stop("The accuracy on the held-out flowers is below 90 %.")
