# The state of R's random number generator.

# A seed for each of n tasks, from R's generator.
draw_seeds <- function(n) sample.int(.Machine$integer.max, n)

# Runs `code` and restores the state of R's generator.
keep_seed <- function(code) {
  before <- globalenv()$.Random.seed
  kind <- RNGkind()
  on.exit({
    RNGkind(kind[1], kind[2], kind[3])
    if (is.null(before)) {
      rm(list = ".Random.seed", envir = globalenv())
    } else {
      assign(".Random.seed", before, envir = globalenv())
    }
  })
  code
}

# Runs `code` with R's default generators seeded by `seed`, and restores the state.
with_seed <- function(seed, code) {
  keep_seed({
    set.seed(seed, "Mersenne-Twister", "Inversion", "Rejection")
    code
  })
}
