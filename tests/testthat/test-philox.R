philox <- function(counter, key) {
  backprop:::core_philox(as.numeric(paste0("0x", counter)), as.numeric(paste0("0x", key)))
}
words <- function(hex) as.numeric(paste0("0x", hex))

test_that("philox4x32-10 gives the known answers of its authors", {
  expect_identical(
    philox(rep("0", 4), rep("0", 2)), words(c("6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"))
  )
  expect_identical(
    philox(rep("ffffffff", 4), rep("ffffffff", 2)),
    words(c("408f276d", "41c83b0e", "a20bc7c6", "6d5451fd"))
  )
  expect_identical(
    philox(c("243f6a88", "85a308d3", "13198a2e", "03707344"), c("a4093822", "299f31d0")),
    words(c("d16cfe09", "94fdcceb", "5001e420", "24126ea1"))
  )
})

# The shuffle in plain R: Fisher-Yates from the back, each place from the generator's next word by
# multiplying and rejecting.
plain_order <- function(seed, epoch, n) {
  block <- 0
  stock <- numeric()
  next_word <- function() {
    if (length(stock) == 0) {
      stock <<- backprop:::core_philox(c(block, epoch, 0, 0), seed)
      block <<- block + 1
    }
    word <- stock[1]
    stock <<- stock[-1]
    word
  }
  order <- seq_len(n)
  for (left in rev(seq_len(n)[-1])) {
    repeat {
      product <- next_word() * left
      if (product %% 2^32 >= 2^32 %% left) break
    }
    place <- product %/% 2^32 + 1
    order[c(left, place)] <- order[c(place, left)]
  }
  order
}

test_that("the order of rows is the shuffle that the generator's words make", {
  for (n in c(1, 2, 3, 10, 257, 5000)) {
    for (epoch in c(1, 2, 100000)) {
      seed <- c(4294967295, 12345)
      expect_equal(unlist(nn_batches(seed, epoch, n, 7)), plain_order(seed, epoch, n))
    }
  }
})

test_that("batches hold each row once, and the last may be short", {
  for (n in c(1, 2, 9, 10, 11)) {
    for (batch_size in c(1, 2, 5, 10, 100)) {
      batches <- nn_batches(c(1, 2), 3, n, batch_size)
      sizes <- lengths(batches)
      expect_identical(sort(unlist(batches)), seq_len(n))
      expect_length(batches, ceiling(n / batch_size))
      expect_true(all(sizes[-length(sizes)] == batch_size))
      expect_null(names(batches))
    }
  }
})

test_that(
  "the order is a function of seed, epoch and number of rows alone, and changes with each",
  {
    order <- function(seed = c(1, 2), epoch = 1, n = 50, batch_size = 10) {
      unlist(nn_batches(seed, epoch, n, batch_size))
    }
    set.seed(1)
    before <- .Random.seed
    expect_identical(order(), order())
    expect_identical(.Random.seed, before)
    expect_identical(order(batch_size = 7), order())
    expect_false(identical(order(epoch = 2), order()))
    expect_false(identical(order(seed = c(2, 2)), order()))
    expect_false(identical(order(seed = c(1, 3)), order()))
    expect_false(identical(order(seed = c(2, 1)), order()))
  }
)

# The numbers are the same in every run, so these tests cannot fail by chance; the limit is the
# quantile for one in a million.
expect_uniform <- function(counts) {
  statistic <- sum((counts - mean(counts))^2 / mean(counts))
  expect_lt(statistic, qchisq(1 - 1e-6, length(counts) - 1))
}

test_that("all orders of three rows are equally frequent over epochs and over seeds", {
  name <- function(batches) paste(unlist(batches), collapse = "")
  orders <- c("123", "132", "213", "231", "312", "321")
  over_epochs <- vapply(1:3000, function(epoch) name(nn_batches(c(5, 6), epoch, 3, 2)), "")
  expect_uniform(table(factor(over_epochs, orders)))
  over_seeds <- vapply(1:3000, function(i) name(nn_batches(c(i, 0), 1, 3, 2)), "")
  expect_uniform(table(factor(over_seeds, orders)))
  # an epoch's order says nothing of the next one's
  expect_uniform(table(factor(over_epochs[-3000], orders), factor(over_epochs[-1], orders)))
})

test_that("each of seven rows is equally frequent in each place", {
  places <- vapply(1:3000, function(epoch) unlist(nn_batches(c(7, 8), epoch, 7, 1)), integer(7))
  for (place in 1:7) expect_uniform(table(factor(places[place, ], 1:7)))
})
