# Training in forked processes, as parallel::mclapply() and future's multicore plan make them.

train_seeds <- function(apply_to, ...) {
  X <- scale(as.matrix(iris[1:4]))
  apply_to(1:4, function(seed) {
    set.seed(seed)
    fit <- nn_train(X, iris$Species, hidden = c(16, 8), activation = "tanh", reduction = "mean", optimizer = "adam", epochs = 20, batch_size = 32, init = "glorot_uniform", ...)
    list(coef(fit), fit$history, predict(fit, X), nn_continue(fit, X, iris$Species, epochs = 5)$objective)
  })
}
forked <- function(x, f) parallel::mclapply(x, f, mc.cores = 2, mc.preschedule = FALSE)

test_that("forked processes give the same bits", {
  skip_on_os("windows")
  with_each_instruction_set(function(set) {
    here <- train_seeds(lapply)
    expect_identical(train_seeds(forked), here, label = set)
    # the parent is as it was
    expect_identical(train_seeds(lapply), here, label = paste(set, "after forks"))
  })
})
